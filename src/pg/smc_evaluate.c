/*
 * Running a circuit: inputs to shares, shares through the program, outputs to
 * those that they are for.
 *
 * With min_rows only cells that reach it take part, which all parties know.
 * Otherwise all do, whether they have rows or not: that is not for everyone to
 * know.
 *
 * What is kept leaves the program as shares, under fresh masks, so that a share
 * says nothing about those it was made of; nothing is sent for it.
 *
 * LEAKS: to the recipients the outputs, each masked where its group isn't told
 * of; whether a division by zero was met, where one can be: to all parties, if
 * all learn what was divided, else to those that do, and in which groups; of what
 * is kept, nothing.
 */
#include "postgres.h"

#include "core/smc_arena.h"
#include "core/smc_arith.h"
#include "core/smc_bits.h"
#include "core/smc_boolean.h"
#include "core/smc_compare.h"
#include "core/smc_contest.h"
#include "core/smc_noise.h"
#include "pg/smc_evaluate.h"
#include "pg/smc_unite.h"

/* One run. */
typedef struct Run
{
	const SmcEvaluation *evaluation;
	const SmcLayout *layout;
	const SmcCircuit *circuit;
	SmcOutcome *outcome;
	SmcArena   *arena;
	int			width;
	size_t		limbs;
	uint32	   *cells;			/* those that take part */
	size_t		count;
	size_t		words;			/* of a bit for each */
	uint64	  **numbers;		/* shares of the program's inputs */
	uint64	  **bits;
	uint64	  **values;			/* of each output, NULL where it is a bit */
	uint64	  **value_bits;
	uint64	  **digits;
	uint64	  **nulls;
	uint64	  **errors;			/* the last one is HAVING's */
	uint64	   *shown;
	int			secret_numbers; /* how many of the program's inputs are secrets */
	int			secret_bits;
	uint64	  **kept;			/* four of each keep: number, divisor; bit, NULL */
} Run;

static uint64 *
new_numbers(Run *run)
{
	return smc_arena_array(run->arena, run->count * run->limbs, sizeof(uint64));
}

static uint64 *
new_bits(Run *run)
{
	return smc_arena_array(run->arena, run->words, sizeof(uint64));
}

static bool
reaches(const Run *run, uint32 cell, const int16 *supports, int count)
{
	const bool *suffices = run->evaluation->suffices;

	for (int i = 0; suffices != NULL && i < count; i++)
	{
		if (!suffices[(size_t) cell * run->layout->slot_count + supports[i]])
			return false;
	}
	return true;
}

/* Find the cells that take part; those that HAVING can't be judged of are withheld. */
static SmcStatus
pick_cells(Run *run)
{
	const SmcLayout *layout = run->layout;
	const bool *suffices = run->evaluation->suffices;

	run->cells = smc_arena_array(run->arena, layout->cell_count, sizeof(uint32));
	if (run->cells == NULL)
		return SMC_ERR_MEMORY;
	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		/* slot 0 counts the cell's rows */
		if (suffices != NULL && !suffices[(size_t) cell * layout->slot_count])
			continue;
		if (!reaches(run, cell, run->circuit->shown_supports, run->circuit->shown_support_count))
		{
			run->outcome->withheld_cells++;
			continue;
		}
		run->cells[run->count++] = cell;
	}
	run->words = smc_bits_words(run->count);
	return SMC_OK;
}

/* ---- inputs ------------------------------------------------------------------------ */

/* The parties' own numbers of a slot, for the cells that take part. */
static void
own_numbers(const Run *run, int slot, SmcRing128 *own)
{
	for (size_t e = 0; e < run->count; e++)
		own[e] = run->evaluation->partials[(size_t) run->cells[e] * run->layout->slot_count + slot];
}

/* One of a secret's numbers, the same for all cells: the low words are its share in this ring. */
static bool
take_number(Run *run, int input, const uint64 *share)
{
	run->numbers[input] = new_numbers(run);
	for (size_t e = 0; e < run->count && run->numbers[input] != NULL; e++)
		memcpy(run->numbers[input] + e * run->limbs, share, run->limbs * sizeof(uint64));
	return run->numbers[input] != NULL;
}

static bool
take_bit(Run *run, int input, uint8 share)
{
	run->bits[input] = new_bits(run);
	if (run->bits[input] == NULL)
		return false;
	for (size_t w = 0; w < run->words; w++)
		run->bits[input][w] = -(uint64) (share & 1);
	run->bits[input][run->words - 1] &= smc_bits_tail(run->count);
	return true;
}

/* Secrets: our shares of them are there already. */
static SmcStatus
take_secrets(Run *run)
{
	const SmcCircuit *circuit = run->circuit;
	int			number = 0;
	int			bit = 0;
	bool		ok = true;

	for (int i = 0; i < circuit->secret_count && ok; i++)
	{
		const SmcSecretShare *share = &run->evaluation->secrets[i];

		if (circuit->secrets[i].has_num)
			ok = take_number(run, number++, share->num);
		if (ok && circuit->secrets[i].has_den)
			ok = take_number(run, number++, share->den);
		if (ok && circuit->secrets[i].has_bit)
			ok = take_bit(run, bit++, share->bit);
		if (ok && circuit->secrets[i].has_null)
			ok = take_bit(run, bit++, share->null);
	}
	return ok ? SMC_OK : SMC_ERR_MEMORY;
}

/* What is added up: all such inputs are shared as one vector. */
static SmcStatus
share_sums(Run *run)
{
	SmcEngine  *engine = run->evaluation->engine;
	const SmcCircuit *circuit = run->circuit;
	size_t		each = run->count * run->limbs;
	uint64	   *all = smc_arena_array(run->arena, (size_t) Max(circuit->number_count, 1) * each, sizeof(uint64));
	uint64	  **numbers = run->numbers + run->secret_numbers;
	size_t		used = 0;

	if (all == NULL)
		return SMC_ERR_MEMORY;
	for (int i = 0; i < circuit->number_count; i++)
	{
		int			slot = circuit->number_slots[i];

		if (slot < 0 || smc_layout_is_contest(&run->layout->slots[slot]))
			continue;
		numbers[i] = all + used * each;
		used++;
		for (size_t e = 0; e < run->count; e++)
		{
			SmcWide		part = smc_wide_from_ring(run->evaluation->partials[(size_t) run->cells[e] * run->layout->slot_count + slot]);

			smc_wide_put(numbers[i], run->width, e, &part);
		}
	}
	return smc_wide_share(engine->channel->self, engine->channel->party_count, run->evaluation->seeds,
						  run->evaluation->input_context, run->width, all, used * run->count);
}

/*
 * Different values.  Counting them tells all parties roughly how many there are, so it
 * is done only where they may be told of: elsewhere the number is 0, and what is
 * made of it is withheld.
 */
static SmcStatus
hold_distinct(Run *run, const SmcSlot *slot, uint64 *numbers)
{
	uint32	   *cells = smc_arena_array(run->arena, run->count, sizeof(uint32));
	uint64	   *found = smc_arena_array(run->arena, run->count * run->limbs, sizeof(uint64));
	size_t		count = 0;
	SmcStatus	status;

	if (cells == NULL || found == NULL)
		return SMC_ERR_MEMORY;
	for (size_t e = 0; e < run->count; e++)
	{
		if (slot->support < 0 || reaches(run, run->cells[e], &slot->support, 1))
			cells[count++] = run->cells[e];
	}
	status = smc_unite_count_wide(run->evaluation->engine, run->layout, run->evaluation->keys, slot, cells, count,
								  run->width, found);
	count = 0;
	for (size_t e = 0; e < run->count && status == SMC_OK; e++)
	{
		if (slot->support < 0 || reaches(run, run->cells[e], &slot->support, 1))
			memcpy(numbers + e * run->limbs, found + run->limbs * count++, run->limbs * sizeof(uint64));
	}
	return status;
}

/* What is found by a contest. */
static SmcStatus
hold_contests(Run *run)
{
	SmcEngine  *engine = run->evaluation->engine;
	const SmcCircuit *circuit = run->circuit;
	SmcRing128 *own = smc_arena_array(run->arena, run->count, sizeof(SmcRing128));
	uint64	  **numbers = run->numbers + run->secret_numbers;
	uint64	  **bits = run->bits + run->secret_bits;
	SmcStatus	status = own != NULL ? SMC_OK : SMC_ERR_MEMORY;

	for (int i = 0; i < circuit->number_count && status == SMC_OK; i++)
	{
		int			at = circuit->number_slots[i];
		const SmcSlot *slot = &run->layout->slots[Max(at, 0)];
		bool		largest = slot->kind == SMC_SLOT_MAX || slot->kind == SMC_SLOT_ARGMAX;
		bool		whose = slot->kind == SMC_SLOT_ARGMIN || slot->kind == SMC_SLOT_ARGMAX;

		if (at < 0 || !smc_layout_is_contest(slot))
			continue;
		numbers[i] = new_numbers(run);
		if (numbers[i] == NULL)
			return SMC_ERR_MEMORY;
		if (slot->kind == SMC_SLOT_DISTINCT)
		{
			status = hold_distinct(run, slot, numbers[i]);
			continue;
		}
		own_numbers(run, circuit->number_slots[i], own);
		status = smc_contest_extreme_wide(engine, run->width, largest, own,
										  whose ? NULL : numbers[i],
										  whose ? numbers[i] : NULL, run->count);
	}
	for (int i = 0; i < circuit->bit_count && status == SMC_OK; i++)
	{
		const SmcSlot *slot = &run->layout->slots[circuit->bit_slots[i]];

		bits[2 * i] = new_bits(run);
		bits[2 * i + 1] = new_bits(run);
		if (bits[2 * i] == NULL || bits[2 * i + 1] == NULL)
			return SMC_ERR_MEMORY;
		own_numbers(run, circuit->bit_slots[i], own);
		status = smc_contest_compare(engine, slot->parties[0], slot->parties[1], own,
									 bits[2 * i], bits[2 * i + 1], run->count);
	}
	return status;
}

/* Noise, made jointly: a fresh number for each cell. */
static SmcStatus
draw_noise(Run *run)
{
	const SmcCircuit *circuit = run->circuit;
	uint64	  **numbers = run->numbers + run->secret_numbers;
	SmcStatus	status = SMC_OK;

	for (int i = 0; i < circuit->number_count && status == SMC_OK; i++)
	{
		const SmcCircuitNoise *noise;
		SmcNoisePlan plan;

		if (circuit->number_slots[i] >= 0)
			continue;
		noise = &circuit->noises[-1 - circuit->number_slots[i]];
		numbers[i] = new_numbers(run);
		if (numbers[i] == NULL)
			return SMC_ERR_MEMORY;
		status = smc_noise_plan(noise->numerator, noise->denominator, &plan);
		if (status == SMC_OK)
			status = smc_noise_laplace(run->evaluation->engine, run->width, &plan, numbers[i], run->count);
	}
	return status;
}

/* ---- the program ---------------------------------------------------------------------- */

/* The nodes wanted of a run, and where they go. */
typedef struct Wanted
{
	int		   *nodes;
	uint64	  **numbers;
	uint64	  **bits;
	size_t		count;
	bool		failed;			/* out of memory */
} Wanted;

static uint64 *
want(Run *run, Wanted *wanted, int node, bool is_bit)
{
	uint64	   *to;

	if (node < 0)
		return NULL;
	to = is_bit ? new_bits(run) : new_numbers(run);
	wanted->failed |= to == NULL;
	wanted->nodes[wanted->count] = node;
	wanted->numbers[wanted->count] = is_bit ? NULL : to;
	wanted->bits[wanted->count++] = is_bit ? to : NULL;
	return to;
}

static SmcStatus
run_program(Run *run)
{
	const SmcCircuit *circuit = run->circuit;
	size_t		cap = 4 * (size_t) (circuit->output_count + circuit->keep_count) + 2;
	Wanted		wanted = {0};

	wanted.nodes = smc_arena_array(run->arena, cap, sizeof(int));
	wanted.numbers = smc_arena_array(run->arena, cap, sizeof(uint64 *));
	wanted.bits = smc_arena_array(run->arena, cap, sizeof(uint64 *));
	if (wanted.nodes == NULL || wanted.numbers == NULL || wanted.bits == NULL)
		return SMC_ERR_MEMORY;
	for (int i = 0; i < circuit->output_count; i++)
	{
		const SmcCircuitOutput *out = &circuit->outputs[i];

		if (out->is_bit)
			run->value_bits[i] = want(run, &wanted, out->value, true);
		else
			run->values[i] = want(run, &wanted, out->value, false);
		run->digits[i] = want(run, &wanted, out->digits, false);
		run->nulls[i] = want(run, &wanted, out->null, true);
		run->errors[i] = want(run, &wanted, out->error, true);
	}
	run->errors[circuit->output_count] = want(run, &wanted, circuit->shown_error, true);
	run->shown = want(run, &wanted, circuit->shown, true);
	for (int i = 0; i < circuit->keep_count; i++)
	{
		const SmcCircuitKeep *keep = &circuit->keeps[i];

		run->kept[4 * i] = want(run, &wanted, keep->num, false);
		run->kept[4 * i + 1] = want(run, &wanted, keep->den, false);
		run->kept[4 * i + 2] = want(run, &wanted, keep->bit, true);
		run->kept[4 * i + 3] = want(run, &wanted, keep->null, true);
	}
	if (wanted.failed)
		return SMC_ERR_MEMORY;
	return smc_program_run(circuit->program, run->evaluation->engine, run->width, run->count,
						   (const uint64 *const *) run->numbers, (const uint64 *const *) run->bits,
						   wanted.nodes, wanted.count, wanted.numbers, wanted.bits);
}

/* Keep a bit of ours only in cells where the output isn't withheld: elsewhere all parties have 0. */
static void
blank_withheld(Run *run, int output, uint64 *bits)
{
	const SmcCircuitOutput *out = &run->circuit->outputs[output];

	for (size_t e = 0; e < run->count; e++)
	{
		if (!reaches(run, run->cells[e], out->supports, out->support_count))
			bits[e / 64] &= ~(UINT64CONST(1) << (e % 64));
	}
}

/* ---- errors ------------------------------------------------------------------------------ */

/* The bits of an error that all parties may know of: an output's, or, past them, HAVING's; NULL if there are none. */
static uint64 *
public_errors(const Run *run, int output)
{
	const SmcCircuit *circuit = run->circuit;
	bool		is_public = output == circuit->output_count ? circuit->shown_error_is_public :
		circuit->outputs[output].error_is_public;

	return is_public ? run->errors[output] : NULL;
}

/* Whether any such bit is set, opened to all parties: NOT AND of NOTs, by halves. */
static SmcStatus
check_errors(Run *run)
{
	SmcEngine  *engine = run->evaluation->engine;
	const SmcCircuit *circuit = run->circuit;
	size_t		total = 0;
	uint64	   *bits;
	uint64	   *high;
	uint64	   *low;
	size_t		room = ((size_t) circuit->output_count + 1) * run->words + 1;
	SmcStatus	status = SMC_OK;

	bits = smc_arena_array(run->arena, room, sizeof(uint64));
	high = smc_arena_array(run->arena, room, sizeof(uint64));
	low = smc_arena_array(run->arena, room, sizeof(uint64));
	if (bits == NULL || high == NULL || low == NULL)
		return SMC_ERR_MEMORY;
	for (int i = 0; i <= circuit->output_count; i++)
	{
		uint64	   *errors = public_errors(run, i);

		if (errors == NULL)
			continue;
		/* what is withheld raises nothing */
		if (i < circuit->output_count)
			blank_withheld(run, i, errors);
		smc_bits_insert(bits, total, errors, run->count);
		total += run->count;
	}
	if (total == 0)
		return SMC_OK;
	if (engine->channel->self == 0)
	{
		for (size_t w = 0; w < smc_bits_words(total); w++)
			bits[w] = ~bits[w];
		bits[smc_bits_words(total) - 1] &= smc_bits_tail(total);
	}
	while (total > 1 && status == SMC_OK)
	{
		size_t		half = total / 2;

		smc_bits_extract(high, bits, total - half, half);
		/* the middle one of an odd number waits */
		smc_bits_extract(low, bits, 0, half);
		status = smc_boolean_and(engine, low, high, high, half);
		if (status == SMC_OK)
			smc_bits_insert(bits, 0, high, half);
		total -= half;
	}
	if (status == SMC_OK)
		status = smc_boolean_open(engine, bits, bits, 1);
	if (status == SMC_OK)
		run->outcome->division_by_zero = (bits[0] & 1) == 0;
	return status;
}

/* ---- opening -------------------------------------------------------------------------------- */

/* All bits in one round. */
static SmcStatus
open_bits(Run *run)
{
	SmcEngine  *engine = run->evaluation->engine;
	const SmcCircuit *circuit = run->circuit;
	SmcStatus	status = SMC_OK;

	for (int pass = 0; pass < 2; pass++)
	{
		if (pass == 1)
			smc_channel_round(engine->channel);
		for (int i = 0; i <= circuit->output_count && status == SMC_OK; i++)
		{
			bool		is_shown = i == circuit->output_count;
			uint64	   *vectors[3] = {is_shown ? run->shown : run->value_bits[i],
				is_shown ? NULL : run->nulls[i],
			public_errors(run, i) == NULL ? run->errors[i] : NULL};
			uint16		recipients = is_shown ? circuit->shown_recipients : circuit->outputs[i].recipients;

			for (int v = 0; v < 3 && status == SMC_OK; v++)
			{
				if (vectors[v] == NULL)
					continue;
				if (pass == 0 && !is_shown)
					blank_withheld(run, i, vectors[v]);
				status = pass == 0 ? smc_boolean_tell(engine, vectors[v], recipients, run->count) :
					smc_boolean_hear(engine, vectors[v], recipients, run->count);
			}
		}
	}
	return status;
}

/* All numbers in one vector, re-masked so that shares say nothing of how they came about. */
static SmcStatus
open_numbers(Run *run)
{
	const SmcEvaluation *evaluation = run->evaluation;
	const SmcCircuit *circuit = run->circuit;
	SmcChannel *channel = evaluation->engine->channel;
	size_t		each = run->count * run->limbs;
	size_t		vectors = 0;
	uint64	   *all;
	uint16	   *recipients;
	SmcStatus	status;

	all = smc_arena_array(run->arena, 2 * (size_t) Max(circuit->output_count, 1) * each, sizeof(uint64));
	recipients = smc_arena_array(run->arena, 2 * (size_t) Max(circuit->output_count, 1) * run->count, sizeof(uint16));
	if (all == NULL || recipients == NULL)
		return SMC_ERR_MEMORY;
	for (int i = 0; i < circuit->output_count; i++)
	{
		const SmcCircuitOutput *out = &circuit->outputs[i];

		for (int v = 0; v < 2; v++)
		{
			const uint64 *numbers = v == 0 ? run->values[i] : run->digits[i];

			if (numbers == NULL)
				continue;
			memcpy(all + vectors * each, numbers, each * sizeof(uint64));
			for (size_t e = 0; e < run->count; e++)
				recipients[vectors * run->count + e] =
					reaches(run, run->cells[e], out->supports, out->support_count) ? out->recipients : 0;
			vectors++;
		}
	}
	if (vectors == 0)
		return SMC_OK;
	status = smc_wide_share(channel->self, channel->party_count, evaluation->seeds,
							evaluation->output_context, run->width, all, vectors * run->count);
	if (status == SMC_OK)
		status = smc_wide_open(channel, run->width, all, recipients, vectors * run->count, all);
	vectors = 0;
	for (int i = 0; i < circuit->output_count && status == SMC_OK; i++)
	{
		if (run->values[i] != NULL)
			memcpy(run->values[i], all + each * vectors++, each * sizeof(uint64));
		if (run->digits[i] != NULL)
			memcpy(run->digits[i], all + each * vectors++, each * sizeof(uint64));
	}
	return status;
}

static bool
get_bit(const uint64 *bits, size_t e)
{
	return bits != NULL && ((bits[e / 64] >> (e % 64)) & 1) != 0;
}

/*
 * What is kept: shares as they are, of the one cell, under fresh masks.  The
 * masks of all parties add up to zero, and so do their lowest bits modulo 2.
 */
static SmcStatus
keep_shares(Run *run)
{
	const SmcEvaluation *evaluation = run->evaluation;
	const SmcCircuit *circuit = run->circuit;
	SmcChannel *channel = evaluation->engine->channel;
	size_t		count = 4 * (size_t) circuit->keep_count;
	uint64	   *all;
	SmcStatus	status;

	if (count == 0 || run->outcome->keeps_withheld)
		return SMC_OK;
	all = smc_arena_array(run->arena, count * run->limbs, sizeof(uint64));
	if (all == NULL)
		return SMC_ERR_MEMORY;
	for (size_t i = 0; i < count; i++)
	{
		if (run->kept[i] != NULL)
			memcpy(all + i * run->limbs, run->kept[i], (i % 4 < 2 ? run->limbs : 1) * sizeof(uint64));
	}
	status = smc_wide_share(channel->self, channel->party_count, evaluation->seeds, evaluation->keep_context,
							run->width, all, count);
	for (int i = 0; i < circuit->keep_count && status == SMC_OK; i++)
	{
		SmcSecretShare *share = &run->outcome->kept[i];
		const uint64 *values = all + 4 * i * run->limbs;

		if (run->kept[4 * i] != NULL)
			memcpy(share->num, values, sizeof(share->num));
		if (run->kept[4 * i + 1] != NULL)
			memcpy(share->den, values + run->limbs, sizeof(share->den));
		if (run->kept[4 * i + 2] != NULL)
			share->bit = values[2 * run->limbs] & 1;
		if (run->kept[4 * i + 3] != NULL)
			share->null = values[3 * run->limbs] & 1;
	}
	return status;
}

/* Whether all that is to be kept rests on enough rows, as all parties know: else nothing is kept. */
static void
check_keeps(Run *run)
{
	for (int i = 0; i < run->circuit->keep_count; i++)
	{
		const SmcCircuitKeep *keep = &run->circuit->keeps[i];

		if (run->count == 0 || !reaches(run, run->cells[0], keep->supports, keep->support_count))
			run->outcome->keeps_withheld = true;
	}
}

/* What was opened to us goes into the outcome. */
static void
fill_outcome(Run *run)
{
	const SmcCircuit *circuit = run->circuit;
	uint16		self = 1 << run->evaluation->engine->channel->self;

	for (size_t e = 0; e < run->count; e++)
	{
		uint32		cell = run->cells[e];

		run->outcome->shown[cell] = run->shown == NULL ||
			((circuit->shown_recipients & self) && get_bit(run->shown, e));
		run->outcome->told_division_by_zero |= !circuit->shown_error_is_public &&
			(circuit->shown_recipients & self) && get_bit(run->errors[circuit->output_count], e);
		for (int i = 0; i < circuit->output_count; i++)
		{
			const SmcCircuitOutput *out = &circuit->outputs[i];
			SmcJointFigure *figure = &run->outcome->figures[(size_t) cell * circuit->output_count + i];

			if (!reaches(run, cell, out->supports, out->support_count))
			{
				/* told of where the group is: that isn't known of others */
				figure->state = SMC_ELEMENT_WITHHELD;
				/* a model's parts are one figure */
				if (run->outcome->shown[cell] && out->is_bucket)
					run->outcome->withheld_buckets++;
				else if (run->outcome->shown[cell] && (i == 0 || circuit->outputs[i - 1].output != out->output))
					run->outcome->withheld_figures++;
				continue;
			}
			if ((out->recipients & self) == 0)
				continue;
			figure->state = SMC_ELEMENT_OPENED;
			run->outcome->told_division_by_zero |= !out->error_is_public && get_bit(run->errors[i], e);
			figure->is_null = get_bit(run->nulls[i], e);
			figure->bit = get_bit(run->value_bits[i], e);
			if (run->values[i] != NULL)
				figure->value = smc_wide_get(run->values[i], run->width, e);
			figure->digits = out->scale;
			if (run->digits[i] != NULL)
				figure->digits = (int16) smc_wide_get(run->digits[i], run->width, e).limb[0];
		}
	}
}

/* Room for one vector an output. */
static uint64 **
new_vectors(Run *run, size_t count)
{
	return smc_arena_array(run->arena, count + 1, sizeof(uint64 *));
}

SmcStatus
smc_evaluate_run(const SmcEvaluation *evaluation, SmcOutcome *outcome)
{
	const SmcCircuit *circuit = evaluation->layout->circuit;
	Run			run = {evaluation, evaluation->layout, circuit, outcome};
	SmcStatus	status = SMC_ERR_MEMORY;

	run.arena = smc_arena_create();
	if (run.arena == NULL)
		return status;
	run.width = smc_circuit_width(circuit);
	run.limbs = (size_t) run.width / 64;
	smc_circuit_secret_inputs(circuit, &run.secret_numbers, &run.secret_bits);
	run.numbers = new_vectors(&run, (size_t) run.secret_numbers + circuit->number_count);
	run.bits = new_vectors(&run, (size_t) run.secret_bits + 2 * (size_t) circuit->bit_count);
	run.kept = new_vectors(&run, 4 * (size_t) circuit->keep_count);
	run.values = new_vectors(&run, circuit->output_count);
	run.value_bits = new_vectors(&run, circuit->output_count);
	run.digits = new_vectors(&run, circuit->output_count);
	run.nulls = new_vectors(&run, circuit->output_count);
	run.errors = new_vectors(&run, circuit->output_count + 1);
	if (run.numbers == NULL || run.bits == NULL || run.values == NULL || run.value_bits == NULL ||
		run.digits == NULL || run.nulls == NULL || run.errors == NULL || run.kept == NULL)
		goto done;
	status = pick_cells(&run);
	if (status == SMC_OK)
		check_keeps(&run);
	if (status != SMC_OK || run.count == 0)
		goto done;
	if ((status = take_secrets(&run)) == SMC_OK &&
		(status = share_sums(&run)) == SMC_OK &&
		(status = hold_contests(&run)) == SMC_OK &&
		(status = draw_noise(&run)) == SMC_OK &&
		(status = run_program(&run)) == SMC_OK &&
		(status = check_errors(&run)) == SMC_OK &&
		!outcome->division_by_zero &&
		(status = open_bits(&run)) == SMC_OK &&
		(status = open_numbers(&run)) == SMC_OK &&
		(status = keep_shares(&run)) == SMC_OK)
		fill_outcome(&run);
done:
	smc_arena_destroy(run.arena);
	return status;
}
