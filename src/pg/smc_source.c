/*
 * The source of a study: this party's own table or view behind its part.
 *
 * It is named by the study's owner and looked up from a peer's session too, so
 * the search path of whoever is connected must not decide what is read: a name
 * without a schema means the study's own schema.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_coerce.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/smc_option.h"
#include "pg/smc_source.h"
#include "pg/smc_study.h"

/*
 * Find and lock a relation, without asking whether the current user may use its
 * schema: it is the study's owner who reads it.  A relation renamed or replaced
 * while we wait for the lock is looked up again.
 */
static Oid
find_and_lock(const char *schema, const char *name)
{
	Oid			locked = InvalidOid;

	for (;;)
	{
		Oid			schemaid = get_namespace_oid(schema, true);
		Oid			relid = OidIsValid(schemaid) ? get_relname_relid(name, schemaid) : InvalidOid;

		if (relid == locked)
			return relid;
		if (OidIsValid(locked))
			UnlockRelationOid(locked, AccessShareLock);
		if (!OidIsValid(relid))
			return InvalidOid;
		/* takes in what others have changed, too */
		LockRelationOid(relid, AccessShareLock);
		locked = relid;
	}
}

/* Find and lock the relation that option source names. */
static Oid
look_up(const SmcStudy *study)
{
	List	   *names;
	const char *schema;
	const char *name;
	Oid			relid;

	if (study->source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("study \"%s\" has no source at this party", study->name),
				 errhint("Use ALTER FOREIGN TABLE %s OPTIONS (ADD source 'schema.table').",
						 quote_qualified_identifier(study->schema, study->name))));
	names = smc_option_parse_source(study->source);
	schema = list_length(names) > 1 ? strVal(linitial(names)) : study->schema;
	name = strVal(llast(names));
	relid = find_and_lock(schema, name);
	if (!OidIsValid(relid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("source \"%s\" of study \"%s\" does not exist",
						study->source, study->name),
				 errdetail("There is no relation %s.", quote_qualified_identifier(schema, name)),
				 errhint("A source without a schema is looked for in the study's own schema.")));
	return relid;
}

static void
check_kind(const SmcStudy *study, Oid relid)
{
	switch (get_rel_relkind(relid))
	{
		case RELKIND_RELATION:
		case RELKIND_PARTITIONED_TABLE:
		case RELKIND_VIEW:
		case RELKIND_MATVIEW:
			break;
		case RELKIND_FOREIGN_TABLE:
			if (!smc_study_is_one(relid))
				break;
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("source \"%s\" of study \"%s\" is itself a study",
							study->source, study->name),
					 errhint("A source is this party's own table or view.")));
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_WRONG_OBJECT_TYPE),
					 errmsg("source \"%s\" of study \"%s\" is not a table or view",
							study->source, study->name)));
	}
	if (get_rel_persistence(relid) == RELPERSISTENCE_TEMP)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("source \"%s\" of study \"%s\" is a temporary table",
						study->source, study->name),
				 errdetail("A computation that a peer asks for runs in another session, which can't see it.")));
}

static void
check_columns(const SmcStudy *study, Oid relid)
{
	int			i;

	for (i = 0; i < study->column_count; i++)
	{
		const SmcColumn *column = &study->columns[i];
		AttrNumber	attnum;
		Oid			type;

		if (column->allow == 0)
			continue;
		attnum = get_attnum(relid, column->source_column);
		if (attnum <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("source \"%s\" of study \"%s\" has no column \"%s\"",
							study->source, study->name, column->source_column),
					 errhint("Column option \"column\" names the source's column where it differs; a view can supply what isn't there.")));
		type = get_atttype(relid, attnum);
		if (type != column->type &&
			!can_coerce_type(1, &type, &column->type, COERCION_IMPLICIT))
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("column \"%s\" of source \"%s\" of study \"%s\" is of type %s, which does not become %s by itself",
							column->source_column, study->source, study->name,
							format_type_be(type), format_type_be(column->type)),
					 errhint("Use a view as the source that casts it.")));
	}
}

Oid
smc_source_find(const SmcStudy *study)
{
	Oid			relid = look_up(study);

	check_kind(study, relid);
	check_columns(study, relid);
	return relid;
}

void
smc_source_require_readable(const SmcStudy *study, Oid sourceid)
{
	int			i;

	if (pg_class_aclcheck(sourceid, study->owner, ACL_SELECT) == ACLCHECK_OK)
		return;
	for (i = 0; i < study->column_count; i++)
	{
		const SmcColumn *column = &study->columns[i];

		if (column->allow != 0 &&
			pg_attribute_aclcheck(sourceid, get_attnum(sourceid, column->source_column),
								  study->owner, ACL_SELECT) != ACLCHECK_OK)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("the owner of study \"%s\" may not read column \"%s\" of its source \"%s\"",
							study->name, column->source_column, study->source),
					 errdetail("This party's part of a query is run as the study's owner, \"%s\".",
							   GetUserNameFromId(study->owner, false)),
					 errhint("GRANT SELECT on the source to that role.")));
	}
}
