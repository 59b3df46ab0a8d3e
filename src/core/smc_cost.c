/*
 * What the protocols take.
 */
#include "smc_cost.h"

#include "smc_bits.h"
#include "smc_compare.h"
#include "smc_scaled.h"
#include "smc_size.h"
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

/* Majorities and adders; two parties need none. */
void
smc_cost_summands(SmcCost *cost, int party_count, int planes, size_t count)
{
	size_t		bits = (size_t) planes * count;

	if (party_count == 2 || count == 0)
		return;
	cost->rounds++;
	cost->sent += ot_bytes(smc_bits_words(bits) * 64, SMC_OT_BATCH) + smc_bits_words(bits) * 8;
	for (int adder = 0; adder < party_count - 2 - party_count / 3; adder++)
		smc_cost_and(cost, party_count, 1, bits);
}

/* More: the summands, and the tree over their places (smc_compare.h). */
static void
compare_more(SmcCost *cost, int party_count, int width, bool zero, size_t count)
{
	smc_cost_summands(cost, party_count, width, count);
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

/*
 * An OT a bit; the correction of bit t has what counts, in whole bytes.  Of a
 * square's two sides a party may have the larger one with every peer.
 */
void
smc_cost_product(SmcCost *cost, int party_count, int width, int y_bits, bool square, size_t count)
{
	size_t		ots = (size_t) (y_bits < width ? (y_bits + 7) / 8 * 8 : width);
	uint64_t	asked = ot_bytes(count * ots, SMC_OT_BATCH / ots * ots);
	uint64_t	answered = 0;

	for (size_t t = 0; t < ots; t++)
		answered += (uint64_t) count * ((uint64_t) width / 8 - t / 8);
	if (square)
		cost->sent += (uint64_t) (party_count - 1) * (asked > answered ? asked : answered);
	else
		cost->sent += (uint64_t) (party_count - 1) * (asked + answered);
}

void
smc_cost_multiply(SmcCost *cost, int party_count, int width, size_t count)
{
	if (count == 0)
		return;
	cost->rounds++;
	smc_cost_product(cost, party_count, width, width, false, count);
}

void
smc_cost_scaled(SmcCost *cost, int party_count, int bits, size_t count)
{
	cost->sent += (uint64_t) (party_count - 1) * count * (uint64_t) smc_scaled_width(party_count, bits) / 8;
}

/* ---- sizes ------------------------------------------------------------------------- */

/* Gates on one level of a prefix network: nodes whose number has that bit. */
static size_t
network_gates(int nodes, int level)
{
	size_t		gates = 0;

	if (level < 0)
		return 0;
	for (int m = 0; m < nodes; m++)
		gates += (size_t) (m >> level & 1);
	return gates;
}

/* Two networks side by side, one a round later; what goes before, between and after them (smc_size.c). */
static void
size_chunk(SmcCost *cost, int party_count, int bits, size_t count)
{
	int			rounds = smc_bits_log_up(bits) + 2;

	smc_cost_summands(cost, party_count, bits + 1, count);
	for (int r = 1; r < rounds; r++)
	{
		size_t		planes = network_gates(bits, r - 1) + network_gates(bits - 1, r - 2);

		if (r == 1)
			planes += (size_t) bits;
		if (r == rounds - 1)
			planes += (size_t) bits;
		smc_cost_and(cost, party_count, 2, planes * count);
	}
	smc_cost_and(cost, party_count, 1, (size_t) (bits - 1) * count);
}

void
smc_cost_size(SmcCost *cost, int party_count, int bits, size_t count)
{
	size_t		most = SMC_SIZE_CHUNK / (size_t) bits / 64 * 64;

	for (size_t at = 0; at < count; at += most)
		size_chunk(cost, party_count, bits, count - at < most ? count - at : most);
}

/* ---- sums of these ------------------------------------------------------------------ */

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
