/*
 * The rows of smc_key_log: how the keys of parties changed.
 *
 * Reading goes straight to the index, below all privileges, since it is on the
 * path of queries whose consents are by an earlier key.  Whatever the rows say,
 * a statement counts by its signature alone, and the newest row only when it
 * ends in the key that is asked about; so a log that isn't up to date, in a
 * database restored from a dump, leads nowhere instead of astray.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "core/smc_hash.h"
#include "pg/smc_identity.h"
#include "pg/smc_key_log.h"
#include "pg/smc_module.h"
#include "pg/smc_peer.h"
#include "pg/smc_statement.h"
#include "pg/smc_verified.h"

PG_FUNCTION_INFO_V1(smc_key_standing);
PG_FUNCTION_INFO_V1(smc_verify_rotation);

/* Columns of smc_key_log, as smc--1.0.sql creates them. */
enum
{
	COLUMN_PARTY = 1,
	COLUMN_SEQ,
	COLUMN_OLD_KEY,
	COLUMN_NEW_KEY,
	COLUMN_SIGNED_AT,
	COLUMN_SIGNATURE,
	COLUMN_ACCEPTED_AT,
	COLUMN_ACCEPTED_BY,
	COLUMN_LAST = COLUMN_ACCEPTED_BY
};


/*
 * Walking back
 */

typedef struct Walk
{
	Relation	rel;
	Relation	index;
	Snapshot	snapshot;
	SysScanDesc scan;
} Walk;

static Oid
log_table(void)
{
	Oid			relid = get_relname_relid("smc_key_log", smc_module_schema());

	if (!OidIsValid(relid))
		elog(ERROR, "table smc_key_log is missing");
	return relid;
}

/* Begin to read a party's rows, the newest first: what is committed now, and our own. */
static void
walk_begin(Walk *walk, const char *party)
{
	ScanKeyData key;

	walk->rel = table_open(log_table(), AccessShareLock);
	if (RelationGetNumberOfAttributes(walk->rel) != COLUMN_LAST)
		elog(ERROR, "table smc_key_log has %d columns, expected %d",
			 RelationGetNumberOfAttributes(walk->rel), COLUMN_LAST);
	(void) RelationGetIndexList(walk->rel); /* finds the primary key */
	if (!OidIsValid(walk->rel->rd_pkindex))
		elog(ERROR, "table smc_key_log has no primary key");
	walk->index = index_open(walk->rel->rd_pkindex, AccessShareLock);
	walk->snapshot = RegisterSnapshot(GetLatestSnapshot());

	/* the column is declared COLLATE "C" */
	ScanKeyEntryInitialize(&key, 0, COLUMN_PARTY, BTEqualStrategyNumber, TEXTOID, C_COLLATION_OID,
						   F_TEXTEQ, CStringGetTextDatum(party));
	walk->scan = systable_beginscan_ordered(walk->rel, walk->index, walk->snapshot, 1, &key);
}

static void
walk_end(Walk *walk)
{
	systable_endscan_ordered(walk->scan);
	UnregisterSnapshot(walk->snapshot);
	index_close(walk->index, AccessShareLock);
	table_close(walk->rel, AccessShareLock);
}

/* Read a key's text; false for one that isn't there. */
static bool
read_key(Datum datum, bool isnull, uint8 out[SMC_PUBLIC_KEY_BYTES])
{
	return !isnull && smc_identity_parse_key(TextDatumGetCString(datum), out);
}

/*
 * The next older row, if it is a statement that leads to this key; false where
 * the walk ends: no row, a pin, or another key.
 */
static bool
walk_next(Walk *walk, const uint8 to[SMC_PUBLIC_KEY_BYTES], SmcRotation *rotation)
{
	HeapTuple	tuple = systable_getnext_ordered(walk->scan, BackwardScanDirection);
	Datum		values[COLUMN_LAST];
	bool		nulls[COLUMN_LAST];
	bytea	   *signature;

	if (!HeapTupleIsValid(tuple))
		return false;
	heap_deform_tuple(tuple, RelationGetDescr(walk->rel), values, nulls);
	if (nulls[COLUMN_SIGNATURE - 1] || nulls[COLUMN_SIGNED_AT - 1] ||
		!read_key(values[COLUMN_OLD_KEY - 1], nulls[COLUMN_OLD_KEY - 1], rotation->old_key) ||
		!read_key(values[COLUMN_NEW_KEY - 1], nulls[COLUMN_NEW_KEY - 1], rotation->new_key) ||
		memcmp(rotation->new_key, to, SMC_PUBLIC_KEY_BYTES) != 0)
		return false;
	signature = DatumGetByteaPP(values[COLUMN_SIGNATURE - 1]);
	if (VARSIZE_ANY_EXHDR(signature) != SMC_SIGNATURE_BYTES)
		return false;
	memcpy(rotation->signature, VARDATA_ANY(signature), SMC_SIGNATURE_BYTES);
	rotation->signed_at = (uint64) DatumGetTimestampTz(values[COLUMN_SIGNED_AT - 1]);
	return true;
}

void
smc_key_log_chain(const char *party, const uint8 key[SMC_PUBLIC_KEY_BYTES], SmcRotationChain *chain)
{
	SmcRotation newest_first[SMC_ROTATIONS_MAX];
	int			count = 0;
	Walk		walk;
	int			i;

	walk_begin(&walk, party);
	while (count < SMC_ROTATIONS_MAX && walk_next(&walk, key, &newest_first[count]))
	{
		key = newest_first[count].old_key;
		count++;
	}
	walk_end(&walk);

	memset(chain, 0, sizeof(*chain));
	chain->count = count;
	for (i = 0; i < count; i++)
		chain->rotations[i] = newest_first[count - 1 - i];
}

/* Verify a statement; good ones are remembered, since they are asked for every query. */
static bool
verify(const SmcRotation *rotation, const char *party)
{
	static SmcVerified verified;
	uint8		mark[SMC_KEY_BYTES];
	SmcHash		hash;

	smc_hash_init(&hash, "smc verified rotation v1", NULL);
	smc_hash_add(&hash, party, strlen(party));
	smc_hash_add(&hash, rotation, sizeof(*rotation));
	smc_hash_final(&hash, mark);
	if (smc_verified_before(&verified, mark))
		return true;
	if (smc_rotation_verify(rotation, party) != SMC_OK)
		return false;
	smc_verified_note(&verified, mark);
	return true;
}

bool
smc_key_log_leads(const char *party, const uint8 from[SMC_PUBLIC_KEY_BYTES],
				  const uint8 to[SMC_PUBLIC_KEY_BYTES])
{
	uint8		key[SMC_PUBLIC_KEY_BYTES];
	SmcRotation rotation;
	bool		found = false;
	Walk		walk;

	memcpy(key, to, SMC_PUBLIC_KEY_BYTES);
	walk_begin(&walk, party);
	while (!found && walk_next(&walk, key, &rotation) && verify(&rotation, party))
	{
		memcpy(key, rotation.old_key, SMC_PUBLIC_KEY_BYTES);
		found = memcmp(key, from, SMC_PUBLIC_KEY_BYTES) == 0;
	}
	walk_end(&walk);
	return found;
}

/*
 * Writing
 */

void
smc_key_log_lock(void)
{
	LockRelationOid(log_table(), ShareRowExclusiveLock);
}

/* old_key, signed_at, signature and role may be none. */
static void
add(const char *party, const char *old_key, const char *new_key, const SmcRotation *rotation,
	const char *role)
{
	static SmcStatement insert = {
		"INSERT INTO @.smc_key_log"
		" (party, seq, old_key, new_key, signed_at, signature, accepted_at, accepted_by)"
		" SELECT $1, coalesce(max(seq), 0) + 1, $2, $3, $4, $5, $6, $7"
		" FROM @.smc_key_log WHERE party = $1",
		7, {TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, BYTEAOID, TIMESTAMPTZOID, TEXTOID}
	};
	Datum		values[7] = {0};
	bool		nulls[7] = {false};

	values[0] = CStringGetTextDatum(party);
	nulls[1] = old_key == NULL;
	if (old_key != NULL)
		values[1] = CStringGetTextDatum(old_key);
	nulls[2] = new_key == NULL;
	if (new_key != NULL)
		values[2] = CStringGetTextDatum(new_key);
	nulls[3] = nulls[4] = rotation == NULL;
	if (rotation != NULL)
	{
		bytea	   *signature = palloc(VARHDRSZ + SMC_SIGNATURE_BYTES);

		SET_VARSIZE(signature, VARHDRSZ + SMC_SIGNATURE_BYTES);
		memcpy(VARDATA(signature), rotation->signature, SMC_SIGNATURE_BYTES);
		values[3] = TimestampTzGetDatum((TimestampTz) rotation->signed_at);
		values[4] = PointerGetDatum(signature);
	}
	values[5] = TimestampTzGetDatum(GetCurrentTimestamp());
	nulls[6] = role == NULL;
	if (role != NULL)
		values[6] = CStringGetTextDatum(role);
	(void) smc_statement_run(&insert, values, nulls);
}

void
smc_key_log_add(const char *party, const SmcRotation *rotation)
{
	char		old_key[SMC_KEY_TEXT_MAX];
	char		new_key[SMC_KEY_TEXT_MAX];

	smc_identity_format_key(rotation->old_key, old_key);
	smc_identity_format_key(rotation->new_key, new_key);
	add(party, old_key, new_key, rotation, NULL);
}

void
smc_key_log_add_pin(const char *party, const char *old_key, const char *new_key, const char *role)
{
	add(party, old_key, new_key, NULL, role);
}

/*
 * smc_key_standing(party text, public_key text) returns text
 *
 * What a party's key is here now: 'registered'; 'rotated', when signed
 * statements lead from it to the registered one; else 'unknown'.
 */
Datum
smc_key_standing(PG_FUNCTION_ARGS)
{
	char	   *party = text_to_cstring(PG_GETARG_TEXT_PP(0));
	SmcPeer    *peer = smc_peer_find(party, true);
	uint8		key[SMC_PUBLIC_KEY_BYTES];
	const char *standing = "unknown";

	if (peer != NULL && peer->has_key &&
		smc_identity_parse_key(text_to_cstring(PG_GETARG_TEXT_PP(1)), key))
	{
		if (memcmp(key, peer->public_key, SMC_PUBLIC_KEY_BYTES) == 0)
			standing = "registered";
		else if (smc_key_log_leads(party, key, peer->public_key))
			standing = "rotated";
	}
	PG_RETURN_TEXT_P(cstring_to_text(standing));
}

/*
 * smc_verify_rotation(party text, old_key text, new_key text,
 *     signed_at timestamptz, signature bytea) returns boolean
 *
 * Whether the old key signed that it gives way to the new one, as the party's,
 * then.  Looks at nothing but its arguments.
 */
Datum
smc_verify_rotation(PG_FUNCTION_ARGS)
{
	char	   *party = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea	   *signature = PG_GETARG_BYTEA_PP(4);
	SmcRotation rotation;

	if (!smc_identity_parse_key(text_to_cstring(PG_GETARG_TEXT_PP(1)), rotation.old_key) ||
		!smc_identity_parse_key(text_to_cstring(PG_GETARG_TEXT_PP(2)), rotation.new_key) ||
		VARSIZE_ANY_EXHDR(signature) != SMC_SIGNATURE_BYTES)
		PG_RETURN_BOOL(false);
	rotation.signed_at = (uint64) PG_GETARG_TIMESTAMPTZ(3);
	memcpy(rotation.signature, VARDATA_ANY(signature), SMC_SIGNATURE_BYTES);
	PG_RETURN_BOOL(smc_rotation_verify(&rotation, party) == SMC_OK);
}
