/*
 * The module as PostgreSQL loads it: settings, hooks, shared memory, and the
 * few questions that every file of this layer asks.
 *
 * smc belongs in shared_preload_libraries, for three reasons: lanes live in
 * shared memory, which can't be had later; sessions of peers must be confined
 * from their first statement on, in every database of the cluster; and the
 * settings must be known when the configuration is read.  Loaded later, by the
 * call of a function, the module offers only what needs none of these (the
 * plain splitting), and everything else refuses with a hint.
 */
#include "postgres.h"

#include <sodium.h>

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xlog.h"
#include "catalog/indexing.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/guc.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "pg/smc_activity.h"
#include "pg/smc_guard.h"
#include "pg/smc_key_pin.h"
#include "pg/smc_lane.h"
#include "pg/smc_module.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

PG_FUNCTION_INFO_V1(smc_require_preload);

int			smc_max_lanes = 8;
int			smc_lane_idle_timeout = 5 * 60 * 1000;
int			smc_peer_timeout = 10 * 1000;

/* Whether the postmaster loaded us; children inherit it. */
static bool preloaded = false;

static shmem_request_hook_type previous_shmem_request = NULL;
static shmem_startup_hook_type previous_shmem_startup = NULL;

/* What is known of the extension in this database, until the catalogs change. */
static bool extension_valid = false;
static Oid	extension_schema = InvalidOid;
static Oid	extension_owner = InvalidOid;

static void
define_settings(void)
{
	DefineCustomIntVariable("smc.max_lanes",
							"Sets the number of lanes that this cluster may hold open to its peers at once.",
							"Each lane is one background worker, counted in max_worker_processes, "
							"with one connection to every peer.",
							&smc_max_lanes,
							8, 1, 64,
							PGC_POSTMASTER, 0,
							NULL, NULL, NULL);

	DefineCustomIntVariable("smc.lane_idle_timeout",
							"Sets how long a lane without a computation is kept for the next one.",
							"Zero keeps it until the server stops.",
							&smc_lane_idle_timeout,
							5 * 60 * 1000, 0, INT_MAX,
							PGC_SIGHUP, GUC_UNIT_MS,
							NULL, NULL, NULL);

	DefineCustomIntVariable("smc.peer_timeout",
							"Sets how long a computation waits for a peer that gives no sign of life.",
							"The value of the session that asks holds at all parties.",
							&smc_peer_timeout,
							10 * 1000, SMC_PEER_TIMEOUT_MIN, SMC_PEER_TIMEOUT_MAX,
							PGC_USERSET, GUC_UNIT_MS,
							NULL, NULL, NULL);

	MarkGUCPrefixReserved("smc");
}

/* Ask for shared memory, once its size can be told from the settings. */
static void
request_shmem(void)
{
	if (previous_shmem_request != NULL)
		previous_shmem_request();

	RequestAddinShmemSpace(smc_lane_shmem_size());
	RequestAddinShmemSpace(smc_activity_shmem_size());
}

/* Set it up, in the postmaster at start and after each crash. */
static void
startup_shmem(void)
{
	if (previous_shmem_startup != NULL)
		previous_shmem_startup();

	LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
	smc_lane_shmem_init();
	smc_activity_shmem_init();
	LWLockRelease(AddinShmemInitLock);
}

void
_PG_init(void)
{
	/*
	 * libsodium draws its randomness from the kernel at each call, so that a
	 * state set up in the postmaster is never shared by its children.
	 */
	if (sodium_init() < 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYSTEM_ERROR),
				 errmsg("could not initialize libsodium"),
				 errdetail("The system's source of randomness is not usable.")));

	if (!process_shared_preload_libraries_in_progress)
		return;

	define_settings();

	previous_shmem_request = shmem_request_hook;
	shmem_request_hook = request_shmem;
	previous_shmem_startup = shmem_startup_hook;
	shmem_startup_hook = startup_shmem;

	smc_key_pin_init();
	smc_guard_init();

	preloaded = true;
}

void
smc_module_require_preload(void)
{
	if (!preloaded)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("smc must be loaded by shared_preload_libraries"),
				 errhint("Add smc to shared_preload_libraries in postgresql.conf and restart the server.")));
}

void
smc_module_require_primary(void)
{
	if (RecoveryInProgress())
		ereport(ERROR,
				(errcode(ERRCODE_READ_ONLY_SQL_TRANSACTION),
				 errmsg("a standby can't take part in computations"),
				 errdetail("Each computation is written to the audit.")));
}

/* smc_module_require_preload for the extension's script, so that CREATE EXTENSION fails early. */
Datum
smc_require_preload(PG_FUNCTION_ARGS)
{
	smc_module_require_preload();
	PG_RETURN_VOID();
}

static void
forget_extension(Datum arg, int cacheid, uint32 hashvalue)
{
	extension_valid = false;
}

/* Begin to look for our row of pg_extension. */
static SysScanDesc
scan_extension(Relation rel)
{
	ScanKeyData key;

	ScanKeyInit(&key, Anum_pg_extension_extname,
				BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(SMC_EXTENSION));
	return systable_beginscan(rel, ExtensionNameIndexId, true, NULL, 1, &key);
}

/*
 * Read our row of pg_extension.  That catalog has no syscache, whence the
 * cache here; what invalidates it is our wrapper, which is created and dropped
 * with the extension, and the roles, for the owner.  The schema can't change,
 * as the extension isn't relocatable.
 *
 * A row that isn't there yet isn't remembered: the script of CREATE EXTENSION
 * runs before any invalidation would tell.
 */
static void
read_extension(void)
{
	static bool registered = false;
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;

	if (extension_valid)
		return;

	if (!registered)
	{
		CacheRegisterSyscacheCallback(FOREIGNDATAWRAPPEROID, forget_extension, (Datum) 0);
		CacheRegisterSyscacheCallback(AUTHOID, forget_extension, (Datum) 0);
		registered = true;
	}

	extension_schema = InvalidOid;
	extension_owner = InvalidOid;

	rel = table_open(ExtensionRelationId, AccessShareLock);
	scan = scan_extension(rel);
	tuple = systable_getnext(scan);
	if (HeapTupleIsValid(tuple))
	{
		Form_pg_extension form = (Form_pg_extension) GETSTRUCT(tuple);

		extension_schema = form->extnamespace;
		extension_owner = form->extowner;
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);

	/*
	 * Set last: accepting invalidations while the catalog was opened may have
	 * run the callback for changes that we have seen anyway.
	 */
	extension_valid = OidIsValid(extension_schema);
}

Oid
smc_module_schema_if_any(void)
{
	read_extension();
	return extension_schema;
}

Oid
smc_module_schema(void)
{
	Oid			schema = smc_module_schema_if_any();

	if (!OidIsValid(schema))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension \"%s\" is not created in this database", SMC_EXTENSION),
				 errhint("Use CREATE EXTENSION smc.")));
	return schema;
}

char *
smc_module_version(void)
{
	Relation	rel = table_open(ExtensionRelationId, AccessShareLock);
	char	   *version = NULL;
	SysScanDesc scan = scan_extension(rel);
	HeapTuple	tuple = systable_getnext(scan);

	if (HeapTupleIsValid(tuple))
	{
		bool		isnull;
		Datum		value = heap_getattr(tuple, Anum_pg_extension_extversion,
										 RelationGetDescr(rel), &isnull);

		if (!isnull)
			version = TextDatumGetCString(value);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return version != NULL ? version : pstrdup("");
}

/*
 * Inside, no object of anyone else's can be picked up by a name (search_path),
 * and the caller can't turn back into itself (SET ROLE is refused).
 */
void
smc_module_privilege_begin(SmcPrivilege *saved)
{
	Oid			schema = smc_module_schema();
	Oid			owner;
	char	   *path;

	/*
	 * The script demands that a superuser creates the extension, but that
	 * role may have lost its rank since.
	 */
	owner = superuser_arg(extension_owner) ? extension_owner : BOOTSTRAP_SUPERUSERID;
	path = psprintf("pg_catalog, %s, pg_temp", quote_identifier(get_namespace_name(schema)));

	GetUserIdAndSecContext(&saved->userid, &saved->sec_context);
	saved->guc_level = NewGUCNestLevel();
	SetUserIdAndSecContext(owner, saved->sec_context | SECURITY_LOCAL_USERID_CHANGE |
						   SECURITY_NOFORCE_RLS);
	(void) set_config_option("search_path", path, PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	pfree(path);
}

void
smc_module_privilege_end(const SmcPrivilege *saved)
{
	AtEOXact_GUC(false, saved->guc_level);
	SetUserIdAndSecContext(saved->userid, saved->sec_context);
}
