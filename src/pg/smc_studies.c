/*
 * smc_studies: every study here, who has accepted it, and what differs.
 *
 * What is told of the peers is what they last told us, checked again against
 * the keys registered now and how they came about.  A study that is not whole is listed too, with what
 * is wrong with it in place of what differs: one of them must not hide the rest.
 */
#include "postgres.h"

#include <sodium.h>

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/tuplestore.h"

#include "pg/smc_consent.h"
#include "pg/smc_consent_store.h"
#include "pg/smc_peer.h"
#include "pg/smc_privacy.h"
#include "pg/smc_quota.h"
#include "pg/smc_study.h"

PG_FUNCTION_INFO_V1(smc_studies_list);

enum
{
	OUT_STUDY,
	OUT_RELATION,
	OUT_PARTIES,
	OUT_REVEAL_TO,
	OUT_DIGEST,
	OUT_ACCEPTED,
	OUT_MISSING,
	OUT_DIFFERS,
	OUT_SOURCE,
	OUT_QUERIES_LEFT,
	OUT_QUERIES_LEFT_TODAY,
	OUT_EPSILON_LEFT,
	OUT_DEFINITION,
	OUT_COUNT
};

/* Names of the parties in a mask as text[]. */
static Datum
party_array(const SmcStudy *study, uint16 mask)
{
	Datum		names[SMC_PARTIES_MAX];
	int			count = 0;
	int			i;

	for (i = 0; i < study->party_count; i++)
		if (mask & (1u << i))
			names[count++] = CStringGetTextDatum(study->parties[i]);
	return PointerGetDatum(construct_array(names, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* The row heard last of a party; rows come by party, last heard first. */
static const SmcConsentRow *
last_heard(List *rows, const char *party)
{
	ListCell   *lc;

	foreach(lc, rows)
	{
		const SmcConsentRow *row = lfirst(lc);

		if (strcmp(row->party, party) == 0)
			return row;
	}
	return NULL;
}

/* Whether a peer stands by the study as it is here; says in buf why not, where there is something to say. */
static bool
peer_accepted(const SmcStudy *study, const char *party, const SmcConsentRow *row, StringInfo buf)
{
	SmcPeer    *peer = smc_peer_find(party, true);
	char	   *differences = NULL;

	if (row && memcmp(row->digest, study->digest, SMC_KEY_BYTES) != 0)
		differences = smc_study_differences(study->definition, row->definition, party);
	if (differences)
		appendStringInfo(buf, "%s%s", buf->len > 0 ? "\n" : "", differences);
	if (peer == NULL || !peer->has_key)
		appendStringInfo(buf, "%s%s is not registered here%s", buf->len > 0 ? "\n" : "", party,
						 peer ? " with a public key" : "");
	if (row == NULL || differences || !row->accepted || peer == NULL || !peer->has_key)
		return false;
	if (smc_consent_holds(study->name, row, peer->public_key))
		return true;
	appendStringInfo(buf, "%s%s accepted it under another key than the one registered here, and must accept it again",
					 buf->len > 0 ? "\n" : "", party);
	return false;
}

/* Say in buf when another relation of the list bears the same name: no peer could tell them apart. */
static void
tell_namesakes(const SmcStudy *study, const List *relids, StringInfo buf)
{
	ListCell   *lc;

	foreach(lc, relids)
	{
		Oid			relid = lfirst_oid(lc);
		char	   *name = relid == study->relid ? NULL : get_rel_name(relid);

		if (name && strcmp(name, study->name) == 0)
			appendStringInfo(buf, "%sthere is another study of this name, in schema \"%s\"",
							 buf->len > 0 ? "\n" : "",
							 get_namespace_name(get_rel_namespace(relid)));
	}
}

static void
describe(const SmcStudy *study, const List *relids, Datum *values, bool *nulls)
{
	List	   *rows = smc_consent_store_read(study->name, NULL);
	uint16		all = (uint16) ((1u << study->party_count) - 1);
	uint16		accepted = 0;
	char		hex[SMC_KEY_BYTES * 2 + 1];
	StringInfoData differs;
	SmcQuota	quota;
	int			i;

	initStringInfo(&differs);
	tell_namesakes(study, relids, &differs);
	for (i = 0; i < study->party_count; i++)
	{
		const char *party = study->parties[i];

		if (i == study->self ? smc_consent_has_own(study) :
			peer_accepted(study, party, last_heard(rows, party), &differs))
			accepted |= (uint16) (1u << i);
	}

	sodium_bin2hex(hex, sizeof(hex), study->digest, SMC_KEY_BYTES);
	values[OUT_PARTIES] = party_array(study, all);
	values[OUT_REVEAL_TO] = CStringGetTextDatum(study->recipients == 0 ? "none" :
												smc_study_party_list(study, study->recipients));
	values[OUT_DIGEST] = CStringGetTextDatum(hex);
	values[OUT_ACCEPTED] = party_array(study, accepted);
	values[OUT_MISSING] = party_array(study, all & ~accepted);
	if (differs.len > 0)
		values[OUT_DIFFERS] = CStringGetTextDatum(differs.data);
	else
		nulls[OUT_DIFFERS] = true;
	if (study->source)
		values[OUT_SOURCE] = CStringGetTextDatum(study->source);
	else
		nulls[OUT_SOURCE] = true;
	smc_quota_read(study, &quota);
	values[OUT_QUERIES_LEFT] = Int64GetDatum(quota.left);
	nulls[OUT_QUERIES_LEFT] = quota.left < 0;
	values[OUT_QUERIES_LEFT_TODAY] = Int64GetDatum(quota.left_today);
	nulls[OUT_QUERIES_LEFT_TODAY] = quota.left_today < 0;
	nulls[OUT_EPSILON_LEFT] = study->epsilon == NULL || study->epsilon_budget == NULL;
	if (!nulls[OUT_EPSILON_LEFT])
		values[OUT_EPSILON_LEFT] = Float8GetDatum(smc_privacy_left(study, quota.used));
	values[OUT_DEFINITION] = CStringGetTextDatum(study->definition);
}

/* smc_studies_list() returns setof record: see smc--1.0.sql */
Datum
smc_studies_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	List	   *relids = smc_study_relations();
	ListCell   *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, relids)
	{
		Oid			relid = lfirst_oid(lc);
		char	   *name = get_rel_name(relid);
		Datum		values[OUT_COUNT] = {0};
		bool		nulls[OUT_COUNT] = {false};
		SmcStudy   *study;
		char	   *why;

		CHECK_FOR_INTERRUPTS();
		if (name == NULL)
			continue;			/* dropped meanwhile */
		values[OUT_STUDY] = CStringGetTextDatum(name);
		values[OUT_RELATION] = ObjectIdGetDatum(relid);
		study = smc_study_try_load(relid, &why);
		if (study)
			describe(study, relids, values, nulls);
		else
		{
			memset(nulls, true, sizeof(nulls));
			nulls[OUT_STUDY] = nulls[OUT_RELATION] = nulls[OUT_DIFFERS] = false;
			values[OUT_DIFFERS] = CStringGetTextDatum(why);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
