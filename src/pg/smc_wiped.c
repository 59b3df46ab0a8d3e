/*
 * Memory that is wiped with its context.
 *
 * A reset callback can't be taken back, so what it needs to know lives as long
 * as the context; a few words for each piece, which is one computation's.
 */
#include "postgres.h"

#include <sodium.h>

#include "utils/memutils.h"

#include "pg/smc_wiped.h"

/* What the callback knows; its piece is NULL once given back. */
typedef struct Record
{
	MemoryContextCallback callback;
	struct Piece *piece;
} Record;

typedef struct Piece
{
	Record	   *record;
	Size		size;			/* of what follows */
} Piece;

#define HEADER_SIZE		MAXALIGN(sizeof(Piece))

static void
wipe(void *arg)
{
	Record	   *record = arg;

	if (record->piece != NULL)
		sodium_memzero((char *) record->piece + HEADER_SIZE, record->piece->size);
}

void *
smc_wiped_alloc(Size size)
{
	Record	   *record = palloc0(sizeof(Record));

	record->piece = palloc_extended(HEADER_SIZE + size, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	record->piece->record = record;
	record->piece->size = size;
	record->callback.func = wipe;
	record->callback.arg = record;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, &record->callback);
	return (char *) record->piece + HEADER_SIZE;
}

void
smc_wiped_free(void *memory)
{
	Piece	   *piece = (Piece *) ((char *) memory - HEADER_SIZE);
	Record	   *record = piece->record;

	wipe(record);
	record->piece = NULL;
	pfree(piece);
}
