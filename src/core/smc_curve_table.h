/*
 * Tables of the logistic curves' pieces: what smc_curve.c looks up.
 *
 * Computed in integers of 62 places (exp by its series for each bit of the argument,
 * log by that of atanh), never in floating point, so that they are the same at all
 * parties, whatever their machines.
 */
#ifndef SMC_CURVE_TABLE_H
#define SMC_CURVE_TABLE_H

#include "smc_curve.h"

#define SMC_CURVE_LIMIT_BITS	4	/* pieces lie below |z| = 16 */
#define SMC_CURVE_LOW_BITS		7	/* of an index */

/* How a curve's coefficients are kept. */
typedef struct SmcCurveShape
{
	bool		odd;
	bool		falling;		/* c_1 is what the curve loses where z > 0 */
	int			level_bits;		/* of c_0, in 2^-24 */
	int			slope_bits;		/* of c_1, in 2^-slope_places */
	int			slope_places;
	int			level_shift;	/* of c_0 among the values' places */
} SmcCurveShape;

extern const SmcCurveShape *smc_curve_shape(SmcCurveKind kind);

/* g: a piece is 2^-g wide.  Bits of an index: g + SMC_CURVE_LIMIT_BITS. */
extern int	smc_curve_piece_places(int party_count);

/* c_0 and c_1 of pieces 0 .. 2^(g + 4) - 1, of which the last also stands for all beyond. */
extern SmcStatus smc_curve_fill(SmcCurveKind kind, int party_count, uint32_t *levels, uint32_t *slopes) SMC_MUST_USE;

#endif							/* SMC_CURVE_TABLE_H */
