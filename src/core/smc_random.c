/*
 * Randomness as a parameter: the system's in production, seeded in tests.
 *
 * libsodium's default generator asks the kernel each time, so that a forked
 * backend never repeats its parent's numbers.
 */
#include "smc_random.h"

#include <sodium.h>

static void
fill_from_system(void *state, uint8_t *out, size_t len)
{
	(void) state;
	randombytes_buf(out, len);
}

const SmcRandom *
smc_random_system(void)
{
	static const SmcRandom system_random = {fill_from_system, NULL};

	return &system_random;
}

/* Each fill is a ChaCha20 stream of its own: its nonce is the fill's number. */
static void
fill_from_seed(void *state, uint8_t *out, size_t len)
{
	SmcRandomSeed *seed = state;
	uint8_t		nonce[crypto_stream_chacha20_NONCEBYTES];
	int			i;

	for (i = 0; i < 8; i++)
		nonce[i] = (uint8_t) (seed->counter >> (8 * i));
	seed->counter++;
	crypto_stream_chacha20(out, len, nonce, seed->key);
}

SmcRandom
smc_random_seeded(SmcRandomSeed *seed)
{
	SmcRandom	random = {fill_from_seed, seed};

	return random;
}

void
smc_random_fill(const SmcRandom *random, void *out, size_t len)
{
	if (len > 0)
		random->fill(random->state, out, len);
}
