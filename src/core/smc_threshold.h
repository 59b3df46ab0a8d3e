/*
 * Which shared counts reach a threshold, and keep their distance: one bit each.
 *
 * A count says how many rows a figure rests on.  A gap says in how many rows
 * what it rests on differs from what another figure rests on.  A gap is kept when
 * it is at least k too, or, where that is allowed, nothing.  A count passes when it
 * is at least k and keeps its gaps, those to other counts only as far as these
 * pass: are at least k and keep their gaps to figures told earlier.
 *
 * PAPER: the sign of count - k and gap - k on shares, zero tests: smc_compare.h.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * Counts and gaps are totals of shares mod 2^128, not negative and below 2^63,
 * so that their low halves are shares of the same mod 2^64.
 *
 * ROUNDS: one comparison; a zero test where one is needed; an AND for each level
 * of a tree over the earlier gaps of a count, ceil(log2(1 + the most of a count));
 * where there are gaps to other counts an AND and another such tree; an opening.
 * With `hidden` also the bits to integers, and an opening.  BYTES:
 * those of smc_compare.h, smc_boolean.h, smc_arith.h.
 * LEAKS: to every party, for each count whether it passes; and, where asked for,
 * how many of the first ones aren't zero and don't pass, not which.
 */
#ifndef SMC_THRESHOLD_H
#define SMC_THRESHOLD_H

#include <stdbool.h>

#include "smc_engine.h"
#include "smc_ring.h"

#define SMC_THRESHOLD_EARLIER	UINT32_MAX

/* A gap that a count must keep.  Several counts may have the same. */
typedef struct SmcThresholdLink
{
	uint32_t	count;			/* which count */
	uint32_t	gap;			/* which gap */
	uint32_t	other;			/* the count that it is a gap to, or SMC_THRESHOLD_EARLIER */
} SmcThresholdLink;

typedef struct SmcThreshold
{
	uint64_t	k;				/* 0 < k < 2^62 */
	size_t		count;
	const SmcRing128 *counts;	/* shares */
	size_t		hidden_count;	/* of these first ones it is told how many are not zero, but fail; 0: don't */
	size_t		gap_count;
	const SmcRing128 *gaps;		/* shares */
	const bool *may_close;		/* whether a gap may be zero, by gap */
	size_t		link_count;
	const SmcThresholdLink *links;	/* in any order */
} SmcThreshold;

/*
 * Bit e of passed (opened; smc_bits_words(count) words) = whether count e
 * passes; *hidden (opened) as said above, 0 where it isn't asked for.  Everything
 * but the shares is public, and the same at all parties.
 */
extern SmcStatus smc_threshold_judge(SmcEngine *engine, const SmcThreshold *threshold,
									 uint64_t *passed, uint64_t *hidden) SMC_MUST_USE;

#endif							/* SMC_THRESHOLD_H */
