/*
 * Programs over shares: signs and sizes, quotients, and how many digits they get.
 *
 * The size of a quotient decides its digits, and neither may be seen.  So A >=
 * B * 10000^k (with the unit) is asked for all weights k that the ranges allow,
 * in one vector of comparisons; XOR of neighbours gives one bit for each
 * weight, of which exactly one is set; and the numerator is the sum over
 * weights of bit * A * power of ten: each term, and so the sum, is no longer
 * than the digits it stands for.  One division follows.
 */
#include "smc_program_impl.h"

#define SIGNIFICANT		16		/* NUMERIC_MIN_SIG_DIGITS */
#define WEIGHT_DIGITS	4		/* decimal digits of a base-10000 digit */
#define ZERO_DIGITS		20		/* decimals of a quotient that is zero */
#define EXPONENT_MAX	150		/* smc_wide_power_of_ten */
#define WEIGHTS_MAX		(4 * EXPONENT_MAX)

static const SmcWide zero = {{0}};
static const SmcWide one = {{1}};

/* ---- parts -------------------------------------------------------------------- */

static const SmcRange *
range_of(const SmcProgram *program, int a)
{
	return &program->nodes[a].range;
}

static int
constant(SmcProgram *program, int64_t value)
{
	SmcWide		wide = smc_wide_from_int(value);

	return smc_program_constant(program, &wide);
}

/* times 10^exponent */
static int
shift(SmcProgram *program, int a, int exponent)
{
	SmcWide		power;

	if (exponent < 0 || exponent > EXPONENT_MAX)
		return smc_program_fail(program, SMC_ERR_RANGE);
	power = smc_wide_power_of_ten(exponent);
	return smc_program_scale(program, a, &power);
}

/* The size of a divisor: |b|, but one for zero. */
static int
divisor_size(SmcProgram *program, int b)
{
	SmcRange	range;
	int			size = smc_program_absolute(program, b);
	int			none = smc_program_from_bit(program, smc_program_zero(program, b));

	if (!smc_program_numbers(program, size, none))
		return -1;
	range = *range_of(program, size);
	if (smc_range_known(&range))
	{
		if (smc_wide_is_zero(&range.lo))
			range.lo = one;
		if (smc_wide_is_zero(&range.hi))
			range.hi = one;
	}
	return smc_program_restrict(program, smc_program_add(program, size, none), &range);
}

/* Whether a / b is below zero, if it isn't zero; b itself may be. */
static int
quotient_sign(SmcProgram *program, int a, int b)
{
	return smc_program_xor(program, smc_program_sign(program, a), smc_program_negative(program, b));
}

/*
 * numerator / (divisor * 10^shift) rounded half up: floor((N + D / 2) / D),
 * and where D has no half, floor((2 N + D) / 2 D).
 */
static int
round_up(SmcProgram *program, int numerator, int divisor, int exponent)
{
	SmcWide		two = smc_wide_from_int(2);
	SmcWide		five = smc_wide_from_int(5);

	if (!smc_program_numbers(program, numerator, divisor))
		return -1;
	if (smc_program_value(program, numerator) != NULL && smc_wide_is_zero(smc_program_value(program, numerator)))
		return numerator;
	if (exponent > 0)
		return smc_program_divide_floor(program,
										smc_program_add(program, numerator,
														smc_program_scale(program, shift(program, divisor, exponent - 1), &five)),
										shift(program, divisor, exponent));
	return smc_program_divide_floor(program,
									smc_program_add(program, smc_program_scale(program, numerator, &two), divisor),
									smc_program_scale(program, divisor, &two));
}

/* ---- quotients with a given number of digits --------------------------------------- */

int
smc_program_divide(SmcProgram *program, int a, int b)
{
	int			size = smc_program_divide_floor(program, smc_program_absolute(program, a),
												smc_program_absolute(program, b));

	return smc_program_negate_if(program, quotient_sign(program, a, b), size);
}

int
smc_program_round(SmcProgram *program, int a, int b, int digits)
{
	int			size = smc_program_absolute(program, a);
	int			divisor = divisor_size(program, b);

	size = round_up(program, digits > 0 ? shift(program, size, digits) : size, divisor, digits < 0 ? -digits : 0);
	return smc_program_negate_if(program, quotient_sign(program, a, b), size);
}

/* ---- quotients with as many digits as they ask for ----------------------------------- */

/* One call's numbers: a = |a|, b = |b| or one. */
typedef struct Quotient
{
	SmcProgram *program;
	int			a;
	int			b;
	int			unit;
	int			least_digits;
	int			least;			/* the weights that can be, or count as another by their digits */
	int			most;
	int			shift;			/* of the divisor, so that no power of ten is below one */
	int			at_least[WEIGHTS_MAX];	/* bit: weight least + 1 + i, or more */
} Quotient;

/* x * 10^exponent as a public number, exponent of any sign; false when it is too large, or below one. */
static bool
public_shift(const SmcWide *x, int exponent, SmcWide *out)
{
	SmcWide		power;

	if (exponent < 0 || exponent > EXPONENT_MAX)
		return false;
	power = smc_wide_power_of_ten(exponent);
	if (smc_wide_bits(&power) + smc_wide_bits(x) > SMC_RANGE_BITS)
		return false;
	*out = smc_wide_multiply(x, &power);
	return true;
}

/* Whether x * 10^exponent < y for sure (exponent of any sign), for x, y > 0. */
static bool
surely_below(const SmcWide *x, int exponent, const SmcWide *y)
{
	SmcWide		side;

	if (exponent >= 0)
		return public_shift(x, exponent, &side) && smc_range_compare(&side, y) < 0;
	if (!public_shift(y, -exponent, &side))
		return true;			/* y * 10^-exponent is beyond every x */
	return smc_range_compare(x, &side) < 0;
}

/* digits of weight w */
static int
digits_of(const Quotient *q, int w)
{
	int			digits = SIGNIFICANT - WEIGHT_DIGITS * w;

	return digits > q->least_digits ? digits : q->least_digits;
}

/*
 * The weights: least is the largest k with 10000^k <= every quotient that isn't
 * zero; most is the smallest of which larger ones can't be, or have its digits.
 */
static bool
find_weights(Quotient *q)
{
	const SmcRange *a = range_of(q->program, q->a);
	const SmcRange *b = range_of(q->program, q->b);
	SmcWide		least_a;
	int			clamp = 0;

	if (!smc_range_known(a) || !smc_range_known(b) || q->unit < -EXPONENT_MAX || q->unit > EXPONENT_MAX ||
		q->least_digits > EXPONENT_MAX)
	{
		smc_program_fail(q->program, SMC_ERR_RANGE);
		return false;
	}
	while (SIGNIFICANT - WEIGHT_DIGITS * clamp > q->least_digits)
		clamp++;
	while (clamp > -WEIGHTS_MAX / 4 && SIGNIFICANT - WEIGHT_DIGITS * (clamp - 1) <= q->least_digits)
		clamp--;
	least_a = smc_wide_is_zero(&a->lo) ? one : a->lo;

	/* a * 10^(unit - 4 k) >= b */
	q->least = clamp;
	while (surely_below(&least_a, q->unit - WEIGHT_DIGITS * q->least, &b->hi))
		q->least--;
	q->most = q->least;
	while (q->most < clamp && !surely_below(&a->hi, q->unit - WEIGHT_DIGITS * (q->most + 1), &b->lo))
		q->most++;
	if (q->most - q->least >= WEIGHTS_MAX)
	{
		smc_program_fail(q->program, SMC_ERR_RANGE);
		return false;
	}
	q->shift = -(digits_of(q, q->most) + q->unit);
	if (q->shift < 0)
		q->shift = 0;
	return true;
}

/* The bits of a >= b * 10^(4 k - unit), from weight least + 1 on. */
static void
compare_weights(Quotient *q)
{
	for (int w = q->least + 1; w <= q->most; w++)
	{
		int			exponent = q->unit - WEIGHT_DIGITS * w;
		int			below;

		if (exponent >= 0)
			below = smc_program_less(q->program, shift(q->program, q->a, exponent), q->b);
		else
			below = smc_program_less(q->program, q->a, shift(q->program, q->b, -exponent));
		q->at_least[w - q->least - 1] = smc_program_not(q->program, below);
	}
}

/*
 * What a is at most where the weight is w: a 10^unit < 10000^(w + 1) b; without
 * a limit for the last one.
 */
static SmcRange
size_at(const Quotient *q, int w)
{
	const SmcRange *a = range_of(q->program, q->a);
	const SmcRange *b = range_of(q->program, q->b);
	int			exponent = WEIGHT_DIGITS * (w + 1) - q->unit;
	SmcWide		hi = a->hi;
	SmcWide		limit;

	if (w < q->most && exponent >= 0 && public_shift(&b->hi, exponent, &limit) && smc_range_compare(&limit, &hi) < 0)
		hi = limit;
	if (w < q->most && exponent < 0 && public_shift(&one, -exponent, &limit))
	{
		limit = smc_range_quotient(&b->hi, &limit);
		if (smc_range_compare(&limit, &hi) < 0)
			hi = limit;
	}
	return smc_range_of(&zero, &hi);
}

/* The sum over weights of a times its power of ten. */
static int
numerator(Quotient *q)
{
	SmcProgram *program = q->program;
	int			rest = q->a;	/* a, where the weight is least */
	int			sum = constant(program, 0);
	SmcRange	range = smc_range_of(&zero, &zero);

	for (int w = q->most; w >= q->least && program->status == SMC_OK; w--)
	{
		int			exponent = digits_of(q, w) + q->unit + q->shift;
		SmcRange	size = size_at(q, w);
		SmcRange	term;
		int			part = rest;
		SmcWide		power;

		if (exponent > EXPONENT_MAX)
			return smc_program_fail(program, SMC_ERR_RANGE);
		power = smc_wide_power_of_ten(exponent);
		if (w > q->least)
		{
			int			here = q->at_least[w - q->least - 1];

			if (w < q->most)
				here = smc_program_xor(program, here, q->at_least[w - q->least]);
			part = smc_program_times_bit(program, here, q->a);
			rest = smc_program_subtract(program, rest, part);
			smc_program_restrict(program, rest, range_of(program, q->a));
		}
		if (program->status != SMC_OK)
			return -1;
		smc_program_restrict(program, part, &size);
		term = smc_range_scale(&size, &power);
		range = smc_range_join(&range, &term);
		sum = smc_program_add(program, sum, smc_program_scale(program, part, &power));
		smc_program_restrict(program, sum, &range);
	}
	return sum;
}

/* The number of digits as a number; of zero, whose weight bits are all unset, its own. */
static int
digits_number(Quotient *q, int zero_bit)
{
	SmcProgram *program = q->program;
	int			of_least = digits_of(q, q->least);
	int			of_zero = q->least_digits > ZERO_DIGITS ? q->least_digits : ZERO_DIGITS;
	int			sum = constant(program, of_least);
	SmcWide		step = smc_wide_from_int(of_zero - of_least);
	SmcWide		lo = smc_wide_from_int(digits_of(q, q->most));
	SmcWide		hi = smc_wide_from_int(of_least);
	SmcRange	range = smc_range_of(&lo, &hi);
	SmcRange	at_zero;

	if (smc_program_bit_value(program, zero_bit) != 0)
	{
		lo = smc_wide_from_int(of_zero);
		at_zero = smc_range_of(&lo, &lo);
		range = smc_range_join(&range, &at_zero);
	}
	sum = smc_program_add(program, sum, smc_program_scale(program, smc_program_from_bit(program, zero_bit), &step));
	for (int w = q->least + 1; w <= q->most; w++)
	{
		int			bit = smc_program_from_bit(program, q->at_least[w - q->least - 1]);

		step = smc_wide_from_int(digits_of(q, w) - digits_of(q, w - 1));
		sum = smc_program_add(program, sum, smc_program_scale(program, bit, &step));
	}
	return smc_program_restrict(program, sum, &range);
}

/* What the rounded quotient is at most: 10^20, or, at the last weight, what a and b allow. */
static SmcRange
result_range(const Quotient *q)
{
	SmcRange	divisor = *range_of(q->program, q->b);
	SmcWide		power = smc_wide_power_of_ten(q->shift);
	SmcRange	size = size_at(q, q->most);
	SmcRange	quotient;
	SmcRange	other;
	SmcRange	unit = smc_range_of(&zero, &one);

	divisor = smc_range_scale(&divisor, &power);
	power = smc_wide_power_of_ten(digits_of(q, q->most) + q->unit + q->shift);
	size = smc_range_scale(&size, &power);
	quotient = smc_range_divide(&size, &divisor);
	quotient = smc_range_add(&quotient, &unit);
	if (q->most > q->least)
	{
		power = smc_wide_power_of_ten(SIGNIFICANT + WEIGHT_DIGITS);
		other = smc_range_of(&zero, &power);
		quotient = smc_range_join(&quotient, &other);
	}
	return quotient;
}

void
smc_program_quotient(SmcProgram *program, int a, int b, int unit, int min_digits,
					 int *value, int *digits)
{
	Quotient	q = {program, -1, -1, unit, min_digits > 0 ? min_digits : 0, 0, 0, 0, {0}};
	SmcRange	range;
	int			size;

	*value = *digits = -1;
	q.a = smc_program_absolute(program, a);
	q.b = divisor_size(program, b);
	if (program->status != SMC_OK || !find_weights(&q))
		return;
	compare_weights(&q);
	size = round_up(program, numerator(&q), q.b, q.shift);
	if (program->status != SMC_OK)
		return;
	range = result_range(&q);
	smc_program_restrict(program, size, &range);
	*value = smc_program_negate_if(program, quotient_sign(program, a, b), size);
	*digits = digits_number(&q, smc_program_zero(program, a));
}
