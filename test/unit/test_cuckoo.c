/*
 * Cuckoo hashing: every item in one of its bins, no bin with two, from empty to full;
 * and no way where there is none.
 */
#include "smc_testkit.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_cuckoo.h"

static void
check_table(const uint32_t (*places)[SMC_ITEM_PLACES], size_t count, const uint32_t *table, size_t bins)
{
	uint8_t    *seen = calloc(count + 1, 1);
	size_t		used = 0;

	for (size_t b = 0; b < bins; b++)
	{
		bool		own = false;

		if (table[b] == SMC_CUCKOO_EMPTY)
			continue;
		assert_true(table[b] < count);
		assert_int_equal(seen[table[b]]++, 0);
		for (int number = 0; number < SMC_ITEM_PLACES; number++)
			own |= smc_cuckoo_bin(places[table[b]], number, bins) == b;
		assert_true(own);
		used++;
	}
	assert_int_equal(used, count);
	free(seen);
}

static void
test_fill(void **state)
{
	static const size_t counts[] = {0, 1, 2, 63, 256, 768, 5000, 68000};

	(void) state;
	for (size_t k = 0; k < sizeof(counts) / sizeof(counts[0]); k++)
	{
		size_t		count = counts[k];
		size_t		bins = smc_cuckoo_bins(count);
		uint32_t	(*places)[SMC_ITEM_PLACES] = calloc(count + 1, sizeof(*places));
		uint32_t   *table = calloc(bins, sizeof(*table));

		assert_int_equal(bins % 3, 0);
		assert_true(bins >= count * 13 / 10 + 512 && bins <= count * 13 / 10 + 515);
		for (int round = 0; round < (count > 1000 ? 3 : 300); round++)
		{
			randombytes_buf(places, count * sizeof(*places));
			assert_int_equal(smc_cuckoo_fill((const uint32_t (*)[SMC_ITEM_PLACES]) places, count, table, bins), SMC_OK);
			check_table((const uint32_t (*)[SMC_ITEM_PLACES]) places, count, table, bins);
		}
		free(places);
		free(table);
	}
}

/* Fuller than a random walk would manage, but for a few items that have no way. */
static void
test_crowded(void **state)
{
	const uint32_t same[4][SMC_ITEM_PLACES] = {{7, 8, 9}, {7, 8, 9}, {7, 8, 9}, {7, 8, 9}};
	uint32_t	(*places)[SMC_ITEM_PLACES] = calloc(900, sizeof(*places));
	uint32_t	table[999];

	(void) state;
	assert_int_equal(smc_cuckoo_fill(same, 3, table, 999), SMC_OK);
	check_table(same, 3, table, 999);
	assert_int_equal(smc_cuckoo_fill(same, 4, table, 999), SMC_ERR_RANGE);
	randombytes_buf(places, 800 * sizeof(*places));
	/* 0.8 is below the threshold of 0.917 */
	assert_int_equal(smc_cuckoo_fill((const uint32_t (*)[SMC_ITEM_PLACES]) places, 800, table, 999), SMC_OK);
	check_table((const uint32_t (*)[SMC_ITEM_PLACES]) places, 800, table, 999);
	free(places);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_crowded)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
