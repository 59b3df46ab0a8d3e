/*
 * Reading and writing of bytes that cross a link.
 *
 * Every read goes through take(), the only place that compares a length with
 * what is left, and every write through reserve(), the only place that grows.
 */
#include "smc_bytes.h"

#include <string.h>

#define WRITER_FIRST_CAP	256

/* What an empty or failed read points to, so that callers may always look. */
static const uint8_t nothing[1] = {0};

void
smc_reader_init(SmcReader *reader, const uint8_t *data, size_t len)
{
	reader->data = data != NULL ? data : nothing;
	reader->len = data != NULL ? len : 0;
	reader->at = 0;
	reader->failed = (data == NULL && len != 0);
}

/* Step over the next len bytes and return where they begin, NULL on failure. */
static const uint8_t *
take(SmcReader *reader, size_t len)
{
	const uint8_t *bytes;

	if (reader->failed || len > reader->len - reader->at)
	{
		reader->failed = true;
		return NULL;
	}
	bytes = reader->data + reader->at;
	reader->at += len;
	return bytes;
}

/* Read a little-endian integer of len bytes, at most 8. */
static uint64_t
take_integer(SmcReader *reader, size_t len)
{
	const uint8_t *bytes = take(reader, len);
	uint64_t	value = 0;

	if (bytes == NULL)
		return 0;
	while (len-- > 0)
		value = value << 8 | bytes[len];
	return value;
}

uint8_t
smc_reader_u8(SmcReader *reader)
{
	return (uint8_t) take_integer(reader, 1);
}

uint16_t
smc_reader_u16(SmcReader *reader)
{
	return (uint16_t) take_integer(reader, 2);
}

uint32_t
smc_reader_u32(SmcReader *reader)
{
	return (uint32_t) take_integer(reader, 4);
}

uint64_t
smc_reader_u64(SmcReader *reader)
{
	return take_integer(reader, 8);
}

const uint8_t *
smc_reader_bytes(SmcReader *reader, size_t len)
{
	return take(reader, len);
}

void
smc_reader_copy(SmcReader *reader, uint8_t *out, size_t len)
{
	const uint8_t *bytes = take(reader, len);

	if (len == 0)
		return;
	if (bytes != NULL)
		memcpy(out, bytes, len);
	else
		memset(out, 0, len);
}

const uint8_t *
smc_reader_blob(SmcReader *reader, size_t max_len, size_t *len)
{
	uint32_t	told = smc_reader_u32(reader);
	const uint8_t *bytes = NULL;

	if (told > max_len)
		reader->failed = true;
	else
		bytes = take(reader, told);

	*len = bytes != NULL ? told : 0;
	return bytes != NULL ? bytes : nothing;
}

void
smc_reader_text(SmcReader *reader, char *out, size_t out_size)
{
	const uint8_t *bytes;
	size_t		len;

	if (out_size == 0)
	{
		reader->failed = true;
		return;
	}
	bytes = smc_reader_blob(reader, out_size - 1, &len);
	if (memchr(bytes, '\0', len) != NULL)
	{
		reader->failed = true;
		len = 0;
	}
	memcpy(out, bytes, len);
	out[len] = '\0';
}

bool
smc_reader_bool(SmcReader *reader)
{
	uint8_t		value = smc_reader_u8(reader);

	if (value > 1)
		reader->failed = true;
	return value == 1;
}

void
smc_reader_fail(SmcReader *reader)
{
	reader->failed = true;
}

SmcStatus
smc_reader_end(const SmcReader *reader)
{
	return reader->failed || reader->at != reader->len ? SMC_ERR_FORMAT : SMC_OK;
}

void
smc_writer_init(SmcWriter *writer, SmcArena *arena)
{
	writer->arena = arena;
	writer->data = NULL;
	writer->len = 0;
	writer->cap = 0;
	writer->failed = false;
}

/*
 * Make room for len more bytes and return where they go, NULL when the writer
 * has failed.  The room doubles; what it was before stays in the arena until
 * the arena's reset wipes it, so a writer costs at most twice its capacity.
 */
static uint8_t *
reserve(SmcWriter *writer, size_t len)
{
	uint8_t    *place;

	if (writer->failed)
		return NULL;
	if (len > writer->cap - writer->len)
	{
		size_t		cap = writer->cap > 0 ? writer->cap : WRITER_FIRST_CAP;
		uint8_t    *data;

		while (cap - writer->len < len)
		{
			if (cap > SIZE_MAX / 2)
			{
				writer->failed = true;
				return NULL;
			}
			cap *= 2;
		}
		data = smc_arena_alloc(writer->arena, cap);
		if (data == NULL)
		{
			writer->failed = true;
			return NULL;
		}
		if (writer->len > 0)
			memcpy(data, writer->data, writer->len);
		writer->data = data;
		writer->cap = cap;
	}
	place = writer->data + writer->len;
	writer->len += len;
	return place;
}

/* Write a little-endian integer of len bytes, at most 8. */
static void
put_integer(SmcWriter *writer, uint64_t value, size_t len)
{
	uint8_t    *place = reserve(writer, len);
	size_t		i;

	if (place == NULL)
		return;
	for (i = 0; i < len; i++)
		place[i] = (uint8_t) (value >> (8 * i));
}

void
smc_writer_u8(SmcWriter *writer, uint8_t value)
{
	put_integer(writer, value, 1);
}

void
smc_writer_u16(SmcWriter *writer, uint16_t value)
{
	put_integer(writer, value, 2);
}

void
smc_writer_u32(SmcWriter *writer, uint32_t value)
{
	put_integer(writer, value, 4);
}

void
smc_writer_u64(SmcWriter *writer, uint64_t value)
{
	put_integer(writer, value, 8);
}

void
smc_writer_bytes(SmcWriter *writer, const void *data, size_t len)
{
	uint8_t    *place;

	if (len == 0)
		return;
	place = reserve(writer, len);
	if (place != NULL)
		memcpy(place, data, len);
}

void
smc_writer_blob(SmcWriter *writer, const void *data, size_t len)
{
	if (len > UINT32_MAX)
	{
		writer->failed = true;
		return;
	}
	smc_writer_u32(writer, (uint32_t) len);
	smc_writer_bytes(writer, data, len);
}

void
smc_writer_text(SmcWriter *writer, const char *text)
{
	smc_writer_blob(writer, text, strlen(text));
}

SmcStatus
smc_writer_end(const SmcWriter *writer)
{
	return writer->failed ? SMC_ERR_MEMORY : SMC_OK;
}
