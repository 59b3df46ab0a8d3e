/*
 * Logistic regression as an aggregate: smc_logregr(y, array[1, x1, ...], 20, 1e-6).
 *
 * A model (pg/smc_model.h) that is fitted to rows, not to sums: each party keeps its
 * rows, one after the other, as it keeps the values of percentiles (pg/smc_keys.h),
 * as integers in the last digits of the columns, less what each is at least. They
 * enter oblivious transfers bit by bit, so each column needs a range that follows from
 * what is agreed; the further settings, iterations and tolerance, are the aggregate's
 * `fraction`, an array of two constants.
 */
#ifndef SMC_LOGREGR_H
#define SMC_LOGREGR_H

#include "postgres.h"

#include "executor/tuptable.h"
#include "lib/stringinfo.h"

#include "pg/smc_layout.h"
#include "pg/smc_model.h"

struct SmcDeparse;

#define SMC_LOGREGR_ITERATIONS	20	/* unless the asker says otherwise */
#define SMC_LOGREGR_TOLERANCE	1e-6

/*
 * The settings as the aggregate's constant, from the arguments (of TargetEntry) that
 * follow the columns; and read from it.  Raise where they aren't constants, or out of range.
 */
extern SmcExpr *smc_logregr_settings(const SmcStudy *study, List *args);
extern void smc_logregr_read_settings(const SmcStudy *study, const SmcAgg *agg, int *iterations, float8 *tolerance);

/* Whether y is a boolean column, as it stands. */
extern bool smc_logregr_is_flag(const SmcAgg *agg);

/* Append the settings to the aggregate's text, as far as they aren't the usual ones. */
extern void smc_logregr_append_settings(StringInfo buf, const SmcAgg *agg);

/*
 * Raise unless y is 0 or 1 and each column within bounds, by what is agreed alone: an
 * error that depended on rows could be moved by constants to where they are.
 */
extern void smc_logregr_check(const SmcStudy *study, const SmcAgg *agg);

/* What the joint part has to know of a checked one. */
extern void smc_logregr_task(const SmcStudy *study, const SmcAgg *agg, SmcFitTask *task);

/* Append what the local query selects of a row: y, and the columns that vary. */
extern void smc_logregr_append_values(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg);

/* How a row was taken. */
typedef enum SmcLogregrTaken
{
	SMC_LOGREGR_TAKEN,
	SMC_LOGREGR_LEFT_OUT,		/* for a NULL */
	SMC_LOGREGR_OUTSIDE			/* something isn't within what is agreed */
} SmcLogregrTaken;

/* A selected row's numbers from attribute `first` on, as they are kept: y, then x - lo. */
extern SmcLogregrTaken smc_logregr_take(const SmcStudy *study, const SmcAgg *agg, const SmcFitTask *task,
										TupleTableSlot *slot, int first, int64 *values);

#endif							/* SMC_LOGREGR_H */
