/*
 * Fuzz the handshake: a party of a lane of three is told what the input says.
 *
 * Each command hands it bytes as a hello or as a signature of some party: raw
 * bytes from the input, or the genuine ones with bytes of the input laid over
 * them.  Whatever comes, it must not crash, must hold no secret once it has
 * failed, and must be complete only when what it took was genuine.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/smc_bytes.h"
#include "core/smc_handshake.h"

#define PARTIES		3

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Made once: everyone's handshake up to its signature, untampered. */
static SmcLaneParty parties[PARTIES];
static uint8_t identity[PARTIES][SMC_SECRET_KEY_BYTES];
static SmcHandshake genuine[PARTIES];
static uint8_t auth[PARTIES][SMC_AUTH_BYTES];
static SmcHandshake fresh;		/* party 0 at its beginning */

static void
require(bool good)
{
	if (!good)
		abort();
}

static void
prepare(void)
{
	const uint8_t lane_id[SMC_LANE_ID_BYTES] = {1};
	SmcRandomSeed seed = {{2}, 0};
	SmcRandom	random = smc_random_seeded(&seed);
	int			i;
	int			j;

	require(sodium_init() >= 0);
	for (i = 0; i < PARTIES; i++)
	{
		const uint8_t key_seed[32] = {(uint8_t) i};

		crypto_sign_seed_keypair(parties[i].public_key, identity[i], key_seed);
		parties[i].name[0] = (char) ('a' + i);
	}
	for (i = 0; i < PARTIES; i++)
		require(smc_handshake_init(&genuine[i], i, 0, PARTIES, parties, identity[i], lane_id, 1, 2, &random) == SMC_OK);
	fresh = genuine[0];
	for (i = 0; i < PARTIES; i++)
	{
		for (j = 0; j < PARTIES; j++)
			if (i != j)
				require(smc_handshake_read_hello(&genuine[i], j, genuine[j].hello[j], SMC_HELLO_BYTES) == SMC_OK);
		require(smc_handshake_write_auth(&genuine[i], auth[i]) == SMC_OK);
	}
}

/* Take the next message from the input: raw, or laid over the genuine one. */
static size_t
next_message(SmcReader *reader, uint8_t command, const uint8_t *real, size_t real_len, uint8_t *out, size_t out_size)
{
	size_t		len;
	size_t		i;
	const uint8_t *bytes;

	len = smc_reader_u8(reader) % (out_size + 1);
	bytes = smc_reader_bytes(reader, len);
	if (bytes == NULL)
		len = 0;
	if ((command & 8) != 0)
	{
		if (len > 0)
			memcpy(out, bytes, len);
		return len;
	}
	memcpy(out, real, real_len);
	for (i = 0; i < len && i < real_len; i++)
		out[i] ^= bytes[i];
	return real_len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool prepared = false;
	SmcHandshake hs;
	SmcPairKeys keys[SMC_PARTIES_MAX];
	uint8_t		own_auth[SMC_AUTH_BYTES];
	SmcReader	reader;
	int			i;

	if (!prepared)
		prepare();
	prepared = true;

	hs = fresh;
	smc_reader_init(&reader, data, size);
	while (reader.at < reader.len && !reader.failed)
	{
		uint8_t		command = smc_reader_u8(&reader);
		int			from = command & 3; /* 3 is nobody */
		int			source = from < PARTIES ? from : 1;
		uint8_t		message[100];
		size_t		len;
		SmcStatus	status;

		if ((command & 4) != 0)
		{
			len = next_message(&reader, command, auth[source], SMC_AUTH_BYTES, message, sizeof(message));
			status = smc_handshake_read_auth(&hs, from, message, len);
			if (status == SMC_OK)
				require(memcmp(message, auth[source], SMC_AUTH_BYTES) == 0);
		}
		else
		{
			len = next_message(&reader, command, genuine[source].hello[source], SMC_HELLO_BYTES, message, sizeof(message));
			status = smc_handshake_read_hello(&hs, from, message, len);
		}
		if (status != SMC_OK)
		{
			require(hs.failed);
			require(sodium_is_zero(hs.identity, sizeof(hs.identity)));
			require(sodium_is_zero((const uint8_t *) hs.common, sizeof(hs.common)));
		}
		if (!hs.failed && smc_handshake_has_hellos(&hs) && (hs.auth_mask & 1) == 0)
			require(smc_handshake_write_auth(&hs, own_auth) == SMC_OK);
	}

	if (smc_handshake_is_complete(&hs))
	{
		for (i = 0; i < PARTIES; i++)
			require(memcmp(hs.hello[i], genuine[i].hello[i], SMC_HELLO_BYTES) == 0);
		require(smc_handshake_finish(&hs, keys) == SMC_OK);
	}
	else
		require(smc_handshake_finish(&hs, keys) == SMC_ERR_ARGUMENT);
	smc_handshake_wipe(&hs);
	return 0;
}
