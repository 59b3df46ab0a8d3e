/*
 * Fixed point on shares; see the header.
 */
#include "smc_scaled.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_linear.h"

/* M: bits of each party's mask. */
static int
mask_bits(int bits)
{
	return bits + SMC_SCALED_HIDING + 1;
}

/* n masks and what they hide: n 2^M + 2^(m+1) <= (n + 1) 2^M. */
int
smc_scaled_width(int party_count, int bits)
{
	return (mask_bits(bits) + smc_bits_log_up(party_count + 1) + 63) / 64 * 64;
}

/* The first party's share, floor(X / 2^f) - floor(r / 2^f) <= n 2^(M-f), is the largest. */
int
smc_scaled_bits(int party_count, int bits, int places)
{
	return mask_bits(bits) - places + smc_bits_log_up(party_count);
}

/* Keep only the low bits of a number. */
static void
cut(uint64_t *integer, int bits, size_t limbs)
{
	for (size_t i = 0; i < limbs; i++)
	{
		if ((int) (64 * i) >= bits)
			integer[i] = 0;
		else if ((int) (64 * i) + 64 > bits)
			integer[i] &= (UINT64_C(1) << (bits % 64)) - 1;
	}
}

/* Our mask, and our part of X, which goes to everybody. */
static void
mask(SmcEngine *engine, const SmcScaling *s, uint64_t *masks, uint64_t *hidden, size_t count)
{
	int			width = smc_scaled_width(engine->channel->party_count, s->bits);
	size_t		limbs = smc_limbs_of(width);
	SmcWide		offset = smc_linear_power(s->bits);

	smc_random_fill(engine->random, masks, count * limbs * sizeof(uint64_t));
	for (size_t e = 0; e < count; e++)
		cut(masks + e * limbs, mask_bits(s->bits), limbs);
	smc_limbs_resize_all(hidden, limbs, s->x, smc_limbs_of(s->width), count);
	smc_limbs_add_all(hidden, hidden, masks, limbs, count);
	smc_linear_add_constant(engine, hidden, width, &offset, count);
}

/* floor(X / 2^f) less what is cut off the mask: ours alone, or under a public number. */
static bool
unmask(SmcEngine *engine, const SmcScaling *s, const uint64_t *masks, const uint64_t *opened, size_t count,
	   SmcArena *arena)
{
	int			n = engine->channel->party_count;
	size_t		limbs = smc_limbs_of(smc_scaled_width(n, s->bits));
	SmcWide		other = smc_linear_power(mask_bits(s->bits) - s->places);
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcWide		offset = smc_linear_power(s->bits - s->places);
	SmcWide		lift = smc_wide_from_int(s->lift);
	SmcScaled  *out = s->out;
	size_t		words;

	out->bits = smc_scaled_bits(n, s->bits, s->places);
	words = smc_bits_words((size_t) out->bits);
	out->shares = smc_arena_array(arena, count * words, sizeof(uint64_t));
	if (out->shares == NULL)
		return false;

	/* the others' shares are 2^(M-f) - 1 - floor(r / 2^f) */
	other = smc_wide_add(&other, &minus_one);
	out->excess = smc_wide_add(&offset, &lift);
	for (int i = 1; i < n; i++)
		out->excess = smc_wide_add(&out->excess, &other);
	for (size_t e = 0; e < count; e++)
	{
		uint64_t	r[SMC_LIMBS_MAX] = {0};
		uint64_t	top[SMC_LIMBS_MAX] = {0};

		smc_limbs_shift_right(r, masks + e * limbs, (unsigned) s->places, limbs);
		if (engine->channel->self == 0)
			smc_limbs_shift_right(top, opened + e * limbs, (unsigned) s->places, limbs);
		else
			memcpy(top, other.limb, limbs * sizeof(uint64_t));
		smc_limbs_subtract(top, top, r, limbs);
		memcpy(out->shares + e * words, top, words * sizeof(uint64_t));
	}
	return true;
}

/* Exchange with everyone; opened becomes the sum. */
static SmcStatus
open_all(SmcEngine *engine, const SmcScaling *scalings, size_t scaling_count, size_t count,
		 uint64_t *opened, uint64_t *theirs, size_t words)
{
	SmcChannel *channel = engine->channel;
	SmcStatus	status = SMC_OK;

	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		if (peer != channel->self)
			status = smc_channel_send(channel, peer, opened, words * sizeof(uint64_t));
	}
	smc_channel_round(channel);
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		size_t		at = 0;

		if (peer == channel->self)
			continue;
		status = smc_channel_receive(channel, peer, theirs, words * sizeof(uint64_t));
		for (size_t k = 0; k < scaling_count && status == SMC_OK; k++)
		{
			size_t		limbs = smc_limbs_of(smc_scaled_width(channel->party_count, scalings[k].bits));

			smc_limbs_add_all(opened + at, opened + at, theirs + at, limbs, count);
			at += count * limbs;
		}
	}
	return status;
}

SmcStatus
smc_scaled_down(SmcEngine *engine, const SmcScaling *scalings, size_t scaling_count, size_t count, SmcArena *arena)
{
	SmcArena   *local = NULL;
	uint64_t   *masks;
	uint64_t   *opened;
	uint64_t   *theirs;
	size_t		words = 0;
	size_t		at = 0;
	SmcStatus	status = SMC_ERR_MEMORY;

	for (size_t k = 0; k < scaling_count; k++)
	{
		const SmcScaling *s = &scalings[k];
		int			width = smc_scaled_width(engine->channel->party_count, s->bits);

		if (s->bits < 0 || s->places < 0 || s->places > s->bits ||
			!smc_limbs_valid(s->width) || !smc_limbs_valid(width) || width > s->width)
			return SMC_ERR_ARGUMENT;
		words += count * smc_limbs_of(width);
	}
	local = smc_arena_create();
	if (local == NULL)
		return status;
	masks = smc_arena_array(local, words, sizeof(uint64_t));
	opened = smc_arena_array(local, words, sizeof(uint64_t));
	theirs = smc_arena_array(local, words, sizeof(uint64_t));
	if (masks == NULL || opened == NULL || theirs == NULL)
		goto done;
	for (size_t k = 0; k < scaling_count; k++)
	{
		mask(engine, &scalings[k], masks + at, opened + at, count);
		at += count * smc_limbs_of(smc_scaled_width(engine->channel->party_count, scalings[k].bits));
	}
	status = open_all(engine, scalings, scaling_count, count, opened, theirs, words);
	at = 0;
	for (size_t k = 0; k < scaling_count && status == SMC_OK; k++)
	{
		if (!unmask(engine, &scalings[k], masks + at, opened + at, count, arena))
			status = SMC_ERR_MEMORY;
		at += count * smc_limbs_of(smc_scaled_width(engine->channel->party_count, scalings[k].bits));
	}
done:
	smc_arena_destroy(local);
	return status;
}

void
smc_scaled_cut(SmcScaled *scaled, int places, size_t count)
{
	size_t		from = smc_bits_words((size_t) scaled->bits);
	size_t		to = smc_bits_words((size_t) (scaled->bits - places));
	uint64_t	cut[SMC_LIMBS_MAX] = {0};

	/* in place: shares only get shorter */
	for (size_t e = 0; e < count; e++)
	{
		smc_limbs_shift_right(cut, scaled->shares + e * from, (unsigned) places, from);
		memcpy(scaled->shares + e * to, cut, to * sizeof(uint64_t));
	}
	smc_limbs_shift_right(cut, scaled->excess.limb, (unsigned) places, SMC_WIDE_LIMBS);
	memcpy(scaled->excess.limb, cut, sizeof(cut));
	scaled->bits -= places;
}

void
smc_scaled_ring(const SmcEngine *engine, const SmcScaled *scaled, int width, uint64_t *out, size_t count)
{
	SmcWide		minus = smc_wide_negate(&scaled->excess);

	smc_limbs_resize_all(out, smc_limbs_of(width), scaled->shares, smc_bits_words((size_t) scaled->bits), count);
	smc_linear_add_constant(engine, out, width, &minus, count);
}

/* ---- products ---------------------------------------------------------------------- */

/*
 * With y = s - k, s the sum of the shares and k their excess: x y = x s - k x,
 * and y y = s s - 2 k s + k k.  Shares longer than the ring are cut to it.
 */
SmcStatus
smc_scaled_multiply(SmcEngine *engine, const SmcScaledProduct *products, size_t product_count, size_t count)
{
	SmcArena   *local = smc_arena_create();
	SmcArithProduct *joint = local ? smc_arena_array(local, product_count, sizeof(*joint)) : NULL;
	SmcStatus	status = joint ? SMC_OK : SMC_ERR_MEMORY;

	for (size_t k = 0; k < product_count && status == SMC_OK; k++)
	{
		const SmcScaledProduct *p = &products[k];
		int			y_bits = p->y->bits < p->width ? p->y->bits : p->width;
		uint64_t   *wide = smc_arena_array(local, count * smc_limbs_of(p->width), sizeof(uint64_t));
		uint64_t   *narrow = smc_arena_array(local, count * smc_bits_words((size_t) y_bits), sizeof(uint64_t));
		size_t		y_words = smc_bits_words((size_t) p->y->bits);

		if (wide == NULL || narrow == NULL)
		{
			status = SMC_ERR_MEMORY;
			break;
		}
		smc_limbs_resize_all(wide, smc_limbs_of(p->width), p->y->shares, y_words, count);
		smc_limbs_resize_all(narrow, smc_bits_words((size_t) y_bits), p->y->shares, y_words, count);
		joint[k] = (SmcArithProduct) {p->width, p->x == NULL, y_bits, p->x ? p->x : wide, narrow, p->out};
	}
	if (status == SMC_OK)
		status = smc_arith_multiply_joint(engine, joint, product_count, count);
	for (size_t k = 0; k < product_count && status == SMC_OK; k++)
	{
		const SmcScaledProduct *p = &products[k];
		SmcWide		factor = smc_wide_negate(&p->y->excess);

		if (p->x == NULL)
		{
			SmcWide		square = smc_wide_multiply(&factor, &factor);

			factor = smc_wide_add(&factor, &factor);
			smc_linear_add_constant(engine, p->out, p->width, &square, count);
		}
		smc_linear_add(p->out, p->width, joint[k].x, &factor, count);
	}
	smc_arena_destroy(local);
	return status;
}
