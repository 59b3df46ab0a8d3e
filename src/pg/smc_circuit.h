/*
 * What of a joint query is computed on shares before anything is opened.
 */
#ifndef SMC_CIRCUIT_H
#define SMC_CIRCUIT_H

#include "postgres.h"

#include "core/smc_bytes.h"
#include "core/smc_program.h"
#include "pg/smc_layout.h"
#include "pg/smc_model_value.h"
#include "pg/smc_secret.h"

/*
 * An output of the query that comes from the program: an average, or a formula; or
 * one part of a model, whose parts follow one another (pg/smc_model_value.h).
 */
typedef struct SmcCircuitOutput
{
	int			output;			/* as smc_query_outputs numbers them; a histogram's buckets, an interval's parts one after the other */
	uint16		recipients;
	bool		is_bit;
	bool		is_ordered;		/* the number is smc_extreme_to_ring's */
	bool		is_bucket;		/* of a histogram */
	int			value;			/* nodes; 0 where the output is NULL or its group isn't told of */
	int			null;			/* bit; -1: never NULL */
	int			digits;			/* after the point, where they depend on the value; -1: scale tells; of a model's
								 * part its exponent of two */
	int			error;			/* bit: a division by zero; -1: can't be */
	bool		error_is_public;	/* told to all, before anything is opened; else to the recipients */
	int			scale;
	int			support_count;	/* the slots that must reach min_rows */
	int16	   *supports;
} SmcCircuitOutput;

/* A kept secret as inputs of the program: which of its parts it has. */
typedef struct SmcCircuitSecret
{
	bool		has_num;
	bool		has_den;
	bool		has_bit;
	bool		has_null;
} SmcCircuitSecret;

/* A value that is kept: its nodes, -1 where it has no such part, and its form as SmcFormulaValue has it. */
typedef struct SmcCircuitKeep
{
	Oid			type;
	bool		ordered;
	bool		positive;
	bool		root;
	bool		settled;
	int			num;
	int			den;
	int			bit;
	int			null;
	int			scale;
	int			digits;
	int			support_count;	/* the slots that must reach min_rows */
	int16	   *supports;
} SmcCircuitKeep;
/* Noise that is added to an input: of the ratio exp(-numerator / denominator). */
typedef struct SmcCircuitNoise
{
	SmcRing128	numerator;
	SmcRing128	denominator;
} SmcCircuitNoise;

#define SMC_CIRCUIT_OUTPUTS_MAX	((SMC_MODEL_PARTS_MAX + 1) * SMC_QUERY_AGGS_MAX)

typedef struct SmcCircuit
{
	SmcProgram *program;
	int			secret_count;	/* these come first among the inputs, each by itself: number, divisor; bit, NULL */
	SmcCircuitSecret *secrets;
	int			number_count;	/* the slots of the program's other inputs; -1 - n: the n-th noise */
	int16	   *number_slots;
	int			noise_count;
	int			release_count;	/* over so many epsilon is split: a histogram's buckets, of which a row is in one, count once */
	SmcCircuitNoise *noises;
	bool		all_shown;		/* every possible group is told of, whether it has rows or not */
	int			bit_count;		/* of its other input bits, two for each: less, equal */
	int16	   *bit_slots;
	int			output_count;
	SmcCircuitOutput *outputs;
	int			keep_count;
	SmcCircuitKeep *keeps;
	int			shown;			/* bit: whether HAVING is true and the group is there; -1: no HAVING */
	uint16		shown_recipients;
	int			shown_error;	/* bit; -1: none */
	bool		shown_error_is_public;
	int			shown_support_count;
	int16	   *shown_supports;
} SmcCircuit;

/*
 * The circuit of a checked query, or NULL where none is needed; adds the slots
 * of its inputs to the layout.  Raises where a formula can't be computed on
 * shares.  Lives as long as the current memory context.
 */
extern SmcCircuit *smc_circuit_make(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout);

/*
 * Whether a formula over the query's aggregates, whose types and scales are
 * checked, could be computed on shares: NULL, or why not, as a phrase.  *can_fail
 * tells whether it could then meet a division by zero.
 */
extern const char *smc_circuit_try(const SmcStudy *study, const SmcQuery *query, SmcExpr *formula, bool *can_fail);

/* Whether an aggregate's figure is opened as it is added up, without a circuit. */
extern bool smc_circuit_bypasses(const SmcStudy *study, const SmcQuery *query, int agg);

/*
 * The width of the ring that it is run in.  What is kept is kept in the widest,
 * from which every other takes it by leaving high words away: so nothing is ever
 * rounded, and nothing that fits a program at all is refused.
 */
extern int	smc_circuit_width(const SmcCircuit *circuit);

/* How many numbers, and bits, the program takes from secrets. */
extern void smc_circuit_secret_inputs(const SmcCircuit *circuit, int *numbers, int *bits);

/* Fill in the form of a kept value. */
extern void smc_circuit_describe_keep(const SmcCircuit *circuit, int keep, SmcSecret *secret);

/* The place of an output, or of its first part, among the circuit's, or -1. */
extern int	smc_circuit_find(const SmcCircuit *circuit, int output);

/* Have a program destroyed with the current memory context. */
extern void smc_circuit_own_program(SmcProgram *program);

/* To and from bytes, between processes of this server.  read checks all numbers; NULL when malformed. */
extern void smc_circuit_write(SmcWriter *writer, const SmcCircuit *circuit);
extern SmcCircuit *smc_circuit_read(SmcReader *reader, const SmcLayout *layout);

#endif							/* SMC_CIRCUIT_H */
