/*
 * Planner callbacks: a grouping over a study becomes one joint query, and
 * everything that would need rows is refused.
 */
#ifndef SMC_PLAN_H
#define SMC_PLAN_H

#include "postgres.h"

#include "foreign/fdwapi.h"

extern void smcGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid);
extern void smcGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid);
extern void smcGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage,
									RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra);
extern ForeignScan *smcGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid foreigntableid,
									  ForeignPath *best_path, List *tlist, List *scan_clauses,
									  Plan *outer_plan);

#endif							/* SMC_PLAN_H */
