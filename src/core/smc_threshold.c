/*
 * Thresholds on shared counts; see the header.
 */
#include "smc_threshold.h"

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_compare.h"

#define WIDTH	64

/* Low halves of the shares, less `minus` (taken off by party 0). */
static uint64_t *
low_halves(SmcEngine *engine, SmcArena *local, const SmcRing128 *shares, uint64_t minus, size_t count)
{
	uint64_t   *out = smc_arena_array(local, count, sizeof(uint64_t));

	if (out != NULL)
	{
		for (size_t e = 0; e < count; e++)
			out[e] = (uint64_t) shares[e] - (engine->channel->self == 0 ? minus : 0);
	}
	return out;
}

/* Shares of [count < k], and the opened opposite. */
static SmcStatus
judge(SmcEngine *engine, SmcArena *local, const SmcRing128 *shares, uint64_t k,
	  uint64_t *fewer, uint64_t *reached, size_t count)
{
	uint64_t   *less_k = low_halves(engine, local, shares, k, count);
	SmcStatus	status = SMC_ERR_MEMORY;

	if (less_k == NULL)
		return status;
	status = smc_compare_negative(engine, WIDTH, less_k, fewer, count);
	if (status == SMC_OK)
		status = smc_boolean_open(engine, fewer, reached, count);
	for (size_t i = 0; i < smc_bits_words(count) && status == SMC_OK; i++)
		reached[i] = ~reached[i];
	if (status == SMC_OK)
		reached[smc_bits_words(count) - 1] &= smc_bits_tail(count);
	return status;
}

SmcStatus
smc_threshold_reached(SmcEngine *engine, const SmcRing128 *shares, uint64_t k,
					  uint64_t *reached, size_t count)
{
	SmcArena   *local = smc_arena_create();
	uint64_t   *fewer = local ? smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (fewer != NULL)
		status = count == 0 ? SMC_OK : judge(engine, local, shares, k, fewer, reached, count);
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_threshold_split(SmcEngine *engine, const SmcRing128 *shares, uint64_t k,
					uint64_t *reached, uint64_t *below, size_t count)
{
	SmcArena   *local = smc_arena_create();
	uint64_t   *fewer = NULL;
	uint64_t   *zero = NULL;
	uint64_t   *counts = NULL;
	uint64_t   *ones = NULL;
	uint64_t	sum = 0;
	SmcStatus	status = SMC_ERR_MEMORY;

	*below = 0;
	if (local != NULL)
	{
		fewer = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
		zero = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
		counts = low_halves(engine, local, shares, 0, count);
		ones = smc_arena_array(local, count, sizeof(uint64_t));
	}
	if (fewer == NULL || zero == NULL || counts == NULL || ones == NULL)
		goto done;
	status = SMC_OK;
	if (count == 0)
		goto done;
	status = judge(engine, local, shares, k, fewer, reached, count);
	if (status == SMC_OK)
		status = smc_compare_zero(engine, WIDTH, counts, zero, count);
	/* zero implies fewer (k > 0): what is fewer and not zero */
	if (status == SMC_OK)
	{
		smc_bits_xor(fewer, zero, smc_bits_words(count));
		status = smc_arith_from_bits(engine, WIDTH, fewer, ones, count);
	}
	if (status == SMC_OK)
	{
		for (size_t e = 0; e < count; e++)
			sum += ones[e];
		status = smc_arith_open(engine, WIDTH, &sum, below, 1);
	}
done:
	smc_arena_destroy(local);
	return status;
}
