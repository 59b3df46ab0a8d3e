/*
 * From opened totals to figures: what the aggregate would have returned.
 *
 * All that was decided about NULL follows the native aggregate: a sum or an
 * average over no rows is NULL, a count is 0.  What isn't for this party, or
 * was withheld, is NULL too; those who read figures tell the difference by the
 * notices (pg/smc_notice.c).
 */
#include "postgres.h"

#include <math.h>

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/float.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"

#include "core/smc_contest.h"
#include "pg/smc_circuit.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_extreme.h"
#include "pg/smc_figure.h"
#include "pg/smc_interval.h"
#include "pg/smc_model_figure.h"
#include "pg/smc_modes.h"
#include "pg/smc_query.h"
#include "pg/smc_statistic.h"
#include "pg/smc_tally.h"

/* One aggregate in one cell: where its figure is found. */
typedef struct Place
{
	const SmcStudy *study;
	const SmcQuery *query;
	const SmcLayout *layout;
	const SmcOutcome *outcome;
	size_t		first;			/* the cell's first element */
	int			agg;
} Place;

/* The total of a kind of slot for the aggregate; false when it isn't open to us. */
static bool
get_total(const Place *place, SmcSlotKind kind, SmcRing128 *total)
{
	int			slot = smc_layout_find(place->study, place->query, place->layout, kind, place->agg);

	if (slot < 0 || place->outcome->states[place->first + slot] != SMC_ELEMENT_OPENED)
		return false;
	*total = place->outcome->totals[place->first + slot];
	return true;
}

/*
 * Whether a figure that isn't withheld rests on no rows: an opened count or a
 * flag says so, or it can't be.  With min_rows it would be withheld.
 */
static bool
rests_on_nothing(const Place *place)
{
	SmcRing128	total;

	if (place->layout->min_rows > 1)
		return false;
	if (get_total(place, SMC_SLOT_COUNT, &total) || get_total(place, SMC_SLOT_ANY, &total))
		return total == 0;
	return false;
}

static void
raise_bigint_range(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
			 errmsg("bigint out of range")));
}

static int64
to_int64(SmcRing128 total)
{
	int64		value = (int64) (uint64) total;

	/* the upper half must be nothing but the sign */
	if ((SmcRing128) (int128) value != total)
		raise_bigint_range();
	return value;
}

static Datum
to_numeric(SmcRing128 total, int scale)
{
	char		text[SMC_DECIMAL_MAX];

	smc_ring_to_decimal(total, scale, text);
	return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
							   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
}

static float8
to_float8(SmcRing128 total, int scale)
{
	char		text[SMC_DECIMAL_MAX];

	smc_ring_to_decimal(total, scale, text);
	return DatumGetFloat8(DirectFunctionCall1(float8in, CStringGetDatum(text)));
}

Datum
smc_figure_number(SmcRing128 total, int scale, Oid type)
{
	switch (type)
	{
		case INT8OID:
			if (scale != 0)
				break;
			return Int64GetDatum(to_int64(total));
		case NUMERICOID:
			return to_numeric(total, scale);
		case FLOAT4OID:
			return DirectFunctionCall1(dtof, Float8GetDatum(to_float8(total, scale)));
		case FLOAT8OID:
			return Float8GetDatum(to_float8(total, scale));
		default:
			break;
	}
	elog(ERROR, "a sum of scale %d can't be of type %u", scale, type);
}

/* An average as the aggregate's result type. */
static Datum
avg_datum(SmcRing128 total, int64 count, int scale, Oid result_type)
{
	switch (result_type)
	{
		case NUMERICOID:
			return DirectFunctionCall2(numeric_div, to_numeric(total, scale),
									   NumericGetDatum(int64_to_numeric(count)));
		case FLOAT8OID:
			return Float8GetDatum(to_float8(total, scale) / (float8) count);
		default:
			elog(ERROR, "an average can't be of type %u", result_type);
	}
}

/*
 * What a contest found.  A minimum or maximum of no rows, or the first among
 * parties that all have none, is NULL.
 */
static Datum
contest_datum(const Place *place, Oid result_type, bool *isnull)
{
	const SmcAgg *agg = &place->query->aggs[place->agg];
	SmcRing128	found;
	Datum		value;

	switch (agg->kind)
	{
		case SMC_AGG_MIN:
		case SMC_AGG_MAX:
			*isnull = !get_total(place, agg->kind == SMC_AGG_MIN ? SMC_SLOT_MIN : SMC_SLOT_MAX, &found) ||
				found == (agg->kind == SMC_AGG_MIN ? SMC_CONTEST_NONE_HIGH : SMC_CONTEST_NONE_LOW);
			if (*isnull)
				return (Datum) 0;
			if (smc_extreme_from_ring(found, result_type, &value))
				return value;
			if (result_type == INT2OID)
				return Int16GetDatum((int16) smc_extreme_integer(found, PG_INT16_MIN, PG_INT16_MAX));
			if (result_type == INT4OID)
				return Int32GetDatum((int32) smc_extreme_integer(found, PG_INT32_MIN, PG_INT32_MAX));
			return smc_figure_number(found, agg->scale, result_type);
		case SMC_AGG_COMPARE:
			*isnull = !get_total(place, SMC_SLOT_COMPARE, &found);
			return *isnull ? (Datum) 0 : Int32GetDatum((int32) to_int64(found));
		case SMC_AGG_ARGMIN:
		case SMC_AGG_ARGMAX:
			*isnull = !get_total(place, agg->kind == SMC_AGG_ARGMIN ? SMC_SLOT_ARGMIN : SMC_SLOT_ARGMAX, &found) ||
				found >= (SmcRing128) place->study->party_count;
			return *isnull ? (Datum) 0 : CStringGetTextDatum(place->study->parties[(int) found]);
		default:
			elog(ERROR, "aggregate of kind %d is no contest", (int) agg->kind);
	}
}

/* What a search found of one fraction, as that type. */
static Datum
ranked_datum(const Place *place, const SmcFraction *fraction, Oid type, bool *isnull)
{
	const SmcLayout *layout = place->layout;
	int			slot = fraction->is_null ? -1 :
		smc_layout_find_rank(place->study, place->query, layout, place->agg, fraction);

	*isnull = slot < 0 || place->outcome->states[place->first + slot] != SMC_ELEMENT_OPENED;
	if (*isnull)
		return (Datum) 0;
	return smc_percentile_figure(&place->query->aggs[place->agg], fraction,
								 &place->outcome->ranked[place->first / layout->slot_count * layout->rank_count +
														 layout->slots[slot].rank], type);
}

/* A percentile, or an array of them: NULL where there are no values. */
static Datum
percentile_datum(const Place *place, Oid result_type, bool *isnull)
{
	SmcFraction fractions[SMC_PERCENTILES_MAX];
	Datum		values[SMC_PERCENTILES_MAX];
	bool		nulls[SMC_PERCENTILES_MAX];
	Oid			element = get_element_type(result_type);
	int			count = smc_percentile_fractions(&place->query->aggs[place->agg], fractions);
	int			lower = 1;
	int16		len;
	bool		by_value;
	char		align;

	if (!OidIsValid(element))
		return ranked_datum(place, &fractions[0], result_type, isnull);
	*isnull = true;
	for (int i = 0; i < count; i++)
	{
		values[i] = ranked_datum(place, &fractions[i], element, &nulls[i]);
		*isnull &= nulls[i];
	}
	if (*isnull)
		return (Datum) 0;
	get_typlenbyvalalign(element, &len, &by_value, &align);
	return PointerGetDatum(construct_md_array(values, nulls, 1, &count, &lower, element, len, by_value, align));
}

/* A fitted model: NULL where there are no rows. */
static Datum
fitted_datum(const Place *place, Oid result_type, bool *isnull)
{
	const SmcLayout *layout = place->layout;

	for (int i = 0; i < layout->slot_count; i++)
	{
		const SmcSlot *slot = &layout->slots[i];

		if (slot->kind != SMC_SLOT_FIT || slot->agg != place->agg ||
			place->outcome->states[place->first + i] != SMC_ELEMENT_OPENED)
			continue;
		*isnull = false;
		return smc_model_fitted(place->study, &place->query->aggs[place->agg],
								&place->outcome->fitted[place->first / layout->slot_count * layout->fit_count + slot->rank],
								result_type);
	}
	return (Datum) 0;
}

/* An integer as its type; raises where it is beyond. */
static Datum
integer_datum(const SmcJointFigure *figure, Oid result_type)
{
	SmcWide		value = figure->value;
	int64		integer = (int64) value.limb[0];
	SmcWide		narrow = smc_wide_from_int(integer);
	bool		fits = memcmp(&narrow, &value, sizeof(value)) == 0;

	switch (result_type)
	{
		case INT2OID:
			if (!fits || integer < PG_INT16_MIN || integer > PG_INT16_MAX)
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("smallint out of range")));
			return Int16GetDatum((int16) integer);
		case INT4OID:
			if (!fits || integer < PG_INT32_MIN || integer > PG_INT32_MAX)
				ereport(ERROR,
						(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
						 errmsg("integer out of range")));
			return Int32GetDatum((int32) integer);
		default:
			if (!fits)
				raise_bigint_range();
			return Int64GetDatum(integer);
	}
}

/*
 * A histogram, whose buckets were opened as they were added up, or by the
 * circuit: NULL are those that are withheld.
 */
static Datum
histogram_datum(const Place *place, bool *isnull)
{
	const SmcAgg *agg = &place->query->aggs[place->agg];
	const SmcLayout *layout = place->layout;
	int			joint = smc_circuit_find(layout->circuit, place->agg);
	int			count = smc_tally_places(place->study, agg);
	int			slot = joint >= 0 ? -1 : smc_layout_find_tally(place->study, place->query, layout, place->agg, 1);
	Datum	   *values = palloc(count * sizeof(Datum));
	bool	   *nulls = palloc(count * sizeof(bool));
	int			lower = 1;

	*isnull = (smc_query_recipients(place->study, place->query, place->agg) & (1u << place->study->self)) == 0;
	if (*isnull)
		return (Datum) 0;
	for (int i = 0; i < count; i++)
	{
		if (joint >= 0)
		{
			const SmcJointFigure *figures = place->outcome->figures +
				place->first / layout->slot_count * layout->circuit->output_count;

			nulls[i] = figures[joint + i].state != SMC_ELEMENT_OPENED || figures[joint + i].is_null;
			values[i] = nulls[i] ? (Datum) 0 : integer_datum(&figures[joint + i], INT8OID);
		}
		else
		{
			nulls[i] = place->outcome->states[place->first + slot + i] != SMC_ELEMENT_OPENED;
			values[i] = nulls[i] ? (Datum) 0 : Int64GetDatum(to_int64(place->outcome->totals[place->first + slot + i]));
		}
	}
	return PointerGetDatum(construct_md_array(values, nulls, 1, &count, &lower, INT8OID,
											  sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

/* A sum of intervals, likewise of three numbers. */
static Datum
interval_datum(const Place *place, bool *isnull)
{
	const SmcLayout *layout = place->layout;
	int			joint = smc_circuit_find(layout->circuit, place->agg);
	SmcRing128	parts[SMC_INTERVAL_PARTS];

	*isnull = (smc_query_recipients(place->study, place->query, place->agg) & (1u << place->study->self)) == 0 ||
		(joint < 0 && rests_on_nothing(place));
	for (int i = 0; i < SMC_INTERVAL_PARTS && !*isnull; i++)
	{
		if (joint >= 0)
		{
			const SmcJointFigure *figure = place->outcome->figures + joint + i +
				place->first / layout->slot_count * layout->circuit->output_count;

			*isnull = figure->state != SMC_ELEMENT_OPENED || figure->is_null;
			parts[i] = (SmcRing128) figure->value.limb[1] << 64 | figure->value.limb[0];
		}
		else
		{
			size_t		element = place->first +
				smc_layout_find_interval(place->study, place->query, layout, place->agg, i);

			*isnull = place->outcome->states[element] != SMC_ELEMENT_OPENED;
			parts[i] = place->outcome->totals[element];
		}
	}
	return *isnull ? (Datum) 0 : smc_interval_from_parts(parts);
}

/* An aggregate's figure from what was added up, or a contest, in one cell. */
static Datum
total_datum(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
			const SmcOutcome *outcome, uint32 cell, int agg,
			Oid result_type, bool *isnull)
{
	Place		place = {study, query, layout, outcome, (size_t) cell * layout->slot_count, agg};
	SmcAggKind	kind = query->aggs[agg].kind;
	bool		is_count = smc_query_is_count(kind);
	SmcRing128	sum = 0;
	SmcRing128	count = 0;

	*isnull = true;
	if (!(smc_query_recipients(study, query, agg) & (1u << study->self)))
		return (Datum) 0;

	if (smc_percentile_is_one(kind))
		return percentile_datum(&place, result_type, isnull);
	if (kind == SMC_AGG_LOGREGR)
		return fitted_datum(&place, result_type, isnull);
	if (kind == SMC_AGG_DISTINCT)
	{
		*isnull = !get_total(&place, SMC_SLOT_DISTINCT, &count);
		return Int64GetDatum(to_int64(count));
	}
	if (smc_query_is_contest(kind))
		return contest_datum(&place, result_type, isnull);

	if (rests_on_nothing(&place))
	{
		*isnull = !is_count;
		return Int64GetDatum(0);
	}
	if (kind != SMC_AGG_SUM && !get_total(&place, SMC_SLOT_COUNT, &count))
		return (Datum) 0;
	if (!is_count && !get_total(&place, SMC_SLOT_SUM, &sum))
		return (Datum) 0;

	*isnull = false;
	if (is_count)
		return Int64GetDatum(to_int64(count));
	if (kind == SMC_AGG_SUM)
		return smc_figure_number(sum, query->aggs[agg].scale, result_type);
	return avg_datum(sum, to_int64(count), query->aggs[agg].scale, result_type);
}

/* ---- figures from the circuit ----------------------------------------------------- */

/*
 * Digits after the point to show of a quotient: as many as were opened; but of
 * an exact power of 10000 PostgreSQL's numeric division shows four more, since
 * dividend and divisor then begin with the same digits.  A standard deviation has
 * its variance's digits.  Of a statistic that is zero none are shown.
 */
static int
shown_digits(const SmcStatistic *statistic, const SmcJointFigure *figure)
{
	bool		is_root = statistic != NULL && statistic->is_root;

	if (statistic != NULL && smc_wide_is_zero(&figure->value))
		return 0;
	for (int weight = 4; weight >= -4; weight--)
	{
		int			exponent = figure->digits + (is_root ? 2 : 4) * weight;
		SmcWide		power;
		SmcWide		negative;

		if (exponent < 0 || exponent > 150)
			continue;
		power = smc_wide_power_of_ten(exponent);
		negative = smc_wide_negate(&power);
		if (memcmp(&power, &figure->value, sizeof(power)) == 0 ||
			memcmp(&negative, &figure->value, sizeof(power)) == 0)
			return Max(figure->digits, 20 - 4 * weight);
	}
	return figure->digits;
}

static Datum
decimal_datum(const SmcAgg *agg, const SmcCircuitOutput *out, const SmcJointFigure *figure, Oid result_type)
{
	const SmcStatistic *statistic = agg != NULL ? smc_statistic_of(agg->kind) : NULL;
	char		text[2 * SMC_WIDE_DECIMAL_MAX];
	int			digits = out->digits >= 0 ? shown_digits(statistic, figure) : figure->digits;

	smc_wide_to_decimal(&figure->value, Min(figure->digits, digits), text);
	switch (result_type)
	{
		case FLOAT8OID:
			return DirectFunctionCall1(float8in, CStringGetDatum(text));
		case FLOAT4OID:
			return DirectFunctionCall1(float4in, CStringGetDatum(text));
		case NUMERICOID:
			if (digits > figure->digits && figure->digits == 0)
				strcat(text, ".");
			for (int i = figure->digits; i < digits; i++)
				strcat(text, "0");
			return DirectFunctionCall3(numeric_in, CStringGetDatum(text),
									   ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));
		default:
			elog(ERROR, "a number on shares can't be of type %u", result_type);
	}
}

/* The aggregate that an output is, alone; NULL for a formula. */
static const SmcAgg *
lone_agg(const SmcQuery *query, int output)
{
	return output < SMC_QUERY_AGGS_MAX ? &query->aggs[output] : NULL;
}

/* An output of the circuit in one cell, as a type. */
static Datum
joint_datum(const SmcStudy *study, const SmcQuery *query, const SmcCircuitOutput *out,
			const SmcJointFigure *figure, Oid result_type, bool *isnull)
{
	SmcRing128	ring;
	Datum		value;

	*isnull = figure->state != SMC_ELEMENT_OPENED || figure->is_null;
	if (*isnull)
		return (Datum) 0;
	if (lone_agg(query, out->output) != NULL && lone_agg(query, out->output)->kind == SMC_AGG_MODE)
		return smc_tally_value(study, lone_agg(query, out->output), (int) Min(figure->value.limb[0], PG_INT32_MAX),
							   result_type);
	if (out->is_bit)
		return BoolGetDatum(figure->bit);

	ring = (SmcRing128) figure->value.limb[1] << 64 | figure->value.limb[0];
	if (result_type == TEXTOID)
	{
		/* the only texts on shares are parties' names */
		if (ring >= (SmcRing128) study->party_count)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("the joint answer over study \"%s\" names no party", study->name),
					 errdetail("A party has sent what doesn't belong to the computation.")));
		return CStringGetTextDatum(study->parties[(int) ring]);
	}
	if (out->is_ordered && smc_extreme_from_ring(ring, result_type, &value))
		return value;
	if (smc_optable_class(result_type) == SMC_CLASS_INT)
	{
		if (figure->digits != 0)
			elog(ERROR, "an integer on shares has digits after the point");
		return integer_datum(figure, result_type);
	}
	return decimal_datum(lone_agg(query, out->output), out, figure, result_type);
}

Datum
smc_figure_of(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
			  const SmcOutcome *outcome, uint32 cell, int agg,
			  Oid result_type, bool *isnull)
{
	int			joint = smc_circuit_find(layout->circuit, agg);

	if (agg < SMC_QUERY_AGGS_MAX)
	{
		Place		place = {study, query, layout, outcome, (size_t) cell * layout->slot_count, agg};

		if (query->aggs[agg].kind == SMC_AGG_HISTOGRAM)
			return histogram_datum(&place, isnull);
		if (smc_interval_is_sum(&query->aggs[agg]))
			return interval_datum(&place, isnull);
	}
	if (joint >= 0 && lone_agg(query, agg) != NULL && smc_model_of(query->aggs[agg].kind) != NULL)
		return smc_model_figure(study, &query->aggs[agg],
								&outcome->figures[(size_t) cell * layout->circuit->output_count + joint],
								result_type, isnull);
	if (joint >= 0)
		return joint_datum(study, query, &layout->circuit->outputs[joint],
						   &outcome->figures[(size_t) cell * layout->circuit->output_count + joint],
						   result_type, isnull);
	return total_datum(study, query, layout, outcome, cell, agg, result_type, isnull);
}

bool
smc_figure_cell_shown(const SmcQuery *query, const SmcLayout *layout,
					  const SmcOutcome *outcome, uint32 cell)
{
	size_t		element;

	if (query->having != NULL || (layout->circuit != NULL && layout->circuit->all_shown))
		return outcome->shown[cell];

	/* without GROUP BY there is a row even over no rows */
	if (query->group_count == 0)
		return outcome->withheld_cells == 0;

	element = (size_t) cell * layout->slot_count + layout->rows_slot;
	if (outcome->states[element] != SMC_ELEMENT_OPENED)
		return false;
	if (layout->min_rows > 1)
		return outcome->totals[element] >= layout->min_rows;
	return outcome->totals[element] != 0;
}

/*
 * Results as JSON
 */

/* A text as a JSON value: numbers and booleans as such, all else as a string. */
static void
append_value(StringInfo buf, Oid type, const char *text)
{
	switch (smc_optable_class(type))
	{
		case SMC_CLASS_BOOL:
			appendStringInfoString(buf, text[0] == 't' ? "true" : "false");
			break;
		case SMC_CLASS_INT:
		case SMC_CLASS_NUMERIC:
		case SMC_CLASS_FLOAT:
			if (strpbrk(text, "NI") == NULL)
			{
				appendStringInfoString(buf, text);
				break;
			}
			/* FALLTHROUGH */
		default:
			escape_json(buf, text);
			break;
	}
}

/* Whether an output is a count, or a comparison's sign. */
static bool
is_small(const SmcQuery *query, int output)
{
	SmcAggKind	kind;

	if (output >= SMC_QUERY_AGGS_MAX)
		return false;
	kind = query->aggs[output].kind;
	return smc_query_is_count(kind) || kind == SMC_AGG_DISTINCT || kind == SMC_AGG_COMPARE;
}

/* The type in which an output is written: wide enough for any total. */
static Oid
json_type(const SmcQuery *query, int output)
{
	Oid			type = output >= SMC_QUERY_AGGS_MAX ? query->formulas[output - SMC_QUERY_AGGS_MAX]->type :
		smc_query_agg_type(&query->aggs[output]);
	switch (smc_optable_class(type))
	{
		case SMC_CLASS_FLOAT:
			return FLOAT8OID;
		case SMC_CLASS_INT:
			return is_small(query, output) ? INT8OID : NUMERICOID;
		default:
			return type;
	}
}

/* A value as its type's output function writes it. */
static char *
output_text(Oid type, Datum figure)
{
	Oid			output;
	bool		is_varlena;

	getTypeOutputInfo(type, &output, &is_varlena);
	return OidOutputFunctionCall(output, figure);
}

static char *
figure_text(Oid type, Datum figure)
{
	switch (type)
	{
		case INT8OID:
			return psprintf(INT64_FORMAT, DatumGetInt64(figure));
		case BOOLOID:
			return pstrdup(DatumGetBool(figure) ? "t" : "f");
		case FLOAT8OID:
			return float8out_internal(DatumGetFloat8(figure));
		case TEXTOID:
			return TextDatumGetCString(figure);
		case DATEOID:
			return DatumGetCString(DirectFunctionCall1(date_out, figure));
		case TIMESTAMPOID:
			return DatumGetCString(DirectFunctionCall1(timestamp_out, figure));
		case TIMESTAMPTZOID:
			return DatumGetCString(DirectFunctionCall1(timestamptz_out, figure));
		case NUMERICOID:
			return DatumGetCString(DirectFunctionCall1(numeric_out, figure));
		default:
			return output_text(type, figure);
	}
}

/* Append the cell's object: group values, then the figures that are for us. */
static void
append_cell(StringInfo buf, const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout,
			const SmcOutcome *outcome, uint32 cell, char **names)
{
	int			indexes[SMC_QUERY_GROUPS_MAX];
	const char *separator = "";
	ListCell   *lc;

	smc_layout_cell_groups(study, query, cell, indexes);
	appendStringInfoChar(buf, '{');
	for (int i = 0; i < query->group_count; i++)
	{
		const SmcColumn *column = &study->columns[query->group_columns[i]];

		appendStringInfoString(buf, separator);
		escape_json(buf, column->name);
		appendStringInfoString(buf, ": ");
		if (indexes[i] < 0)
			appendStringInfoString(buf, "null");
		else
			append_value(buf, column->type, column->values[indexes[i]]);
		separator = ", ";
	}
	foreach(lc, smc_query_outputs(query))
	{
		int			output = lfirst_int(lc);
		Oid			type = json_type(query, output);
		bool		isnull;
		Datum		figure;

		if (!(smc_query_recipients(study, query, output) & (1u << study->self)))
			continue;
		figure = smc_figure_of(study, query, layout, outcome, cell, output, type, &isnull);
		appendStringInfoString(buf, separator);
		escape_json(buf, names[foreach_current_index(lc)]);
		appendStringInfoString(buf, ": ");
		if (isnull)
			appendStringInfoString(buf, "null");
		else if (smc_optable_class(type) == SMC_CLASS_OTHER && type_is_rowtype(type))
			appendStringInfoString(buf, TextDatumGetCString(DirectFunctionCall1(row_to_json, figure)));
		else
			append_value(buf, type, figure_text(type, figure));
		separator = ", ";
	}
	appendStringInfoChar(buf, '}');
}

char *
smc_figure_json(const SmcStudy *study, const SmcQuery *query,
				const SmcLayout *layout, const SmcOutcome *outcome)
{
	List	   *outputs = smc_query_outputs(query);
	char	  **names = palloc(Max(list_length(outputs), 1) * sizeof(char *));
	const char *separator = "";
	int			level = smc_modes_begin();
	StringInfoData buf;
	ListCell   *lc;

	foreach(lc, outputs)
		names[foreach_current_index(lc)] = smc_query_output_text(study, query, lfirst_int(lc));

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '[');
	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		if (!smc_figure_cell_shown(query, layout, outcome, cell))
			continue;
		appendStringInfoString(&buf, separator);
		append_cell(&buf, study, query, layout, outcome, cell, names);
		separator = ", ";
	}
	appendStringInfoChar(&buf, ']');
	smc_modes_end(level);
	return buf.data;
}
