/*
 * Which conditions of a query are compared with which others, and how.
 */
#ifndef SMC_GAP_H
#define SMC_GAP_H

#include "pg/smc_layout.h"

/* Whether conditions of queries over the study are compared with earlier ones. */
extern bool smc_gap_applies(const SmcStudy *study);

/*
 * Whether figures rest on what a slot counts, so that it is compared: a ROWS slot
 * may only tell which groups there are.
 */
extern bool smc_gap_compares(const SmcStudy *study, const SmcQuery *query, const SmcSlot *slot);

/*
 * Fill in a layout's sets and gaps: with query->history, and of the query's own
 * sets with one another.  A query with parameters has none yet.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED where there are too many.
 */
extern void smc_gap_lay_out(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout);

#endif							/* SMC_GAP_H */
