/*
 * Tricks for code whose time must not depend on a secret.
 *
 * A secret condition becomes a mask, all ones or all zeros, and selects by
 * AND: no branch, no index.  smc_ct_hide keeps the compiler from seeing that a
 * value is only ever 0 or 1, which it would turn into a branch again.
 */
#ifndef SMC_CT_H
#define SMC_CT_H

#include <stdbool.h>
#include <stdint.h>

#include "smc_ring.h"

/* Return value, of which the compiler then knows nothing. */
static inline uint64_t
smc_ct_hide(uint64_t value)
{
	__asm__("":"+r"(value));
	return value;
}

/* All ones where flag is true, else 0. */
static inline SmcRing128
smc_ct_mask(bool flag)
{
	uint64_t	mask = 0 - smc_ct_hide(flag);

	return (SmcRing128) mask << 64 | mask;
}

/* 1 where value is zero, else 0. */
static inline uint64_t
smc_ct_is_zero(SmcRing128 value)
{
	uint64_t	any = smc_ct_hide((uint64_t) (value >> 64) | (uint64_t) value);

	return 1 ^ ((any | (0 - any)) >> 63);
}

#endif							/* SMC_CT_H */
