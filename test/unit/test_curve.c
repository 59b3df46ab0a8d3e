/*
 * Logistic curves on shares against libm, 2 to 5 parties: all of the range, the ends of
 * pieces, what lies far beyond; rounds and bytes as smc_curve_cost tells them.
 */
#include "smc_testengine.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/smc_curve.h"
#include "core/smc_triple.h"

#define PARTIES		5
#define COUNT		1024
#define BITS		20

typedef struct Session
{
	bool		loss;
	SmcRing128	z[PARTIES][COUNT];
	SmcRing128	out[PARTIES][2][COUNT];
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
	SmcCost		cost;
} Session;

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	Session    *s = arg;
	int			self = engine->channel->self;
	SmcCurve	both[2] = {{SMC_CURVE_SIGMOID, 9, s->out[self][0]}, {SMC_CURVE_WEIGHT, 10, s->out[self][1]}};
	SmcCurve	loss = {SMC_CURVE_LOSS, 13, s->out[self][0]};
	SmcCost		cost = {0, 0, {0}};
	uint64_t	sent;
	uint32_t	rounds;
	SmcStatus	status = SMC_OK;

	smc_curve_cost(&cost, engine->channel->party_count, BITS, s->loss ? &loss : both, s->loss ? 1 : 2, COUNT);
	if (self == 0)
		s->cost = cost;
	for (int w = 1; w <= SMC_TRIPLE_WIDTHS && status == SMC_OK; w++)
		status = smc_triple_reserve(engine, w, cost.triples[w - 1]);
	sent = engine->channel->bytes_sent;
	rounds = engine->channel->rounds;
	if (status == SMC_OK)
		status = smc_curve_evaluate(engine, BITS, s->z[self], s->loss ? &loss : both, s->loss ? 1 : 2, COUNT);
	s->sent[self] = engine->channel->bytes_sent - sent;
	s->rounds[self] = engine->channel->rounds - rounds;
	if (status == SMC_OK && (smc_curve_evaluate(engine, 4, s->z[self], &loss, 1, 64) != SMC_ERR_ARGUMENT ||
							 smc_curve_evaluate(engine, BITS, s->z[self], &loss, 1, 63) != SMC_ERR_ARGUMENT ||
							 smc_curve_evaluate(engine, BITS, s->z[self], &loss, 1, 0) != SMC_OK))
		status = SMC_ERR_FORMAT;
	return status;
}

static double
draw_z(size_t e)
{
	double		uniform = randombytes_uniform(1 << 30) / (double) (1 << 30);

	switch (e % 8)
	{
		case 0:
			return (uniform - 0.5) * 2;
		case 1:
			return (uniform - 0.5) * 60;
		case 2:
			return (e & 8 ? 1 : -1) * ldexp(uniform + 0.5, (int) randombytes_uniform(BITS));
		case 3:					/* the ends of pieces */
			return ((int) randombytes_uniform(16384) - 8192) / 512.0;
		case 4:
			return (e & 8 ? 1 : -1) * (16 + (uniform - 0.5) / 64);
		case 5:
			return 0;
		default:
			return (uniform - 0.5) * 32;
	}
}

/* The sum of shares mod 2^(8 bytes), as a number with so many places. */
static double
value(const Session *s, int n, int curve, size_t e, int bytes, int places)
{
	SmcRing128	sum = 0;

	for (int p = 0; p < n; p++)
		sum += s->out[p][curve][e];
	sum <<= 128 - 8 * bytes;
	return ldexp((double) ((__int128) sum >> (128 - 8 * bytes)), -places);
}

static void
check(int n, bool loss)
{
	Session    *s = calloc(1, sizeof(*s));
	double	   *z = calloc(COUNT, sizeof(double));
	double		worst[3] = {0};
	double		mean = 0;
	uint64_t	most = 0;

	s->loss = loss;
	for (size_t e = 0; e < COUNT; e++)
	{
		__int128	fixed;
		SmcRing128	rest;

		z[e] = draw_z(e);
		fixed = (__int128) llround(ldexp(z[e], SMC_CURVE_PLACES));
		z[e] = ldexp((double) fixed, -SMC_CURVE_PLACES);
		rest = (SmcRing128) fixed;
		for (int p = 0; p < n - 1; p++)
		{
			randombytes_buf(&s->z[p][e], sizeof(SmcRing128));
			rest -= s->z[p][e];
		}
		s->z[n - 1][e] = rest;
		if (!loss)
		{
			/* what is above has no meaning */
			for (int p = 0; p < n; p++)
				s->z[p][e] += (SmcRing128) randombytes_random() << (BITS + SMC_CURVE_PLACES + 1);
		}
	}
	smc_testengine_run(n, run, s);
	for (size_t e = 0; e < COUNT; e++)
	{
		double		p = 1 / (1 + exp(-z[e]));
		double		l = fabs(z[e]) / 2 + log1p(exp(-fabs(z[e])));

		if (loss)
			worst[2] = fmax(worst[2], fabs(value(s, n, 0, e, 13, SMC_CURVE_LOSS_PLACES) - l) / (fabs(fabs(z[e]) - 16) < 0.01 ? 1000 : 1));
		else
		{
			double		error = value(s, n, 0, e, 9, SMC_CURVE_SIGMOID_PLACES) + 0.5 - p;

			worst[0] = fmax(worst[0], fabs(error));
			mean += error / COUNT;
			worst[1] = fmax(worst[1], fabs(value(s, n, 1, e, 10, SMC_CURVE_WEIGHT_PLACES) - p * (1 - p)));
		}
	}
	for (int p = 0; p < n; p++)
		most = s->sent[p] > most ? s->sent[p] : most;
	print_message("%d parties: worst %.2e %.2e %.2e, mean %.1e; %u rounds (%u), %.0f bytes a number sent (%.0f)\n", n, worst[0],
				  worst[1], worst[2], mean, s->rounds[0], (unsigned) s->cost.rounds, (double) most / COUNT, (double) s->cost.sent / COUNT);
	assert_true(worst[0] < 2e-6);
	assert_true(worst[1] < 2.7e-6);
	assert_true(worst[2] < 5e-6);
	assert_true(fabs(mean) < 1.5e-7);
	assert_int_equal(s->rounds[0], s->cost.rounds);
	assert_true(most <= s->cost.sent);
	assert_true(most > s->cost.sent * 9 / 10);
	free(z);
	free(s);
}

static void
test_curves(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		if (n == 4)
			continue;
		check(n, false);
		check(n, true);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_curves)};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
