/*
 * Ranges: between which public bounds a shared number lies.
 *
 * From the ranges of its inputs follows that of a sum, a product, a quotient;
 * so all parties know, without a word, how wide a ring must be for nothing to
 * wrap, and which comparisons have only one answer (smc_program.h).
 *
 * A range wider than SMC_RANGE_BITS is known by its bits alone.  Not constant
 * time: nothing here is secret.
 */
#ifndef SMC_RANGE_H
#define SMC_RANGE_H

#include "smc_wide.h"

#define SMC_RANGE_BITS	(SMC_WIDTH_MAX - 1)

typedef struct SmcRange
{
	int			bits;			/* |x| < 2^bits */
	SmcWide		lo;				/* lo <= x <= hi, where bits <= SMC_RANGE_BITS */
	SmcWide		hi;
} SmcRange;

/* Whether lo and hi are known. */
extern bool smc_range_known(const SmcRange *range);

/* All x with |x| < 2^bits; all from lo to hi. */
extern SmcRange smc_range_of_bits(int bits);
extern SmcRange smc_range_of(const SmcWide *lo, const SmcWide *hi);

/* What the results of an operation on any x of a and y of b lie between. */
extern SmcRange smc_range_add(const SmcRange *a, const SmcRange *b);
extern SmcRange smc_range_negate(const SmcRange *a);
extern SmcRange smc_range_scale(const SmcRange *a, const SmcWide *factor);
extern SmcRange smc_range_multiply(const SmcRange *a, const SmcRange *b);
extern SmcRange smc_range_square(const SmcRange *a);
extern SmcRange smc_range_divide(const SmcRange *a, const SmcRange *b); /* as smc_wide_divide */
extern SmcRange smc_range_root(const SmcRange *a);	/* as smc_wide_root */

/* The least range that has both, and what both have; a where they have nothing in common. */
extern SmcRange smc_range_join(const SmcRange *a, const SmcRange *b);
extern SmcRange smc_range_meet(const SmcRange *a, const SmcRange *b);

/* Whether zero may be in it; whether all of it is known to be at least, at most zero. */
extern bool smc_range_has_zero(const SmcRange *range);
extern bool smc_range_from_zero(const SmcRange *range);
extern bool smc_range_to_zero(const SmcRange *range);

/* ---- public integers, beyond smc_wide.h ------------------------------------------ */

/* Below, equal to, above zero as a is to b. */
extern int	smc_range_compare(const SmcWide *a, const SmcWide *b);

/* floor(a / b) for a >= 0, b > 0; floor(sqrt(a)) for a >= 0. */
extern SmcWide smc_range_quotient(const SmcWide *a, const SmcWide *b);
extern SmcWide smc_range_root_of(const SmcWide *a);

/* 2^bits, for 0 <= bits <= SMC_RANGE_BITS - 1. */
extern SmcWide smc_range_power_of_two(int bits);

#endif							/* SMC_RANGE_H */
