/*
 * Histories as lists and as bytes.
 *
 * What comes from another party can only add to what is compared, and so to what
 * is withheld; that it holds nothing but what a query could have asked for is
 * checked all the same, since local queries are written from it.
 */
#include "postgres.h"

#include "access/attnum.h"

#include "pg/smc_bytea.h"
#include "pg/smc_history.h"

/* The order of two sets: of their bytes. */
static int
compare(const SmcEarlier *a, const SmcEarlier *b)
{
	int			order = memcmp(a->data, b->data, Min(a->len, b->len));

	if (order != 0 || a->len == b->len)
		return order;
	return a->len < b->len ? -1 : 1;
}

/* The bits of two of one length. */
static uint8 *
join_bits(const uint8 *a, const uint8 *b, uint32 len)
{
	uint8	   *bits = palloc(len);

	for (uint32 i = 0; i < len; i++)
		bits[i] = a[i] | b[i];
	return bits;
}

/* Take over another's groups and uses; groups that can't be of the same set are all groups. */
static void
join(SmcEarlier *earlier, const SmcEarlier *other)
{
	Assert(earlier->uses_len == other->uses_len);
	earlier->uses = join_bits(earlier->uses, other->uses, earlier->uses_len);
	if (earlier->cells != NULL && other->cells != NULL && earlier->cells_len == other->cells_len)
		earlier->cells = join_bits(earlier->cells, other->cells, earlier->cells_len);
	else
	{
		earlier->cells = NULL;
		earlier->cells_len = 0;
	}
}

List *
smc_history_add(List *history, const SmcEarlier *earlier)
{
	SmcEarlier *copy;
	int			at = 0;
	ListCell   *lc;

	foreach(lc, history)
	{
		int			order = compare(lfirst(lc), earlier);

		if (order == 0)
		{
			join(lfirst(lc), earlier);
			return history;
		}
		if (order > 0)
			break;
		at++;
	}
	copy = palloc(sizeof(SmcEarlier));
	*copy = *earlier;
	return list_insert_nth(history, at, copy);
}

List *
smc_history_merge(List *history, const List *other)
{
	ListCell   *lc;

	foreach(lc, other)
		history = smc_history_add(history, lfirst(lc));
	return history;
}

/* Whether each bit of own is one of listed's. */
static bool
covers_bits(const uint8 *listed, uint32 listed_len, const uint8 *own, uint32 own_len)
{
	if (own_len != listed_len)
		return false;
	for (uint32 i = 0; i < own_len; i++)
	{
		if (own[i] & ~listed[i])
			return false;
	}
	return true;
}

static bool
covers(const SmcEarlier *listed, const SmcEarlier *own)
{
	if (!covers_bits(listed->uses, listed->uses_len, own->uses, own->uses_len))
		return false;
	return listed->cells == NULL ||
		(own->cells != NULL && covers_bits(listed->cells, listed->cells_len, own->cells, own->cells_len));
}

bool
smc_history_covers(const List *list, const List *own)
{
	ListCell   *lc;
	ListCell   *other;

	foreach(lc, own)
	{
		bool		found = false;

		foreach(other, list)
		{
			if (compare(lfirst(other), lfirst(lc)) == 0)
				found = covers(lfirst(other), lfirst(lc));
		}
		if (!found)
			return false;
	}
	return true;
}

/*
 * Bytes: u16 how many, then of each a blob with the row set, one with its uses, u8
 * whether its groups are told apart, and if so a blob with the bits of those told of
 */

static void
write_list(SmcWriter *writer, const void *what)
{
	const List *history = what;
	ListCell   *lc;

	smc_writer_u16(writer, (uint16) list_length(history));
	foreach(lc, history)
	{
		const SmcEarlier *earlier = lfirst(lc);

		smc_writer_blob(writer, earlier->data, earlier->len);
		smc_writer_blob(writer, earlier->uses, earlier->uses_len);
		smc_writer_u8(writer, earlier->cells != NULL);
		if (earlier->cells != NULL)
			smc_writer_blob(writer, earlier->cells, earlier->cells_len);
	}
}

bytea *
smc_history_write(const char *study, const List *history)
{
	bytea	   *result = NULL;

	if (list_length(history) <= SMC_HISTORY_LISTED_MAX)
		result = smc_bytea_collect(write_list, history);
	if (result == NULL || VARSIZE(result) > SMC_MESSAGE_MAX / 2)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the history of study \"%s\" is too long to be compared with", study),
				 errdetail("The parties may know of %d earlier conditions between them, of %d megabytes.",
						   SMC_HISTORY_LISTED_MAX, SMC_MESSAGE_MAX / 2 / (1024 * 1024)),
				 errhint("Superusers may delete the oldest rows of smc_history_log, or the parties agree on a smaller history.")));
	return result;
}

List *
smc_history_read(SmcReader *reader, uint32 uses_len)
{
	int			count = smc_reader_u16(reader);
	List	   *history = NIL;

	if (count > SMC_HISTORY_LISTED_MAX)
		smc_reader_fail(reader);
	for (int i = 0; i < count && !reader->failed; i++)
	{
		SmcEarlier *earlier = palloc0(sizeof(SmcEarlier));
		size_t		len;

		earlier->data = smc_reader_blob(reader, SMC_ROWSET_BYTES_MAX, &earlier->len);
		earlier->uses = (uint8 *) smc_reader_blob(reader, MaxAttrNumber / 8 + 1, &len);
		earlier->uses_len = len;
		if (len != uses_len)
			smc_reader_fail(reader);
		if (smc_reader_bool(reader))
		{
			earlier->cells = (uint8 *) smc_reader_blob(reader, SMC_ELEMENTS_MAX / 8, &len);
			earlier->cells_len = len;
		}
		if (history != NIL && compare(llast(history), earlier) >= 0)
			smc_reader_fail(reader);
		history = lappend(history, earlier);
	}
	return reader->failed ? NIL : history;
}

void
smc_history_check(const SmcStudy *study, const List *history)
{
	ListCell   *lc;

	foreach(lc, history)
	{
		SmcEarlier *earlier = lfirst(lc);
		uint64		cells;

		earlier->set = smc_rowset_parse(study, earlier->data, earlier->len);
		smc_rowset_check(study, earlier->set);
		cells = smc_rowset_cell_count(study, earlier->set);
		if (cells > SMC_ELEMENTS_MAX || (earlier->cells != NULL && earlier->cells_len != (cells + 7) / 8))
			smc_rowset_raise_malformed(study);
	}
}
