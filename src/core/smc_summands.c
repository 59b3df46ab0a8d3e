/*
 * Two boolean summands of arithmetic shares; see the header.
 */
#include "smc_summands.h"

#include <stdbool.h>
#include <string.h>

#include "smc_boolean.h"
#include "smc_limbs.h"

/*
 * to's planes are from's, one place more significant; the lowest is zero.
 * Planes in natural order.
 */
static void
shift_planes(uint64_t *to, const uint64_t *from, int planes, size_t count, size_t words)
{
	memset(to, 0, words * sizeof(uint64_t));
	smc_bits_insert(to, count, from, (size_t) (planes - 1) * count);
}

/* Summands on their way from n to two. */
typedef struct Adder
{
	uint64_t   *summand[2 * SMC_PARTIES_MAX];
	int			first;
	int			end;
} Adder;

/*
 * Every three parties' private summands: sum = a ^ b ^ c, each party's share
 * its own planes; carry = their majority.  One or two parties may be left over.
 */
static SmcStatus
add_private(SmcEngine *engine, int planes, uint64_t *own, size_t count, SmcArena *arena, Adder *adder)
{
	int			n = engine->channel->party_count;
	int			self = engine->channel->self;
	size_t		words = smc_bits_words((size_t) planes * count);
	uint32_t	rounds = engine->channel->rounds;
	uint64_t   *none = smc_arena_array(arena, words, sizeof(uint64_t));
	uint64_t   *majority = smc_arena_array(arena, words, sizeof(uint64_t));

	if (none == NULL || majority == NULL)
		return SMC_ERR_MEMORY;
	for (int i = 0; i + 2 < n; i += 3)
	{
		const int	members[3] = {i, i + 1, i + 2};
		bool		member = self >= i && self <= i + 2;
		uint64_t   *carry = smc_arena_array(arena, words, sizeof(uint64_t));
		SmcStatus	status;

		if (carry == NULL)
			return SMC_ERR_MEMORY;
		status = smc_boolean_majority(engine, members, member ? own : NULL, majority, (size_t) planes * count);
		if (status != SMC_OK)
			return status;
		shift_planes(carry, majority, planes, count, words);
		adder->summand[adder->end++] = member ? own : none;
		adder->summand[adder->end++] = carry;
	}
	for (int i = n / 3 * 3; i < n; i++)
		adder->summand[adder->end++] = self == i ? own : none;
	/* no party is in two groups, so they all take one round */
	if (n > 2)
		engine->channel->rounds = rounds + 1;
	return SMC_OK;
}

/* Three shared summands to two, the oldest first. */
static SmcStatus
add_shared(SmcEngine *engine, int planes, size_t count, SmcArena *arena, Adder *adder)
{
	size_t		bits = (size_t) planes * count;
	size_t		words = smc_bits_words(bits);
	const uint64_t *a = adder->summand[adder->first++];
	const uint64_t *b = adder->summand[adder->first++];
	const uint64_t *c = adder->summand[adder->first++];
	uint64_t   *x = smc_arena_array(arena, words, sizeof(uint64_t));
	uint64_t   *sum = smc_arena_array(arena, words, sizeof(uint64_t));
	uint64_t   *carry = smc_arena_array(arena, words, sizeof(uint64_t));
	SmcStatus	status;

	if (x == NULL || sum == NULL || carry == NULL)
		return SMC_ERR_MEMORY;

	/* carry = ((a ^ c) & (b ^ c)) ^ c, sum = a ^ b ^ c */
	for (size_t w = 0; w < words; w++)
	{
		x[w] = a[w] ^ c[w];
		carry[w] = b[w] ^ c[w];
		sum[w] = a[w] ^ b[w] ^ c[w];
	}
	status = smc_boolean_and(engine, x, carry, x, bits);
	if (status != SMC_OK)
		return status;
	smc_bits_xor(x, c, words);
	shift_planes(carry, x, planes, count, words);
	adder->summand[adder->end++] = sum;
	adder->summand[adder->end++] = carry;
	return SMC_OK;
}

SmcStatus
smc_summands_make(SmcEngine *engine, int width, int planes, const uint64_t *shares, size_t count,
				  SmcArena *arena, SmcSummands *out)
{
	uint64_t   *own = smc_arena_array(arena, smc_bits_words((size_t) planes * count), sizeof(uint64_t));
	uint16_t	order[SMC_WIDTH_MAX];
	Adder		adder = {{NULL}, 0, 0};
	SmcStatus	status;

	if (own == NULL)
		return SMC_ERR_MEMORY;
	for (int plane = 0; plane < planes; plane++)
		order[plane] = (uint16_t) plane;
	smc_bits_slice(own, shares, width, count, order, planes);
	status = add_private(engine, planes, own, count, arena, &adder);
	while (status == SMC_OK && adder.end - adder.first > 2)
		status = add_shared(engine, planes, count, arena, &adder);
	out->a = adder.summand[adder.first];
	out->b = adder.summand[adder.first + 1];
	return status;
}
