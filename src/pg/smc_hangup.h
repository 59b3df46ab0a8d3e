/*
 * Watching over the hub's connection while this backend is busy with its local
 * query: should the hub hang up, the query is cancelled.
 */
#ifndef SMC_HANGUP_H
#define SMC_HANGUP_H

#include "postgres.h"

extern void smc_hangup_start(void);
extern void smc_hangup_stop(void);

/* Whether it was that which cancelled the last query watched over. */
extern bool smc_hangup_happened(void);

#endif							/* SMC_HANGUP_H */
