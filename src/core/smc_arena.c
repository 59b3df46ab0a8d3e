/*
 * Memory for secrets: allocated one by one, wiped and freed together.
 *
 * A list of blocks, each with its length before it.  There is no way to free
 * one block: what a computation allocated lives as long as the computation, so
 * that nobody has to prove at each exit that every secret was wiped.
 */
#include "smc_arena.h"

#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct Block
{
	struct Block *next;
	size_t		len;			/* of what follows */
} __attribute__((aligned)) Block;	/* so that what follows is aligned for any type */

struct SmcArena
{
	Block	   *blocks;
};

SmcArena *
smc_arena_create(void)
{
	return calloc(1, sizeof(SmcArena));
}

void *
smc_arena_alloc(SmcArena *arena, size_t len)
{
	Block	   *block;

	if (len > SIZE_MAX - sizeof(Block))
		return NULL;
	block = calloc(1, sizeof(Block) + len);
	if (block == NULL)
		return NULL;
	block->len = len;
	block->next = arena->blocks;
	arena->blocks = block;
	return block + 1;
}

void *
smc_arena_array(SmcArena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	return smc_arena_alloc(arena, count * size);
}

void
smc_arena_reset(SmcArena *arena)
{
	while (arena->blocks != NULL)
	{
		Block	   *block = arena->blocks;

		arena->blocks = block->next;
		sodium_memzero(block, sizeof(Block) + block->len);
		free(block);
	}
}

void
smc_arena_destroy(SmcArena *arena)
{
	if (arena == NULL)
		return;
	smc_arena_reset(arena);
	free(arena);
}
