/*
 * The audit: a row for every computation at this party, whatever became of it.
 *
 * The row is written and flushed before anything that could reveal a figure
 * leaves this party (status 'running'), and updated at the end.  A row left
 * 'running' by a crash shows as 'interrupted': the view compares its process
 * with those alive.  Both calls run in the caller's transaction and expect the
 * caller to commit.
 */
#ifndef SMC_AUDIT_H
#define SMC_AUDIT_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "core/smc_limits.h"

typedef struct SmcAuditRecord
{
	uint8		id[SMC_UUID_BYTES];
	const char *study;
	const char *asked_by;		/* party */
	const char *asked_role;		/* role at the asking party, as it says */
	const char *query;			/* as SQL over the study; NULL when not understood */
	const char *reveals;
	int64		rows;			/* contributed here; -1 unknown */
	const char *status;			/* running, done, refused, failed, canceled, withheld */
	const char *sqlstate;		/* NULL when fine */
	const char *error;			/* text, safe to keep; NULL when fine */
	const char *decisions;		/* JSON: who approved or refused; NULL where nobody was asked */
	uint64		bytes_sent;
	uint64		bytes_received;
	uint32		rounds;
	TimestampTz started_at;
} SmcAuditRecord;

/* Make the id of a computation: a random UUID, version 4. */
extern void smc_audit_make_id(uint8 id[SMC_UUID_BYTES]);

extern void smc_audit_begin(const SmcAuditRecord *record);
extern void smc_audit_end(const SmcAuditRecord *record);	/* inserts when begin never happened */

/* Put down the decisions as they stand, in a row that was begun. */
extern void smc_audit_note_decisions(const SmcAuditRecord *record);

/* Keep the figures revealed to this party that another asked for. */
extern void smc_audit_keep_result(const uint8 *id, const char *study, const char *asked_by,
								  const char *query, const char *json);

#endif							/* SMC_AUDIT_H */
