/*
 * The channel's helpers, and the network that the other tests run on: counts,
 * misuse, everyone sending megabytes at once, a party that goes away.
 */
#include "smc_testkit.h"

#include <stdlib.h>

#include "smc_testnet.h"

#define BULK_BYTES	(8 * 1024 * 1024)
#define BULK_PIECE	100003

/* What the byte at a place in the stream from one party to another is. */
static uint8_t
bulk_byte(int from, int to, size_t at)
{
	return (uint8_t) (at * 31 + at / 251 + (size_t) (from * 17 + to));
}

/* Send all of it to everyone before reading anything. */
static SmcStatus
bulk_party(SmcChannel *channel, void *arg)
{
	uint8_t    *buffer = malloc(BULK_BYTES);
	SmcStatus	status = SMC_OK;
	size_t		at;
	size_t		n;
	int			p;

	(void) arg;
	for (p = 0; p < channel->party_count; p++)
	{
		if (p == channel->self)
			continue;
		for (at = 0; at < BULK_BYTES; at++)
			buffer[at] = bulk_byte(channel->self, p, at);
		for (at = 0; at < BULK_BYTES && status == SMC_OK; at += n)
		{
			n = BULK_BYTES - at < BULK_PIECE ? BULK_BYTES - at : BULK_PIECE;
			status = smc_channel_send(channel, p, buffer + at, n);
		}
	}
	smc_channel_round(channel);
	for (p = 0; p < channel->party_count && status == SMC_OK; p++)
	{
		if (p == channel->self)
			continue;
		status = smc_channel_receive(channel, p, buffer, BULK_BYTES);
		for (at = 0; at < BULK_BYTES && status == SMC_OK; at++)
			if (buffer[at] != bulk_byte(p, channel->self, at))
				status = SMC_ERR_FORMAT;
	}
	free(buffer);
	return status;
}

static void
test_bulk(void **state)
{
	SmcTestResult results[SMC_PARTIES_MAX];
	int			count;
	int			p;

	(void) state;
	for (count = 2; count <= 5; count++)
	{
		smc_testnet_run(count, bulk_party, NULL, results);
		for (p = 0; p < count; p++)
		{
			assert_int_equal(results[p].status, SMC_OK);
			assert_int_equal(results[p].left_over, 0);
			assert_int_equal(results[p].bytes_sent, (uint64_t) (count - 1) * BULK_BYTES);
			assert_int_equal(results[p].bytes_received, (uint64_t) (count - 1) * BULK_BYTES);
			assert_int_equal(results[p].rounds, 1);
		}
	}
}

static SmcStatus
misuse_party(SmcChannel *channel, void *arg)
{
	uint8_t		byte = 0;
	bool	   *good = arg;

	good[channel->self] =
		smc_channel_send(channel, channel->self, &byte, 1) == SMC_ERR_ARGUMENT &&
		smc_channel_send(channel, -1, &byte, 1) == SMC_ERR_ARGUMENT &&
		smc_channel_send(channel, channel->party_count, &byte, 1) == SMC_ERR_ARGUMENT &&
		smc_channel_receive(channel, channel->self, &byte, 1) == SMC_ERR_ARGUMENT &&
		smc_channel_receive(channel, -1, &byte, 1) == SMC_ERR_ARGUMENT &&
		smc_channel_receive(channel, channel->party_count, &byte, 1) == SMC_ERR_ARGUMENT &&
		smc_channel_send(channel, 1 - channel->self, NULL, 0) == SMC_OK &&
		smc_channel_receive(channel, 1 - channel->self, NULL, 0) == SMC_OK;
	return SMC_OK;
}

static void
test_misuse(void **state)
{
	SmcTestResult results[2];
	bool		good[2] = {false, false};
	int			p;

	(void) state;
	smc_testnet_run(2, misuse_party, good, results);
	for (p = 0; p < 2; p++)
	{
		assert_true(good[p]);
		assert_int_equal(results[p].bytes_sent, 0);
		assert_int_equal(results[p].bytes_received, 0);
	}
}

/* Party 0 sends half of what the others wait for, and ends. */
static SmcStatus
leaving_party(SmcChannel *channel, void *arg)
{
	uint8_t		bytes[100] = {0};
	SmcStatus	status = SMC_OK;
	int			p;

	(void) arg;
	if (channel->self != 0)
		return smc_channel_receive(channel, 0, bytes, sizeof(bytes));
	for (p = 1; p < channel->party_count && status == SMC_OK; p++)
		status = smc_channel_send(channel, p, bytes, sizeof(bytes) / 2);
	return status;
}

static void
test_party_leaves(void **state)
{
	SmcTestResult results[4];
	int			p;

	(void) state;
	smc_testnet_run(4, leaving_party, NULL, results);
	assert_int_equal(results[0].status, SMC_OK);
	for (p = 1; p < 4; p++)
	{
		assert_int_equal(results[p].status, SMC_ERR_CHANNEL);
		assert_int_equal(results[p].bytes_received, 0);
		assert_int_equal(results[p].left_over, 50);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bulk),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_party_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
