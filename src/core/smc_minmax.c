/*
 * Minimum and maximum with argument; see the header.
 */
#include "smc_minmax.h"

#include <string.h>

#include "smc_bits.h"

/* What is still in the tournament: values and, below them, their row numbers. */
typedef struct Field
{
	int			width;
	size_t		limbs;
	size_t		rows;
	size_t		columns;
	uint64_t   *values;
	uint64_t   *numbers;		/* NULL when nobody asks */
} Field;

/*
 * One level: rows 2i and 2i + 1 into row i; a row left over moves up.  Only
 * a strictly better value displaces the one before it, so that ties go to the
 * lowest row.
 */
static SmcStatus
play_level(SmcEngine *engine, Field *f, bool maximum, SmcArena *arena)
{
	size_t		pairs = f->rows / 2;
	size_t		count = pairs * f->columns;
	size_t		row = f->columns * f->limbs;
	size_t		words = count * f->limbs;
	size_t		kinds = f->numbers ? 2 : 1;
	uint64_t   *first = smc_arena_array(arena, words, sizeof(uint64_t));
	uint64_t   *second = smc_arena_array(arena, words, sizeof(uint64_t));
	uint64_t   *step = smc_arena_array(arena, kinds * words, sizeof(uint64_t));
	uint64_t   *taken = smc_arena_array(arena, kinds * words, sizeof(uint64_t));
	uint64_t   *better = smc_arena_array(arena, smc_bits_words(kinds * count) + 1, sizeof(uint64_t));
	SmcStatus	status;

	if (first == NULL || second == NULL || step == NULL || taken == NULL || better == NULL)
		return SMC_ERR_MEMORY;
	for (size_t i = 0; i < pairs; i++)
	{
		memcpy(first + i * row, f->values + 2 * i * row, row * sizeof(uint64_t));
		memcpy(second + i * row, f->values + (2 * i + 1) * row, row * sizeof(uint64_t));
	}
	if (maximum)
		status = smc_compare_less(engine, f->width, first, second, better, count);
	else
		status = smc_compare_less(engine, f->width, second, first, better, count);
	if (status != SMC_OK)
		return status;

	/* first + better * (second - first), for values and numbers alike */
	for (size_t i = 0; i < pairs; i++)
	{
		for (size_t c = 0; c < f->columns; c++)
		{
			size_t		to = i * f->columns + c;
			size_t		from = 2 * i * f->columns + c;

			smc_limbs_subtract(step + to * f->limbs, second + to * f->limbs, first + to * f->limbs, f->limbs);
			if (f->numbers != NULL)
				smc_limbs_subtract(step + (count + to) * f->limbs, f->numbers + (from + f->columns) * f->limbs,
								   f->numbers + from * f->limbs, f->limbs);
		}
	}
	if (f->numbers != NULL)
	{
		memcpy(first, better, smc_bits_words(count) * sizeof(uint64_t));
		smc_bits_insert(better, count, first, count);
	}
	status = smc_arith_times_bit(engine, f->width, better, step, taken, kinds * count);
	if (status != SMC_OK)
		return status;
	for (size_t i = 0; i < pairs; i++)
	{
		for (size_t c = 0; c < f->columns; c++)
		{
			size_t		to = i * f->columns + c;
			size_t		from = 2 * i * f->columns + c;

			smc_limbs_add(f->values + to * f->limbs, f->values + from * f->limbs, taken + to * f->limbs, f->limbs);
			if (f->numbers != NULL)
				smc_limbs_add(f->numbers + to * f->limbs, f->numbers + from * f->limbs,
							  taken + (count + to) * f->limbs, f->limbs);
		}
	}
	if (f->rows % 2 == 1)
	{
		memmove(f->values + pairs * row, f->values + 2 * pairs * row, row * sizeof(uint64_t));
		if (f->numbers != NULL)
			memmove(f->numbers + pairs * row, f->numbers + 2 * pairs * row, row * sizeof(uint64_t));
	}
	f->rows = pairs + f->rows % 2;
	return SMC_OK;
}

SmcStatus
smc_minmax(SmcEngine *engine, int width, bool maximum, const uint64_t *values,
		   size_t rows, size_t columns, uint64_t *best, uint64_t *where)
{
	Field		f = {width, smc_limbs_of(width), rows, columns, NULL, NULL};
	SmcArena   *arena;
	SmcStatus	status = SMC_ERR_MEMORY;

	if (!smc_limbs_valid(width) || rows == 0 || (columns > 0 && rows > SIZE_MAX / 64 / columns))
		return SMC_ERR_ARGUMENT;
	arena = smc_arena_create();
	if (arena == NULL)
		return status;
	f.values = smc_arena_array(arena, rows * columns * f.limbs, sizeof(uint64_t));
	if (where != NULL)
		f.numbers = smc_arena_array(arena, rows * columns * f.limbs, sizeof(uint64_t));
	if (f.values == NULL || (where != NULL && f.numbers == NULL))
		goto done;
	memcpy(f.values, values, rows * columns * f.limbs * sizeof(uint64_t));
	for (size_t i = 0; where != NULL && engine->channel->self == 0 && i < rows * columns; i++)
		f.numbers[i * f.limbs] = i / columns;
	status = SMC_OK;
	while (f.rows > 1 && status == SMC_OK)
	{
		SmcArena   *level = smc_arena_create();

		status = level ? play_level(engine, &f, maximum, level) : SMC_ERR_MEMORY;
		smc_arena_destroy(level);
	}
	if (status == SMC_OK)
	{
		memcpy(best, f.values, columns * f.limbs * sizeof(uint64_t));
		if (where != NULL)
			memcpy(where, f.numbers, columns * f.limbs * sizeof(uint64_t));
	}
done:
	smc_arena_destroy(arena);
	return status;
}
