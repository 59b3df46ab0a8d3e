/*
 * The joint part of models that are fitted to rows; see the header.
 */
#include "postgres.h"

#include <math.h>
#include <sodium.h>

#include "core/smc_hash.h"
#include "core/smc_limbs.h"
#include "core/smc_sum.h"
#include "core/smc_wide.h"
#include "pg/smc_activity.h"
#include "pg/smc_fit.h"
#include "pg/smc_wiped.h"

#define NUMBERS_MAX		(2 * SMC_MODEL_COLUMNS_MAX + 1)	/* that are opened of a model */

/* One model in one cell. */
typedef struct Place
{
	uint32		cell;
	int			slot;
	uint64		own_rows;
	uint64		rows;			/* of all parties */
} Place;

/* The models to be fitted. */
static size_t
collect_places(const SmcFitRun *run, const SmcOutcome *outcome, Place *places)
{
	const SmcLayout *layout = run->layout;
	size_t		count = 0;

	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		if (outcome->shown_count > 0 && !outcome->shown[cell])
			continue;
		for (int slot = 0; slot < layout->slot_count; slot++)
		{
			size_t		element = (size_t) cell * layout->slot_count + slot;

			if (layout->slots[slot].kind != SMC_SLOT_FIT || outcome->states[element] == SMC_ELEMENT_WITHHELD)
				continue;
			places[count++] = (Place) {cell, slot, (uint64) run->partials[element], 0};
		}
	}
	return count;
}

/* The context of masks number i. */
static void
derive_context(const SmcFitRun *run, uint64 i, uint8 out[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc fit v1", NULL);
	smc_hash_add(&hash, run->context, SMC_KEY_BYTES);
	smc_hash_add_u64(&hash, i);
	smc_hash_final(&hash, out);
}

static uint16
everybody(const SmcFitRun *run)
{
	return (uint16) ((1u << run->engine->channel->party_count) - 1);
}

/* Open how many rows each model is fitted to. */
static SmcStatus
open_rows(const SmcFitRun *run, Place *places, size_t count)
{
	SmcChannel *channel = run->engine->channel;
	SmcRing128 *totals = smc_wiped_alloc(count * sizeof(SmcRing128));
	uint16	   *recipients = palloc(Max(count, 1) * sizeof(uint16));
	uint8		context[SMC_KEY_BYTES];
	SmcStatus	status;

	for (size_t i = 0; i < count; i++)
	{
		totals[i] = places[i].own_rows;
		recipients[i] = everybody(run);
	}
	derive_context(run, 0, context);
	status = smc_sum_share(channel->self, channel->party_count, run->seeds, context, totals, count);
	if (status == SMC_OK)
		status = smc_sum_open(channel, totals, recipients, count, totals);
	for (size_t i = 0; i < count && status == SMC_OK; i++)
		places[i].rows = (uint64) totals[i];
	sodium_memzero(context, sizeof(context));
	smc_wiped_free(totals);
	pfree(recipients);
	return status;
}

/* What all parties know of a model that is fitted to so many rows. */
static void
make_task(const SmcFitTask *fit, uint64 rows, SmcLogisticColumn *columns, SmcLogisticTask *task)
{
	for (int i = 0; i < fit->column_count; i++)
		columns[i] = (SmcLogisticColumn) {fit->lo[i], fit->hi[i]};
	*task = (SmcLogisticTask) {fit->column_count, columns, 0, rows, fit->iterations, fit->tolerance};
	/* as many as any party can have */
	task->rows = fit->max_rows > 0 ? Min(rows, fit->max_rows) : rows;
	task->rows = (task->rows + 63) / 64 * 64;
}

/* An opened number with so many places. */
static float8
to_float8(const uint64 *words, int places)
{
	uint64		size[SMC_NORMAL_LIMBS];
	bool		negative = words[SMC_NORMAL_LIMBS - 1] >> 63;
	float8		value = 0;

	memcpy(size, words, sizeof(size));
	if (negative)
		smc_limbs_negate(size, size, SMC_NORMAL_LIMBS);
	for (int i = SMC_NORMAL_LIMBS - 1; i >= 0; i--)
		value = ldexp(value, 64) + (float8) size[i];
	return ldexp(negative ? -value : value, -places);
}

/* Open coefficients, variances and likelihood under fresh masks. */
static SmcStatus
open_model(const SmcFitRun *run, const SmcLogisticTask *task, const SmcLogisticModel *model, uint64 number,
		   SmcFitted *fitted)
{
	SmcChannel *channel = run->engine->channel;
	size_t		k = (size_t) task->column_count;
	size_t		count = 2 * k + 1;
	uint64	   *numbers = smc_wiped_alloc(NUMBERS_MAX * SMC_NORMAL_LIMBS * sizeof(uint64));
	uint16		recipients[NUMBERS_MAX];
	uint8		context[SMC_KEY_BYTES];
	SmcStatus	status;

	memcpy(numbers, model->coef, k * SMC_NORMAL_LIMBS * sizeof(uint64));
	memcpy(numbers + k * SMC_NORMAL_LIMBS, model->variance, k * SMC_NORMAL_LIMBS * sizeof(uint64));
	memcpy(numbers + 2 * k * SMC_NORMAL_LIMBS, model->log_likelihood, SMC_NORMAL_LIMBS * sizeof(uint64));
	for (size_t i = 0; i < count; i++)
		recipients[i] = everybody(run);
	derive_context(run, number, context);
	status = smc_wide_share(channel->self, channel->party_count, run->seeds, context, SMC_NORMAL_WIDTH, numbers, count);
	if (status == SMC_OK)
		status = smc_wide_open(channel, SMC_NORMAL_WIDTH, numbers, recipients, count, numbers);
	for (size_t i = 0; i < k && status == SMC_OK; i++)
	{
		fitted->coef[i] = to_float8(numbers + i * SMC_NORMAL_LIMBS, smc_logistic_coef_places(task, (int) i));
		fitted->variance[i] = to_float8(numbers + (k + i) * SMC_NORMAL_LIMBS, smc_logistic_variance_places(task, (int) i));
	}
	if (status == SMC_OK)
		fitted->log_likelihood = to_float8(numbers + 2 * k * SMC_NORMAL_LIMBS, SMC_LOGISTIC_LOSS_PLACES);
	sodium_memzero(context, sizeof(context));
	smc_wiped_free(numbers);
	return status;
}

/* Our rows of a place, as the core takes them: y first, then a column for each that varies. */
static void
own_rows(const SmcFitRun *run, const Place *place, const SmcFitTask *fit, const uint64 **x, uint8 *y, SmcLogisticRows *rows)
{
	size_t		count;
	const int64 *values = smc_keys_get(run->keys, run->layout->slots[place->slot].keys, place->cell, &count);
	size_t		at = 1;

	for (size_t e = 0; e < place->own_rows; e++)
		y[e] = (uint8) values[e];
	for (int i = 0; i < fit->column_count; i++)
	{
		x[i] = NULL;
		if (fit->lo[i] != fit->hi[i])
			x[i] = (const uint64 *) values + at++ * place->own_rows;
	}
	*rows = (SmcLogisticRows) {place->own_rows, (const uint64_t *const *) x, y};
}

static void
show_progress(void *arg, int iteration, size_t rows)
{
	smc_activity_fit(iteration, rows);
}

static SmcStatus
fit_place(const SmcFitRun *run, const Place *place, uint64 number, SmcFitted *fitted)
{
	const SmcFitTask *fit = &run->layout->key_sets[run->layout->slots[place->slot].keys].fit;
	SmcLogisticColumn columns[SMC_MODEL_COLUMNS_MAX];
	const uint64 *x[SMC_MODEL_COLUMNS_MAX];
	SmcLogisticTask task;
	SmcLogisticRows rows;
	SmcLogisticModel *model;
	uint8	   *y;
	SmcStatus	status;

	make_task(fit, place->rows, columns, &task);
	fitted->rows = (int64) place->rows;
	fitted->end = SMC_FIT_TOO_MANY;
	if (!smc_logistic_valid(run->engine->channel->party_count, &task))
		return SMC_OK;
	model = smc_wiped_alloc(sizeof(SmcLogisticModel));
	y = smc_wiped_alloc(Max(place->own_rows, 1));
	own_rows(run, place, fit, x, y, &rows);
	status = smc_logistic_fit(run->engine, &task, &rows, model, show_progress, NULL);
	if (status == SMC_OK)
	{
		fitted->end = (uint8) model->end;
		fitted->iterations = model->iterations;
	}
	if (status == SMC_OK && (model->end == SMC_LOGISTIC_CONVERGED || model->end == SMC_LOGISTIC_UNFINISHED))
		status = open_model(run, &task, model, number, fitted);
	smc_wiped_free(model);
	smc_wiped_free(y);
	return status;
}

SmcStatus
smc_fit_run(const SmcFitRun *run, SmcOutcome *outcome)
{
	const SmcLayout *layout = run->layout;
	Place	   *places = smc_wiped_alloc((size_t) layout->cell_count * layout->fit_count * sizeof(Place));
	size_t		count = collect_places(run, outcome, places);
	SmcStatus	status = count > 0 ? open_rows(run, places, count) : SMC_OK;

	for (size_t i = 0; i < count && status == SMC_OK; i++)
	{
		const Place *place = &places[i];
		size_t		at = (size_t) place->cell * layout->fit_count + layout->slots[place->slot].rank;

		if (place->rows == 0)
			continue;
		status = fit_place(run, place, i + 1, &outcome->fitted[at]);
		outcome->states[(size_t) place->cell * layout->slot_count + place->slot] = SMC_ELEMENT_OPENED;
	}
	smc_wiped_free(places);
	return status;
}

void
smc_fit_cost(SmcCost *cost, int party_count, const SmcFitTask *fit, uint64 rows, int iterations)
{
	SmcLogisticColumn columns[SMC_MODEL_COLUMNS_MAX];
	SmcLogisticTask task;

	make_task(fit, rows, columns, &task);
	smc_logistic_cost(cost, party_count, &task, iterations);
}
