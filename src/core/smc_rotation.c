/*
 * Statements that a key gives way to another.  The format and what it proves
 * are in the header.
 *
 * Nothing here but the secret key in smc_rotation_sign is secret, so keys are
 * compared by memcmp.
 */
#include "smc_rotation.h"

#include <sodium.h>
#include <string.h>

#include "smc_bytes.h"
#include "smc_hash.h"

#define ROTATION_DOMAIN			"smc key rotation v1"
#define ROTATION_MESSAGE_BYTES	(sizeof(ROTATION_DOMAIN) + SMC_KEY_BYTES)

static bool
is_same_key(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, SMC_PUBLIC_KEY_BYTES) == 0;
}

/* What is signed: the domain with its NUL, H(party, old, new, t). */
static void
make_message(const SmcRotation *rotation, const char *party, uint8_t message[ROTATION_MESSAGE_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, ROTATION_DOMAIN, NULL);
	smc_hash_add(&hash, party, strlen(party));
	smc_hash_add(&hash, rotation->old_key, SMC_PUBLIC_KEY_BYTES);
	smc_hash_add(&hash, rotation->new_key, SMC_PUBLIC_KEY_BYTES);
	smc_hash_add_u64(&hash, rotation->signed_at);
	memcpy(message, ROTATION_DOMAIN, sizeof(ROTATION_DOMAIN));
	smc_hash_final(&hash, message + sizeof(ROTATION_DOMAIN));
}

SmcStatus
smc_rotation_sign(SmcRotation *rotation, const char *party,
				  const uint8_t old_secret[SMC_SECRET_KEY_BYTES],
				  const uint8_t new_key[SMC_PUBLIC_KEY_BYTES], uint64_t signed_at)
{
	/* The secret key's second half is the public key, in libsodium's form. */
	const uint8_t *old_key = old_secret + SMC_SECRET_KEY_BYTES - SMC_PUBLIC_KEY_BYTES;
	uint8_t		message[ROTATION_MESSAGE_BYTES];

	memset(rotation, 0, sizeof(*rotation));
	if (is_same_key(old_key, new_key))
		return SMC_ERR_ARGUMENT;
	memcpy(rotation->old_key, old_key, SMC_PUBLIC_KEY_BYTES);
	memcpy(rotation->new_key, new_key, SMC_PUBLIC_KEY_BYTES);
	rotation->signed_at = signed_at;
	make_message(rotation, party, message);
	if (crypto_sign_detached(rotation->signature, NULL, message, sizeof(message), old_secret) != 0)
		return SMC_ERR_LIBRARY;
	return SMC_OK;
}

SmcStatus
smc_rotation_verify(const SmcRotation *rotation, const char *party)
{
	uint8_t		message[ROTATION_MESSAGE_BYTES];

	make_message(rotation, party, message);
	if (crypto_sign_verify_detached(rotation->signature, message, sizeof(message), rotation->old_key) != 0)
		return SMC_ERR_AUTH;

	/* on the curve, in the subgroup of prime order, in the one way to write it */
	if (crypto_core_ed25519_is_valid_point(rotation->new_key) != 1)
		return SMC_ERR_AUTH;
	return SMC_OK;
}

static void
write_u64(uint8_t *out, uint64_t value)
{
	int			i;

	for (i = 0; i < 8; i++)
		out[i] = (uint8_t) (value >> (8 * i));
}

size_t
smc_rotation_write(const SmcRotationChain *chain, uint8_t out[SMC_ROTATION_CHAIN_BYTES_MAX])
{
	uint8_t    *at = out;
	int			i;

	if (chain->count < 1 || chain->count > SMC_ROTATIONS_MAX)
		return 0;

	*at++ = (uint8_t) chain->count;
	memcpy(at, chain->rotations[0].old_key, SMC_PUBLIC_KEY_BYTES);
	at += SMC_PUBLIC_KEY_BYTES;
	for (i = 0; i < chain->count; i++)
	{
		const SmcRotation *rotation = &chain->rotations[i];

		if (i > 0 && !is_same_key(rotation->old_key, rotation[-1].new_key))
			return 0;
		memcpy(at, rotation->new_key, SMC_PUBLIC_KEY_BYTES);
		at += SMC_PUBLIC_KEY_BYTES;
		write_u64(at, rotation->signed_at);
		at += 8;
		memcpy(at, rotation->signature, SMC_SIGNATURE_BYTES);
		at += SMC_SIGNATURE_BYTES;
	}
	return (size_t) (at - out);
}

/* Whether a key comes twice: then it wouldn't be told which way the chain leads. */
static bool
has_circle(const SmcRotationChain *chain)
{
	int			i;
	int			j;

	for (i = 0; i < chain->count; i++)
		for (j = 0; j <= i; j++)
			if (is_same_key(chain->rotations[i].new_key, chain->rotations[j].old_key))
				return true;
	return false;
}

SmcStatus
smc_rotation_read(SmcRotationChain *chain, const uint8_t *data, size_t len)
{
	SmcReader	reader;
	int			count;
	int			i;

	memset(chain, 0, sizeof(*chain));
	if (len == 0)
		return SMC_OK;

	smc_reader_init(&reader, data, len);
	count = smc_reader_u8(&reader);
	if (count < 1 || count > SMC_ROTATIONS_MAX)
		return SMC_ERR_FORMAT;
	smc_reader_copy(&reader, chain->rotations[0].old_key, SMC_PUBLIC_KEY_BYTES);
	for (i = 0; i < count; i++)
	{
		SmcRotation *rotation = &chain->rotations[i];

		if (i > 0)
			memcpy(rotation->old_key, rotation[-1].new_key, SMC_PUBLIC_KEY_BYTES);
		smc_reader_copy(&reader, rotation->new_key, SMC_PUBLIC_KEY_BYTES);
		rotation->signed_at = smc_reader_u64(&reader);
		smc_reader_copy(&reader, rotation->signature, SMC_SIGNATURE_BYTES);
	}
	chain->count = count;
	if (smc_reader_end(&reader) != SMC_OK || has_circle(chain))
	{
		memset(chain, 0, sizeof(*chain));
		return SMC_ERR_FORMAT;
	}
	return SMC_OK;
}

SmcStatus
smc_rotation_follow(const SmcRotationChain *chain, const char *party,
					const uint8_t from[SMC_PUBLIC_KEY_BYTES],
					const uint8_t to[SMC_PUBLIC_KEY_BYTES], int *first)
{
	int			start;
	int			i;

	*first = 0;
	if (chain->count < 1 || chain->count > SMC_ROTATIONS_MAX ||
		!is_same_key(chain->rotations[chain->count - 1].new_key, to))
		return SMC_ERR_AUTH;
	for (start = 0; start < chain->count; start++)
		if (is_same_key(chain->rotations[start].old_key, from))
			break;
	if (start == chain->count)
		return SMC_ERR_AUTH;

	for (i = start; i < chain->count; i++)
	{
		const SmcRotation *rotation = &chain->rotations[i];

		if (i > start && !is_same_key(rotation->old_key, rotation[-1].new_key))
			return SMC_ERR_AUTH;
		if (smc_rotation_verify(rotation, party) != SMC_OK)
			return SMC_ERR_AUTH;
	}
	*first = start;
	return SMC_OK;
}
