/*
 * The joint sum: masks that cancel, and the opening of what they hide.
 *
 * The papers, the messages and what leaks are in the header.  This says why
 * one mask a pair is enough.  To share every x_i by itself (Cramer, Damgard,
 * Ishai) takes a mask r_ij for j's share of x_i and another r_ji for i's share
 * of x_j.  But nobody ever uses a share of a single x_i: what counts is
 * z_i = x_i - sum_j r_ij + sum_j r_ji, in which the two meet as the difference
 * r_ji - r_ij only, itself uniform and known to i and j alone.  One stream a
 * pair, added by the lower index and subtracted by the higher, has the same
 * distribution (it is Bonawitz et al.'s mask) and costs half.
 *
 * What a coalition sees: it knows its masks with each honest party and none of
 * those between honest parties.  These join all honest parties (a complete
 * graph), so the honest z_i are uniform but for their sum, whatever the honest
 * inputs are; and the sum of the honest inputs is what the total tells the
 * coalition anyway, and if the total isn't for it, it gets no honest z_i.
 */
#include "smc_sum.h"

#include <sodium.h>
#include <string.h>

#include "smc_ct.h"
#include "smc_hash.h"

/* Elements masked at once: 4 kB of stream, 64 blocks of ChaCha20. */
#define MASK_ELEMENTS	256

/* Elements sent at once: 32 kB, so that a small vector is one message. */
#define OPEN_ELEMENTS	2048

/* r_ij's key: the pair's seed, bound to this computation and this pair. */
static void
derive_mask_key(const uint8_t seed[SMC_KEY_BYTES], const uint8_t context[SMC_KEY_BYTES],
				int from, int to, uint8_t key[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc sum mask v1", seed);
	smc_hash_add(&hash, context, SMC_KEY_BYTES);
	smc_hash_add_u64(&hash, (uint64_t) from);
	smc_hash_add_u64(&hash, (uint64_t) to);
	smc_hash_final(&hash, key);
}

/*
 * Add the stream under key to values, or subtract it.  The key has no other
 * stream, so the nonce is zero.
 */
static void
apply_mask(const uint8_t key[SMC_KEY_BYTES], bool subtract, SmcRing128 *values, size_t count)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
	uint8_t		stream[MASK_ELEMENTS * SMC_RING128_BYTES];
	size_t		done;
	size_t		n;
	size_t		e;

	for (done = 0; done < count; done += n)
	{
		uint64_t	block = done * SMC_RING128_BYTES / 64;

		n = count - done < MASK_ELEMENTS ? count - done : MASK_ELEMENTS;
		memset(stream, 0, n * SMC_RING128_BYTES);
		crypto_stream_chacha20_xor_ic(stream, stream, n * SMC_RING128_BYTES, nonce, block, key);
		for (e = 0; e < n; e++)
		{
			SmcRing128	mask = smc_ring_load(stream + e * SMC_RING128_BYTES);

			values[done + e] += subtract ? 0 - mask : mask;
		}
	}
	sodium_memzero(stream, count < MASK_ELEMENTS ? count * SMC_RING128_BYTES : sizeof(stream));
}

SmcStatus
smc_sum_share(int self, int party_count, const uint8_t (*seeds)[SMC_KEY_BYTES],
			  const uint8_t context[SMC_KEY_BYTES], SmcRing128 *values, size_t count)
{
	uint8_t		key[SMC_KEY_BYTES];
	int			j;

	if (party_count < SMC_PARTIES_MIN || party_count > SMC_PARTIES_MAX ||
		self < 0 || self >= party_count || count > SMC_ELEMENTS_MAX)
		return SMC_ERR_ARGUMENT;

	/* z_i = x_i + sum_{j > i} r_ij - sum_{j < i} r_ji */
	for (j = 0; j < party_count; j++)
	{
		if (j == self)
			continue;
		derive_mask_key(seeds[j], context, self < j ? self : j, self < j ? j : self, key);
		apply_mask(key, j < self, values, count);
	}
	sodium_memzero(key, sizeof(key));
	return SMC_OK;
}

static bool
is_recipient(uint16_t recipients, int party)
{
	return (recipients >> party & 1) != 0;
}

/* Send party p our shares of the elements that it may learn. */
static SmcStatus
send_shares(SmcChannel *channel, int p, const SmcRing128 *shares,
			const uint16_t *recipients, size_t count, uint8_t *buffer)
{
	size_t		n = 0;
	size_t		e;
	SmcStatus	status;

	for (e = 0; e < count; e++)
	{
		if (!is_recipient(recipients[e], p))
			continue;
		smc_ring_store(buffer + n * SMC_RING128_BYTES, shares[e]);
		if (++n < OPEN_ELEMENTS)
			continue;
		status = smc_channel_send(channel, p, buffer, n * SMC_RING128_BYTES);
		if (status != SMC_OK)
			return status;
		n = 0;
	}
	return smc_channel_send(channel, p, buffer, n * SMC_RING128_BYTES);
}

/* Add party p's shares of the elements that we may learn; mine of them in all. */
static SmcStatus
add_shares(SmcChannel *channel, int p, const uint16_t *recipients, size_t count,
		   size_t mine, uint8_t *buffer, SmcRing128 *totals)
{
	size_t		n = 0;
	size_t		at = 0;
	size_t		e;
	SmcStatus	status;

	for (e = 0; e < count; e++)
	{
		if (!is_recipient(recipients[e], channel->self))
			continue;
		if (at == n)
		{
			n = mine < OPEN_ELEMENTS ? mine : OPEN_ELEMENTS;
			status = smc_channel_receive(channel, p, buffer, n * SMC_RING128_BYTES);
			if (status != SMC_OK)
				return status;
			mine -= n;
			at = 0;
		}
		totals[e] += smc_ring_load(buffer + at++ * SMC_RING128_BYTES);
	}
	return SMC_OK;
}

SmcStatus
smc_sum_open(SmcChannel *channel, const SmcRing128 *shares, const uint16_t *recipients,
			 size_t count, SmcRing128 *totals)
{
	uint8_t		buffer[OPEN_ELEMENTS * SMC_RING128_BYTES];
	size_t		used = count < OPEN_ELEMENTS ? count : OPEN_ELEMENTS;
	size_t		mine = 0;
	size_t		e;
	int			step;
	SmcStatus	status = SMC_OK;

	if (channel->party_count < SMC_PARTIES_MIN || channel->party_count > SMC_PARTIES_MAX ||
		channel->self < 0 || channel->self >= channel->party_count || count > SMC_ELEMENTS_MAX)
		return SMC_ERR_ARGUMENT;
	for (e = 0; e < count; e++)
	{
		if (recipients[e] >> channel->party_count != 0)
			return SMC_ERR_ARGUMENT;
		if (is_recipient(recipients[e], channel->self))
			mine++;
	}

	/* Begin with the next party, so that not all send to the first at once. */
	for (step = 1; step < channel->party_count && status == SMC_OK; step++)
		status = send_shares(channel, (channel->self + step) % channel->party_count,
							 shares, recipients, count, buffer);

	for (e = 0; e < count; e++)
		totals[e] = is_recipient(recipients[e], channel->self) ? shares[e] : 0;

	/* Who learns nothing here has nothing to wait for. */
	if (mine > 0)
		smc_channel_round(channel);
	for (step = 1; step < channel->party_count && status == SMC_OK; step++)
		status = add_shares(channel, (channel->self + step) % channel->party_count,
							recipients, count, mine, buffer, totals);

	if (status != SMC_OK)
		sodium_memzero(totals, count * sizeof(SmcRing128));
	sodium_memzero(buffer, used * SMC_RING128_BYTES);
	return status;
}

SmcRing128
smc_sum_blind_flag(bool flag, const SmcRandom *random)
{
	uint8_t		bytes[SMC_RING128_BYTES];
	SmcRing128	blind;

	smc_random_fill(random, bytes, sizeof(bytes));
	blind = smc_ring_load(bytes);
	sodium_memzero(bytes, sizeof(bytes));

	/* Not zero: the one excluded value becomes 1, a bias of 2^-128. */
	blind += smc_ct_is_zero(blind);
	return blind & smc_ct_mask(flag);
}
