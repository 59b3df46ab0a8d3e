/*
 * What divisions, roots and shifts take: the same steps as in smc_wide_divide.c,
 * smc_wide_root.c and smc_wide_shift.c, counted.
 */
#include "smc_wide_plan.h"

#include "smc_limbs.h"
#include "smc_scaled.h"

/* A product with what was scaled down, of so many bits before and places. */
static void
product(SmcCost *cost, int n, int width, int bits, int places, bool square, size_t count)
{
	smc_cost_product(cost, n, width, smc_scaled_bits(n, bits, places), square, count);
}

/* What is left over at the end: so many tests, and what each adds. */
static void
settle(SmcCost *cost, int n, int rest_width, size_t tests, int width, size_t numbers, size_t count)
{
	smc_cost_negative(cost, n, rest_width, tests * count);
	smc_cost_times_bit(cost, n, width, numbers * count);
}

/* ---- division --------------------------------------------------------------------- */

static void
reciprocal(SmcCost *cost, const SmcDividePlan *plan, size_t count)
{
	int			n = plan->n;
	int			p = plan->p;
	int			e_bits = 2 * p + SMC_WIDE_GUESS_BITS - 3;	/* of e, before it was scaled down */
	int			e_places = p + SMC_WIDE_GUESS_BITS;

	if (plan->a_places > 0)
		smc_cost_scaled(cost, n, plan->a_bits + plan->b_bits, count);
	if (plan->b_bits > p)
	{
		cost->rounds++;
		smc_cost_scaled(cost, n, plan->b_bits, count);
	}
	cost->rounds += 2;
	smc_cost_product(cost, n, plan->iterate_width, plan->iterate_width, true, count);
	smc_cost_scaled(cost, n, e_bits, count);
	for (int i = 0; i < plan->iterations; i++)
	{
		cost->rounds += 2;
		product(cost, n, plan->iterate_width, e_bits, e_places, false, count);
		smc_cost_scaled(cost, n, 2 * p + 2 + (i == 0 ? SMC_WIDE_GUESS_BITS : 0), count);
		if (i == plan->iterations - 1)
			continue;
		product(cost, n, plan->iterate_width, e_bits, e_places, true, count);
		e_bits = smc_wide_plan_error_bits(plan, i);
		e_places = p;
		smc_cost_scaled(cost, n, e_bits, count);
	}
}

static void
divide(SmcCost *cost, const SmcDividePlan *plan, int width, size_t count)
{
	int			n = plan->n;
	int			w_bits = 2 * plan->p + 2;
	int			w_places = 2 * plan->p - plan->q;
	size_t		ones = plan->steps == 2 ? (size_t) plan->b_bits : 1;

	smc_cost_size(cost, n, plan->b_bits, count);
	smc_cost_times_bit(cost, n, plan->width, (ones + 2 * (size_t) plan->b_bits - 1) * count);
	reciprocal(cost, plan, count);
	cost->rounds += 2;
	product(cost, n, plan->guess_width, w_bits, w_places, false, count);
	smc_cost_scaled(cost, n, plan->guess_bits, count);
	if (plan->steps == 1)
		product(cost, n, plan->rest_width, plan->guess_bits, plan->guess_places, false, count);
	else
	{
		cost->rounds += 3;
		product(cost, n, plan->width, w_bits, w_places, false, count);
		product(cost, n, plan->width, plan->guess_bits, plan->guess_places, false, count);
		smc_cost_product(cost, n, plan->width, plan->width, false, count);
		smc_cost_scaled(cost, n, plan->second_bits, count);
		product(cost, n, plan->rest_width, plan->second_bits, plan->second_places, false, count);
	}
	cost->rounds++;
	settle(cost, n, plan->rest_width, (size_t) n + 1, width, (size_t) n + 2, count);
}

void
smc_wide_divide_cost(SmcCost *cost, int party_count, int width, int quotient_bits, int b_bits, size_t count)
{
	SmcDividePlan plan;

	if (!smc_wide_plan_divide(&plan, party_count, quotient_bits, b_bits))
		return;
	for (size_t at = 0; at < count; at += plan.chunk)
		divide(cost, &plan, width, count - at < plan.chunk ? count - at : plan.chunk);
}

/* ---- roots ------------------------------------------------------------------------- */

static void
iterations(SmcCost *cost, const SmcRootPlan *plan, size_t count)
{
	int			n = plan->n;
	int			e_bits = plan->p + 2 * SMC_WIDE_FINE_BITS - 3;
	int			e_places = 2 * SMC_WIDE_FINE_BITS;

	for (int i = 0; i < plan->iterations; i++)
	{
		SmcRootStep step = smc_wide_plan_step(plan, i);
		int			y_scale = (i == 0 ? SMC_WIDE_FINE_BITS : plan->p) + plan->p + 1;

		cost->rounds += 2;
		product(cost, n, plan->iterate_width, e_bits, e_places, false, count);
		smc_cost_scaled(cost, n, y_scale + 2, count);
		if (i == plan->iterations - 1)
			continue;
		product(cost, n, step.width, e_bits, e_places, true, count);
		if (step.way != SMC_ROOT_SQUARE)
		{
			cost->rounds++;
			product(cost, n, step.width, e_bits, e_places, false, count);
		}
		if (step.way == SMC_ROOT_IN_TWO)
		{
			cost->rounds++;
			smc_cost_scaled(cost, n, step.square_bits, count);
		}
		smc_cost_scaled(cost, n, step.bits, count);
		e_bits = step.bits;
		e_places = step.scale - plan->p;
	}
}

static void
root(SmcCost *cost, const SmcRootPlan *plan, int width, size_t count)
{
	int			n = plan->n;
	int			bits = 2 * plan->half;
	size_t		tests = (size_t) n + 1;

	smc_cost_size(cost, n, plan->x_bits, count);
	smc_cost_times_bit(cost, n, plan->width, (size_t) (plan->x_bits + 1) * count);
	cost->rounds += 4;			/* D; y_0^2, y_0^2 D, e_0 */
	for (int k = 0; k < 3; k++)
		smc_cost_scaled(cost, n, bits, count);
	smc_cost_scaled(cost, n, 1, count);
	smc_cost_product(cost, n, plan->start_width, plan->start_width, true, count);
	product(cost, n, plan->start_width, bits, bits - plan->p, false, count);
	smc_cost_scaled(cost, n, plan->p + 2 * SMC_WIDE_FINE_BITS - 3, count);
	iterations(cost, plan, count);
	cost->rounds += 3;			/* the guess, and its square */
	product(cost, n, plan->guess_width, 2 * plan->p + 3, 2 * plan->p + 1 - plan->q, false, count);
	smc_cost_scaled(cost, n, plan->guess_bits, count);
	product(cost, n, plan->rest_width, plan->guess_bits, plan->guess_places, true, count);
	settle(cost, n, plan->rest_width, 2 * tests, width, tests + 1, count);
	smc_cost_and(cost, n, 1, tests * count);
}

void
smc_wide_root_cost(SmcCost *cost, int party_count, int width, int x_bits, size_t count)
{
	SmcRootPlan plan;

	if (!smc_wide_plan_root(&plan, party_count, x_bits))
		return;
	for (size_t at = 0; at < count; at += plan.chunk)
		root(cost, &plan, width, count - at < plan.chunk ? count - at : plan.chunk);
}

/* ---- shifts -------------------------------------------------------------------------- */

void
smc_wide_shift_right_cost(SmcCost *cost, int party_count, int width, int x_bits, int shift, size_t count)
{
	SmcShiftPlan plan;

	if (count == 0 || !smc_wide_plan_shift(&plan, party_count, x_bits, shift))
		return;
	cost->rounds++;
	smc_cost_scaled(cost, party_count, plan.bits, count);
	settle(cost, party_count, plan.rest_width, (size_t) party_count, width, (size_t) party_count, count);
}
