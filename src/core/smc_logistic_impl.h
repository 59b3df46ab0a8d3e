/*
 * What the files of smc_logistic.h share: sizes, and the passes over rows.
 */
#ifndef SMC_LOGISTIC_IMPL_H
#define SMC_LOGISTIC_IMPL_H

#include "smc_curve.h"
#include "smc_logistic.h"

#define SMC_LOGISTIC_VARIANCE_PLACES	50	/* beside 2 a_j */
#define SMC_LOGISTIC_SLOTS_MAX	(SMC_LOGISTIC_COLUMNS_MAX + 1)

/*
 * Sizes, which follow from the task.  A slot is a column of private integers: slot 0 is
 * 1 for each row that there is, the others are x - lo of the columns with hi > lo, by
 * ascending bits.
 */
typedef struct SmcLogisticPlan
{
	int			n;
	int			k;
	int			z_bits;			/* |z| < 2^z_bits */
	int			count_bits;		/* of all parties' rows */
	int			size_bits[SMC_LOGISTIC_COLUMNS_MAX];	/* of |x|: a_j */
	int			size_max;
	int			diagonal_bits;	/* A_jj < 2^diagonal_bits */
	int			scale;			/* E */
	int			slots;
	int			column[SMC_LOGISTIC_SLOTS_MAX]; /* of slot s >= 1 */
	int			slot_of[SMC_LOGISTIC_COLUMNS_MAX];	/* 0 where hi = lo */
	int			bits[SMC_LOGISTIC_SLOTS_MAX];
	int			z_bytes[SMC_LOGISTIC_SLOTS_MAX];
	int			g_bytes[SMC_LOGISTIC_SLOTS_MAX];
	int			v_bytes[SMC_LOGISTIC_SLOTS_MAX];	/* of x_s w */
	int			h_bytes[SMC_LOGISTIC_SLOTS_MAX];	/* of a chooser's sums */
	int			q_bytes;		/* of what is found of a row */
	int			w_bytes;
	int			loss_bytes;
	int			lift_bytes;		/* of the widest sum */
	int			lift_extra;		/* places that sums get when they are brought to one ring */
} SmcLogisticPlan;

/* False when the task breaks a bound. */
extern bool smc_logistic_plan(SmcLogisticPlan *plan, int party_count, const SmcLogisticTask *task);

/* Shares of a pass's sums, in rings of their own bytes. */
typedef struct SmcLogisticSums
{
	SmcRing128	g[SMC_LOGISTIC_SLOTS_MAX];	/* sum of x_s q */
	SmcRing128	h[SMC_LOGISTIC_SLOTS_MAX][SMC_LOGISTIC_SLOTS_MAX];	/* h[i][j], i <= j: sum of x_i x_j w */
	SmcRing128	loss;			/* of all rows, padding included */
} SmcLogisticSums;

/*
 * One pass over all parties' rows under coefficients with SMC_CURVE_PLACES + a_j places,
 * mod 2^128: sums g and h, or with last, the loss alone.
 */
extern SmcStatus smc_logistic_pass(SmcEngine *engine, const SmcLogisticTask *task, const SmcLogisticPlan *plan,
								   const SmcLogisticRows *rows, const SmcRing128 *coef, bool last,
								   SmcLogisticSums *sums, SmcLogisticProgress progress, void *arg,
								   int iteration) SMC_MUST_USE;

/*
 * Signed sums, shared mod 2^(8 bytes_e), as numbers mod 2^SMC_NORMAL_WIDTH times 2^(8 (bytes - bytes_e)):
 * each is moved up to the largest ring's top, shifted by half of it to be no less than 0,
 * and as an integer the sum of all parties' shares has too much by c 2^(8 bytes), where c
 * is what a shift by so many places leaves.
 */
extern SmcStatus smc_logistic_lift(SmcEngine *engine, SmcArena *arena, const SmcRing128 *sums, const int *sum_bytes,
								   int bytes, uint64_t *out, size_t count) SMC_MUST_USE;

/*
 * The sums of a pass in the model's columns, lo_j 1 + x_s: X'q from g, X'WX from h, both
 * with their curve's places and lift_extra more.
 */
extern SmcStatus smc_logistic_gather(SmcEngine *engine, SmcArena *arena, const SmcLogisticTask *task,
									 const SmcLogisticPlan *plan, const SmcLogisticSums *sums,
									 uint64_t *xq, uint64_t *xwx) SMC_MUST_USE;

/* How many sums a pass has, but for the loss. */
extern size_t smc_logistic_sum_count(const SmcLogisticPlan *plan);

extern void smc_logistic_pass_cost(SmcCost *cost, const SmcLogisticTask *task, const SmcLogisticPlan *plan, bool last);

#endif							/* SMC_LOGISTIC_IMPL_H */
