/*
 * Programs over shares: the largest of some numbers and which one it is, against
 * plaintext: ties, zeros, extremes, one number alone; rounds and bytes within what
 * is told beforehand.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdlib.h>

#include "core/smc_program.h"

#define PARTIES		5
#define COUNT		24			/* elements */
#define MOST		33			/* numbers */
#define BITS		40
#define WIDTH		128
#define STRIDE		(COUNT * WIDTH / 64)

typedef struct Case
{
	int			numbers;
	SmcProgram *program;
	int			wanted[2];
	uint64_t	plain[MOST][COUNT];
	uint64_t   *inputs[MOST];	/* shares: party * STRIDE + element */
	uint64_t   *results[2];
	uint64_t	rounds[PARTIES];
	uint64_t	sent[PARTIES];
} Case;

static const int sizes[] = {1, 2, 3, 5, 10, 33};
#define CASES	((int) (sizeof(sizes) / sizeof(sizes[0])))

static SmcStatus
party(SmcEngine *engine, void *arg)
{
	Case	   *cases = arg;
	int			self = engine->channel->self;
	SmcStatus	status = SMC_OK;

	for (int c = 0; c < CASES && status == SMC_OK; c++)
	{
		Case	   *job = &cases[c];
		uint64_t	rounds = engine->channel->rounds;
		uint64_t	sent = engine->channel->bytes_sent;
		const uint64_t *inputs[MOST];
		uint64_t   *outputs[2];
		uint64_t   *bits[2] = {NULL, NULL};

		for (int i = 0; i < job->numbers; i++)
			inputs[i] = job->inputs[i] + self * STRIDE;
		for (int i = 0; i < 2; i++)
			outputs[i] = job->results[i] + self * STRIDE;
		status = smc_program_run(job->program, engine, WIDTH, COUNT, inputs, NULL, job->wanted, 2, outputs, bits);
		job->rounds[self] = engine->channel->rounds - rounds;
		job->sent[self] = engine->channel->bytes_sent - sent;
	}
	return status;
}

/* Few values in the first elements, so that there are ties; then all zero, all the largest, and any. */
static uint64_t
draw(size_t e)
{
	if (e < COUNT / 2)
		return randombytes_uniform(3);
	if (e == COUNT / 2)
		return 0;
	if (e == COUNT / 2 + 1)
		return (UINT64_C(1) << BITS) - 1;
	return (uint64_t) randombytes_random() << (BITS - 32) | randombytes_uniform(1 << (BITS - 32));
}

static void
prepare(Case *job, int n, int numbers)
{
	int			nodes[MOST];
	int			names[MOST];

	job->numbers = numbers;
	job->program = smc_program_create(n);
	for (int i = 0; i < numbers; i++)
	{
		SmcWide		name = smc_wide_from_int(100 + 7 * i);

		nodes[i] = smc_program_not_negative(job->program, smc_program_input(job->program, BITS));
		names[i] = smc_program_constant(job->program, &name);
		job->inputs[i] = calloc((size_t) n * STRIDE, sizeof(uint64_t));
		for (size_t e = 0; e < COUNT; e++)
		{
			job->plain[i][e] = draw(e);
			smc_test_split(job->inputs[i], STRIDE, n, WIDTH, e, job->plain[i][e]);
		}
	}
	smc_program_most(job->program, nodes, names, numbers);
	job->wanted[0] = nodes[0];
	job->wanted[1] = names[0];
	for (int i = 0; i < 2; i++)
		job->results[i] = calloc((size_t) n * STRIDE, sizeof(uint64_t));
	assert_int_equal(smc_program_status(job->program), SMC_OK);
	assert_int_equal(smc_program_width(job->program), WIDTH);
}

static void
finish(Case *job, int n)
{
	uint64_t	rounds;
	uint64_t	bytes;

	for (size_t e = 0; e < COUNT; e++)
	{
		int			first = 0;

		for (int i = 1; i < job->numbers; i++)
		{
			if (job->plain[i][e] > job->plain[first][e])
				first = i;
		}
		assert_true(smc_test_combine(job->results[0], STRIDE, n, WIDTH, e) == job->plain[first][e]);
		assert_true(smc_test_combine(job->results[1], STRIDE, n, WIDTH, e) == (SmcRing128) (100 + 7 * first));
	}
	smc_program_cost(job->program, COUNT, &rounds, &bytes);
	for (int p = 0; p < n; p++)
	{
		assert_true(job->rounds[p] <= rounds);
		assert_true(job->sent[p] <= bytes * (uint64_t) (n - 1));
	}
	assert_true(job->numbers == 1 || rounds > 0);
	for (int i = 0; i < job->numbers; i++)
		free(job->inputs[i]);
	for (int i = 0; i < 2; i++)
		free(job->results[i]);
	smc_program_destroy(job->program);
}

static void
test_most(void **state)
{
	(void) state;
	for (int n = 2; n <= (smc_test_brief() ? 2 : PARTIES); n++)
	{
		Case	   *cases = calloc(CASES, sizeof(Case));

		for (int c = 0; c < CASES; c++)
			prepare(&cases[c], n, sizes[c]);
		smc_testengine_run(n, party, cases);
		for (int c = 0; c < CASES; c++)
			finish(&cases[c], n);
		free(cases);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_most),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
