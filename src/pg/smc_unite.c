/*
 * The joint part of numbers of different values; see the header.
 */
#include "postgres.h"

#include "core/smc_bits.h"
#include "core/smc_scaled.h"
#include "core/smc_union.h"
#include "pg/smc_distinct.h"
#include "pg/smc_unite.h"
#include "pg/smc_wiped.h"

/* Items, of 16 bytes each. */
static SmcStatus
count_items(SmcEngine *engine, const SmcKeys *keys, int set, const uint32 *cells, size_t count, SmcRing128 *totals)
{
	SmcUnionSet *sets = smc_wiped_alloc(count * sizeof(SmcUnionSet));
	SmcStatus	status;

	StaticAssertStmt(sizeof(SmcBlock) == SMC_DISTINCT_WORDS * sizeof(int64), "an item is a block");
	for (size_t i = 0; i < count; i++)
	{
		size_t		words;

		sets[i].items = (SmcBlock *) unconstify(int64 *, smc_keys_get(keys, set, cells[i], &words));
		sets[i].count = words / SMC_DISTINCT_WORDS;
	}
	status = smc_union_count(engine, sets, count);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
		totals[i] = sets[i].total;
	smc_wiped_free(sets);
	return status;
}

/* Places among declared values. */
static SmcStatus
count_marks(SmcEngine *engine, const SmcKeys *keys, int set, uint32 domain, const uint32 *cells, size_t count,
			SmcRing128 *totals)
{
	uint64	   *marks = smc_wiped_alloc(smc_bits_words(domain * count) * sizeof(uint64));
	SmcStatus	status;

	for (size_t i = 0; i < count; i++)
	{
		size_t		places;
		const int64 *place = smc_keys_get(keys, set, cells[i], &places);

		for (size_t k = 0; k < places; k++)
		{
			size_t		at = i * domain + (size_t) place[k];

			marks[at / 64] |= UINT64CONST(1) << (at % 64);
		}
	}
	status = smc_union_count_marks(engine, marks, domain, totals, count);
	smc_wiped_free(marks);
	return status;
}

SmcStatus
smc_unite_count(SmcEngine *engine, const SmcLayout *layout, const SmcKeys *keys, const SmcSlot *slot,
				const uint32 *cells, size_t count, SmcRing128 *totals)
{
	uint32		domain = layout->key_sets[slot->keys].domain;

	return domain > 0 ? count_marks(engine, keys, slot->keys, domain, cells, count, totals) :
		count_items(engine, keys, slot->keys, cells, count, totals);
}

SmcStatus
smc_unite_count_wide(SmcEngine *engine, const SmcLayout *layout, const SmcKeys *keys, const SmcSlot *slot,
					 const uint32 *cells, size_t count, int width, uint64 *totals)
{
	SmcArena   *arena = smc_arena_create();
	uint64	   *shares = arena ? smc_arena_array(arena, count, sizeof(SmcRing128)) : NULL;
	SmcScaled	scaled;
	SmcScaling	scaling = {128, shares, SMC_UNION_BITS, 0, 0, &scaled};
	SmcStatus	status = count == 0 ? SMC_OK : shares == NULL ? SMC_ERR_MEMORY :
		smc_unite_count(engine, layout, keys, slot, cells, count, (SmcRing128 *) shares);

	if (status == SMC_OK && width > 128)
	{
		/* from one ring to a wider one by way of the integers */
		status = smc_scaled_down(engine, &scaling, 1, count, arena);
		if (status == SMC_OK)
			smc_scaled_ring(engine, &scaled, width, totals, count);
	}
	for (size_t i = 0; i < count && status == SMC_OK && width <= 128; i++)
		memcpy(totals + i * (width / 64), shares + 2 * i, width / 8);
	smc_arena_destroy(arena);
	return status;
}
