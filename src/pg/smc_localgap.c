/*
 * Counting this party's rows in gaps.
 *
 * Only whether a gap is as wide as min_rows matters, and most are within a small
 * part of the source.  So that is looked at first, one pass for all gaps; and then,
 * in all of it, the gaps that are not, in groups only the groups where they aren't.
 * Over all rows that is either one more pass, or a query with a LIMIT for each,
 * which an index may serve: the planner tells which is cheaper.
 *
 * Rows of the other set may have values of our group columns that aren't declared,
 * as its own condition left us none to look at: they count in the gaps that don't
 * go by those columns.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/plannodes.h"
#include "utils/plancache.h"

#include "pg/smc_gapsql.h"
#include "pg/smc_localgap.h"
#include "pg/smc_wiped.h"

/* Counting some of the gaps, on its way. */
typedef struct Counts
{
	const SmcLocalGaps *local;
	bool		in_groups;
	uint32	   *counts;			/* as the gaps' vector, min_rows at most */
	uint64		rows;			/* how many the last query has looked at */
} Counts;

static void
add_count(const Counts *c, const SmcGap *gap, uint32 cell, int64 count)
{
	uint32	   *sum = &c->counts[gap->first + smc_layout_key(c->local->layout, gap, cell)];

	*sum += Min(count, c->local->layout->min_rows - *sum);
}

/* The cell of a group's row; *missing: bit i: it has none as far as group column i goes. */
static uint32
cell_of(const Counts *c, HeapTuple tuple, TupleDesc desc, uint8 *missing)
{
	const SmcLocalGaps *local = c->local;
	int			places[SMC_QUERY_GROUPS_MAX];

	*missing = 0;
	if (!c->in_groups)
		return 0;
	for (int i = 0; i < local->query->group_count; i++)
	{
		bool		isnull;
		Datum		value = SPI_getbinval(tuple, desc, i + 1, &isnull);

		if (local->find_place(local->arg, i, value, isnull, &places[i]))
			continue;
		places[i] = 0;
		*missing |= 1 << i;
	}
	return smc_layout_cell_at(local->study, local->query, places);
}

/* Take in a row of counts. */
static void
take_row(Counts *c, const SmcGapList *list, HeapTuple tuple, TupleDesc desc)
{
	int			groups = c->in_groups ? c->local->query->group_count : 0;
	uint8		missing;
	uint32		cell = cell_of(c, tuple, desc, &missing);
	bool		isnull;

	for (int i = 0; i < list->count; i++)
	{
		const SmcGap *gap = &c->local->layout->gaps[list->gaps[i]];

		if ((gap->common & missing) == 0)
			add_count(c, gap, cell, DatumGetInt64(SPI_getbinval(tuple, desc, groups + i + 1, &isnull)));
	}
	c->rows += DatumGetInt64(SPI_getbinval(tuple, desc, groups + list->count + 1, &isnull));
}

/* Run a query that has a row of counts for each group, or over all rows; returns what it is to SPI. */
static SPITupleTable *
run_query(const char *sql)
{
	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "the query over gaps is no SELECT");
	return SPI_tuptable;
}

/* Look at all rows once, or at a sample; done as smc_gapsql_pass has it. */
static void
run_pass(Counts *c, const SmcGapList *list, int sample, const bool *done)
{
	const SmcLocalGaps *local = c->local;
	SPITupleTable *table = run_query(smc_gapsql_pass(local->study, local->query, local->layout, list,
													 c->in_groups, sample, done));

	c->rows = 0;
	for (uint64 r = 0; r < table->numvals; r++)
	{
		CHECK_FOR_INTERRUPTS();
		take_row(c, list, table->vals[r], table->tupdesc);
	}
	SPI_freetuptable(table);
}

/* Look for each gap by itself. */
static void
run_each(Counts *c, const SmcGapList *list)
{
	const SmcLocalGaps *local = c->local;
	SPITupleTable *table = run_query(smc_gapsql_each(local->study, local->layout, list, true));

	if (table->numvals != 1)
		elog(ERROR, "the query over gaps has %llu rows", (unsigned long long) table->numvals);
	for (int i = 0; i < list->count; i++)
	{
		bool		isnull;

		add_count(c, &local->layout->gaps[list->gaps[i]], 0,
				  DatumGetInt64(SPI_getbinval(table->vals[0], table->tupdesc, i + 1, &isnull)));
	}
	SPI_freetuptable(table);
}

/* What the planner thinks a query costs. */
static double
cost_of(const char *sql)
{
	SPIPlanPtr	plan = SPI_prepare(sql, 0, NULL);
	CachedPlan *cached;
	double		cost;

	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed for the query over gaps: %s", SPI_result_code_string(SPI_result));
	cached = SPI_plan_get_cached_plan(plan);
	if (cached == NULL)
		elog(ERROR, "the query over gaps has no plan");
	cost = linitial_node(PlannedStmt, cached->stmt_list)->planTree->total_cost;
	ReleaseCachedPlan(cached, NULL);	/* of a plan that isn't saved */
	SPI_freeplan(plan);
	return cost;
}

/*
 * Whether looking for each gap by itself is cheaper than one more pass.  Without
 * its LIMIT: the rows of a gap that the sample didn't show may be the last ones.
 */
static bool
each_is_cheaper(const Counts *c, const SmcGapList *list)
{
	const SmcLocalGaps *local = c->local;

	return list->count == 1 ||
		cost_of(smc_gapsql_each(local->study, local->layout, list, false)) <
		cost_of(smc_gapsql_pass(local->study, local->query, local->layout, list, false, 0, NULL));
}

/* Begin anew where a gap isn't wide enough yet for its count to be all that is wanted; false where there is none. */
static bool
clear_narrow(const Counts *c, const SmcGap *gap)
{
	bool		any = false;

	for (uint32 key = 0; key < gap->key_count; key++)
	{
		if (!smc_layout_is_known(gap, key) || c->counts[gap->first + key] >= c->local->layout->min_rows)
			continue;
		c->counts[gap->first + key] = 0;
		any = true;
	}
	return any;
}

/* Leave in the list the gaps that must be counted in all rows; done: the cells where none of them must. */
static void
drop_wide(const Counts *c, SmcGapList *list, bool *done)
{
	const SmcLayout *layout = c->local->layout;
	int			left = 0;

	memset(done, true, layout->cell_count);
	for (int i = 0; i < list->count; i++)
	{
		const SmcGap *gap = &layout->gaps[list->gaps[i]];

		CHECK_FOR_INTERRUPTS();
		if (!clear_narrow(c, gap))
			continue;
		for (uint32 cell = 0; cell < layout->cell_count; cell++)
		{
			uint32		key = smc_layout_key(layout, gap, cell);

			if (smc_layout_is_known(gap, key) && c->counts[gap->first + key] < layout->min_rows)
				done[cell] = false;
		}
		list->gaps[left++] = list->gaps[i];
	}
	list->count = left;
}

/* Count some gaps, no more than a query can have columns for. */
static void
count_some(Counts *c, SmcGapList *list)
{
	bool	   *done = palloc(c->local->layout->cell_count * sizeof(bool));

	run_pass(c, list, SMC_GAPSQL_SAMPLE, NULL);
	if (c->rows >= SMC_GAPSQL_SAMPLE)
		drop_wide(c, list, done);
	else
		list->count = 0;		/* that was all */
	if (list->count > 0 && !c->in_groups && each_is_cheaper(c, list))
		run_each(c, list);
	else if (list->count > 0)
		run_pass(c, list, 0, c->in_groups ? done : NULL);
	pfree(done);
}

void
smc_localgap_count(const SmcLocalGaps *local)
{
	const SmcLayout *layout = local->layout;
	Counts		c = {local};

	c.counts = smc_wiped_alloc(layout->gap_elements * sizeof(uint32));
	for (int in_groups = 0; in_groups <= 1; in_groups++)
	{
		SmcGapList	list;
		int			from = 0;

		c.in_groups = in_groups == 1;
		while (smc_gapsql_list(layout, c.in_groups, &from, &list))
			count_some(&c, &list);
	}
	for (uint32 i = 0; i < layout->gap_elements; i++)
		local->gaps[i] = c.counts[i];
	smc_wiped_free(c.counts);
}
