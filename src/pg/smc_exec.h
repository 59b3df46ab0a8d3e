/*
 * Executor callbacks: run the joint query when its first row is wanted.
 */
#ifndef SMC_EXEC_H
#define SMC_EXEC_H

#include "postgres.h"

#include "nodes/execnodes.h"

#include "pg/smc_lane.h"
#include "pg/smc_planned.h"
#include "pg/smc_query.h"

/* What EXPLAIN ANALYZE tells, over all computations of one scan. */
typedef struct SmcScanTotals
{
	uint32		computations;
	uint64		rounds;
	uint64		bytes_sent;
	uint64		bytes_received;
	SmcRunTimes times;
} SmcScanTotals;

/* ForeignScanState.fdw_state */
typedef struct SmcScan
{
	SmcPlanned *planned;		/* as in the plan, parameters open */
	List	   *params;			/* ExprState of each parameter */
	SmcScanTotals totals;

	/* A computation and its answer.  Everything below lives in run_context. */
	MemoryContext run_context;
	bool		answered;
	bool		check_params;	/* rescanned: the answer holds if the parameters are the same */
	char	  **values;			/* of the parameters, as text; NULL where NULL */
	const SmcStudy *study;
	SmcQuery   *query;			/* closed */
	SmcLayout  *layout;
	SmcOutcome *outcome;
	Datum	  **group_values;	/* per group column, per index into its domain */
	bool		nothing_for_us; /* no figure and no group is revealed to this party */
	uint32		next_cell;
} SmcScan;

extern void smcBeginForeignScan(ForeignScanState *node, int eflags);
extern TupleTableSlot *smcIterateForeignScan(ForeignScanState *node);
extern void smcReScanForeignScan(ForeignScanState *node);
extern void smcEndForeignScan(ForeignScanState *node);

#endif							/* SMC_EXEC_H */
