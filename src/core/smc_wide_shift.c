/*
 * Shared integers divided by a public power of two, exact; see smc_wide.h.
 *
 * Scaled down with a lift of n (smc_scaled.h): 0 < x / 2^f - guess < n + 1.  The
 * rest, x - 2^f guess, takes no message, and is compared with 2^f .. n 2^f.
 */
#include "smc_wide_plan.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_compare.h"
#include "smc_linear.h"
#include "smc_scaled.h"

SmcStatus
smc_wide_shift_right(SmcEngine *engine, int width, int x_bits, int shift, const uint64_t *x, uint64_t *out,
					 size_t count)
{
	size_t		tests = (size_t) engine->channel->party_count;
	size_t		limbs = smc_limbs_of(width);
	size_t		words;			/* of a rest */
	SmcArena   *arena;
	uint64_t   *values;
	uint64_t   *below;
	uint64_t   *numbers;
	uint64_t   *guess;
	SmcShiftPlan plan;
	SmcScaled	scaled;
	SmcScaling	down;
	SmcWide		unit;
	SmcWide		minus_one = smc_wide_from_int(-1);
	SmcWide		all = smc_wide_from_int((int64_t) tests);
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width) || !smc_wide_plan_shift(&plan, engine->channel->party_count, x_bits, shift) ||
		width < plan.width)
		return SMC_ERR_ARGUMENT;
	words = smc_limbs_of(plan.rest_width);
	down = (SmcScaling) {width, x, plan.bits, shift, (int) tests, &scaled};
	unit = smc_linear_minus_power(shift);
	arena = smc_arena_create();
	if (arena == NULL)
		return status;
	values = smc_arena_array(arena, tests * count * words, sizeof(uint64_t));
	below = smc_arena_array(arena, smc_bits_words(tests * count), sizeof(uint64_t));
	numbers = smc_arena_array(arena, tests * count * limbs, sizeof(uint64_t));
	guess = smc_arena_array(arena, count * words, sizeof(uint64_t));
	if (values == NULL || below == NULL || numbers == NULL || guess == NULL)
		goto done;
	status = smc_scaled_down(engine, &down, 1, count, arena);
	if (status != SMC_OK)
		goto done;
	smc_scaled_ring(engine, &scaled, plan.rest_width, guess, count);
	for (size_t j = 0; j < tests; j++)
	{
		uint64_t   *rest = values + j * count * words;

		if (j == 0)
		{
			smc_limbs_resize_all(rest, words, x, limbs, count);
			smc_linear_add(rest, plan.rest_width, guess, &unit, count);
		}
		else
			memcpy(rest, rest - count * words, count * words * sizeof(uint64_t));
		smc_linear_add_constant(engine, rest, plan.rest_width, &unit, count);
	}
	if ((status = smc_compare_negative(engine, plan.rest_width, values, below, tests * count)) != SMC_OK ||
		(status = smc_arith_from_bits(engine, width, below, numbers, tests * count)) != SMC_OK)
		goto done;
	smc_scaled_ring(engine, &scaled, width, out, count);
	smc_linear_add_constant(engine, out, width, &all, count);
	for (size_t j = 0; j < tests; j++)
		smc_linear_add(out, width, numbers + j * count * limbs, &minus_one, count);
done:
	smc_arena_destroy(arena);
	return status;
}
