/*
 * The foreign data wrapper's table of callbacks.
 */
#ifndef SMC_FDW_H
#define SMC_FDW_H

#include "postgres.h"

#include "fmgr.h"

extern Datum smc_fdw_handler(PG_FUNCTION_ARGS);

#endif							/* SMC_FDW_H */
