/*
 * The text of the local query, which pg/smc_local.h runs.
 */
#ifndef SMC_LOCALSQL_H
#define SMC_LOCALSQL_H

#include "pg/smc_layout.h"

/*
 * The one SQL statement this party runs for a checked query.  Its columns:
 * the group columns; for each slot its count, its sum or whether that is not
 * NULL; last what tells the number of rows.  Parameters without value are
 * written as $1, ... for EXPLAIN.
 */
/* The query that counts an aggregate's rows by place: group values, the place, how many. */
extern char *smc_localsql_places(const SmcStudy *study, const SmcQuery *query, const SmcAgg *agg);

/* The column of the local query's row that a slot is, from 1 after the group values; one more than the last for the number of slots. */
extern int	smc_localsql_column(const SmcLayout *layout, int slot);

extern char *smc_localsql_text(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout);

/* The further statement that gives the values of a key set: the group columns, and the value. */
extern char *smc_localsql_values(const SmcStudy *study, const SmcQuery *query, const SmcKeySet *set);

/*
 * How the last column tells the number of rows: -1 by a count, else by an
 * average beside the sum of that slot.
 */
extern int	smc_localsql_rows_slot(const SmcStudy *study, const SmcQuery *query,
								   const SmcLayout *layout);

#endif							/* SMC_LOCALSQL_H */
