/*
 * Statements of a new key: genuine ones are followed, and nothing else is.
 */
#include "smc_testkit.h"

#include <sodium.h>

#include "core/smc_rotation.h"

#define KEYS	(SMC_ROTATIONS_MAX + 2)
#define PARTY	"globex"

static uint8_t public_key[KEYS][SMC_PUBLIC_KEY_BYTES];
static uint8_t secret_key[KEYS][SMC_SECRET_KEY_BYTES];

static int
make_keys(void **state)
{
	int			i;

	(void) state;
	for (i = 0; i < KEYS; i++)
	{
		const uint8_t seed[32] = {(uint8_t) (i + 1)};

		crypto_sign_seed_keypair(public_key[i], secret_key[i], seed);
	}
	return 0;
}

/* key 0 -> 1 -> ... -> count */
static SmcRotationChain
make_chain(int count)
{
	SmcRotationChain chain;
	int			i;

	memset(&chain, 0, sizeof(chain));
	for (i = 0; i < count; i++)
		assert_int_equal(smc_rotation_sign(&chain.rotations[i], PARTY, secret_key[i], public_key[i + 1], 1000 + i), SMC_OK);
	chain.count = count;
	return chain;
}

static SmcStatus
follow(const SmcRotationChain *chain, const char *party, int from, int to)
{
	int			first;

	return smc_rotation_follow(chain, party, public_key[from], public_key[to], &first);
}

static void
test_one(void **state)
{
	SmcRotation rotation;
	SmcRotation again;
	uint8_t		message[20 + 32];

	(void) state;
	assert_int_equal(smc_rotation_sign(&rotation, PARTY, secret_key[0], public_key[1], 77), SMC_OK);
	assert_memory_equal(rotation.old_key, public_key[0], SMC_PUBLIC_KEY_BYTES);
	assert_memory_equal(rotation.new_key, public_key[1], SMC_PUBLIC_KEY_BYTES);
	assert_int_equal(rotation.signed_at, 77);
	assert_int_equal(smc_rotation_verify(&rotation, PARTY), SMC_OK);

	/* Ed25519 has one signature for a message */
	assert_int_equal(smc_rotation_sign(&again, PARTY, secret_key[0], public_key[1], 77), SMC_OK);
	assert_memory_equal(&again, &rotation, sizeof(again));

	/* what is signed, written out: a domain, and the hash of everything with lengths */
	{
		crypto_generichash_state hash;
		const uint8_t lengths[5][8] = {{19}, {6}, {32}, {32}, {8}};
		const uint8_t time[8] = {77};

		crypto_generichash_init(&hash, NULL, 0, 32);
		crypto_generichash_update(&hash, lengths[0], 8);
		crypto_generichash_update(&hash, (const uint8_t *) "smc key rotation v1", 19);
		crypto_generichash_update(&hash, lengths[1], 8);
		crypto_generichash_update(&hash, (const uint8_t *) PARTY, 6);
		crypto_generichash_update(&hash, lengths[2], 8);
		crypto_generichash_update(&hash, public_key[0], 32);
		crypto_generichash_update(&hash, lengths[3], 8);
		crypto_generichash_update(&hash, public_key[1], 32);
		crypto_generichash_update(&hash, lengths[4], 8);
		crypto_generichash_update(&hash, time, 8);
		memcpy(message, "smc key rotation v1", 20);
		crypto_generichash_final(&hash, message + 20, 32);
		assert_int_equal(crypto_sign_verify_detached(rotation.signature, message, sizeof(message), public_key[0]), 0);
	}

	/* whatever of it is changed, it isn't the old key's word any more */
	again.signed_at++;
	assert_int_equal(smc_rotation_verify(&again, PARTY), SMC_ERR_AUTH);
	again = rotation;
	memcpy(again.new_key, public_key[2], SMC_PUBLIC_KEY_BYTES);
	assert_int_equal(smc_rotation_verify(&again, PARTY), SMC_ERR_AUTH);
	again = rotation;
	memcpy(again.old_key, public_key[2], SMC_PUBLIC_KEY_BYTES);
	assert_int_equal(smc_rotation_verify(&again, PARTY), SMC_ERR_AUTH);
	again = rotation;
	again.signature[63] ^= 0x10;
	assert_int_equal(smc_rotation_verify(&again, PARTY), SMC_ERR_AUTH);
	assert_int_equal(smc_rotation_verify(&rotation, "globe"), SMC_ERR_AUTH);
	assert_int_equal(smc_rotation_verify(&rotation, "initech"), SMC_ERR_AUTH);
	assert_int_equal(smc_rotation_verify(&rotation, ""), SMC_ERR_AUTH);

	/* to itself; and to what can't be a key, however well signed */
	assert_int_equal(smc_rotation_sign(&again, PARTY, secret_key[0], public_key[0], 1), SMC_ERR_ARGUMENT);
	{
		uint8_t		not_a_key[SMC_PUBLIC_KEY_BYTES] = {1};

		assert_int_equal(smc_rotation_sign(&again, PARTY, secret_key[0], not_a_key, 1), SMC_OK);
		assert_int_equal(smc_rotation_verify(&again, PARTY), SMC_ERR_AUTH);
	}
}

static void
test_follow(void **state)
{
	SmcRotationChain chain = make_chain(SMC_ROTATIONS_MAX);
	SmcRotationChain empty = {0};
	int			first;
	int			from;

	(void) state;
	for (from = 0; from < SMC_ROTATIONS_MAX; from++)
	{
		assert_int_equal(smc_rotation_follow(&chain, PARTY, public_key[from], public_key[SMC_ROTATIONS_MAX], &first), SMC_OK);
		assert_int_equal(first, from);
	}

	/* it ends where it ends, and begins where it begins */
	assert_int_equal(follow(&chain, PARTY, 0, SMC_ROTATIONS_MAX - 1), SMC_ERR_AUTH);
	assert_int_equal(follow(&chain, PARTY, 0, SMC_ROTATIONS_MAX + 1), SMC_ERR_AUTH);
	assert_int_equal(follow(&chain, PARTY, SMC_ROTATIONS_MAX, SMC_ROTATIONS_MAX), SMC_ERR_AUTH);
	assert_int_equal(follow(&chain, PARTY, SMC_ROTATIONS_MAX + 1, SMC_ROTATIONS_MAX), SMC_ERR_AUTH);
	assert_int_equal(follow(&chain, "initech", 0, SMC_ROTATIONS_MAX), SMC_ERR_AUTH);
	assert_int_equal(follow(&empty, PARTY, 0, 1), SMC_ERR_AUTH);

	/* back to an earlier key: only a statement of the later one could lead there */
	assert_int_equal(follow(&chain, PARTY, SMC_ROTATIONS_MAX, 0), SMC_ERR_AUTH);
}

static void
test_tampered(void **state)
{
	SmcRotationChain chain = make_chain(5);
	SmcRotationChain bad;
	SmcRotation other;
	int			i;

	(void) state;

	/* one bad signature breaks all that comes by it, and only that */
	for (i = 0; i < 5; i++)
	{
		int			from;

		bad = chain;
		bad.rotations[i].signature[0] ^= 1;
		for (from = 0; from < 5; from++)
			assert_int_equal(follow(&bad, PARTY, from, 5), from <= i ? SMC_ERR_AUTH : SMC_OK);
	}

	/* reordered */
	bad = chain;
	bad.rotations[1] = chain.rotations[2];
	bad.rotations[2] = chain.rotations[1];
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);
	assert_int_equal(follow(&bad, PARTY, 1, 5), SMC_ERR_AUTH);

	/* with a gap, or cut at its end */
	bad = chain;
	bad.count = 4;
	bad.rotations[2] = chain.rotations[3];
	bad.rotations[3] = chain.rotations[4];
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);
	bad = chain;
	bad.count = 4;
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);
	assert_int_equal(follow(&bad, PARTY, 0, 4), SMC_OK);

	/* cut at its beginning: who knows the first keys can't follow, others can */
	bad.count = 3;
	memmove(bad.rotations, chain.rotations + 2, 3 * sizeof(SmcRotation));
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);
	assert_int_equal(follow(&bad, PARTY, 2, 5), SMC_OK);

	/* genuine statements of another party, by other keys, or by the right key under another name */
	bad = chain;
	assert_int_equal(smc_rotation_sign(&bad.rotations[4], "initech", secret_key[4], public_key[5], 1), SMC_OK);
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);
	assert_int_equal(smc_rotation_sign(&other, PARTY, secret_key[9], public_key[5], 1), SMC_OK);
	bad.rotations[4] = other;
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);
	memcpy(bad.rotations[4].old_key, public_key[4], SMC_PUBLIC_KEY_BYTES);
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);

	/* a count that can't be */
	bad = chain;
	bad.count = SMC_ROTATIONS_MAX + 1;
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);
	bad.count = -1;
	assert_int_equal(follow(&bad, PARTY, 0, 5), SMC_ERR_AUTH);
}

static void
test_bytes(void **state)
{
	uint8_t		bytes[SMC_ROTATION_CHAIN_BYTES_MAX + SMC_ROTATION_BYTES];
	SmcRotationChain chain;
	SmcRotationChain read;
	size_t		len;
	size_t		cut;
	int			count;

	(void) state;
	for (count = 1; count <= SMC_ROTATIONS_MAX; count++)
	{
		chain = make_chain(count);
		len = smc_rotation_write(&chain, bytes);
		assert_int_equal(len, 33 + 104 * count);
		assert_int_equal(smc_rotation_read(&read, bytes, len), SMC_OK);
		assert_memory_equal(&read, &chain, sizeof(read));
		assert_int_equal(follow(&read, PARTY, 0, count), SMC_OK);
	}
	assert_int_equal(len, SMC_ROTATION_CHAIN_BYTES_MAX);

	/* truncated anywhere, or with something behind it */
	for (cut = 1; cut < len; cut++)
		assert_int_equal(smc_rotation_read(&read, bytes, cut), SMC_ERR_FORMAT);
	bytes[len] = 0;
	assert_int_equal(smc_rotation_read(&read, bytes, len + 1), SMC_ERR_FORMAT);
	assert_int_equal(read.count, 0);

	/* too long */
	bytes[0] = SMC_ROTATIONS_MAX + 1;
	assert_int_equal(smc_rotation_read(&read, bytes, len + SMC_ROTATION_BYTES), SMC_ERR_FORMAT);
	bytes[0] = 0;
	assert_int_equal(smc_rotation_read(&read, bytes, len), SMC_ERR_FORMAT);
	assert_int_equal(smc_rotation_read(&read, bytes, 1), SMC_ERR_FORMAT);

	/* no bytes are no chain */
	assert_int_equal(smc_rotation_read(&read, bytes, 0), SMC_OK);
	assert_int_equal(read.count, 0);
	assert_int_equal(smc_rotation_write(&read, bytes), 0);

	/* what isn't a chain is not written */
	chain = make_chain(3);
	chain.rotations[1] = chain.rotations[2];
	assert_int_equal(smc_rotation_write(&chain, bytes), 0);
	chain.count = SMC_ROTATIONS_MAX + 1;
	assert_int_equal(smc_rotation_write(&chain, bytes), 0);

	/* a circle, each statement of it genuine */
	chain = make_chain(3);
	assert_int_equal(smc_rotation_sign(&chain.rotations[3], PARTY, secret_key[3], public_key[1], 9), SMC_OK);
	chain.count = 4;
	len = smc_rotation_write(&chain, bytes);
	assert_int_equal(len, 33 + 104 * 4);
	assert_int_equal(smc_rotation_read(&read, bytes, len), SMC_ERR_FORMAT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_bytes),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, make_keys, NULL);
}
