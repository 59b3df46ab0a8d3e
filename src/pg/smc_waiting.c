/*
 * The rows of smc_requests_waiting.
 *
 * Whoever decides may hold a row's lock for as long as a transaction lasts, so
 * the backend that waits never takes one that it would have to wait for: its
 * asker may give up at any time, and it must be ready to hear that.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/async.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "pg/smc_statement.h"
#include "pg/smc_waiting.h"

/* Columns of smc_requests_waiting, in the order in which the statements below have them. */
enum
{
	COLUMN_ID,
	COLUMN_STUDY,
	COLUMN_DIGEST,
	COLUMN_ASKED_BY,
	COLUMN_ASKED_ROLE,
	COLUMN_QUERY,
	COLUMN_REVEALS,
	COLUMN_ASKED_AT,
	COLUMN_WAITS_UNTIL,
	COLUMN_ASKED,				/* columns that the asking fills */
	COLUMN_DECISION = COLUMN_ASKED,
	COLUMN_DECIDED_BY,
	COLUMN_DECIDED_AT,
	COLUMN_REASON,
	COLUMN_COUNT
};

static Datum
make_bytea(const uint8 *data, size_t len)
{
	bytea	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), data, len);
	return PointerGetDatum(result);
}

void
smc_waiting_put(const SmcWaiting *waiting)
{
	static SmcStatement sweep = {
		"DELETE FROM @.smc_requests_waiting WHERE id IN"
		" (SELECT id FROM @.smc_requests_waiting WHERE NOT @.smc_request_waits(id) FOR UPDATE SKIP LOCKED)",
		0, {0}
	};
	static SmcStatement insert = {
		"INSERT INTO @.smc_requests_waiting"
		" (id, study, digest, asked_by, asked_role, query, reveals, asked_at, waits_until)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING",
		COLUMN_ASKED,
		{UUIDOID, TEXTOID, BYTEAOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	};
	Datum		id = UUIDPGetDatum((const pg_uuid_t *) waiting->id);
	Datum		values[COLUMN_ASKED];

	(void) smc_statement_run(&sweep, NULL, NULL);

	values[COLUMN_ID] = id;
	values[COLUMN_STUDY] = CStringGetTextDatum(waiting->study);
	values[COLUMN_DIGEST] = make_bytea(waiting->digest, SMC_KEY_BYTES);
	values[COLUMN_ASKED_BY] = CStringGetTextDatum(waiting->asked_by);
	values[COLUMN_ASKED_ROLE] = CStringGetTextDatum(waiting->asked_role);
	values[COLUMN_QUERY] = CStringGetTextDatum(waiting->query);
	values[COLUMN_REVEALS] = CStringGetTextDatum(waiting->reveals);
	values[COLUMN_ASKED_AT] = TimestampTzGetDatum(waiting->asked_at);
	values[COLUMN_WAITS_UNTIL] = TimestampTzGetDatum(waiting->waits_until);
	if (smc_statement_run(&insert, values, NULL) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("party \"%s\" asks under an id that was used before", waiting->asked_by)));

	Async_Notify(SMC_REQUESTS_CHANNEL, DatumGetCString(DirectFunctionCall1(uuid_out, id)));
}

bool
smc_waiting_find(const uint8 *id, bool lock, SmcWaiting *waiting)
{
#define FIND_ROW \
	"SELECT id, study, digest, asked_by, asked_role, query, reveals, asked_at, waits_until," \
	" decision, decided_by, decided_at, reason FROM @.smc_requests_waiting WHERE id = $1"

	static SmcStatement find = {FIND_ROW, 1, {UUIDOID}};
	static SmcStatement find_and_lock = {FIND_ROW " FOR UPDATE", 1, {UUIDOID}};
	Datum		key = UUIDPGetDatum((const pg_uuid_t *) id);
	Datum		columns[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];
	bytea	   *digest;

	if (!smc_statement_fetch(lock ? &find_and_lock : &find, &key, NULL, COLUMN_COUNT, columns, nulls))
		return false;

	memset(waiting, 0, sizeof(*waiting));
	memcpy(waiting->id, id, SMC_UUID_BYTES);
	waiting->study = TextDatumGetCString(columns[COLUMN_STUDY]);
	digest = DatumGetByteaPP(columns[COLUMN_DIGEST]);
	if (VARSIZE_ANY_EXHDR(digest) == SMC_KEY_BYTES)
		memcpy(waiting->digest, VARDATA_ANY(digest), SMC_KEY_BYTES);
	waiting->asked_by = TextDatumGetCString(columns[COLUMN_ASKED_BY]);
	waiting->asked_role = TextDatumGetCString(columns[COLUMN_ASKED_ROLE]);
	waiting->query = TextDatumGetCString(columns[COLUMN_QUERY]);
	waiting->reveals = TextDatumGetCString(columns[COLUMN_REVEALS]);
	waiting->asked_at = DatumGetTimestampTz(columns[COLUMN_ASKED_AT]);
	waiting->waits_until = DatumGetTimestampTz(columns[COLUMN_WAITS_UNTIL]);
	waiting->decided = !nulls[COLUMN_DECISION];
	if (waiting->decided)
	{
		SmcDecision *decision = &waiting->decision;

		decision->approved = strcmp(TextDatumGetCString(columns[COLUMN_DECISION]), "approved") == 0;
		decision->by = TextDatumGetCString(columns[COLUMN_DECIDED_BY]);
		decision->at = DatumGetTimestampTz(columns[COLUMN_DECIDED_AT]);
		decision->reason = nulls[COLUMN_REASON] ? "" : TextDatumGetCString(columns[COLUMN_REASON]);
	}
	return true;
}

void
smc_waiting_decide(const uint8 *id, const SmcDecision *decision)
{
	static SmcStatement decide = {
		"UPDATE @.smc_requests_waiting"
		" SET decision = $2, decided_by = $3, decided_at = $4, reason = nullif($5, '') WHERE id = $1",
		5, {UUIDOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TEXTOID}
	};
	Datum		values[5];

	values[0] = UUIDPGetDatum((const pg_uuid_t *) id);
	values[1] = CStringGetTextDatum(decision->approved ? "approved" : "refused");
	values[2] = CStringGetTextDatum(decision->by);
	values[3] = TimestampTzGetDatum(decision->at);
	values[4] = CStringGetTextDatum(decision->reason);
	(void) smc_statement_run(&decide, values, NULL);
}

void
smc_waiting_end(const uint8 *id)
{
	static SmcStatement end = {
		"DELETE FROM @.smc_requests_waiting WHERE id IN"
		" (SELECT id FROM @.smc_requests_waiting WHERE id = $1 FOR UPDATE SKIP LOCKED)",
		1, {UUIDOID}
	};
	Datum		key = UUIDPGetDatum((const pg_uuid_t *) id);

	(void) smc_statement_run(&end, &key, NULL);
}
