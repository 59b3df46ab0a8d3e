/*
 * Whether two parties' private words are equal; see the header.
 *
 * Digits are bytes here, and so are their shared bits, which makes the digits of the
 * next step.
 */
#include "smc_equality.h"

#include <sodium.h>
#include <string.h>

#include "smc_bits.h"

#define DIGIT_BITS	4
#define DIGITS		(SMC_OT_BATCH / DIGIT_BITS)	/* in a batch */
#define AHEAD		32			/* batches of choices that are sent before an answer is waited for */
#define CHUNK		(1 << 18)	/* words at a time */
#define STEPS		3

/* Bits v for those v whose bit i is set. */
static const uint16_t pad_mask[DIGIT_BITS] = {0xaaaa, 0xcccc, 0xf0f0, 0xff00};

/* Bob's: a batch that waits for its answer. */
typedef struct Chosen
{
	SmcBlock	pads[SMC_OT_BATCH];
	uint64_t	choice[SMC_OT_BATCH / 64];
} Chosen;

typedef struct Work
{
	SmcBlock	m0[SMC_OT_BATCH];
	SmcBlock	m1[SMC_OT_BATCH];
	uint16_t	tables[DIGITS];
	uint8_t		masks[DIGITS];
	Chosen		chosen[AHEAD];
	uint8_t		digits[16 * CHUNK];
	uint8_t		bits[16 * CHUNK];
} Work;

static size_t
batch_of(size_t count, size_t batch)
{
	return count - batch * DIGITS < DIGITS ? count - batch * DIGITS : DIGITS;
}

/* Alice's part of a batch. */
static SmcStatus
offer(SmcEngine *engine, Work *w, int bob, const uint8_t *digits, uint8_t *bits, size_t count)
{
	SmcStatus	status = smc_ot_send_random(engine->ot[bob].sender, engine->channel, bob, true,
											w->m0, w->m1, count * DIGIT_BITS);

	if (status != SMC_OK)
		return status;
	engine->ots_made += count * DIGIT_BITS;
	smc_random_fill(engine->random, w->masks, count);
	for (size_t k = 0; k < count; k++)
	{
		uint16_t	bit = w->masks[k] & 1;
		uint16_t	table = (uint16_t) ((1u << digits[k]) ^ (0u - bit));

		for (size_t i = 0; i < DIGIT_BITS; i++)
		{
			uint16_t	k0 = (uint16_t) w->m0[k * DIGIT_BITS + i].lo;
			uint16_t	k1 = (uint16_t) w->m1[k * DIGIT_BITS + i].lo;

			table ^= (uint16_t) ((k0 & ~pad_mask[i]) ^ (k1 & pad_mask[i]));
		}
		w->tables[k] = table;
		bits[k] = (uint8_t) bit;
	}
	return smc_channel_send(engine->channel, bob, w->tables, count * sizeof(w->tables[0]));
}

/* Bob's: the choices of a batch. */
static SmcStatus
choose(SmcEngine *engine, Chosen *chosen, int alice, const uint8_t *digits, size_t count)
{
	memset(chosen->choice, 0, sizeof(chosen->choice));
	for (size_t k = 0; k < count; k++)
		chosen->choice[k / 16] |= (uint64_t) digits[k] << (k % 16 * DIGIT_BITS);
	engine->ots_made += count * DIGIT_BITS;
	return smc_ot_receive_random(engine->ot[alice].receiver, engine->channel, alice, true,
								 (uint8_t *) chosen->choice, chosen->pads, count * DIGIT_BITS);
}

/* Bob's: what the answer has at his digits. */
static SmcStatus
look_up(SmcEngine *engine, Work *w, const Chosen *chosen, int alice, const uint8_t *digits, uint8_t *bits, size_t count)
{
	SmcStatus	status = smc_channel_receive(engine->channel, alice, w->tables, count * sizeof(w->tables[0]));

	for (size_t k = 0; k < count && status == SMC_OK; k++)
	{
		uint16_t	table = w->tables[k];

		for (size_t i = 0; i < DIGIT_BITS; i++)
			table ^= (uint16_t) chosen->pads[k * DIGIT_BITS + i].lo;
		bits[k] = (uint8_t) (table >> digits[k]) & 1;
	}
	return status;
}

/* bits = shares of which digits are equal. */
static SmcStatus
compare_digits(SmcEngine *engine, Work *w, int alice, int bob, const uint8_t *digits, uint8_t *bits, size_t count)
{
	size_t		batches = (count + DIGITS - 1) / DIGITS;
	SmcStatus	status = SMC_OK;

	smc_channel_round(engine->channel);
	if (engine->channel->self == alice)
	{
		for (size_t b = 0; b < batches && status == SMC_OK; b++)
			status = offer(engine, w, bob, digits + b * DIGITS, bits + b * DIGITS, batch_of(count, b));
		return status;
	}
	for (size_t b = 0; b < batches + AHEAD && status == SMC_OK; b++)
	{
		size_t		first = b - AHEAD;

		if (b >= AHEAD && first < batches)
			status = look_up(engine, w, &w->chosen[first % AHEAD], alice, digits + first * DIGITS,
							 bits + first * DIGITS, batch_of(count, first));
		if (b < batches && status == SMC_OK)
			status = choose(engine, &w->chosen[b % AHEAD], alice, digits + b * DIGITS, batch_of(count, b));
	}
	return status;
}

static SmcStatus
chunk(SmcEngine *engine, Work *w, int alice, int bob, const uint64_t *own, uint64_t *equal, size_t count)
{
	bool		is_alice = engine->channel->self == alice;
	size_t		digits = 16 * count;
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < digits; k++)
		w->digits[k] = (uint8_t) (own[k / 16] >> (k % 16 * DIGIT_BITS)) & 15;
	for (int step = 0; step < STEPS && status == SMC_OK; step++, digits /= DIGIT_BITS)
	{
		for (size_t k = 0; k < digits && step > 0; k++)
		{
			const uint8_t *four = w->bits + DIGIT_BITS * k;

			w->digits[k] = (uint8_t) (four[0] | four[1] << 1 | four[2] << 2 | four[3] << 3) ^ (is_alice ? 15 : 0);
		}
		status = compare_digits(engine, w, alice, bob, w->digits, w->bits, digits);
	}
	for (size_t e = 0; e < count && status == SMC_OK; e++)
		equal[e / 64] |= (uint64_t) w->bits[e] << (e % 64);
	return status;
}

SmcStatus
smc_equality(SmcEngine *engine, int alice, int bob, const uint64_t *own, uint64_t *equal, size_t count)
{
	int			n = engine->channel->party_count;
	int			self = engine->channel->self;
	SmcArena   *local;
	Work	   *w;
	SmcStatus	status = SMC_OK;

	if (alice == bob || alice < 0 || alice >= n || bob < 0 || bob >= n)
		return SMC_ERR_ARGUMENT;
	memset(equal, 0, smc_bits_words(count) * sizeof(uint64_t));
	if (self != alice && self != bob)
		return SMC_OK;
	local = smc_arena_create();
	w = local ? smc_arena_alloc(local, sizeof(*w)) : NULL;
	if (w == NULL)
		status = SMC_ERR_MEMORY;
	for (size_t at = 0; at < count && status == SMC_OK; at += CHUNK)
		status = chunk(engine, w, alice, bob, own + at, equal + at / 64, count - at < CHUNK ? count - at : CHUNK);
	smc_arena_destroy(local);
	return status;
}

/* A step is sent as its batches are: whole ones, and the rest. */
void
smc_equality_cost(SmcCost *cost, size_t count)
{
	for (size_t at = 0; at < count; at += CHUNK)
	{
		size_t		digits = 16 * (count - at < CHUNK ? count - at : CHUNK);

		for (int step = 0; step < STEPS; step++, digits /= DIGIT_BITS)
		{
			cost->rounds++;
			cost->sent += digits / DIGITS * smc_ot_message_bytes(true, SMC_OT_BATCH);
			if (digits % DIGITS > 0)
				cost->sent += smc_ot_message_bytes(true, digits % DIGITS * DIGIT_BITS);
		}
	}
}
