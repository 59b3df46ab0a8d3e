/*
 * From the planner's expressions to closed ones: refuse by default.
 */
#ifndef SMC_SHIPPABLE_H
#define SMC_SHIPPABLE_H

#include "postgres.h"

#include "nodes/pathnodes.h"

#include "pg/smc_query.h"

typedef struct SmcShipContext
{
	PlannerInfo *root;
	const SmcStudy *study;
	Index		relid;			/* the study's range table index */
	List	   *params;			/* out: expressions without columns, evaluated when the query starts; an
								 * SmcExpr CONST with value NULL and op = position refers to one */
} SmcShipContext;

/* Translate, or raise ERRCODE_FEATURE_NOT_SUPPORTED naming the part and the reason. */
extern SmcExpr *smc_shippable_expr(SmcShipContext *context, Expr *expr);

/* Which of our aggregates an Aggref is (ours or the native name); 0 when none. */
extern SmcAggKind smc_shippable_aggregate(Oid aggfnoid);

#endif							/* SMC_SHIPPABLE_H */
