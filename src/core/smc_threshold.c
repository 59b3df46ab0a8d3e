/*
 * Thresholds on shared counts; see the header.
 */
#include "smc_threshold.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_compare.h"

#define WIDTH	64

static inline bool
get_bit(const uint64_t *bits, size_t at)
{
	return (bits[at / 64] >> (at % 64)) & 1;
}

static inline void
set_bit(uint64_t *bits, size_t at, bool value)
{
	bits[at / 64] = (bits[at / 64] & ~(UINT64_C(1) << (at % 64))) | (uint64_t) value << (at % 64);
}

/* The low halves of shares, less `minus` (taken off by party 0). */
static void
low_halves(const SmcEngine *engine, const SmcRing128 *shares, uint64_t minus, uint64_t *out, size_t count)
{
	for (size_t e = 0; e < count; e++)
		out[e] = (uint64_t) shares[e] - (engine->channel->self == 0 ? minus : 0);
}

/* XOR of all shares' ones: what NOT is at party 0. */
static bool
not_bit(const SmcEngine *engine)
{
	return engine->channel->self == 0;
}

/* Shares of [count < k] for counts, then of [gap < k] for gaps. */
static SmcStatus
find_fewer(SmcEngine *engine, const SmcThreshold *t, SmcArena *local, uint64_t **fewer)
{
	size_t		total = t->count + t->gap_count;
	uint64_t   *less_k = smc_arena_array(local, total, sizeof(uint64_t));

	*fewer = smc_arena_array(local, smc_bits_words(total), sizeof(uint64_t));
	if (less_k == NULL || *fewer == NULL)
		return SMC_ERR_MEMORY;
	low_halves(engine, t->counts, t->k, less_k, t->count);
	low_halves(engine, t->gaps, t->k, less_k + t->count, t->gap_count);
	return smc_compare_negative(engine, WIDTH, less_k, *fewer, total);
}

/*
 * Shares of which of the first counts, and of the gaps that may close, are zero,
 * in this order.
 */
static SmcStatus
find_zeros(SmcEngine *engine, const SmcThreshold *t, SmcArena *local, uint64_t **zero)
{
	uint64_t   *values = smc_arena_array(local, t->hidden_count + t->gap_count, sizeof(uint64_t));
	size_t		total = t->hidden_count;

	*zero = smc_arena_array(local, smc_bits_words(t->hidden_count + t->gap_count), sizeof(uint64_t));
	if (values == NULL || *zero == NULL)
		return SMC_ERR_MEMORY;
	low_halves(engine, t->counts, 0, values, t->hidden_count);
	for (size_t g = 0; g < t->gap_count; g++)
	{
		if (t->may_close[g])
			values[total++] = (uint64_t) t->gaps[g];
	}
	return total == 0 ? SMC_OK : smc_compare_zero(engine, WIDTH, values, *zero, total);
}

/* Shares of which gaps are not kept: fewer than k, and not a zero that may be. */
static SmcStatus
find_narrow(const SmcThreshold *t, SmcArena *local, const uint64_t *fewer, const uint64_t *zero, uint64_t **narrow)
{
	size_t		at = t->hidden_count;

	*narrow = smc_arena_array(local, smc_bits_words(t->gap_count), sizeof(uint64_t));
	if (*narrow == NULL)
		return SMC_ERR_MEMORY;
	for (size_t g = 0; g < t->gap_count; g++)
	{
		bool		bit = get_bit(fewer, t->count + g);

		/* a zero is fewer than k */
		if (t->may_close[g])
			bit ^= get_bit(zero, at++);
		set_bit(*narrow, g, bit);
	}
	return SMC_OK;
}

/* Bits that decide on each count, all of which must be 1; secret but for where they are. */
typedef struct Items
{
	size_t	   *first;			/* a count's items are from first[e] on */
	size_t	   *left;			/* and so many of them are left to be joined */
	uint64_t   *bits;
} Items;

/*
 * Lay out a count's own bit, and room for its links to earlier figures, or to
 * other counts.
 */
static SmcStatus
items_make(const SmcThreshold *t, bool earlier, const uint64_t *own, SmcArena *local, Items *items)
{
	size_t		total = t->count;

	items->first = smc_arena_array(local, t->count + 1, sizeof(size_t));
	items->left = smc_arena_array(local, t->count, sizeof(size_t));
	if (items->first == NULL || items->left == NULL)
		return SMC_ERR_MEMORY;
	for (size_t l = 0; l < t->link_count; l++)
	{
		if ((t->links[l].other == SMC_THRESHOLD_EARLIER) != earlier)
			continue;
		items->first[t->links[l].count + 1]++;
		total++;
	}
	items->bits = smc_arena_array(local, smc_bits_words(total), sizeof(uint64_t));
	if (items->bits == NULL)
		return SMC_ERR_MEMORY;
	for (size_t e = 0; e < t->count; e++)
	{
		items->first[e + 1] += items->first[e] + 1;
		set_bit(items->bits, items->first[e], get_bit(own, e));
		items->left[e] = 1;
	}
	return SMC_OK;
}

static void
items_add(Items *items, size_t count, bool bit)
{
	set_bit(items->bits, items->first[count] + items->left[count]++, bit);
}

/*
 * AND each count's items: halves with halves, all counts in one gate a level.  out
 * may be what the items were made of.
 */
static SmcStatus
items_join(SmcEngine *engine, const SmcThreshold *t, SmcArena *local, Items *items, uint64_t *out)
{
	size_t		words = smc_bits_words(t->link_count);
	uint64_t   *x = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *y = smc_arena_array(local, words, sizeof(uint64_t));
	size_t		gates;

	if (x == NULL || y == NULL)
		return SMC_ERR_MEMORY;
	do
	{
		SmcStatus	status;

		gates = 0;
		memset(x, 0, words * sizeof(uint64_t));
		memset(y, 0, words * sizeof(uint64_t));
		for (size_t e = 0; e < t->count; e++)
		{
			size_t		keep = (items->left[e] + 1) / 2;

			for (size_t i = 0; i + keep < items->left[e]; i++, gates++)
			{
				set_bit(x, gates, get_bit(items->bits, items->first[e] + i));
				set_bit(y, gates, get_bit(items->bits, items->first[e] + keep + i));
			}
		}
		if (gates == 0)
			break;
		status = smc_boolean_and(engine, x, y, x, gates);
		if (status != SMC_OK)
			return status;
		gates = 0;
		for (size_t e = 0; e < t->count; e++)
		{
			size_t		keep = (items->left[e] + 1) / 2;

			for (size_t i = 0; i + keep < items->left[e]; i++)
				set_bit(items->bits, items->first[e] + i, get_bit(x, gates++));
			items->left[e] = keep;
		}
	} while (gates > 0);
	for (size_t e = 0; e < t->count; e++)
		set_bit(out, e, get_bit(items->bits, items->first[e]));
	return SMC_OK;
}

/* AND to the counts' bits that they keep their gaps to earlier figures. */
static SmcStatus
keep_earlier(SmcEngine *engine, const SmcThreshold *t, SmcArena *local, const uint64_t *narrow, uint64_t *pass)
{
	Items		items;
	SmcStatus	status = items_make(t, true, pass, local, &items);

	for (size_t l = 0; l < t->link_count && status == SMC_OK; l++)
	{
		if (t->links[l].other == SMC_THRESHOLD_EARLIER)
			items_add(&items, t->links[l].count, not_bit(engine) ^ get_bit(narrow, t->links[l].gap));
	}
	if (status == SMC_OK)
		status = items_join(engine, t, local, &items, pass);
	return status;
}

/* The same of their gaps to counts that pass so far: NOT (narrow AND the other passes). */
static SmcStatus
keep_others(SmcEngine *engine, const SmcThreshold *t, SmcArena *local, const uint64_t *narrow, uint64_t *pass)
{
	size_t		words = smc_bits_words(t->link_count);
	uint64_t   *x = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *y = smc_arena_array(local, words, sizeof(uint64_t));
	size_t		gates = 0;
	Items		items;
	SmcStatus	status = items_make(t, false, pass, local, &items);

	if (x == NULL || y == NULL)
		return SMC_ERR_MEMORY;
	for (size_t l = 0; l < t->link_count; l++)
	{
		if (t->links[l].other == SMC_THRESHOLD_EARLIER)
			continue;
		set_bit(x, gates, get_bit(narrow, t->links[l].gap));
		set_bit(y, gates++, get_bit(pass, t->links[l].other));
	}
	if (gates == 0 || status != SMC_OK)
		return status;
	status = smc_boolean_and(engine, x, y, x, gates);
	if (status != SMC_OK)
		return status;
	gates = 0;
	for (size_t l = 0; l < t->link_count; l++)
	{
		if (t->links[l].other != SMC_THRESHOLD_EARLIER)
			items_add(&items, t->links[l].count, not_bit(engine) ^ get_bit(x, gates++));
	}
	return items_join(engine, t, local, &items, pass);
}

/* How many of the first counts aren't zero, less those that pass. */
static SmcStatus
count_hidden(SmcEngine *engine, const SmcThreshold *t, SmcArena *local, const uint64_t *zero,
			 const uint64_t *passed, uint64_t *hidden)
{
	size_t		n = t->hidden_count;
	uint64_t   *some = smc_arena_array(local, smc_bits_words(n), sizeof(uint64_t));
	uint64_t   *ones = smc_arena_array(local, n, sizeof(uint64_t));
	uint64_t	sum = 0;
	SmcStatus	status;

	if (some == NULL || ones == NULL)
		return SMC_ERR_MEMORY;
	for (size_t e = 0; e < n; e++)
		set_bit(some, e, not_bit(engine) ^ get_bit(zero, e));
	status = smc_arith_from_bits(engine, WIDTH, some, ones, n);
	for (size_t e = 0; e < n && status == SMC_OK; e++)
		sum += ones[e] - (engine->channel->self == 0 ? get_bit(passed, e) : 0);
	if (status == SMC_OK)
		status = smc_arith_open(engine, WIDTH, &sum, hidden, 1);
	return status;
}

SmcStatus
smc_threshold_judge(SmcEngine *engine, const SmcThreshold *t, uint64_t *passed, uint64_t *hidden)
{
	SmcArena   *local;
	uint64_t   *fewer;
	uint64_t   *zero;
	uint64_t   *narrow;
	uint64_t   *pass;
	SmcStatus	status;

	*hidden = 0;
	if (t->k == 0 || t->k >> 62 != 0 || t->hidden_count > t->count)
		return SMC_ERR_ARGUMENT;
	for (size_t l = 0; l < t->link_count; l++)
	{
		if (t->links[l].count >= t->count || t->links[l].gap >= t->gap_count ||
			(t->links[l].other >= t->count && t->links[l].other != SMC_THRESHOLD_EARLIER))
			return SMC_ERR_ARGUMENT;
	}
	if (t->count == 0)
		return SMC_OK;
	local = smc_arena_create();
	if (local == NULL)
		return SMC_ERR_MEMORY;
	pass = smc_arena_array(local, smc_bits_words(t->count), sizeof(uint64_t));
	status = pass != NULL ? find_fewer(engine, t, local, &fewer) : SMC_ERR_MEMORY;
	if (status != SMC_OK)
		goto done;
	for (size_t e = 0; e < t->count; e++)
		set_bit(pass, e, not_bit(engine) ^ get_bit(fewer, e));
	if ((status = find_zeros(engine, t, local, &zero)) != SMC_OK ||
		(status = find_narrow(t, local, fewer, zero, &narrow)) != SMC_OK ||
		(status = keep_earlier(engine, t, local, narrow, pass)) != SMC_OK ||
		(status = keep_others(engine, t, local, narrow, pass)) != SMC_OK)
		goto done;
	status = smc_boolean_open(engine, pass, passed, t->count);
	if (status == SMC_OK && t->hidden_count > 0)
		status = count_hidden(engine, t, local, zero, passed, hidden);
done:
	smc_arena_destroy(local);
	return status;
}
