/*
 * Whether two parties' private words are equal, as shared bits.
 *
 * PAPER: Couteau (ACNS 2018, section 4: equality of long strings brought down to that of
 * shorter ones by OT); the 1-out-of-16 OT from four random OTs as in Naor and Pinkas
 * (STOC 1999) and smc_millionaires.h.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 *   digits    for each of the 16 digits of four bits, Alice draws a bit r and offers, for
 *             every v, r ^ [x_d = v]; Bob learns the one at v = y_d: shares of [x_d = y_d]
 *   again     all 16 are set just when Alice's 16 bits, turned, are equal to Bob's: four
 *             digits of four bits; and once more, one digit
 *
 * Bob sends many batches of choices before he waits for the first of Alice's answers.
 * BYTES: 21 digits a word, of four OTs (smc_ot.h: 16 bytes) from Bob and two bytes from
 * Alice: 378.  ROUNDS: 3.  Parties other than the two have shares of zero, and take no
 * part.  LEAKS: nothing.
 */
#ifndef SMC_EQUALITY_H
#define SMC_EQUALITY_H

#include "smc_cost.h"
#include "smc_engine.h"

/*
 * Bit e of equal = shares of [x_e = y_e]; own holds x at alice, y at bob, and is not
 * read at the others.  Constant time in own.
 */
extern SmcStatus smc_equality(SmcEngine *engine, int alice, int bob, const uint64_t *own,
							  uint64_t *equal, size_t count) SMC_MUST_USE;

/* Add what it takes: Bob's part, who sends most. */
extern void smc_equality_cost(SmcCost *cost, size_t count);

#endif							/* SMC_EQUALITY_H */
