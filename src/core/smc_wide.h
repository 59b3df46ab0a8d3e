/*
 * Integers of up to 512 bits: public ones, and vectors of shares of them.
 *
 * Z_2^128 is wide enough for a sum, not for a sum times a sum.  What is computed
 * from sums lives in a ring of `width` bits, a multiple of 64 up to
 * SMC_WIDTH_MAX, chosen from bounds that all parties know (smc_program.h).  A
 * vector of such integers is an array of words, width / 64 each, low first.
 * Integers are signed, in two's complement.
 *
 * PAPER: sharing as in smc_sum.h.  Division and roots by normalisation (Catrina
 * and Saxena, FC 2010) and Newton's iteration in the form of Goldschmidt (1964),
 * with masked shifts (smc_scaled.h); the ring is wide enough for an exact rest, so
 * that a few comparisons at the end make the result exact.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 */
#ifndef SMC_WIDE_H
#define SMC_WIDE_H

#include "smc_cost.h"
#include "smc_engine.h"
#include "smc_ring.h"

#define SMC_WIDE_LIMBS	(SMC_WIDTH_MAX / 64)
#define SMC_WIDE_SCALE_MAX	150 /* digits after the point, at most */
#define SMC_WIDE_DECIMAL_MAX	168	/* longest text smc_wide_to_decimal makes, with NUL */

/* A public integer. */
typedef struct SmcWide
{
	uint64_t	limb[SMC_WIDE_LIMBS];	/* low first */
} SmcWide;

/* ---- public integers; not constant time ------------------------------------- */

extern SmcWide smc_wide_from_int(int64_t value);
extern SmcWide smc_wide_from_ring(SmcRing128 value);	/* keeps the sign */
extern SmcWide smc_wide_add(const SmcWide *a, const SmcWide *b);
extern SmcWide smc_wide_negate(const SmcWide *a);
extern SmcWide smc_wide_multiply(const SmcWide *a, const SmcWide *b);
extern SmcWide smc_wide_power_of_ten(int exponent);	/* 0 .. 150 */
extern bool smc_wide_is_negative(const SmcWide *a);
extern bool smc_wide_is_zero(const SmcWide *a);
extern int	smc_wide_bits(const SmcWide *a);	/* least b with |a| < 2^b; 0 for 0 */

/* Element e of a vector, with its sign; and back, mod 2^width. */
extern SmcWide smc_wide_get(const uint64_t *integers, int width, size_t e);
extern void smc_wide_put(uint64_t *integers, int width, size_t e, const SmcWide *value);

/*
 * Text "-12.50" to value * 10^scale and back, as smc_ring_from_decimal and
 * smc_ring_to_decimal do; scale 0 .. 150.
 */
extern SmcStatus smc_wide_from_decimal(const char *text, int scale, SmcWide *value) SMC_MUST_USE;
extern void smc_wide_to_decimal(const SmcWide *value, int scale, char out[SMC_WIDE_DECIMAL_MAX]);

/* ---- sharing and opening ------------------------------------------------------ */

/*
 * Turn this party's inputs into its shares of the totals, in place, as
 * smc_sum_share does: masks of `width` bits from the pairs' seeds.  A context
 * must never be used twice, nor with smc_sum_share.
 */
extern SmcStatus smc_wide_share(int self, int party_count, const uint8_t (*seeds)[SMC_KEY_BYTES],
								const uint8_t context[SMC_KEY_BYTES], int width,
								uint64_t *values, size_t count) SMC_MUST_USE;

/*
 * Open each element to its recipients, as smc_sum_open does: totals are set where
 * our own bit is, else 0.  totals may be shares.  ROUNDS: 1.  BYTES: width / 8 an
 * element to each other recipient.
 */
extern SmcStatus smc_wide_open(SmcChannel *channel, int width, const uint64_t *shares,
							   const uint16_t *recipients, size_t count, uint64_t *totals) SMC_MUST_USE;

/* ---- division and roots --------------------------------------------------------- */

/*
 * Exact, for two to SMC_PARTIES_MAX parties, and found by parties whose shares are
 * all they see.  Bounds are public, and must hold: they are what is hidden under
 * masks of SMC_SCALED_HIDING bits more, once a step (smc_scaled.h), so a value
 * that breaks them makes the result wrong and is hidden less well.  All outputs
 * may be inputs.
 *
 * ROUNDS, for two parties: divide 33 (quotient of 110 bits, divisor of 40), root
 * 39 (160 bits), shift 8 (by less than 62); _cost tells for others.  Vectors too
 * long for one stretch of memory count theirs again.
 *
 * _width is the least width that the function takes, or 0 when SMC_WIDTH_MAX is
 * too narrow.  _cost adds to *cost what a call is expected to take at most.
 */

/*
 * quotient_e = floor(a_e / b_e), for shared a_e >= 0 and 0 <= b_e < 2^b_bits with
 * a quotient below 2^quotient_bits, for which a's own bound will do.  A divisor
 * of zero counts as one, and then the quotient has no bound but a's.
 */
extern SmcStatus smc_wide_divide(SmcEngine *engine, int width, int quotient_bits, int b_bits,
								 const uint64_t *a, const uint64_t *b,
								 uint64_t *quotient, size_t count) SMC_MUST_USE;
extern int	smc_wide_divide_width(int party_count, int quotient_bits, int b_bits);
extern void smc_wide_divide_cost(SmcCost *cost, int party_count, int width, int quotient_bits, int b_bits, size_t count);

/* root_e = floor(sqrt(x_e)), for shared 0 <= x_e < 2^x_bits. */
extern SmcStatus smc_wide_root(SmcEngine *engine, int width, int x_bits, const uint64_t *x,
							   uint64_t *root, size_t count) SMC_MUST_USE;
extern int	smc_wide_root_width(int party_count, int x_bits);
extern void smc_wide_root_cost(SmcCost *cost, int party_count, int width, int x_bits, size_t count);

/* out_e = floor(x_e / 2^shift), for shared |x_e| < 2^x_bits and a public shift of 1 or more. */
extern SmcStatus smc_wide_shift_right(SmcEngine *engine, int width, int x_bits, int shift,
									  const uint64_t *x, uint64_t *out, size_t count) SMC_MUST_USE;
extern int	smc_wide_shift_right_width(int party_count, int x_bits, int shift);
extern void smc_wide_shift_right_cost(SmcCost *cost, int party_count, int width, int x_bits, int shift, size_t count);

#endif							/* SMC_WIDE_H */
