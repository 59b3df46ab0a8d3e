/*
 * Fuzz the reader: a program of reads over the rest of the input.
 *
 * The first half of the input says what to read, the second is read.  The
 * reader must stay inside it (AddressSanitizer looks), keep its promises about
 * what a failed read yields, and never come back from a failure.
 */
#include <stdlib.h>
#include <string.h>

#include "core/smc_bytes.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool good)
{
	if (!good)
		abort();
}

/* One read of the kind that an opcode says. */
static void
step(SmcReader *reader, uint8_t opcode)
{
	char		text[9];
	uint8_t		copy[16];
	const uint8_t *bytes;
	size_t		len = opcode >> 4;
	uint64_t	value = 0;

	switch (opcode & 15)
	{
		case 0:
			value = smc_reader_u8(reader);
			break;
		case 1:
			value = smc_reader_u16(reader);
			break;
		case 2:
			value = smc_reader_u32(reader);
			break;
		case 3:
			value = smc_reader_u64(reader);
			break;
		case 4:
			value = smc_reader_bool(reader);
			require(value <= 1);
			break;
		case 5:
			bytes = smc_reader_bytes(reader, len);
			require((bytes == NULL) == reader->failed);
			break;
		case 6:
			memset(copy, 0xff, sizeof(copy));
			smc_reader_copy(reader, copy, len);
			if (reader->failed && len > 0)
				require(copy[len - 1] == 0);
			break;
		case 7:
			bytes = smc_reader_blob(reader, 40, &len);
			require(bytes != NULL && len <= 40);
			require(!reader->failed || len == 0);
			while (len > 0)
				value += bytes[--len];	/* touch all of it */
			value = 0;
			break;
		case 8:
			smc_reader_text(reader, text, 1 + len % sizeof(text));
			require(strlen(text) <= len % sizeof(text));
			require(!reader->failed || text[0] == '\0');
			break;
		case 9:
			smc_reader_fail(reader);
			break;
		default:
			break;
	}
	if (reader->failed)
		require(value == 0 || (opcode & 15) == 4);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t		steps = size / 2;
	size_t		len = size - steps;
	uint8_t    *input = malloc(len > 0 ? len : 1);	/* of its own, so that a step outside is seen */
	SmcReader	reader;
	bool		failed = false;
	size_t		i;

	memcpy(input, data + steps, len);
	smc_reader_init(&reader, input, len);
	for (i = 0; i < steps; i++)
	{
		step(&reader, data[i]);
		require(reader.at <= reader.len);
		require(!failed || reader.failed);
		failed = reader.failed;
	}
	require((smc_reader_end(&reader) == SMC_OK) == (!failed && reader.at == len));
	free(input);
	return 0;
}
