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

bool
smc_extreme_from_ring(SmcRing128 ring, Oid type, Datum *value)
{
	int64		integer = (int64) (uint64) ring;

	switch (type)
	{
		case DATEOID:
			*value = DateADTGetDatum((DateADT) integer);
			break;
		case TIMESTAMPOID:
			*value = TimestampGetDatum(integer);
			break;
		case TIMESTAMPTZOID:
			*value = TimestampTzGetDatum(integer);
			break;
		case FLOAT8OID:
			*value = Float8GetDatum(float_from_integer(integer));
			break;
		case FLOAT4OID:
			*value = Float4GetDatum((float4) float_from_integer(integer));
			break;
		default:
			return false;
	}
	return true;
}
