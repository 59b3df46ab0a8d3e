/*
 * Sums of intervals; see the header.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/smc_interval.h"

bool
smc_interval_is_sum(const SmcAgg *agg)
{
	return agg->kind == SMC_AGG_SUM && agg->arg != NULL && agg->arg->type == INTERVALOID;
}

void
smc_interval_check(const SmcStudy *study, const SmcAgg *agg)
{
	if (agg->arg->kind != SMC_EXPR_COLUMN)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly, because it is not of a column",
						smc_query_agg_text(study, agg), study->name),
				 errhint("Intervals are added up as they are stored; use FILTER (WHERE ...) to pick rows.")));
}

/* Of at most SMC_PARTIES_MAX int32, or int64, and a sign. */
int
smc_interval_bits(int part)
{
	return (part < 2 ? 32 : 64) + 4;
}

bool
smc_interval_part(Datum interval, int part, SmcRing128 *value)
{
	const Interval *span = DatumGetIntervalP(interval);

#ifdef INTERVAL_NOT_FINITE
	if (INTERVAL_NOT_FINITE(span))
		return false;
#endif
	*value = (SmcRing128) (int128) (part == 0 ? span->month : part == 1 ? span->day : span->time);
	return true;
}

static int64
field(SmcRing128 total, int64 low, int64 high)
{
	int64		value = (int64) (uint64) total;

	if ((SmcRing128) (int128) value != total || value < low || value > high)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
	return value;
}

Datum
smc_interval_from_parts(const SmcRing128 parts[SMC_INTERVAL_PARTS])
{
	Interval   *span = palloc(sizeof(Interval));

	span->month = (int32) field(parts[0], PG_INT32_MIN, PG_INT32_MAX);
	span->day = (int32) field(parts[1], PG_INT32_MIN, PG_INT32_MAX);
	span->time = field(parts[2], PG_INT64_MIN, PG_INT64_MAX);
#ifdef INTERVAL_NOT_FINITE
	/* the fields of an infinity, not by adding up infinities */
	if (INTERVAL_NOT_FINITE(span))
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("interval out of range")));
#endif
	return IntervalPGetDatum(span);
}
