/*
 * How large a closed expression can get: so that whether a party fails on it
 * tells nothing about its rows.
 */
#ifndef SMC_EXPRRANGE_H
#define SMC_EXPRRANGE_H

#include "pg/smc_expr.h"

/*
 * Refuse arithmetic in a resolved expression that could leave the range of its
 * type at some row by way of the query's own constants.  Raises
 * ERRCODE_FEATURE_NOT_SUPPORTED.  A parameter without value is let through.
 */
extern void smc_exprrange_check(const SmcStudy *study, const SmcExpr *expr);

/*
 * Whether a sum of the expression, kept with that many digits after the point,
 * is within a party's part of the ring whatever constants the asker chose; a
 * column alone always passes.
 */
extern bool smc_exprrange_sum_fits(const SmcStudy *study, const SmcExpr *expr, int scale);

/*
 * How many bits a joint sum of the expression, kept with that many digits, can
 * have by what is agreed; 127 where that isn't known.
 */
extern int	smc_exprrange_sum_bits(const SmcStudy *study, const SmcExpr *expr, int scale);

/*
 * The same two of a sum of a, or of a * b unless b is NULL, that is given `bits`
 * bits: whether a party's part is within, columns alone always passing; and how
 * many bits the joint sum can have, INT_MAX where that isn't known.
 */
extern bool smc_exprrange_moment_fits(const SmcStudy *study, const SmcExpr *a, const SmcExpr *b,
									  int scale, int bits);
extern int	smc_exprrange_moment_bits(const SmcStudy *study, const SmcExpr *a, const SmcExpr *b, int scale);

/*
 * Whether an operation of a resolved tree bends or jumps where the asker puts
 * it, so that it picks rows by their values as a comparison would: x / 60 of
 * integers, abs(x - 60), floor(x).  Rounding that leaves the columns' own digits
 * is none.
 */
extern bool smc_exprrange_is_step(const SmcStudy *study, const SmcExpr *expr);

#endif							/* SMC_EXPRRANGE_H */
