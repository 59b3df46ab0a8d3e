/*
 * Memory for secrets on the server's side: wiped with its memory context,
 * whatever way that ends.
 */
#ifndef SMC_WIPED_H
#define SMC_WIPED_H

#include "postgres.h"

/*
 * Zeroed memory in the current memory context, of any size, 0 too.  It is wiped
 * when the context is reset or deleted, so also by an error that jumps past all.
 */
extern void *smc_wiped_alloc(Size size);

/* Wipe it now, and give it back. */
extern void smc_wiped_free(void *memory);

#endif							/* SMC_WIPED_H */
