/*
 * Arithmetic on public wide integers by value, as tests write it down; what
 * leaves 512 bits is lost.
 */
#ifndef SMC_TESTWIDE_H
#define SMC_TESTWIDE_H

#include <string.h>

#include "core/smc_wide.h"

static inline SmcWide
number(int64_t value)
{
	return smc_wide_from_int(value);
}

static inline SmcWide
plus(SmcWide a, SmcWide b)
{
	return smc_wide_add(&a, &b);
}

static inline SmcWide
minus(SmcWide a, SmcWide b)
{
	b = smc_wide_negate(&b);
	return smc_wide_add(&a, &b);
}

static inline SmcWide
times(SmcWide a, SmcWide b)
{
	return smc_wide_multiply(&a, &b);
}

static inline SmcWide
ten_to(int exponent)
{
	return smc_wide_power_of_ten(exponent);
}

static inline bool
below(SmcWide a, SmcWide b)
{
	SmcWide		difference = minus(a, b);

	return smc_wide_is_negative(&difference);
}

static inline bool
same(SmcWide a, SmcWide b)
{
	return memcmp(&a, &b, sizeof(a)) == 0;
}

static inline SmcWide
size_of(SmcWide a)
{
	return smc_wide_is_negative(&a) ? smc_wide_negate(&a) : a;
}

#endif							/* SMC_TESTWIDE_H */
