/*
 * What runs now: one shared-memory entry per process that takes part in a
 * computation.
 *
 * A process takes a free entry of the array when it first has something to
 * tell and gives it back when it exits; only it writes to it.  The array has a
 * place for every process that can connect to a database, so there is always
 * one free.  LOCKING: an entry is read and written under its own spinlock, held
 * for a copy of the struct at most; the search for a free entry is the same,
 * entry by entry.  The beat alone is an atomic, because a signal handler
 * writes it: it may interrupt this very process inside the spinlock.
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/pg_authid.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/shmem.h"
#include "storage/spin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"
#include "utils/uuid.h"

#include "pg/smc_activity.h"
#include "pg/smc_module.h"

PG_FUNCTION_INFO_V1(smc_activity_list);
PG_FUNCTION_INFO_V1(smc_audit_is_running);

#define BEAT_MS		1000

/* What is told of a process. */
typedef struct Activity
{
	int			pid;			/* 0: the entry is free */
	Oid			database;
	bool		active;			/* between smc_activity_begin and _end */
	bool		has_id;			/* in a computation, not just an idle lane */
	bool		has_lane;		/* between smc_activity_beat_start and _stop */
	bool		is_hub;
	SmcPhase	phase;
	uint8		id[SMC_UUID_BYTES];
	uint8		lane_id[SMC_LANE_ID_BYTES];
	char		study[NAMEDATALEN];
	char		asked_by[SMC_NAME_MAX];
	char		role[NAMEDATALEN];
	char		awaiting[SMC_PARTIES_MAX * (SMC_NAME_MAX + 1)]; /* in SMC_PHASE_APPROVE */
	uint64		bytes_sent;
	uint64		bytes_received;
	uint32		rounds;
	int			iteration;		/* of a fit, in SMC_PHASE_JOINT; 0: none */
	uint64		fit_rows;
	TimestampTz started_at;
} Activity;

typedef struct ActivityEntry
{
	slock_t		mutex;			/* protects activity */
	Activity	activity;
	pg_atomic_uint64 beat;		/* TimestampTz of the last beat */
} ActivityEntry;

typedef struct ActivityShared
{
	int			entry_count;
	ActivityEntry entries[FLEXIBLE_ARRAY_MEMBER];
} ActivityShared;

static ActivityShared *shared = NULL;

/* Our own entry, and our own copy of what it tells; NULL until there is something to tell. */
static ActivityEntry *own_entry = NULL;
static Activity own;

static TimeoutId beat_timeout = MAX_TIMEOUTS;

Size
smc_activity_shmem_size(void)
{
	return add_size(offsetof(ActivityShared, entries),
					mul_size(MaxBackends, sizeof(ActivityEntry)));
}

void
smc_activity_shmem_init(void)
{
	bool		found;
	int			i;

	shared = ShmemInitStruct("smc activity", smc_activity_shmem_size(), &found);
	if (found)
		return;
	shared->entry_count = MaxBackends;
	for (i = 0; i < shared->entry_count; i++)
	{
		ActivityEntry *entry = &shared->entries[i];

		SpinLockInit(&entry->mutex);
		memset(&entry->activity, 0, sizeof(entry->activity));
		pg_atomic_init_u64(&entry->beat, 0);
	}
}

/*
 * Our own entry
 */

/* Show what own has become. */
static void
publish(void)
{
	SpinLockAcquire(&own_entry->mutex);
	own_entry->activity = own;
	SpinLockRelease(&own_entry->mutex);
}

static void
leave_at_exit(int code, Datum arg)
{
	if (own_entry == NULL)
		return;
	if (own.has_lane)
		disable_timeout(beat_timeout, false);
	memset(&own, 0, sizeof(own));
	publish();
	own_entry = NULL;
}

/* Take an entry if we have none; false where there is no shared memory. */
static bool
enter(void)
{
	int			i;

	if (own_entry)
		return true;
	if (shared == NULL)
		return false;
	for (i = 0; i < shared->entry_count; i++)
	{
		ActivityEntry *entry = &shared->entries[i];
		bool		taken = false;

		SpinLockAcquire(&entry->mutex);
		if (entry->activity.pid == 0)
		{
			entry->activity.pid = MyProcPid;
			taken = true;
		}
		SpinLockRelease(&entry->mutex);
		if (taken)
		{
			memset(&own, 0, sizeof(own));
			own.pid = MyProcPid;
			own.database = MyDatabaseId;
			own_entry = entry;
			before_shmem_exit(leave_at_exit, (Datum) 0);
			return true;
		}
	}
	elog(ERROR, "no free entry for the activity of this process");
}

void
smc_activity_begin(const uint8 *id, const char *study, const char *asked_by,
				   const char *role, bool is_hub)
{
	if (!enter())
		return;
	own.active = true;
	own.has_id = id != NULL;
	if (id)
		memcpy(own.id, id, SMC_UUID_BYTES);
	own.is_hub = is_hub;
	own.phase = SMC_PHASE_IDLE;
	own.awaiting[0] = '\0';
	strlcpy(own.study, study ? study : "", sizeof(own.study));
	strlcpy(own.asked_by, asked_by ? asked_by : "", sizeof(own.asked_by));
	strlcpy(own.role, role ? role : "", sizeof(own.role));
	own.bytes_sent = own.bytes_received = 0;
	own.rounds = 0;
	own.started_at = GetCurrentTimestamp();
	publish();
}

void
smc_activity_phase(SmcPhase phase)
{
	if (own_entry == NULL || !own.active)
		return;
	own.phase = phase;
	own.awaiting[0] = '\0';
	own.iteration = 0;
	publish();
}

void
smc_activity_awaiting(const char *parties)
{
	if (own_entry == NULL || !own.active)
		return;
	own.phase = SMC_PHASE_APPROVE;
	strlcpy(own.awaiting, parties, sizeof(own.awaiting));
	publish();
}

void
smc_activity_progress(uint64 bytes_sent, uint64 bytes_received, uint32 rounds)
{
	if (own_entry == NULL || !own.active)
		return;
	own.bytes_sent = bytes_sent;
	own.bytes_received = bytes_received;
	own.rounds = rounds;
	publish();
}

void
smc_activity_fit(int iteration, uint64 rows)
{
	if (own_entry == NULL || !own.active)
		return;
	own.iteration = iteration;
	own.fit_rows = rows;
	publish();
}

void
smc_activity_end(void)
{
	if (own_entry == NULL)
		return;
	own.active = false;
	own.has_id = false;
	publish();
}

/*
 * The beat
 */

/* In the signal handler: nothing but the clock and one store. */
static void
beat(void)
{
	if (own_entry)
		pg_atomic_write_u64(&own_entry->beat, (uint64) GetCurrentTimestamp());
}

void
smc_activity_beat_start(const uint8 *lane_id)
{
	if (!enter())
		return;
	if (beat_timeout == MAX_TIMEOUTS)
		beat_timeout = RegisterTimeout(USER_TIMEOUT, beat);
	beat();
	own.has_lane = true;
	memcpy(own.lane_id, lane_id, SMC_LANE_ID_BYTES);
	publish();
	enable_timeout_every(beat_timeout, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), BEAT_MS),
						 BEAT_MS);
}

void
smc_activity_beat_stop(void)
{
	if (own_entry == NULL || !own.has_lane)
		return;
	disable_timeout(beat_timeout, false);
	own.has_lane = false;
	publish();
}

/*
 * Everyone's
 */

static Activity
read_entry(ActivityEntry *entry)
{
	Activity	copy;

	SpinLockAcquire(&entry->mutex);
	copy = entry->activity;
	SpinLockRelease(&entry->mutex);
	return copy;
}

int64
smc_activity_beat_age(const uint8 *lane_id)
{
	int			i;

	for (i = 0; shared && i < shared->entry_count; i++)
	{
		ActivityEntry *entry = &shared->entries[i];
		Activity	activity = read_entry(entry);
		TimestampTz last = (TimestampTz) pg_atomic_read_u64(&entry->beat);

		if (activity.pid != 0 && activity.has_lane && activity.database == MyDatabaseId &&
			memcmp(activity.lane_id, lane_id, SMC_LANE_ID_BYTES) == 0)
			return Max((GetCurrentTimestamp() - last) / 1000, 0);
	}
	return -1;
}

/* Whether an entry is of a process of this database in that computation. */
static bool
is_in(const Activity *activity, const uint8 *id)
{
	return activity->pid != 0 && activity->active && activity->has_id &&
		activity->database == MyDatabaseId &&
		memcmp(activity->id, id, SMC_UUID_BYTES) == 0;
}

bool
smc_activity_is_running(const uint8 *id)
{
	int			i;

	for (i = 0; shared && i < shared->entry_count; i++)
	{
		Activity	activity = read_entry(&shared->entries[i]);

		if (is_in(&activity, id))
			return true;
	}
	return false;
}

/* The process that waits for an approval of that computation; 0 when none does. */
static int
waiting_pid(const uint8 *id)
{
	int			i;

	for (i = 0; shared && i < shared->entry_count; i++)
	{
		Activity	activity = read_entry(&shared->entries[i]);

		if (is_in(&activity, id) && !activity.is_hub && activity.phase == SMC_PHASE_APPROVE)
			return activity.pid;
	}
	return 0;
}

bool
smc_activity_is_waiting(const uint8 *id)
{
	return waiting_pid(id) != 0;
}

void
smc_activity_wake(const uint8 *id)
{
	int			pid = waiting_pid(id);
	PGPROC	   *proc = pid != 0 ? BackendPidGetProc(pid) : NULL;

	if (proc != NULL)
		SetLatch(&proc->procLatch);
}

/*
 * smc_audit_is_running(id uuid) returns boolean
 *
 * On a standby the computation, if it runs, runs on the primary: nothing that
 * we could say against it.
 */
Datum
smc_audit_is_running(PG_FUNCTION_ARGS)
{
	if (RecoveryInProgress())
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(smc_activity_is_running(PG_GETARG_UUID_P(0)->data));
}

static const char *
phase_text(SmcPhase phase)
{
	switch (phase)
	{
		case SMC_PHASE_IDLE:
			return "idle";
		case SMC_PHASE_CONNECT:
			return "connect";
		case SMC_PHASE_AGREE:
			return "agree";
		case SMC_PHASE_APPROVE:
			return "approve";
		case SMC_PHASE_LOCAL:
			return "local";
		case SMC_PHASE_JOINT:
			return "joint";
		case SMC_PHASE_WAIT:
			return "wait";
	}
	return "unknown";
}

/* Whoever may read all statistics sees all, others what roles of theirs asked for here. */
static bool
is_visible(const Activity *activity)
{
	Oid			role;

	if (has_privs_of_role(GetUserId(), ROLE_PG_READ_ALL_STATS))
		return true;
	if (!activity->is_hub)
		return false;
	role = get_role_oid(activity->role, true);
	return OidIsValid(role) && has_privs_of_role(GetUserId(), role);
}

enum
{
	OUT_PID,
	OUT_ID,
	OUT_STUDY,
	OUT_ASKED_BY,
	OUT_ROLE,
	OUT_IS_HUB,
	OUT_PHASE,
	OUT_AWAITING,
	OUT_BYTES_SENT,
	OUT_BYTES_RECEIVED,
	OUT_ROUNDS,
	OUT_STARTED_AT,
	OUT_COUNT
};

static void
set_text(Datum *values, bool *nulls, int column, const char *text)
{
	nulls[column] = text[0] == '\0';
	if (!nulls[column])
		values[column] = CStringGetTextDatum(text);
}

/* smc_activity_list() returns setof record: see smc--1.0.sql */
Datum
smc_activity_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	int			i;

	smc_module_require_preload();
	InitMaterializedSRF(fcinfo, 0);
	for (i = 0; i < shared->entry_count; i++)
	{
		Activity	activity = read_entry(&shared->entries[i]);
		Datum		values[OUT_COUNT] = {0};
		bool		nulls[OUT_COUNT] = {false};

		if (activity.pid == 0 || !activity.active || activity.database != MyDatabaseId ||
			!is_visible(&activity))
			continue;
		values[OUT_PID] = Int32GetDatum(activity.pid);
		values[OUT_ID] = UUIDPGetDatum((pg_uuid_t *) activity.id);
		nulls[OUT_ID] = !activity.has_id;
		set_text(values, nulls, OUT_STUDY, activity.study);
		set_text(values, nulls, OUT_ASKED_BY, activity.asked_by);
		set_text(values, nulls, OUT_ROLE, activity.role);
		values[OUT_IS_HUB] = BoolGetDatum(activity.is_hub);
		values[OUT_PHASE] = CStringGetTextDatum(activity.phase == SMC_PHASE_JOINT && activity.iteration > 0 ?
												psprintf("joint, iteration %d, row " UINT64_FORMAT, activity.iteration, activity.fit_rows) :
												phase_text(activity.phase));
		set_text(values, nulls, OUT_AWAITING, activity.awaiting);
		values[OUT_BYTES_SENT] = Int64GetDatum((int64) activity.bytes_sent);
		values[OUT_BYTES_RECEIVED] = Int64GetDatum((int64) activity.bytes_received);
		values[OUT_ROUNDS] = Int32GetDatum((int32) activity.rounds);
		values[OUT_STARTED_AT] = TimestampTzGetDatum(activity.started_at);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}
