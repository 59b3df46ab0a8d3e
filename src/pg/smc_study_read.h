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

/*
 * The parts of that: fill in the columns, and read an option reveal_to as a
 * mask, of a column by that name or, where it is NULL, of the study.
 */
extern void smc_study_read_columns(SmcStudy *study, TupleDesc tupdesc);
extern uint16 smc_study_read_recipients(const SmcStudy *study, const char *text, const char *column);

#endif							/* SMC_STUDY_READ_H */
