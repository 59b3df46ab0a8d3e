/*
 * The lane worker.
 *
 * It is started by the backend that first needs its lane, opens the links for
 * that first request, and keeps them for whoever comes next.  It ends
 *
 *   - when nobody needed it for smc.lane_idle_timeout, or someone wants its
 *     slot, or its lane is stale: in good order;
 *   - when a link breaks or a peer leaves while the lane is idle: quietly;
 *   - after a request that failed: the lane may be in any state at the peers,
 *     so it isn't used again;
 *   - on SIGTERM, at shutdown, when its database is dropped with force: at
 *     once; peers and backend see their end closed.
 *
 * SIGHUP rereads the configuration between requests.  An idle lane holds no
 * transaction.
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/sinval.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "pg/smc_activity.h"
#include "pg/smc_failure.h"
#include "pg/smc_hub.h"
#include "pg/smc_identity.h"
#include "pg/smc_messages.h"
#include "pg/smc_module.h"
#include "pg/smc_pipe.h"
#include "pg/smc_pool.h"
#include "pg/smc_transaction.h"
#include "pg/smc_worker.h"

typedef struct Worker
{
	SmcLaneKey	key;
	MemoryContext context;		/* of the lane */
	SmcHub	   *hub;			/* NULL until the first request */
	const char *self;			/* this party's name */
} Worker;

/* Show what the worker is doing in pg_stat_activity. */
static void
report(BackendState state, const Worker *worker)
{
	StringInfoData text;
	int			i;

	initStringInfo(&text);
	appendStringInfoString(&text, "smc lane:");
	for (i = 0; i < worker->key.party_count; i++)
		appendStringInfo(&text, "%s %s", i > 0 ? "," : "", worker->key.parties[i]);
	pgstat_report_activity(state, text.data);
	pfree(text.data);
}

/*
 * Failure
 */

/*
 * Write how it ended, to the history and, where it is to be there, to the audit;
 * failing to must not hide the first error, so this only logs.
 */
static void
write_end(Worker *worker, SmcTask *task, const ErrorData *edata, bool in_audit)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		task->audit.status = smc_failure_status(edata, false);
		task->audit.sqlstate = pstrdup(unpack_sql_state(edata->sqlerrcode));
		task->audit.error = smc_failure_describe(edata, false);
		smc_transaction_begin();
		if (worker->hub != NULL)
			smc_hub_end_history(worker->hub);
		if (in_audit)
			smc_audit_end(&task->audit);
		smc_transaction_commit_lazy();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(caller);
		EmitErrorReport();
		FlushErrorState();
		smc_transaction_abort();
	}
	PG_END_TRY();
}

/* Tell the backend, which may be gone; with retry, that another lane may do better. */
static void
answer_error(SmcPipe *pipe, const ErrorData *edata, bool retry)
{
	StringInfoData buf;
	SmcPipeError error;

	error.sqlstate = edata->sqlerrcode;
	error.message = edata->message;
	error.detail = edata->detail;
	error.hint = edata->hint;
	if (!retry)
		smc_pipe_set_failed(pipe);
	smc_pipe_write_error(&buf, retry ? SMC_PIPE_STALE : SMC_PIPE_ERROR, &error);
	(void) smc_pipe_send(pipe, &buf, NULL, NULL);
}

/*
 * A request failed: end it at the peers, write it down, tell the backend, and
 * exit.  Called in the error's handler; was_warm says that the lane had been
 * there before the request.
 */
static void
fail(Worker *worker, SmcTask *task, bool was_warm)
{
	ErrorData  *edata;
	bool		retry;

	MemoryContextSwitchTo(task->context);
	edata = CopyErrorData();
	FlushErrorState();
	smc_transaction_abort();
	smc_pool_retire(true);

	if (worker->hub != NULL)
		smc_hub_explain(worker->hub, edata);
	if (worker->hub == NULL)
		retry = edata->sqlerrcode == ERRCODE_OBJECT_IN_USE;	/* see smc_hub_connect */
	else
		retry = (was_warm || edata->sqlerrcode == ERRCODE_OBJECT_IN_USE) &&
			smc_hub_can_retry(worker->hub, edata->sqlerrcode);
	ereport(DEBUG1,				/* the backend logs it, with its statement */
			(errcode(edata->sqlerrcode),
			 errmsg("lane failed: %s", edata->message),
			 edata->detail ? errdetail_internal("%s", edata->detail) : 0));

	if (worker->hub != NULL)
		smc_hub_break(worker->hub, edata->sqlerrcode,
					  smc_failure_text(edata, false));
	if (task->request.kind == SMC_REQUEST_COMPUTE)
		write_end(worker, task, edata, task->audit_begun || !retry);
	smc_activity_end();
	answer_error(task->pipe, edata, retry);
	proc_exit(0);
}

/*
 * Serving
 */

/* Read the request, which was in the queue before we were told of it. */
static void
receive_request(Worker *worker, SmcTask *task)
{
	SmcPipeMessage type;
	SmcReader	reader;

	if (smc_pipe_receive(task->pipe, &type, &reader) != SMC_PIPE_GOT || type != SMC_PIPE_REQUEST)
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("canceled by the asker")));
	smc_pipe_read_request(&reader, &task->request);
	task->timeout_ms = (long) task->request.timeout_ms;

	memcpy(task->audit.id, task->request.id, SMC_UUID_BYTES);
	task->audit.study = task->request.study;
	task->audit.asked_role = task->request.role;
	task->audit.query = task->request.query_text;
	task->audit.reveals = task->request.reveals;
	task->audit.status = "running";
}

/* This party's name, for the audit. */
static void
read_own_name(Worker *worker)
{
	SmcIdentity identity;

	smc_transaction_begin();
	(void) smc_identity_read(&identity, false);
	smc_transaction_commit_lazy();
	worker->self = MemoryContextStrdup(worker->context, identity.name);
}

static void
serve(Worker *worker, dsm_handle handle)
{
	SmcTask		task;
	bool		was_warm = worker->hub != NULL;
	MemoryContext caller = CurrentMemoryContext;

	memset(&task, 0, sizeof(task));
	task.context = AllocSetContextCreate(worker->context, "smc request", ALLOCSET_DEFAULT_SIZES);
	task.audit.rows = -1;
	task.audit.started_at = GetCurrentTimestamp();
	task.pipe = smc_pipe_attach(task.context, handle);
	if (task.pipe == NULL)
	{
		/* the asker has thought better of it already */
		MemoryContextDelete(task.context);
		if (!was_warm)
			proc_exit(0);
		smc_pool_set_idle();
		return;
	}

	report(STATE_RUNNING, worker);
	MemoryContextSwitchTo(task.context);
	PG_TRY();
	{
		receive_request(worker, &task);

		/* never wait longer for a lock than for a peer: our own asker may hold it */
		SetConfigOption("lock_timeout", psprintf("%ld", task.timeout_ms), PGC_SUSET, PGC_S_OVERRIDE);
		if (worker->self == NULL)
			read_own_name(worker);
		task.audit.asked_by = worker->self;

		if (worker->hub == NULL)
		{
			TimestampTz started = GetCurrentTimestamp();

			worker->hub = smc_hub_connect(worker->context, &worker->key, task.timeout_ms);
			task.times.connect_us = GetCurrentTimestamp() - started;
		}
		smc_hub_serve(worker->hub, &task);
	}
	PG_CATCH();
	{
		fail(worker, &task, was_warm);
	}
	PG_END_TRY();

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(task.context);
}

/*
 * Idling
 */

/* The lane broke while idle: leave, but don't keep a request waiting that just came. */
static void
leave_broken_lane(Worker *worker, const ErrorData *edata)
{
	ereport(DEBUG1, (errmsg("idle lane ends: %s", edata->message)));
	if (!smc_pool_retire(false))
	{
		SmcPipe    *pipe = smc_pipe_attach(worker->context, smc_pool_take_request());

		if (pipe != NULL)
			answer_error(pipe, edata, true);
	}
	proc_exit(0);
}

/* Wait on the idle lane; exits when it breaks. */
static void
wait_idle(Worker *worker, long timeout_ms)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		smc_hub_wait_idle(worker->hub, timeout_ms);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		MemoryContextSwitchTo(caller);
		edata = CopyErrorData();
		FlushErrorState();
		leave_broken_lane(worker, edata);
	}
	PG_END_TRY();
}

/* Be idle until there is a request; exits when there won't be one. */
static dsm_handle
await_request(Worker *worker)
{
	TimestampTz idle_since = GetCurrentTimestamp();
	long		stats_ms = pgstat_report_stat(false);

	report(STATE_IDLE, worker);
	for (;;)
	{
		dsm_handle	request = smc_pool_take_request();
		long		idle_ms = TimestampDifferenceMilliseconds(idle_since, GetCurrentTimestamp());
		long		wait_ms = -1;

		if (request != DSM_HANDLE_INVALID)
			return request;
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		if (catchupInterruptPending)
			ProcessCatchupInterrupt();
		if (stats_ms > 0 && idle_ms >= stats_ms)
			stats_ms = pgstat_report_stat(true);

		if (smc_lane_idle_timeout > 0)
			wait_ms = Max(smc_lane_idle_timeout - idle_ms, 0);
		if (smc_pool_should_retire() || wait_ms == 0)
		{
			if (!smc_pool_retire(false))
				continue;		/* someone was quicker */
			smc_hub_finish(worker->hub);
			proc_exit(0);
		}
		if (stats_ms > 0 && (wait_ms < 0 || wait_ms > stats_ms))
			wait_ms = stats_ms;

		wait_idle(worker, wait_ms);
	}
}

void
smc_worker_main(Datum main_arg)
{
	Worker	   *worker;
	uint32		generation;
	dsm_handle	request;

	memcpy(&generation, MyBgworkerEntry->bgw_extra, sizeof(generation));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	worker = MemoryContextAllocZero(TopMemoryContext, sizeof(Worker));
	if (!smc_pool_enter(DatumGetInt32(main_arg), generation, &worker->key))
		proc_exit(0);

	/* As a superuser of the bootstrap kind: reads the identity, writes the audit. */
	BackgroundWorkerInitializeConnectionByOid(worker->key.database, InvalidOid, 0);
	worker->context = AllocSetContextCreate(TopMemoryContext, "smc lane", ALLOCSET_DEFAULT_SIZES);

	request = smc_pool_take_request();
	for (;;)
	{
		serve(worker, request);
		request = await_request(worker);
	}
}
