/*
 * The types smc_secret and smc_secret_bool, whose values are expressions of
 * secrets, and smc_secret_share, the type in which shares are stored.
 *
 * An expression is stored as its own text.  Operators parse their operands and
 * print the result: these values are few and short, and nothing but their text
 * outlives a statement.
 *
 * A share can be written out and read in by superusers alone, in the manner of
 * the identity's key (pg/smc_identity.c); pg_dump runs as one.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "libpq/pqformat.h"
#include "nodes/value.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/lsyscache.h"
#include "utils/varlena.h"

#include "pg/smc_hidden.h"
#include "pg/smc_secret.h"
#include "pg/smc_secret_text.h"
#include "pg/smc_secret_type.h"

PG_FUNCTION_INFO_V1(smc_secret_in);
PG_FUNCTION_INFO_V1(smc_secret_bool_in);
PG_FUNCTION_INFO_V1(smc_secret_out);
PG_FUNCTION_INFO_V1(smc_secret_recv);
PG_FUNCTION_INFO_V1(smc_secret_bool_recv);
PG_FUNCTION_INFO_V1(smc_secret_send);
PG_FUNCTION_INFO_V1(smc_secret);
PG_FUNCTION_INFO_V1(smc_secret_bool);
PG_FUNCTION_INFO_V1(smc_secret_add);
PG_FUNCTION_INFO_V1(smc_secret_sub);
PG_FUNCTION_INFO_V1(smc_secret_mul);
PG_FUNCTION_INFO_V1(smc_secret_div);
PG_FUNCTION_INFO_V1(smc_secret_neg);
PG_FUNCTION_INFO_V1(smc_secret_eq);
PG_FUNCTION_INFO_V1(smc_secret_ne);
PG_FUNCTION_INFO_V1(smc_secret_lt);
PG_FUNCTION_INFO_V1(smc_secret_le);
PG_FUNCTION_INFO_V1(smc_secret_gt);
PG_FUNCTION_INFO_V1(smc_secret_ge);
PG_FUNCTION_INFO_V1(smc_secret_and);
PG_FUNCTION_INFO_V1(smc_secret_or);
PG_FUNCTION_INFO_V1(smc_secret_not);
PG_FUNCTION_INFO_V1(smc_choose);
PG_FUNCTION_INFO_V1(smc_secret_round);
PG_FUNCTION_INFO_V1(smc_secret_abs);
PG_FUNCTION_INFO_V1(smc_secret_share_in);
PG_FUNCTION_INFO_V1(smc_secret_share_out);
PG_FUNCTION_INFO_V1(smc_secret_share_recv);
PG_FUNCTION_INFO_V1(smc_secret_share_send);

static const char *
type_name(bool is_bool)
{
	return is_bool ? "smc_secret_bool" : "smc_secret";
}

Datum
smc_secret_type_datum(const SmcTerm *term)
{
	return CStringGetTextDatum(smc_term_print(term));
}

SmcTerm *
smc_secret_type_term(Datum datum, bool is_bool)
{
	SmcTerm    *term = smc_term_parse(TextDatumGetCString(datum), type_name(is_bool));

	if (term->is_bool != is_bool)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input for type %s", type_name(is_bool)),
				 errdetail("It is an expression of type %s.", type_name(term->is_bool))));
	return term;
}

/*
 * Input and output
 */

Datum
smc_secret_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(smc_secret_type_datum(smc_secret_type_term(CStringGetTextDatum(PG_GETARG_CSTRING(0)), false)));
}

Datum
smc_secret_bool_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(smc_secret_type_datum(smc_secret_type_term(CStringGetTextDatum(PG_GETARG_CSTRING(0)), true)));
}

Datum
smc_secret_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(TextDatumGetCString(PG_GETARG_DATUM(0)));
}

static Datum
receive(StringInfo buf, bool is_bool)
{
	int			len;
	char	   *text = pq_getmsgtext(buf, buf->len - buf->cursor, &len);

	return smc_secret_type_datum(smc_secret_type_term(PointerGetDatum(cstring_to_text_with_len(text, len)), is_bool));
}

Datum
smc_secret_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(receive((StringInfo) PG_GETARG_POINTER(0), false));
}

Datum
smc_secret_bool_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(receive((StringInfo) PG_GETARG_POINTER(0), true));
}

Datum
smc_secret_send(PG_FUNCTION_ARGS)
{
	StringInfoData buf;
	char	   *printed = TextDatumGetCString(PG_GETARG_DATUM(0));

	pq_begintypsend(&buf);
	pq_sendtext(&buf, printed, strlen(printed));
	PG_RETURN_BYTEA_P(pq_endtypsend(&buf));
}

/*
 * References
 */

/* smc_secret(study, name): the study as smc_accept() takes it. */
static Datum
refer(FunctionCallInfo fcinfo, bool is_bool)
{
	List	   *names = textToQualifiedNameList(PG_GETARG_TEXT_PP(0));

	return smc_secret_type_datum(smc_term_secret(strVal(llast(names)), text_to_cstring(PG_GETARG_TEXT_PP(1)),
												 is_bool));
}

Datum
smc_secret(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(refer(fcinfo, false));
}

Datum
smc_secret_bool(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(refer(fcinfo, true));
}

/*
 * Operators
 */

/* Argument `at`, which the function is declared to take as a number or boolean of its own, or as an expression. */
static SmcTerm *
operand(FunctionCallInfo fcinfo, int at, bool is_bool)
{
	Oid		   *types;
	int			count;
	Oid			type;

	(void) get_func_signature(fcinfo->flinfo->fn_oid, &types, &count);
	type = at < count ? types[at] : InvalidOid;
	switch (type)
	{
		case NUMERICOID:
			return smc_term_number(DatumGetCString(DirectFunctionCall1(numeric_out, PG_GETARG_DATUM(at))));
		case INT4OID:
			return smc_term_number(psprintf("%d", PG_GETARG_INT32(at)));
		case BOOLOID:
			return smc_term_boolean(PG_GETARG_BOOL(at));
		default:
			return smc_secret_type_term(PG_GETARG_DATUM(at), is_bool);
	}
}

static Datum
binary(FunctionCallInfo fcinfo, SmcTermOp op, bool is_bool)
{
	return smc_secret_type_datum(smc_term_make(op, list_make2(operand(fcinfo, 0, is_bool),
															  operand(fcinfo, 1, is_bool))));
}

Datum
smc_secret_add(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_ADD, false));
}

Datum
smc_secret_sub(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_SUBTRACT, false));
}

Datum
smc_secret_mul(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_MULTIPLY, false));
}

Datum
smc_secret_div(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_DIVIDE, false));
}

Datum
smc_secret_neg(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(smc_secret_type_datum(smc_term_make(SMC_TERM_NEGATE, list_make1(operand(fcinfo, 0, false)))));
}

Datum
smc_secret_eq(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_EQUAL, false));
}

Datum
smc_secret_ne(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_DIFFERS, false));
}

Datum
smc_secret_lt(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_LESS, false));
}

Datum
smc_secret_le(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_AT_MOST, false));
}

Datum
smc_secret_gt(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_GREATER, false));
}

Datum
smc_secret_ge(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_AT_LEAST, false));
}

Datum
smc_secret_and(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_AND, true));
}

Datum
smc_secret_or(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(binary(fcinfo, SMC_TERM_OR, true));
}

Datum
smc_secret_not(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(smc_secret_type_datum(smc_term_make(SMC_TERM_NOT, list_make1(operand(fcinfo, 0, true)))));
}

/* smc_choose(condition, where it is true, else) */
Datum
smc_choose(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(smc_secret_type_datum(smc_term_make(SMC_TERM_CHOOSE,
														list_make3(operand(fcinfo, 0, true),
																   operand(fcinfo, 1, false),
																   operand(fcinfo, 2, false)))));
}

/* round(secret [, digits]) */
Datum
smc_secret_round(PG_FUNCTION_ARGS)
{
	SmcTerm    *digits = PG_NARGS() > 1 ? operand(fcinfo, 1, false) : smc_term_number("0");

	PG_RETURN_DATUM(smc_secret_type_datum(smc_term_make(SMC_TERM_ROUND,
														list_make2(operand(fcinfo, 0, false), digits))));
}

Datum
smc_secret_abs(PG_FUNCTION_ARGS)
{
	PG_RETURN_DATUM(smc_secret_type_datum(smc_term_make(SMC_TERM_ABS, list_make1(operand(fcinfo, 0, false)))));
}

/*
 * Shares
 */

static const SmcHiddenType share_type = {"smc_secret_share", "share", "shares of secrets", SMC_SECRET_SHARE_BYTES};

/* Input, in hex: for dumps. */
Datum
smc_secret_share_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(smc_hidden_in(&share_type, PG_GETARG_CSTRING(0)));
}

Datum
smc_secret_share_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(smc_hidden_out(&share_type, (const uint8 *) PG_GETARG_POINTER(0)));
}

Datum
smc_secret_share_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(smc_hidden_recv(&share_type, (StringInfo) PG_GETARG_POINTER(0)));
}

Datum
smc_secret_share_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(smc_hidden_send(&share_type, (const uint8 *) PG_GETARG_POINTER(0)));
}
