/*
 * Shared bits times vectors: of bits, and of integers.
 *
 * PAPER: GMW's AND by OT (Goldreich, Micali, Wigderson, STOC 1987) with the vector as
 * the OT's string, so that a bit times m bits costs one OT in each direction of each
 * pair instead of m, as vector AND gates in Asharov, Lindell, Schneider, Zohner (CCS
 * 2013, section 5) do; a bit times an integer as in ABY (NDSS 2015) and CrypTFlow2
 * (CCS 2020, multiplexer), taking in one party's share of the bit after the other as
 * smc_arith.h does: u += (v - 2u) s_i.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 *
 * Planes: count bits each, count a multiple of 64, so words of their own.
 *
 *   gates     BYTES to each other party: 4 + ceil(length / 8) a gate and bit of count.
 *             ROUNDS: 1 for all gates.
 *   numbers   BYTES: for each bit and party whose turn it is 4 from it to each that
 *             offers, and bytes - floor(t / 8) back.  Where v is the public one, only
 *             parties before it offer.  ROUNDS: n.
 * LEAKS: nothing.
 */
#ifndef SMC_SELECT_H
#define SMC_SELECT_H

#include "smc_cost.h"
#include "smc_engine.h"
#include "smc_ring.h"

#define SMC_SELECT_LENGTH_MAX	128	/* bits of a gate's vector */
#define SMC_SELECT_PLANES_MAX	64	/* of a number */

/* out_l ^= p & x_l for all l < length. */
typedef struct SmcSelectGate
{
	const uint64_t *p;
	const uint64_t *const *x;
	uint64_t *const *out;		/* no input */
	size_t		length;
} SmcSelectGate;

extern SmcStatus smc_select_bits(SmcEngine *engine, const SmcSelectGate *gates, size_t gate_count,
								 size_t count) SMC_MUST_USE;

/*
 * The sum over planes t of 2^(t + shift) s_t v, mod 2^(8 bytes), is added to out, or
 * subtracted; v is shared, or, where NULL, one.  The highest plane counts negative
 * where `top_negative`: two's complement.
 */
typedef struct SmcSelectNumber
{
	const uint64_t *const *planes;
	size_t		plane_count;
	bool		top_negative;
	bool		minus;
	int			shift;
	int			bytes;			/* 1 .. 16 */
	const SmcRing128 *v;
	SmcRing128 *out;
} SmcSelectNumber;

extern SmcStatus smc_select_numbers(SmcEngine *engine, const SmcSelectNumber *numbers, size_t number_count,
									size_t count) SMC_MUST_USE;

/* Add one gate, and one number's planes; rounds are counted by who knows what is joint. */
extern void smc_select_bits_cost(SmcCost *cost, int party_count, size_t length, size_t count);
extern void smc_select_number_cost(SmcCost *cost, int party_count, size_t planes, int shift, int bytes, bool public_one,
								   size_t count);

#endif							/* SMC_SELECT_H */
