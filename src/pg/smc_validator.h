/*
 * Which options wrapper, servers, user mappings, studies and columns may have.
 * (What checks them is the SQL function smc_fdw_validator.)
 */
#ifndef SMC_VALIDATOR_H
#define SMC_VALIDATOR_H

#include "postgres.h"

/* Whether an option of a server or user mapping is one that libpq takes. */
extern bool smc_validator_is_libpq(const char *name);

#endif							/* SMC_VALIDATOR_H */
