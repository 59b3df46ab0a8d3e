/*
 * Public integers of up to 512 bits, and vectors of shares of such: sharing and
 * opening; see the header.  Division and roots are in files of their own.
 */
#include "smc_wide.h"

#include <string.h>

#include "smc_limbs.h"

#define LIMBS	SMC_WIDE_LIMBS
#define TOP_BIT	(UINT64_C(1) << 63)	/* of the last limb */

/* ---- public integers ------------------------------------------------------------ */

SmcWide
smc_wide_from_ring(SmcRing128 value)
{
	SmcWide		out;

	out.limb[0] = (uint64_t) value;
	out.limb[1] = (uint64_t) (value >> 64);
	for (int i = 2; i < LIMBS; i++)
		out.limb[i] = 0 - (out.limb[1] >> 63);
	return out;
}

SmcWide
smc_wide_from_int(int64_t value)
{
	return smc_wide_from_ring((SmcRing128) (__int128) value);
}

SmcWide
smc_wide_add(const SmcWide *a, const SmcWide *b)
{
	SmcWide		out;

	smc_limbs_add(out.limb, a->limb, b->limb, LIMBS);
	return out;
}

SmcWide
smc_wide_negate(const SmcWide *a)
{
	SmcWide		out;

	smc_limbs_negate(out.limb, a->limb, LIMBS);
	return out;
}

SmcWide
smc_wide_multiply(const SmcWide *a, const SmcWide *b)
{
	SmcWide		out;

	smc_limbs_multiply(out.limb, a->limb, b->limb, LIMBS);
	return out;
}

SmcWide
smc_wide_power_of_ten(int exponent)
{
	SmcWide		ten = smc_wide_from_int(10);
	SmcWide		out = smc_wide_from_int(1);

	while (exponent-- > 0)
		out = smc_wide_multiply(&out, &ten);
	return out;
}

bool
smc_wide_is_negative(const SmcWide *a)
{
	return (a->limb[LIMBS - 1] & TOP_BIT) != 0;
}

bool
smc_wide_is_zero(const SmcWide *a)
{
	uint64_t	any = 0;

	for (int i = 0; i < LIMBS; i++)
		any |= a->limb[i];
	return any == 0;
}

/* |a|; -2^511 as the unsigned 2^511. */
static SmcWide
magnitude_of(const SmcWide *a)
{
	return smc_wide_is_negative(a) ? smc_wide_negate(a) : *a;
}

int
smc_wide_bits(const SmcWide *a)
{
	SmcWide		size = magnitude_of(a);

	for (int i = LIMBS - 1; i >= 0; i--)
	{
		if (size.limb[i] != 0)
			return 64 * i + 64 - __builtin_clzll(size.limb[i]);
	}
	return 0;
}

SmcWide
smc_wide_get(const uint64_t *integers, int width, size_t e)
{
	size_t		limbs = smc_limbs_of(width);
	SmcWide		out;

	memcpy(out.limb, integers + e * limbs, limbs * sizeof(uint64_t));
	for (size_t i = limbs; i < LIMBS; i++)
		out.limb[i] = 0 - (out.limb[limbs - 1] >> 63);
	return out;
}

void
smc_wide_put(uint64_t *integers, int width, size_t e, const SmcWide *value)
{
	size_t		limbs = smc_limbs_of(width);

	memcpy(integers + e * limbs, value->limb, limbs * sizeof(uint64_t));
}

/* ---- decimals ---------------------------------------------------------------------- */

/* size = 10 size + digit; false when that passes 2^511. */
static bool
append_digit(SmcWide *size, unsigned int digit)
{
	uint64_t	carry = digit;
	uint64_t	below = 0;

	for (int i = 0; i < LIMBS; i++)
	{
		unsigned __int128 word = (unsigned __int128) size->limb[i] * 10 + carry;

		size->limb[i] = (uint64_t) word;
		carry = (uint64_t) (word >> 64);
		if (i < LIMBS - 1)
			below |= size->limb[i];
	}
	return carry == 0 && (size->limb[LIMBS - 1] < TOP_BIT || (size->limb[LIMBS - 1] == TOP_BIT && below == 0));
}

SmcStatus
smc_wide_from_decimal(const char *text, int scale, SmcWide *value)
{
	SmcDecimal	decimal;
	SmcWide		size = {{0}};
	size_t		i;

	*value = size;
	if (scale < 0 || scale > SMC_WIDE_SCALE_MAX || !smc_ring_split_decimal(text, &decimal))
		return SMC_ERR_ARGUMENT;
	for (i = 0; i < decimal.whole_len; i++)
		if (!append_digit(&size, (unsigned int) (decimal.whole[i] - '0')))
			return SMC_ERR_RANGE;
	for (i = 0; i < (size_t) scale; i++)
		if (!append_digit(&size, i < decimal.fraction_len ? (unsigned int) (decimal.fraction[i] - '0') : 0))
			return SMC_ERR_RANGE;
	for (; i < decimal.fraction_len; i++)
		if (decimal.fraction[i] != '0')
			return SMC_ERR_RANGE;

	/* 2^511 is there with a minus only */
	if (smc_wide_is_negative(&size) && !decimal.negative)
		return SMC_ERR_RANGE;
	*value = decimal.negative ? smc_wide_negate(&size) : size;
	return SMC_OK;
}

void
smc_wide_to_decimal(const SmcWide *value, int scale, char out[SMC_WIDE_DECIMAL_MAX])
{
	SmcWide		size = magnitude_of(value);
	char		backwards[SMC_WIDE_DECIMAL_MAX];
	int			digits = 0;
	int			len = 0;

	out[0] = '\0';
	if (scale < 0 || scale > SMC_WIDE_SCALE_MAX)
		return;

	/* All digits, last first; at least one before the point. */
	while (!smc_wide_is_zero(&size) || digits <= scale)
	{
		uint64_t	rest = 0;

		for (int i = LIMBS - 1; i >= 0; i--)
		{
			unsigned __int128 word = (unsigned __int128) rest << 64 | size.limb[i];

			size.limb[i] = (uint64_t) (word / 10);
			rest = (uint64_t) (word % 10);
		}
		backwards[digits++] = (char) ('0' + (int) rest);
	}

	if (smc_wide_is_negative(value))
		out[len++] = '-';
	while (digits > 0)
	{
		out[len++] = backwards[--digits];
		if (digits == scale && scale > 0)
			out[len++] = '.';
	}
	out[len] = '\0';
}
