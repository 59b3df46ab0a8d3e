/*
 * The probe: does a peer's backend still live, while it runs a long local
 * query and can't answer on the lane itself?
 *
 * An extra connection runs smc_attach() too, whose backend answers from shared
 * memory how long ago the lane's backend last beat.  The answer comes from the
 * peer's server, not from the sealed lane: it may only make us wait on, never
 * believe a figure.
 */
#ifndef SMC_PROBE_H
#define SMC_PROBE_H

#include "link/smc_connect.h"

typedef enum SmcProbeState
{
	SMC_PROBE_RUNNING, SMC_PROBE_ALIVE, SMC_PROBE_DEAD
} SmcProbeState;

typedef struct SmcProbe SmcProbe;

/* Older than this, in milliseconds, a beat is none: it is renewed every second. */
#define SMC_PROBE_BEAT_MAX	5000

/* Start to ask target's server about the lane.  Closed at context's reset at the latest. */
extern SmcProbe *smc_probe_start(MemoryContext context, const SmcDialTarget *target,
								 const uint8 *lane_id);

/*
 * Go on, for at most some milliseconds, and say what is known.  A peer whose
 * server can't be reached, or knows of no such lane, is dead.  Meant to be
 * called every 50 ms or so; the caller limits how long it goes on.
 */
extern SmcProbeState smc_probe_poll(SmcProbe *probe);

/* Close the connection, answered or not, and free the probe. */
extern void smc_probe_end(SmcProbe *probe);

#endif							/* SMC_PROBE_H */
