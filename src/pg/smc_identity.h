/*
 * Who this party is: its name and its Ed25519 key pair.
 */
#ifndef SMC_IDENTITY_H
#define SMC_IDENTITY_H

#include "postgres.h"

#include "core/smc_limits.h"

#define SMC_KEY_TEXT_MAX	64		/* a public key as text (base64, 44 characters), with NUL */

typedef struct SmcIdentity
{
	char		name[SMC_NAME_MAX];
	uint8		public_key[SMC_PUBLIC_KEY_BYTES];
} SmcIdentity;

/*
 * Read this party's name and public key.  False when smc_create_identity was
 * never called here, or raises with a hint when missing_ok is false.
 */
extern bool smc_identity_read(SmcIdentity *identity, bool missing_ok);

/* Copy the secret key to out; the caller wipes it.  Raises when there is none. */
extern void smc_identity_secret(uint8 out[SMC_SECRET_KEY_BYTES]);

/* A party's name: lower-case letter, then letters, digits, _; at most 63.  Raises otherwise. */
extern void smc_identity_check_name(const char *name);

/* Parse a public key's text; false when malformed. */
extern bool smc_identity_parse_key(const char *text, uint8 out[SMC_PUBLIC_KEY_BYTES]);
extern void smc_identity_format_key(const uint8 key[SMC_PUBLIC_KEY_BYTES], char out[SMC_KEY_TEXT_MAX]);

#endif							/* SMC_IDENTITY_H */
