/*
 * The millionaires' problem; see the header.
 *
 * The bits of a digit's place d for all integers stand together, digits in the
 * order of smc_bits_tree_order, as the planes in smc_compare.c.
 */
#include "smc_millionaires.h"

#include <sodium.h>
#include <string.h>

#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_limbs.h"

#define DIGIT_BITS		4
#define DIGITS_MAX		(SMC_WIDTH_MAX / DIGIT_BITS)
#define CHUNK			16384	/* integers at a time, as SMC_COMPARE_CHUNK */
#define DIGITS_A_BATCH	(SMC_OT_BATCH / DIGIT_BITS)

/* Bits 2v and 2v + 1 for those v whose bit i is set. */
static const uint32_t pad_mask[DIGIT_BITS] = {
	0xcccccccc, 0xf0f0f0f0, 0xff00ff00, 0xffff0000
};

/* One call's working space; secret. */
typedef struct Batch
{
	SmcBlock	m0[SMC_OT_BATCH];
	SmcBlock	m1[SMC_OT_BATCH];
	uint64_t	choice[SMC_OT_BATCH / 64];
	uint32_t	tables[DIGITS_A_BATCH];
	uint8_t		masks[DIGITS_A_BATCH];
} Batch;

/* Digit d (0 lowest) of integer e. */
static inline uint32_t
digit(const uint64_t *integers, int width, size_t e, int d)
{
	return (uint32_t) (integers[e * (size_t) width / 64 + (size_t) d / 16] >> (d % 16 * DIGIT_BITS)) & 15;
}

/* Where digits first .. first + count of the sequence (place by place) stand. */
static inline void
locate(size_t k, size_t integers, const uint16_t *order, size_t *e, int *d)
{
	*e = k % integers;
	*d = order[k / integers];
}

/* Alice: tables of a batch, and her own shares of the leaves. */
static SmcStatus
offer(SmcEngine *engine, Batch *batch, int bob, int width, const uint64_t *own, size_t integers,
	  const uint16_t *order, size_t first, size_t digits, uint8_t *leaf)
{
	SmcStatus	status = smc_ot_send_random(engine->ot[bob].sender, engine->channel, bob, true,
											batch->m0, batch->m1, digits * DIGIT_BITS);

	if (status != SMC_OK)
		return status;
	smc_random_fill(engine->random, batch->masks, digits);
	for (size_t k = 0; k < digits; k++)
	{
		size_t		e;
		int			d;
		uint32_t	x;
		uint32_t	mask = batch->masks[k] & 3;
		uint32_t	table;

		locate(first + k, integers, order, &e, &d);
		x = digit(own, width, e, d);
		/* bit 2v: x < v; bit 2v + 1: x = v; both under the mask, the same for every v */
		table = (uint32_t) (UINT64_C(0x5555555555555555) << (2 * x + 2));
		table |= UINT32_C(2) << (2 * x);
		table ^= mask * UINT32_C(0x55555555);
		for (size_t i = 0; i < DIGIT_BITS; i++)
		{
			uint32_t	k0 = (uint32_t) batch->m0[k * DIGIT_BITS + i].lo;
			uint32_t	k1 = (uint32_t) batch->m1[k * DIGIT_BITS + i].lo;

			table ^= (k0 & ~pad_mask[i]) ^ (k1 & pad_mask[i]);
		}
		batch->tables[k] = table;
		leaf[k] = (uint8_t) mask;
	}
	engine->ots_made += digits * DIGIT_BITS;
	return smc_channel_send(engine->channel, bob, batch->tables, digits * sizeof(batch->tables[0]));
}

/* Bob: choose by the bits of his digits, and read the tables there. */
static SmcStatus
choose(SmcEngine *engine, Batch *batch, int alice, int width, const uint64_t *own, size_t integers,
	   const uint16_t *order, size_t first, size_t digits, uint8_t *leaf)
{
	SmcStatus	status;

	memset(batch->choice, 0, sizeof(batch->choice));
	for (size_t k = 0; k < digits; k++)
	{
		size_t		e;
		int			d;

		locate(first + k, integers, order, &e, &d);
		batch->choice[k / 16] |= (uint64_t) digit(own, width, e, d) << (k % 16 * DIGIT_BITS);
	}
	status = smc_ot_receive_random(engine->ot[alice].receiver, engine->channel, alice, true,
								   (uint8_t *) batch->choice, batch->m0, digits * DIGIT_BITS);
	if (status == SMC_OK)
		status = smc_channel_receive(engine->channel, alice, batch->tables, digits * sizeof(batch->tables[0]));
	if (status != SMC_OK)
		return status;
	engine->ots_made += digits * DIGIT_BITS;
	for (size_t k = 0; k < digits; k++)
	{
		uint32_t	y = (uint32_t) (batch->choice[k / 16] >> (k % 16 * DIGIT_BITS)) & 15;
		uint32_t	table = batch->tables[k];

		for (size_t i = 0; i < DIGIT_BITS; i++)
			table ^= (uint32_t) batch->m0[k * DIGIT_BITS + i].lo;
		leaf[k] = (uint8_t) ((table >> (2 * y)) & 3);
	}
	return SMC_OK;
}

/* The leaves of a chunk as bit vectors, one bit a digit. */
static SmcStatus
leaves(SmcEngine *engine, Batch *batch, int width, int alice, int bob, const uint64_t *own,
	   size_t integers, uint64_t *less, uint64_t *equal)
{
	size_t		total = integers * (size_t) (width / DIGIT_BITS);
	int			self = engine->channel->self;
	uint16_t	order[DIGITS_MAX];
	uint8_t		leaf[DIGITS_A_BATCH];
	SmcStatus	status = SMC_OK;

	if (self != alice && self != bob)
		return SMC_OK;			/* shares of zero */
	smc_bits_tree_order(order, width / DIGIT_BITS);
	for (size_t first = 0; first < total && status == SMC_OK; first += DIGITS_A_BATCH)
	{
		size_t		digits = total - first < DIGITS_A_BATCH ? total - first : DIGITS_A_BATCH;

		if (self == alice)
			status = offer(engine, batch, bob, width, own, integers, order, first, digits, leaf);
		else
			status = choose(engine, batch, alice, width, own, integers, order, first, digits, leaf);
		for (size_t k = 0; k < digits && status == SMC_OK; k++)
		{
			size_t		at = first + k;

			less[at / 64] |= (uint64_t) (leaf[k] & 1) << (at % 64);
			equal[at / 64] |= (uint64_t) (leaf[k] >> 1) << (at % 64);
		}
	}
	sodium_memzero(leaf, sizeof(leaf));
	return status;
}

static SmcStatus
chunk(SmcEngine *engine, int width, int alice, int bob, const uint64_t *own,
	  uint64_t *less, uint64_t *equal, size_t count)
{
	size_t		total = count * (size_t) (width / DIGIT_BITS);
	size_t		words = smc_bits_words(total);
	SmcArena   *local = smc_arena_create();
	Batch	   *batch = NULL;
	uint64_t   *lt;
	uint64_t   *eq;
	uint64_t   *high_lt;
	uint64_t   *high_eq;
	uint64_t   *low_lt;
	uint64_t   *low_eq;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (local == NULL)
		return status;
	batch = smc_arena_alloc(local, sizeof(*batch));
	lt = smc_arena_array(local, words, sizeof(uint64_t));
	eq = smc_arena_array(local, words, sizeof(uint64_t));
	high_lt = smc_arena_array(local, words, sizeof(uint64_t));
	high_eq = smc_arena_array(local, words, sizeof(uint64_t));
	low_lt = smc_arena_array(local, words, sizeof(uint64_t));
	low_eq = smc_arena_array(local, words, sizeof(uint64_t));
	if (batch == NULL || lt == NULL || eq == NULL || high_lt == NULL || high_eq == NULL ||
		low_lt == NULL || low_eq == NULL)
		goto done;
	smc_channel_round(engine->channel);
	status = leaves(engine, batch, width, alice, bob, own, count, lt, eq);
	for (size_t m = (size_t) (width / DIGIT_BITS); m > 1 && status == SMC_OK; m = (m + 1) / 2)
	{
		size_t		pairs = m / 2 * count;
		size_t		high = (m + 1) / 2 * count;

		smc_bits_extract(high_lt, lt, high, pairs);
		smc_bits_extract(high_eq, eq, high, pairs);
		smc_bits_extract(low_lt, lt, 0, pairs);
		smc_bits_extract(low_eq, eq, 0, pairs);
		if (less == NULL)
			status = smc_boolean_and(engine, low_eq, high_eq, low_eq, pairs);
		else if (m == 2 && equal == NULL)
			status = smc_boolean_and(engine, low_lt, high_eq, low_lt, pairs);
		else
			status = smc_boolean_and_two(engine, high_eq, low_lt, low_eq, low_lt, low_eq, pairs);
		if (status == SMC_OK)
			smc_bits_xor(low_lt, high_lt, smc_bits_words(pairs));
		smc_bits_insert(lt, 0, low_lt, pairs);
		smc_bits_insert(eq, 0, low_eq, pairs);
	}
	/* the answers, without what the tree left behind them */
	if (status == SMC_OK)
	{
		if (less != NULL)
			smc_bits_extract(less, lt, 0, count);
		if (equal != NULL)
			smc_bits_extract(equal, eq, 0, count);
	}
done:
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_millionaires(SmcEngine *engine, int width, int alice, int bob, const uint64_t *own,
				 uint64_t *less, uint64_t *equal, size_t count)
{
	int			n = engine->channel->party_count;
	SmcStatus	status = SMC_OK;

	if (!smc_limbs_valid(width) || alice == bob || alice < 0 || alice >= n || bob < 0 || bob >= n ||
		(less == NULL && equal == NULL))
		return SMC_ERR_ARGUMENT;
	for (size_t at = 0; at < count && status == SMC_OK; at += CHUNK)
	{
		size_t		block = count - at < CHUNK ? count - at : CHUNK;

		status = chunk(engine, width, alice, bob, own ? own + at * (size_t) width / 64 : NULL,
					   less ? less + at / 64 : NULL, equal ? equal + at / 64 : NULL, block);
	}
	return status;
}
