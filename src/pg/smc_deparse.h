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
	const struct SmcQuery *query;	/* whose aggregates a formula is about; NULL: there are none */
} SmcDeparse;

/* Append a resolved expression; the SQL's type is smc_exprtype_sql_type's. */
extern void smc_deparse_expr(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr);

/* The same, cast to a type where it is of another. */
extern void smc_deparse_as(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr, Oid type);

/* Append a study column as this party's source has it, with the agreed type. */
extern void smc_deparse_column(StringInfo buf, const SmcDeparse *deparse, int column);

/*
 * Whether the source may hold more digits in a column of expr than are
 * declared, so that what is made of it must be rounded before it is summed.
 */
extern bool smc_deparse_needs_rounding(const SmcDeparse *deparse, const SmcExpr *expr);

#endif							/* SMC_DEPARSE_H */
