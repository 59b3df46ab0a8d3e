/*
 * How many queries a study allows, in all and a day, counted by each party for
 * itself (the agreed options max_queries and max_queries_per_day, and
 * epsilon_budget, each query being worth one epsilon).
 *
 * A computation counts at a party from when that party's shares may leave,
 * whoever asked and whatever becomes of it then.  It is counted under the
 * study's digest, so that defining a study anew, as it was, changes nothing,
 * while a new agreement, which takes everyone's consent, counts from zero.
 *
 * All but smc_quota_check_held and smc_quota_release need a transaction.
 */
#ifndef SMC_QUOTA_H
#define SMC_QUOTA_H

#include "postgres.h"

#include "pg/smc_study.h"

/* What is left; -1 where there is no limit. */
typedef struct SmcQuota
{
	int64		left;
	int64		left_today;		/* of those of any 24 hours, now */
	int64		used;			/* 0 where nothing is counted */
} SmcQuota;

/*
 * How long a claim may be held before it is counted.  That takes two messages
 * and a commit at each party; this is for a hub that hangs, or means harm.
 */
#define SMC_QUOTA_HOLD_MS	10000

/* Whether a study's queries are counted.  Follows from what is agreed, so all parties say the same. */
extern bool smc_quota_applies(const SmcStudy *study);

/* What is left at this party. */
extern void smc_quota_read(const SmcStudy *study, SmcQuota *quota);

/*
 * Raise ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE when no query is left, naming
 * study, term and this party.  To refuse early: the claim decides.
 */
extern void smc_quota_require_left(const SmcStudy *study);

/*
 * Claim the study's next query for the computation that this process takes part
 * in: until smc_quota_release or the end of the process nobody else counts one.
 * False when another computation has the claim; raises as above when none is
 * left.  Of the study the name, the digest, the two limits and our own name are
 * looked at.
 */
extern bool smc_quota_claim(const SmcStudy *study);

/* Raise when a claim that was made then, for a computation of that party, has been held for too long. */
extern void smc_quota_check_held(const SmcStudy *study, const char *asked_by, TimestampTz claimed_at);

/*
 * Count the query that is claimed.  The caller commits with a flush, and then
 * releases the claim.
 */
extern void smc_quota_count(const SmcStudy *study, const uint8 *id, const char *asked_by);
extern void smc_quota_release(const SmcStudy *study);

#endif							/* SMC_QUOTA_H */
