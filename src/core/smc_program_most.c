/*
 * Programs over shares: the largest of some numbers, and which one it is.
 *
 * A tournament between neighbours, of which each round halves what is left; both
 * the number and what it goes by are selected by the one comparison.  The earlier
 * one of a pair stays unless the later one is larger, so that of equal ones the
 * first wins: no comparison of places is needed.
 */
#include "smc_program_impl.h"

void
smc_program_most(SmcProgram *program, int *numbers, int *names, int count)
{
	while (count > 1)
	{
		for (int i = 0; 2 * i < count; i++)
		{
			int			first = 2 * i;
			int			second = first + 1;
			int			less;

			if (second == count)
			{
				numbers[i] = numbers[first];
				names[i] = names[first];
				continue;
			}
			less = smc_program_less(program, numbers[first], numbers[second]);
			numbers[i] = smc_program_select(program, less, numbers[second], numbers[first]);
			names[i] = smc_program_select(program, less, names[second], names[first]);
		}
		count = (count + 1) / 2;
	}
}
