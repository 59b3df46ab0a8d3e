/*
 * The function behind every smc_* aggregate where there is no study.
 */
#ifndef SMC_AGGREGATE_H
#define SMC_AGGREGATE_H

#include "postgres.h"

#include "fmgr.h"

extern Datum smc_no_study(PG_FUNCTION_ARGS);

#endif							/* SMC_AGGREGATE_H */
