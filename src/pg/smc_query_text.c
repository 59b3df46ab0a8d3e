/*
 * Joint queries: who learns what, and in which words.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"

#include "core/smc_union.h"
#include "pg/smc_circuit.h"
#include "pg/smc_deparse.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_gap.h"
#include "pg/smc_layout.h"
#include "pg/smc_model.h"
#include "pg/smc_percentile.h"
#include "pg/smc_query.h"
#include "pg/smc_secret_terms.h"
#include "pg/smc_secret_text.h"
#include "pg/smc_statistic.h"
#include "pg/smc_tally.h"

/* The SQL name of a kind of aggregate, NULL when there is no such kind. */
static const char *
kind_name(SmcAggKind kind)
{
	switch (kind)
	{
		case SMC_AGG_COUNT_ROWS:
		case SMC_AGG_COUNT:
		case SMC_AGG_DISTINCT:
			return "count";
		case SMC_AGG_SUM:
			return "sum";
		case SMC_AGG_AVG:
			return "avg";
		case SMC_AGG_MIN:
			return "min";
		case SMC_AGG_MAX:
			return "max";
		case SMC_AGG_COMPARE:
			return "smc_compare";
		case SMC_AGG_ARGMIN:
			return "smc_argmin";
		case SMC_AGG_ARGMAX:
			return "smc_argmax";
		default:
			return smc_statistic_of(kind) != NULL ? smc_statistic_of(kind)->name : NULL;
	}
}

/* The parties that may learn a figure over an aggregate's columns. */
static uint16
agg_recipients(const SmcStudy *study, const SmcAgg *agg)
{
	uint16		mask = (uint16) ((1u << study->party_count) - 1);
	int			columns = 0;

	if (agg->arg != NULL)
		columns += smc_expr_narrow_recipients(study, agg->arg, &mask);
	if (agg->second != NULL)
		columns += smc_expr_narrow_recipients(study, agg->second, &mask);
	return columns > 0 ? mask : study->recipients;
}

/* Take from *mask the parties that may not learn about an aggregate or a secret in the formula. */
static void
narrow_by_formula(const SmcStudy *study, const SmcQuery *query, const SmcExpr *formula, uint16 *mask)
{
	ListCell   *cell;

	if (formula == NULL)
		return;
	if (formula->kind == SMC_EXPR_AGG)
		*mask &= agg_recipients(study, &query->aggs[formula->column]);
	else if (formula->kind == SMC_EXPR_SECRET)
		*mask &= smc_secret_terms_recipients(study, query->secrets[formula->column].secret);
	foreach(cell, formula->args)
		narrow_by_formula(study, query, lfirst(cell), mask);
}

List *
smc_query_outputs(const SmcQuery *query)
{
	List	   *outputs = NIL;

	for (int i = 0; i < query->agg_count; i++)
	{
		if (query->aggs[i].is_output)
			outputs = lappend_int(outputs, i);
	}
	for (int i = 0; i < query->formula_count; i++)
	{
		if (smc_query_keep_of(query, i) == NULL)
			outputs = lappend_int(outputs, SMC_QUERY_FORMULA(i));
	}
	return outputs;
}

uint16
smc_query_recipients(const SmcStudy *study, const SmcQuery *query, int output)
{
	uint16		mask = (uint16) ((1u << study->party_count) - 1);

	/* who learns a figure learns that its group passed */
	narrow_by_formula(study, query, query->having, &mask);
	if (output >= SMC_QUERY_AGGS_MAX)
		narrow_by_formula(study, query, query->formulas[output - SMC_QUERY_AGGS_MAX], &mask);
	else if (output >= 0)
		mask &= agg_recipients(study, &query->aggs[output]);
	else
	{
		List	   *outputs = smc_query_outputs(query);
		uint16		any = outputs == NIL ? (mask & study->recipients) : 0;
		ListCell   *cell;

		foreach(cell, outputs)
			any |= smc_query_recipients(study, query, lfirst_int(cell));
		return any;
	}
	return mask;
}

Oid
smc_query_agg_type(const SmcAgg *agg)
{
	Oid			type = agg->arg != NULL ? agg->arg->type : InvalidOid;

	switch (agg->kind)
	{
		case SMC_AGG_COUNT_ROWS:
		case SMC_AGG_COUNT:
		case SMC_AGG_DISTINCT:
			return INT8OID;
		case SMC_AGG_SUM:
			if (type == INT2OID || type == INT4OID)
				return INT8OID;
			return type == INT8OID ? NUMERICOID : type;
		case SMC_AGG_AVG:
			return smc_exprtype_class(agg->arg) == SMC_CLASS_FLOAT ? FLOAT8OID : NUMERICOID;
		case SMC_AGG_MIN:
		case SMC_AGG_MAX:
			return type;
		case SMC_AGG_COMPARE:
			return INT4OID;
		case SMC_AGG_ARGMIN:
		case SMC_AGG_ARGMAX:
			return TEXTOID;
		case SMC_AGG_MODE:
			return type;
		case SMC_AGG_HISTOGRAM:
			return INT8ARRAYOID;
		default:
			if (smc_model_of(agg->kind) != NULL)
				return smc_model_type(agg);
			return smc_percentile_is_one(agg->kind) ? smc_percentile_type(agg) : smc_statistic_type(agg);
	}
}

bool
smc_query_takes_all_rows(const SmcStudy *study, const SmcAgg *agg)
{
	/* a histogram rests on the rows of its buckets */
	return agg->filter == NULL && agg->kind != SMC_AGG_HISTOGRAM &&
		(agg->arg == NULL || !smc_exprtype_nullable(study, agg->arg)) &&
		(agg->second == NULL || !smc_exprtype_nullable(study, agg->second));
}

/* What must not be NULL in the rows that an aggregate rests on: an argument that never is leaves no row out. */
static void
required(const SmcStudy *study, const SmcAgg *agg, const SmcExpr *args[2])
{
	args[0] = agg->arg != NULL && smc_exprtype_nullable(study, agg->arg) ? agg->arg : NULL;
	args[1] = agg->second != NULL && smc_exprtype_nullable(study, agg->second) ? agg->second : NULL;
	if (args[0] == NULL || smc_expr_equal(args[0], args[1]))
	{
		args[0] = args[1] != NULL ? args[1] : args[0];
		args[1] = NULL;
	}
}

bool
smc_query_same_rows(const SmcStudy *study, const SmcAgg *a, const SmcAgg *b)
{
	const SmcExpr *of_a[2];
	const SmcExpr *of_b[2];

	required(study, a, of_a);
	required(study, b, of_b);
	return smc_expr_equal(a->filter, b->filter) &&
		((smc_expr_equal(of_a[0], of_b[0]) && smc_expr_equal(of_a[1], of_b[1])) ||
		 (smc_expr_equal(of_a[0], of_b[1]) && smc_expr_equal(of_a[1], of_b[0])));
}

/* name(x), or name(*) */
static void
append_call(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	appendStringInfo(buf, "%s(%s", kind_name(agg->kind), agg->kind == SMC_AGG_DISTINCT ? "DISTINCT " : "");
	if (agg->arg != NULL)
		smc_deparse_expr(buf, deparse, agg->arg);
	else
		appendStringInfoChar(buf, '*');
	if (agg->second != NULL)
	{
		appendStringInfoString(buf, ", ");
		smc_deparse_expr(buf, deparse, agg->second);
	}
	if (agg->kind == SMC_AGG_COMPARE)
		appendStringInfo(buf, ", %s, %s",
						 quote_literal_cstr(deparse->study->parties[agg->parties[0]]),
						 quote_literal_cstr(deparse->study->parties[agg->parties[1]]));
	appendStringInfoChar(buf, ')');
}

void
smc_query_append_agg(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	if (smc_percentile_is_one(agg->kind))
		smc_percentile_append(buf, deparse, agg);
	else if (smc_tally_is_one(agg->kind))
		smc_tally_append(buf, deparse, agg);
	else if (smc_model_of(agg->kind) != NULL)
		smc_model_append(buf, deparse, agg);
	else
		append_call(buf, deparse, agg);
	if (agg->filter != NULL)
	{
		appendStringInfoString(buf, " FILTER (WHERE ");
		smc_deparse_expr(buf, deparse, agg->filter);
		appendStringInfoChar(buf, ')');
	}
}

char *
smc_query_agg_text(const SmcStudy *study, const SmcAgg *agg)
{
	SmcDeparse	deparse = {study, InvalidOid, NULL};
	StringInfoData buf;

	initStringInfo(&buf);
	smc_query_append_agg(&buf, &deparse, agg);
	return buf.data;
}

char *
smc_query_formula_text(const SmcStudy *study, const SmcQuery *query, const SmcExpr *formula)
{
	SmcDeparse	deparse = {study, InvalidOid, query};
	StringInfoData buf;

	initStringInfo(&buf);
	smc_deparse_expr(&buf, &deparse, formula);
	return buf.data;
}

char *
smc_query_output_text(const SmcStudy *study, const SmcQuery *query, int output)
{
	return output >= SMC_QUERY_AGGS_MAX ?
		smc_query_formula_text(study, query, query->formulas[output - SMC_QUERY_AGGS_MAX]) :
		smc_query_agg_text(study, &query->aggs[output]);
}

void
smc_query_append_secret(StringInfo buf, const SmcStudy *study, const SmcQuery *query, const SmcExpr *secret)
{
	const SmcQuerySecret *used = &query->secrets[secret->column];
	bool		is_bool = used->secret != NULL && used->secret->type == BOOLOID;

	appendStringInfoString(buf, smc_term_print(smc_term_secret(study->name, used->name, is_bool)));
}

static void
append_keep(StringInfo buf, const SmcStudy *study, const SmcQuery *query, const SmcQueryKeep *keep)
{
	SmcDeparse	deparse = {study, InvalidOid, query};

	appendStringInfo(buf, "smc_keep(%s, ", smc_query_formula_text(study, query, query->formulas[keep->formula]));
	smc_deparse_expr(buf, &deparse, keep->name);
	appendStringInfoChar(buf, ')');
}

char *
smc_query_text(const SmcStudy *study, const SmcQuery *query)
{
	SmcDeparse	deparse = {study, InvalidOid, query};
	const char *separator = "";
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "SELECT ");
	for (int i = 0; i < query->group_count; i++)
	{
		appendStringInfoString(&buf, separator);
		smc_deparse_column(&buf, &deparse, query->group_columns[i]);
		separator = ", ";
	}
	foreach(cell, smc_query_outputs(query))
	{
		appendStringInfo(&buf, smc_query_reads_nothing(query) ? "%ssmc_reveal(%s)" : "%s%s", separator,
						 smc_query_output_text(study, query, lfirst_int(cell)));
		separator = ", ";
	}
	for (int i = 0; i < query->keep_count; i++)
	{
		appendStringInfoString(&buf, separator);
		append_keep(&buf, study, query, &query->keeps[i]);
		separator = ", ";
	}
	if (smc_query_reads_nothing(query))
		return buf.data;
	appendStringInfo(&buf, " FROM %s", quote_identifier(study->name));
	if (query->where != NULL)
	{
		appendStringInfoString(&buf, " WHERE ");
		smc_deparse_expr(&buf, &deparse, query->where);
	}
	for (int i = 0; i < query->group_count; i++)
	{
		appendStringInfoString(&buf, i == 0 ? " GROUP BY " : ", ");
		smc_deparse_column(&buf, &deparse, query->group_columns[i]);
	}
	if (query->having != NULL)
		appendStringInfo(&buf, " HAVING %s", smc_query_formula_text(study, query, query->having));
	return buf.data;
}

/* What a search opens beside its figure. */
static void
append_rank(StringInfo buf, const SmcSlot *slot, const char *of)
{
	bool		is_middle = slot->denominator == 2;

	if (slot->denominator == 1 || !slot->interpolates)
		return;
	appendStringInfo(buf, "\nthe two values that %s lies between, where it is none itself%s, to all parties",
					 of, is_middle ? "" : psprintf(", and how far (of %u parts)", slot->denominator));
}

/* What counting different values opens to those who don't learn how many there are. */
static void
append_distinct(StringInfo buf, const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
				const SmcSlot *slot)
{
	bool		all_learn = !slot->is_input && slot->recipients == (uint16) ((1u << study->party_count) - 1);

	if (all_learn || layout->key_sets[slot->keys].domain > 0)
		return;
	appendStringInfo(buf, "\nbetween which two of %d, %d, %d, ... %s is%s to all parties",
					 SMC_UNION_FIRST, SMC_UNION_FIRST * SMC_UNION_FACTOR,
					 SMC_UNION_FIRST * SMC_UNION_FACTOR * SMC_UNION_FACTOR,
					 smc_query_agg_text(study, &query->aggs[slot->agg]),
					 query->group_count > 0 ? ", in each possible group," : "");
}

/* One line about a slot that opens more than a figure. */
static void
append_slot(StringInfo buf, const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
			const SmcSlot *slot)
{
	const char *of = slot->agg >= 0 ? smc_query_agg_text(study, &query->aggs[slot->agg]) : NULL;
	const char *apart = !smc_gap_compares(study, query, slot) ? "" :
		psprintf(" that differ by at least %u from those of other results,", layout->min_rows);

	switch ((SmcSlotKind) slot->kind)
	{
		case SMC_SLOT_ROWS:
			if (query->group_count > 0 && apart[0] != '\0')
				appendStringInfo(buf, "\nwhich groups have at least %u rows%s and how many have rows and are withheld, to all parties",
								 layout->min_rows, apart);
			else if (query->group_count > 0)
				appendStringInfo(buf, "\nwhich groups have at least %u rows, and how many have fewer, to all parties",
								 layout->min_rows);
			else
				appendStringInfo(buf, "\nwhether there are at least %u rows%s to all parties",
								 layout->min_rows, apart);
			break;
		case SMC_SLOT_SUPPORT:
			/* one line for all buckets */
			if (slot->place > 1)
				break;
			if (slot->place == 1)
			{
				appendStringInfo(buf, "\nwhich buckets of %s have at least %u rows%s to all parties",
								 of, layout->min_rows, apart);
				break;
			}
			appendStringInfo(buf, "\nwhether there are at least %u rows behind %s%s to all parties",
							 layout->min_rows, of, apart);
			break;
		case SMC_SLOT_ANY:
			if (of == NULL)
				appendStringInfo(buf, "\nwhich groups have rows to %s",
								 smc_study_party_list(study, slot->recipients));
			else
				appendStringInfo(buf, "\nwhether any row contributes to %s to %s",
								 of, smc_study_party_list(study, slot->recipients));
			break;
		case SMC_SLOT_COUNT:
		case SMC_SLOT_SUM:
		case SMC_SLOT_INTERVAL:
		case SMC_SLOT_TALLY:
		case SMC_SLOT_MOMENT:
		case SMC_SLOT_MIN:
		case SMC_SLOT_MAX:
		case SMC_SLOT_COMPARE:
		case SMC_SLOT_ARGMIN:
		case SMC_SLOT_ARGMAX:
			break;
		case SMC_SLOT_RANK:
			append_rank(buf, slot, of);
			break;
		case SMC_SLOT_FIT:
			appendStringInfo(buf, "\nwhether %s has no model, because columns depend on each other or coefficients grow without bound, to all parties", of);
			break;
		case SMC_SLOT_DISTINCT:
			append_distinct(buf, study, query, layout, slot);
			break;
	}
}

/* How much noise there is in what is told. */
static void
append_noise(StringInfo buf, const SmcStudy *study, const SmcCircuit *circuit)
{
	if (circuit->noise_count > 0)
		appendStringInfo(buf, "\nall with noise: epsilon %s, split over %d number%s that it is made of%s",
						 study->epsilon, circuit->release_count, circuit->release_count == 1 ? "" : "s",
						 circuit->release_count < circuit->noise_count ?
						 " (a histogram counts as one: a row is in one bucket)" : "");
}

/* Who would see a division by zero, unless that was said. */
static void
append_error(StringInfo buf, const SmcStudy *study, bool is_public, uint16 recipients, List **told)
{
	if (list_member_int(*told, recipients))
		return;
	*told = lappend_int(*told, recipients);
	if (is_public)
		appendStringInfoString(buf, "\nwhether a division by zero is met to all parties");
	else
		appendStringInfo(buf, "\nwhether, and in which groups, a division by zero is met to %s",
						 smc_study_party_list(study, recipients));
}

/* What HAVING opens, and whether a division by zero would be seen. */
static void
append_circuit(StringInfo buf, const SmcStudy *study, const SmcQuery *query, const SmcCircuit *circuit)
{
	List	   *told = NIL;

	if (query->having != NULL)
		appendStringInfo(buf, "\n%s %s to %s",
						 query->group_count > 0 ? "which groups have" : "whether",
						 smc_query_formula_text(study, query, query->having),
						 smc_study_party_list(study, smc_query_recipients(study, query, -1)));
	if (circuit->shown_error >= 0)
		append_error(buf, study, circuit->shown_error_is_public, circuit->shown_recipients, &told);
	for (int i = 0; i < circuit->output_count; i++)
	{
		const SmcCircuitOutput *out = &circuit->outputs[i];

		if (out->error >= 0)
			append_error(buf, study, out->error_is_public, out->recipients, &told);
	}
}

char *
smc_query_reveals(const SmcStudy *study, const SmcQuery *query)
{
	SmcLayout  *layout = smc_layout_make(study, query);
	StringInfoData buf;
	ListCell   *cell;

	initStringInfo(&buf);
	foreach(cell, smc_query_outputs(query))
	{
		int			output = lfirst_int(cell);
		const SmcModel *model = output < SMC_QUERY_AGGS_MAX ? smc_model_of(query->aggs[output].kind) : NULL;

		appendStringInfo(&buf, "\n%s%s%s to %s", model != NULL ? model->told : "", model != NULL ? " of " : "",
						 smc_query_output_text(study, query, output),
						 smc_study_party_list(study, smc_query_recipients(study, query, output)));
	}
	for (int i = 0; i < layout->slot_count; i++)
	{
		if (!layout->slots[i].is_input || layout->slots[i].kind == SMC_SLOT_DISTINCT)
			append_slot(&buf, study, query, layout, &layout->slots[i]);
	}
	if (layout->circuit != NULL)
	{
		append_circuit(&buf, study, query, layout->circuit);
		append_noise(&buf, study, layout->circuit);
	}

	/* every line begins with a newline, so there is one too many */
	return buf.len > 0 ? buf.data + 1 : buf.data;
}

char *
smc_query_keeps(const SmcStudy *study, const SmcQuery *query)
{
	SmcDeparse	deparse = {study, InvalidOid, query};
	StringInfoData buf;

	initStringInfo(&buf);
	for (int i = 0; i < query->keep_count; i++)
	{
		const SmcQueryKeep *keep = &query->keeps[i];

		appendStringInfo(&buf, "%s%s as ", buf.len > 0 ? "\n" : "",
						 smc_query_formula_text(study, query, query->formulas[keep->formula]));
		smc_deparse_expr(&buf, &deparse, keep->name);
		if (keep->expires != NULL && !keep->expires->is_null)
		{
			appendStringInfoString(&buf, " until ");
			smc_deparse_expr(&buf, &deparse, keep->expires);
		}
		appendStringInfoString(&buf, " (nobody learns it)");
	}
	return buf.data;
}

char *
smc_query_reveals_and_keeps(const SmcStudy *study, const SmcQuery *query)
{
	char	   *reveals = smc_query_reveals(study, query);
	char	   *keeps = smc_query_keeps(study, query);
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoString(&buf, reveals);
	for (char *line = keeps; line != NULL && line[0] != '\0';)
	{
		char	   *end = strchr(line, '\n');

		if (end != NULL)
			*end = '\0';
		appendStringInfo(&buf, "%skeeps %s", buf.len > 0 ? "\n" : "", line);
		line = end != NULL ? end + 1 : NULL;
	}
	return buf.data;
}
