/*
 * Models: what each is, its columns, and the sums of products of a party's rows.
 *
 * The sums are exact, as those of statistics are (pg/smc_statistic.c), and found
 * in one pass by an aggregate of our own (pg/smc_products.c): sum() of each product
 * would compute the columns once for every pair.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "pg/smc_deparse.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_logregr.h"
#include "pg/smc_model.h"
#include "pg/smc_module.h"
#include "pg/smc_statistic.h"

static const SmcModel models[] = {
	{SMC_AGG_LINREGR, "smc_linregr", "smc_linregr_result", SMC_ALLOW_LINREGR, "coef, std_err, r2 and num_rows"},
	{SMC_AGG_LOGREGR, "smc_logregr", "smc_logregr_result", SMC_ALLOW_LOGREGR, "coef, std_err, log_likelihood, num_rows and num_iterations"}
};

const SmcModel *
smc_model_of(SmcAggKind kind)
{
	for (int i = 0; i < lengthof(models); i++)
	{
		if (models[i].kind == kind)
			return &models[i];
	}
	return NULL;
}

SmcAggKind
smc_model_by_name(const char *name)
{
	for (int i = 0; i < lengthof(models); i++)
	{
		if (strcmp(models[i].name, name) == 0)
			return models[i].kind;
	}
	return 0;
}

Oid
smc_model_type(const SmcAgg *agg)
{
	const char *name = smc_model_of(agg->kind)->type;
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(name),
									   ObjectIdGetDatum(smc_module_schema()));

	if (!OidIsValid(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type \"%s\" of the extension smc does not exist", name)));
	return type;
}

/* ---- columns -------------------------------------------------------------------------- */

int
smc_model_columns(const SmcAgg *agg)
{
	return list_length(agg->second->args);
}

SmcExpr *
smc_model_column(const SmcAgg *agg, int i)
{
	return i == smc_model_columns(agg) ? agg->arg : list_nth(agg->second->args, i);
}

bool
smc_model_is_one(const SmcExpr *column)
{
	return column->kind == SMC_EXPR_CONST && column->value != NULL && strcmp(column->value, "1") == 0;
}

static bool
is_zero_or_one(const SmcExpr *expr)
{
	return expr->kind == SMC_EXPR_CONST && expr->value != NULL &&
		(strcmp(expr->value, "0") == 0 || strcmp(expr->value, "1") == 0);
}

/* Whether all columns that an expression reads have declared values. */
static bool
is_of_categories(const SmcStudy *study, const SmcExpr *expr)
{
	ListCell   *lc;

	check_stack_depth();
	if (expr->kind == SMC_EXPR_COLUMN)
		return study->columns[expr->column].value_count > 0;
	foreach(lc, expr->args)
	{
		if (!is_of_categories(study, lfirst(lc)))
			return false;
	}
	return true;
}

bool
smc_model_is_indicator(const SmcStudy *study, const SmcExpr *column)
{
	int			count;

	if (column->kind != SMC_EXPR_OP || smc_optable_get(column->op)->rule != SMC_RULE_CASE)
		return false;
	/* conditions before values; a last one without partner is ELSE */
	count = list_length(column->args);
	for (int i = 0; i < count; i++)
	{
		const SmcExpr *arg = list_nth(column->args, i);

		if (i % 2 == 0 && i + 1 < count ? !is_of_categories(study, arg) : !is_zero_or_one(arg))
			return false;
	}
	return true;
}

bool
smc_model_mixes_conditions(const SmcStudy *study, const SmcAgg *agg)
{
	/* the rows of a logistic regression's indicators aren't counted */
	bool		counts = agg->kind == SMC_AGG_LINREGR;

	for (int i = 0; i <= smc_model_columns(agg); i++)
	{
		const SmcExpr *column = smc_model_column(agg, i);

		if (smc_expr_mixes_conditions(study, column) &&
			!(counts && i < smc_model_columns(agg) && smc_model_is_indicator(study, column)))
			return true;
	}
	return false;
}

bool
smc_model_is_row(const SmcExpr *expr)
{
	return expr->kind == SMC_EXPR_OP && smc_optable_get(expr->op)->rule == SMC_RULE_ROW;
}

void
smc_model_check_form(const SmcStudy *study, const SmcAgg *agg)
{
	ListCell   *lc;

	if (!smc_model_is_row(agg->second) || agg->second->args == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed aggregate over study \"%s\"", study->name)));
	if (smc_model_columns(agg) > SMC_MODEL_COLUMNS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s over study \"%s\" has %d columns", smc_model_of(agg->kind)->name, study->name,
						smc_model_columns(agg)),
				 errdetail("It can have at most %d, a constant for the intercept included.", SMC_MODEL_COLUMNS_MAX)));
	foreach(lc, agg->second->args)
	{
		const SmcExpr *column = lfirst(lc);

		if (column->kind == SMC_EXPR_CONST && column->is_null)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("column %d of %s over study \"%s\" is null", foreach_current_index(lc) + 1,
							smc_model_of(agg->kind)->name, study->name),
					 errdetail("Rows with a null are left out, so there would be none.")));
	}
}

/* Without casts that change no value. */
static SmcExpr *
strip_casts(const SmcStudy *study, SmcExpr *expr)
{
	while (expr->kind == SMC_EXPR_OP && smc_optable_get(expr->op)->rule == SMC_RULE_CAST)
	{
		SmcTypeClass class = smc_exprtype_class(expr);
		SmcExpr    *inner = linitial(expr->args);
		int			scale = smc_exprtype_scale(study, inner);

		if (class != SMC_CLASS_FLOAT && class != SMC_CLASS_NUMERIC)
			break;
		if (smc_exprtype_class(inner) == SMC_CLASS_FLOAT || scale == SMC_SCALE_NONE || scale > SMC_SCALE_MAX)
			break;
		expr = inner;
	}
	return expr;
}

void
smc_model_strip(const SmcStudy *study, SmcAgg *agg)
{
	List	   *columns = NIL;
	SmcExpr    *row;
	ListCell   *lc;

	agg->arg = strip_casts(study, agg->arg);
	foreach(lc, agg->second->args)
		columns = lappend(columns, strip_casts(study, lfirst(lc)));
	row = smc_expr_op("row", columns);
	row->type = agg->second->type;
	agg->second = row;
}

int
smc_model_scale(const SmcStudy *study, const SmcAgg *agg, int i)
{
	const SmcExpr *column = smc_model_column(agg, i);

	if (smc_exprtype_class(column) == SMC_CLASS_FLOAT && column->kind != SMC_EXPR_CONST)
		return Min(smc_exprtype_float_scale(study, column), SMC_SCALE_MAX);
	if (smc_exprtype_class(column) == SMC_CLASS_FLOAT)
		return smc_model_is_one(column) ? 0 : SMC_FLOAT_SCALE;
	return smc_exprtype_scale(study, column);
}

void
smc_model_append(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	appendStringInfo(buf, "%s(", smc_model_of(agg->kind)->name);
	smc_deparse_expr(buf, deparse, agg->arg);
	appendStringInfoString(buf, ", ");
	smc_deparse_expr(buf, deparse, agg->second);
	if (agg->kind == SMC_AGG_LOGREGR)
		smc_logregr_append_settings(buf, agg);
	appendStringInfoChar(buf, ')');
}

/* ---- parts ------------------------------------------------------------------------------ */

int
smc_model_parts(const SmcAgg *agg)
{
	return 2 * smc_model_columns(agg) + 2;
}

SmcExpr *
smc_model_make_part(SmcAggKind kind, int columns, const char *field, int index, SmcExpr *agg)
{
	int			part = -1;

	/* what is fitted to rows isn't there before it is opened */
	if (kind != SMC_AGG_LINREGR)
		return NULL;
	if (strcmp(field, "num_rows") == 0 && index == 0)
		return smc_expr_op("part.rows", list_make1(agg));
	if (strcmp(field, "r2") == 0 && index == 0)
		part = 2 * columns;
	if (strcmp(field, "coef") == 0 && index >= 1 && index <= columns)
		part = index - 1;
	return part < 0 ? NULL :
		smc_expr_op("part", list_make2(agg, smc_expr_const(INT4OID, psprintf("%d", part))));
}

int
smc_model_part_of(const SmcExpr *expr)
{
	const SmcExpr *part = list_length(expr->args) > 1 ? lsecond(expr->args) : NULL;

	/* of a resolved one it is a constant */
	return part == NULL ? -1 : part->value == NULL ? SMC_MODEL_PARTS_MAX : pg_strtoint32(part->value);
}

char *
smc_model_part_text(const SmcAgg *agg, int part)
{
	if (part < 0)
		return "num_rows";
	if (agg->second == NULL || part >= smc_model_columns(agg))
		return "r2";
	return psprintf("coef[%d]", part + 1);
}

/* ---- sums of products ------------------------------------------------------------------- */

void
smc_model_pair(int product, int *a, int *b)
{
	*b = 0;
	while (SMC_MODEL_PRODUCT(0, *b + 1) <= product)
		(*b)++;
	*a = product - SMC_MODEL_PRODUCT(0, *b);
}

int
smc_model_product_scale(const SmcStudy *study, const SmcAgg *agg, int product)
{
	int			a;
	int			b;

	smc_model_pair(product, &a, &b);
	return smc_model_scale(study, agg, a) + smc_model_scale(study, agg, b);
}

/* The most bits that a sum is given: one over a constant is a plain sum. */
static int
most_bits(const SmcExpr *a, const SmcExpr *b)
{
	return smc_model_is_one(a) || smc_model_is_one(b) ? SMC_MOMENT_SUM_BITS : SMC_MOMENT_BITS;
}

int
smc_model_product_bits(const SmcStudy *study, const SmcAgg *agg, int product)
{
	const SmcExpr *x;
	const SmcExpr *y;
	int			a;
	int			b;

	smc_model_pair(product, &a, &b);
	x = smc_model_column(agg, a);
	y = smc_model_column(agg, b);
	return Min(smc_exprrange_moment_bits(study, x, y, smc_model_product_scale(study, agg, product)), most_bits(x, y));
}

bool
smc_model_fits(const SmcStudy *study, const SmcAgg *agg)
{
	int			columns = smc_model_columns(agg) + 1;

	for (int b = 0; b < columns; b++)
	{
		for (int a = 0; a <= b; a++)
		{
			SmcExpr    *x = smc_model_column(agg, a);
			SmcExpr    *y = smc_model_column(agg, b);
			int			scale = smc_model_scale(study, agg, a) + smc_model_scale(study, agg, b);

			/* as a plain sum, which of a column alone always has its room */
			if (smc_model_is_one(x) || smc_model_is_one(y))
			{
				if (!smc_exprrange_moment_fits(study, smc_model_is_one(x) ? y : x, NULL, scale, SMC_MOMENT_SUM_BITS))
					return false;
			}
			else if (!smc_exprrange_moment_fits(study, x, y, scale, SMC_MOMENT_BITS))
				return false;
		}
	}
	return true;
}

/* A column as the local aggregate takes it: a float, an integer or a numeric. */
static void
append_column(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *column)
{
	if (smc_exprtype_class(column) == SMC_CLASS_FLOAT)
		smc_deparse_as(buf, deparse, column, FLOAT8OID);
	else
		smc_deparse_as(buf, deparse, column, smc_exprtype_sql_type(deparse->study, column));
}

void
smc_model_append_product(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg, int product)
{
	int			columns = smc_model_columns(agg) + 1;

	appendStringInfo(buf, "(%s('{", quote_qualified_identifier(get_namespace_name(smc_module_schema()), "smc_exact_products"));
	for (int i = 0; i < columns; i++)
		appendStringInfo(buf, "%s%d", i > 0 ? "," : "", smc_model_scale(deparse->study, agg, i));
	appendStringInfoString(buf, "}'::pg_catalog.int4[]");
	for (int i = 0; i < columns; i++)
	{
		appendStringInfoString(buf, ", ");
		append_column(buf, deparse, smc_model_column(agg, i));
	}
	appendStringInfoChar(buf, ')');
	if (agg->filter != NULL)
	{
		appendStringInfoString(buf, " FILTER (WHERE ");
		smc_deparse_expr(buf, deparse, agg->filter);
		appendStringInfoChar(buf, ')');
	}
	appendStringInfo(buf, ")[%d]", product + 1);
}
