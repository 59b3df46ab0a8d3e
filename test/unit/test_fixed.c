/*
 * Truncation, division, averages, minimum and maximum against plaintext, 2 to 4
 * parties, random values of every size and edges; rounds as smc_fixed.h has them.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_fixed.h"
#include "core/smc_minmax.h"
#include "core/smc_root.h"

#define PARTIES		4
#define COUNT_MAX	160
#define STRIDE		(COUNT_MAX * 2)
#define DIGITS		5

static const int digits_tried[DIGITS] = {0, 1, 9, 16, 26};
static const int places_tried[3] = {1, 32, 58};

enum
{
	ROWS = 7, COLUMNS = 5
};

typedef struct Case
{
	int			n;
	size_t		count;
	__int128	sums[COUNT_MAX];
	SmcRing128	divisors[COUNT_MAX];
	uint64_t	sum[PARTIES * STRIDE];
	uint64_t	size[PARTIES * STRIDE];
	uint64_t	divisor[PARTIES * STRIDE];
	uint64_t	square[PARTIES * STRIDE];
	SmcRing128	squares[COUNT_MAX];
	uint64_t	root[PARTIES * STRIDE];
	uint64_t	quotient[PARTIES * STRIDE];
	uint64_t	remainder[PARTIES * STRIDE];
	uint64_t	whole[DIGITS][PARTIES * STRIDE];
	uint64_t	fraction[DIGITS][PARTIES * STRIDE];
	uint64_t	out[3][PARTIES * STRIDE];
	uint32_t	rounds[2 + DIGITS];
	__int128	field[ROWS * COLUMNS];
	uint64_t	contest[PARTIES * STRIDE];
	uint64_t	best[2][PARTIES * STRIDE];
	uint64_t	where[2][PARTIES * STRIDE];
} Case;

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	Case	   *c = arg;
	SmcChannel *channel = engine->channel;
	size_t		at = (size_t) channel->self * STRIDE;
	uint32_t	rounds[2 + DIGITS];
	SmcStatus	status = SMC_OK;
	uint32_t	before;
	uint64_t	scratch[2];

	for (int k = 0; k < 3 && status == SMC_OK; k++)
	{
		before = channel->rounds;
		status = smc_fixed_truncate(engine, places_tried[k], c->sum + at, c->out[k] + at, c->count);
		rounds[0] = channel->rounds - before;
	}
	before = channel->rounds;
	if (status == SMC_OK)
		status = smc_fixed_divide(engine, c->size + at, c->divisor + at, c->quotient + at, c->remainder + at, c->count);
	rounds[1] = channel->rounds - before;
	for (int k = 0; k < DIGITS && status == SMC_OK; k++)
	{
		before = channel->rounds;
		status = smc_fixed_average(engine, digits_tried[k], c->sum + at, c->divisor + at,
								   c->whole[k] + at, c->fraction[k] + at, c->count);
		rounds[2 + k] = channel->rounds - before;
	}
	if (status == SMC_OK)
		status = smc_root(engine, c->square + at, c->root + at, c->count);
	for (int k = 0; k < 2 && status == SMC_OK; k++)
		status = smc_minmax(engine, 128, k == 1, c->contest + at, ROWS, COLUMNS, c->best[k] + at,
							c->where[k] + at);
	if (status == SMC_OK &&
		(smc_fixed_truncate(engine, 0, c->sum, scratch, 1) != SMC_ERR_ARGUMENT ||
		 smc_fixed_truncate(engine, SMC_FIXED_SHIFT_MAX + 1, c->sum, scratch, 1) != SMC_ERR_ARGUMENT ||
		 smc_fixed_average(engine, -1, c->sum, c->sum, scratch, scratch, 1) != SMC_ERR_ARGUMENT ||
		 smc_fixed_average(engine, SMC_FIXED_DIGITS_MAX + 1, c->sum, c->sum, scratch, scratch, 1) != SMC_ERR_ARGUMENT ||
		 smc_minmax(engine, 63, true, c->sum, 1, 1, scratch, NULL) != SMC_ERR_ARGUMENT ||
		 smc_minmax(engine, 64, true, c->sum, 0, 1, scratch, NULL) != SMC_ERR_ARGUMENT))
		status = SMC_ERR_FORMAT;
	if (channel->self == 0)
		memcpy(c->rounds, rounds, sizeof(rounds));
	return status;
}

/* A number of a random size up to `bits` bits. */
static SmcRing128
sized(int bits)
{
	SmcRing128	x;

	randombytes_buf(&x, sizeof(x));
	return x >> (128 - bits + (int) randombytes_uniform((uint32_t) bits));
}

static void
choose(Case *c)
{
	static const uint64_t edges[] = {0, 1, 2, 3, 10, 1000000007, (UINT64_C(1) << 39) - 1, UINT64_C(1) << 39, (UINT64_C(1) << 40) - 1};
	SmcRing128	top = ((SmcRing128) 1 << 95) - 1;

	for (size_t e = 0; e < c->count; e++)
	{
		c->divisors[e] = e % 3 == 0 ? edges[e / 3 % 9] : sized(40);
		c->sums[e] = (__int128) sized(95);
		if (e % 7 == 0)
			c->sums[e] = 0;
		if (e % 7 == 1)
			c->sums[e] = (__int128) top;
		if (e % 7 == 2)				/* an exact multiple, or a half above one */
			c->sums[e] = (__int128) (c->divisors[e] * sized(54) + (e % 2 ? c->divisors[e] / 2 : 0));
		if (e % 7 == 3)				/* one less than a multiple: digits of nines */
			c->sums[e] = (__int128) (c->divisors[e] * (1 + sized(50))) - 1;
		if (e % 2)
			c->sums[e] = -c->sums[e];
		smc_test_split(c->sum, STRIDE, c->n, 128, e, (SmcRing128) c->sums[e]);
		smc_test_split(c->size, STRIDE, c->n, 128, e, (SmcRing128) (c->sums[e] < 0 ? -c->sums[e] : c->sums[e]));
		smc_test_split(c->divisor, STRIDE, c->n, 128, e, c->divisors[e]);
	}
	for (size_t e = 0; e < c->count; e++)
	{
		SmcRing128	r = sized(47);

		/* 0 to 9, the largest, squares, one less, anything */
		c->squares[e] = e % 5 == 0 ? e / 5 % 10 : e % 5 == 1 ? r * r : e % 5 == 2 ? r * r - (r > 0) : sized(94);
		if (e == 3)
			c->squares[e] = ((SmcRing128) 1 << 94) - 1;
		smc_test_split(c->square, STRIDE, c->n, 128, e, c->squares[e]);
	}
	for (size_t k = 0; k < ROWS * COLUMNS; k++)
	{
		/* many ties in the first columns, none in the last */
		c->field[k] = k % COLUMNS < 2 ? (__int128) randombytes_uniform(3) - 1 : (__int128) sized(100) - (__int128) sized(100);
		smc_test_split(c->contest, STRIDE, c->n, 128, k, (SmcRing128) c->field[k]);
	}
}

static SmcRing128
ten_to(int digits)
{
	SmcRing128	power = 1;

	while (digits-- > 0)
		power *= 10;
	return power;
}

static void
check_average(const Case *c, size_t e)
{
	SmcRing128	size = (SmcRing128) (c->sums[e] < 0 ? -c->sums[e] : c->sums[e]);
	SmcRing128	b = c->divisors[e] ? c->divisors[e] : 1;

	assert_true(smc_test_combine(c->quotient, STRIDE, c->n, 128, e) == size / b);
	assert_true(smc_test_combine(c->remainder, STRIDE, c->n, 128, e) == size % b);
	for (int k = 0; k < DIGITS; k++)
	{
		SmcRing128	power = ten_to(digits_tried[k]);
		SmcRing128	whole = size / b;
		SmcRing128	fraction = (2 * (size % b) * power + b) / (2 * b);

		if (fraction == power)
		{
			fraction = 0;
			whole++;
		}
		if (c->sums[e] < 0)
		{
			whole = -whole;
			fraction = -fraction;
		}
		assert_true(smc_test_combine(c->whole[k], STRIDE, c->n, 128, e) == whole);
		assert_true(smc_test_combine(c->fraction[k], STRIDE, c->n, 128, e) == fraction);
	}
}

static void
check_root(const Case *c, size_t e)
{
	SmcRing128	root = smc_test_combine(c->root, STRIDE, c->n, 128, e);

	assert_true(root < (SmcRing128) 1 << 47);
	assert_true(root * root <= c->squares[e] && (root + 1) * (root + 1) > c->squares[e]);
}

static void
check_minmax(const Case *c)
{
	for (int k = 0; k < 2; k++)
	{
		for (size_t column = 0; column < COLUMNS; column++)
		{
			size_t		where = 0;

			for (size_t row = 1; row < ROWS; row++)
			{
				__int128	x = c->field[row * COLUMNS + column];
				__int128	y = c->field[where * COLUMNS + column];

				if (k == 1 ? x > y : x < y)
					where = row;
			}
			assert_true(smc_test_combine(c->where[k], STRIDE, c->n, 128, column) == where);
			assert_true(smc_test_combine(c->best[k], STRIDE, c->n, 128, column) ==
						(SmcRing128) c->field[where * COLUMNS + column]);
		}
	}
}

static void
check_rounds(const Case *c)
{
	uint32_t	n = (uint32_t) c->n;
	uint32_t	compare = n == 2 ? 5 : 7 + n - 2 - n / 3;
	uint32_t	divide = 2 * (compare + n) + 33;

	assert_int_equal(c->rounds[0], compare + n);
	assert_int_equal(c->rounds[1], divide);
	for (int k = 0; k < DIGITS; k++)
		assert_int_equal(c->rounds[2 + k], divide + 3 * compare + 2 + 4 * n + 5 * (uint32_t) ((digits_tried[k] + 8) / 9));
}

static void
test_fixed(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Case	   *c = calloc(1, sizeof(*c));

		c->n = n;
		c->count = smc_test_brief() ? 4 : n == 2 ? COUNT_MAX : 48;
		choose(c);
		smc_testengine_run(n, run, c);
		for (size_t e = 0; e < c->count; e++)
		{
			for (int k = 0; k < 3; k++)
				assert_true((__int128) smc_test_combine(c->out[k], STRIDE, n, 128, e) == c->sums[e] >> places_tried[k]);
			check_average(c, e);
			check_root(c, e);
		}
		check_minmax(c);
		check_rounds(c);
		free(c);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
