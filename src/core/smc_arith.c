/*
 * Arithmetic shares; see the header.
 *
 * Inside, an integer is an unsigned __int128 whatever the width; narrower ones
 * are reduced when stored.  OTs go in batches of SMC_OT_BATCH.
 */
#include "smc_arith.h"

#include <string.h>

#include "smc_bits.h"
#include "smc_ct.h"

#define WINDOW		8			/* batches asked for before the first is answered */

typedef SmcRing128 Wide;

/* One call's working space; secret. */
typedef struct Batch
{
	SmcBlock	m0[SMC_OT_BATCH];
	SmcBlock	m1[SMC_OT_BATCH];
	uint64_t	choice[SMC_OT_BATCH / 64];
	uint8_t		wire[SMC_OT_BATCH * 16];
} Batch;

static inline Wide
wide_of(SmcBlock block)
{
	return (Wide) block.hi << 64 | block.lo;
}

/* All ones or nothing, from bit e. */
static inline Wide
mask_of(const uint64_t *bits, size_t e)
{
	return smc_ct_mask((bits[e / 64] >> (e % 64)) & 1);
}

static Batch *
new_batch(SmcArena **arena)
{
	*arena = smc_arena_create();
	return *arena ? smc_arena_alloc(*arena, sizeof(Batch)) : NULL;
}

static bool
valid_width(int width)
{
	return width == 64 || width == 128;
}

/* ---- a ring element times a party's own bit -------------------------------- */

/* The bit's owner, toward one peer: choose by the bits. */
static SmcStatus
bit_ask(SmcEngine *engine, Batch *batch, int peer, const uint64_t *s, SmcBlock *held, size_t count)
{
	memset(batch->choice, 0, sizeof(batch->choice));
	memcpy(batch->choice, s, smc_bits_words(count) * sizeof(uint64_t));
	engine->ots_made += count;
	return smc_ot_receive_random(engine->ot[peer].receiver, engine->channel, peer, true,
								 (uint8_t *) batch->choice, held, count);
}

/* The others: m0 and m1 + correction = m0 + v; our share is -m0. */
static SmcStatus
bit_answer(SmcEngine *engine, int width, Batch *batch, int peer, const uint64_t *v, uint64_t *out, size_t count)
{
	size_t		len = (size_t) width / 8;
	SmcStatus	status;

	status = smc_ot_send_random(engine->ot[peer].sender, engine->channel, peer, true,
								batch->m0, batch->m1, count);
	if (status != SMC_OK)
		return status;
	engine->ots_made += count;
	for (size_t e = 0; e < count; e++)
	{
		Wide		m0 = wide_of(batch->m0[e]);
		Wide		fix = m0 - wide_of(batch->m1[e]) + smc_arith_get(v, width, e);

		memcpy(batch->wire + e * len, &fix, len);
		smc_arith_put(out, width, e, -m0);
	}
	return smc_channel_send(engine->channel, peer, batch->wire, count * len);
}

/* The owner again: m_s, corrected where s is set. */
static SmcStatus
bit_collect(SmcEngine *engine, int width, Batch *batch, int peer, const uint64_t *s, const SmcBlock *held,
			uint64_t *out, size_t count)
{
	size_t		len = (size_t) width / 8;
	SmcStatus	status = smc_channel_receive(engine->channel, peer, batch->wire, count * len);

	if (status != SMC_OK)
		return status;
	for (size_t e = 0; e < count; e++)
	{
		Wide		fix = 0;

		memcpy(&fix, batch->wire + e * len, len);
		smc_arith_put(out, width, e, smc_arith_get(out, width, e) + wide_of(held[e]) + (fix & mask_of(s, e)));
	}
	return SMC_OK;
}

/* The owner's part: everybody is asked before anybody's answer is waited for. */
static SmcStatus
bit_owner(SmcEngine *engine, int width, Batch *batch, SmcBlock *held, const uint64_t *s, const uint64_t *v,
		  uint64_t *out, size_t count)
{
	SmcChannel *channel = engine->channel;
	size_t		limbs = (size_t) width / 64;
	SmcStatus	status = SMC_OK;

	for (size_t e = 0; e < count; e++)
		smc_arith_put(out, width, e, smc_arith_get(v, width, e) & mask_of(s, e));
	for (int pass = 0; pass < 2; pass++)
	{
		SmcBlock   *h = held;

		for (int peer = 0; peer < channel->party_count; peer++)
		{
			if (peer == channel->self)
				continue;
			for (size_t at = 0; at < count && status == SMC_OK; at += SMC_OT_BATCH)
			{
				size_t		block = count - at < SMC_OT_BATCH ? count - at : SMC_OT_BATCH;

				if (pass == 0)
					status = bit_ask(engine, batch, peer, s + at / 64, h, block);
				else
					status = bit_collect(engine, width, batch, peer, s + at / 64, h, out + at * limbs, block);
				h += block;
			}
		}
	}
	return status;
}

SmcStatus
smc_arith_private_bit(SmcEngine *engine, int width, int owner, const uint64_t *s,
					  const uint64_t *v, uint64_t *out, size_t count)
{
	size_t		limbs = (size_t) width / 64;
	size_t		window = WINDOW * SMC_OT_BATCH;
	SmcArena   *arena;
	Batch	   *batch;
	SmcBlock   *held = NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!valid_width(width) || owner < 0 || owner >= engine->channel->party_count)
		return SMC_ERR_ARGUMENT;
	batch = new_batch(&arena);
	if (batch == NULL)
		goto done;
	if (engine->channel->self == owner)
	{
		held = smc_arena_array(arena, (count < window ? count : window) * (size_t) (engine->channel->party_count - 1),
							   sizeof(SmcBlock));
		if (held == NULL)
			goto done;
	}
	status = SMC_OK;
	smc_channel_round(engine->channel);
	for (size_t at = 0; at < count && status == SMC_OK; at += window)
	{
		size_t		stretch = count - at < window ? count - at : window;

		if (engine->channel->self == owner)
			status = bit_owner(engine, width, batch, held, s + at / 64, v + at * limbs, out + at * limbs, stretch);
		else
		{
			for (size_t k = at; k < at + stretch && status == SMC_OK; k += SMC_OT_BATCH)
			{
				size_t		block = at + stretch - k < SMC_OT_BATCH ? at + stretch - k : SMC_OT_BATCH;

				status = bit_answer(engine, width, batch, owner, v + k * limbs, out + k * limbs, block);
			}
		}
	}
done:
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_arith_times_bit(SmcEngine *engine, int width, const uint64_t *s, const uint64_t *v,
					uint64_t *out, size_t count)
{
	size_t		limbs = (size_t) width / 64;
	SmcArena   *arena = valid_width(width) ? smc_arena_create() : NULL;
	uint64_t   *step = arena ? smc_arena_array(arena, count * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = step ? SMC_OK : SMC_ERR_MEMORY;

	if (!valid_width(width))
		return SMC_ERR_ARGUMENT;
	if (status == SMC_OK)
		memset(out, 0, count * limbs * sizeof(uint64_t));
	for (int owner = 0; owner < engine->channel->party_count && status == SMC_OK; owner++)
	{
		for (size_t e = 0; e < count; e++)
			smc_arith_put(step, width, e, smc_arith_get(v, width, e) - 2 * smc_arith_get(out, width, e));
		status = smc_arith_private_bit(engine, width, owner,
									   engine->channel->self == owner ? s : NULL, step, step, count);
		for (size_t e = 0; e < count && status == SMC_OK; e++)
			smc_arith_put(out, width, e, smc_arith_get(out, width, e) + smc_arith_get(step, width, e));
	}
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_arith_from_bits(SmcEngine *engine, int width, const uint64_t *s, uint64_t *out, size_t count)
{
	size_t		limbs = (size_t) width / 64;
	SmcArena   *arena = valid_width(width) ? smc_arena_create() : NULL;
	uint64_t   *one = arena ? smc_arena_array(arena, count * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = valid_width(width) ? SMC_ERR_MEMORY : SMC_ERR_ARGUMENT;

	if (one != NULL)
	{
		for (size_t e = 0; e < count; e++)
			one[e * limbs] = engine->channel->self == 0;
		status = smc_arith_times_bit(engine, width, s, one, out, count);
	}
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_arith_select(SmcEngine *engine, int width, const uint64_t *s, const uint64_t *x,
				 const uint64_t *y, uint64_t *out, size_t count)
{
	size_t		limbs = (size_t) width / 64;
	SmcArena   *arena = valid_width(width) ? smc_arena_create() : NULL;
	uint64_t   *d = arena ? smc_arena_array(arena, count * limbs, sizeof(uint64_t)) : NULL;
	uint64_t   *t = arena ? smc_arena_array(arena, count * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = valid_width(width) ? SMC_ERR_MEMORY : SMC_ERR_ARGUMENT;

	if (d != NULL && t != NULL)
	{
		for (size_t e = 0; e < count; e++)
			smc_arith_put(d, width, e, smc_arith_get(x, width, e) - smc_arith_get(y, width, e));
		status = smc_arith_times_bit(engine, width, s, d, t, count);
		for (size_t e = 0; e < count && status == SMC_OK; e++)
			smc_arith_put(out, width, e, smc_arith_get(y, width, e) + smc_arith_get(t, width, e));
	}
	smc_arena_destroy(arena);
	return status;
}

/* ---- products ---------------------------------------------------------------- */

/* Bytes of the correction for bit t of a product of that width. */
static inline size_t
fix_bytes(int width, int t)
{
	return (size_t) (width - t + 7) / 8;
}

/*
 * Cross terms x_peer * y_self of a few elements, one OT a bit of our y, and
 * y_peer * x_self the other way: in smc_arith_multiply's order, all questions
 * first, then all answers, then all corrections.
 */
static SmcStatus
product_ask(SmcEngine *engine, int width, Batch *batch, int peer, const uint64_t *y, SmcBlock *held, size_t count)
{
	memset(batch->choice, 0, sizeof(batch->choice));
	memcpy(batch->choice, y, count * (size_t) width / 8);
	engine->ots_made += count * (size_t) width;
	return smc_ot_receive_random(engine->ot[peer].receiver, engine->channel, peer, true,
								 (uint8_t *) batch->choice, held, count * (size_t) width);
}

static SmcStatus
product_answer(SmcEngine *engine, int width, Batch *batch, int peer, const uint64_t *x, uint64_t *out, size_t count)
{
	size_t		len = 0;
	SmcStatus	status;

	status = smc_ot_send_random(engine->ot[peer].sender, engine->channel, peer, true,
								batch->m0, batch->m1, count * (size_t) width);
	if (status != SMC_OK)
		return status;
	engine->ots_made += count * (size_t) width;
	for (size_t e = 0; e < count; e++)
	{
		Wide		xe = smc_arith_get(x, width, e);
		Wide		share = 0;

		for (int t = 0; t < width; t++)
		{
			size_t		k = e * (size_t) width + (size_t) t;
			Wide		m0 = wide_of(batch->m0[k]);
			Wide		fix = m0 - wide_of(batch->m1[k]) + xe;

			memcpy(batch->wire + len, &fix, fix_bytes(width, t));
			len += fix_bytes(width, t);
			share -= m0 << t;
		}
		smc_arith_put(out, width, e, smc_arith_get(out, width, e) + share);
	}
	return smc_channel_send(engine->channel, peer, batch->wire, len);
}

static SmcStatus
product_collect(SmcEngine *engine, int width, Batch *batch, int peer, const uint64_t *y,
				const SmcBlock *held, uint64_t *out, size_t count)
{
	size_t		each = 0;
	size_t		at = 0;
	SmcStatus	status;

	for (int t = 0; t < width; t++)
		each += fix_bytes(width, t);
	status = smc_channel_receive(engine->channel, peer, batch->wire, count * each);
	if (status != SMC_OK)
		return status;
	for (size_t e = 0; e < count; e++)
	{
		Wide		share = 0;

		for (int t = 0; t < width; t++)
		{
			size_t		k = e * (size_t) width + (size_t) t;
			Wide		fix = 0;

			memcpy(&fix, batch->wire + at, fix_bytes(width, t));
			at += fix_bytes(width, t);
			share += (wide_of(held[k]) + (fix & mask_of(y, k))) << t;
		}
		smc_arith_put(out, width, e, smc_arith_get(out, width, e) + share);
	}
	return SMC_OK;
}

/* The terms of a window: each pass goes over all peers and batches. */
static SmcStatus
product_window(SmcEngine *engine, int width, Batch *batch, SmcBlock *held, const uint64_t *x, const uint64_t *y,
			   uint64_t *sum, size_t count)
{
	SmcChannel *channel = engine->channel;
	size_t		limbs = (size_t) width / 64;
	size_t		step = SMC_OT_BATCH / (size_t) width;
	SmcStatus	status = SMC_OK;

	for (size_t e = 0; e < count; e++)
		smc_arith_put(sum, width, e, smc_arith_get(x, width, e) * smc_arith_get(y, width, e));
	for (int pass = 0; pass < 3; pass++)
	{
		SmcBlock   *h = held;

		for (int peer = 0; peer < channel->party_count; peer++)
		{
			if (peer == channel->self)
				continue;
			for (size_t at = 0; at < count && status == SMC_OK; at += step)
			{
				size_t		block = count - at < step ? count - at : step;
				size_t		k = at * limbs;

				if (pass == 0)
					status = product_ask(engine, width, batch, peer, y + k, h, block);
				else if (pass == 1)
					status = product_answer(engine, width, batch, peer, x + k, sum + k, block);
				else
					status = product_collect(engine, width, batch, peer, y + k, h, sum + k, block);
				h += block * (size_t) width;
			}
		}
	}
	return status;
}

SmcStatus
smc_arith_multiply(SmcEngine *engine, int width, const uint64_t *x, const uint64_t *y,
				   uint64_t *out, size_t count)
{
	size_t		limbs = (size_t) width / 64;
	size_t		window;
	SmcArena   *arena;
	Batch	   *batch;
	SmcBlock   *held;
	uint64_t   *sum;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!valid_width(width))
		return SMC_ERR_ARGUMENT;
	window = WINDOW * SMC_OT_BATCH / (size_t) width;
	if (window > count)
		window = count;
	batch = new_batch(&arena);
	if (batch == NULL)
		goto done;
	sum = smc_arena_array(arena, window * limbs, sizeof(uint64_t));
	held = smc_arena_array(arena, window * (size_t) width * (size_t) (engine->channel->party_count - 1),
						   sizeof(SmcBlock));
	if (sum == NULL || held == NULL)
		goto done;
	status = SMC_OK;
	smc_channel_round(engine->channel);
	for (size_t at = 0; at < count && status == SMC_OK; at += window)
	{
		size_t		stretch = count - at < window ? count - at : window;

		status = product_window(engine, width, batch, held, x + at * limbs, y + at * limbs, sum, stretch);
		if (status == SMC_OK)
			memcpy(out + at * limbs, sum, stretch * limbs * sizeof(uint64_t));
	}
done:
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_arith_open(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *out, size_t count)
{
	SmcChannel *channel = engine->channel;
	size_t		words = count * (size_t) width / 64;
	SmcArena   *arena = valid_width(width) ? smc_arena_create() : NULL;
	uint64_t   *theirs = arena ? smc_arena_array(arena, words, sizeof(uint64_t)) : NULL;
	SmcStatus	status = theirs ? SMC_OK : SMC_ERR_MEMORY;

	if (!valid_width(width))
		status = SMC_ERR_ARGUMENT;
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		if (peer != channel->self)
			status = smc_channel_send(channel, peer, shares, words * sizeof(uint64_t));
	}
	if (status == SMC_OK)
	{
		memmove(out, shares, words * sizeof(uint64_t));
		smc_channel_round(channel);
	}
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		if (peer == channel->self)
			continue;
		status = smc_channel_receive(channel, peer, theirs, words * sizeof(uint64_t));
		for (size_t e = 0; e < count && status == SMC_OK; e++)
			smc_arith_put(out, width, e, smc_arith_get(out, width, e) + smc_arith_get(theirs, width, e));
	}
	smc_arena_destroy(arena);
	return status;
}
