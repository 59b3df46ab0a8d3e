/*
 * The hub's side of a lane: links opened, studies agreed, computations run.
 *
 * Runs in a lane worker, one request at a time.  Everything raises; after an
 * error the lane is over and smc_hub_break ends it at the peers too.
 */
#ifndef SMC_HUB_H
#define SMC_HUB_H

#include "postgres.h"

#include "pg/smc_audit.h"
#include "pg/smc_pipe.h"
#include "pg/smc_pool.h"

/* One request as its worker sees it. */
typedef struct SmcTask
{
	MemoryContext context;		/* of all that belongs to it */
	SmcPipe    *pipe;
	SmcPipeRequest request;
	long		timeout_ms;
	SmcAuditRecord audit;
	bool		audit_begun;	/* its row is there */
	SmcPipeTimes times;
} SmcTask;

typedef struct SmcHub SmcHub;

/*
 * Open the lane's links and run its handshake.  Uses short transactions of its
 * own.  The hub lives in context, at whose reset the links are closed.
 */
extern SmcHub *smc_hub_connect(MemoryContext context, const SmcLaneKey *key, long timeout_ms);

/* Serve a request to its end; the answer is on its way when it returns. */
extern void smc_hub_serve(SmcHub *hub, SmcTask *task);

/*
 * Wait for something to do on an idle lane, at most timeout_ms.  Raises when a
 * link is gone or a peer speaks unasked.
 */
extern void smc_hub_wait_idle(SmcHub *hub, long timeout_ms);

/* Look behind an error for another party's failure that caused it (see smc_failure_find_abort). */
extern void smc_hub_explain(SmcHub *hub, ErrorData *edata);

/*
 * Whether the lane, which had been idle, broke under its request before any
 * party had answered and before a share of ours left, or a peer found the lane
 * outdated, so that another lane may do it all over.  sqlstate is that of the
 * error.
 */
extern bool smc_hub_can_retry(const SmcHub *hub, int sqlstate);

/*
 * After an error, in the caller's transaction: end what the request under way has
 * put down in the study's history.
 */
extern void smc_hub_end_history(SmcHub *hub);

/* Tell the peers why it ends, as far as they still listen, and close the links. */
extern void smc_hub_break(SmcHub *hub, int sqlstate, const char *text);

/* End an idle lane in good order. */
extern void smc_hub_finish(SmcHub *hub);

#endif							/* SMC_HUB_H */
