/*
 * Division of wide shared integers against plaintext, 2 to 5 parties, many bounds:
 * random numbers of every size, 0, 1, equal ones, powers of two and their
 * neighbours, exact multiples and one less, the largest allowed, zero divisors.
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
	int			a_bits;
	int			b_bits;
	int			width;
	size_t		count;
	uint64_t	as[STRIDE];		/* 512 bits each */
	uint64_t	bs[STRIDE];
	uint64_t	a[PARTIES * STRIDE];	/* shares */
	uint64_t	b[PARTIES * STRIDE];
	uint64_t	quotient[PARTIES * STRIDE];
	uint32_t	rounds;
	uint64_t	sent;
} Case;

typedef struct Cases
{
	int			count;
	Case	   *cases;
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

		status = smc_wide_divide(engine, c->width, c->a_bits, c->b_bits, c->a + at, c->b + at, c->quotient + at, c->count);
		if (channel->self == 0)
		{
			c->rounds = channel->rounds - rounds;
			c->sent = channel->bytes_sent - sent;
		}
	}
	if (status == SMC_OK &&
		(smc_wide_divide(engine, 64, 110, 40, x, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_divide(engine, 256, 0, 40, x, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_divide(engine, 512, 400, 400, x, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_divide(engine, 100, 30, 4, x, x, x, 1) != SMC_ERR_ARGUMENT))
		status = SMC_ERR_FORMAT;
	return status;
}

/* A number of exactly so many bits, or, with edges, a power of two or a neighbour. */
static void
draw(uint64_t *x, int bits, int edge)
{
	uint64_t	one[LIMBS] = {1};

	memset(x, 0, LIMBS * 8);
	if (bits == 0)
		return;
	if (edge == 0)
		randombytes_buf(x, LIMBS * 8);
	for (int i = bits; i < 64 * LIMBS; i++)
		x[i / 64] &= ~(UINT64_C(1) << (i % 64));
	x[(bits - 1) / 64] |= UINT64_C(1) << ((bits - 1) % 64);
	if (edge == 2)
		smc_limbs_subtract(x, x, one, LIMBS);
	if (edge == 3 && bits > 1)
		smc_limbs_add(x, x, one, LIMBS);
}

static bool
fits(const uint64_t *x, int bits)
{
	SmcWide		wide;

	memcpy(wide.limb, x, sizeof(wide.limb));
	return smc_wide_bits(&wide) <= bits;
}

static int
below(int bits)
{
	return (int) randombytes_uniform((uint32_t) bits + 1);
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

		draw(a, below(c->a_bits), e % 3 == 0 ? (int) (e / 3 % 4) : 0);
		draw(b, below(c->b_bits), e % 2 == 0 ? (int) (e / 2 % 4) : 0);
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
					draw(b, e % 36 == 12, 1);
				break;
			case 1:				/* a multiple */
			case 2:				/* one less */
			case 3:				/* one more */
				draw(q, c->a_bits > c->b_bits ? below(c->a_bits - c->b_bits) : 1, 0);
				smc_test_multiply(a, b, q, 64 * LIMBS);
				if (e % 12 == 2 && (a[0] | a[1] | a[2] | a[3] | a[4] | a[5] | a[6] | a[7]) != 0)
					smc_limbs_subtract(a, a, one, LIMBS);
				if (e % 12 == 3)
					smc_limbs_add(a, a, one, LIMBS);
				if (!fits(a, c->a_bits))
					memset(a, 0, LIMBS * 8);
				break;
			case 4:				/* equal */
				draw(b, below(c->a_bits < c->b_bits ? c->a_bits : c->b_bits), 0);
				memcpy(a, b, LIMBS * 8);
				break;
			case 5:
				draw(b, 0, 0);
				break;
			case 6:
				draw(a, 0, 0);
				break;
			case 7:				/* full size */
				draw(a, c->a_bits, 0);
				draw(b, c->b_bits, 0);
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
		if (fits(b, 0))
			b[0] = 1;
		smc_test_combine_wide(q, c->quotient, STRIDE, n, c->width, e);
		assert_true(fits(q, c->a_bits));
		smc_test_multiply(product, q, b, 64 * LIMBS);
		assert_false(smc_test_less(a, product, 64 * LIMBS, false));
		smc_limbs_add(q, q, one, LIMBS);
		smc_test_multiply(product, q, b, 64 * LIMBS);
		assert_true(smc_test_less(a, product, 64 * LIMBS, false));
	}
}

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
		Cases		all = {0, calloc(sizeof(bounds) / sizeof(bounds[0]), sizeof(Case))};

		for (size_t k = 0; k < sizeof(bounds) / sizeof(bounds[0]); k++)
		{
			Case	   *c = &all.cases[all.count];

			c->a_bits = bounds[k][0];
			c->b_bits = bounds[k][1];
			c->width = smc_wide_divide_width(n, c->a_bits, c->b_bits);
			c->count = n == 2 ? COUNT : 24;
			if (smc_test_brief())
				c->count = 4;
			if (c->width == 0 || (smc_test_brief() && k % 4 != 0) || (n > 3 && k % 3 != 0))
				continue;
			if (k % 5 == 1 && c->width < SMC_WIDTH_MAX)
				c->width += 64;
			choose(c, n);
			all.count++;
		}
		smc_testengine_run(n, run, &all);
		for (int k = 0; k < all.count; k++)
		{
			check(&all.cases[k], n);
			if (getenv("SMC_TEST_TELL") != NULL)
				printf("%d parties, %d by %d bits, width %d: %u rounds, %.0f bytes each\n", n, all.cases[k].a_bits,
					   all.cases[k].b_bits, all.cases[k].width, all.cases[k].rounds,
					   (double) all.cases[k].sent / (double) all.cases[k].count);
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
	assert_int_equal(smc_wide_divide_width(2, 200, 130), 384);
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
