/*
 * This party's own values, made by the local part, handed on to the lane's worker at
 * the hub, used by the joint part, wiped with their memory: of order statistics sorted
 * integers, eight bytes a row; different values, sixteen bytes each, or their
 * places among declared ones; of rows that models are fitted to, so many numbers each, in
 * the order in which they came.
 */
#ifndef SMC_KEYS_H
#define SMC_KEYS_H

#include "postgres.h"

#include "pg/smc_layout.h"

#define SMC_KEYS_MAX	(INT64CONST(1) << 28)	/* of one party in one computation: 2 GB */

typedef struct SmcKeys
{
	size_t		part_count;		/* a part for each key set and cell */
	uint32		cell_count;
	size_t		count;			/* of all keys */
	size_t	   *starts;			/* of each part, and the end of the last: part_count + 1 */
	size_t	   *filled;			/* how many each part has so far */
	int64	   *values;
} SmcKeys;

/* Parts of a layout's keys: key sets times cells. */
extern size_t smc_keys_parts(const SmcLayout *layout);

/*
 * Make room in the current memory context, at whose reset it is wiped: counts[set *
 * cell_count + cell] keys each.  Raises ERRCODE_PROGRAM_LIMIT_EXCEEDED past
 * SMC_KEYS_MAX.
 */
extern SmcKeys *smc_keys_create(const SmcLayout *layout, const uint64 *counts);

/* Add a key; false when its part is full. */
extern bool smc_keys_put(SmcKeys *keys, int set, uint32 cell, int64 key);

/* Add a row of so many numbers, which stand apart by the part's rows; likewise. */
extern bool smc_keys_put_row(SmcKeys *keys, int set, uint32 cell, const int64 *row, int width);

/* Whether all parts of a set are full. */
extern bool smc_keys_full(const SmcKeys *keys, int set);
/* Copy a whole part's keys to it, which is empty. */
extern void smc_keys_put_all(SmcKeys *keys, int set, uint32 cell, const int64 *values, size_t count);

/* Sort the parts of a set; false unless all are full.  Interruptible. */
extern bool smc_keys_sort(SmcKeys *keys, int set);

/* The sorted keys of a part. */
extern const int64 *smc_keys_get(const SmcKeys *keys, int set, uint32 cell, size_t *count);

/* Forget all keys now, and give their memory back. */
extern void smc_keys_free(SmcKeys *keys);

#endif							/* SMC_KEYS_H */
