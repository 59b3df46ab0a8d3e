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

#include <limits.h>

#define SIGNIFICANT		16		/* NUMERIC_MIN_SIG_DIGITS */
#define WEIGHT_DIGITS	4		/* decimal digits of a base-10000 digit */
#define ZERO_DIGITS		20		/* decimals of a quotient that is zero */
#define EXPONENT_MAX	SMC_QUOTIENT_EXPONENT_MAX
#define WEIGHTS_MAX		SMC_QUOTIENT_WEIGHTS_MAX

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

int
smc_program_quotient_digits(const SmcQuotient *q, int w)
{
	int			digits = q->significant - WEIGHT_DIGITS * w;

	digits = digits < q->most_digits ? digits : q->most_digits;
	return digits > q->least_digits ? digits : q->least_digits;
}

/*
 * The weights: least is the largest k with 10000^k <= every quotient that isn't
 * zero, or has the most digits there are; most is the smallest of which larger
 * ones can't be, or have its digits.
 */
static bool
find_weights(SmcQuotient *q)
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
	while (q->significant - WEIGHT_DIGITS * clamp > q->least_digits)
		clamp++;
	while (clamp > -WEIGHTS_MAX / 4 && q->significant - WEIGHT_DIGITS * (clamp - 1) <= q->least_digits)
		clamp--;
	least_a = smc_wide_is_zero(&a->lo) ? one : a->lo;

	/* a * 10^(unit - 4 k) >= b */
	q->least = clamp;
	while (surely_below(&least_a, q->unit - WEIGHT_DIGITS * q->least, &b->hi) &&
		   q->significant - WEIGHT_DIGITS * q->least < q->most_digits)
		q->least--;
	q->most = q->least;
	while (q->most < clamp && !surely_below(&a->hi, q->unit - WEIGHT_DIGITS * (q->most + 1), &b->lo))
		q->most++;
	if (q->most - q->least >= WEIGHTS_MAX)
	{
		smc_program_fail(q->program, SMC_ERR_RANGE);
		return false;
	}
	q->shift = -(smc_program_quotient_digits(q, q->most) + q->unit);
	if (q->shift < 0)
		q->shift = 0;
	return true;
}

/* The bits of a >= b * 10^(4 k - unit), from weight least + 1 on. */
static void
compare_weights(SmcQuotient *q)
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
size_at(const SmcQuotient *q, int w)
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

int
smc_program_quotient_scale(SmcQuotient *q, int number, SmcQuotientPlace place, const void *arg)
{
	SmcProgram *program = q->program;
	int			rest = number;	/* where the weight is least */
	int			sum = constant(program, 0);
	SmcRange	range = smc_range_of(&zero, &zero);

	for (int w = q->most; w >= q->least && smc_program_numbers(program, number, sum); w--)
	{
		int			exponent;
		SmcRange	size;
		SmcRange	term;
		int			part = rest;
		SmcWide		power;

		place(q, arg, w, &exponent, &size);
		if (exponent < 0 || exponent > EXPONENT_MAX)
			return smc_program_fail(program, SMC_ERR_RANGE);
		power = smc_wide_power_of_ten(exponent);
		if (w > q->least)
		{
			int			here = q->at_least[w - q->least - 1];

			if (w < q->most)
				here = smc_program_xor(program, here, q->at_least[w - q->least]);
			part = smc_program_times_bit(program, here, number);
			rest = smc_program_subtract(program, rest, part);
			if (program->status == SMC_OK)
			{
				/* it is nothing, once the number's own weight is past: though the number be a constant */
				SmcRange	left = smc_range_of(&zero, &range_of(program, number)->hi);

				smc_program_restrict(program, rest, &left);
			}
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

/* Of the numerator: a times what makes it end in the last digit. */
static void
numerator_place(const SmcQuotient *q, const void *arg, int w, int *exponent, SmcRange *size)
{
	(void) arg;
	*exponent = smc_program_quotient_digits(q, w) + q->unit + q->shift;
	*size = size_at(q, w);
}

/* The number of digits as a number; of zero, whose weight bits are all unset, its own. */
static int
digits_number(SmcQuotient *q, int zero_bit)
{
	SmcProgram *program = q->program;
	int			of_least = smc_program_quotient_digits(q, q->least);
	int			of_zero = q->least_digits > ZERO_DIGITS ? q->least_digits : ZERO_DIGITS;
	int			sum = constant(program, of_least);
	SmcWide		step = smc_wide_from_int(of_zero - of_least);
	SmcWide		lo = smc_wide_from_int(smc_program_quotient_digits(q, q->most));
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

		step = smc_wide_from_int(smc_program_quotient_digits(q, w) - smc_program_quotient_digits(q, w - 1));
		sum = smc_program_add(program, sum, smc_program_scale(program, bit, &step));
	}
	return smc_program_restrict(program, sum, &range);
}

/* What the rounded quotient is at most: 10^(significant + 4), or, at the last weight, what a and b allow. */
static SmcRange
result_range(const SmcQuotient *q)
{
	SmcRange	divisor = *range_of(q->program, q->b);
	SmcWide		power = smc_wide_power_of_ten(q->shift);
	SmcRange	size = size_at(q, q->most);
	SmcRange	quotient;
	SmcRange	other;
	SmcRange	unit = smc_range_of(&zero, &one);

	divisor = smc_range_scale(&divisor, &power);
	power = smc_wide_power_of_ten(smc_program_quotient_digits(q, q->most) + q->unit + q->shift);
	size = smc_range_scale(&size, &power);
	quotient = smc_range_divide(&size, &divisor);
	quotient = smc_range_add(&quotient, &unit);
	if (q->most > q->least)
	{
		power = smc_wide_power_of_ten(q->significant + WEIGHT_DIGITS);
		other = smc_range_of(&zero, &power);
		quotient = smc_range_join(&quotient, &other);
	}
	return quotient;
}

bool
smc_program_quotient_begin(SmcQuotient *q, int a, int b)
{
	q->a = smc_program_absolute(q->program, a);
	q->b = divisor_size(q->program, b);
	if (q->program->status != SMC_OK || !find_weights(q))
		return false;
	q->negative = quotient_sign(q->program, a, b);
	compare_weights(q);
	return q->program->status == SMC_OK;
}

int
smc_program_quotient_size(SmcQuotient *q)
{
	int			size = round_up(q->program, smc_program_quotient_scale(q, q->a, numerator_place, NULL), q->b, q->shift);
	SmcRange	range;

	if (q->program->status != SMC_OK)
		return -1;
	range = result_range(q);
	return smc_program_restrict(q->program, size, &range);
}

void
smc_program_quotient(SmcProgram *program, int a, int b, int unit, int min_digits,
					 int *value, int *digits)
{
	SmcQuotient q = {program, unit, SIGNIFICANT, min_digits > 0 ? min_digits : 0, INT_MAX, -1, -1, -1, 0, 0, 0, {0}};

	*value = *digits = -1;
	if (!smc_program_quotient_begin(&q, a, b))
		return;
	*value = smc_program_negate_if(program, q.negative, smc_program_quotient_size(&q));
	*digits = digits_number(&q, smc_program_zero(program, a));
}
