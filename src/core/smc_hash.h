/*
 * Hashing with domain separation: BLAKE2b-256, every use under its own name.
 *
 * Each input is hashed with its length before it, so that no two lists of
 * inputs give the same bytes.  The domain is a C string that names the use,
 * such as "smc study digest v1"; it is hashed first in the same way.  A length,
 * like any integer that is hashed, is 8 bytes, little-endian.
 *
 * An SmcHash lives on the stack: libsodium wants its state aligned to 64 bytes.
 */
#ifndef SMC_HASH_H
#define SMC_HASH_H

#include <sodium.h>
#include <stddef.h>
#include <stdint.h>

#include "smc_limits.h"

typedef struct SmcHash
{
	crypto_generichash_state state;
} SmcHash;

/* Begin a hash, keyed with SMC_KEY_BYTES bytes at key, or unkeyed when NULL. */
extern void smc_hash_init(SmcHash *hash, const char *domain, const uint8_t *key);

/* Add one input: its 64-bit length, then its bytes. */
extern void smc_hash_add(SmcHash *hash, const void *data, size_t len);
extern void smc_hash_add_u64(SmcHash *hash, uint64_t value);

/* Write the digest and wipe the state. */
extern void smc_hash_final(SmcHash *hash, uint8_t out[SMC_KEY_BYTES]);

#endif							/* SMC_HASH_H */
