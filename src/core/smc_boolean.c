/*
 * AND on boolean shares; see the header.
 */
#include "smc_boolean.h"

#include <string.h>

/* Exchange words with everyone and XOR all in: values becomes the opened vector. */
static SmcStatus
open_words(SmcEngine *engine, uint64_t *values, uint64_t *scratch, size_t words)
{
	SmcChannel *channel = engine->channel;
	SmcStatus	status;

	for (int peer = 0; peer < channel->party_count; peer++)
	{
		if (peer == channel->self)
			continue;
		status = smc_channel_send(channel, peer, values, words * sizeof(uint64_t));
		if (status != SMC_OK)
			return status;
	}
	smc_channel_round(channel);
	for (int peer = 0; peer < channel->party_count; peer++)
	{
		if (peer == channel->self)
			continue;
		status = smc_channel_receive(channel, peer, scratch, words * sizeof(uint64_t));
		if (status != SMC_OK)
			return status;
		smc_bits_xor(values, scratch, words);
	}
	return SMC_OK;
}

/* All gates of a call: `width` products with the common input p. */
static SmcStatus
multiply(SmcEngine *engine, int width, const uint64_t *p, const uint64_t *const *x,
		 uint64_t *const *z, size_t count)
{
	size_t		words = smc_bits_words(count);
	uint64_t	first = engine->channel->self == 0 ? ~UINT64_C(0) : 0;
	uint64_t	tail = smc_bits_tail(count);
	SmcArena   *local;
	uint64_t   *open;
	uint64_t   *scratch;
	SmcBitTriples t;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (count == 0)
		return SMC_OK;
	local = smc_arena_create();
	if (local == NULL)
		return status;
	open = smc_arena_array(local, words * (size_t) (width + 1), sizeof(uint64_t));
	scratch = smc_arena_array(local, words * (size_t) (width + 1), sizeof(uint64_t));
	if (open == NULL || scratch == NULL)
		goto done;
	status = smc_triple_take(engine, width, words, &t);
	if (status != SMC_OK)
		goto done;

	/* e = p ^ b, d_w = x_w ^ a_w */
	for (size_t i = 0; i < words; i++)
		open[i] = p[i] ^ t.b[i];
	for (int w = 0; w < width; w++)
	{
		uint64_t   *d = open + words * (size_t) (w + 1);

		for (size_t i = 0; i < words; i++)
			d[i] = x[w][i] ^ t.a[w][i];
	}
	status = open_words(engine, open, scratch, words * (size_t) (width + 1));
	if (status != SMC_OK)
		goto done;

	/* z_w = c_w ^ d_w b ^ e a_w ^ d_w e */
	for (int w = 0; w < width; w++)
	{
		const uint64_t *d = open + words * (size_t) (w + 1);

		for (size_t i = 0; i < words; i++)
			z[w][i] = t.c[w][i] ^ (d[i] & t.b[i]) ^ (open[i] & t.a[w][i]) ^ (d[i] & open[i] & first);
		z[w][words - 1] &= tail;
	}
done:
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_boolean_and(SmcEngine *engine, const uint64_t *x, const uint64_t *y, uint64_t *z, size_t count)
{
	const uint64_t *const xs[1] = {x};
	uint64_t   *const zs[1] = {z};

	return multiply(engine, 1, y, xs, zs, count);
}

SmcStatus
smc_boolean_and_two(SmcEngine *engine, const uint64_t *p, const uint64_t *x0, const uint64_t *x1,
					uint64_t *z0, uint64_t *z1, size_t count)
{
	const uint64_t *const xs[2] = {x0, x1};
	uint64_t   *const zs[2] = {z0, z1};

	return multiply(engine, 2, p, xs, zs, count);
}

SmcStatus
smc_boolean_open(SmcEngine *engine, const uint64_t *shares, uint64_t *out, size_t count)
{
	size_t		words = smc_bits_words(count);
	SmcArena   *local = smc_arena_create();
	uint64_t   *scratch = local ? smc_arena_array(local, words, sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (scratch != NULL)
	{
		memmove(out, shares, words * sizeof(uint64_t));
		status = open_words(engine, out, scratch, words);
	}
	smc_arena_destroy(local);
	return status;
}
