/*
 * Closed expressions: what may be computed over a row before it is aggregated.
 *
 * A tree of agreed columns, constants and whitelisted operations
 * (pg/smc_optable.h).  An operation is known by our own short name, never by
 * an OID or a schema.  Only operations that can't fail depending on a row's
 * value, but by leaving their type's range, are in the list, so that an error
 * can't be used as an oracle.
 *
 * The same trees, over aggregates instead of columns, are formulas: what is
 * computed on shares before anything is opened (pg/smc_formula.h).
 *
 * Here: the tree, its bytes, its constants, and who may use which column.
 * Types are found in pg/smc_exprtype.c, SQL is written in pg/smc_deparse.c.
 */
#ifndef SMC_EXPR_H
#define SMC_EXPR_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "core/smc_bytes.h"
#include "pg/smc_study.h"

typedef enum SmcExprKind
{
	SMC_EXPR_COLUMN = 1,
	SMC_EXPR_CONST,
	SMC_EXPR_OP,				/* any operation, by its index in the whitelist */
	SMC_EXPR_AGG,				/* in a formula: one of the query's aggregates */
	SMC_EXPR_SECRET				/* in a formula: one of the kept secrets that the query uses */
} SmcExprKind;

typedef struct SmcExpr
{
	SmcExprKind kind;
	Oid			type;			/* the PostgreSQL type it has in the user's query: a built-in type, or an enum column's own */
	/* COLUMN */
	int			column;			/* index into study->columns; of AGG: into query->aggs; of SECRET: into query->secrets */
	/* CONST: not null and without value, op is the position of the parameter that will give it */
	bool		is_null;
	char	   *value;			/* the type's output text under smc_expr_datum_text's settings */
	/* OP */
	int			op;				/* index into the whitelist, sent by name */
	List	   *args;			/* of SmcExpr */
} SmcExpr;

/* Make one, palloc'd. */
extern SmcExpr *smc_expr_column(const SmcStudy *study, int column);
extern SmcExpr *smc_expr_const(Oid type, const char *value);	/* NULL: the null of the type */
extern SmcExpr *smc_expr_param(Oid type, int position);
extern SmcExpr *smc_expr_op(const char *name, List *args);
extern SmcExpr *smc_expr_agg(Oid type, int agg);
extern SmcExpr *smc_expr_secret(Oid type, int secret);

/* Whether it is a constant whose value is not known yet. */
extern bool smc_expr_is_param(const SmcExpr *expr);

/*
 * A value as a constant's text: the output function's under fixed settings
 * (ISO dates, UTC, shortest exact floats), the same at every party.
 */
extern char *smc_expr_datum_text(Oid type, Datum value);

/*
 * Raise unless text is what smc_expr_datum_text would write for a value of
 * the type: so what crosses the link can be read in one way only.
 */
extern void smc_expr_check_constant(Oid type, const char *text);

/* Whether two trees are the same; both may be NULL. */
extern bool smc_expr_equal(const SmcExpr *a, const SmcExpr *b);

/*
 * A deep copy in which parameter i is the constant values[i], NULL for the
 * null; there are count of them.  NULL stays NULL.
 */
extern SmcExpr *smc_expr_bind(const SmcExpr *expr, int count, char *const *values);

/* Whether any parameter in it is without value. */
extern bool smc_expr_has_params(const SmcExpr *expr);

/* To bytes; the tree must have no parameters left.  Text goes as UTF-8. */
extern void smc_expr_write(SmcWriter *writer, const SmcExpr *expr);

/*
 * From bytes: *nodes counts down from what is left of SMC_EXPR_NODES_MAX.
 * Malformed bytes mark the reader as failed and give NULL; an operation that
 * isn't known here raises.
 */
extern SmcExpr *smc_expr_parse(SmcReader *reader, int *nodes);

/*
 * Check types and permissions.  Columns in a value position need the allow
 * bit `word`, or one of those in it; columns in a condition (of type boolean, or compared in CASE,
 * NULLIF, GREATEST, LEAST or sign()) need `filter`, and pick only as agreed
 * (pg/smc_picks.h).  Raises saying which part and why.  Fills types.
 */
extern void smc_expr_check_value(const SmcStudy *study, SmcExpr *expr, SmcAllow word);
extern void smc_expr_check_condition(const SmcStudy *study, SmcExpr *expr);

/*
 * Add to uses[i] the words that column i is used by, in a value position (word;
 * 0: it isn't one) or a condition: what smc_expr_check_value and
 * smc_expr_check_condition ask for.
 */
extern void smc_expr_note_uses(const SmcStudy *study, const SmcExpr *expr, SmcAllow word, uint32 *uses);

/* Raise unless a column allows a word, naming those it does. */
extern void smc_expr_require_word(const SmcStudy *study, const SmcColumn *column, SmcAllow word);

/*
 * Whether a resolved operation's argument number `at` decides which rows weigh
 * in what it is part of, as a condition does, be it a value as well.
 */
extern bool smc_expr_picks(const SmcStudy *study, const SmcExpr *expr, int at);

/*
 * Take from *mask the parties that may not learn figures over a column that
 * expr reads in a value position; return how many such columns there are.
 */
extern int	smc_expr_narrow_recipients(const SmcStudy *study, const SmcExpr *expr, uint16 *mask);

/*
 * Whether rows that the asker picks out can weigh in a sum beside others that
 * don't: a CASE with two outcomes that aren't NULL, a default for NULLs, or
 * arithmetic that picks as a condition does (smc_exprrange_is_step).  Such a
 * sum isn't covered by a count of its rows.
 */
extern bool smc_expr_mixes_conditions(const SmcStudy *study, const SmcExpr *expr);

#endif							/* SMC_EXPR_H */
