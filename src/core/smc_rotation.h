/*
 * A party's statements that its identity key gives way to another, and chains
 * of such statements.
 *
 * PAPER: succession by signature, in the way that The Update Framework replaces
 * its root key (Samuel, Mathewson, Cappos, Dingledine, "Survivable Key
 * Compromise in Software Update Systems", CCS 2010): the old key states the new
 * one, so whoever has registered the old one can follow.
 *
 *   rotation_i = old_i, new_i, t_i, s_i
 *   s_i        = Sign_{old_i}("smc key rotation v1", H(party, old_i, new_i, t_i))
 *   chain      = rotation_1 .. rotation_m, m <= 16, new_i = old_{i+1}
 *
 * ADVERSARY: anyone may show any bytes as a chain.  Without a signature of the
 * key that is registered it leads nowhere; whoever has that key's secret can
 * state what it likes (doc/threat-model.md).  Assumes Ed25519 unforgeable.
 * MESSAGES: within the greetings of the handshake, 33 bytes and 104 a statement,
 * 1697 at most.
 * COST: a chain is followed from the registered key on and no further than to
 * the first bad signature: who shows nothing genuine costs one verification,
 * and nobody more than 16.
 * LEAKS: a party's former public keys and when they were replaced, to everyone
 * on the lane's links.
 *
 * A statement has no signature by the new key.  It needs none: of each key but
 * the last its successor's statement proves that it was in use, and of the last
 * the handshake's own signature does, which must come before anyone remembers
 * the chain.  The party's name is signed, so that a statement means nothing
 * under the name of another party.
 */
#ifndef SMC_ROTATION_H
#define SMC_ROTATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smc_limits.h"
#include "smc_status.h"

#define SMC_ROTATION_BYTES			(SMC_PUBLIC_KEY_BYTES + 8 + SMC_SIGNATURE_BYTES)
#define SMC_ROTATION_CHAIN_BYTES_MAX \
	(1 + SMC_PUBLIC_KEY_BYTES + SMC_ROTATIONS_MAX * SMC_ROTATION_BYTES)

typedef struct SmcRotation
{
	uint8_t		old_key[SMC_PUBLIC_KEY_BYTES];
	uint8_t		new_key[SMC_PUBLIC_KEY_BYTES];
	uint64_t	signed_at;		/* by the party's own clock; for people */
	uint8_t		signature[SMC_SIGNATURE_BYTES]; /* by old_key */
} SmcRotation;

/* Statements of one party, the oldest first; each goes on from the one before. */
typedef struct SmcRotationChain
{
	int			count;			/* 0: none */
	SmcRotation rotations[SMC_ROTATIONS_MAX];
} SmcRotationChain;

/*
 * State that old_secret's key of that party gives way to new_key.
 * SMC_ERR_ARGUMENT when they are the same key.  old_secret is secret.
 */
extern SmcStatus smc_rotation_sign(SmcRotation *rotation, const char *party,
								   const uint8_t old_secret[SMC_SECRET_KEY_BYTES],
								   const uint8_t new_key[SMC_PUBLIC_KEY_BYTES],
								   uint64_t signed_at) SMC_MUST_USE;

/* Verify one statement: SMC_ERR_AUTH unless it is the old key's, for a key that can be one. */
extern SmcStatus smc_rotation_verify(const SmcRotation *rotation, const char *party) SMC_MUST_USE;

/*
 * Write a chain; returns its length, 0 for an empty one or one whose statements
 * don't go on from each other.
 *
 *   u8 count, 32 first old key, then count times: 32 new key, u64 signed_at,
 *   64 signature
 */
extern size_t smc_rotation_write(const SmcRotationChain *chain,
								 uint8_t out[SMC_ROTATION_CHAIN_BYTES_MAX]);

/*
 * Read a chain; no bytes are an empty one.  Nothing is verified yet.
 * SMC_ERR_FORMAT unless it is what smc_rotation_write writes, to the last byte,
 * and no key comes twice.
 */
extern SmcStatus smc_rotation_read(SmcRotationChain *chain, const uint8_t *data, size_t len) SMC_MUST_USE;

/*
 * Verify that a chain leads from one key of the party to another, which must be
 * its last.  Sets *first to the statement that replaces `from`.  SMC_ERR_AUTH
 * otherwise.
 */
extern SmcStatus smc_rotation_follow(const SmcRotationChain *chain, const char *party,
									 const uint8_t from[SMC_PUBLIC_KEY_BYTES],
									 const uint8_t to[SMC_PUBLIC_KEY_BYTES], int *first) SMC_MUST_USE;

#endif							/* SMC_ROTATION_H */
