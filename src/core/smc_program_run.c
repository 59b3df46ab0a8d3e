/*
 * Programs over shares: running one.
 *
 * The plan's steps, a chunk of elements at a time.  A step that is a protocol
 * lines its nodes' vectors up in one, runs it, and cuts the answer up again.
 * What is computed is secret and lives in one arena, wiped at the end; a
 * vector that nobody will read any more serves for another node.
 *
 * Constant time in all shares.
 */
#include "smc_program_impl.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_compare.h"
#include "smc_limbs.h"
#include "smc_scaled.h"
#include "smc_size.h"

/* Vectors of one kind that are free to use. */
typedef struct Pool
{
	size_t		words;			/* of each */
	uint64_t  **spare;
	int			count;
} Pool;

/* One run. */
typedef struct Run
{
	const SmcProgram *program;
	SmcEngine  *engine;
	SmcPlan		plan;
	SmcArena   *arena;
	size_t		limbs;			/* of a number */
	size_t		count;			/* elements of this chunk */
	const uint64_t **vectors;	/* by node: its shares, when it has been run */
	uint64_t  **owned;			/* the same, but for inputs */
	int		   *left;			/* by node: how often it will still be read */
	int		   *sizes;			/* by node: its entry in a step of sizes, from one; else 0 */
	Pool		numbers;
	Pool		bits;
} Run;

static bool
is_bit(const Run *run, int node)
{
	return smc_program_node_is_bit(&run->program->nodes[node]);
}

/* ---- vectors -------------------------------------------------------------------- */

/* A vector for a node's shares; NULL when out of memory. */
static uint64_t *
new_vector(Run *run, int node)
{
	Pool	   *pool = is_bit(run, node) ? &run->bits : &run->numbers;
	uint64_t   *vector = pool->count > 0 ? pool->spare[--pool->count] :
		smc_arena_array(run->arena, pool->words, sizeof(uint64_t));

	run->owned[node] = vector;
	run->vectors[node] = vector;
	return vector;
}

/* A node has been read once. */
static void
release(Run *run, int node)
{
	Pool	   *pool = is_bit(run, node) ? &run->bits : &run->numbers;

	if (--run->left[node] > 0)
		return;
	if (run->owned[node] != NULL)
		pool->spare[pool->count++] = run->owned[node];
	run->owned[node] = NULL;
	run->vectors[node] = NULL;
}

/* ---- what needs no message --------------------------------------------------------- */

/* out = x * factor */
static void
scale(uint64_t *out, const uint64_t *x, const SmcWide *factor, size_t limbs, size_t count)
{
	for (size_t e = 0; e < count; e++)
		smc_limbs_multiply(out + e * limbs, x + e * limbs, factor->limb, limbs);
}

/* The first party's share of a constant is all of it. */
static void
fill(const Run *run, uint64_t *out, const SmcWide *value)
{
	for (size_t e = 0; e < run->count; e++)
	{
		for (size_t limb = 0; limb < run->limbs; limb++)
			out[e * run->limbs + limb] = run->engine->channel->self == 0 ? value->limb[limb] : 0;
	}
}

/* All bits set, at the first party: what XORed in is a NOT. */
static uint64_t
ones(const Run *run, bool set)
{
	return set && run->engine->channel->self == 0 ? ~UINT64_C(0) : 0;
}

static SmcStatus
run_local(Run *run, int index)
{
	const SmcNode *node = &run->program->nodes[index];
	const uint64_t *a = smc_program_node_args(node) > 0 ? run->vectors[node->a] : NULL;
	const uint64_t *b = smc_program_node_args(node) > 1 ? run->vectors[node->b] : NULL;
	size_t		words = smc_bits_words(run->count);
	uint64_t   *out;

	if (node->kind == SMC_NODE_INPUT || node->kind == SMC_NODE_BIT_INPUT)
		return SMC_OK;			/* its vector is there */
	out = new_vector(run, index);
	if (out == NULL)
		return SMC_ERR_MEMORY;
	switch (node->kind)
	{
		case SMC_NODE_CONSTANT:
			fill(run, out, &node->value);
			break;
		case SMC_NODE_ADD:
			smc_limbs_add_all(out, a, b, run->limbs, run->count);
			break;
		case SMC_NODE_SUBTRACT:
			smc_limbs_subtract_all(out, a, b, run->limbs, run->count);
			break;
		case SMC_NODE_SCALE:
			scale(out, a, &node->value, run->limbs, run->count);
			break;
		case SMC_NODE_BIT_CONSTANT:
			for (size_t i = 0; i < words; i++)
				out[i] = ones(run, node->a != 0);
			out[words - 1] &= smc_bits_tail(run->count);
			break;
		case SMC_NODE_NOT:
			for (size_t i = 0; i < words; i++)
				out[i] = a[i] ^ ones(run, true);
			out[words - 1] &= smc_bits_tail(run->count);
			break;
		case SMC_NODE_XOR:
			for (size_t i = 0; i < words; i++)
				out[i] = a[i] ^ b[i];
			break;
		default:
			return SMC_ERR_ARGUMENT;
	}
	return SMC_OK;
}

/* ---- protocols ---------------------------------------------------------------------- */

/* One step's vectors, entry by entry of count elements each. */
typedef struct Lineup
{
	uint64_t   *x;
	uint64_t   *y;
	uint64_t   *s;				/* bits */
	uint64_t   *t;
	uint64_t   *out;			/* numbers, or bits */
	size_t		total;
} Lineup;

static const SmcNode *
step_node(const Run *run, const SmcStep *step, int k)
{
	return &run->program->nodes[run->plan.list[step->first + k]];
}

/* Entry k of to = from's low limbs, or those of its negative. */
static void
put_number(const Run *run, uint64_t *to, size_t limbs, int k, const uint64_t *from, bool minus)
{
	to += (size_t) k * run->count * limbs;
	smc_limbs_resize_all(to, limbs, from, run->limbs, run->count);
	for (size_t e = 0; e < run->count && minus; e++)
		smc_limbs_negate(to + e * limbs, to + e * limbs, limbs);
}

static void
put_bits(const Run *run, uint64_t *to, int k, const uint64_t *from)
{
	smc_bits_insert(to, (size_t) k * run->count, from, run->count);
}

/* The vectors that a step of that kind needs. */
static bool
allocate(const Run *run, const SmcStep *step, SmcArena *arena, Lineup *l)
{
	bool		bits = step->kind == SMC_STEP_AND || step->kind == SMC_STEP_TIMES_BIT;
	bool		numbers = step->kind != SMC_STEP_AND;
	bool		two = step->kind == SMC_STEP_MULTIPLY || step->kind == SMC_STEP_DIVIDE;
	bool		compare = step->kind == SMC_STEP_NEGATIVE || step->kind == SMC_STEP_ZERO;
	bool		size = step->kind == SMC_STEP_SIZE;
	size_t		words;
	size_t		out_words;
	size_t		bit_words;

	l->total = (size_t) step->entries * run->count;
	words = l->total * (compare ? (size_t) step->width / 64 : run->limbs);
	bit_words = smc_bits_words(l->total);
	l->x = numbers ? smc_arena_array(arena, words, sizeof(uint64_t)) : NULL;
	l->y = two ? smc_arena_array(arena, words, sizeof(uint64_t)) : NULL;
	l->s = bits ? smc_arena_array(arena, bit_words, sizeof(uint64_t)) : NULL;
	l->t = step->kind == SMC_STEP_AND ? smc_arena_array(arena, bit_words, sizeof(uint64_t)) : NULL;
	out_words = size ? smc_bits_words(l->total * (size_t) step->bits) :
		compare || step->kind == SMC_STEP_AND ? bit_words : words;
	l->out = smc_arena_array(arena, out_words, sizeof(uint64_t));
	return (!numbers || l->x != NULL) && (!two || l->y != NULL) && (!bits || l->s != NULL) &&
		(step->kind != SMC_STEP_AND || l->t != NULL) && l->out != NULL;
}

static void
line_up(const Run *run, const SmcStep *step, Lineup *l)
{
	static const SmcWide one = {{1}};
	int			entry = 0;

	for (int k = 0; k < step->count; k++)
	{
		const SmcNode *node = step_node(run, step, k);
		const uint64_t *a = run->vectors[node->a];
		const uint64_t *b = smc_program_node_args(node) > 1 ? run->vectors[node->b] : NULL;
		size_t		narrow = (size_t) step->width / 64;

		switch (node->kind)
		{
			case SMC_NODE_AND:
				put_bits(run, l->s, entry, a);
				put_bits(run, l->t, entry++, b);
				break;
			case SMC_NODE_NEGATIVE:
				put_number(run, l->x, narrow, entry++, a, false);
				break;
			case SMC_NODE_ZERO:
				if (step->kind == SMC_STEP_ZERO)
					put_number(run, l->x, narrow, entry++, a, false);
				else
				{
					const SmcRange *range = &run->program->nodes[node->a].range;

					if (!smc_range_from_zero(range))
						put_number(run, l->x, narrow, entry++, a, false);
					if (!smc_range_to_zero(range))
						put_number(run, l->x, narrow, entry++, a, true);
				}
				break;
			case SMC_NODE_FROM_BIT:
				put_bits(run, l->s, entry, a);
				fill(run, l->x + (size_t) entry++ * run->count * run->limbs, &one);
				break;
			case SMC_NODE_REACHED:
				if (run->sizes[node->a] != 0)
					break;
				put_number(run, l->x, run->limbs, entry++, a, false);
				run->sizes[node->a] = entry;
				break;
			case SMC_NODE_TIMES_BIT:
				put_bits(run, l->s, entry, a);
				put_number(run, l->x, run->limbs, entry++, b, false);
				break;
			default:
				put_number(run, l->x, run->limbs, entry, a, false);
				if (l->y != NULL)
					put_number(run, l->y, run->limbs, entry, b, false);
				entry++;
				break;
		}
	}
}

/* Scale down each node's number by its own places, in one message. */
static SmcStatus
cut(Run *run, const SmcStep *step, const Lineup *l)
{
	size_t		count = (size_t) step->count;
	size_t		each = run->count * run->limbs;
	SmcArena   *arena = smc_arena_create();
	SmcScaling *scalings = arena ? smc_arena_array(arena, count, sizeof(*scalings)) : NULL;
	SmcScaled  *scaled = arena ? smc_arena_array(arena, count, sizeof(*scaled)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (scalings != NULL && scaled != NULL)
	{
		for (size_t k = 0; k < count; k++)
		{
			const SmcNode *node = step_node(run, step, (int) k);

			scalings[k] = (SmcScaling) {run->plan.width, l->x + k * each, smc_program_cut_bits(run->program, node),
				smc_program_node_places(node), run->program->party_count / 2, &scaled[k]};
		}
		status = smc_scaled_down(run->engine, scalings, count, run->count, arena);
	}
	for (size_t k = 0; k < count && status == SMC_OK; k++)
		smc_scaled_ring(run->engine, &scaled[k], run->plan.width, l->out + k * each, run->count);
	smc_arena_destroy(arena);
	return status;
}

static SmcStatus
call(Run *run, const SmcStep *step, const Lineup *l)
{
	SmcEngine  *engine = run->engine;
	int			width = run->plan.width;

	if (l->total == 0)
		return SMC_OK;
	switch (step->kind)
	{
		case SMC_STEP_AND:
			return smc_boolean_and(engine, l->s, l->t, l->out, l->total);
		case SMC_STEP_NEGATIVE:
			return smc_compare_negative(engine, step->width, l->x, l->out, l->total);
		case SMC_STEP_ZERO:
			return smc_compare_zero(engine, step->width, l->x, l->out, l->total);
		case SMC_STEP_TIMES_BIT:
			return smc_arith_times_bit(engine, width, l->s, l->x, l->out, l->total);
		case SMC_STEP_MULTIPLY:
			return smc_arith_multiply(engine, width, l->x, l->y, l->out, l->total);
		case SMC_STEP_DIVIDE:
			return smc_wide_divide(engine, width, step->bits, step->b_bits, l->x, l->y, l->out, l->total);
		case SMC_STEP_SHIFT:
			return smc_wide_shift_right(engine, width, step->bits, step->b_bits, l->x, l->out, l->total);
		case SMC_STEP_ROOT:
			return smc_wide_root(engine, width, step->bits, l->x, l->out, l->total);
		case SMC_STEP_CUT:
			return cut(run, step, l);
		case SMC_STEP_SIZE:
			return smc_size_reached(engine, width, step->bits, l->x, l->out, l->total);
		default:
			return SMC_ERR_ARGUMENT;
	}
}

/* A zero test's answer of signs: no x or -x is below zero. */
static void
zero_of_signs(const Run *run, const SmcNode *node, uint64_t *out, const uint64_t *signs, int *entry, SmcArena *arena,
			  SmcStatus *status)
{
	size_t		words = smc_bits_words(run->count);
	uint64_t   *sign = smc_arena_array(arena, words, sizeof(uint64_t));

	if (sign == NULL)
	{
		*status = SMC_ERR_MEMORY;
		return;
	}
	for (size_t i = 0; i < words; i++)
		out[i] = ones(run, true);
	for (int k = smc_program_zero_signs(&run->program->nodes[node->a]); k > 0; k--)
	{
		smc_bits_extract(sign, signs, (size_t) (*entry)++ * run->count, run->count);
		smc_bits_xor(out, sign, words);
	}
	out[words - 1] &= smc_bits_tail(run->count);
}

/* Each node's part of the answer. */
static SmcStatus
cut_up(Run *run, const SmcStep *step, const Lineup *l, SmcArena *arena)
{
	SmcStatus	status = SMC_OK;
	int			entry = 0;

	for (int k = 0; k < step->count && status == SMC_OK; k++)
	{
		int			index = run->plan.list[step->first + k];
		const SmcNode *node = &run->program->nodes[index];
		uint64_t   *out = new_vector(run, index);

		if (out == NULL)
			return SMC_ERR_MEMORY;
		if (node->kind == SMC_NODE_ZERO && step->kind == SMC_STEP_NEGATIVE)
			zero_of_signs(run, node, out, l->out, &entry, arena, &status);
		else if (node->kind == SMC_NODE_REACHED)
			smc_bits_extract(out, l->out, (size_t) smc_program_node_places(node) * l->total +
							 (size_t) (run->sizes[node->a] - 1) * run->count, run->count);
		else if (is_bit(run, index))
			smc_bits_extract(out, l->out, (size_t) entry++ * run->count, run->count);
		else
			memcpy(out, l->out + (size_t) entry++ * run->count * run->limbs,
				   run->count * run->limbs * sizeof(uint64_t));
	}
	for (int k = 0; k < step->count; k++)
	{
		if (step_node(run, step, k)->kind == SMC_NODE_REACHED)
			run->sizes[step_node(run, step, k)->a] = 0;
	}
	return status;
}

static SmcStatus
run_protocol(Run *run, const SmcStep *step)
{
	SmcArena   *arena = smc_arena_create();
	Lineup		l;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (arena != NULL && allocate(run, step, arena, &l))
	{
		line_up(run, step, &l);
		status = call(run, step, &l);
	}
	if (status == SMC_OK)
		status = cut_up(run, step, &l, arena);
	smc_arena_destroy(arena);
	return status;
}

/* ---- the run --------------------------------------------------------------------------- */

/* Elements from `at` on: point to the inputs, run the steps, copy the outputs. */
static SmcStatus
run_chunk(Run *run, size_t at, const uint64_t *const *inputs, const uint64_t *const *bits,
		  const int *wanted, size_t wanted_count, uint64_t *const *numbers, uint64_t *const *bit_outputs)
{
	const SmcProgram *program = run->program;
	SmcStatus	status = SMC_OK;

	memcpy(run->left, run->plan.uses, (size_t) program->node_count * sizeof(int));
	for (int i = 0; i < program->node_count; i++)
	{
		if (program->nodes[i].kind == SMC_NODE_INPUT)
			run->vectors[i] = inputs[program->nodes[i].a] + at * run->limbs;
		else if (program->nodes[i].kind == SMC_NODE_BIT_INPUT)
			run->vectors[i] = bits[program->nodes[i].a] + at / 64;
	}
	for (int s = 0; s < run->plan.step_count && status == SMC_OK; s++)
	{
		const SmcStep *step = &run->plan.steps[s];

		if (step->kind != SMC_STEP_LOCAL)
			status = run_protocol(run, step);
		for (int k = 0; k < step->count && status == SMC_OK; k++)
		{
			const SmcNode *node = step_node(run, step, k);

			if (step->kind == SMC_STEP_LOCAL)
				status = run_local(run, run->plan.list[step->first + k]);
			for (int i = 0; i < smc_program_node_args(node); i++)
				release(run, i == 0 ? node->a : node->b);
		}
	}
	for (size_t k = 0; k < wanted_count && status == SMC_OK; k++)
	{
		const uint64_t *vector = run->vectors[wanted[k]];

		if (is_bit(run, wanted[k]))
			memcpy(bit_outputs[k] + at / 64, vector, smc_bits_words(run->count) * sizeof(uint64_t));
		else
			memcpy(numbers[k] + at * run->limbs, vector, run->count * run->limbs * sizeof(uint64_t));
	}
	for (size_t k = 0; k < wanted_count && status == SMC_OK; k++)
		release(run, wanted[k]);
	return status;
}

/* Everything that a run holds, from its arena. */
static SmcStatus
prepare(Run *run, int width, size_t count, size_t chunk_max, const int *wanted, size_t wanted_count)
{
	size_t		nodes = (size_t) run->program->node_count;
	SmcStatus	status = smc_program_plan(run->program, width, count, wanted, wanted_count, run->arena, &run->plan);

	if (status != SMC_OK)
		return status;
	if (run->plan.chunk > chunk_max)
		run->plan.chunk = chunk_max;
	run->limbs = (size_t) width / 64;
	run->numbers.words = run->plan.chunk * run->limbs;
	run->bits.words = run->plan.chunk / 64;
	run->numbers.spare = smc_arena_array(run->arena, nodes, sizeof(uint64_t *));
	run->bits.spare = smc_arena_array(run->arena, nodes, sizeof(uint64_t *));
	run->vectors = smc_arena_array(run->arena, nodes, sizeof(uint64_t *));
	run->owned = smc_arena_array(run->arena, nodes, sizeof(uint64_t *));
	run->left = smc_arena_array(run->arena, nodes, sizeof(int));
	run->sizes = smc_arena_array(run->arena, nodes, sizeof(int));
	return run->numbers.spare != NULL && run->bits.spare != NULL && run->vectors != NULL && run->owned != NULL &&
		run->left != NULL && run->sizes != NULL ? SMC_OK : SMC_ERR_MEMORY;
}

SmcStatus
smc_program_run_by(const SmcProgram *program, SmcEngine *engine, int width, size_t count, size_t chunk_max,
				   const uint64_t *const *inputs, const uint64_t *const *bits,
				   const int *wanted, size_t wanted_count,
				   uint64_t *const *numbers, uint64_t *const *bit_outputs)
{
	Run			run;
	SmcStatus	status = smc_program_status(program);

	if (status != SMC_OK)
		return status;
	if (program->party_count != engine->channel->party_count || width < smc_program_width(program) ||
		width > SMC_WIDTH_MAX || width % 64 != 0)
		return SMC_ERR_ARGUMENT;
	for (size_t k = 0; k < wanted_count; k++)
	{
		if (wanted[k] < 0 || wanted[k] >= program->node_count)
			return SMC_ERR_ARGUMENT;
	}
	if (count == 0 || wanted_count == 0)
		return SMC_OK;
	memset(&run, 0, sizeof(run));
	run.program = program;
	run.engine = engine;
	run.arena = smc_arena_create();
	status = run.arena ? prepare(&run, width, count, chunk_max, wanted, wanted_count) : SMC_ERR_MEMORY;
	for (size_t at = 0; at < count && status == SMC_OK; at += run.plan.chunk)
	{
		run.count = count - at < run.plan.chunk ? count - at : run.plan.chunk;
		status = run_chunk(&run, at, inputs, bits, wanted, wanted_count, numbers, bit_outputs);
	}
	smc_arena_destroy(run.arena);
	return status;
}

SmcStatus
smc_program_run(const SmcProgram *program, SmcEngine *engine, int width, size_t count,
				const uint64_t *const *inputs, const uint64_t *const *bits,
				const int *wanted, size_t wanted_count,
				uint64_t *const *numbers, uint64_t *const *bit_outputs)
{
	return smc_program_run_by(program, engine, width, count, SIZE_MAX, inputs, bits, wanted, wanted_count,
							  numbers, bit_outputs);
}
