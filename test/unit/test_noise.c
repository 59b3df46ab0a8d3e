/*
 * Discrete Laplace noise: plans against constants computed with 120 digits, coins
 * against their definition on chosen bits, the distribution of what comes out
 * against the exact one, 2 to 5 parties; rounds and bytes; and that what n - 1
 * parties draw and see tells nothing.
 */
#include "smc_testengine.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/smc_arith.h"
#include "core/smc_boolean.h"
#include "core/smc_noise.h"
#include "core/smc_triple.h"

#define PARTIES		5

typedef __int128 Signed;

/* ---- plans -------------------------------------------------------------------- */

#define POWER(k)	((SmcRing128) 1 << (k))
#define WHOLE(high, low)	((SmcRing128) UINT64_C(high) * UINT64_C(1000000000000) + UINT64_C(low))

typedef struct Reference
{
	SmcRing128	numerator;
	SmcRing128	denominator;
	int			digits;
	int			fair;
	uint64_t	zero;
	uint64_t	first;			/* of the coins that aren't fair */
	uint64_t	last;
	uint64_t	sum;			/* of all digits' thresholds, mod 2^64 */
} Reference;

/* Python's decimal with 120 digits: round(2^64 p), half to even. */
static const Reference references[] = {
	{1, 1, 6, 0, UINT64_C(0x764d4f5d5a2bcd94), UINT64_C(0x44d9585152ea1936), UINT64_C(0x3908d), UINT64_C(0x680e2825bd9b1f22)},
	{1, 10, 9, 0, UINT64_C(0xcca12729afb7c2f), UINT64_C(0x799af6c6b28241e8), UINT64_C(0x8615d45), UINT64_C(0xd867c7f45335ca8e)},
	{693147, 1000000, 7, 0, UINT64_C(0x555553fcaac55d44), UINT64_C(0x55555601aa9d515e), 1, UINT64_C(0x98979aff0fae80e4)},
	{1, UINT64_C(3000000000), 37, 0, UINT64_C(0xb7407f02), UINT64_C(0x7fffffffa45fc07f), UINT64_C(0x7be3de5d), UINT64_C(0xe6892fc767ee6be4)},
	{WHOLE(12345678901, 234567890123), WHOLE(98765432109876543, 210987654321), 29, 0, UINT64_C(0x10c6f79e255),
	UINT64_C(0x7fffff79c8430ed6), UINT64_C(0xc0d5), UINT64_C(0xa00a975425b16a63)},
	/* epsilon 0.001, sensitivity 2^80 */
	{1000, 1000000 * POWER(80), 96, 27, 0, UINT64_C(0x7fffffffffffffff), UINT64_C(0x1a75e), UINT64_C(0x246bc0213bf6a107)},
	{45, POWER(120), 120, 52, 0, UINT64_C(0x7fffffffffffffff), UINT64_C(0xba06b15d), UINT64_C(0x69d7a7b059cd6254)},
	{22, 1, 2, 0, UINT64_C(0xfffffffd9a96e821), UINT64_C(0x132b48bf0), 1, UINT64_C(0x132b48bf1)},
	{44, 1, 1, 0, UINT64_C(0xfffffffffffffffd), 1, 1, 1},
	{45, 1, 0, 0, UINT64_MAX, 0, 0, 0},
	{63, 1, 0, 0, UINT64_MAX, 0, 0, 0},
	{100, 1, 0, 0, UINT64_MAX, 0, 0, 0},
	/* just above 1 */
	{POWER(126) - 1, POWER(126) - 2, 6, 0, UINT64_C(0x764d4f5d5a2bcd94), UINT64_C(0x44d9585152ea1936), UINT64_C(0x3908d),
	UINT64_C(0x680e2825bd9b1f22)}
};

#define REFERENCES	(sizeof(references) / sizeof(references[0]))

static void
test_plan(void **state)
{
	SmcNoisePlan plan;
	SmcNoisePlan other;

	(void) state;
	for (size_t r = 0; r < REFERENCES; r++)
	{
		const Reference *ref = &references[r];
		uint64_t	sum = 0;

		assert_int_equal(smc_noise_plan(ref->numerator, ref->denominator, &plan), SMC_OK);
		assert_int_equal(plan.digits, ref->digits);
		assert_int_equal(plan.fair, ref->fair);
		assert_int_equal(plan.zero, ref->zero);
		for (int j = 0; j < plan.digits; j++)
		{
			assert_true(j < plan.fair ? plan.one[j] == UINT64_C(1) << 63 : plan.one[j] < UINT64_C(1) << 63);
			sum += plan.one[j];
		}
		assert_int_equal(sum, ref->sum);
		if (plan.digits > 0)
		{
			assert_int_equal(plan.one[plan.fair], ref->first);
			assert_int_equal(plan.one[plan.digits - 1], ref->last);
		}
		/* the same fraction in other words */
		if (ref->numerator < POWER(100) && ref->denominator < POWER(100))
		{
			assert_int_equal(smc_noise_plan(ref->numerator * 12345678, ref->denominator * 12345678, &other), SMC_OK);
			assert_memory_equal(&plan, &other, sizeof(plan));
		}
	}
	assert_int_equal(smc_noise_plan(0, 1, &plan), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_noise_plan(1, 0, &plan), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_noise_plan(POWER(126), 1, &plan), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_noise_plan(1, POWER(126), &plan), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_noise_plan(44, POWER(120), &plan), SMC_ERR_RANGE);
	assert_int_equal(smc_noise_plan(1, POWER(126) - 1, &plan), SMC_ERR_RANGE);
	assert_int_equal(plan.digits, 0);
}

/*
 * The distribution that a plan's thresholds stand for, multiplied out: the
 * exact one as far as doubles can tell.
 */
static void
test_distance(void **state)
{
	static const unsigned ratios[][2] = {{1, 1}, {1, 10}, {3, 1}, {1, 100}, {7, 2}, {44, 1}, {50, 1}};

	(void) state;
	for (size_t r = 0; r < sizeof(ratios) / sizeof(ratios[0]); r++)
	{
		double		a = exp(-(double) ratios[r][0] / ratios[r][1]);
		double		distance = 0;
		double		zero;
		SmcNoisePlan plan;

		assert_int_equal(smc_noise_plan(ratios[r][0], ratios[r][1], &plan), SMC_OK);
		zero = ldexp((double) plan.zero, -64);
		distance = fabs(zero - (1 - a) / (1 + a));
		for (uint64_t g = 0; g < UINT64_C(1) << plan.digits; g++)
		{
			double		p = 1 - zero;

			for (int j = 0; j < plan.digits; j++)
			{
				double		one = ldexp((double) plan.one[j], -64);

				p *= g >> j & 1 ? one : 1 - one;
			}
			/* k = 1 + g, and -k */
			distance += fabs(p - 2 * (1 - a) / (1 + a) * pow(a, (double) (g + 1)));
		}
		assert_true(distance / 2 < 1e-13);
	}
}

/* ---- coins on chosen bits -------------------------------------------------------- */

enum
{
	COINS = 9,
	TOSSES = 72
};

/* A generator whose first answer is given. */
typedef struct Script
{
	const uint64_t *words;		/* NULL: zeros */
	bool		always;			/* and all later ones are zeros, too */
	bool		told;
} Script;

static void
fill_scripted(void *state, uint8_t *out, size_t len)
{
	Script	   *script = state;

	if (script->told && !script->always)
		randombytes_buf(out, len);
	else if (script->words != NULL)
		memcpy(out, script->words, len);
	else
		memset(out, 0, len);
	script->told = true;
}

typedef struct Chosen
{
	size_t		coins;
	uint64_t	thresholds[COINS];
	uint64_t	r[COINS][TOSSES];
	uint64_t	e[COINS * TOSSES];	/* planes of ~(R ^ T), 64 of them */
	uint64_t	opened[PARTIES][COINS * TOSSES / 64 + 1];
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
} Chosen;

static void
choose(Chosen *c)
{
	static const uint64_t thresholds[COINS - 1] = {
		UINT64_C(0xaaaaaaaaaaaaaaab), 0, 1, UINT64_MAX, UINT64_C(1) << 63, UINT64_C(0x5555555555555554),
		UINT64_C(0x7fffffffffffffff), UINT64_C(0x0000ffff00010002)
	};

	c->coins = smc_test_brief() ? 2 : COINS;
	memcpy(c->thresholds, thresholds, sizeof(thresholds));
	randombytes_buf(&c->thresholds[COINS - 1], sizeof(uint64_t));
	for (size_t coin = 0; coin < c->coins; coin++)
	{
		uint64_t	t = c->thresholds[coin];

		for (size_t toss = 0; toss < TOSSES; toss++)
		{
			uint64_t	r;

			randombytes_buf(&r, sizeof(r));
			switch (toss)
			{
				case 64:
					r = t;
					break;
				case 65:
					r = t - (t > 0);
					break;
				case 66:
					r = t + (t < UINT64_MAX);
					break;
				case 67:
					r = 0;
					break;
				case 68:
					r = UINT64_MAX;
					break;
				default:		/* differs from t first at place toss */
					if (toss < 64)
						r = ((r ^ t) & ((UINT64_C(1) << toss) - 1)) ^ t ^ UINT64_C(1) << toss;
					break;
			}
			c->r[coin][toss] = r;
			/* plane k is of place k's bits in reverse */
			for (unsigned k = 0; k < 64; k++)
			{
				unsigned	place = (k & 1) << 5 | (k & 2) << 3 | (k & 4) << 1 | (k & 8) >> 1 | (k & 16) >> 3 | (k & 32) >> 5;
				size_t		at = (k * c->coins + coin) * TOSSES + toss;

				c->e[at / 64] |= (~(r ^ t) >> place & 1) << (at % 64);
			}
		}
	}
}

static SmcStatus
run_chosen(SmcEngine *engine, Chosen *c)
{
	int			self = engine->channel->self;
	Script		script = {self == 1 ? c->e : NULL, false, false};
	SmcRandom	random = {fill_scripted, &script};
	const SmcRandom *system = engine->random;
	uint64_t	bits[COINS * TOSSES / 64 + 1];
	uint64_t	sent = engine->channel->bytes_sent;
	uint32_t	rounds = engine->channel->rounds;
	SmcStatus	status;

	engine->random = &random;
	status = smc_noise_coins(engine, c->thresholds, c->coins, bits, TOSSES);
	engine->random = system;
	c->sent[self] = engine->channel->bytes_sent - sent;
	c->rounds[self] = engine->channel->rounds - rounds;
	if (status == SMC_OK)
		status = smc_boolean_open(engine, bits, c->opened[self], c->coins * TOSSES);
	return status;
}

static void
check_chosen(const Chosen *c, int n)
{
	for (int p = 0; p < n; p++)
	{
		assert_int_equal(c->rounds[p], 6);
		for (size_t at = 0; at < c->coins * TOSSES; at++)
			assert_int_equal(c->opened[p][at / 64] >> (at % 64) & 1,
							 c->r[at / TOSSES][at % TOSSES] < c->thresholds[at / TOSSES]);
	}
}

/* ---- noise ------------------------------------------------------------------------- */

enum
{
	SAMPLES_MAX = 8000,
	TAP_BYTES = 3 << 16
};

typedef struct Sample
{
	SmcRing128	numerator;
	SmcRing128	denominator;
	int			width;
	size_t		count;
	int			honest;			/* the one party that draws; -1: all do */
	SmcNoisePlan plan;
	SmcCost		cost;
	size_t		stride;
	uint64_t   *shares[PARTIES];	/* of one array */
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
	size_t		tapped[PARTIES];
	uint8_t    *tap[PARTIES];
} Sample;

static SmcStatus
run_sample(SmcEngine *engine, Sample *s)
{
	int			self = engine->channel->self;
	Script		script = {NULL, true, false};
	SmcRandom	random = {fill_scripted, &script};
	const SmcRandom *system = engine->random;
	SmcStatus	(*send) (SmcChannel *channel, int to, const uint8_t *data, size_t len) = engine->channel->send;
	uint64_t	sent;
	uint32_t	rounds = engine->channel->rounds;
	SmcStatus	status = SMC_OK;

	/* where what is sent is looked at, with the triples; else without */
	for (int w = 1; w <= SMC_TRIPLE_WIDTHS && s->tap[self] == NULL && status == SMC_OK; w++)
		status = smc_triple_reserve(engine, w, s->cost.triples[w - 1]);
	if (status != SMC_OK)
		return status;
	sent = engine->channel->bytes_sent;
	if (s->tap[self] != NULL)
		smc_test_tap_to(engine->channel, (self + 1) % engine->channel->party_count,
						s->tap[self], TAP_BYTES, &s->tapped[self]);
	/* the others' triples would be zeros, too: correct, and not what is looked at here */
	if (s->honest >= 0 && s->honest != self)
		engine->random = &random;
	status = smc_noise_laplace(engine, s->width, &s->plan, s->shares[self], s->count);
	engine->random = system;
	engine->channel->send = send;
	s->sent[self] = engine->channel->bytes_sent - sent;
	s->rounds[self] = engine->channel->rounds - rounds;
	return status;
}

/* Number e, with its sign. */
static Signed
number(const Sample *s, int n, size_t e)
{
	uint64_t	sum[SMC_WIDTH_MAX / 64];
	uint64_t	wide[SMC_WIDTH_MAX / 64];
	Signed		value;

	smc_test_combine_wide(sum, s->shares[0], s->stride, n, s->width, e);
	value = s->width == 64 ? (int64_t) sum[0] : (Signed) ((SmcRing128) sum[1] << 64 | sum[0]);
	smc_test_widen(wide, s->width, value);
	assert_memory_equal(sum, wide, (size_t) s->width / 8);
	return value;
}

/*
 * The chi-square statistic of the samples against the exact probabilities, as a
 * number of standard deviations: by Wilson and Hilferty's cube root, since there
 * may be few classes.
 */
static double
chi_square(const Sample *s, int n, double a)
{
	double		each = (double) s->count * (1 - a) / (1 + a);
	int			most = 0;
	double		chi = 0;
	double		ninth;
	size_t	   *seen;

	while (each * pow(a, most + 1) >= 10)
		most++;
	/* -most .. most, and the tails beyond */
	seen = calloc((size_t) (2 * most + 3), sizeof(size_t));
	for (size_t e = 0; e < s->count; e++)
	{
		Signed		k = number(s, n, e);

		seen[k < -most ? 0 : k > most ? 2 * most + 2 : (int) k + most + 1]++;
	}
	for (int i = 0; i < 2 * most + 3; i++)
	{
		int			k = abs(i - most - 1);
		double		expected = each * pow(a, k) / (k > most ? 1 - a : 1);

		chi += ((double) seen[i] - expected) * ((double) seen[i] - expected) / expected;
	}
	free(seen);
	ninth = 2.0 / 9 / (2 * most + 2);
	return (cbrt(chi / (2 * most + 2)) - 1 + ninth) / sqrt(ninth);
}

/* Mean, variance, sign, and that neighbours have nothing to do with each other: all within 6 deviations. */
static void
check_moments(const Sample *s, int n, double x)
{
	double		a = exp(-x);
	double		variance = x < 1e-9 ? 2 / (x * x) : 2 * a / ((1 - a) * (1 - a));
	double		count = (double) s->count;
	double		sum = 0;
	double		squares = 0;
	double		products = 0;
	double		before = 0;
	double		kurtosis = 6 + 1 / variance;

	for (size_t e = 0; e < s->count; e++)
	{
		Signed		k = number(s, n, e);
		double		v = (double) k;

		assert_true(k <= (Signed) 1 << s->plan.digits && k >= -((Signed) 1 << s->plan.digits));
		sum += v;
		squares += v * v;
		products += v * before;
		before = v;
	}
	assert_true(fabs(sum) < 6 * sqrt(variance * count));
	assert_true(fabs(products) < 6 * variance * sqrt(count));
	assert_true(fabs(squares / count / variance - 1) < 8 * sqrt((kurtosis - 1) / count));
}

/* No two digits of |N| - 1 have to do with each other, nor any with the sign. */
static void
check_digits(const Sample *s, int n)
{
	int			digits = s->plan.digits < 62 ? s->plan.digits : 62;
	double		count = 0;
	double		ones[63] = {0};
	double		both[63][63] = {{0}};

	for (size_t e = 0; e < s->count; e++)
	{
		Signed		k = number(s, n, e);
		uint64_t	g = (uint64_t) (k < 0 ? -k : k) - 1;

		if (k == 0)
			continue;
		count++;
		g = (g & ((UINT64_C(1) << digits) - 1)) | (uint64_t) (k < 0) << digits;
		for (int i = 0; i <= digits; i++)
		{
			ones[i] += (double) (g >> i & 1);
			for (int j = 0; j < i; j++)
				both[i][j] += (double) (g >> i & g >> j & 1);
		}
	}
	for (int i = 0; i <= digits; i++)
	{
		for (int j = 0; j < i; j++)
		{
			double		p = ones[i] / count;
			double		q = ones[j] / count;

			if (count * p * q > 50)
				assert_true(fabs(both[i][j] - count * p * q) < 6 * sqrt(count * p * q * (1 - p) * (1 - q)));
		}
	}
}

static void
check_sample(const Sample *s, int n)
{
	double		x = (double) s->numerator / (double) s->denominator;

	for (int p = 0; p < n; p++)
	{
		assert_int_equal(s->rounds[p], s->cost.rounds);
		if (s->tap[p] == NULL)
			assert_int_equal(s->sent[p], s->cost.sent);
		if (s->count >= 1000)
			assert_true(smc_test_chi_square((uint8_t *) s->shares[p], s->count * (size_t) s->width / 8) < 6);
		if (s->tap[p] != NULL)
		{
			assert_true(s->tapped[p] == TAP_BYTES);
			assert_true(smc_test_chi_square(s->tap[p], TAP_BYTES) < 6);
		}
	}
	if (s->count < 100)
		return;
	check_moments(s, n, x);
	check_digits(s, n);
	if (x > 1e-3)
		assert_true(chi_square(s, n, exp(-x)) < 6);
}

/* ---- all of it in one session a party count ----------------------------------------- */

#define SAMPLES		8

typedef struct Session
{
	Chosen		chosen;
	size_t		samples;
	Sample		sample[SAMPLES];
} Session;

static SmcStatus
run_misuse(SmcEngine *engine)
{
	SmcNoisePlan plan;
	uint64_t	out[2];

	if (smc_noise_plan(1, POWER(60), &plan) != SMC_OK ||
		smc_noise_laplace(engine, 64, &plan, out, 1) != SMC_ERR_RANGE ||
		smc_noise_laplace(engine, 0, &plan, out, 1) != SMC_ERR_ARGUMENT ||
		smc_noise_laplace(engine, 96, &plan, out, 1) != SMC_ERR_ARGUMENT ||
		smc_noise_laplace(engine, SMC_WIDTH_MAX + 64, &plan, out, 1) != SMC_ERR_ARGUMENT ||
		smc_noise_laplace(engine, 128, &plan, out, 0) != SMC_OK ||
		smc_noise_coins(engine, plan.one, 0, out, 5) != SMC_OK)
		return SMC_ERR_FORMAT;
	plan.fair = plan.digits + 1;
	if (smc_noise_laplace(engine, 128, &plan, out, 1) != SMC_ERR_ARGUMENT)
		return SMC_ERR_FORMAT;
	plan.digits = SMC_NOISE_DIGITS_MAX + 1;
	if (smc_noise_laplace(engine, 128, &plan, out, 1) != SMC_ERR_ARGUMENT)
		return SMC_ERR_FORMAT;
	return SMC_OK;
}

static SmcStatus
run_all(SmcEngine *engine, void *arg)
{
	Session    *session = arg;
	SmcStatus	status = run_chosen(engine, &session->chosen);

	for (size_t k = 0; k < session->samples && status == SMC_OK; k++)
		status = run_sample(engine, &session->sample[k]);
	return status == SMC_OK ? run_misuse(engine) : status;
}

static void
plan_sample(Session *session, int n, SmcRing128 numerator, SmcRing128 denominator, int width,
			int honest, bool tap, size_t count)
{
	Sample	   *s = &session->sample[session->samples++];

	s->numerator = numerator;
	s->denominator = denominator;
	s->width = width;
	s->honest = honest;
	s->count = smc_test_brief() && count > 1 ? 1 + (width == 128) : count;
	assert_int_equal(smc_noise_plan(numerator, denominator, &s->plan), SMC_OK);
	smc_noise_cost(&s->cost, n, width, &s->plan, s->count);
	s->stride = s->count * (size_t) width / 64;
	s->shares[0] = calloc((size_t) n * s->stride, sizeof(uint64_t));
	for (int p = 0; p < n; p++)
	{
		s->shares[p] = s->shares[0] + (size_t) p * s->stride;
		if (tap && !smc_test_brief())
			s->tap[p] = calloc(TAP_BYTES, 1);
	}
}

static void
test_noise(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Session    *session = calloc(1, sizeof(*session));
		size_t		many = n == 2 ? SAMPLES_MAX : n == 3 ? 2000 : 500;

		choose(&session->chosen);
		/* one alone; several chunks where there are many; only one party's bits */
		plan_sample(session, n, 1, 1, 64, -1, false, 1);
		plan_sample(session, n, 1, 1, 64, n - 1, false, many);
		plan_sample(session, n, 3, 1, 128, -1, false, many);
		plan_sample(session, n, 1, 10, 64, 0, false, many);
		/* the least ratio, sums' ratios, and one where nothing is to be seen */
		plan_sample(session, n, 45, POWER(120), 128, -1, true, n > 3 ? 120 : 400);
		plan_sample(session, n, 1, 10000000, 64, -1, false, 200);
		plan_sample(session, n, 1, POWER(80), 512, -1, false, n > 3 ? 20 : 100);
		plan_sample(session, n, 100, 1, 64, -1, false, 65);
		smc_testengine_run(n, run_all, session);
		check_chosen(&session->chosen, n);
		for (size_t k = 0; k < session->samples; k++)
		{
			Sample	   *s = &session->sample[k];

			check_sample(s, n);
			if (s->numerator == 100)
			{
				for (size_t e = 0; e < s->count; e++)
					assert_true(number(s, n, e) == 0);
			}
			for (int p = 0; p < n; p++)
				free(s->tap[p]);
			free(s->shares[0]);
		}
		free(session);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_noise)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
