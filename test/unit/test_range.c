/*
 * Ranges: what an operation gives on numbers from ranges lies in the range that
 * is foretold, ends included; too wide ones; roots and quotients of public integers.
 */
#include "smc_testkit.h"

#include <sodium.h>

#include "core/smc_range.h"
#include "smc_testwide.h"

#define TRIES	3000

/* Of up to that many bits, of any sign. */
static SmcWide
sized(int bits)
{
	SmcWide		x = smc_wide_from_int(0);
	int			b = (int) randombytes_uniform((uint32_t) bits + 1);

	for (int k = 0; k < b; k++)
		x.limb[k / 64] |= (uint64_t) randombytes_uniform(2) << (k % 64);
	return randombytes_uniform(2) ? smc_wide_negate(&x) : x;
}

static SmcRange
sized_range(int bits)
{
	SmcWide		a = sized(bits);
	SmcWide		b = randombytes_uniform(8) ? sized(bits) : a;

	return smc_range_compare(&a, &b) <= 0 ? smc_range_of(&a, &b) : smc_range_of(&b, &a);
}

/* An end, or something between. */
static SmcWide
member(const SmcRange *range)
{
	SmcWide		span = minus(range->hi, range->lo);
	SmcWide		one = smc_wide_from_int(1);
	SmcWide		step = sized(smc_wide_bits(&span));
	SmcWide		rest;

	switch (randombytes_uniform(4))
	{
		case 0:
			return range->lo;
		case 1:
			return range->hi;
		default:
			span = plus(span, one);
			step = smc_wide_is_negative(&step) ? smc_wide_negate(&step) : step;
			rest = smc_range_quotient(&step, &span);
			return plus(range->lo, minus(step, times(rest, span)));
	}
}

static void
assert_in(SmcWide x, const SmcRange *range)
{
	assert_true(smc_range_known(range));
	assert_true(smc_range_compare(&range->lo, &x) <= 0 && smc_range_compare(&x, &range->hi) <= 0);
	assert_true(smc_wide_bits(&x) <= range->bits);
}

static void
check_signs(const SmcRange *range, SmcWide x)
{
	if (smc_wide_is_zero(&x))
		assert_true(smc_range_has_zero(range));
	if (smc_range_from_zero(range))
		assert_false(smc_wide_is_negative(&x));
	if (smc_range_to_zero(range))
		assert_true(smc_wide_is_negative(&x) || smc_wide_is_zero(&x));
}

static void
test_members(void **state)
{
	(void) state;
	for (int k = 0; k < TRIES; k++)
	{
		SmcRange	a = sized_range(k % 250);
		SmcRange	b = sized_range(k / 12);
		SmcWide		x = member(&a);
		SmcWide		y = member(&b);
		SmcRange	out;

		assert_in(x, &a);
		check_signs(&a, x);
		out = smc_range_add(&a, &b);
		assert_in(plus(x, y), &out);
		out = smc_range_negate(&a);
		assert_in(smc_wide_negate(&x), &out);
		out = smc_range_scale(&a, &y);
		assert_in(times(x, y), &out);
		out = smc_range_multiply(&a, &b);
		assert_in(times(x, y), &out);
		out = smc_range_square(&a);
		assert_in(times(x, x), &out);
		assert_true(smc_range_from_zero(&out));
		out = smc_range_join(&a, &b);
		assert_in(x, &out);
		assert_in(y, &out);
		out = smc_range_meet(&a, &b);
		if (smc_range_compare(&b.lo, &x) <= 0 && smc_range_compare(&x, &b.hi) <= 0)
			assert_in(x, &out);
		out = smc_range_of_bits(smc_wide_bits(&x));
		assert_in(x, &out);
	}
}

static void
test_quotients(void **state)
{
	(void) state;
	for (int k = 0; k < TRIES; k++)
	{
		SmcRange	a = sized_range(k % 500);
		SmcRange	b = sized_range(k / 6);
		SmcWide		one = smc_wide_from_int(1);
		SmcWide		x;
		SmcWide		y;
		SmcWide		q;
		SmcRange	out;

		/* no numbers below zero */
		if (smc_wide_is_negative(&a.lo))
			a = smc_range_of(&one, smc_wide_is_negative(&a.hi) ? &one : smc_wide_is_zero(&a.hi) ? &one : &a.hi);
		if (smc_wide_is_negative(&b.lo))
			b = smc_range_of(&one, smc_wide_is_negative(&b.hi) || smc_wide_is_zero(&b.hi) ? &one : &b.hi);
		x = member(&a);
		y = member(&b);
		out = smc_range_divide(&a, &b);
		if (smc_wide_is_zero(&y))
			y = one;
		q = smc_range_quotient(&x, &y);
		assert_in(q, &out);
		q = minus(x, times(q, y));
		assert_true(!smc_wide_is_negative(&q) && smc_range_compare(&q, &y) < 0);
		out = smc_range_root(&a);
		q = smc_range_root_of(&x);
		assert_in(q, &out);
		assert_true(smc_range_compare(&x, &q) >= 0);
		assert_true(smc_wide_is_zero(&q) || smc_range_compare(&q, &x) <= 0);
		if (smc_wide_bits(&x) < 500)
		{
			SmcWide		square = times(q, q);
			SmcWide		next = times(plus(q, one), plus(q, one));

			assert_true(smc_range_compare(&square, &x) <= 0 && smc_range_compare(&next, &x) > 0);
		}
	}
}

static void
test_wide(void **state)
{
	SmcRange	a = smc_range_of_bits(SMC_RANGE_BITS);
	SmcRange	b = smc_range_of_bits(SMC_RANGE_BITS + 1);
	SmcRange	far = smc_range_of_bits(1 << 30);
	SmcRange	small = smc_range_of_bits(10);
	SmcRange	out;
	SmcWide		x;

	(void) state;
	assert_true(smc_range_known(&a));
	assert_false(smc_range_known(&b));
	x = plus(a.hi, smc_wide_from_int(1));
	assert_int_equal(smc_wide_bits(&x), SMC_WIDTH_MAX);
	out = smc_range_of(&x, &x);
	assert_false(smc_range_known(&out));
	out = smc_range_add(&a, &a);
	assert_int_equal(out.bits, SMC_RANGE_BITS + 1);
	out = smc_range_multiply(&a, &a);
	assert_int_equal(out.bits, 2 * SMC_RANGE_BITS);
	out = smc_range_multiply(&far, &far);
	for (int k = 0; k < 40; k++)
		out = smc_range_multiply(&out, &out);
	assert_true(out.bits > SMC_RANGE_BITS && !smc_range_known(&out));
	assert_true(smc_range_has_zero(&out) && !smc_range_from_zero(&out) && !smc_range_to_zero(&out));
	out = smc_range_meet(&out, &small);
	assert_int_equal(out.bits, 10);
	out = smc_range_join(&far, &small);
	assert_false(smc_range_known(&out));
	out = smc_range_divide(&far, &small);
	assert_false(smc_range_known(&out));
	out = smc_range_root(&b);
	assert_int_equal(out.bits, 256);
	out = smc_range_root(&a);
	assert_int_equal(out.bits, 256);
	out = smc_range_of_bits(0);
	assert_true(smc_range_from_zero(&out) && smc_range_to_zero(&out));
	x = smc_range_power_of_two(200);
	assert_int_equal(smc_wide_bits(&x), 201);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_quotients),
		cmocka_unit_test(test_wide)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
