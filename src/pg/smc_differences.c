/*
 * In what two definitions of a study differ, in words.
 *
 * The reader is a person who must get two databases to agree: fact against
 * fact, what the other party has first, what is here second.  What the other
 * party sent may be of any size, so the number of differences told and the
 * length of each are bounded.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "pg/smc_differences.h"
#include "pg/smc_option.h"
#include "pg/smc_study.h"

#define TOLD_MAX	8			/* differences told; the rest are counted */
#define FACT_MAX	120			/* bytes told of one fact */

typedef struct Telling
{
	StringInfoData buf;
	const char *name;			/* the other party */
	int			count;			/* differences so far, told or not */
} Telling;

/* Start one more difference; false when enough are told. */
static bool
begin(Telling *telling)
{
	if (telling->count++ >= TOLD_MAX)
		return false;
	if (telling->buf.len > 0)
		appendStringInfoString(&telling->buf, "; ");
	return true;
}

static char *
clipped(const char *text)
{
	int			len = strlen(text);
	int			keep;

	if (len <= FACT_MAX)
		return pstrdup(text);
	keep = pg_mbcliplen(text, len, FACT_MAX);
	return psprintf("%.*s...", keep, text);
}

/*
 * Compare one fact; column is NULL for one of the whole study, and text NULL
 * for a fact that isn't stated.
 */
static void
compare(Telling *telling, const char *column, const char *fact,
		const char *theirs, const char *ours)
{
	if (theirs == NULL)
		theirs = "none";
	if (ours == NULL)
		ours = "none";
	if (strcmp(theirs, ours) == 0 || !begin(telling))
		return;
	appendStringInfo(&telling->buf, "%s has ", telling->name);
	if (column)
		appendStringInfo(&telling->buf, "column \"%s\" ", column);
	appendStringInfo(&telling->buf, "%s %s, here it is %s",
					 fact, clipped(theirs), clipped(ours));
}

static void
compare_number(Telling *telling, const char *column, const char *fact, int64 theirs, int64 ours)
{
	compare(telling, column, fact,
			theirs < 0 ? NULL : psprintf(INT64_FORMAT, theirs),
			ours < 0 ? NULL : psprintf(INT64_FORMAT, ours));
}

static const char *
allow_or_none(uint32 allow)
{
	return allow == 0 ? NULL : smc_study_allow_list(allow);
}

static const char *
within_or_none(int seconds)
{
	return seconds == 0 ? NULL : smc_option_write_within(seconds);
}

static char *
type_text(const SmcDefinitionColumn *column)
{
	return psprintf("%s%s%s%s", column->is_enum ? "enum " : "", column->type,
					column->collation ? " collate " : "",
					column->collation ? column->collation : "");
}

/*
 * Values: when the lists are long, the first that differs tells more than the
 * clipped lists would.
 */
static void
compare_values(Telling *telling, const SmcDefinitionColumn *theirs, const SmcDefinitionColumn *ours)
{
	int			i;

	if (theirs->has_values != ours->has_values)
	{
		if (begin(telling))
			appendStringInfo(&telling->buf, "%s has column \"%s\" %s values, here it has %s",
							 telling->name, ours->name,
							 theirs->has_values ? "with" : "without",
							 theirs->has_values ? "none" : "some");
		return;
	}
	for (i = 0; i < theirs->value_count && i < ours->value_count; i++)
	{
		if (strcmp(theirs->values[i], ours->values[i]) != 0)
		{
			if (begin(telling))
				appendStringInfo(&telling->buf,
								 "%s has column \"%s\" value %d \"%s\", here it is \"%s\"",
								 telling->name, ours->name, i + 1,
								 clipped(theirs->values[i]), clipped(ours->values[i]));
			return;
		}
	}
	if (theirs->value_count != ours->value_count && begin(telling))
		appendStringInfo(&telling->buf, "%s has column \"%s\" with %d values, here it has %d",
						 telling->name, ours->name, theirs->value_count, ours->value_count);
}

static void
compare_column(Telling *telling, const SmcDefinition *their_study, const SmcDefinitionColumn *theirs,
			   const SmcDefinition *our_study, const SmcDefinitionColumn *ours)
{
	const char *name = ours->name;

	compare(telling, name, "type", type_text(theirs), type_text(ours));
	compare(telling, name, "not_null", theirs->not_null ? "yes" : "no", ours->not_null ? "yes" : "no");
	compare(telling, name, "allow", allow_or_none(theirs->allow), allow_or_none(ours->allow));
	compare_number(telling, name, "scale", theirs->scale, ours->scale);
	compare_values(telling, theirs, ours);
	compare(telling, name, "filter_by", theirs->filter_by_values ? "values" : "any",
			ours->filter_by_values ? "values" : "any");
	compare(telling, name, "lo", theirs->lo, ours->lo);
	compare(telling, name, "hi", theirs->hi, ours->hi);
	/* what isn't stated follows the study's, whose difference is told already */
	if (theirs->has_recipients || ours->has_recipients)
		compare(telling, name, "reveal_to",
				smc_definition_names(theirs->has_recipients ? theirs->recipients : their_study->recipients),
				smc_definition_names(ours->has_recipients ? ours->recipients : our_study->recipients));
}

static const SmcDefinitionColumn *
find_column(const SmcDefinition *definition, const char *name)
{
	int			i;

	for (i = 0; i < definition->column_count; i++)
		if (strcmp(definition->columns[i].name, name) == 0)
			return &definition->columns[i];
	return NULL;
}

static void
compare_columns(Telling *telling, const SmcDefinition *theirs, const SmcDefinition *ours)
{
	bool		same_names = theirs->column_count == ours->column_count;
	int			i;

	for (i = 0; i < ours->column_count; i++)
	{
		const SmcDefinitionColumn *other = find_column(theirs, ours->columns[i].name);

		if (other)
			compare_column(telling, theirs, other, ours, &ours->columns[i]);
		else
		{
			same_names = false;
			if (begin(telling))
				appendStringInfo(&telling->buf, "%s has no column \"%s\"",
								 telling->name, ours->columns[i].name);
		}
	}
	for (i = 0; i < theirs->column_count; i++)
	{
		if (find_column(ours, theirs->columns[i].name) == NULL)
		{
			same_names = false;
			if (begin(telling))
				appendStringInfo(&telling->buf, "%s has a column \"%s\" that is not here",
								 telling->name, theirs->columns[i].name);
		}
	}
	for (i = 0; same_names && i < ours->column_count; i++)
	{
		if (strcmp(ours->columns[i].name, theirs->columns[i].name) != 0)
		{
			if (begin(telling))
				appendStringInfo(&telling->buf,
								 "%s has the columns in another order: column %d is \"%s\", here it is \"%s\"",
								 telling->name, i + 1,
								 theirs->columns[i].name, ours->columns[i].name);
			break;
		}
	}
}

char *
smc_differences_tell(const SmcDefinition *ours, const SmcDefinition *theirs, const char *their_name)
{
	Telling		telling;

	initStringInfo(&telling.buf);
	telling.name = their_name;
	telling.count = 0;

	compare(&telling, NULL, "the study named", theirs->study, ours->study);
	compare(&telling, NULL, "parties", smc_definition_names(theirs->parties), smc_definition_names(ours->parties));
	compare(&telling, NULL, "reveal_to", smc_definition_names(theirs->recipients), smc_definition_names(ours->recipients));
	compare(&telling, NULL, "query_by", smc_definition_names(theirs->askers), smc_definition_names(ours->askers));
	compare_number(&telling, NULL, "min_rows", theirs->min_rows, ours->min_rows);
	compare(&telling, NULL, "approve", theirs->approve_each ? "each" : "none",
			ours->approve_each ? "each" : "none");
	compare(&telling, NULL, "approve_within", within_or_none(theirs->approve_within),
			within_or_none(ours->approve_within));
	compare_number(&telling, NULL, "max_queries", theirs->max_queries, ours->max_queries);
	compare_number(&telling, NULL, "max_queries_per_day",
				   theirs->max_queries_per_day, ours->max_queries_per_day);
	compare_number(&telling, NULL, "max_groups",
				   theirs->max_groups > 0 ? (int64) theirs->max_groups : -1,
				   ours->max_groups > 0 ? (int64) ours->max_groups : -1);
	compare_number(&telling, NULL, "max_rows",
				   theirs->max_rows > 0 ? (int64) theirs->max_rows : -1,
				   ours->max_rows > 0 ? (int64) ours->max_rows : -1);
	compare_number(&telling, NULL, "history", theirs->history, ours->history);
	compare(&telling, NULL, "expires", theirs->expires, ours->expires);
	compare(&telling, NULL, "epsilon", theirs->epsilon, ours->epsilon);
	compare(&telling, NULL, "epsilon_budget", theirs->epsilon_budget, ours->epsilon_budget);
	compare_columns(&telling, theirs, ours);

	if (telling.count == 0)
		return NULL;
	if (telling.count > TOLD_MAX)
		appendStringInfo(&telling.buf, "; and %d more", telling.count - TOLD_MAX);
	return telling.buf.data;
}
