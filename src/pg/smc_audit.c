/*
 * The audit: a row for every computation at this party, whatever became of it.
 *
 * A computation's id is chosen by the party that asks, so nothing is believed
 * of it: only a running row of the same asker is ever updated, and where an id
 * was used before, what happened is recorded under another one.  Text that
 * came from a peer is cut to a length and to the database's encoding before it
 * is kept.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/smc_random.h"
#include "pg/smc_audit.h"
#include "pg/smc_statement.h"
#include "pg/smc_study.h"

PG_FUNCTION_INFO_V1(smc_results_visible);

#define NAME_TEXT_MAX	256		/* bytes kept of a name */
#define QUERY_TEXT_MAX	(64 * 1024)	/* of a query, or of what it reveals */
#define ERROR_TEXT_MAX	(4 * 1024)

/* Parameters of the statements below, in the order of SmcAuditRecord. */
enum
{
	ARG_ID,
	ARG_STUDY,
	ARG_ASKED_BY,
	ARG_ASKED_ROLE,
	ARG_QUERY,
	ARG_REVEALS,
	ARG_ROWS,
	ARG_STATUS,
	ARG_SQLSTATE,
	ARG_ERROR,
	ARG_BYTES_SENT,
	ARG_BYTES_RECEIVED,
	ARG_ROUNDS,
	ARG_STARTED_AT,
	ARG_ENDED_AT,
	ARG_DECISIONS,
	ARG_COUNT
};

#define ARG_TYPES \
	{UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, \
	 INT8OID, INT8OID, INT4OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID}

static SmcStatement insert_row = {
	"INSERT INTO @.smc_audit_log (id, study, asked_by, asked_role, query, reveals, rows, status,"
	" sqlstate, error, bytes_sent, bytes_received, rounds, started_at, ended_at, decisions)"
	" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16::jsonb)"
	" ON CONFLICT (id) DO NOTHING",
	ARG_COUNT, ARG_TYPES
};

static SmcStatement update_row = {
	"UPDATE @.smc_audit_log SET study = coalesce($2, study), asked_role = coalesce($4, asked_role),"
	" query = coalesce($5, query), reveals = coalesce($6, reveals), rows = coalesce($7, rows),"
	" status = $8, sqlstate = $9, error = $10, bytes_sent = $11, bytes_received = $12, rounds = $13,"
	" ended_at = $15, decisions = coalesce($16::jsonb, decisions)"
	" WHERE id = $1 AND status = 'running' AND asked_by IS NOT DISTINCT FROM $3"
	" AND started_at IS NOT DISTINCT FROM $14",
	ARG_COUNT, ARG_TYPES
};

static SmcStatement update_decisions = {
	"UPDATE @.smc_audit_log SET decisions = $2::jsonb WHERE id = $1 AND status = 'running'",
	2, {UUIDOID, TEXTOID}
};

static SmcStatement insert_result = {
	"INSERT INTO @.smc_results_log (id, study, asked_by, query, figures, at)"
	" VALUES ($1, $2, $3, $4, $5::jsonb, $6)",
	6, {UUIDOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID}
};

/* A text that can be kept: of the database's encoding, and of at most max bytes. */
static Datum
clean_text(const char *text, int max)
{
	int			len = strlen(text);
	int			keep = len;
	char	   *copy;
	int			i;

	if (pg_verify_mbstr(GetDatabaseEncoding(), text, len, true))
	{
		if (len > max)
			keep = pg_mbcliplen(text, len, max);
		return PointerGetDatum(cstring_to_text_with_len(text, keep));
	}
	keep = Min(len, max);
	copy = pnstrdup(text, keep);
	for (i = 0; i < keep; i++)
		if (IS_HIGHBIT_SET(copy[i]))
			copy[i] = '?';
	return PointerGetDatum(cstring_to_text_with_len(copy, keep));
}

static void
set_text(Datum *values, bool *nulls, int arg, const char *text, int max)
{
	nulls[arg] = text == NULL;
	values[arg] = text ? clean_text(text, max) : (Datum) 0;
}

static int64
clamped(uint64 count)
{
	return (int64) Min(count, (uint64) PG_INT64_MAX);
}

static void
fill(const SmcAuditRecord *record, Datum *values, bool *nulls)
{
	memset(nulls, false, sizeof(bool) * ARG_COUNT);
	values[ARG_ID] = UUIDPGetDatum((const pg_uuid_t *) record->id);
	set_text(values, nulls, ARG_STUDY, record->study, NAME_TEXT_MAX);
	set_text(values, nulls, ARG_ASKED_BY, record->asked_by, NAME_TEXT_MAX);
	set_text(values, nulls, ARG_ASKED_ROLE, record->asked_role, NAME_TEXT_MAX);
	set_text(values, nulls, ARG_QUERY, record->query, QUERY_TEXT_MAX);
	set_text(values, nulls, ARG_REVEALS, record->reveals, QUERY_TEXT_MAX);
	values[ARG_ROWS] = Int64GetDatum(record->rows);
	nulls[ARG_ROWS] = record->rows < 0;
	set_text(values, nulls, ARG_STATUS, record->status, NAME_TEXT_MAX);
	set_text(values, nulls, ARG_SQLSTATE, record->sqlstate, NAME_TEXT_MAX);
	set_text(values, nulls, ARG_ERROR, record->error, ERROR_TEXT_MAX);
	values[ARG_BYTES_SENT] = Int64GetDatum(clamped(record->bytes_sent));
	values[ARG_BYTES_RECEIVED] = Int64GetDatum(clamped(record->bytes_received));
	values[ARG_ROUNDS] = Int32GetDatum((int32) Min(record->rounds, (uint32) PG_INT32_MAX));
	values[ARG_STARTED_AT] = TimestampTzGetDatum(record->started_at);
	values[ARG_ENDED_AT] = TimestampTzGetDatum(GetCurrentTimestamp());
	nulls[ARG_DECISIONS] = record->decisions == NULL;
	values[ARG_DECISIONS] = record->decisions ? CStringGetTextDatum(record->decisions) : (Datum) 0;
}

void
smc_audit_make_id(uint8 id[SMC_UUID_BYTES])
{
	smc_random_fill(smc_random_system(), id, SMC_UUID_BYTES);
	id[6] = (id[6] & 0x0f) | 0x40;	/* version 4 */
	id[8] = (id[8] & 0x3f) | 0x80;	/* of the RFC's variant */
}

void
smc_audit_begin(const SmcAuditRecord *record)
{
	Datum		values[ARG_COUNT];
	bool		nulls[ARG_COUNT];

	fill(record, values, nulls);
	nulls[ARG_ENDED_AT] = true;
	if (smc_statement_run(&insert_row, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("party \"%s\" asks under an id that was used before",
						record->asked_by ? record->asked_by : "")));
}

void
smc_audit_end(const SmcAuditRecord *record)
{
	Datum		values[ARG_COUNT];
	bool		nulls[ARG_COUNT];

	fill(record, values, nulls);
	if (smc_statement_run(&update_row, values, nulls) > 0)
		return;
	while (smc_statement_run(&insert_row, values, nulls) == 0)
	{
		/* the id is another computation's: record this one under one of our own */
		pg_uuid_t  *id = palloc(sizeof(pg_uuid_t));

		smc_audit_make_id(id->data);
		values[ARG_ID] = UUIDPGetDatum(id);
	}
}

void
smc_audit_note_decisions(const SmcAuditRecord *record)
{
	Datum		values[2];

	values[0] = UUIDPGetDatum((const pg_uuid_t *) record->id);
	values[1] = CStringGetTextDatum(record->decisions);
	(void) smc_statement_run(&update_decisions, values, NULL);
}

void
smc_audit_keep_result(const uint8 *id, const char *study, const char *asked_by,
					  const char *query, const char *json)
{
	Datum		values[6];

	values[0] = UUIDPGetDatum((const pg_uuid_t *) id);
	values[1] = clean_text(study, NAME_TEXT_MAX);
	values[2] = clean_text(asked_by, NAME_TEXT_MAX);
	values[3] = clean_text(query, QUERY_TEXT_MAX);
	values[4] = CStringGetTextDatum(json);
	values[5] = TimestampTzGetDatum(GetCurrentTimestamp());
	(void) smc_statement_run(&insert_result, values, NULL);
}

/*
 * smc_results_visible(study text) returns boolean
 *
 * Whether the current user may see figures of a study: whoever may SELECT from
 * a study of that name here.
 */
Datum
smc_results_visible(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	ListCell   *lc;

	if (superuser())
		PG_RETURN_BOOL(true);
	foreach(lc, smc_study_relations())
	{
		Oid			relid = lfirst_oid(lc);
		char	   *relname = get_rel_name(relid);

		if (relname && strcmp(relname, name) == 0 &&
			pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK)
			PG_RETURN_BOOL(true);
	}
	PG_RETURN_BOOL(false);
}
