/*
 * Every status has a phrase of its own, and so has what is none.
 */
#include "smc_testkit.h"

#include "core/smc_status.h"

static void
test_phrases(void **state)
{
	int			a;
	int			b;

	(void) state;
	for (a = SMC_OK; a <= SMC_ERR_LIBRARY + 1; a++)
	{
		const char *text = smc_status_text((SmcStatus) a);

		assert_non_null(text);
		assert_true(strlen(text) > 0);
		for (b = SMC_OK; b < a; b++)
			assert_string_not_equal(text, smc_status_text((SmcStatus) b));
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_phrases),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
