/*
 * Programs over shares: in which order nodes are run, and what that costs.
 *
 * Steps take turns: all that needs no message, then all ready nodes of one kind
 * of protocol as one vector, the kind of the node after which there are the most
 * rounds to the end.  (Random programs take some 1.3 times the rounds of their
 * longest path; a tenth more if the node's own rounds are counted in.)  Zero
 * tests may go with signs, of x and -x (x = 0 where neither is below zero), and
 * narrow comparisons and divisions with wide ones, where the rounds saved are
 * worth the bytes (smc_cost_weight).  Nodes that nobody needs are planned, and
 * then left out, so that a run of fewer nodes never takes more rounds than one of all.
 *
 * All of this is public, and the same at all parties.
 */
#include "smc_program_impl.h"

#include <string.h>

#define MEMORY			(128 << 20)	/* bytes that a chunk's vectors may take, roughly */
#define CHUNK_MIN		1024
#define INNER_VECTORS	256		/* vectors inside a division or root, an element each */

/* Ready nodes that one step takes whatever else it takes. */
typedef struct Class
{
	SmcStep		step;			/* first isn't set */
	int			signs;			/* of zero tests: entries as signs */
} Class;

/* A plan being made. */
typedef struct Planner
{
	const SmcProgram *program;
	SmcPlan    *plan;
	size_t		count;
	bool	   *done;
	uint64_t   *behind;			/* rounds from after the node to the end */
	int		   *ready;			/* nodes that could be run now */
	int			ready_count;
	int			listed;
	Class	   *classes;
	int		   *sized;			/* by number: the last group of nodes that it is compared in with a power */
	int			groups;
} Planner;

/* ---- single nodes ---------------------------------------------------------------- */

static SmcStepKind
step_kind(const SmcProgram *program, const SmcNode *node)
{
	switch (node->kind)
	{
		case SMC_NODE_AND:
			return SMC_STEP_AND;
		case SMC_NODE_NEGATIVE:
			return SMC_STEP_NEGATIVE;
		case SMC_NODE_ZERO:
			return SMC_STEP_ZERO;
		case SMC_NODE_FROM_BIT:
		case SMC_NODE_TIMES_BIT:
			return SMC_STEP_TIMES_BIT;
		case SMC_NODE_MULTIPLY:
			return SMC_STEP_MULTIPLY;
		case SMC_NODE_DIVIDE:
			return smc_program_shift_places(program, node) > 0 ? SMC_STEP_SHIFT : SMC_STEP_DIVIDE;
		case SMC_NODE_ROOT:
			return SMC_STEP_ROOT;
		case SMC_NODE_CUT:
			return SMC_STEP_CUT;
		case SMC_NODE_REACHED:
			return SMC_STEP_SIZE;
		default:
			return SMC_STEP_LOCAL;
	}
}

int
smc_program_quotient_bits(const SmcNode *node)
{
	return node->range.bits > 0 ? node->range.bits : 1;
}

int
smc_program_zero_signs(const SmcNode *number)
{
	return !smc_range_from_zero(&number->range) + !smc_range_to_zero(&number->range);
}

/* A node of its own class. */
static Class
class_of(const SmcProgram *program, const SmcNode *node)
{
	const SmcNode *a = &program->nodes[node->a];
	Class		class = {{step_kind(program, node), 0, 0, 0, 0, 1, 1}, 1};

	if (class.step.kind == SMC_STEP_NEGATIVE || class.step.kind == SMC_STEP_ZERO)
	{
		class.step.width = (a->range.bits + 1 + 63) / 64 * 64;
		class.signs = class.step.kind == SMC_STEP_ZERO ? smc_program_zero_signs(a) : 1;
	}
	if (class.step.kind == SMC_STEP_CUT)
		class.step.bits = smc_program_cut_bits(program, node);
	if (class.step.kind == SMC_STEP_SHIFT || class.step.kind == SMC_STEP_ROOT || class.step.kind == SMC_STEP_SIZE)
		class.step.bits = a->range.bits;
	if (class.step.kind == SMC_STEP_SHIFT)
		class.step.b_bits = smc_program_shift_places(program, node);
	if (class.step.kind == SMC_STEP_DIVIDE)
	{
		class.step.bits = smc_program_quotient_bits(node);
		class.step.b_bits = program->nodes[node->b].range.bits;
	}
	return class;
}

static SmcCost
step_cost(int party_count, int width, const SmcStep *step, size_t count)
{
	size_t		total = (size_t) step->entries * count;
	SmcCost		cost = {0, 0, {0}};

	switch (step->kind)
	{
		case SMC_STEP_LOCAL:
			break;
		case SMC_STEP_AND:
			smc_cost_and(&cost, party_count, 1, total);
			break;
		case SMC_STEP_NEGATIVE:
			smc_cost_negative(&cost, party_count, step->width, total);
			break;
		case SMC_STEP_ZERO:
			smc_cost_zero(&cost, party_count, step->width, total);
			break;
		case SMC_STEP_TIMES_BIT:
			smc_cost_times_bit(&cost, party_count, width, total);
			break;
		case SMC_STEP_MULTIPLY:
			smc_cost_multiply(&cost, party_count, width, total);
			break;
		case SMC_STEP_DIVIDE:
			smc_wide_divide_cost(&cost, party_count, width, step->bits, step->b_bits, total);
			break;
		case SMC_STEP_SHIFT:
			smc_wide_shift_right_cost(&cost, party_count, width, step->bits, step->b_bits, total);
			break;
		case SMC_STEP_ROOT:
			smc_wide_root_cost(&cost, party_count, width, step->bits, total);
			break;
		case SMC_STEP_CUT:
			cost.rounds = 1;
			smc_cost_scaled(&cost, party_count, step->bits, total);
			break;
		case SMC_STEP_SIZE:
			smc_cost_size(&cost, party_count, step->bits, total);
			break;
	}
	return cost;
}

static uint64_t
step_weight(const Planner *p, const SmcStep *step)
{
	SmcCost		cost = step_cost(p->program->party_count, p->plan->width, step, p->count);

	return smc_cost_weight(&cost, p->program->party_count);
}

/* ---- what is needed, and how far it is from the end --------------------------------- */

/* Node k of those that one is made from. */
static int
arg(const SmcNode *node, int k)
{
	return k == 0 ? node->a : node->b;
}

static void
find_needed(Planner *p, const int *wanted, size_t wanted_count)
{
	const SmcProgram *program = p->program;

	for (size_t k = 0; k < wanted_count; k++)
		p->plan->uses[wanted[k]]++;
	for (int i = program->node_count - 1; i >= 0; i--)
	{
		const SmcNode *node = &program->nodes[i];
		Class		class = class_of(program, node);
		SmcCost		cost = step_cost(program->party_count, p->plan->width, &class.step, 1);

		if (wanted == NULL && p->plan->uses[i] == 0)
			p->plan->uses[i] = 1;
		for (int k = 0; k < smc_program_node_args(node); k++)
		{
			int			from = arg(node, k);

			if (p->plan->uses[i] > 0)
				p->plan->uses[from]++;
			if (p->behind[from] < p->behind[i] + cost.rounds)
				p->behind[from] = p->behind[i] + cost.rounds;
		}
	}
}

/* ---- steps ------------------------------------------------------------------------- */

static SmcStep *
new_step(Planner *p, SmcStepKind kind)
{
	SmcStep    *step = &p->plan->steps[p->plan->step_count];

	memset(step, 0, sizeof(*step));
	step->kind = kind;
	step->first = p->listed;
	return step;
}

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

/* Whether a node adds an entry to this group of nodes: not the second power of one number. */
static int
new_entries(Planner *p, const SmcNode *node)
{
	if (node->kind != SMC_NODE_REACHED)
		return 1;
	if (p->sized[node->a] == p->groups)
		return 0;
	p->sized[node->a] = p->groups;
	return 1;
}

/* A node is run in that step, if anybody needs it. */
static void
take(Planner *p, SmcStep *step, int node)
{
	Class		class = class_of(p->program, &p->program->nodes[node]);

	p->done[node] = true;
	if (p->plan->uses[node] == 0)
		return;
	p->plan->list[p->listed++] = node;
	step->count++;
	step->entries += step->kind == SMC_STEP_NEGATIVE ? class.signs : new_entries(p, &p->program->nodes[node]);
	step->width = larger(step->width, class.step.width);
	step->bits = larger(step->bits, class.step.bits);
	step->b_bits = larger(step->b_bits, class.step.b_bits);
}

/* The step has all its nodes; one without any isn't made. */
static void
end_step(Planner *p, const SmcStep *step)
{
	if (step->count > 0)
		p->plan->step_count++;
}

/* One step of all that can be done without messages; and what is ready after it. */
static void
advance(Planner *p)
{
	const SmcProgram *program = p->program;
	SmcStep    *step = new_step(p, SMC_STEP_LOCAL);

	p->ready_count = 0;
	for (int i = 0; i < program->node_count; i++)
	{
		const SmcNode *node = &program->nodes[i];
		bool		ready = !p->done[i];

		for (int k = 0; k < smc_program_node_args(node) && ready; k++)
			ready = p->done[arg(node, k)];
		if (!ready)
			continue;
		if (step_kind(program, node) == SMC_STEP_LOCAL)
			take(p, step, i);
		else
			p->ready[p->ready_count++] = i;
	}
	end_step(p, step);
}

static bool
same_class(const Class *x, const Class *y)
{
	return x->step.kind == y->step.kind && x->step.width == y->step.width &&
		x->step.bits == y->step.bits && x->step.b_bits == y->step.b_bits;
}

/* One class of two, if there can be one. */
static bool
merge(const Planner *p, const Class *x, const Class *y, Class *out)
{
	SmcStepKind kind = x->step.kind;

	*out = *x;
	if ((kind == SMC_STEP_NEGATIVE && y->step.kind == SMC_STEP_ZERO) ||
		(kind == SMC_STEP_ZERO && y->step.kind == SMC_STEP_NEGATIVE))
	{
		out->step.kind = SMC_STEP_NEGATIVE;
		out->step.entries = x->signs + y->signs;
	}
	else if (kind == y->step.kind && (kind != SMC_STEP_SHIFT || x->step.b_bits == y->step.b_bits))
		out->step.entries = x->step.entries + y->step.entries;
	else
		return false;
	out->step.width = larger(x->step.width, y->step.width);
	out->step.bits = larger(x->step.bits, y->step.bits);
	out->step.b_bits = larger(x->step.b_bits, y->step.b_bits);
	out->step.count = x->step.count + y->step.count;
	out->signs = x->signs + y->signs;
	if (kind == SMC_STEP_DIVIDE)
	{
		int			width = smc_wide_divide_width(p->program->party_count, out->step.bits, out->step.b_bits);

		return width > 0 && width <= p->plan->width;
	}
	return true;
}

/* The classes of the ready nodes; returns their number. */
static int
classify(Planner *p)
{
	int			count = 0;

	p->groups++;
	for (int r = 0; r < p->ready_count; r++)
	{
		const SmcNode *node = &p->program->nodes[p->ready[r]];
		Class		class = class_of(p->program, node);
		int			c = 0;

		class.step.entries = new_entries(p, node);

		while (c < count && !same_class(&p->classes[c], &class))
			c++;
		if (c == count)
			p->classes[count++] = class;
		else
		{
			p->classes[c].step.entries += class.step.entries;
			p->classes[c].step.count++;
			p->classes[c].signs += class.signs;
		}
	}
	return count;
}

/*
 * One step of a protocol: the class of the ready node after which the way to the
 * end is longest, and with it those that are better done together than apart.
 */
static void
run_protocol(Planner *p)
{
	const SmcProgram *program = p->program;
	int			class_count = classify(p);
	int			first = p->ready[0];
	Class		own;
	Class		group = {{0}, 0};
	SmcStep    *step;

	for (int r = 1; r < p->ready_count; r++)
	{
		if (p->behind[p->ready[r]] > p->behind[first])
			first = p->ready[r];
	}
	own = class_of(program, &program->nodes[first]);
	for (int c = 0; c < class_count; c++)
	{
		if (same_class(&p->classes[c], &own))
		{
			group = p->classes[c];
			p->classes[c].step.count = 0;	/* taken */
		}
	}
	for (int c = 0; c < class_count; c++)
	{
		Class		both;

		if (p->classes[c].step.count > 0 && merge(p, &group, &p->classes[c], &both) &&
			step_weight(p, &both.step) <= step_weight(p, &group.step) + step_weight(p, &p->classes[c].step))
		{
			group = both;
			p->classes[c].step.count = 0;
		}
	}
	p->groups++;
	step = new_step(p, group.step.kind);
	for (int r = 0; r < p->ready_count; r++)
	{
		Class		class = class_of(program, &program->nodes[p->ready[r]]);

		for (int c = 0; c < class_count; c++)
		{
			if (p->classes[c].step.count == 0 && same_class(&p->classes[c], &class))
				take(p, step, p->ready[r]);
		}
	}
	end_step(p, step);
}

/* ---- memory ----------------------------------------------------------------------------- */

/* Bits that a step's own vectors take for each element. */
static uint64_t
step_memory(const SmcPlan *plan, const SmcStep *step)
{
	uint64_t	entries = (uint64_t) step->entries;
	uint64_t	width = (uint64_t) plan->width;

	switch (step->kind)
	{
		case SMC_STEP_LOCAL:
			return 0;
		case SMC_STEP_AND:
			return 3 * entries;
		case SMC_STEP_NEGATIVE:
		case SMC_STEP_ZERO:
			return entries * (uint64_t) (step->width + 1);
		case SMC_STEP_TIMES_BIT:
		case SMC_STEP_MULTIPLY:
			return 3 * entries * width;
		default:
			return INNER_VECTORS * entries * width;
	}
}

/* How many elements fit into memory at a time, with the nodes that must be kept. */
static size_t
choose_chunk(const Planner *p)
{
	const SmcProgram *program = p->program;
	const SmcPlan *plan = p->plan;
	int		   *left = p->ready;	/* no longer needed for that */
	uint64_t	held = 0;
	uint64_t	most = 1;
	size_t		whole = (p->count + 63) / 64 * 64;
	size_t		chunk;

	memcpy(left, plan->uses, (size_t) program->node_count * sizeof(int));
	for (int s = 0; s < plan->step_count; s++)
	{
		const SmcStep *step = &plan->steps[s];

		for (int k = 0; k < step->count; k++)
			held += smc_program_node_is_bit(&program->nodes[plan->list[step->first + k]]) ? 1 : (uint64_t) plan->width;
		if (most < held + step_memory(plan, step))
			most = held + step_memory(plan, step);
		for (int k = 0; k < step->count; k++)
		{
			const SmcNode *node = &program->nodes[plan->list[step->first + k]];

			for (int i = 0; i < smc_program_node_args(node); i++)
			{
				if (--left[arg(node, i)] == 0)
					held -= smc_program_node_is_bit(&program->nodes[arg(node, i)]) ? 1 : (uint64_t) plan->width;
			}
		}
	}
	chunk = (size_t) ((uint64_t) MEMORY * 8 / most) / 64 * 64;
	if (chunk < CHUNK_MIN)
		chunk = CHUNK_MIN;
	return chunk < whole ? chunk : whole;
}

/* ---- the plan ------------------------------------------------------------------------------ */

SmcStatus
smc_program_plan(const SmcProgram *program, int width, size_t count, const int *wanted, size_t wanted_count,
				 SmcArena *arena, SmcPlan *plan)
{
	size_t		nodes = (size_t) program->node_count;
	Planner		p = {program, plan, count, NULL, NULL, NULL, 0, 0, NULL, NULL, 0};

	memset(plan, 0, sizeof(*plan));
	plan->width = width;
	plan->uses = smc_arena_array(arena, nodes, sizeof(int));
	plan->list = smc_arena_array(arena, nodes, sizeof(int));
	plan->steps = smc_arena_array(arena, 2 * nodes + 2, sizeof(SmcStep));
	p.done = smc_arena_array(arena, nodes, sizeof(bool));
	p.behind = smc_arena_array(arena, nodes, sizeof(uint64_t));
	p.ready = smc_arena_array(arena, nodes, sizeof(int));
	p.classes = smc_arena_array(arena, nodes, sizeof(Class));
	p.sized = smc_arena_array(arena, nodes, sizeof(int));
	if (plan->uses == NULL || plan->list == NULL || plan->steps == NULL || p.done == NULL ||
		p.behind == NULL || p.ready == NULL || p.classes == NULL || p.sized == NULL)
		return SMC_ERR_MEMORY;
	find_needed(&p, wanted, wanted_count);
	for (advance(&p); p.ready_count > 0; advance(&p))
		run_protocol(&p);
	plan->chunk = choose_chunk(&p);
	return SMC_OK;
}

void
smc_program_cost(const SmcProgram *program, size_t count, uint64_t *rounds, uint64_t *bytes)
{
	SmcArena   *arena = smc_arena_create();
	SmcPlan		plan;
	SmcCost		cost = {0, 0, {0}};

	*rounds = *bytes = 0;
	if (arena != NULL && count > 0 && smc_program_status(program) == SMC_OK &&
		smc_program_plan(program, smc_program_width(program), count, NULL, 0, arena, &plan) == SMC_OK)
	{
		for (int s = 0; s < plan.step_count; s++)
		{
			SmcCost		step = step_cost(program->party_count, plan.width, &plan.steps[s], plan.chunk);
			SmcCost		last = step_cost(program->party_count, plan.width, &plan.steps[s], count % plan.chunk);

			smc_cost_add(&cost, &step, count / plan.chunk);
			if (count % plan.chunk > 0)
				smc_cost_add(&cost, &last, 1);
		}
		*rounds = cost.rounds;
		*bytes = smc_cost_bytes(&cost, program->party_count);
	}
	smc_arena_destroy(arena);
}
