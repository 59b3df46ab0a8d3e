/*
 * Base oblivious transfer on ristretto255 (endemic OT); see the header.
 *
 * Points that libsodium rejects (encodings that aren't canonical, the neutral
 * element) are a malformed message.  Constant time in the choices: both places
 * of the message are computed and exchanged under a mask.
 */
#include "smc_base_ot.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>

#include "smc_ct.h"
#include "smc_hash.h"

#define POINT_BYTES		crypto_core_ristretto255_BYTES
#define SCALAR_BYTES	crypto_core_ristretto255_SCALARBYTES

/*
 * Whether libsodium accepted a point.  That is public: of the points refused,
 * some came from the peer, and the rest have no chance to turn up.  On its own,
 * so that the check of constant time can excuse this branch and no other.
 */
static bool __attribute__((noinline))
accepted(int verdict)
{
	if (verdict != 0)
	{
		__asm__ volatile ("");
		return false;
	}
	__asm__ volatile ("");
	return true;
}

/* H1: a point from (i, j, other point), uniform when the oracle is. */
static void
hash_to_point(const uint8_t *context, uint64_t i, uint64_t j, const uint8_t *other, uint8_t *point)
{
	uint8_t		wide[crypto_core_ristretto255_HASHBYTES];

	for (uint64_t half = 0; half < 2; half++)
	{
		SmcHash		hash;

		smc_hash_init(&hash, "smc base ot point v1", context);
		smc_hash_add_u64(&hash, i);
		smc_hash_add_u64(&hash, j);
		smc_hash_add_u64(&hash, half);
		smc_hash_add(&hash, other, POINT_BYTES);
		smc_hash_final(&hash, wide + half * SMC_KEY_BYTES);
	}
	crypto_core_ristretto255_from_hash(point, wide);
	sodium_memzero(wide, sizeof(wide));
}

/* H2: a key from (i, j, agreed point). */
static void
hash_to_key(const uint8_t *context, uint64_t i, uint64_t j, const uint8_t *point, SmcBlock *key)
{
	uint8_t		digest[SMC_KEY_BYTES];
	SmcHash		hash;

	smc_hash_init(&hash, "smc base ot key v1", context);
	smc_hash_add_u64(&hash, i);
	smc_hash_add_u64(&hash, j);
	smc_hash_add(&hash, point, POINT_BYTES);
	smc_hash_final(&hash, digest);
	memcpy(key, digest, sizeof(*key));
	sodium_memzero(digest, sizeof(digest));
}

/* A uniform scalar from 64 random bytes; libsodium refuses zero where it is used. */
static void
random_scalar(const SmcRandom *random, uint8_t scalar[SCALAR_BYTES])
{
	uint8_t		wide[crypto_core_ristretto255_NONREDUCEDSCALARBYTES];

	smc_random_fill(random, wide, sizeof(wide));
	crypto_core_ristretto255_scalar_reduce(scalar, wide);
	sodium_memzero(wide, sizeof(wide));
}

SmcStatus
smc_base_ot_send_start(SmcBaseOtSender *sender, const uint8_t context[SMC_KEY_BYTES],
					   const SmcRandom *random, uint8_t message[SMC_BASE_OT_SENDER_BYTES])
{
	memcpy(sender->context, context, SMC_KEY_BYTES);
	random_scalar(random, sender->scalar);
	if (accepted(crypto_scalarmult_ristretto255_base(message, sender->scalar)))
		return SMC_OK;
	sodium_memzero(sender, sizeof(*sender));
	return SMC_ERR_LIBRARY;
}

SmcStatus
smc_base_ot_send_finish(SmcBaseOtSender *sender, const uint8_t message[SMC_BASE_OT_RECEIVER_BYTES],
						SmcBlock keys[SMC_BASE_OT_COUNT][2])
{
	SmcStatus	status = SMC_ERR_FORMAT;
	uint8_t		point[POINT_BYTES];

	for (uint64_t i = 0; i < SMC_BASE_OT_COUNT; i++)
	{
		const uint8_t *r = message + 2 * POINT_BYTES * i;

		for (uint64_t j = 0; j < 2; j++)
		{
			hash_to_point(sender->context, i, j, r + (1 - j) * POINT_BYTES, point);
			if (!accepted(crypto_core_ristretto255_add(point, r + j * POINT_BYTES, point)) ||
				!accepted(crypto_scalarmult_ristretto255(point, sender->scalar, point)))
				goto done;
			hash_to_key(sender->context, i, j, point, &keys[i][j]);
		}
	}
	status = SMC_OK;
done:
	sodium_memzero(point, sizeof(point));
	sodium_memzero(sender, sizeof(*sender));
	return status;
}

SmcStatus
smc_base_ot_receive_start(SmcBaseOtReceiver *receiver, const uint8_t context[SMC_KEY_BYTES],
						  const uint8_t choices[SMC_BASE_OT_COUNT / 8], const SmcRandom *random,
						  uint8_t message[SMC_BASE_OT_RECEIVER_BYTES])
{
	SmcStatus	status = SMC_ERR_LIBRARY;
	uint8_t		wide[crypto_core_ristretto255_HASHBYTES];
	uint8_t		chosen[POINT_BYTES];
	uint8_t		other[POINT_BYTES];
	uint8_t		masks[2][POINT_BYTES];

	memcpy(receiver->context, context, SMC_KEY_BYTES);
	memcpy(receiver->choices, choices, sizeof(receiver->choices));
	for (uint64_t i = 0; i < SMC_BASE_OT_COUNT; i++)
	{
		uint8_t		choice = (uint8_t) (0 - smc_ct_hide((choices[i / 8] >> (i % 8)) & 1));
		uint8_t    *r = message + 2 * POINT_BYTES * i;

		random_scalar(random, receiver->scalars[i]);
		if (!accepted(crypto_scalarmult_ristretto255_base(chosen, receiver->scalars[i])))
			goto done;
		smc_random_fill(random, wide, sizeof(wide));
		crypto_core_ristretto255_from_hash(other, wide);

		/* r_c = xG - H1(i, c, r_{1-c}), for the secret c */
		for (uint64_t j = 0; j < 2; j++)
			hash_to_point(context, i, j, other, masks[j]);
		for (size_t k = 0; k < POINT_BYTES; k++)
			masks[0][k] ^= choice & (masks[0][k] ^ masks[1][k]);
		if (!accepted(crypto_core_ristretto255_sub(chosen, chosen, masks[0])))
			goto done;
		for (size_t k = 0; k < POINT_BYTES; k++)
		{
			uint8_t		swap = choice & (chosen[k] ^ other[k]);

			r[k] = chosen[k] ^ swap;
			r[POINT_BYTES + k] = other[k] ^ swap;
		}
	}
	status = SMC_OK;
done:
	sodium_memzero(wide, sizeof(wide));
	sodium_memzero(chosen, sizeof(chosen));
	sodium_memzero(other, sizeof(other));	/* where it went tells the choice */
	sodium_memzero(masks, sizeof(masks));
	if (status != SMC_OK)
		sodium_memzero(receiver, sizeof(*receiver));
	return status;
}

SmcStatus
smc_base_ot_receive_finish(SmcBaseOtReceiver *receiver, const uint8_t message[SMC_BASE_OT_SENDER_BYTES],
						   SmcBlock keys[SMC_BASE_OT_COUNT])
{
	SmcStatus	status = SMC_ERR_FORMAT;
	uint8_t		point[POINT_BYTES];

	for (uint64_t i = 0; i < SMC_BASE_OT_COUNT; i++)
	{
		uint64_t	choice = (receiver->choices[i / 8] >> (i % 8)) & 1;

		if (!accepted(crypto_scalarmult_ristretto255(point, receiver->scalars[i], message)))
			goto done;
		hash_to_key(receiver->context, i, choice, point, &keys[i]);
	}
	status = SMC_OK;
done:
	sodium_memzero(point, sizeof(point));
	sodium_memzero(receiver, sizeof(*receiver));
	return status;
}
