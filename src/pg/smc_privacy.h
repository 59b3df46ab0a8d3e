/*
 * Differential privacy: what a study with an epsilon allows, and how much noise
 * it takes.
 */
#ifndef SMC_PRIVACY_H
#define SMC_PRIVACY_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "core/smc_noise.h"
#include "pg/smc_query.h"

/* Epsilon in billionths: what it is counted in. */
#define SMC_PRIVACY_UNIT	INT64CONST(1000000000)

/* Whether figures of the study are told with noise. */
extern bool smc_privacy_applies(const SmcStudy *study);

/* Raise unless the study's epsilon, budget and other options go together. */
extern void smc_privacy_check_study(const SmcStudy *study);

/*
 * Raise ERRCODE_FEATURE_NOT_SUPPORTED unless noise can be made for an
 * aggregate: a count, or a sum or average of a column with "lo" and "hi".
 */
extern void smc_privacy_check_agg(const SmcStudy *study, const SmcAgg *agg);

/* A query's epsilon, how many queries the budget is good for (-1: there is none), what is left of it after some. */
extern int64 smc_privacy_epsilon(const SmcStudy *study);
extern int64 smc_privacy_queries(const SmcStudy *study);
extern double smc_privacy_left(const SmcStudy *study, int64 used);

/*
 * By how much one row more or less can change a number of an aggregate, in
 * units of its ring element: 1 of a count, of a sum the larger of |lo| and |hi|.
 */
extern SmcRing128 smc_privacy_sensitivity(const SmcStudy *study, const SmcAgg *agg, bool is_sum);

/* A summed column's lo and hi as they stand in the local query. */
extern const SmcColumn *smc_privacy_column(const SmcStudy *study, const SmcAgg *agg);

#endif							/* SMC_PRIVACY_H */
