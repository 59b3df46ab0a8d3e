/*
 * Fuzz the handshake: hellos and signatures of whatever bytes, from whomever,
 * in whatever order.  Nobody gets authenticated who doesn't hold the key.
 *
 * Input: records of u8 what and from, u8 length, bytes.  What they stand for
 * is ours or the fuzzer's: bit 7 set means "the honest message, with these
 * bytes mixed in", so that the fuzzer gets past the first checks.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/smc_handshake.h"

#define PARTIES	3

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SmcRandomSeed seed;
	SmcRandom	random;
	SmcLaneParty parties[PARTIES];
	uint8_t		secret[PARTIES][SMC_SECRET_KEY_BYTES];
	uint8_t		lane_id[SMC_LANE_ID_BYTES];
	SmcHandshake hs;
	SmcHandshake honest;
	SmcPairKeys keys[SMC_PARTIES_MAX];
	size_t		at = 0;
	int			i;

	if (sodium_init() < 0)
		abort();
	memset(&seed, 7, sizeof(seed));
	random = smc_random_seeded(&seed);
	memset(parties, 0, sizeof(parties));
	memset(lane_id, 3, sizeof(lane_id));
	for (i = 0; i < PARTIES; i++)
	{
		uint8_t		key_seed[32];

		memset(key_seed, i + 1, sizeof(key_seed));
		crypto_sign_seed_keypair(parties[i].public_key, secret[i], key_seed);
		parties[i].name[0] = (char) ('a' + i);
	}
	if (smc_handshake_init(&hs, 0, 0, PARTIES, parties, secret[0], lane_id, 1, 3, &random) != SMC_OK ||
		smc_handshake_init(&honest, 1, 0, PARTIES, parties, secret[1], lane_id, 1, 3, &random) != SMC_OK)
		abort();

	while (at + 2 <= size)
	{
		uint8_t		what = data[at];
		size_t		len = data[at + 1];
		const uint8_t *bytes = data + at + 2;
		uint8_t		message[256];
		int			from = (what >> 1) & 3;
		SmcStatus	status;

		at += 2;
		if (len > size - at)
			len = size - at;
		at += len;
		memset(message, 0, sizeof(message));
		memcpy(message, bytes, len);
		if (what & 0x80)
		{
			size_t		base = (what & 1) ? SMC_AUTH_BYTES : SMC_HELLO_BYTES;
			size_t		j;

			if (!(what & 1))
			{
				memcpy(message, honest.hello[1], SMC_HELLO_BYTES);
				for (j = 0; j < len && j < base; j++)
					message[j] ^= bytes[j];
				len = base;
			}
		}
		if (what & 1)
		{
			status = smc_handshake_read_auth(&hs, from, message, len);
			/* nobody's signature is in the fuzzer's reach */
			if (status == SMC_OK)
				abort();
		}
		else
			status = smc_handshake_read_hello(&hs, from, message, len);
		if (status == SMC_OK && smc_handshake_has_hellos(&hs))
		{
			uint8_t		auth[SMC_AUTH_BYTES];

			if (smc_handshake_write_auth(&hs, auth) != SMC_OK)
				abort();
		}
	}
	if (smc_handshake_is_complete(&hs) || smc_handshake_finish(&hs, keys) == SMC_OK)
		abort();
	smc_handshake_wipe(&hs);
	smc_handshake_wipe(&honest);
	return 0;
}
