/*
 * The sharing engine: what parties need between them to compute on shares.
 *
 * One engine a lane and party: the channel, OT extension with each peer in both
 * directions, and a stock of triples made ahead of need.  Boolean shares are
 * bit vectors whose XOR over all parties is the value; arithmetic shares are
 * ring elements whose sum is.  Any n >= 2 parties; n - 1 shares tell nothing.
 */
#ifndef SMC_ENGINE_H
#define SMC_ENGINE_H

#include "smc_arena.h"
#include "smc_channel.h"
#include "smc_ot.h"
#include "smc_random.h"

#define SMC_TRIPLE_WIDTHS	2	/* triples of one or two products sharing a factor */

/* Bit triples waiting: words of each, from `at` on. */
typedef struct SmcBitStock
{
	uint64_t   *b;				/* the common factor */
	uint64_t   *a[SMC_TRIPLE_WIDTHS];
	uint64_t   *c[SMC_TRIPLE_WIDTHS];	/* c[w] = a[w] & b, shared */
	size_t		room;			/* words allocated */
	size_t		words;			/* words made */
	size_t		at;
} SmcBitStock;

typedef struct SmcEngine
{
	SmcChannel *channel;
	SmcArena   *arena;			/* the engine's own: streams, stocks */
	const SmcRandom *random;
	SmcOtPair	ot[SMC_PARTIES_MAX];
	SmcBitStock bits[SMC_TRIPLE_WIDTHS];	/* by width - 1 */
	uint64_t	bit_triples_made;
	uint64_t	ots_made;
} SmcEngine;

/*
 * Set up OT with every peer.  context is bound to the lane and equal at all
 * parties.  Costs 2 * 128 ristretto OTs a pair.  ROUNDS: 2.
 * BYTES: SMC_OT_SETUP_BYTES to each peer.
 */
extern SmcStatus smc_engine_open(SmcEngine *engine, SmcChannel *channel,
								 const uint8_t context[SMC_KEY_BYTES],
								 const SmcRandom *random) SMC_MUST_USE;

/* Wipe and free everything; safe on an engine that failed to open. */
extern void smc_engine_close(SmcEngine *engine);

#endif							/* SMC_ENGINE_H */
