/*
 * Statistics as values on shares.
 */
#ifndef SMC_STATISTIC_VALUE_H
#define SMC_STATISTIC_VALUE_H

#include "pg/smc_formula.h"
#include "pg/smc_statistic.h"

/* Of fractions that are to be divided: 20 digits are made of them, in a ring of SMC_WIDTH_MAX bits. */
#define SMC_STATISTIC_NUMERATOR_BITS	230
#define SMC_STATISTIC_DENOMINATOR_BITS	128
#define SMC_STATISTIC_QUOTIENT_BITS		196

/* Where the sums of one aggregate come from: nodes of the program. */
typedef struct SmcStatisticSource
{
	SmcProgram *program;
	int			(*count) (void *arg);	/* N, not negative */
	int			(*moment) (void *arg, SmcMoment moment);
	void	   *arg;
	int			least_rows;		/* that it rests on, as all know: by min_rows, or since its group is there */
} SmcStatisticSource;

/* The value of a statistic; *value has its type, and -1 for all nodes. */
extern void smc_statistic_value(const SmcStatisticSource *source, const SmcAgg *agg, SmcFormulaValue *value);

#endif							/* SMC_STATISTIC_VALUE_H */
