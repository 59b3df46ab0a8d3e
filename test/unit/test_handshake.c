/*
 * The handshake: two to sixteen parties agree, and nobody else gets in.
 */
#include "smc_testkit.h"

#include <sodium.h>
#include <stdio.h>

#include "smc_testnet.h"

#include "core/smc_handshake.h"
#include "core/smc_hash.h"

/* A lane under test: what each party believes and what each one said. */
typedef struct Lane
{
	int			count;
	SmcRandomSeed seed;
	SmcRandom	random;
	SmcLaneParty parties[SMC_PARTIES_MAX];
	uint8_t		identity[SMC_PARTIES_MAX][SMC_SECRET_KEY_BYTES];
	uint8_t		lane_id[SMC_LANE_ID_BYTES];
	SmcHandshake hs[SMC_PARTIES_MAX];
	uint8_t		auth[SMC_PARTIES_MAX][SMC_AUTH_BYTES];
	SmcPairKeys keys[SMC_PARTIES_MAX][SMC_PARTIES_MAX];
} Lane;

static Lane lane;
static Lane older;

static void
lane_init(Lane *l, int count, uint64_t number)
{
	int			i;

	memset(l, 0, sizeof(*l));
	l->count = count;
	l->random = smc_test_random(&l->seed, number);
	smc_random_fill(&l->random, l->lane_id, sizeof(l->lane_id));
	for (i = 0; i < count; i++)
	{
		uint8_t		seed[32] = {(uint8_t) (i + 1)};

		crypto_sign_seed_keypair(l->parties[i].public_key, l->identity[i], seed);
		snprintf(l->parties[i].name, SMC_NAME_MAX, "party%d", i);
	}
}

static SmcStatus
lane_begin_one(Lane *l, int i, const SmcLaneParty *parties, int hub, uint16_t oldest, uint16_t newest)
{
	return smc_handshake_init(&l->hs[i], i, hub, l->count, parties, l->identity[i], l->lane_id,
							  oldest, newest, &l->random);
}

static void
lane_begin(Lane *l)
{
	int			i;

	for (i = 0; i < l->count; i++)
		assert_int_equal(lane_begin_one(l, i, l->parties, 0, 1, 1), SMC_OK);
}

static SmcStatus
give_hello(Lane *l, int from, int to)
{
	return smc_handshake_read_hello(&l->hs[to], from, l->hs[from].hello[from], SMC_HELLO_BYTES);
}

static void
lane_hellos(Lane *l)
{
	int			i;
	int			j;

	for (i = 0; i < l->count; i++)
		for (j = 0; j < l->count; j++)
			if (i != j)
			{
				assert_false(smc_handshake_has_hellos(&l->hs[j]));
				assert_int_equal(give_hello(l, i, j), SMC_OK);
			}
}

static void
lane_sign(Lane *l)
{
	int			i;

	for (i = 0; i < l->count; i++)
	{
		assert_true(smc_handshake_has_hellos(&l->hs[i]));
		assert_int_equal(smc_handshake_write_auth(&l->hs[i], l->auth[i]), SMC_OK);
	}
}

static SmcStatus
give_auth(Lane *l, int from, int to)
{
	return smc_handshake_read_auth(&l->hs[to], from, l->auth[from], SMC_AUTH_BYTES);
}

/* A failed handshake holds no secret and does nothing any more. */
static void
assert_dead(SmcHandshake *hs)
{
	uint8_t		hello[SMC_HELLO_BYTES] = {1, 0, 1, 0, 9};
	uint8_t		auth[SMC_AUTH_BYTES];
	SmcPairKeys keys[SMC_PARTIES_MAX];

	assert_true(hs->failed);
	assert_true(sodium_is_zero(hs->identity, sizeof(hs->identity)));
	assert_true(sodium_is_zero(hs->ephemeral, sizeof(hs->ephemeral)));
	assert_true(sodium_is_zero((const uint8_t *) hs->common, sizeof(hs->common)));
	assert_false(smc_handshake_has_hellos(hs));
	assert_false(smc_handshake_is_complete(hs));
	assert_int_equal(smc_handshake_read_hello(hs, 1, hello, sizeof(hello)), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_write_auth(hs, auth), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_read_auth(hs, 1, auth, sizeof(auth)), SMC_ERR_ARGUMENT);
	memset(keys, 0xff, sizeof(keys));
	assert_int_equal(smc_handshake_finish(hs, keys), SMC_ERR_ARGUMENT);
	assert_true(sodium_is_zero((const uint8_t *) keys, sizeof(keys)));
}

/* RFC 7748, section 6.1, and RFC 8032, section 7.1, TEST 1: what we build on. */
static void
test_vectors(void **state)
{
	uint8_t		alice[32];
	uint8_t		bob[32];
	uint8_t		public_key[32];
	uint8_t		secret_key[64];
	uint8_t		want[64];
	uint8_t		got[64];

	(void) state;
	smc_test_hex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a", alice, 32);
	smc_test_hex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb", bob, 32);
	smc_test_hex("8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a", want, 32);
	assert_int_equal(crypto_scalarmult_base(public_key, alice), 0);
	assert_memory_equal(public_key, want, 32);
	smc_test_hex("4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742", want, 32);
	assert_int_equal(crypto_scalarmult(got, bob, public_key), 0);
	assert_memory_equal(got, want, 32);

	smc_test_hex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", got, 32);
	assert_int_equal(crypto_sign_seed_keypair(public_key, secret_key, got), 0);
	smc_test_hex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", want, 32);
	assert_memory_equal(public_key, want, 32);
	smc_test_hex("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555"
				 "fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b", want, 64);
	assert_int_equal(crypto_sign_detached(got, NULL, NULL, 0, secret_key), 0);
	assert_memory_equal(got, want, 64);
}

static void
test_agree(void **state)
{
	int			count;
	int			i;
	int			j;
	int			k;

	(void) state;
	for (count = 2; count <= SMC_PARTIES_MAX; count += count < 5 ? 1 : 11)
	{
		lane_init(&lane, count, 50);
		lane_begin(&lane);
		lane_hellos(&lane);
		lane_sign(&lane);
		for (i = 0; i < count; i++)
			for (j = 0; j < count; j++)
				if (i != j)
				{
					assert_false(smc_handshake_is_complete(&lane.hs[j]));
					assert_int_equal(give_auth(&lane, i, j), SMC_OK);
				}
		for (i = 0; i < count; i++)
		{
			assert_true(smc_handshake_is_complete(&lane.hs[i]));
			assert_int_equal(lane.hs[i].version, 1);
			assert_int_equal(smc_handshake_finish(&lane.hs[i], lane.keys[i]), SMC_OK);
			assert_true(sodium_is_zero(lane.hs[i].identity, SMC_SECRET_KEY_BYTES));
			assert_true(sodium_is_zero(lane.hs[i].ephemeral, SMC_KEY_BYTES));
			assert_true(sodium_is_zero((const uint8_t *) lane.hs[i].common, sizeof(lane.hs[i].common)));
			assert_true(sodium_is_zero((const uint8_t *) &lane.keys[i][i], sizeof(SmcPairKeys)));
		}

		/* What i sends with, j receives with; the seed is common; all keys differ. */
		for (i = 0; i < count; i++)
			for (j = 0; j < count; j++)
			{
				SmcPairKeys *ours = &lane.keys[i][j];

				if (i == j)
					continue;
				assert_memory_equal(ours->send, lane.keys[j][i].receive, SMC_KEY_BYTES);
				assert_memory_equal(ours->seed, lane.keys[j][i].seed, SMC_KEY_BYTES);
				assert_memory_not_equal(ours->send, ours->receive, SMC_KEY_BYTES);
				assert_memory_not_equal(ours->send, ours->seed, SMC_KEY_BYTES);
				assert_memory_not_equal(ours->receive, ours->seed, SMC_KEY_BYTES);
				for (k = 0; k < j; k++)
					assert_memory_not_equal(ours->send, lane.keys[i][k].send, SMC_KEY_BYTES);
			}
	}
}

/* T and the keys, from the header's formulas and libsodium's own functions. */
static void
test_formula(void **state)
{
	uint8_t		transcript[SMC_KEY_BYTES];
	uint8_t		common[SMC_KEY_BYTES];
	uint8_t		key[SMC_KEY_BYTES];
	uint8_t		message[17 + SMC_KEY_BYTES + 1] = "smc lane auth v1";
	SmcHash		hash;
	int			i;

	(void) state;
	lane_init(&lane, 3, 51);
	lane_begin(&lane);
	lane_hellos(&lane);
	lane_sign(&lane);

	smc_hash_init(&hash, "smc lane transcript v1", NULL);
	smc_hash_add_u64(&hash, 1); /* version */
	smc_hash_add(&hash, lane.lane_id, SMC_LANE_ID_BYTES);
	smc_hash_add_u64(&hash, 0); /* hub */
	smc_hash_add_u64(&hash, 3);
	for (i = 0; i < 3; i++)
	{
		smc_hash_add(&hash, lane.parties[i].name, 6);
		smc_hash_add(&hash, lane.parties[i].public_key, 32);
		smc_hash_add(&hash, lane.hs[i].hello[i], SMC_HELLO_BYTES);
	}
	smc_hash_final(&hash, transcript);

	for (i = 0; i < 3; i++)
	{
		memcpy(message + 17, transcript, SMC_KEY_BYTES);
		message[17 + SMC_KEY_BYTES] = (uint8_t) i;
		assert_int_equal(crypto_sign_verify_detached(lane.auth[i], message, sizeof(message), lane.parties[i].public_key), 0);
	}

	assert_int_equal(crypto_scalarmult(common, lane.hs[2].ephemeral, lane.hs[1].hello[1] + 4), 0);
	for (i = 0; i < 3; i++)
		if (i != 1)
			assert_int_equal(give_auth(&lane, i, 1), SMC_OK);
	assert_int_equal(smc_handshake_finish(&lane.hs[1], lane.keys[1]), SMC_OK);

	smc_hash_init(&hash, "smc lane key v1", common);
	smc_hash_add(&hash, transcript, SMC_KEY_BYTES);
	smc_hash_add_u64(&hash, 1);
	smc_hash_add_u64(&hash, 2);
	smc_hash_final(&hash, key);
	assert_memory_equal(lane.keys[1][2].send, key, SMC_KEY_BYTES);
	smc_hash_init(&hash, "smc lane seed v1", common);
	smc_hash_add(&hash, transcript, SMC_KEY_BYTES);
	smc_hash_add_u64(&hash, 1);
	smc_hash_add_u64(&hash, 2);
	smc_hash_final(&hash, key);
	assert_memory_equal(lane.keys[1][2].seed, key, SMC_KEY_BYTES);
}

/* The newest version in common, or none. */
static void
test_versions(void **state)
{
	uint8_t		longer[SMC_HELLO_BYTES + 40] = {5, 0, 7, 0};

	(void) state;
	lane_init(&lane, 3, 52);
	assert_int_equal(lane_begin_one(&lane, 0, lane.parties, 0, 1, 5), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 1, lane.parties, 0, 2, 9), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 2, lane.parties, 0, 1, 3), SMC_OK);
	lane_hellos(&lane);
	assert_int_equal(lane.hs[0].version, 3);
	assert_int_equal(lane.hs[1].version, 3);
	assert_int_equal(lane.hs[2].version, 3);

	lane_init(&lane, 2, 53);
	assert_int_equal(lane_begin_one(&lane, 0, lane.parties, 0, 1, 1), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 1, lane.parties, 0, 2, 3), SMC_OK);
	assert_int_equal(give_hello(&lane, 0, 1), SMC_ERR_VERSION);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_ERR_VERSION);
	assert_dead(&lane.hs[0]);
	assert_dead(&lane.hs[1]);

	/* Each pair has one in common, the three have none. */
	lane_init(&lane, 3, 54);
	assert_int_equal(lane_begin_one(&lane, 0, lane.parties, 0, 1, 4), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 1, lane.parties, 0, 1, 2), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 2, lane.parties, 0, 3, 4), SMC_OK);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_OK);
	assert_int_equal(give_hello(&lane, 2, 0), SMC_ERR_VERSION);

	/* A later version's hello, of another length, is a matter of version. */
	lane_begin(&lane);
	assert_int_equal(smc_handshake_read_hello(&lane.hs[0], 1, longer, sizeof(longer)), SMC_ERR_VERSION);

	/* No version, or oldest after newest, is no hello. */
	lane_begin(&lane);
	memset(lane.hs[1].hello[1], 0, 4);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_ERR_FORMAT);
	lane_begin(&lane);
	lane.hs[1].hello[1][0] = 2;
	assert_int_equal(give_hello(&lane, 1, 0), SMC_ERR_FORMAT);
}

static void
test_malformed_hello(void **state)
{
	uint8_t		longer[SMC_HELLO_BYTES + 1];
	size_t		len;

	(void) state;
	lane_init(&lane, 3, 55);
	for (len = 0; len <= SMC_HELLO_BYTES + 1; len++)
	{
		if (len == SMC_HELLO_BYTES)
			continue;
		lane_begin(&lane);
		memcpy(longer, lane.hs[1].hello[1], SMC_HELLO_BYTES);
		assert_int_equal(smc_handshake_read_hello(&lane.hs[0], 1, longer, len), SMC_ERR_FORMAT);
		assert_dead(&lane.hs[0]);
	}

	/* twice */
	lane_begin(&lane);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_OK);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_ERR_FORMAT);
	assert_dead(&lane.hs[0]);

	/* from nobody, and from ourselves */
	lane_begin(&lane);
	assert_int_equal(smc_handshake_read_hello(&lane.hs[0], 3, lane.hs[1].hello[1], SMC_HELLO_BYTES), SMC_ERR_FORMAT);
	lane_begin(&lane);
	assert_int_equal(smc_handshake_read_hello(&lane.hs[0], -1, lane.hs[1].hello[1], SMC_HELLO_BYTES), SMC_ERR_FORMAT);
	lane_begin(&lane);
	assert_int_equal(smc_handshake_read_hello(&lane.hs[0], 0, lane.hs[1].hello[1], SMC_HELLO_BYTES), SMC_ERR_FORMAT);
}

/* Our own hello, or another's, handed back as somebody's. */
static void
test_reflected_hello(void **state)
{
	uint8_t		hello[SMC_HELLO_BYTES];

	(void) state;
	lane_init(&lane, 3, 56);
	lane_begin(&lane);
	assert_int_equal(smc_handshake_read_hello(&lane.hs[0], 1, lane.hs[0].hello[0], SMC_HELLO_BYTES), SMC_ERR_FORMAT);
	assert_dead(&lane.hs[0]);

	lane_begin(&lane);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_OK);
	assert_int_equal(smc_handshake_read_hello(&lane.hs[0], 2, lane.hs[1].hello[1], SMC_HELLO_BYTES), SMC_ERR_FORMAT);

	/* The key alone, under a nonce of its own. */
	lane_begin(&lane);
	memcpy(hello, lane.hs[1].hello[1], SMC_HELLO_BYTES);
	memcpy(hello + 4, lane.hs[0].hello[0] + 4, 32);
	assert_int_equal(smc_handshake_read_hello(&lane.hs[0], 1, hello, SMC_HELLO_BYTES), SMC_ERR_FORMAT);
}

/* Keys whose X25519 with anything is zero, in every encoding. */
static void
test_low_order(void **state)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	size_t		i;
	int			top;

	(void) state;
	lane_init(&lane, 2, 57);
	for (i = 0; i < sizeof(points) / sizeof(points[0]); i++)
		for (top = 0; top < 2; top++)
		{
			uint8_t    *key;

			lane_begin(&lane);
			key = lane.hs[1].hello[1] + 4;
			smc_test_hex(points[i], key, 32);
			key[31] |= (uint8_t) (top << 7);
			assert_int_equal(give_hello(&lane, 1, 0), SMC_ERR_FORMAT);
			assert_dead(&lane.hs[0]);
		}
}

/* Whether, with one hello changed on its way to party 0, party 0 accepts party 1. */
static void
test_tampered_hello(void **state)
{
	size_t		i;

	(void) state;
	lane_init(&lane, 3, 58);
	for (i = 0; i < SMC_HELLO_BYTES; i++)
	{
		uint8_t		hello[SMC_HELLO_BYTES];
		SmcStatus	status;

		lane_begin(&lane);
		memcpy(hello, lane.hs[1].hello[1], SMC_HELLO_BYTES);
		hello[i] ^= i < 4 ? 2 : 0x80;	/* with 2, versions 1..1 become another range or none */
		assert_int_equal(give_hello(&lane, 2, 0), SMC_OK);
		status = smc_handshake_read_hello(&lane.hs[0], 1, hello, SMC_HELLO_BYTES);
		if (status != SMC_OK)
		{
			assert_true(i < 4);
			continue;
		}
		assert_int_equal(give_hello(&lane, 0, 1), SMC_OK);
		assert_int_equal(give_hello(&lane, 2, 1), SMC_OK);
		assert_int_equal(give_hello(&lane, 0, 2), SMC_OK);
		assert_int_equal(give_hello(&lane, 1, 2), SMC_OK);
		lane_sign(&lane);

		/* The honest three: nobody verifies 0, and 0 verifies nobody. */
		assert_int_equal(give_auth(&lane, 1, 2), SMC_OK);
		assert_int_equal(give_auth(&lane, 2, 1), SMC_OK);
		assert_int_equal(give_auth(&lane, 0, 1), SMC_ERR_AUTH);
		assert_int_equal(give_auth(&lane, 0, 2), SMC_ERR_AUTH);
		assert_int_equal(give_auth(&lane, i % 2 ? 1 : 2, 0), SMC_ERR_AUTH);
		assert_dead(&lane.hs[0]);
		assert_dead(&lane.hs[1]);
		assert_dead(&lane.hs[2]);
	}
}

static void
lane_until_auth(int count, uint64_t number)
{
	lane_init(&lane, count, number);
	lane_begin(&lane);
	lane_hellos(&lane);
	lane_sign(&lane);
}

static void
test_tampered_auth(void **state)
{
	size_t		i;

	(void) state;
	for (i = 0; i < SMC_AUTH_BYTES; i++)
	{
		lane_until_auth(2, 59);
		lane.auth[1][i] ^= (uint8_t) (1 << (i % 8));
		assert_int_equal(give_auth(&lane, 1, 0), SMC_ERR_AUTH);
		assert_dead(&lane.hs[0]);
	}
	for (i = 0; i < SMC_AUTH_BYTES; i++)
	{
		lane_until_auth(2, 59);
		assert_int_equal(smc_handshake_read_auth(&lane.hs[0], 1, lane.auth[1], i), SMC_ERR_AUTH);
		assert_dead(&lane.hs[0]);
	}

	/* reflected, another's, twice, from nobody */
	lane_until_auth(3, 60);
	assert_int_equal(smc_handshake_read_auth(&lane.hs[0], 1, lane.auth[0], SMC_AUTH_BYTES), SMC_ERR_AUTH);
	lane_until_auth(3, 60);
	assert_int_equal(smc_handshake_read_auth(&lane.hs[0], 1, lane.auth[2], SMC_AUTH_BYTES), SMC_ERR_AUTH);
	lane_until_auth(3, 60);
	assert_int_equal(give_auth(&lane, 1, 0), SMC_OK);
	assert_int_equal(give_auth(&lane, 1, 0), SMC_ERR_AUTH);
	lane_until_auth(3, 60);
	assert_int_equal(smc_handshake_read_auth(&lane.hs[0], 0, lane.auth[0], SMC_AUTH_BYTES), SMC_ERR_AUTH);
	lane_until_auth(3, 60);
	assert_int_equal(smc_handshake_read_auth(&lane.hs[0], 3, lane.auth[1], SMC_AUTH_BYTES), SMC_ERR_AUTH);

	/* before all hellos are in */
	lane_until_auth(3, 60);
	assert_int_equal(lane_begin_one(&lane, 0, lane.parties, 0, 1, 1), SMC_OK);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_OK);
	assert_int_equal(give_auth(&lane, 1, 0), SMC_ERR_AUTH);
	assert_dead(&lane.hs[0]);
}

/* What was said on an older lane by the right parties is worth nothing on another. */
static void
test_replay(void **state)
{
	int			i;

	(void) state;
	lane_until_auth(3, 61);
	older = lane;
	lane_init(&lane, 3, 62);
	lane_begin(&lane);
	for (i = 1; i < 3; i++)
		assert_int_equal(smc_handshake_read_hello(&lane.hs[0], i, older.hs[i].hello[i], SMC_HELLO_BYTES), SMC_OK);
	assert_int_equal(smc_handshake_read_auth(&lane.hs[0], 1, older.auth[1], SMC_AUTH_BYTES), SMC_ERR_AUTH);
	assert_dead(&lane.hs[0]);

	/* Even where the same lane id is used again, our hello is new. */
	memcpy(lane.lane_id, older.lane_id, SMC_LANE_ID_BYTES);
	lane_begin(&lane);
	for (i = 1; i < 3; i++)
		assert_int_equal(smc_handshake_read_hello(&lane.hs[0], i, older.hs[i].hello[i], SMC_HELLO_BYTES), SMC_OK);
	assert_int_equal(smc_handshake_read_auth(&lane.hs[0], 1, older.auth[1], SMC_AUTH_BYTES), SMC_ERR_AUTH);
}

/* Someone else signs as party 1: its key isn't the one that is registered. */
static void
test_wrong_key(void **state)
{
	SmcLaneParty theirs[SMC_PARTIES_MAX];
	uint8_t		seed[32] = {99};

	(void) state;
	lane_init(&lane, 3, 63);
	memcpy(theirs, lane.parties, sizeof(theirs));
	crypto_sign_seed_keypair(theirs[1].public_key, lane.identity[1], seed);
	assert_int_equal(lane_begin_one(&lane, 0, lane.parties, 0, 1, 1), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 1, theirs, 0, 1, 1), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 2, lane.parties, 0, 1, 1), SMC_OK);
	lane_hellos(&lane);
	lane_sign(&lane);
	assert_int_equal(give_auth(&lane, 2, 0), SMC_OK);
	assert_int_equal(give_auth(&lane, 1, 0), SMC_ERR_AUTH);
	assert_int_equal(give_auth(&lane, 1, 2), SMC_ERR_AUTH);
	assert_int_equal(give_auth(&lane, 0, 1), SMC_ERR_AUTH);
	assert_dead(&lane.hs[0]);
	assert_dead(&lane.hs[1]);
	assert_dead(&lane.hs[2]);

	/* The same where it knows the registered key and signs over that. */
	lane_until_auth(2, 64);
	memcpy(lane.hs[1].identity, older.identity[0], SMC_SECRET_KEY_BYTES);
	assert_int_equal(smc_handshake_write_auth(&lane.hs[1], lane.auth[1]), SMC_OK);
	assert_int_equal(give_auth(&lane, 1, 0), SMC_ERR_AUTH);
}

/* Parties that see the lane in different ways never verify each other. */
static void
test_disagreement(void **state)
{
	SmcLaneParty theirs[SMC_PARTIES_MAX];
	int			how;

	(void) state;
	for (how = 0; how < 5; how++)
	{
		lane_init(&lane, 3, 65);
		lane_begin(&lane);
		memcpy(theirs, lane.parties, sizeof(theirs));
		switch (how)
		{
			case 0:				/* another name for the third */
				strcpy(theirs[2].name, "mallory");
				break;
			case 1:				/* another key for the third */
				theirs[2].public_key[0] ^= 1;
				break;
			case 2:				/* another order of the others */
				theirs[0] = lane.parties[2];
				theirs[2] = lane.parties[0];
				break;
			case 3:				/* another lane */
				lane.lane_id[0] ^= 1;
				break;
			case 4:				/* another hub: below */
				break;
		}
		assert_int_equal(lane_begin_one(&lane, 1, theirs, how == 4 ? 1 : 0, 1, 1), SMC_OK);
		lane_hellos(&lane);
		lane_sign(&lane);
		assert_int_equal(give_auth(&lane, 2, 0), SMC_OK);	/* these two agree */
		assert_int_equal(give_auth(&lane, 1, 0), SMC_ERR_AUTH);
		assert_int_equal(give_auth(&lane, 0, 1), SMC_ERR_AUTH);
	}

	/* One party more at one side: its hello is all that is missing, for ever. */
	lane_init(&lane, 3, 66);
	assert_int_equal(smc_handshake_init(&lane.hs[1], 1, 0, 2, lane.parties, lane.identity[1], lane.lane_id,
										1, 1, &lane.random), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 0, lane.parties, 0, 1, 1), SMC_OK);
	assert_int_equal(lane_begin_one(&lane, 2, lane.parties, 0, 1, 1), SMC_OK);
	assert_int_equal(give_hello(&lane, 0, 1), SMC_OK);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_OK);
	assert_int_equal(give_hello(&lane, 2, 0), SMC_OK);
	assert_int_equal(smc_handshake_write_auth(&lane.hs[1], lane.auth[1]), SMC_OK);
	assert_int_equal(give_auth(&lane, 1, 0), SMC_ERR_AUTH);
	assert_int_equal(give_hello(&lane, 2, 1), SMC_ERR_FORMAT);
}

static void
test_misuse(void **state)
{
	SmcPairKeys keys[SMC_PARTIES_MAX];
	uint8_t		auth[SMC_AUTH_BYTES];
	SmcLaneParty parties[SMC_PARTIES_MAX];

	(void) state;
	lane_init(&lane, 3, 67);
	assert_int_equal(smc_handshake_init(&lane.hs[0], 0, 0, 1, lane.parties, lane.identity[0], lane.lane_id, 1, 1, &lane.random), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_init(&lane.hs[0], 0, 0, 17, lane.parties, lane.identity[0], lane.lane_id, 1, 1, &lane.random), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_init(&lane.hs[0], 3, 0, 3, lane.parties, lane.identity[0], lane.lane_id, 1, 1, &lane.random), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_init(&lane.hs[0], 0, 3, 3, lane.parties, lane.identity[0], lane.lane_id, 1, 1, &lane.random), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_init(&lane.hs[0], 0, 0, 3, lane.parties, lane.identity[0], lane.lane_id, 2, 1, &lane.random), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_init(&lane.hs[0], 0, 0, 3, lane.parties, lane.identity[0], lane.lane_id, 0, 1, &lane.random), SMC_ERR_ARGUMENT);
	assert_dead(&lane.hs[0]);

	/* an identity that isn't that of the party we are */
	assert_int_equal(smc_handshake_init(&lane.hs[0], 0, 0, 3, lane.parties, lane.identity[1], lane.lane_id, 1, 1, &lane.random), SMC_ERR_ARGUMENT);
	assert_dead(&lane.hs[0]);

	/* names and keys that are missing, endless or used twice */
	memcpy(parties, lane.parties, sizeof(parties));
	parties[1].name[0] = '\0';
	assert_int_equal(lane_begin_one(&lane, 0, parties, 0, 1, 1), SMC_ERR_ARGUMENT);
	memset(parties[1].name, 'x', SMC_NAME_MAX);
	assert_int_equal(lane_begin_one(&lane, 0, parties, 0, 1, 1), SMC_ERR_ARGUMENT);
	strcpy(parties[1].name, parties[2].name);
	assert_int_equal(lane_begin_one(&lane, 0, parties, 0, 1, 1), SMC_ERR_ARGUMENT);
	memcpy(parties, lane.parties, sizeof(parties));
	memcpy(parties[2].public_key, parties[0].public_key, SMC_PUBLIC_KEY_BYTES);
	assert_int_equal(lane_begin_one(&lane, 0, parties, 0, 1, 1), SMC_ERR_ARGUMENT);

	/* out of turn; our own mistake doesn't end the handshake */
	lane_begin(&lane);
	assert_int_equal(smc_handshake_write_auth(&lane.hs[0], auth), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_finish(&lane.hs[0], keys), SMC_ERR_ARGUMENT);
	lane_hellos(&lane);
	assert_int_equal(smc_handshake_finish(&lane.hs[0], keys), SMC_ERR_ARGUMENT);
	lane_sign(&lane);
	assert_int_equal(give_auth(&lane, 1, 0), SMC_OK);
	assert_int_equal(smc_handshake_finish(&lane.hs[0], keys), SMC_ERR_ARGUMENT);
	assert_int_equal(give_auth(&lane, 2, 0), SMC_OK);
	assert_int_equal(smc_handshake_finish(&lane.hs[0], keys), SMC_OK);

	/* finished: complete, and nothing more to be had */
	assert_true(smc_handshake_is_complete(&lane.hs[0]));
	assert_int_equal(lane.hs[0].version, 1);
	assert_int_equal(smc_handshake_finish(&lane.hs[0], keys), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_write_auth(&lane.hs[0], auth), SMC_ERR_ARGUMENT);

	smc_handshake_wipe(&lane.hs[1]);
	assert_dead(&lane.hs[1]);
	assert_int_equal(lane.hs[1].party_count, 0);
}

/* Each party in a thread, hellos and signatures over the network. */
static SmcStatus
network_party(SmcChannel *channel, void *arg)
{
	Lane	   *l = arg;
	int			self = channel->self;
	SmcHandshake *hs = &l->hs[self];
	uint8_t		hello[SMC_HELLO_BYTES];
	uint8_t		auth[SMC_AUTH_BYTES];
	SmcStatus	status;
	int			p;

	status = smc_handshake_init(hs, self, 1, l->count, l->parties, l->identity[self], l->lane_id,
								SMC_PROTOCOL_OLDEST, SMC_PROTOCOL_VERSION, smc_random_system());
	for (p = 0; p < l->count && status == SMC_OK; p++)
		if (p != self)
			status = smc_channel_send(channel, p, hs->hello[self], SMC_HELLO_BYTES);
	for (p = 0; p < l->count && status == SMC_OK; p++)
	{
		if (p == self)
			continue;
		status = smc_channel_receive(channel, p, hello, sizeof(hello));
		if (status == SMC_OK)
			status = smc_handshake_read_hello(hs, p, hello, sizeof(hello));
	}
	if (status == SMC_OK)
		status = smc_handshake_write_auth(hs, auth);
	for (p = 0; p < l->count && status == SMC_OK; p++)
		if (p != self)
			status = smc_channel_send(channel, p, auth, sizeof(auth));
	for (p = 0; p < l->count && status == SMC_OK; p++)
	{
		if (p == self)
			continue;
		status = smc_channel_receive(channel, p, auth, sizeof(auth));
		if (status == SMC_OK)
			status = smc_handshake_read_auth(hs, p, auth, sizeof(auth));
	}
	if (status == SMC_OK)
		status = smc_handshake_finish(hs, l->keys[self]);
	return status;
}

static void
test_network(void **state)
{
	SmcTestResult results[SMC_PARTIES_MAX];
	int			count;
	int			i;
	int			j;

	(void) state;
	for (count = 2; count <= 5; count++)
	{
		lane_init(&lane, count, 68);
		smc_testnet_run(count, network_party, &lane, results);
		for (i = 0; i < count; i++)
		{
			assert_int_equal(results[i].status, SMC_OK);
			for (j = 0; j < count; j++)
				assert_memory_equal(lane.keys[i][j].seed, lane.keys[j][i].seed, SMC_KEY_BYTES);
		}
	}
}

/* Only names of the agreed letters, that fit, are names of parties. */
static void
test_names(void **state)
{
	static const char *const good[] = {"a", "acme", "a_1", "z9_"};
	static const char *const bad[] = {"", "1a", "_a", "Acme", "aCme", "a b", "a-b", "a\n", "a\"", "\xc3\xa4", "a\xc3\xa4"};
	char		name[SMC_NAME_MAX + 1];
	size_t		i;

	(void) state;
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		assert_true(smc_handshake_is_name(good[i]));
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(smc_handshake_is_name(bad[i]));

	memset(name, 'a', sizeof(name));
	name[SMC_NAME_MAX] = '\0';
	assert_false(smc_handshake_is_name(name));
	name[SMC_NAME_MAX - 1] = '\0';
	assert_true(smc_handshake_is_name(name));
}

/* Let a party have a key that is registered nowhere yet. */
static void
lane_begin_rekeyed(Lane *l, int party, const uint8_t *seed)
{
	SmcLaneParty registered[SMC_PARTIES_MAX];
	int			i;

	memcpy(registered, l->parties, sizeof(registered));
	crypto_sign_seed_keypair(l->parties[party].public_key, l->identity[party], seed);
	for (i = 0; i < l->count; i++)
		assert_int_equal(lane_begin_one(l, i, i == party ? l->parties : registered, 0, 1, 1), SMC_OK);
}

/* A key in the place of the registered one: only before that party's hello, and only if all put it there. */
static void
test_replaced_key(void **state)
{
	const uint8_t seed[32] = {0xee};
	int			rotated;
	int			i;
	int			j;

	(void) state;
	for (rotated = 0; rotated < 3; rotated++)
	{
		lane_init(&lane, 3, 70);
		lane_begin_rekeyed(&lane, rotated, seed);
		for (i = 0; i < 3; i++)
			if (i != rotated)
				assert_int_equal(smc_handshake_replace_key(&lane.hs[i], rotated, lane.parties[rotated].public_key), SMC_OK);
		lane_hellos(&lane);
		lane_sign(&lane);
		for (i = 0; i < 3; i++)
			for (j = 0; j < 3; j++)
				if (i != j)
					assert_int_equal(give_auth(&lane, i, j), SMC_OK);
		for (i = 0; i < 3; i++)
			assert_int_equal(smc_handshake_finish(&lane.hs[i], lane.keys[i]), SMC_OK);
		assert_memory_equal(lane.keys[0][2].send, lane.keys[2][0].receive, SMC_KEY_BYTES);

		/* who doesn't follow verifies nobody, and nobody verifies it */
		lane_init(&lane, 3, 71);
		lane_begin_rekeyed(&lane, rotated, seed);
		i = (rotated + 1) % 3;
		j = (rotated + 2) % 3;
		assert_int_equal(smc_handshake_replace_key(&lane.hs[i], rotated, lane.parties[rotated].public_key), SMC_OK);
		lane_hellos(&lane);
		lane_sign(&lane);
		assert_int_equal(give_auth(&lane, i, j), SMC_ERR_AUTH);
		assert_int_equal(give_auth(&lane, j, i), SMC_ERR_AUTH);
		assert_int_equal(give_auth(&lane, j, rotated), SMC_ERR_AUTH);
	}

	/* the secret that goes with the new key is needed: the old one signs nothing any more */
	lane_init(&lane, 2, 72);
	lane_begin(&lane);
	assert_int_equal(smc_handshake_replace_key(&lane.hs[0], 1, lane.hs[0].hello[0] + 4), SMC_OK);
	lane_hellos(&lane);
	lane_sign(&lane);
	assert_int_equal(give_auth(&lane, 1, 0), SMC_ERR_AUTH);

	/* too late, or of nobody else's */
	lane_init(&lane, 3, 73);
	lane_begin(&lane);
	assert_int_equal(give_hello(&lane, 1, 0), SMC_OK);
	assert_int_equal(smc_handshake_replace_key(&lane.hs[0], 1, seed), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_replace_key(&lane.hs[0], 0, seed), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_replace_key(&lane.hs[0], 3, seed), SMC_ERR_ARGUMENT);
	assert_int_equal(smc_handshake_replace_key(&lane.hs[0], -1, seed), SMC_ERR_ARGUMENT);
	assert_int_equal(give_hello(&lane, 2, 0), SMC_OK);

	/* another party's key, our own included */
	for (i = 0; i < 2; i++)
	{
		lane_begin(&lane);
		assert_int_equal(smc_handshake_replace_key(&lane.hs[0], 2, lane.parties[i].public_key), SMC_ERR_AUTH);
		assert_dead(&lane.hs[0]);
		assert_int_equal(smc_handshake_replace_key(&lane.hs[0], 2, seed), SMC_ERR_ARGUMENT);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_agree),
		cmocka_unit_test(test_formula),
		cmocka_unit_test(test_versions),
		cmocka_unit_test(test_malformed_hello),
		cmocka_unit_test(test_reflected_hello),
		cmocka_unit_test(test_low_order),
		cmocka_unit_test(test_tampered_hello),
		cmocka_unit_test(test_tampered_auth),
		cmocka_unit_test(test_replay),
		cmocka_unit_test(test_wrong_key),
		cmocka_unit_test(test_replaced_key),
		cmocka_unit_test(test_disagreement),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_network),
	};

	return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
