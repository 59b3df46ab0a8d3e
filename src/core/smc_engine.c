/*
 * The sharing engine's set-up and end.
 */
#include "smc_engine.h"

#include <sodium.h>
#include <string.h>

#include "smc_hash.h"

/* The pair's own context, whichever of the two asks. */
static void
pair_context(const uint8_t *context, int one, int other, uint8_t out[SMC_KEY_BYTES])
{
	SmcHash		hash;

	smc_hash_init(&hash, "smc engine pair v1", context);
	smc_hash_add_u64(&hash, (uint64_t) (one < other ? one : other));
	smc_hash_add_u64(&hash, (uint64_t) (one < other ? other : one));
	smc_hash_final(&hash, out);
}

SmcStatus
smc_engine_open(SmcEngine *engine, SmcChannel *channel, const uint8_t context[SMC_KEY_BYTES],
				const SmcRandom *random)
{
	int			n = channel->party_count;
	int			self = channel->self;
	SmcStatus	status = SMC_OK;

	memset(engine, 0, sizeof(*engine));
	if (n < SMC_PARTIES_MIN || n > SMC_PARTIES_MAX || self < 0 || self >= n)
		return SMC_ERR_ARGUMENT;
	engine->channel = channel;
	engine->random = random;
	engine->arena = smc_arena_create();
	if (engine->arena == NULL)
		return SMC_ERR_MEMORY;

	for (int peer = 0; peer < n && status == SMC_OK; peer++)
	{
		uint8_t		pair[SMC_KEY_BYTES];

		if (peer == self)
			continue;
		pair_context(context, self, peer, pair);
		status = smc_ot_open_base(channel, peer, pair, engine->arena, random, &engine->ot[peer]);
	}
	smc_channel_round(channel);
	for (int peer = 0; peer < n && status == SMC_OK; peer++)
	{
		if (peer != self)
			status = smc_ot_open_trees(channel, engine->arena, random, &engine->ot[peer]);
	}
	smc_channel_round(channel);
	for (int peer = 0; peer < n && status == SMC_OK; peer++)
	{
		if (peer != self)
			status = smc_ot_open_finish(channel, engine->arena, &engine->ot[peer]);
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
