/*
 * Why a study's rows would be needed, in words.
 */
#ifndef SMC_REFUSE_H
#define SMC_REFUSE_H

#include "postgres.h"

#include "nodes/pathnodes.h"

/*
 * Raise ERRCODE_FEATURE_NOT_SUPPORTED for a plan that reads the rows of the
 * study at rel: what in the query makes that necessary, and what to do instead.
 */
extern void smc_refuse_rows(PlannerInfo *root, RelOptInfo *rel) pg_attribute_noreturn();

/*
 * Whether a relation stands for other tables too.  One whose last child was
 * dropped is still expanded, but to itself alone.
 */
extern bool smc_refuse_has_children(PlannerInfo *root, Index relid);

/* An expression over the study's columns as its author might have written it, for a message. */
extern char *smc_refuse_deparse(PlannerInfo *root, Index relid, Node *expr);

#endif							/* SMC_REFUSE_H */
