/*
 * Comparison of arithmetic shares; see the header.
 *
 * Planes of bits are kept in the order of smc_bits_tree_order, so that each level
 * of a tree combines its last planes with its first, both contiguous whatever
 * the number of integers is.
 */
#include "smc_compare.h"

#include <stdbool.h>
#include <string.h>

#include "smc_limbs.h"
#include "smc_millionaires.h"
#include "smc_summands.h"

/*
 * The carry into the top plane: of the planes below it, moved up by one place,
 * with a plane of zeros lowest (no carry, whatever comes in), so that the tree
 * is full.
 */
static SmcStatus
top_carry(SmcEngine *engine, int width, const SmcSummands *s, size_t count, SmcArena *local, uint64_t *carry)
{
	size_t		bits = (size_t) width * count;
	size_t		half_words = smc_bits_words(bits / 2);
	uint64_t   *p = smc_arena_array(local, smc_bits_words(bits), sizeof(uint64_t));
	uint64_t   *a = smc_arena_array(local, smc_bits_words(bits), sizeof(uint64_t));
	uint64_t   *plane = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	uint64_t   *other = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	uint64_t   *high_p = smc_arena_array(local, half_words, sizeof(uint64_t));
	uint64_t   *high_a = smc_arena_array(local, half_words, sizeof(uint64_t));
	uint64_t   *low_p = smc_arena_array(local, half_words, sizeof(uint64_t));
	uint64_t   *low_a = smc_arena_array(local, half_words, sizeof(uint64_t));
	uint16_t	order[SMC_WIDTH_MAX];
	SmcStatus	status;

	if (p == NULL || a == NULL || plane == NULL || other == NULL || high_p == NULL || high_a == NULL ||
		low_p == NULL || low_a == NULL)
		return SMC_ERR_MEMORY;
	smc_bits_tree_order(order, width);
	for (int place = 0; place < width; place++)
	{
		if (order[place] == 0)
			continue;
		smc_bits_extract(plane, s->a, (size_t) (order[place] - 1) * count, count);
		smc_bits_insert(a, (size_t) place * count, plane, count);
		smc_bits_extract(other, s->b, (size_t) (order[place] - 1) * count, count);
		smc_bits_xor(plane, other, smc_bits_words(count));
		smc_bits_insert(p, (size_t) place * count, plane, count);
	}

	/*
	 * (p, a) o (p', a') = (p p', a ^ p (a' ^ a)), in place: p', a' are the first
	 * of the level, p, a the last; what has no partner stands between them.
	 */
	for (size_t m = (size_t) width; m > 1; m = (m + 1) / 2)
	{
		size_t		pairs = m / 2 * count;
		size_t		high = (m + 1) / 2 * count;
		size_t		w = smc_bits_words(pairs);

		smc_bits_extract(high_p, p, high, pairs);
		smc_bits_extract(high_a, a, high, pairs);
		smc_bits_extract(low_p, p, 0, pairs);
		smc_bits_extract(low_a, a, 0, pairs);
		smc_bits_xor(low_a, high_a, w);
		if (m == 2)
			status = smc_boolean_and(engine, low_a, high_p, low_a, pairs);
		else
			status = smc_boolean_and_two(engine, high_p, low_a, low_p, low_a, low_p, pairs);
		if (status != SMC_OK)
			return status;
		smc_bits_xor(low_a, high_a, w);
		smc_bits_insert(p, 0, low_p, pairs);
		smc_bits_insert(a, 0, low_a, pairs);
	}
	/* without what the tree left behind it */
	smc_bits_extract(carry, a, 0, count);
	return SMC_OK;
}

static SmcStatus
chunk_negative(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *out, size_t count)
{
	SmcArena   *local = smc_arena_create();
	size_t		top = (size_t) (width - 1) * count;
	size_t		words = smc_bits_words(count);
	uint64_t   *plane = local ? smc_arena_array(local, words, sizeof(uint64_t)) : NULL;
	SmcSummands s;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (plane != NULL)
		status = smc_summands_make(engine, width, width, shares, count, local, &s);
	if (status == SMC_OK)
		status = top_carry(engine, width, &s, count, local, out);
	if (status == SMC_OK)
	{
		smc_bits_extract(plane, s.a, top, count);
		smc_bits_xor(out, plane, words);
		smc_bits_extract(plane, s.b, top, count);
		smc_bits_xor(out, plane, words);
	}
	smc_arena_destroy(local);
	return status;
}

/* out = in - 1 at the first party, in at the others. */
static void
less_one(const SmcEngine *engine, int width, const uint64_t *in, uint64_t *out, size_t count)
{
	size_t		limbs = (size_t) width / 64;

	for (size_t e = 0; e < count; e++)
	{
		uint64_t	borrow = engine->channel->self == 0;

		for (size_t limb = 0; limb < limbs; limb++)
		{
			uint64_t	word = in[e * limbs + limb];

			out[e * limbs + limb] = word - borrow;
			borrow = (uint64_t) (word < borrow);
		}
	}
}

static SmcStatus
chunk_zero(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *out, size_t count)
{
	size_t		bits = (size_t) width * count;
	size_t		words = smc_bits_words(bits);
	SmcArena   *local = smc_arena_create();
	uint64_t   *less = local ? smc_arena_array(local, count * (size_t) width / 64, sizeof(uint64_t)) : NULL;
	uint64_t   *high = local ? smc_arena_array(local, words, sizeof(uint64_t)) : NULL;
	uint64_t   *low = local ? smc_arena_array(local, words, sizeof(uint64_t)) : NULL;
	SmcSummands s;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (less == NULL || high == NULL || low == NULL)
		goto done;
	less_one(engine, width, shares, less, count);
	status = smc_summands_make(engine, width, width, less, count, local, &s);
	if (status != SMC_OK)
		goto done;
	/* s.b is a carry: ours to overwrite */
	smc_bits_xor(s.b, s.a, words);
	for (size_t m = (size_t) width; m > 1 && status == SMC_OK; m = (m + 1) / 2)
	{
		size_t		pairs = m / 2 * count;

		smc_bits_extract(high, s.b, (m + 1) / 2 * count, pairs);
		smc_bits_extract(low, s.b, 0, pairs);
		status = smc_boolean_and(engine, low, high, low, pairs);
		smc_bits_insert(s.b, 0, low, pairs);
	}
	if (status == SMC_OK)
		smc_bits_extract(out, s.b, 0, count);
done:
	smc_arena_destroy(local);
	return status;
}

/*
 * Two parties: the carry into the top bit is whether the low parts x', y' of
 * their shares reach 2^(k-1) together: whether 2^(k-1) - 1 - x' < y', which is
 * the millionaires' problem on numbers that each party knows.
 */
static SmcStatus
chunk_negative_of_two(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *out, size_t count)
{
	size_t		limbs = (size_t) width / 64;
	int			self = engine->channel->self;
	SmcArena   *local = smc_arena_create();
	uint64_t   *low = local ? smc_arena_array(local, count * limbs, sizeof(uint64_t)) : NULL;
	uint64_t	flip = self == 0 ? ~UINT64_C(0) : 0;
	uint64_t	top = UINT64_C(1) << 63;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (low != NULL)
	{
		for (size_t i = 0; i < count * limbs; i++)
			low[i] = shares[i] ^ flip;
		for (size_t e = 0; e < count; e++)
			low[e * limbs + limbs - 1] &= ~top;
		status = smc_millionaires(engine, width, 0, 1, low, out, NULL, count);
		for (size_t e = 0; e < count && status == SMC_OK; e++)
			out[e / 64] ^= shares[e * limbs + limbs - 1] >> 63 << (e % 64);
	}
	smc_arena_destroy(local);
	return status;
}

/* Two parties: whether x = -y, that is x - 1 = ~y. */
static SmcStatus
chunk_zero_of_two(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *out, size_t count)
{
	size_t		words = count * (size_t) width / 64;
	SmcArena   *local = smc_arena_create();
	uint64_t   *own = local ? smc_arena_array(local, words, sizeof(uint64_t)) : NULL;
	uint64_t	flip = engine->channel->self == 0 ? 0 : ~UINT64_C(0);
	SmcStatus	status = SMC_ERR_MEMORY;

	if (own != NULL)
	{
		less_one(engine, width, shares, own, count);
		for (size_t i = 0; i < words; i++)
			own[i] ^= flip;
		status = smc_millionaires(engine, width, 0, 1, own, NULL, out, count);
	}
	smc_arena_destroy(local);
	return status;
}

typedef SmcStatus (*ChunkFunction) (SmcEngine *engine, int width, const uint64_t *shares,
									uint64_t *out, size_t count);

/* Chunks are whole words of the output. */
static SmcStatus
by_chunks(ChunkFunction function, SmcEngine *engine, int width, const uint64_t *shares,
		  uint64_t *out, size_t count)
{
	if (!smc_limbs_valid(width))
		return SMC_ERR_ARGUMENT;
	for (size_t at = 0; at < count; at += SMC_COMPARE_CHUNK)
	{
		size_t		block = count - at < SMC_COMPARE_CHUNK ? count - at : SMC_COMPARE_CHUNK;
		SmcStatus	status = function(engine, width, shares + at * (size_t) width / 64, out + at / 64, block);

		if (status != SMC_OK)
			return status;
	}
	return SMC_OK;
}

SmcStatus
smc_compare_negative(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *negative, size_t count)
{
	return by_chunks(engine->channel->party_count == 2 ? chunk_negative_of_two : chunk_negative,
					 engine, width, shares, negative, count);
}

SmcStatus
smc_compare_zero(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *zero, size_t count)
{
	return by_chunks(engine->channel->party_count == 2 ? chunk_zero_of_two : chunk_zero,
					 engine, width, shares, zero, count);
}

SmcStatus
smc_compare_less(SmcEngine *engine, int width, const uint64_t *x, const uint64_t *y,
				 uint64_t *less, size_t count)
{
	size_t		limbs = (size_t) width / 64;
	SmcArena   *local;
	uint64_t   *difference;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width))
		return SMC_ERR_ARGUMENT;
	local = smc_arena_create();
	difference = local ? smc_arena_array(local, count * limbs, sizeof(uint64_t)) : NULL;
	if (difference != NULL)
	{
		smc_limbs_subtract_all(difference, x, y, limbs, count);
		status = smc_compare_negative(engine, width, difference, less, count);
	}
	smc_arena_destroy(local);
	return status;
}

