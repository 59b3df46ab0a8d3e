/*
 * The handshake of a lane, as frames: OFFER, HELLO, AUTH.
 *
 * The steps and what they prove are core's (core/smc_handshake.h); here they
 * are driven by what arrives.  Each HELLO and AUTH is taken the moment it is
 * in, and the keys are made as soon as the last one is, in the middle of
 * reading if need be: the next frame may already be sealed.
 *
 * A party that tells another key than the one registered is followed when its
 * chain of statements leads there.  Anyone can show any chain, so what that
 * costs is bounded (core/smc_rotation.h), and what is found is kept in this
 * mesh alone until the party has proved to hold the new key.
 */
#include "link/smc_mesh.h"

#include <sodium.h>

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "link/smc_mesh_state.h"

/* Send a frame of the handshake from us to all others. */
static void
send_to_everyone(SmcMesh *mesh, SmcFrameKind kind, const uint8 *body, size_t len)
{
	int			i;

	smc_frame_write_header(mesh->frame, kind, mesh->self, SMC_FRAME_EVERYONE);
	memcpy(mesh->frame + SMC_FRAME_HEADER_BYTES, body, len);
	for (i = 0; i < mesh->party_count; i++)
	{
		/* From a peer, one copy goes to the hub, which passes it on. */
		if (mesh->self == mesh->hub ? i != mesh->self : i == mesh->hub)
			smc_mesh_send_frame(mesh, i, mesh->frame, SMC_FRAME_HEADER_BYTES + len);
	}
}

/* Propose the lane to each peer: at the hub, the first thing said. */
static void
send_offers(SmcMesh *mesh)
{
	SmcHandshake *hs = &mesh->secrets->handshake;
	SmcOffer	offer;
	uint8		frame[SMC_FRAME_OFFER_MAX];
	int			i;

	memset(&offer, 0, sizeof(offer));
	memcpy(offer.lane_id, mesh->lane_id, SMC_LANE_ID_BYTES);
	offer.hub = mesh->hub;
	offer.party_count = mesh->party_count;
	for (i = 0; i < mesh->party_count; i++)
		strlcpy(offer.names[i], mesh->parties[i].name, SMC_NAME_MAX);
	memcpy(offer.hub_key, hs->parties[mesh->self].public_key, SMC_PUBLIC_KEY_BYTES);
	memcpy(offer.hello, hs->hello[mesh->self], SMC_HELLO_BYTES);
	offer.hub_chain = mesh->keys.own;

	for (i = 0; i < mesh->party_count; i++)
	{
		if (i == mesh->self)
			continue;
		offer.self = i;
		smc_mesh_send_frame(mesh, i, frame, smc_frame_write_offer(frame, &offer));
	}
}

/* Once all hellos are in, sign what everyone said. */
static void
sign_when_ready(SmcMesh *mesh)
{
	SmcHandshake *hs = &mesh->secrets->handshake;
	uint8		signature[SMC_AUTH_BYTES];

	if (!smc_handshake_has_hellos(hs))
		return;
	smc_mesh_check(smc_handshake_write_auth(hs, signature), "signing the handshake");
	send_to_everyone(mesh, SMC_FRAME_AUTH, signature, sizeof(signature));
}

/* Once everyone is authenticated, make the keys. */
static void
open_when_ready(SmcMesh *mesh)
{
	SmcMeshSecrets *secrets = mesh->secrets;
	SmcPairKeys keys[SMC_PARTIES_MAX];
	SmcStatus	status;
	int			i;

	if (!smc_handshake_is_complete(&secrets->handshake))
		return;

	mesh->version = secrets->handshake.version;
	status = smc_handshake_finish(&secrets->handshake, keys);
	for (i = 0; i < mesh->party_count && status == SMC_OK; i++)
	{
		if (i == mesh->self)
			continue;
		smc_seal_init(&secrets->send[i], keys[i].send);
		smc_seal_init(&secrets->receive[i], keys[i].receive);
		memcpy(secrets->seeds[i], keys[i].seed, SMC_KEY_BYTES);
	}
	sodium_memzero(keys, sizeof(keys));
	smc_handshake_wipe(&secrets->handshake);
	smc_mesh_check(status, "deriving the lane's keys");
	secrets->have_keys = true;
	mesh->state = SMC_MESH_OPEN;
}

void
smc_mesh_handshake_begin(SmcMesh *mesh, const SmcLaneParty *parties, const uint8 *identity)
{
	int			i;
	int			j;

	/* Each party must be told from every other; core refuses this without a word. */
	for (i = 0; i < mesh->party_count; i++)
	{
		for (j = 0; j < i; j++)
		{
			if (memcmp(parties[i].public_key, parties[j].public_key, SMC_PUBLIC_KEY_BYTES) == 0)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
						 errmsg("parties \"%s\" and \"%s\" are registered with the same public key",
								parties[j].name, parties[i].name),
						 errhint("Compare what smc_public_key() returns at each with the option public_key of its server here.")));
		}
	}

	smc_mesh_check(smc_handshake_init(&mesh->secrets->handshake, mesh->self, mesh->hub,
									  mesh->party_count, parties, identity, mesh->lane_id,
									  SMC_PROTOCOL_OLDEST, SMC_PROTOCOL_VERSION,
									  smc_random_system()),
				   "beginning the handshake");
}

/* All failures of authentication read the same. */
static void
raise_unauthenticated(SmcMesh *mesh, int party)
{
	mesh->state = SMC_MESH_BROKEN;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("peer \"%s\" could not be authenticated", mesh->parties[party].name),
			 errhint("Compare what smc_public_key() returns there with the option public_key of server \"%s\" here.",
					 mesh->parties[party].name)));
}

/* The same, of a party whose new key is genuine, where the DBA wants to know of it first. */
static void
raise_not_followed(SmcMesh *mesh, int party, const uint8 *key)
{
	char		text[sodium_base64_ENCODED_LEN(SMC_PUBLIC_KEY_BYTES, sodium_base64_VARIANT_ORIGINAL)];

	sodium_bin2base64(text, sizeof(text), key, SMC_PUBLIC_KEY_BYTES, sodium_base64_VARIANT_ORIGINAL);
	mesh->state = SMC_MESH_BROKEN;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
			 errmsg("peer \"%s\" could not be authenticated", mesh->parties[party].name),
			 errdetail("It has a new public key, signed by the one registered here, and the option accept_rotation of its server is off."),
			 errhint("Once its people have confirmed the key: ALTER SERVER %s OPTIONS (SET public_key '%s').",
					 quote_identifier(mesh->parties[party].name), text)));
}

/* What came of a key that a party tells. */
typedef enum KeyFound
{
	KEY_REGISTERED,
	KEY_FOLLOWED,				/* and expected from now on */
	KEY_NOT_FOLLOWED,			/* its statements hold, but are not for us to follow */
	KEY_UNKNOWN
} KeyFound;

/* Compare the key that a party tells with the one registered, and follow its chain if need be. */
static KeyFound
find_key(SmcMesh *mesh, int from, const uint8 *key, const SmcRotationChain *chain)
{
	SmcHandshake *hs = &mesh->secrets->handshake;
	SmcMeshParty *party = &mesh->parties[from];
	SmcRotationChain *followed;
	int			first;

	if (memcmp(key, party->key, SMC_PUBLIC_KEY_BYTES) == 0)
		return KEY_REGISTERED;

	/* once only, and never for ourselves or after the greeting: see smc_handshake_read_hello */
	if (hs->failed || (hs->hello_mask & (1 << from)) != 0)
		return KEY_UNKNOWN;
	if (smc_rotation_follow(chain, party->name, party->key, key, &first) != SMC_OK)
		return KEY_UNKNOWN;
	if ((mesh->keys.follow & (1 << from)) == 0)
		return KEY_NOT_FOLLOWED;
	if (smc_handshake_replace_key(hs, from, key) != SMC_OK)
		return KEY_UNKNOWN;		/* it is another party's */

	followed = MemoryContextAllocZero(mesh->context, sizeof(SmcRotationChain));
	followed->count = chain->count - first;
	memcpy(followed->rotations, chain->rotations + first,
		   followed->count * sizeof(SmcRotation));
	memcpy(party->key, key, SMC_PUBLIC_KEY_BYTES);
	party->followed = followed;
	return KEY_FOLLOWED;
}

/* Take a greeting.  What can be wrong is judged in this order: format, version, key. */
static void
take_hello(SmcMesh *mesh, int from, const uint8 *hello, const uint8 *key,
		   const SmcRotationChain *chain)
{
	SmcHandshake *hs = &mesh->secrets->handshake;
	KeyFound	found = find_key(mesh, from, key, chain);
	SmcStatus	status;

	if (found == KEY_UNKNOWN && hs->failed)
		raise_unauthenticated(mesh, from);
	status = smc_handshake_read_hello(hs, from, hello, SMC_HELLO_BYTES);
	if (status == SMC_ERR_FORMAT)
		smc_mesh_violation(mesh, from, "Its greeting is malformed.");
	if (status == SMC_ERR_VERSION)
	{
		mesh->state = SMC_MESH_BROKEN;
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("peer \"%s\" speaks no protocol version in common with all parties of the lane",
						mesh->parties[from].name),
				 errdetail("This party speaks versions %d to %d.",
						   SMC_PROTOCOL_OLDEST, SMC_PROTOCOL_VERSION),
				 errhint("Update the extension smc at the party whose version is older.")));
	}
	smc_mesh_check(status, "taking a greeting");
	if (found == KEY_UNKNOWN)
		raise_unauthenticated(mesh, from);
	if (found == KEY_NOT_FOLLOWED)
		raise_not_followed(mesh, from, key);

	/* The hub's is in its offer, before a peer has greeted; see smc_mesh_handshake. */
	if (mesh->self == mesh->hub || from != mesh->hub)
		sign_when_ready(mesh);
}

void
smc_mesh_handshake_take_offer(SmcMesh *mesh, const SmcOffer *offer)
{
	take_hello(mesh, offer->hub, offer->hello, offer->hub_key, &offer->hub_chain);
}

void
smc_mesh_handshake_take_hello(SmcMesh *mesh, int from, const uint8 *body, size_t len)
{
	uint8		key[SMC_PUBLIC_KEY_BYTES];
	SmcRotationChain chain;
	const uint8 *hello;

	if (!smc_frame_read_hello(body, len, &hello, key, &chain))
		smc_mesh_violation(mesh, from, "Its greeting is malformed.");
	take_hello(mesh, from, hello, key, &chain);
}

void
smc_mesh_handshake_take_auth(SmcMesh *mesh, int from, const uint8 *body, size_t len)
{
	SmcHandshake *hs = &mesh->secrets->handshake;
	SmcStatus	status;

	if (!smc_handshake_has_hellos(hs) || (hs->auth_mask & (1 << from)))
		smc_mesh_violation(mesh, from, "A signature came out of turn.");

	status = smc_handshake_read_auth(hs, from, body, len);
	if (status == SMC_ERR_AUTH || status == SMC_ERR_FORMAT)
		raise_unauthenticated(mesh, from);
	smc_mesh_check(status, "verifying a signature");
	open_when_ready(mesh);
}

/* The first party that the handshake still waits for. */
static int
missing_party(SmcMesh *mesh)
{
	SmcHandshake *hs = &mesh->secrets->handshake;
	int			i;

	for (i = 0; i < mesh->party_count; i++)
	{
		if (!(hs->hello_mask & (1 << i)))
			return i;
	}
	for (i = 0; i < mesh->party_count; i++)
	{
		if (i != mesh->self && !(hs->auth_mask & (1 << i)))
			return i;
	}
	return mesh->hub;
}

void
smc_mesh_handshake(SmcMesh *mesh, long timeout_ms)
{
	SmcHandshake *hs = &mesh->secrets->handshake;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);

	if (mesh->self == mesh->hub)
		send_offers(mesh);
	else
	{
		uint8		body[SMC_FRAME_HELLO_MAX];
		size_t		len = smc_frame_write_hello(body, hs->hello[mesh->self],
												hs->parties[mesh->self].public_key,
												&mesh->keys.own);

		send_to_everyone(mesh, SMC_FRAME_HELLO, body, len);
		sign_when_ready(mesh);
	}

	while (mesh->state != SMC_MESH_OPEN)
	{
		long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);

		if (left <= 0)
		{
			int			missing = missing_party(mesh);

			mesh->state = SMC_MESH_BROKEN;
			ereport(ERROR,
					(errcode(ERRCODE_CONNECTION_FAILURE),
					 errmsg("peer \"%s\" did not join the lane in time",
							mesh->parties[missing].name),
					 errdetail("The handshake was not complete after %ld ms.", timeout_ms)));
		}
		(void) mesh->transport->pump(mesh->transport, mesh, left);
	}
}
