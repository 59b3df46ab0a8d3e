/*
 * Between the files that lay out comparisons of conditions: pg/smc_gap.c, and
 * pg/smc_gap_buckets.c for those with a histogram.
 */
#ifndef SMC_GAP_IMPL_H
#define SMC_GAP_IMPL_H

#include "pg/smc_gap.h"
#include "pg/smc_rowset.h"

/* A layout's gaps on their way. */
typedef struct SmcGapBuilder
{
	const SmcStudy *study;
	const SmcQuery *query;
	SmcLayout  *layout;
	SmcRowSet **sets;			/* of the layout's */
	uint64		links;			/* counts times gaps */
} SmcGapBuilder;

/* One of two sets that are compared. */
typedef struct SmcGapSide
{
	const SmcRowSet *set;
	int			slot;			/* the first slot whose counts are of it; -1: an earlier one's */
	int			slot_count;
	const uint8 *uses;			/* what figures over it are made of */
	const uint8 *cells;			/* the groups in which such were told; NULL: all */
} SmcGapSide;

/* Lay out a gap that all of own's slots must keep, unless the two have nothing to do with each other. */
extern void smc_gap_add(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other);

/* Whether no row can be in both sets: they keep to different values of a column. */
extern bool smc_gap_are_disjoint(const SmcStudy *study, const SmcRowSet *a, const SmcRowSet *b);

/* The same where one of them is a histogram's at least. */
extern void smc_gap_add_buckets(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other);

#endif							/* SMC_GAP_IMPL_H */
