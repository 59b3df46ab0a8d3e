/*
 * How large a closed expression can get.
 *
 * THE ATTACK: an error is seen by the asker, and by whose server it was made.
 * If sum(x * c) fails as soon as a party's part exceeds the ring's bound, then
 * halving c again and again finds that part to the last digit in some hundred
 * queries, none of which is answered; date + n, float overflow and float
 * underflow find single rows so.  Therefore no constant of the asker's may move
 * a limit to where a party's figures are.
 *
 * Two bounds are looked at, and one has to hold.
 *
 *   proven   by what is agreed about the columns: their types' width, numeric's
 *            precision, the options lo and hi.  Where it holds, no error is
 *            possible, up to 2^32 rows at a party.
 *
 *   modest   for columns of which nothing (or nothing useful) is agreed.  The
 *            constants together change the magnitude by no more than a factor
 *            of 2^17, and no more columns are multiplied than would fit if each
 *            were below 2^24.  A limit then stays where sums of such columns
 *            come only by themselves, and can be moved by that factor alone.
 *
 * A column by itself passes: there is nothing to choose about it.
 *
 * All magnitudes are powers of two, as doubles.
 */
#include "postgres.h"

#include <limits.h>
#include <math.h>

#include "catalog/pg_type.h"
#include "core/smc_limits.h"
#include "miscadmin.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_optable.h"

#define ROWS_BITS		32.0	/* rows of a party that are taken into account */
#define COLUMN_BITS		24.0	/* "modest": of a column */
#define GAIN_BITS		17.0	/* "modest": of all constants together */
#define FINEST_BITS		(-64.0) /* of a column's smallest value that isn't 0 */

/* Where computing ends: of float8, float4, numeric. */
#define FLOAT8_BITS		500.0
#define FLOAT4_BITS		64.0
#define FLOAT4_FINEST	(-100.0)
#define NUMERIC_BITS	10000.0

/* How many days a date may be moved in all: dates end at 4714 BC, not far from people's. */
#define SHIFT_BITS		20.0

/* What is known of a value's magnitude.  NaN counts as infinite, and makes what it is part of so. */
typedef struct Range
{
	double		proven;			/* log2 of a bound by what is agreed */
	double		modest;			/* the same, columns below 2^24, nothing made smaller; infinite by constants only */
	double		gain;			/* the same, columns below 1 */
	double		finest;			/* log2 of the smallest value that isn't 0 */
	double		slope;			/* log2 of the constants that columns in it are multiplied by */
	double		digit;			/* log2 of the last digit of the columns in it, infinite where there is none */
} Range;

static const Range nothing = {-INFINITY, -INFINITY, -INFINITY, 0, 0, INFINITY};

static const SmcExpr *
arg(const SmcExpr *expr, int at)
{
	return list_nth(expr->args, at);
}

/* log2(2^a + 2^b) */
static double
add_bits(double a, double b)
{
	double		larger = Max(a, b);
	double		smaller = Min(a, b);

	if (isinf(larger) || isinf(smaller))
		return larger;
	return larger + log2(1.0 + exp2(smaller - larger));
}

/* Zero times anything is zero, but for NaN and infinity. */
static double
multiply_bits(double a, double b)
{
	if (a == INFINITY || b == INFINITY)
		return INFINITY;
	return (a == -INFINITY || b == -INFINITY) ? -INFINITY : a + b;
}

/* log2 of a number's text; infinite where it is none, or beyond double precision. */
static double
text_bits(const char *text)
{
	const char *digits = text + strspn(text, "+-");
	const char *exponent;
	double		bits = -INFINITY;
	double		shift = 0;
	bool		fraction = false;

	if (strpbrk(text, "NIni") != NULL)
		return INFINITY;

	/* by hand: a numeric constant may have more digits than double has exponents */
	exponent = strpbrk(digits, "eE");
	for (const char *p = digits; *p != '\0' && p != exponent; p++)
	{
		if (*p == '.')
		{
			fraction = true;
			continue;
		}
		if (fraction)
			shift -= 1;
		bits = multiply_bits(bits, log2(10.0));
		if (*p != '0')
			bits = add_bits(bits, log2(*p - '0'));
	}
	if (exponent != NULL)
		shift += strtod(exponent + 1, NULL);
	return multiply_bits(bits, shift * log2(10.0));
}

/* A date's or timestamp's days from 2000, roughly; infinite for the infinities. */
static Range
date_range(const char *text)
{
	Range		range = nothing;
	double		year;

	if (text == NULL)
		return nothing;
	year = strpbrk(text, "in") != NULL ? INFINITY : strtod(text, NULL);
	if (strstr(text, "BC") != NULL)
		year = -year;
	range.proven = range.modest = log2(366.0 * (fabs(year - 2000.0) + 1.0));
	return range;
}

static Range
constant_range(const SmcExpr *expr)
{
	Range		range = nothing;
	double		bits;

	switch (smc_exprtype_class(expr))
	{
		case SMC_CLASS_DATE:
		case SMC_CLASS_TIMESTAMP:
			return date_range(expr->value);
		case SMC_CLASS_INT:
		case SMC_CLASS_NUMERIC:
		case SMC_CLASS_FLOAT:
			break;
		default:
			return nothing;
	}
	if (expr->value == NULL)
	{
		/* a parameter passes with some value: it is looked at again once it is bound */
		if (smc_expr_is_param(expr))
			range.slope = INFINITY;
		return range;
	}
	bits = text_bits(expr->value);
	range.proven = bits;
	range.modest = bits == -INFINITY ? bits : Max(bits, 0);
	range.gain = bits;
	range.slope = isinf(bits) ? 0 : bits;
	range.finest = isinf(bits) ? 0 : Min(bits, 0);
	return range;
}

/* The magnitude of a column by its type and declared range. */
static double
column_bits(const SmcColumn *column)
{
	double		bits = INFINITY;
	int			precision;
	int			scale;

	switch (column->type)
	{
		case INT2OID:
			bits = 15;
			break;
		case INT4OID:
			bits = 31;
			break;
		case INT8OID:
			bits = 63;
			break;
		case NUMERICOID:
			if (smc_study_numeric_digits(column->typmod, &precision, &scale))
				bits = (precision - scale) * log2(10.0);
			break;
		default:
			break;
	}
	if (column->lo != NULL && column->hi != NULL)
		bits = Min(bits, Max(text_bits(column->lo), text_bits(column->hi)));
	return bits;
}

static Range
column_range(const SmcColumn *column)
{
	Range		range = nothing;

	switch (smc_optable_class(column->type))
	{
		case SMC_CLASS_INT:
		case SMC_CLASS_NUMERIC:
		case SMC_CLASS_FLOAT:
			range.proven = column_bits(column);
			range.modest = Min(range.proven, COLUMN_BITS);
			range.gain = 0;
			break;
		default:
			return nothing;		/* of a date: moved by no day yet */
	}
	range.finest = smc_optable_class(column->type) == SMC_CLASS_INT ? 0 : FINEST_BITS;
	range.digit = smc_optable_class(column->type) == SMC_CLASS_FLOAT || column->scale == SMC_SCALE_NONE ?
		FINEST_BITS : -Max(column->scale, 0) * log2(10.0);
	return range;
}

/* The slope of what is made of two by adding or choosing: a constant has none. */
static double
joint_slope(Range a, Range b)
{
	if (isinf(a.digit))
		return isinf(b.digit) ? Max(a.slope, b.slope) : b.slope;
	return isinf(b.digit) ? a.slope : Min(a.slope, b.slope);
}

static Range
larger_range(Range a, Range b)
{
	a.slope = joint_slope(a, b);
	a.digit = Min(a.digit, b.digit);
	a.proven = Max(a.proven, b.proven);
	a.modest = Max(a.modest, b.modest);
	a.gain = Max(a.gain, b.gain);
	a.finest = Min(a.finest, b.finest);
	return a;
}

static Range
sum_range(Range a, Range b)
{
	a.slope = joint_slope(a, b);
	a.digit = Min(a.digit, b.digit);
	a.proven = add_bits(a.proven, b.proven);
	a.modest = add_bits(a.modest, b.modest);
	a.gain = add_bits(a.gain, b.gain);
	a.finest = Min(a.finest, b.finest);
	return a;
}

static Range
product_range(Range a, Range b)
{
	a.proven = multiply_bits(a.proven, b.proven);
	a.modest = multiply_bits(a.modest, b.modest);
	a.gain = multiply_bits(a.gain, b.gain);
	a.finest = a.finest + b.finest;
	a.slope = a.slope + b.slope;
	a.digit = Min(a.digit, b.digit);
	return a;
}

/* Divided by a constant; its remainder is bounded by both. */
static Range
quotient_range(Range a, Range divisor, bool remainder)
{
	if (a.modest == INFINITY)
		return a;
	if (remainder && divisor.proven != INFINITY)
	{
		a.proven = Min(a.proven, divisor.proven);
		a.modest = Min(a.modest, divisor.modest);
		a.finest = Min(a.finest, divisor.finest);
		return a;
	}
	if (isinf(divisor.slope))
		a.slope = INFINITY;
	if (divisor.proven == INFINITY)
	{
		/* by NaN: a sum of it fails where there is a row */
		a.proven = a.modest = a.gain = INFINITY;
		return a;
	}
	if (isinf(divisor.proven))	/* NULL, or a parameter */
		return a;
	a.proven -= divisor.proven;
	a.modest = Max(a.modest, a.modest - divisor.proven);
	a.gain -= divisor.proven;
	a.finest = Min(a.finest, a.finest - divisor.proven);
	a.slope -= divisor.proven;
	return a;
}

/* Rounding goes up by no more than one of the last digit left. */
static Range
rounded_range(const SmcExpr *expr, Range a)
{
	double		digits = 0;
	Range		unit = nothing;

	if (a.modest == INFINITY)
		return a;
	if (strcmp(smc_optable_get(expr->op)->sql, "sign") == 0)
	{
		unit.proven = unit.modest = unit.gain = 0;
		return unit;
	}
	if (list_length(expr->args) > 1 && arg(expr, 1)->value != NULL)
		digits = strtod(arg(expr, 1)->value, NULL);
	unit.proven = unit.modest = unit.gain = Max(-digits, 0) * log2(10.0);
	unit.finest = a.finest;
	return sum_range(a, unit);
}

static void
refuse(const SmcStudy *study)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("arithmetic in a query over study \"%s\" could leave the range of its type", study->name),
			 errdetail("Whether it does would depend on a party's rows, and so tell about them."),
			 errhint("Use smaller constants.")));
}

/* Raise unless a node's value is one that its type can hold. */
static void
check_node(const SmcStudy *study, const SmcExpr *expr, Range range)
{
	switch (expr->type)
	{
		case FLOAT8OID:
			if (range.modest > FLOAT8_BITS || range.gain > FLOAT8_BITS || range.finest < -FLOAT8_BITS)
				refuse(study);
			break;
		case FLOAT4OID:
			if (range.modest > FLOAT4_BITS || range.gain > FLOAT4_BITS || range.finest < FLOAT4_FINEST)
				refuse(study);
			break;
		case NUMERICOID:
			if (range.modest > NUMERIC_BITS || range.finest < -NUMERIC_BITS)
				refuse(study);
			break;
		default:
			break;
	}
}

static Range find_range(const SmcStudy *study, const SmcExpr *expr);

static Range
operation_range(const SmcStudy *study, const SmcExpr *expr, const Range *args)
{
	const SmcOperation *operation = smc_optable_get(expr->op);
	int			count = list_length(expr->args);
	Range		range = nothing;

	switch (operation->rule)
	{
		case SMC_RULE_INT:
		case SMC_RULE_NUMERIC:
		case SMC_RULE_FLOAT:
			if (count == 1)
				return args[0];
			return strcmp(operation->sql, "*") == 0 ?
				product_range(args[0], args[1]) : sum_range(args[0], args[1]);
		case SMC_RULE_INT_DIVIDE:
		case SMC_RULE_NUMERIC_DIVIDE:
		case SMC_RULE_FLOAT_DIVIDE:
			return quotient_range(args[0], args[1], strcmp(operation->sql, "%") == 0);
		case SMC_RULE_NUMERIC_ROUND:
		case SMC_RULE_FLOAT_ROUND:
			return rounded_range(expr, args[0]);
		case SMC_RULE_DATE_SHIFT:
			range = sum_range(args[0], args[1]);
			if (range.modest > SHIFT_BITS)
				refuse(study);
			return range;
		case SMC_RULE_CAST:
			if (operation->type == TIMESTAMPOID && args[0].modest > SHIFT_BITS + 4.0)
				refuse(study);
			/* a cast to integer rounds */
			range = args[0];
			if (operation->type == INT2OID || operation->type == INT4OID || operation->type == INT8OID)
				range.proven = add_bits(range.proven, 0);
			return range;
		case SMC_RULE_DATE_TRUNC:
			return args[1];
		case SMC_RULE_CASE:
			for (int i = 0; i < count; i++)
			{
				if (i % 2 == 1 || i + 1 == count)
					range = larger_range(range, args[i]);
			}
			return range;
		case SMC_RULE_COALESCE:
		case SMC_RULE_EXTREME:
			for (int i = 0; i < count; i++)
				range = larger_range(range, args[i]);
			return range;
		case SMC_RULE_NULLIF:
			return args[0];
		case SMC_RULE_LENGTH:
			range.proven = 30;
			break;
		case SMC_RULE_DATE_DIFF:
			/* infinite dates can't be subtracted */
			if (isinf(Max(args[0].modest, args[1].modest)) && Max(args[0].modest, args[1].modest) > 0)
				refuse(study);
			range.proven = 32;
			break;
		case SMC_RULE_EXTRACT:
			if (args[1].modest == INFINITY)
				return args[1];
			range.proven = 45;
			range.finest = -20;
			break;
		default:
			return nothing;		/* no number */
	}
	range.modest = Min(range.proven, COLUMN_BITS);
	range.gain = 0;
	return range;
}

static Range
find_range(const SmcStudy *study, const SmcExpr *expr)
{
	Range	   *args;
	Range		range;
	int			at = 0;
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_COLUMN)
		return column_range(&study->columns[expr->column]);
	if (expr->kind == SMC_EXPR_CONST)
		return constant_range(expr);

	check_stack_depth();
	args = palloc(Max(list_length(expr->args), 1) * sizeof(Range));
	foreach(cell, expr->args)
		args[at++] = find_range(study, lfirst(cell));
	range = operation_range(study, expr, args);
	pfree(args);
	check_node(study, expr, range);
	return range;
}

void
smc_exprrange_check(const SmcStudy *study, const SmcExpr *expr)
{
	(void) find_range(study, expr);
}

/* Of what is added up: a, or a * b. */
static Range
moment_range(const SmcStudy *study, const SmcExpr *a, const SmcExpr *b)
{
	Range		range = find_range(study, a);

	return b != NULL ? product_range(range, find_range(study, b)) : range;
}

bool
smc_exprrange_moment_fits(const SmcStudy *study, const SmcExpr *a, const SmcExpr *b, int scale, int bits)
{
	double		limit = bits - log2(SMC_PARTIES_MAX) - ROWS_BITS - scale * log2(10.0);
	Range		range;

	if (a->kind == SMC_EXPR_COLUMN && (b == NULL || b->kind == SMC_EXPR_COLUMN))
		return true;
	range = moment_range(study, a, b);
	return range.proven <= limit || (range.modest <= limit && range.gain <= GAIN_BITS);
}

int
smc_exprrange_moment_bits(const SmcStudy *study, const SmcExpr *a, const SmcExpr *b, int scale)
{
	double		bits = moment_range(study, a, b).proven + ROWS_BITS + log2(SMC_PARTIES_MAX) + scale * log2(10.0);

	if (isnan(bits) || bits > 10000.0)
		return INT_MAX;
	/* one more for what the logarithms round, and at least as many as a count has */
	return (int) ceil(Max(bits, SMC_COUNT_BITS - 1)) + 1;
}

bool
smc_exprrange_sum_fits(const SmcStudy *study, const SmcExpr *expr, int scale)
{
	/* a party's part is below 2^127 / parties, smc_ring_summable */
	return smc_exprrange_moment_fits(study, expr, NULL, scale, 127);
}

int
smc_exprrange_sum_bits(const SmcStudy *study, const SmcExpr *expr, int scale)
{
	return Min(smc_exprrange_moment_bits(study, expr, NULL, scale), 127);
}

/* Whether rounding to so many digits takes away some of what the columns in it have. */
static bool
is_coarse(const SmcStudy *study, const SmcExpr *expr, double digits)
{
	Range		range = find_range(study, expr);

	return !isinf(range.digit) && -digits * log2(10.0) > range.slope + range.digit + 0.001;
}

bool
smc_exprrange_is_step(const SmcStudy *study, const SmcExpr *expr)
{
	const SmcOperation *operation = smc_optable_get(expr->op);
	double		digits = 0;

	switch (operation->rule)
	{
		case SMC_RULE_INT:
		case SMC_RULE_NUMERIC:
		case SMC_RULE_FLOAT:
			return strcmp(operation->sql, "abs") == 0;
		case SMC_RULE_INT_DIVIDE:
		case SMC_RULE_EXTREME:
		case SMC_RULE_NULLIF:
			return true;
		case SMC_RULE_NUMERIC_DIVIDE:
		case SMC_RULE_FLOAT_DIVIDE:
			return strcmp(operation->sql, "/") != 0;
		case SMC_RULE_FLOAT_ROUND:
			return true;
		case SMC_RULE_NUMERIC_ROUND:
			if (strcmp(operation->sql, "sign") == 0)
				return true;
			if (list_length(expr->args) > 1 && arg(expr, 1)->value != NULL)
				digits = strtod(arg(expr, 1)->value, NULL);
			return is_coarse(study, arg(expr, 0), digits);
		case SMC_RULE_CAST:
			return smc_exprtype_class(expr) == SMC_CLASS_INT &&
				smc_exprtype_class(arg(expr, 0)) == SMC_CLASS_NUMERIC &&
				is_coarse(study, arg(expr, 0), 0);
		default:
			return false;
	}
}
