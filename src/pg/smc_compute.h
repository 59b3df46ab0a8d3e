/*
 * The joint part: from every party's partials to the opened totals, the same
 * code at the hub's worker and at a peer.
 */
#ifndef SMC_COMPUTE_H
#define SMC_COMPUTE_H

#include "core/smc_channel.h"
#include "core/smc_engine.h"
#include "core/smc_wide.h"
#include "pg/smc_keys.h"
#include "pg/smc_layout.h"

/* What became of an element, at this party. */
typedef enum SmcElementState
{
	SMC_ELEMENT_HIDDEN = 0,		/* not for us */
	SMC_ELEMENT_OPENED,
	SMC_ELEMENT_WITHHELD		/* rests on too few rows, or on nearly the same as another */
} SmcElementState;

/* What became of an output of the circuit in one cell. */
typedef struct SmcJointFigure
{
	uint8		state;			/* SmcElementState */
	bool		is_null;
	bool		bit;			/* of a boolean */
	int16		digits;			/* after the point of a number */
	SmcWide		value;			/* the number, times 10^digits */
} SmcJointFigure;

/* How a fit ended; the first four are SmcLogisticEnd. */
#define SMC_FIT_TOO_MANY	4	/* rows */

/* What became of a fit in one cell: its columns in units of their last digits. */
typedef struct SmcFitted
{
	uint8		end;
	int32		iterations;
	int64		rows;
	float8		coef[SMC_MODEL_COLUMNS_MAX];
	float8		variance[SMC_MODEL_COLUMNS_MAX];
	float8		log_likelihood;
} SmcFitted;

/*
 * The outcome of a computation at one party: cell_count * slot_count of
 * totals and states, cell_count * output_count of the circuit's figures.
 */
typedef struct SmcOutcome
{
	SmcRing128 *totals;
	uint8	   *states;			/* SmcElementState */
	size_t		figure_count;	/* 0 without a circuit */
	SmcJointFigure *figures;
	size_t		ranked_count;	/* cell_count * rank_count */
	SmcRanked  *ranked;			/* of RANK slots that are opened: what was found */
	size_t		fitted_count;	/* cell_count * fit_count */
	SmcFitted  *fitted;			/* of FIT slots that are opened */
	size_t		shown_count;	/* cell_count with a circuit, else 0 */
	bool	   *shown;			/* by cell, where there is a circuit: not left out by HAVING */
	bool		judged;			/* with min_rows: the totals of slots that count rows are there, and figures may have been opened */
	bool		division_by_zero;	/* an error of the query's own: nothing was opened by the circuit */
	bool		told_division_by_zero;	/* the same, told to this party among others, but not to all */
	int			kept_count;		/* of the circuit's keeps */
	SmcSecretShare *kept;		/* our shares of them; smc_compute_wipe_kept */
	bool		keeps_withheld; /* there are some, and not all rest on enough rows: none is to be kept */
	uint32		withheld_cells;	/* groups (or the whole) with rows, but withheld */
	uint32		withheld_figures;	/* single figures withheld in groups that passed */
	uint32		withheld_buckets;	/* the same of histograms */
	uint64		bytes_sent;
	uint64		bytes_received;
	uint32		rounds;
} SmcOutcome;

/*
 * The context that masks are bound to: lane, number in the lane, id, study
 * digest, query bytes, and those of the earlier conditions that it is compared
 * with (NULL: with none, or not known yet); the phase is added inside.
 */
extern void smc_compute_digest(const uint8 *lane_id, uint64 seq, const uint8 *id,
							   const uint8 *study_digest, const bytea *query, const bytea *history,
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
 * Share, apply min_rows, open.  partials (smc_layout_elements) become shares; keys are those
 * of the layout's key sets (NULL: none); secrets are our shares of those that the
 * circuit takes in (NULL: none).  outcome's arrays are allocated in the current
 * context.  Returns core's status; never raises except for memory.
 */
extern SmcStatus smc_compute_run(SmcChannel *channel, const uint8 (*seeds)[SMC_KEY_BYTES],
								 const uint8 digest[SMC_KEY_BYTES], const uint8 *lane_id,
								 SmcLaneEngine *lane, const SmcLayout *layout,
								 SmcRing128 *partials, const SmcKeys *keys,
								 const SmcSecretShare *secrets, SmcOutcome *outcome) SMC_MUST_USE;

/* Wipe the shares of what was kept. */
extern void smc_compute_wipe_kept(SmcOutcome *outcome);

/* Raise for any status but SMC_OK, and for errors of the query's own; SMC_ERR_CHANNEL is smc_mesh_channel_rethrow's. */
extern void smc_compute_check(SmcStatus status, const SmcOutcome *outcome);

/* Raise for an error of the query's own that not all parties know of: where its figures would be read. */
extern void smc_compute_check_told(const SmcOutcome *outcome, const char *study);

/* Whether any figure (not a count that only min_rows needs) is meant for that party. */
extern bool smc_compute_is_recipient(const SmcLayout *layout, int party);

/* Whether there were rows, and min_rows withheld all there was to say about them. */
extern bool smc_compute_all_withheld(const SmcLayout *layout, const SmcOutcome *outcome);

#endif							/* SMC_COMPUTE_H */
