/*
 * Which options there are, and the validator of all of them.
 *
 * An option that isn't known is refused, with the known ones in the hint: one
 * that is misspelt and ignored would be an agreement that isn't kept.
 */
#include "postgres.h"

#include "access/reloptions.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_foreign_table.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "libpq-fe.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/varlena.h"

#include "pg/smc_identity.h"
#include "pg/smc_module.h"
#include "pg/smc_option.h"
#include "pg/smc_study.h"
#include "pg/smc_validator.h"

PG_FUNCTION_INFO_V1(smc_fdw_validator);

/* How an option's value is read. */
typedef enum OptionKind
{
	KIND_FREE,					/* libpq's, judged when it connects */
	KIND_FILE,					/* the same, names a file of the server's host */
	KIND_KEY,
	KIND_SWITCH,				/* on or off */
	KIND_NAMES,
	KIND_RECIPIENTS,
	KIND_SOURCE,
	KIND_COLUMN,
	KIND_COUNT,					/* 0 and up */
	KIND_COUNT_POSITIVE,		/* 1 and up */
	KIND_HISTORY,
	KIND_POSITIVE,
	KIND_APPROVE,
	KIND_WITHIN,
	KIND_EXPIRES,
	KIND_FILTER_BY,
	KIND_ALLOW,
	KIND_VALUES,
	KIND_SCALE,
	KIND_BOUND
} OptionKind;

typedef struct OptionRule
{
	const char *name;
	Oid			context;		/* catalog of the object that may have it */
	OptionKind	kind;
} OptionRule;

/* All but the options of servers that libpq knows, which are asked of libpq. */
static const OptionRule option_rules[] = {
	{"public_key", ForeignServerRelationId, KIND_KEY},
	{"accept_rotation", ForeignServerRelationId, KIND_SWITCH},

	{"user", UserMappingRelationId, KIND_FREE},
	{"password", UserMappingRelationId, KIND_FREE},
	{"passfile", UserMappingRelationId, KIND_FILE},
	{"sslcert", UserMappingRelationId, KIND_FILE},
	{"sslkey", UserMappingRelationId, KIND_FILE},
	{"sslpassword", UserMappingRelationId, KIND_FREE},

	{"parties", ForeignTableRelationId, KIND_NAMES},
	{"reveal_to", ForeignTableRelationId, KIND_RECIPIENTS},
	{"source", ForeignTableRelationId, KIND_SOURCE},
	{"query_by", ForeignTableRelationId, KIND_NAMES},
	{"min_rows", ForeignTableRelationId, KIND_COUNT_POSITIVE},
	{"approve", ForeignTableRelationId, KIND_APPROVE},
	{"approve_within", ForeignTableRelationId, KIND_WITHIN},
	{"max_queries", ForeignTableRelationId, KIND_COUNT},
	{"max_queries_per_day", ForeignTableRelationId, KIND_COUNT},
	{"max_groups", ForeignTableRelationId, KIND_COUNT_POSITIVE},
	{"max_rows", ForeignTableRelationId, KIND_COUNT_POSITIVE},
	{"history", ForeignTableRelationId, KIND_HISTORY},
	{"expires", ForeignTableRelationId, KIND_EXPIRES},
	{"epsilon", ForeignTableRelationId, KIND_POSITIVE},
	{"epsilon_budget", ForeignTableRelationId, KIND_POSITIVE},

	{"allow", AttributeRelationId, KIND_ALLOW},
	{"values", AttributeRelationId, KIND_VALUES},
	{"filter_by", AttributeRelationId, KIND_FILTER_BY},
	{"scale", AttributeRelationId, KIND_SCALE},
	{"lo", AttributeRelationId, KIND_BOUND},
	{"hi", AttributeRelationId, KIND_BOUND},
	{"reveal_to", AttributeRelationId, KIND_RECIPIENTS},
	{"column", AttributeRelationId, KIND_COLUMN}
};

/*
 * libpq's options that make no sense here: the link sets the first two itself
 * and is no replication connection, and settings of the peer's session are the
 * peer's to choose.
 */
static const char *const excluded_options[] = {
	"client_encoding", "fallback_application_name", "replication", "options"
};

/* Names of libpq's options that a server may have; filled once. */
static List *libpq_server_options = NIL;

static const OptionRule *
find_rule(const char *name, Oid context)
{
	int			i;

	for (i = 0; i < lengthof(option_rules); i++)
	{
		if (option_rules[i].context == context && strcmp(option_rules[i].name, name) == 0)
			return &option_rules[i];
	}
	return NULL;
}

static bool
is_excluded(const char *name)
{
	int			i;

	for (i = 0; i < lengthof(excluded_options); i++)
	{
		if (strcmp(excluded_options[i], name) == 0)
			return true;
	}
	return find_rule(name, UserMappingRelationId) != NULL;
}

/*
 * The options that a server may have of libpq's, as the libpq at hand knows
 * them; those for debugging and those of the user mapping are left out.
 */
static List *
server_options(void)
{
	PQconninfoOption *defaults;
	PQconninfoOption *option;
	MemoryContext old;
	List	   *names = NIL;

	if (libpq_server_options != NIL)
		return libpq_server_options;

	defaults = PQconndefaults();
	if (defaults == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FDW_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Could not get libpq's default connection options.")));

	/* Only running out of memory could raise here, and would leak the defaults. */
	old = MemoryContextSwitchTo(TopMemoryContext);
	for (option = defaults; option->keyword != NULL; option++)
	{
		if (strchr(option->dispchar, 'D') == NULL && !is_excluded(option->keyword))
			names = lappend(names, pstrdup(option->keyword));
	}
	MemoryContextSwitchTo(old);
	PQconninfoFree(defaults);

	libpq_server_options = names;
	return names;
}

static bool
is_server_option(const char *name)
{
	ListCell   *cell;

	foreach(cell, server_options())
	{
		if (strcmp((const char *) lfirst(cell), name) == 0)
			return true;
	}
	return false;
}

bool
smc_validator_is_libpq(const char *name)
{
	return find_rule(name, UserMappingRelationId) != NULL || is_server_option(name);
}

/*
 * Raise for a public key, without repeating what may be another secret, put
 * there by mistake.
 */
static void
check_key(const char *value)
{
	uint8		key[SMC_PUBLIC_KEY_BYTES];

	if (!smc_identity_parse_key(value, key))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid value for option \"%s\"", "public_key"),
				 errdetail("It is not an Ed25519 public key."),
				 errhint("A key is 44 characters of base64, as smc_public_key() returns it in the peer's database.")));
}

static void
check_value(const OptionRule *rule, const char *value)
{
	List	   *names;
	int			count;

	switch (rule->kind)
	{
		case KIND_FREE:
			break;
		case KIND_FILE:

			/*
			 * libpq would open the file with the rights of the server's
			 * operating system user, for whoever owns the mapping.
			 */
			if (!superuser())
				ereport(ERROR,
						(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
						 errmsg("permission denied to set option \"%s\"", rule->name),
						 errdetail("Only superusers may name a file of the server's host.")));
			break;
		case KIND_KEY:
			check_key(value);
			break;
		case KIND_SWITCH:
			(void) smc_option_parse_switch(value, rule->name);
			break;
		case KIND_NAMES:
			(void) smc_option_parse_names(value, rule->name);
			break;
		case KIND_RECIPIENTS:
			(void) smc_option_parse_recipients(value, rule->name, &names);
			break;
		case KIND_SOURCE:
			(void) smc_option_parse_source(value);
			break;
		case KIND_COLUMN:
			if (value[0] == '\0' || strlen(value) >= NAMEDATALEN)
				smc_option_raise_value(rule->name, value, "It must be the name of a column of the source.");
			break;
		case KIND_COUNT:
			(void) smc_option_parse_int(value, rule->name, 0, PG_INT32_MAX);
			break;
		case KIND_HISTORY:
			(void) smc_option_parse_int(value, rule->name, 0, SMC_HISTORY_MAX);
			break;
		case KIND_COUNT_POSITIVE:
			(void) smc_option_parse_int(value, rule->name, 1, PG_INT32_MAX);
			break;
		case KIND_POSITIVE:
			(void) smc_option_parse_positive(value, rule->name);
			break;
		case KIND_APPROVE:
			(void) smc_option_parse_approve(value);
			break;
		case KIND_WITHIN:
			(void) smc_option_parse_within(value);
			break;
		case KIND_EXPIRES:
			(void) smc_option_parse_expires(value);
			break;
		case KIND_FILTER_BY:
			(void) smc_option_parse_filter_by(value);
			break;
		case KIND_ALLOW:
			(void) smc_study_parse_allow(value);
			break;
		case KIND_VALUES:
			(void) smc_option_parse_values(value, &count);
			break;
		case KIND_SCALE:
			(void) smc_option_parse_int(value, rule->name, 0, SMC_SCALE_MAX);
			break;
		case KIND_BOUND:
			/* Of the column's type, which isn't known here. */
			if (value[0] == '\0')
				smc_option_raise_value(rule->name, value, "It must be a value of the column's type.");
			break;
	}
}

/* The names of the options that an object of the given catalog may have, in the order of their lists. */
static List *
valid_options(Oid context)
{
	List	   *names = NIL;
	int			i;

	for (i = 0; i < lengthof(option_rules); i++)
	{
		if (option_rules[i].context == context)
			names = lappend(names, (void *) option_rules[i].name);
	}
	if (context == ForeignServerRelationId)
		names = list_concat(names, server_options());
	return names;
}

/*
 * Find the valid option that was most likely meant: at most a third of the
 * letters wrong.  NULL when none comes near.
 */
static const char *
nearest_option(const char *name, List *valid)
{
	const char *best = NULL;
	int			best_distance = Min(strlen(name) / 3 + 1, 4) + 1;
	ListCell   *cell;

	if (strlen(name) >= NAMEDATALEN)
		return NULL;
	foreach(cell, valid)
	{
		const char *option = lfirst(cell);
		int			distance;

		distance = varstr_levenshtein_less_equal(name, strlen(name), option, strlen(option),
												 1, 1, 1, best_distance - 1, true);
		if (distance < best_distance)
		{
			best = option;
			best_distance = distance;
		}
	}
	return best;
}

static void
raise_unknown(const char *name, Oid context)
{
	List	   *valid = valid_options(context);
	const char *nearest = nearest_option(name, valid);
	StringInfoData hint;
	ListCell   *cell;

	initStringInfo(&hint);
	if (context == ForeignServerRelationId && find_rule(name, UserMappingRelationId) != NULL)
		appendStringInfo(&hint, "Option \"%s\" belongs to the user mapping. ", name);
	else if (nearest != NULL)
		appendStringInfo(&hint, "Perhaps you meant the option \"%s\". ", nearest);

	if (valid == NIL)
		appendStringInfoString(&hint, "There are no valid options in this context.");
	else
	{
		appendStringInfoString(&hint, "Valid options in this context are: ");
		foreach(cell, valid)
			appendStringInfo(&hint, "%s%s", foreach_current_index(cell) > 0 ? ", " : "",
							 (const char *) lfirst(cell));
		appendStringInfoChar(&hint, '.');
	}

	ereport(ERROR,
			(errcode(ERRCODE_FDW_INVALID_OPTION_NAME),
			 errmsg("invalid option \"%s\"", name),
			 errhint("%s", hint.data)));
}

/*
 * Validate the whole list of options that an object is going to have.
 */
Datum
smc_fdw_validator(PG_FUNCTION_ARGS)
{
	List	   *options = untransformRelOptions(PG_GETARG_DATUM(0));
	Oid			context = PG_GETARG_OID(1);
	ListCell   *cell;

	/* The wrapper itself has none, and its creation asks before all else. */
	smc_module_require_preload();

	foreach(cell, options)
	{
		DefElem    *def = lfirst_node(DefElem, cell);
		const OptionRule *rule = find_rule(def->defname, context);

		if (rule != NULL)
			check_value(rule, defGetString(def));
		else if (context != ForeignServerRelationId || !is_server_option(def->defname))
			raise_unknown(def->defname, context);
	}

	PG_RETURN_VOID();
}
