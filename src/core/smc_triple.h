/*
 * Bit triples: shared random a, b and c = a & b, used up one an AND gate.
 *
 * PAPER: Goldreich, Micali, Wigderson (STOC 1987) by way of Beaver's triples
 * (CRYPTO 1991), made from random OT as in Asharov, Lindell, Schneider, Zohner
 * (CCS 2013, section 5.1).
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * For each ordered pair (i, j), a random OT gives i two strings m0, m1 and j
 * the one at its bit b_j.  Bit w of m0 ^ m1 is i's a_w; bit w of what they hold
 * are shares of a_w b_j.  A triple of width 2 takes two bits of the same OT:
 * two products with the common factor b, at the price of one.
 *
 *   two parties    a_i and b_j fall out of the OTs: no correction is sent
 *   more           b_i is chosen; i sends e = m0 ^ m1 ^ a_i, width bits, to j,
 *                  who adds b_j e
 *
 * BYTES an OT, each direction: 3.875 (n = 2); 4 + width/8 (n > 2).
 * OTs a triple: n - 1 sent and n - 1 received at each party.
 * ROUNDS: not counted, since triples don't depend on the inputs: messages are
 * sent for several batches ahead of the first that is waited for.
 * LEAKS: nothing.
 */
#ifndef SMC_TRIPLE_H
#define SMC_TRIPLE_H

#include "smc_engine.h"

#define SMC_TRIPLE_QUANTUM	16	/* words: what is made is a multiple, so that a small demand makes a small batch */

/*
 * Make sure that `words` words of triples of a width (1 or 2) are in stock; all
 * parties ask for the same.  Triples in stock are secret.
 */
extern SmcStatus smc_triple_reserve(SmcEngine *engine, int width, size_t words) SMC_MUST_USE;

/*
 * Use up `words` words: pointers into the stock, valid until the next reserve
 * of that width.  Reserves what is missing.
 */
typedef struct SmcBitTriples
{
	const uint64_t *b;
	const uint64_t *a[SMC_TRIPLE_WIDTHS];
	const uint64_t *c[SMC_TRIPLE_WIDTHS];
} SmcBitTriples;

extern SmcStatus smc_triple_take(SmcEngine *engine, int width, size_t words, SmcBitTriples *triples) SMC_MUST_USE;

#endif							/* SMC_TRIPLE_H */
