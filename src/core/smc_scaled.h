/*
 * Fixed point on shares: numbers scaled down by masked openings.
 *
 * PAPER: truncation by opening the number under a mask that is larger by
 * SMC_SCALED_HIDING bits (Catrina and Saxena, FC 2010, section 3.2), the mask
 * being the sum of one random integer of each party's, so that nothing needs to
 * be prepared.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * For |x| < 2^m, party i draws r_i of M = m + SMC_SCALED_HIDING + 1 bits; X = x +
 * 2^m + sum r_i is opened, in a ring in which nothing wraps.  Then
 *
 *   floor(X / 2^f) - sum floor(r_i / 2^f) - 2^(m-f)  =  x / 2^f + d,  -1 < d < n
 *
 * (the fractions of the r_i, less than n together, less that of X).  The terms
 * are integers that their owners know: a sharing over the integers, with shares
 * of M - f + log n bits, each of which fits any ring, and by a product with which
 * fewer OTs do.
 *
 * ROUNDS: 1.  BYTES: smc_scaled_width(m) / 8 an element to each other party.
 * LEAKS: statistically nothing: what is opened is within 2^-SMC_SCALED_HIDING, an
 * element, of what doesn't depend on x.  That is so only while |x| < 2^m holds.
 */
#ifndef SMC_SCALED_H
#define SMC_SCALED_H

#include "smc_engine.h"
#include "smc_wide.h"

#define SMC_SCALED_HIDING	40

/* A vector of integers as shares that are integers, not elements of a ring. */
typedef struct SmcScaled
{
	int			bits;			/* 0 <= share < 2^bits */
	uint64_t   *shares;			/* words for so many bits each */
	SmcWide		excess;			/* what their sum is too large by */
} SmcScaled;

/* The least width of a ring in which a number of so many bits can be scaled down; may be no width. */
extern int	smc_scaled_width(int party_count, int bits);

/* One vector to scale down: *out, in arena's memory, is x / 2^places + d - lift, -1 < d < n. */
typedef struct SmcScaling
{
	int			width;
	const uint64_t *x;
	int			bits;			/* |x| < 2^bits */
	int			places;			/* 0 .. bits */
	int			lift;
	SmcScaled  *out;
} SmcScaling;

/* Several at once, in one message. */
extern SmcStatus smc_scaled_down(SmcEngine *engine, const SmcScaling *scalings, size_t scaling_count,
								 size_t count, SmcArena *arena) SMC_MUST_USE;

/*
 * Cut off more places, each party from its own shares: x / 2^places + d, -n < d
 * < 1.  No message.  places < scaled->bits.
 */
extern void smc_scaled_cut(SmcScaled *scaled, int places, size_t count);

/* The same numbers as shares mod 2^width. */
extern void smc_scaled_ring(const SmcEngine *engine, const SmcScaled *scaled, int width, uint64_t *out, size_t count);

/*
 * Products out = x y, or y y where x is NULL, mod 2^width; several in one round.
 * x and out are of `width`.  ROUNDS: 1.  BYTES: smc_arith_multiply_joint with
 * y's bits, or the width's where that is less.
 */
typedef struct SmcScaledProduct
{
	int			width;
	const uint64_t *x;
	const SmcScaled *y;
	uint64_t   *out;			/* not x */
} SmcScaledProduct;

extern SmcStatus smc_scaled_multiply(SmcEngine *engine, const SmcScaledProduct *products, size_t product_count,
									 size_t count) SMC_MUST_USE;

/* The same number of bits for costs: of the shares of a number scaled down so. */
extern int	smc_scaled_bits(int party_count, int bits, int places);

#endif							/* SMC_SCALED_H */
