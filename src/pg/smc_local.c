/*
 * Running the local query, and turning its rows into ring elements.
 *
 * It runs as the study's owner, in a restricted security context, read only,
 * with our own settings, whoever asked: a peer's session may set what it likes
 * before it attaches.  While it runs nothing goes to the client, because a
 * NOTICE from a function in the source could carry a row.  For the same reason
 * the text of an error stays in the server's log, unless the user could as well
 * have read the source.
 */
#include "postgres.h"

#include <sodium.h>

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/smc_contest.h"
#include "core/smc_random.h"
#include "core/smc_sum.h"
#include "pg/smc_distinct.h"
#include "pg/smc_domain.h"
#include "pg/smc_extreme.h"
#include "pg/smc_gather.h"
#include "pg/smc_interval.h"
#include "pg/smc_local.h"
#include "pg/smc_localgap.h"
#include "pg/smc_localsql.h"
#include "pg/smc_logregr.h"
#include "pg/smc_localtally.h"
#include "pg/smc_model.h"
#include "pg/smc_modes.h"
#include "pg/smc_statistic.h"

/* Settings beside those of pg/smc_modes.h. */
static const struct
{
	const char *name;
	const char *value;
}			run_settings[] =
{
	{"transaction_read_only", "on"},
	{"row_security", "on"},
	{"array_nulls", "on"}
};

/* What was wrong with the rows; told once the user's own context is back. */
typedef enum Problem
{
	PROBLEM_NONE = 0,
	PROBLEM_OUTSIDE,			/* a value isn't in its column's domain */
	PROBLEM_NULL,				/* a group value is NULL and may not be */
	PROBLEM_RANGE,				/* a partial leaves the ring's range */
	PROBLEM_VALUE,				/* a value has no place in an order */
	PROBLEM_ROWS,				/* a fit has more rows than are agreed */
	PROBLEM_ROW,				/* a row of a fit isn't within agreed bounds */
	PROBLEM_CHANGED				/* read again, the source has other rows */
} Problem;

typedef struct LocalRun
{
	const SmcStudy *study;
	const SmcQuery *query;
	const SmcLayout *layout;
	SmcRing128 *partials;
	SmcDomain  *domains;
	bool	   *seen;			/* which cells have had their row */
	int			rows_slot;
	uint64		rows;
	MemoryContext caller;		/* where keys are to live */
	SmcKeys    *keys;
	Problem		problem;
	int			problem_at;		/* the column, the slot, or the key set */
} LocalRun;

static bool is_running = false;

bool
smc_local_is_running(void)
{
	return is_running;
}

/*
 * Group values
 */

static bool
set_problem(LocalRun *run, Problem problem, int at)
{
	run->problem = problem;
	run->problem_at = at;
	return false;
}

/* Find the cell of a row that begins with its group values; false after setting the problem. */
static bool
find_cell(LocalRun *run, const Datum *values, const bool *isnull, uint32 *cell)
{
	int			indexes[SMC_QUERY_GROUPS_MAX];

	for (int i = 0; i < run->query->group_count; i++)
	{
		if (isnull[i] && run->domains[i].column->not_null)
			return set_problem(run, PROBLEM_NULL, run->query->group_columns[i]);
		indexes[i] = isnull[i] ? -1 : smc_domain_find(&run->domains[i], values[i]);
		if (!isnull[i] && indexes[i] < 0)
			return set_problem(run, PROBLEM_OUTSIDE, run->query->group_columns[i]);
	}
	*cell = smc_layout_cell_at(run->study, run->query, indexes);
	return true;
}

/* The same of the local query's row: each group has one. */
static bool
find_group(LocalRun *run, HeapTuple tuple, TupleDesc desc, uint32 *cell)
{
	Datum		values[SMC_QUERY_GROUPS_MAX];
	bool		isnull[SMC_QUERY_GROUPS_MAX];

	for (int i = 0; i < run->query->group_count; i++)
		values[i] = SPI_getbinval(tuple, desc, i + 1, &isnull[i]);
	if (!find_cell(run, values, isnull, cell))
		return false;
	if (run->seen[*cell])
		elog(ERROR, "two rows for one group");
	run->seen[*cell] = true;
	return true;
}

/*
 * Sums and counts
 */

/* A sum as text, a float's rounded to so many digits. */
static char *
sum_text(Datum sum, Oid type, int scale)
{
	switch (type)
	{
		case INT2OID:
			return DatumGetCString(DirectFunctionCall1(int2out, sum));
		case INT4OID:
			return DatumGetCString(DirectFunctionCall1(int4out, sum));
		case INT8OID:
			return DatumGetCString(DirectFunctionCall1(int8out, sum));
		case FLOAT8OID:
			/* exactly the float's shortest decimal, then rounded once */
			sum = DirectFunctionCall3(numeric_in,
									  CStringGetDatum(float8out_internal(DatumGetFloat8(sum))),
									  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
			sum = DirectFunctionCall2(numeric_round, sum, Int32GetDatum(scale));
			/* FALLTHROUGH */
		case NUMERICOID:
			return DatumGetCString(DirectFunctionCall1(numeric_out, sum));
		default:
			elog(ERROR, "unexpected type %u of a sum", type);
	}
}

/*
 * A sum as a ring element with that many digits; false when it is out of range
 * or no number at all.
 */
static bool
sum_to_ring(Datum sum, Oid type, int scale, SmcRing128 *value)
{
	char	   *text = sum_text(sum, type, scale);
	bool		fits = smc_ring_from_decimal(text, scale, value) == SMC_OK;

	pfree(text);
	return fits;
}

/* The same for a slot's part of a moment. */
static bool
moment_to_ring(const LocalRun *run, const SmcSlot *slot, Datum sum, Oid type, SmcRing128 *value)
{
	const SmcAgg *agg = &run->query->aggs[slot->agg];
	int			scale = smc_model_of(agg->kind) != NULL ? smc_model_product_scale(run->study, agg, slot->moment) :
		smc_statistic_scale(agg, slot->moment);
	char	   *text = sum_text(sum, type, scale);
	bool		fits = smc_statistic_to_ring(text, scale, slot->part, slot->bits, run->study->party_count, value);

	pfree(text);
	return fits;
}

/* What a party without rows puts into a contest. */
static SmcRing128
contest_none(SmcSlotKind kind)
{
	switch (kind)
	{
		case SMC_SLOT_MIN:
		case SMC_SLOT_ARGMIN:
			return SMC_CONTEST_NONE_HIGH;
		case SMC_SLOT_MAX:
		case SMC_SLOT_ARGMAX:
			return SMC_CONTEST_NONE_LOW;
		default:
			return 0;
	}
}

/* Cells that the local query has no row for take part in contests all the same. */
static void
prefill_contests(LocalRun *run)
{
	const SmcLayout *layout = run->layout;

	for (int i = 0; i < layout->slot_count; i++)
	{
		if (!smc_layout_is_contest(&layout->slots[i]))
			continue;
		for (uint32 cell = 0; cell < layout->cell_count; cell++)
			run->partials[(size_t) cell * layout->slot_count + i] = contest_none(layout->slots[i].kind);
	}
}

/*
 * Whether this party's part of an input leaves the total below the bound that
 * the circuit was made for.  Where it doesn't, a column holds what its type or
 * agreed range doesn't allow, or there are more rows than are counted.
 */
static bool
fits_input(const LocalRun *run, const SmcSlot *slot, SmcRing128 value)
{
	SmcRing128	bound;

	if (!slot->is_input || slot->bits == 0 || slot->bits >= 127 || smc_layout_is_contest(slot) ||
		slot->kind == SMC_SLOT_MOMENT)
		return true;
	bound = (((SmcRing128) 1 << slot->bits) - 1) / (SmcRing128) run->study->party_count;
	return value <= bound || -value <= bound;
}

/* Fill a row's slots into its cell; false after setting the problem. */
static bool
fill_slots(LocalRun *run, HeapTuple tuple, TupleDesc desc, uint32 cell)
{
	const SmcLayout *layout = run->layout;
	int			number = run->query->group_count;

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];
		SmcRing128	value = 0;
		bool		isnull;
		Datum		datum;

		if (slot->place > 0)
			continue;
		datum = SPI_getbinval(tuple, desc, ++number, &isnull);
		switch ((SmcSlotKind) slot->kind)
		{
			case SMC_SLOT_ROWS:
			case SMC_SLOT_SUPPORT:
			case SMC_SLOT_COUNT:
			case SMC_SLOT_RANK:
			case SMC_SLOT_FIT:
				value = (SmcRing128) DatumGetInt64(datum);
				break;
			case SMC_SLOT_SUM:
				if (!isnull && !sum_to_ring(datum, SPI_gettypeid(desc, number),
											run->query->aggs[slot->agg].scale, &value))
					return set_problem(run, PROBLEM_RANGE, i);
				break;
			case SMC_SLOT_INTERVAL:
				if (!isnull && !smc_interval_part(datum, slot->part, &value))
					return set_problem(run, PROBLEM_RANGE, i);
				break;
			case SMC_SLOT_MOMENT:
				if (!isnull && !moment_to_ring(run, slot, datum, SPI_gettypeid(desc, number), &value))
					return set_problem(run, PROBLEM_RANGE, i);
				break;
			case SMC_SLOT_MIN:
			case SMC_SLOT_MAX:
				if (isnull)
					continue;
				if (!smc_extreme_to_ring(datum, SPI_gettypeid(desc, number), &value) &&
					!sum_to_ring(datum, SPI_gettypeid(desc, number),
								 run->query->aggs[slot->agg].scale, &value))
					return set_problem(run, PROBLEM_RANGE, i);
				break;
			case SMC_SLOT_COMPARE:
			case SMC_SLOT_ARGMIN:
			case SMC_SLOT_ARGMAX:
				if (isnull)
					continue;
				if (!sum_to_ring(datum, SPI_gettypeid(desc, number),
								 run->query->aggs[slot->agg].scale, &value))
					return set_problem(run, PROBLEM_RANGE, i);
				break;
			case SMC_SLOT_TALLY:
				break;
			case SMC_SLOT_DISTINCT:
				continue;		/* read later */
			case SMC_SLOT_ANY:
				run->partials[(size_t) cell * layout->slot_count + i] =
					smc_sum_blind_flag(DatumGetBool(datum), smc_random_system());
				continue;
		}
		if (!smc_ring_summable(value, run->study->party_count) || !fits_input(run, slot, value))
			return set_problem(run, PROBLEM_RANGE, i);
		run->partials[(size_t) cell * layout->slot_count + i] = value;
	}
	return true;
}

/*
 * Add the row's number of rows, by a count, or by sum / avg where that says it:
 * avg has 16 significant digits at least, so that the quotient rounds to the
 * number exactly.
 */
static void
add_rows(LocalRun *run, HeapTuple tuple, TupleDesc desc)
{
	int			groups = run->query->group_count;
	bool		isnull;
	Datum		last = SPI_getbinval(tuple, desc,
									 groups + smc_localsql_column(run->layout, run->layout->slot_count), &isnull);
	Datum		sum;
	Datum		count;

	if (isnull || run->rows == SMC_LOCAL_ROWS_UNKNOWN)
		return;
	if (run->rows_slot < 0)
	{
		run->rows += DatumGetInt64(last);
		return;
	}
	if (DatumGetBool(DirectFunctionCall2(numeric_eq, last,
										 NumericGetDatum(int64_to_numeric(0)))))
	{
		run->rows = SMC_LOCAL_ROWS_UNKNOWN;
		return;
	}
	sum = SPI_getbinval(tuple, desc, groups + smc_localsql_column(run->layout, run->rows_slot), &isnull);
	count = DirectFunctionCall2(numeric_round,
								DirectFunctionCall2(numeric_div, sum, last),
								Int32GetDatum(0));
	run->rows += DatumGetInt64(DirectFunctionCall1(numeric_int8, count));
}

/*
 * Values one by one
 */

/* Takes in the rows of a key set's query as they come, without keeping them. */
typedef struct KeyReceiver
{
	DestReceiver pub;
	LocalRun   *run;
	int			set;
	SmcGather  *gather;			/* of different values */
	SmcDomain  *domain;			/* of those of a column with declared values */
	MemoryContext row;			/* reset after each */
} KeyReceiver;

static void
start_keys(DestReceiver *self, int operation, TupleDesc desc)
{
}

static void
end_keys(DestReceiver *self)
{
}

/* A row's value as a key of an order statistic. */
static bool
put_key(KeyReceiver *receiver, uint32 cell, Datum value, Oid type)
{
	LocalRun   *run = receiver->run;
	int64		key;

	if (!smc_percentile_key(&run->query->aggs[run->layout->key_sets[receiver->set].agg], value, type, &key))
		return set_problem(run, PROBLEM_VALUE, receiver->set);
	if (!smc_keys_put(run->keys, receiver->set, cell, key))
		return set_problem(run, PROBLEM_CHANGED, 0);
	return true;
}

/* The same as one of the different values. */
static bool
put_distinct(KeyReceiver *receiver, uint32 cell, Datum value, Oid type)
{
	LocalRun   *run = receiver->run;
	int64		item[SMC_DISTINCT_WORDS] = {0};

	if (receiver->domain == NULL)
		smc_distinct_item(value, type, item);
	else
	{
		item[0] = smc_domain_find(receiver->domain, value);
		if (item[0] < 0)
			return set_problem(run, PROBLEM_OUTSIDE,
							   run->query->aggs[run->layout->key_sets[receiver->set].agg].arg->column);
	}
	smc_gather_add(receiver->gather, cell, item);
	return true;
}

/* Take a row; false, which ends the query, after setting the problem. */
static bool
take_key(TupleTableSlot *slot, DestReceiver *self)
{
	KeyReceiver *receiver = (KeyReceiver *) self;
	LocalRun   *run = receiver->run;
	int			groups = run->query->group_count;
	MemoryContext caller;
	uint32		cell;
	bool		ok;

	slot_getallattrs(slot);
	if (slot->tts_isnull[groups])
		return true;
	caller = MemoryContextSwitchTo(receiver->row);
	ok = find_cell(run, slot->tts_values, slot->tts_isnull, &cell);
	if (ok)
		ok = (receiver->gather != NULL ? put_distinct : put_key) (receiver, cell, slot->tts_values[groups],
																 TupleDescAttr(slot->tts_tupleDescriptor, groups)->atttypid);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(receiver->row);
	return ok;
}

/* The same of a row that a model is fitted to. */
static bool
take_row(TupleTableSlot *slot, DestReceiver *self)
{
	KeyReceiver *receiver = (KeyReceiver *) self;
	LocalRun   *run = receiver->run;
	int			groups = run->query->group_count;
	const SmcKeySet *set = &run->layout->key_sets[receiver->set];
	int64		values[SMC_MODEL_COLUMNS_MAX + 1];
	MemoryContext caller;
	SmcLogregrTaken taken;
	uint32		cell;
	bool		ok;

	slot_getallattrs(slot);
	caller = MemoryContextSwitchTo(receiver->row);
	ok = find_cell(run, slot->tts_values, slot->tts_isnull, &cell);
	taken = ok ? smc_logregr_take(run->study, &run->query->aggs[set->agg], &set->fit, slot, groups, values) :
		SMC_LOGREGR_LEFT_OUT;
	MemoryContextSwitchTo(caller);
	MemoryContextReset(receiver->row);
	if (taken == SMC_LOGREGR_OUTSIDE)
		ok = set_problem(run, PROBLEM_ROW, receiver->set);
	if (taken == SMC_LOGREGR_TAKEN && !smc_keys_put_row(run->keys, receiver->set, cell, values, smc_layout_key_width(set)))
		ok = set_problem(run, PROBLEM_CHANGED, 0);
	sodium_memzero(values, sizeof(values));
	return ok;
}

/* Run the query of a key set; of different values, into gather, which tells how many there are. */
static void
read_keys(LocalRun *run, int set, SmcGather *gather)
{
	/* SPI asks for the kind of receiver: one of DestNone would not be told of a SELECT */
	KeyReceiver receiver = {{take_key, start_keys, end_keys, end_keys, DestTuplestore}, run, set, gather};
	SPIExecuteOptions options = {0};
	SmcDomain	domain;
	char	   *sql = smc_localsql_values(run->study, run->query, &run->layout->key_sets[set]);
	bool		is_fit = run->layout->key_sets[set].fit.column_count > 0;

	if (is_fit)
		receiver.pub.receiveSlot = take_row;
	receiver.row = AllocSetContextCreate(CurrentMemoryContext, "smc value", ALLOCSET_SMALL_SIZES);
	options.read_only = true;
	options.dest = &receiver.pub;
	if (run->layout->key_sets[set].domain > 0)
	{
		smc_domain_read(&domain, &run->study->columns[run->query->aggs[run->layout->key_sets[set].agg].arg->column]);
		receiver.domain = &domain;
	}
	if (SPI_execute_extended(sql, &options) != SPI_OK_SELECT)
		elog(ERROR, "the query of values is no SELECT");
	MemoryContextDelete(receiver.row);
	if (run->problem == PROBLEM_NONE && gather != NULL)
		smc_gather_settle(gather);
	else if (run->problem == PROBLEM_NONE && !(is_fit ? smc_keys_full(run->keys, set) : smc_keys_sort(run->keys, set)))
		(void) set_problem(run, PROBLEM_CHANGED, 0);
}

/*
 * Read the values of all key sets: different ones first, as only their query tells
 * how many there are, then those whose number is known by now.
 */
static void
read_all_keys(LocalRun *run)
{
	const SmcLayout *layout = run->layout;
	uint64	   *counts = palloc0(Max(smc_keys_parts(layout), 1) * sizeof(uint64));
	SmcGather **gathers = palloc0(layout->key_set_count * sizeof(SmcGather *));
	MemoryContext own;

	for (int set = 0; set < layout->key_set_count && run->problem == PROBLEM_NONE; set++)
	{
		if (!layout->key_sets[set].distinct)
			continue;
		gathers[set] = smc_gather_create(layout, set);
		read_keys(run, set, gathers[set]);
		for (uint32 cell = 0; cell < layout->cell_count; cell++)
			counts[(size_t) set * layout->cell_count + cell] = smc_gather_count(gathers[set], cell);
	}
	if (run->problem != PROBLEM_NONE)
		return;

	for (int slot = 0; slot < layout->slot_count; slot++)
	{
		if (layout->slots[slot].kind != SMC_SLOT_RANK && layout->slots[slot].kind != SMC_SLOT_FIT)
			continue;
		for (uint32 cell = 0; cell < layout->cell_count; cell++)
		{
			const SmcKeySet *set = &layout->key_sets[layout->slots[slot].keys];
			uint64		rows = (uint64) run->partials[(size_t) cell * layout->slot_count + slot];

			if (set->fit.max_rows > 0 && rows > set->fit.max_rows)
			{
				(void) set_problem(run, PROBLEM_ROWS, layout->slots[slot].keys);
				return;
			}
			counts[(size_t) layout->slots[slot].keys * layout->cell_count + cell] = rows * smc_layout_key_width(set);
		}
	}
	own = MemoryContextSwitchTo(run->caller);
	run->keys = smc_keys_create(layout, counts);
	MemoryContextSwitchTo(own);
	for (int set = 0; set < layout->key_set_count && run->problem == PROBLEM_NONE; set++)
	{
		if (gathers[set] != NULL)
			smc_gather_finish(gathers[set], run->keys);
		else
			read_keys(run, set, NULL);
	}
}

/* The place of a value of the query's group column i, -1 for a NULL; false where it has none. */
static bool
find_place(void *arg, int i, Datum value, bool isnull, int *place)
{
	LocalRun   *run = arg;

	*place = isnull ? -1 : smc_domain_find(&run->domains[i], value);
	return isnull ? !run->domains[i].column->not_null : *place >= 0;
}

/* find_cell, for others. */
static bool
find_cell_of(void *arg, const Datum *values, const bool *isnull, uint32 *cell)
{
	return find_cell(arg, values, isnull, cell);
}

/* Take a count of rows in a place. */
static bool
put_tally(void *arg, uint32 cell, int slot, int64 count)
{
	LocalRun   *run = arg;

	if (!smc_ring_summable((SmcRing128) count, run->study->party_count) ||
		!fits_input(run, &run->layout->slots[slot], (SmcRing128) count))
		return set_problem(run, PROBLEM_RANGE, slot);
	run->partials[(size_t) cell * run->layout->slot_count + slot] = (SmcRing128) count;
	return true;
}

static bool
find_outside(void *arg, int column)
{
	return set_problem(arg, PROBLEM_OUTSIDE, column);
}

/* Count the rows in places; the problem is set, if there is any. */
static void
count_tallies(LocalRun *run)
{
	SmcLocalTally local = {run->study, run->query, run->layout, find_cell_of, put_tally, find_outside, run};

	(void) smc_localtally_count(&local);
}

static void
count_gaps(LocalRun *run)
{
	const SmcLayout *layout = run->layout;
	SmcLocalGaps local = {run->study, run->query, layout,
		run->partials + (size_t) layout->cell_count * layout->slot_count, find_place, run};

	smc_localgap_count(&local);
}

/* Run the query and take in its rows, in an SPI context of its own. */
static void
run_query(LocalRun *run, const char *sql)
{
	SPITupleTable *table;

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");

	run->domains = palloc0(Max(run->query->group_count, 1) * sizeof(SmcDomain));
	for (int i = 0; i < run->query->group_count; i++)
		smc_domain_read(&run->domains[i], &run->study->columns[run->query->group_columns[i]]);
	run->seen = palloc0(run->layout->cell_count * sizeof(bool));
	prefill_contests(run);

	if (SPI_execute(sql, true, 0) != SPI_OK_SELECT)
		elog(ERROR, "the local query is no SELECT");

	table = SPI_tuptable;
	for (uint64 i = 0; i < table->numvals && run->problem == PROBLEM_NONE; i++)
	{
		uint32		cell;

		CHECK_FOR_INTERRUPTS();
		if (find_group(run, table->vals[i], table->tupdesc, &cell) &&
			fill_slots(run, table->vals[i], table->tupdesc, cell))
			add_rows(run, table->vals[i], table->tupdesc);
	}
	if (run->layout->key_set_count > 0 && run->problem == PROBLEM_NONE)
		read_all_keys(run);
	if (run->problem == PROBLEM_NONE)
		count_tallies(run);
	if (run->layout->gap_count > 0 && run->problem == PROBLEM_NONE)
		count_gaps(run);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "SPI_finish failed");
}

/*
 * Errors
 */

static void
raise_problem(const LocalRun *run)
{
	const SmcStudy *study = run->study;
	const char *column = run->problem == PROBLEM_OUTSIDE || run->problem == PROBLEM_NULL ?
		study->columns[run->problem_at].name : NULL;
	const SmcSlot *slot = run->problem == PROBLEM_RANGE ? &run->layout->slots[run->problem_at] : NULL;
	int			agg = slot != NULL ? slot->agg : -1;

	switch (run->problem)
	{
		case PROBLEM_NONE:
			break;
		case PROBLEM_OUTSIDE:
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("column \"%s\" of the source of study \"%s\" has a value outside its declared values",
							column, study->name),
					 errhint("Leave such rows out by a view as the source, or agree on more values.")));
			break;
		case PROBLEM_NULL:
			ereport(ERROR,
					(errcode(ERRCODE_NOT_NULL_VIOLATION),
					 errmsg("column \"%s\" of the source of study \"%s\" has a null, but is agreed to be NOT NULL",
							column, study->name)));
			break;
		case PROBLEM_RANGE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("this party's part of %s over study \"%s\" is out of range",
							agg >= 0 ? smc_query_agg_text(study, &run->query->aggs[agg]) : "count(*)",
							study->name),
					 slot->kind == SMC_SLOT_MOMENT ?
					 errdetail("A sum of values, squares or products must be a finite number; counted in its last digit kept, below 2^%d divided by the number of parties.",
							   slot->bits) :
					 errdetail("A part must be a finite number; counted in its last digit kept, below 2^127 divided by the number of parties.")));
			break;
		case PROBLEM_VALUE:
			ereport(ERROR,
					(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
					 errmsg("a value of this party under %s over study \"%s\" is no finite number",
							smc_query_agg_text(study, &run->query->aggs[run->layout->key_sets[run->problem_at].agg]),
							study->name)));
			break;
		case PROBLEM_ROWS:
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("this party has more rows under %s over study \"%s\" than the agreed %u",
							smc_query_agg_text(study, &run->query->aggs[run->layout->key_sets[run->problem_at].agg]),
							study->name, study->max_rows),
					 errhint("Agree on a larger option \"max_rows\", or on none.")));
			break;
		case PROBLEM_ROW:
			ereport(ERROR,
					(errcode(ERRCODE_CHECK_VIOLATION),
					 errmsg("a row of this party under %s over study \"%s\" has a value outside the agreed range",
							smc_query_agg_text(study, &run->query->aggs[run->layout->key_sets[run->problem_at].agg]),
							study->name),
					 errhint("Leave such rows out by a view as the source, or agree on wider options \"lo\" and \"hi\".")));
			break;
		case PROBLEM_CHANGED:
			ereport(ERROR,
					(errcode(ERRCODE_DATA_EXCEPTION),
					 errmsg("the source of study \"%s\" does not give the same rows when it is read twice", study->name),
					 errhint("Use no volatile functions in a view that is a source.")));
			break;
	}
}

/* Whether an error's text says nothing about rows. */
static bool
is_harmless(int sqlerrcode)
{
	switch (ERRCODE_TO_CATEGORY(sqlerrcode))
	{
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_TRANSACTION_ROLLBACK:
			return true;
		default:
			return false;
	}
}

/*
 * Raise what the local query raised.  To one who couldn't read the source only
 * its SQLSTATE is told, and the rest kept in the log.  An error made while
 * nothing was sent to the client would not be sent at all, so it is always
 * raised anew.
 */
static void
raise_error(const SmcStudy *study, ErrorData *error, bool may_read)
{
	if (may_read || is_harmless(error->sqlerrcode))
	{
		error->context = NULL;	/* what stands around us adds itself again */
		ThrowErrorData(error);
	}
	ereport(LOG_SERVER_ONLY,
			(errcode(error->sqlerrcode),
			 errmsg("local query of study \"%s\" failed: %s", study->name, error->message),
			 error->detail != NULL ? errdetail_internal("%s", error->detail) : 0,
			 error->context != NULL ? errcontext("%s", error->context) : 0));
	ereport(ERROR,
			(errcode(error->sqlerrcode),
			 errmsg("local query of study \"%s\" failed", study->name),
			 errdetail("The reason is in the server's log, since it could tell about rows.")));
}

/* The query must have values for all its parameters. */
static void
check_bound(const SmcQuery *query)
{
	bool		unbound = smc_expr_has_params(query->where);

	unbound = unbound || smc_expr_has_params(query->having);
	for (int i = 0; i < query->formula_count; i++)
		unbound = unbound || smc_expr_has_params(query->formulas[i]);
	for (int i = 0; i < query->agg_count; i++)
		unbound = unbound || smc_expr_has_params(query->aggs[i].arg) ||
			smc_expr_has_params(query->aggs[i].second) ||
			smc_expr_has_params(query->aggs[i].filter) || smc_expr_has_params(query->aggs[i].fraction) ||
			smc_expr_has_params(query->aggs[i].lo) || smc_expr_has_params(query->aggs[i].hi) ||
			smc_expr_has_params(query->aggs[i].buckets);
	if (unbound)
		elog(ERROR, "a joint query has parameters without value");
}

uint64
smc_local_run(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
			  SmcRing128 *partials, SmcKeys **keys)
{
	LocalRun	run = {study, query, layout, partials};
	MemoryContext caller = CurrentMemoryContext;
	CommandDest saved_dest = whereToSendOutput;
	ErrorData  *volatile error = NULL;
	Oid			userid;
	int			sec_context;
	int			level;
	bool		may_read;
	char	   *sql;

	if (is_running)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the source of a study can't itself query a study")));
	if (!ActiveSnapshotSet())
		elog(ERROR, "no snapshot for the local query");
	check_bound(query);
	run.caller = caller;
	sql = smc_localsql_text(study, query, layout);
	run.rows_slot = smc_localsql_rows_slot(study, query, layout);

	/* asked now, since after an error the catalogs are better left alone */
	GetUserIdAndSecContext(&userid, &sec_context);
	may_read = has_privs_of_role(userid, study->owner);
	level = smc_modes_begin();
	PG_TRY();
	{
		is_running = true;
		whereToSendOutput = DestNone;
		for (int i = 0; i < lengthof(run_settings); i++)
			(void) set_config_option(run_settings[i].name, run_settings[i].value,
									 PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
		SetUserIdAndSecContext(study->owner, sec_context |
							   SECURITY_LOCAL_USERID_CHANGE | SECURITY_RESTRICTED_OPERATION);
		run_query(&run, sql);
	}
	PG_CATCH();
	{
		/* where it outlives whatever is reset on its way: a report keeps pointers into the copy */
		MemoryContextSwitchTo(TopTransactionContext);
		error = CopyErrorData();
		FlushErrorState();
		MemoryContextSwitchTo(caller);
	}
	PG_END_TRY();

	SetUserIdAndSecContext(userid, sec_context);
	whereToSendOutput = saved_dest;
	is_running = false;
	if (error != NULL)
		raise_error(study, error, may_read);	/* the transaction's end undoes the settings */

	smc_modes_end(level);
	MemoryContextSwitchTo(caller);
	pfree(sql);
	raise_problem(&run);
	*keys = run.keys;
	return run.rows;
}
