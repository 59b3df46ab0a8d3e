/*
 * smc_reveal and smc_keep of expressions of secrets, and smc_drop_secret.
 *
 * An expression becomes a query without aggregates: one formula over secrets,
 * one cell, no rows read at any party.  It is asked, checked, approved, audited
 * and answered as every other query is.
 *
 * Numbers are computed as exact decimals, whichever type they were kept with;
 * dates, timestamps and minima of floats can be compared with their like.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/nodeFuncs.h"
#include "nodes/supportnodes.h"
#include "nodes/value.h"
#include "optimizer/clauses.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "pg/smc_ask.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_figure.h"
#include "pg/smc_identity.h"
#include "pg/smc_module.h"
#include "pg/smc_notice.h"
#include "pg/smc_secret.h"
#include "pg/smc_secret_type.h"

PG_FUNCTION_INFO_V1(smc_reveal);
PG_FUNCTION_INFO_V1(smc_reveal_bool);
PG_FUNCTION_INFO_V1(smc_reveal_as);
PG_FUNCTION_INFO_V1(smc_keep);
PG_FUNCTION_INFO_V1(smc_keep_bool);
PG_FUNCTION_INFO_V1(smc_keep_value);
PG_FUNCTION_INFO_V1(smc_keep_support);
PG_FUNCTION_INFO_V1(smc_drop_secret);
PG_FUNCTION_INFO_V1(smc_secret_visible);

/* An expression on its way to a query. */
typedef struct Translation
{
	const SmcStudy *study;
	SmcQuery   *query;
} Translation;

/*
 * The study
 */

/* The name of the study whose secrets an expression uses; raises where they are of two.  NULL: it uses none. */
static const char *
find_study_name(const SmcTerm *term, const char *found)
{
	ListCell   *lc;

	if (term->op == SMC_TERM_SECRET)
	{
		if (found != NULL && strcmp(found, term->study) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("secrets of study \"%s\" can't be computed with those of study \"%s\"", term->study, found),
					 errdetail("What an expression may be used for, and who may learn it, is what one study says.")));
		found = term->study;
	}
	foreach(lc, term->args)
		found = find_study_name(lfirst(lc), found);
	return found;
}

/* The study, to which the current user must have some access. */
static const SmcStudy *
find_study(const SmcTerm *term)
{
	const char *name = find_study_name(term, NULL);
	const SmcStudy *study;

	if (name == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%s uses no secret", smc_term_print(term)),
				 errhint("Refer to one by smc_secret('study', 'name').")));
	study = smc_study_find(name);
	if (study == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("study \"%s\" does not exist", name),
				 errhint("The view smc_studies lists the studies.")));
	if (pg_class_aclcheck(study->relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK &&
		pg_attribute_aclcheck_all(study->relid, GetUserId(), ACL_SELECT, ACLMASK_ANY) != ACLCHECK_OK)
		aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, study->name);
	return study;
}

/* Raise unless the current user may query every column that went into a secret. */
static void
check_columns(const SmcStudy *study, const SmcSecret *secret)
{
	if (pg_class_aclcheck(study->relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
		return;
	for (int i = 0; i < secret->use_count; i++)
	{
		const SmcColumn *column = smc_study_column_by_name(study, secret->uses[i].column);

		if (column == NULL ||
			pg_attribute_aclcheck(study->relid, column->attnum, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
			aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_FOREIGN_TABLE, study->name);
	}
}

/*
 * smc_secret_visible(study text, columns text[]) returns boolean
 *
 * Whether the current user may see that there is a secret: who may query a study
 * of that name here, or of its columns those that went in.
 */
Datum
smc_secret_visible(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Datum	   *columns;
	int			count;
	ListCell   *lc;

	if (superuser())
		PG_RETURN_BOOL(true);
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(1), TEXTOID, -1, false, TYPALIGN_INT, &columns, NULL, &count);
	foreach(lc, smc_study_relations())
	{
		Oid			relid = lfirst_oid(lc);
		char	   *relname = get_rel_name(relid);
		bool		may = relname != NULL && strcmp(relname, name) == 0;

		if (may && pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
			PG_RETURN_BOOL(true);
		if (may && count == 0)
			may = pg_attribute_aclcheck_all(relid, GetUserId(), ACL_SELECT, ACLMASK_ANY) == ACLCHECK_OK;
		for (int i = 0; i < count && may; i++)
		{
			AttrNumber	attnum = get_attnum(relid, TextDatumGetCString(columns[i]));

			may = attnum > 0 && pg_attribute_aclcheck(relid, attnum, GetUserId(), ACL_SELECT) == ACLCHECK_OK;
		}
		if (may)
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}

/*
 * Translation
 */

/* The place of a secret among the query's, added unless it is there. */
static int
find_secret(Translation *translation, const SmcTerm *term)
{
	const SmcStudy *study = translation->study;
	SmcQuery   *query = translation->query;
	SmcSecret  *secret;

	for (int i = 0; i < query->secret_count; i++)
	{
		if (strcmp(query->secrets[i].name, term->name) == 0)
			return i;
	}
	if (query->secret_count == SMC_QUERY_AGGS_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an expression can't use more than %d secrets", SMC_QUERY_AGGS_MAX)));
	secret = smc_secret_find(study->name, term->name);
	if (secret == NULL || secret->state == SMC_SECRET_DROPPED)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 secret == NULL ?
				 errmsg("secret \"%s\" of study \"%s\" does not exist at this party", term->name, study->name) :
				 errmsg("secret \"%s\" of study \"%s\" was dropped at this party", term->name, study->name),
				 errhint("The view smc_secrets lists what is kept here.")));
	check_columns(study, secret);
	query->secrets[query->secret_count].name = secret->name;
	memcpy(query->secrets[query->secret_count].id, secret->id, SMC_UUID_BYTES);
	query->secrets[query->secret_count].secret = secret;
	return query->secret_count++;
}

static SmcExpr *
secret_leaf(Translation *translation, const SmcTerm *term)
{
	int			at = find_secret(translation, term);
	const SmcSecret *secret = translation->query->secrets[at].secret;
	SmcExpr    *leaf = smc_expr_secret(secret->type, at);

	if (term->is_bool != (secret->type == BOOLOID))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("secret \"%s\" of study \"%s\" is of type %s", secret->name, secret->study,
						format_type_be(secret->type)),
				 errhint("Refer to it by %s('%s', '%s').", term->is_bool ? "smc_secret" : "smc_secret_bool",
						 secret->study, secret->name)));
	switch (smc_optable_class(secret->type))
	{
		case SMC_CLASS_INT:
			return smc_expr_op("to.numeric", list_make1(leaf));
		case SMC_CLASS_FLOAT:
			return secret->ordered ? leaf : smc_expr_op("to.numeric", list_make1(leaf));
		default:
			return leaf;
	}
}

/* The digits that something is rounded to. */
static SmcExpr *
round_digits(const SmcTerm *term)
{
	if (term->op != SMC_TERM_NUMBER || strlen(term->value) > 4 || strchr(term->value, '.') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("a secret can be rounded only to a number of digits that is a constant")));
	return smc_expr_const(INT4OID, term->value);
}

static SmcExpr *
make_expr(Translation *translation, const SmcTerm *term)
{
	List	   *args = NIL;
	ListCell   *lc;

	check_stack_depth();
	switch (term->op)
	{
		case SMC_TERM_SECRET:
			return secret_leaf(translation, term);
		case SMC_TERM_NUMBER:
			return smc_expr_const(NUMERICOID, term->value);
		case SMC_TERM_BOOLEAN:
			return smc_expr_const(BOOLOID, term->value[0] == 't' ? "t" : "f");
		default:
			break;
	}
	foreach(lc, term->args)
	{
		bool		is_digits = term->op == SMC_TERM_ROUND && foreach_current_index(lc) == 1;

		args = lappend(args, is_digits ? round_digits(lfirst(lc)) : make_expr(translation, lfirst(lc)));
	}
	return smc_expr_op(smc_term_operation(term->op), args);
}

/* The types that take part, for a message. */
static char *
secret_types(const SmcQuery *query)
{
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < query->secret_count; i++)
		appendStringInfo(&buf, "%s\"%s\" is of type %s", i > 0 ? ", " : "Secret ", query->secrets[i].name,
						 format_type_be(query->secrets[i].secret->type));
	return buf.data;
}

/* A query of one formula, resolved. */
static SmcQuery *
make_query(const SmcStudy *study, const SmcTerm *term)
{
	SmcQuery   *query = palloc0(sizeof(SmcQuery));
	Translation translation = {study, query};

	query->aggs = palloc0(sizeof(SmcAgg));
	query->secrets = palloc0(SMC_QUERY_AGGS_MAX * sizeof(SmcQuerySecret));
	query->keeps = palloc0(sizeof(SmcQueryKeep));
	query->formulas = palloc0(sizeof(SmcExpr *));
	query->formulas[0] = make_expr(&translation, term);
	query->formula_count = 1;
	if (!smc_exprtype_resolve_formula(study, query->formulas[0], NULL, 0))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s can't be computed", smc_term_print(term)),
				 errdetail("%s.", secret_types(query))));
	return query;
}

/*
 * Revealing
 */

/* The type that a formula's figure is made in: numbers are decimals. */
static Oid
figure_type(const SmcExpr *formula)
{
	return smc_optable_class(formula->type) == SMC_CLASS_INT ? NUMERICOID : formula->type;
}

static bool
is_number(Oid type)
{
	switch (smc_optable_class(type))
	{
		case SMC_CLASS_INT:
		case SMC_CLASS_NUMERIC:
		case SMC_CLASS_FLOAT:
			return true;
		default:
			return false;
	}
}

/* A figure as the type that was asked for; both are numbers, or they are the same. */
static Datum
convert(Datum figure, Oid from, Oid to)
{
	if (from == to)
		return figure;
	if (from == FLOAT4OID)
		figure = DirectFunctionCall1(float4_numeric, figure);
	else if (from == FLOAT8OID)
		figure = DirectFunctionCall1(float8_numeric, figure);
	switch (to)
	{
		case INT2OID:
			return DirectFunctionCall1(numeric_int2, figure);
		case INT4OID:
			return DirectFunctionCall1(numeric_int4, figure);
		case INT8OID:
			return DirectFunctionCall1(numeric_int8, figure);
		case FLOAT4OID:
			return DirectFunctionCall1(numeric_float4, figure);
		case FLOAT8OID:
			return DirectFunctionCall1(numeric_float8, figure);
		default:
			return figure;
	}
}

/* Ask for an expression's value; everything is made in the current context. */
static Datum
ask(const SmcTerm *term, Oid wanted, bool *isnull)
{
	const SmcStudy *study;
	SmcQuery   *query;
	SmcLayout  *layout;
	SmcOutcome *outcome;
	Datum		figure;
	Oid			type;

	smc_ask_require_process();
	study = find_study(term);
	smc_ask_require_study(study, false);
	query = make_query(study, term);
	type = figure_type(query->formulas[0]);
	if (type != wanted && !(is_number(type) && is_number(wanted)))
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s is of type %s", smc_term_print(term), format_type_be(type)),
				 errhint("Reveal it by smc_reveal(..., NULL::%s).", format_type_be(type))));
	smc_query_check(study, query);
	layout = smc_layout_make(study, query);
	outcome = smc_ask_run(study, query, &layout, NULL);
	*isnull = true;
	if (smc_notice_outcome(study, query, layout, outcome))
		return (Datum) 0;
	figure = smc_figure_of(study, query, layout, outcome, 0, SMC_QUERY_FORMULA(0), type, isnull);
	return *isnull ? (Datum) 0 : convert(figure, type, wanted);
}

/* The same in a context of its own, of which only the figure is left, and on an error nothing. */
static pg_noinline Datum
reveal(FunctionCallInfo fcinfo, bool is_bool, Oid wanted)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context = AllocSetContextCreate(caller, "smc secrets", ALLOCSET_DEFAULT_SIZES);
	Datum		figure;
	bool		isnull = true;

	PG_TRY();
	{
		MemoryContextSwitchTo(context);
		figure = ask(smc_secret_type_term(PG_GETARG_DATUM(0), is_bool), wanted, &isnull);
		MemoryContextSwitchTo(caller);
		if (!isnull)
		{
			int16		len;
			bool		byval;

			get_typlenbyval(wanted, &len, &byval);
			figure = datumCopy(figure, byval, len);
		}
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextDelete(context);
	if (isnull)
		PG_RETURN_NULL();
	return figure;
}

/* smc_reveal(smc_secret) returns numeric */
Datum
smc_reveal(PG_FUNCTION_ARGS)
{
	return reveal(fcinfo, false, NUMERICOID);
}

/* smc_reveal(smc_secret_bool) returns boolean */
Datum
smc_reveal_bool(PG_FUNCTION_ARGS)
{
	return reveal(fcinfo, true, BOOLOID);
}

/* smc_reveal(smc_secret, anyelement) returns anyelement: as the second's type */
Datum
smc_reveal_as(PG_FUNCTION_ARGS)
{
	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	return reveal(fcinfo, false, get_fn_expr_rettype(fcinfo->flinfo));
}

/*
 * Keeping
 */

/* Keep an expression; everything is made in the current context. */
static void
keep(const SmcTerm *term, const char *name, Interval *lifetime)
{
	const SmcStudy *study;
	SmcQuery   *query;
	SmcLayout  *layout;

	smc_ask_require_process();
	study = find_study(term);
	smc_ask_require_study(study, false);
	query = make_query(study, term);
	query->keep_count = 1;
	query->keeps[0].name = smc_expr_const(TEXTOID, name);
	if (lifetime != NULL)
	{
		Datum		end = DirectFunctionCall2(timestamptz_pl_interval,
											  TimestampTzGetDatum(GetCurrentTransactionStartTimestamp()),
											  IntervalPGetDatum(lifetime));

		query->keeps[0].expires = smc_expr_const(TIMESTAMPTZOID, smc_expr_datum_text(TIMESTAMPTZOID, end));
	}
	smc_query_check(study, query);
	layout = smc_layout_make(study, query);
	(void) smc_ask_run(study, query, &layout, NULL);
}

static pg_noinline Datum
keep_expression(FunctionCallInfo fcinfo, bool is_bool)
{
	MemoryContext caller = CurrentMemoryContext;
	MemoryContext context;
	SmcTerm    *term;
	char	   *name;

	if (PG_ARGISNULL(0))
		PG_RETURN_NULL();
	term = smc_secret_type_term(PG_GETARG_DATUM(0), is_bool);
	if (PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("a secret needs a name")));
	name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	context = AllocSetContextCreate(caller, "smc secrets", ALLOCSET_DEFAULT_SIZES);
	PG_TRY();
	{
		MemoryContextSwitchTo(context);
		keep(term, name, PG_ARGISNULL(2) ? NULL : PG_GETARG_INTERVAL_P(2));
		MemoryContextSwitchTo(caller);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		MemoryContextDelete(context);
		PG_RE_THROW();
	}
	PG_END_TRY();
	MemoryContextDelete(context);
	PG_RETURN_DATUM(smc_secret_type_datum(smc_term_secret(find_study_name(term, NULL), name, is_bool)));
}

/* smc_keep(smc_secret, name text, lifetime interval) returns smc_secret */
Datum
smc_keep(PG_FUNCTION_ARGS)
{
	return keep_expression(fcinfo, false);
}

Datum
smc_keep_bool(PG_FUNCTION_ARGS)
{
	return keep_expression(fcinfo, true);
}

static void
raise_no_study(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_WRONG_OBJECT_TYPE),
			 errmsg("smc_keep works only on an aggregate over a study table, or on secrets"),
			 errhint("Write the aggregate inside it, as in SELECT smc_keep(smc_sum(x), 'name') FROM study.")));
}

/*
 * smc_keep(value, name, lifetime): over a study the wrapper answers it, and it
 * is never run.
 */
Datum
smc_keep_value(PG_FUNCTION_ARGS)
{
	raise_no_study();
	PG_RETURN_NULL();
}

/*
 * Its planner support: a value without an aggregate in it can only be one that a
 * subquery has opened, or some constant, so it is refused before anything runs.
 */
Datum
smc_keep_support(PG_FUNCTION_ARGS)
{
	Node	   *request = (Node *) PG_GETARG_POINTER(0);

	if (IsA(request, SupportRequestSimplify) &&
		!contain_agg_clause(linitial(((SupportRequestSimplify *) request)->fcall->args)))
		raise_no_study();
	PG_RETURN_POINTER(NULL);
}

/*
 * Dropping
 */

/* Whether the current user may end a secret: the study's owner, and the role that kept it, if here. */
static bool
may_drop(const SmcStudy *study, const SmcSecret *secret)
{
	SmcIdentity identity;
	Oid			maker;

	if (superuser() || (study != NULL && has_privs_of_role(GetUserId(), study->owner)))
		return true;
	(void) smc_identity_read(&identity, false);
	maker = strcmp(secret->made_by, identity.name) == 0 ? get_role_oid(secret->made_role, true) : InvalidOid;
	return OidIsValid(maker) && has_privs_of_role(GetUserId(), maker);
}

/*
 * smc_drop_secret(study text, name text)
 *
 * Delete this party's share, without which the others' are worth nothing, and
 * leave word that it did.
 */
Datum
smc_drop_secret(PG_FUNCTION_ARGS)
{
	char	   *study_name = strVal(llast(textToQualifiedNameList(PG_GETARG_TEXT_PP(0))));
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	SmcSecret  *secret;

	smc_module_require_preload();
	PreventCommandIfReadOnly("smc_drop_secret()");
	PreventCommandIfParallelMode("smc_drop_secret()");
	secret = smc_secret_find(study_name, name);
	if (secret == NULL || secret->state == SMC_SECRET_DROPPED)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 secret == NULL ?
				 errmsg("secret \"%s\" of study \"%s\" does not exist at this party", name, study_name) :
				 errmsg("secret \"%s\" of study \"%s\" was dropped at this party", name, study_name),
				 errhint("The view smc_secrets lists what is kept here.")));
	if (!may_drop(smc_study_find(study_name), secret))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to drop secret \"%s\" of study \"%s\"", name, study_name),
				 errdetail("The study's owner may, and the role that kept it.")));
	smc_secret_end(study_name, name, secret->id);
	PG_RETURN_VOID();
}
