/*
 * What the files of smc_program.h share: nodes, and plans of how to run them.
 */
#ifndef SMC_PROGRAM_IMPL_H
#define SMC_PROGRAM_IMPL_H

#include "smc_cost.h"
#include "smc_program.h"
#include "smc_range.h"

/*
 * The kinds of nodes; smc_program_write writes these numbers, for a process that
 * runs the same library.
 */
typedef enum SmcNodeKind
{
	/* numbers */
	SMC_NODE_INPUT,				/* input number a */
	SMC_NODE_CONSTANT,			/* value */
	SMC_NODE_ADD,				/* a + b */
	SMC_NODE_SUBTRACT,			/* a - b */
	SMC_NODE_SCALE,				/* a * value */
	SMC_NODE_MULTIPLY,			/* a * b */
	SMC_NODE_FROM_BIT,			/* bit a as 0 or 1 */
	SMC_NODE_TIMES_BIT,			/* bit a ? b : 0 */
	SMC_NODE_DIVIDE,			/* floor(a / b) */
	SMC_NODE_ROOT,				/* floor(sqrt(a)) */
	SMC_NODE_CUT,				/* a / 2^value, nearly */

	/* bits */
	SMC_NODE_BIT_INPUT,			/* input bit a */
	SMC_NODE_BIT_CONSTANT,		/* a, 0 or 1 */
	SMC_NODE_NOT,
	SMC_NODE_XOR,
	SMC_NODE_AND,
	SMC_NODE_NEGATIVE,			/* number a < 0 */
	SMC_NODE_ZERO,				/* number a = 0 */
	SMC_NODE_REACHED,			/* number a >= 2^value */

	SMC_NODE_KINDS
} SmcNodeKind;

#define SMC_NODE_FIRST_BIT	SMC_NODE_BIT_INPUT

typedef struct SmcNode
{
	SmcNodeKind kind;
	int			a;				/* nodes, or what the kind says; 0 if it has no such */
	int			b;
	SmcWide		value;
	SmcRange	range;			/* of a number */
} SmcNode;

struct SmcProgram
{
	int			party_count;
	SmcStatus	status;			/* why it failed, but for width */
	SmcNode    *nodes;
	int			node_count;
	int			node_room;
	int		   *table;			/* hash table of nodes by what they are: index + 1, or 0 */
	int			table_size;		/* a power of two */
	int			input_count;
	int			input_bit_count;
};

/* How many nodes a node is made from (those of a and b), and the kind's class. */
extern int	smc_program_node_args(const SmcNode *node);
extern bool smc_program_node_is_bit(const SmcNode *node);

/* The program fails, unless it has; -1. */
extern int	smc_program_fail(SmcProgram *program, SmcStatus status);

/* Whether program is in order and every node of the list is a number (a bit); else it fails. */
extern bool smc_program_numbers(SmcProgram *program, int a, int b);
extern bool smc_program_are_bits(SmcProgram *program, int s, int t);

/*
 * The node of that kind, made unless there is one; its range is met with the
 * one given.  A number that can only be one value becomes that constant.
 */
extern int	smc_program_node(SmcProgram *program, SmcNodeKind kind, int a, int b,
							 const SmcWide *value, const SmcRange *range);

/* That very node, unless there is one; its index.  The node's arguments must be in order. */
extern int	smc_program_append(SmcProgram *program, const SmcNode *node);

/* Meet a number's range with what is known of it by other ways; the node. */
extern int	smc_program_restrict(SmcProgram *program, int a, const SmcRange *range);

/* The value of a node that is a constant, or NULL. */
extern const SmcWide *smc_program_value(const SmcProgram *program, int a);

/* -1 unless the bit is a constant, then 0 or 1. */
extern int	smc_program_bit_value(const SmcProgram *program, int s);

/* A number as a multiple of another node: that node, and the factor (one where it is none). */
extern int	smc_program_term(const SmcProgram *program, int a, SmcWide *factor);

/* s ? -a : a, and whether a < 0 if it isn't zero (where it is, any bit). */
extern int	smc_program_negate_if(SmcProgram *program, int s, int a);
extern int	smc_program_sign(SmcProgram *program, int a);

/* What a division's quotient is below, for smc_wide_divide. */
extern int	smc_program_quotient_bits(const SmcNode *node);

/* ---- quotients that choose their digits (smc_program_quotient.c) ------------------- */

#define SMC_QUOTIENT_EXPONENT_MAX	150	/* smc_wide_power_of_ten */
#define SMC_QUOTIENT_WEIGHTS_MAX	(4 * SMC_QUOTIENT_EXPONENT_MAX)

/* A quotient a / b * 10^unit of weight w has significant - 4 w digits after the point, within limits. */
typedef struct SmcQuotient
{
	SmcProgram *program;
	int			unit;
	int			significant;
	int			least_digits;
	int			most_digits;
	int			a;				/* |a|; |b|, or one */
	int			b;
	int			negative;		/* bit: whether it is below zero, if it isn't zero */
	int			least;			/* the weights that can be, or count as another by their digits */
	int			most;
	int			shift;			/* of the divisor, so that no power of ten is below one */
	int			at_least[SMC_QUOTIENT_WEIGHTS_MAX];	/* bit: weight least + 1 + i, or more */
} SmcQuotient;

/* Find the weights of a / b, of whose fields the first five are set; false when the program has failed. */
extern bool smc_program_quotient_begin(SmcQuotient *q, int a, int b);

/* |a / b| * 10^(unit + digits), rounded, in its range. */
extern int	smc_program_quotient_size(SmcQuotient *q);

/* The digits of weight w, least <= w <= most. */
extern int	smc_program_quotient_digits(const SmcQuotient *q, int w);

/*
 * The sum over weights of [it is the quotient's] * number * 10^exponent: which
 * exponent, and within which range the number is where the weight is that, is
 * told by place.
 */
typedef void (*SmcQuotientPlace) (const SmcQuotient *q, const void *arg, int w, int *exponent, SmcRange *size);
extern int	smc_program_quotient_scale(SmcQuotient *q, int number, SmcQuotientPlace place, const void *arg);

/* ---- plans --------------------------------------------------------------------- */

/* What is done to some nodes in one go. */
typedef enum SmcStepKind
{
	SMC_STEP_LOCAL,				/* without a message, one after the other */
	SMC_STEP_AND,
	SMC_STEP_NEGATIVE,			/* negative nodes, and zero ones as two signs (smc_program_plan.c) */
	SMC_STEP_ZERO,
	SMC_STEP_TIMES_BIT,			/* and from_bit */
	SMC_STEP_MULTIPLY,
	SMC_STEP_DIVIDE,
	SMC_STEP_SHIFT,				/* divisions by one power of two */
	SMC_STEP_ROOT,
	SMC_STEP_CUT,				/* all in one message, whatever their sizes */
	SMC_STEP_SIZE				/* an entry for each number, whose powers are found together */
} SmcStepKind;

typedef struct SmcStep
{
	SmcStepKind kind;
	int			width;			/* of comparisons */
	int			bits;			/* of quotients, or of what roots, shifts, cuts and sizes are of */
	int			b_bits;			/* of divisors, or by how many places is shifted */
	int			first;			/* in the plan's list */
	int			count;			/* nodes */
	int			entries;		/* elements of the vector for each of the program's */
} SmcStep;

typedef struct SmcPlan
{
	int			width;
	size_t		chunk;			/* elements at a time: a multiple of 64 */
	int		   *list;			/* nodes, step by step */
	SmcStep    *steps;
	int			step_count;
	int		   *uses;			/* by node: how often it is read, by steps and as an output */
	SmcArena   *arena;
} SmcPlan;

/*
 * Plan a run of count elements in a ring of that width, for the nodes wanted
 * (NULL: all).  Memory is the arena's.
 */
extern SmcStatus smc_program_plan(const SmcProgram *program, int width, size_t count,
								  const int *wanted, size_t wanted_count,
								  SmcArena *arena, SmcPlan *plan) SMC_MUST_USE;

/*
 * x = 0 where neither x nor -x is below zero: how many of those two can be, as
 * far as the range tells, and so how many signs a zero test takes.
 */
extern int	smc_program_zero_signs(const SmcNode *number);

/* k where a node is a division by the constant 2^k, k >= 1; else 0. */
extern int	smc_program_shift_places(const SmcProgram *program, const SmcNode *node);

/* Of a cut: the places, and the bits that are taken for its number's; of a reached power: which. */
extern int	smc_program_node_places(const SmcNode *node);
extern int	smc_program_cut_bits(const SmcProgram *program, const SmcNode *node);

/* smc_program_run in chunks of at most that many elements, a multiple of 64. */
extern SmcStatus smc_program_run_by(const SmcProgram *program, SmcEngine *engine, int width, size_t count,
									size_t chunk_max,
									const uint64_t *const *inputs, const uint64_t *const *bits,
									const int *wanted, size_t wanted_count,
									uint64_t *const *numbers, uint64_t *const *bit_outputs) SMC_MUST_USE;

#endif							/* SMC_PROGRAM_IMPL_H */
