/*
 * 128-bit blocks: AES through libcrypto, and the transposition of bit matrices.
 */
#include "smc_block.h"

#include <openssl/evp.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

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

static SmcPermutation *
open_permutation(const uint8_t key[SMC_BLOCK_BYTES])
{
	SmcPermutation *pi = calloc(1, sizeof(*pi));

	if (pi == NULL)
		return NULL;
	pi->ctx = EVP_CIPHER_CTX_new();
	if (pi->ctx == NULL ||
		EVP_EncryptInit_ex(pi->ctx, EVP_aes_128_ecb(), NULL, key, NULL) != 1 ||
		EVP_CIPHER_CTX_set_padding(pi->ctx, 0) != 1)
	{
		smc_permutation_close(pi);
		return NULL;
	}
	return pi;
}

SmcPermutation *
smc_permutation_open(void)
{
	return open_permutation(fixed_key);
}

SmcPermutation *
smc_permutation_open_keyed(const SmcBlock *key)
{
	uint8_t		bytes[SMC_BLOCK_BYTES];
	SmcPermutation *pi;

	memcpy(bytes, key, sizeof(bytes));
	pi = open_permutation(bytes);
	sodium_memzero(bytes, sizeof(bytes));
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

/* Blocks hashed at a time: what fits the first-level cache. */
#define HASH_CHUNK	512

/* out = in, with the tweaks (high, low), (high, low + 1), ... added. */
static void
add_tweaks(SmcBlock *restrict out, const SmcBlock *restrict in, uint64_t high, uint64_t low, size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		out[i].lo = in[i].lo ^ (low + i);
		out[i].hi = in[i].hi ^ high;
	}
}

static void
add_blocks(SmcBlock *restrict to, const SmcBlock *restrict one, const SmcBlock *restrict other, size_t count)
{
	for (size_t i = 0; i < count; i++)
		to[i] = smc_block_xor(one[i], other[i]);
}

SmcStatus
smc_block_hash(SmcPermutation *pi, uint64_t tweak, SmcBlock *blocks, size_t length, size_t count)
{
	SmcBlock	x[HASH_CHUNK];
	SmcBlock	image[HASH_CHUNK];
	SmcStatus	status = SMC_OK;

	for (size_t at = 0; at < count && status == SMC_OK; at += HASH_CHUNK)
	{
		size_t		n = count - at < HASH_CHUNK ? count - at : HASH_CHUNK;

		memcpy(x, blocks + at, n * sizeof(SmcBlock));
		status = smc_permutation_apply(pi, x, n);
		for (size_t k = 0; k < length && status == SMC_OK; k++)
		{
			add_tweaks(image, x, k, tweak + at, n);
			status = smc_permutation_apply(pi, image, n);
			if (status == SMC_OK)
				add_blocks(blocks + k * count + at, image, x, n);
		}
	}
	sodium_memzero(x, sizeof(x));
	sodium_memzero(image, sizeof(image));
	return status;
}

/*
 * Four squares of 64 x 64 bits beside each other, one in each lane: the six
 * exchanges of halves of smc_bits_transpose64, without a shuffle.
 */
typedef uint64_t Lanes __attribute__((vector_size(32)));

#define LANES	4

static inline __attribute__((always_inline)) void
transpose_lanes(Lanes m[64])
{
	static const uint64_t mask[6] = {
		UINT64_C(0x00000000ffffffff), UINT64_C(0x0000ffff0000ffff),
		UINT64_C(0x00ff00ff00ff00ff), UINT64_C(0x0f0f0f0f0f0f0f0f),
		UINT64_C(0x3333333333333333), UINT64_C(0x5555555555555555)
	};

	for (int step = 0, j = 32; step < 6; step++, j >>= 1)
	{
		for (int base = 0; base < 64; base += 2 * j)
		{
			for (int k = base; k < base + j; k++)
			{
				Lanes		t = ((m[k] >> j) ^ m[k + j]) & mask[step];

				m[k] ^= t << j;
				m[k + j] ^= t;
			}
		}
	}
}

/* Rows r of the upper and of the lower half, columns c to c + 64 * lanes. */
static inline __attribute__((always_inline)) void
load_lanes(Lanes low[64], Lanes high[64], const uint8_t *from, size_t stride, size_t lanes)
{
	for (size_t r = 0; r < 64; r++)
	{
		memcpy(&low[r], from + r * stride, lanes * 8);
		memcpy(&high[r], from + (64 + r) * stride, lanes * 8);
	}
}

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
__attribute__((target_clones("avx2", "default"), optimize("O3")))
#endif
void
smc_block_transpose(const uint8_t *rows, size_t stride, size_t columns, SmcBlock *out)
{
	Lanes		low[64];
	Lanes		high[64];
	size_t		c = 0;

	for (; c + 64 * LANES <= columns; c += 64 * LANES)
	{
		load_lanes(low, high, rows + c / 8, stride, LANES);
		transpose_lanes(low);
		transpose_lanes(high);
		for (size_t i = 0; i < 64; i++)
		{
			for (size_t lane = 0; lane < LANES; lane++)
			{
				out[c + 64 * lane + i].lo = low[i][lane];
				out[c + 64 * lane + i].hi = high[i][lane];
			}
		}
	}
	if (c < columns)
	{
		size_t		lanes = (columns - c) / 64;

		memset(low, 0, sizeof(low));
		memset(high, 0, sizeof(high));
		load_lanes(low, high, rows + c / 8, stride, lanes);
		transpose_lanes(low);
		transpose_lanes(high);
		for (size_t i = 0; i < 64; i++)
		{
			for (size_t lane = 0; lane < lanes; lane++)
			{
				out[c + 64 * lane + i].lo = low[i][lane];
				out[c + 64 * lane + i].hi = high[i][lane];
			}
		}
	}
	sodium_memzero(low, sizeof(low));
	sodium_memzero(high, sizeof(high));
}
