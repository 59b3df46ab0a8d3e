/*
 * Shared bits times vectors; see the header.
 */
#include "smc_select.h"

#include <string.h>

#include "smc_bits.h"
#include "smc_ct.h"

#define BATCH_WORDS		(SMC_OT_BATCH / 64)

typedef enum Pass
{
	ASK, ANSWER, COLLECT, PASSES
} Pass;

/* Working space of a call. */
typedef struct Space
{
	SmcBlock   *m0;
	SmcBlock   *m1;
	uint8_t    *wire;
	SmcBlock   *held;
} Space;

static bool
alloc_space(Space *space, SmcArena *arena, size_t held)
{
	space->m0 = smc_arena_array(arena, SMC_OT_BATCH, sizeof(SmcBlock));
	space->m1 = smc_arena_array(arena, SMC_OT_BATCH, sizeof(SmcBlock));
	space->wire = smc_arena_array(arena, SMC_OT_BATCH + 1, SMC_BLOCK_BYTES);
	space->held = smc_arena_array(arena, held, sizeof(SmcBlock));
	return space->m0 != NULL && space->m1 != NULL && space->wire != NULL && space->held != NULL;
}

/* ---- bits times vectors of bits ---------------------------------------------------- */

/* Word w of up to 128 planes as 64 rows, and rows' bits XORed back. */
static void
load_rows(SmcBlock rows[64], const uint64_t *const *planes, size_t length, size_t w)
{
	uint64_t	m[64];

	for (size_t half = 0; half < 2; half++)
	{
		for (size_t l = 0; l < 64; l++)
			m[l] = half * 64 + l < length ? planes[half * 64 + l][w] : 0;
		if (half * 64 < length)
			smc_bits_transpose64(m);
		for (size_t e = 0; e < 64; e++)
		{
			if (half == 0)
				rows[e].lo = m[e];
			else
				rows[e].hi = m[e];
		}
	}
}

static void
add_rows(uint64_t *const *planes, const SmcBlock rows[64], size_t length, size_t w)
{
	uint64_t	m[64];

	for (size_t half = 0; half * 64 < length; half++)
	{
		for (size_t e = 0; e < 64; e++)
			m[e] = half == 0 ? rows[e].lo : rows[e].hi;
		smc_bits_transpose64(m);
		for (size_t l = half * 64; l < length && l < half * 64 + 64; l++)
			planes[l][w] ^= m[l % 64];
	}
}

/* Our vectors, offered under pads of which we keep the first. */
static void
offer_bits(const SmcSelectGate *g, const Space *space, size_t at, size_t words)
{
	size_t		bytes = (g->length + 7) / 8;
	uint8_t    *wire = space->wire;
	SmcBlock	rows[64];

	for (size_t w = 0; w < words; w++)
	{
		load_rows(rows, g->x, g->length, at + w);
		for (size_t e = 0; e < 64; e++)
		{
			SmcBlock	m0 = space->m0[w * 64 + e];
			SmcBlock	fix = smc_block_xor(smc_block_xor(m0, space->m1[w * 64 + e]), rows[e]);

			memcpy(wire, &fix, sizeof(fix));
			wire += bytes;
			rows[e] = m0;
		}
		add_rows(g->out, rows, g->length, at + w);
	}
}

static void
take_bits(const SmcSelectGate *g, const Space *space, const SmcBlock *held, size_t at, size_t words)
{
	size_t		bytes = (g->length + 7) / 8;
	const uint8_t *wire = space->wire;
	SmcBlock	rows[64];

	for (size_t w = 0; w < words; w++)
	{
		for (size_t e = 0; e < 64; e++)
		{
			uint64_t	mask = 0 - smc_ct_hide(g->p[at + w] >> e & 1);
			SmcBlock	fix;

			memcpy(&fix, wire, sizeof(fix));
			wire += bytes;
			rows[e].lo = held[w * 64 + e].lo ^ (fix.lo & mask);
			rows[e].hi = held[w * 64 + e].hi ^ (fix.hi & mask);
		}
		add_rows(g->out, rows, g->length, at + w);
	}
}

/* One pass over one batch of one gate with one peer. */
static SmcStatus
bits_batch(SmcEngine *engine, const SmcSelectGate *g, Pass pass, const Space *space, SmcBlock *held, int peer,
		   size_t at, size_t words)
{
	SmcChannel *channel = engine->channel;
	size_t		wire = words * 64 * ((g->length + 7) / 8);
	SmcStatus	status;

	if (pass == ASK)
	{
		/* chosen choices are only read */
		status = smc_ot_receive_random(engine->ot[peer].receiver, channel, peer, true,
									   (uint8_t *) (g->p + at), held, words * 64);
		engine->ots_made += words * 64;
	}
	else if (pass == ANSWER)
	{
		status = smc_ot_send_random(engine->ot[peer].sender, channel, peer, true, space->m0, space->m1, words * 64);
		engine->ots_made += words * 64;
		if (status != SMC_OK)
			return status;
		offer_bits(g, space, at, words);
		status = smc_channel_send(channel, peer, space->wire, wire);
	}
	else
	{
		status = smc_channel_receive(channel, peer, space->wire, wire);
		if (status == SMC_OK)
			take_bits(g, space, held, at, words);
	}
	return status;
}

SmcStatus
smc_select_bits(SmcEngine *engine, const SmcSelectGate *gates, size_t gate_count, size_t count)
{
	SmcChannel *channel = engine->channel;
	size_t		words = count / 64;
	SmcArena   *local;
	Space		space;
	SmcStatus	status = SMC_ERR_MEMORY;

	for (size_t k = 0; k < gate_count; k++)
	{
		if (gates[k].length < 1 || gates[k].length > SMC_SELECT_LENGTH_MAX || count % 64 != 0)
			return SMC_ERR_ARGUMENT;
	}
	if (gate_count == 0 || count == 0)
		return SMC_OK;
	local = smc_arena_create();
	if (local != NULL && alloc_space(&space, local, gate_count * count * (size_t) (channel->party_count - 1)))
		status = SMC_OK;
	smc_channel_round(channel);
	/* what each has by itself */
	for (size_t k = 0; k < gate_count && status == SMC_OK; k++)
	{
		for (size_t l = 0; l < gates[k].length; l++)
		{
			for (size_t w = 0; w < words; w++)
				gates[k].out[l][w] ^= gates[k].p[w] & gates[k].x[l][w];
		}
	}
	for (int pass = ASK; pass < PASSES; pass++)
	{
		SmcBlock   *held = status == SMC_OK ? space.held : NULL;

		for (size_t k = 0; k < gate_count; k++)
		{
			for (int peer = 0; peer < channel->party_count; peer++)
			{
				for (size_t at = 0; at < words && peer != channel->self && status == SMC_OK; at += BATCH_WORDS)
				{
					size_t		n = words - at < BATCH_WORDS ? words - at : BATCH_WORDS;

					status = bits_batch(engine, &gates[k], (Pass) pass, &space, held, peer, at, n);
					held += n * 64;
				}
			}
		}
	}
	smc_arena_destroy(local);
	return status;
}

void
smc_select_bits_cost(SmcCost *cost, int party_count, size_t length, size_t count)
{
	uint64_t	sent = count * ((length + 7) / 8);

	for (size_t at = 0; at < count; at += SMC_OT_BATCH)
		sent += smc_ot_message_bytes(true, count - at < SMC_OT_BATCH ? count - at : SMC_OT_BATCH);
	cost->sent += sent * (uint64_t) (party_count - 1);
}

/* ---- bits times integers ------------------------------------------------------------ */

/* One plane of one number: u is the product with the bit so far, s our bits of it. */
typedef struct Plane
{
	const SmcSelectNumber *number;
	const uint64_t *s;
	size_t		bytes;			/* of an element that count at this place */
	SmcRing128 *u;
	SmcRing128 *more;			/* what this turn adds to u */
} Plane;

/* Whether a party has something to offer in another's turn: shares of v - 2u. */
static bool
offers(const Plane *plane, int party, int owner)
{
	return plane->bytes > 0 && party != owner && (plane->number->v != NULL || party < owner);
}

/* Our share of v - 2u. */
static inline SmcRing128
rest(const Plane *plane, int self, size_t e)
{
	SmcRing128	v = plane->number->v != NULL ? plane->number->v[e] : (SmcRing128) (self == 0);

	return v - 2 * plane->u[e];
}

static SmcStatus
answer_plane(SmcEngine *engine, const Plane *plane, const Space *space, int owner, size_t at, size_t n)
{
	int			self = engine->channel->self;
	uint8_t    *wire = space->wire;
	SmcStatus	status;

	status = smc_ot_send_random(engine->ot[owner].sender, engine->channel, owner, true, space->m0, space->m1, n);
	engine->ots_made += n;
	if (status != SMC_OK)
		return status;
	for (size_t e = 0; e < n; e++)
	{
		SmcRing128	r0 = (SmcRing128) space->m0[e].hi << 64 | space->m0[e].lo;
		SmcRing128	r1 = (SmcRing128) space->m1[e].hi << 64 | space->m1[e].lo;
		SmcRing128	fix = r0 - r1 + rest(plane, self, at + e);

		memcpy(wire, &fix, sizeof(fix));
		wire += plane->bytes;
		plane->more[at + e] -= r0;
	}
	return smc_channel_send(engine->channel, owner, space->wire, n * plane->bytes);
}

static SmcStatus
collect_plane(SmcEngine *engine, const Plane *plane, const Space *space, const SmcBlock *held, int peer, size_t at,
			  size_t n)
{
	const uint8_t *wire = space->wire;
	SmcStatus	status = smc_channel_receive(engine->channel, peer, space->wire, n * plane->bytes);

	for (size_t e = 0; e < n && status == SMC_OK; e++)
	{
		SmcRing128	mask = smc_ct_mask(plane->s[(at + e) / 64] >> ((at + e) % 64) & 1);
		SmcRing128	fix;

		memcpy(&fix, wire, sizeof(fix));
		wire += plane->bytes;
		plane->more[at + e] += ((SmcRing128) held[e].hi << 64 | held[e].lo) + (fix & mask);
	}
	return status;
}

/* One pass of a turn: everybody is asked before anybody's answer is waited for. */
static SmcStatus
turn_pass(SmcEngine *engine, const Plane *planes, size_t plane_count, Pass pass, const Space *space, int owner,
		  size_t count)
{
	int			self = engine->channel->self;
	SmcBlock   *held = space->held;
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < plane_count; k++)
	{
		const Plane *plane = &planes[k];

		for (int peer = 0; peer < engine->channel->party_count; peer++)
		{
			bool		ours = self == owner ? offers(plane, peer, owner) && pass != ANSWER
				: peer == owner && offers(plane, self, owner) && pass == ANSWER;

			for (size_t at = 0; at < count && ours && status == SMC_OK; at += SMC_OT_BATCH)
			{
				size_t		n = count - at < SMC_OT_BATCH ? count - at : SMC_OT_BATCH;

				if (pass == ASK)
				{
					status = smc_ot_receive_random(engine->ot[peer].receiver, engine->channel, peer, true,
												   (uint8_t *) (plane->s + at / 64), held, n);
					engine->ots_made += n;
				}
				else if (pass == ANSWER)
					status = answer_plane(engine, plane, space, owner, at, n);
				else
					status = collect_plane(engine, plane, space, held, peer, at, n);
				held += pass == ANSWER ? 0 : n;
			}
		}
	}
	return status;
}

/* u += (v - 2u) s_owner, for all planes. */
static SmcStatus
turn(SmcEngine *engine, const Plane *planes, size_t plane_count, const Space *space, int owner, size_t count)
{
	int			self = engine->channel->self;
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < plane_count; k++)
	{
		for (size_t e = 0; e < count; e++)
		{
			SmcRing128	mask = self == owner ? smc_ct_mask(planes[k].s[e / 64] >> (e % 64) & 1) : 0;

			planes[k].more[e] = rest(&planes[k], self, e) & mask;
		}
	}
	for (int pass = ASK; pass < PASSES && status == SMC_OK; pass++)
		status = turn_pass(engine, planes, plane_count, (Pass) pass, space, owner, count);
	for (size_t k = 0; k < plane_count; k++)
	{
		for (size_t e = 0; e < count; e++)
			planes[k].u[e] += planes[k].more[e];
	}
	return status;
}

/* What the plane adds to its number. */
static void
finish_plane(const Plane *plane, size_t t, size_t count)
{
	const SmcSelectNumber *n = plane->number;
	bool		minus = n->minus != (n->top_negative && t + 1 == n->plane_count);

	for (size_t e = 0; e < count && plane->bytes > 0; e++)
	{
		SmcRing128	term = plane->u[e] << ((int) t + n->shift);

		n->out[e] += minus ? -term : term;
	}
}

static size_t
bytes_at(int bytes, size_t t, int shift)
{
	size_t		lost = (t + (size_t) shift) / 8;

	return lost < (size_t) bytes ? (size_t) bytes - lost : 0;
}

SmcStatus
smc_select_numbers(SmcEngine *engine, const SmcSelectNumber *numbers, size_t number_count, size_t count)
{
	size_t		total = 0;
	size_t		k = 0;
	bool		all_public = true;
	SmcArena   *local;
	Plane	   *planes;
	SmcRing128 *elements;
	Space		space;
	SmcStatus	status = SMC_ERR_MEMORY;

	for (size_t i = 0; i < number_count; i++)
	{
		if (numbers[i].plane_count < 1 || numbers[i].plane_count > SMC_SELECT_PLANES_MAX || numbers[i].bytes < 1 ||
			numbers[i].bytes > SMC_RING128_BYTES || numbers[i].shift < 0 || numbers[i].shift > 63 || count % 64 != 0)
			return SMC_ERR_ARGUMENT;
		total += numbers[i].plane_count;
		all_public = all_public && numbers[i].v == NULL;
	}
	if (total == 0 || count == 0)
		return SMC_OK;
	local = smc_arena_create();
	planes = local ? smc_arena_array(local, total, sizeof(Plane)) : NULL;
	elements = local ? smc_arena_array(local, 2 * total * count, sizeof(SmcRing128)) : NULL;
	if (planes != NULL && elements != NULL &&
		alloc_space(&space, local, total * count * (size_t) (engine->channel->party_count - 1)))
		status = SMC_OK;
	for (size_t i = 0; i < number_count && status == SMC_OK; i++)
	{
		for (size_t t = 0; t < numbers[i].plane_count; t++, k++)
			planes[k] = (Plane) {&numbers[i], numbers[i].planes[t], bytes_at(numbers[i].bytes, t, numbers[i].shift),
				elements + 2 * k * count, elements + (2 * k + 1) * count};
	}
	for (int owner = 0; owner < engine->channel->party_count && status == SMC_OK; owner++)
	{
		/* in the first turn nobody has a part of the public one but its owner */
		if (!all_public || owner > 0)
			smc_channel_round(engine->channel);
		status = turn(engine, planes, total, &space, owner, count);
	}
	k = 0;
	for (size_t i = 0; i < number_count && status == SMC_OK; i++)
	{
		for (size_t t = 0; t < numbers[i].plane_count; t++, k++)
			finish_plane(&planes[k], t, count);
	}
	smc_arena_destroy(local);
	return status;
}

void
smc_select_number_cost(SmcCost *cost, int party_count, size_t planes, int shift, int bytes, bool public_one, size_t count)
{
	uint64_t	n = (uint64_t) party_count;
	uint64_t	ask = 0;

	for (size_t at = 0; at < count; at += SMC_OT_BATCH)
		ask += smc_ot_message_bytes(true, count - at < SMC_OT_BATCH ? count - at : SMC_OT_BATCH);
	for (size_t t = 0; t < planes; t++)
	{
		uint64_t	fix = count * bytes_at(bytes, t, shift);

		/* shared: asks all in its own turn, answers in each other's; of the public one the last asks, the first answers */
		if (fix > 0)
			cost->sent += public_one ? (n - 1) * (ask > fix ? ask : fix) : (n - 1) * (ask + fix);
	}
}
