/*
 * The joint part of a computation.
 *
 * The vector of partials is split over all parties and only totals are opened,
 * each to its recipients (core/smc_sum.h).  Without min_rows this is one
 * phase.  With it there are two: first the counts of rows, to all parties, then
 * those totals that rest on enough of them.  All parties decide from the same
 * opened counts, so they agree on what the second phase holds without a word.
 *
 * LEAKS: with min_rows, every party learns the counts of the first phase.
 *
 * A phase's vector is a selection of the elements, in ascending order.  The
 * masks of the two phases come from different contexts.
 */
#include "postgres.h"

#include <sodium.h>

#include "core/smc_hash.h"
#include "core/smc_sum.h"
#include "pg/smc_compute.h"

void
smc_compute_digest(const uint8 *lane_id, uint64 seq, const uint8 *id,
				   const uint8 *study_digest, const bytea *query,
				   uint8 out[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc computation v1", NULL);
	smc_hash_add(&hash, lane_id, SMC_LANE_ID_BYTES);
	smc_hash_add_u64(&hash, seq);
	smc_hash_add(&hash, id, SMC_UUID_BYTES);
	smc_hash_add(&hash, study_digest, SMC_KEY_BYTES);
	smc_hash_add(&hash, VARDATA_ANY(query), VARSIZE_ANY_EXHDR(query));
	smc_hash_final(&hash, out);
}

/* Whether a slot is one of those that say how many rows others rest on. */
static bool
counts_rows(const SmcSlot *slot)
{
	return slot->kind == SMC_SLOT_ROWS || slot->kind == SMC_SLOT_SUPPORT;
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
 * Share and open the selected elements.  Sets their totals and states in
 * outcome; partials keep the shares.
 */
static SmcStatus
run_phase(SmcChannel *channel, const uint8 (*seeds)[SMC_KEY_BYTES],
		  const uint8 digest[SMC_KEY_BYTES], uint64 phase, const Selection *selection,
		  SmcRing128 *partials, SmcOutcome *outcome)
{
	SmcStatus	status;
	SmcHash		hash;
	uint8		context[SMC_KEY_BYTES];
	size_t		bytes = selection->count * sizeof(SmcRing128);
	uint16		own_bit = (uint16) (1 << channel->self);
	SmcRing128 *shares;
	SmcRing128 *totals;
	size_t		i;

	if (selection->count == 0)
		return SMC_OK;

	smc_hash_init(&hash, "smc computation phase v1", NULL);
	smc_hash_add(&hash, digest, SMC_KEY_BYTES);
	smc_hash_add_u64(&hash, phase);
	smc_hash_final(&hash, context);

	shares = palloc(bytes);
	totals = palloc0(bytes);
	for (i = 0; i < selection->count; i++)
		shares[i] = partials[selection->elements[i]];

	status = smc_sum_share(channel->self, channel->party_count, seeds, context,
						   shares, selection->count);
	if (status == SMC_OK)
	{
		for (i = 0; i < selection->count; i++)
			partials[selection->elements[i]] = shares[i];
		status = smc_sum_open(channel, shares, selection->recipients, selection->count, totals);
	}
	if (status == SMC_OK)
	{
		for (i = 0; i < selection->count; i++)
		{
			if ((selection->recipients[i] & own_bit) == 0)
				continue;
			outcome->totals[selection->elements[i]] = totals[i];
			outcome->states[selection->elements[i]] = SMC_ELEMENT_OPENED;
		}
	}

	sodium_memzero(shares, bytes);
	sodium_memzero(totals, bytes);
	sodium_memzero(context, sizeof(context));
	pfree(shares);
	pfree(totals);
	return status;
}

/* Whether an element rests on enough rows, by the counts that phase 1 opened. */
static bool
suffices(const SmcLayout *layout, const SmcOutcome *outcome, uint32 cell, int slot)
{
	int			support = layout->slots[slot].support;

	return support < 0 ||
		outcome->totals[(size_t) cell * layout->slot_count + support] >= layout->min_rows;
}

/*
 * Choose what phase 2 opens in a cell, and count what is withheld.  A figure is
 * counted once, however many slots it takes.
 */
static void
choose_in_cell(const SmcLayout *layout, uint32 cell, Selection *selection, SmcOutcome *outcome)
{
	size_t		first = (size_t) cell * layout->slot_count;
	SmcRing128	rows = 0;
	int			last_withheld = -1;
	uint32		figures = 0;
	int			slot;

	for (slot = 0; slot < layout->slot_count; slot++)
	{
		const SmcSlot *s = &layout->slots[slot];

		if (s->kind == SMC_SLOT_ROWS && s->agg < 0)
			rows = outcome->totals[first + slot];
		if (counts_rows(s))
			continue;
		if (suffices(layout, outcome, cell, slot))
			selection_add(selection, first + slot, s->recipients);
		else
		{
			outcome->states[first + slot] = SMC_ELEMENT_WITHHELD;
			if (s->agg != last_withheld)
			{
				figures++;
				last_withheld = s->agg;
			}
		}
	}

	if (rows > 0 && rows < layout->min_rows)
		outcome->withheld_cells++;
	else if (rows > 0)
		outcome->withheld_figures += figures;
}

SmcStatus
smc_compute_run(SmcChannel *channel, const uint8 (*seeds)[SMC_KEY_BYTES],
				const uint8 digest[SMC_KEY_BYTES], const SmcLayout *layout,
				SmcRing128 *partials, SmcOutcome *outcome)
{
	SmcStatus	status;
	size_t		count = (size_t) layout->cell_count * layout->slot_count;
	uint16		all = (uint16) ((1 << channel->party_count) - 1);
	bool		two_phases = layout->min_rows > 1;
	Selection	selection;
	uint32		cell;
	int			slot;

	memset(outcome, 0, sizeof(*outcome));
	outcome->totals = palloc0(count * sizeof(SmcRing128));
	outcome->states = palloc0(count);	/* all hidden */

	/* Phase 1: everything, or with min_rows the counts that it needs. */
	selection_init(&selection, count);
	for (cell = 0; cell < layout->cell_count; cell++)
		for (slot = 0; slot < layout->slot_count; slot++)
		{
			const SmcSlot *s = &layout->slots[slot];

			if (!two_phases)
				selection_add(&selection, (size_t) cell * layout->slot_count + slot, s->recipients);
			else if (counts_rows(s))
				selection_add(&selection, (size_t) cell * layout->slot_count + slot, all);
		}
	status = run_phase(channel, seeds, digest, 1, &selection, partials, outcome);

	/* Phase 2: what rests on enough rows. */
	if (status == SMC_OK && two_phases)
	{
		selection.count = 0;
		for (cell = 0; cell < layout->cell_count; cell++)
			choose_in_cell(layout, cell, &selection, outcome);
		status = run_phase(channel, seeds, digest, 2, &selection, partials, outcome);
	}
	selection_free(&selection);

	outcome->bytes_sent = channel->bytes_sent;
	outcome->bytes_received = channel->bytes_received;
	outcome->rounds = channel->rounds;
	return status;
}

void
smc_compute_check(SmcStatus status)
{
	int			sqlstate = ERRCODE_INTERNAL_ERROR;

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
	return false;
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
