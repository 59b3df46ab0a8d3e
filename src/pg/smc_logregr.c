/*
 * Logistic regression as an aggregate; see the header.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "nodes/primnodes.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "core/smc_logistic.h"
#include "pg/smc_deparse.h"
#include "pg/smc_exact.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_logregr.h"
#include "pg/smc_optable.h"

StaticAssertDecl(SMC_MODEL_COLUMNS_MAX <= SMC_LOGISTIC_COLUMNS_MAX, "a model may have as many columns");

#define SIZE_MAX_BITS	((INT64CONST(1) << SMC_LOGISTIC_BITS_MAX) - 1)

/* ---- settings --------------------------------------------------------------------------- */

/* A constant argument. */
static Datum
setting(const SmcStudy *study, List *args, int at)
{
	Const	   *argument = (Const *) list_nth_node(TargetEntry, args, at)->expr;

	if (!IsA(argument, Const) || argument->constisnull)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("iterations and tolerance of smc_logregr over study \"%s\" must be constants", study->name),
				 errhint("Write smc_logregr(y, array[1, x1, x2], 20, 1e-6).")));
	return argument->constvalue;
}

SmcExpr *
smc_logregr_settings(const SmcStudy *study, List *args)
{
	int			iterations = SMC_LOGREGR_ITERATIONS;
	Datum		tolerance = Float8GetDatum(SMC_LOGREGR_TOLERANCE);

	if (list_length(args) > 2)
		iterations = DatumGetInt32(setting(study, args, 2));
	if (list_length(args) > 3)
		tolerance = setting(study, args, 3);
	return smc_expr_const(FLOAT8ARRAYOID, psprintf("{%d,%s}", iterations, DatumGetCString(DirectFunctionCall1(float8out, tolerance))));
}

void
smc_logregr_read_settings(const SmcStudy *study, const SmcAgg *agg, int *iterations, float8 *tolerance)
{
	const SmcExpr *expr = agg->fraction;
	char		end;

	if (expr == NULL || expr->kind != SMC_EXPR_CONST || expr->is_null || expr->value == NULL ||
		expr->type != FLOAT8ARRAYOID || sscanf(expr->value, "{%d,%lf%c", iterations, tolerance, &end) != 3 || end != '}')
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed smc_logregr over study \"%s\"", study->name)));
	if (*iterations < 1 || *iterations > SMC_LOGISTIC_ITERATIONS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("smc_logregr over study \"%s\" can't have %d iterations", study->name, *iterations),
				 errdetail("Their largest number is between 1 and %d.", SMC_LOGISTIC_ITERATIONS_MAX)));
	if (!(*tolerance >= 0.999e-6 && *tolerance <= 0.1))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("smc_logregr over study \"%s\" can't have a tolerance of %g", study->name, *tolerance),
				 errdetail("It is between 1e-6, below which what is rounded matters as much, and 0.1.")));
}

void
smc_logregr_append_settings(StringInfo buf, const SmcAgg *agg)
{
	int			iterations;
	float8		tolerance;

	if (agg->fraction == NULL || agg->fraction->value == NULL ||
		sscanf(agg->fraction->value, "{%d,%lf}", &iterations, &tolerance) != 2)
		return;
	if (iterations != SMC_LOGREGR_ITERATIONS || tolerance != SMC_LOGREGR_TOLERANCE)
		appendStringInfo(buf, ", %d", iterations);
	if (tolerance != SMC_LOGREGR_TOLERANCE)
		appendStringInfo(buf, ", %g", tolerance);
}

bool
smc_logregr_is_flag(const SmcAgg *agg)
{
	return agg->kind == SMC_AGG_LOGREGR && agg->arg->kind == SMC_EXPR_COLUMN && agg->arg->type == BOOLOID;
}

/* ---- ranges ------------------------------------------------------------------------------ */

/* A number's text in units of the last of so many digits, rounded; false when it is none, or too large. */
static bool
text_units(const char *text, int scale, int64 *units)
{
	SmcRing128	ring;
	Datum		number;

	if (text == NULL || strpbrk(text, "NIni") != NULL)
		return false;
	number = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	number = DirectFunctionCall2(numeric_round, number, Int32GetDatum(scale));
	if (smc_ring_from_decimal(DatumGetCString(DirectFunctionCall1(numeric_out, number)), scale, &ring) != SMC_OK ||
		(SmcRing128) (int128) (int64) ring != ring)
		return false;
	*units = (int64) ring;
	return true;
}

/*
 * Bounds of an expression in units of its last digit, by what is agreed; false when they
 * are beyond SMC_LOGISTIC_BITS_MAX bits, or unknown.
 */
static bool
find_range(const SmcStudy *study, const SmcExpr *expr, int scale, int64 *lo, int64 *hi)
{
	int			bits;
	int64		bound;

	if (expr->kind == SMC_EXPR_CONST)
	{
		if (!text_units(expr->value, scale, lo) || *lo < -SIZE_MAX_BITS || *lo > SIZE_MAX_BITS)
			return false;
		*hi = *lo;
		return true;
	}
	if (expr->kind == SMC_EXPR_OP && smc_optable_get(expr->op)->rule == SMC_RULE_CASE)
	{
		int			count = list_length(expr->args);

		*lo = PG_INT64_MAX;
		*hi = PG_INT64_MIN;
		/* conditions and results in turn, and a last one for ELSE; without it it can be NULL */
		for (int i = 0; i < count; i++)
		{
			int64		low;
			int64		high;

			if (i % 2 == 0 && i + 1 < count)
				continue;
			if (!find_range(study, list_nth(expr->args, i), scale, &low, &high))
				return false;
			*lo = Min(*lo, low);
			*hi = Max(*hi, high);
		}
		return true;
	}
	bits = smc_exprrange_bits(study, expr, scale);
	*lo = *hi = 0;
	if (bits <= SMC_LOGISTIC_BITS_MAX)
	{
		*hi = (INT64CONST(1) << bits) - 1;
		*lo = -*hi;
	}
	if (expr->kind == SMC_EXPR_COLUMN)
	{
		const SmcColumn *column = &study->columns[expr->column];
		bool		known = bits <= SMC_LOGISTIC_BITS_MAX;

		if (!known && !(text_units(column->lo, scale, lo) && text_units(column->hi, scale, hi)))
			return false;
		/* the type's smallest has no opposite */
		if (known && smc_exprtype_class(expr) == SMC_CLASS_INT)
			*lo = -*hi - 1;
		if (text_units(column->lo, scale, &bound))
			*lo = Max(*lo, bound);
		if (text_units(column->hi, scale, &bound))
			*hi = Min(*hi, bound);
		return *lo <= *hi && *lo >= -SIZE_MAX_BITS && *hi <= SIZE_MAX_BITS;
	}
	return bits <= SMC_LOGISTIC_BITS_MAX;
}

void
smc_logregr_check(const SmcStudy *study, const SmcAgg *agg)
{
	int			iterations;
	float8		tolerance;
	int64		lo;
	int64		hi;

	smc_logregr_read_settings(study, agg, &iterations, &tolerance);
	if (!smc_logregr_is_flag(agg) &&
		(smc_model_scale(study, agg, smc_model_columns(agg)) != 0 ||
		 !find_range(study, agg->arg, 0, &lo, &hi) || lo < 0 || hi > 1))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly, because its first argument could be something else than 0 and 1",
						smc_query_agg_text(study, agg), study->name),
				 errhint("Use a condition as in smc_logregr(x > 5, ...), or agree on the column's options \"lo\" '0' and \"hi\" '1'.")));
	for (int i = 0; i < smc_model_columns(agg); i++)
	{
		if (!find_range(study, smc_model_column(agg, i), smc_model_scale(study, agg, i), &lo, &hi))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s over study \"%s\" can't be computed jointly, because column %d may have more than %d bits",
							smc_query_agg_text(study, agg), study->name, i + 1, SMC_LOGISTIC_BITS_MAX),
					 errdetail("Counted in its last digit kept, its values are to be below 2^%d. Fewer bits also take less time.",
							   SMC_LOGISTIC_BITS_MAX),
					 errhint("Agree on the column's options \"lo\" and \"hi\", or declare it with fewer digits, or round it.")));
	}
}

void
smc_logregr_task(const SmcStudy *study, const SmcAgg *agg, SmcFitTask *task)
{
	int			iterations;
	float8		tolerance;

	smc_logregr_read_settings(study, agg, &iterations, &tolerance);
	memset(task, 0, sizeof(*task));
	task->iterations = iterations;
	task->max_rows = study->max_rows;
	task->tolerance = Max((uint64) llrint(ldexp(tolerance, SMC_LOGISTIC_TOLERANCE_PLACES)), SMC_LOGISTIC_TOLERANCE_MIN);
	task->column_count = smc_model_columns(agg);
	for (int i = 0; i < task->column_count; i++)
	{
		if (!find_range(study, smc_model_column(agg, i), smc_model_scale(study, agg, i), &task->lo[i], &task->hi[i]))
			elog(ERROR, "a column of smc_logregr has no range");
	}
}

/* ---- a party's rows ----------------------------------------------------------------------- */

/* A column as it is selected: an integer, a numeric of no more digits than are kept, a float. */
static void
append_column(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg, int i)
{
	const SmcExpr *column = smc_model_column(agg, i);

	if (column == agg->arg && smc_logregr_is_flag(agg))
	{
		smc_deparse_expr(buf, deparse, column);
		return;
	}
	switch (smc_exprtype_class(column))
	{
		case SMC_CLASS_FLOAT:
			smc_deparse_as(buf, deparse, column, FLOAT8OID);
			return;
		case SMC_CLASS_NUMERIC:
			appendStringInfoString(buf, "pg_catalog.round(");
			smc_deparse_expr(buf, deparse, column);
			appendStringInfo(buf, ", %d)", smc_model_scale(deparse->study, agg, i));
			return;
		default:
			smc_deparse_as(buf, deparse, column, smc_exprtype_sql_type(deparse->study, column));
	}
}

void
smc_logregr_append_values(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	SmcFitTask	task;

	smc_logregr_task(deparse->study, agg, &task);
	append_column(buf, deparse, agg, smc_model_columns(agg));
	for (int i = 0; i < task.column_count; i++)
	{
		if (task.lo[i] == task.hi[i])
			continue;
		appendStringInfoString(buf, ", ");
		append_column(buf, deparse, agg, i);
	}
}

/* A value in units of its last digit. */
static bool
value_units(Datum value, Oid type, int scale, int64 *units)
{
	uint128		size;

	switch (type)
	{
		case BOOLOID:
			*units = DatumGetBool(value);
			return true;
		case INT2OID:
			*units = DatumGetInt16(value);
			return scale == 0;
		case INT4OID:
			*units = DatumGetInt32(value);
			return scale == 0;
		case INT8OID:
			*units = DatumGetInt64(value);
			return scale == 0;
		case FLOAT8OID:
			if (!smc_exact_float(DatumGetFloat8(value), scale, &size) || size > (uint128) SIZE_MAX_BITS)
				return false;
			*units = DatumGetFloat8(value) < 0 ? -(int64) size : (int64) size;
			return true;
		case NUMERICOID:
			return text_units(DatumGetCString(DirectFunctionCall1(numeric_out, value)), scale, units);
		default:
			elog(ERROR, "unexpected type %u of a regression's value", type);
	}
}

SmcLogregrTaken
smc_logregr_take(const SmcStudy *study, const SmcAgg *agg, const SmcFitTask *task, TupleTableSlot *slot, int first,
				 int64 *values)
{
	TupleDesc	desc = slot->tts_tupleDescriptor;
	int			at = 0;

	for (int i = first; i < desc->natts; i++)
	{
		if (slot->tts_isnull[i])
			return SMC_LOGREGR_LEFT_OUT;
	}
	for (int i = -1; i < task->column_count; i++)
	{
		int64		lo = i < 0 ? 0 : task->lo[i];
		int64		hi = i < 0 ? 1 : task->hi[i];
		int64		units;

		if (lo == hi)
			continue;
		if (!value_units(slot->tts_values[first + at], TupleDescAttr(desc, first + at)->atttypid,
						 i < 0 ? 0 : smc_model_scale(study, agg, i), &units) || units < lo || units > hi)
			return SMC_LOGREGR_OUTSIDE;
		values[at++] = units - lo;
	}
	return SMC_LOGREGR_TAKEN;
}
