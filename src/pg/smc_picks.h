/*
 * How finely a query may pick rows, where a study narrows it: a column's agreed
 * option filter_by, and the study's max_groups.
 *
 * filter_by 'values' means that a column picks rows by its declared values and
 * in no other way: in WHERE and FILTER, compared by = or IN with declared
 * values, or tested for NULL, such comparisons being joined by AND and OR.
 * CASE WHEN comparison THEN x END, which means what FILTER does, will do as the
 * whole of an aggregate's argument.  So each figure rests on rows of some
 * declared values.  Not <>, NOT IN, NOT, ELSE: they pick what is left over, the
 * rows of undeclared values among it.
 *
 * A boolean column, whose values are all declared, may also stand by itself, or
 * under NOT or IS TRUE and its kin.
 */
#ifndef SMC_PICKS_H
#define SMC_PICKS_H

#include "postgres.h"

#include "pg/smc_expr.h"

/*
 * Raise ERRCODE_INSUFFICIENT_PRIVILEGE, naming column and study, unless a
 * condition of WHERE or FILTER, or an aggregate's argument, picks rows only as
 * agreed.  The trees are resolved.  A parameter without value passes.
 */
extern void smc_picks_check_condition(const SmcStudy *study, const SmcExpr *expr);
extern void smc_picks_check_value(const SmcStudy *study, const SmcExpr *expr);

/* Whether smc_picks_check_condition would pass; the tree need not be resolved. */
extern bool smc_picks_fits(const SmcStudy *study, const SmcExpr *expr);

/* Raise unless grouping by those columns (indexes) makes at most max_groups possible groups. */
extern void smc_picks_check_groups(const SmcStudy *study, int count, const int *columns);

#endif							/* SMC_PICKS_H */
