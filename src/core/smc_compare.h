/*
 * Comparison of arithmetic shares, as shared bits: sign, less-than, zero test.
 *
 * PAPER: bit decomposition by adding the parties' summands in a boolean
 * circuit, as in ABY (Demmler, Schneider, Zohner, NDSS 2015, A2B) for n
 * parties: carry-save adders (Wallace, 1964) bring n summands to two, then one
 * carry is computed by a tree (prefix operator as in Brent and Kung, 1982).
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * width is a multiple of 64 up to SMC_WIDTH_MAX: the ring Z_2^width, an integer
 * being width / 64 words, low first.  k = width.
 *
 * Two parties take a shorter way: their shares are private numbers, and the
 * carry, or equality, is the millionaires' problem (smc_millionaires.h).
 *
 * More parties:
 *   adders   three summands that are private to three parties: the sum is
 *            local, the carry is a majority (smc_boolean_majority), one OT a
 *            pair and bit.  Later ones: k ANDs each.
 *   sign     the carry out of place j is a_j where a_j = b_j (p_j = 0), else
 *            the carry into it.  So with (p, a) for a range of places,
 *            (p, a) o (p', a') = (p p', a ^ p (a' ^ a)): two ANDs with the
 *            common factor p, and none to begin with, as generate bits would
 *            need (the carry as a selection: one AND a place, as Kolesnikov,
 *            Sadeghi, Schneider, CANS 2009, count it, but associative).
 *            2 (k - 2) + 1 ANDs in k - 1 gates.
 *   zero     x = 0 when the two summands of x - 1 add up to all ones, that is
 *            when every a_j ^ b_j is 1: k - 1 ANDs.
 * ROUNDS: 1 for the first adders (n > 2), 1 for each of the
 * n - 2 - floor(n / 3) later ones, ceil(log2 k) for the tree; two parties: 1 +
 * ceil(log2 (k / 4)).  Each chunk of SMC_COMPARE_CHUNK values counts its own
 * (memory is flat).
 * BYTES: those of the gates: smc_boolean.h, smc_millionaires.h.
 * LEAKS: nothing: the answers are shares.
 */
#ifndef SMC_COMPARE_H
#define SMC_COMPARE_H

#include "smc_boolean.h"

#define SMC_COMPARE_CHUNK	16384	/* integers at a time */

/* Bit e of negative (boolean shares) = whether integer e is below zero. */
extern SmcStatus smc_compare_negative(SmcEngine *engine, int width, const uint64_t *shares,
									  uint64_t *negative, size_t count) SMC_MUST_USE;

/* Bit e of less = whether x_e < y_e, where |x_e - y_e| < 2^(width-1). */
extern SmcStatus smc_compare_less(SmcEngine *engine, int width, const uint64_t *x, const uint64_t *y,
								  uint64_t *less, size_t count) SMC_MUST_USE;

/* Bit e of zero = whether integer e is zero. */
extern SmcStatus smc_compare_zero(SmcEngine *engine, int width, const uint64_t *shares,
								  uint64_t *zero, size_t count) SMC_MUST_USE;

#endif							/* SMC_COMPARE_H */
