/*
 * What was verified before in this process.
 */
#include "postgres.h"

#include "pg/smc_verified.h"

bool
smc_verified_before(const SmcVerified *verified, const uint8 mark[SMC_KEY_BYTES])
{
	for (int i = 0; i < verified->count; i++)
		if (memcmp(verified->marks[i], mark, SMC_KEY_BYTES) == 0)
			return true;
	return false;
}

void
smc_verified_note(SmcVerified *verified, const uint8 mark[SMC_KEY_BYTES])
{
	memcpy(verified->marks[verified->next], mark, SMC_KEY_BYTES);
	verified->next = (verified->next + 1) % SMC_VERIFIED_MAX;
	verified->count = Min(verified->count + 1, SMC_VERIFIED_MAX);
}
