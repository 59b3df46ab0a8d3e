/*
 * Z_2^128, the ring that aggregates live in, and its way to decimals.
 *
 * The signed range is that of two's complement: -2^127 .. 2^127 - 1.  Text is
 * PostgreSQL's plain form of a numeric: an optional minus, digits, and
 * optionally a point with digits after it.  Nothing else is a number here, so
 * that a NaN, an exponent or a stray blank can't slip through as a value.
 */
#include "smc_ring.h"

#include <string.h>

#define RING_TOP_BIT	((SmcRing128) 1 << 127)
#define RING_MAX		(RING_TOP_BIT - 1)	/* 2^127 - 1 */

void
smc_ring_store(uint8_t out[SMC_RING128_BYTES], SmcRing128 value)
{
	int			i;

	for (i = 0; i < SMC_RING128_BYTES; i++)
		out[i] = (uint8_t) (value >> (8 * i));
}

SmcRing128
smc_ring_load(const uint8_t in[SMC_RING128_BYTES])
{
	SmcRing128	value = 0;
	int			i;

	for (i = SMC_RING128_BYTES - 1; i >= 0; i--)
		value = value << 8 | in[i];
	return value;
}

/* Append a decimal digit to a magnitude; false when it would pass limit. */
static bool
append_digit(SmcRing128 *magnitude, unsigned int digit, SmcRing128 limit)
{
	if (*magnitude > (limit - digit) / 10)
		return false;
	*magnitude = *magnitude * 10 + digit;
	return true;
}

bool
smc_ring_split_decimal(const char *text, SmcDecimal *decimal)
{
	decimal->negative = (*text == '-');
	decimal->whole = text + decimal->negative;
	decimal->whole_len = strspn(decimal->whole, "0123456789");
	if (decimal->whole_len == 0)
		return false;

	decimal->fraction = decimal->whole + decimal->whole_len;
	decimal->fraction_len = 0;
	if (*decimal->fraction == '.')
	{
		decimal->fraction++;
		decimal->fraction_len = strspn(decimal->fraction, "0123456789");
		if (decimal->fraction_len == 0)
			return false;
	}
	return decimal->fraction[decimal->fraction_len] == '\0';
}

SmcStatus
smc_ring_from_decimal(const char *text, int scale, SmcRing128 *value)
{
	SmcDecimal	decimal;
	size_t		i;
	SmcRing128	magnitude = 0;
	SmcRing128	limit;

	*value = 0;
	if (scale < 0 || scale > SMC_SCALE_MAX || !smc_ring_split_decimal(text, &decimal))
		return SMC_ERR_ARGUMENT;
	limit = decimal.negative ? RING_TOP_BIT : RING_MAX;

	for (i = 0; i < decimal.whole_len; i++)
		if (!append_digit(&magnitude, (unsigned int) (decimal.whole[i] - '0'), limit))
			return SMC_ERR_RANGE;
	for (i = 0; i < (size_t) scale; i++)
		if (!append_digit(&magnitude, i < decimal.fraction_len ? (unsigned int) (decimal.fraction[i] - '0') : 0, limit))
			return SMC_ERR_RANGE;
	for (; i < decimal.fraction_len; i++)
		if (decimal.fraction[i] != '0')
			return SMC_ERR_RANGE;

	*value = decimal.negative ? 0 - magnitude : magnitude;
	return SMC_OK;
}

void
smc_ring_to_decimal(SmcRing128 value, int scale, char out[SMC_DECIMAL_MAX])
{
	char		backwards[SMC_DECIMAL_MAX];
	bool		negative = (value & RING_TOP_BIT) != 0;
	int			digits = 0;
	int			len = 0;

	out[0] = '\0';
	if (scale < 0 || scale > SMC_SCALE_MAX)
		return;
	if (negative)
		value = 0 - value;

	/* All digits, last first; at least one before the point. */
	while (value != 0 || digits <= scale)
	{
		backwards[digits++] = (char) ('0' + (int) (value % 10));
		value /= 10;
	}

	if (negative)
		out[len++] = '-';
	while (digits > 0)
	{
		out[len++] = backwards[--digits];
		if (digits == scale && scale > 0)
			out[len++] = '.';
	}
	out[len] = '\0';
}

bool
smc_ring_summable(SmcRing128 value, int party_count)
{
	SmcRing128	magnitude = (value & RING_TOP_BIT) != 0 ? 0 - value : value;

	return party_count >= 1 && magnitude <= RING_MAX / (unsigned int) party_count;
}
