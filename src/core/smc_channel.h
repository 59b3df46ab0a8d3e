/*
 * What a protocol needs of the world: to send to a party and receive from one.
 *
 * Whoever implements it queues and pumps, so that all parties may send
 * megabytes at once without deadlock.  It never jumps out: when waiting is cut
 * short (cancel, dead peer) it returns SMC_ERR_CHANNEL and remembers why, so
 * that the protocol wipes and returns, and the caller raises the reason.
 */
#ifndef SMC_CHANNEL_H
#define SMC_CHANNEL_H

#include <stddef.h>
#include <stdint.h>

#include "smc_status.h"

typedef struct SmcChannel
{
	int			self;			/* index of this party */
	int			party_count;
	uint64_t	bytes_sent;		/* counted by the protocols' helpers below */
	uint64_t	bytes_received;
	uint32_t	rounds;			/* times a receive had to wait for what was sent before */
	SmcStatus	(*send) (struct SmcChannel *channel, int to, const uint8_t *data, size_t len);
	SmcStatus	(*receive) (struct SmcChannel *channel, int from, uint8_t *data, size_t len);
	void	   *state;
} SmcChannel;

/* Queue len bytes for party `to`; returns before they have left. */
extern SmcStatus smc_channel_send(SmcChannel *channel, int to, const void *data, size_t len) SMC_MUST_USE;

/* Wait for exactly len bytes from party `from`. */
extern SmcStatus smc_channel_receive(SmcChannel *channel, int from, void *data, size_t len) SMC_MUST_USE;

/* Tell the counters that a new round of messages begins. */
extern void smc_channel_round(SmcChannel *channel);

#endif							/* SMC_CHANNEL_H */
