/*
 * Arithmetic in formulas: sums and products of fractions, division, rounding.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "pg/smc_formula_impl.h"

typedef SmcFormulaValue Value;
typedef SmcFormulaWalk Walk;

static SmcExpr *
arg(const SmcExpr *expr, int at)
{
	return list_nth(expr->args, at);
}

/* Make a divisor positive, handing its sign to the dividend; notes a division by zero. */
static void
prepare_division(Walk *walk, Value *a, Value *b)
{
	SmcProgram *program = walk->program;

	smc_formula_note_error(walk, smc_program_zero(program, b->num), smc_formula_or_null(walk, a->null, b->null));
	if (b->positive)
		return;
	a->num = smc_program_select(program, smc_program_negative(program, b->num),
								smc_program_negate(program, a->num), a->num);
	b->num = smc_program_absolute(program, b->num);
	a->positive = false;
	b->positive = true;
}

/* a / b, as a fraction. */
static Value
quotient(Walk *walk, Value a, Value b, Oid type)
{
	Value		value = smc_formula_number(type, smc_formula_or_null(walk, a.null, b.null));

	value.positive = a.positive && b.positive;
	value.settled = a.settled || b.settled;
	prepare_division(walk, &a, &b);
	value.num = smc_formula_times_den(walk, a.num, b.den);
	value.den = smc_formula_times_den(walk, b.num, a.den);
	value.scale = a.scale - b.scale;
	value.digits = Max(Max(a.digits, b.digits), Max(Max(a.scale, b.scale), 0));
	return value;
}

/* The integer toward zero of a fraction, times 10^digits. */
static int
truncate_fraction(Walk *walk, const Value *value, int digits)
{
	int			num;
	int			den;

	smc_formula_as_fraction(walk, value, &num, &den);
	if (digits >= 0)
		num = smc_formula_times_ten(walk, num, digits);
	else
		den = smc_formula_times_ten(walk, den, -digits);
	return smc_program_divide(walk->program, num, den);
}

/* An integer of so many digits after the point, or before it. */
static void
set_digits(Walk *walk, Value *value, int num, int digits)
{
	value->num = digits >= 0 ? num : smc_formula_times_ten(walk, num, -digits);
	value->den = -1;
	value->scale = Max(digits, 0);
	value->digits = 0;
}

bool
smc_formula_arithmetic(Walk *walk, const SmcExpr *expr, const SmcOperation *operation, const Value *args,
				int count, Value *value)
{
	SmcProgram *program = walk->program;
	Value		a = args[0];
	Value		b = count > 1 ? args[1] : args[0];

	*value = smc_formula_number(expr->type, smc_formula_or_null(walk, a.null, count > 1 ? b.null : -1));
	value->digits = Max(a.digits, b.digits);
	value->settled = a.settled || b.settled;
	if (a.num < 0 || b.num < 0 || a.ordered || b.ordered)
		return smc_formula_refuse(walk, "arithmetic on minima or maxima of floats or dates");
	if (count == 1)
	{
		bool		is_abs = strcmp(operation->sql, "abs") == 0;

		value->num = is_abs ? smc_program_absolute(program, a.num) : smc_program_negate(program, a.num);
		value->positive = is_abs;
		value->den = a.den;
		value->scale = a.scale;
		return true;
	}
	if (operation->sql[0] == '*')
	{
		value->num = smc_program_multiply(program, a.num, b.num);
		value->den = a.den < 0 ? b.den : smc_formula_times_den(walk, a.den, b.den);
		value->scale = a.scale + b.scale;
		value->positive = a.positive && b.positive;
		return true;
	}
	if (!smc_formula_align(walk, &a, &b))
		return false;
	value->num = operation->sql[0] == '+' ? smc_program_add(program, a.num, b.num) :
		smc_program_subtract(program, a.num, b.num);
	value->den = a.den;
	value->scale = a.scale;
	value->positive = operation->sql[0] == '+' && a.positive && b.positive;
	return true;
}

bool
smc_formula_division(Walk *walk, const SmcExpr *expr, const SmcOperation *operation, const Value *args, Value *value)
{
	Value		a = args[0];
	Value		b = args[1];
	Value		whole;

	if (a.num < 0 || b.num < 0 || a.ordered || b.ordered)
		return smc_formula_refuse(walk, "arithmetic on minima or maxima of floats or dates");
	*value = quotient(walk, a, b, expr->type);
	if (operation->rule != SMC_RULE_INT_DIVIDE && operation->sql[0] == '/')
		return true;

	/* toward zero; and a remainder is what is left of it */
	whole = *value;
	set_digits(walk, &whole, truncate_fraction(walk, value, 0), 0);
	if (operation->sql[0] != '%')
	{
		*value = whole;
		return true;
	}
	whole.num = smc_program_multiply(walk->program, whole.num, b.num);
	whole.den = b.den;
	whole.scale = b.scale;
	if (!smc_formula_align(walk, &a, &whole))
		return false;
	value->num = smc_program_subtract(walk->program, a.num, whole.num);
	value->den = a.den;
	value->scale = a.scale;
	value->positive = false;
	return true;
}

/* floor(value) for any sign: the dividend is made positive by a multiple of the divisor. */
static int
floor_fraction(Walk *walk, const Value *value)
{
	SmcProgram *program = walk->program;
	int			num;
	int			den;
	int			bits;
	SmcWide		lift = smc_wide_from_int(1);
	SmcWide		two = smc_wide_from_int(2);

	smc_formula_as_fraction(walk, value, &num, &den);
	bits = Max(smc_program_bits(program, num), 1);
	for (int i = 0; i < bits; i++)
		lift = smc_wide_multiply(&lift, &two);
	return smc_program_subtract(program,
								smc_program_divide_floor(program,
														 smc_program_add(program, num, smc_program_scale(program, den, &lift)),
														 den),
								smc_program_constant(program, &lift));
}

static int
sign_of(Walk *walk, const Value *value)
{
	SmcProgram *program = walk->program;
	int			negative = smc_program_from_bit(program, smc_program_negative(program, value->num));
	int			zero = smc_program_from_bit(program, smc_program_zero(program, value->num));

	/* 1 - [x = 0] - 2 [x < 0] */
	return smc_program_subtract(program,
								smc_program_subtract(program, smc_formula_integer(walk, 1), zero),
								smc_program_add(program, negative, negative));
}

bool
smc_formula_rounding(Walk *walk, const SmcExpr *expr, const SmcOperation *operation, const Value *args, Value *value)
{
	SmcProgram *program = walk->program;
	const char *sql = operation->sql;
	int			digits = 0;
	int			num;
	int			den;

	*value = args[0];
	value->type = expr->type;
	if (value->num < 0 || value->ordered)
		return smc_formula_refuse(walk, "arithmetic on minima or maxima of floats or dates");
	if (list_length(expr->args) > 1)
	{
		const SmcExpr *wanted = arg(expr, 1);

		if (wanted->kind != SMC_EXPR_CONST || wanted->is_null)
			return smc_formula_refuse(walk, "rounding to digits that aren't a constant");
		digits = wanted->value != NULL ? pg_strtoint32(wanted->value) : 0;
		if (digits < -SMC_FORMULA_SCALE_MAX || digits > SMC_FORMULA_SCALE_MAX)
			return smc_formula_refuse(walk, "rounding to so many digits");
	}
	if (strcmp(sql, "sign") == 0)
	{
		set_digits(walk, value, sign_of(walk, value), 0);
		value->positive = false;
		return true;
	}
	if (strcmp(sql, "floor") == 0 || strcmp(sql, "ceil") == 0)
	{
		Value		flipped = *value;
		bool		is_ceil = sql[0] == 'c';

		if (is_ceil)
			flipped.num = smc_program_negate(program, flipped.num);
		num = floor_fraction(walk, &flipped);
		set_digits(walk, value, is_ceil ? smc_program_negate(program, num) : num, 0);
		return true;
	}
	if (operation->rule == SMC_RULE_FLOAT_ROUND && strcmp(sql, "round") == 0)
		return smc_formula_refuse(walk, "round() of double precision, which rounds halves to even");

	/* digits that are there already need no division */
	if (value->den < 0 && value->scale >= 0 && digits >= value->scale)
	{
		set_digits(walk, value, smc_formula_times_ten(walk, value->num, digits - value->scale), digits);
		return true;
	}
	if (strcmp(sql, "trunc") == 0)
		num = truncate_fraction(walk, value, digits);
	else
	{
		smc_formula_as_fraction(walk, value, &num, &den);
		num = digits >= 0 ? smc_program_round(program, num, den, digits) :
			smc_program_round(program, num, smc_formula_times_ten(walk, den, -digits), 0);
	}
	set_digits(walk, value, num, digits);
	return true;
}

bool
smc_formula_cast(Walk *walk, const SmcExpr *expr, const Value *args, Value *value)
{
	SmcTypeClass to = smc_optable_class(expr->type);
	int			num;
	int			den;

	*value = args[0];
	value->type = expr->type;
	if (value->num < 0 || value->ordered ||
		(to != SMC_CLASS_INT && to != SMC_CLASS_NUMERIC && to != SMC_CLASS_FLOAT))
		return smc_formula_refuse(walk, "such a cast");
	if (to == SMC_CLASS_INT && (value->den >= 0 || value->scale != 0))
	{
		smc_formula_as_fraction(walk, value, &num, &den);
		set_digits(walk, value, smc_program_round(walk->program, num, den, 0), 0);
	}
	return true;
}
