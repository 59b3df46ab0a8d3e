/*
 * The canonical text of what is agreed: written, and read back.
 *
 * The reader is strict in the simplest way: what it has read is written again,
 * and the two texts must be equal.  So nothing can be said in two ways, and
 * what a peer sends can't carry anything that isn't in the struct.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "core/smc_handshake.h"
#include "core/smc_hash.h"
#include "pg/smc_definition.h"
#include "pg/smc_option.h"
#include "pg/smc_study.h"

#define BARE_NAME	"abcdefghijklmnopqrstuvwxyz0123456789_"
#define BARE_TYPE	"abcdefghijklmnopqrstuvwxyz0123456789_(),"

/*
 * Writing
 */

static void
write_quoted(StringInfo buf, const char *text)
{
	const char *p;

	appendStringInfoChar(buf, '"');
	for (p = text; *p != '\0'; p++)
	{
		switch (*p)
		{
			case '"':
				appendStringInfoString(buf, "\\\"");
				break;
			case '\\':
				appendStringInfoString(buf, "\\\\");
				break;
			case '\n':
				appendStringInfoString(buf, "\\n");
				break;
			case '\r':
				appendStringInfoString(buf, "\\r");
				break;
			case '\t':
				appendStringInfoString(buf, "\\t");
				break;
			default:
				appendStringInfoChar(buf, *p);
				break;
		}
	}
	appendStringInfoChar(buf, '"');
}

/* Write bare what is not empty and all of those characters, else quoted. */
static void
write_word(StringInfo buf, const char *text, const char *bare)
{
	if (text[0] != '\0' && text[strspn(text, bare)] == '\0')
		appendStringInfoString(buf, text);
	else
		write_quoted(buf, text);
}

char *
smc_definition_names(const List *names)
{
	StringInfoData buf;
	ListCell   *lc;

	if (names == NIL)
		return pstrdup("none");
	initStringInfo(&buf);
	foreach(lc, names)
		appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", (const char *) lfirst(lc));
	return buf.data;
}

static void
write_column(StringInfo buf, const SmcDefinitionColumn *column)
{
	int			i;

	appendStringInfoString(buf, "column ");
	write_word(buf, column->name, BARE_NAME);
	if (column->is_enum)
	{
		appendStringInfoString(buf, " enum ");
		write_word(buf, column->type, BARE_NAME);
	}
	else
	{
		appendStringInfoString(buf, " type ");
		write_word(buf, column->type, BARE_TYPE);
	}
	if (column->collation)
	{
		appendStringInfoString(buf, " collate ");
		write_word(buf, column->collation, BARE_NAME);
	}
	appendStringInfo(buf, " not_null %s allow %s", column->not_null ? "yes" : "no",
					 column->allow == 0 ? "none" : smc_study_allow_list(column->allow));
	if (column->scale != SMC_SCALE_NONE)
		appendStringInfo(buf, " scale %d", column->scale);
	if (column->has_values)
	{
		appendStringInfoString(buf, " values {");
		for (i = 0; i < column->value_count; i++)
		{
			if (i > 0)
				appendStringInfoChar(buf, ',');
			write_quoted(buf, column->values[i]);
		}
		appendStringInfoChar(buf, '}');
	}
	if (column->filter_by_values)
		appendStringInfoString(buf, " filter_by values");
	if (column->lo)
	{
		appendStringInfoString(buf, " lo ");
		write_quoted(buf, column->lo);
	}
	if (column->hi)
	{
		appendStringInfoString(buf, " hi ");
		write_quoted(buf, column->hi);
	}
	if (column->has_recipients)
		appendStringInfo(buf, " reveal_to %s", smc_definition_names(column->recipients));
	appendStringInfoChar(buf, '\n');
}

char *
smc_definition_write(const SmcDefinition *definition)
{
	StringInfoData buf;
	int			i;

	initStringInfo(&buf);
	appendStringInfoString(&buf, "study ");
	write_word(&buf, definition->study, BARE_NAME);
	appendStringInfo(&buf, "\nparties %s", smc_definition_names(definition->parties));
	appendStringInfo(&buf, "\nreveal_to %s", smc_definition_names(definition->recipients));
	appendStringInfo(&buf, "\nquery_by %s", smc_definition_names(definition->askers));
	appendStringInfo(&buf, "\nmin_rows %u\napprove %s\n",
					 definition->min_rows, definition->approve_each ? "each" : "none");
	if (definition->approve_within > 0)
		appendStringInfo(&buf, "approve_within %d\n", definition->approve_within);
	if (definition->max_queries >= 0)
		appendStringInfo(&buf, "max_queries " INT64_FORMAT "\n", definition->max_queries);
	if (definition->max_queries_per_day >= 0)
		appendStringInfo(&buf, "max_queries_per_day " INT64_FORMAT "\n",
						 definition->max_queries_per_day);
	if (definition->max_groups > 0)
		appendStringInfo(&buf, "max_groups %u\n", definition->max_groups);
	if (definition->max_rows > 0)
		appendStringInfo(&buf, "max_rows %u\n", definition->max_rows);
	if (definition->history != SMC_HISTORY_DEFAULT)
		appendStringInfo(&buf, "history %d\n", definition->history);
	if (definition->expires)
	{
		appendStringInfoString(&buf, "expires ");
		write_quoted(&buf, definition->expires);
		appendStringInfoChar(&buf, '\n');
	}
	if (definition->epsilon)
	{
		appendStringInfoString(&buf, "epsilon ");
		write_quoted(&buf, definition->epsilon);
		appendStringInfoChar(&buf, '\n');
	}
	if (definition->epsilon_budget)
	{
		appendStringInfoString(&buf, "epsilon_budget ");
		write_quoted(&buf, definition->epsilon_budget);
		appendStringInfoChar(&buf, '\n');
	}
	for (i = 0; i < definition->column_count; i++)
		write_column(&buf, &definition->columns[i]);
	return buf.data;
}

/*
 * Reading.  A cursor that has failed stays where it is and says why; every
 * read from it then yields something harmless.
 */

typedef struct Cursor
{
	const char *at;
	const char *why;			/* NULL: fine so far */
} Cursor;

static void
fail(Cursor *cursor, const char *why)
{
	if (cursor->why == NULL)
		cursor->why = why;
}

/* Step over this text if it comes next. */
static bool
accept(Cursor *cursor, const char *text)
{
	size_t		len = strlen(text);

	if (cursor->why || strncmp(cursor->at, text, len) != 0)
		return false;
	cursor->at += len;
	return true;
}

static void
expect(Cursor *cursor, const char *text, const char *why)
{
	if (!accept(cursor, text))
		fail(cursor, why);
}

static char *
read_quoted(Cursor *cursor)
{
	StringInfoData buf;

	initStringInfo(&buf);
	expect(cursor, "\"", "a quoted text is missing");
	while (!cursor->why && *cursor->at != '"')
	{
		char		c = *cursor->at++;

		if (c == '\\')
		{
			c = *cursor->at++;
			switch (c)
			{
				case '"':
				case '\\':
					break;
				case 'n':
					c = '\n';
					break;
				case 'r':
					c = '\r';
					break;
				case 't':
					c = '\t';
					break;
				default:
					cursor->at--;	/* it may be the end */
					fail(cursor, "a quoted text is malformed");
					break;
			}
		}
		else if (c == '\0' || c == '\n')
		{
			cursor->at--;
			fail(cursor, "a quoted text does not end");
		}
		if (!cursor->why)
			appendStringInfoChar(&buf, c);
	}
	(void) accept(cursor, "\"");
	return buf.data;
}

static char *
read_word(Cursor *cursor, const char *bare)
{
	size_t		len;
	char	   *word;

	if (cursor->why)
		return pstrdup("");
	if (*cursor->at == '"')
		return read_quoted(cursor);
	len = strspn(cursor->at, bare);
	if (len == 0)
		fail(cursor, "a name is missing");
	word = pnstrdup(cursor->at, len);
	cursor->at += len;
	return word;
}

static char *
read_name(Cursor *cursor)
{
	char	   *name = read_word(cursor, BARE_NAME);

	if (strlen(name) == 0 || strlen(name) >= NAMEDATALEN)
		fail(cursor, "a name is empty or too long");
	return name;
}

static int64
read_number(Cursor *cursor, int64 max)
{
	int64		number = 0;

	if (cursor->why)
		return 0;
	if (*cursor->at < '0' || *cursor->at > '9')
		fail(cursor, "a number is missing");
	while (*cursor->at >= '0' && *cursor->at <= '9')
	{
		int			digit = *cursor->at - '0';

		if (number > (max - digit) / 10)
		{
			fail(cursor, "a number is too large");
			return 0;
		}
		number = number * 10 + digit;
		cursor->at++;
	}
	return number;
}

/* A list of distinct parties' names, or NIL for "none". */
static List *
read_names(Cursor *cursor)
{
	List	   *names = NIL;
	ListCell   *lc;

	do
	{
		char	   *name = read_word(cursor, BARE_NAME);

		if (!smc_handshake_is_name(name))
			fail(cursor, "the name of a party is malformed");
		foreach(lc, names)
			if (strcmp(lfirst(lc), name) == 0)
				fail(cursor, "a party is named twice");
		names = lappend(names, name);
		if (list_length(names) > SMC_PARTIES_MAX)
			fail(cursor, "too many parties are named");
	} while (accept(cursor, ", "));
	if (!cursor->why && list_length(names) == 1 && strcmp(linitial(names), "none") == 0)
		return NIL;
	return names;
}

static uint32
read_allow(Cursor *cursor)
{
	uint32		allow = 0;

	if (accept(cursor, "none"))
		return 0;
	do
	{
		char	   *word = read_word(cursor, BARE_NAME);
		uint32		bit;

		for (bit = 1; bit <= SMC_ALLOW_KEY; bit <<= 1)
			if (strcmp(word, smc_study_allow_word((SmcAllow) bit)) == 0)
				break;
		if (bit > SMC_ALLOW_KEY)
			fail(cursor, "a word is not one that a column can allow");
		else
			allow |= bit;
	} while (accept(cursor, ", "));
	return allow;
}

static void
read_values(Cursor *cursor, SmcDefinitionColumn *column)
{
	int			cap = 0;

	column->has_values = true;
	if (accept(cursor, "}"))
		return;
	do
	{
		if (column->value_count == cap)
		{
			cap = cap == 0 ? 8 : cap * 2;
			column->values = column->values ?
				repalloc(column->values, cap * sizeof(char *)) :
				palloc(cap * sizeof(char *));
		}
		column->values[column->value_count++] = read_quoted(cursor);
	} while (accept(cursor, ","));
	expect(cursor, "}", "a list of values does not end");
}

static void
read_column(Cursor *cursor, SmcDefinitionColumn *column)
{
	memset(column, 0, sizeof(*column));
	column->scale = SMC_SCALE_NONE;
	column->name = read_name(cursor);
	if (accept(cursor, " enum "))
	{
		column->is_enum = true;
		column->type = read_name(cursor);
	}
	else
	{
		expect(cursor, " type ", "the type of a column is missing");
		column->type = read_word(cursor, BARE_TYPE);
	}
	if (accept(cursor, " collate "))
		column->collation = read_name(cursor);
	if (accept(cursor, " not_null yes"))
		column->not_null = true;
	else
		expect(cursor, " not_null no", "the word not_null of a column is missing");
	expect(cursor, " allow ", "the word allow of a column is missing");
	column->allow = read_allow(cursor);
	if (accept(cursor, " scale "))
		column->scale = (int) read_number(cursor, SMC_SCALE_MAX);
	if (accept(cursor, " values {"))
		read_values(cursor, column);
	if (accept(cursor, " filter_by values"))
		column->filter_by_values = true;
	if (accept(cursor, " lo "))
		column->lo = read_quoted(cursor);
	if (accept(cursor, " hi "))
		column->hi = read_quoted(cursor);
	if (accept(cursor, " reveal_to "))
	{
		column->has_recipients = true;
		column->recipients = read_names(cursor);
	}
	expect(cursor, "\n", "a line goes on where it should end");
}

SmcDefinition *
smc_definition_parse(const char *text, const char **why)
{
	SmcDefinition *definition = palloc0(sizeof(SmcDefinition));
	Cursor		cursor = {text, NULL};
	int			cap = 0;

	definition->max_queries = -1;
	definition->max_queries_per_day = -1;
	if (strlen(text) > SMC_DEFINITION_MAX)
		fail(&cursor, "it is too long");

	expect(&cursor, "study ", "the line study is missing");
	definition->study = read_name(&cursor);
	expect(&cursor, "\nparties ", "the line parties is missing");
	definition->parties = read_names(&cursor);
	expect(&cursor, "\nreveal_to ", "the line reveal_to is missing");
	definition->recipients = read_names(&cursor);
	expect(&cursor, "\nquery_by ", "the line query_by is missing");
	definition->askers = read_names(&cursor);
	expect(&cursor, "\nmin_rows ", "the line min_rows is missing");
	definition->min_rows = (uint32) read_number(&cursor, PG_UINT32_MAX);
	if (accept(&cursor, "\napprove each\n"))
		definition->approve_each = true;
	else
		expect(&cursor, "\napprove none\n", "the line approve is missing");
	if (accept(&cursor, "approve_within "))
	{
		definition->approve_within = (int) read_number(&cursor, SMC_APPROVE_WITHIN_MAX);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	else if (definition->approve_each)
		fail(&cursor, "the line approve_within is missing");
	if (accept(&cursor, "max_queries "))
	{
		definition->max_queries = read_number(&cursor, PG_INT64_MAX);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	if (accept(&cursor, "max_queries_per_day "))
	{
		definition->max_queries_per_day = read_number(&cursor, PG_INT64_MAX);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	if (accept(&cursor, "max_groups "))
	{
		definition->max_groups = (uint32) read_number(&cursor, PG_INT32_MAX);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	if (accept(&cursor, "max_rows "))
	{
		definition->max_rows = (uint32) read_number(&cursor, PG_INT32_MAX);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	definition->history = SMC_HISTORY_DEFAULT;
	if (accept(&cursor, "history "))
	{
		definition->history = (int) read_number(&cursor, SMC_HISTORY_MAX);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	if (accept(&cursor, "expires "))
	{
		definition->expires = read_quoted(&cursor);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	if (accept(&cursor, "epsilon "))
	{
		definition->epsilon = read_quoted(&cursor);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	if (accept(&cursor, "epsilon_budget "))
	{
		definition->epsilon_budget = read_quoted(&cursor);
		expect(&cursor, "\n", "a line goes on where it should end");
	}
	while (accept(&cursor, "column "))
	{
		if (definition->column_count == cap)
		{
			cap = cap == 0 ? 8 : cap * 2;
			definition->columns = definition->columns ?
				repalloc(definition->columns, cap * sizeof(SmcDefinitionColumn)) :
				palloc(cap * sizeof(SmcDefinitionColumn));
		}
		read_column(&cursor, &definition->columns[definition->column_count++]);
	}
	if (*cursor.at != '\0')
		fail(&cursor, "a line is not one that a definition can have");
	if (list_length(definition->parties) < SMC_PARTIES_MIN)
		fail(&cursor, "it names fewer than two parties");
	if (!cursor.why && strcmp(smc_definition_write(definition), text) != 0)
		fail(&cursor, "it is not written in the canonical way");

	if (cursor.why)
	{
		*why = cursor.why;
		return NULL;
	}
	return definition;
}

/*
 * Digest and encoding
 */

char *
smc_definition_to_utf8(const char *text)
{
	return pg_server_to_any(text, strlen(text), PG_UTF8);
}

char *
smc_definition_from_utf8(const char *text)
{
	return pg_any_to_server(text, strlen(text), PG_UTF8);
}

void
smc_definition_digest(const char *text, uint8 out[SMC_KEY_BYTES])
{
	char	   *utf8 = smc_definition_to_utf8(text);
	SmcHash		hash;

	smc_hash_init(&hash, "smc study digest v1", NULL);
	smc_hash_add(&hash, utf8, strlen(utf8));
	smc_hash_final(&hash, out);
	if (utf8 != text)
		pfree(utf8);
}
