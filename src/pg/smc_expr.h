/*
 * Closed expressions: what may be computed over a row before it is aggregated.
 *
 * A tree of agreed columns, constants and whitelisted operations.  An
 * operation is known by our own short name, never by an OID or a schema, and
 * carries the rule by which it is checked and the SQL that it becomes.  Only
 * operations that can't fail depending on a row's value are in the list, so
 * that an error can't be used as an oracle.
 */
#ifndef SMC_EXPR_H
#define SMC_EXPR_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "core/smc_bytes.h"
#include "pg/smc_study.h"

#define SMC_QUERY_GROUPS_MAX	8
#define SMC_QUERY_AGGS_MAX		256
#define SMC_EXPR_DEPTH_MAX		64
#define SMC_EXPR_NODES_MAX		4096
#define SMC_EXPR_CONST_MAX		(64 * 1024)	/* bytes of one constant's text */

typedef enum SmcExprKind
{
	SMC_EXPR_COLUMN = 1,
	SMC_EXPR_CONST,
	SMC_EXPR_OP					/* any operation, by its index in the whitelist */
} SmcExprKind;

typedef struct SmcExpr
{
	SmcExprKind kind;
	Oid			type;			/* the PostgreSQL type it has in the user's query: a built-in type, or an enum column's own */
	/* COLUMN */
	int			column;			/* index into study->columns */
	/* CONST */
	bool		is_null;
	char	   *value;			/* the type's output text */
	/* OP */
	int			op;				/* index into the whitelist, sent by name */
	List	   *args;			/* of SmcExpr */
} SmcExpr;

extern void smc_expr_write(SmcWriter *writer, const SmcExpr *expr);
extern SmcExpr *smc_expr_parse(SmcReader *reader);

/*
 * Check types and permissions.  value_word is the allow bit that columns in a
 * value position need (with its word for the message); columns in a condition
 * need `filter`.  Raises saying which part and why.
 */
extern void smc_expr_check_value(const SmcStudy *study, const SmcExpr *expr, SmcAllow word);
extern void smc_expr_check_condition(const SmcStudy *study, const SmcExpr *expr);

/* Digits after the point that an expression of numbers can have, SMC_SCALE_NONE when not bounded. */
extern int	smc_expr_scale(const SmcStudy *study, const SmcExpr *expr);

/* Append as SQL over the source: local true, source column names; false, agreed names, for people. */
extern void smc_expr_deparse(StringInfo buf, const SmcStudy *study, const SmcExpr *expr, bool local);

#endif							/* SMC_EXPR_H */
