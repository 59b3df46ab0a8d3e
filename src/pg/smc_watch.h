/*
 * The hub's own part of a computation, given up early where the others' failed.
 */
#ifndef SMC_WATCH_H
#define SMC_WATCH_H

#include "postgres.h"

#include "pg/smc_lane.h"
#include "pg/smc_query.h"

/*
 * smc_local_run, during which a failure of the run elsewhere cancels the local
 * query; the run's failure is then what is raised.
 */
extern uint64 smc_watch_local_run(SmcRun *run, const SmcStudy *study, const SmcQuery *query,
								  const SmcLayout *layout, SmcRing128 *partials, SmcKeys **keys);

#endif							/* SMC_WATCH_H */
