/*
 * Which of one party's items another party has too; see the header.
 */
#include "smc_membership.h"

#include <string.h>

#include "smc_cuckoo.h"
#include "smc_okvs.h"

size_t
smc_membership_bins(const SmcMembershipUnit *units, size_t unit_count)
{
	size_t		bins = 0;

	for (size_t u = 0; u < unit_count; u++)
		bins += smc_cuckoo_bins(units[u].count);
	return bins;
}

/* All places of a unit's items. */
static SmcStatus
all_places(const SmcItemHash *hash, const SmcMembershipUnit *unit, uint32_t (*places)[SMC_ITEM_PLACES])
{
	SmcStatus	status = SMC_OK;

	for (size_t at = 0; at < unit->count && status == SMC_OK; at += SMC_ITEM_BATCH)
		status = smc_items_places(hash, unit->items + at,
								  unit->count - at < SMC_ITEM_BATCH ? unit->count - at : SMC_ITEM_BATCH, places + at);
	return status;
}

/* ---- the asker ---------------------------------------------------------------- */

static SmcStatus
place_unit(const SmcMembership *m, const SmcMembershipUnit *unit, SmcBlock *inputs, uint8_t *numbers)
{
	size_t		bins = smc_cuckoo_bins(unit->count);
	SmcArena   *local = smc_arena_create();
	uint32_t	(*places)[SMC_ITEM_PLACES] = local ? smc_arena_array(local, unit->count, sizeof(*places)) : NULL;
	uint32_t   *table = local ? smc_arena_array(local, bins, sizeof(*table)) : NULL;
	SmcStatus	status = places != NULL && table != NULL ? SMC_OK : SMC_ERR_MEMORY;

	if (status == SMC_OK)
		status = all_places(m->hash, unit, places);
	if (status == SMC_OK)
		status = smc_cuckoo_fill((const uint32_t (*)[SMC_ITEM_PLACES]) places, unit->count, table, bins);
	if (status == SMC_OK)
		smc_random_fill(m->random, inputs, bins * sizeof(*inputs));
	for (size_t b = 0; b < bins && status == SMC_OK; b++)
	{
		numbers[b] = (uint8_t) (b / (bins / SMC_ITEM_PLACES));
		if (table[b] != SMC_CUCKOO_EMPTY)
			inputs[b] = unit->items[table[b]];
	}
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_membership_place(const SmcMembership *m, SmcBlock *inputs, uint8_t *numbers)
{
	size_t		at = 0;
	SmcStatus	status = SMC_OK;

	for (size_t u = 0; u < m->unit_count && status == SMC_OK; u++)
	{
		status = place_unit(m, &m->units[u], inputs + at, numbers + at);
		at += smc_cuckoo_bins(m->units[u].count);
	}
	return status;
}

SmcStatus
smc_membership_ask(const SmcMembership *m, SmcOprfReceiver *oprf, SmcChannel *channel,
				   const SmcBlock *inputs, uint64_t *values)
{
	return smc_oprf_receive(oprf, channel, m->hash, inputs, values, m->bins);
}

/* Add what a table has at the inputs of one unit. */
static SmcStatus
read_table(const SmcMembership *m, const uint64_t *table, size_t size, const SmcBlock *inputs,
		   const uint8_t *numbers, uint64_t *values, size_t bins)
{
	SmcItemRow	rows[SMC_ITEM_BATCH];
	SmcStatus	status = SMC_OK;

	for (size_t at = 0; at < bins && status == SMC_OK; at += SMC_ITEM_BATCH)
	{
		size_t		count = bins - at < SMC_ITEM_BATCH ? bins - at : SMC_ITEM_BATCH;

		status = smc_items_rows(m->hash, inputs + at, numbers + at, count, rows);
		for (size_t i = 0; i < count && status == SMC_OK; i++)
			values[at + i] ^= smc_okvs_decode(table, size, &rows[i]);
	}
	return status;
}

SmcStatus
smc_membership_learn(const SmcMembership *m, SmcChannel *channel, int peer, const SmcBlock *inputs,
					 const uint8_t *numbers, uint64_t *values)
{
	size_t		at = 0;
	SmcStatus	status = SMC_OK;

	for (size_t u = 0; u < m->unit_count && status == SMC_OK; u++)
	{
		size_t		bins = smc_cuckoo_bins(m->units[u].count);
		size_t		size = smc_okvs_size(SMC_ITEM_PLACES * m->units[u].count);
		SmcArena   *local = smc_arena_create();
		uint64_t   *table = local ? smc_arena_array(local, size, sizeof(*table)) : NULL;

		status = table == NULL ? SMC_ERR_MEMORY : smc_channel_receive(channel, peer, table, size * sizeof(*table));
		if (status == SMC_OK)
			status = read_table(m, table, size, inputs + at, numbers + at, values + at, bins);
		at += bins;
		smc_arena_destroy(local);
	}
	return status;
}

/* ---- the answerer ------------------------------------------------------------- */

/* One unit's table, while it is made. */
typedef struct Hint
{
	const SmcOprfSender *oprf;
	uint64_t	first;			/* the number of the unit's first bin */
	const SmcOprfKey *keys;		/* of its bins */
	const uint64_t *targets;
	size_t		bins;
	uint32_t	(*places)[SMC_ITEM_PLACES];
	SmcItemRow *rows;			/* SMC_ITEM_PLACES of each item */
	uint64_t   *values;
} Hint;

/* Rows and values of some items' keys. */
static SmcStatus
add_keys(const SmcMembership *m, const Hint *hint, const SmcBlock *items, size_t at, size_t count)
{
	SmcItemCode codes[SMC_ITEM_BATCH];
	SmcItemRow	rows[SMC_ITEM_BATCH];
	uint8_t		numbers[SMC_ITEM_BATCH];
	SmcStatus	status = smc_items_codes(m->hash, items + at, count, codes);

	for (int number = 0; number < SMC_ITEM_PLACES && status == SMC_OK; number++)
	{
		memset(numbers, number, count);
		status = smc_items_rows(m->hash, items + at, numbers, count, rows);
		for (size_t i = 0; i < count && status == SMC_OK; i++)
		{
			uint32_t	bin = smc_cuckoo_bin(hint->places[at + i], number, hint->bins);
			size_t		key = (at + i) * SMC_ITEM_PLACES + (size_t) number;

			hint->rows[key] = rows[i];
			hint->values[key] = hint->targets[bin] ^
				smc_oprf_value(hint->oprf, hint->first + bin, &hint->keys[bin], &codes[i]);
		}
	}
	return status;
}

static SmcStatus
answer_unit(const SmcMembership *m, Hint *hint, const SmcMembershipUnit *unit, SmcChannel *channel, int peer)
{
	size_t		size = smc_okvs_size(SMC_ITEM_PLACES * unit->count);
	SmcArena   *local = smc_arena_create();
	uint64_t   *table = local ? smc_arena_array(local, size, sizeof(*table)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (table != NULL)
	{
		hint->places = smc_arena_array(local, unit->count, sizeof(*hint->places));
		hint->rows = smc_arena_array(local, unit->count * SMC_ITEM_PLACES, sizeof(*hint->rows));
		hint->values = smc_arena_array(local, unit->count * SMC_ITEM_PLACES, sizeof(*hint->values));
		if (hint->places != NULL && hint->rows != NULL && hint->values != NULL)
			status = SMC_OK;
	}
	if (status == SMC_OK)
		status = all_places(m->hash, unit, hint->places);
	for (size_t at = 0; at < unit->count && status == SMC_OK; at += SMC_ITEM_BATCH)
		status = add_keys(m, hint, unit->items, at, unit->count - at < SMC_ITEM_BATCH ? unit->count - at : SMC_ITEM_BATCH);
	if (status == SMC_OK)
		status = smc_okvs_encode(hint->rows, hint->values, unit->count * SMC_ITEM_PLACES, m->random, table, size);
	if (status == SMC_OK)
		status = smc_channel_send(channel, peer, table, size * sizeof(*table));
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_membership_answer(const SmcMembership *m, SmcOprfSender *oprf, SmcChannel *channel, int peer, uint64_t *targets)
{
	SmcArena   *local = smc_arena_create();
	SmcOprfKey *keys = local ? smc_arena_array(local, m->bins, sizeof(*keys)) : NULL;
	uint64_t	first = 0;
	size_t		at = 0;
	SmcStatus	status = keys != NULL ? smc_oprf_send(oprf, channel, keys, m->bins, &first) : SMC_ERR_MEMORY;

	if (status == SMC_OK)
		smc_random_fill(m->random, targets, m->bins * sizeof(*targets));
	for (size_t u = 0; u < m->unit_count && status == SMC_OK; u++)
	{
		Hint		hint = {oprf, first + at, keys + at, targets + at, smc_cuckoo_bins(m->units[u].count), NULL, NULL, NULL};

		status = answer_unit(m, &hint, &m->units[u], channel, peer);
		at += hint.bins;
	}
	smc_arena_destroy(local);
	return status;
}
