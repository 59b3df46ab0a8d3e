/*
 * Randomness as a parameter: the system's in production, seeded in tests.
 */
#ifndef SMC_RANDOM_H
#define SMC_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "smc_limits.h"

typedef struct SmcRandom
{
	void		(*fill) (void *state, uint8_t *out, size_t len);
	void	   *state;
} SmcRandom;

typedef struct SmcRandomSeed
{
	uint8_t		key[SMC_KEY_BYTES];
	uint64_t	counter;
} SmcRandomSeed;

/* The system's generator (libsodium's randombytes_buf). */
extern const SmcRandom *smc_random_system(void);

/* A reproducible generator for tests: fills from ChaCha20 under the seed. */
extern SmcRandom smc_random_seeded(SmcRandomSeed *seed);

/* Fill out with len random bytes. */
extern void smc_random_fill(const SmcRandom *random, void *out, size_t len);

#endif							/* SMC_RANDOM_H */
