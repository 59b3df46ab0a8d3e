/*
 * Division and truncation; see the header.
 *
 * Everything is done for a whole vector at a time.  Sizes are chosen so that
 * every number that is masked by smc_fixed_scale_down() stays below 2^82: reciprocals have 41
 * bits, divisors 40, steps of the division 32, and a remainder is less than
 * 16 + n divisors, 5 bits.
 */
#include "smc_fixed.h"

#include <string.h>

#include "smc_bits.h"
#include "smc_compare.h"

#define WIDE			128
#define LIMBS			2
#define SHIFT_BITS		82			/* of a number to scale down */
#define DIVISOR_BITS	SMC_FIXED_DIVISOR_BITS
#define STEP_BITS		32
#define STEPS			3			/* STEP_BITS * STEPS > SMC_FIXED_NUMERATOR_BITS */
#define STEP_DIGITS		9			/* decimals in a step of a fraction: 10^9 < 2^32 */
#define GUESS_SHIFT		36			/* low bits of v R that a guess goes without */
#define ITERATIONS		4
#define FIRST_GUESS		UINT64_C(3204211697652)	/* (3/2 + sqrt 2) 2^40 */
#define TOP_SHIFT		72			/* what is left of a share to count wraps by: 56 bits */

#define get(vector, e)			smc_arith_get(vector, WIDE, e)
#define put(vector, e, value)	smc_arith_put(vector, WIDE, e, value)

typedef SmcRing128 Wide;

static bool
is_first(const SmcEngine *engine)
{
	return engine->channel->self == 0;
}

/* A public number as a share. */
static Wide
constant(const SmcEngine *engine, Wide value)
{
	return is_first(engine) ? value : 0;
}

static uint64_t *
new_vector(SmcArena *arena, size_t count)
{
	return smc_arena_array(arena, count, LIMBS * sizeof(uint64_t));
}

/* How far from the true remainder's range, in divisors, one may be after a step. */
static int
slack(const SmcEngine *engine)
{
	return engine->channel->party_count * 3 / 4 + 2;
}

static SmcStatus
multiply(SmcEngine *engine, const uint64_t *x, const uint64_t *y, uint64_t *out, size_t count)
{
	return smc_arith_multiply(engine, WIDE, x, y, out, count);
}

SmcStatus
smc_fixed_scale_down(SmcEngine *engine, int f, const uint64_t *x, uint64_t *out, size_t count)
{
	int			n = engine->channel->party_count;
	int			log = 0;
	Wide		offset = (Wide) 1 << SHIFT_BITS;
	SmcArena   *arena = smc_arena_create();
	uint64_t   *mask = arena ? new_vector(arena, count) : NULL;
	uint64_t   *opened = arena ? new_vector(arena, count) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (mask == NULL || opened == NULL)
		goto done;
	while (1 << log < n)
		log++;
	smc_random_fill(engine->random, mask, count * LIMBS * sizeof(uint64_t));
	for (size_t e = 0; e < count; e++)
	{
		put(mask, e, get(mask, e) >> (1 + log));
		put(opened, e, get(x, e) + get(mask, e) + constant(engine, offset));
	}
	status = smc_arith_open(engine, WIDE, opened, opened, count);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
		put(out, e, constant(engine, (get(opened, e) >> f) - (offset >> f) - (Wide) (n / 2)) - (get(mask, e) >> f));
done:
	smc_arena_destroy(arena);
	return status;
}

SmcStatus
smc_fixed_reached(SmcEngine *engine, const uint64_t *x, size_t tests, uint64_t *sums, size_t count)
{
	size_t		all = tests * count;
	size_t		words = smc_bits_words(all);
	SmcArena   *arena = smc_arena_create();
	uint64_t   *bits = arena ? smc_arena_array(arena, words, sizeof(uint64_t)) : NULL;
	uint64_t   *numbers = arena ? new_vector(arena, all) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (bits == NULL || numbers == NULL)
		goto done;
	status = smc_compare_negative(engine, 64, x, bits, all);
	if (status == SMC_OK)
		status = smc_arith_from_bits(engine, WIDE, bits, numbers, all);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
	{
		Wide		reached = constant(engine, tests);

		for (size_t t = 0; t < tests; t++)
			reached -= get(numbers, e * tests + t);
		put(sums, e, reached);
	}
done:
	smc_arena_destroy(arena);
	return status;
}

/* ---- wraps, and exact truncation --------------------------------------------- */

/*
 * Where the tops of the shares of a number x, 0 <= x < 2^120, add up to at
 * least j 2^56, but for a little: the shares wrapped round at least j times.
 * The sum of the tops is within n of w 2^56 + x / 2^72.
 */
static uint64_t
wrap_test(const SmcEngine *engine, Wide share, uint64_t j)
{
	return (uint64_t) (share >> TOP_SHIFT) - (uint64_t) constant(engine, (j << 56) - (UINT64_C(1) << 50));
}

SmcStatus
smc_fixed_truncate(SmcEngine *engine, int places, const uint64_t *x, uint64_t *out, size_t count)
{
	size_t		most = (size_t) engine->channel->party_count - 1;
	Wide		offset = constant(engine, (Wide) 1 << 118);
	SmcArena   *arena;
	uint64_t   *tests;
	uint64_t   *sums;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (places < 1 || places > SMC_FIXED_SHIFT_MAX)
		return SMC_ERR_ARGUMENT;
	arena = smc_arena_create();
	tests = arena ? smc_arena_array(arena, 2 * most * count, sizeof(uint64_t)) : NULL;
	sums = arena ? new_vector(arena, 2 * count) : NULL;
	if (tests == NULL || sums == NULL)
		goto done;

	/* carries of the low parts, then wraps */
	for (size_t e = 0; e < count; e++)
	{
		Wide		share = get(x, e) + offset;

		for (size_t j = 1; j <= most; j++)
		{
			uint64_t	low = (uint64_t) (share & (((Wide) 1 << places) - 1));

			tests[e * most + j - 1] = low - (uint64_t) constant(engine, (Wide) j << places);
			tests[(count + e) * most + j - 1] = wrap_test(engine, share, j);
		}
	}
	status = smc_fixed_reached(engine, tests, most, sums, 2 * count);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
	{
		Wide		share = get(x, e) + offset;

		put(out, e, (share >> places) + get(sums, e) - (get(sums, count + e) << (128 - places)) - (offset >> places));
	}
done:
	smc_arena_destroy(arena);
	return status;
}

/* ---- reciprocals --------------------------------------------------------------- */

/* A divisor, and what is needed to divide by it. */
typedef struct Divisor
{
	uint64_t   *b;				/* never zero */
	uint64_t   *v;				/* 2^39 <= v b < 2^40 */
	uint64_t   *w;				/* 2^80 / (v b), nearly */
} Divisor;

/*
 * z_i = [b >= 2^i] for i = 0 .. 39.  With those, v = 2^39 less 2^(39 - i) for
 * each i > 0 with b >= 2^i, and b is one more where not even z_0.  In the same
 * round, how often the shares of a wrapped.
 */
static SmcStatus
normalise(SmcEngine *engine, const uint64_t *a, const uint64_t *b, Divisor *d, uint64_t *wraps, size_t count,
		  SmcArena *arena)
{
	size_t		most = (size_t) engine->channel->party_count - 1;
	size_t		all = (DIVISOR_BITS + most) * count;
	uint64_t   *tests = smc_arena_array(arena, all, sizeof(uint64_t));
	uint64_t   *reached = new_vector(arena, all);
	SmcStatus	status;

	d->b = new_vector(arena, count);
	d->v = new_vector(arena, count);
	d->w = new_vector(arena, count);
	if (tests == NULL || reached == NULL || d->b == NULL || d->v == NULL || d->w == NULL)
		return SMC_ERR_MEMORY;
	for (size_t e = 0; e < count; e++)
	{
		for (size_t i = 0; i < DIVISOR_BITS; i++)
			tests[e * DIVISOR_BITS + i] = (uint64_t) get(b, e) - (uint64_t) constant(engine, (Wide) 1 << i);
	}
	for (size_t e = 0; e < count; e++)
	{
		for (size_t j = 0; j < most; j++)
			tests[DIVISOR_BITS * count + e * most + j] = wrap_test(engine, get(a, e), j + 1);
	}
	status = smc_fixed_reached(engine, tests, 1, reached, all);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
	{
		Wide		v = constant(engine, (Wide) 1 << (DIVISOR_BITS - 1));

		for (size_t i = 1; i < DIVISOR_BITS; i++)
			v -= get(reached, e * DIVISOR_BITS + i) << (DIVISOR_BITS - 1 - i);
		put(d->v, e, v);
		put(d->b, e, get(b, e) + constant(engine, 1) - get(reached, e * DIVISOR_BITS));
		put(wraps, e, 0);
		for (size_t j = 0; j < most; j++)
			put(wraps, e, get(wraps, e) + get(reached, DIVISOR_BITS * count + e * most + j));
	}
	return status;
}

/* w <- w (2 - (v b) w), all at scale 2^40, from w = 2.914 - 2 v b. */
static SmcStatus
invert(SmcEngine *engine, Divisor *d, size_t count, SmcArena *arena)
{
	uint64_t   *scaled = new_vector(arena, count);
	uint64_t   *step = new_vector(arena, count);
	SmcStatus	status;

	if (scaled == NULL || step == NULL)
		return SMC_ERR_MEMORY;
	status = multiply(engine, d->b, d->v, scaled, count);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
		put(d->w, e, constant(engine, FIRST_GUESS) - 2 * get(scaled, e));
	for (int i = 0; i < ITERATIONS && status == SMC_OK; i++)
	{
		status = multiply(engine, scaled, d->w, step, count);
		for (size_t e = 0; e < count && status == SMC_OK; e++)
			put(step, e, constant(engine, (Wide) 1 << (2 * DIVISOR_BITS + 1)) - get(step, e));
		if (status == SMC_OK &&
			(status = smc_fixed_scale_down(engine, DIVISOR_BITS, step, step, count)) == SMC_OK &&
			(status = multiply(engine, d->w, step, d->w, count)) == SMC_OK)
			status = smc_fixed_scale_down(engine, DIVISOR_BITS, d->w, d->w, count);
	}
	return status;
}

/* ---- long division --------------------------------------------------------------- */

/*
 * One step: q = rest / b, nearly, and rest -= q b, which leaves at most slack()
 * divisors of either sign.
 */
static SmcStatus
divide_step(SmcEngine *engine, const Divisor *d, uint64_t *rest, uint64_t *q, size_t count)
{
	SmcArena   *arena = smc_arena_create();
	uint64_t   *back = arena ? new_vector(arena, count) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (back == NULL)
		goto done;
	if ((status = multiply(engine, rest, d->v, q, count)) != SMC_OK ||
		(status = smc_fixed_scale_down(engine, GUESS_SHIFT, q, q, count)) != SMC_OK ||
		(status = multiply(engine, q, d->w, q, count)) != SMC_OK ||
		(status = smc_fixed_scale_down(engine, 2 * DIVISOR_BITS - GUESS_SHIFT, q, q, count)) != SMC_OK ||
		(status = multiply(engine, q, d->b, back, count)) != SMC_OK)
		goto done;
	for (size_t e = 0; e < count; e++)
		put(rest, e, get(rest, e) - get(back, e));
done:
	smc_arena_destroy(arena);
	return status;
}

/*
 * What the guesses left over: out = floor((doubled ? rest / b + 1/2 : rest / b)),
 * from -slack() to slack().
 */
static SmcStatus
settle(SmcEngine *engine, const Divisor *d, bool rounded, const uint64_t *rest, uint64_t *out, size_t count)
{
	int			k = slack(engine);
	size_t		tests = 2 * (size_t) k;
	SmcArena   *arena = smc_arena_create();
	uint64_t   *x = arena ? smc_arena_array(arena, tests * count, sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (x == NULL)
		goto done;
	for (size_t e = 0; e < count; e++)
	{
		uint64_t	r = (uint64_t) get(rest, e);
		uint64_t	b = (uint64_t) get(d->b, e);

		if (rounded)
		{
			r = 2 * r + b;
			b *= 2;
		}
		for (int j = -k + 1; j <= k; j++)
			x[e * tests + (size_t) (j + k - 1)] = r - (uint64_t) (int64_t) j * b;
	}
	status = smc_fixed_reached(engine, x, tests, out, count);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
		put(out, e, get(out, e) - constant(engine, (Wide) k));
done:
	smc_arena_destroy(arena);
	return status;
}

/*
 * The quotient and remainder of a, given a divisor that is being prepared
 * here.  a's shares are cut into digits each for itself: then a digit is up to
 * n 2^32, and what all wrapped is taken off the top.
 */
static SmcStatus
divide(SmcEngine *engine, const uint64_t *a, const uint64_t *b, Divisor *d,
	   uint64_t *quotient, uint64_t *rest, size_t count, SmcArena *arena)
{
	uint64_t   *q = new_vector(arena, count);
	SmcStatus	status;

	if (q == NULL)
		return SMC_ERR_MEMORY;
	if ((status = normalise(engine, a, b, d, rest, count, arena)) != SMC_OK ||
		(status = invert(engine, d, count, arena)) != SMC_OK)
		return status;
	for (size_t e = 0; e < count; e++)
	{
		put(rest, e, (get(a, e) >> (STEPS * STEP_BITS)) - (get(rest, e) << (128 - STEPS * STEP_BITS)));
		put(quotient, e, 0);
	}
	for (int step = STEPS - 1; step >= 0; step--)
	{
		for (size_t e = 0; e < count; e++)
			put(rest, e, (get(rest, e) << STEP_BITS) + ((get(a, e) >> (step * STEP_BITS)) & UINT32_MAX));
		status = divide_step(engine, d, rest, q, count);
		if (status != SMC_OK)
			return status;
		for (size_t e = 0; e < count; e++)
			put(quotient, e, (get(quotient, e) << STEP_BITS) + get(q, e));
	}

	/* exactly: 0 <= rest < b */
	if ((status = settle(engine, d, false, rest, q, count)) != SMC_OK)
		return status;
	for (size_t e = 0; e < count; e++)
		put(quotient, e, get(quotient, e) + get(q, e));
	status = multiply(engine, q, d->b, q, count);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
		put(rest, e, get(rest, e) - get(q, e));
	return status;
}

SmcStatus
smc_fixed_divide(SmcEngine *engine, const uint64_t *a, const uint64_t *b,
				 uint64_t *quotient, uint64_t *remainder, size_t count)
{
	SmcArena   *arena = smc_arena_create();
	uint64_t   *q = arena ? new_vector(arena, count) : NULL;
	uint64_t   *rest = arena ? new_vector(arena, count) : NULL;
	Divisor		d;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (q != NULL && rest != NULL)
		status = divide(engine, a, b, &d, q, rest, count, arena);
	if (status == SMC_OK)
	{
		memcpy(quotient, q, count * LIMBS * sizeof(uint64_t));
		if (remainder != NULL)
			memcpy(remainder, rest, count * LIMBS * sizeof(uint64_t));
	}
	smc_arena_destroy(arena);
	return status;
}

/* ---- averages --------------------------------------------------------------------- */

static uint64_t
power_of_ten(int exponent)
{
	uint64_t	power = 1;

	while (exponent-- > 0)
		power *= 10;
	return power;
}

/* 10^digits, up to 26 of them. */
static Wide
unit(int digits)
{
	return (Wide) power_of_ten(digits / 2) * power_of_ten(digits - digits / 2);
}

/*
 * Decimals of rest / b, rounded half up, from 0 to 10^digits; then what is
 * 10^digits goes to the whole part.
 */
static SmcStatus
divide_fraction(SmcEngine *engine, int digits, const Divisor *d, uint64_t *rest, uint64_t *whole,
				uint64_t *fraction, size_t count, SmcArena *arena)
{
	uint64_t   *q = new_vector(arena, count);
	uint64_t   *carry = smc_arena_array(arena, smc_bits_words(count), sizeof(uint64_t));
	uint64_t   *less = new_vector(arena, count);
	SmcStatus	status = SMC_OK;

	if (q == NULL || carry == NULL || less == NULL)
		return SMC_ERR_MEMORY;
	memset(fraction, 0, count * LIMBS * sizeof(uint64_t));
	for (int left = digits; left > 0 && status == SMC_OK; left -= STEP_DIGITS)
	{
		uint64_t	power = power_of_ten(left < STEP_DIGITS ? left : STEP_DIGITS);

		for (size_t e = 0; e < count; e++)
			put(rest, e, get(rest, e) * power);
		status = divide_step(engine, d, rest, q, count);
		for (size_t e = 0; e < count && status == SMC_OK; e++)
			put(fraction, e, get(fraction, e) * power + get(q, e));
	}
	if (status == SMC_OK)
		status = settle(engine, d, true, rest, q, count);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
	{
		put(fraction, e, get(fraction, e) + get(q, e));
		put(q, e, get(fraction, e) - constant(engine, unit(digits)));
	}

	/* less = [fraction < 10^digits] */
	if (status == SMC_OK &&
		(status = smc_compare_negative(engine, WIDE, q, carry, count)) == SMC_OK)
		status = smc_arith_from_bits(engine, WIDE, carry, less, count);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
	{
		Wide		over = constant(engine, 1) - get(less, e);

		put(whole, e, get(whole, e) + over);
		put(fraction, e, get(fraction, e) - over * unit(digits));
	}
	return status;
}

SmcStatus
smc_fixed_average(SmcEngine *engine, int digits, const uint64_t *sum, const uint64_t *divisor,
				  uint64_t *whole, uint64_t *fraction, size_t count)
{
	SmcArena   *arena;
	uint64_t   *sign;
	uint64_t   *size;
	uint64_t   *rest;
	uint64_t   *parts;
	uint64_t   *signs;
	Divisor		d;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (digits < 0 || digits > SMC_FIXED_DIGITS_MAX)
		return SMC_ERR_ARGUMENT;
	arena = smc_arena_create();
	if (arena == NULL)
		return status;
	sign = smc_arena_array(arena, smc_bits_words(count), sizeof(uint64_t));
	signs = smc_arena_array(arena, smc_bits_words(2 * count) + 1, sizeof(uint64_t));
	size = new_vector(arena, count);
	rest = new_vector(arena, count);
	parts = new_vector(arena, 4 * count);	/* whole, fraction; and those times the sign */
	if (sign == NULL || signs == NULL || size == NULL || rest == NULL || parts == NULL)
		goto done;
	status = smc_compare_negative(engine, WIDE, sum, sign, count);
	if (status == SMC_OK)
		status = smc_arith_times_bit(engine, WIDE, sign, sum, size, count);
	if (status != SMC_OK)
		goto done;
	for (size_t e = 0; e < count; e++)
		put(size, e, get(sum, e) - 2 * get(size, e));
	status = divide(engine, size, divisor, &d, parts, rest, count, arena);
	if (status == SMC_OK)
		status = divide_fraction(engine, digits, &d, rest, parts, parts + LIMBS * count, count, arena);
	if (status != SMC_OK)
		goto done;
	smc_bits_insert(signs, 0, sign, count);
	smc_bits_insert(signs, count, sign, count);
	status = smc_arith_times_bit(engine, WIDE, signs, parts, parts + 2 * LIMBS * count, 2 * count);
	for (size_t e = 0; e < count && status == SMC_OK; e++)
	{
		put(whole, e, get(parts, e) - 2 * get(parts, 2 * count + e));
		put(fraction, e, get(parts, count + e) - 2 * get(parts, 3 * count + e));
	}
done:
	smc_arena_destroy(arena);
	return status;
}
