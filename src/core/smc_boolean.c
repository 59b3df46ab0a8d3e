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

/* ---- majority of private bits ----------------------------------------------- */

#define BATCH_WORDS		(SMC_OT_BATCH / 64)
#define WINDOW			8		/* batches asked for before the first is answered */

/* Working space; secret. */
typedef struct Batch
{
	SmcBlock	m0[SMC_OT_BATCH];
	SmcBlock	m1[SMC_OT_BATCH];
	uint64_t	fix[BATCH_WORDS];
} Batch;

/* Bit 0 of each block. */
static inline uint64_t
low_bits(const SmcBlock *blocks)
{
	uint64_t	word = 0;

	for (unsigned k = 0; k < 64; k++)
		word |= (blocks[k].lo & 1) << k;
	return word;
}

/* Toward the member before: its bits times ours, by an OT that we choose in. */
static SmcStatus
majority_ask(SmcEngine *engine, Batch *batch, int peer, const uint64_t *own, uint64_t *out, size_t words)
{
	SmcStatus	status = smc_ot_receive_random(engine->ot[peer].receiver, engine->channel, peer, true,
											   (uint8_t *) own, batch->m0, words * 64);

	for (size_t i = 0; i < words && status == SMC_OK; i++)
		out[i] = low_bits(batch->m0 + i * 64);
	return status;
}

/* Toward the member after: our bits, offered. */
static SmcStatus
majority_answer(SmcEngine *engine, Batch *batch, int peer, const uint64_t *own, uint64_t *out, size_t words)
{
	SmcStatus	status = smc_ot_send_random(engine->ot[peer].sender, engine->channel, peer, true,
											batch->m0, batch->m1, words * 64);

	if (status != SMC_OK)
		return status;
	for (size_t i = 0; i < words; i++)
	{
		uint64_t	m0 = low_bits(batch->m0 + i * 64);

		out[i] ^= m0;
		batch->fix[i] = m0 ^ low_bits(batch->m1 + i * 64) ^ own[i];
	}
	return smc_channel_send(engine->channel, peer, batch->fix, words * sizeof(uint64_t));
}

/* From the member before: what corrects its pads to its bits. */
static SmcStatus
majority_collect(SmcEngine *engine, Batch *batch, int peer, const uint64_t *own, uint64_t *out, size_t words)
{
	SmcStatus	status = smc_channel_receive(engine->channel, peer, batch->fix, words * sizeof(uint64_t));

	for (size_t i = 0; i < words && status == SMC_OK; i++)
		out[i] ^= own[i] & batch->fix[i];
	return status;
}

typedef SmcStatus (*MajorityStep) (SmcEngine *engine, Batch *batch, int peer, const uint64_t *own,
								   uint64_t *out, size_t words);

/* One step for all batches of a window. */
static SmcStatus
each_batch(SmcEngine *engine, MajorityStep step, Batch *batch, int peer, const uint64_t *own,
		   uint64_t *out, size_t words)
{
	SmcStatus	status = SMC_OK;

	for (size_t at = 0; at < words && status == SMC_OK; at += BATCH_WORDS)
		status = step(engine, batch, peer, own + at, out + at,
					  words - at < BATCH_WORDS ? words - at : BATCH_WORDS);
	return status;
}

SmcStatus
smc_boolean_majority(SmcEngine *engine, const int members[3], const uint64_t *own,
					 uint64_t *out, size_t count)
{
	size_t		words = smc_bits_words(count);
	int			place = -1;
	int			before;
	int			after;
	SmcArena   *local;
	Batch	   *batch;
	SmcStatus	status = SMC_OK;

	for (int m = 0; m < 3; m++)
	{
		if (members[m] == engine->channel->self)
			place = m;
	}
	smc_channel_round(engine->channel);
	if (place < 0)
	{
		memset(out, 0, words * sizeof(uint64_t));
		return SMC_OK;
	}
	before = members[(place + 2) % 3];
	after = members[(place + 1) % 3];
	local = smc_arena_create();
	batch = local ? smc_arena_alloc(local, sizeof(*batch)) : NULL;
	if (batch == NULL)
		status = SMC_ERR_MEMORY;
	for (size_t at = 0; at < words && status == SMC_OK; at += WINDOW * BATCH_WORDS)
	{
		size_t		window = words - at < WINDOW * BATCH_WORDS ? words - at : WINDOW * BATCH_WORDS;

		status = each_batch(engine, majority_ask, batch, before, own + at, out + at, window);
		if (status == SMC_OK)
			status = each_batch(engine, majority_answer, batch, after, own + at, out + at, window);
		if (status == SMC_OK)
			status = each_batch(engine, majority_collect, batch, before, own + at, out + at, window);
		engine->ots_made += 2 * 64 * window;
	}
	if (status == SMC_OK && words > 0)
		out[words - 1] &= smc_bits_tail(count);
	smc_arena_destroy(local);
	return status;
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
		/* the other bits of the last word aren't ours to open, whatever they are */
		if (words > 0)
			out[words - 1] &= smc_bits_tail(count);
		status = open_words(engine, out, scratch, words);
	}
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_boolean_tell(SmcEngine *engine, uint64_t *bits, uint16_t recipients, size_t count)
{
	SmcChannel *channel = engine->channel;
	size_t		words = smc_bits_words(count);
	SmcStatus	status = SMC_OK;

	if (words > 0)
		bits[words - 1] &= smc_bits_tail(count);
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		if (peer != channel->self && (recipients >> peer & 1) != 0)
			status = smc_channel_send(channel, peer, bits, words * sizeof(uint64_t));
	}
	return status;
}

SmcStatus
smc_boolean_hear(SmcEngine *engine, uint64_t *bits, uint16_t recipients, size_t count)
{
	SmcChannel *channel = engine->channel;
	size_t		words = smc_bits_words(count);
	SmcArena   *local;
	uint64_t   *theirs;
	SmcStatus	status = SMC_ERR_MEMORY;

	if ((recipients >> channel->self & 1) == 0)
		return SMC_OK;
	local = smc_arena_create();
	theirs = local ? smc_arena_array(local, words, sizeof(uint64_t)) : NULL;
	if (theirs != NULL)
		status = SMC_OK;
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		if (peer == channel->self)
			continue;
		status = smc_channel_receive(channel, peer, theirs, words * sizeof(uint64_t));
		if (status == SMC_OK)
			smc_bits_xor(bits, theirs, words);
	}
	smc_arena_destroy(local);
	return status;
}
