/*
 * smc_attach(): where a hub's connection comes in.
 */
#ifndef SMC_ATTACH_H
#define SMC_ATTACH_H

#include "postgres.h"

#include "fmgr.h"

/* SQL: CALL smc_attach() */
extern Datum smc_attach(PG_FUNCTION_ARGS);

#endif							/* SMC_ATTACH_H */
