/*
 * Asking: a checked query run jointly, at the party whose user asks.
 *
 * Both ways to ask come through here: a scan of a study (pg/smc_exec.c), and
 * smc_reveal or smc_keep of an expression of secrets (pg/smc_secret_ask.c).
 *
 * Everything about one computation lives in the caller's memory context, so that
 * resetting it is how to give up: a run that is not finished is then cancelled
 * at all parties, and this party's own partial figures are wiped.
 */
#include "postgres.h"

#include "access/parallel.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "pg/smc_ask.h"
#include "pg/smc_audit.h"
#include "pg/smc_bytea.h"
#include "pg/smc_circuit.h"
#include "pg/smc_gap.h"
#include "pg/smc_history.h"
#include "pg/smc_holdings.h"
#include "pg/smc_local.h"
#include "pg/smc_module.h"
#include "pg/smc_quota.h"
#include "pg/smc_recall.h"
#include "pg/smc_secret_terms.h"
#include "pg/smc_watch.h"
#include "pg/smc_wiped.h"

/* What is to be kept, for smc_bytea_collect. */
typedef struct Keeping
{
	const SmcStudy *study;
	const SmcQuery *query;
	const SmcCircuit *circuit;
} Keeping;

void
smc_ask_require_process(void)
{
	smc_module_require_preload();
	if (IsParallelWorker())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a joint query can't be run in a parallel worker"),
				 errhint("Mark the function that runs it PARALLEL UNSAFE.")));
	smc_module_require_primary();
	if (smc_local_is_running())
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the source of a study can't itself query a study")));
}

void
smc_ask_require_study(const SmcStudy *study, bool reads_rows)
{
	smc_study_require_runnable(study);
	smc_quota_require_left(study);

	if ((study->askers & (1 << study->self)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("party \"%s\" may not query study \"%s\"", study->parties[study->self], study->name),
				 errdetail("The study can be queried by %s.", smc_study_party_list(study, study->askers))));

	if (reads_rows && study->source == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("study \"%s\" has no source at this party", study->name),
				 errhint("Name the table or view that feeds it: ALTER FOREIGN TABLE %s OPTIONS (ADD source '...').",
						 quote_qualified_identifier(study->schema, study->name))));
}

static void
write_keeps(SmcWriter *writer, const void *what)
{
	const Keeping *keeping = what;

	for (int i = 0; i < keeping->query->keep_count; i++)
	{
		SmcSecret  *secret = smc_secret_terms_make(keeping->study, keeping->query, &keeping->query->keeps[i]);

		smc_circuit_describe_keep(keeping->circuit, i, secret);
		smc_secret_write(writer, secret);
	}
}

/* Raise where what was to be kept rests on too few rows: nothing was. */
static void
check_kept(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, const SmcOutcome *outcome)
{
	if (!outcome->keeps_withheld)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("secret \"%s\" of study \"%s\" was not kept: fewer than %u rows%s",
					smc_query_keep_name(&query->keeps[0]), study->name, study->min_rows,
					layout->gap_count == 0 ? "" : smc_gap_or_near(study->min_rows)),
			 errdetail("The study withholds what rests on fewer, and what is withheld is not kept.")));
}

/*
 * Where conditions are compared with earlier ones: wait for these, and lay the
 * query out for them; returns the layout's bytes, else NULL.
 */
static bytea *
lay_out_anew(SmcRun *run, const SmcStudy *study, SmcQuery *query, SmcLayout **layout)
{
	if ((*layout)->set_count == 0)
		return NULL;
	query->history = smc_recall_list(smc_run_await_history(run), smc_rowset_uses_len(study));
	smc_history_check(study, query->history);
	*layout = smc_layout_make(study, query);
	return smc_layout_write(*layout);
}

/* Compute our own part, and hand it over; *keys are to be kept until the run is finished. */
static void
contribute(SmcRun *run, const SmcStudy *study, SmcQuery *query, SmcLayout **layout, SmcKeys **keys)
{
	bytea	   *laid_out = lay_out_anew(run, study, query, layout);
	size_t		count = smc_layout_elements(*layout);
	SmcRing128 *partials = smc_wiped_alloc(count * sizeof(SmcRing128));
	uint64		rows = (uint64) -1;	/* none were read */

	*keys = NULL;
	if (!smc_query_reads_nothing(query))
		rows = smc_watch_local_run(run, study, query, *layout, partials, keys);
	smc_run_contribute(run, laid_out, partials, count, *keys, rows);
	smc_wiped_free(partials);
}

SmcOutcome *
smc_ask_run(const SmcStudy *study, SmcQuery *query, SmcLayout **layout, SmcRunTimes *times)
{
	Keeping		keeping = {study, query, (*layout)->circuit};
	SmcRequest	request = {0};
	SmcOutcome *outcome;
	SmcKeys    *keys = NULL;
	SmcRun	   *run;

	smc_audit_make_id(request.id);
	request.study = study;
	request.query = smc_query_write(query);
	request.layout = smc_layout_write(*layout);
	request.about_secrets = smc_holdings_matter(query);
	request.keeps = query->keep_count > 0 ? smc_bytea_collect(write_keeps, &keeping) : NULL;
	request.query_text = smc_query_text(study, query);
	request.reveals = smc_query_reveals_and_keeps(study, query);

	/* The peers work while we do, or wait while we do. */
	run = smc_run_begin(&request);
	if (study->approve_each)
		smc_run_await_approval(run);
	do
	{
		contribute(run, study, query, layout, &keys);
		outcome = smc_run_finish(run, times);
		if (keys != NULL)
			smc_keys_free(keys);
	} while (outcome == NULL);
	smc_compute_check_told(outcome, study->name);
	check_kept(study, query, *layout, outcome);
	return outcome;
}
