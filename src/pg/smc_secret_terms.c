/*
 * The terms of secrets: gathered when one is kept, checked when it is used.
 */
#include "postgres.h"

#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "pg/smc_privacy.h"
#include "pg/smc_secret_terms.h"

/* The words that let a column decide, without being in the value. */
#define DECIDING_WORDS	(SMC_ALLOW_FILTER | SMC_ALLOW_GROUP)

/*
 * Checking
 */

static void
refuse_parties(const SmcStudy *study, const SmcSecret *secret)
{
	StringInfoData names;
	ListCell   *lc;

	initStringInfo(&names);
	foreach(lc, secret->parties)
		appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", (char *) lfirst(lc));
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("secret \"%s\" of study \"%s\" is shared among %s", secret->name, study->name, names.data),
			 errdetail("The study's parties now are %s.",
					   smc_study_party_list(study, (uint16) ((1u << study->party_count) - 1)))));
}

static void
check_parties(const SmcStudy *study, const SmcSecret *secret)
{
	ListCell   *lc;

	if (list_length(secret->parties) != study->party_count)
		refuse_parties(study, secret);
	foreach(lc, secret->parties)
		if (strcmp(lfirst(lc), study->parties[foreach_current_index(lc)]) != 0)
			refuse_parties(study, secret);
}

static void
check_use(const SmcStudy *study, const SmcSecret *secret, const SmcSecretUse *use)
{
	const SmcColumn *column = smc_study_column_by_name(study, use->column);
	uint32		missing;

	if (column == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("secret \"%s\" of study \"%s\" was made of column \"%s\", which the study does not have any more",
						secret->name, study->name, use->column)));
	missing = use->words & ~column->allow;
	if (missing != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("secret \"%s\" of study \"%s\" was made of column \"%s\" by %s, which the study does not allow any more",
						secret->name, study->name, use->column, smc_study_allow_list(missing))));
}

/* Raise unless some column allows a count, as for a figure that reads none. */
static void
check_count(const SmcStudy *study, const SmcSecret *secret)
{
	for (int i = 0; i < study->column_count; i++)
	{
		if (study->columns[i].allow & SMC_ALLOW_COUNT)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("secret \"%s\" of study \"%s\" tells numbers of rows, which the study does not allow any more",
					secret->name, study->name)));
}

static void
check_secret(const SmcStudy *study, const SmcSecret *secret)
{
	check_parties(study, secret);
	for (int i = 0; i < secret->use_count; i++)
		check_use(study, secret, &secret->uses[i]);
	if (secret->counts_rows)
		check_count(study, secret);
	if (study->min_rows > 1 && study->min_rows > secret->min_rows)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("secret \"%s\" of study \"%s\" may rest on fewer rows than the study now asks for",
						secret->name, study->name),
				 secret->min_rows > 1 ?
				 errdetail("It was kept when min_rows was %u; now it is %u.", secret->min_rows, study->min_rows) :
				 errdetail("It was kept when there was no min_rows; now it is %u.", study->min_rows)));

	/* noise is added once, when it is kept: what is made of a noisy figure tells no more than it */
	if (smc_privacy_applies(study) && (secret->epsilon == 0 || secret->epsilon > smc_privacy_epsilon(study)))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("secret \"%s\" of study \"%s\" was kept without the noise that the study now asks for",
						secret->name, study->name)));
}

void
smc_secret_terms_check(const SmcStudy *study, const SmcQuery *query)
{
	for (int i = 0; i < query->secret_count; i++)
	{
		const SmcSecret *secret = query->secrets[i].secret;

		if (secret == NULL || memcmp(secret->id, query->secrets[i].id, SMC_UUID_BYTES) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("secret \"%s\" of study \"%s\" is not kept here", query->secrets[i].name, study->name)));
		if (secret->state == SMC_SECRET_EXPIRED)
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("secret \"%s\" of study \"%s\" has expired", secret->name, study->name)));
		check_secret(study, secret);
	}
}

uint16
smc_secret_terms_recipients(const SmcStudy *study, const SmcSecret *secret)
{
	uint16		mask = secret->counts_rows ? study->recipients : (uint16) ((1u << study->party_count) - 1);

	for (int i = 0; i < secret->use_count; i++)
	{
		const SmcColumn *column = smc_study_column_by_name(study, secret->uses[i].column);

		if (secret->uses[i].words & ~DECIDING_WORDS)
			mask &= column != NULL ? column->recipients : 0;
	}
	return mask;
}

/*
 * Gathering
 */

typedef struct Gathering
{
	const SmcStudy *study;
	const SmcQuery *query;
	uint32	   *uses;			/* by column of the study: the words it is used by */
	bool		reads_rows;		/* there is an aggregate in it */
	bool		counts_rows;
	uint32		min_rows;		/* the least among what goes in */
	int64		epsilon;		/* of what has the least noise among it; 0: of some that has none */
} Gathering;

static void
gather_epsilon(Gathering *gathering, int64 epsilon)
{
	if (gathering->epsilon < 0)
		gathering->epsilon = epsilon;
	else if (gathering->epsilon > 0)
		gathering->epsilon = epsilon == 0 ? 0 : Max(gathering->epsilon, epsilon);
}

static void
gather_secret(Gathering *gathering, const SmcSecret *secret)
{
	for (int i = 0; i < secret->use_count; i++)
	{
		/* there, or it would have been refused */
		const SmcColumn *column = smc_study_column_by_name(gathering->study, secret->uses[i].column);

		if (column != NULL)
			gathering->uses[column - gathering->study->columns] |= secret->uses[i].words;
	}
	gathering->counts_rows |= secret->counts_rows;
	gathering->min_rows = Min(gathering->min_rows, secret->min_rows);
	gather_epsilon(gathering, secret->epsilon);
}

static void
gather(Gathering *gathering, const SmcExpr *formula)
{
	ListCell   *lc;

	if (formula->kind == SMC_EXPR_AGG)
	{
		const SmcAgg *agg = &gathering->query->aggs[formula->column];

		gathering->reads_rows = true;
		if (smc_query_note_uses(gathering->study, agg, gathering->uses) == 0)
			gathering->counts_rows = true;
		gathering->min_rows = Min(gathering->min_rows, gathering->study->min_rows);
		gather_epsilon(gathering, smc_privacy_applies(gathering->study) ? smc_privacy_epsilon(gathering->study) : 0);
	}
	else if (formula->kind == SMC_EXPR_SECRET)
		gather_secret(gathering, gathering->query->secrets[formula->column].secret);
	foreach(lc, formula->args)
		gather(gathering, lfirst(lc));
}

SmcSecret *
smc_secret_terms_make(const SmcStudy *study, const SmcQuery *query, const SmcQueryKeep *keep)
{
	const SmcExpr *formula = query->formulas[keep->formula];
	SmcSecret  *secret = palloc0(sizeof(SmcSecret));
	Gathering	gathering = {study, query, palloc0(Max(study->column_count, 1) * sizeof(uint32)), false, false, PG_UINT32_MAX, -1};
	StringInfoData made_of;
	ListCell   *lc;

	gather(&gathering, formula);
	initStringInfo(&made_of);
	appendStringInfoString(&made_of, smc_query_formula_text(study, query, formula));
	if (query->where != NULL && gathering.reads_rows)
	{
		smc_expr_note_uses(study, query->where, 0, gathering.uses);
		appendStringInfo(&made_of, " WHERE %s", smc_query_formula_text(study, query, query->where));
	}

	secret->study = pstrdup(study->name);
	secret->name = pstrdup(smc_query_keep_name(keep));
	secret->made_of = made_of.data;
	secret->uses = palloc0(Max(study->column_count, 1) * sizeof(SmcSecretUse));
	for (int i = 0; i < study->column_count; i++)
	{
		if (gathering.uses[i] == 0)
			continue;
		secret->uses[secret->use_count].column = pstrdup(study->columns[i].name);
		secret->uses[secret->use_count++].words = gathering.uses[i];
	}
	secret->counts_rows = gathering.counts_rows;
	secret->min_rows = gathering.min_rows != PG_UINT32_MAX ? gathering.min_rows : 0;
	secret->epsilon = Max(gathering.epsilon, 0);
	foreach(lc, study->party_names)
		secret->parties = lappend(secret->parties, pstrdup(lfirst(lc)));
	memcpy(secret->digest, study->digest, SMC_KEY_BYTES);
	secret->expires = smc_query_keep_expires(keep);
	return secret;
}
