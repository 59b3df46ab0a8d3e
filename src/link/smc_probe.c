/*
 * The probe.  See smc_probe.h.
 *
 * It runs beside a lane that is being pumped, so it may hold that up only for
 * an instant: each poll goes as many steps as follow each other quickly.
 */
#include "link/smc_probe.h"

#include <poll.h>

#include "portability/instr_time.h"
#include "storage/latch.h"
#include "utils/memutils.h"

#include "link/smc_frame.h"

/* How long one poll may wait in all, in milliseconds. */
#define POLL_MAX		10

/* After this the kernel may give the connection up. */
#define NETWORK_TIMEOUT	10000

struct SmcProbe
{
	MemoryContext context;		/* of the probe alone, since a lane may see many */
	MemoryContextCallback callback;
	SmcConnection connection;
	SmcProbeState state;
	uint8		lane_id[SMC_LANE_ID_BYTES];
	bool		asked;
	bool		answered;		/* state is to be, once the other end has finished */
	SmcProbeState verdict;
	bool		ended;			/* nothing more will come */
};

static void
close_probe(void *arg)
{
	SmcProbe   *probe = arg;

	smc_connect_close(&probe->connection);
}

SmcProbe *
smc_probe_start(MemoryContext context, const SmcDialTarget *target, const uint8 *lane_id)
{
	MemoryContext own = AllocSetContextCreate(context, "smc probe", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(own);
	SmcProbe   *probe = palloc0(sizeof(SmcProbe));

	probe->context = own;
	probe->callback.func = close_probe;
	probe->callback.arg = probe;
	MemoryContextRegisterResetCallback(own, &probe->callback);
	memcpy(probe->lane_id, lane_id, SMC_LANE_ID_BYTES);
	probe->state = SMC_PROBE_RUNNING;
	smc_connect_start(&probe->connection, own, target, NETWORK_TIMEOUT);
	MemoryContextSwitchTo(caller);
	return probe;
}

/* Whether the socket has one of these events within timeout_ms. */
static bool
is_ready(PGconn *pg, uint32 events, int timeout_ms)
{
	struct pollfd fd;

	fd.fd = PQsocket(pg);
	fd.events = (events & WL_SOCKET_WRITEABLE ? POLLOUT : 0) |
		(events & WL_SOCKET_READABLE ? POLLIN : 0);
	fd.revents = 0;
	return fd.fd >= 0 && poll(&fd, 1, timeout_ms) > 0;
}

/* Ask, or look for the answer; false when there is nothing to do but wait. */
static bool
ask(SmcProbe *probe, int timeout_ms)
{
	PGconn	   *pg = probe->connection.pg;
	char	   *buffer;
	int			len;

	if (!probe->asked)
	{
		uint8		frame[SMC_FRAME_PROBE_BYTES];

		smc_frame_write_probe(frame, probe->lane_id);
		if (PQputCopyData(pg, (char *) frame, sizeof(frame)) != 1)
			probe->state = SMC_PROBE_DEAD;
		probe->asked = true;
	}
	if (PQflush(pg) < 0)
		probe->state = SMC_PROBE_DEAD;

	len = PQgetCopyData(pg, &buffer, true);
	if (len > 0)
	{
		int64		age_ms;
		bool		fine = smc_frame_read_answer((uint8 *) buffer, len, &age_ms);

		probe->verdict = fine && age_ms >= 0 && age_ms <= SMC_PROBE_BEAT_MAX ?
			SMC_PROBE_ALIVE : SMC_PROBE_DEAD;
		probe->answered = true;
		PQfreemem(buffer);
	}
	else if (len < 0 || probe->ended)
		probe->state = probe->answered ? probe->verdict : SMC_PROBE_DEAD;

	if (probe->state != SMC_PROBE_RUNNING)
		return true;
	if (!is_ready(pg, WL_SOCKET_READABLE, timeout_ms))
		return false;
	probe->ended = !PQconsumeInput(pg);
	return true;
}

SmcProbeState
smc_probe_poll(SmcProbe *probe)
{
	instr_time	start;

	INSTR_TIME_SET_CURRENT(start);
	while (probe->state == SMC_PROBE_RUNNING)
	{
		SmcConnection *connection = &probe->connection;
		instr_time	now;
		int			left;

		INSTR_TIME_SET_CURRENT(now);
		INSTR_TIME_SUBTRACT(now, start);
		left = Max(POLL_MAX - (int) INSTR_TIME_GET_MILLISEC(now), 0);

		if (connection->state == SMC_CONNECTION_ATTACHED)
		{
			if (!ask(probe, left))
				break;
		}
		else if (connection->state == SMC_CONNECTION_OPENING ||
				 connection->state == SMC_CONNECTION_ATTACHING)
		{
			if (!is_ready(connection->pg, smc_connect_events(connection), left))
				break;
			smc_connect_advance(connection);
		}
		else
			probe->state = SMC_PROBE_DEAD;
	}

	/* To hang up before the other end is through would be an error in its log. */
	if (probe->state == SMC_PROBE_RUNNING && probe->answered)
		probe->state = probe->verdict;
	return probe->state;
}

void
smc_probe_end(SmcProbe *probe)
{
	MemoryContextDelete(probe->context);
}
