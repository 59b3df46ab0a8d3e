/*
 * What a closed expression is: its type, its digits, its size, its NULLs.
 *
 * All is found from the study and the tree alone, so every party finds the
 * same, whoever made the tree.
 */
#ifndef SMC_EXPRTYPE_H
#define SMC_EXPRTYPE_H

#include "pg/smc_expr.h"
#include "pg/smc_optable.h"

/*
 * Fill the types of a tree from its leaves up, checking every node against
 * its rule.  Raises where a type doesn't fit, a constant isn't one, or the tree
 * is too deep.
 */
extern void smc_exprtype_resolve(const SmcStudy *study, SmcExpr *expr);

/*
 * The same for a formula over aggregates whose types are given, and over
 * secrets that have theirs.  False where
 * it isn't one: an operation that has no place over aggregates, or types that
 * don't fit.  Raises only for what no query can hold.
 */
extern bool smc_exprtype_resolve_formula(const SmcStudy *study, SmcExpr *expr,
										 const Oid *agg_types, int agg_count);

/* The class of a resolved expression. */
extern SmcTypeClass smc_exprtype_class(const SmcExpr *expr);

/*
 * The type its local SQL has.  Integer arithmetic that could leave int8 is
 * written in numeric, and float arithmetic in double precision, so that it
 * isn't always expr->type.
 */
extern Oid	smc_exprtype_sql_type(const SmcStudy *study, const SmcExpr *expr);

/* Digits after the point that a number can have, SMC_SCALE_NONE when not bounded. */
extern int	smc_exprtype_scale(const SmcStudy *study, const SmcExpr *expr);

/* The digits to keep of a sum of floats: the most that a column in it declares. */
extern int	smc_exprtype_float_scale(const SmcStudy *study, const SmcExpr *expr);

/* Whether it may be NULL; true when in doubt. */
extern bool smc_exprtype_nullable(const SmcStudy *study, const SmcExpr *expr);

#endif							/* SMC_EXPRTYPE_H */
