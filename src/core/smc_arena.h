/*
 * Memory for secrets: allocated one by one, wiped and freed together.
 *
 * A computation owns one arena.  Whatever way it ends, one call wipes all it
 * held; the server hangs that call on a memory context's reset callback, so
 * that an error that jumps past everything still wipes.
 */
#ifndef SMC_ARENA_H
#define SMC_ARENA_H

#include <stddef.h>

typedef struct SmcArena SmcArena;

/* Make an empty arena (malloc); NULL when out of memory. */
extern SmcArena *smc_arena_create(void);

/* Return len zeroed bytes aligned for any type, or NULL when out of memory. */
extern void *smc_arena_alloc(SmcArena *arena, size_t len);

/* Return count * size zeroed bytes, or NULL also when that overflows. */
extern void *smc_arena_array(SmcArena *arena, size_t count, size_t size);

/* Wipe and free every block; the arena stays usable. */
extern void smc_arena_reset(SmcArena *arena);

/* Wipe and free every block and the arena itself; NULL is allowed. */
extern void smc_arena_destroy(SmcArena *arena);

#endif							/* SMC_ARENA_H */
