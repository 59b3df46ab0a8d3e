/*
 * In what two definitions of a study differ, in words.
 */
#ifndef SMC_DIFFERENCES_H
#define SMC_DIFFERENCES_H

#include "pg/smc_definition.h"

/*
 * "globex has min_rows 5, here it is 10; globex has no column "salary"", at
 * most a page of it, or NULL when the two are equal.
 */
extern char *smc_differences_tell(const SmcDefinition *ours, const SmcDefinition *theirs,
								  const char *their_name);

#endif							/* SMC_DIFFERENCES_H */
