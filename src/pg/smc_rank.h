/*
 * The joint part of order statistics: from every party's sorted keys to the keys
 * at the wanted places of all in order.
 *
 * With N values in all and a fraction a / b in lowest terms, the place is
 * a (N - 1) / b, rounded down and up, or, of one that doesn't interpolate,
 * ceil(a N / b) - 1.  N stays the sum of private numbers, and no division is
 * needed for a rounded place (core/smc_quantile.h).  Where the two keys found
 * differ, the rest of that division is how far between them the percentile lies:
 * the number of keys up to the lower one tells it, on shares.
 *
 * ROUNDS: without min_rows a zero test and an opening; those of the search, once
 * for all cells and fractions up to SMC_RANK_BATCH of them; an opening of rests.
 * LEAKS, to all parties: which have no value at all, unless min_rows told of that
 * already; the keys found, both where they differ; the rest a (N - 1) mod b there,
 * unless b is 2, when it can only be 1.
 */
#ifndef SMC_RANK_H
#define SMC_RANK_H

#include "core/smc_engine.h"
#include "pg/smc_compute.h"
#include "pg/smc_keys.h"

#define SMC_RANK_BATCH	2048	/* places searched for side by side */

/* What it needs of the computation around it. */
typedef struct SmcRankRun
{
	SmcEngine  *engine;			/* open */
	const uint8 (*seeds)[SMC_KEY_BYTES];
	const uint8 *context;		/* of the masks of rests; never used elsewhere */
	const SmcLayout *layout;
	const SmcRing128 *partials; /* of RANK slots this party's own numbers of values */
	const SmcKeys *keys;
} SmcRankRun;

/*
 * Find all that isn't withheld, nor in a cell that the outcome says is left out:
 * sets ranked and the states of RANK slots, which stay hidden where there is no
 * value.
 */
extern SmcStatus smc_rank_run(const SmcRankRun *run, SmcOutcome *outcome) SMC_MUST_USE;

/* Places that are searched for in one cell; add what the whole takes at most, with that many cells. */
extern int	smc_rank_targets(const SmcSlot *slot);
extern void smc_rank_cost(SmcCost *cost, int party_count, const SmcLayout *layout);

#endif							/* SMC_RANK_H */
