/*
 * Who this party is: its name and its Ed25519 key pair, in one row of table
 * smc_identity.
 *
 * A table and no file beside it, so that the identity follows the database:
 * through crash recovery, to a standby and its failover, into a base backup.
 * It isn't in a plain pg_dump (contents of an extension's tables never are): a
 * dump travels, and whoever reads it could speak in this party's name.
 *
 * Who may read the secret key: superusers, and whoever reads the server's
 * files.  Nobody else, by these layers:
 *
 * - The table grants nothing to anyone, and row security without any policy
 *   shows no row to a role whose grants are wholesale (pg_read_all_data).
 * - A role with BYPASSRLS on top does get the row, but the key is of a type
 *   whose output and send functions refuse.  Those two are the only way from
 *   the type to bytes: it has no casts, and text, COPY (either format), json,
 *   xml, row and array output, and procedural languages all go by them.
 * - The type has no operators, so a row that contains it can't be compared,
 *   sorted, hashed or grouped.  The comparisons of binary images (*<, *=) do
 *   work, but are no oracle: nobody else can make a key to compare with, as
 *   input and receive refuse just so.
 * - Without operators ANALYZE has nothing to keep of it in pg_statistic, and
 *   the column's statistics target is 0 besides.
 * - The row is inserted without logical decoding, so neither a publication FOR
 *   ALL TABLES nor any other output plugin sees it in the stream.  (The first
 *   copy of such a publication is a COPY by the subscriber's role, see above.)
 *
 * The functions that need the identity read the row straight from the heap,
 * below all privileges, and keep no copy.
 */
#include "postgres.h"

#include <sodium.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "commands/tablecmds.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "core/smc_handshake.h"
#include "pg/smc_compat.h"
#include "pg/smc_hidden.h"
#include "pg/smc_identity.h"
#include "pg/smc_module.h"
#include "pg/smc_option.h"

PG_FUNCTION_INFO_V1(smc_create_identity);
PG_FUNCTION_INFO_V1(smc_public_key);
PG_FUNCTION_INFO_V1(smc_secret_key_in);
PG_FUNCTION_INFO_V1(smc_secret_key_out);
PG_FUNCTION_INFO_V1(smc_secret_key_recv);
PG_FUNCTION_INFO_V1(smc_secret_key_send);

/* Columns of smc_identity. */
#define IDENTITY_ONLY_ONE	1
#define IDENTITY_NAME		2
#define IDENTITY_PUBLIC_KEY	3
#define IDENTITY_SECRET_KEY	4
#define IDENTITY_CREATED_AT	5
#define IDENTITY_COLUMNS	5

#define KEY_TEXT_LEN		44	/* base64 of SMC_PUBLIC_KEY_BYTES */
#define VALID_KEYS			32	/* remembered as valid, at least SMC_PARTIES_MAX */

StaticAssertDecl(crypto_sign_PUBLICKEYBYTES == SMC_PUBLIC_KEY_BYTES, "public key size");
StaticAssertDecl(crypto_sign_SECRETKEYBYTES == SMC_SECRET_KEY_BYTES, "secret key size");

/*
 * The check of the group costs some 50 us, and keys are read several times a
 * query: those that passed are remembered, and found by their text alone.
 */
bool
smc_identity_parse_key(const char *text, uint8 out[SMC_PUBLIC_KEY_BYTES])
{
	static struct
	{
		char		text[KEY_TEXT_LEN + 1];
		uint8		key[SMC_PUBLIC_KEY_BYTES];
	}			valid_keys[VALID_KEYS];
	static int	next = 0;
	size_t		len;
	const char *end;
	int			i;

	if (strlen(text) != KEY_TEXT_LEN)
		return false;
	for (i = 0; i < VALID_KEYS; i++)
	{
		if (strcmp(valid_keys[i].text, text) == 0)
		{
			memcpy(out, valid_keys[i].key, SMC_PUBLIC_KEY_BYTES);
			return true;
		}
	}
	if (sodium_base642bin(out, SMC_PUBLIC_KEY_BYTES, text, KEY_TEXT_LEN, NULL, &len, &end,
						  sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	if (len != SMC_PUBLIC_KEY_BYTES || end != text + KEY_TEXT_LEN)
		return false;

	/* On the curve, in the subgroup of prime order, in the one way to write it. */
	if (crypto_core_ed25519_is_valid_point(out) != 1)
		return false;
	strlcpy(valid_keys[next].text, text, sizeof(valid_keys[next].text));
	memcpy(valid_keys[next].key, out, SMC_PUBLIC_KEY_BYTES);
	next = (next + 1) % VALID_KEYS;
	return true;
}

void
smc_identity_format_key(const uint8 key[SMC_PUBLIC_KEY_BYTES], char out[SMC_KEY_TEXT_MAX])
{
	sodium_bin2base64(out, SMC_KEY_TEXT_MAX, key, SMC_PUBLIC_KEY_BYTES,
					  sodium_base64_VARIANT_ORIGINAL);
}

/*
 * The words `all` and `none` are taken by option reveal_to.
 */
void
smc_identity_check_name(const char *name)
{
	if (!smc_handshake_is_name(name))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_NAME),
				 errmsg("invalid party name \"%s\"", name),
				 errdetail("A party's name is a lower-case letter, then lower-case letters, digits and underscores, %d at most.",
						   SMC_NAME_MAX - 1)));
	if (strcmp(name, "all") == 0 || strcmp(name, "none") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_RESERVED_NAME),
				 errmsg("party name \"%s\" is reserved", name),
				 errdetail("Option reveal_to uses this word.")));
}

/* OID of table smc_identity; InvalidOid where the extension isn't created. */
static Oid
identity_table(void)
{
	Oid			schema = smc_module_schema_if_any();
	Oid			relid;

	if (!OidIsValid(schema))
		return InvalidOid;
	relid = get_relname_relid("smc_identity", schema);
	if (!OidIsValid(relid))
		elog(ERROR, "table smc_identity is missing");
	return relid;
}

/*
 * Read the row, if there is one, from a table that the caller has opened.
 * identity and secret may be NULL.  Sees what is committed and what this
 * transaction did itself, whatever its isolation level.
 */
static bool
read_row(Relation rel, SmcIdentity *identity, uint8 *secret)
{
	SysScanDesc scan;
	HeapTuple	tuple;
	bool		found = false;

	scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Datum		values[IDENTITY_COLUMNS];
		bool		nulls[IDENTITY_COLUMNS];

		if (RelationGetNumberOfAttributes(rel) != IDENTITY_COLUMNS)
			elog(ERROR, "table smc_identity has been altered");
		heap_deform_tuple(tuple, RelationGetDescr(rel), values, nulls);
		found = true;

		if (identity != NULL)
		{
			char	   *key = TextDatumGetCString(values[IDENTITY_PUBLIC_KEY - 1]);

			strlcpy(identity->name, NameStr(*DatumGetName(values[IDENTITY_NAME - 1])),
					SMC_NAME_MAX);
			if (!smc_identity_parse_key(key, identity->public_key))
				ereport(ERROR,
						(errcode(ERRCODE_DATA_CORRUPTED),
						 errmsg("table smc_identity holds a malformed public key")));
			pfree(key);
		}
		if (secret != NULL)
			memcpy(secret, DatumGetPointer(values[IDENTITY_SECRET_KEY - 1]),
				   SMC_SECRET_KEY_BYTES);
	}
	systable_endscan(scan);
	return found;
}

static void
raise_no_identity(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("this database has no identity yet"),
			 errhint("Have a superuser call smc_create_identity() with this party's name.")));
}

bool
smc_identity_read(SmcIdentity *identity, bool missing_ok)
{
	Oid			relid;
	bool		found = false;

	if (!missing_ok)
		(void) smc_module_schema();

	relid = identity_table();
	if (OidIsValid(relid))
	{
		Relation	rel = table_open(relid, AccessShareLock);

		found = read_row(rel, identity, NULL);
		table_close(rel, AccessShareLock);
	}

	if (!found && !missing_ok)
		raise_no_identity();
	return found;
}

void
smc_identity_secret(uint8 out[SMC_SECRET_KEY_BYTES])
{
	Relation	rel;
	bool		found;

	(void) smc_module_schema();
	rel = table_open(identity_table(), AccessShareLock);
	found = read_row(rel, NULL, out);
	table_close(rel, AccessShareLock);

	if (!found)
		raise_no_identity();
}

/*
 * Insert the row.  Done by hand and not by SQL for the sake of one flag: the
 * key must not be in the stream of logical decoding.
 */
static void
insert_row(Relation rel, const char *name, const char *public_key,
		   const uint8 secret[SMC_SECRET_KEY_BYTES])
{
	Datum		values[IDENTITY_COLUMNS];
	bool		nulls[IDENTITY_COLUMNS] = {false};
	NameData	name_data;

	if (RelationGetNumberOfAttributes(rel) != IDENTITY_COLUMNS)
		elog(ERROR, "table smc_identity has been altered");

	namestrcpy(&name_data, name);
	values[IDENTITY_ONLY_ONE - 1] = BoolGetDatum(true);
	values[IDENTITY_NAME - 1] = NameGetDatum(&name_data);
	values[IDENTITY_PUBLIC_KEY - 1] = CStringGetTextDatum(public_key);
	values[IDENTITY_SECRET_KEY - 1] = PointerGetDatum(secret);
	values[IDENTITY_CREATED_AT - 1] = TimestampTzGetDatum(GetCurrentTransactionStartTimestamp());

	smc_hidden_insert(rel, values, nulls);
}

void
smc_identity_lock(void)
{
	(void) smc_module_schema();
	LockRelationOid(identity_table(), AccessExclusiveLock);
}

bool
smc_identity_is_locked(void)
{
	Oid			relid = identity_table();
	LOCKTAG		tag;

	if (!OidIsValid(relid))
		return false;
	SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
	return smc_compat_lock_held(&tag, AccessExclusiveLock);
}

/*
 * An update would leave the old row, secret and all, in the table's pages: until
 * VACUUM has come by, and in the gaps of the page even then.  So the table gets
 * new storage, as TRUNCATE gives it, which holds the new row alone; the old
 * files go when the transaction commits, and it is they that hold again when it
 * is rolled back.  Not by TRUNCATE itself: that is replicated logically, and
 * would empty the same table of a subscriber.
 */
void
smc_identity_replace(const SmcIdentity *identity, const uint8 secret[SMC_SECRET_KEY_BYTES])
{
	Relation	rel = table_open(identity_table(), NoLock);
	Oid			toast = rel->rd_rel->reltoastrelid;
	char		text[SMC_KEY_TEXT_MAX];

	Assert(CheckRelationLockedByMe(rel, AccessExclusiveLock, true));
	CheckTableNotInUse(rel, "smc_rotate_identity()");

	smc_compat_set_new_storage(rel);
	if (OidIsValid(toast))
	{
		Relation	toast_rel = table_open(toast, AccessExclusiveLock);

		smc_compat_set_new_storage(toast_rel);
		table_close(toast_rel, NoLock);
	}
	smc_compat_reindex_relation(RelationGetRelid(rel));

	smc_identity_format_key(identity->public_key, text);
	insert_row(rel, identity->name, text, secret);
	table_close(rel, NoLock);
	CommandCounterIncrement();
}

/*
 * Find the server that stands for this database itself, where there is one
 * already.  That is so in a database restored from a dump, which has all the
 * servers and no identity.
 */
static ForeignServer *
find_own_server(const char *name)
{
	ForeignServer *server = GetForeignServerByName(name, true);
	ForeignDataWrapper *wrapper;

	if (server == NULL)
		return NULL;

	wrapper = GetForeignDataWrapper(server->fdwid);
	if (strcmp(wrapper->fdwname, SMC_WRAPPER) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("server \"%s\" already exists", name),
				 errdetail("It belongs to foreign-data wrapper \"%s\".", wrapper->fdwname),
				 errhint("Rename or drop that server, or choose another name for this party.")));
	return server;
}

/*
 * Make the own server, or give the existing one the new key.  By SQL, so that
 * it is DDL like any other to event triggers and the log.
 */
static void
register_own_server(ForeignServer *server, const char *name, const char *public_key)
{
	StringInfoData sql;

	initStringInfo(&sql);
	if (server == NULL)
		appendStringInfo(&sql, "CREATE SERVER %s FOREIGN DATA WRAPPER %s OPTIONS (public_key %s)",
						 quote_identifier(name), quote_identifier(SMC_WRAPPER),
						 quote_literal_cstr(public_key));
	else
	{
		bool		has_key = smc_option_get(server->options, "public_key") != NULL;

		appendStringInfo(&sql, "ALTER SERVER %s OPTIONS (%s public_key %s)",
						 quote_identifier(name), has_key ? "SET" : "ADD",
						 quote_literal_cstr(public_key));
	}

	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "could not connect to SPI");
	if (SPI_execute(sql.data, false, 0) != SPI_OK_UTILITY)
		elog(ERROR, "could not register server \"%s\"", name);
	if (SPI_finish() != SPI_OK_FINISH)
		elog(ERROR, "could not leave SPI");
	pfree(sql.data);
}

void
smc_identity_register(const SmcIdentity *identity)
{
	char		text[SMC_KEY_TEXT_MAX];

	smc_identity_format_key(identity->public_key, text);
	register_own_server(find_own_server(identity->name), identity->name, text);
}

/*
 * Make this party's key pair, once, and the server of its name.  All in the
 * caller's transaction; two callers at once wait for each other.
 */
Datum
smc_create_identity(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	Relation	rel;
	SmcIdentity existing;
	ForeignServer *server;
	uint8		public_key[SMC_PUBLIC_KEY_BYTES];
	uint8		secret[SMC_SECRET_KEY_BYTES];
	char		text[SMC_KEY_TEXT_MAX];

	smc_module_require_preload();
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to create the identity of this database"),
				 errhint("Must be superuser to call smc_create_identity().")));
	PreventCommandIfReadOnly("smc_create_identity()");
	PreventCommandIfParallelMode("smc_create_identity()");
	smc_identity_check_name(name);

	(void) smc_module_schema();
	rel = table_open(identity_table(), ShareRowExclusiveLock);
	if (read_row(rel, &existing, NULL))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("this database already is party \"%s\"", existing.name),
				 errhint("smc_public_key() returns its key. To begin anew, which every peer must be told, delete the row of smc_identity first.")));
	server = find_own_server(name);

	PG_TRY();
	{
		if (crypto_sign_keypair(public_key, secret) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not make a key pair")));
		smc_identity_format_key(public_key, text);
		insert_row(rel, name, text, secret);
	}
	PG_FINALLY();
	{
		sodium_memzero(secret, sizeof(secret));
	}
	PG_END_TRY();

	table_close(rel, NoLock);
	CommandCounterIncrement();
	if (server != NULL)
		ereport(NOTICE,
				(errmsg("server \"%s\" already exists, giving it the new public key", name)));
	register_own_server(server, name, text);

	PG_RETURN_TEXT_P(cstring_to_text(text));
}

Datum
smc_public_key(PG_FUNCTION_ARGS)
{
	SmcIdentity identity;
	char		text[SMC_KEY_TEXT_MAX];

	(void) smc_identity_read(&identity, false);
	smc_identity_format_key(identity.public_key, text);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

static const SmcHiddenType key_type = {"smc_secret_key", "secret key", "secret keys", SMC_SECRET_KEY_BYTES};

/* Input, in hex: for superusers who move an identity by hand. */
Datum
smc_secret_key_in(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(smc_hidden_in(&key_type, PG_GETARG_CSTRING(0)));
}

Datum
smc_secret_key_out(PG_FUNCTION_ARGS)
{
	PG_RETURN_CSTRING(smc_hidden_out(&key_type, (const uint8 *) PG_GETARG_POINTER(0)));
}

Datum
smc_secret_key_recv(PG_FUNCTION_ARGS)
{
	PG_RETURN_POINTER(smc_hidden_recv(&key_type, (StringInfo) PG_GETARG_POINTER(0)));
}

Datum
smc_secret_key_send(PG_FUNCTION_ARGS)
{
	PG_RETURN_BYTEA_P(smc_hidden_send(&key_type, (const uint8 *) PG_GETARG_POINTER(0)));
}
