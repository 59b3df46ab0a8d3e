/*
 * Sizes of shared numbers against plaintext, 2 to 5 parties, every number of bits
 * up to some and a few large ones: random numbers, powers of two and their
 * neighbours; rounds as the header has them.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_boolean.h"
#include "core/smc_limbs.h"
#include "core/smc_size.h"

#define PARTIES		5
#define COUNT		70
#define BITS_MAX	300
#define STRIDE		(COUNT * 8)

typedef struct Case
{
	int			bits;
	int			width;
	uint64_t	values[STRIDE];
	uint64_t	shares[PARTIES * STRIDE];
	uint64_t	opened[PARTIES][BITS_MAX * COUNT / 64 + 1];
	uint32_t	rounds[PARTIES];
} Case;

typedef struct Cases
{
	int			count;
	Case	   *cases;
} Cases;

static SmcStatus
run(SmcEngine *engine, void *arg)
{
	Cases	   *all = arg;
	int			self = engine->channel->self;
	uint64_t	out[BITS_MAX * COUNT / 64 + 1];
	SmcStatus	status = SMC_OK;

	for (int k = 0; k < all->count && status == SMC_OK; k++)
	{
		Case	   *c = &all->cases[k];
		uint32_t	rounds = engine->channel->rounds;

		memset(out, 0, sizeof(out));
		status = smc_size_reached(engine, c->width, c->bits, c->shares + (size_t) self * STRIDE, out, COUNT);
		c->rounds[self] = engine->channel->rounds - rounds;
		if (status == SMC_OK)
			status = smc_boolean_open(engine, out, c->opened[self], (size_t) c->bits * COUNT);
	}
	if (status == SMC_OK &&
		(smc_size_reached(engine, 64, 64, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_size_reached(engine, 64, 0, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_size_reached(engine, 65, 3, out, out, 1) != SMC_ERR_ARGUMENT ||
		 smc_size_reached(engine, 64, 3, out, out, 0) != SMC_OK))
		status = SMC_ERR_FORMAT;
	return status;
}

static void
choose(Case *c, int n)
{
	size_t		limbs = (size_t) c->width / 64;

	for (size_t e = 0; e < COUNT; e++)
	{
		uint64_t   *x = c->values + e * limbs;
		uint64_t	one[8] = {1};
		int			power = (int) randombytes_uniform((uint32_t) c->bits);

		/* below 2^(power + 1) */
		randombytes_buf(x, limbs * 8);
		for (int i = power + 1; i < c->width; i++)
			x[i / 64] &= ~(UINT64_C(1) << (i % 64));
		if (e % 5 == 1)
			memset(x, 0, limbs * 8);
		if (e % 5 >= 2 && e % 5 <= 4)
		{
			memset(x, 0, limbs * 8);
			x[power / 64] = UINT64_C(1) << (power % 64);
		}
		if (e % 5 == 3)
			smc_limbs_subtract(x, x, one, limbs);
		if (e % 5 == 4 && power > 0)
			smc_limbs_add(x, x, one, limbs);
		smc_test_split_wide(c->shares, STRIDE, n, c->width, e, x);
	}
}

static void
check(const Case *c, int n)
{
	size_t		limbs = (size_t) c->width / 64;
	uint32_t	log = 0;

	while (1 << log < c->bits)
		log++;
	for (int p = 0; p < n; p++)
	{
		uint32_t	adders = n == 2 ? 0 : 1 + (uint32_t) (n - 2 - n / 3);

		assert_int_equal(c->rounds[p], adders + (c->bits == 1 ? 1 : log + 2));
	}
	for (size_t e = 0; e < COUNT; e++)
	{
		for (int i = 0; i < c->bits; i++)
		{
			size_t		k = (size_t) i * COUNT + e;
			uint64_t	above = 0;

			for (int j = i; j < c->width; j++)
				above |= c->values[e * limbs + (size_t) j / 64] >> (j % 64) & 1;
			for (int p = 0; p < n; p++)
				assert_int_equal(c->opened[p][k / 64] >> (k % 64) & 1, above);
		}
	}
}

static void
test_size(void **state)
{
	static const int large[] = {40, 63, 64, 65, 90, 127, 128, 130, 191, 255, 256, 300};

	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Cases		all = {0, calloc(64, sizeof(Case))};

		for (int bits = 1; bits <= (n == 2 ? 20 : 5); bits++)
			all.cases[all.count++] = (Case) {.bits = bits, .width = 64};
		for (size_t k = 0; k < sizeof(large) / sizeof(large[0]); k += n == 2 ? 1 : 4)
			all.cases[all.count++] = (Case) {.bits = large[k], .width = (large[k] + 64) / 64 * 64};
		if (smc_test_brief())
			all.count = 6;
		for (int k = 0; k < all.count; k++)
			choose(&all.cases[k], n);
		smc_testengine_run(n, run, &all);
		for (int k = 0; k < all.count; k++)
			check(&all.cases[k], n);
		free(all.cases);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_size)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
