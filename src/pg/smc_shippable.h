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
	int			(*find_agg) (void *arg, Aggref *aggref);	/* of formulas: the aggregate's place in the query, or -1 */
	void	   *arg;
} SmcShipContext;

/*
 * Translate, or raise ERRCODE_FEATURE_NOT_SUPPORTED naming the part and the
 * reason.  What it makes is yet to be checked by smc_query_check.
 */
extern SmcExpr *smc_shippable_expr(SmcShipContext *context, Expr *expr);

/*
 * Whether smc_shippable_expr would translate a condition, and it picks rows as
 * agreed (pg/smc_picks.h); changes nothing, raises nothing.
 */
extern bool smc_shippable_test(SmcShipContext *context, Expr *expr);

/*
 * Translate an expression over aggregates into a formula, its types yet to be
 * resolved; NULL where it isn't one.  On NULL params may have grown: hand in a
 * copy.  (Where find_agg is set, smc_shippable_expr does the same, and raises.)
 */
extern SmcExpr *smc_shippable_formula(SmcShipContext *context, Expr *expr);

/* Whether a function is the extension's own of that name. */
extern bool smc_shippable_is_own(Oid function, const char *name);

/* Which of our aggregates an Aggref is (ours or the native name); 0 when none. */
extern SmcAggKind smc_shippable_aggregate(Oid aggfnoid);

/*
 * Translate an aggregate with its argument and filter into *agg, or raise:
 * DISTINCT (but in count), ORDER BY and aggregates that we don't have are refused.
 */
extern void smc_shippable_agg(SmcShipContext *context, Aggref *aggref, SmcAgg *agg);

#endif							/* SMC_SHIPPABLE_H */
