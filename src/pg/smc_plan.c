/*
 * Planner callbacks: a grouping over a study becomes one joint query.
 *
 * A study can be scanned in no way, but the planner wants a path for every
 * relation before it looks at what stands above.  So the relation gets one, at
 * a price that says what it is, and the plan made from it is an error that
 * tells why rows would be needed (pg/smc_refuse.c).
 *
 * The grouping stage is where a study can be answered.  We take it whole (WHERE,
 * GROUP BY, every aggregate of target list and HAVING) or raise: no other plan
 * could, so nothing is gained by being polite.  The scan then yields one row
 * per group with the group columns, the aggregates' figures, and the values of
 * expressions over aggregates.
 *
 * Such an expression is computed on shares where it can be (pg/smc_formula.h),
 * so that its value is all that is opened; HAVING likewise decides on shares
 * which groups are told of.  What can't be is taken apart, and PostgreSQL
 * computes it from the largest parts that could.  ORDER BY, LIMIT, window
 * functions and whatever is around the query are PostgreSQL's own work on those
 * rows.
 *
 * One kind of WHERE clause stays here as well.  PostgreSQL moves a condition on
 * the result of a grouping subquery (or HAVING without aggregates) down into
 * its WHERE.  A condition on group columns alone picks whole groups, so it
 * means the same after grouping: where it can't be shipped, or a column lacks
 * `filter`, it is applied to the opened groups instead of being refused.
 * Where it can, it is shipped, because groups that it leaves out are then
 * never opened.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planmain.h"
#include "optimizer/restrictinfo.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "pg/smc_circuit.h"
#include "pg/smc_compat.h"
#include "pg/smc_formula.h"
#include "pg/smc_module.h"
#include "pg/smc_plan.h"
#include "pg/smc_planned.h"
#include "pg/smc_query.h"
#include "pg/smc_refuse.h"
#include "pg/smc_shippable.h"
#include "pg/smc_study.h"

/* The path that nobody shall take. */
#define SCAN_ROWS			1000.0
#define SCAN_COST			1.0e10

/*
 * The joint query: a round trip or two costs about what a thousand pages from
 * memory do.  What matters is that it dwarfs reading its few rows again, so
 * that the planner would rather keep them than ask twice.
 */
#define JOINT_COST			1000.0

/* What becomes of a grouping: kept in the grouped relation's fdw_private until the plan is made. */
typedef struct Grouping
{
	SmcShipContext ship;
	SmcQuery   *query;
	List	   *aggrefs;		/* the Aggref behind each of query->aggs */
	List	   *functions;		/* their Oids, and smc_keep's */
	List	   *scan_tlist;		/* the scan's rows: group columns, each distinct Aggref, each formula's expression */
	List	   *outputs;		/* SmcPlanned.outputs */
	List	   *local_quals;	/* what PostgreSQL checks on those rows */
	bool		guarded;		/* what is taken now may be looked at in some groups only */
} Grouping;

void
smcGetForeignRelSize(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid)
{
	baserel->rows = SCAN_ROWS;
}

void
smcGetForeignPaths(PlannerInfo *root, RelOptInfo *baserel, Oid foreigntableid)
{
	add_path(baserel, (Path *) smc_compat_scan_path(root, baserel, NULL, baserel->rows,
													SCAN_COST, SCAN_COST,
													baserel->lateral_relids, NIL));
}

/*
 * The index of the study's column that an expression is, nothing else around
 * it, or -1.
 */
static int
plain_column(const Grouping *grouping, const Node *expr)
{
	const SmcStudy *study = grouping->ship.study;
	const Var  *var = (const Var *) expr;
	const SmcColumn *column;

	if (!IsA(expr, Var) || var->varno != grouping->ship.relid || var->varlevelsup != 0)
		return -1;
	column = smc_study_column(study, var->varattno);
	return column ? (int) (column - study->columns) : -1;
}

/* The position of a column among those grouped by, or -1. */
static int
group_position(const Grouping *grouping, int column)
{
	for (int i = 0; i < grouping->query->group_count; i++)
	{
		if (grouping->query->group_columns[i] == column)
			return i;
	}
	return -1;
}

static void
take_group_by(PlannerInfo *root, Grouping *grouping)
{
	SmcQuery   *query = grouping->query;
	ListCell   *lc;

	if (root->parse->groupingSets)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("GROUPING SETS, ROLLUP and CUBE can't be computed over study \"%s\"",
						grouping->ship.study->name),
				 errhint("Ask for each grouping in a query of its own, and put them together with UNION ALL.")));

	/* Not processed_groupClause (16): a column fixed by WHERE is grouped by all the same. */
	foreach(lc, root->parse->groupClause)
	{
		Node	   *expr = get_sortgroupclause_expr(lfirst_node(SortGroupClause, lc),
													root->processed_tlist);
		int			column = plain_column(grouping, expr);

		if (column < 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("study \"%s\" can't be grouped by %s", grouping->ship.study->name,
							smc_refuse_deparse(root, grouping->ship.relid, expr)),
					 errdetail("Groups are the values of the study's own columns; an expression has no agreed domain."),
					 errhint("Group by the columns that it is made of, and group the result again in an outer query.")));
		if (group_position(grouping, column) >= 0)
			continue;
		if (query->group_count == SMC_QUERY_GROUPS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("study \"%s\" can't be grouped by more than %d columns",
							grouping->ship.study->name, SMC_QUERY_GROUPS_MAX)));

		grouping->scan_tlist = add_to_flat_tlist(grouping->scan_tlist, list_make1(expr));
		grouping->outputs = lappend_int(grouping->outputs, -1 - query->group_count);
		query->group_columns[query->group_count++] = column;
	}
}

/* Whether two Aggrefs ask for the same figure, be it by another name. */
static bool
same_figure(const Aggref *a, const Aggref *b)
{
	return smc_shippable_aggregate(a->aggfnoid) == smc_shippable_aggregate(b->aggfnoid) &&
		equal(a->args, b->args) && equal(a->aggfilter, b->aggfilter) &&
		equal(a->aggdistinct, b->aggdistinct) && equal(a->aggorder, b->aggorder) &&
		equal(a->aggdirectargs, b->aggdirectargs);
}

/* The place of an aggregate in the query, added unless it is there. */
static int
find_agg(void *arg, Aggref *aggref)
{
	Grouping   *grouping = arg;
	SmcQuery   *query = grouping->query;
	int			(*in_formula) (void *arg, Aggref *aggref);
	ListCell   *lc;

	grouping->functions = list_append_unique_oid(grouping->functions, aggref->aggfnoid);
	foreach(lc, grouping->aggrefs)
	{
		if (same_figure(lfirst(lc), aggref))
			return foreach_current_index(lc);
	}

	if (query->agg_count == SMC_QUERY_AGGS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query over study \"%s\" can't have more than %d aggregates",
						grouping->ship.study->name, SMC_QUERY_AGGS_MAX)));

	/* its argument and filter are over columns again */
	in_formula = grouping->ship.find_agg;
	grouping->ship.find_agg = NULL;
	smc_shippable_agg(&grouping->ship, aggref, &query->aggs[query->agg_count]);
	grouping->ship.find_agg = in_formula;
	grouping->aggrefs = lappend(grouping->aggrefs, aggref);
	return query->agg_count++;
}

/* Add an aggregate to the scan's rows, as an output of the query. */
static void
take_aggref(Grouping *grouping, Aggref *aggref)
{
	int			agg;

	if (tlist_member((Expr *) aggref, grouping->scan_tlist))
		return;
	agg = find_agg(grouping, aggref);
	grouping->query->aggs[agg].is_output = true;
	grouping->scan_tlist = add_to_flat_tlist(grouping->scan_tlist, list_make1(aggref));
	grouping->outputs = lappend_int(grouping->outputs, agg);
}

/* Whether every aggregate in a formula is an output as well, for all parties that would learn the formula. */
static bool
is_told_anyway(const Grouping *grouping, const SmcExpr *formula)
{
	ListCell   *lc;

	if (formula->kind == SMC_EXPR_AGG && !grouping->query->aggs[formula->column].is_output)
		return false;
	foreach(lc, formula->args)
	{
		if (!is_told_anyway(grouping, lfirst(lc)))
			return false;
	}
	return true;
}

/*
 * Try to make a formula of an expression, so that only its value is opened.
 * NULL where it can't be, or, of an output, where that would open no less:
 * everything that was added for it is then taken back.  Nor is a formula made of
 * what PostgreSQL might not look at where it fails: on shares it is computed for
 * all groups alike.
 */
static SmcExpr *
take_formula(Grouping *grouping, Node *expr, bool is_output)
{
	SmcQuery   *query = grouping->query;
	int			aggs = query->agg_count;
	int			aggrefs = list_length(grouping->aggrefs);
	List	   *params = list_copy(grouping->ship.params);
	List	   *functions = list_copy(grouping->functions);
	SmcExpr    *formula;
	bool		can_fail;

	if (!contain_agg_clause(expr))
		return NULL;
	grouping->ship.find_agg = find_agg;
	grouping->ship.arg = grouping;
	formula = smc_shippable_formula(&grouping->ship, (Expr *) expr);
	grouping->ship.find_agg = NULL;
	if (formula != NULL &&
		!(is_output && (smc_formula_is_mere_cast(formula) || is_told_anyway(grouping, formula))))
	{
		/* scales and types of the aggregates */
		for (int i = aggs; i < query->agg_count; i++)
			smc_query_check_agg(grouping->ship.study, &query->aggs[i]);
		if (smc_circuit_try(grouping->ship.study, query, formula, &can_fail) == NULL &&
			!(can_fail && grouping->guarded))
			return formula;
	}
	query->agg_count = aggs;
	grouping->aggrefs = list_truncate(grouping->aggrefs, aggrefs);
	grouping->ship.params = params;
	grouping->functions = functions;
	return NULL;
}

static bool take_keep(PlannerInfo *root, Grouping *grouping, FuncExpr *call);
static bool take_parts(Node *node, void *context);

/* Whether a node is a call of smc_keep of a value, not of an expression of secrets. */
static bool
is_keep(Node *node)
{
	FuncExpr   *call = (FuncExpr *) node;
	Oid			type;

	if (!IsA(node, FuncExpr) || list_length(call->args) != 3 || !smc_shippable_is_own(call->funcid, "smc_keep"))
		return false;
	type = exprType(linitial(call->args));
	return type < FirstGenbkiObjectId || type_is_enum(type) || type_is_rowtype(type) ||
		get_typtype(type) == TYPTYPE_DOMAIN;
}

/* What take_parts needs. */
typedef struct TakeContext
{
	PlannerInfo *root;
	Grouping   *grouping;
} TakeContext;

/*
 * Take what an expression of the target list or HAVING needs of the scan's
 * rows: itself, where it is a formula; else what it is made of.  So the largest
 * parts that can be computed on shares are.
 */
static void
take_output(PlannerInfo *root, Grouping *grouping, Node *expr)
{
	TakeContext context = {root, grouping};

	(void) take_parts(expr, &context);
}

/* Add a formula as an output. */
static void
add_formula(Grouping *grouping, Node *expr, SmcExpr *formula)
{
	SmcQuery   *query = grouping->query;

	if (query->formula_count == SMC_QUERY_AGGS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query over study \"%s\" can't have more than %d expressions over aggregates",
						grouping->ship.study->name, SMC_QUERY_AGGS_MAX)));
	query->formulas[query->formula_count] = formula;
	grouping->scan_tlist = add_to_flat_tlist(grouping->scan_tlist, list_make1(expr));
	grouping->outputs = lappend_int(grouping->outputs, SMC_QUERY_FORMULA(query->formula_count));
	query->formula_count++;
}

/*
 * Keeping
 */

/* now() + lifetime, so that the time is the same at all parties. */
static Node *
end_of(Node *lifetime)
{
	Expr	   *now = (Expr *) makeFuncExpr(F_NOW, TIMESTAMPTZOID, NIL, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);

	return (Node *) makeFuncExpr(F_TIMESTAMPTZ_PL_INTERVAL, TIMESTAMPTZOID, list_make2(now, lifetime),
								 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
}

/* A value that the asker's server computes: the name of a secret, the time when it ends. */
static SmcExpr *
take_value(Grouping *grouping, Node *node)
{
	if (contain_agg_clause(node) || contain_var_clause(node))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the name and the lifetime in smc_keep over study \"%s\" can't depend on its rows",
						grouping->ship.study->name)));
	return smc_shippable_expr(&grouping->ship, (Expr *) node);
}

/* Translate what is to be kept, or raise: its aggregates are never opened instead. */
static SmcExpr *
take_kept_value(PlannerInfo *root, Grouping *grouping, Node *node)
{
	const SmcStudy *study = grouping->ship.study;
	int			aggs = grouping->query->agg_count;
	SmcExpr    *formula;
	bool		can_fail;		/* then it is NULL */
	const char *why;

	if (!contain_agg_clause(node))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("smc_keep over study \"%s\" needs an aggregate", study->name),
				 errdetail("%s holds none.", smc_refuse_deparse(root, grouping->ship.relid, node))));
	grouping->ship.find_agg = find_agg;
	grouping->ship.arg = grouping;
	formula = smc_shippable_expr(&grouping->ship, (Expr *) node);
	grouping->ship.find_agg = NULL;
	for (int i = aggs; i < grouping->query->agg_count; i++)
		smc_query_check_agg(study, &grouping->query->aggs[i]);
	why = smc_circuit_try(study, grouping->query, formula, &can_fail);
	if (why != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be kept, because it can't be computed on shares",
						smc_refuse_deparse(root, grouping->ship.relid, node), study->name),
				 errdetail("It holds %s.", why)));
	return formula;
}

/* Add a call of smc_keep to the scan's rows; false where it is another function's. */
static bool
take_keep(PlannerInfo *root, Grouping *grouping, FuncExpr *call)
{
	SmcQuery   *query = grouping->query;
	SmcQueryKeep *keep;
	Node	   *lifetime;
	bool		has_lifetime;

	if (!is_keep((Node *) call))
		return false;
	if (tlist_member((Expr *) call, grouping->scan_tlist))
		return true;
	if (query->group_count > 0 || root->parse->havingQual != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("smc_keep over study \"%s\" can't be used with GROUP BY or HAVING",
						grouping->ship.study->name),
				 errdetail("A secret is one value that is there whatever the rows are."),
				 errhint("Keep a group's value by itself, with FILTER or WHERE.")));
	if (query->formula_count == SMC_QUERY_AGGS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query over study \"%s\" can't have more than %d expressions over aggregates",
						grouping->ship.study->name, SMC_QUERY_AGGS_MAX)));

	keep = &query->keeps[query->keep_count];
	keep->formula = query->formula_count;
	query->formulas[query->formula_count] = take_kept_value(root, grouping, linitial(call->args));
	keep->name = take_value(grouping, lsecond(call->args));
	lifetime = lthird(call->args);
	has_lifetime = !(IsA(lifetime, Const) && ((Const *) lifetime)->constisnull);
	keep->expires = has_lifetime ? take_value(grouping, end_of(lifetime)) : NULL;
	query->keep_count++;

	grouping->functions = list_append_unique_oid(grouping->functions, call->funcid);
	grouping->scan_tlist = add_to_flat_tlist(grouping->scan_tlist, list_make1(call));
	grouping->outputs = lappend_int(grouping->outputs, SMC_QUERY_FORMULA(query->formula_count));
	query->formula_count++;
	return true;
}

/*
 * Whether an expression still has a call that would open what it is about, or
 * that can't be answered where it stands.
 */
static bool
find_stray_call(Node *node, void *context)
{
	Grouping   *grouping = context;

	if (node == NULL)
		return false;
	if (is_keep(node) && !tlist_member((Expr *) node, grouping->scan_tlist))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("smc_keep over study \"%s\" can't be computed where it stands", grouping->ship.study->name),
				 errdetail("It would come after ORDER BY, DISTINCT or a window function, when its aggregates are opened."),
				 errhint("Leave these out: the query yields one row.")));
	if (IsA(node, FuncExpr) && contain_agg_clause(node) &&
		(smc_shippable_is_own(castNode(FuncExpr, node)->funcid, "smc_reveal") ||
		 smc_shippable_is_own(castNode(FuncExpr, node)->funcid, "smc_keep")) && !is_keep(node))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("an expression of secrets can't hold an aggregate over study \"%s\"", grouping->ship.study->name),
				 errdetail("The aggregate would be opened before it is computed with."),
				 errhint("Keep it first, as in smc_keep(smc_sum(x), 'name'), and compute with smc_secret(study, 'name').")));
	return expression_tree_walker(node, find_stray_call, context);
}

/* Whether PostgreSQL may leave some of a node's parts alone. */
static bool
is_choice(Node *node)
{
	return IsA(node, CaseExpr) || IsA(node, CoalesceExpr) || IsA(node, BoolExpr);
}

static bool
take_parts(Node *node, void *context)
{
	TakeContext *take = context;
	Grouping   *grouping = take->grouping;
	bool		guarded = grouping->guarded;
	bool		result;
	SmcExpr    *formula;

	if (node == NULL)
		return false;
	switch (nodeTag(node))
	{
		case T_Aggref:
			take_aggref(grouping, castNode(Aggref, node));
			return false;
		case T_Var:
		case T_GroupingFunc:
			if (plain_column(grouping, node) < 0 ||
				group_position(grouping, plain_column(grouping, node)) < 0)
				ereport(ERROR,
						(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
						 errmsg("%s can't be had from a joint query over study \"%s\"",
								smc_refuse_deparse(take->root, grouping->ship.relid, node),
								grouping->ship.study->name),
						 errdetail("A joint query yields the columns it is grouped by and joint aggregates.")));
			return false;
		case T_Const:
		case T_Param:
		case T_CaseTestExpr:
			return false;
		case T_List:
		case T_WindowFunc:
		case T_CaseWhen:
			break;
		case T_FuncExpr:
			if (take_keep(take->root, grouping, castNode(FuncExpr, node)))
				return false;
			/* FALLTHROUGH */
		default:
			if (tlist_member((Expr *) node, grouping->scan_tlist))
				return false;
			formula = take_formula(grouping, node, true);
			if (formula != NULL)
			{
				add_formula(grouping, node, formula);
				return false;
			}
			break;
	}
	grouping->guarded |= is_choice(node);
	result = expression_tree_walker(node, take_parts, context);
	grouping->guarded = guarded;
	return result;
}

/*
 * Take HAVING: what can be computed on shares decides there which groups are
 * told of at all; the rest is checked on the opened rows.
 */
static void
take_having(PlannerInfo *root, Grouping *grouping, List *having)
{
	List	   *shipped = NIL;
	ListCell   *lc;

	foreach(lc, having)
	{
		Node	   *clause = lfirst(lc);
		/* though its figures be told of the groups that pass, they aren't of the others */
		SmcExpr    *formula = take_formula(grouping, clause, false);

		if (formula != NULL)
		{
			shipped = lappend(shipped, formula);
			continue;
		}
		take_output(root, grouping, clause);
		grouping->local_quals = lappend(grouping->local_quals, clause);
		grouping->guarded = true;	/* what comes after it */
	}
	if (shipped != NIL)
		grouping->query->having = list_length(shipped) == 1 ? linitial(shipped) :
			smc_expr_op("and", shipped);
}

/* Whether a condition can wait until the groups are opened: see the head of the file. */
static bool
picks_groups(const Grouping *grouping, Node *clause, bool *may_filter)
{
	List	   *vars;
	ListCell   *lc;

	*may_filter = true;
	if (grouping->query->group_count == 0 || contain_volatile_functions(clause))
		return false;

	vars = pull_var_clause(clause, PVC_RECURSE_PLACEHOLDERS);
	foreach(lc, vars)
	{
		int			column = plain_column(grouping, lfirst(lc));

		if (column < 0 || group_position(grouping, column) < 0)
			return false;
		if ((grouping->ship.study->columns[column].allow & SMC_ALLOW_FILTER) == 0)
			*may_filter = false;
	}
	return vars != NIL;
}

/* Whether a condition is to be applied to the opened groups. */
static bool
stays_here(Grouping *grouping, Expr *clause)
{
	bool		may_filter;

	return picks_groups(grouping, (Node *) clause, &may_filter) &&
		!(may_filter && smc_shippable_test(&grouping->ship, clause));
}

/*
 * Whether PostgreSQL will drop some of the opened groups, and never look at the
 * outputs there.
 */
static bool
drops_groups(Grouping *grouping, List *restrictinfos, List *having)
{
	Grouping	trial = *grouping;
	SmcQuery	query = *grouping->query;
	ListCell   *lc;

	foreach(lc, restrictinfos)
	{
		if (stays_here(grouping, lfirst_node(RestrictInfo, lc)->clause))
			return true;
	}
	/* HAVING, taken on trial */
	trial.query = &query;
	trial.aggrefs = list_copy(grouping->aggrefs);
	trial.ship.params = list_copy(grouping->ship.params);
	trial.functions = list_copy(grouping->functions);
	foreach(lc, having)
	{
		if (take_formula(&trial, lfirst(lc), false) == NULL)
			return true;
	}
	return false;
}

/* Take the aggregates that stand alone in the target list: what is made of them needs no formula. */
static void
take_plain_outputs(Grouping *grouping, List *exprs)
{
	ListCell   *lc;

	foreach(lc, exprs)
	{
		if (IsA(lfirst(lc), Aggref))
			take_aggref(grouping, lfirst(lc));
	}
}

/* Take all conditions on the study, those that PostgreSQL thinks constant included. */
static void
take_where(Grouping *grouping, List *restrictinfos)
{
	List	   *shipped = NIL;
	ListCell   *lc;

	foreach(lc, restrictinfos)
	{
		Expr	   *clause = lfirst_node(RestrictInfo, lc)->clause;

		if (stays_here(grouping, clause))
			grouping->local_quals = lappend(grouping->local_quals, clause);
		else
			shipped = lappend(shipped, clause);
	}
	if (shipped)
		grouping->query->where = smc_shippable_expr(&grouping->ship, make_ands_explicit(shipped));
}

/* The number of groups there can be. */
static double
group_domain(const Grouping *grouping)
{
	double		groups = 1;

	for (int i = 0; i < grouping->query->group_count; i++)
	{
		const SmcColumn *column = &grouping->ship.study->columns[grouping->query->group_columns[i]];

		groups *= column->value_count + (column->not_null ? 0 : 1);
	}
	return clamp_row_est(groups);
}

/* Translate the whole grouping, or raise. */
static Grouping *
take_grouping(PlannerInfo *root, RelOptInfo *input_rel, RelOptInfo *grouped_rel, List *having)
{
	Grouping   *grouping = palloc0(sizeof(Grouping));
	ListCell   *lc;

	grouping->ship.root = root;
	grouping->ship.study = smc_study_load(planner_rt_fetch(input_rel->relid, root)->relid);
	grouping->ship.relid = input_rel->relid;
	grouping->query = palloc0(sizeof(SmcQuery));
	grouping->query->aggs = palloc0(SMC_QUERY_AGGS_MAX * sizeof(SmcAgg));
	grouping->query->formulas = palloc0(SMC_QUERY_AGGS_MAX * sizeof(SmcExpr *));
	grouping->query->secrets = palloc0(sizeof(SmcQuerySecret));
	grouping->query->keeps = palloc0(SMC_QUERY_AGGS_MAX * sizeof(SmcQueryKeep));

	take_group_by(root, grouping);
	take_plain_outputs(grouping, grouped_rel->reltarget->exprs);
	grouping->guarded = drops_groups(grouping, input_rel->baserestrictinfo, having);
	foreach(lc, grouped_rel->reltarget->exprs)
		take_output(root, grouping, lfirst(lc));
	/* The cheap ones that came from WHERE go first, as they would have. */
	take_where(grouping, input_rel->baserestrictinfo);
	grouping->guarded = grouping->local_quals != NIL;
	take_having(root, grouping, having);
	(void) find_stray_call((Node *) root->processed_tlist, grouping);
	(void) find_stray_call(root->parse->havingQual, grouping);
	return grouping;
}

void
smcGetForeignUpperPaths(PlannerInfo *root, UpperRelationKind stage,
						RelOptInfo *input_rel, RelOptInfo *output_rel, void *extra)
{
	List	   *having;
	Grouping   *grouping;
	Path	   *path;

	/*
	 * Joined studies, partitions and inheritance trees have no path here, so
	 * their scans are planned, and refused with the reason.
	 */
	if (stage != UPPERREL_GROUP_AGG || input_rel->reloptkind != RELOPT_BASEREL ||
		smc_refuse_has_children(root, input_rel->relid))
		return;

	smc_module_require_preload();

	having = (List *) ((GroupPathExtraData *) extra)->havingQual;
	grouping = take_grouping(root, input_rel, output_rel, having);

	if (grouping->query->group_count == 0 && grouping->query->agg_count == 0 &&
		grouping->query->formula_count == 0)
	{
		/* Nothing is asked, as when an outer query drops all columns: one row, and no computation. */
		path = (Path *) create_group_result_path(root, output_rel, output_rel->reltarget, having);
	}
	else
	{
		double		rows = group_domain(grouping);

		smc_query_check(grouping->ship.study, grouping->query);
		output_rel->fdw_private = grouping;
		path = (Path *) smc_compat_upper_path(root, output_rel, output_rel->reltarget, rows,
											  JOINT_COST, JOINT_COST + rows * cpu_tuple_cost,
											  NIL);
	}

	/*
	 * The other paths would aggregate rows that they can't read.  Partial ones
	 * can't exist, since a study is never scanned in parallel.
	 */
	output_rel->pathlist = list_make1(path);
	output_rel->partial_pathlist = NIL;
}

ForeignScan *
smcGetForeignPlan(PlannerInfo *root, RelOptInfo *rel, Oid foreigntableid,
				  ForeignPath *best_path, List *tlist, List *scan_clauses,
				  Plan *outer_plan)
{
	Grouping   *grouping = rel->fdw_private;
	SmcPlanned	planned;

	if (rel->reloptkind != RELOPT_UPPER_REL)
		smc_refuse_rows(root, rel);

	planned.relid = grouping->ship.study->relid;
	memcpy(planned.digest, grouping->ship.study->digest, SMC_KEY_BYTES);
	planned.query = grouping->query;
	planned.outputs = grouping->outputs;
	planned.functions = grouping->functions;

	return make_foreignscan(tlist, grouping->local_quals, 0,
							grouping->ship.params, smc_planned_to_list(&planned),
							grouping->scan_tlist, NIL, outer_plan);
}
