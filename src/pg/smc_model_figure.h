/*
 * Models from their opened parts: what the aggregate returns.
 */
#ifndef SMC_MODEL_FIGURE_H
#define SMC_MODEL_FIGURE_H

#include "postgres.h"

#include "pg/smc_compute.h"
#include "pg/smc_model.h"

/*
 * A model's figure from its parts, smc_model_parts of them in order, as a row of
 * its composite type; *isnull where they are not for us or were withheld.
 */
extern Datum smc_model_figure(const SmcStudy *study, const SmcAgg *agg, const SmcJointFigure *parts,
							  Oid type, bool *isnull);

/* The same of a model that was fitted to rows. */
extern Datum smc_model_fitted(const SmcStudy *study, const SmcAgg *agg, const SmcFitted *fitted, Oid type);

#endif							/* SMC_MODEL_FIGURE_H */
