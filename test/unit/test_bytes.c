/*
 * Bytes: what is written is read back, and nothing malformed is.
 */
#include "smc_testkit.h"

#include <stdlib.h>

#include "core/smc_bytes.h"

/* A message with one of each, and its parser. */
typedef struct Sample
{
	uint8_t		a;
	uint16_t	b;
	uint32_t	c;
	uint64_t	d;
	bool		flag;
	char		name[16];
	const uint8_t *blob;
	size_t		blob_len;
	uint8_t		raw[5];
} Sample;

static void
write_sample(SmcWriter *writer)
{
	smc_writer_u8(writer, 0x12);
	smc_writer_u16(writer, 0x3456);
	smc_writer_u32(writer, 0x789abcde);
	smc_writer_u64(writer, UINT64_C(0xf0debc9a78563412));
	smc_writer_u8(writer, 1);
	smc_writer_text(writer, "globex");
	smc_writer_blob(writer, "\0\1\2", 3);
	smc_writer_bytes(writer, "hello", 5);
}

static SmcStatus
read_sample(const uint8_t *data, size_t len, Sample *sample)
{
	SmcReader	reader;

	smc_reader_init(&reader, data, len);
	sample->a = smc_reader_u8(&reader);
	sample->b = smc_reader_u16(&reader);
	sample->c = smc_reader_u32(&reader);
	sample->d = smc_reader_u64(&reader);
	sample->flag = smc_reader_bool(&reader);
	smc_reader_text(&reader, sample->name, sizeof(sample->name));
	sample->blob = smc_reader_blob(&reader, 100, &sample->blob_len);
	smc_reader_copy(&reader, sample->raw, sizeof(sample->raw));
	return smc_reader_end(&reader);
}

/* Where the sample's two lengths stand. */
#define TEXT_AT		16
#define BLOB_AT		(TEXT_AT + 4 + 6)

static void
test_round_trip(void **state)
{
	SmcArena   *arena = smc_arena_create();
	SmcWriter	writer;
	Sample		sample;

	(void) state;
	smc_writer_init(&writer, arena);
	write_sample(&writer);
	assert_int_equal(smc_writer_end(&writer), SMC_OK);
	assert_int_equal(writer.data[1], 0x56); /* little-endian */
	assert_int_equal(read_sample(writer.data, writer.len, &sample), SMC_OK);
	assert_int_equal(sample.a, 0x12);
	assert_int_equal(sample.b, 0x3456);
	assert_int_equal(sample.c, 0x789abcde);
	assert_true(sample.d == UINT64_C(0xf0debc9a78563412));
	assert_true(sample.flag);
	assert_string_equal(sample.name, "globex");
	assert_int_equal(sample.blob_len, 3);
	assert_memory_equal(sample.blob, "\0\1\2", 3);
	assert_memory_equal(sample.raw, "hello", 5);
	smc_arena_destroy(arena);
}

/* Every prefix, in a buffer of exactly its size so that ASan sees a step past it. */
static void
test_truncation(void **state)
{
	SmcArena   *arena = smc_arena_create();
	SmcWriter	writer;
	size_t		len;

	(void) state;
	smc_writer_init(&writer, arena);
	write_sample(&writer);
	for (len = 0; len < writer.len; len++)
	{
		uint8_t    *copy = malloc(len > 0 ? len : 1);
		Sample		sample;

		memcpy(copy, writer.data, len);
		assert_int_equal(read_sample(copy, len, &sample), SMC_ERR_FORMAT);
		assert_true(sample.blob_len <= len);
		assert_true(strlen(sample.name) < sizeof(sample.name));
		free(copy);
	}
	smc_writer_u8(&writer, 0);
	{
		Sample		sample;

		assert_int_equal(read_sample(writer.data, writer.len, &sample), SMC_ERR_FORMAT);	/* left over */
	}
	smc_arena_destroy(arena);
}

/* Every other value of each byte of each length. */
static void
test_mutated_lengths(void **state)
{
	static const size_t places[] = {TEXT_AT, BLOB_AT};
	SmcArena   *arena = smc_arena_create();
	SmcWriter	writer;
	size_t		place;
	int			byte;
	int			value;

	(void) state;
	smc_writer_init(&writer, arena);
	write_sample(&writer);
	for (place = 0; place < 2; place++)
	{
		for (byte = 0; byte < 4; byte++)
		{
			uint8_t    *at = writer.data + places[place] + byte;
			uint8_t		saved = *at;

			for (value = 0; value < 256; value++)
			{
				uint8_t    *copy;
				Sample		sample;

				*at = (uint8_t) value;
				copy = malloc(writer.len);
				memcpy(copy, writer.data, writer.len);
				assert_int_equal(read_sample(copy, writer.len, &sample),
								 value == saved ? SMC_OK : SMC_ERR_FORMAT);
				free(copy);
			}
			*at = saved;
		}
	}
	smc_arena_destroy(arena);
}

static void
test_failure_sticks(void **state)
{
	const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8};
	SmcReader	reader;
	uint8_t		out[4] = {9, 9, 9, 9};
	size_t		len = 77;

	(void) state;
	smc_reader_init(&reader, data, sizeof(data));
	assert_int_equal(smc_reader_u32(&reader), 0x04030201);
	assert_true(smc_reader_u64(&reader) == 0);	/* four bytes are left */
	assert_int_equal(smc_reader_u8(&reader), 0);	/* though there is one */
	assert_int_equal(smc_reader_u16(&reader), 0);
	assert_null(smc_reader_bytes(&reader, 1));
	smc_reader_copy(&reader, out, sizeof(out));
	assert_memory_equal(out, "\0\0\0\0", 4);
	assert_non_null(smc_reader_blob(&reader, 10, &len));
	assert_int_equal(len, 0);
	assert_false(smc_reader_bool(&reader));
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);

	smc_reader_init(&reader, data, 1);
	assert_int_equal(smc_reader_u8(&reader), 1);
	assert_int_equal(smc_reader_end(&reader), SMC_OK);
	smc_reader_fail(&reader);
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);
}

static void
test_edges(void **state)
{
	const uint8_t two[] = {2};
	const uint8_t nul[] = {3, 0, 0, 0, 'a', 0, 'b'};
	const uint8_t exact[] = {3, 0, 0, 0, 'a', 'b', 'c'};
	const uint8_t huge[] = {0xff, 0xff, 0xff, 0xff};
	SmcReader	reader;
	char		text[4] = "xyz";
	size_t		len;

	(void) state;
	smc_reader_init(&reader, NULL, 0);
	assert_int_equal(smc_reader_end(&reader), SMC_OK);
	assert_non_null(smc_reader_bytes(&reader, 0));
	assert_int_equal(smc_reader_u8(&reader), 0);
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);
	smc_reader_init(&reader, NULL, 5);
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);

	smc_reader_init(&reader, two, 1);
	assert_false(smc_reader_bool(&reader));
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);

	smc_reader_init(&reader, nul, sizeof(nul));
	smc_reader_text(&reader, text, sizeof(text));
	assert_string_equal(text, "");
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);

	smc_reader_init(&reader, exact, sizeof(exact));
	smc_reader_text(&reader, text, sizeof(text));
	assert_string_equal(text, "abc");
	assert_int_equal(smc_reader_end(&reader), SMC_OK);
	smc_reader_init(&reader, exact, sizeof(exact));
	smc_reader_text(&reader, text, 3);	/* no room for the NUL */
	assert_string_equal(text, "");
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);
	smc_reader_init(&reader, exact, sizeof(exact));
	smc_reader_text(&reader, text, 0);
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);

	smc_reader_init(&reader, huge, sizeof(huge));
	(void) smc_reader_blob(&reader, SIZE_MAX, &len);
	assert_int_equal(len, 0);
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);

	/* A length may not be larger than the caller accepts, though the bytes are there. */
	smc_reader_init(&reader, exact, sizeof(exact));
	(void) smc_reader_blob(&reader, 2, &len);
	assert_int_equal(smc_reader_end(&reader), SMC_ERR_FORMAT);
}

/* A writer that grows keeps what it has. */
static void
test_growth(void **state)
{
	SmcArena   *arena = smc_arena_create();
	SmcWriter	writer;
	SmcReader	reader;
	uint32_t	i;

	(void) state;
	smc_writer_init(&writer, arena);
	assert_int_equal(smc_writer_end(&writer), SMC_OK);
	for (i = 0; i < 100000; i++)
		smc_writer_u32(&writer, i);
	assert_int_equal(smc_writer_end(&writer), SMC_OK);
	smc_reader_init(&reader, writer.data, writer.len);
	for (i = 0; i < 100000; i++)
		if (smc_reader_u32(&reader) != i)
			fail();
	assert_int_equal(smc_reader_end(&reader), SMC_OK);

	/* Too long for a length of 32 bits: nothing of it is read or written. */
	smc_writer_init(&writer, arena);
	smc_writer_blob(&writer, "", (size_t) UINT32_MAX + 1);
	smc_writer_u8(&writer, 1);
	assert_int_equal(smc_writer_end(&writer), SMC_ERR_MEMORY);
	assert_int_equal(writer.len, 0);
	smc_arena_destroy(arena);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_mutated_lengths),
		cmocka_unit_test(test_failure_sticks),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_growth),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
