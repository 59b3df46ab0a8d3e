/*
 * Contests between the parties' private integers; see the header.
 */
#include "smc_contest.h"

#include <string.h>

#include "smc_arith.h"
#include "smc_bits.h"
#include "smc_compare.h"
#include "smc_millionaires.h"

#define WIDTH	128
#define LIMBS	(WIDTH / 64)

/* To the engine's form: two words, low first. */
static void
put(uint64_t *integers, size_t e, SmcRing128 value)
{
	integers[LIMBS * e] = (uint64_t) value;
	integers[LIMBS * e + 1] = (uint64_t) (value >> 64);
}

static SmcRing128
get(const uint64_t *integers, size_t e)
{
	return (SmcRing128) integers[LIMBS * e + 1] << 64 | integers[LIMBS * e];
}

SmcStatus
smc_contest_compare(SmcEngine *engine, int alice, int bob, const SmcRing128 *own,
					uint64_t *less, uint64_t *equal, size_t count)
{
	int			self = engine->channel->self;
	SmcArena   *local = smc_arena_create();
	uint64_t   *x = local ? smc_arena_array(local, count * LIMBS, sizeof(uint64_t)) : NULL;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (x != NULL)
	{
		/* signed to unsigned: the order is the same with the sign bit turned */
		for (size_t e = 0; (self == alice || self == bob) && e < count; e++)
			put(x, e, own[e] ^ (SmcRing128) 1 << 127);
		status = smc_millionaires(engine, WIDTH, alice, bob, x, less, equal, count);
	}
	smc_arena_destroy(local);
	return status;
}

/* The engine's vectors of a contest, as shares. */
typedef struct Contest
{
	uint64_t   *best;
	uint64_t   *who;
	uint64_t   *next;			/* the challenger's number */
	uint64_t   *index;			/* the challenger's index */
	uint64_t   *better;			/* bits */
} Contest;

static SmcStatus
challenge(SmcEngine *engine, bool largest, Contest *c, size_t count, bool last, bool want_best, bool want_who)
{
	SmcStatus	status = smc_compare_less(engine, WIDTH, largest ? c->best : c->next,
										  largest ? c->next : c->best, c->better, count);

	if (status == SMC_OK && (want_best || !last))
		status = smc_arith_select(engine, WIDTH, c->better, c->next, c->best, c->best, count);
	if (status == SMC_OK && want_who)
		status = smc_arith_select(engine, WIDTH, c->better, c->index, c->who, c->who, count);
	return status;
}

SmcStatus
smc_contest_extreme(SmcEngine *engine, bool largest, const SmcRing128 *own,
					SmcRing128 *best, SmcRing128 *who, size_t count)
{
	int			self = engine->channel->self;
	int			n = engine->channel->party_count;
	SmcArena   *local = smc_arena_create();
	SmcStatus	status = SMC_ERR_MEMORY;
	Contest		c;

	if (local == NULL)
		return status;
	c.best = smc_arena_array(local, count * LIMBS, sizeof(uint64_t));
	c.who = smc_arena_array(local, count * LIMBS, sizeof(uint64_t));
	c.next = smc_arena_array(local, count * LIMBS, sizeof(uint64_t));
	c.index = smc_arena_array(local, count * LIMBS, sizeof(uint64_t));
	c.better = smc_arena_array(local, smc_bits_words(count), sizeof(uint64_t));
	if (c.best == NULL || c.who == NULL || c.next == NULL || c.index == NULL || c.better == NULL)
		goto done;

	/* what is public is party 0's share; what is a party's own, that party's */
	for (size_t e = 0; e < count && self == 0; e++)
	{
		put(c.best, e, largest ? SMC_CONTEST_NONE_LOW : SMC_CONTEST_NONE_HIGH);
		put(c.who, e, (SmcRing128) n);
	}
	status = SMC_OK;
	for (int i = 0; i < n && status == SMC_OK; i++)
	{
		for (size_t e = 0; e < count; e++)
		{
			put(c.next, e, self == i ? own[e] : 0);
			put(c.index, e, self == 0 ? (SmcRing128) i : 0);
		}
		status = challenge(engine, largest, &c, count, i == n - 1, best != NULL, who != NULL);
	}
	for (size_t e = 0; e < count && status == SMC_OK; e++)
	{
		if (best != NULL)
			best[e] = get(c.best, e);
		if (who != NULL)
			who[e] = get(c.who, e);
	}
done:
	smc_arena_destroy(local);
	return status;
}
