/*
 * Models as numbers on shares: from sums of products to the parts that are opened.
 */
#include "postgres.h"

#include "core/smc_least_squares.h"
#include "pg/smc_model_value.h"
#include "pg/smc_statistic_value.h"

StaticAssertDecl(SMC_MODEL_COLUMNS_MAX <= SMC_LEAST_SQUARES_COLUMNS, "a model may have as many columns");
StaticAssertDecl(SMC_MOMENT_BITS <= SMC_LEAST_SQUARES_BITS, "a sum of products may have as many bits");
StaticAssertDecl(SMC_COUNT_BITS <= SMC_LEAST_SQUARES_ROW_BITS, "a count of rows may have as many bits");

/* The column of the intercept, or -1. */
static int
find_one(const SmcAgg *agg)
{
	for (int i = 0; i < smc_model_columns(agg); i++)
	{
		if (smc_model_is_one(smc_model_column(agg, i)))
			return i;
	}
	return -1;
}

/* Whether a number of rows is below min_rows; of none, where none will do, not. */
static int
is_few(const SmcModelSource *source, int rows, bool none_will_do)
{
	SmcProgram *program = source->program;
	SmcWide		least = smc_wide_from_int(source->study->min_rows);
	int			few = smc_program_less(program, rows, smc_program_constant(program, &least));

	if (!none_will_do)
		return few;
	return smc_program_and(program, few, smc_program_not(program, smc_program_zero(program, rows)));
}

/* Whether two indicators leave few rows in which they are (1, 1), (1, 0), (0, 1) or (0, 0). */
static int
split_few(const SmcModelSource *source, int rows, int ones, int other_ones, int both)
{
	SmcProgram *program = source->program;
	int			first = smc_program_subtract(program, ones, both);
	int			second = smc_program_subtract(program, other_ones, both);
	int			neither = smc_program_subtract(program, smc_program_subtract(program, rows, ones), second);

	return smc_program_or(program, smc_program_or(program, is_few(source, both, true), is_few(source, first, true)),
						  smc_program_or(program, is_few(source, second, true), is_few(source, neither, true)));
}

/*
 * With min_rows, an indicator that is 1, or 0, in fewer rows would tell of these few,
 * as would two that differ by so few: a bit for whether there are any.
 */
static int
find_few(const SmcModelSource *source, const SmcAgg *agg, int rows, const int *products)
{
	SmcProgram *program = source->program;
	int			few = smc_program_constant_bit(program, false);

	for (int i = 0; i < smc_model_columns(agg) && source->study->min_rows > 1; i++)
	{
		int			ones = products[SMC_MODEL_PRODUCT(i, i)];

		if (!smc_model_is_indicator(source->study, smc_model_column(agg, i)))
			continue;
		few = smc_program_or(program, few, is_few(source, ones, false));
		few = smc_program_or(program, few, is_few(source, smc_program_subtract(program, rows, ones), false));
		for (int j = 0; j < i; j++)
		{
			if (smc_model_is_indicator(source->study, smc_model_column(agg, j)))
				few = smc_program_or(program, few, split_few(source, rows, ones, products[SMC_MODEL_PRODUCT(j, j)],
															 products[SMC_MODEL_PRODUCT(j, i)]));
		}
	}
	return few;
}

/* Solve, unless it is done. */
static const SmcLeastSquaresResult *
solve(const SmcModelSource *source, const SmcAgg *agg)
{
	int			columns = smc_model_columns(agg);
	int			products[SMC_MODEL_PRODUCTS_MAX];
	SmcLeastSquares problem = {columns, find_one(agg), source->count(source->arg), products};
	SmcLeastSquaresResult *result;
	int			few;

	if (source->solution->is_made)
		return &source->solution->least_squares;
	for (int b = 0; b <= columns; b++)
	{
		for (int a = 0; a <= b; a++)
		{
			bool		ones = smc_model_is_one(smc_model_column(agg, a)) && smc_model_is_one(smc_model_column(agg, b));

			products[SMC_MODEL_PRODUCT(a, b)] = ones ? problem.rows :
				source->product(source->arg, SMC_MODEL_PRODUCT(a, b));
		}
	}
	result = &source->solution->least_squares;
	smc_least_squares(source->program, &problem, result);
	few = find_few(source, agg, problem.rows, products);
	result->dependent = smc_program_or(source->program, result->dependent, few);
	result->exhausted = smc_program_or(source->program, result->exhausted, few);
	source->solution->is_made = true;
	return result;
}

/* Least squares: coefficients, standard errors, r2, rows. */
static void
linear_parts(const SmcModelSource *source, const SmcAgg *agg, SmcModelPart *parts)
{
	const SmcLeastSquaresResult *result = solve(source, agg);
	int			columns = smc_model_columns(agg);

	for (int i = 0; i < columns; i++)
	{
		parts[i] = (SmcModelPart) {result->coefficients[i].value, result->coefficients[i].exponent, result->dependent};
		parts[columns + i] = (SmcModelPart) {result->errors[i].value, result->errors[i].exponent, result->exhausted};
	}
	parts[2 * columns] = (SmcModelPart) {result->r2.value, result->r2.exponent, result->dependent};
	parts[2 * columns + 1] = (SmcModelPart) {source->count(source->arg), -1, -1};
}

void
smc_model_value(const SmcModelSource *source, const SmcAgg *agg, SmcModelPart parts[SMC_MODEL_PARTS_MAX])
{
	switch (agg->kind)
	{
		case SMC_AGG_LINREGR:
			linear_parts(source, agg, parts);
			break;
		default:
			elog(ERROR, "aggregate of kind %d is no model", (int) agg->kind);
	}
}

bool
smc_model_part_value(const SmcModelSource *source, const SmcAgg *agg, int part, SmcFormulaValue *value)
{
	int			columns = smc_model_columns(agg);
	const SmcLeastSquaresResult *result;

	if (part < 0)
	{
		value->num = source->count(source->arg);
		value->positive = true;
		return true;
	}
	if (part != 2 * columns && part >= columns)
		return false;
	result = solve(source, agg);
	value->null = result->dependent;
	if (part < columns)
	{
		int			tens;

		value->scale = smc_model_scale(source->study, agg, columns) - smc_model_scale(source->study, agg, part);
		tens = Max(value->scale, 0) * 10 / 3 + 1;
		smc_least_squares_ratio(source->program, result, part, SMC_STATISTIC_NUMERATOR_BITS,
								Min(SMC_STATISTIC_DENOMINATOR_BITS, SMC_STATISTIC_QUOTIENT_BITS - tens),
								&value->num, &value->den);
	}
	else
	{
		SmcWide		unit = smc_wide_from_int(INT64CONST(1) << 53);

		value->num = result->r2.value;
		value->den = smc_program_constant(source->program, &unit);
	}
	return true;
}
