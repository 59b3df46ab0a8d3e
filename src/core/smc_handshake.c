/*
 * The handshake of a lane.  The protocol is in the header; the functions here
 * stand in its order: hello, T, auth, k_ij.
 *
 * X25519 is computed when a hello arrives, so that a key of low order (an
 * all-zero result, which would be no secret) is refused before anything is
 * signed.  What is derived from it is used only after every signature has
 * been verified.
 */
#include "smc_handshake.h"

#include <sodium.h>
#include <string.h>

#include "smc_hash.h"

#define AUTH_DOMAIN			"smc lane auth v1"
#define AUTH_MESSAGE_BYTES	(sizeof(AUTH_DOMAIN) + SMC_KEY_BYTES + 1)

/* Where the parts of a hello are. */
#define HELLO_OLDEST	0
#define HELLO_NEWEST	2
#define HELLO_KEY		4		/* E_i */
#define HELLO_NONCE		36		/* N_i */

static uint16_t
all_parties(const SmcHandshake *hs)
{
	return (uint16_t) ((1u << hs->party_count) - 1);
}

static bool
is_party(const SmcHandshake *hs, int party)
{
	return party >= 0 && party < hs->party_count;
}

static uint16_t
read_u16(const uint8_t *bytes)
{
	return (uint16_t) (bytes[0] | bytes[1] << 8);
}

static void
write_u16(uint8_t *bytes, uint16_t value)
{
	bytes[0] = (uint8_t) value;
	bytes[1] = (uint8_t) (value >> 8);
}

/* Wipe what is secret, and keep who takes part, for messages. */
static void
wipe_secrets(SmcHandshake *hs)
{
	sodium_memzero(hs->identity, sizeof(hs->identity));
	sodium_memzero(hs->ephemeral, sizeof(hs->ephemeral));
	sodium_memzero(hs->common, sizeof(hs->common));
}

/* End the handshake for good, for this reason; it is never complete again. */
static SmcStatus
fail(SmcHandshake *hs, SmcStatus status)
{
	wipe_secrets(hs);
	hs->hello_mask = 0;
	hs->auth_mask = 0;
	hs->failed = true;
	return status;
}

bool
smc_handshake_is_name(const char *name)
{
	size_t		len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return name[0] >= 'a' && name[0] <= 'z' && name[len] == '\0' && len < SMC_NAME_MAX;
}

/* Whether the parties are what the contract wants: named, and no two alike. */
static bool
check_parties(const SmcLaneParty *parties, int party_count)
{
	int			i;
	int			j;

	for (i = 0; i < party_count; i++)
	{
		if (parties[i].name[0] == '\0' || memchr(parties[i].name, '\0', SMC_NAME_MAX) == NULL)
			return false;
		for (j = 0; j < i; j++)
			if (strcmp(parties[i].name, parties[j].name) == 0 ||
				memcmp(parties[i].public_key, parties[j].public_key, SMC_PUBLIC_KEY_BYTES) == 0)
				return false;
	}
	return true;
}

/* T = H(version, lane, hub, all names, all identity keys, all hello) */
static void
make_transcript(SmcHandshake *hs)
{
	SmcHash		hash;
	int			i;

	smc_hash_init(&hash, "smc lane transcript v1", NULL);
	smc_hash_add_u64(&hash, (uint64_t) hs->version);
	smc_hash_add(&hash, hs->lane_id, SMC_LANE_ID_BYTES);
	smc_hash_add_u64(&hash, (uint64_t) hs->hub);
	smc_hash_add_u64(&hash, (uint64_t) hs->party_count);
	for (i = 0; i < hs->party_count; i++)
	{
		smc_hash_add(&hash, hs->parties[i].name, strlen(hs->parties[i].name));
		smc_hash_add(&hash, hs->parties[i].public_key, SMC_PUBLIC_KEY_BYTES);
		smc_hash_add(&hash, hs->hello[i], SMC_HELLO_BYTES);
	}
	smc_hash_final(&hash, hs->transcript);
}

/* Take a hello's versions into what is in common so far. */
static SmcStatus
take_versions(SmcHandshake *hs, const uint8_t *hello)
{
	uint16_t	oldest = read_u16(hello + HELLO_OLDEST);
	uint16_t	newest = read_u16(hello + HELLO_NEWEST);

	if (oldest < 1 || oldest > newest)
		return SMC_ERR_FORMAT;
	if (oldest > hs->version_oldest)
		hs->version_oldest = oldest;
	if (newest < hs->version_newest)
		hs->version_newest = newest;
	return hs->version_oldest > hs->version_newest ? SMC_ERR_VERSION : SMC_OK;
}

SmcStatus
smc_handshake_init(SmcHandshake *hs, int self, int hub, int party_count,
				   const SmcLaneParty *parties,
				   const uint8_t identity[SMC_SECRET_KEY_BYTES],
				   const uint8_t lane_id[SMC_LANE_ID_BYTES],
				   uint16_t version_oldest, uint16_t version_newest,
				   const SmcRandom *random)
{
	uint8_t    *hello;

	memset(hs, 0, sizeof(*hs));
	hs->failed = true;			/* until all is well */

	/* The secret key's second half is the public key, in libsodium's form. */
	if (party_count < SMC_PARTIES_MIN || party_count > SMC_PARTIES_MAX ||
		self < 0 || self >= party_count || hub < 0 || hub >= party_count ||
		version_oldest < 1 || version_oldest > version_newest ||
		!check_parties(parties, party_count) ||
		sodium_memcmp(identity + SMC_SECRET_KEY_BYTES - SMC_PUBLIC_KEY_BYTES,
					  parties[self].public_key, SMC_PUBLIC_KEY_BYTES) != 0)
		return SMC_ERR_ARGUMENT;

	hs->self = self;
	hs->hub = hub;
	hs->party_count = party_count;
	memcpy(hs->parties, parties, (size_t) party_count * sizeof(SmcLaneParty));
	memcpy(hs->lane_id, lane_id, SMC_LANE_ID_BYTES);
	memcpy(hs->identity, identity, SMC_SECRET_KEY_BYTES);
	hs->version_oldest = version_oldest;
	hs->version_newest = version_newest;

	/* hello_i = versions, E_i = g^{e_i}, N_i */
	hello = hs->hello[self];
	write_u16(hello + HELLO_OLDEST, version_oldest);
	write_u16(hello + HELLO_NEWEST, version_newest);
	smc_random_fill(random, hs->ephemeral, sizeof(hs->ephemeral));
	smc_random_fill(random, hello + HELLO_NONCE, SMC_KEY_BYTES);
	if (crypto_scalarmult_base(hello + HELLO_KEY, hs->ephemeral) != 0)
		return fail(hs, SMC_ERR_LIBRARY);
	hs->hello_mask = (uint16_t) (1u << self);

	hs->failed = false;
	return SMC_OK;
}

SmcStatus
smc_handshake_replace_key(SmcHandshake *hs, int party, const uint8_t key[SMC_PUBLIC_KEY_BYTES])
{
	int			i;

	/* T is made when the last hello is in: before, no key has been used */
	if (hs->failed || !is_party(hs, party) || (hs->hello_mask >> party & 1) != 0)
		return SMC_ERR_ARGUMENT;
	for (i = 0; i < hs->party_count; i++)
		if (i != party && memcmp(hs->parties[i].public_key, key, SMC_PUBLIC_KEY_BYTES) == 0)
			return fail(hs, SMC_ERR_AUTH);
	memcpy(hs->parties[party].public_key, key, SMC_PUBLIC_KEY_BYTES);
	return SMC_OK;
}

SmcStatus
smc_handshake_read_hello(SmcHandshake *hs, int from, const uint8_t *data, size_t len)
{
	SmcStatus	status;
	int			i;

	if (hs->failed)
		return SMC_ERR_ARGUMENT;
	if (!is_party(hs, from) || (hs->hello_mask >> from & 1) != 0 || len < HELLO_KEY)
		return fail(hs, SMC_ERR_FORMAT);

	status = take_versions(hs, data);
	if (status != SMC_OK)
		return fail(hs, status);
	if (len != SMC_HELLO_BYTES)
		return fail(hs, SMC_ERR_FORMAT);

	/* An ephemeral key or a nonce comes twice only by reflection. */
	for (i = 0; i < hs->party_count; i++)
		if ((hs->hello_mask >> i & 1) != 0 &&
			(memcmp(hs->hello[i] + HELLO_KEY, data + HELLO_KEY, SMC_KEY_BYTES) == 0 ||
			 memcmp(hs->hello[i] + HELLO_NONCE, data + HELLO_NONCE, SMC_KEY_BYTES) == 0))
			return fail(hs, SMC_ERR_FORMAT);

	/* X25519(e_i, E_j); an all-zero result is an error. */
	if (crypto_scalarmult(hs->common[from], hs->ephemeral, data + HELLO_KEY) != 0)
		return fail(hs, SMC_ERR_FORMAT);

	memcpy(hs->hello[from], data, SMC_HELLO_BYTES);
	hs->hello_mask |= (uint16_t) (1u << from);

	/* All are in: the newest in common is the lane's, and T is what everyone signs. */
	if (hs->hello_mask == all_parties(hs))
	{
		hs->version = hs->version_newest;
		make_transcript(hs);
	}
	return SMC_OK;
}

bool
smc_handshake_has_hellos(const SmcHandshake *hs)
{
	return hs->hello_mask != 0 && hs->hello_mask == all_parties(hs);
}

/* What party i signs: the domain with its NUL, T, i. */
static void
make_auth_message(const SmcHandshake *hs, int i, uint8_t message[AUTH_MESSAGE_BYTES])
{
	memcpy(message, AUTH_DOMAIN, sizeof(AUTH_DOMAIN));
	memcpy(message + sizeof(AUTH_DOMAIN), hs->transcript, SMC_KEY_BYTES);
	message[AUTH_MESSAGE_BYTES - 1] = (uint8_t) i;
}

/* auth_i = Sign_i("smc lane auth v1", T, i) */
SmcStatus
smc_handshake_write_auth(SmcHandshake *hs, uint8_t out[SMC_AUTH_BYTES])
{
	uint8_t		message[AUTH_MESSAGE_BYTES];

	if (hs->failed || !smc_handshake_has_hellos(hs))
		return SMC_ERR_ARGUMENT;
	make_auth_message(hs, hs->self, message);
	if (crypto_sign_detached(out, NULL, message, sizeof(message), hs->identity) != 0)
		return fail(hs, SMC_ERR_LIBRARY);
	hs->auth_mask |= (uint16_t) (1u << hs->self);
	return SMC_OK;
}

SmcStatus
smc_handshake_read_auth(SmcHandshake *hs, int from, const uint8_t *data, size_t len)
{
	uint8_t		message[AUTH_MESSAGE_BYTES];

	if (hs->failed)
		return SMC_ERR_ARGUMENT;
	if (!smc_handshake_has_hellos(hs) || !is_party(hs, from) || from == hs->self ||
		(hs->auth_mask >> from & 1) != 0 || len != SMC_AUTH_BYTES)
		return fail(hs, SMC_ERR_AUTH);

	make_auth_message(hs, from, message);
	if (crypto_sign_verify_detached(data, message, sizeof(message), hs->parties[from].public_key) != 0)
		return fail(hs, SMC_ERR_AUTH);
	hs->auth_mask |= (uint16_t) (1u << from);
	return SMC_OK;
}

bool
smc_handshake_is_complete(const SmcHandshake *hs)
{
	return smc_handshake_has_hellos(hs) && hs->auth_mask == all_parties(hs);
}

/* H(X25519(e_i, E_j), T, i, j) under the domain of its use */
static void
derive_key(const SmcHandshake *hs, int peer, const char *domain, int i, int j, uint8_t key[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, domain, hs->common[peer]);
	smc_hash_add(&hash, hs->transcript, SMC_KEY_BYTES);
	smc_hash_add_u64(&hash, (uint64_t) i);
	smc_hash_add_u64(&hash, (uint64_t) j);
	smc_hash_final(&hash, key);
}

SmcStatus
smc_handshake_finish(SmcHandshake *hs, SmcPairKeys keys[SMC_PARTIES_MAX])
{
	int			j;

	sodium_memzero(keys, SMC_PARTIES_MAX * sizeof(SmcPairKeys));
	if (hs->failed || !smc_handshake_is_complete(hs))
		return SMC_ERR_ARGUMENT;

	for (j = 0; j < hs->party_count; j++)
	{
		int			low = hs->self < j ? hs->self : j;
		int			high = hs->self < j ? j : hs->self;

		if (j == hs->self)
			continue;
		derive_key(hs, j, "smc lane key v1", hs->self, j, keys[j].send);
		derive_key(hs, j, "smc lane key v1", j, hs->self, keys[j].receive);
		derive_key(hs, j, "smc lane seed v1", low, high, keys[j].seed);
	}

	/* Used up: complete it stays, but nothing more comes out of it. */
	wipe_secrets(hs);
	hs->failed = true;
	return SMC_OK;
}

void
smc_handshake_wipe(SmcHandshake *hs)
{
	sodium_memzero(hs, sizeof(*hs));
	hs->failed = true;
}
