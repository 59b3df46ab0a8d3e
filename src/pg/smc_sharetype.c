/*
 * The SQL type smc_share: the textbook scheme, on its own.
 *
 * smc_split makes n shares of a number; whoever has all of them gets it back
 * with smc_combine, whoever lacks one knows nothing.  Shares are added without
 * being combined: each party keeps one share a row, sum(share) at each party
 * is its share of the total, and combining the parties' sums gives the total.
 *
 * A share carries, in the clear, the digits after the point of its value and
 * the number of shares it was split in.  The number lets smc_combine refuse
 * when a share is missing, which else would give a plausible random number; it
 * stays the same in a sum, which is one share of a total that is as much split
 * as each of its terms.  Shares of different scale are added at the larger:
 * multiplying every share of a value by 10^k multiplies the value by 10^k.
 *
 * Nothing can be checked inside the ring: a share is uniform and tells nothing
 * of the size of its value.  Whoever computes on shares must know that results,
 * as integers at their scale, stay within -2^127 .. 2^127 - 1; outside it they
 * wrap around.  Only smc_split can and does refuse what is out of range.
 *
 * Values are wiped from temporary memory as far as it is ours.  This is no
 * protection against the server that splits: it has the value anyway.
 */
#include "postgres.h"

#include <sodium.h>

#include "catalog/pg_type.h"
#include "libpq/pqformat.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "core/smc_share.h"
#include "pg/smc_sharetype.h"

#define HEX_DIGITS	(2 * SMC_RING128_BYTES)

typedef struct Share
{
	SmcRing128	value;
	int			scale;
	int			count;
} Share;

PG_FUNCTION_INFO_V1(smc_share_in);
PG_FUNCTION_INFO_V1(smc_share_out);
PG_FUNCTION_INFO_V1(smc_share_recv);
PG_FUNCTION_INFO_V1(smc_share_send);
PG_FUNCTION_INFO_V1(smc_split);
PG_FUNCTION_INFO_V1(smc_combine);
PG_FUNCTION_INFO_V1(smc_share_add);
PG_FUNCTION_INFO_V1(smc_share_sub);
PG_FUNCTION_INFO_V1(smc_share_neg);
PG_FUNCTION_INFO_V1(smc_share_mul);
PG_FUNCTION_INFO_V1(smc_share_mul_left);

/* Whether a share with these marks can exist. */
static bool
marks_are_valid(int scale, int count)
{
	return scale >= 0 && scale <= SMC_SCALE_MAX &&
		count >= SMC_PARTIES_MIN && count <= SMC_PARTIES_MAX;
}

/* Read a stored share. */
static Share
get_share(Datum datum)
{
	const uint8 *bytes = (const uint8 *) DatumGetPointer(datum);
	Share		share;

	share.value = smc_ring_load(bytes);
	share.scale = bytes[SMC_RING128_BYTES];
	share.count = bytes[SMC_RING128_BYTES + 1];
	if (!marks_are_valid(share.scale, share.count))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_CORRUPTED),
				 errmsg("stored smc_share is damaged")));
	return share;
}

/* Make a share to store, palloc'd. */
static Datum
make_share(Share share)
{
	uint8	   *bytes = palloc(SMC_SHARE_BYTES);

	smc_ring_store(bytes, share.value);
	bytes[SMC_RING128_BYTES] = (uint8) share.scale;
	bytes[SMC_RING128_BYTES + 1] = (uint8) share.count;
	return PointerGetDatum(bytes);
}

static void
raise_syntax(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s", "smc_share"),
			 errdetail("A share is %d lower-case hexadecimal digits, \":\", the digits after the point (0 to %d), \":\", and the number of shares (%d to %d).",
					   HEX_DIGITS, SMC_SCALE_MAX, SMC_PARTIES_MIN, SMC_PARTIES_MAX)));
}

/* Read one or two decimal digits without a leading zero, and step over them. */
static int
parse_mark(const char **text)
{
	const char *at = *text;
	int			value = 0;

	if (*at < '0' || *at > '9' || (at[0] == '0' && at[1] >= '0' && at[1] <= '9'))
		raise_syntax();
	while (*at >= '0' && *at <= '9' && at - *text < 2)
		value = value * 10 + (*at++ - '0');
	*text = at;
	return value;
}

/*
 * Input: 32 hexadecimal digits, most significant first, ":", scale, ":",
 * count.  Exactly what output writes, so that a text has one meaning and a
 * share one text.  The error does not repeat the input: it may be a secret.
 */
Datum
smc_share_in(PG_FUNCTION_ARGS)
{
	const char *text = PG_GETARG_CSTRING(0);
	Share		share;
	int			i;

	share.value = 0;
	for (i = 0; i < HEX_DIGITS; i++, text++)
	{
		int			digit = 0;

		if (*text >= '0' && *text <= '9')
			digit = *text - '0';
		else if (*text >= 'a' && *text <= 'f')
			digit = *text - 'a' + 10;
		else
			raise_syntax();
		share.value = share.value << 4 | (unsigned int) digit;
	}
	if (*text++ != ':')
		raise_syntax();
	share.scale = parse_mark(&text);
	if (*text++ != ':')
		raise_syntax();
	share.count = parse_mark(&text);
	if (*text != '\0' || !marks_are_valid(share.scale, share.count))
		raise_syntax();

	PG_RETURN_DATUM(make_share(share));
}

Datum
smc_share_out(PG_FUNCTION_ARGS)
{
	Share		share = get_share(PG_GETARG_DATUM(0));

	PG_RETURN_CSTRING(psprintf("%016llx%016llx:%d:%d",
							   (unsigned long long) (share.value >> 64),
							   (unsigned long long) share.value,
							   share.scale, share.count));
}

/* Binary form: the element in network byte order, scale, count. */
Datum
smc_share_recv(PG_FUNCTION_ARGS)
{
	StringInfo	buf = (StringInfo) PG_GETARG_POINTER(0);
	Share		share;

	share.value = (SmcRing128) (uint64) pq_getmsgint64(buf) << 64;
	share.value |= (uint64) pq_getmsgint64(buf);
	share.scale = pq_getmsgbyte(buf);
	share.count = pq_getmsgbyte(buf);
	if (!marks_are_valid(share.scale, share.count))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_BINARY_REPRESENTATION),
				 errmsg("invalid scale or number of shares in external \"%s\" value", "smc_share")));

	PG_RETURN_DATUM(make_share(share));
}

Datum
smc_share_send(PG_FUNCTION_ARGS)
{
	Share		share = get_share(PG_GETARG_DATUM(0));
	StringInfoData buf;

	pq_begintypsend(&buf);
	pq_sendint64(&buf, (uint64) (share.value >> 64));
	pq_sendint64(&buf, (uint64) share.value);
	pq_sendbyte(&buf, (uint8) share.scale);
	pq_sendbyte(&buf, (uint8) share.count);
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * Take a number into the ring, at the scale that it is written with; where
 * that has no room, at the smallest scale that holds the number exactly.
 */
static Share
share_of_numeric(Numeric number)
{
	char	   *text;
	char	   *point;
	size_t		text_len;
	int			digits = 0;		/* after the point, as written */
	int			needed = 0;		/* of them, without trailing zeros */
	SmcStatus	status;
	Share		share;

	if (numeric_is_nan(number) || numeric_is_inf(number))
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("cannot split NaN or infinity")));

	text = DatumGetCString(DirectFunctionCall1(numeric_out, NumericGetDatum(number)));
	text_len = strlen(text);
	point = strchr(text, '.');
	if (point != NULL)
	{
		digits = (int) strlen(point + 1);
		needed = digits;
		while (needed > 0 && point[needed] == '0')
			needed--;
	}

	share.count = 0;
	share.scale = Min(digits, SMC_SCALE_MAX);
	status = smc_ring_from_decimal(text, share.scale, &share.value);
	if (status == SMC_ERR_RANGE && needed < share.scale)
	{
		share.scale = needed;
		status = smc_ring_from_decimal(text, share.scale, &share.value);
	}
	sodium_memzero(text, text_len);
	pfree(text);
	if (status == SMC_ERR_RANGE)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("value out of range for splitting"),
				 errdetail("Without its decimal point, the number must be between -2^127 and 2^127 - 1, and it may have at most %d digits after the point.",
						   SMC_SCALE_MAX)));
	if (status != SMC_OK)
		elog(ERROR, "unexpected text of a numeric: %s", smc_status_text(status));
	return share;
}

/* smc_split(value, parties): parties shares that combine to value. */
Datum
smc_split(PG_FUNCTION_ARGS)
{
	int32		parties = PG_GETARG_INT32(1);
	Oid			element_type = get_element_type(get_func_rettype(fcinfo->flinfo->fn_oid));
	SmcRing128	values[SMC_PARTIES_MAX];
	Datum		shares[SMC_PARTIES_MAX];
	Share		share;
	SmcStatus	status;
	int			i;

	if (parties < SMC_PARTIES_MIN || parties > SMC_PARTIES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("number of parties must be between %d and %d",
						SMC_PARTIES_MIN, SMC_PARTIES_MAX)));
	if (!OidIsValid(element_type))
		elog(ERROR, "smc_split does not return an array");

	share = share_of_numeric(PG_GETARG_NUMERIC(0));
	share.count = parties;
	status = smc_share_split(share.value, values, parties, smc_random_system());
	sodium_memzero(&share.value, sizeof(share.value));
	if (status != SMC_OK)
		elog(ERROR, "could not split: %s", smc_status_text(status));

	for (i = 0; i < parties; i++)
	{
		share.value = values[i];
		shares[i] = make_share(share);
	}
	sodium_memzero(values, sizeof(values));
	PG_RETURN_ARRAYTYPE_P(construct_array(shares, parties, element_type,
										  SMC_SHARE_BYTES, false, TYPALIGN_CHAR));
}

/* Raise unless these are all shares, of one value as far as their marks tell. */
static void
check_shares(const Share *shares, int given)
{
	int			i;

	for (i = 1; i < given; i++)
	{
		if (shares[i].count != shares[0].count)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cannot combine shares of different values"),
					 errdetail("Some are of a value split into %d, some of one split into %d.",
							   shares[0].count, shares[i].count)));
		if (shares[i].scale != shares[0].scale)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("cannot combine shares of different values"),
					 errdetail("Some are of a value with %d digits after the point, some of one with %d.",
							   shares[0].scale, shares[i].scale)));
	}
	if (given != shares[0].count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("wrong number of shares: %d given, value was split into %d",
						given, shares[0].count),
				 errdetail("All shares of a value are needed, each of them once; fewer tell nothing about it.")));
}

/* smc_combine(shares): the value, with as many digits after the point as it was split with. */
Datum
smc_combine(PG_FUNCTION_ARGS)
{
	ArrayType  *array = PG_GETARG_ARRAYTYPE_P(0);
	Datum	   *elements;
	bool	   *nulls;
	int			given;
	Share		shares[SMC_PARTIES_MAX];
	SmcRing128	values[SMC_PARTIES_MAX];
	SmcRing128	value;
	char		text[SMC_DECIMAL_MAX];
	Datum		result;
	int			i;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("array of shares must be one-dimensional")));
	deconstruct_array(array, ARR_ELEMTYPE(array), SMC_SHARE_BYTES, false, TYPALIGN_CHAR,
					  &elements, &nulls, &given);
	if (given < 1 || given > SMC_PARTIES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("wrong number of shares: %d given", given),
				 errdetail("A value is split into %d to %d shares.", SMC_PARTIES_MIN, SMC_PARTIES_MAX)));

	for (i = 0; i < given; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("array of shares must not contain nulls")));
		shares[i] = get_share(elements[i]);
		values[i] = shares[i].value;
	}
	check_shares(shares, given);

	value = smc_share_combine(values, given);
	smc_ring_to_decimal(value, shares[0].scale, text);
	result = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
								 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	sodium_memzero(&value, sizeof(value));
	sodium_memzero(text, sizeof(text));
	sodium_memzero(values, sizeof(values));
	sodium_memzero(shares, sizeof(shares));
	PG_RETURN_DATUM(result);
}

/* Bring a share to a scale that is not smaller than its own. */
static void
rescale(Share *share, int scale)
{
	for (; share->scale < scale; share->scale++)
		share->value *= 10;
}

/* Make two shares addable, or raise. */
static void
match_shares(Share *a, Share *b)
{
	int			scale = Max(a->scale, b->scale);

	if (a->count != b->count)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("cannot add shares of values split into %d and into %d", a->count, b->count),
				 errhint("Split both values into the same number of shares.")));
	rescale(a, scale);
	rescale(b, scale);
}

Datum
smc_share_add(PG_FUNCTION_ARGS)
{
	Share		a = get_share(PG_GETARG_DATUM(0));
	Share		b = get_share(PG_GETARG_DATUM(1));

	match_shares(&a, &b);
	a.value += b.value;
	PG_RETURN_DATUM(make_share(a));
}

Datum
smc_share_sub(PG_FUNCTION_ARGS)
{
	Share		a = get_share(PG_GETARG_DATUM(0));
	Share		b = get_share(PG_GETARG_DATUM(1));

	match_shares(&a, &b);
	a.value -= b.value;
	PG_RETURN_DATUM(make_share(a));
}

Datum
smc_share_neg(PG_FUNCTION_ARGS)
{
	Share		share = get_share(PG_GETARG_DATUM(0));

	share.value = 0 - share.value;
	PG_RETURN_DATUM(make_share(share));
}

/* A share times a public integer: every party multiplies its own. */
static Datum
multiply(Datum datum, int64 factor)
{
	Share		share = get_share(datum);

	share.value *= (SmcRing128) (__int128) factor;
	return make_share(share);
}

Datum
smc_share_mul(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(multiply(PG_GETARG_DATUM(0), PG_GETARG_INT64(1)));
}

Datum
smc_share_mul_left(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(multiply(PG_GETARG_DATUM(1), PG_GETARG_INT64(0)));
}
