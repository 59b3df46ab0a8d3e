/*
 * A peer's transport: the client connection of the backend that runs
 * CALL smc_attach(), switched to CopyBoth.
 *
 * It reads with the backend's own secure_read, not waiting, and keeps what is
 * not a whole message yet.  (pq_getmessage would wait for the rest of a message
 * deaf to cancel and time-outs.)  While part of a message is here, or frames
 * that nobody took, the backend is told that it is in the midst of reading
 * one; an ERROR that leaves smc_attach then ends the session, since where the
 * next message begins is lost.
 */
#ifndef SMC_PORT_H
#define SMC_PORT_H

#include "link/smc_mesh.h"

/* Send CopyBothResponse and take over the connection.  Lives in context. */
extern SmcTransport *smc_port_open(MemoryContext context);

/*
 * Wait for one whole frame before there is a mesh (the OFFER, or a PROBE);
 * palloc'd, its length in *len.  NULL when the client ended the copy.  Raises
 * after timeout_ms, or when the client is gone.
 */
extern uint8 *smc_port_read_frame(SmcTransport *transport, size_t *len, long timeout_ms);

/* Queue the answer to a PROBE; age_ms below 0: there is no such lane. */
extern void smc_port_answer_probe(SmcTransport *transport, int64 age_ms);

/*
 * Whether the hub ended the stream in good order (CopyDone): the lane is over.
 * To be asked after each wait; waiting on after that raises.
 */
extern bool smc_port_is_done(SmcTransport *transport);

/*
 * Send what is queued, then CopyDone; waits at most timeout_ms and never
 * raises.  True when all of it has left, or the hub has hung up: smc_attach may
 * return, or raise.
 *
 * False when the hub is there and does not read.  Then any report to it would
 * wait, perhaps for ever, so whereToSendOutput has been set to DestNone, and
 * the caller must end the process: ereport(FATAL), which then goes to the log
 * alone, or proc_exit.  It must neither return nor raise an ERROR, since the
 * main loop would take up reading commands from standard input.
 */
extern bool smc_port_close(SmcTransport *transport, long timeout_ms);

#endif							/* SMC_PORT_H */
