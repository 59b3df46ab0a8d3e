/*
 * Bit triples, AND gates and comparison against plaintext, 2 to 5 parties.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/smc_compare.h"
#include "smc_testnet.h"

#define PARTIES		5
#define COUNT_MAX	5000

typedef struct Case
{
	int			width;
	size_t		count;
	uint64_t	x[PARTIES][COUNT_MAX * 2];	/* shares */
	uint64_t	y[PARTIES][COUNT_MAX * 2];
	uint64_t	less[PARTIES][COUNT_MAX];
	uint64_t	zero[PARTIES][COUNT_MAX];
	uint64_t	opened[PARTIES][COUNT_MAX];
} Case;


static SmcStatus
run_compare(SmcChannel *channel, void *arg)
{
	Case	   *c = arg;
	int			self = channel->self;
	uint8_t		context[SMC_KEY_BYTES] = {1};
	uint64_t   *differences;
	SmcEngine	engine;
	SmcStatus	status;

	status = smc_engine_open(&engine, channel, context, smc_random_system());
	if (status != SMC_OK)
		return status;
	differences = malloc(c->count * 16);
	for (size_t i = 0; i < c->count; i++)
	{
		unsigned __int128 a;
		unsigned __int128 b;

		if (c->width == 64)
			differences[i] = c->x[self][i] - c->y[self][i];
		else
		{
			memcpy(&a, &c->x[self][2 * i], 16);
			memcpy(&b, &c->y[self][2 * i], 16);
			a -= b;
			memcpy(&differences[2 * i], &a, 16);
		}
	}
	status = smc_compare_less(&engine, c->width, c->x[self], c->y[self], c->less[self], c->count);
	if (status == SMC_OK)
		status = smc_compare_zero(&engine, c->width, differences, c->zero[self], c->count);
	if (status == SMC_OK)
		status = smc_boolean_open(&engine, c->less[self], c->opened[self], c->count);
	free(differences);
	smc_engine_close(&engine);
	return status;
}

static void
check(int parties, int width, size_t count)
{
	Case	   *c = calloc(1, sizeof(*c));
	SmcTestResult results[PARTIES];
	__int128   *xs = calloc(count, sizeof(*xs));
	__int128   *ys = calloc(count, sizeof(*ys));

	c->width = width;
	c->count = count;
	for (size_t i = 0; i < count; i++)
	{
		unsigned __int128 a;
		unsigned __int128 b;

		/* random ones, equal ones, neighbours, signs, extremes whose difference fits */
		randombytes_buf(&a, sizeof(a));
		randombytes_buf(&b, sizeof(b));
		xs[i] = (__int128) a >> (128 - width + 1);
		ys[i] = (__int128) b >> (128 - width + 1);
		switch (i % 8)
		{
			case 1:
				ys[i] = xs[i];
				break;
			case 2:
				ys[i] = xs[i] + 1;
				break;
			case 3:
				ys[i] = xs[i] - 1;
				break;
			case 4:
				xs[i] = 0;
				ys[i] = 0;
				break;
			case 5:
				xs[i] = -1;
				ys[i] = 0;
				break;
			case 6:
				xs[i] = (((__int128) 1) << (width - 2)) - 1 + (((__int128) 1) << (width - 2));
				ys[i] = 0;
				break;
			default:
				break;
		}
		for (int p = 0; p < parties; p++)
		{
			unsigned __int128 sx;
			unsigned __int128 sy;

			randombytes_buf(&sx, sizeof(sx));
			randombytes_buf(&sy, sizeof(sy));
			if (p == parties - 1)
			{
				sx = (unsigned __int128) xs[i];
				sy = (unsigned __int128) ys[i];
				for (int q = 0; q < p; q++)
				{
					unsigned __int128 t = 0;

					memcpy(&t, &c->x[q][i * (size_t) width / 64], (size_t) width / 8);
					sx -= t;
					t = 0;
					memcpy(&t, &c->y[q][i * (size_t) width / 64], (size_t) width / 8);
					sy -= t;
				}
			}
			memcpy(&c->x[p][i * (size_t) width / 64], &sx, (size_t) width / 8);
			memcpy(&c->y[p][i * (size_t) width / 64], &sy, (size_t) width / 8);
		}
	}
	smc_testnet_run(parties, run_compare, c, results);
	for (int p = 0; p < parties; p++)
	{
		assert_int_equal(results[p].status, SMC_OK);
		assert_int_equal(results[p].left_over, 0);
	}
	for (size_t i = 0; i < count; i++)
	{
		uint64_t	less = 0;
		uint64_t	zero = 0;

		for (int p = 0; p < parties; p++)
		{
			less ^= c->less[p][i / 64] >> (i % 64) & 1;
			zero ^= c->zero[p][i / 64] >> (i % 64) & 1;
			assert_int_equal(c->opened[p][i / 64] >> (i % 64) & 1, xs[i] < ys[i]);
		}
		assert_int_equal(less, xs[i] < ys[i]);
		assert_int_equal(zero, xs[i] == ys[i]);
	}
	free(xs);
	free(ys);
	free(c);
}

static void
test_compare(void **state)
{
	static const size_t counts[] = {1, 2, 63, 64, 65, 1000, COUNT_MAX};

	(void) state;
	for (int parties = 2; parties <= PARTIES; parties++)
	{
		for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
		{
			if (parties > 3 && counts[k] > 1000)
				continue;
			check(parties, 64, counts[k]);
			check(parties, 128, counts[k]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
