/*
 * Square roots; see the header.
 */
#include "smc_root.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_compare.h"
#include "smc_fixed.h"

#define WIDE		128
#define LIMBS		2
#define LEVELS		46			/* x < 4^47 */
#define SCALE		40			/* bits after the point of d and y */
#define ITERATIONS	4
#define GUESS		UINT64_C(9499780463985)	/* 2.16 * 2^42 */
#define HALF_BITS	47			/* of a root */
#define COARSE_SHIFT	22		/* low bits of the error's numerator that a correction goes without */

#define get(vector, e)			smc_arith_get(vector, WIDE, e)
#define put(vector, e, value)	smc_arith_put(vector, WIDE, e, value)

typedef SmcRing128 Wide;

/* The vectors of one call. */
typedef struct Root
{
	size_t		count;
	uint64_t   *x;				/* as given, but one for zero */
	uint64_t   *v;
	uint64_t   *u;
	uint64_t   *d;
	uint64_t   *y;
	uint64_t   *r;
	uint64_t   *t;
} Root;

static Wide
constant(const SmcEngine *engine, Wide value)
{
	return engine->channel->self == 0 ? value : 0;
}

static SmcStatus
multiply(SmcEngine *engine, const uint64_t *x, const uint64_t *y, uint64_t *out, size_t count)
{
	return smc_arith_multiply(engine, WIDE, x, y, out, count);
}

/* v, u, d of the header, and x one more where it is zero. */
static SmcStatus
normalise(SmcEngine *engine, Root *k, SmcArena *arena)
{
	size_t		all = (LEVELS + 1) * k->count;
	uint64_t   *tests = smc_arena_array(arena, all, LIMBS * sizeof(uint64_t));
	uint64_t   *below = smc_arena_array(arena, all, LIMBS * sizeof(uint64_t));
	uint64_t   *bits = smc_arena_array(arena, smc_bits_words(all), sizeof(uint64_t));
	SmcStatus	status;

	if (tests == NULL || below == NULL || bits == NULL)
		return SMC_ERR_MEMORY;
	for (size_t e = 0; e < k->count; e++)
	{
		for (size_t i = 0; i <= LEVELS; i++)
			put(tests, e * (LEVELS + 1) + i, get(k->x, e) - constant(engine, (Wide) 1 << (2 * i)));
	}
	if ((status = smc_compare_negative(engine, WIDE, tests, bits, all)) != SMC_OK ||
		(status = smc_arith_from_bits(engine, WIDE, bits, below, all)) != SMC_OK)
		return status;
	for (size_t e = 0; e < k->count; e++)
	{
		Wide		v = constant(engine, (Wide) 1 << LEVELS);
		Wide		square = constant(engine, (Wide) 1 << (2 * LEVELS));
		Wide		u = constant(engine, 1);

		for (size_t i = 1; i <= LEVELS; i++)
		{
			Wide		z = constant(engine, 1) - get(below, e * (LEVELS + 1) + i);

			v -= z << (LEVELS - i);
			square -= 3 * (z << (2 * (LEVELS - i)));
			u += z << (i - 1);
		}
		put(k->v, e, v);
		put(k->u, e, u);
		put(k->t, e, square);
		put(k->x, e, get(k->x, e) + get(below, e * (LEVELS + 1)));
	}
	status = multiply(engine, k->x, k->t, k->d, k->count);
	if (status == SMC_OK)
		status = smc_fixed_truncate(engine, SMC_ROOT_BITS - SCALE, k->d, k->d, k->count);
	return status;
}

/* y = 1 / sqrt(d). */
static SmcStatus
iterate(SmcEngine *engine, Root *k)
{
	SmcStatus	status;

	/* 2.16 - 5/4 d, with two more bits first */
	for (size_t e = 0; e < k->count; e++)
		put(k->y, e, constant(engine, GUESS) - 5 * get(k->d, e));
	status = smc_fixed_scale_down(engine, 2, k->y, k->y, k->count);
	for (int i = 0; i < ITERATIONS && status == SMC_OK; i++)
	{
		if ((status = multiply(engine, k->y, k->y, k->t, k->count)) != SMC_OK ||
			(status = smc_fixed_scale_down(engine, SCALE, k->t, k->t, k->count)) != SMC_OK ||
			(status = multiply(engine, k->t, k->d, k->t, k->count)) != SMC_OK ||
			(status = smc_fixed_scale_down(engine, SCALE, k->t, k->t, k->count)) != SMC_OK)
			return status;
		for (size_t e = 0; e < k->count; e++)
			put(k->t, e, constant(engine, (Wide) 3 << SCALE) - get(k->t, e));
		if ((status = multiply(engine, k->t, k->y, k->y, k->count)) == SMC_OK)
			status = smc_fixed_scale_down(engine, SCALE + 1, k->y, k->y, k->count);
	}
	return status;
}

/* r = 2 u d y, then r += (x - r^2) v y / 2^48. */
static SmcStatus
take_root(SmcEngine *engine, Root *k)
{
	size_t		n = k->count;
	SmcStatus	status;

	if ((status = multiply(engine, k->d, k->y, k->r, n)) != SMC_OK ||
		(status = smc_fixed_scale_down(engine, SCALE, k->r, k->r, n)) != SMC_OK ||
		(status = multiply(engine, k->r, k->u, k->r, n)) != SMC_OK ||
		(status = smc_fixed_truncate(engine, SCALE - 1, k->r, k->r, n)) != SMC_OK ||
		(status = multiply(engine, k->r, k->r, k->t, n)) != SMC_OK)
		return status;
	for (size_t e = 0; e < n; e++)
		put(k->t, e, get(k->x, e) - get(k->t, e));
	if ((status = multiply(engine, k->t, k->v, k->t, n)) != SMC_OK ||
		(status = smc_fixed_scale_down(engine, COARSE_SHIFT, k->t, k->t, n)) != SMC_OK ||
		(status = multiply(engine, k->t, k->y, k->t, n)) != SMC_OK ||
		(status = smc_fixed_scale_down(engine, SCALE + HALF_BITS + 1 - COARSE_SHIFT, k->t, k->t, n)) != SMC_OK)
		return status;
	for (size_t e = 0; e < n; e++)
		put(k->r, e, get(k->r, e) + get(k->t, e));
	return SMC_OK;
}

/*
 * The largest t = r + j, j = -most .. most, with t < 0 or t^2 <= x: count those
 * for which neither holds.  t^2 - x and t are small: 64 bits are enough.
 */
static SmcStatus
settle(SmcEngine *engine, const uint64_t *x, Root *k, uint64_t *root, SmcArena *arena)
{
	int			most = engine->channel->party_count / 2 + 4;
	size_t		tests = 2 * (size_t) most;
	size_t		all = tests * k->count;
	uint64_t   *values = smc_arena_array(arena, 2 * all, sizeof(uint64_t));
	uint64_t   *bits = smc_arena_array(arena, smc_bits_words(2 * all), sizeof(uint64_t));
	uint64_t   *negative = smc_arena_array(arena, smc_bits_words(all), sizeof(uint64_t));
	uint64_t   *numbers = smc_arena_array(arena, all, LIMBS * sizeof(uint64_t));
	uint64_t	ones = engine->channel->self == 0 ? ~UINT64_C(0) : 0;
	SmcStatus	status;

	if (values == NULL || bits == NULL || negative == NULL || numbers == NULL)
		return SMC_ERR_MEMORY;
	status = multiply(engine, k->r, k->r, k->t, k->count);
	if (status != SMC_OK)
		return status;
	for (size_t e = 0; e < k->count; e++)
	{
		uint64_t	r = (uint64_t) get(k->r, e);

		for (size_t i = 0; i < tests; i++)
		{
			int64_t		j = (int64_t) i - most + 1;

			/* x - (r + j)^2, and r + j */
			values[e * tests + i] = (uint64_t) get(x, e) - (uint64_t) get(k->t, e) - 2 * (uint64_t) j * r -
				(uint64_t) constant(engine, (Wide) (j * j));
			values[all + e * tests + i] = r + (uint64_t) constant(engine, (Wide) j);
		}
	}
	status = smc_compare_negative(engine, 64, values, bits, 2 * all);
	if (status != SMC_OK)
		return status;
	smc_bits_extract(negative, bits, all, all);
	bits[smc_bits_words(all) - 1] &= smc_bits_tail(all);
	for (size_t i = 0; i < smc_bits_words(all); i++)
		negative[i] ^= ones;
	negative[smc_bits_words(all) - 1] &= smc_bits_tail(all);
	if ((status = smc_boolean_and(engine, bits, negative, bits, all)) != SMC_OK ||
		(status = smc_arith_from_bits(engine, WIDE, bits, numbers, all)) != SMC_OK)
		return status;
	for (size_t e = 0; e < k->count; e++)
	{
		Wide		t = get(k->r, e) + constant(engine, (Wide) most);

		for (size_t i = 0; i < tests; i++)
			t -= get(numbers, e * tests + i);
		put(root, e, t);
	}
	return SMC_OK;
}

SmcStatus
smc_root(SmcEngine *engine, const uint64_t *x, uint64_t *root, size_t count)
{
	SmcArena   *arena;
	Root		k;
	uint64_t  **vectors[] = {&k.x, &k.v, &k.u, &k.d, &k.y, &k.r, &k.t};
	SmcStatus	status = SMC_ERR_MEMORY;

	if (count == 0)
		return SMC_OK;
	arena = smc_arena_create();
	if (arena == NULL)
		return status;
	k.count = count;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++)
	{
		*vectors[i] = smc_arena_array(arena, count, LIMBS * sizeof(uint64_t));
		if (*vectors[i] == NULL)
			goto done;
	}
	memcpy(k.x, x, count * LIMBS * sizeof(uint64_t));
	if ((status = normalise(engine, &k, arena)) == SMC_OK &&
		(status = iterate(engine, &k)) == SMC_OK &&
		(status = take_root(engine, &k)) == SMC_OK)
		status = settle(engine, x, &k, root, arena);
done:
	smc_arena_destroy(arena);
	return status;
}
