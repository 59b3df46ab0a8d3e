/*
 * What the unit tests share.
 */
#include "smc_testkit.h"

#include <sodium.h>

void
smc_test_hex(const char *text, uint8_t *out, size_t out_len)
{
	size_t		len;

	assert_int_equal(sodium_hex2bin(out, out_len, text, strlen(text), " \n", &len, NULL), 0);
	assert_int_equal(len, out_len);
}

SmcRandom
smc_test_random(SmcRandomSeed *seed, uint64_t number)
{
	memset(seed, 0, sizeof(*seed));
	memcpy(seed->key, &number, sizeof(number));
	return smc_random_seeded(seed);
}

uint64_t
smc_test_below(const SmcRandom *random, uint64_t bound)
{
	uint64_t	value;

	smc_random_fill(random, &value, sizeof(value));
	return value % bound;
}

SmcRing128
smc_test_element(const SmcRandom *random)
{
	uint8_t		bytes[SMC_RING128_BYTES];

	smc_random_fill(random, bytes, sizeof(bytes));
	return smc_ring_load(bytes);
}

double
smc_test_chi_square(const uint8_t *bytes, size_t len)
{
	size_t		counts[256] = {0};
	double		expected = (double) len / 256;
	double		chi = 0;
	size_t		i;

	for (i = 0; i < len; i++)
		counts[bytes[i]]++;
	for (i = 0; i < 256; i++)
		chi += ((double) counts[i] - expected) * ((double) counts[i] - expected) / expected;
	return (chi - 255) / 22.58;		/* sqrt(2 * 255) */
}
