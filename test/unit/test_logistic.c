/*
 * Logistic regression on shares against Newton's method in double on all rows in one
 * place, 2, 3 and 5 parties: with and without a constant, columns far from zero, wide and
 * narrow ones, parties without rows, columns that depend on each other, outcomes that are
 * separated, too few iterations; rounds and bytes.
 */
#include "smc_testengine.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/smc_limbs.h"
#include "core/smc_logistic.h"
#include "core/smc_triple.h"

#define PARTIES		5
#define ROWS_MAX	5000
#define K_MAX		6

typedef struct Case
{
	const char *name;
	int			k;
	SmcLogisticColumn columns[K_MAX];
	double		beta[K_MAX];	/* that outcomes are drawn by */
	size_t		count[PARTIES];
	int			iterations;
	SmcLogisticEnd end;
	double		precision;		/* of figures, relative to standard errors */

	SmcLogisticTask task;
	uint64_t   *x[PARTIES][K_MAX];
	uint8_t    *y[PARTIES];
	SmcLogisticModel model[PARTIES];
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
	SmcCost		cost;
	int			told;
} Case;

static void
count_progress(void *arg, int iteration, size_t rows)
{
	(void) iteration;
	(void) rows;
	(*(int *) arg)++;
}

typedef struct Session
{
	size_t		count;
	Case	   *cases;
} Session;

static SmcStatus
run_case(SmcEngine *engine, Case *c)
{
	int			self = engine->channel->self;
	SmcLogisticRows rows = {c->count[self], (const uint64_t *const *) c->x[self], c->y[self]};
	int			told = 0;
	uint64_t	sent = engine->channel->bytes_sent;
	uint32_t	rounds = engine->channel->rounds;
	SmcStatus	status = smc_logistic_fit(engine, &c->task, &rows, &c->model[self], count_progress, &told);

	c->sent[self] = engine->channel->bytes_sent - sent;
	c->rounds[self] = engine->channel->rounds - rounds;
	if (self == 0)
	{
		c->told = told;
		smc_logistic_cost(&c->cost, engine->channel->party_count, &c->task, c->model[0].iterations);
	}
	return status;
}

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	Session    *s = arg;
	SmcStatus	status = SMC_OK;

	for (size_t i = 0; i < s->count && status == SMC_OK; i++)
		status = run_case(engine, &s->cases[i]);
	return status;
}

static double
x_of(const Case *c, int p, int j, size_t e)
{
	return (double) c->columns[j].lo + (double) c->x[p][j][e];
}

static void
fill(Case *c, int n)
{
	size_t		most = 1;
	uint64_t	total = 0;

	for (int p = 0; p < n; p++)
	{
		c->y[p] = calloc(c->count[p] + 1, 1);
		for (int j = 0; j < c->k; j++)
			c->x[p][j] = calloc(c->count[p] + 1, sizeof(uint64_t));
		for (size_t e = 0; e < c->count[p]; e++)
		{
			double		z = 0;

			for (int j = 0; j < c->k; j++)
			{
				uint64_t	span = (uint64_t) (c->columns[j].hi - c->columns[j].lo);

				c->x[p][j][e] = span == 0 ? 0 : span == UINT32_MAX ? randombytes_uniform(100) : randombytes_uniform((uint32_t) span + 1);
				if (c->end == SMC_LOGISTIC_DEPENDENT && j == c->k - 1)
					c->x[p][j][e] = c->x[p][j - 1][e];
				z += c->beta[j] * x_of(c, p, j, e);
			}
			c->y[p][e] = fabs(z) > 1e6 ? z > 0 : randombytes_uniform(1 << 30) / (double) (1 << 30) < 1 / (1 + exp(-z));
		}
		most = c->count[p] > most ? c->count[p] : most;
		total += c->count[p];
	}
	c->task = (SmcLogisticTask) {c->k, c->columns, (most + 63) / 64 * 64, total, c->iterations, 1 << 20};
}

/* h (k x k) becomes its inverse, by Gauss and Jordan. */
static void
invert(int k, double h[K_MAX][K_MAX])
{
	double		inverse[K_MAX][K_MAX] = {{0}};

	for (int i = 0; i < k; i++)
		inverse[i][i] = 1;
	for (int p = 0; p < k; p++)
	{
		double		d = h[p][p];

		for (int j = 0; j < k; j++)
		{
			h[p][j] /= d;
			inverse[p][j] /= d;
		}
		for (int i = 0; i < k; i++)
		{
			double		f = h[i][p];

			for (int j = 0; j < k && i != p; j++)
			{
				h[i][j] -= f * h[p][j];
				inverse[i][j] -= f * inverse[p][j];
			}
		}
	}
	memcpy(h, inverse, sizeof(inverse));
}

typedef struct Plain
{
	double		beta[K_MAX];
	double		variance[K_MAX];
	double		likelihood;
} Plain;

/* So many steps in double; returns the fit. */
static Plain
fit_plain(const Case *c, int n, int steps)
{
	Plain		plain = {{0}, {0}, 0};

	for (int step = 0; step <= steps; step++)
	{
		double		h[K_MAX][K_MAX] = {{0}};
		double		g[K_MAX] = {0};

		plain.likelihood = 0;
		for (int p = 0; p < n; p++)
		{
			for (size_t e = 0; e < c->count[p]; e++)
			{
				double		z = 0;
				double		prob;

				for (int j = 0; j < c->k; j++)
					z += plain.beta[j] * x_of(c, p, j, e);
				prob = 1 / (1 + exp(-z));
				plain.likelihood -= c->y[p][e] ? log1p(exp(-z)) : log1p(exp(z));
				for (int i = 0; i < c->k; i++)
				{
					g[i] += x_of(c, p, i, e) * (c->y[p][e] - prob);
					for (int j = 0; j < c->k; j++)
						h[i][j] += x_of(c, p, i, e) * x_of(c, p, j, e) * prob * (1 - prob);
				}
			}
		}
		invert(c->k, h);
		for (int i = 0; i < c->k; i++)
			plain.variance[i] = h[i][i];
		for (int i = 0; i < c->k && step < steps; i++)
		{
			for (int j = 0; j < c->k; j++)
				plain.beta[i] += h[i][j] * g[j];
		}
	}
	return plain;
}

/* A number of all parties' shares, which lie `offset` words into the model. */
static double
open_number(const Case *c, int n, size_t offset, int places)
{
	uint64_t	sum[SMC_NORMAL_LIMBS] = {0};
	bool		negative;
	double		out = 0;

	for (int p = 0; p < n; p++)
		smc_limbs_add(sum, sum, (const uint64_t *) &c->model[p] + offset, SMC_NORMAL_LIMBS);
	negative = sum[SMC_NORMAL_LIMBS - 1] >> 63;
	if (negative)
		smc_limbs_negate(sum, sum, SMC_NORMAL_LIMBS);
	for (int i = SMC_NORMAL_LIMBS - 1; i >= 0; i--)
		out = ldexp(out, 64) + (double) sum[i];
	return ldexp(negative ? -out : out, -places);
}

static void
check_case(const Case *c, int n)
{
	const size_t coef = offsetof(SmcLogisticModel, coef) / 8;
	const size_t variance = offsetof(SmcLogisticModel, variance) / 8;
	const size_t likelihood = offsetof(SmcLogisticModel, log_likelihood) / 8;
	const SmcLogisticModel *model = &c->model[0];
	Plain		plain = fit_plain(c, n, c->end == SMC_LOGISTIC_CONVERGED ? 30 : c->iterations);
	double		worst = 0;
	double		worst_error = 0;
	double		l;

	for (int p = 1; p < n; p++)
	{
		assert_int_equal(c->model[p].end, model->end);
		assert_int_equal(c->model[p].iterations, model->iterations);
	}
	if (c->end == SMC_LOGISTIC_DEPENDENT || c->end == SMC_LOGISTIC_DIVERGED)
	{
		print_message("%d parties, %s: end %d after %d\n", n, c->name, (int) model->end, model->iterations);
		assert_int_equal(model->end, c->end);
		return;
	}
	for (int j = 0; j < c->k; j++)
	{
		double		b = open_number(c, n, coef + (size_t) j * SMC_NORMAL_LIMBS, smc_logistic_coef_places(&c->task, j));
		double		v = open_number(c, n, variance + (size_t) j * SMC_NORMAL_LIMBS, smc_logistic_variance_places(&c->task, j));

		worst = fmax(worst, fabs(b - plain.beta[j]) / sqrt(plain.variance[j]));
		worst_error = fmax(worst_error, fabs(sqrt(v / plain.variance[j]) - 1));
	}
	l = open_number(c, n, likelihood, SMC_LOGISTIC_LOSS_PLACES);
	print_message("%d parties, %s: end %d after %d; coefficients off by %.1e standard errors, those by %.1e, likelihood %.9g by %.1e;"
				  " %u rounds (%u), %.1f MB (%.1f)\n",
				  n, c->name, model->end, model->iterations, worst, worst_error, l, l / plain.likelihood - 1,
				  c->rounds[0], (unsigned) c->cost.rounds, (double) c->sent[0] / 1e6, (double) smc_cost_bytes(&c->cost, n) * (n - 1) / 1e6);
	assert_int_equal(model->end, c->end);
	assert_true(worst < c->precision);
	if (c->end == SMC_LOGISTIC_CONVERGED)
		assert_true(worst_error < 1e-5);
	assert_true(fabs(l / plain.likelihood - 1) < 1e-5);
	assert_true(c->rounds[0] <= c->cost.rounds);
	assert_true(c->rounds[0] > c->cost.rounds * 8 / 10);
	assert_true(c->sent[0] < smc_cost_bytes(&c->cost, n) * (uint64_t) (n - 1) * 11 / 10);
	assert_true(c->told > 0);
}

static void
check_all(int n)
{
	Case		cases[] = {
		{"ages and a flag", 3, {{1, 1}, {0, 1}, {18, 80}}, {-2, 1, 0.03}, {200, 197, 50, 0, 100}, 20, SMC_LOGISTIC_CONVERGED, 1e-3, .told = 0},
		{"no constant", 2, {{-100, 100}, {-7, 3}}, {0.01, -0.3}, {300, 0, 10, 20, 30}, 20, SMC_LOGISTIC_CONVERGED, 1e-3, .told = 0},
		{"a constant", 1, {{1, 1}}, {-3}, {500, 400, 10, 0, 77}, 20, SMC_LOGISTIC_CONVERGED, 1e-3, .told = 0},
		{"far from zero", 2, {{1, 1}, {1960, 2020}}, {-199, 0.1}, {300, 500, 10, 20, 30}, 20, SMC_LOGISTIC_CONVERGED, 1e-3, .told = 0},
		{"far, not told", 2, {{1, 1}, {0, UINT32_MAX}}, {-3, 0.06}, {300, 500, 10, 20, 30}, 20, SMC_LOGISTIC_CONVERGED, 1e-3, .told = 0},
		{"wide", 3, {{1, 1}, {-30000000, 20000000}, {0, 1}}, {0.5, 1e-7, -1}, {300, 500, 10, 20, 30}, 20, SMC_LOGISTIC_CONVERGED, 1e-3, .told = 0},
		{"many rows", 5, {{1, 1}, {0, 1}, {0, 1000}, {0, 1}, {0, 255}}, {-3, 1, 0.001, 2, 0.01}, {4500, 4200, 1000, 0, 4800}, 20, SMC_LOGISTIC_CONVERGED, 1e-3, .told = 0},
		{"two steps", 2, {{1, 1}, {0, 100}}, {-2, 0.05}, {300, 500, 10, 20, 30}, 2, SMC_LOGISTIC_UNFINISHED, 1e-3, .told = 0},
		{"dependent", 3, {{1, 1}, {0, 100}, {0, 100}}, {-2, 0.05, 0}, {300, 500, 10, 20, 30}, 20, SMC_LOGISTIC_DEPENDENT, 0, .told = 0},
		{"separated", 2, {{1, 1}, {-100, 100}}, {0, 1e9}, {300, 500, 10, 20, 30}, 40, SMC_LOGISTIC_DIVERGED, 0, .told = 0},
		{"only one outcome", 1, {{1, 1}}, {1e9}, {300, 500, 10, 20, 30}, 40, SMC_LOGISTIC_DIVERGED, 0, .told = 0},
	};
	/* of more parties only the first ones, or it takes minutes */
	Session		session = {smc_test_brief() ? 1 : n > 3 ? 3 : n > 2 ? 5 : sizeof(cases) / sizeof(cases[0]), cases};

	for (size_t i = 0; i < session.count; i++)
	{
		/* of more parties fewer, or it takes minutes */
		for (int p = 0; p < n && n > 3; p++)
			cases[i].count[p] /= cases[i].count[p] > 1000 ? 8 : 1;
		fill(&cases[i], n);
	}
	smc_testengine_run(n, run, &session);
	for (size_t i = 0; i < session.count; i++)
	{
		check_case(&cases[i], n);
		for (int p = 0; p < n; p++)
		{
			for (int j = 0; j < cases[i].k; j++)
				free(cases[i].x[p][j]);
			free(cases[i].y[p]);
		}
	}
}

static void
test_fits(void **state)
{
	(void) state;
	check_all(2);
	if (smc_test_brief())
		return;
	check_all(3);
	check_all(5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_fits)};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
