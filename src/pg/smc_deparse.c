/*
 * Writing SQL from closed expressions.
 *
 * For this party's server nothing is left to name resolution: operators and
 * functions are written with pg_catalog, every constant with its type, every
 * argument of the type that the operation was checked for.  So the text means
 * the same whatever the source's owner has in his schemas.
 *
 * Integers are computed so that they can't overflow: in int8 where the
 * operands' widths prove that it suffices, else in numeric.  An overflow would
 * be an error that depends on a row.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/smc_deparse.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_optable.h"
#include "pg/smc_model.h"
#include "pg/smc_query.h"

static void emit(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr, bool parens);

static char *
type_name(Oid type, int32 typmod)
{
	return format_type_extended(type, typmod,
								FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

/*
 * Columns
 */

/* Whether values of the source's type are values of the agreed one without a cast. */
static bool
is_agreed_type(const SmcColumn *column, Oid type, int32 typmod)
{
	int			precision;
	int			scale;
	int			agreed_precision;
	int			agreed_scale;

	if (type != column->type)
		return false;
	switch (type)
	{
		case NUMERICOID:
			if (!smc_study_numeric_digits(column->typmod, &agreed_precision, &agreed_scale))
				return true;
			return smc_study_numeric_digits(typmod, &precision, &scale) &&
				scale <= agreed_scale && precision - scale <= agreed_precision - agreed_scale;
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			return column->typmod < 0 || typmod == column->typmod;
		default:
			/* a text's declared length changes nothing that is computed */
			return true;
	}
}

/* The type of a study column in the source, a domain's base type. */
static Oid
source_type(const SmcDeparse *deparse, const SmcColumn *column, int32 *typmod)
{
	AttrNumber	attnum = get_attnum(deparse->source, column->source_column);
	Oid			type;
	Oid			collation;

	if (attnum <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("the source of study \"%s\" has no column \"%s\"",
						deparse->study->name, column->source_column)));
	get_atttypetypmodcoll(deparse->source, attnum, &type, typmod, &collation);
	return getBaseTypeAndTypmod(type, typmod);
}

void
smc_deparse_column(StringInfo buf, const SmcDeparse *deparse, int at)
{
	const SmcColumn *column = &deparse->study->columns[at];
	Oid			type;
	int32		typmod;

	if (!OidIsValid(deparse->source))
	{
		appendStringInfoString(buf, quote_identifier(column->name));
		return;
	}

	type = source_type(deparse, column, &typmod);
	appendStringInfoString(buf, quote_identifier(column->source_column));
	if (!is_agreed_type(column, type, typmod))
	{
		bool		is_text = column->type == BPCHAROID || column->type == VARCHAROID;

		appendStringInfo(buf, "::%s", type_name(column->type, is_text ? -1 : column->typmod));
	}
}

bool
smc_deparse_needs_rounding(const SmcDeparse *deparse, const SmcExpr *expr)
{
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_COLUMN)
	{
		const SmcColumn *column = &deparse->study->columns[expr->column];
		Oid			type;
		int32		typmod;
		int			precision;
		int			scale;

		if (column->type != NUMERICOID || column->typmod >= 0 || column->scale == SMC_SCALE_NONE)
			return false;
		type = source_type(deparse, column, &typmod);
		if (type == INT2OID || type == INT4OID || type == INT8OID)
			return false;
		return !(type == NUMERICOID && smc_study_numeric_digits(typmod, &precision, &scale) &&
				 scale <= column->scale);
	}
	foreach(cell, expr->args)
	{
		if (smc_deparse_needs_rounding(deparse, lfirst(cell)))
			return true;
	}
	return false;
}

/*
 * Constants
 */

static void
emit_constant(StringInfo buf, const SmcExpr *expr, Oid type)
{
	if (smc_expr_is_param(expr))
		appendStringInfo(buf, "$%d", expr->op + 1);
	else if (expr->is_null)
		appendStringInfoString(buf, "NULL");
	else
		appendStringInfoString(buf, quote_literal_cstr(expr->value));
	appendStringInfo(buf, "::%s", type_name(type, -1));
}

/* The same as people write it. */
static void
emit_plain_constant(StringInfo buf, const SmcExpr *expr)
{
	if (smc_expr_is_param(expr))
		appendStringInfo(buf, "$%d", expr->op + 1);
	else if (expr->is_null)
		appendStringInfoString(buf, "NULL");
	else
	{
		switch (smc_exprtype_class(expr))
		{
			case SMC_CLASS_BOOL:
				appendStringInfoString(buf, expr->value[0] == 't' ? "true" : "false");
				break;
			case SMC_CLASS_INT:
			case SMC_CLASS_NUMERIC:
			case SMC_CLASS_FLOAT:
				if (strpbrk(expr->value, "NI") == NULL)
				{
					appendStringInfoString(buf, expr->value);
					break;
				}
				/* FALLTHROUGH */
			default:
				appendStringInfoString(buf, quote_literal_cstr(expr->value));
				break;
		}
	}
}

/*
 * Operations
 */

static const SmcExpr *
arg(const SmcExpr *expr, int at)
{
	return list_nth(expr->args, at);
}

/* The type that an argument must have in local SQL. */
static Oid
arg_type(const SmcDeparse *deparse, const SmcExpr *expr, int at)
{
	const SmcExpr *this = arg(expr, at);
	SmcOpRule	rule = smc_optable_get(expr->op)->rule;

	switch (rule)
	{
		case SMC_RULE_INT:
		case SMC_RULE_INT_DIVIDE:
		case SMC_RULE_COALESCE:
		case SMC_RULE_EXTREME:
		case SMC_RULE_NULLIF:
			return smc_exprtype_sql_type(deparse->study, expr);
		case SMC_RULE_CASE:
			return at % 2 == 0 && at + 1 < list_length(expr->args) ?
				BOOLOID : smc_exprtype_sql_type(deparse->study, expr);
		case SMC_RULE_FLOAT:
		case SMC_RULE_FLOAT_DIVIDE:
		case SMC_RULE_FLOAT_ROUND:
			return FLOAT8OID;
		case SMC_RULE_NUMERIC_ROUND:
		case SMC_RULE_DATE_SHIFT:
			if (at == 1)
				return INT4OID;
			break;
		case SMC_RULE_EQUAL:
		case SMC_RULE_ORDER:
			/* both sides alike where one is an integer written as numeric */
			if (smc_exprtype_class(this) == SMC_CLASS_INT &&
				(smc_exprtype_sql_type(deparse->study, arg(expr, 0)) == NUMERICOID ||
				 smc_exprtype_sql_type(deparse->study, arg(expr, 1)) == NUMERICOID))
				return NUMERICOID;
			break;
		case SMC_RULE_IN:
			if (at == 1 && smc_exprtype_sql_type(deparse->study, arg(expr, 0)) == NUMERICOID)
				return NUMERICARRAYOID;
			if (at == 1 && smc_exprtype_class(arg(expr, 0)) == SMC_CLASS_TEXT)
				return TEXTARRAYOID;
			break;
		default:
			break;
	}
	return smc_exprtype_class(this) == SMC_CLASS_TEXT ?
		TEXTOID : smc_exprtype_sql_type(deparse->study, this);
}

/* Write an argument as the operation needs it. */
static void
emit_arg(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr, int at, bool parens)
{
	if (!OidIsValid(deparse->source))
		emit(buf, deparse, arg(expr, at), parens);
	else
		smc_deparse_as(buf, deparse, arg(expr, at), arg_type(deparse, expr, at));
}

/* Write an operator with its schema, or plainly for people. */
static void
emit_operator(StringInfo buf, const SmcDeparse *deparse, const char *symbol, int len)
{
	if (OidIsValid(deparse->source))
		appendStringInfo(buf, "OPERATOR(pg_catalog.%.*s)", len, symbol);
	else
		appendBinaryStringInfo(buf, symbol, len);
}

static void
emit_infix(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr)
{
	const SmcOperation *operation = smc_optable_get(expr->op);

	emit_arg(buf, deparse, expr, 0, true);
	if (operation->rule == SMC_RULE_ORDER_TEXT)
		appendStringInfoString(buf, OidIsValid(deparse->source) ?
							   " COLLATE pg_catalog.\"C\"" : " COLLATE \"C\"");
	appendStringInfoChar(buf, ' ');
	emit_operator(buf, deparse, operation->sql, strlen(operation->sql));
	appendStringInfoChar(buf, ' ');
	emit_arg(buf, deparse, expr, 1, true);
}

static void
emit_call(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr)
{
	const SmcOperation *operation = smc_optable_get(expr->op);

	if (operation->form == SMC_FORM_CALL && OidIsValid(deparse->source))
		appendStringInfoString(buf, "pg_catalog.");
	appendStringInfo(buf, "%s(", operation->sql);
	for (int i = 0; i < list_length(expr->args); i++)
	{
		if (i > 0)
			appendStringInfoString(buf, ", ");
		emit_arg(buf, deparse, expr, i, false);
	}
	appendStringInfoChar(buf, ')');
}

/* A model's columns: for people as they were written. */
static void
emit_row(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr)
{
	bool		is_local = OidIsValid(deparse->source);

	appendStringInfoString(buf, is_local ? "ROW(" : "array[");
	for (int i = 0; i < list_length(expr->args); i++)
	{
		if (i > 0)
			appendStringInfoString(buf, ", ");
		emit(buf, deparse, arg(expr, i), false);
	}
	appendStringInfoChar(buf, is_local ? ')' : ']');
}

static void
emit_cast(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr)
{
	const SmcExpr *from = arg(expr, 0);

	if (!OidIsValid(deparse->source))
	{
		emit(buf, deparse, from, true);
		if (from->kind != SMC_EXPR_SECRET)	/* to whom it is a number, whichever */
			appendStringInfo(buf, "::%s", format_type_be(expr->type));
	}
	else if (smc_exprtype_class(expr) != SMC_CLASS_INT)
		smc_deparse_as(buf, deparse, from, expr->type);
	else if (smc_exprtype_class(from) == SMC_CLASS_INT)
		emit(buf, deparse, from, true);
	else
	{
		/* rounds as the cast does, and has no range to leave */
		appendStringInfoString(buf, "pg_catalog.round(");
		smc_deparse_as(buf, deparse, from, NUMERICOID);
		appendStringInfoString(buf, ", 0)");
	}
}

static void
emit_case(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr)
{
	int			count = list_length(expr->args);

	appendStringInfoString(buf, "CASE");
	for (int i = 0; i + 1 < count; i += 2)
	{
		appendStringInfoString(buf, " WHEN ");
		emit_arg(buf, deparse, expr, i, false);
		appendStringInfoString(buf, " THEN ");
		emit_arg(buf, deparse, expr, i + 1, false);
	}
	if (count % 2 == 1)
	{
		appendStringInfoString(buf, " ELSE ");
		emit_arg(buf, deparse, expr, count - 1, false);
	}
	appendStringInfoString(buf, " END");
}

static void
emit_operation(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr, bool parens)
{
	const SmcOperation *operation = smc_optable_get(expr->op);
	const char *space;

	/* these are closed by themselves */
	switch (operation->form)
	{
		case SMC_FORM_CALL:
		case SMC_FORM_SYNTAX:
			emit_call(buf, deparse, expr);
			return;
		case SMC_FORM_CAST:
			emit_cast(buf, deparse, expr);
			return;
		case SMC_FORM_PART:
			appendStringInfoChar(buf, '(');
			emit(buf, deparse, arg(expr, 0), false);
			appendStringInfo(buf, ").%s", smc_model_part_text(&deparse->query->aggs[arg(expr, 0)->column],
															  smc_model_part_of(expr)));
			return;
		case SMC_FORM_ROW:
			emit_row(buf, deparse, expr);
			return;
		case SMC_FORM_CASE:
			emit_case(buf, deparse, expr);
			return;
		default:
			break;
	}

	/* only this function divides numerics as integers are divided */
	if (operation->rule == SMC_RULE_INT_DIVIDE && strcmp(operation->sql, "/") == 0 &&
		OidIsValid(deparse->source) &&
		smc_exprtype_sql_type(deparse->study, expr) == NUMERICOID)
	{
		appendStringInfoString(buf, "pg_catalog.div(");
		emit_arg(buf, deparse, expr, 0, false);
		appendStringInfoString(buf, ", ");
		emit_arg(buf, deparse, expr, 1, false);
		appendStringInfoChar(buf, ')');
		return;
	}

	if (parens)
		appendStringInfoChar(buf, '(');
	switch (operation->form)
	{
		case SMC_FORM_INFIX:
			emit_infix(buf, deparse, expr);
			break;
		case SMC_FORM_PREFIX:
			emit_operator(buf, deparse, operation->sql, strlen(operation->sql));
			appendStringInfoChar(buf, ' ');
			emit_arg(buf, deparse, expr, 0, true);
			break;
		case SMC_FORM_WORDS:
			for (int i = 0; i < list_length(expr->args); i++)
			{
				if (i > 0)
					appendStringInfo(buf, " %s ", operation->sql);
				emit_arg(buf, deparse, expr, i, true);
			}
			break;
		case SMC_FORM_POSTFIX:
			emit_arg(buf, deparse, expr, 0, true);
			appendStringInfo(buf, " %s", operation->sql);
			break;
		case SMC_FORM_NOT:
			appendStringInfoString(buf, "NOT ");
			emit_arg(buf, deparse, expr, 0, true);
			break;
		case SMC_FORM_IN:
			/* "= ANY": an operator and its quantifier */
			space = strchr(operation->sql, ' ');
			emit_arg(buf, deparse, expr, 0, true);
			appendStringInfoChar(buf, ' ');
			emit_operator(buf, deparse, operation->sql, space - operation->sql);
			appendStringInfo(buf, "%s (", space);
			emit_arg(buf, deparse, expr, 1, false);
			appendStringInfoChar(buf, ')');
			break;
		default:
			elog(ERROR, "unexpected form of operation \"%s\"", operation->name);
	}
	if (parens)
		appendStringInfoChar(buf, ')');
}

/* Write an expression; with parens, so that anything may be written around it. */
static void
emit(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr, bool parens)
{
	check_stack_depth();
	switch (expr->kind)
	{
		case SMC_EXPR_COLUMN:
			smc_deparse_column(buf, deparse, expr->column);
			break;
		case SMC_EXPR_CONST:
			if (OidIsValid(deparse->source))
				emit_constant(buf, expr, expr->type);
			else
				emit_plain_constant(buf, expr);
			break;
		case SMC_EXPR_OP:
			emit_operation(buf, deparse, expr, parens);
			break;
		case SMC_EXPR_AGG:
			smc_query_append_agg(buf, deparse, &deparse->query->aggs[expr->column]);
			break;
		case SMC_EXPR_SECRET:
			smc_query_append_secret(buf, deparse->study, deparse->query, expr);
			break;
	}
}

void
smc_deparse_expr(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr)
{
	emit(buf, deparse, expr, false);
}

void
smc_deparse_as(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr, Oid type)
{
	Oid			actual = smc_exprtype_sql_type(deparse->study, expr);
	SmcTypeClass class = smc_exprtype_class(expr);

	if (actual == type)
		emit(buf, deparse, expr, true);
	else if (expr->kind == SMC_EXPR_CONST &&
			 (class == SMC_CLASS_INT || class == SMC_CLASS_TEXT || class == SMC_CLASS_ARRAY))
		/* these texts mean the same in the wider type */
		emit_constant(buf, expr, type);
	else
	{
		emit(buf, deparse, expr, true);
		appendStringInfo(buf, "::%s", type_name(type, -1));
	}
}
