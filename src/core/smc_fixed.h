/*
 * Division, averages and truncation of shared integers, exact to the last digit.
 *
 * PAPER: reciprocal by normalisation, a linear first guess and Newton's
 * iteration, as in Catrina and Saxena, FC 2010 (sections 3.3 and 3.4), with two
 * departures.  Their result is right up to an error; here it only serves to
 * guess digits of a long division in base 2^32, whose remainder is kept exactly
 * (in the ring, at scale 1), so that one comparison at the end makes the result
 * exact.  And their truncation needs shared random bits; ours is below.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * All integers are shares in Z_2^128, two words each.
 *
 *   shift     for numbers of up to 82 bits: party i draws r_i of m bits,
 *             m = 127 - ceil(log2 n); x + sum r_i is opened, and floor(that /
 *             2^f) - sum floor(r_i / 2^f) is floor(x / 2^f), up to n too much,
 *             of which n/2 is taken off.  16 bytes to each party, 1 round.
 *             LEAKS: statistically nothing: the opened number is within
 *             2^(83 - m) <= 2^-40 of one that doesn't depend on x.
 *   truncate  exact, up to 118 bits: each party splits its own share; what the
 *             halves carry, and how often all wrapped round 2^128, are counted by
 *             2 (n - 1) comparisons of 64 bits.
 *   divide    for 0 <= a < 2^95 and 0 < b < 2^40: 40 comparisons give v, the
 *             power of two with 2^39 <= v b < 2^40, four iterations 2^80 / (v b)
 *             to a relative error of (n + 3) 2^-40.  With it each step of the
 *             long division leaves a remainder within +- (3n/4 + 2) b; the last
 *             one is brought into 0 .. b - 1 by so many comparisons, twice.
 *   average   sign and size; divide; then digits after the point, nine a step,
 *             from the remainder; rounded half away from zero, as numeric is.
 *
 * ROUNDS, with C those of one 64-bit comparison (5 for two parties, else
 * 7 + n - 2 - floor(n / 3)): truncate C + n; divide 2 (C + n) + 33; average
 * divide + 3 C + 4 n + 2, and 5 for each nine digits.  Vectors of more than
 * 400 count the rounds of comparisons several times (smc_compare.h).
 * BYTES: for an average, about 55 kB from each of two parties, 150 kB of three.
 * LEAKS beyond the shift's 2^-40 each: nothing; all results are shares.
 */
#ifndef SMC_FIXED_H
#define SMC_FIXED_H

#include "smc_arith.h"

#define SMC_FIXED_SHIFT_MAX		58	/* places truncated at once */
#define SMC_FIXED_NUMERATOR_BITS	95
#define SMC_FIXED_DIVISOR_BITS	40
#define SMC_FIXED_DIGITS_MAX	26	/* decimals of an average */

/*
 * out_e = floor(x_e / 2^places), for 1 <= places <= SMC_FIXED_SHIFT_MAX and
 * |x_e| < 2^118.  Exact.  out may be x.
 */
extern SmcStatus smc_fixed_truncate(SmcEngine *engine, int places, const uint64_t *x,
									uint64_t *out, size_t count) SMC_MUST_USE;

/*
 * quotient_e = floor(a_e / b_e) and remainder_e (which may be NULL), for
 * 0 <= a_e < 2^95 and 0 <= b_e < 2^40.  Exact.  A divisor of zero counts as one.
 */
extern SmcStatus smc_fixed_divide(SmcEngine *engine, const uint64_t *a, const uint64_t *b,
								  uint64_t *quotient, uint64_t *remainder, size_t count) SMC_MUST_USE;

/*
 * sum_e / divisor_e rounded half away from zero to `digits` decimals (0 to
 * SMC_FIXED_DIGITS_MAX), as whole_e + fraction_e / 10^digits, both of the sign
 * of the sum or zero, |fraction_e| < 10^digits: they depend on the rounded
 * result alone, so opening both opens nothing more.  For |sum_e| < 2^95 and
 * 0 <= divisor_e < 2^40; a divisor of zero counts as one.  Exact: with 26
 * digits, the smallest average, 2^-40, still has 14 significant ones.
 */
extern SmcStatus smc_fixed_average(SmcEngine *engine, int digits, const uint64_t *sum, const uint64_t *divisor,
								   uint64_t *whole, uint64_t *fraction, size_t count) SMC_MUST_USE;

/* ---- parts, for other functions of that kind ------------------------------- */

/*
 * out_e = floor(x_e / 2^f), give or take (n + 1) / 2, for |x_e| < 2^82 ("shift"
 * above); out may be x.
 */
extern SmcStatus smc_fixed_scale_down(SmcEngine *engine, int f, const uint64_t *x,
									  uint64_t *out, size_t count) SMC_MUST_USE;

/*
 * sums_e = how many of `tests` numbers from x_{e * tests} on aren't negative.  x
 * are shares in Z_2^64.
 */
extern SmcStatus smc_fixed_reached(SmcEngine *engine, const uint64_t *x, size_t tests,
								   uint64_t *sums, size_t count) SMC_MUST_USE;

#endif							/* SMC_FIXED_H */
