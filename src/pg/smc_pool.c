/*
 * The pool of lanes in shared memory.
 *
 * LOCKING: pool->lock guards all of it, taken exclusively; every section is
 * short and touches nothing else.  pool->changed is broadcast whenever a slot
 * may have become of use to someone who waits.
 *
 * STATES of a slot, and who changes it:
 *
 *   FREE -> STARTING        a backend, which then registers a worker
 *   STARTING -> BUSY        the worker, as it moves in
 *   BUSY -> IDLE -> BUSY    the worker when it answered; a backend that takes it
 *   IDLE -> RETIRING        a backend that needs the slot, or the worker itself
 *   any -> FREE             the worker as it exits (before_shmem_exit)
 *
 * A worker that never moves in (the postmaster couldn't fork, or was told not
 * to) leaves its slot in STARTING; the backend that waits for it sees that by
 * its handle and frees the slot, and should that backend be gone as well,
 * whoever looks for a slot takes it after START_PATIENCE_MS.  The generation,
 * raised whenever a slot is freed, tells a worker that comes late, and a
 * backend whose worker is gone, that the slot is no longer theirs.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "storage/condition_variable.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "pg/smc_module.h"
#include "pg/smc_pool.h"

/* How long a slot may wait for its worker to move in. */
#define START_PATIENCE_MS		60000

/*
 * Another key's idle lane is ended for us at once when nobody used it for a
 * while; one in use only after a wait, so that several keys that share too few
 * lanes don't spend their time in opening them.
 */
#define IDLE_ENOUGH_MS			1000
#define WAIT_ENOUGH_MS			200

/* How long to go on trying when the cluster has no room for a worker: one of ours may just be leaving. */
#define REGISTER_PATIENCE_MS	1000
#define REGISTER_RETRY_MS		20

typedef enum LaneState
{
	LANE_FREE = 0,
	LANE_STARTING,
	LANE_IDLE,
	LANE_BUSY,
	LANE_RETIRING
} LaneState;

typedef struct Lane
{
	LaneState	state;
	uint32		generation;
	SmcLaneKey	key;
	bool		stale;			/* retire as soon as idle */
	PGPROC	   *worker;			/* NULL until it moved in */
	PGPROC	   *requester;		/* to be woken when the worker ends */
	dsm_handle	request;		/* not yet taken by the worker */
	TimestampTz changed_at;		/* of the state */
} Lane;

typedef struct Pool
{
	LWLock		lock;
	int			tranche;
	ConditionVariable changed;
	Lane		lanes[FLEXIBLE_ARRAY_MEMBER];
} Pool;

static Pool *pool = NULL;

/* In a worker: its slot. */
static Lane *own_lane = NULL;

Size
smc_pool_shmem_size(void)
{
	return add_size(offsetof(Pool, lanes), mul_size(smc_max_lanes, sizeof(Lane)));
}

void
smc_pool_shmem_init(void)
{
	bool		found;

	pool = ShmemInitStruct("smc lanes", smc_pool_shmem_size(), &found);
	if (!found)
	{
		memset(pool, 0, smc_pool_shmem_size());
		pool->tranche = LWLockNewTrancheId();
		LWLockInitialize(&pool->lock, pool->tranche);
		ConditionVariableInit(&pool->changed);
	}
	LWLockRegisterTranche(pool->tranche, "smc_lanes");
}

/* Caller holds the lock. */
static void
set_state(Lane *lane, LaneState state)
{
	lane->state = state;
	lane->changed_at = GetCurrentTimestamp();
}

/* Caller holds the lock, and broadcasts after it. */
static void
free_lane(Lane *lane)
{
	lane->generation++;
	lane->stale = false;
	lane->worker = NULL;
	lane->request = DSM_HANDLE_INVALID;
	if (lane->requester != NULL)
		SetLatch(&lane->requester->procLatch);
	lane->requester = NULL;
	set_state(lane, LANE_FREE);
}

/* Whether two keys stand for the same wish, whatever the lanes were built from. */
static bool
same_wish(const SmcLaneKey *a, const SmcLaneKey *b)
{
	int			i;

	if (a->database != b->database || a->userid != b->userid ||
		a->party_count != b->party_count)
		return false;
	for (i = 0; i < a->party_count; i++)
		if (strcmp(a->parties[i], b->parties[i]) != 0)
			return false;
	return true;
}

static bool
same_key(const SmcLaneKey *a, const SmcLaneKey *b)
{
	int			i;

	if (a->database != b->database || a->party_count != b->party_count ||
		memcmp(a->digest, b->digest, SMC_KEY_BYTES) != 0)
		return false;
	for (i = 0; i < a->party_count; i++)
		if (strcmp(a->parties[i], b->parties[i]) != 0)
			return false;
	return true;
}

/* Ask an idle lane's worker to end.  Caller holds the lock. */
static void
ask_to_retire(Lane *lane)
{
	set_state(lane, LANE_RETIRING);
	SetLatch(&lane->worker->procLatch);
}

/*
 * See to lanes that shouldn't be there: stale ones of the same wish, and slots
 * whose worker never came.  Caller holds the lock.
 */
static void
sweep(const SmcLaneKey *key)
{
	TimestampTz now = GetCurrentTimestamp();
	int			i;

	for (i = 0; i < smc_max_lanes; i++)
	{
		Lane	   *lane = &pool->lanes[i];

		if (lane->state == LANE_FREE)
			continue;
		if (lane->state == LANE_STARTING &&
			TimestampDifferenceExceeds(lane->changed_at, now, START_PATIENCE_MS))
		{
			free_lane(lane);
			continue;
		}
		if (same_wish(&lane->key, key) && !same_key(&lane->key, key))
		{
			lane->stale = true;
			if (lane->state == LANE_IDLE)
				ask_to_retire(lane);
		}
	}
}

/*
 * What can be done for a request right now.  Caller holds the lock.
 *
 * idle: a lane to take.  empty: a slot to start one in.  other: the longest
 * idle lane of another key.  same: whether any lane has this key.  leaving:
 * whether any is about to end.
 */
typedef struct Prospect
{
	Lane	   *idle;
	Lane	   *empty;
	Lane	   *other;
	bool		same;
	bool		leaving;
} Prospect;

static void
look_around(const SmcLaneKey *key, Prospect *prospect)
{
	int			i;

	memset(prospect, 0, sizeof(*prospect));
	for (i = 0; i < smc_max_lanes; i++)
	{
		Lane	   *lane = &pool->lanes[i];
		bool		same = lane->state != LANE_FREE && same_key(&lane->key, key);

		switch (lane->state)
		{
			case LANE_FREE:
				if (prospect->empty == NULL)
					prospect->empty = lane;
				break;
			case LANE_IDLE:
				/* the one used last is the one least likely to have gone cold */
				if (same && (prospect->idle == NULL ||
							 lane->changed_at > prospect->idle->changed_at))
					prospect->idle = lane;
				if (!same && (prospect->other == NULL ||
							  lane->changed_at < prospect->other->changed_at))
					prospect->other = lane;
				break;
			case LANE_RETIRING:
				prospect->leaving = true;
				same = false;
				break;
			case LANE_STARTING:
			case LANE_BUSY:
				if (lane->stale)
					same = false;
				break;
		}
		prospect->same |= same;
	}
}

/* Register the worker of a slot that is ours in STARTING; false when the cluster has no room for it. */
static bool
start_worker(const SmcLaneKey *key, SmcLaneTicket *ticket)
{
	BackgroundWorker worker;
	StringInfoData parties;
	int			i;

	initStringInfo(&parties);
	for (i = 0; i < key->party_count; i++)
		appendStringInfo(&parties, "%s%s", i > 0 ? ", " : "", key->parties[i]);

	memset(&worker, 0, sizeof(worker));
	worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "smc", BGW_MAXLEN);
	strlcpy(worker.bgw_function_name, "smc_worker_main", BGW_MAXLEN);
	strlcpy(worker.bgw_type, "smc lane", BGW_MAXLEN);
	snprintf(worker.bgw_name, BGW_MAXLEN, "smc lane: %s", parties.data);
	worker.bgw_main_arg = Int32GetDatum(ticket->index);
	memcpy(worker.bgw_extra, &ticket->generation, sizeof(ticket->generation));
	worker.bgw_notify_pid = MyProcPid;
	pfree(parties.data);

	return RegisterDynamicBackgroundWorker(&worker, &ticket->worker);
}

/*
 * Give back a slot whose worker never moved in.  Wakes nobody: a broadcast
 * would end our own wait as well, and where workers are short a slot helps
 * nobody; who waits for one looks again soon by itself.
 */
static void
give_up_start(const SmcLaneTicket *ticket)
{
	Lane	   *lane = &pool->lanes[ticket->index];

	LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
	if (lane->generation == ticket->generation && lane->state == LANE_STARTING)
		free_lane(lane);
	LWLockRelease(&pool->lock);
}

/* Mark a lane as ours.  Caller holds the lock. */
static void
take(Lane *lane, LaneState state, dsm_handle request, SmcLaneTicket *ticket)
{
	set_state(lane, state);
	lane->requester = MyProc;
	lane->request = request;
	ticket->index = lane - pool->lanes;
	ticket->generation = lane->generation;
	ticket->fresh = (state == LANE_STARTING);
	ticket->worker = NULL;
}

void
smc_pool_acquire(const SmcLaneKey *key, dsm_handle request, const char *what,
				 SmcLaneTicket *ticket)
{
	TimestampTz waiting_since = GetCurrentTimestamp();
	TimestampTz no_room_since = 0;

	smc_module_require_preload();

	ConditionVariablePrepareToSleep(&pool->changed);
	for (;;)
	{
		TimestampTz now = GetCurrentTimestamp();
		Prospect	prospect;
		bool		no_room = false;

		LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
		sweep(key);
		look_around(key, &prospect);
		if (prospect.idle != NULL)
		{
			take(prospect.idle, LANE_BUSY, request, ticket);
			SetLatch(&prospect.idle->worker->procLatch);
			LWLockRelease(&pool->lock);
			break;
		}
		if (prospect.empty != NULL)
		{
			prospect.empty->key = *key;
			take(prospect.empty, LANE_STARTING, request, ticket);
		}
		else if (prospect.other != NULL && !prospect.leaving &&
				 (TimestampDifferenceExceeds(prospect.other->changed_at, now, IDLE_ENOUGH_MS) ||
				  TimestampDifferenceExceeds(waiting_since, now, WAIT_ENOUGH_MS)))
			ask_to_retire(prospect.other);
		LWLockRelease(&pool->lock);

		if (prospect.empty != NULL)
		{
			if (start_worker(key, ticket))
				break;
			give_up_start(ticket);
			no_room = true;
		}

		if (no_room)
		{
			/*
			 * Not max_lanes but max_worker_processes is the limit.  A lane
			 * with our key will be free some time; else one of another key
			 * must go, whose worker's place comes free a moment after its
			 * slot.
			 */
			if (no_room_since == 0 || prospect.same || prospect.leaving)
				no_room_since = now;
			else if (TimestampDifferenceExceeds(no_room_since, now, REGISTER_PATIENCE_MS))
				ereport(ERROR,
						(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
						 errmsg("no background worker is free for a %s", what),
						 errhint("Consider increasing the configuration parameter \"max_worker_processes\".")));
			if (prospect.other != NULL && !prospect.same && !prospect.leaving)
			{
				LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
				if (prospect.other->state == LANE_IDLE)
					ask_to_retire(prospect.other);
				LWLockRelease(&pool->lock);
			}
			(void) ConditionVariableTimedSleep(&pool->changed,
											   prospect.same ? REGISTER_PATIENCE_MS : REGISTER_RETRY_MS,
											   PG_WAIT_EXTENSION);
		}
		else
			(void) ConditionVariableTimedSleep(&pool->changed, WAIT_ENOUGH_MS, PG_WAIT_EXTENSION);
	}
	ConditionVariableCancelSleep();
}

bool
smc_pool_is_alive(const SmcLaneTicket *ticket)
{
	Lane	   *lane = &pool->lanes[ticket->index];
	bool		alive;
	pid_t		pid;

	LWLockAcquire(&pool->lock, LW_SHARED);
	alive = lane->generation == ticket->generation;
	LWLockRelease(&pool->lock);

	if (alive && ticket->worker != NULL &&
		GetBackgroundWorkerPid(ticket->worker, &pid) == BGWH_STOPPED)
	{
		give_up_start(ticket);
		alive = false;
	}
	return alive;
}

/* As a worker exits: the slot is free, and whoever it left in the lurch is woken. */
static void
leave(int code, Datum arg)
{
	LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
	free_lane(own_lane);
	LWLockRelease(&pool->lock);
	own_lane = NULL;
	ConditionVariableBroadcast(&pool->changed);
}

bool
smc_pool_enter(int index, uint32 generation, SmcLaneKey *key)
{
	Lane	   *lane;
	bool		entered = false;

	if (index < 0 || index >= smc_max_lanes)
		return false;
	lane = &pool->lanes[index];

	LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
	if (lane->generation == generation && lane->state == LANE_STARTING)
	{
		set_state(lane, LANE_BUSY);
		lane->worker = MyProc;
		*key = lane->key;
		entered = true;
	}
	LWLockRelease(&pool->lock);

	if (entered)
	{
		own_lane = lane;
		before_shmem_exit(leave, (Datum) 0);
	}
	return entered;
}

dsm_handle
smc_pool_take_request(void)
{
	dsm_handle	request;

	LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
	request = own_lane->request;
	own_lane->request = DSM_HANDLE_INVALID;
	LWLockRelease(&pool->lock);
	return request;
}

void
smc_pool_rekey(const uint8 digest[SMC_KEY_BYTES])
{
	LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
	memcpy(own_lane->key.digest, digest, SMC_KEY_BYTES);
	own_lane->stale = false;
	LWLockRelease(&pool->lock);
}

void
smc_pool_set_idle(void)
{
	LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
	own_lane->requester = NULL;
	set_state(own_lane, own_lane->stale ? LANE_RETIRING : LANE_IDLE);
	LWLockRelease(&pool->lock);
	ConditionVariableBroadcast(&pool->changed);
}

bool
smc_pool_retire(bool force)
{
	bool		closed;

	LWLockAcquire(&pool->lock, LW_EXCLUSIVE);
	if (force || own_lane->state == LANE_IDLE)
		set_state(own_lane, LANE_RETIRING);
	closed = own_lane->state == LANE_RETIRING;
	LWLockRelease(&pool->lock);
	return closed;
}

bool
smc_pool_should_retire(void)
{
	bool		should;

	LWLockAcquire(&pool->lock, LW_SHARED);
	should = own_lane->state == LANE_RETIRING;
	LWLockRelease(&pool->lock);
	return should;
}
