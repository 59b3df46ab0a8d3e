/*
 * Programs over shares: the builders of bits, and between bits and numbers.
 *
 * A NOT costs nothing and stands outermost, so that a node and its opposite
 * share what they are made of.
 */
#include "smc_program_impl.h"

static const SmcWide one = {{1}};

int
smc_program_bit_value(const SmcProgram *program, int s)
{
	return program->nodes[s].kind == SMC_NODE_BIT_CONSTANT ? program->nodes[s].a : -1;
}

int
smc_program_input_bit(SmcProgram *program)
{
	return smc_program_node(program, SMC_NODE_BIT_INPUT, program->input_bit_count++, 0, NULL, NULL);
}

int
smc_program_constant_bit(SmcProgram *program, bool value)
{
	return smc_program_node(program, SMC_NODE_BIT_CONSTANT, value, 0, NULL, NULL);
}

/* ---- bits of bits ------------------------------------------------------------------- */

int
smc_program_not(SmcProgram *program, int s)
{
	if (!smc_program_are_bits(program, s, s))
		return -1;
	if (smc_program_bit_value(program, s) >= 0)
		return smc_program_constant_bit(program, !smc_program_bit_value(program, s));
	if (program->nodes[s].kind == SMC_NODE_NOT)
		return program->nodes[s].a;
	return smc_program_node(program, SMC_NODE_NOT, s, 0, NULL, NULL);
}

/* Take a NOT off a bit: whether there was one. */
static bool
strip_not(const SmcProgram *program, int *s)
{
	if (program->nodes[*s].kind != SMC_NODE_NOT)
		return false;
	*s = program->nodes[*s].a;
	return true;
}

int
smc_program_xor(SmcProgram *program, int s, int t)
{
	bool		flip;
	int			node;

	if (!smc_program_are_bits(program, s, t))
		return -1;
	flip = strip_not(program, &s) != strip_not(program, &t);
	if (s == t)
		return smc_program_constant_bit(program, flip);
	if (smc_program_bit_value(program, s) >= 0 || smc_program_bit_value(program, t) >= 0)
	{
		/* of two constants, t is the one that counts, and s the node */
		if (smc_program_bit_value(program, t) < 0)
			node = t, t = s;
		else
			node = s;
		flip ^= smc_program_bit_value(program, t) == 1;
	}
	else if (program->nodes[s].kind == SMC_NODE_XOR && (program->nodes[s].a == t || program->nodes[s].b == t))
		node = program->nodes[s].a == t ? program->nodes[s].b : program->nodes[s].a;
	else if (program->nodes[t].kind == SMC_NODE_XOR && (program->nodes[t].a == s || program->nodes[t].b == s))
		node = program->nodes[t].a == s ? program->nodes[t].b : program->nodes[t].a;
	else
		node = smc_program_node(program, SMC_NODE_XOR, s < t ? s : t, s < t ? t : s, NULL, NULL);
	return flip ? smc_program_not(program, node) : node;
}

int
smc_program_and(SmcProgram *program, int s, int t)
{
	int			base_s = s;
	int			base_t = t;

	if (!smc_program_are_bits(program, s, t))
		return -1;
	if (smc_program_bit_value(program, s) >= 0)
		return smc_program_bit_value(program, s) ? t : s;
	if (smc_program_bit_value(program, t) >= 0)
		return smc_program_bit_value(program, t) ? s : t;
	if (s == t)
		return s;
	strip_not(program, &base_s);
	strip_not(program, &base_t);
	if (base_s == base_t)
		return smc_program_constant_bit(program, false);
	/* s & t, s & ~t and ~s & ~t are all made of one product */
	if (s != base_s)
	{
		int			both = smc_program_and(program, base_s, t);

		return smc_program_xor(program, t, both);
	}
	if (t != base_t)
	{
		int			both = smc_program_and(program, s, base_t);

		return smc_program_xor(program, s, both);
	}
	return smc_program_node(program, SMC_NODE_AND, s < t ? s : t, s < t ? t : s, NULL, NULL);
}

int
smc_program_or(SmcProgram *program, int s, int t)
{
	int			both = smc_program_and(program, s, t);
	int			either = smc_program_xor(program, s, t);

	return smc_program_xor(program, either, both);
}

int
smc_program_select_bit(SmcProgram *program, int s, int t, int u)
{
	int			differ = smc_program_xor(program, t, u);
	int			change = smc_program_and(program, s, differ);

	return smc_program_xor(program, u, change);
}

/* ---- bits of numbers ------------------------------------------------------------------ */

int
smc_program_negative(SmcProgram *program, int a)
{
	const SmcNode *node;

	if (!smc_program_numbers(program, a, a))
		return -1;
	node = &program->nodes[a];
	if (smc_range_from_zero(&node->range))
		return smc_program_constant_bit(program, false);
	if (smc_range_to_zero(&node->range) && !smc_range_has_zero(&node->range))
		return smc_program_constant_bit(program, true);
	if (node->kind == SMC_NODE_SCALE && !smc_wide_is_negative(&node->value))
		return smc_program_negative(program, node->a);
	if (node->kind == SMC_NODE_SCALE && smc_wide_bits(&node->value) > 1)
		return smc_program_negative(program, smc_program_negate(program, node->a));
	return smc_program_node(program, SMC_NODE_NEGATIVE, a, 0, NULL, NULL);
}

/*
 * What negate_if makes: a = s ? -x : x is x and -2 times s x.  The bit s, and *x; -1
 * where a is no such.
 */
static int
sign_of_other(const SmcProgram *program, int a, int *x)
{
	const SmcNode *sum = &program->nodes[a];
	SmcWide		factor;
	SmcWide		part_factor;
	const SmcNode *part;

	if (sum->kind != SMC_NODE_ADD)
		return -1;
	for (int k = 0; k < 2; k++)
	{
		int			whole = k == 0 ? sum->a : sum->b;

		*x = smc_program_term(program, whole, &factor);
		part = &program->nodes[smc_program_term(program, k == 0 ? sum->b : sum->a, &part_factor)];
		factor = smc_wide_add(&factor, &factor);
		factor = smc_wide_add(&factor, &part_factor);
		if (part->kind == SMC_NODE_TIMES_BIT && part->b == *x && smc_wide_is_zero(&factor))
		{
			*x = whole;
			return part->a;
		}
	}
	return -1;
}

int
smc_program_zero(SmcProgram *program, int a)
{
	const SmcNode *node;
	int			x;

	if (!smc_program_numbers(program, a, a))
		return -1;
	node = &program->nodes[a];
	if (!smc_range_has_zero(&node->range))
		return smc_program_constant_bit(program, false);
	if (smc_range_from_zero(&node->range) && smc_range_to_zero(&node->range))
		return smc_program_constant_bit(program, true);
	if (node->kind == SMC_NODE_SCALE)
		return smc_program_zero(program, node->a);
	if (node->kind == SMC_NODE_FROM_BIT)
		return smc_program_not(program, node->a);
	if (sign_of_other(program, a, &x) >= 0)
		return smc_program_zero(program, x);
	return smc_program_node(program, SMC_NODE_ZERO, a, 0, NULL, NULL);
}

int
smc_program_less(SmcProgram *program, int a, int b)
{
	return smc_program_negative(program, smc_program_subtract(program, a, b));
}

int
smc_program_equal(SmcProgram *program, int a, int b)
{
	return smc_program_zero(program, smc_program_subtract(program, a < b ? a : b, a < b ? b : a));
}

/* ---- numbers of bits -------------------------------------------------------------------- */

int
smc_program_from_bit(SmcProgram *program, int s)
{
	SmcWide		none = smc_wide_from_int(0);
	SmcRange	range = smc_range_of(&none, &one);

	if (!smc_program_are_bits(program, s, s))
		return -1;
	if (smc_program_bit_value(program, s) >= 0)
		return smc_program_constant(program, smc_program_bit_value(program, s) ? &one : &none);
	if (strip_not(program, &s))
	{
		s = smc_program_from_bit(program, s);
		s = smc_program_subtract(program, smc_program_constant(program, &one), s);
		return smc_program_restrict(program, s, &range);
	}
	return smc_program_node(program, SMC_NODE_FROM_BIT, s, 0, NULL, &range);
}

int
smc_program_times_bit(SmcProgram *program, int s, int a)
{
	const SmcNode *node;
	SmcWide		none = smc_wide_from_int(0);
	SmcWide		value;
	SmcRange	range;

	if (!smc_program_are_bits(program, s, s) || !smc_program_numbers(program, a, a))
		return -1;
	range = smc_range_of(&none, &none);
	range = smc_range_join(&program->nodes[a].range, &range);
	if (smc_program_bit_value(program, s) >= 0)
		return smc_program_bit_value(program, s) ? a : smc_program_constant(program, &none);
	if (strip_not(program, &s))
	{
		int			rest = smc_program_subtract(program, a, smc_program_times_bit(program, s, a));

		return smc_program_restrict(program, rest, &range);
	}
	node = &program->nodes[a];
	value = node->value;
	if (node->kind == SMC_NODE_CONSTANT && smc_wide_is_zero(&value))
		return a;
	if (node->kind == SMC_NODE_CONSTANT)
		return smc_program_scale(program, smc_program_from_bit(program, s), &value);
	if (node->kind == SMC_NODE_SCALE)
	{
		int			part = smc_program_times_bit(program, s, node->a);

		return smc_program_restrict(program, smc_program_scale(program, part, &value), &range);
	}
	return smc_program_node(program, SMC_NODE_TIMES_BIT, s, a, NULL, &range);
}

int
smc_program_select(SmcProgram *program, int s, int a, int b)
{
	int			difference;
	int			result;
	SmcRange	range;

	if (!smc_program_are_bits(program, s, s) || !smc_program_numbers(program, a, b))
		return -1;
	if (smc_program_bit_value(program, s) >= 0)
		return smc_program_bit_value(program, s) ? a : b;
	if (strip_not(program, &s))
		return smc_program_select(program, s, b, a);
	range = smc_range_join(&program->nodes[a].range, &program->nodes[b].range);
	difference = smc_program_subtract(program, a, b);
	result = smc_program_add(program, b, smc_program_times_bit(program, s, difference));
	return smc_program_restrict(program, result, &range);
}

/* ---- signs and sizes ---------------------------------------------------------------------- */

int
smc_program_negate_if(SmcProgram *program, int s, int a)
{
	SmcWide		two = smc_wide_from_int(-2);
	SmcRange	range;
	SmcRange	minus;
	int			twice;

	if (!smc_program_are_bits(program, s, s) || !smc_program_numbers(program, a, a))
		return -1;
	if (smc_program_bit_value(program, s) >= 0)
		return smc_program_bit_value(program, s) ? smc_program_negate(program, a) : a;
	if (strip_not(program, &s))
		return smc_program_negate(program, smc_program_negate_if(program, s, a));
	minus = smc_range_negate(&program->nodes[a].range);
	range = smc_range_join(&program->nodes[a].range, &minus);
	twice = smc_program_scale(program, smc_program_times_bit(program, s, a), &two);
	return smc_program_restrict(program, smc_program_add(program, a, twice), &range);
}

int
smc_program_sign(SmcProgram *program, int a)
{
	SmcWide		factor;
	int			x;
	int			s;

	if (!smc_program_numbers(program, a, a))
		return -1;
	if (smc_range_from_zero(&program->nodes[a].range))
		return smc_program_constant_bit(program, false);
	if (smc_range_to_zero(&program->nodes[a].range))
		return smc_program_constant_bit(program, true);
	x = smc_program_term(program, a, &factor);
	if (x != a)
	{
		s = smc_program_constant_bit(program, smc_wide_is_negative(&factor));
		return smc_program_xor(program, s, smc_program_sign(program, x));
	}
	s = sign_of_other(program, a, &x);
	return s >= 0 ? smc_program_xor(program, s, smc_program_sign(program, x)) : smc_program_negative(program, a);
}

int
smc_program_absolute(SmcProgram *program, int a)
{
	SmcRange	range;
	SmcRange	minus;
	SmcWide		factor;
	int			x;
	int			size;

	if (!smc_program_numbers(program, a, a))
		return -1;
	range = program->nodes[a].range;
	minus = smc_range_negate(&range);
	range = smc_range_join(&range, &minus);
	x = smc_program_term(program, a, &factor);
	if (smc_range_from_zero(&program->nodes[a].range))
		return a;
	if (x != a && smc_range_known(&range))
	{
		if (smc_wide_is_negative(&factor))
			factor = smc_wide_negate(&factor);
		size = smc_program_scale(program, smc_program_absolute(program, x), &factor);
	}
	else if (sign_of_other(program, a, &x) >= 0)
		size = smc_program_absolute(program, x);
	else
		size = smc_program_negate_if(program, smc_program_negative(program, a), a);
	smc_program_restrict(program, size, &range);
	return smc_program_not_negative(program, size);
}

int
smc_program_reached(SmcProgram *program, int a, int power)
{
	SmcWide		value = smc_wide_from_int(power);
	SmcWide		least;
	const SmcRange *range;

	if (!smc_program_numbers(program, a, a))
		return -1;
	range = &program->nodes[a].range;
	if (power < 0 || power >= SMC_RANGE_BITS || !smc_range_from_zero(range))
		return smc_program_fail(program, SMC_ERR_RANGE);
	least = smc_range_power_of_two(power);
	if (smc_range_compare(&range->lo, &least) >= 0)
		return smc_program_constant_bit(program, true);
	if (smc_range_compare(&range->hi, &least) < 0)
		return smc_program_constant_bit(program, false);
	return smc_program_node(program, SMC_NODE_REACHED, a, 0, &value, NULL);
}
