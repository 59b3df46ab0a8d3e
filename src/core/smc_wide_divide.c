/*
 * Division of shared integers, exact; see smc_wide.h.  Sizes, and why they are
 * enough, are in smc_wide_plan.c.
 *
 * With a / b < 2^A, b < 2^B, n parties:
 *
 *   normalise   z_i = [b >= 2^i] (smc_size.h) as numbers, times 1, a and b: any
 *               function of how large b is, times any of these, is a sum of them.
 *               v = 2^(B-1) - sum z_i 2^(B-1-i), so that d = v b has B bits; and
 *               v a.  Where not even z_0, b is one and a is zero from here on, and a
 *               added at the end.
 *   reciprocal  w_k = 2^B / d, nearly, by k iterations of Goldschmidt's
 *   guess       v a w_k / 2^B; where a / b is long, only its upper half is taken,
 *               and the rest a - guess b divided once more.
 *   settle      0 < a / b - guess < n + 2: the exact rest, a - guess b, is compared
 *               with b, 2 b, ... (n + 1) b, and what is reached is added.
 */
#include "smc_wide_plan.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_compare.h"
#include "smc_linear.h"
#include "smc_scaled.h"
#include "smc_size.h"

/* ---- one chunk ---------------------------------------------------------------------- */

/* Vectors of a chunk, in a ring of plan->width unless it is said. */
typedef struct Work
{
	const SmcDividePlan *plan;
	SmcEngine  *engine;
	SmcArena   *arena;
	size_t		count;
	uint64_t   *a;				/* what is left of it */
	uint64_t   *b;				/* never zero */
	uint64_t   *none;			/* [b = 0], a bit */
	uint64_t   *v;				/* for two steps */
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
 * Bits of z_0 .. z_(B-1) times one (z_0 alone where no v is needed), then times
 * a, and then of z_1 .. z_(B-1) times b: out is those products, in that order.
 */
static SmcStatus
multiply_sizes(Work *k, const uint64_t *reached, size_t ones, uint64_t *out)
{
	int			width = k->plan->width;
	size_t		limbs = smc_limbs_of(width);
	size_t		bits = (size_t) k->plan->b_bits;
	size_t		n = k->count;
	size_t		all = (ones + 2 * bits - 1) * n;
	SmcArena   *local = smc_arena_create();
	uint64_t   *s = local ? smc_arena_array(local, smc_bits_words(all) + 1, sizeof(uint64_t)) : NULL;
	uint64_t   *x = local ? smc_arena_array(local, all * limbs, sizeof(uint64_t)) : NULL;
	uint64_t   *upper = local ? smc_arena_array(local, smc_bits_words(bits * n) + 1, sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (s == NULL || x == NULL || upper == NULL)
		goto done;
	smc_bits_insert(s, 0, reached, ones * n);
	smc_bits_insert(s, ones * n, reached, bits * n);
	smc_bits_extract(upper, reached, n, (bits - 1) * n);
	smc_bits_insert(s, (ones + bits) * n, upper, (bits - 1) * n);
	for (size_t e = 0; e < ones * n; e++)
		x[e * limbs] = k->engine->channel->self == 0;
	for (size_t i = 0; i < bits; i++)
		memcpy(x + (ones + i) * n * limbs, k->a, n * limbs * sizeof(uint64_t));
	for (size_t i = 0; i < bits - 1; i++)
		memcpy(x + (ones + bits + i) * n * limbs, k->b, n * limbs * sizeof(uint64_t));
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
	size_t		ones = k->plan->steps == 2 ? (size_t) bits : 1;
	size_t		n = k->count;
	size_t		plane = n * smc_limbs_of(width);
	uint64_t   *reached = smc_arena_array(k->arena, smc_bits_words((size_t) bits * n), sizeof(uint64_t));
	uint64_t   *z = smc_arena_array(k->arena, (ones + 2 * (size_t) bits - 1) * plane, sizeof(uint64_t));
	uint64_t   *za = z + ones * plane;
	uint64_t   *zb = za + (size_t) (bits - 1) * plane;	/* there is no z_0 b */
	SmcWide		top = smc_linear_power(bits - 1);
	SmcWide		minus_top = smc_wide_negate(&top);
	SmcWide		one = smc_wide_from_int(1);
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcStatus	status;

	k->v = vector(k, width);
	k->d = vector(k, width);
	k->va = vector(k, width);
	k->none = smc_arena_array(k->arena, smc_bits_words(n), sizeof(uint64_t));
	if (reached == NULL || z == NULL || k->v == NULL || k->d == NULL || k->va == NULL || k->none == NULL)
		return SMC_ERR_MEMORY;
	if ((status = smc_size_reached(k->engine, width, bits, k->b, reached, n)) != SMC_OK ||
		(status = multiply_sizes(k, reached, ones, z)) != SMC_OK)
		return status;

	smc_bits_extract(k->none, reached, 0, n);
	for (size_t i = 0; i < smc_bits_words(n); i++)
		k->none[i] ^= k->engine->channel->self == 0 ? ~UINT64_C(0) : 0;

	/* times 2^(B-1) where b < 2; half of that for each power of two reached */
	memcpy(k->a, za, plane * sizeof(uint64_t));
	smc_linear_add_constant(k->engine, k->v, width, &top, n);
	smc_linear_add(k->d, width, k->b, &top, n);
	smc_linear_add(k->va, width, k->a, &top, n);
	for (int i = 1; i < bits; i++)
	{
		SmcWide		minus = smc_linear_minus_power(bits - 1 - i);

		if (ones > 1)
			smc_linear_add(k->v, width, z + (size_t) i * plane, &minus, n);
		smc_linear_add(k->d, width, zb + (size_t) i * plane, &minus, n);
		smc_linear_add(k->va, width, za + (size_t) i * plane, &minus, n);
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
	const SmcDividePlan *plan = k->plan;
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
	const SmcDividePlan *plan = k->plan;
	int			width = plan->iterate_width;
	uint64_t   *square = vector(k, width);
	uint64_t   *x = vector(k, width);
	SmcArithProduct product = {width, true, width, k->point, k->point, square};
	SmcWide		one = smc_linear_power(2 * plan->p + SMC_WIDE_GUESS_BITS);
	SmcWide		start = smc_linear_power(plan->p);
	SmcWide		guess_one = smc_wide_from_int(SMC_WIDE_GUESS_ONE);
	SmcWide		guess_d = smc_wide_from_int(SMC_WIDE_GUESS_D);
	SmcWide		minus_d = smc_wide_from_int(-SMC_WIDE_GUESS_D);
	SmcWide		minus_one = smc_wide_from_int(-SMC_WIDE_GUESS_ONE);
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
	pending[pending_count++] = (SmcScaling) {width, x, 2 * plan->p + SMC_WIDE_GUESS_BITS - 3, plan->p + SMC_WIDE_GUESS_BITS, plan->n / 2, &k->e};
	return smc_scaled_down(k->engine, pending, pending_count, k->count, k->arena);
}

/* One iteration: w (1 + e), which the last time goes to w_last, and e^2. */
static SmcStatus
iterate(Work *k, int i)
{
	const SmcDividePlan *plan = k->plan;
	int			width = plan->iterate_width;
	bool		last = i == plan->iterations - 1;
	int			more = i == 0 ? SMC_WIDE_GUESS_BITS : 0;	/* places that w has more than p */
	uint64_t   *product = vector(k, width);
	uint64_t   *square = vector(k, width);
	uint64_t   *e = vector(k, width);
	SmcScaledProduct products[2] = {{width, k->w, &k->e, product}, {width, NULL, &k->e, square}};
	SmcScaled	w_next;
	SmcScaled	e_next;
	SmcScaling	down[2];
	SmcWide		factor = smc_linear_power(plan->p);
	SmcWide		bias = smc_linear_power(plan->p - SMC_WIDE_DIVIDE_BIAS);
	SmcStatus	status;

	if (product == NULL || square == NULL || e == NULL)
		return SMC_ERR_MEMORY;
	status = smc_scaled_multiply(k->engine, products, last ? 1 : 2, k->count);
	if (status != SMC_OK)
		return status;
	if (i == 0)
	{
		SmcWide		minus = smc_linear_minus_power(2 * plan->p - SMC_WIDE_DIVIDE_BIAS);

		smc_scaled_ring(k->engine, &k->e, width, e, k->count);
		smc_linear_add(square, width, e, &bias, k->count);
		smc_linear_add_constant(k->engine, square, width, &minus, k->count);
		factor = smc_wide_add(&factor, &bias);
	}
	smc_linear_add(product, width, k->w, &factor, k->count);
	down[0] = (SmcScaling) {width, product, 2 * plan->p + 2 + more, plan->p + more, plan->n / 2, &w_next};
	down[1] = (SmcScaling) {width, square, smc_wide_plan_error_bits(plan, i), plan->p, plan->n / 2, &e_next};
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
	const SmcDividePlan *plan = k->plan;
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
	const SmcDividePlan *plan = k->plan;
	uint64_t   *x = vector(k, plan->width);
	SmcArithProduct product = {plan->width, false, plan->width, k->a, u, x};
	SmcStatus	status = take_off(k, &k->guess[0], plan->width, k->b, plan->z, k->a);

	if (x == NULL)
		return SMC_ERR_MEMORY;
	if (status == SMC_OK)
		status = smc_arith_multiply_joint(k->engine, &product, 1, k->count);
	if (status == SMC_OK)
		status = scale_last(k, plan->width, x, plan->second_bits, plan->second_places, &k->guess[1]);
	return status;
}

/*
 * In a ring of `width`: whether the rest is below b, 2 b, ... (n + 1) b, as numbers;
 * and a where b is zero.
 */
static SmcStatus
judge(Work *k, int width, const uint64_t *a, uint64_t *out)
{
	size_t		tests = (size_t) k->plan->n + 1;
	size_t		n = k->count;
	int			rest_width = k->plan->rest_width;
	size_t		limbs = smc_limbs_of(rest_width);
	size_t		wide = smc_limbs_of(width);
	uint64_t   *rest = vector(k, rest_width);
	uint64_t   *b = vector(k, rest_width);
	uint64_t   *x = smc_arena_array(k->arena, tests * n * limbs, sizeof(uint64_t));
	uint64_t   *bits = smc_arena_array(k->arena, smc_bits_words((tests + 1) * n) + 1, sizeof(uint64_t));
	uint64_t   *payload = smc_arena_array(k->arena, (tests + 1) * n * wide, sizeof(uint64_t));
	SmcStatus	status;

	if (rest == NULL || b == NULL || x == NULL || bits == NULL || payload == NULL)
		return SMC_ERR_MEMORY;
	smc_limbs_resize_all(rest, limbs, k->a, smc_limbs_of(k->plan->width), n);
	smc_limbs_resize_all(b, limbs, k->b, smc_limbs_of(k->plan->width), n);
	status = take_off(k, &k->guess[k->plan->steps - 1], rest_width, b, 0, rest);
	if (status != SMC_OK)
		return status;
	for (size_t j = 0; j < tests; j++)
		smc_limbs_subtract_all(x + j * n * limbs, j == 0 ? rest : x + (j - 1) * n * limbs, b, limbs, n);
	status = smc_compare_negative(k->engine, rest_width, x, bits, tests * n);
	if (status != SMC_OK)
		return status;
	smc_bits_insert(bits, tests * n, k->none, n);
	for (size_t e = 0; e < tests * n; e++)
		payload[e * wide] = k->engine->channel->self == 0;
	memcpy(payload + tests * n * wide, a, n * wide * sizeof(uint64_t));
	return smc_arith_times_bit(k->engine, width, bits, payload, out, (tests + 1) * n);
}

/* What was guessed, and what the rest reaches of b, 2 b, ... (n + 1) b. */
static SmcStatus
settle(Work *k, int width, const uint64_t *a, uint64_t *quotient)
{
	const SmcDividePlan *plan = k->plan;
	size_t		tests = (size_t) plan->n + 1;
	size_t		n = k->count;
	size_t		limbs = smc_limbs_of(width);
	uint64_t   *numbers = smc_arena_array(k->arena, (tests + 1) * n * limbs, sizeof(uint64_t));
	uint64_t   *upper = vector(k, width);
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcWide		all = smc_wide_from_int((int64_t) tests);
	SmcWide		unit = smc_linear_power(plan->z);
	SmcStatus	status;

	if (numbers == NULL || upper == NULL)
		return SMC_ERR_MEMORY;
	status = judge(k, width, a, numbers);
	if (status != SMC_OK)
		return status;
	smc_scaled_ring(k->engine, &k->guess[plan->steps - 1], width, quotient, n);
	if (plan->steps == 2)
	{
		smc_scaled_ring(k->engine, &k->guess[0], width, upper, n);
		smc_linear_add(quotient, width, upper, &unit, n);
	}
	smc_linear_add_constant(k->engine, quotient, width, &all, n);
	for (size_t j = 0; j < tests; j++)
		smc_linear_add(quotient, width, numbers + j * n * limbs, &minus_one, n);
	smc_limbs_add_all(quotient, quotient, numbers + tests * n * limbs, limbs, n);
	return SMC_OK;
}

static SmcStatus
divide_chunk(SmcEngine *engine, const SmcDividePlan *plan, int width, const uint64_t *a, const uint64_t *b,
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
		status = settle(&k, width, a, quotient);
done:
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_wide_divide(SmcEngine *engine, int width, int quotient_bits, int b_bits, const uint64_t *a, const uint64_t *b,
				uint64_t *quotient, size_t count)
{
	size_t		limbs = smc_limbs_of(width);
	SmcDividePlan plan;
	SmcStatus	status = SMC_OK;

	if (!smc_limbs_valid(width) || !smc_wide_plan_divide(&plan, engine->channel->party_count, quotient_bits, b_bits) ||
		width < plan.width)
		return SMC_ERR_ARGUMENT;
	for (size_t at = 0; at < count && status == SMC_OK; at += plan.chunk)
		status = divide_chunk(engine, &plan, width, a + at * limbs, b + at * limbs, quotient + at * limbs,
							  count - at < plan.chunk ? count - at : plan.chunk);
	return status;
}
