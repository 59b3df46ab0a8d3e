/*
 * The vector that all parties compute over: which cells, which slots.
 *
 * It follows from the study and the query alone, so that all parties lay out
 * the same without a word.  A slot that would say what another one says to the
 * same parties is left out.
 */
#include "postgres.h"

#include "core/smc_bytes.h"
#include "pg/smc_bytea.h"
#include "pg/smc_circuit.h"
#include "pg/smc_distinct.h"
#include "pg/smc_gap.h"
#include "pg/smc_interval.h"
#include "pg/smc_layout.h"
#include "pg/smc_logregr.h"
#include "pg/smc_model.h"
#include "pg/smc_privacy.h"
#include "pg/smc_query.h"
#include "pg/smc_rowset.h"
#include "pg/smc_statistic.h"
#include "pg/smc_tally.h"

/* Whether every party of b is in a. */
static bool
covers(uint16 a, uint16 b)
{
	return (a & b) == b;
}

static uint16
all_parties(const SmcStudy *study)
{
	return (uint16) ((1u << study->party_count) - 1);
}

static int
add_slot(SmcLayout *layout, SmcSlotKind kind, int agg, int support, uint16 recipients)
{
	SmcSlot    *slot;

	if (layout->slot_count == SMC_LAYOUT_SLOTS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query asks for too many figures"),
				 errdetail("What each party adds up for them may be at most %d numbers.", SMC_LAYOUT_SLOTS_MAX),
				 errhint("Ask in several queries.")));
	slot = &layout->slots[layout->slot_count];
	slot->kind = kind;
	slot->agg = agg;
	slot->support = support;
	slot->recipients = recipients;
	return layout->slot_count++;
}

bool
smc_layout_is_contest(const SmcSlot *slot)
{
	return slot->kind >= SMC_SLOT_MIN;
}

/* The kind of slot that holds a contest's number. */
static SmcSlotKind
contest_kind(SmcAggKind kind)
{
	switch (kind)
	{
		case SMC_AGG_MIN:
			return SMC_SLOT_MIN;
		case SMC_AGG_MAX:
			return SMC_SLOT_MAX;
		case SMC_AGG_COMPARE:
			return SMC_SLOT_COMPARE;
		case SMC_AGG_ARGMIN:
			return SMC_SLOT_ARGMIN;
		default:
			return SMC_SLOT_ARGMAX;
	}
}

/* Whether a figure of one aggregate is that of another, the kind of slot being the same. */
static bool
same_figure(const SmcStudy *study, SmcSlotKind kind, const SmcAgg *a, const SmcAgg *b)
{
	if (kind < SMC_SLOT_MOMENT && kind != SMC_SLOT_SUM)
		return smc_query_same_rows(study, a, b);
	return smc_expr_equal(a->arg, b->arg) && smc_expr_equal(a->filter, b->filter) &&
		a->parties[0] == b->parties[0] && a->parties[1] == b->parties[1];
}

int
smc_layout_find(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
				SmcSlotKind kind, int agg)
{
	const SmcAgg *wanted = &query->aggs[agg];
	uint16		recipients = smc_query_recipients(study, query, agg);

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];
		const SmcAgg *known;

		if (slot->kind != kind || slot->agg < 0 || slot->is_input || !covers(slot->recipients, recipients))
			continue;
		known = &query->aggs[slot->agg];
		if (slot->agg == agg)
			return i;
		if (same_figure(study, kind, known, wanted))
			return i;
	}
	return -1;
}

/* A slot that tells all that learn any figure whether a cell has rows, or -1. */
static int
find_rows(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout)
{
	uint16		recipients = smc_query_recipients(study, query, -1);

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->is_input)
			continue;
		if (slot->agg < 0)
			return i;			/* ROWS or ANY of the cell itself */
		if (slot->kind == SMC_SLOT_COUNT && covers(slot->recipients, recipients) &&
			smc_query_takes_all_rows(study, &query->aggs[slot->agg]))
			return i;
	}
	return -1;
}

int
smc_layout_support(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg)
{
	if (smc_query_takes_all_rows(study, &query->aggs[agg]) && !smc_gap_apart(study, query))
		return 0;
	for (int i = 1; i < layout->slot_count; i++)
	{
		if (layout->slots[i].kind == SMC_SLOT_SUPPORT && layout->slots[i].place == 0 &&
			smc_query_same_rows(study, &query->aggs[layout->slots[i].agg], &query->aggs[agg]))
			return i;
	}
	return add_slot(layout, SMC_SLOT_SUPPORT, agg, -1, all_parties(study));
}

/* The keys of an aggregate's different values, added unless they are there. */
static int
add_distinct_keys(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg)
{
	SmcKeySet  *set;

	for (int i = 0; i < layout->key_set_count; i++)
	{
		if (layout->key_sets[i].distinct &&
			same_figure(study, SMC_SLOT_DISTINCT, &query->aggs[layout->key_sets[i].agg], &query->aggs[agg]))
			return i;
	}
	set = &layout->key_sets[layout->key_set_count];
	set->agg = agg;
	set->distinct = true;
	set->domain = smc_distinct_domain(study, &query->aggs[agg]);
	return layout->key_set_count++;
}

int
smc_layout_add_input(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout,
					 SmcSlotKind kind, int agg, int bits)
{
	SmcSlot    *slot;
	int			at;

	for (int i = 0; i < layout->slot_count; i++)
	{
		slot = &layout->slots[i];
		if (!slot->is_input || slot->kind != kind || (slot->agg < 0) != (agg < 0))
			continue;
		if (agg < 0 || slot->agg == agg ||
			same_figure(study, kind, &query->aggs[slot->agg], &query->aggs[agg]))
			return i;
	}
	at = add_slot(layout, kind, agg, -1, 0);
	slot = &layout->slots[at];
	slot->is_input = true;
	slot->bits = bits;
	if (kind == SMC_SLOT_DISTINCT)
	{
		slot->keys = add_distinct_keys(study, query, layout, agg);
		/* counting tells something by itself, which min_rows must allow */
		slot->support = layout->min_rows > 1 ? smc_layout_support(study, query, layout, agg) : -1;
	}
	if (agg >= 0)
	{
		slot->parties[0] = query->aggs[agg].parties[0];
		slot->parties[1] = query->aggs[agg].parties[1];
	}
	return at;
}

/* Whether a moment of one aggregate is that of another: the same product over the same rows. */
static bool
same_moment(const SmcStudy *study, const SmcAgg *a, SmcMoment of_a, const SmcAgg *b, SmcMoment of_b)
{
	const SmcExpr *x[2];
	const SmcExpr *y[2];

	if (smc_model_of(a->kind) != NULL || smc_model_of(b->kind) != NULL)
		return of_a == of_b && smc_model_of(a->kind) != NULL && smc_model_of(b->kind) != NULL &&
			smc_expr_equal(a->arg, b->arg) && smc_expr_equal(a->second, b->second) &&
			smc_expr_equal(a->filter, b->filter);
	smc_statistic_factors(a, of_a, &x[0], &x[1]);
	smc_statistic_factors(b, of_b, &y[0], &y[1]);
	return smc_query_same_rows(study, a, b) &&
		((smc_expr_equal(x[0], y[0]) && smc_expr_equal(x[1], y[1])) ||
		 (smc_expr_equal(x[0], y[1]) && smc_expr_equal(x[1], y[0])));
}

int
smc_layout_add_moment(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout,
					  int agg, int moment, int part, int bits)
{
	SmcSlot    *slot;
	int			at;

	for (int i = 0; i < layout->slot_count; i++)
	{
		slot = &layout->slots[i];
		if (slot->kind == SMC_SLOT_MOMENT && slot->part == part &&
			same_moment(study, &query->aggs[slot->agg], slot->moment, &query->aggs[agg], moment))
			return i;
	}
	at = add_slot(layout, SMC_SLOT_MOMENT, agg, -1, 0);
	slot = &layout->slots[at];
	slot->is_input = true;
	slot->moment = moment;
	slot->part = part;
	slot->bits = bits;
	return at;
}

int
smc_layout_add_interval(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg, int part)
{
	int			at;

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->kind == SMC_SLOT_INTERVAL && slot->is_input && slot->part == part &&
			same_figure(study, SMC_SLOT_INTERVAL, &query->aggs[slot->agg], &query->aggs[agg]))
			return i;
	}
	at = add_slot(layout, SMC_SLOT_INTERVAL, agg, -1, 0);
	layout->slots[at].is_input = true;
	layout->slots[at].part = part;
	layout->slots[at].bits = smc_interval_bits(part);
	return at;
}

int
smc_layout_find_interval(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, int agg, int part)
{
	uint16		recipients = smc_query_recipients(study, query, agg);

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->kind == SMC_SLOT_INTERVAL && !slot->is_input && slot->part == part &&
			covers(slot->recipients, recipients) &&
			same_figure(study, SMC_SLOT_INTERVAL, &query->aggs[slot->agg], &query->aggs[agg]))
			return i;
	}
	return -1;
}

/* A slot for a place of a tally's. */
static int
add_tally(const SmcStudy *study, SmcLayout *layout, SmcSlotKind kind, int agg, int place, uint16 recipients)
{
	int			at;

	if (layout->tally_count++ == SMC_TALLIES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query over study \"%s\" asks for too many buckets, or for modes of too many values",
						study->name),
				 errdetail("It can count rows in %d of them.", SMC_TALLIES_MAX)));
	at = add_slot(layout, kind, agg, -1, recipients);
	layout->slots[at].place = place;
	return at;
}

int
smc_layout_add_tally(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg, int place)
{
	int			at;

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->kind == SMC_SLOT_TALLY && slot->is_input && slot->place == place &&
			smc_tally_same(&query->aggs[slot->agg], &query->aggs[agg]))
			return i;
	}
	at = add_tally(study, layout, SMC_SLOT_TALLY, agg, place, 0);
	layout->slots[at].is_input = true;
	layout->slots[at].bits = SMC_COUNT_BITS;
	return at;
}

int
smc_layout_tally_support(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg, int place)
{
	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->kind == SMC_SLOT_SUPPORT && slot->place == place &&
			smc_tally_same(&query->aggs[slot->agg], &query->aggs[agg]))
			return i;
	}
	return add_tally(study, layout, SMC_SLOT_SUPPORT, agg, place, all_parties(study));
}

int
smc_layout_find_tally(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, int agg, int place)
{
	uint16		recipients = smc_query_recipients(study, query, agg);

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->kind == SMC_SLOT_TALLY && !slot->is_input && slot->place == place &&
			covers(slot->recipients, recipients) && smc_tally_same(&query->aggs[slot->agg], &query->aggs[agg]))
			return i;
	}
	return -1;
}

int
smc_layout_find_rank(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
					 int agg, const SmcFraction *fraction)
{
	bool		interpolates = smc_percentile_interpolates(query->aggs[agg].kind);

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->kind == SMC_SLOT_RANK && slot->interpolates == interpolates &&
			slot->numerator == fraction->numerator && slot->denominator == fraction->denominator &&
			same_figure(study, SMC_SLOT_RANK, &query->aggs[slot->agg], &query->aggs[agg]))
			return i;
	}
	return -1;
}

/* The keys of an aggregate's values, added unless they are there. */
static int
add_keys(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg)
{
	SmcKeySet  *set;

	for (int i = 0; i < layout->key_set_count; i++)
	{
		if (!layout->key_sets[i].distinct &&
			same_figure(study, SMC_SLOT_RANK, &query->aggs[layout->key_sets[i].agg], &query->aggs[agg]))
			return i;
	}
	set = &layout->key_sets[layout->key_set_count];
	set->agg = agg;
	smc_percentile_domain(study, &query->aggs[agg], &set->lo, &set->hi);
	return layout->key_set_count++;
}

/* Add the slots of a percentile's fractions, unless they are there: all parties learn them. */
static void
add_ranks(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg, int support)
{
	SmcFraction fractions[SMC_PERCENTILES_MAX];
	int			count = smc_percentile_fractions(&query->aggs[agg], fractions);

	for (int i = 0; i < count; i++)
	{
		SmcSlot    *slot;

		if (fractions[i].is_null || smc_layout_find_rank(study, query, layout, agg, &fractions[i]) >= 0)
			continue;
		if (layout->slot_count == SMC_LAYOUT_SLOTS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("a query over study \"%s\" asks for too many percentiles", study->name)));
		slot = &layout->slots[add_slot(layout, SMC_SLOT_RANK, agg, support, all_parties(study))];
		slot->interpolates = smc_percentile_interpolates(query->aggs[agg].kind);
		slot->numerator = fractions[i].numerator;
		slot->denominator = fractions[i].denominator;
		slot->keys = add_keys(study, query, layout, agg);
		slot->rank = layout->rank_count++;
	}
}

/* Add a fit's slot and its rows: all parties learn it. */
static void
add_fit(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg, int support)
{
	SmcSlot    *slot = &layout->slots[add_slot(layout, SMC_SLOT_FIT, agg, support, all_parties(study))];
	SmcKeySet  *set = &layout->key_sets[layout->key_set_count];

	slot->keys = layout->key_set_count++;
	slot->rank = layout->fit_count++;
	set->agg = agg;
	smc_logregr_task(study, &query->aggs[agg], &set->fit);
}

int
smc_layout_key_width(const SmcKeySet *set)
{
	int			width = 1;

	for (int i = 0; i < set->fit.column_count; i++)
		width += set->fit.lo[i] != set->fit.hi[i];
	return width;
}

/* Add the slots of a histogram's buckets, unless they are there; with a minimum each has a support of its own. */
static void
add_buckets(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg)
{
	int			places = smc_tally_places(study, &query->aggs[agg]);

	if (smc_layout_find_tally(study, query, layout, agg, 1) >= 0)
		return;
	for (int place = 1; place <= places; place++)
	{
		int			support = layout->min_rows > 1 ? smc_layout_tally_support(study, query, layout, agg, place) : -1;

		layout->slots[add_tally(study, layout, SMC_SLOT_TALLY, agg, place,
								smc_query_recipients(study, query, agg))].support = support;
	}
}

/* Add the slots of an aggregate's figure, unless they are there. */
static void
add_figure(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, int agg, int support)
{
	SmcAggKind	kind = query->aggs[agg].kind;
	uint16		recipients = smc_query_recipients(study, query, agg);

	if (kind == SMC_AGG_HISTOGRAM)
	{
		add_buckets(study, query, layout, agg);
		return;
	}
	if (smc_interval_is_sum(&query->aggs[agg]))
	{
		for (int part = 0; part < SMC_INTERVAL_PARTS; part++)
		{
			if (smc_layout_find_interval(study, query, layout, agg, part) < 0)
				layout->slots[add_slot(layout, SMC_SLOT_INTERVAL, agg, support, recipients)].part = part;
		}
		return;
	}
	if (smc_percentile_is_one(kind))
	{
		add_ranks(study, query, layout, agg, support);
		return;
	}
	if (kind == SMC_AGG_LOGREGR)
	{
		add_fit(study, query, layout, agg, support);
		return;
	}
	if (kind == SMC_AGG_DISTINCT)
	{
		if (smc_layout_find(study, query, layout, SMC_SLOT_DISTINCT, agg) < 0)
		{
			SmcSlot    *slot = &layout->slots[add_slot(layout, SMC_SLOT_DISTINCT, agg, support, recipients)];

			slot->keys = add_distinct_keys(study, query, layout, agg);
		}
		return;
	}
	if (smc_query_is_contest(kind))
	{
		SmcSlotKind slot_kind = contest_kind(kind);

		if (smc_layout_find(study, query, layout, slot_kind, agg) < 0)
		{
			SmcSlot    *slot = &layout->slots[add_slot(layout, slot_kind, agg, support, recipients)];

			slot->parties[0] = query->aggs[agg].parties[0];
			slot->parties[1] = query->aggs[agg].parties[1];
		}
		return;
	}
	if ((kind == SMC_AGG_SUM || kind == SMC_AGG_AVG) &&
		smc_layout_find(study, query, layout, SMC_SLOT_SUM, agg) < 0)
		add_slot(layout, SMC_SLOT_SUM, agg, support, recipients);
	if (kind != SMC_AGG_SUM && smc_layout_find(study, query, layout, SMC_SLOT_COUNT, agg) < 0)
		add_slot(layout, SMC_SLOT_COUNT, agg, support, recipients);
}

/* With min_rows: what counts rows, open to all, before what rests on them. */
static void
lay_out_with_minimum(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout)
{
	int			supports[SMC_QUERY_AGGS_MAX] = {0};

	add_slot(layout, SMC_SLOT_ROWS, -1, -1, all_parties(study));
	for (int i = 0; i < query->agg_count; i++)
	{
		/* a histogram's buckets have their own, which stand together */
		if (query->aggs[i].kind != SMC_AGG_HISTOGRAM)
			supports[i] = smc_layout_support(study, query, layout, i);
		for (int place = 1; query->aggs[i].kind == SMC_AGG_HISTOGRAM && place <= smc_tally_places(study, &query->aggs[i]); place++)
			(void) smc_layout_tally_support(study, query, layout, i, place);
	}
	for (int i = 0; i < query->agg_count; i++)
	{
		if (smc_circuit_bypasses(study, query, i))
			add_figure(study, query, layout, i, supports[i]);
	}
}

/*
 * Without: the figures; and flags for what no opened count tells, whether a
 * sum is NULL, and whether a group is there at all.
 */
static void
lay_out_at_once(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout)
{
	for (int i = 0; i < query->agg_count; i++)
	{
		if (smc_circuit_bypasses(study, query, i))
			add_figure(study, query, layout, i, -1);
	}

	for (int i = 0; i < query->agg_count; i++)
	{
		if (query->aggs[i].kind != SMC_AGG_SUM || !smc_circuit_bypasses(study, query, i))
			continue;
		/* in a group that is there, a sum over all its rows isn't NULL */
		if (query->group_count > 0 && smc_query_takes_all_rows(study, &query->aggs[i]))
			continue;
		if (smc_layout_find(study, query, layout, SMC_SLOT_COUNT, i) < 0 &&
			smc_layout_find(study, query, layout, SMC_SLOT_ANY, i) < 0)
			add_slot(layout, SMC_SLOT_ANY, i, -1, smc_query_recipients(study, query, i));
	}

	if (query->group_count > 0 && query->having == NULL && !smc_privacy_applies(study) &&
		find_rows(study, query, layout) < 0)
		add_slot(layout, SMC_SLOT_ANY, -1, -1, smc_query_recipients(study, query, -1));
}

SmcLayout *
smc_layout_make(const SmcStudy *study, const SmcQuery *query)
{
	SmcLayout  *layout = palloc0(sizeof(SmcLayout));
	uint64		cells = 1;

	/* what is made of kept secrets alone rests on the rows that they were kept for */
	layout->min_rows = smc_query_reads_nothing(query) ? 0 : study->min_rows;
	layout->slots = palloc0(SMC_LAYOUT_SLOTS_MAX * sizeof(SmcSlot));
	layout->key_sets = palloc0(SMC_QUERY_AGGS_MAX * sizeof(SmcKeySet));
	if (layout->min_rows > 1)
		lay_out_with_minimum(study, query, layout);
	else
		lay_out_at_once(study, query, layout);
	layout->rows_slot = query->group_count > 0 ? find_rows(study, query, layout) : -1;
	layout->circuit = smc_circuit_make(study, query, layout);

	for (int i = 0; i < query->group_count && cells <= SMC_ELEMENTS_MAX; i++)
		cells *= smc_rowset_places(&study->columns[query->group_columns[i]]);
	if (cells * (layout->slot_count + (layout->circuit ? 2 * layout->circuit->output_count : 0)) > SMC_ELEMENTS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query over study \"%s\" has too many possible groups", study->name),
				 errdetail("Groups times figures may be at most %d, whether the groups have rows or not.",
						   SMC_ELEMENTS_MAX),
				 errhint("Group by fewer columns, or in several queries.")));
	layout->cell_count = cells;
	smc_layout_add_groups(study, query, layout);
	smc_gap_lay_out(study, query, layout);
	return layout;
}

void
smc_layout_cell_groups(const SmcStudy *study, const SmcQuery *query, uint32 cell, int *indexes)
{
	/* the last column varies fastest */
	for (int i = query->group_count - 1; i >= 0; i--)
	{
		const SmcColumn *column = &study->columns[query->group_columns[i]];
		uint32		places = smc_rowset_places(column);
		int			place = cell % places;

		indexes[i] = place < column->value_count ? place : -1;
		cell /= places;
	}
}

uint32
smc_layout_cell_at(const SmcStudy *study, const SmcQuery *query, const int *indexes)
{
	uint32		cell = 0;

	for (int i = 0; i < query->group_count; i++)
	{
		const SmcColumn *column = &study->columns[query->group_columns[i]];

		cell = cell * smc_rowset_places(column) +
			(indexes[i] >= 0 ? indexes[i] : column->value_count);
	}
	return cell;
}

/*
 * Bytes: between a backend and its lane worker
 */

static void
write_fit(SmcWriter *writer, const SmcFitTask *fit)
{
	smc_writer_u8(writer, fit->column_count);
	smc_writer_u16(writer, (uint16) fit->iterations);
	smc_writer_u32(writer, fit->max_rows);
	smc_writer_u64(writer, fit->tolerance);
	for (int i = 0; i < fit->column_count; i++)
	{
		smc_writer_u64(writer, (uint64) fit->lo[i]);
		smc_writer_u64(writer, (uint64) fit->hi[i]);
	}
}

static void
read_fit(SmcReader *reader, SmcFitTask *fit)
{
	fit->column_count = smc_reader_u8(reader);
	fit->iterations = (int16) smc_reader_u16(reader);
	fit->max_rows = smc_reader_u32(reader);
	fit->tolerance = smc_reader_u64(reader);
	if (fit->column_count > SMC_MODEL_COLUMNS_MAX)
	{
		fit->column_count = 0;
		smc_reader_fail(reader);
	}
	for (int i = 0; i < fit->column_count; i++)
	{
		fit->lo[i] = (int64) smc_reader_u64(reader);
		fit->hi[i] = (int64) smc_reader_u64(reader);
		if (fit->lo[i] > fit->hi[i])
			smc_reader_fail(reader);
	}
}

static void
write_layout(SmcWriter *writer, const void *what)
{
	const SmcLayout *layout = what;

	smc_writer_u32(writer, layout->cell_count);
	smc_writer_u32(writer, layout->min_rows);
	smc_writer_u16(writer, layout->slot_count);
	smc_writer_u16(writer, (uint16) layout->rows_slot);
	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		smc_writer_u8(writer, slot->kind);
		smc_writer_u16(writer, (uint16) slot->agg);
		smc_writer_u16(writer, (uint16) slot->support);
		smc_writer_u16(writer, slot->recipients);
		smc_writer_u8(writer, slot->parties[0]);
		smc_writer_u8(writer, slot->parties[1]);
		smc_writer_u8(writer, slot->is_input);
		smc_writer_u8(writer, slot->bits);
		smc_writer_u8(writer, slot->moment);
		smc_writer_u8(writer, slot->part);
		smc_writer_u16(writer, slot->place);
		smc_writer_u8(writer, slot->interpolates);
		smc_writer_u32(writer, slot->numerator);
		smc_writer_u32(writer, slot->denominator);
		smc_writer_u16(writer, (uint16) slot->keys);
		smc_writer_u16(writer, (uint16) slot->rank);
	}
	smc_writer_u16(writer, layout->key_set_count);
	for (int i = 0; i < layout->key_set_count; i++)
	{
		smc_writer_u16(writer, layout->key_sets[i].agg);
		smc_writer_u8(writer, layout->key_sets[i].distinct);
		smc_writer_u32(writer, layout->key_sets[i].domain);
		smc_writer_u64(writer, (uint64) layout->key_sets[i].lo);
		smc_writer_u64(writer, (uint64) layout->key_sets[i].hi);
		write_fit(writer, &layout->key_sets[i].fit);
	}
	smc_layout_write_gaps(writer, layout);
	smc_writer_u8(writer, layout->circuit != NULL);
	if (layout->circuit != NULL)
		smc_circuit_write(writer, layout->circuit);
}

bytea *
smc_layout_write(const SmcLayout *layout)
{
	return smc_bytea_collect(write_layout, layout);
}

/* Whether a slot read from bytes is one that could have been laid out. */
static bool
is_sound(const SmcLayout *layout, const SmcSlot *slot)
{
	if (slot->kind < SMC_SLOT_ROWS || slot->kind > SMC_SLOT_FIT ||
		slot->parties[0] >= SMC_PARTIES_MAX || slot->parties[1] >= SMC_PARTIES_MAX ||
		(slot->kind == SMC_SLOT_COMPARE && slot->parties[0] == slot->parties[1]) ||
		slot->agg < -1 || slot->agg >= SMC_QUERY_AGGS_MAX ||
		slot->support < -1 || slot->support >= layout->slot_count ||
		(slot->kind == SMC_SLOT_TALLY && slot->place == 0) ||
		(slot->kind == SMC_SLOT_INTERVAL && slot->part >= SMC_INTERVAL_PARTS))
		return false;
	return slot->agg >= 0 || slot->kind == SMC_SLOT_ROWS || slot->kind == SMC_SLOT_ANY;
}

/* Read the key sets, and check the ranks against them. */
static void
parse_key_sets(SmcReader *reader, SmcLayout *layout)
{
	int			ranks = 0;
	int			fits = 0;

	layout->key_set_count = smc_reader_u16(reader);
	if (layout->key_set_count > SMC_QUERY_AGGS_MAX)
	{
		layout->key_set_count = 0;
		smc_reader_fail(reader);
	}
	layout->key_sets = palloc0(Max(layout->key_set_count, 1) * sizeof(SmcKeySet));
	for (int i = 0; i < layout->key_set_count; i++)
	{
		SmcKeySet  *set = &layout->key_sets[i];

		set->agg = (int16) smc_reader_u16(reader);
		set->distinct = smc_reader_bool(reader);
		set->domain = smc_reader_u32(reader);
		set->lo = (int64) smc_reader_u64(reader);
		set->hi = (int64) smc_reader_u64(reader);
		read_fit(reader, &set->fit);
		if (set->agg < 0 || set->agg >= SMC_QUERY_AGGS_MAX || set->lo > set->hi)
			smc_reader_fail(reader);
	}
	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->kind == SMC_SLOT_RANK &&
			(slot->rank != ranks++ || slot->keys < 0 || slot->keys >= layout->key_set_count ||
			 layout->key_sets[slot->keys].distinct ||
			 slot->denominator == 0 || slot->numerator > slot->denominator))
			smc_reader_fail(reader);
		if (slot->kind == SMC_SLOT_FIT &&
			(slot->rank != fits++ || slot->keys < 0 || slot->keys >= layout->key_set_count ||
			 layout->key_sets[slot->keys].fit.column_count == 0))
			smc_reader_fail(reader);
		if (slot->kind == SMC_SLOT_DISTINCT &&
			(slot->keys < 0 || slot->keys >= layout->key_set_count || !layout->key_sets[slot->keys].distinct))
			smc_reader_fail(reader);
	}
}

SmcLayout *
smc_layout_parse(const uint8 *data, size_t len)
{
	SmcLayout  *layout = palloc0(sizeof(SmcLayout));
	SmcReader	reader;

	smc_reader_init(&reader, data, len);
	layout->cell_count = smc_reader_u32(&reader);
	layout->min_rows = smc_reader_u32(&reader);
	layout->slot_count = smc_reader_u16(&reader);
	layout->rows_slot = (int16) smc_reader_u16(&reader);
	if (layout->cell_count < 1 || layout->slot_count > SMC_LAYOUT_SLOTS_MAX ||
		(uint64) layout->cell_count * layout->slot_count > SMC_ELEMENTS_MAX ||
		layout->rows_slot < -1 || layout->rows_slot >= layout->slot_count)
	{
		layout->slot_count = 0;
		smc_reader_fail(&reader);
	}
	layout->slots = palloc0(Max(layout->slot_count, 1) * sizeof(SmcSlot));
	for (int i = 0; i < layout->slot_count; i++)
	{
		SmcSlot    *slot = &layout->slots[i];

		slot->kind = smc_reader_u8(&reader);
		slot->agg = (int16) smc_reader_u16(&reader);
		slot->support = (int16) smc_reader_u16(&reader);
		slot->recipients = smc_reader_u16(&reader);
		slot->parties[0] = smc_reader_u8(&reader);
		slot->parties[1] = smc_reader_u8(&reader);
		slot->is_input = smc_reader_bool(&reader);
		slot->bits = smc_reader_u8(&reader);
		slot->moment = smc_reader_u8(&reader);
		slot->part = smc_reader_u8(&reader);
		slot->place = smc_reader_u16(&reader);
		slot->interpolates = smc_reader_bool(&reader);
		slot->numerator = smc_reader_u32(&reader);
		slot->denominator = smc_reader_u32(&reader);
		slot->keys = (int16) smc_reader_u16(&reader);
		slot->rank = (int16) smc_reader_u16(&reader);
		if (slot->kind == SMC_SLOT_RANK)
			layout->rank_count++;
		if (slot->kind == SMC_SLOT_FIT)
			layout->fit_count++;
		if (!is_sound(layout, slot))
			smc_reader_fail(&reader);
	}

	parse_key_sets(&reader, layout);

	/* a support must itself be a count of rows */
	for (int i = 0; i < layout->slot_count && !reader.failed; i++)
	{
		int			support = layout->slots[i].support;

		if (support >= 0 && !smc_layout_counts_rows(layout, support))
			smc_reader_fail(&reader);
	}
	smc_layout_read_gaps(&reader, layout);
	if (smc_reader_bool(&reader) && !reader.failed)
		layout->circuit = smc_circuit_read(&reader, layout);
	if (layout->slot_count == 0 && (layout->circuit == NULL || layout->circuit->secret_count == 0))
		smc_reader_fail(&reader);
	if (smc_reader_end(&reader) != SMC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed layout of a joint query")));
	return layout;
}
