/*
 * Fuzz the chains of statements of a new key: what a peer shows in its greeting.
 *
 * The input is read as a chain, raw or laid over a genuine one.  Whatever it
 * is, it must not crash; what is read must be written the same again; and it
 * may lead from the registered key only where genuine statements do.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/smc_rotation.h"

#define KEYS	(SMC_ROTATIONS_MAX + 1)
#define PARTY	"globex"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: a party's keys, and all that they ever signed. */
static uint8_t public_key[KEYS][SMC_PUBLIC_KEY_BYTES];
static SmcRotationChain genuine;

static void
require(bool good)
{
	if (!good)
		abort();
}

static void
prepare(void)
{
	uint8_t		secret_key[KEYS][SMC_SECRET_KEY_BYTES];
	int			i;

	require(sodium_init() >= 0);
	for (i = 0; i < KEYS; i++)
	{
		const uint8_t seed[32] = {(uint8_t) i};

		crypto_sign_seed_keypair(public_key[i], secret_key[i], seed);
	}
	for (i = 0; i < SMC_ROTATIONS_MAX; i++)
		require(smc_rotation_sign(&genuine.rotations[i], PARTY, secret_key[i], public_key[i + 1], (uint64_t) i) == SMC_OK);
	genuine.count = SMC_ROTATIONS_MAX;
}

/* Whether it was signed as it is. */
static bool
is_genuine(const SmcRotation *rotation)
{
	int			i;

	for (i = 0; i < genuine.count; i++)
		if (memcmp(rotation, &genuine.rotations[i], sizeof(SmcRotation)) == 0)
			return true;
	return false;
}

/* A genuine chain of some length, from some key on, with the input laid over it. */
static size_t
lay_over(const uint8_t *data, size_t size, uint8_t *out)
{
	SmcRotationChain chain;
	int			first = data[0] % SMC_ROTATIONS_MAX;
	size_t		len;
	size_t		i;

	memset(&chain, 0, sizeof(chain));
	chain.count = 1 + data[1] % (SMC_ROTATIONS_MAX - first);
	memcpy(chain.rotations, genuine.rotations + first, (size_t) chain.count * sizeof(SmcRotation));
	len = smc_rotation_write(&chain, out);
	require(len > 0);
	for (i = 2; i + 2 < size; i += 3)
		out[(data[i] | data[i + 1] << 8) % len] ^= data[i + 2];
	return len;
}

static void
try_bytes(const uint8_t *data, size_t len)
{
	uint8_t		again[SMC_ROTATION_CHAIN_BYTES_MAX];
	SmcRotationChain chain;
	int			from;

	if (smc_rotation_read(&chain, data, len) != SMC_OK)
	{
		require(chain.count == 0);
		return;
	}
	require(chain.count <= SMC_ROTATIONS_MAX);
	require(smc_rotation_write(&chain, again) == len && memcmp(again, data, len) == 0);
	if (chain.count == 0)
		return;

	for (from = 0; from < KEYS; from += 3)
	{
		const uint8_t *to = chain.rotations[chain.count - 1].new_key;
		int			first;
		int			i;

		if (smc_rotation_follow(&chain, PARTY, public_key[from], to, &first) != SMC_OK)
			continue;
		for (i = first; i < chain.count; i++)
			require(is_genuine(&chain.rotations[i]));
		require(memcmp(chain.rotations[first].old_key, public_key[from], SMC_PUBLIC_KEY_BYTES) == 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool prepared = false;

	if (!prepared)
		prepare();
	prepared = true;

	try_bytes(data, size);
	if (size >= 2)
	{
		uint8_t		bytes[SMC_ROTATION_CHAIN_BYTES_MAX];
		size_t		len = lay_over(data, size, bytes);

		try_bytes(bytes, len);
	}
	return 0;
}
