/*
 * The joint part of numbers of different values: from every party's items to shares
 * of the number of different ones in all (core/smc_union.h).
 *
 * ROUNDS, BYTES: those of core/smc_union.h, for all cells of an aggregate at once.
 * LEAKS: to all parties, of columns without declared values, between which two of
 * 256, 768, 2304, ... the number is, in each cell that is counted.
 */
#ifndef SMC_UNITE_H
#define SMC_UNITE_H

#include "core/smc_engine.h"
#include "pg/smc_keys.h"
#include "pg/smc_layout.h"

/*
 * Count a DISTINCT slot in some cells: totals[i] = our share of the number in
 * cells[i].  The keys' items are overwritten by images that are as good.
 */
extern SmcStatus smc_unite_count(SmcEngine *engine, const SmcLayout *layout, const SmcKeys *keys,
								 const SmcSlot *slot, const uint32 *cells, size_t count,
								 SmcRing128 *totals) SMC_MUST_USE;

/* The same as shares mod 2^width, for what is computed from them. */
extern SmcStatus smc_unite_count_wide(SmcEngine *engine, const SmcLayout *layout, const SmcKeys *keys,
									  const SmcSlot *slot, const uint32 *cells, size_t count,
									  int width, uint64 *totals) SMC_MUST_USE;

#endif							/* SMC_UNITE_H */
