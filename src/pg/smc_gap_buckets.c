/*
 * Comparing the rows in a histogram's buckets with others.
 *
 * A histogram is one entry of a history.  It tells of each bucket, and so of every
 * run of neighbouring ones, which is their sum.  All runs are compared, with as
 * many gaps as there are edges: a run that ends at some edge differs from another
 * figure by what the two differ by from its last bucket's lower edge on, whatever
 * lies below.  So if that is as much as min_rows asks for, for each bucket, no run
 * is near to that figure; where it isn't, the bucket is withheld, and then no run
 * that is told ends with it.
 *
 * WITH OTHER FIGURES whose condition is about the value, or no other than the
 * histogram's: so.  Where a condition about something else is in between, that
 * would withhold too much (the upper buckets hold few rows, which may meet it all):
 * then each bucket and all together are compared, as groups and their sum are.
 *
 * WITH A HISTOGRAM of the same value, with other edges and over other rows: so,
 * for each pair of buckets that overlap; from the higher one of their lower edges
 * on.  Over the very same rows that would withhold what ends at an edge that both
 * have.  There two runs differ by the rows between their ends; so as many as
 * min_rows asks for must lie between each edge and its neighbours on either side
 * among the other's, unless the two are one; else the two buckets that end and
 * begin there are withheld.  Where edges are the same in both, nothing is compared: what that leaves open is in
 * doc/threat-model.md.  With the
 * same buckets, over other rows, each is compared with its like.
 *
 * WITH A HISTOGRAM OF ANOTHER VALUE: each bucket and all together with each of the
 * other's and all together.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/fmgrprotos.h"

#include "pg/smc_gap_impl.h"
#include "pg/smc_tally.h"

static int
bucket_count(const SmcRowSet *set)
{
	return smc_tally_bucket_count(&set->buckets->histogram);
}

/* ---- sides ------------------------------------------------------------------------------ */

/* A side kept to one of its buckets. */
static SmcGapSide
bucket_of(const SmcGapSide *side, int bucket)
{
	SmcGapSide	result = *side;

	result.set = smc_rowset_in_bucket(side->set, bucket);
	if (side->slot >= 0)
	{
		result.slot = side->slot + bucket - 1;
		result.slot_count = 1;
	}
	return result;
}

/* All its buckets as what is compared with: no one count says whether they are told. */
static SmcGapSide
whole_of(const SmcGapSide *side)
{
	SmcGapSide	result = *side;

	if (side->slot_count != 1)
		result.slot = -1;
	return result;
}

/* A side kept to values that aren't below the lower edge of some bucket of a histogram's. */
static SmcGapSide
from(const SmcGapSide *side, const SmcRowSet *histogram, int bucket)
{
	SmcGapSide	result = *side;

	result.set = smc_rowset_from_bucket(side->set, histogram, bucket);
	return result;
}

/* ---- edges -------------------------------------------------------------------------------- */

/* The edges of both in one unit, numerics: of a histogram of n buckets, times those of the other. */
static Datum *
edges_of(const SmcRowSet *set, const SmcRowSet *other)
{
	int			count = bucket_count(set);
	Datum	   *edges = palloc((count + 1) * sizeof(Datum));

	for (int i = 0; i <= count; i++)
		edges[i] = smc_tally_edge(&set->buckets->histogram, i, bucket_count(other));
	return edges;
}

static int
compare_edges(Datum a, Datum b)
{
	return DatumGetInt32(DirectFunctionCall2(numeric_cmp, a, b));
}

/* Have the buckets at an edge of ours keep apart from what begins at an edge of theirs. */
static void
add_between(SmcGapBuilder *builder, const SmcGapSide *own, int own_edge, const SmcGapSide *other, int other_edge)
{
	SmcGapSide	ours = *own;
	SmcGapSide	theirs = *other;

	ours.set = smc_rowset_from_bucket(smc_rowset_without_buckets(own->set), own->set, own_edge + 1);
	ours.slot = own->slot + Max(own_edge - 1, 0);
	ours.slot_count = (own_edge > 0) + (own_edge < bucket_count(own->set));
	theirs.set = smc_rowset_from_bucket(smc_rowset_without_buckets(other->set), other->set, other_edge + 1);
	theirs.slot = -1;
	smc_gap_add(builder, &ours, &theirs);
}

/* Two histograms of the same value in the same rows. */
static void
add_edges(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other)
{
	int			own_count = bucket_count(own->set);
	int			other_count = bucket_count(other->set);
	Datum	   *own_edges = edges_of(own->set, other->set);
	Datum	   *other_edges = edges_of(other->set, own->set);
	int			next = 0;		/* the first of theirs that isn't below */

	for (int i = 0; i <= own_count; i++)
	{
		while (next <= other_count && compare_edges(other_edges[next], own_edges[i]) < 0)
			next++;
		if (next <= other_count && compare_edges(other_edges[next], own_edges[i]) == 0)
			continue;
		if (next > 0)
			add_between(builder, own, i, other, next - 1);
		if (next <= other_count)
			add_between(builder, own, i, other, next);
	}
}

/* Two histograms of the same value in other rows, with other edges. */
static void
add_overlaps(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other)
{
	int			own_count = bucket_count(own->set);
	int			other_count = bucket_count(other->set);
	Datum	   *own_edges = edges_of(own->set, other->set);
	Datum	   *other_edges = edges_of(other->set, own->set);

	for (int i = 1; i <= own_count; i++)
	{
		for (int j = 1; j <= other_count; j++)
		{
			int			order = compare_edges(own_edges[i - 1], other_edges[j - 1]);
			SmcGapSide	ours = bucket_of(own, i);
			SmcGapSide	theirs = bucket_of(other, j);

			if (compare_edges(own_edges[i], other_edges[j - 1]) <= 0 ||
				compare_edges(other_edges[j], own_edges[i - 1]) <= 0)
				continue;
			if (order < 0)
				ours = from(&ours, other->set, j);
			if (order > 0)
				theirs = from(&theirs, own->set, i);
			smc_gap_add(builder, &ours, &theirs);
		}
	}
}

/* ---- pairs -------------------------------------------------------------------------------- */

/* Each bucket and all together with another set; beyond: each from its lower edge on. */
static void
add_each(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other, bool beyond)
{
	int			count = bucket_count(own->set);

	for (int i = 1; i <= count; i++)
	{
		SmcGapSide	ours = bucket_of(own, i);
		SmcGapSide	theirs = beyond ? from(other, own->set, i) : *other;

		smc_gap_add(builder, &ours, &theirs);
	}
	if (count > 1 && !beyond)
		smc_gap_add(builder, own, other);
}

/* The other way: a set with each bucket, and all together. */
static void
add_to_each(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other, bool beyond)
{
	int			count = bucket_count(other->set);

	for (int i = 1; i <= count; i++)
	{
		SmcGapSide	ours = beyond ? from(own, other->set, i) : *own;
		SmcGapSide	theirs = bucket_of(other, i);

		smc_gap_add(builder, &ours, &theirs);
	}
	if (count > 1 && !beyond)
	{
		SmcGapSide	theirs = whole_of(other);

		smc_gap_add(builder, own, &theirs);
	}
}

/* Two histograms with the same buckets. */
static void
add_alike(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other)
{
	for (int i = 1; i <= bucket_count(own->set); i++)
	{
		SmcGapSide	ours = bucket_of(own, i);
		SmcGapSide	theirs = bucket_of(other, i);

		smc_gap_add(builder, &ours, &theirs);
	}
}

/* Two histograms of different values. */
static void
add_pairs(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other)
{
	for (int i = 1; i <= bucket_count(own->set); i++)
	{
		SmcGapSide	ours = bucket_of(own, i);

		add_to_each(builder, &ours, other, false);
	}
	if (bucket_count(own->set) > 1)
		add_to_each(builder, own, other, false);
}

/* ---- which ---------------------------------------------------------------------------------- */

static bool
reads(const SmcExpr *expr, int column)
{
	ListCell   *lc;

	check_stack_depth();
	if (expr->kind == SMC_EXPR_COLUMN)
		return expr->column == column;
	foreach(lc, expr->args)
	{
		if (reads(lfirst(lc), column))
			return true;
	}
	return false;
}

/* Whether two expressions read a column that is in both. */
static bool
have_column(const SmcStudy *study, const SmcExpr *a, const SmcExpr *b)
{
	for (int c = 0; c < study->column_count; c++)
	{
		if (reads(a, c) && reads(b, c))
			return true;
	}
	return false;
}

/* Whether the conditions by which a set differs from a histogram's are about its value, or there are none. */
static bool
is_about(const SmcStudy *study, const SmcRowSet *set, const SmcRowSet *histogram)
{
	List	   *terms = list_concat(smc_rowset_terms_less(set->conditions, histogram->conditions),
									smc_rowset_terms_less(histogram->conditions, set->conditions));
	ListCell   *lc;

	foreach(lc, terms)
	{
		if (have_column(study, ((SmcRowTerm *) lfirst(lc))->expr, histogram->buckets->histogram.arg))
			return true;
	}
	return terms == NIL;
}

static bool
have_same_terms(const SmcRowSet *a, const SmcRowSet *b)
{
	return smc_rowset_same_rows(smc_rowset_without_buckets(a), smc_rowset_without_buckets(b));
}

void
smc_gap_add_buckets(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other)
{
	const SmcStudy *study = builder->study;

	if (smc_gap_are_disjoint(study, own->set, other->set))
		return;
	if (other->set->buckets == NULL)
		add_each(builder, own, other, is_about(study, other->set, own->set));
	else if (own->set->buckets == NULL)
		add_to_each(builder, own, other, is_about(study, own->set, other->set));
	else if (smc_rowset_same_buckets(own->set, other->set))
		add_alike(builder, own, other);
	else if (!smc_expr_equal(own->set->buckets->histogram.arg, other->set->buckets->histogram.arg))
		add_pairs(builder, own, other);
	else if (have_same_terms(own->set, other->set))
		add_edges(builder, own, other);
	else
		add_overlaps(builder, own, other);
}
