/*
 * How finely a query may pick rows.
 *
 * A condition is looked at from its root: AND and OR lead on, a comparison that
 * is agreed ends the walk, and anything else may hold no column that is
 * filtered by its values.  So what is refused is everything that isn't known,
 * and nothing depends on how an expression is put: NOT (x = 1) and x <> 1 are
 * refused alike, and so is a column that arithmetic compares.
 *
 * This is checked after, and on top of, the word `filter` (pg/smc_expr.c).
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "common/int.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/lsyscache.h"

#include "pg/smc_exprtype.h"
#include "pg/smc_modes.h"
#include "pg/smc_optable.h"
#include "pg/smc_picks.h"

/* Why a column's use isn't agreed. */
typedef struct Objection
{
	const SmcColumn *column;	/* NULL: there is none */
	bool		undeclared;		/* it is compared with a value that isn't declared */
} Objection;

static bool
is_op(const SmcExpr *expr, const char *name)
{
	return expr->kind == SMC_EXPR_OP && strcmp(smc_optable_get(expr->op)->name, name) == 0;
}

static bool
has_rule(const SmcExpr *expr, SmcOpRule rule)
{
	return expr->kind == SMC_EXPR_OP && smc_optable_get(expr->op)->rule == rule;
}

/* A column that is filtered by its values, if expr is one and nothing around it, else NULL. */
static const SmcColumn *
narrow_column(const SmcStudy *study, const SmcExpr *expr)
{
	if (expr->kind != SMC_EXPR_COLUMN || !study->columns[expr->column].filter_by_values)
		return NULL;
	return &study->columns[expr->column];
}

/* The first such column anywhere in a tree, or NULL. */
static const SmcColumn *
find_narrow(const SmcStudy *study, const SmcExpr *expr)
{
	const SmcColumn *found = narrow_column(study, expr);
	ListCell   *cell;

	check_stack_depth();
	foreach(cell, expr->args)
	{
		if (found == NULL)
			found = find_narrow(study, lfirst(cell));
	}
	return found;
}

/* Object to the first such column in a tree, if any. */
static Objection
object_to_any(const SmcStudy *study, const SmcExpr *expr)
{
	Objection	objection = {find_narrow(study, expr), false};

	return objection;
}

/*
 * Declared values
 */

/*
 * A value's text so that equal values have equal texts, whichever type of the
 * class wrote it: no blanks at the end of a char(n), no zeros at the end of a
 * fraction.
 */
static char *
plain_text(SmcTypeClass class, const char *text)
{
	char	   *plain = pstrdup(text);
	size_t		len = strlen(plain);
	char		pad = class == SMC_CLASS_BPCHAR ? ' ' : '0';

	if (class == SMC_CLASS_BPCHAR || (class == SMC_CLASS_NUMERIC && strchr(plain, '.') != NULL))
	{
		while (len > 0 && plain[len - 1] == pad)
			len--;
		if (len > 0 && pad == '0' && plain[len - 1] == '.')
			len--;
		plain[len] = '\0';
	}
	return plain;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/* Whether each of some values, of the column's class, is declared. */
static bool
are_declared(const SmcColumn *column, char **texts, int count)
{
	SmcTypeClass class = smc_optable_class(column->type);
	int			distinct = 0;
	int			found = 0;

	for (int i = 0; i < count; i++)
		texts[i] = plain_text(class, texts[i]);
	qsort(texts, count, sizeof(char *), compare_texts);
	for (int i = 0; i < count; i++)
	{
		if (i == 0 || strcmp(texts[i], texts[distinct - 1]) != 0)
			texts[distinct++] = texts[i];
	}

	/* declared values are distinct, so each is found once at most */
	for (int i = 0; i < column->value_count && found < distinct; i++)
	{
		char	   *declared = plain_text(class, column->values[i]);

		if (bsearch(&declared, texts, distinct, sizeof(char *), compare_texts) != NULL)
			found++;
		pfree(declared);
	}
	return found == distinct;
}

/* The elements of a constant array as texts, without the nulls; returns how many. */
static int
read_elements(const SmcExpr *list, Oid element, char ***texts)
{
	int			level = smc_modes_begin();
	int			count = 0;
	Oid			input;
	Oid			ioparam;
	int16		typlen;
	bool		typbyval;
	char		typalign;
	Datum	   *datums;
	bool	   *nulls;
	int			n;

	getTypeInputInfo(list->type, &input, &ioparam);
	get_typlenbyvalalign(element, &typlen, &typbyval, &typalign);
	deconstruct_array(DatumGetArrayTypeP(OidInputFunctionCall(input, list->value, ioparam, -1)),
					  element, typlen, typbyval, typalign, &datums, &nulls, &n);
	*texts = palloc(Max(n, 1) * sizeof(char *));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			(*texts)[count++] = smc_expr_datum_text(element, datums[i]);
	}
	smc_modes_end(level);
	return count;
}

/* Whether a constant, or each element of a constant list, is a declared value; NULL picks nothing, and passes. */
static bool
is_declared(const SmcColumn *column, const SmcExpr *constant)
{
	SmcTypeClass class = smc_optable_class(column->type);
	char	  **texts;
	int			count = 1;
	Oid			element;

	if (constant->value == NULL)
		return true;
	if (!smc_optable_constant_type(constant->type, &element))
		return false;
	if (smc_optable_class(OidIsValid(element) ? element : constant->type) != class)
		return false;

	if (OidIsValid(element))
		count = read_elements(constant, element, &texts);
	else
	{
		texts = palloc(sizeof(char *));
		texts[0] = constant->value;
	}
	return are_declared(column, texts, count);
}

/*
 * Conditions
 */

/*
 * Whether a condition is a comparison of such a column in a form that is
 * agreed; then what there is to object to in it, if anything.
 */
static bool
is_comparison(const SmcStudy *study, const SmcExpr *expr, Objection *objection)
{
	const SmcExpr *left;
	const SmcExpr *right;
	const SmcColumn *column;

	objection->column = NULL;
	objection->undeclared = false;
	if (expr->kind == SMC_EXPR_COLUMN)
		return narrow_column(study, expr) != NULL;	/* boolean, since it is a condition */
	if (expr->kind != SMC_EXPR_OP)
		return false;

	left = linitial(expr->args);
	right = list_length(expr->args) > 1 ? lsecond(expr->args) : NULL;
	if (is_op(expr, "eq") && narrow_column(study, left) == NULL)
	{
		const SmcExpr *swap = left;

		left = right;
		right = swap;
	}
	column = narrow_column(study, left);
	if (column == NULL)
		return false;
	if (has_rule(expr, SMC_RULE_NULL_TEST))
		return true;
	if (column->type == BOOLOID && (has_rule(expr, SMC_RULE_BOOL_TEST) || is_op(expr, "not")))
		return true;
	if (!(is_op(expr, "eq") || is_op(expr, "in")) || right->kind != SMC_EXPR_CONST)
		return false;

	if (!is_declared(column, right))
	{
		objection->column = column;
		objection->undeclared = true;
	}
	return true;
}

static Objection
object_to_condition(const SmcStudy *study, const SmcExpr *expr)
{
	Objection	objection;
	ListCell   *cell;

	check_stack_depth();
	if (is_comparison(study, expr, &objection))
		return objection;
	if (!is_op(expr, "and") && !is_op(expr, "or"))
		return object_to_any(study, expr);
	foreach(cell, expr->args)
	{
		objection = object_to_condition(study, lfirst(cell));
		if (objection.column != NULL)
			break;
	}
	return objection;
}

/* The same of a value, in which such a column may stand, but not pick. */
static Objection
object_to_value(const SmcStudy *study, const SmcExpr *expr)
{
	Objection	objection = {NULL, false};
	int			at = 0;
	ListCell   *cell;

	check_stack_depth();
	foreach(cell, expr->args)
	{
		objection = smc_expr_picks(study, expr, at++) ?
			object_to_any(study, lfirst(cell)) : object_to_value(study, lfirst(cell));
		if (objection.column != NULL)
			break;
	}
	return objection;
}

/* The same of an aggregate's argument, which is left out where it is NULL. */
static Objection
object_to_argument(const SmcStudy *study, const SmcExpr *expr)
{
	Objection	objection;

	check_stack_depth();
	if (!is_op(expr, "case") || list_length(expr->args) != 2)
		return object_to_value(study, expr);
	objection = object_to_condition(study, linitial(expr->args));
	return objection.column != NULL ? objection : object_to_argument(study, lsecond(expr->args));
}

static void
raise_objection(const SmcStudy *study, Objection objection)
{
	if (objection.column == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 objection.undeclared ?
			 errmsg("column \"%s\" of study \"%s\" is compared with a value that it doesn't declare",
					objection.column->name, study->name) :
			 errmsg("column \"%s\" of study \"%s\" picks rows only by comparison with its declared values",
					objection.column->name, study->name),
			 errdetail("Its agreed option \"filter_by\" is values."),
			 errhint("Use =, IN, IS NULL or IS NOT NULL in WHERE or FILTER, joined by AND and OR.")));
}

void
smc_picks_check_condition(const SmcStudy *study, const SmcExpr *expr)
{
	raise_objection(study, object_to_condition(study, expr));
}

void
smc_picks_check_value(const SmcStudy *study, const SmcExpr *expr)
{
	raise_objection(study, object_to_argument(study, expr));
}

bool
smc_picks_fits(const SmcStudy *study, const SmcExpr *expr)
{
	return object_to_condition(study, expr).column == NULL;
}

/*
 * Groups
 */

void
smc_picks_check_groups(const SmcStudy *study, int count, const int *columns)
{
	uint64		groups = 1;

	if (study->max_groups == 0)
		return;
	for (int i = 0; i < count; i++)
	{
		const SmcColumn *column = &study->columns[columns[i]];

		/* as pg/smc_layout.c lays them out */
		if (pg_mul_u64_overflow(groups, column->value_count + (column->not_null ? 0 : 1), &groups))
			groups = PG_UINT64_MAX;
	}
	if (groups > study->max_groups)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("study \"%s\" allows %u groups, and a query has " UINT64_FORMAT " possible ones",
						study->name, study->max_groups, groups),
				 errdetail("The agreed option \"max_groups\" counts groups whether they have rows or not: "
						   "the declared values of each column, and NULL unless it is NOT NULL."),
				 errhint("Group by fewer columns.")));
}
