/*
 * The hub's transport: one non-blocking libpq connection to each peer.
 *
 * A connection is opened with the options of the peer's server and user
 * mapping, runs CALL smc_attach(), and from its CopyBothResponse on carries
 * one frame per CopyData message.  All connections are opened at once.
 */
#ifndef SMC_DIAL_H
#define SMC_DIAL_H

#include "link/smc_mesh.h"

typedef struct SmcDialTarget
{
	const char *name;			/* the peer's name, for errors; NULL: no connection (ourselves) */
	const char **keywords;		/* libpq, NULL-terminated */
	const char **values;
	bool		require_password;	/* refuse unless a password was asked for and used */
} SmcDialTarget;

/*
 * Connect to targets[0..count) and start CALL smc_attach() on each; raises
 * within timeout_ms if any fails, naming the peer.  Lives in context, at whose
 * reset all connections are closed.
 */
extern SmcTransport *smc_dial_open(MemoryContext context, int count, const SmcDialTarget *targets,
								   long timeout_ms);

/* The round-trip time of nothing: server_version_num of a connected peer, and its backend's pid. */
extern int	smc_dial_server_version(SmcTransport *transport, int peer);
extern int	smc_dial_backend_pid(SmcTransport *transport, int peer);

/* Ask the servers, out of band, to cancel what the peers' backends run; waits at most timeout_ms. */
extern void smc_dial_cancel(SmcTransport *transport, long timeout_ms);

/* Close everything now (also done at context reset). */
extern void smc_dial_close(SmcTransport *transport);

/*
 * An extra connection that asks whether a peer's backend still lives while it
 * runs a long local query and can't answer: start, poll from an idle hook, and
 * read the verdict.  See pg/attach.c for the other end (frame PROBE).
 */
typedef enum SmcProbeState
{
	SMC_PROBE_RUNNING, SMC_PROBE_ALIVE, SMC_PROBE_DEAD
} SmcProbeState;

typedef struct SmcProbe SmcProbe;

extern SmcProbe *smc_probe_start(MemoryContext context, const SmcDialTarget *target,
								 const uint8 *lane_id);
extern SmcProbeState smc_probe_poll(SmcProbe *probe);
extern void smc_probe_end(SmcProbe *probe);

#endif							/* SMC_DIAL_H */
