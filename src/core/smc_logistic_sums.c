/*
 * Sums over rows, from small rings to the wide one; see smc_logistic_impl.h.
 */
#include "smc_logistic_impl.h"

#include <string.h>

#include "smc_bits.h"
#include "smc_linear.h"
#include "smc_wide.h"

#define W			SMC_NORMAL_WIDTH
#define LIMBS		SMC_NORMAL_LIMBS

SmcStatus
smc_logistic_lift(SmcEngine *engine, SmcArena *arena, const SmcRing128 *sums, const int *sum_bytes, int bytes,
				  uint64_t *out, size_t count)
{
	int			n = engine->channel->party_count;
	int			bits = 8 * bytes;
	SmcWide		minus_ring = smc_linear_minus_power(bits);
	SmcWide		minus_half = smc_linear_minus_power(bits - 1);
	uint64_t   *wraps = smc_arena_array(arena, count * LIMBS, sizeof(uint64_t));
	SmcStatus	status;

	if (wraps == NULL)
		return SMC_ERR_MEMORY;
	for (size_t e = 0; e < count; e++)
	{
		SmcRing128	share = sums[e] << (8 * (bytes - sum_bytes[e]));

		if (engine->channel->self == 0)
			share += (SmcRing128) 1 << (bits - 1);
		if (bits < 128)
			share &= ((SmcRing128) 1 << bits) - 1;
		out[e * LIMBS] = (uint64_t) share;
		out[e * LIMBS + 1] = (uint64_t) (share >> 64);
		out[e * LIMBS + 2] = out[e * LIMBS + 3] = 0;
	}
	status = smc_wide_shift_right(engine, W, bits + smc_bits_log_up(n), bits, out, wraps, count);
	if (status == SMC_OK)
	{
		smc_linear_add(out, W, wraps, &minus_ring, count);
		smc_linear_add_constant(engine, out, W, &minus_half, count);
	}
	return status;
}

/* Bytes of the ring of h_ij of slots, i <= j. */
static int
square_bytes(const SmcLogisticPlan *plan, int i, int j)
{
	int			chooser = plan->h_bytes[i];
	int			vector = plan->v_bytes[j];

	if (j == 0)
		return chooser;
	if (i == 0 || (i == j && plan->bits[i] == 1))
		return vector;
	return chooser < vector ? chooser : vector;
}

/* Where h_ij of slots stands in the list of all, behind the g. */
static size_t
square_place(const SmcLogisticPlan *plan, int i, int j)
{
	int			low = i < j ? i : j;
	int			high = i < j ? j : i;

	return (size_t) (plan->slots + high * (high + 1) / 2 + low);
}

size_t
smc_logistic_sum_count(const SmcLogisticPlan *plan)
{
	return square_place(plan, plan->slots, 0);
}

/* out = the sum of two factors' products with one of the numbers each. */
static void
add_multiple(uint64_t *out, const uint64_t *number, int64_t one, int64_t other)
{
	SmcWide		a = smc_wide_from_int(one);
	SmcWide		b = smc_wide_from_int(other);
	SmcWide		factor = smc_wide_multiply(&a, &b);

	smc_linear_add(out, W, number, &factor, 1);
}

SmcStatus
smc_logistic_gather(SmcEngine *engine, SmcArena *arena, const SmcLogisticTask *task, const SmcLogisticPlan *plan,
					const SmcLogisticSums *sums, uint64_t *xq, uint64_t *xwx)
{
	size_t		k = (size_t) plan->k;
	size_t		count = smc_logistic_sum_count(plan);
	SmcRing128	list[SMC_LOGISTIC_SLOTS_MAX * (SMC_LOGISTIC_SLOTS_MAX + 3) / 2];
	int			bytes[SMC_LOGISTIC_SLOTS_MAX * (SMC_LOGISTIC_SLOTS_MAX + 3) / 2];
	uint64_t   *wide = smc_arena_array(arena, count * LIMBS, sizeof(uint64_t));
	SmcStatus	status;

	if (wide == NULL)
		return SMC_ERR_MEMORY;
	for (int s = 0; s < plan->slots; s++)
	{
		list[s] = sums->g[s];
		bytes[s] = plan->g_bytes[s];
		for (int i = 0; i <= s; i++)
		{
			list[square_place(plan, i, s)] = sums->h[i][s];
			bytes[square_place(plan, i, s)] = square_bytes(plan, i, s);
		}
	}
	status = smc_logistic_lift(engine, arena, list, bytes, plan->lift_bytes, wide, count);
	if (status != SMC_OK)
		return status;
	for (size_t e = 0; e < count; e++)
	{
		uint64_t	number[LIMBS];

		memcpy(number, wide + e * LIMBS, sizeof(number));
		smc_limbs_shift_left(wide + e * LIMBS, number, (unsigned) (plan->lift_extra - 8 * (plan->lift_bytes - bytes[e])), LIMBS);
	}
	for (size_t i = 0; i < k; i++)
	{
		int64_t		lo = task->columns[i].lo;
		int			s = plan->slot_of[i];

		add_multiple(xq + i * LIMBS, wide, lo, 1);
		if (s > 0)
			add_multiple(xq + i * LIMBS, wide + (size_t) s * LIMBS, 1, 1);
		for (size_t j = 0; j < k; j++)
		{
			uint64_t   *cell = xwx + (i * k + j) * LIMBS;
			int64_t		other = task->columns[j].lo;
			int			t = plan->slot_of[j];

			add_multiple(cell, wide + square_place(plan, 0, 0) * LIMBS, lo, other);
			if (s > 0)
				add_multiple(cell, wide + square_place(plan, 0, s) * LIMBS, other, 1);
			if (t > 0)
				add_multiple(cell, wide + square_place(plan, 0, t) * LIMBS, lo, 1);
			if (s > 0 && t > 0)
				add_multiple(cell, wide + square_place(plan, s, t) * LIMBS, 1, 1);
		}
	}
	return SMC_OK;
}
