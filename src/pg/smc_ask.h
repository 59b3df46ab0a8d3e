/*
 * Asking: a checked query run jointly, at the party whose user asks.
 */
#ifndef SMC_ASK_H
#define SMC_ASK_H

#include "postgres.h"

#include "pg/smc_lane.h"
#include "pg/smc_layout.h"
#include "pg/smc_query.h"

/* Raise where this process can't take part in a computation, whatever it asks. */
extern void smc_ask_require_process(void);

/* Raise unless the study can be asked by this party as it now stands; reads_rows: of its source too. */
extern void smc_ask_require_study(const SmcStudy *study, bool reads_rows);

/*
 * Run a query that smc_query_check has passed, with no parameters left.  Raises
 * what went wrong, at whichever party, and where something was to be kept that
 * rests on too few rows.  Where its conditions are compared with earlier ones, the
 * query gets these, and *layout is made anew.  Everything is made in the current
 * context, whose reset ends it early, at all parties.
 */
extern SmcOutcome *smc_ask_run(const SmcStudy *study, SmcQuery *query, SmcLayout **layout,
							   SmcRunTimes *times);

#endif							/* SMC_ASK_H */
