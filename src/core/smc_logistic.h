/*
 * Logistic regression of all parties' rows together, by Newton's method on shares.
 *
 * PAPER: iteratively reweighted least squares (McCullagh, Nelder, Generalized Linear
 * Models, 1989, section 2.5); regression on shares over rows that stay where they are as
 * in SecureML (Mohassel, Zhang, IEEE S&P 2017); the sigmoid by pieces (smc_curve.h),
 * the products with each party's own rows by OT on their bits (smc_private.h), the
 * step by elimination on shares (smc_normal.h).
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * Party i has rows (x_e, y_e), x_e of k integers, each between public bounds lo_j and
 * hi_j, y_e a bit.  No iterate is opened: beta is shared from beta = 0 on.
 *
 *   once       A = X'X, s = X'y - X'1/2, exactly, by each party from its own rows;
 *              powers of two phi_j near 2^E / sqrt(A_jj), shared, by which everything
 *              is brought to diagonal 1/4 .. 1
 *   step       of (H, g) -> beta += H^-1 g, first with H = A/4, g = s
 *   opened     three bits a step: whether H had no inverse; whether beta stays in
 *              bounds; whether the step was small
 *   rows       z_e = x_e beta; q_e = 1/(1 + e^-z) - 1/2 and w_e = dq/dz by smc_curve.h;
 *              g = s - X'q; H = X'WX: v_ej = x_ej w_e, then sum_e x_ei v_ej, the
 *              column with fewer bits choosing
 *   at the end the sum of log(1 + e^z) - z/2 over rows, once
 *
 * x - lo >= 0 is what enters OTs, beside a column of ones in place of lo: so bits are
 * those of hi - lo, and sums over x are made of exact sums.  Only z, q and w are
 * rounded, to 2^-26, 1e-6 and 1e-6, without a common sign.
 *
 * Every party has as many rows as any other for all that anybody sees: `rows` is public,
 * and what is beyond a party's own are zeros, which add nothing to any sum but log 2 to the
 * last, and the party takes that back.
 *
 * ROUNDS: a step about 13 k + 75, rows 29 of two parties (31 of three) for each
 * SMC_LOGISTIC_CHUNK rows of each: smc_logistic_cost tells.
 * BYTES: for each row and other party 4 (5 B + 2) for B = sum of bits of hi - lo, the
 * corrections, and those of smc_curve.h.
 * MEMORY: 8 (k + 1) bytes a row, and some tens of MB for a chunk.
 * LEAKS: the bits named above: the first two end the computation, the third is the number
 * of steps.  Statistically as smc_scaled.h, by the step (smc_normal.h).
 */
#ifndef SMC_LOGISTIC_H
#define SMC_LOGISTIC_H

#include "smc_cost.h"
#include "smc_engine.h"
#include "smc_normal.h"

#define SMC_LOGISTIC_COLUMNS_MAX	SMC_NORMAL_COLUMNS_MAX
#define SMC_LOGISTIC_BITS_MAX		32	/* of |x| */
#define SMC_LOGISTIC_ROWS_MAX		(1 << 20)	/* of one party */
#define SMC_LOGISTIC_CHUNK			4096	/* rows of each party at a time */
#define SMC_LOGISTIC_ITERATIONS_MAX	100
#define SMC_LOGISTIC_TOLERANCE_PLACES	40
#define SMC_LOGISTIC_TOLERANCE_MIN	(1 << 20)	/* 1e-6: below, what is rounded moves as much */
#define SMC_LOGISTIC_LOSS_PLACES	24	/* of the log likelihood */

typedef struct SmcLogisticColumn
{
	int64_t		lo;
	int64_t		hi;
} SmcLogisticColumn;

/* What all parties know and have alike. */
typedef struct SmcLogisticTask
{
	int			column_count;
	const SmcLogisticColumn *columns;
	size_t		rows;			/* of each party, padding included: a multiple of 64 */
	uint64_t	total;			/* rows of all together, without it */
	int			iterations;		/* at most; 1 or more */
	uint64_t	tolerance;		/* of the last step, times 2^40: how far it moves z, in the root of the mean of
								 * squares weighted by w; no less than SMC_LOGISTIC_TOLERANCE_MIN */
} SmcLogisticTask;

/* Our own rows. */
typedef struct SmcLogisticRows
{
	size_t		count;			/* at most the task's */
	const uint64_t *const *x;	/* by column: x - lo; NULL where hi = lo */
	const uint8_t *y;			/* 0 or 1 */
} SmcLogisticRows;

typedef enum SmcLogisticEnd
{
	SMC_LOGISTIC_CONVERGED,
	SMC_LOGISTIC_UNFINISHED,	/* as far as the iterations go */
	SMC_LOGISTIC_DEPENDENT,		/* columns are linear functions of each other: no model */
	SMC_LOGISTIC_DIVERGED		/* coefficients grow without bound: no model */
} SmcLogisticEnd;

/* Shares mod 2^SMC_NORMAL_WIDTH; places follow from the task. */
typedef struct SmcLogisticModel
{
	SmcLogisticEnd end;			/* known to all, like the number of iterations */
	int			iterations;
	uint64_t	coef[SMC_LOGISTIC_COLUMNS_MAX * SMC_NORMAL_LIMBS];
	uint64_t	variance[SMC_LOGISTIC_COLUMNS_MAX * SMC_NORMAL_LIMBS];	/* of the coefficients */
	uint64_t	log_likelihood[SMC_NORMAL_LIMBS];
} SmcLogisticModel;

/* Told now and then, for whoever watches: iterations done, rows done of this one. */
typedef void (*SmcLogisticProgress) (void *arg, int iteration, size_t rows);

/*
 * Fit the model.  SMC_ERR_ARGUMENT when a bound of the task is broken, SMC_ERR_RANGE when
 * one of our rows' numbers lies outside, both before anything is sent.
 */
extern SmcStatus smc_logistic_fit(SmcEngine *engine, const SmcLogisticTask *task, const SmcLogisticRows *rows,
								  SmcLogisticModel *model, SmcLogisticProgress progress, void *arg) SMC_MUST_USE;

/* Whether there is room for such columns and rows; if not, fit wouldn't start. */
extern bool smc_logistic_valid(int party_count, const SmcLogisticTask *task);

/* Places of column j's coefficient and of its variance. */
extern int	smc_logistic_coef_places(const SmcLogisticTask *task, int j);
extern int	smc_logistic_variance_places(const SmcLogisticTask *task, int j);

/* Add what it takes with that many iterations. */
extern void smc_logistic_cost(SmcCost *cost, int party_count, const SmcLogisticTask *task, int iterations);

#endif							/* SMC_LOGISTIC_H */
