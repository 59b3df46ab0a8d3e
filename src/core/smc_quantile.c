/*
 * Order statistics by search with shared counts; see the header.
 */
#include "smc_quantile.h"

#include <string.h>

#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_compare.h"

#define WIDTH		64
#define BITS_MIN	2			/* of the domain that a round settles */
#define BITS_MAX	8

/* What is left for a target: lo <= v <= hi, and where our keys of that part are. */
typedef struct Search
{
	int64_t		lo;
	int64_t		hi;
	size_t		first;			/* keys before are too small */
	size_t		end;			/* keys from there on are too large */
	size_t		pivots;			/* in this round */
} Search;

static inline uint64_t
span_of(const Search *s)
{
	return (uint64_t) s->hi - (uint64_t) s->lo;
}

/* Bits that number the parts of lo .. lo + span: ceil(log2(span + 1)). */
static int
bits_of(uint64_t span)
{
	return span == 0 ? 0 : 64 - __builtin_clzll(span);
}

/* How many of `left` bits to settle in the next round. */
static int
round_bits(int left, size_t targets)
{
	int			most = BITS_MAX;
	int			rounds;

	while (most > BITS_MIN && ((size_t) 1 << most) - 1 > SMC_QUANTILE_PIVOTS / targets)
		most--;
	rounds = (left + most - 1) / most;
	return (left + rounds - 1) / rounds;
}

/* Pivot k of m, 1 <= k <= m: the last of part k of m + 1. */
static int64_t
pivot_of(const Search *s, size_t k)
{
	unsigned __int128 size = (unsigned __int128) span_of(s) + 1;

	return (int64_t) ((uint64_t) s->lo + (uint64_t) (k * size / (s->pivots + 1)) - 1);
}

/* How many of keys[0 .. end) are at most pivot, if those before first are. */
static size_t
count_keys(const int64_t *keys, size_t first, size_t end, int64_t pivot)
{
	while (first < end)
	{
		size_t		middle = first + (end - first) / 2;

		if (keys[middle] <= pivot)
			first = middle + 1;
		else
			end = middle;
	}
	return first;
}

static bool
valid(const SmcQuantileTarget *targets, size_t count)
{
	for (size_t t = 0; t < count; t++)
	{
		if (targets[t].lo > targets[t].hi)
			return false;
		if (t > 0 && targets[t].keys == targets[t - 1].keys && targets[t].key_count <= targets[t - 1].key_count)
			continue;
		for (size_t i = 1; i < targets[t].key_count; i++)
		{
			if (targets[t].keys[i] < targets[t].keys[i - 1])
				return false;
		}
	}
	return true;
}

/* Narrow a target by its opened bits, from bit `at` on. */
static SmcStatus
narrow(const SmcQuantileTarget *target, Search *s, const uint64_t *bits, size_t at)
{
	int64_t		hi = s->hi;
	int64_t		lo = s->lo;
	bool		found = false;

	for (size_t k = 1; k <= s->pivots; k++)
	{
		bool		reached = bits[(at + k - 1) / 64] >> ((at + k - 1) % 64) & 1;

		if (found && !reached)
			return SMC_ERR_FORMAT;	/* counts that fall: some party's doing */
		if (found)
			continue;
		found = reached;
		if (reached)
			hi = pivot_of(s, k);
		else
			lo = pivot_of(s, k) + 1;
	}
	s->first = lo > s->lo ? count_keys(target->keys, s->first, s->end, lo - 1) : s->first;
	s->end = count_keys(target->keys, s->first, s->end, hi);
	s->lo = lo;
	s->hi = hi;
	return SMC_OK;
}

/* One round for all targets that aren't found yet, of `total` pivots. */
static SmcStatus
search_round(SmcEngine *engine, const SmcQuantileTarget *targets, Search *searches, size_t count, size_t total)
{
	SmcArena   *local = smc_arena_create();
	uint64_t   *less = local ? smc_arena_array(local, total, sizeof(uint64_t)) : NULL;
	uint64_t   *bits = local ? smc_arena_array(local, smc_bits_words(total), sizeof(uint64_t)) : NULL;
	size_t		at = 0;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (less == NULL || bits == NULL)
		goto done;
	for (size_t t = 0; t < count; t++)
	{
		const Search *s = &searches[t];
		size_t		counted = s->first;

		for (size_t k = 1; k <= s->pivots; k++)
		{
			counted = count_keys(targets[t].keys, counted, s->end, pivot_of(s, k));
			less[at++] = targets[t].rank - counted;
		}
	}
	status = smc_compare_negative(engine, WIDTH, less, bits, total);
	if (status == SMC_OK)
		status = smc_boolean_open(engine, bits, bits, total);
	at = 0;
	for (size_t t = 0; t < count && status == SMC_OK; t++)
	{
		status = narrow(&targets[t], &searches[t], bits, at);
		at += searches[t].pivots;
	}
done:
	smc_arena_destroy(local);
	return status;
}

/* Say how many pivots each target has in the next round; return their sum, 0 at the end. */
static size_t
place_pivots(Search *searches, size_t count)
{
	size_t		active = 0;
	size_t		total = 0;
	uint64_t	widest = 0;
	uint64_t	most;

	for (size_t t = 0; t < count; t++)
	{
		uint64_t	span = span_of(&searches[t]);

		active += span > 0;
		widest = span > widest ? span : widest;
	}
	if (active == 0)
		return 0;
	most = (UINT64_C(1) << round_bits(bits_of(widest), active)) - 1;
	for (size_t t = 0; t < count; t++)
	{
		uint64_t	span = span_of(&searches[t]);

		searches[t].pivots = (size_t) (span < most ? span : most);
		total += searches[t].pivots;
	}
	return total;
}

SmcStatus
smc_quantile_select(SmcEngine *engine, SmcQuantileTarget *targets, size_t count)
{
	SmcArena   *local;
	Search	   *searches;
	size_t		total;
	SmcStatus	status = SMC_OK;

	if (!valid(targets, count))
		return SMC_ERR_ARGUMENT;
	local = smc_arena_create();
	searches = local ? smc_arena_array(local, count, sizeof(Search)) : NULL;
	if (searches == NULL)
		status = SMC_ERR_MEMORY;
	for (size_t t = 0; t < count && status == SMC_OK; t++)
	{
		/* keys outside are at the ends */
		searches[t].lo = targets[t].lo;
		searches[t].hi = targets[t].hi;
		searches[t].end = targets[t].key_count;
	}
	while (status == SMC_OK && (total = place_pivots(searches, count)) > 0)
		status = search_round(engine, targets, searches, count, total);
	for (size_t t = 0; t < count && status == SMC_OK; t++)
		targets[t].value = searches[t].lo;
	smc_arena_destroy(local);
	return status;
}

void
smc_quantile_cost(SmcCost *cost, int party_count, uint64_t span, size_t count)
{
	while (span > 0 && count > 0)
	{
		uint64_t	pivots = (UINT64_C(1) << round_bits(bits_of(span), count)) - 1;

		pivots = span < pivots ? span : pivots;
		smc_cost_negative(cost, party_count, WIDTH, pivots * count);
		smc_cost_open(cost, party_count, 64, smc_bits_words(pivots * count));
		span /= pivots + 1;		/* of the largest part */
	}
}
