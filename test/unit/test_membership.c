/*
 * The OPRF, and memberships made of it: the function's value is the same at both where
 * the item is, and another where it isn't; of several units the bins whose items the
 * other party has are found, and no others; what is sent looks uniform.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/smc_membership.h"
#include "core/smc_okvs.h"

enum
{
	UNITS = 3,
	ITEMS_MAX = 3000,
	BINS_MAX = 3 * (13 * ITEMS_MAX / 10 + 515),
	OPRF_BINS = SMC_OPRF_BATCH + 77,
	TAP_BYTES = 1 << 17
};

static const size_t sizes[UNITS] = {256, ITEMS_MAX, 700};

/* Unit u: each party has items first[p] .. of it; what both have overlaps by a third. */
typedef struct Session
{
	int			asker;
	int			answerer;
	SmcItemHash hash[2];
	/* OPRF */
	SmcBlock	inputs[OPRF_BINS];
	uint64_t	values[OPRF_BINS];
	uint64_t	same[OPRF_BINS];
	uint64_t	others[OPRF_BINS];
	/* memberships */
	SmcBlock	items[2][UNITS][ITEMS_MAX];
	SmcBlock	bins[BINS_MAX];
	uint64_t	learnt[BINS_MAX];
	uint64_t	targets[BINS_MAX];
	size_t		bin_count;
	size_t		tapped[2];
	uint8_t		tap[2][TAP_BYTES];
} Session;

static SmcStatus
answer_oprf(Session *s, SmcEngine *engine, const SmcItemHash *hash, SmcOprfSender *oprf)
{
	SmcOprfKey *keys = calloc(OPRF_BINS, sizeof(*keys));
	uint64_t	first;
	SmcStatus	status = smc_oprf_send(oprf, engine->channel, keys, OPRF_BINS, &first);

	for (size_t b = 0; b < OPRF_BINS && status == SMC_OK; b++)
	{
		SmcItemCode code;

		status = smc_items_codes(hash, &s->inputs[b], 1, &code);
		s->same[b] = smc_oprf_value(oprf, first + b, &keys[b], &code);
		if (status == SMC_OK)
			status = smc_items_codes(hash, &s->inputs[(b + 1) % OPRF_BINS], 1, &code);
		s->others[b] = smc_oprf_value(oprf, first + b, &keys[b], &code);
	}
	free(keys);
	return status;
}

static SmcStatus
run_pair(Session *s, SmcEngine *engine, const SmcItemHash *hash, SmcArena *arena)
{
	SmcChannel *channel = engine->channel;
	bool		asks = channel->self == s->asker;
	SmcMembershipUnit units[UNITS];
	SmcMembership m = {hash, engine->random, units, UNITS, 0};
	uint8_t    *numbers = smc_arena_alloc(arena, BINS_MAX);
	SmcOprfReceiver *receiver = NULL;
	SmcOprfSender *sender = NULL;
	uint64_t	sent;
	SmcStatus	status;

	for (size_t u = 0; u < UNITS; u++)
		units[u] = (SmcMembershipUnit) {s->items[asks ? 0 : 1][u], sizes[u]};
	m.bins = smc_membership_bins(units, UNITS);
	if (asks)
	{
		s->bin_count = m.bins;
		status = smc_oprf_open_receiver(engine, s->answerer, arena, &receiver);
		sent = channel->bytes_sent;
		smc_test_tap(channel, s->tap[0], TAP_BYTES, &s->tapped[0]);
		if (status == SMC_OK)
			status = smc_oprf_receive(receiver, channel, hash, s->inputs, s->values, OPRF_BINS);
		if (status == SMC_OK)
			status = smc_membership_place(&m, s->bins, numbers);
		if (status == SMC_OK)
			status = smc_membership_ask(&m, receiver, channel, s->bins, s->learnt);
		if (status == SMC_OK)
			status = smc_membership_learn(&m, channel, s->answerer, s->bins, numbers, s->learnt);
		if (channel->bytes_sent - sent != 56 * (OPRF_BINS + m.bins))
			return SMC_ERR_FORMAT;
		smc_oprf_close_receiver(receiver);
		return status;
	}
	status = smc_oprf_open_sender(engine, s->asker, arena, &sender);
	sent = channel->bytes_sent;
	smc_test_tap(channel, s->tap[1], TAP_BYTES, &s->tapped[1]);
	if (status == SMC_OK)
		status = answer_oprf(s, engine, hash, sender);
	if (status == SMC_OK)
		status = smc_membership_answer(&m, sender, channel, s->asker, s->targets);
	for (size_t u = 0; u < UNITS; u++)
		sent += 8 * smc_okvs_size(3 * sizes[u]);
	smc_oprf_close_sender(sender);
	return status == SMC_OK && channel->bytes_sent != sent ? SMC_ERR_FORMAT : status;
}

static SmcStatus
run_all(SmcEngine *engine, void *arg)
{
	Session    *s = arg;
	int			self = engine->channel->self;
	SmcArena   *arena = smc_arena_create();
	SmcItemHash hash;
	SmcStatus	status = smc_items_agree(engine, &hash);

	if (status == SMC_OK && (self == s->asker || self == s->answerer))
		status = run_pair(s, engine, &hash, arena);
	smc_items_close(&hash);
	smc_arena_destroy(arena);
	return status;
}

static bool
is_in(const SmcBlock *items, size_t count, const SmcBlock *item)
{
	for (size_t i = 0; i < count; i++)
	{
		if (items[i].lo == item->lo && items[i].hi == item->hi)
			return true;
	}
	return false;
}

/* Every item of the asker's is in one bin; bins match just where the answerer has the item. */
static void
check_units(const Session *s)
{
	size_t		at = 0;

	for (size_t u = 0; u < UNITS; u++)
	{
		SmcMembershipUnit unit = {s->items[0][u], sizes[u]};
		size_t		bins = smc_membership_bins(&unit, 1);
		size_t		placed = 0;
		size_t		matched = 0;

		for (size_t b = at; b < at + bins; b++)
		{
			bool		match = s->learnt[b] == s->targets[b];

			placed += is_in(s->items[0][u], sizes[u], &s->bins[b]);
			matched += match;
			assert_true(match == is_in(s->items[1][u], sizes[u], &s->bins[b]));
		}
		assert_int_equal(placed, sizes[u]);
		assert_int_equal(matched, sizes[u] / 3);
		at += bins;
	}
	assert_int_equal(at, s->bin_count);
}

static void
test_membership(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : 3); n++)
	{
		Session    *s = calloc(1, sizeof(*s));

		s->asker = n - 1;
		randombytes_buf(s->inputs, sizeof(s->inputs));
		randombytes_buf(s->items, sizeof(s->items));
		for (size_t u = 0; u < UNITS; u++)
			memcpy(s->items[1][u], s->items[0][u], sizes[u] / 3 * sizeof(SmcBlock));
		smc_testengine_run(n, run_all, s);
		for (size_t b = 0; b < OPRF_BINS; b++)
		{
			assert_true(s->values[b] == s->same[b]);
			assert_true(s->values[b] != s->others[b]);
			assert_true(b == 0 || s->values[b] != s->values[b - 1]);
		}
		check_units(s);
		for (int p = 0; p < 2; p++)
			assert_true(smc_test_chi_square(s->tap[p], s->tapped[p]) < 6);
		free(s);
	}
}

/* Prepared items are the same ones at all parties, in order of their upper bits. */
static SmcStatus
run_items(SmcEngine *engine, void *arg)
{
	SmcBlock	(*items)[1000] = arg;
	SmcBlock   *own = items[engine->channel->self];
	SmcItemHash hash;
	SmcStatus	status = smc_items_agree(engine, &hash);

	if (status == SMC_OK)
		status = smc_items_prepare(&hash, own, 1000);
	for (uint32_t upper = 0; upper < 65536 && status == SMC_OK; upper += 999)
	{
		size_t		at = smc_items_find(own, 1000, upper);

		if ((at > 0 && own[at - 1].hi >> 48 >= upper) || (at < 1000 && own[at].hi >> 48 < upper))
			status = SMC_ERR_FORMAT;
	}
	smc_items_close(&hash);
	return status;
}

static void
test_items(void **state)
{
	SmcBlock	(*items)[1000] = calloc(3, sizeof(*items));

	(void) state;
	for (uint64_t i = 0; i < 1000; i++)
	{
		for (int p = 0; p < 3; p++)
			items[p][i].lo = p == 1 ? 999 - i : i;
	}
	smc_testengine_run(3, run_items, items);
	for (size_t i = 0; i < 1000; i++)
	{
		assert_true(is_in(items[1], 1000, &items[0][i]));
		assert_true(is_in(items[2], 1000, &items[0][i]));
		assert_true(items[0][i].hi != 0);
	}
	free(items);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_membership)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
