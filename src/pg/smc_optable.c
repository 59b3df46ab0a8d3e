/*
 * The whitelist itself: a table, and the few ways to look into it.
 *
 * What is left out is left out on purpose.  sqrt, ln, power, text-to-number
 * casts and division by a column fail on some values; float-to-integer and
 * float-to-numeric casts lose digits in ways that differ from the user's
 * query; whatever reads the TimeZone setting differs from party to party;
 * regular expressions can be made to run for ever.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"

#include "pg/smc_optable.h"

#define LIST(...)	((const Oid[]) {__VA_ARGS__, InvalidOid})

/* All nine pairs of integer widths of one operator. */
#define INT_PAIRS(op) \
	F_INT2##op, F_INT4##op, F_INT8##op, F_INT24##op, F_INT42##op, \
	F_INT28##op, F_INT82##op, F_INT48##op, F_INT84##op

#define FLOAT_PAIRS(op) \
	F_FLOAT4##op, F_FLOAT8##op, F_FLOAT48##op, F_FLOAT84##op

/* A comparison of all types that have it without asking for a collation or a time zone. */
#define COMPARE_LIST(op) \
	INT_PAIRS(op), FLOAT_PAIRS(op), F_NUMERIC_##op, \
	F_DATE_##op, F_TIMESTAMP_##op, F_TIMESTAMPTZ_##op, \
	F_DATE_##op##_TIMESTAMP, F_TIMESTAMP_##op##_DATE

#define MANY	SMC_OP_ARGS_MAX

static const SmcOperation operations[] = {
	/* integers */
	{"add.int", SMC_RULE_INT, 2, 2, SMC_FORM_INFIX, "+", InvalidOid, LIST(INT_PAIRS(PL))},
	{"sub.int", SMC_RULE_INT, 2, 2, SMC_FORM_INFIX, "-", InvalidOid, LIST(INT_PAIRS(MI))},
	{"mul.int", SMC_RULE_INT, 2, 2, SMC_FORM_INFIX, "*", InvalidOid, LIST(INT_PAIRS(MUL))},
	{"neg.int", SMC_RULE_INT, 1, 1, SMC_FORM_PREFIX, "-", InvalidOid,
	LIST(F_INT2UM, F_INT4UM, F_INT8UM)},
	{"abs.int", SMC_RULE_INT, 1, 1, SMC_FORM_CALL, "abs", InvalidOid,
	LIST(F_INT2ABS, F_INT4ABS, F_INT8ABS, F_ABS_INT2, F_ABS_INT4, F_ABS_INT8)},
	{"div.int", SMC_RULE_INT_DIVIDE, 2, 2, SMC_FORM_INFIX, "/", InvalidOid, LIST(INT_PAIRS(DIV))},
	{"mod.int", SMC_RULE_INT_DIVIDE, 2, 2, SMC_FORM_INFIX, "%", InvalidOid,
	LIST(F_INT2MOD, F_INT4MOD, F_INT8MOD, F_MOD_INT2_INT2, F_MOD_INT4_INT4, F_MOD_INT8_INT8)},

	/* numeric */
	{"add.numeric", SMC_RULE_NUMERIC, 2, 2, SMC_FORM_INFIX, "+", InvalidOid, LIST(F_NUMERIC_ADD)},
	{"sub.numeric", SMC_RULE_NUMERIC, 2, 2, SMC_FORM_INFIX, "-", InvalidOid, LIST(F_NUMERIC_SUB)},
	{"mul.numeric", SMC_RULE_NUMERIC, 2, 2, SMC_FORM_INFIX, "*", InvalidOid, LIST(F_NUMERIC_MUL)},
	{"neg.numeric", SMC_RULE_NUMERIC, 1, 1, SMC_FORM_PREFIX, "-", InvalidOid, LIST(F_NUMERIC_UMINUS)},
	{"abs.numeric", SMC_RULE_NUMERIC, 1, 1, SMC_FORM_CALL, "abs", InvalidOid,
	LIST(F_NUMERIC_ABS, F_ABS_NUMERIC)},
	{"div.numeric", SMC_RULE_NUMERIC_DIVIDE, 2, 2, SMC_FORM_INFIX, "/", InvalidOid, LIST(F_NUMERIC_DIV)},
	{"quo.numeric", SMC_RULE_NUMERIC_DIVIDE, 2, 2, SMC_FORM_CALL, "div", InvalidOid,
	LIST(F_DIV, F_NUMERIC_DIV_TRUNC)},
	{"mod.numeric", SMC_RULE_NUMERIC_DIVIDE, 2, 2, SMC_FORM_INFIX, "%", InvalidOid,
	LIST(F_NUMERIC_MOD, F_MOD_NUMERIC_NUMERIC)},
	{"round.numeric", SMC_RULE_NUMERIC_ROUND, 1, 2, SMC_FORM_CALL, "round", InvalidOid,
	LIST(F_ROUND_NUMERIC, F_ROUND_NUMERIC_INT4)},
	{"trunc.numeric", SMC_RULE_NUMERIC_ROUND, 1, 2, SMC_FORM_CALL, "trunc", InvalidOid,
	LIST(F_TRUNC_NUMERIC, F_TRUNC_NUMERIC_INT4)},
	{"ceil.numeric", SMC_RULE_NUMERIC_ROUND, 1, 1, SMC_FORM_CALL, "ceil", InvalidOid,
	LIST(F_CEIL_NUMERIC, F_CEILING_NUMERIC)},
	{"floor.numeric", SMC_RULE_NUMERIC_ROUND, 1, 1, SMC_FORM_CALL, "floor", InvalidOid,
	LIST(F_FLOOR_NUMERIC)},
	{"sign.numeric", SMC_RULE_NUMERIC_ROUND, 1, 1, SMC_FORM_CALL, "sign", InvalidOid,
	LIST(F_SIGN_NUMERIC)},

	/* floats, always computed in double precision: overflow and underflow are range errors */
	{"add.float", SMC_RULE_FLOAT, 2, 2, SMC_FORM_INFIX, "+", InvalidOid, LIST(FLOAT_PAIRS(PL))},
	{"sub.float", SMC_RULE_FLOAT, 2, 2, SMC_FORM_INFIX, "-", InvalidOid, LIST(FLOAT_PAIRS(MI))},
	{"mul.float", SMC_RULE_FLOAT, 2, 2, SMC_FORM_INFIX, "*", InvalidOid, LIST(FLOAT_PAIRS(MUL))},
	{"neg.float", SMC_RULE_FLOAT, 1, 1, SMC_FORM_PREFIX, "-", InvalidOid, LIST(F_FLOAT4UM, F_FLOAT8UM)},
	{"abs.float", SMC_RULE_FLOAT, 1, 1, SMC_FORM_CALL, "abs", InvalidOid,
	LIST(F_FLOAT4ABS, F_FLOAT8ABS, F_ABS_FLOAT4, F_ABS_FLOAT8)},
	{"div.float", SMC_RULE_FLOAT_DIVIDE, 2, 2, SMC_FORM_INFIX, "/", InvalidOid, LIST(FLOAT_PAIRS(DIV))},
	{"round.float", SMC_RULE_FLOAT_ROUND, 1, 1, SMC_FORM_CALL, "round", InvalidOid, LIST(F_ROUND_FLOAT8)},
	{"trunc.float", SMC_RULE_FLOAT_ROUND, 1, 1, SMC_FORM_CALL, "trunc", InvalidOid, LIST(F_TRUNC_FLOAT8)},
	{"ceil.float", SMC_RULE_FLOAT_ROUND, 1, 1, SMC_FORM_CALL, "ceil", InvalidOid,
	LIST(F_CEIL_FLOAT8, F_CEILING_FLOAT8)},
	{"floor.float", SMC_RULE_FLOAT_ROUND, 1, 1, SMC_FORM_CALL, "floor", InvalidOid, LIST(F_FLOOR_FLOAT8)},
	{"sign.float", SMC_RULE_FLOAT_ROUND, 1, 1, SMC_FORM_CALL, "sign", InvalidOid, LIST(F_SIGN_FLOAT8)},

	/* casts */
	{"to.int2", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", INT2OID,
	LIST(F_INT2_INT4, F_INT2_INT8, F_INT2_NUMERIC)},
	{"to.int4", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", INT4OID,
	LIST(F_INT4_INT2, F_INT4_INT8, F_INT4_NUMERIC)},
	{"to.int8", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", INT8OID,
	LIST(F_INT8_INT2, F_INT8_INT4, F_INT8_NUMERIC)},
	{"to.numeric", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", NUMERICOID,
	LIST(F_NUMERIC_INT2, F_NUMERIC_INT4, F_NUMERIC_INT8)},
	{"to.float4", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", FLOAT4OID,
	LIST(F_FLOAT4_INT2, F_FLOAT4_INT4, F_FLOAT4_INT8, F_FLOAT4_NUMERIC, F_FLOAT4_FLOAT8)},
	{"to.float8", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", FLOAT8OID,
	LIST(F_FLOAT8_INT2, F_FLOAT8_INT4, F_FLOAT8_INT8, F_FLOAT8_NUMERIC, F_FLOAT8_FLOAT4)},
	{"to.text", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", TEXTOID, LIST(F_TEXT_BPCHAR)},
	{"to.bpchar", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", BPCHAROID, NULL},
	{"to.date", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", DATEOID, LIST(F_DATE_TIMESTAMP)},
	{"to.timestamp", SMC_RULE_CAST, 1, 1, SMC_FORM_CAST, "", TIMESTAMPOID, LIST(F_TIMESTAMP_DATE)},

	/* comparisons */
	{"eq", SMC_RULE_EQUAL, 2, 2, SMC_FORM_INFIX, "=", InvalidOid,
	LIST(COMPARE_LIST(EQ), F_BOOLEQ, F_TEXTEQ, F_BPCHAREQ, F_UUID_EQ, F_ENUM_EQ)},
	{"ne", SMC_RULE_EQUAL, 2, 2, SMC_FORM_INFIX, "<>", InvalidOid,
	LIST(COMPARE_LIST(NE), F_BOOLNE, F_TEXTNE, F_BPCHARNE, F_UUID_NE, F_ENUM_NE)},
	{"distinct", SMC_RULE_EQUAL, 2, 2, SMC_FORM_WORDS, "IS DISTINCT FROM", InvalidOid, NULL},
	{"lt", SMC_RULE_ORDER, 2, 2, SMC_FORM_INFIX, "<", InvalidOid, LIST(COMPARE_LIST(LT))},
	{"le", SMC_RULE_ORDER, 2, 2, SMC_FORM_INFIX, "<=", InvalidOid, LIST(COMPARE_LIST(LE))},
	{"gt", SMC_RULE_ORDER, 2, 2, SMC_FORM_INFIX, ">", InvalidOid, LIST(COMPARE_LIST(GT))},
	{"ge", SMC_RULE_ORDER, 2, 2, SMC_FORM_INFIX, ">=", InvalidOid, LIST(COMPARE_LIST(GE))},
	{"lt.text", SMC_RULE_ORDER_TEXT, 2, 2, SMC_FORM_INFIX, "<", InvalidOid, LIST(F_TEXT_LT)},
	{"le.text", SMC_RULE_ORDER_TEXT, 2, 2, SMC_FORM_INFIX, "<=", InvalidOid, LIST(F_TEXT_LE)},
	{"gt.text", SMC_RULE_ORDER_TEXT, 2, 2, SMC_FORM_INFIX, ">", InvalidOid, LIST(F_TEXT_GT)},
	{"ge.text", SMC_RULE_ORDER_TEXT, 2, 2, SMC_FORM_INFIX, ">=", InvalidOid, LIST(F_TEXT_GE)},
	{"in", SMC_RULE_IN, 2, 2, SMC_FORM_IN, "= ANY", InvalidOid, NULL},
	{"not.in", SMC_RULE_IN, 2, 2, SMC_FORM_IN, "<> ALL", InvalidOid, NULL},

	/* logic */
	{"and", SMC_RULE_LOGIC, 1, MANY, SMC_FORM_WORDS, "AND", InvalidOid, NULL},
	{"or", SMC_RULE_LOGIC, 1, MANY, SMC_FORM_WORDS, "OR", InvalidOid, NULL},
	{"not", SMC_RULE_LOGIC, 1, 1, SMC_FORM_NOT, "NOT", InvalidOid, NULL},
	{"is.null", SMC_RULE_NULL_TEST, 1, 1, SMC_FORM_POSTFIX, "IS NULL", InvalidOid, NULL},
	{"not.null", SMC_RULE_NULL_TEST, 1, 1, SMC_FORM_POSTFIX, "IS NOT NULL", InvalidOid, NULL},
	{"is.true", SMC_RULE_BOOL_TEST, 1, 1, SMC_FORM_POSTFIX, "IS TRUE", InvalidOid, NULL},
	{"not.true", SMC_RULE_BOOL_TEST, 1, 1, SMC_FORM_POSTFIX, "IS NOT TRUE", InvalidOid, NULL},
	{"is.false", SMC_RULE_BOOL_TEST, 1, 1, SMC_FORM_POSTFIX, "IS FALSE", InvalidOid, NULL},
	{"not.false", SMC_RULE_BOOL_TEST, 1, 1, SMC_FORM_POSTFIX, "IS NOT FALSE", InvalidOid, NULL},
	{"is.unknown", SMC_RULE_BOOL_TEST, 1, 1, SMC_FORM_POSTFIX, "IS UNKNOWN", InvalidOid, NULL},
	{"not.unknown", SMC_RULE_BOOL_TEST, 1, 1, SMC_FORM_POSTFIX, "IS NOT UNKNOWN", InvalidOid, NULL},

	/* choices */
	{"case", SMC_RULE_CASE, 2, MANY, SMC_FORM_CASE, "CASE", InvalidOid, NULL},
	{"coalesce", SMC_RULE_COALESCE, 1, MANY, SMC_FORM_SYNTAX, "COALESCE", InvalidOid, NULL},
	{"greatest", SMC_RULE_EXTREME, 1, MANY, SMC_FORM_SYNTAX, "GREATEST", InvalidOid, NULL},
	{"least", SMC_RULE_EXTREME, 1, MANY, SMC_FORM_SYNTAX, "LEAST", InvalidOid, NULL},
	{"nullif", SMC_RULE_NULLIF, 2, 2, SMC_FORM_SYNTAX, "NULLIF", InvalidOid, NULL},

	/* text */
	{"like", SMC_RULE_LIKE, 2, 2, SMC_FORM_INFIX, "~~", InvalidOid,
	LIST(F_TEXTLIKE, F_LIKE_TEXT_TEXT, F_BPCHARLIKE)},
	{"not.like", SMC_RULE_LIKE, 2, 2, SMC_FORM_INFIX, "!~~", InvalidOid,
	LIST(F_TEXTNLIKE, F_NOTLIKE_TEXT_TEXT, F_BPCHARNLIKE)},
	{"ilike", SMC_RULE_LIKE, 2, 2, SMC_FORM_INFIX, "~~*", InvalidOid,
	LIST(F_TEXTICLIKE, F_BPCHARICLIKE)},
	{"not.ilike", SMC_RULE_LIKE, 2, 2, SMC_FORM_INFIX, "!~~*", InvalidOid,
	LIST(F_TEXTICNLIKE, F_BPCHARICNLIKE)},
	{"starts.with", SMC_RULE_STARTS_WITH, 2, 2, SMC_FORM_CALL, "starts_with", InvalidOid,
	LIST(F_STARTS_WITH)},
	{"lower", SMC_RULE_TEXT, 1, 1, SMC_FORM_CALL, "lower", InvalidOid, LIST(F_LOWER_TEXT)},
	{"upper", SMC_RULE_TEXT, 1, 1, SMC_FORM_CALL, "upper", InvalidOid, LIST(F_UPPER_TEXT)},
	{"concat", SMC_RULE_CONCAT, 2, 2, SMC_FORM_INFIX, "||", InvalidOid, LIST(F_TEXTCAT)},
	{"length", SMC_RULE_LENGTH, 1, 1, SMC_FORM_CALL, "length", InvalidOid,
		LIST(F_LENGTH_TEXT, F_TEXTLEN, F_CHAR_LENGTH_TEXT, F_CHARACTER_LENGTH_TEXT,
			 F_LENGTH_BPCHAR, F_CHAR_LENGTH_BPCHAR, F_CHARACTER_LENGTH_BPCHAR)},

	/* dates */
	{"sub.date", SMC_RULE_DATE_DIFF, 2, 2, SMC_FORM_INFIX, "-", InvalidOid, LIST(F_DATE_MI)},
	{"add.days", SMC_RULE_DATE_SHIFT, 2, 2, SMC_FORM_INFIX, "+", InvalidOid, LIST(F_DATE_PLI)},
	{"sub.days", SMC_RULE_DATE_SHIFT, 2, 2, SMC_FORM_INFIX, "-", InvalidOid, LIST(F_DATE_MII)},
	{"extract", SMC_RULE_EXTRACT, 2, 2, SMC_FORM_CALL, "extract", NUMERICOID,
	LIST(F_EXTRACT_TEXT_DATE, F_EXTRACT_TEXT_TIMESTAMP)},
	{"date.part", SMC_RULE_EXTRACT, 2, 2, SMC_FORM_CALL, "date_part", FLOAT8OID,
	LIST(F_DATE_PART_TEXT_TIMESTAMP)},
	{"date.trunc", SMC_RULE_DATE_TRUNC, 2, 2, SMC_FORM_CALL, "date_trunc", InvalidOid,
	LIST(F_DATE_TRUNC_TEXT_TIMESTAMP)},

	/* what a model is made of */
	{"row", SMC_RULE_ROW, 1, MANY, SMC_FORM_ROW, "ROW", InvalidOid, NULL},
	{"part", SMC_RULE_PART, 2, 2, SMC_FORM_PART, "", FLOAT8OID, NULL},
	{"part.rows", SMC_RULE_PART, 1, 1, SMC_FORM_PART, "", INT8OID, NULL}
};

/* The types that constants may have, with their arrays. */
static const struct
{
	Oid			type;
	Oid			array;
	SmcTypeClass class;
}			types[] = {
	{BOOLOID, BOOLARRAYOID, SMC_CLASS_BOOL},
	{INT2OID, INT2ARRAYOID, SMC_CLASS_INT},
	{INT4OID, INT4ARRAYOID, SMC_CLASS_INT},
	{INT8OID, INT8ARRAYOID, SMC_CLASS_INT},
	{NUMERICOID, NUMERICARRAYOID, SMC_CLASS_NUMERIC},
	{FLOAT4OID, FLOAT4ARRAYOID, SMC_CLASS_FLOAT},
	{FLOAT8OID, FLOAT8ARRAYOID, SMC_CLASS_FLOAT},
	{TEXTOID, TEXTARRAYOID, SMC_CLASS_TEXT},
	{VARCHAROID, VARCHARARRAYOID, SMC_CLASS_TEXT},
	{BPCHAROID, BPCHARARRAYOID, SMC_CLASS_BPCHAR},
	{DATEOID, DATEARRAYOID, SMC_CLASS_DATE},
	{TIMESTAMPOID, TIMESTAMPARRAYOID, SMC_CLASS_TIMESTAMP},
	{TIMESTAMPTZOID, TIMESTAMPTZARRAYOID, SMC_CLASS_TIMESTAMPTZ},
	{UUIDOID, UUIDARRAYOID, SMC_CLASS_UUID},
	{ANYENUMOID, ANYARRAYOID, SMC_CLASS_ENUM}	/* on the wire: an enum that the receiver finds by the column */
};

const SmcOperation *
smc_optable_get(int op)
{
	if (op < 0 || op >= lengthof(operations))
		elog(ERROR, "no operation %d", op);
	return &operations[op];
}

int
smc_optable_find(const char *name)
{
	for (int i = 0; i < lengthof(operations); i++)
	{
		if (strcmp(operations[i].name, name) == 0)
			return i;
	}
	return -1;
}

int
smc_optable_by_function(Oid function)
{
	for (int i = 0; i < lengthof(operations); i++)
	{
		if (operations[i].functions == NULL)
			continue;
		for (const Oid *known = operations[i].functions; OidIsValid(*known); known++)
		{
			if (*known == function)
				return i;
		}
	}
	return -1;
}

SmcTypeClass
smc_optable_class(Oid type)
{
	if (!OidIsValid(type))
		return SMC_CLASS_OTHER;
	for (int i = 0; i < lengthof(types); i++)
	{
		if (types[i].type == type)
			return types[i].class;
		if (types[i].array == type)
			return SMC_CLASS_ARRAY;
	}
	if (type_is_enum(type))
		return SMC_CLASS_ENUM;
	if (type_is_enum(get_element_type(type)))
		return SMC_CLASS_ARRAY;
	return SMC_CLASS_OTHER;
}

bool
smc_optable_constant_type(Oid type, Oid *element)
{
	Oid			of;

	*element = InvalidOid;
	for (int i = 0; i < lengthof(types); i++)
	{
		if (types[i].type == type)
			return true;
		if (types[i].array == type)
		{
			*element = types[i].type;
			return true;
		}
	}
	if (type_is_enum(type))
		return true;
	of = get_element_type(type);
	if (OidIsValid(of) && type_is_enum(of))
	{
		*element = of;
		return true;
	}
	return false;
}
