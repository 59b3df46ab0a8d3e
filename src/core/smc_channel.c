/*
 * What a protocol needs of the world: to send to a party and receive from one.
 *
 * The counting and the checks that every implementation would else repeat.
 */
#include "smc_channel.h"

#include <stdbool.h>

/* Whether index is a party other than this one. */
static bool
is_other_party(const SmcChannel *channel, int index)
{
	return index >= 0 && index < channel->party_count && index != channel->self;
}

SmcStatus
smc_channel_send(SmcChannel *channel, int to, const void *data, size_t len)
{
	SmcStatus	status;

	if (!is_other_party(channel, to))
		return SMC_ERR_ARGUMENT;
	if (len == 0)
		return SMC_OK;
	status = channel->send(channel, to, data, len);
	if (status == SMC_OK)
		channel->bytes_sent += len;
	return status;
}

SmcStatus
smc_channel_receive(SmcChannel *channel, int from, void *data, size_t len)
{
	SmcStatus	status;

	if (!is_other_party(channel, from))
		return SMC_ERR_ARGUMENT;
	if (len == 0)
		return SMC_OK;
	status = channel->receive(channel, from, data, len);
	if (status == SMC_OK)
		channel->bytes_received += len;
	return status;
}

void
smc_channel_round(SmcChannel *channel)
{
	channel->rounds++;
}
