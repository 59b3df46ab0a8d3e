/*
 * Sizes of a logistic regression, and what it takes; see smc_logistic_impl.h.
 */
#include "smc_logistic_impl.h"

#include <string.h>

#include "smc_bits.h"
#include "smc_wide.h"

#define W	SMC_NORMAL_WIDTH

#define SLACK_BITS	6			/* z of 2^6 for each unit of the largest column: no model comes near it */

/* The least b with x < 2^b. */
static int
bits_of(uint64_t x)
{
	return x == 0 ? 0 : 64 - __builtin_clzll(x);
}

static int
bytes_of(int bits)
{
	return (bits + 7) / 8;
}

static int
largest(int a, int b)
{
	return a > b ? a : b;
}

static uint64_t
size_of(int64_t x)
{
	return x < 0 ? 0 - (uint64_t) x : (uint64_t) x;
}

/* Of the largest |x|. */
static int
column_bits(const SmcLogisticColumn *column)
{
	uint64_t	lo = size_of(column->lo);
	uint64_t	hi = size_of(column->hi);

	return bits_of(lo > hi ? lo : hi);
}

/* Slots by ascending bits, those of ones first. */
static void
place_slots(SmcLogisticPlan *plan, const SmcLogisticTask *task)
{
	plan->slots = 1;
	plan->bits[0] = 1;
	for (int j = 0; j < plan->k; j++)
	{
		int			bits = bits_of((uint64_t) task->columns[j].hi - (uint64_t) task->columns[j].lo);
		int			s = plan->slots;

		if (bits == 0)
			continue;
		for (; s > 1 && plan->bits[s - 1] > bits; s--)
		{
			plan->bits[s] = plan->bits[s - 1];
			plan->column[s] = plan->column[s - 1];
		}
		plan->bits[s] = bits;
		plan->column[s] = j;
		plan->slots++;
	}
	for (int s = 1; s < plan->slots; s++)
		plan->slot_of[plan->column[s]] = s;
}

/* Rings in which nothing that is added up can wrap. */
static void
size_rings(SmcLogisticPlan *plan)
{
	int			last = plan->bits[plan->slots - 1];
	int			least = SMC_RING128_BYTES;

	for (int s = 0; s < plan->slots; s++)
	{
		int			size = s == 0 ? 0 : plan->size_bits[plan->column[s]];
		int			other = s == 0 ? 0 : last;

		plan->z_bytes[s] = bytes_of(SMC_CURVE_PLACES + plan->z_bits + 1 + size);
		plan->g_bytes[s] = bytes_of(SMC_CURVE_SIGMOID_PLACES + plan->bits[s] + plan->count_bits + 1);
		plan->v_bytes[s] = bytes_of(SMC_CURVE_WEIGHT_PLACES + 2 * plan->bits[s] + plan->count_bits + 1);
		plan->h_bytes[s] = bytes_of(SMC_CURVE_WEIGHT_PLACES + plan->bits[s] + other + plan->count_bits + 1);
		plan->q_bytes = largest(plan->q_bytes, plan->g_bytes[s]);
		plan->w_bytes = largest(plan->w_bytes, largest(plan->v_bytes[s], plan->h_bytes[s]));
		least = least < plan->g_bytes[s] ? least : plan->g_bytes[s];
		least = least < plan->h_bytes[s] ? least : plan->h_bytes[s];
		least = least < plan->v_bytes[s] ? least : plan->v_bytes[s];
	}
	plan->loss_bytes = bytes_of(SMC_CURVE_LOSS_PLACES + plan->z_bits + plan->count_bits + 1);
	plan->lift_bytes = largest(plan->q_bytes, plan->w_bytes);
	plan->lift_extra = 8 * (plan->lift_bytes - least);
}

bool
smc_logistic_plan(SmcLogisticPlan *plan, int party_count, const SmcLogisticTask *task)
{
	memset(plan, 0, sizeof(*plan));
	plan->n = party_count;
	plan->k = task->column_count;
	if (plan->k < 1 || plan->k > SMC_LOGISTIC_COLUMNS_MAX || task->rows < 64 || task->rows > SMC_LOGISTIC_ROWS_MAX ||
		task->rows % 64 != 0 || task->iterations < 1 || task->iterations > SMC_LOGISTIC_ITERATIONS_MAX ||
		task->tolerance < SMC_LOGISTIC_TOLERANCE_MIN || task->tolerance >> SMC_LOGISTIC_TOLERANCE_PLACES != 0 ||
		task->total < 1 || task->total > task->rows * (uint64_t) party_count)
		return false;
	plan->count_bits = bits_of(task->rows * (uint64_t) party_count);
	for (int j = 0; j < plan->k; j++)
	{
		const SmcLogisticColumn *column = &task->columns[j];

		plan->size_bits[j] = column_bits(column);
		if (column->lo > column->hi || plan->size_bits[j] > SMC_LOGISTIC_BITS_MAX)
			return false;
		plan->size_max = largest(plan->size_max, plan->size_bits[j]);
	}
	plan->z_bits = largest(12, plan->size_max + SLACK_BITS + smc_bits_log_up(plan->k));
	plan->diagonal_bits = 2 * plan->size_max + plan->count_bits + 1;
	plan->scale = (plan->diagonal_bits + 1) / 2;
	place_slots(plan, task);
	size_rings(plan);
	return plan->z_bits <= SMC_CURVE_BITS_MAX && plan->w_bytes <= SMC_RING128_BYTES && plan->loss_bytes <= SMC_RING128_BYTES &&
		8 * plan->loss_bytes - 9 <= 128 - plan->size_max &&
		2 * plan->scale + SMC_CURVE_WEIGHT_PLACES + plan->lift_extra < SMC_NORMAL_BITS;
}

bool
smc_logistic_valid(int party_count, const SmcLogisticTask *task)
{
	SmcLogisticPlan plan;

	return smc_logistic_plan(&plan, party_count, task);
}

int
smc_logistic_coef_places(const SmcLogisticTask *task, int j)
{
	return SMC_CURVE_PLACES + column_bits(&task->columns[j]);
}

int
smc_logistic_variance_places(const SmcLogisticTask *task, int j)
{
	return SMC_LOGISTIC_VARIANCE_PLACES + 2 * column_bits(&task->columns[j]);
}

/* ---- cost --------------------------------------------------------------------------- */

/* Sums of `bytes` brought to the wide ring. */
static void
lift_cost(SmcCost *cost, int n, int bytes, size_t count)
{
	smc_wide_shift_right_cost(cost, n, W, 8 * bytes + smc_bits_log_up(n), 8 * bytes, count);
}

/* H and g scaled, solved, taken in and judged. */
static void
step_cost(SmcCost *cost, int n, size_t k)
{
	smc_normal_multiply_cost(cost, n, k * k + 2 * k);
	smc_normal_cost(cost, n, (int) k);
	smc_cost_multiply(cost, n, W, k);
	smc_cost_negative(cost, n, W, 2 * k + 1);
	for (size_t m = 2 * k; m > 1; m = (m + 1) / 2)
		smc_cost_and(cost, n, 1, m / 2 * 64);
	smc_cost_open(cost, n, 64, 1);
	cost->rounds += 6;
}

void
smc_logistic_cost(SmcCost *cost, int party_count, const SmcLogisticTask *task, int iterations)
{
	SmcLogisticPlan plan;
	SmcCost		step = {0, 0, {0}};
	SmcCost		pass = {0, 0, {0}};
	size_t		k;

	if (!smc_logistic_plan(&plan, party_count, task) || iterations < 1)
		return;
	k = (size_t) plan.k;
	smc_cost_size(cost, party_count, plan.diagonal_bits, k);
	smc_cost_times_bit(cost, party_count, W, ((size_t) plan.scale + 1) * k);
	smc_cost_multiply(cost, party_count, W, k * k);
	step_cost(&step, party_count, k);
	smc_cost_add(cost, &step, (uint64_t) iterations);
	smc_logistic_pass_cost(&pass, task, &plan, false);
	lift_cost(&pass, party_count, plan.lift_bytes, smc_logistic_sum_count(&plan));
	smc_cost_add(cost, &pass, (uint64_t) iterations - 1);

	/* variances and likelihood */
	smc_normal_multiply_cost(cost, party_count, 2 * k);
	smc_logistic_pass_cost(cost, task, &plan, true);
	lift_cost(cost, party_count, plan.loss_bytes, 1);
	smc_cost_multiply(cost, party_count, W, k);
	smc_cost_scaled(cost, party_count, SMC_NORMAL_BITS, 1);
	cost->rounds += 5;
}
