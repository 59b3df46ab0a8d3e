/*
 * What the unit tests share: cmocka's headers, hexadecimal, a generator.
 */
#ifndef SMC_TESTKIT_H
#define SMC_TESTKIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/smc_random.h"
#include "core/smc_ring.h"

/* Read hexadecimal text into out, which must have exactly that size. */
extern void smc_test_hex(const char *text, uint8_t *out, size_t out_len);

/* A reproducible generator whose seed is the number. */
extern SmcRandom smc_test_random(SmcRandomSeed *seed, uint64_t number);

/* A number below bound. */
extern uint64_t smc_test_below(const SmcRandom *random, uint64_t bound);

/* A uniform ring element. */
extern SmcRing128 smc_test_element(const SmcRandom *random);

/*
 * The chi-square statistic of bytes against uniform, as a number of standard
 * deviations from its mean (255 degrees of freedom).
 */
extern double smc_test_chi_square(const uint8_t *bytes, size_t len);

/* cmocka compares integers of at most 64 bits. */
#define assert_ring_equal(a, b)		assert_true((a) == (b))

#endif							/* SMC_TESTKIT_H */
