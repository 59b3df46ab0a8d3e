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
#include "pg/smc_holdings.h"
#include "pg/smc_local.h"
#include "pg/smc_module.h"
#include "pg/smc_quota.h"
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
check_kept(const SmcStudy *study, const SmcQuery *query, const SmcOutcome *outcome)
{
	if (!outcome->keeps_withheld)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg_plural("secret \"%s\" of study \"%s\" was not kept: fewer than %u row",
						   "secret \"%s\" of study \"%s\" was not kept: fewer than %u rows",
						   study->min_rows,
						   smc_query_keep_name(&query->keeps[0]), study->name, study->min_rows),
			 errdetail("The study withholds what rests on fewer, and what is withheld is not kept.")));
}

SmcOutcome *
smc_ask_run(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, SmcRunTimes *times)
{
	Keeping		keeping = {study, query, layout->circuit};
	SmcRequest	request = {0};
	SmcOutcome *outcome;
	SmcRing128 *partials;
	size_t		count = (size_t) layout->cell_count * layout->slot_count;
	SmcKeys    *keys = NULL;
	SmcRun	   *run;
	uint64		rows = (uint64) -1;	/* none were read */

	smc_audit_make_id(request.id);
	request.study = study;
	request.query = smc_query_write(query);
	request.layout = smc_layout_write(layout);
	request.about_secrets = smc_holdings_matter(query);
	request.keeps = query->keep_count > 0 ? smc_bytea_collect(write_keeps, &keeping) : NULL;
	request.query_text = smc_query_text(study, query);
	request.reveals = smc_query_reveals_and_keeps(study, query);

	/* The peers work while we do, or wait while we do. */
	run = smc_run_begin(&request);
	if (study->approve_each)
		smc_run_await_approval(run);
	partials = smc_wiped_alloc(count * sizeof(SmcRing128));
	if (!smc_query_reads_nothing(query))
		rows = smc_watch_local_run(run, study, query, layout, partials, &keys);
	smc_run_contribute(run, partials, count, keys, rows);
	smc_wiped_free(partials);

	outcome = smc_run_finish(run, times);
	if (keys != NULL)
		smc_keys_free(keys);
	smc_compute_check_told(outcome, study->name);
	check_kept(study, query, outcome);
	return outcome;
}
