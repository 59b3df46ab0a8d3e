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
	/* the place of a value of the query's i-th group column, as smc_layout_cell_at takes it; false: it has none */
	bool		(*find_place) (void *arg, int i, Datum value, bool isnull, int *place);
	void	   *arg;
} SmcLocalGaps;

/*
 * Fill in all gaps, none counted beyond min_rows; those of keys where nothing was
 * told of the other set need not be right.
 */
extern void smc_localgap_count(const SmcLocalGaps *local);

#endif							/* SMC_LOCALGAP_H */
