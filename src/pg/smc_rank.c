/*
 * The joint part of order statistics; see the header.
 */
#include "postgres.h"

#include "core/smc_bits.h"
#include "core/smc_boolean.h"
#include "core/smc_compare.h"
#include "core/smc_quantile.h"
#include "core/smc_sum.h"
#include "pg/smc_rank.h"
#include "pg/smc_wiped.h"

#define WIDTH	64

/* One percentile in one cell. */
typedef struct Place
{
	uint32		cell;
	int			slot;
	uint64		own_count;		/* of our values */
	SmcRanked	found;
} Place;

static const SmcSlot *
slot_of(const SmcRankRun *run, const Place *place)
{
	return &run->layout->slots[place->slot];
}

/* Whether a place between two keys is searched for from both sides. */
static bool
has_upper(const SmcSlot *slot)
{
	return slot->interpolates && slot->denominator > 1;
}

int
smc_rank_targets(const SmcSlot *slot)
{
	return has_upper(slot) ? 2 : 1;
}

/* The percentiles to be found, cell by cell, so that those over the same keys stand together. */
static size_t
collect_places(const SmcRankRun *run, const SmcOutcome *outcome, Place *places)
{
	const SmcLayout *layout = run->layout;
	size_t		count = 0;

	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		if (outcome->shown_count > 0 && !outcome->shown[cell])
			continue;
		for (int slot = 0; slot < layout->slot_count; slot++)
		{
			size_t		element = (size_t) cell * layout->slot_count + slot;

			if (layout->slots[slot].kind != SMC_SLOT_RANK || outcome->states[element] == SMC_ELEMENT_WITHHELD)
				continue;
			memset(&places[count], 0, sizeof(Place));
			places[count].cell = cell;
			places[count].slot = slot;
			places[count++].own_count = (uint64) run->partials[element];
		}
	}
	return count;
}

/* Leave out what nobody has a value for: sets *count to how many are left. */
static SmcStatus
drop_empty(const SmcRankRun *run, Place *places, size_t *count)
{
	size_t		words = smc_bits_words(*count);
	uint64	   *counts = smc_wiped_alloc(*count * sizeof(uint64));
	uint64	   *empty = palloc0(Max(words, 1) * sizeof(uint64));
	size_t		left = 0;
	SmcStatus	status;

	for (size_t i = 0; i < *count; i++)
		counts[i] = places[i].own_count;
	status = smc_compare_zero(run->engine, WIDTH, counts, empty, *count);
	if (status == SMC_OK)
		status = smc_boolean_open(run->engine, empty, empty, *count);
	for (size_t i = 0; i < *count && status == SMC_OK; i++)
	{
		if (((empty[i / 64] >> (i % 64)) & 1) == 0)
			places[left++] = places[i];
	}
	smc_wiped_free(counts);
	pfree(empty);
	*count = left;
	return status;
}

/*
 * Set the targets of a place; return their number.  Our share of a rank is what
 * our own values make of it, and the first party adds what is public.
 */
static size_t
set_targets(const SmcRankRun *run, const Place *place, SmcQuantileTarget *targets)
{
	const SmcSlot *slot = slot_of(run, place);
	const SmcKeySet *set = &run->layout->key_sets[slot->keys];
	uint64		a = slot->numerator;
	uint64		b = slot->denominator;
	bool		is_first = run->engine->channel->self == 0;
	SmcQuantileTarget *lower = &targets[0];

	memset(lower, 0, sizeof(*lower));
	lower->keys = smc_keys_get(run->keys, slot->keys, place->cell, &lower->key_count);
	lower->lo = set->lo;
	lower->hi = set->hi;
	lower->weight = b;
	lower->rank = a * place->own_count;
	if (is_first && slot->interpolates)
		lower->rank -= a;
	else if (is_first && a > 0)
		lower->rank -= 1;		/* ceil(x / b) - 1 = floor((x - 1) / b) */
	if (!has_upper(slot))
		return 1;
	targets[1] = targets[0];
	if (is_first)
		targets[1].rank += b - 1;	/* ceil(x / b) = floor((x + b - 1) / b) */
	return 2;
}

/* Search for some places, at most SMC_RANK_BATCH. */
static SmcStatus
search(const SmcRankRun *run, Place *places, size_t count)
{
	SmcQuantileTarget *targets = smc_wiped_alloc(2 * count * sizeof(SmcQuantileTarget));
	size_t		target_count = 0;
	size_t		at = 0;
	SmcStatus	status;

	for (size_t i = 0; i < count; i++)
		target_count += set_targets(run, &places[i], &targets[target_count]);
	status = smc_quantile_select(run->engine, targets, target_count);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		places[i].found.lower = places[i].found.upper = targets[at++].value;
		if (has_upper(slot_of(run, &places[i])))
			places[i].found.upper = targets[at++].value;
	}
	smc_wiped_free(targets);
	return status;
}

/* How many of our keys are at most that one. */
static uint64
count_up_to(const SmcRankRun *run, const Place *place, int64 key)
{
	size_t		low = 0;
	size_t		high;
	const int64 *keys = smc_keys_get(run->keys, slot_of(run, place)->keys, place->cell, &high);

	while (low < high)
	{
		size_t		middle = low + (high - low) / 2;

		if (keys[middle] <= key)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether a percentile lies between two keys, so that how far isn't known yet. */
static bool
needs_rest(const SmcRankRun *run, const Place *place)
{
	return place->found.lower != place->found.upper && slot_of(run, place)->denominator > 2;
}

/*
 * Open how far between its two keys each percentile lies.  Those up to the lower
 * one are floor(a (N - 1) / b) + 1: what is left of a (N - 1) is the rest.
 */
static SmcStatus
open_rests(const SmcRankRun *run, Place *places, size_t count)
{
	SmcChannel *channel = run->engine->channel;
	SmcRing128 *rests = smc_wiped_alloc(count * sizeof(SmcRing128));
	uint16	   *recipients = palloc(Max(count, 1) * sizeof(uint16));
	size_t		used = 0;
	size_t		at = 0;
	SmcStatus	status = SMC_OK;

	for (size_t i = 0; i < count; i++)
	{
		const SmcSlot *slot = slot_of(run, &places[i]);

		if (places[i].found.lower != places[i].found.upper)
			places[i].found.rest = 1;	/* of two */
		if (!needs_rest(run, &places[i]))
			continue;
		rests[used] = (SmcRing128) slot->numerator * places[i].own_count -
			(SmcRing128) slot->denominator * count_up_to(run, &places[i], places[i].found.lower);
		if (channel->self == 0)
			rests[used] += (SmcRing128) slot->denominator - slot->numerator;
		recipients[used++] = (uint16) ((1u << channel->party_count) - 1);
	}
	if (used > 0)
		status = smc_sum_share(channel->self, channel->party_count, run->seeds, run->context, rests, used);
	if (used > 0 && status == SMC_OK)
		status = smc_sum_open(channel, rests, recipients, used, rests);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		if (!needs_rest(run, &places[i]))
			continue;
		if (rests[at] == 0 || rests[at] >= slot_of(run, &places[i])->denominator)
			status = SMC_ERR_FORMAT;	/* keys that aren't those counted: some party's doing */
		places[i].found.rest = (uint32) rests[at++];
	}
	smc_wiped_free(rests);
	pfree(recipients);
	return status;
}

SmcStatus
smc_rank_run(const SmcRankRun *run, SmcOutcome *outcome)
{
	const SmcLayout *layout = run->layout;
	size_t		cap = (size_t) layout->cell_count * layout->rank_count;
	Place	   *places = smc_wiped_alloc(cap * sizeof(Place));
	size_t		count = collect_places(run, outcome, places);
	SmcStatus	status = SMC_OK;

	if (layout->min_rows <= 1 && count > 0)
		status = drop_empty(run, places, &count);
	for (size_t at = 0; at < count && status == SMC_OK; at += SMC_RANK_BATCH)
		status = search(run, &places[at], Min(count - at, SMC_RANK_BATCH));
	if (status == SMC_OK)
		status = open_rests(run, places, count);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		outcome->states[(size_t) places[i].cell * layout->slot_count + places[i].slot] = SMC_ELEMENT_OPENED;
		outcome->ranked[(size_t) places[i].cell * layout->rank_count + slot_of(run, &places[i])->rank] = places[i].found;
	}
	smc_wiped_free(places);
	return status;
}

void
smc_rank_cost(SmcCost *cost, int party_count, const SmcLayout *layout)
{
	uint64		span = 0;
	size_t		places = (size_t) layout->cell_count * layout->rank_count;
	size_t		targets = 0;

	for (int i = 0; i < layout->key_set_count; i++)
		span = Max(span, (uint64) layout->key_sets[i].hi - (uint64) layout->key_sets[i].lo);
	for (int i = 0; i < layout->slot_count; i++)
	{
		if (layout->slots[i].kind == SMC_SLOT_RANK)
			targets = Max(targets, (size_t) smc_rank_targets(&layout->slots[i]));
	}
	for (size_t at = 0; at < places; at += SMC_RANK_BATCH)
		smc_quantile_cost(cost, party_count, span, targets * Min(places - at, SMC_RANK_BATCH));
}
