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
#include "pg/smc_study.h"

#define SMC_QUERY_BYTES_MAX		(1024 * 1024)	/* of a query on the wire */

typedef enum SmcAggKind
{
	SMC_AGG_COUNT_ROWS = 1,		/* count(*) */
	SMC_AGG_COUNT,				/* count(x) */
	SMC_AGG_SUM,
	SMC_AGG_AVG
} SmcAggKind;

typedef struct SmcAgg
{
	SmcAggKind	kind;
	SmcExpr    *arg;			/* NULL for count(*) */
	SmcExpr    *filter;			/* NULL: none */
	int			scale;			/* digits after the point of the sum's ring element */
} SmcAgg;

typedef struct SmcQuery
{
	int			group_count;
	int			group_columns[SMC_QUERY_GROUPS_MAX];	/* indexes into study->columns */
	SmcExpr    *where;			/* NULL: all rows */
	int			agg_count;
	SmcAgg	   *aggs;
} SmcQuery;

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

/*
 * The parties that learn an aggregate's figure; of agg -1, that learn which
 * groups there are: all that learn any figure.
 */
extern uint16 smc_query_agg_recipients(const SmcStudy *study, const SmcQuery *query, int agg);

/* Whether an aggregate rests on every row of its cell; whether two rest on the same rows. */
extern bool smc_query_takes_all_rows(const SmcStudy *study, const SmcAgg *agg);
extern bool smc_query_same_rows(const SmcStudy *study, const SmcAgg *a, const SmcAgg *b);

/* One aggregate as readable SQL, such as "sum(salary) FILTER (WHERE rank = 'Prof')". */
extern char *smc_query_agg_text(const SmcStudy *study, const SmcAgg *agg);

/* The query as readable SQL over the study, for audit, EXPLAIN and approval. */
extern char *smc_query_text(const SmcStudy *study, const SmcQuery *query);

/* What is revealed to whom, one line per output, joined by newlines: "avg(salary) to acme, globex". */
extern char *smc_query_reveals(const SmcStudy *study, const SmcQuery *query);

/*
 * The vector that all parties compute over: cells (the product of the group
 * columns' domains, each with one more place for NULL unless the column is NOT
 * NULL) times slots.  Element = cell * slot_count + slot.
 */
typedef enum SmcSlotKind
{
	SMC_SLOT_ROWS = 1,			/* rows of the cell */
	SMC_SLOT_SUPPORT,			/* rows that an aggregate rests on (filter passed, argument not null) */
	SMC_SLOT_COUNT,				/* the value of a count */
	SMC_SLOT_SUM,				/* the sum of an aggregate's argument */
	SMC_SLOT_ANY				/* blinded flag: any row that the aggregate rests on, or any row of the cell when agg < 0 */
} SmcSlotKind;

typedef struct SmcSlot
{
	uint8		kind;
	int16		agg;			/* which aggregate, -1: the cell itself */
	int16		support;		/* the slot that counts the rows this one rests on (a ROWS or SUPPORT slot), -1: none needed */
	uint16		recipients;
} SmcSlot;

typedef struct SmcLayout
{
	uint32		cell_count;		/* >= 1 */
	uint32		min_rows;		/* > 1: phase 1 opens ROWS and SUPPORT to all, phase 2 the rest where they suffice */
	int			slot_count;
	SmcSlot    *slots;
	int			rows_slot;		/* not 0 where a cell has rows, to all that learn any figure; -1 without GROUP BY */
} SmcLayout;

/* Lay out a checked query: the same at every party. */
extern SmcLayout *smc_query_layout(const SmcStudy *study, const SmcQuery *query);

/*
 * The slot of a kind (SUM, COUNT or ANY) that tells of an aggregate to all its
 * recipients, or -1.  A COUNT slot counts the rows that the aggregate rests on.
 */
extern int	smc_layout_find(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
							SmcSlotKind kind, int agg);

extern bytea *smc_layout_write(const SmcLayout *layout);
extern SmcLayout *smc_layout_parse(const uint8 *data, size_t len);

/* What became of an element, at this party. */
typedef enum SmcElementState
{
	SMC_ELEMENT_HIDDEN = 0,		/* not for us */
	SMC_ELEMENT_OPENED,
	SMC_ELEMENT_WITHHELD		/* rests on too few rows */
} SmcElementState;

/* The outcome of a computation at one party: cell_count * slot_count of each. */
typedef struct SmcOutcome
{
	SmcRing128 *totals;
	uint8	   *states;			/* SmcElementState */
	uint32		withheld_cells;	/* groups (or the whole) with rows, but too few */
	uint32		withheld_figures;	/* single figures withheld in groups that passed */
	uint64		bytes_sent;
	uint64		bytes_received;
	uint32		rounds;
} SmcOutcome;

/* Figures of a recipient who didn't ask: rows as a JSON array of objects, for smc_results. */
extern char *smc_query_result_json(const SmcStudy *study, const SmcQuery *query,
								   const SmcLayout *layout, const SmcOutcome *outcome);

/*
 * One aggregate's figure in one cell as its native result type; isnull set
 * when NULL or not for us.  Raises when the total doesn't fit the type.
 */
extern Datum smc_query_figure(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
							  const SmcOutcome *outcome, uint32 cell, int agg,
							  Oid result_type, bool *isnull);

/* Whether a cell is a row of the result: has rows, was not withheld. */
extern bool smc_query_cell_shown(const SmcQuery *query, const SmcLayout *layout,
								 const SmcOutcome *outcome, uint32 cell);

/* The group values of a cell: index into column->values, or -1 for NULL, for each group column. */
extern void smc_query_cell_groups(const SmcStudy *study, const SmcQuery *query, uint32 cell, int *indexes);

/* The cell of such group values: the other way. */
extern uint32 smc_query_cell_at(const SmcStudy *study, const SmcQuery *query, const int *indexes);

#endif							/* SMC_QUERY_H */
