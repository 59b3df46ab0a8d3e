/*
 * 128-bit blocks and the two ways AES is used on them: as a generator that
 * stretches a seed, and under a fixed key as the hash of OT extension.
 *
 * PAPER: the hash is TMMO of Guo, Katz, Wang, Yu ("Efficient and Secure
 * Multiparty Computation from Fixed-Key Block Ciphers", IEEE S&P 2020,
 * section 7.4): H(i, x) = pi(pi(x) ^ i) ^ pi(x), tweakable circular correlation
 * robust when pi is an ideal permutation.
 *
 * AES runs through libcrypto's EVP (AES-NI or VAES where there is one), a few
 * kilobytes a call, since a call costs as much as half a kilobyte.
 */
#ifndef SMC_BLOCK_H
#define SMC_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "smc_arena.h"
#include "smc_status.h"

#define SMC_BLOCK_BYTES		16
#define SMC_STREAM_READ_MAX	8192

typedef struct SmcBlock
{
	uint64_t	lo;
	uint64_t	hi;
} SmcBlock;

static inline SmcBlock
smc_block_xor(SmcBlock a, SmcBlock b)
{
	SmcBlock	out = {a.lo ^ b.lo, a.hi ^ b.hi};

	return out;
}

/* A stream of pseudo-random bytes from a seed (AES-128 in counter mode). */
typedef struct SmcBlockStream SmcBlockStream;

/*
 * Open a stream, to be closed by smc_block_stream_close before arena, in which
 * it is, goes; NULL when memory or libcrypto fail.
 */
extern SmcBlockStream *smc_block_stream_open(SmcArena *arena, const SmcBlock *seed);

/* Write the next len <= SMC_STREAM_READ_MAX bytes of the stream to data. */
extern SmcStatus smc_block_stream_read(SmcBlockStream *stream, uint8_t *data, size_t len) SMC_MUST_USE;

/* Close and wipe. */
extern void smc_block_stream_close(SmcBlockStream *stream);

/* AES under a fixed, public key. */
typedef struct SmcPermutation SmcPermutation;

extern SmcPermutation *smc_permutation_open(void);

/* AES under a key of the caller's: a pseudo-random permutation. */
extern SmcPermutation *smc_permutation_open_keyed(const SmcBlock *key);
extern void smc_permutation_close(SmcPermutation *pi);

/* Replace each block by its image. */
extern SmcStatus smc_permutation_apply(SmcPermutation *pi, SmcBlock *blocks, size_t count) SMC_MUST_USE;

/*
 * Replace x_i = blocks[i] by H(tweak + i, x_i).  With length > 1 the hash is that
 * many blocks long: blocks[k * count + i] = H(2^64 k + tweak + i, x_i).
 */
extern SmcStatus smc_block_hash(SmcPermutation *pi, uint64_t tweak, SmcBlock *blocks, size_t length,
								size_t count) SMC_MUST_USE;

/*
 * Transpose a bit matrix of 128 rows, each of columns bits (a multiple of 64)
 * at rows + r * stride bytes, into columns blocks: bit r of out[c] is bit c of
 * row r.
 */
extern void smc_block_transpose(const uint8_t *rows, size_t stride, size_t columns, SmcBlock *out);

#endif							/* SMC_BLOCK_H */
