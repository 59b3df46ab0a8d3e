/*
 * Histograms drawn as text.
 *
 * It returns a row for each bucket, not one text with newlines: psql shows a '+'
 * at the end of every line of such a text, and nothing at the end of a row.  In a
 * query by groups each line stands beside its group.
 *
 * It works on counts that are told, whoever counted, so it is nothing of the
 * joint computation's: over smc_histogram() PostgreSQL applies it to the opened
 * buckets.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "pg/smc_plot.h"

PG_FUNCTION_INFO_V1(smc_plot);
PG_FUNCTION_INFO_V1(smc_plot_numeric);
PG_FUNCTION_INFO_V1(smc_plot_timestamp);

#define BAR_WIDTH	40			/* characters of the longest bar */
#define DIGITS_MAX	10			/* after the point of an edge that is shown exactly */

/* A histogram on its way out. */
typedef struct Plot
{
	int			count;
	int64	   *counts;
	bool	   *withheld;
	int64		largest;
	char	  **edges;			/* count + 1 texts; NULL: not known */
	int			edge_width;		/* of the longest */
	bool		blocks;			/* the encoding has block characters */
} Plot;

/* Read the array, in the memory context of the whole call. */
static Plot *
read_counts(ArrayType *array)
{
	Plot	   *plot = palloc0(sizeof(Plot));
	Datum	   *values;

	if (ARR_NDIM(array) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_ARRAY_SUBSCRIPT_ERROR),
				 errmsg("a histogram has one dimension")));
	deconstruct_array(array, INT8OID, sizeof(int64), FLOAT8PASSBYVAL, TYPALIGN_DOUBLE,
					  &values, &plot->withheld, &plot->count);
	plot->counts = palloc(Max(plot->count, 1) * sizeof(int64));
	for (int i = 0; i < plot->count; i++)
	{
		plot->counts[i] = plot->withheld[i] ? 0 : DatumGetInt64(values[i]);
		plot->largest = Max(plot->largest, plot->counts[i]);
	}
	plot->blocks = GetDatabaseEncoding() == PG_UTF8;
	return plot;
}

static void
raise_bounds(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_ARGUMENT_FOR_WIDTH_BUCKET_FUNCTION),
			 errmsg("the bounds of a histogram must be finite, the lower one below the upper one")));
}

static void
take_edge(Plot *plot, int i, char *text)
{
	plot->edges[i] = text;
	plot->edge_width = Max(plot->edge_width, (int) strlen(text));
}

/* ---- edges ------------------------------------------------------------------------------- */

static Datum
number(int64 value)
{
	return NumericGetDatum(int64_to_numeric(value));
}

static bool
is_less(Datum a, Datum b)
{
	return DatumGetBool(DirectFunctionCall2(numeric_lt, a, b));
}

static Datum
rounded(Datum value, int digits)
{
	return DirectFunctionCall2(numeric_round, value, Int32GetDatum(digits));
}

/*
 * How many digits after the point edges are shown with: as many as they have, or,
 * where that is too many, as leave the width of a bucket three digits.
 */
static int
edge_digits(const Datum *edges, int count)
{
	Datum		width = DirectFunctionCall2(numeric_sub, edges[1], edges[0]);
	int			digits;
	int			same = 0;

	for (digits = 0; digits <= DIGITS_MAX && same <= count; digits++)
	{
		for (same = 0; same <= count; same++)
		{
			if (!DatumGetBool(DirectFunctionCall2(numeric_eq, edges[same], rounded(edges[same], digits))))
				break;
		}
	}
	if (same > count)
		return digits - 1;
	for (digits = 0; digits < 100 && is_less(width, number(100)); digits++)
		width = DirectFunctionCall2(numeric_mul, width, number(10));
	return digits;
}

static void
find_numeric_edges(Plot *plot, Datum lo, Datum hi)
{
	Datum	   *edges = palloc((plot->count + 1) * sizeof(Datum));
	Datum		width;
	int			digits;

	if (numeric_is_nan(DatumGetNumeric(lo)) || numeric_is_nan(DatumGetNumeric(hi)) ||
		strpbrk(DatumGetCString(DirectFunctionCall1(numeric_out, lo)), "NI") != NULL ||
		strpbrk(DatumGetCString(DirectFunctionCall1(numeric_out, hi)), "NI") != NULL || !is_less(lo, hi))
		raise_bounds();
	if (plot->count == 0)
		return;
	width = DirectFunctionCall2(numeric_sub, hi, lo);
	plot->edges = palloc((plot->count + 1) * sizeof(char *));
	for (int i = 0; i <= plot->count; i++)
	{
		Datum		step = DirectFunctionCall2(numeric_div, DirectFunctionCall2(numeric_mul, width, number(i)),
											   number(plot->count));

		edges[i] = DirectFunctionCall2(numeric_add, lo, step);
	}
	digits = edge_digits(edges, plot->count);
	for (int i = 0; i <= plot->count; i++)
		take_edge(plot, i, DatumGetCString(DirectFunctionCall1(numeric_out, rounded(edges[i], digits))));
}

/* Days are shown as such where all edges are whole ones. */
static void
find_timestamp_edges(Plot *plot, Timestamp lo, Timestamp hi)
{
	Timestamp  *edges = palloc((plot->count + 1) * sizeof(Timestamp));
	bool		days = true;

	if (TIMESTAMP_NOT_FINITE(lo) || TIMESTAMP_NOT_FINITE(hi) || lo >= hi)
		raise_bounds();
	if (plot->count == 0)
		return;
	plot->edges = palloc((plot->count + 1) * sizeof(char *));
	for (int i = 0; i <= plot->count; i++)
	{
		edges[i] = lo + (Timestamp) (((int128) hi - lo) * i / plot->count);
		days &= edges[i] % USECS_PER_DAY == 0;
	}
	for (int i = 0; i <= plot->count; i++)
		take_edge(plot, i, DatumGetCString(days ?
										   DirectFunctionCall1(date_out, DateADTGetDatum((DateADT) (edges[i] / USECS_PER_DAY))) :
										   DirectFunctionCall1(timestamp_out, TimestampGetDatum(edges[i]))));
}

/* ---- lines ---------------------------------------------------------------------------------- */

/* A bar in eighths of a character: from none to eight of eight, U+2588 being the whole. */
static void
append_blocks(StringInfo buf, int eighths)
{
	for (; eighths > 0; eighths -= 8)
	{
		char		block[3] = {'\xe2', '\x96', (char) (0x90 - Min(eighths, 8))};

		appendBinaryStringInfo(buf, block, sizeof(block));
	}
}

static void
append_bar(StringInfo buf, const Plot *plot, int64 count)
{
	int			units = plot->blocks ? 8 : 1;
	int			length = 0;

	if (count > 0)
	{
		length = (int) (((int128) count * BAR_WIDTH * units + plot->largest / 2) / plot->largest);
		length = Max(length, 1);	/* there is something */
	}
	if (plot->blocks)
		append_blocks(buf, length);
	for (int i = 0; !plot->blocks && i < length; i++)
		appendStringInfoChar(buf, '#');
	if (length > 0)
		appendStringInfoChar(buf, ' ');
}

static text *
line(const Plot *plot, int i)
{
	StringInfoData buf;

	initStringInfo(&buf);
	if (plot->edges != NULL)
		appendStringInfo(&buf, "%*s %s %*s ", plot->edge_width, plot->edges[i],
						 plot->blocks ? "\xe2\x80\x93" : "-", plot->edge_width, plot->edges[i + 1]);
	else
		appendStringInfo(&buf, "%*d ", (int) strlen(psprintf("%d", plot->count)), i + 1);
	appendStringInfoString(&buf, plot->blocks ? "\xe2\x94\x82" : "|");
	if (plot->withheld[i])
		appendStringInfoString(&buf, " withheld");
	else
	{
		append_bar(&buf, plot, plot->counts[i]);
		if (plot->counts[i] <= 0)
			appendStringInfoChar(&buf, ' ');
		appendStringInfo(&buf, INT64_FORMAT, plot->counts[i]);
	}
	return cstring_to_text_with_len(buf.data, buf.len);
}

/* Where the bounds of a plot come from. */
typedef enum Bounds
{
	BOUNDS_NONE,
	BOUNDS_NUMERIC,
	BOUNDS_TIMESTAMP
} Bounds;

static Datum
draw(FunctionCallInfo fcinfo, Bounds bounds)
{
	FuncCallContext *context;
	Plot	   *plot;
	text	   *next;

	if (SRF_IS_FIRSTCALL())
	{
		MemoryContext caller;

		context = SRF_FIRSTCALL_INIT();
		caller = MemoryContextSwitchTo(context->multi_call_memory_ctx);
		plot = read_counts(PG_GETARG_ARRAYTYPE_P(0));
		if (bounds == BOUNDS_NUMERIC)
			find_numeric_edges(plot, PG_GETARG_DATUM(1), PG_GETARG_DATUM(2));
		else if (bounds == BOUNDS_TIMESTAMP)
			find_timestamp_edges(plot, PG_GETARG_TIMESTAMP(1), PG_GETARG_TIMESTAMP(2));
		context->user_fctx = plot;
		context->max_calls = plot->count;
		MemoryContextSwitchTo(caller);
	}
	context = SRF_PERCALL_SETUP();
	plot = context->user_fctx;
	if (context->call_cntr >= context->max_calls)
		SRF_RETURN_DONE(context);
	next = line(plot, (int) context->call_cntr);
	SRF_RETURN_NEXT(context, PointerGetDatum(next));
}

/* smc_plot(histogram bigint[]) returns setof text */
Datum
smc_plot(PG_FUNCTION_ARGS)
{
	return draw(fcinfo, BOUNDS_NONE);
}

/* smc_plot(histogram bigint[], lo numeric, hi numeric) returns setof text */
Datum
smc_plot_numeric(PG_FUNCTION_ARGS)
{
	return draw(fcinfo, BOUNDS_NUMERIC);
}

/* smc_plot(histogram bigint[], lo timestamp, hi timestamp) returns setof text */
Datum
smc_plot_timestamp(PG_FUNCTION_ARGS)
{
	return draw(fcinfo, BOUNDS_TIMESTAMP);
}
