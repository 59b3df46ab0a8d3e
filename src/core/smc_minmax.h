/*
 * The largest or smallest of shared values, and which it was, by a tournament.
 *
 * PAPER: none needed: log2 levels of smc_compare_less and smc_arith_select.
 * ADVERSARY: semi-honest, up to n - 1 of n.  LEAKS: nothing; results are shares.
 *
 * Many tournaments are held side by side: rows are the contestants, columns the
 * tournaments.  BYTES: rows - 1 comparisons and as many selections (twice as
 * many with the argument) a column.  ROUNDS: for each of ceil(log2 rows) levels
 * those of one comparison and one selection.
 */
#ifndef SMC_MINMAX_H
#define SMC_MINMAX_H

#include "smc_arith.h"
#include "smc_compare.h"

/*
 * best[c] = the largest (maximum) or smallest of values[r * columns + c] over
 * rows r; where[c] = the lowest r with that value, as an arithmetic share of
 * the same width; where may be NULL.  rows > 0; any two values of a column
 * differ by less than 2^(width-1).  best may not be values.
 */
extern SmcStatus smc_minmax(SmcEngine *engine, int width, bool maximum, const uint64_t *values,
							size_t rows, size_t columns, uint64_t *best, uint64_t *where) SMC_MUST_USE;

#endif							/* SMC_MINMAX_H */
