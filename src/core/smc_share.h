/*
 * Additive secret splitting in Z_2^128: the textbook scheme, n of n.
 *
 * count - 1 shares are uniform, the last makes the sum right, so any
 * count - 1 of them are uniform and independent of the value: a one-time pad.
 */
#ifndef SMC_SHARE_H
#define SMC_SHARE_H

#include "smc_random.h"
#include "smc_ring.h"

/* Split value into count >= 1 shares that add up to it.  Constant time in value. */
extern SmcStatus smc_share_split(SmcRing128 value, SmcRing128 *shares, size_t count,
								 const SmcRandom *random) SMC_MUST_USE;

/* Add up count shares.  Constant time. */
extern SmcRing128 smc_share_combine(const SmcRing128 *shares, size_t count);

#endif							/* SMC_SHARE_H */
