/*
 * Order statistics of all parties' rows together: medians, percentiles.
 *
 * PAPER: search on the domain with secure counts, as Aggarwal, Mishra, Pinkas
 * (EUROCRYPT 2004, section 4: the k-th ranked element of many parties), with many
 * pivots a round in place of one.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * Each party has sorted keys of its own; wanted is, for a shared rank r, the
 * smallest v in the public domain lo .. hi with C(v) > r, where C(v) counts all
 * parties' keys <= v: the key that stands at place r, from 0, of all in order.
 *
 *   round     p_1 < ... < p_m split what is left, lo <= v <= hi, into m + 1 equal
 *             parts, p_m < hi; party i counts c_i = C_i(p_k), on its own, and
 *             r_i - c_i is its share of r - C(p_k); the signs are found on shares
 *             and opened: [r < C(p_k)] = [v <= p_k]; v is in the part that ends
 *             with the first pivot for which it holds, or else in the last.
 *
 * The counts go in as they are, unmasked: they never leave a party as such.  A
 * comparison takes its shares as private numbers whatever their distribution,
 * choices and offers in OTs and inputs to AND gates (smc_compare.h), and
 * everything that is sent is masked by pads and triples that are used once.
 *
 * m + 1 = 2^b: b is 8 for up to SMC_QUANTILE_PIVOTS / 255 targets, else what keeps
 * the pivots of all of them below SMC_QUANTILE_PIVOTS, but at least 2, spread
 * evenly over the rounds.  Few targets are a matter of rounds, many of bytes,
 * (2^b - 1) / b comparisons for each bit of the domain.  Chosen between times
 * measured on loopback, which favour fewer pivots, and those reckoned for 50 ms
 * and 100 Mbit/s, which for few targets favour more.
 *
 * ROUNDS: (C + 1) ceil(log2(hi - lo + 1) / b), with C those of one comparison of
 * 64 bits (5 for two parties, else 7 + n - 2 - floor(n / 3)): for a domain of 64
 * bits and up to 4 targets 48 of two parties, 64 of three.
 * BYTES: for each target and round 2^b - 1 comparisons (smc_compare.h): 0.9 MB
 * sent and received of two parties, 3.5 MB of three, in all.
 * LEAKS: v, to every party, and nothing that doesn't follow from it: what is
 * opened is [v <= p] for pivots that follow from what was opened before.  (Time:
 * a party counts by binary search on its own keys, not in constant time.)
 */
#ifndef SMC_QUANTILE_H
#define SMC_QUANTILE_H

#include "smc_cost.h"
#include "smc_engine.h"

#define SMC_QUANTILE_PIVOTS		1024	/* of all targets in a round, to aim at */

typedef struct SmcQuantileTarget
{
	const int64_t *keys;		/* this party's own, ascending; several targets may have the same */
	size_t		key_count;		/* private */
	int64_t		lo;				/* public: lo <= hi */
	int64_t		hi;
	uint64_t	rank;			/* share in Z_2^64 of r, from 0 */
	int64_t		value;			/* set to v, at every party */
} SmcQuantileTarget;

/*
 * Find all targets' values.  lo, hi and the order of the targets are equal at
 * all parties; keys may differ in all.  A rank beyond all keys gives hi, a
 * negative one lo, as if there were such keys, without a word; so a key below lo
 * counts as lo, one above hi as hi.  Ranks and numbers of keys are below 2^62.
 * SMC_ERR_ARGUMENT, before anything is sent, when keys aren't ascending or lo > hi.
 * Constant time in ranks, not in keys.  Memory: a word a pivot, and smc_compare.h's.
 */
extern SmcStatus smc_quantile_select(SmcEngine *engine, SmcQuantileTarget *targets, size_t count) SMC_MUST_USE;

/* Add what it takes at most, for targets whose hi - lo is at most `span`. */
extern void smc_quantile_cost(SmcCost *cost, int party_count, uint64_t span, size_t count);

#endif							/* SMC_QUANTILE_H */
