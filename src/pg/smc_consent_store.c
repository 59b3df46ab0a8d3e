/*
 * The rows of smc_consent_log: what each party last said of a study, and what it
 * signed before.
 *
 * Reading is on the path of every query, and goes straight to the index;
 * writing happens when something changed, and is plain SQL.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "pg/smc_consent_store.h"
#include "pg/smc_identity.h"
#include "pg/smc_module.h"
#include "pg/smc_statement.h"

/* Columns of smc_consent_log, as smc--1.0.sql creates them. */
enum
{
	COLUMN_STUDY = 1,
	COLUMN_PARTY,
	COLUMN_DIGEST,
	COLUMN_SIGNATURE,
	COLUMN_DEFINITION,
	COLUMN_ACCEPTED,
	COLUMN_PUBLIC_KEY,
	COLUMN_ACCEPTED_AT,
	COLUMN_ACCEPTED_BY,
	COLUMN_HEARD_AT,
	COLUMN_ENDED_AT,
	COLUMN_LAST = COLUMN_ENDED_AT
};

static bytea *
make_bytea(const uint8 *data, size_t len)
{
	bytea	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), data, len);
	return result;
}

/* Copy a bytea of exactly that length; false when it isn't. */
static bool
copy_bytea(Datum datum, uint8 *out, size_t len)
{
	bytea	   *data = DatumGetByteaPP(datum);

	if (VARSIZE_ANY_EXHDR(data) != len)
		return false;
	memcpy(out, VARDATA_ANY(data), len);
	return true;
}

/* NULL for a row that isn't what we write (only a superuser can have made it). */
static SmcConsentRow *
make_row(HeapTuple tuple, TupleDesc tupdesc)
{
	SmcConsentRow *row = palloc0(sizeof(SmcConsentRow));
	Datum		values[COLUMN_LAST];
	bool		nulls[COLUMN_LAST];

	heap_deform_tuple(tuple, tupdesc, values, nulls);
	row->party = TextDatumGetCString(values[COLUMN_PARTY - 1]);
	if (!copy_bytea(values[COLUMN_DIGEST - 1], row->digest, SMC_KEY_BYTES))
		return NULL;
	row->definition = TextDatumGetCString(values[COLUMN_DEFINITION - 1]);
	row->accepted = DatumGetBool(values[COLUMN_ACCEPTED - 1]);
	row->heard_at = DatumGetTimestampTz(values[COLUMN_HEARD_AT - 1]);
	if (!nulls[COLUMN_ACCEPTED_AT - 1] && !nulls[COLUMN_ACCEPTED_BY - 1] &&
		!nulls[COLUMN_PUBLIC_KEY - 1])
	{
		row->is_signed = copy_bytea(values[COLUMN_SIGNATURE - 1], row->signature,
									SMC_SIGNATURE_BYTES) &&
			smc_identity_parse_key(TextDatumGetCString(values[COLUMN_PUBLIC_KEY - 1]), row->public_key);
		row->accepted_at = DatumGetTimestampTz(values[COLUMN_ACCEPTED_AT - 1]);
		row->role = TextDatumGetCString(values[COLUMN_ACCEPTED_BY - 1]);
	}
	return row;
}

static void
set_text_key(ScanKey key, AttrNumber attnum, const char *text)
{
	/* the columns are declared COLLATE "C" */
	ScanKeyEntryInitialize(key, 0, attnum, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(text));
}

/* The rows with those first columns of the primary key; party and digest may be NULL. */
static List *
read_rows(const char *study, const char *party, const uint8 *digest)
{
	List	   *rows = NIL;
	ScanKeyData keys[3];
	int			key_count = 1;
	Oid			relid = get_relname_relid("smc_consent_log", smc_module_schema());
	Relation	rel;
	Snapshot	snapshot;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (!OidIsValid(relid))
		elog(ERROR, "table smc_consent_log is missing");
	set_text_key(&keys[0], COLUMN_STUDY, study);
	if (party)
		set_text_key(&keys[key_count++], COLUMN_PARTY, party);
	if (digest)
		ScanKeyEntryInitialize(&keys[key_count++], 0, COLUMN_DIGEST, BTEqualStrategyNumber,
							   BYTEAOID, InvalidOid, F_BYTEAEQ,
							   PointerGetDatum(make_bytea(digest, SMC_KEY_BYTES)));

	rel = table_open(relid, AccessShareLock);
	if (RelationGetNumberOfAttributes(rel) != COLUMN_LAST)
		elog(ERROR, "table smc_consent_log has %d columns, expected %d",
			 RelationGetNumberOfAttributes(rel), COLUMN_LAST);
	(void) RelationGetIndexList(rel);	/* finds the primary key */
	if (!OidIsValid(rel->rd_pkindex))
		elog(ERROR, "table smc_consent_log has no primary key");
	snapshot = RegisterSnapshot(GetLatestSnapshot());
	scan = systable_beginscan(rel, rel->rd_pkindex, true, snapshot, key_count, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		SmcConsentRow *row = make_row(tuple, RelationGetDescr(rel));

		if (row)
			rows = lappend(rows, row);
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return rows;
}

static int
compare_rows(const ListCell *a, const ListCell *b)
{
	const SmcConsentRow *row_a = lfirst(a);
	const SmcConsentRow *row_b = lfirst(b);
	int			by_party = strcmp(row_a->party, row_b->party);

	if (by_party != 0)
		return by_party;
	return row_a->heard_at > row_b->heard_at ? -1 : row_a->heard_at < row_b->heard_at ? 1 : 0;
}

List *
smc_consent_store_read(const char *study, const char *party)
{
	List	   *rows = read_rows(study, party, NULL);

	list_sort(rows, compare_rows);
	return rows;
}

SmcConsentRow *
smc_consent_store_find(const char *study, const char *party, const uint8 digest[SMC_KEY_BYTES])
{
	List	   *rows = read_rows(study, party, digest);
	ListCell   *lc;

	list_sort(rows, compare_rows);
	foreach(lc, rows)
	{
		SmcConsentRow *row = lfirst(lc);

		if (row->accepted)
			return row;
	}
	return rows == NIL ? NULL : linitial(rows);
}

/*
 * Lock a party's rows in the order of the key, so that two sessions that hear
 * from it at the same time wait for each other instead of deadlocking.
 */
static void
lock_rows(const char *study, const char *party)
{
	static SmcStatement lock = {
		"SELECT FROM @.smc_consent_log WHERE study = $1 AND party = $2"
		" ORDER BY digest, signature FOR UPDATE",
		2, {TEXTOID, TEXTOID}
	};
	Datum		values[2];

	values[0] = CStringGetTextDatum(study);
	values[1] = CStringGetTextDatum(party);
	(void) smc_statement_run(&lock, values, NULL);
}

void
smc_consent_store_put(const char *study, SmcConsentRow *row)
{
	static SmcStatement end_others = {
		"UPDATE @.smc_consent_log SET accepted = false, ended_at = $5"
		" WHERE study = $1 AND party = $2 AND accepted AND NOT (digest = $3 AND signature = $4)",
		5, {TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID}
	};
	static SmcStatement drop_unsigned = {
		"DELETE FROM @.smc_consent_log"
		" WHERE study = $1 AND party = $2 AND signature = '' AND (digest <> $3 OR $4 <> '')",
		4, {TEXTOID, TEXTOID, BYTEAOID, BYTEAOID}
	};
	static SmcStatement put = {
		"INSERT INTO @.smc_consent_log AS c"
		" (study, party, digest, signature, heard_at, definition, accepted, public_key, accepted_at, accepted_by)"
		" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
		" ON CONFLICT (study, party, digest, signature) DO UPDATE SET"
		" accepted = excluded.accepted,"
		" ended_at = NULL,"
		" heard_at = greatest(excluded.heard_at, c.heard_at)",
		10, {TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID, TEXTOID, BOOLOID, TEXTOID, TIMESTAMPTZOID, TEXTOID}
	};
	char		key[SMC_KEY_TEXT_MAX];
	Datum		values[10];
	bool		nulls[10] = {false};

	row->heard_at = GetCurrentTimestamp();
	smc_identity_format_key(row->public_key, key);
	values[0] = CStringGetTextDatum(study);
	values[1] = CStringGetTextDatum(row->party);
	values[2] = PointerGetDatum(make_bytea(row->digest, SMC_KEY_BYTES));
	values[3] = PointerGetDatum(make_bytea(row->signature, row->is_signed ? SMC_SIGNATURE_BYTES : 0));
	values[4] = TimestampTzGetDatum(row->heard_at);
	values[5] = CStringGetTextDatum(row->definition);
	values[6] = BoolGetDatum(row->accepted);
	values[7] = CStringGetTextDatum(key);
	values[8] = TimestampTzGetDatum(row->accepted_at);
	values[9] = row->is_signed ? CStringGetTextDatum(row->role) : (Datum) 0;
	nulls[7] = nulls[8] = nulls[9] = !row->is_signed;

	lock_rows(study, row->party);
	(void) smc_statement_run(&end_others, values, NULL);
	(void) smc_statement_run(&drop_unsigned, values, NULL);
	(void) smc_statement_run(&put, values, nulls);
}

uint64
smc_consent_store_withdraw(const char *study, const char *party)
{
	static SmcStatement withdraw = {
		"UPDATE @.smc_consent_log SET accepted = false, heard_at = $3, ended_at = $3"
		" WHERE study = $1 AND party = $2 AND accepted",
		3, {TEXTOID, TEXTOID, TIMESTAMPTZOID}
	};
	Datum		values[3];

	values[0] = CStringGetTextDatum(study);
	values[1] = CStringGetTextDatum(party);
	values[2] = TimestampTzGetDatum(GetCurrentTimestamp());
	lock_rows(study, party);
	return smc_statement_run(&withdraw, values, NULL);
}
