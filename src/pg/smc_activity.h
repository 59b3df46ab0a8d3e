/*
 * What runs now: one shared-memory entry per process that takes part in a
 * computation, for the view smc_activity, and the beat by which a peer's busy
 * backend shows that it lives.
 */
#ifndef SMC_ACTIVITY_H
#define SMC_ACTIVITY_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "core/smc_limits.h"

typedef enum SmcPhase
{
	SMC_PHASE_IDLE = 0,
	SMC_PHASE_CONNECT,
	SMC_PHASE_AGREE,
	SMC_PHASE_APPROVE,			/* waiting for people's approval */
	SMC_PHASE_LOCAL,			/* running the local query */
	SMC_PHASE_JOINT,			/* the protocol */
	SMC_PHASE_WAIT				/* for other parties */
} SmcPhase;

extern Size smc_activity_shmem_size(void);
extern void smc_activity_shmem_init(void);

/*
 * Enter and leave a computation (or an idle lane, with id NULL) in this
 * process; leaves at exit by itself.  role is the role that asked, at the
 * asking party: where is_hub, a role of this database, whose row it then is.
 * Texts may be NULL.  Without shared memory of ours all of this does nothing.
 */
extern void smc_activity_begin(const uint8 *id, const char *study, const char *asked_by,
							   const char *role, bool is_hub);
extern void smc_activity_phase(SmcPhase phase);

/* Enter SMC_PHASE_APPROVE, or stay there: parties' names, as to be shown, that are awaited. */
extern void smc_activity_awaiting(const char *parties);
extern void smc_activity_progress(uint64 bytes_sent, uint64 bytes_received, uint32 rounds);

/* How far a fit is, shown with SMC_PHASE_JOINT until the phase changes: the iteration, and rows of each party done of it. */
extern void smc_activity_fit(int iteration, uint64 rows);
extern void smc_activity_end(void);

/*
 * The beat: while on, a timer stamps this process's entry every second, from
 * the signal handler, whatever the process is busy with.
 */
extern void smc_activity_beat_start(const uint8 *lane_id);
extern void smc_activity_beat_stop(void);

/* Milliseconds since the process of that lane in this database last beat; -1 when there is none. */
extern int64 smc_activity_beat_age(const uint8 *lane_id);

/* Whether some process of this database is in the computation of that id, for the audit's view. */
extern bool smc_activity_is_running(const uint8 *id);

/* Whether some process of this database, not the asker's, waits for an approval of that computation. */
extern bool smc_activity_is_waiting(const uint8 *id);

/* Set the latch of the process of which that is true, if any.  Never raises. */
extern void smc_activity_wake(const uint8 *id);

#endif							/* SMC_ACTIVITY_H */
