/*
 * The function behind every smc_* aggregate where there is no study.
 *
 * Over a study the wrapper answers the whole grouping and no aggregate is ever
 * run.  So being run means that the rows come from somewhere else, and that
 * the user took an ordinary table for a study.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/primnodes.h"
#include "utils/lsyscache.h"

#include "pg/smc_aggregate.h"

#define PREFIX		"smc_"

PG_FUNCTION_INFO_V1(smc_no_study);

/* Whether PostgreSQL has an aggregate of that name. */
static bool
has_native(const char *name)
{
	return strcmp(name, "compare") != 0 && strcmp(name, "argmin") != 0 && strcmp(name, "argmax") != 0 &&
		strcmp(name, "median") != 0 && strcmp(name, "percentile") != 0 &&
		strcmp(name, "histogram") != 0 && strcmp(name, "count_distinct") != 0 && strcmp(name, "linregr") != 0 &&
		strcmp(name, "logregr") != 0;
}

/* Transition and final function of the smc_* aggregates: always raises. */
Datum
smc_no_study(PG_FUNCTION_ARGS)
{
	/* NULL in a window function, which has no way to know its aggregate */
	Aggref	   *aggref = AggGetAggref(fcinfo);
	const char *name = aggref ? get_func_name(aggref->aggfnoid) : NULL;

	if (name && strncmp(name, PREFIX, strlen(PREFIX)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("%s works only on a study table", name),
				 has_native(name + strlen(PREFIX)) ?
				 errhint("Define a study with CREATE FOREIGN TABLE on the server of this party, or use the native %s().",
						 name + strlen(PREFIX)) :
				 errhint("Define a study with CREATE FOREIGN TABLE on the server of this party.")));

	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("joint aggregates work only on a study table"),
			 errhint("Define a study with CREATE FOREIGN TABLE on the server of this party, or use a native aggregate.")));
	PG_RETURN_NULL();
}
