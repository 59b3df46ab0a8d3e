/*
 * A study's columns from the catalogs: what each allows, its digits, its
 * domain, its range.
 *
 * All of it must fit the column's type, and mean the same in every party's
 * database.  Values are kept as the type itself writes them, so that two ways to
 * write one value are one place in a domain.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "pg/smc_option.h"
#include "pg/smc_study_read.h"

/* Words that need a number, with a known number of digits after the point. */
#define ALLOW_NUMBERS \
	(SMC_ALLOW_SUM | SMC_ALLOW_AVG | SMC_ALLOW_COMPARE | SMC_ALLOW_VARIANCE | \
	 SMC_ALLOW_STDDEV | SMC_ALLOW_COVAR | SMC_ALLOW_CORR | SMC_ALLOW_REGR | \
	 SMC_ALLOW_LINREGR | SMC_ALLOW_LOGREGR)

/* Words that need declared values. */
#define ALLOW_DOMAIN	(SMC_ALLOW_GROUP | SMC_ALLOW_MODE)

static bool
is_number(Oid type)
{
	switch (type)
	{
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
			return true;
		default:
			return false;
	}
}

/*
 * Types whose equal values have equal texts, so that a value's place in the
 * declared domain can be found by its text.  That leaves out, say, floats (0
 * and -0) and unconstrained numeric (1 and 1.0).
 */
static bool
is_groupable(Oid type, int32 typmod)
{
	switch (type)
	{
		case BOOLOID:
		case INT2OID:
		case INT4OID:
		case INT8OID:
		case TEXTOID:
		case VARCHAROID:
		case NAMEOID:
		case DATEOID:
		case TIMEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
		case UUIDOID:
			return true;
		case NUMERICOID:
		case BPCHAROID:
			return typmod >= 0;
		default:
			return type_is_enum(type);
	}
}

bool
smc_study_numeric_digits(int32 typmod, int *precision, int *scale)
{
	/* as numeric.c packs them: the scale has 11 bits, signed, since numeric(3,-2) is a multiple of 100 */
	if (typmod < (int32) VARHDRSZ)
		return false;
	typmod -= VARHDRSZ;
	*precision = (typmod >> 16) & 0xffff;
	*scale = ((typmod & 0x7ff) ^ 1024) - 1024;
	return true;
}

static void
read_scale(const SmcStudy *study, SmcColumn *column, const char *option)
{
	int			declared = SMC_SCALE_NONE;
	int			by_type = SMC_SCALE_NONE;
	int			precision;
	int			scale;

	if (option)
		declared = smc_option_parse_int(option, "scale", 0, SMC_SCALE_MAX);
	if (option && !is_number(column->type))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" has a scale, but type %s is no number",
						column->name, study->name, format_type_be(column->type))));

	if (column->type == NUMERICOID && smc_study_numeric_digits(column->typmod, &precision, &scale))
		by_type = Max(scale, 0);
	else if (column->type == INT2OID || column->type == INT4OID || column->type == INT8OID)
		by_type = 0;
	else if (column->type == FLOAT4OID || column->type == FLOAT8OID)
	{
		column->scale = option ? declared : SMC_FLOAT_SCALE;
		return;
	}
	if (option && by_type != SMC_SCALE_NONE && declared != by_type)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" declares scale %d, but has %d by its type",
						column->name, study->name, declared, by_type),
				 errhint("Leave option \"scale\" out.")));
	column->scale = by_type != SMC_SCALE_NONE ? by_type : declared;
	/* more digits than the ring takes: as good as none declared */
	if (column->scale > SMC_SCALE_MAX)
		column->scale = SMC_SCALE_NONE;
}

/*
 * Read a value's text as the column's type does, and write it as the type
 * does.  That the type can't read it is told with the column and option: the
 * type's own message alone would not say where.
 */
static char *
normalised(const SmcStudy *study, const SmcColumn *column, const char *option, const char *text,
		   Datum *value)
{
	MemoryContext context = CurrentMemoryContext;
	Oid			input;
	Oid			output;
	Oid			ioparam;
	bool		is_varlena;

	getTypeInputInfo(column->type, &input, &ioparam);
	getTypeOutputInfo(column->type, &output, &is_varlena);
	PG_TRY();
	{
		*value = OidInputFunctionCall(input, pstrdup(text), ioparam, column->typmod);
	}
	PG_CATCH();
	{
		ErrorData  *error;

		if (ERRCODE_TO_CATEGORY(geterrcode()) != ERRCODE_DATA_EXCEPTION)
			PG_RE_THROW();
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
		ereport(ERROR,
				(errcode(error->sqlerrcode),
				 errmsg("option \"%s\" of column \"%s\" of study \"%s\": %s",
						option, column->name, study->name, error->message)));
	}
	PG_END_TRY();
	return OidOutputFunctionCall(output, *value);
}

static void
read_values(const SmcStudy *study, SmcColumn *column, const char *literal)
{
	char	  **texts;
	const char *twice;
	int			count;
	int			i;

	texts = smc_option_parse_values(literal, &count);
	if (count > SMC_ELEMENTS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("column \"%s\" of study \"%s\" declares more than %d values",
						column->name, study->name, SMC_ELEMENTS_MAX)));
	column->values = palloc(sizeof(char *) * Max(count, 1));
	for (i = 0; i < count; i++)
	{
		Datum		value;

		column->values[i] = normalised(study, column, "values", texts[i], &value);
	}
	column->value_count = count;

	/* two texts of one value, such as 1 and 01, are one place in the domain */
	twice = smc_option_find_twice(count, column->values);
	if (twice != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" declares the value \"%s\" twice",
						column->name, study->name, twice)));
}

/* The labels of an enum in their order, a List of char *. */
static List *
read_labels(Oid type)
{
	Relation	enum_rel;
	Relation	enum_idx;
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple	tuple;
	List	   *labels = NIL;

	ScanKeyInit(&key, Anum_pg_enum_enumtypid, BTEqualStrategyNumber, F_OIDEQ,
				ObjectIdGetDatum(type));
	enum_rel = table_open(EnumRelationId, AccessShareLock);
	enum_idx = index_open(EnumTypIdSortOrderIndexId, AccessShareLock);
	scan = systable_beginscan_ordered(enum_rel, enum_idx, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext_ordered(scan, ForwardScanDirection)))
		labels = lappend(labels, pstrdup(NameStr(((Form_pg_enum) GETSTRUCT(tuple))->enumlabel)));
	systable_endscan_ordered(scan);
	index_close(enum_idx, AccessShareLock);
	table_close(enum_rel, AccessShareLock);
	return labels;
}

bool
smc_study_has_labels(Oid type, int count, char *const *labels)
{
	ListCell   *lc;
	int			i = 0;

	foreach(lc, read_labels(type))
		if (i >= count || strcmp(lfirst(lc), labels[i++]) != 0)
			return false;
	return i == count;
}

static void
read_domain(const SmcStudy *study, SmcColumn *column, const char *literal)
{
	if (type_is_enum(column->type) || column->type == BOOLOID)
	{
		if (literal)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" declares values, but has them by its type",
							column->name, study->name),
					 errhint("Leave option \"values\" out.")));
		if (column->type == BOOLOID)
		{
			column->values = palloc(sizeof(char *) * 2);
			column->values[0] = pstrdup("f");
			column->values[1] = pstrdup("t");
			column->value_count = 2;
		}
		else
		{
			List	   *labels = read_labels(column->type);
			ListCell   *lc;

			column->values = palloc(sizeof(char *) * Max(list_length(labels), 1));
			foreach(lc, labels)
				column->values[column->value_count++] = lfirst(lc);
		}
	}
	else if (literal)
		read_values(study, column, literal);
}

/* By what conditions may pick rows; after allow and the domain. */
static void
read_filter_by(const SmcStudy *study, SmcColumn *column, const char *option)
{
	if (option == NULL || !smc_option_parse_filter_by(option))
		return;
	if ((column->allow & SMC_ALLOW_FILTER) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" sets option \"filter_by\", but does not allow \"filter\"",
						column->name, study->name)));
	if (column->value_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" is filtered by its values, but declares none",
						column->name, study->name),
				 errhint("Add option values '{...}', or use an enum or boolean.")));
	column->filter_by_values = true;
}

static void
read_range(const SmcStudy *study, SmcColumn *column, const char *lo, const char *hi)
{
	TypeCacheEntry *type;
	Datum		lo_value = (Datum) 0;
	Datum		hi_value = (Datum) 0;

	if (lo == NULL && hi == NULL)
		return;
	type = lookup_type_cache(column->type, TYPECACHE_CMP_PROC_FINFO);
	if (!OidIsValid(type->cmp_proc_finfo.fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" declares a range, but type %s has no order",
						column->name, study->name, format_type_be(column->type))));
	if (lo)
		column->lo = normalised(study, column, "lo", lo, &lo_value);
	if (hi)
		column->hi = normalised(study, column, "hi", hi, &hi_value);
	if (lo && hi &&
		DatumGetInt32(FunctionCall2Coll(&type->cmp_proc_finfo, column->collation,
										lo_value, hi_value)) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" declares lo above hi",
						column->name, study->name)));
}

/* Whether what a column allows can be done with its type. */
static void
check_allow(const SmcStudy *study, const SmcColumn *column)
{
	uint32		numbers = column->allow & ALLOW_NUMBERS;

	/* regressions take categories by indicators */
	if (column->value_count > 0 && !is_number(column->type))
		numbers &= ~(SMC_ALLOW_LINREGR | SMC_ALLOW_LOGREGR);

	/* what a logistic regression predicts may be a boolean */
	if (column->type == BOOLOID)
		numbers &= ~SMC_ALLOW_LOGREGR;
	/* of intervals there are sums */
	if (column->type == INTERVALOID)
		numbers &= ~SMC_ALLOW_SUM;
	if (numbers != 0)
	{
		/* the lowest bit of them, for the message */
		const char *word = smc_study_allow_word((SmcAllow) (numbers & -numbers));

		if (!is_number(column->type))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"%s\", but type %s is no number",
							column->name, study->name, word, format_type_be(column->type)),
					 column->type == INTERVALOID ?
					 errdetail("Intervals can be added up and counted.") :
					 errdetail("Numbers are smallint, integer, bigint, numeric, real and double precision.")));
		if (column->scale == SMC_SCALE_NONE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"%s\", but has no scale of at most %d",
							column->name, study->name, word, SMC_SCALE_MAX),
					 errhint("Declare it numeric(p,s), or numeric with option \"scale\".")));
	}
	if ((column->allow & SMC_ALLOW_HISTOGRAM) && !is_number(column->type) && column->type != DATEOID &&
		column->type != TIMESTAMPOID && column->type != TIMESTAMPTZOID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" allows \"histogram\", which type %s can't",
						column->name, study->name, format_type_be(column->type)),
				 errdetail("Histograms are of numbers, dates and timestamps.")));
	if (column->allow & ALLOW_DOMAIN)
	{
		const char *word = smc_study_allow_word((column->allow & SMC_ALLOW_GROUP) ? SMC_ALLOW_GROUP : SMC_ALLOW_MODE);

		if (!is_groupable(column->type, column->typmod))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"%s\", which type %s can't",
							column->name, study->name, word,
							format_type_with_typemod(column->type, column->typmod)),
					 errdetail("A type to group by writes equal values as equal texts.")));
		if (OidIsValid(column->collation) && !get_collation_isdeterministic(column->collation))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"%s\", which a nondeterministic collation can't",
							column->name, study->name, word)));
		if (column->value_count == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"%s\", but declares no values",
							column->name, study->name, word),
					 errhint("Add option values '{...}', or use an enum or boolean.")));
	}
}

bool
smc_study_takes_type(Oid type)
{
	char		typtype = get_typtype(type);

	if (typtype == TYPTYPE_ENUM)
		return true;
	/* what the bootstrap catalogs define has the same OID and meaning everywhere */
	return type < FirstGenbkiObjectId &&
		(typtype == TYPTYPE_BASE || typtype == TYPTYPE_RANGE || typtype == TYPTYPE_MULTIRANGE);
}

static void
read_column(const SmcStudy *study, SmcColumn *column, Form_pg_attribute att)
{
	List	   *options = GetForeignColumnOptions(study->relid, att->attnum);
	const char *source_column = smc_option_get(options, "column");
	const char *allow = smc_option_get(options, "allow");
	const char *reveal_to = smc_option_get(options, "reveal_to");
	ListCell   *lc;

	column->attnum = att->attnum;
	column->name = pstrdup(NameStr(att->attname));
	column->source_column = pstrdup(source_column ? source_column : column->name);
	column->type = att->atttypid;
	column->typmod = att->atttypmod;
	column->collation = att->attcollation;
	column->not_null = att->attnotnull;

	foreach(lc, options)
	{
		static const char *const known[] =
		{"column", "allow", "values", "filter_by", "scale", "lo", "hi", "reveal_to"};
		const char *name = ((DefElem *) lfirst(lc))->defname;
		int			i;

		for (i = 0; i < lengthof(known); i++)
			if (strcmp(known[i], name) == 0)
				break;
		if (i == lengthof(known))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" has an option \"%s\" that this release does not know",
							column->name, study->name, name)));
	}

	if (!smc_study_takes_type(column->type))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" has type %s, which is neither built-in nor an enum",
						column->name, study->name, format_type_be(column->type)),
				 errdetail("Only those mean the same in every party's database.")));
	column->allow = allow ? smc_study_parse_allow(allow) : 0;
	read_scale(study, column, smc_option_get(options, "scale"));
	read_domain(study, column, smc_option_get(options, "values"));
	read_filter_by(study, column, smc_option_get(options, "filter_by"));
	read_range(study, column, smc_option_get(options, "lo"), smc_option_get(options, "hi"));
	column->recipients = reveal_to ?
		smc_study_read_recipients(study, reveal_to, column->name) : study->recipients;
	check_allow(study, column);
}

void
smc_study_read_columns(SmcStudy *study, TupleDesc tupdesc)
{
	uint32		allowed = 0;
	int			i;

	study->columns = palloc0(sizeof(SmcColumn) * Max(tupdesc->natts, 1));
	for (i = 0; i < tupdesc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(tupdesc, i);

		if (att->attisdropped)
			continue;
		read_column(study, &study->columns[study->column_count], att);
		allowed |= study->columns[study->column_count++].allow;
	}
	if (allowed == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("study \"%s\" has no column that allows anything", study->name),
				 errhint("Give columns option \"allow\".")));
}
