/*
 * The millionaires' problem against plaintext: 2 to 5 parties, any two of them
 * the millionaires, both widths, edges; and that the bytes are as announced.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/smc_bits.h"
#include "core/smc_millionaires.h"
#include "smc_testnet.h"

#define PARTIES		5
#define COUNT_MAX	600

typedef unsigned __int128 Wide;

typedef struct Case
{
	int			width;
	int			alice;
	int			bob;
	size_t		count;
	uint64_t	own[2][COUNT_MAX * 2];
	uint64_t	less[PARTIES][COUNT_MAX / 64 + 1];
	uint64_t	equal[PARTIES][COUNT_MAX / 64 + 1];
} Case;

static SmcStatus
run(SmcChannel *channel, void *arg)
{
	Case	   *c = arg;
	int			self = channel->self;
	uint8_t		context[SMC_KEY_BYTES] = {6};
	const uint64_t *own = self == c->alice ? c->own[0] : self == c->bob ? c->own[1] : NULL;
	SmcEngine	engine;
	SmcStatus	status = smc_engine_open(&engine, channel, context, smc_random_system());

	if (status == SMC_OK)
		status = smc_millionaires(&engine, c->width, c->alice, c->bob, own,
								  c->less[self], c->equal[self], c->count);
	smc_engine_close(&engine);
	return status;
}

static void
check(int parties, int width, int alice, int bob, size_t count)
{
	Case	   *c = calloc(1, sizeof(*c));
	SmcTestResult results[PARTIES];
	size_t		limbs = (size_t) width / 64;

	c->width = width;
	c->alice = alice;
	c->bob = bob;
	c->count = count;
	randombytes_buf(c->own, sizeof(c->own));
	for (size_t e = 0; e < count; e++)
	{
		uint64_t   *x = &c->own[0][e * limbs];
		uint64_t   *y = &c->own[1][e * limbs];

		switch (e % 6)
		{
			case 0:				/* equal */
				memcpy(y, x, limbs * 8);
				break;
			case 1:				/* differ in the lowest bit */
				memcpy(y, x, limbs * 8);
				y[0] ^= 1;
				break;
			case 2:				/* all ones against zero */
				memset(x, 0xff, limbs * 8);
				memset(y, 0, limbs * 8);
				break;
			case 3:				/* differ in the highest bit */
				memcpy(y, x, limbs * 8);
				y[limbs - 1] ^= UINT64_C(1) << 63;
				break;
			default:
				break;
		}
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
		uint64_t	less = 0;
		uint64_t	equal = 0;

		memcpy(&x, &c->own[0][e * limbs], limbs * 8);
		memcpy(&y, &c->own[1][e * limbs], limbs * 8);
		for (int p = 0; p < parties; p++)
		{
			less ^= c->less[p][e / 64] >> (e % 64) & 1;
			equal ^= c->equal[p][e / 64] >> (e % 64) & 1;
		}
		assert_int_equal(less, x < y);
		assert_int_equal(equal, x == y);
	}
	free(c);
}

static void
test_two(void **state)
{
	static const size_t counts[] = {1, 2, 63, 64, 65, COUNT_MAX};

	(void) state;
	for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
	{
		check(2, 64, 0, 1, counts[k]);
		check(2, 128, 1, 0, counts[k]);
	}
}

static void
test_more(void **state)
{
	(void) state;
	check(3, 64, 2, 0, 100);
	check(3, 128, 1, 2, 1);
	check(4, 64, 3, 1, 7);
	check(5, 128, 0, 4, 65);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two),
		cmocka_unit_test(test_more)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
