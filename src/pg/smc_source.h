/*
 * The source of a study: this party's own table or view behind its part.
 * (smc_study_source itself is declared with the study, in smc_study.h.)
 */
#ifndef SMC_SOURCE_H
#define SMC_SOURCE_H

#include "pg/smc_study.h"

/*
 * Raise unless the study's owner, as whom the local query runs, may read every
 * column of the source that the study needs; sourceid is smc_study_source's.
 */
extern void smc_source_require_readable(const SmcStudy *study, Oid sourceid);

#endif							/* SMC_SOURCE_H */
