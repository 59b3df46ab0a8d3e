/*
 * Circuits as bytes: from the backend that made one to the lane worker that
 * runs it, which has no catalogs.
 */
#include "postgres.h"

#include "pg/smc_circuit.h"

static void
write_slots(SmcWriter *writer, const int16 *slots, int count)
{
	smc_writer_u16(writer, count);
	for (int i = 0; i < count; i++)
		smc_writer_u16(writer, (uint16) slots[i]);
}

static void
write_secrets(SmcWriter *writer, const SmcCircuit *circuit)
{
	smc_writer_u16(writer, circuit->secret_count);
	for (int i = 0; i < circuit->secret_count; i++)
	{
		smc_writer_u8(writer, circuit->secrets[i].has_num);
		smc_writer_u8(writer, circuit->secrets[i].has_den);
		smc_writer_u8(writer, circuit->secrets[i].has_bit);
		smc_writer_u8(writer, circuit->secrets[i].has_null);
	}
	smc_writer_u16(writer, circuit->keep_count);
	for (int i = 0; i < circuit->keep_count; i++)
	{
		const SmcCircuitKeep *keep = &circuit->keeps[i];

		/* its form goes with the secret's description */
		smc_writer_u32(writer, (uint32) keep->num);
		smc_writer_u32(writer, (uint32) keep->den);
		smc_writer_u32(writer, (uint32) keep->bit);
		smc_writer_u32(writer, (uint32) keep->null);
		write_slots(writer, keep->supports, keep->support_count);
	}
}

void
smc_circuit_write(SmcWriter *writer, const SmcCircuit *circuit)
{
	write_secrets(writer, circuit);
	write_slots(writer, circuit->number_slots, circuit->number_count);
	write_slots(writer, circuit->bit_slots, circuit->bit_count);
	smc_writer_u16(writer, circuit->noise_count);
	for (int i = 0; i < circuit->noise_count; i++)
	{
		smc_writer_u64(writer, (uint64) circuit->noises[i].numerator);
		smc_writer_u64(writer, (uint64) (circuit->noises[i].numerator >> 64));
		smc_writer_u64(writer, (uint64) circuit->noises[i].denominator);
		smc_writer_u64(writer, (uint64) (circuit->noises[i].denominator >> 64));
	}
	smc_writer_u8(writer, circuit->all_shown);
	smc_writer_u32(writer, (uint32) circuit->shown);
	smc_writer_u32(writer, (uint32) circuit->shown_error);
	smc_writer_u8(writer, circuit->shown_error_is_public);
	smc_writer_u16(writer, circuit->shown_recipients);
	write_slots(writer, circuit->shown_supports, circuit->shown_support_count);
	smc_writer_u16(writer, circuit->output_count);
	for (int i = 0; i < circuit->output_count; i++)
	{
		const SmcCircuitOutput *out = &circuit->outputs[i];

		smc_writer_u16(writer, out->output);
		smc_writer_u16(writer, out->recipients);
		smc_writer_u8(writer, out->is_bit);
		smc_writer_u8(writer, out->is_ordered);
		smc_writer_u8(writer, out->is_bucket);
		smc_writer_u32(writer, (uint32) out->value);
		smc_writer_u32(writer, (uint32) out->null);
		smc_writer_u32(writer, (uint32) out->digits);
		smc_writer_u32(writer, (uint32) out->error);
		smc_writer_u8(writer, out->error_is_public);
		smc_writer_u16(writer, out->scale);
		write_slots(writer, out->supports, out->support_count);
	}
	smc_program_write(circuit->program, writer);
}

static int16 *
read_slots(SmcReader *reader, const SmcLayout *layout, int least, int *count)
{
	int16	   *slots;

	*count = smc_reader_u16(reader);
	if (*count > 2 * SMC_LAYOUT_SLOTS_MAX)
	{
		*count = 0;
		smc_reader_fail(reader);
	}
	slots = palloc(Max(*count, 1) * sizeof(int16));
	for (int i = 0; i < *count; i++)
	{
		slots[i] = (int16) smc_reader_u16(reader);
		if (slots[i] < least || slots[i] >= layout->slot_count)
		{
			slots[i] = 0;
			smc_reader_fail(reader);
		}
	}
	return slots;
}

static void
read_secrets(SmcReader *reader, const SmcLayout *layout, SmcCircuit *circuit)
{
	circuit->secret_count = smc_reader_u16(reader);
	if (circuit->secret_count > SMC_QUERY_AGGS_MAX)
	{
		circuit->secret_count = 0;
		smc_reader_fail(reader);
	}
	circuit->secrets = palloc0(Max(circuit->secret_count, 1) * sizeof(SmcCircuitSecret));
	for (int i = 0; i < circuit->secret_count; i++)
	{
		circuit->secrets[i].has_num = smc_reader_bool(reader);
		circuit->secrets[i].has_den = smc_reader_bool(reader);
		circuit->secrets[i].has_bit = smc_reader_bool(reader);
		circuit->secrets[i].has_null = smc_reader_bool(reader);
	}
	circuit->keep_count = smc_reader_u16(reader);
	if (circuit->keep_count > SMC_QUERY_AGGS_MAX)
	{
		circuit->keep_count = 0;
		smc_reader_fail(reader);
	}
	circuit->keeps = palloc0(Max(circuit->keep_count, 1) * sizeof(SmcCircuitKeep));
	for (int i = 0; i < circuit->keep_count; i++)
	{
		SmcCircuitKeep *keep = &circuit->keeps[i];

		keep->num = (int) smc_reader_u32(reader);
		keep->den = (int) smc_reader_u32(reader);
		keep->bit = (int) smc_reader_u32(reader);
		keep->null = (int) smc_reader_u32(reader);
		keep->supports = read_slots(reader, layout, 0, &keep->support_count);
	}
}

SmcCircuit *
smc_circuit_read(SmcReader *reader, const SmcLayout *layout)
{
	SmcCircuit *circuit = palloc0(sizeof(SmcCircuit));
	int			secret_numbers;
	int			secret_bits;

	read_secrets(reader, layout, circuit);
	circuit->number_slots = read_slots(reader, layout, -2 * SMC_QUERY_AGGS_MAX - SMC_TALLIES_MAX, &circuit->number_count);
	circuit->bit_slots = read_slots(reader, layout, 0, &circuit->bit_count);
	circuit->noise_count = smc_reader_u16(reader);
	if (circuit->noise_count > 2 * SMC_QUERY_AGGS_MAX + SMC_TALLIES_MAX)
	{
		circuit->noise_count = 0;
		smc_reader_fail(reader);
	}
	circuit->noises = palloc0(Max(circuit->noise_count, 1) * sizeof(SmcCircuitNoise));
	for (int i = 0; i < circuit->noise_count; i++)
	{
		circuit->noises[i].numerator = smc_reader_u64(reader);
		circuit->noises[i].numerator |= (SmcRing128) smc_reader_u64(reader) << 64;
		circuit->noises[i].denominator = smc_reader_u64(reader);
		circuit->noises[i].denominator |= (SmcRing128) smc_reader_u64(reader) << 64;
	}
	for (int i = 0; i < circuit->number_count; i++)
	{
		if (-1 - circuit->number_slots[i] >= circuit->noise_count)
			smc_reader_fail(reader);
	}
	circuit->all_shown = smc_reader_bool(reader);
	circuit->shown = (int) smc_reader_u32(reader);
	circuit->shown_error = (int) smc_reader_u32(reader);
	circuit->shown_error_is_public = smc_reader_bool(reader);
	circuit->shown_recipients = smc_reader_u16(reader);
	circuit->shown_supports = read_slots(reader, layout, 0, &circuit->shown_support_count);
	circuit->output_count = smc_reader_u16(reader);
	if (circuit->output_count > SMC_CIRCUIT_OUTPUTS_MAX + SMC_TALLIES_MAX)
	{
		circuit->output_count = 0;
		smc_reader_fail(reader);
	}
	circuit->outputs = palloc0(Max(circuit->output_count, 1) * sizeof(SmcCircuitOutput));
	for (int i = 0; i < circuit->output_count; i++)
	{
		SmcCircuitOutput *out = &circuit->outputs[i];

		out->output = smc_reader_u16(reader);
		out->recipients = smc_reader_u16(reader);
		out->is_bit = smc_reader_bool(reader);
		out->is_ordered = smc_reader_bool(reader);
		out->is_bucket = smc_reader_bool(reader);
		out->value = (int) smc_reader_u32(reader);
		out->null = (int) smc_reader_u32(reader);
		out->digits = (int) smc_reader_u32(reader);
		out->error = (int) smc_reader_u32(reader);
		out->error_is_public = smc_reader_bool(reader);
		out->scale = smc_reader_u16(reader);
		out->supports = read_slots(reader, layout, 0, &out->support_count);
	}
	circuit->program = smc_program_read(reader);
	if (circuit->program == NULL)
		return NULL;
	smc_circuit_own_program(circuit->program);

	/* nodes are looked at by smc_program_run, which refuses what isn't one */
	smc_circuit_secret_inputs(circuit, &secret_numbers, &secret_bits);
	if (smc_program_status(circuit->program) != SMC_OK ||
		smc_program_inputs(circuit->program) != secret_numbers + circuit->number_count ||
		smc_program_input_bits(circuit->program) != secret_bits + 2 * circuit->bit_count)
		smc_reader_fail(reader);
	return circuit;
}
