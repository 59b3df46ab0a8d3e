/*
 * Sealed streams: the published vector, and every way to tamper with one.
 */
#include "smc_testkit.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_seal.h"

static const uint8_t key[SMC_KEY_BYTES] = {1, 2, 3};
static const uint8_t header[4] = {4, 0, 1, 0};

#define TEXT		"The quick brown fox"
#define TEXT_LEN	(sizeof(TEXT) - 1)
#define SEALED_LEN	(TEXT_LEN + SMC_SEAL_OVERHEAD)

/* Seal TEXT as the frames 0 .. count - 1 of a stream. */
static void
seal_frames(uint8_t (*frames)[SEALED_LEN], int count)
{
	SmcSeal		seal;
	int			i;

	smc_seal_init(&seal, key);
	for (i = 0; i < count; i++)
		assert_int_equal(smc_seal_close(&seal, header, sizeof(header), (const uint8_t *) TEXT, TEXT_LEN, frames[i]), SMC_OK);
	smc_seal_wipe(&seal);
}

/* RFC 8439, appendix A.5: a nonce that begins with 32 zero bits, as ours do. */
static void
test_rfc8439(void **state)
{
	static const char plain[] =
		"Internet-Drafts are draft documents valid for a maximum of six months and may be updated, "
		"replaced, or obsoleted by other documents at any time. It is inappropriate to use Internet-Drafts "
		"as reference material or to cite them other than as /\xe2\x80\x9cwork in progress./\xe2\x80\x9d";
	uint8_t		rfc_key[SMC_KEY_BYTES];
	uint8_t		aad[12];
	uint8_t		sealed[265 + SMC_SEAL_OVERHEAD];
	uint8_t		out[265 + SMC_SEAL_OVERHEAD];
	SmcSeal		seal;

	(void) state;
	assert_int_equal(sizeof(plain) - 1, 265);
	smc_test_hex("1c9240a5eb55d38af333888604f6b5f0473917c1402b80099dca5cbc207075c0", rfc_key, sizeof(rfc_key));
	smc_test_hex("f33388860000000000004e91", aad, sizeof(aad));
	smc_test_hex("64a0861575861af460f062c79be643bd5e805cfd345cf389f108670ac76c8cb2"
				 "4c6cfc18755d43eea09ee94e382d26b0bdb7b73c321b0100d4f03b7f355894cf"
				 "332f830e710b97ce98c8a84abd0b948114ad176e008d33bd60f982b1ff37c855"
				 "9797a06ef4f0ef61c186324e2b3506383606907b6a7c02b0f9f6157b53c867e4"
				 "b9166c767b804d46a59b5216cde7a4e99040c5a40433225ee282a1b0a06c523e"
				 "af4534d7f83fa1155b0047718cbc546a0d072b04b3564eea1b422273f548271a"
				 "0bb2316053fa76991955ebd63159434ecebb4e466dae5a1073a6727627097a10"
				 "49e617d91d361094fa68f0ff77987130305beaba2eda04df997b714d6c6f2c29"
				 "a6ad5cb4022b02709b"
				 "eead9d67890cbb22392336fea1851f38", sealed, sizeof(sealed));

	smc_seal_init(&seal, rfc_key);
	seal.counter = UINT64_C(0x0807060504030201);
	assert_int_equal(smc_seal_open(&seal, aad, sizeof(aad), sealed, sizeof(sealed), out), SMC_OK);
	assert_memory_equal(out, plain, 265);

	smc_seal_init(&seal, rfc_key);
	seal.counter = UINT64_C(0x0807060504030201);
	assert_int_equal(smc_seal_close(&seal, aad, sizeof(aad), (const uint8_t *) plain, 265, out), SMC_OK);
	assert_memory_equal(out, sealed, sizeof(sealed));
}

/* Many frames of many lengths, in place and not. */
static void
test_stream(void **state)
{
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 30);
	SmcSeal		sender;
	SmcSeal		receiver;
	int			i;

	(void) state;
	smc_seal_init(&sender, key);
	smc_seal_init(&receiver, key);
	for (i = 0; i < 300; i++)
	{
		size_t		len = i == 0 ? 0 : i == 1 ? SMC_FRAME_MAX : smc_test_below(&random, 3000);
		uint8_t    *text = malloc(len + 1);
		uint8_t    *sealed = malloc(len + SMC_SEAL_OVERHEAD);
		uint8_t    *opened = malloc(len + 1);

		smc_random_fill(&random, text, len);
		if (i % 2)
		{
			memcpy(sealed, text, len);
			assert_int_equal(smc_seal_close(&sender, header, sizeof(header), sealed, len, sealed), SMC_OK);
			assert_int_equal(smc_seal_open(&receiver, header, sizeof(header), sealed, len + SMC_SEAL_OVERHEAD, sealed), SMC_OK);
			assert_memory_equal(sealed, text, len);
		}
		else
		{
			assert_int_equal(smc_seal_close(&sender, header, sizeof(header), text, len, sealed), SMC_OK);
			assert_int_equal(smc_seal_open(&receiver, header, sizeof(header), sealed, len + SMC_SEAL_OVERHEAD, opened), SMC_OK);
			assert_memory_equal(opened, text, len);
		}
		free(text);
		free(sealed);
		free(opened);
	}
}

/* After one frame that did not open, the right ones don't either. */
static void
assert_dead(SmcSeal *seal)
{
	uint8_t		frames[5][SEALED_LEN];
	uint8_t		out[TEXT_LEN];
	int			i;

	assert_true(seal->broken);
	assert_true(sodium_is_zero(seal->key, SMC_KEY_BYTES));
	seal_frames(frames, 5);
	for (i = 0; i < 5; i++)
		assert_int_equal(smc_seal_open(seal, header, sizeof(header), frames[i], SEALED_LEN, out), SMC_ERR_AUTH);
}

static void
test_forgery(void **state)
{
	uint8_t		frame[1][SEALED_LEN];
	uint8_t		bad[SEALED_LEN];
	uint8_t		bad_header[4];
	uint8_t		out[TEXT_LEN];
	SmcSeal		seal;
	size_t		i;
	int			bit;

	(void) state;
	seal_frames(frame, 1);
	for (i = 0; i < SEALED_LEN + sizeof(header); i++)
		for (bit = 0; bit < 8; bit++)
		{
			memcpy(bad, frame[0], SEALED_LEN);
			memcpy(bad_header, header, sizeof(header));
			if (i < SEALED_LEN)
				bad[i] ^= (uint8_t) (1 << bit);
			else
				bad_header[i - SEALED_LEN] ^= (uint8_t) (1 << bit);
			smc_seal_init(&seal, key);
			assert_int_equal(smc_seal_open(&seal, bad_header, sizeof(header), bad, SEALED_LEN, out), SMC_ERR_AUTH);
			assert_dead(&seal);
		}

	/* A header that is longer or shorter, and another key. */
	smc_seal_init(&seal, key);
	assert_int_equal(smc_seal_open(&seal, header, 3, frame[0], SEALED_LEN, out), SMC_ERR_AUTH);
	smc_seal_init(&seal, frame[0]);
	assert_int_equal(smc_seal_open(&seal, header, 4, frame[0], SEALED_LEN, out), SMC_ERR_AUTH);
}

static void
test_truncation(void **state)
{
	uint8_t		frame[1][SEALED_LEN];
	size_t		len;

	(void) state;
	seal_frames(frame, 1);
	for (len = 0; len < SEALED_LEN; len++)
	{
		uint8_t    *copy = malloc(len > 0 ? len : 1);
		uint8_t		out[TEXT_LEN];
		SmcSeal		seal;

		memcpy(copy, frame[0], len);
		smc_seal_init(&seal, key);
		assert_int_equal(smc_seal_open(&seal, header, sizeof(header), copy, len, out), SMC_ERR_AUTH);
		assert_dead(&seal);
		free(copy);
	}
}

static void
test_order(void **state)
{
	uint8_t		frames[3][SEALED_LEN];
	uint8_t		out[TEXT_LEN];
	SmcSeal		seal;

	(void) state;
	seal_frames(frames, 3);
	assert_memory_not_equal(frames[0], frames[1], SEALED_LEN);

	/* replayed */
	smc_seal_init(&seal, key);
	assert_int_equal(smc_seal_open(&seal, header, sizeof(header), frames[0], SEALED_LEN, out), SMC_OK);
	assert_int_equal(smc_seal_open(&seal, header, sizeof(header), frames[0], SEALED_LEN, out), SMC_ERR_AUTH);
	assert_dead(&seal);

	/* one left out */
	smc_seal_init(&seal, key);
	assert_int_equal(smc_seal_open(&seal, header, sizeof(header), frames[0], SEALED_LEN, out), SMC_OK);
	assert_int_equal(smc_seal_open(&seal, header, sizeof(header), frames[2], SEALED_LEN, out), SMC_ERR_AUTH);
	assert_dead(&seal);

	/* out of order */
	smc_seal_init(&seal, key);
	assert_int_equal(smc_seal_open(&seal, header, sizeof(header), frames[1], SEALED_LEN, out), SMC_ERR_AUTH);
	assert_dead(&seal);
}

static void
test_end_of_stream(void **state)
{
	uint8_t		sealed[SEALED_LEN];
	uint8_t		out[TEXT_LEN];
	SmcSeal		seal;

	(void) state;
	smc_seal_init(&seal, key);
	seal.counter = UINT64_MAX;
	assert_int_equal(smc_seal_close(&seal, NULL, 0, (const uint8_t *) TEXT, TEXT_LEN, sealed), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_seal_open(&seal, NULL, 0, sealed, SEALED_LEN, out), SMC_ERR_AUTH);

	smc_seal_init(&seal, key);
	smc_seal_wipe(&seal);
	assert_int_equal(smc_seal_close(&seal, NULL, 0, (const uint8_t *) TEXT, TEXT_LEN, sealed), SMC_ERR_ARGUMENT);
	assert_dead(&seal);

	/* libsodium would end the process */
	smc_seal_init(&seal, key);
	assert_int_equal(smc_seal_close(&seal, NULL, 0, (const uint8_t *) TEXT, SIZE_MAX, sealed), SMC_ERR_ARGUMENT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rfc8439),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_forgery),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_end_of_stream),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
