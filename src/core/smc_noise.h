/*
 * Discrete Laplace noise that no party knows, on shares: P(N = k) is
 * proportional to a^|k|, for the public ratio a = exp(-epsilon / sensitivity).
 *
 * PAPER: the geometric mechanism, Ghosh, Roughgarden, Sundararajan (STOC 2009);
 * noise made jointly, digit by digit, Dwork, Kenthapadi, McSherry, Mironov, Naor
 * (EUROCRYPT 2006, section 4), as also Champion, shelat, Ullman (CCS 2019); why
 * integers only, and never floating point: Mironov (CCS 2012), Canonne, Kamath,
 * Steinke (NeurIPS 2020), whose sampler has the same sign and magnitude.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 *   N = 0 with probability z = (1 - a) / (1 + a), else a fair sign times 1 + G,
 *   G geometric, P(G = k) = (1 - a) a^k.  So P(N = k) for k != 0 is
 *   (1 - z) / 2 (1 - a) a^(|k| - 1) = (1 - a) / (1 + a) a^|k|, as for k = 0.
 *   (The difference of two geometric numbers has the same distribution, and
 *   takes twice the digits.)
 *
 *   The binary digits of G are independent, digit j being 1 with probability
 *   p_j = a^(2^j) / (1 + a^(2^j)), since a^G is the product of a^(digit 2^j).
 *
 *   coin      for each z and p_j a threshold T, the probability times 2^64: R is a
 *             number of 64 bits, every bit the XOR of one that each party draws;
 *             the coin is [R < T], found on shares.  With e_i = ~(R_i ^ T_i), as
 *             uniform as R_i, it is bit T_i at the highest i where e_i = 0: pairs
 *             (e, T) are joined as (p, a) in smc_compare.h.  Digits with T = 2^63
 *             are one random bit.
 *   sign      one random bit s; -(1 + G) is ~G, so N is G + 1 or ~G: the digits
 *             are XORed with s, ANDed with [N != 0], and made numbers.
 *
 * Any n - 1 parties see uniform bits, whatever they draw: R, and with it every
 * digit, is masked by the bits of the party that is not among them.  Nobody can
 * leave the noise out of a sum, or take a part of it off, by knowing its own
 * share, which is a uniform number.
 *
 * DISTANCE from the exact distribution, per number: each of the digits + 1 coins
 * is off by at most 2^-64, and P(G >= 2^digits) = a^(2^digits) <= e^-45 <
 * 2^-64.9, so that the statistical distance is below (digits + 2) 2^-64 <= 2^-57.
 * What is released under it is (epsilon, d)-private with
 * d = (1 + e^epsilon) (digits + 2) 2^-64 for every number released: 2^-42 at
 * epsilon = 10, 2^-13 at 30.  |N| <= 2^digits, always.
 *
 * ROUNDS: 7 + n for each SMC_NOISE_CHUNK coins (6 the coins, 1 the AND, n the
 * conversion).  BYTES from each party to each other: 264 a coin of two parties,
 * 283 of more, triples included; (digits + 2) (4 + width / 8) a number for the
 * conversion.
 * LEAKS: nothing.
 */
#ifndef SMC_NOISE_H
#define SMC_NOISE_H

#include "smc_cost.h"
#include "smc_engine.h"
#include "smc_ring.h"

#define SMC_NOISE_DIGITS_MAX	120
#define SMC_NOISE_CHUNK			65536	/* coins at a time */

/* How to make noise of one ratio: public, and the same at all parties. */
typedef struct SmcNoisePlan
{
	int			digits;			/* of G: smallest d with a^(2^d) <= e^-45 */
	int			fair;			/* the lowest ones that are fair coins: p_j nearest 2^63 / 2^64 */
	uint64_t	zero;			/* z * 2^64 */
	uint64_t	one[SMC_NOISE_DIGITS_MAX];	/* p_j * 2^64, for fair <= j < digits */
} SmcNoisePlan;

/*
 * Plan noise of the ratio exp(-numerator / denominator): epsilon over the
 * sensitivity, the latter in units of the integer that is shared.  Integer
 * arithmetic only, so that all machines come to the same plan; each threshold
 * is within 1/2 of its probability times 2^64, up to 2^-40 (z, up to 1 where it
 * is above 1 - 2^-65).
 *
 * SMC_ERR_ARGUMENT unless 0 < numerator, denominator < 2^126; SMC_ERR_RANGE when
 * more than SMC_NOISE_DIGITS_MAX digits are needed: a ratio of less than
 * 45 / 2^120.
 */
extern SmcStatus smc_noise_plan(SmcRing128 numerator, SmcRing128 denominator,
								SmcNoisePlan *plan) SMC_MUST_USE;

/*
 * out_e = a share of independent noise, for count integers of `width` bits as in
 * smc_arith.h.  SMC_ERR_RANGE when width < digits + 2.  Constant time in what is
 * drawn.
 */
extern SmcStatus smc_noise_laplace(SmcEngine *engine, int width, const SmcNoisePlan *plan,
								   uint64_t *out, size_t count) SMC_MUST_USE;

/*
 * Shares of `count` tosses of each of `coins` coins, coin c being 1 with
 * probability thresholds[c] / 2^64: toss e at bit c * count + e.  ROUNDS: 6.
 * All at once, so memory grows with coins * count.
 */
extern SmcStatus smc_noise_coins(SmcEngine *engine, const uint64_t *thresholds, size_t coins,
								 uint64_t *bits, size_t count) SMC_MUST_USE;

/* Add what smc_noise_laplace takes. */
extern void smc_noise_cost(SmcCost *cost, int party_count, int width, const SmcNoisePlan *plan, size_t count);

#endif							/* SMC_NOISE_H */
