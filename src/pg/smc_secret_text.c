/*
 * Expressions of secrets, printed and parsed.
 *
 * The grammar is that of the SQL which builds them, with PostgreSQL's
 * precedences:
 *
 *   comparison  other [ ( = | <> | < | <= | > | >= ) other ]
 *   other       [ ! ] sum { ( & | "|" ) [ ! ] sum }
 *   sum         product { ( + | - ) product }
 *   product     sign { ( * | / ) sign }
 *   sign        { - } primary
 *   primary     number | true | false | ( comparison ) | function ( arguments )
 *
 * with the functions smc_secret('study', 'name'), smc_secret_bool('study',
 * 'name'), smc_choose(c, a, b), round(a, digits) and abs(a).  A study's name is
 * written as an identifier, as smc_accept() takes it.
 *
 * Text comes from anywhere, a dump or a user, so depth and size are bounded
 * before anything is made of it.
 */
#include "postgres.h"

#include <ctype.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/varlena.h"

#include "core/smc_limits.h"
#include "pg/smc_secret.h"
#include "pg/smc_secret_text.h"

#define TEXT_MAX		(256 * 1024)	/* bytes of a text that is read */

/* How strongly an expression is held together; operands that hold less get parentheses. */
enum
{
	HOLD_COMPARISON,
	HOLD_OTHER,
	HOLD_SUM,
	HOLD_PRODUCT,
	HOLD_SIGN,
	HOLD_PRIMARY
};

/* The kinds of arguments. */
enum
{
	TAKES_NUMBERS,
	TAKES_BOOLEANS,
	TAKES_CHOICE				/* a boolean, then numbers */
};

static const struct
{
	const char *sql;			/* operator, or function */
	const char *operation;
	int			args;
	int			takes;
	bool		gives_bool;
	int			holds;
}			forms[] = {
	[SMC_TERM_SECRET] = {"smc_secret", NULL, 0, TAKES_NUMBERS, false, HOLD_PRIMARY},
	[SMC_TERM_NUMBER] = {"", NULL, 0, TAKES_NUMBERS, false, HOLD_PRIMARY},
	[SMC_TERM_BOOLEAN] = {"", NULL, 0, TAKES_NUMBERS, true, HOLD_PRIMARY},
	[SMC_TERM_ADD] = {"+", "add.numeric", 2, TAKES_NUMBERS, false, HOLD_SUM},
	[SMC_TERM_SUBTRACT] = {"-", "sub.numeric", 2, TAKES_NUMBERS, false, HOLD_SUM},
	[SMC_TERM_MULTIPLY] = {"*", "mul.numeric", 2, TAKES_NUMBERS, false, HOLD_PRODUCT},
	[SMC_TERM_DIVIDE] = {"/", "div.numeric", 2, TAKES_NUMBERS, false, HOLD_PRODUCT},
	[SMC_TERM_NEGATE] = {"-", "neg.numeric", 1, TAKES_NUMBERS, false, HOLD_SIGN},
	[SMC_TERM_EQUAL] = {"=", "eq", 2, TAKES_NUMBERS, true, HOLD_COMPARISON},
	[SMC_TERM_DIFFERS] = {"<>", "ne", 2, TAKES_NUMBERS, true, HOLD_COMPARISON},
	[SMC_TERM_LESS] = {"<", "lt", 2, TAKES_NUMBERS, true, HOLD_COMPARISON},
	[SMC_TERM_AT_MOST] = {"<=", "le", 2, TAKES_NUMBERS, true, HOLD_COMPARISON},
	[SMC_TERM_GREATER] = {">", "gt", 2, TAKES_NUMBERS, true, HOLD_COMPARISON},
	[SMC_TERM_AT_LEAST] = {">=", "ge", 2, TAKES_NUMBERS, true, HOLD_COMPARISON},
	[SMC_TERM_AND] = {"&", "and", 2, TAKES_BOOLEANS, true, HOLD_OTHER},
	[SMC_TERM_OR] = {"|", "or", 2, TAKES_BOOLEANS, true, HOLD_OTHER},
	[SMC_TERM_NOT] = {"!", "not", 1, TAKES_BOOLEANS, true, HOLD_OTHER},
	[SMC_TERM_CHOOSE] = {"smc_choose", "case", 3, TAKES_CHOICE, false, HOLD_PRIMARY},
	[SMC_TERM_ROUND] = {"round", "round.numeric", 2, TAKES_NUMBERS, false, HOLD_PRIMARY},
	[SMC_TERM_ABS] = {"abs", "abs.numeric", 1, TAKES_NUMBERS, false, HOLD_PRIMARY}
};

/* ---- making them -------------------------------------------------------------------- */

SmcTerm *
smc_term_secret(const char *study, const char *name, bool is_bool)
{
	SmcTerm    *term = palloc0(sizeof(SmcTerm));

	smc_secret_check_name(name);
	term->op = SMC_TERM_SECRET;
	term->study = pstrdup(study);
	term->name = pstrdup(name);
	term->is_bool = is_bool;
	return term;
}

SmcTerm *
smc_term_number(const char *text)
{
	SmcTerm    *term = palloc0(sizeof(SmcTerm));
	Datum		value = DirectFunctionCall3(numeric_in, CStringGetDatum(text),
											ObjectIdGetDatum(InvalidOid), Int32GetDatum(-1));

	term->op = SMC_TERM_NUMBER;
	term->value = DatumGetCString(DirectFunctionCall1(numeric_out, value));
	if (strpbrk(term->value, "NI") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE),
				 errmsg("%s can't be computed with secrets", term->value)));
	return term;
}

SmcTerm *
smc_term_boolean(bool value)
{
	SmcTerm    *term = palloc0(sizeof(SmcTerm));

	term->op = SMC_TERM_BOOLEAN;
	term->is_bool = true;
	term->value = pstrdup(value ? "true" : "false");
	return term;
}

static void
measure(const SmcTerm *term, int depth, int *nodes)
{
	ListCell   *lc;

	if (depth > SMC_EXPR_DEPTH_MAX || ++(*nodes) > SMC_EXPR_NODES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an expression of secrets is too large"),
				 errdetail("It may have %d parts and be nested %d levels deep.",
						   SMC_EXPR_NODES_MAX, SMC_EXPR_DEPTH_MAX),
				 errhint("Keep a part of it under a name of its own with smc_keep().")));
	foreach(lc, term->args)
		measure(lfirst(lc), depth + 1, nodes);
}

SmcTerm *
smc_term_make(SmcTermOp op, List *args)
{
	SmcTerm    *term = palloc0(sizeof(SmcTerm));
	int			nodes = 0;
	ListCell   *lc;

	if (list_length(args) != forms[op].args)
		elog(ERROR, "%s of secrets does not take %d arguments", forms[op].sql, list_length(args));
	if (op == SMC_TERM_NEGATE && ((SmcTerm *) linitial(args))->op == SMC_TERM_NUMBER)
		return smc_term_number(psprintf("-%s", ((SmcTerm *) linitial(args))->value) +
							   (((SmcTerm *) linitial(args))->value[0] == '-' ? 2 : 0));
	foreach(lc, args)
	{
		bool		wants_bool = forms[op].takes == TAKES_BOOLEANS ||
			(forms[op].takes == TAKES_CHOICE && foreach_current_index(lc) == 0);

		if (((SmcTerm *) lfirst(lc))->is_bool != wants_bool)
			ereport(ERROR,
					(errcode(ERRCODE_DATATYPE_MISMATCH),
					 errmsg("%s of secrets is not defined for a %s", forms[op].sql,
							wants_bool ? "number" : "boolean")));
	}
	term->op = op;
	term->is_bool = forms[op].gives_bool;
	term->args = args;
	measure(term, 1, &nodes);
	return term;
}

const char *
smc_term_operation(SmcTermOp op)
{
	return forms[op].operation;
}

/* ---- printing ------------------------------------------------------------------------ */

static void
print_quoted(StringInfo buf, const char *text)
{
	appendStringInfoChar(buf, '\'');
	for (; *text != '\0'; text++)
	{
		if (*text == '\'')
			appendStringInfoChar(buf, '\'');
		appendStringInfoChar(buf, *text);
	}
	appendStringInfoChar(buf, '\'');
}

static int
holds(const SmcTerm *term)
{
	/* a negative number is a sign before a number */
	if (term->op == SMC_TERM_NUMBER && term->value[0] == '-')
		return HOLD_SIGN;
	return forms[term->op].holds;
}

static void print(StringInfo buf, const SmcTerm *term, int least);

static void
print_call(StringInfo buf, const SmcTerm *term)
{
	ListCell   *lc;

	appendStringInfo(buf, "%s(", forms[term->op].sql);
	foreach(lc, term->args)
	{
		if (foreach_current_index(lc) > 0)
			appendStringInfoString(buf, ", ");
		print(buf, lfirst(lc), HOLD_COMPARISON);
	}
	appendStringInfoChar(buf, ')');
}

static void
print_bare(StringInfo buf, const SmcTerm *term)
{
	int			hold = forms[term->op].holds;

	switch (term->op)
	{
		case SMC_TERM_SECRET:
			appendStringInfoString(buf, term->is_bool ? "smc_secret_bool(" : "smc_secret(");
			print_quoted(buf, quote_identifier(term->study));
			appendStringInfoString(buf, ", ");
			print_quoted(buf, term->name);
			appendStringInfoChar(buf, ')');
			return;
		case SMC_TERM_NUMBER:
		case SMC_TERM_BOOLEAN:
			appendStringInfoString(buf, term->value);
			return;
		case SMC_TERM_CHOOSE:
		case SMC_TERM_ROUND:
		case SMC_TERM_ABS:
			print_call(buf, term);
			return;
		case SMC_TERM_NEGATE:
			/* a space, so that no two signs make a comment; parentheses, as people would */
			appendStringInfoString(buf, "- ");
			print(buf, linitial(term->args), HOLD_PRIMARY);
			return;
		case SMC_TERM_NOT:
			appendStringInfoString(buf, "! ");
			print(buf, linitial(term->args), HOLD_PRIMARY);
			return;
		case SMC_TERM_AND:
		case SMC_TERM_OR:
			/* of one strength: told apart by parentheses */
			print(buf, linitial(term->args), ((SmcTerm *) linitial(term->args))->op == term->op ? hold : hold + 1);
			appendStringInfo(buf, " %s ", forms[term->op].sql);
			print(buf, lsecond(term->args), hold + 1);
			return;
		case SMC_TERM_EQUAL:
		case SMC_TERM_DIFFERS:
		case SMC_TERM_LESS:
		case SMC_TERM_AT_MOST:
		case SMC_TERM_GREATER:
		case SMC_TERM_AT_LEAST:
			print(buf, linitial(term->args), hold + 1);
			appendStringInfo(buf, " %s ", forms[term->op].sql);
			print(buf, lsecond(term->args), hold + 1);
			return;
		default:
			print(buf, linitial(term->args), hold);
			appendStringInfo(buf, " %s ", forms[term->op].sql);
			print(buf, lsecond(term->args), hold + 1);
			return;
	}
}

/* Print with parentheses where it holds together less than that. */
static void
print(StringInfo buf, const SmcTerm *term, int least)
{
	bool		parens = holds(term) < least;

	if (parens)
		appendStringInfoChar(buf, '(');
	print_bare(buf, term);
	if (parens)
		appendStringInfoChar(buf, ')');
}

char *
smc_term_print(const SmcTerm *term)
{
	StringInfoData buf;

	initStringInfo(&buf);
	print(&buf, term, HOLD_COMPARISON);
	return buf.data;
}

/* ---- parsing -------------------------------------------------------------------------- */

typedef struct Parser
{
	const char *text;
	const char *at;
	const char *type_name;
	int			depth;
} Parser;

static void fail(const Parser *parser) pg_attribute_noreturn();

static void
fail(const Parser *parser)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
			 errmsg("invalid input syntax for type %s: \"%s\"", parser->type_name, parser->text),
			 parser->at[0] == '\0' ? errdetail("It ends too early.") :
			 errdetail("It can't be read from \"%.*s\" on.",
					   pg_mbcliplen(parser->at, strlen(parser->at), 40), parser->at),
			 errhint("Write, for instance, smc_secret('study', 'name') - smc_secret('study', 'other').")));
}

static void
skip_space(Parser *parser)
{
	while (*parser->at == ' ' || *parser->at == '\t' || *parser->at == '\n' || *parser->at == '\r')
		parser->at++;
}

/* Take a symbol if it is next; a shorter one isn't taken for a longer, nor for the start of a comment. */
static bool
take(Parser *parser, const char *symbol)
{
	size_t		len = strlen(symbol);

	skip_space(parser);
	if (strncmp(parser->at, symbol, len) != 0)
		return false;
	if (len == 1 && strchr("<>", symbol[0]) != NULL && parser->at[1] != '\0' &&
		strchr("=<>", parser->at[1]) != NULL)
		return false;
	if (symbol[0] == '-' && parser->at[1] == '-')
		return false;
	parser->at += len;
	return true;
}

static void
expect(Parser *parser, const char *symbol)
{
	if (!take(parser, symbol))
		fail(parser);
}

/* 'text', with '' for a quote in it. */
static char *
parse_quoted(Parser *parser)
{
	StringInfoData buf;

	initStringInfo(&buf);
	expect(parser, "'");
	for (;;)
	{
		if (*parser->at == '\0')
			fail(parser);
		if (*parser->at == '\'')
		{
			parser->at++;
			if (*parser->at != '\'')
				return buf.data;
		}
		appendStringInfoChar(&buf, *parser->at++);
	}
}

static SmcTerm *parse_comparison(Parser *parser);

static SmcTerm *
parse_secret(Parser *parser, bool is_bool)
{
	char	   *written;
	char	   *name;
	List	   *names;

	expect(parser, "(");
	written = parse_quoted(parser);
	expect(parser, ",");
	name = parse_quoted(parser);
	expect(parser, ")");
	names = textToQualifiedNameList(cstring_to_text(written));
	return smc_term_secret(strVal(llast(names)), name, is_bool);
}

static SmcTerm *
parse_number(Parser *parser)
{
	const char *start = parser->at;

	while (isdigit((unsigned char) *parser->at) || *parser->at == '.')
		parser->at++;
	if ((*parser->at == 'e' || *parser->at == 'E') && parser->at > start)
	{
		parser->at++;
		if (*parser->at == '+' || *parser->at == '-')
			parser->at++;
		while (isdigit((unsigned char) *parser->at))
			parser->at++;
	}
	if (parser->at == start)
		fail(parser);
	return smc_term_number(pnstrdup(start, parser->at - start));
}

static SmcTerm *
parse_call(Parser *parser, SmcTermOp op)
{
	List	   *args = NIL;

	expect(parser, "(");
	do
	{
		args = lappend(args, parse_comparison(parser));
	} while (take(parser, ","));
	expect(parser, ")");
	if (op == SMC_TERM_ROUND && list_length(args) == 1)
		args = lappend(args, smc_term_number("0"));
	if (list_length(args) != forms[op].args)
		fail(parser);
	return smc_term_make(op, args);
}

static SmcTerm *
parse_primary(Parser *parser)
{
	static const struct
	{
		const char *word;
		SmcTermOp	op;
	}			calls[] = {
		{"smc_choose", SMC_TERM_CHOOSE}, {"round", SMC_TERM_ROUND}, {"abs", SMC_TERM_ABS}
	};
	const char *start;
	char	   *word;
	SmcTerm    *inner;

	if (take(parser, "("))
	{
		inner = parse_comparison(parser);
		expect(parser, ")");
		return inner;
	}
	start = parser->at;
	while (isalpha((unsigned char) *parser->at) || *parser->at == '_')
		parser->at++;
	if (parser->at == start)
		return parse_number(parser);
	word = pnstrdup(start, parser->at - start);
	if (strcmp(word, "smc_secret") == 0 || strcmp(word, "smc_secret_bool") == 0)
		return parse_secret(parser, word[strlen("smc_secret")] != '\0');
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0)
		return smc_term_boolean(word[0] == 't');
	for (int i = 0; i < lengthof(calls); i++)
		if (strcmp(word, calls[i].word) == 0)
			return parse_call(parser, calls[i].op);
	parser->at = start;
	fail(parser);
}

/* The depth of the text, too, is bounded: signs and parentheses leave no node behind. */
static void
deeper(Parser *parser)
{
	check_stack_depth();
	if (++parser->depth > 8 * SMC_EXPR_DEPTH_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an expression of secrets is too large")));
}

static SmcTerm *
parse_sign(Parser *parser)
{
	SmcTerm    *inner;

	deeper(parser);
	if (take(parser, "-"))
		inner = smc_term_make(SMC_TERM_NEGATE, list_make1(parse_sign(parser)));
	else
		inner = parse_primary(parser);
	parser->depth--;
	return inner;
}

static SmcTerm *
parse_product(Parser *parser)
{
	SmcTerm    *left = parse_sign(parser);

	for (;;)
	{
		if (take(parser, "*"))
			left = smc_term_make(SMC_TERM_MULTIPLY, list_make2(left, parse_sign(parser)));
		else if (take(parser, "/"))
			left = smc_term_make(SMC_TERM_DIVIDE, list_make2(left, parse_sign(parser)));
		else
			return left;
	}
}

static SmcTerm *
parse_sum(Parser *parser)
{
	SmcTerm    *left = parse_product(parser);

	for (;;)
	{
		if (take(parser, "+"))
			left = smc_term_make(SMC_TERM_ADD, list_make2(left, parse_product(parser)));
		else if (take(parser, "-"))
			left = smc_term_make(SMC_TERM_SUBTRACT, list_make2(left, parse_product(parser)));
		else
			return left;
	}
}

static SmcTerm *
parse_not(Parser *parser)
{
	SmcTerm    *inner;

	if (!take(parser, "!"))
		return parse_sum(parser);
	deeper(parser);
	inner = smc_term_make(SMC_TERM_NOT, list_make1(parse_not(parser)));
	parser->depth--;
	return inner;
}

static SmcTerm *
parse_other(Parser *parser)
{
	SmcTerm    *left = parse_not(parser);

	for (;;)
	{
		if (take(parser, "&"))
			left = smc_term_make(SMC_TERM_AND, list_make2(left, parse_not(parser)));
		else if (take(parser, "|"))
			left = smc_term_make(SMC_TERM_OR, list_make2(left, parse_not(parser)));
		else
			return left;
	}
}

static SmcTerm *
parse_comparison(Parser *parser)
{
	SmcTerm    *left = parse_other(parser);

	for (SmcTermOp op = SMC_TERM_EQUAL; op <= SMC_TERM_AT_LEAST; op++)
	{
		if (take(parser, forms[op].sql))
			return smc_term_make(op, list_make2(left, parse_other(parser)));
	}
	return left;
}

SmcTerm *
smc_term_parse(const char *text, const char *type_name)
{
	Parser		parser = {text, text, type_name, 0};
	SmcTerm    *term;

	if (strlen(text) > TEXT_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("an expression of secrets is too large")));
	term = parse_comparison(&parser);
	skip_space(&parser);
	if (*parser.at != '\0')
		fail(&parser);
	return term;
}
