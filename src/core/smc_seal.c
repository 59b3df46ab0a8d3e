/*
 * Sealed streams: authenticated encryption of frames, in order, one direction.
 *
 * PAPER: RFC 8439, section 2.8.  The 96-bit nonce is 32 zero bits and the
 * frame's number, 64 bits little-endian, as in WireGuard.  A key is used for
 * one stream only, so a nonce never repeats under it.
 * LEAKS: the length of each frame.
 */
#include "smc_seal.h"

#include <sodium.h>
#include <string.h>

#if SMC_SEAL_OVERHEAD != crypto_aead_chacha20poly1305_ietf_ABYTES
#error "SMC_SEAL_OVERHEAD is not the size of the authenticator"
#endif

static void
make_nonce(uint8_t nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES], uint64_t counter)
{
	int			i;

	memset(nonce, 0, 4);
	for (i = 0; i < 8; i++)
		nonce[4 + i] = (uint8_t) (counter >> (8 * i));
}

void
smc_seal_init(SmcSeal *seal, const uint8_t key[SMC_KEY_BYTES])
{
	memcpy(seal->key, key, SMC_KEY_BYTES);
	seal->counter = 0;
	seal->broken = false;
}

SmcStatus
smc_seal_close(SmcSeal *seal, const uint8_t *header, size_t header_len,
			   const uint8_t *text, size_t text_len, uint8_t *out)
{
	uint8_t		nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	/* libsodium aborts the process on a text that is too long. */
	if (seal->broken || seal->counter == UINT64_MAX ||
		text_len > crypto_aead_chacha20poly1305_ietf_MESSAGEBYTES_MAX)
		return SMC_ERR_ARGUMENT;

	make_nonce(nonce, seal->counter++);
	if (crypto_aead_chacha20poly1305_ietf_encrypt(out, NULL, text, text_len, header, header_len,
												  NULL, nonce, seal->key) != 0)
	{
		smc_seal_wipe(seal);
		return SMC_ERR_LIBRARY;
	}
	return SMC_OK;
}

SmcStatus
smc_seal_open(SmcSeal *seal, const uint8_t *header, size_t header_len,
			  const uint8_t *sealed, size_t sealed_len, uint8_t *out)
{
	uint8_t		nonce[crypto_aead_chacha20poly1305_ietf_NPUBBYTES];

	if (seal->broken)
		return SMC_ERR_AUTH;

	/* The number is taken even by a frame that fails: there is no second try. */
	if (sealed_len < SMC_SEAL_OVERHEAD || seal->counter == UINT64_MAX)
	{
		smc_seal_wipe(seal);
		return SMC_ERR_AUTH;
	}
	make_nonce(nonce, seal->counter++);
	if (crypto_aead_chacha20poly1305_ietf_decrypt(out, NULL, NULL, sealed, sealed_len, header, header_len,
												  nonce, seal->key) != 0)
	{
		smc_seal_wipe(seal);
		return SMC_ERR_AUTH;
	}
	return SMC_OK;
}

void
smc_seal_wipe(SmcSeal *seal)
{
	sodium_memzero(seal, sizeof(*seal));
	seal->broken = true;
}
