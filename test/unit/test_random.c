/*
 * Randomness: the seeded generator repeats itself, the system's does not.
 */
#include "smc_testkit.h"

#include <sodium.h>

static void
test_system(void **state)
{
	uint8_t		a[64] = {0};
	uint8_t		b[64] = {0};

	(void) state;
	smc_random_fill(smc_random_system(), a, sizeof(a));
	smc_random_fill(smc_random_system(), b, sizeof(b));
	assert_memory_not_equal(a, b, sizeof(a));
	smc_random_fill(smc_random_system(), NULL, 0);
}

static void
test_seeded(void **state)
{
	SmcRandomSeed one;
	SmcRandomSeed two;
	SmcRandom	r1 = smc_test_random(&one, 1);
	SmcRandom	r2 = smc_test_random(&two, 1);
	uint8_t		a[100];
	uint8_t		b[100];
	uint8_t		first[100];
	int			i;

	(void) state;
	for (i = 0; i < 10; i++)
	{
		smc_random_fill(&r1, a, sizeof(a));
		smc_random_fill(&r2, b, sizeof(b));
		assert_memory_equal(a, b, sizeof(a));
		if (i > 0)
			assert_memory_not_equal(a, first, sizeof(a));
		else
			memcpy(first, a, sizeof(a));
	}
	r2 = smc_test_random(&two, 2);
	smc_random_fill(&r2, b, sizeof(b));
	assert_memory_not_equal(first, b, sizeof(b));
}

/* The first fill under the zero key is the key stream of RFC 8439, A.1, vector 1. */
static void
test_seeded_vector(void **state)
{
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 0);
	uint8_t		want[64];
	uint8_t		got[64];

	(void) state;
	smc_test_hex("76b8e0ada0f13d90405d6ae55386bd28bdd219b8a08ded1aa836efcc8b770dc7"
				 "da41597c5157488d7724e03fb8d84a376a43b8f41518a11cc387b669b2ee6586", want, sizeof(want));
	smc_random_fill(&random, got, sizeof(got));
	assert_memory_equal(got, want, sizeof(want));
}

static void
test_uniform(void **state)
{
	static uint8_t bytes[1 << 20];
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 3);

	(void) state;
	smc_random_fill(&random, bytes, sizeof(bytes));
	assert_true(smc_test_chi_square(bytes, sizeof(bytes)) < 5);
	smc_random_fill(smc_random_system(), bytes, sizeof(bytes));
	assert_true(smc_test_chi_square(bytes, sizeof(bytes)) < 8);	/* by chance once in 10^12 runs */
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system),
		cmocka_unit_test(test_seeded),
		cmocka_unit_test(test_seeded_vector),
		cmocka_unit_test(test_uniform),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
