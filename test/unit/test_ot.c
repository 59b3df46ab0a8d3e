/*
 * Blocks, base OT and OT extension: against naive code and published vectors,
 * both directions, every size around a batch's edges, malformed points.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/smc_base_ot.h"
#include "core/smc_block.h"
#include "core/smc_ot.h"
#include "smc_testnet.h"

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
	SmcStream  *stream;
	uint8_t		one[64] = {0};
	uint8_t		two[64] = {0};

	(void) state;
	memcpy(&seed, key, sizeof(seed));
	stream = smc_stream_open(arena, &seed);
	assert_non_null(stream);
	assert_int_equal(smc_stream_xor(stream, one, sizeof(one)), SMC_OK);
	smc_stream_close(stream);
	assert_memory_equal(one, expected, sizeof(expected));

	/* the same bytes in pieces */
	stream = smc_stream_open(arena, &seed);
	assert_int_equal(smc_stream_xor(stream, two, 5), SMC_OK);
	assert_int_equal(smc_stream_xor(stream, two + 5, 40), SMC_OK);
	assert_int_equal(smc_stream_xor(stream, two + 45, 19), SMC_OK);
	smc_stream_close(stream);
	assert_memory_equal(one, two, sizeof(one));
	smc_arena_destroy(arena);
}

static void
test_hash(void **state)
{
	SmcPermutation *pi = smc_permutation_open();
	SmcBlock	in[3];
	SmcBlock	hashed[3];
	SmcBlock	scratch[3];

	(void) state;
	randombytes_buf(in, sizeof(in));
	in[1] = in[0];
	memcpy(hashed, in, sizeof(in));
	assert_int_equal(smc_block_hash(pi, 7, hashed, scratch, 3), SMC_OK);
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
	}
	smc_permutation_close(pi);
}

static void
test_transpose(void **state)
{
	enum
	{
		COLUMNS = 384, STRIDE = 64
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

	/* not points, and the neutral element */
	assert_int_equal(smc_base_ot_send_start(&sender, context, smc_random_system(), a), SMC_OK);
	memset(r, 0xff, sizeof(r));
	assert_int_equal(smc_base_ot_send_finish(&sender, r, pairs), SMC_ERR_FORMAT);
	assert_int_equal(smc_base_ot_receive_start(&receiver, context, choices, smc_random_system(), r), SMC_OK);
	memset(a, 0, sizeof(a));
	assert_int_equal(smc_base_ot_receive_finish(&receiver, a, chosen), SMC_ERR_FORMAT);
}

enum
{
	COUNT_MAX = 2 * SMC_OT_BATCH
};

typedef struct Extend
{
	size_t		count;
	bool		chosen;
	uint8_t		choices[2][COUNT_MAX / 8];
	SmcBlock	got[2][COUNT_MAX];
	SmcBlock	m0[2][COUNT_MAX];
	SmcBlock	m1[2][COUNT_MAX];
	uint64_t	sent;			/* by party 0, beyond set-up */
} Extend;

static SmcStatus
run_extend(SmcChannel *channel, void *arg)
{
	Extend	   *x = arg;
	int			self = channel->self;
	uint8_t		context[SMC_KEY_BYTES] = {5};
	SmcArena   *arena = smc_arena_create();
	uint64_t	before;
	SmcOtPair	pair;
	SmcStatus	status = smc_ot_open(channel, 1 - self, context, arena, smc_random_system(), &pair);

	before = channel->bytes_sent;
	for (size_t at = 0; at < x->count && status == SMC_OK; at += SMC_OT_BATCH)
	{
		size_t		n = x->count - at < SMC_OT_BATCH ? x->count - at : SMC_OT_BATCH;

		status = smc_ot_receive_random(pair.receiver, channel, 1 - self, x->chosen,
									   x->choices[self] + at / 8, x->got[self] + at, n);
		if (status == SMC_OK)
			status = smc_ot_send_random(pair.sender, channel, 1 - self, x->chosen,
										x->m0[self] + at, x->m1[self] + at, n);
	}
	if (self == 0)
		x->sent = channel->bytes_sent - before;
	if (status == SMC_OK)
		smc_ot_close(&pair);
	smc_arena_destroy(arena);
	return status;
}

static void
extend(size_t count, bool chosen)
{
	Extend	   *x = calloc(1, sizeof(*x));
	SmcTestResult results[2];
	size_t		expected = 0;
	size_t		ones = 0;

	x->count = count;
	x->chosen = chosen;
	if (chosen)
		randombytes_buf(x->choices, sizeof(x->choices));
	smc_testnet_run(2, run_extend, x, results);
	for (int p = 0; p < 2; p++)
	{
		assert_int_equal(results[p].status, SMC_OK);
		assert_int_equal(results[p].left_over, 0);
		for (size_t j = 0; j < count; j++)
		{
			int			c = (x->choices[p][j / 8] >> (j % 8)) & 1;
			SmcBlock   *mine = c ? x->m1[1 - p] : x->m0[1 - p];
			SmcBlock   *theirs = c ? x->m0[1 - p] : x->m1[1 - p];

			ones += (size_t) c;
			assert_memory_equal(&x->got[p][j], &mine[j], sizeof(SmcBlock));
			assert_memory_not_equal(&x->got[p][j], &theirs[j], sizeof(SmcBlock));
		}
	}
	for (size_t at = 0; at < count; at += SMC_OT_BATCH)
		expected += smc_ot_message_bytes(chosen, count - at < SMC_OT_BATCH ? count - at : SMC_OT_BATCH);
	assert_int_equal(x->sent, expected);
	if (!chosen && count >= SMC_OT_BATCH)
	{
		/* fair choices: within six standard deviations */
		double		deviation = (double) ones - (double) count;

		assert_true(deviation * deviation < 36.0 * (double) count / 2);
	}
	free(x);
}

static void
test_extension(void **state)
{
	static const size_t counts[] = {1, 7, 8, 127, 128, 129, 1000, SMC_OT_BATCH, SMC_OT_BATCH + 1, COUNT_MAX};

	(void) state;
	for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
	{
		extend(counts[k], false);
		extend(counts[k], true);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_transpose),
		cmocka_unit_test(test_base_ot),
		cmocka_unit_test(test_extension)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
