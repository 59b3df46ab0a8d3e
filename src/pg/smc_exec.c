/*
 * Executor callbacks: run the joint query when its first row is wanted.
 *
 * Starting a scan costs nothing and sends nothing: a plan may hold scans that
 * are never read, and EXPLAIN starts them too.  The first row runs the whole
 * computation; all rows are then there.  They are kept for a rescan, and a
 * rescan with other parameters computes again only if their values differ:
 * every computation is seen by the other parties, is audited by them, and may
 * count against the study's limits, so none is run to learn what is known.
 *
 * Everything about one computation lives in one memory context, so that
 * resetting it is how to give up (pg/smc_ask.h).
 */
#include "postgres.h"

#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "pg/smc_ask.h"
#include "pg/smc_compat.h"
#include "pg/smc_exec.h"
#include "pg/smc_figure.h"
#include "pg/smc_modes.h"
#include "pg/smc_notice.h"
#include "pg/smc_secret_type.h"
#include "pg/smc_study.h"

/*
 * Raise unless the user may execute every aggregate that is asked for, and
 * smc_keep, as a native query would: EXECUTE is one way to say who may ask what.
 */
static void
check_execute(List *functions)
{
	ListCell   *lc;

	foreach(lc, functions)
	{
		Oid			function = lfirst_oid(lc);
		AclResult	result = smc_compat_proc_aclcheck(function, GetUserId());

		if (result != ACLCHECK_OK)
			aclcheck_error(result, get_func_prokind(function) == PROKIND_AGGREGATE ? OBJECT_AGGREGATE : OBJECT_FUNCTION,
						   get_func_name(function));
		InvokeFunctionExecuteHook(function);
	}
}

void
smcBeginForeignScan(ForeignScanState *node, int eflags)
{
	ForeignScan *plan = castNode(ForeignScan, node->ss.ps.plan);
	SmcScan    *scan = palloc0(sizeof(SmcScan));

	node->fdw_state = scan;
	scan->planned = smc_planned_from_list(plan->fdw_private);
	if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
		return;

	check_execute(scan->planned->functions);
	scan->params = ExecInitExprList(plan->fdw_exprs, &node->ss.ps);
	scan->run_context = AllocSetContextCreate(CurrentMemoryContext, "smc joint query",
											  ALLOCSET_DEFAULT_SIZES);
}

/* Raise unless the study can be asked by this party as it now stands. */
static void
check_study(const SmcStudy *study, const SmcPlanned *planned)
{
	if (memcmp(study->digest, planned->digest, SMC_KEY_BYTES) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("the definition of study \"%s\" changed after the query was planned", study->name),
				 errhint("Run the query again; DISCARD PLANS plans prepared statements anew.")));

	smc_ask_require_study(study, true);
}

/* The parameters' values as text, in the current context. */
static char **
read_parameters(ForeignScanState *node, SmcScan *scan)
{
	List	   *exprs = castNode(ForeignScan, node->ss.ps.plan)->fdw_exprs;
	ExprContext *econtext = node->ss.ps.ps_ExprContext;
	int			count = list_length(scan->params);
	char	  **values = palloc0(Max(count, 1) * sizeof(char *));

	for (int i = 0; i < count; i++)
	{
		bool		isnull;
		Datum		datum = ExecEvalExpr((ExprState *) list_nth(scan->params, i), econtext, &isnull);

		if (!isnull)
			values[i] = smc_expr_datum_text(exprType(list_nth(exprs, i)), datum);
	}
	return values;
}

static bool
same_values(char *const *a, char *const *b, int count)
{
	for (int i = 0; i < count; i++)
	{
		if ((a[i] == NULL) != (b[i] == NULL) ||
			(a[i] != NULL && strcmp(a[i], b[i]) != 0))
			return false;
	}
	return true;
}

static void
add_totals(SmcScanTotals *totals, const SmcOutcome *outcome, const SmcRunTimes *times)
{
	totals->computations++;
	totals->rounds += outcome->rounds;
	totals->bytes_sent += outcome->bytes_sent;
	totals->bytes_received += outcome->bytes_received;
	totals->times.lane_ms += times->lane_ms;
	totals->times.agree_ms += times->agree_ms;
	totals->times.approval_ms += times->approval_ms;
	totals->times.local_ms += times->local_ms;
	totals->times.joint_ms += times->joint_ms;
	for (int i = 0; i < SMC_PARTIES_MAX; i++)
		totals->times.peer_ms[i] += times->peer_ms[i];
}

/* The values of each group column's domain, as datums, in the current context. */
static Datum **
read_domains(const SmcStudy *study, const SmcQuery *query)
{
	Datum	  **domains = palloc0(Max(query->group_count, 1) * sizeof(Datum *));
	int			level;

	if (query->group_count == 0)
		return domains;

	level = smc_modes_begin();
	for (int i = 0; i < query->group_count; i++)
	{
		const SmcColumn *column = &study->columns[query->group_columns[i]];
		Oid			input;
		Oid			ioparam;

		getTypeInputInfo(column->type, &input, &ioparam);
		domains[i] = palloc(Max(column->value_count, 1) * sizeof(Datum));
		for (int v = 0; v < column->value_count; v++)
			domains[i][v] = OidInputFunctionCall(input, column->values[v], ioparam, column->typmod);
	}
	smc_modes_end(level);
	return domains;
}

/* Get the answer for these parameters into scan; values is copied. */
static void
answer(SmcScan *scan, char *const *values)
{
	int			count = list_length(scan->params);
	SmcRunTimes times = {0};

	scan->values = palloc0(Max(count, 1) * sizeof(char *));
	for (int i = 0; i < count; i++)
		scan->values[i] = values[i] ? pstrdup(values[i]) : NULL;

	scan->study = smc_study_load(scan->planned->relid);
	check_study(scan->study, scan->planned);

	scan->query = smc_query_bind(scan->planned->query, count, scan->values);
	smc_query_check(scan->study, scan->query);
	scan->layout = smc_layout_make(scan->study, scan->query);
	scan->outcome = smc_ask_run(scan->study, scan->query, &scan->layout, &times);
	add_totals(&scan->totals, scan->outcome, &times);

	scan->group_values = read_domains(scan->study, scan->query);
	scan->nothing_for_us = smc_notice_outcome(scan->study, scan->query, scan->layout, scan->outcome);
}

/* The same in a fresh run_context, which an error leaves empty. */
static pg_noinline void
answer_anew(SmcScan *scan, char *const *values)
{
	MemoryContext caller;

	smc_ask_require_process();
	scan->answered = false;
	MemoryContextReset(scan->run_context);
	caller = MemoryContextSwitchTo(scan->run_context);
	PG_TRY();
	{
		answer(scan, values);
	}
	PG_CATCH();
	{
		/* Now, not when the transaction ends: the other parties are waiting. */
		MemoryContextSwitchTo(caller);
		MemoryContextReset(scan->run_context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller);
	scan->answered = true;
	scan->next_cell = 0;
}

/* Make sure that scan holds the answer to what is asked now. */
static void
get_answer(ForeignScanState *node, SmcScan *scan)
{
	char	  **values;

	if (scan->answered && !scan->check_params)
		return;

	values = read_parameters(node, scan);
	scan->check_params = false;
	if (!scan->answered || !same_values(scan->values, values, list_length(scan->params)))
		answer_anew(scan, values);
}

/* Whether a cell is a row of the answer. */
static bool
is_row(const SmcScan *scan, uint32 cell)
{
	return !scan->nothing_for_us &&
		smc_figure_cell_shown(scan->query, scan->layout, scan->outcome, cell);
}

/* The reference to what a formula was kept as. */
static Datum
kept_reference(const SmcScan *scan, int formula)
{
	const SmcQueryKeep *keep = smc_query_keep_of(scan->query, formula);

	return smc_secret_type_datum(smc_term_secret(scan->study->name, smc_query_keep_name(keep),
												 scan->query->formulas[formula]->type == BOOLOID));
}

/* Fill the scan's row from a cell; figures are made in the current context. */
static void
fill_row(const SmcScan *scan, uint32 cell, TupleTableSlot *slot)
{
	int			indexes[SMC_QUERY_GROUPS_MAX];
	ListCell   *lc;

	smc_layout_cell_groups(scan->study, scan->query, cell, indexes);

	foreach(lc, scan->planned->outputs)
	{
		int			i = foreach_current_index(lc);
		int			output = lfirst_int(lc);

		if (output < 0)
		{
			int			group = -1 - output;

			slot->tts_isnull[i] = indexes[group] < 0;
			slot->tts_values[i] = indexes[group] < 0 ? (Datum) 0 :
				scan->group_values[group][indexes[group]];
		}
		else if (output >= SMC_QUERY_AGGS_MAX &&
				 smc_query_keep_of(scan->query, output - SMC_QUERY_AGGS_MAX) != NULL)
		{
			slot->tts_isnull[i] = false;
			slot->tts_values[i] = kept_reference(scan, output - SMC_QUERY_AGGS_MAX);
		}
		else
		{
			Form_pg_attribute attribute = TupleDescAttr(slot->tts_tupleDescriptor, i);

			slot->tts_values[i] = smc_figure_of(scan->study, scan->query, scan->layout, scan->outcome,
												cell, output, attribute->atttypid, &slot->tts_isnull[i]);
			/* as a cast to numeric(5,2) refuses more than three digits before the point */
			if (attribute->atttypid == NUMERICOID && attribute->atttypmod >= 0 && !slot->tts_isnull[i])
				slot->tts_values[i] = DirectFunctionCall2(numeric, slot->tts_values[i],
														  Int32GetDatum(attribute->atttypmod));
		}
	}
	ExecStoreVirtualTuple(slot);
}

TupleTableSlot *
smcIterateForeignScan(ForeignScanState *node)
{
	SmcScan    *scan = node->fdw_state;
	TupleTableSlot *slot = node->ss.ss_ScanTupleSlot;

	ExecClearTuple(slot);
	get_answer(node, scan);

	while (scan->next_cell < scan->layout->cell_count)
	{
		uint32		cell = scan->next_cell++;

		if (is_row(scan, cell))
		{
			fill_row(scan, cell, slot);
			break;
		}
	}
	return slot;
}

void
smcReScanForeignScan(ForeignScanState *node)
{
	SmcScan    *scan = node->fdw_state;

	scan->next_cell = 0;
	scan->check_params = scan->params != NIL;
}

void
smcEndForeignScan(ForeignScanState *node)
{
	SmcScan    *scan = node->fdw_state;

	if (scan == NULL)
		return;
	node->fdw_state = NULL;
	if (scan->run_context)
		MemoryContextDelete(scan->run_context);
}
