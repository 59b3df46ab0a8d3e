/*
 * A party's own integers times shared ones; see the header.
 *
 * OT (e, t) of a batch of rows is number e * bits + t.  All questions of a stretch of
 * rows go out first, then all answers, then all corrections are taken in.
 */
#include "smc_private.h"

#include <string.h>

#include "smc_ct.h"

#define STRING_BYTES	(SMC_PRIVATE_LENGTH_MAX * SMC_RING128_BYTES + SMC_BLOCK_BYTES)

/* Working space of a call. */
typedef struct Space
{
	SmcBlock   *m0;
	SmcBlock   *m1;
	uint8_t    *wire;
	uint64_t   *choices;
	SmcBlock   *held;
} Space;

/* Blocks of a pad. */
static size_t
blocks_of(const SmcPrivateProduct *p)
{
	return (p->length * (size_t) p->bytes + SMC_BLOCK_BYTES - 1) / SMC_BLOCK_BYTES;
}

/* Bytes of an element that bit t needs. */
static inline size_t
fix_bytes(int bytes, int t)
{
	return t / 8 < bytes ? (size_t) (bytes - t / 8) : 0;
}

/* Bytes of all corrections of a row. */
static size_t
row_bytes(int bits, int bytes, size_t length)
{
	size_t		sum = 0;

	for (int t = 0; t < bits; t++)
		sum += fix_bytes(bytes, t) * length;
	return sum;
}

static size_t
batch_rows(const SmcPrivateProduct *p)
{
	return SMC_OT_BATCH / (size_t) p->bits;
}

/* String j of count, as bytes in a row. */
static inline void
gather(uint8_t *string, const SmcBlock *blocks, size_t length, size_t count, size_t j)
{
	for (size_t k = 0; k < length; k++)
		memcpy(string + k * SMC_BLOCK_BYTES, &blocks[k * count + j], SMC_BLOCK_BYTES);
}

/* Sixteen bytes from anywhere: what is above an element's own doesn't count. */
static inline SmcRing128
load(const uint8_t *from)
{
	SmcRing128	value;

	memcpy(&value, from, sizeof(value));
	return value;
}

/* Offer our vectors to the owner. */
static void
offer(const SmcPrivateProduct *p, const Space *space, const SmcRing128 *v, SmcRing128 *out, size_t rows)
{
	size_t		count = rows * (size_t) p->bits;
	size_t		blocks = blocks_of(p);
	uint8_t		s0[STRING_BYTES];
	uint8_t		s1[STRING_BYTES];
	uint8_t    *wire = space->wire;

	for (size_t e = 0; e < rows; e++)
	{
		const SmcRing128 *ve = v + e * p->v_stride;
		SmcRing128 *oe = out + e * p->out_stride;

		for (int t = 0; t < p->bits; t++)
		{
			size_t		bytes = fix_bytes(p->bytes, t);

			gather(s0, space->m0, blocks, count, e * (size_t) p->bits + (size_t) t);
			gather(s1, space->m1, blocks, count, e * (size_t) p->bits + (size_t) t);
			for (size_t l = 0; l < p->length; l++)
			{
				SmcRing128	r0 = load(s0 + l * (size_t) p->bytes);
				SmcRing128	fix = r0 - load(s1 + l * (size_t) p->bytes) + ve[l];

				/* all of it; the next overwrites what doesn't count */
				memcpy(wire, &fix, sizeof(fix));
				wire += bytes;
				oe[l] -= r0 << t;
			}
		}
	}
}

/* The owner takes what it chose. */
static void
take(const SmcPrivateProduct *p, const Space *space, const SmcBlock *held, const uint64_t *x, SmcRing128 *out,
	 size_t rows)
{
	size_t		count = rows * (size_t) p->bits;
	size_t		blocks = blocks_of(p);
	uint8_t		string[STRING_BYTES];
	const uint8_t *wire = space->wire;

	for (size_t e = 0; e < rows; e++)
	{
		SmcRing128 *oe = out + e * p->out_stride;

		for (int t = 0; t < p->bits; t++)
		{
			SmcRing128	mask = smc_ct_mask(x[e] >> t & 1);
			size_t		bytes = fix_bytes(p->bytes, t);

			gather(string, held, blocks, count, e * (size_t) p->bits + (size_t) t);
			for (size_t l = 0; l < p->length; l++)
			{
				SmcRing128	fix = load(wire);

				wire += bytes;
				oe[l] += (load(string + l * (size_t) p->bytes) + (fix & mask)) << t;
			}
		}
	}
}

/* The bits of rows' integers, one after the other. */
static void
gather_choices(const SmcPrivateProduct *p, uint64_t *choices, const uint64_t *x, size_t rows)
{
	size_t		at = 0;

	memset(choices, 0, (rows * (size_t) p->bits / 64 + 1) * sizeof(uint64_t));
	for (size_t e = 0; e < rows; e++)
	{
		for (int t = 0; t < p->bits; t++, at++)
			choices[at / 64] |= (x[e] >> t & 1) << (at % 64);
	}
}

static void
own_terms(const SmcPrivateProduct *p, int self, size_t from, size_t rows)
{
	for (size_t e = from; e < from + rows; e++)
	{
		const SmcRing128 *ve = p->v[self] + e * p->v_stride;
		SmcRing128 *oe = p->out[self] + e * p->out_stride;

		for (size_t l = 0; l < p->length; l++)
			oe[l] += ve[l] * p->x[e];
	}
}

typedef enum Pass
{
	ASK, ANSWER, COLLECT, PASSES
} Pass;

/* One pass over one batch with one peer. */
static SmcStatus
run_batch(SmcEngine *engine, const SmcPrivateProduct *p, Pass pass, const Space *space, SmcBlock *held, int peer,
		  size_t at, size_t rows)
{
	SmcChannel *channel = engine->channel;
	size_t		count = rows * (size_t) p->bits;
	size_t		wire = rows * row_bytes(p->bits, p->bytes, p->length);
	SmcStatus	status;

	if (pass == ASK)
	{
		gather_choices(p, space->choices, p->x + at, rows);
		status = smc_ot_receive_strings(engine->ot[peer].receiver, channel, peer, true,
										(uint8_t *) space->choices, held, blocks_of(p), count);
		engine->ots_made += count;
	}
	else if (pass == ANSWER)
	{
		status = smc_ot_send_strings(engine->ot[peer].sender, channel, peer, true,
									 space->m0, space->m1, blocks_of(p), count);
		engine->ots_made += count;
		if (status != SMC_OK)
			return status;
		offer(p, space, p->v[peer] + at * p->v_stride, p->out[peer] + at * p->out_stride, rows);
		status = smc_channel_send(channel, peer, space->wire, wire);
	}
	else
	{
		status = smc_channel_receive(channel, peer, space->wire, wire);
		if (status == SMC_OK)
			take(p, space, held, p->x + at, p->out[channel->self] + at * p->out_stride, rows);
	}
	return status;
}

/* All products of a stretch of rows. */
static SmcStatus
run_stretch(SmcEngine *engine, const SmcPrivateProduct *products, size_t product_count, const Space *space,
			size_t from, size_t rows)
{
	SmcChannel *channel = engine->channel;
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < product_count; k++)
		own_terms(&products[k], channel->self, from, rows);
	for (int pass = ASK; pass < PASSES; pass++)
	{
		SmcBlock   *held = space->held;

		for (size_t k = 0; k < product_count; k++)
		{
			const SmcPrivateProduct *p = &products[k];
			size_t		step = batch_rows(p);

			for (int peer = 0; peer < channel->party_count; peer++)
			{
				if (peer == channel->self)
					continue;
				for (size_t at = from; at < from + rows && status == SMC_OK; at += step)
				{
					size_t		n = from + rows - at < step ? from + rows - at : step;

					status = run_batch(engine, p, (Pass) pass, space, held, peer, at, n);
					held += n * (size_t) p->bits * blocks_of(p);
				}
			}
		}
	}
	return status;
}

static bool
valid(const SmcPrivateProduct *products, size_t product_count)
{
	for (size_t k = 0; k < product_count; k++)
	{
		const SmcPrivateProduct *p = &products[k];

		if (p->bits < 1 || p->bits > SMC_PRIVATE_BITS_MAX || p->bytes < 1 || p->bytes > SMC_RING128_BYTES ||
			p->length < 1 || p->length > SMC_PRIVATE_LENGTH_MAX)
			return false;
	}
	return true;
}

SmcStatus
smc_private_multiply(SmcEngine *engine, const SmcPrivateProduct *products, size_t product_count, size_t rows)
{
	size_t		peers = (size_t) engine->channel->party_count - 1;
	size_t		held = 0;		/* blocks a row, of one peer */
	size_t		pads = 1;		/* blocks of the largest batch */
	size_t		wire = 1;
	size_t		stretch;
	SmcArena   *local;
	Space		space;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!valid(products, product_count))
		return SMC_ERR_ARGUMENT;
	for (size_t k = 0; k < product_count; k++)
	{
		const SmcPrivateProduct *p = &products[k];
		size_t		blocks = blocks_of(p) * SMC_OT_BATCH;
		size_t		bytes = batch_rows(p) * row_bytes(p->bits, p->bytes, p->length);

		held += (size_t) p->bits * blocks_of(p);
		pads = blocks > pads ? blocks : pads;
		wire = bytes > wire ? bytes : wire;
	}
	if (rows == 0 || product_count == 0)
		return SMC_OK;
	stretch = SMC_PRIVATE_MEMORY / SMC_BLOCK_BYTES / (held * peers) / 64 * 64;
	stretch = stretch < 64 ? 64 : stretch;
	stretch = stretch > rows ? rows : stretch;
	local = smc_arena_create();
	if (local == NULL)
		return status;
	space.m0 = smc_arena_array(local, pads, sizeof(SmcBlock));
	space.m1 = smc_arena_array(local, pads, sizeof(SmcBlock));
	space.wire = smc_arena_alloc(local, wire + SMC_RING128_BYTES);
	space.choices = smc_arena_array(local, SMC_OT_BATCH / 64 + 1, sizeof(uint64_t));
	space.held = smc_arena_array(local, stretch * held * peers, sizeof(SmcBlock));
	if (space.m0 != NULL && space.m1 != NULL && space.wire != NULL && space.choices != NULL && space.held != NULL)
		status = SMC_OK;
	for (size_t at = 0; at < rows && status == SMC_OK; at += stretch)
	{
		smc_channel_round(engine->channel);
		status = run_stretch(engine, products, product_count, &space, at, rows - at < stretch ? rows - at : stretch);
	}
	smc_arena_destroy(local);
	return status;
}

void
smc_private_cost(SmcCost *cost, int party_count, int bits, int bytes, size_t length, size_t rows)
{
	uint64_t	step = SMC_OT_BATCH / (uint64_t) bits;
	uint64_t	sent = 0;

	for (uint64_t at = 0; at < rows; at += step)
	{
		uint64_t	n = rows - at < step ? rows - at : step;

		sent += smc_ot_message_bytes(true, n * (uint64_t) bits);
	}
	sent += rows * row_bytes(bits, bytes, length);
	cost->sent += sent * (uint64_t) (party_count - 1);
}
