/*
 * Histograms drawn as text.
 */
#ifndef SMC_PLOT_H
#define SMC_PLOT_H

#include "postgres.h"

#include "fmgr.h"

extern Datum smc_plot(PG_FUNCTION_ARGS);
extern Datum smc_plot_numeric(PG_FUNCTION_ARGS);
extern Datum smc_plot_timestamp(PG_FUNCTION_ARGS);

#endif							/* SMC_PLOT_H */
