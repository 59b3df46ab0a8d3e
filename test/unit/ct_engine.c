/*
 * Constant time of the sharing engine, checked as in ct_core.c: all randomness
 * and all inputs are marked as secret; what is sent is public from then on.
 *
 *   valgrind --error-exitcode=1 --suppressions=test/unit/ct.supp ct_engine
 *   ... ct_engine leak		branches on a secret on purpose: must be found
 *
 * libsodium's refusal of the neutral element is a branch on a point that was,
 * or is about to be, sent: it is in ct.supp.
 */
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "core/smc_arith.h"
#include "core/smc_compare.h"
#include "core/smc_contest.h"
#include "core/smc_curve.h"
#include "core/smc_equality.h"
#include "core/smc_millionaires.h"
#include "core/smc_minmax.h"
#include "core/smc_program.h"
#include "core/smc_noise.h"
#include "core/smc_normal.h"
#include "core/smc_private.h"
#include "core/smc_quantile.h"
#include "smc_testnet.h"

#define COUNT	3

static int	failures;

static void
expect(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "failed: %s\n", what);
	failures++;
}

/* Whether any bit is marked; asks silently. */
static bool
is_secret(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint8_t		bits;

	for (size_t i = 0; i < len; i++)
	{
		if (VALGRIND_GET_VBITS(bytes + i, &bits, 1) == 1 && bits != 0)
			return true;
	}
	return false;
}

static void
fill_secret(void *state, uint8_t *out, size_t len)
{
	(void) state;
	randombytes_buf(out, len);
	(void) VALGRIND_MAKE_MEM_UNDEFINED(out, len);
}

static const SmcRandom secret_random = {fill_secret, NULL};

static SmcStatus (*send_really) (SmcChannel *channel, int to, const uint8_t *data, size_t len);

/* The wire is public, and so is what went there: a share that is opened, at its owner too. */
static SmcStatus
send_public(SmcChannel *channel, int to, const uint8_t *data, size_t len)
{
	(void) VALGRIND_MAKE_MEM_DEFINED(data, len);
	return send_really(channel, to, data, len);
}

typedef struct Results
{
	uint64_t	negative[3];
	uint64_t	zero[3];
	uint64_t	less[3];
	uint64_t	equal[3];
	uint64_t	product[3][COUNT];
	uint64_t	chosen[3][COUNT];
	uint64_t	noise[3][COUNT];
	int64_t		quantile[3];
	bool		marked[3];
} Results;

/* A program with every kind of step, on secret shares. */
static SmcStatus
run_program(SmcEngine *engine, const uint64_t *shares, bool *marked)
{
	SmcProgram *program = smc_program_create(engine->channel->party_count);
	int			a = smc_program_input(program, 60);
	int			b = smc_program_input(program, 60);
	int			less = smc_program_less(program, a, b);
	int			wanted[3] = {0, 0, smc_program_and(program, less, smc_program_zero(program, a))};
	const uint64_t *inputs[2] = {shares, shares};
	uint64_t	out[3][8];
	uint64_t   *outs[3] = {out[0], out[1], out[2]};
	SmcStatus	status;

	a = smc_program_multiply(program, smc_program_select(program, less, a, b), b);
	smc_program_quotient(program, a, b, 0, 0, &wanted[0], &wanted[1]);
	status = smc_program_status(program);
	if (status == SMC_OK)
		status = smc_program_run(program, engine, smc_program_width(program), 1, inputs, NULL, wanted, 3, outs, outs);
	*marked &= is_secret(out[0], 16) && is_secret(out[1], 16) && is_secret(out[2], 8);
	smc_program_destroy(program);
	return status;
}

/* What wide rings add, on secret shares: sharing, comparison, contests, division, roots. */
static SmcStatus
run_wide(SmcEngine *engine, bool *marked)
{
	static uint8_t seeds[3][SMC_KEY_BYTES];
	static const uint8_t context[SMC_KEY_BYTES] = {1};
	int			n = engine->channel->party_count;
	uint16_t	all = (uint16_t) ((1 << n) - 1);
	SmcRing128	own = 0;
	uint64_t	x[2 * 4] = {0};
	uint64_t	out[2 * 4];
	uint64_t	bits = 0;
	SmcStatus	status;

	/* the pair's seeds are equal at both ends, and zero */
	(void) VALGRIND_MAKE_MEM_UNDEFINED(seeds, sizeof(seeds));
	(void) VALGRIND_MAKE_MEM_UNDEFINED(x, sizeof(x));
	(void) VALGRIND_MAKE_MEM_UNDEFINED(&own, sizeof(own));
	if ((status = smc_wide_share(engine->channel->self, n, (const uint8_t (*)[SMC_KEY_BYTES]) seeds, context, 256, x, 2)) != SMC_OK)
		return status;
	*marked &= is_secret(x, sizeof(x));
	if ((status = smc_wide_open(engine->channel, 256, x, &all, 1, out)) != SMC_OK ||
		(status = smc_compare_negative(engine, 192, x, &bits, 2)) != SMC_OK ||
		(status = smc_contest_extreme_wide(engine, 192, true, &own, out, out + 4, 1)) != SMC_OK)
		return status;
	*marked &= is_secret(out, 24);
	memset(x, 0, sizeof(x));
	(void) VALGRIND_MAKE_MEM_UNDEFINED(x, sizeof(x));
	if ((status = smc_wide_divide(engine, 192, 72, 3, x, x + 4, out, 1)) != SMC_OK ||
		(status = smc_wide_shift_right(engine, 192, 80, 3, x, x, 1)) != SMC_OK)
		return status;
	*marked &= is_secret(out, 24);
	status = n == 2 ? smc_wide_root(engine, 192, 30, x, out, 1) : SMC_OK;
	*marked &= is_secret(out, 24);
	return status;
}

/* What a logistic regression adds: private integers times shared ones, curves, a system of one equation. */
static SmcStatus
run_logistic(SmcEngine *engine, bool *marked)
{
	static __thread SmcRing128 z[64 * 3];
	static __thread SmcRing128 out[64 * 3];
	static __thread uint64_t x[64];
	SmcRing128 *v[3] = {z, z, z};
	SmcRing128 *products[3] = {out, out + 64, out + 128};
	SmcPrivateProduct product = {3, 7, 1, x, v, 1, products, 1};
	SmcCurve	curve = {SMC_CURVE_LOSS, 12, out};
	uint64_t	h[4] = {0};
	uint64_t	g[4] = {0};
	uint64_t	singular = 0;
	SmcStatus	status;

	memset(z, 0, sizeof(z));
	memset(x, 0, sizeof(x));
	memset(out, 0, sizeof(out));
	h[1] = engine->channel->self == 0;
	(void) VALGRIND_MAKE_MEM_UNDEFINED(z, sizeof(z));
	(void) VALGRIND_MAKE_MEM_UNDEFINED(x, sizeof(x));
	(void) VALGRIND_MAKE_MEM_UNDEFINED(h, sizeof(h));
	(void) VALGRIND_MAKE_MEM_UNDEFINED(g, sizeof(g));
	if ((status = smc_private_multiply(engine, &product, 1, 64)) != SMC_OK)
		return status;
	*marked &= is_secret(out, 7);
	if ((status = smc_curve_evaluate(engine, 12, z, &curve, 1, 64)) != SMC_OK)
		return status;
	*marked &= is_secret(out, 7);
	status = smc_normal_solve(engine, 1, h, g, g, h, &singular);
	*marked &= is_secret(g, sizeof(g)) && is_secret(&singular, sizeof(singular));
	return status;
}

/* x = 5, -5, 0 for both parties or all three; party 0 holds them but for masks. */
static SmcStatus
run(SmcChannel *channel, void *arg)
{
	static const uint64_t values[COUNT] = {5, (uint64_t) -5, 0};
	Results    *r = arg;
	int			self = channel->self;
	uint8_t		context[SMC_KEY_BYTES] = {42};
	uint64_t	x[COUNT];
	uint64_t	out[COUNT * 2];
	static const int64_t keys[3] = {1, 5, 9};
	SmcQuantileTarget target = {keys, 3, 0, 15, (uint64_t) (self == 0 ? channel->party_count : 0), 1, 0};
	uint64_t	bits = 0;
	uint64_t	wide[8];
	SmcNoisePlan plan;
	SmcEngine	engine;
	SmcStatus	status;

	send_really = channel->send;
	channel->send = send_public;
	memset(x, 0, sizeof(x));
	memset(wide, 0, sizeof(wide));
	if (self == 0)
		memcpy(x, values, sizeof(x));
	(void) VALGRIND_MAKE_MEM_UNDEFINED(x, sizeof(x));
	(void) VALGRIND_MAKE_MEM_UNDEFINED(wide, sizeof(wide));
	status = smc_engine_open(&engine, channel, context, &secret_random);
	if (status != SMC_OK)
		return status;
	if ((status = smc_compare_negative(&engine, 64, x, &bits, COUNT)) != SMC_OK ||
		(status = smc_compare_negative(&engine, 128, wide, out, COUNT)) != SMC_OK)
		goto done;
	r->marked[self] = is_secret(&bits, sizeof(bits)) && is_secret(out, sizeof(uint64_t));
	if ((status = smc_arith_select(&engine, 64, &bits, x, x, out, COUNT)) != SMC_OK ||
		(status = smc_arith_open(&engine, 64, out, r->chosen[self], COUNT)) != SMC_OK ||
		(status = smc_boolean_open(&engine, &bits, &r->negative[self], COUNT)) != SMC_OK ||
		(status = smc_compare_zero(&engine, 64, x, &bits, COUNT)) != SMC_OK ||
		(status = smc_boolean_open(&engine, &bits, &r->zero[self], COUNT)) != SMC_OK ||
		(status = smc_arith_multiply(&engine, 64, x, x, out, COUNT)) != SMC_OK)
		goto done;
	r->marked[self] &= is_secret(out, sizeof(uint64_t));
	if ((status = smc_arith_open(&engine, 64, out, r->product[self], COUNT)) != SMC_OK ||
		(status = smc_arith_multiply(&engine, 128, wide, wide, out, COUNT)) != SMC_OK ||
		(status = smc_millionaires(&engine, 64, 1, 0, x, &bits, NULL, COUNT)) != SMC_OK ||
		(status = smc_boolean_open(&engine, &bits, &r->less[self], COUNT)) != SMC_OK ||
		(status = smc_equality(&engine, 0, 1, x, &bits, COUNT)) != SMC_OK)
		goto done;
	r->marked[self] &= self > 1 || is_secret(&bits, sizeof(bits));
	if ((status = smc_boolean_open(&engine, &bits, &r->equal[self], COUNT)) != SMC_OK)
		goto done;
	if ((status = smc_noise_plan(3, 1, &plan)) != SMC_OK ||
		(status = smc_noise_laplace(&engine, 64, &plan, out, COUNT)) != SMC_OK)
		goto done;
	r->marked[self] &= is_secret(out, sizeof(uint64_t));
	if ((status = smc_arith_open(&engine, 64, out, r->noise[self], COUNT)) != SMC_OK)
		goto done;
	(void) VALGRIND_MAKE_MEM_UNDEFINED(&target.rank, sizeof(target.rank));
	if ((status = smc_quantile_select(&engine, &target, 1)) != SMC_OK)
		goto done;
	r->quantile[self] = target.value;
	if ((status = run_wide(&engine, &r->marked[self])) != SMC_OK ||
		(status = run_logistic(&engine, &r->marked[self])) != SMC_OK)
		goto done;
	if (channel->party_count == 2 &&
		((status = smc_minmax(&engine, 64, true, x, COUNT, 1, out, wide)) != SMC_OK ||
		 (status = run_program(&engine, wide, &r->marked[self])) != SMC_OK))
		goto done;
done:
	smc_engine_close(&engine);
	return status;
}

static void
check(int n)
{
	static Results r;
	SmcTestResult results[3];

	memset(&r, 0, sizeof(r));
	smc_testnet_run(n, run, &r, results);
	for (int p = 0; p < n; p++)
	{
		expect(results[p].status == SMC_OK, "status");
		expect(r.marked[p], "marks reach the results");
		(void) VALGRIND_MAKE_MEM_DEFINED(&r, sizeof(r));
		expect(r.negative[p] == 2, "negative");
		expect(r.zero[p] == 4, "zero");
		expect(r.less[p] == 3, "less");
		expect(r.equal[p] == 4, "equal");
		expect(r.product[p][0] == 25 && r.product[p][1] == 25 && r.product[p][2] == 0, "product");
		expect(r.quantile[p] == 5, "quantile");
		for (int e = 0; e < COUNT; e++)
			expect(r.noise[p][e] + 16 <= 32 && r.noise[p][e] == r.noise[0][e], "noise");
		expect(r.chosen[p][0] == 5 && r.chosen[p][1] == (uint64_t) -5 && r.chosen[p][2] == 0, "select");
	}
}

/* What must be found. */
static void
leak(void)
{
	volatile uint8_t secret = 1;

	(void) VALGRIND_MAKE_MEM_UNDEFINED((void *) &secret, 1);
	puts(secret ? "one" : "zero");
}

int
main(int argc, char **argv)
{
	if (!RUNNING_ON_VALGRIND)
	{
		fprintf(stderr, "ct_engine proves nothing unless it runs under valgrind\n");
		return 2;
	}
	if (sodium_init() < 0)
		return 2;
	if (argc > 1 && strcmp(argv[1], "leak") == 0)
	{
		leak();
		return 0;
	}
	check(2);
	check(3);
	return failures > 0;
}
