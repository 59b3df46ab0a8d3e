/*
 * The text of the local query.
 *
 * Everything in it was checked against the study, is quoted, and is written
 * with its schema; nothing in it was text before.  What is the same twice in it
 * PostgreSQL computes once.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/smc_deparse.h"
#include "pg/smc_distinct.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_localsql.h"
#include "pg/smc_logregr.h"
#include "pg/smc_model.h"
#include "pg/smc_privacy.h"
#include "pg/smc_source.h"
#include "pg/smc_statistic.h"
#include "pg/smc_tally.h"

/* The SQL type that an aggregate's argument is summed as. */
static Oid
summed_type(const SmcStudy *study, const SmcAgg *agg)
{
	/* cut off at its range */
	if (smc_privacy_applies(study))
		return NUMERICOID;
	/* sum(real) would keep six digits */
	if (smc_exprtype_class(agg->arg) == SMC_CLASS_FLOAT)
		return FLOAT8OID;
	return smc_exprtype_sql_type(study, agg->arg);
}

static void
append_filter(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	if (agg->filter == NULL)
		return;
	appendStringInfoString(buf, " FILTER (WHERE ");
	smc_deparse_expr(buf, deparse, agg->filter);
	appendStringInfoChar(buf, ')');
}

/* The beginning of what is between a column's lo and hi; a value and two brackets end it. */
static void
append_between(StringInfo buf, const SmcColumn *column, const char *type)
{
	appendStringInfo(buf, "GREATEST(%s::%s, LEAST(%s::%s, ",
					 quote_literal_cstr(column->lo), type, quote_literal_cstr(column->hi), type);
}

/*
 * A column's value, cut off at its agreed lo and hi: no row counts for more.
 * NULL stays NULL, which GREATEST and LEAST alone would not see to; NaN is above
 * all numbers, and becomes hi.  Floats are added up as numeric too: a sum of
 * floats rounds at every step, so that a row could change it by more than it
 * is.  They are cut off as floats first, since not every version makes numeric
 * of an infinity, and again as what they were rounded to.
 */
static void
append_cut_off(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	const SmcColumn *column = smc_privacy_column(deparse->study, agg);

	appendStringInfoString(buf, "CASE WHEN ");
	smc_deparse_expr(buf, deparse, agg->arg);
	appendStringInfoString(buf, " IS NOT NULL THEN pg_catalog.round(");
	append_between(buf, column, "pg_catalog.numeric");
	if (smc_exprtype_class(agg->arg) == SMC_CLASS_FLOAT)
	{
		append_between(buf, column, "pg_catalog.float8");
		smc_deparse_expr(buf, deparse, agg->arg);
		appendStringInfoString(buf, "::pg_catalog.float8))");
	}
	else
		smc_deparse_expr(buf, deparse, agg->arg);
	appendStringInfo(buf, "::pg_catalog.numeric)), %d) END", agg->scale);
}

/* sum(x), avg(x), min(x) or max(x) */
static void
append_sum(StringInfo buf, const SmcDeparse *deparse, const char *function, const SmcAgg *agg)
{
	bool		cut_off = smc_privacy_applies(deparse->study) && agg->arg->kind == SMC_EXPR_COLUMN;

	appendStringInfo(buf, "pg_catalog.%s(", function);
	if (cut_off)
		append_cut_off(buf, deparse, agg);
	else if (smc_exprtype_class(agg->arg) == SMC_CLASS_FLOAT)
		smc_deparse_as(buf, deparse, agg->arg, FLOAT8OID);
	else if (smc_exprtype_class(agg->arg) == SMC_CLASS_NUMERIC &&
			 smc_deparse_needs_rounding(deparse, agg->arg))
	{
		appendStringInfoString(buf, "pg_catalog.round(");
		smc_deparse_expr(buf, deparse, agg->arg);
		appendStringInfo(buf, ", %d)", agg->scale);
	}
	else
		smc_deparse_expr(buf, deparse, agg->arg);
	appendStringInfoChar(buf, ')');
	append_filter(buf, deparse, agg);
}

/* The number of rows that an aggregate rests on. */
static void
append_count(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	if (agg->second != NULL)
	{
		smc_statistic_append_count(buf, deparse, agg);
		return;
	}
	if (agg->arg == NULL || !smc_exprtype_nullable(deparse->study, agg->arg))
		appendStringInfoString(buf, "pg_catalog.count(*)");
	else
	{
		appendStringInfoString(buf, "pg_catalog.count(");
		smc_deparse_expr(buf, deparse, agg->arg);
		appendStringInfoChar(buf, ')');
	}
	append_filter(buf, deparse, agg);
}

static void
append_slot(StringInfo buf, const SmcDeparse *deparse, const SmcQuery *query, const SmcSlot *slot)
{
	const SmcAgg *agg = slot->agg >= 0 ? &query->aggs[slot->agg] : NULL;

	switch ((SmcSlotKind) slot->kind)
	{
		case SMC_SLOT_ROWS:
			appendStringInfoString(buf, "pg_catalog.count(*)");
			break;
		case SMC_SLOT_SUPPORT:
		case SMC_SLOT_COUNT:
		case SMC_SLOT_RANK:
		case SMC_SLOT_FIT:
			append_count(buf, deparse, agg);
			break;
		case SMC_SLOT_SUM:
		case SMC_SLOT_INTERVAL:
			append_sum(buf, deparse, "sum", agg);
			break;
		case SMC_SLOT_ANY:
			/* a group is there when its row is */
			if (agg == NULL)
				appendStringInfoString(buf, "true");
			else
			{
				append_sum(buf, deparse, "sum", agg);
				appendStringInfoString(buf, " IS NOT NULL");
			}
			break;
		case SMC_SLOT_TALLY:
			break;				/* is counted apart */
		case SMC_SLOT_MOMENT:
			if (smc_model_of(agg->kind) != NULL)
				smc_model_append_product(buf, deparse, agg, slot->moment);
			else
				smc_statistic_append_moment(buf, deparse, agg, slot->moment);
			break;
		case SMC_SLOT_MIN:
			append_sum(buf, deparse, "min", agg);
			break;
		case SMC_SLOT_MAX:
			append_sum(buf, deparse, "max", agg);
			break;
		case SMC_SLOT_COMPARE:
		case SMC_SLOT_ARGMIN:
		case SMC_SLOT_ARGMAX:
			append_sum(buf, deparse, "sum", agg);
			break;
		case SMC_SLOT_DISTINCT:
			/* its values come by a query of their own */
			appendStringInfoString(buf, "0");
			break;
	}
}

/*
 * A count(*) beside a sum costs up to a tenth of the whole query.  But avg over
 * bigint and numeric works on the very state of sum, so that one beside the
 * other costs nothing, and tells by a division how many rows were added up:
 * all, or those that aren't NULL, which are then all that contribute.
 */
int
smc_localsql_rows_slot(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout)
{
	int			of_all = -1;
	int			sole = -1;
	int			sums = 0;

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];
		const SmcAgg *agg = slot->agg >= 0 ? &query->aggs[slot->agg] : NULL;
		Oid			type;

		if (slot->kind == SMC_SLOT_ROWS)
			return -1;			/* a count of all rows is there */
		if (agg == NULL || slot->kind == SMC_SLOT_ANY || slot->place > 0)
			continue;
		if (smc_layout_is_contest(slot) || slot->kind == SMC_SLOT_MOMENT || slot->kind == SMC_SLOT_INTERVAL)
		{
			sums++;
			continue;
		}
		if (slot->kind != SMC_SLOT_SUM)
		{
			if (smc_query_takes_all_rows(study, agg))
				return -1;
			sums++;				/* a count of some rows: more than one thing is asked */
			continue;
		}
		sums++;
		type = summed_type(study, agg);
		if (agg->filter != NULL || (type != INT8OID && type != NUMERICOID))
			continue;
		if (!smc_exprtype_nullable(study, agg->arg))
			of_all = i;
		else
			sole = i;
	}
	if (of_all >= 0)
		return of_all;
	return sums == 1 ? sole : -1;
}

static void
append_source(StringInfo buf, Oid source)
{
	appendStringInfo(buf, " FROM %s",
					 quote_qualified_identifier(get_namespace_name(get_rel_namespace(source)),
												get_rel_name(source)));
}

/* Append a condition to a WHERE clause. */
static void
append_condition(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *condition, bool is_first)
{
	if (condition == NULL)
		return;
	appendStringInfo(buf, "%s(", is_first ? " WHERE " : " AND ");
	smc_deparse_expr(buf, deparse, condition);
	appendStringInfoChar(buf, ')');
}

char *
smc_localsql_values(const SmcStudy *study, const SmcQuery *query, const SmcKeySet *set)
{
	Oid			source = smc_source_find(study);
	SmcDeparse	deparse = {study, source, NULL};
	const SmcAgg *agg = &query->aggs[set->agg];
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, set->distinct ? "SELECT DISTINCT " : "SELECT ");
	for (int i = 0; i < query->group_count; i++)
	{
		smc_deparse_column(&buf, &deparse, query->group_columns[i]);
		appendStringInfoString(&buf, ", ");
	}
	if (set->distinct)
		smc_distinct_append_value(&buf, &deparse, agg);
	else if (set->fit.column_count > 0)
		smc_logregr_append_values(&buf, &deparse, agg);
	else
		smc_percentile_append_value(&buf, &deparse, agg);
	append_source(&buf, source);
	append_condition(&buf, &deparse, query->where, true);
	append_condition(&buf, &deparse, agg->filter, query->where == NULL);
	return buf.data;
}

char *
smc_localsql_places(const SmcStudy *study, const SmcQuery *query, const SmcAgg *agg)
{
	Oid			source = smc_source_find(study);
	SmcDeparse	deparse = {study, source, NULL};
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT ");
	for (int i = 0; i < query->group_count; i++)
	{
		smc_deparse_column(&buf, &deparse, query->group_columns[i]);
		appendStringInfoString(&buf, ", ");
	}
	smc_tally_append_place(&buf, &deparse, agg);
	appendStringInfoString(&buf, ", pg_catalog.count(*)");
	append_source(&buf, source);
	append_condition(&buf, &deparse, query->where, true);
	append_condition(&buf, &deparse, agg->filter, query->where == NULL);
	appendStringInfoString(&buf, " GROUP BY ");
	for (int i = 1; i <= query->group_count; i++)
		appendStringInfo(&buf, "%d, ", i);
	appendStringInfo(&buf, "%d", query->group_count + 1);
	return buf.data;
}

int
smc_localsql_column(const SmcLayout *layout, int slot)
{
	int			column = 1;

	for (int i = 0; i < slot; i++)
		column += layout->slots[i].place == 0;
	return column;
}

char *
smc_localsql_text(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout)
{
	Oid			source = smc_source_find(study);
	SmcDeparse	deparse = {study, source, NULL};
	int			rows_slot = smc_localsql_rows_slot(study, query, layout);
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT ");
	for (int i = 0; i < query->group_count; i++)
	{
		smc_deparse_column(&buf, &deparse, query->group_columns[i]);
		appendStringInfoString(&buf, ", ");
	}
	for (int i = 0; i < layout->slot_count; i++)
	{
		if (layout->slots[i].place > 0)
			continue;
		append_slot(&buf, &deparse, query, &layout->slots[i]);
		appendStringInfoString(&buf, ", ");
	}
	if (rows_slot < 0)
		appendStringInfoString(&buf, "pg_catalog.count(*)");
	else
		append_sum(&buf, &deparse, "avg", &query->aggs[layout->slots[rows_slot].agg]);

	append_source(&buf, source);
	if (query->where != NULL)
	{
		appendStringInfoString(&buf, " WHERE ");
		smc_deparse_expr(&buf, &deparse, query->where);
	}
	for (int i = 0; i < query->group_count; i++)
	{
		appendStringInfoString(&buf, i == 0 ? " GROUP BY " : ", ");
		smc_deparse_column(&buf, &deparse, query->group_columns[i]);
	}
	return buf.data;
}
