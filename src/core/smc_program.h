/*
 * Straight-line programs over shares: what an expression becomes.
 *
 * A program is a list of nodes, each made from earlier ones: a number (an
 * arithmetic share, signed, exact) or a bit (a boolean share).  It is built once
 * and run over a vector: element e of every node belongs to element e of every
 * input (a group of a query).  The builder keeps a bound of every number, from
 * the bounds of the inputs, and from it finds the width of the ring in which
 * nothing can wrap; all parties build the same program and so find the same.
 *
 * Nodes that don't wait for one another and are of one kind are run together, so
 * that ROUNDS follow the depth, not the size.  ADDs and the like cost nothing.
 * BYTES: those of smc_arith.h, smc_compare.h, smc_boolean.h, smc_wide.h.
 * MEMORY: some 128 MB at most, or 1024 elements of the nodes that are alive at a
 * time, if that is more; larger vectors are run in chunks, one after the other.
 * LEAKS: nothing: all nodes stay shares; opening them is the caller's.
 */
#ifndef SMC_PROGRAM_H
#define SMC_PROGRAM_H

#include "smc_bytes.h"
#include "smc_wide.h"

#define SMC_PROGRAM_NODES_MAX	65536	/* so that an index fits a uint16_t */
#define SMC_PROGRAM_WIDTH_MIN	128

typedef struct SmcProgram SmcProgram;

/* An empty program for that many parties; NULL when out of memory.  Free with destroy. */
extern SmcProgram *smc_program_create(int party_count);
extern void smc_program_destroy(SmcProgram *program);	/* NULL is allowed */

/*
 * Builders: each returns the new node, or -1 once the program has failed (out of
 * memory, too many nodes, an argument that is no such node, a constant beyond
 * SMC_WIDTH_MAX); a failed program stays failed, so callers check once at the
 * end (smc_program_status).  A number that seems too wide fails it only then:
 * smc_program_bound may still say that it isn't.  Equal nodes are made once, and
 * what follows from constants and bounds alone is a constant.
 */

/* The next input: a number with |x| < 2^bits; or a bit.  Inputs count from 0, each kind by itself. */
extern int	smc_program_input(SmcProgram *program, int bits);
extern int	smc_program_input_bit(SmcProgram *program);

/* Public values. */
extern int	smc_program_constant(SmcProgram *program, const SmcWide *value);
extern int	smc_program_constant_bit(SmcProgram *program, bool value);

/* Numbers. */
extern int	smc_program_add(SmcProgram *program, int a, int b);
extern int	smc_program_subtract(SmcProgram *program, int a, int b);
extern int	smc_program_negate(SmcProgram *program, int a);
extern int	smc_program_scale(SmcProgram *program, int a, const SmcWide *factor);	/* times a public number */
extern int	smc_program_multiply(SmcProgram *program, int a, int b);
extern int	smc_program_absolute(SmcProgram *program, int a);

/*
 * Declare that |a| < 2^bits, or that a >= 0, where the builder can't see it; of a
 * caller that is wrong the result is wrong.  Nodes made before don't gain by
 * it.  The node itself is returned.
 */
extern int	smc_program_bound(SmcProgram *program, int a, int bits);
extern int	smc_program_not_negative(SmcProgram *program, int a);
extern int	smc_program_bits(const SmcProgram *program, int a);	/* its bound */

/* Bits. */
extern int	smc_program_negative(SmcProgram *program, int a);	/* a < 0 */
extern int	smc_program_zero(SmcProgram *program, int a);	/* a = 0 */
extern int	smc_program_less(SmcProgram *program, int a, int b);	/* a < b */
extern int	smc_program_equal(SmcProgram *program, int a, int b);
extern int	smc_program_not(SmcProgram *program, int s);
extern int	smc_program_and(SmcProgram *program, int s, int t);
extern int	smc_program_or(SmcProgram *program, int s, int t);
extern int	smc_program_xor(SmcProgram *program, int s, int t);

/* Between them. */
extern int	smc_program_from_bit(SmcProgram *program, int s);	/* 0 or 1 as a number */
extern int	smc_program_times_bit(SmcProgram *program, int s, int a);	/* s ? a : 0 */
extern int	smc_program_select(SmcProgram *program, int s, int a, int b);	/* s ? a : b */
extern int	smc_program_select_bit(SmcProgram *program, int s, int t, int u);

/*
 * Quotients; a divisor of zero counts as one (test it by smc_program_zero).
 *   divide_floor  floor(a / b) for a >= 0, b >= 0
 *   divide        toward zero, of any sign, as SQL divides integers
 *   round         a * 10^digits / b, rounded half away from zero, as SQL's numeric is
 */
extern int	smc_program_divide_floor(SmcProgram *program, int a, int b);
extern int	smc_program_divide(SmcProgram *program, int a, int b);
extern int	smc_program_round(SmcProgram *program, int a, int b, int digits);

/* floor(sqrt(a)) for a >= 0. */
extern int	smc_program_root(SmcProgram *program, int a);

/*
 * Fixed point: a / 2^places, wrong by less than the number of parties (in the last
 * place kept, differently in each run), for which one round does; divide_floor is
 * exact.  The bit of a >= 2^power for a >= 0; all powers of one number are found
 * together (smc_size.h).
 */
extern int	smc_program_cut(SmcProgram *program, int a, int places);
extern int	smc_program_reached(SmcProgram *program, int a, int power);

/*
 * A quotient a / b with as many digits after the point as its size asks for, as
 * PostgreSQL's numeric division gives, and not a digit more.  unit is the decimal
 * exponent by which a / b is to be read: the quotient proper is a / b * 10^unit,
 * and *value / 10^*digits is that, rounded half away from zero; both nodes are
 * numbers.  Its weight is w where 10000^w <= |quotient| < 10000^(w+1), and digits
 * = 16 - 4 w, but at least min_digits and 0; a zero has 20, or min_digits if that
 * is more.  The digits are chosen on shares: nothing about the size is opened.
 * b < 0 is allowed.
 */
extern void smc_program_quotient(SmcProgram *program, int a, int b, int unit, int min_digits,
								 int *value, int *digits);

/*
 * The root of such a quotient, with its sign: V = a / b * 10^unit is rounded to d
 * digits, d = significant - 4 w, but at least min_digits, and *value / 10^*digits is
 * sqrt(V) rounded, *digits = half * d / 2 + plus (half: 0, 1 or 2).  With significant
 * 16, half 2 and plus 0 that is what PostgreSQL's stddev of numeric does.  With half
 * 0 *digits is a constant, and d at most twice plus; a zero has as many digits as
 * the smallest V there can be.
 */
typedef struct SmcRootDigits
{
	int			significant;
	int			min_digits;
	int			half;
	int			plus;
} SmcRootDigits;

extern void smc_program_quotient_root(SmcProgram *program, int a, int b, int unit, const SmcRootDigits *how,
									  int *value, int *digits);

/*
 * Make a fraction *a / *b of one with |a| < 2^a_bits, 0 <= b < 2^b_bits, and the
 * same value but for what both lose by losing as many last places; unchanged where
 * the bounds say that it is so already.  *b >= 0.  Where b is the larger one and is
 * shrunk it keeps b_bits - 16 places.
 */
extern void smc_program_shrink(SmcProgram *program, int *a, int *b, int a_bits, int b_bits);

/*
 * The largest of count >= 1 numbers, of equal ones the first: numbers[0] and
 * names[0] become it and what it goes by, another number each; the rest of both is
 * overwritten.  count - 1 comparisons and twice as many selections, in
 * ceil(log2 count) levels.
 */
extern void smc_program_most(SmcProgram *program, int *numbers, int *names, int count);

/* Whether a node is a bit. */
extern bool smc_program_is_bit(const SmcProgram *program, int node);

/* SMC_OK; SMC_ERR_RANGE when it needs more than SMC_WIDTH_MAX; else why it failed. */
extern SmcStatus smc_program_status(const SmcProgram *program) SMC_MUST_USE;

/* The width of the ring that the program is to be run in: 128 at least, a multiple of 64; 0 if it has failed. */
extern int	smc_program_width(const SmcProgram *program);

/* Number of inputs of each kind. */
extern int	smc_program_inputs(const SmcProgram *program);
extern int	smc_program_input_bits(const SmcProgram *program);

/*
 * Rounds and bytes sent to each peer that a run of all nodes over count elements
 * takes at most: bytes by the party that sends most, through the number of its
 * peers, without a stock of triples.  0 if the program has failed.
 */
extern void smc_program_cost(const SmcProgram *program, size_t count, uint64_t *rounds, uint64_t *bytes);

/*
 * The program as bytes, and again, with the same nodes: for another process of
 * the same server.  What isn't a program fails the reader, and is NULL (as when
 * out of memory); a failed program is read as one.
 */
extern void smc_program_write(const SmcProgram *program, SmcWriter *writer);
extern SmcProgram *smc_program_read(SmcReader *reader);

/*
 * Run over count elements.  inputs[i] are our shares of number i (count integers
 * of `width` bits, width = smc_program_width or wider), bits[i] those of bit i
 * (smc_bits_words(count) words).  wanted lists nodes; numbers[k] or, for a bit,
 * bit_outputs[k] receives our shares of wanted[k] (the other one of the pair is
 * not looked at).  Only nodes that wanted ones need are computed.  All parties
 * want the same.
 */
extern SmcStatus smc_program_run(const SmcProgram *program, SmcEngine *engine, int width, size_t count,
								 const uint64_t *const *inputs, const uint64_t *const *bits,
								 const int *wanted, size_t wanted_count,
								 uint64_t *const *numbers, uint64_t *const *bit_outputs) SMC_MUST_USE;

#endif							/* SMC_PROGRAM_H */
