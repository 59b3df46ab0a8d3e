/*
 * A study from the catalogs: the foreign table and its options, checked as a
 * whole.
 */
#ifndef SMC_STUDY_READ_H
#define SMC_STUDY_READ_H

#include "utils/rel.h"

#include "pg/smc_study.h"

/*
 * Read the study that rel is, rel being any relation, open and locked, and self
 * this party's name.  Palloc'd in the current context.  Raises, naming the
 * study, ERRCODE_WRONG_OBJECT_TYPE where rel is no foreign table of our
 * wrapper, and ERRCODE_INVALID_OBJECT_DEFINITION where its definition is not
 * whole.
 */
extern SmcStudy *smc_study_read(Relation rel, const char *self);

#endif							/* SMC_STUDY_READ_H */
