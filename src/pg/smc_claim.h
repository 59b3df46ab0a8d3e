/*
 * All parties count a query, or none does: the exchange between the local and
 * the joint part of a computation over a study that limits its queries.
 *
 *   peer -> hub    READY    its local part is done
 *   hub -> peer    CLAIM    one after the other, in the study's order
 *   peer -> hub    CLAIMED  nobody else counts a query there now
 *   hub -> peers   COUNT    all have claimed: count it, and compute
 *
 * Each message is a u64, the computation's seq.  What a claim is, and why it is
 * made in that order: pg/smc_quota.h, .c.
 */
#ifndef SMC_CLAIM_H
#define SMC_CLAIM_H

#include "postgres.h"

#include "link/smc_mesh.h"
#include "pg/smc_study.h"

/* The computation, and how its process waits. */
typedef struct SmcClaim
{
	const SmcStudy *study;		/* as far as smc_quota_claim and smc_consent_require_still go by it */
	SmcMesh    *mesh;
	uint64		seq;
	const uint8 *id;
	const char *asked_by;
	void		(*on_idle) (void *arg); /* called often while waiting; may raise */
	void	   *arg;
} SmcClaim;

/* Take a READY, which may come to the hub at any time after COMPUTE, into a mask of parties. */
extern void smc_claim_note_ready(const SmcMesh *mesh, SmcMessage *message, uint64 seq, uint16 *ready);

/*
 * Have the computation counted: the hub's end, with the parties that are READY
 * already, and a peer's.  Done at once where the study doesn't count.  When it
 * returns, this party's count is on disk.  Raises when no query is left, own
 * consent doesn't stand any more, or a party says what it shouldn't.
 */
extern void smc_claim_by_hub(const SmcClaim *claim, uint16 ready);
extern void smc_claim_by_peer(const SmcClaim *claim);

#endif							/* SMC_CLAIM_H */
