/*
 * Values as integers of the same order; see the header.
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/timestamp.h"

#include "pg/smc_extreme.h"

static int64
float_to_integer(float8 value)
{
	int64		bits;

	if (isnan(value))
		value = get_float8_nan();
	memcpy(&bits, &value, sizeof(bits));
	return bits >= 0 ? bits : -(bits & PG_INT64_MAX);
}

static float8
float_from_integer(int64 integer)
{
	int64		bits = integer >= 0 ? integer : (-integer) | PG_INT64_MIN;
	float8		value;

	memcpy(&value, &bits, sizeof(value));
	return value;
}

bool
smc_extreme_to_ring(Datum value, Oid type, SmcRing128 *ring)
{
	int64		integer;

	switch (type)
	{
		case DATEOID:
			integer = DatumGetDateADT(value);
			break;
		case TIMESTAMPOID:
			integer = DatumGetTimestamp(value);
			break;
		case TIMESTAMPTZOID:
			integer = DatumGetTimestampTz(value);
			break;
		case FLOAT8OID:
			integer = float_to_integer(DatumGetFloat8(value));
			break;
		default:
			return false;
	}
	*ring = (SmcRing128) (int128) integer;
	return true;
}

int64
smc_extreme_integer(SmcRing128 ring, int64 low, int64 high)
{
	int64		integer = (int64) (uint64) ring;

	if ((SmcRing128) (int128) integer != ring || integer < low || integer > high)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("the joint minimum or maximum is out of range of its type"),
				 errdetail("A party has put in a number that no row can hold.")));
	return integer;
}

/* A timestamp, infinity included. */
static int64
timestamp_from_ring(SmcRing128 ring)
{
	int64		integer = smc_extreme_integer(ring, PG_INT64_MIN, PG_INT64_MAX);

	if (!TIMESTAMP_NOT_FINITE(integer) && !IS_VALID_TIMESTAMP(integer))
		(void) smc_extreme_integer(ring, MIN_TIMESTAMP, END_TIMESTAMP - 1);
	return integer;
}

/* A date, infinity included. */
static DateADT
date_from_ring(SmcRing128 ring)
{
	DateADT		date = (DateADT) smc_extreme_integer(ring, PG_INT32_MIN, PG_INT32_MAX);

	if (!DATE_NOT_FINITE(date) && !IS_VALID_DATE(date))
		(void) smc_extreme_integer(ring, DATETIME_MIN_JULIAN - POSTGRES_EPOCH_JDATE,
								   DATE_END_JULIAN - POSTGRES_EPOCH_JDATE - 1);
	return date;
}

/* A float: the integer of the least is that of -Infinity. */
static float8
float_from_ring(SmcRing128 ring)
{
	return float_from_integer(smc_extreme_integer(ring, float_to_integer(-get_float8_infinity()),
												  float_to_integer(get_float8_nan())));
}

bool
smc_extreme_from_ring(SmcRing128 ring, Oid type, Datum *value)
{
	switch (type)
	{
		case DATEOID:
			*value = DateADTGetDatum(date_from_ring(ring));
			break;
		case TIMESTAMPOID:
			*value = TimestampGetDatum(timestamp_from_ring(ring));
			break;
		case TIMESTAMPTZOID:
			*value = TimestampTzGetDatum(timestamp_from_ring(ring));
			break;
		case FLOAT8OID:
			*value = Float8GetDatum(float_from_ring(ring));
			break;
		case FLOAT4OID:
			*value = Float4GetDatum((float4) float_from_ring(ring));
			break;
		default:
			return false;
	}
	return true;
}
