/*
 * Base oblivious transfer on ristretto255: 128 random OTs for one direction of
 * one pair, the seed of everything in smc_ot.
 *
 * PAPER: Masny and Rindal, "Endemic Oblivious Transfer", CCS 2019: the
 * one-round protocol from key agreement, instantiated with Diffie-Hellman.
 * Chosen over Chou-Orlandi, which is cheaper, for being one exchange of
 * independent messages with a simulation proof in the random-oracle model.
 * ADVERSARY: semi-honest is all that the engine needs (CDH in ristretto255,
 * H1 and H2 random oracles).  The paper's malicious security holds for an A of
 * its own for each OT, or for a shared one, as here, under a gap (oracle)
 * Diffie-Hellman assumption.  Outputs are "endemic": a party that cheats may
 * choose its own, which OT extension allows.
 *
 *   sender    s <- Z_q                                  A = sG to the receiver
 *   receiver  for OT i with choice c:  x <- Z_q, r_{1-c} <- G at random,
 *             r_c = xG - H1(i, c, r_{1-c})              r_0, r_1 to the sender
 *   sender    k_j = H2(i, j, s(r_j + H1(i, j, r_{1-j})))    j = 0, 1
 *   receiver  k_c = H2(i, c, xA)
 *
 * BYTES: 32 from the sender, 64 * count from the receiver.  ROUNDS: 1 (the
 * two messages don't depend on each other).  LEAKS: nothing.
 * H1, H2 are bound to the context, the digest of lane, pair and direction.
 */
#ifndef SMC_BASE_OT_H
#define SMC_BASE_OT_H

#include "smc_block.h"
#include "smc_limits.h"
#include "smc_random.h"
#include "smc_status.h"

#define SMC_BASE_OT_COUNT			128
#define SMC_BASE_OT_SENDER_BYTES	32
#define SMC_BASE_OT_RECEIVER_BYTES	(64 * SMC_BASE_OT_COUNT)

/* Secret. */
typedef struct SmcBaseOtSender
{
	uint8_t		context[SMC_KEY_BYTES];
	uint8_t		scalar[32];
} SmcBaseOtSender;

typedef struct SmcBaseOtReceiver
{
	uint8_t		context[SMC_KEY_BYTES];
	uint8_t		scalars[SMC_BASE_OT_COUNT][32];
	uint8_t		choices[SMC_BASE_OT_COUNT / 8];
} SmcBaseOtReceiver;

/*
 * Begin as sender: write the message A.  SMC_ERR_LIBRARY when the random
 * scalar is zero.  All four wipe their state when they fail or end.
 */
extern SmcStatus smc_base_ot_send_start(SmcBaseOtSender *sender, const uint8_t context[SMC_KEY_BYTES],
										const SmcRandom *random,
										uint8_t message[SMC_BASE_OT_SENDER_BYTES]) SMC_MUST_USE;

/*
 * End as sender: from the receiver's message to both keys of every OT.
 * SMC_ERR_FORMAT when a point is none, or the neutral element comes out.
 */
extern SmcStatus smc_base_ot_send_finish(SmcBaseOtSender *sender,
										 const uint8_t message[SMC_BASE_OT_RECEIVER_BYTES],
										 SmcBlock keys[SMC_BASE_OT_COUNT][2]) SMC_MUST_USE;

/* Begin as receiver with choice bits (bit i % 8 of byte i / 8; secret). */
extern SmcStatus smc_base_ot_receive_start(SmcBaseOtReceiver *receiver, const uint8_t context[SMC_KEY_BYTES],
										   const uint8_t choices[SMC_BASE_OT_COUNT / 8],
										   const SmcRandom *random,
										   uint8_t message[SMC_BASE_OT_RECEIVER_BYTES]) SMC_MUST_USE;

/*
 * End as receiver: from the sender's message to the chosen key of every OT.
 * SMC_ERR_FORMAT as above.  Constant time in the choices, as is the beginning.
 */
extern SmcStatus smc_base_ot_receive_finish(SmcBaseOtReceiver *receiver,
											const uint8_t message[SMC_BASE_OT_SENDER_BYTES],
											SmcBlock keys[SMC_BASE_OT_COUNT]) SMC_MUST_USE;

#endif							/* SMC_BASE_OT_H */
