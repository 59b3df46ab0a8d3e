/*
 * Counting this party's rows in gaps.
 *
 * Over all rows that takes one query with a LIMIT for each gap.  In groups it takes
 * one pass, in which each row is looked at for each gap; but in most groups most
 * gaps are wide within a small part of the source.  So that is looked at first,
 * and then, in all of it, only the groups where some gap is not, for those gaps.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"

#include "pg/smc_gapsql.h"
#include "pg/smc_localgap.h"

/* How many rows are looked at first for gaps in groups. */
#define SAMPLE_ROWS		20000

/* Count the gaps that are looked at over all rows. */
static void
count_whole(const SmcLocalGaps *local)
{
	const SmcLayout *layout = local->layout;
	SmcGapList	list;

	smc_gapsql_list(layout, false, &list);
	if (list.count == 0)
		return;
	if (SPI_execute(smc_gapsql_whole(local->study, local->query, layout, &list), true, 0) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "the query over gaps has no row");
	for (int i = 0; i < list.count; i++)
	{
		bool		isnull;

		local->gaps[layout->gaps[list.gaps[i]].first] = (SmcRing128)
			DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, i + 1, &isnull));
	}
}

/* Counts of gaps in groups: of gap g in a cell at g * cells + cell, min_rows at most. */
typedef struct Counts
{
	const SmcLocalGaps *local;
	uint32	   *counts;
	uint64		rows;			/* how many the last query has looked at */
} Counts;

static uint32 *
count_at(const Counts *c, int gap, uint32 cell)
{
	return &c->counts[(size_t) gap * c->local->layout->cell_count + cell];
}

/* Take in a group's row; false where it has no cell. */
static bool
take_group(Counts *c, const SmcGapList *list, HeapTuple tuple, TupleDesc desc)
{
	const SmcLocalGaps *local = c->local;
	int			groups = local->query->group_count;
	Datum		values[SMC_QUERY_GROUPS_MAX];
	bool		nulls[SMC_QUERY_GROUPS_MAX];
	bool		isnull;
	uint32		cell;

	for (int i = 0; i < groups; i++)
		values[i] = SPI_getbinval(tuple, desc, i + 1, &nulls[i]);
	if (!local->find_cell(local->arg, values, nulls, &cell))
		return false;
	for (int i = 0; i < list->count; i++)
	{
		int64		count = DatumGetInt64(SPI_getbinval(tuple, desc, groups + i + 1, &isnull));

		*count_at(c, list->gaps[i], cell) = Min(count, local->layout->min_rows);
	}
	c->rows += DatumGetInt64(SPI_getbinval(tuple, desc, groups + list->count + 1, &isnull));
	return true;
}

/* Run one query; sample and done as smc_gapsql_grouped has them. */
static bool
run_query(Counts *c, const SmcGapList *list, int sample, const bool *done)
{
	const SmcLocalGaps *local = c->local;
	SPITupleTable *table;
	bool		ok = true;

	if (SPI_execute(smc_gapsql_grouped(local->study, local->query, local->layout, list, sample, done),
					true, 0) != SPI_OK_SELECT)
		elog(ERROR, "the query over gaps is no SELECT");
	table = SPI_tuptable;
	c->rows = 0;
	for (uint64 r = 0; r < table->numvals && ok; r++)
	{
		CHECK_FOR_INTERRUPTS();
		ok = take_group(c, list, table->vals[r], table->tupdesc);
	}
	SPI_freetuptable(table);
	return ok;
}

/* Leave in the list the gaps that aren't wide enough yet in some cell; done: the cells where all are. */
static void
drop_wide(const Counts *c, SmcGapList *list, bool *done)
{
	const SmcLayout *layout = c->local->layout;
	int			left = 0;

	memset(done, true, layout->cell_count);
	for (int i = 0; i < list->count; i++)
	{
		bool		is_wide = true;

		for (uint32 cell = 0; cell < layout->cell_count; cell++)
		{
			if (*count_at(c, list->gaps[i], cell) >= layout->min_rows)
				continue;
			is_wide = false;
			done[cell] = false;
		}
		if (!is_wide)
			list->gaps[left++] = list->gaps[i];
	}
	list->count = left;
}

/* Count the gaps that are looked at in groups. */
static bool
count_grouped(const SmcLocalGaps *local)
{
	const SmcLayout *layout = local->layout;
	Counts		c = {local};
	SmcGapList	all;
	SmcGapList	list;
	bool	   *done;

	smc_gapsql_list(layout, true, &all);
	if (all.count == 0)
		return true;
	list = all;
	c.counts = palloc_extended((size_t) layout->gap_count * layout->cell_count * sizeof(uint32),
							   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	done = palloc0(layout->cell_count * sizeof(bool));
	if (!run_query(&c, &list, SAMPLE_ROWS, NULL))
		return false;
	if (c.rows >= SAMPLE_ROWS)
	{
		drop_wide(&c, &list, done);
		if (list.count > 0 && !run_query(&c, &list, 0, done))
			return false;
	}
	for (int i = 0; i < all.count; i++)
	{
		const SmcGap *gap = &layout->gaps[all.gaps[i]];

		for (uint32 cell = 0; cell < layout->cell_count; cell++)
			local->gaps[gap->first + smc_layout_key(layout, gap, cell)] += *count_at(&c, all.gaps[i], cell);
	}
	return true;
}

bool
smc_localgap_count(const SmcLocalGaps *local)
{
	count_whole(local);
	return count_grouped(local);
}
