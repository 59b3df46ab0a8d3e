/*
 * Items of sets, and their keyed hashes: where they lie in tables, and which code
 * words they have.
 *
 * An item is 128 bits, equal at two parties where what it stands for is equal.
 * All parties draw one key together once their items are there, so that the items
 * don't depend on it: then the tables are filled as by random functions, which is
 * what the bounds of smc_cuckoo.h, smc_okvs.h and smc_oprf.h are about.  The key
 * is no secret.  First each item is replaced by its image under AES, a permutation:
 * distinct items stay distinct, and look random.  All else is computed from images.
 *
 * ROUNDS: 1 for the key.  BYTES: 16 to each other party.  LEAKS: nothing.
 */
#ifndef SMC_ITEMS_H
#define SMC_ITEMS_H

#include "smc_engine.h"

#define SMC_ITEM_PLACES		3	/* of an item in a table */
#define SMC_ITEM_CODE_BITS	448 /* of its code word: smc_oprf.h */
#define SMC_ITEM_CODE_BLOCKS	4	/* the last one's upper half is zero */
#define SMC_ITEM_BATCH		256 /* items hashed at a time */

typedef struct SmcItemHash
{
	SmcPermutation *image;
	SmcPermutation *place;
	SmcPermutation *row;
	SmcPermutation *code;
} SmcItemHash;

typedef struct SmcItemCode
{
	SmcBlock	part[SMC_ITEM_CODE_BLOCKS];
} SmcItemCode;

/* Where an item is read in an OKVS: smc_okvs.h. */
typedef struct SmcItemRow
{
	uint32_t	at[3];			/* of 2^32, to be scaled to the table */
	uint64_t	dense;
} SmcItemRow;

/* Draw the key with all other parties.  close is safe after a failure too. */
extern SmcStatus smc_items_agree(SmcEngine *engine, SmcItemHash *hash) SMC_MUST_USE;
extern void smc_items_close(SmcItemHash *hash);

/*
 * Replace items by their images, and bring them into the order of their images' upper
 * 16 bits (of hi).
 */
extern SmcStatus smc_items_prepare(const SmcItemHash *hash, SmcBlock *items, size_t count) SMC_MUST_USE;

/* The first of prepared items whose upper 16 bits are at least that. */
extern size_t smc_items_find(const SmcBlock *items, size_t count, uint32_t upper);

/* Of up to SMC_ITEM_BATCH images: places in 0 .. 2^32; rows, each under a number 0 .. 2; code words. */
extern SmcStatus smc_items_places(const SmcItemHash *hash, const SmcBlock *images, size_t count,
								  uint32_t (*places)[SMC_ITEM_PLACES]) SMC_MUST_USE;
extern SmcStatus smc_items_rows(const SmcItemHash *hash, const SmcBlock *images, const uint8_t *numbers, size_t count,
								SmcItemRow *rows) SMC_MUST_USE;
extern SmcStatus smc_items_codes(const SmcItemHash *hash, const SmcBlock *images, size_t count,
								 SmcItemCode *codes) SMC_MUST_USE;

/* A place of 2^32 in one third of `size` places, a multiple of 3. */
static inline uint32_t
smc_items_scale(uint32_t place, int third, size_t size)
{
	size_t		length = size / 3;

	return (uint32_t) ((size_t) third * length + (size_t) (((uint64_t) place * length) >> 32));
}

#endif							/* SMC_ITEMS_H */
