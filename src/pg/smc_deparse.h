/*
 * From closed expressions to SQL: for this party's server, or for people.
 */
#ifndef SMC_DEPARSE_H
#define SMC_DEPARSE_H

#include "lib/stringinfo.h"

#include "pg/smc_expr.h"

typedef struct SmcDeparse
{
	const SmcStudy *study;
	Oid			source;			/* write for this relation; InvalidOid: with the agreed names, for people */
} SmcDeparse;

/*
 * Append a resolved expression.  `value` says that it is to be summed: then an
 * unconstrained numeric is rounded to its declared scale.  The SQL's type is
 * smc_exprtype_sql_type's.
 */
extern void smc_deparse_expr(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr, bool value);

/* The same, cast to a type where it is of another. */
extern void smc_deparse_as(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr,
						   Oid type, bool value);

/* Append a study column as this party's source has it, with the agreed type. */
extern void smc_deparse_column(StringInfo buf, const SmcDeparse *deparse, int column, bool value);

#endif							/* SMC_DEPARSE_H */
