/*
 * The channel that core's protocols run on: DATA messages of a mesh.
 *
 * A protocol of core holds secrets on its stack and in its arena, so nothing
 * may jump past it.  Waiting does raise: by cancel, by a lost link, by a bad
 * frame, by whatever on_idle finds.  Here is where that is caught, kept in the
 * mesh's own context, and turned into SMC_ERR_CHANNEL; smc_mesh_channel_rethrow
 * raises it again once the protocol has wiped and returned.  Only this layer's
 * own state is touched in between, so no transaction needs rolling back.
 */
#include "link/smc_mesh.h"

#include "miscadmin.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "link/smc_mesh_state.h"

/* Bytes that a channel lets gather before it lets them go without waiting. */
#define EAGER_BYTES		(64 * 1024)

/* Fail because of an ABORT that waits in the line, leaving it there. */
static void
raise_waiting_abort(SmcMesh *mesh)
{
	dlist_iter	iter;

	dlist_foreach(iter, &mesh->letters)
	{
		SmcMeshLetter *letter = dlist_container(SmcMeshLetter, node, iter.cur);

		if (letter->message.type == SMC_MSG_ABORT)
			smc_mesh_raise_abort(mesh, &letter->message);
	}
	elog(ERROR, "smc mesh: no message among %d that abort", mesh->abort_count);
}

/*
 * Move bytes once, waiting if wait is set, and call on_idle when it is time.
 * Raises.
 */
static void
step(SmcMesh *mesh, bool wait)
{
	bool		latch_set;
	long		left = 0;

	if (mesh->abort_count > 0)
		raise_waiting_abort(mesh);
	if (mesh->state != SMC_MESH_OPEN)
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("the lane is broken")));

	if (wait)
	{
		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
											   TimestampTzPlusMilliseconds(mesh->idle_at,
																		   mesh->idle_interval));
		left = Max(left, 1);
	}
	latch_set = mesh->transport->pump(mesh->transport, mesh, left);

	if (latch_set ||
		TimestampDifferenceExceeds(mesh->idle_at, GetCurrentTimestamp(), mesh->idle_interval))
	{
		if (mesh->on_idle)
			mesh->on_idle(mesh->idle_arg);
		mesh->idle_at = GetCurrentTimestamp();
	}
}

/* In an error's handler: keep the error for smc_mesh_channel_rethrow, and go on. */
static void
keep_error(SmcMesh *mesh, MemoryContext caller)
{
	MemoryContextSwitchTo(mesh->context);
	mesh->error = CopyErrorData();
	FlushErrorState();
	MemoryContextSwitchTo(caller);
}

/* The same as step without raising: false, and the error kept, when it would have. */
static bool
step_caught(SmcMesh *mesh, bool wait)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool ok = true;

	PG_TRY();
	{
		step(mesh, wait);
	}
	PG_CATCH();
	{
		keep_error(mesh, caller);
		ok = false;
	}
	PG_END_TRY();
	return ok;
}

/* Seal and queue without raising. */
static bool
post_caught(SmcMesh *mesh, int to, const uint8_t *data, size_t len)
{
	MemoryContext caller = CurrentMemoryContext;
	volatile bool ok = true;

	PG_TRY();
	{
		smc_mesh_post(mesh, to, SMC_MSG_DATA, data, len);
	}
	PG_CATCH();
	{
		keep_error(mesh, caller);
		ok = false;
	}
	PG_END_TRY();
	return ok;
}

/*
 * Send in slices, and between them wait for the backlog to leave, reading what
 * comes in: bytes of any number pass without ever gathering here.
 */
static SmcStatus
channel_send(SmcChannel *channel, int to, const uint8_t *data, size_t len)
{
	SmcMesh    *mesh = channel->state;
	SmcTransport *transport = mesh->transport;
	int			neighbour = mesh->self == mesh->hub ? to : mesh->hub;

	if (to < 0 || to >= mesh->party_count || to == mesh->self)
		return SMC_ERR_ARGUMENT;

	while (len > 0)
	{
		size_t		part = Min(len, SMC_BACKLOG_MAX);

		if (mesh->error || !post_caught(mesh, to, data, part))
			return SMC_ERR_CHANNEL;
		data += part;
		len -= part;

		if (transport->backlog(transport, neighbour) >= EAGER_BYTES && !step_caught(mesh, false))
			return SMC_ERR_CHANNEL;
		while (transport->backlog(transport, neighbour) >= SMC_BACKLOG_MAX)
		{
			if (!step_caught(mesh, true))
				return SMC_ERR_CHANNEL;
		}
	}
	return SMC_OK;
}

/* Take bytes as they come, so that a long receive needs no room for all of it. */
static SmcStatus
channel_receive(SmcChannel *channel, int from, uint8_t *data, size_t len)
{
	SmcMesh    *mesh = channel->state;

	if (from < 0 || from >= mesh->party_count || from == mesh->self)
		return SMC_ERR_ARGUMENT;
	if (mesh->error)
		return SMC_ERR_CHANNEL;

	for (;;)
	{
		size_t		taken = smc_queue_take(&mesh->parties[from].data, data, len);

		data += taken;
		len -= taken;
		if (len == 0)
			return SMC_OK;
		if (!step_caught(mesh, true))
			return SMC_ERR_CHANNEL;
	}
}

void
smc_mesh_channel_init(SmcMesh *mesh, SmcChannel *channel, void (*on_idle) (void *arg), void *arg)
{
	memset(channel, 0, sizeof(*channel));
	channel->self = mesh->self;
	channel->party_count = mesh->party_count;
	channel->send = channel_send;
	channel->receive = channel_receive;
	channel->state = mesh;

	mesh->on_idle = on_idle;
	mesh->idle_arg = arg;
	mesh->idle_at = GetCurrentTimestamp();
}

void
smc_mesh_set_idle_interval(SmcMesh *mesh, long interval_ms)
{
	mesh->idle_interval = Max(interval_ms, 1);
}

void
smc_mesh_channel_rethrow(SmcMesh *mesh)
{
	ErrorData  *error = mesh->error;

	if (error == NULL)
		elog(ERROR, "smc mesh: the channel did not fail");
	mesh->error = NULL;
	mesh->state = SMC_MESH_BROKEN;
	ReThrowError(error);
}
