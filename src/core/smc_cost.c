/*
 * What the protocols take.
 */
#include "smc_cost.h"

#include "smc_bits.h"
#include "smc_compare.h"
#include "smc_triple.h"

#define DIGIT_BITS		4		/* of the millionaires' problem */

/* The messages of count OTs with chosen bits, batch by batch. */
static uint64_t
ot_bytes(size_t count, size_t batch)
{
	uint64_t	bytes = count / batch * smc_ot_message_bytes(true, batch);

	return count % batch ? bytes + smc_ot_message_bytes(true, count % batch) : bytes;
}

void
smc_cost_and(SmcCost *cost, int party_count, int products, size_t count)
{
	uint64_t	words = smc_bits_words(count);

	if (count == 0)
		return;
	cost->rounds++;
	cost->sent += (uint64_t) (products + 1) * words * 8 * (uint64_t) (party_count - 1);
	cost->triples[products - 1] += words;
}

/* A tree that joins places of count integers; `last` products in the last gate, `other` in others. */
static void
tree(SmcCost *cost, int party_count, size_t places, int other, int last, size_t count)
{
	while (places > 1)
	{
		size_t		pairs = places / 2;

		places -= pairs;
		smc_cost_and(cost, party_count, places == 1 ? last : other, pairs * count);
	}
}

/* Two parties: 1-out-of-16 OTs of the digits, then the tree over them (smc_millionaires.h). */
static void
compare_two(SmcCost *cost, int width, bool zero, size_t count)
{
	cost->rounds++;
	cost->sent += ot_bytes(count * (size_t) width, SMC_OT_BATCH);
	tree(cost, 2, (size_t) width / DIGIT_BITS, zero ? 1 : 2, 1, count);
}

/* More: majorities, adders, the tree (smc_compare.h). */
static void
compare_more(SmcCost *cost, int party_count, int width, bool zero, size_t count)
{
	size_t		bits = (size_t) width * count;

	cost->rounds++;
	cost->sent += ot_bytes(smc_bits_words(bits) * 64, SMC_OT_BATCH) + smc_bits_words(bits) * 8;
	for (int adder = 0; adder < party_count - 2 - party_count / 3; adder++)
		smc_cost_and(cost, party_count, 1, bits);
	tree(cost, party_count, (size_t) width, zero ? 1 : 2, 1, count);
}

static void
compare(SmcCost *cost, int party_count, int width, bool zero, size_t count)
{
	for (size_t at = 0; at < count; at += SMC_COMPARE_CHUNK)
	{
		size_t		chunk = count - at < SMC_COMPARE_CHUNK ? count - at : SMC_COMPARE_CHUNK;

		if (party_count == 2)
			compare_two(cost, width, zero, chunk);
		else
			compare_more(cost, party_count, width, zero, chunk);
	}
}

void
smc_cost_negative(SmcCost *cost, int party_count, int width, size_t count)
{
	compare(cost, party_count, width, false, count);
}

void
smc_cost_zero(SmcCost *cost, int party_count, int width, size_t count)
{
	compare(cost, party_count, width, true, count);
}

/* A round a party: its OTs with each other, and corrections from each to it. */
void
smc_cost_times_bit(SmcCost *cost, int party_count, int width, size_t count)
{
	if (count == 0)
		return;
	cost->rounds += (uint64_t) party_count;
	cost->sent += (uint64_t) (party_count - 1) *
		(ot_bytes(count, SMC_OT_BATCH) + (uint64_t) count * (uint64_t) width / 8);
}

/* An OT a bit; the correction of bit t has what counts, in whole bytes. */
void
smc_cost_multiply(SmcCost *cost, int party_count, int width, size_t count)
{
	uint64_t	corrections = 0;
	size_t		batch = SMC_OT_BATCH / (size_t) width * (size_t) width;

	if (count == 0)
		return;
	for (int t = 0; t < width; t++)
		corrections += (uint64_t) (width - t + 7) / 8;
	cost->rounds++;
	cost->sent += (uint64_t) (party_count - 1) * (ot_bytes(count * (size_t) width, batch) + count * corrections);
}

void
smc_cost_open(SmcCost *cost, int party_count, int width, size_t count)
{
	cost->rounds++;
	cost->sent += (uint64_t) (party_count - 1) * count * (uint64_t) width / 8;
}

void
smc_cost_add(SmcCost *cost, const SmcCost *call, uint64_t times)
{
	cost->rounds += times * call->rounds;
	cost->sent += times * call->sent;
	for (int w = 0; w < SMC_TRIPLE_WIDTHS; w++)
		cost->triples[w] += times * call->triples[w];
}

/* Bytes to a peer of one word of triples; two parties need no corrections, and let the OTs choose. */
static uint64_t
triple_bytes(int party_count, int products, uint64_t words)
{
	uint64_t	bytes = smc_ot_message_bytes(party_count > 2, 64 * SMC_TRIPLE_QUANTUM) * words / SMC_TRIPLE_QUANTUM;

	return party_count > 2 ? bytes + (uint64_t) products * words * 8 : bytes;
}

uint64_t
smc_cost_bytes(const SmcCost *cost, int party_count)
{
	uint64_t	peers = (uint64_t) (party_count - 1);
	uint64_t	bytes = (cost->sent + peers - 1) / peers;

	for (int w = 0; w < SMC_TRIPLE_WIDTHS; w++)
	{
		uint64_t	made = (cost->triples[w] + SMC_TRIPLE_QUANTUM - 1) / SMC_TRIPLE_QUANTUM * SMC_TRIPLE_QUANTUM;

		bytes += triple_bytes(party_count, w + 1, made);
	}
	return bytes;
}

uint64_t
smc_cost_weight(const SmcCost *cost, int party_count)
{
	uint64_t	weight = cost->rounds * SMC_COST_ROUND_BYTES + cost->sent / (uint64_t) (party_count - 1);

	for (int w = 0; w < SMC_TRIPLE_WIDTHS; w++)
		weight += triple_bytes(party_count, w + 1, cost->triples[w]);
	return weight;
}
