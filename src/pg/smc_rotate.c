/*
 * Keys that are replaced: our own, and those of peers as we follow them.
 *
 * smc_rotate_identity() makes a new key pair, has the old key sign that it gives
 * way to it (core/smc_rotation.h), and forgets the old secret, all in the
 * caller's transaction.  Peers hear of it at the next handshake, from whichever
 * side it comes: every greeting carries the newest of the party's statements.
 * A peer whose registered key is among them, and whose DBA hasn't said
 * accept_rotation 'off', follows them, and when the party has proved to hold the
 * new key, registers it: by ALTER SERVER, so that \des and pg_dump show what
 * holds, with a row in smc_key_log and a line in the server's log.
 *
 * LANES made under the old key serve the computations that run on them to their
 * end.  No other begins: at the hub the own key is part of what a lane is found
 * by (smc_peer_fingerprint), and a peer refuses one that was opened under
 * another key, upon which the hub opens another.
 */
#include "postgres.h"

#include <sodium.h>

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/timestamp.h"

#include "core/smc_rotation.h"
#include "pg/smc_identity.h"
#include "pg/smc_key_log.h"
#include "pg/smc_key_pin.h"
#include "pg/smc_module.h"
#include "pg/smc_peer.h"
#include "pg/smc_rotate.h"

PG_FUNCTION_INFO_V1(smc_rotate_identity);

/*
 * Our own
 */

/* Make the new pair and the old key's statement. */
static void
make_successor(const SmcIdentity *identity, const uint8 *old_secret, uint8 *new_key,
			   uint8 *new_secret, SmcRotation *rotation)
{
	if (crypto_sign_keypair(new_key, new_secret) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INTERNAL_ERROR),
				 errmsg("could not make a key pair")));
	if (smc_rotation_sign(rotation, identity->name, old_secret, new_key,
						  (uint64) GetCurrentTimestamp()) != SMC_OK)
		elog(ERROR, "could not sign the new key");
}

/*
 * smc_rotate_identity() returns text
 *
 * Replace this party's key pair; returns the new public key.  For superusers, as
 * making the first one is.
 */
Datum
smc_rotate_identity(PG_FUNCTION_ARGS)
{
	SmcIdentity identity;
	SmcRotation rotation;
	uint8		old_secret[SMC_SECRET_KEY_BYTES];
	uint8		new_secret[SMC_SECRET_KEY_BYTES];
	char		text[SMC_KEY_TEXT_MAX];

	smc_module_require_preload();
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to replace the identity of this database"),
				 errhint("Must be superuser to call smc_rotate_identity().")));
	PreventCommandIfReadOnly("smc_rotate_identity()");
	PreventCommandIfParallelMode("smc_rotate_identity()");

	(void) smc_module_schema();
	smc_key_log_lock();
	smc_identity_lock();
	(void) smc_identity_read(&identity, false);

	PG_TRY();
	{
		uint8		new_key[SMC_PUBLIC_KEY_BYTES];

		smc_identity_secret(old_secret);
		make_successor(&identity, old_secret, new_key, new_secret, &rotation);
		memcpy(identity.public_key, new_key, SMC_PUBLIC_KEY_BYTES);
		smc_identity_replace(&identity, new_secret);
	}
	PG_FINALLY();
	{
		sodium_memzero(old_secret, sizeof(old_secret));
		sodium_memzero(new_secret, sizeof(new_secret));
	}
	PG_END_TRY();

	smc_key_log_add(identity.name, &rotation);
	smc_identity_register(&identity);

	ereport(NOTICE,
			(errmsg("peers learn of the new key at their next link with this party, once this is committed"),
			 errhint("SELECT p.name, identity_ok FROM smc_peers p, smc_ping(p.name) WHERE NOT is_self tells them.")));
	smc_identity_format_key(identity.public_key, text);
	PG_RETURN_TEXT_P(cstring_to_text(text));
}

/* Raise so that the asker's side tries another lane. */
static void raise_replaced(const char *self) pg_attribute_noreturn();

static void
raise_replaced(const char *self)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_IN_USE),
			 errmsg("party \"%s\" has replaced its key while the lane was opened", self)));
}

void
smc_rotate_secret(const SmcLaneParty *self, uint8 out[SMC_SECRET_KEY_BYTES])
{
	smc_identity_secret(out);

	/* the second half is the public key, in libsodium's form */
	if (memcmp(out + SMC_SECRET_KEY_BYTES - SMC_PUBLIC_KEY_BYTES, self->public_key,
			   SMC_PUBLIC_KEY_BYTES) != 0)
		raise_replaced(self->name);
}

/*
 * Peers'
 */

void
smc_rotate_mesh_keys(const SmcLaneParty *parties, int party_count, int self, SmcMeshKeys *keys)
{
	int			i;

	memset(keys, 0, sizeof(*keys));
	smc_key_log_chain(parties[self].name, parties[self].public_key, &keys->own);
	for (i = 0; i < party_count; i++)
		if (i != self && smc_peer_find(parties[i].name, false)->follows_rotation)
			keys->follow |= 1 << i;
}

bool
smc_rotate_has_followed(const SmcMesh *mesh)
{
	int			i;

	for (i = 0; i < smc_mesh_party_count(mesh); i++)
		if (smc_mesh_followed(mesh, i) != NULL)
			return true;
	return false;
}

/* Raise for a statement that could be shown to nobody. */
static void
check_times(const char *party, const SmcRotationChain *chain)
{
	int			i;

	for (i = 0; i < chain->count; i++)
		if (!IS_VALID_TIMESTAMP((TimestampTz) chain->rotations[i].signed_at))
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("peer \"%s\" signed its new key at an impossible time", party)));
}

/* Register a party's new key from where we stand in its chain; nothing to do where another lane was quicker. */
static void
register_key(const char *party, const SmcRotationChain *chain)
{
	SmcPeer    *peer = smc_peer_find(party, false);
	char		old_key[SMC_KEY_TEXT_MAX];
	char		new_key[SMC_KEY_TEXT_MAX];
	int			first;
	int			i;

	check_times(party, chain);
	for (first = 0; first < chain->count; first++)
		if (peer->has_key &&
			memcmp(chain->rotations[first].old_key, peer->public_key, SMC_PUBLIC_KEY_BYTES) == 0)
			break;
	if (first == chain->count || !peer->follows_rotation)
		return;					/* check_registered has the last word */

	for (i = first; i < chain->count; i++)
		smc_key_log_add(party, &chain->rotations[i]);
	smc_identity_format_key(peer->public_key, old_key);
	smc_identity_format_key(chain->rotations[chain->count - 1].new_key, new_key);
	smc_key_pin_follow(party, new_key);
	CommandCounterIncrement();

	ereport(LOG_SERVER_ONLY,
			(errmsg("peer \"%s\" has a new public key, \"%s\"", party, new_key),
			 errdetail("It was signed by the one registered before, \"%s\", and server \"%s\" now has it.",
					   old_key, party)));
}

/* Insist that the keys of the lane are those registered here. */
static void
check_registered(const SmcMesh *mesh, const List *names)
{
	SmcLaneParty parties[SMC_PARTIES_MAX];
	int			self;
	int			i;

	smc_peer_lane_parties(names, parties, &self);
	for (i = 0; i < smc_mesh_party_count(mesh); i++)
	{
		if (memcmp(parties[i].public_key, smc_mesh_party_key(mesh, i), SMC_PUBLIC_KEY_BYTES) == 0)
			continue;
		if (i == self)
			raise_replaced(parties[self].name);
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("party \"%s\" has changed the registered key of party \"%s\" while the lane was opened",
						parties[self].name, parties[i].name)));
	}
}

void
smc_rotate_register(const SmcMesh *mesh, const List *names)
{
	int			i;

	/* a person may be at it, and not have committed: no longer than a peer would be waited for */
	(void) set_config_option("lock_timeout", psprintf("%d", smc_peer_timeout), PGC_USERSET,
							 PGC_S_SESSION, GUC_ACTION_LOCAL, true, 0, false);
	smc_key_log_lock();
	for (i = 0; i < smc_mesh_party_count(mesh); i++)
	{
		const SmcRotationChain *chain = smc_mesh_followed(mesh, i);

		if (chain != NULL)
			register_key(smc_mesh_party_name(mesh, i), chain);
	}
	check_registered(mesh, names);
}
