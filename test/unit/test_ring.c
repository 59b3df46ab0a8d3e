/*
 * The ring and its decimals, at the edges and at random.
 */
#include "smc_testkit.h"

#include <stdio.h>

#define RING_MIN	((SmcRing128) 1 << 127)
#define RING_MAX	(RING_MIN - 1)
#define MAX_TEXT	"170141183460469231731687303715884105727"
#define MIN_TEXT	"-170141183460469231731687303715884105728"

static void
assert_parses(const char *text, int scale, SmcRing128 want)
{
	SmcRing128	value = 99;

	assert_int_equal(smc_ring_from_decimal(text, scale, &value), SMC_OK);
	assert_ring_equal(value, want);
}

static void
assert_refused(const char *text, int scale, SmcStatus want)
{
	SmcRing128	value = 99;

	assert_int_equal(smc_ring_from_decimal(text, scale, &value), want);
	assert_ring_equal(value, 0);
}

static void
assert_prints(SmcRing128 value, int scale, const char *want)
{
	char		text[SMC_DECIMAL_MAX];

	memset(text, 'x', sizeof(text));
	smc_ring_to_decimal(value, scale, text);
	assert_string_equal(text, want);
}

static void
test_store(void **state)
{
	SmcRing128	value = (SmcRing128) UINT64_C(0x0f0e0d0c0b0a0908) << 64 | UINT64_C(0x0706050403020100);
	uint8_t		bytes[SMC_RING128_BYTES];
	int			i;

	(void) state;
	smc_ring_store(bytes, value);
	for (i = 0; i < SMC_RING128_BYTES; i++)
		assert_int_equal(bytes[i], i);
	assert_ring_equal(smc_ring_load(bytes), value);
}

static void
test_parse(void **state)
{
	(void) state;
	assert_parses("0", 0, 0);
	assert_parses("-0", 0, 0);
	assert_parses("-0.000", 2, 0);
	assert_parses("7", 0, 7);
	assert_parses("-12.50", 2, 0 - (SmcRing128) 1250);
	assert_parses("-12.5", 2, 0 - (SmcRing128) 1250);
	assert_parses("12", 2, 1200);
	assert_parses("12.3400000", 2, 1234);	/* zeros past the scale */
	assert_parses("12.000", 0, 12);
	assert_parses("0000000000000000000000000000000000000000000000000000007", 0, 7);
	assert_parses("0.000000000000000000000000000001", 30, 1);
	assert_parses(MAX_TEXT, 0, RING_MAX);
	assert_parses(MAX_TEXT ".0000", 0, RING_MAX);
	assert_parses(MIN_TEXT, 0, RING_MIN);
	assert_parses("1701411834604692317316873037158841057.27", 2, RING_MAX);
	assert_parses("-1701411834604692317316873037158841057.28", 2, RING_MIN);
}

static void
test_out_of_range(void **state)
{
	(void) state;
	assert_refused("170141183460469231731687303715884105728", 0, SMC_ERR_RANGE);
	assert_refused("-170141183460469231731687303715884105729", 0, SMC_ERR_RANGE);
	assert_refused(MAX_TEXT, 1, SMC_ERR_RANGE);
	assert_refused("340282366920938463463374607431768211456", 0, SMC_ERR_RANGE);	/* 2^128: 0 in the ring */
	assert_refused("340282366920938463463374607431768211463", 0, SMC_ERR_RANGE);
	assert_refused("99999999999999999999999999999999999999999999999999999999999999", 0, SMC_ERR_RANGE);
	assert_refused("1.5", 0, SMC_ERR_RANGE);
	assert_refused("1.005", 2, SMC_ERR_RANGE);
	assert_refused("1.000000000000000000000000000000000000000001", 30, SMC_ERR_RANGE);
}

static void
test_no_number(void **state)
{
	static const char *const texts[] = {
		"", "-", "+1", "--1", ".5", "5.", "-.5", "1.5e3", "1e3", " 1", "1 ", "1,5", "1.2.3", "0x10", "NaN", "-NaN",
		"Infinity", "-Infinity", "1a", "1.a", "1.5a", "99999999999999999999999999999999999999999999999999x",
	};
	size_t		i;

	(void) state;
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_refused(texts[i], 2, SMC_ERR_ARGUMENT);
	assert_refused("1", -1, SMC_ERR_ARGUMENT);
	assert_refused("1", SMC_SCALE_MAX + 1, SMC_ERR_ARGUMENT);
}

static void
test_print(void **state)
{
	(void) state;
	assert_prints(0, 0, "0");
	assert_prints(0, 3, "0.000");
	assert_prints(5, 3, "0.005");
	assert_prints(0 - (SmcRing128) 5, 3, "-0.005");
	assert_prints(1234, 2, "12.34");
	assert_prints(100, 2, "1.00");
	assert_prints(1000, 0, "1000");
	assert_prints(RING_MAX, 0, MAX_TEXT);
	assert_prints(RING_MIN, 0, MIN_TEXT);
	assert_prints(RING_MAX, 30, "170141183.460469231731687303715884105727");
	assert_prints(RING_MIN, 30, "-170141183.460469231731687303715884105728");
	assert_prints(1, 30, "0.000000000000000000000000000001");
	assert_prints(1, -1, "");
	assert_prints(1, 31, "");
}

/* Random elements of every size, at every scale, there and back. */
static void
test_round_trip(void **state)
{
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 10);
	int			i;

	(void) state;
	for (i = 0; i < 20000; i++)
	{
		SmcRing128	value = smc_test_element(&random) >> smc_test_below(&random, 128);
		int			scale = (int) smc_test_below(&random, SMC_SCALE_MAX + 1);
		char		text[SMC_DECIMAL_MAX];

		if (smc_test_below(&random, 2))
			value = 0 - value;
		smc_ring_to_decimal(value, scale, text);
		assert_parses(text, scale, value);
	}
}

/* Against the C library, where it can print and read. */
static void
test_against_printf(void **state)
{
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 11);
	int			i;

	(void) state;
	for (i = 0; i < 20000; i++)
	{
		int64_t		number = (int64_t) (smc_test_element(&random) >> smc_test_below(&random, 64));
		char		want[32];

		snprintf(want, sizeof(want), "%lld", (long long) number);
		assert_prints((SmcRing128) (__int128) number, 0, want);
		assert_parses(want, 0, (SmcRing128) (__int128) number);
	}
}

static void
test_summable(void **state)
{
	int			count;

	(void) state;
	for (count = 1; count <= SMC_PARTIES_MAX; count++)
	{
		SmcRing128	most = RING_MAX / (unsigned int) count;

		assert_true(smc_ring_summable(0, count));
		assert_true(smc_ring_summable(most, count));
		assert_true(smc_ring_summable(0 - most, count));
		assert_false(smc_ring_summable(most + 1, count));
		assert_false(smc_ring_summable(0 - most - 1, count));
		assert_false(smc_ring_summable(RING_MIN, count));

		/* What is promised: count of them stay within the signed range. */
		assert_true(most * (unsigned int) count <= RING_MAX);
	}
	assert_false(smc_ring_summable(0, 0));
	assert_false(smc_ring_summable(0, -1));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_out_of_range),
		cmocka_unit_test(test_no_number),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_against_printf),
		cmocka_unit_test(test_summable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
