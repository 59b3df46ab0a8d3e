/*
 * The foreign data wrapper's table of callbacks.
 *
 * What is left NULL is meant: a study has no rows to insert, update, truncate,
 * sample or lock, it joins nothing, and it is never read in parallel or
 * asynchronously.
 */
#include "postgres.h"

#include "foreign/fdwapi.h"
#include "utils/rel.h"

#include "pg/smc_exec.h"
#include "pg/smc_explain.h"
#include "pg/smc_fdw.h"
#include "pg/smc_import.h"
#include "pg/smc_plan.h"

PG_FUNCTION_INFO_V1(smc_fdw_handler);

/* No study can be written to, whatever its options. */
static int
smcIsForeignRelUpdatable(Relation rel)
{
	return 0;
}

Datum
smc_fdw_handler(PG_FUNCTION_ARGS)
{
	FdwRoutine *routine = makeNode(FdwRoutine);

	routine->GetForeignRelSize = smcGetForeignRelSize;
	routine->GetForeignPaths = smcGetForeignPaths;
	routine->GetForeignUpperPaths = smcGetForeignUpperPaths;
	routine->GetForeignPlan = smcGetForeignPlan;

	routine->BeginForeignScan = smcBeginForeignScan;
	routine->IterateForeignScan = smcIterateForeignScan;
	routine->ReScanForeignScan = smcReScanForeignScan;
	routine->EndForeignScan = smcEndForeignScan;

	routine->ExplainForeignScan = smcExplainForeignScan;
	routine->IsForeignRelUpdatable = smcIsForeignRelUpdatable;
	routine->ImportForeignSchema = smcImportForeignSchema;

	PG_RETURN_POINTER(routine);
}
