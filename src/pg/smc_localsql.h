/*
 * The text of the local query: see smc_local_sql in pg/smc_local.h.
 */
#ifndef SMC_LOCALSQL_H
#define SMC_LOCALSQL_H

#include "pg/smc_layout.h"

/*
 * How the last column tells the number of rows: -1 by a count, else by an
 * average beside the sum of that slot.
 */
extern int	smc_localsql_rows_slot(const SmcStudy *study, const SmcQuery *query,
								   const SmcLayout *layout);

#endif							/* SMC_LOCALSQL_H */
