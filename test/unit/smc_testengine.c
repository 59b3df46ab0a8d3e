/*
 * What the tests of the sharing engine share.
 */
#include "smc_testengine.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <valgrind/valgrind.h>

#include "core/smc_limbs.h"
#include "core/smc_wide.h"

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

/* a += b, or a -= b, digit by digit. */
static void
add_digits(uint64_t *a, const uint64_t *b, bool minus, int width)
{
	int64_t		carry = 0;

	for (int d = 0; d < width / 32; d++)
	{
		int64_t		x = (int64_t) (a[d / 2] >> (d % 2 * 32) & 0xffffffff);
		int64_t		y = (int64_t) (b[d / 2] >> (d % 2 * 32) & 0xffffffff);
		int64_t		sum = x + (minus ? -y : y) + carry;

		carry = sum < 0 ? -1 : sum >> 32;
		a[d / 2] = (a[d / 2] & ~(UINT64_C(0xffffffff) << (d % 2 * 32))) | ((uint64_t) sum & 0xffffffff) << (d % 2 * 32);
	}
}

void
smc_test_split_wide(uint64_t *shares, size_t stride, int n, int width, size_t e, const uint64_t *value)
{
	size_t		limbs = (size_t) width / 64;
	uint64_t	rest[SMC_WIDTH_MAX / 64];

	memcpy(rest, value, limbs * 8);
	for (int p = 0; p < n; p++)
	{
		uint64_t   *share = shares + (size_t) p * stride + e * limbs;

		if (p == n - 1)
			memcpy(share, rest, limbs * 8);
		else
		{
			randombytes_buf(share, limbs * 8);
			add_digits(rest, share, true, width);
		}
	}
}

void
smc_test_combine_wide(uint64_t *value, const uint64_t *shares, size_t stride, int n, int width, size_t e)
{
	size_t		limbs = (size_t) width / 64;

	memset(value, 0, limbs * 8);
	for (int p = 0; p < n; p++)
		add_digits(value, shares + (size_t) p * stride + e * limbs, false, width);
}

void
smc_test_widen(uint64_t *out, int width, __int128 value)
{
	for (int i = 0; i < width / 64; i++)
	{
		out[i] = (uint64_t) value;
		value >>= 64;
	}
}

bool
smc_test_less(const uint64_t *a, const uint64_t *b, int width, bool is_signed)
{
	int			top = width / 64 - 1;

	if (is_signed && (int64_t) a[top] != (int64_t) b[top])
		return (int64_t) a[top] < (int64_t) b[top];
	for (int i = top; i > 0; i--)
	{
		if (a[i] != b[i])
			return a[i] < b[i];
	}
	return a[0] < b[0];
}

void
smc_test_multiply(uint64_t *out, const uint64_t *a, const uint64_t *b, int width)
{
	uint32_t	digits[SMC_WIDTH_MAX / 32] = {0};

	for (int i = 0; i < width / 32; i++)
	{
		uint64_t	carry = 0;

		for (int j = 0; i + j < width / 32; j++)
		{
			carry += (a[i / 2] >> (i % 2 * 32) & 0xffffffff) * (b[j / 2] >> (j % 2 * 32) & 0xffffffff) + digits[i + j];
			digits[i + j] = (uint32_t) carry;
			carry >>= 32;
		}
	}
	memcpy(out, digits, (size_t) width / 8);
}

void
smc_test_split(uint64_t *shares, size_t stride, int n, int width, size_t e, SmcRing128 value)
{
	uint64_t	words[SMC_WIDTH_MAX / 64];

	smc_test_widen(words, width, (__int128) value);
	smc_test_split_wide(shares, stride, n, width, e, words);
}

void
smc_test_draw(uint64_t *x, int bits, int edge)
{
	uint64_t	one[SMC_WIDE_LIMBS] = {1};

	memset(x, 0, SMC_WIDE_LIMBS * 8);
	if (bits == 0)
		return;
	if (edge == 0)
		randombytes_buf(x, SMC_WIDE_LIMBS * 8);
	for (int i = bits; i < 64 * SMC_WIDE_LIMBS; i++)
		x[i / 64] &= ~(UINT64_C(1) << (i % 64));
	x[(bits - 1) / 64] |= UINT64_C(1) << ((bits - 1) % 64);
	if (edge == 2)
		smc_limbs_subtract(x, x, one, SMC_WIDE_LIMBS);
	if (edge == 3 && bits > 1)
		smc_limbs_add(x, x, one, SMC_WIDE_LIMBS);
}

bool
smc_test_fits(const uint64_t *x, int bits)
{
	SmcWide		wide;

	memcpy(wide.limb, x, sizeof(wide.limb));
	return smc_wide_bits(&wide) <= bits;
}

int
smc_test_up_to(int bits)
{
	return (int) randombytes_uniform((uint32_t) bits + 1);
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
	int			to;				/* or -1: all */
} tap;

static SmcStatus
tapped_send(SmcChannel *channel, int to, const uint8_t *data, size_t len)
{
	size_t		take = tap.size - *tap.used < len ? tap.size - *tap.used : len;

	if (tap.to >= 0 && to != tap.to)
		return tap.send(channel, to, data, len);
	memcpy(tap.buffer + *tap.used, data, take);
	*tap.used += take;
	return tap.send(channel, to, data, len);
}

void
smc_test_tap(SmcChannel *channel, uint8_t *buffer, size_t size, size_t *used)
{
	smc_test_tap_to(channel, -1, buffer, size, used);
}

void
smc_test_tap_to(SmcChannel *channel, int to, uint8_t *buffer, size_t size, size_t *used)
{
	tap.to = to;
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
