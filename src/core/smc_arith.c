/*
 * Arithmetic shares: bits times integers, selection, opening; see the header.
 * Products are in smc_arith_product.c.
 *
 * OTs go in batches of SMC_OT_BATCH.
 */
#include "smc_arith.h"

#include <string.h>

#include "smc_arith_pads.h"
#include "smc_bits.h"

/* ---- a ring element times a party's own bit -------------------------------- */

/* The others: m0 and m1 + correction = m0 + v; our share is -m0. */
SMC_LIMBS_INLINE void
offer_of(size_t limbs, const SmcArithPads *pads, const uint64_t *v, uint64_t *out, size_t count)
{
	for (size_t e = 0; e < count; e++)
	{
		uint64_t	m0[SMC_LIMBS_MAX];
		uint64_t	fix[SMC_LIMBS_MAX];

		smc_arith_pad(m0, pads->m0, count, e, limbs);
		smc_arith_pad(fix, pads->m1, count, e, limbs);
		smc_limbs_subtract(fix, m0, fix, limbs);
		smc_limbs_add(fix, fix, v + e * limbs, limbs);
		memcpy(pads->wire + e * limbs * 8, fix, limbs * 8);
		smc_limbs_negate(out + e * limbs, m0, limbs);
	}
}

static SmcStatus
bit_answer(SmcEngine *engine, size_t limbs, const SmcArithPads *pads, int peer, const uint64_t *v, uint64_t *out,
		   size_t count)
{
	SmcStatus	status;

	status = smc_ot_send_strings(engine->ot[peer].sender, engine->channel, peer, true,
								 pads->m0, pads->m1, smc_arith_blocks(limbs), count);
	if (status != SMC_OK)
		return status;
	engine->ots_made += count;
	switch (limbs)
	{
		case 1:
			offer_of(1, pads, v, out, count);
			break;
		case 2:
			offer_of(2, pads, v, out, count);
			break;
		default:
			offer_of(limbs, pads, v, out, count);
	}
	return smc_channel_send(engine->channel, peer, pads->wire, count * limbs * 8);
}

/* The owner: m_s, corrected where s is set. */
SMC_LIMBS_INLINE void
take_of(size_t limbs, const SmcArithPads *pads, const uint64_t *s, const SmcBlock *held, uint64_t *out, size_t count)
{
	for (size_t e = 0; e < count; e++)
	{
		uint64_t	pad[SMC_LIMBS_MAX];
		uint64_t	fix[SMC_LIMBS_MAX];

		smc_arith_pad(pad, held, count, e, limbs);
		memcpy(fix, pads->wire + e * limbs * 8, limbs * 8);
		smc_limbs_mask(fix, fix, smc_arith_mask(s, e), limbs);
		smc_limbs_add(pad, pad, fix, limbs);
		smc_limbs_add(out + e * limbs, out + e * limbs, pad, limbs);
	}
}

static SmcStatus
bit_collect(SmcEngine *engine, size_t limbs, const SmcArithPads *pads, int peer, const uint64_t *s,
			const SmcBlock *held, uint64_t *out, size_t count)
{
	SmcStatus	status = smc_channel_receive(engine->channel, peer, pads->wire, count * limbs * 8);

	if (status != SMC_OK)
		return status;
	switch (limbs)
	{
		case 1:
			take_of(1, pads, s, held, out, count);
			break;
		case 2:
			take_of(2, pads, s, held, out, count);
			break;
		default:
			take_of(limbs, pads, s, held, out, count);
	}
	return SMC_OK;
}

/* The owner's part: everybody is asked before anybody's answer is waited for. */
static SmcStatus
bit_owner(SmcEngine *engine, size_t limbs, const SmcArithPads *pads, const uint64_t *s, const uint64_t *v,
		  uint64_t *out, size_t count)
{
	SmcChannel *channel = engine->channel;
	SmcStatus	status = SMC_OK;

	for (size_t e = 0; e < count; e++)
		smc_limbs_mask(out + e * limbs, v + e * limbs, smc_arith_mask(s, e), limbs);
	for (int pass = 0; pass < 2; pass++)
	{
		SmcBlock   *h = pads->held;

		for (int peer = 0; peer < channel->party_count; peer++)
		{
			if (peer == channel->self)
				continue;
			for (size_t at = 0; at < count && status == SMC_OK; at += SMC_OT_BATCH)
			{
				size_t		block = count - at < SMC_OT_BATCH ? count - at : SMC_OT_BATCH;

				if (pass == 1)
					status = bit_collect(engine, limbs, pads, peer, s + at / 64, h, out + at * limbs, block);
				else
				{
					/* chosen choices are only read */
					status = smc_ot_receive_strings(engine->ot[peer].receiver, channel, peer, true,
													(uint8_t *) (s + at / 64), h, smc_arith_blocks(limbs), block);
					engine->ots_made += block;
				}
				h += block * smc_arith_blocks(limbs);
			}
		}
	}
	return status;
}

SmcStatus
smc_arith_private_bit(SmcEngine *engine, int width, int owner, const uint64_t *s,
					  const uint64_t *v, uint64_t *out, size_t count)
{
	size_t		limbs = smc_limbs_of(width);
	SmcArena   *arena;
	SmcArithPads pads;
	size_t		window;
	size_t		held = 0;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width) || owner < 0 || owner >= engine->channel->party_count)
		return SMC_ERR_ARGUMENT;
	arena = smc_arena_create();
	if (arena == NULL)
		return status;
	window = SMC_ARITH_WINDOW / smc_arith_blocks(limbs) * SMC_OT_BATCH;
	if (window > count)
		window = count;
	if (engine->channel->self == owner)
		held = window * smc_arith_blocks(limbs) * (size_t) (engine->channel->party_count - 1);
	if (!smc_arith_pads_alloc(&pads, arena, limbs, 1, window, held))
		goto done;
	status = SMC_OK;
	smc_channel_round(engine->channel);
	for (size_t at = 0; at < count && status == SMC_OK; at += window)
	{
		size_t		stretch = count - at < window ? count - at : window;

		if (engine->channel->self == owner)
			status = bit_owner(engine, limbs, &pads, s + at / 64, v + at * limbs, out + at * limbs, stretch);
		else
		{
			for (size_t k = at; k < at + stretch && status == SMC_OK; k += SMC_OT_BATCH)
			{
				size_t		block = at + stretch - k < SMC_OT_BATCH ? at + stretch - k : SMC_OT_BATCH;

				status = bit_answer(engine, limbs, &pads, owner, v + k * limbs, out + k * limbs, block);
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
	size_t		limbs = smc_limbs_of(width);
	SmcArena   *arena = smc_limbs_valid(width) ? smc_arena_create() : NULL;
	uint64_t   *step = arena ? smc_arena_array(arena, count * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = step ? SMC_OK : SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width))
		return SMC_ERR_ARGUMENT;
	if (status == SMC_OK)
		memset(out, 0, count * limbs * sizeof(uint64_t));
	for (int owner = 0; owner < engine->channel->party_count && status == SMC_OK; owner++)
	{
		/* u += (v - 2u) s_i */
		smc_limbs_subtract_all(step, v, out, limbs, count);
		smc_limbs_subtract_all(step, step, out, limbs, count);
		status = smc_arith_private_bit(engine, width, owner,
									   engine->channel->self == owner ? s : NULL, step, step, count);
		if (status == SMC_OK)
			smc_limbs_add_all(out, out, step, limbs, count);
	}
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_arith_from_bits(SmcEngine *engine, int width, const uint64_t *s, uint64_t *out, size_t count)
{
	size_t		limbs = smc_limbs_of(width);
	SmcArena   *arena = smc_limbs_valid(width) ? smc_arena_create() : NULL;
	uint64_t   *one = arena ? smc_arena_array(arena, count * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = smc_limbs_valid(width) ? SMC_ERR_MEMORY : SMC_ERR_ARGUMENT;

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
	size_t		limbs = smc_limbs_of(width);
	SmcArena   *arena = smc_limbs_valid(width) ? smc_arena_create() : NULL;
	uint64_t   *d = arena ? smc_arena_array(arena, count * limbs, sizeof(uint64_t)) : NULL;
	uint64_t   *t = arena ? smc_arena_array(arena, count * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = smc_limbs_valid(width) ? SMC_ERR_MEMORY : SMC_ERR_ARGUMENT;

	if (d != NULL && t != NULL)
	{
		smc_limbs_subtract_all(d, x, y, limbs, count);
		status = smc_arith_times_bit(engine, width, s, d, t, count);
		if (status == SMC_OK)
			smc_limbs_add_all(out, y, t, limbs, count);
	}
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_arith_open(SmcEngine *engine, int width, const uint64_t *shares, uint64_t *out, size_t count)
{
	SmcChannel *channel = engine->channel;
	size_t		limbs = smc_limbs_of(width);
	size_t		bytes = count * limbs * sizeof(uint64_t);
	SmcArena   *arena = smc_limbs_valid(width) ? smc_arena_create() : NULL;
	uint64_t   *theirs = arena ? smc_arena_alloc(arena, bytes) : NULL;
	SmcStatus	status = theirs ? SMC_OK : SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width))
		status = SMC_ERR_ARGUMENT;
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		if (peer != channel->self)
			status = smc_channel_send(channel, peer, shares, bytes);
	}
	if (status == SMC_OK)
	{
		memmove(out, shares, bytes);
		smc_channel_round(channel);
	}
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		if (peer == channel->self)
			continue;
		status = smc_channel_receive(channel, peer, theirs, bytes);
		if (status == SMC_OK)
			smc_limbs_add_all(out, out, theirs, limbs, count);
	}
	smc_arena_destroy(arena);
	return status;
}
