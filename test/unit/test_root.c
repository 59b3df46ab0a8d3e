/*
 * Roots of wide shared integers against plaintext, 2 to 5 parties, many bounds:
 * random numbers of every size, small ones, powers of two and their neighbours,
 * squares and one less or more, the largest allowed.
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
	int			bits;
	int			width;
	size_t		count;
	uint64_t	xs[STRIDE];		/* 512 bits each */
	uint64_t	x[PARTIES * STRIDE];	/* shares */
	uint64_t	root[PARTIES * STRIDE];
	uint32_t	rounds;
	uint64_t	sent[PARTIES];
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

		/* the output may be the input */
		memcpy(c->root + at, c->x + at, STRIDE * sizeof(uint64_t));
		status = smc_wide_root(engine, c->width, c->bits, (k % 2 ? c->root : c->x) + at, c->root + at, c->count);
		c->sent[channel->self] = channel->bytes_sent - sent;
		if (channel->self == 0)
			c->rounds = channel->rounds - rounds;
	}
	if (status == SMC_OK &&
		(smc_wide_root(engine, 64, 110, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_root(engine, 256, 0, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_root(engine, 512, 500, x, x, 1) != SMC_ERR_ARGUMENT ||
		 smc_wide_root(engine, 100, 30, x, x, 1) != SMC_ERR_ARGUMENT))
		status = SMC_ERR_FORMAT;
	return status;
}

static void
choose(Case *c, int n)
{
	for (size_t e = 0; e < c->count; e++)
	{
		uint64_t   *x = c->xs + e * LIMBS;
		uint64_t	one[LIMBS] = {1};
		uint64_t	t[LIMBS];

		smc_test_draw(x, smc_test_up_to(c->bits), e % 3 == 0 ? (int) (e / 3 % 4) : 0);
		switch (e % 8)
		{
			case 0:				/* the largest */
				memset(x, 0, LIMBS * 8);
				x[c->bits / 64] |= UINT64_C(1) << (c->bits % 64);
				smc_limbs_subtract(x, x, one, LIMBS);
				break;
			case 1:				/* a square */
			case 2:				/* one less */
			case 3:				/* one more */
				smc_test_draw(t, smc_test_up_to(c->bits / 2), e % 16 < 8 ? 0 : 2);
				smc_test_multiply(x, t, t, 64 * LIMBS);
				if (e % 8 == 2 && !smc_test_fits(x, 0))
					smc_limbs_subtract(x, x, one, LIMBS);
				if (e % 8 == 3)
					smc_limbs_add(x, x, one, LIMBS);
				break;
			case 4:				/* 0, 1, 2 ... */
				smc_test_widen(x, 64 * LIMBS, (__int128) (e / 8));
				break;
			case 5:				/* full size */
				smc_test_draw(x, c->bits, 0);
				break;
			default:
				break;
		}
		if (!smc_test_fits(x, c->bits))
			memset(x, 0, LIMBS * 8);
		smc_test_split_wide(c->x, STRIDE, n, c->width, e, x);
	}
}

/* r r <= x < (r + 1) (r + 1) */
static void
check(const Case *c, int n)
{
	for (size_t e = 0; e < c->count; e++)
	{
		const uint64_t *x = c->xs + e * LIMBS;
		uint64_t	one[LIMBS] = {1};
		uint64_t	root[LIMBS] = {0};
		uint64_t	square[LIMBS];

		smc_test_combine_wide(root, c->root, STRIDE, n, c->width, e);
		assert_true(smc_test_fits(root, (c->bits + 1) / 2));
		smc_test_multiply(square, root, root, 64 * LIMBS);
		assert_false(smc_test_less(x, square, 64 * LIMBS, false));
		smc_limbs_add(root, root, one, LIMBS);
		smc_test_multiply(square, root, root, 64 * LIMBS);
		assert_true(smc_test_less(x, square, 64 * LIMBS, false));
	}
}

/* Rounds are as foretold; bytes too, nearly: triples may be in stock, and parties differ. */
static void
check_cost(const Case *c, int n)
{
	SmcCost		cost = {0};
	uint64_t	most = 0;
	uint64_t	told;

	smc_wide_root_cost(&cost, n, c->width, c->bits, c->count);
	told = smc_cost_bytes(&cost, n) * (uint64_t) (n - 1);
	for (int p = 0; p < n; p++)
		most = c->sent[p] > most ? c->sent[p] : most;
	if (getenv("SMC_TEST_TELL") != NULL)
		printf("%d parties, %d bits, width %d, %zu: %u rounds, %.0f bytes each, foretold %.0f\n", n, c->bits, c->width, c->count,
			   c->rounds, (double) most / (double) c->count, (double) told / (double) c->count);
	assert_int_equal(cost.rounds, c->rounds);
	assert_true(most <= told + told / 50);
	assert_true(told <= most + most / 3 + 16384);
}

static const int bounds[] = {160, 1, 2, 3, 8, 15, 31, 48, 64, 80, 94, 95, 127, 128, 162, 200, 255, 300, 330, 400, 430};

static void
test_root(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Cases		all = {0, calloc(sizeof(bounds) / sizeof(bounds[0]), sizeof(Case))};

		for (size_t k = 0; k < sizeof(bounds) / sizeof(bounds[0]); k++)
		{
			Case	   *c = &all.cases[all.count];

			c->bits = bounds[k];
			c->width = smc_wide_root_width(n, c->bits);
			c->count = n == 2 ? COUNT : 16;
			if (smc_test_brief())
				c->count = 4;
			if (c->width == 0 || (smc_test_brief() && k % 8 != 0) || (n > 2 && k % 3 != (size_t) n % 3 && k > 0))
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
			check_cost(&all.cases[k], n);
		}
		free(all.cases);
	}
}

static void
test_width(void **state)
{
	(void) state;
	assert_int_equal(smc_wide_root_width(2, 160), 256);
	assert_int_equal(smc_wide_root_width(5, 200), 256);
	assert_int_equal(smc_wide_root_width(2, 500), 0);
	assert_int_equal(smc_wide_root_width(1, 10), 0);
	assert_int_equal(smc_wide_root_width(17, 10), 0);
	assert_int_equal(smc_wide_root_width(2, 0), 0);
	for (int n = 2; n <= SMC_PARTIES_MAX; n++)
	{
		for (int bits = 1; bits < 520; bits++)
		{
			int			width = smc_wide_root_width(n, bits);

			assert_true(width == 0 ? bits > 400 : smc_limbs_valid(width) && width > bits);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_width)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
