/*
 * Bit triples and comparison against plaintext, 2 to 5 parties, rings of 64 to
 * 512 bits;
 * rounds and bytes as the headers state them; and what is sent looks uniform
 * whatever the inputs are.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_compare.h"
#include "core/smc_limbs.h"
#include "core/smc_triple.h"

#define PARTIES		5
#define COUNT_MAX	3000
#define STRIDE		(COUNT_MAX * 2)	/* words: wide integers are fewer */
#define WORDS		(COUNT_MAX / 64 + 1)

typedef struct Case
{
	int			width;
	size_t		count;
	uint64_t	x[PARTIES * STRIDE];	/* shares */
	uint64_t	y[PARTIES * STRIDE];
	uint64_t	xs[STRIDE];
	uint64_t	ys[STRIDE];
	uint64_t	less[PARTIES][WORDS];
	uint64_t	zero[PARTIES][WORDS];
	uint64_t	opened[PARTIES][WORDS];
} Case;

typedef struct Cases
{
	size_t		count;
	Case	   *cases;
} Cases;

static SmcStatus
run_cases(SmcEngine *engine, void *arg)
{
	Cases	   *cases = arg;
	int			self = engine->channel->self;
	uint64_t   *difference = calloc(STRIDE, sizeof(uint64_t));
	SmcStatus	status = SMC_OK;

	for (size_t k = 0; k < cases->count && status == SMC_OK; k++)
	{
		Case	   *c = &cases->cases[k];
		const uint64_t *x = c->x + (size_t) self * STRIDE;
		const uint64_t *y = c->y + (size_t) self * STRIDE;

		smc_limbs_subtract_all(difference, x, y, (size_t) c->width / 64, c->count);
		status = smc_compare_less(engine, c->width, x, y, c->less[self], c->count);
		if (status == SMC_OK)
			status = smc_compare_zero(engine, c->width, difference, c->zero[self], c->count);
		if (status == SMC_OK)
			status = smc_boolean_open(engine, c->less[self], c->opened[self], c->count);
	}
	free(difference);
	return status;
}

/* Random ones, equal ones, neighbours, signs, extremes whose difference fits. */
static void
choose_inputs(Case *c, int parties)
{
	size_t		limbs = (size_t) c->width / 64;
	uint64_t	top = UINT64_C(1) << 62;

	for (size_t e = 0; e < c->count; e++)
	{
		uint64_t   *x = c->xs + e * limbs;
		uint64_t   *y = c->ys + e * limbs;
		uint64_t	one[8] = {1};

		randombytes_buf(x, limbs * 8);
		randombytes_buf(y, limbs * 8);
		/* half the range, with sign */
		x[limbs - 1] = (uint64_t) ((int64_t) x[limbs - 1] >> 1);
		y[limbs - 1] = (uint64_t) ((int64_t) y[limbs - 1] >> 1);
		switch ((e + c->count) % 9)
		{
			case 1:
				memcpy(y, x, limbs * 8);
				break;
			case 2:
				smc_limbs_add(y, x, one, limbs);
				break;
			case 3:
				smc_limbs_subtract(y, x, one, limbs);
				break;
			case 4:
				smc_test_widen(x, c->width, 0);
				smc_test_widen(y, c->width, 0);
				break;
			case 5:
				smc_test_widen(x, c->width, -1);
				smc_test_widen(y, c->width, 0);
				break;
			case 6:				/* the largest there is */
				memset(x, 0xff, limbs * 8);
				x[limbs - 1] >>= 1;
				smc_test_widen(y, c->width, 0);
				break;
			case 7:				/* as far apart as may be */
				smc_test_widen(x, c->width, 0);
				x[limbs - 1] = 0 - top;
				memset(y, 0xff, limbs * 8);
				y[limbs - 1] = top - 1;
				break;
			case 8:				/* a power of two apart */
				memcpy(y, x, limbs * 8);
				y[e / 9 % limbs] ^= UINT64_C(1) << (e / 9 % 62);
				break;
			default:
				break;
		}
		smc_test_split_wide(c->x, STRIDE, parties, c->width, e, x);
		smc_test_split_wide(c->y, STRIDE, parties, c->width, e, y);
	}
}

static void
check_case(const Case *c, int parties)
{
	size_t		limbs = (size_t) c->width / 64;

	for (size_t e = 0; e < c->count; e++)
	{
		const uint64_t *x = c->xs + e * limbs;
		const uint64_t *y = c->ys + e * limbs;
		bool		below = smc_test_less(x, y, c->width, true);
		uint64_t	less = 0;
		uint64_t	zero = 0;

		for (int p = 0; p < parties; p++)
		{
			less ^= c->less[p][e / 64] >> (e % 64) & 1;
			zero ^= c->zero[p][e / 64] >> (e % 64) & 1;
			assert_int_equal(c->opened[p][e / 64] >> (e % 64) & 1, below);
		}
		assert_int_equal(less, below);
		assert_int_equal(zero, memcmp(x, y, limbs * 8) == 0);
	}
	/* past the last answer there is nothing, least of all in what is opened */
	for (int p = 0; p < parties && c->count % 64 != 0; p++)
	{
		uint64_t	all = c->less[p][c->count / 64] | c->zero[p][c->count / 64] | c->opened[p][c->count / 64];

		assert_int_equal(all >> (c->count % 64), 0);
	}
}

/* ---- counters -------------------------------------------------------------- */

enum
{
	COUNTED = 200, WIDTHS = 6
};

static const int widths[WIDTHS] = {64, 128, 192, 256, 320, 512};

#define BRIEF	3

/* How many of them are counted. */
static int
counted(int parties)
{
	return smc_test_brief() || parties > 3 ? BRIEF : WIDTHS;
}

typedef struct Count
{
	uint64_t	sent[PARTIES][2 * WIDTHS];
	uint32_t	rounds[PARTIES][2 * WIDTHS];
	uint64_t	setup[PARTIES];
	uint32_t	setup_rounds[PARTIES];
} Count;


static SmcStatus
run_count(SmcEngine *engine, void *arg)
{
	Count	   *count = arg;
	SmcChannel *channel = engine->channel;
	int			self = channel->self;
	uint64_t   *x = calloc(COUNTED * 8, sizeof(uint64_t));
	uint64_t	out[COUNTED / 64 + 1];
	SmcStatus	status;

	status = SMC_OK;
	for (int k = 0; k < 2 * counted(channel->party_count); k++)
	{
		int			n = channel->party_count;
		size_t		words = (size_t) widths[k / 2] * COUNTED / 64 + 64;
		uint64_t	sent;
		uint32_t	rounds;

		/* what a comparison takes at most: adders, and a tree */
		if ((status = smc_triple_reserve(engine, 1, words * (size_t) (n - 1 - n / 3))) != SMC_OK ||
			(status = smc_triple_reserve(engine, 2, words)) != SMC_OK)
			goto done;
		sent = channel->bytes_sent;
		rounds = channel->rounds;
		if (k % 2 == 0)
			status = smc_compare_negative(engine, widths[k / 2], x, out, COUNTED);
		else
			status = smc_compare_zero(engine, widths[k / 2], x, out, COUNTED);
		if (status != SMC_OK)
			goto done;
		count->sent[self][k] = channel->bytes_sent - sent;
		count->rounds[self][k] = channel->rounds - rounds;
	}
done:
	free(x);
	return status;
}

/* Two parties: leaves, then a tree over the digits. */
static uint64_t
expect_two(int self, int width, bool zero)
{
	uint64_t	bytes = self == 0 ? COUNTED * (uint64_t) width : smc_test_ot_bytes(true, COUNTED * (size_t) width);

	for (size_t digits = (size_t) width / 4; digits > 1; digits = (digits + 1) / 2)
		bytes += smc_test_gate_bytes(zero || digits == 2 ? 1 : 2, digits / 2 * COUNTED);
	return bytes;
}

/* More: a majority for each three, adders, a tree over the places. */
static uint64_t
expect_more(int self, int n, int width, bool zero)
{
	size_t		bits = (size_t) width * COUNTED;
	uint64_t	bytes = 0;
	uint64_t	gates = 0;

	if (self < n / 3 * 3)
		bytes += smc_test_ot_bytes(true, bits) + bits / 8;
	for (int k = 0; k < n - 2 - n / 3; k++)
		gates += smc_test_gate_bytes(1, bits);
	for (size_t places = (size_t) width; places > 1; places = (places + 1) / 2)
		gates += smc_test_gate_bytes(zero || places == 2 ? 1 : 2, places / 2 * COUNTED);
	return bytes + gates * (uint64_t) (n - 1);
}

/* ---- triples, and what is sent ---------------------------------------------- */

enum
{
	TRIPLE_WORDS = 3 * SMC_OT_BATCH / 64 + 5,
	TAP_BYTES = 1 << 19,
	INPUTS = 3
};

typedef struct Sample
{
	uint64_t	b[PARTIES][2][TRIPLE_WORDS];
	uint64_t	a[PARTIES][2][SMC_TRIPLE_WIDTHS][TRIPLE_WORDS];
	uint64_t	c[PARTIES][2][SMC_TRIPLE_WIDTHS][TRIPLE_WORDS];
	uint64_t	sent[PARTIES][2];
	size_t		tapped[PARTIES][INPUTS];
	uint8_t		tap[PARTIES][INPUTS][TAP_BYTES];
} Sample;

static SmcStatus
run_triples(SmcEngine *engine, void *arg)
{
	Sample	   *s = arg;
	int			self = engine->channel->self;

	for (int width = 1; width <= SMC_TRIPLE_WIDTHS; width++)
	{
		uint64_t	sent = engine->channel->bytes_sent;
		SmcBitTriples t;
		SmcStatus	status = smc_triple_take(engine, width, TRIPLE_WORDS, &t);

		if (status != SMC_OK)
			return status;
		s->sent[self][width - 1] = engine->channel->bytes_sent - sent;
		memcpy(s->b[self][width - 1], t.b, sizeof(s->b[0][0]));
		for (int w = 0; w < width; w++)
		{
			memcpy(s->a[self][width - 1][w], t.a[w], sizeof(s->a[0][0][0]));
			memcpy(s->c[self][width - 1][w], t.c[w], sizeof(s->c[0][0][0]));
		}
	}
	return SMC_OK;
}

static SmcStatus
run_tapped(SmcEngine *engine, void *arg)
{
	static const uint64_t values[INPUTS] = {0, UINT64_MAX, UINT64_C(1) << 63};
	Sample	   *s = arg;
	SmcChannel *channel = engine->channel;
	SmcStatus	(*send) (SmcChannel *channel, int to, const uint8_t *data, size_t len) = channel->send;
	int			self = channel->self;
	uint64_t	x[300];
	uint64_t	out[5];
	SmcStatus	status = SMC_OK;

	for (int v = 0; v < (smc_test_brief() ? 1 : INPUTS) && status == SMC_OK; v++)
	{
		for (size_t i = 0; i < 300; i++)
			x[i] = values[v];
		channel->send = send;
		smc_test_tap(channel, s->tap[self][v], TAP_BYTES, &s->tapped[self][v]);
		status = smc_compare_negative(engine, 64, x, out, 300);
		if (status == SMC_OK)
			status = smc_compare_zero(engine, 64, x, out, 300);
		if (status == SMC_OK)
			status = smc_compare_negative(engine, 128, x, out, 150);
	}
	return status;
}

/* ---- misuse: arguments that no party could act on ------------------------------ */

static SmcStatus
run_misuse(SmcEngine *engine, void *arg)
{
	uint64_t	x[2] = {0, 0};
	uint64_t	out[2];
	const int	wrong[] = {0, 1, 32, 63, 65, 127, 576, -64};

	(void) arg;
	for (size_t k = 0; k < sizeof(wrong) / sizeof(wrong[0]); k++)
	{
		if (smc_compare_negative(engine, wrong[k], x, out, 1) != SMC_ERR_ARGUMENT ||
			smc_compare_zero(engine, wrong[k], x, out, 1) != SMC_ERR_ARGUMENT ||
			smc_compare_less(engine, wrong[k], x, x, out, 1) != SMC_ERR_ARGUMENT)
			return SMC_ERR_FORMAT;
	}
	if (smc_triple_reserve(engine, 0, 1) != SMC_ERR_ARGUMENT ||
		smc_triple_reserve(engine, SMC_TRIPLE_WIDTHS + 1, 1) != SMC_ERR_ARGUMENT)
		return SMC_ERR_FORMAT;
	/* nothing to do is no error, and sends nothing */
	if (smc_compare_negative(engine, 64, x, out, 0) != SMC_OK ||
		smc_compare_zero(engine, 128, x, out, 0) != SMC_OK)
		return SMC_ERR_FORMAT;
	return SMC_OK;
}

/* ---- all of it in one session a party count ----------------------------------- */

typedef struct Session
{
	Cases		cases;
	Count		count;
	Sample		sample;
} Session;

/* Numbers of parties: two parties' ways are tried by test_millionaires and test_divide, too. */
static int
least(void)
{
	return smc_test_brief() ? 3 : 2;
}

static int
most(void)
{
	return smc_test_brief() ? 3 : PARTIES;
}

static SmcStatus
run_all(SmcEngine *engine, void *arg)
{
	Session    *session = arg;
	int			self = engine->channel->self;
	SmcStatus	status;

	session->count.setup[self] = engine->channel->bytes_sent;
	session->count.setup_rounds[self] = engine->channel->rounds;
	if ((status = run_triples(engine, &session->sample)) != SMC_OK ||
		(status = run_count(engine, &session->count)) != SMC_OK ||
		(status = run_cases(engine, &session->cases)) != SMC_OK ||
		(status = run_misuse(engine, NULL)) != SMC_OK)
		return status;
	return run_tapped(engine, &session->sample);
}

static int
set_up(void **state)
{
	static const size_t counts[] = {1, 2, 63, 64, 65, 500, COUNT_MAX};
	static Session *sessions[PARTIES + 2];

	for (int n = least(); n <= most(); n++)
	{
		Session    *session = calloc(1, sizeof(*session));

		sessions[n] = session;
		session->cases.cases = calloc(7 * WIDTHS, sizeof(Case));
		for (size_t k = 0; k < 7 * WIDTHS; k++)
		{
			Case	   *c = &session->cases.cases[session->cases.count];

			c->width = widths[k % WIDTHS];
			c->count = counts[k / WIDTHS];
			if (c->count * (size_t) c->width > COUNT_MAX * 128 || (smc_test_brief() && k % WIDTHS >= BRIEF))
				continue;
			if (c->width > 128 && c->count > (n == 2 ? 500 : k % 2 ? 65 : 1))
				continue;
			if (c->count > 500 && (n > 3 || smc_test_brief()))
				continue;
			if (smc_test_brief() && c->count != 1 && c->count != 65)
				continue;
			choose_inputs(c, n);
			session->cases.count++;
		}
		smc_testengine_run(n, run_all, session);
	}
	*state = sessions;
	return 0;
}

static int
tear_down(void **state)
{
	Session   **sessions = *state;

	for (int n = least(); n <= most(); n++)
	{
		free(sessions[n]->cases.cases);
		free(sessions[n]);
	}
	return 0;
}

#define assert_uniform(data, len)	assert_true(smc_test_chi_square((const uint8_t *) (data), len) < 6)

static void
test_compare(void **state)
{
	Session    *const *sessions = *state;

	for (int n = least(); n <= most(); n++)
	{
		for (size_t k = 0; k < sessions[n]->cases.count; k++)
			check_case(&sessions[n]->cases.cases[k], n);
	}
}

static void
test_count(void **state)
{
	Session    *const *sessions = *state;

	for (int n = least(); n <= most(); n++)
	{
		const Count *count = &sessions[n]->count;

		for (int p = 0; p < n; p++)
		{
			assert_int_equal(count->setup[p], (n - 1) * SMC_OT_SETUP_BYTES);
			assert_int_equal(count->setup_rounds[p], 2);
			for (int k = 0; k < 2 * counted(n); k++)
			{
				int			width = widths[k / 2];
				int			log = 6;

				while (1 << log < width)
					log++;
				if (n == 2)
				{
					assert_int_equal(count->sent[p][k], expect_two(p, width, k % 2 == 1));
					assert_int_equal(count->rounds[p][k], 1 + log - 2);
				}
				else
				{
					assert_int_equal(count->sent[p][k], expect_more(p, n, width, k % 2 == 1));
					assert_int_equal(count->rounds[p][k], 1 + (n - 2 - n / 3) + log);
				}
			}
		}
	}
}

static void
check_triples(const Sample *s, int n)
{
	for (int width = 1; width <= SMC_TRIPLE_WIDTHS; width++)
	{
		size_t		made = (TRIPLE_WORDS + 15) / 16 * 16;
		uint64_t	ots = smc_test_ot_bytes(n > 2, made * 64);
		uint64_t	fixes = n > 2 ? (uint64_t) width * made * 8 : 0;

		for (int p = 0; p < n; p++)
		{
			assert_int_equal(s->sent[p][width - 1], (uint64_t) (n - 1) * (ots + fixes));
			assert_uniform(s->b[p][width - 1], sizeof(s->b[0][0]));
		}
		for (int w = 0; w < width; w++)
		{
			for (size_t i = 0; i < TRIPLE_WORDS; i++)
			{
				uint64_t	a = 0;
				uint64_t	b = 0;
				uint64_t	c = 0;

				for (int p = 0; p < n; p++)
				{
					a ^= s->a[p][width - 1][w][i];
					b ^= s->b[p][width - 1][i];
					c ^= s->c[p][width - 1][w][i];
				}
				assert_true(c == (a & b));
			}
			for (int p = 0; p < n; p++)
			{
				assert_uniform(s->a[p][width - 1][w], sizeof(s->a[0][0][0]));
				assert_uniform(s->c[p][width - 1][w], sizeof(s->c[0][0][0]));
			}
		}
	}
}

static void
test_triples(void **state)
{
	Session    *const *sessions = *state;

	for (int n = least(); n <= most(); n++)
		check_triples(&sessions[n]->sample, n);
}

/*
 * Every share the same constant, and yet every byte that anybody sends is
 * uniform: a party's view can be simulated by random bytes.
 */
static void
test_uniform(void **state)
{
	Session    *const *sessions = *state;

	for (int n = least(); n <= most(); n++)
	{
		const Sample *s = &sessions[n]->sample;

		for (int p = 0; p < n; p++)
		{
			for (int v = 0; v < (smc_test_brief() ? 1 : INPUTS); v++)
			{
				assert_true(s->tapped[p][v] > 20000);
				assert_uniform(s->tap[p][v], s->tapped[p][v]);
			}
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_compare),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_triples),
		cmocka_unit_test(test_uniform)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, set_up, tear_down);
}
