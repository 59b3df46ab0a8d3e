/*
 * Comparison of arithmetic shares, as shared bits: sign, less-than, zero test.
 *
 * PAPER: bit decomposition by adding the parties' summands in a boolean
 * circuit, as in ABY (Demmler, Schneider, Zohner, NDSS 2015, A2B) for n
 * parties: carry-save adders (Wallace, 1964) bring n summands to two, then one
 * carry is computed by a parallel-prefix tree (Brent and Kung, 1982).
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * width is 64 or 128: the ring Z_2^width, an integer being width / 64 words,
 * low first.
 *
 * Two parties take a shorter way: their shares' low parts are private numbers,
 * and the carry is the millionaires' problem (smc_millionaires.h).
 *
 * More parties: ANDs an integer (k = width): k + 2k - 4 + 1, in a tree of log2 k levels, and
 * k for each of the n - 2 carry-save adders.
 * ROUNDS: 1 + log2 k, and 1 for each carry-save adder.
 * Values are taken SMC_COMPARE_CHUNK at a time, so memory is flat.
 */
#ifndef SMC_COMPARE_H
#define SMC_COMPARE_H

#include "smc_boolean.h"

#define SMC_COMPARE_CHUNK	65536

/* Bit e of negative (boolean shares) = whether integer e is below zero. */
extern SmcStatus smc_compare_negative(SmcEngine *engine, int width, const uint64_t *shares,
									  uint64_t *negative, size_t count) SMC_MUST_USE;

/* Bit e of less = whether x_e < y_e, where |x_e - y_e| < 2^(width-1). */
extern SmcStatus smc_compare_less(SmcEngine *engine, int width, const uint64_t *x, const uint64_t *y,
								  uint64_t *less, size_t count) SMC_MUST_USE;

/* Bit e of zero = whether integer e is zero.  k - 1 ANDs more than the adders. */
extern SmcStatus smc_compare_zero(SmcEngine *engine, int width, const uint64_t *shares,
								  uint64_t *zero, size_t count) SMC_MUST_USE;

#endif							/* SMC_COMPARE_H */
