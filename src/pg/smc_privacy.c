/*
 * Differential privacy: what a study with an epsilon allows.
 *
 * PAPER: Dwork, McSherry, Nissim, Smith, "Calibrating noise to sensitivity in
 * private data analysis", TCC 2006; the noise is core/smc_noise.h's, discrete
 * and made jointly.
 *
 * The unit of protection is a row, there or not.  A query has `epsilon` for all
 * it tells: it is split evenly over the sums and counts that it is made of,
 * while the groups of one query share it, since a row is in one of them only.
 * Every such number gets noise of its own before anything is computed from it,
 * so that averages, expressions and HAVING come from noisy numbers and cost
 * nothing more.  A row counts with at most what its column's agreed lo and hi
 * say: each party cuts its values off there.
 *
 * What would tell of single rows without noise isn't told at all: whether a
 * group has rows (all possible groups are shown), whether a sum is NULL (it is
 * noise then), minima, maxima, and who is larger.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "pg/smc_exprtype.h"
#include "pg/smc_interval.h"
#include "pg/smc_privacy.h"

#define EPSILON_MIN			(SMC_PRIVACY_UNIT / 1000)
#define EPSILON_MAX			(100 * SMC_PRIVACY_UNIT)
#define BUDGET_MAX			(1000000 * SMC_PRIVACY_UNIT)
#define SENSITIVITY_BITS	80

bool
smc_privacy_applies(const SmcStudy *study)
{
	return study->epsilon != NULL;
}

/* A number's text in billionths, rounded down; -1 outside least and most. */
static int64
billionths(const char *text, int64 least, int64 most)
{
	Datum		number = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	Datum		scaled = DirectFunctionCall2(numeric_mul, number,
											 NumericGetDatum(int64_to_numeric(SMC_PRIVACY_UNIT)));
	int64		value = -1;

	scaled = DirectFunctionCall2(numeric_trunc, scaled, Int32GetDatum(0));
	if (!DatumGetBool(DirectFunctionCall2(numeric_gt, scaled, NumericGetDatum(int64_to_numeric(most)))))
		value = DatumGetInt64(DirectFunctionCall1(numeric_int8, scaled));
	return value < least ? -1 : value;
}

int64
smc_privacy_epsilon(const SmcStudy *study)
{
	return billionths(study->epsilon, EPSILON_MIN, EPSILON_MAX);
}

/* The same of the budget. */
static int64
budget(const SmcStudy *study)
{
	return billionths(study->epsilon_budget, 0, BUDGET_MAX);
}

int64
smc_privacy_queries(const SmcStudy *study)
{
	int64		epsilon;

	if (study->epsilon == NULL || study->epsilon_budget == NULL)
		return -1;
	epsilon = smc_privacy_epsilon(study);
	/* what isn't in range is refused by smc_privacy_check_study */
	return epsilon > 0 ? Max(budget(study), 0) / epsilon : 0;
}

double
smc_privacy_left(const SmcStudy *study, int64 used)
{
	int64		left = budget(study) - used * smc_privacy_epsilon(study);

	return (double) Max(left, 0) / SMC_PRIVACY_UNIT;
}

static void
raise_range(const SmcStudy *study, const char *option, int64 least, int64 most)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
			 errmsg("option \"%s\" of study \"%s\" is out of range", option, study->name),
			 errdetail("It must be between %g and %g.", (double) least / SMC_PRIVACY_UNIT,
					   (double) most / SMC_PRIVACY_UNIT)));
}

void
smc_privacy_check_study(const SmcStudy *study)
{
	if (study->epsilon == NULL && study->epsilon_budget != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("study \"%s\" has an epsilon_budget, but no epsilon", study->name),
				 errhint("Set \"epsilon\", what each query may use of the budget.")));
	if (study->epsilon == NULL)
		return;
	if (smc_privacy_epsilon(study) < 0)
		raise_range(study, "epsilon", EPSILON_MIN, EPSILON_MAX);
	if (study->epsilon_budget != NULL && budget(study) < 0)
		raise_range(study, "epsilon_budget", EPSILON_MIN, BUDGET_MAX);
	if (smc_privacy_queries(study) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("the epsilon_budget of study \"%s\" is less than one query's epsilon", study->name)));
	if (study->min_rows > 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("study \"%s\" sets both epsilon and min_rows", study->name),
				 errdetail("Whether a group has few rows is told without noise where min_rows is set."),
				 errhint("Leave one of them out; HAVING count(*) >= ... works on noisy counts.")));
}

const SmcColumn *
smc_privacy_column(const SmcStudy *study, const SmcAgg *agg)
{
	return &study->columns[agg->arg->column];
}

void
smc_privacy_check_agg(const SmcStudy *study, const SmcAgg *agg)
{
	const SmcColumn *column;

	smc_privacy_check_study(study);
	if (agg->kind == SMC_AGG_COUNT_ROWS || agg->kind == SMC_AGG_COUNT || agg->kind == SMC_AGG_HISTOGRAM)
		return;
	if ((agg->kind != SMC_AGG_SUM && agg->kind != SMC_AGG_AVG) || smc_interval_is_sum(agg))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be told with noise", smc_query_agg_text(study, agg), study->name),
				 errdetail("The study sets epsilon; it tells counts, sums and averages of numbers, and histograms, and what is made of them.")));
	if (agg->arg->kind != SMC_EXPR_COLUMN)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be told with noise", smc_query_agg_text(study, agg), study->name),
				 errdetail("The study sets epsilon, so what is added up must be a column, whose range is agreed.")));
	column = smc_privacy_column(study, agg);
	if (column->lo == NULL || column->hi == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be told with noise", smc_query_agg_text(study, agg), study->name),
				 errdetail("Column \"%s\" has no agreed range, on which the size of the noise depends.", column->name),
				 errhint("Agree on the column's options \"lo\" and \"hi\".")));
	(void) smc_privacy_sensitivity(study, agg, true);
}

/* |x| of a bound's text in units of the last digit kept, rounded up. */
static SmcRing128
bound_units(const char *text, int scale)
{
	Datum		number = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	Datum		rounded;
	SmcRing128	units = 0;

	number = DirectFunctionCall1(numeric_abs, number);
	rounded = DirectFunctionCall2(numeric_round, number, Int32GetDatum(scale));
	if (smc_ring_from_decimal(DatumGetCString(DirectFunctionCall1(numeric_out, rounded)), scale, &units) != SMC_OK)
		return (SmcRing128) 1 << SENSITIVITY_BITS;
	return units + 1;
}

SmcRing128
smc_privacy_sensitivity(const SmcStudy *study, const SmcAgg *agg, bool is_sum)
{
	const SmcColumn *column;
	SmcRing128	lo;
	SmcRing128	hi;

	if (!is_sum)
		return 1;
	column = smc_privacy_column(study, agg);
	lo = bound_units(column->lo, agg->scale);
	hi = bound_units(column->hi, agg->scale);
	if (Max(lo, hi) >> SENSITIVITY_BITS != 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("%s over study \"%s\" can't be told with noise", smc_query_agg_text(study, agg), study->name),
				 errdetail("The range of column \"%s\" is too wide for the digits that are kept.", column->name)));
	return Max(lo, hi);
}
