/*
 * Joint queries: their bytes, and their check against a study.
 *
 * Every party checks every query for itself, whoever made it: the planner that
 * refused the user's query at the hub is of no account here.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/timestamp.h"

#include "pg/smc_bytea.h"
#include "pg/smc_distinct.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_interval.h"
#include "pg/smc_layout.h"
#include "pg/smc_logregr.h"
#include "pg/smc_model.h"
#include "pg/smc_modes.h"
#include "pg/smc_percentile.h"
#include "pg/smc_picks.h"
#include "pg/smc_privacy.h"
#include "pg/smc_query.h"
#include "pg/smc_secret_terms.h"
#include "pg/smc_statistic.h"
#include "pg/smc_tally.h"

SmcQuery *
smc_query_bind(const SmcQuery *query, int count, char *const *values)
{
	SmcQuery   *copy = palloc(sizeof(SmcQuery));

	*copy = *query;
	copy->where = smc_expr_bind(query->where, count, values);
	copy->having = smc_expr_bind(query->having, count, values);
	copy->formulas = palloc0(Max(query->formula_count, 1) * sizeof(SmcExpr *));
	for (int i = 0; i < query->formula_count; i++)
		copy->formulas[i] = smc_expr_bind(query->formulas[i], count, values);
	copy->aggs = palloc0(Max(query->agg_count, 1) * sizeof(SmcAgg));
	for (int i = 0; i < query->agg_count; i++)
	{
		copy->aggs[i] = query->aggs[i];
		copy->aggs[i].arg = smc_expr_bind(query->aggs[i].arg, count, values);
		copy->aggs[i].second = smc_expr_bind(query->aggs[i].second, count, values);
		copy->aggs[i].filter = smc_expr_bind(query->aggs[i].filter, count, values);
		copy->aggs[i].fraction = smc_expr_bind(query->aggs[i].fraction, count, values);
		copy->aggs[i].lo = smc_expr_bind(query->aggs[i].lo, count, values);
		copy->aggs[i].hi = smc_expr_bind(query->aggs[i].hi, count, values);
		copy->aggs[i].buckets = smc_expr_bind(query->aggs[i].buckets, count, values);
	}
	copy->secrets = palloc0(Max(query->secret_count, 1) * sizeof(SmcQuerySecret));
	for (int i = 0; i < query->secret_count; i++)
	{
		copy->secrets[i] = query->secrets[i];
		copy->secrets[i].name = pstrdup(query->secrets[i].name);
	}
	copy->keeps = palloc0(Max(query->keep_count, 1) * sizeof(SmcQueryKeep));
	for (int i = 0; i < query->keep_count; i++)
	{
		copy->keeps[i].formula = query->keeps[i].formula;
		copy->keeps[i].name = smc_expr_bind(query->keeps[i].name, count, values);
		copy->keeps[i].expires = smc_expr_bind(query->keeps[i].expires, count, values);
	}
	return copy;
}

/*
 * Bytes
 */

static void
write_optional(SmcWriter *writer, const SmcExpr *expr)
{
	smc_writer_u8(writer, expr != NULL);
	if (expr != NULL)
		smc_expr_write(writer, expr);
}

/* What a mode or a histogram has beside. */
static void
write_tally(SmcWriter *writer, const SmcAgg *agg)
{
	smc_writer_u8(writer, agg->descending);
	write_optional(writer, agg->lo);
	write_optional(writer, agg->hi);
	write_optional(writer, agg->buckets);
}

/* What is used of secrets, and what is kept. */
static void
write_secrets(SmcWriter *writer, const SmcQuery *query)
{
	smc_writer_u16(writer, query->secret_count);
	for (int i = 0; i < query->secret_count; i++)
	{
		const char *name = query->secrets[i].name;

		smc_writer_text(writer, pg_server_to_any(name, strlen(name), PG_UTF8));
		smc_writer_bytes(writer, query->secrets[i].id, SMC_UUID_BYTES);
	}
	smc_writer_u16(writer, query->keep_count);
	for (int i = 0; i < query->keep_count; i++)
	{
		smc_writer_u16(writer, query->keeps[i].formula);
		smc_expr_write(writer, query->keeps[i].name);
		write_optional(writer, query->keeps[i].expires);
	}
}

static void
write_query(SmcWriter *writer, const void *what)
{
	const SmcQuery *query = what;

	smc_writer_u8(writer, query->group_count);
	for (int i = 0; i < query->group_count; i++)
		smc_writer_u16(writer, query->group_columns[i]);
	write_optional(writer, query->where);
	smc_writer_u16(writer, query->agg_count);
	for (int i = 0; i < query->agg_count; i++)
	{
		smc_writer_u8(writer, query->aggs[i].kind);
		smc_writer_u8(writer, query->aggs[i].is_output);
		smc_writer_u8(writer, query->aggs[i].parties[0]);
		smc_writer_u8(writer, query->aggs[i].parties[1]);
		write_optional(writer, query->aggs[i].arg);
		write_optional(writer, query->aggs[i].second);
		write_optional(writer, query->aggs[i].filter);
		write_optional(writer, query->aggs[i].fraction);
		if (smc_tally_is_one(query->aggs[i].kind))
			write_tally(writer, &query->aggs[i]);
	}
	smc_writer_u16(writer, query->formula_count);
	for (int i = 0; i < query->formula_count; i++)
		smc_expr_write(writer, query->formulas[i]);
	write_optional(writer, query->having);
	write_secrets(writer, query);
}

bytea *
smc_query_write(const SmcQuery *query)
{
	bytea	   *result = smc_bytea_collect(write_query, query);

	if (VARSIZE(result) - VARHDRSZ > SMC_QUERY_BYTES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a joint query takes more than %d bytes", SMC_QUERY_BYTES_MAX)));
	return result;
}

static SmcExpr *
parse_optional(SmcReader *reader, int *nodes)
{
	if (!smc_reader_bool(reader))
		return NULL;
	return smc_expr_parse(reader, nodes);
}

static void
parse_tally(SmcReader *reader, SmcAgg *agg, int *nodes)
{
	agg->descending = smc_reader_bool(reader);
	agg->lo = parse_optional(reader, nodes);
	agg->hi = parse_optional(reader, nodes);
	agg->buckets = parse_optional(reader, nodes);
}

/* A number of things of which there are at most SMC_QUERY_AGGS_MAX. */
static int
parse_count(SmcReader *reader)
{
	int			count = smc_reader_u16(reader);

	if (count <= SMC_QUERY_AGGS_MAX)
		return count;
	smc_reader_fail(reader);
	return 0;
}

/* The name of a secret, in the database's encoding. */
static char *
parse_name(SmcReader *reader)
{
	size_t		len;
	const uint8_t *data = smc_reader_blob(reader, 4 * NAMEDATALEN, &len);
	char	   *name;

	if (reader->failed || len == 0 || memchr(data, '\0', len) != NULL)
	{
		smc_reader_fail(reader);
		return "";
	}
	name = pnstrdup((const char *) data, len);
	name = pg_any_to_server(name, len, PG_UTF8);	/* checks that it is valid, too */
	smc_secret_check_name(name);
	return name;
}

static void
parse_secrets(SmcReader *reader, SmcQuery *query, int *nodes)
{
	query->secret_count = parse_count(reader);
	query->secrets = palloc0(Max(query->secret_count, 1) * sizeof(SmcQuerySecret));
	for (int i = 0; i < query->secret_count && !reader->failed; i++)
	{
		query->secrets[i].name = parse_name(reader);
		smc_reader_copy(reader, query->secrets[i].id, SMC_UUID_BYTES);
	}
	query->keep_count = parse_count(reader);
	query->keeps = palloc0(Max(query->keep_count, 1) * sizeof(SmcQueryKeep));
	for (int i = 0; i < query->keep_count && !reader->failed; i++)
	{
		query->keeps[i].formula = smc_reader_u16(reader);
		query->keeps[i].name = smc_expr_parse(reader, nodes);
		query->keeps[i].expires = parse_optional(reader, nodes);
	}
}

SmcQuery *
smc_query_parse(const uint8 *data, size_t len)
{
	SmcQuery   *query = palloc0(sizeof(SmcQuery));
	int			nodes = SMC_EXPR_NODES_MAX;
	SmcReader	reader;

	smc_reader_init(&reader, data, len);
	if (len > SMC_QUERY_BYTES_MAX)
		smc_reader_fail(&reader);

	query->group_count = smc_reader_u8(&reader);
	if (query->group_count > SMC_QUERY_GROUPS_MAX)
	{
		query->group_count = 0;
		smc_reader_fail(&reader);
	}
	for (int i = 0; i < query->group_count; i++)
		query->group_columns[i] = smc_reader_u16(&reader);

	query->where = parse_optional(&reader, &nodes);

	query->agg_count = smc_reader_u16(&reader);
	if (query->agg_count > SMC_QUERY_AGGS_MAX)
	{
		query->agg_count = 0;
		smc_reader_fail(&reader);
	}
	query->aggs = palloc0(Max(query->agg_count, 1) * sizeof(SmcAgg));
	for (int i = 0; i < query->agg_count && !reader.failed; i++)
	{
		query->aggs[i].kind = smc_reader_u8(&reader);
		query->aggs[i].is_output = smc_reader_bool(&reader);
		query->aggs[i].parties[0] = smc_reader_u8(&reader);
		query->aggs[i].parties[1] = smc_reader_u8(&reader);
		query->aggs[i].arg = parse_optional(&reader, &nodes);
		query->aggs[i].second = parse_optional(&reader, &nodes);
		query->aggs[i].filter = parse_optional(&reader, &nodes);
		query->aggs[i].fraction = parse_optional(&reader, &nodes);
		if (smc_tally_is_one(query->aggs[i].kind))
			parse_tally(&reader, &query->aggs[i], &nodes);
	}

	query->formula_count = smc_reader_u16(&reader);
	if (query->formula_count > SMC_QUERY_AGGS_MAX)
	{
		query->formula_count = 0;
		smc_reader_fail(&reader);
	}
	query->formulas = palloc0(Max(query->formula_count, 1) * sizeof(SmcExpr *));
	for (int i = 0; i < query->formula_count && !reader.failed; i++)
		query->formulas[i] = smc_expr_parse(&reader, &nodes);
	query->having = parse_optional(&reader, &nodes);
	parse_secrets(&reader, query, &nodes);

	if (smc_reader_end(&reader) != SMC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed joint query")));
	return query;
}

/*
 * The check
 */

bool
smc_query_is_contest(SmcAggKind kind)
{
	return kind == SMC_AGG_MIN || kind == SMC_AGG_MAX || kind == SMC_AGG_COMPARE ||
		kind == SMC_AGG_ARGMIN || kind == SMC_AGG_ARGMAX;
}

bool
smc_query_is_count(SmcAggKind kind)
{
	return kind == SMC_AGG_COUNT_ROWS || kind == SMC_AGG_COUNT || kind == SMC_AGG_REGR_COUNT;
}

/* The words of which the columns in an aggregate's argument need one. */
static uint32
needed_words(const SmcAgg *agg)
{
	switch (agg->kind)
	{
		case SMC_AGG_SUM:
			return SMC_ALLOW_SUM;
		case SMC_AGG_AVG:
			return SMC_ALLOW_AVG;
		case SMC_AGG_MIN:
			return SMC_ALLOW_MIN;
		case SMC_AGG_MAX:
			return SMC_ALLOW_MAX;
		case SMC_AGG_COMPARE:
		case SMC_AGG_ARGMIN:
		case SMC_AGG_ARGMAX:
			return SMC_ALLOW_COMPARE;
		case SMC_AGG_COUNT_ROWS:
		case SMC_AGG_COUNT:
			return SMC_ALLOW_COUNT;
		case SMC_AGG_MODE:
			return SMC_ALLOW_MODE;
		case SMC_AGG_HISTOGRAM:
			return SMC_ALLOW_HISTOGRAM;
		case SMC_AGG_DISTINCT:
			return SMC_ALLOW_DISTINCT;
		default:
			if (smc_model_of(agg->kind) != NULL)
				return smc_model_of(agg->kind)->word;
			return smc_statistic_of(agg->kind) != NULL ? smc_statistic_of(agg->kind)->word : smc_percentile_words(agg);
	}
}

static int
count_nodes(const SmcExpr *expr)
{
	int			count = 1;
	ListCell   *cell;

	if (expr == NULL)
		return 0;
	check_stack_depth();
	foreach(cell, expr->args)
		count += count_nodes(lfirst(cell));
	return count;
}

/* Raise unless the whole is within what a peer would parse. */
static void
check_size(const SmcStudy *study, const SmcQuery *query)
{
	int			nodes = count_nodes(query->where);

	for (int i = 0; i < query->agg_count; i++)
		nodes += count_nodes(query->aggs[i].arg) + count_nodes(query->aggs[i].second) +
			count_nodes(query->aggs[i].filter) + count_nodes(query->aggs[i].fraction) +
			count_nodes(query->aggs[i].lo) + count_nodes(query->aggs[i].hi) + count_nodes(query->aggs[i].buckets);
	for (int i = 0; i < query->formula_count; i++)
		nodes += count_nodes(query->formulas[i]);
	nodes += count_nodes(query->having) + 2 * query->keep_count;
	if (nodes > SMC_EXPR_NODES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query over study \"%s\" has more than %d parts",
						study->name, SMC_EXPR_NODES_MAX)));
}

static void
check_groups(const SmcStudy *study, const SmcQuery *query)
{
	for (int i = 0; i < query->group_count; i++)
	{
		int			at = query->group_columns[i];
		const SmcColumn *column;

		if (at < 0 || at >= study->column_count)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("study \"%s\" has no column number %d", study->name, at)));
		column = &study->columns[at];
		for (int j = 0; j < i; j++)
		{
			if (query->group_columns[j] == at)
				ereport(ERROR,
						(errcode(ERRCODE_PROTOCOL_VIOLATION),
						 errmsg("a query over study \"%s\" groups twice by column \"%s\"",
								study->name, column->name)));
		}
		smc_expr_require_word(study, column, SMC_ALLOW_GROUP);
		if (column->value_count == 0)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("column \"%s\" of study \"%s\" has no declared values to group by",
							column->name, study->name),
					 errhint("Declare them in the agreed option \"values\".")));
	}
	smc_picks_check_groups(study, query->group_count, query->group_columns);
}

/* Raise unless a count of rows is allowed: some column must allow a count. */
static void
check_count_rows(const SmcStudy *study, const SmcAgg *agg)
{
	for (int i = 0; i < study->column_count; i++)
	{
		if (study->columns[i].allow & SMC_ALLOW_COUNT)
			return;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("study \"%s\" does not allow %s", study->name, smc_query_agg_text(study, agg)),
			 errdetail("A figure that reads no column tells numbers of rows, and no column of the study allows count.")));
}

/* The digits that a sum of an argument is kept with; raises where they aren't bounded. */
static int
sum_scale(const SmcStudy *study, const SmcAgg *agg, const SmcExpr *arg)
{
	int			scale;

	switch (smc_exprtype_class(arg))
	{
		case SMC_CLASS_INT:
			return 0;
		case SMC_CLASS_FLOAT:
			return Min(smc_exprtype_float_scale(study, arg), SMC_SCALE_MAX);
		case SMC_CLASS_NUMERIC:
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s over study \"%s\" can't be computed jointly for type %s",
							smc_query_agg_text(study, agg), study->name,
							format_type_be(arg->type))));
	}

	scale = smc_exprtype_scale(study, arg);
	if (scale == SMC_SCALE_NONE)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly, because its digits after the point are not bounded",
						smc_query_agg_text(study, agg), study->name),
				 errhint("Round what is added up, as in sum(round(x / 3, 4)), or declare the agreed option \"scale\" of the column.")));
	if (scale > SMC_SCALE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("%s over study \"%s\" can't be computed jointly with %d digits after the point",
						smc_query_agg_text(study, agg), study->name, scale),
				 errdetail("At most %d can be kept.", SMC_SCALE_MAX),
				 errhint("Round what is added up, as in sum(round(x * y, 4)).")));
	return scale;
}

/* Raise where a party's part could leave the ring, by which it could be found: see pg/smc_exprrange.c. */
static void
check_range(const SmcStudy *study, const SmcAgg *agg)
{
	if (agg->kind == SMC_AGG_LOGREGR)
	{
		smc_logregr_check(study, agg);
		return;
	}
	if (smc_model_of(agg->kind) != NULL ? smc_model_fits(study, agg) :
		smc_statistic_of(agg->kind) != NULL ? smc_statistic_fits(study, agg) :
		smc_exprrange_sum_fits(study, agg->arg, agg->scale))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s over study \"%s\" could leave the range of joint sums",
					smc_query_agg_text(study, agg), study->name),
			 errdetail("Whether it does would depend on a party's rows, and so tell about them."),
			 errhint("Use smaller constants, multiply fewer columns, round what is added up to fewer digits, "
					 "or declare the columns' agreed options \"lo\" and \"hi\".")));
}

/* The digits that a minimum or maximum is kept with; raises for types without an order of their own. */
static int
extreme_scale(const SmcStudy *study, const SmcAgg *agg)
{
	switch (smc_exprtype_class(agg->arg))
	{
		case SMC_CLASS_NUMERIC:
			return sum_scale(study, agg, agg->arg);
		case SMC_CLASS_INT:
		case SMC_CLASS_FLOAT:
		case SMC_CLASS_DATE:
		case SMC_CLASS_TIMESTAMP:
		case SMC_CLASS_TIMESTAMPTZ:
			return 0;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s over study \"%s\" can't be computed jointly for type %s",
							smc_query_agg_text(study, agg), study->name,
							format_type_be(agg->arg->type)),
					 errdetail("Minima, maxima and percentiles are of numbers, dates and timestamps.")));
	}
}

/* Raise unless a comparison is between two parties of the study. */
static void
check_compared(const SmcStudy *study, const SmcAgg *agg)
{
	for (int i = 0; i < 2; i++)
	{
		bool		is_party = agg->kind == SMC_AGG_COMPARE &&
			agg->parties[i] >= 0 && agg->parties[i] < study->party_count;

		if (!is_party && (agg->kind == SMC_AGG_COMPARE || agg->parties[i] != 0))
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("malformed aggregate over study \"%s\"", study->name)));
	}
	if (agg->kind == SMC_AGG_COMPARE && agg->parties[0] == agg->parties[1])
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("smc_compare needs two different parties of study \"%s\"", study->name)));
}

/* Raise unless a percentile says which, and nothing else does. */
static void
check_fraction(const SmcStudy *study, SmcAgg *agg)
{
	if (smc_percentile_is_one(agg->kind))
		smc_percentile_check_fraction(study, agg);
	else if (agg->kind == SMC_AGG_LOGREGR)
	{
		int			iterations;
		float8		tolerance;

		smc_logregr_read_settings(study, agg, &iterations, &tolerance);
	}
	else if (agg->fraction != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed aggregate over study \"%s\"", study->name)));
}

/* The digits that values are kept with which are compared one by one. */
static void
check_ordered(const SmcStudy *study, SmcAgg *agg)
{
	if (smc_percentile_is_one(agg->kind))
		smc_percentile_strip(study, agg);
	agg->scale = extreme_scale(study, agg);
	if (smc_percentile_is_one(agg->kind))
		smc_percentile_check(study, agg);
	else if (smc_exprtype_class(agg->arg) == SMC_CLASS_NUMERIC)
		check_range(study, agg);
}

/* Check an argument; adds to *columns how many columns' values it reads. */
static void
check_argument(const SmcStudy *study, const SmcAgg *agg, SmcExpr *arg, int *columns)
{
	uint16		mask = study->recipients;

	smc_expr_check_value(study, arg, needed_words(agg));
	smc_exprrange_check(study, arg);
	*columns += smc_expr_narrow_recipients(study, arg, &mask);
}

/* Find the scales, and raise where what is added up could leave its range. */
static void
check_sums(const SmcStudy *study, SmcAgg *agg)
{
	if (smc_tally_is_one(agg->kind))
	{
		smc_tally_check(study, agg);
		return;
	}
	if (smc_interval_is_sum(agg))
	{
		smc_interval_check(study, agg);
		return;
	}
	if (agg->kind == SMC_AGG_MIN || agg->kind == SMC_AGG_MAX || smc_percentile_is_one(agg->kind))
	{
		check_ordered(study, agg);
		return;
	}
	agg->scale = smc_logregr_is_flag(agg) ? 0 : sum_scale(study, agg, agg->arg);
	if (smc_model_of(agg->kind) != NULL)
	{
		for (int i = 0; i < smc_model_columns(agg); i++)
			(void) sum_scale(study, agg, smc_model_column(agg, i));
	}
	else if (agg->second != NULL)
		agg->second_scale = sum_scale(study, agg, agg->second);
	check_range(study, agg);
}

/* Raise unless there are as many arguments as an aggregate takes. */
static void
check_form(const SmcStudy *study, const SmcAgg *agg)
{
	const SmcStatistic *statistic = smc_statistic_of(agg->kind);

	if (agg->kind < SMC_AGG_COUNT_ROWS || agg->kind > SMC_AGG_LAST ||
		(agg->arg == NULL) != (agg->kind == SMC_AGG_COUNT_ROWS) ||
		(agg->second != NULL) != ((statistic != NULL && statistic->args == 2) || smc_model_of(agg->kind) != NULL) ||
		!smc_tally_is_whole(agg))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed aggregate over study \"%s\"", study->name)));
	if (smc_model_of(agg->kind) != NULL)
		smc_model_check_form(study, agg);
	else if ((agg->arg != NULL && smc_model_is_row(agg->arg)) || (agg->second != NULL && smc_model_is_row(agg->second)))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed aggregate over study \"%s\"", study->name)));
}

void
smc_query_check_agg(const SmcStudy *study, SmcAgg *agg)
{
	int			columns = 0;

	check_form(study, agg);

	check_compared(study, agg);
	check_fraction(study, agg);

	/* the filter first: messages about the aggregate write it out */
	if (agg->filter != NULL)
	{
		smc_expr_check_condition(study, agg->filter);
		smc_exprrange_check(study, agg->filter);
	}
	if (agg->arg != NULL)
	{
		/* both before a message about one of them writes them out */
		if (agg->second != NULL)
			smc_exprtype_resolve(study, agg->second);
		check_argument(study, agg, agg->arg, &columns);
		if (agg->second != NULL)
			check_argument(study, agg, agg->second, &columns);
	}
	if (columns == 0)
		check_count_rows(study, agg);

	if (smc_statistic_of(agg->kind) != NULL)
		smc_statistic_strip(study, agg);
	if (smc_model_of(agg->kind) != NULL)
		smc_model_strip(study, agg);
	agg->scale = agg->second_scale = 0;
	if (agg->kind == SMC_AGG_DISTINCT)
		smc_distinct_check(study, agg);
	else if (!smc_query_is_count(agg->kind))
	{
		check_sums(study, agg);
		if (study->min_rows > 1 &&
			(smc_model_of(agg->kind) != NULL ? smc_model_mixes_conditions(study, agg) :
			 smc_expr_mixes_conditions(study, agg->arg) ||
			 (agg->second != NULL && smc_expr_mixes_conditions(study, agg->second))))
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("%s over study \"%s\" mixes rows that a condition picks out with others",
							smc_query_agg_text(study, agg), study->name),
					 errdetail("The study withholds what rests on fewer than %u rows, and the rows picked out could be fewer.",
							   study->min_rows),
					 agg->kind == SMC_AGG_LINREGR ?
					 errhint("Columns that are 1 or 0 by a condition can go by columns with declared values.") :
					 errhint("Use FILTER (WHERE ...), or a CASE with one WHEN and no ELSE.")));
	}
	if (smc_privacy_applies(study))
		smc_privacy_check_agg(study, agg);
}

int
smc_query_note_uses(const SmcStudy *study, const SmcAgg *agg, uint32 *uses)
{
	uint16		mask = study->recipients;
	int			columns;

	if (agg->filter != NULL)
		smc_expr_note_uses(study, agg->filter, 0, uses);
	if (agg->arg == NULL)
		return 0;
	smc_expr_note_uses(study, agg->arg, needed_words(agg), uses);
	columns = smc_expr_narrow_recipients(study, agg->arg, &mask);
	if (agg->second != NULL)
	{
		smc_expr_note_uses(study, agg->second, needed_words(agg), uses);
		columns += smc_expr_narrow_recipients(study, agg->second, &mask);
	}
	return columns;
}

/* Mark the aggregates and the secrets that a formula uses; whether there is one. */
static bool
mark_used(const SmcExpr *formula, bool *used, bool *used_secrets)
{
	bool		any = formula->kind == SMC_EXPR_AGG || formula->kind == SMC_EXPR_SECRET;
	ListCell   *cell;

	if (formula->kind == SMC_EXPR_AGG)
		used[formula->column] = true;
	else if (formula->kind == SMC_EXPR_SECRET)
		used_secrets[formula->column] = true;
	foreach(cell, formula->args)
		any |= mark_used(lfirst(cell), used, used_secrets);
	return any;
}

/* Give the secrets in a formula the types that they were kept with. */
static void
set_secret_types(const SmcStudy *study, const SmcQuery *query, SmcExpr *formula)
{
	ListCell   *cell;

	check_stack_depth();
	if (formula->kind == SMC_EXPR_SECRET)
	{
		if (formula->column < 0 || formula->column >= query->secret_count ||
			query->secrets[formula->column].secret == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("malformed expression over secrets of study \"%s\"", study->name)));
		formula->type = query->secrets[formula->column].secret->type;
	}
	foreach(cell, formula->args)
		set_secret_types(study, query, lfirst(cell));
}

/* Resolve the types of all formulas, and raise where one isn't what it must be. */
static void
check_formulas(const SmcStudy *study, SmcQuery *query)
{
	Oid		   *types = palloc(Max(query->agg_count, 1) * sizeof(Oid));
	bool	   *used = palloc0(Max(query->agg_count, 1) * sizeof(bool));
	bool	   *used_secrets = palloc0(Max(query->secret_count, 1) * sizeof(bool));

	for (int i = 0; i < query->agg_count; i++)
		types[i] = smc_query_agg_type(&query->aggs[i]);
	for (int i = 0; i <= query->formula_count; i++)
	{
		SmcExpr    *formula = i < query->formula_count ? query->formulas[i] : query->having;

		if (formula == NULL)
			continue;
		set_secret_types(study, query, formula);
		/* of no aggregate, it would be for everyone, and tell everyone which groups there are */
		if (!smc_exprtype_resolve_formula(study, formula, types, query->agg_count) ||
			(i == query->formula_count && formula->type != BOOLOID) ||
			!mark_used(formula, used, used_secrets))
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("malformed expression over aggregates of study \"%s\"", study->name)));
	}

	/* what nothing is made of would still be counted for min_rows */
	for (int i = 0; i < query->agg_count; i++)
	{
		if (!query->aggs[i].is_output && !used[i])
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("a query over study \"%s\" has an aggregate that nothing uses", study->name)));
	}
	for (int i = 0; i < query->secret_count; i++)
	{
		if (!used_secrets[i])
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("a query over study \"%s\" has a secret that nothing uses", study->name)));
	}
	pfree(types);
	pfree(used);
	pfree(used_secrets);
}

/* Raise where a percentile, or a fit, isn't for all parties, who all see it found. */
static void
check_searchers(const SmcStudy *study, const SmcQuery *query, int output)
{
	uint16		recipients = smc_query_recipients(study, query, output);

	if (output >= SMC_QUERY_AGGS_MAX ||
		(!smc_percentile_is_one(query->aggs[output].kind) && query->aggs[output].kind != SMC_AGG_LOGREGR) ||
		recipients == (uint16) ((1u << study->party_count) - 1))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s over study \"%s\" can't be found for some parties alone",
					smc_query_output_text(study, query, output), study->name),
			 errdetail(query->aggs[output].kind == SMC_AGG_LOGREGR ?
					   "It is fitted by steps that all parties follow, so that all learn of it; it may be revealed to %s." :
					   "It is found by a search that all parties follow, so that all learn it; it may be revealed to %s.",
					   recipients == 0 ? "none" : smc_study_party_list(study, recipients)),
			 errhint("Reveal its columns, and those in HAVING, to all parties.")));
}

/* Raise where an output would go to nobody. */
static void
check_recipients(const SmcStudy *study, const SmcQuery *query)
{
	ListCell   *cell;

	foreach(cell, smc_query_outputs(query))
	{
		check_searchers(study, query, lfirst_int(cell));
		if (smc_query_recipients(study, query, lfirst_int(cell)) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
					 errmsg("no party may learn %s over study \"%s\"",
							smc_query_output_text(study, query, lfirst_int(cell)), study->name),
					 errdetail("A figure goes to the parties that every column in it, and in HAVING, is revealed to."),
					 smc_query_reads_nothing(query) ?
					 errhint("Once all parties agree on other recipients (reveal_to), it can be revealed.") :
					 errhint("What nobody may learn can be kept as a secret: smc_keep(..., 'name').")));
	}
}

/* Raise where what is to be kept can't be. */
static void
check_keeps(const SmcStudy *study, SmcQuery *query)
{
	if (query->keep_count == 0)
		return;
	if (query->group_count > 0 || query->having != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("smc_keep over study \"%s\" can't be used with GROUP BY or HAVING", study->name),
				 errdetail("A secret is one value that is there whatever the rows are."),
				 errhint("Keep a group's value by itself, with FILTER or WHERE.")));
	for (int i = 0; i < query->keep_count; i++)
	{
		SmcQueryKeep *keep = &query->keeps[i];

		if (keep->formula < 0 || keep->formula >= query->formula_count ||
			smc_query_keep_of(query, keep->formula) != keep ||
			keep->name->kind != SMC_EXPR_CONST || keep->name->type != TEXTOID ||
			(keep->expires != NULL &&
			 (keep->expires->kind != SMC_EXPR_CONST || keep->expires->type != TIMESTAMPTZOID)))
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("malformed query over study \"%s\"", study->name)));
		smc_exprtype_resolve(study, keep->name);
		if (keep->expires != NULL)
			smc_exprtype_resolve(study, keep->expires);
		if (keep->name->is_null)
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("a secret of study \"%s\" needs a name", study->name)));
		if (smc_expr_is_param(keep->name) || (keep->expires != NULL && smc_expr_is_param(keep->expires)))
			continue;			/* looked at when they have their values */
		smc_secret_check_name(smc_query_keep_name(keep));
		if (smc_query_keep_expires(keep) <= GetCurrentTimestamp())
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("secret \"%s\" of study \"%s\" would expire before it is kept",
							smc_query_keep_name(keep), study->name)));
		for (int j = 0; j < i; j++)
		{
			if (!smc_expr_is_param(query->keeps[j].name) &&
				strcmp(smc_query_keep_name(&query->keeps[j]), smc_query_keep_name(keep)) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_DUPLICATE_OBJECT),
						 errmsg("two values would be kept as secret \"%s\" of study \"%s\"",
								smc_query_keep_name(keep), study->name)));
		}
	}
}

const SmcQueryKeep *
smc_query_keep_of(const SmcQuery *query, int formula)
{
	for (int i = 0; i < query->keep_count; i++)
	{
		if (query->keeps[i].formula == formula)
			return &query->keeps[i];
	}
	return NULL;
}

const char *
smc_query_keep_name(const SmcQueryKeep *keep)
{
	return keep->name->value;
}

TimestampTz
smc_query_keep_expires(const SmcQueryKeep *keep)
{
	int			level;
	Datum		expires;

	if (keep->expires == NULL || keep->expires->value == NULL)
		return DT_NOEND;
	level = smc_modes_begin();
	expires = DirectFunctionCall3(timestamptz_in, CStringGetDatum(keep->expires->value),
								  ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
	smc_modes_end(level);
	return DatumGetTimestampTz(expires);
}

bool
smc_query_reads_nothing(const SmcQuery *query)
{
	return query->agg_count == 0 && query->group_count == 0;
}

void
smc_query_find_secrets(const SmcStudy *study, SmcQuery *query)
{
	for (int i = 0; i < query->secret_count; i++)
		query->secrets[i].secret = smc_secret_find(study->name, query->secrets[i].name);
}

void
smc_query_check(const SmcStudy *study, SmcQuery *query)
{
	if (query->group_count < 0 || query->group_count > SMC_QUERY_GROUPS_MAX ||
		query->agg_count < 0 || query->agg_count > SMC_QUERY_AGGS_MAX ||
		query->formula_count < 0 || query->formula_count > SMC_QUERY_AGGS_MAX ||
		query->secret_count < 0 || query->secret_count > SMC_QUERY_AGGS_MAX ||
		query->keep_count < 0 || query->keep_count > query->formula_count ||
		(query->group_count == 0 && query->agg_count == 0 && query->secret_count == 0))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("a query over study \"%s\" asks for nothing, or for too much", study->name)));

	check_size(study, query);
	check_groups(study, query);
	if (query->where != NULL)
	{
		smc_expr_check_condition(study, query->where);
		smc_exprrange_check(study, query->where);
	}
	for (int i = 0; i < query->agg_count; i++)
		smc_query_check_agg(study, &query->aggs[i]);
	smc_secret_terms_check(study, query);
	check_formulas(study, query);
	check_keeps(study, query);
	check_recipients(study, query);

	if (smc_privacy_applies(study) && smc_query_outputs(query) == NIL && query->having == NULL &&
		query->keep_count == 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("which groups of study \"%s\" have rows can't be told with noise", study->name),
				 errdetail("The study sets epsilon; its queries tell of all possible groups."),
				 errhint("Ask for count(*) of each group.")));

	/* raises when the vector is too long, or a formula is beyond the ring */
	(void) smc_layout_make(study, query);
}
