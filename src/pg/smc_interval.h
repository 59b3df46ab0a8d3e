/*
 * Sums of intervals.
 *
 * PostgreSQL adds up months, days and microseconds of intervals each by
 * themselves, and carries nothing between them.  So a sum of intervals is three
 * sums, which together are the interval, no more and no less.  Each party adds up
 * its own rows natively; the fields of that are its parts of the three.
 *
 * An average has no such form: the native one divides the months, turns what is
 * left over into days of a thirtieth of a month, and what is left of these into
 * time, in floating point with rounding between; its digits can't be had from
 * integers on shares, and it isn't offered.  Neither are minimum and maximum,
 * which order intervals by a length in which months have 30 days: of 1 month and
 * 30 days one is taken, by the order in which rows come.
 */
#ifndef SMC_INTERVAL_H
#define SMC_INTERVAL_H

#include "postgres.h"

#include "core/smc_ring.h"
#include "pg/smc_query.h"

#define SMC_INTERVAL_PARTS	3	/* months, days, microseconds */

/* Whether an aggregate is a sum of intervals. */
extern bool smc_interval_is_sum(const SmcAgg *agg);

/* Raise unless one is of a column itself. */
extern void smc_interval_check(const SmcStudy *study, const SmcAgg *agg);

/* Bits of the joint total of a part, whatever the parties have. */
extern int	smc_interval_bits(int part);

/* A part of an interval; false of one that isn't finite. */
extern bool smc_interval_part(Datum interval, int part, SmcRing128 *value);

/* The interval of three totals; raises where it is out of range. */
extern Datum smc_interval_from_parts(const SmcRing128 parts[SMC_INTERVAL_PARTS]);

#endif							/* SMC_INTERVAL_H */
