/*
 * A party's own integers times shared ones, for many rows at once.
 *
 * PAPER: products by correlated OT, Gilboa (CRYPTO 1999, section 4.1): the bits of
 * the private integer choose, the other parties offer their shares.  One choice
 * serves a whole vector of shares (as the vector triples of Mohassel and Zhang,
 * "SecureML", IEEE S&P 2017, section IV-B), and what is only wanted as a sum over
 * rows is added up at both ends without a message.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 *   owner P: x_e = sum_t 2^t b_(e,t);   Q != P: its shares v_(e,l)
 *   OT (e, t), P choosing by b_(e,t): pads r_0, r_1 as long as the vector;
 *   Q sends r_0 - r_1 + v_e, and has -2^t r_0; P has 2^t r_b, corrected where b is set
 *
 * All parties are owners, of as many rows each, in the same round.  Elements live in
 * Z_2^(8 bytes), up to 128 bits; what is above them in a word is meaningless.  Bit t
 * needs the correction's lowest (8 bytes - t) bits only, in whole bytes.
 *
 * ROUNDS: 1 (again for each stretch of SMC_PRIVATE_MEMORY).
 * BYTES: for each row, bit and other party 4 from the owner, and to it
 * length * (bytes - floor(t / 8)).
 * LEAKS: nothing.  Constant time in integers and shares.
 */
#ifndef SMC_PRIVATE_H
#define SMC_PRIVATE_H

#include "smc_cost.h"
#include "smc_engine.h"
#include "smc_ring.h"

#define SMC_PRIVATE_BITS_MAX	63
#define SMC_PRIVATE_LENGTH_MAX	64	/* elements of a vector */
#define SMC_PRIVATE_MEMORY		(32 << 20)	/* bytes of pads that wait for corrections, about */

typedef struct SmcPrivateProduct
{
	int			bits;			/* 0 <= x_e < 2^bits */
	int			bytes;			/* of an element, 1 to 16 */
	size_t		length;			/* elements of a vector */
	const uint64_t *x;			/* our own rows' */
	SmcRing128 *const *v;		/* by owner: our shares for its row e at v[owner] + e * v_stride */
	size_t		v_stride;		/* 0: one vector for all rows */
	SmcRing128 *const *out;		/* by owner: our shares of x_e v_e are added to out[owner] + e * out_stride */
	size_t		out_stride;		/* 0: all rows are added up */
} SmcPrivateProduct;

/* All products for all parties' rows, `rows` of each.  out may be no input. */
extern SmcStatus smc_private_multiply(SmcEngine *engine, const SmcPrivateProduct *products, size_t product_count,
									  size_t rows) SMC_MUST_USE;

/* Add one product; the round is counted by who knows what is joint. */
extern void smc_private_cost(SmcCost *cost, int party_count, int bits, int bytes, size_t length, size_t rows);

#endif							/* SMC_PRIVATE_H */
