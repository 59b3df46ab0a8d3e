/*
 * Order statistics as aggregates; see the header.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "pg/smc_deparse.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_extreme.h"
#include "pg/smc_figure.h"
#include "pg/smc_percentile.h"

#define FRACTION_UNIT	1000000 /* 10^SMC_PERCENTILE_DIGITS */
#define KEY_BITS		62

/* The integer of a real as a double has that many more bits than it needs, all zero. */
#define REAL_SPARE_BITS	29

bool
smc_percentile_is_one(SmcAggKind kind)
{
	return kind == SMC_AGG_MEDIAN || kind == SMC_AGG_PERCENTILE ||
		kind == SMC_AGG_PERCENTILE_CONT || kind == SMC_AGG_PERCENTILE_DISC;
}

bool
smc_percentile_interpolates(SmcAggKind kind)
{
	return kind != SMC_AGG_PERCENTILE_DISC;
}

/* ---- fractions ------------------------------------------------------------------------ */

static uint32
common_divisor(uint32 a, uint32 b)
{
	while (b != 0)
	{
		uint32		rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static void
raise_fraction(const char *text)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("percentile value %s is not between 0 and 1", text)));
}

/* Read one from a float's text. */
static void
read_fraction(const char *text, SmcFraction *fraction)
{
	Datum		number;
	SmcRing128	units = 0;
	uint32		divisor;

	if (strpbrk(text, "NI") != NULL || text[0] == '-')
		raise_fraction(text);
	/* its exponent is written out */
	number = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	if (DatumGetBool(DirectFunctionCall2(numeric_gt, number, NumericGetDatum(int64_to_numeric(1)))))
		raise_fraction(text);
	if (smc_ring_from_decimal(DatumGetCString(DirectFunctionCall1(numeric_out, number)),
							  SMC_PERCENTILE_DIGITS, &units) != SMC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("percentile value %s has more than %d digits after the point", text, SMC_PERCENTILE_DIGITS),
				 errdetail("Where a percentile falls between two values tells of the number of rows, and the more so the more digits it has."),
				 errhint("Round it.")));
	divisor = common_divisor((uint32) units, FRACTION_UNIT);
	fraction->is_null = false;
	fraction->numerator = (uint32) units / divisor;
	fraction->denominator = FRACTION_UNIT / divisor;
}

/* Read those of an array's canonical text, one dimension: {0.25,0.5,NULL}. */
static int
read_fractions(const char *text, SmcFraction fractions[SMC_PERCENTILES_MAX])
{
	char	   *copy = pstrdup(text);
	size_t		len = strlen(copy);
	int			count = 0;
	char	   *save;

	if (len < 3 || copy[0] != '{' || copy[len - 1] != '}' || strpbrk(copy + 1, "{[") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("percentiles over a study need a list of one dimension, and not an empty one")));
	copy[len - 1] = '\0';
	for (char *part = strtok_r(copy + 1, ",", &save); part != NULL; part = strtok_r(NULL, ",", &save))
	{
		if (count == SMC_PERCENTILES_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("more than %d percentiles can't be asked for in one aggregate over a study",
							SMC_PERCENTILES_MAX)));
		memset(&fractions[count], 0, sizeof(SmcFraction));
		if (strcmp(part, "NULL") == 0)
			fractions[count].is_null = true;
		else
			read_fraction(part, &fractions[count]);
		count++;
	}
	pfree(copy);
	return count;
}

int
smc_percentile_fractions(const SmcAgg *agg, SmcFraction fractions[SMC_PERCENTILES_MAX])
{
	const SmcExpr *expr = agg->fraction;

	memset(fractions, 0, sizeof(SmcFraction));
	if (expr == NULL)
		fractions[0] = (SmcFraction) {false, 1, 2};
	else if (smc_expr_is_param(expr))
		fractions[0] = (SmcFraction) {false, 1, FRACTION_UNIT};
	else if (expr->type == FLOAT8ARRAYOID)
		return read_fractions(expr->value, fractions);
	else
		read_fraction(expr->value, &fractions[0]);
	return 1;
}

static void
raise_null(const SmcStudy *study)
{
	ereport(ERROR,
			(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
			 errmsg("a percentile over study \"%s\" can't be at NULL", study->name)));
}

void
smc_percentile_check_fraction(const SmcStudy *study, SmcAgg *agg)
{
	SmcFraction fractions[SMC_PERCENTILES_MAX];
	SmcExpr    *expr = agg->fraction;
	int			count;
	bool		is_native = agg->kind == SMC_AGG_PERCENTILE_CONT || agg->kind == SMC_AGG_PERCENTILE_DISC;

	if ((expr == NULL) != (agg->kind == SMC_AGG_MEDIAN) ||
		(expr != NULL && expr->kind != SMC_EXPR_CONST) ||
		(expr != NULL && expr->type != FLOAT8OID && !(is_native && expr->type == FLOAT8ARRAYOID)))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed percentile over study \"%s\"", study->name)));
	if (expr == NULL || smc_expr_is_param(expr))
		return;
	if (expr->is_null)
		raise_null(study);
	smc_expr_check_constant(expr->type, expr->value);
	count = smc_percentile_fractions(agg, fractions);
	for (int i = 0; i < count; i++)
	{
		if (!fractions[i].is_null)
			return;
	}
	raise_null(study);
}

uint32
smc_percentile_words(const SmcAgg *agg)
{
	SmcFraction fractions[SMC_PERCENTILES_MAX];
	int			count = smc_percentile_fractions(agg, fractions);

	for (int i = 0; i < count; i++)
	{
		/* a parameter passes with some value: it is looked at again once it is bound */
		if (!fractions[i].is_null && fractions[i].denominator != 2 && !smc_expr_is_param(agg->fraction))
			return SMC_ALLOW_PERCENTILE;
	}
	return SMC_ALLOW_MEDIAN | SMC_ALLOW_PERCENTILE;
}

/* ---- values -------------------------------------------------------------------------------- */

void
smc_percentile_strip(const SmcStudy *study, SmcAgg *agg)
{
	SmcExpr    *expr = agg->arg;

	while (agg->kind != SMC_AGG_PERCENTILE_DISC && expr->kind == SMC_EXPR_OP &&
		   smc_optable_get(expr->op)->rule == SMC_RULE_CAST && expr->type == FLOAT8OID)
	{
		SmcExpr    *inner = linitial(expr->args);
		SmcTypeClass class = smc_exprtype_class(inner);
		int			scale = smc_exprtype_scale(study, inner);

		/* what is too long for a key is one in double precision */
		if (class != SMC_CLASS_FLOAT && !(class == SMC_CLASS_INT && inner->kind == SMC_EXPR_COLUMN) &&
			(scale == SMC_SCALE_NONE || scale + SMC_PERCENTILE_DIGITS > SMC_SCALE_MAX ||
			 smc_exprrange_bits(study, inner, scale) > KEY_BITS))
			break;
		expr = inner;
	}
	agg->arg = expr;
}

Oid
smc_percentile_type(const SmcAgg *agg)
{
	bool		is_list = agg->fraction != NULL && agg->fraction->type == FLOAT8ARRAYOID;

	switch (agg->kind)
	{
		case SMC_AGG_PERCENTILE_CONT:
			return is_list ? FLOAT8ARRAYOID : FLOAT8OID;
		case SMC_AGG_PERCENTILE_DISC:
			return is_list ? get_array_type(agg->arg->type) : agg->arg->type;
		default:
			return smc_exprtype_class(agg->arg) == SMC_CLASS_FLOAT ? FLOAT8OID : NUMERICOID;
	}
}

/* Whether the argument is a column of type real, whose keys are shorter. */
static bool
is_real(const SmcAgg *agg)
{
	return agg->arg->kind == SMC_EXPR_COLUMN && agg->arg->type == FLOAT4OID;
}

/* An agreed bound as a key; false where it is beyond all keys, or none is agreed. */
static bool
bound_key(const char *text, int scale, int64 *key)
{
	SmcRing128	ring;
	Datum		number;

	if (text == NULL || strpbrk(text, "NI") != NULL)
		return false;
	number = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	number = DirectFunctionCall2(numeric_round, number, Int32GetDatum(scale));
	if (smc_ring_from_decimal(DatumGetCString(DirectFunctionCall1(numeric_out, number)), scale, &ring) != SMC_OK ||
		(SmcRing128) (int128) (int64) ring != ring)
		return false;
	*key = (int64) ring;
	return true;
}

/* The same of a column of floats, dates or timestamps. */
static bool
ordered_bound_key(const SmcAgg *agg, const SmcColumn *column, const char *text, int64 *key)
{
	Oid			input;
	Oid			ioparam;
	Datum		value;

	if (text == NULL)
		return false;
	getTypeInputInfo(column->type, &input, &ioparam);
	value = OidInputFunctionCall(input, unconstify(char *, text), ioparam, -1);
	if (column->type == FLOAT4OID)
		value = DirectFunctionCall1(ftod, value);
	return smc_percentile_key(agg, value, column->type == FLOAT4OID ? FLOAT8OID : column->type, key);
}

/* Bits of the keys of whole numbers and decimals, by what is agreed; more than KEY_BITS: they may not fit. */
static int
key_bits(const SmcStudy *study, const SmcAgg *agg)
{
	return smc_exprrange_bits(study, agg->arg, agg->scale);
}

/* The range of keys that a type has. */
static void
type_domain(const SmcStudy *study, const SmcAgg *agg, int64 *lo, int64 *hi)
{
	Oid			type = agg->arg->type;
	SmcRing128	ring;

	*lo = PG_INT64_MIN;
	*hi = PG_INT64_MAX;
	switch (smc_exprtype_class(agg->arg))
	{
		case SMC_CLASS_INT:
		case SMC_CLASS_NUMERIC:
			if (agg->arg->kind == SMC_EXPR_COLUMN && type == INT8OID)
				break;
			if (agg->arg->kind == SMC_EXPR_COLUMN && type == INT4OID)
			{
				*lo = PG_INT32_MIN;
				*hi = PG_INT32_MAX;
			}
			else if (agg->arg->kind == SMC_EXPR_COLUMN && type == INT2OID)
			{
				*lo = PG_INT16_MIN;
				*hi = PG_INT16_MAX;
			}
			else if (key_bits(study, agg) <= KEY_BITS)
			{
				*hi = (INT64CONST(1) << key_bits(study, agg)) - 1;
				*lo = -*hi;
			}
			break;
		case SMC_CLASS_DATE:
			*lo = PG_INT32_MIN;
			*hi = PG_INT32_MAX;
			break;
		case SMC_CLASS_FLOAT:
			(void) smc_extreme_to_ring(Float8GetDatum(-get_float8_infinity()), FLOAT8OID, &ring);
			*lo = (int64) ring;
			(void) smc_extreme_to_ring(Float8GetDatum(get_float8_nan()), FLOAT8OID, &ring);
			*hi = (int64) ring;
			if (is_real(agg))
			{
				*lo /= INT64CONST(1) << REAL_SPARE_BITS;
				*hi /= INT64CONST(1) << REAL_SPARE_BITS;
			}
			break;
		default:
			break;
	}
}

void
smc_percentile_domain(const SmcStudy *study, const SmcAgg *agg, int64 *lo, int64 *hi)
{
	SmcTypeClass class = smc_exprtype_class(agg->arg);
	const SmcColumn *column;
	int64		key;

	type_domain(study, agg, lo, hi);
	if (agg->arg->kind != SMC_EXPR_COLUMN)
		return;
	column = &study->columns[agg->arg->column];
	if (class == SMC_CLASS_INT || class == SMC_CLASS_NUMERIC)
	{
		if (bound_key(column->lo, agg->scale, &key))
			*lo = Max(*lo, key);
		if (bound_key(column->hi, agg->scale, &key))
			*hi = Min(*hi, key);
	}
	else
	{
		if (ordered_bound_key(agg, column, column->lo, &key))
			*lo = Max(*lo, key);
		if (ordered_bound_key(agg, column, column->hi, &key))
			*hi = Min(*hi, key);
	}
}

void
smc_percentile_check(const SmcStudy *study, const SmcAgg *agg)
{
	SmcTypeClass class = smc_exprtype_class(agg->arg);
	int64		lo;
	int64		hi;

	if (smc_percentile_interpolates(agg->kind) && class != SMC_CLASS_INT && class != SMC_CLASS_NUMERIC &&
		class != SMC_CLASS_FLOAT)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly for type %s",
						smc_query_agg_text(study, agg), study->name, format_type_be(agg->arg->type)),
				 errhint("percentile_disc() takes dates and timestamps too.")));
	if ((class == SMC_CLASS_NUMERIC || (class == SMC_CLASS_INT && agg->arg->kind != SMC_EXPR_COLUMN)) &&
		(key_bits(study, agg) > KEY_BITS || agg->scale + SMC_PERCENTILE_DIGITS > SMC_SCALE_MAX))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly, because its values may have more than 18 digits",
						smc_query_agg_text(study, agg), study->name),
				 errhint("Declare the columns numeric(p,s) with fewer digits, or agree on their options \"lo\" and \"hi\".")));
	smc_percentile_domain(study, agg, &lo, &hi);
	if (lo > hi)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("%s over study \"%s\" has no value in the agreed range", smc_query_agg_text(study, agg), study->name)));
}

bool
smc_percentile_key(const SmcAgg *agg, Datum value, Oid type, int64 *key)
{
	SmcRing128	ring;
	char	   *text;
	bool		fits;

	switch (type)
	{
		case INT2OID:
			*key = DatumGetInt16(value);
			return true;
		case INT4OID:
			*key = DatumGetInt32(value);
			return true;
		case INT8OID:
			*key = DatumGetInt64(value);
			return true;
		case NUMERICOID:
			text = DatumGetCString(DirectFunctionCall1(numeric_out, value));
			fits = smc_ring_from_decimal(text, agg->scale, &ring) == SMC_OK;
			pfree(text);
			if (!fits)
				return false;
			/* what is beyond counts as the end of the range */
			*key = (SmcRing128) (int128) (int64) ring == ring ? (int64) ring :
				(int128) ring < 0 ? PG_INT64_MIN : PG_INT64_MAX;
			return true;
		default:
			if (!smc_extreme_to_ring(value, type, &ring))
				elog(ERROR, "unexpected type %u of a percentile's value", type);
			*key = (int64) ring;
			if (is_real(agg))
				*key /= INT64CONST(1) << REAL_SPARE_BITS;
			return true;
	}
}

/* ---- texts ------------------------------------------------------------------------------------- */

static void
append_fraction(StringInfo buf, const SmcExpr *fraction)
{
	if (smc_expr_is_param(fraction))
		appendStringInfo(buf, "$%d", fraction->op + 1);
	else if (fraction->is_null)
		appendStringInfoString(buf, "NULL");
	else if (fraction->type == FLOAT8ARRAYOID)
		appendStringInfoString(buf, quote_literal_cstr(fraction->value));
	else
		appendStringInfoString(buf, fraction->value);
}

void
smc_percentile_append(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	switch (agg->kind)
	{
		case SMC_AGG_MEDIAN:
			appendStringInfoString(buf, "smc_median(");
			smc_deparse_expr(buf, deparse, agg->arg);
			break;
		case SMC_AGG_PERCENTILE:
			appendStringInfoString(buf, "smc_percentile(");
			smc_deparse_expr(buf, deparse, agg->arg);
			appendStringInfoString(buf, ", ");
			append_fraction(buf, agg->fraction);
			break;
		default:
			appendStringInfoString(buf, agg->kind == SMC_AGG_PERCENTILE_CONT ? "percentile_cont(" : "percentile_disc(");
			append_fraction(buf, agg->fraction);
			appendStringInfoString(buf, ") WITHIN GROUP (ORDER BY ");
			smc_deparse_expr(buf, deparse, agg->arg);
			break;
	}
	appendStringInfoChar(buf, ')');
}

void
smc_percentile_append_value(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	switch (smc_exprtype_class(agg->arg))
	{
		case SMC_CLASS_FLOAT:
			smc_deparse_as(buf, deparse, agg->arg, FLOAT8OID);
			return;
		case SMC_CLASS_NUMERIC:
			if (!smc_deparse_needs_rounding(deparse, agg->arg))
				break;
			appendStringInfoString(buf, "pg_catalog.round(");
			smc_deparse_expr(buf, deparse, agg->arg);
			appendStringInfo(buf, ", %d)", agg->scale);
			return;
		default:
			break;
	}
	smc_deparse_expr(buf, deparse, agg->arg);
}

/* ---- figures -------------------------------------------------------------------------------------- */

static SmcRing128
to_ring(int64 key)
{
	return (SmcRing128) (int128) key;
}

/* A key as the value it stands for, of floats, dates and timestamps as that type. */
static Datum
ordered_value(const SmcAgg *agg, int64 key, Oid type)
{
	SmcRing128	ring = to_ring(is_real(agg) ? key * (INT64CONST(1) << REAL_SPARE_BITS) : key);
	Datum		value;

	if (!smc_extreme_from_ring(ring, type, &value))
		elog(ERROR, "a percentile can't be of type %u", type);
	return value;
}

static float8
float_value(const SmcAgg *agg, int64 key)
{
	if (smc_exprtype_class(agg->arg) == SMC_CLASS_FLOAT)
		return DatumGetFloat8(ordered_value(agg, key, FLOAT8OID));
	return DatumGetFloat8(smc_figure_number(to_ring(key), agg->scale, FLOAT8OID));
}

/* A value as stored, of the argument's type. */
static Datum
discrete(const SmcAgg *agg, int64 key, Oid type)
{
	switch (smc_exprtype_class(agg->arg))
	{
		case SMC_CLASS_INT:
			if (type == INT2OID)
				return Int16GetDatum((int16) smc_extreme_integer(to_ring(key), PG_INT16_MIN, PG_INT16_MAX));
			if (type == INT4OID)
				return Int32GetDatum((int32) smc_extreme_integer(to_ring(key), PG_INT32_MIN, PG_INT32_MAX));
			return smc_figure_number(to_ring(key), 0, type);
		case SMC_CLASS_NUMERIC:
			return smc_figure_number(to_ring(key), agg->scale, type);
		default:
			return ordered_value(agg, key, type);
	}
}

/*
 * lower + (upper - lower) rest / denominator, exactly: with as many digits more
 * than the values have as that takes.
 */
static Datum
exact(const SmcAgg *agg, const SmcFraction *fraction, const SmcRanked *ranked)
{
	int128		value = (int128) ranked->lower * FRACTION_UNIT +
		((int128) ranked->upper - ranked->lower) * (ranked->rest * (FRACTION_UNIT / fraction->denominator));
	int			digits = SMC_PERCENTILE_DIGITS;

	while (digits > 0 && value % 10 == 0)
	{
		value /= 10;
		digits--;
	}
	return smc_figure_number((SmcRing128) value, agg->scale + digits, NUMERICOID);
}

Datum
smc_percentile_figure(const SmcAgg *agg, const SmcFraction *fraction, const SmcRanked *ranked, Oid type)
{
	float8		lower;
	float8		upper;

	if (agg->kind == SMC_AGG_PERCENTILE_DISC)
		return discrete(agg, ranked->lower, type);
	if (type == NUMERICOID && smc_exprtype_class(agg->arg) != SMC_CLASS_FLOAT)
		return exact(agg, fraction, ranked);
	if (type != FLOAT8OID)
		elog(ERROR, "a percentile can't be of type %u", type);
	lower = float_value(agg, ranked->lower);
	if (ranked->lower == ranked->upper)
		return Float8GetDatum(lower);
	upper = float_value(agg, ranked->upper);
	return Float8GetDatum(lower + (float8) ranked->rest / fraction->denominator * (upper - lower));
}
