/*
 * From closed expressions over aggregates to programs over shares.
 *
 * Numbers are exact fractions until they are opened, or rounded by the formula
 * itself: avg(a) > avg(b) multiplies crosswise and divides nothing.  Only what
 * the output shows is then divided out, with as many digits as PostgreSQL's
 * numeric division gives, and no more is opened.  Exactness has a price in
 * fidelity: where PostgreSQL rounds a quotient and goes on computing with it,
 * the digits past the twelfth or so can differ from its own.
 *
 * NULL is a shared bit beside each value; AND and OR follow SQL's three values.
 * A division by zero is a shared bit too, the OR over all groups, so that the
 * error that it is in SQL tells no more than that it happened; CASE, COALESCE,
 * AND and OR mask what they don't get to.
 *
 * Doubles are computed as decimals, which have no overflow and lose no digits.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "pg/smc_formula_impl.h"
#include "pg/smc_model.h"
#include "pg/smc_modes.h"

typedef SmcFormulaValue Value;
typedef SmcFormulaWalk Walk;

static bool walk_node(Walk *walk, SmcExpr *expr, Value *value);

bool
smc_formula_refuse(Walk *walk, const char *why)
{
	if (walk->why == NULL)
		walk->why = why;
	return false;
}

static SmcExpr *
arg(const SmcExpr *expr, int at)
{
	return list_nth(expr->args, at);
}

/* ---- comparisons ------------------------------------------------------------------ */

/* Whether two values can be compared as they are: numbers, or integers of one order. */
static bool
check_comparable(Walk *walk, const Value *a, const Value *b)
{
	if (a->ordered != b->ordered)
		return smc_formula_refuse(walk, "a comparison of a minimum or maximum of floats with a number");
	if (a->ordered && a->type != b->type)
		return smc_formula_refuse(walk, "a comparison between dates and timestamps");
	return true;
}

/* sql is "=", "<>", "<", "<=", ">" or ">="; NULLs are the caller's. */
static bool
compare(Walk *walk, const char *sql, Value a, Value b, int *bit)
{
	SmcProgram *program = walk->program;

	if (a.bit >= 0 && b.bit >= 0)
	{
		int			differs = smc_program_xor(program, a.bit, b.bit);

		if (sql[0] != '=' && strcmp(sql, "<>") != 0)
			return smc_formula_refuse(walk, "an order of booleans");
		*bit = sql[0] == '=' ? smc_program_not(program, differs) : differs;
		return true;
	}
	if (a.num < 0 || b.num < 0)
		return smc_formula_refuse(walk, "such a comparison");
	if (!check_comparable(walk, &a, &b))
		return false;
	smc_formula_settle_for_order(walk, &a, &b);
	if (!smc_formula_align(walk, &a, &b))
		return false;
	if (strcmp(sql, "=") == 0 || strcmp(sql, "<>") == 0)
		*bit = smc_program_equal(program, a.num, b.num);
	else if (strcmp(sql, "<") == 0 || strcmp(sql, ">=") == 0)
		*bit = smc_program_less(program, a.num, b.num);
	else
		*bit = smc_program_less(program, b.num, a.num);
	if (strcmp(sql, "<>") == 0 || strcmp(sql, "<=") == 0 || strcmp(sql, ">=") == 0)
		*bit = smc_program_not(program, *bit);
	return true;
}

static bool
walk_comparison(Walk *walk, const SmcOperation *operation, const Value *args, Value *value)
{
	bool		is_distinct = strcmp(operation->name, "distinct") == 0;
	int			bit;
	int			a = args[0].null;
	int			b = args[1].null;

	if (!compare(walk, is_distinct ? "<>" : operation->sql, args[0], args[1], &bit))
		return false;
	*value = smc_formula_boolean(bit, is_distinct ? -1 : smc_formula_or_null(walk, a, b));
	if (is_distinct && (a >= 0 || b >= 0))
	{
		/* both there and different, or one of them there */
		int			one = smc_program_xor(walk->program, smc_formula_null_bit(walk, a), smc_formula_null_bit(walk, b));
		int			both = smc_program_not(walk->program, smc_formula_or_null(walk, a, b));

		value->bit = smc_program_or(walk->program, one, smc_program_and(walk->program, both, bit));
	}
	return true;
}

/* x = ANY (list), x <> ALL (list): a list with a NULL in it is never known to lack x. */
static bool
walk_in(Walk *walk, const SmcExpr *expr, Value *value)
{
	const SmcOperation *operation = smc_optable_get(expr->op);
	SmcExpr    *list = arg(expr, 1);
	Value		subject;
	Oid			element;
	Oid			input;
	Oid			ioparam;
	int16		len;
	bool		byval;
	char		align_code;
	Datum	   *items;
	bool	   *nulls;
	int			count;
	int			level;
	int			any = smc_program_constant_bit(walk->program, false);
	bool		has_null = false;
	Datum		array;

	if (!walk_node(walk, arg(expr, 0), &subject))
		return false;
	if (list->value == NULL)
		return smc_formula_refuse(walk, "a list that isn't known");
	if (!smc_optable_constant_type(list->type, &element) || !OidIsValid(element))
		return smc_formula_refuse(walk, "such a list");

	level = smc_modes_begin();
	getTypeInputInfo(list->type, &input, &ioparam);
	array = OidInputFunctionCall(input, list->value, ioparam, -1);
	smc_modes_end(level);
	get_typlenbyvalalign(element, &len, &byval, &align_code);
	deconstruct_array(DatumGetArrayTypeP(array), element, len, byval, align_code, &items, &nulls, &count);
	for (int i = 0; i < count; i++)
	{
		Value		item;
		int			bit;

		if (nulls[i])
		{
			has_null = true;
			continue;
		}
		if (!smc_formula_constant(walk, smc_expr_const(element, smc_expr_datum_text(element, items[i])), &item) ||
			!compare(walk, "=", subject, item, &bit))
			return false;
		any = smc_program_or(walk->program, any, bit);
	}
	*value = smc_formula_boolean(strncmp(operation->name, "not.", 4) == 0 ? smc_program_not(walk->program, any) : any,
								 count == 0 ? -1 : subject.null);
	if (has_null)
		value->null = smc_formula_or_null(walk, value->null, smc_program_not(walk->program, any));
	return true;
}

/* ---- logic --------------------------------------------------------------------------- */

/*
 * As PostgreSQL does it, what follows isn't looked at once the answer is clear:
 * so that count(x) > 0 AND sum(x) / count(x) > 3 is no division by zero.
 */
static bool
walk_logic(Walk *walk, const SmcExpr *expr, Value *value)
{
	SmcProgram *program = walk->program;
	const char *name = smc_optable_get(expr->op)->name;
	bool		is_and = strcmp(name, "and") == 0;
	int			outer = walk->active;
	int			yes = smc_program_constant_bit(program, is_and);
	int			no = smc_program_constant_bit(program, !is_and);
	bool		nullable = false;
	ListCell   *cell;

	if (strcmp(name, "not") == 0)
	{
		Value		operand;

		if (!walk_node(walk, arg(expr, 0), &operand))
			return false;
		*value = smc_formula_boolean(smc_program_not(program, operand.bit), operand.null);
		return true;
	}
	foreach(cell, expr->args)
	{
		Value		operand;

		if (!walk_node(walk, lfirst(cell), &operand))
			return false;
		nullable |= operand.null >= 0;
		if (is_and)
		{
			yes = smc_program_and(program, yes, smc_formula_known_true(walk, &operand));
			no = smc_program_or(program, no, smc_formula_known_false(walk, &operand));
		}
		else
		{
			yes = smc_program_or(program, yes, smc_formula_known_true(walk, &operand));
			no = smc_program_and(program, no, smc_formula_known_false(walk, &operand));
		}
		walk->active = smc_formula_and_condition(walk, outer, smc_program_not(program, is_and ? no : yes));
	}
	walk->active = outer;
	*value = smc_formula_boolean(yes, nullable ? smc_program_not(program, smc_program_or(program, yes, no)) : -1);
	return true;
}

static bool
walk_boolean_test(Walk *walk, const SmcOperation *operation, const Value *args, Value *value)
{
	const char *test = strchr(operation->name, '.') + 1;
	int			bit;

	if (strcmp(test, "true") == 0)
		bit = smc_formula_known_true(walk, &args[0]);
	else if (strcmp(test, "false") == 0)
		bit = smc_formula_known_false(walk, &args[0]);
	else						/* "null" and "unknown" */
		bit = smc_formula_null_bit(walk, args[0].null);

	/* not.null is told by its form: it tests the same bit */
	if (strncmp(operation->name, "not.", 4) == 0)
		bit = smc_program_not(walk->program, bit);
	*value = smc_formula_boolean(bit, -1);
	return true;
}

/* ---- choices --------------------------------------------------------------------------- */

/* c ? a : b, both of one class. */
static bool
choose(Walk *walk, int c, Value a, Value b, Value *value)
{
	SmcProgram *program = walk->program;

	smc_formula_settle(walk, &a);
	smc_formula_settle(walk, &b);
	*value = a;
	value->settled = a.settled || b.settled;
	value->null = smc_formula_select_null(walk, c, a.null, b.null);
	if (a.bit >= 0 && b.bit >= 0)
	{
		value->bit = smc_program_select_bit(program, c, a.bit, b.bit);
		return true;
	}
	if (a.num < 0 || b.num < 0 || a.ordered != b.ordered)
		return smc_formula_refuse(walk, "a choice between such values");
	if (a.den == b.den)
	{
		if (!smc_formula_align(walk, &a, &b))
			return false;
		value->den = a.den;
	}
	else
	{
		int			scale = Max(a.scale, b.scale);

		value->den = smc_program_select(program, c, a.den < 0 ? smc_formula_integer(walk, 1) : a.den,
										b.den < 0 ? smc_formula_integer(walk, 1) : b.den);
		if (scale - Min(a.scale, b.scale) > 2 * SMC_FORMULA_SCALE_MAX)
			return smc_formula_refuse(walk, "numbers of too different size");
		a.num = smc_formula_times_ten(walk, a.num, scale - a.scale);
		b.num = smc_formula_times_ten(walk, b.num, scale - b.scale);
		a.scale = scale;
	}
	value->num = smc_program_select(program, c, a.num, b.num);
	value->scale = a.scale;
	value->digits = Max(a.digits, b.digits);
	value->positive = a.positive && b.positive;
	return true;
}

/* A NULL of a type. */
static Value
null_value(Walk *walk, Oid type)
{
	Value		value = smc_formula_number(type, smc_program_constant_bit(walk->program, true));

	if (type == BOOLOID)
		value.bit = smc_program_constant_bit(walk->program, false);
	else
		value.num = smc_formula_integer(walk, 0);
	return value;
}

static bool
walk_case(Walk *walk, const SmcExpr *expr, Value *value)
{
	int			count = list_length(expr->args);
	int			outer = walk->active;
	int			whens = count / 2;
	int		   *conditions = palloc(whens * sizeof(int));
	Value	   *outcomes = palloc((whens + 1) * sizeof(Value));
	Value		result;

	/* in order: a later branch is taken only where no earlier one was */
	for (int i = 0; i < whens; i++)
	{
		Value		condition;
		int			before = walk->active;

		if (!walk_node(walk, arg(expr, 2 * i), &condition))
			return false;
		conditions[i] = smc_formula_known_true(walk, &condition);
		walk->active = smc_formula_and_condition(walk, before, conditions[i]);
		if (!walk_node(walk, arg(expr, 2 * i + 1), &outcomes[i]))
			return false;
		walk->active = smc_formula_and_condition(walk, before, smc_program_not(walk->program, conditions[i]));
	}
	if (count % 2 == 1)
	{
		if (!walk_node(walk, arg(expr, count - 1), &outcomes[whens]))
			return false;
	}
	else
	{
		outcomes[whens] = null_value(walk, outcomes[0].type);
		outcomes[whens].ordered = outcomes[0].ordered;
	}
	walk->active = outer;

	result = outcomes[whens];
	for (int i = whens - 1; i >= 0; i--)
	{
		if (!choose(walk, conditions[i], outcomes[i], result, &result))
			return false;
	}
	*value = result;
	return true;
}

static bool
walk_coalesce(Walk *walk, const SmcExpr *expr, Value *value)
{
	int			outer = walk->active;
	bool		ok = walk_node(walk, arg(expr, 0), value);

	for (int i = 1; ok && i < list_length(expr->args) && value->null >= 0; i++)
	{
		int			null = value->null;
		Value		next;

		walk->active = smc_formula_and_condition(walk, walk->active, null);
		ok = walk_node(walk, arg(expr, i), &next) && choose(walk, null, next, *value, value);
		if (ok && next.null < 0)
			value->null = -1;
	}
	walk->active = outer;
	return ok;
}

/* GREATEST and LEAST leave NULLs out. */
static bool
walk_extreme(Walk *walk, const SmcOperation *operation, const Value *args, int count, Value *value)
{
	const char *beats = strcmp(operation->name, "greatest") == 0 ? ">" : "<";

	*value = args[0];
	for (int i = 1; i < count; i++)
	{
		int			null_so_far = value->null;
		int			take;

		if (!compare(walk, beats, args[i], *value, &take))
			return false;
		if (null_so_far >= 0)
			take = smc_program_or(walk->program, take, null_so_far);
		if (args[i].null >= 0)
			take = smc_program_and(walk->program, take, smc_program_not(walk->program, args[i].null));
		if (!choose(walk, take, args[i], *value, value))
			return false;
		value->null = null_so_far < 0 || args[i].null < 0 ? -1 :
			smc_program_and(walk->program, null_so_far, args[i].null);
	}
	return true;
}

static bool
walk_nullif(Walk *walk, const Value *args, Value *value)
{
	int			equal;
	int			null = smc_formula_or_null(walk, args[0].null, args[1].null);

	if (!compare(walk, "=", args[0], args[1], &equal))
		return false;
	if (null >= 0)
		equal = smc_program_and(walk->program, equal, smc_program_not(walk->program, null));
	*value = args[0];
	value->null = smc_formula_or_null(walk, args[0].null, equal);
	return true;
}

/* ---- the walk --------------------------------------------------------------------------------- */

static bool
walk_operation(Walk *walk, SmcExpr *expr, Value *value)
{
	const SmcOperation *operation = smc_optable_get(expr->op);
	int			count = list_length(expr->args);
	Value	   *args;

	switch (operation->rule)
	{
		case SMC_RULE_CASE:
			return walk_case(walk, expr, value);
		case SMC_RULE_COALESCE:
			return walk_coalesce(walk, expr, value);
		case SMC_RULE_IN:
			return walk_in(walk, expr, value);
		case SMC_RULE_LOGIC:
			return walk_logic(walk, expr, value);
		case SMC_RULE_PART:
			if (!walk->build->part(walk->build->arg, arg(expr, 0)->column, smc_model_part_of(expr), value))
				return smc_formula_refuse(walk, "such a part of a model");
			return true;
		default:
			break;
	}

	args = palloc(Max(count, 1) * sizeof(Value));
	for (int i = 0; i < count; i++)
	{
		if (!walk_node(walk, arg(expr, i), &args[i]))
			return false;
		if (operation->rule != SMC_RULE_EQUAL && operation->rule != SMC_RULE_ORDER &&
			operation->rule != SMC_RULE_EXTREME)
			smc_formula_settle(walk, &args[i]);
	}
	switch (operation->rule)
	{
		case SMC_RULE_INT:
		case SMC_RULE_NUMERIC:
		case SMC_RULE_FLOAT:
			return smc_formula_arithmetic(walk, expr, operation, args, count, value);
		case SMC_RULE_INT_DIVIDE:
		case SMC_RULE_NUMERIC_DIVIDE:
		case SMC_RULE_FLOAT_DIVIDE:
			return smc_formula_division(walk, expr, operation, args, value);
		case SMC_RULE_NUMERIC_ROUND:
		case SMC_RULE_FLOAT_ROUND:
			return smc_formula_rounding(walk, expr, operation, args, value);
		case SMC_RULE_CAST:
			return smc_formula_cast(walk, expr, args, value);
		case SMC_RULE_EQUAL:
		case SMC_RULE_ORDER:
			return walk_comparison(walk, operation, args, value);
		case SMC_RULE_NULL_TEST:
		case SMC_RULE_BOOL_TEST:
			return walk_boolean_test(walk, operation, args, value);
		case SMC_RULE_EXTREME:
			return walk_extreme(walk, operation, args, count, value);
		case SMC_RULE_NULLIF:
			return walk_nullif(walk, args, value);
		case SMC_RULE_DATE_DIFF:
			*value = smc_formula_number(INT4OID, smc_formula_or_null(walk, args[0].null, args[1].null));
			value->num = smc_program_subtract(walk->program, args[0].num, args[1].num);
			return true;
		default:
			return smc_formula_refuse(walk, psprintf("\"%s\"", operation->sql));
	}
}

static bool
walk_node(Walk *walk, SmcExpr *expr, Value *value)
{
	check_stack_depth();
	switch (expr->kind)
	{
		case SMC_EXPR_CONST:
			return smc_formula_constant(walk, expr, value);
		case SMC_EXPR_AGG:
			if (!walk->build->leaf(walk->build->arg, expr->column, value))
				return smc_formula_refuse(walk, "such an aggregate");
			return true;
		case SMC_EXPR_SECRET:
			if (walk->build->secret == NULL ||
				!walk->build->secret(walk->build->arg, expr->column, value))
				return smc_formula_refuse(walk, "such a secret");
			return true;
		case SMC_EXPR_COLUMN:
			return smc_formula_refuse(walk, "a column outside an aggregate");
		case SMC_EXPR_OP:
			break;
	}
	return walk_operation(walk, expr, value);
}

const char *
smc_formula_build(SmcFormulaBuild *build, SmcExpr *expr, SmcFormulaValue *value)
{
	Walk		walk = {build, build->program, build->active, NULL};

	if (!walk_node(&walk, expr, value))
		return walk.why;
	if (smc_program_status(build->program) == SMC_ERR_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	if (smc_program_status(build->program) == SMC_ERR_RANGE)
		return "numbers of more digits than the ring has";
	return smc_program_status(build->program) == SMC_OK ? NULL : "an expression of that size";
}

int
smc_formula_is_true(SmcFormulaBuild *build, const SmcFormulaValue *value)
{
	Walk		walk = {build, build->program, -1, NULL};

	return smc_formula_known_true(&walk, value);
}

/*
 * A root as it is opened: of a numeric with the digits of what it is the root of,
 * as PostgreSQL computes it; of a float with 17 significant ones at least.
 */
static void
root_result(Walk *walk, const Value *root, int *value, int *digits)
{
	static const SmcRootDigits of_float = {20, 0, 1, 7};
	SmcRootDigits of_numeric = {16, root->digits, 2, 0};

	smc_program_quotient_root(walk->program, root->num, root->den, -root->scale,
							  smc_optable_class(root->type) == SMC_CLASS_FLOAT ? &of_float : &of_numeric,
							  value, digits);
}

void
smc_formula_result(SmcFormulaBuild *build, const SmcFormulaValue *formula, int *value, int *digits, int *scale)
{
	Walk		walk = {build, build->program, -1, NULL};

	*digits = -1;
	*scale = 0;
	if (formula->bit >= 0)
		*value = formula->bit;
	else if (formula->root)
		root_result(&walk, formula, value, digits);
	else if (formula->den < 0)
	{
		*value = formula->scale >= 0 ? formula->num : smc_formula_times_ten(&walk, formula->num, -formula->scale);
		*scale = Max(formula->scale, 0);
	}
	else
		smc_program_quotient(build->program, formula->num, formula->den, -formula->scale,
							 smc_optable_class(formula->type) == SMC_CLASS_FLOAT ? 0 : formula->digits,
							 value, digits);
}

bool
smc_formula_is_mere_cast(const SmcExpr *expr)
{
	if (expr->kind == SMC_EXPR_AGG)
		return true;
	return expr->kind == SMC_EXPR_OP && smc_optable_get(expr->op)->rule == SMC_RULE_CAST &&
		smc_optable_class(smc_optable_get(expr->op)->type) != SMC_CLASS_INT &&
		smc_formula_is_mere_cast(linitial(expr->args));
}
