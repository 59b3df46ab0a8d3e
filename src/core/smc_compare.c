/*
 * Comparison of arithmetic shares; see the header.
 *
 * Planes of bits are kept in bit-reversed order of their significance, so that
 * each level of a tree combines the second half of the planes with the first,
 * both contiguous whatever the number of integers is.
 */
#include "smc_compare.h"

#include <string.h>

#include "smc_millionaires.h"

#define WIDTH_MAX	128

/* The planes of two summands whose sum is the value, width * count bits each. */
typedef struct Summands
{
	uint64_t   *a;
	uint64_t   *b;
} Summands;

/* Place -> plane: the bit reversal of the place. */
static void
reversed_order(uint8_t *order, int width)
{
	for (int place = 0; place < width; place++)
	{
		int			plane = 0;

		for (int bit = 1; bit < width; bit <<= 1)
			plane = 2 * plane + ((place & bit) != 0);
		order[place] = (uint8_t) plane;
	}
}

/*
 * to's planes are from's, one place more significant; the lowest is zero.
 * Planes in natural order.
 */
static void
shift_planes(uint64_t *to, const uint64_t *from, int width, size_t count, size_t words)
{
	memset(to, 0, words * sizeof(uint64_t));
	smc_bits_insert(to, count, from, (size_t) (width - 1) * count);
}

/*
 * More than two parties: party i's share is summand i, its planes held by i
 * alone.  Three summands become two (sum and carry), until two are left.
 */
static SmcStatus
add_summands(SmcEngine *engine, int width, const uint64_t *own, size_t count, SmcArena *local, Summands *out)
{
	int			n = engine->channel->party_count;
	size_t		bits = (size_t) width * count;
	size_t		words = smc_bits_words(bits);
	uint64_t   *a = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *b = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *x = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *y = smc_arena_array(local, words, sizeof(uint64_t));

	if (a == NULL || b == NULL || x == NULL || y == NULL)
		return SMC_ERR_MEMORY;
	if (engine->channel->self == 0)
		memcpy(a, own, words * sizeof(uint64_t));
	if (engine->channel->self == 1)
		memcpy(b, own, words * sizeof(uint64_t));
	for (int i = 2; i < n; i++)
	{
		const uint64_t *c = engine->channel->self == i ? own : NULL;
		SmcStatus	status;

		/* carry = ((a ^ c) & (b ^ c)) ^ c, sum = a ^ b ^ c */
		for (size_t w = 0; w < words; w++)
		{
			uint64_t	cw = c ? c[w] : 0;

			x[w] = a[w] ^ cw;
			y[w] = b[w] ^ cw;
			a[w] ^= b[w] ^ cw;
		}
		status = smc_boolean_and(engine, x, y, x, bits);
		if (status != SMC_OK)
			return status;
		for (size_t w = 0; c != NULL && w < words; w++)
			x[w] ^= c[w];
		shift_planes(b, x, width, count, words);
	}
	out->a = a;
	out->b = b;
	return SMC_OK;
}

/* Move planes from natural to reversed order. */
static SmcStatus
reverse_planes(uint64_t **planes, int width, size_t count, SmcArena *local)
{
	size_t		words = smc_bits_words((size_t) width * count);
	uint64_t   *out = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *plane = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	uint8_t		order[WIDTH_MAX];

	if (out == NULL || plane == NULL)
		return SMC_ERR_MEMORY;
	reversed_order(order, width);
	for (int place = 0; place < width; place++)
	{
		smc_bits_extract(plane, *planes, (size_t) order[place] * count, count);
		smc_bits_insert(out, (size_t) place * count, plane, count);
	}
	*planes = out;
	return SMC_OK;
}

/* The two summands of a chunk, planes in reversed order. */
static SmcStatus
decompose(SmcEngine *engine, int width, const uint64_t *shares, size_t count, SmcArena *local, Summands *out)
{
	size_t		words = smc_bits_words((size_t) width * count);
	uint64_t   *own = smc_arena_array(local, words, sizeof(uint64_t));
	uint8_t		order[WIDTH_MAX];
	SmcStatus	status;

	if (own == NULL)
		return SMC_ERR_MEMORY;
	if (engine->channel->party_count == 2)
	{
		uint64_t   *none = smc_arena_array(local, words, sizeof(uint64_t));

		if (none == NULL)
			return SMC_ERR_MEMORY;
		reversed_order(order, width);
		smc_bits_slice(own, shares, width, count, order, width);
		out->a = engine->channel->self == 0 ? own : none;
		out->b = engine->channel->self == 0 ? none : own;
		return SMC_OK;
	}
	for (int plane = 0; plane < width; plane++)
		order[plane] = (uint8_t) plane;
	smc_bits_slice(own, shares, width, count, order, width);
	status = add_summands(engine, width, own, count, local, out);
	if (status == SMC_OK)
		status = reverse_planes(&out->a, width, count, local);
	if (status == SMC_OK)
		status = reverse_planes(&out->b, width, count, local);
	return status;
}

/*
 * The carry into the top plane: of the planes below it, moved up by one place
 * with a plane of zeros lowest, so that the tree is full.
 */
static SmcStatus
top_carry(SmcEngine *engine, int width, const Summands *s, size_t count, SmcArena *local, uint64_t *carry)
{
	size_t		bits = (size_t) width * count;
	size_t		words = smc_bits_words(bits);
	size_t		half_words = smc_bits_words(bits / 2);
	uint64_t   *g = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *p = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *plane = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	uint64_t   *high_g = smc_arena_array(local, half_words, sizeof(uint64_t));
	uint64_t   *high_p = smc_arena_array(local, half_words, sizeof(uint64_t));
	uint64_t   *low_g = smc_arena_array(local, half_words, sizeof(uint64_t));
	uint64_t   *low_p = smc_arena_array(local, half_words, sizeof(uint64_t));
	uint64_t   *sums = smc_arena_array(local, words, sizeof(uint64_t));
	uint8_t		order[WIDTH_MAX];
	uint8_t		place_of[WIDTH_MAX];
	SmcStatus	status;

	if (g == NULL || p == NULL || plane == NULL || high_g == NULL || high_p == NULL ||
		low_g == NULL || low_p == NULL || sums == NULL)
		return SMC_ERR_MEMORY;
	status = smc_boolean_and(engine, s->a, s->b, sums, bits);
	if (status != SMC_OK)
		return status;

	/* g = a & b and p = a ^ b, plane k at the place of k + 1 */
	reversed_order(order, width);
	for (int place = 0; place < width; place++)
		place_of[order[place]] = (uint8_t) place;
	for (int k = 0; k + 1 < width; k++)
	{
		size_t		from = (size_t) place_of[k] * count;
		size_t		to = (size_t) place_of[k + 1] * count;

		smc_bits_extract(plane, sums, from, count);
		smc_bits_insert(g, to, plane, count);
		smc_bits_extract(plane, s->a, from, count);
		smc_bits_insert(p, to, plane, count);
		smc_bits_extract(plane, s->b, from, count);
		smc_bits_extract(low_g, p, to, count);
		smc_bits_xor(plane, low_g, smc_bits_words(count));
		smc_bits_insert(p, to, plane, count);
	}

	/* (g, p) o (g', p') = (g ^ p g', p p') */
	for (size_t half = bits / 2; half >= count; half /= 2)
	{
		size_t		w = smc_bits_words(half);

		smc_bits_extract(high_g, g, half, half);
		smc_bits_extract(high_p, p, half, half);
		smc_bits_extract(low_g, g, 0, half);
		smc_bits_extract(low_p, p, 0, half);
		if (half == count)
			status = smc_boolean_and(engine, low_g, high_p, low_g, half);
		else
			status = smc_boolean_and_two(engine, high_p, low_g, low_p, low_g, low_p, half);
		if (status != SMC_OK)
			return status;
		for (size_t i = 0; i < w; i++)
		{
			g[i] = high_g[i] ^ low_g[i];
			p[i] = low_p[i];
		}
	}
	memcpy(carry, g, smc_bits_words(count) * sizeof(uint64_t));
	return SMC_OK;
}

static SmcStatus
chunk_negative(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *out, size_t count)
{
	SmcArena   *local = smc_arena_create();
	uint64_t   *plane;
	size_t		top = (size_t) (width - 1) * count;	/* plane width - 1 is its own reversal */
	Summands	s;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (local == NULL)
		return status;
	plane = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	if (plane == NULL)
		goto done;
	status = decompose(engine, width, shares, count, local, &s);
	if (status == SMC_OK)
		status = top_carry(engine, width, &s, count, local, out);
	if (status != SMC_OK)
		goto done;
	smc_bits_extract(plane, s.a, top, count);
	smc_bits_xor(out, plane, smc_bits_words(count));
	smc_bits_extract(plane, s.b, top, count);
	smc_bits_xor(out, plane, smc_bits_words(count));
done:
	smc_arena_destroy(local);
	return status;
}

/*
 * a + b = 0 mod 2^k exactly when a ^ b = (a | b) << 1: each sum bit is zero
 * when the carry into it, which is then (a | b) of the plane below, equals
 * a ^ b there.  The k comparisons are ANDed in a tree.
 */
static SmcStatus
chunk_zero(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *out, size_t count)
{
	size_t		bits = (size_t) width * count;
	size_t		words = smc_bits_words(bits);
	SmcArena   *local = smc_arena_create();
	uint64_t	ones = engine->channel->self == 0 ? ~UINT64_C(0) : 0;
	uint64_t   *both;
	uint64_t   *same;
	uint64_t   *high;
	uint64_t   *plane;
	uint8_t		order[WIDTH_MAX];
	uint8_t		place_of[WIDTH_MAX];
	Summands	s;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (local == NULL)
		return status;
	both = smc_arena_array(local, words, sizeof(uint64_t));
	same = smc_arena_array(local, words, sizeof(uint64_t));
	high = smc_arena_array(local, words, sizeof(uint64_t));
	plane = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	if (both == NULL || same == NULL || high == NULL || plane == NULL)
		goto done;
	if ((status = decompose(engine, width, shares, count, local, &s)) != SMC_OK ||
		(status = smc_boolean_and(engine, s.a, s.b, both, bits)) != SMC_OK)
		goto done;

	/* a | b = a ^ b ^ ab, moved up one plane, against a ^ b */
	for (size_t i = 0; i < words; i++)
	{
		same[i] = s.a[i] ^ s.b[i] ^ ones;
		both[i] ^= s.a[i] ^ s.b[i];
	}
	same[words - 1] &= smc_bits_tail(bits);
	reversed_order(order, width);
	for (int place = 0; place < width; place++)
		place_of[order[place]] = (uint8_t) place;
	for (int k = 0; k + 1 < width; k++)
	{
		size_t		to = (size_t) place_of[k + 1] * count;

		smc_bits_extract(plane, both, (size_t) place_of[k] * count, count);
		smc_bits_extract(high, same, to, count);
		smc_bits_xor(plane, high, smc_bits_words(count));
		smc_bits_insert(same, to, plane, count);
	}
	for (size_t half = bits / 2; half >= count; half /= 2)
	{
		smc_bits_extract(high, same, half, half);
		smc_bits_extract(both, same, 0, half);
		status = smc_boolean_and(engine, both, high, same, half);
		if (status != SMC_OK)
			goto done;
	}
	memcpy(out, same, smc_bits_words(count) * sizeof(uint64_t));
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
		for (size_t e = 0; e < count; e++)
		{
			for (size_t limb = 0; limb < limbs; limb++)
				low[e * limbs + limb] = shares[e * limbs + limb] ^ flip;
			low[e * limbs + limbs - 1] &= ~top;
		}
		status = smc_millionaires(engine, width, 0, 1, low, out, NULL, count);
		for (size_t e = 0; e < count && status == SMC_OK; e++)
			out[e / 64] ^= shares[e * limbs + limbs - 1] >> 63 << (e % 64);
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
	if (width != 64 && width != 128)
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
	return by_chunks(chunk_zero, engine, width, shares, zero, count);
}

SmcStatus
smc_compare_less(SmcEngine *engine, int width, const uint64_t *x, const uint64_t *y,
				 uint64_t *less, size_t count)
{
	size_t		limbs = (size_t) width / 64;
	SmcArena   *local = smc_arena_create();
	uint64_t   *difference = local ? smc_arena_array(local, count * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (difference != NULL)
	{
		for (size_t i = 0; i < count; i++)
		{
			uint64_t	borrow = 0;

			for (size_t limb = 0; limb < limbs; limb++)
			{
				uint64_t	a = x[i * limbs + limb];
				uint64_t	b = y[i * limbs + limb];
				uint64_t	d = a - b;

				difference[i * limbs + limb] = d - borrow;
				borrow = (uint64_t) (a < b) | (uint64_t) (d < borrow);
			}
		}
		status = smc_compare_negative(engine, width, difference, less, count);
	}
	smc_arena_destroy(local);
	return status;
}

