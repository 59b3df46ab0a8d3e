/*
 * Cuckoo hashing: each item in one of three bins of its own, no bin with two.
 *
 * PAPER: Pagh, Rodler (J. Algorithms 2004), with three places (Fotakis, Pagh,
 * Sanders, Spirakis, STACS 2003) and no stash, as Pinkas, Schneider, Tkachenko,
 * Yanai (EUROCRYPT 2019) have it.  Each place is in a third of the bins of its own, so
 * that the three differ.
 *
 * There is no place for all n items just when k + 1 of them have all their places
 * in k bins (Hall).  Of a smallest such set each bin is a place of two of them at
 * least, so the probability is at most
 *
 *   sum over k and its splits k = k1 + k2 + k3 of C(n, s) times, for each third,
 *   C(m/3, ki) (3 ki / m)^s Pr[s balls in ki bins leave none with less than two],
 *   where s = k + 1.
 *
 * Reckoned for m = 1.3 n + 512 bins that is below 2^-45 for every n from 64 to 2^17
 * (2^-45.8 at 256, 2^-54 at 4096, 2^-74 at 68,000); smaller sets than 64 are no worse
 * than 64 in as many bins.  What can be placed is placed: bins are searched in breadth for a free one.
 */
#ifndef SMC_CUCKOO_H
#define SMC_CUCKOO_H

#include "smc_items.h"

#define SMC_CUCKOO_EMPTY	UINT32_MAX

/* Bins for up to so many items. */
extern size_t smc_cuckoo_bins(size_t capacity);

/* Bin `number` (0 .. 2) of an item with these places. */
static inline uint32_t
smc_cuckoo_bin(const uint32_t places[SMC_ITEM_PLACES], int number, size_t bins)
{
	return smc_items_scale(places[number], number, bins);
}

/*
 * Place items: table[bin] = which item, or SMC_CUCKOO_EMPTY.  SMC_ERR_RANGE when there is
 * no way.  Not constant time in places: it works on a party's own.
 */
extern SmcStatus smc_cuckoo_fill(const uint32_t (*places)[SMC_ITEM_PLACES], size_t count,
								 uint32_t *table, size_t bins) SMC_MUST_USE;

#endif							/* SMC_CUCKOO_H */
