/*
 * Arithmetic shares: multiplication, and the bridge from boolean shares.
 *
 * PAPER: products by correlated OT, Gilboa (CRYPTO 1999, section 4.1), in the
 * ring as in ABY (NDSS 2015, section III-A3b), between each ordered pair, as in
 * GMW; Beaver's multiplication (CRYPTO 1991); a bit times a ring element by one
 * OT a pair as in ABY (B2A) and CrypTFlow2 (CCS 2020, multiplexer), carried to
 * n parties by taking in one party's share of the bit after the other.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * width is any multiple of 64 up to SMC_WIDTH_MAX; integers are width / 64 words,
 * low first.
 *
 *   private bit    party i has bit s, all share v: for each j != i an OT with
 *                  j's messages r and r + v_j, i choosing by s: shares of v s.
 *                  BYTES: 4 + width/8 an OT.  ROUNDS: 1.
 *   bit times v    u = 0; for each party i: u += (v - 2u) s_i.  Then u = v s for
 *                  s = XOR of all s_i.  OTs: n - 1 a step at the party whose
 *                  turn it is, 1 at the others.  ROUNDS: n.
 *   product        x y = sum x_i y_j; for the cross terms one OT a bit of y_j.
 *                  BYTES: width OTs a pair and direction, bit t with only the
 *                  (width - t) bits that count, in whole bytes: with the OTs
 *                  4 width + width (width + 8) / 16, that is 544 bytes (64
 *                  bits), 1600 (128), 5248 (256), 18688 (512).  ROUNDS: 1, no
 *                  triples: the inputs go in directly.
 *
 * The pads of the OTs are strings as long as the ring's elements (smc_ot.h).
 * LEAKS: nothing; smc_arith_open opens what it is told to, to everyone.
 */
#ifndef SMC_ARITH_H
#define SMC_ARITH_H

#include "smc_engine.h"
#include "smc_limbs.h"

/*
 * out_e = v_e * s_e for count elements, where bit e of s is owner's own (others
 * pass NULL) and v is shared.  out may be v.
 */
extern SmcStatus smc_arith_private_bit(SmcEngine *engine, int width, int owner, const uint64_t *s,
									   const uint64_t *v, uint64_t *out, size_t count) SMC_MUST_USE;

/* out_e = v_e * s_e, both shared: s boolean, v arithmetic.  out may not be v. */
extern SmcStatus smc_arith_times_bit(SmcEngine *engine, int width, const uint64_t *s,
									 const uint64_t *v, uint64_t *out, size_t count) SMC_MUST_USE;

/* out_e = s_e as an arithmetic share of 0 or 1. */
extern SmcStatus smc_arith_from_bits(SmcEngine *engine, int width, const uint64_t *s,
									 uint64_t *out, size_t count) SMC_MUST_USE;

/* out_e = s_e ? x_e : y_e.  out may be x or y. */
extern SmcStatus smc_arith_select(SmcEngine *engine, int width, const uint64_t *s,
								  const uint64_t *x, const uint64_t *y, uint64_t *out, size_t count) SMC_MUST_USE;

/* out_e = x_e * y_e mod 2^width.  out may be x or y. */
extern SmcStatus smc_arith_multiply(SmcEngine *engine, int width, const uint64_t *x, const uint64_t *y,
									uint64_t *out, size_t count) SMC_MUST_USE;

/*
 * Several products at once, of vectors of one length but of rings of their own:
 * ROUNDS: 1 for all.  Where it is known that y's shares are short, as integers,
 * fewer OTs do: in whole bytes, y_bytes * 8 a pair and direction, with
 * corrections of 8 (width/8 + width/8 - 1 + ...) bytes, y_bytes terms.  A square
 * takes one direction instead of two: the higher party of a pair asks.
 */
typedef struct SmcArithProduct
{
	int			width;
	bool		square;			/* y is x: the same integers */
	int			y_bits;			/* each share of y is below 2^y_bits, unsigned; at most width */
	const uint64_t *x;
	const uint64_t *y;			/* words for y_bits each */
	uint64_t   *out;			/* x y mod 2^width; may be no input */
} SmcArithProduct;

extern SmcStatus smc_arith_multiply_joint(SmcEngine *engine, const SmcArithProduct *products, size_t product_count,
										  size_t count) SMC_MUST_USE;

/* Open to every party: out_e = sum of all shares. */
extern SmcStatus smc_arith_open(SmcEngine *engine, int width, const uint64_t *shares,
								uint64_t *out, size_t count) SMC_MUST_USE;

#endif							/* SMC_ARITH_H */
