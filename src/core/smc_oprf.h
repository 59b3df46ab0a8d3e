/*
 * A batch of oblivious pseudo-random functions: one party has a key of its own for
 * each bin, the other the function's value at one item in each, and neither more.
 *
 * PAPER: Kolesnikov, Kumaresan, Rosulek, Trieu (CCS 2016, figures 2 and 3: OT extension
 * with a pseudo-random code), from 448 base OTs that are themselves of OT extension.
 * ADVERSARY: semi-honest.  ASSUMPTION: BLAKE2b as a hash that is robust to correlations
 * of Hamming weight 128 and more; AES under the common key as the code.
 *
 *   once      the key holder draws s, 448 bits, and receives, for each, one of the two
 *             seeds that the other has: 448 random OTs
 *   bin b     the streams of the seeds give rows t_b, t'_b of 448 bits each; the other
 *             sends u_b = t_b ^ t'_b ^ C(x_b); the key is q_b = (t_b or t'_b, by s) ^ (u_b & s)
 *             = t_b ^ (C(x_b) & s)
 *   value     F_b(x) = H(b, q_b ^ (C(x) & s)), which at x_b is H(b, t_b)
 *
 * Code words of different items differ in 128 places at least, but for a probability of
 * 2^-66.5 for each of the pairs that meet in a bin (448 fair coins); those are less than
 * three a bin: below 2^-40 for 2^24 bins.
 *
 * BYTES: 56 a bin from the party with the items; once, the message of 448 OTs from the
 * other.  ROUNDS: one message each.  MEMORY: flat but for the keys, 56 bytes a bin.
 * LEAKS: nothing: the items' holder sends pads of streams it alone has both of, and
 * without s the function's other values look random to it.
 */
#ifndef SMC_OPRF_H
#define SMC_OPRF_H

#include "smc_items.h"

#define SMC_OPRF_BATCH	4096	/* bins in a message */

typedef struct SmcOprfSender SmcOprfSender; /* has keys */
typedef struct SmcOprfReceiver SmcOprfReceiver; /* has items */

typedef struct SmcOprfKey
{
	uint64_t	word[SMC_ITEM_CODE_BITS / 64];
} SmcOprfKey;

/*
 * Set up with a peer: the sender sends a message, the receiver receives it.  Memory is
 * arena's; close before it goes, NULL is allowed.
 */
extern SmcStatus smc_oprf_open_sender(SmcEngine *engine, int peer, SmcArena *arena, SmcOprfSender **sender) SMC_MUST_USE;
extern SmcStatus smc_oprf_open_receiver(SmcEngine *engine, int peer, SmcArena *arena,
										SmcOprfReceiver **receiver) SMC_MUST_USE;
extern void smc_oprf_close_sender(SmcOprfSender *sender);
extern void smc_oprf_close_receiver(SmcOprfReceiver *receiver);

/* The receiver's part: values[b] = F_b(inputs[b]), inputs being images (smc_items.h).  Sends. */
extern SmcStatus smc_oprf_receive(SmcOprfReceiver *receiver, SmcChannel *channel, const SmcItemHash *hash,
								  const SmcBlock *inputs, uint64_t *values, size_t count) SMC_MUST_USE;

/* The sender's part: the keys of the next count bins; *first is the first one's number.  Receives. */
extern SmcStatus smc_oprf_send(SmcOprfSender *sender, SmcChannel *channel, SmcOprfKey *keys, size_t count,
							   uint64_t *first) SMC_MUST_USE;

/* F of the bin with that number and key, at a code word. */
extern uint64_t smc_oprf_value(const SmcOprfSender *sender, uint64_t number, const SmcOprfKey *key,
							   const SmcItemCode *code);

#endif							/* SMC_OPRF_H */
