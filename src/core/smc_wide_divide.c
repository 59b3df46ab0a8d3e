/*
 * Division of shared integers, exact; see smc_wide.h.
 *
 * With A = a_bits, B = b_bits, n parties, h >= 1 such that 2^h >= n/2 + 1 (the
 * error of scaling down, smc_scaled.h, with a lift of n/2):
 *
 *   normalise   z_i = [b >= 2^i] (smc_size.h) as numbers, times 1, a and b: any
 *               function of how large b is, times any of these, is a sum of them.
 *               v = 2^(B-1) - sum z_i 2^(B-1-i), so that d = v b has B bits; and
 *               v a.  b is one more where not even z_0.
 *   reciprocal  of D = d / 2^B, 1/2 <= D < 1, with p bits after the point:
 *               w_0 = (721 - 480 D) / 256, e_0 = 1 - D w_0, |e_0| < 0.0606;
 *               w_(i+1) = w_i (1 + e_i), e_(i+1) = e_i^2, which is 1 - D w_(i+1)
 *               (Goldschmidt's form of Newton's iteration).  The first time, 1 +
 *               e_0 + m instead, m = 2^-9, so that e_1 = e_0^2 - m (1 - e_0) is of
 *               either sign: |e_1| < 2^-9 (1 + 2^-11).  So |e_k| <= 1.02 *
 *               2^(-9 2^(k-1)).
 *   error       Each scaling down adds at most 2^h 2^-p.  With f_i = 1 - D w_i as
 *               it is and e_i as it is reckoned, |f_0 - e_0| <= 3 * 2^(h-p) (e_0's,
 *               and D's where B > p), and |f - e| grows by a factor of 1 + |e_i|
 *               (1.07 in all) and by 2 * 2^(h-p) a step: with at most 6 steps, and
 *               e_k's own, |f_k| <= |e_k| + 18 * 2^(h-p); and 2^(h-q) for w_k,
 *               which keeps q bits.  With p = t + 6 + h, q = t + 3 + h and
 *               9 2^(k-1) > t that is below (0.51 + 0.29 + 0.125) 2^-t < 2^-t.
 *   guess       v a w_k / 2^B = (a / b) (1 - f_k).
 *   one step    (A <= ONE_STEP_BITS) t = A + 2; v a with g = h + 5 bits after the
 *               point of the quotient: wrong by at most 2.01 * 2^(h-g) + 2^(A-t)
 *               < 1/2.
 *   two steps   t = (A + h + 2) / 2, z = A - t: Q = a / (b 2^z), nearly, from v a
 *               less its low B + z - 3 places: |a / b - 2^z Q| <= 2^z (0.26 * 2^h +
 *               2^h + 1) <= 2^r, r = z + h + 1.  The rest a - 2^z Q b is exact, and
 *               divided in the same way: rest * u, u = v w_k, is rest / b * 2^(q+B)
 *               but for 2^(r-t) <= 1/2 of a unit.
 *   settle      The last scaling down is of what is 1/2 less, with a lift of n, so
 *               that 0 < a / b - guess < n + 2: the exact rest, a - guess b, is
 *               compared with b, 2 b, ... (n + 1) b, and what is reached is added.
 *
 * Two parties, A = 110, B = 40: 33 rounds; EXPLAIN and smc_wide_divide_cost tell
 * the rest.
 */
#include "smc_wide.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_compare.h"
#include "smc_linear.h"
#include "smc_scaled.h"
#include "smc_size.h"

#define ONE_STEP_BITS	68
#define GUESS_ONE		721		/* w_0, in 256ths */
#define GUESS_D			480
#define GUESS_BITS		8
#define BIAS_BITS		9		/* m */
#define CHUNK_WORDS		((size_t) 1 << 21)	/* of the longest vector, about */

/* All sizes, from the public bounds. */
typedef struct Plan
{
	int			n;
	int			a_bits;
	int			b_bits;
	int			steps;			/* of the quotient: 1 or 2 */
	int			iterations;		/* k */
	int			h;
	int			z;				/* the first guess counts 2^z; 0 when it is the last */
	int			p;
	int			q;
	int			a_places;		/* what v a loses; less than 0: gains */
	int			guess_bits;		/* of v a w_k */
	int			guess_places;
	int			second_bits;	/* of rest * u */
	int			width;			/* what is reckoned on a, b and v */
	int			iterate_width;	/* on D, w and e */
	int			guess_width;
	int			rest_width;
} Plan;

static int
log_up(int n)
{
	int			log = 0;

	while (1 << log < n)
		log++;
	return log;
}

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

/* False when there is no ring wide enough. */
static bool
make_plan(Plan *plan, int n, int a_bits, int b_bits)
{
	int			t;

	memset(plan, 0, sizeof(*plan));
	if (n < SMC_PARTIES_MIN || n > SMC_PARTIES_MAX || a_bits < 1 || b_bits < 1 ||
		a_bits > SMC_WIDTH_MAX || b_bits > SMC_WIDTH_MAX)
		return false;
	plan->n = n;
	plan->a_bits = a_bits;
	plan->b_bits = b_bits;
	plan->h = log_up(n / 2 + 1);
	plan->steps = a_bits <= ONE_STEP_BITS ? 1 : 2;
	t = plan->steps == 1 ? a_bits + 2 : (a_bits + plan->h + 3) / 2;
	plan->iterations = 2;
	while (9 << (plan->iterations - 1) <= t)
		plan->iterations++;
	plan->p = t + 6 + plan->h;
	plan->q = t + 3 + plan->h;
	plan->iterate_width = smc_scaled_width(n, 2 * plan->p + 10);
	if (plan->steps == 1)
	{
		int			g = plan->h + 5;

		plan->a_places = b_bits - g;
		plan->guess_bits = a_bits + g + plan->q + 1;
		plan->guess_places = g + plan->q;
	}
	else
	{
		int			r = a_bits - t + plan->h + 1;

		plan->z = a_bits - t;
		plan->a_places = b_bits + plan->z - 3;
		plan->guess_bits = t + plan->q + 4;
		plan->guess_places = plan->q + 3;
		plan->second_bits = r + plan->q + b_bits + 1;
		plan->width = smc_scaled_width(n, plan->second_bits);
	}
	plan->guess_width = smc_scaled_width(n, plan->guess_bits);
	plan->rest_width = (b_bits + log_up(n + 2) + 1 + 63) / 64 * 64;
	if (plan->a_places > 0)
		plan->width = larger(plan->width, smc_scaled_width(n, a_bits + b_bits));
	else
		plan->width = larger(plan->width, plan->guess_width);
	if (b_bits > plan->p)
		plan->width = larger(plan->width, smc_scaled_width(n, b_bits));
	else
		plan->width = larger(plan->width, plan->iterate_width);
	plan->width = larger(plan->width, plan->rest_width);
	return larger(plan->width, larger(plan->iterate_width, plan->guess_width)) <= SMC_WIDTH_MAX;
}

int
smc_wide_divide_width(int party_count, int a_bits, int b_bits)
{
	Plan		plan;

	return make_plan(&plan, party_count, a_bits, b_bits) ? plan.width : 0;
}

/* ---- one chunk ---------------------------------------------------------------------- */

/* Vectors of a chunk, in a ring of plan->width unless it is said. */
typedef struct Work
{
	const Plan *plan;
	SmcEngine  *engine;
	SmcArena   *arena;
	size_t		count;
	uint64_t   *a;				/* what is left of it */
	uint64_t   *b;				/* never zero */
	uint64_t   *v;
	uint64_t   *d;				/* v b */
	uint64_t   *va;
	SmcScaled	va_short;
	uint64_t   *point;			/* D, iterate_width */
	uint64_t   *w;				/* iterate_width */
	SmcScaled	e;
	SmcScaled	w_last;
	SmcScaled	guess[2];
} Work;

static uint64_t *
vector(const Work *k, int width)
{
	return smc_arena_array(k->arena, k->count * smc_limbs_of(width), sizeof(uint64_t));
}

/*
 * Bits of z_0 .. z_(B-1) times one, then of z_1 .. z_(B-1) times b, and times a:
 * out is those products, in that order.
 */
static SmcStatus
multiply_sizes(Work *k, const uint64_t *reached, uint64_t *out)
{
	int			width = k->plan->width;
	size_t		limbs = smc_limbs_of(width);
	size_t		bits = (size_t) k->plan->b_bits;
	size_t		n = k->count;
	size_t		all = (3 * bits - 2) * n;
	SmcArena   *local = smc_arena_create();
	uint64_t   *s = local ? smc_arena_array(local, smc_bits_words(all) + 1, sizeof(uint64_t)) : NULL;
	uint64_t   *x = local ? smc_arena_array(local, all * limbs, sizeof(uint64_t)) : NULL;
	uint64_t   *upper = local ? smc_arena_array(local, smc_bits_words(bits * n) + 1, sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (s == NULL || x == NULL || upper == NULL)
		goto done;
	smc_bits_insert(s, 0, reached, bits * n);
	smc_bits_extract(upper, reached, n, (bits - 1) * n);
	smc_bits_insert(s, bits * n, upper, (bits - 1) * n);
	smc_bits_insert(s, (2 * bits - 1) * n, upper, (bits - 1) * n);
	for (size_t e = 0; e < bits * n; e++)
		x[e * limbs] = k->engine->channel->self == 0;
	for (size_t i = 0; i < bits - 1; i++)
	{
		memcpy(x + (bits + i) * n * limbs, k->b, n * limbs * sizeof(uint64_t));
		memcpy(x + (2 * bits - 1 + i) * n * limbs, k->a, n * limbs * sizeof(uint64_t));
	}
	status = smc_arith_times_bit(k->engine, width, s, x, out, all);
done:
	smc_arena_destroy(local);
	return status;
}

static SmcStatus
normalise(Work *k)
{
	int			width = k->plan->width;
	int			bits = k->plan->b_bits;
	size_t		n = k->count;
	size_t		plane = n * smc_limbs_of(width);
	uint64_t   *reached = smc_arena_array(k->arena, smc_bits_words((size_t) bits * n), sizeof(uint64_t));
	uint64_t   *z = smc_arena_array(k->arena, (3 * (size_t) bits - 2) * plane, sizeof(uint64_t));
	uint64_t   *zb = z + (size_t) bits * plane;
	uint64_t   *za = zb + (size_t) (bits - 1) * plane;
	SmcWide		top = smc_linear_power(bits - 1);
	SmcWide		minus_top = smc_wide_negate(&top);
	SmcWide		one = smc_wide_from_int(1);
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcStatus	status;

	k->v = vector(k, width);
	k->d = vector(k, width);
	k->va = vector(k, width);
	if (reached == NULL || z == NULL || k->v == NULL || k->d == NULL || k->va == NULL)
		return SMC_ERR_MEMORY;
	if ((status = smc_size_reached(k->engine, width, bits, k->b, reached, n)) != SMC_OK ||
		(status = multiply_sizes(k, reached, z)) != SMC_OK)
		return status;

	/* times 2^(B-1) where b < 2; half of that for each power of two reached */
	smc_linear_add_constant(k->engine, k->v, width, &top, n);
	smc_linear_add(k->d, width, k->b, &top, n);
	smc_linear_add(k->va, width, k->a, &top, n);
	for (int i = 1; i < bits; i++)
	{
		SmcWide		minus = smc_linear_minus_power(bits - 1 - i);

		smc_linear_add(k->v, width, z + (size_t) i * plane, &minus, n);
		smc_linear_add(k->d, width, zb + (size_t) (i - 1) * plane, &minus, n);
		smc_linear_add(k->va, width, za + (size_t) (i - 1) * plane, &minus, n);
	}

	/* a zero is one: 1 - z_0 more, and v times that */
	smc_linear_add_constant(k->engine, k->b, width, &one, n);
	smc_linear_add(k->b, width, z, &minus_one, n);
	smc_linear_add_constant(k->engine, k->d, width, &top, n);
	smc_linear_add(k->d, width, z, &minus_top, n);
	return SMC_OK;
}

/* D; and v a cut short, with D or with e_0, whichever is scaled down first. */
static SmcStatus
place_point(Work *k, SmcScaling *pending, size_t *pending_count)
{
	const Plan *plan = k->plan;
	SmcScaling	both[2];
	SmcScaled	d;
	SmcStatus	status;

	*pending_count = 0;
	if (plan->a_places > 0)
		pending[(*pending_count)++] = (SmcScaling) {plan->width, k->va, plan->a_bits + plan->b_bits, plan->a_places,
			plan->n / 2, &k->va_short};
	k->point = vector(k, plan->iterate_width);
	if (k->point == NULL)
		return SMC_ERR_MEMORY;
	if (plan->b_bits <= plan->p)
	{
		smc_linear_shift_left(k->point, plan->iterate_width, k->d, plan->width, plan->p - plan->b_bits, k->count);
		return SMC_OK;
	}
	both[0] = (SmcScaling) {plan->width, k->d, plan->b_bits, plan->b_bits - plan->p, plan->n / 2, &d};
	both[1] = pending[0];
	status = smc_scaled_down(k->engine, both, 1 + *pending_count, k->count, k->arena);
	*pending_count = 0;
	if (status == SMC_OK)
		smc_scaled_ring(k->engine, &d, plan->iterate_width, k->point, k->count);
	return status;
}

/* w_0 with p + 8 places, and e_0 = (256 - 721 D + 480 D^2) / 256. */
static SmcStatus
begin(Work *k, SmcScaling *pending, size_t pending_count)
{
	const Plan *plan = k->plan;
	int			width = plan->iterate_width;
	uint64_t   *square = vector(k, width);
	uint64_t   *x = vector(k, width);
	SmcArithProduct product = {width, true, width, k->point, k->point, square};
	SmcWide		one = smc_linear_power(2 * plan->p + GUESS_BITS);
	SmcWide		start = smc_linear_power(plan->p);
	SmcWide		guess_one = smc_wide_from_int(GUESS_ONE);
	SmcWide		guess_d = smc_wide_from_int(GUESS_D);
	SmcWide		minus_d = smc_wide_from_int(-GUESS_D);
	SmcWide		minus_one = smc_wide_from_int(-GUESS_ONE);
	SmcStatus	status;

	k->w = vector(k, width);
	if (square == NULL || x == NULL || k->w == NULL)
		return SMC_ERR_MEMORY;
	status = smc_arith_multiply_joint(k->engine, &product, 1, k->count);
	if (status != SMC_OK)
		return status;
	minus_one = smc_wide_multiply(&minus_one, &start);
	smc_linear_add_constant(k->engine, x, width, &one, k->count);
	smc_linear_add(x, width, k->point, &minus_one, k->count);
	smc_linear_add(x, width, square, &guess_d, k->count);
	start = smc_wide_multiply(&start, &guess_one);
	smc_linear_add_constant(k->engine, k->w, width, &start, k->count);
	smc_linear_add(k->w, width, k->point, &minus_d, k->count);
	pending[pending_count++] = (SmcScaling) {width, x, 2 * plan->p + GUESS_BITS - 3, plan->p + GUESS_BITS, plan->n / 2, &k->e};
	return smc_scaled_down(k->engine, pending, pending_count, k->count, k->arena);
}

/* One iteration: w (1 + e), which the last time goes to w_last, and e^2. */
static SmcStatus
iterate(Work *k, int i)
{
	const Plan *plan = k->plan;
	int			width = plan->iterate_width;
	bool		last = i == plan->iterations - 1;
	int			more = i == 0 ? GUESS_BITS : 0;	/* places that w has more than p */
	uint64_t   *product = vector(k, width);
	uint64_t   *square = vector(k, width);
	uint64_t   *e = vector(k, width);
	SmcScaledProduct products[2] = {{width, k->w, &k->e, product}, {width, NULL, &k->e, square}};
	SmcScaled	w_next;
	SmcScaled	e_next;
	SmcScaling	down[2];
	SmcWide		factor = smc_linear_power(plan->p);
	SmcWide		bias = smc_linear_power(plan->p - BIAS_BITS);
	SmcStatus	status;

	if (product == NULL || square == NULL || e == NULL)
		return SMC_ERR_MEMORY;
	status = smc_scaled_multiply(k->engine, products, last ? 1 : 2, k->count);
	if (status != SMC_OK)
		return status;
	if (i == 0)
	{
		SmcWide		minus = smc_linear_minus_power(2 * plan->p - BIAS_BITS);

		smc_scaled_ring(k->engine, &k->e, width, e, k->count);
		smc_linear_add(square, width, e, &bias, k->count);
		smc_linear_add_constant(k->engine, square, width, &minus, k->count);
		factor = smc_wide_add(&factor, &bias);
	}
	smc_linear_add(product, width, k->w, &factor, k->count);
	down[0] = (SmcScaling) {width, product, 2 * plan->p + 2 + more, plan->p + more, plan->n / 2, &w_next};
	down[1] = (SmcScaling) {width, square, larger(plan->p, 2 * plan->p + 2 - (9 << i)), plan->p, plan->n / 2, &e_next};
	if (last)
	{
		down[0].places += plan->p - plan->q;
		down[0].out = &k->w_last;
	}
	status = smc_scaled_down(k->engine, down, last ? 1 : 2, k->count, k->arena);
	if (status != SMC_OK || last)
		return status;
	k->e = e_next;
	smc_scaled_ring(k->engine, &w_next, width, k->w, k->count);
	return SMC_OK;
}

/* The last guess of all: a half less, and a lift of n. */
static SmcStatus
scale_last(Work *k, int width, uint64_t *x, int bits, int places, SmcScaled *out)
{
	SmcWide		half = smc_linear_minus_power(places - 1);
	SmcScaling	down = {width, x, bits, places, k->plan->n, out};

	smc_linear_add_constant(k->engine, x, width, &half, k->count);
	return smc_scaled_down(k->engine, &down, 1, k->count, k->arena);
}

/* The guess, or the upper half of it; then *u = v w_k too. */
static SmcStatus
first_guess(Work *k, uint64_t *u)
{
	const Plan *plan = k->plan;
	int			width = plan->guess_width;
	uint64_t   *va = vector(k, width);
	uint64_t   *x = vector(k, width);
	SmcScaledProduct products[2] = {{width, va, &k->w_last, x}, {plan->width, k->v, &k->w_last, u}};
	SmcScaling	down = {width, x, plan->guess_bits, plan->guess_places, plan->n / 2, &k->guess[0]};
	SmcStatus	status;

	if (va == NULL || x == NULL)
		return SMC_ERR_MEMORY;
	if (plan->a_places > 0)
		smc_scaled_ring(k->engine, &k->va_short, width, va, k->count);
	else
		smc_linear_shift_left(va, width, k->va, plan->width, -plan->a_places, k->count);
	status = smc_scaled_multiply(k->engine, products, (size_t) plan->steps, k->count);
	if (status != SMC_OK)
		return status;
	if (plan->steps == 1)
		return scale_last(k, width, x, plan->guess_bits, plan->guess_places, &k->guess[0]);
	return smc_scaled_down(k->engine, &down, 1, k->count, k->arena);
}

/* a -= 2^z guess b, in a ring of `width`: out may be k->a. */
static SmcStatus
take_off(Work *k, const SmcScaled *guess, int width, const uint64_t *b, int z, uint64_t *rest)
{
	uint64_t   *product = vector(k, width);
	SmcScaledProduct products[1] = {{width, b, guess, product}};
	SmcWide		minus = smc_linear_minus_power(z);
	SmcStatus	status;

	if (product == NULL)
		return SMC_ERR_MEMORY;
	status = smc_scaled_multiply(k->engine, products, 1, k->count);
	if (status == SMC_OK)
		smc_linear_add(rest, width, product, &minus, k->count);
	return status;
}

/* The lower half. */
static SmcStatus
second_guess(Work *k, const uint64_t *u)
{
	const Plan *plan = k->plan;
	uint64_t   *x = vector(k, plan->width);
	SmcArithProduct product = {plan->width, false, plan->width, k->a, u, x};
	SmcStatus	status = take_off(k, &k->guess[0], plan->width, k->b, plan->z, k->a);

	if (x == NULL)
		return SMC_ERR_MEMORY;
	if (status == SMC_OK)
		status = smc_arith_multiply_joint(k->engine, &product, 1, k->count);
	if (status == SMC_OK)
		status = scale_last(k, plan->width, x, plan->second_bits, plan->q + plan->b_bits, &k->guess[1]);
	return status;
}

/*
 * How many of b, 2 b, ... (n + 1) b the rest reaches, added to what was guessed,
 * in a ring of `width`.
 */
static SmcStatus
settle(Work *k, int width, uint64_t *quotient)
{
	const Plan *plan = k->plan;
	size_t		tests = (size_t) plan->n + 1;
	size_t		n = k->count;
	int			rest_width = plan->rest_width;
	size_t		limbs = smc_limbs_of(rest_width);
	uint64_t   *rest = vector(k, rest_width);
	uint64_t   *b = vector(k, rest_width);
	uint64_t   *x = smc_arena_array(k->arena, tests * n * limbs, sizeof(uint64_t));
	uint64_t   *below = smc_arena_array(k->arena, smc_bits_words(tests * n), sizeof(uint64_t));
	uint64_t   *numbers = smc_arena_array(k->arena, tests * n * smc_limbs_of(width), sizeof(uint64_t));
	const SmcScaled *last = &k->guess[plan->steps - 1];
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcWide		all = smc_wide_from_int((int64_t) tests);
	SmcWide		unit = smc_linear_power(plan->z);
	SmcStatus	status;

	if (rest == NULL || b == NULL || x == NULL || below == NULL || numbers == NULL)
		return SMC_ERR_MEMORY;
	smc_limbs_resize_all(rest, limbs, k->a, smc_limbs_of(plan->width), n);
	smc_limbs_resize_all(b, limbs, k->b, smc_limbs_of(plan->width), n);
	status = take_off(k, last, rest_width, b, 0, rest);
	if (status != SMC_OK)
		return status;
	for (size_t j = 0; j < tests; j++)
		smc_limbs_subtract_all(x + j * n * limbs, j == 0 ? rest : x + (j - 1) * n * limbs, b, limbs, n);
	if ((status = smc_compare_negative(k->engine, rest_width, x, below, tests * n)) != SMC_OK ||
		(status = smc_arith_from_bits(k->engine, width, below, numbers, tests * n)) != SMC_OK)
		return status;
	smc_scaled_ring(k->engine, last, width, quotient, n);
	if (plan->steps == 2)
	{
		uint64_t   *upper = vector(k, width);

		if (upper == NULL)
			return SMC_ERR_MEMORY;
		smc_scaled_ring(k->engine, &k->guess[0], width, upper, n);
		smc_linear_add(quotient, width, upper, &unit, n);
	}
	smc_linear_add_constant(k->engine, quotient, width, &all, n);
	for (size_t j = 0; j < tests; j++)
		smc_linear_add(quotient, width, numbers + j * n * smc_limbs_of(width), &minus_one, n);
	return SMC_OK;
}

static SmcStatus
divide_chunk(SmcEngine *engine, const Plan *plan, int width, const uint64_t *a, const uint64_t *b,
			 uint64_t *quotient, size_t count)
{
	SmcArena   *arena = smc_arena_create();
	SmcScaling	pending[2];
	size_t		pending_count;
	uint64_t   *u = NULL;
	Work		k = {.plan = plan, .engine = engine, .arena = arena, .count = count};
	SmcStatus	status = SMC_ERR_MEMORY;

	if (arena == NULL)
		return status;
	k.a = vector(&k, plan->width);
	k.b = vector(&k, plan->width);
	u = vector(&k, plan->width);
	if (k.a == NULL || k.b == NULL || u == NULL)
		goto done;
	smc_limbs_resize_all(k.a, smc_limbs_of(plan->width), a, smc_limbs_of(width), count);
	smc_limbs_resize_all(k.b, smc_limbs_of(plan->width), b, smc_limbs_of(width), count);
	if ((status = normalise(&k)) != SMC_OK ||
		(status = place_point(&k, pending, &pending_count)) != SMC_OK ||
		(status = begin(&k, pending, pending_count)) != SMC_OK)
		goto done;
	for (int i = 0; i < plan->iterations && status == SMC_OK; i++)
		status = iterate(&k, i);
	if (status == SMC_OK)
		status = first_guess(&k, u);
	if (status == SMC_OK && plan->steps == 2)
		status = second_guess(&k, u);
	if (status == SMC_OK)
		status = settle(&k, width, quotient);
done:
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_wide_divide(SmcEngine *engine, int width, int a_bits, int b_bits, const uint64_t *a, const uint64_t *b,
				uint64_t *quotient, size_t count)
{
	size_t		limbs = smc_limbs_of(width);
	size_t		most;
	Plan		plan;
	SmcStatus	status = SMC_OK;

	if (!smc_limbs_valid(width) || !make_plan(&plan, engine->channel->party_count, a_bits, b_bits) ||
		width < plan.width)
		return SMC_ERR_ARGUMENT;
	most = CHUNK_WORDS / (3 * (size_t) b_bits * smc_limbs_of(plan.width));
	for (size_t at = 0; at < count && status == SMC_OK; at += most)
		status = divide_chunk(engine, &plan, width, a + at * limbs, b + at * limbs, quotient + at * limbs,
							  count - at < most ? count - at : most);
	return status;
}
