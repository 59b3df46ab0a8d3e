/*
 * What the tests of the sharing engine share.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/valgrind.h>

typedef struct Session
{
	SmcTestEngineParty party;
	void	   *arg;
} Session;

bool
smc_test_brief(void)
{
	return RUNNING_ON_VALGRIND || getenv("SMC_TEST_BRIEF") != NULL;
}

static SmcStatus
run_session(SmcChannel *channel, void *arg)
{
	Session    *session = arg;
	uint8_t		context[SMC_KEY_BYTES] = {42};
	SmcEngine	engine;
	SmcStatus	status = smc_engine_open(&engine, channel, context, smc_random_system());

	if (status != SMC_OK)
		return status;
	status = session->party(&engine, session->arg);
	smc_engine_close(&engine);
	return status;
}

void
smc_testengine_run(int n, SmcTestEngineParty party, void *arg)
{
	SmcTestResult results[SMC_PARTIES_MAX];
	Session		session = {party, arg};

	smc_testnet_run(n, run_session, &session, results);
	for (int p = 0; p < n; p++)
	{
		assert_int_equal(results[p].status, SMC_OK);
		assert_int_equal(results[p].left_over, 0);
	}
}

void
smc_test_split(uint64_t *shares, size_t stride, int n, int width, size_t e, SmcRing128 value)
{
	for (int p = 0; p < n; p++)
	{
		SmcRing128	share;

		randombytes_buf(&share, sizeof(share));
		if (p == n - 1)
			share = value;
		value -= share;
		memcpy(shares + (size_t) p * stride + e * (size_t) width / 64, &share, (size_t) width / 8);
	}
}

SmcRing128
smc_test_get(const uint64_t *integers, int width, size_t e)
{
	SmcRing128	out = 0;

	memcpy(&out, integers + e * (size_t) width / 64, (size_t) width / 8);
	return out;
}

SmcRing128
smc_test_combine(const uint64_t *shares, size_t stride, int n, int width, size_t e)
{
	SmcRing128	sum = 0;

	for (int p = 0; p < n; p++)
		sum += smc_test_get(shares + (size_t) p * stride, width, e);
	return width == 64 ? (uint64_t) sum : sum;
}

static __thread struct
{
	SmcStatus	(*send) (SmcChannel *channel, int to, const uint8_t *data, size_t len);
	uint8_t    *buffer;
	size_t		size;
	size_t	   *used;
} tap;

static SmcStatus
tapped_send(SmcChannel *channel, int to, const uint8_t *data, size_t len)
{
	size_t		take = tap.size - *tap.used < len ? tap.size - *tap.used : len;

	memcpy(tap.buffer + *tap.used, data, take);
	*tap.used += take;
	return tap.send(channel, to, data, len);
}

void
smc_test_tap(SmcChannel *channel, uint8_t *buffer, size_t size, size_t *used)
{
	tap.send = channel->send;
	tap.buffer = buffer;
	tap.size = size;
	tap.used = used;
	*used = 0;
	channel->send = tapped_send;
}

uint64_t
smc_test_ot_bytes(bool chosen, size_t count)
{
	uint64_t	bytes = 0;

	for (size_t at = 0; at < count; at += SMC_OT_BATCH)
		bytes += smc_ot_message_bytes(chosen, count - at < SMC_OT_BATCH ? count - at : SMC_OT_BATCH);
	return bytes;
}

uint64_t
smc_test_gate_bytes(int width, size_t count)
{
	return (uint64_t) (width + 1) * ((count + 63) / 64) * 8;
}
