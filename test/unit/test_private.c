/*
 * Private integers times shared ones, and shared bits times vectors, against plain
 * arithmetic, 2, 3 and 5 parties: rings and bits of all sizes, vectors, sums over rows,
 * ends of ranges; bytes and rounds.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_private.h"
#include "core/smc_select.h"

#define PARTIES		5
#define ROWS		192
#define LENGTH		3
#define PLANES		9
#define GATES		5

typedef struct Session
{
	int			bits;
	int			bytes;
	bool		one_vector;
	bool		summed;
	uint64_t	x[PARTIES][ROWS];
	SmcRing128	v[PARTIES][PARTIES][ROWS * LENGTH];	/* share of party p of owner o's: v[p][o] */
	SmcRing128	out[PARTIES][PARTIES][ROWS * LENGTH];
	uint64_t	sent;
	uint64_t	cost;
	uint32_t	rounds;

	uint64_t	planes[PARTIES][PLANES][ROWS / 64];
	uint64_t	gate_out[PARTIES][GATES][PLANES][ROWS / 64];
	SmcRing128	factor[PARTIES][ROWS];
	SmcRing128	shared[PARTIES][ROWS];
	SmcRing128	one[PARTIES][ROWS];
	uint32_t	bit_rounds;
	uint32_t	number_rounds;
} Session;

static SmcStatus
run_private(SmcEngine *engine, Session *s)
{
	int			self = engine->channel->self;
	int			n = engine->channel->party_count;
	SmcRing128 *v[PARTIES];
	SmcRing128 *out[PARTIES];
	SmcPrivateProduct product = {s->bits, s->bytes, LENGTH, s->x[self], v, s->one_vector ? 0 : LENGTH, out, s->summed ? 0 : LENGTH};
	SmcPrivateProduct bad = product;
	SmcCost		cost = {0, 0, {0}};
	uint64_t	sent = engine->channel->bytes_sent;
	uint32_t	rounds = engine->channel->rounds;
	SmcStatus	status;

	for (int o = 0; o < n; o++)
	{
		v[o] = s->v[self][o];
		out[o] = s->out[self][o];
	}
	status = smc_private_multiply(engine, &product, 1, ROWS);
	smc_private_cost(&cost, n, s->bits, s->bytes, LENGTH, ROWS);
	if (self == 0)
	{
		s->sent = engine->channel->bytes_sent - sent;
		s->rounds = engine->channel->rounds - rounds;
		s->cost = cost.sent;
	}
	bad.bits = SMC_PRIVATE_BITS_MAX + 1;
	if (status == SMC_OK && smc_private_multiply(engine, &bad, 1, ROWS) != SMC_ERR_ARGUMENT)
		status = SMC_ERR_FORMAT;
	return status;
}

static SmcStatus
run_select(SmcEngine *engine, Session *s)
{
	int			self = engine->channel->self;
	const uint64_t *planes[PLANES];
	uint64_t   *out[GATES][PLANES];
	SmcSelectGate gates[GATES];
	SmcSelectNumber numbers[2] = {
		{planes, PLANES, true, false, 3, s->bytes, s->factor[self], s->shared[self]},
		{planes, PLANES, false, true, 0, s->bytes, NULL, s->one[self]},
	};
	uint32_t	rounds = engine->channel->rounds;
	SmcStatus	status;

	for (int q = 0; q < PLANES; q++)
		planes[q] = s->planes[self][q];
	for (int g = 0; g < GATES; g++)
	{
		for (int q = 0; q < PLANES; q++)
			out[g][q] = s->gate_out[self][g][q];
		gates[g] = (SmcSelectGate) {planes[g], planes, out[g], PLANES};
	}
	status = smc_select_bits(engine, gates, GATES, ROWS);
	s->bit_rounds = engine->channel->rounds - rounds;
	rounds = engine->channel->rounds;
	if (status == SMC_OK)
		status = smc_select_numbers(engine, numbers, 2, ROWS);
	s->number_rounds = engine->channel->rounds - rounds;
	if (status == SMC_OK && smc_select_bits(engine, gates, 1, 65) != SMC_ERR_ARGUMENT)
		status = SMC_ERR_FORMAT;
	return status;
}

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	SmcStatus	status = run_private(engine, arg);

	return status == SMC_OK ? run_select(engine, arg) : status;
}

static SmcRing128
low(SmcRing128 x, int bytes)
{
	return x << (128 - 8 * bytes) >> (128 - 8 * bytes);
}

static void
fill(Session *s)
{
	randombytes_buf(s->v, sizeof(s->v));
	randombytes_buf(s->planes, sizeof(s->planes));
	randombytes_buf(s->factor, sizeof(s->factor));
	for (int p = 0; p < PARTIES; p++)
	{
		for (size_t e = 0; e < ROWS; e++)
		{
			randombytes_buf(&s->x[p][e], 8);
			s->x[p][e] &= (UINT64_C(1) << s->bits) - 1;
			s->x[p][e] = e == 0 ? 0 : e == 1 ? (UINT64_C(1) << s->bits) - 1 : s->x[p][e];
		}
	}
}

static void
check_private(const Session *s, int n)
{
	for (int o = 0; o < n; o++)
	{
		SmcRing128	sums[LENGTH] = {0};

		for (size_t e = 0; e < ROWS; e++)
		{
			for (size_t l = 0; l < LENGTH; l++)
			{
				SmcRing128	v = 0;
				SmcRing128	found = 0;

				for (int p = 0; p < n; p++)
				{
					v += s->v[p][o][(s->one_vector ? 0 : e * LENGTH) + l];
					found += s->out[p][o][e * LENGTH + l];
				}
				sums[l] += v * s->x[o][e];
				if (!s->summed)
					assert_ring_equal(low(found, s->bytes), low(v * s->x[o][e], s->bytes));
			}
		}
		for (size_t l = 0; l < LENGTH && s->summed; l++)
		{
			SmcRing128	found = 0;

			for (int p = 0; p < n; p++)
				found += s->out[p][o][l];
			assert_ring_equal(low(found, s->bytes), low(sums[l], s->bytes));
		}
	}
	assert_int_equal(s->rounds, 1);
	assert_int_equal(s->sent, s->cost);
}

static uint64_t
bit_of(const Session *s, int n, int q, size_t e)
{
	uint64_t	bit = 0;

	for (int p = 0; p < n; p++)
		bit ^= s->planes[p][q][e / 64] >> (e % 64) & 1;
	return bit;
}

static void
check_select(const Session *s, int n)
{
	for (size_t e = 0; e < ROWS; e++)
	{
		SmcRing128	factor = 0;
		SmcRing128	shared = 0;
		SmcRing128	one = 0;
		SmcRing128	number = 0;

		for (int p = 0; p < n; p++)
		{
			factor += s->factor[p][e];
			shared += s->shared[p][e];
			one += s->one[p][e];
		}
		for (int q = 0; q < PLANES; q++)
			number |= (SmcRing128) bit_of(s, n, q, e) << q;
		assert_ring_equal(low(one, s->bytes), low(-number, s->bytes));
		number -= (SmcRing128) bit_of(s, n, PLANES - 1, e) << PLANES;
		assert_ring_equal(low(shared, s->bytes), low(number * factor << 3, s->bytes));
		for (int g = 0; g < GATES; g++)
		{
			for (int q = 0; q < PLANES; q++)
			{
				uint64_t	found = 0;

				for (int p = 0; p < n; p++)
					found ^= s->gate_out[p][g][q][e / 64] >> (e % 64) & 1;
				assert_int_equal(found, bit_of(s, n, g, e) & bit_of(s, n, q, e));
			}
		}
	}
	assert_int_equal(s->bit_rounds, 1);
	assert_int_equal(s->number_rounds, n);
}

static void
test_products(void **state)
{
	static const int sizes[][2] = {{1, 1}, {1, 16}, {7, 5}, {33, 16}, {20, 3}, {63, 8}};

	(void) state;
	for (int n = 2; n <= PARTIES; n++)
	{
		for (unsigned i = 0; i < (smc_test_brief() ? 2 : 6) && n != 4; i++)
		{
			Session    *s = calloc(1, sizeof(*s));

			s->bits = sizes[i][0];
			s->bytes = sizes[i][1];
			s->one_vector = i % 2 == 1;
			s->summed = i % 3 == 2;
			fill(s);
			smc_testengine_run(n, run, s);
			check_private(s, n);
			check_select(s, n);
			free(s);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_products)};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
