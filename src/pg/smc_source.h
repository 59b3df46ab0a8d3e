/*
 * The source of a study: this party's own table or view behind its part.
 */
#ifndef SMC_SOURCE_H
#define SMC_SOURCE_H

#include "pg/smc_study.h"

/*
 * The OID of the source relation, checked: exists, is a table, view,
 * materialized view, partitioned or foreign table (not of our wrapper), and
 * has every column that allows something, of a type that becomes the agreed
 * one implicitly.  A name without a schema is looked up in the study's own
 * schema, never along the search path.  Takes AccessShareLock.  Raises with a
 * hint.
 */
extern Oid	smc_source_find(const SmcStudy *study);

/*
 * Raise unless the study's owner, as whom the local query runs, may read every
 * column of the source that the study needs; sourceid is smc_source_find's.
 */
extern void smc_source_require_readable(const SmcStudy *study, Oid sourceid);

#endif							/* SMC_SOURCE_H */
