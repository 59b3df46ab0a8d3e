/*
 * The sharing engine's set-up and end.
 */
#include "smc_engine.h"

#include <sodium.h>
#include <string.h>

#include "smc_hash.h"

SmcStatus
smc_engine_open(SmcEngine *engine, SmcChannel *channel, const uint8_t context[SMC_KEY_BYTES],
				const SmcRandom *random)
{
	SmcStatus	status = SMC_OK;

	memset(engine, 0, sizeof(*engine));
	engine->channel = channel;
	engine->random = random;
	engine->arena = smc_arena_create();
	if (engine->arena == NULL)
		return SMC_ERR_MEMORY;

	/* Lower index first: a chain of pairs in which nobody waits in a circle. */
	for (int peer = 0; peer < channel->party_count && status == SMC_OK; peer++)
	{
		uint8_t		pair_context[SMC_KEY_BYTES];
		SmcHash		hash;
		int			low = peer < channel->self ? peer : channel->self;
		int			high = peer < channel->self ? channel->self : peer;

		if (peer == channel->self)
			continue;
		smc_hash_init(&hash, "smc engine pair v1", context);
		smc_hash_add_u64(&hash, (uint64_t) low);
		smc_hash_add_u64(&hash, (uint64_t) high);
		smc_hash_final(&hash, pair_context);
		status = smc_ot_open(channel, peer, pair_context, engine->arena, random, &engine->ot[peer]);
	}
	if (status != SMC_OK)
		smc_engine_close(engine);
	return status;
}

void
smc_engine_close(SmcEngine *engine)
{
	for (int peer = 0; peer < SMC_PARTIES_MAX; peer++)
		smc_ot_close(&engine->ot[peer]);
	smc_arena_destroy(engine->arena);
	sodium_memzero(engine, sizeof(*engine));
}
