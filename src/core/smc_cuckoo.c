/*
 * Cuckoo hashing; see the header.
 */
#include "smc_cuckoo.h"

#include <string.h>

/* A search for a free bin. */
typedef struct Search
{
	uint32_t   *seen;			/* by bin: the last item on whose behalf it was seen, plus one */
	uint32_t   *from;			/* by bin: the bin whose item would go there, or EMPTY: the new item */
	uint32_t   *queue;
	size_t		queued;
} Search;

size_t
smc_cuckoo_bins(size_t capacity)
{
	return (13 * capacity / 10 + 512 + 2) / 3 * 3;
}

/* Queue an item's bins that weren't seen yet. */
static void
look(Search *s, const uint32_t places[SMC_ITEM_PLACES], size_t bins, uint32_t mark, uint32_t from)
{
	for (int number = 0; number < SMC_ITEM_PLACES; number++)
	{
		uint32_t	bin = smc_cuckoo_bin(places, number, bins);

		if (s->seen[bin] == mark)
			continue;
		s->seen[bin] = mark;
		s->from[bin] = from;
		s->queue[s->queued++] = bin;
	}
}

/* Put an item in; false when there is no way. */
static bool
insert(Search *s, const uint32_t (*places)[SMC_ITEM_PLACES], uint32_t item, uint32_t *table, size_t bins)
{
	s->queued = 0;
	look(s, places[item], bins, item + 1, SMC_CUCKOO_EMPTY);
	for (size_t at = 0; at < s->queued; at++)
	{
		uint32_t	bin = s->queue[at];

		if (table[bin] != SMC_CUCKOO_EMPTY)
		{
			look(s, places[table[bin]], bins, item + 1, bin);
			continue;
		}
		/* all on the way move up by one */
		for (; s->from[bin] != SMC_CUCKOO_EMPTY; bin = s->from[bin])
			table[bin] = table[s->from[bin]];
		table[bin] = item;
		return true;
	}
	return false;
}

SmcStatus
smc_cuckoo_fill(const uint32_t (*places)[SMC_ITEM_PLACES], size_t count, uint32_t *table, size_t bins)
{
	SmcArena   *local = smc_arena_create();
	Search		s = {0};
	SmcStatus	status = SMC_ERR_MEMORY;

	if (local != NULL)
	{
		s.seen = smc_arena_array(local, bins, sizeof(uint32_t));
		s.from = smc_arena_array(local, bins, sizeof(uint32_t));
		s.queue = smc_arena_array(local, bins, sizeof(uint32_t));
	}
	memset(table, 0xff, bins * sizeof(*table));
	if (s.seen != NULL && s.from != NULL && s.queue != NULL)
		status = SMC_OK;
	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		if (!insert(&s, places, (uint32_t) i, table, bins))
			status = SMC_ERR_RANGE;
	}
	smc_arena_destroy(local);
	return status;
}
