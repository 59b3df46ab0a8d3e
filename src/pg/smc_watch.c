/*
 * The hub's own part of a computation, given up early where the others' failed.
 *
 * Our local query may take minutes, in code that knows nothing of us, while a
 * peer died in its first second.  A timer looks from time to time whether the
 * lane's worker has reported a failure, and if so cancels the statement as its
 * user would; that error is then replaced by the one that is the cause.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "pg/smc_local.h"
#include "pg/smc_watch.h"

/* How often to look.  Short local queries end before the first time. */
#define WATCH_MS		500

/* Read and written by the timer's handler. */
static SmcRun *volatile watched = NULL;
static volatile sig_atomic_t has_cancelled = false;

static void
look(void)
{
	if (watched == NULL || has_cancelled || !smc_run_has_failed(watched))
		return;
	has_cancelled = true;
	QueryCancelPending = true;
	InterruptPending = true;
}

static void
begin_watch(SmcRun *run, TimeoutId *timeout)
{
	static TimeoutId registered = MAX_TIMEOUTS;

	if (registered == MAX_TIMEOUTS)
		registered = RegisterTimeout(USER_TIMEOUT, look);
	*timeout = registered;
	has_cancelled = false;
	watched = run;
	enable_timeout_every(registered, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), WATCH_MS),
						 WATCH_MS);
}

/* Stop looking.  Returns whether the statement was cancelled by us. */
static bool
end_watch(TimeoutId timeout)
{
	watched = NULL;
	disable_timeout(timeout, false);
	return has_cancelled;
}

uint64
smc_watch_local_run(SmcRun *run, const SmcStudy *study, const SmcQuery *query,
					const SmcLayout *layout, SmcRing128 *partials, SmcKeys **keys)
{
	MemoryContext caller = CurrentMemoryContext;
	TimeoutId	timeout;
	uint64		rows = 0;

	begin_watch(run, &timeout);
	PG_TRY();
	{
		rows = smc_local_run(study, query, layout, partials, keys);
	}
	PG_CATCH();
	{
		if (end_watch(timeout) && geterrcode() == ERRCODE_QUERY_CANCELED)
		{
			MemoryContextSwitchTo(caller);
			FlushErrorState();
			smc_run_raise(run);
		}
		PG_RE_THROW();
	}
	PG_END_TRY();

	if (end_watch(timeout))
	{
		/* The local query ended before it noticed. */
		QueryCancelPending = false;
		smc_run_raise(run);
	}
	return rows;
}
