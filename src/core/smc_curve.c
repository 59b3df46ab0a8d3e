/*
 * Logistic curves of shared numbers; see the header.
 *
 * Planes are of `count` bits, a multiple of 64, so each is words of its own.
 */
#include "smc_curve.h"

#include <stdlib.h>
#include <string.h>

#include "smc_bits.h"
#include "smc_boolean.h"
#include "smc_curve_table.h"
#include "smc_select.h"
#include "smc_summands.h"

#define CURVES_MAX		2
#define PLANES_MAX		64
#define LOW				(1 << SMC_CURVE_LOW_BITS)
#define HIGH_MAX		256
#define OFFSET_PLACES	21		/* of d */
#define LIMIT			SMC_CURVE_LIMIT_BITS

/* What a call works on. */
typedef struct Work
{
	SmcEngine  *engine;
	SmcArena   *arena;
	size_t		count;
	size_t		words;			/* of a plane */
	uint64_t	ones;			/* what NOT is XORed with */
	int			g;
	int			planes;			/* H: of S */
	int			index_bits;
	uint64_t   *index[PLANES_MAX];	/* folded */
	uint64_t   *sign;
	uint64_t   *over;			/* beyond the pieces */
} Work;

static uint64_t *
new_planes(Work *w, size_t planes)
{
	return smc_arena_array(w->arena, planes * w->words, sizeof(uint64_t));
}

static void
add_plane(const Work *w, uint64_t *to, const uint64_t *from)
{
	smc_bits_xor(to, from, w->words);
}

/* ---- which piece -------------------------------------------------------------------- */

/* Our hi_i, and our term of d with OFFSET_PLACES. */
static void
split(const Work *w, const SmcRing128 *z, uint64_t *hi, SmcRing128 *offset)
{
	int			n = w->engine->channel->party_count;
	bool		first = w->engine->channel->self == 0;
	int			low = SMC_CURVE_PLACES - w->g;
	int			drop = SMC_CURVE_PLACES - OFFSET_PLACES;

	for (size_t e = 0; e < w->count; e++)
	{
		SmcRing128	share = z[e];
		uint64_t	rest;

		if (first)
			share += (SmcRing128) (n - 1) << (low - 1);
		hi[e] = (uint64_t) (share >> low);
		rest = (uint64_t) share & ((UINT64_C(1) << low) - 1);
		offset[e] = (rest + (UINT64_C(1) << (drop - 1))) >> drop;
		if (first)
			offset[e] -= (SmcRing128) n << (low - drop - 1);
	}
}

/*
 * The bits of a + b: carries by Sklansky's network (1960) over the operator of
 * smc_compare.h.  Node 0 is no carry, node m + 1 place m; s becomes a ^ b ^ carry.
 */
static SmcStatus
add_summands(Work *w, const SmcSummands *summands, uint64_t *s)
{
	size_t		words = w->words;
	size_t		nodes = (size_t) w->planes;
	uint64_t   *p = new_planes(w, nodes);
	uint64_t   *a = new_planes(w, nodes);
	uint64_t   *f = new_planes(w, nodes);
	uint64_t   *x0 = new_planes(w, nodes);
	uint64_t   *x1 = new_planes(w, nodes);
	SmcStatus	status = SMC_OK;

	if (p == NULL || a == NULL || f == NULL || x0 == NULL || x1 == NULL)
		return SMC_ERR_MEMORY;
	memcpy(s, summands->a, nodes * words * sizeof(uint64_t));
	smc_bits_xor(s, summands->b, nodes * words);
	memcpy(p + words, s, (nodes - 1) * words * sizeof(uint64_t));
	memcpy(a + words, summands->a, (nodes - 1) * words * sizeof(uint64_t));
	for (int level = 0; (size_t) 1 << level < nodes && status == SMC_OK; level++)
	{
		size_t		gates = 0;

		for (int done = 0; done < 2 && status == SMC_OK; done++)
		{
			gates = 0;
			for (size_t m = 0; m < nodes; m++)
			{
				size_t		other = (m >> level << level) - 1;

				if ((m >> level & 1) == 0)
					continue;
				if (done)
				{
					add_plane(w, a + m * words, x0 + gates * words);
					memcpy(p + m * words, x1 + gates * words, words * sizeof(uint64_t));
				}
				else
				{
					memcpy(f + gates * words, p + m * words, words * sizeof(uint64_t));
					memcpy(x0 + gates * words, a + m * words, words * sizeof(uint64_t));
					add_plane(w, x0 + gates * words, a + other * words);
					memcpy(x1 + gates * words, p + other * words, words * sizeof(uint64_t));
				}
				gates++;
			}
			if (!done)
				status = smc_boolean_and_two(w->engine, f, x0, x1, x0, x1, gates * w->count);
		}
	}
	for (size_t m = 0; m < nodes && status == SMC_OK; m++)
		add_plane(w, s + m * words, a + m * words);
	return status;
}

/* over = any of the planes, which it uses up: NOT of the AND of their complements. */
static SmcStatus
any_of(Work *w, uint64_t *planes, size_t m, uint64_t *over)
{
	SmcStatus	status = SMC_OK;

	for (size_t i = 0; i < m * w->words; i++)
		planes[i] ^= w->ones;
	for (; m > 1 && status == SMC_OK; m = (m + 1) / 2)
		status = smc_boolean_and(w->engine, planes, planes + (m + 1) / 2 * w->words, planes, m / 2 * w->count);
	for (size_t i = 0; i < w->words; i++)
		over[i] = planes[i] ^ w->ones;
	return status;
}

/* From S: its sign, the index of its piece as if it weren't below zero, and whether it is beyond. */
static SmcStatus
fold(Work *w, uint64_t *s)
{
	size_t		top = (size_t) w->planes - 1;
	size_t		beyond = top - (size_t) w->index_bits;
	const uint64_t *inputs[PLANES_MAX];
	uint64_t   *outputs[PLANES_MAX];
	uint64_t   *rest[PLANES_MAX];
	SmcSelectGate gate;
	SmcStatus	status;

	w->sign = s + top * w->words;
	w->over = new_planes(w, 1);
	if (w->over == NULL)
		return SMC_ERR_MEMORY;
	for (size_t j = 0; j < top; j++)
		add_plane(w, s + j * w->words, w->sign);
	status = any_of(w, s + (size_t) w->index_bits * w->words, beyond, w->over);

	/* i | over = i ^ (over & !i) */
	for (size_t j = 0; j < (size_t) w->index_bits && status == SMC_OK; j++)
	{
		w->index[j] = s + j * w->words;
		rest[j] = new_planes(w, 1);
		outputs[j] = w->index[j];
		if (rest[j] == NULL)
			return SMC_ERR_MEMORY;
		for (size_t i = 0; i < w->words; i++)
			rest[j][i] = w->index[j][i] ^ w->ones;
		inputs[j] = rest[j];
	}
	gate = (SmcSelectGate) {w->over, inputs, outputs, (size_t) w->index_bits};
	return status == SMC_OK ? smc_select_bits(w->engine, &gate, 1, w->count) : status;
}

/* ---- one-hot vectors ---------------------------------------------------------------- */

/* hot[i] = [the bits are i], for i < 2^bit_count, new planes. */
static SmcStatus
make_hot(Work *w, uint64_t *const *bits, int bit_count, uint64_t **hot)
{
	int			low_bits = (bit_count + 1) / 2;
	size_t		low_count = (size_t) 1 << low_bits;
	size_t		high_count = (size_t) 1 << (bit_count - low_bits);
	uint64_t   *planes = new_planes(w, (size_t) 1 << bit_count);
	uint64_t   *low[HIGH_MAX];
	uint64_t   *high[HIGH_MAX];
	SmcSelectGate gates[HIGH_MAX];
	SmcStatus	status;

	if (planes == NULL)
		return SMC_ERR_MEMORY;
	for (size_t i = 0; i < (size_t) 1 << bit_count; i++)
		hot[i] = planes + i * w->words;
	if (bit_count == 1)
	{
		memcpy(hot[1], bits[0], w->words * sizeof(uint64_t));
		for (size_t i = 0; i < w->words; i++)
			hot[0][i] = bits[0][i] ^ w->ones;
		return SMC_OK;
	}
	if ((status = make_hot(w, bits, low_bits, low)) != SMC_OK ||
		(status = make_hot(w, bits + low_bits, bit_count - low_bits, high)) != SMC_OK)
		return status;
	for (size_t i = 1; i < high_count; i++)
		gates[i - 1] = (SmcSelectGate) {high[i], (const uint64_t *const *) low, hot + i * low_count, low_count};
	status = smc_select_bits(w->engine, gates, high_count - 1, w->count);

	/* where the high bits are 0: what is left over */
	for (size_t l = 0; l < low_count && status == SMC_OK; l++)
	{
		add_plane(w, hot[l], low[l]);
		for (size_t i = 1; i < high_count; i++)
			add_plane(w, hot[l], hot[i * low_count + l]);
	}
	return status;
}

/* ---- looking up --------------------------------------------------------------------- */

/* A curve's table, and the planes that are found in it: of c_0, then of c_1. */
typedef struct Found
{
	const SmcCurve *curve;
	const SmcCurveShape *shape;
	uint32_t   *levels;
	uint32_t   *slopes;
	size_t		plane_count;
	uint64_t   *planes[PLANES_MAX];
} Found;

static SmcStatus
prepare(Work *w, const SmcCurve *curve, Found *found)
{
	size_t		pieces = (size_t) 1 << w->index_bits;

	found->curve = curve;
	found->shape = smc_curve_shape(curve->kind);
	found->plane_count = (size_t) (found->shape->level_bits + found->shape->slope_bits);
	found->levels = smc_arena_array(w->arena, pieces, sizeof(uint32_t));
	found->slopes = smc_arena_array(w->arena, pieces, sizeof(uint32_t));
	if (found->levels == NULL || found->slopes == NULL)
		return SMC_ERR_MEMORY;
	for (size_t q = 0; q < found->plane_count; q++)
	{
		found->planes[q] = new_planes(w, 1);
		if (found->planes[q] == NULL)
			return SMC_ERR_MEMORY;
	}
	return smc_curve_fill(curve->kind, w->engine->channel->party_count, found->levels, found->slopes);
}

/* Bit q of what is found at a piece. */
static inline bool
table_bit(const Found *found, size_t piece, size_t q)
{
	size_t		level_bits = (size_t) found->shape->level_bits;

	return q < level_bits ? found->levels[piece] >> q & 1 : found->slopes[piece] >> (q - level_bits) & 1;
}

/* Row `high` of the table, bit q: XOR of the low[j] where it is set. */
static void
combine_row(const Work *w, const Found *found, size_t high, size_t q, uint64_t *const *low, uint64_t *out)
{
	memset(out, 0, w->words * sizeof(uint64_t));
	for (size_t j = 0; j < LOW; j++)
	{
		if (table_bit(found, high * LOW + j, q))
			add_plane(w, out, low[j]);
	}
}

/* All curves' planes: a gate for each row of the table. */
static SmcStatus
look_up(Work *w, Found *found, size_t curve_count)
{
	int			high_bits = w->index_bits - SMC_CURVE_LOW_BITS;
	size_t		rows = (size_t) 1 << high_bits;
	uint64_t   *low[LOW];
	uint64_t   *high[HIGH_MAX];
	uint64_t   *outputs[SMC_SELECT_LENGTH_MAX];
	size_t		length = 0;
	const uint64_t **inputs;
	SmcSelectGate gates[HIGH_MAX];
	SmcStatus	status;

	if ((status = make_hot(w, w->index, SMC_CURVE_LOW_BITS, low)) != SMC_OK ||
		(status = make_hot(w, w->index + SMC_CURVE_LOW_BITS, high_bits, high)) != SMC_OK)
		return status;
	for (size_t c = 0; c < curve_count; c++)
	{
		for (size_t q = 0; q < found[c].plane_count; q++)
			outputs[length++] = found[c].planes[q];
	}
	inputs = smc_arena_array(w->arena, rows * length, sizeof(*inputs));
	if (inputs == NULL)
		return SMC_ERR_MEMORY;
	for (size_t i = 0; i < rows; i++)
	{
		size_t		at = i * length;

		for (size_t c = 0; c < curve_count; c++)
		{
			for (size_t q = 0; q < found[c].plane_count; q++)
			{
				uint64_t   *row = new_planes(w, 1);

				if (row == NULL)
					return SMC_ERR_MEMORY;
				combine_row(w, &found[c], i, q, low, row);
				inputs[at++] = row;
			}
		}
		gates[i] = (SmcSelectGate) {high[i], inputs + i * length, outputs, length};
	}
	return smc_select_bits(w->engine, gates, rows, w->count);
}

/* ---- values ------------------------------------------------------------------------- */

/* What a call adds up at the end. */
typedef struct Sums
{
	SmcSelectNumber numbers[3 * CURVES_MAX + 3];
	size_t		count;
	const uint64_t *planes[CURVES_MAX][PLANES_MAX + 2];
} Sums;

/* c_0 + c_1 d of a curve: the sign goes into the planes of the one that it turns. */
static void
add_curve(const Work *w, Found *found, size_t c, const SmcRing128 *offset, Sums *sums)
{
	const SmcCurveShape *shape = found->shape;
	size_t		levels = (size_t) shape->level_bits;
	size_t		slopes = (size_t) shape->slope_bits;
	size_t		first = shape->odd ? 0 : levels;
	size_t		end = shape->odd ? levels : levels + slopes;
	const uint64_t **planes = sums->planes[c];
	const uint64_t **slope_planes = planes + levels + (shape->odd ? 1 : 0);

	for (size_t q = first; q < end; q++)
		add_plane(w, found->planes[q], w->sign);
	for (size_t q = 0; q < levels; q++)
		planes[q] = found->planes[q];
	for (size_t q = 0; q < slopes; q++)
		slope_planes[q] = found->planes[levels + q];
	if (shape->odd)
		planes[levels] = w->sign;
	else
		slope_planes[slopes] = w->sign;
	memset(found->curve->out, 0, w->count * sizeof(SmcRing128));
	sums->numbers[sums->count++] = (SmcSelectNumber) {planes, levels + (shape->odd ? 1 : 0), shape->odd, false,
		shape->level_shift, found->curve->bytes, NULL, found->curve->out};
	sums->numbers[sums->count++] = (SmcSelectNumber) {slope_planes, slopes + (shape->odd ? 0 : 1), !shape->odd,
		shape->falling, 0, found->curve->bytes, offset, found->curve->out};
}

/* Beyond 16 the loss is |z|/2 instead of the 8 that stand in the table. */
static SmcStatus
add_beyond(Work *w, const Found *found, const SmcRing128 *z, const uint64_t **planes, Sums *sums)
{
	uint64_t   *below = new_planes(w, 2);
	uint64_t   *above = below + w->words;
	int			shift = SMC_CURVE_LOSS_PLACES - SMC_CURVE_PLACES - 1;
	const SmcCurve *curve = found->curve;
	SmcStatus	status;

	if (below == NULL)
		return SMC_ERR_MEMORY;
	status = smc_boolean_and(w->engine, w->over, w->sign, below, w->count);
	memcpy(above, w->over, w->words * sizeof(uint64_t));
	add_plane(w, above, below);
	planes[0] = above;
	planes[1] = below;
	planes[2] = w->over;
	sums->numbers[sums->count++] = (SmcSelectNumber) {&planes[0], 1, false, false, shift, curve->bytes, z, curve->out};
	sums->numbers[sums->count++] = (SmcSelectNumber) {&planes[1], 1, false, true, shift, curve->bytes, z, curve->out};
	sums->numbers[sums->count++] = (SmcSelectNumber) {&planes[2], 1, false, true, SMC_CURVE_LOSS_PLACES + 3,
		curve->bytes, NULL, curve->out};
	return status;
}

static SmcStatus
find_piece(Work *w, const SmcRing128 *z, SmcRing128 *offset)
{
	uint64_t   *hi = smc_arena_array(w->arena, w->count, sizeof(uint64_t));
	uint64_t   *s = new_planes(w, (size_t) w->planes);
	SmcSummands summands;
	SmcStatus	status = hi != NULL && s != NULL ? SMC_OK : SMC_ERR_MEMORY;

	if (status == SMC_OK)
	{
		split(w, z, hi, offset);
		status = smc_summands_make(w->engine, 64, w->planes, hi, w->count, w->arena, &summands);
	}
	if (status == SMC_OK)
		status = add_summands(w, &summands, s);
	return status == SMC_OK ? fold(w, s) : status;
}

SmcStatus
smc_curve_evaluate(SmcEngine *engine, int bits, const SmcRing128 *z, const SmcCurve *curves, size_t curve_count,
				   size_t count)
{
	int			g = smc_curve_piece_places(engine->channel->party_count);
	Work		w = {engine, NULL, count, count / 64, engine->channel->self == 0 ? ~UINT64_C(0) : 0, g,
		bits + g + 1, LIMIT + g, {NULL}, NULL, NULL};
	Found		found[CURVES_MAX] = {{0}};
	const uint64_t *beyond[3];
	SmcRing128 *offset;
	Sums	   *sums;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (bits <= LIMIT || bits > SMC_CURVE_BITS_MAX || curve_count < 1 || curve_count > CURVES_MAX || count % 64 != 0)
		return SMC_ERR_ARGUMENT;
	if (count == 0)
		return SMC_OK;
	w.arena = smc_arena_create();
	offset = w.arena ? smc_arena_array(w.arena, count, sizeof(SmcRing128)) : NULL;
	sums = w.arena ? smc_arena_alloc(w.arena, sizeof(Sums)) : NULL;
	if (offset != NULL && sums != NULL)
		status = find_piece(&w, z, offset);
	for (size_t c = 0; c < curve_count && status == SMC_OK; c++)
		status = prepare(&w, &curves[c], &found[c]);
	if (status == SMC_OK)
		status = look_up(&w, found, curve_count);
	for (size_t c = 0; c < curve_count && status == SMC_OK; c++)
	{
		add_curve(&w, &found[c], c, offset, sums);
		if (curves[c].kind == SMC_CURVE_LOSS)
			status = add_beyond(&w, &found[c], z, beyond, sums);
	}
	if (status == SMC_OK)
		status = smc_select_numbers(engine, sums->numbers, sums->count, count);
	smc_arena_destroy(w.arena);
	return status;
}

/* ---- cost --------------------------------------------------------------------------- */

/* make_hot's gates; the rounds of it. */
static uint64_t
hot_cost(SmcCost *cost, int party_count, int bit_count, size_t count)
{
	int			low = (bit_count + 1) / 2;
	uint64_t	rounds;

	if (bit_count == 1)
		return 0;
	rounds = hot_cost(cost, party_count, low, count) + hot_cost(cost, party_count, bit_count - low, count);
	for (size_t i = 1; i < (size_t) 1 << (bit_count - low); i++)
		smc_select_bits_cost(cost, party_count, (size_t) 1 << low, count);
	return rounds + 1;
}

void
smc_curve_cost(SmcCost *cost, int party_count, int bits, const SmcCurve *curves, size_t curve_count, size_t count)
{
	int			g = smc_curve_piece_places(party_count);
	size_t		nodes = (size_t) (bits + g + 1);
	size_t		index_bits = (size_t) (LIMIT + g);
	size_t		length = 0;

	smc_cost_summands(cost, party_count, (int) nodes, count);
	for (int level = 0; (size_t) 1 << level < nodes; level++)
	{
		size_t		gates = 0;

		for (size_t m = 0; m < nodes; m++)
			gates += m >> level & 1;
		smc_cost_and(cost, party_count, 2, gates * count);
	}
	for (size_t m = nodes - 1 - index_bits; m > 1; m = (m + 1) / 2)
		smc_cost_and(cost, party_count, 1, m / 2 * count);
	smc_select_bits_cost(cost, party_count, index_bits, count);
	cost->rounds += 2 + hot_cost(cost, party_count, SMC_CURVE_LOW_BITS, count) +
		hot_cost(cost, party_count, (int) index_bits - SMC_CURVE_LOW_BITS, count) + (uint64_t) party_count;
	for (size_t c = 0; c < curve_count; c++)
	{
		const SmcCurveShape *shape = smc_curve_shape(curves[c].kind);
		size_t		odd = shape->odd ? 1 : 0;

		length += (size_t) (shape->level_bits + shape->slope_bits);
		smc_select_number_cost(cost, party_count, (size_t) shape->level_bits + odd, shape->level_shift,
							   curves[c].bytes, true, count);
		smc_select_number_cost(cost, party_count, (size_t) shape->slope_bits + 1 - odd, 0, curves[c].bytes, false, count);
		if (curves[c].kind == SMC_CURVE_LOSS)
		{
			smc_cost_and(cost, party_count, 1, count);
			smc_select_number_cost(cost, party_count, 2, SMC_CURVE_LOSS_PLACES - SMC_CURVE_PLACES - 1, curves[c].bytes,
								   false, count);
			smc_select_number_cost(cost, party_count, 1, SMC_CURVE_LOSS_PLACES + 3, curves[c].bytes, true, count);
		}
	}
	for (size_t i = 0; i < (size_t) 1 << (index_bits - SMC_CURVE_LOW_BITS); i++)
		smc_select_bits_cost(cost, party_count, length, count);
}
