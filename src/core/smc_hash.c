/*
 * Hashing with domain separation: BLAKE2b-256, every use under its own name.
 *
 * libsodium's functions return an error for impossible lengths only; ours are
 * constants, so their results are not looked at.
 */
#include "smc_hash.h"

#include <string.h>

/* Hash an integer as it is, 8 bytes little-endian, without a length before it. */
static void
add_integer(SmcHash *hash, uint64_t value)
{
	uint8_t		bytes[8];
	int			i;

	for (i = 0; i < 8; i++)
		bytes[i] = (uint8_t) (value >> (8 * i));
	(void) crypto_generichash_update(&hash->state, bytes, sizeof(bytes));
}

void
smc_hash_init(SmcHash *hash, const char *domain, const uint8_t *key)
{
	(void) crypto_generichash_init(&hash->state, key, key != NULL ? SMC_KEY_BYTES : 0, SMC_KEY_BYTES);
	smc_hash_add(hash, domain, strlen(domain));
}

void
smc_hash_add(SmcHash *hash, const void *data, size_t len)
{
	add_integer(hash, len);
	if (len > 0)
		(void) crypto_generichash_update(&hash->state, data, len);
}

/* An integer is an input of 8 bytes like any other. */
void
smc_hash_add_u64(SmcHash *hash, uint64_t value)
{
	add_integer(hash, sizeof(value));
	add_integer(hash, value);
}

void
smc_hash_final(SmcHash *hash, uint8_t out[SMC_KEY_BYTES])
{
	(void) crypto_generichash_final(&hash->state, out, SMC_KEY_BYTES);
	sodium_memzero(hash, sizeof(*hash));
}
