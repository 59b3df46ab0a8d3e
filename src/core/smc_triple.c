/*
 * Bit triples from random OT; see the header.
 */
#include "smc_triple.h"

#include <string.h>

#include "smc_bits.h"

#define BATCH_WORDS		(SMC_OT_BATCH / 64)
#define WINDOW			8		/* batches asked for before the first is answered */

/* Working space for a window of batches: secret, and too large for the stack. */
typedef struct Batch
{
	SmcBlock	m0[SMC_OT_BATCH];
	SmcBlock	m1[SMC_OT_BATCH];
	uint64_t	bits0[BATCH_WORDS];
	uint64_t	bits1[BATCH_WORDS];
	uint64_t	fix[SMC_TRIPLE_WIDTHS][BATCH_WORDS];
} Batch;

/* Triples being made: pointers into the stock. */
typedef struct Target
{
	int			width;
	uint64_t   *b;
	uint64_t   *a[SMC_TRIPLE_WIDTHS];
	uint64_t   *c[SMC_TRIPLE_WIDTHS];
} Target;

/* Gather bit w of the low word of each of words * 64 blocks. */
static void
gather(uint64_t *out, const SmcBlock *blocks, int w, size_t words)
{
	for (size_t i = 0; i < words; i++)
	{
		uint64_t	word = 0;

		for (unsigned k = 0; k < 64; k++)
			word |= ((blocks[i * 64 + k].lo >> w) & 1) << k;
		out[i] = word;
	}
}

/*
 * As OT receiver from a peer: choose by b, add what is held to c.  Two parties
 * let the OT make b.
 */
static SmcStatus
ask(SmcEngine *engine, int peer, Batch *batch, const Target *t, size_t at, size_t words)
{
	bool		chosen = engine->channel->party_count > 2;
	SmcStatus	status;

	status = smc_ot_receive_random(engine->ot[peer].receiver, engine->channel, peer, chosen,
								   (uint8_t *) (t->b + at), batch->m0, words * 64);
	for (int w = 0; w < t->width && status == SMC_OK; w++)
	{
		gather(batch->bits0, batch->m0, w, words);
		smc_bits_xor(t->c[w] + at, batch->bits0, words);
	}
	return status;
}

/*
 * As OT sender to a peer: m0 is our share.  Two parties let the OT make a;
 * more send e = m0 ^ m1 ^ a.
 */
static SmcStatus
answer(SmcEngine *engine, int peer, Batch *batch, const Target *t, size_t at, size_t words)
{
	bool		chosen = engine->channel->party_count > 2;
	SmcStatus	status;

	status = smc_ot_send_random(engine->ot[peer].sender, engine->channel, peer, chosen,
								batch->m0, batch->m1, words * 64);
	for (int w = 0; w < t->width && status == SMC_OK; w++)
	{
		uint64_t   *a = t->a[w] + at;

		gather(batch->bits0, batch->m0, w, words);
		gather(batch->bits1, batch->m1, w, words);
		smc_bits_xor(t->c[w] + at, batch->bits0, words);
		smc_bits_xor(batch->bits1, batch->bits0, words);
		if (!chosen)
			memcpy(a, batch->bits1, words * sizeof(uint64_t));
		else
		{
			smc_bits_xor(batch->bits1, a, words);
			status = smc_channel_send(engine->channel, peer, batch->bits1, words * sizeof(uint64_t));
		}
	}
	return status;
}

/* As OT receiver again, more than two parties: c += b e. */
static SmcStatus
collect(SmcEngine *engine, int peer, Batch *batch, const Target *t, size_t at, size_t words)
{
	SmcStatus	status = SMC_OK;

	for (int w = 0; w < t->width && status == SMC_OK; w++)
	{
		status = smc_channel_receive(engine->channel, peer, batch->fix[w], words * sizeof(uint64_t));
		for (size_t i = 0; i < words && status == SMC_OK; i++)
			t->c[w][at + i] ^= t->b[at + i] & batch->fix[w][i];
	}
	return status;
}

typedef SmcStatus (*Step) (SmcEngine *engine, int peer, Batch *batch, const Target *t, size_t at, size_t words);

/* One step for all batches of a window and all peers. */
static SmcStatus
each_batch(SmcEngine *engine, Step step, Batch *batch, const Target *t, size_t words)
{
	SmcStatus	status = SMC_OK;

	for (int peer = 0; peer < engine->channel->party_count; peer++)
	{
		if (peer == engine->channel->self)
			continue;
		for (size_t at = 0; at < words && status == SMC_OK; at += BATCH_WORDS)
			status = step(engine, peer, batch, t, at, words - at < BATCH_WORDS ? words - at : BATCH_WORDS);
	}
	return status;
}

/* Make words words of triples, at most a window of batches. */
static SmcStatus
make_window(SmcEngine *engine, Batch *batch, const Target *t, size_t words)
{
	bool		chosen = engine->channel->party_count > 2;
	SmcStatus	status;

	/* a and b are each party's own, the same toward all */
	for (int w = 0; w < t->width; w++)
		memset(t->c[w], 0, words * sizeof(uint64_t));
	if (chosen)
	{
		smc_random_fill(engine->random, t->b, words * sizeof(uint64_t));
		for (int w = 0; w < t->width; w++)
			smc_random_fill(engine->random, t->a[w], words * sizeof(uint64_t));
	}
	status = each_batch(engine, ask, batch, t, words);
	if (status == SMC_OK)
		status = each_batch(engine, answer, batch, t, words);
	if (status == SMC_OK && chosen)
		status = each_batch(engine, collect, batch, t, words);
	for (int w = 0; w < t->width && status == SMC_OK; w++)
	{
		for (size_t i = 0; i < words; i++)
			t->c[w][i] ^= t->a[w][i] & t->b[i];
	}
	engine->bit_triples_made += (uint64_t) t->width * words * 64;
	engine->ots_made += (uint64_t) (engine->channel->party_count - 1) * 2 * words * 64;
	return status;
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
	SmcBitStock *stock;
	SmcArena   *local;
	Batch	   *batch;
	size_t		missing;
	SmcStatus	status;

	if (width < 1 || width > SMC_TRIPLE_WIDTHS)
		return SMC_ERR_ARGUMENT;
	stock = &engine->bits[width - 1];
	if (stock->words - stock->at >= words)
		return SMC_OK;
	missing = words - (stock->words - stock->at);
	missing = (missing + SMC_TRIPLE_QUANTUM - 1) / SMC_TRIPLE_QUANTUM * SMC_TRIPLE_QUANTUM;
	status = grow_stock(engine, stock, width, stock->words - stock->at + missing);
	if (status != SMC_OK)
		return status;
	local = smc_arena_create();
	batch = local ? smc_arena_alloc(local, sizeof(*batch)) : NULL;
	if (batch == NULL)
		status = SMC_ERR_MEMORY;
	while (missing > 0 && status == SMC_OK)
	{
		size_t		window = missing < WINDOW * BATCH_WORDS ? missing : WINDOW * BATCH_WORDS;
		Target		t = {width, stock->b + stock->words, {NULL}, {NULL}};

		for (int w = 0; w < width; w++)
		{
			t.a[w] = stock->a[w] + stock->words;
			t.c[w] = stock->c[w] + stock->words;
		}
		status = make_window(engine, batch, &t, window);
		if (status == SMC_OK)
		{
			stock->words += window;
			missing -= window;
		}
	}
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_triple_take(SmcEngine *engine, int width, size_t words, SmcBitTriples *triples)
{
	SmcStatus	status = smc_triple_reserve(engine, width, words);
	SmcBitStock *stock;

	if (status != SMC_OK)
		return status;
	stock = &engine->bits[width - 1];
	triples->b = stock->b + stock->at;
	for (int w = 0; w < width; w++)
	{
		triples->a[w] = stock->a[w] + stock->at;
		triples->c[w] = stock->c[w] + stock->at;
	}
	stock->at += words;
	return SMC_OK;
}
