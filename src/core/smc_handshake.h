/*
 * The handshake of a lane: every party proves its identity to every other,
 * and each pair ends with keys that only the two of them know.
 *
 * PAPER: signed Diffie-Hellman with a transcript that all parties sign, the
 * broadcast form of Krawczyk's SIGMA (CRYPTO 2003) in the manner of the
 * compiler of Katz and Yung (CRYPTO 2003, section 3): nonces first, then each
 * party signs everything that everyone said.
 *
 *   hello_i = versions, E_i = g^{e_i} (X25519), N_i          to all
 *   T       = H(version, lane, hub, all names, all identity keys, all hello)
 *   auth_i  = Sign_i("smc lane auth v1", T, i)               to all
 *   k_ij    = H(X25519(e_i, E_j), T, i, j) for i -> j, and likewise j -> i
 *   s_ij    = H(X25519(e_i, E_j), T, min, max, "seed")
 *
 * ADVERSARY: active on every link, the hub included, and up to n - 1 parties
 * of its own.  Assumes gap Diffie-Hellman on Curve25519, Ed25519 unforgeable,
 * BLAKE2b a random oracle.
 * MESSAGES: hello 68 bytes, auth 64 bytes, each from every party to every other.
 * LEAKS: who takes part, and their versions, to whoever sees the links.
 *
 * Names and keys in T are those registered at the party that computes it, so
 * parties that disagree about who takes part, under which key, in which order
 * or with which hub never verify each other.  A party that has replaced its key
 * shows the old key's signed statement beside its hello (smc_rotation.h); who
 * verifies it puts the new key in the place of the one registered, before T is
 * made.  So the new key is proved by auth_i like any other, and parties of which
 * only some follow never verify each other either.  Keys are fresh for each lane
 * (forward secrecy), and a hello taken from an older lane gives another T.
 *
 * The same code serves every party; it does no I/O.  One round trip brings
 * the hellos, half another the signatures.  An error ends the handshake: its
 * secrets are wiped and every later call fails.
 */
#ifndef SMC_HANDSHAKE_H
#define SMC_HANDSHAKE_H

#include <stdbool.h>

#include "smc_limits.h"
#include "smc_random.h"
#include "smc_status.h"

#define SMC_HELLO_BYTES	(2 + 2 + 32 + 32)
#define SMC_AUTH_BYTES	SMC_SIGNATURE_BYTES

typedef struct SmcLaneParty
{
	char		name[SMC_NAME_MAX];
	uint8_t		public_key[SMC_PUBLIC_KEY_BYTES];	/* as registered here, never as told by a peer
													 * (but see smc_handshake_replace_key) */
} SmcLaneParty;

/* What a pair shares after the handshake.  Secret. */
typedef struct SmcPairKeys
{
	uint8_t		send[SMC_KEY_BYTES];	/* seals frames from us to them */
	uint8_t		receive[SMC_KEY_BYTES]; /* opens frames from them to us */
	uint8_t		seed[SMC_KEY_BYTES];	/* the same at both: common randomness */
} SmcPairKeys;

typedef struct SmcHandshake
{
	int			self;
	int			hub;
	int			party_count;
	SmcLaneParty parties[SMC_PARTIES_MAX];
	uint8_t		lane_id[SMC_LANE_ID_BYTES];
	uint8_t		identity[SMC_SECRET_KEY_BYTES];
	uint8_t		ephemeral[SMC_KEY_BYTES];
	uint8_t		common[SMC_PARTIES_MAX][SMC_KEY_BYTES]; /* X25519(e_self, E_j) */
	uint8_t		hello[SMC_PARTIES_MAX][SMC_HELLO_BYTES];
	uint16_t	hello_mask;		/* whose hello is in, ours included */
	uint16_t	auth_mask;		/* whose signature is verified, ours included */
	uint8_t		transcript[SMC_KEY_BYTES];
	uint16_t	version_oldest; /* in common so far */
	uint16_t	version_newest;
	int			version;		/* agreed, once all hellos are in; 0 before */
	bool		failed;			/* or finished: its secrets are gone */
} SmcHandshake;

/*
 * Whether a name is one that a party may have: a lower-case letter, then
 * lower-case letters, digits and underscores, SMC_NAME_MAX with its NUL.
 */
extern bool smc_handshake_is_name(const char *name);

/*
 * Begin: make the ephemeral key and our own hello.  identity is secret and is
 * copied; lane_id is the hub's random name for the lane; versions are ours.
 * SMC_ERR_ARGUMENT when a party has no name, two have the same name or key, or
 * identity is not the secret of parties[self].public_key.
 */
extern SmcStatus smc_handshake_init(SmcHandshake *hs, int self, int hub, int party_count,
									const SmcLaneParty *parties,
									const uint8_t identity[SMC_SECRET_KEY_BYTES],
									const uint8_t lane_id[SMC_LANE_ID_BYTES],
									uint16_t version_oldest, uint16_t version_newest,
									const SmcRandom *random) SMC_MUST_USE;

/*
 * Expect another key of a party than the one registered, because the registered
 * one has signed that it is replaced by it (smc_rotation.h): for the caller to
 * have verified.  Before that party's hello is taken, else SMC_ERR_ARGUMENT.
 * SMC_ERR_AUTH when it is the key of another party of the lane.
 */
extern SmcStatus smc_handshake_replace_key(SmcHandshake *hs, int party,
										   const uint8_t key[SMC_PUBLIC_KEY_BYTES]) SMC_MUST_USE;

/*
 * Take the hello of another party.  SMC_ERR_FORMAT on a wrong length, a second
 * hello, one that repeats another party's (ours included), or a key of low
 * order; SMC_ERR_VERSION when no version is in common, which is found out
 * before the length is, as the hello of another version may be longer.
 */
extern SmcStatus smc_handshake_read_hello(SmcHandshake *hs, int from, const uint8_t *data, size_t len) SMC_MUST_USE;

/* Whether all hellos are in, so that the signature can be written. */
extern bool smc_handshake_has_hellos(const SmcHandshake *hs);

/* Write our signature over the transcript.  SMC_ERR_ARGUMENT before all hellos are in. */
extern SmcStatus smc_handshake_write_auth(SmcHandshake *hs, uint8_t out[SMC_AUTH_BYTES]) SMC_MUST_USE;

/*
 * Verify the signature of another party: SMC_ERR_AUTH whatever is wrong with
 * it, its coming too early, twice or from nobody included.
 */
extern SmcStatus smc_handshake_read_auth(SmcHandshake *hs, int from, const uint8_t *data, size_t len) SMC_MUST_USE;

/* Whether every party is authenticated. */
extern bool smc_handshake_is_complete(const SmcHandshake *hs);

/*
 * Derive the keys with each other party (keys[self] is zeroed) and wipe the
 * handshake's own secrets.  Needs a complete handshake.
 */
extern SmcStatus smc_handshake_finish(SmcHandshake *hs, SmcPairKeys keys[SMC_PARTIES_MAX]) SMC_MUST_USE;

/* Wipe everything.  Safe at any time. */
extern void smc_handshake_wipe(SmcHandshake *hs);

#endif							/* SMC_HANDSHAKE_H */
