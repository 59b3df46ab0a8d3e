/*
 * Values in formulas: bits that may be NULL, fractions of integers, constants.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "pg/smc_extreme.h"
#include "pg/smc_formula_impl.h"
#include "pg/smc_modes.h"

#define CONSTANT_TEXT_MAX	60	/* characters of a number that takes part */
#define SETTLED_DIGITS		24	/* of a root, beyond its column's */
#define PARAMETER_SCALE		10	/* what a number that is yet to come is taken for */

typedef SmcFormulaValue Value;
typedef SmcFormulaWalk Walk;

/* ---- bits, -1 being "false" as a NULL bit and "always" as a condition ---------- */

int
smc_formula_or_null(Walk *walk, int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return smc_program_or(walk->program, a, b);
}

int
smc_formula_and_condition(Walk *walk, int a, int b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return smc_program_and(walk->program, a, b);
}

/* The same bit, with "never" as a constant. */
int
smc_formula_null_bit(Walk *walk, int null)
{
	return null < 0 ? smc_program_constant_bit(walk->program, false) : null;
}

/* c ? a : b of two NULL bits. */
int
smc_formula_select_null(Walk *walk, int c, int a, int b)
{
	if (a < 0 && b < 0)
		return -1;
	return smc_program_select_bit(walk->program, c, smc_formula_null_bit(walk, a), smc_formula_null_bit(walk, b));
}

/* Known to be true, known to be false. */
int
smc_formula_known_true(Walk *walk, const Value *value)
{
	return value->null < 0 ? value->bit :
		smc_program_and(walk->program, value->bit, smc_program_not(walk->program, value->null));
}

int
smc_formula_known_false(Walk *walk, const Value *value)
{
	int			not = smc_program_not(walk->program, value->bit);

	return value->null < 0 ? not :
		smc_program_and(walk->program, not, smc_program_not(walk->program, value->null));
}

/* Note an error where the bit is set, this branch is taken and the operands aren't NULL. */
void
smc_formula_note_error(Walk *walk, int bit, int null)
{
	bit = smc_formula_and_condition(walk, walk->active, bit);
	if (null >= 0)
		bit = smc_program_and(walk->program, bit, smc_program_not(walk->program, null));
	if (bit == smc_program_constant_bit(walk->program, false))
		return;					/* by a constant, say */
	walk->build->error = smc_formula_or_null(walk, walk->build->error, bit);
}

/* ---- numbers -------------------------------------------------------------------- */

int
smc_formula_times_ten(Walk *walk, int num, int exponent)
{
	SmcWide		factor;

	if (exponent == 0)
		return num;
	factor = smc_wide_power_of_ten(exponent);
	return smc_program_scale(walk->program, num, &factor);
}

int
smc_formula_integer(Walk *walk, int64 value)
{
	SmcWide		wide = smc_wide_from_int(value);

	return smc_program_constant(walk->program, &wide);
}

int
smc_formula_times_den(Walk *walk, int num, int den)
{
	return den < 0 ? num : smc_program_multiply(walk->program, num, den);
}

/* Bring two numbers to one denominator and one scale, by multiplying only. */
bool
smc_formula_align(Walk *walk, Value *a, Value *b)
{
	int			den_a = a->den;
	int			den_b = b->den;
	int			scale = Max(a->scale, b->scale);

	if (scale - Min(a->scale, b->scale) > 2 * SMC_FORMULA_SCALE_MAX)
		return smc_formula_refuse(walk, "numbers of too different size");
	if (den_a != den_b)
	{
		a->num = smc_formula_times_den(walk, a->num, den_b);
		b->num = smc_formula_times_den(walk, b->num, den_a);
		a->den = b->den = den_a < 0 ? den_b : den_b < 0 ? den_a :
			smc_program_multiply(walk->program, den_a, den_b);
	}
	a->num = smc_formula_times_ten(walk, a->num, scale - a->scale);
	b->num = smc_formula_times_ten(walk, b->num, scale - b->scale);
	a->scale = b->scale = scale;
	return true;
}

Value
smc_formula_number(Oid type, int null)
{
	Value		value = {type, false, null, -1, -1, -1, 0, 0, false};

	return value;
}

Value
smc_formula_boolean(int bit, int null)
{
	Value		value = {BOOLOID, false, null, bit, -1, -1, 0, 0, false};

	return value;
}

/* num / den as an integer pair whose quotient, times 10^digits and rounded, is the value. */
void
smc_formula_as_fraction(Walk *walk, const Value *value, int *num, int *den)
{
	*num = value->num;
	*den = value->den < 0 ? smc_formula_integer(walk, 1) : value->den;
	if (value->scale > 0)
		*den = smc_formula_times_ten(walk, *den, value->scale);
	else
		*num = smc_formula_times_ten(walk, *num, -value->scale);
}

/* ---- roots ---------------------------------------------------------------------- */

/*
 * A root as a decimal.  A standard deviation that isn't zero is no less than its
 * column's last digit divided by the number of rows, so that SETTLED_DIGITS more
 * leave it twelve at least, and twenty where it is no less than that digit.  They
 * are a divisor rather than a scale: as many aren't to be shown.
 */
void
smc_formula_settle(Walk *walk, Value *value)
{
	int			scale = Max((value->scale + 1) / 2, 0);
	SmcRootDigits how = {20, 0, 0, scale + SETTLED_DIGITS};
	SmcWide		beyond = smc_wide_power_of_ten(SETTLED_DIGITS);
	int			digits;

	if (!value->root)
		return;
	if (smc_optable_class(value->type) != SMC_CLASS_FLOAT)
	{
		how.significant = 16;
		how.min_digits = value->digits;
	}
	smc_program_quotient_root(walk->program, value->num, value->den, -value->scale, &how, &value->num, &digits);
	value->den = smc_program_constant(walk->program, &beyond);
	value->scale = scale;
	value->digits = how.min_digits;
	value->root = false;
	value->settled = true;
}

/* Whether a number's square, with its sign, can be compared with what is under a root. */
static bool
square(Walk *walk, Value *value, const Value *root)
{
	SmcProgram *program = walk->program;
	int			den = Max(smc_program_bits(program, value->den), 0);
	int			bits = Max(2 * smc_program_bits(program, value->num) + smc_program_bits(program, root->den),
						   2 * den + smc_program_bits(program, root->num));

	if (bits + (abs(2 * value->scale - root->scale) * 10 + 2) / 3 > SMC_WIDTH_MAX - 2)
		return false;
	value->num = smc_program_multiply(program, value->num,
									  value->positive ? value->num : smc_program_absolute(program, value->num));
	if (value->den >= 0)
		value->den = smc_program_multiply(program, value->den, value->den);
	value->scale *= 2;
	return true;
}

void
smc_formula_settle_for_order(Walk *walk, Value *a, Value *b)
{
	/* squares aren't compared with decimals of roots: a root would differ from itself */
	if (a->root == b->root ||
		(a->root && !b->settled && square(walk, b, a)) || (b->root && !a->settled && square(walk, a, b)))
		return;
	smc_formula_settle(walk, a);
	smc_formula_settle(walk, b);
}

/* ---- constants -------------------------------------------------------------------- */

/* A number's text without exponent, or NULL where it isn't finite. */
static char *
plain_text(Oid type, char *text)
{
	Datum		value;

	if (strpbrk(text, "NI") != NULL)
		return NULL;
	if (smc_optable_class(type) == SMC_CLASS_INT)
		return text;
	value = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	return DatumGetCString(DirectFunctionCall1(numeric_out, value));
}

static bool
number_constant(Walk *walk, const SmcExpr *expr, Value *value)
{
	char	   *text = expr->value != NULL ? plain_text(expr->type, expr->value) : "1";
	const char *point = text != NULL ? strchr(text, '.') : NULL;
	int			scale = expr->value == NULL ? PARAMETER_SCALE : point != NULL ? (int) strlen(point + 1) : 0;
	SmcWide		wide;

	if (text == NULL || strlen(text) > CONSTANT_TEXT_MAX || scale > SMC_FORMULA_SCALE_MAX ||
		smc_wide_from_decimal(text, scale, &wide) != SMC_OK)
		return smc_formula_refuse(walk, "a constant that is too large or has too many digits");
	value->num = smc_program_constant(walk->program, &wide);
	value->scale = scale;
	value->positive = !smc_wide_is_negative(&wide);
	return true;
}

/* A date or timestamp as its integer. */
static bool
ordered_constant(Walk *walk, const SmcExpr *expr, Value *value)
{
	SmcRing128	ring = 0;
	SmcWide		wide;

	if (expr->value != NULL)
	{
		int			level = smc_modes_begin();
		Oid			input;
		Oid			ioparam;
		Datum		datum;

		getTypeInputInfo(expr->type, &input, &ioparam);
		datum = OidInputFunctionCall(input, expr->value, ioparam, -1);
		smc_modes_end(level);
		if (!smc_extreme_to_ring(datum, expr->type, &ring))
			return smc_formula_refuse(walk, "a constant of such a type");
	}
	wide = smc_wide_from_ring(ring);
	value->num = smc_program_constant(walk->program, &wide);
	value->ordered = true;
	return true;
}

/* A party's name as its place in the study: what else is a text isn't on shares. */
static bool
party_constant(Walk *walk, const SmcExpr *expr, Value *value)
{
	const SmcStudy *study = walk->build->study;

	value->num = smc_formula_integer(walk, 0);
	if (expr->is_null)
		return true;
	for (int i = 0; i < study->party_count && expr->value != NULL; i++)
	{
		if (strcmp(study->parties[i], expr->value) == 0)
		{
			value->num = smc_formula_integer(walk, i);
			return true;
		}
	}
	return smc_formula_refuse(walk, "a text that is no party's name");
}

bool
smc_formula_constant(Walk *walk, const SmcExpr *expr, Value *value)
{
	*value = smc_formula_number(expr->type, -1);
	if (expr->is_null)
		value->null = smc_program_constant_bit(walk->program, true);
	switch (smc_optable_class(expr->type))
	{
		case SMC_CLASS_BOOL:
			value->bit = smc_program_constant_bit(walk->program,
												  expr->value != NULL && expr->value[0] == 't');
			return true;
		case SMC_CLASS_INT:
		case SMC_CLASS_NUMERIC:
		case SMC_CLASS_FLOAT:
			if (!expr->is_null)
				return number_constant(walk, expr, value);
			value->num = smc_formula_integer(walk, 0);
			return true;
		case SMC_CLASS_DATE:
		case SMC_CLASS_TIMESTAMP:
		case SMC_CLASS_TIMESTAMPTZ:
			return ordered_constant(walk, expr, value);
		case SMC_CLASS_TEXT:
			return party_constant(walk, expr, value);
		default:
			return smc_formula_refuse(walk, "a value that is no number, date, boolean or party");
	}
}
