/*
 * Scaling down, cutting, rings and products of what was scaled, against plaintext,
 * 2 to 5 parties: errors within the header's bounds, shares as short as they are
 * said to be, what is opened uniform but for its top.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_limbs.h"
#include "core/smc_scaled.h"

#define PARTIES		5
#define COUNT		50
#define STRIDE		(COUNT * 8)
#define SCALINGS	4
#define CUT			5

/* Bits of x, places, the ring's width (of more than needed, too). */
static const struct
{
	int			bits;
	int			places;
	int			width;
}			scalings[SCALINGS] = {{18, 7, 64}, {100, 60, 192}, {1, 0, 256}, {300, 300, 448}};

typedef struct Case
{
	int			n;
	SmcWide		xs[SCALINGS][COUNT];
	uint64_t	shares[SCALINGS][PARTIES * STRIDE];
	uint64_t	scaled[SCALINGS][PARTIES * STRIDE];	/* mod 2^512 */
	uint64_t	cut[SCALINGS][PARTIES * STRIDE];
	uint64_t	product[PARTIES * STRIDE];	/* of the first two, mod 2^256 */
	uint64_t	square[PARTIES * STRIDE];	/* of the second, mod 2^128 */
	bool		within[PARTIES];
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
} Case;

/* Whether all shares are below 2^bits. */
static bool
is_short(const SmcScaled *scaled)
{
	size_t		words = ((size_t) scaled->bits + 63) / 64;

	for (size_t e = 0; e < COUNT; e++)
	{
		if (scaled->bits % 64 != 0 && scaled->shares[e * words + words - 1] >> (scaled->bits % 64) != 0)
			return false;
	}
	return true;
}

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	Case	   *c = arg;
	SmcChannel *channel = engine->channel;
	size_t		at = (size_t) channel->self * STRIDE;
	SmcArena   *arena = smc_arena_create();
	uint64_t	ring[COUNT * 4];
	SmcScaled	scaled[SCALINGS];
	SmcScaling	down[SCALINGS];
	SmcScaledProduct products[2] = {{256, ring, &scaled[1], c->product + at}, {128, NULL, &scaled[1], c->square + at}};
	SmcStatus	status;

	for (int k = 0; k < SCALINGS; k++)
		down[k] = (SmcScaling) {scalings[k].width, c->shares[k] + at, scalings[k].bits, scalings[k].places, k, &scaled[k]};
	status = smc_scaled_down(engine, down, SCALINGS, COUNT, arena);
	c->sent[channel->self] = channel->bytes_sent;
	c->rounds[channel->self] = channel->rounds;
	if (status != SMC_OK)
		goto done;
	c->within[channel->self] = true;
	for (int k = 0; k < SCALINGS; k++)
	{
		c->within[channel->self] &= is_short(&scaled[k]);
		smc_scaled_ring(engine, &scaled[k], 512, c->scaled[k] + at, COUNT);
	}
	smc_scaled_ring(engine, &scaled[0], 256, ring, COUNT);
	status = smc_scaled_multiply(engine, products, 2, COUNT);
	for (int k = 0; k < SCALINGS; k++)
	{
		smc_scaled_cut(&scaled[k], CUT, COUNT);
		c->within[channel->self] &= is_short(&scaled[k]);
		smc_scaled_ring(engine, &scaled[k], 512, c->cut[k] + at, COUNT);
	}
	down[0].places = down[0].bits + 1;
	if (status == SMC_OK && smc_scaled_down(engine, down, 1, COUNT, arena) != SMC_ERR_ARGUMENT)
		status = SMC_ERR_FORMAT;
	down[1].width = 128;
	if (status == SMC_OK && smc_scaled_down(engine, down + 1, 1, COUNT, arena) != SMC_ERR_ARGUMENT)
		status = SMC_ERR_FORMAT;
done:
	smc_arena_destroy(arena);
	return status;
}

/* The session's counters begin after set-up. */
static SmcStatus
run_counted(SmcEngine *engine, void *arg)
{
	engine->channel->bytes_sent = 0;
	engine->channel->rounds = 0;
	return run(engine, arg);
}

static SmcWide
combined(const uint64_t *shares, int n, size_t e)
{
	SmcWide		out;

	smc_test_combine_wide(out.limb, shares, STRIDE, n, 512, e);
	return out;
}

static SmcWide
times_power(const SmcWide *x, int places)
{
	SmcWide		out;

	smc_limbs_shift_left(out.limb, x->limb, (unsigned) places, SMC_WIDE_LIMBS);
	return out;
}

/* Whether low < a - b < high, in units of 2^places. */
static bool
between(const SmcWide *a, const SmcWide *b, int low, int high, int places)
{
	SmcWide		minus = smc_wide_negate(b);
	SmcWide		d = smc_wide_add(a, &minus);
	SmcWide		least = smc_wide_from_int(low);
	SmcWide		most = smc_wide_from_int(high);

	least = times_power(&least, places);
	most = times_power(&most, places);
	return smc_test_less(least.limb, d.limb, 512, true) && smc_test_less(d.limb, most.limb, 512, true);
}

static void
check(const Case *c)
{
	uint64_t	bytes = 0;

	for (int k = 0; k < SCALINGS; k++)
	{
		int			places = scalings[k].places;

		bytes += COUNT * (uint64_t) smc_scaled_width(c->n, scalings[k].bits) / 8;
		for (size_t e = 0; e < COUNT; e++)
		{
			SmcWide		scaled = combined(c->scaled[k], c->n, e);
			SmcWide		cut = combined(c->cut[k], c->n, e);
			SmcWide		back = times_power(&scaled, places);
			SmcWide		cut_back = times_power(&cut, CUT);

			/* -1 < scaled - x / 2^places + lift < n; and exactly that much where nothing is cut off */
			if (places == 0)
				assert_true(between(&scaled, &c->xs[k][e], -k - 1, -k + 1, 0));
			else
				assert_true(between(&back, &c->xs[k][e], -1 - k, c->n - k, places));
			assert_true(between(&cut_back, &scaled, -c->n, 1, CUT));
		}
	}
	for (int p = 0; p < c->n; p++)
	{
		assert_true(c->within[p]);
		assert_int_equal(c->rounds[p], 1);
		assert_int_equal(c->sent[p], (uint64_t) (c->n - 1) * bytes);
	}
	for (size_t e = 0; e < COUNT; e++)
	{
		SmcWide		x = combined(c->scaled[0], c->n, e);
		SmcWide		y = combined(c->scaled[1], c->n, e);
		uint64_t	out[8];
		uint64_t	expected[8];

		smc_test_multiply(expected, x.limb, y.limb, 256);
		smc_test_combine_wide(out, c->product, STRIDE, c->n, 256, e);
		assert_memory_equal(out, expected, 32);
		smc_test_multiply(expected, y.limb, y.limb, 128);
		smc_test_combine_wide(out, c->square, STRIDE, c->n, 128, e);
		assert_memory_equal(out, expected, 16);
	}
}

static void
test_scaled(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Case	   *c = calloc(1, sizeof(*c));

		c->n = n;
		for (int k = 0; k < SCALINGS; k++)
		{
			for (size_t e = 0; e < COUNT; e++)
			{
				uint64_t	words[8];

				randombytes_buf(words, sizeof(words));
				for (int i = scalings[k].bits; i < 512; i++)
					words[i / 64] &= ~(UINT64_C(1) << (i % 64));
				c->xs[k][e] = smc_wide_get(words, 512, 0);
				if (e % 2 == 1)
					c->xs[k][e] = smc_wide_negate(&c->xs[k][e]);
				smc_test_split_wide(c->shares[k], STRIDE, n, scalings[k].width, e, c->xs[k][e].limb);
			}
		}
		smc_testengine_run(n, run_counted, c);
		check(c);
		free(c);
	}
}

/* Rings leave room for the hiding bits and all parties' masks. */
static void
test_width(void **state)
{
	(void) state;
	for (int n = 2; n <= SMC_PARTIES_MAX; n++)
	{
		for (int bits = 0; bits < 450; bits++)
		{
			int			mask = bits + SMC_SCALED_HIDING + 1;
			int			all = mask + 2 + (n > 3) + (n > 7) + (n > 15);

			assert_int_equal(smc_scaled_width(n, bits), (all + 63) / 64 * 64);
			assert_int_equal(smc_scaled_bits(n, bits, 0), mask + 1 + (n > 2) + (n > 4) + (n > 8));
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scaled),
		cmocka_unit_test(test_width)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
