/*
 * Order statistics as aggregates: medians and percentiles.
 *
 *   smc_median(x), smc_percentile(x, p)   at p (N - 1), from 0, of N values in order, and in
 *                                         proportion between the two it falls between; exact
 *                                         decimals of exact numbers
 *   percentile_cont(p)                    the same in double precision
 *   percentile_disc(p)                    the first value with at least p of all up to it
 *
 * p is taken as the decimal that is written, in exact arithmetic.  It has at most
 * SMC_PERCENTILE_DIGITS digits after the point, since how far between two values
 * a percentile lies tells p (N - 1) up to whole numbers: no more of N than this.
 *
 * Values are integers of the same order here ("keys"): numbers in their last digit
 * kept, and what smc_extreme.h makes of all others.
 */
#ifndef SMC_PERCENTILE_H
#define SMC_PERCENTILE_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "pg/smc_query.h"

struct SmcDeparse;

#define SMC_PERCENTILE_DIGITS	6
#define SMC_PERCENTILES_MAX		32	/* of one aggregate */

/* One p, 0 to 1, in lowest terms. */
typedef struct SmcFraction
{
	bool		is_null;
	uint32		numerator;
	uint32		denominator;
} SmcFraction;

/* What was found of one: the key at its place, or the two that it falls between, and how far: rest / denominator. */
typedef struct SmcRanked
{
	int64		lower;
	int64		upper;
	uint32		rest;
} SmcRanked;

/* Whether a kind of aggregate is one; whether it may fall between two values. */
extern bool smc_percentile_is_one(SmcAggKind kind);
extern bool smc_percentile_interpolates(SmcAggKind kind);

/* The allow words of which a column must have one. */
extern uint32 smc_percentile_words(const SmcAgg *agg);

/* The fractions of a checked aggregate; their number.  One that is no constant yet is as long as can be. */
extern int	smc_percentile_fractions(const SmcAgg *agg, SmcFraction fractions[SMC_PERCENTILES_MAX]);

/* Resolve and check the fractions alone, before anything is said of the aggregate. */
extern void smc_percentile_check_fraction(const SmcStudy *study, SmcAgg *agg);

/*
 * Take the cast to double precision off the argument of one that interpolates,
 * since its values themselves are as good: agg->arg is resolved.
 */
extern void smc_percentile_strip(const SmcStudy *study, SmcAgg *agg);

/* Raise unless the values have keys; agg->scale is set. */
extern void smc_percentile_check(const SmcStudy *study, const SmcAgg *agg);

/* The type of its figure. */
extern Oid	smc_percentile_type(const SmcAgg *agg);

/* The range of keys to search. */
extern void smc_percentile_domain(const SmcStudy *study, const SmcAgg *agg, int64 *lo, int64 *hi);

/* Append its text for people, but for the filter; and the local SQL of a value. */
extern void smc_percentile_append(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg);
extern void smc_percentile_append_value(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg);

/* The key of a value of that SQL type; false when it is no finite number. */
extern bool smc_percentile_key(const SmcAgg *agg, Datum value, Oid type, int64 *key);

/* The figure, as the aggregate's type or an element of it; raises where a key stands for no value. */
extern Datum smc_percentile_figure(const SmcAgg *agg, const SmcFraction *fraction,
								   const SmcRanked *ranked, Oid type);

#endif							/* SMC_PERCENTILE_H */
