/*
 * The public key of a peer's server, set.
 *
 * When a person says ALTER SERVER ... OPTIONS (SET public_key ...), to whatever
 * key, even the one that is there, that key is right because they say so, and
 * what this party had followed before doesn't count any more: a consent signed
 * by an earlier key may be a thief's.  So each such command leaves an unsigned
 * row in smc_key_log, in the same transaction, past which no chain goes
 * (pg/smc_key_log.h).  CREATE SERVER leaves none: a database restored from a
 * dump would otherwise forget what is in the log beside it; a server made anew
 * with another key than the log ends with is as good as a pin.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "commands/defrem.h"
#include "executor/spi.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "pg/smc_compat.h"
#include "pg/smc_identity.h"
#include "pg/smc_key_log.h"
#include "pg/smc_key_pin.h"
#include "pg/smc_module.h"
#include "pg/smc_option.h"
#include "pg/smc_peer.h"

#define KEY_OPTION	"public_key"

static ProcessUtility_hook_type previous_process_utility = NULL;

/* The command is smc_key_pin_follow's own. */
static bool following = false;

static bool
names_key(const List *options)
{
	ListCell   *lc;

	foreach(lc, options)
		if (strcmp(lfirst_node(DefElem, lc)->defname, KEY_OPTION) == 0)
			return true;
	return false;
}

/* Whether a statement sets a peer's key by hand, and will be let through. */
static bool
is_pin(Node *statement)
{
	AlterForeignServerStmt *alter = (AlterForeignServerStmt *) statement;
	ForeignServer *server;
	SmcIdentity identity;

	if (following || !IsA(statement, AlterForeignServerStmt) || !names_key(alter->options))
		return false;
	if (!IsTransactionState() || IsAbortedTransactionBlockState() || XactReadOnly ||
		RecoveryInProgress() || !OidIsValid(smc_module_schema_if_any()))
		return false;
	server = GetForeignServerByName(alter->servername, true);
	if (server == NULL || !smc_peer_is_server(server->serverid) ||
		!smc_compat_server_ownercheck(server->serverid, GetUserId()))
		return false;
	/* the own server's key is only there to be seen */
	return !smc_identity_read(&identity, true) || strcmp(identity.name, server->servername) != 0;
}

static const char *
key_of(const char *name)
{
	ForeignServer *server = GetForeignServerByName(name, true);
	const char *key = server != NULL ? smc_option_get(server->options, KEY_OPTION) : NULL;

	return key != NULL ? pstrdup(key) : NULL;
}

static void
note_pin(PlannedStmt *pstmt, const char *query_string, bool read_only_tree,
		 ProcessUtilityContext context, ParamListInfo params,
		 QueryEnvironment *query_env, DestReceiver *dest, QueryCompletion *qc)
{
	const char *name;
	const char *old_key;

	if (!is_pin(pstmt->utilityStmt))
	{
		previous_process_utility(pstmt, query_string, read_only_tree, context, params, query_env, dest, qc);
		return;
	}

	/* the statement's tree may be gone when it has run */
	name = pstrdup(((AlterForeignServerStmt *) pstmt->utilityStmt)->servername);
	smc_key_log_lock();
	old_key = key_of(name);
	previous_process_utility(pstmt, query_string, read_only_tree, context, params, query_env, dest, qc);
	CommandCounterIncrement();
	smc_key_log_add_pin(name, old_key, key_of(name), GetUserNameFromId(GetUserId(), false));
}

void
smc_key_pin_follow(const char *server, const char *key)
{
	StringInfoData sql;
	SmcPrivilege saved;

	initStringInfo(&sql);
	appendStringInfo(&sql, "ALTER SERVER %s OPTIONS (SET " KEY_OPTION " %s)",
					 quote_identifier(server), quote_literal_cstr(key));

	smc_module_privilege_begin(&saved);
	following = true;
	PG_TRY();
	{
		if (SPI_connect() != SPI_OK_CONNECT)
			elog(ERROR, "could not connect to SPI");
		if (SPI_execute(sql.data, false, 0) != SPI_OK_UTILITY)
			elog(ERROR, "could not alter server \"%s\"", server);
		if (SPI_finish() != SPI_OK_FINISH)
			elog(ERROR, "could not leave SPI");
	}
	PG_FINALLY();
	{
		following = false;
	}
	PG_END_TRY();
	smc_module_privilege_end(&saved);
	pfree(sql.data);
}

void
smc_key_pin_init(void)
{
	previous_process_utility = ProcessUtility_hook != NULL ? ProcessUtility_hook : standard_ProcessUtility;
	ProcessUtility_hook = note_pin;
}
