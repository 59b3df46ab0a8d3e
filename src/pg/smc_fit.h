/*
 * The joint part of models that are fitted to rows: from every party's rows to the
 * opened model.
 *
 * Of each model in each cell the number of all parties' rows is opened first, N; each
 * party then takes part with as many rows as all have together, or as the agreed option
 * max_rows says that none has more of, of which its own are real (core/smc_logistic.h).
 * So nobody learns how many rows a party has, and what is sent follows from N, which is
 * part of the result, and from the agreement.
 *
 * ROUNDS: an opening; those of core/smc_logistic.h, model by model; an opening.
 * LEAKS, to all parties: N, which is the result's num_rows; the number of iterations,
 * its num_iterations; whether there is no model, and why.
 */
#ifndef SMC_FIT_H
#define SMC_FIT_H

#include "core/smc_engine.h"
#include "core/smc_logistic.h"
#include "pg/smc_compute.h"
#include "pg/smc_keys.h"

typedef struct SmcFitRun
{
	SmcEngine  *engine;			/* open */
	const uint8 (*seeds)[SMC_KEY_BYTES];
	const uint8 *context;		/* that those of masks are derived from */
	const SmcLayout *layout;
	const SmcRing128 *partials; /* of FIT slots this party's own numbers of rows */
	const SmcKeys *keys;
} SmcFitRun;

/*
 * Fit all that isn't withheld, nor in a cell that the outcome says is left out: sets
 * fitted and the states of FIT slots, which stay hidden where there are no rows.
 */
extern SmcStatus smc_fit_run(const SmcFitRun *run, SmcOutcome *outcome) SMC_MUST_USE;

/* Add what one takes for that many rows and iterations. */
extern void smc_fit_cost(SmcCost *cost, int party_count, const SmcFitTask *task, uint64 rows, int iterations);

#endif							/* SMC_FIT_H */
