/*
 * Discrete Laplace noise on shares; see the header.
 *
 * First the plan, in fixed point: public numbers, one machine's business, but
 * the same on all.  Then the coins, and noise made of them.
 */
#include "smc_noise.h"

#include <sodium.h>
#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_limbs.h"

#define PLACES			64			/* bits of a coin's threshold */
#define FAIR			(UINT64_C(1) << 63)
#define TAIL			45			/* exp(-45) < 2^-64.9 */

/* ---- the plan ------------------------------------------------------------------ */

#define FRACTION		120			/* bits after the point */
#define ONE				((SmcRing128) 1 << FRACTION)
#define HALVINGS		7			/* arguments below 2^6 are brought below 1/2 */
#define TERMS			30

/* floor(a b / 2^120) for a, b <= 2^120. */
static SmcRing128
multiply(SmcRing128 a, SmcRing128 b)
{
	SmcRing128	a0 = (uint64_t) a;
	SmcRing128	a1 = a >> 64;
	SmcRing128	b0 = (uint64_t) b;
	SmcRing128	b1 = b >> 64;
	SmcRing128	middle = a1 * b0 + a0 * b1 + ((a0 * b0) >> 64);

	return ((a1 * b1) << 8) + (middle >> 56);
}

/*
 * exp(-x) for 0 <= x < 64, both times 2^120, to within 2^10 units.
 *
 * y = x / 2^7 < 1/2 by Taylor's series in Horner's form: what is left out is
 * below y^31 / 31! < 2^-143; each of the steps cuts off less than two units, of
 * which the next keeps at most y / n of the one before; with y's own unit less
 * than 5 in all.  A squaring doubles an error of a number below one, and cuts
 * off a unit: after 7, less than 2^7 (5 + 1).
 */
static SmcRing128
exponential(SmcRing128 x)
{
	SmcRing128	y = x >> HALVINGS;
	SmcRing128	e = ONE;

	for (unsigned n = TERMS; n > 0; n--)
		e = ONE - multiply(y, e) / n;
	for (int i = 0; i < HALVINGS; i++)
		e = multiply(e, e);
	return e;
}

/*
 * 2^64 a / b to the nearest integer, for 0 <= a <= b <= 2^121; 2^64 - 1 where it
 * would be 2^64.
 */
static uint64_t
threshold(SmcRing128 a, SmcRing128 b)
{
	SmcRing128	quotient = 0;

	for (int i = 0; i < PLACES + 1; i++)
	{
		uint64_t	bit = a >= b;

		quotient = quotient << 1 | bit;
		a = (a - (bit ? b : 0)) << 1;
	}
	quotient += a >= b;
	return quotient >> PLACES ? UINT64_MAX : (uint64_t) quotient;
}

SmcStatus
smc_noise_plan(SmcRing128 numerator, SmcRing128 denominator, SmcNoisePlan *plan)
{
	SmcRing128	tail = (SmcRing128) TAIL << FRACTION;
	SmcRing128	whole;
	SmcRing128	rest;
	SmcRing128	x;
	SmcRing128	e;

	memset(plan, 0, sizeof(*plan));
	if (numerator == 0 || numerator >> 126 || denominator == 0 || denominator >> 126)
		return SMC_ERR_ARGUMENT;

	/* x = floor(2^120 numerator / denominator) by long division; beyond 64 nothing changes */
	whole = numerator / denominator;
	rest = numerator - whole * denominator;
	x = whole < 64 ? whole : 63;
	for (int i = 0; i < FRACTION; i++)
	{
		rest <<= 1;
		x = x << 1 | (rest >= denominator);
		rest -= rest >= denominator ? denominator : 0;
	}
	e = exponential(x);
	plan->zero = threshold(ONE - e, ONE + e);

	/* x = floor(2^(120 + j) numerator / denominator), one more bit of it each time */
	for (; x < tail; plan->digits++)
	{
		if (plan->digits == SMC_NOISE_DIGITS_MAX)
		{
			memset(plan, 0, sizeof(*plan));
			return SMC_ERR_RANGE;
		}
		e = exponential(x);
		plan->one[plan->digits] = threshold(e, ONE + e);
		if (plan->one[plan->digits] == FAIR)
			plan->fair = plan->digits + 1;
		rest <<= 1;
		x = x << 1 | (rest >= denominator);
		rest -= rest >= denominator ? denominator : 0;
	}
	return SMC_OK;
}

/* ---- coins ---------------------------------------------------------------------- */

/* The place that plane k of the tree starts from: its bits in reverse. */
static unsigned
place_of(size_t k)
{
	unsigned	place = 0;

	for (size_t bit = 1; bit < PLACES; bit <<= 1)
		place = 2 * place + ((k & bit) != 0);
	return place;
}

/*
 * The first level, where one member of each pair is public: neighbouring places
 * with bits t' (the upper one) and t become (p p', t' ^ p' (t ^ t')).  p is
 * planes on the way in, half as many on the way out.
 */
static SmcStatus
first_level(SmcEngine *engine, const uint64_t *thresholds, size_t coins, size_t count,
			SmcArena *local, uint64_t *p, uint64_t *a)
{
	size_t		plane = coins * count;
	size_t		half = PLACES / 2 * plane;
	size_t		words = smc_bits_words(half);
	uint64_t   *upper = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *change = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *ones = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	uint64_t   *lowest = smc_arena_array(local, smc_bits_words(plane), sizeof(uint64_t));
	SmcStatus	status;

	if (upper == NULL || change == NULL || ones == NULL || lowest == NULL)
		return SMC_ERR_MEMORY;
	memset(ones, 0xff, smc_bits_words(count) * sizeof(uint64_t));
	for (size_t k = 0; k < PLACES / 2; k++)
	{
		unsigned	place = place_of(k);

		for (size_t c = 0; c < coins; c++)
		{
			uint64_t	t = thresholds[c] >> place;

			if (t >> 1 & 1 && engine->channel->self == 0)
				smc_bits_insert(a, k * plane + c * count, ones, count);
			if ((t ^ t >> 1) & 1)
				smc_bits_insert(change, k * plane + c * count, ones, count);
			if (place == 0 && t & 1)
				smc_bits_insert(lowest, c * count, ones, count);
		}
	}
	smc_bits_extract(upper, p, half, half);
	p[words - 1] &= smc_bits_tail(half);
	for (size_t w = 0; w < words; w++)
		a[w] ^= upper[w] & change[w];
	status = smc_boolean_and(engine, upper, p, p, half);
	/* all 64 places alike means R = T, which isn't less: take back what the lowest pair then says */
	for (size_t w = 0; w < smc_bits_words(plane) && status == SMC_OK; w++)
		a[w] ^= p[w] & lowest[w];
	return status;
}

SmcStatus
smc_noise_coins(SmcEngine *engine, const uint64_t *thresholds, size_t coins, uint64_t *bits, size_t count)
{
	size_t		plane = coins * count;
	size_t		words = smc_bits_words(PLACES * plane);
	size_t		half_words = smc_bits_words(PLACES / 2 * plane);
	SmcArena   *local;
	uint64_t   *p;
	uint64_t   *a;
	uint64_t   *upper_p;
	uint64_t   *upper_a;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (plane == 0)
		return SMC_OK;
	local = smc_arena_create();
	if (local == NULL)
		return status;
	p = smc_arena_array(local, words, sizeof(uint64_t));
	a = smc_arena_array(local, half_words, sizeof(uint64_t));
	upper_p = smc_arena_array(local, half_words, sizeof(uint64_t));
	upper_a = smc_arena_array(local, half_words, sizeof(uint64_t));
	if (p == NULL || a == NULL || upper_p == NULL || upper_a == NULL)
		goto done;

	/* e = ~(R ^ T), each party a summand */
	smc_random_fill(engine->random, p, words * sizeof(uint64_t));
	status = first_level(engine, thresholds, coins, count, local, p, a);
	/* (p, a) o (p', a') = (p p', a ^ p (a' ^ a)), the upper half in front */
	for (size_t half = PLACES / 4 * plane; half >= plane && status == SMC_OK; half /= 2)
	{
		size_t		w = smc_bits_words(half);

		smc_bits_extract(upper_p, p, half, half);
		smc_bits_extract(upper_a, a, half, half);
		smc_bits_xor(a, upper_a, w);
		p[w - 1] &= smc_bits_tail(half);
		a[w - 1] &= smc_bits_tail(half);
		if (half == plane)
			status = smc_boolean_and(engine, a, upper_p, a, half);
		else
			status = smc_boolean_and_two(engine, upper_p, a, p, a, p, half);
		if (status == SMC_OK)
			smc_bits_xor(a, upper_a, w);
	}
	if (status == SMC_OK)
		memcpy(bits, a, smc_bits_words(plane) * sizeof(uint64_t));
done:
	smc_arena_destroy(local);
	return status;
}

/* ---- noise ------------------------------------------------------------------------ */

/* Coins that aren't fair: the zero's, if it can come, and digits. */
static size_t
list_coins(const SmcNoisePlan *plan, uint64_t thresholds[SMC_NOISE_DIGITS_MAX + 1])
{
	size_t		coins = 0;

	if (plan->zero != 0)
		thresholds[coins++] = plan->zero;
	for (int j = plan->fair; j < plan->digits; j++)
		thresholds[coins++] = plan->one[j];
	return coins;
}

/* Numbers made at a time. */
static size_t
chunk_numbers(const SmcNoisePlan *plan)
{
	return SMC_NOISE_CHUNK / (size_t) (plan->digits + 2);
}

/*
 * The bits that a number is the sum of: digits of G or ~G, their sign, and what
 * is to be added to G, each 0 where the number is; digits + 2 planes, zeroed before.
 */
static SmcStatus
draw_bits(SmcEngine *engine, const SmcNoisePlan *plan, SmcArena *local, uint64_t *bits, size_t count)
{
	size_t		digits = (size_t) plan->digits;
	size_t		fair = (size_t) plan->fair;
	size_t		signed_bits = (digits + 1) * count;
	size_t		words = smc_bits_words(signed_bits);
	uint64_t	thresholds[SMC_NOISE_DIGITS_MAX + 1];
	size_t		coins = list_coins(plan, thresholds);
	uint64_t   *tossed = smc_arena_array(local, smc_bits_words((coins + 1) * count), sizeof(uint64_t));
	uint64_t   *random = smc_arena_array(local, smc_bits_words((fair + 1) * count), sizeof(uint64_t));
	uint64_t   *copies = smc_arena_array(local, words, sizeof(uint64_t));
	uint64_t   *plane = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	uint64_t   *last = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	SmcStatus	status;

	if (tossed == NULL || random == NULL || copies == NULL || plane == NULL || last == NULL)
		return SMC_ERR_MEMORY;
	status = smc_noise_coins(engine, thresholds, coins, tossed, count);
	if (status != SMC_OK)
		return status;
	smc_random_fill(engine->random, random, smc_bits_words((fair + 1) * count) * sizeof(uint64_t));

	/* G, then 0; XOR s into all of it */
	smc_bits_insert(bits, 0, random, fair * count);
	for (size_t j = fair; j < digits; j++)
	{
		smc_bits_extract(plane, tossed, (coins - digits + j) * count, count);
		smc_bits_insert(bits, j * count, plane, count);
	}
	smc_bits_extract(plane, random, fair * count, count);
	for (size_t j = 0; j <= digits; j++)
		smc_bits_insert(copies, j * count, plane, count);
	smc_bits_xor(bits, copies, words);

	/* AND [N != 0] into all of it */
	memset(plane, engine->channel->self == 0 ? 0xff : 0, smc_bits_words(count) * sizeof(uint64_t));
	if (plan->zero != 0)
	{
		smc_bits_extract(last, tossed, 0, count);
		smc_bits_xor(plane, last, smc_bits_words(count));
		for (size_t j = 0; j <= digits; j++)
			smc_bits_insert(copies, j * count, plane, count);
		status = smc_boolean_and(engine, bits, copies, bits, signed_bits);
	}
	/* what s leaves of it */
	smc_bits_extract(last, bits, digits * count, count);
	smc_bits_xor(last, plane, smc_bits_words(count));
	smc_bits_insert(bits, signed_bits, last, count);
	return status;
}

/* A chunk of numbers. */
static SmcStatus
draw(SmcEngine *engine, int width, const SmcNoisePlan *plan, uint64_t *out, size_t count)
{
	size_t		limbs = smc_limbs_of(width);
	size_t		digits = (size_t) plan->digits;
	size_t		planes = digits + 2;
	uint64_t	term[SMC_LIMBS_MAX];
	SmcArena   *local = smc_arena_create();
	uint64_t   *bits = local ? smc_arena_array(local, smc_bits_words(planes * count), sizeof(uint64_t)) : NULL;
	uint64_t   *numbers = local ? smc_arena_array(local, planes * count * limbs, sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (bits == NULL || numbers == NULL)
		goto done;
	status = draw_bits(engine, plan, local, bits, count);
	if (status == SMC_OK)
		status = smc_arith_from_bits(engine, width, bits, numbers, planes * count);
	if (status != SMC_OK)
		goto done;
	/* digits, less the sign's 2^digits, and the last */
	memcpy(out, numbers + (planes - 1) * count * limbs, count * limbs * sizeof(uint64_t));
	for (size_t j = 0; j <= digits; j++)
	{
		for (size_t e = 0; e < count; e++)
		{
			uint64_t   *to = out + e * limbs;

			smc_limbs_shift_left(term, numbers + (j * count + e) * limbs, (unsigned) j, limbs);
			if (j < digits)
				smc_limbs_add(to, to, term, limbs);
			else
				smc_limbs_subtract(to, to, term, limbs);
		}
	}
	sodium_memzero(term, sizeof(term));
done:
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_noise_laplace(SmcEngine *engine, int width, const SmcNoisePlan *plan, uint64_t *out, size_t count)
{
	SmcStatus	status = SMC_OK;
	size_t		step;

	if (!smc_limbs_valid(width) || plan->digits < 0 || plan->digits > SMC_NOISE_DIGITS_MAX ||
		plan->fair < 0 || plan->fair > plan->digits)
		return SMC_ERR_ARGUMENT;
	if (width < plan->digits + 2)
		return SMC_ERR_RANGE;
	step = chunk_numbers(plan);
	for (size_t at = 0; at < count && status == SMC_OK; at += step)
		status = draw(engine, width, plan, out + at * smc_limbs_of(width), count - at < step ? count - at : step);
	return status;
}

/* What a chunk takes. */
static void
chunk_cost(SmcCost *cost, int party_count, int width, const SmcNoisePlan *plan, size_t count)
{
	uint64_t	thresholds[SMC_NOISE_DIGITS_MAX + 1];
	size_t		plane = list_coins(plan, thresholds) * count;
	size_t		digits = (size_t) plan->digits;

	smc_cost_and(cost, party_count, 1, PLACES / 2 * plane);
	for (size_t half = PLACES / 4 * plane; half >= plane && plane > 0; half /= 2)
		smc_cost_and(cost, party_count, half == plane ? 1 : 2, half);
	if (plan->zero != 0)
		smc_cost_and(cost, party_count, 1, (digits + 1) * count);
	smc_cost_times_bit(cost, party_count, width, (digits + 2) * count);
}

void
smc_noise_cost(SmcCost *cost, int party_count, int width, const SmcNoisePlan *plan, size_t count)
{
	size_t		step = chunk_numbers(plan);
	SmcCost		chunk = {0, 0, {0}};

	chunk_cost(&chunk, party_count, width, plan, step);
	smc_cost_add(cost, &chunk, count / step);
	if (count % step != 0)
		chunk_cost(cost, party_count, width, plan, count % step);
}
