/*
 * The key-value store: every key reads its value, others don't; keys that can't be
 * peeled; keys that can't be told apart; tables that look random however few keys.
 */
#include "smc_testkit.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_okvs.h"

static void
encode_and_check(size_t count, size_t capacity)
{
	size_t		size = smc_okvs_size(capacity);
	SmcItemRow *rows = calloc(count + 1, sizeof(*rows));
	uint64_t   *values = calloc(count + 1, sizeof(*values));
	uint64_t   *table = calloc(size, sizeof(*table));
	SmcItemRow	other;

	randombytes_buf(rows, count * sizeof(*rows));
	randombytes_buf(values, count * sizeof(*values));
	assert_int_equal(smc_okvs_encode(rows, values, count, smc_random_system(), table, size), SMC_OK);
	for (size_t k = 0; k < count; k++)
		assert_true(smc_okvs_decode(table, size, &rows[k]) == values[k]);
	randombytes_buf(&other, sizeof(other));
	assert_true(smc_okvs_decode(table, size, &other) != (count > 0 ? values[0] : 0));
	assert_true(smc_test_chi_square((const uint8_t *) table, size * sizeof(*table)) < 6);
	free(rows);
	free(values);
	free(table);
}

static void
test_encode(void **state)
{
	static const size_t capacities[] = {0, 1, 100, 768, 2304, 204000};

	(void) state;
	for (size_t k = 0; k < sizeof(capacities) / sizeof(capacities[0]); k++)
	{
		for (int round = 0; round < (capacities[k] > 10000 ? 2 : 200); round++)
		{
			encode_and_check(capacities[k], capacities[k]);
			encode_and_check(capacities[k] / 3, capacities[k]);
		}
	}
}

/* Keys that share all three places are left to the dense part. */
static void
test_core(void **state)
{
	enum
	{
		COUNT = 500, SAME = 20
	};
	size_t		size = smc_okvs_size(COUNT);
	SmcItemRow	rows[COUNT];
	uint64_t	values[COUNT];
	uint64_t   *table = calloc(size, sizeof(*table));

	(void) state;
	randombytes_buf(rows, sizeof(rows));
	randombytes_buf(values, sizeof(values));
	for (size_t k = 1; k < SAME; k++)
		memcpy(rows[k].at, rows[0].at, sizeof(rows[0].at));
	assert_int_equal(smc_okvs_encode(rows, values, COUNT, smc_random_system(), table, size), SMC_OK);
	for (size_t k = 0; k < COUNT; k++)
		assert_true(smc_okvs_decode(table, size, &rows[k]) == values[k]);

	/* the same key with two values has no solution, a table too small is misuse */
	rows[1] = rows[0];
	assert_int_equal(smc_okvs_encode(rows, values, COUNT, smc_random_system(), table, size), SMC_ERR_RANGE);
	assert_int_equal(smc_okvs_encode(rows, values, COUNT, smc_random_system(), table, size - 3), SMC_ERR_ARGUMENT);
	free(table);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_encode),
		cmocka_unit_test(test_core)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
