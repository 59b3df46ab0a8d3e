/*
 * Blocks, base OT and OT extension: against naive code and published vectors,
 * both directions, every size around a batch's edges, malformed points.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_base_ot.h"
#include "core/smc_block.h"
#include "core/smc_ot.h"

/* The first block of counter mode from zero is AES of the zero block. */
static void
test_stream(void **state)
{
	static const uint8_t key[16] = {
		0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07,
		0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f
	};
	static const uint8_t expected[16] = {	/* AES-128(key, 0) */
		0xc6, 0xa1, 0x3b, 0x37, 0x87, 0x8f, 0x5b, 0x82,
		0x6f, 0x4f, 0x81, 0x62, 0xa1, 0xc8, 0xd8, 0x79
	};
	SmcArena   *arena = smc_arena_create();
	SmcBlock	seed;
	SmcBlockStream *stream;
	uint8_t		one[64];
	uint8_t		two[64];

	(void) state;
	memcpy(&seed, key, sizeof(seed));
	stream = smc_block_stream_open(arena, &seed);
	assert_non_null(stream);
	assert_int_equal(smc_block_stream_read(stream, one, sizeof(one)), SMC_OK);
	smc_block_stream_close(stream);
	assert_memory_equal(one, expected, sizeof(expected));

	/* the same bytes in pieces */
	stream = smc_block_stream_open(arena, &seed);
	assert_int_equal(smc_block_stream_read(stream, two, 5), SMC_OK);
	assert_int_equal(smc_block_stream_read(stream, two + 5, 40), SMC_OK);
	assert_int_equal(smc_block_stream_read(stream, two + 45, 19), SMC_OK);
	smc_block_stream_close(stream);
	assert_memory_equal(one, two, sizeof(one));
	smc_arena_destroy(arena);
}

static void
test_hash(void **state)
{
	SmcPermutation *pi = smc_permutation_open();
	SmcBlock	in[3];
	SmcBlock	hashed[3];
	SmcBlock	strings[4 * 3];

	(void) state;
	randombytes_buf(in, sizeof(in));
	in[1] = in[0];
	memcpy(hashed, in, sizeof(in));
	memcpy(strings, in, sizeof(in));
	assert_int_equal(smc_block_hash(pi, 7, hashed, 1, 3), SMC_OK);
	assert_int_equal(smc_block_hash(pi, 7, strings, 4, 3), SMC_OK);
	assert_memory_equal(strings, hashed, sizeof(hashed));
	/* equal inputs under other tweaks differ; H(i, x) = pi(pi(x) ^ i) ^ pi(x) */
	assert_memory_not_equal(&hashed[0], &hashed[1], sizeof(SmcBlock));
	for (uint64_t i = 0; i < 3; i++)
	{
		SmcBlock	a = in[i];
		SmcBlock	b;

		assert_int_equal(smc_permutation_apply(pi, &a, 1), SMC_OK);
		b = a;
		b.lo ^= 7 + i;
		assert_int_equal(smc_permutation_apply(pi, &b, 1), SMC_OK);
		a = smc_block_xor(a, b);
		assert_memory_equal(&a, &hashed[i], sizeof(a));

		/* block k of a string: the tweak is k in the upper half */
		for (uint64_t k = 1; k < 4; k++)
		{
			a = in[i];
			assert_int_equal(smc_permutation_apply(pi, &a, 1), SMC_OK);
			b = a;
			b.lo ^= 7 + i;
			b.hi ^= k;
			assert_int_equal(smc_permutation_apply(pi, &b, 1), SMC_OK);
			a = smc_block_xor(a, b);
			assert_memory_equal(&a, &strings[k * 3 + i], sizeof(a));
		}
	}
	smc_permutation_close(pi);
}

static void
test_transpose(void **state)
{
	enum
	{
		COLUMNS = 448, STRIDE = 64
	};
	static uint8_t rows[128 * STRIDE];
	static SmcBlock out[COLUMNS];

	(void) state;
	randombytes_buf(rows, sizeof(rows));
	smc_block_transpose(rows, STRIDE, COLUMNS, out);
	for (size_t r = 0; r < 128; r++)
	{
		for (size_t c = 0; c < COLUMNS; c++)
		{
			uint64_t	bit = (rows[r * STRIDE + c / 8] >> (c % 8)) & 1;
			uint64_t	word = r < 64 ? out[c].lo : out[c].hi;

			assert_int_equal((word >> (r % 64)) & 1, bit);
		}
	}
}

static void
test_base_ot(void **state)
{
	static SmcBaseOtSender sender;
	static SmcBaseOtReceiver receiver;
	static SmcBlock pairs[SMC_BASE_OT_COUNT][2];
	static SmcBlock chosen[SMC_BASE_OT_COUNT];
	static uint8_t a[SMC_BASE_OT_SENDER_BYTES];
	static uint8_t r[SMC_BASE_OT_RECEIVER_BYTES];
	uint8_t		context[SMC_KEY_BYTES] = {3};
	uint8_t		other[SMC_KEY_BYTES] = {4};
	uint8_t		choices[SMC_BASE_OT_COUNT / 8];

	(void) state;
	randombytes_buf(choices, sizeof(choices));
	assert_int_equal(smc_base_ot_send_start(&sender, context, smc_random_system(), a), SMC_OK);
	assert_int_equal(smc_base_ot_receive_start(&receiver, context, choices, smc_random_system(), r), SMC_OK);
	assert_int_equal(smc_base_ot_send_finish(&sender, r, pairs), SMC_OK);
	assert_int_equal(smc_base_ot_receive_finish(&receiver, a, chosen), SMC_OK);
	assert_true(sodium_is_zero((const uint8_t *) &sender, sizeof(sender)));
	assert_true(sodium_is_zero((const uint8_t *) &receiver, sizeof(receiver)));
	for (size_t i = 0; i < SMC_BASE_OT_COUNT; i++)
	{
		size_t		c = (choices[i / 8] >> (i % 8)) & 1;

		assert_memory_equal(&chosen[i], &pairs[i][c], sizeof(SmcBlock));
		assert_memory_not_equal(&chosen[i], &pairs[i][1 - c], sizeof(SmcBlock));
	}

	/* another context: no key in common */
	assert_int_equal(smc_base_ot_send_start(&sender, other, smc_random_system(), a), SMC_OK);
	assert_int_equal(smc_base_ot_receive_start(&receiver, context, choices, smc_random_system(), r), SMC_OK);
	assert_int_equal(smc_base_ot_send_finish(&sender, r, pairs), SMC_OK);
	assert_int_equal(smc_base_ot_receive_finish(&receiver, a, chosen), SMC_OK);
	for (size_t i = 0; i < SMC_BASE_OT_COUNT; i++)
	{
		assert_memory_not_equal(&chosen[i], &pairs[i][0], sizeof(SmcBlock));
		assert_memory_not_equal(&chosen[i], &pairs[i][1], sizeof(SmcBlock));
	}

}

/*
 * Every place of a message in turn holds no point, or what makes the neutral
 * element of it; and random bytes.  Refused, keys or not, without a crash.
 */
static void
test_malformed(void **state)
{
	static SmcBaseOtSender sender;
	static SmcBaseOtReceiver receiver;
	static SmcBaseOtReceiver again;
	static SmcBlock pairs[SMC_BASE_OT_COUNT][2];
	static SmcBlock chosen[SMC_BASE_OT_COUNT];
	static uint8_t a[SMC_BASE_OT_SENDER_BYTES];
	static uint8_t good[SMC_BASE_OT_RECEIVER_BYTES];
	static uint8_t r[SMC_BASE_OT_RECEIVER_BYTES];
	uint8_t		context[SMC_KEY_BYTES] = {3};
	uint8_t		choices[SMC_BASE_OT_COUNT / 8] = {0x5a};
	size_t		step = smc_test_brief() ? 100 : 8;

	(void) state;
	assert_int_equal(smc_base_ot_receive_start(&receiver, context, choices, smc_random_system(), good), SMC_OK);
	for (size_t place = 0; place < 2 * SMC_BASE_OT_COUNT; place += step)
	{
		memcpy(r, good, sizeof(r));
		memset(r + 32 * place, 0xff, 32);	/* not canonical */
		assert_int_equal(smc_base_ot_send_start(&sender, context, smc_random_system(), a), SMC_OK);
		assert_int_equal(smc_base_ot_send_finish(&sender, r, pairs), SMC_ERR_FORMAT);
		assert_true(sodium_is_zero((const uint8_t *) &sender, sizeof(sender)));
	}
	for (size_t k = 0; k < 20; k++)
	{
		randombytes_buf(r, sizeof(r));
		assert_int_equal(smc_base_ot_send_start(&sender, context, smc_random_system(), a), SMC_OK);
		assert_int_equal(smc_base_ot_send_finish(&sender, r, pairs), SMC_ERR_FORMAT);
	}

	/* the sender's point: neutral, not canonical, negative, no square */
	for (size_t k = 0; k < 4; k++)
	{
		static const uint8_t first[4] = {0, 0xff, 1, 2};

		memset(a, k == 1 ? 0xff : 0, sizeof(a));
		a[0] = first[k];
		memcpy(&again, &receiver, sizeof(again));
		assert_int_equal(smc_base_ot_receive_finish(&again, a, chosen), SMC_ERR_FORMAT);
		assert_true(sodium_is_zero((const uint8_t *) &again, sizeof(again)));
	}
}

/* ---- extension --------------------------------------------------------------- */

enum
{
	COUNT_MAX = SMC_OT_BATCH + 1
};

typedef struct Extend
{
	size_t		count;
	bool		chosen;
	uint8_t		choices[2][COUNT_MAX / 8 + 1];
	SmcBlock	got[2][COUNT_MAX];
	SmcBlock	m0[2][COUNT_MAX];
	SmcBlock	m1[2][COUNT_MAX];
	uint64_t	sent[2];
} Extend;

typedef struct Extends
{
	size_t		count;
	Extend	   *cases;
} Extends;

static SmcStatus
run_extend(SmcEngine *engine, void *arg)
{
	Extends    *all = arg;
	SmcChannel *channel = engine->channel;
	int			self = channel->self;
	SmcOtPair  *pair = &engine->ot[1 - self];
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < all->count && status == SMC_OK; k++)
	{
		Extend	   *x = &all->cases[k];
		uint64_t	before = channel->bytes_sent;

		for (size_t at = 0; at < x->count && status == SMC_OK; at += SMC_OT_BATCH)
		{
			size_t		n = x->count - at < SMC_OT_BATCH ? x->count - at : SMC_OT_BATCH;

			status = smc_ot_receive_random(pair->receiver, channel, 1 - self, x->chosen,
										   x->choices[self] + at / 8, x->got[self] + at, n);
			if (status == SMC_OK)
				status = smc_ot_send_random(pair->sender, channel, 1 - self, x->chosen,
											x->m0[self] + at, x->m1[self] + at, n);
		}
		x->sent[self] = channel->bytes_sent - before;
	}
	if (status == SMC_OK &&
		(smc_ot_receive_random(pair->receiver, channel, 1 - self, false, all->cases[0].choices[self],
							   all->cases[0].got[self], 0) != SMC_ERR_ARGUMENT ||
		 smc_ot_send_random(pair->sender, channel, 1 - self, false, all->cases[0].m0[self],
							all->cases[0].m1[self], SMC_OT_BATCH + 1) != SMC_ERR_ARGUMENT))
		status = SMC_ERR_FORMAT;
	return status;
}

static void
check_extend(const Extend *x)
{
	size_t		ones = 0;

	for (int p = 0; p < 2; p++)
	{
		for (size_t j = 0; j < x->count; j++)
		{
			int			c = (x->choices[p][j / 8] >> (j % 8)) & 1;
			const SmcBlock *mine = c ? x->m1[1 - p] : x->m0[1 - p];
			const SmcBlock *theirs = c ? x->m0[1 - p] : x->m1[1 - p];

			ones += (size_t) c;
			assert_memory_equal(&x->got[p][j], &mine[j], sizeof(SmcBlock));
			assert_memory_not_equal(&x->got[p][j], &theirs[j], sizeof(SmcBlock));
		}
		assert_int_equal(x->sent[p], smc_test_ot_bytes(x->chosen, x->count));
		if (x->count >= SMC_OT_BATCH)
		{
			size_t		len = x->count * sizeof(SmcBlock);

			assert_true(smc_test_chi_square((const uint8_t *) x->m0[p], len) < 6);
			assert_true(smc_test_chi_square((const uint8_t *) x->m1[p], len) < 6);
		}
	}
	if (!x->chosen && x->count >= SMC_OT_BATCH)
	{
		/* fair choices: within six standard deviations */
		double		deviation = (double) ones - (double) x->count;

		assert_true(deviation * deviation < 36.0 * (double) x->count / 2);
	}
}

static void
test_extension(void **state)
{
	static const size_t counts[] = {1, 7, 8, 127, 128, 129, 1000, SMC_OT_BATCH, SMC_OT_BATCH + 1};
	Extends		all = {0, calloc(18, sizeof(Extend))};

	(void) state;
	for (size_t k = 0; k < 18; k++)
	{
		Extend	   *x = &all.cases[all.count];

		x->count = counts[k / 2];
		x->chosen = k % 2;
		if (smc_test_brief() && x->count > 1000)
			continue;
		randombytes_buf(x->choices, sizeof(x->choices));
		all.count++;
	}
	smc_testengine_run(2, run_extend, &all);
	for (size_t k = 0; k < all.count; k++)
		check_extend(&all.cases[k]);
	free(all.cases);
}

/* ---- a peer that sends rubbish, or too little ----------------------------------- */

static SmcStatus
run_rubbish(SmcChannel *channel, void *arg)
{
	const size_t *len = arg;
	uint8_t		context[SMC_KEY_BYTES] = {42};
	uint8_t		rubbish[SMC_OT_SETUP_BYTES];
	SmcEngine	engine;

	if (channel->self == 0)
		return smc_engine_open(&engine, channel, context, smc_random_system());
	randombytes_buf(rubbish, sizeof(rubbish));
	return smc_channel_send(channel, 0, rubbish, *len);
}

static void
test_rubbish(void **state)
{
	size_t		lens[] = {0, 1, SMC_BASE_OT_SENDER_BYTES, SMC_OT_SETUP_BYTES - 1, SMC_OT_SETUP_BYTES};

	(void) state;
	for (size_t k = 0; k < 5; k += smc_test_brief() ? 3 : 1)
	{
		SmcTestResult results[2];

		smc_testnet_run(2, run_rubbish, &lens[k], results);
		assert_int_equal(results[0].status, k < 3 ? SMC_ERR_CHANNEL : SMC_ERR_FORMAT);
		assert_int_equal(results[1].status, SMC_OK);
	}
}

/* A batch of the extension whose message is rubbish gives wrong OTs, and nothing worse. */
static SmcStatus
run_rubbish_batch(SmcEngine *engine, void *arg)
{
	SmcChannel *channel = engine->channel;
	SmcOtPair  *pair = &engine->ot[1 - channel->self];
	SmcBlock   *m0 = calloc(2 * SMC_OT_BATCH, sizeof(SmcBlock));
	uint8_t    *bytes = (uint8_t *) m0;
	size_t		len = smc_ot_message_bytes(true, 500);
	SmcStatus	status;

	(void) arg;
	if (channel->self == 0)
		status = smc_ot_send_random(pair->sender, channel, 1, true, m0, m0 + SMC_OT_BATCH, 500);
	else
	{
		randombytes_buf(bytes, len);
		status = smc_channel_send(channel, 0, bytes, len);
	}
	free(m0);
	return status;
}

static void
test_rubbish_batch(void **state)
{
	(void) state;
	smc_testengine_run(2, run_rubbish_batch, NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_transpose),
		cmocka_unit_test(test_base_ot),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_extension),
		cmocka_unit_test(test_rubbish),
		cmocka_unit_test(test_rubbish_batch)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
