/*
 * Least squares on shares: coefficients, standard errors and R^2 from sums of products.
 *
 * PAPER: linear regression by its normal equations over shared sums of products, in
 * fixed point, each party adding up its own rows: Nikolaenko et al. (IEEE S&P 2013,
 * sections 4.1 and 4.3, by Cholesky), Gascon et al. (PoPETs 2017, sections 3 and 5,
 * for any number of parties).  Fixed point as in Catrina and Saxena (FC 2010), see
 * smc_scaled.h; how large a pivot is as in smc_size.h.
 * ADVERSARY: semi-honest, up to n - 1 of n: the program's (smc_program.h).
 *
 * With X the rows' k columns and y, A = [X y]'[X y] comes in as exact integers.
 *
 *   scale       Row and column i are multiplied by f_i = 2^e_i, so that 1/4 <= a_ii < 1,
 *               and then kept with F = SMC_LEAST_SQUARES_PLACES places.
 *   eliminate   a pivot d from the others, as in Gauss: a_ij - a_ip a_pj / d, but times
 *               c = d v, where v is the power of two that makes it 1/2 <= c < 1: so
 *               there is no division.  All of one matrix have that same factor, whose
 *               product C is kept: 2^-k < C <= 1.
 *   each alone  For column j the others are eliminated, and of A there is left
 *               C [s_j, b_j; b_j, ...]: coefficient b_j / s_j, and 1 / s_j is the
 *               diagonal of (X'X)^-1.  To eliminate all but one from k columns, halve
 *               them: either half is eliminated from a copy, and what is left of it
 *               is halved again.  That takes 7/3 of the products of one elimination
 *               (an inverse takes three times them), as many rounds, and no number is
 *               ever larger than one.
 *   residuals   y's own place when the last column too is eliminated.
 *
 * BOUNDS: A is positive semidefinite, and stays so: whatever is lost in the last place
 * by a step, at most n/2 + 1 an entry, is less than what is added to the diagonal
 * after it.  Hence no diagonal grows but by that, and |a_ij| <= sqrt(a_ii a_jj) holds always,
 * for any data; that is what bounds each product, so that nothing wraps and the
 * masks hide what they must.  Where d < 2^-SMC_LEAST_SQUARES_TOLERANCE, v is zero, and
 * so is all that follows.
 * PRECISION: what comes out is that of an A that differs by less than k^2 (n + 1) 2^(k+2-F)
 * in any direction (2^k for C), so it is wrong by that times the condition number of A
 * as it is scaled, but for the last rounding to 53 bits.
 * DEPENDENCE: columns are dependent where some s_j < 2^-TOLERANCE, the others having
 * explained all of column j but for 2^-59 .. 2^-75 of its sum of squares.  Those that are
 * exactly so are always found: the one with the largest weight in the relation has
 * s_j at most k times what A is off by.
 *
 * ROUNDS, for n parties: k times those of smc_size.h for F + 1 bits, n and 3; before and
 * after, those of three other sizes, a division of 154 bits by 100, a root of 154 bits, a
 * shift, and some 20: 133 + 16 k for two parties, 154 + 18 k for three.  (A run of many
 * elements takes more, where fewer bytes are worth it: smc_program_cost tells.)
 * BYTES: some 4/3 to 5/3 k^3 products of 384 bits.
 * LEAKS: nothing; opening the results is the caller's.  They are doubles: 53 bits and
 * an exponent of two.
 */
#ifndef SMC_LEAST_SQUARES_H
#define SMC_LEAST_SQUARES_H

#include "smc_program.h"

#define SMC_LEAST_SQUARES_PLACES	166
#define SMC_LEAST_SQUARES_TOLERANCE	75
#define SMC_LEAST_SQUARES_EXACT		100 /* residuals below 2^-this of y's squares are none, nor are such coefficients */
#define SMC_LEAST_SQUARES_COLUMNS	16	/* k at most */
#define SMC_LEAST_SQUARES_BITS		190 /* of a sum of products, at most */
#define SMC_LEAST_SQUARES_ROW_BITS	40	/* of the number of rows */

/* A number on shares: value * 2^exponent, |value| <= 2^53; a zero has exponent zero. */
typedef struct SmcDouble
{
	int			value;			/* nodes */
	int			exponent;
} SmcDouble;

/* What it is made from: nodes of one program. */
typedef struct SmcLeastSquares
{
	int			columns;		/* k, 1 or more */
	int			one;			/* the column that is the constant one, against which R^2 is measured; -1: none */
	int			rows;			/* their number, not negative */
	const int  *products;		/* sum of a_i a_j, i <= j, at j (j + 1) / 2 + i, y being the last column */
} SmcLeastSquares;

typedef struct SmcLeastSquaresResult
{
	SmcDouble	coefficients[SMC_LEAST_SQUARES_COLUMNS];
	SmcDouble	errors[SMC_LEAST_SQUARES_COLUMNS];	/* standard errors */
	SmcDouble	r2;				/* times 2^53; below zero by rounding only */
	int			numerators[SMC_LEAST_SQUARES_COLUMNS];	/* of coefficients, but for powers of two */
	int			denominators[SMC_LEAST_SQUARES_COLUMNS];
	int			powers[SMC_LEAST_SQUARES_COLUMNS + 1];
	int			bits[SMC_LEAST_SQUARES_COLUMNS + 1];
	int			columns;
	int			dependent;		/* bit: columns are linearly dependent, and there is no result */
	int			exhausted;		/* bit: no more rows than columns, or dependent: there are no standard errors */
} SmcLeastSquaresResult;

/* Add the nodes of a least squares problem; a program that fails is told by its status. */
extern void smc_least_squares(SmcProgram *program, const SmcLeastSquares *problem, SmcLeastSquaresResult *result);

/*
 * A coefficient as a fraction *a / *b, b >= 0, to go on computing with, of at most so many
 * bits (smc_program_shrink); b is zero only where columns are dependent.
 */
extern void smc_least_squares_ratio(SmcProgram *program, const SmcLeastSquaresResult *result, int column,
									int a_bits, int b_bits, int *a, int *b);

#endif							/* SMC_LEAST_SQUARES_H */
