/*
 * Kept secrets: the rows here, and our shares.
 *
 * What a secret is stands in smc_secret_log, which may be shown; our share of it
 * in smc_secret_shares, which is closed as the identity's table is: no grants,
 * row security without a policy, a type that superusers alone can write out,
 * statistics off, and rows put in without logical decoding, so that no
 * publication carries a share away.  A share is never updated, only put in and
 * deleted, and its key is all that a deletion tells.
 *
 * Both are ordinary tables of the extension: WAL-logged, so that they survive
 * crash and failover, and in pg_dump, which carries this party's own shares,
 * and this party's alone.
 *
 * States go pending -> kept -> dropped; who changes them when is told in
 * pg/smc_holdings.h.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/smc_hash.h"
#include "pg/smc_hidden.h"
#include "pg/smc_module.h"
#include "pg/smc_secret.h"
#include "pg/smc_statement.h"
#include "pg/smc_study.h"

StaticAssertDecl(sizeof(SmcSecretShare) == SMC_SECRET_SHARE_BYTES, "a share's size");

/* Sets our locks apart from those of SQL's pg_advisory_lock functions, whose are 1 and 2, and others of ours. */
#define NAME_LOCK_CLASS		0x5345

/* Columns of smc_secret_log, and parameters of the statement that fills them. */
enum
{
	COLUMN_STUDY,
	COLUMN_NAME,
	COLUMN_ID,
	COLUMN_STATE,
	COLUMN_TYPE,
	COLUMN_ORDERED,
	COLUMN_NULLABLE,
	COLUMN_POSITIVE,
	COLUMN_ROOT,
	COLUMN_SETTLED,
	COLUMN_SCALE,
	COLUMN_DIGITS,
	COLUMN_BITS,
	COLUMN_DEN_BITS,
	COLUMN_MADE_OF,
	COLUMN_COLUMNS,
	COLUMN_WORDS,
	COLUMN_COUNTS_ROWS,
	COLUMN_MIN_ROWS,
	COLUMN_EPSILON,
	COLUMN_PARTIES,
	COLUMN_DIGEST,
	COLUMN_MADE_BY,
	COLUMN_MADE_ROLE,
	COLUMN_MADE_AT,
	COLUMN_EXPIRES,
	COLUMN_COUNT
};

/* Columns of smc_secret_shares. */
enum
{
	SHARE_ID,
	SHARE_NAME,
	SHARE_SHARE,
	SHARE_COUNT
};

static const struct
{
	SmcSecretState state;
	const char *name;
}			states[] = {
	{SMC_SECRET_PENDING, "pending"},
	{SMC_SECRET_KEPT, "kept"},
	{SMC_SECRET_DROPPED, "dropped"}
};

void
smc_secret_check_name(const char *name)
{
	if (name[0] == '\0' || strlen(name) >= NAMEDATALEN)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid name of a secret: \"%s\"", name),
				 errdetail("A name has at least one byte, and %d at most.", NAMEDATALEN - 1)));
}

/*
 * Reading
 */

static void
raise_malformed(const char *study, const char *name)
{
	ereport(ERROR,
			(errcode(ERRCODE_DATA_CORRUPTED),
			 errmsg("table smc_secret_log holds a malformed row for secret \"%s\" of study \"%s\"", name, study)));
}

/* A text array as a List of char *. */
static List *
read_texts(Datum datum)
{
	List	   *texts = NIL;
	Datum	   *items;
	bool	   *nulls;
	int			count;

	deconstruct_array(DatumGetArrayTypeP(datum), TEXTOID, -1, false, TYPALIGN_INT, &items, &nulls, &count);
	for (int i = 0; i < count; i++)
		texts = lappend(texts, nulls[i] ? pstrdup("") : TextDatumGetCString(items[i]));
	return texts;
}

static void
read_uses(SmcSecret *secret, List *columns, List *words)
{
	ListCell   *column;
	ListCell   *word;

	if (list_length(columns) != list_length(words))
		raise_malformed(secret->study, secret->name);
	secret->uses = palloc0(Max(list_length(columns), 1) * sizeof(SmcSecretUse));
	forboth(column, columns, word, words)
	{
		SmcSecretUse *use = &secret->uses[secret->use_count++];

		use->column = lfirst(column);
		use->words = smc_study_parse_allow(lfirst(word));
	}
}

static SmcSecretState
read_state(const char *name, TimestampTz expires)
{
	for (int i = 0; i < lengthof(states); i++)
	{
		if (strcmp(states[i].name, name) != 0)
			continue;
		if (states[i].state != SMC_SECRET_DROPPED && expires <= GetCurrentTimestamp())
			return SMC_SECRET_EXPIRED;
		return states[i].state;
	}
	return SMC_SECRET_NONE;
}

/* Whether the numbers are such as a program could be built from. */
static bool
is_sound(const SmcSecret *secret)
{
	return secret->state != SMC_SECRET_NONE &&
		secret->bits >= 0 && secret->bits < SMC_WIDTH_MAX &&
		secret->den_bits >= 0 && secret->den_bits < SMC_WIDTH_MAX &&
		abs(secret->scale) <= SMC_WIDTH_MAX && secret->digits >= 0 && secret->digits <= SMC_WIDTH_MAX &&
		(secret->type == BOOLOID) == (secret->bits == 0);
}

static SmcSecret *
make_secret(HeapTuple tuple, TupleDesc tupdesc)
{
	SmcSecret  *secret = palloc0(sizeof(SmcSecret));
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT];
	bytea	   *digest;

	heap_deform_tuple(tuple, tupdesc, values, nulls);
	secret->study = TextDatumGetCString(values[COLUMN_STUDY]);
	secret->name = TextDatumGetCString(values[COLUMN_NAME]);
	for (int i = 0; i < COLUMN_COUNT; i++)
		if (nulls[i] && i != COLUMN_EXPIRES)
			raise_malformed(secret->study, secret->name);
	memcpy(secret->id, DatumGetUUIDP(values[COLUMN_ID])->data, SMC_UUID_BYTES);
	secret->expires = nulls[COLUMN_EXPIRES] ? DT_NOEND : DatumGetTimestampTz(values[COLUMN_EXPIRES]);
	secret->state = read_state(TextDatumGetCString(values[COLUMN_STATE]), secret->expires);
	secret->type = DatumGetObjectId(values[COLUMN_TYPE]);
	secret->ordered = DatumGetBool(values[COLUMN_ORDERED]);
	secret->nullable = DatumGetBool(values[COLUMN_NULLABLE]);
	secret->positive = DatumGetBool(values[COLUMN_POSITIVE]);
	secret->root = DatumGetBool(values[COLUMN_ROOT]);
	secret->settled = DatumGetBool(values[COLUMN_SETTLED]);
	secret->scale = DatumGetInt32(values[COLUMN_SCALE]);
	secret->digits = DatumGetInt32(values[COLUMN_DIGITS]);
	secret->bits = DatumGetInt32(values[COLUMN_BITS]);
	secret->den_bits = DatumGetInt32(values[COLUMN_DEN_BITS]);
	secret->made_of = TextDatumGetCString(values[COLUMN_MADE_OF]);
	read_uses(secret, read_texts(values[COLUMN_COLUMNS]), read_texts(values[COLUMN_WORDS]));
	secret->counts_rows = DatumGetBool(values[COLUMN_COUNTS_ROWS]);
	secret->min_rows = (uint32) DatumGetInt64(values[COLUMN_MIN_ROWS]);
	secret->epsilon = DatumGetInt64(values[COLUMN_EPSILON]);
	secret->parties = read_texts(values[COLUMN_PARTIES]);
	digest = DatumGetByteaPP(values[COLUMN_DIGEST]);
	if (VARSIZE_ANY_EXHDR(digest) == SMC_KEY_BYTES)
		memcpy(secret->digest, VARDATA_ANY(digest), SMC_KEY_BYTES);
	secret->made_by = TextDatumGetCString(values[COLUMN_MADE_BY]);
	secret->made_role = TextDatumGetCString(values[COLUMN_MADE_ROLE]);
	secret->made_at = DatumGetTimestampTz(values[COLUMN_MADE_AT]);
	if (!is_sound(secret))
		raise_malformed(secret->study, secret->name);
	return secret;
}

static Relation
open_table(const char *name, int column_count, LOCKMODE lock)
{
	Oid			relid = get_relname_relid(name, smc_module_schema());
	Relation	rel;

	if (!OidIsValid(relid))
		elog(ERROR, "table %s is missing", name);
	rel = table_open(relid, lock);
	if (RelationGetNumberOfAttributes(rel) != column_count)
		elog(ERROR, "table %s has %d columns, expected %d", name,
			 RelationGetNumberOfAttributes(rel), column_count);
	(void) RelationGetIndexList(rel);	/* finds the primary key */
	if (!OidIsValid(rel->rd_pkindex))
		elog(ERROR, "table %s has no primary key", name);
	return rel;
}

static void
set_text_key(ScanKey key, int column, const char *text)
{
	/* the columns are declared COLLATE "C" */
	ScanKeyEntryInitialize(key, 0, column + 1, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(text));
}

SmcSecret *
smc_secret_find(const char *study, const char *name)
{
	Relation	rel = open_table("smc_secret_log", COLUMN_COUNT, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	SmcSecret  *secret = NULL;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	set_text_key(&keys[0], COLUMN_STUDY, study);
	set_text_key(&keys[1], COLUMN_NAME, name);
	scan = systable_beginscan(rel, rel->rd_pkindex, true, snapshot, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
		secret = make_secret(tuple, RelationGetDescr(rel));
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return secret;
}

bool
smc_secret_read_share(const SmcSecret *secret, SmcSecretShare *share)
{
	Relation	rel = open_table("smc_secret_shares", SHARE_COUNT, AccessShareLock);
	Snapshot	snapshot = RegisterSnapshot(GetLatestSnapshot());
	bool		found = false;
	ScanKeyData keys[2];
	SysScanDesc scan;
	HeapTuple	tuple;

	ScanKeyEntryInitialize(&keys[0], 0, SHARE_ID + 1, BTEqualStrategyNumber, UUIDOID, InvalidOid,
						   F_UUID_EQ, UUIDPGetDatum((const pg_uuid_t *) secret->id));
	set_text_key(&keys[1], SHARE_NAME, secret->name);
	scan = systable_beginscan(rel, rel->rd_pkindex, true, snapshot, 2, keys);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, SHARE_SHARE + 1, RelationGetDescr(rel), &isnull);

		found = !isnull;
		if (found)
			memcpy(share, DatumGetPointer(value), SMC_SECRET_SHARE_BYTES);
	}
	systable_endscan(scan);
	UnregisterSnapshot(snapshot);
	table_close(rel, AccessShareLock);
	return found;
}

/*
 * Writing
 */

static Datum
make_texts(List *texts)
{
	Datum	   *items = palloc(Max(list_length(texts), 1) * sizeof(Datum));
	ListCell   *lc;

	foreach(lc, texts)
		items[foreach_current_index(lc)] = CStringGetTextDatum((const char *) lfirst(lc));
	return PointerGetDatum(construct_array(items, list_length(texts), TEXTOID, -1, false, TYPALIGN_INT));
}

static void
set_uses(const SmcSecret *secret, Datum *values)
{
	List	   *columns = NIL;
	List	   *words = NIL;

	for (int i = 0; i < secret->use_count; i++)
	{
		columns = lappend(columns, secret->uses[i].column);
		words = lappend(words, smc_study_allow_list(secret->uses[i].words));
	}
	values[COLUMN_COLUMNS] = make_texts(columns);
	values[COLUMN_WORDS] = make_texts(words);
}

static const char *
state_name(SmcSecretState state)
{
	for (int i = 0; i < lengthof(states); i++)
		if (states[i].state == state)
			return states[i].name;
	elog(ERROR, "a secret is not stored in state %d", (int) state);
}

static void
insert_share(const SmcSecret *secret, const SmcSecretShare *share)
{
	Relation	rel = open_table("smc_secret_shares", SHARE_COUNT, RowExclusiveLock);
	Datum		values[SHARE_COUNT];
	bool		nulls[SHARE_COUNT] = {false};

	values[SHARE_ID] = UUIDPGetDatum((const pg_uuid_t *) secret->id);
	values[SHARE_NAME] = CStringGetTextDatum(secret->name);
	values[SHARE_SHARE] = PointerGetDatum(share);
	smc_hidden_insert(rel, values, nulls);
	table_close(rel, NoLock);
	CommandCounterIncrement();
}

void
smc_secret_put(const SmcSecret *secret, const SmcSecretShare *share, const uint8 *replaces)
{
	static SmcStatement insert = {
		"INSERT INTO @.smc_secret_log VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15,"
		" $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26) ON CONFLICT (study, name) DO NOTHING",
		COLUMN_COUNT, {TEXTOID, TEXTOID, UUIDOID, TEXTOID, REGTYPEOID, BOOLOID, BOOLOID, BOOLOID,
			BOOLOID, BOOLOID,
			INT4OID, INT4OID, INT4OID, INT4OID, TEXTOID, TEXTARRAYOID, TEXTARRAYOID, BOOLOID, INT8OID, INT8OID,
			TEXTARRAYOID, BYTEAOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID}
	};
	Datum		values[COLUMN_COUNT];
	bool		nulls[COLUMN_COUNT] = {false};
	bytea	   *digest = palloc(VARHDRSZ + SMC_KEY_BYTES);

	if (replaces != NULL)
		smc_secret_remove(secret->study, secret->name, replaces);

	values[COLUMN_STUDY] = CStringGetTextDatum(secret->study);
	values[COLUMN_NAME] = CStringGetTextDatum(secret->name);
	values[COLUMN_ID] = UUIDPGetDatum((const pg_uuid_t *) secret->id);
	values[COLUMN_STATE] = CStringGetTextDatum(state_name(secret->state));
	values[COLUMN_TYPE] = ObjectIdGetDatum(secret->type);
	values[COLUMN_ORDERED] = BoolGetDatum(secret->ordered);
	values[COLUMN_NULLABLE] = BoolGetDatum(secret->nullable);
	values[COLUMN_POSITIVE] = BoolGetDatum(secret->positive);
	values[COLUMN_ROOT] = BoolGetDatum(secret->root);
	values[COLUMN_SETTLED] = BoolGetDatum(secret->settled);
	values[COLUMN_SCALE] = Int32GetDatum(secret->scale);
	values[COLUMN_DIGITS] = Int32GetDatum(secret->digits);
	values[COLUMN_BITS] = Int32GetDatum(secret->bits);
	values[COLUMN_DEN_BITS] = Int32GetDatum(secret->den_bits);
	values[COLUMN_MADE_OF] = CStringGetTextDatum(secret->made_of);
	set_uses(secret, values);
	values[COLUMN_COUNTS_ROWS] = BoolGetDatum(secret->counts_rows);
	values[COLUMN_MIN_ROWS] = Int64GetDatum((int64) secret->min_rows);
	values[COLUMN_EPSILON] = Int64GetDatum(secret->epsilon);
	values[COLUMN_PARTIES] = make_texts(secret->parties);
	SET_VARSIZE(digest, VARHDRSZ + SMC_KEY_BYTES);
	memcpy(VARDATA(digest), secret->digest, SMC_KEY_BYTES);
	values[COLUMN_DIGEST] = PointerGetDatum(digest);
	values[COLUMN_MADE_BY] = CStringGetTextDatum(secret->made_by);
	values[COLUMN_MADE_ROLE] = CStringGetTextDatum(secret->made_role);
	values[COLUMN_MADE_AT] = TimestampTzGetDatum(secret->made_at);
	values[COLUMN_EXPIRES] = TimestampTzGetDatum(secret->expires);
	nulls[COLUMN_EXPIRES] = TIMESTAMP_IS_NOEND(secret->expires);

	if (smc_statement_run(&insert, values, nulls) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("secret \"%s\" of study \"%s\" was kept by another query in the same moment",
						secret->name, secret->study)));
	insert_share(secret, share);
}

static void
delete_share(const char *name, const uint8 *id)
{
	static SmcStatement delete = {
		"DELETE FROM @.smc_secret_shares WHERE id = $1 AND name = $2",
		2, {UUIDOID, TEXTOID}
	};
	Datum		values[2];

	values[0] = UUIDPGetDatum((const pg_uuid_t *) id);
	values[1] = CStringGetTextDatum(name);
	(void) smc_statement_run(&delete, values, NULL);
}

void
smc_secret_remove(const char *study, const char *name, const uint8 *id)
{
	static SmcStatement remove = {
		"DELETE FROM @.smc_secret_log WHERE study = $1 AND name = $2 AND id = $3",
		3, {TEXTOID, TEXTOID, UUIDOID}
	};
	Datum		values[3];

	values[0] = CStringGetTextDatum(study);
	values[1] = CStringGetTextDatum(name);
	values[2] = UUIDPGetDatum((const pg_uuid_t *) id);
	(void) smc_statement_run(&remove, values, NULL);
	delete_share(name, id);
}

void
smc_secret_end(const char *study, const char *name, const uint8 *id)
{
	static SmcStatement end = {
		"UPDATE @.smc_secret_log SET state = 'dropped' WHERE study = $1 AND name = $2 AND id = $3",
		3, {TEXTOID, TEXTOID, UUIDOID}
	};
	Datum		values[3];

	values[0] = CStringGetTextDatum(study);
	values[1] = CStringGetTextDatum(name);
	values[2] = UUIDPGetDatum((const pg_uuid_t *) id);
	(void) smc_statement_run(&end, values, NULL);
	delete_share(name, id);
}

/*
 * Names
 */

/* Names whose hashes begin alike are in each other's way, no more. */
static LOCKTAG
name_lock(const char *study, const char *name)
{
	LOCKTAG		tag;
	uint8		digest[SMC_KEY_BYTES];
	uint32		parts[2];
	SmcHash		hash;

	smc_hash_init(&hash, "smc secret name v1", NULL);
	smc_hash_add(&hash, study, strlen(study) + 1);
	smc_hash_add(&hash, name, strlen(name) + 1);
	smc_hash_final(&hash, digest);
	memcpy(parts, digest, sizeof(parts));
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, parts[0], parts[1], NAME_LOCK_CLASS);
	return tag;
}

/* A session's lock, so that it outlasts the short transactions of a lane. */
bool
smc_secret_hold_name(const char *study, const char *name, bool alone, int wait_ms)
{
	LOCKTAG		tag = name_lock(study, name);
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), wait_ms);

	while (LockAcquire(&tag, alone ? ExclusiveLock : ShareLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
	{
		if (GetCurrentTimestamp() >= end)
			return false;
		CHECK_FOR_INTERRUPTS();
		pg_usleep(5000);
	}
	return true;
}

void
smc_secret_let_go(const char *study, const char *name, bool alone)
{
	LOCKTAG		tag = name_lock(study, name);

	(void) LockRelease(&tag, alone ? ExclusiveLock : ShareLock, true);
}

/*
 * Changing
 */

uint64
smc_secret_confirm(const uint8 *id)
{
	static SmcStatement confirm = {
		"UPDATE @.smc_secret_log SET state = 'kept' WHERE id = $1 AND state = 'pending'",
		1, {UUIDOID}
	};
	Datum		value = UUIDPGetDatum((const pg_uuid_t *) id);

	return smc_statement_run(&confirm, &value, NULL);
}

uint64
smc_secret_discard(const uint8 *id)
{
	static SmcStatement discard = {
		"WITH gone AS (DELETE FROM @.smc_secret_log WHERE id = $1 AND state = 'pending' RETURNING id, name)"
		" DELETE FROM @.smc_secret_shares s USING gone WHERE s.id = gone.id AND s.name = gone.name",
		1, {UUIDOID}
	};
	Datum		value = UUIDPGetDatum((const pg_uuid_t *) id);

	return smc_statement_run(&discard, &value, NULL);
}

/* Whether anything has expired: asked first, for there is seldom anything, and a DELETE takes a lock. */
static bool
any_expired(Datum now)
{
	static SmcStatement ask = {
		"SELECT true FROM @.smc_secret_log WHERE expires <= $1 LIMIT 1",
		1, {TIMESTAMPTZOID}
	};
	Datum		found;
	bool		isnull;

	return smc_statement_fetch(&ask, &now, NULL, 1, &found, &isnull);
}

void
smc_secret_purge(void)
{
	static SmcStatement purge = {
		"WITH late AS (SELECT study, name FROM @.smc_secret_log WHERE expires <= $1 FOR UPDATE SKIP LOCKED),"
		" gone AS (DELETE FROM @.smc_secret_log l USING late WHERE l.study = late.study AND l.name = late.name"
		" RETURNING l.id, l.name)"
		" DELETE FROM @.smc_secret_shares s USING gone WHERE s.id = gone.id AND s.name = gone.name",
		1, {TIMESTAMPTZOID}
	};
	Datum		value = TimestampTzGetDatum(GetCurrentTimestamp());

	if (any_expired(value))
		(void) smc_statement_run(&purge, &value, NULL);
}

/*
 * Bytes
 */

void
smc_secret_write(SmcWriter *writer, const SmcSecret *secret)
{
	ListCell   *lc;

	smc_writer_text(writer, secret->study);
	smc_writer_text(writer, secret->name);
	smc_writer_u32(writer, secret->type);
	smc_writer_u8(writer, secret->ordered);
	smc_writer_u8(writer, secret->nullable);
	smc_writer_u8(writer, secret->positive);
	smc_writer_u8(writer, secret->root);
	smc_writer_u8(writer, secret->settled);
	smc_writer_u32(writer, (uint32) secret->scale);
	smc_writer_u32(writer, (uint32) secret->digits);
	smc_writer_u32(writer, (uint32) secret->bits);
	smc_writer_u32(writer, (uint32) secret->den_bits);
	smc_writer_text(writer, secret->made_of);
	smc_writer_u32(writer, (uint32) secret->use_count);
	for (int i = 0; i < secret->use_count; i++)
	{
		smc_writer_text(writer, secret->uses[i].column);
		smc_writer_u32(writer, secret->uses[i].words);
	}
	smc_writer_u8(writer, secret->counts_rows);
	smc_writer_u32(writer, secret->min_rows);
	smc_writer_u64(writer, (uint64) secret->epsilon);
	smc_writer_u32(writer, (uint32) list_length(secret->parties));
	foreach(lc, secret->parties)
		smc_writer_text(writer, lfirst(lc));
	smc_writer_bytes(writer, secret->digest, SMC_KEY_BYTES);
	smc_writer_u64(writer, (uint64) secret->expires);
}

static char *
get_text(SmcReader *reader)
{
	size_t		len;
	const uint8_t *data = smc_reader_blob(reader, MaxAllocSize, &len);

	return pnstrdup((const char *) data, len);
}

SmcSecret *
smc_secret_parse(SmcReader *reader)
{
	SmcSecret  *secret = palloc0(sizeof(SmcSecret));
	uint32		count;

	secret->study = get_text(reader);
	secret->name = get_text(reader);
	secret->type = smc_reader_u32(reader);
	secret->ordered = smc_reader_bool(reader);
	secret->nullable = smc_reader_bool(reader);
	secret->positive = smc_reader_bool(reader);
	secret->root = smc_reader_bool(reader);
	secret->settled = smc_reader_bool(reader);
	secret->scale = (int) smc_reader_u32(reader);
	secret->digits = (int) smc_reader_u32(reader);
	secret->bits = (int) smc_reader_u32(reader);
	secret->den_bits = (int) smc_reader_u32(reader);
	secret->made_of = get_text(reader);
	count = smc_reader_u32(reader);
	if (count > MaxAttrNumber)
	{
		count = 0;
		smc_reader_fail(reader);
	}
	secret->uses = palloc0(Max(count, 1) * sizeof(SmcSecretUse));
	for (uint32 i = 0; i < count && !reader->failed; i++)
	{
		secret->uses[i].column = get_text(reader);
		secret->uses[i].words = smc_reader_u32(reader);
		secret->use_count++;
	}
	secret->counts_rows = smc_reader_bool(reader);
	secret->min_rows = smc_reader_u32(reader);
	secret->epsilon = (int64) smc_reader_u64(reader);
	count = smc_reader_u32(reader);
	for (uint32 i = 0; i < count && !reader->failed; i++)
		secret->parties = lappend(secret->parties, get_text(reader));
	smc_reader_copy(reader, secret->digest, SMC_KEY_BYTES);
	secret->expires = (TimestampTz) smc_reader_u64(reader);
	return secret;
}
