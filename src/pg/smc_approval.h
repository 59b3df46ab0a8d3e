/*
 * The decisions of all parties on one computation, in a study with approve
 * 'each': what hub and peers have in common.
 */
#ifndef SMC_APPROVAL_H
#define SMC_APPROVAL_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "link/smc_mesh.h"
#include "pg/smc_waiting.h"

typedef struct SmcApproval
{
	SmcMesh    *mesh;
	const char *study;
	uint64		seq;
	uint8		binding[SMC_KEY_BYTES];
	uint16		missing;		/* who has not decided yet; never the hub, which asks */
	uint16		refused;
	TimestampTz at[SMC_PARTIES_MAX];
	const char *decided_by;		/* our own role, where we decide */
	const char *reason;			/* of the last refusal, where it was told to us; "": none */
} SmcApproval;

/*
 * Begin to collect: from every party but the hub.  computation is
 * smc_compute_digest of what we were asked.  study is kept.
 */
extern void smc_approval_begin(SmcApproval *approval, SmcMesh *mesh, const char *study,
							   uint64 seq, const uint8 computation[SMC_KEY_BYTES]);

/* Note what was decided here, and tell the others.  Needs a transaction. */
extern void smc_approval_decide(SmcApproval *approval, const SmcDecision *decision);

/* Note a decision without telling anyone: the computation has ended meanwhile. */
extern void smc_approval_note(SmcApproval *approval, const SmcDecision *decision);

/*
 * Take a DECISION, and free it.  Raises when it isn't one, or a second of that
 * party, or about something else than what we were asked.  Needs a transaction.
 */
extern void smc_approval_take(SmcApproval *approval, SmcMessage *message);

/* Raise when any party has refused. */
extern void smc_approval_require(const SmcApproval *approval);

/* Raise: those missing did not decide within so many seconds. */
extern void smc_approval_raise_late(const SmcApproval *approval, int seconds) pg_attribute_noreturn();

/* The names of those missing, as "globex, initech". */
extern char *smc_approval_missing_names(const SmcApproval *approval);

/* The decisions so far as JSON, for the audit; NULL where there are none. */
extern char *smc_approval_json(const SmcApproval *approval);

#endif							/* SMC_APPROVAL_H */
