/*
 * Whose number is larger, and how large: contests between the parties' private
 * integers.
 *
 * PAPER: comparison by smc_millionaires.h and smc_compare.h, selection by
 * smc_arith.h; the winner is carried from party to party.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * Each party has one integer a contest (of Z_2^128, |x| <= (2^127 - 1) / n, as
 * smc_ring_summable tells), or none.  Results are shares; nothing is opened here.
 *
 *   compare   [x_alice < x_bob], [x_alice = x_bob]: the millionaires' problem
 *   extreme   best = none; for each party i: better = [best < x_i] (or >), in
 *             Z_2^128; best = better ? x_i : best, who = better ? i : who
 *
 * Ties go to the party that comes first.
 * BYTES: those of smc_millionaires.h, smc_compare.h, smc_arith.h.
 * ROUNDS: compare 6; extreme n times those of one comparison and one selection.
 * LEAKS: nothing.
 */
#ifndef SMC_CONTEST_H
#define SMC_CONTEST_H

#include "smc_engine.h"
#include "smc_ring.h"

/* What a party without a number puts in: it loses against every number. */
#define SMC_CONTEST_NONE_LOW	((SmcRing128) 1 << 126 | (SmcRing128) 1 << 127)	/* -2^126: for the largest */
#define SMC_CONTEST_NONE_HIGH	((SmcRing128) 1 << 126) /* 2^126: for the smallest */

/*
 * Bit e of less and equal: boolean shares of how alice's own[e] compares with
 * bob's, signed; own is not read at the others.
 */
extern SmcStatus smc_contest_compare(SmcEngine *engine, int alice, int bob, const SmcRing128 *own,
									 uint64_t *less, uint64_t *equal, size_t count) SMC_MUST_USE;

/*
 * The largest (smallest) of all parties' own[e], and the index of the first
 * party that has it, as arithmetic shares mod 2^128: where nobody has a number,
 * best is SMC_CONTEST_NONE_LOW (HIGH) and who is the number of parties.  Either
 * output may be NULL.
 */
extern SmcStatus smc_contest_extreme(SmcEngine *engine, bool largest, const SmcRing128 *own,
									 SmcRing128 *best, SmcRing128 *who, size_t count) SMC_MUST_USE;

/*
 * The same with shares mod 2^width, at least 128 bits, for what is computed from
 * the extremes.
 */
extern SmcStatus smc_contest_extreme_wide(SmcEngine *engine, int width, bool largest, const SmcRing128 *own,
										  uint64_t *best, uint64_t *who, size_t count) SMC_MUST_USE;

#endif							/* SMC_CONTEST_H */
