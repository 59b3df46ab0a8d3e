/*
 * Z_2^128, the ring that aggregates live in, and its way to decimals.
 *
 * An element stands for a signed integer in two's complement.  A number with
 * `scale` digits after the point is kept as the integer value * 10^scale.
 */
#ifndef SMC_RING_H
#define SMC_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smc_limits.h"
#include "smc_status.h"

/*
 * Aligned to 8 only, not to the 16 that the type has by nature: arrays of it
 * live in palloc'd memory, which promises no more.
 */
typedef unsigned __int128 SmcRing128 __attribute__((aligned(8)));

#define SMC_RING128_BYTES	16
#define SMC_DECIMAL_MAX		80	/* longest text smc_ring_to_decimal makes, with NUL */

/* Little-endian encoding and back. */
extern void smc_ring_store(uint8_t out[SMC_RING128_BYTES], SmcRing128 value);
extern SmcRing128 smc_ring_load(const uint8_t in[SMC_RING128_BYTES]);

/*
 * Parse a decimal number ("-12.50", "7", "1.5e3" is not accepted) into
 * value * 10^scale.  SMC_ERR_ARGUMENT when the text is no such number or scale
 * is not 0..SMC_SCALE_MAX, SMC_ERR_RANGE when it does not fit or has nonzero
 * digits past scale.  Trailing zeros past scale are accepted.  Not constant
 * time: it works on a party's own figures, on its own machine.
 */
extern SmcStatus smc_ring_from_decimal(const char *text, int scale, SmcRing128 *value) SMC_MUST_USE;

/* A decimal number's parts, as smc_ring_split_decimal finds them in its text. */
typedef struct SmcDecimal
{
	bool		negative;
	const char *whole;
	size_t		whole_len;		/* 1 or more */
	const char *fraction;
	size_t		fraction_len;
} SmcDecimal;

/* Whether text is [-]digits[.digits], and where its parts are. */
extern bool smc_ring_split_decimal(const char *text, SmcDecimal *decimal);

/*
 * Write the signed value / 10^scale as decimal text with exactly scale digits
 * after the point; an empty text when scale is not 0..SMC_SCALE_MAX.
 */
extern void smc_ring_to_decimal(SmcRing128 value, int scale, char out[SMC_DECIMAL_MAX]);

/*
 * Whether a party may contribute value to a sum of party_count such values
 * without any risk of the sum leaving the signed range:
 * |value| <= (2^127 - 1) / party_count.  False when party_count < 1.
 */
extern bool smc_ring_summable(SmcRing128 value, int party_count);

#endif							/* SMC_RING_H */
