/*
 * Keyed hashes of items; see the header.
 *
 * Four permutations under keys of their own, so that no input of one says anything
 * about an output of another.
 */
#include "smc_items.h"

#include <sodium.h>
#include <string.h>

#define UPPER_BITS	16
#define UPPER_COUNT (1 << UPPER_BITS)

static inline uint32_t
upper_of(const SmcBlock *item)
{
	return (uint32_t) (item->hi >> (64 - UPPER_BITS));
}

/* All parties' random blocks, added up. */
static SmcStatus
draw_key(SmcEngine *engine, SmcBlock *key)
{
	SmcChannel *channel = engine->channel;
	SmcStatus	status = SMC_OK;

	smc_random_fill(engine->random, key, sizeof(*key));
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		if (peer != channel->self)
			status = smc_channel_send(channel, peer, key, sizeof(*key));
	}
	smc_channel_round(channel);
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		SmcBlock	part;

		if (peer == channel->self)
			continue;
		status = smc_channel_receive(channel, peer, &part, sizeof(part));
		if (status == SMC_OK)
			*key = smc_block_xor(*key, part);
	}
	return status;
}

SmcStatus
smc_items_agree(SmcEngine *engine, SmcItemHash *hash)
{
	SmcBlock	key;
	SmcBlock	keys[4] = {{1, 0}, {2, 0}, {3, 0}, {4, 0}};
	SmcPermutation *expand;
	SmcStatus	status = draw_key(engine, &key);

	memset(hash, 0, sizeof(*hash));
	if (status != SMC_OK)
		return status;
	expand = smc_permutation_open_keyed(&key);
	if (expand == NULL)
		return SMC_ERR_LIBRARY;
	status = smc_permutation_apply(expand, keys, 4);
	smc_permutation_close(expand);
	if (status != SMC_OK)
		return status;
	hash->image = smc_permutation_open_keyed(&keys[0]);
	hash->place = smc_permutation_open_keyed(&keys[1]);
	hash->row = smc_permutation_open_keyed(&keys[2]);
	hash->code = smc_permutation_open_keyed(&keys[3]);
	return hash->image && hash->place && hash->row && hash->code ? SMC_OK : SMC_ERR_LIBRARY;
}

void
smc_items_close(SmcItemHash *hash)
{
	smc_permutation_close(hash->image);
	smc_permutation_close(hash->place);
	smc_permutation_close(hash->row);
	smc_permutation_close(hash->code);
	memset(hash, 0, sizeof(*hash));
}

/* Bring items into the order of their upper bits, in place: each goes where its bucket is not yet full. */
static void
order(SmcBlock *items, size_t count, size_t *next, size_t *end)
{
	for (size_t i = 0; i < count; i++)
		end[upper_of(&items[i])]++;
	for (size_t bucket = 0, at = 0; bucket < UPPER_COUNT; bucket++)
	{
		next[bucket] = at;
		at += end[bucket];
		end[bucket] = at;
	}
	for (size_t bucket = 0; bucket < UPPER_COUNT; bucket++)
	{
		while (next[bucket] < end[bucket])
		{
			SmcBlock	item = items[next[bucket]];
			size_t		to = upper_of(&item);

			items[next[bucket]] = items[next[to]];
			items[next[to]++] = item;
		}
	}
}

SmcStatus
smc_items_prepare(const SmcItemHash *hash, SmcBlock *items, size_t count)
{
	SmcArena   *local = smc_arena_create();
	size_t	   *next = local ? smc_arena_array(local, UPPER_COUNT, sizeof(size_t)) : NULL;
	size_t	   *end = local ? smc_arena_array(local, UPPER_COUNT, sizeof(size_t)) : NULL;
	SmcStatus	status = next != NULL && end != NULL ? SMC_OK : SMC_ERR_MEMORY;

	for (size_t at = 0; at < count && status == SMC_OK; at += SMC_ITEM_BATCH)
		status = smc_permutation_apply(hash->image, items + at, count - at < SMC_ITEM_BATCH ? count - at : SMC_ITEM_BATCH);
	if (status == SMC_OK)
		order(items, count, next, end);
	smc_arena_destroy(local);
	return status;
}

size_t
smc_items_find(const SmcBlock *items, size_t count, uint32_t upper)
{
	size_t		first = 0;

	while (first < count)
	{
		size_t		middle = first + (count - first) / 2;

		if (upper_of(&items[middle]) < upper)
			first = middle + 1;
		else
			count = middle;
	}
	return first;
}

SmcStatus
smc_items_places(const SmcItemHash *hash, const SmcBlock *images, size_t count, uint32_t (*places)[SMC_ITEM_PLACES])
{
	SmcBlock	blocks[SMC_ITEM_BATCH];
	SmcStatus	status;

	if (count > SMC_ITEM_BATCH)
		return SMC_ERR_ARGUMENT;
	memcpy(blocks, images, count * sizeof(SmcBlock));
	status = smc_permutation_apply(hash->place, blocks, count);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		places[i][0] = (uint32_t) blocks[i].lo;
		places[i][1] = (uint32_t) (blocks[i].lo >> 32);
		places[i][2] = (uint32_t) blocks[i].hi;
	}
	sodium_memzero(blocks, sizeof(blocks));
	return status;
}

SmcStatus
smc_items_rows(const SmcItemHash *hash, const SmcBlock *images, const uint8_t *numbers, size_t count, SmcItemRow *rows)
{
	SmcBlock	blocks[2 * SMC_ITEM_BATCH];
	SmcStatus	status;

	if (count > SMC_ITEM_BATCH)
		return SMC_ERR_ARGUMENT;
	for (size_t i = 0; i < count; i++)
	{
		blocks[2 * i] = blocks[2 * i + 1] = images[i];
		blocks[2 * i].lo ^= (uint64_t) 2 * numbers[i];
		blocks[2 * i + 1].lo ^= (uint64_t) 2 * numbers[i] + 1;
	}
	status = smc_permutation_apply(hash->row, blocks, 2 * count);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		rows[i].at[0] = (uint32_t) blocks[2 * i].lo;
		rows[i].at[1] = (uint32_t) (blocks[2 * i].lo >> 32);
		rows[i].at[2] = (uint32_t) blocks[2 * i].hi;
		rows[i].dense = blocks[2 * i + 1].lo;
	}
	sodium_memzero(blocks, sizeof(blocks));
	return status;
}

SmcStatus
smc_items_codes(const SmcItemHash *hash, const SmcBlock *images, size_t count, SmcItemCode *codes)
{
	SmcStatus	status;

	if (count > SMC_ITEM_BATCH)
		return SMC_ERR_ARGUMENT;
	for (size_t i = 0; i < count; i++)
	{
		for (uint64_t k = 0; k < SMC_ITEM_CODE_BLOCKS; k++)
		{
			codes[i].part[k] = images[i];
			codes[i].part[k].lo ^= k;
		}
	}
	status = smc_permutation_apply(hash->code, codes[0].part, count * SMC_ITEM_CODE_BLOCKS);
	for (size_t i = 0; i < count; i++)
		codes[i].part[SMC_ITEM_CODE_BLOCKS - 1].hi = 0;
	return status;
}
