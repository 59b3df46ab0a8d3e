/*
 * Wide integers: public ones against known values and round trips; sharing, and
 * opening to some.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_wide.h"

/* ---- public integers ------------------------------------------------------------- */

static SmcWide
parse(const char *text, int scale)
{
	SmcWide		value;

	assert_int_equal(smc_wide_from_decimal(text, scale, &value), SMC_OK);
	return value;
}

#define assert_decimal(value, scale, text) \
	do { char assert_out[SMC_WIDE_DECIMAL_MAX]; SmcWide assert_value = (value); \
		smc_wide_to_decimal(&assert_value, scale, assert_out); assert_string_equal(assert_out, text); } while (0)

static const char *const largest =
	"6703903964971298549787012499102923063739682910296196688861780721860882015036773488400937149083451713845015929093243025426876941405973284973216824503042047";
static const char *const smallest =
	"-6703903964971298549787012499102923063739682910296196688861780721860882015036773488400937149083451713845015929093243025426876941405973284973216824503042048";

static void
test_decimals(void **state)
{
	static const struct
	{
		const char *text;
		int			scale;
		const char *back;
	}			good[] = {
		{"0", 0, "0"}, {"-0", 3, "0.000"}, {"12.5", 2, "12.50"}, {"-0.05", 2, "-0.05"}, {"7.000", 0, "7"},
		{"340282366920938463463374607431768211456", 0, "340282366920938463463374607431768211456"},	/* 2^128 */
		{"-18446744073709551616.1", 1, "-18446744073709551616.1"}
	};
	static const char *const bad[] = {"", "-", ".5", "5.", "1e3", " 1", "1 ", "+1", "NaN", "1.2.3", "--1"};
	SmcWide		value;
	SmcWide		one = smc_wide_from_int(1);
	char		text[SMC_WIDE_DECIMAL_MAX];

	(void) state;
	for (size_t k = 0; k < sizeof(good) / sizeof(good[0]); k++)
		assert_decimal(parse(good[k].text, good[k].scale), good[k].scale, good[k].back);
	for (size_t k = 0; k < sizeof(bad) / sizeof(bad[0]); k++)
		assert_int_equal(smc_wide_from_decimal(bad[k], 0, &value), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_wide_from_decimal("1", -1, &value), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_wide_from_decimal("1", 151, &value), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_wide_from_decimal("1.05", 1, &value), SMC_ERR_RANGE);

	/* the ends of the range, and what is just beyond */
	assert_decimal(parse(largest, 0), 0, largest);
	assert_decimal(parse(smallest, 0), 0, smallest);
	value = parse(largest, 0);
	value = smc_wide_add(&value, &one);
	assert_decimal(value, 0, smallest);
	assert_int_equal(smc_wide_bits(&value), 512);
	assert_int_equal(smc_wide_from_decimal(smallest + 1, 0, &value), SMC_ERR_RANGE);
	assert_int_equal(smc_wide_from_decimal(largest, 1, &value), SMC_ERR_RANGE);
	memset(text, '9', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(smc_wide_from_decimal(text, 0, &value), SMC_ERR_RANGE);
	/* the longest text */
	value = parse(smallest, 0);
	smc_wide_to_decimal(&value, 150, text);
	assert_int_equal(strlen(text), 156);
	smc_wide_to_decimal(&value, 151, text);
	assert_string_equal(text, "");
}

static void
test_arithmetic(void **state)
{
	SmcWide		a = parse("1208925819614629174706175", 0);	/* 2^80 - 1 */
	SmcWide		b = smc_wide_from_int(-12345678901);
	SmcWide		c;

	(void) state;
	c = smc_wide_multiply(&a, &b);
	assert_decimal(c, 0, "-14925009984090459353109067571913675");
	assert_true(smc_wide_is_negative(&c));
	c = smc_wide_negate(&c);
	assert_false(smc_wide_is_negative(&c));
	c = smc_wide_add(&a, &b);
	assert_decimal(c, 0, "1208925819614616829027274");
	c = smc_wide_multiply(&a, &a);
	assert_decimal(c, 0, "1461501637330902918203682414864643790397583130625");
	assert_int_equal(smc_wide_bits(&a), 80);
	assert_int_equal(smc_wide_bits(&b), 34);
	c = smc_wide_from_int(0);
	assert_true(smc_wide_is_zero(&c));
	assert_int_equal(smc_wide_bits(&c), 0);
	c = smc_wide_from_int(INT64_MIN);
	assert_decimal(c, 0, "-9223372036854775808");
	assert_int_equal(smc_wide_bits(&c), 64);
	c = smc_wide_from_ring((SmcRing128) 1 << 127);
	assert_decimal(c, 0, "-170141183460469231731687303715884105728");
	c = smc_wide_power_of_ten(0);
	assert_decimal(c, 0, "1");
	c = smc_wide_power_of_ten(150);
	assert_decimal(c, 150, "1.000000000000000000000000000000000000000000000000000000000000000000000000000"
				   "000000000000000000000000000000000000000000000000000000000000000000000000000");
	assert_int_equal(smc_wide_bits(&c), 499);
}

static void
test_vectors(void **state)
{
	uint64_t	integers[3 * 8];

	(void) state;
	for (int width = 64; width <= SMC_WIDTH_MAX; width += 64)
	{
		SmcWide		value = smc_wide_from_int(-5);
		SmcWide		back;

		memset(integers, 0x11, sizeof(integers));
		smc_wide_put(integers, width, 1, &value);
		back = smc_wide_get(integers, width, 1);
		assert_memory_equal(&back, &value, sizeof(value));
		assert_int_equal(integers[width / 64 - 1], UINT64_C(0x1111111111111111));
		assert_int_equal(integers[width / 64 * 2], UINT64_C(0x1111111111111111));
	}
	for (int k = 0; k < 200; k++)
	{
		uint64_t	words[2][8];
		uint64_t	expected[8];
		SmcWide		a;
		SmcWide		b;
		char		text[SMC_WIDE_DECIMAL_MAX];

		randombytes_buf(words, sizeof(words));
		a = smc_wide_get(words[0], 512, 0);
		b = smc_wide_get(words[1], 64 * (k % 8 + 1), 0);
		smc_wide_to_decimal(&a, k % 151, text);
		assert_int_equal(smc_wide_from_decimal(text, k % 151, &b), SMC_OK);
		assert_memory_equal(&a, &b, sizeof(a));
		b = smc_wide_get(words[1], 64 * (k % 8 + 1), 0);
		smc_test_multiply(expected, a.limb, b.limb, 512);
		a = smc_wide_multiply(&a, &b);
		assert_memory_equal(&a, expected, sizeof(a));
	}
}

/* ---- sharing and opening ------------------------------------------------------------ */

enum
{
	SHARED = 1400				/* more than a message at 192 bits and up */
};

typedef struct Sharing
{
	int			n;
	int			width;
	uint8_t		seeds[5][5][SMC_KEY_BYTES];	/* of each pair, at both places */
	uint8_t		context[SMC_KEY_BYTES];
	uint16_t	recipients[SHARED];
	uint64_t	inputs[5][SHARED * 8];
	uint64_t	shares[5][SHARED * 8];
	uint64_t	totals[5][SHARED * 8];
} Sharing;

static SmcStatus
share_and_open(SmcChannel *channel, void *arg)
{
	Sharing    *s = arg;
	int			self = channel->self;
	size_t		bytes = SHARED * (size_t) s->width / 8;
	uint16_t	nobody = (uint16_t) (1 << s->n);
	SmcStatus	status;

	memcpy(s->shares[self], s->inputs[self], bytes);
	status = smc_wide_share(self, s->n, (const uint8_t (*)[SMC_KEY_BYTES]) s->seeds[self], s->context,
							s->width, s->shares[self], SHARED);
	if (status != SMC_OK)
		return status;
	if (smc_wide_share(self, s->n, NULL, s->context, 100, NULL, 0) != SMC_ERR_ARGUMENT ||
		smc_wide_share(s->n, s->n, NULL, s->context, 64, NULL, 0) != SMC_ERR_ARGUMENT ||
		smc_wide_open(channel, 0, NULL, NULL, 0, NULL) != SMC_ERR_ARGUMENT ||
		smc_wide_open(channel, 64, s->shares[self], &nobody, 1, s->totals[self]) != SMC_ERR_ARGUMENT)
		return SMC_ERR_FORMAT;
	return smc_wide_open(channel, s->width, s->shares[self], s->recipients, SHARED, s->totals[self]);
}

static void
check_sharing(int n, int width)
{
	Sharing    *s = calloc(1, sizeof(*s));
	SmcTestResult results[5];
	size_t		limbs = (size_t) width / 64;
	uint64_t	elements[5] = {0};

	s->n = n;
	s->width = width;
	randombytes_buf(s->inputs, sizeof(s->inputs));
	randombytes_buf(s->context, sizeof(s->context));
	for (int i = 0; i < n; i++)
	{
		for (int j = 0; j < i; j++)
		{
			randombytes_buf(s->seeds[i][j], SMC_KEY_BYTES);
			memcpy(s->seeds[j][i], s->seeds[i][j], SMC_KEY_BYTES);
		}
	}
	for (size_t e = 0; e < SHARED; e++)
	{
		/* now and then to nobody, or to all */
		s->recipients[e] = (uint16_t) (e % 9 == 0 ? (1u << n) - 1 : randombytes_uniform(1u << n));
		for (int p = 0; p < n; p++)
			elements[p] += s->recipients[e] >> p & 1;
	}
	smc_testnet_run(n, share_and_open, s, results);
	for (int p = 0; p < n; p++)
	{
		uint64_t	others = 0;

		for (int q = 0; q < n; q++)
			others += q == p ? 0 : elements[q];
		assert_int_equal(results[p].status, SMC_OK);
		assert_int_equal(results[p].left_over, 0);
		assert_int_equal(results[p].rounds, 1);
		assert_int_equal(results[p].bytes_sent, others * (uint64_t) width / 8);
		assert_true(smc_test_chi_square((const uint8_t *) s->shares[p], SHARED * limbs * 8) < 6);
	}
	for (size_t e = 0; e < SHARED; e++)
	{
		uint64_t	total[8];
		uint64_t	none[8] = {0};

		smc_test_combine_wide(total, s->inputs[0], SHARED * 8, n, width, e);
		for (int p = 0; p < n; p++)
			assert_memory_equal(s->totals[p] + e * limbs, s->recipients[e] >> p & 1 ? total : none, limbs * 8);
	}
	free(s);
}

static void
test_sharing(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : 5); n++)
	{
		check_sharing(n, 64 * n);
		check_sharing(n, 512);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decimals),
		cmocka_unit_test(test_arithmetic),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_sharing)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
