/*
 * The statistical aggregates: variance to regression.
 *
 * All are made of the number of rows N and of sums of the arguments, of their
 * squares and of their product ("moments"), which each party's own PostgreSQL
 * adds up exactly in one pass.  What is made of them is made on shares.
 */
#ifndef SMC_STATISTIC_H
#define SMC_STATISTIC_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "pg/smc_query.h"

struct SmcDeparse;

/* What is added up over the rows in which no argument is NULL; see SmcAgg for first and second. */
typedef enum SmcMoment
{
	SMC_MOMENT_FIRST = 1,
	SMC_MOMENT_SECOND,
	SMC_MOMENT_FIRST_SQUARE,
	SMC_MOMENT_SECOND_SQUARE,
	SMC_MOMENT_PRODUCT
} SmcMoment;

#define SMC_MOMENT_LAST	SMC_MOMENT_PRODUCT

/*
 * A party's moment as ring elements: whole where the joint one is agreed to stay
 * below 2^126, else in two parts, so that squares of any column's values have room:
 * moment = high * 2^100 + low, 0 <= low < 2^100.
 */
typedef enum SmcMomentPart
{
	SMC_MOMENT_WHOLE,
	SMC_MOMENT_LOW,
	SMC_MOMENT_HIGH
} SmcMomentPart;

#define SMC_MOMENT_LOW_BITS		100
#define SMC_MOMENT_WHOLE_BITS	126
#define SMC_MOMENT_BITS			190 /* of a joint moment, where nothing less is agreed */
#define SMC_MOMENT_SUM_BITS		114 /* of one that is a plain sum: N sum(x y) and sum(x) sum(y) have as many */

typedef struct SmcStatistic
{
	SmcAggKind	kind;
	const char *name;			/* as people read it */
	int			args;
	SmcAllow	word;			/* that the columns in its arguments need */
	bool		is_root;
} SmcStatistic;

/* The entry of a kind of aggregate, NULL where it is no statistic. */
extern const SmcStatistic *smc_statistic_of(SmcAggKind kind);

/* The kind that a native aggregate's name has, with all synonyms; 0 when there is none. */
extern SmcAggKind smc_statistic_by_name(const char *name);

/* The type of its figure. */
extern Oid	smc_statistic_type(const SmcAgg *agg);

/*
 * The arguments that a moment multiplies: *b is NULL where it is a plain sum.
 * The digits after the point that it is kept with.
 */
extern void smc_statistic_factors(const SmcAgg *agg, SmcMoment moment, const SmcExpr **a, const SmcExpr **b);
extern int	smc_statistic_scale(const SmcAgg *agg, SmcMoment moment);

/* Bits that a joint moment is kept with: what is agreed of it, at most SMC_MOMENT_BITS. */
extern int	smc_statistic_bits(const SmcStudy *study, const SmcAgg *agg, SmcMoment moment);

/*
 * Take casts to double precision off the arguments of a pair, since the columns
 * themselves can be computed with exactly.  Types are resolved anew by the caller.
 */
extern void smc_statistic_strip(const SmcStudy *study, SmcAgg *agg);

/*
 * Whether no party's part can leave its room by what the asker chose; see
 * pg/smc_exprrange.c.  The scales of agg are set.
 */
extern bool smc_statistic_fits(const SmcStudy *study, const SmcAgg *agg);

/* Append the local SQL of a moment, and of the number of rows without a NULL. */
extern void smc_statistic_append_moment(StringInfo buf, const struct SmcDeparse *deparse,
										const SmcAgg *agg, SmcMoment moment);
extern void smc_statistic_append_count(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg);

/*
 * A party's moment, as a number's text, as the part that a slot holds; false
 * when it is no finite number, or too large for a joint one of that many bits.
 */
extern bool smc_statistic_to_ring(const char *text, int scale, SmcMomentPart part, int bits, int party_count,
								  SmcRing128 *value);

#endif							/* SMC_STATISTIC_H */
