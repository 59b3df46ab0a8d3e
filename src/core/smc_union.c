/*
 * How many different items several parties have together; see the header.
 *
 * A unit is one part of one set.  Units are taken in groups, all parties the same,
 * so that many small sets take no more rounds than one.
 */
#include "smc_union.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_boolean.h"
#include "smc_compare.h"
#include "smc_cuckoo.h"
#include "smc_equality.h"
#include "smc_membership.h"
#include "smc_okvs.h"

#define WIDTH		128
#define PART_ITEMS	(1 << 16)	/* on average, at most */
#define PART_SLACK	2432
#define PART_BITS	16
#define TOO_MANY	((SmcRing128) 1 << 40)	/* what is added to a count that isn't right */
#define SUM_CHUNK	SMC_UNION_BINS	/* bits made numbers at a time */

typedef struct Unit
{
	size_t		set;
	uint32_t	part;
} Unit;

/* One call. */
typedef struct Run
{
	SmcEngine  *engine;
	SmcUnionSet *sets;
	size_t		set_count;
	size_t	   *active;			/* the sets that aren't counted yet */
	size_t		active_count;
	SmcArena   *arena;
	SmcItemHash hash;
	SmcOprfSender *senders[SMC_PARTIES_MAX];
	SmcOprfReceiver *receivers[SMC_PARTIES_MAX];
	uint64_t	items;			/* P of the stage */
	int			part_bits;		/* there are 2^part_bits parts */
} Run;

/* What a group of units needs, one of each bin where not said otherwise. */
typedef struct Group
{
	SmcArena   *arena;
	SmcMembership m;
	const Unit *units;
	size_t		words;			/* that hold a bit for each bin */
	SmcBlock   *inputs;
	uint8_t    *numbers;
	uint64_t   *values[SMC_PARTIES_MAX];	/* by peer: what is to be compared */
	uint64_t   *equal;			/* bits */
	uint64_t   *dup;
} Group;

/* ---- stages -------------------------------------------------------------------- */

static int
part_bits_of(uint64_t items)
{
	int			bits = 0;

	while (items >> bits > PART_ITEMS)
		bits++;
	return bits;
}

/* The items that a part of a stage is filled up to. */
static size_t
part_capacity(uint64_t items, int part_bits)
{
	return part_bits == 0 ? (size_t) items : (size_t) (items >> part_bits) + 1 + PART_SLACK;
}

static uint64_t
next_stage(uint64_t items)
{
	uint64_t	most = (uint64_t) SMC_UNION_ITEMS_MAX * SMC_PARTIES_MAX;

	return items * SMC_UNION_FACTOR < most ? items * SMC_UNION_FACTOR : most;
}

static bool
fits(const Run *run, const SmcUnionSet *set)
{
	return set->count <= run->items;
}

/* ---- counting bits --------------------------------------------------------------- */

/* sums[k] += how many of the shared bits from ends[k - 1] (or 0) to ends[k] are set. */
static SmcStatus
count_bits(SmcEngine *engine, const uint64_t *bits, const size_t *ends, SmcRing128 *sums, size_t sum_count)
{
	size_t		count = ends[sum_count - 1];
	SmcArena   *local = smc_arena_create();
	uint64_t   *numbers = local ? smc_arena_array(local, count < SUM_CHUNK ? count : SUM_CHUNK, WIDTH / 8) : NULL;
	size_t		k = 0;
	SmcStatus	status = numbers != NULL ? SMC_OK : SMC_ERR_MEMORY;

	for (size_t at = 0; at < count && status == SMC_OK; at += SUM_CHUNK)
	{
		size_t		chunk = count - at < SUM_CHUNK ? count - at : SUM_CHUNK;
		uint64_t   *some = smc_arena_array(local, smc_bits_words(chunk), sizeof(uint64_t));

		if (some == NULL)
			status = SMC_ERR_MEMORY;
		else
		{
			smc_bits_extract(some, bits, at, chunk);
			status = smc_arith_from_bits(engine, WIDTH, some, numbers, chunk);
		}
		for (size_t e = 0; e < chunk && status == SMC_OK; e++)
		{
			while (at + e >= ends[k])
				k++;
			sums[k] += (SmcRing128) numbers[2 * e + 1] << 64 | numbers[2 * e];
		}
	}
	smc_arena_destroy(local);
	return status;
}

/* to = to | other, shared bits. */
static SmcStatus
join(SmcEngine *engine, uint64_t *to, uint64_t *other, size_t count)
{
	size_t		words = smc_bits_words(count);
	uint64_t	turn = engine->channel->self == 0 ? ~UINT64_C(0) : 0;
	SmcStatus	status;

	/* by De Morgan; the gate leaves the last word's tail zero */
	for (size_t w = 0; w < words; w++)
	{
		uint64_t	valid = w + 1 == words ? smc_bits_tail(count) : ~UINT64_C(0);

		to[w] ^= turn & valid;
		other[w] ^= turn & valid;
	}
	status = smc_boolean_and(engine, to, other, to, count);
	for (size_t w = 0; w < words; w++)
		to[w] ^= turn & (w + 1 == words ? smc_bits_tail(count) : ~UINT64_C(0));
	return status;
}

/* ---- a group of units --------------------------------------------------------------- */

/* Our items of a unit, and random ones. */
static SmcStatus
fill_unit(const Run *run, const Unit *unit, SmcBlock *items, size_t capacity)
{
	const SmcUnionSet *set = &run->sets[unit->set];
	uint32_t	width = 1u << (PART_BITS - run->part_bits);
	size_t		first = smc_items_find(set->items, set->count, unit->part * width);
	size_t		end = smc_items_find(set->items, set->count, (unit->part + 1) * width);

	if (!fits(run, set))
		end = first;
	if (end - first > capacity)
		return SMC_ERR_RANGE;
	/* all of it, so that the time it takes doesn't tell how many are ours */
	smc_random_fill(run->engine->random, items, capacity * sizeof(*items));
	if (end > first)
		memcpy(items, set->items + first, (end - first) * sizeof(*items));
	return SMC_OK;
}

static SmcStatus
group_open(const Run *run, Group *g, const Unit *units, size_t unit_count)
{
	size_t		capacity = part_capacity(run->items, run->part_bits);
	SmcMembershipUnit *list;
	SmcBlock   *items;
	SmcStatus	status = SMC_OK;

	memset(g, 0, sizeof(*g));
	g->arena = smc_arena_create();
	if (g->arena == NULL)
		return SMC_ERR_MEMORY;
	g->units = units;
	list = smc_arena_array(g->arena, unit_count, sizeof(*list));
	items = smc_arena_array(g->arena, unit_count * capacity, sizeof(*items));
	if (list == NULL || items == NULL)
		return SMC_ERR_MEMORY;
	for (size_t u = 0; u < unit_count && status == SMC_OK; u++)
	{
		list[u].items = items + u * capacity;
		list[u].count = capacity;
		status = fill_unit(run, &units[u], items + u * capacity, capacity);
	}
	g->m = (SmcMembership) {&run->hash, run->engine->random, list, unit_count, smc_membership_bins(list, unit_count)};
	g->words = smc_bits_words(g->m.bins);
	g->inputs = smc_arena_array(g->arena, g->m.bins, sizeof(*g->inputs));
	g->numbers = smc_arena_array(g->arena, g->m.bins, 1);
	g->equal = smc_arena_array(g->arena, g->words, sizeof(uint64_t));
	g->dup = smc_arena_array(g->arena, g->words, sizeof(uint64_t));
	for (int peer = 0; peer < run->engine->channel->party_count; peer++)
	{
		g->values[peer] = smc_arena_array(g->arena, g->m.bins, sizeof(uint64_t));
		if (g->values[peer] == NULL)
			return SMC_ERR_MEMORY;
	}
	if (g->inputs == NULL || g->numbers == NULL || g->equal == NULL || g->dup == NULL)
		return SMC_ERR_MEMORY;
	return status;
}

/* All messages of all pairs: each asks those before it, and answers those behind it. */
static SmcStatus
ask_and_answer(const Run *run, Group *g)
{
	SmcChannel *channel = run->engine->channel;
	int			self = channel->self;
	SmcStatus	status = self > 0 ? smc_membership_place(&g->m, g->inputs, g->numbers) : SMC_OK;

	for (int peer = 0; peer < self && status == SMC_OK; peer++)
		status = smc_membership_ask(&g->m, run->receivers[peer], channel, g->inputs, g->values[peer]);
	smc_channel_round(channel);
	for (int peer = self + 1; peer < channel->party_count && status == SMC_OK; peer++)
		status = smc_membership_answer(&g->m, run->senders[peer], channel, peer, g->values[peer]);
	smc_channel_round(channel);
	for (int peer = 0; peer < self && status == SMC_OK; peer++)
		status = smc_membership_learn(&g->m, channel, peer, g->inputs, g->numbers, g->values[peer]);
	return status;
}

/* Subtract from the sets' counts what that asker has that others before it have too. */
static SmcStatus
subtract(const Run *run, Group *g, int asker)
{
	SmcEngine  *engine = run->engine;
	int			self = engine->channel->self;
	size_t	   *ends = smc_arena_array(g->arena, g->m.unit_count, sizeof(size_t));
	SmcRing128 *sums = smc_arena_array(g->arena, g->m.unit_count, sizeof(SmcRing128));
	SmcStatus	status = ends != NULL && sums != NULL ? SMC_OK : SMC_ERR_MEMORY;

	for (int asked = 0; asked < asker && status == SMC_OK; asked++)
	{
		uint64_t   *bits = asked == 0 ? g->dup : g->equal;

		status = smc_equality(engine, asked, asker, g->values[self == asker ? asked : asker], bits, g->m.bins);
		if (status == SMC_OK && asked > 0)
			status = join(engine, g->dup, g->equal, g->m.bins);
	}
	for (size_t u = 0; u < g->m.unit_count && status == SMC_OK; u++)
		ends[u] = (u > 0 ? ends[u - 1] : 0) + smc_cuckoo_bins(g->m.units[u].count);
	if (status == SMC_OK)
		status = count_bits(engine, g->dup, ends, sums, g->m.unit_count);
	for (size_t u = 0; u < g->m.unit_count && status == SMC_OK; u++)
		run->sets[g->units[u].set].total -= sums[u];
	return status;
}

static SmcStatus
run_group(const Run *run, const Unit *units, size_t unit_count)
{
	Group		g;
	SmcStatus	status = group_open(run, &g, units, unit_count);

	if (status == SMC_OK)
		status = ask_and_answer(run, &g);
	for (int asker = 1; asker < run->engine->channel->party_count && status == SMC_OK; asker++)
		status = subtract(run, &g, asker);
	smc_arena_destroy(g.arena);
	return status;
}

/* ---- the whole ------------------------------------------------------------------------ */

/* Open which of the active sets have at most P items in all, and leave the others. */
static SmcStatus
judge(Run *run)
{
	SmcEngine  *engine = run->engine;
	size_t		count = run->active_count;
	SmcArena   *local = smc_arena_create();
	uint64_t   *rest = local ? smc_arena_array(local, count, sizeof(uint64_t)) : NULL;
	uint64_t   *done = local ? smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t)) : NULL;
	size_t		left = 0;
	SmcStatus	status = SMC_ERR_MEMORY;

	for (size_t i = 0; rest != NULL && i < count; i++)
	{
		rest[i] = (uint64_t) run->sets[run->active[i]].total;
		if (engine->channel->self == 0)
			rest[i] -= run->items + 1;
	}
	if (rest != NULL && done != NULL)
		status = smc_compare_negative(engine, 64, rest, done, count);
	if (status == SMC_OK)
		status = smc_boolean_open(engine, done, done, count);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		if ((done[i / 64] >> (i % 64) & 1) == 0)
			run->active[left++] = run->active[i];
	}
	run->active_count = left;
	smc_arena_destroy(local);
	return status;
}

/* Count the active sets as if none had more than P items. */
static SmcStatus
run_stage(Run *run)
{
	size_t		capacity = part_capacity(run->items, run->part_bits);
	size_t		parts = (size_t) 1 << run->part_bits;
	size_t		most = SMC_UNION_BINS / smc_cuckoo_bins(capacity);
	SmcArena   *local = smc_arena_create();
	Unit	   *units;
	size_t		used = 0;
	SmcStatus	status = SMC_OK;

	most = most > 0 ? most : 1;
	units = local ? smc_arena_array(local, most, sizeof(*units)) : NULL;
	if (units == NULL)
		status = SMC_ERR_MEMORY;
	for (size_t i = 0; i < run->active_count && status == SMC_OK; i++)
	{
		SmcUnionSet *set = &run->sets[run->active[i]];

		set->total = fits(run, set) ? set->count : TOO_MANY;
		for (uint32_t part = 0; part < parts && status == SMC_OK; part++)
		{
			units[used++] = (Unit) {run->active[i], part};
			if (used < most && (part + 1 < parts || i + 1 < run->active_count))
				continue;
			status = run_group(run, units, used);
			used = 0;
		}
	}
	smc_arena_destroy(local);
	return status == SMC_OK ? judge(run) : status;
}

/* What all stages need. */
static SmcStatus
run_open(Run *run)
{
	SmcChannel *channel = run->engine->channel;
	SmcStatus	status = smc_items_agree(run->engine, &run->hash);

	for (size_t s = 0; s < run->set_count && status == SMC_OK; s++)
	{
		run->active[run->active_count++] = s;
		status = smc_items_prepare(&run->hash, run->sets[s].items, run->sets[s].count);
	}
	for (int peer = channel->self + 1; peer < channel->party_count && status == SMC_OK; peer++)
		status = smc_oprf_open_sender(run->engine, peer, run->arena, &run->senders[peer]);
	smc_channel_round(channel);
	for (int peer = 0; peer < channel->self && status == SMC_OK; peer++)
		status = smc_oprf_open_receiver(run->engine, peer, run->arena, &run->receivers[peer]);
	return status;
}

static void
run_close(Run *run)
{
	for (int peer = 0; peer < SMC_PARTIES_MAX; peer++)
	{
		smc_oprf_close_sender(run->senders[peer]);
		smc_oprf_close_receiver(run->receivers[peer]);
	}
	smc_items_close(&run->hash);
	smc_arena_destroy(run->arena);
}

SmcStatus
smc_union_count(SmcEngine *engine, SmcUnionSet *sets, size_t set_count)
{
	Run			run;
	SmcStatus	status = SMC_ERR_MEMORY;

	for (size_t s = 0; s < set_count; s++)
	{
		if (sets[s].count > SMC_UNION_ITEMS_MAX)
			return SMC_ERR_ARGUMENT;
	}
	if (set_count == 0)
		return SMC_OK;
	memset(&run, 0, sizeof(run));
	run.engine = engine;
	run.sets = sets;
	run.set_count = set_count;
	run.arena = smc_arena_create();
	run.active = run.arena ? smc_arena_array(run.arena, set_count, sizeof(size_t)) : NULL;
	if (run.active != NULL)
		status = run_open(&run);
	for (run.items = SMC_UNION_FIRST; status == SMC_OK && run.active_count > 0; run.items = next_stage(run.items))
	{
		run.part_bits = part_bits_of(run.items);
		status = run_stage(&run);
		if (status == SMC_OK && run.active_count > 0 && next_stage(run.items) == run.items)
			status = SMC_ERR_FORMAT;	/* more than all can have: some party's doing */
	}
	run_close(&run);
	return status;
}

SmcStatus
smc_union_count_marks(SmcEngine *engine, const uint64_t *marks, size_t domain, SmcRing128 *totals, size_t set_count)
{
	int			self = engine->channel->self;
	size_t		count = domain * set_count;
	size_t		words = smc_bits_words(count);
	SmcArena   *local = smc_arena_create();
	uint64_t   *any = local ? smc_arena_array(local, words, sizeof(uint64_t)) : NULL;
	uint64_t   *other = local ? smc_arena_array(local, words, sizeof(uint64_t)) : NULL;
	size_t	   *ends = local ? smc_arena_array(local, set_count, sizeof(size_t)) : NULL;
	SmcStatus	status = any != NULL && other != NULL && ends != NULL ? SMC_OK : SMC_ERR_MEMORY;

	if (status == SMC_OK && self == 0)
		memcpy(any, marks, words * sizeof(uint64_t));
	for (int party = 1; party < engine->channel->party_count && status == SMC_OK; party++)
	{
		if (self == party)
			memcpy(other, marks, words * sizeof(uint64_t));
		else
			memset(other, 0, words * sizeof(uint64_t));
		status = join(engine, any, other, count);
	}
	for (size_t s = 0; s < set_count && status == SMC_OK; s++)
	{
		totals[s] = 0;
		ends[s] = (s + 1) * domain;
	}
	if (status == SMC_OK && count > 0)
		status = count_bits(engine, any, ends, totals, set_count);
	smc_arena_destroy(local);
	return status;
}

/* ---- what it takes ------------------------------------------------------------------------ */

/* A number for each of so many bits, in chunks. */
static void
cost_numbers(SmcCost *cost, int party_count, size_t count)
{
	for (size_t at = 0; at < count; at += SUM_CHUNK)
		smc_cost_times_bit(cost, party_count, WIDTH, count - at < SUM_CHUNK ? count - at : SUM_CHUNK);
}

/* The last party asks all others, and sends most; pairs of others have their rounds. */
static void
cost_group(SmcCost *cost, int party_count, size_t capacity, size_t units)
{
	size_t		bins = units * smc_cuckoo_bins(capacity);
	int			pairs = party_count * (party_count - 1) / 2;
	SmcCost		equality = {0, 0, {0}};

	smc_equality_cost(&equality, bins);
	cost->rounds += 2 + (uint64_t) pairs * equality.rounds;
	cost->sent += (uint64_t) (party_count - 1) * (bins * sizeof(SmcOprfKey) + equality.sent);
	for (int asker = 1; asker < party_count; asker++)
	{
		for (int asked = 1; asked < asker; asked++)
			smc_cost_and(cost, party_count, 1, bins);
		cost_numbers(cost, party_count, bins);
	}
}

void
smc_union_cost_start(SmcCost *cost, int party_count)
{
	cost->rounds += 2;
	cost->sent += (uint64_t) (party_count - 1) * sizeof(SmcBlock);
}

void
smc_union_cost_stage(SmcCost *cost, int party_count, size_t items, size_t set_count)
{
	int			part_bits = part_bits_of(items);
	size_t		capacity = part_capacity(items, part_bits);
	size_t		units = set_count << part_bits;
	size_t		most = SMC_UNION_BINS / smc_cuckoo_bins(capacity);

	most = most > 0 ? most : 1;
	for (size_t at = 0; at < units; at += most)
		cost_group(cost, party_count, capacity, units - at < most ? units - at : most);
	smc_cost_negative(cost, party_count, 64, set_count);
	smc_cost_open(cost, party_count, 64, smc_bits_words(set_count));
}

void
smc_union_cost_marks(SmcCost *cost, int party_count, size_t domain, size_t set_count)
{
	for (int party = 1; party < party_count; party++)
		smc_cost_and(cost, party_count, 1, domain * set_count);
	cost_numbers(cost, party_count, domain * set_count);
}
