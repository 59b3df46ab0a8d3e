/*
 * Sorted private values; see the header.
 *
 * How many there are is known before the first comes, from the local query's own
 * counts, so that each goes straight to its part and nothing is ever moved or
 * copied to grow.
 */
#include "postgres.h"

#include "miscadmin.h"

#include "pg/smc_keys.h"
#include "pg/smc_wiped.h"

#define ST_SORT sort_values
#define ST_ELEMENT_TYPE int64
#define ST_COMPARE(a, b) ((*(a) > *(b)) - (*(a) < *(b)))
#define ST_SCOPE static
#define ST_CHECK_FOR_INTERRUPTS
#define ST_DEFINE
#include "lib/sort_template.h"

size_t
smc_keys_parts(const SmcLayout *layout)
{
	return (size_t) layout->key_set_count * layout->cell_count;
}

SmcKeys *
smc_keys_create(const SmcLayout *layout, const uint64 *counts)
{
	SmcKeys    *keys = palloc0(sizeof(SmcKeys));

	keys->part_count = smc_keys_parts(layout);
	keys->cell_count = layout->cell_count;
	keys->starts = palloc0((keys->part_count + 1) * sizeof(size_t));
	keys->filled = palloc0(Max(keys->part_count, 1) * sizeof(size_t));
	for (size_t i = 0; i < keys->part_count; i++)
	{
		if (counts[i] > (uint64) SMC_KEYS_MAX || keys->count + counts[i] > (uint64) SMC_KEYS_MAX)
			ereport(ERROR,
					(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
					 errmsg("percentiles, regressions and different values over more than %lld values of one party can't be computed jointly",
							(long long) SMC_KEYS_MAX)));
		keys->count += counts[i];
		keys->starts[i + 1] = keys->count;
	}
	keys->values = smc_wiped_alloc(keys->count * sizeof(int64));
	return keys;
}

bool
smc_keys_put(SmcKeys *keys, int set, uint32 cell, int64 key)
{
	size_t		part = (size_t) set * keys->cell_count + cell;
	size_t		at = keys->starts[part] + keys->filled[part];

	if (at >= keys->starts[part + 1])
		return false;
	keys->values[at] = key;
	keys->filled[part]++;
	return true;
}

void
smc_keys_put_all(SmcKeys *keys, int set, uint32 cell, const int64 *values, size_t count)
{
	size_t		part = (size_t) set * keys->cell_count + cell;

	Assert(count == keys->starts[part + 1] - keys->starts[part]);
	memcpy(keys->values + keys->starts[part], values, count * sizeof(int64));
	keys->filled[part] = count;
}

bool
smc_keys_put_row(SmcKeys *keys, int set, uint32 cell, const int64 *row, int width)
{
	size_t		part = (size_t) set * keys->cell_count + cell;
	size_t		rows = (keys->starts[part + 1] - keys->starts[part]) / width;
	size_t		at = keys->filled[part] / width;

	if (at >= rows)
		return false;
	for (int i = 0; i < width; i++)
		keys->values[keys->starts[part] + i * rows + at] = row[i];
	keys->filled[part] += width;
	return true;
}

bool
smc_keys_full(const SmcKeys *keys, int set)
{
	for (uint32 cell = 0; cell < keys->cell_count; cell++)
	{
		size_t		part = (size_t) set * keys->cell_count + cell;

		if (keys->filled[part] != keys->starts[part + 1] - keys->starts[part])
			return false;
	}
	return true;
}

bool
smc_keys_sort(SmcKeys *keys, int set)
{
	for (uint32 cell = 0; cell < keys->cell_count; cell++)
	{
		size_t		part = (size_t) set * keys->cell_count + cell;
		size_t		count = keys->starts[part + 1] - keys->starts[part];

		if (keys->filled[part] != count)
			return false;
		sort_values(keys->values + keys->starts[part], count);
	}
	return true;
}

const int64 *
smc_keys_get(const SmcKeys *keys, int set, uint32 cell, size_t *count)
{
	size_t		part = (size_t) set * keys->cell_count + cell;

	*count = keys->starts[part + 1] - keys->starts[part];
	return keys->values + keys->starts[part];
}

void
smc_keys_free(SmcKeys *keys)
{
	smc_wiped_free(keys->values);
	keys->values = NULL;
}
