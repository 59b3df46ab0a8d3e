/*
 * A study's history: the sets of rows (pg/smc_rowset.h) that figures were told
 * of before, and in which groups, for later queries to be compared with.
 *
 * A list of SmcEarlier *, in the order of their bytes.  Every party has its own
 * (pg/smc_history_store.h); a computation compares with all parties' together.
 */
#ifndef SMC_HISTORY_H
#define SMC_HISTORY_H

#include "postgres.h"

#include "core/smc_bytes.h"
#include "pg/smc_rowset.h"

typedef struct SmcEarlier
{
	const uint8 *data;			/* smc_rowset_write's bytes */
	size_t		len;
	uint32		uses_len;		/* bytes of uses */
	uint8	   *uses;			/* what the figures were made of: smc_rowset_add_uses */
	uint32		cells_len;		/* bytes of cells */
	uint8	   *cells;			/* bit i: group i of the row set's was told of; NULL: all may have been */
	SmcRowSet  *set;			/* smc_history_check fills it in */
} SmcEarlier;

/*
 * Add one, or more groups and uses of one that is there already; what it points to
 * is kept.  All are of one study.
 */
extern List *smc_history_add(List *history, const SmcEarlier *earlier);

/* Add all of another. */
extern List *smc_history_merge(List *history, const List *other);

/* Whether all of a party's own history is in a list: each set, and each group of it. */
extern bool smc_history_covers(const List *list, const List *own);

/*
 * To and from bytes, of which a history has one text.  write raises
 * ERRCODE_PROGRAM_LIMIT_EXCEEDED, naming the study, where they are too many.  read
 * marks the reader as failed on malformed bytes, and on uses of another length than
 * the study's, and keeps pointers into its data.
 */
extern bytea *smc_history_write(const char *study, const List *history);
extern List *smc_history_read(SmcReader *reader, uint32 uses_len);

/* Parse every set, and raise unless a query over the study could have asked for it. */
extern void smc_history_check(const SmcStudy *study, const List *history);

#endif							/* SMC_HISTORY_H */
