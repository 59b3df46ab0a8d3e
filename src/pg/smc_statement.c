/*
 * Prepared statements over the extension's own tables.
 *
 * Plans are kept until the session ends.  The tables are named with their
 * schema, so that the plan cache finds them again by itself when they were
 * altered or made anew; when the extension was made anew in another schema,
 * the plan is made anew too.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/builtins.h"
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

/* Become the extension's owner, with a plan at hand. */
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

static void
end(const SmcPrivilege *saved)
{
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not finish SPI");
	smc_module_privilege_end(saved);
}

uint64
smc_statement_run(SmcStatement *statement, const Datum *values, const bool *nulls)
{
	char		null_flags[SMC_STATEMENT_ARGS_MAX];
	SmcPrivilege saved;
	uint64		processed;
	int			result;
	int			i;

	for (i = 0; i < statement->arg_count; i++)
		null_flags[i] = nulls && nulls[i] ? 'n' : ' ';

	begin(statement, &saved);
	result = SPI_execute_plan(statement->plan, (Datum *) values, null_flags, false, 0);
	if (result < 0)
		elog(ERROR, "could not run \"%s\": %s", statement->sql, SPI_result_code_string(result));
	processed = SPI_processed;
	end(&saved);
	return processed;
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
	end(&saved);
	return !is_null;
}
