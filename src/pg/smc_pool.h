/*
 * The pool of lanes: a fixed array of slots in shared memory, one a lane.
 *
 * A slot says whose lane it is (its key), in what state, and which request its
 * worker is to serve next.  Backends take lanes, workers give them back; both
 * only through the functions here.
 */
#ifndef SMC_POOL_H
#define SMC_POOL_H

#include "postgres.h"

#include "postmaster/bgworker.h"
#include "storage/dsm.h"

#include "core/smc_limits.h"

/*
 * What a lane was built from.  Lanes of the same database, user and parties
 * with different digests differ in servers, mappings or keys: the one whose
 * digest isn't today's is stale.
 */
typedef struct SmcLaneKey
{
	Oid			database;
	Oid			userid;			/* whose user mappings reach the peers */
	int			party_count;
	char		parties[SMC_PARTIES_MAX][SMC_NAME_MAX];
	uint8		digest[SMC_KEY_BYTES];
} SmcLaneKey;

extern Size smc_pool_shmem_size(void);
extern void smc_pool_shmem_init(void);	/* AddinShmemInitLock is held */

/*
 * Backend side.
 */
typedef struct SmcLaneTicket
{
	int			index;
	uint32		generation;		/* of the slot: changes when its worker ends */
	bool		fresh;			/* a worker was started for us */
	BackgroundWorkerHandle *worker; /* of a fresh one, else NULL */
} SmcLaneTicket;

/*
 * Take a lane for a request, which waits in that segment: an idle lane with
 * this key, or a new one.  Waits, interruptibly, while all are busy.  Retires
 * stale lanes.  what names the request in errors ("computation over study
 * \"x\"").
 */
extern void smc_pool_acquire(const SmcLaneKey *key, dsm_handle request, const char *what,
							 SmcLaneTicket *ticket);

/* Whether the worker of a taken lane can still answer: it, or one yet to start. */
extern bool smc_pool_is_alive(const SmcLaneTicket *ticket);

/*
 * Worker side.
 */

/*
 * Move in: the calling worker owns the slot until it exits, in whatever way.
 * False when the slot was given up meanwhile.
 */
extern bool smc_pool_enter(int index, uint32 generation, SmcLaneKey *key);

/* The request that waits for this worker, or DSM_HANDLE_INVALID; taken by asking. */
extern dsm_handle smc_pool_take_request(void);

/* The lane is as one built from what has this digest: what it was built from changed along with it. */
extern void smc_pool_rekey(const uint8 digest[SMC_KEY_BYTES]);

/* Offer the lane to others; what comes next may be there before this returns. */
extern void smc_pool_set_idle(void);

/*
 * Close the lane to new requests, unless one waits already: then false.  With
 * force, whatever waits is left to find out by smc_pool_is_alive.
 */
extern bool smc_pool_retire(bool force);

/* Whether someone wants this worker to end as soon as it is idle. */
extern bool smc_pool_should_retire(void);

#endif							/* SMC_POOL_H */
