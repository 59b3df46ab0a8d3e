/*
 * Sizes of divisions and roots: what smc_wide_divide.c, smc_wide_root.c and
 * smc_wide_cost.c share.
 *
 * All of it follows from public bounds and the number of parties, so that all
 * parties plan the same; smc_wide_plan.c has the reasons for the numbers.
 */
#ifndef SMC_WIDE_PLAN_H
#define SMC_WIDE_PLAN_H

#include "smc_wide.h"

/* ---- division --------------------------------------------------------------------- */

/* w_0 = (721 - 480 D) / 2^8 */
#define SMC_WIDE_GUESS_ONE	721
#define SMC_WIDE_GUESS_D	480
#define SMC_WIDE_GUESS_BITS	8
#define SMC_WIDE_DIVIDE_BIAS	9	/* m = 2^-9 */

typedef struct SmcDividePlan
{
	int			n;
	int			a_bits;			/* of the quotient, and so of a where b is 1 */
	int			b_bits;
	int			steps;			/* of the quotient: 1 or 2 */
	int			iterations;		/* k */
	int			z;				/* the first guess counts 2^z; 0 when it is the last */
	int			p;
	int			q;
	int			a_places;		/* what v a loses; less than 0: gains */
	int			guess_bits;		/* of v a w_k */
	int			guess_places;
	int			second_bits;	/* of rest * u */
	int			second_places;
	int			width;			/* what is reckoned on a, b and v */
	int			iterate_width;	/* on D, w and e */
	int			guess_width;
	int			rest_width;
	size_t		chunk;			/* elements at a time */
} SmcDividePlan;

/* False when there is no ring wide enough. */
extern bool smc_wide_plan_divide(SmcDividePlan *plan, int party_count, int quotient_bits, int b_bits);

/* Bits of e_(i+1) before it is scaled down to p places, from 2 p. */
extern int	smc_wide_plan_error_bits(const SmcDividePlan *plan, int i);

/* ---- roots ------------------------------------------------------------------------- */

#define SMC_WIDE_COARSE_BITS	16
#define SMC_WIDE_FINE_BITS		(SMC_WIDE_COARSE_BITS + 5)
#define SMC_WIDE_LOW_ONE		323 /* y_0 where 1/4 <= D < 1/2, in 128ths and 32nds */
#define SMC_WIDE_LOW_D			73
#define SMC_WIDE_HIGH_ONE		229 /* where 1/2 <= D < 1 */
#define SMC_WIDE_HIGH_D			26
#define SMC_WIDE_ROOT_BIAS		11	/* m = 2^-11 */

typedef struct SmcRootPlan
{
	int			n;
	int			x_bits;
	int			half;			/* L */
	int			iterations;		/* k */
	int			p;
	int			q;
	int			g;
	int			guess_bits;
	int			guess_places;
	int			width;			/* what is reckoned on x */
	int			start_width;	/* on y_0^2 D */
	int			iterate_width;	/* on y */
	int			guess_width;
	int			rest_width;
	size_t		chunk;
} SmcRootPlan;

extern bool smc_wide_plan_root(SmcRootPlan *plan, int party_count, int x_bits);

/* How e_(i+1) is come by. */
typedef enum SmcRootWay
{
	SMC_ROOT_SQUARE,			/* e^3 doesn't count */
	SMC_ROOT_AT_ONCE,			/* e^2 (3 + e), and then scaled down */
	SMC_ROOT_IN_TWO				/* e^2 is scaled down first: no ring is wide enough */
} SmcRootWay;

/* And the sizes of what is scaled down to it. */
typedef struct SmcRootStep
{
	SmcRootWay	way;
	int			width;			/* of the ring that it is reckoned in */
	int			square_bits;	/* in two: of e^2, with 2 p places */
	int			scale;			/* places of 4 e_(i+1) */
	int			bits;			/* its bits */
} SmcRootStep;

extern SmcRootStep smc_wide_plan_step(const SmcRootPlan *plan, int i);

/* ---- shifts -------------------------------------------------------------------------- */

typedef struct SmcShiftPlan
{
	int			bits;			/* of x, and no less than the shift */
	int			width;			/* for x */
	int			rest_width;
} SmcShiftPlan;

extern bool smc_wide_plan_shift(SmcShiftPlan *plan, int party_count, int x_bits, int shift);

#endif							/* SMC_WIDE_PLAN_H */
