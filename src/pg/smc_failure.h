/*
 * How a failure is told: to the audit here, and to the other parties.
 */
#ifndef SMC_FAILURE_H
#define SMC_FAILURE_H

#include "postgres.h"

#include "link/smc_mesh.h"

/* What every party tells of an error in its local query, and no more. */
#define SMC_FAILURE_LOCAL	"local query failed"

/* What is told of any other error whose words are not ours. */
#define SMC_FAILURE_OTHER	"failed for a reason that is in its server log"

/* Whether an error says that something is not agreed, allowed or supported. */
extern bool smc_failure_is_refusal(int sqlstate);

/*
 * Whether an error may be but the echo of another party's failure: a link that
 * it closed, a query cancelled because of that.
 */
extern bool smc_failure_is_echo(const ErrorData *edata);

/*
 * Look for an ABORT that says why.  If there is one, what it means replaces
 * the error.
 */
extern bool smc_failure_find_abort(SmcMesh *mesh, ErrorData *edata);

/*
 * The words for other parties.  in_local_query: it was raised while our own
 * data was read, so that its text could carry some.
 */
extern const char *smc_failure_text(const ErrorData *edata, bool in_local_query);

/* Tell them by an ABORT, as far as it leaves without waiting.  Never raises for a lost link. */
extern void smc_failure_tell(SmcMesh *mesh, const ErrorData *edata, bool in_local_query);

/* The audit's status: canceled, refused or failed. */
extern const char *smc_failure_status(const ErrorData *edata, bool in_local_query);

/* The audit's error: message and detail, unless they could hold data. */
extern char *smc_failure_describe(const ErrorData *edata, bool in_local_query);

#endif							/* SMC_FAILURE_H */
