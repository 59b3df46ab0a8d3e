/*
 * The rules of types: which arguments an operation takes, and what comes out.
 *
 * A tree that passes here becomes SQL that every PostgreSQL resolves to the
 * same built-in operators, since every constant is written with its type and
 * every operator with its schema.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/smc_exprtype.h"

#define BITS_UNBOUNDED	100000	/* of an integer that was a numeric */
#define BITS_INT8		62		/* what int8 arithmetic takes without any care for signs */

static SmcExpr *
arg(const SmcExpr *expr, int at)
{
	return list_nth(expr->args, at);
}

SmcTypeClass
smc_exprtype_class(const SmcExpr *expr)
{
	return smc_optable_class(expr->type);
}

/* Whether a CASE's argument is an outcome, not a condition. */
static bool
is_outcome(const SmcExpr *expr, int at)
{
	return at % 2 == 1 || at + 1 == list_length(expr->args);
}

/*
 * Type rules
 */

/* Whether there is an aggregate in it, or a secret. */
static bool
is_over_aggregates(const SmcExpr *expr)
{
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_AGG || expr->kind == SMC_EXPR_SECRET)
		return true;
	foreach(cell, expr->args)
	{
		if (is_over_aggregates(lfirst(cell)))
			return true;
	}
	return false;
}

/* Whether values of the two types can be compared by an immutable operator. */
static bool
comparable(Oid a, Oid b)
{
	SmcTypeClass class_a = smc_optable_class(a);
	SmcTypeClass class_b = smc_optable_class(b);

	switch (class_a)
	{
		case SMC_CLASS_OTHER:
		case SMC_CLASS_ARRAY:
			return false;
		case SMC_CLASS_ENUM:
			return a == b && a != ANYENUMOID;
		case SMC_CLASS_DATE:
		case SMC_CLASS_TIMESTAMP:
			return class_b == SMC_CLASS_DATE || class_b == SMC_CLASS_TIMESTAMP;
		default:
			return class_a == class_b;
	}
}

static bool
has_order(SmcTypeClass class)
{
	return class == SMC_CLASS_INT || class == SMC_CLASS_NUMERIC || class == SMC_CLASS_FLOAT ||
		class == SMC_CLASS_DATE || class == SMC_CLASS_TIMESTAMP || class == SMC_CLASS_TIMESTAMPTZ;
}

/* The wider of two types of one class; InvalidOid when the classes differ. */
static Oid
wider(Oid a, Oid b)
{
	SmcTypeClass class = smc_optable_class(a);

	if (a == b)
		return a;
	if (class != smc_optable_class(b))
		return InvalidOid;
	switch (class)
	{
		case SMC_CLASS_INT:
			return (a == INT8OID || b == INT8OID) ? INT8OID : INT4OID;
		case SMC_CLASS_FLOAT:
			return FLOAT8OID;
		case SMC_CLASS_TEXT:
			return TEXTOID;
		default:
			return InvalidOid;
	}
}

/* Give an enum constant, or list of them, the type of what it is compared with. */
static void
adopt_enum(SmcExpr *constant, Oid type)
{
	if (constant->kind != SMC_EXPR_CONST || !type_is_enum(type))
		return;
	if (constant->type == ANYENUMOID)
		constant->type = type;
	else if (constant->type == ANYARRAYOID)
		constant->type = get_array_type(type);
	else
		return;
	if (constant->value != NULL)
		smc_expr_check_constant(constant->type, constant->value);
}

/* Whether all arguments are of a class. */
static bool
all_of_class(const SmcExpr *expr, SmcTypeClass class)
{
	ListCell   *cell;

	foreach(cell, expr->args)
	{
		if (smc_exprtype_class(lfirst(cell)) != class)
			return false;
	}
	return true;
}

/* The common type of the arguments (of CASE, the outcomes); InvalidOid when none. */
static Oid
common_type(const SmcExpr *expr)
{
	bool		is_case = smc_optable_get(expr->op)->rule == SMC_RULE_CASE;
	Oid			type = InvalidOid;

	for (int i = 0; i < list_length(expr->args); i++)
	{
		SmcTypeClass class = smc_exprtype_class(arg(expr, i));

		if (is_case && !is_outcome(expr, i))
			continue;
		if (class == SMC_CLASS_OTHER || class == SMC_CLASS_ENUM || class == SMC_CLASS_ARRAY)
			return InvalidOid;
		type = OidIsValid(type) ? wider(type, arg(expr, i)->type) : arg(expr, i)->type;
		if (!OidIsValid(type))
			return InvalidOid;
	}
	return type;
}

/*
 * Raise unless a divisor is a constant other than 0.  A parameter is looked at
 * once it has a value.  Over aggregates anything divides (pg/smc_formula.c).
 */
static bool
check_divisor(const SmcStudy *study, const SmcExpr *expr)
{
	if (is_over_aggregates(expr))
		return true;
	if (expr->kind != SMC_EXPR_CONST)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("division over study \"%s\" is possible only by a constant", study->name),
				 errdetail("Division by a column could fail on some rows, and so reveal them.")));

	/* canonical text: a digit other than 0 anywhere, NaN or Infinity isn't zero */
	if (expr->value != NULL && strpbrk(expr->value, "123456789NI") == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("division by zero")));
	return true;
}

/* Raise unless a pattern is a constant that LIKE can't stumble over. */
static bool
check_pattern(const SmcStudy *study, const SmcExpr *expr)
{
	int			backslashes = 0;

	if (expr->kind != SMC_EXPR_CONST)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("LIKE over study \"%s\" is possible only with a constant pattern", study->name)));
	if (expr->value == NULL)
		return true;
	for (const char *end = expr->value + strlen(expr->value);
		 end > expr->value && end[-1] == '\\'; end--)
		backslashes++;
	if (backslashes % 2 == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ESCAPE_SEQUENCE),
				 errmsg("LIKE pattern must not end with escape character")));
	return true;
}

typedef struct Field
{
	const char *name;
	bool		of_date;		/* extract() takes it of a date */
	bool		truncates;		/* date_trunc() takes it */
	int			scale;			/* of extract() from a timestamp */
} Field;

static const Field fields[] = {
	{"century", true, true, 0}, {"day", true, true, 0}, {"decade", true, true, 0},
	{"dow", true, false, 0}, {"doy", true, false, 0}, {"epoch", true, false, 6},
	{"hour", false, true, 0}, {"isodow", true, false, 0}, {"isoyear", true, false, 0},
	{"julian", true, false, SMC_SCALE_NONE}, {"microseconds", false, true, 0},
	{"millennium", true, true, 0}, {"milliseconds", false, true, 3},
	{"minute", false, true, 0}, {"month", true, true, 0}, {"quarter", true, true, 0},
	{"second", false, true, 6}, {"week", true, true, 0}, {"year", true, true, 0}
};

static const Field *
find_field(const char *name)
{
	for (int i = 0; i < lengthof(fields); i++)
	{
		if (pg_strcasecmp(fields[i].name, name) == 0)
			return &fields[i];
	}
	return NULL;
}

/* Raise unless a field is a constant that the function takes of the type. */
static bool
check_field(const SmcStudy *study, const SmcExpr *expr, SmcTypeClass of, bool truncates)
{
	const Field *field;

	if (expr->kind != SMC_EXPR_CONST || expr->is_null)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the field of extract() or date_trunc() over study \"%s\" must be a constant",
						study->name)));
	if (expr->value == NULL)
		return true;
	field = find_field(expr->value);
	if (field == NULL || (truncates && !field->truncates) ||
		(of == SMC_CLASS_DATE && !field->of_date))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("field \"%s\" is not one that smc can compute jointly of %s",
						expr->value, of == SMC_CLASS_DATE ? "date" : "timestamp without time zone")));
	return true;
}

/* Whether a cast's source fits its target. */
static bool
cast_fits(SmcTypeClass from, SmcTypeClass to)
{
	switch (to)
	{
		case SMC_CLASS_INT:
			return from == SMC_CLASS_INT || from == SMC_CLASS_NUMERIC;
		case SMC_CLASS_NUMERIC:
			return from == SMC_CLASS_INT;
		case SMC_CLASS_FLOAT:
			return from == SMC_CLASS_INT || from == SMC_CLASS_NUMERIC || from == SMC_CLASS_FLOAT;
		case SMC_CLASS_TEXT:
			return from == SMC_CLASS_BPCHAR;
		case SMC_CLASS_BPCHAR:
			return from == SMC_CLASS_TEXT;
		case SMC_CLASS_DATE:
			return from == SMC_CLASS_TIMESTAMP;
		case SMC_CLASS_TIMESTAMP:
			return from == SMC_CLASS_DATE;
		default:
			return false;
	}
}

static bool
is_of_numbers(const SmcExpr *expr)
{
	for (int i = 0; i < list_length(expr->args); i++)
	{
		SmcTypeClass class = smc_exprtype_class(arg(expr, i));

		if (class != SMC_CLASS_INT && class != SMC_CLASS_NUMERIC && class != SMC_CLASS_FLOAT)
			return false;
	}
	return true;
}

/* The type of an operation whose arguments have theirs; InvalidOid when they don't fit. */
static Oid
operation_type(const SmcStudy *study, SmcExpr *expr)
{
	const SmcOperation *operation = smc_optable_get(expr->op);
	SmcExpr    *first = arg(expr, 0);
	SmcExpr    *second = list_length(expr->args) > 1 ? arg(expr, 1) : NULL;
	SmcTypeClass class = smc_exprtype_class(first);
	SmcTypeClass other = second != NULL ? smc_exprtype_class(second) : SMC_CLASS_OTHER;
	Oid			element;

	switch (operation->rule)
	{
		case SMC_RULE_INT:
			return all_of_class(expr, SMC_CLASS_INT) ? common_type(expr) : InvalidOid;
		case SMC_RULE_INT_DIVIDE:
			return all_of_class(expr, SMC_CLASS_INT) && check_divisor(study, second) ?
				common_type(expr) : InvalidOid;
		case SMC_RULE_NUMERIC:
			return all_of_class(expr, SMC_CLASS_NUMERIC) ? NUMERICOID : InvalidOid;
		case SMC_RULE_NUMERIC_DIVIDE:
			return all_of_class(expr, SMC_CLASS_NUMERIC) && check_divisor(study, second) ?
				NUMERICOID : InvalidOid;
		case SMC_RULE_NUMERIC_ROUND:
			if (second != NULL &&
				(second->kind != SMC_EXPR_CONST || other != SMC_CLASS_INT || second->type == INT8OID))
				return InvalidOid;
			return class == SMC_CLASS_NUMERIC ? NUMERICOID : InvalidOid;
		case SMC_RULE_FLOAT:
			return all_of_class(expr, SMC_CLASS_FLOAT) ? common_type(expr) : InvalidOid;
		case SMC_RULE_FLOAT_DIVIDE:
			return all_of_class(expr, SMC_CLASS_FLOAT) && check_divisor(study, second) ?
				common_type(expr) : InvalidOid;
		case SMC_RULE_FLOAT_ROUND:
			return class == SMC_CLASS_FLOAT ? FLOAT8OID : InvalidOid;
		case SMC_RULE_CAST:
			return cast_fits(class, smc_optable_class(operation->type)) ? operation->type : InvalidOid;

		case SMC_RULE_EQUAL:
			adopt_enum(first, second->type);
			adopt_enum(second, first->type);
			return comparable(first->type, second->type) ? BOOLOID : InvalidOid;
		case SMC_RULE_ORDER:
			return has_order(class) && comparable(first->type, second->type) ? BOOLOID : InvalidOid;
		case SMC_RULE_ORDER_TEXT:
			return all_of_class(expr, SMC_CLASS_TEXT) ? BOOLOID : InvalidOid;
		case SMC_RULE_IN:
			adopt_enum(second, first->type);
			if (second->kind != SMC_EXPR_CONST ||
				!smc_optable_constant_type(second->type, &element) || !OidIsValid(element))
				return InvalidOid;
			return comparable(first->type, element) ? BOOLOID : InvalidOid;

		case SMC_RULE_LOGIC:
		case SMC_RULE_BOOL_TEST:
			return all_of_class(expr, SMC_CLASS_BOOL) ? BOOLOID : InvalidOid;
		case SMC_RULE_NULL_TEST:
			return first->type != ANYENUMOID && first->type != ANYARRAYOID ? BOOLOID : InvalidOid;
		case SMC_RULE_CASE:
			for (int i = 0; i < list_length(expr->args); i++)
			{
				if (!is_outcome(expr, i) && arg(expr, i)->type != BOOLOID)
					return InvalidOid;
			}
			return common_type(expr);
		case SMC_RULE_COALESCE:
			return common_type(expr);
		case SMC_RULE_EXTREME:
			return has_order(class) ? common_type(expr) : InvalidOid;
		case SMC_RULE_NULLIF:
			return OidIsValid(common_type(expr)) ? first->type : InvalidOid;

		case SMC_RULE_LIKE:
			return (class == SMC_CLASS_TEXT || class == SMC_CLASS_BPCHAR) && other == SMC_CLASS_TEXT &&
				check_pattern(study, second) ? BOOLOID : InvalidOid;
		case SMC_RULE_STARTS_WITH:
			return all_of_class(expr, SMC_CLASS_TEXT) ? BOOLOID : InvalidOid;
		case SMC_RULE_TEXT:
		case SMC_RULE_CONCAT:
			return all_of_class(expr, SMC_CLASS_TEXT) ? TEXTOID : InvalidOid;
		case SMC_RULE_LENGTH:
			return class == SMC_CLASS_TEXT || class == SMC_CLASS_BPCHAR ? INT4OID : InvalidOid;

		case SMC_RULE_DATE_DIFF:
			return all_of_class(expr, SMC_CLASS_DATE) ? INT4OID : InvalidOid;
		case SMC_RULE_DATE_SHIFT:
			return class == SMC_CLASS_DATE && second->kind == SMC_EXPR_CONST &&
				other == SMC_CLASS_INT && second->type != INT8OID ? DATEOID : InvalidOid;
		case SMC_RULE_EXTRACT:
			if (class != SMC_CLASS_TEXT ||
				!(other == SMC_CLASS_TIMESTAMP ||
				  (other == SMC_CLASS_DATE && operation->type == NUMERICOID)))
				return InvalidOid;
			return check_field(study, first, other, false) ? operation->type : InvalidOid;
		case SMC_RULE_DATE_TRUNC:
			return class == SMC_CLASS_TEXT && other == SMC_CLASS_TIMESTAMP &&
				check_field(study, first, other, true) ? TIMESTAMPOID : InvalidOid;
		case SMC_RULE_PART:
			return first->kind == SMC_EXPR_AGG && type_is_rowtype(first->type) &&
				(second == NULL || (second->kind == SMC_EXPR_CONST && second->type == INT4OID && second->value != NULL)) ?
				operation->type : InvalidOid;
		case SMC_RULE_ROW:
			return is_of_numbers(expr) ? RECORDOID : InvalidOid;
	}
	return InvalidOid;
}

/* Raise: the arguments aren't what the operation takes. */
static void
refuse_types(const SmcStudy *study, const SmcExpr *expr)
{
	StringInfoData types;
	ListCell   *cell;

	initStringInfo(&types);
	foreach(cell, expr->args)
		appendStringInfo(&types, "%s%s", types.len > 0 ? ", " : "",
						 format_type_be(((SmcExpr *) lfirst(cell))->type));
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("\"%s\" over study \"%s\" can't be computed jointly for arguments of type %s",
					smc_optable_get(expr->op)->name, study->name, types.data)));
}

static void
resolve(const SmcStudy *study, SmcExpr *expr, int depth)
{
	const SmcOperation *operation;
	ListCell   *cell;
	Oid			element;

	if (depth > SMC_EXPR_DEPTH_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an expression over study \"%s\" is nested more than %d levels deep",
						study->name, SMC_EXPR_DEPTH_MAX)));

	switch (expr->kind)
	{
		case SMC_EXPR_COLUMN:
			if (expr->column < 0 || expr->column >= study->column_count)
				ereport(ERROR,
						(errcode(ERRCODE_PROTOCOL_VIOLATION),
						 errmsg("study \"%s\" has no column number %d", study->name, expr->column)));
			expr->type = study->columns[expr->column].type;
			return;

		case SMC_EXPR_CONST:
			if (!smc_optable_constant_type(expr->type, &element))
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("a constant of type %s is not one that smc can send",
								format_type_be(expr->type))));
			if (expr->value != NULL && expr->type != ANYENUMOID && expr->type != ANYARRAYOID)
				smc_expr_check_constant(expr->type, expr->value);
			return;

		case SMC_EXPR_OP:
			operation = smc_optable_get(expr->op);
			if (list_length(expr->args) < operation->min_args ||
				list_length(expr->args) > operation->max_args)
				ereport(ERROR,
						(errcode(ERRCODE_PROTOCOL_VIOLATION),
						 errmsg("operation \"%s\" does not take %d arguments",
								operation->name, list_length(expr->args))));
			foreach(cell, expr->args)
				resolve(study, lfirst(cell), depth + 1);
			expr->type = operation_type(study, expr);
			if (!OidIsValid(expr->type))
				refuse_types(study, expr);
			return;

		case SMC_EXPR_AGG:
		case SMC_EXPR_SECRET:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("an aggregate or a secret inside an aggregate over study \"%s\"", study->name)));
}

void
smc_exprtype_resolve(const SmcStudy *study, SmcExpr *expr)
{
	check_stack_depth();
	resolve(study, expr, 1);
	if (expr->type == ANYENUMOID || smc_exprtype_class(expr) == SMC_CLASS_ARRAY)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a constant over study \"%s\" stands where no value of its type can",
						study->name)));
}

/* Whether an operation has a place over aggregates. */
static bool
is_formula_rule(SmcOpRule rule)
{
	switch (rule)
	{
		case SMC_RULE_INT:
		case SMC_RULE_INT_DIVIDE:
		case SMC_RULE_NUMERIC:
		case SMC_RULE_NUMERIC_DIVIDE:
		case SMC_RULE_NUMERIC_ROUND:
		case SMC_RULE_FLOAT:
		case SMC_RULE_FLOAT_DIVIDE:
		case SMC_RULE_FLOAT_ROUND:
		case SMC_RULE_CAST:
		case SMC_RULE_EQUAL:
		case SMC_RULE_ORDER:
		case SMC_RULE_IN:
		case SMC_RULE_LOGIC:
		case SMC_RULE_NULL_TEST:
		case SMC_RULE_BOOL_TEST:
		case SMC_RULE_CASE:
		case SMC_RULE_COALESCE:
		case SMC_RULE_EXTREME:
		case SMC_RULE_NULLIF:
		case SMC_RULE_DATE_DIFF:
		case SMC_RULE_PART:
			return true;
		default:
			return false;
	}
}

/*
 * A kept float taken as the decimal that it is on shares.  Of rows there is no
 * such cast: it fails for a NaN, which on shares there is none of.
 */
static bool
is_decimal_cast(const SmcExpr *expr)
{
	return smc_optable_get(expr->op)->rule == SMC_RULE_CAST && smc_optable_get(expr->op)->type == NUMERICOID &&
		arg(expr, 0)->kind == SMC_EXPR_SECRET && smc_exprtype_class(arg(expr, 0)) == SMC_CLASS_FLOAT;
}

static bool
resolve_formula(const SmcStudy *study, SmcExpr *expr, const Oid *agg_types, int agg_count, int depth)
{
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_COLUMN)
		return false;
	if (expr->kind == SMC_EXPR_AGG)
	{
		if (expr->column < 0 || expr->column >= agg_count)
			return false;
		expr->type = agg_types[expr->column];
		return true;
	}
	if (expr->kind == SMC_EXPR_SECRET)
		return OidIsValid(expr->type);	/* set by smc_query_check */
	if (expr->kind == SMC_EXPR_CONST)
	{
		resolve(study, expr, depth);
		return true;
	}
	if (depth > SMC_EXPR_DEPTH_MAX || !is_formula_rule(smc_optable_get(expr->op)->rule) ||
		list_length(expr->args) < smc_optable_get(expr->op)->min_args ||
		list_length(expr->args) > smc_optable_get(expr->op)->max_args)
		return false;
	foreach(cell, expr->args)
	{
		if (!resolve_formula(study, lfirst(cell), agg_types, agg_count, depth + 1))
			return false;
	}
	if (is_decimal_cast(expr))
		expr->type = NUMERICOID;
	else
		expr->type = operation_type(study, expr);
	return OidIsValid(expr->type);
}

bool
smc_exprtype_resolve_formula(const SmcStudy *study, SmcExpr *expr, const Oid *agg_types, int agg_count)
{
	check_stack_depth();
	return resolve_formula(study, expr, agg_types, agg_count, 1) && expr->type != ANYENUMOID;
}

/*
 * What follows is asked of resolved trees
 */

/* A bound on an integer: |value| <= 2^bits. */
static int
integer_bits(const SmcExpr *expr)
{
	const SmcOperation *operation;
	int			bits = 0;
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_CONST && expr->value != NULL)
	{
		int64		value = pg_strtoint64(expr->value);

		while (bits < 63 && (value > ((int64) 1 << bits) || value < -((int64) 1 << bits)))
			bits++;
		return bits;
	}
	if (expr->kind != SMC_EXPR_OP)
		return expr->type == INT2OID ? 15 : expr->type == INT4OID ? 31 : 63;

	operation = smc_optable_get(expr->op);
	switch (operation->rule)
	{
		case SMC_RULE_CAST:
			return smc_exprtype_class(arg(expr, 0)) == SMC_CLASS_INT ?
				integer_bits(arg(expr, 0)) : BITS_UNBOUNDED;
		case SMC_RULE_INT:
			foreach(cell, expr->args)
			{
				int			more = integer_bits(lfirst(cell));

				bits = strcmp(operation->sql, "*") == 0 ? bits + more : Max(bits, more);
			}
			if (list_length(expr->args) > 1 && strcmp(operation->sql, "*") != 0)
				bits++;
			return Min(bits, BITS_UNBOUNDED);
		case SMC_RULE_INT_DIVIDE:
			return integer_bits(arg(expr, 0));
		case SMC_RULE_CASE:
		case SMC_RULE_COALESCE:
		case SMC_RULE_EXTREME:
		case SMC_RULE_NULLIF:
			for (int i = 0; i < list_length(expr->args); i++)
			{
				if (operation->rule != SMC_RULE_CASE || is_outcome(expr, i))
					bits = Max(bits, integer_bits(arg(expr, i)));
			}
			return bits;
		default:
			return 32;			/* a length, or days between dates */
	}
}

/* The SQL type of a choice among arguments: wide enough for each. */
static Oid
choice_sql_type(const SmcStudy *study, const SmcExpr *expr)
{
	bool		is_case = smc_optable_get(expr->op)->rule == SMC_RULE_CASE;
	SmcTypeClass class = smc_exprtype_class(expr);
	Oid			type = InvalidOid;

	if (class == SMC_CLASS_TEXT)
		return TEXTOID;
	if (class != SMC_CLASS_INT && class != SMC_CLASS_FLOAT)
		return expr->type;

	for (int i = 0; i < list_length(expr->args); i++)
	{
		Oid			next;

		if (is_case && !is_outcome(expr, i))
			continue;
		next = smc_exprtype_sql_type(study, arg(expr, i));
		if (!OidIsValid(type) || type == next)
			type = next;
		else if (type == NUMERICOID || next == NUMERICOID)
			type = NUMERICOID;
		else
			type = class == SMC_CLASS_FLOAT ? FLOAT8OID : INT8OID;
	}
	return type;
}

Oid
smc_exprtype_sql_type(const SmcStudy *study, const SmcExpr *expr)
{
	const SmcOperation *operation;
	ListCell   *cell;

	if (expr->kind != SMC_EXPR_OP)
		return expr->type;

	operation = smc_optable_get(expr->op);
	switch (operation->rule)
	{
		case SMC_RULE_INT:
		case SMC_RULE_INT_DIVIDE:
			foreach(cell, expr->args)
			{
				if (integer_bits(lfirst(cell)) > BITS_INT8)
					return NUMERICOID;
			}
			return integer_bits(expr) > BITS_INT8 ? NUMERICOID : INT8OID;
		case SMC_RULE_FLOAT:
		case SMC_RULE_FLOAT_DIVIDE:
		case SMC_RULE_FLOAT_ROUND:
			return FLOAT8OID;
		case SMC_RULE_CAST:
			/* widening and narrowing of integers change no value, so they are not written at all */
			if (smc_exprtype_class(expr) == SMC_CLASS_INT)
				return smc_exprtype_sql_type(study, arg(expr, 0));
			return expr->type;
		case SMC_RULE_CASE:
		case SMC_RULE_COALESCE:
		case SMC_RULE_EXTREME:
		case SMC_RULE_NULLIF:
			return choice_sql_type(study, expr);
		default:
			return expr->type;
	}
}

/* Digits after the point of a numeric constant's text. */
static int
constant_scale(const SmcExpr *expr)
{
	const char *point;

	if (expr->value == NULL)
		return 0;
	point = strchr(expr->value, '.');
	return point != NULL ? (int) strlen(point + 1) : 0;
}

/* The digits that round(x, k) and trunc(x, k) leave. */
static int
rounded_scale(const SmcExpr *expr)
{
	const SmcExpr *digits;

	if (list_length(expr->args) < 2)
		return 0;
	digits = arg(expr, 1);
	if (digits->value == NULL)
		return 0;
	return Max(0, pg_strtoint32(digits->value));
}

int
smc_exprtype_scale(const SmcStudy *study, const SmcExpr *expr)
{
	const SmcOperation *operation;
	const Field *field;
	int			scale = 0;

	if (smc_exprtype_class(expr) == SMC_CLASS_INT)
		return 0;
	if (smc_exprtype_class(expr) != SMC_CLASS_NUMERIC)
		return SMC_SCALE_NONE;
	if (expr->kind == SMC_EXPR_COLUMN)
		return study->columns[expr->column].scale;
	if (expr->kind == SMC_EXPR_CONST)
		return constant_scale(expr);

	operation = smc_optable_get(expr->op);
	switch (operation->rule)
	{
		case SMC_RULE_NUMERIC_ROUND:
			return rounded_scale(expr);
		case SMC_RULE_NUMERIC_DIVIDE:
			if (strcmp(operation->sql, "/") == 0)
				return SMC_SCALE_NONE;
			if (strcmp(operation->sql, "div") == 0)
				return 0;
			break;				/* a remainder has the digits of both */
		case SMC_RULE_EXTRACT:
			if (arg(expr, 0)->value == NULL)
				return 0;
			if (smc_exprtype_class(arg(expr, 1)) == SMC_CLASS_DATE)
				return 0;
			field = find_field(arg(expr, 0)->value);
			return field != NULL ? field->scale : SMC_SCALE_NONE;
		case SMC_RULE_CAST:
			return 0;			/* only integers are cast to numeric */
		default:
			break;
	}

	for (int i = 0; i < list_length(expr->args); i++)
	{
		int			next;

		if (operation->rule == SMC_RULE_CASE && !is_outcome(expr, i))
			continue;
		next = smc_exprtype_scale(study, arg(expr, i));
		if (next == SMC_SCALE_NONE)
			return SMC_SCALE_NONE;
		if (operation->rule == SMC_RULE_NUMERIC && strcmp(operation->sql, "*") == 0)
			scale = Min(scale + next, BITS_UNBOUNDED);
		else
			scale = Max(scale, next);
	}
	return scale;
}

/* The most digits that a float column under expr declares, SMC_SCALE_NONE when there is no such column. */
static int
declared_float_scale(const SmcStudy *study, const SmcExpr *expr)
{
	int			scale = SMC_SCALE_NONE;
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_COLUMN && smc_exprtype_class(expr) == SMC_CLASS_FLOAT)
	{
		scale = study->columns[expr->column].scale;
		return scale == SMC_SCALE_NONE ? SMC_FLOAT_SCALE : scale;
	}
	foreach(cell, expr->args)
	{
		int			next = declared_float_scale(study, lfirst(cell));

		scale = Max(scale, next);
	}
	return scale;
}

int
smc_exprtype_float_scale(const SmcStudy *study, const SmcExpr *expr)
{
	int			scale = declared_float_scale(study, expr);

	return scale == SMC_SCALE_NONE ? SMC_FLOAT_SCALE : scale;
}

bool
smc_exprtype_nullable(const SmcStudy *study, const SmcExpr *expr)
{
	const SmcOperation *operation;
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_COLUMN)
		return !study->columns[expr->column].not_null;
	if (expr->kind == SMC_EXPR_CONST)
		return expr->value == NULL;
	if (expr->kind != SMC_EXPR_OP)
		return true;

	operation = smc_optable_get(expr->op);
	switch (operation->rule)
	{
		case SMC_RULE_NULL_TEST:
		case SMC_RULE_BOOL_TEST:
			return false;
		case SMC_RULE_NULLIF:
		case SMC_RULE_IN:		/* the list may hold a null */
		case SMC_RULE_EXTRACT:	/* of infinity */
			return true;
		case SMC_RULE_COALESCE:
		case SMC_RULE_EXTREME:
			foreach(cell, expr->args)
			{
				if (!smc_exprtype_nullable(study, lfirst(cell)))
					return false;
			}
			return true;
		case SMC_RULE_CASE:
			if (list_length(expr->args) % 2 == 0)
				return true;
			for (int i = 0; i < list_length(expr->args); i++)
			{
				if (is_outcome(expr, i) && smc_exprtype_nullable(study, arg(expr, i)))
					return true;
			}
			return false;
		default:
			foreach(cell, expr->args)
			{
				if (smc_exprtype_nullable(study, lfirst(cell)))
					return true;
			}
			return false;
	}
}
