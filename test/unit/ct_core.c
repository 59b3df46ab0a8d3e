/*
 * Constant time, checked by a tool: ctgrind's trick.
 *
 * Secrets are marked as undefined memory.  Run under valgrind's memcheck, a
 * branch or an index that depends on one is reported as a use of an undefined
 * value; what is computed from one without either stays undefined and silent.
 * That marks do spread is asserted, too: else a check of nothing would pass.
 *
 *   valgrind --error-exitcode=1 --suppressions=test/unit/ct.supp ct_core
 *   ... ct_core leak		branches on a secret on purpose: must be found
 *
 * The verdict on an authenticator is public, and libsodium branches on it:
 * that single place is in ct.supp.
 */
#include <sodium.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <valgrind/memcheck.h>

#include "core/smc_random.h"
#include "core/smc_seal.h"
#include "core/smc_share.h"
#include "core/smc_sum.h"

static int	failures;

static void
expect(bool good, const char *what)
{
	if (good)
		return;
	fprintf(stderr, "failed: %s\n", what);
	failures++;
}

static void
mark_secret(void *data, size_t len)
{
	(void) VALGRIND_MAKE_MEM_UNDEFINED(data, len);
}

static void
mark_public(void *data, size_t len)
{
	(void) VALGRIND_MAKE_MEM_DEFINED(data, len);
}

/* Whether any bit is marked; asks silently. */
static bool
is_secret(const void *data, size_t len)
{
	const uint8_t *bytes = data;
	uint8_t		bits;
	size_t		i;

	for (i = 0; i < len; i++)
		if (VALGRIND_GET_VBITS(bytes + i, &bits, 1) == 1 && bits != 0)
			return true;
	return false;
}

/* Randomness is secret as well. */
static void
fill_secret(void *state, uint8_t *out, size_t len)
{
	(void) state;
	randombytes_buf(out, len);
	mark_secret(out, len);
}

static const SmcRandom secret_random = {fill_secret, NULL};

static void
check_share(void)
{
	SmcRing128	shares[5];
	SmcRing128	value = 12345;

	mark_secret(&value, sizeof(value));
	expect(smc_share_split(value, shares, 5, &secret_random) == SMC_OK, "split");
	expect(is_secret(&shares[0], sizeof(shares[0])), "marks reach the first share");
	expect(is_secret(&shares[4], sizeof(shares[4])), "marks reach the last share");
	value = smc_share_combine(shares, 5);
	expect(is_secret(&value, sizeof(value)), "marks reach the combined value");
	mark_public(&value, sizeof(value));
	expect(value == 12345, "combine");
}

static void
check_sum(void)
{
	static SmcRing128 z[2][600];
	uint8_t		seeds[2][2][SMC_KEY_BYTES];
	uint8_t		context[SMC_KEY_BYTES] = {7};
	size_t		e;
	int			p;

	memset(seeds, 3, sizeof(seeds));
	for (e = 0; e < 600; e++)
	{
		z[0][e] = e;
		z[1][e] = 1000;
	}
	mark_secret(seeds, sizeof(seeds));
	mark_secret(z, sizeof(z));
	for (p = 0; p < 2; p++)
		expect(smc_sum_share(p, 2, (const uint8_t (*)[SMC_KEY_BYTES]) seeds[p], context, z[p], 600) == SMC_OK, "sum share");
	expect(is_secret(z, sizeof(z)), "marks reach the shares of the total");
	mark_public(z, sizeof(z));
	for (e = 0; e < 600; e++)
		expect(z[0][e] + z[1][e] == e + 1000, "sum");
}

static void
check_blind_flag(void)
{
	uint8_t		flags[2] = {0, 1};
	SmcRing128	blinds[2];

	mark_secret(flags, sizeof(flags));
	blinds[0] = smc_sum_blind_flag(flags[0] & 1, &secret_random);
	blinds[1] = smc_sum_blind_flag(flags[1] & 1, &secret_random);
	expect(is_secret(blinds, sizeof(blinds)), "marks reach the blinded flag");
	mark_public(blinds, sizeof(blinds));
	expect(blinds[0] == 0, "flag not set");
	expect(blinds[1] != 0, "flag set");
}

/* The key, the text and what is left of both; sealed bytes are public. */
static void
check_seal(void)
{
	uint8_t		key[SMC_KEY_BYTES] = {1};
	uint8_t		header[4] = {0};
	uint8_t		text[1000] = "secret";
	uint8_t		sealed[sizeof(text) + SMC_SEAL_OVERHEAD];
	uint8_t		opened[sizeof(text)];
	SmcSeal		seal;
	SmcStatus	status;

	mark_secret(key, sizeof(key));
	mark_secret(text, sizeof(text));
	smc_seal_init(&seal, key);
	status = smc_seal_close(&seal, header, sizeof(header), text, sizeof(text), sealed);
	mark_public(&status, sizeof(status));
	expect(status == SMC_OK, "close");
	expect(is_secret(sealed, sizeof(sealed)), "marks reach the sealed text");
	mark_public(sealed, sizeof(sealed));

	smc_seal_init(&seal, key);
	status = smc_seal_open(&seal, header, sizeof(header), sealed, sizeof(sealed), opened);
	mark_public(&status, sizeof(status));
	expect(status == SMC_OK, "open");
	expect(is_secret(opened, sizeof(opened)), "marks reach the opened text");
	mark_public(opened, sizeof(opened));
	expect(memcmp(opened, "secret", 7) == 0, "text");

	smc_seal_init(&seal, key);
	sealed[5] ^= 1;
	status = smc_seal_open(&seal, header, sizeof(header), sealed, sizeof(sealed), opened);
	mark_public(&status, sizeof(status));
	expect(status == SMC_ERR_AUTH, "forged");
}

/* What must be found. */
static void
leak(void)
{
	volatile uint8_t secret = 1;

	mark_secret((void *) &secret, 1);
	puts(secret ? "one" : "zero");
}

int
main(int argc, char **argv)
{
	if (!RUNNING_ON_VALGRIND)
	{
		fprintf(stderr, "ct_core proves nothing unless it runs under valgrind\n");
		return 2;
	}
	if (sodium_init() < 0)
		return 2;
	if (argc > 1 && strcmp(argv[1], "leak") == 0)
	{
		leak();
		return 0;
	}
	check_share();
	check_sum();
	check_blind_flag();
	check_seal();
	return failures > 0;
}
