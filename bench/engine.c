/*
 * Rates of the sharing engine: one thread a party, sockets between them, every
 * preprocessing included, set-up of OT apart.
 *
 *   engine [PARTIES...]		default 2 3
 *
 * A line for each figure: medians of RUNS of the time of the slowest party and
 * of the processor's time at the busiest, which tells the same on a machine that
 * does other things beside; bytes are
 * those sent and received at a party, mean over the parties.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/smc_arith.h"
#include "core/smc_compare.h"
#include "core/smc_noise.h"
#include "core/smc_quantile.h"
#include "core/smc_triple.h"
#include "core/smc_wide.h"
#include "smc_testnet.h"

#define RUNS	5
#define WIDE	256				/* bits */
#define LONG	320

typedef enum What
{
	SET_UP, CORRELATED, RANDOM_OT, TRIPLES, PRODUCTS, COMPARISONS, MULTIPLEX, NOISE, MEDIANS,
	WIDE_PRODUCTS, WIDE_COMPARISONS, DIVISIONS, LONG_DIVISIONS, ROOTS
} What;

#define KEYS	1000000		/* of each party, among which medians are sought */

typedef struct Job
{
	What		what;
	size_t		count;
	int			runs;
	double		seconds[RUNS][SMC_PARTIES_MAX];
	double		cpu[RUNS][SMC_PARTIES_MAX];
	uint64_t	bytes[SMC_PARTIES_MAX];
	uint32_t	rounds;
} Job;

static double
read_clock(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (double) ts.tv_sec + 1e-9 * (double) ts.tv_nsec;
}

/* Party 0 sends, party 1 receives; nobody else takes part. */
static SmcStatus
run_ots(SmcEngine *engine, bool hashed, size_t count, SmcBlock *blocks)
{
	SmcChannel *channel = engine->channel;
	SmcOtPair  *pair = &engine->ot[1 - channel->self];
	uint8_t		choices[SMC_OT_BATCH / 8];
	SmcStatus	status = SMC_OK;

	for (size_t at = 0; at < count && status == SMC_OK; at += SMC_OT_BATCH)
	{
		if (channel->self == 0 && hashed)
			status = smc_ot_send_random(pair->sender, channel, 1, false, blocks, blocks + SMC_OT_BATCH, SMC_OT_BATCH);
		else if (channel->self == 0)
			status = smc_ot_send_correlated(pair->sender, channel, 1, false, blocks, SMC_OT_BATCH);
		else if (channel->self == 1 && hashed)
			status = smc_ot_receive_random(pair->receiver, channel, 0, false, choices, blocks, SMC_OT_BATCH);
		else if (channel->self == 1)
			status = smc_ot_receive_correlated(pair->receiver, channel, 0, false, choices, blocks, SMC_OT_BATCH);
	}
	return status;
}

/* Noise for a sum of salaries in cents: epsilon 0.1, sensitivity 10^7. */
static SmcStatus
run_noise(SmcEngine *engine, uint64_t *out, size_t count)
{
	SmcNoisePlan plan;
	SmcStatus	status = smc_noise_plan(1, 100000000, &plan);

	return status == SMC_OK ? smc_noise_laplace(engine, 128, &plan, out, count) : status;
}

/* Medians of as many groups, which share all keys evenly; 64-bit domain. */
static SmcStatus
run_medians(SmcEngine *engine, const int64_t *keys, size_t count)
{
	SmcQuantileTarget *targets = calloc(count, sizeof(*targets));
	size_t		each = KEYS / count;
	SmcStatus	status;

	for (size_t t = 0; t < count; t++)
	{
		targets[t].keys = keys + t * each;
		targets[t].key_count = each;
		targets[t].lo = INT64_MIN;
		targets[t].hi = INT64_MAX;
		targets[t].rank = engine->channel->self == 0 ? ((size_t) engine->channel->party_count * each - 1) / 2 : 0;
	}
	status = smc_quantile_select(engine, targets, count);
	free(targets);
	return status;
}

static SmcStatus
run_once(SmcEngine *engine, Job *job, uint64_t *x, uint64_t *out, SmcBlock *blocks)
{
	SmcBitTriples t;
	SmcStatus	status;

	switch (job->what)
	{
		case CORRELATED:
		case RANDOM_OT:
			return run_ots(engine, job->what == RANDOM_OT, job->count, blocks);
		case TRIPLES:
			for (size_t at = 0; at < job->count; at += 1 << 20)
			{
				status = smc_triple_take(engine, 1, (1 << 20) / 64, &t);
				if (status != SMC_OK)
					return status;
			}
			return SMC_OK;
		case PRODUCTS:
			return smc_arith_multiply(engine, 64, x, x, out, job->count);
		case MULTIPLEX:
			return smc_arith_times_bit(engine, 64, x, x, out, job->count);
		case WIDE_PRODUCTS:
			return smc_arith_multiply(engine, WIDE, x, x, out, job->count);
		case WIDE_COMPARISONS:
			return smc_compare_negative(engine, WIDE, x, out, job->count);
		case DIVISIONS:
			return smc_wide_divide(engine, WIDE, 110, 40, x, x, out, job->count);
		case LONG_DIVISIONS:
			return smc_wide_divide(engine, LONG, 180, 90, x, x, out, job->count);
		case ROOTS:
			return smc_wide_root(engine, WIDE, 160, x, out, job->count);
		case NOISE:
			return run_noise(engine, out, job->count);
		case MEDIANS:
			return run_medians(engine, (const int64_t *) x, job->count);
		default:
			return smc_compare_negative(engine, 64, x, out, job->count);
	}
}

/* Nobody starts before all are there. */
static SmcStatus
meet(SmcChannel *channel)
{
	uint8_t		byte = 0;
	SmcStatus	status = SMC_OK;

	for (int pass = 0; pass < 2; pass++)
	{
		for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
		{
			if (peer != channel->self)
				status = pass ? smc_channel_receive(channel, peer, &byte, 1) : smc_channel_send(channel, peer, &byte, 1);
		}
	}
	return status;
}

/* Words of input that a job takes, and of output. */
static size_t
words_of(const Job *job)
{
	switch (job->what)
	{
		case PRODUCTS:
		case COMPARISONS:
		case MULTIPLEX:
			return job->count;
		case NOISE:
			return 2 * job->count;
		case MEDIANS:
			return KEYS;
		case WIDE_PRODUCTS:
		case WIDE_COMPARISONS:
		case DIVISIONS:
		case LONG_DIVISIONS:
		case ROOTS:
			return job->count * (LONG / 64);
		default:
			return 1;
	}
}

static int
by_key(const void *a, const void *b)
{
	int64_t		x = *(const int64_t *) a;
	int64_t		y = *(const int64_t *) b;

	return (x > y) - (x < y);
}

static SmcStatus
party(SmcChannel *channel, void *arg)
{
	Job		   *job = arg;
	int			self = channel->self;
	uint8_t		context[SMC_KEY_BYTES] = {1};
	size_t		words = words_of(job);
	uint64_t   *x = calloc(words, 8);
	uint64_t   *out = calloc(words + 64, 8);
	SmcBlock   *blocks = calloc(2 * SMC_OT_BATCH, sizeof(SmcBlock));
	SmcEngine	engine;
	SmcStatus	status = SMC_OK;
	double		start;
	double		cpu;

	/* divisions and roots have bounds, which zeros keep */
	if (job->what < DIVISIONS)
		randombytes_buf(x, words * 8);
	if (job->what == MEDIANS)
		qsort(x, words, sizeof(uint64_t), by_key);
	if (job->what == SET_UP)
	{
		for (int r = 0; r < job->runs && status == SMC_OK; r++)
		{
			status = meet(channel);
			start = read_clock(CLOCK_MONOTONIC);
			cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
			channel->bytes_sent = channel->bytes_received = channel->rounds = 0;
			if (status == SMC_OK)
				status = smc_engine_open(&engine, channel, context, smc_random_system());
			job->seconds[r][self] = read_clock(CLOCK_MONOTONIC) - start;
			job->cpu[r][self] = read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
			job->bytes[self] = channel->bytes_sent + channel->bytes_received;
			job->rounds = channel->rounds;
			if (status == SMC_OK)
				smc_engine_close(&engine);
		}
		goto done;
	}
	status = smc_engine_open(&engine, channel, context, smc_random_system());
	if (status != SMC_OK)
		goto done;
	for (int r = 0; r < job->runs && status == SMC_OK; r++)
	{
		uint64_t	bytes;

		status = meet(channel);
		bytes = channel->bytes_sent + channel->bytes_received;
		channel->rounds = 0;
		start = read_clock(CLOCK_MONOTONIC);
		cpu = read_clock(CLOCK_THREAD_CPUTIME_ID);
		if (status == SMC_OK)
			status = run_once(&engine, job, x, out, blocks);
		job->seconds[r][self] = read_clock(CLOCK_MONOTONIC) - start;
		job->cpu[r][self] = read_clock(CLOCK_THREAD_CPUTIME_ID) - cpu;
		job->bytes[self] = channel->bytes_sent + channel->bytes_received - bytes;
		if (self == 0)
			job->rounds = channel->rounds;
	}
	smc_engine_close(&engine);
done:
	free(x);
	free(out);
	free(blocks);
	return status;
}

static int
by_size(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

static int
measure(int n, const char *name, What what, size_t count, int runs)
{
	Job			job;
	SmcTestResult results[SMC_PARTIES_MAX];
	double		slowest[RUNS];
	double		busiest[RUNS];
	double		bytes = 0;

	memset(&job, 0, sizeof(job));
	job.what = what;
	job.count = count;
	job.runs = runs;
	smc_testnet_run(n, party, &job, results);
	for (int p = 0; p < n; p++)
	{
		if (results[p].status != SMC_OK)
		{
			fprintf(stderr, "%s: %s\n", name, smc_status_text(results[p].status));
			return 1;
		}
		bytes += (double) job.bytes[p] / (what == CORRELATED || what == RANDOM_OT ? 2 : n);
	}
	for (int r = 0; r < runs; r++)
	{
		slowest[r] = 0;
		busiest[r] = 0;
		for (int p = 0; p < n; p++)
		{
			if (job.seconds[r][p] > slowest[r])
				slowest[r] = job.seconds[r][p];
			if (job.cpu[r][p] > busiest[r])
				busiest[r] = job.cpu[r][p];
		}
	}
	qsort(slowest, (size_t) runs, sizeof(double), by_size);
	qsort(busiest, (size_t) runs, sizeof(double), by_size);
	printf("%d parties  %-20s %9zu  %10.3f ms (cpu %10.3f)  %12.0f /s  %9.1f B each  %4u rounds\n", n, name, count,
		   1e3 * slowest[runs / 2], 1e3 * busiest[runs / 2], (double) count / slowest[runs / 2], bytes / (double) count, job.rounds);
	fflush(stdout);
	return 0;
}

static int
measure_all(int n)
{
	return measure(n, "set-up", SET_UP, 1, 5) ||
		(n == 2 && measure(n, "correlated OT", CORRELATED, SMC_OT_BATCH * (size_t) 1024, 5)) ||
		(n == 2 && measure(n, "random OT", RANDOM_OT, SMC_OT_BATCH * (size_t) 512, 5)) ||
		measure(n, "bit triple", TRIPLES, 1 << 22, 5) ||
		measure(n, "64-bit product", PRODUCTS, 100000, 5) ||
		measure(n, "64-bit times bit", MULTIPLEX, 1000000, 3) ||
		measure(n, "64-bit comparison", COMPARISONS, 1, 5) ||
		measure(n, "64-bit comparison", COMPARISONS, 10000, 5) ||
		measure(n, "64-bit comparison", COMPARISONS, 1000000, n == 2 ? 3 : 1) ||
		measure(n, "Laplace noise", NOISE, 1, 5) ||
		measure(n, "Laplace noise", NOISE, 1000, 3) ||
		measure(n, "median", MEDIANS, 1, 5) ||
		measure(n, "median", MEDIANS, 100, 3) ||
		measure(n, "median", MEDIANS, 1000, 3) ||
		measure(n, "256-bit product", WIDE_PRODUCTS, 10000, 5) ||
		measure(n, "256-bit comparison", WIDE_COMPARISONS, 10000, 3) ||
		measure(n, "quotient 110/40 bits", DIVISIONS, 1, 5) ||
		measure(n, "quotient 110/40 bits", DIVISIONS, 1000, 3) ||
		measure(n, "quotient 180/90 bits", LONG_DIVISIONS, 1, 5) ||
		measure(n, "quotient 180/90 bits", LONG_DIVISIONS, 1000, 3) ||
		measure(n, "root of 160 bits", ROOTS, 1, 5) ||
		measure(n, "root of 160 bits", ROOTS, 1000, 3);
}

int
main(int argc, char **argv)
{
	int			failed = 0;

	if (sodium_init() < 0)
		return 1;
	if (argc < 2)
		return measure_all(2) || measure_all(3);
	for (int i = 1; i < argc; i++)
	{
		int			n = atoi(argv[i]);

		if (n < SMC_PARTIES_MIN || n > SMC_PARTIES_MAX)
		{
			fprintf(stderr, "engine: 2 to %d parties\n", SMC_PARTIES_MAX);
			return 2;
		}
		failed |= measure_all(n);
	}
	return failed;
}
