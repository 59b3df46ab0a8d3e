/*
 * Square roots of shared integers, exact.
 *
 * PAPER: normalisation and iteration for 1 / sqrt as usual in fixed point (the
 * manner of Catrina and Saxena, FC 2010, for reciprocals; Newton's step
 * y (3 - d y^2) / 2); then one step of Heron's at full size, and comparisons of
 * squares settle the last digit, as in smc_fixed.h.
 * ADVERSARY: semi-honest, up to n - 1 of n.  LEAKS: nothing but what scaling
 * down may, smc_fixed.h.
 *
 *   normalise   z_i = [x >= 4^i] gives v = 2^(46 - m), u = 2^m, m = floor(log4 x),
 *               and d = x v^2 / 2^94, 1/4 <= d < 1
 *   iterate     y = 2.133 - 1.219 d, to within 9 in 100; four steps
 *   root        r = 2 u d y; r += (x - r^2) v y / 2^48, now within n/2 + 2
 *   settle      about n + 8 squares around r are compared with x
 */
#ifndef SMC_ROOT_H
#define SMC_ROOT_H

#include "smc_engine.h"

#define SMC_ROOT_BITS	94

/*
 * root_e = floor(sqrt(x_e)) for 0 <= x_e < 2^94 in Z_2^128.  Exact: for decimals
 * of a root, scale x by an even power of ten.  root may be x.
 */
extern SmcStatus smc_root(SmcEngine *engine, const uint64_t *x, uint64_t *root, size_t count) SMC_MUST_USE;

#endif							/* SMC_ROOT_H */
