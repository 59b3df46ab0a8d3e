/*
 * The joint sum: exact for any inputs, seen by its recipients only, and masked
 * by what a coalition doesn't know.
 */
#include "smc_testkit.h"

#include <sodium.h>
#include <stdlib.h>

#include "smc_testnet.h"

#include "core/smc_hash.h"
#include "core/smc_share.h"
#include "core/smc_sum.h"

static const SmcRing128 edges[] = {
	0, 1, (SmcRing128) -1, (SmcRing128) 1 << 64, (SmcRing128) 1 << 127, ((SmcRing128) 1 << 127) - 1,
};

typedef uint8_t Seeds[SMC_PARTIES_MAX][SMC_PARTIES_MAX][SMC_KEY_BYTES];

/* A computation that all parties run, and what comes out at each. */
typedef struct Job
{
	size_t		count;
	int			rows;			/* parties */
	uint8_t		context[SMC_KEY_BYTES];
	Seeds		seeds;
	uint16_t   *recipients;
	SmcRing128 *inputs;			/* rows times count */
	SmcRing128 *totals;
	bool		in_place;
} Job;

/* Seeds that each pair shares. */
static void
make_seeds(Seeds seeds, const SmcRandom *random)
{
	int			i;
	int			j;

	memset(seeds, 0, sizeof(Seeds));
	for (i = 0; i < SMC_PARTIES_MAX; i++)
		for (j = 0; j < i; j++)
		{
			smc_random_fill(random, seeds[i][j], SMC_KEY_BYTES);
			memcpy(seeds[j][i], seeds[i][j], SMC_KEY_BYTES);
		}
}

static SmcStatus
sum_party(SmcChannel *channel, void *arg)
{
	Job		   *job = arg;
	SmcRing128 *totals = job->totals + (size_t) channel->self * job->count;
	SmcRing128 *values = malloc(job->count * sizeof(SmcRing128) + 1);
	SmcStatus	status;

	memcpy(values, job->inputs + (size_t) channel->self * job->count, job->count * sizeof(SmcRing128));
	status = smc_sum_share(channel->self, channel->party_count,
						   (const uint8_t (*)[SMC_KEY_BYTES]) job->seeds[channel->self],
						   job->context, values, job->count);
	if (status == SMC_OK && job->in_place)
	{
		memcpy(totals, values, job->count * sizeof(SmcRing128));
		status = smc_sum_open(channel, totals, job->recipients, job->count, totals);
	}
	else if (status == SMC_OK)
		status = smc_sum_open(channel, values, job->recipients, job->count, totals);
	free(values);
	return status;
}

static void
job_init(Job *job, int parties, size_t count, const SmcRandom *random)
{
	size_t		i;

	memset(job, 0, sizeof(*job));
	job->rows = parties;
	job->count = count;
	smc_random_fill(random, job->context, sizeof(job->context));
	make_seeds(job->seeds, random);
	job->recipients = calloc(count + 1, sizeof(uint16_t));
	job->inputs = calloc((size_t) parties * count + 1, sizeof(SmcRing128));
	job->totals = calloc((size_t) parties * count + 1, sizeof(SmcRing128));
	for (i = 0; i < (size_t) parties * count; i++)
		job->inputs[i] = smc_test_below(random, 3) ? smc_test_element(random) : edges[smc_test_below(random, 6)];
}

static void
job_free(Job *job)
{
	free(job->recipients);
	free(job->inputs);
	free(job->totals);
}

/* Run it, and compare with sums of the plain inputs and with what may be sent. */
static void
job_check(Job *job)
{
	SmcTestResult results[SMC_PARTIES_MAX];
	size_t		e;
	int			p;
	int			q;

	smc_testnet_run(job->rows, sum_party, job, results);
	for (p = 0; p < job->rows; p++)
	{
		uint64_t	sent = 0;
		uint64_t	received = 0;

		assert_int_equal(results[p].status, SMC_OK);
		assert_int_equal(results[p].left_over, 0);
		for (e = 0; e < job->count; e++)
		{
			SmcRing128	want = 0;
			bool		mine = (job->recipients[e] >> p & 1) != 0;

			for (q = 0; q < job->rows; q++)
			{
				if (mine)
					want += job->inputs[(size_t) q * job->count + e];
				if (q != p && (job->recipients[e] >> q & 1) != 0)
					sent += SMC_RING128_BYTES;
			}
			if (mine)
				received += (uint64_t) (job->rows - 1) * SMC_RING128_BYTES;
			if (job->totals[(size_t) p * job->count + e] != want)
				fail();
		}
		assert_int_equal(results[p].bytes_sent, sent);
		assert_int_equal(results[p].bytes_received, received);
		assert_int_equal(results[p].rounds, received > 0 ? 1 : 0);
	}
}

/* Any number of parties, counts about the sizes of blocks, recipients at random. */
static void
test_sums(void **state)
{
	static const size_t counts[] = {0, 1, 2, 3, 4, 5, 255, 256, 257, 1000, 2047, 2048, 2049, 6000};
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 40);
	size_t		i;
	int			parties;

	(void) state;
	for (parties = 2; parties <= 5; parties++)
		for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++)
		{
			Job			job;
			size_t		e;

			job_init(&job, parties, counts[i], &random);
			for (e = 0; e < job.count; e++)
				job.recipients[e] = (uint16_t) smc_test_below(&random, UINT64_C(1) << parties);
			job.in_place = i % 2;
			job_check(&job);
			job_free(&job);
		}
}

/* One recipient, all, and nobody; the most parties there can be. */
static void
test_recipients(void **state)
{
	static const uint16_t masks[] = {0, 1, 2, 4, 6, 0xffff, 0x8000};
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 41);
	size_t		i;

	(void) state;
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
	{
		Job			job;
		size_t		e;

		job_init(&job, masks[i] > 7 ? SMC_PARTIES_MAX : 3, 100, &random);
		for (e = 0; e < job.count; e++)
			job.recipients[e] = masks[i];
		job_check(&job);
		job_free(&job);
	}
}

/* As many elements as a computation may have: 16 MB to each, from each, at once. */
static void
test_large(void **state)
{
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 42);
	Job			job;
	size_t		e;

	(void) state;
	job_init(&job, 3, SMC_ELEMENTS_MAX, &random);
	for (e = 0; e < job.count; e++)
		job.recipients[e] = 7;
	job_check(&job);
	job_free(&job);
}

/* What each party computes is what the header says, from libsodium's own functions. */
static void
test_formula(void **state)
{
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 43);
	Seeds		seeds;
	uint8_t		context[SMC_KEY_BYTES];
	const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES] = {0};
	enum
	{
		count = 600
	};
	SmcRing128	z[3][count];
	int			i;
	int			j;
	size_t		e;

	(void) state;
	make_seeds(seeds, &random);
	smc_random_fill(&random, context, sizeof(context));
	for (i = 0; i < 3; i++)
	{
		for (e = 0; e < count; e++)
			z[i][e] = (SmcRing128) (100 * i) + e;
		assert_int_equal(smc_sum_share(i, 3, (const uint8_t (*)[SMC_KEY_BYTES]) seeds[i], context, z[i], count), SMC_OK);
	}
	for (i = 0; i < 3; i++)
		for (j = i + 1; j < 3; j++)
		{
			static uint8_t stream[count * SMC_RING128_BYTES];
			uint8_t		key[SMC_KEY_BYTES];
			SmcHash		hash;

			smc_hash_init(&hash, "smc sum mask v1", seeds[i][j]);
			smc_hash_add(&hash, context, sizeof(context));
			smc_hash_add_u64(&hash, (uint64_t) i);
			smc_hash_add_u64(&hash, (uint64_t) j);
			smc_hash_final(&hash, key);
			crypto_stream_chacha20(stream, sizeof(stream), nonce, key);
			for (e = 0; e < count; e++)
			{
				z[i][e] -= smc_ring_load(stream + e * SMC_RING128_BYTES);
				z[j][e] += smc_ring_load(stream + e * SMC_RING128_BYTES);
			}
		}
	for (i = 0; i < 3; i++)
		for (e = 0; e < count; e++)
			assert_ring_equal(z[i][e], (SmcRing128) (100 * i) + e);
}

/* Each z_i is uniform over contexts, and so are sums of fewer than all of them. */
static void
test_uniform(void **state)
{
	enum
	{
		runs = 20000
	};
	static uint8_t bytes[4][runs * SMC_RING128_BYTES];
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 44);
	Seeds		seeds;
	size_t		i;
	int			p;

	(void) state;
	make_seeds(seeds, &random);
	for (i = 0; i < runs; i++)
	{
		uint8_t		context[SMC_KEY_BYTES];
		SmcRing128	z[3] = {7, 0, (SmcRing128) 1 << 127};

		smc_random_fill(&random, context, sizeof(context));
		for (p = 0; p < 3; p++)
			assert_int_equal(smc_sum_share(p, 3, (const uint8_t (*)[SMC_KEY_BYTES]) seeds[p], context, &z[p], 1), SMC_OK);
		assert_ring_equal(smc_share_combine(z, 3), ((SmcRing128) 1 << 127) + 7);
		for (p = 0; p < 3; p++)
			smc_ring_store(bytes[p] + i * SMC_RING128_BYTES, z[p]);
		smc_ring_store(bytes[3] + i * SMC_RING128_BYTES, z[0] + z[1]);
	}
	for (p = 0; p < 4; p++)
		assert_true(smc_test_chi_square(bytes[p], sizeof(bytes[p])) < 5);
}

/*
 * A coalition of all but two takes its own masks off the two honest shares:
 * what is left of each is uniform, only their sum means something.
 */
static void
test_coalition(void **state)
{
	enum
	{
		runs = 20000
	};
	static uint8_t bytes[runs * SMC_RING128_BYTES];
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 45);
	Seeds		seeds;
	size_t		i;

	(void) state;
	make_seeds(seeds, &random);
	for (i = 0; i < runs; i++)
	{
		uint8_t		context[SMC_KEY_BYTES];
		SmcRing128	z[4] = {11, 22, 0, 0};
		SmcRing128	known[4] = {0, 0, 0, 0};
		Seeds		theirs;
		int			p;

		smc_random_fill(&random, context, sizeof(context));
		for (p = 0; p < 4; p++)
			assert_int_equal(smc_sum_share(p, 4, (const uint8_t (*)[SMC_KEY_BYTES]) seeds[p], context, &z[p], 1), SMC_OK);

		/* The same with a wrong seed between 0 and 1, which 2 and 3 don't have. */
		memcpy(theirs, seeds, sizeof(theirs));
		smc_random_fill(&random, theirs[0][1], SMC_KEY_BYTES);
		memcpy(theirs[1][0], theirs[0][1], SMC_KEY_BYTES);
		for (p = 0; p < 2; p++)
			assert_int_equal(smc_sum_share(p, 4, (const uint8_t (*)[SMC_KEY_BYTES]) theirs[p], context, &known[p], 1), SMC_OK);
		assert_ring_equal(z[0] - known[0] + z[1] - known[1], 33);
		smc_ring_store(bytes + i * SMC_RING128_BYTES, z[0] - known[0]);
	}
	assert_true(smc_test_chi_square(bytes, sizeof(bytes)) < 5);
}

/* Another context, or one bit of a seed, and the shares don't fit. */
static void
test_binding(void **state)
{
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 46);
	Seeds		seeds;
	uint8_t		context[SMC_KEY_BYTES] = {1};
	uint8_t		other[SMC_KEY_BYTES] = {2};
	SmcRing128	z[2] = {5, 6};

	(void) state;
	make_seeds(seeds, &random);
	assert_int_equal(smc_sum_share(0, 2, (const uint8_t (*)[SMC_KEY_BYTES]) seeds[0], context, &z[0], 1), SMC_OK);
	assert_int_equal(smc_sum_share(1, 2, (const uint8_t (*)[SMC_KEY_BYTES]) seeds[1], other, &z[1], 1), SMC_OK);
	assert_false(z[0] + z[1] == 11);

	z[0] = 5;
	z[1] = 6;
	seeds[1][0][31] ^= 1;
	assert_int_equal(smc_sum_share(0, 2, (const uint8_t (*)[SMC_KEY_BYTES]) seeds[0], context, &z[0], 1), SMC_OK);
	assert_int_equal(smc_sum_share(1, 2, (const uint8_t (*)[SMC_KEY_BYTES]) seeds[1], context, &z[1], 1), SMC_OK);
	assert_false(z[0] + z[1] == 11);
}

static SmcStatus
bad_open_party(SmcChannel *channel, void *arg)
{
	SmcRing128	values[2] = {1, 2};
	const uint16_t recipients[2] = {3, 4};	/* there is no party 2 */

	(void) arg;
	return smc_sum_open(channel, values, recipients, 2, values);
}

/* Party 1 is gone: no total, not even a part of one. */
static SmcStatus
deserted_party(SmcChannel *channel, void *arg)
{
	SmcRing128	values[3] = {1, 2, 3};
	SmcRing128	totals[3] = {9, 9, 9};
	const uint16_t recipients[3] = {1, 1, 1};
	SmcStatus	status = SMC_OK;
	bool	   *zeroed = arg;

	if (channel->self == 1)
		return smc_channel_send(channel, 0, values, SMC_RING128_BYTES + 3);
	status = smc_sum_open(channel, values, recipients, 3, totals);
	if (channel->self == 0)
		*zeroed = totals[0] == 0 && totals[1] == 0 && totals[2] == 0;
	return status;
}

static void
test_misuse(void **state)
{
	static Seeds seeds;
	const uint8_t (*own)[SMC_KEY_BYTES] = (const uint8_t (*)[SMC_KEY_BYTES]) seeds[0];
	uint8_t		context[SMC_KEY_BYTES] = {0};
	SmcRing128	value = 1;
	SmcTestResult results[3];
	bool		zeroed = false;

	(void) state;
	assert_int_equal(smc_sum_share(0, 1, own, context, &value, 1), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_sum_share(0, SMC_PARTIES_MAX + 1, own, context, &value, 1), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_sum_share(2, 2, own, context, &value, 1), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_sum_share(-1, 2, own, context, &value, 1), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_sum_share(0, 2, own, context, &value, SMC_ELEMENTS_MAX + 1), SMC_ERR_ARGUMENT);
	assert_ring_equal(value, 1);

	smc_testnet_run(2, bad_open_party, NULL, results);
	assert_int_equal(results[0].status, SMC_ERR_ARGUMENT);
	assert_int_equal(results[0].bytes_sent, 0);

	smc_testnet_run(3, deserted_party, &zeroed, results);
	assert_int_equal(results[0].status, SMC_ERR_CHANNEL);
	assert_true(zeroed);
	assert_int_equal(results[2].status, SMC_OK);	/* it was to learn nothing */
}

/* Zeros from the generator, to meet the one value that a set flag may not have. */
static void
fill_zero(void *state, uint8_t *out, size_t len)
{
	(void) state;
	memset(out, 0, len);
}

static void
test_blind_flag(void **state)
{
	enum
	{
		runs = 20000
	};
	static uint8_t bytes[2][runs * SMC_RING128_BYTES];
	const SmcRandom zeros = {fill_zero, NULL};
	SmcRandomSeed seed;
	SmcRandom	random = smc_test_random(&seed, 47);
	size_t		i;

	(void) state;
	assert_ring_equal(smc_sum_blind_flag(false, &zeros), 0);
	assert_ring_equal(smc_sum_blind_flag(true, &zeros), 1);
	for (i = 0; i < runs; i++)
	{
		SmcRing128	one = smc_sum_blind_flag(true, &random);
		SmcRing128	two = smc_sum_blind_flag(true, &random);

		assert_ring_equal(smc_sum_blind_flag(false, &random), 0);
		assert_false(one == 0);
		assert_false(one + two == 0);
		smc_ring_store(bytes[0] + i * SMC_RING128_BYTES, one);
		smc_ring_store(bytes[1] + i * SMC_RING128_BYTES, one + two);
	}

	/* How many parties set it can't be told from the total. */
	assert_true(smc_test_chi_square(bytes[0], sizeof(bytes[0])) < 5);
	assert_true(smc_test_chi_square(bytes[1], sizeof(bytes[1])) < 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums),
		cmocka_unit_test(test_recipients),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_formula),
		cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_coalition),
		cmocka_unit_test(test_binding),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_blind_flag),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
