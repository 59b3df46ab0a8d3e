/*
 * Thresholds on shared counts against plaintext, 2 to 5 parties: with and
 * without gaps, gaps that may be nothing and that may not, many of one count,
 * one of many counts; what is asked wrongly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "core/smc_bits.h"
#include "core/smc_threshold.h"
#include "smc_testengine.h"

#define PARTIES		5
#define COUNTS		131
#define GAPS		97
#define LINKS		700
#define CASES		4

typedef struct Case
{
	uint64_t	k;
	size_t		count;
	size_t		hidden_count;
	size_t		gap_count;
	size_t		link_count;
	uint64_t	counts[COUNTS];	/* in the clear */
	uint64_t	gaps[GAPS];
	bool		may_close[GAPS];
	SmcThresholdLink links[LINKS];
	SmcRing128	count_shares[PARTIES][COUNTS];
	SmcRing128	gap_shares[PARTIES][GAPS];
	uint64_t	passed[PARTIES][(COUNTS + 63) / 64];
	uint64_t	hidden[PARTIES];
	uint32_t	rounds[PARTIES];
} Case;

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	Case	   *cases = arg;
	int			self = engine->channel->self;
	SmcStatus	status = SMC_OK;

	for (int i = 0; i < CASES && status == SMC_OK; i++)
	{
		Case	   *c = &cases[i];
		SmcThreshold t = {c->k, c->count, c->count_shares[self], c->hidden_count,
		c->gap_count, c->gap_shares[self], c->may_close, c->link_count, c->links};
		SmcThreshold wrong = t;
		SmcThresholdLink link = {0, (uint32_t) c->gap_count, SMC_THRESHOLD_EARLIER};
		SmcThresholdLink none = {0, 0, (uint32_t) c->count};
		uint64_t	unused[(COUNTS + 63) / 64];
		uint32_t	before = engine->channel->rounds;

		status = smc_threshold_judge(engine, &t, c->passed[self], &c->hidden[self]);
		c->rounds[self] = engine->channel->rounds - before;

		wrong.k = 0;
		if (smc_threshold_judge(engine, &wrong, unused, unused) != SMC_ERR_ARGUMENT)
			return SMC_ERR_FORMAT;
		wrong = t;
		wrong.links = &link;
		wrong.link_count = 1;
		if (smc_threshold_judge(engine, &wrong, unused, unused) != SMC_ERR_ARGUMENT)
			return SMC_ERR_FORMAT;
		wrong.links = &none;
		if (smc_threshold_judge(engine, &wrong, unused, unused) != SMC_ERR_ARGUMENT)
			return SMC_ERR_FORMAT;
		wrong = t;
		wrong.hidden_count = t.count + 1;
		if (smc_threshold_judge(engine, &wrong, unused, unused) != SMC_ERR_ARGUMENT)
			return SMC_ERR_FORMAT;
		wrong = t;
		wrong.count = wrong.hidden_count = wrong.link_count = 0;
		unused[0] = 1;
		if (smc_threshold_judge(engine, &wrong, NULL, unused) != SMC_OK || unused[0] != 0)
			return SMC_ERR_FORMAT;
	}
	return status;
}

static void
split(SmcRing128 value, int parties, SmcRing128 *first, size_t stride)
{
	for (int p = 0; p < parties; p++)
	{
		SmcRing128	share = value;

		if (p < parties - 1)
			randombytes_buf(&share, sizeof(share));
		first[(size_t) p * stride] = share;
		value -= share;
	}
}

/* Around k most of the time, and far off. */
static uint64_t
number(uint64_t k)
{
	switch (randombytes_uniform(4))
	{
		case 0:
			return 0;
		case 1:
			return randombytes_uniform(3) == 0 ? UINT64_C(1) << 61 : k + 1000000;
		default:
			return k > 2 ? k - 2 + randombytes_uniform(4) : randombytes_uniform(4);
	}
}

static void
make(Case *c, int parties, uint64_t k, size_t count, size_t hidden, size_t gaps, size_t links)
{
	memset(c, 0, sizeof(*c));
	c->k = k;
	c->count = count;
	c->hidden_count = hidden;
	c->gap_count = gaps;
	c->link_count = links;
	for (size_t e = 0; e < count; e++)
	{
		c->counts[e] = number(k);
		split(c->counts[e], parties, &c->count_shares[0][e], COUNTS);
	}
	for (size_t g = 0; g < gaps; g++)
	{
		c->gaps[g] = number(k);
		c->may_close[g] = randombytes_uniform(2) != 0;
		split(c->gaps[g], parties, &c->gap_shares[0][g], GAPS);
	}
	/* the first count has many, some have the same twice */
	for (size_t l = 0; l < links; l++)
	{
		c->links[l].count = l % 7 == 0 ? 0 : randombytes_uniform((uint32_t) count);
		c->links[l].gap = randombytes_uniform((uint32_t) gaps);
		c->links[l].other = randombytes_uniform(3) ? SMC_THRESHOLD_EARLIER : randombytes_uniform((uint32_t) count);
	}
}

static void
check_case(const Case *c, int parties)
{
	bool		passed[COUNTS];
	uint64_t	hidden = 0;

	for (size_t e = 0; e < c->count; e++)
		passed[e] = c->counts[e] >= c->k;
	for (int others = 0; others < 2; others++)
	{
		bool		before[COUNTS];

		memcpy(before, passed, sizeof(before));
		for (size_t l = 0; l < c->link_count; l++)
		{
			const SmcThresholdLink *link = &c->links[l];
			uint64_t	gap = c->gaps[link->gap];

			if ((link->other != SMC_THRESHOLD_EARLIER) != others || (others && !before[link->other]))
				continue;
			if (gap < c->k && !(gap == 0 && c->may_close[link->gap]))
				passed[link->count] = false;
		}
	}
	for (size_t e = 0; e < c->hidden_count; e++)
		hidden += c->counts[e] != 0 && !passed[e];
	for (int p = 0; p < parties; p++)
	{
		for (size_t e = 0; e < c->count; e++)
			assert_int_equal(c->passed[p][e / 64] >> (e % 64) & 1, passed[e]);
		if (c->count % 64 != 0)
			assert_int_equal(c->passed[p][c->count / 64] >> (c->count % 64), 0);
		assert_int_equal(c->hidden[p], hidden);
	}
}

static void
check(int parties)
{
	Case	   *cases = calloc(CASES, sizeof(Case));

	make(&cases[0], parties, 5, COUNTS, 0, 0, 0);
	make(&cases[1], parties, 5, COUNTS, COUNTS, GAPS, LINKS);
	make(&cases[2], parties, 1, 64, 10, 3, 40);
	make(&cases[3], parties, 1000000000, 1, 1, 32, 32);
	for (size_t l = 0; l < 32; l++)
		cases[3].links[l] = (SmcThresholdLink) {0, (uint32_t) l, SMC_THRESHOLD_EARLIER};
	/* one that passes, whatever the dice say */
	for (size_t g = 0; g < 32; g++)
	{
		cases[3].gaps[g] = cases[3].may_close[g] ? 0 : cases[3].k;
		split(cases[3].gaps[g], parties, &cases[3].gap_shares[0][g], GAPS);
	}
	cases[3].counts[0] = cases[3].k;
	split(cases[3].counts[0], parties, &cases[3].count_shares[0][0], COUNTS);

	smc_testengine_run(parties, run, cases);
	for (int i = 0; i < CASES; i++)
		check_case(&cases[i], parties);
	assert_int_equal(cases[3].passed[0][0], 1);
	/* gaps cost an AND a level of their tree, and a zero test, no more */
	if (parties == 2)
	{
		assert_int_equal(cases[0].rounds[0], 5 + 1);
		assert_int_equal(cases[3].rounds[0], 5 + 5 + 6 + 1 + 2 + 1);
	}
	free(cases);
}

static void
test_thresholds(void **state)
{
	(void) state;
	check(2);
	check(3);
	if (smc_test_brief())
		return;
	check(4);
	check(5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_thresholds)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
