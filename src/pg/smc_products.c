/*
 * Exact sums of all products of some columns, in one pass.
 *
 * smc_exact_products('{2,0,3}', x1, x2, y) adds up each pair's product over the rows in
 * which no column is NULL: element j (j - 1) / 2 + i of the answer is the sum of
 * column i times column j, i <= j, from one.  Columns are integers, numerics or floats,
 * each taken with so many digits after the point as the first argument says, and
 * rounded half away from zero where it has more; of a float its shortest decimal is.
 * It is part of local queries (pg/smc_model.c); it computes nothing jointly.
 *
 * Sums are integers of 256 bits.  Most values have 64 bits or less, and their
 * products are added up in 128 until those are full.
 *
 * What isn't finite, or is too long for that, makes all sums NaN.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "core/smc_limbs.h"
#include "core/smc_limits.h"
#include "core/smc_wide.h"
#include "pg/smc_exact.h"
#include "pg/smc_model.h"

#define LIMBS			SMC_EXACT_LIMBS
#define COLUMNS_MAX		(SMC_MODEL_COLUMNS_MAX + 1)

PG_FUNCTION_INFO_V1(smc_products_add);
PG_FUNCTION_INFO_V1(smc_products_combine);
PG_FUNCTION_INFO_V1(smc_products_serialize);
PG_FUNCTION_INFO_V1(smc_products_deserialize);
PG_FUNCTION_INFO_V1(smc_products_final);

typedef struct SmcProducts
{
	int64		rows;
	int32		columns;
	bool		is_nan;
	int32		digits[COLUMNS_MAX];
	Oid			types[COLUMNS_MAX];
	int128		part[SMC_MODEL_PRODUCTS_MAX];	/* not yet in sums */
	uint64		sums[SMC_MODEL_PRODUCTS_MAX][LIMBS];	/* signed, low first, in units of the last digits */
} SmcProducts;

/* A row's value in units of its last digit, with its sign. */
typedef struct Value
{
	bool		is_long;
	int64		small;			/* where it isn't */
	uint64		limbs[LIMBS];
} Value;

/* ---- values ------------------------------------------------------------------------- */

static void
set_limbs(Value *value, uint128 size, bool negative)
{
	value->is_long = (size >> 63) != 0;
	value->small = negative ? -(int64) size : (int64) size;
	value->limbs[0] = (uint64) size;
	value->limbs[1] = (uint64) (size >> 64);
	value->limbs[2] = value->limbs[3] = 0;
	if (negative)
		smc_limbs_negate(value->limbs, value->limbs, LIMBS);
}

static bool
integer_value(int64 integer, int digits, Value *value)
{
	uint128		size;

	if (!smc_exact_scale(integer < 0 ? 0 - (uint64) integer : (uint64) integer, digits, &size))
		return false;
	set_limbs(value, size, integer < 0);
	return true;
}

static bool
float_value(float8 number, int digits, Value *value)
{
	uint128		size;

	if (!smc_exact_float(number, digits, &size))
		return false;
	set_limbs(value, size, number < 0);
	return true;
}

static uint16
big_endian(const char *bytes)
{
	return (uint16) ((uint8) bytes[0] << 8 | (uint8) bytes[1]);
}

/*
 * A numeric, by what numeric_send makes of it: how many digits to the base 10000, the
 * weight of the first, the sign, the scale, the digits, two bytes each.  This
 * is a third of the time that its text takes.
 */
static bool
numeric_value(Datum number, int digits, Value *value)
{
	bytea	   *sent = DatumGetByteaPP(DirectFunctionCall1(numeric_send, number));
	const char *bytes = VARDATA_ANY(sent);
	int			count = big_endian(bytes);
	int			weight = (int16) big_endian(bytes + 2);
	uint16		sign = big_endian(bytes + 4);
	uint128		size = 0;
	int			exponent;

	if (sign != 0x0000 && sign != 0x4000)
		return false;			/* no number, or infinite */
	for (int i = 0; i < count; i++)
	{
		if (size >> (SMC_EXACT_VALUE_BITS - 1) != 0)
			return false;
		size = size * 10000 + big_endian(bytes + 8 + 2 * i);
	}
	exponent = 4 * (weight - count + 1) + digits;
	pfree(sent);
	if (exponent < -36)
		size = 0;				/* of at most 2^124 nothing is left */
	if (!smc_exact_scale(size, exponent < -36 ? 0 : exponent, &size))
		return false;
	set_limbs(value, size, sign != 0x0000);
	return true;
}

static bool
get_value(Datum datum, Oid type, int digits, Value *value)
{
	switch (type)
	{
		case INT2OID:
			return integer_value(DatumGetInt16(datum), digits, value);
		case INT4OID:
			return integer_value(DatumGetInt32(datum), digits, value);
		case INT8OID:
			return integer_value(DatumGetInt64(datum), digits, value);
		case NUMERICOID:
			return numeric_value(datum, digits, value);
		case FLOAT4OID:
			return float_value(DatumGetFloat4(datum), digits, value);
		default:
			return float_value(DatumGetFloat8(datum), digits, value);
	}
}

/* ---- the aggregate ---------------------------------------------------------------------- */

static MemoryContext
aggregate_context(FunctionCallInfo fcinfo)
{
	MemoryContext context;

	if (!AggCheckCallContext(fcinfo, &context))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("this function works only inside an aggregate")));
	return context;
}

/* The number of digits of each column, from the first argument. */
static void
take_digits(SmcProducts *state, FunctionCallInfo fcinfo)
{
	ArrayType  *array = PG_ARGISNULL(1) ? NULL : PG_GETARG_ARRAYTYPE_P(1);

	if (array == NULL || ARR_NDIM(array) != 1 || ARR_HASNULL(array) || ARR_ELEMTYPE(array) != INT4OID ||
		ARR_DIMS(array)[0] != state->columns || state->columns > COLUMNS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there must be a number of digits for each of at most %d columns", COLUMNS_MAX)));
	memcpy(state->digits, ARR_DATA_PTR(array), state->columns * sizeof(int32));
	for (int i = 0; i < state->columns; i++)
	{
		if (state->digits[i] < 0 || state->digits[i] > SMC_SCALE_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the number of digits must be between 0 and %d", SMC_SCALE_MAX)));
	}
}

/* The types of the columns: unknown constants and others are refused. */
static void
take_types(SmcProducts *state, FunctionCallInfo fcinfo)
{
	for (int i = 0; i < state->columns; i++)
	{
		Oid			type = get_fn_expr_argtype(fcinfo->flinfo, i + 2);

		if (type != INT2OID && type != INT4OID && type != INT8OID && type != NUMERICOID && type != FLOAT4OID &&
			type != FLOAT8OID)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("columns must be numbers, not of type %s", format_type_be(type))));
		state->types[i] = type;
	}
}

static SmcProducts *
get_state(FunctionCallInfo fcinfo)
{
	MemoryContext context = aggregate_context(fcinfo);
	SmcProducts *state;

	if (!PG_ARGISNULL(0))
		return (SmcProducts *) PG_GETARG_POINTER(0);
	state = MemoryContextAllocZero(context, sizeof(SmcProducts));
	state->columns = PG_NARGS() - 2;
	take_digits(state, fcinfo);
	take_types(state, fcinfo);
	return state;
}

/* sum += value, with its sign. */
static void
add_part(uint64 sum[LIMBS], int128 value)
{
	uint64		limbs[LIMBS];

	limbs[0] = (uint64) value;
	limbs[1] = (uint64) ((uint128) value >> 64);
	limbs[2] = limbs[3] = value < 0 ? ~UINT64CONST(0) : 0;
	smc_limbs_add(sum, sum, limbs, LIMBS);
}

static void
add_product(SmcProducts *state, int at, const Value *x, const Value *y)
{
	uint64		product[LIMBS];
	int128		sum;

	if (x->is_long || y->is_long)
	{
		smc_limbs_multiply(product, x->limbs, y->limbs, LIMBS);
		smc_limbs_add(state->sums[at], state->sums[at], product, LIMBS);
	}
	else if (__builtin_add_overflow(state->part[at], (int128) x->small * y->small, &sum))
	{
		add_part(state->sums[at], state->part[at]);
		state->part[at] = (int128) x->small * y->small;
	}
	else
		state->part[at] = sum;
}

/* smc_products_add(internal, int4[], VARIADIC "any") */
Datum
smc_products_add(PG_FUNCTION_ARGS)
{
	SmcProducts *state = get_state(fcinfo);
	Value		values[COLUMNS_MAX];

	for (int i = 0; i < state->columns; i++)
	{
		if (PG_ARGISNULL(i + 2))
			PG_RETURN_POINTER(state);
	}
	state->rows++;
	for (int i = 0; i < state->columns && !state->is_nan; i++)
		state->is_nan = !get_value(PG_GETARG_DATUM(i + 2), state->types[i], state->digits[i], &values[i]);
	if (state->is_nan)
		PG_RETURN_POINTER(state);
	for (int j = 0; j < state->columns; j++)
	{
		for (int i = 0; i <= j; i++)
			add_product(state, SMC_MODEL_PRODUCT(i, j), &values[i], &values[j]);
	}
	PG_RETURN_POINTER(state);
}

static void
settle_parts(SmcProducts *state)
{
	for (int i = 0; i < SMC_MODEL_PRODUCT(0, state->columns); i++)
	{
		add_part(state->sums[i], state->part[i]);
		state->part[i] = 0;
	}
}

Datum
smc_products_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SmcProducts *a = PG_ARGISNULL(0) ? NULL : (SmcProducts *) PG_GETARG_POINTER(0);
	const SmcProducts *b = PG_ARGISNULL(1) ? NULL : (const SmcProducts *) PG_GETARG_POINTER(1);

	if (b == NULL)
	{
		if (a == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(a);
	}
	if (a == NULL)
	{
		a = MemoryContextAlloc(context, sizeof(SmcProducts));
		*a = *b;
		PG_RETURN_POINTER(a);
	}
	a->rows += b->rows;
	a->is_nan |= b->is_nan;
	for (int i = 0; i < SMC_MODEL_PRODUCT(0, a->columns); i++)
	{
		add_part(a->sums[i], b->part[i]);
		smc_limbs_add(a->sums[i], a->sums[i], b->sums[i], LIMBS);
	}
	PG_RETURN_POINTER(a);
}

/* Between processes of one server: the state as it is. */
Datum
smc_products_serialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = palloc(VARHDRSZ + sizeof(SmcProducts));

	(void) aggregate_context(fcinfo);
	SET_VARSIZE(bytes, VARHDRSZ + sizeof(SmcProducts));
	memcpy(VARDATA(bytes), PG_GETARG_POINTER(0), sizeof(SmcProducts));
	PG_RETURN_BYTEA_P(bytes);
}

Datum
smc_products_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	SmcProducts *state = palloc(sizeof(SmcProducts));

	(void) aggregate_context(fcinfo);
	if (VARSIZE_ANY_EXHDR(bytes) != sizeof(SmcProducts))
		elog(ERROR, "a state of exact products has %zu bytes", VARSIZE_ANY_EXHDR(bytes));
	memcpy(state, VARDATA_ANY(bytes), sizeof(SmcProducts));
	PG_RETURN_POINTER(state);
}

/* The sums of products; NULL of no rows. */
Datum
smc_products_final(PG_FUNCTION_ARGS)
{
	SmcProducts *state = PG_ARGISNULL(0) ? NULL : (SmcProducts *) PG_GETARG_POINTER(0);
	Datum		values[SMC_MODEL_PRODUCTS_MAX];
	int			count;

	(void) aggregate_context(fcinfo);
	if (state == NULL || state->rows == 0)
		PG_RETURN_NULL();
	settle_parts(state);
	count = SMC_MODEL_PRODUCT(0, state->columns);
	for (int i = 0; i < count; i++)
	{
		int			a;
		int			b;

		smc_model_pair(i, &a, &b);
		values[i] = smc_exact_numeric(state->is_nan ? NULL : state->sums[i], state->digits[a] + state->digits[b]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_array(values, count, NUMERICOID, -1, false, TYPALIGN_INT));
}
