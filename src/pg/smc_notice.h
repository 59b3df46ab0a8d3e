/*
 * What a user is told of an answer beside its rows.
 */
#ifndef SMC_NOTICE_H
#define SMC_NOTICE_H

#include "postgres.h"

#include "pg/smc_compute.h"

/*
 * Announce what is missing from an answer: withheld for resting on too few
 * rows or being too near to an earlier one, or revealed to other parties only.  Returns whether nothing at all is
 * revealed to this party, so that the answer has no rows here.
 */
extern bool smc_notice_outcome(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
							   const SmcOutcome *outcome);

#endif							/* SMC_NOTICE_H */
