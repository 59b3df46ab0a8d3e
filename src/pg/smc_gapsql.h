/*
 * The text of the queries by which this party counts its rows in gaps, which
 * pg/smc_local.c runs beside the local query, under the same snapshot.
 */
#ifndef SMC_GAPSQL_H
#define SMC_GAPSQL_H

#include "pg/smc_layout.h"

#define SMC_GAPSQL_SAMPLE	20000	/* rows that are looked at first */
#define SMC_GAPSQL_COLUMNS	1000	/* gaps in one query: PostgreSQL has 1664 columns in a row at most */

/* Some of a layout's gaps, by their numbers. */
typedef struct SmcGapList
{
	int			count;
	int			gaps[SMC_GAPSQL_COLUMNS];
} SmcGapList;

/*
 * The next gaps from *from on that are looked at over all rows, or in groups; false
 * where there are no more.
 */
extern bool smc_gapsql_list(const SmcLayout *layout, bool in_groups, int *from, SmcGapList *list);

/*
 * One row, a count for each gap over all rows; limited: min_rows where there are as
 * many or more.
 */
extern char *smc_gapsql_each(const SmcStudy *study, const SmcLayout *layout, const SmcGapList *list,
							 bool limited);

/*
 * A row for each group that there is, or one over all rows: the group columns, if
 * any, a count for each gap, and the number of all rows.  sample > 0: as if the
 * source had no more than that many rows.  done (NULL: none): by cell, groups whose
 * rows may be left out, and are unless there are too many to name.
 */
extern char *smc_gapsql_pass(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
							 const SmcGapList *list, bool in_groups, int sample, const bool *done);

#endif							/* SMC_GAPSQL_H */
