/*
 * Models from their opened parts; see the header.
 *
 * A part is opened as a double is made: an integer of at most 53 bits and an
 * exponent of two, in units of the last digits that its columns are kept with.  Which
 * power of ten that is all know, so it is divided by here.  What follows from the parts by public arithmetic (t
 * statistics, p-values) is computed by each recipient.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/typcache.h"

#include "core/smc_logistic.h"
#include "pg/smc_model_figure.h"
#include "pg/smc_model_value.h"
#include "pg/smc_student.h"

/* A part as a double: value * 2^exponent / 10^scale. */
static float8
part_float8(const SmcJointFigure *part, int scale)
{
	float8		value = ldexp((float8) (int64) part->value.limb[0], part->digits);

	/* powers of ten up to 22 are exact doubles */
	for (; scale > 0; scale -= Min(scale, 22))
		value /= pow(10, Min(scale, 22));
	for (; scale < 0; scale += Min(-scale, 22))
		value *= pow(10, Min(-scale, 22));
	return value;
}

static Datum
float8_array(const Datum *values, const bool *nulls, int count)
{
	int			lower = 1;

	return PointerGetDatum(construct_md_array((Datum *) values, (bool *) nulls, 1, &count, &lower, FLOAT8OID,
											  sizeof(float8), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* Digits by which a coefficient is to be divided: of y less of its column. */
static int
coefficient_scale(const SmcStudy *study, const SmcAgg *agg, int column)
{
	return smc_model_scale(study, agg, smc_model_columns(agg)) - smc_model_scale(study, agg, column);
}

/* The fields of smc_linregr_result in order. */
static void
linear_fields(const SmcStudy *study, const SmcAgg *agg, const SmcJointFigure *parts, Datum fields[6], bool nulls[6])
{
	int			columns = smc_model_columns(agg);
	int64		rows = (int64) parts[2 * columns + 1].value.limb[0];
	bool		absent[SMC_MODEL_COLUMNS_MAX] = {false};
	Datum		arrays[4][SMC_MODEL_COLUMNS_MAX];	/* coef, std_err, t_stats, p_values */

	for (int i = 0; i < columns; i++)
	{
		int			scale = coefficient_scale(study, agg, i);
		float8		coef = part_float8(&parts[i], scale);
		float8		std_err = part_float8(&parts[columns + i], scale);
		float8		t = coef / std_err;

		arrays[0][i] = Float8GetDatum(coef);
		arrays[1][i] = Float8GetDatum(std_err);
		arrays[2][i] = Float8GetDatum(t);
		arrays[3][i] = Float8GetDatum(smc_student_two_sided(t, (float8) (rows - columns)));
	}
	nulls[0] = parts[0].is_null;
	nulls[2] = nulls[3] = nulls[4] = parts[columns].is_null;
	nulls[1] = parts[2 * columns].is_null;
	nulls[5] = false;
	fields[0] = float8_array(arrays[0], absent, columns);
	fields[1] = Float8GetDatum(Max(part_float8(&parts[2 * columns], 0), 0));
	for (int i = 1; i < 4; i++)
		fields[i + 1] = float8_array(arrays[i], absent, columns);
	fields[5] = Int64GetDatum(rows);
}

Datum
smc_model_figure(const SmcStudy *study, const SmcAgg *agg, const SmcJointFigure *parts, Oid type, bool *isnull)
{
	Datum		fields[6];
	bool		nulls[6];
	TupleDesc	description;
	Datum		row;

	*isnull = parts[0].state != SMC_ELEMENT_OPENED;
	if (*isnull)
		return (Datum) 0;
	linear_fields(study, agg, parts, fields, nulls);
	description = lookup_rowtype_tupdesc(type, -1);
	row = HeapTupleGetDatum(heap_form_tuple(description, fields, nulls));
	ReleaseTupleDesc(description);
	return row;
}

/* |P(Z > |z|)| of both sides, for a standard normal Z. */
static float8
normal_two_sided(float8 z)
{
	return erfc(fabs(z) / sqrt(2.0));
}

Datum
smc_model_fitted(const SmcStudy *study, const SmcAgg *agg, const SmcFitted *fitted, Oid type)
{
	int			columns = smc_model_columns(agg);
	bool		absent[SMC_MODEL_COLUMNS_MAX] = {false};
	bool		is_model = fitted->end == SMC_LOGISTIC_CONVERGED || fitted->end == SMC_LOGISTIC_UNFINISHED;
	Datum		arrays[5][SMC_MODEL_COLUMNS_MAX];	/* coef, std_err, z_stats, p_values, odds_ratios */
	Datum		fields[8];
	bool		nulls[8];
	TupleDesc	description;
	Datum		row;

	for (int i = 0; i < columns; i++)
	{
		/* a coefficient is for one, not for a last digit */
		float8		unit = pow(10, smc_model_scale(study, agg, i));
		float8		coef = fitted->coef[i] * unit;
		float8		std_err = sqrt(fitted->variance[i]) * unit;

		arrays[0][i] = Float8GetDatum(coef);
		arrays[1][i] = Float8GetDatum(std_err);
		arrays[2][i] = Float8GetDatum(coef / std_err);
		arrays[3][i] = Float8GetDatum(normal_two_sided(coef / std_err));
		arrays[4][i] = Float8GetDatum(exp(coef));
	}
	for (int i = 0; i < 6; i++)
		nulls[i] = !is_model;
	nulls[6] = nulls[7] = false;
	fields[0] = float8_array(arrays[0], absent, columns);
	fields[1] = Float8GetDatum(fitted->log_likelihood);
	for (int i = 1; i < 5; i++)
		fields[i + 1] = float8_array(arrays[i], absent, columns);
	fields[6] = Int64GetDatum(fitted->rows);
	fields[7] = Int32GetDatum(fitted->iterations);
	nulls[7] = fitted->end == SMC_FIT_TOO_MANY;
	description = lookup_rowtype_tupdesc(type, -1);
	row = HeapTupleGetDatum(heap_form_tuple(description, fields, nulls));
	ReleaseTupleDesc(description);
	return row;
}
