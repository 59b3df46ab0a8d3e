/*
 * A column's declared values as values of its type, to find places in.
 */
#ifndef SMC_DOMAIN_H
#define SMC_DOMAIN_H

#include "postgres.h"

#include "fmgr.h"

#include "pg/smc_study.h"

typedef struct SmcDomainValue
{
	Datum		value;
	int			index;			/* in column->values */
} SmcDomainValue;

/* Sorted as the type's btree would under the C collation. */
typedef struct SmcDomain
{
	const SmcColumn *column;
	FmgrInfo   *compare;
	SmcDomainValue *values;
} SmcDomain;

/* Read them, into the current context. */
extern void smc_domain_read(SmcDomain *domain, const SmcColumn *column);

/* The index of a value in column->values, -1 when it isn't there. */
extern int	smc_domain_find(const SmcDomain *domain, Datum value);

#endif							/* SMC_DOMAIN_H */
