/*
 * From arithmetic shares to bits: two boolean summands of a number.
 *
 * PAPER: the parties' shares are added in a boolean circuit (Demmler, Schneider,
 * Zohner, "ABY", NDSS 2015, A2B), of which this is the carry-save part (Wallace,
 * 1964), down to two summands; who wants a carry or a sum goes on from there.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * Three summands that are private to three parties: their sum is local, the carry
 * a majority (smc_boolean_majority).  Later ones: an AND a bit.
 * ROUNDS: none for two parties, whose shares are the summands; else 1 and
 * n - 2 - floor(n / 3) more.  LEAKS: nothing.
 */
#ifndef SMC_SUMMANDS_H
#define SMC_SUMMANDS_H

#include "smc_engine.h"

/* a + b is the number mod 2^planes; bit e of plane j, of weight 2^j, is at j * count + e. */
typedef struct SmcSummands
{
	uint64_t   *a;
	uint64_t   *b;
} SmcSummands;

/*
 * Of count integers of `width` bits the summands of the lowest `planes`, in
 * arena's memory; the two may share what the caller must not change.
 */
extern SmcStatus smc_summands_make(SmcEngine *engine, int width, int planes, const uint64_t *shares, size_t count,
								   SmcArena *arena, SmcSummands *out) SMC_MUST_USE;

#endif							/* SMC_SUMMANDS_H */
