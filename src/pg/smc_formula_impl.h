/*
 * Inside formulas: what their three files share.
 */
#ifndef SMC_FORMULA_IMPL_H
#define SMC_FORMULA_IMPL_H

#include "pg/smc_formula.h"

#define SMC_FORMULA_SCALE_MAX	40	/* digits after the point of a constant, or of rounding */

/* One translation. */
typedef struct SmcFormulaWalk
{
	SmcFormulaBuild *build;
	SmcProgram *program;
	int			active;			/* bit: whether this branch is taken; -1: always */
	const char *why;			/* the first reason for which it can't be done */
} SmcFormulaWalk;

/* Note why, the first time; always false, to be returned. */
extern bool smc_formula_refuse(SmcFormulaWalk *walk, const char *why);

/* ---- pg/smc_formula_value.c ---------------------------------------------------- */

/* Bits: -1 is "never" as a NULL bit, and "always" as a condition. */
extern int	smc_formula_or_null(SmcFormulaWalk *walk, int a, int b);
extern int	smc_formula_and_condition(SmcFormulaWalk *walk, int a, int b);
extern int	smc_formula_null_bit(SmcFormulaWalk *walk, int null);	/* "never" as a constant */
extern int	smc_formula_select_null(SmcFormulaWalk *walk, int c, int a, int b);	/* c ? a : b */

/* Whether a boolean is known to be true, to be false: not NULL. */
extern int	smc_formula_known_true(SmcFormulaWalk *walk, const SmcFormulaValue *value);
extern int	smc_formula_known_false(SmcFormulaWalk *walk, const SmcFormulaValue *value);

/* Note an error where the bit is set, this branch is taken and the operands aren't NULL. */
extern void smc_formula_note_error(SmcFormulaWalk *walk, int bit, int null);

/* Numbers: a node times 10^exponent, a public integer, a node times a denominator. */
extern int	smc_formula_times_ten(SmcFormulaWalk *walk, int num, int exponent);
extern int	smc_formula_integer(SmcFormulaWalk *walk, int64 value);
extern int	smc_formula_times_den(SmcFormulaWalk *walk, int num, int den);

/* Bring two numbers to one denominator and one scale, by multiplying only. */
extern bool smc_formula_align(SmcFormulaWalk *walk, SmcFormulaValue *a, SmcFormulaValue *b);

/*
 * Roots in comparisons and arithmetic: make a root a decimal; the square of a
 * number with its sign, false where that is too wide; both of one kind, to be
 * compared.
 */
extern void smc_formula_settle(SmcFormulaWalk *walk, SmcFormulaValue *value);
extern void smc_formula_settle_for_order(SmcFormulaWalk *walk, SmcFormulaValue *a, SmcFormulaValue *b);

/* Two integers whose quotient is the value. */
extern void smc_formula_as_fraction(SmcFormulaWalk *walk, const SmcFormulaValue *value, int *num, int *den);

/* Values that are to be filled in. */
extern SmcFormulaValue smc_formula_number(Oid type, int null);
extern SmcFormulaValue smc_formula_boolean(int bit, int null);

extern bool smc_formula_constant(SmcFormulaWalk *walk, const SmcExpr *expr, SmcFormulaValue *value);

/* ---- pg/smc_formula_number.c: operations by their rules ------------------------- */

extern bool smc_formula_arithmetic(SmcFormulaWalk *walk, const SmcExpr *expr, const SmcOperation *operation,
								   const SmcFormulaValue *args, int count, SmcFormulaValue *value);
extern bool smc_formula_division(SmcFormulaWalk *walk, const SmcExpr *expr, const SmcOperation *operation,
								 const SmcFormulaValue *args, SmcFormulaValue *value);
extern bool smc_formula_rounding(SmcFormulaWalk *walk, const SmcExpr *expr, const SmcOperation *operation,
								 const SmcFormulaValue *args, SmcFormulaValue *value);
extern bool smc_formula_cast(SmcFormulaWalk *walk, const SmcExpr *expr, const SmcFormulaValue *args,
							 SmcFormulaValue *value);

#endif							/* SMC_FORMULA_IMPL_H */
