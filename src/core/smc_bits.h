/*
 * Vectors of bits, 64 to a word, lowest first: what boolean shares are made of.
 *
 * Bits past the end of a vector's last word are zero; every function keeps
 * that.  Nothing here depends on the values of bits, only on lengths.
 *
 * Words, blocks and ring elements travel and are viewed as bytes in the host's
 * order, which must be little-endian.
 */
#ifndef SMC_BITS_H
#define SMC_BITS_H

#include <stddef.h>
#include <stdint.h>

#include "smc_limits.h"

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "the sharing engine is written for little-endian machines"
#endif

/* Words that hold count bits. */
static inline size_t
smc_bits_words(size_t count)
{
	return (count + 63) / 64;
}

/* The mask of valid bits in the last word of a vector of count > 0 bits. */
static inline uint64_t
smc_bits_tail(size_t count)
{
	return count % 64 ? (UINT64_C(1) << (count % 64)) - 1 : ~UINT64_C(0);
}

/* The least k with 2^k >= n, for n >= 1: levels of a tree, bits that count to n - 1. */
static inline int
smc_bits_log_up(int n)
{
	int			log = 0;

	while (1 << log < n)
		log++;
	return log;
}

/* Copy count bits from bit `at` of from to the start of to (to is whole words; its tail is zeroed). */
extern void smc_bits_extract(uint64_t *to, const uint64_t *from, size_t at, size_t count);

/* Copy count bits from the start of from to bit `at` of to, leaving to's other bits alone. */
extern void smc_bits_insert(uint64_t *to, size_t at, const uint64_t *from, size_t count);

/* Transpose 64 x 64 bits in place: bit c of word r becomes bit r of word c. */
extern void smc_bits_transpose64(uint64_t m[64]);

/* XOR from into to, word by word. */
extern void smc_bits_xor(uint64_t *to, const uint64_t *from, size_t words);

/*
 * Slice `count` integers of `width` bits (a multiple of 64 up to SMC_WIDTH_MAX;
 * words low first) into planes: bit e of plane p, at bit p * count + e of out, is
 * bit order[p] of integer e.  planes places are taken.
 */
extern void smc_bits_slice(uint64_t *out, const uint64_t *integers, int width, size_t count,
						   const uint16_t *order, int planes);

/*
 * The order in which `leaves` (up to SMC_WIDTH_MAX) things are to be laid out so
 * that a tree may join them without moving any: order[p] is which of them, by
 * significance, stands at place p.  A level of m nodes, h = (m + 1) / 2, joins
 * the node at place i + h, which is the next higher, to the one at place i, for i
 * < m - h; where m is odd, the one at place h - 1 stays as it is.  The h results
 * stand so again.  For powers of two this is the bit-reversed order.
 */
extern void smc_bits_tree_order(uint16_t *order, int leaves);

#endif							/* SMC_BITS_H */
