/*
 * What the tests of the sharing engine share: one session a party count, with
 * all of a test's cases inside it, since setting up OT costs more than most
 * cases; random shares of chosen values; a tap on what a party sends.
 */
#ifndef SMC_TESTENGINE_H
#define SMC_TESTENGINE_H

#include "core/smc_engine.h"
#include "smc_testkit.h"
#include "smc_testnet.h"

/* Whether to do less: under valgrind, or with SMC_TEST_BRIEF set. */
extern bool smc_test_brief(void);

/* A party's part, inside an open engine. */
typedef SmcStatus (*SmcTestEngineParty) (SmcEngine *engine, void *arg);

/* Run it at each of n parties; asserts that all end well and leave nothing unread. */
extern void smc_testengine_run(int n, SmcTestEngineParty party, void *arg);

/*
 * Random shares of a value for n parties: share p at shares[p * stride + e *
 * width / 64], for element e.
 */
extern void smc_test_split(uint64_t *shares, size_t stride, int n, int width, size_t e, SmcRing128 value);

/* The same for a value of any width. */
extern void smc_test_split_wide(uint64_t *shares, size_t stride, int n, int width, size_t e, const uint64_t *value);

/* The value of n shares that lie so, into width / 64 words. */
extern void smc_test_combine_wide(uint64_t *value, const uint64_t *shares, size_t stride, int n, int width, size_t e);

/*
 * A signed number as width / 64 words; its order among others, and its products,
 * reckoned in digits of 32 bits, as unlike the code under test as may be.
 */
extern void smc_test_widen(uint64_t *out, int width, __int128 value);
extern bool smc_test_less(const uint64_t *a, const uint64_t *b, int width, bool is_signed);
extern void smc_test_multiply(uint64_t *out, const uint64_t *a, const uint64_t *b, int width);

/*
 * A number of exactly so many bits, as 512: random for edge 0; the power of two,
 * for 1, and its neighbours below and above, for 2 and 3.  Whether one has no more
 * bits than that.
 */
extern void smc_test_draw(uint64_t *x, int bits, int edge);
extern bool smc_test_fits(const uint64_t *x, int bits);

/* A random number from 0 to bits. */
extern int	smc_test_up_to(int bits);

/* Element e of width 64 or 128. */
extern SmcRing128 smc_test_get(const uint64_t *integers, int width, size_t e);

/* The value of n shares that lie as smc_test_split left them. */
extern SmcRing128 smc_test_combine(const uint64_t *shares, size_t stride, int n, int width, size_t e);

/*
 * From now on copy what this thread's party sends into buffer, as far as it
 * goes; *used counts.  Until the channel ends.
 */
extern void smc_test_tap(SmcChannel *channel, uint8_t *buffer, size_t size, size_t *used);

/* The same of what it sends to one party: what goes to all is then there once. */
extern void smc_test_tap_to(SmcChannel *channel, int to, uint8_t *buffer, size_t size, size_t *used);

/* Bytes of count OTs, in batches, as the receiver sends them. */
extern uint64_t smc_test_ot_bytes(bool chosen, size_t count);

/* Bytes of one gate of `width` ANDs over count bits, as each party sends them to each. */
extern uint64_t smc_test_gate_bytes(int width, size_t count);

#endif							/* SMC_TESTENGINE_H */
