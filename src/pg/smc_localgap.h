/*
 * Counting this party's rows in gaps, as a part of its local query.
 */
#ifndef SMC_LOCALGAP_H
#define SMC_LOCALGAP_H

#include "pg/smc_layout.h"

/* The local query that it is a part of: inside SPI, as smc_local_run sets it up. */
typedef struct SmcLocalGaps
{
	const SmcStudy *study;
	const SmcQuery *query;
	const SmcLayout *layout;
	SmcRing128 *gaps;			/* layout->gap_elements of them, zeroed */
	bool		(*find_cell) (void *arg, const Datum *values, const bool *isnull, uint32 *cell);
	void	   *arg;
} SmcLocalGaps;

/*
 * Fill in all gaps, none counted beyond min_rows.  False where find_cell, which is
 * asked for the cell of a row's group values, was false.
 */
extern bool smc_localgap_count(const SmcLocalGaps *local);

#endif							/* SMC_LOCALGAP_H */
