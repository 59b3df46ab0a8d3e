/*
 * OT extension: millions of correlated OTs from 128 base OTs.
 *
 * PAPER: Roy, "SoftSpokenOT", CRYPTO 2022: small-field VOLE (figure 7) over
 * F_{2^k} from (2^k - 1)-out-of-2^k OT by GGM trees, repeated for 128/k
 * independent fields (the repetition code), semi-honest, so without its
 * consistency checks; k = SMC_OT_FIELD_BITS.
 * ADVERSARY: semi-honest.  ASSUMPTION: AES as a PRG (trees, streams), and for
 * the hash, see smc_block.h.
 *
 * For each of 128/k blocks the receiver has a GGM tree with 2^k leaves, and
 * the sender every leaf but the one at its secret delta.  Leaf x yields a
 * stream r_x:
 *
 *   receiver  u = sum_x r_x        v = sum_x x r_x
 *   sender    w = sum_x (x + delta) r_x = v + delta u
 *
 * The u of the blocks differ; the receiver sends the differences to its
 * choices c, and the sender adds delta times them.  Turned on its side: OT j
 * has t_j at the receiver and q_j = t_j ^ c_j * Delta at the sender: a
 * correlated OT (COT).  Hashed (smc_ot_*_strings), a random OT.
 *
 * BYTES: 128/k bits an OT from the receiver with chosen choices, one bit less
 * with random ones (then c is block 0's u).  k = 4: 4 or 3.875 bytes.
 * Set-up: SMC_OT_SETUP_BYTES each way.
 * ROUNDS: 2 for the set-up of any number of pairs at once; none of its own
 * after that: one message each batch, receiver to sender.
 * MEMORY: flat: a batch of SMC_OT_BATCH at a time.
 * LEAKS: nothing.
 */
#ifndef SMC_OT_H
#define SMC_OT_H

#include <stdbool.h>

#include "smc_arena.h"
#include "smc_base_ot.h"
#include "smc_block.h"
#include "smc_channel.h"
#include "smc_random.h"

#define SMC_OT_FIELD_BITS	4
#define SMC_OT_LEAVES		(1 << SMC_OT_FIELD_BITS)
#define SMC_OT_BLOCKS		(SMC_BASE_OT_COUNT / SMC_OT_FIELD_BITS)
#define SMC_OT_BATCH		8192	/* OTs in a message; a multiple of 128 */

/* Both base OTs' messages and the tree's, in each direction of a pair. */
#define SMC_OT_SETUP_BYTES \
	(SMC_BASE_OT_SENDER_BYTES + SMC_BASE_OT_RECEIVER_BYTES + 2 * SMC_BASE_OT_COUNT * SMC_BLOCK_BYTES)

typedef struct SmcOtSender SmcOtSender;
typedef struct SmcOtReceiver SmcOtReceiver;

/* One pair's two directions: we send in one, receive in the other. */
typedef struct SmcOtPair
{
	int			peer;
	SmcOtSender *sender;
	SmcOtReceiver *receiver;
	struct SmcOtSetUp *setup;	/* until it is open */
} SmcOtPair;

/*
 * Set up both directions with one peer, in three steps with nothing to wait
 * for inside one, so that many pairs take no more rounds than one: base OTs
 * sent; trees sent; trees received.  context is bound to lane and pair, equal
 * at both.  Memory is arena's, which must outlive the pair; smc_ot_close
 * before the arena is reset, also after a failure.
 */
extern SmcStatus smc_ot_open_base(SmcChannel *channel, int peer, const uint8_t context[SMC_KEY_BYTES],
								  SmcArena *arena, const SmcRandom *random, SmcOtPair *pair) SMC_MUST_USE;
extern SmcStatus smc_ot_open_trees(SmcChannel *channel, SmcArena *arena, const SmcRandom *random,
								   SmcOtPair *pair) SMC_MUST_USE;
extern SmcStatus smc_ot_open_finish(SmcChannel *channel, SmcArena *arena, SmcOtPair *pair) SMC_MUST_USE;

/* Free libcrypto's contexts and wipe; NULL members are allowed. */
extern void smc_ot_close(SmcOtPair *pair);

/* The sender's secret correlation. */
extern SmcBlock smc_ot_delta(const SmcOtSender *sender);

/*
 * Receiver's half of one batch of count <= SMC_OT_BATCH COTs (rounded up to
 * 128 on the wire): t[j] for each.  With chosen true, choices (secret bits, low
 * first, (count + 7) / 8 bytes) are the caller's; else they are filled in,
 * random.  Sends one message.  Constant time in the choices; t is secret.
 */
extern SmcStatus smc_ot_receive_correlated(SmcOtReceiver *receiver, SmcChannel *channel, int peer,
										   bool chosen, uint8_t *choices, SmcBlock *t, size_t count) SMC_MUST_USE;

/* Sender's half: receives that message; q[j] = t[j] ^ c_j * Delta. */
extern SmcStatus smc_ot_send_correlated(SmcOtSender *sender, SmcChannel *channel, int peer,
										bool chosen, SmcBlock *q, size_t count) SMC_MUST_USE;

/*
 * The same, hashed to random OTs: the receiver gets one string of each pair that
 * the sender gets.  A string is of `length` blocks, block k of string j at out[k *
 * count + j]: as many hashes of the correlated block under tweaks of their own,
 * which is what the hash is proven for (tweaked circular correlation robustness
 * has one Delta and any number of distinct tweaks).  The bytes sent are the same.
 */
extern SmcStatus smc_ot_receive_strings(SmcOtReceiver *receiver, SmcChannel *channel, int peer, bool chosen,
										uint8_t *choices, SmcBlock *out, size_t length, size_t count) SMC_MUST_USE;
extern SmcStatus smc_ot_send_strings(SmcOtSender *sender, SmcChannel *channel, int peer, bool chosen,
									 SmcBlock *out0, SmcBlock *out1, size_t length, size_t count) SMC_MUST_USE;

/* Strings of one block. */
static inline SMC_MUST_USE SmcStatus
smc_ot_receive_random(SmcOtReceiver *receiver, SmcChannel *channel, int peer, bool chosen,
					  uint8_t *choices, SmcBlock *out, size_t count)
{
	return smc_ot_receive_strings(receiver, channel, peer, chosen, choices, out, 1, count);
}

static inline SMC_MUST_USE SmcStatus
smc_ot_send_random(SmcOtSender *sender, SmcChannel *channel, int peer, bool chosen,
				   SmcBlock *out0, SmcBlock *out1, size_t count)
{
	return smc_ot_send_strings(sender, channel, peer, chosen, out0, out1, 1, count);
}

/* Bytes of the message of a batch of count OTs. */
extern size_t smc_ot_message_bytes(bool chosen, size_t count);

#endif							/* SMC_OT_H */
