/*
 * Public integers of up to 512 bits, and vectors of shares of such: sharing and
 * opening; see the header.  Division and roots are in files of their own.
 */
#include "smc_wide.h"

#include <sodium.h>
#include <string.h>

#include "smc_hash.h"
#include "smc_limbs.h"

#define LIMBS	SMC_WIDE_LIMBS
#define TOP_BIT	(UINT64_C(1) << 63)	/* of the last limb */

/* ---- public integers ------------------------------------------------------------ */

SmcWide
smc_wide_from_ring(SmcRing128 value)
{
	SmcWide		out;

	out.limb[0] = (uint64_t) value;
	out.limb[1] = (uint64_t) (value >> 64);
	for (int i = 2; i < LIMBS; i++)
		out.limb[i] = 0 - (out.limb[1] >> 63);
	return out;
}

SmcWide
smc_wide_from_int(int64_t value)
{
	return smc_wide_from_ring((SmcRing128) (__int128) value);
}

SmcWide
smc_wide_add(const SmcWide *a, const SmcWide *b)
{
	SmcWide		out;

	smc_limbs_add(out.limb, a->limb, b->limb, LIMBS);
	return out;
}

SmcWide
smc_wide_negate(const SmcWide *a)
{
	SmcWide		out;

	smc_limbs_negate(out.limb, a->limb, LIMBS);
	return out;
}

SmcWide
smc_wide_multiply(const SmcWide *a, const SmcWide *b)
{
	SmcWide		out;

	smc_limbs_multiply(out.limb, a->limb, b->limb, LIMBS);
	return out;
}

SmcWide
smc_wide_power_of_ten(int exponent)
{
	SmcWide		ten = smc_wide_from_int(10);
	SmcWide		out = smc_wide_from_int(1);

	while (exponent-- > 0)
		out = smc_wide_multiply(&out, &ten);
	return out;
}

bool
smc_wide_is_negative(const SmcWide *a)
{
	return (a->limb[LIMBS - 1] & TOP_BIT) != 0;
}

bool
smc_wide_is_zero(const SmcWide *a)
{
	uint64_t	any = 0;

	for (int i = 0; i < LIMBS; i++)
		any |= a->limb[i];
	return any == 0;
}

/* |a|; -2^511 as the unsigned 2^511. */
static SmcWide
magnitude_of(const SmcWide *a)
{
	return smc_wide_is_negative(a) ? smc_wide_negate(a) : *a;
}

int
smc_wide_bits(const SmcWide *a)
{
	SmcWide		size = magnitude_of(a);

	for (int i = LIMBS - 1; i >= 0; i--)
	{
		if (size.limb[i] != 0)
			return 64 * i + 64 - __builtin_clzll(size.limb[i]);
	}
	return 0;
}

SmcWide
smc_wide_get(const uint64_t *integers, int width, size_t e)
{
	size_t		limbs = smc_limbs_of(width);
	SmcWide		out;

	memcpy(out.limb, integers + e * limbs, limbs * sizeof(uint64_t));
	for (size_t i = limbs; i < LIMBS; i++)
		out.limb[i] = 0 - (out.limb[limbs - 1] >> 63);
	return out;
}

void
smc_wide_put(uint64_t *integers, int width, size_t e, const SmcWide *value)
{
	size_t		limbs = smc_limbs_of(width);

	memcpy(integers + e * limbs, value->limb, limbs * sizeof(uint64_t));
}

/* ---- decimals ---------------------------------------------------------------------- */

/* size = 10 size + digit; false when that passes 2^511. */
static bool
append_digit(SmcWide *size, unsigned int digit)
{
	uint64_t	carry = digit;
	uint64_t	below = 0;

	for (int i = 0; i < LIMBS; i++)
	{
		unsigned __int128 word = (unsigned __int128) size->limb[i] * 10 + carry;

		size->limb[i] = (uint64_t) word;
		carry = (uint64_t) (word >> 64);
		if (i < LIMBS - 1)
			below |= size->limb[i];
	}
	return carry == 0 && (size->limb[LIMBS - 1] < TOP_BIT || (size->limb[LIMBS - 1] == TOP_BIT && below == 0));
}

SmcStatus
smc_wide_from_decimal(const char *text, int scale, SmcWide *value)
{
	SmcDecimal	decimal;
	SmcWide		size = {{0}};
	size_t		i;

	*value = size;
	if (scale < 0 || scale > SMC_WIDE_SCALE_MAX || !smc_ring_split_decimal(text, &decimal))
		return SMC_ERR_ARGUMENT;
	for (i = 0; i < decimal.whole_len; i++)
		if (!append_digit(&size, (unsigned int) (decimal.whole[i] - '0')))
			return SMC_ERR_RANGE;
	for (i = 0; i < (size_t) scale; i++)
		if (!append_digit(&size, i < decimal.fraction_len ? (unsigned int) (decimal.fraction[i] - '0') : 0))
			return SMC_ERR_RANGE;
	for (; i < decimal.fraction_len; i++)
		if (decimal.fraction[i] != '0')
			return SMC_ERR_RANGE;

	/* 2^511 is there with a minus only */
	if (smc_wide_is_negative(&size) && !decimal.negative)
		return SMC_ERR_RANGE;
	*value = decimal.negative ? smc_wide_negate(&size) : size;
	return SMC_OK;
}

void
smc_wide_to_decimal(const SmcWide *value, int scale, char out[SMC_WIDE_DECIMAL_MAX])
{
	SmcWide		size = magnitude_of(value);
	char		backwards[SMC_WIDE_DECIMAL_MAX];
	int			digits = 0;
	int			len = 0;

	out[0] = '\0';
	if (scale < 0 || scale > SMC_WIDE_SCALE_MAX)
		return;

	/* All digits, last first; at least one before the point. */
	while (!smc_wide_is_zero(&size) || digits <= scale)
	{
		uint64_t	rest = 0;

		for (int i = LIMBS - 1; i >= 0; i--)
		{
			unsigned __int128 word = (unsigned __int128) rest << 64 | size.limb[i];

			size.limb[i] = (uint64_t) (word / 10);
			rest = (uint64_t) (word % 10);
		}
		backwards[digits++] = (char) ('0' + (int) rest);
	}

	if (smc_wide_is_negative(value))
		out[len++] = '-';
	while (digits > 0)
	{
		out[len++] = backwards[--digits];
		if (digits == scale && scale > 0)
			out[len++] = '.';
	}
	out[len] = '\0';
}

/* ---- sharing --------------------------------------------------------------------------- */

/* Elements masked at once: at most 4 kB of stream, and whole blocks of ChaCha20 at any width. */
#define MASK_ELEMENTS	64

/* Bytes sent at once, so that a small vector is one message. */
#define OPEN_BYTES		32768

/* The pair's seed, bound to this computation, this pair and this ring. */
static void
derive_mask_key(const uint8_t seed[SMC_KEY_BYTES], const uint8_t context[SMC_KEY_BYTES],
				int width, int from, int to, uint8_t key[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc wide mask v1", seed);
	smc_hash_add(&hash, context, SMC_KEY_BYTES);
	smc_hash_add_u64(&hash, (uint64_t) width);
	smc_hash_add_u64(&hash, (uint64_t) from);
	smc_hash_add_u64(&hash, (uint64_t) to);
	smc_hash_final(&hash, key);
}

/*
 * Add the stream under key to values, or subtract it.  The key has no other
 * stream, so the nonce is zero.
 */
static void
apply_mask(const uint8_t key[SMC_KEY_BYTES], bool subtract, size_t limbs, uint64_t *values, size_t count)
{
	static const uint8_t nonce[crypto_stream_chacha20_NONCEBYTES];
	uint64_t	stream[MASK_ELEMENTS * LIMBS];
	size_t		n;

	for (size_t done = 0; done < count; done += n)
	{
		size_t		bytes;

		n = count - done < MASK_ELEMENTS ? count - done : MASK_ELEMENTS;
		bytes = n * limbs * sizeof(uint64_t);
		memset(stream, 0, bytes);
		crypto_stream_chacha20_xor_ic((uint8_t *) stream, (uint8_t *) stream, bytes, nonce,
									  done * limbs * sizeof(uint64_t) / 64, key);
		if (subtract)
			smc_limbs_subtract_all(values + done * limbs, values + done * limbs, stream, limbs, n);
		else
			smc_limbs_add_all(values + done * limbs, values + done * limbs, stream, limbs, n);
	}
	sodium_memzero(stream, sizeof(stream));
}

SmcStatus
smc_wide_share(int self, int party_count, const uint8_t (*seeds)[SMC_KEY_BYTES],
			   const uint8_t context[SMC_KEY_BYTES], int width, uint64_t *values, size_t count)
{
	uint8_t		key[SMC_KEY_BYTES];

	if (party_count < SMC_PARTIES_MIN || party_count > SMC_PARTIES_MAX ||
		self < 0 || self >= party_count || count > SMC_ELEMENTS_MAX || !smc_limbs_valid(width))
		return SMC_ERR_ARGUMENT;

	/* z_i = x_i + sum_{j > i} r_ij - sum_{j < i} r_ji; see smc_sum.c */
	for (int j = 0; j < party_count; j++)
	{
		if (j == self)
			continue;
		derive_mask_key(seeds[j], context, width, self < j ? self : j, self < j ? j : self, key);
		apply_mask(key, j < self, smc_limbs_of(width), values, count);
	}
	sodium_memzero(key, sizeof(key));
	return SMC_OK;
}

/* ---- opening ----------------------------------------------------------------------------- */

static bool
is_recipient(uint16_t recipients, int party)
{
	return (recipients >> party & 1) != 0;
}

/* Send party p our shares of the elements that it may learn. */
static SmcStatus
send_shares(SmcChannel *channel, int p, size_t limbs, const uint64_t *shares,
			const uint16_t *recipients, size_t count, uint64_t *buffer)
{
	size_t		bytes = limbs * sizeof(uint64_t);
	size_t		n = 0;
	SmcStatus	status;

	for (size_t e = 0; e < count; e++)
	{
		if (!is_recipient(recipients[e], p))
			continue;
		memcpy(buffer + n * limbs, shares + e * limbs, bytes);
		if (++n < OPEN_BYTES / bytes)
			continue;
		status = smc_channel_send(channel, p, buffer, n * bytes);
		if (status != SMC_OK)
			return status;
		n = 0;
	}
	return smc_channel_send(channel, p, buffer, n * bytes);
}

/* Add party p's shares of the elements that we may learn; mine of them in all. */
static SmcStatus
add_shares(SmcChannel *channel, int p, size_t limbs, const uint16_t *recipients, size_t count,
		   size_t mine, uint64_t *buffer, uint64_t *totals)
{
	size_t		bytes = limbs * sizeof(uint64_t);
	size_t		n = 0;
	size_t		at = 0;

	for (size_t e = 0; e < count; e++)
	{
		if (!is_recipient(recipients[e], channel->self))
			continue;
		if (at == n)
		{
			SmcStatus	status;

			n = mine < OPEN_BYTES / bytes ? mine : OPEN_BYTES / bytes;
			status = smc_channel_receive(channel, p, buffer, n * bytes);
			if (status != SMC_OK)
				return status;
			mine -= n;
			at = 0;
		}
		smc_limbs_add(totals + e * limbs, totals + e * limbs, buffer + at++ * limbs, limbs);
	}
	return SMC_OK;
}

SmcStatus
smc_wide_open(SmcChannel *channel, int width, const uint64_t *shares, const uint16_t *recipients,
			  size_t count, uint64_t *totals)
{
	size_t		limbs = smc_limbs_of(width);
	uint64_t	buffer[OPEN_BYTES / sizeof(uint64_t)];
	size_t		mine = 0;
	SmcStatus	status = SMC_OK;

	if (channel->party_count < SMC_PARTIES_MIN || channel->party_count > SMC_PARTIES_MAX ||
		channel->self < 0 || channel->self >= channel->party_count || count > SMC_ELEMENTS_MAX ||
		!smc_limbs_valid(width))
		return SMC_ERR_ARGUMENT;
	for (size_t e = 0; e < count; e++)
	{
		if (recipients[e] >> channel->party_count != 0)
			return SMC_ERR_ARGUMENT;
		if (is_recipient(recipients[e], channel->self))
			mine++;
	}

	/* Begin with the next party, so that not all send to the first at once. */
	for (int step = 1; step < channel->party_count && status == SMC_OK; step++)
		status = send_shares(channel, (channel->self + step) % channel->party_count, limbs,
							 shares, recipients, count, buffer);

	for (size_t e = 0; e < count; e++)
		smc_limbs_mask(totals + e * limbs, shares + e * limbs,
					   0 - (uint64_t) is_recipient(recipients[e], channel->self), limbs);

	/* Who learns nothing here has nothing to wait for. */
	if (mine > 0)
		smc_channel_round(channel);
	for (int step = 1; step < channel->party_count && status == SMC_OK; step++)
		status = add_shares(channel, (channel->self + step) % channel->party_count, limbs,
							recipients, count, mine, buffer, totals);

	if (status != SMC_OK)
		sodium_memzero(totals, count * limbs * sizeof(uint64_t));
	sodium_memzero(buffer, sizeof(buffer));
	return status;
}
