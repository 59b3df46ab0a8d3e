/*
 * The whitelist: every operation that a closed expression may hold.
 *
 * An operation crosses the link by our own short name.  Its entry says by
 * which planner functions it is recognised, by which rule its arguments are
 * checked and its type found (pg/smc_exprtype.c), and how it is written as SQL
 * (pg/smc_deparse.c).  What isn't here can't be computed jointly.
 *
 * Admission rule: no operation may fail depending on a row's value, except by
 * leaving the range of its type, which is the one error (class 22003/22008)
 * that a party shows for anything out of range.
 */
#ifndef SMC_OPTABLE_H
#define SMC_OPTABLE_H

#include "postgres.h"

#include "core/smc_limits.h"

/* What a type is to us.  Types of one class are compared and computed with one another. */
typedef enum SmcTypeClass
{
	SMC_CLASS_OTHER = 0,		/* may be counted, tested for NULL and grouped, no more */
	SMC_CLASS_BOOL,
	SMC_CLASS_INT,
	SMC_CLASS_NUMERIC,
	SMC_CLASS_FLOAT,
	SMC_CLASS_TEXT,				/* text, varchar */
	SMC_CLASS_BPCHAR,
	SMC_CLASS_DATE,
	SMC_CLASS_TIMESTAMP,
	SMC_CLASS_TIMESTAMPTZ,
	SMC_CLASS_UUID,
	SMC_CLASS_ENUM,				/* an enum, or the mark of one not yet matched with its column */
	SMC_CLASS_ARRAY				/* the constant list of IN */
} SmcTypeClass;

/* How arguments are checked, the type found, and, mostly, how SQL is written. */
typedef enum SmcOpRule
{
	SMC_RULE_INT,				/* integers; computed so that nothing overflows */
	SMC_RULE_INT_DIVIDE,		/* the same, by a constant that isn't 0 */
	SMC_RULE_NUMERIC,
	SMC_RULE_NUMERIC_DIVIDE,
	SMC_RULE_NUMERIC_ROUND,		/* numeric [, constant digits] */
	SMC_RULE_FLOAT,
	SMC_RULE_FLOAT_DIVIDE,
	SMC_RULE_FLOAT_ROUND,
	SMC_RULE_CAST,				/* to entry->type */
	SMC_RULE_EQUAL,				/* = <> and IS DISTINCT FROM */
	SMC_RULE_ORDER,				/* < <= > >= */
	SMC_RULE_ORDER_TEXT,		/* the same of text under COLLATE "C" */
	SMC_RULE_IN,				/* value, constant array */
	SMC_RULE_LOGIC,				/* AND OR NOT */
	SMC_RULE_NULL_TEST,
	SMC_RULE_BOOL_TEST,			/* IS [NOT] TRUE, FALSE, UNKNOWN */
	SMC_RULE_CASE,				/* when, then, ... [else] */
	SMC_RULE_COALESCE,
	SMC_RULE_EXTREME,			/* GREATEST, LEAST */
	SMC_RULE_NULLIF,
	SMC_RULE_LIKE,				/* text, constant pattern */
	SMC_RULE_STARTS_WITH,
	SMC_RULE_TEXT,				/* text -> text */
	SMC_RULE_CONCAT,
	SMC_RULE_LENGTH,
	SMC_RULE_DATE_DIFF,			/* date - date */
	SMC_RULE_DATE_SHIFT,		/* date +- constant days */
	SMC_RULE_EXTRACT,			/* constant field, date or timestamp */
	SMC_RULE_DATE_TRUNC,		/* constant field, timestamp */
	SMC_RULE_PART,				/* in a formula: a part of a model, and which, unless it is the number of rows */
	SMC_RULE_ROW				/* the columns of a model (pg/smc_model.h), all numbers */
} SmcOpRule;

/* How SQL is written around the arguments. */
typedef enum SmcOpForm
{
	SMC_FORM_INFIX,				/* a OPERATOR(pg_catalog.sql) b */
	SMC_FORM_PREFIX,			/* OPERATOR(pg_catalog.sql) a */
	SMC_FORM_CALL,				/* pg_catalog.sql(a, b) */
	SMC_FORM_SYNTAX,			/* SQL(a, b): COALESCE and the like, no schema */
	SMC_FORM_WORDS,				/* a sql b: AND, OR, IS DISTINCT FROM */
	SMC_FORM_POSTFIX,			/* a sql: IS NULL */
	SMC_FORM_NOT,
	SMC_FORM_CAST,
	SMC_FORM_IN,				/* a OPERATOR(pg_catalog.sql) ANY or ALL (list) */
	SMC_FORM_CASE,
	SMC_FORM_PART,				/* (model).coef[1] */
	SMC_FORM_ROW				/* ROW(a, b), which is not null where none of them is */
} SmcOpForm;

typedef struct SmcOperation
{
	const char *name;			/* on the wire */
	SmcOpRule	rule;
	int			min_args;
	int			max_args;
	SmcOpForm	form;
	const char *sql;			/* operator, function or words */
	Oid			type;			/* of SMC_RULE_CAST and SMC_RULE_PART */
	const Oid  *functions;		/* planner functions, ends with InvalidOid; NULL for a kind of node */
} SmcOperation;

/* The entry of an index that smc_optable_find or smc_optable_by_function gave. */
extern const SmcOperation *smc_optable_get(int op);

/* The index of a wire name, -1 when there is none. */
extern int	smc_optable_find(const char *name);

/* The index of the operation that a built-in function computes, -1 when not in the list. */
extern int	smc_optable_by_function(Oid function);

/* The class of a type; a domain is SMC_CLASS_OTHER. */
extern SmcTypeClass smc_optable_class(Oid type);

/*
 * Whether a constant of that type may be sent: a type with a class, or an
 * array of one.  Sets *element to the element's type for an array, InvalidOid
 * otherwise.
 */
extern bool smc_optable_constant_type(Oid type, Oid *element);

#endif							/* SMC_OPTABLE_H */
