/*
 * Products, bits times ring elements and selection against plaintext, 2 to 5
 * parties, both rings, random and extreme values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/smc_arith.h"
#include "core/smc_bits.h"
#include "smc_testnet.h"

#define PARTIES		5
#define COUNT_MAX	700

typedef unsigned __int128 Wide;

typedef struct Case
{
	int			width;
	size_t		count;
	uint64_t	x[PARTIES][COUNT_MAX * 2];
	uint64_t	y[PARTIES][COUNT_MAX * 2];
	uint64_t	s[PARTIES][COUNT_MAX / 64 + 1];
	uint64_t	product[PARTIES][COUNT_MAX * 2];
	uint64_t	chosen[PARTIES][COUNT_MAX * 2];
	uint64_t	bits[PARTIES][COUNT_MAX * 2];
} Case;

static SmcStatus
run(SmcChannel *channel, void *arg)
{
	Case	   *c = arg;
	int			self = channel->self;
	uint8_t		context[SMC_KEY_BYTES] = {2};
	uint64_t	shares[COUNT_MAX * 2];
	SmcEngine	engine;
	SmcStatus	status = smc_engine_open(&engine, channel, context, smc_random_system());

	if (status == SMC_OK)
		status = smc_arith_multiply(&engine, c->width, c->x[self], c->y[self], shares, c->count);
	if (status == SMC_OK)
		status = smc_arith_open(&engine, c->width, shares, c->product[self], c->count);
	if (status == SMC_OK)
		status = smc_arith_select(&engine, c->width, c->s[self], c->x[self], c->y[self], shares, c->count);
	if (status == SMC_OK)
		status = smc_arith_open(&engine, c->width, shares, c->chosen[self], c->count);
	if (status == SMC_OK)
		status = smc_arith_from_bits(&engine, c->width, c->s[self], shares, c->count);
	if (status == SMC_OK)
		status = smc_arith_open(&engine, c->width, shares, c->bits[self], c->count);
	smc_engine_close(&engine);
	return status;
}

static Wide
get(const uint64_t *integers, int width, size_t e)
{
	Wide		out = 0;

	memcpy(&out, integers + e * (size_t) width / 64, (size_t) width / 8);
	return out;
}

static void
check(int parties, int width, size_t count)
{
	Case	   *c = calloc(1, sizeof(*c));
	SmcTestResult results[PARTIES];
	Wide		mask = width == 64 ? (Wide) UINT64_MAX : ~(Wide) 0;

	c->width = width;
	c->count = count;
	randombytes_buf(c->x, sizeof(c->x));
	randombytes_buf(c->y, sizeof(c->y));
	randombytes_buf(c->s, sizeof(c->s));
	for (size_t e = 0; e < count && e % 4 == 0; e += 4)
	{
		for (int p = 0; p < parties; p++)
			memset(&c->x[p][e * (size_t) width / 64], p == 0 ? 0xff : 0, (size_t) width / 8);
	}
	smc_testnet_run(parties, run, c, results);
	for (int p = 0; p < parties; p++)
	{
		assert_int_equal(results[p].status, SMC_OK);
		assert_int_equal(results[p].left_over, 0);
	}
	for (size_t e = 0; e < count; e++)
	{
		Wide		x = 0;
		Wide		y = 0;
		uint64_t	s = 0;

		for (int p = 0; p < parties; p++)
		{
			x += get(c->x[p], width, e);
			y += get(c->y[p], width, e);
			s ^= c->s[p][e / 64] >> (e % 64) & 1;
		}
		for (int p = 0; p < parties; p++)
		{
			assert_true(get(c->product[p], width, e) == ((x * y) & mask));
			assert_true(get(c->chosen[p], width, e) == ((s ? x : y) & mask));
			assert_true(get(c->bits[p], width, e) == s);
		}
	}
	free(c);
}

static void
test_arith(void **state)
{
	static const size_t counts[] = {1, 2, 64, 65, COUNT_MAX};

	(void) state;
	for (int parties = 2; parties <= PARTIES; parties++)
	{
		for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
		{
			check(parties, 64, counts[k]);
			check(parties, 128, counts[k]);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_arith)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
