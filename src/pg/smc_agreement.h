/*
 * The exchange of consents over a study on a lane: what hub and peers have in
 * common.
 */
#ifndef SMC_AGREEMENT_H
#define SMC_AGREEMENT_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "link/smc_mesh.h"
#include "pg/smc_study.h"

typedef struct SmcAgreement
{
	uint16		missing;		/* whose CONSENT is not in yet */
	SmcMessage	consents[SMC_PARTIES_MAX];
} SmcAgreement;

/* Begin to wait for the consent of every other party. */
extern void smc_agreement_begin(SmcAgreement *agreement, const SmcMesh *mesh);

/* Take a CONSENT (and own it).  Raises when it isn't one, or a second of that party. */
extern void smc_agreement_take(SmcAgreement *agreement, const SmcMesh *mesh, const SmcMessage *message);

/*
 * Send our own consent: to those parties whom our definition names, that it is
 * such, to others that we have none.  study NULL: not defined here.  Needs a
 * transaction.
 */
extern void smc_agreement_send_own(SmcMesh *mesh, const char *name, const SmcStudy *study);

/*
 * Judge what was taken, when all is there: a List of reasons (char *) why the
 * study isn't agreed, NIL when it is.  Needs a transaction that will commit.
 */
extern List *smc_agreement_judge(SmcAgreement *agreement, const SmcMesh *mesh, const SmcStudy *study);

/* Whether a study's parties are the lane's, in the same order. */
extern bool smc_agreement_fits_lane(const SmcStudy *study, const SmcMesh *mesh);

#endif							/* SMC_AGREEMENT_H */
