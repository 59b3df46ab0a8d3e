/*
 * How a failure is told.
 *
 * An error's text may quote data (a division's operands, a duplicate key), so
 * other parties get it only when it is of a kind that we raise ourselves,
 * about the agreement, the query or the links, and never when it comes out of
 * the local query.  The SQLSTATE always crosses.
 */
#include "postgres.h"

#include "pg/smc_failure.h"

bool
smc_failure_is_refusal(int sqlstate)
{
	return sqlstate == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE ||
		sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE ||
		sqlstate == ERRCODE_FEATURE_NOT_SUPPORTED;
}

bool
smc_failure_is_echo(const ErrorData *edata)
{
	return edata->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		(ERRCODE_TO_CATEGORY(edata->sqlerrcode) == ERRCODE_CONNECTION_EXCEPTION &&
		 edata->sqlerrcode != ERRCODE_PROTOCOL_VIOLATION);
}

/* If an ABORT waits, put what it means in the place of the error. */
static bool
take_abort(SmcMesh *mesh, ErrorData *edata)
{
	SmcMessage	message;
	char		text[SMC_ABORT_TEXT_MAX];

	while (smc_mesh_next(mesh, &message))
	{
		if (message.type != SMC_MSG_ABORT)
		{
			smc_mesh_free_message(&message);
			continue;
		}
		smc_mesh_read_abort(&message, &edata->sqlerrcode, text);
		edata->message = psprintf("computation failed at peer \"%s\"",
								  smc_mesh_party_name(mesh, message.from));
		edata->detail = text[0] != '\0' ? pstrdup(text) : NULL;
		edata->hint = NULL;
		edata->context = NULL;
		smc_mesh_free_message(&message);
		return true;
	}
	return false;
}

/* Move what can be moved; a link that is lost is no news. */
static void
flush_quietly(SmcMesh *mesh)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		smc_mesh_flush(mesh);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		FlushErrorState();
	}
	PG_END_TRY();
}

bool
smc_failure_find_abort(SmcMesh *mesh, ErrorData *edata)
{
	if (take_abort(mesh, edata))
		return true;
	flush_quietly(mesh);		/* it may not have been read yet */
	return take_abort(mesh, edata);
}

void
smc_failure_tell(SmcMesh *mesh, const ErrorData *edata, bool in_local_query)
{
	smc_mesh_abort(mesh, edata->sqlerrcode, smc_failure_text(edata, in_local_query));
	flush_quietly(mesh);
}

const char *
smc_failure_text(const ErrorData *edata, bool in_local_query)
{
	if (in_local_query)
		return SMC_FAILURE_LOCAL;
	if (smc_failure_is_refusal(edata->sqlerrcode) ||
		edata->sqlerrcode == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION ||
		edata->sqlerrcode == ERRCODE_OBJECT_IN_USE ||
		edata->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		ERRCODE_TO_CATEGORY(edata->sqlerrcode) == ERRCODE_CONNECTION_EXCEPTION)
		return edata->message;
	return SMC_FAILURE_OTHER;
}

const char *
smc_failure_status(const ErrorData *edata, bool in_local_query)
{
	if (edata->sqlerrcode == ERRCODE_QUERY_CANCELED)
		return "canceled";

	/* a peer's local query that lacks a privilege has failed, too */
	if (smc_failure_is_refusal(edata->sqlerrcode) && !in_local_query &&
		(edata->detail == NULL || strcmp(edata->detail, SMC_FAILURE_LOCAL) != 0))
		return "refused";
	return "failed";
}

char *
smc_failure_describe(const ErrorData *edata, bool in_local_query)
{
	if (in_local_query && edata->sqlerrcode != ERRCODE_QUERY_CANCELED)
		return pstrdup(SMC_FAILURE_LOCAL "; the server log has the reason");
	if (edata->detail == NULL)
		return pstrdup(edata->message);
	return psprintf("%s: %s", edata->message, edata->detail);
}
