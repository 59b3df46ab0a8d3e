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
	int			width;
	size_t		limbs;
	size_t		count;
	uint64_t   *best;			/* and, behind it, who: where they are is `best` alone, if nobody asks */
	uint64_t   *next;			/* the challenger's number and index, likewise */
	uint64_t   *narrow[2];		/* best and next mod 2^128 */
	uint64_t   *better;			/* bits, twice */
} Contest;

/* A signed number as element e. */
static void
put_wide(const Contest *c, uint64_t *integers, size_t e, SmcRing128 value)
{
	uint64_t   *to = integers + e * c->limbs;

	to[0] = (uint64_t) value;
	to[1] = (uint64_t) (value >> 64);
	for (size_t i = 2; i < c->limbs; i++)
		to[i] = 0 - (to[1] >> 63);
}

/* best = better ? next : best, of the parts first .. first + parts (0 best, 1 who). */
static SmcStatus
challenge(SmcEngine *engine, bool largest, Contest *c, size_t first, size_t parts)
{
	size_t		at = first * c->count * c->limbs;
	uint64_t   *one = c->narrow[largest ? 0 : 1];
	uint64_t   *other = c->narrow[largest ? 1 : 0];
	SmcStatus	status;

	smc_limbs_resize_all(c->narrow[0], LIMBS, c->best, c->limbs, c->count);
	smc_limbs_resize_all(c->narrow[1], LIMBS, c->next, c->limbs, c->count);
	status = smc_compare_less(engine, WIDTH, one, other, c->better, c->count);
	if (status != SMC_OK)
		return status;
	if (parts == 2)
	{
		/* one vector is done with: the bits go there, and from there behind themselves */
		memcpy(one, c->better, smc_bits_words(c->count) * sizeof(uint64_t));
		smc_bits_insert(c->better, c->count, one, c->count);
	}
	return smc_arith_select(engine, c->width, c->better, c->next + at, c->best + at, c->best + at, parts * c->count);
}

SmcStatus
smc_contest_extreme_wide(SmcEngine *engine, int width, bool largest, const SmcRing128 *own,
						 uint64_t *best, uint64_t *who, size_t count)
{
	int			self = engine->channel->self;
	int			n = engine->channel->party_count;
	size_t		limbs = smc_limbs_of(width);
	size_t		words = count * limbs;
	Contest		c = {width, limbs, count, NULL, NULL, {NULL, NULL}, NULL};
	SmcArena   *local;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width) || width < WIDTH || (best == NULL && who == NULL))
		return SMC_ERR_ARGUMENT;
	local = smc_arena_create();
	if (local == NULL)
		return status;
	c.best = smc_arena_array(local, 2 * words, sizeof(uint64_t));
	c.next = smc_arena_array(local, 2 * words, sizeof(uint64_t));
	c.narrow[0] = smc_arena_array(local, count * LIMBS, sizeof(uint64_t));
	c.narrow[1] = smc_arena_array(local, count * LIMBS, sizeof(uint64_t));
	c.better = smc_arena_array(local, smc_bits_words(2 * count) + 1, sizeof(uint64_t));
	if (c.best == NULL || c.next == NULL || c.narrow[0] == NULL || c.narrow[1] == NULL || c.better == NULL)
		goto done;

	/* what is public is party 0's share; what is a party's own, that party's */
	for (size_t e = 0; e < count && self == 0; e++)
	{
		put_wide(&c, c.best, e, largest ? SMC_CONTEST_NONE_LOW : SMC_CONTEST_NONE_HIGH);
		put_wide(&c, c.best, count + e, (SmcRing128) n);
	}
	status = SMC_OK;
	for (int i = 0; i < n && status == SMC_OK; i++)
	{
		/* the last one's number is only taken where it is asked for */
		size_t		first = best == NULL && i == n - 1 ? 1 : 0;

		for (size_t e = 0; e < count; e++)
		{
			put_wide(&c, c.next, e, self == i ? own[e] : 0);
			put_wide(&c, c.next, count + e, self == 0 ? (SmcRing128) i : 0);
		}
		status = challenge(engine, largest, &c, first, (who != NULL ? 2 : 1) - first);
	}
	if (status == SMC_OK && best != NULL)
		memcpy(best, c.best, words * sizeof(uint64_t));
	if (status == SMC_OK && who != NULL)
		memcpy(who, c.best + words, words * sizeof(uint64_t));
done:
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_contest_extreme(SmcEngine *engine, bool largest, const SmcRing128 *own,
					SmcRing128 *best, SmcRing128 *who, size_t count)
{
	/* a ring element is two words, low first; they are only copied into */
	return smc_contest_extreme_wide(engine, WIDTH, largest, own, (uint64_t *) best, (uint64_t *) who, count);
}
