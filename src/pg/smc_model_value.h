/*
 * Models as numbers on shares.
 */
#ifndef SMC_MODEL_VALUE_H
#define SMC_MODEL_VALUE_H

#include "core/smc_least_squares.h"
#include "core/smc_program.h"
#include "pg/smc_formula.h"
#include "pg/smc_model.h"

/* Where the sums of one aggregate come from: nodes of the program. */
typedef struct SmcModelSource
{
	const SmcStudy *study;
	SmcProgram *program;
	int			(*count) (void *arg);	/* of the rows in which nothing is NULL */
	int			(*product) (void *arg, int product);
	void	   *arg;
	struct SmcModelSolution *solution;	/* the model's own; made once, whatever is asked of it */
} SmcModelSource;

/* What was solved of one aggregate. */
typedef struct SmcModelSolution
{
	bool		is_made;
	SmcLeastSquaresResult least_squares;
} SmcModelSolution;

/* A number to be opened: value * 2^exponent. */
typedef struct SmcModelPart
{
	int			value;			/* node */
	int			exponent;		/* node; -1: none, the value is an integer */
	int			null;			/* bit: NULL instead; -1: never */
} SmcModelPart;

/* The parts of a model, smc_model_parts of them. */
extern void smc_model_value(const SmcModelSource *source, const SmcAgg *agg, SmcModelPart parts[SMC_MODEL_PARTS_MAX]);

/*
 * A part to be computed with: *value has no type yet, and -1 for all nodes.  part of -1
 * is the number of rows.  False where it is no part with a value as a fraction.
 */
extern bool smc_model_part_value(const SmcModelSource *source, const SmcAgg *agg, int part, SmcFormulaValue *value);

#endif							/* SMC_MODEL_VALUE_H */
