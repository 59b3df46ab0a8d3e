/*
 * What core's writer has written, as PostgreSQL's own bytes.
 *
 * A writer grows in an arena, which is malloc's and not PostgreSQL's, so an
 * error that jumps past it must free it; that is done here and nowhere else.
 */
#include "postgres.h"

#include "pg/smc_bytea.h"

static void
raise_memory(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OUT_OF_MEMORY),
			 errmsg("out of memory")));
}

bytea *
smc_bytea_collect(void (*write) (SmcWriter *writer, const void *what), const void *what)
{
	SmcArena   *arena = smc_arena_create();
	bytea	   *result = NULL;

	if (arena == NULL)
		raise_memory();
	PG_TRY();
	{
		SmcWriter	writer;

		smc_writer_init(&writer, arena);
		write(&writer, what);
		if (smc_writer_end(&writer) != SMC_OK)
			raise_memory();
		result = palloc(VARHDRSZ + writer.len);
		SET_VARSIZE(result, VARHDRSZ + writer.len);
		if (writer.len > 0)
			memcpy(VARDATA(result), writer.data, writer.len);
	}
	PG_FINALLY();
	{
		smc_arena_destroy(arena);
	}
	PG_END_TRY();
	return result;
}
