/*
 * Which conditions of a query are compared with which others, and how.
 *
 * With min_rows, every set of rows that figures rest on (pg/smc_rowset.h) must
 * not only have enough rows, but also differ from each earlier one by enough:
 * else what two figures differ by would be that of a few rows.  All parties find
 * the same gaps from the study, the query and the list of earlier sets.
 *
 * IN WHICH GROUPS.  A query by dept and sex also tells its totals by dept, by
 * sex, and over all.  So two sets are compared in the groups of those columns by
 * which both tell something, the finest at which both can be had; coarser totals
 * are sums of these.  WHERE dept = 'sales' counts as a query by dept of which one
 * group is told, and where a condition goes by group columns of the other alone, as
 * dept LIKE 's%', that is kept to the groups that meet it.  A set is compared only in groups of which some figure of the
 * other was told.
 *
 * OF WHAT.  Where no condition is in between, but only NULLs of what is added up,
 * two sets matter to each other where figures of both are made of the same: the
 * sum of a and the average of b, over rows where these aren't NULL, can't be
 * played off against each other; the sum of a and that of a + b can.
 *
 * NO DIFFERENCE AT ALL.  Where two sets differ by no row, their figures are the
 * same, and no harm is done by telling.  But by withholding where one to k - 1
 * rows differ, and telling where none does, all parties learn which it is; and
 * an asker who may choose the condition in between could so ask whether anyone
 * meets it, of one person's salary as often as it takes (Kenthapadi, Mishra,
 * Nissim, Simulatable auditing, PODS 2005: a denial must not depend on what the
 * asker doesn't know).  So that passes only where the difference is in declared
 * values of group columns, or in a column's NULLs (SMC_ROWS_PLAIN, SMC_ROWS_NULLS), which people
 * run into without a purpose: a slicer that leaves all in, count(*) beside
 * avg(x).
 *
 * Histograms: pg/smc_gap_buckets.c.
 *
 * What this does and doesn't stop: doc/threat-model.md.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "pg/smc_gap_impl.h"
#include "pg/smc_history.h"
#include "pg/smc_tally.h"

bool
smc_gap_applies(const SmcStudy *study)
{
	return study->min_rows > 1 && study->history > 0;
}

bool
smc_gap_apart(const SmcStudy *study, const SmcQuery *query)
{
	bool		all = false;
	bool		some = false;

	for (int i = 0; i < query->agg_count; i++)
	{
		if (smc_query_takes_all_rows(study, &query->aggs[i]))
			all = true;
		else
			some = true;
	}
	return smc_gap_applies(study) && all && some;
}

bool
smc_gap_compares(const SmcStudy *study, const SmcQuery *query, const SmcSlot *slot)
{
	if (!smc_gap_applies(study) || slot->is_input)
		return false;
	if (slot->kind != SMC_SLOT_ROWS)
		return slot->kind == SMC_SLOT_SUPPORT;
	for (int i = 0; i < query->agg_count; i++)
	{
		if (!smc_query_takes_all_rows(study, &query->aggs[i]))
			return false;
	}
	return true;
}

const char *
smc_gap_or_near(uint32 min_rows)
{
	return psprintf(", or rows that differ from those of another result by fewer than %u", min_rows);
}

static void
raise_too_many(const SmcStudy *study)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("a query over study \"%s\" has too many different conditions to be compared with earlier ones",
					study->name),
			 errdetail("Each condition of a figure is compared with the others in the query, and with earlier ones: "
					   "at most %d comparisons, and with groups at most %d in all.",
					   SMC_GAPS_MAX, SMC_GAP_LINKS_MAX),
			 errhint("Ask with fewer FILTER conditions, for fewer groups, or a histogram of fewer buckets, at a time.")));
}

static bool
has_params(const SmcQuery *query)
{
	bool		found = smc_expr_has_params(query->where);

	for (int i = 0; i < query->agg_count; i++)
		found |= smc_expr_has_params(query->aggs[i].arg) || smc_expr_has_params(query->aggs[i].second) ||
			smc_expr_has_params(query->aggs[i].filter) || smc_expr_has_params(query->aggs[i].lo) ||
			smc_expr_has_params(query->aggs[i].hi) || smc_expr_has_params(query->aggs[i].buckets);
	return found;
}

/*
 * Sets
 */

/* What the figures that rest on a slot's rows are made of. */
static bytea *
uses_of(const SmcGapBuilder *builder, int slot, int agg)
{
	const SmcQuery *query = builder->query;
	size_t		len = smc_rowset_uses_len(builder->study);
	bytea	   *result = palloc0(VARHDRSZ + len);
	uint8	   *uses = (uint8 *) VARDATA(result);

	SET_VARSIZE(result, VARHDRSZ + len);
	for (int i = 0; i < query->agg_count; i++)
	{
		if (slot == 0 ? smc_query_takes_all_rows(builder->study, &query->aggs[i]) :
			smc_query_same_rows(builder->study, &query->aggs[agg], &query->aggs[i]))
			smc_rowset_add_uses(&query->aggs[i], uses);
	}
	if (query->agg_count == 0)
		uses[0] |= 1;			/* which groups there are */
	return result;
}

static void
add_set(SmcGapBuilder *builder, int slot, int agg)
{
	SmcLayout  *layout = builder->layout;
	SmcRowSet  *set = smc_rowset_of(builder->study, builder->query, agg);
	SmcLayoutSet *entry = &layout->sets[layout->set_count];

	builder->sets[layout->set_count++] = set;
	entry->slot = slot;
	entry->slot_count = set->buckets != NULL ? smc_tally_bucket_count(&set->buckets->histogram) : 1;
	entry->row_set = smc_rowset_write(set);
	entry->uses = uses_of(builder, slot, agg);
	entry->text = smc_rowset_text(builder->study, set);
}

/* Lay out a set for each slot whose counts figures rest on. */
static void
collect_sets(SmcGapBuilder *builder)
{
	SmcLayout  *layout = builder->layout;

	layout->sets = palloc0(layout->slot_count * sizeof(SmcLayoutSet));
	builder->sets = palloc0(layout->slot_count * sizeof(SmcRowSet *));
	for (int slot = 0; slot < layout->slot_count; slot++)
	{
		/* a histogram's set has the slots of all buckets */
		if (layout->slots[slot].place <= 1 && smc_gap_compares(builder->study, builder->query, &layout->slots[slot]))
			add_set(builder, slot, layout->slots[slot].agg);
	}
}

/*
 * Gaps
 */

/* Where one group column of the query stands in a comparison. */
typedef struct Axis
{
	bool		is_group;		/* the other set is grouped by it, too */
	int			other_place;	/* the other set is kept to this place of it; -1: to none */
} Axis;

bool
smc_gap_are_disjoint(const SmcStudy *study, const SmcRowSet *a, const SmcRowSet *b)
{
	for (int c = 0; c < study->column_count; c++)
	{
		int			place = -1;
		int			other_place = -1;

		if (study->columns[c].value_count > 0 && smc_rowset_pin(study, a, c, &place) &&
			smc_rowset_pin(study, b, c, &other_place) && place != other_place)
			return true;
	}
	return false;
}

/*
 * Bring two sets to the groups in which both tell something: each is kept to the
 * groups of its own that the other's conditions leave.  own_place[i] is the place to
 * which ours is kept of the other's group i, -1 where ours has any.  False where no
 * row can be in both: then they differ by all rows of both, which are many where
 * each was told of.
 */
static bool
align(const SmcGapBuilder *builder, const SmcRowSet **own, const SmcRowSet **other, Axis *axes, int *own_place)
{
	const SmcStudy *study = builder->study;
	const SmcQuery *query = builder->query;
	const SmcRowSet *ours = *own;
	const SmcRowSet *theirs = *other;

	if (smc_gap_are_disjoint(study, ours, theirs))
		return false;
	for (int i = 0; i < query->group_count; i++)
	{
		int			column = query->group_columns[i];

		axes[i].is_group = smc_rowset_has_group(theirs, column);
		axes[i].other_place = -1;
		if (!axes[i].is_group)
			(void) smc_rowset_pin(study, theirs, column, &axes[i].other_place);
	}
	for (int i = 0; i < theirs->group_count; i++)
	{
		own_place[i] = -1;
		if (!smc_rowset_has_group(ours, theirs->groups[i]))
			(void) smc_rowset_pin(study, ours, theirs->groups[i], &own_place[i]);
	}
	*own = smc_rowset_kept_to(ours, theirs);
	*other = smc_rowset_kept_to(theirs, ours);
	return true;
}

/*
 * Mark the key that a group of the other set stands for.  at[i] is the group's
 * place in the other's group column i.
 */
static void
mark_known(const SmcGapBuilder *builder, SmcGap *gap, const SmcRowSet *other, const Axis *axes,
		   const int *own_place, const uint32 *at)
{
	const SmcQuery *query = builder->query;
	uint32		key = 0;

	for (int i = 0; i < other->group_count; i++)
	{
		if (own_place[i] >= 0 && own_place[i] != at[i])
			return;
	}
	for (int i = 0; i < query->group_count; i++)
	{
		uint32		place = axes[i].other_place;

		if ((gap->common & (1 << i)) == 0)
			continue;
		for (int j = 0; axes[i].is_group && j < other->group_count; j++)
		{
			if (other->groups[j] == query->group_columns[i])
				place = at[j];
		}
		key = key * builder->layout->places[i] + place;
	}
	gap->known[key / 8] |= 1 << (key % 8);
}

/* Find the keys where figures of the other were told of: its groups in `cells`, all where that is NULL. */
static void
find_known(const SmcGapBuilder *builder, SmcGap *gap, const SmcRowSet *other, const uint8 *cells,
		   const Axis *axes, const int *own_place)
{
	uint32		count = smc_rowset_cell_count(builder->study, other);
	uint32		at[SMC_QUERY_GROUPS_MAX];

	for (uint32 cell = 0; cell < count; cell++)
	{
		uint32		rest = cell;

		if (cell % 65536 == 0)
			CHECK_FOR_INTERRUPTS();
		if (cells != NULL && (cells[cell / 8] & (1 << (cell % 8))) == 0)
			continue;
		for (int i = other->group_count - 1; i >= 0; i--)
		{
			uint32		places = smc_rowset_places(&builder->study->columns[other->groups[i]]);

			at[i] = rest % places;
			rest /= places;
		}
		mark_known(builder, gap, other, axes, own_place, at);
	}
}

/* Whether figures of two sets are made of anything in common. */
static bool
share_uses(const SmcStudy *study, const uint8 *a, const uint8 *b)
{
	for (size_t i = 0; i < smc_rowset_uses_len(study); i++)
	{
		if (a[i] & b[i])
			return true;
	}
	return false;
}

/* Where that very comparison is laid out already, let it be made in those groups, too. */
static bool
join_same(SmcGapBuilder *builder, const SmcGap *gap)
{
	const SmcLayout *layout = builder->layout;

	for (int i = 0; i < layout->gap_count; i++)
	{
		SmcGap	   *same = &layout->gaps[i];

		if (same->support != gap->support || same->support_count != gap->support_count || same->other_support >= 0 || gap->other_support >= 0 ||
			same->common != gap->common ||
			!smc_rowset_same_rows(same->own, gap->own) || !smc_rowset_same_rows(same->other, gap->other))
			continue;
		builder->links -= smc_layout_links(layout, same);
		for (uint32 byte = 0; byte < (gap->key_count + 7) / 8; byte++)
			same->known[byte] |= gap->known[byte];
		builder->links += smc_layout_links(layout, same);
		return true;
	}
	return false;
}

/* Make the gap between two sets that are aligned, in no group yet. */
static void
begin_gap(const SmcGapBuilder *builder, SmcGap *gap, const SmcGapSide *own_side, const SmcGapSide *other_side,
		  const SmcRowSet *own, const SmcRowSet *other, const Axis *axes)
{
	const SmcLayout *layout = builder->layout;

	memset(gap, 0, sizeof(*gap));
	gap->support = own_side->slot;
	gap->support_count = own_side->slot_count;
	gap->other_support = other_side->slot;
	gap->key_count = 1;
	for (int i = 0; i < layout->group_count; i++)
	{
		if (!axes[i].is_group && axes[i].other_place < 0)
			continue;
		gap->common |= 1 << i;
		gap->key_count *= layout->places[i];
	}
	gap->known = palloc0((gap->key_count + 7) / 8);
	gap->own = own;
	gap->other = other;
}

/* Lay out a gap, unless there is nothing to compare or that is laid out already. */
static void
append_gap(SmcGapBuilder *builder, SmcGap *gap)
{
	SmcLayout  *layout = builder->layout;
	uint32		links = smc_layout_links(layout, gap);

	if (links == 0 || join_same(builder, gap))
	{
		pfree(gap->known);
		return;
	}
	builder->links += links;
	if (layout->gap_count == SMC_GAPS_MAX || builder->links > SMC_GAP_LINKS_MAX ||
		gap->key_count > SMC_ELEMENTS_MAX - layout->gap_elements)
		raise_too_many(builder->study);
	gap->first = layout->gap_elements;
	layout->gap_elements += gap->key_count;
	layout->gaps[layout->gap_count++] = *gap;
}

void
smc_gap_add(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other)
{
	const SmcRowSet *ours = own->set;
	const SmcRowSet *theirs = other->set;
	Axis		axes[SMC_QUERY_GROUPS_MAX];
	int			own_place[SMC_QUERY_GROUPS_MAX];
	SmcRowDifference difference;
	SmcGap		gap;

	CHECK_FOR_INTERRUPTS();
	if (!align(builder, &ours, &theirs, axes, own_place))
		return;
	difference = smc_rowset_compare(builder->study, ours, theirs);
	if (difference == SMC_ROWS_SAME ||
		(difference == SMC_ROWS_NULLS && !share_uses(builder->study, own->uses, other->uses)))
		return;

	begin_gap(builder, &gap, own, other, ours, theirs, axes);
	gap.may_close = difference != SMC_ROWS_FREE;
	find_known(builder, &gap, other->set, other->cells, axes, own_place);
	append_gap(builder, &gap);
}

/* A set of the query as a side. */
static SmcGapSide
side_of(const SmcGapBuilder *builder, int set)
{
	const SmcLayoutSet *entry = &builder->layout->sets[set];
	SmcGapSide	side = {builder->sets[set], entry->slot, entry->slot_count, (uint8 *) VARDATA_ANY(entry->uses)};

	return side;
}

/* Compare two sets, the first being the query's. */
static void
compare(SmcGapBuilder *builder, const SmcGapSide *own, const SmcGapSide *other)
{
	if (own->set->buckets == NULL && other->set->buckets == NULL)
		smc_gap_add(builder, own, other);
	else
		smc_gap_add_buckets(builder, own, other);
}

void
smc_gap_lay_out(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout)
{
	SmcGapBuilder builder = {study, query, layout};
	ListCell   *lc;

	if (!smc_gap_applies(study) || layout->min_rows <= 1)
		return;
	layout->history = study->history;
	if (has_params(query))
		return;
	collect_sets(&builder);
	layout->gaps = palloc(SMC_GAPS_MAX * sizeof(SmcGap));
	for (int set = 0; set < layout->set_count; set++)
	{
		SmcGapSide	own = side_of(&builder, set);

		for (int i = 0; i < set; i++)
		{
			SmcGapSide	other = side_of(&builder, i);

			compare(&builder, &own, &other);
		}
		foreach(lc, query->history)
		{
			const SmcEarlier *earlier = lfirst(lc);
			SmcGapSide	other = {earlier->set, -1, 0, earlier->uses, earlier->cells};

			compare(&builder, &own, &other);
		}
	}
}
