/*
 * Statistics from their sums, as exact fractions on shares.
 *
 * With N rows and whole numbers x (counted in their last digit), N^2 times the
 * variance is N sum(x^2) - sum(x)^2: no mean is needed, nothing is rounded, and it
 * can't be negative.  Likewise N sum(x y) - sum(x) sum(y) for a pair, whose square
 * is at most the product of the two (Cauchy and Schwarz).
 *
 * What is NULL follows PostgreSQL's documentation of each aggregate, and where
 * that is silent (constant columns) its behaviour.
 */
#include "postgres.h"

#include "pg/smc_statistic_value.h"

#define NUMERATOR_BITS		SMC_STATISTIC_NUMERATOR_BITS
#define DENOMINATOR_BITS	SMC_STATISTIC_DENOMINATOR_BITS
#define QUOTIENT_BITS		SMC_STATISTIC_QUOTIENT_BITS

typedef SmcStatisticSource Source;

static int
moment(const Source *source, SmcMoment which)
{
	return source->moment(source->arg, which);
}

/* N sum(x^2) - sum(x)^2. */
static int
spread(const Source *source, SmcMoment sum, SmcMoment square)
{
	SmcProgram *program = source->program;
	int			x = moment(source, sum);
	int			whole = smc_program_not_negative(program,
												 smc_program_multiply(program, source->count(source->arg),
																	  moment(source, square)));
	int			part = smc_program_multiply(program, x, x);

	smc_program_bound(program, part, smc_program_bits(program, whole));
	part = smc_program_subtract(program, whole, part);
	smc_program_bound(program, part, smc_program_bits(program, whole));
	return smc_program_not_negative(program, part);
}

static int
spread_y(const Source *source)
{
	return spread(source, SMC_MOMENT_FIRST, SMC_MOMENT_FIRST_SQUARE);
}

static int
spread_x(const Source *source)
{
	return spread(source, SMC_MOMENT_SECOND, SMC_MOMENT_SECOND_SQUARE);
}

/* N sum(x y) - sum(x) sum(y). */
static int
joint_spread(const Source *source)
{
	SmcProgram *program = source->program;

	return smc_program_subtract(program,
								smc_program_multiply(program, source->count(source->arg),
													 moment(source, SMC_MOMENT_PRODUCT)),
								smc_program_multiply(program, moment(source, SMC_MOMENT_FIRST),
													 moment(source, SMC_MOMENT_SECOND)));
}

/* N (N - 1) or N^2. */
static int
divisor(const Source *source, bool sample)
{
	SmcProgram *program = source->program;
	int			n = source->count(source->arg);
	SmcWide		one = smc_wide_from_int(1);
	int			less = sample ? smc_program_subtract(program, n, smc_program_constant(program, &one)) : n;

	return smc_program_not_negative(program, smc_program_multiply(program, n, less));
}

/* The bit of there being fewer rows than that; -1: there never are. */
static int
fewer_than(const Source *source, int rows)
{
	SmcWide		least = smc_wide_from_int(rows);

	if (source->least_rows >= rows)
		return -1;
	return smc_program_less(source->program, source->count(source->arg),
							smc_program_constant(source->program, &least));
}

/* sum(y) / N, of the rows where neither is NULL. */
static void
mean(const Source *source, SmcMoment sum, SmcFormulaValue *value)
{
	value->num = moment(source, sum);
	value->den = source->count(source->arg);
	value->null = fewer_than(source, 1);
}

/* (sum(y) sum(x^2) - sum(x) sum(x y)) / (N sum(x^2) - sum(x)^2) */
static void
intercept(const Source *source, SmcFormulaValue *value)
{
	SmcProgram *program = source->program;

	value->den = spread_x(source);
	value->num = smc_program_subtract(program,
									  smc_program_multiply(program, moment(source, SMC_MOMENT_FIRST),
														   moment(source, SMC_MOMENT_SECOND_SQUARE)),
									  smc_program_multiply(program, moment(source, SMC_MOMENT_SECOND),
														   moment(source, SMC_MOMENT_PRODUCT)));
	value->null = smc_program_zero(program, value->den);
}

/*
 * The square of the correlation.  A y that doesn't vary is explained in full; a
 * correlation with it is none.
 */
static void
determination(const Source *source, bool is_root, SmcFormulaValue *value)
{
	SmcProgram *program = source->program;
	int			together = joint_spread(source);
	int			x = spread_x(source);
	int			y = spread_y(source);
	int			level = smc_program_zero(program, y);

	value->root = is_root;
	value->num = smc_program_multiply(program, together, is_root ? smc_program_absolute(program, together) : together);
	value->den = smc_program_not_negative(program, smc_program_multiply(program, x, y));
	smc_program_bound(program, value->num, smc_program_bits(program, value->den));
	value->null = smc_program_zero(program, x);
	if (is_root)
		value->null = smc_program_or(program, value->null, level);
	else
	{
		int			one = smc_program_from_bit(program, level);

		value->num = smc_program_not_negative(program, smc_program_add(program, value->num, one));
		value->den = smc_program_not_negative(program, smc_program_add(program, value->den, one));
	}
}

/*
 * Bring a fraction of long numbers down to where it can be divided.  What is lost
 * is beyond the 25th significant digit; what is exactly one stays so.
 */
static void
shrink(const Source *source, SmcFormulaValue *value, int numerator_bits)
{
	/* the divisor is also multiplied by as many tens, and the dividend by twenty more */
	int			tens = Max(value->scale, 0) * 10 / 3 + 1;
	int			denominator_bits = Min(DENOMINATOR_BITS, QUOTIENT_BITS - tens);

	smc_program_shrink(source->program, &value->num, &value->den, numerator_bits, denominator_bits);
}

void
smc_statistic_value(const Source *source, const SmcAgg *agg, SmcFormulaValue *value)
{
	bool		sample = agg->kind == SMC_AGG_VARIANCE || agg->kind == SMC_AGG_STDDEV || agg->kind == SMC_AGG_COVAR_SAMP;

	switch (agg->kind)
	{
		case SMC_AGG_VARIANCE:
		case SMC_AGG_VAR_POP:
		case SMC_AGG_STDDEV:
		case SMC_AGG_STDDEV_POP:
			value->num = spread_y(source);
			value->den = divisor(source, sample);
			value->null = fewer_than(source, sample ? 2 : 1);
			value->scale = value->digits = 2 * agg->scale;
			value->root = smc_statistic_of(agg->kind)->is_root;
			value->positive = true;
			break;
		case SMC_AGG_COVAR_POP:
		case SMC_AGG_COVAR_SAMP:
			value->num = joint_spread(source);
			value->den = divisor(source, sample);
			value->null = fewer_than(source, sample ? 2 : 1);
			value->scale = agg->scale + agg->second_scale;
			break;
		case SMC_AGG_CORR:
		case SMC_AGG_REGR_R2:
			determination(source, agg->kind == SMC_AGG_CORR, value);
			value->positive = agg->kind == SMC_AGG_REGR_R2;
			shrink(source, value, DENOMINATOR_BITS);
			break;
		case SMC_AGG_REGR_COUNT:
			value->num = source->count(source->arg);
			value->positive = true;
			break;
		case SMC_AGG_REGR_AVGX:
			mean(source, SMC_MOMENT_SECOND, value);
			value->scale = agg->second_scale;
			break;
		case SMC_AGG_REGR_AVGY:
			mean(source, SMC_MOMENT_FIRST, value);
			value->scale = agg->scale;
			break;
		case SMC_AGG_REGR_SXX:
		case SMC_AGG_REGR_SYY:
			value->num = agg->kind == SMC_AGG_REGR_SXX ? spread_x(source) : spread_y(source);
			value->den = source->count(source->arg);
			value->null = fewer_than(source, 1);
			value->scale = 2 * (agg->kind == SMC_AGG_REGR_SXX ? agg->second_scale : agg->scale);
			value->positive = true;
			break;
		case SMC_AGG_REGR_SXY:
			value->num = joint_spread(source);
			value->den = source->count(source->arg);
			value->null = fewer_than(source, 1);
			value->scale = agg->scale + agg->second_scale;
			break;
		case SMC_AGG_REGR_SLOPE:
			value->num = joint_spread(source);
			value->den = spread_x(source);
			value->null = smc_program_zero(source->program, value->den);
			value->scale = agg->scale - agg->second_scale;
			shrink(source, value, NUMERATOR_BITS);
			break;
		case SMC_AGG_REGR_INTERCEPT:
			intercept(source, value);
			value->scale = agg->scale;
			shrink(source, value, NUMERATOR_BITS);
			break;
		default:
			elog(ERROR, "aggregate of kind %d is no statistic", (int) agg->kind);
	}
}
