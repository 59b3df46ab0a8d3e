/*
 * Numbers of different items against counting them in one place, 2 to 5 parties: none,
 * one, all the same, all different, subsets; sizes around those of the stages; several
 * parts; many sets at once; values of small domains; rounds and bytes; what is sent
 * looks uniform, and as much whatever a party has.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/smc_bits.h"
#include "core/smc_triple.h"
#include "core/smc_union.h"

enum
{
	PARTIES = 5,
	SETS_MAX = 40,
	CASES = 12,
	TAP_BYTES = 3 << 16
};

/* Party p has items first[p] .. first[p] + count[p] - 1 of a set, in some order. */
typedef struct Set
{
	uint64_t	first[PARTIES];
	size_t		count[PARTIES];
	size_t		distinct;
} Set;

typedef struct Case
{
	bool		tap;
	size_t		set_count;
	size_t		domain;			/* of marks; 0: items */
	Set			set[SETS_MAX];
	SmcRing128	totals[PARTIES][SETS_MAX];
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
	SmcCost		cost;			/* of all stages */
} Case;

typedef struct Session
{
	size_t		cases;
	Case	   *c[CASES];
	size_t		tapped[PARTIES];
	uint8_t		tap[PARTIES][TAP_BYTES];
} Session;

static SmcStatus
run_items(SmcEngine *engine, Case *c)
{
	int			self = engine->channel->self;
	SmcUnionSet *sets = calloc(c->set_count, sizeof(*sets));
	SmcStatus	status;

	for (size_t s = 0; s < c->set_count; s++)
	{
		const Set  *set = &c->set[s];

		sets[s].count = set->count[self];
		sets[s].items = calloc(set->count[self] + 1, sizeof(SmcBlock));
		for (size_t i = 0; i < set->count[self]; i++)
			sets[s].items[i].lo = set->first[self] + (i * 7 + 3) % set->count[self];
		/* 7 may divide the count: then in the plain order */
		for (size_t i = 0; i < set->count[self] && set->count[self] % 7 == 0; i++)
			sets[s].items[i].lo = set->first[self] + i;
		/* the same numbers with something above are other items */
		for (size_t i = 0; i < set->count[self] && s % 2; i++)
			sets[s].items[i].hi = ~sets[s].items[i].lo;
	}
	status = smc_union_count(engine, sets, c->set_count);
	for (size_t s = 0; s < c->set_count; s++)
	{
		c->totals[self][s] = sets[s].total;
		free(sets[s].items);
	}
	free(sets);
	return status;
}

static SmcStatus
run_marks(SmcEngine *engine, Case *c)
{
	int			self = engine->channel->self;
	uint64_t   *marks = calloc(smc_bits_words(c->domain * c->set_count) + 1, sizeof(uint64_t));
	SmcStatus	status;

	for (size_t s = 0; s < c->set_count; s++)
	{
		for (size_t i = 0; i < c->set[s].count[self]; i++)
		{
			size_t		at = s * c->domain + c->set[s].first[self] + i;

			marks[at / 64] |= UINT64_C(1) << (at % 64);
		}
	}
	status = smc_union_count_marks(engine, marks, c->domain, c->totals[self], c->set_count);
	free(marks);
	return status;
}

static SmcStatus
run_all(SmcEngine *engine, void *arg)
{
	Session    *session = arg;
	SmcChannel *channel = engine->channel;
	int			self = channel->self;
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < session->cases && status == SMC_OK; k++)
	{
		Case	   *c = session->c[k];
		uint64_t	sent;
		uint32_t	rounds;

		/* where what is sent is looked at, with the triples; else without */
		for (int w = 1; w <= SMC_TRIPLE_WIDTHS && !c->tap && status == SMC_OK; w++)
			status = smc_triple_reserve(engine, w, c->cost.triples[w - 1]);
		if (status != SMC_OK)
			break;
		sent = channel->bytes_sent;
		rounds = channel->rounds;
		if (c->tap)
			smc_test_tap(channel, session->tap[self], TAP_BYTES, &session->tapped[self]);
		status = c->domain > 0 ? run_marks(engine, c) : run_items(engine, c);
		c->sent[self] = channel->bytes_sent - sent;
		c->rounds[self] = channel->rounds - rounds;
	}
	return status;
}

/* How many numbers are in the ranges' union. */
static size_t
count_distinct(const Set *set, int n)
{
	uint64_t	end = 0;
	size_t		count = 0;

	for (int p = 0; p < n; p++)
		end = set->first[p] + set->count[p] > end ? set->first[p] + set->count[p] : end;
	for (uint64_t v = 0; v < end; v++)
	{
		for (int p = 0; p < n; p++)
		{
			if (v >= set->first[p] && v < set->first[p] + set->count[p])
			{
				count++;
				break;
			}
		}
	}
	return count;
}

static Case *
add_case(Session *session, size_t domain)
{
	Case	   *c = calloc(1, sizeof(*c));

	session->c[session->cases++] = c;
	c->domain = domain;
	return c;
}

/* Add a set of about so many items a party. */
static void
add_set(Case *c, int n, int kind, size_t size)
{
	Set		   *set = &c->set[c->set_count++];

	for (int p = 0; p < n; p++)
	{
		switch (kind)
		{
			case 0:				/* nobody has any */
				break;
			case 1:				/* all have the same */
				set->count[p] = size;
				break;
			case 2:				/* all different */
				set->first[p] = (uint64_t) p * size;
				set->count[p] = size;
				break;
			case 3:				/* one party alone */
				set->count[p] = p == n - 1 ? size : 0;
				break;
			case 4:				/* each half of the one before */
				set->first[p] = (uint64_t) p * size / 2;
				set->count[p] = size;
				break;
			default:
				set->first[p] = randombytes_uniform((uint32_t) size + 1);
				set->count[p] = randombytes_uniform((uint32_t) size + 1);
		}
	}
	set->distinct = count_distinct(set, n);
}

/* What the stages of a case take at most. */
static void
reckon(Case *c, int n)
{
	SmcCost		none = {0, 0, {0}};
	size_t		items = SMC_UNION_FIRST;
	size_t		left = c->set_count;

	c->cost = none;
	if (c->domain > 0)
	{
		smc_union_cost_marks(&c->cost, n, c->domain, c->set_count);
		return;
	}
	smc_union_cost_start(&c->cost, n);
	while (left > 0)
	{
		smc_union_cost_stage(&c->cost, n, items, left);
		left = 0;
		for (size_t s = 0; s < c->set_count; s++)
			left += c->set[s].distinct > items;
		items *= SMC_UNION_FACTOR;
	}
}

static void
check_case(Case *c, int n)
{
	uint64_t	busiest = 0;

	for (size_t s = 0; s < c->set_count; s++)
	{
		SmcRing128	total = 0;

		for (int p = 0; p < n; p++)
			total += c->totals[p][s];
		assert_int_equal((uint64_t) total, c->set[s].distinct);
		assert_int_equal((uint64_t) (total >> 64), 0);
	}
	for (int p = 0; p < n; p++)
		busiest = c->sent[p] > busiest ? c->sent[p] : busiest;
	for (int p = 0; p < n; p++)
		assert_true(c->rounds[p] <= c->cost.rounds);
	if (c->tap)
		return;
	assert_true(busiest <= c->cost.sent);
	/* exactly, whatever the parties have; of four and more the last has no part in a comparison's first adder */
	assert_true(c->sent[n - 1] <= c->cost.sent && c->sent[n - 1] >= c->cost.sent - (n > 3 ? c->cost.sent / 1000 : 0));
	/* with more parties, each has pairs to wait for that it isn't in */
	assert_true(n > 2 || c->rounds[0] == c->cost.rounds);
}

static void
test_union(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Session    *session = calloc(1, sizeof(*session));
		Case	   *c;

		c = add_case(session, 0);
		c->tap = true;
		add_set(c, n, 5, 200);
		for (int kind = 0; kind < 5; kind += n > 3 ? 2 : 1)
			add_set(add_case(session, 0), n, kind, 300);
		/* just as many as a stage has, and one more */
		c = add_case(session, 0);
		add_set(c, n, 1, 256);
		add_set(c, n, 1, 257);
		add_set(c, n, 3, 768);
		add_set(c, n, 3, 769);
		/* in several parts, and more than a group of units */
		if (n == 2 && !smc_test_brief())
			add_set(add_case(session, 0), n, 4, 110000);
		c = add_case(session, 0);
		for (int k = 0; k < (n > 3 ? 6 : 12); k++)
			add_set(c, n, k % 6, 100);
		c = add_case(session, 3);
		for (int k = 0; k < 30; k++)
			add_set(c, n, k % 2 ? 1 : 3, randombytes_uniform(4));
		for (size_t k = 0; k < session->cases; k++)
			reckon(session->c[k], n);
		smc_testengine_run(n, run_all, session);
		for (size_t k = 0; k < session->cases; k++)
			check_case(session->c[k], n);
		for (int p = 0; p < n; p++)
			assert_true(smc_test_chi_square(session->tap[p], session->tapped[p]) < 6);
		for (size_t k = 0; k < session->cases; k++)
			free(session->c[k]);
		free(session);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_union)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
