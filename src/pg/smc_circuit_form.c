/*
 * What others ask of a circuit once it is made: its width, its inputs from secrets, the
 * form of what it keeps, where an output is.
 */
#include "postgres.h"

#include "catalog/pg_type.h"

#include "pg/smc_circuit.h"

int
smc_circuit_width(const SmcCircuit *circuit)
{
	return circuit->keep_count > 0 ? SMC_WIDTH_MAX : smc_program_width(circuit->program);
}

void
smc_circuit_secret_inputs(const SmcCircuit *circuit, int *numbers, int *bits)
{
	*numbers = *bits = 0;
	for (int i = 0; i < circuit->secret_count; i++)
	{
		*numbers += circuit->secrets[i].has_num + circuit->secrets[i].has_den;
		*bits += circuit->secrets[i].has_bit + circuit->secrets[i].has_null;
	}
}

void
smc_circuit_describe_keep(const SmcCircuit *circuit, int keep, SmcSecret *secret)
{
	const SmcCircuitKeep *kept = &circuit->keeps[keep];

	secret->type = kept->type;
	secret->ordered = kept->ordered;
	secret->positive = kept->positive;
	secret->root = kept->root;
	secret->settled = kept->settled;
	secret->nullable = kept->null >= 0;
	secret->scale = kept->scale;
	secret->digits = kept->digits;
	/* of a constant zero, say, the bound is zero bits, which would mean that there is no number */
	secret->bits = kept->num >= 0 ? Max(smc_program_bits(circuit->program, kept->num), 1) : 0;
	secret->den_bits = kept->den >= 0 ? Max(smc_program_bits(circuit->program, kept->den), 1) : 0;
}

int
smc_circuit_find(const SmcCircuit *circuit, int output)
{
	for (int i = 0; circuit != NULL && i < circuit->output_count; i++)
	{
		if (circuit->outputs[i].output == output)
			return i;
	}
	return -1;
}
