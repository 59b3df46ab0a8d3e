/*
 * Running a circuit over the cells of a computation.
 */
#ifndef SMC_EVALUATE_H
#define SMC_EVALUATE_H

#include "pg/smc_circuit.h"
#include "pg/smc_compute.h"

/* What it needs of the computation around it. */
typedef struct SmcEvaluation
{
	SmcEngine  *engine;			/* open */
	const uint8 (*seeds)[SMC_KEY_BYTES];
	const uint8 *input_context; /* of the masks of inputs; never used elsewhere */
	const uint8 *output_context;	/* of those of outputs */
	const SmcLayout *layout;	/* with a circuit */
	const SmcRing128 *partials; /* this party's parts, before they became shares */
	const bool *suffices;		/* cell_count * slot_count: of slots that count rows, whether they reach
								 * min_rows; NULL: there is no minimum */
	const SmcSecretShare *secrets;	/* our shares of those that the circuit takes in; NULL: none */
	const uint8 *keep_context;	/* of fresh masks of what is kept */
	const SmcKeys *keys;		/* of the layout's key sets; NULL: none */
} SmcEvaluation;

/*
 * Share the inputs, run the program, open each output to its recipients: fills
 * outcome's figures, shown, kept and division_by_zero.  Where the latter is set,
 * nothing else was opened.  Temporary memory is wiped; outcome's kept is the
 * caller's to wipe.
 */
extern SmcStatus smc_evaluate_run(const SmcEvaluation *evaluation, SmcOutcome *outcome) SMC_MUST_USE;

#endif							/* SMC_EVALUATE_H */
