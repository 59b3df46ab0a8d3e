/*
 * Private equality against ==, 2 to 5 parties, every pair: equal, different in one bit,
 * random; several batches and an odd number; rounds and bytes; uniform shares.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_bits.h"
#include "core/smc_equality.h"

enum
{
	PARTIES = 5,
	COUNT_MAX = 3001
};

typedef struct Session
{
	int			n;
	uint64_t	x[COUNT_MAX];
	uint64_t	y[COUNT_MAX];
	uint64_t	equal[PARTIES][PARTIES][PARTIES][COUNT_MAX / 64 + 1];	/* party, alice, bob */
	uint64_t	ones[PARTIES];	/* of all shares */
} Session;

static const size_t counts[] = {1, 64, 130, COUNT_MAX};

static size_t
count_of(int alice, int bob)
{
	return counts[(size_t) (alice + 2 * bob + 1) % (sizeof(counts) / sizeof(counts[0]))];
}

static SmcStatus
run_all(SmcEngine *engine, void *arg)
{
	Session    *s = arg;
	SmcChannel *channel = engine->channel;
	int			self = channel->self;
	SmcStatus	status = SMC_OK;

	if (smc_equality(engine, 0, 0, s->x, s->equal[self][0][0], 1) != SMC_ERR_ARGUMENT ||
		smc_equality(engine, 0, s->n, s->x, s->equal[self][0][0], 1) != SMC_ERR_ARGUMENT)
		return SMC_ERR_FORMAT;
	for (int alice = 0; alice < s->n; alice++)
	{
		for (int bob = 0; bob < s->n && status == SMC_OK; bob++)
		{
			size_t		count = count_of(alice, bob);
			uint64_t	sent = channel->bytes_sent;
			uint32_t	rounds = channel->rounds;
			SmcCost		cost = {0, 0, {0}};
			bool		in = self == alice || self == bob;

			if (alice == bob)
				continue;
			status = smc_equality(engine, alice, bob, self == alice ? s->x : self == bob ? s->y : NULL,
								  s->equal[self][alice][bob], count);
			smc_equality_cost(&cost, count);
			sent = channel->bytes_sent - sent;
			if ((in && channel->rounds - rounds != cost.rounds) || (self == bob && sent != cost.sent) ||
				(self == alice && sent != 42 * count) || (!in && sent != 0))
				return SMC_ERR_FORMAT;
		}
	}
	return status;
}

static void
test_equality(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Session    *s = calloc(1, sizeof(*s));

		s->n = n;
		randombytes_buf(s->x, sizeof(s->x));
		for (size_t e = 0; e < COUNT_MAX; e++)
		{
			s->y[e] = s->x[e];
			if (e % 3 == 1)
				s->y[e] ^= UINT64_C(1) << (e / 3 % 64);
			else if (e % 3 == 2 && e % 2)
				randombytes_buf(&s->y[e], sizeof(s->y[e]));
			if (e < 2)
				s->x[e] = s->y[e] = 0 - (uint64_t) e;
		}
		smc_testengine_run(n, run_all, s);
		for (int alice = 0; alice < n; alice++)
		{
			for (int bob = 0; bob < n; bob++)
			{
				for (size_t e = 0; alice != bob && e < count_of(alice, bob); e++)
				{
					uint64_t	bit = 0;

					for (int p = 0; p < n; p++)
					{
						uint64_t	share = s->equal[p][alice][bob][e / 64] >> (e % 64) & 1;

						bit ^= share;
						s->ones[p] += share;
						assert_true(p == alice || p == bob || share == 0);
					}
					assert_int_equal(bit, s->x[e] == s->y[e]);
				}
			}
		}
		/* about half of some 2,000 shares and more */
		assert_true(s->ones[0] > 1000);
		free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_equality)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
