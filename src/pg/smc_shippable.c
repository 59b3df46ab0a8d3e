/*
 * The walk over the planner's expressions: what has no place in the whitelist
 * is refused, and so is every kind of node that isn't named here.
 *
 * A part without columns of the study is no part of the joint query: the asker's
 * server computes it when the query starts, and a constant is sent.  So a party
 * is never made to run anybody's functions, and stable ones such as now() have
 * one value at all parties.
 *
 * Refusals are passed up as a reason and raised at the top, so that asking
 * whether an expression would do takes no error handling.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/regproc.h"
#include "utils/typcache.h"

#include "pg/smc_exprtype.h"
#include "pg/smc_logregr.h"
#include "pg/smc_model.h"
#include "pg/smc_module.h"
#include "pg/smc_optable.h"
#include "pg/smc_picks.h"
#include "pg/smc_shippable.h"
#include "pg/smc_statistic.h"

typedef struct Walk
{
	SmcShipContext *context;
	/* why it was refused */
	const char *message;
	const char *detail;
	const char *hint;
} Walk;

static SmcExpr *ship_node(Walk *walk, Node *node);

/* Note why, the first time; always NULL, to be returned. */
static SmcExpr *
refuse(Walk *walk, const char *message, const char *detail, const char *hint)
{
	if (walk->message == NULL)
	{
		walk->message = message;
		walk->detail = detail;
		walk->hint = hint;
	}
	return NULL;
}

static void
raise_refusal(const Walk *walk)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg_internal("%s", walk->message),
			 walk->detail != NULL ? errdetail_internal("%s", walk->detail) :
			 errdetail("It stands in a query over study \"%s\".", walk->context->study->name),
			 walk->hint != NULL ? errhint("%s", walk->hint) : 0));
}

static SmcExpr *
refuse_function(Walk *walk, Oid function)
{
	return refuse(walk, psprintf("function %s is not one that smc can compute jointly",
								 format_procedure(function)), NULL, NULL);
}

static SmcExpr *
refuse_operator(Walk *walk, Oid operator)
{
	return refuse(walk, psprintf("operator %s is not one that smc can compute jointly",
								 format_operator(operator)), NULL, NULL);
}

static SmcExpr *
refuse_cast(Walk *walk, Oid from, Oid to)
{
	return refuse(walk, psprintf("a cast from %s to %s is not one that smc can compute jointly",
								 format_type_be(from), format_type_be(to)), NULL, NULL);
}

/*
 * Volatile parts
 */

static bool
is_volatile(Oid function, void *found)
{
	if (func_volatile(function) != PROVOLATILE_VOLATILE)
		return false;
	*(Oid *) found = function;
	return true;
}

static bool
find_volatile(Node *node, void *found)
{
	if (node == NULL)
		return false;
	if (check_functions_in_node(node, is_volatile, found))
		return true;
	return expression_tree_walker(node, find_volatile, found);
}

static SmcExpr *
refuse_volatile(Walk *walk, Node *node)
{
	Oid			function = InvalidOid;

	(void) find_volatile(node, &function);
	return refuse(walk,
				  OidIsValid(function) ?
				  psprintf("volatile function %s can't be part of a joint query",
						   format_procedure(function)) :
				  "a volatile expression can't be part of a joint query",
				  NULL,
				  "Compute it first, and hand the value in as a parameter or from a MATERIALIZED common table expression.");
}

/*
 * Parts without columns
 */

/* A value that the asker's server computes: a constant, or a parameter to be. */
static SmcExpr *
ship_value(Walk *walk, Node *node)
{
	Oid			type = getBaseType(exprType(node));
	List	  **params = &walk->context->params;
	Oid			element;
	int			at = 0;
	ListCell   *cell;

	if (!smc_optable_constant_type(type, &element))
		return refuse(walk, psprintf("a value of type %s is not one that smc can send to other parties",
									 format_type_be(exprType(node))), NULL, NULL);

	if (IsA(node, Const))
	{
		Const	   *constant = (Const *) node;

		return smc_expr_const(type, constant->constisnull ? NULL :
							  smc_expr_datum_text(type, constant->constvalue));
	}

	if (contain_subplans(node))
		return refuse(walk, "a subquery that is run for each row can't be part of a joint query",
					  NULL, NULL);
	foreach(cell, *params)
	{
		if (equal(lfirst(cell), node))
			return smc_expr_param(type, at);
		at++;
	}
	*params = lappend(*params, node);
	return smc_expr_param(type, at);
}

/*
 * Parts with columns
 */

static SmcExpr *
ship_var(Walk *walk, Var *var)
{
	const SmcStudy *study = walk->context->study;
	const SmcColumn *column;

	if (var->varno != walk->context->relid || var->varlevelsup != 0)
		return refuse(walk, psprintf("a column of another table can't be part of a joint query over study \"%s\"",
									 study->name),
					  NULL, "Aggregate the study in a subquery, and join its result.");
	if (var->varattno <= 0)
		return refuse(walk, "a whole row or a system column can't be part of a joint query", NULL,
					  "Name the study's columns; count(*) counts rows.");
	column = smc_study_column(study, var->varattno);
	if (column == NULL)
		elog(ERROR, "study \"%s\" has no attribute %d", study->name, var->varattno);
	return smc_expr_column(study, column - study->columns);
}

/* Translate a list of arguments; false when one is refused. */
static bool
ship_args(Walk *walk, List *nodes, List **args)
{
	ListCell   *cell;

	*args = NIL;
	foreach(cell, nodes)
	{
		SmcExpr    *arg = ship_node(walk, lfirst(cell));

		if (arg == NULL)
			return false;
		*args = lappend(*args, arg);
	}
	return true;
}

/* An operation by its wire name over translated arguments. */
static SmcExpr *
ship_op(Walk *walk, const char *name, List *nodes)
{
	List	   *args;

	if (!ship_args(walk, nodes, &args))
		return NULL;
	if (list_length(args) > SMC_OP_ARGS_MAX)
		return refuse(walk, psprintf("a list of more than %d parts can't be part of a joint query",
									 SMC_OP_ARGS_MAX), NULL, NULL);
	return smc_expr_op(name, args);
}

/* Whether a collation is what every party would use by itself for these arguments. */
static bool
is_own_collation(Oid collation, List *args)
{
	List	   *vars;
	ListCell   *cell;

	if (collation == DEFAULT_COLLATION_OID)
		return true;
	vars = pull_var_clause((Node *) args, PVC_RECURSE_PLACEHOLDERS);
	foreach(cell, vars)
	{
		if (IsA(lfirst(cell), Var) && ((Var *) lfirst(cell))->varcollid == collation)
			return true;
	}
	return false;
}

/* Refuse an operation that would mean another thing under another party's collation. */
static bool
collation_fits(Walk *walk, const SmcOperation *operation, Oid collation, List *args)
{
	bool		folds_case = operation->rule == SMC_RULE_TEXT || strstr(operation->name, "ilike") != NULL;

	if (!OidIsValid(collation))
		return true;
	if (operation->rule == SMC_RULE_ORDER_TEXT && collation != C_COLLATION_OID)
	{
		refuse(walk, "texts can be compared by order in a joint query only under the collation \"C\"",
			   "Another collation may order differently at each party.",
			   "Write the comparison with COLLATE \"C\".");
		return false;
	}
	if (!get_collation_isdeterministic(collation))
	{
		refuse(walk, "texts can't be compared in a joint query under a nondeterministic collation",
			   NULL, NULL);
		return false;
	}
	if (folds_case && !is_own_collation(collation, args))
	{
		refuse(walk, psprintf("%s can't be computed jointly under a collation of the query's own",
							  operation->sql), NULL, "Leave COLLATE out.");
		return false;
	}
	return true;
}

/* A call of a built-in function, by whatever syntax it came. */
static SmcExpr *
ship_function(Walk *walk, Oid function, Oid collation, List *args, Oid operator)
{
	int			op = smc_optable_by_function(function);
	const SmcOperation *operation;

	switch (function)
	{
		case F_INT2UP:
		case F_INT4UP:
		case F_INT8UP:
		case F_FLOAT4UP:
		case F_FLOAT8UP:
		case F_NUMERIC_UPLUS:
			return ship_node(walk, linitial(args));
		default:
			break;
	}
	if (op < 0)
		return OidIsValid(operator) ? refuse_operator(walk, operator) : refuse_function(walk, function);

	operation = smc_optable_get(op);
	if (!collation_fits(walk, operation, collation, args))
		return NULL;
	return ship_op(walk, operation->name, args);
}

/* numeric(p,s) as a cast: rounding; that it could overflow is left out. */
static SmcExpr *
ship_numeric_typmod(Walk *walk, FuncExpr *call)
{
	Const	   *typmod = lsecond(call->args);
	SmcExpr    *value;
	int			precision;
	int			scale;

	if (!IsA(typmod, Const) || typmod->constisnull)
		return refuse_function(walk, call->funcid);
	value = ship_node(walk, linitial(call->args));
	if (value == NULL ||
		!smc_study_numeric_digits(DatumGetInt32(typmod->constvalue), &precision, &scale))
		return value;
	return smc_expr_op("round.numeric",
					   list_make2(value, smc_expr_const(INT4OID, psprintf("%d", scale))));
}

/* A boolean as 0 or 1: a choice, under the rules of all choices. */
static SmcExpr *
ship_bool_as_int(Walk *walk, Node *node)
{
	SmcExpr    *condition = ship_node(walk, node);
	SmcExpr    *one = smc_expr_const(INT4OID, "1");
	SmcExpr    *zero = smc_expr_const(INT4OID, "0");

	if (condition == NULL)
		return NULL;
	if (!smc_exprtype_nullable(walk->context->study, condition))
		return smc_expr_op("case", list_make3(condition, one, zero));
	return smc_expr_op("case", list_make4(condition, one, smc_expr_op("not", list_make1(condition)), zero));
}

static SmcExpr *
ship_func(Walk *walk, FuncExpr *call)
{
	if (call->funcvariadic || call->funcretset)
		return refuse_function(walk, call->funcid);
	if (call->funcid == F_INT4_BOOL)
		return ship_bool_as_int(walk, linitial(call->args));
	if (call->funcid == F_NUMERIC_NUMERIC_INT4 && list_length(call->args) == 2)
		return ship_numeric_typmod(walk, call);
	return ship_function(walk, call->funcid, call->inputcollid, call->args, InvalidOid);
}

static SmcExpr *
ship_operator(Walk *walk, OpExpr *call)
{
	set_opfuncid(call);
	return ship_function(walk, call->opfuncid, call->inputcollid, call->args, call->opno);
}

/* IS DISTINCT FROM and NULLIF: an equality inside. */
static SmcExpr *
ship_equality(Walk *walk, OpExpr *call, const char *name)
{
	int			op;

	set_opfuncid(call);
	op = smc_optable_by_function(call->opfuncid);
	if (op < 0 || strcmp(smc_optable_get(op)->name, "eq") != 0)
		return refuse_operator(walk, call->opno);
	if (!collation_fits(walk, smc_optable_get(op), call->inputcollid, call->args))
		return NULL;
	return ship_op(walk, name, call->args);
}

/* x = ANY (list), x <> ALL (list) */
static SmcExpr *
ship_in(Walk *walk, ScalarArrayOpExpr *call)
{
	int			op;
	const char *equality;

	set_sa_opfuncid(call);
	op = smc_optable_by_function(call->opfuncid);
	equality = op >= 0 ? smc_optable_get(op)->name : "";
	if (!(strcmp(equality, "eq") == 0 && call->useOr) &&
		!(strcmp(equality, "ne") == 0 && !call->useOr))
		return refuse(walk, psprintf("operator %s with %s is not one that smc can compute jointly",
									 format_operator(call->opno), call->useOr ? "ANY" : "ALL"),
					  NULL, NULL);
	if (contain_var_clause(lsecond(call->args)))
		return refuse(walk, "a list to compare with in a joint query can't hold columns", NULL,
					  "Write the comparisons one by one with OR.");
	if (!collation_fits(walk, smc_optable_get(op), call->inputcollid, call->args))
		return NULL;
	return ship_op(walk, call->useOr ? "in" : "not.in", call->args);
}

static SmcExpr *
ship_bool(Walk *walk, BoolExpr *logic)
{
	switch (logic->boolop)
	{
		case AND_EXPR:
			return ship_op(walk, "and", logic->args);
		case OR_EXPR:
			return ship_op(walk, "or", logic->args);
		case NOT_EXPR:
			return ship_op(walk, "not", logic->args);
	}
	return NULL;
}

static SmcExpr *
ship_null_test(Walk *walk, NullTest *test)
{
	if (test->argisrow)
		return refuse(walk, "a test of a whole row for NULL can't be part of a joint query", NULL, NULL);
	return ship_op(walk, test->nulltesttype == IS_NULL ? "is.null" : "not.null",
				   list_make1(test->arg));
}

static SmcExpr *
ship_boolean_test(Walk *walk, BooleanTest *test)
{
	const char *name = NULL;

	switch (test->booltesttype)
	{
		case IS_TRUE:
			name = "is.true";
			break;
		case IS_NOT_TRUE:
			name = "not.true";
			break;
		case IS_FALSE:
			name = "is.false";
			break;
		case IS_NOT_FALSE:
			name = "not.false";
			break;
		case IS_UNKNOWN:
			name = "is.unknown";
			break;
		case IS_NOT_UNKNOWN:
			name = "not.unknown";
			break;
	}
	return ship_op(walk, name, list_make1(test->arg));
}

/* Put what CASE x compares in the place that stands for it in each WHEN. */
static Node *
replace_case_test(Node *node, void *subject)
{
	if (node == NULL)
		return NULL;
	if (IsA(node, CaseTestExpr))
		return copyObject((Node *) subject);
	/* another CASE has its own */
	if (IsA(node, CaseExpr) && ((CaseExpr *) node)->arg != NULL)
		return copyObject(node);
	return expression_tree_mutator(node, replace_case_test, subject);
}

static SmcExpr *
ship_case(Walk *walk, CaseExpr *choice)
{
	List	   *parts = NIL;
	ListCell   *cell;

	foreach(cell, choice->args)
	{
		CaseWhen   *when = lfirst_node(CaseWhen, cell);
		Node	   *condition = (Node *) when->expr;

		if (choice->arg != NULL)
			condition = replace_case_test(condition, choice->arg);
		parts = lappend(lappend(parts, condition), when->result);
	}
	/* ELSE NULL goes without saying */
	if (choice->defresult != NULL &&
		!(IsA(choice->defresult, Const) && ((Const *) choice->defresult)->constisnull))
		parts = lappend(parts, choice->defresult);
	return ship_op(walk, "case", parts);
}

/* A change of type that changes no value. */
static SmcExpr *
ship_relabel(Walk *walk, RelabelType *relabel)
{
	Oid			from = getBaseType(exprType((Node *) relabel->arg));
	Oid			to = getBaseType(relabel->resulttype);
	SmcTypeClass from_class = smc_optable_class(from);

	if (from == to || (from_class == SMC_CLASS_TEXT && smc_optable_class(to) == SMC_CLASS_TEXT))
		return ship_node(walk, (Node *) relabel->arg);
	if (from_class == SMC_CLASS_TEXT && to == BPCHAROID)
		return ship_op(walk, "to.bpchar", list_make1(relabel->arg));
	return refuse_cast(walk, exprType((Node *) relabel->arg), relabel->resulttype);
}

/* An aggregate in a formula. */
static SmcExpr *
ship_aggref(Walk *walk, Aggref *aggref)
{
	SmcShipContext *context = walk->context;
	int			agg = context->find_agg != NULL ? context->find_agg(context->arg, aggref) : -1;

	if (agg < 0)
		return refuse(walk, "an aggregate can't be part of this expression", NULL, NULL);
	return smc_expr_agg(InvalidOid, agg);
}

static List *model_columns(SmcShipContext *context, const char *name, Node *array);

/* A field of a model, or an element of one that is an array (index from one, else 0), in a formula. */
static SmcExpr *
ship_field(Walk *walk, FieldSelect *select, int index)
{
	Aggref	   *aggref = (Aggref *) select->arg;
	SmcAggKind	kind = IsA(aggref, Aggref) ? smc_shippable_aggregate(aggref->aggfnoid) : 0;
	Node	   *array;
	char	   *field;
	SmcExpr    *agg;
	SmcExpr    *part;

	if (walk->context->find_agg == NULL || smc_model_of(kind) == NULL)
		return refuse(walk, "a field of a row can't be part of a joint query", NULL, NULL);
	field = get_attname(get_typ_typrelid(aggref->aggtype), select->fieldnum, false);
	array = (Node *) lsecond_node(TargetEntry, aggref->args)->expr;
	agg = ship_aggref(walk, aggref);
	if (agg == NULL)
		return NULL;
	part = smc_model_make_part(kind, list_length(model_columns(walk->context, smc_model_of(kind)->name, array)), field, index, agg);
	if (part == NULL)
		return refuse(walk, psprintf("%s of a model can't be computed on shares", field), NULL, NULL);
	return part;
}

/* An element of such an array. */
static SmcExpr *
ship_element(Walk *walk, SubscriptingRef *subscript)
{
	Const	   *index = list_length(subscript->refupperindexpr) == 1 ? linitial(subscript->refupperindexpr) : NULL;

	if (index == NULL || subscript->reflowerindexpr != NIL || subscript->refassgnexpr != NULL ||
		!IsA(subscript->refexpr, FieldSelect) || !IsA(index, Const) || index->constisnull ||
		DatumGetInt32(index->constvalue) < 1)
		return refuse(walk, "an element of an array can't be part of a joint query", NULL, NULL);
	return ship_field(walk, (FieldSelect *) subscript->refexpr, DatumGetInt32(index->constvalue));
}

static SmcExpr *
ship_node(Walk *walk, Node *node)
{
	check_stack_depth();
	if (!contain_var_clause(node) && !(walk->context->find_agg != NULL && contain_agg_clause(node)))
		return ship_value(walk, node);

	switch (nodeTag(node))
	{
		case T_Var:
			if (walk->context->find_agg != NULL)
				return refuse(walk, "a column outside an aggregate", NULL, NULL);
			return ship_var(walk, (Var *) node);
		case T_Aggref:
			return ship_aggref(walk, (Aggref *) node);
		case T_FieldSelect:
			return ship_field(walk, (FieldSelect *) node, 0);
		case T_SubscriptingRef:
			return ship_element(walk, (SubscriptingRef *) node);
		case T_PlaceHolderVar:
			return ship_node(walk, (Node *) ((PlaceHolderVar *) node)->phexpr);
		case T_FuncExpr:
			return ship_func(walk, (FuncExpr *) node);
		case T_OpExpr:
			return ship_operator(walk, (OpExpr *) node);
		case T_DistinctExpr:
			return ship_equality(walk, (OpExpr *) node, "distinct");
		case T_NullIfExpr:
			return ship_equality(walk, (OpExpr *) node, "nullif");
		case T_ScalarArrayOpExpr:
			return ship_in(walk, (ScalarArrayOpExpr *) node);
		case T_BoolExpr:
			return ship_bool(walk, (BoolExpr *) node);
		case T_NullTest:
			return ship_null_test(walk, (NullTest *) node);
		case T_BooleanTest:
			return ship_boolean_test(walk, (BooleanTest *) node);
		case T_CaseExpr:
			return ship_case(walk, (CaseExpr *) node);
		case T_CoalesceExpr:
			return ship_op(walk, "coalesce", ((CoalesceExpr *) node)->args);
		case T_MinMaxExpr:
			return ship_op(walk, ((MinMaxExpr *) node)->op == IS_GREATEST ? "greatest" : "least",
						   ((MinMaxExpr *) node)->args);
		case T_RelabelType:
			return ship_relabel(walk, (RelabelType *) node);
		case T_CollateExpr:
			/* what compares asks for the collation itself */
			return ship_node(walk, (Node *) ((CollateExpr *) node)->arg);
		case T_CoerceViaIO:
			return refuse_cast(walk, exprType((Node *) ((CoerceViaIO *) node)->arg), exprType(node));
		case T_CoerceToDomain:
			return refuse_cast(walk, exprType((Node *) ((CoerceToDomain *) node)->arg), exprType(node));
		case T_SubPlan:
		case T_AlternativeSubPlan:
			return refuse(walk, "a subquery that is run for each row can't be part of a joint query",
						  NULL, "Hand the values in, as in x = ANY (ARRAY(SELECT ...)).");
		default:
			return refuse(walk, psprintf("an expression of type %s is not one that smc can compute jointly",
										 format_type_be(exprType(node))),
						  "It holds a construct that has no counterpart in joint queries.", NULL);
	}
}

/* Translate from the top; NULL when refused. */
static SmcExpr *
ship_whole(Walk *walk, Node *node)
{
	if (contain_volatile_functions(node))
		return refuse_volatile(walk, node);
	return ship_node(walk, node);
}

SmcExpr *
smc_shippable_expr(SmcShipContext *context, Expr *expr)
{
	Walk		walk = {context};
	SmcExpr    *result = ship_whole(&walk, (Node *) expr);

	if (result == NULL)
		raise_refusal(&walk);
	return result;
}

SmcExpr *
smc_shippable_formula(SmcShipContext *context, Expr *expr)
{
	Walk		walk = {context};

	return ship_whole(&walk, (Node *) expr);
}

bool
smc_shippable_test(SmcShipContext *context, Expr *expr)
{
	SmcShipContext scratch = *context;
	Walk		walk = {&scratch};
	SmcExpr    *condition;

	scratch.params = list_copy(context->params);
	condition = ship_whole(&walk, (Node *) expr);
	return condition != NULL && smc_picks_fits(context->study, condition);
}

/*
 * Aggregates
 */

/* Whether WITHIN GROUP's order is the usual one of its type, or the other way. */
static bool
is_ascending(const Aggref *aggref)
{
	const SortGroupClause *order = linitial_node(SortGroupClause, aggref->aggorder);
	Oid			type = exprType((Node *) linitial_node(TargetEntry, aggref->args)->expr);

	return list_length(aggref->aggorder) == 1 &&
		order->sortop == lookup_type_cache(type, TYPECACHE_LT_OPR)->lt_opr;
}

static bool
is_descending(const Aggref *aggref)
{
	const SortGroupClause *order = linitial_node(SortGroupClause, aggref->aggorder);
	Oid			type = exprType((Node *) linitial_node(TargetEntry, aggref->args)->expr);

	return list_length(aggref->aggorder) == 1 &&
		order->sortop == lookup_type_cache(type, TYPECACHE_GT_OPR)->gt_opr;
}

/* Note why an aggregate can't be computed as it is written; false then. */
static bool
aggregate_fits(Walk *walk, const Aggref *aggref)
{
	const char *study = walk->context->study->name;
	SmcAggKind	kind = smc_shippable_aggregate(aggref->aggfnoid);
	bool		is_mode = kind == SMC_AGG_MODE && aggref->aggkind == AGGKIND_ORDERED_SET;
	bool		is_ordered_set = kind == SMC_AGG_PERCENTILE_CONT || kind == SMC_AGG_PERCENTILE_DISC || is_mode;

	if (aggref->aggfnoid == F_AVG_INTERVAL)
		refuse(walk, psprintf("averages of intervals can't be computed jointly over study \"%s\"", study),
			   "The native one carries parts of months down to days and time in floating point, which can't be done alike on shares.",
			   "Where both may be told, ask for sum(x) / count(x).");
	else if (kind == 0)
		refuse(walk, psprintf("aggregate %s is not one that smc can compute jointly",
							  format_procedure(aggref->aggfnoid)), NULL,
			   "It computes count, and sum, avg, min, max, medians, percentiles, histograms, comparisons, statistics and regressions of numbers, min, max, percentiles and histograms of dates too, and modes of declared values.");
	else if (aggref->agglevelsup != 0)
		refuse(walk, psprintf("an aggregate of an outer query over study \"%s\" can't be computed jointly",
							  study), NULL, NULL);
	else if (aggref->aggdistinct != NIL && kind != SMC_AGG_COUNT)
		refuse(walk, psprintf("aggregates with DISTINCT can't be computed jointly over study \"%s\"", study),
			   "Only count(DISTINCT x) can be computed without telling values.", NULL);
	else if (is_mode && !is_ascending(aggref) && !is_descending(aggref))
		refuse(walk, psprintf("modes in such an order can't be computed jointly over study \"%s\"", study),
			   NULL, "Leave USING out.");
	else if (is_ordered_set && !is_mode && !is_ascending(aggref))
		refuse(walk, psprintf("percentiles in descending order can't be computed jointly over study \"%s\"", study),
			   NULL, "Leave DESC out; percentile_cont(p) in descending order is percentile_cont(1 - p).");
	else if (aggref->aggorder != NIL && !is_ordered_set)
		refuse(walk, psprintf("aggregates with ORDER BY can't be computed jointly over study \"%s\"", study),
			   "The order changes nothing in a count, a sum or an average.", "Leave ORDER BY out.");
	else if ((aggref->aggkind != AGGKIND_NORMAL || aggref->aggdirectargs != NIL) != is_ordered_set ||
			 aggref->aggvariadic || DO_AGGSPLIT_SKIPFINAL(aggref->aggsplit) ||
			 DO_AGGSPLIT_COMBINE(aggref->aggsplit))
		refuse(walk, psprintf("aggregate %s can't be computed jointly in this form",
							  format_procedure(aggref->aggfnoid)), NULL, NULL);
	return walk->message == NULL;
}

/* The place among the study's parties of the one that an argument of smc_compare names. */
static int
party_argument(SmcShipContext *context, TargetEntry *argument)
{
	Const	   *name = (Const *) argument->expr;
	const char *party;

	if (!IsA(name, Const) || name->constisnull)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the parties in smc_compare over study \"%s\" must be constants",
						context->study->name)));
	party = TextDatumGetCString(name->constvalue);
	for (int i = 0; i < context->study->party_count; i++)
	{
		if (strcmp(context->study->parties[i], party) == 0)
			return i;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("\"%s\" is not a party of study \"%s\"", party, context->study->name),
			 errdetail("Its parties are %s.",
					   smc_study_party_list(context->study, (uint16) ((1u << context->study->party_count) - 1)))));
}

/* Which percentile: a value that the asker's server computes. */
static SmcExpr *
fraction_argument(SmcShipContext *context, Node *argument)
{
	if (contain_var_clause(argument))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a percentile over study \"%s\" can't depend on its columns", context->study->name)));
	return smc_shippable_expr(context, (Expr *) argument);
}

/* A bound or the number of buckets of a histogram, likewise. */
static SmcExpr *
bucket_argument(SmcShipContext *context, const List *args, int at)
{
	Expr	   *argument = list_nth_node(TargetEntry, args, at)->expr;

	if (contain_var_clause((Node *) argument))
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("the buckets of a histogram over study \"%s\" can't depend on its columns",
						context->study->name)));
	return smc_shippable_expr(context, argument);
}

/* How many arguments an aggregate has, WITHIN GROUP's among them. */
static int
arguments_of(SmcAggKind kind)
{
	switch (kind)
	{
		case SMC_AGG_COMPARE:
			return 3;
		case SMC_AGG_PERCENTILE:
			return 2;
		case SMC_AGG_HISTOGRAM:
			return 4;
		default:
			return smc_statistic_of(kind) != NULL ? smc_statistic_of(kind)->args : 1;
	}
}

/* The elements of a constant array, as constants. */
static List *
constant_elements(const Const *array)
{
	ArrayType  *values = DatumGetArrayTypeP(array->constvalue);
	Oid			type = ARR_ELEMTYPE(values);
	List	   *elements = NIL;
	Datum	   *datums;
	bool	   *nulls;
	int			count;
	int16		len;
	bool		by_value;
	char		align;

	if (ARR_NDIM(values) > 1)
		return NIL;
	get_typlenbyvalalign(type, &len, &by_value, &align);
	deconstruct_array(values, type, len, by_value, align, &datums, &nulls, &count);
	for (int i = 0; i < count; i++)
		elements = lappend(elements, makeConst(type, -1, InvalidOid, len, datums[i], nulls[i], by_value));
	return elements;
}

/* The columns of a model: the elements of an array that is written out. */
static List *
model_columns(SmcShipContext *context, const char *name, Node *array)
{
	if (IsA(array, ArrayExpr) && !((ArrayExpr *) array)->multidims && ((ArrayExpr *) array)->elements != NIL)
		return ((ArrayExpr *) array)->elements;
	if (IsA(array, Const) && !((Const *) array)->constisnull && constant_elements((Const *) array) != NIL)
		return constant_elements((Const *) array);
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("the columns of %s over study \"%s\" must be written out as an array of one dimension",
					name, context->study->name),
			 errhint("Write %s(y, array[1, x1, x2]); the 1 is the intercept.", name)));
}

/* A model's y: a condition as 0 and 1; a boolean column of a logistic regression is that already. */
static SmcExpr *
model_outcome(SmcShipContext *context, SmcAggKind kind, Node *outcome)
{
	Walk		walk = {context};
	SmcExpr    *expr;

	if (exprType(outcome) != BOOLOID || (kind == SMC_AGG_LOGREGR && IsA(outcome, Var)))
		return smc_shippable_expr(context, (Expr *) outcome);
	expr = ship_bool_as_int(&walk, outcome);
	if (expr == NULL)
		raise_refusal(&walk);
	return expr;
}

/* A model's y and columns. */
static void
ship_model(SmcShipContext *context, Aggref *aggref, SmcAgg *agg)
{
	Node	   *array = (Node *) lsecond_node(TargetEntry, aggref->args)->expr;
	List	   *columns = NIL;
	ListCell   *cell;

	agg->arg = model_outcome(context, agg->kind, (Node *) linitial_node(TargetEntry, aggref->args)->expr);
	if (agg->kind == SMC_AGG_LOGREGR)
		agg->fraction = smc_logregr_settings(context->study, aggref->args);
	foreach(cell, model_columns(context, smc_model_of(agg->kind)->name, array))
		columns = lappend(columns, smc_shippable_expr(context, lfirst(cell)));
	agg->second = smc_expr_op("row", columns);
}

void
smc_shippable_agg(SmcShipContext *context, Aggref *aggref, SmcAgg *agg)
{
	const SmcStatistic *statistic;
	Walk		walk = {context};
	Node	   *arg;

	if (!aggregate_fits(&walk, aggref))
		raise_refusal(&walk);

	memset(agg, 0, sizeof(*agg));
	agg->kind = smc_shippable_aggregate(aggref->aggfnoid);
	if (aggref->aggdistinct != NIL)
		agg->kind = SMC_AGG_DISTINCT;
	if (aggref->aggfilter != NULL)
		agg->filter = smc_shippable_expr(context, aggref->aggfilter);

	if (agg->kind == SMC_AGG_COUNT_ROWS)
		return;
	statistic = smc_statistic_of(agg->kind);
	if (smc_model_of(agg->kind) != NULL)
	{
		ship_model(context, aggref, agg);
		return;
	}
	if (list_length(aggref->args) != arguments_of(agg->kind))
		elog(ERROR, "aggregate %u has %d arguments", aggref->aggfnoid, list_length(aggref->args));
	arg = (Node *) linitial_node(TargetEntry, aggref->args)->expr;
	if (agg->kind == SMC_AGG_COMPARE)
	{
		agg->parties[0] = party_argument(context, lsecond(aggref->args));
		agg->parties[1] = party_argument(context, lthird(aggref->args));
	}

	if (agg->kind == SMC_AGG_HISTOGRAM)
	{
		agg->lo = bucket_argument(context, aggref->args, 1);
		agg->hi = bucket_argument(context, aggref->args, 2);
		agg->buckets = bucket_argument(context, aggref->args, 3);
	}
	agg->descending = agg->kind == SMC_AGG_MODE && aggref->aggorder != NIL && is_descending(aggref);
	if (agg->kind == SMC_AGG_PERCENTILE)
		agg->fraction = fraction_argument(context, (Node *) lsecond_node(TargetEntry, aggref->args)->expr);
	else if (aggref->aggdirectargs != NIL)
		agg->fraction = fraction_argument(context, linitial(aggref->aggdirectargs));

	/* count(1) is count(*) */
	if (agg->kind == SMC_AGG_COUNT && IsA(arg, Const) && !((Const *) arg)->constisnull)
		agg->kind = SMC_AGG_COUNT_ROWS;
	else
		agg->arg = smc_shippable_expr(context, (Expr *) arg);
	if (statistic != NULL && statistic->args == 2)
		agg->second = smc_shippable_expr(context, lsecond_node(TargetEntry, aggref->args)->expr);
}
