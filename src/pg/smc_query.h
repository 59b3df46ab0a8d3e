/*
 * What is asked of each party: a closed query over a study's agreed columns.
 *
 * "Closed" means: trees of whitelisted nodes over agreed columns and
 * constants, nothing that names an object of anyone's database, never SQL
 * text.  The planner makes one from the user's query (pg/smc_shippable.c), it
 * crosses the link as bytes, and each party checks it against its own
 * definition of the study, whoever made it, before it writes its own SQL from it.
 */
#ifndef SMC_QUERY_H
#define SMC_QUERY_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "nodes/pg_list.h"

#include "core/smc_ring.h"
#include "pg/smc_expr.h"
#include "pg/smc_secret.h"
#include "pg/smc_study.h"

struct SmcDeparse;

typedef enum SmcAggKind
{
	SMC_AGG_COUNT_ROWS = 1,		/* count(*) */
	SMC_AGG_COUNT,				/* count(x) */
	SMC_AGG_SUM,
	SMC_AGG_AVG,
	SMC_AGG_MIN,				/* over all parties' rows */
	SMC_AGG_MAX,
	SMC_AGG_COMPARE,			/* the sign of one party's sum less another's */
	SMC_AGG_ARGMIN,				/* which party's sum is smallest */
	SMC_AGG_ARGMAX,
	/* statistics: pg/smc_statistic.h */
	SMC_AGG_VARIANCE,
	SMC_AGG_VAR_POP,
	SMC_AGG_STDDEV,
	SMC_AGG_STDDEV_POP,
	SMC_AGG_COVAR_POP,
	SMC_AGG_COVAR_SAMP,
	SMC_AGG_CORR,
	SMC_AGG_REGR_COUNT,
	SMC_AGG_REGR_AVGX,
	SMC_AGG_REGR_AVGY,
	SMC_AGG_REGR_SXX,
	SMC_AGG_REGR_SYY,
	SMC_AGG_REGR_SXY,
	SMC_AGG_REGR_SLOPE,
	SMC_AGG_REGR_INTERCEPT,
	SMC_AGG_REGR_R2,
	/* order statistics: pg/smc_percentile.h */
	SMC_AGG_MEDIAN,
	SMC_AGG_PERCENTILE,
	SMC_AGG_PERCENTILE_CONT,
	SMC_AGG_PERCENTILE_DISC,
	/* tallies: pg/smc_tally.h */
	SMC_AGG_MODE,
	SMC_AGG_HISTOGRAM,
	SMC_AGG_DISTINCT,			/* count(DISTINCT x): pg/smc_distinct.h */
	/* models: pg/smc_model.h */
	SMC_AGG_LINREGR,
	SMC_AGG_LOGREGR
} SmcAggKind;

#define SMC_AGG_LAST	SMC_AGG_LOGREGR

typedef struct SmcAgg
{
	SmcAggKind	kind;
	bool		is_output;		/* its figure is asked for; else only formulas use it */
	SmcExpr    *arg;			/* NULL for count(*); of a pair (Y, X), as in regr_slope(Y, X), Y */
	SmcExpr    *second;			/* X of a pair, the columns of a model, else NULL */
	SmcExpr    *filter;			/* NULL: none */
	SmcExpr    *fraction;		/* of a percentile: a constant between 0 and 1, or an array of such; of LOGREGR its settings; else NULL */
	SmcExpr    *lo;				/* of a histogram: constants; else NULL */
	SmcExpr    *hi;
	SmcExpr    *buckets;
	bool		descending;		/* of a mode: of equally frequent values the last one */
	int			scale;			/* digits after the point of the sum's ring element */
	int			second_scale;	/* of X */
	int			parties[2];		/* of COMPARE: whose sums, as the study counts its parties */
} SmcAgg;

/* A kept secret that formulas use. */
typedef struct SmcQuerySecret
{
	char	   *name;
	uint8		id[SMC_UUID_BYTES]; /* of the computation that made it, as the asker knows it */
	const SmcSecret *secret;	/* what this party has of it; NULL: nothing, or not looked up yet */
} SmcQuerySecret;

/* A formula whose value is kept as a secret, and opened to nobody. */
typedef struct SmcQueryKeep
{
	int			formula;
	SmcExpr    *name;			/* a text */
	SmcExpr    *expires;		/* a timestamptz; NULL, or the null: never */
} SmcQueryKeep;

typedef struct SmcQuery
{
	int			group_count;
	int			group_columns[SMC_QUERY_GROUPS_MAX];	/* indexes into study->columns */
	SmcExpr    *where;			/* NULL: all rows */
	int			agg_count;
	SmcAgg	   *aggs;
	int			formula_count;
	SmcExpr   **formulas;		/* outputs over aggregates and secrets, computed before they are opened */
	SmcExpr    *having;			/* a formula: only groups for which it is true are told of; NULL: all */
	int			secret_count;
	SmcQuerySecret *secrets;
	int			keep_count;
	SmcQueryKeep *keeps;
	List	   *history;		/* of SmcEarlier *, checked: what its conditions are compared with; not in its bytes */
} SmcQuery;

/*
 * An output is known by a number: that of its aggregate, or this and that of
 * its formula.  What is kept has a number too, but is none of the outputs.
 */
#define SMC_QUERY_FORMULA(n)	(SMC_QUERY_AGGS_MAX + (n))

/* Whether a figure is found by a contest between the parties' private numbers; whether it is a number of rows. */
extern bool smc_query_is_contest(SmcAggKind kind);
extern bool smc_query_is_count(SmcAggKind kind);

/*
 * A deep copy in which parameter i is the constant values[i] (the type's
 * output text under smc_modes_begin's settings), NULL for the null.
 */
extern SmcQuery *smc_query_bind(const SmcQuery *query, int count, char *const *values);

/*
 * To and from bytes.  write raises when a parameter is without value; parse
 * raises ERRCODE_PROTOCOL_VIOLATION on malformed bytes, bounded in depth and
 * size, and gives a query that is yet to be checked.
 */
extern bytea *smc_query_write(const SmcQuery *query);
extern SmcQuery *smc_query_parse(const uint8 *data, size_t len);

/*
 * Check a query against the study: every column used is allowed that use,
 * every type fits every node, every group column has a domain, the vector is
 * within SMC_ELEMENTS_MAX.  Raises ERRCODE_INSUFFICIENT_PRIVILEGE or
 * ERRCODE_FEATURE_NOT_SUPPORTED saying which part and why.  Fills agg->scale
 * and the types of expressions.  A query with parameters passes where some
 * value of them might: it is to be checked again once it is bound.
 */
extern void smc_query_check(const SmcStudy *study, SmcQuery *query);

/* The same for one aggregate, before the query is whole. */
extern void smc_query_check_agg(const SmcStudy *study, SmcAgg *agg);

/*
 * Look up what this party has of the secrets that a query uses: fills
 * secrets[i].secret where there is a row of that name.
 */
extern void smc_query_find_secrets(const SmcStudy *study, SmcQuery *query);

/* The keep of a formula, NULL where its value is opened. */
extern const SmcQueryKeep *smc_query_keep_of(const SmcQuery *query, int formula);

/* The name that a keep gives; the time when it ends, DT_NOEND for never.  Of a bound query. */
extern const char *smc_query_keep_name(const SmcQueryKeep *keep);
extern TimestampTz smc_query_keep_expires(const SmcQueryKeep *keep);

/* Whether a query is over kept secrets alone, so that no party reads any row for it. */
extern bool smc_query_reads_nothing(const SmcQuery *query);

/* The words that an aggregate and its filter use columns by (smc_expr_note_uses); how many columns count. */
extern int	smc_query_note_uses(const SmcStudy *study, const SmcAgg *agg, uint32 *uses);

/* The type of an aggregate's figure, as PostgreSQL has it. */
extern Oid	smc_query_agg_type(const SmcAgg *agg);

/* The outputs in order, a List of int. */
extern List *smc_query_outputs(const SmcQuery *query);

/*
 * The parties that learn an output; of output -1, that learn which groups there
 * are: all that learn any output.
 */
extern uint16 smc_query_recipients(const SmcStudy *study, const SmcQuery *query, int output);

/* Whether an aggregate rests on every row of its cell; whether two rest on the same rows. */
extern bool smc_query_takes_all_rows(const SmcStudy *study, const SmcAgg *agg);
extern bool smc_query_same_rows(const SmcStudy *study, const SmcAgg *a, const SmcAgg *b);

/* One aggregate as readable SQL, such as "sum(salary) FILTER (WHERE rank = 'Prof')". */
extern char *smc_query_agg_text(const SmcStudy *study, const SmcAgg *agg);
extern void smc_query_append_agg(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg);

/* An output, or any formula, likewise. */
extern char *smc_query_output_text(const SmcStudy *study, const SmcQuery *query, int output);
extern char *smc_query_formula_text(const SmcStudy *study, const SmcQuery *query, const SmcExpr *formula);

/* A secret in a formula, as "smc_secret('payroll', 'q1')". */
extern void smc_query_append_secret(StringInfo buf, const SmcStudy *study, const SmcQuery *query,
									const SmcExpr *secret);

/* The query as readable SQL over the study, for audit, EXPLAIN and approval. */
extern char *smc_query_text(const SmcStudy *study, const SmcQuery *query);

/* What is revealed to whom, one line per output, joined by newlines: "avg(salary) to acme, globex". */
extern char *smc_query_reveals(const SmcStudy *study, const SmcQuery *query);

/* What is kept, likewise: "sum(salary) as 'q1' (nobody learns it)"; "" for nothing. */
extern char *smc_query_keeps(const SmcStudy *study, const SmcQuery *query);

/* Both, for audit and approval. */
extern char *smc_query_reveals_and_keeps(const SmcStudy *study, const SmcQuery *query);

#endif							/* SMC_QUERY_H */
