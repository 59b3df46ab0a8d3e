/*
 * Products of arithmetic shares; see smc_arith.h.
 *
 * Cross terms x_peer * y_self of a few elements take one OT a bit of our y, and
 * y_peer * x_self the other way: all questions first, then all answers, then all
 * corrections.
 */
#include "smc_arith.h"

#include <string.h>

#include "smc_arith_pads.h"

/* Bytes of the correction for bit t of a product of that width. */
static inline size_t
fix_bytes(size_t width, size_t t)
{
	return (width - t + 7) / 8;
}

/* Those of a whole product. */
static inline size_t
all_fix_bytes(size_t width)
{
	return width * (width + 8) / 16;
}

/* out += a * 2^t, or -=.  a counts mod 2^(64 * limbs - t) only. */
SMC_LIMBS_INLINE void
accumulate(uint64_t *out, const uint64_t *a, size_t t, bool minus, size_t limbs)
{
	if (limbs <= 2)
	{
		/* one or two words are one number to the compiler */
		unsigned __int128 value = a[0];
		unsigned __int128 sum = out[0];

		if (limbs == 2)
		{
			value |= (unsigned __int128) a[1] << 64;
			sum |= (unsigned __int128) out[1] << 64;
		}
		value <<= t;
		sum = minus ? sum - value : sum + value;
		out[0] = (uint64_t) sum;
		if (limbs == 2)
			out[1] = (uint64_t) (sum >> 64);
	}
	else
	{
		uint64_t	shifted[SMC_LIMBS_MAX];

		smc_limbs_shift_left(shifted, a, (unsigned) t, limbs);
		if (minus)
			smc_limbs_subtract(out, out, shifted, limbs);
		else
			smc_limbs_add(out, out, shifted, limbs);
	}
}

/* m0 and m1 + correction = m0 + x; our share is -m0, times 2^t. */
SMC_LIMBS_INLINE void
offer_of(size_t limbs, const SmcArithPads *pads, const uint64_t *x, uint64_t *out, size_t count)
{
	size_t		width = 64 * limbs;
	uint8_t    *wire = pads->wire;

	for (size_t e = 0; e < count; e++)
	{
		uint64_t	share[SMC_LIMBS_MAX] = {0};

		for (size_t t = 0; t < width; t++)
		{
			uint64_t	m0[SMC_LIMBS_MAX] = {0};
			uint64_t	fix[SMC_LIMBS_MAX];

			smc_arith_pad(m0, pads->m0, count * width, e * width + t, limbs);
			smc_arith_pad(fix, pads->m1, count * width, e * width + t, limbs);
			smc_limbs_subtract(fix, m0, fix, limbs);
			smc_limbs_add(fix, fix, x + e * limbs, limbs);
			/* all of it; the next overwrites what doesn't count */
			memcpy(wire, fix, limbs * 8);
			wire += fix_bytes(width, t);
			accumulate(share, m0, t, true, limbs);
		}
		smc_limbs_add(out + e * limbs, out + e * limbs, share, limbs);
	}
}

static SmcStatus
answer(SmcEngine *engine, size_t limbs, const SmcArithPads *pads, int peer, const uint64_t *x, uint64_t *out,
	   size_t count)
{
	size_t		width = 64 * limbs;
	SmcStatus	status;

	status = smc_ot_send_strings(engine->ot[peer].sender, engine->channel, peer, true,
								 pads->m0, pads->m1, smc_arith_blocks(limbs), count * width);
	if (status != SMC_OK)
		return status;
	engine->ots_made += count * width;
	switch (limbs)
	{
		case 1:
			offer_of(1, pads, x, out, count);
			break;
		case 2:
			offer_of(2, pads, x, out, count);
			break;
		default:
			offer_of(limbs, pads, x, out, count);
	}
	return smc_channel_send(engine->channel, peer, pads->wire, count * all_fix_bytes(width));
}

/* m_y, corrected where y's bit is set, times 2^t. */
SMC_LIMBS_INLINE void
take_of(size_t limbs, const SmcArithPads *pads, const uint64_t *y, const SmcBlock *held, uint64_t *out, size_t count)
{
	size_t		width = 64 * limbs;
	const uint8_t *wire = pads->wire;

	for (size_t e = 0; e < count; e++)
	{
		uint64_t	share[SMC_LIMBS_MAX] = {0};

		for (size_t t = 0; t < width; t++)
		{
			size_t		k = e * width + t;
			uint64_t	pad[SMC_LIMBS_MAX] = {0};
			uint64_t	fix[SMC_LIMBS_MAX];

			/* with what is the next one's, which 2^t moves out */
			memcpy(fix, wire, limbs * 8);
			wire += fix_bytes(width, t);
			smc_arith_pad(pad, held, count * width, k, limbs);
			smc_limbs_mask(fix, fix, smc_arith_mask(y, k), limbs);
			smc_limbs_add(pad, pad, fix, limbs);
			accumulate(share, pad, t, false, limbs);
		}
		smc_limbs_add(out + e * limbs, out + e * limbs, share, limbs);
	}
}

static SmcStatus
collect(SmcEngine *engine, size_t limbs, const SmcArithPads *pads, int peer, const uint64_t *y,
		const SmcBlock *held, uint64_t *out, size_t count)
{
	SmcStatus	status = smc_channel_receive(engine->channel, peer, pads->wire, count * all_fix_bytes(64 * limbs));

	if (status != SMC_OK)
		return status;
	switch (limbs)
	{
		case 1:
			take_of(1, pads, y, held, out, count);
			break;
		case 2:
			take_of(2, pads, y, held, out, count);
			break;
		default:
			take_of(limbs, pads, y, held, out, count);
	}
	return SMC_OK;
}

/* The terms of a window: each pass goes over all peers and batches. */
static SmcStatus
multiply_window(SmcEngine *engine, size_t limbs, const SmcArithPads *pads, const uint64_t *x, const uint64_t *y,
				uint64_t *sum, size_t count)
{
	SmcChannel *channel = engine->channel;
	size_t		width = 64 * limbs;
	size_t		step = SMC_OT_BATCH / width;
	size_t		blocks = smc_arith_blocks(limbs);
	SmcStatus	status = SMC_OK;

	for (size_t e = 0; e < count; e++)
		smc_limbs_multiply(sum + e * limbs, x + e * limbs, y + e * limbs, limbs);
	for (int pass = 0; pass < 3; pass++)
	{
		SmcBlock   *h = pads->held;

		for (int peer = 0; peer < channel->party_count; peer++)
		{
			if (peer == channel->self)
				continue;
			for (size_t at = 0; at < count && status == SMC_OK; at += step)
			{
				size_t		block = count - at < step ? count - at : step;
				size_t		k = at * limbs;

				if (pass == 0)
				{
					/* an element's bits are the choices, in order; they are only read */
					status = smc_ot_receive_strings(engine->ot[peer].receiver, channel, peer, true,
													(uint8_t *) (y + k), h, blocks, block * width);
					engine->ots_made += block * width;
				}
				else if (pass == 1)
					status = answer(engine, limbs, pads, peer, x + k, sum + k, block);
				else
					status = collect(engine, limbs, pads, peer, y + k, h, sum + k, block);
				h += block * width * blocks;
			}
		}
	}
	return status;
}

SmcStatus
smc_arith_multiply(SmcEngine *engine, int width, const uint64_t *x, const uint64_t *y,
				   uint64_t *out, size_t count)
{
	size_t		limbs = smc_limbs_of(width);
	size_t		window;
	SmcArena   *arena;
	SmcArithPads pads;
	uint64_t   *sum;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width))
		return SMC_ERR_ARGUMENT;
	arena = smc_arena_create();
	if (arena == NULL)
		return status;
	window = smc_arith_window(limbs, (size_t) width, count);
	sum = smc_arena_array(arena, window * limbs, sizeof(uint64_t));
	if (sum == NULL ||
		!smc_arith_pads_alloc(&pads, arena, limbs, (size_t) width, window, engine->channel->party_count - 1))
		goto done;
	status = SMC_OK;
	smc_channel_round(engine->channel);
	for (size_t at = 0; at < count && status == SMC_OK; at += window)
	{
		size_t		stretch = count - at < window ? count - at : window;

		status = multiply_window(engine, limbs, &pads, x + at * limbs, y + at * limbs, sum, stretch);
		if (status == SMC_OK)
			memcpy(out + at * limbs, sum, stretch * limbs * sizeof(uint64_t));
	}
done:
	smc_arena_destroy(arena);
	return status;
}
