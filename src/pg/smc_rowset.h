/*
 * Row sets: which rows a figure rests on, as a thing that can be kept, sent and
 * compared.
 *
 * It is what WHERE, the aggregate's FILTER and the NULLs of its argument come
 * to: terms that are all to be true, and values none of which may be NULL; and
 * the columns that it is grouped by.  Terms are kept apart and in one order, so
 * that the same rows asked for in another way are the same bytes: WHERE a AND b,
 * WHERE b with FILTER (WHERE a), and CASE WHEN a THEN x END under WHERE b.
 *
 * Like a query it is closed (pg/smc_expr.h), and checked by whoever gets it.
 */
#ifndef SMC_ROWSET_H
#define SMC_ROWSET_H

#include "postgres.h"

#include "pg/smc_query.h"

/* One term, with its bytes, by which terms are ordered. */
typedef struct SmcRowTerm
{
	SmcExpr    *expr;
	const uint8 *data;
	size_t		len;
} SmcRowTerm;

/* Where a value lies by a histogram's edges. */
typedef struct SmcRowBuckets
{
	SmcAgg		histogram;		/* its kind, argument and buckets alone */
	int			bucket;			/* in this one, from 1; 0: in any */
} SmcRowBuckets;

typedef struct SmcRowSet
{
	int			group_count;
	int			groups[SMC_QUERY_GROUPS_MAX];	/* indexes into study->columns, ascending */
	List	   *conditions;		/* of SmcRowTerm *, ascending, no two the same: all are true */
	List	   *values;			/* the same: none is NULL */
	SmcRowBuckets *buckets;		/* NULL: whatever the buckets */
	SmcRowBuckets *from;		/* its value is NULL or at least the lower edge of its bucket; NULL: whatever it is; only while gaps are laid out */
} SmcRowSet;

/*
 * The rows that an aggregate of a checked query without parameters rests on, of a
 * histogram those in all its buckets; of aggregate -1, all rows of its groups.
 */
extern SmcRowSet *smc_rowset_of(const SmcStudy *study, const SmcQuery *query, int agg);

/*
 * What the figures of some aggregates are made of: bit 0: rows, which they count;
 * bit 1 + i: the values of study column i.  Two figures can only be played off
 * against each other where they have some of it in common.
 */
extern size_t smc_rowset_uses_len(const SmcStudy *study);
extern void smc_rowset_add_uses(const SmcAgg *agg, uint8 *uses);

/*
 * To and from bytes; a row set has one text only.  write raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED above SMC_ROWSET_BYTES_MAX, parse
 * ERRCODE_PROTOCOL_VIOLATION on malformed bytes.
 */
extern bytea *smc_rowset_write(const SmcRowSet *set);
extern SmcRowSet *smc_rowset_parse(const SmcStudy *study, const uint8 *data, size_t len);

/* What parse raises. */
extern void smc_rowset_raise_malformed(const SmcStudy *study) pg_attribute_noreturn();

/*
 * Raise unless a query over the study could ask for such rows: every column is
 * allowed that use, every type fits.  Fills the types of expressions.
 */
extern void smc_rowset_check(const SmcStudy *study, SmcRowSet *set);

/* Whether a study column is one that the row set is grouped by. */
extern bool smc_rowset_has_group(const SmcRowSet *set, int column);

/*
 * The condition by which a row set keeps to one declared value of a column, as
 * in WHERE rank = 'Prof', or NULL; *place is that value's index.
 */
extern const SmcRowTerm *smc_rowset_pin(const SmcStudy *study, const SmcRowSet *set, int column, int *place);

/*
 * A row set that also keeps to what another keeps to of the groups that it is grouped
 * by: its figures in all groups tell of those, too, as their sums.
 */
extern const SmcRowSet *smc_rowset_kept_to(const SmcRowSet *set, const SmcRowSet *other);

/*
 * A copy of a histogram's set that keeps to one bucket, or to none; a copy of any
 * set without what lies below the lower edge of a histogram's bucket (or, one more
 * than the last, below its upper bound).
 */
extern SmcRowSet *smc_rowset_in_bucket(const SmcRowSet *set, int bucket);
extern SmcRowSet *smc_rowset_without_buckets(const SmcRowSet *set);
extern SmcRowSet *smc_rowset_from_bucket(const SmcRowSet *set, const SmcRowSet *histogram, int bucket);

/* Whether two keep to the same buckets. */
extern bool smc_rowset_buckets_equal(const SmcRowBuckets *a, const SmcRowBuckets *b);
extern bool smc_rowset_same_buckets(const SmcRowSet *a, const SmcRowSet *b);

/* Terms of a that aren't in b; both ascend. */
extern List *smc_rowset_terms_less(const List *a, const List *b);

/*
 * How the rows of two sets, each looked at in the same group, can differ.  SAME:
 * not at all, as their terms are the same.  NULLS: by which of the aggregates'
 * columns are NULL.  PLAIN: by declared values of group columns, too.  FREE: by
 * conditions of the asker's choice.
 */
typedef enum SmcRowDifference
{
	SMC_ROWS_SAME,
	SMC_ROWS_NULLS,
	SMC_ROWS_PLAIN,
	SMC_ROWS_FREE
} SmcRowDifference;

extern SmcRowDifference smc_rowset_compare(const SmcStudy *study, const SmcRowSet *a, const SmcRowSet *b);

/* Whether they are SMC_ROWS_SAME, found faster. */
extern bool smc_rowset_same_rows(const SmcRowSet *a, const SmcRowSet *b);

/* Places of a group column: its values, and NULL, the last, unless that can't be. */
extern uint32 smc_rowset_places(const SmcColumn *column);

/* How many groups there are: the product of the places of its columns. */
extern uint64 smc_rowset_cell_count(const SmcStudy *study, const SmcRowSet *set);

/* In words: "WHERE rank = 'Prof' AND salary IS NOT NULL GROUP BY sex"; "all rows". */
extern char *smc_rowset_text(const SmcStudy *study, const SmcRowSet *set);

#endif							/* SMC_ROWSET_H */
