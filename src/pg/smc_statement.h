/*
 * Prepared statements over the extension's own tables.
 *
 * They are on the path of every query (the audit), so each is planned once a
 * session; and they run as the extension's owner, since nobody else may touch
 * these tables.
 */
#ifndef SMC_STATEMENT_H
#define SMC_STATEMENT_H

#include "postgres.h"

#include "executor/spi.h"

#define SMC_STATEMENT_ARGS_MAX	28

typedef struct SmcStatement
{
	const char *sql;			/* each "@" stands for the extension's schema */
	int			arg_count;
	Oid			arg_types[SMC_STATEMENT_ARGS_MAX];
	/* private; zero at first */
	SPIPlanPtr	plan;
	Oid			schema;
} SmcStatement;

/*
 * Run a statement that writes or locks rows; returns how many it processed.
 * nulls is an array of arg_count, or NULL where no argument is.  Raises what
 * the statement raises.
 */
extern uint64 smc_statement_run(SmcStatement *statement, const Datum *values, const bool *nulls);

/*
 * The same for a statement that returns rows: the first row's column_count
 * columns, copied into the current context.  False when there is no row.
 */
extern bool smc_statement_fetch(SmcStatement *statement, const Datum *values, const bool *nulls,
								int column_count, Datum *columns, bool *column_nulls);

/*
 * The same for all rows: calls row(arg, columns, nulls) for each, in the caller's
 * context, into which the columns are copied.
 */
extern void smc_statement_scan(SmcStatement *statement, const Datum *values, const bool *nulls, int column_count,
							   void (*row) (void *arg, const Datum *columns, const bool *nulls), void *arg);

/*
 * Read the one value, of a type that is passed by value, that a query gives, as
 * of what is committed now, whatever the transaction's isolation.  False when it
 * gives none, or NULL.
 */
extern bool smc_statement_read(SmcStatement *statement, const Datum *values, Datum *result);

#endif							/* SMC_STATEMENT_H */
