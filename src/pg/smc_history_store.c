/*
 * What this party keeps of a study's history.
 *
 * WHERE: a row of smc_history_log for each set of rows, under the study's digest
 * and a hash of the set.  `told` has the groups of which figures were told, as
 * bits; NULL: none yet; empty: any may have been.  `uses` has what they were made
 * of.  `pending` has the ids of computations that are about to ask, where there are
 * any, `wanted` what for.  Sets are numbered as they come.  Of those that were told
 * of, the newest ones are kept, as many as the study agrees on; a set that is asked
 * for again once it has fallen out comes in anew.  What was withheld is not kept, so
 * nobody can crowd out what was told by queries that aren't answered.
 *
 * WHO MAY WRITE: no role but superusers, as with the count of queries
 * (pg/smc_quota.c): what isn't there isn't compared with.
 *
 * AT ONCE: every change is made under a lock on the study, to the end of its
 * short transaction.  So of two computations that ask at the same time, at each
 * party the second one finds the first.
 *
 * AFTER A CRASH a computation's id stays in `pending`, and what it asked for
 * counts as told of in all groups: nobody knows how far it had got.  Whether the
 * process behind an id still lives is known by a lock on it that the process holds
 * to the end; where it doesn't, the next computation puts that down.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "core/smc_hash.h"
#include "pg/smc_audit.h"
#include "pg/smc_history_store.h"
#include "pg/smc_statement.h"

PG_FUNCTION_INFO_V1(smc_history_guard);

/* Sets our locks apart from others' advisory ones. */
#define HISTORY_LOCK_CLASS	0x5148	/* on a study */
#define PENDING_LOCK_CLASS	0x5150	/* on a computation */

#define TEXT_MAX	(16 * 1024)	/* bytes kept of a set in words */

static SmcStatement read_rows = {
	"SELECT hash, row_set, told, pending, uses, wanted FROM @.smc_history_log WHERE digest = $1",
	1, {BYTEAOID}
};

static SmcStatement settle_row = {
	"UPDATE @.smc_history_log SET told = $3, uses = $4, pending = $5 WHERE digest = $1 AND hash = $2",
	5, {BYTEAOID, BYTEAOID, BYTEAOID, BYTEAOID, UUIDARRAYOID}
};

static SmcStatement read_one = {
	"SELECT told, uses, CASE WHEN pending <> '{}' THEN wanted END FROM @.smc_history_log"
	" WHERE digest = $1 AND hash = $2",
	2, {BYTEAOID, BYTEAOID}
};

static SmcStatement insert_row = {
	"INSERT INTO @.smc_history_log (digest, hash, number, study, rows, row_set, uses, wanted, told, pending, asked_at)"
	" SELECT $1, $2, coalesce(max(number), 0) + 1, $4, $5, $6, $7, $8, $9,"
	" CASE WHEN $9 IS NULL THEN ARRAY[$3] ELSE '{}' END, $10"
	" FROM @.smc_history_log WHERE digest = $1",
	10, {BYTEAOID, BYTEAOID, UUIDOID, TEXTOID, TEXTOID, BYTEAOID, BYTEAOID, BYTEAOID, BYTEAOID, TIMESTAMPTZOID}
};

static SmcStatement add_pending = {
	"UPDATE @.smc_history_log SET wanted = $4, pending = array_append(pending, $3)"
	" WHERE digest = $1 AND hash = $2",
	4, {BYTEAOID, BYTEAOID, UUIDOID, BYTEAOID}
};

static SmcStatement set_told = {
	"UPDATE @.smc_history_log SET told = $4, uses = $5, pending = array_remove(pending, $3)"
	" WHERE digest = $1 AND hash = $2",
	5, {BYTEAOID, BYTEAOID, UUIDOID, BYTEAOID, BYTEAOID}
};

static SmcStatement delete_old = {
	"DELETE FROM @.smc_history_log WHERE digest = $1 AND told IS NOT NULL AND number <="
	" (SELECT number FROM @.smc_history_log WHERE digest = $1 AND told IS NOT NULL"
	" ORDER BY number DESC OFFSET $2 LIMIT 1)",
	2, {BYTEAOID, INT4OID}
};

static SmcStatement remove_pending = {
	"UPDATE @.smc_history_log SET pending = array_remove(pending, $2)"
	" WHERE digest = $1 AND $2 = ANY (pending)",
	2, {BYTEAOID, UUIDOID}
};

/* What nobody asks for any more. */
static SmcStatement delete_untold = {
	"DELETE FROM @.smc_history_log WHERE digest = $1 AND told IS NULL AND pending = '{}'",
	1, {BYTEAOID}
};

/*
 * Arguments
 */

static Datum
bytes_datum(const uint8 *data, size_t len)
{
	bytea	   *bytes = palloc(VARHDRSZ + len);

	SET_VARSIZE(bytes, VARHDRSZ + len);
	if (len > 0)
		memcpy(VARDATA(bytes), data, len);
	return PointerGetDatum(bytes);
}

static Datum
hash_datum(const bytea *row_set)
{
	uint8		digest[SMC_KEY_BYTES];
	SmcHash		hash;

	smc_hash_init(&hash, "smc row set v1", NULL);
	smc_hash_add(&hash, VARDATA_ANY(row_set), VARSIZE_ANY_EXHDR(row_set));
	smc_hash_final(&hash, digest);
	return bytes_datum(digest, sizeof(digest));
}

static Datum
text_datum(const char *text)
{
	int			len = strlen(text);

	return PointerGetDatum(cstring_to_text_with_len(text, len > TEXT_MAX ? pg_mbcliplen(text, len, TEXT_MAX) : len));
}

static Datum
id_datum(const SmcHistoryRun *run)
{
	return UUIDPGetDatum((const pg_uuid_t *) run->id);
}

static Datum
digest_datum(const SmcHistoryRun *run)
{
	return bytes_datum(run->digest, SMC_KEY_BYTES);
}

/* Wait for the study's lock, and hold it to the end of the transaction. */
static void
lock_study(const SmcHistoryRun *run)
{
	LOCKTAG		tag;
	uint32		parts[2];

	memcpy(parts, run->digest, sizeof(parts));
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, parts[0], parts[1], HISTORY_LOCK_CLASS);
	(void) LockAcquire(&tag, ExclusiveLock, false, false);
}

/*
 * Groups as bits
 */

static size_t
cells_len(const SmcLayout *layout)
{
	return (layout->cell_count + 7) / 8;
}

/* Whether told (NULL: none) has all groups. */
static bool
has_all(const SmcLayout *layout, const bytea *told)
{
	const uint8 *bits;

	if (told == NULL)
		return false;
	if (VARSIZE_ANY_EXHDR(told) == 0)
		return true;
	if (VARSIZE_ANY_EXHDR(told) != cells_len(layout))
		return false;
	bits = (const uint8 *) VARDATA_ANY(told);
	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		if ((bits[cell / 8] & (1 << (cell % 8))) == 0)
			return false;
	}
	return true;
}

/* The bits of two, which are of one length, as both are of one definition. */
static bytea *
join_bits(const bytea *a, const bytea *b)
{
	Size		len = VARSIZE_ANY_EXHDR(a);
	bytea	   *result = DatumGetByteaPP(bytes_datum((const uint8 *) VARDATA_ANY(a), len));

	if (len != VARSIZE_ANY_EXHDR(b))
		elog(ERROR, "bits of a row of smc_history_log are %zu bytes in place of %zu", len, VARSIZE_ANY_EXHDR(b));
	for (Size i = 0; i < len; i++)
		((uint8 *) VARDATA(result))[i] |= ((const uint8 *) VARDATA_ANY(b))[i];
	return result;
}

/* Whether all bits of b are in a. */
static bool
has_bits(const bytea *a, const bytea *b)
{
	return memcmp(VARDATA_ANY(a), VARDATA_ANY(join_bits(a, b)), VARSIZE_ANY_EXHDR(a)) == 0;
}

/*
 * Join to *told (NULL: none) the groups of a set of which the outcome told; false
 * where it told of none.
 */
static bool
join_told(const SmcLayout *layout, const SmcLayoutSet *set, const SmcOutcome *outcome, bytea **told)
{
	size_t		len = cells_len(layout);
	bytea	   *result = palloc0(VARHDRSZ + len);
	uint8	   *bits = (uint8 *) VARDATA(result);
	bool		any = false;

	SET_VARSIZE(result, VARHDRSZ + len);
	for (uint32 cell = 0; cell < layout->cell_count; cell++)
	{
		uint32		at = smc_layout_canonical_cell(layout, cell);

		bool		is_told = false;

		/* of a histogram, where any bucket was */
		for (int i = 0; i < set->slot_count; i++)
			is_told |= outcome->totals[(size_t) cell * layout->slot_count + set->slot + i] >= layout->min_rows;
		if (!is_told)
			continue;
		bits[at / 8] |= 1 << (at % 8);
		any = true;
	}
	if (any && *told == NULL)
		*told = result;
	else if (any && VARSIZE_ANY_EXHDR(*told) > 0)
		*told = join_bits(*told, result);
	return any;
}

/*
 * Who is about to ask
 */

static LOCKTAG
pending_lock(const pg_uuid_t *id)
{
	LOCKTAG		tag;
	uint32		parts[2];

	memcpy(parts, id->data, sizeof(parts));
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, parts[0], parts[1], PENDING_LOCK_CLASS);
	return tag;
}

/* Begin to be about to ask: draw the id, and hold its lock as long as this process lives, or to the end. */
static void
begin_pending(SmcHistoryRun *run)
{
	LOCKTAG		tag;

	smc_audit_make_id(run->id);
	tag = pending_lock((const pg_uuid_t *) run->id);
	(void) LockAcquire(&tag, ExclusiveLock, true, false);
	run->pending = true;
}

static void
end_pending(SmcHistoryRun *run)
{
	LOCKTAG		tag = pending_lock((const pg_uuid_t *) run->id);

	(void) LockRelease(&tag, ExclusiveLock, true);
	run->pending = false;
}

/* Whether the process behind another's id still lives. */
static bool
is_live(const pg_uuid_t *id)
{
	LOCKTAG		tag = pending_lock(id);

	if (LockAcquire(&tag, ExclusiveLock, false, true) == LOCKACQUIRE_NOT_AVAIL)
		return true;
	(void) LockRelease(&tag, ExclusiveLock, false);
	return false;
}

/*
 * What is known
 */

/* A row of the log. */
typedef struct Row
{
	Datum		hash;
	bytea	   *row_set;
	bytea	   *told;			/* NULL: none */
	ArrayType  *pending;
	bytea	   *uses;
	bytea	   *wanted;
} Row;

/* A row of read_rows, for the List that arg points to. */
static void
take_row(void *arg, const Datum *columns, const bool *nulls)
{
	List	  **rows = arg;
	Row		   *row = palloc(sizeof(Row));

	row->hash = columns[0];
	row->row_set = DatumGetByteaPP(columns[1]);
	row->told = nulls[2] ? NULL : DatumGetByteaPP(columns[2]);
	row->pending = DatumGetArrayTypeP(columns[3]);
	row->uses = DatumGetByteaPP(columns[4]);
	row->wanted = DatumGetByteaPP(columns[5]);
	*rows = lappend(*rows, row);
}

/* The ids of a row behind which a process lives; *all: whether those are all that it has. */
static ArrayType *
live_ids(const Row *row, bool *all)
{
	Datum	   *ids;
	int			count;
	int			left = 0;

	deconstruct_array(row->pending, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR, &ids, NULL, &count);
	for (int i = 0; i < count; i++)
	{
		if (is_live(DatumGetUUIDP(ids[i])))
			ids[left++] = ids[i];
	}
	*all = left == count;
	return construct_array(ids, left, UUIDOID, UUID_LEN, false, TYPALIGN_CHAR);
}

/* Put down that what was asked for in processes that died may have been told. */
static void
settle(Datum digest, Row *row)
{
	bool		all;
	ArrayType  *live = live_ids(row, &all);
	Datum		values[5] = {digest, row->hash};

	if (all)
		return;
	row->told = DatumGetByteaPP(bytes_datum(NULL, 0));
	row->uses = join_bits(row->uses, row->wanted);
	row->pending = live;
	values[2] = PointerGetDatum(row->told);
	values[3] = PointerGetDatum(row->uses);
	values[4] = PointerGetDatum(row->pending);
	(void) smc_statement_run(&settle_row, values, NULL);
}

static List *
add_known(List *known, const Row *row)
{
	bool		is_pending = ArrayGetNItems(ARR_NDIM(row->pending), ARR_DIMS(row->pending)) > 0;
	const bytea *uses = is_pending ? join_bits(row->uses, row->wanted) : row->uses;
	SmcEarlier	earlier = {0};

	if (row->told == NULL && !is_pending)
		return known;
	earlier.data = (const uint8 *) VARDATA_ANY(row->row_set);
	earlier.len = VARSIZE_ANY_EXHDR(row->row_set);
	earlier.uses = (uint8 *) VARDATA_ANY(uses);
	earlier.uses_len = VARSIZE_ANY_EXHDR(uses);
	if (!is_pending && VARSIZE_ANY_EXHDR(row->told) > 0)
	{
		earlier.cells = (uint8 *) VARDATA_ANY(row->told);
		earlier.cells_len = VARSIZE_ANY_EXHDR(row->told);
	}
	return smc_history_add(known, &earlier);
}

static List *
read_history(Datum digest, bool settles)
{
	List	   *rows = NIL;
	List	   *known = NIL;
	ListCell   *lc;

	smc_statement_scan(&read_rows, &digest, NULL, 6, take_row, &rows);
	foreach(lc, rows)
	{
		if (settles)
			settle(digest, lfirst(lc));
		known = add_known(known, lfirst(lc));
	}
	return known;
}

List *
smc_history_look_up(const SmcStudy *study)
{
	return read_history(bytes_datum(study->digest, SMC_KEY_BYTES), false);
}

/*
 * Registering
 */

/* Insert a set: told of, or pending where told is NULL. */
static void
insert_set(const SmcHistoryRun *run, const SmcLayoutSet *set, bytea *told)
{
	Size		len = VARSIZE_ANY_EXHDR(set->uses);
	bool		nulls[10] = {false};
	Datum		values[10];

	values[0] = digest_datum(run);
	values[1] = hash_datum(set->row_set);
	values[2] = id_datum(run);
	values[3] = text_datum(run->study);
	values[4] = text_datum(set->text);
	values[5] = PointerGetDatum(set->row_set);
	values[6] = told != NULL ? PointerGetDatum(set->uses) : bytes_datum(palloc0(len), len);
	values[7] = PointerGetDatum(set->uses);
	values[8] = PointerGetDatum(told);
	nulls[8] = told == NULL;
	values[9] = TimestampTzGetDatum(GetCurrentTimestamp());
	(void) smc_statement_run(&insert_row, values, nulls);
}

List *
smc_history_register(SmcHistoryRun *run)
{
	const SmcLayout *layout = run->layout;
	List	   *known;
	bool		any = false;

	begin_pending(run);
	lock_study(run);
	known = read_history(digest_datum(run), true);
	for (int i = 0; i < layout->set_count; i++)
	{
		const SmcLayoutSet *set = &layout->sets[i];
		Datum		values[4] = {digest_datum(run), hash_datum(set->row_set), id_datum(run)};
		Datum		columns[3];
		bool		nulls[3];

		if (!smc_statement_fetch(&read_one, values, NULL, 3, columns, nulls))
			insert_set(run, set, NULL);
		else if (has_all(layout, nulls[0] ? NULL : DatumGetByteaPP(columns[0])) &&
				 has_bits(DatumGetByteaPP(columns[1]), set->uses))
			continue;			/* nothing can come to it */
		else
		{
			values[3] = PointerGetDatum(nulls[2] ? set->uses : join_bits(DatumGetByteaPP(columns[2]), set->uses));
			(void) smc_statement_run(&add_pending, values, NULL);
		}
		any = true;
	}
	if (!any)
		end_pending(run);
	return known;
}

/*
 * The end
 */

/* Keep the sets that the outcome told of. */
static void
keep_told(const SmcHistoryRun *run, const SmcOutcome *outcome)
{
	const SmcLayout *layout = run->layout;
	Datum		old_values[2] = {digest_datum(run), Int32GetDatum(layout->history)};

	for (int i = 0; i < layout->set_count; i++)
	{
		const SmcLayoutSet *set = &layout->sets[i];
		Datum		values[5] = {digest_datum(run), hash_datum(set->row_set), id_datum(run)};
		Datum		columns[3];
		bool		nulls[3];
		bool		found = smc_statement_fetch(&read_one, values, NULL, 3, columns, nulls);
		bytea	   *told = found && !nulls[0] ? DatumGetByteaPP(columns[0]) : NULL;

		if (!join_told(layout, set, outcome, &told))
			continue;
		if (found)
		{
			values[3] = PointerGetDatum(told);
			values[4] = PointerGetDatum(join_bits(DatumGetByteaPP(columns[1]), set->uses));
			(void) smc_statement_run(&set_told, values, NULL);
		}
		else
			insert_set(run, set, told); /* it fell out meanwhile */
	}
	(void) smc_statement_run(&delete_old, old_values, NULL);
}

void
smc_history_end(SmcHistoryRun *run, const SmcOutcome *outcome)
{
	Datum		values[2];

	if (!run->pending)
		return;
	lock_study(run);
	if (outcome != NULL && outcome->judged)
		keep_told(run, outcome);
	values[0] = digest_datum(run);
	values[1] = id_datum(run);
	(void) smc_statement_run(&remove_pending, values, NULL);
	(void) smc_statement_run(&delete_untold, values, NULL);
	end_pending(run);
}

/*
 * smc_history_guard() returns trigger
 *
 * Refuse what isn't done by a superuser, as the extension itself is, and as
 * whoever restores a dump.
 */
Datum
smc_history_guard(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("smc_history_guard() can only be called as a trigger")));
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only superusers may change what a study's new queries are compared with")));
	PG_RETURN_POINTER(NULL);
}
