/*
 * Confinement of the sessions that peers log in with: CALL smc_attach(), and
 * nothing else.
 *
 * A peer needs a login here, but no more than the link.  Grants can't say
 * that: whatever PUBLIC may do in a database (and by default that is to read
 * the catalogs and to call most functions), the peer's role could do too.  So
 * a session whose session user is a member of role smc_link and no superuser
 * may run one statement, by the simple protocol, alone in its message.
 *
 * Every way into a statement passes one of these hooks:
 *
 *   post_parse_analyze  every statement of the simple and of the extended
 *                       protocol, utility or not, before it is planned, so
 *                       that no constant expression is ever evaluated; and
 *                       what server-side languages run
 *   ProcessUtility      utility statements once more: what is stored as a
 *                       parse tree, and the rule that CALL stands alone
 *   ExecutorStart       plans that were made before (cached, or made before
 *                       the role became a member)
 *   object_access       the function call protocol ("fast path"), which
 *                       knows no statement
 *
 * All hold in every database of the cluster, also where the extension isn't
 * created: there is no smc_attach() there, and so nothing is allowed.
 *
 * What is left: parsing comes before the hooks, so a refused statement may
 * fail by an error of the parser instead of ours, by which the existence of a
 * name in the catalogs can be told, and a literal has by then been read by the
 * input function of its type.  Commands of the replication protocol
 * (BASE_BACKUP, START_REPLICATION, ...) pass no hook at all.  They need the
 * REPLICATION attribute, and a line of pg_hba.conf for physical replication:
 * never give that attribute to a role of a peer.  SQL on a replication
 * connection is refused like any other.
 *
 * The session user counts, not the current one: SET ROLE can't get out, and a
 * DBA who is no member doesn't get in by it.  A superuser who turned into a
 * peer's role by SET SESSION AUTHORIZATION can turn back.
 *
 * Only what a client says is guarded.  Background processes (parallel workers
 * of our own local query among them) run what the server itself decided.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"
#include "parser/parse_node.h"
#include "replication/walsender.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/syscache.h"

#include "pg/smc_guard.h"
#include "pg/smc_module.h"

static post_parse_analyze_hook_type previous_post_parse_analyze = NULL;
static ProcessUtility_hook_type previous_process_utility = NULL;
static ExecutorStart_hook_type previous_executor_start = NULL;
static object_access_hook_type previous_object_access = NULL;

/* A CALL smc_attach() that we let through is running. */
static bool attach_called = false;

/* It has asked us to stand aside. */
static bool attach_inside = false;

/* The answer for one role, until roles or memberships change. */
static bool answer_valid = false;
static Oid	answer_role = InvalidOid;
static bool answer_is_link = false;
static uint64 answer_forgotten = 0; /* how often */

static void
forget_answer(Datum arg, int cacheid, uint32 hashvalue)
{
	answer_valid = false;
	answer_forgotten++;
}

/* Whether a role is confined. */
static bool
is_link_role(Oid role)
{
	Oid			link = get_role_oid(SMC_LINK_ROLE, true);

	return OidIsValid(link) && !superuser_arg(role) && is_member_of_role_nosuper(role, link);
}

bool
smc_guard_is_link_session(void)
{
	Oid			role = GetSessionUserId();
	uint64		forgotten = answer_forgotten;
	bool		is_link;

	if (answer_valid && answer_role == role)
		return answer_is_link;

	is_link = is_link_role(role);

	/* Roles that changed while we asked make the answer good for this once only. */
	answer_valid = (forgotten == answer_forgotten);
	answer_role = role;
	answer_is_link = is_link;
	return is_link;
}

/*
 * Whether what runs now must be checked.
 *
 * Outside a transaction no catalog can be asked.  The only statements that
 * come by then are those that end a failed transaction, which a link session
 * can't have begun.
 */
static bool
must_check(void)
{
	if (MyBackendType != B_BACKEND && !am_walsender)
		return false;
	if (attach_inside || !IsTransactionState())
		return false;
	return smc_guard_is_link_session();
}

static void
refuse(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("role \"%s\" may only run CALL smc_attach()",
					GetUserNameFromId(GetSessionUserId(), false)),
			 errdetail("The role is a member of \"%s\", which is for sessions of peers.", SMC_LINK_ROLE)));
}

/* OID of the extension's procedure in this database, whatever search_path says; or InvalidOid. */
static Oid
attach_procedure(void)
{
	Oid			schema = smc_module_schema_if_any();

	if (!OidIsValid(schema))
		return InvalidOid;
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid,
						   CStringGetDatum("smc_attach"),
						   PointerGetDatum(buildoidvector(NULL, 0)),
						   ObjectIdGetDatum(schema));
}

/* Whether a statement is a CALL of our procedure, on an ordinary connection. */
static bool
is_attach_call(Node *statement)
{
	CallStmt   *call;

	if (am_walsender || statement == NULL || !IsA(statement, CallStmt))
		return false;
	call = (CallStmt *) statement;
	return call->funcexpr != NULL && call->funcexpr->args == NIL &&
		OidIsValid(call->funcexpr->funcid) && call->funcexpr->funcid == attach_procedure();
}

/*
 * Whether a statement takes a superuser back who had turned into a peer's
 * role.  Who logged in as such a role has no way back.
 */
static bool
is_way_back(Node *statement)
{
	VariableSetStmt *set;

	if (statement == NULL || !IsA(statement, VariableSetStmt))
		return false;
	set = (VariableSetStmt *) statement;
	if (set->name == NULL || strcmp(set->name, "session_authorization") != 0)
		return false;
	if (set->kind != VAR_SET_VALUE && set->kind != VAR_SET_DEFAULT && set->kind != VAR_RESET)
		return false;
	return !is_link_role(GetAuthenticatedUserId());
}

/*
 * Refuse before planning.  A statement of the extended protocol is told by its
 * parse state, which has a hook to look up parameters even if there are none;
 * it could be bound and run again and again, and our link is never opened so.
 */
static void
check_analyzed(ParseState *pstate, Query *query, JumbleState *jstate)
{
	if (must_check())
	{
		Node	   *statement = query->commandType == CMD_UTILITY ? query->utilityStmt : NULL;
		bool		simple = pstate == NULL || pstate->p_paramref_hook == NULL;

		if (!(is_attach_call(statement) && simple) && !is_way_back(statement))
			refuse();
	}

	if (previous_post_parse_analyze != NULL)
		previous_post_parse_analyze(pstate, query, jstate);
}

/*
 * Refuse, or run.  Top level means outside any function; and outside any
 * transaction block, which several statements in one message make too.  The
 * marks are set for this CALL alone, and taken back whichever way it ends.
 */
static void
check_utility(PlannedStmt *pstmt, const char *query_string, bool read_only_tree,
			  ProcessUtilityContext context, ParamListInfo params,
			  QueryEnvironment *query_env, DestReceiver *dest, QueryCompletion *qc)
{
	if (!must_check() || is_way_back(pstmt->utilityStmt))
	{
		previous_process_utility(pstmt, query_string, read_only_tree, context, params, query_env, dest, qc);
		return;
	}

	if (context != PROCESS_UTILITY_TOPLEVEL || IsTransactionBlock() || attach_called ||
		!is_attach_call(pstmt->utilityStmt))
		refuse();

	attach_called = true;
	PG_TRY();
	{
		previous_process_utility(pstmt, query_string, read_only_tree, context, params, query_env, dest, qc);
	}
	PG_FINALLY();
	{
		attach_called = false;
		attach_inside = false;
	}
	PG_END_TRY();
}

static void
check_executor_start(QueryDesc *query_desc, int eflags)
{
	if (must_check())
		refuse();

	if (previous_executor_start != NULL)
		previous_executor_start(query_desc, eflags);
	else
		standard_ExecutorStart(query_desc, eflags);
}

/*
 * The function call protocol.  The same event also comes from CALL, for the
 * procedure itself.
 */
static void
check_object_access(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void *arg)
{
	if (access == OAT_FUNCTION_EXECUTE && must_check() &&
		!(attach_called && object_id == attach_procedure()))
		refuse();

	if (previous_object_access != NULL)
		previous_object_access(access, class_id, object_id, sub_id, arg);
}

void
smc_guard_enter_attach(void)
{
	attach_inside = attach_called;
}

void
smc_guard_leave_attach(void)
{
	attach_inside = false;
}

void
smc_guard_init(void)
{
	previous_post_parse_analyze = post_parse_analyze_hook;
	post_parse_analyze_hook = check_analyzed;
	previous_process_utility = ProcessUtility_hook != NULL ? ProcessUtility_hook : standard_ProcessUtility;
	ProcessUtility_hook = check_utility;
	previous_executor_start = ExecutorStart_hook;
	ExecutorStart_hook = check_executor_start;
	previous_object_access = object_access_hook;
	object_access_hook = check_object_access;

	/* AUTHOID also tells of ALTER ROLE, by which a role gains or loses superuser. */
	CacheRegisterSyscacheCallback(AUTHMEMROLEMEM, forget_answer, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, forget_answer, (Datum) 0);
}
