/*
 * Passes over all parties' rows; see smc_logistic.h.
 *
 * A chunk has the same rows of all parties, those of party p at p * chunk: products with
 * private integers go by owner, curves over all of them together.
 */
#include "smc_logistic_impl.h"

#include <string.h>

#include "smc_private.h"

#define SLOTS	SMC_LOGISTIC_SLOTS_MAX

/* What a chunk works on. */
typedef struct Chunk
{
	SmcEngine  *engine;
	const SmcLogisticTask *task;
	const SmcLogisticPlan *plan;
	SmcArena   *arena;
	size_t		rows;			/* of each party */
	size_t		all;			/* of all */
	uint64_t   *x[SLOTS];		/* our own, by slot */
	SmcRing128 *z;
	SmcRing128 *q;
	SmcRing128 *w;
	SmcRing128 *v;				/* all rows of slots elements: w itself, then x_s w */
} Chunk;

/* Pointers by owner into one array of all parties' rows, and to one vector for all. */
typedef struct ByOwner
{
	SmcRing128 *at[SMC_PARTIES_MAX];
} ByOwner;

static ByOwner
by_owner(const Chunk *c, SmcRing128 *base, size_t stride)
{
	ByOwner		out = {{NULL}};

	for (int p = 0; p < c->plan->n; p++)
		out.at[p] = base + (size_t) p * stride;
	return out;
}

static SmcRing128 *
new_elements(const Chunk *c, size_t count)
{
	return smc_arena_array(c->arena, count, sizeof(SmcRing128));
}

/* Our own rows from `from` on, and zeros behind the last. */
static bool
load_rows(Chunk *c, const SmcLogisticRows *rows, size_t from)
{
	size_t		present = rows->count > from ? rows->count - from : 0;

	present = present < c->rows ? present : c->rows;
	for (int s = 0; s < c->plan->slots; s++)
	{
		c->x[s] = smc_arena_array(c->arena, c->rows, sizeof(uint64_t));
		if (c->x[s] == NULL)
			return false;
		for (size_t e = 0; e < present; e++)
			c->x[s][e] = s == 0 ? 1 : rows->x[c->plan->column[s]][from + e];
	}
	return true;
}

/* x / 2^places, rounded, of a share. */
static inline SmcRing128
round_share(SmcRing128 x, int places)
{
	return (x + (places > 0 ? (SmcRing128) 1 << (places - 1) : 0)) >> places;
}

/*
 * z = sum_s x_s coef_s, the coefficient of slot 0 being sum_j lo_j coef_j.  Columns
 * have places of their own, so each is brought to z's before it is added.
 */
static SmcStatus
find_z(Chunk *c, const SmcRing128 *coef, bool last)
{
	const SmcLogisticPlan *plan = c->plan;
	SmcPrivateProduct products[SLOTS];
	ByOwner		inputs[SLOTS];
	ByOwner		outputs[SLOTS];
	SmcRing128	constant = 0;
	SmcRing128	factors[SLOTS];
	SmcStatus	status;

	for (int j = 0; j < plan->k; j++)
		constant += round_share(coef[j] * (SmcRing128) (__int128) c->task->columns[j].lo, plan->size_bits[j]);
	for (int s = 0; s < plan->slots; s++)
	{
		SmcRing128 *terms = new_elements(c, c->all);

		if (terms == NULL)
			return SMC_ERR_MEMORY;
		factors[s] = s == 0 ? constant : coef[plan->column[s]];
		inputs[s] = by_owner(c, &factors[s], 0);
		outputs[s] = by_owner(c, terms, c->rows);
		products[s] = (SmcPrivateProduct) {plan->bits[s], last ? SMC_RING128_BYTES : plan->z_bytes[s], 1, c->x[s],
			inputs[s].at, 0, outputs[s].at, 1};
	}
	status = smc_private_multiply(c->engine, products, (size_t) plan->slots, c->rows);
	for (int s = 0; s < plan->slots && status == SMC_OK; s++)
	{
		int			places = s == 0 ? 0 : plan->size_bits[plan->column[s]];

		for (size_t e = 0; e < c->all; e++)
			c->z[e] += round_share(outputs[s].at[0][e], places);
	}
	return status;
}

/* g_s += sum of x_s q, and v_s = x_s w, in one round. */
static SmcStatus
multiply_rows(Chunk *c, SmcLogisticSums *sums)
{
	const SmcLogisticPlan *plan = c->plan;
	size_t		stride = (size_t) plan->slots;
	SmcPrivateProduct products[2 * SLOTS];
	ByOwner		q = by_owner(c, c->q, c->rows);
	ByOwner		w = by_owner(c, c->w, c->rows);
	ByOwner		g[SLOTS];
	ByOwner		v[SLOTS];
	size_t		count = 0;

	for (size_t e = 0; e < c->all; e++)
		c->v[e * stride] = c->w[e];
	for (int s = 0; s < plan->slots; s++)
	{
		g[s] = by_owner(c, &sums->g[s], 0);
		products[count++] = (SmcPrivateProduct) {plan->bits[s], plan->g_bytes[s], 1, c->x[s], q.at, 1, g[s].at, 0};
	}
	for (int s = 1; s < plan->slots; s++)
	{
		v[s] = by_owner(c, c->v + s, c->rows * stride);
		products[count++] = (SmcPrivateProduct) {plan->bits[s], plan->v_bytes[s], 1, c->x[s], w.at, 1, v[s].at, stride};
	}
	return smc_private_multiply(c->engine, products, count, c->rows);
}

/*
 * h_ij += sum of x_i v_j for i <= j.  With slot 0 nothing but w itself needs an OT, since v
 * is 0 where there is no row; nor does a square where x_i is a bit.
 */
static SmcStatus
sum_squares(Chunk *c, SmcLogisticSums *sums)
{
	const SmcLogisticPlan *plan = c->plan;
	size_t		stride = (size_t) plan->slots;
	SmcPrivateProduct products[SLOTS];
	ByOwner		inputs[SLOTS];
	ByOwner		outputs[SLOTS];
	size_t		count = 0;

	for (int j = 1; j < plan->slots; j++)
	{
		SmcRing128	sum = 0;

		for (size_t e = 0; e < c->all; e++)
			sum += c->v[e * stride + (size_t) j];
		sums->h[0][j] += sum;
		if (plan->bits[j] == 1)
			sums->h[j][j] += sum;
	}
	for (int i = 0; i < plan->slots; i++)
	{
		int			first = i > 0 && plan->bits[i] == 1 ? i + 1 : i;
		int			end = i == 0 ? 1 : plan->slots;

		if (first >= end)
			continue;
		inputs[count] = by_owner(c, c->v + first, c->rows * stride);
		outputs[count] = by_owner(c, &sums->h[i][first], 0);
		products[count] = (SmcPrivateProduct) {plan->bits[i], plan->h_bytes[i], (size_t) (end - first), c->x[i],
			inputs[count].at, stride, outputs[count].at, 0};
		count++;
	}
	return smc_private_multiply(c->engine, products, count, c->rows);
}

static SmcStatus
run_chunk(Chunk *c, const SmcRing128 *coef, bool last, SmcLogisticSums *sums)
{
	const SmcLogisticPlan *plan = c->plan;
	SmcCurve	both[2] = {{SMC_CURVE_SIGMOID, plan->q_bytes, c->q}, {SMC_CURVE_WEIGHT, plan->w_bytes, c->w}};
	SmcCurve	loss = {SMC_CURVE_LOSS, plan->loss_bytes, c->q};
	SmcStatus	status = find_z(c, coef, last);

	if (status == SMC_OK)
		status = smc_curve_evaluate(c->engine, plan->z_bits, c->z, last ? &loss : both, last ? 1 : 2, c->all);
	for (size_t e = 0; e < c->all && last && status == SMC_OK; e++)
		sums->loss += c->q[e];
	if (status == SMC_OK && !last)
		status = multiply_rows(c, sums);
	if (status == SMC_OK && !last)
		status = sum_squares(c, sums);
	return status;
}

SmcStatus
smc_logistic_pass(SmcEngine *engine, const SmcLogisticTask *task, const SmcLogisticPlan *plan,
				  const SmcLogisticRows *rows, const SmcRing128 *coef, bool last, SmcLogisticSums *sums,
				  SmcLogisticProgress progress, void *arg, int iteration)
{
	SmcStatus	status = SMC_OK;

	memset(sums, 0, sizeof(*sums));
	for (size_t at = 0; at < task->rows && status == SMC_OK; at += SMC_LOGISTIC_CHUNK)
	{
		Chunk		c = {engine, task, plan, smc_arena_create(), 0, 0, {NULL}, NULL, NULL, NULL, NULL};

		if (c.arena == NULL)
			return SMC_ERR_MEMORY;
		c.rows = task->rows - at < SMC_LOGISTIC_CHUNK ? task->rows - at : SMC_LOGISTIC_CHUNK;
		c.all = c.rows * (size_t) plan->n;
		c.z = new_elements(&c, c.all);
		c.q = new_elements(&c, c.all);
		c.w = new_elements(&c, c.all);
		c.v = new_elements(&c, last ? 0 : c.all * (size_t) plan->slots);
		if (c.z == NULL || c.q == NULL || c.w == NULL || c.v == NULL || !load_rows(&c, rows, at))
			status = SMC_ERR_MEMORY;
		else
			status = run_chunk(&c, coef, last, sums);
		smc_arena_destroy(c.arena);
		if (status == SMC_OK && progress != NULL)
			progress(arg, iteration, at + c.rows);
	}
	return status;
}

/* ---- cost --------------------------------------------------------------------------- */

static void
chunk_cost(SmcCost *cost, const SmcLogisticPlan *plan, bool last, size_t rows)
{
	SmcCurve	both[2] = {{SMC_CURVE_SIGMOID, plan->q_bytes, NULL}, {SMC_CURVE_WEIGHT, plan->w_bytes, NULL}};
	SmcCurve	loss = {SMC_CURVE_LOSS, plan->loss_bytes, NULL};

	for (int s = 0; s < plan->slots; s++)
		smc_private_cost(cost, plan->n, plan->bits[s], last ? SMC_RING128_BYTES : plan->z_bytes[s], 1, rows);
	smc_curve_cost(cost, plan->n, plan->z_bits, last ? &loss : both, last ? 1 : 2, rows * (size_t) plan->n);
	cost->rounds++;
	if (last)
		return;
	cost->rounds += 2;
	for (int s = 0; s < plan->slots; s++)
	{
		int			first = s > 0 && plan->bits[s] == 1 ? s + 1 : s;
		int			end = s == 0 ? 1 : plan->slots;

		smc_private_cost(cost, plan->n, plan->bits[s], plan->g_bytes[s], 1, rows);
		if (s > 0)
			smc_private_cost(cost, plan->n, plan->bits[s], plan->v_bytes[s], 1, rows);
		if (first < end)
			smc_private_cost(cost, plan->n, plan->bits[s], plan->h_bytes[s], (size_t) (end - first), rows);
	}
}

void
smc_logistic_pass_cost(SmcCost *cost, const SmcLogisticTask *task, const SmcLogisticPlan *plan, bool last)
{
	size_t		chunks = task->rows / SMC_LOGISTIC_CHUNK;
	SmcCost		chunk = {0, 0, {0}};

	chunk_cost(&chunk, plan, last, SMC_LOGISTIC_CHUNK);
	smc_cost_add(cost, &chunk, chunks);
	if (task->rows % SMC_LOGISTIC_CHUNK != 0)
		chunk_cost(cost, plan, last, task->rows % SMC_LOGISTIC_CHUNK);
}
