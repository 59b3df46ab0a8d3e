/*
 * From opened totals to figures: what the aggregate would have returned.
 */
#ifndef SMC_FIGURE_H
#define SMC_FIGURE_H

#include "postgres.h"

#include "pg/smc_compute.h"
#include "pg/smc_layout.h"

/* Figures of a recipient who didn't ask: rows as a JSON array of objects, for smc_results. */
extern char *smc_figure_json(const SmcStudy *study, const SmcQuery *query,
							 const SmcLayout *layout, const SmcOutcome *outcome);

/*
 * One output's figure in one cell as its native result type; isnull set
 * when NULL or not for us.  Raises when the total doesn't fit the type.
 */
extern Datum smc_figure_of(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
						   const SmcOutcome *outcome, uint32 cell, int output,
						   Oid result_type, bool *isnull);

/* A sum in its last digit kept, or any such number, as bigint (scale 0), numeric, real or double precision. */
extern Datum smc_figure_number(SmcRing128 total, int scale, Oid type);

/* Whether a cell is a row of the result: has rows, was not withheld. */
extern bool smc_figure_cell_shown(const SmcQuery *query, const SmcLayout *layout,
								  const SmcOutcome *outcome, uint32 cell);

#endif							/* SMC_FIGURE_H */
