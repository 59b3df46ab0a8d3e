/*
 * Lanes, as a backend sees them: get one, run a computation on it.
 *
 * Shared memory holds a fixed array of lane slots (smc.max_lanes), each with
 * its worker's pid, its key (database, parties, fingerprint of what it was
 * built from) and whether it is idle.  A backend takes an idle lane with its
 * key, or starts a worker, or waits; it talks to the worker over two shm_mqs
 * in a dynamic shared memory segment that lives as long as the run.
 */
#ifndef SMC_LANE_H
#define SMC_LANE_H

#include "postgres.h"

#include "pg/smc_compute.h"
#include "pg/smc_study.h"

extern Size smc_lane_shmem_size(void);
extern void smc_lane_shmem_init(void);

/*
 * A digest of all that a lane to these parties depends on for a user: lanes
 * are alike where it is equal.  Backend and worker compute it each for itself.
 */
extern void smc_lane_digest(const List *names, Oid userid, uint8 out[SMC_KEY_BYTES]);

typedef struct SmcRun SmcRun;

/* Everything the worker and the peers need to know of a computation. */
typedef struct SmcRequest
{
	uint8		id[SMC_UUID_BYTES];
	const SmcStudy *study;
	const bytea *query;			/* smc_query_write */
	const bytea *layout;		/* smc_layout_write */
	bool		about_secrets;	/* smc_holdings_matter of the query */
	const bytea *keeps;			/* smc_secret_write of each that the query keeps; NULL: none */
	const char *query_text;		/* for the audit */
	const char *reveals;
} SmcRequest;

/*
 * Take a lane for the study's parties and the current user, and send the
 * request; the peers start at once.  The run is abandoned (cancelled at all
 * parties) when CurrentMemoryContext is reset before smc_run_finish.
 */
extern SmcRun *smc_run_begin(const SmcRequest *request);

/*
 * In a study with approve 'each', before anything else: wait until the other
 * parties have approved, telling the user by notices who is awaited.  Raises
 * when one refuses, or doesn't decide in time.
 */
extern void smc_run_await_approval(SmcRun *run);

/*
 * Where the layout has sets, after that: wait for the history that they are to be
 * compared with (smc_recall_list), good as long as the run is.
 */
extern bytea *smc_run_await_history(SmcRun *run);

/*
 * Hand over this party's partials (smc_layout_elements; copied), its keys (NULL
 * where there are none; to be kept until the run is finished) and its number of
 * rows.  layout is what they were laid out by, where that isn't the request's, else
 * NULL.
 */
extern void smc_run_contribute(SmcRun *run, const bytea *layout, const SmcRing128 *partials, size_t count,
							   const SmcKeys *keys, uint64 rows);

/*
 * While our own part is being computed: whether the run has failed already (a
 * peer refused, died, ...), so that there is no use in going on.  Safe in a
 * signal handler.  smc_run_raise then raises that failure.
 */
extern bool smc_run_has_failed(const SmcRun *run);
extern void smc_run_raise(SmcRun *run) pg_attribute_noreturn();

/* What EXPLAIN ANALYZE shows. */
typedef struct SmcRunTimes
{
	double		lane_ms;		/* to get a lane: near 0 when warm */
	double		agree_ms;		/* consent exchanged; 0 when known */
	double		approval_ms;	/* until all had approved; 0 when nobody was asked */
	double		local_ms;		/* our own part */
	double		joint_ms;		/* from our contribution to the result */
	double		peer_ms[SMC_PARTIES_MAX];	/* each peer's own report of its local part */
} SmcRunTimes;

/*
 * Wait for the outcome; releases the lane.  Raises the computation's error,
 * naming study and peer.  NULL: it was begun anew on another lane, and there is
 * another history to await.
 */
extern SmcOutcome *smc_run_finish(SmcRun *run, SmcRunTimes *times);

/* End early, cancelling at all parties (also done by the memory context's reset). */
extern void smc_run_abandon(SmcRun *run);

/* smc_ping: a two-party lane to the peer, and a round trip on it. */
typedef struct SmcPing
{
	double		round_trip_ms;
	int			server_version;
	int			protocol_version;
	bool		identity_ok;
	char		extension_version[32];
} SmcPing;

extern void smc_lane_ping(const char *peer, SmcPing *ping);

/* The definitions (canonical texts) of all studies at a peer that name this party; a List of char*. */
extern List *smc_lane_fetch_definitions(const char *peer);

#endif							/* SMC_LANE_H */
