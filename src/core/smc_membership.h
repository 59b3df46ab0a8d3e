/*
 * Which of one party's items another party has too, as shared bits.
 *
 * PAPER: circuit PSI by Pinkas, Schneider, Tkachenko, Yanai (EUROCRYPT 2019, figure 5):
 * cuckoo hashing of the one's items, simple hashing of the other's, an OPRF for each
 * bin, a hint that turns the OPRF's value at each of the other's items in a bin into
 * the bin's target, and one equality test a bin.  The hint is an OKVS (smc_okvs.h), the
 * OPRF that of smc_oprf.h.
 * ADVERSARY: semi-honest.
 *
 * The asker has items in bins, at most one in each; the rest of the bins have random
 * ones.  The answerer has items too.
 *
 *   ask      asker: v_b = F_b(x_b)
 *   answer   answerer: a random target t_b for each bin; for each of its items y, and each
 *            of y's three bins b, the table's value at (y, number of the place) is F_b(y) ^ t_b
 *   learn    asker: v_b = v_b ^ (the table's at x_b): t_b where the answerer has x_b, and
 *            otherwise a number that is t_b with probability 2^-64
 *   then     smc_equality of v_b and t_b
 *
 * Sets come in units: one table of bins each, one OKVS.  How many items a party really
 * has in a unit is private: it fills up with random ones, which nobody else has, so that
 * neither a message nor the time it takes to make tells.
 *
 * BYTES: 56 a bin from the asker; 8 smc_okvs_size(3 count) from the answerer, for
 * each unit.  LEAKS: nothing: targets are random, so the values in the table are, and
 * the table is uniformly random.
 */
#ifndef SMC_MEMBERSHIP_H
#define SMC_MEMBERSHIP_H

#include "smc_oprf.h"

typedef struct SmcMembershipUnit
{
	const SmcBlock *items;		/* our own images, distinct, and random ones up to count */
	size_t		count;			/* public */
} SmcMembershipUnit;

/* A list of units as all parties have it, with our items. */
typedef struct SmcMembership
{
	const SmcItemHash *hash;
	const SmcRandom *random;
	const SmcMembershipUnit *units;
	size_t		unit_count;
	size_t		bins;			/* of all units: smc_membership_bins */
} SmcMembership;

extern size_t smc_membership_bins(const SmcMembershipUnit *units, size_t unit_count);

/*
 * The asker's bins, unit after unit, the same whoever is asked: inputs[b] is the item,
 * or a random one, and numbers[b] which of its places the bin is.
 */
extern SmcStatus smc_membership_place(const SmcMembership *m, SmcBlock *inputs, uint8_t *numbers) SMC_MUST_USE;

/* The asker: before and after the answer.  values has one for each bin. */
extern SmcStatus smc_membership_ask(const SmcMembership *m, SmcOprfReceiver *oprf, SmcChannel *channel,
									const SmcBlock *inputs, uint64_t *values) SMC_MUST_USE;
extern SmcStatus smc_membership_learn(const SmcMembership *m, SmcChannel *channel, int peer, const SmcBlock *inputs,
									  const uint8_t *numbers, uint64_t *values) SMC_MUST_USE;

/* The answerer: targets has one for each bin. */
extern SmcStatus smc_membership_answer(const SmcMembership *m, SmcOprfSender *oprf, SmcChannel *channel, int peer,
									   uint64_t *targets) SMC_MUST_USE;

#endif							/* SMC_MEMBERSHIP_H */
