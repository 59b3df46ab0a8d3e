/*
 * Prepared statements over the extension's own tables.
 *
 * Plans are kept until the session ends.  The tables are named with their
 * schema, so that the plan cache finds them again by itself when they were
 * altered or made anew; when the extension was made anew in another schema,
 * the plan is made anew too.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "pg/smc_module.h"
#include "pg/smc_statement.h"

static void
prepare(SmcStatement *statement, Oid schema)
{
	const char *name = quote_identifier(get_namespace_name(schema));
	StringInfoData sql;
	SPIPlanPtr	plan;
	const char *p;

	initStringInfo(&sql);
	for (p = statement->sql; *p != '\0'; p++)
	{
		if (*p == '@')
			appendStringInfoString(&sql, name);
		else
			appendStringInfoChar(&sql, *p);
	}
	plan = SPI_prepare(sql.data, statement->arg_count, statement->arg_types);
	if (plan == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", sql.data, SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "could not keep the plan of \"%s\"", sql.data);
	if (statement->plan)
		SPI_freeplan(statement->plan);
	statement->plan = plan;
	statement->schema = schema;
	pfree(sql.data);
}

/* Enter SPI as the extension's owner, with a plan at hand; the caller finishes both. */
static void
begin(SmcStatement *statement, SmcPrivilege *saved)
{
	Oid			schema = smc_module_schema();

	smc_module_privilege_begin(saved);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	if (statement->plan == NULL || statement->schema != schema)
		prepare(statement, schema);
}

/* The same, and run the statement. */
static void
execute(SmcStatement *statement, const Datum *values, const bool *nulls, SmcPrivilege *saved)
{
	char		null_flags[SMC_STATEMENT_ARGS_MAX];
	int			result;
	int			i;

	Assert(statement->arg_count <= SMC_STATEMENT_ARGS_MAX);
	for (i = 0; i < statement->arg_count; i++)
		null_flags[i] = nulls && nulls[i] ? 'n' : ' ';

	begin(statement, saved);
	result = SPI_execute_plan(statement->plan, (Datum *) values, null_flags, false, 0);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", statement->sql, SPI_result_code_string(result));
}

static void
finish(const SmcPrivilege *saved)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not finish SPI");
	smc_module_privilege_end(saved);
}

uint64
smc_statement_run(SmcStatement *statement, const Datum *values, const bool *nulls)
{
	SmcPrivilege saved;
	uint64		processed;

	execute(statement, values, nulls, &saved);
	processed = SPI_processed;
	finish(&saved);
	return processed;
}

/* The columns of one of the statement's rows, copied into a context. */
static void
copy_row(uint64 row, MemoryContext context, int column_count, Datum *columns, bool *column_nulls)
{
	MemoryContext spi = MemoryContextSwitchTo(context);
	TupleDesc	desc = SPI_tuptable->tupdesc;
	int			i;

	for (i = 0; i < column_count; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);
		Datum		value = heap_getattr(SPI_tuptable->vals[row], i + 1, desc, &column_nulls[i]);

		if (column_nulls[i])
			columns[i] = (Datum) 0;
		else if (attribute->attlen == -1)
			columns[i] = PointerGetDatum(PG_DETOAST_DATUM_COPY(value));
		else
			columns[i] = datumCopy(value, attribute->attbyval, attribute->attlen);
	}
	MemoryContextSwitchTo(spi);
}

bool
smc_statement_fetch(SmcStatement *statement, const Datum *values, const bool *nulls,
					int column_count, Datum *columns, bool *column_nulls)
{
	MemoryContext caller = CurrentMemoryContext;
	SmcPrivilege saved;
	bool		found;

	execute(statement, values, nulls, &saved);
	found = SPI_processed > 0;
	if (found)
		copy_row(0, caller, column_count, columns, column_nulls);
	finish(&saved);
	return found;
}

void
smc_statement_scan(SmcStatement *statement, const Datum *values, const bool *nulls, int column_count,
				   void (*row) (void *arg, const Datum *columns, const bool *nulls), void *arg)
{
	MemoryContext caller = CurrentMemoryContext;
	SmcPrivilege saved;
	Datum		columns[SMC_STATEMENT_ARGS_MAX];
	bool		column_nulls[SMC_STATEMENT_ARGS_MAX];
	uint64		i;

	Assert(column_count <= SMC_STATEMENT_ARGS_MAX);
	execute(statement, values, nulls, &saved);
	for (i = 0; i < SPI_processed; i++)
	{
		MemoryContext spi;

		copy_row(i, caller, column_count, columns, column_nulls);
		spi = MemoryContextSwitchTo(caller);
		row(arg, columns, column_nulls);
		MemoryContextSwitchTo(spi);
	}
	finish(&saved);
}

bool
smc_statement_read(SmcStatement *statement, const Datum *values, Datum *result)
{
	SmcPrivilege saved;
	bool		is_null = true;

	begin(statement, &saved);
	PushActiveSnapshot(GetLatestSnapshot());
	if (SPI_execute_plan(statement->plan, (Datum *) values, NULL, true, 1) != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\": %s", statement->sql, SPI_result_code_string(SPI_result));
	PopActiveSnapshot();
	if (SPI_processed > 0)
		*result = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &is_null);
	finish(&saved);
	return !is_null;
}
