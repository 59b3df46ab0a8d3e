/*
 * A study from the catalogs: the foreign table and its options, checked as a
 * whole.
 *
 * The validator has seen each list of options alone; what needs the table's
 * columns, their types or the parties together is checked here, whenever the
 * study is read, since any of it can be altered at any time.  Types are the
 * built-in ones and enums: only those mean the same in another database.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/indexing.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/typcache.h"

#include "pg/smc_definition.h"
#include "pg/smc_modes.h"
#include "pg/smc_option.h"
#include "pg/smc_peer.h"
#include "pg/smc_study_read.h"

/* Words that need a number, with a known number of digits after the point. */
#define ALLOW_NUMBERS \
	(SMC_ALLOW_SUM | SMC_ALLOW_AVG | SMC_ALLOW_COMPARE | SMC_ALLOW_VARIANCE | \
	 SMC_ALLOW_STDDEV | SMC_ALLOW_COVAR | SMC_ALLOW_CORR | SMC_ALLOW_REGR | \
	 SMC_ALLOW_HISTOGRAM | SMC_ALLOW_LINREGR | SMC_ALLOW_LOGREGR)

/*
 * Parties and the masks over them
 */

static uint16
all_parties(const SmcStudy *study)
{
	return (uint16) ((1u << study->party_count) - 1);
}

static void
read_parties(SmcStudy *study, List *options, const char *self)
{
	const char *text = smc_option_get(options, "parties");
	ListCell   *lc;

	if (text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("study \"%s\" names no parties", study->name),
				 errhint("Use ALTER FOREIGN TABLE ... OPTIONS (ADD parties '...').")));
	study->party_names = smc_option_parse_names(text, "parties");
	study->self = -1;
	foreach(lc, study->party_names)
	{
		const char *name = lfirst(lc);

		/* these are words of reveal_to */
		if (strcmp(name, "all") == 0 || strcmp(name, "none") == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("study \"%s\" names a party \"%s\", which is no name for a party",
							study->name, name)));
		if (study->party_count == SMC_PARTIES_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("study \"%s\" names more than %d parties",
							study->name, SMC_PARTIES_MAX)));
		if (strcmp(name, self) == 0)
			study->self = study->party_count;
		strlcpy(study->parties[study->party_count++], name, SMC_NAME_MAX);
	}
	if (study->party_count < SMC_PARTIES_MIN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("study \"%s\" names fewer than two parties", study->name),
				 errdetail("With one party alone there is nothing to compute jointly.")));
	if (study->self < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("this party, \"%s\", is not among the parties of study \"%s\"",
						self, study->name),
				 errdetail("Its parties are %s.", smc_study_party_list(study, all_parties(study)))));
}

/* The mask of some of the study's parties; column is NULL for an option of the study. */
static uint16
mask_of(const SmcStudy *study, const List *names, const char *option, const char *column)
{
	uint16		mask = 0;
	ListCell   *lc;

	foreach(lc, names)
	{
		const char *name = lfirst(lc);
		int			i;

		for (i = 0; i < study->party_count; i++)
			if (strcmp(study->parties[i], name) == 0)
				break;
		if (i == study->party_count)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 column ?
					 errmsg("option \"%s\" of column \"%s\" of study \"%s\" names \"%s\", which is not among the study's parties",
							option, column, study->name, name) :
					 errmsg("option \"%s\" of study \"%s\" names \"%s\", which is not among its parties",
							option, study->name, name)));
		mask |= (uint16) (1u << i);
	}
	return mask;
}

static uint16
read_recipients(const SmcStudy *study, const char *text, const char *column)
{
	List	   *names = NIL;

	switch (smc_option_parse_recipients(text, "reveal_to", &names))
	{
		case SMC_RECIPIENTS_NONE:
			return 0;
		case SMC_RECIPIENTS_ALL:
			return all_parties(study);
		case SMC_RECIPIENTS_LIST:
			break;
	}
	return mask_of(study, names, "reveal_to", column);
}

/*
 * The study's other options
 */

static void
read_options(SmcStudy *study, List *options)
{
	ListCell   *lc;

	study->recipients = all_parties(study);
	study->askers = all_parties(study);
	study->min_rows = 1;
	study->max_queries = -1;
	study->max_queries_per_day = -1;
	study->expires = DT_NOEND;

	foreach(lc, options)
	{
		DefElem    *def = lfirst(lc);
		const char *name = def->defname;
		const char *value = strVal(def->arg);

		if (strcmp(name, "parties") == 0)
			continue;			/* read before */
		else if (strcmp(name, "source") == 0)
			study->source = pstrdup(value);
		else if (strcmp(name, "reveal_to") == 0)
			study->recipients = read_recipients(study, value, NULL);
		else if (strcmp(name, "query_by") == 0)
		{
			List	   *names = NIL;

			/* `all` is understood here too */
			switch (smc_option_parse_recipients(value, name, &names))
			{
				case SMC_RECIPIENTS_ALL:
					break;
				case SMC_RECIPIENTS_LIST:
					study->askers = mask_of(study, names, name, NULL);
					break;
				case SMC_RECIPIENTS_NONE:
					ereport(ERROR,
							(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
							 errmsg("study \"%s\" lets nobody ask", study->name)));
			}
		}
		else if (strcmp(name, "min_rows") == 0)
			study->min_rows = Max(1, smc_option_parse_int(value, name, 0, PG_INT32_MAX));
		else if (strcmp(name, "approve") == 0)
			study->approve_each = smc_option_parse_approve(value);
		else if (strcmp(name, "max_queries") == 0)
			study->max_queries = smc_option_parse_int(value, name, 0, PG_INT32_MAX);
		else if (strcmp(name, "max_queries_per_day") == 0)
			study->max_queries_per_day = smc_option_parse_int(value, name, 0, PG_INT32_MAX);
		else if (strcmp(name, "expires") == 0)
			study->expires = smc_option_parse_expires(value);
		else if (strcmp(name, "epsilon") == 0)
			study->epsilon = float8out_internal(smc_option_parse_positive(value, name));
		else if (strcmp(name, "epsilon_budget") == 0)
			study->epsilon_budget = float8out_internal(smc_option_parse_positive(value, name));
		else
			/* never leave out of the digest what somebody may rely on */
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("study \"%s\" has an option \"%s\" that this release does not know",
							study->name, name)));
	}
}

/*
 * Columns
 */

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

	/* what a logistic regression predicts may be a boolean */
	if (column->type == BOOLOID)
		numbers &= ~SMC_ALLOW_LOGREGR;
	if (numbers != 0)
	{
		/* the lowest bit of them, for the message */
		const char *word = smc_study_allow_word((SmcAllow) (numbers & -numbers));

		if (!is_number(column->type))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"%s\", but type %s is no number",
							column->name, study->name, word, format_type_be(column->type)),
					 errdetail("Numbers are smallint, integer, bigint, numeric, real and double precision.")));
		if (column->scale == SMC_SCALE_NONE)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"%s\", but has no scale of at most %d",
							column->name, study->name, word, SMC_SCALE_MAX),
					 errhint("Declare it numeric(p,s), or numeric with option \"scale\".")));
	}
	if (column->allow & SMC_ALLOW_GROUP)
	{
		if (!is_groupable(column->type, column->typmod))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"group\", which type %s can't",
							column->name, study->name,
							format_type_with_typemod(column->type, column->typmod)),
					 errdetail("A type to group by writes equal values as equal texts.")));
		if (OidIsValid(column->collation) && !get_collation_isdeterministic(column->collation))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"group\", which a nondeterministic collation can't",
							column->name, study->name)));
		if (column->value_count == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
					 errmsg("column \"%s\" of study \"%s\" allows \"group\", but declares no values",
							column->name, study->name),
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
		{"column", "allow", "values", "scale", "lo", "hi", "reveal_to"};
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
	read_range(study, column, smc_option_get(options, "lo"), smc_option_get(options, "hi"));
	column->recipients = reveal_to ?
		read_recipients(study, reveal_to, column->name) : study->recipients;
	check_allow(study, column);
}

static void
read_columns(SmcStudy *study, TupleDesc tupdesc)
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

/*
 * The canonical text
 */

static List *
names_of(const SmcStudy *study, uint16 mask)
{
	List	   *names = NIL;
	int			i;

	for (i = 0; i < study->party_count; i++)
		if (mask & (1u << i))
			names = lappend(names, pstrdup(study->parties[i]));
	return names;
}

/* The collation's name where the column has another than its type's; raises where only we know it. */
static char *
collation_name(const SmcStudy *study, const SmcColumn *column)
{
	HeapTuple	tuple;
	Form_pg_collation collation;
	char	   *name;

	if (column->collation == get_typcollation(column->type))
		return NULL;
	tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(column->collation));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for collation %u", column->collation);
	collation = (Form_pg_collation) GETSTRUCT(tuple);
	if (collation->collnamespace != PG_CATALOG_NAMESPACE)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("column \"%s\" of study \"%s\" has collation \"%s\", which is not a built-in one",
						column->name, study->name, NameStr(collation->collname))));
	name = pstrdup(NameStr(collation->collname));
	ReleaseSysCache(tuple);
	return name;
}

static char *
type_name(const SmcColumn *column)
{
	HeapTuple	tuple;
	char	   *name;

	if (!type_is_enum(column->type))
		return format_type_extended(column->type, column->typmod, FORMAT_TYPE_TYPEMOD_GIVEN);
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(column->type));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", column->type);
	name = pstrdup(NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname));
	ReleaseSysCache(tuple);
	return name;
}

static void
define(SmcStudy *study)
{
	SmcDefinition definition = {0};
	int			i;

	definition.study = study->name;
	definition.parties = study->party_names;
	definition.recipients = names_of(study, study->recipients);
	definition.askers = names_of(study, study->askers);
	definition.min_rows = study->min_rows;
	definition.approve_each = study->approve_each;
	definition.max_queries = study->max_queries;
	definition.max_queries_per_day = study->max_queries_per_day;
	if (!TIMESTAMP_IS_NOEND(study->expires))
		definition.expires = DatumGetCString(DirectFunctionCall1(timestamptz_out,
																 TimestampTzGetDatum(study->expires)));
	definition.epsilon = study->epsilon;
	definition.epsilon_budget = study->epsilon_budget;
	definition.column_count = study->column_count;
	definition.columns = palloc0(sizeof(SmcDefinitionColumn) * study->column_count);
	for (i = 0; i < study->column_count; i++)
	{
		const SmcColumn *column = &study->columns[i];
		SmcDefinitionColumn *fact = &definition.columns[i];

		fact->name = column->name;
		fact->type = type_name(column);
		fact->is_enum = type_is_enum(column->type);
		fact->collation = collation_name(study, column);
		fact->not_null = column->not_null;
		fact->allow = column->allow;
		fact->scale = column->scale;
		fact->has_values = fact->is_enum || (column->value_count > 0 && column->type != BOOLOID);
		fact->value_count = column->value_count;
		fact->values = column->values;
		fact->lo = column->lo;
		fact->hi = column->hi;
		fact->has_recipients = column->recipients != study->recipients;
		if (fact->has_recipients)
			fact->recipients = names_of(study, column->recipients);
	}

	study->definition = smc_definition_write(&definition);
	if (strlen(study->definition) > SMC_DEFINITION_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the definition of study \"%s\" is longer than %d bytes",
						study->name, SMC_DEFINITION_MAX)));
	smc_definition_digest(study->definition, study->digest);
}

SmcStudy *
smc_study_read(Relation rel, const char *self)
{
	SmcStudy   *study = palloc0(sizeof(SmcStudy));
	ForeignTable *table;
	ForeignServer *server;
	int			guc_level;

	study->relid = RelationGetRelid(rel);
	study->owner = rel->rd_rel->relowner;
	study->name = pstrdup(RelationGetRelationName(rel));
	study->schema = get_namespace_name(RelationGetNamespace(rel));

	if (!smc_study_is_one(study->relid))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a study", study->name),
				 errdetail("A study is a foreign table of wrapper \"smc\".")));
	table = GetForeignTable(study->relid);
	server = GetForeignServer(table->serverid);
	if (strcmp(server->servername, self) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_OBJECT_DEFINITION),
				 errmsg("study \"%s\" is of server \"%s\", not of this party's own",
						study->name, server->servername),
				 errhint("Create it with SERVER %s; the peers are its option \"parties\".",
						 quote_identifier(self))));

	guc_level = smc_modes_begin();
	read_parties(study, table->options, self);
	read_options(study, table->options);
	read_columns(study, RelationGetDescr(rel));
	define(study);
	smc_modes_end(guc_level);
	return study;
}
