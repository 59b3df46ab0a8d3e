/*
 * Linear functions of shared vectors: no message.
 *
 * Vectors of count elements of `width` bits, as everywhere; factors and
 * constants are public.  Constant time in the shares.
 */
#ifndef SMC_LINEAR_H
#define SMC_LINEAR_H

#include "smc_limbs.h"
#include "smc_wide.h"

/* 2^exponent, 0 .. 511. */
static inline SmcWide
smc_linear_power(int exponent)
{
	SmcWide		out = {{0}};

	out.limb[exponent / 64] = UINT64_C(1) << (exponent % 64);
	return out;
}

/* -2^exponent. */
static inline SmcWide
smc_linear_minus_power(int exponent)
{
	SmcWide		out = smc_linear_power(exponent);

	return smc_wide_negate(&out);
}

/* out += factor * x. */
static inline void
smc_linear_add(uint64_t *out, int width, const uint64_t *x, const SmcWide *factor, size_t count)
{
	size_t		limbs = smc_limbs_of(width);

	for (size_t e = 0; e < count; e++)
	{
		uint64_t	product[SMC_LIMBS_MAX] = {0};

		smc_limbs_multiply(product, x + e * limbs, factor->limb, limbs);
		smc_limbs_add(out + e * limbs, out + e * limbs, product, limbs);
	}
}

/* The number that out is a share of, plus a public one. */
static inline void
smc_linear_add_constant(const SmcEngine *engine, uint64_t *out, int width, const SmcWide *constant, size_t count)
{
	size_t		limbs = smc_limbs_of(width);

	for (size_t e = 0; e < count && engine->channel->self == 0; e++)
		smc_limbs_add(out + e * limbs, out + e * limbs, constant->limb, limbs);
}

/* out = x * 2^places in a ring of out_width <= width. */
static inline void
smc_linear_shift_left(uint64_t *out, int out_width, const uint64_t *x, int width, int places, size_t count)
{
	size_t		to = smc_limbs_of(out_width);
	size_t		from = smc_limbs_of(width);

	for (size_t e = 0; e < count; e++)
		smc_limbs_shift_left(out + e * to, x + e * from, (unsigned) places, to);
}

#endif							/* SMC_LINEAR_H */
