/*
 * From a query to its program over shares.
 *
 * A sum or a count is opened as it is added up.  Everything else that may be
 * opened less of goes through a program (core/smc_program.h): an average, which
 * would cost the sum and the count; a formula over aggregates
 * (pg/smc_formula.h); and all outputs of a query with HAVING, which are masked
 * by whether their group passes, so that those who don't learn the figures don't
 * learn the groups either.  An average whose sum and count are asked for beside
 * it, for the same parties, follows from them and is left to arithmetic.
 *
 * The program's inputs are the parties' parts once more, under masks of their
 * own; nothing of a part depends on what else was made of it.
 *
 * A division by zero is told to those who learn the formula, and to nobody
 * else: an asker could otherwise put any question about figures that aren't for
 * it as a divisor.  Where all parties learn it, the computation ends with it, and
 * nothing is opened; else its recipients find it beside the figures, which are
 * masked then.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/memutils.h"

#include "core/smc_contest.h"
#include "core/smc_union.h"
#include "pg/smc_circuit.h"
#include "pg/smc_exprrange.h"
#include "pg/smc_exprtype.h"
#include "pg/smc_formula.h"
#include "pg/smc_interval.h"
#include "pg/smc_privacy.h"
#include "pg/smc_statistic_value.h"
#include "pg/smc_tally.h"

#define CONTEST_BITS	127		/* of a minimum or maximum: its mark of "none" is 2^126 */

/* A circuit on its way. */
typedef struct Builder
{
	const SmcStudy *study;
	const SmcQuery *query;
	SmcLayout  *layout;			/* NULL: only to see whether it can be done */
	SmcCircuit *circuit;
	SmcProgram *program;
	SmcFormulaValue *leaves;	/* by aggregate */
	bool	   *has_leaf;
	SmcModelSolution *models;	/* likewise */
	int		   *slot_nodes;		/* by slot: the input's node, or -1 */
	SmcFormulaValue *secrets;	/* of the query's */
	int			noisy_count;	/* numbers with noise: without it, and with it */
	int		   *noisy_from;
	int		   *noisy_to;
	int			present;		/* bit: whether the group has rows; -1: it has, or there are no groups */
	int			noises;			/* of the query, over which its epsilon is split */
	int			lone;			/* the aggregate that is an output by itself; -1: a formula is built */
	int			place;			/* of a histogram: the bucket that is built, of an interval: the part, from 1 */
} Builder;

static void
destroy_program(void *arg)
{
	smc_program_destroy(arg);
}

void
smc_circuit_own_program(SmcProgram *program)
{
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

	callback->func = destroy_program;
	callback->arg = program;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
}

static SmcProgram *
create_program(int party_count)
{
	SmcProgram *program = smc_program_create(party_count);

	if (program == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory")));
	smc_circuit_own_program(program);
	return program;
}

/* The inputs that come from the store, before all others. */
static void
add_secrets(Builder *builder)
{
	SmcProgram *program = builder->program;

	builder->secrets = palloc0(Max(builder->query->secret_count, 1) * sizeof(SmcFormulaValue));
	for (int i = 0; i < builder->query->secret_count; i++)
	{
		const SmcSecret *secret = builder->query->secrets[i].secret;
		SmcFormulaValue *value = &builder->secrets[i];

		value->type = secret->type;
		value->ordered = secret->ordered;
		value->scale = secret->scale;
		value->digits = secret->digits;
		value->positive = secret->positive;
		value->root = secret->root;
		value->settled = secret->settled;
		value->num = value->den = value->bit = value->null = -1;
		if (secret->bits > 0)
			value->num = smc_program_input(program, secret->bits);
		if (secret->positive && value->num >= 0)
			value->num = smc_program_not_negative(program, value->num);
		if (secret->den_bits > 0)
			value->den = smc_program_not_negative(program, smc_program_input(program, secret->den_bits));
		if (secret->type == BOOLOID)
			value->bit = smc_program_input_bit(program);
		if (secret->nullable)
			value->null = smc_program_input_bit(program);
	}
}

/* The value of a secret: SmcFormulaLeaf. */
static bool
secret_of(void *arg, int secret, SmcFormulaValue *value)
{
	*value = ((Builder *) arg)->secrets[secret];
	return true;
}

/* How many numbers can get noise: sums and counts, and buckets. */
static int
most_noises(const SmcQuery *query)
{
	return 2 * Max(query->agg_count, 1) + SMC_TALLIES_MAX;
}

static void
builder_init(Builder *builder, const SmcStudy *study, const SmcQuery *query, SmcLayout *layout)
{
	memset(builder, 0, sizeof(*builder));
	builder->study = study;
	builder->query = query;
	builder->layout = layout;
	builder->program = create_program(study->party_count);
	builder->leaves = palloc0(Max(query->agg_count, 1) * sizeof(SmcFormulaValue));
	builder->models = palloc0(Max(query->agg_count, 1) * sizeof(SmcModelSolution));
	builder->has_leaf = palloc0(Max(query->agg_count, 1) * sizeof(bool));
	builder->slot_nodes = palloc(SMC_LAYOUT_SLOTS_MAX * sizeof(int));
	for (int i = 0; i < SMC_LAYOUT_SLOTS_MAX; i++)
		builder->slot_nodes[i] = -1;
	builder->present = builder->lone = -1;
	builder->noises = 1;
	builder->noisy_from = palloc(most_noises(query) * sizeof(int));
	builder->noisy_to = palloc(most_noises(query) * sizeof(int));
	add_secrets(builder);
}

/* ---- inputs --------------------------------------------------------------------- */

/* The node of a number that comes from a slot, made if need be. */
static int
number_input(Builder *builder, SmcSlotKind kind, int agg, int bits)
{
	int			slot;

	if (builder->layout == NULL)
		return smc_program_input(builder->program, bits);
	slot = smc_layout_add_input(builder->study, builder->query, builder->layout, kind, agg, bits);
	if (builder->slot_nodes[slot] < 0)
	{
		builder->slot_nodes[slot] = smc_program_input(builder->program, bits);
		builder->circuit->number_slots[builder->circuit->number_count++] = slot;
	}
	return builder->slot_nodes[slot];
}

/* A count of rows. */
static int
count_input(Builder *builder, SmcSlotKind kind, int agg)
{
	return smc_program_not_negative(builder->program, number_input(builder, kind, agg, SMC_COUNT_BITS));
}

static int
sum_bits(const Builder *builder, const SmcAgg *agg)
{
	return smc_exprrange_sum_bits(builder->study, agg->arg, agg->scale);
}

/* Noise for a number whose sensitivity is that. */
static int
noise_input(Builder *builder, SmcRing128 sensitivity)
{
	SmcCircuitNoise noise = {smc_privacy_epsilon(builder->study),
	(SmcRing128) SMC_PRIVACY_UNIT * builder->noises * sensitivity};
	SmcNoisePlan plan;
	SmcStatus	status = smc_noise_plan(noise.numerator, noise.denominator, &plan);

	if (status != SMC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("noise over study \"%s\" would be too large to be computed", builder->study->name)));
	if (builder->layout != NULL)
	{
		builder->circuit->noises[builder->circuit->noise_count] = noise;
		builder->circuit->number_slots[builder->circuit->number_count++] = -1 - builder->circuit->noise_count++;
	}
	return smc_program_input(builder->program, plan.digits + 1);
}

/* The rows of a place of a tally's, from 1. */
static int
tally_input(Builder *builder, int agg, int place)
{
	SmcProgram *program = builder->program;
	int			slot;

	if (builder->layout == NULL)
		return smc_program_not_negative(program, smc_program_input(program, SMC_COUNT_BITS));
	slot = smc_layout_add_tally(builder->study, builder->query, builder->layout, agg, place);
	if (builder->slot_nodes[slot] < 0)
	{
		builder->slot_nodes[slot] = smc_program_not_negative(program, smc_program_input(program, SMC_COUNT_BITS));
		builder->circuit->number_slots[builder->circuit->number_count++] = slot;
	}
	return builder->slot_nodes[slot];
}

/* A part of a sum of intervals. */
static int
interval_input(Builder *builder, int agg, int part)
{
	int			bits = smc_interval_bits(part);
	int			slot;

	if (builder->layout == NULL)
		return smc_program_input(builder->program, bits);
	slot = smc_layout_add_interval(builder->study, builder->query, builder->layout, agg, part);
	if (builder->slot_nodes[slot] < 0)
	{
		builder->slot_nodes[slot] = smc_program_input(builder->program, bits);
		builder->circuit->number_slots[builder->circuit->number_count++] = slot;
	}
	return builder->slot_nodes[slot];
}

/* A number as it may be told: with noise where the study has an epsilon, one noise however often it is used. */
static int
told(Builder *builder, int node, int agg, bool is_sum, bool is_release)
{
	if (!smc_privacy_applies(builder->study))
		return node;
	for (int i = 0; i < builder->noisy_count; i++)
	{
		if (builder->noisy_from[i] == node)
			return builder->noisy_to[i];
	}
	if (builder->circuit != NULL)
		builder->circuit->release_count += is_release;
	builder->noisy_from[builder->noisy_count] = node;
	builder->noisy_to[builder->noisy_count] =
		smc_program_add(builder->program, node,
						noise_input(builder, smc_privacy_sensitivity(builder->study, &builder->query->aggs[agg], is_sum)));
	return builder->noisy_to[builder->noisy_count++];
}

/* A sum or count of an aggregate as it may be told. */
static int
told_number(Builder *builder, SmcSlotKind kind, int agg)
{
	bool		is_sum = kind == SMC_SLOT_SUM;
	int			node = is_sum ? number_input(builder, kind, agg, sum_bits(builder, &builder->query->aggs[agg])) :
		count_input(builder, kind, agg);

	return told(builder, node, agg, is_sum, true);
}

/* A bucket's count likewise. */
static int
told_bucket(Builder *builder, int agg, int place)
{
	return told(builder, tally_input(builder, agg, place), agg, false, place == 1);
}

/* The two bits of a comparison, less being the first. */
static int
compare_input(Builder *builder, int agg)
{
	int			less;

	if (builder->layout == NULL)
	{
		less = smc_program_input_bit(builder->program);
		(void) smc_program_input_bit(builder->program);
		return less;
	}
	less = smc_layout_add_input(builder->study, builder->query, builder->layout, SMC_SLOT_COMPARE, agg, 0);
	builder->circuit->bit_slots[builder->circuit->bit_count++] = less;
	less = smc_program_input_bit(builder->program);
	(void) smc_program_input_bit(builder->program);
	return less;
}

/* Whether min_rows sees to it that an aggregate that is opened rests on some row. */
static bool
is_never_empty(const Builder *builder)
{
	return builder->study->min_rows > 1;
}

/* The bit of a sum being over no rows, -1 where that can't be. */
static int
empty_bit(Builder *builder, int agg)
{
	const SmcAgg *a = &builder->query->aggs[agg];

	/* with noise, that isn't told: the sum of no rows is noise */
	if (is_never_empty(builder) || smc_privacy_applies(builder->study))
		return -1;
	/* in a group that is there, all its rows are behind it */
	if (builder->query->group_count > 0 && smc_query_takes_all_rows(builder->study, a))
		return -1;
	return smc_program_zero(builder->program, count_input(builder, SMC_SLOT_COUNT, agg));
}

/* One statistic's sums. */
typedef struct Sums
{
	Builder    *builder;
	int			agg;
	int			nodes[SMC_MOMENT_LAST + 1]; /* by SmcMoment, 0 being the count, once made */
	bool		made[SMC_MOMENT_LAST + 1];
} Sums;

static int
count_of(void *arg)
{
	Sums	   *sums = arg;

	if (!sums->made[0])
		sums->nodes[0] = count_input(sums->builder, SMC_SLOT_COUNT, sums->agg);
	sums->made[0] = true;
	return sums->nodes[0];
}

/* The node of a moment's part. */
static int
part_input(const Sums *sums, SmcMoment moment, SmcMomentPart part, int bits, int part_bits)
{
	Builder    *builder = sums->builder;
	int			slot;

	if (builder->layout == NULL)
		return smc_program_input(builder->program, part_bits);
	slot = smc_layout_add_moment(builder->study, builder->query, builder->layout, sums->agg, moment, part, bits);
	if (builder->slot_nodes[slot] < 0)
	{
		builder->slot_nodes[slot] = smc_program_input(builder->program, part_bits);
		builder->circuit->number_slots[builder->circuit->number_count++] = slot;
	}
	return builder->slot_nodes[slot];
}

/* The node of a moment of so many bits, joined from its parts where it has such. */
static int
make_moment(const Sums *sums, SmcMoment moment, int bits)
{
	SmcProgram *program = sums->builder->program;
	SmcWide		step = smc_wide_from_ring((SmcRing128) 1 << SMC_MOMENT_LOW_BITS);
	int			high;
	int			low;

	if (bits <= SMC_MOMENT_WHOLE_BITS)
		return part_input(sums, moment, SMC_MOMENT_WHOLE, bits, bits);
	high = part_input(sums, moment, SMC_MOMENT_HIGH, bits, bits - SMC_MOMENT_LOW_BITS + 1);
	low = part_input(sums, moment, SMC_MOMENT_LOW, bits, SMC_MOMENT_LOW_BITS + 4);
	return smc_program_bound(program, smc_program_add(program, smc_program_scale(program, high, &step), low), bits);
}

static int
moment_of(void *arg, SmcMoment moment)
{
	Sums	   *sums = arg;

	if (!sums->made[moment])
		sums->nodes[moment] = make_moment(sums, moment,
										  smc_statistic_bits(sums->builder->study,
															 &sums->builder->query->aggs[sums->agg], moment));
	sums->made[moment] = true;
	return sums->nodes[moment];
}

/* A model's sum of products; the input is made once. */
static int
product_of(void *arg, int product)
{
	Sums	   *sums = arg;

	return make_moment(sums, product,
					   smc_model_product_bits(sums->builder->study, &sums->builder->query->aggs[sums->agg], product));
}

/* The rows that all know an aggregate to rest on, where it is told of. */
static int
least_rows(const Builder *builder, const SmcAgg *agg)
{
	if (is_never_empty(builder))
		return builder->study->min_rows;
	return builder->query->group_count > 0 && smc_query_takes_all_rows(builder->study, agg);
}

static void
statistic_leaf(Builder *builder, int agg, SmcFormulaValue *value)
{
	const SmcAgg *a = &builder->query->aggs[agg];
	Sums		sums = {builder, agg};
	SmcStatisticSource source = {builder->program, count_of, moment_of, &sums, least_rows(builder, a)};

	smc_statistic_value(&source, a, value);
}

static bool
contest_leaf(Builder *builder, int agg, SmcFormulaValue *value)
{
	const SmcAgg *a = &builder->query->aggs[agg];
	SmcProgram *program = builder->program;
	SmcTypeClass class = smc_optable_class(value->type);
	SmcWide		none;
	int			less;
	int			equal;

	switch (a->kind)
	{
		case SMC_AGG_MIN:
		case SMC_AGG_MAX:
			value->num = number_input(builder, a->kind == SMC_AGG_MIN ? SMC_SLOT_MIN : SMC_SLOT_MAX,
									  agg, CONTEST_BITS);
			value->scale = a->scale;
			value->ordered = class != SMC_CLASS_INT && class != SMC_CLASS_NUMERIC;
			none = smc_wide_from_ring(a->kind == SMC_AGG_MIN ? SMC_CONTEST_NONE_HIGH : SMC_CONTEST_NONE_LOW);
			break;
		case SMC_AGG_ARGMIN:
		case SMC_AGG_ARGMAX:
			value->num = number_input(builder, a->kind == SMC_AGG_ARGMIN ? SMC_SLOT_ARGMIN : SMC_SLOT_ARGMAX,
									  agg, 5);
			none = smc_wide_from_int(builder->study->party_count);
			break;
		default:
			less = compare_input(builder, agg);
			equal = less + 1;
			/* 1 - [=] - 2 [<] */
			none = smc_wide_from_int(1);
			less = smc_program_from_bit(program, less);
			value->num = smc_program_subtract(program,
											  smc_program_subtract(program, smc_program_constant(program, &none),
																   smc_program_from_bit(program, equal)),
											  smc_program_add(program, less, less));
			return true;
	}
	if (!is_never_empty(builder))
		value->null = smc_program_equal(program, value->num, smc_program_constant(program, &none));
	return true;
}

/* Which value is most frequent, as its place: looked for in the order in which ties go. */
static void
mode_leaf(Builder *builder, int agg, SmcFormulaValue *value)
{
	const SmcAgg *a = &builder->query->aggs[agg];
	SmcProgram *program = builder->program;
	int			count = smc_tally_places(builder->study, a);
	int		   *order = smc_tally_order(builder->study, a);
	int		   *most = palloc(count * sizeof(int));
	int		   *which = palloc(count * sizeof(int));

	for (int i = 0; i < count; i++)
	{
		SmcWide		place = smc_wide_from_int(order[i]);

		most[i] = tally_input(builder, agg, order[i] + 1);
		which[i] = smc_program_constant(program, &place);
	}
	smc_program_most(program, most, which, count);
	/* in a group that is there, a column without NULLs has values */
	if (!is_never_empty(builder) &&
		(builder->query->group_count == 0 || !smc_query_takes_all_rows(builder->study, a)))
		value->null = smc_program_zero(program, most[0]);
	value->num = which[0];
}

/* A noisy count can be zero or less: there is no average then. */
static void
settle_noisy_divisor(Builder *builder, SmcFormulaValue *value)
{
	SmcProgram *program = builder->program;
	SmcWide		one = smc_wide_from_int(1);
	int			unit = smc_program_constant(program, &one);

	value->null = smc_program_less(program, value->den, unit);
	value->den = smc_program_not_negative(program, smc_program_select(program, value->null, unit, value->den));
}

/* The value of an aggregate: SmcFormulaLeaf. */
static bool
leaf_of(void *arg, int agg, SmcFormulaValue *value)
{
	Builder    *builder = arg;
	const SmcAgg *a = &builder->query->aggs[agg];

	if (builder->has_leaf[agg])
	{
		*value = builder->leaves[agg];
		return true;
	}
	memset(value, 0, sizeof(*value));
	value->type = smc_query_agg_type(a);
	value->null = value->bit = value->num = value->den = -1;
	switch (a->kind)
	{
		case SMC_AGG_COUNT_ROWS:
		case SMC_AGG_COUNT:
			value->num = told_number(builder, SMC_SLOT_COUNT, agg);
			value->positive = !smc_privacy_applies(builder->study);
			break;
		case SMC_AGG_SUM:
			if (smc_interval_is_sum(a))
			{
				if (builder->lone != agg)
					return false;
				value->num = interval_input(builder, agg, builder->place - 1);
				value->null = empty_bit(builder, agg);
				return true;
			}
			value->num = told_number(builder, SMC_SLOT_SUM, agg);
			value->null = empty_bit(builder, agg);
			value->scale = a->scale;
			break;
		case SMC_AGG_AVG:
			value->num = told_number(builder, SMC_SLOT_SUM, agg);
			value->den = told_number(builder, SMC_SLOT_COUNT, agg);
			value->null = empty_bit(builder, agg);
			if (smc_privacy_applies(builder->study))
				settle_noisy_divisor(builder, value);
			value->scale = a->scale;
			value->digits = a->scale;
			break;
		case SMC_AGG_MODE:
			/* a place is no value to compute with */
			if (builder->lone != agg)
				return false;
			mode_leaf(builder, agg, value);
			break;
		case SMC_AGG_HISTOGRAM:
			if (builder->lone != agg)
				return false;
			value->num = told_bucket(builder, agg, builder->place);
			return true;
		case SMC_AGG_DISTINCT:
			value->num = smc_program_not_negative(builder->program,
												  number_input(builder, SMC_SLOT_DISTINCT, agg, SMC_UNION_BITS));
			value->positive = true;
			break;
		default:
			if (smc_statistic_of(a->kind) != NULL)
				statistic_leaf(builder, agg, value);
			else if (smc_model_of(a->kind) != NULL || smc_percentile_is_one(a->kind) || !contest_leaf(builder, agg, value))
				return false;
	}
	builder->leaves[agg] = *value;
	builder->has_leaf[agg] = true;
	return true;
}

/* The value of a part of a model: SmcFormulaPart. */
static bool
part_of(void *arg, int agg, int part, SmcFormulaValue *value)
{
	Builder    *builder = arg;
	const SmcAgg *a = &builder->query->aggs[agg];
	Sums		sums = {builder, agg};
	SmcModelSource source = {builder->study, builder->program, count_of, product_of, &sums, &builder->models[agg]};

	/* one that is fitted to rows isn't there before it is opened */
	if (a->kind != SMC_AGG_LINREGR)
		return false;
	memset(value, 0, sizeof(*value));
	value->type = part < 0 ? INT8OID : FLOAT8OID;
	value->null = value->bit = value->num = value->den = -1;
	return smc_model_part_value(&source, a, part, value);
}

/* ---- outputs ---------------------------------------------------------------------- */

static void
collect_supports(Builder *builder, const SmcExpr *formula, int16 *supports, int *count)
{
	ListCell   *cell;

	if (formula->kind == SMC_EXPR_AGG)
	{
		bool		is_bucket = builder->query->aggs[formula->column].kind == SMC_AGG_HISTOGRAM;
		int			slot = is_bucket ?
			smc_layout_tally_support(builder->study, builder->query, builder->layout, formula->column, builder->place) :
			smc_layout_support(builder->study, builder->query, builder->layout, formula->column);

		for (int i = 0; i < *count; i++)
		{
			if (supports[i] == slot)
				return;
		}
		supports[(*count)++] = slot;
	}
	foreach(cell, formula->args)
		collect_supports(builder, lfirst(cell), supports, count);
}

/* The slots whose counts of rows a formula rests on, with min_rows. */
static int16 *
find_supports(Builder *builder, const SmcExpr *formula, int *count)
{
	int16	   *supports = palloc(Max(builder->query->agg_count, 1) * sizeof(int16));

	*count = 0;
	if (builder->study->min_rows > 1)
		collect_supports(builder, formula, supports, count);
	return supports;
}

static void
refuse_formula(const Builder *builder, const SmcExpr *formula, const char *why)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg("%s over study \"%s\" can't be computed on shares",
					smc_query_formula_text(builder->study, builder->query, formula), builder->study->name),
			 errdetail("It holds %s.", why)));
}

/* a AND NOT b, where a of -1 is always true, and b of -1 never. */
static int
unless(Builder *builder, int a, int b)
{
	if (b < 0)
		return a;
	b = smc_program_not(builder->program, b);
	return a < 0 ? b : smc_program_and(builder->program, a, b);
}

/* Whether everyone may know of an error in what is for those. */
static bool
is_public(const Builder *builder, uint16 recipients)
{
	return recipients == (uint16) ((1u << builder->study->party_count) - 1);
}

static void
add_output(Builder *builder, int output, SmcExpr *formula)
{
	SmcCircuit *circuit = builder->circuit;
	SmcProgram *program = builder->program;
	SmcCircuitOutput *out = &circuit->outputs[circuit->output_count++];
	SmcFormulaBuild build = {program, builder->study, leaf_of, builder,
		circuit->shown >= 0 ? circuit->shown : builder->present, -1, secret_of, part_of};
	SmcFormulaValue value;
	const char *why = smc_formula_build(&build, formula, &value);
	int			valid;
	int			visible;

	if (why != NULL)
		refuse_formula(builder, formula, why);
	out->output = output;
	out->recipients = smc_query_recipients(builder->study, builder->query, output);
	out->is_bit = value.bit >= 0;
	out->is_ordered = value.ordered;
	out->is_bucket = builder->lone >= 0 && builder->query->aggs[builder->lone].kind == SMC_AGG_HISTOGRAM;
	out->error = build.error;
	out->error_is_public = is_public(builder, out->recipients);
	out->supports = find_supports(builder, formula, &out->support_count);
	smc_formula_result(&build, &value, &out->value, &out->digits, &out->scale);

	/* its group is told of, and it has a value */
	valid = out->error_is_public ? circuit->shown : unless(builder, circuit->shown, out->error);
	visible = unless(builder, valid, value.null);
	if (visible >= 0)
	{
		out->value = out->is_bit ? smc_program_and(program, visible, out->value) :
			smc_program_times_bit(program, visible, out->value);
		if (out->digits >= 0)
			out->digits = smc_program_times_bit(program, visible, out->digits);
	}
	out->null = value.null;
	if (out->null >= 0 && valid >= 0)
		out->null = smc_program_and(program, valid, out->null);
}

/* The outputs of a model: each of its parts, where its group is told of. */
static void
add_model(Builder *builder, int output)
{
	SmcCircuit *circuit = builder->circuit;
	SmcProgram *program = builder->program;
	const SmcAgg *agg = &builder->query->aggs[output];
	SmcExpr    *formula = smc_expr_agg(smc_query_agg_type(agg), output);
	Sums		sums = {builder, output};
	SmcModelSource source = {builder->study, program, count_of, product_of, &sums, &builder->models[output]};
	SmcModelPart parts[SMC_MODEL_PARTS_MAX];

	smc_model_value(&source, agg, parts);
	for (int i = 0; i < smc_model_parts(agg); i++)
	{
		SmcCircuitOutput *out = &circuit->outputs[circuit->output_count++];
		int			visible = unless(builder, circuit->shown, parts[i].null);

		out->output = output;
		out->recipients = smc_query_recipients(builder->study, builder->query, output);
		out->value = parts[i].value;
		out->digits = parts[i].exponent;
		out->null = parts[i].null;
		out->error = -1;
		out->error_is_public = is_public(builder, out->recipients);
		out->supports = find_supports(builder, formula, &out->support_count);
		if (visible >= 0)
			out->value = smc_program_times_bit(program, visible, out->value);
		if (visible >= 0 && out->digits >= 0)
			out->digits = smc_program_times_bit(program, visible, out->digits);
		if (out->null >= 0 && circuit->shown >= 0)
			out->null = smc_program_and(program, circuit->shown, out->null);
	}
}

/*
 * A value to be kept.  It is NULL where it would be an error: an error is for all
 * to see, and of what is kept nobody is to see anything.
 */
static void
add_keep(Builder *builder, const SmcQueryKeep *asked)
{
	SmcExpr    *formula = builder->query->formulas[asked->formula];
	SmcCircuitKeep *keep = &builder->circuit->keeps[builder->circuit->keep_count++];
	SmcFormulaBuild build = {builder->program, builder->study, leaf_of, builder, -1, -1, secret_of, part_of};
	SmcFormulaValue value;
	const char *why = smc_formula_build(&build, formula, &value);

	if (why != NULL)
		refuse_formula(builder, formula, why);
	keep->type = value.type;
	keep->ordered = value.ordered;
	keep->positive = value.positive;
	keep->root = value.root;
	keep->settled = value.settled;
	keep->num = value.num;
	keep->den = value.den;
	keep->bit = value.bit;
	keep->null = value.null;
	if (build.error >= 0)
		keep->null = value.null < 0 ? build.error : smc_program_or(builder->program, value.null, build.error);
	keep->scale = value.scale;
	keep->digits = value.digits;
	keep->supports = find_supports(builder, formula, &keep->support_count);
}

static void
add_having(Builder *builder)
{
	SmcCircuit *circuit = builder->circuit;
	SmcExpr    *having = builder->query->having;
	SmcFormulaBuild build = {builder->program, builder->study, leaf_of, builder, builder->present, -1, secret_of, part_of};
	SmcFormulaValue value;
	const char *why = smc_formula_build(&build, having, &value);

	if (why != NULL)
		refuse_formula(builder, having, why);
	circuit->shown = smc_formula_is_true(&build, &value);
	if (builder->present >= 0)
		circuit->shown = smc_program_and(builder->program, builder->present, circuit->shown);
	circuit->shown_recipients = smc_query_recipients(builder->study, builder->query, -1);
	circuit->shown_error = build.error;
	circuit->shown_error_is_public = is_public(builder, circuit->shown_recipients);
	if (!circuit->shown_error_is_public)
		circuit->shown = unless(builder, circuit->shown, build.error);
	circuit->shown_supports = find_supports(builder, having, &circuit->shown_support_count);
}

/* Whether an average follows from other outputs, for all that learn it. */
static bool
follows(const SmcStudy *study, const SmcQuery *query, int agg)
{
	const SmcAgg *avg = &query->aggs[agg];
	uint16		recipients = smc_query_recipients(study, query, agg);
	bool		sum = false;
	bool		count = false;

	for (int i = 0; i < query->agg_count; i++)
	{
		const SmcAgg *other = &query->aggs[i];

		if (!other->is_output || (smc_query_recipients(study, query, i) & recipients) != recipients)
			continue;
		if (other->kind == SMC_AGG_SUM)
			sum |= smc_expr_equal(other->arg, avg->arg) && smc_expr_equal(other->filter, avg->filter);
		else if (smc_query_is_count(other->kind))
			count |= smc_query_same_rows(study, other, avg);
	}
	return sum && count;
}

bool
smc_circuit_bypasses(const SmcStudy *study, const SmcQuery *query, int agg)
{
	const SmcAgg *a = &query->aggs[agg];

	/* found by a search, or fitted to rows, in the groups that pass */
	if (smc_percentile_is_one(a->kind) || a->kind == SMC_AGG_LOGREGR)
		return a->is_output;
	/* likewise, where all parties know which groups pass */
	if (a->kind == SMC_AGG_DISTINCT && a->is_output &&
		smc_query_recipients(study, query, agg) == (uint16) ((1u << study->party_count) - 1))
		return true;
	if (smc_model_of(a->kind) != NULL)
		return false;
	if (!a->is_output || query->having != NULL || smc_privacy_applies(study))
		return false;
	if (smc_statistic_of(a->kind) != NULL)
		return smc_query_is_count(a->kind);
	if (a->kind == SMC_AGG_MODE)
		return false;
	return a->kind != SMC_AGG_AVG || follows(study, query, agg);
}

/* Whether there are formulas, which could fail in a group that isn't there. */
static bool
any_formula(const SmcQuery *query)
{
	return query->having != NULL || query->formula_count > 0;
}

static void
note_secrets(SmcCircuit *circuit, const Builder *builder)
{
	circuit->secret_count = builder->query->secret_count;
	circuit->secrets = palloc0(Max(circuit->secret_count, 1) * sizeof(SmcCircuitSecret));
	for (int i = 0; i < circuit->secret_count; i++)
	{
		circuit->secrets[i].has_num = builder->secrets[i].num >= 0;
		circuit->secrets[i].has_den = builder->secrets[i].den >= 0;
		circuit->secrets[i].has_bit = builder->secrets[i].bit >= 0;
		circuit->secrets[i].has_null = builder->secrets[i].null >= 0;
	}
}

/* Of how many numbers a figure is made: a histogram of one for each bucket, a model of its parts. */
static int
numbers_of(const SmcStudy *study, const SmcAgg *agg)
{
	if (agg->kind == SMC_AGG_HISTOGRAM)
		return smc_tally_places(study, agg);
	if (smc_model_of(agg->kind) != NULL)
		return smc_model_parts(agg);
	return smc_interval_is_sum(agg) ? SMC_INTERVAL_PARTS : 1;
}

/* Outputs of the circuit. */
static int
count_outputs(const SmcStudy *study, const SmcQuery *query, const List *outputs)
{
	int			count = 0;
	ListCell   *cell;

	foreach(cell, outputs)
	{
		int			output = lfirst_int(cell);

		count += output < SMC_QUERY_AGGS_MAX ? numbers_of(study, &query->aggs[output]) : 1;
	}
	return count;
}

/* Add an aggregate by itself. */
static void
add_lone_output(Builder *builder, int agg)
{
	const SmcAgg *a = &builder->query->aggs[agg];
	int			places = numbers_of(builder->study, a);

	builder->lone = agg;
	for (builder->place = 1; builder->place <= places; builder->place++)
		add_output(builder, agg, smc_expr_agg(smc_query_agg_type(a), agg));
	builder->lone = -1;
}

/* Build the circuit for those outputs, epsilon being split over so many numbers. */
static SmcCircuit *
build(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout, const List *outputs, int noises)
{
	SmcCircuit *circuit = palloc0(sizeof(SmcCircuit));
	Builder		builder;
	ListCell   *cell;

	builder_init(&builder, study, query, layout);
	circuit->program = builder.program;
	note_secrets(circuit, &builder);
	circuit->number_slots = palloc(2 * SMC_LAYOUT_SLOTS_MAX * sizeof(int16));
	circuit->bit_slots = palloc(SMC_LAYOUT_SLOTS_MAX * sizeof(int16));
	circuit->outputs = palloc0(Max(count_outputs(study, query, outputs), 1) * sizeof(SmcCircuitOutput));
	circuit->keeps = palloc0(Max(query->keep_count, 1) * sizeof(SmcCircuitKeep));
	circuit->noises = palloc0(most_noises(query) * sizeof(SmcCircuitNoise));
	circuit->all_shown = smc_privacy_applies(study) && query->having == NULL;
	circuit->shown = circuit->shown_error = -1;
	builder.circuit = circuit;
	builder.noises = noises;

	if (query->group_count > 0 && study->min_rows <= 1 && any_formula(query) && !smc_privacy_applies(study))
		builder.present = smc_program_not(builder.program,
										  smc_program_zero(builder.program,
														   count_input(&builder, SMC_SLOT_ROWS, -1)));
	if (query->having != NULL)
		add_having(&builder);
	foreach(cell, outputs)
	{
		int			output = lfirst_int(cell);

		if (output >= SMC_QUERY_AGGS_MAX)
			add_output(&builder, output, query->formulas[output - SMC_QUERY_AGGS_MAX]);
		else if (smc_model_of(query->aggs[output].kind) != NULL)
			add_model(&builder, output);
		else
			add_lone_output(&builder, output);
	}
	for (int i = 0; i < query->keep_count; i++)
		add_keep(&builder, &query->keeps[i]);
	if (smc_program_status(circuit->program) != SMC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a query over study \"%s\" is too much to be computed on shares", study->name),
				 errhint("Ask for less in one query, or round what is multiplied.")));
	return circuit;
}

SmcCircuit *
smc_circuit_make(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout)
{
	int			slots = layout->slot_count;
	int			tallies = layout->tally_count;
	SmcCircuit *circuit;
	List	   *outputs = NIL;
	ListCell   *cell;

	foreach(cell, smc_query_outputs(query))
	{
		int			output = lfirst_int(cell);

		if (output >= SMC_QUERY_AGGS_MAX || !smc_circuit_bypasses(study, query, output))
			outputs = lappend_int(outputs, output);
	}
	if (outputs == NIL && query->having == NULL && query->keep_count == 0)
		return NULL;

	circuit = build(study, query, layout, outputs, 1);
	if (circuit->release_count > 1)
	{
		/* now that it is known over how many numbers epsilon is split */
		layout->slot_count = slots;
		layout->tally_count = tallies;
		circuit = build(study, query, layout, outputs, circuit->release_count);
	}
	return circuit;
}

const char *
smc_circuit_try(const SmcStudy *study, const SmcQuery *query, SmcExpr *formula, bool *can_fail)
{
	Oid		   *types = palloc(Max(query->agg_count, 1) * sizeof(Oid));
	Builder		builder;
	SmcFormulaBuild build;
	SmcFormulaValue value;
	const char *why;
	int			node;
	int			digits;
	int			scale;

	for (int i = 0; i < query->agg_count; i++)
		types[i] = smc_query_agg_type(&query->aggs[i]);
	if (!smc_exprtype_resolve_formula(study, formula, types, query->agg_count))
		return "an operation that isn't computed on shares";
	builder_init(&builder, study, query, NULL);
	build = (SmcFormulaBuild) {builder.program, study, leaf_of, &builder, -1, -1, secret_of, part_of};
	why = smc_formula_build(&build, formula, &value);
	if (why != NULL)
		return why;
	*can_fail = build.error >= 0;
	smc_formula_result(&build, &value, &node, &digits, &scale);
	return smc_program_status(builder.program) == SMC_OK ? NULL : "numbers of more digits than the ring has";
}
