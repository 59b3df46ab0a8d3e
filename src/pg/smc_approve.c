/*
 * smc_approve and smc_refuse: what people decide on a computation that another
 * party asked for, and who may see what there is to decide.
 *
 * A decision is a change of a row, so it counts when its transaction commits,
 * and not before or otherwise.  The backend that waits is woken then; of a
 * commit that we can't see (COMMIT PREPARED) it learns within a second, since
 * it looks from time to time anyway.
 *
 * EXECUTE on these functions is nobody's until the DBA grants it, and who has
 * it can decide only about studies whose owner's privileges it has: as with
 * smc_accept, whoever could consent to the study for this party.
 */
#include "postgres.h"

#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "pg/smc_activity.h"
#include "pg/smc_module.h"
#include "pg/smc_statement.h"
#include "pg/smc_study.h"
#include "pg/smc_waiting.h"

PG_FUNCTION_INFO_V1(smc_approve);
PG_FUNCTION_INFO_V1(smc_refuse);
PG_FUNCTION_INFO_V1(smc_request_waits);
PG_FUNCTION_INFO_V1(smc_request_visible);

/* Of a reason, in UTF-8, so that it fits a message to the asker. */
#define REASON_BYTES_MAX	1000

/*
 * Waking whoever waits, at commit
 */

/* What this transaction has decided: a List of ids, in its own context. */
static List *decided = NIL;

static void
at_transaction_end(XactEvent event, void *arg)
{
	ListCell   *lc;

	switch (event)
	{
		case XACT_EVENT_COMMIT:
			foreach(lc, decided)
				smc_activity_wake(lfirst(lc));
			decided = NIL;
			break;
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			decided = NIL;
			break;
		default:
			break;
	}
}

static void
wake_at_commit(const uint8 *id)
{
	static bool registered = false;
	MemoryContext caller = MemoryContextSwitchTo(TopTransactionContext);
	uint8	   *copy = palloc(SMC_UUID_BYTES);

	memcpy(copy, id, SMC_UUID_BYTES);
	decided = lappend(decided, copy);
	MemoryContextSwitchTo(caller);
	if (!registered)
		RegisterXactCallback(at_transaction_end, NULL);
	registered = true;
}

/*
 * Who may decide
 */

/* Whether the current user may decide about a study of that name here. */
static bool
may_decide(const char *study)
{
	bool		exists = false;
	ListCell   *lc;

	foreach(lc, smc_study_relations())
	{
		Oid			relid = lfirst_oid(lc);
		char	   *relname = get_rel_name(relid);

		if (relname == NULL || strcmp(relname, study) != 0)
			continue;
		exists = true;
		if (!has_privs_of_role(GetUserId(), smc_study_owner(relid)))
			return false;
	}
	return exists || superuser();
}

static void
require_decider(const char *study)
{
	if (!may_decide(study))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of study \"%s\"", study),
				 errdetail("Computations over a study are approved or refused with the privileges of its owner.")));
}

/*
 * Deciding
 */

static char *
id_text(const uint8 *id)
{
	return DatumGetCString(DirectFunctionCall1(uuid_out, UUIDPGetDatum((const pg_uuid_t *) id)));
}

/* Raise for a computation that waits for nothing here: what became of it, where the user may know. */
static void
raise_not_waiting(const uint8 *id)
{
	static SmcStatement find = {
		"SELECT study, CASE"
		" WHEN asked_by = (SELECT name FROM @.smc_identity) THEN 'This party has asked for it itself, which implies its own approval.'"
		" WHEN status = 'running' AND @.smc_audit_is_running(id) THEN 'It has been approved by all parties, and runs.'"
		" WHEN status = 'running' THEN 'It was interrupted.'"
		" ELSE 'It has ended: ' || status || '.' END"
		" FROM @.smc_audit_log WHERE id = $1",
		1, {UUIDOID}
	};
	Datum		key = UUIDPGetDatum((const pg_uuid_t *) id);
	Datum		columns[2];
	bool		nulls[2];

	if (smc_statement_fetch(&find, &key, NULL, 2, columns, nulls) && !nulls[0])
	{
		char	   *study = TextDatumGetCString(columns[0]);

		if (may_decide(study))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("computation %s over study \"%s\" does not wait for approval", id_text(id), study),
					 errdetail_internal("%s", TextDatumGetCString(columns[1]))));
	}
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("no computation %s waits for approval at this party", id_text(id)),
			 errhint("The view smc_requests lists those that do.")));
}

/* Raise where nothing more can be decided about a request that is there. */
static void
check_open(const SmcWaiting *waiting)
{
	const SmcDecision *decision = &waiting->decision;

	if (waiting->decided)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("computation %s over study \"%s\" has been %s already", id_text(waiting->id),
						waiting->study, decision->approved ? "approved" : "refused"),
				 errdetail("By role \"%s\", at %s.", decision->by, timestamptz_to_str(decision->at))));
	if (waiting->waits_until <= GetCurrentTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("computation %s over study \"%s\" waits no longer", id_text(waiting->id), waiting->study),
				 errdetail("It waited until %s, by the study's option approve_within.",
						   timestamptz_to_str(waiting->waits_until))));
}

/* An approval is given to the study as it stands; whoever waits finds out about a refusal by itself. */
static void
check_study(const SmcWaiting *waiting)
{
	const SmcStudy *study = smc_study_find(waiting->study);

	if (study == NULL || memcmp(study->digest, waiting->digest, SMC_KEY_BYTES) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("study \"%s\" has changed since computation %s was asked for",
						waiting->study, id_text(waiting->id))));
}

static void
decide(const uint8 *id, bool approved, const char *reason)
{
	SmcWaiting	waiting;
	SmcDecision decision;

	smc_module_require_preload();
	smc_module_require_primary();

	if (!smc_waiting_find(id, false, &waiting) || !smc_activity_is_waiting(id))
		raise_not_waiting(id);
	require_decider(waiting.study);
	if (!smc_waiting_find(id, true, &waiting) || !smc_activity_is_waiting(id))
		raise_not_waiting(id);
	check_open(&waiting);
	if (approved)
		check_study(&waiting);

	decision.approved = approved;
	decision.by = GetUserNameFromId(GetUserId(), false);
	decision.at = GetCurrentTimestamp();
	decision.reason = reason;
	smc_waiting_decide(id, &decision);
	wake_at_commit(id);
}

static const uint8 *
get_id(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("the id of a computation must not be null"),
				 errhint("The view smc_requests lists those that wait for approval.")));
	return PG_GETARG_UUID_P(0)->data;
}

/*
 * smc_approve(id uuid) returns void
 */
Datum
smc_approve(PG_FUNCTION_ARGS)
{
	decide(get_id(fcinfo), true, "");
	PG_RETURN_VOID();
}

/*
 * smc_refuse(id uuid, reason text DEFAULT NULL) returns void
 *
 * The reason is told to the asker.
 */
Datum
smc_refuse(PG_FUNCTION_ARGS)
{
	const uint8 *id = get_id(fcinfo);
	char	   *reason = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	size_t		len = strlen(pg_server_to_any(reason, strlen(reason), PG_UTF8));

	if (len > REASON_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_STRING_DATA_RIGHT_TRUNCATION),
				 errmsg("reason is too long"),
				 errdetail("It has %zu bytes in UTF-8; the asker can be told %d.", len, REASON_BYTES_MAX)));
	decide(id, false, reason);
	PG_RETURN_VOID();
}

/*
 * For the view
 */

/*
 * smc_request_waits(id uuid) returns boolean
 *
 * Whether a backend waits for it.  On a standby it does so on the primary, if
 * at all: nothing that we could say against it.
 */
Datum
smc_request_waits(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(RecoveryInProgress() || smc_activity_is_waiting(PG_GETARG_UUID_P(0)->data));
}

/*
 * smc_request_visible(study text) returns boolean
 *
 * Whether the current user may decide about computations over the study.
 */
Datum
smc_request_visible(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(may_decide(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}
