/*
 * An oblivious key-value store: a table of words from which whoever has a key reads
 * its value, and which looks random to others.
 *
 * PAPER: Garimella, Pinkas, Rosulek, Trieu, Yanai (CRYPTO 2021, section 4: the 3-hash
 * garbled cuckoo table), with parameters by Raghuraman and Rindal (CCS 2022, section
 * 4): each key reads three places, and those of 64 more that its 64-bit mask picks;
 * its value is their sum (XOR).
 *
 * Encoding peels off keys that have a place to themselves, one after the other, and
 * fills these in backwards.  What can't be peeled, a few keys, is solved for in the 64
 * dense places.  All places that nothing determines are random; so the table is a
 * uniformly random solution of linear equations, and, when the values are uniformly
 * random, a uniformly random table, however many keys there are.
 *
 * SIZE: 1.3 n + 256 + 64 words for n keys: at 2^-40 the paper's formula asks for
 * 1.223 n + 9.8 n^0.445 or less.  It fails when of r keys that can't be peeled the masks
 * are linearly dependent: 2^-(64 - r).  In 10^6 tables of 768 keys, the smallest in use,
 * 4,000 had two such keys, 74 four, 4 six, one eight; larger tables have fewer: that
 * more than 24 are left is far below 2^-40.
 */
#ifndef SMC_OKVS_H
#define SMC_OKVS_H

#include "smc_items.h"

#define SMC_OKVS_DENSE	64

/* Words of a table for up to so many keys. */
extern size_t smc_okvs_size(size_t capacity);

/*
 * Encode count distinct keys, whose rows are uniformly random.  SMC_ERR_RANGE when that
 * fails.  Not constant time in rows: it works on a party's own.
 */
extern SmcStatus smc_okvs_encode(const SmcItemRow *rows, const uint64_t *values, size_t count,
								 const SmcRandom *random, uint64_t *table, size_t size) SMC_MUST_USE;

/* Read what is at a row. */
extern uint64_t smc_okvs_decode(const uint64_t *table, size_t size, const SmcItemRow *row);

#endif							/* SMC_OKVS_H */
