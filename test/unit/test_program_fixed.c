/*
 * Programs over shares, fixed point: numbers scaled down by several places at once
 * and compared with powers of two, against plaintext; their errors and ranges, what
 * is folded, rounds, and the same after a journey as bytes.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/smc_limbs.h"
#include "core/smc_program_impl.h"
#include "smc_testwide.h"

#define PARTIES		5
#define COUNT		40
#define NUMBERS		4
#define POWERS		9

static const int sizes[NUMBERS] = {1, 63, 167, 400};
static const int places[NUMBERS] = {1, 63, 5, 333};	/* the second has no places left */

typedef struct Case
{
	int			n;
	SmcProgram *program;
	int			width;
	int			cut[NUMBERS];
	int			reached[NUMBERS][POWERS];
	int			powers[NUMBERS][POWERS];
	SmcWide		x[NUMBERS][COUNT];
	uint64_t   *inputs[PARTIES][NUMBERS];
	uint64_t   *cuts[PARTIES][NUMBERS];
	uint64_t	bits[PARTIES][NUMBERS * POWERS];
	uint64_t	rounds;
} Case;

/* What is cut of a number: it, less about half of its range, so that it has either sign. */
static SmcWide
shifted(const SmcWide *x, int i)
{
	return minus(*x, smc_range_power_of_two(sizes[i] - 1));
}

static void
build(Case *c)
{
	SmcWriter	writer;
	SmcReader	reader;
	SmcArena   *arena = smc_arena_create();

	c->program = smc_program_create(c->n);
	for (int i = 0; i < NUMBERS; i++)
	{
		int			x = smc_program_not_negative(c->program, smc_program_input(c->program, sizes[i]));
		SmcWide		half = smc_range_power_of_two(sizes[i] - 1);

		c->cut[i] = smc_program_cut(c->program, smc_program_subtract(c->program, x, smc_program_constant(c->program, &half)),
									places[i]);
		for (int p = 0; p < POWERS; p++)
		{
			c->powers[i][p] = p == 0 ? 0 : p == 1 ? sizes[i] - 1 : (int) randombytes_uniform((uint32_t) sizes[i]);
			c->reached[i][p] = smc_program_reached(c->program, x, c->powers[i][p]);
		}
	}
	assert_int_equal(smc_program_status(c->program), SMC_OK);
	c->width = smc_program_width(c->program);
	smc_writer_init(&writer, arena);
	smc_program_write(c->program, &writer);
	smc_reader_init(&reader, writer.data, writer.len);
	smc_program_destroy(c->program);
	c->program = smc_program_read(&reader);
	assert_non_null(c->program);
	assert_int_equal(smc_reader_end(&reader), SMC_OK);
	smc_arena_destroy(arena);
}

static void
draw(Case *c)
{
	size_t		limbs = (size_t) c->width / 64;

	for (int i = 0; i < NUMBERS; i++)
	{
		uint64_t   *shares = calloc((size_t) c->n * COUNT * limbs, sizeof(uint64_t));

		for (int e = 0; e < COUNT; e++)
		{
			smc_test_draw(c->x[i][e].limb, smc_test_up_to(sizes[i]), e % 4);
			if (!smc_test_fits(c->x[i][e].limb, sizes[i]))
				c->x[i][e] = number(0);
			smc_test_split_wide(shares, COUNT * limbs, c->n, c->width, (size_t) e, c->x[i][e].limb);
		}
		for (int p = 0; p < c->n; p++)
		{
			c->inputs[p][i] = malloc(COUNT * limbs * sizeof(uint64_t));
			memcpy(c->inputs[p][i], shares + (size_t) p * COUNT * limbs, COUNT * limbs * sizeof(uint64_t));
			c->cuts[p][i] = malloc(COUNT * limbs * sizeof(uint64_t));
		}
		free(shares);
	}
}

static SmcStatus
party(SmcEngine *engine, void *arg)
{
	Case	   *c = arg;
	int			self = engine->channel->self;
	int			wanted[NUMBERS * (POWERS + 1)];
	uint64_t   *numbers[NUMBERS * (POWERS + 1)] = {NULL};
	uint64_t   *bits[NUMBERS * (POWERS + 1)] = {NULL};
	uint64_t	rounds = engine->channel->rounds;
	size_t		count = 0;
	SmcStatus	status;

	for (int i = 0; i < NUMBERS; i++)
	{
		wanted[count] = c->cut[i];
		numbers[count++] = c->cuts[self][i];
		for (int p = 0; p < POWERS; p++)
		{
			wanted[count] = c->reached[i][p];
			bits[count++] = &c->bits[self][i * POWERS + p];
		}
	}
	status = smc_program_run(c->program, engine, c->width, COUNT, (const uint64_t *const *) c->inputs[self], NULL,
							 wanted, count, numbers, bits);
	if (self == 0)
		c->rounds = engine->channel->rounds - rounds;
	return status;
}

static void
judge(const Case *c)
{
	size_t		limbs = (size_t) c->width / 64;

	for (int i = 0; i < NUMBERS; i++)
	{
		for (int e = 0; e < COUNT; e++)
		{
			SmcWide		sum = number(0);
			SmcWide		floor = number(0);
			SmcWide		off;

			for (int p = 0; p < c->n; p++)
				smc_limbs_add(sum.limb, sum.limb, c->cuts[p][i] + (size_t) e * limbs, limbs);
			sum = smc_wide_get(sum.limb, c->width, 0);
			/* shifted as what isn't negative */
			floor = plus(shifted(&c->x[i][e], i), smc_range_power_of_two(480));
			smc_limbs_shift_right(floor.limb, floor.limb, (unsigned) places[i], SMC_WIDE_LIMBS);
			floor = minus(floor, smc_range_power_of_two(480 - places[i]));
			off = minus(sum, floor);
			/* of the floor: less than one more below */
			assert_true(!below(off, number(-c->n)) && below(off, number(c->n + 1)));
			assert_false(below(sum, c->program->nodes[c->cut[i]].range.lo));
			assert_false(below(c->program->nodes[c->cut[i]].range.hi, sum));
			for (int p = 0; p < POWERS; p++)
			{
				SmcWide		power = smc_range_power_of_two(c->powers[i][p]);
				uint64_t	bit = 0;

				for (int q = 0; q < c->n; q++)
					bit ^= c->bits[q][i * POWERS + p] >> e;
				assert_int_equal(bit & 1, !below(c->x[i][e], power));
			}
		}
	}
}

static void
test_fixed(void **state)
{
	static const int party_counts[] = {2, 3, 5};

	(void) state;
	for (size_t k = 0; k < sizeof(party_counts) / sizeof(party_counts[0]); k++)
	{
		Case	   *c = calloc(1, sizeof(*c));
		uint64_t	rounds;
		uint64_t	bytes;

		c->n = party_counts[k];
		build(c);
		draw(c);
		smc_testengine_run(c->n, party, c);
		smc_program_cost(c->program, COUNT, &rounds, &bytes);
		assert_int_equal(c->rounds, rounds);
		judge(c);
		for (int p = 0; p < c->n; p++)
		{
			for (int i = 0; i < NUMBERS; i++)
			{
				free(c->inputs[p][i]);
				free(c->cuts[p][i]);
			}
		}
		smc_program_destroy(c->program);
		free(c);
	}
}

/* One round for all cuts; one vector of sizes for all powers of one number. */
static void
test_costs(void **state)
{
	SmcProgram *program = smc_program_create(2);
	uint64_t	rounds;
	uint64_t	bytes;
	uint64_t	one;
	int			x = smc_program_not_negative(program, smc_program_input(program, 167));
	int			y = smc_program_input(program, 300);
	SmcCost		size = {0, 0, {0}};

	(void) state;
	assert_true(smc_program_cut(program, x, 20) >= 0);
	assert_true(smc_program_cut(program, y, 200) >= 0);
	smc_program_cost(program, 64, &rounds, &bytes);
	assert_int_equal(rounds, 1);
	smc_cost_size(&size, 2, 167, 64);
	for (int power = 0; power < 167; power++)
		assert_true(smc_program_reached(program, x, power) >= 0);
	smc_program_cost(program, 64, &rounds, &one);
	assert_int_equal(rounds, 1 + size.rounds);
	assert_true(one <= bytes + 2 * smc_cost_bytes(&size, 2));
	smc_program_destroy(program);
}

/* What needs no node, and what is refused. */
static void
test_folded(void **state)
{
	SmcProgram *program = smc_program_create(3);
	int			x = smc_program_input(program, 20);
	int			y = smc_program_not_negative(program, smc_program_input(program, 20));

	(void) state;
	assert_int_equal(smc_program_cut(program, x, 0), x);
	assert_int_equal(smc_program_cut(program, x, 3), smc_program_cut(program, x, 3));
	assert_int_equal(smc_program_reached(program, y, 20), smc_program_constant_bit(program, false));
	assert_int_equal(smc_program_reached(program, y, 7), smc_program_reached(program, y, 7));
	assert_int_equal(smc_program_status(program), SMC_OK);
	assert_int_equal(smc_program_reached(program, x, 7), -1);	/* may be negative */
	assert_int_equal(smc_program_status(program), SMC_ERR_RANGE);
	smc_program_destroy(program);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_costs),
		cmocka_unit_test(test_folded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
