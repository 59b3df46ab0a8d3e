/*
 * Expressions over aggregates as programs over shares: SQL's numbers, NULLs
 * and errors, in a ring.
 */
#ifndef SMC_FORMULA_H
#define SMC_FORMULA_H

#include "postgres.h"

#include "core/smc_program.h"
#include "pg/smc_expr.h"
#include "pg/smc_optable.h"
#include "pg/smc_study.h"

/*
 * A value on shares.  A number is num / den / 10^scale; den, where there is
 * one, is never negative, and zero only where the value is NULL or an error was
 * raised.  Or it is the root of that, with num's sign.  Of a date, timestamp or float minimum, num is what
 * pg/smc_extreme.h makes of it; of a party's name, its place in the study.
 */
typedef struct SmcFormulaValue
{
	Oid			type;
	bool		ordered;		/* num is the integer of smc_extreme_to_ring: may be compared, no more */
	int			null;			/* bit: whether it is NULL; -1: never */
	int			bit;			/* of a boolean */
	int			num;			/* of anything else */
	int			den;			/* -1: one */
	int			scale;			/* of the quotient num / den; negative where den had digits */
	int			digits;			/* at least as many are shown of a quotient */
	bool		positive;		/* num is known not to be negative */
	bool		root;			/* a standard deviation, a correlation: the value's square, with its sign, is the number */
	bool		settled;		/* a root went into it as a decimal */
} SmcFormulaValue;

/* Gives the value of an aggregate, or of a secret; false where it has none on shares. */
typedef bool (*SmcFormulaLeaf) (void *arg, int agg, SmcFormulaValue *value);

/* The same of a part of a model (smc_model_part_of). */
typedef bool (*SmcFormulaPart) (void *arg, int agg, int part, SmcFormulaValue *value);

typedef struct SmcFormulaBuild
{
	SmcProgram *program;
	const SmcStudy *study;
	SmcFormulaLeaf leaf;
	void	   *arg;
	int			active;			/* bit: where the formula's value is wanted at all; -1: everywhere */
	int			error;			/* out, bit: whether a division by zero was met; -1: can't be */
	SmcFormulaLeaf secret;		/* NULL: there are none */
	SmcFormulaPart part;
} SmcFormulaBuild;

/*
 * Translate a resolved formula (smc_exprtype_resolve_formula).  NULL, or why it
 * can't be computed on shares, as a phrase for a message.  A parameter without value is
 * taken for a number of ten digits.
 */
extern const char *smc_formula_build(SmcFormulaBuild *build, SmcExpr *expr, SmcFormulaValue *value);

/* The bit of a boolean value being true: not false, not NULL. */
extern int	smc_formula_is_true(SmcFormulaBuild *build, const SmcFormulaValue *value);

/*
 * What is to be opened of a value: *value and, where the number of digits
 * depends on the quotient, *digits (else -1, and *scale tells), both nodes.
 */
extern void smc_formula_result(SmcFormulaBuild *build, const SmcFormulaValue *formula,
							   int *value, int *digits, int *scale);

/* Whether an expression is an aggregate in another type of number, whose figure tells it. */
extern bool smc_formula_is_mere_cast(const SmcExpr *expr);

#endif							/* SMC_FORMULA_H */
