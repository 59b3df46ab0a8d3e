/*
 * Programs over shares: fractions brought down to fewer bits.
 *
 * Numbers of 400 bits can be multiplied and compared, but not divided: that needs
 * room for both.  A fraction keeps its value, but for its last places, when both
 * parts lose as many; how many those are mustn't be seen.  So both are multiplied by
 * 2^(K - k), where k is the multiple of STEP that is to go and K the most it can be,
 * and then scaled down by 2^K.
 */
#include "smc_program_impl.h"

#define STEP	16

static int
larger(int a, int b)
{
	return a > b ? a : b;
}

static int
power_of_two(SmcProgram *program, int bits)
{
	SmcWide		power = smc_range_power_of_two(bits);

	return smc_program_constant(program, &power);
}

/* The bit of one of the two being too long by more than that many places; at least one can be. */
static int
too_long(SmcProgram *program, int a, int a_bits, int b, int b_bits)
{
	int			either = -1;

	for (int i = 0; i < 2; i++)
	{
		int			number = i == 0 ? a : b;
		int			bits = i == 0 ? a_bits : b_bits;
		int			reaches;

		if (smc_program_bits(program, number) <= bits)
			continue;
		reaches = smc_program_not(program, smc_program_less(program, number, power_of_two(program, bits)));
		either = either < 0 ? reaches : smc_program_or(program, either, reaches);
	}
	return either;
}

/* number * factor / 2^places, below 2^bits. */
static int
bring_down(SmcProgram *program, int number, int factor, int places, int bits)
{
	int			size = smc_program_bits(program, number);
	int			product = smc_program_not_negative(program, smc_program_multiply(program, number, factor));

	/* a number of so few bits may be there with any factor */
	smc_program_bound(program, product, (size < bits ? size : bits) + places);
	product = smc_program_divide_floor(program, product, power_of_two(program, places));
	return smc_program_bound(program, product, bits);
}

void
smc_program_shrink(SmcProgram *program, int *a, int *b, int a_bits, int b_bits)
{
	int			negative;
	int			size;
	int			excess;
	int			places;
	int			factor;

	if (!smc_program_numbers(program, *a, *b))
		return;
	excess = larger(smc_program_bits(program, *a) - a_bits, smc_program_bits(program, *b) - b_bits);
	if (excess <= 0)
		return;
	places = (excess + STEP - 1) / STEP * STEP;
	negative = smc_program_sign(program, *a);
	size = smc_program_absolute(program, *a);
	factor = power_of_two(program, places);
	for (int k = 0; k < places && program->status == SMC_OK; k += STEP)
	{
		SmcWide		loss = smc_range_power_of_two(places - k - STEP);
		SmcWide		gain = smc_range_power_of_two(places - k);
		int			bit = smc_program_from_bit(program, too_long(program, size, a_bits + k, *b, b_bits + k));

		gain = smc_wide_negate(&gain);
		loss = smc_wide_add(&loss, &gain);
		factor = smc_program_add(program, factor, smc_program_scale(program, bit, &loss));
	}
	if (program->status != SMC_OK)
		return;
	smc_program_bound(program, factor, places + 1);
	smc_program_not_negative(program, factor);
	*a = smc_program_negate_if(program, negative, bring_down(program, size, factor, places, a_bits));
	*b = bring_down(program, *b, factor, places, b_bits);
}
