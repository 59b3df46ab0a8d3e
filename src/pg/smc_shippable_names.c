/*
 * Which aggregates are whose: the extension's own by their names, PostgreSQL's by
 * their functions.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "commands/extension.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "pg/smc_model.h"
#include "pg/smc_module.h"
#include "pg/smc_shippable.h"
#include "pg/smc_statistic.h"

bool
smc_shippable_is_own(Oid function, const char *name)
{
	Oid			schema = function >= FirstGenbkiObjectId ? smc_module_schema_if_any() : InvalidOid;
	char	   *its_name = OidIsValid(schema) ? get_func_name(function) : NULL;

	return its_name != NULL && strcmp(its_name, name) == 0 && get_func_namespace(function) == schema &&
		getExtensionOfObject(ProcedureRelationId, function) == get_extension_oid(SMC_EXTENSION, true);
}

/* Which aggregate of the extension a function is; 0 when none. */
static SmcAggKind
own_aggregate(Oid function)
{
	Oid			schema = smc_module_schema_if_any();
	char	   *name = get_func_name(function);
	SmcAggKind	kind = 0;

	if (!OidIsValid(schema) || name == NULL || get_func_namespace(function) != schema)
		return 0;
	if (strcmp(name, "smc_count") == 0)
		kind = SMC_AGG_COUNT;
	else if (strcmp(name, "smc_count_distinct") == 0)
		kind = SMC_AGG_DISTINCT;
	else if (strcmp(name, "smc_sum") == 0)
		kind = SMC_AGG_SUM;
	else if (strcmp(name, "smc_avg") == 0)
		kind = SMC_AGG_AVG;
	else if (strcmp(name, "smc_min") == 0)
		kind = SMC_AGG_MIN;
	else if (strcmp(name, "smc_max") == 0)
		kind = SMC_AGG_MAX;
	else if (strcmp(name, "smc_compare") == 0)
		kind = SMC_AGG_COMPARE;
	else if (strcmp(name, "smc_argmin") == 0)
		kind = SMC_AGG_ARGMIN;
	else if (strcmp(name, "smc_argmax") == 0)
		kind = SMC_AGG_ARGMAX;
	else if (strcmp(name, "smc_median") == 0)
		kind = SMC_AGG_MEDIAN;
	else if (strcmp(name, "smc_percentile") == 0)
		kind = SMC_AGG_PERCENTILE;
	else if (strcmp(name, "smc_mode") == 0)
		kind = SMC_AGG_MODE;
	else if (strcmp(name, "smc_histogram") == 0)
		kind = SMC_AGG_HISTOGRAM;
	else if (smc_model_by_name(name) != 0)
		kind = smc_model_by_name(name);
	else if (strncmp(name, "smc_", 4) == 0)
		kind = smc_statistic_by_name(name + 4);

	/* someone else may have made one of that name beside ours */
	if (kind != 0 &&
		getExtensionOfObject(ProcedureRelationId, function) != get_extension_oid(SMC_EXTENSION, true))
		kind = 0;
	return kind;
}

/* The same of PostgreSQL's own statistical aggregates, one name for all types. */
static SmcAggKind
native_statistic(Oid function)
{
	char	   *name = get_func_name(function);

	if (name == NULL || get_func_namespace(function) != PG_CATALOG_NAMESPACE ||
		get_func_prokind(function) != PROKIND_AGGREGATE)
		return 0;
	return smc_statistic_by_name(name);
}

SmcAggKind
smc_shippable_aggregate(Oid aggfnoid)
{
	switch (aggfnoid)
	{
		case F_COUNT_:
			return SMC_AGG_COUNT_ROWS;
		case F_COUNT_ANY:
			return SMC_AGG_COUNT;
		case F_SUM_INT2:
		case F_SUM_INT4:
		case F_SUM_INT8:
		case F_SUM_NUMERIC:
		case F_SUM_FLOAT4:
		case F_SUM_FLOAT8:
		case F_SUM_INTERVAL:
			return SMC_AGG_SUM;
		case F_AVG_INT2:
		case F_AVG_INT4:
		case F_AVG_INT8:
		case F_AVG_NUMERIC:
		case F_AVG_FLOAT4:
		case F_AVG_FLOAT8:
			return SMC_AGG_AVG;
		case F_MIN_INT2:
		case F_MIN_INT4:
		case F_MIN_INT8:
		case F_MIN_NUMERIC:
		case F_MIN_FLOAT4:
		case F_MIN_FLOAT8:
		case F_MIN_DATE:
		case F_MIN_TIMESTAMP:
		case F_MIN_TIMESTAMPTZ:
			return SMC_AGG_MIN;
		case F_MAX_INT2:
		case F_MAX_INT4:
		case F_MAX_INT8:
		case F_MAX_NUMERIC:
		case F_MAX_FLOAT4:
		case F_MAX_FLOAT8:
		case F_MAX_DATE:
		case F_MAX_TIMESTAMP:
		case F_MAX_TIMESTAMPTZ:
			return SMC_AGG_MAX;
		case F_PERCENTILE_CONT_FLOAT8_FLOAT8:
		case F_PERCENTILE_CONT__FLOAT8_FLOAT8:
			return SMC_AGG_PERCENTILE_CONT;
		case F_PERCENTILE_DISC_FLOAT8_ANYELEMENT:
		case F_PERCENTILE_DISC__FLOAT8_ANYELEMENT:
			return SMC_AGG_PERCENTILE_DISC;
		case F_MODE:
			return SMC_AGG_MODE;
		default:
			if (aggfnoid < FirstGenbkiObjectId)
				return native_statistic(aggfnoid);
			if (own_aggregate(aggfnoid) == SMC_AGG_COUNT && get_func_nargs(aggfnoid) == 0)
				return SMC_AGG_COUNT_ROWS;
			return own_aggregate(aggfnoid);
	}
}
