/*
 * Expressions of secrets: what the types smc_secret and smc_secret_bool hold.
 *
 * A value of these types names secrets and says what is to be computed of them;
 * there is no share in it, and nothing happens until it is revealed or kept.
 * Its text is SQL that gives the same value again.
 */
#ifndef SMC_SECRET_TEXT_H
#define SMC_SECRET_TEXT_H

#include "postgres.h"

#include "nodes/pg_list.h"

typedef enum SmcTermOp
{
	SMC_TERM_SECRET,			/* a kept one, by name */
	SMC_TERM_NUMBER,
	SMC_TERM_BOOLEAN,
	SMC_TERM_ADD,
	SMC_TERM_SUBTRACT,
	SMC_TERM_MULTIPLY,
	SMC_TERM_DIVIDE,
	SMC_TERM_NEGATE,
	SMC_TERM_EQUAL,
	SMC_TERM_DIFFERS,
	SMC_TERM_LESS,
	SMC_TERM_AT_MOST,
	SMC_TERM_GREATER,
	SMC_TERM_AT_LEAST,
	SMC_TERM_AND,
	SMC_TERM_OR,
	SMC_TERM_NOT,
	SMC_TERM_CHOOSE,			/* condition, where it is true, else */
	SMC_TERM_ROUND,				/* number, digits */
	SMC_TERM_ABS
} SmcTermOp;

typedef struct SmcTerm
{
	SmcTermOp	op;
	bool		is_bool;		/* what it yields */
	char	   *study;			/* of SECRET */
	char	   *name;
	char	   *value;			/* of NUMBER: numeric's text; of BOOLEAN: "true" or "false" */
	List	   *args;			/* of SmcTerm */
} SmcTerm;

extern SmcTerm *smc_term_secret(const char *study, const char *name, bool is_bool);
extern SmcTerm *smc_term_number(const char *text);	/* of a finite numeric */
extern SmcTerm *smc_term_boolean(bool value);

/* Raises where the arguments' kinds don't fit, or the whole gets too large. */
extern SmcTerm *smc_term_make(SmcTermOp op, List *args);

/* The name of the closed operation (pg/smc_optable.h) that computes it. */
extern const char *smc_term_operation(SmcTermOp op);

/*
 * To text and back.  Parsing takes what printing gives, and whatever else is
 * written in these forms; type_name is for its errors.
 */
extern char *smc_term_print(const SmcTerm *term);
extern SmcTerm *smc_term_parse(const char *text, const char *type_name);

#endif							/* SMC_SECRET_TEXT_H */
