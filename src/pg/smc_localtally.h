/*
 * Counting this party's rows in the places of tallies (pg/smc_tally.h), as a part
 * of its local query.
 */
#ifndef SMC_LOCALTALLY_H
#define SMC_LOCALTALLY_H

#include "pg/smc_layout.h"

/* The local query that it is a part of: inside SPI, as smc_local_run sets it up. */
typedef struct SmcLocalTally
{
	const SmcStudy *study;
	const SmcQuery *query;
	const SmcLayout *layout;
	bool		(*find_cell) (void *arg, const Datum *values, const bool *isnull, uint32 *cell);
	bool		(*put) (void *arg, uint32 cell, int slot, int64 count);
	bool		(*outside) (void *arg, int column); /* a value of that study column isn't declared */
	void	   *arg;
} SmcLocalTally;

/* The first slot of a tally that is counted by a query of its own, from `slot` on; -1: none. */
extern int	smc_localtally_next(const SmcQuery *query, const SmcLayout *layout, int slot);

/* The query of the tally that such a slot is of: a row for each group and place. */
extern char *smc_localtally_text(const SmcStudy *study, const SmcQuery *query, const SmcLayout *layout, int slot);

/*
 * Count for all slots that have a place.  False where find_cell, which is asked
 * for the cell of a row's group values, or put, or outside was false.
 */
extern bool smc_localtally_count(const SmcLocalTally *local);

#endif							/* SMC_LOCALTALLY_H */
