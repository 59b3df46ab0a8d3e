/*
 * What this party keeps of a study's history.
 *
 * Under the study's digest, since the conditions are about the columns of that
 * agreement.  A new agreement begins with an empty history.
 */
#ifndef SMC_HISTORY_STORE_H
#define SMC_HISTORY_STORE_H

#include "pg/smc_compute.h"
#include "pg/smc_history.h"

/* The computation that is to be remembered. */
typedef struct SmcHistoryRun
{
	const uint8 *digest;		/* of the study */
	const char *study;
	const SmcLayout *layout;	/* its sets; no circuit is looked at */
	uint8		id[SMC_UUID_BYTES]; /* ours for it, drawn here: nobody else could end it */
	bool		pending;		/* how it ends matters: from register to end */
} SmcHistoryRun;

/* What is known here, for nobody in particular. */
extern List *smc_history_look_up(const SmcStudy *study);

/*
 * Put down that a computation is about to ask for its sets, and return what is
 * known besides, those that other computations are about to ask for among it, as
 * if these had been told of all their groups.  Waits for others that do the same;
 * of two at once the second finds the first.  The caller commits before anything
 * else, and has it on disk before a share leaves.
 */
extern List *smc_history_register(SmcHistoryRun *run);

/*
 * It has ended, well or not, with as much of an outcome as there is (NULL: none):
 * keep what figures may have been told of, and forget the rest.  Before min_rows
 * has been judged here no share of a figure has left this party, and without ours
 * none was opened anywhere; from then on the outcome says of what they could be.
 * In the caller's transaction; does nothing unless the run is pending.  Where it
 * isn't called any more, all is taken to have been told of.
 */
extern void smc_history_end(SmcHistoryRun *run, const SmcOutcome *outcome);

#endif							/* SMC_HISTORY_STORE_H */
