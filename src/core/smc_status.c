/*
 * What a core function may answer, in words.
 *
 * The phrases are for the detail of an error message, after a colon; the
 * layers above add who and where.  All failures of authentication read the
 * same on purpose.
 */
#include "smc_status.h"

const char *
smc_status_text(SmcStatus status)
{
	switch (status)
	{
		case SMC_OK:
			return "success";
		case SMC_ERR_MEMORY:
			return "out of memory";
		case SMC_ERR_ARGUMENT:
			return "invalid argument";
		case SMC_ERR_RANGE:
			return "value out of range";
		case SMC_ERR_FORMAT:
			return "malformed message";
		case SMC_ERR_AUTH:
			return "authentication failed";
		case SMC_ERR_VERSION:
			return "no protocol version in common";
		case SMC_ERR_CHANNEL:
			return "channel failed";
		case SMC_ERR_LIBRARY:
			return "cryptographic library failed";
	}
	return "unknown status";
}
