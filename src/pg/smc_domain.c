/*
 * A column's declared values; see the header.
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"

#include "pg/smc_domain.h"

static int
compare_values(const void *a, const void *b, void *arg)
{
	const SmcDomain *domain = arg;

	return DatumGetInt32(FunctionCall2Coll(domain->compare, C_COLLATION_OID,
										   ((const SmcDomainValue *) a)->value,
										   ((const SmcDomainValue *) b)->value));
}

void
smc_domain_read(SmcDomain *domain, const SmcColumn *column)
{
	TypeCacheEntry *type = lookup_type_cache(column->type, TYPECACHE_CMP_PROC_FINFO);
	Oid			input;
	Oid			ioparam;

	if (!OidIsValid(type->cmp_proc))
		elog(ERROR, "type %u has no order", column->type);
	domain->column = column;
	domain->compare = &type->cmp_proc_finfo;
	domain->values = palloc(Max(column->value_count, 1) * sizeof(SmcDomainValue));

	getTypeInputInfo(column->type, &input, &ioparam);
	for (int i = 0; i < column->value_count; i++)
	{
		domain->values[i].value = OidInputFunctionCall(input, column->values[i], ioparam,
													   column->typmod);
		domain->values[i].index = i;
	}
	qsort_arg(domain->values, column->value_count, sizeof(SmcDomainValue), compare_values, domain);
}

int
smc_domain_find(const SmcDomain *domain, Datum value)
{
	SmcDomainValue wanted = {value, 0};
	int			low = 0;
	int			high = domain->column->value_count - 1;

	while (low <= high)
	{
		int			middle = low + (high - low) / 2;
		int			order = compare_values(&wanted, &domain->values[middle], unconstify(SmcDomain *, domain));

		if (order == 0)
			return domain->values[middle].index;
		if (order < 0)
			high = middle - 1;
		else
			low = middle + 1;
	}
	return -1;
}
