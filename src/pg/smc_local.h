/*
 * The local part: this party's own aggregates over its own source.
 *
 * One SELECT over the source, planned by PostgreSQL like any other, so that
 * indexes, parallel workers, partitions and foreign servers all do their part;
 * of its result only sums and counts per group enter the computation.
 */
#ifndef SMC_LOCAL_H
#define SMC_LOCAL_H

#include "pg/smc_keys.h"

/* What smc_local_run returns when it could not learn the number of rows for nothing. */
#define SMC_LOCAL_ROWS_UNKNOWN	PG_UINT64_MAX

/*
 * Run it as the study's owner, read only, under the active snapshot (the
 * caller's duty to have one), with nothing sent to the client meanwhile; fill
 * partials[cell * slots + slot] (caller's memory, zeroed) and return the
 * number of rows that contributed: those that passed WHERE, or, where one sum
 * is all that is asked, those that it adds up; or SMC_LOCAL_ROWS_UNKNOWN (cast
 * to a signed number: -1).  Raises when a group value is outside the declared
 * domain or a partial is outside the ring's range for the study's parties;
 * values are never in these messages, and a user without the owner's rights
 * sees no other error's text than of a cancelled or retryable one.
 *
 * Where the layout has key sets, *keys is set to their values, in the caller's
 * memory context, read under the same snapshot by a further query each; else to
 * NULL.
 */
extern uint64 smc_local_run(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
							SmcRing128 *partials, SmcKeys **keys);

/* Whether this backend is inside smc_local_run. */
extern bool smc_local_is_running(void);

#endif							/* SMC_LOCAL_H */
