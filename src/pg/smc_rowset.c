/*
 * Row sets: made from a query, as bytes, checked, compared.
 *
 * Two sets are the same when their bytes are.  That is judged by the terms, not
 * by what they mean: `x > 5` and `NOT x <= 5` pick the same rows and are two
 * terms.  What is the same by more than its letters is found on shares.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/lsyscache.h"

#include "core/smc_bytes.h"
#include "pg/smc_bytea.h"
#include "pg/smc_deparse.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_optable.h"
#include "pg/smc_rowset.h"
#include "pg/smc_tally.h"

/* Words that let a column be an argument: one of these it must allow for its NULLs to decide which rows count. */
#define VALUE_WORDS	((SmcAllow) ~(uint32) (SMC_ALLOW_FILTER | SMC_ALLOW_GROUP | SMC_ALLOW_KEY))

static bool
is_op(const SmcExpr *expr, const char *name)
{
	return expr->kind == SMC_EXPR_OP && strcmp(smc_optable_get(expr->op)->name, name) == 0;
}

/*
 * Terms
 */

static void
write_expr(SmcWriter *writer, const void *what)
{
	smc_expr_write(writer, what);
}

static SmcRowTerm *
make_term(SmcExpr *expr)
{
	SmcRowTerm *term = palloc(sizeof(SmcRowTerm));
	bytea	   *bytes = smc_bytea_collect(write_expr, expr);

	term->expr = expr;
	term->data = (const uint8 *) VARDATA(bytes);
	term->len = VARSIZE(bytes) - VARHDRSZ;
	return term;
}

static int
compare_terms(const SmcRowTerm *a, const SmcRowTerm *b)
{
	int			order = memcmp(a->data, b->data, Min(a->len, b->len));

	if (order != 0 || a->len == b->len)
		return order;
	return a->len < b->len ? -1 : 1;
}

static int
compare_cells(const ListCell *a, const ListCell *b)
{
	return compare_terms(lfirst(a), lfirst(b));
}

/* Put terms in order, and leave no two the same. */
static List *
order_terms(List *terms)
{
	List	   *result = NIL;
	ListCell   *lc;

	list_sort(terms, compare_cells);
	foreach(lc, terms)
	{
		if (result == NIL || compare_terms(llast(result), lfirst(lc)) != 0)
			result = lappend(result, lfirst(lc));
	}
	return result;
}

List *
smc_rowset_terms_less(const List *a, const List *b)
{
	List	   *result = NIL;
	int			at = 0;
	ListCell   *lc;

	foreach(lc, a)
	{
		SmcRowTerm *term = lfirst(lc);
		int			order = -1;

		while (at < list_length(b) && (order = compare_terms(term, list_nth(b, at))) > 0)
			at++;
		if (at == list_length(b) || order != 0)
			result = lappend(result, term);
	}
	return result;
}

/*
 * From a query
 */

static void
add_condition(SmcRowSet *set, SmcExpr *expr)
{
	ListCell   *lc;

	check_stack_depth();
	if (!is_op(expr, "and"))
	{
		set->conditions = lappend(set->conditions, make_term(expr));
		return;
	}
	foreach(lc, expr->args)
		add_condition(set, lfirst(lc));
}

/*
 * Whether an operation is NULL exactly where one of its arguments is.  One that
 * is, but isn't listed, only makes more conditions count as different.
 */
static bool
is_strict(const SmcExpr *expr)
{
	switch (smc_optable_get(expr->op)->rule)
	{
		case SMC_RULE_INT:
		case SMC_RULE_INT_DIVIDE:
		case SMC_RULE_NUMERIC:
		case SMC_RULE_NUMERIC_DIVIDE:
		case SMC_RULE_NUMERIC_ROUND:
		case SMC_RULE_FLOAT:
		case SMC_RULE_FLOAT_DIVIDE:
		case SMC_RULE_FLOAT_ROUND:
		case SMC_RULE_CAST:
		case SMC_RULE_ORDER:
		case SMC_RULE_ORDER_TEXT:
		case SMC_RULE_LIKE:
		case SMC_RULE_STARTS_WITH:
		case SMC_RULE_TEXT:
		case SMC_RULE_CONCAT:
		case SMC_RULE_LENGTH:
		case SMC_RULE_DATE_DIFF:
		case SMC_RULE_DATE_SHIFT:
		case SMC_RULE_DATE_TRUNC:
		case SMC_RULE_ROW:		/* IS NOT NULL where none of them is */
			return true;
		case SMC_RULE_EQUAL:
			return !is_op(expr, "distinct");
		default:
			return false;
	}
}

/* Take in that a value isn't NULL: down to its columns where that is what it comes to. */
static void
add_value(const SmcStudy *study, SmcRowSet *set, SmcExpr *expr)
{
	ListCell   *lc;

	check_stack_depth();
	if (!smc_exprtype_nullable(study, expr))
		return;
	if (is_op(expr, "case") && list_length(expr->args) == 2)
	{
		add_condition(set, linitial(expr->args));
		add_value(study, set, lsecond(expr->args));
	}
	else if (expr->kind == SMC_EXPR_OP && is_strict(expr))
	{
		foreach(lc, expr->args)
			add_value(study, set, lfirst(lc));
	}
	else
		set->values = lappend(set->values, make_term(expr));
}

static SmcRowBuckets *
all_buckets(const SmcAgg *agg)
{
	SmcRowBuckets *buckets = palloc0(sizeof(SmcRowBuckets));

	buckets->histogram.kind = agg->kind;
	buckets->histogram.arg = agg->arg;
	buckets->histogram.lo = agg->lo;
	buckets->histogram.hi = agg->hi;
	buckets->histogram.buckets = agg->buckets;
	return buckets;
}

static int
compare_columns(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

SmcRowSet *
smc_rowset_of(const SmcStudy *study, const SmcQuery *query, int agg)
{
	SmcRowSet  *set = palloc0(sizeof(SmcRowSet));

	set->group_count = query->group_count;
	memcpy(set->groups, query->group_columns, query->group_count * sizeof(int));
	qsort(set->groups, set->group_count, sizeof(int), compare_columns);
	if (query->where != NULL)
		add_condition(set, query->where);
	if (agg >= 0 && query->aggs[agg].filter != NULL)
		add_condition(set, query->aggs[agg].filter);
	if (agg >= 0 && query->aggs[agg].arg != NULL)
		add_value(study, set, query->aggs[agg].arg);
	if (agg >= 0 && query->aggs[agg].second != NULL)
		add_value(study, set, query->aggs[agg].second);
	if (agg >= 0 && query->aggs[agg].kind == SMC_AGG_HISTOGRAM)
		set->buckets = all_buckets(&query->aggs[agg]);
	set->conditions = order_terms(set->conditions);
	set->values = order_terms(set->values);
	return set;
}

static SmcRowBuckets *
copy_buckets(const SmcRowBuckets *buckets, int bucket)
{
	SmcRowBuckets *copy = palloc(sizeof(SmcRowBuckets));

	*copy = *buckets;
	copy->bucket = bucket;
	return copy;
}

static SmcRowSet *
copy_set(const SmcRowSet *set)
{
	SmcRowSet  *copy = palloc(sizeof(SmcRowSet));

	*copy = *set;
	return copy;
}

SmcRowSet *
smc_rowset_in_bucket(const SmcRowSet *set, int bucket)
{
	SmcRowSet  *copy = copy_set(set);

	copy->buckets = copy_buckets(set->buckets, bucket);
	return copy;
}

SmcRowSet *
smc_rowset_without_buckets(const SmcRowSet *set)
{
	SmcRowSet  *copy = copy_set(set);

	copy->buckets = NULL;
	return copy;
}

SmcRowSet *
smc_rowset_from_bucket(const SmcRowSet *set, const SmcRowSet *histogram, int bucket)
{
	SmcRowSet  *copy = copy_set(set);

	copy->from = copy_buckets(histogram->buckets, bucket);
	return copy;
}

bool
smc_rowset_buckets_equal(const SmcRowBuckets *a, const SmcRowBuckets *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return smc_tally_same(&a->histogram, &b->histogram) && a->bucket == b->bucket;
}

bool
smc_rowset_same_buckets(const SmcRowSet *a, const SmcRowSet *b)
{
	return smc_rowset_buckets_equal(a->buckets, b->buckets) && smc_rowset_buckets_equal(a->from, b->from);
}

size_t
smc_rowset_uses_len(const SmcStudy *study)
{
	return (study->column_count + 1 + 7) / 8;
}

/* All columns that an expression reads: also those that only pick rows, by which more is compared, never less. */
static void
add_columns(const SmcExpr *expr, uint8 *uses)
{
	ListCell   *lc;

	check_stack_depth();
	if (expr->kind == SMC_EXPR_COLUMN)
		uses[(expr->column + 1) / 8] |= 1 << ((expr->column + 1) % 8);
	foreach(lc, expr->args)
		add_columns(lfirst(lc), uses);
}

/*
 * Whether a figure tells nothing of how many rows it rests on: a sum of a column,
 * not that of a constant or of x + 1, nor an average, whose denominator it may show.
 */
static bool
hides_rows(const SmcAgg *agg)
{
	switch (agg->kind)
	{
		case SMC_AGG_SUM:
		case SMC_AGG_MIN:
		case SMC_AGG_MAX:
		case SMC_AGG_COMPARE:
		case SMC_AGG_ARGMIN:
		case SMC_AGG_ARGMAX:
		case SMC_AGG_MODE:
			return agg->arg->kind == SMC_EXPR_COLUMN;
		default:
			return false;
	}
}

void
smc_rowset_add_uses(const SmcAgg *agg, uint8 *uses)
{
	if (!hides_rows(agg))
		uses[0] |= 1;
	if (agg->arg == NULL || agg->kind == SMC_AGG_COUNT || agg->kind == SMC_AGG_REGR_COUNT)
		return;
	add_columns(agg->arg, uses);
	if (agg->second != NULL)
		add_columns(agg->second, uses);
}

/*
 * Bytes: u8 how many groups, a u16 each; u16 how many conditions, then each; the
 * same of values; u8 whether it is a histogram's, then of what, from, to, in how
 * many buckets.  All buckets: only such sets are kept and sent.
 */

static void
write_terms(SmcWriter *writer, const List *terms)
{
	ListCell   *lc;

	Assert(list_length(terms) <= SMC_EXPR_NODES_MAX);
	smc_writer_u16(writer, (uint16) list_length(terms));
	foreach(lc, terms)
	{
		const SmcRowTerm *term = lfirst(lc);

		smc_writer_bytes(writer, term->data, term->len);
	}
}

static void
write_set(SmcWriter *writer, const void *what)
{
	const SmcRowSet *set = what;

	smc_writer_u8(writer, set->group_count);
	for (int i = 0; i < set->group_count; i++)
		smc_writer_u16(writer, set->groups[i]);
	write_terms(writer, set->conditions);
	write_terms(writer, set->values);
	smc_writer_u8(writer, set->buckets != NULL);
	if (set->buckets != NULL)
	{
		smc_expr_write(writer, set->buckets->histogram.arg);
		smc_expr_write(writer, set->buckets->histogram.lo);
		smc_expr_write(writer, set->buckets->histogram.hi);
		smc_expr_write(writer, set->buckets->histogram.buckets);
	}
}

bytea *
smc_rowset_write(const SmcRowSet *set)
{
	bytea	   *result = smc_bytea_collect(write_set, set);

	if (VARSIZE(result) - VARHDRSZ > SMC_ROWSET_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a condition takes more than %d bytes, too many to be compared with later ones",
						SMC_ROWSET_BYTES_MAX),
				 errhint("Use fewer terms, or shorter lists in IN.")));
	return result;
}

/* Read terms, which must ascend. */
static List *
parse_terms(SmcReader *reader, int *nodes)
{
	int			count = smc_reader_u16(reader);
	List	   *terms = NIL;

	for (int i = 0; i < count && !reader->failed; i++)
	{
		SmcRowTerm *term = palloc(sizeof(SmcRowTerm));
		size_t		from = reader->at;

		term->expr = smc_expr_parse(reader, nodes);
		if (term->expr == NULL)
			break;
		term->data = reader->data + from;
		term->len = reader->at - from;
		if (terms != NIL && compare_terms(llast(terms), term) >= 0)
			smc_reader_fail(reader);
		terms = lappend(terms, term);
	}
	return terms;
}

/* Read a histogram's value and buckets. */
static void
parse_buckets(SmcReader *reader, SmcRowSet *set, int *nodes)
{
	SmcAgg		histogram = {SMC_AGG_HISTOGRAM};

	histogram.arg = smc_expr_parse(reader, nodes);
	histogram.lo = smc_expr_parse(reader, nodes);
	histogram.hi = smc_expr_parse(reader, nodes);
	histogram.buckets = smc_expr_parse(reader, nodes);
	if (reader->failed)
		return;
	set->buckets = palloc0(sizeof(SmcRowBuckets));
	set->buckets->histogram = histogram;
}

void
smc_rowset_raise_malformed(const SmcStudy *study)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("a party's history of study \"%s\" is malformed", study->name),
			 errdetail("A condition in it is none that a query over the study could have.")));
}

SmcRowSet *
smc_rowset_parse(const SmcStudy *study, const uint8 *data, size_t len)
{
	SmcRowSet  *set = palloc0(sizeof(SmcRowSet));
	int			nodes = SMC_EXPR_NODES_MAX;
	SmcReader	reader;

	smc_reader_init(&reader, data, len);
	set->group_count = smc_reader_u8(&reader);
	if (len > SMC_ROWSET_BYTES_MAX || set->group_count > SMC_QUERY_GROUPS_MAX)
	{
		set->group_count = 0;
		smc_reader_fail(&reader);
	}
	for (int i = 0; i < set->group_count; i++)
	{
		set->groups[i] = smc_reader_u16(&reader);
		if (i > 0 && set->groups[i] <= set->groups[i - 1])
			smc_reader_fail(&reader);
	}
	set->conditions = parse_terms(&reader, &nodes);
	set->values = parse_terms(&reader, &nodes);
	if (smc_reader_bool(&reader))
		parse_buckets(&reader, set, &nodes);
	if (smc_reader_end(&reader) != SMC_OK)
		smc_rowset_raise_malformed(study);
	return set;
}

/*
 * The check
 */

/* Raise unless there is some figure of the study that the NULLs of each column could decide on. */
static void
check_value(const SmcStudy *study, SmcExpr *expr)
{
	if (expr->kind == SMC_EXPR_COLUMN && expr->column < study->column_count &&
		(study->columns[expr->column].allow & VALUE_WORDS) == 0)
		smc_expr_require_word(study, &study->columns[expr->column], SMC_ALLOW_COUNT);
	smc_expr_check_value(study, expr, VALUE_WORDS);
	smc_exprrange_check(study, expr);
}

void
smc_rowset_check(const SmcStudy *study, SmcRowSet *set)
{
	ListCell   *lc;

	for (int i = 0; i < set->group_count; i++)
	{
		if (set->groups[i] >= study->column_count || study->columns[set->groups[i]].value_count == 0)
			smc_rowset_raise_malformed(study);
		smc_expr_require_word(study, &study->columns[set->groups[i]], SMC_ALLOW_GROUP);
	}
	foreach(lc, set->conditions)
	{
		SmcExpr    *expr = ((SmcRowTerm *) lfirst(lc))->expr;

		smc_expr_check_condition(study, expr);
		smc_exprrange_check(study, expr);
	}
	foreach(lc, set->values)
		check_value(study, ((SmcRowTerm *) lfirst(lc))->expr);
	if (set->buckets != NULL)
		smc_query_check_agg(study, &set->buckets->histogram);
}

/*
 * Groups and pins
 */

bool
smc_rowset_has_group(const SmcRowSet *set, int column)
{
	for (int i = 0; i < set->group_count; i++)
	{
		if (set->groups[i] == column)
			return true;
	}
	return false;
}

/* Whether a constant's text is the column's value exactly where it is the text of one of its declared values. */
static bool
has_texts_of(const SmcColumn *column, const SmcExpr *constant)
{
	SmcTypeClass class = smc_optable_class(column->type);

	if (class != smc_optable_class(constant->type))
		return false;
	if (OidIsValid(column->collation) && !get_collation_isdeterministic(column->collation))
		return false;
	return constant->type == column->type || class == SMC_CLASS_INT || class == SMC_CLASS_TEXT;
}

/* Whether a condition is that a column is one declared value; then which. */
static bool
is_pin(const SmcStudy *study, const SmcExpr *expr, int column, int *place)
{
	const SmcColumn *c = &study->columns[column];
	const SmcExpr *left = expr;
	const char *value = "t";

	if (is_op(expr, "not"))
	{
		left = linitial(expr->args);
		value = "f";
	}
	else if (is_op(expr, "eq"))
	{
		const SmcExpr *right = lsecond(expr->args);

		left = linitial(expr->args);
		if (left->kind == SMC_EXPR_CONST)
		{
			const SmcExpr *swap = left;

			left = right;
			right = swap;
		}
		if (right->kind != SMC_EXPR_CONST || right->value == NULL || !has_texts_of(c, right))
			return false;
		value = right->value;
	}
	else if (c->type != BOOLOID)
		return false;
	if (left->kind != SMC_EXPR_COLUMN || left->column != column)
		return false;

	for (int i = 0; i < c->value_count; i++)
	{
		if (strcmp(c->values[i], value) == 0)
		{
			*place = i;
			return true;
		}
	}
	return false;
}

const SmcRowTerm *
smc_rowset_pin(const SmcStudy *study, const SmcRowSet *set, int column, int *place)
{
	ListCell   *lc;

	foreach(lc, set->conditions)
	{
		const SmcRowTerm *term = lfirst(lc);

		if (is_pin(study, term->expr, column, place))
			return term;
	}
	return NULL;
}

/* Whether an expression reads some column, and none that a row set isn't grouped by. */
static bool
is_over_groups(const SmcExpr *expr, const SmcRowSet *set, bool *any)
{
	ListCell   *lc;

	check_stack_depth();
	if (expr->kind == SMC_EXPR_COLUMN)
	{
		*any = true;
		return smc_rowset_has_group(set, expr->column);
	}
	foreach(lc, expr->args)
	{
		if (!is_over_groups(lfirst(lc), set, any))
			return false;
	}
	return true;
}

/* Those of the terms that pick whole groups of a row set. */
static List *
terms_over_groups(const List *terms, const SmcRowSet *set)
{
	List	   *result = NIL;
	ListCell   *lc;

	foreach(lc, terms)
	{
		bool		any = false;

		if (is_over_groups(((SmcRowTerm *) lfirst(lc))->expr, set, &any) && any)
			result = lappend(result, lfirst(lc));
	}
	return result;
}

const SmcRowSet *
smc_rowset_kept_to(const SmcRowSet *set, const SmcRowSet *other)
{
	List	   *conditions = terms_over_groups(smc_rowset_terms_less(other->conditions, set->conditions), set);
	List	   *values = terms_over_groups(smc_rowset_terms_less(other->values, set->values), set);
	SmcRowSet  *copy;

	if (conditions == NIL && values == NIL)
		return set;
	copy = palloc(sizeof(SmcRowSet));
	*copy = *set;
	copy->conditions = order_terms(list_concat_copy(set->conditions, conditions));
	copy->values = order_terms(list_concat_copy(set->values, values));
	return copy;
}

/*
 * Comparison
 */

/* Whether a condition goes by declared values of group columns alone. */
static bool
is_of_groups(const SmcStudy *study, const SmcExpr *expr)
{
	ListCell   *lc;

	check_stack_depth();
	if (expr->kind == SMC_EXPR_COLUMN)
	{
		const SmcColumn *column = &study->columns[expr->column];

		return column->value_count > 0 && (column->allow & SMC_ALLOW_GROUP);
	}
	foreach(lc, expr->args)
	{
		if (!is_of_groups(study, lfirst(lc)))
			return false;
	}
	return true;
}

static bool
are_plain(const SmcStudy *study, const List *conditions, const List *values)
{
	ListCell   *lc;

	foreach(lc, conditions)
	{
		if (!is_of_groups(study, ((SmcRowTerm *) lfirst(lc))->expr))
			return false;
	}
	foreach(lc, values)
	{
		if (((SmcRowTerm *) lfirst(lc))->expr->kind != SMC_EXPR_COLUMN)
			return false;
	}
	return true;
}

/* Whether two lists have the same terms. */
static bool
are_same(const List *a, const List *b)
{
	ListCell   *lc;
	ListCell   *other;

	if (list_length(a) != list_length(b))
		return false;
	forboth(lc, a, other, b)
	{
		if (compare_terms(lfirst(lc), lfirst(other)) != 0)
			return false;
	}
	return true;
}

bool
smc_rowset_same_rows(const SmcRowSet *a, const SmcRowSet *b)
{
	return are_same(a->conditions, b->conditions) && are_same(a->values, b->values) &&
		smc_rowset_same_buckets(a, b);
}

SmcRowDifference
smc_rowset_compare(const SmcStudy *study, const SmcRowSet *a, const SmcRowSet *b)
{
	List	   *conditions = list_concat(smc_rowset_terms_less(a->conditions, b->conditions),
										 smc_rowset_terms_less(b->conditions, a->conditions));
	List	   *values = list_concat(smc_rowset_terms_less(a->values, b->values),
									 smc_rowset_terms_less(b->values, a->values));

	if (!smc_rowset_same_buckets(a, b))
		return SMC_ROWS_FREE;
	if (conditions == NIL && values == NIL)
		return SMC_ROWS_SAME;
	if (!are_plain(study, conditions, values))
		return SMC_ROWS_FREE;
	return conditions == NIL ? SMC_ROWS_NULLS : SMC_ROWS_PLAIN;
}

uint32
smc_rowset_places(const SmcColumn *column)
{
	return column->value_count + (column->not_null ? 0 : 1);
}

uint64
smc_rowset_cell_count(const SmcStudy *study, const SmcRowSet *set)
{
	uint64		cells = 1;

	for (int i = 0; i < set->group_count && cells <= SMC_ELEMENTS_MAX; i++)
		cells *= smc_rowset_places(&study->columns[set->groups[i]]);
	return cells;
}

/*
 * Words
 */

char *
smc_rowset_text(const SmcStudy *study, const SmcRowSet *set)
{
	SmcDeparse	deparse = {study, InvalidOid, NULL};
	const char *separator = "WHERE ";
	StringInfoData buf;
	ListCell   *lc;

	initStringInfo(&buf);
	foreach(lc, set->conditions)
	{
		const SmcExpr *expr = ((SmcRowTerm *) lfirst(lc))->expr;
		bool		brackets = is_op(expr, "or") && list_length(set->conditions) + list_length(set->values) > 1;

		appendStringInfo(&buf, "%s%s", separator, brackets ? "(" : "");
		smc_deparse_expr(&buf, &deparse, expr);
		appendStringInfoString(&buf, brackets ? ")" : "");
		separator = " AND ";
	}
	foreach(lc, set->values)
	{
		appendStringInfoString(&buf, separator);
		smc_deparse_expr(&buf, &deparse, ((SmcRowTerm *) lfirst(lc))->expr);
		appendStringInfoString(&buf, " IS NOT NULL");
		separator = " AND ";
	}
	if (set->buckets != NULL)
	{
		appendStringInfo(&buf, "%sin the buckets of ", separator);
		smc_query_append_agg(&buf, &deparse, &set->buckets->histogram);
	}
	if (buf.len == 0)
		appendStringInfoString(&buf, "all rows");
	for (int i = 0; i < set->group_count; i++)
	{
		appendStringInfoString(&buf, i == 0 ? " GROUP BY " : ", ");
		smc_deparse_column(&buf, &deparse, set->groups[i]);
	}
	return buf.data;
}
