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

/* Whether an error says that something is not agreed, allowed or supported. */
static bool
is_refusal(int sqlstate)
{
	return sqlstate == ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE ||
		sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE ||
		sqlstate == ERRCODE_FEATURE_NOT_SUPPORTED;
}

const char *
smc_failure_text(const ErrorData *edata, bool in_local_query)
{
	if (in_local_query)
		return SMC_FAILURE_LOCAL;
	if (is_refusal(edata->sqlerrcode) ||
		edata->sqlerrcode == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION ||
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
	if (is_refusal(edata->sqlerrcode) && !in_local_query &&
		(edata->detail == NULL || strcmp(edata->detail, SMC_FAILURE_LOCAL) != 0))
		return "refused";
	return "failed";
}

char *
smc_failure_describe(const ErrorData *edata)
{
	if (edata->detail == NULL)
		return pstrdup(edata->message);
	return psprintf("%s: %s", edata->message, edata->detail);
}
