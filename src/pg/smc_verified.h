/*
 * What was verified before in this process, so that signatures asked for with
 * every query are not verified every time.
 */
#ifndef SMC_VERIFIED_H
#define SMC_VERIFIED_H

#include "postgres.h"

#include "core/smc_hash.h"

#define SMC_VERIFIED_MAX	64	/* the oldest is forgotten */

/* Zeroed at first. */
typedef struct SmcVerified
{
	uint8		marks[SMC_VERIFIED_MAX][SMC_KEY_BYTES];
	int			next;
	int			count;
} SmcVerified;

/* A mark is a hash of all that makes something good. */
extern bool smc_verified_before(const SmcVerified *verified, const uint8 mark[SMC_KEY_BYTES]);
extern void smc_verified_note(SmcVerified *verified, const uint8 mark[SMC_KEY_BYTES]);

#endif							/* SMC_VERIFIED_H */
