/*
 * Programs over shares: roots of quotients, and how many digits they get.
 *
 * First the quotient V, with the digits d that its size asks for; then, whatever
 * the weight, the root of V * 10^(2 e - d), e being the root's digits: a sum over
 * weights as in smc_program_quotient.c.  The root r of a number x rounded to the
 * nearest is floor(sqrt(x)), and one more where x > r^2 + r.
 */
#include "smc_program_impl.h"

#define WEIGHT_DIGITS	4		/* decimal digits of a base-10000 digit */

static const SmcWide zero = {{0}};

/* What a root's digits are made from. */
typedef struct Place
{
	const SmcRootDigits *how;
	SmcRange	most;			/* of the rounded quotient, at the last weight */
} Place;

/* The root's digits where the quotient's weight is w. */
static int
root_digits(const SmcQuotient *q, const SmcRootDigits *how, int w)
{
	return how->half * smc_program_quotient_digits(q, w) / 2 + how->plus;
}

/* Of what the root is taken of: V < 10000^(w + 1) with its digits, but for rounding. */
static void
root_place(const SmcQuotient *q, const void *arg, int w, int *exponent, SmcRange *size)
{
	const Place *place = arg;
	int			digits = smc_program_quotient_digits(q, w);
	int			limit = digits + WEIGHT_DIGITS * (w + 1);
	SmcWide		hi;

	*exponent = 2 * root_digits(q, place->how, w) - digits;
	*size = place->most;
	if (w == q->most || limit < 0 || limit > SMC_QUOTIENT_EXPONENT_MAX)
		return;
	hi = smc_wide_power_of_ten(limit);
	if (smc_range_known(size) && smc_range_compare(&hi, &size->hi) < 0)
		*size = smc_range_of(&zero, &hi);
}

/* sqrt(x), rounded. */
static int
round_root(SmcProgram *program, int x)
{
	int			root = smc_program_root(program, x);
	int			rest = smc_program_subtract(program,
											smc_program_add(program, smc_program_multiply(program, root, root), root), x);

	/* r^2 <= x <= r^2 + 2 r */
	smc_program_bound(program, rest, smc_program_bits(program, root) + 1);
	return smc_program_add(program, root, smc_program_from_bit(program, smc_program_negative(program, rest)));
}

/* The root's digits as a number. */
static int
digits_number(SmcQuotient *q, const SmcRootDigits *how)
{
	SmcProgram *program = q->program;
	SmcWide		value = smc_wide_from_int(root_digits(q, how, q->least));
	SmcWide		lo = smc_wide_from_int(root_digits(q, how, q->most));
	SmcRange	range = smc_range_of(&lo, &value);
	int			sum = smc_program_constant(program, &value);

	for (int w = q->least + 1; w <= q->most; w++)
	{
		SmcWide		step = smc_wide_from_int(root_digits(q, how, w) - root_digits(q, how, w - 1));

		if (smc_wide_is_zero(&step))
			continue;
		sum = smc_program_add(program, sum,
							  smc_program_scale(program,
												smc_program_from_bit(program, q->at_least[w - q->least - 1]), &step));
	}
	return smc_program_restrict(program, sum, &range);
}

void
smc_program_quotient_root(SmcProgram *program, int a, int b, int unit, const SmcRootDigits *how,
						  int *value, int *digits)
{
	/* where the root's digits don't follow the quotient's, more than twice theirs would be cut off */
	SmcQuotient q = {program, unit, how->significant, how->min_digits,
		how->half > 0 ? SMC_QUOTIENT_EXPONENT_MAX : 2 * how->plus, -1, -1, -1, 0, 0, 0, {0}};
	Place		place;
	int			quotient;
	int			root;

	*value = *digits = -1;
	if (how->half < 0 || how->half > 2 || how->plus < 0 || how->min_digits < 0 || how->min_digits > q.most_digits)
	{
		smc_program_fail(program, SMC_ERR_ARGUMENT);
		return;
	}
	if (!smc_program_quotient_begin(&q, a, b))
		return;
	quotient = smc_program_quotient_size(&q);
	if (!smc_program_numbers(program, quotient, quotient))
		return;
	place.how = how;
	place.most = program->nodes[quotient].range;
	root = round_root(program, smc_program_quotient_scale(&q, quotient, root_place, &place));
	*value = smc_program_negate_if(program, q.negative, root);
	*digits = digits_number(&q, how);
}
