/*
 * The text of the queries by which this party counts its rows in gaps, which
 * pg/smc_local.c runs beside the local query, under the same snapshot.
 */
#ifndef SMC_GAPSQL_H
#define SMC_GAPSQL_H

#include "pg/smc_layout.h"

/* Some of a layout's gaps, by their numbers. */
typedef struct SmcGapList
{
	int			count;
	int			gaps[SMC_GAPS_MAX];
} SmcGapList;

/* The gaps that are looked at over all rows, or in groups. */
extern void smc_gapsql_list(const SmcLayout *layout, bool in_groups, SmcGapList *list);

/*
 * One row, a count for each gap over all rows: min_rows where there are as many or
 * more.
 */
extern char *smc_gapsql_whole(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
							  const SmcGapList *list);

/*
 * A row for each group that there is: the group columns, a count for each gap, and
 * the number of all rows.  sample > 0: as if the source had no more than that many
 * rows.  done (NULL: none): by cell, groups whose rows may be left out.
 */
extern char *smc_gapsql_grouped(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
								const SmcGapList *list, int sample, const bool *done);

#endif							/* SMC_GAPSQL_H */
