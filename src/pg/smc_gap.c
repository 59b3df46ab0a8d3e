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
 * group is told.  A set is compared only in groups of which some figure of the
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

#include "pg/smc_gap_impl.h"
#include "pg/smc_history.h"
#include "pg/smc_tally.h"

bool
smc_gap_applies(const SmcStudy *study)
{
	return study->min_rows > 1 && study->history > 0;
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
		if (smc_query_takes_all_rows(study, &query->aggs[i]))
			return true;
	}
	return query->agg_count == 0;
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
	int			only;			/* the other set has but this place of it; -1: any */
} Axis;

bool
smc_gap_can_meet(const SmcStudy *study, const SmcRowSet *a, const SmcRowSet *b)
{
	for (int c = 0; c < study->column_count; c++)
	{
		int			of_a = -1;
		int			of_b = -1;

		if (study->columns[c].value_count == 0)
			continue;
		if (smc_rowset_pin(study, a, c, &of_a) && smc_rowset_pin(study, b, c, &of_b) && of_a != of_b)
			return false;
	}
	return true;
}

/*
 * Bring two sets to the groups in which both tell something: *other becomes the
 * other set kept to what ours is kept to; must[i] is the place to which ours is
 * kept of the other's group i, -1 where ours has any.  False where no row can be
 * in both: then they differ by all rows of both, which are many where each was
 * told of.
 */
static bool
align(const SmcGapBuilder *builder, const SmcRowSet *own, const SmcRowSet **other, Axis *axes, int *must)
{
	const SmcStudy *study = builder->study;
	const SmcQuery *query = builder->query;
	const SmcRowSet *theirs = *other;

	if (!smc_gap_can_meet(study, own, theirs))
		return false;
	for (int i = 0; i < query->group_count; i++)
	{
		int			column = query->group_columns[i];

		axes[i].is_group = smc_rowset_has_group(theirs, column);
		axes[i].only = -1;
		if (!axes[i].is_group)
			(void) smc_rowset_pin(study, theirs, column, &axes[i].only);
	}
	for (int i = 0; i < theirs->group_count; i++)
	{
		const SmcRowTerm *pin;
		int			place;

		must[i] = -1;
		if (smc_rowset_has_group(own, theirs->groups[i]))
			continue;
		pin = smc_rowset_pin(study, own, theirs->groups[i], &must[i]);
		if (pin != NULL && smc_rowset_pin(study, theirs, theirs->groups[i], &place) == NULL)
			*other = smc_rowset_pinned(*other, pin);
	}
	return true;
}

/*
 * Mark the key that a group of the other set stands for.  at[i] is the group's
 * place in the other's group column i.
 */
static void
mark_known(const SmcGapBuilder *builder, SmcGap *gap, const SmcRowSet *other, const Axis *axes,
		   const int *must, const uint32 *at)
{
	const SmcQuery *query = builder->query;
	uint32		key = 0;

	for (int i = 0; i < other->group_count; i++)
	{
		if (must[i] >= 0 && must[i] != at[i])
			return;
	}
	for (int i = 0; i < query->group_count; i++)
	{
		uint32		place = axes[i].only;

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
		   const Axis *axes, const int *must)
{
	uint32		count = smc_rowset_cell_count(builder->study, other);
	uint32		at[SMC_QUERY_GROUPS_MAX];

	for (uint32 cell = 0; cell < count; cell++)
	{
		uint32		rest = cell;

		if (cells != NULL && (cells[cell / 8] & (1 << (cell % 8))) == 0)
			continue;
		for (int i = other->group_count - 1; i >= 0; i--)
		{
			uint32		places = smc_rowset_places(&builder->study->columns[other->groups[i]]);

			at[i] = rest % places;
			rest /= places;
		}
		mark_known(builder, gap, other, axes, must, at);
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

		if (same->own != gap->own || same->support != gap->support || same->support_count != gap->support_count ||
			same->other_support >= 0 || gap->other_support >= 0 ||
			same->common != gap->common ||
			smc_rowset_compare(builder->study, same->other, gap->other) != SMC_ROWS_SAME)
			continue;
		builder->links -= smc_layout_links(layout, same);
		for (uint32 byte = 0; byte < (gap->key_count + 7) / 8; byte++)
			same->known[byte] |= gap->known[byte];
		builder->links += smc_layout_links(layout, same);
		return true;
	}
	return false;
}

void
smc_gap_add(SmcGapBuilder *builder, const SmcGapSide *own_side, const SmcGapSide *other_side)
{
	SmcLayout  *layout = builder->layout;
	const SmcRowSet *own = own_side->set;
	const SmcRowSet *other = other_side->set;
	const SmcRowSet *theirs = other;
	Axis		axes[SMC_QUERY_GROUPS_MAX];
	int			must[SMC_QUERY_GROUPS_MAX];
	SmcRowDifference difference;
	SmcGap	   *gap;
	uint32		links;

	if (!align(builder, own, &theirs, axes, must))
		return;
	difference = smc_rowset_compare(builder->study, own, theirs);
	if (difference == SMC_ROWS_SAME ||
		(difference == SMC_ROWS_NULLS &&
		 !share_uses(builder->study, own_side->uses, other_side->uses)))
		return;
	if (layout->gap_count == SMC_GAPS_MAX)
		raise_too_many(builder->study);

	gap = &layout->gaps[layout->gap_count];
	memset(gap, 0, sizeof(*gap));
	gap->support = own_side->slot;
	gap->support_count = own_side->slot_count;
	gap->other_support = other_side->slot;
	gap->may_close = difference != SMC_ROWS_FREE;
	gap->key_count = 1;
	for (int i = 0; i < layout->group_count; i++)
	{
		if (!axes[i].is_group && axes[i].only < 0)
			continue;
		gap->common |= 1 << i;
		gap->key_count *= layout->places[i];
	}
	gap->known = palloc0((gap->key_count + 7) / 8);
	gap->own = own;
	gap->other = theirs;
	find_known(builder, gap, other, other_side->cells, axes, must);
	links = smc_layout_links(layout, gap);
	if (links == 0 || join_same(builder, gap))
		return;

	gap->first = layout->gap_elements;
	builder->links += links;
	if (gap->key_count > SMC_ELEMENTS_MAX - layout->gap_elements || builder->links > SMC_GAP_LINKS_MAX)
		raise_too_many(builder->study);
	layout->gap_elements += gap->key_count;
	layout->gap_count++;
}

/* Whether one of the first sets of the query is all of that earlier one: it has been compared with. */
static bool
is_among(const SmcGapBuilder *builder, int count, const SmcEarlier *earlier)
{
	for (int i = 0; i < count; i++)
	{
		const SmcLayoutSet *set = &builder->layout->sets[i];
		const uint8 *uses = (const uint8 *) VARDATA_ANY(set->uses);
		bool		less = false;

		if (VARSIZE_ANY_EXHDR(set->row_set) != earlier->len ||
			memcmp(VARDATA_ANY(set->row_set), earlier->data, earlier->len) != 0)
			continue;
		for (uint32 j = 0; j < earlier->uses_len; j++)
			less |= (earlier->uses[j] & ~uses[j]) != 0;
		return !less;
	}
	return false;
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

			if (!is_among(&builder, set, earlier))
				compare(&builder, &own, &other);
		}
	}
}
