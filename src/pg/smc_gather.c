/*
 * Values that come one by one; see the header.
 *
 * A cell's room doubles when it is full; what it leaves is wiped.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "pg/smc_distinct.h"
#include "pg/smc_gather.h"
#include "pg/smc_wiped.h"

#define ROOM_FIRST	64			/* values */

typedef struct Item
{
	int64		word[SMC_DISTINCT_WORDS];
} Item;

static inline int
compare_items(const Item *a, const Item *b)
{
	if (a->word[0] != b->word[0])
		return a->word[0] < b->word[0] ? -1 : 1;
	return (a->word[1] > b->word[1]) - (a->word[1] < b->word[1]);
}

#define ST_SORT sort_items
#define ST_ELEMENT_TYPE Item
#define ST_COMPARE(a, b) compare_items(a, b)
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

typedef struct Cell
{
	size_t		count;			/* values */
	size_t		room;
	int64	   *keys;
} Cell;

struct SmcGather
{
	int			set;
	size_t		words;			/* keys of a value */
	size_t		total;			/* values of all cells */
	uint32		cell_count;
	Cell	   *cells;
	MemoryContext context;
};

SmcGather *
smc_gather_create(const SmcLayout *layout, int set)
{
	SmcGather  *gather = palloc0(sizeof(SmcGather));

	gather->set = set;
	gather->words = layout->key_sets[set].domain > 0 ? 1 : SMC_DISTINCT_WORDS;
	gather->cell_count = layout->cell_count;
	gather->cells = palloc_extended(layout->cell_count * sizeof(Cell), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	gather->context = CurrentMemoryContext;
	return gather;
}

/* Give a cell more room. */
static void
grow(SmcGather *gather, Cell *cell)
{
	MemoryContext caller = MemoryContextSwitchTo(gather->context);
	size_t		room = cell->room > 0 ? 2 * cell->room : ROOM_FIRST;
	int64	   *keys = smc_wiped_alloc(room * gather->words * sizeof(int64));

	if (cell->keys != NULL)
	{
		memcpy(keys, cell->keys, cell->count * gather->words * sizeof(int64));
		smc_wiped_free(cell->keys);
	}
	cell->keys = keys;
	cell->room = room;
	MemoryContextSwitchTo(caller);
}

void
smc_gather_add(SmcGather *gather, uint32 cell, const int64 *value)
{
	Cell	   *to = &gather->cells[cell];

	if (++gather->total > SMC_KEYS_MAX / gather->words)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("more than %lld different values of one party can't be counted jointly",
						(long long) (SMC_KEYS_MAX / gather->words))));
	if (to->count == to->room)
		grow(gather, to);
	memcpy(to->keys + to->count++ * gather->words, value, gather->words * sizeof(int64));
}

void
smc_gather_settle(SmcGather *gather)
{
	for (uint32 cell = 0; cell < gather->cell_count && gather->words > 1; cell++)
	{
		Cell	   *c = &gather->cells[cell];
		Item	   *items = (Item *) c->keys;
		size_t		left = 0;

		CHECK_FOR_INTERRUPTS();
		sort_items(items, c->count);
		for (size_t i = 0; i < c->count; i++)
		{
			if (left == 0 || compare_items(&items[left - 1], &items[i]) != 0)
				items[left++] = items[i];
		}
		c->count = left;
	}
}

size_t
smc_gather_count(const SmcGather *gather, uint32 cell)
{
	return gather->cells[cell].count * gather->words;
}

void
smc_gather_finish(SmcGather *gather, SmcKeys *keys)
{
	for (uint32 cell = 0; cell < gather->cell_count; cell++)
	{
		Cell	   *c = &gather->cells[cell];

		smc_keys_put_all(keys, gather->set, cell, c->keys, smc_gather_count(gather, cell));
		if (c->keys != NULL)
			smc_wiped_free(c->keys);
		c->keys = NULL;
		c->count = c->room = 0;
	}
}
