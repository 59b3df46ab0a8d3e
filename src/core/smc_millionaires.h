/*
 * The millionaires' problem: whose private number is larger, by oblivious
 * transfer on the numbers themselves.
 *
 * PROBLEM: Yao, FOCS 1982.  PAPER: Rathee et al., "CrypTFlow2", CCS 2020,
 * section 3.1 (after Garay, Schoenmakers, Villegas, PKC 2007): digits of four
 * bits are compared by a 1-out-of-16 OT each, then joined in a tree; the
 * 1-out-of-16 OT from four random OTs as in Naor and Pinkas, STOC 1999.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * Alice has x, Bob has y, unsigned integers of k bits, a multiple of 64 up to
 * SMC_WIDTH_MAX.
 *
 *   leaf   for each digit, Alice draws bits r, r' and offers, for every v,
 *          (r ^ [x_d < v], r' ^ [x_d = v]); Bob learns the pair at v = y_d.
 *          Pads: bits 2v, 2v+1 of four OT blocks, chosen by the bits of v; a
 *          block is used once, each v takes bits of its own.
 *   tree   less = less_hi ^ (equal_hi & less_lo), equal = equal_hi & equal_lo,
 *          on shares, by triples (all parties of the engine take part).
 *
 * The results are boolean shares: nobody learns anything until they are opened.
 * BYTES (k bits): 4 k from Bob for the OTs (smc_ot.h), k from Alice for the
 * tables; k/4 - 1 gates of two ANDs (smc_boolean.h).  When only one of less and
 * equal is wanted, the last gate (less), or every gate (equal), has one AND.
 * ROUNDS: 1 for the leaves, then ceil(log2 (k / 4)), for each SMC_COMPARE_CHUNK integers.
 * LEAKS: nothing.
 */
#ifndef SMC_MILLIONAIRES_H
#define SMC_MILLIONAIRES_H

#include "smc_engine.h"

/*
 * Bit e of less and of equal = shares of [x_e < y_e] and [x_e = y_e], for count
 * integers.  own holds x at alice, y at bob (indexes of parties), and is not
 * read at the others.  less or equal may be NULL.  Constant time in own.
 */
extern SmcStatus smc_millionaires(SmcEngine *engine, int width, int alice, int bob,
								  const uint64_t *own, uint64_t *less, uint64_t *equal,
								  size_t count) SMC_MUST_USE;

#endif							/* SMC_MILLIONAIRES_H */
