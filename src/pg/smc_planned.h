/*
 * A joint query inside a plan.
 *
 * A plan is copied, printed and kept, so what it carries must be PostgreSQL's
 * own nodes.  The query is still open here: its parameters get their values
 * when a scan starts, and only then is it written as bytes for the peers.
 */
#ifndef SMC_PLANNED_H
#define SMC_PLANNED_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "pg/smc_query.h"

typedef struct SmcPlanned
{
	Oid			relid;			/* the study */
	uint8		digest[SMC_KEY_BYTES];	/* of the definition that the query was planned with */
	SmcQuery   *query;			/* its columns are indexes into that definition */
	List	   *outputs;		/* int per column of the scan's rows: an output of the query, or -1 - n for the n-th group column */
	List	   *functions;		/* Oids of all aggregates' functions, those in formulas and HAVING too */
} SmcPlanned;

/* To ForeignScan.fdw_private and back; everything is copied to the current context. */
extern List *smc_planned_to_list(const SmcPlanned *planned);
extern SmcPlanned *smc_planned_from_list(List *list);

#endif							/* SMC_PLANNED_H */
