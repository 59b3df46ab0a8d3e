/*
 * Numbers of different values over all parties: count(DISTINCT x), smc_count_distinct(x).
 *
 * x is a column.  Equal values of two parties must be the same 128 bits, whatever their
 * servers' encodings, collations and locales:
 *
 *   integers, dates, timestamps, floats   the value itself (-0 as 0, NaN as one)
 *   uuid                                  its 16 bytes
 *   numeric                               a hash of its digits without trailing zeros
 *   text                                  a hash of its bytes as UTF-8, of char(n) without
 *                                         trailing blanks
 *
 * The hash is BLAKE2b's first 128 bits: of N different values two have the same with
 * probability N^2 / 2^129, 2^-71 for 2^29.  Collations under which different bytes are
 * equal are refused.  Of a column with declared values it is the place among them, and
 * one of these it must be.
 */
#ifndef SMC_DISTINCT_H
#define SMC_DISTINCT_H

#include "postgres.h"

#include "lib/stringinfo.h"

#include "pg/smc_deparse.h"
#include "pg/smc_query.h"

/* An item as keys have it (pg/smc_keys.h). */
#define SMC_DISTINCT_WORDS	2

/* Raise unless the argument is a column whose values can be told apart. */
extern void smc_distinct_check(const SmcStudy *study, const SmcAgg *agg);

/* How many values are declared of an aggregate's column; 0: any may come. */
extern int	smc_distinct_domain(const SmcStudy *study, const SmcAgg *agg);

/* Append the local SQL of a value. */
extern void smc_distinct_append_value(StringInfo buf, const SmcDeparse *deparse, const SmcAgg *agg);

/* The item of a value of that SQL type, which has no declared values. */
extern void smc_distinct_item(Datum value, Oid type, int64 item[SMC_DISTINCT_WORDS]);

#endif							/* SMC_DISTINCT_H */
