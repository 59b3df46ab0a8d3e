/*
 * IMPORT FOREIGN SCHEMA: a peer's studies as foreign tables here.
 *
 * What arrives is the canonical text, from which the very same definition is
 * written as DDL: of this party's own server, without a source, with names and
 * values quoted here.  Nothing of what the peer sent reaches the command
 * unread: types are parsed and must be built-in ones, enums must be here
 * already with the same labels.
 *
 * PostgreSQL passes silently over a name in LIMIT TO that isn't offered, and
 * knows of a table that is here already only that it is; both are told better.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "foreign/fdwapi.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/parse_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "pg/smc_definition.h"
#include "pg/smc_identity.h"
#include "pg/smc_import.h"
#include "pg/smc_lane.h"
#include "pg/smc_modes.h"
#include "pg/smc_option.h"
#include "pg/smc_peer.h"
#include "pg/smc_study.h"

#define REMOTE_SCHEMA	"smc"

typedef struct Import
{
	const char *peer;
	const char *self;
	const char *schema;			/* where the tables go */
} Import;

static void
import_error_context(void *arg)
{
	const SmcDefinition *definition = *(SmcDefinition **) arg;

	if (definition)
		errcontext("importing study \"%s\"", definition->study);
}

static bool
contains(const List *names, const char *name)
{
	ListCell   *lc;

	foreach(lc, names)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

/*
 * What the peer offers
 */

static void
require_parties(const Import *import, const SmcDefinition *definition, const List *names)
{
	ListCell   *lc;

	foreach(lc, names)
		if (!contains(definition->parties, lfirst(lc)))
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("peer \"%s\" offers study \"%s\" with a party \"%s\" that is not among its parties",
							import->peer, definition->study, (const char *) lfirst(lc))));
}

static SmcDefinition *
read_offer(const Import *import, const char *utf8)
{
	const char *why = "its bytes are not UTF-8";
	SmcDefinition *definition = NULL;
	int			i;

	if (pg_verify_mbstr(PG_UTF8, utf8, strlen(utf8), true))
		definition = smc_definition_parse(smc_definition_from_utf8(utf8), &why);
	if (definition == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("peer \"%s\" offers a study whose definition can't be read", import->peer),
				 errdetail("The reason: %s.", why)));
	if (!contains(definition->parties, import->self) || !contains(definition->parties, import->peer))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("peer \"%s\" offers study \"%s\", which is not one between it and this party",
						import->peer, definition->study),
				 errdetail("Its parties are %s.", smc_definition_names(definition->parties))));
	require_parties(import, definition, definition->recipients);
	require_parties(import, definition, definition->askers);
	for (i = 0; i < definition->column_count; i++)
		require_parties(import, definition, definition->columns[i].recipients);
	return definition;
}

static List *
read_offers(const Import *import)
{
	List	   *definitions = NIL;
	List	   *names = NIL;
	ListCell   *lc;

	foreach(lc, smc_lane_fetch_definitions(import->peer))
	{
		SmcDefinition *definition = read_offer(import, lfirst(lc));

		if (contains(names, definition->study))
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("peer \"%s\" offers two studies \"%s\"",
							import->peer, definition->study)));
		names = lappend(names, definition->study);
		definitions = lappend(definitions, definition);
	}
	return definitions;
}

/* A name in LIMIT TO that isn't offered is a mistake to be told. */
static void
require_offered(const Import *import, const ImportForeignSchemaStmt *stmt, const List *definitions)
{
	List	   *offered = NIL;
	ListCell   *lc;

	if (stmt->list_type != FDW_IMPORT_SCHEMA_LIMIT_TO)
		return;
	foreach(lc, definitions)
		offered = lappend(offered, ((SmcDefinition *) lfirst(lc))->study);
	foreach(lc, stmt->table_list)
	{
		const char *name = ((RangeVar *) lfirst(lc))->relname;

		if (!contains(offered, name))
			ereport(ERROR,
					(errcode(ERRCODE_FDW_TABLE_NOT_FOUND),
					 errmsg("peer \"%s\" offers this party no study \"%s\"", import->peer, name),
					 offered ? errdetail("It offers %s.", smc_definition_names(offered)) :
					 errdetail("It offers none."),
					 errhint("A peer offers the studies whose option \"parties\" names this party, \"%s\".",
							 import->self)));
	}
}

/*
 * What is here
 */

/*
 * Whether a study is here already as offered (told by a notice); raises where
 * something else is in its place.
 */
static bool
is_here(const Import *import, const SmcDefinition *definition)
{
	Oid			relid = get_relname_relid(definition->study, get_namespace_oid(import->schema, false));
	SmcStudy   *study;
	char	   *differences;

	if (OidIsValid(relid) && !smc_study_is_one(relid))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("relation \"%s\" already exists in schema \"%s\"",
						definition->study, import->schema),
				 errdetail("It is not a study, and the study of peer \"%s\" has this name.", import->peer),
				 errhint("Import the study into another schema.")));
	study = OidIsValid(relid) ? smc_study_load(relid) : smc_study_find(definition->study);
	if (study == NULL)
		return false;
	differences = smc_study_differences(study->definition, smc_definition_write(definition), import->peer);
	if (differences)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_TABLE),
				 errmsg("study \"%s\" is already here, in schema \"%s\", with another definition",
						study->name, study->schema),
				 errdetail("In words: %s.", differences),
				 errhint("ALTER FOREIGN TABLE here or at the peer until they agree, or drop the one here and import again.")));
	ereport(NOTICE,
			(errcode(ERRCODE_DUPLICATE_TABLE),
			 errmsg("study \"%s\" is already here, in schema \"%s\", with the same definition, skipping",
					study->name, study->schema)));
	return true;
}

static void
warn_unregistered(const Import *import, const SmcDefinition *definition)
{
	ListCell   *lc;

	foreach(lc, definition->parties)
	{
		const char *name = lfirst(lc);
		SmcPeer    *peer;

		if (strcmp(name, import->self) == 0)
			continue;
		peer = smc_peer_find(name, true);
		if (peer == NULL || !peer->has_key)
			ereport(WARNING,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("party \"%s\" of study \"%s\" is not registered here%s",
							name, definition->study, peer ? " with a public key" : ""),
					 errhint("CREATE SERVER %s FOREIGN DATA WRAPPER smc OPTIONS (host '...', dbname '...', public_key '...') registers it.",
							 quote_identifier(name))));
	}
}

/*
 * Types
 */

/* The labels of an enum as SQL, for the hint; only the first ones of very many. */
static char *
labels_sql(const SmcDefinitionColumn *column)
{
	StringInfoData buf;
	int			i;

	initStringInfo(&buf);
	for (i = 0; i < column->value_count; i++)
	{
		if (buf.len > 2000)
		{
			appendStringInfo(&buf, ", ... (%d in all)", column->value_count);
			break;
		}
		appendStringInfo(&buf, "%s%s", i > 0 ? ", " : "", quote_literal_cstr(column->values[i]));
	}
	return buf.data;
}

static char *
enum_sql(const Import *import, const SmcDefinitionColumn *column)
{
	Oid			type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(column->type),
									   ObjectIdGetDatum(get_namespace_oid(import->schema, false)));
	Oid			schemaid;
	HeapTuple	tuple;

	if (!OidIsValid(type))
		type = TypenameGetTypid(column->type);
	if (!OidIsValid(type) || !type_is_enum(type))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("enum \"%s\" of column \"%s\" does not exist here", column->type, column->name),
				 errdetail("It is looked for in schema \"%s\", then along the search path.", import->schema),
				 errhint("CREATE TYPE %s AS ENUM (%s);",
						 quote_qualified_identifier(import->schema, column->type), labels_sql(column))));
	tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for type %u", type);
	schemaid = ((Form_pg_type) GETSTRUCT(tuple))->typnamespace;
	ReleaseSysCache(tuple);
	if (!smc_study_has_labels(type, column->value_count, column->values))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("enum \"%s\" of column \"%s\" has other labels here", column->type, column->name),
				 errdetail("At peer \"%s\" they are %s.", import->peer, labels_sql(column)),
				 errhint("An enum of that name in schema \"%s\" is taken before any other.", import->schema)));
	return quote_qualified_identifier(get_namespace_name(schemaid), column->type);
}

/* Parse a built-in type as the peer wrote it; says whether its scale has to be declared. */
static char *
type_sql(const Import *import, const SmcDefinitionColumn *column, bool *needs_scale)
{
	int			guc_level = smc_modes_begin();
	Oid			type;
	int32		typmod;
	char	   *text;

	parseTypeString(column->type, &type, &typmod, false);
	text = format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN);
	smc_modes_end(guc_level);
	if (!smc_study_takes_type(type) || type_is_enum(type) || strcmp(text, column->type) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("peer \"%s\" gives column \"%s\" a type that is not a built-in one",
						import->peer, column->name)));
	*needs_scale = type == FLOAT4OID || type == FLOAT8OID || (type == NUMERICOID && typmod < 0);
	/* not as it is shown: another type of that name may come first in the search path */
	return format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
}

static char *
collation_sql(const SmcDefinitionColumn *column)
{
	Oid			collation = get_collation_oid(list_make2(makeString("pg_catalog"),
														 makeString(column->collation)), true);

	if (!OidIsValid(collation))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("collation \"%s\" of column \"%s\" does not exist here",
						column->collation, column->name),
				 errhint("Collation \"C\" exists everywhere.")));
	return quote_qualified_identifier("pg_catalog", column->collation);
}

/*
 * The command
 */

static void
add_option(StringInfo buf, bool *first, const char *name, const char *value)
{
	appendStringInfo(buf, "%s%s %s", *first ? " OPTIONS (" : ", ", name, quote_literal_cstr(value));
	*first = false;
}

static char *
array_literal(int count, char *const *values)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));
	int			i;

	for (i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(values[i]);
	return OidOutputFunctionCall(F_ARRAY_OUT,
								 PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false,
																 TYPALIGN_INT)));
}

static const char *
recipients_option(const SmcDefinition *definition, const List *names)
{
	if (list_length(names) == list_length(definition->parties))
		return "all";
	return smc_definition_names(names);
}

static void
add_column(StringInfo buf, const Import *import, const SmcDefinition *definition,
		   const SmcDefinitionColumn *column)
{
	bool		needs_scale = false;
	bool		first = true;

	appendStringInfo(buf, "%s %s", quote_identifier(column->name),
					 column->is_enum ? enum_sql(import, column) : type_sql(import, column, &needs_scale));
	if (column->allow)
		add_option(buf, &first, "allow", smc_study_allow_list(column->allow));
	if (needs_scale && column->scale != SMC_SCALE_NONE)
		add_option(buf, &first, "scale", psprintf("%d", column->scale));
	if (column->has_values && !column->is_enum)
		add_option(buf, &first, "values", array_literal(column->value_count, column->values));
	if (column->filter_by_values)
		add_option(buf, &first, "filter_by", "values");
	if (column->lo)
		add_option(buf, &first, "lo", column->lo);
	if (column->hi)
		add_option(buf, &first, "hi", column->hi);
	if (column->has_recipients)
		add_option(buf, &first, "reveal_to", recipients_option(definition, column->recipients));
	if (!first)
		appendStringInfoChar(buf, ')');
	if (column->collation)
		appendStringInfo(buf, " COLLATE %s", collation_sql(column));
	if (column->not_null)
		appendStringInfoString(buf, " NOT NULL");
}

static char *
make_command(const Import *import, const SmcDefinition *definition)
{
	StringInfoData buf;
	bool		first = true;
	int			i;

	initStringInfo(&buf);
	appendStringInfo(&buf, "CREATE FOREIGN TABLE %s (",
					 quote_qualified_identifier(import->schema, definition->study));
	for (i = 0; i < definition->column_count; i++)
	{
		appendStringInfoString(&buf, i > 0 ? ", " : "");
		add_column(&buf, import, definition, &definition->columns[i]);
	}
	appendStringInfo(&buf, ") SERVER %s", quote_identifier(import->self));
	add_option(&buf, &first, "parties", smc_definition_names(definition->parties));
	add_option(&buf, &first, "reveal_to", recipients_option(definition, definition->recipients));
	if (list_length(definition->askers) != list_length(definition->parties))
		add_option(&buf, &first, "query_by", smc_definition_names(definition->askers));
	if (definition->min_rows > 1)
		add_option(&buf, &first, "min_rows", psprintf("%u", definition->min_rows));
	if (definition->approve_each)
		add_option(&buf, &first, "approve", "each");
	if (definition->approve_within > 0)
		add_option(&buf, &first, "approve_within", smc_option_write_within(definition->approve_within));
	if (definition->max_queries >= 0)
		add_option(&buf, &first, "max_queries", psprintf(INT64_FORMAT, definition->max_queries));
	if (definition->max_queries_per_day >= 0)
		add_option(&buf, &first, "max_queries_per_day",
				   psprintf(INT64_FORMAT, definition->max_queries_per_day));
	if (definition->max_groups > 0)
		add_option(&buf, &first, "max_groups", psprintf("%u", definition->max_groups));
	if (definition->max_rows > 0)
		add_option(&buf, &first, "max_rows", psprintf("%u", definition->max_rows));
	if (definition->history != SMC_HISTORY_DEFAULT)
		add_option(&buf, &first, "history", psprintf("%d", definition->history));
	if (definition->expires)
		add_option(&buf, &first, "expires", definition->expires);
	if (definition->epsilon)
		add_option(&buf, &first, "epsilon", definition->epsilon);
	if (definition->epsilon_budget)
		add_option(&buf, &first, "epsilon_budget", definition->epsilon_budget);
	appendStringInfoChar(&buf, ')');
	return buf.data;
}

static void
check_statement(const ImportForeignSchemaStmt *stmt, const SmcPeer *peer)
{
	if (peer->is_self)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("server \"%s\" stands for this database itself", peer->name),
				 errhint("Import from the server of a peer; the view smc_peers lists them.")));
	if (strcmp(stmt->remote_schema, REMOTE_SCHEMA) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_SCHEMA_NOT_FOUND),
				 errmsg("peer \"%s\" offers no schema \"%s\"", peer->name, stmt->remote_schema),
				 errhint("A peer's studies are offered in schema \"" REMOTE_SCHEMA "\", wherever they are: IMPORT FOREIGN SCHEMA " REMOTE_SCHEMA " FROM SERVER %s INTO %s.",
						 quote_identifier(peer->name), quote_identifier(stmt->local_schema))));
	if (stmt->options != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
				 errmsg("invalid option \"%s\"", ((DefElem *) linitial(stmt->options))->defname),
				 errhint("Importing studies takes no options.")));
}

List *
smcImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverOid)
{
	SmcPeer    *peer = smc_peer_find(GetForeignServer(serverOid)->servername, false);
	SmcDefinition *current = NULL;
	SmcIdentity identity;
	Import		import;
	ErrorContextCallback callback;
	List	   *definitions;
	List	   *commands = NIL;
	ListCell   *lc;

	(void) smc_identity_read(&identity, false);
	check_statement(stmt, peer);
	import.peer = peer->name;
	import.self = identity.name;
	import.schema = stmt->local_schema;

	definitions = read_offers(&import);
	require_offered(&import, stmt, definitions);

	callback.callback = import_error_context;
	callback.arg = &current;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	foreach(lc, definitions)
	{
		current = lfirst(lc);
		if (!IsImportableForeignTable(current->study, stmt) || is_here(&import, current))
			continue;
		commands = lappend(commands, make_command(&import, current));
		warn_unregistered(&import, current);
	}
	error_context_stack = callback.previous;
	return commands;
}
