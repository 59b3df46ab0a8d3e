/*
 * Peers as the DBA registered them: foreign servers of the wrapper "smc".
 *
 * The registry is the catalog of PostgreSQL itself, so that it has its DDL,
 * its grants and its dumps.  What is registered here decides alone whom we
 * talk to and which key proves it; nothing that a peer says changes it, but a
 * new key that the registered one has signed (pg/smc_rotate.c), and the option
 * accept_rotation forbids that.
 *
 * One server stands for this database itself: the one that bears the name of
 * the identity.  It carries studies and is never dialled, and its key is
 * always the identity's, whatever its option says.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/reloptions.h"
#include "access/table.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_user_mapping.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#include "core/smc_hash.h"
#include "pg/smc_identity.h"
#include "pg/smc_module.h"
#include "pg/smc_option.h"
#include "pg/smc_peer.h"
#include "pg/smc_validator.h"

PG_FUNCTION_INFO_V1(smc_peers_list);

/* The user mapping that holds for a user at a server. */
typedef struct Mapping
{
	Oid			umid;
	bool		is_own;			/* the user's own, not PUBLIC's */
	List	   *options;
} Mapping;

bool
smc_peer_is_server(Oid serverid)
{
	ForeignServer *server = GetForeignServerExtended(serverid, FSV_MISSING_OK);
	Oid			wrapper = get_foreign_data_wrapper_oid(SMC_WRAPPER, true);

	return server != NULL && OidIsValid(wrapper) && server->fdwid == wrapper;
}

/*
 * Find a party's server.  NULL, or an error that says how to make it one.
 */
static ForeignServer *
find_server(const char *name, bool missing_ok)
{
	ForeignServer *server = GetForeignServerByName(name, true);

	if (server != NULL && smc_peer_is_server(server->serverid))
		return server;

	if (!missing_ok)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("party \"%s\" is not registered here", name),
				 server != NULL ?
				 errdetail("Server \"%s\" belongs to another foreign-data wrapper.", name) : 0,
				 errhint("Use CREATE SERVER %s FOREIGN DATA WRAPPER %s OPTIONS (host '...', dbname '...', public_key '...').",
						 quote_identifier(name), SMC_WRAPPER)));
	return NULL;
}

/*
 * The same as smc_peer_find, for a caller that knows the identity (NULL: there
 * is none).
 */
static SmcPeer *
find_peer(const char *name, const SmcIdentity *identity, bool missing_ok)
{
	ForeignServer *server = find_server(name, missing_ok);
	SmcPeer    *peer;
	const char *follow;
	const char *key;

	if (server == NULL)
		return NULL;

	peer = palloc0(sizeof(SmcPeer));
	peer->serverid = server->serverid;
	strlcpy(peer->name, server->servername, SMC_NAME_MAX);

	if (identity != NULL && strcmp(identity->name, peer->name) == 0)
	{
		peer->is_self = true;
		peer->has_key = true;
		memcpy(peer->public_key, identity->public_key, SMC_PUBLIC_KEY_BYTES);
		return peer;
	}

	follow = smc_option_get(server->options, "accept_rotation");
	peer->follows_rotation = follow == NULL || smc_option_parse_switch(follow, "accept_rotation");
	key = smc_option_get(server->options, "public_key");
	if (key != NULL)
	{
		/* The validator has seen to it, but a superuser may edit catalogs. */
		if (!smc_identity_parse_key(key, peer->public_key))
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("server \"%s\" has a malformed public key", name)));
		peer->has_key = true;
	}
	return peer;
}

SmcPeer *
smc_peer_find(const char *name, bool missing_ok)
{
	SmcIdentity identity;
	bool		has_identity = smc_identity_read(&identity, true);

	return find_peer(name, has_identity ? &identity : NULL, missing_ok);
}

/*
 * Two parties under one key would be one party with two shares.
 */
static void
check_keys_differ(const SmcLaneParty *parties, int count)
{
	int			i;
	int			j;

	for (i = 1; i < count; i++)
	{
		for (j = 0; j < i; j++)
		{
			if (memcmp(parties[i].public_key, parties[j].public_key, SMC_PUBLIC_KEY_BYTES) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("parties \"%s\" and \"%s\" are registered with the same public key",
								parties[j].name, parties[i].name),
						 errhint("Compare with what smc_public_key() returns in their databases.")));
		}
	}
}

void
smc_peer_lane_parties(const List *names, SmcLaneParty *parties, int *self)
{
	SmcIdentity identity;
	int			count = 0;
	ListCell   *cell;

	if (list_length(names) < SMC_PARTIES_MIN || list_length(names) > SMC_PARTIES_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("%d parties can't compute together", list_length(names)),
				 errdetail("There must be %d to %d parties.", SMC_PARTIES_MIN, SMC_PARTIES_MAX)));

	(void) smc_identity_read(&identity, false);

	*self = -1;
	foreach(cell, names)
	{
		const char *name = lfirst(cell);
		SmcPeer    *peer = find_peer(name, &identity, false);

		if (!peer->has_key)
			ereport(ERROR,
					(errcode(ERRCODE_FDW_OPTION_NAME_NOT_FOUND),
					 errmsg("the public key of party \"%s\" is not registered here", name),
					 errhint("Use ALTER SERVER %s OPTIONS (ADD public_key '...'), with what smc_public_key() returns in its database.",
							 quote_identifier(name))));
		if (peer->is_self)
			*self = count;

		memset(&parties[count], 0, sizeof(SmcLaneParty));
		strlcpy(parties[count].name, peer->name, SMC_NAME_MAX);
		memcpy(parties[count].public_key, peer->public_key, SMC_PUBLIC_KEY_BYTES);
		pfree(peer);
		count++;
	}

	if (*self < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("party \"%s\", which this database is, is not among the parties",
						identity.name)));
	check_keys_differ(parties, count);
}

/*
 * Look up the mapping of a user at a server: its own, else PUBLIC's; umid
 * InvalidOid when there is neither.
 */
static Mapping
find_mapping(Oid userid, Oid serverid)
{
	Mapping		mapping = {InvalidOid, true, NIL};
	HeapTuple	tuple;
	Datum		options;
	bool		isnull;

	tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(userid),
							ObjectIdGetDatum(serverid));
	if (!HeapTupleIsValid(tuple))
	{
		mapping.is_own = false;
		tuple = SearchSysCache2(USERMAPPINGUSERSERVER, ObjectIdGetDatum(InvalidOid),
								ObjectIdGetDatum(serverid));
	}
	if (!HeapTupleIsValid(tuple))
		return mapping;

	mapping.umid = ((Form_pg_user_mapping) GETSTRUCT(tuple))->oid;
	options = SysCacheGetAttr(USERMAPPINGUSERSERVER, tuple,
							  Anum_pg_user_mapping_umoptions, &isnull);
	if (!isnull)
		mapping.options = untransformRelOptions(options);
	ReleaseSysCache(tuple);
	return mapping;
}

/*
 * Whether a peer must have asked for a password, and been given the mapping's.
 *
 * Without that rule, a role that is no superuser could have this server log in
 * somewhere as what the server itself is there: its operating system user
 * under peer or ident authentication, a pg_hba.conf line that trusts this
 * host, the server's own certificate.  Trusted not to do so are mappings for
 * PUBLIC (which only the owner of the server can make) and mappings of
 * superusers, and only where the server's owner is a superuser as well, since
 * whoever owns it says which host it means.
 */
static bool
needs_password(const ForeignServer *server, const Mapping *mapping, Oid userid)
{
	if (!superuser_arg(server->owner))
		return true;
	return mapping->is_own && !superuser_arg(userid);
}

/* Append libpq's options among some to the two arrays. */
static int
append_options(List *options, const char **keywords, const char **values, int count)
{
	ListCell   *cell;

	foreach(cell, options)
	{
		DefElem    *def = lfirst_node(DefElem, cell);

		if (smc_validator_is_libpq(def->defname))
		{
			keywords[count] = def->defname;
			values[count] = defGetString(def);
			count++;
		}
	}
	return count;
}

/*
 * Fill in how to reach one peer.  Where a keyword comes twice libpq takes the
 * last: what the mapping says wins over our default.
 */
static void
fill_target(SmcDialTarget *target, ForeignServer *server, const Mapping *mapping,
			const char *own_name, Oid userid)
{
	int			size = list_length(server->options) + list_length(mapping->options) + 4;
	const char **keywords = palloc0(sizeof(char *) * size);
	const char **values = palloc0(sizeof(char *) * size);
	int			count = 0;

	/*
	 * A peer knows us by our party's name; libpq's own default, the name of
	 * the operating system user, would be `postgres`.
	 */
	keywords[count] = "user";
	values[count++] = own_name;
	count = append_options(server->options, keywords, values, count);
	count = append_options(mapping->options, keywords, values, count);
	keywords[count] = "fallback_application_name";
	values[count++] = "smc";
	keywords[count] = "client_encoding";
	values[count++] = GetDatabaseEncodingName();
	Assert(count < size);

	target->name = server->servername;
	target->keywords = keywords;
	target->values = values;
	target->require_password = needs_password(server, mapping, userid);

	/* libpq would look for one in the server's own environment and files. */
	if (target->require_password)
	{
		const char *password = smc_option_get(mapping->options, "password");

		if (password == NULL || password[0] == '\0')
			ereport(ERROR,
					(errcode(ERRCODE_S_R_E_PROHIBITED_SQL_STATEMENT_ATTEMPTED),
					 errmsg("password is required to connect to party \"%s\"", server->servername),
					 errdetail("A user mapping that no superuser stands for must have a password."),
					 errhint("Use ALTER USER MAPPING FOR %s SERVER %s OPTIONS (ADD password '...').",
							 mapping->is_own ? quote_identifier(GetUserNameFromId(userid, false)) : "PUBLIC",
							 quote_identifier(server->servername))));
	}
}

SmcDialTarget *
smc_peer_targets(const List *names, Oid userid)
{
	SmcDialTarget *targets = palloc0(sizeof(SmcDialTarget) * Max(list_length(names), 1));
	SmcIdentity identity;
	ListCell   *cell;

	(void) smc_identity_read(&identity, false);

	foreach(cell, names)
	{
		const char *name = lfirst(cell);
		ForeignServer *server;
		Mapping		mapping;

		if (strcmp(name, identity.name) == 0)
			continue;

		server = find_server(name, false);
		mapping = find_mapping(userid, server->serverid);
		if (!OidIsValid(mapping.umid))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("no user mapping for \"%s\" to connect to party \"%s\"",
							GetUserNameFromId(userid, false), name),
					 errhint("Use CREATE USER MAPPING FOR PUBLIC SERVER %s OPTIONS (user '%s', password '...').",
							 quote_identifier(name), identity.name)));
		fill_target(&targets[foreach_current_index(cell)], server, &mapping,
					pstrdup(identity.name), userid);
	}
	return targets;
}

static void
hash_options(SmcHash *hash, List *options)
{
	ListCell   *cell;

	smc_hash_add_u64(hash, list_length(options));
	foreach(cell, options)
	{
		DefElem    *def = lfirst_node(DefElem, cell);
		const char *value = defGetString(def);

		smc_hash_add(hash, def->defname, strlen(def->defname));
		smc_hash_add(hash, value, strlen(value));
	}
}

/*
 * The user as such isn't in it: two users of PUBLIC's mapping share a lane.
 */
void
smc_peer_fingerprint(const List *names, Oid userid, bool with_mappings,
					 uint8 out[SMC_KEY_BYTES])
{
	SmcIdentity identity;
	SmcHash		hash;
	ListCell   *cell;

	(void) smc_identity_read(&identity, false);

	smc_hash_init(&hash, "smc lane fingerprint v1", NULL);
	smc_hash_add(&hash, identity.name, strlen(identity.name));
	smc_hash_add(&hash, identity.public_key, SMC_PUBLIC_KEY_BYTES);

	foreach(cell, names)
	{
		const char *name = lfirst(cell);
		ForeignServer *server;
		Mapping		mapping;

		smc_hash_add(&hash, name, strlen(name));
		if (strcmp(name, identity.name) == 0)
			continue;

		server = find_server(name, false);
		smc_hash_add_u64(&hash, server->serverid);
		hash_options(&hash, server->options);
		if (!with_mappings)
			continue;

		mapping = find_mapping(userid, server->serverid);
		smc_hash_add_u64(&hash, mapping.umid);
		smc_hash_add_u64(&hash, needs_password(server, &mapping, userid));
		hash_options(&hash, mapping.options);
	}
	smc_hash_final(&hash, out);
}

static void
put_text(const char *text, Datum *value, bool *isnull)
{
	*isnull = (text == NULL);
	if (text != NULL)
		*value = CStringGetTextDatum(text);
}

/*
 * All servers of the wrapper, for view smc_peers.  Shows nothing that
 * pg_foreign_server doesn't show to everyone; what is secret is in the user
 * mappings.
 */
Datum
smc_peers_list(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	SmcIdentity identity;
	bool		has_identity;
	Oid			wrapper;
	Relation	rel;
	ScanKeyData key[1];
	SysScanDesc scan;
	HeapTuple	tuple;

	InitMaterializedSRF(fcinfo, 0);
	has_identity = smc_identity_read(&identity, true);
	wrapper = get_foreign_data_wrapper_oid(SMC_WRAPPER, false);

	rel = table_open(ForeignServerRelationId, AccessShareLock);
	ScanKeyInit(&key[0], Anum_pg_foreign_server_srvfdw,
				BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(wrapper));
	scan = systable_beginscan(rel, InvalidOid, false, NULL, 1, key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_foreign_server form = (Form_pg_foreign_server) GETSTRUCT(tuple);
		List	   *options = NIL;
		Datum		values[7];
		bool		nulls[7] = {false};
		Datum		datum;
		bool		isnull;
		bool		is_self;
		const char *public_key;
		char		own_key[SMC_KEY_TEXT_MAX];

		datum = heap_getattr(tuple, Anum_pg_foreign_server_srvoptions,
							 RelationGetDescr(rel), &isnull);
		if (!isnull)
			options = untransformRelOptions(datum);

		is_self = has_identity && strcmp(NameStr(form->srvname), identity.name) == 0;
		public_key = smc_option_get(options, "public_key");
		if (is_self)
		{
			smc_identity_format_key(identity.public_key, own_key);
			public_key = own_key;
		}

		values[0] = CStringGetTextDatum(NameStr(form->srvname));
		values[1] = ObjectIdGetDatum(form->oid);
		values[2] = BoolGetDatum(is_self);
		put_text(smc_option_get(options, "host"), &values[3], &nulls[3]);
		put_text(smc_option_get(options, "port"), &values[4], &nulls[4]);
		put_text(smc_option_get(options, "dbname"), &values[5], &nulls[5]);
		put_text(public_key, &values[6], &nulls[6]);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	systable_endscan(scan);
	table_close(rel, AccessShareLock);

	return (Datum) 0;
}
