/*
 * Arenas: zeroed, aligned, apart from each other, and no overflow.
 * That everything is freed is shown by the runs under ASan and valgrind.
 */
#include "smc_testkit.h"

#include "core/smc_arena.h"

static void
test_blocks(void **state)
{
	SmcArena   *arena = smc_arena_create();
	uint8_t    *blocks[200];
	size_t		i;
	size_t		j;

	(void) state;
	assert_non_null(arena);
	for (i = 0; i < 200; i++)
	{
		blocks[i] = smc_arena_alloc(arena, i);
		assert_non_null(blocks[i]);
		assert_int_equal((uintptr_t) blocks[i] % 16, 0);
		for (j = 0; j < i; j++)
			assert_int_equal(blocks[i][j], 0);
		memset(blocks[i], (int) i, i);
	}
	for (i = 0; i < 200; i++)
		for (j = 0; j < i; j++)
			assert_int_equal(blocks[i][j], i);
	smc_arena_destroy(arena);
}

static void
test_overflow(void **state)
{
	SmcArena   *arena = smc_arena_create();

	(void) state;
	assert_null(smc_arena_alloc(arena, SIZE_MAX));
	assert_null(smc_arena_alloc(arena, SIZE_MAX - 8));
	assert_null(smc_arena_array(arena, SIZE_MAX / 2, 3));
	assert_null(smc_arena_array(arena, (size_t) 1 << 33, (size_t) 1 << 33));
	assert_non_null(smc_arena_array(arena, 0, 16));
	assert_non_null(smc_arena_array(arena, 16, 0));
	assert_non_null(smc_arena_array(arena, 3, 7));
	smc_arena_destroy(arena);
}

static void
test_reset(void **state)
{
	SmcArena   *arena = smc_arena_create();
	int			round;

	(void) state;
	smc_arena_reset(arena);
	for (round = 0; round < 3; round++)
	{
		assert_non_null(smc_arena_alloc(arena, 100000));
		assert_non_null(smc_arena_alloc(arena, 1));
		smc_arena_reset(arena);
	}
	smc_arena_destroy(arena);
	smc_arena_destroy(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocks),
		cmocka_unit_test(test_overflow),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
