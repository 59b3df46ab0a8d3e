/*
 * Dates, timestamps and floats as integers of the same order, for minima and
 * maxima, and back.
 *
 * Dates and timestamps are integers already, infinities included.  A double's
 * bits are a sign and a magnitude that grows with the number, so that the
 * signed magnitude has its order, NaN above all, as PostgreSQL has it.
 */
#ifndef SMC_EXTREME_H
#define SMC_EXTREME_H

#include "postgres.h"

#include "core/smc_ring.h"

/* Turn a value into its integer; false for a type that isn't one of these. */
extern bool smc_extreme_to_ring(Datum value, Oid type, SmcRing128 *ring);

/*
 * The value of a type (real too) that an integer stands for; false likewise.
 * Raises where it stands for none: a party has put in what no row can hold.
 */
extern bool smc_extreme_from_ring(SmcRing128 ring, Oid type, Datum *value);

/* The integer that a ring element stands for; raises unless it is within low and high. */
extern int64 smc_extreme_integer(SmcRing128 ring, int64 low, int64 high);

#endif							/* SMC_EXTREME_H */
