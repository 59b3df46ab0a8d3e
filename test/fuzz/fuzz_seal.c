/*
 * Fuzz the sealed stream: nothing that wasn't sealed under the key, in its
 * order, opens; and after one that didn't, nothing does.
 *
 * Input: records of u8 what, u8 length, bytes: a frame of the fuzzer's (what
 * even), or the honest next frame with a bit flipped at will (odd).
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/smc_seal.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t		key[SMC_KEY_BYTES];
	SmcSeal		sender;
	SmcSeal		receiver;
	bool		broken = false;
	size_t		at = 0;

	if (sodium_init() < 0)
		abort();
	memset(key, 9, sizeof(key));
	smc_seal_init(&sender, key);
	smc_seal_init(&receiver, key);
	while (at + 2 <= size)
	{
		uint8_t		what = data[at];
		size_t		len = data[at + 1];
		const uint8_t *bytes = data + at + 2;
		uint8_t		header[4] = {4, 0, 1, 0};
		uint8_t		frame[256 + SMC_SEAL_OVERHEAD];
		uint8_t		out[256 + SMC_SEAL_OVERHEAD];
		SmcStatus	status;

		at += 2;
		if (len > size - at)
			len = size - at;
		if (what & 1)
		{
			bool		harmed = (what & 2) != 0;

			if (smc_seal_close(&sender, header, sizeof(header), bytes, len, frame) != SMC_OK)
				abort();
			if (harmed)
				frame[what % (len + SMC_SEAL_OVERHEAD)] ^= 0x10;
			status = smc_seal_open(&receiver, header, sizeof(header), frame, len + SMC_SEAL_OVERHEAD, out);
			if ((status == SMC_OK) != (!harmed && !broken))
				abort();
			if (status == SMC_OK && len > 0 && memcmp(out, bytes, len) != 0)
				abort();
		}
		else
		{
			status = smc_seal_open(&receiver, header, sizeof(header), bytes, len, out);
			if (status == SMC_OK)
				abort();
		}
		broken = broken || status != SMC_OK;
		at += len;
	}
	smc_seal_wipe(&sender);
	smc_seal_wipe(&receiver);
	return 0;
}
