/*
 * Bit triples from random OT; see the header.
 */
#include "smc_triple.h"

#include <sodium.h>
#include <string.h>

#define BATCH_WORDS		(SMC_OT_BATCH / 64)

/* One batch's working space: secret, and too large for the stack. */
typedef struct Batch
{
	SmcBlock	m0[SMC_OT_BATCH];
	SmcBlock	m1[SMC_OT_BATCH];
	uint64_t	choice[BATCH_WORDS];
	uint64_t	held[SMC_PARTIES_MAX][SMC_TRIPLE_WIDTHS][BATCH_WORDS];	/* the receiver's bits */
	uint64_t	fix[SMC_TRIPLE_WIDTHS][BATCH_WORDS];
} Batch;

/* Gather bit w of each block's low word. */
static void
gather(uint64_t *out, const SmcBlock *blocks, int w)
{
	for (size_t i = 0; i < BATCH_WORDS; i++)
	{
		uint64_t	word = 0;

		for (unsigned k = 0; k < 64; k++)
			word |= ((blocks[i * 64 + k].lo >> w) & 1) << k;
		out[i] = word;
	}
}

/* Two parties: everything falls out of the two OTs. */
static SmcStatus
batch_of_two(SmcEngine *engine, int width, Batch *batch, uint64_t *b, uint64_t **a, uint64_t **c)
{
	SmcChannel *channel = engine->channel;
	int			peer = 1 - channel->self;
	SmcOtPair  *ot = &engine->ot[peer];
	SmcStatus	status;

	status = smc_ot_receive_random(ot->receiver, channel, peer, false, (uint8_t *) b, batch->m0, SMC_OT_BATCH);
	if (status != SMC_OK)
		return status;
	for (int w = 0; w < width; w++)
		gather(c[w], batch->m0, w);

	status = smc_ot_send_random(ot->sender, channel, peer, false, batch->m0, batch->m1, SMC_OT_BATCH);
	if (status != SMC_OK)
		return status;
	for (int w = 0; w < width; w++)
	{
		gather(batch->fix[0], batch->m0, w);
		gather(batch->fix[1], batch->m1, w);
		for (size_t i = 0; i < BATCH_WORDS; i++)
		{
			a[w][i] = batch->fix[0][i] ^ batch->fix[1][i];
			c[w][i] ^= batch->fix[0][i] ^ (a[w][i] & b[i]);
		}
	}
	return SMC_OK;
}

/* More parties: a and b are each party's own, the same toward all. */
static SmcStatus
batch_of_many(SmcEngine *engine, int width, Batch *batch, uint64_t *b, uint64_t **a, uint64_t **c)
{
	SmcChannel *channel = engine->channel;
	SmcStatus	status;

	smc_random_fill(engine->random, b, BATCH_WORDS * sizeof(uint64_t));
	for (int w = 0; w < width; w++)
	{
		smc_random_fill(engine->random, a[w], BATCH_WORDS * sizeof(uint64_t));
		for (size_t i = 0; i < BATCH_WORDS; i++)
			c[w][i] = a[w][i] & b[i];
	}

	for (int peer = 0; peer < channel->party_count; peer++)
	{
		if (peer == channel->self)
			continue;
		memcpy(batch->choice, b, sizeof(batch->choice));
		status = smc_ot_receive_random(engine->ot[peer].receiver, channel, peer, true,
									   (uint8_t *) batch->choice, batch->m0, SMC_OT_BATCH);
		if (status != SMC_OK)
			return status;
		for (int w = 0; w < width; w++)
			gather(batch->held[peer][w], batch->m0, w);
	}
	for (int peer = 0; peer < channel->party_count; peer++)
	{
		if (peer == channel->self)
			continue;
		status = smc_ot_send_random(engine->ot[peer].sender, channel, peer, true,
									batch->m0, batch->m1, SMC_OT_BATCH);
		if (status != SMC_OK)
			return status;
		for (int w = 0; w < width; w++)
		{
			gather(batch->choice, batch->m0, w);
			gather(batch->fix[w], batch->m1, w);
			for (size_t i = 0; i < BATCH_WORDS; i++)
			{
				batch->fix[w][i] ^= batch->choice[i] ^ a[w][i];
				c[w][i] ^= batch->choice[i];
			}
		}
		status = smc_channel_send(channel, peer, batch->fix, (size_t) width * sizeof(batch->fix[0]));
		if (status != SMC_OK)
			return status;
	}
	for (int peer = 0; peer < channel->party_count; peer++)
	{
		if (peer == channel->self)
			continue;
		status = smc_channel_receive(channel, peer, batch->fix, (size_t) width * sizeof(batch->fix[0]));
		if (status != SMC_OK)
			return status;
		for (int w = 0; w < width; w++)
		{
			for (size_t i = 0; i < BATCH_WORDS; i++)
				c[w][i] ^= batch->held[peer][w][i] ^ (b[i] & batch->fix[w][i]);
		}
	}
	return SMC_OK;
}

/*
 * A stock of at least `words` words, what is left of the old one first.  The
 * old arrays go back with the engine's arena; they double, so that is at most
 * as much again.
 */
static SmcStatus
grow_stock(SmcEngine *engine, SmcBitStock *stock, int width, size_t words)
{
	size_t		left = stock->words - stock->at;
	size_t		room = BATCH_WORDS;
	uint64_t   *arrays[1 + 2 * SMC_TRIPLE_WIDTHS] = {0};
	const uint64_t *old[1 + 2 * SMC_TRIPLE_WIDTHS] = {0};

	while (room < words)
		room *= 2;
	old[0] = stock->b;
	for (int w = 0; w < width; w++)
	{
		old[1 + 2 * w] = stock->a[w];
		old[2 + 2 * w] = stock->c[w];
	}
	if (room > stock->room)
	{
		for (int k = 0; k < 1 + 2 * width; k++)
		{
			arrays[k] = smc_arena_array(engine->arena, room, sizeof(uint64_t));
			if (arrays[k] == NULL)
				return SMC_ERR_MEMORY;
		}
		stock->room = room;
	}
	else
	{
		for (int k = 0; k < 1 + 2 * width; k++)
			arrays[k] = (uint64_t *) old[k];
	}
	for (int k = 0; k < 1 + 2 * width; k++)
	{
		if (left > 0)
			memmove(arrays[k], old[k] + stock->at, left * sizeof(uint64_t));
	}
	stock->b = arrays[0];
	for (int w = 0; w < width; w++)
	{
		stock->a[w] = arrays[1 + 2 * w];
		stock->c[w] = arrays[2 + 2 * w];
	}
	stock->words = left;
	stock->at = 0;
	return SMC_OK;
}

SmcStatus
smc_triple_reserve(SmcEngine *engine, int width, size_t words)
{
	SmcBitStock *stock = &engine->bits[width - 1];
	SmcArena   *local = NULL;
	Batch	   *batch;
	SmcStatus	status;

	if (stock->words - stock->at >= words)
		return SMC_OK;
	words = (words + BATCH_WORDS - 1) / BATCH_WORDS * BATCH_WORDS + BATCH_WORDS;
	status = grow_stock(engine, stock, width, words);
	if (status != SMC_OK)
		return status;
	status = SMC_ERR_MEMORY;
	local = smc_arena_create();
	if (local == NULL)
		goto done;
	batch = smc_arena_alloc(local, sizeof(*batch));
	if (batch == NULL)
		goto done;
	status = SMC_OK;
	while (stock->words + BATCH_WORDS <= words && status == SMC_OK)
	{
		uint64_t   *a[SMC_TRIPLE_WIDTHS] = {0};
		uint64_t   *c[SMC_TRIPLE_WIDTHS] = {0};

		for (int w = 0; w < width; w++)
		{
			a[w] = stock->a[w] + stock->words;
			c[w] = stock->c[w] + stock->words;
		}
		if (engine->channel->party_count == 2)
			status = batch_of_two(engine, width, batch, stock->b + stock->words, a, c);
		else
			status = batch_of_many(engine, width, batch, stock->b + stock->words, a, c);
		if (status == SMC_OK)
		{
			stock->words += BATCH_WORDS;
			engine->bit_triples_made += (uint64_t) width * SMC_OT_BATCH;
			engine->ots_made += (uint64_t) (engine->channel->party_count - 1) * 2 * SMC_OT_BATCH;
		}
	}
done:
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_triple_take(SmcEngine *engine, int width, size_t words, SmcBitTriples *triples)
{
	SmcBitStock *stock = &engine->bits[width - 1];
	SmcStatus	status = smc_triple_reserve(engine, width, words);

	if (status != SMC_OK)
		return status;
	triples->b = stock->b + stock->at;
	for (int w = 0; w < width; w++)
	{
		triples->a[w] = stock->a[w] + stock->at;
		triples->c[w] = stock->c[w] + stock->at;
	}
	stock->at += words;
	return SMC_OK;
}
