/*
 * The local part: this party's own aggregates over its own source.
 */
#ifndef SMC_LOCAL_H
#define SMC_LOCAL_H

#include "pg/smc_query.h"

/*
 * The one SQL statement this party runs.  Columns: the group columns, then per
 * slot what smc_local_run needs.
 */
extern char *smc_local_sql(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout);

/*
 * Run it as the study's owner, read only, under the active snapshot, with
 * nothing sent to the client meanwhile; fill partials[cell * slots + slot]
 * (caller's memory, zeroed) and return the number of rows that passed WHERE.
 * Raises when a group value is outside the declared domain or a partial is
 * outside the ring's range for party_count parties; values are never in messages.
 */
extern uint64 smc_local_run(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
							SmcRing128 *partials);

#endif							/* SMC_LOCAL_H */
