/*
 * The joint part of a computation.
 *
 * The vector of partials is split over all parties and only totals are opened,
 * each to its recipients (core/smc_sum.h).  With min_rows the counts of rows
 * come first and stay shares, with the gaps to earlier conditions (pg/smc_gap.h):
 * of each count only whether it reaches the minimum and keeps its gaps is opened
 * (core/smc_threshold.h), and then those totals that rest on enough.  All
 * parties decide from the same opened bits, so they agree on what comes next
 * without a word.  Contests between the parties' private numbers
 * (core/smc_contest.h), numbers of different values (pg/smc_unite.h) and order statistics
 * (pg/smc_rank.h) come last, over the cells that are to be shown.
 *
 * LEAKS: with min_rows, every party learns the bits, and how many groups have
 * rows, but too few.
 *
 * A phase's vector is a selection of the elements, in ascending order.  The
 * masks of each phase come from a context of its own.
 */
#include "postgres.h"

#include <sodium.h>

#include "core/smc_bits.h"
#include "core/smc_boolean.h"
#include "core/smc_contest.h"
#include "core/smc_hash.h"
#include "core/smc_sum.h"
#include "core/smc_threshold.h"
#include "pg/smc_circuit.h"
#include "pg/smc_compute.h"
#include "pg/smc_evaluate.h"
#include "pg/smc_fit.h"
#include "pg/smc_rank.h"
#include "pg/smc_unite.h"
#include "pg/smc_wiped.h"

void
smc_compute_digest(const uint8 *lane_id, uint64 seq, const uint8 *id,
				   const uint8 *study_digest, const bytea *query, const bytea *history,
				   uint8 out[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc computation v1", NULL);
	smc_hash_add(&hash, lane_id, SMC_LANE_ID_BYTES);
	smc_hash_add_u64(&hash, seq);
	smc_hash_add(&hash, id, SMC_UUID_BYTES);
	smc_hash_add(&hash, study_digest, SMC_KEY_BYTES);
	smc_hash_add(&hash, VARDATA_ANY(query), VARSIZE_ANY_EXHDR(query));
	if (history != NULL)
		smc_hash_add(&hash, VARDATA_ANY(history), VARSIZE_ANY_EXHDR(history));
	smc_hash_final(&hash, out);
}

/* The phases, each with masks of its own; contests count on from the last. */
enum
{
	PHASE_COUNTS = 1,
	PHASE_TOTALS,
	PHASE_INPUTS,
	PHASE_OUTPUTS,
	PHASE_KEEPS,
	PHASE_CONTESTS
};

static void
close_engine(void *arg)
{
	SmcLaneEngine *lane = arg;

	if (lane->is_open)
		smc_engine_close(&lane->engine);
	lane->is_open = false;
}

SmcLaneEngine *
smc_compute_engine_create(MemoryContext context)
{
	SmcLaneEngine *lane = MemoryContextAllocZero(context, sizeof(SmcLaneEngine));
	MemoryContextCallback *callback = MemoryContextAllocZero(context, sizeof(MemoryContextCallback));

	callback->func = close_engine;
	callback->arg = lane;
	MemoryContextRegisterResetCallback(context, callback);
	return lane;
}

/* One run of the joint part. */
typedef struct Run
{
	SmcChannel *channel;
	const uint8 (*seeds)[SMC_KEY_BYTES];
	const uint8 *digest;
	const uint8 *lane_id;
	SmcLaneEngine *lane;
	const SmcLayout *layout;
	SmcRing128 *partials;
	SmcOutcome *outcome;
	const SmcSecretShare *secrets;
	const SmcKeys *keys;
} Run;

/* Have the lane's engine ready, set up at its first use. */
static SmcStatus
use_engine(Run *run)
{
	uint8		context[SMC_KEY_BYTES];
	SmcStatus	status;
	SmcHash		hash;

	if (run->lane->is_open)
	{
		run->lane->engine.channel = run->channel;
		return SMC_OK;
	}
	smc_hash_init(&hash, "smc lane engine v1", NULL);
	smc_hash_add(&hash, run->lane_id, SMC_LANE_ID_BYTES);
	smc_hash_final(&hash, context);
	status = smc_engine_open(&run->lane->engine, run->channel, context, smc_random_system());
	run->lane->is_open = status == SMC_OK;
	return status;
}

/* The context of a phase's masks. */
static void
phase_context(const Run *run, uint64 phase, uint8 context[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc computation phase v1", NULL);
	smc_hash_add(&hash, run->digest, SMC_KEY_BYTES);
	smc_hash_add_u64(&hash, phase);
	smc_hash_final(&hash, context);
}

/* Whether a slot is one of those that say how many rows others rest on. */
static bool
counts_rows(const SmcSlot *slot)
{
	return !slot->is_input && (slot->kind == SMC_SLOT_ROWS || slot->kind == SMC_SLOT_SUPPORT);
}

/* One phase: elements picked out of the whole vector, and to whom each is opened. */
typedef struct Selection
{
	size_t		count;
	uint32	   *elements;		/* their places in the whole vector */
	uint16	   *recipients;
} Selection;

static void
selection_init(Selection *selection, size_t cap)
{
	selection->count = 0;
	selection->elements = palloc(cap * sizeof(uint32));
	selection->recipients = palloc(cap * sizeof(uint16));
}

static void
selection_add(Selection *selection, size_t element, uint16 recipients)
{
	selection->elements[selection->count] = (uint32) element;
	selection->recipients[selection->count] = recipients;
	selection->count++;
}

static void
selection_free(Selection *selection)
{
	pfree(selection->elements);
	pfree(selection->recipients);
}

/*
 * Share the selected elements and, unless they are to stay shares, open them:
 * sets their totals and states in the outcome.  The partials become shares.
 */
static SmcStatus
run_phase(Run *run, uint64 phase, const Selection *selection, bool open)
{
	SmcChannel *channel = run->channel;
	SmcStatus	status;
	uint8		context[SMC_KEY_BYTES];
	uint16		own_bit = (uint16) (1 << channel->self);
	SmcRing128 *shares;
	SmcRing128 *totals;
	size_t		i;

	if (selection->count == 0)
		return SMC_OK;

	phase_context(run, phase, context);
	shares = smc_wiped_alloc(selection->count * sizeof(SmcRing128));
	totals = smc_wiped_alloc(selection->count * sizeof(SmcRing128));
	for (i = 0; i < selection->count; i++)
		shares[i] = run->partials[selection->elements[i]];

	status = smc_sum_share(channel->self, channel->party_count, run->seeds, context,
						   shares, selection->count);
	if (status == SMC_OK)
	{
		for (i = 0; i < selection->count; i++)
			run->partials[selection->elements[i]] = shares[i];
		if (open)
			status = smc_sum_open(channel, shares, selection->recipients, selection->count, totals);
	}
	if (status == SMC_OK && open)
	{
		for (i = 0; i < selection->count; i++)
		{
			if ((selection->recipients[i] & own_bit) == 0)
				continue;
			run->outcome->totals[selection->elements[i]] = totals[i];
			run->outcome->states[selection->elements[i]] = SMC_ELEMENT_OPENED;
		}
	}

	sodium_memzero(context, sizeof(context));
	smc_wiped_free(shares);
	smc_wiped_free(totals);
	return status;
}

/*
 * The counts of rows, and the gaps that are looked at: elements to be shared, in
 * the order in which smc_threshold_judge gets them.
 */
typedef struct Counting
{
	Selection	selection;		/* counts: the cells' rows first; then gaps */
	size_t		count;			/* of counts */
	size_t	   *first;			/* by slot: its cells are counts from here on */
	bool	   *may_close;		/* by gap */
	SmcThresholdLink *links;
	size_t		link_count;
} Counting;

/* All slots that count rows, cell by cell: those of which it is told how many are too few first. */
static void
select_counts(const SmcLayout *layout, Counting *counting)
{
	for (int pass = 0; pass < 2; pass++)
	{
		for (int slot = 0; slot < layout->slot_count; slot++)
		{
			if (!counts_rows(&layout->slots[slot]) || (layout->slots[slot].kind == SMC_SLOT_ROWS) != (pass == 0))
				continue;
			counting->first[slot] = counting->selection.count;
			for (uint32 cell = 0; cell < layout->cell_count; cell++)
				selection_add(&counting->selection, (size_t) cell * layout->slot_count + slot, 0);
		}
	}
	counting->count = counting->selection.count;
}

/* A gap's elements, where it is looked at, and which counts have it to keep. */
static void
select_gap(const SmcLayout *layout, const SmcGap *gap, Counting *counting)
{
	size_t		matrix = (size_t) layout->cell_count * layout->slot_count;
	uint32	   *places = palloc(gap->key_count * sizeof(uint32));

	for (uint32 key = 0; key < gap->key_count; key++)
	{
		if (!smc_layout_is_known(gap, key))
			continue;
		places[key] = (uint32) (counting->selection.count - counting->count);
		counting->may_close[places[key]] = gap->may_close;
		selection_add(&counting->selection, matrix + gap->first + key, 0);
	}
	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		uint32		key = smc_layout_key(layout, gap, cell);

		for (int i = 0; i < gap->support_count && smc_layout_is_known(gap, key); i++)
		{
			SmcThresholdLink *link = &counting->links[counting->link_count++];

			link->count = (uint32) (counting->first[gap->support + i] + cell);
			link->other = gap->other_support < 0 ? SMC_THRESHOLD_EARLIER :
				(uint32) (counting->first[gap->other_support] + cell);
			link->gap = places[key];
		}
	}
	pfree(places);
}

static void
counting_init(const SmcLayout *layout, Counting *counting)
{
	size_t		links = 0;

	for (int i = 0; i < layout->gap_count; i++)
		links += smc_layout_links(layout, &layout->gaps[i]);
	selection_init(&counting->selection, smc_layout_elements(layout));
	counting->first = palloc0(layout->slot_count * sizeof(size_t));
	counting->may_close = palloc0(Max(layout->gap_elements, 1) * sizeof(bool));
	counting->links = palloc_extended(Max(links, 1) * sizeof(SmcThresholdLink), MCXT_ALLOC_HUGE);
	counting->link_count = 0;
	select_counts(layout, counting);
	for (int i = 0; i < layout->gap_count; i++)
		select_gap(layout, &layout->gaps[i], counting);
}

static void
counting_free(Counting *counting)
{
	selection_free(&counting->selection);
	pfree(counting->first);
	pfree(counting->may_close);
	pfree(counting->links);
}

/*
 * min_rows: share the counts of rows, and the gaps between conditions, and open
 * which counts pass.  What is known of a count then stands in its total: min_rows
 * or 0.
 */
static SmcStatus
run_threshold(Run *run)
{
	const SmcLayout *layout = run->layout;
	SmcOutcome *outcome = run->outcome;
	bool		grouped = layout->rows_slot >= 0;
	Counting	counting;
	SmcThreshold threshold = {layout->min_rows};
	SmcRing128 *shares;
	uint64	   *passed;
	uint64		hidden = 0;
	SmcStatus	status;

	counting_init(layout, &counting);
	status = run_phase(run, PHASE_COUNTS, &counting.selection, false);
	if (status == SMC_OK)
		status = use_engine(run);

	shares = smc_wiped_alloc(counting.selection.count * sizeof(SmcRing128));
	passed = palloc0(smc_bits_words(counting.count) * sizeof(uint64));
	for (size_t i = 0; i < counting.selection.count; i++)
		shares[i] = run->partials[counting.selection.elements[i]];
	threshold.count = counting.count;
	threshold.counts = shares;
	threshold.hidden_count = grouped ? layout->cell_count : 0;
	threshold.gap_count = counting.selection.count - counting.count;
	threshold.gaps = shares + counting.count;
	threshold.may_close = counting.may_close;
	threshold.link_count = counting.link_count;
	threshold.links = counting.links;
	if (status == SMC_OK)
		status = smc_threshold_judge(&run->lane->engine, &threshold, passed, &hidden);
	for (size_t i = 0; i < counting.count && status == SMC_OK; i++)
	{
		bool		enough = ((passed[i / 64] >> (i % 64)) & 1) != 0;

		outcome->totals[counting.selection.elements[i]] = enough ? layout->min_rows : 0;
		outcome->states[counting.selection.elements[i]] = SMC_ELEMENT_OPENED;
		if (i < layout->cell_count && !enough && !grouped)
			hidden = 1;
	}
	outcome->withheld_cells = (uint32) hidden;
	outcome->judged = status == SMC_OK;
	smc_wiped_free(shares);
	pfree(passed);
	counting_free(&counting);
	return status;
}

/* Whether an element rests on enough rows, by what the threshold told. */
static bool
suffices(const SmcLayout *layout, const SmcOutcome *outcome, uint32 cell, int slot)
{
	int			support = layout->slots[slot].support;

	return support < 0 ||
		outcome->totals[(size_t) cell * layout->slot_count + support] >= layout->min_rows;
}

/*
 * Mark what is withheld in a cell.  A figure is counted once, however many
 * slots it takes, and only where the cell itself is shown.
 */
static void
withhold_in_cell(Run *run, uint32 cell)
{
	const SmcLayout *layout = run->layout;
	SmcOutcome *outcome = run->outcome;
	size_t		first = (size_t) cell * layout->slot_count;
	int			last_withheld = -1;
	bool		shown = true;
	uint32		figures = 0;
	uint32		buckets = 0;

	for (int slot = 0; slot < layout->slot_count; slot++)
	{
		const SmcSlot *s = &layout->slots[slot];

		if (s->kind == SMC_SLOT_ROWS && s->agg < 0)
			shown = outcome->totals[first + slot] >= layout->min_rows &&
				(outcome->shown_count == 0 || outcome->shown[cell]);
		if (s->is_input || counts_rows(s) || suffices(layout, outcome, cell, slot))
			continue;
		outcome->states[first + slot] = SMC_ELEMENT_WITHHELD;
		if (s->kind == SMC_SLOT_TALLY)
			buckets++;
		else if (s->agg != last_withheld)
		{
			figures++;
			last_withheld = s->agg;
		}
	}
	if (!shown)
		return;
	outcome->withheld_figures += figures;
	outcome->withheld_buckets += buckets;
}

/* Open everything that is added up, and not withheld. */
static SmcStatus
run_totals(Run *run)
{
	const SmcLayout *layout = run->layout;
	bool		minimum = layout->min_rows > 1;
	Selection	selection;
	SmcStatus	status;

	selection_init(&selection, (size_t) layout->cell_count * layout->slot_count);
	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		if (minimum)
			withhold_in_cell(run, cell);
		for (int slot = 0; slot < layout->slot_count; slot++)
		{
			const SmcSlot *s = &layout->slots[slot];
			size_t		element = (size_t) cell * layout->slot_count + slot;

			if (s->is_input || smc_layout_is_contest(s) || (minimum && counts_rows(s)) ||
				run->outcome->states[element] == SMC_ELEMENT_WITHHELD)
				continue;
			selection_add(&selection, element, s->recipients);
		}
	}
	status = run_phase(run, PHASE_TOTALS, &selection, true);
	selection_free(&selection);
	return status;
}

/*
 * Contests
 */

/* How one party's number compares with another's: two bits, opened to the slot's recipients. */
static SmcStatus
run_compare(Run *run, const SmcSlot *slot, const SmcRing128 *own, SmcRing128 *found, size_t count)
{
	SmcEngine  *engine = &run->lane->engine;
	size_t		words = smc_bits_words(count);
	uint64	   *less = smc_wiped_alloc(words * sizeof(uint64));
	uint64	   *equal = smc_wiped_alloc(words * sizeof(uint64));
	SmcStatus	status;

	status = smc_contest_compare(engine, slot->parties[0], slot->parties[1], own, less, equal, count);
	if (status == SMC_OK &&
		(status = smc_boolean_tell(engine, less, slot->recipients, count)) == SMC_OK)
		status = smc_boolean_tell(engine, equal, slot->recipients, count);
	smc_channel_round(run->channel);
	if (status == SMC_OK &&
		(status = smc_boolean_hear(engine, less, slot->recipients, count)) == SMC_OK)
		status = smc_boolean_hear(engine, equal, slot->recipients, count);

	/* only what was opened is looked at: elsewhere the bits stay shares */
	for (size_t e = 0; e < count && status == SMC_OK && (slot->recipients & (1 << run->channel->self)); e++)
	{
		if ((equal[e / 64] >> (e % 64)) & 1)
			found[e] = 0;
		else
			found[e] = ((less[e / 64] >> (e % 64)) & 1) ? (SmcRing128) -1 : 1;
	}
	smc_wiped_free(less);
	smc_wiped_free(equal);
	return status;
}

/* The extreme of all parties' numbers, or whose it is, opened to the slot's recipients. */
static SmcStatus
run_extreme(Run *run, const SmcSlot *slot, uint64 phase, const SmcRing128 *own, SmcRing128 *found, size_t count)
{
	SmcChannel *channel = run->channel;
	bool		largest = slot->kind == SMC_SLOT_MAX || slot->kind == SMC_SLOT_ARGMAX;
	bool		whose = slot->kind == SMC_SLOT_ARGMIN || slot->kind == SMC_SLOT_ARGMAX;
	SmcRing128 *shares = smc_wiped_alloc(count * sizeof(SmcRing128));
	uint16	   *recipients = palloc(count * sizeof(uint16));
	uint8		context[SMC_KEY_BYTES];
	SmcStatus	status;

	for (size_t e = 0; e < count; e++)
		recipients[e] = slot->recipients;
	status = smc_contest_extreme(&run->lane->engine, largest, own, whose ? NULL : shares,
								 whose ? shares : NULL, count);
	if (status == SMC_OK)
	{
		/* fresh masks, so that what is opened says nothing about how it came about */
		phase_context(run, phase, context);
		status = smc_sum_share(channel->self, channel->party_count, run->seeds, context, shares, count);
	}
	if (status == SMC_OK)
		status = smc_sum_open(channel, shares, recipients, count, found);
	smc_wiped_free(shares);
	pfree(recipients);
	return status;
}

/* The contest of one slot, in the cells where it isn't withheld. */
static SmcStatus
run_contest(Run *run, int slot_index)
{
	const SmcLayout *layout = run->layout;
	const SmcSlot *slot = &layout->slots[slot_index];
	SmcRing128 *own = smc_wiped_alloc(layout->cell_count * sizeof(SmcRing128));
	SmcRing128 *found = smc_wiped_alloc(layout->cell_count * sizeof(SmcRing128));
	size_t	   *elements = palloc(layout->cell_count * sizeof(size_t));
	size_t		count = 0;
	SmcStatus	status = SMC_OK;

	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		size_t		element = (size_t) cell * layout->slot_count + slot_index;

		if (run->outcome->states[element] == SMC_ELEMENT_WITHHELD)
			continue;
		own[count] = run->partials[element];
		elements[count++] = element;
	}
	if (count > 0)
		status = use_engine(run);
	if (count > 0 && status == SMC_OK)
		status = slot->kind == SMC_SLOT_COMPARE ? run_compare(run, slot, own, found, count) :
			run_extreme(run, slot, PHASE_CONTESTS + slot_index, own, found, count);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		if ((slot->recipients & (1 << run->channel->self)) == 0)
			continue;
		run->outcome->totals[elements[i]] = found[i];
		run->outcome->states[elements[i]] = SMC_ELEMENT_OPENED;
	}
	smc_wiped_free(own);
	smc_wiped_free(found);
	pfree(elements);
	return status;
}

/* Different values, counted in the cells that are left, and opened to the slot's recipients. */
static SmcStatus
run_distinct(Run *run, int slot_index)
{
	const SmcLayout *layout = run->layout;
	const SmcSlot *slot = &layout->slots[slot_index];
	bool		picks = layout->circuit != NULL && layout->circuit->shown >= 0;
	SmcChannel *channel = run->channel;
	SmcRing128 *shares = smc_wiped_alloc(layout->cell_count * sizeof(SmcRing128));
	uint32	   *cells = palloc(layout->cell_count * sizeof(uint32));
	uint16	   *recipients = palloc(layout->cell_count * sizeof(uint16));
	uint8		context[SMC_KEY_BYTES];
	size_t		count = 0;
	SmcStatus	status = SMC_OK;

	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		/* HAVING is there only where all parties know whom it leaves */
		if ((picks && !run->outcome->shown[cell]) ||
			run->outcome->states[(size_t) cell * layout->slot_count + slot_index] == SMC_ELEMENT_WITHHELD)
			continue;
		cells[count] = cell;
		recipients[count++] = slot->recipients;
	}
	if (count > 0 && (status = use_engine(run)) == SMC_OK)
		status = smc_unite_count(&run->lane->engine, layout, run->keys, slot, cells, count, shares);
	phase_context(run, PHASE_CONTESTS + slot_index, context);
	if (count > 0 && status == SMC_OK)
		status = smc_sum_share(channel->self, channel->party_count, run->seeds, context, shares, count);
	if (count > 0 && status == SMC_OK)
		status = smc_sum_open(channel, shares, recipients, count, shares);
	for (size_t i = 0; i < count && status == SMC_OK && (slot->recipients & (1 << channel->self)); i++)
	{
		size_t		element = (size_t) cells[i] * layout->slot_count + slot_index;

		run->outcome->totals[element] = shares[i];
		run->outcome->states[element] = SMC_ELEMENT_OPENED;
	}
	sodium_memzero(context, sizeof(context));
	smc_wiped_free(shares);
	pfree(cells);
	pfree(recipients);
	return status;
}

/* A slot whose figure is found between the parties' own numbers or values. */
static SmcStatus
run_slot(Run *run, int slot)
{
	switch ((SmcSlotKind) run->layout->slots[slot].kind)
	{
		case SMC_SLOT_RANK:
		case SMC_SLOT_FIT:
			return SMC_OK;		/* all at once */
		case SMC_SLOT_DISTINCT:
			return run_distinct(run, slot);
		default:
			return run_contest(run, slot);
	}
}

/* Order statistics, in the cells that are left. */
static SmcStatus
run_ranks(Run *run)
{
	uint8		context[SMC_KEY_BYTES];
	SmcStatus	status = use_engine(run);

	/* no contest's number is as high */
	phase_context(run, PHASE_CONTESTS + run->layout->slot_count, context);
	if (status == SMC_OK)
	{
		SmcRankRun	ranks = {&run->lane->engine, run->seeds, context, run->layout, run->partials, run->keys};

		status = smc_rank_run(&ranks, run->outcome);
	}
	sodium_memzero(context, sizeof(context));
	return status;
}

/* Models fitted to rows, in the cells that are left. */
static SmcStatus
run_fits(Run *run)
{
	uint8		context[SMC_KEY_BYTES];
	SmcStatus	status = use_engine(run);

	/* behind that of ranks */
	phase_context(run, PHASE_CONTESTS + run->layout->slot_count + 1, context);
	if (status == SMC_OK)
	{
		SmcFitRun	fits = {&run->lane->engine, run->seeds, context, run->layout, run->partials, run->keys};

		status = smc_fit_run(&fits, run->outcome);
	}
	sodium_memzero(context, sizeof(context));
	return status;
}

/*
 * The circuit
 */

/* Which counts of rows suffice, for the circuit; NULL where there is no minimum. */
static bool *
sufficient(const Run *run)
{
	const SmcLayout *layout = run->layout;
	size_t		count = (size_t) layout->cell_count * layout->slot_count;
	bool	   *result;

	if (layout->min_rows <= 1)
		return NULL;
	result = palloc0(count * sizeof(bool));
	for (size_t i = 0; i < count; i++)
		result[i] = counts_rows(&layout->slots[i % layout->slot_count]) &&
			run->outcome->totals[i] >= layout->min_rows;
	return result;
}

static SmcStatus
run_circuit(Run *run, const SmcRing128 *parts)
{
	uint8		input_context[SMC_KEY_BYTES];
	uint8		output_context[SMC_KEY_BYTES];
	uint8		keep_context[SMC_KEY_BYTES];
	SmcEvaluation evaluation = {&run->lane->engine, run->seeds, input_context, output_context,
	run->layout, parts, sufficient(run), run->secrets, keep_context, run->keys};
	SmcStatus	status = use_engine(run);

	phase_context(run, PHASE_INPUTS, input_context);
	phase_context(run, PHASE_OUTPUTS, output_context);
	phase_context(run, PHASE_KEEPS, keep_context);
	if (status == SMC_OK)
		status = smc_evaluate_run(&evaluation, run->outcome);
	sodium_memzero(input_context, sizeof(input_context));
	sodium_memzero(output_context, sizeof(output_context));
	sodium_memzero(keep_context, sizeof(keep_context));
	return status;
}

SmcStatus
smc_compute_run(SmcChannel *channel, const uint8 (*seeds)[SMC_KEY_BYTES],
				const uint8 digest[SMC_KEY_BYTES], const uint8 *lane_id, SmcLaneEngine *lane,
				const SmcLayout *layout, SmcRing128 *partials, const SmcKeys *keys,
				const SmcSecretShare *secrets, SmcOutcome *outcome)
{
	Run			run = {channel, seeds, digest, lane_id, lane, layout, partials, outcome, secrets, keys};
	size_t		count = (size_t) layout->cell_count * layout->slot_count;
	SmcRing128 *parts = NULL;
	SmcStatus	status = SMC_OK;

	memset(outcome, 0, sizeof(*outcome));
	outcome->totals = palloc0(count * sizeof(SmcRing128));
	outcome->states = palloc0(count);	/* all hidden */
	outcome->ranked_count = (size_t) layout->cell_count * layout->rank_count;
	outcome->ranked = palloc_extended(Max(outcome->ranked_count, 1) * sizeof(SmcRanked), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	outcome->fitted_count = (size_t) layout->cell_count * layout->fit_count;
	outcome->fitted = palloc_extended(Max(outcome->fitted_count, 1) * sizeof(SmcFitted), MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	if (layout->circuit != NULL)
	{
		outcome->figure_count = (size_t) layout->cell_count * layout->circuit->output_count;
		outcome->figures = palloc_extended(Max(outcome->figure_count, 1) * sizeof(SmcJointFigure),
										   MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
		outcome->shown_count = layout->cell_count;
		outcome->shown = palloc0(layout->cell_count * sizeof(bool));
		outcome->kept_count = layout->circuit->keep_count;
		outcome->kept = smc_wiped_alloc(outcome->kept_count * sizeof(SmcSecretShare));
		/* before the phases make shares of them */
		parts = smc_wiped_alloc(count * sizeof(SmcRing128));
		memcpy(parts, partials, count * sizeof(SmcRing128));
	}

	if (layout->min_rows > 1)
		status = run_threshold(&run);
	/* first what may end in an error, by which nothing then was opened */
	if (status == SMC_OK && layout->circuit != NULL)
		status = run_circuit(&run, parts);
	if (status == SMC_OK && !outcome->division_by_zero)
		status = run_totals(&run);
	for (int slot = 0; slot < layout->slot_count && status == SMC_OK && !outcome->division_by_zero; slot++)
		if (smc_layout_is_contest(&layout->slots[slot]) && !layout->slots[slot].is_input)
			status = run_slot(&run, slot);
	if (status == SMC_OK && !outcome->division_by_zero && layout->rank_count > 0)
		status = run_ranks(&run);
	if (status == SMC_OK && !outcome->division_by_zero && layout->fit_count > 0)
		status = run_fits(&run);
	if (parts != NULL)
		smc_wiped_free(parts);

	outcome->bytes_sent = channel->bytes_sent;
	outcome->bytes_received = channel->bytes_received;
	outcome->rounds = channel->rounds;
	return status;
}

void
smc_compute_wipe_kept(SmcOutcome *outcome)
{
	if (outcome->kept != NULL)
		smc_wiped_free(outcome->kept);
	outcome->kept = NULL;
}

void
smc_compute_check(SmcStatus status, const SmcOutcome *outcome)
{
	int			sqlstate = ERRCODE_INTERNAL_ERROR;

	if (status == SMC_OK && outcome->division_by_zero)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("division by zero"),
				 errdetail("An expression over aggregates was divided by zero in some group.")));
	if (status == SMC_OK)
		return;
	if (status == SMC_ERR_MEMORY)
		sqlstate = ERRCODE_OUT_OF_MEMORY;
	else if (status == SMC_ERR_FORMAT || status == SMC_ERR_AUTH)
		sqlstate = ERRCODE_PROTOCOL_VIOLATION;
	else if (status == SMC_ERR_RANGE)
		sqlstate = ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE;
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("joint part of the computation failed: %s", smc_status_text(status))));
}

void
smc_compute_check_told(const SmcOutcome *outcome, const char *study)
{
	if (outcome->told_division_by_zero)
		ereport(ERROR,
				(errcode(ERRCODE_DIVISION_BY_ZERO),
				 errmsg("computation over study \"%s\" failed: division by zero", study),
				 errdetail("An expression over aggregates was divided by zero in some group.")));
}

bool
smc_compute_is_recipient(const SmcLayout *layout, int party)
{
	int			slot;

	for (slot = 0; slot < layout->slot_count; slot++)
	{
		const SmcSlot *s = &layout->slots[slot];

		if (layout->min_rows > 1 && counts_rows(s))
			continue;			/* opened to everybody, a figure for nobody */
		if (s->recipients & (1 << party))
			return true;
	}
	if (layout->circuit == NULL)
		return false;
	for (int i = 0; i < layout->circuit->output_count; i++)
	{
		if (layout->circuit->outputs[i].recipients & (1 << party))
			return true;
	}
	return layout->circuit->shown >= 0 && (layout->circuit->shown_recipients & (1 << party));
}

bool
smc_compute_all_withheld(const SmcLayout *layout, const SmcOutcome *outcome)
{
	uint32		cell;
	int			slot;

	if (outcome->withheld_cells == 0)
		return false;
	for (cell = 0; cell < layout->cell_count; cell++)
		for (slot = 0; slot < layout->slot_count; slot++)
			if (layout->slots[slot].kind == SMC_SLOT_ROWS && layout->slots[slot].agg < 0 &&
				outcome->totals[(size_t) cell * layout->slot_count + slot] >= layout->min_rows)
				return false;
	return true;
}
