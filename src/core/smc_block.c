/*
 * 128-bit blocks: AES through libcrypto, and the transposition of bit matrices.
 */
#include "smc_block.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "smc_bits.h"

struct SmcBlockStream
{
	EVP_CIPHER_CTX *ctx;
};

struct SmcPermutation
{
	EVP_CIPHER_CTX *ctx;
};

/* Anything will do that nobody chose to a purpose: the first bits of pi's fraction. */
static const uint8_t fixed_key[16] = {
	0x24, 0x3f, 0x6a, 0x88, 0x85, 0xa3, 0x08, 0xd3,
	0x13, 0x19, 0x8a, 0x2e, 0x03, 0x70, 0x73, 0x44
};

SmcBlockStream *
smc_block_stream_open(SmcArena *arena, const SmcBlock *seed)
{
	static const uint8_t zero_iv[16] = {0};
	SmcBlockStream *stream = smc_arena_alloc(arena, sizeof(*stream));
	uint8_t		key[SMC_BLOCK_BYTES];
	int			ok;

	if (stream == NULL)
		return NULL;
	stream->ctx = EVP_CIPHER_CTX_new();
	if (stream->ctx == NULL)
		return NULL;
	memcpy(key, seed, sizeof(key));
	ok = EVP_EncryptInit_ex(stream->ctx, EVP_aes_128_ctr(), NULL, key, zero_iv);
	sodium_memzero(key, sizeof(key));
	if (ok != 1)
	{
		smc_block_stream_close(stream);
		return NULL;
	}
	return stream;
}

SmcStatus
smc_block_stream_read(SmcBlockStream *stream, uint8_t *data, size_t len)
{
	static const uint8_t zeros[SMC_STREAM_READ_MAX];
	int			done = 0;

	if (len > sizeof(zeros))
		return SMC_ERR_ARGUMENT;
	if (EVP_EncryptUpdate(stream->ctx, data, &done, zeros, (int) len) != 1 || done != (int) len)
		return SMC_ERR_LIBRARY;
	return SMC_OK;
}

void
smc_block_stream_close(SmcBlockStream *stream)
{
	if (stream == NULL)
		return;
	EVP_CIPHER_CTX_free(stream->ctx);	/* cleanses the key schedule */
	stream->ctx = NULL;
}

SmcPermutation *
smc_permutation_open(void)
{
	SmcPermutation *pi = calloc(1, sizeof(*pi));

	if (pi == NULL)
		return NULL;
	pi->ctx = EVP_CIPHER_CTX_new();
	if (pi->ctx == NULL ||
		EVP_EncryptInit_ex(pi->ctx, EVP_aes_128_ecb(), NULL, fixed_key, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(pi->ctx, 0) != 1)
	{
		smc_permutation_close(pi);
		return NULL;
	}
	return pi;
}

void
smc_permutation_close(SmcPermutation *pi)
{
	if (pi == NULL)
		return;
	EVP_CIPHER_CTX_free(pi->ctx);
	free(pi);
}

SmcStatus
smc_permutation_apply(SmcPermutation *pi, SmcBlock *blocks, size_t count)
{
	int			done = 0;
	size_t		len = count * SMC_BLOCK_BYTES;

	if (count > ((size_t) 1 << 26))
		return SMC_ERR_ARGUMENT;
	if (EVP_EncryptUpdate(pi->ctx, (unsigned char *) blocks, &done,
						  (const unsigned char *) blocks, (int) len) != 1 || done != (int) len)
		return SMC_ERR_LIBRARY;
	return SMC_OK;
}

SmcStatus
smc_block_hash(SmcPermutation *pi, uint64_t tweak, SmcBlock *blocks, SmcBlock *scratch, size_t count)
{
	SmcStatus	status = smc_permutation_apply(pi, blocks, count);

	if (status != SMC_OK)
		return status;
	for (size_t i = 0; i < count; i++)
	{
		scratch[i].lo = blocks[i].lo ^ (tweak + i);
		scratch[i].hi = blocks[i].hi;
	}
	status = smc_permutation_apply(pi, scratch, count);
	if (status != SMC_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		blocks[i] = smc_block_xor(blocks[i], scratch[i]);
	return SMC_OK;
}

void
smc_block_transpose(const uint8_t *rows, size_t stride, size_t columns, SmcBlock *out)
{
	uint64_t	square[64];

	for (size_t c = 0; c < columns; c += 64)
	{
		for (int r = 0; r < 64; r++)
			memcpy(&square[r], rows + (size_t) r * stride + c / 8, 8);
		smc_bits_transpose64(square);
		for (int i = 0; i < 64; i++)
			out[c + (size_t) i].lo = square[i];
		for (int r = 0; r < 64; r++)
			memcpy(&square[r], rows + (size_t) (64 + r) * stride + c / 8, 8);
		smc_bits_transpose64(square);
		for (int i = 0; i < 64; i++)
			out[c + (size_t) i].hi = square[i];
	}
	sodium_memzero(square, sizeof(square));
}
