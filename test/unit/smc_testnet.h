/*
 * A network of 2 to SMC_PARTIES_MAX parties in one process, for unit tests.
 *
 * Each party is a thread with a socket to every other.  Sending queues and
 * pumps, as over real links; what the sockets don't take waits in memory, so
 * all parties may send megabytes at once.
 */
#ifndef SMC_TESTNET_H
#define SMC_TESTNET_H

#include "core/smc_channel.h"
#include "core/smc_limits.h"

/*
 * One party's part.  It runs in a thread of its own, where cmocka can't
 * assert: leave what is to be checked in arg and return a status.
 */
typedef SmcStatus (*SmcTestParty) (SmcChannel *channel, void *arg);

typedef struct SmcTestResult
{
	SmcStatus	status;			/* what the party returned */
	size_t		left_over;		/* bytes that it was sent and did not read */
	uint64_t	bytes_sent;
	uint64_t	bytes_received;
	uint32_t	rounds;
} SmcTestResult;

/*
 * Run party(channel, arg) at each of party_count parties and wait for all.
 * A receive that gets nothing for ten seconds, or whose sender has gone, is
 * SMC_ERR_CHANNEL, so that no test hangs.  results holds party_count entries.
 */
extern void smc_testnet_run(int party_count, SmcTestParty party, void *arg, SmcTestResult *results);

#endif							/* SMC_TESTNET_H */
