/*
 * Integers of several words, low first: arithmetic mod 2^(64 * limbs).
 *
 * What elements of all the rings Z_2^64, Z_2^128 ... Z_2^512 are made of.  The
 * number of limbs is public; time depends on it and on nothing else.  Everything
 * is inline, so that a caller with a constant number of limbs gets the code of
 * that ring.  Outputs may be inputs, except where it is said.
 */
#ifndef SMC_LIMBS_H
#define SMC_LIMBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smc_limits.h"

#define SMC_LIMBS_MAX	(SMC_WIDTH_MAX / 64)
#define SMC_LIMBS_INLINE	static inline __attribute__((always_inline))

/* Whether there is a ring of that many bits. */
static inline bool
smc_limbs_valid(int width)
{
	return width > 0 && width <= SMC_WIDTH_MAX && width % 64 == 0;
}

/* Words of an element. */
static inline size_t
smc_limbs_of(int width)
{
	return (size_t) width / 64;
}

SMC_LIMBS_INLINE void
smc_limbs_add(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t limbs)
{
	uint64_t	carry = 0;

	for (size_t i = 0; i < limbs; i++)
	{
		unsigned __int128 sum = (unsigned __int128) a[i] + b[i] + carry;

		out[i] = (uint64_t) sum;
		carry = (uint64_t) (sum >> 64);
	}
}

SMC_LIMBS_INLINE void
smc_limbs_subtract(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t limbs)
{
	uint64_t	borrow = 0;

	for (size_t i = 0; i < limbs; i++)
	{
		unsigned __int128 difference = (unsigned __int128) a[i] - b[i] - borrow;

		out[i] = (uint64_t) difference;
		borrow = (uint64_t) (difference >> 64) & 1;
	}
}

SMC_LIMBS_INLINE void
smc_limbs_negate(uint64_t *out, const uint64_t *a, size_t limbs)
{
	uint64_t	carry = 1;

	for (size_t i = 0; i < limbs; i++)
	{
		unsigned __int128 sum = (unsigned __int128) ~a[i] + carry;

		out[i] = (uint64_t) sum;
		carry = (uint64_t) (sum >> 64);
	}
}

/* out = a & mask, mask all ones or nothing. */
SMC_LIMBS_INLINE void
smc_limbs_mask(uint64_t *out, const uint64_t *a, uint64_t mask, size_t limbs)
{
	for (size_t i = 0; i < limbs; i++)
		out[i] = a[i] & mask;
}

/* out = a * 2^places, 0 <= places < 64 * limbs.  out may not be a. */
SMC_LIMBS_INLINE void
smc_limbs_shift_left(uint64_t *out, const uint64_t *a, unsigned places, size_t limbs)
{
	size_t		skip = places / 64;
	unsigned	shift = places % 64;

	for (size_t i = 0; i < limbs; i++)
	{
		uint64_t	word = i >= skip ? a[i - skip] << shift : 0;

		/* two steps, since a shift by 64 is none */
		out[i] = word | (i > skip ? a[i - skip - 1] >> 1 >> (63 - shift) : 0);
	}
}

/* out = floor(a / 2^places) of the unsigned a, 0 <= places < 64 * limbs. */
SMC_LIMBS_INLINE void
smc_limbs_shift_right(uint64_t *out, const uint64_t *a, unsigned places, size_t limbs)
{
	size_t		skip = places / 64;
	unsigned	shift = places % 64;

	for (size_t i = 0; i < limbs; i++)
	{
		uint64_t	word = i + skip < limbs ? a[i + skip] >> shift : 0;

		out[i] = word | (i + skip + 1 < limbs ? a[i + skip + 1] << 1 << (63 - shift) : 0);
	}
}

/* out = a * b.  out may be neither. */
SMC_LIMBS_INLINE void
smc_limbs_multiply(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t limbs)
{
	for (size_t i = 0; i < limbs; i++)
		out[i] = 0;
	for (size_t i = 0; i < limbs; i++)
	{
		uint64_t	carry = 0;

		for (size_t j = 0; i + j < limbs; j++)
		{
			unsigned __int128 sum = (unsigned __int128) a[i] * b[j] + out[i + j] + carry;

			out[i + j] = (uint64_t) sum;
			carry = (uint64_t) (sum >> 64);
		}
	}
}

/* ---- whole vectors of count elements ----------------------------------------- */

static inline void
smc_limbs_add_all(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t limbs, size_t count)
{
	if (limbs == 1)
	{
		for (size_t e = 0; e < count; e++)
			out[e] = a[e] + b[e];
		return;
	}
	for (size_t e = 0; e < count; e++)
		smc_limbs_add(out + e * limbs, a + e * limbs, b + e * limbs, limbs);
}

static inline void
smc_limbs_subtract_all(uint64_t *out, const uint64_t *a, const uint64_t *b, size_t limbs, size_t count)
{
	if (limbs == 1)
	{
		for (size_t e = 0; e < count; e++)
			out[e] = a[e] - b[e];
		return;
	}
	for (size_t e = 0; e < count; e++)
		smc_limbs_subtract(out + e * limbs, a + e * limbs, b + e * limbs, limbs);
}

/*
 * Elements of `from` limbs to elements of `to` limbs: the low ones, or, where
 * there are more, zeros.  Shares mod 2^(64 from) become shares mod 2^(64 to) of
 * the same integer only when to <= from.  out may not be in.
 */
static inline void
smc_limbs_resize_all(uint64_t *out, size_t to, const uint64_t *in, size_t from, size_t count)
{
	for (size_t e = 0; e < count; e++)
	{
		for (size_t i = 0; i < to; i++)
			out[e * to + i] = i < from ? in[e * from + i] : 0;
	}
}

#endif							/* SMC_LIMBS_H */
