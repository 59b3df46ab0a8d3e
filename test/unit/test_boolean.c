/*
 * Gates on shared bits, majorities of private bits, and opening to some parties,
 * against plaintext: 2 to 5 parties, vectors that end within a word and at its end.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_boolean.h"

#define PARTIES		5
#define WORDS		3
#define SUBSETS		(1 << PARTIES)

/* One vector at all parties: what goes in, and what each has in the end. */
typedef struct Case
{
	size_t		count;
	uint64_t	p[PARTIES][WORDS];
	uint64_t	x[PARTIES][WORDS];
	uint64_t	y[PARTIES][WORDS];
	uint64_t	both[PARTIES][WORDS];	/* p & x, opened */
	uint64_t	two[PARTIES][2][WORDS]; /* p & x and p & y, opened */
	uint64_t	most[PARTIES][WORDS];	/* of the members' own x, opened */
	uint64_t	told[PARTIES][SUBSETS][2][WORDS];	/* x and y, to each subset of parties */
} Case;

typedef struct Cases
{
	Case	   *cases;
	size_t		count;
	int			members[3];		/* of the majority, where there are three parties */
} Cases;

static SmcStatus
run_gates(SmcEngine *engine, Case *c)
{
	int			self = engine->channel->self;
	uint64_t	z[WORDS];
	uint64_t	w[WORDS];
	SmcStatus	status = smc_boolean_and(engine, c->p[self], c->x[self], z, c->count);

	if (status == SMC_OK)
		status = smc_boolean_open(engine, z, c->both[self], c->count);
	if (status == SMC_OK)
		status = smc_boolean_and_two(engine, c->p[self], c->x[self], c->y[self], z, w, c->count);
	if (status == SMC_OK)
		status = smc_boolean_open(engine, z, c->two[self][0], c->count);
	if (status == SMC_OK)
		status = smc_boolean_open(engine, w, c->two[self][1], c->count);
	return status;
}

static SmcStatus
run_majority(SmcEngine *engine, Case *c, const int members[3])
{
	int			self = engine->channel->self;
	bool		is_member = self == members[0] || self == members[1] || self == members[2];
	uint64_t	z[WORDS];
	SmcStatus	status = smc_boolean_majority(engine, members, is_member ? c->x[self] : NULL, z, c->count);

	if (status == SMC_OK)
		status = smc_boolean_open(engine, z, c->most[self], c->count);
	return status;
}

/* Two vectors in one round. */
static SmcStatus
run_telling(SmcEngine *engine, Case *c, uint16_t recipients)
{
	int			self = engine->channel->self;
	uint64_t   *x = c->told[self][recipients][0];
	uint64_t   *y = c->told[self][recipients][1];
	SmcStatus	status;

	memcpy(x, c->x[self], sizeof(c->x[self]));
	memcpy(y, c->y[self], sizeof(c->y[self]));
	status = smc_boolean_tell(engine, x, recipients, c->count);
	if (status == SMC_OK)
		status = smc_boolean_tell(engine, y, recipients, c->count);
	smc_channel_round(engine->channel);
	if (status == SMC_OK)
		status = smc_boolean_hear(engine, x, recipients, c->count);
	if (status == SMC_OK)
		status = smc_boolean_hear(engine, y, recipients, c->count);
	return status;
}

static SmcStatus
run_cases(SmcEngine *engine, void *arg)
{
	Cases	   *all = arg;
	SmcChannel *channel = engine->channel;
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < all->count && status == SMC_OK; k++)
	{
		Case	   *c = &all->cases[k];

		status = run_gates(engine, c);
		if (status == SMC_OK && channel->party_count >= 3)
			status = run_majority(engine, c, all->members);
		for (uint16_t recipients = 0; recipients < 1u << channel->party_count && status == SMC_OK; recipients++)
		{
			uint64_t	sent = channel->bytes_sent;
			uint64_t	others = 0;

			status = run_telling(engine, c, recipients);
			for (int p = 0; p < channel->party_count; p++)
				others += p != channel->self && (recipients >> p & 1);
			if (status == SMC_OK && channel->bytes_sent - sent != others * 2 * ((c->count + 63) / 64 * 8))
				status = SMC_ERR_FORMAT;
		}
	}
	return status;
}

static uint64_t
all_of(const uint64_t (*shares)[WORDS], int n, size_t word)
{
	uint64_t	value = 0;

	for (int p = 0; p < n; p++)
		value ^= shares[p][word];
	return value;
}

static void
check(const Case *c, int n, const int members[3])
{
	for (size_t i = 0; i < (c->count + 63) / 64; i++)
	{
		uint64_t	tail = c->count - i * 64 >= 64 ? UINT64_MAX : (UINT64_C(1) << (c->count - i * 64)) - 1;
		uint64_t	p = all_of(c->p, n, i) & tail;
		uint64_t	x = all_of(c->x, n, i) & tail;
		uint64_t	y = all_of(c->y, n, i) & tail;

		for (int self = 0; self < n; self++)
		{
			assert_int_equal(c->both[self][i] & tail, p & x);
			assert_int_equal(c->two[self][0][i] & tail, p & x);
			assert_int_equal(c->two[self][1][i] & tail, p & y);
			if (n >= 3)
			{
				uint64_t	a = c->x[members[0]][i];
				uint64_t	b = c->x[members[1]][i];
				uint64_t	d = c->x[members[2]][i];

				assert_int_equal(c->most[self][i] & tail, ((a & b) | (b & d) | (a & d)) & tail);
			}
			for (int recipients = 0; recipients < 1 << n; recipients++)
			{
				bool		hears = recipients >> self & 1;

				/* past the end nothing came, and nothing is left */
				assert_int_equal(c->told[self][recipients][0][i], hears ? x : c->x[self][i] & tail);
				assert_int_equal(c->told[self][recipients][1][i], hears ? y : c->y[self][i] & tail);
			}
		}
	}
}

static void
test_boolean(void **state)
{
	static const size_t counts[] = {1, 64, 70, 129, 192};

	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 3 : PARTIES); n++)
	{
		Cases		all = {.count = sizeof(counts) / sizeof(counts[0])};

		/* not in the order of their numbers, and not all where there are more */
		all.members[0] = n - 1;
		all.members[1] = 0;
		all.members[2] = 1;
		all.cases = calloc(all.count, sizeof(Case));
		for (size_t k = 0; k < all.count; k++)
		{
			Case	   *c = &all.cases[k];

			c->count = counts[k];
			randombytes_buf(c->p, sizeof(c->p));
			randombytes_buf(c->x, sizeof(c->x));
			randombytes_buf(c->y, sizeof(c->y));
		}
		smc_testengine_run(n, run_cases, &all);
		for (size_t k = 0; k < all.count; k++)
			check(&all.cases[k], n, all.members);
		free(all.cases);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_boolean)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
