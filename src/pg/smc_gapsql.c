/*
 * The text of the queries by which this party counts its rows in gaps.
 *
 * They are apart from the local query, which so keeps its own WHERE, its indexes
 * and its shape: a gap counts rows that WHERE leaves out, too.
 *
 * Either all gaps are counted in one pass, in groups or over all rows; or, over all
 * rows, each is looked for by itself, and no further than to min_rows, which is all
 * that is wanted.  Which of them is run, pg/smc_localgap.c decides.
 *
 * What two conditions have in common is written once, before what they differ by.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/smc_deparse.h"
#include "pg/smc_gapsql.h"
#include "pg/smc_rowset.h"
#include "pg/smc_source.h"
#include "pg/smc_tally.h"

/* A column with the number of a value's bucket. */
#define BUCKET_COLUMN	"smc_bucket_%d"

#define NAMED_MAX	1000		/* groups that are left out by name */

/* Terms of conditions and values that are all to hold. */
typedef struct Terms
{
	List	   *conditions;
	List	   *values;
	const SmcRowBuckets *buckets;	/* NULL: none */
	const SmcRowBuckets *from;	/* NULL: none */
} Terms;

bool
smc_gapsql_list(const SmcLayout *layout, bool in_groups, int *from, SmcGapList *list)
{
	list->count = 0;
	while (*from < layout->gap_count && list->count < SMC_GAPSQL_COLUMNS)
	{
		if ((layout->gaps[*from].common != 0) == in_groups)
			list->gaps[list->count++] = *from;
		(*from)++;
	}
	return list->count > 0;
}

static char *
source_name(Oid source)
{
	return quote_qualified_identifier(get_namespace_name(get_rel_namespace(source)),
									  get_rel_name(source));
}

/*
 * Conditions
 */

static bool
is_empty(const Terms *terms)
{
	return terms->conditions == NIL && terms->values == NIL && terms->buckets == NULL && terms->from == NULL;
}

static Terms
terms_of(const SmcRowSet *set)
{
	Terms		terms = {set->conditions, set->values, set->buckets, set->from};

	return terms;
}

static Terms
terms_less(const Terms *a, const Terms *b)
{
	Terms		terms = {
		smc_rowset_terms_less(a->conditions, b->conditions),
		smc_rowset_terms_less(a->values, b->values),
		smc_rowset_buckets_equal(a->buckets, b->buckets) ? NULL : a->buckets,
		smc_rowset_buckets_equal(a->from, b->from) ? NULL : a->from
	};

	return terms;
}

/*
 * Write the number of a value's bucket: numbered has the histograms whose numbers
 * are columns of what is read, so that each is found once a row.
 */
static void
append_number(StringInfo buf, const SmcDeparse *deparse, const List *numbered, const SmcAgg *histogram)
{
	ListCell   *lc;

	foreach(lc, numbered)
	{
		if (smc_tally_same(lfirst(lc), histogram))
		{
			appendStringInfo(buf, BUCKET_COLUMN, foreach_current_index(lc));
			return;
		}
	}
	smc_tally_append_place(buf, deparse, histogram);
}

/* Write that a value lies in a bucket, or in any. */
static void
append_bucket(StringInfo buf, const SmcDeparse *deparse, const List *numbered, const SmcRowBuckets *buckets)
{
	append_number(buf, deparse, numbered, &buckets->histogram);
	if (buckets->bucket > 0)
		appendStringInfo(buf, " OPERATOR(pg_catalog.=) %d", buckets->bucket);
	else
		appendStringInfo(buf, " BETWEEN 1 AND %d", smc_tally_bucket_count(&buckets->histogram));
}

/* Write that it doesn't lie below a bucket. */
static void
append_from(StringInfo buf, const SmcDeparse *deparse, const List *numbered, const SmcRowBuckets *from)
{
	appendStringInfoChar(buf, '(');
	append_number(buf, deparse, numbered, &from->histogram);
	appendStringInfo(buf, " OPERATOR(pg_catalog.<) %d) IS NOT TRUE", from->bucket);
}

/* Write terms in parentheses, joined by AND; there is one at least. */
static void
append_terms(StringInfo buf, const SmcDeparse *deparse, const List *numbered, const Terms *terms)
{
	const char *separator = "(";
	ListCell   *lc;

	foreach(lc, terms->conditions)
	{
		appendStringInfo(buf, "%s(", separator);
		smc_deparse_expr(buf, deparse, ((SmcRowTerm *) lfirst(lc))->expr);
		appendStringInfoChar(buf, ')');
		separator = " AND ";
	}
	foreach(lc, terms->values)
	{
		appendStringInfo(buf, "%s(", separator);
		smc_deparse_expr(buf, deparse, ((SmcRowTerm *) lfirst(lc))->expr);
		appendStringInfoString(buf, ") IS NOT NULL");
		separator = " AND ";
	}
	if (terms->buckets != NULL)
	{
		appendStringInfoString(buf, separator);
		append_bucket(buf, deparse, numbered, terms->buckets);
		separator = " AND ";
	}
	if (terms->from != NULL)
	{
		appendStringInfoString(buf, separator);
		append_from(buf, deparse, numbered, terms->from);
	}
	appendStringInfoChar(buf, ')');
}

/*
 * Write the condition of being in exactly one of two sets.  for_index: as a choice
 * of two, each of which an index may find; else so that each is evaluated once.
 */
static void
append_gap(StringInfo buf, const SmcDeparse *deparse, const List *numbered, const SmcGap *gap, bool for_index)
{
	Terms		own = terms_of(gap->own);
	Terms		other = terms_of(gap->other);
	Terms		own_rest = terms_less(&own, &other);
	Terms		other_rest = terms_less(&other, &own);
	Terms		both = terms_less(&own, &own_rest);

	if (!is_empty(&both))
	{
		append_terms(buf, deparse, numbered, &both);
		appendStringInfoString(buf, " AND ");
	}
	if (is_empty(&own_rest) || is_empty(&other_rest))
	{
		append_terms(buf, deparse, numbered, is_empty(&own_rest) ? &other_rest : &own_rest);
		appendStringInfoString(buf, " IS NOT TRUE");
		return;
	}
	appendStringInfoChar(buf, '(');
	append_terms(buf, deparse, numbered, &own_rest);
	appendStringInfoString(buf, for_index ? " AND " : " IS TRUE OPERATOR(pg_catalog.<>) (");
	append_terms(buf, deparse, numbered, &other_rest);
	if (for_index)
	{
		appendStringInfoString(buf, " IS NOT TRUE OR ");
		append_terms(buf, deparse, numbered, &other_rest);
		appendStringInfoString(buf, " AND ");
		append_terms(buf, deparse, numbered, &own_rest);
		appendStringInfoString(buf, " IS NOT TRUE)");
	}
	else
		appendStringInfoString(buf, " IS TRUE))");
}

/*
 * Each by itself
 */

char *
smc_gapsql_each(const SmcStudy *study, const SmcLayout *layout, const SmcGapList *list, bool limited)
{
	Oid			source = smc_source_find(study);
	SmcDeparse	deparse = {study, source, NULL};
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT ");
	for (int i = 0; i < list->count; i++)
	{
		appendStringInfo(&buf, "%s(SELECT pg_catalog.count(*) FROM (SELECT FROM %s WHERE ",
						 i > 0 ? ", " : "", source_name(source));
		append_gap(&buf, &deparse, NIL, &layout->gaps[list->gaps[i]], true);
		if (limited)
			appendStringInfo(&buf, " LIMIT %u", layout->min_rows);
		appendStringInfoString(&buf, ") AS gap)");
	}
	return buf.data;
}

/*
 * In one pass
 */

static bool
have_same_terms(const SmcRowSet *a, const SmcRowSet *b)
{
	return smc_rowset_terms_less(a->conditions, b->conditions) == NIL &&
		smc_rowset_terms_less(b->conditions, a->conditions) == NIL &&
		smc_rowset_terms_less(a->values, b->values) == NIL &&
		smc_rowset_terms_less(b->values, a->values) == NIL;
}

/* The histograms whose buckets some gaps are about. */
static List *
find_histograms(const SmcLayout *layout, const SmcGapList *list)
{
	List	   *found = NIL;

	for (int i = 0; i < list->count; i++)
	{
		const SmcGap *gap = &layout->gaps[list->gaps[i]];
		SmcRowBuckets *buckets[4] = {gap->own->buckets, gap->own->from, gap->other->buckets, gap->other->from};

		for (int b = 0; b < 4; b++)
		{
			bool		known = buckets[b] == NULL;
			ListCell   *lc;

			foreach(lc, found)
				known = known || smc_tally_same(lfirst(lc), &buckets[b]->histogram);
			if (!known)
				found = lappend(found, &buckets[b]->histogram);
		}
	}
	return found;
}

/*
 * Write a WHERE that leaves out rows in neither of any gap's sets: the sets'
 * conditions joined by OR, buckets apart, for indexes and partitions.  Nothing where
 * a set takes in all rows.
 */
static void
append_any(StringInfo buf, const SmcDeparse *deparse, const SmcLayout *layout, const SmcGapList *list,
		   const char **separator)
{
	List	   *written = NIL;
	StringInfoData any;
	ListCell   *lc;

	initStringInfo(&any);
	for (int i = 0; i < list->count; i++)
	{
		const SmcGap *gap = &layout->gaps[list->gaps[i]];
		const SmcRowSet *sets[2] = {gap->own, gap->other};

		for (int s = 0; s < 2; s++)
		{
			Terms		terms = {sets[s]->conditions, sets[s]->values};
			bool		is_written = false;

			if (is_empty(&terms))
				return;
			foreach(lc, written)
				is_written |= have_same_terms(lfirst(lc), sets[s]);
			if (is_written)
				continue;
			written = lappend(written, unconstify(SmcRowSet *, sets[s]));
			appendStringInfoString(&any, any.len > 0 ? " OR " : "");
			append_terms(&any, deparse, NIL, &terms);
		}
	}
	appendStringInfo(buf, "%s(%s)", *separator, any.data);
	*separator = " AND ";
}

/* Whether a group is done and can be named, as a list of values without NULL; then their places. */
static bool
is_named(const SmcStudy *study, const SmcQuery *query, const bool *done, uint32 cell, int *indexes)
{
	if (!done[cell])
		return false;
	smc_layout_cell_groups(study, query, cell, indexes);
	for (int i = 0; i < query->group_count; i++)
	{
		if (indexes[i] < 0)
			return false;
	}
	return true;
}

/*
 * Write a condition that leaves out the rows of groups that are done; those with a
 * NULL stay, and all do where they are too many: it only saves time.  IN finds its
 * operators by the search_path of pg/smc_modes.h, which is pg_catalog alone.
 */
static void
append_not_done(StringInfo buf, const SmcDeparse *deparse, const SmcQuery *query, const SmcLayout *layout,
				const bool *done, const char **separator)
{
	const SmcStudy *study = deparse->study;
	int			indexes[SMC_QUERY_GROUPS_MAX];
	StringInfoData values;
	int			count = 0;

	initStringInfo(&values);
	for (uint32 cell = 0; cell < layout->cell_count && count <= NAMED_MAX; cell++)
	{
		if (!is_named(study, query, done, cell, indexes))
			continue;
		appendStringInfoString(&values, count++ > 0 ? ", (" : "(");
		for (int i = 0; i < query->group_count; i++)
		{
			const SmcColumn *column = &study->columns[query->group_columns[i]];

			appendStringInfo(&values, "%s%s::%s", i > 0 ? ", " : "", quote_literal_cstr(column->values[indexes[i]]),
							 format_type_extended(column->type, column->typmod,
												  FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY));
		}
		appendStringInfoChar(&values, ')');
	}
	if (count == 0 || count > NAMED_MAX)
		return;
	appendStringInfo(buf, "%s((", *separator);
	for (int i = 0; i < query->group_count; i++)
	{
		appendStringInfoString(buf, i > 0 ? ", " : "");
		smc_deparse_column(buf, deparse, query->group_columns[i]);
	}
	appendStringInfo(buf, ") IN (VALUES %s)) IS NOT TRUE", values.data);
	*separator = " AND ";
}

char *
smc_gapsql_pass(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
				const SmcGapList *list, bool in_groups, int sample, const bool *done)
{
	int			group_count = in_groups ? query->group_count : 0;
	Oid			source = smc_source_find(study);
	SmcDeparse	deparse = {study, source, NULL};
	const char *separator = " WHERE ";
	List	   *numbered = find_histograms(layout, list);
	bool		is_inner = sample > 0 || numbered != NIL;
	ListCell   *lc;
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT ");
	for (int i = 0; i < group_count; i++)
	{
		smc_deparse_column(&buf, &deparse, query->group_columns[i]);
		appendStringInfoString(&buf, ", ");
	}
	for (int i = 0; i < list->count; i++)
	{
		appendStringInfoString(&buf, "pg_catalog.count(*) FILTER (WHERE ");
		append_gap(&buf, &deparse, numbered, &layout->gaps[list->gaps[i]], false);
		appendStringInfoString(&buf, "), ");
	}
	appendStringInfo(&buf, "pg_catalog.count(*) FROM %s", is_inner ? "(SELECT *" : source_name(source));
	foreach(lc, numbered)
	{
		appendStringInfoString(&buf, ", ");
		smc_tally_append_place(&buf, &deparse, lfirst(lc));
		appendStringInfo(&buf, " AS " BUCKET_COLUMN, foreach_current_index(lc));
	}
	if (is_inner)
		appendStringInfo(&buf, " FROM %s", source_name(source));
	append_any(&buf, &deparse, layout, list, &separator);
	if (done != NULL)
		append_not_done(&buf, &deparse, query, layout, done, &separator);
	if (sample > 0)
		appendStringInfo(&buf, " LIMIT %d) AS sample", sample);
	else if (is_inner)
		appendStringInfoString(&buf, " OFFSET 0) AS numbered");	/* else the numbers were put back into each condition */
	for (int i = 0; i < group_count; i++)
	{
		appendStringInfoString(&buf, i == 0 ? " GROUP BY " : ", ");
		smc_deparse_column(&buf, &deparse, query->group_columns[i]);
	}
	return buf.data;
}
