/*
 * Requests that wait here for a decision: rows of smc_requests_waiting.
 *
 * A row lives as long as the backend that answers the asker waits: it puts the
 * row there and takes it away.  What is left over by a crash belongs to no
 * backend that waits, by which the view smc_requests and whoever decides know
 * it; the next request sweeps it out.
 *
 * All of these need a transaction, which the caller commits.
 */
#ifndef SMC_WAITING_H
#define SMC_WAITING_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "core/smc_limits.h"

/* Of the channel on which each new request is told, with its id. */
#define SMC_REQUESTS_CHANNEL	"smc_requests"

/* What was decided here. */
typedef struct SmcDecision
{
	bool		approved;
	const char *by;				/* the role */
	TimestampTz at;
	const char *reason;			/* of a refusal, ""; none */
} SmcDecision;

typedef struct SmcWaiting
{
	uint8		id[SMC_UUID_BYTES];
	const char *study;
	uint8		digest[SMC_KEY_BYTES];	/* of the study, as it was asked about */
	const char *asked_by;
	const char *asked_role;
	const char *query;
	const char *reveals;
	TimestampTz asked_at;
	TimestampTz waits_until;
	bool		decided;
	SmcDecision decision;		/* if so */
} SmcWaiting;

/* Put up a request, and NOTIFY.  Raises when there is one of that id. */
extern void smc_waiting_put(const SmcWaiting *waiting);

/*
 * Read a request; with lock, keep others from deciding it until the
 * transaction ends.  False where there is none.
 */
extern bool smc_waiting_find(const uint8 *id, bool lock, SmcWaiting *waiting);

/* Write the decision into a request that was found with lock. */
extern void smc_waiting_decide(const uint8 *id, const SmcDecision *decision);

/* Take a request away.  Never waits: a row that someone has locked stays, as after a crash. */
extern void smc_waiting_end(const uint8 *id);

#endif							/* SMC_WAITING_H */
