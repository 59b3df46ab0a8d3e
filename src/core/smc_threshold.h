/*
 * Which shared counts reach a threshold, opened as one bit each.
 *
 * PAPER: the sign of count - k on shares, smc_compare.h.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * The counts are totals of shares mod 2^128, not negative and below 2^63, so
 * that their low halves are shares of the same counts mod 2^64.
 *
 * ROUNDS: one comparison and an opening; the split adds a zero test, the bits to
 * integers, and an opening.  BYTES: those of smc_compare.h, smc_arith.h.
 * LEAKS: to every party, for each count whether it is at least k; and, where
 * asked for, how many are between 1 and k - 1, not which.
 */
#ifndef SMC_THRESHOLD_H
#define SMC_THRESHOLD_H

#include "smc_engine.h"
#include "smc_ring.h"

/* Bit e of reached (opened) = whether the count of shares[e] is at least k. */
extern SmcStatus smc_threshold_reached(SmcEngine *engine, const SmcRing128 *shares, uint64_t k,
									   uint64_t *reached, size_t count) SMC_MUST_USE;

/*
 * The same, and *below (opened): how many of the counts are not zero and below k.
 */
extern SmcStatus smc_threshold_split(SmcEngine *engine, const SmcRing128 *shares, uint64_t k,
									 uint64_t *reached, uint64_t *below, size_t count) SMC_MUST_USE;

#endif							/* SMC_THRESHOLD_H */
