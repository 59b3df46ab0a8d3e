/*
 * Tallies: aggregates that rest on how many rows there are of each of some
 * places, all known beforehand.
 *
 * A mode's places are its column's declared values.  The counts of all parties
 * stay shares, and so does which is the largest: a tournament over the values in
 * their order, so that of equally frequent ones the first wins, and only that
 * value is opened.  Their order is that of the type, of texts that of their
 * bytes in UTF-8 (as under COLLATE "C"), so that it is the same at parties with
 * other locales.
 *
 * A histogram's places are its buckets, as width_bucket() numbers them, and what
 * is outside is in none; their counts are opened, where min_rows allows.
 *
 * Each party counts the rows of all places in one query, by GROUP BY.
 */
#ifndef SMC_TALLY_H
#define SMC_TALLY_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "pg/smc_query.h"

struct SmcDeparse;

/* Whether it is such an aggregate; whether it has what it takes, and nothing else does. */
extern bool smc_tally_is_one(SmcAggKind kind);
extern bool smc_tally_is_whole(const SmcAgg *agg);

/* Check one whose argument is checked; raises saying why. */
extern void smc_tally_check(const SmcStudy *study, SmcAgg *agg);

/* How many places one has; 1 of a histogram whose number of buckets isn't known yet. */
extern int	smc_tally_places(const SmcStudy *study, const SmcAgg *agg);

/* The buckets of a checked histogram. */
extern int	smc_tally_bucket_count(const SmcAgg *agg);

/*
 * An edge of a histogram's, from 0, as a numeric times so many: times the number of
 * its own buckets as well, so that it is exact.
 */
extern Datum smc_tally_edge(const SmcAgg *agg, int edge, int times);

/* Whether two count the same rows in the same places. */
extern bool smc_tally_same(const SmcAgg *a, const SmcAgg *b);

/* The places of a mode, from 0, in the order in which ties go; palloc'd. */
extern int *smc_tally_order(const SmcStudy *study, const SmcAgg *agg);

/* The value of a mode's place as a type, that of the column or numeric. */
extern Datum smc_tally_value(const SmcStudy *study, const SmcAgg *agg, int place, Oid type);

/* Append the aggregate as SQL without its FILTER. */
extern void smc_tally_append(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg);

/*
 * Append what a party's rows are grouped by: a value of the column, or a bucket's
 * number, which is 0 below all and one more than the last above.
 */
extern void smc_tally_append_place(StringInfo buf, const struct SmcDeparse *deparse, const SmcAgg *agg);

#endif							/* SMC_TALLY_H */
