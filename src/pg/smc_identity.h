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

/*
 * Put another public key and its secret in the place of ours, in the caller's
 * transaction; nothing is left in the table of the secret that was there.  Needs
 * smc_identity_lock, by which everyone who would read the identity waits until
 * the end of the transaction.
 */
extern void smc_identity_lock(void);

/* Whether this transaction has it, so that a lane's worker would wait for us in vain. */
extern bool smc_identity_is_locked(void);
extern void smc_identity_replace(const SmcIdentity *identity, const uint8 secret[SMC_SECRET_KEY_BYTES]);

/* Give our own server the identity's key; make the server where there is none. */
extern void smc_identity_register(const SmcIdentity *identity);

/* A party's name: lower-case letter, then letters, digits, _; at most 63.  Raises otherwise. */
extern void smc_identity_check_name(const char *name);

/* Parse a public key's text; false when malformed. */
extern bool smc_identity_parse_key(const char *text, uint8 out[SMC_PUBLIC_KEY_BYTES]);
extern void smc_identity_format_key(const uint8 key[SMC_PUBLIC_KEY_BYTES], char out[SMC_KEY_TEXT_MAX]);

#endif							/* SMC_IDENTITY_H */
