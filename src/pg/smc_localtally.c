/*
 * Counting this party's rows in places.
 *
 * A query with a condition for each place would look at each row as often as
 * there are places; GROUP BY looks once.  So a tally has a query of its own,
 * beside the local one and under the same snapshot.
 */
#include "postgres.h"

#include "executor/spi.h"
#include "miscadmin.h"

#include "pg/smc_domain.h"
#include "pg/smc_localsql.h"
#include "pg/smc_localtally.h"
#include "pg/smc_tally.h"

static const SmcAgg *
agg_of(const SmcQuery *query, const SmcLayout *layout, int slot)
{
	return &query->aggs[layout->slots[slot].agg];
}

int
smc_localtally_next(const SmcQuery *query, const SmcLayout *layout, int slot)
{
	for (; slot < layout->slot_count; slot++)
	{
		bool		known = layout->slots[slot].place == 0;

		for (int i = 0; i < slot && !known; i++)
			known = layout->slots[i].place > 0 &&
				smc_tally_same(agg_of(query, layout, i), agg_of(query, layout, slot));
		if (!known)
			return slot;
	}
	return -1;
}

char *
smc_localtally_text(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, int slot)
{
	return smc_localsql_places(study, query, agg_of(query, layout, slot));
}

/* The slots of each place of a tally, one after the other: places may be told of, rested on, and computed with. */
static bool
put_all(const SmcLocalTally *local, const SmcAgg *agg, uint32 cell, int place, int64 count)
{
	for (int i = 0; i < local->layout->slot_count; i++)
	{
		if (local->layout->slots[i].place == place &&
			smc_tally_same(agg_of(local->query, local->layout, i), agg) &&
			!local->put(local->arg, cell, i, count))
			return false;
	}
	return true;
}

/* Take in a row: its group values, its place, how many there are. */
static bool
take_row(const SmcLocalTally *local, const SmcAgg *agg, const SmcDomain *domain, HeapTuple tuple, TupleDesc desc)
{
	int			groups = local->query->group_count;
	Datum		values[SMC_QUERY_GROUPS_MAX];
	bool		isnull[SMC_QUERY_GROUPS_MAX];
	bool		is_nowhere;
	Datum		at = SPI_getbinval(tuple, desc, groups + 1, &is_nowhere);
	int64		count;
	uint32		cell;
	int			place;

	if (is_nowhere)
		return true;
	for (int i = 0; i < groups; i++)
		values[i] = SPI_getbinval(tuple, desc, i + 1, &isnull[i]);
	if (!local->find_cell(local->arg, values, isnull, &cell))
		return false;
	count = DatumGetInt64(SPI_getbinval(tuple, desc, groups + 2, &isnull[0]));
	place = domain != NULL ? smc_domain_find(domain, at) + 1 : DatumGetInt32(at);
	if (place >= 1 && place <= smc_tally_places(local->study, agg))
		return put_all(local, agg, cell, place, count);
	if (domain == NULL && (place < 0 || place > smc_tally_places(local->study, agg) + 1))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the bounds of %s over study \"%s\" are too far apart",
						smc_query_agg_text(local->study, agg), local->study->name)));
	/* a value outside of the buckets is none of the aggregate's */
	return domain == NULL || local->outside(local->arg, agg->arg->column);
}

static bool
count_one(const SmcLocalTally *local, int slot)
{
	const SmcAgg *agg = agg_of(local->query, local->layout, slot);
	SmcDomain	domain;
	SPITupleTable *table;

	if (agg->kind == SMC_AGG_MODE)
		smc_domain_read(&domain, &local->study->columns[agg->arg->column]);
	if (SPI_execute(smc_localtally_text(local->study, local->query, local->layout, slot), true, 0) != SPI_OK_SELECT)
		elog(ERROR, "the query of places is no SELECT");
	table = SPI_tuptable;
	for (uint64 i = 0; i < table->numvals; i++)
	{
		CHECK_FOR_INTERRUPTS();
		if (!take_row(local, agg, agg->kind == SMC_AGG_MODE ? &domain : NULL, table->vals[i], table->tupdesc))
			return false;
	}
	SPI_freetuptable(table);
	return true;
}

bool
smc_localtally_count(const SmcLocalTally *local)
{
	for (int slot = smc_localtally_next(local->query, local->layout, 0); slot >= 0;
		 slot = smc_localtally_next(local->query, local->layout, slot + 1))
	{
		if (!count_one(local, slot))
			return false;
	}
	return true;
}
