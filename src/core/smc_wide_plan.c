/*
 * Sizes of divisions and roots, and why they are enough.
 *
 * n parties; h >= 1 with 2^h >= n/2 + 1, the error, in units of the last place, of
 * scaling down with a lift of n/2 (smc_scaled.h).
 *
 * DIVISION of a by b < 2^B, where a / b < 2^A:
 *
 *   reciprocal  of D = d / 2^B, 1/2 <= D < 1, with p places:
 *               w_0 = (721 - 480 D) / 256, e_0 = 1 - D w_0, |e_0| < 0.0606;
 *               w_(i+1) = w_i (1 + e_i), e_(i+1) = e_i^2, which is 1 - D w_(i+1)
 *               (Goldschmidt's form of Newton's iteration).  The first time 1 +
 *               e_0 + m instead, m = 2^-9, so that e_1 = e_0^2 - m (1 - e_0) is of
 *               either sign: |e_1| < 2^-9 (1 + 2^-11).  So |e_k| <= 1.02 *
 *               2^(-9 2^(k-1)).
 *   error       Each scaling down adds at most 2^(h-p).  With f_i = 1 - D w_i as
 *               it is and e_i as it is reckoned, |f_0 - e_0| <= 3 * 2^(h-p) (e_0's,
 *               and D's where B > p), and |f - e| grows by a factor of 1 + |e_i|
 *               (1.07 in all) and by 2 * 2^(h-p) a step: with at most 6 steps, and
 *               e_k's own, |f_k| <= |e_k| + 18 * 2^(h-p); and 2^(h-q) for w_k,
 *               which keeps q places.  With p = t + 6 + h, q = t + 3 + h and
 *               9 2^(k-1) > t that is below (0.51 + 0.29 + 0.125) 2^-t < 2^-t.
 *   guess       v a w_k / 2^B = (a / b) (1 - f_k), and v a < 2^(A+B).
 *   one step    (A <= ONE_STEP_BITS) t = A + 2; v a with g = h + 5 bits after the
 *               point of the quotient: wrong by at most 2.01 * 2^(h-g) + 2^(A-t)
 *               < 1/2.
 *   two steps   t >= (A + h + 2) / 2, z = A - t: Q = a / (b 2^z), nearly, from v a
 *               less its low B + z - 3 places: |a / b - 2^z Q| <= 2^z (0.26 * 2^h +
 *               2^h + 1) <= 2^r, r = z + h + 1.  The rest a - 2^z Q b is exact, and
 *               divided in the same way: rest * u, u = v w_k, is rest / b * 2^(q+B)
 *               but for 2^(r-t) <= 1/2 of a unit.
 *   settle      The last scaling down is of what is 1/2 less, with a lift of n, so
 *               that 0 < a / b - guess < n + 2.
 *
 * ROOT of x < 4^L:
 *
 *   guess       y_0 = 323/128 - 73/32 D, or, where D >= 1/2, 229/128 - 26/32 D, of
 *               what D has in its first COARSE_BITS places: a number of FINE_BITS
 *               places, so that y_0^2 is exact in few.  With e_0 = 1 - D y_0^2,
 *               |e_0| < 0.0475.
 *   iterate     y_(i+1) = y_i (1 + e_i / 2), e_(i+1) = e_i^2 (3 + e_i) / 4, which is
 *               1 - D y_(i+1)^2.  The first time with 1 + e_0 / 2 + m, m = 2^-11,
 *               and e_1 = ... - 2 m - m^2 + (m + m^2) e_0 + m e_0^2, of either sign:
 *               |e_1| < 2^-9.99, and then 2^-20.3, 2^-41.1, 2^-82.7, ...  Where
 *               e_i^3 / 4 is less than the last place it is left out.
 *   error       |f_0 - e_0| <= 5.5 * 2^(h-p), f_i = 1 - D y_i^2, and |f - e| grows by
 *               a factor of (1 + e_i/2)^2 (1.06 in all) and by 4 * 2^(h-p) a step,
 *               so with at most 6 steps |f_k| <= |e_k| + 32 * 2^(h-p), and 2.1 *
 *               2^(h-q) for y_k, which keeps q places.  p = L + 7 + h, q = L + 5 + h
 *               and |e_k| < 2^-(L+1) make that less than (0.5 + 0.25 + 0.07) 2^-L.
 *   root        sqrt(x) = x v / (2^L sqrt(D)), nearly x v y_k / 2^L: relatively
 *               wrong by |f_k| / 2, and with g = h + 5 bits of x v after the point by
 *               2.01 * 2^(h-g): together less than 1/2.
 */
#include "smc_wide_plan.h"

#include <string.h>

#include "smc_bits.h"
#include "smc_limbs.h"
#include "smc_scaled.h"

#define ONE_STEP_BITS	68
#define LEAST_HALF		24		/* so that there is always something to scale down */
#define ITERATIONS_MAX	6
#define CHUNK_WORDS		((size_t) 1 << 21)	/* of the longest vector, about */

/* In a root, |e_i| < 2^-error_bits[i] */
static const int error_bits[ITERATIONS_MAX + 1] = {4, 9, 20, 41, 82, 165, 331};

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

/* The width of a ring for so many bits, sign included. */
static int
width_of(int bits)
{
	return (bits + 63) / 64 * 64;
}

static bool
good_count(int party_count)
{
	return party_count >= SMC_PARTIES_MIN && party_count <= SMC_PARTIES_MAX;
}

/* ---- division --------------------------------------------------------------------- */

bool
smc_wide_plan_divide(SmcDividePlan *plan, int party_count, int quotient_bits, int b_bits)
{
	int			n = party_count;
	int			h = smc_bits_log_up(n / 2 + 1);
	int			t;

	memset(plan, 0, sizeof(*plan));
	if (!good_count(n) || quotient_bits < 1 || b_bits < 1 ||
		quotient_bits > SMC_WIDTH_MAX || b_bits > SMC_WIDTH_MAX)
		return false;
	plan->n = n;
	plan->a_bits = quotient_bits;
	plan->b_bits = b_bits;
	plan->steps = quotient_bits <= ONE_STEP_BITS ? 1 : 2;
	t = plan->steps == 1 ? quotient_bits + 2 : (quotient_bits + h + 3) / 2;
	plan->iterations = 2;
	while (9 << (plan->iterations - 1) <= t)
		plan->iterations++;
	plan->p = t + 6 + h;
	plan->q = t + 3 + h;
	plan->iterate_width = smc_scaled_width(n, 2 * plan->p + 10);
	if (plan->steps == 1)
	{
		int			g = h + 5;

		plan->a_places = b_bits - g;
		plan->guess_bits = quotient_bits + g + plan->q + 1;
		plan->guess_places = g + plan->q;
	}
	else
	{
		int			r = quotient_bits - t + h + 1;

		plan->z = quotient_bits - t;
		plan->a_places = b_bits + plan->z - 3;
		plan->guess_bits = t + plan->q + 4;
		plan->guess_places = plan->q + 3;
		plan->second_bits = r + plan->q + b_bits + 1;
		plan->second_places = plan->q + b_bits;
		plan->width = smc_scaled_width(n, plan->second_bits);
	}
	plan->guess_width = smc_scaled_width(n, plan->guess_bits);
	plan->rest_width = width_of(b_bits + smc_bits_log_up(n + 2) + 1);
	if (plan->a_places > 0)
		plan->width = larger(plan->width, smc_scaled_width(n, quotient_bits + b_bits));
	else
		plan->width = larger(plan->width, plan->guess_width);
	if (b_bits > plan->p)
		plan->width = larger(plan->width, smc_scaled_width(n, b_bits));
	else
		plan->width = larger(plan->width, plan->iterate_width);
	plan->width = larger(plan->width, plan->rest_width);
	if (larger(plan->width, larger(plan->iterate_width, plan->guess_width)) > SMC_WIDTH_MAX)
		return false;
	plan->chunk = CHUNK_WORDS / (3 * (size_t) b_bits * smc_limbs_of(plan->width));
	return true;
}

int
smc_wide_plan_error_bits(const SmcDividePlan *plan, int i)
{
	return larger(plan->p, 2 * plan->p + 2 - (9 << i));
}

int
smc_wide_divide_width(int party_count, int quotient_bits, int b_bits)
{
	SmcDividePlan plan;

	return smc_wide_plan_divide(&plan, party_count, quotient_bits, b_bits) ? plan.width : 0;
}

/* ---- roots ------------------------------------------------------------------------- */

bool
smc_wide_plan_root(SmcRootPlan *plan, int party_count, int x_bits)
{
	int			n = party_count;
	int			h = smc_bits_log_up(n / 2 + 1);

	memset(plan, 0, sizeof(*plan));
	if (!good_count(n) || x_bits < 1 || x_bits > SMC_WIDTH_MAX)
		return false;
	plan->n = n;
	plan->x_bits = x_bits;
	plan->half = larger((x_bits + 1) / 2, LEAST_HALF);
	plan->iterations = 1;
	while (error_bits[plan->iterations] < plan->half + 1)
		plan->iterations++;
	plan->p = plan->half + 7 + h;
	plan->q = plan->half + 5 + h;
	plan->g = h + 5;
	plan->guess_bits = plan->half + plan->g + plan->q + 1;
	plan->guess_places = plan->g + plan->q;
	plan->start_width = smc_scaled_width(n, plan->p + 2 * SMC_WIDE_FINE_BITS + 1);
	plan->iterate_width = smc_scaled_width(n, 2 * plan->p + 3);
	plan->guess_width = smc_scaled_width(n, plan->guess_bits);
	plan->rest_width = width_of(plan->half + smc_bits_log_up(n + 2) + 4);
	plan->width = larger(smc_scaled_width(n, 2 * plan->half), plan->rest_width);
	if (larger(larger(plan->width, plan->start_width), larger(plan->iterate_width, plan->guess_width)) > SMC_WIDTH_MAX)
		return false;
	plan->chunk = CHUNK_WORDS / ((size_t) (x_bits + 1) * smc_limbs_of(plan->width));
	return true;
}

SmcRootStep
smc_wide_plan_step(const SmcRootPlan *plan, int i)
{
	int			p = plan->p;
	int			at_once = smc_scaled_width(plan->n, 3 * p + 3 - error_bits[i + 1]);
	SmcRootStep step = {SMC_ROOT_SQUARE, plan->iterate_width, larger(p, 2 * p + 1 - 2 * error_bits[i]), 2 * p + 2, 0};

	if (3 * error_bits[i] + 2 < p)
	{
		step.way = at_once <= SMC_WIDTH_MAX ? SMC_ROOT_AT_ONCE : SMC_ROOT_IN_TWO;
		if (step.way == SMC_ROOT_AT_ONCE)
		{
			step.width = at_once;
			step.scale = 3 * p + 2;
		}
	}
	step.bits = larger(step.scale - p, step.scale + 1 - error_bits[i + 1]);
	return step;
}

int
smc_wide_root_width(int party_count, int x_bits)
{
	SmcRootPlan plan;

	return smc_wide_plan_root(&plan, party_count, x_bits) ? plan.width : 0;
}

/* ---- shifts -------------------------------------------------------------------------- */

bool
smc_wide_plan_shift(SmcShiftPlan *plan, int party_count, int x_bits, int shift)
{
	if (!good_count(party_count) || x_bits < 1 || x_bits > SMC_WIDTH_MAX || shift < 1 || shift > SMC_WIDTH_MAX)
		return false;
	plan->bits = larger(x_bits, shift);
	plan->rest_width = width_of(shift + smc_bits_log_up(party_count + 1) + 1);
	plan->width = larger(smc_scaled_width(party_count, plan->bits), plan->rest_width);
	return plan->width <= SMC_WIDTH_MAX;
}

int
smc_wide_shift_right_width(int party_count, int x_bits, int shift)
{
	SmcShiftPlan plan;

	return smc_wide_plan_shift(&plan, party_count, x_bits, shift) ? plan.width : 0;
}
