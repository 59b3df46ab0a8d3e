/*
 * Programs over shares against plaintext: every builder, random programs,
 * quotients as numeric's; what is folded, bounds and widths; outputs wanted;
 * costs against the channel's counters; bytes and back.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_bits.h"
#include "core/smc_program_impl.h"
#include "smc_testwide.h"

#define PARTIES		5
#define NODES		4000		/* nodes of a case that are checked */
#define INPUTS		16
#define CASES		20
#define COUNT		200			/* elements at most */

/* ---- plain numbers ----------------------------------------------------------------- */

/* floor(a / b) for a >= 0, b > 0, by doubling b. */
static SmcWide
over(SmcWide a, SmcWide b)
{
	SmcWide		multiple[SMC_WIDTH_MAX];
	SmcWide		quotient = number(0);
	int			k = 0;

	multiple[0] = b;
	while (!below(a, multiple[k]) && smc_wide_bits(&multiple[k]) < SMC_WIDTH_MAX - 2)
	{
		multiple[k + 1] = plus(multiple[k], multiple[k]);
		k++;
	}
	for (; k >= 0; k--)
	{
		quotient = plus(quotient, quotient);
		if (!below(a, multiple[k]))
		{
			a = minus(a, multiple[k]);
			quotient = plus(quotient, number(1));
		}
	}
	return quotient;
}

/* A divisor as it counts. */
static SmcWide
divisor_of(SmcWide b)
{
	b = size_of(b);
	return smc_wide_is_zero(&b) ? number(1) : b;
}

/* a / b, with its sign, rounded half away from zero. */
static SmcWide
rounded(SmcWide a, SmcWide b)
{
	SmcWide		d = divisor_of(b);
	SmcWide		q = over(plus(times(number(2), size_of(a)), d), times(number(2), d));

	return smc_wide_is_negative(&a) != smc_wide_is_negative(&b) ? smc_wide_negate(&q) : q;
}

static SmcWide
root_of(SmcWide a)
{
	SmcWide		low = number(0);
	SmcWide		step = number(1);

	while (!below(a, times(step, step)))
		step = plus(step, step);
	while (!smc_wide_is_zero(&step))
	{
		SmcWide		next = plus(low, step);

		if (!below(a, times(next, next)))
			low = next;
		step = over(step, number(2));
	}
	return low;
}

/* What smc_program_quotient promises. */
static void
quotient_of(SmcWide a, SmcWide b, int unit, int min_digits, SmcWide *value, SmcWide *digits)
{
	SmcWide		size = size_of(a);
	SmcWide		d = divisor_of(b);
	int			count = 20;
	int			e;

	if (!smc_wide_is_zero(&a))
	{
		int			w = 15;

		/* 10000^w <= size / d * 10^unit */
		while (below(times(size, ten_to(unit > 4 * w ? unit - 4 * w : 0)),
					 times(d, ten_to(4 * w > unit ? 4 * w - unit : 0))))
			w--;
		count = 16 - 4 * w;
	}
	count = count > min_digits ? count : min_digits;
	count = count > 0 ? count : 0;
	e = unit + count;
	*digits = number(count);
	*value = rounded(times(a, ten_to(e > 0 ? e : 0)), times(smc_wide_is_negative(&b) ? smc_wide_negate(&d) : d, ten_to(e < 0 ? -e : 0)));
}

/* A number of exactly `bits` bits at most, of a random size. */
static SmcWide
sized(int bits)
{
	int			b = (int) randombytes_uniform((uint32_t) bits + 1);
	SmcWide		x = number(0);

	if (b > 0)
	{
		randombytes_buf(&x, (size_t) (b + 7) / 8);
		x.limb[(b - 1) / 64] &= ~UINT64_C(0) >> (63 - (b - 1) % 64);
		x.limb[(b - 1) / 64] |= UINT64_C(1) << ((b - 1) % 64);
	}
	return randombytes_uniform(2) ? smc_wide_negate(&x) : x;
}

/* ---- cases: a program and what each node is to be ------------------------------------- */

typedef struct Case
{
	SmcProgram *program;
	int			n;
	size_t		count;
	int			extra;			/* width beyond what is needed */
	size_t		chunk;			/* elements at a time */
	bool		costed;			/* the first of its session: counters are compared */
	bool		known[NODES];
	bool		bit[NODES];
	SmcWide    *numbers;		/* node * count + e */
	bool	   *bits;
	int			listed[NODES];	/* those that are known, in order */
	int			list_count;
	int			inputs[INPUTS];
	int			bit_inputs[INPUTS];
	int			width;
	uint64_t   *shares[INPUTS]; /* party by party */
	uint64_t   *bit_shares[INPUTS];
	int		   *wanted;
	size_t		wanted_count;
	uint64_t   *out[PARTIES];	/* wanted * count * limbs, and for bits wanted * words */
	uint64_t	sent[PARTIES];
	uint32_t	rounds[PARTIES];
} Case;

static Case *
new_case(int n, size_t count)
{
	Case	   *c = calloc(1, sizeof(*c));

	c->n = n;
	c->count = count;
	c->program = smc_program_create(n);
	c->numbers = calloc(NODES * count, sizeof(SmcWide));
	c->bits = calloc(NODES * count, sizeof(bool));
	return c;
}

static void
free_case(Case *c)
{
	for (int i = 0; i < INPUTS; i++)
	{
		free(c->shares[i]);
		free(c->bit_shares[i]);
	}
	for (int p = 0; p < PARTIES; p++)
		free(c->out[p]);
	smc_program_destroy(c->program);
	free(c->wanted);
	free(c->numbers);
	free(c->bits);
	free(c);
}

static SmcWide *
number_at(const Case *c, int node, size_t e)
{
	return &c->numbers[(size_t) node * c->count + e];
}

static bool *
bit_at(const Case *c, int node, size_t e)
{
	return &c->bits[(size_t) node * c->count + e];
}

static void
list(Case *c, int node, bool bit)
{
	assert_true(node >= 0 && node < NODES);
	assert_int_equal(smc_program_is_bit(c->program, node), bit);
	if (!c->known[node])
		c->listed[c->list_count++] = node;
	c->known[node] = true;
	c->bit[node] = bit;
}

/* What a builder made is to be these values; a node that was there has them, and its bound. */
static int
expect(Case *c, int node, const SmcWide *values)
{
	bool		known = node >= 0 && node < NODES && c->known[node];

	list(c, node, false);
	for (size_t e = 0; e < c->count; e++)
	{
		if (known)
			assert_true(same(*number_at(c, node, e), values[e]));
		*number_at(c, node, e) = values[e];
		assert_true(smc_wide_bits(&values[e]) <= smc_program_bits(c->program, node));
	}
	return node;
}

static int
expect_bits(Case *c, int node, const bool *values)
{
	bool		known = node >= 0 && node < NODES && c->known[node];

	list(c, node, true);
	for (size_t e = 0; e < c->count; e++)
	{
		if (known)
			assert_int_equal(*bit_at(c, node, e), values[e]);
		*bit_at(c, node, e) = values[e];
	}
	return node;
}

static int
input(Case *c, int bits, const SmcWide *values)
{
	int			i = smc_program_inputs(c->program);
	int			node = smc_program_input(c->program, bits);

	c->inputs[i] = node;
	return expect(c, node, values);
}

static int
random_input(Case *c, int bits)
{
	SmcWide		values[COUNT];

	for (size_t e = 0; e < c->count; e++)
		values[e] = e % 5 == 4 ? number(0) : sized(bits);
	return input(c, bits, values);
}

static int
random_input_bit(Case *c)
{
	bool		values[COUNT];
	int			i = smc_program_input_bits(c->program);
	int			node = smc_program_input_bit(c->program);

	for (size_t e = 0; e < c->count; e++)
		values[e] = randombytes_uniform(2);
	c->bit_inputs[i] = node;
	return expect_bits(c, node, values);
}

static int
constant(Case *c, SmcWide value)
{
	SmcWide		values[COUNT];

	for (size_t e = 0; e < c->count; e++)
		values[e] = value;
	return expect(c, smc_program_constant(c->program, &value), values);
}

/* ---- operations ------------------------------------------------------------------------ */

typedef enum Op
{
	/* numbers of numbers */
	ADD, SUBTRACT, NEGATE, SCALE, MULTIPLY, ABSOLUTE, DIVIDE, DIVIDE_FLOOR, ROUND, ROOT,
	/* bits of numbers */
	NEGATIVE, ZERO, LESS, EQUAL,
	/* bits of bits */
	NOT, AND, OR, XOR, SELECT_BIT,
	/* numbers of bits */
	FROM_BIT, TIMES_BIT, SELECT,
	OPS
} Op;

static SmcWide
plain(Op op, SmcWide a, SmcWide b, bool s, int64_t public)
{
	SmcWide		q;

	switch (op)
	{
		case ADD:
			return plus(a, b);
		case SUBTRACT:
			return minus(a, b);
		case NEGATE:
			return minus(number(0), a);
		case SCALE:
			return times(a, number(public));
		case MULTIPLY:
			return times(a, b);
		case ABSOLUTE:
			return size_of(a);
		case DIVIDE:
			q = over(size_of(a), divisor_of(b));
			return smc_wide_is_negative(&a) != smc_wide_is_negative(&b) ? smc_wide_negate(&q) : q;
		case DIVIDE_FLOOR:
			return over(a, divisor_of(b));
		case ROUND:
			if (public >= 0)
				return rounded(times(a, ten_to((int) public)), b);
			q = times(divisor_of(b), ten_to((int) -public));
			return rounded(a, smc_wide_is_negative(&b) ? smc_wide_negate(&q) : q);
		case ROOT:
			return root_of(a);
		case FROM_BIT:
			return number(s);
		case TIMES_BIT:
			return s ? a : number(0);
		case SELECT:
			return s ? a : b;
		default:
			abort();
	}
}

static bool
plain_bit(Op op, SmcWide a, SmcWide b, bool s, bool t, bool u)
{
	switch (op)
	{
		case NEGATIVE:
			return smc_wide_is_negative(&a);
		case ZERO:
			return smc_wide_is_zero(&a);
		case LESS:
			return below(a, b);
		case EQUAL:
			return same(a, b);
		case NOT:
			return !s;
		case AND:
			return s && t;
		case OR:
			return s || t;
		case XOR:
			return s != t;
		case SELECT_BIT:
			return s ? t : u;
		default:
			abort();
	}
}

static int
build(SmcProgram *program, Op op, int a, int b, int s, int t, int u, int64_t public)
{
	SmcWide		factor = number(public);

	switch (op)
	{
		case ADD:
			return smc_program_add(program, a, b);
		case SUBTRACT:
			return smc_program_subtract(program, a, b);
		case NEGATE:
			return smc_program_negate(program, a);
		case SCALE:
			return smc_program_scale(program, a, &factor);
		case MULTIPLY:
			return smc_program_multiply(program, a, b);
		case ABSOLUTE:
			return smc_program_absolute(program, a);
		case DIVIDE:
			return smc_program_divide(program, a, b);
		case DIVIDE_FLOOR:
			return smc_program_divide_floor(program, a, b);
		case ROUND:
			return smc_program_round(program, a, b, (int) public);
		case ROOT:
			return smc_program_root(program, a);
		case NEGATIVE:
			return smc_program_negative(program, a);
		case ZERO:
			return smc_program_zero(program, a);
		case LESS:
			return smc_program_less(program, a, b);
		case EQUAL:
			return smc_program_equal(program, a, b);
		case NOT:
			return smc_program_not(program, s);
		case AND:
			return smc_program_and(program, s, t);
		case OR:
			return smc_program_or(program, s, t);
		case XOR:
			return smc_program_xor(program, s, t);
		case SELECT_BIT:
			return smc_program_select_bit(program, s, t, u);
		case FROM_BIT:
			return smc_program_from_bit(program, s);
		case TIMES_BIT:
			return smc_program_times_bit(program, s, a);
		case SELECT:
			return smc_program_select(program, s, a, b);
		default:
			return -1;
	}
}

/* Build, and expect what plain numbers give.  Arguments that op hasn't are 0: any node. */
static int
apply(Case *c, Op op, int a, int b, int s, int t, int u, int64_t public)
{
	int			node = build(c->program, op, a, b, s, t, u, public);
	SmcWide		numbers[COUNT];
	bool		bits[COUNT];
	bool		is_bit = (op >= NEGATIVE && op <= SELECT_BIT);

	for (size_t e = 0; e < c->count; e++)
	{
		if (is_bit)
			bits[e] = plain_bit(op, *number_at(c, a, e), *number_at(c, b, e), *bit_at(c, s, e),
								*bit_at(c, t, e), *bit_at(c, u, e));
		else
			numbers[e] = plain(op, *number_at(c, a, e), *number_at(c, b, e), *bit_at(c, s, e), public);
	}
	return is_bit ? expect_bits(c, node, bits) : expect(c, node, numbers);
}

static void
apply_quotient(Case *c, int a, int b, int unit, int min_digits)
{
	SmcWide		values[COUNT];
	SmcWide		digits[COUNT];
	int			value;
	int			digit;

	smc_program_quotient(c->program, a, b, unit, min_digits, &value, &digit);
	for (size_t e = 0; e < c->count; e++)
		quotient_of(*number_at(c, a, e), *number_at(c, b, e), unit, min_digits, &values[e], &digits[e]);
	expect(c, value, values);
	expect(c, digit, digits);
}

/* ---- running ------------------------------------------------------------------------------ */

typedef struct Session
{
	int			n;
	int			case_count;
	Case	   *cases[CASES];
	SmcProgram *misused[3];		/* one too wide, one in order, one for other parties */
} Session;

static size_t
out_words(const Case *c)
{
	return c->count * (size_t) c->width / 64;
}

/* Shares of the inputs; all known nodes are wanted, or every few, some of them twice. */
static void
prepare(Case *c, int every)
{
	size_t		limbs;
	size_t		words = smc_bits_words(c->count);

	assert_int_equal(smc_program_status(c->program), SMC_OK);
	c->width = smc_program_width(c->program) + c->extra;
	if (c->width > SMC_WIDTH_MAX)
		c->width = SMC_WIDTH_MAX;
	limbs = (size_t) c->width / 64;
	for (int i = 0; i < smc_program_inputs(c->program); i++)
	{
		c->shares[i] = calloc((size_t) c->n * c->count * limbs, sizeof(uint64_t));
		for (size_t e = 0; e < c->count; e++)
			smc_test_split_wide(c->shares[i], c->count * limbs, c->n, c->width, e, number_at(c, c->inputs[i], e)->limb);
	}
	for (int i = 0; i < smc_program_input_bits(c->program); i++)
	{
		c->bit_shares[i] = calloc((size_t) c->n * words, sizeof(uint64_t));
		for (size_t e = 0; e < c->count; e++)
		{
			uint64_t	rest = *bit_at(c, c->bit_inputs[i], e);

			for (int p = 0; p < c->n; p++)
			{
				uint64_t	share = p == c->n - 1 ? rest : randombytes_uniform(2);

				rest ^= share;
				c->bit_shares[i][(size_t) p * words + e / 64] |= share << (e % 64);
			}
		}
	}
	c->wanted = calloc(2 * (size_t) c->list_count, sizeof(int));
	for (int k = 0; k < c->list_count; k++)
	{
		if ((c->list_count - 1 - k) % every != 0)
			continue;
		c->wanted[c->wanted_count++] = c->listed[k];
		if (k % 7 == 6)
			c->wanted[c->wanted_count++] = c->listed[k];
	}
	for (int p = 0; p < c->n; p++)
		c->out[p] = calloc(c->wanted_count * out_words(c), sizeof(uint64_t));
}

/* Calls that are refused, or do nothing; none sends a byte. */
static SmcStatus
run_misuse(SmcEngine *engine, SmcProgram *const *p)
{
	uint64_t	x[8] = {0};
	const uint64_t *inputs[1] = {x};
	uint64_t   *outputs[1] = {x};
	int			wanted = 0;
	int			foreign = 99;
	uint64_t	sent = engine->channel->bytes_sent;

	if (smc_program_run(p[0], engine, 128, 1, inputs, NULL, &wanted, 1, outputs, NULL) != SMC_ERR_RANGE ||
		smc_program_run(p[1], engine, 64, 1, inputs, NULL, &wanted, 1, outputs, NULL) != SMC_ERR_ARGUMENT ||
		smc_program_run(p[1], engine, 130, 1, inputs, NULL, &wanted, 1, outputs, NULL) != SMC_ERR_ARGUMENT ||
		smc_program_run(p[1], engine, 576, 1, inputs, NULL, &wanted, 1, outputs, NULL) != SMC_ERR_ARGUMENT ||
		smc_program_run(p[1], engine, 128, 1, inputs, NULL, &foreign, 1, outputs, NULL) != SMC_ERR_ARGUMENT ||
		smc_program_run(p[2], engine, 128, 1, inputs, NULL, &wanted, 1, outputs, NULL) != SMC_ERR_ARGUMENT ||
		smc_program_run(p[1], engine, 128, 0, inputs, NULL, &wanted, 1, outputs, NULL) != SMC_OK ||
		smc_program_run(p[1], engine, 128, 1, inputs, NULL, &wanted, 1, outputs, NULL) != SMC_OK)
		return SMC_ERR_FORMAT;
	return engine->channel->bytes_sent == sent ? SMC_OK : SMC_ERR_FORMAT;
}

static SmcStatus
run_session(SmcEngine *engine, void *arg)
{
	Session    *session = arg;
	SmcChannel *channel = engine->channel;
	int			self = channel->self;
	SmcStatus	status = run_misuse(engine, session->misused);

	for (int k = 0; k < session->case_count && status == SMC_OK; k++)
	{
		Case	   *c = session->cases[k];
		const uint64_t *inputs[INPUTS];
		const uint64_t *bits[INPUTS];
		uint64_t  **outs = calloc(c->wanted_count, sizeof(uint64_t *));

		for (int i = 0; i < INPUTS; i++)
		{
			inputs[i] = c->shares[i] ? c->shares[i] + (size_t) self * out_words(c) : NULL;
			bits[i] = c->bit_shares[i] ? c->bit_shares[i] + (size_t) self * smc_bits_words(c->count) : NULL;
		}
		for (size_t w = 0; w < c->wanted_count; w++)
			outs[w] = c->out[self] + w * out_words(c);
		c->sent[self] = channel->bytes_sent;
		c->rounds[self] = channel->rounds;
		status = smc_program_run_by(c->program, engine, c->width, c->count, c->chunk, inputs, bits, c->wanted, c->wanted_count,
								 outs, outs);
		c->sent[self] = channel->bytes_sent - c->sent[self];
		c->rounds[self] = channel->rounds - c->rounds[self];
		free(outs);
	}
	return status;
}

static void
check_case(const Case *c)
{
	uint64_t	rounds;
	uint64_t	bytes;
	uint64_t	most = 0;

	for (size_t w = 0; w < c->wanted_count; w++)
	{
		int			node = c->wanted[w];

		for (size_t e = 0; e < c->count; e++)
		{
			if (c->bit[node])
			{
				uint64_t	bit = 0;

				for (int p = 0; p < c->n; p++)
					bit ^= c->out[p][w * out_words(c) + e / 64] >> (e % 64) & 1;
				assert_int_equal(bit, *bit_at(c, node, e));
			}
			else
			{
				uint64_t	sum[SMC_WIDE_LIMBS];
				uint64_t   *all = calloc((size_t) c->n * out_words(c), sizeof(uint64_t));

				for (int p = 0; p < c->n; p++)
					memcpy(all + (size_t) p * out_words(c), c->out[p] + w * out_words(c), out_words(c) * sizeof(uint64_t));
				smc_test_combine_wide(sum, all, out_words(c), c->n, c->width, e);
				free(all);
				assert_true(same(smc_wide_get(sum, c->width, 0), *number_at(c, node, e)));
			}
		}
		for (int p = 0; p < c->n && c->bit[node]; p++)
			assert_int_equal(c->out[p][w * out_words(c) + smc_bits_words(c->count) - 1] & ~smc_bits_tail(c->count), 0);
	}
	smc_program_cost(c->program, c->count, &rounds, &bytes);
	for (int p = 0; p < c->n; p++)
	{
		assert_true(c->chunk < c->count || c->rounds[p] <= rounds);
		assert_true(c->chunk < c->count || c->extra > 0 || c->sent[p] <= bytes * (uint64_t) (c->n - 1));
		most = c->sent[p] > most ? c->sent[p] : most;
	}
	if (c->costed)
	{
		assert_true(c->rounds[0] >= rounds * 3 / 4);
		assert_true(most >= bytes * (uint64_t) (c->n - 1) * 3 / 4);
	}
}

static void
add_case(Session *session, Case *c, int every, int extra, size_t chunk)
{
	c->extra = extra;
	c->chunk = chunk;
	c->costed = session->case_count == 0;
	prepare(c, every);
	session->cases[session->case_count++] = c;
}

/* ---- every builder ----------------------------------------------------------------------- */

/* Edge values and random ones; each operation on each. */
static Case *
each_operation(int n, size_t count)
{
	static const int64_t edges[] = {0, 1, -1, 2, -2, 9999, -10000, INT64_MAX / 2, -(INT64_MAX / 2)};
	Case	   *c = new_case(n, count);
	SmcWide		values[2][COUNT];
	int			a;
	int			b;
	int			s;
	int			t;
	int			size_a;
	int			size_b;

	for (size_t e = 0; e < count; e++)
	{
		values[0][e] = e < 81 ? number(edges[e / 9]) : sized(62);
		values[1][e] = e < 81 ? number(edges[e % 9]) : sized(62);
	}
	a = input(c, 62, values[0]);
	b = input(c, 62, values[1]);
	s = random_input_bit(c);
	t = random_input_bit(c);
	size_a = apply(c, ABSOLUTE, a, 0, 0, 0, 0, 0);
	size_b = apply(c, ABSOLUTE, b, 0, 0, 0, 0, 0);
	for (Op op = 0; op < OPS; op++)
	{
		if (op == DIVIDE_FLOOR)
			apply(c, op, size_a, size_b, 0, 0, 0, 0);
		else if (op == ROOT)
			apply(c, op, size_a, 0, 0, 0, 0, 0);
		else if (op == ROUND)
		{
			apply(c, op, a, b, 0, 0, 0, 0);
			apply(c, op, a, b, 0, 0, 0, 5);
			apply(c, op, a, b, 0, 0, 0, -3);
		}
		else
			apply(c, op, a, b, s, t, apply(c, NEGATIVE, b, 0, 0, 0, 0, 0), -7);
	}
	/* several steps in depth, and zero tests of numbers whose sign is known */
	apply(c, ZERO, size_a, 0, 0, 0, 0, 0);
	apply(c, ZERO, apply(c, NEGATE, size_b, 0, 0, 0, 0, 0), 0, 0, 0, 0, 0);
	apply(c, MULTIPLY, apply(c, MULTIPLY, a, b, 0, 0, 0, 0), a, 0, 0, 0, 0);
	apply(c, MULTIPLY, apply(c, FROM_BIT, 0, 0, s, 0, 0, 0), b, 0, 0, 0, 0);
	return c;
}

/* ---- random programs --------------------------------------------------------------------- */

/* A node of the case that is a bit, or a number of at most that many bits. */
static int
pick(const Case *c, bool bit, int bits)
{
	for (;;)
	{
		int			node = c->listed[randombytes_uniform((uint32_t) c->list_count)];

		if (c->bit[node] == bit && (bit || smc_program_bits(c->program, node) <= bits))
			return node;
	}
}

static Case *
random_program(int n, size_t count)
{
	Case	   *c = new_case(n, count);

	for (int i = 0; i < 4; i++)
	{
		random_input(c, 10 * (i + 1));
		random_input_bit(c);
	}
	constant(c, sized(30));
	constant(c, number(0));
	for (int i = 0; i < 30; i++)
	{
		Op			op = (Op) randombytes_uniform(OPS);
		bool		heavy = op == DIVIDE || op == DIVIDE_FLOOR || op == ROUND || op == ROOT;
		int			bits = op == MULTIPLY ? 60 : heavy ? 40 : 110;
		int			a = pick(c, false, bits);
		int			b = pick(c, false, bits);

		if (heavy && randombytes_uniform(4) != 0)
			continue;			/* they cost more */
		if (op == DIVIDE_FLOOR || op == ROOT)
		{
			a = apply(c, ABSOLUTE, a, 0, 0, 0, 0, 0);
			b = apply(c, ABSOLUTE, b, 0, 0, 0, 0, 0);
		}
		apply(c, op, a, b, pick(c, true, 0), pick(c, true, 0), pick(c, true, 0),
			  (int64_t) randombytes_uniform(7) - 2);
	}
	return c;
}

/* ---- quotients ------------------------------------------------------------------------------ */

/* Pairs around what decides: powers of 10000 and their neighbours, halves, zeros, any. */
static void
choose_pair(size_t e, int a_bits, int b_bits, SmcWide *a, SmcWide *b)
{
	SmcWide		power = ten_to((int) randombytes_uniform(17));
	SmcWide		two = number(2);

	*b = sized(b_bits);
	*a = sized(a_bits);
	switch (e % 8)
	{
		case 1:
			*a = times(*b, power);
			break;
		case 2:
			*a = plus(times(*b, power), number(1));
			break;
		case 3:
			*a = minus(times(*b, power), number(1));
			break;
		case 4:
			/* an odd number over twice a power of ten: halves, of any length */
			*a = plus(times(sized(30), two), number(1));
			*b = times(two, ten_to((int) randombytes_uniform(10)));
			break;
		case 5:
			*a = e % 16 < 8 ? number(0) : *a;
			*b = e % 16 < 8 ? *b : number(0);
			break;
		case 6:
			*a = number((int64_t) randombytes_uniform(3) + 1);
			break;
		default:
			break;
	}
	if (e % 3 == 0)
		*b = size_of(*b);
	if (smc_wide_bits(a) > a_bits)
		*a = sized(a_bits);
	if (smc_wide_bits(b) > b_bits)
		*b = sized(b_bits);
}

static Case *
quotients(int n, size_t count, int a_bits, int b_bits, int unit, int min_digits)
{
	Case	   *c = new_case(n, count);
	SmcWide		values[2][COUNT];
	int			a;
	int			b;

	for (size_t e = 0; e < count; e++)
		choose_pair(e, a_bits, b_bits, &values[0][e], &values[1][e]);
	a = input(c, a_bits, values[0]);
	b = input(c, b_bits, values[1]);
	apply_quotient(c, a, b, unit, min_digits);
	return c;
}

/* A public number divided by a secret one: its size is known, and the quotient's isn't. */
static Case *
public_dividend(int n, size_t count, int64_t dividend, int unit)
{
	Case	   *c = new_case(n, count);
	SmcWide		values[COUNT];

	for (size_t e = 0; e < count; e++)
		values[e] = e < 3 ? number((int64_t) e) : sized(1 + (int) (e * 7 % 40));
	apply_quotient(c, constant(c, number(dividend)), input(c, 40, values), unit, 0);
	return c;
}

/* ---- sessions: one for each number of parties ------------------------------------------- */

static void
add_quotients(Session *session)
{
	static const struct
	{
		int			a_bits;
		int			b_bits;
		int			unit;
		int			min_digits;
	}			shapes[] = {
		{100, 40, -2, 2}, {100, 40, 0, 0}, {60, 60, 3, 0}, {20, 10, 0, 25},
		{120, 30, -30, 30}, {10, 90, 0, 0}, {40, 40, -12, 0}, {90, 20, 0, -5}
	};
	int			n = session->n;

	for (size_t k = 0; k < (smc_test_brief() ? 1 : n == 2 ? 8 : 2); k++)
		add_case(session, quotients(n, smc_test_brief() ? 2 : n == 2 ? 100 : 24, shapes[k].a_bits, shapes[k].b_bits,
									shapes[k].unit, shapes[k].min_digits), 1, 0, 1024);
	add_case(session, public_dividend(n, smc_test_brief() ? 4 : 24, 10, 0), 1, 0, 1024);
	if (n == 2 && !smc_test_brief())
		add_case(session, public_dividend(n, 24, -25, -1), 1, 0, 1024);
}

static void
add_programs(Session *session)
{
	static const size_t counts[] = {65, 63, 64, 1, 200};
	int			n = session->n;

	add_case(session, each_operation(n, smc_test_brief() ? 1 : n == 2 ? 90 : 30), 1, 0, 1024);
	for (int k = 0; k < (smc_test_brief() ? 1 : 12 - 2 * n); k++)
		add_case(session, random_program(n, smc_test_brief() ? 3 : counts[k % 5]), k % 3 + 1, k % 2 * 64,
				 k == 0 ? 64 : 1024);
}

static void
test_run(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Session		session = {n, 0, {NULL}, {smc_program_create(n), smc_program_create(n), smc_program_create(n % 5 + 2)}};

		for (int k = 0; k < 3; k++)
			smc_program_input(session.misused[k], k == 0 ? 600 : 100);
		add_programs(&session);
		add_quotients(&session);
		smc_testengine_run(n, run_session, &session);
		for (int k = 0; k < session.case_count; k++)
		{
			check_case(session.cases[k]);
			free_case(session.cases[k]);
		}
		for (int k = 0; k < 3; k++)
			smc_program_destroy(session.misused[k]);
	}
}

/* The same, many more, on plain constants: the builder folds all of it. */
static void
test_quotient_constants(void **state)
{
	int			rounds = smc_test_brief() ? 100 : 3000;

	(void) state;
	for (int k = 0; k < rounds; k++)
	{
		Case	   *c = new_case(2, 1);
		SmcWide		a;
		SmcWide		b;
		int			unit = (int) randombytes_uniform(41) - 20;

		choose_pair((size_t) k, 100, 60, &a, &b);
		apply_quotient(c, constant(c, a), constant(c, b), unit, k % 5 ? 0 : (int) randombytes_uniform(40));
		apply(c, ROUND, 0, 1 < c->list_count ? c->listed[1] : 0, 0, 0, 0, (int64_t) randombytes_uniform(20));
		for (int i = 0; i < c->list_count; i++)
			assert_true(smc_program_bits(c->program, c->listed[i]) == smc_wide_bits(number_at(c, c->listed[i], 0)));
		free_case(c);
	}
}

/* ---- folding, bounds, widths, misuse ------------------------------------------------------------ */

static void
test_folding(void **state)
{
	SmcProgram *p = smc_program_create(3);
	SmcWide		zero = number(0);
	SmcWide		one = number(1);
	SmcWide		ten = number(10);
	int			a = smc_program_input(p, 20);
	int			b = smc_program_input(p, 30);
	int			s = smc_program_input_bit(p);
	int			none = smc_program_constant(p, &zero);
	int			unit = smc_program_constant(p, &one);
	int			no = smc_program_constant_bit(p, false);
	int			yes = smc_program_constant_bit(p, true);
	uint64_t	rounds;
	uint64_t	bytes;

	(void) state;
	assert_int_equal(smc_program_add(p, a, none), a);
	assert_int_equal(smc_program_add(p, a, b), smc_program_add(p, b, a));
	assert_int_equal(smc_program_multiply(p, a, unit), a);
	assert_int_equal(smc_program_multiply(p, none, a), none);
	assert_int_equal(smc_program_multiply(p, a, b), smc_program_multiply(p, b, a));
	assert_int_equal(smc_program_subtract(p, a, a), none);
	assert_int_equal(smc_program_negate(p, smc_program_negate(p, a)), a);
	assert_int_equal(smc_program_multiply(p, a, smc_program_constant(p, &ten)), smc_program_scale(p, a, &ten));
	assert_int_equal(smc_program_negative(p, smc_program_scale(p, a, &ten)), smc_program_negative(p, a));
	assert_int_equal(smc_program_equal(p, a, b), smc_program_equal(p, b, a));
	assert_int_equal(smc_program_times_bit(p, yes, a), a);
	assert_int_equal(smc_program_select(p, no, a, b), b);
	assert_int_equal(smc_program_multiply(p, smc_program_from_bit(p, s), a), smc_program_times_bit(p, s, a));
	assert_int_equal(smc_program_and(p, s, yes), s);
	assert_int_equal(smc_program_and(p, s, smc_program_not(p, s)), no);
	assert_int_equal(smc_program_or(p, s, smc_program_not(p, s)), yes);
	assert_int_equal(smc_program_xor(p, s, no), s);
	assert_int_equal(smc_program_xor(p, s, yes), smc_program_not(p, s));
	assert_int_equal(smc_program_zero(p, smc_program_from_bit(p, s)), smc_program_not(p, s));
	assert_int_equal(smc_program_divide(p, a, unit), smc_program_divide(p, a, unit));
	assert_int_equal(smc_program_less(p, unit, none), no);
	assert_int_equal(smc_program_less(p, none, unit), yes);

	/* signs put on and taken off */
	assert_int_equal(smc_program_absolute(p, smc_program_select(p, smc_program_negative(p, b), smc_program_negate(p, a), a)),
					 smc_program_absolute(p, a));
	assert_int_equal(smc_program_zero(p, smc_program_absolute(p, a)), smc_program_zero(p, a));
	assert_int_equal(smc_program_absolute(p, smc_program_scale(p, a, &ten)),
					 smc_program_scale(p, smc_program_absolute(p, a), &ten));
	assert_int_equal(smc_program_add(p, smc_program_scale(p, a, &ten), smc_program_negate(p, smc_program_scale(p, a, &ten))), none);
	assert_int_equal(smc_program_subtract(p, a, smc_program_negate(p, a)), smc_program_add(p, a, a));

	/* what the bounds decide alone */
	ten = smc_wide_power_of_ten(7);
	assert_int_equal(smc_program_less(p, a, smc_program_constant(p, &ten)), yes);
	assert_int_equal(smc_program_equal(p, a, smc_program_constant(p, &ten)), no);
	assert_int_equal(smc_program_negative(p, smc_program_multiply(p, a, a)), no);
	assert_int_equal(smc_program_negative(p, smc_program_absolute(p, a)), no);
	assert_int_equal(smc_program_not_negative(p, b), b);
	assert_int_equal(smc_program_absolute(p, b), b);
	assert_int_equal(smc_program_negative(p, b), no);

	/* constants cost nothing */
	assert_int_equal(smc_program_status(p), SMC_OK);
	smc_program_destroy(p);
	p = smc_program_create(2);
	ten = number(10);
	a = smc_program_constant(p, &ten);
	smc_program_quotient(p, a, smc_program_add(p, a, smc_program_root(p, a)), 0, 0, &a, &b);
	assert_int_equal(smc_program_bits(p, a), 67);	/* 0.76923076923076923077 */
	smc_program_cost(p, 1000, &rounds, &bytes);
	assert_int_equal(rounds, 0);
	assert_int_equal(bytes, 0);
	smc_program_destroy(p);
}

static void
test_bounds(void **state)
{
	SmcProgram *p = smc_program_create(2);
	int			a = smc_program_input(p, 100);
	int			sum;
	int			product;

	(void) state;
	assert_int_equal(smc_program_width(p), 128);
	sum = smc_program_add(p, a, smc_program_input(p, 127));
	assert_int_equal(smc_program_bits(p, sum), 128);
	assert_int_equal(smc_program_width(p), 192);
	assert_int_equal(smc_program_bits(p, smc_program_input_bit(p)), -1);
	product = smc_program_multiply(p, sum, a);
	assert_int_equal(smc_program_bits(p, product), 228);
	assert_int_equal(smc_program_width(p), 256);
	product = smc_program_multiply(p, product, smc_program_input(p, 300));
	assert_int_equal(smc_program_bits(p, product), 528);
	assert_int_equal(smc_program_width(p), 0);
	assert_int_equal(smc_program_status(p), SMC_ERR_RANGE);

	/* a declared bound makes it good again */
	assert_int_equal(smc_program_bound(p, product, 400), product);
	assert_int_equal(smc_program_bits(p, product), 400);
	assert_int_equal(smc_program_width(p), 448);
	assert_int_equal(smc_program_bound(p, product, 500), product);
	assert_int_equal(smc_program_bits(p, product), 400);
	assert_int_equal(smc_program_status(p), SMC_OK);
	smc_program_destroy(p);

	/* divisions ask for more than their results */
	p = smc_program_create(2);
	a = smc_program_input(p, 120);
	sum = smc_program_divide_floor(p, smc_program_absolute(p, a), smc_program_absolute(p, smc_program_input(p, 60)));
	assert_true(smc_program_bits(p, sum) <= 120);
	assert_true(smc_program_width(p) >= smc_wide_divide_width(2, 120, 60));
	smc_program_divide_floor(p, smc_program_input(p, 500), smc_program_input(p, 400));
	assert_int_equal(smc_program_status(p), SMC_ERR_RANGE);
	smc_program_destroy(p);
}

static void
test_misuse(void **state)
{
	SmcProgram *p = smc_program_create(1);
	SmcWide		far = smc_wide_power_of_ten(150);
	int			a;
	int			value;
	int			digits;

	(void) state;
	assert_int_equal(smc_program_status(p), SMC_ERR_ARGUMENT);
	smc_program_destroy(p);
	smc_program_destroy(NULL);

	/* a bit is no number, a number no bit, and a failed program stays failed */
	p = smc_program_create(2);
	a = smc_program_input(p, 10);
	assert_int_equal(smc_program_not(p, a), -1);
	assert_int_equal(smc_program_status(p), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_program_add(p, a, a), -1);
	smc_program_quotient(p, a, a, 0, 0, &value, &digits);
	assert_int_equal(value, -1);
	assert_int_equal(smc_program_width(p), 0);
	smc_program_destroy(p);

	for (int k = 0; k < 6; k++)
	{
		p = smc_program_create(2);
		a = smc_program_input(p, 10);
		if (k == 0)
			smc_program_add(p, a, 1);
		else if (k == 1)
			smc_program_negative(p, smc_program_input_bit(p));
		else if (k == 2)
			smc_program_bound(p, a, -1);
		else if (k == 3)
			smc_program_scale(p, smc_program_constant(p, &far), &far);
		else if (k == 4)
			smc_program_quotient(p, a, a, 200, 0, &value, &digits);
		else
			smc_program_round(p, a, a, 151);
		assert_int_equal(smc_program_status(p), k < 3 ? SMC_ERR_ARGUMENT : SMC_ERR_RANGE);
		smc_program_destroy(p);
	}

	/* as many nodes as there may be */
	p = smc_program_create(2);
	for (int k = 0; k < SMC_PROGRAM_NODES_MAX; k++)
		a = smc_program_input_bit(p);
	assert_int_equal(a, SMC_PROGRAM_NODES_MAX - 1);
	assert_int_equal(smc_program_status(p), SMC_OK);
	assert_int_equal(smc_program_not(p, a), -1);
	assert_int_equal(smc_program_status(p), SMC_ERR_RANGE);
	smc_program_destroy(p);
}

/* ---- bytes ----------------------------------------------------------------------------------------- */

static void
test_bytes(void **state)
{
	Case	   *c = each_operation(3, 1);
	SmcArena   *arena = smc_arena_create();
	SmcWriter	writer;
	SmcWriter	again;
	SmcReader	reader;
	SmcProgram *copy;
	uint64_t	cost[4];

	(void) state;
	smc_program_bound(c->program, 0, 61);
	smc_writer_init(&writer, arena);
	smc_program_write(c->program, &writer);
	assert_int_equal(smc_writer_end(&writer), SMC_OK);
	smc_reader_init(&reader, writer.data, writer.len);
	copy = smc_program_read(&reader);
	assert_non_null(copy);
	assert_int_equal(smc_reader_end(&reader), SMC_OK);
	smc_writer_init(&again, arena);
	smc_program_write(copy, &again);
	assert_int_equal(again.len, writer.len);
	assert_memory_equal(again.data, writer.data, writer.len);
	assert_int_equal(smc_program_width(copy), smc_program_width(c->program));
	assert_int_equal(smc_program_inputs(copy), smc_program_inputs(c->program));
	assert_int_equal(smc_program_input_bits(copy), smc_program_input_bits(c->program));
	smc_program_cost(copy, 10, &cost[0], &cost[1]);
	smc_program_cost(c->program, 10, &cost[2], &cost[3]);
	assert_memory_equal(cost, cost + 2, sizeof(cost) / 2);

	/* and goes on as the original would */
	assert_int_equal(smc_program_add(copy, 0, 1), smc_program_add(c->program, 0, 1));
	assert_int_equal(smc_program_input(copy, 5), smc_program_input(c->program, 5));
	smc_program_destroy(copy);

	/* cut short, or with a byte changed, it is a program or an error */
	for (size_t k = 0; k < writer.len; k += smc_test_brief() ? 97 : 1)
	{
		uint8_t		old = writer.data[k];

		smc_reader_init(&reader, writer.data, k);
		copy = smc_program_read(&reader);
		assert_null(copy);
		assert_true(reader.failed);
		writer.data[k] = (uint8_t) randombytes_random();
		smc_reader_init(&reader, writer.data, writer.len);
		copy = smc_program_read(&reader);
		assert_true((copy == NULL) == reader.failed);
		if (copy != NULL)
			smc_program_cost(copy, 1, &cost[0], &cost[1]);
		smc_program_destroy(copy);
		writer.data[k] = old;
	}

	/* a failed one */
	smc_program_not(c->program, 0);
	smc_writer_init(&writer, arena);
	smc_program_write(c->program, &writer);
	smc_reader_init(&reader, writer.data, writer.len);
	copy = smc_program_read(&reader);
	assert_non_null(copy);
	assert_int_equal(smc_program_status(copy), SMC_ERR_ARGUMENT);
	smc_program_destroy(copy);
	smc_arena_destroy(arena);
	free_case(c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run),
		cmocka_unit_test(test_quotient_constants),
		cmocka_unit_test(test_folding),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_bytes)
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
