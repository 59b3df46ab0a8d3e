/*
 * Models as numbers on shares.
 */
#ifndef SMC_MODEL_VALUE_H
#define SMC_MODEL_VALUE_H

#include "core/smc_program.h"
#include "pg/smc_model.h"

/* Where the sums of one aggregate come from: nodes of the program. */
typedef struct SmcModelSource
{
	SmcProgram *program;
	int			(*count) (void *arg);	/* of the rows in which nothing is NULL */
	int			(*product) (void *arg, int product);
	void	   *arg;
} SmcModelSource;

/* A number to be opened: value * 2^exponent. */
typedef struct SmcModelPart
{
	int			value;			/* node */
	int			exponent;		/* node; -1: none, the value is an integer */
	int			null;			/* bit: NULL instead; -1: never */
} SmcModelPart;

/*
 * Parts of least squares over k columns, in their order: k coefficients, k standard
 * errors, r2, the number of rows.
 */
#define SMC_MODEL_PARTS_MAX		(2 * SMC_MODEL_COLUMNS_MAX + 2)

extern int	smc_model_parts(const SmcAgg *agg);

/* The parts of a model, smc_model_parts of them. */
extern void smc_model_value(const SmcModelSource *source, const SmcAgg *agg, SmcModelPart parts[SMC_MODEL_PARTS_MAX]);

#endif							/* SMC_MODEL_VALUE_H */
