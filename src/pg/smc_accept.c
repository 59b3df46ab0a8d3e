/*
 * smc_accept and smc_withdraw: this party's own consent to a study.
 *
 * Consent is a row of a table, so it begins and ends with the transaction, like
 * everything else in a database.  Withdrawing must always be possible, so it
 * needs no more than the study's name: not a definition that is whole, and for
 * a superuser not even the table.
 */
#include "postgres.h"

#include <sodium.h>

#include "catalog/namespace.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "pg/smc_consent.h"
#include "pg/smc_consent_store.h"
#include "pg/smc_identity.h"
#include "pg/smc_peer.h"
#include "pg/smc_privacy.h"
#include "pg/smc_source.h"
#include "pg/smc_study.h"

PG_FUNCTION_INFO_V1(smc_accept);
PG_FUNCTION_INFO_V1(smc_withdraw);

static void unknown_study(const char *name) pg_attribute_noreturn();

static void
unknown_study(const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("study \"%s\" does not exist", name),
			 errhint("The view smc_studies lists the studies. A peer's come here by IMPORT FOREIGN SCHEMA.")));
}

/* A study's name, and its schema where it was given, else NULL. */
static char *
split_name(text *name, char **schema)
{
	List	   *names = textToQualifiedNameList(name);

	if (list_length(names) > 2)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("improper study name (too many dotted names): %s", text_to_cstring(name))));
	*schema = list_length(names) == 2 ? strVal(linitial(names)) : NULL;
	return strVal(llast(names));
}

static Oid
table_in_schema(const char *schema, const char *name)
{
	Oid			schemaid = get_namespace_oid(schema, true);

	return OidIsValid(schemaid) ? get_relname_relid(name, schemaid) : InvalidOid;
}

static void
require_owner(const char *study, Oid owner)
{
	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of study \"%s\"", study)));
}

/* Say which parties can't take part yet; often a name is only misspelt. */
static void
warn_of_strangers(const SmcStudy *study)
{
	int			i;

	for (i = 0; i < study->party_count; i++)
		if (i != study->self && smc_peer_find(study->parties[i], true) == NULL)
			ereport(WARNING,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("party \"%s\" of study \"%s\" is not registered here", study->parties[i], study->name),
					 errhint("Use CREATE SERVER %s FOREIGN DATA WRAPPER smc OPTIONS (host '...', dbname '...', public_key '...').",
							 quote_identifier(study->parties[i]))));
}

/*
 * smc_accept(study text) returns text
 *
 * Sign the study as it now stands; returns the digest.  Accepting again what is
 * accepted changes nothing, unless our key was replaced since: then it is signed
 * by the present one.
 */
Datum
smc_accept(PG_FUNCTION_ARGS)
{
	char	   *schema;
	char	   *name = split_name(PG_GETARG_TEXT_PP(0), &schema);
	char		hex[SMC_KEY_BYTES * 2 + 1];
	SmcIdentity identity;
	SmcStudy   *study;
	Oid			relid = InvalidOid;

	(void) smc_identity_read(&identity, false);
	if (schema)
	{
		relid = table_in_schema(schema, name);
		if (!OidIsValid(relid))
			unknown_study(name);
		study = smc_study_load(relid);
	}
	/* peers know it by its name alone, so there must be one of that name */
	study = smc_study_find(name);
	if (study == NULL)
	{
		relid = schema ? relid : RelnameGetRelid(name);
		if (OidIsValid(relid))
			(void) smc_study_load(relid);	/* says what it is instead */
	}
	if (study == NULL || (schema && study->relid != relid))
		unknown_study(name);
	require_owner(study->name, study->owner);

	/* a consent that can't be kept is none */
	smc_privacy_check_study(study);
	smc_source_require_readable(study, smc_source_find(study));

	if (!smc_consent_has_current(study))
		smc_consent_store_put(study->name, smc_consent_sign(study));
	warn_of_strangers(study);
	sodium_bin2hex(hex, sizeof(hex), study->digest, SMC_KEY_BYTES);
	PG_RETURN_TEXT_P(cstring_to_text(hex));
}

/*
 * smc_withdraw(study text) returns void
 *
 * End this party's consent to the study, in whatever form it was given.
 */
Datum
smc_withdraw(PG_FUNCTION_ARGS)
{
	char	   *schema;
	char	   *name = split_name(PG_GETARG_TEXT_PP(0), &schema);
	SmcIdentity identity;
	ListCell   *lc;
	bool		exists = false;

	(void) smc_identity_read(&identity, false);
	if (schema)
	{
		Oid			relid = table_in_schema(schema, name);

		if (!OidIsValid(relid) || !smc_study_is_one(relid))
			unknown_study(name);
	}
	foreach(lc, smc_study_relations())
	{
		Oid			relid = lfirst_oid(lc);
		char	   *relname = get_rel_name(relid);

		if (relname && strcmp(relname, name) == 0)
		{
			exists = true;
			require_owner(name, smc_study_owner(relid));
		}
	}
	/* what is left of a dropped one is for a superuser to end */
	if (!exists && !superuser())
		unknown_study(name);
	if (smc_consent_store_withdraw(name, identity.name) == 0)
	{
		if (!exists)
			unknown_study(name);
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("study \"%s\" is not accepted by this party", name)));
	}
	PG_RETURN_VOID();
}
