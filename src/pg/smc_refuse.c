/*
 * Why a study's rows would be needed, in words.
 *
 * PostgreSQL plans a scan of a table wherever it can't do with less.  When it
 * comes to us for the scan of a study, some part of the query stands between
 * the rows and their aggregation; the query's own tree tells which.  The order
 * of the tests matters: the first cause found is the one that is told, so the
 * more particular come first.
 */
#include "postgres.h"

#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/lsyscache.h"
#include "utils/ruleutils.h"

#include "pg/smc_refuse.h"

typedef struct Cause
{
	const char *detail;
	const char *hint;
} Cause;

/* Whether this level of the query groups or aggregates. */
static bool
aggregates(const Query *query)
{
	return query->hasAggs || query->groupClause != NIL || query->groupingSets != NIL;
}

/* The part of a subquery that keeps PostgreSQL from merging it into the query around it, or NULL. */
static const char *
barrier(const Query *query)
{
	if (query->limitCount || query->limitOffset)
		return "LIMIT or OFFSET";
	if (query->distinctClause)
		return "DISTINCT";
	if (query->sortClause)
		return "ORDER BY";
	if (query->setOperations)
		return "a set operation";
	if (query->hasTargetSRFs)
		return "a set-returning function";
	return NULL;
}

/* Whether the query is a subquery in the FROM of one that aggregates. */
static bool
feeds_aggregate(PlannerInfo *root)
{
	PlannerInfo *parent = root->parent_root;

	if (parent == NULL || !aggregates(parent->parse))
		return false;
	for (int i = 1; i < parent->simple_rel_array_size; i++)
	{
		if (parent->simple_rel_array[i] && parent->simple_rel_array[i]->subroot == root)
			return true;
	}
	return false;
}

/* Whether rel stands for a part of a UNION ALL, and not for a table in a hierarchy. */
static bool
is_union_all(PlannerInfo *root, RelOptInfo *rel)
{
	return IS_OTHER_REL(rel) && !OidIsValid(root->append_rel_array[rel->relid]->parent_reloid);
}

/* Find out why root's query reads the rows of rel. */
static Cause
find_cause(PlannerInfo *root, RelOptInfo *rel)
{
	Query	   *query = root->parse;
	Cause		cause;

	cause.detail = "The query needs the rows themselves; only joint aggregates such as smc_sum() leave a party.";
	cause.hint = "Aggregate what you select, with GROUP BY on columns that allow it.";

	if (query->commandType != CMD_SELECT && rel->relid == query->resultRelation)
	{
		cause.detail = "The rows behind a study are each party's own, and a study only asks about them.";
		cause.hint = "Change the source of the study, at the party that it belongs to.";
	}
	else if (is_union_all(root, rel) && aggregates(query))
	{
		cause.detail = "The rows of UNION ALL would be needed before they are aggregated.";
		cause.hint = "Aggregate each part by itself, and the results together.";
	}
	else if (is_union_all(root, rel))
	{
		/* as without it */
	}
	else if (smc_refuse_has_children(root, IS_OTHER_REL(rel) ?
									 root->append_rel_array[rel->relid]->parent_relid : rel->relid))
	{
		cause.detail = "A study can't be a partition, nor have or be an inheritance child.";
		cause.hint = "Take the study out of the hierarchy and query it by itself.";
	}
	else if (bms_membership(root->all_baserels) == BMS_MULTIPLE)
	{
		cause.detail = "A study can't be joined inside a joint query.";
		cause.hint = "Join its result instead: aggregate in a subquery, join around it; "
			"or hand values in, as in rank = ANY (ARRAY(SELECT ...)).";
	}
	else if (query->hasWindowFuncs && !aggregates(query))
	{
		cause.detail = "A window function works on rows.";
		cause.hint = "Aggregate with GROUP BY, and use the window function on the result.";
	}
	else if (query->distinctClause && !aggregates(query))
	{
		cause.detail = "DISTINCT works on rows.";
		cause.hint = "Use GROUP BY to see which groups exist.";
	}
	else if (query->rowMarks)
	{
		cause.detail = "FOR UPDATE and FOR SHARE lock rows.";
		cause.hint = NULL;
	}
	else if (feeds_aggregate(root) && barrier(query))
	{
		cause.detail = psprintf("The subquery has %s, so its rows would be needed before they are aggregated.",
								barrier(query));
		cause.hint = "Aggregate in the subquery itself, or take that part out of it.";
	}
	else if (feeds_aggregate(root))
	{
		cause.detail = "The rows of a subquery would be needed before they are aggregated.";
		cause.hint = "Aggregate the study in the innermost query; "
			"views with security_barrier and CTEs with MATERIALIZED keep their rows apart.";
	}
	else if (aggregates(query))
		cause.detail = "The aggregates of this query can't be computed before its rows are read.";

	return cause;
}

bool
smc_refuse_has_children(PlannerInfo *root, Index relid)
{
	ListCell   *lc;

	if (!planner_rt_fetch(relid, root)->inh)
		return false;
	foreach(lc, root->append_rel_list)
	{
		AppendRelInfo *info = lfirst_node(AppendRelInfo, lc);

		if (info->parent_relid == relid &&
			planner_rt_fetch(info->child_relid, root)->relid != planner_rt_fetch(relid, root)->relid)
			return true;
	}
	return false;
}

void
smc_refuse_rows(PlannerInfo *root, RelOptInfo *rel)
{
	RangeTblEntry *rte = planner_rt_fetch(rel->relid, root);
	bool		is_target = root->parse->commandType != CMD_SELECT &&
		rel->relid == root->parse->resultRelation;
	Cause		cause = find_cause(root, rel);

	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 is_target ? errmsg("study \"%s\" can't be changed by a query", get_rel_name(rte->relid)) :
			 errmsg("rows of study \"%s\" can't be read", get_rel_name(rte->relid)),
			 errdetail_internal("%s", cause.detail),
			 cause.hint ? errhint("%s", cause.hint) : 0));
	pg_unreachable();
}

char *
smc_refuse_deparse(PlannerInfo *root, Index relid, Node *expr)
{
	RangeTblEntry *rte = planner_rt_fetch(relid, root);

	/* The context made here knows the relation as number 1. */
	expr = copyObject(expr);
	if (relid != 1)
		ChangeVarNodes(expr, relid, 1, 0);
	return deparse_expression(expr, deparse_context_for(get_rel_name(rte->relid), rte->relid),
							  false, false);
}
