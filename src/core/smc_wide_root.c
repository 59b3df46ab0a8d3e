/*
 * Square roots of shared integers, exact; see smc_wide.h.
 *
 * n parties, h as in smc_wide_divide.c, L >= x_bits / 2 (and LEAST_HALF at least):
 *
 *   normalise   z_i = [x >= 2^i] (smc_size.h), times x: any function of how large x
 *               is, times x, is a sum of these.  x is one more where not even z_0.
 *               With m = floor(log4 x) and v = 2^(L-1-m): d = x v^2, D = d / 4^L,
 *               1/4 <= D < 1; s = [D >= 1/2], the parity of the number of z_i that
 *               are set, and s d; and x v = sqrt(x d).
 *   guess       y_0 = 323/128 - 73/32 D, or, where s is set, 229/128 - 26/32 D, of
 *               what D and s D have in their first COARSE_BITS places: a number of
 *               FINE_BITS places, so that y_0^2 is exact in few.  With e_0 = 1 - D
 *               y_0^2, |e_0| < 0.0475.
 *   iterate     y_(i+1) = y_i (1 + e_i / 2), e_(i+1) = e_i^2 (3 + e_i) / 4, which is
 *               1 - D y_(i+1)^2.  The first time with 1 + e_0 / 2 + m, m = 2^-11,
 *               and e_1 = ... - 2 m - m^2 + (m + m^2) e_0 + m e_0^2, of either sign:
 *               |e_1| < 2^-9.99, and then 2^-20.3, 2^-41.1, 2^-82.7, ...
 *               (error_bits).  Where e_i^3 is too small for p places it is left out.
 *   error       As in smc_wide_divide.c: with f_i = 1 - D y_i^2 as it is, |f_0 - e_0|
 *               <= 5.5 * 2^(h-p), and |f - e| grows by a factor of (1 + e_i/2)^2 (1.06
 *               in all) and by 4 * 2^(h-p) a step, so with at most 6 steps |f_k| <=
 *               |e_k| + 32 * 2^(h-p), and 2.1 * 2^(h-q) for y_k, which keeps q bits.
 *               p = L + 7 + h, q = L + 5 + h and |e_k| < 2^-(L+1) make that less than
 *               (0.5 + 0.25 + 0.07) 2^-L.
 *   root        sqrt(x) = x v / (2^L sqrt(D)), nearly x v y_k / 2^L: relatively
 *               wrong by |f_k| / 2, and with g = h + 5 bits of x v after the point by
 *               2.01 * 2^(h-g): together less than 1/2.
 *   settle      The guess is scaled down as there: 0 < sqrt(x) - guess < n + 2.  t =
 *               guess + 1 .. guess + n + 1 count where t < 0 or t^2 <= x.
 *
 * Two parties, 160 bits: 39 rounds.
 */
#include "smc_wide.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_compare.h"
#include "smc_linear.h"
#include "smc_scaled.h"
#include "smc_size.h"

#define LEAST_HALF		24		/* so that there is always something to scale down */
#define COARSE_BITS		16
#define FINE_BITS		(COARSE_BITS + 5)
#define LOW_ONE			323		/* y_0 where 1/4 <= D < 1/2, in 128ths and 32nds */
#define LOW_D			73
#define HIGH_ONE		229		/* where 1/2 <= D < 1 */
#define HIGH_D			26
#define BIAS_BITS		11		/* m */
#define ITERATIONS_MAX	6
#define CHUNK_WORDS		((size_t) 1 << 21)

/* |e_i| < 2^-error_bits[i] */
static const int error_bits[ITERATIONS_MAX + 1] = {4, 9, 20, 41, 82, 165, 331};

/* All sizes, from the public bound. */
typedef struct Plan
{
	int			n;
	int			x_bits;
	int			half;			/* L */
	int			iterations;
	int			h;
	int			p;
	int			q;
	int			g;
	int			guess_bits;
	int			guess_places;
	int			width;			/* what is reckoned on x */
	int			start_width;	/* on y_0^2 D */
	int			iterate_width;	/* on y */
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

static bool
make_plan(Plan *plan, int n, int x_bits)
{
	memset(plan, 0, sizeof(*plan));
	if (n < SMC_PARTIES_MIN || n > SMC_PARTIES_MAX || x_bits < 1 || x_bits > SMC_WIDTH_MAX)
		return false;
	plan->n = n;
	plan->x_bits = x_bits;
	plan->half = larger((x_bits + 1) / 2, LEAST_HALF);
	plan->h = log_up(n / 2 + 1);
	plan->iterations = 1;
	while (error_bits[plan->iterations] < plan->half + 1)
		plan->iterations++;
	plan->p = plan->half + 7 + plan->h;
	plan->q = plan->half + 5 + plan->h;
	plan->g = plan->h + 5;
	plan->guess_bits = plan->half + plan->g + plan->q + 1;
	plan->guess_places = plan->g + plan->q;
	plan->start_width = smc_scaled_width(n, plan->p + 2 * FINE_BITS + 1);
	plan->iterate_width = smc_scaled_width(n, larger(2 * plan->p + 3, plan->p + FINE_BITS + 3));
	plan->guess_width = smc_scaled_width(n, plan->guess_bits);
	plan->rest_width = (plan->half + log_up(n + 2) + 4 + 63) / 64 * 64;
	plan->width = larger(smc_scaled_width(n, 2 * plan->half), plan->rest_width);
	return larger(larger(plan->width, plan->start_width), larger(plan->iterate_width, plan->guess_width)) <= SMC_WIDTH_MAX;
}

int
smc_wide_root_width(int party_count, int x_bits)
{
	Plan		plan;

	return make_plan(&plan, party_count, x_bits) ? plan.width : 0;
}

/* ---- one chunk ---------------------------------------------------------------------- */

/* Vectors of a chunk, in a ring of plan->width unless it is said. */
typedef struct Work
{
	const Plan *plan;
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
	const Plan *plan = k->plan;
	int			bits = 2 * plan->half;
	SmcScaling	down[4] = {
		{plan->width, k->d, bits, bits - plan->p, plan->n / 2, &k->point},
		{plan->width, k->sd, bits, bits - COARSE_BITS, plan->n / 2, &k->point_s},
		{plan->width, k->xv, bits, plan->half - plan->g, plan->n / 2, &k->xv_short},
		{plan->width, k->s, 1, 0, 0, &k->s_short}
	};

	return smc_scaled_down(k->engine, down, 4, k->count, k->arena);
}

/* y_0 with FINE_BITS places; coarse is what D has in its first ones. */
static SmcStatus
guess_start(Work *k, const SmcScaled *coarse, int width, uint64_t *y)
{
	size_t		n = k->count;
	uint64_t   *term = vector(k, width);
	SmcWide		low_one = smc_wide_from_int((int64_t) LOW_ONE << (FINE_BITS - 7));
	SmcWide		step_one = smc_wide_from_int(-((int64_t) (LOW_ONE - HIGH_ONE) << (FINE_BITS - 7)));
	SmcWide		low_d = smc_wide_from_int(-LOW_D);
	SmcWide		step_d = smc_wide_from_int(LOW_D - HIGH_D);

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
	const Plan *plan = k->plan;
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
	SmcScaling	down = {width, x, plan->p + 2 * FINE_BITS - 3, 2 * FINE_BITS, plan->n / 2, &k->e};
	SmcWide		one = smc_linear_power(plan->p + 2 * FINE_BITS);
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcStatus	status;

	coarse.shares = smc_arena_array(k->arena, n * words, sizeof(uint64_t));
	k->y = vector(k, plan->iterate_width);
	if (y == NULL || square == NULL || product == NULL || x == NULL || coarse.shares == NULL || k->y == NULL)
		return SMC_ERR_MEMORY;
	memcpy(coarse.shares, k->point.shares, n * words * sizeof(uint64_t));
	smc_scaled_cut(&coarse, plan->p - COARSE_BITS, n);
	if ((status = guess_start(k, &coarse, width, y)) != SMC_OK ||
		(status = guess_start(k, &coarse, plan->iterate_width, k->y)) != SMC_OK ||
		(status = smc_arith_multiply_joint(k->engine, &square_it, 1, n)) != SMC_OK ||
		(status = smc_scaled_multiply(k->engine, &times_d, 1, n)) != SMC_OK)
		return status;
	smc_linear_add_constant(k->engine, x, width, &one, n);
	smc_linear_add(x, width, product, &minus_one, n);
	return smc_scaled_down(k->engine, &down, 1, n, k->arena);
}

/* How e_(i+1) is come by. */
typedef enum Way
{
	SQUARE,						/* e^3 doesn't count */
	AT_ONCE,					/* e^2 (3 + e), and then scaled down */
	IN_TWO						/* e^2 is scaled down first: no ring is wide enough */
} Way;

static Way
way_of(const Plan *plan, int i)
{
	if (3 * error_bits[i] + 2 >= plan->p)
		return SQUARE;
	return smc_scaled_width(plan->n, 3 * plan->p + 3 - error_bits[i + 1]) <= SMC_WIDTH_MAX ? AT_ONCE : IN_TWO;
}

/*
 * e_(i+1) with `places` + p + 2 places, in place of e^3: from e^2 with `places`
 * and e^3 with p more.
 */
static SmcStatus
combine(Work *k, int i, int width, int places, const uint64_t *square, uint64_t *cube)
{
	int			p = k->plan->p;
	int			all = places + p + 2;
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
	power = smc_linear_power(p + 2 - BIAS_BITS);
	factor = smc_wide_add(&factor, &power);
	smc_linear_add(cube, width, square, &factor, n);
	smc_scaled_ring(k->engine, &k->e, width, e, n);
	factor = smc_linear_power(all - p - BIAS_BITS);
	power = smc_linear_power(all - p - 2 * BIAS_BITS);
	factor = smc_wide_add(&factor, &power);
	smc_linear_add(cube, width, e, &factor, n);
	factor = smc_linear_minus_power(all + 1 - BIAS_BITS);
	power = smc_linear_minus_power(all - 2 * BIAS_BITS);
	factor = smc_wide_add(&factor, &power);
	smc_linear_add_constant(k->engine, cube, width, &factor, n);
	return SMC_OK;
}

/*
 * What is to be scaled down to e_(i+1), whose ring is *width and whose places are
 * *places; and y e_i, in one of the rounds that this takes.
 */
static SmcStatus
next_error(Work *k, int i, SmcScaledProduct times_y, int *width, int *places, uint64_t **out)
{
	const Plan *plan = k->plan;
	Way			way = way_of(plan, i);
	int			p = plan->p;
	int			w = way == AT_ONCE ? smc_scaled_width(plan->n, 3 * p + 3 - error_bits[i + 1]) : plan->iterate_width;
	uint64_t   *square = vector(k, w);
	uint64_t   *cube = vector(k, w);
	SmcScaledProduct first[2] = {{w, NULL, &k->e, square}, times_y};
	SmcScaledProduct second[2] = {{w, square, &k->e, cube}, times_y};
	SmcScaled	cut;
	SmcScaling	down = {w, square, larger(p, 2 * p + 1 - 2 * error_bits[i]), p, plan->n / 2, &cut};
	SmcWide		three = smc_wide_from_int(3);
	SmcStatus	status;

	if (square == NULL || cube == NULL)
		return SMC_ERR_MEMORY;
	*width = w;
	*out = cube;
	*places = way == IN_TWO ? p : 2 * p;
	status = smc_scaled_multiply(k->engine, first, way == SQUARE ? 2 : 1, k->count);
	if (status != SMC_OK)
		return status;
	if (way == SQUARE)
	{
		*places += 2;
		smc_linear_add(cube, w, square, &three, k->count);
		return SMC_OK;
	}
	if (way == IN_TWO)
	{
		status = smc_scaled_down(k->engine, &down, 1, k->count, k->arena);
		if (status == SMC_OK)
			smc_scaled_ring(k->engine, &cut, w, square, k->count);
	}
	if (status == SMC_OK)
		status = smc_scaled_multiply(k->engine, second, 2, k->count);
	if (status == SMC_OK)
		status = combine(k, i, w, *places, square, cube);
	*places += p + 2;
	return status;
}

/* One iteration: y (1 + e / 2), which the last time goes to y_last, and the next e. */
static SmcStatus
iterate(Work *k, int i)
{
	const Plan *plan = k->plan;
	int			width = plan->iterate_width;
	bool		last = i == plan->iterations - 1;
	int			y_places = (i == 0 ? FINE_BITS : plan->p) + plan->p + 1;
	int			e_width = 0;
	int			e_places = 0;
	uint64_t   *e = NULL;
	uint64_t   *product = vector(k, width);
	SmcScaledProduct times_y = {width, k->y, &k->e, product};
	SmcScaled	y_next;
	SmcScaled	e_next;
	SmcScaling	down[2];
	SmcWide		factor = smc_linear_power(plan->p + 1);
	SmcWide		bias = smc_linear_power(plan->p + 1 - BIAS_BITS);
	SmcStatus	status;

	if (product == NULL)
		return SMC_ERR_MEMORY;
	if (last)
		status = smc_scaled_multiply(k->engine, &times_y, 1, k->count);
	else
		status = next_error(k, i, times_y, &e_width, &e_places, &e);
	if (status != SMC_OK)
		return status;
	if (i == 0)
		factor = smc_wide_add(&factor, &bias);
	smc_linear_add(product, width, k->y, &factor, k->count);
	down[0] = (SmcScaling) {width, product, y_places + 2, y_places - (last ? plan->q : plan->p), plan->n / 2,
		last ? &k->y_last : &y_next};
	down[1] = (SmcScaling) {e_width, e, larger(e_places - plan->p, e_places + 1 - error_bits[i + 1]),
		e_places - plan->p, plan->n / 2, &e_next};
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
	const Plan *plan = k->plan;
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
root_chunk(SmcEngine *engine, const Plan *plan, int width, const uint64_t *x, uint64_t *root, size_t count)
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
	size_t		most;
	Plan		plan;
	SmcStatus	status = SMC_OK;

	if (!smc_limbs_valid(width) || !make_plan(&plan, engine->channel->party_count, x_bits) || width < plan.width)
		return SMC_ERR_ARGUMENT;
	most = CHUNK_WORDS / ((size_t) (x_bits + 1) * smc_limbs_of(plan.width));
	for (size_t at = 0; at < count && status == SMC_OK; at += most)
		status = root_chunk(engine, &plan, width, x + at * limbs, root + at * limbs,
							count - at < most ? count - at : most);
	return status;
}
