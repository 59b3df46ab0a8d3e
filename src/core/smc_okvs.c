/*
 * An oblivious key-value store; see the header.
 */
#include "smc_okvs.h"

#include <sodium.h>

/* What peeling keeps: of each place how many keys read it, and the sum of their numbers. */
typedef struct Peeling
{
	uint32_t   *degree;
	uint32_t   *sum;
	uint32_t   *queue;			/* places that one key has to itself, perhaps no more */
	uint32_t   *order;			/* keys in the order in which they were peeled */
	uint32_t   *place;			/* and the place of each */
	uint8_t    *peeled;			/* by key */
	size_t		count;			/* peeled */
} Peeling;

size_t
smc_okvs_size(size_t capacity)
{
	return (13 * capacity / 10 + 256 + 2) / 3 * 3 + SMC_OKVS_DENSE;
}

static inline uint32_t
place_of(const SmcItemRow *row, int third, size_t size)
{
	return smc_items_scale(row->at[third], third, size - SMC_OKVS_DENSE);
}

uint64_t
smc_okvs_decode(const uint64_t *table, size_t size, const SmcItemRow *row)
{
	const uint64_t *dense = table + size - SMC_OKVS_DENSE;
	uint64_t	value = table[place_of(row, 0, size)] ^ table[place_of(row, 1, size)] ^ table[place_of(row, 2, size)];

	for (int k = 0; k < SMC_OKVS_DENSE; k++)
		value ^= dense[k] & (0 - (row->dense >> k & 1));
	return value;
}

static bool
peeling_init(Peeling *p, SmcArena *arena, size_t count, size_t size)
{
	p->degree = smc_arena_array(arena, size, sizeof(uint32_t));
	p->sum = smc_arena_array(arena, size, sizeof(uint32_t));
	p->queue = smc_arena_array(arena, size, sizeof(uint32_t));
	p->order = smc_arena_array(arena, count, sizeof(uint32_t));
	p->place = smc_arena_array(arena, count, sizeof(uint32_t));
	p->peeled = smc_arena_array(arena, count, 1);
	p->count = 0;
	return p->degree && p->sum && p->queue && p->order && p->place && p->peeled;
}

static void
peel(Peeling *p, const SmcItemRow *rows, size_t count, size_t size)
{
	size_t		queued = 0;

	for (uint32_t key = 0; key < count; key++)
	{
		for (int third = 0; third < 3; third++)
		{
			uint32_t	place = place_of(&rows[key], third, size);

			p->degree[place]++;
			p->sum[place] ^= key;
		}
	}
	for (uint32_t place = 0; place < size; place++)
	{
		if (p->degree[place] == 1)
			p->queue[queued++] = place;
	}
	/* a place is queued once at most: its degree comes down to one once */
	for (size_t at = 0; at < queued; at++)
	{
		uint32_t	place = p->queue[at];
		uint32_t	key = p->sum[place];

		if (p->degree[place] != 1)
			continue;
		p->peeled[key] = 1;
		p->order[p->count] = key;
		p->place[p->count++] = place;
		for (int third = 0; third < 3; third++)
		{
			uint32_t	other = place_of(&rows[key], third, size);

			p->sum[other] ^= key;
			if (--p->degree[other] == 1)
				p->queue[queued++] = other;
		}
	}
}

/* Solve for the keys that were not peeled, in the dense places: Gauss and Jordan. */
static SmcStatus
solve(const Peeling *p, const SmcItemRow *rows, const uint64_t *values, size_t count, uint64_t *table, size_t size)
{
	uint64_t   *dense = table + size - SMC_OKVS_DENSE;
	uint64_t	mask[SMC_OKVS_DENSE];
	uint64_t	rest[SMC_OKVS_DENSE];
	int			pivot[SMC_OKVS_DENSE];
	int			used = 0;

	for (size_t key = 0; key < count; key++)
	{
		if (p->peeled[key])
			continue;
		if (used == SMC_OKVS_DENSE)
			return SMC_ERR_RANGE;
		mask[used] = rows[key].dense;
		rest[used] = values[key] ^ smc_okvs_decode(table, size, &rows[key]);
		for (int i = 0; i < used; i++)
		{
			if (mask[used] >> pivot[i] & 1)
			{
				mask[used] ^= mask[i];
				rest[used] ^= rest[i];
			}
		}
		if (mask[used] == 0)
			return SMC_ERR_RANGE;
		pivot[used] = __builtin_ctzll(mask[used]);
		for (int i = 0; i < used; i++)
		{
			if (mask[i] >> pivot[used] & 1)
			{
				mask[i] ^= mask[used];
				rest[i] ^= rest[used];
			}
		}
		used++;
	}
	for (int i = 0; i < used; i++)
		dense[pivot[i]] ^= rest[i];
	return SMC_OK;
}

SmcStatus
smc_okvs_encode(const SmcItemRow *rows, const uint64_t *values, size_t count, const SmcRandom *random,
				uint64_t *table, size_t size)
{
	SmcArena   *local = smc_arena_create();
	Peeling		p;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (size < smc_okvs_size(count))
		status = SMC_ERR_ARGUMENT;
	else if (local != NULL && peeling_init(&p, local, count, size))
	{
		smc_random_fill(random, table, size * sizeof(uint64_t));
		peel(&p, rows, count, size);
		status = solve(&p, rows, values, count, table, size);
		for (size_t i = p.count; i-- > 0 && status == SMC_OK;)
		{
			uint32_t	key = p.order[i];

			table[p.place[i]] ^= values[key] ^ smc_okvs_decode(table, size, &rows[key]);
		}
	}
	smc_arena_destroy(local);
	return status;
}
