/*
 * Order statistics against sorting everything in one place, 2 to 5 parties:
 * duplicates, parties and groups without rows, all equal, the ends of int64,
 * ranks and keys outside; rounds and bytes; what is sent looks uniform.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_quantile.h"
#include "core/smc_triple.h"

#define PARTIES		5
#define KEYS_MAX	60
#define TARGETS_MAX	200

typedef struct Group
{
	size_t		count[PARTIES];
	int64_t		keys[PARTIES][KEYS_MAX];
	int64_t		all[PARTIES * KEYS_MAX];
	size_t		total;
	int64_t		lo;
	int64_t		hi;
} Group;

typedef struct Case
{
	bool		tap;
	size_t		groups;
	Group	   *group;
	size_t		count;
	SmcCost		cost;
	uint64_t	span;			/* largest hi - lo */
	size_t		group_of[TARGETS_MAX];
	int64_t		rank[TARGETS_MAX];
	uint64_t	shares[PARTIES * TARGETS_MAX];
	int64_t		value[PARTIES][TARGETS_MAX];
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
} Case;

enum
{
	TAP_BYTES = 3 << 16,
	CASES = 12
};

typedef struct Session
{
	size_t		cases;
	Case	   *c[CASES];
	size_t		tapped[PARTIES];
	uint8_t		tap[PARTIES][TAP_BYTES];
} Session;

static SmcStatus
run_case(SmcEngine *engine, Case *c)
{
	int			self = engine->channel->self;
	uint64_t	sent;
	uint32_t	rounds;
	SmcQuantileTarget *targets = calloc(c->count + 1, sizeof(*targets));
	SmcStatus	status = SMC_OK;

	/* where what is sent is looked at, with the triples; else without */
	for (int w = 1; w <= SMC_TRIPLE_WIDTHS && !c->tap && status == SMC_OK; w++)
		status = smc_triple_reserve(engine, w, c->cost.triples[w - 1]);
	sent = engine->channel->bytes_sent;
	rounds = engine->channel->rounds;
	for (size_t t = 0; t < c->count; t++)
	{
		const Group *g = &c->group[c->group_of[t]];

		targets[t].keys = g->count[self] > 0 ? g->keys[self] : NULL;
		targets[t].key_count = g->count[self];
		targets[t].lo = g->lo;
		targets[t].hi = g->hi;
		targets[t].rank = c->shares[(size_t) self * TARGETS_MAX + t];
	}
	if (status == SMC_OK)
		status = smc_quantile_select(engine, targets, c->count);
	for (size_t t = 0; t < c->count; t++)
		c->value[self][t] = targets[t].value;
	c->sent[self] = engine->channel->bytes_sent - sent;
	c->rounds[self] = engine->channel->rounds - rounds;
	free(targets);
	return status;
}

static SmcStatus
run_misuse(SmcEngine *engine)
{
	static const int64_t falling[] = {1, 3, 2};
	SmcQuantileTarget targets[2] = {{falling, 2, 0, 9, 0, 0}, {falling, 3, 0, 9, 0, 0}};
	SmcQuantileTarget empty = {NULL, 0, 1, 0, 0, 0};

	if (smc_quantile_select(engine, targets, 2) != SMC_ERR_ARGUMENT ||
		smc_quantile_select(engine, &empty, 1) != SMC_ERR_ARGUMENT ||
		smc_quantile_select(engine, NULL, 0) != SMC_OK)
		return SMC_ERR_FORMAT;
	return SMC_OK;
}

static SmcStatus
run_all(SmcEngine *engine, void *arg)
{
	Session    *session = arg;
	SmcStatus	(*send) (SmcChannel *channel, int to, const uint8_t *data, size_t len) = engine->channel->send;
	int			self = engine->channel->self;
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < session->cases && status == SMC_OK; k++)
	{
		if (session->c[k]->tap)
			smc_test_tap_to(engine->channel, (self + 1) % engine->channel->party_count,
							session->tap[self], TAP_BYTES, &session->tapped[self]);
		status = run_case(engine, session->c[k]);
		engine->channel->send = send;
	}
	return status == SMC_OK ? run_misuse(engine) : status;
}

static int
by_key(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

/* Fill a group with keys of some kind; sizes below KEYS_MAX, now and then nothing. */
static void
fill_group(Group *g, int n, unsigned kind)
{
	g->lo = INT64_MIN;
	g->hi = INT64_MAX;
	for (int p = 0; p < n; p++)
	{
		g->count[p] = randombytes_uniform(4) == 0 ? 0 : randombytes_uniform(KEYS_MAX);
		for (size_t i = 0; i < g->count[p]; i++)
		{
			int64_t		key;

			randombytes_buf(&key, sizeof(key));
			switch (kind % 6)
			{
				case 0:			/* anything */
					break;
				case 1:			/* many alike, and a domain that just holds them */
					key = (int64_t) randombytes_uniform(7) - 3;
					g->lo = -3;
					g->hi = 3;
					break;
				case 2:			/* all equal */
					key = 42;
					g->lo = -1000000;
					g->hi = 1000000;
					break;
				case 3:			/* the ends */
					key = (int64_t[]) {INT64_MIN, INT64_MIN + 1, INT64_MAX - 1, INT64_MAX, -1, 0}[randombytes_uniform(6)];
					break;
				case 4:			/* a domain of one, where every key is made to fit */
					g->lo = g->hi = -7;
					break;
				default:		/* a domain that is no power of two, and keys beyond it */
					key = (int64_t) randombytes_uniform(3000) - 1000;
					g->lo = -333;
					g->hi = 777;
					break;
			}
			g->keys[p][i] = key;
			g->all[g->total++] = key < g->lo ? g->lo : key > g->hi ? g->hi : key;
		}
		qsort(g->keys[p], g->count[p], sizeof(int64_t), by_key);
	}
	qsort(g->all, g->total, sizeof(int64_t), by_key);
}

static void
add_case(Session *session, int n, size_t groups, size_t each, int kind)
{
	Case	   *c = calloc(1, sizeof(*c));

	session->c[session->cases++] = c;
	c->groups = groups;
	c->group = calloc(groups, sizeof(Group));
	for (size_t g = 0; g < groups; g++)
	{
		Group	   *group = &c->group[g];
		uint64_t	span;

		fill_group(group, n, kind < 0 ? (unsigned) g : (unsigned) kind);
		span = (uint64_t) group->hi - (uint64_t) group->lo;
		c->span = span > c->span ? span : c->span;
		for (size_t k = 0; k < each; k++)
		{
			int64_t		rank = group->total == 0 ? 0 : (int64_t) randombytes_uniform((uint32_t) group->total);

			/* the first, the last, the median, one past the end, one before the start */
			if (k == 0)
				rank = ((int64_t) group->total - 1) / 2;
			else if (k == 1)
				rank = g % 2 ? 0 : (int64_t) group->total - 1;
			else if (k == 2)
				rank = g % 2 ? (int64_t) group->total : -1;
			c->group_of[c->count] = g;
			c->rank[c->count] = rank;
			smc_test_split(c->shares, TARGETS_MAX, n, 64, c->count, (SmcRing128) rank);
			c->count++;
		}
	}
	smc_quantile_cost(&c->cost, n, c->span, c->count);
}

static void
check_case(const Case *c, int n)
{
	uint64_t	busiest = 0;

	for (size_t t = 0; t < c->count; t++)
	{
		const Group *g = &c->group[c->group_of[t]];
		int64_t		expected;

		if (c->rank[t] < 0)
			expected = g->lo;
		else if ((uint64_t) c->rank[t] >= g->total)
			expected = g->hi;
		else
			expected = g->all[c->rank[t]];
		for (int p = 0; p < n; p++)
			assert_int_equal(c->value[p][t], expected);
	}
	for (int p = 0; p < n; p++)
	{
		assert_true(c->rounds[p] <= c->cost.rounds);
		busiest = c->sent[p] > busiest ? c->sent[p] : busiest;
	}
	assert_true(c->tap || busiest <= c->cost.sent);
	/* other domains don't fall into equal parts, nor end all at once */
	if (c->span == UINT64_MAX && c->groups == 1)
	{
		assert_int_equal(c->rounds[0], c->cost.rounds);
		assert_true(c->tap || busiest == c->cost.sent);
	}
}

/* What the header says of a domain of 64 bits. */
static void
test_cost(void **state)
{
	static const struct
	{
		int			n;
		uint64_t	span;
		size_t		count;
		uint64_t	rounds;
		double		megabytes;	/* sent by the busiest, triples included */
	}			cases[] = {
		{2, UINT64_MAX, 1, 48, 0.65}, {2, UINT64_MAX, 4, 48, 2.6}, {3, UINT64_MAX, 1, 64, 1.73},
		{3, UINT64_MAX, 5, 80, 3.77}, {3, 1, 1, 8, 0.018}, {3, 0, 1, 0, 0}, {3, UINT64_MAX, 0, 0, 0}
	};

	(void) state;
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
	{
		SmcCost		cost = {0, 0, {0}};
		double		bytes;

		smc_quantile_cost(&cost, cases[k].n, cases[k].span, cases[k].count);
		bytes = (double) smc_cost_bytes(&cost, cases[k].n) * (cases[k].n - 1);
		assert_int_equal(cost.rounds, cases[k].rounds);
		assert_true(bytes >= 0.98e6 * cases[k].megabytes && bytes <= 1.02e6 * cases[k].megabytes);
	}
}

static void
test_quantile(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Session    *session = calloc(1, sizeof(*session));

		if (smc_test_brief())
		{
			add_case(session, n, 1, 4, 5);
			add_case(session, n, 2, 3, 1);
		}
		else
		{
			/* first, while there are no triples in stock */
			add_case(session, n, 1, n == 2 ? 4 : 2, 0);
			session->c[0]->tap = true;
			for (int kind = 1; kind < 6; kind++)
				add_case(session, n, 1, kind == 3 ? 1 : 4, kind);
			if (n <= 3)
				add_case(session, n, 6, 3, -1);
			/* groups by the score: a round settles few bits */
			add_case(session, n, n <= 3 ? 40 : 10, 5, 5);
		}
		smc_testengine_run(n, run_all, session);
		for (size_t k = 0; k < session->cases; k++)
			check_case(session->c[k], n);
		for (int p = 0; p < n && !smc_test_brief(); p++)
		{
			assert_int_equal(session->tapped[p], TAP_BYTES);
			assert_true(smc_test_chi_square(session->tap[p], TAP_BYTES) < 6);
		}
		for (size_t k = 0; k < session->cases; k++)
		{
			free(session->c[k]->group);
			free(session->c[k]);
		}
		free(session);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cost),
		cmocka_unit_test(test_quantile)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
