/*
 * Contests against plaintext, 2 to 5 parties: random, equal and
 * missing numbers, signs, the largest allowed.
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
#include "core/smc_boolean.h"
#include "core/smc_contest.h"
#include "smc_testengine.h"
#include "smc_testnet.h"

#define PARTIES		5
#define COUNT		70

typedef __int128 Signed;

typedef struct Case
{
	int			alice;
	int			bob;
	SmcRing128	own[PARTIES][COUNT];
	SmcRing128	opened[PARTIES][4][COUNT];	/* max, argmax, min, argmin */
	uint64_t	less[PARTIES][2];
	uint64_t	equal[PARTIES][2];
} Case;

static SmcStatus
open_ring(SmcEngine *engine, const SmcRing128 *shares, SmcRing128 *out)
{
	uint64_t	in[2 * COUNT];
	uint64_t	opened[2 * COUNT];
	SmcStatus	status;

	memcpy(in, shares, sizeof(in));
	status = smc_arith_open(engine, 128, in, opened, COUNT);
	memcpy(out, opened, sizeof(opened));
	return status;
}

/* The same results from wider rings: the numbers, with their signs. */
static SmcStatus
check_wide(SmcEngine *engine, bool largest, const SmcRing128 *own, const SmcRing128 *best, const SmcRing128 *who)
{
	static const int widths[] = {192, 512};

	for (int k = smc_test_brief() && engine->channel->party_count > 2 ? 2 : 0; k < 2; k++)
	{
		int			limbs = widths[k] / 64;
		uint64_t	shares[2][8 * COUNT];
		uint64_t	opened[8 * COUNT];
		uint64_t	expected[8];
		SmcStatus	status = smc_contest_extreme_wide(engine, widths[k], largest, own, shares[0], shares[1], COUNT);

		for (int what = 0; what < 2 && status == SMC_OK; what++)
		{
			status = smc_arith_open(engine, widths[k], shares[what], opened, COUNT);
			for (size_t e = 0; e < COUNT && status == SMC_OK; e++)
			{
				smc_test_widen(expected, widths[k], (Signed) (what == 0 ? best[e] : who[e]));
				if (memcmp(opened + e * (size_t) limbs, expected, (size_t) limbs * 8) != 0)
					status = SMC_ERR_FORMAT;
			}
		}
		/* who alone: the last party's number isn't taken */
		if (status == SMC_OK)
			status = smc_contest_extreme_wide(engine, widths[k], largest, own, NULL, shares[1], COUNT);
		if (status == SMC_OK)
			status = smc_arith_open(engine, widths[k], shares[1], opened, COUNT);
		for (size_t e = 0; e < COUNT && status == SMC_OK; e++)
		{
			if (opened[e * (size_t) limbs] != (uint64_t) who[e])
				status = SMC_ERR_FORMAT;
		}
		if (status != SMC_OK || smc_test_brief())
			return status;
	}
	if (smc_contest_extreme_wide(engine, 64, largest, own, NULL, NULL, 1) != SMC_ERR_ARGUMENT)
		return SMC_ERR_FORMAT;
	return SMC_OK;
}

static SmcStatus
run(SmcChannel *channel, void *arg)
{
	Case	   *c = arg;
	int			self = channel->self;
	uint8_t		context[SMC_KEY_BYTES] = {9};
	SmcRing128	best[COUNT];
	SmcRing128	who[COUNT];
	uint64_t	less[2];
	uint64_t	equal[2];
	SmcEngine	engine;
	SmcStatus	status = smc_engine_open(&engine, channel, context, smc_random_system());

	if (status == SMC_OK)
		status = smc_contest_compare(&engine, c->alice, c->bob, c->own[self], less, equal, COUNT);
	if (status == SMC_OK)
		status = smc_boolean_open(&engine, less, c->less[self], COUNT);
	if (status == SMC_OK)
		status = smc_boolean_open(&engine, equal, c->equal[self], COUNT);
	for (int largest = 1; largest >= 0 && status == SMC_OK; largest--)
	{
		SmcRing128	own[COUNT];

		/* element e % 7 == 6: nobody has a number; e % 7 == 5: only party 1 */
		for (size_t e = 0; e < COUNT; e++)
		{
			bool		has = e % 7 < 5 || (e % 7 == 5 && self == 1);

			own[e] = has ? c->own[self][e] : largest ? SMC_CONTEST_NONE_LOW : SMC_CONTEST_NONE_HIGH;
		}
		status = smc_contest_extreme(&engine, largest, own, best, who, COUNT);
		if (status == SMC_OK)
			status = open_ring(&engine, best, c->opened[self][largest ? 0 : 2]);
		if (status == SMC_OK)
			status = open_ring(&engine, who, c->opened[self][largest ? 1 : 3]);
		if (status == SMC_OK)
			status = check_wide(&engine, largest, own, c->opened[self][largest ? 0 : 2], c->opened[self][largest ? 1 : 3]);
	}
	smc_engine_close(&engine);
	return status;
}

static void
check(int parties, int alice, int bob)
{
	Case	   *c = calloc(1, sizeof(*c));
	SmcTestResult results[PARTIES];
	Signed		most = (Signed) ((~(SmcRing128) 0 >> 1) / (SmcRing128) parties);

	c->alice = alice;
	c->bob = bob;
	for (size_t e = 0; e < COUNT; e++)
	{
		for (int p = 0; p < parties; p++)
		{
			SmcRing128	x;

			randombytes_buf(&x, sizeof(x));
			switch (e % 5)
			{
				case 0:			/* equal */
					x = 42;
					break;
				case 1:			/* neighbours around zero */
					x = (SmcRing128) ((Signed) randombytes_uniform(3) - 1);
					break;
				case 2:			/* the extremes */
					x = (SmcRing128) (randombytes_uniform(2) ? most : -most);
					break;
				default:
					x = (SmcRing128) ((Signed) x >> 5);
					break;
			}
			c->own[p][e] = x;
		}
	}
	smc_testnet_run(parties, run, c, results);
	for (int p = 0; p < parties; p++)
	{
		assert_int_equal(results[p].status, SMC_OK);
		assert_int_equal(results[p].left_over, 0);
	}
	for (size_t e = 0; e < COUNT; e++)
	{
		Signed		x = (Signed) c->own[alice][e];
		Signed		y = (Signed) c->own[bob][e];
		int			argmax = e % 7 == 6 ? parties : e % 7 == 5 ? 1 : 0;
		int			argmin = argmax;

		for (int p = 1; p < parties && e % 7 < 5; p++)
		{
			if ((Signed) c->own[p][e] > (Signed) c->own[argmax][e])
				argmax = p;
			if ((Signed) c->own[p][e] < (Signed) c->own[argmin][e])
				argmin = p;
		}
		for (int p = 0; p < parties; p++)
		{
			assert_int_equal(c->less[p][e / 64] >> (e % 64) & 1, x < y);
			assert_int_equal(c->equal[p][e / 64] >> (e % 64) & 1, x == y);
			assert_true(c->opened[p][1][e] == (SmcRing128) argmax);
			assert_true(c->opened[p][3][e] == (SmcRing128) argmin);
			assert_true(c->opened[p][0][e] == (argmax == parties ? SMC_CONTEST_NONE_LOW : c->own[argmax][e]));
			assert_true(c->opened[p][2][e] == (argmin == parties ? SMC_CONTEST_NONE_HIGH : c->own[argmin][e]));
		}
	}
	free(c);
}

static void
test_contests(void **state)
{
	(void) state;
	check(2, 0, 1);
	check(3, 0, 2);
	if (smc_test_brief())
		return;
	check(2, 1, 0);
	check(4, 3, 1);
	check(5, 2, 4);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_contests)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
