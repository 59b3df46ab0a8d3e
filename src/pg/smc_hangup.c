/*
 * Watching over the hub's connection while this backend is busy.
 *
 * PostgreSQL's own client_connection_check_interval ends the whole backend, so
 * that nobody is left to write into the audit how the computation ended.  Here
 * a timer looks at the socket and cancels the query when the other side has
 * closed it; what the hub said last, an ABORT with its reason, is still there
 * to be read.
 *
 * Where the system can't tell that a connection was closed, the query runs to
 * its end first.
 */
#include "postgres.h"

#include <poll.h>

#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "pg/smc_hangup.h"

#define WATCH_MS	250

static TimeoutId hangup_timeout = MAX_TIMEOUTS;
static volatile sig_atomic_t watching = false;
static volatile sig_atomic_t happened = false;

/* In the signal handler of the timer. */
static void
look(void)
{
#ifdef POLLRDHUP
	int			save_errno = errno;
	struct pollfd pfd;

	if (!watching || MyProcPort == NULL)
		return;
	pfd.fd = MyProcPort->sock;
	pfd.events = POLLRDHUP;
	pfd.revents = 0;
	if (poll(&pfd, 1, 0) > 0 && (pfd.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
	{
		watching = false;
		happened = true;
		InterruptPending = true;
		QueryCancelPending = true;
		SetLatch(MyLatch);
	}
	errno = save_errno;
#endif
}

void
smc_hangup_start(void)
{
	if (hangup_timeout == MAX_TIMEOUTS)
		hangup_timeout = RegisterTimeout(USER_TIMEOUT, look);
	watching = true;
	happened = false;
	enable_timeout_every(hangup_timeout,
						 TimestampTzPlusMilliseconds(GetCurrentTimestamp(), WATCH_MS), WATCH_MS);
}

void
smc_hangup_stop(void)
{
	watching = false;
	if (hangup_timeout != MAX_TIMEOUTS)
		disable_timeout(hangup_timeout, false);
}

bool
smc_hangup_happened(void)
{
	return happened;
}
