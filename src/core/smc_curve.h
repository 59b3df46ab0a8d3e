/*
 * Logistic curves of shared numbers: probability, its derivative, the loss.
 *
 * PAPER: piecewise approximation of the sigmoid on shares as in SecureML (Mohassel,
 * Zhang, IEEE S&P 2017, section V-B) and ABY3 (Mohassel, Rindal, CCS 2018, section
 * 5.4), with pieces found by decomposition into bits and a lookup in a public table
 * as in SiRnn (Rathee et al., IEEE S&P 2021, section III), here for any number of
 * parties: the index as a shared one-hot vector, of which table entries are
 * XOR-linear functions.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * z has 26 places.  Each party splits its share, hi_i 2^L + lo_i, L = 26 - g.  The
 * piece is S = sum hi_i, found by a carry network; what lies beyond |z| = 16 counts as
 * the last piece.  The carries out of the lo_i are not looked for: pieces overlap
 * instead, z - (S + 1/2) h = sum lo_i - n h/2 = d is between -n h/2 and n h/2, h =
 * 2^-g, and parties know the terms of d.  As the curves are odd or even, the sign of S
 * is XORed into the bits of its index and of what is found there.
 *
 *   one-hot vectors of the lower 7 bits of the index and of the others, by vector gates
 *   c_0, c_1 = sum_i [high = i] (row i of the table, linear in [low = j])   one round
 *   value    = c_0 + c_1 d, bits times integers (smc_select.h)
 *
 * c_0 and c_1 interpolate at d = +-h sqrt(n / 12), the standard deviation of d, which is
 * random with the shares: so errors are without a sign on average, and add up to little
 * over rows. One is below max|f''| (n^2 / 8 - n / 24) h^2, for the probability 6e-7 of
 * two parties, 1.5e-6 of three, and 2e-6 of more, as g grows with n. Tables are computed in
 * integers, so that all machines agree on them.
 *
 * ROUNDS: those of smc_summands.h, ceil(log2(bits + g + 1)), ceil(log2(bits - 4)), 2, 3
 * + ceil(log2(g - 3)) for the vectors, and n: 23 of two parties where bits = 20, 25 of
 * three; 1 more for the loss.  BYTES: smc_curve_cost tells: there 1.2 kB a number, 2.5 kB
 * of three parties, sent by each, for the probability and its derivative together,
 * triples aside.
 * LEAKS: nothing.  Constant time in z.
 */
#ifndef SMC_CURVE_H
#define SMC_CURVE_H

#include "smc_cost.h"
#include "smc_engine.h"
#include "smc_ring.h"

#define SMC_CURVE_PLACES	26	/* of z after the point */
#define SMC_CURVE_BITS_MAX	48	/* before it */

typedef enum SmcCurveKind
{
	SMC_CURVE_SIGMOID,			/* 1 / (1 + e^-z) - 1/2 */
	SMC_CURVE_WEIGHT,			/* its derivative */
	SMC_CURVE_LOSS				/* log(1 + e^z) - z/2; |z|/2 beyond 16 */
} SmcCurveKind;

#define SMC_CURVES			3
#define SMC_CURVE_SIGMOID_PLACES	36	/* of the values */
#define SMC_CURVE_WEIGHT_PLACES		34
#define SMC_CURVE_LOSS_PLACES		36

typedef struct SmcCurve
{
	SmcCurveKind kind;
	int			bytes;			/* values are mod 2^(8 bytes), 1 to 16 */
	SmcRing128 *out;
} SmcCurve;

/*
 * Up to two curves of count numbers at once, count a multiple of 64.  |z| < 2^bits,
 * and z is shared mod 2^(bits + 27) at least; where the loss is asked for, mod
 * 2^(8 bytes - 9) besides.  What is above has no meaning.
 */
extern SmcStatus smc_curve_evaluate(SmcEngine *engine, int bits, const SmcRing128 *z,
									const SmcCurve *curves, size_t curve_count, size_t count) SMC_MUST_USE;

/* Add what it takes; of the curves, kind and bytes count. */
extern void smc_curve_cost(SmcCost *cost, int party_count, int bits, const SmcCurve *curves, size_t curve_count,
						   size_t count);

#endif							/* SMC_CURVE_H */
