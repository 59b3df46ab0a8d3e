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
 * Whether figures over all rows of their group have a count of their own to rest on,
 * apart from that which tells whether there is such a group: where one of them is
 * withheld for being near to others, the group's other figures need not be.
 */
extern bool smc_gap_apart(const SmcStudy *study, const SmcQuery *query);

/*
 * What else than too few rows a figure may be withheld for, where conditions are
 * compared; continues "fewer than 5 rows".
 */
extern const char *smc_gap_or_near(uint32 min_rows);

/*
 * Fill in a layout's sets and gaps: with query->history, and of the query's own
 * sets with one another.  A query with parameters has none yet.  Raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED where there are too many.
 */
extern void smc_gap_lay_out(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout);

#endif							/* SMC_GAP_H */
