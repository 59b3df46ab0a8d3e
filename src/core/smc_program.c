/*
 * Programs over shares: nodes, their ranges, and the builders of numbers.
 *
 * A builder first looks whether the result is known, or is that of a simpler
 * node; only then does it make one.  All of this is public, and the same at all parties.
 */
#include "smc_program_impl.h"

#include "smc_scaled.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST	64

static const SmcWide zero = {{0}};
static const SmcWide one = {{1}};

SmcProgram *
smc_program_create(int party_count)
{
	SmcProgram *program = calloc(1, sizeof(*program));

	if (program != NULL)
	{
		program->party_count = party_count;
		if (party_count < SMC_PARTIES_MIN || party_count > SMC_PARTIES_MAX)
			program->status = SMC_ERR_ARGUMENT;
	}
	return program;
}

void
smc_program_destroy(SmcProgram *program)
{
	if (program == NULL)
		return;
	free(program->nodes);
	free(program->table);
	free(program);
}

/* ---- nodes -------------------------------------------------------------------- */

int
smc_program_fail(SmcProgram *program, SmcStatus status)
{
	if (program->status == SMC_OK)
		program->status = status;
	return -1;
}

bool
smc_program_node_is_bit(const SmcNode *node)
{
	return node->kind >= SMC_NODE_FIRST_BIT;
}

int
smc_program_node_args(const SmcNode *node)
{
	switch (node->kind)
	{
		case SMC_NODE_INPUT:
		case SMC_NODE_CONSTANT:
		case SMC_NODE_BIT_INPUT:
		case SMC_NODE_BIT_CONSTANT:
			return 0;
		case SMC_NODE_SCALE:
		case SMC_NODE_FROM_BIT:
		case SMC_NODE_ROOT:
		case SMC_NODE_NOT:
		case SMC_NODE_NEGATIVE:
		case SMC_NODE_ZERO:
		case SMC_NODE_CUT:
		case SMC_NODE_REACHED:
			return 1;
		default:
			return 2;
	}
}

bool
smc_program_is_bit(const SmcProgram *program, int node)
{
	return node >= 0 && node < program->node_count && smc_program_node_is_bit(&program->nodes[node]);
}

static bool
is_number(const SmcProgram *program, int node)
{
	return node >= 0 && node < program->node_count && !smc_program_node_is_bit(&program->nodes[node]);
}

bool
smc_program_numbers(SmcProgram *program, int a, int b)
{
	if (!is_number(program, a) || !is_number(program, b))
		smc_program_fail(program, SMC_ERR_ARGUMENT);
	return program->status == SMC_OK;
}

bool
smc_program_are_bits(SmcProgram *program, int s, int t)
{
	if (!smc_program_is_bit(program, s) || !smc_program_is_bit(program, t))
		smc_program_fail(program, SMC_ERR_ARGUMENT);
	return program->status == SMC_OK;
}

static uint64_t
hash_of(SmcNodeKind kind, int a, int b, const SmcWide *value)
{
	uint64_t	hash = (uint64_t) kind;
	uint64_t	words[2] = {(uint64_t) a, (uint64_t) b};

	for (int i = 0; i < 2 + SMC_WIDE_LIMBS; i++)
	{
		hash ^= i < 2 ? words[i] : value->limb[i - 2];
		hash *= UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	return hash;
}

/* The place in the table of such a node, or the empty one where it belongs. */
static int *
find(const SmcProgram *program, SmcNodeKind kind, int a, int b, const SmcWide *value)
{
	size_t		mask = (size_t) program->table_size - 1;
	size_t		at = (size_t) hash_of(kind, a, b, value) & mask;

	while (program->table[at] != 0)
	{
		const SmcNode *node = &program->nodes[program->table[at] - 1];

		if (node->kind == kind && node->a == a && node->b == b &&
			memcmp(&node->value, value, sizeof(*value)) == 0)
			break;
		at = (at + 1) & mask;
	}
	return &program->table[at];
}

/* Room for one more node. */
static bool
grow(SmcProgram *program)
{
	int			room = program->node_room ? 2 * program->node_room : ROOM_FIRST;
	SmcNode    *nodes;
	int		   *table;

	if (program->node_count < program->node_room)
		return true;
	nodes = realloc(program->nodes, (size_t) room * sizeof(*nodes));
	if (nodes == NULL)
		return false;
	program->nodes = nodes;
	table = calloc(2 * (size_t) room, sizeof(*table));
	if (table == NULL)
		return false;
	free(program->table);
	program->table = table;
	program->table_size = 2 * room;
	program->node_room = room;
	for (int i = 0; i < program->node_count; i++)
		*find(program, nodes[i].kind, nodes[i].a, nodes[i].b, &nodes[i].value) = i + 1;
	return true;
}

int
smc_program_append(SmcProgram *program, const SmcNode *node)
{
	int		   *place;

	if (program->status != SMC_OK)
		return -1;
	if (!grow(program))
		return smc_program_fail(program, SMC_ERR_MEMORY);
	place = find(program, node->kind, node->a, node->b, &node->value);
	if (*place == 0)
	{
		if (program->node_count == SMC_PROGRAM_NODES_MAX)
			return smc_program_fail(program, SMC_ERR_RANGE);
		program->nodes[program->node_count] = *node;
		*place = ++program->node_count;
	}
	return *place - 1;
}

int
smc_program_node(SmcProgram *program, SmcNodeKind kind, int a, int b, const SmcWide *value, const SmcRange *range)
{
	SmcNode		node;
	int			index;

	if (kind < SMC_NODE_FIRST_BIT && kind != SMC_NODE_INPUT && kind != SMC_NODE_CONSTANT &&
		smc_range_known(range) && smc_range_compare(&range->lo, &range->hi) == 0)
		return smc_program_constant(program, &range->lo);
	memset(&node, 0, sizeof(node));
	node.kind = kind;
	node.a = a;
	node.b = b;
	if (value != NULL)
		node.value = *value;
	if (range != NULL)
		node.range = *range;
	index = smc_program_append(program, &node);
	return range != NULL ? smc_program_restrict(program, index, range) : index;
}

int
smc_program_restrict(SmcProgram *program, int a, const SmcRange *range)
{
	if (program->status != SMC_OK || a < 0)
		return -1;
	if (program->nodes[a].kind != SMC_NODE_CONSTANT)
		program->nodes[a].range = smc_range_meet(&program->nodes[a].range, range);
	return a;
}

const SmcWide *
smc_program_value(const SmcProgram *program, int a)
{
	return program->nodes[a].kind == SMC_NODE_CONSTANT ? &program->nodes[a].value : NULL;
}

/* ---- inputs, constants, bounds -------------------------------------------------- */

int
smc_program_input(SmcProgram *program, int bits)
{
	SmcRange	range;

	if (bits < 0)
		return smc_program_fail(program, SMC_ERR_ARGUMENT);
	range = smc_range_of_bits(bits);
	return smc_program_node(program, SMC_NODE_INPUT, program->input_count++, 0, NULL, &range);
}

int
smc_program_constant(SmcProgram *program, const SmcWide *value)
{
	SmcRange	range = smc_range_of(value, value);

	return smc_program_node(program, SMC_NODE_CONSTANT, 0, 0, value, &range);
}

int
smc_program_bound(SmcProgram *program, int a, int bits)
{
	SmcRange	range;

	if (!smc_program_numbers(program, a, a))
		return -1;
	if (bits < 0)
		return smc_program_fail(program, SMC_ERR_ARGUMENT);
	range = smc_range_of_bits(bits);
	return smc_program_restrict(program, a, &range);
}

int
smc_program_not_negative(SmcProgram *program, int a)
{
	SmcRange	range;

	if (!smc_program_numbers(program, a, a))
		return -1;
	range = program->nodes[a].range;
	if (smc_range_known(&range) && !smc_wide_is_negative(&range.hi))
		range = smc_range_of(&zero, &range.hi);
	return smc_program_restrict(program, a, &range);
}

int
smc_program_bits(const SmcProgram *program, int a)
{
	return is_number(program, a) ? program->nodes[a].range.bits : -1;
}

SmcStatus
smc_program_status(const SmcProgram *program)
{
	if (program->status != SMC_OK)
		return program->status;
	return smc_program_width(program) == 0 ? SMC_ERR_RANGE : SMC_OK;
}

int
smc_program_shift_places(const SmcProgram *program, const SmcNode *node)
{
	const SmcWide *divisor = node->kind == SMC_NODE_DIVIDE ? smc_program_value(program, node->b) : NULL;
	SmcWide		power;
	int			places;

	if (divisor == NULL || smc_wide_is_negative(divisor) || smc_wide_bits(divisor) < 2)
		return 0;
	places = smc_wide_bits(divisor) - 1;
	power = smc_range_power_of_two(places);
	return smc_range_compare(divisor, &power) == 0 ? places : 0;
}

int
smc_program_node_places(const SmcNode *node)
{
	return (int) node->value.limb[0];
}

/* As many as are cut off at least. */
int
smc_program_cut_bits(const SmcProgram *program, const SmcNode *node)
{
	int			bits = program->nodes[node->a].range.bits;
	int			places = smc_program_node_places(node);

	return bits > places ? bits : places;
}

/* Bits of the ring that a node needs; 0 when more than there are. */
static int
node_width(const SmcProgram *program, const SmcNode *node)
{
	int			width = node->range.bits + 1;
	int			inner = 1;

	if (smc_program_shift_places(program, node) > 0)
		inner = smc_wide_shift_right_width(program->party_count, program->nodes[node->a].range.bits,
										   smc_program_shift_places(program, node));
	else if (node->kind == SMC_NODE_DIVIDE)
		inner = smc_wide_divide_width(program->party_count, smc_program_quotient_bits(node),
									  program->nodes[node->b].range.bits);
	else if (node->kind == SMC_NODE_CUT)
		inner = smc_scaled_width(program->party_count, smc_program_cut_bits(program, node));
	else if (node->kind == SMC_NODE_ROOT)
		inner = smc_wide_root_width(program->party_count, program->nodes[node->a].range.bits);
	if (width > SMC_WIDTH_MAX || inner == 0 || inner > SMC_WIDTH_MAX)
		return 0;
	return width > inner ? width : inner;
}

int
smc_program_width(const SmcProgram *program)
{
	int			width = SMC_PROGRAM_WIDTH_MIN;

	if (program->status != SMC_OK)
		return 0;
	for (int i = 0; i < program->node_count; i++)
	{
		int			needed;

		if (smc_program_node_is_bit(&program->nodes[i]))
			continue;
		needed = node_width(program, &program->nodes[i]);
		if (needed == 0)
			return 0;
		width = needed > width ? needed : width;
	}
	return (width + 63) / 64 * 64;
}

int
smc_program_inputs(const SmcProgram *program)
{
	return program->input_count;
}

int
smc_program_input_bits(const SmcProgram *program)
{
	return program->input_bit_count;
}

/* ---- numbers ---------------------------------------------------------------------- */

static bool
is_zero(const SmcProgram *program, int a)
{
	const SmcWide *value = smc_program_value(program, a);

	return value != NULL && smc_wide_is_zero(value);
}

static bool
is_one(const SmcWide *value)
{
	return smc_range_compare(value, &one) == 0;
}

int
smc_program_term(const SmcProgram *program, int a, SmcWide *factor)
{
	const SmcNode *node = &program->nodes[a];

	*factor = node->kind == SMC_NODE_SCALE ? node->value : one;
	return node->kind == SMC_NODE_SCALE ? node->a : a;
}

/* a + b, or a - b, where both are multiples of the same node: its multiple; -1 where they aren't. */
static int
join_terms(SmcProgram *program, int a, int b, bool minus)
{
	SmcWide		factor_a;
	SmcWide		factor_b;

	if (smc_program_term(program, a, &factor_a) != smc_program_term(program, b, &factor_b) ||
		smc_wide_bits(&factor_a) >= SMC_RANGE_BITS || smc_wide_bits(&factor_b) >= SMC_RANGE_BITS)
		return -1;
	if (minus)
		factor_b = smc_wide_negate(&factor_b);
	b = smc_program_term(program, a, &factor_a);
	factor_a = smc_wide_add(&factor_a, &factor_b);
	return smc_program_scale(program, b, &factor_a);
}

int
smc_program_add(SmcProgram *program, int a, int b)
{
	int			joined;
	SmcRange	range;

	if (!smc_program_numbers(program, a, b))
		return -1;
	if (is_zero(program, a))
		return b;
	if (is_zero(program, b))
		return a;
	joined = join_terms(program, a, b, false);
	if (joined >= 0)
		return joined;
	range = smc_range_add(&program->nodes[a].range, &program->nodes[b].range);
	return smc_program_node(program, SMC_NODE_ADD, a < b ? a : b, a < b ? b : a, NULL, &range);
}

int
smc_program_subtract(SmcProgram *program, int a, int b)
{
	int			joined;
	SmcRange	range;

	if (!smc_program_numbers(program, a, b))
		return -1;
	if (is_zero(program, b))
		return a;
	if (is_zero(program, a))
		return smc_program_negate(program, b);
	joined = join_terms(program, a, b, true);
	if (joined >= 0)
		return joined;
	range = smc_range_negate(&program->nodes[b].range);
	range = smc_range_add(&program->nodes[a].range, &range);
	return smc_program_node(program, SMC_NODE_SUBTRACT, a, b, NULL, &range);
}

int
smc_program_negate(SmcProgram *program, int a)
{
	SmcWide		minus = smc_wide_from_int(-1);

	return smc_program_scale(program, a, &minus);
}

int
smc_program_scale(SmcProgram *program, int a, const SmcWide *factor)
{
	const SmcNode *node;
	SmcRange	range;
	SmcWide		product;

	if (!smc_program_numbers(program, a, a))
		return -1;
	if (smc_wide_is_zero(factor))
		return smc_program_constant(program, &zero);
	if (is_one(factor))
		return a;
	node = &program->nodes[a];
	range = smc_range_scale(&node->range, factor);
	if (node->kind == SMC_NODE_CONSTANT && !smc_range_known(&range))
		return smc_program_fail(program, SMC_ERR_RANGE);
	if (node->kind == SMC_NODE_SCALE && smc_wide_bits(&node->value) + smc_wide_bits(factor) <= SMC_RANGE_BITS)
	{
		product = smc_wide_multiply(&node->value, factor);
		a = node->a;
		if (is_one(&product))
			return smc_program_restrict(program, a, &range);
		return smc_program_node(program, SMC_NODE_SCALE, a, 0, &product, &range);
	}
	return smc_program_node(program, SMC_NODE_SCALE, a, 0, factor, &range);
}

int
smc_program_multiply(SmcProgram *program, int a, int b)
{
	const SmcNode *x;
	const SmcNode *y;
	SmcWide		value;
	SmcRange	range;

	if (!smc_program_numbers(program, a, b))
		return -1;
	x = &program->nodes[a];
	y = &program->nodes[b];
	if (x->kind == SMC_NODE_CONSTANT || y->kind == SMC_NODE_CONSTANT)
	{
		value = x->kind == SMC_NODE_CONSTANT ? x->value : y->value;
		return smc_program_scale(program, x->kind == SMC_NODE_CONSTANT ? b : a, &value);
	}
	if (x->kind == SMC_NODE_FROM_BIT)
		return smc_program_times_bit(program, x->a, b);
	if (y->kind == SMC_NODE_FROM_BIT)
		return smc_program_times_bit(program, y->a, a);
	range = a == b ? smc_range_square(&x->range) : smc_range_multiply(&x->range, &y->range);
	return smc_program_node(program, SMC_NODE_MULTIPLY, a < b ? a : b, a < b ? b : a, NULL, &range);
}

int
smc_program_root(SmcProgram *program, int a)
{
	SmcRange	range;

	if (!smc_program_numbers(program, a, a))
		return -1;
	range = smc_range_root(&program->nodes[a].range);
	return smc_program_node(program, SMC_NODE_ROOT, a, 0, NULL, &range);
}

int
smc_program_divide_floor(SmcProgram *program, int a, int b)
{
	SmcRange	range;

	if (!smc_program_numbers(program, a, b))
		return -1;
	range = program->nodes[b].range;
	if (smc_range_known(&range) && smc_range_compare(&range.hi, &one) <= 0)
		return a;
	range = smc_range_divide(&program->nodes[a].range, &program->nodes[b].range);
	return smc_program_node(program, SMC_NODE_DIVIDE, a, b, NULL, &range);
}

/* x / 2^places for each end, down and up, and the error. */
static SmcRange
cut_range(const SmcProgram *program, const SmcRange *range, int places)
{
	SmcWide		error = smc_wide_from_int(program->party_count + 1);
	SmcWide		minus = smc_wide_negate(&error);
	SmcRange	errors = smc_range_of(&minus, &error);
	SmcRange	cut;
	int			bits = range->bits > places ? range->bits - places : 0;

	cut = smc_range_of_bits(bits);
	if (smc_range_from_zero(range))
		cut = smc_range_of(&zero, &cut.hi);
	return smc_range_add(&cut, &errors);
}

int
smc_program_cut(SmcProgram *program, int a, int places)
{
	SmcWide		value = smc_wide_from_int(places);
	SmcRange	range;

	if (!smc_program_numbers(program, a, a))
		return -1;
	if (places < 0 || places >= SMC_RANGE_BITS || !smc_range_known(&program->nodes[a].range))
		return smc_program_fail(program, SMC_ERR_RANGE);
	if (places == 0)
		return a;
	range = cut_range(program, &program->nodes[a].range, places);
	return smc_program_node(program, SMC_NODE_CUT, a, 0, &value, &range);
}
