/*
 * Symmetric positive definite systems on shares; see the header.
 *
 * Rows 0 .. k-1 are H, row k is g, row k + 1 + m has the m-th unit vector.  Row k + 1 + m
 * stays zero in the columns before m, so it takes part from pivot m on.
 */
#include "smc_normal.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_linear.h"
#include "smc_scaled.h"
#include "smc_size.h"

#define W				SMC_NORMAL_WIDTH
#define LIMBS			SMC_NORMAL_LIMBS
#define PLACES			SMC_NORMAL_PLACES
#define ELEMENT			(LIMBS * sizeof(uint64_t))
#define ROWS_MAX		(2 * SMC_NORMAL_COLUMNS_MAX + 1)
#define PIVOT_BITS		PLACES	/* of a pivot */
#define PIVOT_LEAST		(PLACES - SMC_NORMAL_PIVOT_BITS)	/* 2^that is the least */
#define NORMAL_STEPS	(PIVOT_BITS - PIVOT_LEAST)

/* The bordered matrix, and a pivot's products. */
typedef struct Work
{
	SmcEngine  *engine;
	int			k;
	uint64_t   *c;				/* (2k + 1) x (2k + 1), the lower part */
	uint64_t   *x;
	uint64_t   *y;
	uint64_t   *z;
	uint64_t	product[LIMBS];	/* of all c so far */
} Work;

static uint64_t *
cell(const Work *w, int i, int j)
{
	return w->c + ((size_t) i * (size_t) (2 * w->k + 1) + (size_t) j) * LIMBS;
}

SmcStatus
smc_normal_scale(SmcEngine *engine, const uint64_t *x, int places, uint64_t *out, size_t count)
{
	SmcArena   *local = smc_arena_create();
	SmcScaled	scaled;
	SmcScaling	scaling = {W, x, SMC_NORMAL_BITS, places, 0, &scaled};
	SmcStatus	status = SMC_ERR_MEMORY;

	if (local == NULL)
		return status;
	if (places <= 0)
	{
		uint64_t	element[LIMBS];

		for (size_t e = 0; e < count; e++)
		{
			smc_limbs_shift_left(element, x + e * LIMBS, (unsigned) -places, LIMBS);
			memcpy(out + e * LIMBS, element, ELEMENT);
		}
		status = SMC_OK;
	}
	else
	{
		/* what is rounded down, and by less than n up, on average isn't rounded */
		scaling.lift = (engine->channel->party_count - 1) / 2;
		status = smc_scaled_down(engine, &scaling, 1, count, local);
		if (status == SMC_OK)
			smc_scaled_ring(engine, &scaled, W, out, count);
	}
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_normal_multiply(SmcEngine *engine, const uint64_t *x, const uint64_t *y, int places, uint64_t *out, size_t count)
{
	SmcArena   *local = smc_arena_create();
	uint64_t   *product = local ? smc_arena_array(local, count, ELEMENT) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (product != NULL)
		status = smc_arith_multiply(engine, W, x, y, product, count);
	if (status == SMC_OK)
		status = smc_normal_scale(engine, product, places, out, count);
	smc_arena_destroy(local);
	return status;
}

/*
 * What brings a pivot d >= 0 between 1/2 and 1: v, a power of two, from the bits [d >= 2^i].
 * Of a pivot below the least v is 0, and bit j of singular is set.
 */
static SmcStatus
normalise(Work *w, int j, const uint64_t *pivot, uint64_t *v, uint64_t *singular)
{
	uint64_t	reached[(PIVOT_BITS + 63) / 64 + 1] = {0};
	uint64_t	hot[(NORMAL_STEPS + 63) / 64 + 1] = {0};
	uint64_t	bits[NORMAL_STEPS * LIMBS];
	SmcStatus	status = smc_size_reached(w->engine, W, PIVOT_BITS, pivot, reached, 1);

	for (int i = 0; i < NORMAL_STEPS; i++)
	{
		int			at = PIVOT_LEAST + i;
		uint64_t	bit = reached[at / 64] >> (at % 64) & 1;
		uint64_t	next = at + 1 < PIVOT_BITS ? reached[(at + 1) / 64] >> ((at + 1) % 64) & 1 : 0;

		hot[i / 64] |= (bit ^ next) << (i % 64);
	}
	*singular |= ((reached[PIVOT_LEAST / 64] >> (PIVOT_LEAST % 64) & 1) ^ (w->engine->channel->self == 0)) << j;
	if (status == SMC_OK)
		status = smc_arith_from_bits(w->engine, W, hot, bits, NORMAL_STEPS);
	memset(v, 0, ELEMENT);
	for (int i = 0; i < NORMAL_STEPS && status == SMC_OK; i++)
	{
		SmcWide		power = smc_linear_power(PIVOT_BITS - 1 - PIVOT_LEAST - i);

		smc_linear_add(v, W, bits + (size_t) i * LIMBS, &power, 1);
	}
	return status;
}

/* The rows below pivot j that have something in its column. */
static int
rows_below(const Work *w, int j, int rows[ROWS_MAX])
{
	int			count = 0;

	for (int i = j + 1; i <= w->k + 1 + j; i++)
		rows[count++] = i;
	return count;
}

/* Whether cell (i, i') is used: all below H, and of the rest what is asked for. */
static bool
wanted(const Work *w, int i, int other)
{
	return other < w->k || i > w->k;
}

/*
 * Take pivot j out of all rows below it: with c = v d, c_ii' becomes c c_ii' - (v c_ij) c_i'j,
 * the rows below divided by the pivot and times c; and so does w->product, what all are
 * times by then.  Two products and a scaling.  What scaling down may have lost is given back
 * to H's diagonal, so that pivots stay above zero.
 */
static SmcStatus
eliminate(Work *w, int j, const uint64_t *v)
{
	int			rows[ROWS_MAX];
	int			count = rows_below(w, j, rows);
	SmcWide		lost = smc_wide_from_int((int64_t) w->k * w->engine->channel->party_count);
	uint64_t   *l = w->z;
	size_t		at = 0;
	SmcStatus	status;

	for (int r = 0; r <= count; r++)
	{
		memcpy(w->x + (size_t) r * LIMBS, v, ELEMENT);
		memcpy(w->y + (size_t) r * LIMBS, r < count ? cell(w, rows[r], j) : cell(w, j, j), ELEMENT);
	}
	status = smc_arith_multiply(w->engine, W, w->x, w->y, l, (size_t) count + 1);
	for (int r = 0; r <= count; r++)
	{
		for (int q = 0; q <= r && r < count; q++)
		{
			if (!wanted(w, rows[r], rows[q]))
				continue;
			memcpy(w->x + at * LIMBS, l + (size_t) count * LIMBS, ELEMENT);
			memcpy(w->y + at++ * LIMBS, cell(w, rows[r], rows[q]), ELEMENT);
			memcpy(w->x + at * LIMBS, l + (size_t) r * LIMBS, ELEMENT);
			memcpy(w->y + at++ * LIMBS, cell(w, rows[q], j), ELEMENT);
		}
	}
	memcpy(w->x + at * LIMBS, l + (size_t) count * LIMBS, ELEMENT);
	memcpy(w->y + at * LIMBS, w->product, ELEMENT);
	if (status == SMC_OK)
		status = smc_arith_multiply(w->engine, W, w->x, w->y, w->x, at + 1);
	for (size_t e = 0; e < at / 2 && status == SMC_OK; e++)
		smc_limbs_subtract(w->x + e * LIMBS, w->x + 2 * e * LIMBS, w->x + (2 * e + 1) * LIMBS, LIMBS);
	memmove(w->x + at / 2 * LIMBS, w->x + at * LIMBS, ELEMENT);
	if (status == SMC_OK)
		status = smc_normal_scale(w->engine, w->x, PLACES, w->x, at / 2 + 1);
	memcpy(w->product, w->x + at / 2 * LIMBS, ELEMENT);
	at = 0;
	for (int r = 0; r < count && status == SMC_OK; r++)
	{
		for (int q = 0; q <= r; q++)
		{
			if (wanted(w, rows[r], rows[q]))
				memcpy(cell(w, rows[r], rows[q]), w->x + at++ * LIMBS, ELEMENT);
		}
		if (rows[r] < w->k)
			smc_linear_add_constant(w->engine, cell(w, rows[r], rows[r]), W, &lost, 1);
	}
	return status;
}

/* Divide the result by what it is times, 2^-k to 1. */
static SmcStatus
finish(Work *w, uint64_t *delta, uint64_t *inverse)
{
	SmcWide		one = smc_linear_power(2 * PLACES);
	size_t		k = (size_t) w->k;
	uint64_t	numerator[LIMBS] = {0};
	uint64_t	reciprocal[LIMBS];
	SmcStatus	status;

	smc_linear_add_constant(w->engine, numerator, W, &one, 1);
	status = smc_wide_divide(w->engine, W, PLACES + w->k + 2, PLACES + 1, numerator, w->product, reciprocal, 1);
	for (size_t e = 0; e < k * k + k; e++)
	{
		size_t		m = e / (k + 1);
		size_t		i = e % (k + 1);
		size_t		high = m > i ? m : i;
		size_t		low = m > i ? i : m;

		/* row by row of the inverse, the solution behind it */
		smc_limbs_negate(w->x + e * LIMBS, i == k ? cell(w, (int) (k + 1 + m), (int) k) :
						 cell(w, (int) (k + 1 + high), (int) (k + 1 + low)), LIMBS);
		memcpy(w->y + e * LIMBS, reciprocal, ELEMENT);
	}
	if (status == SMC_OK)
		status = smc_normal_multiply(w->engine, w->x, w->y, PLACES, w->x, k * k + k);
	for (size_t m = 0; m < k && status == SMC_OK; m++)
	{
		memcpy(inverse + m * k * LIMBS, w->x + m * (k + 1) * LIMBS, k * ELEMENT);
		memcpy(delta + m * LIMBS, w->x + (m * (k + 1) + k) * LIMBS, ELEMENT);
	}
	return status;
}

SmcStatus
smc_normal_solve(SmcEngine *engine, int k, const uint64_t *h, const uint64_t *g, uint64_t *delta, uint64_t *inverse,
				 uint64_t *singular)
{
	SmcWide		one = smc_linear_power(PLACES);
	size_t		rows = 2 * (size_t) k + 1;
	SmcArena   *local;
	Work		w = {engine, k, NULL, NULL, NULL, NULL, {0}};
	SmcStatus	status = SMC_ERR_MEMORY;

	if (k < 1 || k > SMC_NORMAL_COLUMNS_MAX)
		return SMC_ERR_ARGUMENT;
	local = smc_arena_create();
	if (local == NULL)
		return status;
	w.c = smc_arena_array(local, rows * rows, ELEMENT);
	/* two products for each of the cells at and below the diagonal */
	w.x = smc_arena_array(local, rows * rows + 2 * rows, ELEMENT);
	w.y = smc_arena_array(local, rows * rows + 2 * rows, ELEMENT);
	w.z = smc_arena_array(local, rows + 1, ELEMENT);
	if (w.c == NULL || w.x == NULL || w.y == NULL || w.z == NULL)
		goto done;
	for (int i = 0; i < k; i++)
	{
		for (int j = 0; j <= i; j++)
			memcpy(cell(&w, i, j), h + ((size_t) i * (size_t) k + (size_t) j) * LIMBS, ELEMENT);
		memcpy(cell(&w, k, i), g + (size_t) i * LIMBS, ELEMENT);
	}
	smc_linear_add_constant(engine, w.product, W, &one, 1);
	*singular = 0;
	status = SMC_OK;
	for (int j = 0; j < k && status == SMC_OK; j++)
	{
		uint64_t	v[LIMBS];

		/* the unit vector's row, times all that its rows above have been times */
		memcpy(cell(&w, k + 1 + j, j), w.product, ELEMENT);
		status = normalise(&w, j, cell(&w, j, j), v, singular);
		if (status == SMC_OK)
			status = eliminate(&w, j, v);
	}
	if (status == SMC_OK)
		status = finish(&w, delta, inverse);
done:
	smc_arena_destroy(local);
	return status;
}

/* ---- cost --------------------------------------------------------------------------- */

void
smc_normal_multiply_cost(SmcCost *cost, int party_count, size_t count)
{
	SmcCost		product = {0, 0, {0}};

	smc_cost_multiply(&product, party_count, W, count);
	smc_cost_scaled(&product, party_count, SMC_NORMAL_BITS, count);
	cost->sent += product.sent;
}

void
smc_normal_cost(SmcCost *cost, int party_count, int k)
{
	Work		w = {NULL, k, NULL, NULL, NULL, NULL, {0}};

	for (int j = 0; j < k; j++)
	{
		int			rows[ROWS_MAX];
		int			count = rows_below(&w, j, rows);
		size_t		products = 0;

		for (int r = 0; r < count; r++)
		{
			for (int q = 0; q <= r; q++)
				products += wanted(&w, rows[r], rows[q]);
		}
		smc_cost_size(cost, party_count, PIVOT_BITS, 1);
		smc_cost_times_bit(cost, party_count, W, NORMAL_STEPS);
		smc_cost_multiply(cost, party_count, W, (size_t) count + 1);
		smc_cost_multiply(cost, party_count, W, 2 * products + 1);
		smc_cost_scaled(cost, party_count, SMC_NORMAL_BITS, products + 1);
		cost->rounds++;
	}
	smc_wide_divide_cost(cost, party_count, W, PLACES + k + 2, PLACES + 1, 1);
	smc_normal_multiply_cost(cost, party_count, (size_t) k * (size_t) (k + 1));
	cost->rounds += 2;
}
