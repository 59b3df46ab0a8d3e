/*
 * The joint part: from every party's partials to the opened totals, the same
 * code at the hub's worker and at a peer.
 */
#ifndef SMC_COMPUTE_H
#define SMC_COMPUTE_H

#include "core/smc_channel.h"
#include "core/smc_engine.h"
#include "pg/smc_layout.h"

/* What became of an element, at this party. */
typedef enum SmcElementState
{
	SMC_ELEMENT_HIDDEN = 0,		/* not for us */
	SMC_ELEMENT_OPENED,
	SMC_ELEMENT_WITHHELD		/* rests on too few rows */
} SmcElementState;

/* The outcome of a computation at one party: cell_count * slot_count of each. */
typedef struct SmcOutcome
{
	SmcRing128 *totals;
	uint8	   *states;			/* SmcElementState */
	uint32		withheld_cells;	/* groups (or the whole) with rows, but too few */
	uint32		withheld_figures;	/* single figures withheld in groups that passed */
	uint64		bytes_sent;
	uint64		bytes_received;
	uint32		rounds;
} SmcOutcome;

/*
 * The context that masks are bound to: lane, number in the lane, id, study
 * digest and query bytes; the phase is added inside.
 */
extern void smc_compute_digest(const uint8 *lane_id, uint64 seq, const uint8 *id,
							   const uint8 *study_digest, const bytea *query,
							   uint8 out[SMC_KEY_BYTES]);

/*
 * What a lane keeps for protocols beyond sums: set up at its first use, closed
 * and wiped when its context is reset.
 */
typedef struct SmcLaneEngine
{
	bool		is_open;
	SmcEngine	engine;
} SmcLaneEngine;

extern SmcLaneEngine *smc_compute_engine_create(MemoryContext context);

/*
 * Share, apply min_rows, open.  partials are replaced by shares.  outcome's
 * arrays are allocated in the current context.  Returns core's status; never
 * raises except for memory.
 */
extern SmcStatus smc_compute_run(SmcChannel *channel, const uint8 (*seeds)[SMC_KEY_BYTES],
								 const uint8 digest[SMC_KEY_BYTES], const uint8 *lane_id,
								 SmcLaneEngine *lane, const SmcLayout *layout,
								 SmcRing128 *partials, SmcOutcome *outcome) SMC_MUST_USE;

/* Raise for any status but SMC_OK; SMC_ERR_CHANNEL is smc_mesh_channel_rethrow's. */
extern void smc_compute_check(SmcStatus status);

/* Whether any figure (not a count that only min_rows needs) is meant for that party. */
extern bool smc_compute_is_recipient(const SmcLayout *layout, int party);

/* Whether there were rows, and min_rows withheld all there was to say about them. */
extern bool smc_compute_all_withheld(const SmcLayout *layout, const SmcOutcome *outcome);

#endif							/* SMC_COMPUTE_H */
