/*
 * A joint query as nodes that PostgreSQL can copy and print.
 *
 * The list: an OidList with the study, a String with the digest in hex, an
 * IntList of group columns, an expression, a List of aggregates, an IntList of
 * outputs, a List of formulas, HAVING, an OidList of functions, a List of what is
 * kept.  An absent expression is NULL in its place.
 * The bytes of smc_query_write won't do: they have no place for a parameter,
 * and a peer must never be sent one.
 */
#include "postgres.h"

#include "nodes/value.h"
#include "utils/builtins.h"

#include "pg/smc_planned.h"

/* Positions in the list. */
enum
{
	PLANNED_RELID,
	PLANNED_DIGEST,
	PLANNED_GROUPS,
	PLANNED_WHERE,
	PLANNED_AGGS,
	PLANNED_OUTPUTS,
	PLANNED_FORMULAS,
	PLANNED_HAVING,
	PLANNED_FUNCTIONS,
	PLANNED_KEEPS,
	PLANNED_LENGTH
};

/* Positions in an expression's IntList. */
enum
{
	EXPR_KIND,
	EXPR_TYPE,
	EXPR_COLUMN,
	EXPR_IS_NULL,
	EXPR_OP,
	EXPR_LENGTH
};

/* An expression as a List: the IntList of its numbers, its value or NULL, its arguments or NIL. */
static List *
expr_to_list(const SmcExpr *expr)
{
	List	   *numbers;
	List	   *args = NIL;
	ListCell   *lc;

	if (expr == NULL)
		return NIL;

	numbers = list_make5_int(expr->kind, (int) expr->type, expr->column, expr->is_null, expr->op);
	foreach(lc, expr->args)
		args = lappend(args, expr_to_list(lfirst(lc)));

	return list_make3(numbers,
					  expr->value ? (Node *) makeString(pstrdup(expr->value)) : NULL,
					  args);
}

static SmcExpr *
expr_from_list(List *list)
{
	SmcExpr    *expr;
	List	   *numbers;
	String	   *value;
	ListCell   *lc;

	if (list == NIL)
		return NULL;

	numbers = linitial(list);
	value = lsecond(list);
	Assert(list_length(numbers) == EXPR_LENGTH);

	expr = palloc0(sizeof(SmcExpr));
	expr->kind = list_nth_int(numbers, EXPR_KIND);
	expr->type = (Oid) list_nth_int(numbers, EXPR_TYPE);
	expr->column = list_nth_int(numbers, EXPR_COLUMN);
	expr->is_null = list_nth_int(numbers, EXPR_IS_NULL) != 0;
	expr->op = list_nth_int(numbers, EXPR_OP);
	expr->value = value ? pstrdup(strVal(value)) : NULL;
	foreach(lc, (List *) lthird(list))
		expr->args = lappend(expr->args, expr_from_list(lfirst(lc)));
	return expr;
}

static List *
agg_to_list(const SmcAgg *agg)
{
	List	   *numbers = list_make5_int(agg->kind, agg->scale, agg->parties[0], agg->parties[1], agg->is_output);
	List	   *parts;

	numbers = lappend_int(numbers, agg->second_scale);
	numbers = lappend_int(numbers, agg->descending);
	parts = list_make5(numbers, expr_to_list(agg->arg), expr_to_list(agg->filter), expr_to_list(agg->second),
					   expr_to_list(agg->fraction));
	parts = lappend(parts, expr_to_list(agg->lo));
	parts = lappend(parts, expr_to_list(agg->hi));
	return lappend(parts, expr_to_list(agg->buckets));
}

static String *
digest_to_string(const uint8 *digest)
{
	char	   *hex = palloc(2 * SMC_KEY_BYTES + 1);

	hex_encode((const char *) digest, SMC_KEY_BYTES, hex);
	hex[2 * SMC_KEY_BYTES] = '\0';
	return makeString(hex);
}

List *
smc_planned_to_list(const SmcPlanned *planned)
{
	const SmcQuery *query = planned->query;
	List	   *groups = NIL;
	List	   *aggs = NIL;
	List	   *formulas = NIL;
	List	   *keeps = NIL;
	List	   *list;

	for (int i = 0; i < query->group_count; i++)
		groups = lappend_int(groups, query->group_columns[i]);
	for (int i = 0; i < query->agg_count; i++)
		aggs = lappend(aggs, agg_to_list(&query->aggs[i]));

	for (int i = 0; i < query->formula_count; i++)
		formulas = lappend(formulas, expr_to_list(query->formulas[i]));
	for (int i = 0; i < query->keep_count; i++)
		keeps = lappend(keeps, list_make3(list_make1_int(query->keeps[i].formula),
										  expr_to_list(query->keeps[i].name),
										  expr_to_list(query->keeps[i].expires)));

	list = list_make5(list_make1_oid(planned->relid),
					  digest_to_string(planned->digest),
					  groups,
					  expr_to_list(query->where),
					  aggs);
	list = lappend(list, list_copy(planned->outputs));
	list = lappend(list, formulas);
	list = lappend(list, expr_to_list(query->having));
	list = lappend(list, list_copy(planned->functions));
	return lappend(list, keeps);
}

SmcPlanned *
smc_planned_from_list(List *list)
{
	SmcPlanned *planned = palloc0(sizeof(SmcPlanned));
	SmcQuery   *query = palloc0(sizeof(SmcQuery));
	List	   *groups = list_nth(list, PLANNED_GROUPS);
	List	   *aggs = list_nth(list, PLANNED_AGGS);
	List	   *formulas = list_nth(list, PLANNED_FORMULAS);
	List	   *keeps = list_nth(list, PLANNED_KEEPS);
	ListCell   *lc;

	Assert(list_length(list) == PLANNED_LENGTH);

	planned->relid = linitial_oid((List *) list_nth(list, PLANNED_RELID));
	hex_decode(strVal(list_nth(list, PLANNED_DIGEST)), 2 * SMC_KEY_BYTES, (char *) planned->digest);
	planned->query = query;
	planned->outputs = list_copy(list_nth(list, PLANNED_OUTPUTS));
	planned->functions = list_copy(list_nth(list, PLANNED_FUNCTIONS));

	Assert(list_length(groups) <= SMC_QUERY_GROUPS_MAX);
	foreach(lc, groups)
		query->group_columns[query->group_count++] = lfirst_int(lc);

	query->where = expr_from_list(list_nth(list, PLANNED_WHERE));

	query->aggs = palloc0(Max(list_length(aggs), 1) * sizeof(SmcAgg));
	foreach(lc, aggs)
	{
		List	   *parts = lfirst(lc);
		List	   *numbers = linitial(parts);
		SmcAgg	   *agg = &query->aggs[query->agg_count++];

		agg->kind = linitial_int(numbers);
		agg->scale = lsecond_int(numbers);
		agg->parties[0] = lthird_int(numbers);
		agg->parties[1] = lfourth_int(numbers);
		agg->is_output = list_nth_int(numbers, 4) != 0;
		agg->second_scale = list_nth_int(numbers, 5);
		agg->arg = expr_from_list(lsecond(parts));
		agg->filter = expr_from_list(lthird(parts));
		agg->second = expr_from_list(lfourth(parts));
		agg->descending = list_nth_int(numbers, 6) != 0;
		agg->fraction = expr_from_list(list_nth(parts, 4));
		agg->lo = expr_from_list(list_nth(parts, 5));
		agg->hi = expr_from_list(list_nth(parts, 6));
		agg->buckets = expr_from_list(list_nth(parts, 7));
	}

	query->formulas = palloc0(Max(list_length(formulas), 1) * sizeof(SmcExpr *));
	foreach(lc, formulas)
		query->formulas[query->formula_count++] = expr_from_list(lfirst(lc));
	query->having = expr_from_list(list_nth(list, PLANNED_HAVING));

	query->keeps = palloc0(Max(list_length(keeps), 1) * sizeof(SmcQueryKeep));
	foreach(lc, keeps)
	{
		List	   *parts = lfirst(lc);
		SmcQueryKeep *keep = &query->keeps[query->keep_count++];

		keep->formula = linitial_int((List *) linitial(parts));
		keep->name = expr_from_list(lsecond(parts));
		keep->expires = expr_from_list(lthird(parts));
	}
	return planned;
}
