/*
 * Sealed streams: authenticated encryption of frames, in order, one direction.
 *
 * ChaCha20-Poly1305 (RFC 8439) under a key used for one direction of one pair
 * of one lane only; the nonce is the frame's number in its stream, which is
 * not sent: a frame that is forged, replayed, out of order or of another
 * stream does not open, and nothing after it does.
 */
#ifndef SMC_SEAL_H
#define SMC_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "smc_limits.h"
#include "smc_status.h"

#define SMC_SEAL_OVERHEAD	16

typedef struct SmcSeal
{
	uint8_t		key[SMC_KEY_BYTES];
	uint64_t	counter;
	bool		broken;			/* a frame did not open: refuse all that follow */
} SmcSeal;

/* Start a stream at number 0.  The key is copied. */
extern void smc_seal_init(SmcSeal *seal, const uint8_t key[SMC_KEY_BYTES]);

/*
 * Seal text_len bytes into out, which holds text_len + SMC_SEAL_OVERHEAD;
 * the header is authenticated and not encrypted.  text and out may be equal.
 * SMC_ERR_ARGUMENT when the stream is wiped, broken or out of numbers.
 */
extern SmcStatus smc_seal_close(SmcSeal *seal, const uint8_t *header, size_t header_len,
								const uint8_t *text, size_t text_len, uint8_t *out) SMC_MUST_USE;

/*
 * Open a frame into out, which holds sealed_len - SMC_SEAL_OVERHEAD;
 * sealed and out may be equal.  SMC_ERR_AUTH when it does not open, and ever after.
 */
extern SmcStatus smc_seal_open(SmcSeal *seal, const uint8_t *header, size_t header_len,
							   const uint8_t *sealed, size_t sealed_len, uint8_t *out) SMC_MUST_USE;

/* Wipe the key; nothing is sealed or opened with it any more. */
extern void smc_seal_wipe(SmcSeal *seal);

#endif							/* SMC_SEAL_H */
