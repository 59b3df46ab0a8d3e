/*
 * Short transactions of the lane worker and of smc_attach().
 *
 * In smc_attach() they run inside a procedure's portal.  PostgreSQL keeps an
 * active portal over a commit or an abort, as for COMMIT in a procedure; the
 * one thing to tell it is that the portal's own snapshot is gone, which
 * ForgetPortalSnapshots does when CALL's own transaction ends; the later ones
 * push and pop a snapshot of their own, so the portal never has one again.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

#include "pg/smc_transaction.h"

void
smc_transaction_begin(void)
{
	MemoryContext caller = CurrentMemoryContext;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	/* whatever the DBA's default: who has waited for a lock must see what its holder wrote */
	XactIsoLevel = XACT_READ_COMMITTED;
	PushActiveSnapshot(GetTransactionSnapshot());
	MemoryContextSwitchTo(caller);
}

static void
commit(const char *synchronous)
{
	MemoryContext caller = CurrentMemoryContext;

	if (synchronous != NULL)
		(void) set_config_option("synchronous_commit", synchronous, PGC_USERSET, PGC_S_SESSION,
								 GUC_ACTION_LOCAL, true, 0, false);
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
}

void
smc_transaction_commit_flushed(void)
{
	/* whatever stronger guarantee the DBA has set stays */
	commit(synchronous_commit < SYNCHRONOUS_COMMIT_LOCAL_FLUSH ? "local" : NULL);
}

void
smc_transaction_commit_lazy(void)
{
	commit("off");
}

void
smc_transaction_leave_call(void)
{
	MemoryContext caller = CurrentMemoryContext;

	ForgetPortalSnapshots();
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller);
}

void
smc_transaction_return_to_call(void)
{
	MemoryContext caller = CurrentMemoryContext;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	MemoryContextSwitchTo(caller);
}

void
smc_transaction_abort(void)
{
	MemoryContext caller = CurrentMemoryContext;

	AbortCurrentTransaction();
	MemoryContextSwitchTo(caller);
}
