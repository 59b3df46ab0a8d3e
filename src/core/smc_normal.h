/*
 * Symmetric positive definite systems on shares: solution and inverse.
 *
 * PAPER: elimination without row exchanges (Gauss; the pivots are those of Cholesky's
 * L D L'), on shares as in Nikolaenko et al. (IEEE S&P 2013, section 4) and Gascon et
 * al. (PoPETs 2017, section 5), in fixed point (smc_scaled.h).  The system is bordered,
 *
 *       H   g   I                                 . . .
 *       g'  .   .     after k pivots:             .   .            .
 *       I   .   .                                 .  -H^-1 g    -H^-1
 *
 * so that solution and inverse fall out of one elimination, and no round is spent on
 * substituting back.  No pivot is divided by:
 *
 *   v = 2^i with 1/2 <= c = v d < 1, by comparison with all powers of two (smc_size.h)
 *   a_ij <- c a_ij - (v a_ip) a_pj, scaled down once
 *
 * and what all is times in the end, the product of the c, divides the result.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * Numbers are shared mod 2^SMC_NORMAL_WIDTH with SMC_NORMAL_PLACES places.  The diagonal
 * of H is below 1 - 2^-40, and |g| < 2^SMC_NORMAL_GUARD_BITS.  A pivot below
 * 2^-SMC_NORMAL_PIVOT_BITS, times the c before it, is none, and says so in `singular`.
 * What scaling down loses is given back to H's diagonal, so that pivots stay above zero.
 * H^-1 is wrong by about 2^-64 times the condition number, relative to its diagonal.
 *
 * ROUNDS: k (13 + n - 2) and 35 with two parties, 40 with three: 180 for k = 11.
 * BYTES: about 2 k^3 products in Z_2^256 (smc_arith.h); smc_normal_cost tells.
 * LEAKS: as smc_scaled.h: each of about k^3 numbers is hidden within 2^-40.
 */
#ifndef SMC_NORMAL_H
#define SMC_NORMAL_H

#include "smc_cost.h"
#include "smc_engine.h"

#define SMC_NORMAL_WIDTH		256
#define SMC_NORMAL_LIMBS		(SMC_NORMAL_WIDTH / 64)
#define SMC_NORMAL_PLACES		64
#define SMC_NORMAL_PIVOT_BITS	34
#define SMC_NORMAL_GUARD_BITS	12
#define SMC_NORMAL_COLUMNS_MAX	32

/* What numbers of that many bits may be scaled down to, in this ring. */
#define SMC_NORMAL_BITS			200

/*
 * delta = H^-1 g and inverse = H^-1, of k columns.  h and inverse are k x k elements, row
 * by row, of which h is read at and below its diagonal; both parts of inverse are set.
 * Bit j of singular (boolean share) says that pivot j was none.
 */
extern SmcStatus smc_normal_solve(SmcEngine *engine, int k, const uint64_t *h, const uint64_t *g,
								  uint64_t *delta, uint64_t *inverse, uint64_t *singular) SMC_MUST_USE;

/* out = x y / 2^places, rounded as smc_scaled.h does; |x y| < 2^SMC_NORMAL_BITS.  ROUNDS: 2. */
extern SmcStatus smc_normal_multiply(SmcEngine *engine, const uint64_t *x, const uint64_t *y, int places,
									 uint64_t *out, size_t count) SMC_MUST_USE;

/* out = x / 2^places, or x 2^-places where places < 0, without a message. */
extern SmcStatus smc_normal_scale(SmcEngine *engine, const uint64_t *x, int places, uint64_t *out,
								  size_t count) SMC_MUST_USE;

/* Add what they take; that of a product is one element's, without the rounds. */
extern void smc_normal_cost(SmcCost *cost, int party_count, int k);
extern void smc_normal_multiply_cost(SmcCost *cost, int party_count, size_t count);

#endif							/* SMC_NORMAL_H */
