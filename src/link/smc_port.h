/*
 * A peer's transport: the client connection of the backend that runs
 * CALL smc_attach(), switched to CopyBoth.
 */
#ifndef SMC_PORT_H
#define SMC_PORT_H

#include "link/smc_mesh.h"

/* Send CopyBothResponse and take over the connection.  Lives in context. */
extern SmcTransport *smc_port_open(MemoryContext context);

/*
 * Wait for one whole frame before there is a mesh (the OFFER, or a PROBE);
 * palloc'd, its length in *len.  NULL when the client ended the copy.
 */
extern uint8 *smc_port_read_frame(SmcTransport *transport, size_t *len, long timeout_ms);

/* Whether the hub ended the stream in good order (CopyDone): the lane is over. */
extern bool smc_port_is_done(SmcTransport *transport);

/* Send what is queued, then CopyDone; waits at most timeout_ms. */
extern void smc_port_close(SmcTransport *transport, long timeout_ms);

#endif							/* SMC_PORT_H */
