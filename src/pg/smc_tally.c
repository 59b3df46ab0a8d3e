/*
 * Modes and histograms as aggregates; see the header.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"

#include "pg/smc_deparse.h"
#include "pg/smc_domain.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_gap.h"
#include "pg/smc_modes.h"
#include "pg/smc_tally.h"

bool
smc_tally_is_one(SmcAggKind kind)
{
	return kind == SMC_AGG_MODE || kind == SMC_AGG_HISTOGRAM;
}

bool
smc_tally_is_whole(const SmcAgg *agg)
{
	bool		is_histogram = agg->kind == SMC_AGG_HISTOGRAM;

	return (agg->lo != NULL) == is_histogram && (agg->hi != NULL) == is_histogram &&
		(agg->buckets != NULL) == is_histogram && (!agg->descending || agg->kind == SMC_AGG_MODE);
}

bool
smc_tally_same(const SmcAgg *a, const SmcAgg *b)
{
	return a->kind == b->kind && smc_expr_equal(a->arg, b->arg) && smc_expr_equal(a->filter, b->filter) &&
		smc_expr_equal(a->lo, b->lo) && smc_expr_equal(a->hi, b->hi) && smc_expr_equal(a->buckets, b->buckets);
}

int
smc_tally_places(const SmcStudy *study, const SmcAgg *agg)
{
	if (agg->kind == SMC_AGG_MODE)
		return study->columns[agg->arg->column].value_count;
	return smc_tally_bucket_count(agg);
}

int
smc_tally_bucket_count(const SmcAgg *agg)
{
	return smc_expr_is_param(agg->buckets) ? 1 : pg_strtoint32(agg->buckets->value);
}

/* ---- modes --------------------------------------------------------------------------- */

static void
check_mode(const SmcStudy *study, const SmcAgg *agg)
{
	const SmcColumn *column = agg->arg->kind == SMC_EXPR_COLUMN ? &study->columns[agg->arg->column] : NULL;

	if (column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly, because it is not of a column",
						smc_query_agg_text(study, agg), study->name),
				 errdetail("The rows of each value are counted, and only of columns all values are agreed.")));
	if (column->value_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly, because column \"%s\" has no declared values",
						smc_query_agg_text(study, agg), study->name, column->name),
				 errdetail("The rows of each value are counted, so all values must be agreed."),
				 errhint("Declare them in the agreed option \"values\".")));
}

/* A text value of a column, in UTF-8, and its place. */
typedef struct TextPlace
{
	const char *text;
	int			place;
} TextPlace;

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(((const TextPlace *) a)->text, ((const TextPlace *) b)->text);
}

/* Sort texts by their bytes in UTF-8: as a database in another encoding would. */
static void
order_texts(const SmcColumn *column, int *order)
{
	TextPlace  *places = palloc(column->value_count * sizeof(TextPlace));

	for (int i = 0; i < column->value_count; i++)
		places[i] = (TextPlace) {pg_server_to_any(column->values[i], strlen(column->values[i]), PG_UTF8), i};
	qsort(places, column->value_count, sizeof(TextPlace), compare_texts);
	for (int i = 0; i < column->value_count; i++)
		order[i] = places[i].place;
}

int *
smc_tally_order(const SmcStudy *study, const SmcAgg *agg)
{
	const SmcColumn *column = &study->columns[agg->arg->column];
	SmcTypeClass class = smc_optable_class(column->type);
	int		   *order = palloc(column->value_count * sizeof(int));

	if (class == SMC_CLASS_TEXT || class == SMC_CLASS_BPCHAR)
		order_texts(column, order);
	else if (class == SMC_CLASS_ENUM)
	{
		/* declared in their order */
		for (int i = 0; i < column->value_count; i++)
			order[i] = i;
	}
	else
	{
		int			level = smc_modes_begin();
		SmcDomain	domain;

		smc_domain_read(&domain, column);
		for (int i = 0; i < column->value_count; i++)
			order[i] = domain.values[i].index;
		smc_modes_end(level);
	}
	for (int i = 0, j = column->value_count - 1; agg->descending && i < j; i++, j--)
	{
		int			swap = order[i];

		order[i] = order[j];
		order[j] = swap;
	}
	return order;
}

Datum
smc_tally_value(const SmcStudy *study, const SmcAgg *agg, int place, Oid type)
{
	const SmcColumn *column = &study->columns[agg->arg->column];
	int			level = smc_modes_begin();
	Datum		value;
	Oid			input;
	Oid			ioparam;

	if (place < 0 || place >= column->value_count)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("the joint answer over study \"%s\" is none of the values of column \"%s\"",
						study->name, column->name),
				 errdetail("A party has sent what doesn't belong to the computation.")));
	getTypeInputInfo(type, &input, &ioparam);
	value = OidInputFunctionCall(input, column->values[place], ioparam, type == column->type ? column->typmod : -1);
	smc_modes_end(level);
	return value;
}

/* ---- histograms ------------------------------------------------------------------------- */

static bool
is_exact(SmcTypeClass class)
{
	return class == SMC_CLASS_INT || class == SMC_CLASS_NUMERIC;
}

static bool
is_number(SmcTypeClass class)
{
	return is_exact(class) || class == SMC_CLASS_FLOAT;
}

/* Whether a bound's type goes with that of the argument. */
static bool
goes_with(SmcTypeClass class, SmcTypeClass bound)
{
	return class == bound || (is_number(class) && is_number(bound));
}

/* Whether both bounds are known to be integers so small that no product with a number of buckets leaves int8. */
static bool
has_small_bounds(const SmcAgg *agg)
{
	const SmcExpr *bounds[2] = {agg->lo, agg->hi};

	for (int i = 0; i < 2; i++)
	{
		if (smc_expr_is_param(bounds[i]) || bounds[i]->value == NULL || strlen(bounds[i]->value) > 15 ||
			strspn(bounds[i]->value, "-0123456789") != strlen(bounds[i]->value))
			return false;
	}
	return true;
}

/*
 * Take off casts that change no value, which a call puts on to bring its arguments
 * to one type: so that one column is known as such, and counted exactly.
 */
static void
strip_casts(SmcAgg *agg)
{
	while (agg->arg->kind == SMC_EXPR_OP && smc_optable_get(agg->arg->op)->rule == SMC_RULE_CAST)
	{
		SmcExpr    *inner = linitial(agg->arg->args);
		SmcTypeClass to = smc_exprtype_class(agg->arg);
		SmcTypeClass from = smc_exprtype_class(inner);

		if (!(from == SMC_CLASS_INT && is_number(to)) && !(from == SMC_CLASS_NUMERIC && to == SMC_CLASS_FLOAT) &&
			!(from == SMC_CLASS_FLOAT && to == SMC_CLASS_FLOAT))
			break;
		agg->arg = inner;
	}
}

/* Check lo or hi. */
static void
check_bound(const SmcStudy *study, const SmcAgg *agg, SmcExpr *bound)
{
	if (bound->kind != SMC_EXPR_CONST)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed histogram over study \"%s\"", study->name)));
	smc_exprtype_resolve(study, bound);
	if (!goes_with(smc_exprtype_class(agg->arg), smc_exprtype_class(bound)))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" has a bound of type %s",
						smc_query_agg_text(study, agg), study->name, format_type_be(bound->type)),
				 errdetail("What is counted is of type %s.", format_type_be(agg->arg->type))));
	if (smc_expr_is_param(bound))
		return;
	if (bound->is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a histogram over study \"%s\" can't have NULL as a bound", study->name)));
	/* infinity, Infinity, NaN: no other number or date has such letters */
	if (strpbrk(bound->value, "NIi") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION),
				 errmsg("%s over study \"%s\" has a bound that is not finite",
						smc_query_agg_text(study, agg), study->name)));
}

static void
check_buckets(const SmcStudy *study, const SmcAgg *agg)
{
	SmcExpr    *buckets = agg->buckets;

	if (buckets->kind != SMC_EXPR_CONST || buckets->type != INT4OID)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed histogram over study \"%s\"", study->name)));
	smc_exprtype_resolve(study, buckets);
	if (smc_expr_is_param(buckets))
		return;
	if (buckets->is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a histogram over study \"%s\" can't have NULL buckets", study->name)));
	if (pg_strtoint32(buckets->value) < 1 || pg_strtoint32(buckets->value) > SMC_BUCKETS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION),
				 errmsg("%s over study \"%s\" asks for %s buckets",
						smc_query_agg_text(study, agg), study->name, buckets->value),
				 errdetail("A histogram has 1 to %d.", SMC_BUCKETS_MAX)));
}

/* A bound as numeric: of a date in days, of a timestamp in microseconds. */
static Datum
bound_number(SmcTypeClass class, const SmcExpr *bound)
{
	int			level;
	int64		units;

	if (is_number(class))
		return DirectFunctionCall3(numeric_in, CStringGetDatum(bound->value),
								   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	level = smc_modes_begin();
	if (class == SMC_CLASS_DATE)
		units = DatumGetInt32(DirectFunctionCall1(date_in, CStringGetDatum(bound->value)));
	else
		units = DatumGetInt64(DirectFunctionCall3(class == SMC_CLASS_TIMESTAMP ? timestamp_in : timestamptz_in,
												  CStringGetDatum(bound->value),
												  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	smc_modes_end(level);
	return DirectFunctionCall1(int8_numeric, Int64GetDatum(units));
}

/* hi - lo, in such units. */
static Datum
width(const SmcAgg *agg)
{
	SmcTypeClass class = smc_exprtype_class(agg->arg);

	return DirectFunctionCall2(numeric_sub, bound_number(class, agg->hi), bound_number(class, agg->lo));
}

Datum
smc_tally_edge(const SmcAgg *agg, int edge, int times)
{
	Datum		lo = bound_number(smc_exprtype_class(agg->arg), agg->lo);
	Datum		count = DirectFunctionCall1(int4_numeric, Int32GetDatum(smc_tally_bucket_count(agg)));
	Datum		result = DirectFunctionCall2(numeric_mul, lo, count);

	result = DirectFunctionCall2(numeric_add, result,
								 DirectFunctionCall2(numeric_mul, width(agg),
													 DirectFunctionCall1(int4_numeric, Int32GetDatum(edge))));
	return DirectFunctionCall2(numeric_mul, result, DirectFunctionCall1(int4_numeric, Int32GetDatum(times)));
}

static char *
number_text(Datum number)
{
	return DatumGetCString(DirectFunctionCall1(numeric_out, number));
}

static void
check_histogram(const SmcStudy *study, SmcAgg *agg)
{
	SmcTypeClass class;

	strip_casts(agg);
	class = smc_exprtype_class(agg->arg);
	/* x + 0 would be another value, with other edges */
	if (smc_gap_applies(study) && agg->arg->kind != SMC_EXPR_COLUMN)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" is not of a column",
						smc_query_agg_text(study, agg), study->name),
				 errdetail("The study withholds what differs by few rows, and edges of one column's buckets are compared.")));
	if (!is_number(class) && class != SMC_CLASS_DATE &&
		class != SMC_CLASS_TIMESTAMP && class != SMC_CLASS_TIMESTAMPTZ)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly for type %s",
						smc_query_agg_text(study, agg), study->name, format_type_be(agg->arg->type)),
				 errdetail("Histograms are of numbers, dates and timestamps.")));
	check_bound(study, agg, agg->lo);
	check_bound(study, agg, agg->hi);
	check_buckets(study, agg);
	if (smc_expr_is_param(agg->lo) || smc_expr_is_param(agg->hi))
		return;
	if (number_text(width(agg))[0] == '-' || strspn(number_text(width(agg)), "0.") == strlen(number_text(width(agg))))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION),
				 errmsg("%s over study \"%s\" has a lower bound that is not below the upper one",
						smc_query_agg_text(study, agg), study->name)));
}

void
smc_tally_check(const SmcStudy *study, SmcAgg *agg)
{
	agg->scale = 0;
	if (agg->kind == SMC_AGG_MODE)
		check_mode(study, agg);
	else
		check_histogram(study, agg);
}

/* ---- SQL ----------------------------------------------------------------------------------- */

/* A constant or parameter, as people write it. */
static void
append_constant(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr)
{
	SmcTypeClass class = smc_optable_class(expr->type);

	if (smc_expr_is_param(expr))
		smc_deparse_expr(buf, deparse, expr);
	else if (expr->value == NULL)
		appendStringInfoString(buf, "NULL");
	else if (is_number(class))
		appendStringInfoString(buf, expr->value);
	else
		appendStringInfoString(buf, quote_literal_cstr(expr->value));
}

void
smc_tally_append(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	if (agg->kind == SMC_AGG_MODE)
	{
		appendStringInfoString(buf, "mode() WITHIN GROUP (ORDER BY ");
		smc_deparse_expr(buf, deparse, agg->arg);
		appendStringInfoString(buf, agg->descending ? " DESC)" : ")");
		return;
	}
	appendStringInfoString(buf, "smc_histogram(");
	smc_deparse_expr(buf, deparse, agg->arg);
	appendStringInfoString(buf, ", ");
	append_constant(buf, deparse, agg->lo);
	appendStringInfoString(buf, ", ");
	append_constant(buf, deparse, agg->hi);
	appendStringInfoString(buf, ", ");
	append_constant(buf, deparse, agg->buckets);
	appendStringInfoChar(buf, ')');
}

/* The type in which values are put into buckets: exact numbers as integers or numerics, floats in double precision. */
static Oid
bucket_type(const SmcStudy *study, const SmcAgg *agg)
{
	SmcTypeClass class = smc_exprtype_class(agg->arg);

	if (class == SMC_CLASS_FLOAT)
		return FLOAT8OID;
	if (!is_exact(class))
		return agg->lo->type;
	return has_small_bounds(agg) && smc_exprtype_sql_type(study, agg->arg) != NUMERICOID ? INT8OID : NUMERICOID;
}

static void
append_value(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	int			scale = smc_exprtype_scale(deparse->study, agg->arg);

	if (smc_exprtype_class(agg->arg) == SMC_CLASS_NUMERIC && scale != SMC_SCALE_NONE &&
		smc_deparse_needs_rounding(deparse, agg->arg))
	{
		appendStringInfoString(buf, "pg_catalog.round(");
		smc_deparse_expr(buf, deparse, agg->arg);
		appendStringInfo(buf, ", %d)", scale);
	}
	else
		smc_deparse_as(buf, deparse, agg->arg, bucket_type(deparse->study, agg));
}

/* A bound, or the number of buckets, as SQL. */
static const char *
literal(const SmcExpr *bound, Oid type)
{
	if (smc_expr_is_param(bound))
		return psprintf("$%d::%s", bound->op + 1, format_type_be_qualified(type));
	return psprintf("%s::%s", quote_literal_cstr(bound->value), format_type_be_qualified(type));
}

/* One value less another as a number: of dates in days, of timestamps in seconds. */
static const char *
difference(SmcTypeClass class, const char *a, const char *b)
{
	return psprintf(class == SMC_CLASS_DATE ? "(%s OPERATOR(pg_catalog.-) %s)::pg_catalog.numeric" :
					"(EXTRACT(epoch FROM %s OPERATOR(pg_catalog.-) %s))::pg_catalog.numeric", a, b);
}

/*
 * The bucket of a value.  width_bucket() sees only what is within the bounds: an
 * infinite date has no difference and NaN no bucket, and an error would tell that
 * it is there.  Of integers it is the same, and ten times as fast, in integers.
 */
static void
append_bucket(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	SmcTypeClass class = smc_exprtype_class(agg->arg);
	Oid			type = bucket_type(deparse->study, agg);
	const char *lo = literal(agg->lo, type);
	const char *hi = literal(agg->hi, type);
	const char *count = literal(agg->buckets, INT4OID);
	StringInfoData value;

	initStringInfo(&value);
	append_value(&value, deparse, agg);
	appendStringInfo(buf, "CASE WHEN %s OPERATOR(pg_catalog.<) %s THEN 0 WHEN %s OPERATOR(pg_catalog.>=) %s THEN %s OPERATOR(pg_catalog.+) 1 ELSE ",
					 value.data, lo, value.data, hi, count);
	if (type == INT8OID)
		appendStringInfo(buf, "((%s OPERATOR(pg_catalog.-) %s) OPERATOR(pg_catalog.*) %s OPERATOR(pg_catalog./) (%s OPERATOR(pg_catalog.-) %s) OPERATOR(pg_catalog.+) 1)::pg_catalog.int4",
						 value.data, lo, count, hi, lo);
	else if (is_number(class))
		appendStringInfo(buf, "pg_catalog.width_bucket(%s, %s, %s, %s)", value.data, lo, hi, count);
	else
		appendStringInfo(buf, "pg_catalog.width_bucket(%s, 0::pg_catalog.numeric, %s, %s)",
						 difference(class, value.data, lo), difference(class, hi, lo), count);
	appendStringInfoString(buf, " END");
}

void
smc_tally_append_place(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	if (agg->kind == SMC_AGG_MODE)
		smc_deparse_expr(buf, deparse, agg->arg);
	else
		append_bucket(buf, deparse, agg);
}
