/*
 * AND on boolean shares.
 *
 * PAPER: Beaver, CRYPTO 1991: d = x ^ a and e = y ^ b are opened, and
 * z = c ^ d b ^ e a ^ d e.
 * ADVERSARY: semi-honest, up to n - 1 of n.
 * BYTES: 2 bits a gate (3 for two gates with a common input) to each other
 * party, and the triples.  ROUNDS: 1 for a whole vector.  XOR and NOT are local.
 *
 * The majority of three parties' own bits needs no triples: xy + yz + zx, and
 * each product is of two parties' private bits, one OT with its correction.
 * BYTES: 4.125 an OT, one sent and one received at each of the three, nothing
 * at the others.  ROUNDS: 1.
 *
 * LEAKS: nothing: what is opened is masked by triples used once; smc_boolean_open
 * opens what it is told to, to everyone, smc_boolean_tell to those named.
 */
#ifndef SMC_BOOLEAN_H
#define SMC_BOOLEAN_H

#include "smc_bits.h"
#include "smc_engine.h"
#include "smc_triple.h"

/* z = x & y over count bits; z may be x or y. */
extern SmcStatus smc_boolean_and(SmcEngine *engine, const uint64_t *x, const uint64_t *y,
								 uint64_t *z, size_t count) SMC_MUST_USE;

/* z0 = p & x0 and z1 = p & x1; outputs may be inputs. */
extern SmcStatus smc_boolean_and_two(SmcEngine *engine, const uint64_t *p,
									 const uint64_t *x0, const uint64_t *x1,
									 uint64_t *z0, uint64_t *z1, size_t count) SMC_MUST_USE;

/*
 * out = shares of the majority of own bits at the three members; others pass
 * NULL and get shares of zero.  out may not be own.
 */
extern SmcStatus smc_boolean_majority(SmcEngine *engine, const int members[3], const uint64_t *own,
									  uint64_t *out, size_t count) SMC_MUST_USE;

/* Open bits to every party: out = XOR of all shares. */
extern SmcStatus smc_boolean_open(SmcEngine *engine, const uint64_t *shares, uint64_t *out, size_t count) SMC_MUST_USE;

/*
 * The same to some parties: bit p of recipients says that party p learns them.
 * In two steps, so that many vectors take one round: first all are told, then all
 * heard, in the same order.  bits are shares, and after hear the values at a
 * recipient.  Only count bits leave; those past them are cleared.
 */
extern SmcStatus smc_boolean_tell(SmcEngine *engine, uint64_t *bits, uint16_t recipients, size_t count) SMC_MUST_USE;
extern SmcStatus smc_boolean_hear(SmcEngine *engine, uint64_t *bits, uint16_t recipients, size_t count) SMC_MUST_USE;

#endif							/* SMC_BOOLEAN_H */
