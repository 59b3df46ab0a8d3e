/*
 * Exact sums of floats, of their squares and of products.
 *
 * A sum of squares in double precision has lost what a variance is made of.  So
 * each value is taken as its shortest decimal, rounded half away from zero to so many
 * digits, and what is added up are integers of 256 bits: the answer is that of
 * numeric arithmetic on the same decimals, whatever the order of rows, at a
 * fraction of its time.  smc_exact_sums is part of local queries
 * (pg/smc_statistic.c); it computes nothing jointly.
 *
 * What isn't finite, or is too long for that, makes all sums NaN.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "common/shortest_dec.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"

#include "core/smc_limbs.h"
#include "core/smc_limits.h"
#include "core/smc_wide.h"
#include "pg/smc_exact.h"

#define LIMBS			SMC_EXACT_LIMBS
#define SUMS			5		/* y, x, y^2, x^2, x y */

PG_FUNCTION_INFO_V1(smc_exact_add);
PG_FUNCTION_INFO_V1(smc_exact_add_pair);
PG_FUNCTION_INFO_V1(smc_exact_combine);
PG_FUNCTION_INFO_V1(smc_exact_serialize);
PG_FUNCTION_INFO_V1(smc_exact_deserialize);
PG_FUNCTION_INFO_V1(smc_exact_final);

typedef struct SmcExact
{
	int64		rows;
	int32		digits[2];		/* after the point, of y and of x */
	bool		is_pair;
	bool		is_nan;
	uint64		sums[SUMS][LIMBS];	/* signed, low first, in units of the last digit */
} SmcExact;

bool
smc_exact_scale(uint128 size, int exponent, uint128 *out)
{
	uint128		value = size;

	for (; exponent > 0 && value != 0; exponent--)
	{
		if (value >> (SMC_EXACT_VALUE_BITS - 4) != 0)
			return false;
		value *= 10;
	}
	if (exponent < 0)
	{
		uint128		unit = 1;

		for (; exponent < 0; exponent++)
			unit *= 10;
		value = value / unit + (value % unit >= unit - unit / 2);
	}
	*out = value;
	return value >> SMC_EXACT_VALUE_BITS == 0;
}

/*
 * A float that is a decimal of no more than 15 digits, so many of them after the point: of
 * such there is only one for each float, and where it is divided by a power of ten that
 * is a float itself, the quotient is rounded as reading it would be.
 */
static bool
short_decimal(float8 size, int digits, uint128 *out)
{
	static const float8 tens[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	float8		whole;

	if (digits >= lengthof(tens) || !(size * tens[digits] < 1e15))
		return false;
	whole = rint(size * tens[digits]);
	*out = (uint64) whole;
	return whole / tens[digits] == size;
}

bool
smc_exact_float(float8 value, int keep, uint128 *out)
{
	char		text[DOUBLE_SHORTEST_DECIMAL_LEN];
	const char *p = text;
	uint64		digits = 0;
	int			exponent = keep;
	bool		fraction = false;

	if (short_decimal(fabs(value), keep, out))
		return true;
	if (!isfinite(value))
		return false;
	double_to_shortest_decimal_buf(fabs(value), text);
	for (; (*p >= '0' && *p <= '9') || *p == '.'; p++)
	{
		if (*p == '.')
			fraction = true;
		else
		{
			digits = digits * 10 + (*p - '0');
			exponent -= fraction;
		}
	}
	if (*p == 'e')
		exponent += pg_strtoint32(p + 1);
	if (exponent < -20)
		digits = exponent = 0;	/* of at most 17 digits nothing is left */
	return smc_exact_scale(digits, exponent, out);
}

/* A float in units of its last digit to keep, with its sign; false when it isn't finite, or too long. */
static bool
float_units(float8 value, int keep, uint64 out[LIMBS])
{
	uint128		units;

	if (!smc_exact_float(value, keep, &units))
		return false;
	out[0] = (uint64) units;
	out[1] = (uint64) (units >> 64);
	out[2] = out[3] = 0;
	if (signbit(value))
		smc_limbs_negate(out, out, LIMBS);
	return true;
}

static void
add_product(uint64 sum[LIMBS], const uint64 a[LIMBS], const uint64 b[LIMBS])
{
	uint64		product[LIMBS];

	smc_limbs_multiply(product, a, b, LIMBS);
	smc_limbs_add(sum, sum, product, LIMBS);
}

static SmcExact *
new_state(MemoryContext context)
{
	return MemoryContextAllocZero(context, sizeof(SmcExact));
}

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

/* The state of a transition; made at the first row. */
static SmcExact *
get_state(FunctionCallInfo fcinfo, bool is_pair)
{
	MemoryContext context = aggregate_context(fcinfo);
	SmcExact   *state;

	if (!PG_ARGISNULL(0))
		return (SmcExact *) PG_GETARG_POINTER(0);
	state = new_state(context);
	state->is_pair = is_pair;
	for (int i = 0; i <= (int) is_pair; i++)
	{
		if (!PG_ARGISNULL(2 + 2 * i))
			state->digits[i] = PG_GETARG_INT32(2 + 2 * i);
		if (state->digits[i] < 0 || state->digits[i] > SMC_SCALE_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("the number of digits must be between 0 and %d", SMC_SCALE_MAX)));
	}
	return state;
}

/* smc_exact_add(internal, y, digits) */
Datum
smc_exact_add(PG_FUNCTION_ARGS)
{
	SmcExact   *state = get_state(fcinfo, false);
	uint64		y[LIMBS];

	if (PG_ARGISNULL(1))
		PG_RETURN_POINTER(state);
	state->rows++;
	if (!float_units(PG_GETARG_FLOAT8(1), state->digits[0], y))
		state->is_nan = true;
	else
	{
		smc_limbs_add(state->sums[0], state->sums[0], y, LIMBS);
		add_product(state->sums[2], y, y);
	}
	PG_RETURN_POINTER(state);
}

/* smc_exact_add_pair(internal, y, digits, x, digits): rows in which neither is NULL */
Datum
smc_exact_add_pair(PG_FUNCTION_ARGS)
{
	SmcExact   *state = get_state(fcinfo, true);
	uint64		y[LIMBS];
	uint64		x[LIMBS];

	if (PG_ARGISNULL(1) || PG_ARGISNULL(3))
		PG_RETURN_POINTER(state);
	state->rows++;
	if (!float_units(PG_GETARG_FLOAT8(1), state->digits[0], y) ||
		!float_units(PG_GETARG_FLOAT8(3), state->digits[1], x))
		state->is_nan = true;
	else
	{
		smc_limbs_add(state->sums[0], state->sums[0], y, LIMBS);
		smc_limbs_add(state->sums[1], state->sums[1], x, LIMBS);
		add_product(state->sums[2], y, y);
		add_product(state->sums[3], x, x);
		add_product(state->sums[4], x, y);
	}
	PG_RETURN_POINTER(state);
}

Datum
smc_exact_combine(PG_FUNCTION_ARGS)
{
	MemoryContext context = aggregate_context(fcinfo);
	SmcExact   *a = PG_ARGISNULL(0) ? NULL : (SmcExact *) PG_GETARG_POINTER(0);
	const SmcExact *b = PG_ARGISNULL(1) ? NULL : (const SmcExact *) PG_GETARG_POINTER(1);

	if (b == NULL)
	{
		if (a == NULL)
			PG_RETURN_NULL();
		PG_RETURN_POINTER(a);
	}
	if (a == NULL)
	{
		a = new_state(context);
		*a = *b;
		PG_RETURN_POINTER(a);
	}
	a->rows += b->rows;
	a->is_nan |= b->is_nan;
	for (int i = 0; i < SUMS; i++)
		smc_limbs_add(a->sums[i], a->sums[i], b->sums[i], LIMBS);
	PG_RETURN_POINTER(a);
}

/* Between processes of one server: the state as it is. */
Datum
smc_exact_serialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = palloc(VARHDRSZ + sizeof(SmcExact));

	(void) aggregate_context(fcinfo);
	SET_VARSIZE(bytes, VARHDRSZ + sizeof(SmcExact));
	memcpy(VARDATA(bytes), PG_GETARG_POINTER(0), sizeof(SmcExact));
	PG_RETURN_BYTEA_P(bytes);
}

Datum
smc_exact_deserialize(PG_FUNCTION_ARGS)
{
	bytea	   *bytes = PG_GETARG_BYTEA_PP(0);
	SmcExact   *state = palloc(sizeof(SmcExact));

	(void) aggregate_context(fcinfo);
	if (VARSIZE_ANY_EXHDR(bytes) != sizeof(SmcExact))
		elog(ERROR, "a state of exact sums has %zu bytes", VARSIZE_ANY_EXHDR(bytes));
	memcpy(state, VARDATA_ANY(bytes), sizeof(SmcExact));
	PG_RETURN_POINTER(state);
}

Datum
smc_exact_numeric(const uint64 *sum, int digits)
{
	char		text[SMC_WIDE_DECIMAL_MAX] = "NaN";

	if (sum != NULL)
	{
		SmcWide		wide = smc_wide_get(sum, 64 * LIMBS, 0);

		smc_wide_to_decimal(&wide, digits, text);
	}
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

/* The sums of y, x, y^2, x^2 and x y, those with x NULL where there is none; NULL of no rows. */
Datum
smc_exact_final(PG_FUNCTION_ARGS)
{
	const SmcExact *state = PG_ARGISNULL(0) ? NULL : (const SmcExact *) PG_GETARG_POINTER(0);
	static const int powers[SUMS][2] = {{1, 0}, {0, 1}, {2, 0}, {0, 2}, {1, 1}};
	Datum		values[SUMS];
	bool		nulls[SUMS] = {false, true, false, true, true};
	int			length = SUMS;
	int			lower = 1;

	(void) aggregate_context(fcinfo);
	if (state == NULL || state->rows == 0)
		PG_RETURN_NULL();
	for (int i = 0; i < SUMS; i++)
	{
		nulls[i] &= !state->is_pair;
		if (!nulls[i])
			values[i] = smc_exact_numeric(state->is_nan ? NULL : state->sums[i],
										  powers[i][0] * state->digits[0] + powers[i][1] * state->digits[1]);
	}
	PG_RETURN_ARRAYTYPE_P(construct_md_array(values, nulls, 1, &length, &lower, NUMERICOID, -1, false, TYPALIGN_INT));
}
