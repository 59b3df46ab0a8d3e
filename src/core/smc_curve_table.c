/*
 * Tables of the logistic curves' pieces; see the header.
 */
#include "smc_curve_table.h"

#define PLACES		62			/* of function values */
#define ONE			((int64_t) 1 << PLACES)
#define POINT		40			/* places of arguments */
#define POINT_BITS	(POINT + 6)	/* of an argument */
#define LEVEL_PLACES	24

static const SmcCurveShape shapes[SMC_CURVES] = {
	[SMC_CURVE_SIGMOID] = {true, false, 23, 14, 15, SMC_CURVE_SIGMOID_PLACES - LEVEL_PLACES},
	[SMC_CURVE_WEIGHT] = {false, true, 22, 10, 13, SMC_CURVE_WEIGHT_PLACES - LEVEL_PLACES},
	[SMC_CURVE_LOSS] = {false, false, 28, 15, 15, SMC_CURVE_LOSS_PLACES - LEVEL_PLACES},
};

const SmcCurveShape *
smc_curve_shape(SmcCurveKind kind)
{
	return &shapes[kind];
}

/* So that (n h)^2 grows by no more than it must. */
int
smc_curve_piece_places(int party_count)
{
	return party_count <= 3 ? 8 : party_count <= 6 ? 9 : party_count <= 12 ? 10 : 11;
}

static int64_t
multiply(int64_t a, int64_t b)
{
	return (int64_t) (((__int128) a * b + ((__int128) 1 << (PLACES - 1))) >> PLACES);
}

/* e^-2^(i - POINT) for each bit of an argument. */
static void
fill_powers(int64_t powers[POINT_BITS])
{
	for (int i = 0; i < POINT_BITS; i++)
	{
		int64_t		sum = ONE;
		int64_t		term = ONE;

		if (i > POINT)
		{
			powers[i] = multiply(powers[i - 1], powers[i - 1]);
			continue;
		}
		for (int k = 1; k < 30; k++)
		{
			term = -multiply(term, (int64_t) 1 << (PLACES - POINT + i)) / k;
			sum += term;
		}
		powers[i] = sum;
	}
}

/* e^-a for a >= 0 with POINT places. */
static int64_t
exp_minus(const int64_t powers[POINT_BITS], int64_t a)
{
	int64_t		product = ONE;

	for (int i = 0; i < POINT_BITS; i++)
	{
		if (a >> i & 1)
			product = multiply(product, powers[i]);
	}
	return product;
}

/* log(1 + e) for 0 <= e <= 1: 2 atanh(e / (2 + e)). */
static __int128
log_one_plus(int64_t e)
{
	int64_t		y = (int64_t) (((__int128) e << PLACES) / (2 * (__int128) ONE + e));
	int64_t		square = multiply(y, y);
	int64_t		power = y;
	int64_t		sum = 0;

	for (int k = 1; power != 0 && k < 90; k += 2)
	{
		sum += power / k;
		power = multiply(power, square);
	}
	return 2 * (__int128) sum;
}

/* The curve at a, which may be below zero. */
static __int128
value_at(SmcCurveKind kind, const int64_t powers[POINT_BITS], int64_t a)
{
	int64_t		size = a < 0 ? -a : a;
	int64_t		e = exp_minus(powers, size);
	int64_t		p = (int64_t) (((__int128) 1 << (2 * PLACES)) / ((__int128) ONE + e));

	switch (kind)
	{
		case SMC_CURVE_SIGMOID:
			return a < 0 ? ONE / 2 - p : p - ONE / 2;
		case SMC_CURVE_WEIGHT:
			return multiply(p, multiply(p, e));
		default:
			return ((__int128) size << (PLACES - POINT - 1)) + log_one_plus(e);
	}
}

/* x / 2^places, rounded; x >= 0. */
static uint64_t
rounded(__int128 x, int places)
{
	return (uint64_t) ((x + ((__int128) 1 << (places - 1))) >> places);
}

/* floor(sqrt(x)) */
static int64_t
root_of(__int128 x)
{
	int64_t		root = 0;

	for (int64_t bit = (int64_t) 1 << POINT; bit > 0; bit >>= 1)
	{
		if ((__int128) (root + bit) * (root + bit) <= x)
			root += bit;
	}
	return root;
}

SmcStatus
smc_curve_fill(SmcCurveKind kind, int party_count, uint32_t *levels, uint32_t *slopes)
{
	const SmcCurveShape *shape = &shapes[kind];
	int			g = smc_curve_piece_places(party_count);
	int64_t		h = (int64_t) 1 << (POINT - g);
	int64_t		node = root_of((__int128) h * h * party_count / 12);
	size_t		pieces = (size_t) 1 << (g + SMC_CURVE_LIMIT_BITS);
	int64_t		powers[POINT_BITS];

	fill_powers(powers);
	for (size_t s = 0; s < pieces; s++)
	{
		int64_t		middle = (int64_t) s * h + h / 2;
		__int128	above = value_at(kind, powers, middle + node);
		__int128	below = value_at(kind, powers, middle - node);
		__int128	rise = shape->falling ? below - above : above - below;
		uint64_t	level = rounded((above + below) / 2 > 0 ? (above + below) / 2 : 0, PLACES - LEVEL_PLACES);
		uint64_t	slope = 0;

		/* within half a piece of zero an even curve falls or rises the other way by less than counts */
		if (rise > 0)
			slope = rounded((rise << POINT) / (2 * node), PLACES - shape->slope_places);
		if (s + 1 == pieces)
		{
			__int128	end = kind == SMC_CURVE_SIGMOID ? ONE / 2 : kind == SMC_CURVE_WEIGHT ? 0 : (__int128) 8 * ONE;

			level = rounded(end, PLACES - LEVEL_PLACES);
			slope = 0;
		}
		if (level >> shape->level_bits == 1)
			level--;			/* a power of two itself */
		if (level >> shape->level_bits != 0 || slope >> shape->slope_bits != 0)
			return SMC_ERR_RANGE;
		levels[s] = (uint32_t) level;
		slopes[s] = (uint32_t) slope;
	}
	return SMC_OK;
}
