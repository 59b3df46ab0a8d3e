/*
 * The hub's transport.  See smc_dial.h.
 *
 * A link that ends is not raised at once: what its peer said last may be an
 * ABORT that explains it, so the caller first sees the frames that came, and
 * the call after raises.
 *
 * Back-pressure: while a peer's outbox is above SMC_RELAY_MAX, whoever sent
 * the frame that brought it there is not read from (its stream is "held").  No
 * deadlock comes of it, since writing goes on to every peer and every peer
 * reads on while it waits; only a peer in its local query doesn't, and that
 * waits for nobody.  libpq itself reads when a write would block, so a little
 * more than the limit can gather.
 */
#include "link/smc_dial.h"

#include <poll.h>

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "link/smc_stream.h"

/* How often an encrypted GSSAPI connection is looked at: what it has read ahead can't be asked. */
#define GSS_POLL_MS			20

typedef struct DialLink
{
	struct SmcDial *dial;
	bool		in_use;			/* false: ourselves */
	SmcStream	stream;
	int			waits_for;		/* while the stream is held: whose outbox must get shorter */
	bool		finished;		/* the peer's procedure returned, after smc_dial_finish */
	int			position;		/* in the wait set */
	uint32		events;			/* there */
} DialLink;

typedef struct SmcDial
{
	SmcTransport transport;		/* must be first */
	MemoryContext context;
	MemoryContextCallback callback;
	int			count;
	DialLink   *links;
	WaitEventSet *set;			/* NULL: to be built */
	SmcMesh    *mesh;			/* while frames are handed in */
	DialLink   *reading;		/* the link whose frame is being handed in, or NULL */
} SmcDial;

static inline bool
is_live(const DialLink *link)
{
	return link->in_use && smc_stream_is_live(&link->stream);
}

static bool
all_live(const SmcDial *dial)
{
	int			i;

	for (i = 0; i < dial->count; i++)
	{
		if (dial->links[i].in_use && !is_live(&dial->links[i]))
			return false;
	}
	return true;
}

static void
hand_in(void *arg, const uint8 *frame, size_t len)
{
	DialLink   *link = arg;
	SmcDial    *dial = link->dial;

	dial->reading = link;
	smc_mesh_receive_frame(dial->mesh, link - dial->links, frame, len);
	dial->reading = NULL;
}

/* Flush all links, or all that aren't known to be blocked; read on from those that needn't wait any more. */
static void
flush_all(SmcDial *dial, bool even_blocked)
{
	int			i;

	for (i = 0; i < dial->count; i++)
	{
		DialLink   *link = &dial->links[i];

		if (is_live(link) && (even_blocked || !link->stream.blocked))
			smc_stream_flush(&link->stream);
	}
	for (i = 0; i < dial->count; i++)
	{
		DialLink   *link = &dial->links[i];

		if (link->in_use && link->stream.held)
		{
			DialLink   *slow = &dial->links[link->waits_for];

			link->stream.held = is_live(slow) && slow->stream.outbox.len >= SMC_RELAY_MAX / 2;
		}
	}
}

/* Hand in what can be had without waiting; from_sockets: look at all sockets, too. */
static bool
receive_all(SmcDial *dial, bool from_sockets, SmcStreamHandler handler)
{
	bool		arrived = false;
	int			i;

	for (i = 0; i < dial->count; i++)
	{
		DialLink   *link = &dial->links[i];

		if (is_live(link))
			arrived |= smc_stream_receive(&link->stream, from_sockets, handler, link);
	}
	return arrived;
}

/* Set up the wait set, or what has changed in it. */
static void
prepare_set(SmcDial *dial)
{
	bool		build = dial->set == NULL;
	int			i;

	if (build)
	{
		dial->set = CreateWaitEventSet(dial->context, dial->count + 2);
		AddWaitEventToSet(dial->set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
		AddWaitEventToSet(dial->set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	}
	for (i = 0; i < dial->count; i++)
	{
		DialLink   *link = &dial->links[i];
		uint32		events;

		/* One that is held may be closed already, with frames left to read. */
		if (!is_live(link) || PQsocket(link->stream.connection.pg) < 0)
			continue;
		events = link->stream.held ? WL_SOCKET_CLOSED : WL_SOCKET_READABLE;
		if (link->stream.blocked)
			events |= WL_SOCKET_WRITEABLE;
		if (build)
			link->position = AddWaitEventToSet(dial->set, events, PQsocket(link->stream.connection.pg),
											   NULL, link);
		else if (events != link->events)
			ModifyWaitEvent(dial->set, link->position, events, NULL);
		link->events = events;
	}
}

/* Wait for an event and see to it.  Returns whether the latch was set. */
static bool
wait_for_event(SmcDial *dial, long timeout_ms)
{
	WaitEvent	occurred[SMC_PARTIES_MAX + 2];
	bool		latch_set = false;
	int			count;
	int			i;

	CHECK_FOR_INTERRUPTS();
	prepare_set(dial);
	count = WaitEventSetWait(dial->set, timeout_ms, occurred, lengthof(occurred), PG_WAIT_EXTENSION);

	for (i = 0; i < count; i++)
	{
		if (occurred[i].events & WL_LATCH_SET)
		{
			ResetLatch(MyLatch);
			latch_set = true;
		}
	}
	CHECK_FOR_INTERRUPTS();

	for (i = 0; i < count; i++)
	{
		DialLink   *link = occurred[i].user_data;

		if (link == NULL || !is_live(link))
			continue;
		if (occurred[i].events & WL_SOCKET_WRITEABLE)
			link->stream.blocked = false;
		/* A peer that has gone is read to its end, held or not. */
		if (occurred[i].events & WL_SOCKET_CLOSED)
			link->stream.held = false;
		if (occurred[i].events & (WL_SOCKET_READABLE | WL_SOCKET_CLOSED))
			(void) smc_stream_receive(&link->stream, true, hand_in, link);
	}
	return latch_set;
}

static bool
dial_pump(SmcTransport *transport, SmcMesh *mesh, long timeout_ms)
{
	SmcDial    *dial = (SmcDial *) transport;
	bool		latch_set = false;
	bool		arrived;
	int			i;

	dial->mesh = mesh;
	dial->reading = NULL;
	for (i = 0; i < dial->count; i++)
	{
		DialLink   *link = &dial->links[i];

		if (!link->in_use)
			continue;
		if (!is_live(link))
			smc_stream_raise(&link->stream);

		/* It has something to say, and it is we who don't listen. */
		if (link->stream.held)
			smc_mesh_note_heard(mesh, i);
		else if (PQgssEncInUse(link->stream.connection.pg) &&
				 (timeout_ms < 0 || timeout_ms > GSS_POLL_MS))
			timeout_ms = GSS_POLL_MS;
	}

	flush_all(dial, timeout_ms == 0);
	arrived = receive_all(dial, timeout_ms == 0, hand_in);
	if (timeout_ms == 0)
		CHECK_FOR_INTERRUPTS();
	else if (!arrived && all_live(dial))
		latch_set = wait_for_event(dial, timeout_ms);

	/* What was passed on should be on its way before anyone computes. */
	flush_all(dial, false);
	return latch_set;
}

static void
dial_send(SmcTransport *transport, int to, const uint8 *frame, size_t len)
{
	SmcDial    *dial = (SmcDial *) transport;
	DialLink   *link = &dial->links[to];

	if (!is_live(link))
		smc_stream_raise(&link->stream);
	smc_outbox_add(&link->stream.outbox, frame, len);
	if (link->stream.outbox.len > SMC_RELAY_MAX && dial->reading && WaitEventSetCanReportClosed())
	{
		dial->reading->stream.held = true;
		dial->reading->waits_for = to;
	}
}

static size_t
dial_backlog(SmcTransport *transport, int to)
{
	DialLink   *link = &((SmcDial *) transport)->links[to];

	return link->stream.outbox.len + link->stream.handed;
}

static bool
dial_is_open(SmcTransport *transport, int to)
{
	return is_live(&((SmcDial *) transport)->links[to]);
}

void
smc_dial_close(SmcTransport *transport)
{
	SmcDial    *dial = (SmcDial *) transport;
	int			i;

	if (dial->set)
	{
		FreeWaitEventSet(dial->set);
		dial->set = NULL;
	}
	for (i = 0; i < dial->count; i++)
	{
		if (dial->links[i].in_use)
			smc_stream_close(&dial->links[i].stream);
	}
}

static void
close_at_reset(void *arg)
{
	smc_dial_close(arg);
}

/* Wait until some connection can go on with being opened, and let it. */
static void
advance_some(SmcDial *dial, long timeout_ms)
{
	WaitEventSet *set = CreateWaitEventSet(dial->context, dial->count + 2);
	WaitEvent	occurred[SMC_PARTIES_MAX + 2];
	int			count;
	int			i;

	AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, NULL);
	AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, NULL, NULL);
	for (i = 0; i < dial->count; i++)
	{
		SmcConnection *connection = &dial->links[i].stream.connection;

		if (dial->links[i].in_use && connection->state != SMC_CONNECTION_ATTACHED)
			AddWaitEventToSet(set, smc_connect_events(connection), PQsocket(connection->pg),
							  NULL, connection);
	}
	count = WaitEventSetWait(set, timeout_ms, occurred, lengthof(occurred), PG_WAIT_EXTENSION);
	FreeWaitEventSet(set);

	for (i = 0; i < count; i++)
	{
		if (occurred[i].events & WL_LATCH_SET)
			ResetLatch(MyLatch);
		else if (occurred[i].user_data)
			smc_connect_advance(occurred[i].user_data);
	}
	CHECK_FOR_INTERRUPTS();
}

SmcTransport *
smc_dial_open(MemoryContext context, int count, const SmcDialTarget *targets, long timeout_ms)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);
	SmcDial    *dial;
	int			i;

	if (count > SMC_PARTIES_MAX)
		elog(ERROR, "smc dial: %d parties", count);

	dial = MemoryContextAllocZero(context, sizeof(SmcDial));
	dial->transport.send = dial_send;
	dial->transport.pump = dial_pump;
	dial->transport.backlog = dial_backlog;
	dial->transport.is_open = dial_is_open;
	dial->context = context;
	dial->count = count;
	dial->links = MemoryContextAllocZero(context, count * sizeof(DialLink));
	dial->callback.func = close_at_reset;
	dial->callback.arg = dial;
	MemoryContextRegisterResetCallback(context, &dial->callback);

	for (i = 0; i < count; i++)
	{
		dial->links[i].dial = dial;
		if (targets[i].name == NULL)
			continue;
		dial->links[i].in_use = true;
		smc_outbox_init(&dial->links[i].stream.outbox, context);
		smc_connect_start(&dial->links[i].stream.connection, context, &targets[i], timeout_ms);
	}

	for (;;)
	{
		SmcConnection *slow = NULL;
		long		left;

		for (i = 0; i < count; i++)
		{
			SmcConnection *connection = &dial->links[i].stream.connection;

			if (!dial->links[i].in_use)
				continue;
			if (connection->state == SMC_CONNECTION_FAILED)
				smc_connect_raise(connection);
			if (connection->state != SMC_CONNECTION_ATTACHED && slow == NULL)
				slow = connection;
		}
		if (slow == NULL)
			return &dial->transport;

		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
		if (left <= 0)
		{
			char	   *detail = psprintf("It did not answer within %ld ms.", timeout_ms);

			smc_connect_fail(slow, ERRCODE_SQLCLIENT_UNABLE_TO_ESTABLISH_SQLCONNECTION, detail, NULL);
			smc_connect_raise(slow);
		}
		advance_some(dial, left);
	}
}

int
smc_dial_server_version(SmcTransport *transport, int peer)
{
	return PQserverVersion(((SmcDial *) transport)->links[peer].stream.connection.pg);
}

int
smc_dial_backend_pid(SmcTransport *transport, int peer)
{
	return PQbackendPID(((SmcDial *) transport)->links[peer].stream.connection.pg);
}

/*
 * Wait for any of the sockets, without the latch, which may well be set at the
 * end of things.  Returns false when the time is up.
 */
static bool
wait_at_end(SmcDial *dial, TimestampTz end, bool for_input)
{
	struct pollfd fds[SMC_PARTIES_MAX];
	long		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
	int			count = 0;
	int			i;

	if (left <= 0)
		return false;
	for (i = 0; i < dial->count; i++)
	{
		DialLink   *link = &dial->links[i];

		if (!is_live(link) || link->finished || (!for_input && !link->stream.blocked))
			continue;
		fds[count].fd = PQsocket(link->stream.connection.pg);
		fds[count].events = POLLIN | (link->stream.blocked ? POLLOUT : 0);
		fds[count].revents = 0;
		count++;
	}
	if (count == 0)
		return false;
	(void) poll(fds, count, (int) Min(left, 100));
	return true;
}

void
smc_dial_cancel(SmcTransport *transport, long timeout_ms)
{
	SmcDial    *dial = (SmcDial *) transport;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);

	/* What comes in meanwhile is dropped, so that a peer's writes don't block its reading. */
	do
	{
		flush_all(dial, true);
		(void) receive_all(dial, true, NULL);
	} while (wait_at_end(dial, end, false));
	smc_dial_close(transport);
}

void
smc_dial_finish(SmcTransport *transport, long timeout_ms)
{
	SmcDial    *dial = (SmcDial *) transport;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);
	int			i;

	/* First what is queued, then CopyDone. */
	do
	{
		flush_all(dial, true);
	} while (wait_at_end(dial, end, false));
	for (i = 0; i < dial->count; i++)
	{
		DialLink   *link = &dial->links[i];

		if (is_live(link) &&
			(link->stream.blocked || PQputCopyEnd(link->stream.connection.pg, NULL) != 1))
			link->stream.ended = true;
	}
	do
	{
		for (i = 0; i < dial->count; i++)
		{
			DialLink   *link = &dial->links[i];

			if (!is_live(link) || link->finished)
				continue;
			link->stream.blocked = PQflush(link->stream.connection.pg) > 0;
			link->finished = smc_stream_has_returned(&link->stream);
		}
	} while (wait_at_end(dial, end, true));
	smc_dial_close(transport);
}
