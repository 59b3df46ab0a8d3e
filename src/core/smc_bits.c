/*
 * Vectors of bits.
 */
#include "smc_bits.h"

#include <sodium.h>
#include <string.h>

void
smc_bits_extract(uint64_t *to, const uint64_t *from, size_t at, size_t count)
{
	size_t		words = smc_bits_words(count);
	size_t		skip = at / 64;
	unsigned	shift = at % 64;

	if (count == 0)
		return;
	if (shift == 0)
		memcpy(to, from + skip, words * sizeof(uint64_t));
	else
	{
		size_t		last = (at + count - 1) / 64;

		for (size_t i = 0; i < words; i++)
		{
			uint64_t	high = skip + i + 1 <= last ? from[skip + i + 1] : 0;

			to[i] = (from[skip + i] >> shift) | (high << (64 - shift));
		}
	}
	to[words - 1] &= smc_bits_tail(count);
}

void
smc_bits_insert(uint64_t *to, size_t at, const uint64_t *from, size_t count)
{
	size_t		skip = at / 64;
	unsigned	shift = at % 64;

	for (size_t i = 0; i * 64 < count; i++)
	{
		size_t		left = count - i * 64;
		uint64_t	mask = left >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << left) - 1;
		uint64_t	value = from[i] & mask;

		to[skip + i] = (to[skip + i] & ~(mask << shift)) | (value << shift);
		if (shift != 0 && (mask >> (64 - shift)) != 0)
			to[skip + i + 1] = (to[skip + i + 1] & ~(mask >> (64 - shift))) | (value >> (64 - shift));
	}
}

void
smc_bits_xor(uint64_t *to, const uint64_t *from, size_t words)
{
	for (size_t i = 0; i < words; i++)
		to[i] ^= from[i];
}

/*
 * Six exchanges of halves, each half the distance of the one before (Hacker's
 * Delight, section 7-3).  The compiler makes vector code of it; the clone with
 * 256-bit vectors is chosen at load time.
 */
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__)
__attribute__((target_clones("avx2", "default"), optimize("O3")))
#endif
void
smc_bits_transpose64(uint64_t m[64])
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
				uint64_t	t = ((m[k] >> j) ^ m[k + j]) & mask[step];

				m[k] ^= t << j;
				m[k + j] ^= t;
			}
		}
	}
}

void
smc_bits_slice(uint64_t *out, const uint64_t *integers, int width, size_t count,
			   const uint16_t *order, int planes)
{
	size_t		limbs = (size_t) width / 64;
	uint64_t	square[SMC_WIDTH_MAX / 64][64];

	memset(out, 0, smc_bits_words(count * (size_t) planes) * sizeof(uint64_t));
	for (size_t e = 0; e < count; e += 64)
	{
		size_t		block = count - e < 64 ? count - e : 64;

		memset(square, 0, limbs * sizeof(square[0]));
		for (size_t i = 0; i < block; i++)
		{
			for (size_t limb = 0; limb < limbs; limb++)
				square[limb][i] = integers[(e + i) * limbs + limb];
		}
		for (size_t limb = 0; limb < limbs; limb++)
			smc_bits_transpose64(square[limb]);
		for (int p = 0; p < planes; p++)
			smc_bits_insert(out, (size_t) p * count + e, &square[order[p] / 64][order[p] % 64], block);
	}
	sodium_memzero(square, limbs * sizeof(square[0]));
}

/*
 * From the root down: the order of a level of m nodes from that of the h above
 * it.  Node r of h, of nodes 2r and 2r + 1, but for the one at the last place
 * when m is odd: that is one node, and those above it are one less.
 */
void
smc_bits_tree_order(uint16_t *order, int leaves)
{
	int			log = 0;

	while (1 << log < leaves)
		log++;
	order[0] = 0;
	while (log-- > 0)
	{
		int			m = (leaves + (1 << log) - 1) >> log;
		int			h = (m + 1) / 2;
		int			single = m % 2 ? order[h - 1] : leaves;

		for (int i = 0; i < h; i++)
		{
			int			low = 2 * order[i] - (order[i] > single);

			if (i + h < m)
				order[i + h] = (uint16_t) (low + 1);
			order[i] = (uint16_t) low;
		}
	}
}
