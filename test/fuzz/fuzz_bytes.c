/*
 * Fuzz the reader: whatever order of reads over whatever bytes, it never
 * reads outside them, and once it has failed it yields zeros.
 */
#include <stdlib.h>
#include <string.h>

#include "core/smc_bytes.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SmcReader	reader;
	size_t		script_len = size / 4;
	size_t		i;

	smc_reader_init(&reader, data + script_len, size - script_len);
	for (i = 0; i < script_len; i++)
	{
		bool		failed = reader.failed;
		uint64_t	value = 0;
		uint8_t		out[32];
		char		text[24];
		const uint8_t *bytes;
		size_t		len = 0;
		uint8_t		sum = 0;

		switch (data[i] % 9)
		{
			case 0:
				value = smc_reader_u8(&reader);
				break;
			case 1:
				value = smc_reader_u16(&reader);
				break;
			case 2:
				value = smc_reader_u32(&reader);
				break;
			case 3:
				value = smc_reader_u64(&reader);
				break;
			case 4:
				len = data[i];
				bytes = smc_reader_bytes(&reader, len);
				if (bytes != NULL && len > 0)
					sum = bytes[len - 1];
				break;
			case 5:
				smc_reader_copy(&reader, out, data[i] % sizeof(out));
				break;
			case 6:
				bytes = smc_reader_blob(&reader, data[i] * 8, &len);
				if (bytes == NULL || len > (size_t) data[i] * 8)
					abort();
				if (len > 0)
					sum = bytes[len - 1];
				break;
			case 7:
				smc_reader_text(&reader, text, sizeof(text));
				if (strnlen(text, sizeof(text)) == sizeof(text))
					abort();
				break;
			case 8:
				value = smc_reader_bool(&reader);
				if (value > 1)
					abort();
				break;
		}
		if (failed && (value != 0 || !reader.failed || sum != 0))
			abort();
		if (reader.at > reader.len)
			abort();
	}
	if (smc_reader_end(&reader) == SMC_OK && (reader.failed || reader.at != reader.len))
		abort();
	return 0;
}
