/*
 * Square roots of shared integers, exact; see smc_wide.h.  Sizes, and why they are
 * enough, are in smc_wide_plan.c.
 *
 * With x < 4^L, n parties:
 *
 *   normalise   z_i = [x >= 2^i] (smc_size.h), times x: any function of how large x
 *               is, times x, is a sum of these.  x is one more where not even z_0.
 *               With m = floor(log4 x) and v = 2^(L-1-m): d = x v^2, D = d / 4^L,
 *               1/4 <= D < 1; s = [D >= 1/2], the parity of the number of z_i that
 *               are set, and s d; and x v = sqrt(x d).
 *   iterate     y_k = 1 / sqrt(D), nearly, from a guess linear in D on each side of
 *               1/2: y_(i+1) = y_i (1 + e_i / 2), e_(i+1) = e_i^2 (3 + e_i) / 4
 *               (Newton's, in Goldschmidt's form)
 *   root        x v y_k / 2^L
 *   settle      0 < sqrt(x) - guess < n + 2.  t = guess + 1 .. guess + n + 1 count
 *               where t < 0 or t^2 <= x.
 */
#include "smc_wide_plan.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_compare.h"
#include "smc_linear.h"
#include "smc_scaled.h"
#include "smc_size.h"

/* ---- one chunk ---------------------------------------------------------------------- */

/* Vectors of a chunk, in a ring of plan->width unless it is said. */
typedef struct Work
{
	const SmcRootPlan *plan;
	SmcEngine  *engine;
	SmcArena   *arena;
	size_t		count;
	uint64_t   *x;				/* never zero */
	uint64_t   *d;
	uint64_t   *sd;				/* d where D >= 1/2 */
	uint64_t   *xv;
	uint64_t   *s;				/* [D >= 1/2] as a number */
	uint64_t   *any;			/* [x >= 1], a bit */
	SmcScaled	point;			/* D */
	SmcScaled	point_s;		/* s D, coarse */
	SmcScaled	s_short;
	SmcScaled	xv_short;
	uint64_t   *y;				/* iterate_width; y_0 in start_width first */
	SmcScaled	e;
	SmcScaled	y_last;
	SmcScaled	guess;
} Work;

static uint64_t *
vector(const Work *k, int width)
{
	return smc_arena_array(k->arena, k->count * smc_limbs_of(width), sizeof(uint64_t));
}

/*
 * Bits s and z_0 as numbers, and bits z_1 .. z_(bits-1) times x: out is those
 * products, in that order.
 */
static SmcStatus
multiply_sizes(Work *k, const uint64_t *reached, uint64_t *out)
{
	int			width = k->plan->width;
	size_t		limbs = smc_limbs_of(width);
	size_t		bits = (size_t) k->plan->x_bits;
	size_t		n = k->count;
	size_t		all = (bits + 1) * n;
	SmcArena   *local = smc_arena_create();
	uint64_t   *s = local ? smc_arena_array(local, smc_bits_words(all) + 1, sizeof(uint64_t)) : NULL;
	uint64_t   *plane = local ? smc_arena_array(local, smc_bits_words(n), sizeof(uint64_t)) : NULL;
	uint64_t   *parity = local ? smc_arena_array(local, smc_bits_words(n), sizeof(uint64_t)) : NULL;
	uint64_t   *x = local ? smc_arena_array(local, all * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (s == NULL || plane == NULL || parity == NULL || x == NULL)
		goto done;
	for (size_t i = 0; i < bits; i++)
	{
		smc_bits_extract(plane, reached, i * n, n);
		smc_bits_insert(s, (i + 1) * n, plane, n);
		if (i == 0)
			memcpy(k->any, plane, smc_bits_words(n) * sizeof(uint64_t));
		else
			smc_bits_xor(parity, plane, smc_bits_words(n));
		if (i > 0)
			memcpy(x + (i + 1) * n * limbs, k->x, n * limbs * sizeof(uint64_t));
	}
	smc_bits_insert(s, 0, parity, n);
	for (size_t e = 0; e < 2 * n; e++)
		x[e * limbs] = k->engine->channel->self == 0;
	status = smc_arith_times_bit(k->engine, width, s, x, out, all);
done:
	smc_arena_destroy(local);
	return status;
}

static SmcStatus
normalise(Work *k)
{
	int			width = k->plan->width;
	int			half = k->plan->half;
	size_t		bits = (size_t) k->plan->x_bits;
	size_t		n = k->count;
	size_t		plane = n * smc_limbs_of(width);
	uint64_t   *reached = smc_arena_array(k->arena, smc_bits_words(bits * n), sizeof(uint64_t));
	uint64_t   *z = smc_arena_array(k->arena, (bits + 1) * plane, sizeof(uint64_t));
	SmcWide		top = smc_linear_power(2 * half - 2);
	SmcWide		half_top = smc_linear_power(half - 1);
	SmcWide		one = smc_wide_from_int(1);
	uint64_t  **vectors[] = {&k->d, &k->sd, &k->xv, &k->s};
	SmcStatus	status;

	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
	{
		*vectors[i] = vector(k, width);
		if (*vectors[i] == NULL)
			return SMC_ERR_MEMORY;
	}
	k->any = smc_arena_array(k->arena, smc_bits_words(n), sizeof(uint64_t));
	if (reached == NULL || z == NULL || k->any == NULL)
		return SMC_ERR_MEMORY;
	if ((status = smc_size_reached(k->engine, width, (int) bits, k->x, reached, n)) != SMC_OK ||
		(status = multiply_sizes(k, reached, z)) != SMC_OK)
		return status;
	memcpy(k->s, z, plane * sizeof(uint64_t));

	/* what x is multiplied by where x < 2; then what changes at each power of two */
	smc_linear_add(k->d, width, k->x, &top, n);
	smc_linear_add(k->xv, width, k->x, &half_top, n);
	for (int i = 1; i < (int) bits; i++)
	{
		const uint64_t *zx = z + (size_t) (i + 1) * plane;
		SmcWide		now = smc_linear_power(2 * half - 2 - i / 2 * 2);
		SmcWide		minus = smc_wide_negate(&now);

		if (i % 2 == 1)
		{
			/* D >= 1/2 from here */
			smc_linear_add(k->sd, width, zx, &now, n);
			continue;
		}
		/* a quarter of what it was, and half: three such less, and one */
		for (int j = 0; j < 3; j++)
			smc_linear_add(k->d, width, zx, &minus, n);
		minus = smc_linear_minus_power(half - 1 - i / 2);
		smc_linear_add(k->xv, width, zx, &minus, n);
		/* D < 1/2 again: takes off what was added one below, four times this */
		minus = smc_linear_minus_power(2 * half - i);
		smc_linear_add(k->sd, width, zx, &minus, n);
	}

	/* a zero is one: 1 - z_0 more */
	for (int what = 0; what < 3; what++)
	{
		uint64_t   *to = what == 0 ? k->x : what == 1 ? k->d : k->xv;
		SmcWide		more = what == 0 ? one : what == 1 ? top : half_top;
		SmcWide		less = smc_wide_negate(&more);

		smc_linear_add_constant(k->engine, to, width, &more, n);
		smc_linear_add(to, width, z + plane, &less, n);
	}
	return SMC_OK;
}

/* D, s D and x v, cut to what is needed of them; and s, so that it fits any ring. */
static SmcStatus
place_points(Work *k)
{
	const SmcRootPlan *plan = k->plan;
	int			bits = 2 * plan->half;
	SmcScaling	down[4] = {
		{plan->width, k->d, bits, bits - plan->p, plan->n / 2, &k->point},
		{plan->width, k->sd, bits, bits - SMC_WIDE_COARSE_BITS, plan->n / 2, &k->point_s},
		{plan->width, k->xv, bits, plan->half - plan->g, plan->n / 2, &k->xv_short},
		{plan->width, k->s, 1, 0, 0, &k->s_short}
	};

	return smc_scaled_down(k->engine, down, 4, k->count, k->arena);
}

/* y_0 with SMC_WIDE_FINE_BITS places; coarse is what D has in its first ones. */
static SmcStatus
guess_start(Work *k, const SmcScaled *coarse, int width, uint64_t *y)
{
	size_t		n = k->count;
	uint64_t   *term = vector(k, width);
	SmcWide		low_one = smc_wide_from_int((int64_t) SMC_WIDE_LOW_ONE << (SMC_WIDE_FINE_BITS - 7));
	SmcWide		step_one = smc_wide_from_int(-((int64_t) (SMC_WIDE_LOW_ONE - SMC_WIDE_HIGH_ONE) << (SMC_WIDE_FINE_BITS - 7)));
	SmcWide		low_d = smc_wide_from_int(-SMC_WIDE_LOW_D);
	SmcWide		step_d = smc_wide_from_int(SMC_WIDE_LOW_D - SMC_WIDE_HIGH_D);

	if (term == NULL)
		return SMC_ERR_MEMORY;
	smc_linear_add_constant(k->engine, y, width, &low_one, n);
	smc_scaled_ring(k->engine, &k->s_short, width, term, n);
	smc_linear_add(y, width, term, &step_one, n);
	smc_scaled_ring(k->engine, coarse, width, term, n);
	smc_linear_add(y, width, term, &low_d, n);
	smc_scaled_ring(k->engine, &k->point_s, width, term, n);
	smc_linear_add(y, width, term, &step_d, n);
	return SMC_OK;
}

/* y_0, and e_0 = 1 - y_0^2 D.  The coarse D is cut from D by each party alone. */
static SmcStatus
begin(Work *k)
{
	const SmcRootPlan *plan = k->plan;
	int			width = plan->start_width;
	size_t		n = k->count;
	size_t		words = smc_bits_words((size_t) k->point.bits);
	uint64_t   *y = vector(k, width);
	uint64_t   *square = vector(k, width);
	uint64_t   *product = vector(k, width);
	uint64_t   *x = vector(k, width);
	SmcScaled	coarse = k->point;
	SmcArithProduct square_it = {width, true, width, y, y, square};
	SmcScaledProduct times_d = {width, square, &k->point, product};
	SmcScaling	down = {width, x, plan->p + 2 * SMC_WIDE_FINE_BITS - 3, 2 * SMC_WIDE_FINE_BITS, plan->n / 2, &k->e};
	SmcWide		one = smc_linear_power(plan->p + 2 * SMC_WIDE_FINE_BITS);
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcStatus	status;

	coarse.shares = smc_arena_array(k->arena, n * words, sizeof(uint64_t));
	k->y = vector(k, plan->iterate_width);
	if (y == NULL || square == NULL || product == NULL || x == NULL || coarse.shares == NULL || k->y == NULL)
		return SMC_ERR_MEMORY;
	memcpy(coarse.shares, k->point.shares, n * words * sizeof(uint64_t));
	smc_scaled_cut(&coarse, plan->p - SMC_WIDE_COARSE_BITS, n);
	if ((status = guess_start(k, &coarse, width, y)) != SMC_OK ||
		(status = guess_start(k, &coarse, plan->iterate_width, k->y)) != SMC_OK ||
		(status = smc_arith_multiply_joint(k->engine, &square_it, 1, n)) != SMC_OK ||
		(status = smc_scaled_multiply(k->engine, &times_d, 1, n)) != SMC_OK)
		return status;
	smc_linear_add_constant(k->engine, x, width, &one, n);
	smc_linear_add(x, width, product, &minus_one, n);
	return smc_scaled_down(k->engine, &down, 1, n, k->arena);
}

/*
 * e_(i+1) with `scale` places, times 4 as e^2 (3 + e): in place of e^3, from that
 * and e^2, which has p + 2 places less.
 */
static SmcStatus
combine(Work *k, int i, const SmcRootStep *step, const uint64_t *square, uint64_t *cube)
{
	int			p = k->plan->p;
	int			width = step->width;
	size_t		n = k->count;
	SmcWide		factor = smc_wide_from_int(3);
	SmcWide		power = smc_linear_power(p);
	uint64_t   *e;

	factor = smc_wide_multiply(&factor, &power);
	if (i > 0)
	{
		smc_linear_add(cube, width, square, &factor, n);
		return SMC_OK;
	}

	/* and m e_0^2 + (m + m^2) e_0 - 2 m - m^2 */
	e = vector(k, width);
	if (e == NULL)
		return SMC_ERR_MEMORY;
	power = smc_linear_power(p + 2 - SMC_WIDE_ROOT_BIAS);
	factor = smc_wide_add(&factor, &power);
	smc_linear_add(cube, width, square, &factor, n);
	smc_scaled_ring(k->engine, &k->e, width, e, n);
	factor = smc_linear_power(step->scale - p - SMC_WIDE_ROOT_BIAS);
	power = smc_linear_power(step->scale - p - 2 * SMC_WIDE_ROOT_BIAS);
	factor = smc_wide_add(&factor, &power);
	smc_linear_add(cube, width, e, &factor, n);
	factor = smc_linear_minus_power(step->scale + 1 - SMC_WIDE_ROOT_BIAS);
	power = smc_linear_minus_power(step->scale - 2 * SMC_WIDE_ROOT_BIAS);
	factor = smc_wide_add(&factor, &power);
	smc_linear_add_constant(k->engine, cube, width, &factor, n);
	return SMC_OK;
}

/* What is to be scaled down to e_(i+1), in *out; and y e_i, in one of the rounds that this takes. */
static SmcStatus
next_error(Work *k, int i, const SmcRootStep *step, SmcScaledProduct times_y, uint64_t **out)
{
	int			width = step->width;
	uint64_t   *square = vector(k, width);
	uint64_t   *cube = vector(k, width);
	SmcScaledProduct first[2] = {{width, NULL, &k->e, square}, times_y};
	SmcScaledProduct second[2] = {{width, square, &k->e, cube}, times_y};
	SmcScaled	cut;
	SmcScaling	down = {width, square, step->square_bits, k->plan->p, k->plan->n / 2, &cut};
	SmcWide		three = smc_wide_from_int(3);
	SmcStatus	status;

	if (square == NULL || cube == NULL)
		return SMC_ERR_MEMORY;
	*out = cube;
	status = smc_scaled_multiply(k->engine, first, step->way == SMC_ROOT_SQUARE ? 2 : 1, k->count);
	if (status != SMC_OK)
		return status;
	if (step->way == SMC_ROOT_SQUARE)
	{
		smc_linear_add(cube, width, square, &three, k->count);
		return SMC_OK;
	}
	if (step->way == SMC_ROOT_IN_TWO)
	{
		status = smc_scaled_down(k->engine, &down, 1, k->count, k->arena);
		if (status == SMC_OK)
			smc_scaled_ring(k->engine, &cut, width, square, k->count);
	}
	if (status == SMC_OK)
		status = smc_scaled_multiply(k->engine, second, 2, k->count);
	return status == SMC_OK ? combine(k, i, step, square, cube) : status;
}

/* One iteration: y (1 + e / 2), which the last time goes to y_last, and the next e. */
static SmcStatus
iterate(Work *k, int i)
{
	const SmcRootPlan *plan = k->plan;
	SmcRootStep step = smc_wide_plan_step(plan, i);
	int			width = plan->iterate_width;
	bool		last = i == plan->iterations - 1;
	int			y_scale = (i == 0 ? SMC_WIDE_FINE_BITS : plan->p) + plan->p + 1;
	uint64_t   *e = NULL;
	uint64_t   *product = vector(k, width);
	SmcScaledProduct times_y = {width, k->y, &k->e, product};
	SmcScaled	y_next;
	SmcScaled	e_next;
	SmcScaling	down[2];
	SmcWide		factor = smc_linear_power(plan->p + 1);
	SmcWide		bias = smc_linear_power(plan->p + 1 - SMC_WIDE_ROOT_BIAS);
	SmcStatus	status;

	if (product == NULL)
		return SMC_ERR_MEMORY;
	if (last)
		status = smc_scaled_multiply(k->engine, &times_y, 1, k->count);
	else
		status = next_error(k, i, &step, times_y, &e);
	if (status != SMC_OK)
		return status;
	if (i == 0)
		factor = smc_wide_add(&factor, &bias);
	smc_linear_add(product, width, k->y, &factor, k->count);
	down[0] = (SmcScaling) {width, product, y_scale + 2, y_scale - (last ? plan->q : plan->p), plan->n / 2,
		last ? &k->y_last : &y_next};
	down[1] = (SmcScaling) {step.width, e, step.bits, step.scale - plan->p, plan->n / 2, &e_next};
	status = smc_scaled_down(k->engine, down, last ? 1 : 2, k->count, k->arena);
	if (status != SMC_OK || last)
		return status;
	k->e = e_next;
	smc_scaled_ring(k->engine, &y_next, width, k->y, k->count);
	return SMC_OK;
}

/* x v y, scaled down to less than the root: a half less, and a lift of n. */
static SmcStatus
guess_root(Work *k)
{
	const SmcRootPlan *plan = k->plan;
	int			width = plan->guess_width;
	uint64_t   *xv = vector(k, width);
	uint64_t   *x = vector(k, width);
	SmcScaledProduct product = {width, xv, &k->y_last, x};
	SmcScaling	down = {width, x, plan->guess_bits, plan->guess_places, plan->n, &k->guess};
	SmcWide		half = smc_linear_minus_power(plan->guess_places - 1);
	SmcStatus	status;

	if (xv == NULL || x == NULL)
		return SMC_ERR_MEMORY;
	smc_scaled_ring(k->engine, &k->xv_short, width, xv, k->count);
	status = smc_scaled_multiply(k->engine, &product, 1, k->count);
	if (status != SMC_OK)
		return status;
	smc_linear_add_constant(k->engine, x, width, &half, k->count);
	return smc_scaled_down(k->engine, &down, 1, k->count, k->arena);
}

/*
 * For t = guess + j, j = 1 .. n + 1: x - t^2, then t, below zero or not; and
 * those j don't count where the one is and the other isn't.
 */
static SmcStatus
refuse(Work *k, uint64_t *refused)
{
	size_t		tests = (size_t) k->plan->n + 1;
	size_t		n = k->count;
	size_t		all = tests * n;
	int			width = k->plan->rest_width;
	size_t		limbs = smc_limbs_of(width);
	uint64_t   *guess = vector(k, width);
	uint64_t   *square = vector(k, width);
	uint64_t   *x = vector(k, width);
	uint64_t   *values = smc_arena_array(k->arena, 2 * all * limbs, sizeof(uint64_t));
	uint64_t   *negative = smc_arena_array(k->arena, smc_bits_words(2 * all), sizeof(uint64_t));
	uint64_t   *positive = smc_arena_array(k->arena, smc_bits_words(all), sizeof(uint64_t));
	uint64_t	ones = k->engine->channel->self == 0 ? ~UINT64_C(0) : 0;
	SmcScaledProduct product = {width, NULL, &k->guess, square};
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcWide		one = smc_wide_from_int(1);
	SmcStatus	status;

	if (guess == NULL || square == NULL || x == NULL || values == NULL || negative == NULL || positive == NULL)
		return SMC_ERR_MEMORY;
	status = smc_scaled_multiply(k->engine, &product, 1, n);
	if (status != SMC_OK)
		return status;
	smc_scaled_ring(k->engine, &k->guess, width, guess, n);
	smc_limbs_resize_all(x, limbs, k->x, smc_limbs_of(k->plan->width), n);
	smc_linear_add(x, width, square, &minus_one, n);
	for (size_t j = 1; j <= tests; j++)
	{
		uint64_t   *rest = values + (j - 1) * n * limbs;
		uint64_t   *t = values + (all + (j - 1) * n) * limbs;
		SmcWide		twice = smc_wide_from_int(-2 * (int64_t) j);
		SmcWide		constant = smc_wide_from_int(-(int64_t) (j * j));

		memcpy(rest, x, n * limbs * sizeof(uint64_t));
		smc_linear_add(rest, width, guess, &twice, n);
		smc_linear_add_constant(k->engine, rest, width, &constant, n);
		memcpy(t, j == 1 ? guess : t - n * limbs, n * limbs * sizeof(uint64_t));
		smc_linear_add_constant(k->engine, t, width, &one, n);
	}
	status = smc_compare_negative(k->engine, width, values, negative, 2 * all);
	if (status != SMC_OK)
		return status;
	smc_bits_extract(positive, negative, all, all);
	for (size_t i = 0; i < smc_bits_words(all); i++)
		positive[i] ^= ones;
	smc_bits_extract(refused, negative, 0, all);
	return smc_boolean_and(k->engine, refused, positive, refused, all);
}

/* The guess and what counts; none where x was zero. */
static SmcStatus
settle(Work *k, int width, uint64_t *root)
{
	size_t		tests = (size_t) k->plan->n + 1;
	size_t		n = k->count;
	size_t		limbs = smc_limbs_of(width);
	uint64_t   *bits = smc_arena_array(k->arena, smc_bits_words((tests + 1) * n) + 1, sizeof(uint64_t));
	uint64_t   *numbers = smc_arena_array(k->arena, (tests + 1) * n * limbs, sizeof(uint64_t));
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcWide		one = smc_wide_from_int(1);
	SmcWide		all = smc_wide_from_int((int64_t) tests - 1);
	SmcStatus	status;

	if (bits == NULL || numbers == NULL)
		return SMC_ERR_MEMORY;
	status = refuse(k, bits);
	if (status != SMC_OK)
		return status;
	smc_bits_insert(bits, tests * n, k->any, n);
	status = smc_arith_from_bits(k->engine, width, bits, numbers, (tests + 1) * n);
	if (status != SMC_OK)
		return status;
	smc_scaled_ring(k->engine, &k->guess, width, root, n);
	smc_linear_add_constant(k->engine, root, width, &all, n);
	for (size_t j = 0; j <= tests; j++)
		smc_linear_add(root, width, numbers + j * n * limbs, j < tests ? &minus_one : &one, n);
	return SMC_OK;
}

static SmcStatus
root_chunk(SmcEngine *engine, const SmcRootPlan *plan, int width, const uint64_t *x, uint64_t *root, size_t count)
{
	SmcArena   *arena = smc_arena_create();
	Work		k = {.plan = plan, .engine = engine, .arena = arena, .count = count};
	SmcStatus	status = SMC_ERR_MEMORY;

	if (arena == NULL)
		return status;
	k.x = vector(&k, plan->width);
	if (k.x == NULL)
		goto done;
	smc_limbs_resize_all(k.x, smc_limbs_of(plan->width), x, smc_limbs_of(width), count);
	if ((status = normalise(&k)) != SMC_OK ||
		(status = place_points(&k)) != SMC_OK ||
		(status = begin(&k)) != SMC_OK)
		goto done;
	for (int i = 0; i < plan->iterations && status == SMC_OK; i++)
		status = iterate(&k, i);
	if (status == SMC_OK)
		status = guess_root(&k);
	if (status == SMC_OK)
		status = settle(&k, width, root);
done:
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_wide_root(SmcEngine *engine, int width, int x_bits, const uint64_t *x, uint64_t *root, size_t count)
{
	size_t		limbs = smc_limbs_of(width);
	SmcRootPlan plan;
	SmcStatus	status = SMC_OK;

	if (!smc_limbs_valid(width) || !smc_wide_plan_root(&plan, engine->channel->party_count, x_bits) || width < plan.width)
		return SMC_ERR_ARGUMENT;
	for (size_t at = 0; at < count && status == SMC_OK; at += plan.chunk)
		status = root_chunk(engine, &plan, width, x + at * limbs, root + at * limbs,
							count - at < plan.chunk ? count - at : plan.chunk);
	return status;
}
