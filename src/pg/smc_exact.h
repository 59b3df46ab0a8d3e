/*
 * Numbers without rounding: what the local aggregates of exact sums share.
 */
#ifndef SMC_EXACT_H
#define SMC_EXACT_H

#include "postgres.h"

#define SMC_EXACT_LIMBS			4	/* of a sum: 256 bits, signed, low first */
#define SMC_EXACT_VALUE_BITS	110 /* of a value: 2^35 products fit */

/* *out = size * 10^exponent, rounded half away from zero; false when it is too long.  exponent >= -37. */
extern bool smc_exact_scale(uint128 size, int exponent, uint128 *out);

/* |value|, as its shortest decimal, times 10^digits, rounded; false when it isn't finite, or too long. */
extern bool smc_exact_float(float8 value, int digits, uint128 *out);

/* A sum as a numeric with so many digits after the point; of NULL, NaN. */
extern Datum smc_exact_numeric(const uint64 *sum, int digits);

#endif							/* SMC_EXACT_H */
