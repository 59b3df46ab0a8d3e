/*
 * Ranges of shared numbers.
 */
#include "smc_range.h"

#define BITS_CAP	(1 << 20)	/* bits of what is far too wide, so that they don't overflow */

static const SmcWide zero = {{0}};
static const SmcWide one = {{1}};

/* ---- public integers -------------------------------------------------------------- */

int
smc_range_compare(const SmcWide *a, const SmcWide *b)
{
	bool		below = smc_wide_is_negative(a);

	if (below != smc_wide_is_negative(b))
		return below ? -1 : 1;
	for (int limb = SMC_WIDE_LIMBS - 1; limb >= 0; limb--)
	{
		if (a->limb[limb] != b->limb[limb])
			return a->limb[limb] < b->limb[limb] ? -1 : 1;
	}
	return 0;
}

SmcWide
smc_range_power_of_two(int bits)
{
	SmcWide		power = zero;

	power.limb[bits / 64] = UINT64_C(1) << (bits % 64);
	return power;
}

static SmcWide
subtract(const SmcWide *a, const SmcWide *b)
{
	SmcWide		minus = smc_wide_negate(b);

	return smc_wide_add(a, &minus);
}

/* Bit by bit, from the highest. */
SmcWide
smc_range_quotient(const SmcWide *a, const SmcWide *b)
{
	SmcWide		quotient = zero;
	SmcWide		rest = zero;

	for (int bit = smc_wide_bits(a) - 1; bit >= 0; bit--)
	{
		rest = smc_wide_add(&rest, &rest);
		rest.limb[0] |= a->limb[bit / 64] >> (bit % 64) & 1;
		if (smc_range_compare(&rest, b) >= 0)
		{
			rest = subtract(&rest, b);
			quotient.limb[bit / 64] |= UINT64_C(1) << (bit % 64);
		}
	}
	return quotient;
}

SmcWide
smc_range_root_of(const SmcWide *a)
{
	SmcWide		root = zero;

	for (int bit = (smc_wide_bits(a) + 1) / 2 - 1; bit >= 0; bit--)
	{
		SmcWide		power = smc_range_power_of_two(bit);
		SmcWide		next = smc_wide_add(&root, &power);
		SmcWide		square = smc_wide_multiply(&next, &next);

		/* a square of 512 bits would look negative; a has at most 511 */
		if (!smc_wide_is_negative(&square) && smc_range_compare(&square, a) <= 0)
			root = next;
	}
	return root;
}

static const SmcWide *
least(const SmcWide *a, const SmcWide *b)
{
	return smc_range_compare(a, b) <= 0 ? a : b;
}

static const SmcWide *
most(const SmcWide *a, const SmcWide *b)
{
	return smc_range_compare(a, b) <= 0 ? b : a;
}

/* ---- ranges ------------------------------------------------------------------------ */

bool
smc_range_known(const SmcRange *range)
{
	return range->bits <= SMC_RANGE_BITS;
}

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

static SmcRange
unknown(int bits)
{
	SmcRange	range = {bits < BITS_CAP ? bits : BITS_CAP, {{0}}, {{0}}};

	return range;
}

SmcRange
smc_range_of(const SmcWide *lo, const SmcWide *hi)
{
	SmcRange	range = {larger(smc_wide_bits(lo), smc_wide_bits(hi)), *lo, *hi};

	return smc_range_known(&range) ? range : unknown(range.bits);
}

SmcRange
smc_range_of_bits(int bits)
{
	SmcWide		lo;
	SmcWide		hi;

	if (bits > SMC_RANGE_BITS)
		return unknown(bits);
	if (bits == SMC_RANGE_BITS)
	{
		for (int limb = 0; limb < SMC_WIDE_LIMBS; limb++)
			hi.limb[limb] = ~UINT64_C(0);
		hi.limb[SMC_WIDE_LIMBS - 1] >>= 1;
	}
	else
	{
		hi = smc_range_power_of_two(bits);
		hi = subtract(&hi, &one);
	}
	lo = smc_wide_negate(&hi);
	return smc_range_of(&lo, &hi);
}

SmcRange
smc_range_add(const SmcRange *a, const SmcRange *b)
{
	int			bits = larger(a->bits, b->bits) + 1;
	SmcWide		lo;
	SmcWide		hi;

	if (bits > SMC_RANGE_BITS)
		return unknown(bits);
	lo = smc_wide_add(&a->lo, &b->lo);
	hi = smc_wide_add(&a->hi, &b->hi);
	return smc_range_of(&lo, &hi);
}

SmcRange
smc_range_negate(const SmcRange *a)
{
	SmcWide		lo = smc_wide_negate(&a->hi);
	SmcWide		hi = smc_wide_negate(&a->lo);

	return smc_range_known(a) ? smc_range_of(&lo, &hi) : *a;
}

SmcRange
smc_range_scale(const SmcRange *a, const SmcWide *factor)
{
	SmcRange	b = smc_range_of(factor, factor);

	return smc_range_multiply(a, &b);
}

SmcRange
smc_range_multiply(const SmcRange *a, const SmcRange *b)
{
	SmcWide		corner;
	SmcWide		lo;
	SmcWide		hi;

	if (a->bits + b->bits > SMC_RANGE_BITS)
		return unknown(a->bits + b->bits);
	lo = hi = smc_wide_multiply(&a->lo, &b->lo);
	for (int i = 1; i < 4; i++)
	{
		corner = smc_wide_multiply(i & 1 ? &a->hi : &a->lo, i & 2 ? &b->hi : &b->lo);
		lo = *least(&lo, &corner);
		hi = *most(&hi, &corner);
	}
	return smc_range_of(&lo, &hi);
}

/* No less than zero, or than the smaller end's square where zero isn't in it. */
SmcRange
smc_range_square(const SmcRange *a)
{
	SmcRange	square = smc_range_multiply(a, a);

	if (!smc_range_known(&square))
		return square;
	if (smc_range_has_zero(a))
		square.lo = zero;
	else
	{
		SmcWide		lo = smc_wide_multiply(&a->lo, &a->lo);
		SmcWide		hi = smc_wide_multiply(&a->hi, &a->hi);

		square.lo = *least(&lo, &hi);
	}
	return smc_range_of(&square.lo, &square.hi);
}

SmcRange
smc_range_divide(const SmcRange *a, const SmcRange *b)
{
	SmcWide		lo = zero;
	SmcWide		hi;

	if (!smc_range_known(a) || !smc_range_known(b))
		return unknown(a->bits);
	hi = *most(&a->hi, &zero);
	if (smc_range_compare(&b->hi, &zero) > 0 && smc_range_compare(&a->lo, &zero) > 0)
		lo = smc_range_quotient(&a->lo, &b->hi);
	if (smc_range_compare(&b->lo, &one) > 0)
		hi = smc_range_quotient(&hi, &b->lo);
	return smc_range_of(&lo, &hi);
}

SmcRange
smc_range_root(const SmcRange *a)
{
	SmcWide		lo;
	SmcWide		hi;

	if (!smc_range_known(a))
		return unknown((a->bits + 1) / 2);
	lo = *most(&a->lo, &zero);
	hi = *most(&a->hi, &zero);
	lo = smc_range_root_of(&lo);
	hi = smc_range_root_of(&hi);
	return smc_range_of(&lo, &hi);
}

SmcRange
smc_range_join(const SmcRange *a, const SmcRange *b)
{
	if (!smc_range_known(a) || !smc_range_known(b))
		return unknown(larger(a->bits, b->bits));
	return smc_range_of(least(&a->lo, &b->lo), most(&a->hi, &b->hi));
}

SmcRange
smc_range_meet(const SmcRange *a, const SmcRange *b)
{
	const SmcWide *lo;
	const SmcWide *hi;

	if (!smc_range_known(a) || !smc_range_known(b))
		return a->bits <= b->bits ? *a : *b;
	lo = most(&a->lo, &b->lo);
	hi = least(&a->hi, &b->hi);
	return smc_range_compare(lo, hi) <= 0 ? smc_range_of(lo, hi) : *a;
}

bool
smc_range_has_zero(const SmcRange *range)
{
	return !smc_range_known(range) ||
		(!smc_wide_is_negative(&range->hi) && smc_range_compare(&range->lo, &zero) <= 0);
}

bool
smc_range_from_zero(const SmcRange *range)
{
	return smc_range_known(range) && !smc_wide_is_negative(&range->lo);
}

bool
smc_range_to_zero(const SmcRange *range)
{
	return smc_range_known(range) && smc_range_compare(&range->hi, &zero) <= 0;
}
