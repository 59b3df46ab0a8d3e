/*
 * Positive definite systems on shares against Gauss and Jordan in long double, 2, 3 and 5
 * parties: random ones well and badly conditioned, small pivots, columns that depend on
 * each other; rounds and bytes.
 */
#include "smc_testengine.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/smc_limbs.h"
#include "core/smc_normal.h"
#include "core/smc_triple.h"

#define PARTIES		5
#define K_MAX		8
#define LIMBS		SMC_NORMAL_LIMBS

typedef struct Case
{
	int			k;
	long double	h[K_MAX][K_MAX];
	long double	g[K_MAX];
	bool		dependent;
	uint64_t	h_shares[PARTIES][K_MAX * K_MAX * LIMBS];
	uint64_t	g_shares[PARTIES][K_MAX * LIMBS];
	uint64_t	delta[PARTIES][K_MAX * LIMBS];
	uint64_t	inverse[PARTIES][K_MAX * K_MAX * LIMBS];
	uint64_t	singular[PARTIES];
	SmcCost		cost;
	uint64_t	sent;
	uint32_t	rounds;
} Case;

enum
{
	CASES = 7
};

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	Case	   *cases = arg;
	int			self = engine->channel->self;
	SmcStatus	status = SMC_OK;

	for (int i = 0; i < CASES && status == SMC_OK; i++)
	{
		Case	   *c = &cases[i];
		SmcCost		cost = {0, 0, {0}};
		uint64_t	sent;
		uint32_t	rounds;

		smc_normal_cost(&cost, engine->channel->party_count, c->k);
		for (int w = 1; w <= SMC_TRIPLE_WIDTHS && status == SMC_OK; w++)
			status = smc_triple_reserve(engine, w, cost.triples[w - 1]);
		sent = engine->channel->bytes_sent;
		rounds = engine->channel->rounds;
		if (status == SMC_OK)
			status = smc_normal_solve(engine, c->k, c->h_shares[self], c->g_shares[self], c->delta[self], c->inverse[self],
									  &c->singular[self]);
		if (self == 0)
		{
			c->cost = cost;
			c->sent = engine->channel->bytes_sent - sent;
			c->rounds = engine->channel->rounds - rounds;
		}
	}
	return status;
}

/* value with SMC_NORMAL_PLACES as random shares. */
static void
split(Case *c, bool of_g, size_t e, int n, long double value)
{
	uint64_t	wide[LIMBS];

	smc_test_widen(wide, SMC_NORMAL_WIDTH, (__int128) roundl(ldexpl(value, SMC_NORMAL_PLACES)));
	for (size_t i = 2; i < LIMBS; i++)
		wide[i] = value < 0 ? ~UINT64_C(0) : 0;
	smc_test_split_wide(of_g ? c->g_shares[0] : c->h_shares[0], of_g ? K_MAX * LIMBS : K_MAX * K_MAX * LIMBS, n, SMC_NORMAL_WIDTH, e, wide);
}

static long double
combine(const uint64_t *shares, size_t stride, int n, size_t e)
{
	uint64_t	sum[LIMBS];
	bool		negative;
	long double out = 0;

	smc_test_combine_wide(sum, shares, stride, n, SMC_NORMAL_WIDTH, e);
	negative = sum[LIMBS - 1] >> 63;
	if (negative)
		smc_limbs_negate(sum, sum, LIMBS);
	for (int i = LIMBS - 1; i >= 0; i--)
		out = ldexpl(out, 64) + (long double) sum[i];
	return ldexpl(negative ? -out : out, -SMC_NORMAL_PLACES);
}

static double
uniform(void)
{
	return randombytes_uniform(1 << 30) / (double) (1 << 30);
}

/* H = X'X for X of some rows, scaled so that its diagonal is at most 1; spread makes columns alike. */
static void
fill(Case *c, int n, int k, double spread, bool dependent)
{
	double		x[40][K_MAX];

	c->k = k;
	c->dependent = dependent;
	for (int r = 0; r < 40; r++)
	{
		for (int j = 0; j < k; j++)
			x[r][j] = j == 0 ? 1 : 1 + spread * (uniform() - 0.5);
		if (dependent)
			x[r][k - 1] = x[r][0] + x[r][1];
	}
	for (int i = 0; i < k; i++)
	{
		for (int j = 0; j < k; j++)
		{
			long double sum = 0;

			for (int r = 0; r < 40; r++)
				sum += (long double) x[r][i] * x[r][j];
			c->h[i][j] = sum / (dependent ? 200 : 128);
			if (i == j && c->h[i][j] > 0.99L)
				c->h[i][j] = 0.99L;
		}
		c->g[i] = (uniform() - 0.5) * 1000;
	}
	for (int i = 0; i < k; i++)
	{
		for (int j = 0; j < k; j++)
			split(c, false, (size_t) (i * k + j), n, c->h[i][j]);
		split(c, true, (size_t) i, n, c->g[i]);
	}
}

static void
invert(int k, long double h[K_MAX][K_MAX], long double inverse[K_MAX][K_MAX])
{
	for (int i = 0; i < k; i++)
	{
		for (int j = 0; j < k; j++)
			inverse[i][j] = i == j;
	}
	for (int p = 0; p < k; p++)
	{
		long double d = h[p][p];

		for (int j = 0; j < k; j++)
		{
			h[p][j] /= d;
			inverse[p][j] /= d;
		}
		for (int i = 0; i < k; i++)
		{
			long double f = h[i][p];

			for (int j = 0; j < k && i != p; j++)
			{
				h[i][j] -= f * h[p][j];
				inverse[i][j] -= f * inverse[p][j];
			}
		}
	}
}

static void
check_case(Case *c, int n)
{
	long double inverse[K_MAX][K_MAX];
	long double worst = 0;
	uint64_t	singular = 0;

	for (int p = 0; p < n; p++)
		singular ^= c->singular[p];
	assert_int_equal(c->dependent, singular != 0);
	assert_int_equal(c->rounds, c->cost.rounds);
	assert_true(c->sent <= c->cost.sent);
	if (c->dependent)
		return;
	invert(c->k, c->h, inverse);
	for (int i = 0; i < c->k; i++)
	{
		long double delta = 0;
		long double size = 0;

		for (int j = 0; j < c->k; j++)
		{
			delta += inverse[i][j] * c->g[j];
			size += fabsl(inverse[i][j] * c->g[j]);
			worst = fmaxl(worst, fabsl(combine(c->inverse[0], K_MAX * K_MAX * LIMBS, n, (size_t) (i * c->k + j)) - inverse[i][j]) /
						  sqrtl(inverse[i][i] * inverse[j][j]));
		}
		worst = fmaxl(worst, fabsl(combine(c->delta[0], K_MAX * LIMBS, n, (size_t) i) - delta) / size);
	}
	print_message("%d parties, %d columns: off by %.1Le, largest of the inverse %.1Le; %u rounds, %.2f MB\n", n, c->k, worst, inverse[0][0],
				  c->rounds, (double) c->sent / 1e6);
	assert_true(worst < 1e-6);
}

static void
test_systems(void **state)
{
	(void) state;
	for (int n = 2; n <= PARTIES; n++)
	{
		Case	   *cases = calloc(CASES, sizeof(*cases));

		if (n == 4 || (n > 2 && smc_test_brief()))
		{
			free(cases);
			continue;
		}
		fill(&cases[0], n, 1, 1, false);
		fill(&cases[1], n, 2, 1, false);
		fill(&cases[2], n, 3, 0.01, false);
		fill(&cases[3], n, 2, 0.001, false);
		fill(&cases[4], n, 3, 1, true);
		fill(&cases[5], n, smc_test_brief() ? 3 : 8, 2, false);
		fill(&cases[6], n, 4, 0.02, false);
		smc_testengine_run(n, run, cases);
		for (int i = 0; i < CASES; i++)
			check_case(&cases[i], n);
		free(cases);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_systems)};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
