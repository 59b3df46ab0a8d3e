/*
 * Newton's method for a logistic regression on shares; see the header.
 *
 * What comes from rows is integers of few bytes (smc_logistic_rows.c), brought to the
 * wide ring of all that is reckoned with here by smc_logistic_sums.c.
 */
#include "smc_logistic.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_compare.h"
#include "smc_linear.h"
#include "smc_logistic_impl.h"
#include "smc_size.h"

#define W			SMC_NORMAL_WIDTH
#define LIMBS		SMC_NORMAL_LIMBS
#define PLACES		SMC_NORMAL_PLACES
#define K_MAX		SMC_LOGISTIC_COLUMNS_MAX
#define LOG_2		INT64_C(47632711549)	/* log 2 with SMC_CURVE_LOSS_PLACES */

/* A computation: everything shared mod 2^W unless said otherwise. */
typedef struct Fit
{
	SmcEngine  *engine;
	const SmcLogisticTask *task;
	const SmcLogisticRows *rows;
	SmcLogisticPlan plan;
	SmcArena   *arena;
	size_t		k;
	uint64_t   *a;				/* X'X, k x k */
	uint64_t   *s;				/* 2 X'y - X'1 */
	uint64_t   *phi;			/* powers of two: 2^E / phi_j is near sqrt(A_jj) */
	uint64_t   *pair;			/* phi_i phi_j, k x k */
	uint64_t   *h;				/* of this step, scaled, k x k */
	uint64_t   *g;
	uint64_t   *delta;
	uint64_t   *inverse;
	uint64_t   *coef;			/* with SMC_CURVE_PLACES + a_j places */
	uint64_t	singular;		/* a shared bit for each pivot */
} Fit;

static uint64_t *
new_numbers(Fit *f, size_t count)
{
	return smc_arena_array(f->arena, count * LIMBS, sizeof(uint64_t));
}

/* A signed number of our own as our share. */
static void
widen(uint64_t *out, __int128 value)
{
	uint64_t	sign = (uint64_t) (value >> 127);

	out[0] = (uint64_t) value;
	out[1] = (uint64_t) (value >> 64);
	for (size_t i = 2; i < LIMBS; i++)
		out[i] = sign;
}

static void
shift_up(uint64_t *x, int places)
{
	uint64_t	out[LIMBS];

	smc_limbs_shift_left(out, x, (unsigned) places, LIMBS);
	memcpy(x, out, sizeof(out));
}

/* ---- what each party knows by itself ------------------------------------------------- */

/* Whether our rows keep to what was agreed. */
static bool
rows_fit(const Fit *f)
{
	bool		fit = f->rows->count <= f->task->rows;

	for (size_t j = 0; j < f->k && fit; j++)
	{
		uint64_t	span = (uint64_t) f->task->columns[j].hi - (uint64_t) f->task->columns[j].lo;

		for (size_t e = 0; e < f->rows->count && span > 0; e++)
			fit = fit && f->rows->x[j][e] <= span;
	}
	for (size_t e = 0; e < f->rows->count && fit; e++)
		fit = f->rows->y[e] <= 1;
	return fit;
}

static inline int64_t
value_of(const Fit *f, size_t j, size_t e)
{
	return f->task->columns[j].lo + (f->rows->x[j] != NULL ? (int64_t) f->rows->x[j][e] : 0);
}

/* X'X and 2 X'y - X'1 over our rows. */
static void
sum_own_rows(Fit *f)
{
	for (size_t i = 0; i < f->k; i++)
	{
		__int128	outcome = 0;

		for (size_t e = 0; e < f->rows->count; e++)
			outcome += (__int128) value_of(f, i, e) * (2 * f->rows->y[e] - 1);
		widen(f->s + i * LIMBS, outcome);
		for (size_t j = 0; j <= i; j++)
		{
			__int128	sum = 0;

			for (size_t e = 0; e < f->rows->count; e++)
				sum += (__int128) value_of(f, i, e) * value_of(f, j, e);
			widen(f->a + (i * f->k + j) * LIMBS, sum);
			widen(f->a + (j * f->k + i) * LIMBS, sum);
		}
	}
}

/* ---- scales --------------------------------------------------------------------------- */

/*
 * phi_j = 2^(E - e_j) with 2^(2 e_j - 2) <= A_jj < 2^(2 e_j): of the bits [A_jj >= 2^i]
 * those for even i say whether e_j is at least i / 2 + 1.
 */
static SmcStatus
find_scales(Fit *f)
{
	size_t		k = f->k;
	size_t		steps = (size_t) f->plan.scale + 1;
	size_t		bits = (size_t) f->plan.diagonal_bits;
	uint64_t   *diagonal = new_numbers(f, k);
	uint64_t   *reached = smc_arena_array(f->arena, smc_bits_words(bits * k), sizeof(uint64_t));
	uint64_t   *hot = smc_arena_array(f->arena, smc_bits_words(steps * k), sizeof(uint64_t));
	uint64_t   *numbers = new_numbers(f, steps * k);
	uint64_t	one = f->engine->channel->self == 0 ? (UINT64_C(1) << k) - 1 : 0;
	SmcStatus	status;

	if (diagonal == NULL || reached == NULL || hot == NULL || numbers == NULL)
		return SMC_ERR_MEMORY;
	for (size_t j = 0; j < k; j++)
		memcpy(diagonal + j * LIMBS, f->a + (j * k + j) * LIMBS, LIMBS * sizeof(uint64_t));
	status = smc_size_reached(f->engine, W, f->plan.diagonal_bits, diagonal, reached, k);

	/* [e_j = i] = [e_j >= i] ^ [e_j >= i + 1] */
	for (size_t i = 0; i < steps && status == SMC_OK; i++)
	{
		uint64_t	least = one;
		uint64_t	more = 0;

		if (i > 0)
			smc_bits_extract(&least, reached, (2 * i - 2) * k, k);
		if (2 * i < bits)
			smc_bits_extract(&more, reached, 2 * i * k, k);
		least ^= more;
		smc_bits_insert(hot, i * k, &least, k);
	}
	if (status == SMC_OK)
		status = smc_arith_from_bits(f->engine, W, hot, numbers, steps * k);
	for (size_t i = 0; i < steps && status == SMC_OK; i++)
	{
		SmcWide		power = smc_linear_power(f->plan.scale - (int) i);

		smc_linear_add(f->phi, W, numbers + i * k * LIMBS, &power, k);
	}
	return status;
}

/* phi_i phi_j for all pairs. */
static SmcStatus
pair_scales(Fit *f)
{
	size_t		k = f->k;
	uint64_t   *x = new_numbers(f, k * k);
	uint64_t   *y = new_numbers(f, k * k);

	if (x == NULL || y == NULL)
		return SMC_ERR_MEMORY;
	for (size_t i = 0; i < k; i++)
	{
		for (size_t j = 0; j < k; j++)
		{
			memcpy(x + (i * k + j) * LIMBS, f->phi + i * LIMBS, LIMBS * sizeof(uint64_t));
			memcpy(y + (i * k + j) * LIMBS, f->phi + j * LIMBS, LIMBS * sizeof(uint64_t));
		}
	}
	return smc_arith_multiply(f->engine, W, x, y, f->pair, k * k);
}

/* ---- steps ----------------------------------------------------------------------------- */

/* Scaled H and g, of numbers with so many places. */
static SmcStatus
scale_system(Fit *f, const uint64_t *h, int h_places, const uint64_t *g, int g_places)
{
	SmcStatus	status = smc_normal_multiply(f->engine, h, f->pair, 2 * f->plan.scale + h_places - PLACES, f->h, f->k * f->k);

	if (status == SMC_OK)
		status = smc_normal_multiply(f->engine, g, f->phi, f->plan.scale + g_places - PLACES, f->g, f->k);
	return status;
}

/* From A / 4 and s, as they are at beta = 0. */
static SmcStatus
start_system(Fit *f)
{
	return scale_system(f, f->a, 2, f->s, 1);
}

static void
low_words(const Fit *f, SmcRing128 coef[K_MAX])
{
	for (size_t j = 0; j < f->k; j++)
		coef[j] = (SmcRing128) f->coef[j * LIMBS + 1] << 64 | f->coef[j * LIMBS];
}

/* From the rows, under the coefficients that there are. */
static SmcStatus
row_system(Fit *f, SmcLogisticProgress progress, void *arg, int iteration)
{
	int			extra = f->plan.lift_extra;
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcLogisticSums *sums = smc_arena_alloc(f->arena, sizeof(*sums));
	uint64_t   *xq = new_numbers(f, f->k);
	uint64_t   *xwx = new_numbers(f, f->k * f->k);
	uint64_t   *g = new_numbers(f, f->k);
	SmcRing128	coef[K_MAX];
	SmcStatus	status;

	if (sums == NULL || xq == NULL || xwx == NULL || g == NULL)
		return SMC_ERR_MEMORY;
	low_words(f, coef);
	status = smc_logistic_pass(f->engine, f->task, &f->plan, f->rows, coef, false, sums, progress, arg, iteration);
	if (status == SMC_OK)
		status = smc_logistic_gather(f->engine, f->arena, f->task, &f->plan, sums, xq, xwx);
	if (status != SMC_OK)
		return status;
	memcpy(g, f->s, f->k * LIMBS * sizeof(uint64_t));
	for (size_t j = 0; j < f->k; j++)
		shift_up(g + j * LIMBS, SMC_CURVE_SIGMOID_PLACES - 1 + extra);
	smc_linear_add(g, W, xq, &minus_one, f->k);
	return scale_system(f, xwx, SMC_CURVE_WEIGHT_PLACES + extra, g, SMC_CURVE_SIGMOID_PLACES + extra);
}

/* phi_j 2^a_j: what turns a scaled number into one for columns below 1. */
static SmcStatus
column_scales(Fit *f, uint64_t **out)
{
	*out = new_numbers(f, f->k);
	if (*out == NULL)
		return SMC_ERR_MEMORY;
	memcpy(*out, f->phi, f->k * LIMBS * sizeof(uint64_t));
	for (size_t j = 0; j < f->k; j++)
		shift_up(*out + j * LIMBS, f->plan.size_bits[j]);
	return SMC_OK;
}

/* beta += H^-1 g. */
static SmcStatus
take_step(Fit *f)
{
	uint64_t   *scales;
	uint64_t   *change = new_numbers(f, f->k);
	SmcStatus	status = change != NULL ? column_scales(f, &scales) : SMC_ERR_MEMORY;

	if (status == SMC_OK)
		status = smc_normal_solve(f->engine, (int) f->k, f->h, f->g, f->delta, f->inverse, &f->singular);
	if (status == SMC_OK)
		status = smc_normal_multiply(f->engine, f->delta, scales, PLACES + f->plan.scale - SMC_CURVE_PLACES, change, f->k);
	if (status == SMC_OK)
		smc_limbs_add_all(f->coef, f->coef, change, LIMBS, f->k);
	return status;
}

/* ---- what is opened after a step ------------------------------------------------------- */

/*
 * The Newton decrement g'H^-1 g less tolerance^2 N, both with 2 PLACES: how far the step
 * moves z, in the mean of squares weighted by w, whatever the columns' scales are.
 */
static SmcStatus
decrement(Fit *f, uint64_t *out)
{
	SmcWide		tolerance = smc_wide_from_int((int64_t) f->task->tolerance);
	SmcWide		total = smc_wide_from_int((int64_t) f->task->total);
	SmcWide		places = smc_linear_minus_power(2 * PLACES - 2 * SMC_LOGISTIC_TOLERANCE_PLACES);
	SmcWide		limit = smc_wide_multiply(&tolerance, &tolerance);
	uint64_t   *products = new_numbers(f, f->k);
	SmcStatus	status = SMC_ERR_MEMORY;

	if (products != NULL)
		status = smc_arith_multiply(f->engine, W, f->g, f->delta, products, f->k);
	memset(out, 0, LIMBS * sizeof(uint64_t));
	for (size_t j = 0; j < f->k && status == SMC_OK; j++)
		smc_limbs_add(out, out, products + j * LIMBS, LIMBS);
	limit = smc_wide_multiply(&limit, &total);
	limit = smc_wide_multiply(&limit, &places);
	smc_linear_add_constant(f->engine, out, W, &limit, 1);
	return status;
}

/* x - bound and -x - bound for count numbers, behind each other: both below zero where |x| < bound. */
static void
put_bounds(const Fit *f, uint64_t *out, const uint64_t *x, const SmcWide *bound, size_t count)
{
	SmcWide		minus_bound = smc_wide_negate(bound);

	memcpy(out, x, count * LIMBS * sizeof(uint64_t));
	for (size_t e = 0; e < count; e++)
		smc_limbs_negate(out + (count + e) * LIMBS, x + e * LIMBS, LIMBS);
	smc_linear_add_constant(f->engine, out, W, &minus_bound, 2 * count);
}

typedef struct Verdict
{
	bool		small;
	bool		bounded;
	bool		regular;
} Verdict;

/*
 * Whether the step is small, all coefficients within bounds, all pivots pivots: trees of
 * ANDs side by side, word t having the t-th bit of each.
 */
static SmcStatus
judge(Fit *f, Verdict *verdict)
{
	size_t		k = f->k;
	size_t		count = 2 * k + 1;
	SmcWide		bound = smc_linear_power(SMC_CURVE_PLACES + f->plan.z_bits - 1 - smc_bits_log_up((int) k));
	uint64_t   *numbers = new_numbers(f, count);
	uint64_t   *negative = smc_arena_array(f->arena, smc_bits_words(count), sizeof(uint64_t));
	uint64_t   *words = smc_arena_array(f->arena, 2 * k, sizeof(uint64_t));
	uint64_t	first = f->engine->channel->self == 0;
	SmcStatus	status;

	if (numbers == NULL || negative == NULL || words == NULL)
		return SMC_ERR_MEMORY;
	put_bounds(f, numbers, f->coef, &bound, k);
	status = decrement(f, numbers + 2 * k * LIMBS);
	if (status == SMC_OK)
		status = smc_compare_negative(f->engine, W, numbers, negative, count);
	for (size_t t = 0; t < 2 * k; t++)
	{
		uint64_t	is_small = t == 0 ? negative[2 * k / 64] >> (2 * k % 64) & 1 : first;
		uint64_t	is_bounded = negative[t / 64] >> (t % 64) & 1;
		uint64_t	is_regular = first ^ (t < k ? f->singular >> t & 1 : 0);

		words[t] = is_small | is_bounded << 1 | is_regular << 2;
	}
	for (size_t m = 2 * k; m > 1 && status == SMC_OK; m = (m + 1) / 2)
		status = smc_boolean_and(f->engine, words, words + (m + 1) / 2, words, m / 2 * 64);
	if (status == SMC_OK)
		status = smc_boolean_open(f->engine, words, words, 3);
	if (status == SMC_OK)
	{
		verdict->small = words[0] & 1;
		verdict->bounded = words[0] >> 1 & 1;
		verdict->regular = words[0] >> 2 & 1;
	}
	return status;
}

/* ---- results --------------------------------------------------------------------------- */

/* H^-1_jj (phi_j 2^a_j / 2^E)^2 */
static SmcStatus
find_variances(Fit *f, uint64_t *out)
{
	uint64_t   *scales;
	uint64_t   *diagonal = new_numbers(f, f->k);
	SmcStatus	status = diagonal != NULL ? column_scales(f, &scales) : SMC_ERR_MEMORY;

	for (size_t j = 0; j < f->k && status == SMC_OK; j++)
		memcpy(diagonal + j * LIMBS, f->inverse + (j * f->k + j) * LIMBS, LIMBS * sizeof(uint64_t));
	if (status == SMC_OK)
		status = smc_normal_multiply(f->engine, diagonal, scales, f->plan.scale, diagonal, f->k);
	if (status == SMC_OK)
		status = smc_normal_multiply(f->engine, diagonal, scales, f->plan.scale + PLACES - SMC_LOGISTIC_VARIANCE_PLACES, out, f->k);
	return status;
}

/* beta (X'y - X'1/2) less the sum of log(1 + e^z) - z/2 over all rows that there are. */
static SmcStatus
find_likelihood(Fit *f, uint64_t *out, SmcLogisticProgress progress, void *arg, int iteration)
{
	int			places = SMC_CURVE_PLACES + 1 + f->plan.size_max;	/* of beta s */
	int			bytes = f->plan.loss_bytes;
	SmcLogisticSums *sums = smc_arena_alloc(f->arena, sizeof(*sums));
	uint64_t   *products = new_numbers(f, f->k);
	uint64_t   *loss = new_numbers(f, 1);
	uint64_t	total[LIMBS] = {0};
	SmcRing128	coef[K_MAX];
	SmcStatus	status;

	if (sums == NULL || products == NULL || loss == NULL)
		return SMC_ERR_MEMORY;
	low_words(f, coef);
	status = smc_logistic_pass(f->engine, f->task, &f->plan, f->rows, coef, true, sums, progress, arg, iteration);
	sums->loss -= (SmcRing128) (f->task->rows - f->rows->count) * (SmcRing128) LOG_2;
	if (status == SMC_OK)
		status = smc_logistic_lift(f->engine, f->arena, &sums->loss, &bytes, bytes, loss, 1);
	if (status == SMC_OK)
		status = smc_arith_multiply(f->engine, W, f->coef, f->s, products, f->k);
	for (size_t j = 0; j < f->k && status == SMC_OK; j++)
	{
		shift_up(products + j * LIMBS, f->plan.size_max - f->plan.size_bits[j] + SMC_CURVE_LOSS_PLACES);
		smc_limbs_add(total, total, products + j * LIMBS, LIMBS);
	}
	shift_up(loss, places);
	smc_limbs_subtract(total, total, loss, LIMBS);
	if (status == SMC_OK)
		status = smc_normal_scale(f->engine, total, places + SMC_CURVE_LOSS_PLACES - SMC_LOGISTIC_LOSS_PLACES, out, 1);
	return status;
}

/* ---- the whole -------------------------------------------------------------------------- */

static bool
alloc_fit(Fit *f)
{
	f->a = new_numbers(f, f->k * f->k);
	f->s = new_numbers(f, f->k);
	f->phi = new_numbers(f, f->k);
	f->pair = new_numbers(f, f->k * f->k);
	f->h = new_numbers(f, f->k * f->k);
	f->g = new_numbers(f, f->k);
	f->delta = new_numbers(f, f->k);
	f->inverse = new_numbers(f, f->k * f->k);
	f->coef = new_numbers(f, f->k);
	return f->a != NULL && f->s != NULL && f->phi != NULL && f->pair != NULL && f->h != NULL && f->g != NULL &&
		f->delta != NULL && f->inverse != NULL && f->coef != NULL;
}

/* Steps until one is small or there may be no more. */
static SmcStatus
iterate(Fit *f, SmcLogisticModel *model, SmcLogisticProgress progress, void *arg)
{
	SmcStatus	status = SMC_OK;

	model->end = SMC_LOGISTIC_UNFINISHED;
	for (int i = 1; i <= f->task->iterations && model->end == SMC_LOGISTIC_UNFINISHED && status == SMC_OK; i++)
	{
		Verdict		verdict = {false, false, false};

		model->iterations = i;
		status = i == 1 ? start_system(f) : row_system(f, progress, arg, i);
		if (status == SMC_OK)
			status = take_step(f);
		if (status == SMC_OK)
			status = judge(f, &verdict);
		if (!verdict.regular)
			model->end = i == 1 ? SMC_LOGISTIC_DEPENDENT : SMC_LOGISTIC_DIVERGED;
		else if (!verdict.bounded)
			model->end = SMC_LOGISTIC_DIVERGED;
		else if (verdict.small)
			model->end = SMC_LOGISTIC_CONVERGED;
	}
	return status;
}

SmcStatus
smc_logistic_fit(SmcEngine *engine, const SmcLogisticTask *task, const SmcLogisticRows *rows, SmcLogisticModel *model,
				 SmcLogisticProgress progress, void *arg)
{
	Fit			f = {0};
	SmcStatus	status = SMC_ERR_MEMORY;

	memset(model, 0, sizeof(*model));
	f.engine = engine;
	f.task = task;
	f.rows = rows;
	if (!smc_logistic_plan(&f.plan, engine->channel->party_count, task))
		return SMC_ERR_ARGUMENT;
	f.k = (size_t) task->column_count;
	if (!rows_fit(&f))
		return SMC_ERR_RANGE;
	f.arena = smc_arena_create();
	if (f.arena == NULL || !alloc_fit(&f))
		goto done;
	sum_own_rows(&f);
	status = find_scales(&f);
	if (status == SMC_OK)
		status = pair_scales(&f);
	if (status == SMC_OK)
		status = iterate(&f, model, progress, arg);
	if (status != SMC_OK || model->end == SMC_LOGISTIC_DEPENDENT || model->end == SMC_LOGISTIC_DIVERGED)
		goto done;
	memcpy(model->coef, f.coef, f.k * LIMBS * sizeof(uint64_t));
	status = find_variances(&f, model->variance);
	if (status == SMC_OK)
		status = find_likelihood(&f, model->log_likelihood, progress, arg, model->iterations);
done:
	smc_arena_destroy(f.arena);
	return status;
}
