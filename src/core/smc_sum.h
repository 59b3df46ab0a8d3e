/*
 * The joint sum: each party's vector is split among all, added on shares, and
 * the total opened to those who may see it, in one message per pair.
 *
 * PAPER: additive sharing with pseudo-random shares from pairwise seeds
 * (Cramer, Damgard, Ishai, TCC 2005, "Share conversion, pseudorandom secret
 * sharing", section 3; the same masks as Bonawitz et al., CCS 2017, section 4).
 * ADVERSARY: semi-honest, up to n - 1 of n; computational, by the PRG.
 *
 *   r_ij = PRG(H(s_ij, context, i, j))     for i < j; known to i and j alone
 *   z_i  = x_i + sum_{j > i} r_ij - sum_{j < i} r_ji
 *                                          party i's share of X = sum x_i
 *   opening to p: every i != p sends z_i to p, who adds.
 *
 * One mask a pair, where sharing each x_i by itself would take two: see
 * smc_sum.c for why the shares of the total are the same.
 *
 * ROUNDS: 1.  BYTES: 16 per element from each party to each other recipient.
 * LEAKS: nothing but the totals to their recipients.  A context must never
 * repeat under the same seeds with other inputs: it is the digest of the
 * computation, which holds the lane's own strictly increasing number.
 */
#ifndef SMC_SUM_H
#define SMC_SUM_H

#include <stdbool.h>

#include "smc_channel.h"
#include "smc_limits.h"
#include "smc_random.h"
#include "smc_ring.h"

/*
 * Turn this party's inputs into its shares of the totals, in place.
 * seeds[j] is the seed with party j (seeds[self] is not read); secret.
 * At most SMC_ELEMENTS_MAX elements; that each input is summable is the
 * caller's to check.  Memory used does not grow with count.  Constant time in
 * seeds and values.
 */
extern SmcStatus smc_sum_share(int self, int party_count,
							   const uint8_t (*seeds)[SMC_KEY_BYTES],
							   const uint8_t context[SMC_KEY_BYTES],
							   SmcRing128 *values, size_t count) SMC_MUST_USE;

/*
 * Open shares to their recipients: bit p of recipients[e] says that party p
 * learns element e.  All parties call it with equal count and recipients.
 * totals[e] is set where our own bit is set, and 0 elsewhere; totals may be
 * shares.  SMC_ERR_CHANNEL leaves totals zeroed.
 */
extern SmcStatus smc_sum_open(SmcChannel *channel, const SmcRing128 *shares,
							  const uint16_t *recipients, size_t count,
							  SmcRing128 *totals) SMC_MUST_USE;

/*
 * An input to a sum whose total tells only whether any party's flag was set:
 * 0 when flag is false, else uniform and not zero.  Constant time in flag.
 * The total is 0 when no party has the flag, and otherwise 0 with probability
 * below 2^-120.  LEAKS: a party that knows its own input learns whether any of
 * the *others* has the flag.
 */
extern SmcRing128 smc_sum_blind_flag(bool flag, const SmcRandom *random);

#endif							/* SMC_SUM_H */
