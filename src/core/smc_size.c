/*
 * How large shared numbers are; see the header.
 *
 * Planes: bit e of plane j is at j * count + e.
 */
#include "smc_size.h"

#include <string.h>

#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_limbs.h"
#include "smc_summands.h"

/*
 * A prefix network: node m is (p, a) for the places from one end to m's own,
 * once its levels have run.
 */
typedef struct Network
{
	int			nodes;
	int			levels;
	bool		upward;			/* a later node is more significant */
	uint64_t   *p;
	uint64_t   *a;
} Network;

/* The gates of one round: z0 = f & x0, z1 = f & x1, by planes. */
typedef struct Round
{
	uint64_t   *f;
	uint64_t   *x0;
	uint64_t   *x1;
	int			planes;
} Round;

/* What a chunk works on. */
typedef struct Work
{
	int			bits;
	size_t		count;
	uint64_t	ones;			/* what NOT is XORed with */
	uint64_t   *p;				/* planes 0 .. bits */
	uint64_t   *o;				/* planes 0 .. bits - 1 */
	uint64_t   *t;
	Network		carry;			/* node i: the carry into place i */
	Network		above;			/* node m: through places bits - 1 - m .. bits - 1 */
	Round		round;
	uint64_t   *plane[3];		/* scratch */
} Work;

static void
load(const Work *w, uint64_t *plane, const uint64_t *from, int j)
{
	smc_bits_extract(plane, from, (size_t) j * w->count, w->count);
}

static void
store(const Work *w, uint64_t *to, int j, const uint64_t *plane)
{
	smc_bits_insert(to, (size_t) j * w->count, plane, w->count);
}

/* One more plane of gates f & x0, f & x1; x1 may be NULL. */
static void
add_gate(Work *w, const uint64_t *f, const uint64_t *x0, const uint64_t *x1)
{
	store(w, w->round.f, w->round.planes, f);
	store(w, w->round.x0, w->round.planes, x0);
	if (x1 != NULL)
		store(w, w->round.x1, w->round.planes, x1);
	w->round.planes++;
}

/* A plane, or its complement. */
static void
load_not(const Work *w, uint64_t *plane, const uint64_t *from, int j)
{
	load(w, plane, from, j);
	for (size_t i = 0; i < smc_bits_words(w->count); i++)
		plane[i] ^= w->ones;
}

/* In Sklansky's network the node that joins node m on a level, or -1. */
static int
partner(int m, int level)
{
	return m >> level & 1 ? (m >> level << level) - 1 : -1;
}

/* (p, a) o (p', a') = (p p', a ^ p (a' ^ a)); with done, take in what came of it. */
static void
network_level(Work *w, Network *net, int level, bool done, int *at)
{
	uint64_t   *own = w->plane[0];
	uint64_t   *other = w->plane[1];
	uint64_t   *factor = w->plane[2];

	if (level < 0 || level >= net->levels)
		return;
	for (int m = 0; m < net->nodes; m++)
	{
		int			s = partner(m, level);
		int			high = net->upward ? m : s;
		int			low = net->upward ? s : m;

		if (s < 0)
			continue;
		load(w, own, net->a, high);
		if (!done)
		{
			load(w, other, net->a, low);
			smc_bits_xor(own, other, smc_bits_words(w->count));
			load(w, factor, net->p, high);
			load(w, other, net->p, low);
			add_gate(w, factor, own, other);
		}
		else
		{
			load(w, other, w->round.x0, *at);
			smc_bits_xor(own, other, smc_bits_words(w->count));
			store(w, net->a, m, own);
			load(w, other, w->round.x1, *at);
			store(w, net->p, m, other);
			(*at)++;
		}
	}
}

/* o_j = a_j | b_j = p_j ^ (a_j & b_j), for all places below the top. */
static void
or_gates(Work *w, const SmcSummands *s, bool done, int *at)
{
	for (int j = 0; j < w->bits; j++)
	{
		if (!done)
		{
			load(w, w->plane[0], s->a, j);
			load(w, w->plane[1], s->b, j);
			add_gate(w, w->plane[0], w->plane[1], NULL);
		}
		else
		{
			load(w, w->plane[0], w->round.x0, (*at)++);
			load(w, w->plane[1], w->p, j);
			smc_bits_xor(w->plane[0], w->plane[1], smc_bits_words(w->count));
			store(w, w->o, j, w->plane[0]);
		}
	}
}

/* t_i = !p_i & c_i. */
static void
t_gates(Work *w, bool done, int *at)
{
	for (int i = 0; i < w->bits; i++)
	{
		if (!done)
		{
			load_not(w, w->plane[0], w->p, i);
			load(w, w->plane[1], w->carry.a, i);
			add_gate(w, w->plane[0], w->plane[1], NULL);
		}
		else
		{
			load(w, w->plane[0], w->round.x0, (*at)++);
			store(w, w->t, i, w->plane[0]);
		}
	}
}

/* Through the places above i: A ^ P (t_i ^ A). */
static void
last_gates(Work *w, bool done, int *at)
{
	for (int i = 0; i < w->bits - 1; i++)
	{
		int			m = w->bits - 2 - i;

		load(w, w->plane[0], w->above.a, m);
		if (!done)
		{
			load(w, w->plane[1], w->t, i);
			smc_bits_xor(w->plane[0], w->plane[1], smc_bits_words(w->count));
			load(w, w->plane[1], w->above.p, m);
			add_gate(w, w->plane[1], w->plane[0], NULL);
		}
		else
		{
			load(w, w->plane[1], w->round.x0, (*at)++);
			smc_bits_xor(w->plane[0], w->plane[1], smc_bits_words(w->count));
			store(w, w->t, i, w->plane[0]);
		}
	}
}

/* The nodes of the places above, once the o are there: p = !p_j ^ o_(j-1), a = o_(j-1). */
static void
fill_above(Work *w)
{
	for (int m = 0; m < w->above.nodes; m++)
	{
		int			j = w->bits - 1 - m;

		load(w, w->plane[0], w->o, j - 1);
		store(w, w->above.a, m, w->plane[0]);
		load_not(w, w->plane[1], w->p, j);
		smc_bits_xor(w->plane[1], w->plane[0], smc_bits_words(w->count));
		store(w, w->above.p, m, w->plane[1]);
	}
}

/* The nodes of the carries: node 0 is no carry, node i place i - 1. */
static void
fill_carry(Work *w, const SmcSummands *s)
{
	for (int i = 1; i < w->carry.nodes; i++)
	{
		load(w, w->plane[0], s->a, i - 1);
		store(w, w->carry.a, i, w->plane[0]);
		load(w, w->plane[0], w->p, i - 1);
		store(w, w->carry.p, i, w->plane[0]);
	}
}

static bool
alloc_work(Work *w, SmcArena *arena, int bits, size_t count)
{
	size_t		words = smc_bits_words((size_t) (bits + 1) * count);
	size_t		gates = smc_bits_words((size_t) (bits + 1) * 2 * count) + 1;
	uint64_t  **planes[] = {&w->p, &w->o, &w->t, &w->carry.p, &w->carry.a, &w->above.p, &w->above.a};
	uint64_t  **rounds[] = {&w->round.f, &w->round.x0, &w->round.x1};

	w->bits = bits;
	w->count = count;
	w->carry.nodes = bits;
	w->above.nodes = bits - 1;
	w->carry.levels = smc_bits_log_up(bits);
	w->above.levels = smc_bits_log_up(bits - 1);
	w->carry.upward = true;
	for (size_t i = 0; i < sizeof(planes) / sizeof(planes[0]); i++)
	{
		*planes[i] = smc_arena_array(arena, words, sizeof(uint64_t));
		if (*planes[i] == NULL)
			return false;
	}
	for (size_t i = 0; i < 3; i++)
	{
		*rounds[i] = smc_arena_array(arena, gates, sizeof(uint64_t));
		w->plane[i] = smc_arena_array(arena, smc_bits_words(count), sizeof(uint64_t));
		if (*rounds[i] == NULL || w->plane[i] == NULL)
			return false;
	}
	return true;
}

/*
 * The gates of round r, and with done, what came of them.  The networks run side
 * by side, the one above a round later, since it needs the o; the t need all
 * carries.
 */
static void
each_gate(Work *w, const SmcSummands *s, int r, bool done)
{
	int			last = smc_bits_log_up(w->bits) + 2;
	int			at = 0;

	w->round.planes = done ? w->round.planes : 0;
	if (r == 1)
		or_gates(w, s, done, &at);
	network_level(w, &w->carry, r - 1, done, &at);
	network_level(w, &w->above, r - 2, done, &at);
	if (r == last - 1)
		t_gates(w, done, &at);
	if (r == last)
		last_gates(w, done, &at);
}

static SmcStatus
chunk(SmcEngine *engine, int width, int bits, const uint64_t *x, uint64_t *reached, size_t at, size_t count,
	  size_t all)
{
	SmcArena   *local = smc_arena_create();
	int			rounds = bits == 1 ? 1 : smc_bits_log_up(bits) + 2;
	SmcSummands s;
	Work		w = {0};
	SmcStatus	status = SMC_ERR_MEMORY;

	if (local == NULL || !alloc_work(&w, local, bits, count))
		goto done;
	w.ones = engine->channel->self == 0 ? ~UINT64_C(0) : 0;
	status = smc_summands_make(engine, width, bits + 1, x, count, local, &s);
	if (status != SMC_OK)
		goto done;
	memcpy(w.p, s.a, smc_bits_words((size_t) (bits + 1) * count) * sizeof(uint64_t));
	smc_bits_xor(w.p, s.b, smc_bits_words((size_t) (bits + 1) * count));
	fill_carry(&w, &s);
	for (int r = 1; r <= rounds && status == SMC_OK; r++)
	{
		size_t		gates;

		each_gate(&w, &s, r, false);
		gates = (size_t) w.round.planes * count;
		if (r == smc_bits_log_up(bits) + 2)
			status = smc_boolean_and(engine, w.round.f, w.round.x0, w.round.x0, gates);
		else
			status = smc_boolean_and_two(engine, w.round.f, w.round.x0, w.round.x1, w.round.x0, w.round.x1, gates);
		if (status != SMC_OK)
			break;
		each_gate(&w, &s, r, true);
		if (r == 1)
			fill_above(&w);
	}

	/* reached_i = p_k ^ o_(k-1) ^ the carry, no sign: t_(k-1) has nothing to go through */
	for (int i = 0; i < bits && status == SMC_OK; i++)
	{
		load(&w, w.plane[0], w.t, i);
		load(&w, w.plane[1], w.p, bits);
		smc_bits_xor(w.plane[0], w.plane[1], smc_bits_words(count));
		load(&w, w.plane[1], w.o, bits - 1);
		smc_bits_xor(w.plane[0], w.plane[1], smc_bits_words(count));
		smc_bits_insert(reached, (size_t) i * all + at, w.plane[0], count);
	}
done:
	smc_arena_destroy(local);
	return status;
}

SmcStatus
smc_size_reached(SmcEngine *engine, int width, int bits, const uint64_t *x, uint64_t *reached, size_t count)
{
	size_t		most;
	SmcStatus	status = SMC_OK;

	if (!smc_limbs_valid(width) || bits < 1 || bits >= width)
		return SMC_ERR_ARGUMENT;
	most = SMC_SIZE_CHUNK / (size_t) bits / 64 * 64;
	for (size_t at = 0; at < count && status == SMC_OK; at += most)
		status = chunk(engine, width, bits, x + at * smc_limbs_of(width), reached, at,
					   count - at < most ? count - at : most, count);
	return status;
}
