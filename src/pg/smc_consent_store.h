/*
 * The rows of smc_consent_log: what each party last said of a study, and what it
 * signed before.
 *
 * A row a signature, and at most one unsigned row a study and party.  At most one
 * row of a party is accepted: the one that stands.  The row heard last is what
 * the party says now.  Signed rows are never removed, so that each party can
 * show later who had agreed to what; the unsigned one is, once the party says
 * something else.
 */
#ifndef SMC_CONSENT_STORE_H
#define SMC_CONSENT_STORE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "core/smc_limits.h"

typedef struct SmcConsentRow
{
	char	   *party;
	uint8		digest[SMC_KEY_BYTES];
	char	   *definition;		/* canonical text, in the server's encoding */
	bool		accepted;		/* stands now */
	bool		is_signed;		/* the next four are set, maybe withdrawn since */
	uint8		signature[SMC_SIGNATURE_BYTES];
	uint8		public_key[SMC_PUBLIC_KEY_BYTES];	/* that signed */
	TimestampTz accepted_at;
	char	   *role;			/* that accepted, at that party */
	TimestampTz heard_at;
} SmcConsentRow;

/*
 * The rows of a study, by party, each party's last heard first; only that
 * party's where party is not NULL.  Whatever the transaction's isolation, what
 * is committed now: consent that was withdrawn is withdrawn.
 */
extern List *smc_consent_store_read(const char *study, const char *party);

/* The row of that party and digest that stands, else the one heard last; or NULL. */
extern SmcConsentRow *smc_consent_store_find(const char *study, const char *party,
											 const uint8 digest[SMC_KEY_BYTES]);

/* Keep what a party now says: this and nothing else.  Sets row->heard_at. */
extern void smc_consent_store_put(const char *study, SmcConsentRow *row);

/* Note that none of a party's consents to a study stands any more; how many did. */
extern uint64 smc_consent_store_withdraw(const char *study, const char *party);

#endif							/* SMC_CONSENT_STORE_H */
