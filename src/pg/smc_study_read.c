/*
 * A study from the catalogs: the foreign table and its options, checked as a
 * whole.
 *
 * The validator has seen each list of options alone; what needs the table's
 * columns, their types or the parties together is checked here, whenever the
 * study is read, since any of it can be altered at any time.  Columns are
 * smc_study_columns.c.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "foreign/foreign.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"

#include "pg/smc_definition.h"
#include "pg/smc_modes.h"
#include "pg/smc_option.h"
#include "pg/smc_peer.h"
#include "pg/smc_privacy.h"
#include "pg/smc_study_read.h"

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
	/* checks the names themselves, and that there aren't too many */
	study->party_names = smc_option_parse_names(text, "parties");
	study->self = -1;
	foreach(lc, study->party_names)
	{
		const char *name = lfirst(lc);

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

uint16
smc_study_read_recipients(const SmcStudy *study, const char *text, const char *column)
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
	study->history = SMC_HISTORY_DEFAULT;
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
			study->recipients = smc_study_read_recipients(study, value, NULL);
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
		else if (strcmp(name, "approve_within") == 0)
			study->approve_within = smc_option_parse_within(value);
		else if (strcmp(name, "max_queries") == 0)
			study->max_queries = smc_option_parse_int(value, name, 0, PG_INT32_MAX);
		else if (strcmp(name, "max_queries_per_day") == 0)
			study->max_queries_per_day = smc_option_parse_int(value, name, 0, PG_INT32_MAX);
		else if (strcmp(name, "max_groups") == 0)
			study->max_groups = smc_option_parse_int(value, name, 1, PG_INT32_MAX);
		else if (strcmp(name, "max_rows") == 0)
			study->max_rows = smc_option_parse_int(value, name, 1, PG_INT32_MAX);
		else if (strcmp(name, "history") == 0)
			study->history = smc_option_parse_int(value, name, 0, SMC_HISTORY_MAX);
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
	if (study->approve_each && study->approve_within == 0)
		study->approve_within = SMC_APPROVE_WITHIN_DEFAULT;
	study->budget_queries = smc_privacy_queries(study);
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
	definition.approve_within = study->approve_within;
	definition.max_queries = study->max_queries;
	definition.max_queries_per_day = study->max_queries_per_day;
	definition.max_groups = study->max_groups;
	definition.max_rows = study->max_rows;
	definition.history = study->history;
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
		fact->filter_by_values = column->filter_by_values;
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
	smc_study_read_columns(study, RelationGetDescr(rel));
	define(study);
	smc_modes_end(guc_level);
	return study;
}
