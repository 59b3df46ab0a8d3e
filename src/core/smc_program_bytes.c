/*
 * Programs over shares: as bytes, and from bytes.
 *
 * Node by node, with ranges, since a caller may have declared them.  Read back,
 * each node is checked for what the builders guarantee: arguments are earlier
 * nodes of the right type, ranges aren't empty, no node is there twice.
 */
#include "smc_program_impl.h"

/* An integer: how many limbs, and those; the others are the sign. */
static void
write_wide(SmcWriter *writer, const SmcWide *value)
{
	uint64_t	sign = smc_wide_is_negative(value) ? ~UINT64_C(0) : 0;
	int			limbs = SMC_WIDE_LIMBS;

	while (limbs > 0 && value->limb[limbs - 1] == sign &&
		   (limbs > 1 ? value->limb[limbs - 2] >> 63 : 0) == (sign & 1))
		limbs--;
	smc_writer_u8(writer, (uint8_t) limbs);
	for (int i = 0; i < limbs; i++)
		smc_writer_u64(writer, value->limb[i]);
}

static SmcWide
read_wide(SmcReader *reader)
{
	SmcWide		value = {{0}};
	int			limbs = smc_reader_u8(reader);
	uint64_t	sign = 0;

	if (limbs > SMC_WIDE_LIMBS)
	{
		smc_reader_fail(reader);
		return value;
	}
	for (int i = 0; i < SMC_WIDE_LIMBS; i++)
	{
		value.limb[i] = i < limbs ? smc_reader_u64(reader) : sign;
		sign = 0 - (value.limb[i] >> 63);
	}
	return value;
}

/* A range: lo and hi, or, where it is too wide for those, its bits. */
static void
write_range(SmcWriter *writer, const SmcRange *range)
{
	smc_writer_u8(writer, smc_range_known(range));
	if (smc_range_known(range))
	{
		write_wide(writer, &range->lo);
		write_wide(writer, &range->hi);
	}
	else
		smc_writer_u32(writer, (uint32_t) range->bits);
}

static SmcRange
read_range(SmcReader *reader)
{
	bool		known = smc_reader_bool(reader);
	SmcWide		lo;
	SmcWide		hi;
	uint32_t	bits;

	if (known)
	{
		lo = read_wide(reader);
		hi = read_wide(reader);
		if (smc_range_compare(&lo, &hi) > 0)
			smc_reader_fail(reader);
		return smc_range_of(&lo, &hi);
	}
	bits = smc_reader_u32(reader);
	if (bits <= SMC_RANGE_BITS)
		smc_reader_fail(reader);
	return smc_range_of_bits(bits <= INT32_MAX ? (int) bits : INT32_MAX);
}

static bool
has_value(SmcNodeKind kind)
{
	return kind == SMC_NODE_CONSTANT || kind == SMC_NODE_SCALE || kind == SMC_NODE_CUT || kind == SMC_NODE_REACHED;
}

void
smc_program_write(const SmcProgram *program, SmcWriter *writer)
{
	smc_writer_u8(writer, (uint8_t) program->status);
	smc_writer_u8(writer, (uint8_t) program->party_count);
	smc_writer_u32(writer, (uint32_t) program->node_count);
	for (int i = 0; i < program->node_count; i++)
	{
		const SmcNode *node = &program->nodes[i];

		smc_writer_u8(writer, (uint8_t) node->kind);
		smc_writer_u16(writer, (uint16_t) node->a);
		smc_writer_u16(writer, (uint16_t) node->b);
		if (has_value(node->kind))
			write_wide(writer, &node->value);
		if (!smc_program_node_is_bit(node))
			write_range(writer, &node->range);
	}
}

/* Whether a number of places is one. */
static bool
is_small(const SmcWide *value)
{
	return !smc_wide_is_negative(value) && smc_wide_bits(value) <= 9;
}

/* Whether arguments are what the kind wants, of nodes before this one. */
static bool
arguments_fit(const SmcProgram *program, const SmcNode *node)
{
	int			args = smc_program_node_args(node);
	bool		bit_a = node->kind == SMC_NODE_FROM_BIT || node->kind == SMC_NODE_TIMES_BIT ||
		node->kind == SMC_NODE_NOT || node->kind == SMC_NODE_XOR || node->kind == SMC_NODE_AND;
	bool		bit_b = node->kind == SMC_NODE_XOR || node->kind == SMC_NODE_AND;

	if (args >= 1 && (node->a >= program->node_count || smc_program_is_bit(program, node->a) != bit_a))
		return false;
	if (args == 2 && (node->b >= program->node_count || smc_program_is_bit(program, node->b) != bit_b))
		return false;
	if (args < 2 && node->b != 0)
		return false;

	/* inputs are in order, so that none is there twice or missing */
	switch (node->kind)
	{
		case SMC_NODE_INPUT:
			return node->a == program->input_count;
		case SMC_NODE_BIT_INPUT:
			return node->a == program->input_bit_count;
		case SMC_NODE_BIT_CONSTANT:
			return node->a == 0 || node->a == 1;
		case SMC_NODE_CONSTANT:
			return node->a == 0;
		case SMC_NODE_CUT:
			return is_small(&node->value);
		case SMC_NODE_REACHED:
			return is_small(&node->value) && smc_range_from_zero(&program->nodes[node->a].range) &&
				program->nodes[node->a].range.bits > smc_program_node_places(node);
		default:
			return true;
	}
}

/* The next node; false where it is none. */
static bool
read_node(SmcProgram *program, SmcReader *reader)
{
	SmcNode		node = {0};

	node.kind = smc_reader_u8(reader);
	node.a = smc_reader_u16(reader);
	node.b = smc_reader_u16(reader);
	if (node.kind >= SMC_NODE_KINDS)
		return false;
	if (has_value(node.kind))
		node.value = read_wide(reader);
	if (!smc_program_node_is_bit(&node))
		node.range = read_range(reader);
	if (node.kind == SMC_NODE_CONSTANT)
		node.range = smc_range_of(&node.value, &node.value);
	if (reader->failed || !arguments_fit(program, &node))
		return false;
	program->input_count += node.kind == SMC_NODE_INPUT;
	program->input_bit_count += node.kind == SMC_NODE_BIT_INPUT;
	return smc_program_append(program, &node) == program->node_count - 1;
}

SmcProgram *
smc_program_read(SmcReader *reader)
{
	uint8_t		status = smc_reader_u8(reader);
	SmcProgram *program = smc_program_create(smc_reader_u8(reader));
	uint32_t	count = smc_reader_u32(reader);

	if (program == NULL)
		return NULL;
	if (status > SMC_ERR_LIBRARY || (program->status != SMC_OK && status == SMC_OK) || count > SMC_PROGRAM_NODES_MAX)
		smc_reader_fail(reader);
	for (uint32_t i = 0; i < count && !reader->failed; i++)
	{
		if (!read_node(program, reader) || program->node_count != (int) i + 1)
			smc_reader_fail(reader);
	}
	if (reader->failed)
	{
		smc_program_destroy(program);
		return NULL;
	}
	if (status != SMC_OK)
		smc_program_fail(program, (SmcStatus) status);
	return program;
}
