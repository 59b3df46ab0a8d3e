/*
 * One libpq connection to a peer, opened without waiting, until it runs
 * CALL smc_attach() and has switched to streaming.
 *
 * Shared by the lane's transport (smc_dial) and the probe (smc_probe).  None
 * of these functions waits or raises, except smc_connect_raise and, for want
 * of memory, smc_connect_start: a failure is a state, with its reason kept.
 *
 * XXX libpq looks names up with getaddrinfo, which does wait, uninterrupted,
 * for as long as the resolver does.  Where that can hurt, the server's option
 * hostaddr avoids it.
 */
#ifndef SMC_CONNECT_H
#define SMC_CONNECT_H

#include "postgres.h"

#include <libpq-fe.h>

typedef struct SmcDialTarget
{
	const char *name;			/* the peer's name, for errors; NULL: no connection (ourselves) */
	const char **keywords;		/* libpq, NULL-terminated */
	const char **values;
	bool		require_password;	/* refuse unless a password was asked for and used */
} SmcDialTarget;

typedef enum SmcConnectionState
{
	SMC_CONNECTION_CLOSED = 0,
	SMC_CONNECTION_OPENING,
	SMC_CONNECTION_ATTACHING,	/* open, CALL smc_attach() sent */
	SMC_CONNECTION_ATTACHED,	/* CopyBoth */
	SMC_CONNECTION_FAILED
} SmcConnectionState;

typedef struct SmcConnection
{
	MemoryContext context;		/* of the texts */
	char	   *name;
	SmcConnectionState state;
	PGconn	   *pg;
	bool		holds_fd;		/* counted with AcquireExternalFD */
	bool		require_password;
	PostgresPollingStatusType polling;	/* what libpq waits for while opening */
	int			code;			/* why it failed: errcode, detail, hint or NULL */
	char	   *detail;
	char	   *hint;
} SmcConnection;

/*
 * Begin to open a connection.  timeout_ms is the time after which the kernel
 * may give up on a silent network, where the target's own options don't say.
 * Whoever calls this sees to smc_connect_close, by a reset callback of context.
 */
extern void smc_connect_start(SmcConnection *connection, MemoryContext context,
							  const SmcDialTarget *target, long timeout_ms);

/* The socket events to wait for (WL_SOCKET_*), while opening or attaching. */
extern uint32 smc_connect_events(const SmcConnection *connection);

/* Go on, when one of those events has come. */
extern void smc_connect_advance(SmcConnection *connection);

/* Note a failure, unless one is noted: what libpq has to say, a server's answer, or our own words. */
extern void smc_connect_fail_libpq(SmcConnection *connection);
extern void smc_connect_fail_result(SmcConnection *connection, const PGresult *result);
extern void smc_connect_fail(SmcConnection *connection, int code, const char *detail, const char *hint);

/* Raise the failure noted: "could not connect to peer". */
extern void smc_connect_raise(const SmcConnection *connection) pg_attribute_noreturn();

/* Close at once; harmless when closed. */
extern void smc_connect_close(SmcConnection *connection);

#endif							/* SMC_CONNECT_H */
