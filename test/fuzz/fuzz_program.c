/*
 * Fuzz smc_program_read: what it accepts is a program that can be planned,
 * built on, and written again as the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "core/smc_program.h"

extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
require(bool good)
{
	if (!good)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SmcArena   *arena = smc_arena_create();
	SmcReader	reader;
	SmcWriter	writer;
	SmcProgram *program;
	uint64_t	rounds;
	uint64_t	bytes;

	smc_reader_init(&reader, data, size);
	program = smc_program_read(&reader);
	require((program == NULL) == reader.failed);
	if (program != NULL)
	{
		SmcProgram *again;
		int			node;

		smc_program_cost(program, 100, &rounds, &bytes);
		smc_writer_init(&writer, arena);
		smc_program_write(program, &writer);
		require(smc_writer_end(&writer) == SMC_OK);
		smc_reader_init(&reader, writer.data, writer.len);
		again = smc_program_read(&reader);
		require(again != NULL && smc_reader_end(&reader) == SMC_OK);
		require(smc_program_width(again) == smc_program_width(program));
		smc_program_destroy(again);

		/* what follows from the ranges that were read */
		node = smc_program_input(program, 60);
		for (int a = 0; a < 20 && smc_program_bits(program, a) >= -1; a++)
		{
			if (smc_program_bits(program, a) < 0 || smc_program_status(program) != SMC_OK)
				continue;
			node = smc_program_multiply(program, smc_program_absolute(program, a), node);
			smc_program_less(program, node, a);
			smc_program_round(program, node, a, 3);
		}
	}
	smc_program_destroy(program);
	smc_arena_destroy(arena);
	return 0;
}
