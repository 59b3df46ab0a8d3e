/*
 * Opened models applied to a row: plain functions, without any study.
 *
 * Both composite types have coef as their first field.
 */
#include "postgres.h"

#include <math.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(smc_predict_linear);
PG_FUNCTION_INFO_V1(smc_predict_logistic);

/* An array as doubles; raises where it has nulls or more than one dimension. */
static float8 *
read_array(ArrayType *array, const char *what, int *count)
{
	if (ARR_NDIM(array) > 1 || array_contains_nulls(array))
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("%s must be an array of one dimension without nulls", what)));
	*count = ArrayGetNItems(ARR_NDIM(array), ARR_DIMS(array));
	return (float8 *) ARR_DATA_PTR(array);
}

/* A row's coef; false where it is NULL. */
static bool
read_coefficients(HeapTupleHeader row, float8 **coef, int *count)
{
	TupleDesc	desc = lookup_rowtype_tupdesc(HeapTupleHeaderGetTypeId(row), HeapTupleHeaderGetTypMod(row));
	HeapTupleData tuple;
	Datum		value;
	bool		isnull;

	tuple.t_len = HeapTupleHeaderGetDatumLength(row);
	ItemPointerSetInvalid(&tuple.t_self);
	tuple.t_tableOid = InvalidOid;
	tuple.t_data = row;
	value = heap_getattr(&tuple, 1, desc, &isnull);
	ReleaseTupleDesc(desc);
	if (!isnull)
		*coef = read_array(DatumGetArrayTypePCopy(value), "coef", count);
	return !isnull;
}

/* The linear predictor: coef times x; false where the model has none. */
static bool
predict(FunctionCallInfo fcinfo, float8 *sum)
{
	float8	   *coef;
	float8	   *x;
	int			count;
	int			x_count;

	*sum = 0;
	if (!read_coefficients(PG_GETARG_HEAPTUPLEHEADER(0), &coef, &count))
		return false;
	x = read_array(PG_GETARG_ARRAYTYPE_P(1), "x", &x_count);
	if (x_count != count)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("the model has %d coefficients, but x has %d elements", count, x_count),
				 errhint("Give the columns in the order in which the model has them, the 1 of the intercept included.")));
	for (int i = 0; i < count; i++)
		*sum += coef[i] * x[i];
	return true;
}

Datum
smc_predict_linear(PG_FUNCTION_ARGS)
{
	float8		sum;

	if (!predict(fcinfo, &sum))
		PG_RETURN_NULL();
	PG_RETURN_FLOAT8(sum);
}

Datum
smc_predict_logistic(PG_FUNCTION_ARGS)
{
	float8		sum;

	if (!predict(fcinfo, &sum))
		PG_RETURN_NULL();
	/* exp() of what is never above 0 */
	PG_RETURN_FLOAT8(sum >= 0 ? 1 / (1 + exp(-sum)) : exp(sum) / (1 + exp(sum)));
}
