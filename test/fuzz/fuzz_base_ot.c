/*
 * Fuzz what base OT reads from a peer: a sender's point, a receiver's points.
 * Nothing may crash; a message that is accepted gives keys, one that isn't an
 * error, and both wipe the state.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "core/smc_base_ot.h"

int			LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static SmcBaseOtSender sender;
	static SmcBaseOtReceiver receiver;
	static SmcBlock pairs[SMC_BASE_OT_COUNT][2];
	static SmcBlock chosen[SMC_BASE_OT_COUNT];
	static uint8_t a[SMC_BASE_OT_SENDER_BYTES];
	static uint8_t good[SMC_BASE_OT_RECEIVER_BYTES];
	static uint8_t r[SMC_BASE_OT_RECEIVER_BYTES];
	static SmcBaseOtReceiver kept;
	static int	ready = 0;
	uint8_t		context[SMC_KEY_BYTES] = {1};
	uint8_t		choices[SMC_BASE_OT_COUNT / 8] = {0x35};
	SmcStatus	status;

	if (!ready)
	{
		if (sodium_init() < 0 ||
			smc_base_ot_receive_start(&kept, context, choices, smc_random_system(), good) != SMC_OK)
			abort();
		ready = 1;
	}
	if (size == 0)
		return 0;
	if (data[0] & 1)
	{
		/* as sender, on a good message with some of its points replaced */
		memcpy(r, good, sizeof(r));
		for (size_t at = 1; at + 33 <= size; at += 33)
			memcpy(r + 32 * data[at], data + at + 1, 32);
		if (smc_base_ot_send_start(&sender, context, smc_random_system(), a) != SMC_OK)
			abort();
		status = smc_base_ot_send_finish(&sender, r, pairs);
		if (!sodium_is_zero((const uint8_t *) &sender, sizeof(sender)))
			abort();
	}
	else
	{
		memset(a, 0, sizeof(a));
		memcpy(a, data + 1, size - 1 < sizeof(a) ? size - 1 : sizeof(a));
		memcpy(&receiver, &kept, sizeof(receiver));
		status = smc_base_ot_receive_finish(&receiver, a, chosen);
		if (!sodium_is_zero((const uint8_t *) &receiver, sizeof(receiver)))
			abort();
	}
	if (status != SMC_OK && status != SMC_ERR_FORMAT)
		abort();
	return 0;
}
