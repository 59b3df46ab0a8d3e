/*
 * What the protocols take, before they are run: rounds and bytes.
 *
 * EXPLAIN wants to tell them, and a program over shares wants to choose by
 * them.  Each function adds one call of the protocol of that name, from the
 * formulas in its header.  Parties have different parts in some; what is counted
 * is the part of the one that sends most.
 */
#ifndef SMC_COST_H
#define SMC_COST_H

#include "smc_engine.h"

typedef struct SmcCost
{
	uint64_t	rounds;
	uint64_t	sent;			/* bytes, to all peers together; triples aside */
	uint64_t	triples[SMC_TRIPLE_WIDTHS]; /* words of bit triples used, by width - 1 */
} SmcCost;

/* One gate over count bits: `products` (1 or 2) ANDs with a common factor each (smc_boolean.h). */
extern void smc_cost_and(SmcCost *cost, int party_count, int products, size_t count);

/* smc_compare_negative, smc_compare_zero */
extern void smc_cost_negative(SmcCost *cost, int party_count, int width, size_t count);
extern void smc_cost_zero(SmcCost *cost, int party_count, int width, size_t count);

/* smc_arith_times_bit (or from_bits, or select), smc_arith_multiply, smc_arith_open */
extern void smc_cost_times_bit(SmcCost *cost, int party_count, int width, size_t count);
extern void smc_cost_multiply(SmcCost *cost, int party_count, int width, size_t count);
extern void smc_cost_open(SmcCost *cost, int party_count, int width, size_t count);

/* smc_summands_make, smc_size_reached */
extern void smc_cost_summands(SmcCost *cost, int party_count, int planes, size_t count);
extern void smc_cost_size(SmcCost *cost, int party_count, int bits, size_t count);

/*
 * One vector of smc_arith_multiply_joint, and one of smc_scaled_down; the round is
 * counted by whom knows what is joint.
 */
extern void smc_cost_product(SmcCost *cost, int party_count, int width, int y_bits, bool square, size_t count);
extern void smc_cost_scaled(SmcCost *cost, int party_count, int bits, size_t count);

/* Add times what one call takes. */
extern void smc_cost_add(SmcCost *cost, const SmcCost *call, uint64_t times);

/*
 * Bytes to each peer: what the busiest party sends in all, triples included as
 * if the stock were empty, through the number of its peers.
 */
extern uint64_t smc_cost_bytes(const SmcCost *cost, int party_count);

/*
 * One number to choose by: bytes to each peer, and for each round as many as a
 * round is worth.  A link of 100 Mbit/s carries 64 kB in 5 ms: less than a round
 * takes between two cities, more than it takes between two racks.
 */
#define SMC_COST_ROUND_BYTES	65536
extern uint64_t smc_cost_weight(const SmcCost *cost, int party_count);

#endif							/* SMC_COST_H */
