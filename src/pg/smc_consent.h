/*
 * Consent: each party's signature on a study's digest, ours and the others'.
 *
 * Of a study, the functions here read name, parties, self, definition and
 * digest only (pg/smc_hub.c gives them no more).
 */
#ifndef SMC_CONSENT_H
#define SMC_CONSENT_H

#include "postgres.h"

#include "pg/smc_consent_store.h"
#include "pg/smc_study.h"

/* What one party tells the others about its consent to a study, as sent (its bytes: smc_consent.c). */
typedef struct SmcConsent
{
	char		study[NAMEDATALEN];
	bool		defined;		/* it has a study of that name that names the receiver */
	bool		accepted;		/* it accepted this very digest, and has not withdrawn */
	uint8		digest[SMC_KEY_BYTES];
	uint8		signature[SMC_SIGNATURE_BYTES];
	uint8		public_key[SMC_PUBLIC_KEY_BYTES];	/* that signed */
	int64		accepted_at;	/* TimestampTz */
	char		role[NAMEDATALEN];	/* that accepted, at that party */
	char	   *definition;		/* canonical text; its hash must be the digest */
} SmcConsent;

/*
 * Our own consent to a study, to be sent; study NULL (not defined here, or not
 * whole) tells that we have none of that name.
 */
extern SmcConsent *smc_consent_own(const char *name, const SmcStudy *study);

/*
 * To and from bytes (text as UTF-8); parse raises ERRCODE_PROTOCOL_VIOLATION,
 * naming the party it is from, when malformed or when the definition's hash is
 * not the digest.
 */
extern bytea *smc_consent_write(const SmcConsent *consent);
extern SmcConsent *smc_consent_parse(const uint8 *data, size_t len, const char *from);

/*
 * Judge what a party told us of our study: NULL when it accepted the very same
 * digest and the signature verifies under its registered key, or one that it has
 * replaced by it (pg/smc_key_log.h); else the reason
 * as an error message's text ("party \"globex\" has not accepted study ...",
 * "... defines study ... differently: ...").  Keeps valid signatures and
 * definitions in smc_consent_log (the caller commits).
 */
extern char *smc_consent_judge(const SmcStudy *study, const char *party, const SmcConsent *consent);

/* Raise unless this party itself has accepted the study as it now stands. */
extern void smc_consent_require_own(const SmcStudy *study);

/* The same as a question; and whether it was signed by our present key, not by one replaced since. */
extern bool smc_consent_has_own(const SmcStudy *study);
extern bool smc_consent_has_current(const SmcStudy *study);

/*
 * Raise, as smc_consent_require_own does, unless it still has.  Before shares
 * leave: consent that was withdrawn while the local query ran ends the
 * computation.
 */
extern void smc_consent_require_still(const SmcStudy *study);

/*
 * Whether a kept row is that party's own signature on its digest, by a key that
 * counts for it: the one given (registered here now), or one replaced by it.
 */
extern bool smc_consent_holds(const char *study, const SmcConsentRow *row,
							  const uint8 present_key[SMC_PUBLIC_KEY_BYTES]);

/* Sign a digest as this party, now, for the current user: fills a row for smc_consent_store_put. */
extern SmcConsentRow *smc_consent_sign(const SmcStudy *study);

#endif							/* SMC_CONSENT_H */
