/*
 * How many different items several parties have together, as a share.
 *
 *   |X_0 u X_1 u ...| = sum over i of |X_i| - |X_i n (X_0 u ... u X_(i-1))|
 *
 * PAPER: the memberships are circuit PSI (smc_membership.h), as bits that nobody
 * knows; they are joined and counted in the engine (smc_boolean.h, smc_arith.h).
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * How many items a party has is private, so all fill up to a common number P.  What
 * P may be must not tell more than the result does.  It is found in stages: P = 256 *
 * 3^k for k = 0, 1, ...: the parties count as if each had at most P items, those that have
 * more with random ones in their place, and 2^40 added to the count.  The result is right
 * if it is at most P, and is above P otherwise, since no party has more items than all
 * together: the one bit [U <= P], found on shares, is opened to all, and ends it.  So all
 * that is opened follows from U.  (An estimate of U on shares would make P closer to U, but
 * not without opening a bit that says more than U does about which items there are.)
 *
 *   stage     each set in parts of at most 2^16 items on average, by 16 bits of the images,
 *             filled up to capacity; party i places its items in bins; for each j < i
 *             it asks j; dup = OR of the answers, by ANDs; count -= sum of dup
 *   end       count - P - 1 is compared with 0, and the bit opened
 *
 * Parts: X, binomial of mean m <= 2^16, passes m + 2432 with probability below 2^-64
 * (Bernstein: 44.4 = t^2 / (2 (m + t/3)) at t = 2428, so 2^-48 for each of 2^16 parts).
 *
 * EXACT but for a bin that matches by chance, 2^-64 a bin and pair.  A table that can't be
 * filled, or a part that is too long, is an error: below 2^-45 a table.
 * ROUNDS: 2 to begin with; for each SMC_UNION_BINS bins of a stage 3 for each pair and 3 for
 * its messages, n - 2 ANDs and n to add up; 7 to 9 at its end.
 * BYTES: for each pair 56 + 378 a bin and 8 * (3.9 P) a table, and for each party but the first 20
 * a bin from and to all: some 500 bytes a bin with two parties, 680 for each item of P;
 * all stages together one and a half times the last, at most 4.5 times U.  See smc_union_cost.
 * MEMORY: 16 bytes an item, and those of SMC_UNION_BINS bins; not constant time in items.
 * LEAKS: to all parties, for each set in which stage it ended: between which two 256 * 3^k
 * the count is.
 *
 * Where items are of a small public domain it goes without all that: each party has
 * a bit for each value, and the count is the sum of their OR.  BYTES: (n - 1) ANDs and
 * 20 a value.  ROUNDS: n - 1 + n.  LEAKS: nothing.
 */
#ifndef SMC_UNION_H
#define SMC_UNION_H

#include "smc_cost.h"
#include "smc_engine.h"
#include "smc_ring.h"

#define SMC_UNION_FIRST		256 /* items of the first stage */
#define SMC_UNION_FACTOR	3	/* and how many times as many from stage to stage */
#define SMC_UNION_ITEMS_MAX ((size_t) 1 << 28)	/* of one party in a set */
#define SMC_UNION_BITS		33	/* no count has more: 16 parties */
#define SMC_UNION_BINS		(1 << 18)	/* that are worked on at a time, or those of one part */

typedef struct SmcUnionSet
{
	SmcBlock   *items;			/* this party's own, distinct; overwritten */
	size_t		count;			/* private */
	SmcRing128	total;			/* set to a share of the number of different items of all parties */
} SmcUnionSet;

/* Count the sets, whose number is equal at all parties. */
extern SmcStatus smc_union_count(SmcEngine *engine, SmcUnionSet *sets, size_t set_count) SMC_MUST_USE;

/*
 * The same of sets of values 0 .. domain - 1: bit s * domain + v of marks says whether this
 * party has value v in set s; totals[s] is set to a share.
 */
extern SmcStatus smc_union_count_marks(SmcEngine *engine, const uint64_t *marks, size_t domain,
									   SmcRing128 *totals, size_t set_count) SMC_MUST_USE;

/*
 * Add what the beginning takes, and a stage of P = items for each of set_count sets, at
 * the last party; and a count of marks.
 */
extern void smc_union_cost_start(SmcCost *cost, int party_count);
extern void smc_union_cost_stage(SmcCost *cost, int party_count, size_t items, size_t set_count);
extern void smc_union_cost_marks(SmcCost *cost, int party_count, size_t domain, size_t set_count);

#endif							/* SMC_UNION_H */
