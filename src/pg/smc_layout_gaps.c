/*
 * The part of a layout that is about comparing conditions: its groups, as far as
 * those have to know them who don't know the study; the keys of cells; bytes.
 */
#include "postgres.h"

#include "core/smc_bytes.h"
#include "pg/smc_layout.h"
#include "pg/smc_rowset.h"

void
smc_layout_add_groups(const SmcStudy *study, const SmcQuery *query, SmcLayout *layout)
{
	layout->group_count = query->group_count;
	for (int i = 0; i < query->group_count; i++)
	{
		int			before = 0;

		layout->places[i] = smc_rowset_places(&study->columns[query->group_columns[i]]);
		for (int j = 0; j < query->group_count; j++)
			before += query->group_columns[j] < query->group_columns[i];
		layout->canonical[before] = i;
	}
}

size_t
smc_layout_elements(const SmcLayout *layout)
{
	return (size_t) layout->cell_count * layout->slot_count + layout->gap_elements;
}

uint32
smc_layout_key(const SmcLayout *layout, const SmcGap *gap, uint32 cell)
{
	uint32		key = 0;
	uint32		weight = 1;

	for (int i = layout->group_count - 1; i >= 0; i--)
	{
		if (gap->common & (1 << i))
		{
			key += weight * (cell % layout->places[i]);
			weight *= layout->places[i];
		}
		cell /= layout->places[i];
	}
	return key;
}

bool
smc_layout_is_known(const SmcGap *gap, uint32 key)
{
	return (gap->known[key / 8] & (1 << (key % 8))) != 0;
}

uint32
smc_layout_links(const SmcLayout *layout, const SmcGap *gap)
{
	uint32		count = 0;

	for (uint32 key = 0; key < gap->key_count; key++)
		count += smc_layout_is_known(gap, key);
	return count * (layout->cell_count / gap->key_count) * gap->support_count;
}

uint32
smc_layout_canonical_cell(const SmcLayout *layout, uint32 cell)
{
	uint32		at[SMC_QUERY_GROUPS_MAX];
	uint32		result = 0;

	for (int i = layout->group_count - 1; i >= 0; i--)
	{
		at[i] = cell % layout->places[i];
		cell /= layout->places[i];
	}
	for (int i = 0; i < layout->group_count; i++)
		result = result * layout->places[layout->canonical[i]] + at[layout->canonical[i]];
	return result;
}

bool
smc_layout_counts_rows(const SmcLayout *layout, int slot)
{
	return slot >= 0 && slot < layout->slot_count &&
		(layout->slots[slot].kind == SMC_SLOT_ROWS || layout->slots[slot].kind == SMC_SLOT_SUPPORT);
}

/*
 * Bytes
 */

static void
write_groups(SmcWriter *writer, const SmcLayout *layout)
{
	smc_writer_u8(writer, layout->group_count);
	for (int i = 0; i < layout->group_count; i++)
	{
		smc_writer_u32(writer, layout->places[i]);
		smc_writer_u8(writer, layout->canonical[i]);
	}
}

static void
write_sets(SmcWriter *writer, const SmcLayout *layout)
{
	smc_writer_u16(writer, layout->set_count);
	for (int i = 0; i < layout->set_count; i++)
	{
		const SmcLayoutSet *set = &layout->sets[i];

		smc_writer_u16(writer, set->slot);
		smc_writer_u16(writer, set->slot_count);
		smc_writer_blob(writer, VARDATA_ANY(set->row_set), VARSIZE_ANY_EXHDR(set->row_set));
		smc_writer_blob(writer, VARDATA_ANY(set->uses), VARSIZE_ANY_EXHDR(set->uses));
		smc_writer_text(writer, set->text);
	}
}

static void
write_gaps(SmcWriter *writer, const SmcLayout *layout)
{
	smc_writer_u32(writer, layout->gap_elements);
	smc_writer_u16(writer, layout->gap_count);
	for (int i = 0; i < layout->gap_count; i++)
	{
		const SmcGap *gap = &layout->gaps[i];

		smc_writer_u16(writer, gap->support);
		smc_writer_u16(writer, gap->support_count);
		smc_writer_u16(writer, (uint16) gap->other_support);
		smc_writer_u8(writer, gap->may_close);
		smc_writer_u8(writer, gap->common);
		smc_writer_u32(writer, gap->key_count);
		smc_writer_u32(writer, gap->first);
		smc_writer_bytes(writer, gap->known, (gap->key_count + 7) / 8);
	}
}

void
smc_layout_write_gaps(SmcWriter *writer, const SmcLayout *layout)
{
	write_groups(writer, layout);
	smc_writer_u16(writer, layout->history);
	write_sets(writer, layout);
	write_gaps(writer, layout);
}

static void
read_groups(SmcReader *reader, SmcLayout *layout)
{
	uint64		cells = 1;

	layout->group_count = smc_reader_u8(reader);
	if (layout->group_count > SMC_QUERY_GROUPS_MAX)
	{
		layout->group_count = 0;
		smc_reader_fail(reader);
	}
	for (int i = 0; i < layout->group_count; i++)
	{
		layout->places[i] = smc_reader_u32(reader);
		layout->canonical[i] = smc_reader_u8(reader);
		if (layout->places[i] < 1 || layout->places[i] > SMC_ELEMENTS_MAX ||
			layout->canonical[i] >= layout->group_count || cells > SMC_ELEMENTS_MAX)
		{
			layout->places[i] = 1;
			layout->canonical[i] = 0;
			smc_reader_fail(reader);
		}
		cells *= layout->places[i];
	}
	if (cells != layout->cell_count)
		smc_reader_fail(reader);
}

static bytea *
read_bytes(SmcReader *reader)
{
	size_t		len;
	const uint8 *data = smc_reader_blob(reader, SMC_ROWSET_BYTES_MAX, &len);
	bytea	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), data, len);
	return result;
}

/* Whether there are such slots, one at least, and all count rows. */
static bool
all_count_rows(const SmcLayout *layout, int slot, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (!smc_layout_counts_rows(layout, slot + i))
			return false;
	}
	return count > 0;
}

static void
read_sets(SmcReader *reader, SmcLayout *layout)
{
	layout->set_count = smc_reader_u16(reader);
	if (layout->set_count > layout->slot_count)
	{
		layout->set_count = 0;
		smc_reader_fail(reader);
	}
	layout->sets = palloc0(Max(layout->set_count, 1) * sizeof(SmcLayoutSet));
	for (int i = 0; i < layout->set_count && !reader->failed; i++)
	{
		SmcLayoutSet *set = &layout->sets[i];
		size_t		len;
		const uint8 *data;

		set->slot = (int16) smc_reader_u16(reader);
		set->slot_count = smc_reader_u16(reader);
		set->row_set = read_bytes(reader);
		set->uses = read_bytes(reader);
		data = smc_reader_blob(reader, SMC_MESSAGE_MAX, &len);
		set->text = pnstrdup((const char *) data, len);
		if (!all_count_rows(layout, set->slot, set->slot_count))
			smc_reader_fail(reader);
	}
}

static void
read_gaps(SmcReader *reader, SmcLayout *layout)
{
	layout->gap_elements = smc_reader_u32(reader);
	layout->gap_count = smc_reader_u16(reader);
	if (layout->gap_elements > SMC_ELEMENTS_MAX || layout->gap_count > SMC_GAPS_MAX)
	{
		layout->gap_elements = 0;
		layout->gap_count = 0;
		smc_reader_fail(reader);
	}
	layout->gaps = palloc0(Max(layout->gap_count, 1) * sizeof(SmcGap));
	for (int i = 0; i < layout->gap_count && !reader->failed; i++)
	{
		SmcGap	   *gap = &layout->gaps[i];
		uint64		keys = 1;
		size_t		bytes;

		gap->support = (int16) smc_reader_u16(reader);
		gap->support_count = smc_reader_u16(reader);
		gap->other_support = (int16) smc_reader_u16(reader);
		gap->may_close = smc_reader_bool(reader);
		gap->common = smc_reader_u8(reader);
		gap->key_count = smc_reader_u32(reader);
		gap->first = smc_reader_u32(reader);
		for (int g = 0; g < layout->group_count; g++)
			keys *= gap->common & (1 << g) ? layout->places[g] : 1;
		if (!all_count_rows(layout, gap->support, gap->support_count) ||
			(gap->other_support >= 0 && !smc_layout_counts_rows(layout, gap->other_support)) ||
			gap->common >> layout->group_count != 0 ||
			gap->key_count != keys || (uint64) gap->first + gap->key_count > layout->gap_elements)
		{
			smc_reader_fail(reader);
			break;
		}
		bytes = (gap->key_count + 7) / 8;
		gap->known = palloc(bytes);
		smc_reader_copy(reader, gap->known, bytes);
	}
	if (reader->failed)
		layout->gap_count = 0;
}

void
smc_layout_read_gaps(SmcReader *reader, SmcLayout *layout)
{
	read_groups(reader, layout);
	layout->history = smc_reader_u16(reader);
	read_sets(reader, layout);
	read_gaps(reader, layout);
}
