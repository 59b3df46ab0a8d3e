/*
 * Fuzz the way from decimal text to ring elements and back: what is taken
 * comes back as the same number.
 */
#include <stdlib.h>
#include <string.h>

#include "core/smc_ring.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char		text[128];
	char		back[SMC_DECIMAL_MAX];
	SmcRing128	value;
	SmcRing128	again;
	int			scale;

	if (size < 1 || size > sizeof(text))
		return 0;
	scale = data[0] % (SMC_SCALE_MAX + 1);
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	if (smc_ring_from_decimal(text, scale, &value) != SMC_OK)
		return 0;
	smc_ring_to_decimal(value, scale, back);
	if (strnlen(back, sizeof(back)) == sizeof(back))
		abort();
	if (smc_ring_from_decimal(back, scale, &again) != SMC_OK || again != value)
		abort();
	return 0;
}
