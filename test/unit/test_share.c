/*
 * Splitting: any value comes back, and no share tells anything of it.
 */
#include "smc_testkit.h"

#include "core/smc_share.h"

static const SmcRing128 edges[] = {
	0, 1, (SmcRing128) -1, (SmcRing128) 1 << 63, (SmcRing128) 1 << 64, (SmcRing128) 1 << 127, ((SmcRing128) 1 << 127) - 1,
};

#define SPLITS		20000
#define COUNT		3
#define EDGE_COUNT	(sizeof(edges) / sizeof(edges[0]))

static void
test_edges(void **state)
{
	SmcRing128	shares[SMC_PARTIES_MAX];
	size_t		count;
	size_t		i;

	(void) state;
	for (count = 1; count <= SMC_PARTIES_MAX; count++)
		for (i = 0; i < EDGE_COUNT; i++)
		{
			assert_int_equal(smc_share_split(edges[i], shares, count, smc_random_system()), SMC_OK);
			assert_ring_equal(smc_share_combine(shares, count), edges[i]);
		}
	assert_int_equal(smc_share_split(1, shares, 0, smc_random_system()), SMC_ERR_ARGUMENT);
	assert_ring_equal(smc_share_combine(shares, 0), 0);
}

/* Shares are added and multiplied by public numbers where they are. */
static void
test_linear(void **state)
{
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 20);
	int			i;

	(void) state;
	for (i = 0; i < 10000; i++)
	{
		size_t		count = 1 + smc_test_below(&random, SMC_PARTIES_MAX);
		SmcRing128	a = smc_test_element(&random);
		SmcRing128	b = smc_test_element(&random);
		SmcRing128	factor = smc_test_element(&random);
		SmcRing128	of_a[SMC_PARTIES_MAX];
		SmcRing128	of_b[SMC_PARTIES_MAX];
		size_t		p;

		assert_int_equal(smc_share_split(a, of_a, count, &random), SMC_OK);
		assert_int_equal(smc_share_split(b, of_b, count, &random), SMC_OK);
		assert_ring_equal(smc_share_combine(of_a, count), a);
		for (p = 0; p < count; p++)
			of_a[p] = of_a[p] * factor - of_b[p];
		assert_ring_equal(smc_share_combine(of_a, count), a * factor - b);
	}
}

/* Each share, the last and computed one included, is uniform whatever the value. */
static void
test_uniform(void **state)
{
	static uint8_t bytes[COUNT][SPLITS * SMC_RING128_BYTES];
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 21);
	size_t		edge;
	size_t		i;
	size_t		p;

	(void) state;
	for (edge = 0; edge < EDGE_COUNT; edge++)
	{
		for (i = 0; i < SPLITS; i++)
		{
			SmcRing128	shares[COUNT];

			assert_int_equal(smc_share_split(edges[edge], shares, COUNT, &random), SMC_OK);
			for (p = 0; p < COUNT; p++)
				smc_ring_store(bytes[p] + i * SMC_RING128_BYTES, shares[p]);
		}
		for (p = 0; p < COUNT; p++)
			assert_true(smc_test_chi_square(bytes[p], sizeof(bytes[p])) < 5);
	}
}

/* So are the sums of any two of three shares. */
static void
test_pairs_uniform(void **state)
{
	static uint8_t bytes[3][SPLITS * SMC_RING128_BYTES];
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 22);
	size_t		i;
	int			p;

	(void) state;
	for (i = 0; i < SPLITS; i++)
	{
		SmcRing128	shares[3];

		assert_int_equal(smc_share_split(42, shares, 3, &random), SMC_OK);
		for (p = 0; p < 3; p++)
			smc_ring_store(bytes[p] + i * SMC_RING128_BYTES, shares[p] + shares[(p + 1) % 3]);
	}
	for (p = 0; p < 3; p++)
		assert_true(smc_test_chi_square(bytes[p], sizeof(bytes[p])) < 5);
}

/* palloc'd arrays are aligned to 8 bytes: no code may assume 16. */
static void
test_alignment(void **state)
{
	SmcRing128	room[SMC_PARTIES_MAX + 1];
	SmcRing128 *shares = (SmcRing128 *) ((uint8_t *) room + ((uintptr_t) room % 16 == 0 ? 8 : 0));

	(void) state;
	assert_int_equal((uintptr_t) shares % 16, 8);
	assert_int_equal(smc_share_split(12345, shares, SMC_PARTIES_MAX, smc_random_system()), SMC_OK);
	assert_ring_equal(smc_share_combine(shares, SMC_PARTIES_MAX), 12345);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_linear),
		cmocka_unit_test(test_alignment),
		cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_pairs_uniform),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
