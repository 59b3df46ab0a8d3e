/*
 * Inside answers: what the files of the peer's side of a lane share.
 */
#ifndef SMC_ANSWER_IMPL_H
#define SMC_ANSWER_IMPL_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "pg/smc_answer.h"
#include "pg/smc_approval.h"
#include "pg/smc_audit.h"
#include "pg/smc_compute.h"
#include "pg/smc_recall.h"
#include "pg/smc_holdings.h"
#include "pg/smc_messages.h"

/* Messages that may come while others are waited for: a COMPUTE, and the others' holdings and decisions. */
#define SMC_ANSWER_HELD_MAX		(1 + 2 * SMC_PARTIES_MAX)

/* How far the answer to a message has come: decides what an error may tell. */
typedef enum SmcAnswerStage
{
	STAGE_IDLE,
	STAGE_CHECK,				/* of what was asked, against what is agreed */
	STAGE_LOCAL,				/* the local query */
	STAGE_JOINT					/* with the other parties */
} SmcAnswerStage;

struct SmcAnswer
{
	MemoryContext context;		/* of the lane */
	MemoryContext request;		/* of one message's handling, reset after it */
	SmcMesh    *mesh;
	SmcLaneEngine *engine;
	const List *names;
	uint8		fingerprint[SMC_KEY_BYTES];
	int			hub;
	uint64		seq;			/* of the last computation */
	List	   *verdicts;		/* pg/smc_answer.c's own */
	List	   *held;			/* of SmcMessage *, that came while others were waited for */

	/* of the message under way */
	SmcAnswerStage stage;
	long		timeout_ms;
	TimestampTz listening_since;
	bool		computing;		/* audit is filled in */
	bool		audit_begun;
	bool		waiting;		/* a request of ours is in smc_requests_waiting */
	SmcHoldings *holdings;		/* of secrets whose names are held; NULL: none */
	SmcRecall	recall;			/* of the study's history */
	const SmcOutcome *outcome;	/* as far as it has come; NULL: not begun */
	SmcApproval approval;
	SmcAuditRecord audit;
	SmcMeshStats stats_before;
};

/* A computation under way. */
typedef struct SmcAnswerComputation
{
	SmcComputeMessage asked;
	const SmcStudy *study;
	SmcQuery   *query;
	SmcLayout  *layout;
	bytea	   *history;		/* of the study, by all parties; NULL: nothing is compared */
	SmcRing128 *partials;
	SmcKeys    *keys;
	uint64		local_us;
	SmcHoldings holdings;		/* where it is about secrets */
	SmcOutcome	outcome;
} SmcAnswerComputation;

/* ---- waiting: pg/smc_answer.c ---------------------------------------------------- */

/* Called while waiting: raises when the hub has been silent for too long.  arg is the answer. */
extern void smc_answer_check_hub(void *arg);

/* Silence counts from here on; how long to wait at a time, so that it is noticed not much late. */
extern void smc_answer_start_listening(SmcAnswer *answer);
extern long smc_answer_wait_ms(const SmcAnswer *answer);

/* Wait for the next message of whomever: be it an ABORT; or none, which is raised. */
extern void smc_answer_await_word(SmcAnswer *answer, SmcMessage *message);
extern void smc_answer_await_message(SmcAnswer *answer, SmcMessage *message);

/* Keep a message for later; take the next, of those that were kept first: false when there is none. */
extern void smc_answer_hold(SmcAnswer *answer, const SmcMessage *message);
extern bool smc_answer_take_message(SmcAnswer *answer, SmcMessage *message);

/* ---- secrets: pg/smc_answer_secrets.c ---------------------------------------------- */

/*
 * Find out with all others whether the secrets that are used are there, and the
 * names for those that are kept are free.  In the midst of a transaction, which
 * it ends, and begins another.
 */
extern void smc_answer_exchange_holdings(SmcAnswer *answer, SmcAnswerComputation *c);

/*
 * Put our shares of what is kept on disk, before we say that we have contributed:
 * so that the hub knows, when all have, that all have theirs.
 */
extern void smc_answer_keep(SmcAnswer *answer, SmcAnswerComputation *c);

/* Let go of the names of secrets, however it ended. */
extern void smc_answer_end_secrets(SmcAnswer *answer);

/*
 * Wait for the hub's word whether the computation is complete: on its ABORT,
 * which is raised, nothing was kept anywhere.
 */
extern void smc_answer_await_end(SmcAnswer *answer, SmcAnswerComputation *c, SmcMessage *message);

/* ---- history: pg/smc_answer_history.c ---------------------------------------------- */

/*
 * Where conditions are compared with earlier ones, put down what this one asks
 * for, and see what was known before; the next transaction has it flushed.  In
 * the midst of a transaction, which it ends, and begins another.
 */
extern void smc_answer_remember(SmcAnswer *answer, const SmcAnswerComputation *c);

/* Then bring together what all parties know of the study's history, and lay out for it. */
extern void smc_answer_recall(SmcAnswer *answer, SmcAnswerComputation *c);

/* Say how it ended, as far as the outcome tells; not inside a transaction. */
extern void smc_answer_end_history(SmcAnswer *answer);

#endif							/* SMC_ANSWER_IMPL_H */
