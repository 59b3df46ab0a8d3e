/*
 * Pads of oblivious transfer as ring elements: what smc_arith.c and
 * smc_arith_product.c share.
 *
 * One call's working space, as large as the call needs, wiped with its arena.
 */
#ifndef SMC_ARITH_PADS_H
#define SMC_ARITH_PADS_H

#include "smc_ct.h"
#include "smc_engine.h"
#include "smc_limbs.h"

#define SMC_ARITH_WINDOW	8	/* batches of one block asked for before the first is answered */

typedef struct SmcArithPads
{
	SmcBlock   *m0;				/* of one batch, to offer */
	SmcBlock   *m1;
	uint8_t    *wire;			/* its corrections */
	uint64_t   *choices;		/* its choice bits, where they must be gathered */
	SmcBlock   *held;			/* chosen ones of a window, from each peer */
} SmcArithPads;

/* Blocks of a pad. */
static inline size_t
smc_arith_blocks(size_t limbs)
{
	return (limbs + 1) / 2;
}

/*
 * Space for a window of elements that take up to `ots` OTs each, and for
 * held_blocks chosen blocks.  False when out of memory.
 */
static inline bool
smc_arith_pads_alloc(SmcArithPads *pads, SmcArena *arena, size_t limbs, size_t ots, size_t window,
					 size_t held_blocks)
{
	size_t		batch = window * ots < SMC_OT_BATCH ? window * ots : SMC_OT_BATCH;
	size_t		bytes = smc_arith_blocks(limbs) * sizeof(SmcBlock);

	pads->m0 = smc_arena_array(arena, batch, bytes);
	pads->m1 = smc_arena_array(arena, batch, bytes);
	/* whole elements are written and read, though fewer bytes count */
	pads->wire = smc_arena_array(arena, batch + 1, limbs * 8);
	pads->choices = smc_arena_array(arena, batch / 64 + 1, sizeof(uint64_t));
	pads->held = smc_arena_array(arena, held_blocks, sizeof(SmcBlock));
	return pads->m0 != NULL && pads->m1 != NULL && pads->wire != NULL && pads->choices != NULL && pads->held != NULL;
}

/* String j of count as an element. */
SMC_LIMBS_INLINE void
smc_arith_pad(uint64_t *pad, const SmcBlock *blocks, size_t count, size_t j, size_t limbs)
{
	for (size_t i = 0; i < limbs; i += 2)
	{
		pad[i] = blocks[i / 2 * count + j].lo;
		if (i + 1 < limbs)
			pad[i + 1] = blocks[i / 2 * count + j].hi;
	}
}

/* All ones or nothing, from bit e. */
static inline uint64_t
smc_arith_mask(const uint64_t *bits, size_t e)
{
	return 0 - smc_ct_hide((bits[e / 64] >> (e % 64)) & 1);
}

#endif							/* SMC_ARITH_PADS_H */
