/*
 * Numbers of different values as aggregates; see the header.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/smc_hash.h"
#include "pg/smc_distinct.h"
#include "pg/smc_exprtype.h"

static const SmcColumn *
column_of(const SmcStudy *study, const SmcAgg *agg)
{
	return &study->columns[agg->arg->column];
}

void
smc_distinct_check(const SmcStudy *study, const SmcAgg *agg)
{
	const SmcColumn *column;

	if (agg->arg->kind != SMC_EXPR_COLUMN)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly, because its argument is no column",
						smc_query_agg_text(study, agg), study->name),
				 errhint("Agree on a column of that meaning; each party's source can be a view that computes it.")));
	column = column_of(study, agg);
	if (smc_exprtype_class(agg->arg) == SMC_CLASS_OTHER)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly for type %s",
						smc_query_agg_text(study, agg), study->name, format_type_be(agg->arg->type)),
				 errdetail("Different values can be counted of numbers, texts, dates, timestamps, uuids, booleans and enums.")));
	if (OidIsValid(column->collation) && !get_collation_isdeterministic(column->collation))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly under a nondeterministic collation",
						smc_query_agg_text(study, agg), study->name),
				 errdetail("Texts of different bytes could be equal by each party's own rules."),
				 errhint("Agree on a column with a deterministic collation, whose texts are made alike, as by lower(), in each party's source.")));
}

int
smc_distinct_domain(const SmcStudy *study, const SmcAgg *agg)
{
	return column_of(study, agg)->value_count;
}

void
smc_distinct_append_value(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	SmcTypeClass class = smc_exprtype_class(agg->arg);

	if (class == SMC_CLASS_TEXT || class == SMC_CLASS_BPCHAR)
	{
		/* by bytes, whatever collation the source's column has */
		appendStringInfoChar(buf, '(');
		smc_deparse_expr(buf, deparse, agg->arg);
		appendStringInfoString(buf, ") COLLATE pg_catalog.\"C\"");
	}
	else
		smc_deparse_as(buf, deparse, agg->arg, agg->arg->type);
}

/* Sixteen bytes of a hash under a name of its own. */
static void
hash_item(const char *domain, const void *data, size_t len, int64 item[SMC_DISTINCT_WORDS])
{
	uint8		digest[SMC_KEY_BYTES];
	SmcHash		hash;

	smc_hash_init(&hash, domain, NULL);
	smc_hash_add(&hash, data, len);
	smc_hash_final(&hash, digest);
	memcpy(item, digest, SMC_DISTINCT_WORDS * sizeof(int64));
}

static void
text_item(Datum value, bool is_padded, int64 item[SMC_DISTINCT_WORDS])
{
	text	   *packed = DatumGetTextPP(value);
	char	   *bytes = VARDATA_ANY(packed);
	int			len = VARSIZE_ANY_EXHDR(packed);
	char	   *utf8;

	while (is_padded && len > 0 && bytes[len - 1] == ' ')
		len--;
	utf8 = pg_server_to_any(bytes, len, PG_UTF8);
	/* where there was nothing to convert it isn't terminated */
	hash_item("smc distinct text v1", utf8, utf8 == bytes ? len : strlen(utf8), item);
}

static void
numeric_item(Datum value, int64 item[SMC_DISTINCT_WORDS])
{
	char	   *digits = numeric_normalize(DatumGetNumeric(value));

	hash_item("smc distinct numeric v1", digits, strlen(digits), item);
	pfree(digits);
}

static void
float_item(float8 value, int64 item[SMC_DISTINCT_WORDS])
{
	if (value == 0)
		value = 0;				/* no sign */
	else if (isnan(value))
		value = get_float8_nan();
	memcpy(item, &value, sizeof(value));
}

void
smc_distinct_item(Datum value, Oid type, int64 item[SMC_DISTINCT_WORDS])
{
	memset(item, 0, SMC_DISTINCT_WORDS * sizeof(int64));
	switch (type)
	{
		case INT2OID:
			item[0] = DatumGetInt16(value);
			break;
		case INT4OID:
			item[0] = DatumGetInt32(value);
			break;
		case INT8OID:
			item[0] = DatumGetInt64(value);
			break;
		case DATEOID:
			item[0] = DatumGetDateADT(value);
			break;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			item[0] = DatumGetTimestamp(value);
			break;
		case FLOAT4OID:
			float_item(DatumGetFloat4(value), item);
			break;
		case FLOAT8OID:
			float_item(DatumGetFloat8(value), item);
			break;
		case NUMERICOID:
			numeric_item(value, item);
			break;
		case UUIDOID:
			memcpy(item, DatumGetUUIDP(value)->data, UUID_LEN);
			break;
		case TEXTOID:
		case VARCHAROID:
			text_item(value, false, item);
			break;
		case BPCHAROID:
			text_item(value, true, item);
			break;
		default:
			elog(ERROR, "unexpected type %u of a value to be counted", type);
	}
}
