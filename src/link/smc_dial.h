/*
 * The hub's transport: one non-blocking libpq connection to each peer.
 *
 * A connection is opened with the options of the peer's server and user
 * mapping, runs CALL smc_attach(), and from its CopyBothResponse on carries
 * one frame per CopyData message.  All connections are opened at once.
 *
 * Nothing here ever waits on one connection alone, nor longer than it was told.
 */
#ifndef SMC_DIAL_H
#define SMC_DIAL_H

#include "link/smc_connect.h"
#include "link/smc_mesh.h"
#include "link/smc_probe.h"

/*
 * Connect to targets[0..count) and start CALL smc_attach() on each; raises
 * within timeout_ms if any fails, naming the peer.  Lives in context, at whose
 * reset all connections are closed.
 */
extern SmcTransport *smc_dial_open(MemoryContext context, int count, const SmcDialTarget *targets,
								   long timeout_ms);

/* server_version_num of a connected peer, and its backend's pid. */
extern int	smc_dial_server_version(SmcTransport *transport, int peer);
extern int	smc_dial_backend_pid(SmcTransport *transport, int peer);

/*
 * After a failure: give what is queued (an ABORT) up to timeout_ms to leave,
 * then hang up on every peer.  Never raises.
 *
 * A peer that reads finds the ABORT, then the end.  One that is inside a local
 * query finds its client gone at its next look at the socket, which
 * smc_attach has set to be often (client_connection_check_interval).  There is
 * no PQcancel: it waits for the other server to hang up, for ever if that is
 * stopped, and the key that a request of our own would need is libpq's secret.
 */
extern void smc_dial_cancel(SmcTransport *transport, long timeout_ms);

/*
 * End an idle lane in good order: CopyDone to each peer, up to timeout_ms for
 * their procedures to return, then close.  Never raises.
 */
extern void smc_dial_finish(SmcTransport *transport, long timeout_ms);

/* Close everything now (also done at context reset). */
extern void smc_dial_close(SmcTransport *transport);

#endif							/* SMC_DIAL_H */
