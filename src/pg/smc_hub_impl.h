/*
 * Inside the hub: what the files of its side of a lane share.
 */
#ifndef SMC_HUB_IMPL_H
#define SMC_HUB_IMPL_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "link/smc_dial.h"
#include "pg/smc_compute.h"
#include "pg/smc_holdings.h"
#include "pg/smc_hub.h"
#include "pg/smc_pulse.h"
#include "pg/smc_recall.h"

struct SmcHub
{
	MemoryContext context;
	SmcTransport *transport;
	SmcMesh    *mesh;
	SmcPulse   *pulse;
	SmcLaneEngine *engine;
	int			self;
	int			party_count;
	uint64		seq;			/* of the last computation */
	List	   *agreed;			/* digests (SMC_KEY_BYTES each) that all parties accepted */

	/* of the request under way */
	SmcTask    *task;
	TimestampTz began_at;
	bool		approved;		/* people were asked, and all said yes */
	bool		shared;			/* a share of ours may have left */
	SmcRecall	recall;			/* of the study's history */
	SmcOutcome *outcome;		/* as far as it has come; NULL: not begun */
	uint16		ready;			/* who has reported READY */
	uint16		contributed;	/* who has reported CONTRIBUTED */
	bool		committed;		/* what was kept is on disk everywhere: it can't fail any more */
	SmcQuery   *query;			/* where it is about secrets, else NULL */
	SmcHoldings holdings;		/* of these */
};

/*
 * Take the next message if there is one, else do what is due and wait a while.
 * False after a wait: the caller looks at whatever else it waits for.  Raises an
 * ABORT, and when the asker is gone.
 */
extern bool smc_hub_next_message(SmcHub *hub, SmcMessage *message);

/* ---- questions to a single peer: pg/smc_hub_questions.c ---------------------------- */

extern void smc_hub_ping(SmcHub *hub);
extern void smc_hub_fetch_studies(SmcHub *hub);

#endif							/* SMC_HUB_IMPL_H */
