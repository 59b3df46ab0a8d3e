/*
 * Student's t distribution against values reckoned with 40 digits (mpmath's
 * regularised incomplete beta function), closed forms, and limits.  It is the server
 * layer's, but needs no server.
 */
#include <math.h>

#include "smc_testkit.h"

#include "pg/smc_student.c"

static const struct
{
	double		t;
	double		df;
	double		p;
}			known[] =
{
	{1e-06, 1, 0.999999363380227633},
	{1e-06, 2, 0.999999292893218814},
	{1e-06, 3, 0.999999264894806104},
	{1e-06, 9, 0.999999223930182257},
	{1e-06, 30, 0.999999208735630212},
	{1e-06, 100, 0.999999204107626128},
	{1e-06, 12345, 0.999999202131597085},
	{0.1, 1, 0.936548965138892857},
	{0.1, 2, 0.929465438414140169},
	{0.1, 3, 0.926652348800805825},
	{0.1, 9, 0.922536447956681204},
	{0.1, 30, 0.921009611790271152},
	{0.1, 100, 0.920544531095851232},
	{0.1, 12345, 0.920345949253091709},
	{1, 1, 0.5},
	{1, 2, 0.422649730810374235},
	{1, 3, 0.391002218955770642},
	{1, 9, 0.343436396137913515},
	{1, 30, 0.325308615426029891},
	{1, 100, 0.31972415578412336},
	{1, 12345, 0.317330108172697522},
	{2.5, 1, 0.242237883181686797},
	{2.5, 2, 0.129611720221510809},
	{2.5, 3, 0.0877066470080655473},
	{2.5, 9, 0.0338618276829857392},
	{2.5, 30, 0.0181156490680666941},
	{2.5, 100, 0.0140457891240771774},
	{2.5, 12345, 0.0124322007712418945},
	{7, 1, 0.0903344706017330967},
	{7, 2, 0.0198039411803931375},
	{7, 3, 0.0059862556977070989},
	{7, 9, 0.0000632473896373669441},
	{7, 30, 8.86995866722064317e-8},
	{7, 100, 2.98356660360920277e-10},
	{7, 12345, 2.69209237137008847e-12},
	{40, 1, 0.0159121798240516266},
	{40, 2, 0.000624414672184740637},
	{40, 3, 0.0000343806807891585283},
	{40, 9, 1.89829984493398265e-11},
	{40, 30, 1.37260451944064028e-27},
	{40, 100, 2.46210760214007082e-63},
	{1000, 1, 0.000636619560161117878},
	{1000, 2, 9.99998500002499996e-7},
	{1000, 3, 2.2053076425765927e-9},
	{1000, 9, 5.09160660789693481e-24},
	{1000, 30, 2.07200348311173308e-69},
	{1000, 100, 7.91961860794785191e-202}
};

static bool
near(double a, double b)
{
	return fabs(a - b) <= 2e-13 * fabs(b);
}

static void
test_known(void **state)
{
	(void) state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
	{
		if (!near(smc_student_two_sided(known[i].t, known[i].df), known[i].p))
			print_message("t %g df %g: %.17g, not %.17g\n", known[i].t, known[i].df,
						  smc_student_two_sided(known[i].t, known[i].df), known[i].p);
		assert_true(near(smc_student_two_sided(known[i].t, known[i].df), known[i].p));
		assert_true(near(smc_student_two_sided(-known[i].t, known[i].df), known[i].p));
	}
}

/* Of one and two degrees of freedom; with many it is the normal distribution's. */
static void
test_closed_forms(void **state)
{
	(void) state;
	for (double t = 0.001; t < 1e8; t *= 1.7)
	{
		assert_true(near(smc_student_two_sided(t, 1), 2 / acos(-1) * atan(1 / t)));
		assert_true(near(smc_student_two_sided(t, 2), 2 / (sqrt(2 + t * t) * (sqrt(2 + t * t) + t))));
		if (t < 30)
			assert_true(fabs(smc_student_two_sided(t, 1e15) / erfc(t / sqrt(2)) - 1) < 1e-10);
	}
}

static void
test_limits(void **state)
{
	(void) state;
	assert_true(smc_student_two_sided(0, 5) == 1);
	assert_true(smc_student_two_sided(INFINITY, 5) == 0);
	assert_true(smc_student_two_sided(-INFINITY, 5) == 0);
	assert_true(smc_student_two_sided(1e200, 5) == 0);
	assert_true(isnan(smc_student_two_sided(NAN, 5)));
	assert_true(isnan(smc_student_two_sided(1, 0)));
	assert_true(smc_student_two_sided(1e-300, 5) == 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_closed_forms),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
