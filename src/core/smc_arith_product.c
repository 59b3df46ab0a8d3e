/*
 * Products of arithmetic shares; see smc_arith.h.
 *
 * Cross terms x_peer * y_self of a few elements take one OT a bit of our y, and
 * y_peer * x_self the other way: all questions first, then all answers, then all
 * corrections.  In a square the two are the same, so that one is taken twice.
 */
#include "smc_arith.h"

#include <string.h>

#include "smc_arith_pads.h"
#include "smc_bits.h"

/* One product, as it is worked on. */
typedef struct Term
{
	const SmcArithProduct *product;
	size_t		limbs;			/* of x and out */
	size_t		y_limbs;
	size_t		ots;			/* bits of y, in whole bytes */
} Term;

static Term
make_term(const SmcArithProduct *product)
{
	Term		term;

	term.product = product;
	term.limbs = smc_limbs_of(product->width);
	term.y_limbs = smc_bits_words((size_t) product->y_bits);
	term.ots = (size_t) (product->y_bits + 7) / 8 * 8;
	return term;
}

/* Bytes of the correction for bit t. */
static inline size_t
fix_bytes(size_t limbs, size_t t)
{
	return 8 * limbs - t / 8;
}

/* Those of a whole product: 8 times 8 limbs, 8 limbs - 1, ... */
static inline size_t
all_fix_bytes(const Term *term)
{
	size_t		bytes = term->ots / 8;

	return 8 * (bytes * 8 * term->limbs - bytes * (bytes - 1) / 2);
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
offer_of(size_t limbs, size_t ots, const SmcArithPads *pads, bool twice, const uint64_t *x, uint64_t *out,
		 size_t count)
{
	uint8_t    *wire = pads->wire;

	for (size_t e = 0; e < count; e++)
	{
		uint64_t	share[SMC_LIMBS_MAX] = {0};
		uint64_t	xe[SMC_LIMBS_MAX] = {0};

		memcpy(xe, x + e * limbs, limbs * 8);
		if (twice)
			smc_limbs_add(xe, xe, xe, limbs);
		for (size_t t = 0; t < ots; t++)
		{
			uint64_t	m0[SMC_LIMBS_MAX] = {0};
			uint64_t	fix[SMC_LIMBS_MAX];

			smc_arith_pad(m0, pads->m0, count * ots, e * ots + t, limbs);
			smc_arith_pad(fix, pads->m1, count * ots, e * ots + t, limbs);
			smc_limbs_subtract(fix, m0, fix, limbs);
			smc_limbs_add(fix, fix, xe, limbs);
			/* all of it; the next overwrites what doesn't count */
			memcpy(wire, fix, limbs * 8);
			wire += fix_bytes(limbs, t);
			accumulate(share, m0, t, true, limbs);
		}
		smc_limbs_add(out + e * limbs, out + e * limbs, share, limbs);
	}
}

static SmcStatus
answer(SmcEngine *engine, const Term *term, const SmcArithPads *pads, int peer, const uint64_t *x, uint64_t *out,
	   size_t count)
{
	bool		twice = term->product->square;
	SmcStatus	status;

	status = smc_ot_send_strings(engine->ot[peer].sender, engine->channel, peer, true,
								 pads->m0, pads->m1, smc_arith_blocks(term->limbs), count * term->ots);
	if (status != SMC_OK)
		return status;
	engine->ots_made += count * term->ots;
	switch (term->limbs)
	{
		case 1:
			offer_of(1, term->ots, pads, twice, x, out, count);
			break;
		case 2:
			offer_of(2, term->ots, pads, twice, x, out, count);
			break;
		default:
			offer_of(term->limbs, term->ots, pads, twice, x, out, count);
	}
	return smc_channel_send(engine->channel, peer, pads->wire, count * all_fix_bytes(term));
}

/* m_y, corrected where y's bit is set, times 2^t. */
SMC_LIMBS_INLINE void
take_of(size_t limbs, size_t ots, const SmcArithPads *pads, const SmcBlock *held, uint64_t *out, size_t count)
{
	const uint8_t *wire = pads->wire;

	for (size_t e = 0; e < count; e++)
	{
		uint64_t	share[SMC_LIMBS_MAX] = {0};

		for (size_t t = 0; t < ots; t++)
		{
			size_t		k = e * ots + t;
			uint64_t	pad[SMC_LIMBS_MAX] = {0};
			uint64_t	fix[SMC_LIMBS_MAX];

			/* with what is the next one's, which 2^t moves out */
			memcpy(fix, wire, limbs * 8);
			wire += fix_bytes(limbs, t);
			smc_arith_pad(pad, held, count * ots, k, limbs);
			smc_limbs_mask(fix, fix, smc_arith_mask(pads->choices, k), limbs);
			smc_limbs_add(pad, pad, fix, limbs);
			accumulate(share, pad, t, false, limbs);
		}
		smc_limbs_add(out + e * limbs, out + e * limbs, share, limbs);
	}
}

static SmcStatus
collect(SmcEngine *engine, const Term *term, const SmcArithPads *pads, int peer,
		const SmcBlock *held, uint64_t *out, size_t count)
{
	SmcStatus	status = smc_channel_receive(engine->channel, peer, pads->wire, count * all_fix_bytes(term));

	if (status != SMC_OK)
		return status;
	switch (term->limbs)
	{
		case 1:
			take_of(1, term->ots, pads, held, out, count);
			break;
		case 2:
			take_of(2, term->ots, pads, held, out, count);
			break;
		default:
			take_of(term->limbs, term->ots, pads, held, out, count);
	}
	return SMC_OK;
}

/* The bits of count elements of y, one after the other. */
static void
gather_choices(const Term *term, const SmcArithPads *pads, const uint64_t *y, size_t count)
{
	size_t		bytes = term->ots / 8;

	for (size_t e = 0; e < count; e++)
		memcpy((uint8_t *) pads->choices + e * bytes, y + e * term->y_limbs, bytes);
}

/* What each party has by itself: its x times its y. */
static void
own_terms(const Term *term, const uint64_t *x, const uint64_t *y, uint64_t *out, size_t count)
{
	for (size_t e = 0; e < count; e++)
	{
		uint64_t	ye[SMC_LIMBS_MAX] = {0};

		memcpy(ye, y + e * term->y_limbs, term->y_limbs * 8);
		smc_limbs_multiply(out + e * term->limbs, x + e * term->limbs, ye, term->limbs);
	}
}

typedef enum Pass
{
	ASK, ANSWER, COLLECT, PASSES
} Pass;

/*
 * One pass over one product's peers and batches, elements from `from` on.  *held
 * moves on behind what is asked.
 */
static SmcStatus
run_pass(SmcEngine *engine, const Term *term, Pass pass, const SmcArithPads *pads, SmcBlock **held, size_t from,
		 size_t count)
{
	const SmcArithProduct *p = term->product;
	SmcChannel *channel = engine->channel;
	size_t		step = SMC_OT_BATCH / term->ots;
	size_t		blocks = smc_arith_blocks(term->limbs);
	SmcStatus	status = SMC_OK;

	for (int peer = 0; peer < channel->party_count; peer++)
	{
		bool		asks = !p->square || channel->self > peer;
		bool		asked = !p->square || channel->self < peer;

		if (peer == channel->self || !(pass == ANSWER ? asked : asks))
			continue;
		for (size_t at = from; at < from + count && status == SMC_OK; at += step)
		{
			size_t		n = from + count - at < step ? from + count - at : step;

			if (pass != ANSWER)
				gather_choices(term, pads, p->y + at * term->y_limbs, n);
			if (pass == ASK)
			{
				status = smc_ot_receive_strings(engine->ot[peer].receiver, channel, peer, true,
												(uint8_t *) pads->choices, *held, blocks, n * term->ots);
				engine->ots_made += n * term->ots;
			}
			else if (pass == ANSWER)
				status = answer(engine, term, pads, peer, p->x + at * term->limbs, p->out + at * term->limbs, n);
			else
				status = collect(engine, term, pads, peer, *held, p->out + at * term->limbs, n);
			*held += pass == ANSWER ? 0 : n * term->ots * blocks;
		}
	}
	return status;
}

/* All products of a stretch of elements: each pass goes over all of them. */
static SmcStatus
run_window(SmcEngine *engine, const SmcArithProduct *products, size_t product_count, const SmcArithPads *pads,
		   size_t from, size_t count)
{
	SmcStatus	status = SMC_OK;

	for (int pass = ASK; pass < PASSES; pass++)
	{
		SmcBlock   *held = pads->held;

		for (size_t k = 0; k < product_count && status == SMC_OK; k++)
		{
			Term		term = make_term(&products[k]);

			if (pass == ASK)
				own_terms(&term, products[k].x + from * term.limbs, products[k].y + from * term.y_limbs,
						  products[k].out + from * term.limbs, count);
			status = run_pass(engine, &term, (Pass) pass, pads, &held, from, count);
		}
	}
	return status;
}

SmcStatus
smc_arith_multiply_joint(SmcEngine *engine, const SmcArithProduct *products, size_t product_count, size_t count)
{
	size_t		limbs = 1;		/* of the widest */
	size_t		ots = 1;		/* of the one with most */
	size_t		blocks = 0;		/* that all take an element */
	size_t		window;
	SmcArena   *arena;
	SmcArithPads pads;
	SmcStatus	status = SMC_ERR_MEMORY;

	for (size_t k = 0; k < product_count; k++)
	{
		Term		term;

		if (!smc_limbs_valid(products[k].width) || products[k].y_bits < 1 || products[k].y_bits > products[k].width)
			return SMC_ERR_ARGUMENT;
		term = make_term(&products[k]);
		limbs = term.limbs > limbs ? term.limbs : limbs;
		ots = term.ots > ots ? term.ots : ots;
		blocks += term.ots * smc_arith_blocks(term.limbs);
	}
	arena = smc_arena_create();
	if (arena == NULL)
		return status;
	window = product_count > 0 ? SMC_ARITH_WINDOW * SMC_OT_BATCH / blocks : count;
	if (window > SMC_OT_BATCH / ots)
		window -= window % (SMC_OT_BATCH / ots);	/* whole batches */
	if (window == 0)
		window = 1;
	if (window > count)
		window = count;
	if (!smc_arith_pads_alloc(&pads, arena, limbs, ots, window,
							  window * blocks * (size_t) (engine->channel->party_count - 1)))
		goto done;
	status = SMC_OK;
	smc_channel_round(engine->channel);
	for (size_t at = 0; at < count && status == SMC_OK; at += window)
		status = run_window(engine, products, product_count, &pads, at, count - at < window ? count - at : window);
done:
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_arith_multiply(SmcEngine *engine, int width, const uint64_t *x, const uint64_t *y,
				   uint64_t *out, size_t count)
{
	SmcArithProduct product = {width, false, width, x, y, NULL};
	size_t		words = count * smc_limbs_of(width);
	SmcArena   *arena;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width))
		return SMC_ERR_ARGUMENT;
	arena = smc_arena_create();
	product.out = arena ? smc_arena_array(arena, words, sizeof(uint64_t)) : NULL;
	if (product.out != NULL)
		status = smc_arith_multiply_joint(engine, &product, 1, count);
	if (status == SMC_OK)
		memcpy(out, product.out, words * sizeof(uint64_t));
	smc_arena_destroy(arena);
	return status;
}
