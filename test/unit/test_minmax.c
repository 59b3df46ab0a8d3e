/*
 * Tournaments against plaintext, 2 to 5 parties, rings of 64 to 512 bits: many
 * ties, none, one row, one column; rounds as the header has them.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_limbs.h"
#include "core/smc_minmax.h"

#define PARTIES		5
#define ROWS_MAX	9
#define STRIDE		(ROWS_MAX * 5 * 8)

typedef struct Case
{
	int			width;
	size_t		rows;
	size_t		columns;
	uint64_t	field[STRIDE];	/* plain */
	uint64_t	shares[PARTIES * STRIDE];
	uint64_t	best[2][PARTIES * STRIDE];
	uint64_t	where[2][PARTIES * STRIDE];
	uint64_t	alone[PARTIES * STRIDE];	/* the best with nobody asking where */
	uint32_t	rounds;
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
	size_t		at = (size_t) engine->channel->self * STRIDE;
	uint64_t	x[8] = {0};
	SmcStatus	status = SMC_OK;

	for (int k = 0; k < all->count && status == SMC_OK; k++)
	{
		Case	   *c = &all->cases[k];

		for (int maximum = 0; maximum < 2 && status == SMC_OK; maximum++)
		{
			uint32_t	rounds = engine->channel->rounds;

			status = smc_minmax(engine, c->width, maximum == 1, c->shares + at, c->rows, c->columns,
								c->best[maximum] + at, c->where[maximum] + at);
			if (engine->channel->self == 0)
				c->rounds = engine->channel->rounds - rounds;
		}
		if (status == SMC_OK)
			status = smc_minmax(engine, c->width, true, c->shares + at, c->rows, c->columns, c->alone + at, NULL);
	}
	if (status == SMC_OK &&
		(smc_minmax(engine, 63, true, x, 1, 1, x, NULL) != SMC_ERR_ARGUMENT ||
		 smc_minmax(engine, 576, true, x, 1, 1, x, NULL) != SMC_ERR_ARGUMENT ||
		 smc_minmax(engine, 64, true, x, 0, 1, x, NULL) != SMC_ERR_ARGUMENT))
		status = SMC_ERR_FORMAT;
	return status;
}

/* Many ties in the first columns, none in the last. */
static void
choose(Case *c, int n)
{
	size_t		limbs = (size_t) c->width / 64;

	for (size_t k = 0; k < c->rows * c->columns; k++)
	{
		uint64_t   *x = c->field + k * limbs;

		if (k % c->columns < 2)
			smc_test_widen(x, c->width, (__int128) randombytes_uniform(3) - 1);
		else
		{
			/* half the range, with sign */
			randombytes_buf(x, limbs * 8);
			x[limbs - 1] = (uint64_t) ((int64_t) x[limbs - 1] >> 1);
		}
		smc_test_split_wide(c->shares, STRIDE, n, c->width, k, x);
	}
}

static void
check(const Case *c, int n)
{
	size_t		limbs = (size_t) c->width / 64;
	uint32_t	levels = 0;
	uint32_t	log = 6;
	uint32_t	compare;

	while ((size_t) 1 << levels < c->rows)
		levels++;
	while (1 << log < c->width)
		log++;
	compare = n == 2 ? log - 1 : (uint32_t) (1 + n - 2 - n / 3) + log;
	assert_int_equal(c->rounds, levels * (compare + (uint32_t) n));
	for (int maximum = 0; maximum < 2; maximum++)
	{
		for (size_t column = 0; column < c->columns; column++)
		{
			size_t		first = 0;
			uint64_t	best[8];
			uint64_t	where[8];
			uint64_t	expected[8];

			for (size_t row = 1; row < c->rows; row++)
			{
				const uint64_t *x = c->field + (row * c->columns + column) * limbs;
				const uint64_t *y = c->field + (first * c->columns + column) * limbs;

				if (maximum == 1 ? smc_test_less(y, x, c->width, true) : smc_test_less(x, y, c->width, true))
					first = row;
			}
			smc_test_combine_wide(best, c->best[maximum], STRIDE, n, c->width, column);
			smc_test_combine_wide(where, c->where[maximum], STRIDE, n, c->width, column);
			smc_test_widen(expected, c->width, (__int128) first);
			assert_memory_equal(best, c->field + (first * c->columns + column) * limbs, limbs * 8);
			assert_memory_equal(where, expected, limbs * 8);
			if (maximum == 1)
			{
				smc_test_combine_wide(expected, c->alone, STRIDE, n, c->width, column);
				assert_memory_equal(best, expected, limbs * 8);
			}
		}
	}
}

static void
test_minmax(void **state)
{
	static const int shapes[][3] = {{128, 7, 5}, {64, 1, 3}, {192, 2, 1}, {256, 9, 5}, {512, 4, 3}, {64, 8, 5}, {384, 3, 4}};

	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Cases		all = {0, calloc(sizeof(shapes) / sizeof(shapes[0]), sizeof(Case))};

		for (size_t k = 0; k < (smc_test_brief() ? 3 : sizeof(shapes) / sizeof(shapes[0])); k++)
		{
			Case	   *c = &all.cases[all.count++];

			c->width = shapes[k][0];
			c->rows = (size_t) shapes[k][1];
			c->columns = (size_t) shapes[k][2];
			choose(c, n);
		}
		smc_testengine_run(n, run, &all);
		for (int k = 0; k < all.count; k++)
			check(&all.cases[k], n);
		free(all.cases);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minmax)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
