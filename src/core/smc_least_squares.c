/*
 * Least squares on shares; see the header.
 *
 * "Places" are bits after the point.  A number is normalised when a power of two that
 * depends on it makes its first bit stand at a fixed place; the power's exponent
 * is the sum of bits, and stays shared as well.
 */
#include "smc_least_squares.h"

#include <string.h>

#include "smc_program_impl.h"

#define PLACES		SMC_LEAST_SQUARES_PLACES
#define TOLERANCE	SMC_LEAST_SQUARES_TOLERANCE
#define COLUMNS		SMC_LEAST_SQUARES_COLUMNS
#define ROW_BITS	SMC_LEAST_SQUARES_ROW_BITS
#define ENTRY_BITS	(PLACES + 1)	/* of an entry: one, and what was added to the diagonal */
#define SHORT_BITS	80			/* of what goes into a division */
#define RESULT_BITS	77			/* of a result before it is rounded, of all of them, so that they are rounded together */
#define DOUBLE_BITS 53
#define VARIATION	90			/* bits by which y's variation may be below its squares, times rows */

/* A number x with 2^(bits-step) <= x v < 2^bits, v = 2^(step p): what is left over of it. */
typedef struct Normal
{
	int			scaled;			/* x v; where x is below the least, 2^(bits-1) */
	int			power;			/* v; 0 where x is below the least */
	int			exponent;		/* p as a number, where it isn't */
	int			reached;		/* bit: x is as large as the least */
} Normal;

/* A matrix of some columns and y: entries at j (j + 1) / 2 + i of the columns' own numbers, y the last. */
typedef struct Matrix
{
	int			entries[(COLUMNS + 1) * (COLUMNS + 2) / 2];
	int			factor;			/* C, with PLACES places */
	bool		has_y;			/* y's own place is kept */
} Matrix;

/* One problem on its way. */
typedef struct Solver
{
	SmcProgram *program;
	const SmcLeastSquares *problem;
	SmcLeastSquaresResult *result;
	int			k;
	int			bits[COLUMNS + 1];	/* of each column's own product, even */
	int			power[COLUMNS + 1]; /* f_i */
	int			exponent[COLUMNS + 1];	/* e_i */
	int			left[COLUMNS];	/* C s_j */
	int			with_y[COLUMNS];	/* C b_j */
	int			factors[COLUMNS];	/* C */
	Matrix		last;			/* the one of column 0 */
} Solver;

/* ---- small things ------------------------------------------------------------------- */

static int
place(int i, int j)
{
	return i <= j ? j * (j + 1) / 2 + i : i * (i + 1) / 2 + j;
}

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

static int
integer(SmcProgram *program, int64_t value)
{
	SmcWide		wide = smc_wide_from_int(value);

	return smc_program_constant(program, &wide);
}

static int
power_of_two(SmcProgram *program, int exponent)
{
	SmcWide		power = smc_range_power_of_two(exponent);

	return smc_program_constant(program, &power);
}

/* x * 2^exponent */
static int
shift_left(SmcProgram *program, int x, int exponent)
{
	SmcWide		power = smc_range_power_of_two(exponent);

	return smc_program_scale(program, x, &power);
}

static int
times(SmcProgram *program, int x, int64_t factor)
{
	SmcWide		wide = smc_wide_from_int(factor);

	return smc_program_scale(program, x, &wide);
}

/* x * y, of which it is known that it has no more bits than that. */
static int
product(SmcProgram *program, int x, int y, int bits)
{
	return smc_program_bound(program, smc_program_multiply(program, x, y), bits);
}

/* x / 2^places nearly, or times 2^-places. */
static int
move(SmcProgram *program, int x, int places)
{
	return places >= 0 ? smc_program_cut(program, x, places) : shift_left(program, x, -places);
}

/* A number that has at most that many bits and isn't negative, as the caller knows. */
static int
natural(SmcProgram *program, int x, int bits)
{
	return smc_program_not_negative(program, smc_program_bound(program, x, bits));
}

/* ---- normalising -------------------------------------------------------------------- */

/*
 * x < 2^bits, x >= 0; it is small below 2^least.  step is 1 or 2.  With L the bits of
 * x, p = floor((bits - L) / step), so that v and p change where x reaches a power of
 * two: each is a sum over these.  p only where it is wanted.
 */
static Normal
normalise(SmcProgram *program, int x, int bits, int least, int step, bool with_exponent)
{
	Normal		normal;
	int			most = (bits - least - 1) / step;
	int			reached = smc_program_reached(program, x, least);
	int			any = smc_program_from_bit(program, reached);
	int			small;

	normal.reached = reached;
	normal.power = shift_left(program, any, step * most);
	normal.exponent = with_exponent ? integer(program, most) : -1;
	for (int i = least + 1; i < bits; i++)
	{
		int			before = (bits - i) / step;
		int			after = (bits - i - 1) / step;
		int			bit;

		if (before == after)
			continue;
		/* 2^(step before) becomes 2^(step after) */
		bit = smc_program_from_bit(program, smc_program_reached(program, x, i));
		normal.power = smc_program_subtract(program, normal.power,
											times(program, shift_left(program, bit, step * after), (1 << step) - 1));
		if (with_exponent)
			normal.exponent = smc_program_subtract(program, normal.exponent, bit);
	}
	natural(program, normal.power, step * most + 1);
	if (with_exponent)
		natural(program, normal.exponent, 9);
	small = smc_program_subtract(program, integer(program, 1), any);
	normal.scaled = smc_program_add(program, natural(program, product(program, x, normal.power, bits), bits),
									shift_left(program, small, bits - 1));
	natural(program, normal.scaled, bits);
	return normal;
}

/* The first bits of a normalised number; what is lost of it may be in either direction. */
static int
shorten(SmcProgram *program, int x, int from, int to)
{
	return smc_program_not_negative(program, move(program, x, from - to));
}

/*
 * The bit of |x| < 2^bits being below zero: a comparison with a power of two too, so that it is
 * made with others at once.
 */
static int
below_zero(SmcProgram *program, int x, int bits)
{
	int			shifted = smc_program_add(program, smc_program_bound(program, x, bits), power_of_two(program, bits));

	return smc_program_not(program, smc_program_reached(program, natural(program, shifted, bits + 1), bits));
}

/* ---- scaling --------------------------------------------------------------------------- */

/* What is added to a diagonal so that the last places lost by all entries leave it semidefinite. */
static int
ridge(const Solver *s)
{
	return (s->k + 1) * (s->program->party_count + 1);
}

/* f_i for each column. */
static void
find_powers(Solver *s)
{
	SmcProgram *program = s->program;

	for (int i = 0; i <= s->k; i++)
	{
		int			own = smc_program_not_negative(program, s->problem->products[place(i, i)]);
		int			bits = larger((smc_program_bits(program, own) + 1) / 2 * 2, 2);
		int			most = (bits - 1) / 2;

		s->bits[i] = bits;
		s->power[i] = shift_left(program, smc_program_from_bit(program, smc_program_reached(program, own, 0)), most);
		s->exponent[i] = integer(program, most);
		for (int power = 1; power < bits; power++)
		{
			int			after = (bits - power - 1) / 2;
			int			bit;

			if ((bits - power) / 2 == after)
				continue;
			bit = smc_program_from_bit(program, smc_program_reached(program, own, power));
			s->power[i] = smc_program_subtract(program, s->power[i], shift_left(program, bit, after));
			s->exponent[i] = smc_program_subtract(program, s->exponent[i], bit);
		}
		natural(program, s->power[i], most + 1);
		natural(program, s->exponent[i], 9);
	}
}

/* The matrix to begin with: f_i f_j times the products, below one. */
static void
scale(Solver *s, Matrix *matrix)
{
	SmcProgram *program = s->program;

	for (int j = 0; j <= s->k; j++)
	{
		for (int i = 0; i <= j; i++)
		{
			/* by Cauchy and Schwarz, before and after either factor */
			int			bits = (s->bits[i] + s->bits[j]) / 2;
			int			entry = product(program, s->problem->products[place(i, j)], s->power[i], bits);

			entry = move(program, product(program, entry, s->power[j], bits), bits - PLACES);
			if (i == j)
				entry = smc_program_add(program, entry, integer(program, ridge(s)));
			matrix->entries[place(i, j)] = smc_program_bound(program, entry, ENTRY_BITS);
			if (i == j)
				smc_program_not_negative(program, entry);
		}
	}
	matrix->factor = power_of_two(program, PLACES);
	matrix->has_y = true;
}

/* ---- elimination ------------------------------------------------------------------------ */

/* C c, c having ENTRY_BITS bits and as many places. */
static int
times_factor(SmcProgram *program, int factor, int c)
{
	return natural(program, smc_program_cut(program, product(program, factor, c, PLACES + 1 + ENTRY_BITS), ENTRY_BITS),
				   ENTRY_BITS);
}

/* Eliminate a pivot from the columns listed, which don't hold it, and from y. */
static void
eliminate(Solver *s, Matrix *matrix, int pivot, const int *columns, int count)
{
	SmcProgram *program = s->program;
	int			d = matrix->entries[place(pivot, pivot)];
	Normal		normal = normalise(program, d, ENTRY_BITS, PLACES - TOLERANCE, 1, false);
	int			c = natural(program, product(program, d, normal.power, ENTRY_BITS), ENTRY_BITS);
	int			others[COLUMNS + 1];
	int			scaled[COLUMNS + 1];	/* a_ip v */

	for (int i = 0; i <= count; i++)
	{
		others[i] = i < count ? columns[i] : s->k;
		/* |a_ip| <= sqrt(d a_ii), and d v <= 1 */
		scaled[i] = product(program, matrix->entries[place(others[i], pivot)], normal.power,
							ENTRY_BITS + (TOLERANCE + 1) / 2 + 1);
	}
	for (int j = 0; j <= count; j++)
	{
		for (int i = 0; i <= j; i++)
		{
			int		   *entry = &matrix->entries[place(others[i], others[j])];
			int			whole;

			if (i == count && !matrix->has_y)
				continue;
			whole = smc_program_subtract(program, product(program, *entry, c, 2 * ENTRY_BITS),
										 product(program, scaled[i], matrix->entries[place(others[j], pivot)],
												 2 * ENTRY_BITS));
			smc_program_bound(program, whole, 2 * ENTRY_BITS);
			whole = smc_program_cut(program, whole, ENTRY_BITS);
			if (i == j)
				whole = smc_program_add(program, whole, integer(program, ridge(s)));
			*entry = smc_program_bound(program, whole, ENTRY_BITS);
			if (i == j)
				smc_program_not_negative(program, whole);
		}
	}
	matrix->factor = times_factor(program, matrix->factor, normal.scaled);
}

/* Eliminate all but one of the columns listed, for each of them. */
static void
leave_each(Solver *s, const Matrix *matrix, const int *columns, int count)
{
	int			half = (count + 1) / 2;

	if (count == 1)
	{
		int			j = columns[0];

		s->left[j] = matrix->entries[place(j, j)];
		s->with_y[j] = matrix->entries[place(j, s->k)];
		s->factors[j] = matrix->factor;
		if (j == 0)
			s->last = *matrix;
		return;
	}
	for (int side = 0; side < 2; side++)
	{
		Matrix		copy = *matrix;
		const int  *kept = side == 0 ? columns : columns + half;
		const int  *pivots = side == 0 ? columns + half : columns;
		int			kept_count = side == 0 ? half : count - half;
		int			pivot_count = count - kept_count;
		int			rest[COLUMNS];

		/* column 0 is always in the first half */
		copy.has_y = matrix->has_y && side == 0;
		for (int p = 0; p < pivot_count; p++)
		{
			memcpy(rest, kept, (size_t) kept_count * sizeof(int));
			memcpy(rest + kept_count, pivots + p + 1, (size_t) (pivot_count - p - 1) * sizeof(int));
			eliminate(s, &copy, pivots[p], rest, kept_count + pivot_count - p - 1);
		}
		leave_each(s, &copy, kept, kept_count);
	}
}

/* ---- results ------------------------------------------------------------------------------- */

/*
 * x * 2^exponent as a double, of 2^least <= x < 2^bits or x = 0; sign: bit, -1: none.
 * zero: bit of its being zero all the same, -1: never.
 */
static SmcDouble
make_double(SmcProgram *program, int x, int bits, int least, int exponent, int sign, int zero)
{
	Normal		normal = normalise(program, x, bits, least, 1, true);
	int			places = bits - DOUBLE_BITS;
	SmcDouble	result;
	int			rounded = smc_program_add(program, normal.scaled, power_of_two(program, places - 1));
	int			some = normal.reached;

	if (zero >= 0)
		some = smc_program_and(program, some, smc_program_not(program, zero));
	rounded = smc_program_divide_floor(program, rounded, power_of_two(program, places));
	smc_program_bound(program, rounded, DOUBLE_BITS + 1);
	exponent = smc_program_subtract(program, smc_program_add(program, exponent, integer(program, places)),
									normal.exponent);
	result.value = smc_program_times_bit(program, some, rounded);
	if (sign >= 0)
		result.value = smc_program_negate_if(program, sign, result.value);
	result.exponent = smc_program_times_bit(program, some, smc_program_bound(program, exponent, 12));
	return result;
}

/* numerator * 2^shift / denominator, rounded down, where that has no more than so many bits. */
static int
ratio(SmcProgram *program, int numerator, int shift, int denominator, int bits)
{
	int			quotient = smc_program_divide_floor(program, shift_left(program, numerator, shift), denominator);

	return natural(program, quotient, bits);
}

/* e_j - e_y + (bits_y - bits_j) / 2: what a coefficient of the scaled columns is to be multiplied by. */
static int
column_exponent(Solver *s, int j)
{
	SmcProgram *program = s->program;

	return smc_program_add(program, smc_program_subtract(program, s->exponent[j], s->exponent[s->k]),
						   integer(program, (s->bits[s->k] - s->bits[j]) / 2));
}

/*
 * b / s, s normalised: b has 2^(ENTRY_BITS - 1) <= b' < 2^ENTRY_BITS, s the same or half
 * of it at least; so 2^-1 < b' / s' < 4, nearly.
 */
static void
find_coefficient(Solver *s, int j, const Normal *left, int divisor)
{
	SmcProgram *program = s->program;
	int			sign = below_zero(program, s->with_y[j], ENTRY_BITS);
	int			size = natural(program, smc_program_negate_if(program, sign, s->with_y[j]), ENTRY_BITS);
	Normal		normal = normalise(program, size, ENTRY_BITS, PLACES - SMC_LEAST_SQUARES_EXACT, 1, true);
	int			quotient = ratio(program, shorten(program, normal.scaled, ENTRY_BITS, SHORT_BITS - 8),
								 8 + 57, divisor, 60);
	int			exponent = column_exponent(s, j);

	exponent = smc_program_add(program, exponent, times(program, left->exponent, 2));
	exponent = smc_program_subtract(program, exponent, normal.exponent);
	exponent = smc_program_subtract(program, exponent, integer(program, 57 + RESULT_BITS - 60));
	quotient = shift_left(program, quotient, RESULT_BITS - 60);
	s->result->coefficients[j] = make_double(program, quotient, RESULT_BITS, RESULT_BITS - 5, exponent, sign,
											 smc_program_not(program, normal.reached));
}

/* What all standard errors and R^2 need. */
typedef struct Residual
{
	int			size;			/* C' times y's residual squares, ENTRY_BITS */
	int			factor;			/* C' */
	Normal		normal;			/* of size */
	Normal		freedom;		/* of rows less columns */
	int			divisor;		/* C' times freedom, normalised, SHORT_BITS */
} Residual;

static void
find_residual(Solver *s, Residual *residual)
{
	SmcProgram *program = s->program;
	int			freedom = smc_program_subtract(program, s->problem->rows, integer(program, s->k));
	int			spare;

	eliminate(s, &s->last, 0, NULL, 0);
	residual->size = s->last.entries[place(s->k, s->k)];
	residual->factor = s->last.factor;
	residual->normal = normalise(program, residual->size, ENTRY_BITS, PLACES - SMC_LEAST_SQUARES_EXACT, 2, true);

	spare = below_zero(program, smc_program_subtract(program, freedom, integer(program, 1)), ROW_BITS + 1);
	s->result->exhausted = spare;
	freedom = smc_program_select(program, spare, integer(program, 1), freedom);
	freedom = natural(program, freedom, ROW_BITS);
	residual->freedom = normalise(program, freedom, ROW_BITS, 0, 2, true);
	residual->divisor = product(program, shorten(program, residual->factor, PLACES, SHORT_BITS),
								residual->freedom.scaled, SHORT_BITS + ROW_BITS + 1);
	residual->divisor = shorten(program, residual->divisor, SHORT_BITS + ROW_BITS, SHORT_BITS);
}

/*
 * sqrt(residual / freedom * C_j / (C' s_j)): all normalised to [1/4, 1) but for C_j and C',
 * which are above 2^-17; so the quotient lies between 2^-20 and 2^21.
 */
static void
find_error(Solver *s, const Residual *residual, int j, const Normal *left, int divisor)
{
	SmcProgram *program = s->program;
	int			numerator = product(program, shorten(program, residual->normal.scaled, ENTRY_BITS, SHORT_BITS),
									shorten(program, s->factors[j], PLACES, SHORT_BITS), 2 * SHORT_BITS + 1);
	int			denominator = product(program, residual->divisor, divisor, 2 * SHORT_BITS + 1);
	int			quotient;
	int			exponent;

	numerator = shorten(program, numerator, 2 * SHORT_BITS, SHORT_BITS);
	denominator = shorten(program, denominator, 2 * SHORT_BITS, SHORT_BITS);
	/* residual = size 2^-(2 p), and so on; freedom is an integer of ROW_BITS */
	exponent = smc_program_subtract(program, smc_program_add(program, residual->freedom.exponent, left->exponent),
									residual->normal.exponent);
	exponent = smc_program_add(program, exponent, column_exponent(s, j));
	exponent = smc_program_subtract(program, exponent, integer(program, 66 + ROW_BITS / 2));
	quotient = smc_program_root(program, ratio(program, numerator, 132, denominator, 154));
	smc_program_bound(program, quotient, RESULT_BITS);
	s->result->errors[j] = make_double(program, quotient, RESULT_BITS, 54, exponent, -1,
									   smc_program_not(program, residual->normal.reached));
}

/*
 * 1 - residual / variation.  The variation of y is n S_yy - S_y^2 over n, or S_yy; times
 * n f_y^2 it is normalised, and so is the residual by the same power.  The residual
 * is no larger, but for what A is off by, which is far below the least variation that
 * counts (so R^2 can be below zero by a last place); where there is less, y is constant
 * and R^2 is one.
 */
static void
find_r2(Solver *s, const Residual *residual)
{
	SmcProgram *program = s->program;
	int			y = s->k;
	int			bits = s->bits[y] + ROW_BITS;
	int			whole = natural(program, product(program, s->problem->products[place(y, y)], s->problem->rows, bits), bits);
	int			variation = whole;
	int			part;
	int			least = larger(s->bits[y] - VARIATION, 0);
	int			size_bits = ENTRY_BITS + 1 + ROW_BITS;
	int			cut = size_bits - SHORT_BITS - 20;
	Normal		normal;
	int			divisor;

	if (s->problem->one >= 0)
	{
		part = s->problem->products[place(s->problem->one, y)];
		variation = smc_program_subtract(program, whole, product(program, part, part, bits));
		natural(program, variation, bits);
	}
	variation = product(program, product(program, variation, s->power[y], bits), s->power[y], bits);
	normal = normalise(program, natural(program, variation, bits), bits, least, 1, false);
	part = product(program, residual->size, s->problem->rows, ENTRY_BITS + ROW_BITS);
	part = smc_program_cut(program, natural(program, product(program, part, normal.power, size_bits), size_bits), cut);

	/* C' variation 2^-bits_y, which has as many places */
	divisor = product(program, shorten(program, residual->factor, PLACES, SHORT_BITS),
					  shorten(program, normal.scaled, bits, SHORT_BITS), 2 * SHORT_BITS + 1);
	divisor = natural(program, move(program, divisor, cut - (PLACES + ROW_BITS - 2 * SHORT_BITS)), SHORT_BITS + 20);
	/* what was cut off may have left it below zero */
	part = natural(program, smc_program_add(program, part, integer(program, program->party_count + 1)),
				   smc_program_bits(program, divisor) + 1);
	part = ratio(program, smc_program_add(program, shift_left(program, part, DOUBLE_BITS + 1), divisor), 0,
				 shift_left(program, divisor, 1), DOUBLE_BITS + 1);
	s->result->r2.value = smc_program_subtract(program, power_of_two(program, DOUBLE_BITS), part);
	s->result->r2.exponent = integer(program, -DOUBLE_BITS);
}

/* Whether any of the bits is set, in pairs. */
static int
any_of(SmcProgram *program, const int *bits, int count)
{
	int			half = count / 2;

	return count == 1 ? bits[0] :
		smc_program_or(program, any_of(program, bits, half), any_of(program, bits + half, count - half));
}

void
smc_least_squares(SmcProgram *program, const SmcLeastSquares *problem, SmcLeastSquaresResult *result)
{
	Solver		s = {.program = program, .problem = problem, .result = result, .k = problem->columns};
	Matrix		matrix;
	Residual	residual;
	int			all[COLUMNS];
	int			dependent[COLUMNS];

	memset(result, 0, sizeof(*result));
	if (s.k < 1 || s.k > COLUMNS)
	{
		smc_program_fail(program, SMC_ERR_ARGUMENT);
		return;
	}
	for (int j = 0; j < s.k; j++)
		all[j] = j;
	find_powers(&s);
	scale(&s, &matrix);
	leave_each(&s, &matrix, all, s.k);
	find_residual(&s, &residual);
	for (int j = 0; j < s.k; j++)
	{
		Normal		left = normalise(program, s.left[j], ENTRY_BITS, PLACES - TOLERANCE, 2, true);
		int			divisor = shorten(program, left.scaled, ENTRY_BITS, SHORT_BITS);

		dependent[j] = smc_program_not(program, left.reached);
		result->numerators[j] = s.with_y[j];
		result->denominators[j] = s.left[j];
		find_coefficient(&s, j, &left, divisor);
		find_error(&s, &residual, j, &left, divisor);
	}
	result->dependent = any_of(program, dependent, s.k);
	result->exhausted = smc_program_or(program, result->exhausted, result->dependent);
	find_r2(&s, &residual);
	result->columns = s.k;
	memcpy(result->powers, s.power, sizeof(result->powers));
	memcpy(result->bits, s.bits, sizeof(result->bits));
}

/* b_j f_j / (s_j f_y) * 2^((bits_y - bits_j) / 2); of a y that is zero f_y counts as one. */
void
smc_least_squares_ratio(SmcProgram *program, const SmcLeastSquaresResult *result, int column,
						int a_bits, int b_bits, int *a, int *b)
{
	int			y = result->columns;
	int			excess = (result->bits[y] - result->bits[column]) / 2;
	int			unit = smc_program_from_bit(program, smc_program_zero(program, result->powers[y]));

	*a = smc_program_multiply(program, result->numerators[column], result->powers[column]);
	*b = smc_program_multiply(program, result->denominators[column],
							  smc_program_not_negative(program, smc_program_add(program, result->powers[y], unit)));
	if (excess > 0)
		*a = shift_left(program, *a, excess);
	else
		*b = shift_left(program, *b, -excess);
	smc_program_not_negative(program, *b);
	smc_program_shrink(program, a, b, a_bits, b_bits);
}
