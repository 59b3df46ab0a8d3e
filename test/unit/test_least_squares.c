/*
 * Least squares on shares against plaintext: the same normal equations solved in
 * quadruple precision (113 bits) with pivoting; random columns, nearly dependent and
 * dependent ones, Hilbert's, constants, too few rows, exact fits, for 2, 3 and 5
 * parties; rounds and bytes against what the program was expected to take.
 */
#include "smc_testengine.h"

#include <math.h>
#include <sodium.h>
#include <stdlib.h>

#include "core/smc_least_squares.h"
#include "core/smc_limbs.h"
#include "smc_testwide.h"

typedef __float128 Quad;

#define PARTIES		5
#define COLUMNS		SMC_LEAST_SQUARES_COLUMNS
#define ROWS		64
#define SETS		12			/* of data, the elements of one run */
#define PRODUCTS	((COLUMNS + 1) * (COLUMNS + 2) / 2)
#define RESULTS		(4 * COLUMNS + 2)

typedef enum Kind
{
	RANDOM,
	CORRELATED,					/* each column nearly the one before */
	HILBERT,					/* 1 / (i + j + 1) in billionths */
	DUPLICATE,					/* one is a multiple of another */
	SUM,						/* one is the sum of all others */
	ZERO,						/* one is zero */
	EXACT,						/* y is a combination of the columns */
	CONSTANT_Y,
	FEW,						/* fewer rows than columns */
	SQUARE,						/* as many */
	LARGE,						/* of 70 bits a product, and y far from zero */
	KINDS
} Kind;

typedef struct Data
{
	Kind		kind;
	int			rows;
	int64_t		x[ROWS][COLUMNS + 1];	/* y last */
} Data;

/* What is to come out. */
typedef struct Expected
{
	bool		dependent;
	bool		exhausted;
	Quad		coefficients[COLUMNS];
	Quad		errors[COLUMNS];
	Quad		r2;
	Quad		shares[COLUMNS];	/* of y, that a column of that coefficient is */
	Quad		condition;		/* largest variance inflation */
} Expected;

typedef struct Case
{
	int			n;
	int			k;
	bool		intercept;
	SmcProgram *program;
	SmcLeastSquaresResult nodes;
	int			width;
	Data		data[SETS];
	uint64_t   *inputs[PARTIES][PRODUCTS + 1];
	uint64_t   *numbers[PARTIES][RESULTS];
	uint64_t	bits[PARTIES][2];
	uint64_t	rounds;
	uint64_t	bytes;
} Case;

/* ---- data ------------------------------------------------------------------------------- */

static int64_t
between(int64_t low, int64_t high)
{
	return low + (int64_t) (((unsigned __int128) randombytes_random() << 32 | randombytes_random()) %
							(unsigned __int128) (high - low + 1));
}

static void
draw(Data *d, Kind kind, int k, bool intercept)
{
	d->kind = kind;
	d->rows = kind == FEW ? (k > 1 ? k - 1 : 0) : kind == SQUARE ? k : (int) between(k + 1, ROWS);
	for (int r = 0; r < d->rows; r++)
	{
		int64_t    *x = d->x[r];

		for (int j = 0; j < k; j++)
		{
			x[j] = between(-100000, 100000) * (kind == LARGE ? 1000000 : 1);
			if (kind == CORRELATED && j > 1)
				x[j] = x[j - 1] * 3 + between(-20, 20);
			if (kind == HILBERT)
				x[j] = INT64_C(1000000000) / (r + j + 1);
			if (kind == ZERO && j == k - 1)
				x[j] = 0;
		}
		if (intercept)
			x[0] = 1;
		if (kind == DUPLICATE && k > 1)
			x[k - 1] = 7 * x[k > 2 ? k / 2 - (k == 3 ? 0 : 1) : 0];
		if (kind == SUM && k > 1)
		{
			x[k - 1] = 0;
			for (int j = 0; j < k - 1; j++)
				x[k - 1] += x[j];
		}
		x[k] = between(-1000, 1000);
		for (int j = 0; j < k; j++)
			x[k] += (j - 3) * x[j];
		if (kind == EXACT)
			x[k] = 0;
		for (int j = 0; j < k && kind == EXACT; j++)
			x[k] += (2 * j - 5) * x[j];
		if (kind == CONSTANT_Y)
			x[k] = 123456;
		if (kind == LARGE)
			x[k] += INT64_C(1000000000000000);
	}
}

/* ---- plaintext -------------------------------------------------------------------------- */

static Quad
root(Quad x)
{
	Quad		y = x > 0 ? (Quad) sqrtl((long double) x) : 0;

	return y > 0 ? (y + x / y) / 2 : 0;
}

/* The inverse of a, k by k, by Gauss and Jordan with pivoting; false when it has none. */
static bool
invert(int k, Quad a[COLUMNS][COLUMNS], Quad out[COLUMNS][COLUMNS])
{
	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			out[i][j] = i == j;
	for (int p = 0; p < k; p++)
	{
		int			best = p;
		Quad		pivot;

		for (int i = p; i < k; i++)
			if ((a[i][p] < 0 ? -a[i][p] : a[i][p]) > (a[best][p] < 0 ? -a[best][p] : a[best][p]))
				best = i;
		for (int j = 0; j < k; j++)
		{
			Quad		t = a[p][j];

			a[p][j] = a[best][j], a[best][j] = t;
			t = out[p][j], out[p][j] = out[best][j], out[best][j] = t;
		}
		pivot = a[p][p];
		if (pivot < 1e-30Q && pivot > -1e-30Q)
			return false;
		for (int j = 0; j < k; j++)
			a[p][j] /= pivot, out[p][j] /= pivot;
		for (int i = 0; i < k; i++)
		{
			Quad		t = a[i][p];

			for (int j = 0; j < k && i != p; j++)
				a[i][j] -= t * a[p][j], out[i][j] -= t * out[p][j];
		}
	}
	return true;
}

static void
solve(const Data *d, int k, bool intercept, Expected *e)
{
	Quad		a[COLUMNS + 1][COLUMNS + 1] = {{0}};
	Quad		scaled[COLUMNS][COLUMNS] = {{0}};
	Quad		inverse[COLUMNS][COLUMNS];
	Quad		unit[COLUMNS];
	Quad		rss = 0;
	Quad		mean = 0;
	Quad		tss = 0;

	for (int r = 0; r < d->rows; r++)
		for (int i = 0; i <= k; i++)
			for (int j = 0; j <= k; j++)
				a[i][j] += (Quad) d->x[r][i] * (Quad) d->x[r][j];
	memset(e, 0, sizeof(*e));
	for (int i = 0; i < k; i++)
		unit[i] = a[i][i] > 0 ? root(a[i][i]) : 1;
	for (int i = 0; i < k; i++)
		for (int j = 0; j < k; j++)
			scaled[i][j] = a[i][j] / unit[i] / unit[j];
	e->dependent = (d->kind == ZERO && !(intercept && k == 1)) || d->kind == FEW || (k > 1 && (d->kind == DUPLICATE || d->kind == SUM)) ||
		!invert(k, scaled, inverse);
	e->exhausted = e->dependent || d->rows <= k;
	for (int i = 0; i < k && !e->dependent; i++)
	{
		for (int j = 0; j < k; j++)
			e->coefficients[i] += inverse[i][j] / unit[i] / unit[j] * a[j][k];
		e->shares[i] = e->coefficients[i] * unit[i] / root(a[k][k]);
		e->shares[i] = e->shares[i] < 0 ? -e->shares[i] : e->shares[i];
		if (inverse[i][i] > e->condition)
			e->condition = inverse[i][i];
	}
	for (int r = 0; r < d->rows; r++)
		mean += intercept ? (Quad) d->x[r][k] / d->rows : 0;
	for (int r = 0; r < d->rows; r++)
	{
		Quad		rest = d->x[r][k];

		tss += (d->x[r][k] - mean) * (d->x[r][k] - mean);
		for (int i = 0; i < k; i++)
			rest -= e->coefficients[i] * d->x[r][i];
		rss += rest * rest;
	}
	if (d->kind == EXACT || d->kind == SQUARE || (d->kind == CONSTANT_Y && intercept))
		rss = 0;
	/* of a y that doesn't vary, by all but what quadruple precision rounds */
	e->r2 = tss < 1e-20Q || (d->kind == CONSTANT_Y && intercept) ? 1 : 1 - rss / tss;
	for (int i = 0; i < k && !e->exhausted; i++)
		e->errors[i] = root(rss / (d->rows - k) * inverse[i][i] / unit[i] / unit[i]);
}

/* ---- the run ----------------------------------------------------------------------------- */

static void
build(Case *c)
{
	int			products[PRODUCTS];
	SmcLeastSquares problem = {c->k, c->intercept ? 0 : -1, -1, products};

	c->program = smc_program_create(c->n);
	problem.rows = smc_program_not_negative(c->program, smc_program_input(c->program, SMC_LEAST_SQUARES_ROW_BITS));
	for (int j = 0; j <= c->k; j++)
		for (int i = 0; i <= j; i++)
			products[j * (j + 1) / 2 + i] = i == 0 && j == 0 && c->intercept ? problem.rows :
				smc_program_input(c->program, i == 0 && c->intercept ? 114 : SMC_LEAST_SQUARES_BITS);
	smc_least_squares(c->program, &problem, &c->nodes);
	assert_int_equal(smc_program_status(c->program), SMC_OK);
	c->width = smc_program_width(c->program);
}

static void
share_inputs(Case *c)
{
	size_t		limbs = (size_t) c->width / 64;

	for (int i = 0; i < smc_program_inputs(c->program); i++)
	{
		uint64_t   *shares = calloc((size_t) c->n * SETS * limbs, sizeof(uint64_t));
		int			at = 1;

		for (int e = 0; e < SETS; e++)
		{
			SmcWide		sum = number(0);

			at = 1;
			for (int j = 0; j <= c->k; j++)
				for (int h = 0; h <= j; h++)
				{
					if (h == 0 && j == 0 && c->intercept)
						continue;
					for (int r = 0; r < c->data[e].rows && at == i; r++)
						sum = plus(sum, times(number(c->data[e].x[r][h]), number(c->data[e].x[r][j])));
					at++;
				}
			if (i == 0)
				sum = number(c->data[e].rows);
			smc_test_split_wide(shares, SETS * limbs, c->n, c->width, (size_t) e, sum.limb);
		}
		for (int p = 0; p < c->n; p++)
		{
			c->inputs[p][i] = malloc(SETS * limbs * sizeof(uint64_t));
			memcpy(c->inputs[p][i], shares + (size_t) p * SETS * limbs, SETS * limbs * sizeof(uint64_t));
		}
		free(shares);
	}
}

/* The nodes wanted: value and exponent of each coefficient, each error, R^2; then two bits. */
static size_t
list_wanted(const Case *c, int *wanted)
{
	size_t		count = 0;

	for (int j = 0; j < c->k; j++)
	{
		wanted[count++] = c->nodes.coefficients[j].value;
		wanted[count++] = c->nodes.coefficients[j].exponent;
	}
	for (int j = 0; j < c->k; j++)
	{
		wanted[count++] = c->nodes.errors[j].value;
		wanted[count++] = c->nodes.errors[j].exponent;
	}
	wanted[count++] = c->nodes.r2.value;
	wanted[count++] = c->nodes.r2.exponent;
	wanted[count++] = c->nodes.dependent;
	wanted[count++] = c->nodes.exhausted;
	return count;
}

static SmcStatus
party(SmcEngine *engine, void *arg)
{
	Case	   *c = arg;
	int			self = engine->channel->self;
	int			wanted[RESULTS + 2];
	uint64_t   *numbers[RESULTS + 2] = {NULL};
	uint64_t   *bits[RESULTS + 2] = {NULL};
	size_t		count = list_wanted(c, wanted);
	uint64_t	rounds = engine->channel->rounds;
	uint64_t	bytes = engine->channel->bytes_sent;
	SmcStatus	status;

	for (size_t i = 0; i < count; i++)
	{
		numbers[i] = i + 2 < count ? c->numbers[self][i] = malloc(SETS * (size_t) c->width / 8) : NULL;
		bits[i] = i + 2 < count ? NULL : &c->bits[self][i + 2 - count];
	}
	status = smc_program_run(c->program, engine, c->width, SETS, (const uint64_t *const *) c->inputs[self], NULL,
							 wanted, count, numbers, bits);
	if (self == 0)
	{
		c->rounds = engine->channel->rounds - rounds;
		c->bytes = engine->channel->bytes_sent - bytes;
	}
	return status;
}

/* ---- the comparison -------------------------------------------------------------------------- */

static Quad
result(const Case *c, int i, int e)
{
	size_t		limbs = (size_t) c->width / 64;
	SmcWide		sums[2];
	Quad		value;

	for (int v = 0; v < 2; v++)
	{
		sums[v] = number(0);
		for (int p = 0; p < c->n; p++)
			smc_limbs_add(sums[v].limb, sums[v].limb, c->numbers[p][2 * i + v] + (size_t) e * limbs, limbs);
		sums[v] = smc_wide_get(sums[v].limb, c->width, 0);
	}
	assert_true(llabs((int64_t) sums[0].limb[0]) <= INT64_C(1) << 53);
	value = (Quad) (int64_t) sums[0].limb[0];
	if (sums[0].limb[0] == 0)
		assert_int_equal(i < 2 * c->k ? (int64_t) sums[1].limb[0] : 0, 0);
	return value * (Quad) ldexpl(1, (int) (int64_t) sums[1].limb[0]);
}

static bool
bit(const Case *c, int which, int e)
{
	uint64_t	sum = 0;

	for (int p = 0; p < c->n; p++)
		sum ^= c->bits[p][which] >> e;
	return sum & 1;
}

/* Relative error of what is opened, in units of 2^-53. */
static double
ulps(Quad got, Quad want, Quad size)
{
	Quad		difference = got - want;

	difference = difference < 0 ? -difference : difference;
	size = size < 0 ? -size : size;
	return (double) (difference / (size > 0 ? size : 1) * 9007199254740992.0Q);
}

static double worst;

static void
judge(const Case *c, int e)
{
	const Data *d = &c->data[e];
	Expected	want;
	double		tolerance;

	solve(d, c->k, c->intercept, &want);
	/* what 113 bits and F places leave of the condition */
	tolerance = 1.01 + (double) want.condition * ldexp(1, -44);
	assert_int_equal(bit(c, 0, e), want.dependent);
	assert_int_equal(bit(c, 1, e), want.exhausted);
	if (want.dependent)
		return;
	for (int j = 0; j < c->k; j++)
	{
		double		off = ulps(result(c, j, e), want.coefficients[j], want.coefficients[j]);

		/* what is zero but for rounding is zero */
		if (want.shares[j] < 1e-27Q)
		{
			assert_true(result(c, j, e) == 0);
			continue;
		}

		if (off > worst && want.condition < 1e9Q)
			worst = off;
		if (off > tolerance)
			print_message("n %d k %d kind %d coefficient %d: %g ulps, condition %g\n", c->n, c->k, d->kind, j, off,
						  (double) want.condition);
		assert_true(off <= tolerance);
	}
	for (int j = 0; j < c->k && !want.exhausted; j++)
	{
		double		off = ulps(result(c, c->k + j, e), want.errors[j], want.errors[j]);

		if (off > tolerance)
			print_message("n %d k %d kind %d error %d: %g ulps, condition %g\n", c->n, c->k, d->kind, j, off,
						  (double) want.condition);
		assert_true(off <= tolerance);
	}
	if (ulps(result(c, 2 * c->k, e), want.r2, 1) > 1.01)
		print_message("n %d k %d kind %d r2: %.17g, not %.17g\n", c->n, c->k, d->kind, (double) result(c, 2 * c->k, e),
					  (double) want.r2);
	assert_true(ulps(result(c, 2 * c->k, e), want.r2, 1) <= 1.01);
}

static void
run(int n, int k, bool intercept)
{
	Case	   *c = calloc(1, sizeof(*c));
	uint64_t	rounds;
	uint64_t	bytes;

	c->n = n;
	c->k = k;
	c->intercept = intercept;
	for (int e = 0; e < SETS; e++)
		draw(&c->data[e], (Kind) (e % KINDS), k, intercept);
	build(c);
	share_inputs(c);
	smc_testengine_run(n, party, c);
	smc_program_cost(c->program, SETS, &rounds, &bytes);
	if (smc_test_brief() || k % 5 == 1)
		print_message("n %d k %d: width %d, %llu rounds (%llu), %llu bytes (%llu)\n", n, k, c->width,
					  (unsigned long long) c->rounds, (unsigned long long) rounds,
					  (unsigned long long) c->bytes / (n - 1), (unsigned long long) bytes);
	assert_true(c->rounds <= rounds);
	for (int e = 0; e < SETS; e++)
		judge(c, e);
	for (int p = 0; p < n; p++)
	{
		for (int i = 0; i < smc_program_inputs(c->program); i++)
			free(c->inputs[p][i]);
		for (int i = 0; i < 4 * k + 2; i++)
			free(c->numbers[p][i]);
	}
	smc_program_destroy(c->program);
	free(c);
}

static void
test_two_parties(void **state)
{
	(void) state;
	if (smc_test_brief())
	{
		run(2, 2, true);
		return;
	}
	for (int k = 1; k <= 12; k += k < 6 ? 1 : 3)
	{
		run(2, k, true);
		run(2, k, false);
	}
	print_message("worst: %g ulps\n", worst);
}

static void
test_more_parties(void **state)
{
	(void) state;
	if (smc_test_brief())
		return;
	run(3, 1, true);
	run(3, 4, true);
	run(3, 6, false);
	run(5, 3, true);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_parties),
		cmocka_unit_test(test_more_parties),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
