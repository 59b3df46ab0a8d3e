/*
 * Hashing: the published vector for what we build on, and our own framing
 * against vectors computed independently (Python's hashlib.blake2b over the
 * bytes that the header describes).
 */
#include "smc_testkit.h"

#include <sodium.h>

#include "core/smc_hash.h"

/* RFC 7693, appendix A: BLAKE2b-512("abc"). */
static void
test_blake2b(void **state)
{
	uint8_t		want[64];
	uint8_t		got[64];

	(void) state;
	smc_test_hex("ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
				 "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923", want, sizeof(want));
	assert_int_equal(crypto_generichash(got, sizeof(got), (const uint8_t *) "abc", 3, NULL, 0), 0);
	assert_memory_equal(got, want, sizeof(want));
}

/* Domain "smc test v1", inputs "abc", "" and an integer. */
static void
hash_sample(const uint8_t *key, uint8_t out[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc test v1", key);
	smc_hash_add(&hash, "abc", 3);
	smc_hash_add(&hash, NULL, 0);
	smc_hash_add_u64(&hash, UINT64_C(0x0123456789abcdef));
	smc_hash_final(&hash, out);
	assert_true(sodium_is_zero((const uint8_t *) &hash, sizeof(hash)));
}

static void
test_vectors(void **state)
{
	uint8_t		key[SMC_KEY_BYTES];
	uint8_t		want[SMC_KEY_BYTES];
	uint8_t		got[SMC_KEY_BYTES];
	SmcHash		hash;
	int			i;

	(void) state;
	for (i = 0; i < SMC_KEY_BYTES; i++)
		key[i] = (uint8_t) i;

	smc_test_hex("7e9c56551097300a33e3d1dcd0f41748fe0e5bd3dd04cd6ad7eb02e2e23740b7", want, sizeof(want));
	hash_sample(NULL, got);
	assert_memory_equal(got, want, sizeof(want));

	smc_test_hex("bd0533860814d9d4a265f3b000a543f7ff43df51b37385f89a376fd5d7a7c39b", want, sizeof(want));
	hash_sample(key, got);
	assert_memory_equal(got, want, sizeof(want));

	smc_test_hex("81e47a19e6b29b0a65b9591762ce5143ed30d0261e5d24a3201752506b20f15c", want, sizeof(want));
	smc_hash_init(&hash, "", NULL);
	smc_hash_final(&hash, got);
	assert_memory_equal(got, want, sizeof(want));
}

/* The same bytes cut elsewhere, or under another name, are another hash. */
static void
test_separation(void **state)
{
	static const char *const parts[][3] = {
		{"d", "ab", "c"}, {"d", "a", "bc"}, {"d", "abc", ""}, {"d", "", "abc"}, {"da", "b", "c"}, {"e", "ab", "c"},
	};
	uint8_t		out[6][SMC_KEY_BYTES];
	int			i;
	int			j;

	(void) state;
	for (i = 0; i < 6; i++)
	{
		SmcHash		hash;

		smc_hash_init(&hash, parts[i][0], NULL);
		smc_hash_add(&hash, parts[i][1], strlen(parts[i][1]));
		smc_hash_add(&hash, parts[i][2], strlen(parts[i][2]));
		smc_hash_final(&hash, out[i]);
		for (j = 0; j < i; j++)
			assert_memory_not_equal(out[i], out[j], SMC_KEY_BYTES);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blake2b),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_separation),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
