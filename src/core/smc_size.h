/*
 * How large shared numbers are: compared with all powers of two at once.
 *
 * PAPER: bits as in smc_summands.h; both sets of carries by parallel prefix
 * networks (Sklansky, 1960) over the associative operator of smc_compare.h.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * [x >= 2^i] for i = 0 .. k-1, 0 <= x < 2^k, is the sign of x - 2^i.  With
 * summands a + b = x mod 2^(k+1), p = a ^ b, and 2^(k+1) - 2^i, which is ones from
 * place i on, as the third:
 *
 *   below i   a + b as they are; c_i is the carry into place i
 *   at i      !p_i and c_i: the carry out is t_i = !p_i & c_i
 *   above i   saving carries, !p_j and o_(j-1) = a_(j-1) | b_(j-1) are added; the
 *             carry through places i+1 .. k-1 is a function of t_i, and these
 *             functions, like the c_i, are prefixes of one sequence
 *   place k   !p_k ^ o_(k-1) ^ the carry is the sign
 *
 * So two networks do for all i, where k comparisons would take k.
 * ROUNDS: ceil(log2 k) + 2 (1 for k = 1) and those of smc_summands.h, for each
 * SMC_SIZE_CHUNK bits.  GATES: about k (log2 k + 3) of two ANDs: bytes as in
 * smc_boolean.h.  LEAKS: nothing.
 */
#ifndef SMC_SIZE_H
#define SMC_SIZE_H

#include "smc_engine.h"

#define SMC_SIZE_CHUNK	(1 << 20)	/* bits of numbers worked on at a time */

/*
 * Bit i * count + e of reached (boolean shares) = [x_e >= 2^i], for i from 0 to
 * bits - 1 and 0 <= x_e < 2^bits.  bits < width.
 */
extern SmcStatus smc_size_reached(SmcEngine *engine, int width, int bits, const uint64_t *x,
								  uint64_t *reached, size_t count) SMC_MUST_USE;

#endif							/* SMC_SIZE_H */
