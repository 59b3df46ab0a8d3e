/*
 * Additive secret splitting in Z_2^128: the textbook scheme, n of n.
 *
 * The shares themselves hold the randomness: they are filled first and the
 * last is what is missing to the value.
 */
#include "smc_share.h"

SmcStatus
smc_share_split(SmcRing128 value, SmcRing128 *shares, size_t count, const SmcRandom *random)
{
	size_t		i;

	if (count < 1 || count > SIZE_MAX / sizeof(SmcRing128))
		return SMC_ERR_ARGUMENT;

	smc_random_fill(random, shares, (count - 1) * sizeof(SmcRing128));
	for (i = 0; i < count - 1; i++)
		value -= shares[i];
	shares[count - 1] = value;
	return SMC_OK;
}

SmcRing128
smc_share_combine(const SmcRing128 *shares, size_t count)
{
	SmcRing128	value = 0;
	size_t		i;

	for (i = 0; i < count; i++)
		value += shares[i];
	return value;
}
