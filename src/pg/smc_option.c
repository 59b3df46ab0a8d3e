/*
 * How the text of each option is read.
 *
 * What takes more than the option itself to judge (a column's type, the other
 * options, other objects) isn't judged here, as the validator sees one list at
 * a time; smc_study_load does that.
 */
#include "postgres.h"

#include <float.h>

#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "fmgr.h"
#include "nodes/value.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgroids.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "pg/smc_identity.h"
#include "pg/smc_option.h"

const char *
smc_option_get(List *options, const char *name)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *def = lfirst_node(DefElem, cell);

		if (strcmp(def->defname, name) == 0)
			return defGetString(def);
	}
	return NULL;
}

void
smc_option_raise_value(const char *option, const char *value, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid value for option \"%s\": \"%s\"", option, value),
			 errdetail("%s", detail)));
}

/* Tell which option it was, where the error comes from a parser that doesn't know. */
static void
add_context(void *arg)
{
	errcontext("option \"%s\"", (const char *) arg);
}

static void
push_context(ErrorContextCallback *callback, const char *option)
{
	callback->callback = add_context;
	callback->arg = (void *) option;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

List *
smc_option_parse_names(const char *value, const char *option)
{
	ErrorContextCallback callback;
	List	   *names = NIL;
	const char *at = value;

	for (;;)
	{
		const char *comma = strchr(at, ',');
		const char *start = at;
		const char *end = comma != NULL ? comma : at + strlen(at);
		char	   *name;
		ListCell   *cell;

		while (start < end && isspace((unsigned char) *start))
			start++;
		while (end > start && isspace((unsigned char) end[-1]))
			end--;
		if (start == end)
			smc_option_raise_value(option, value, "It must be a comma-separated list of parties' names.");

		name = pnstrdup(start, end - start);
		push_context(&callback, option);
		smc_identity_check_name(name);
		error_context_stack = callback.previous;
		foreach(cell, names)
		{
			if (strcmp((char *) lfirst(cell), name) == 0)
				smc_option_raise_value(option, value, psprintf("Party \"%s\" is named twice.", name));
		}
		names = lappend(names, name);

		if (comma == NULL)
			break;
		at = comma + 1;
	}

	if (list_length(names) > SMC_PARTIES_MAX)
		smc_option_raise_value(option, value,
							   psprintf("At most %d parties can compute together.", SMC_PARTIES_MAX));
	return names;
}

SmcRecipients
smc_option_parse_recipients(const char *value, const char *option, List **names)
{
	*names = NIL;
	if (strcmp(value, "all") == 0)
		return SMC_RECIPIENTS_ALL;
	if (strcmp(value, "none") == 0)
		return SMC_RECIPIENTS_NONE;
	*names = smc_option_parse_names(value, option);
	return SMC_RECIPIENTS_LIST;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

const char *
smc_option_find_twice(int count, char *const *texts)
{
	char	  **sorted = palloc(sizeof(char *) * Max(count, 1));
	const char *twice = NULL;
	int			i;

	memcpy(sorted, texts, sizeof(char *) * count);
	qsort(sorted, count, sizeof(char *), compare_texts);
	for (i = 1; i < count && twice == NULL; i++)
		if (strcmp(sorted[i - 1], sorted[i]) == 0)
			twice = sorted[i];
	pfree(sorted);
	return twice;
}

char **
smc_option_parse_values(const char *literal, int *count)
{
	ErrorContextCallback callback;
	ArrayType  *array;
	Datum	   *elements;
	bool	   *nulls;
	char	  **values;
	const char *twice;
	int			n;
	int			i;

	push_context(&callback, "values");
	array = DatumGetArrayTypeP(OidInputFunctionCall(F_ARRAY_IN, (char *) literal, TEXTOID, -1));
	error_context_stack = callback.previous;
	if (ARR_NDIM(array) != 1)
		smc_option_raise_value("values", literal, ARR_NDIM(array) == 0 ?
							   "At least one value is needed." : "It must be an array of one dimension.");

	deconstruct_array(array, TEXTOID, -1, false, TYPALIGN_INT, &elements, &nulls, &n);
	values = palloc(sizeof(char *) * n);
	for (i = 0; i < n; i++)
	{
		if (nulls[i])
			smc_option_raise_value("values", literal,
								   "NULL isn't listed: it is always possible, unless the column is NOT NULL.");
		values[i] = TextDatumGetCString(elements[i]);
	}

	twice = smc_option_find_twice(n, values);
	if (twice != NULL)
		smc_option_raise_value("values", literal, psprintf("Value \"%s\" is listed twice.", twice));

	*count = n;
	return values;
}

List *
smc_option_parse_source(const char *value)
{
	char	   *copy = pstrdup(value);
	List	   *parts;
	List	   *names = NIL;
	ListCell   *cell;

	if (!SplitIdentifierString(copy, '.', &parts) || parts == NIL || list_length(parts) > 2)
		smc_option_raise_value("source", value,
							   "It must be the name of a table or view, with its schema or without.");

	foreach(cell, parts)
		names = lappend(names, makeString(pstrdup((char *) lfirst(cell))));
	list_free(parts);
	pfree(copy);
	return names;
}

int
smc_option_parse_int(const char *value, const char *option, int min, int max)
{
	size_t		len = strlen(value);
	long		number;

	/* Ten digits fit a long; nothing but digits, so that a number has one way to be written. */
	if (len == 0 || len > 10 || strspn(value, "0123456789") != len)
		number = -1;
	else
		number = strtol(value, NULL, 10);

	if (number < min || number > max)
		smc_option_raise_value(option, value, max == PG_INT32_MAX ?
							   psprintf("It must be a whole number of at least %d.", min) :
							   psprintf("It must be a whole number from %d to %d.", min, max));
	return (int) number;
}

double
smc_option_parse_positive(const char *value, const char *option)
{
	size_t		len = strlen(value);
	double		number = 0;
	char	   *end = NULL;

	/* No spaces, no hexadecimal, no words. */
	if (len > 0 && strspn(value, "0123456789.eE+-") == len)
	{
		number = strtod(value, &end);
		if (*end != '\0')
			number = 0;
	}

	if (!(number > 0 && number <= DBL_MAX))
		smc_option_raise_value(option, value, "It must be a number greater than zero.");
	return number;
}

bool
smc_option_parse_approve(const char *value)
{
	if (strcmp(value, "each") == 0)
		return true;
	if (strcmp(value, "none") != 0)
		smc_option_raise_value("approve", value, "It must be \"none\" or \"each\".");
	return false;
}

bool
smc_option_parse_switch(const char *value, const char *option)
{
	if (strcmp(value, "on") == 0)
		return true;
	if (strcmp(value, "off") != 0)
		smc_option_raise_value(option, value, "It must be \"on\" or \"off\".");
	return false;
}

bool
smc_option_parse_filter_by(const char *value)
{
	if (strcmp(value, "values") == 0)
		return true;
	if (strcmp(value, "any") != 0)
		smc_option_raise_value("filter_by", value, "It must be \"any\" or \"values\".");
	return false;
}

/*
 * A month's length depends on the month, and how a minus sign is read on the
 * session's IntervalStyle, so neither is taken.
 */
int
smc_option_parse_within(const char *value)
{
	ErrorContextCallback callback;
	Interval   *interval;
	int64		microseconds;

	push_context(&callback, "approve_within");
	interval = DatumGetIntervalP(DirectFunctionCall3(interval_in, CStringGetDatum(value),
													 ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1)));
	error_context_stack = callback.previous;

	if (interval->month != 0 || interval->day < 0 || interval->day > SMC_APPROVE_WITHIN_MAX / SECS_PER_DAY ||
		interval->time < 0 || interval->time > SMC_APPROVE_WITHIN_MAX * USECS_PER_SEC ||
		strchr(value, '-') != NULL)
		microseconds = 0;
	else
		microseconds = interval->day * USECS_PER_DAY + interval->time;
	if (microseconds <= 0 || microseconds > SMC_APPROVE_WITHIN_MAX * USECS_PER_SEC ||
		microseconds % USECS_PER_SEC != 0)
		smc_option_raise_value("approve_within", value,
							   "It must be a time of whole seconds, from 1 second to 30 days, such as '10 minutes'.");
	return (int) (microseconds / USECS_PER_SEC);
}

char *
smc_option_write_within(int seconds)
{
	return psprintf("%02d:%02d:%02d", seconds / SECS_PER_HOUR,
					seconds / SECS_PER_MINUTE % MINS_PER_HOUR, seconds % SECS_PER_MINUTE);
}

/*
 * Read count digits at *at as a number of at most max and step over them;
 * false when there aren't.
 */
static bool
take_digits(const char **at, int count, int max, int *number)
{
	int			i;

	*number = 0;
	for (i = 0; i < count; i++)
	{
		if (!isdigit((unsigned char) **at))
			return false;
		*number = *number * 10 + (**at - '0');
		(*at)++;
	}
	return *number <= max;
}

/* Step over one character of a set; false when there is none. */
static bool
take_one(const char **at, const char *set)
{
	if (**at == '\0' || strchr(set, **at) == NULL)
		return false;
	(*at)++;
	return true;
}

/* YYYY-MM-DD, of a day that exists. */
static bool
take_date(const char **at, TimestampTz *microseconds)
{
	int			year;
	int			month;
	int			day;

	if (!take_digits(at, 4, 9999, &year) || !take_one(at, "-") ||
		!take_digits(at, 2, 12, &month) || !take_one(at, "-") ||
		!take_digits(at, 2, 31, &day))
		return false;
	if (year < 1 || month < 1 || day < 1 || day > day_tab[isleap(year)][month - 1])
		return false;
	*microseconds = (date2j(year, month, day) - POSTGRES_EPOCH_JDATE) * USECS_PER_DAY;
	return true;
}

/* HH:MM[:SS[.f...]] */
static bool
take_time(const char **at, TimestampTz *microseconds)
{
	int			hour;
	int			minute;
	int			second = 0;
	int			fraction = 0;

	if (!take_digits(at, 2, 23, &hour) || !take_one(at, ":") || !take_digits(at, 2, 59, &minute))
		return false;
	if (take_one(at, ":"))
	{
		if (!take_digits(at, 2, 59, &second))
			return false;
		if (take_one(at, "."))
		{
			int			count = Max(Min(strspn(*at, "0123456789"), 6), 1);

			if (!take_digits(at, count, 999999, &fraction))
				return false;
			for (; count < 6; count++)
				fraction *= 10;
		}
	}
	*microseconds += hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE +
		second * USECS_PER_SEC + fraction;
	return true;
}

/* Z, or +HH[:MM]: what to take away to get UTC. */
static bool
take_offset(const char **at, TimestampTz *microseconds)
{
	bool		west = (**at == '-');
	int			hour;
	int			minute = 0;

	if (take_one(at, "Z"))
		return true;
	if (!take_one(at, "+-") || !take_digits(at, 2, 15, &hour))
		return false;
	if (take_one(at, ":") && !take_digits(at, 2, 59, &minute))
		return false;
	*microseconds -= (west ? -1 : 1) * (hour * USECS_PER_HOUR + minute * USECS_PER_MINUTE);
	return true;
}

TimestampTz
smc_option_parse_expires(const char *value)
{
	const char *at = value;
	TimestampTz microseconds = 0;
	bool		valid = take_date(&at, &microseconds);

	if (valid && *at != '\0')
		valid = take_one(&at, " T") && take_time(&at, &microseconds);
	if (valid && *at != '\0')
		valid = take_offset(&at, &microseconds) && *at == '\0';
	if (!valid)
		smc_option_raise_value("expires", value,
							   "It must be a date, or a date and time, such as 2030-12-31 or 2030-12-31 18:00+01.");
	return (TimestampTz) microseconds;
}
