/*
 * Division of wide shared integers, by shared and by powers of two, against
 * plaintext, 2 to 5 parties, many bounds:
 * random numbers of every size, 0, 1, equal ones, powers of two and their
 * neighbours, exact multiples and one less, the largest allowed, zero divisors, and dividends
 * much larger than the quotient may be.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_limbs.h"
#include "core/smc_wide.h"

#define PARTIES		5
#define COUNT		60
#define LIMBS		8
#define STRIDE		(COUNT * LIMBS)

typedef struct Case
{
	int			a_bits;			/* of the quotient */
	int			b_bits;
	int			width;
	size_t		count;
	uint64_t	as[STRIDE];		/* 512 bits each */
	uint64_t	bs[STRIDE];
	uint64_t	a[PARTIES * STRIDE];	/* shares */
	uint64_t	b[PARTIES * STRIDE];
	uint64_t	quotient[PARTIES * STRIDE];
	uint32_t	rounds;
	uint64_t	sent[PARTIES];
} Case;

/* Of a shift: x in a, of either sign; the result in quotient. */
typedef struct Cases
{
	int			count;
	Case	   *cases;
	int			shift_count;
	Case	   *shifts;
} Cases;

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	Cases	   *all = arg;
	SmcChannel *channel = engine->channel;
	size_t		at = (size_t) channel->self * STRIDE;
	uint64_t	x[LIMBS] = {0};
	SmcStatus	status = SMC_OK;

	for (int k = 0; k < all->count && status == SMC_OK; k++)
	{
		Case	   *c = &all->cases[k];
		uint32_t	rounds = channel->rounds;
		uint64_t	sent = channel->bytes_sent;

		/* the output may be an input */
		memcpy(c->quotient + at, (k % 3 == 1 ? c->a : c->b) + at, STRIDE * sizeof(uint64_t));
		status = smc_wide_divide(engine, c->width, c->a_bits, c->b_bits, (k % 3 == 1 ? c->quotient : c->a) + at,
								 (k % 3 == 2 ? c->quotient : c->b) + at, c->quotient + at, c->count);
		c->sent[channel->self] = channel->bytes_sent - sent;
		if (channel->self == 0)
			c->rounds = channel->rounds - rounds;
	}
	for (int k = 0; k < all->shift_count && status == SMC_OK; k++)
	{
		Case	   *c = &all->shifts[k];
		uint32_t	rounds = channel->rounds;

		memcpy(c->quotient + at, c->a + at, STRIDE * sizeof(uint64_t));
		status = smc_wide_shift_right(engine, c->width, c->a_bits, c->b_bits, (k % 2 ? c->quotient : c->a) + at,
									  c->quotient + at, c->count);
		if (channel->self == 0)
			c->rounds = channel->rounds - rounds;
	}
	if (status == SMC_OK &&
		(smc_wide_shift_right(engine, 64, 110, 40, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_shift_right(engine, 256, 110, 0, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_divide(engine, 64, 110, 40, x, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_divide(engine, 256, 0, 40, x, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_divide(engine, 512, 400, 400, x, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_divide(engine, 100, 30, 4, x, x, x, 1) != SMC_ERR_ARGUMENT))
		status = SMC_ERR_FORMAT;
	return status;
}

static void
choose(Case *c, int n)
{
	for (size_t e = 0; e < c->count; e++)
	{
		uint64_t   *a = c->as + e * LIMBS;
		uint64_t   *b = c->bs + e * LIMBS;
		uint64_t	one[LIMBS] = {1};
		uint64_t	q[LIMBS];

		smc_test_draw(a, smc_test_up_to(c->a_bits), e % 3 == 0 ? (int) (e / 3 % 4) : 0);
		smc_test_draw(b, smc_test_up_to(c->b_bits), e % 2 == 0 ? (int) (e / 2 % 4) : 0);
		if (e % 24 == 10)			/* nothing bounds a where b is zero */
		{
			smc_test_draw(b, 0, 0);
			smc_test_draw(a, c->width - 1, 0);
		}
		switch (e % 12)
		{
			case 0:				/* the largest by the largest, by one, by zero */
				memset(a, 0, LIMBS * 8);
				a[c->a_bits / 64] |= UINT64_C(1) << (c->a_bits % 64);
				smc_limbs_subtract(a, a, one, LIMBS);
				if (e % 36 == 0)
				{
					memset(b, 0, LIMBS * 8);
					b[c->b_bits / 64] |= UINT64_C(1) << (c->b_bits % 64);
					smc_limbs_subtract(b, b, one, LIMBS);
				}
				else
					smc_test_draw(b, e % 36 == 12, 1);
				break;
			case 1:				/* a multiple */
			case 2:				/* one less */
			case 3:				/* one more */
				smc_test_draw(q, c->a_bits > c->b_bits ? smc_test_up_to(c->a_bits - c->b_bits) : 1, 0);
				smc_test_multiply(a, b, q, 64 * LIMBS);
				if (e % 12 == 2 && (a[0] | a[1] | a[2] | a[3] | a[4] | a[5] | a[6] | a[7]) != 0)
					smc_limbs_subtract(a, a, one, LIMBS);
				if (e % 12 == 3)
					smc_limbs_add(a, a, one, LIMBS);
				if (!smc_test_fits(a, c->a_bits))
					memset(a, 0, LIMBS * 8);
				break;
			case 4:				/* equal */
				smc_test_draw(b, smc_test_up_to(c->a_bits < c->b_bits ? c->a_bits : c->b_bits), 0);
				memcpy(a, b, LIMBS * 8);
				break;
			case 5:
				smc_test_draw(b, 0, 0);
				break;
			case 6:
				smc_test_draw(a, 0, 0);
				break;
			case 8:				/* the largest quotient, of a larger a */
			case 9:
				memset(q, 0, LIMBS * 8);
				q[c->a_bits / 64] |= UINT64_C(1) << (c->a_bits % 64);
				smc_limbs_subtract(q, q, one, LIMBS);
				smc_test_multiply(a, b, q, 64 * LIMBS);
				if (e % 12 == 9 && !smc_test_fits(b, 0))
				{
					smc_limbs_add(a, a, b, LIMBS);
					smc_limbs_subtract(a, a, one, LIMBS);
				}
				break;
			case 7:				/* full size */
				smc_test_draw(a, c->a_bits, 0);
				smc_test_draw(b, c->b_bits, 0);
				break;
			default:
				break;
		}
		smc_test_split_wide(c->a, STRIDE, n, c->width, e, a);
		smc_test_split_wide(c->b, STRIDE, n, c->width, e, b);
	}
}

/* q b <= a < (q + 1) b */
static void
check(const Case *c, int n)
{
	for (size_t e = 0; e < c->count; e++)
	{
		const uint64_t *a = c->as + e * LIMBS;
		uint64_t	b[LIMBS];
		uint64_t	one[LIMBS] = {1};
		uint64_t	q[LIMBS] = {0};
		uint64_t	product[LIMBS];

		memcpy(b, c->bs + e * LIMBS, sizeof(b));
		smc_test_combine_wide(q, c->quotient, STRIDE, n, c->width, e);
		if (smc_test_fits(b, 0))
		{
			assert_memory_equal(q, a, sizeof(q));
			continue;
		}
		assert_true(smc_test_fits(q, c->a_bits));
		smc_test_multiply(product, q, b, 64 * LIMBS);
		assert_false(smc_test_less(a, product, 64 * LIMBS, false));
		smc_limbs_add(q, q, one, LIMBS);
		smc_test_multiply(product, q, b, 64 * LIMBS);
		assert_true(smc_test_less(a, product, 64 * LIMBS, false));
	}
}

/* Rounds are as foretold; bytes too, nearly: triples may be in stock, and parties differ. */
static void
check_cost(const Case *c, int n)
{
	SmcCost		cost = {0};
	uint64_t	most = 0;
	uint64_t	told;

	smc_wide_divide_cost(&cost, n, c->width, c->a_bits, c->b_bits, c->count);
	told = smc_cost_bytes(&cost, n) * (uint64_t) (n - 1);
	for (int p = 0; p < n; p++)
		most = c->sent[p] > most ? c->sent[p] : most;
	if (getenv("SMC_TEST_TELL") != NULL)
		printf("%d parties, %d bits, width %d, %zu: %u rounds, %.0f bytes each, foretold %.0f\n", n, c->a_bits, c->width, c->count,
			   c->rounds, (double) most / (double) c->count, (double) told / (double) c->count);
	assert_int_equal(cost.rounds, c->rounds);
	assert_true(most <= told + told / 50);
	assert_true(told <= most + most / 3 + 16384);
}

static void
choose_shift(Case *c, int n)
{
	for (size_t e = 0; e < c->count; e++)
	{
		uint64_t   *x = c->as + e * LIMBS;

		smc_test_draw(x, smc_test_up_to(c->a_bits), e % 3 == 0 ? (int) (e / 3 % 4) : 0);
		if (!smc_test_fits(x, c->a_bits))
			memset(x, 0, LIMBS * 8);
		if (e % 2 == 1)
			smc_limbs_negate(x, x, LIMBS);
		smc_test_split_wide(c->a, STRIDE, n, c->width, e, x);
	}
}

/* Bit by bit, the sign from above. */
static void
check_shift(const Case *c, int n)
{
	SmcCost		cost = {0};

	for (size_t e = 0; e < c->count; e++)
	{
		const uint64_t *x = c->as + e * LIMBS;
		uint64_t	out[LIMBS];

		smc_test_combine_wide(out, c->quotient, STRIDE, n, c->width, e);
		for (int i = 0; i < c->width; i++)
		{
			int			from = i + c->b_bits < 64 * LIMBS ? i + c->b_bits : 64 * LIMBS - 1;

			assert_int_equal(out[i / 64] >> (i % 64) & 1, x[from / 64] >> (from % 64) & 1);
		}
	}
	smc_wide_shift_right_cost(&cost, n, c->width, c->a_bits, c->b_bits, c->count);
	assert_int_equal(cost.rounds, c->rounds);
}

static const int shifts[][2] = {{110, 40}, {230, 100}, {20, 1}, {64, 63}, {65, 64}, {40, 60}, {300, 7}, {450, 449}};

static const int bounds[][2] = {
	{110, 40}, {180, 90}, {1, 1}, {1, 40}, {5, 3}, {14, 14}, {33, 64}, {40, 40}, {64, 1}, {68, 68}, {69, 1},
	{69, 70}, {95, 40}, {127, 2}, {128, 128}, {131, 63}, {140, 130}, {160, 10}, {200, 130}, {226, 226}, {250, 64}
};

static void
test_divide(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Cases		all = {0, calloc(sizeof(bounds) / sizeof(bounds[0]), sizeof(Case)), 0, NULL};

		for (size_t k = 0; k < sizeof(bounds) / sizeof(bounds[0]); k++)
		{
			Case	   *c = &all.cases[all.count];

			c->a_bits = bounds[k][0];
			c->b_bits = bounds[k][1];
			c->width = smc_wide_divide_width(n, c->a_bits, c->b_bits);
			c->count = n == 2 ? COUNT : 12;
			if (smc_test_brief())
				c->count = 4;
			if (c->width == 0 || (smc_test_brief() && k % 4 != 0) || (n > 2 && k % 3 != (size_t) n % 3 && k > 1))
				continue;
			if (k % 5 == 1 && c->width < SMC_WIDTH_MAX)
				c->width += 64;
			choose(c, n);
			all.count++;
		}
		all.shifts = calloc(sizeof(shifts) / sizeof(shifts[0]), sizeof(Case));
		for (size_t k = 0; k < sizeof(shifts) / sizeof(shifts[0]); k++)
		{
			Case	   *c = &all.shifts[all.shift_count++];

			c->a_bits = shifts[k][0];
			c->b_bits = shifts[k][1];
			c->width = smc_wide_shift_right_width(n, c->a_bits, c->b_bits);
			c->count = smc_test_brief() ? 4 : COUNT;
			choose_shift(c, n);
		}
		smc_testengine_run(n, run, &all);
		for (int k = 0; k < all.shift_count; k++)
			check_shift(&all.shifts[k], n);
		free(all.shifts);
		for (int k = 0; k < all.count; k++)
		{
			check(&all.cases[k], n);
			check_cost(&all.cases[k], n);
		}
		free(all.cases);
	}
}

/* The widths are what they are said to be, grow with the bounds, and end. */
static void
test_width(void **state)
{
	(void) state;
	assert_int_equal(smc_wide_divide_width(2, 110, 40), 256);
	assert_int_equal(smc_wide_divide_width(2, 180, 90), 320);
	assert_int_equal(smc_wide_divide_width(3, 180, 90), 320);
	assert_int_equal(smc_wide_divide_width(2, 200, 130), 384);
	assert_int_equal(smc_wide_divide_width(2, 67, 231), 384);
	assert_int_equal(smc_wide_divide_width(5, 200, 130), 384);
	assert_int_equal(smc_wide_divide_width(2, 400, 400), 0);
	assert_int_equal(smc_wide_divide_width(1, 10, 10), 0);
	assert_int_equal(smc_wide_divide_width(17, 10, 10), 0);
	assert_int_equal(smc_wide_divide_width(2, 0, 10), 0);
	assert_int_equal(smc_wide_divide_width(2, 10, -1), 0);
	for (int n = 2; n <= SMC_PARTIES_MAX; n++)
	{
		for (int a = 1; a < 300; a += 7)
		{
			for (int b = 1; b < 300; b += 9)
			{
				int			width = smc_wide_divide_width(n, a, b);

				assert_true(width == 0 || smc_limbs_valid(width));
				assert_true(width == 0 || width > a + b);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_divide),
		cmocka_unit_test(test_width)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
