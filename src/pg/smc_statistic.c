/*
 * The statistical aggregates: what each is, and the sums that it needs of a party.
 *
 * Sums of squares are exact, so that the difference that a variance is made of
 * loses no digit and is never negative.  Integers and numerics are computed as
 * they are; a float is first rounded, as its shortest decimal, to the digits that
 * its column declares, so that its square has twice as many and no rounding is
 * left to depend on the order of rows.  Every party rounds likewise, and what is
 * computed jointly is the figure of the rounded column, exactly.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "core/smc_wide.h"
#include "pg/smc_deparse.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_module.h"
#include "pg/smc_statistic.h"

static const SmcStatistic statistics[] = {
	{SMC_AGG_VARIANCE, "variance", 1, SMC_ALLOW_VARIANCE, false},
	{SMC_AGG_VAR_POP, "var_pop", 1, SMC_ALLOW_VARIANCE, false},
	{SMC_AGG_STDDEV, "stddev", 1, SMC_ALLOW_STDDEV, true},
	{SMC_AGG_STDDEV_POP, "stddev_pop", 1, SMC_ALLOW_STDDEV, true},
	{SMC_AGG_COVAR_POP, "covar_pop", 2, SMC_ALLOW_COVAR, false},
	{SMC_AGG_COVAR_SAMP, "covar_samp", 2, SMC_ALLOW_COVAR, false},
	{SMC_AGG_CORR, "corr", 2, SMC_ALLOW_CORR, false},
	{SMC_AGG_REGR_COUNT, "regr_count", 2, SMC_ALLOW_REGR, false},
	{SMC_AGG_REGR_AVGX, "regr_avgx", 2, SMC_ALLOW_REGR, false},
	{SMC_AGG_REGR_AVGY, "regr_avgy", 2, SMC_ALLOW_REGR, false},
	{SMC_AGG_REGR_SXX, "regr_sxx", 2, SMC_ALLOW_REGR, false},
	{SMC_AGG_REGR_SYY, "regr_syy", 2, SMC_ALLOW_REGR, false},
	{SMC_AGG_REGR_SXY, "regr_sxy", 2, SMC_ALLOW_REGR, false},
	{SMC_AGG_REGR_SLOPE, "regr_slope", 2, SMC_ALLOW_REGR, false},
	{SMC_AGG_REGR_INTERCEPT, "regr_intercept", 2, SMC_ALLOW_REGR, false},
	{SMC_AGG_REGR_R2, "regr_r2", 2, SMC_ALLOW_REGR, false}
};

/* The other names of some. */
static const struct
{
	const char *name;
	SmcAggKind	kind;
}			synonyms[] =
{
	{"var_samp", SMC_AGG_VARIANCE},
	{"stddev_samp", SMC_AGG_STDDEV}
};

const SmcStatistic *
smc_statistic_of(SmcAggKind kind)
{
	for (int i = 0; i < lengthof(statistics); i++)
	{
		if (statistics[i].kind == kind)
			return &statistics[i];
	}
	return NULL;
}

SmcAggKind
smc_statistic_by_name(const char *name)
{
	for (int i = 0; i < lengthof(statistics); i++)
	{
		if (strcmp(statistics[i].name, name) == 0)
			return statistics[i].kind;
	}
	for (int i = 0; i < lengthof(synonyms); i++)
	{
		if (strcmp(synonyms[i].name, name) == 0)
			return synonyms[i].kind;
	}
	return 0;
}

Oid
smc_statistic_type(const SmcAgg *agg)
{
	if (agg->kind == SMC_AGG_REGR_COUNT)
		return INT8OID;
	return agg->second != NULL || smc_exprtype_class(agg->arg) == SMC_CLASS_FLOAT ? FLOAT8OID : NUMERICOID;
}

/* ---- moments ---------------------------------------------------------------------- */

void
smc_statistic_factors(const SmcAgg *agg, SmcMoment moment, const SmcExpr **a, const SmcExpr **b)
{
	bool		is_second = moment == SMC_MOMENT_SECOND || moment == SMC_MOMENT_SECOND_SQUARE;

	*a = is_second ? agg->second : agg->arg;
	*b = moment == SMC_MOMENT_PRODUCT ? agg->second :
		moment == SMC_MOMENT_FIRST || moment == SMC_MOMENT_SECOND ? NULL : *a;
}

int
smc_statistic_scale(const SmcAgg *agg, SmcMoment moment)
{
	switch (moment)
	{
		case SMC_MOMENT_FIRST:
			return agg->scale;
		case SMC_MOMENT_SECOND:
			return agg->second_scale;
		case SMC_MOMENT_FIRST_SQUARE:
			return 2 * agg->scale;
		case SMC_MOMENT_SECOND_SQUARE:
			return 2 * agg->second_scale;
		case SMC_MOMENT_PRODUCT:
			break;
	}
	return agg->scale + agg->second_scale;
}

/* The most bits that a moment is given. */
static int
most_bits(SmcMoment moment)
{
	return moment == SMC_MOMENT_FIRST || moment == SMC_MOMENT_SECOND ? SMC_MOMENT_SUM_BITS : SMC_MOMENT_BITS;
}

int
smc_statistic_bits(const SmcStudy *study, const SmcAgg *agg, SmcMoment moment)
{
	const SmcExpr *a;
	const SmcExpr *b;

	smc_statistic_factors(agg, moment, &a, &b);
	return Min(smc_exprrange_moment_bits(study, a, b, smc_statistic_scale(agg, moment)), most_bits(moment));
}

/* ---- the check ----------------------------------------------------------------------- */

static SmcExpr *
strip_casts(const SmcStudy *study, SmcExpr *expr)
{
	while (expr->kind == SMC_EXPR_OP && smc_optable_get(expr->op)->rule == SMC_RULE_CAST &&
		   smc_exprtype_class(expr) == SMC_CLASS_FLOAT)
	{
		SmcExpr    *inner = linitial(expr->args);
		int			scale = smc_exprtype_scale(study, inner);

		/* of a quotient, which has no end of digits, the float's are taken */
		if (smc_exprtype_class(inner) == SMC_CLASS_FLOAT || scale == SMC_SCALE_NONE || scale > SMC_SCALE_MAX)
			break;
		expr = inner;
	}
	return expr;
}

void
smc_statistic_strip(const SmcStudy *study, SmcAgg *agg)
{
	agg->arg = strip_casts(study, agg->arg);
	if (agg->second != NULL)
		agg->second = strip_casts(study, agg->second);
}

/* Whether a moment has its room, unless it comes from the columns themselves that it hasn't. */
static bool
has_room(const SmcStudy *study, const SmcAgg *agg, SmcMoment moment)
{
	const SmcExpr *a;
	const SmcExpr *b;

	smc_statistic_factors(agg, moment, &a, &b);
	return smc_exprrange_moment_fits(study, a, b, smc_statistic_scale(agg, moment), most_bits(moment));
}

bool
smc_statistic_fits(const SmcStudy *study, const SmcAgg *agg)
{
	if (agg->kind == SMC_AGG_REGR_COUNT)
		return true;
	return has_room(study, agg, SMC_MOMENT_FIRST) && has_room(study, agg, SMC_MOMENT_FIRST_SQUARE) &&
		(agg->second == NULL ||
		 (has_room(study, agg, SMC_MOMENT_SECOND) && has_room(study, agg, SMC_MOMENT_SECOND_SQUARE) &&
		  has_room(study, agg, SMC_MOMENT_PRODUCT)));
}

/* ---- local SQL -------------------------------------------------------------------------- */

/* The type that a moment is computed in: int8 where nothing can overflow. */
static Oid
factor_type(const SmcStudy *study, const SmcExpr *a, const SmcExpr *b)
{
	SmcExpr    *product;

	if (smc_exprtype_class(a) != SMC_CLASS_INT || (b != NULL && smc_exprtype_class(b) != SMC_CLASS_INT))
		return NUMERICOID;
	if (b == NULL)
		return smc_exprtype_sql_type(study, a);
	product = smc_expr_op("mul.int", list_make2(unconstify(SmcExpr *, a), unconstify(SmcExpr *, b)));
	product->type = INT8OID;
	return smc_exprtype_sql_type(study, product);
}

/* An argument with no more digits than its scale. */
static void
append_factor(StringInfo buf, const SmcDeparse *deparse, const SmcExpr *expr, int scale, Oid type)
{
	bool		is_float = smc_exprtype_class(expr) == SMC_CLASS_FLOAT;
	bool		is_long = is_float ||
		(smc_exprtype_class(expr) == SMC_CLASS_NUMERIC && smc_deparse_needs_rounding(deparse, expr));

	if (is_long)
		appendStringInfoString(buf, "pg_catalog.round(");
	smc_deparse_as(buf, deparse, expr, is_float ? FLOAT8OID : type);
	/* the shortest decimal; a cast to numeric would keep 15 digits */
	if (is_float)
		appendStringInfoString(buf, "::pg_catalog.text::pg_catalog.numeric");
	if (is_long)
		appendStringInfo(buf, ", %d)", scale);
}

/* Append a FILTER for the aggregate's own and for rows where neither is NULL. */
static void
append_filter(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg, const SmcExpr *a, const SmcExpr *b)
{
	const SmcExpr *not_null[2] = {a, b};
	const char *separator = " FILTER (WHERE ";

	if (agg->filter != NULL)
	{
		appendStringInfo(buf, "%s(", separator);
		smc_deparse_expr(buf, deparse, agg->filter);
		appendStringInfoChar(buf, ')');
		separator = " AND ";
	}
	for (int i = 0; i < 2; i++)
	{
		if (not_null[i] == NULL || !smc_exprtype_nullable(deparse->study, not_null[i]))
			continue;
		appendStringInfo(buf, "%s(", separator);
		smc_deparse_expr(buf, deparse, not_null[i]);
		appendStringInfoString(buf, ") IS NOT NULL");
		separator = " AND ";
	}
	if (separator[1] == 'A')
		appendStringInfoChar(buf, ')');
}

/* Whether all arguments are floats, which one aggregate of ours adds up (pg/smc_exact.c). */
static bool
is_of_floats(const SmcAgg *agg)
{
	return smc_exprtype_class(agg->arg) == SMC_CLASS_FLOAT &&
		(agg->second == NULL || smc_exprtype_class(agg->second) == SMC_CLASS_FLOAT);
}

/* A moment of floats: one of the sums of a single aggregate, which PostgreSQL computes once. */
static void
append_exact(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg, SmcMoment moment)
{
	static const int place[] = {
		[SMC_MOMENT_FIRST] = 1,[SMC_MOMENT_SECOND] = 2,[SMC_MOMENT_FIRST_SQUARE] = 3,
		[SMC_MOMENT_SECOND_SQUARE] = 4,[SMC_MOMENT_PRODUCT] = 5
	};

	appendStringInfo(buf, "(%s(", quote_qualified_identifier(get_namespace_name(smc_module_schema()), "smc_exact_sums"));
	smc_deparse_as(buf, deparse, agg->arg, FLOAT8OID);
	appendStringInfo(buf, ", %d", agg->scale);
	if (agg->second != NULL)
	{
		appendStringInfoString(buf, ", ");
		smc_deparse_as(buf, deparse, agg->second, FLOAT8OID);
		appendStringInfo(buf, ", %d", agg->second_scale);
	}
	appendStringInfoChar(buf, ')');
	append_filter(buf, deparse, agg, NULL, NULL);
	appendStringInfo(buf, ")[%d]", place[moment]);
}

void
smc_statistic_append_moment(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg, SmcMoment moment)
{
	const SmcExpr *a;
	const SmcExpr *b;
	const SmcExpr *other = agg->second;
	int			scale = agg->scale;
	Oid			type;

	if (is_of_floats(agg))
	{
		append_exact(buf, deparse, agg, moment);
		return;
	}
	smc_statistic_factors(agg, moment, &a, &b);
	if (a == agg->second)
	{
		scale = agg->second_scale;
		other = agg->arg;
	}
	if (moment == SMC_MOMENT_PRODUCT)
		other = NULL;			/* the product is NULL where one of them is */
	type = factor_type(deparse->study, a, b);

	appendStringInfoString(buf, "pg_catalog.sum(");
	append_factor(buf, deparse, a, scale, type);
	if (b != NULL)
	{
		appendStringInfoString(buf, " OPERATOR(pg_catalog.*) ");
		append_factor(buf, deparse, b, b == agg->second ? agg->second_scale : agg->scale, type);
	}
	appendStringInfoChar(buf, ')');
	append_filter(buf, deparse, agg, other, NULL);
}

void
smc_statistic_append_count(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg)
{
	appendStringInfoString(buf, "pg_catalog.count(*)");
	append_filter(buf, deparse, agg, agg->arg, agg->second);
}

/* ---- parts ---------------------------------------------------------------------------------- */

bool
smc_statistic_to_ring(const char *text, int scale, SmcMomentPart part, int bits, int party_count, SmcRing128 *value)
{
	const int	word = SMC_MOMENT_LOW_BITS / 64;
	const int	rest = SMC_MOMENT_LOW_BITS % 64;
	int			own_bits = bits;
	SmcWide		moment;

	/* so that all together stay below 2^bits */
	while (1 << (bits - own_bits) < party_count)
		own_bits--;
	if (smc_wide_from_decimal(text, scale, &moment) != SMC_OK || smc_wide_bits(&moment) > own_bits)
		return false;

	if (part == SMC_MOMENT_WHOLE)
		*value = (SmcRing128) moment.limb[1] << 64 | moment.limb[0];
	else if (part == SMC_MOMENT_LOW)
		*value = (SmcRing128) (moment.limb[word] & ((UINT64CONST(1) << rest) - 1)) << 64 | moment.limb[0];
	else
	{
		/* with its sign: the words above are nothing else */
		for (int i = 0; i < 2; i++)
			moment.limb[i] = moment.limb[i + word] >> rest | moment.limb[i + word + 1] << (64 - rest);
		*value = (SmcRing128) moment.limb[1] << 64 | moment.limb[0];
	}
	return true;
}
