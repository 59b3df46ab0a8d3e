/*
 * Studies: found, read once and kept, looked into.
 *
 * A study is read on every party for every query, and reading it means some
 * dozens of catalog look-ups and parses of options, so it is kept.  Any change
 * of what it was read from drops what is kept: relcache invalidation (the
 * table, its columns and their options) for the one table, and for all of them
 * that of foreign tables, servers, wrappers, schemas, types, enum labels and
 * collations.  What a caller holds stays as it was until the memory context it
 * was asked in is reset, so a study can't change under a running query.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "access/xact.h"
#include "catalog/indexing.h"
#include "catalog/pg_class.h"
#include "catalog/pg_foreign_table.h"
#include "foreign/foreign.h"
#include "lib/stringinfo.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/syscache.h"
#include "utils/timestamp.h"
#include "utils/varlena.h"

#include "pg/smc_definition.h"
#include "pg/smc_differences.h"
#include "pg/smc_identity.h"
#include "pg/smc_peer.h"
#include "pg/smc_privacy.h"
#include "pg/smc_study.h"
#include "pg/smc_study_read.h"

/*
 * The words of option allow
 */

static const char *const allow_words[] = {
	"count", "sum", "avg", "min", "max", "compare", "variance", "stddev", "covar", "corr", "regr",
	"median", "percentile", "mode", "histogram", "distinct", "linregr", "logregr",
	"filter", "group", "key"
};

StaticAssertDecl(1 << (lengthof(allow_words) - 1) == SMC_ALLOW_KEY,
				 "allow_words must have a word for each bit of SmcAllow");

const char *
smc_study_allow_word(SmcAllow bit)
{
	int			i;

	for (i = 0; i < lengthof(allow_words); i++)
		if ((uint32) bit == 1u << i)
			return allow_words[i];
	elog(ERROR, "unrecognized allow bit: %u", (uint32) bit);
}

char *
smc_study_allow_list(uint32 allow)
{
	StringInfoData buf;
	int			i;

	initStringInfo(&buf);
	for (i = 0; i < lengthof(allow_words); i++)
		if (allow & (1u << i))
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", allow_words[i]);
	return buf.data;
}

uint32
smc_study_parse_allow(const char *text)
{
	char	   *copy = pstrdup(text);
	uint32		allow = 0;
	List	   *words;
	ListCell   *lc;

	if (!SplitIdentifierString(copy, ',', &words) || words == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("option \"allow\" is not a comma-separated list of words"),
				 errhint("For example: allow 'count, sum, avg'.")));
	foreach(lc, words)
	{
		const char *word = lfirst(lc);
		int			i;

		for (i = 0; i < lengthof(allow_words); i++)
			if (strcmp(word, allow_words[i]) == 0)
				break;
		if (i == lengthof(allow_words))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("option \"allow\" does not know the word \"%s\"", word),
					 errhint("Valid words are: %s.", smc_study_allow_list(PG_UINT32_MAX))));
		allow |= 1u << i;
	}
	return allow;
}

/*
 * What is kept.  A study lives in a context of its own, and is held by the
 * table (until invalidated) and by each memory context that asked for it.
 */

typedef struct Kept
{
	MemoryContext context;		/* holds this struct and the study */
	SmcStudy   *study;
	char		self[SMC_NAME_MAX]; /* who we were when it was read */
	int			pins;
	bool		in_table;
} Kept;

typedef struct KeptEntry
{
	Oid			relid;			/* hash key */
	Kept	   *kept;
} KeptEntry;

static HTAB *kept_studies = NULL;
static uint64 invalidations = 0;

static void
release(Kept *kept)
{
	if (!kept->in_table && kept->pins == 0)
		MemoryContextDelete(kept->context);
}

static void
drop_entry(KeptEntry *entry)
{
	Kept	   *kept = entry->kept;

	(void) hash_search(kept_studies, &entry->relid, HASH_REMOVE, NULL);
	kept->in_table = false;
	release(kept);
}

static void
drop_all(void)
{
	HASH_SEQ_STATUS status;
	KeptEntry  *entry;

	invalidations++;
	hash_seq_init(&status, kept_studies);
	while ((entry = hash_seq_search(&status)) != NULL)
		drop_entry(entry);
}

static void
relation_changed(Datum arg, Oid relid)
{
	KeptEntry  *entry;

	if (!OidIsValid(relid))
	{
		drop_all();
		return;
	}
	invalidations++;
	entry = hash_search(kept_studies, &relid, HASH_FIND, NULL);
	if (entry)
		drop_entry(entry);
}

static void
catalog_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	drop_all();
}

static void
create_table(void)
{
	static const int watched[] = {
		FOREIGNTABLEREL, FOREIGNSERVEROID, FOREIGNDATAWRAPPEROID,
		NAMESPACEOID, TYPEOID, ENUMOID, COLLOID
	};
	HASHCTL		ctl = {0};
	int			i;

	ctl.keysize = sizeof(Oid);
	ctl.entrysize = sizeof(KeptEntry);
	kept_studies = hash_create("smc studies", 16, &ctl, HASH_ELEM | HASH_BLOBS);
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	for (i = 0; i < lengthof(watched); i++)
		CacheRegisterSyscacheCallback(watched[i], catalog_changed, (Datum) 0);
}

static void
unpin(void *arg)
{
	Kept	   *kept = arg;

	kept->pins--;
	release(kept);
}

/* Hold it until the current memory context is reset. */
static SmcStudy *
pin(Kept *kept)
{
	MemoryContextCallback *callback = palloc0(sizeof(MemoryContextCallback));

	callback->func = unpin;
	callback->arg = kept;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, callback);
	kept->pins++;
	return kept->study;
}

/* Read a study into a context of its own, which is a child of the current one. */
static Kept *
read_study(Oid relid, const char *self)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "smc study",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Relation	rel = relation_open(relid, NoLock);
	Kept	   *kept = palloc0(sizeof(Kept));

	kept->context = context;
	strlcpy(kept->self, self, sizeof(kept->self));
	kept->study = smc_study_read(rel, self);
	MemoryContextSetIdentifier(context, kept->study->name);
	relation_close(rel, NoLock);
	MemoryContextSwitchTo(caller);
	return kept;
}

SmcStudy *
smc_study_load(Oid relid)
{
	SmcIdentity identity;
	KeptEntry  *entry;
	Kept	   *kept;
	uint64		before;
	bool		found;

	if (kept_studies == NULL)
		create_table();

	/* taking the lock takes in what others have changed, too */
	LockRelationOid(relid, AccessShareLock);
	if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("study with OID %u does not exist", relid)));
	(void) smc_identity_read(&identity, false);

	entry = hash_search(kept_studies, &relid, HASH_FIND, NULL);
	if (entry && strcmp(entry->kept->self, identity.name) == 0)
		return pin(entry->kept);

	before = invalidations;
	kept = read_study(relid, identity.name);
	if (invalidations != before)
		return kept->study;		/* good for now, but not to be kept: dies with the caller's context */

	entry = hash_search(kept_studies, &relid, HASH_ENTER, &found);
	if (found)
	{
		entry->kept->in_table = false;
		release(entry->kept);
	}
	entry->kept = kept;
	kept->in_table = true;
	MemoryContextSetParent(kept->context, CacheMemoryContext);
	return pin(kept);
}

/* Whether an error speaks of the definition, and not of the session or the machine. */
static bool
is_about_definition(const ErrorData *error)
{
	switch (ERRCODE_TO_CATEGORY(error->sqlerrcode))
	{
		case ERRCODE_OPERATOR_INTERVENTION:
		case ERRCODE_INSUFFICIENT_RESOURCES:
		case ERRCODE_SYSTEM_ERROR:
		case ERRCODE_INTERNAL_ERROR:
		case ERRCODE_TRANSACTION_ROLLBACK:
			return false;
		default:
			return true;
	}
}

SmcStudy *
smc_study_try_load(Oid relid, char **why)
{
	MemoryContext caller = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	SmcStudy   *study = NULL;

	*why = NULL;
	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller);
	PG_TRY();
	{
		study = smc_study_load(relid);
		ReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
	}
	PG_CATCH();
	{
		ErrorData  *error;

		/* where it outlives whatever is reset on its way, should it be thrown again */
		MemoryContextSwitchTo(TopTransactionContext);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		MemoryContextSwitchTo(caller);
		CurrentResourceOwner = owner;
		if (!is_about_definition(error))
			ReThrowError(error);
		study = NULL;
		*why = pstrdup(error->message);
		FreeErrorData(error);
	}
	PG_END_TRY();
	return study;
}

/*
 * Finding
 */

/* The server of a foreign table; InvalidOid where there is no such table (any more). */
static Oid
server_of(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(FOREIGNTABLEREL, ObjectIdGetDatum(relid));
	Oid			serverid;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	serverid = ((Form_pg_foreign_table) GETSTRUCT(tuple))->ftserver;
	ReleaseSysCache(tuple);
	return serverid;
}

Oid
smc_study_owner(Oid relid)
{
	HeapTuple	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
	Oid			owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("study with OID %u does not exist", relid)));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

bool
smc_study_is_one(Oid relid)
{
	Oid			serverid = server_of(relid);

	return OidIsValid(serverid) && smc_peer_is_server(serverid);
}

List *
smc_study_relations(void)
{
	List	   *relids = NIL;
	Relation	rel = table_open(ForeignTableRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(rel, InvalidOid, false, NULL, 0, NULL);
	HeapTuple	tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_foreign_table table = (Form_pg_foreign_table) GETSTRUCT(tuple);

		if (smc_peer_is_server(table->ftserver))
			relids = lappend_oid(relids, table->ftrelid);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return relids;
}

/* The foreign tables of that name, whatever their schema and server. */
static List *
foreign_tables_named(const char *name)
{
	List	   *relids = NIL;
	NameData	relname;
	ScanKeyData key;
	Relation	rel;
	SysScanDesc scan;
	HeapTuple	tuple;

	namestrcpy(&relname, name);
	ScanKeyInit(&key, Anum_pg_class_relname, BTEqualStrategyNumber, F_NAMEEQ,
				NameGetDatum(&relname));
	rel = table_open(RelationRelationId, AccessShareLock);
	scan = systable_beginscan(rel, ClassNameNspIndexId, true, NULL, 1, &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if (form->relkind == RELKIND_FOREIGN_TABLE)
			relids = lappend_oid(relids, form->oid);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);
	return relids;
}

SmcStudy *
smc_study_find(const char *name)
{
	SmcIdentity identity;
	Oid			found = InvalidOid;
	ListCell   *lc;

	if (strlen(name) >= NAMEDATALEN || !smc_identity_read(&identity, true))
		return NULL;
	foreach(lc, foreign_tables_named(name))
	{
		Oid			relid = lfirst_oid(lc);
		Oid			serverid = server_of(relid);

		if (!OidIsValid(serverid) || !smc_peer_is_server(serverid) ||
			strcmp(GetForeignServer(serverid)->servername, identity.name) != 0)
			continue;
		if (OidIsValid(found))
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_TABLE),
					 errmsg("there are two studies \"%s\" in this database", name),
					 errdetail("Peers know a study by its name alone, whatever its schema."),
					 errhint("Drop or rename one of %s and %s.",
							 quote_qualified_identifier(get_namespace_name(get_rel_namespace(found)), name),
							 quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name))));
		found = relid;
	}
	return OidIsValid(found) ? smc_study_load(found) : NULL;
}

List *
smc_study_offers(const char *party)
{
	List	   *offers = NIL;
	ListCell   *lc;

	foreach(lc, smc_study_relations())
	{
		char	   *why;
		SmcStudy   *study = smc_study_try_load(lfirst_oid(lc), &why);
		int			i;

		for (i = 0; study && i < study->party_count; i++)
			if (strcmp(study->parties[i], party) == 0)
				offers = lappend(offers, pstrdup(smc_definition_to_utf8(study->definition)));
	}
	return offers;
}

/*
 * Looking into one
 */

const SmcColumn *
smc_study_column(const SmcStudy *study, AttrNumber attnum)
{
	int			i;

	for (i = 0; i < study->column_count; i++)
		if (study->columns[i].attnum == attnum)
			return &study->columns[i];
	return NULL;
}

const SmcColumn *
smc_study_column_by_name(const SmcStudy *study, const char *name)
{
	int			i;

	for (i = 0; i < study->column_count; i++)
		if (strcmp(study->columns[i].name, name) == 0)
			return &study->columns[i];
	return NULL;
}

char *
smc_study_party_list(const SmcStudy *study, uint16 mask)
{
	StringInfoData buf;
	int			i;

	initStringInfo(&buf);
	for (i = 0; i < study->party_count; i++)
		if (mask & (1u << i))
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", study->parties[i]);
	return buf.data;
}

void
smc_study_require_runnable(const SmcStudy *study)
{
	if (!TIMESTAMP_IS_NOEND(study->expires) && study->expires <= GetCurrentTimestamp())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("study \"%s\" has expired", study->name),
				 errdetail("It was agreed until %s.", timestamptz_to_str(study->expires)),
				 errhint("The parties can agree on a later \"expires\" and accept that.")));
	smc_privacy_check_study(study);
}

char *
smc_study_differences(const char *ours, const char *theirs, const char *their_name)
{
	const char *why;
	SmcDefinition *here;
	SmcDefinition *there;

	if (strcmp(ours, theirs) == 0)
		return NULL;
	here = smc_definition_parse(ours, &why);
	if (here == NULL)
		elog(ERROR, "could not read our own definition: %s", why);
	there = smc_definition_parse(theirs, &why);
	if (there == NULL)
		return psprintf("%s has a definition that can't be read here: %s", their_name, why);
	return smc_differences_tell(here, there, their_name);
}
