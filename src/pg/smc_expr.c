/*
 * Closed expressions: the tree, its bytes, its constants, its permissions.
 *
 * A tree comes from one of two places: from the planner, or from a peer's
 * bytes.  Neither is trusted: both are checked here and in pg/smc_exprtype.c
 * before any SQL is written from them.
 */
#include "postgres.h"

#include "access/transam.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "pg/smc_expr.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_modes.h"
#include "pg/smc_optable.h"
#include "pg/smc_picks.h"

/* The order of study columns fits this on the wire. */
StaticAssertDecl(MaxAttrNumber <= PG_UINT16_MAX, "column indexes travel as u16");

static SmcExpr *
make(SmcExprKind kind, Oid type)
{
	SmcExpr    *expr = palloc0(sizeof(SmcExpr));

	expr->kind = kind;
	expr->type = type;
	return expr;
}

SmcExpr *
smc_expr_column(const SmcStudy *study, int column)
{
	SmcExpr    *expr = make(SMC_EXPR_COLUMN, study->columns[column].type);

	expr->column = column;
	return expr;
}

SmcExpr *
smc_expr_const(Oid type, const char *value)
{
	SmcExpr    *expr = make(SMC_EXPR_CONST, type);

	if (value == NULL)
		expr->is_null = true;
	else
		expr->value = pstrdup(value);
	return expr;
}

SmcExpr *
smc_expr_param(Oid type, int position)
{
	SmcExpr    *expr = make(SMC_EXPR_CONST, type);

	expr->op = position;
	return expr;
}

SmcExpr *
smc_expr_op(const char *name, List *args)
{
	SmcExpr    *expr = make(SMC_EXPR_OP, InvalidOid);

	expr->op = smc_optable_find(name);
	if (expr->op < 0)
		elog(ERROR, "no operation \"%s\"", name);
	expr->args = args;
	return expr;
}

SmcExpr *
smc_expr_agg(Oid type, int agg)
{
	SmcExpr    *expr = make(SMC_EXPR_AGG, type);

	expr->column = agg;
	return expr;
}

SmcExpr *
smc_expr_secret(Oid type, int secret)
{
	SmcExpr    *expr = make(SMC_EXPR_SECRET, type);

	expr->column = secret;
	return expr;
}

bool
smc_expr_is_param(const SmcExpr *expr)
{
	return expr->kind == SMC_EXPR_CONST && !expr->is_null && expr->value == NULL;
}

/*
 * Fix the settings that a type's input and output depend on, if any; end with
 * settings_end on what is returned.
 */
static int
settings_begin(Oid type)
{
	switch (smc_optable_class(type))
	{
		case SMC_CLASS_FLOAT:
		case SMC_CLASS_DATE:
		case SMC_CLASS_TIMESTAMP:
		case SMC_CLASS_TIMESTAMPTZ:
		case SMC_CLASS_ARRAY:
			return smc_modes_begin();
		default:
			return 0;
	}
}

static void
settings_end(int level)
{
	if (level > 0)
		smc_modes_end(level);
}

char *
smc_expr_datum_text(Oid type, Datum value)
{
	int			level = settings_begin(type);
	Oid			output;
	bool		is_varlena;
	char	   *text;

	getTypeOutputInfo(type, &output, &is_varlena);
	text = OidOutputFunctionCall(output, value);
	settings_end(level);
	return text;
}

void
smc_expr_check_constant(Oid type, const char *text)
{
	int			level;
	Oid			input;
	Oid			ioparam;
	Datum		value;
	char	   *canonical;

	if (strlen(text) > SMC_EXPR_CONST_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a constant of type %s is longer than %d bytes",
						format_type_be(type), SMC_EXPR_CONST_MAX)));

	level = settings_begin(type);
	getTypeInputInfo(type, &input, &ioparam);
	value = OidInputFunctionCall(input, (char *) text, ioparam, -1);
	canonical = smc_expr_datum_text(type, value);
	settings_end(level);

	if (strcmp(canonical, text) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("a constant of type %s is not in its canonical form",
						format_type_be(type))));
}

bool
smc_expr_equal(const SmcExpr *a, const SmcExpr *b)
{
	ListCell   *cell_a;
	ListCell   *cell_b;

	if (a == NULL || b == NULL)
		return a == b;
	if (a->kind != b->kind || a->type != b->type)
		return false;

	switch (a->kind)
	{
		case SMC_EXPR_COLUMN:
		case SMC_EXPR_AGG:
		case SMC_EXPR_SECRET:
			return a->column == b->column;
		case SMC_EXPR_CONST:
			if (a->is_null || b->is_null)
				return a->is_null == b->is_null;
			if (a->value == NULL || b->value == NULL)
				return a->value == b->value && a->op == b->op;
			return strcmp(a->value, b->value) == 0;
		case SMC_EXPR_OP:
			if (a->op != b->op || list_length(a->args) != list_length(b->args))
				return false;
			forboth(cell_a, a->args, cell_b, b->args)
			{
				if (!smc_expr_equal(lfirst(cell_a), lfirst(cell_b)))
					return false;
			}
			return true;
	}
	return false;
}

SmcExpr *
smc_expr_bind(const SmcExpr *expr, int count, char *const *values)
{
	SmcExpr    *copy;
	ListCell   *cell;

	if (expr == NULL)
		return NULL;
	check_stack_depth();

	copy = make(expr->kind, expr->type);
	copy->column = expr->column;
	copy->op = expr->op;
	copy->is_null = expr->is_null;

	if (smc_expr_is_param(expr))
	{
		if (expr->op < 0 || expr->op >= count)
			elog(ERROR, "no value for parameter %d", expr->op);
		copy->op = 0;
		copy->is_null = (values[expr->op] == NULL);
		if (!copy->is_null)
			copy->value = pstrdup(values[expr->op]);
	}
	else if (expr->value != NULL)
		copy->value = pstrdup(expr->value);

	foreach(cell, expr->args)
		copy->args = lappend(copy->args, smc_expr_bind(lfirst(cell), count, values));
	return copy;
}

bool
smc_expr_has_params(const SmcExpr *expr)
{
	ListCell   *cell;

	if (expr == NULL)
		return false;
	if (smc_expr_is_param(expr))
		return true;
	foreach(cell, expr->args)
	{
		if (smc_expr_has_params(lfirst(cell)))
			return true;
	}
	return false;
}

/*
 * Bytes
 */

/*
 * An enum has another OID at every party: it goes under the name of the
 * pseudo-type, and the receiver finds its own by the column it is compared with.
 */
static Oid
wire_type(Oid type)
{
	if (type_is_enum(type))
		return ANYENUMOID;
	if (type >= FirstGenbkiObjectId)
	{
		Oid			element = get_element_type(type);

		if (OidIsValid(element) && type_is_enum(element))
			return ANYARRAYOID;
		elog(ERROR, "type %u of a constant is not built in", type);
	}
	return type;
}

void
smc_expr_write(SmcWriter *writer, const SmcExpr *expr)
{
	ListCell   *cell;

	smc_writer_u8(writer, expr->kind);
	switch (expr->kind)
	{
		case SMC_EXPR_COLUMN:
		case SMC_EXPR_AGG:
		case SMC_EXPR_SECRET:
			smc_writer_u16(writer, expr->column);
			break;
		case SMC_EXPR_CONST:
			if (smc_expr_is_param(expr))
				elog(ERROR, "parameter %d has no value", expr->op);
			smc_writer_u32(writer, wire_type(expr->type));
			smc_writer_u8(writer, expr->is_null);
			if (!expr->is_null)
			{
				char	   *text = pg_server_to_any(expr->value, strlen(expr->value), PG_UTF8);

				smc_writer_text(writer, text);
			}
			break;
		case SMC_EXPR_OP:
			smc_writer_text(writer, smc_optable_get(expr->op)->name);
			smc_writer_u16(writer, list_length(expr->args));
			foreach(cell, expr->args)
				smc_expr_write(writer, lfirst(cell));
			break;
	}
}

/* Read a constant after its kind; NULL on malformed bytes. */
static SmcExpr *
parse_const(SmcReader *reader)
{
	Oid			type = smc_reader_u32(reader);
	bool		is_null = smc_reader_bool(reader);
	const uint8_t *bytes = NULL;
	size_t		len = 0;
	Oid			element;
	SmcExpr    *expr;
	char	   *text;

	if (!is_null)
		bytes = smc_reader_blob(reader, SMC_EXPR_CONST_MAX, &len);

	if (reader->failed)
		return NULL;

	/* only what every server knows by the same OID, or the marks of enums */
	if (type >= FirstGenbkiObjectId || !smc_optable_constant_type(type, &element) ||
		(len > 0 && memchr(bytes, '\0', len) != NULL))
	{
		smc_reader_fail(reader);
		return NULL;
	}

	expr = make(SMC_EXPR_CONST, type);
	expr->is_null = is_null;
	if (!is_null)
	{
		/* also checks that it is valid UTF-8 */
		text = pnstrdup((const char *) bytes, len);
		expr->value = pg_any_to_server(text, len, PG_UTF8);
	}
	return expr;
}

static SmcExpr *parse_node(SmcReader *reader, int *nodes, int depth);

/* Read an operation after its kind; NULL on malformed bytes. */
static SmcExpr *
parse_op(SmcReader *reader, int *nodes, int depth)
{
	char		name[SMC_OP_NAME_MAX];
	int			count;
	int			op;
	SmcExpr    *expr;

	smc_reader_text(reader, name, sizeof(name));
	count = smc_reader_u16(reader);
	if (reader->failed || count > SMC_OP_ARGS_MAX ||
		strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.") != strlen(name))
	{
		smc_reader_fail(reader);
		return NULL;
	}

	op = smc_optable_find(name);
	if (op < 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("operation \"%s\" is not known to this version of smc", name)));

	expr = make(SMC_EXPR_OP, InvalidOid);
	expr->op = op;
	for (int i = 0; i < count; i++)
	{
		SmcExpr    *arg = parse_node(reader, nodes, depth + 1);

		if (arg == NULL)
			return NULL;
		expr->args = lappend(expr->args, arg);
	}
	return expr;
}

static SmcExpr *
parse_node(SmcReader *reader, int *nodes, int depth)
{
	SmcExpr    *expr;
	uint8		kind;

	if (depth > SMC_EXPR_DEPTH_MAX || --*nodes < 0)
	{
		smc_reader_fail(reader);
		return NULL;
	}

	kind = smc_reader_u8(reader);
	switch (kind)
	{
		case SMC_EXPR_COLUMN:
		case SMC_EXPR_AGG:
		case SMC_EXPR_SECRET:
			expr = make(kind, InvalidOid);
			expr->column = smc_reader_u16(reader);
			break;
		case SMC_EXPR_CONST:
			expr = parse_const(reader);
			break;
		case SMC_EXPR_OP:
			expr = parse_op(reader, nodes, depth);
			break;
		default:
			smc_reader_fail(reader);
			return NULL;
	}
	return reader->failed ? NULL : expr;
}

SmcExpr *
smc_expr_parse(SmcReader *reader, int *nodes)
{
	return parse_node(reader, nodes, 1);
}

/*
 * Permissions
 */

void
smc_expr_require_word(const SmcStudy *study, const SmcColumn *column, SmcAllow word)
{
	if (column->allow & word)
		return;

	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("column \"%s\" of study \"%s\" does not allow %s",
					column->name, study->name, smc_study_allow_word((SmcAllow) (word & -word))),
			 column->allow != 0 ?
			 errdetail("Column \"%s\" allows %s.", column->name, smc_study_allow_list(column->allow)) :
			 errdetail("Column \"%s\" allows nothing.", column->name),
			 word == SMC_ALLOW_FILTER ?
			 errhint("Columns in WHERE, FILTER, CASE, comparisons and arithmetic that rounds or bends need \"filter\" in the agreed option \"allow\".") :
			 word == SMC_ALLOW_GROUP ?
			 errhint("Columns in GROUP BY need \"group\" in the agreed option \"allow\".") : 0));
}

/* How an operation uses its argument number `at`. */
typedef enum ArgUse
{
	USE_VALUE,					/* as the operation itself is used */
	USE_CONDITION,				/* only to decide */
	USE_BOTH					/* its value counts, and it decides */
} ArgUse;

static ArgUse
arg_use(const SmcExpr *expr, int at)
{
	const SmcOperation *operation = smc_optable_get(expr->op);

	if (expr->type == BOOLOID)
		return USE_CONDITION;
	switch (operation->rule)
	{
		case SMC_RULE_CASE:
			/* a last one without partner is ELSE */
			return (at % 2 == 0 && at + 1 < list_length(expr->args)) ? USE_CONDITION : USE_VALUE;
		case SMC_RULE_NULLIF:
			return at == 0 ? USE_BOTH : USE_CONDITION;
		case SMC_RULE_EXTREME:
			return USE_BOTH;
		default:
			/* sum(sign(x - 5)) says how many are above 5: a comparison by another name */
			return strncmp(operation->name, "sign.", 5) == 0 ? USE_BOTH : USE_VALUE;
	}
}

bool
smc_expr_picks(const SmcStudy *study, const SmcExpr *expr, int at)
{
	/* sum(x / 60) of integers says how many reach 60, as a comparison would */
	return arg_use(expr, at) != USE_VALUE || smc_exprrange_is_step(study, expr);
}

/*
 * Check every column under expr; word 0: in no value position.  instead: words that
 * do for conditions over columns with declared values: a regression's indicators are
 * how it reads a category.
 */
static void
check_columns(const SmcStudy *study, const SmcExpr *expr, SmcAllow word, bool condition, uint32 instead)
{
	int			at = 0;
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_COLUMN)
	{
		const SmcColumn *column = &study->columns[expr->column];

		if (word != 0)
			smc_expr_require_word(study, column, word);
		if (condition && !(column->value_count > 0 && (column->allow & instead) != 0))
			smc_expr_require_word(study, column, SMC_ALLOW_FILTER);
	}

	foreach(cell, expr->args)
	{
		check_columns(study, lfirst(cell),
					  arg_use(expr, at) == USE_CONDITION ? 0 : word,
					  condition || smc_expr_picks(study, expr, at), instead);
		at++;
	}
}

static void
note_uses(const SmcStudy *study, const SmcExpr *expr, SmcAllow word, bool condition, uint32 *uses)
{
	int			at = 0;
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_COLUMN)
		uses[expr->column] |= word | (condition ? SMC_ALLOW_FILTER : 0);

	foreach(cell, expr->args)
	{
		ArgUse		use = arg_use(expr, at++);

		if (use == USE_VALUE && smc_exprrange_is_step(study, expr))
			use = USE_BOTH;
		note_uses(study, lfirst(cell),
				  use == USE_CONDITION ? 0 : word,
				  condition || use != USE_VALUE, uses);
	}
}

void
smc_expr_note_uses(const SmcStudy *study, const SmcExpr *expr, SmcAllow word, uint32 *uses)
{
	note_uses(study, expr, word, word == 0, uses);
}

void
smc_expr_check_value(const SmcStudy *study, SmcExpr *expr, SmcAllow word)
{
	smc_exprtype_resolve(study, expr);
	check_columns(study, expr, word, false, word & (SMC_ALLOW_LINREGR | SMC_ALLOW_LOGREGR));
	smc_picks_check_value(study, expr);
}

void
smc_expr_check_condition(const SmcStudy *study, SmcExpr *expr)
{
	smc_exprtype_resolve(study, expr);
	if (expr->type != BOOLOID)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("a condition over study \"%s\" must be of type boolean, not %s",
						study->name, format_type_be(expr->type))));
	check_columns(study, expr, 0, true, 0);
	smc_picks_check_condition(study, expr);
}

int
smc_expr_narrow_recipients(const SmcStudy *study, const SmcExpr *expr, uint16 *mask)
{
	int			count = 0;
	int			at = 0;
	ListCell   *cell;

	if (expr->kind == SMC_EXPR_COLUMN)
	{
		*mask &= study->columns[expr->column].recipients;
		count = 1;
	}
	foreach(cell, expr->args)
	{
		if (arg_use(expr, at++) != USE_CONDITION)
			count += smc_expr_narrow_recipients(study, lfirst(cell), mask);
	}
	return count;
}

bool
smc_expr_mixes_conditions(const SmcStudy *study, const SmcExpr *expr)
{
	int			outcomes = 0;
	int			at = 0;
	ListCell   *cell;
	SmcOpRule	rule;

	if (expr->kind != SMC_EXPR_OP)
		return false;

	rule = smc_optable_get(expr->op)->rule;
	if (rule != SMC_RULE_NULLIF && smc_exprrange_is_step(study, expr))
		return true;
	foreach(cell, expr->args)
	{
		const SmcExpr *arg = lfirst(cell);

		if (arg_use(expr, at++) == USE_CONDITION)
			continue;
		if (smc_expr_mixes_conditions(study, arg))
			return true;
		if (rule == SMC_RULE_CASE && !(arg->kind == SMC_EXPR_CONST && arg->is_null))
			outcomes++;
		if (rule == SMC_RULE_COALESCE && at < list_length(expr->args) &&
			smc_exprtype_nullable(study, arg))
			return true;
	}
	return outcomes > 1;
}
