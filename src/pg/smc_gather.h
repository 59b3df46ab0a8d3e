/*
 * Values that come one by one, for cells, without anyone knowing how many: this
 * party's different values, before they become keys.
 */
#ifndef SMC_GATHER_H
#define SMC_GATHER_H

#include "pg/smc_keys.h"

typedef struct SmcGather SmcGather;

/* For one key set of different values, in the current memory context, at whose reset it is wiped. */
extern SmcGather *smc_gather_create(const SmcLayout *layout, int set);

/*
 * Add a value's keys (SMC_DISTINCT_WORDS, or one).  Raises ERRCODE_PROGRAM_LIMIT_EXCEEDED
 * past SMC_KEYS_MAX.
 */
extern void smc_gather_add(SmcGather *gather, uint32 cell, const int64 *value);

/* Leave equal ones out: there are some where different texts are the same in UTF-8. */
extern void smc_gather_settle(SmcGather *gather);

/* How many keys a cell has; put all to keys that have room for so many, and forget them. */
extern size_t smc_gather_count(const SmcGather *gather, uint32 cell);
extern void smc_gather_finish(SmcGather *gather, SmcKeys *keys);

#endif							/* SMC_GATHER_H */
