/*
 * A peer's transport.  See smc_port.h.
 *
 * Outgoing frames wait in our own outbox and go to the backend's send buffer
 * only when that is empty: it is never compacted while anything is in it, and
 * never shrinks.
 */
#include "link/smc_port.h"

#include "libpq/libpq.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "port/pg_bswap.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "link/smc_frame.h"
#include "link/smc_outbox.h"

/* Type and length in front of each message of the wire protocol. */
#define MESSAGE_HEADER		5

/* The longest message other than CopyData that we would read. */
#define OTHER_MAX			1024

/* Room for the longest message, and for reading well beyond a short one. */
#define INPUT_BYTES			(MESSAGE_HEADER + SMC_FRAME_BYTES_MAX + 64 * 1024)

/* Bytes handed to the backend's buffer at a time, beyond the frame that reaches it. */
#define BATCH_BYTES			(64 * 1024)

/* Bytes read in one go before writing has its turn. */
#define READ_MAX			(1024 * 1024)

typedef struct SmcPort
{
	SmcTransport transport;		/* must be first */
	SmcOutbox	outbox;
	size_t		handed;			/* bytes in the backend's buffer, at most */
	bool		done;			/* the hub sent CopyDone */
	bool		done_seen;		/* and the caller had a chance to notice */
	bool		failing;		/* writing failed: to be read to its end */
	bool		gone;			/* the client hung up, and all it said was read */
	bool		closing;		/* in smc_port_close, which doesn't raise */
	bool		done_sent;		/* our own CopyDone */
	bool		unread;			/* there may be more than the socket shows */
	bool		in_message;		/* as the backend was told */
	size_t		start;			/* of what was read and not handed in */
	size_t		end;
	uint8	   *input;
} SmcPort;

static void
raise_gone(SmcMesh *mesh)
{
	if (mesh)
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("lost the link to peer \"%s\"", smc_mesh_party_name(mesh, smc_mesh_hub(mesh)))));
	ereport(ERROR,
			(errcode(ERRCODE_CONNECTION_FAILURE),
			 errmsg("lost the link to the hub")));
}

/* Refuse what came.  When all is over anyway, that just ends it. */
static void
raise_violation(SmcPort *port, SmcMesh *mesh, const char *what)
{
	if (port->closing)
	{
		port->gone = true;
		return;
	}
	if (mesh)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("peer \"%s\" broke the protocol", smc_mesh_party_name(mesh, smc_mesh_hub(mesh))),
				 errdetail_internal("%s", what)));
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("the hub broke the protocol"),
			 errdetail_internal("%s", what)));
}

/*
 * Tell the backend whether bytes of the stream are here that it will never
 * see, so that it knows when it can't go on reading commands.
 */
static void
note_position(SmcPort *port)
{
	bool		in_message = port->end > port->start;

	if (in_message && !port->in_message)
		pq_startmsgread();
	if (!in_message && port->in_message)
		pq_endmsgread();
	port->in_message = in_message;
}

/*
 * Find the next whole message.  Its bytes are used up and stay in place until
 * more is read.  Refuses a message that is too long as soon as it says so.
 */
static bool
next_message(SmcPort *port, SmcMesh *mesh, char *type, uint8 **body, size_t *len)
{
	uint32		length;
	size_t		body_len;

	if (port->end - port->start < MESSAGE_HEADER)
		return false;
	*type = (char) port->input[port->start];
	memcpy(&length, port->input + port->start + 1, sizeof(length));
	length = pg_ntoh32(length);
	body_len = (size_t) length - sizeof(length);
	if (length < sizeof(length) ||
		body_len > (*type == 'd' ? SMC_FRAME_BYTES_MAX : OTHER_MAX))
	{
		raise_violation(port, mesh, "It sent a message that is longer than any frame.");
		return false;
	}
	if (port->end - port->start < MESSAGE_HEADER + body_len)
		return false;

	*body = port->input + port->start + MESSAGE_HEADER;
	*len = body_len;
	port->start += MESSAGE_HEADER + body_len;
	if (port->start == port->end)
		port->start = port->end = 0;
	note_position(port);
	return true;
}

/*
 * See to a message that isn't a frame.  Some of what a client may send in the
 * midst of a copy means nothing here, as in any copy.
 */
static void
other_message(SmcPort *port, SmcMesh *mesh, char type)
{
	switch (type)
	{
		case 'c':				/* CopyDone */
			port->done = true;
			break;
		case 'f':				/* CopyFail */
		case 'X':				/* Terminate */
			port->gone = true;
			break;
		case 'H':				/* Flush */
		case 'S':				/* Sync */
			break;
		default:
			raise_violation(port, mesh, "It sent a message that has no place in a stream of frames.");
	}
}

/* Hand in the whole frames that are here; without a mesh they are dropped. */
static bool
deliver(SmcPort *port, SmcMesh *mesh)
{
	bool		arrived = false;
	char		type;
	uint8	   *body;
	size_t		len;

	while (!port->gone && next_message(port, mesh, &type, &body, &len))
	{
		if (type != 'd')
			other_message(port, mesh, type);
		else if (port->done)
			raise_violation(port, mesh, "It sent a frame after the end of the stream.");
		else
		{
			arrived = true;
			if (mesh)
				smc_mesh_receive_frame(mesh, smc_mesh_hub(mesh), body, len);
		}
	}
	return arrived;
}

/* Read what there is room for, without waiting; false when there is nothing. */
static bool
read_some(SmcPort *port)
{
	ssize_t		count;

	if (port->start > 0)
	{
		memmove(port->input, port->input + port->start, port->end - port->start);
		port->end -= port->start;
		port->start = 0;
	}

	MyProcPort->noblock = true;
	count = secure_read(MyProcPort, port->input + port->end, INPUT_BYTES - port->end);
	MyProcPort->noblock = false;

	if (count > 0)
	{
		port->end += count;
		note_position(port);
		return true;
	}
	if (count == 0 || port->failing ||
		(errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR))
		port->gone = true;
	return false;
}

/* Read until there is nothing more, or long enough, handing in the frames. */
static bool
receive(SmcPort *port, SmcMesh *mesh)
{
	bool		arrived = deliver(port, mesh);
	size_t		total = 0;

	port->unread = false;
	while (!port->gone && !port->done && read_some(port))
	{
		total += port->end - port->start;
		arrived |= deliver(port, mesh);
		if (total > READ_MAX)
		{
			port->unread = true;
			break;
		}
	}
	return arrived;
}

/* Pass on frames until there are none, or the kernel takes no more. */
static void
flush_port(SmcPort *port)
{
	while (!port->gone && !port->failing)
	{
		if (pq_is_send_pending() && pq_flush_if_writable() != 0)
		{
			/*
			 * The backend would end at the next CHECK_FOR_INTERRUPTS.  Let
			 * the caller see what came before (an ABORT may be there to
			 * read), and close its books; the next attempt to write will do
			 * the same again.
			 */
			ClientConnectionLost = false;
			port->failing = true;
			return;
		}
		if (pq_is_send_pending())
			return;
		port->handed = 0;
		if (port->outbox.first == NULL && (!port->closing || port->done_sent))
			return;
		while (port->outbox.first && port->handed < BATCH_BYTES)
		{
			SmcOutboxFrame *frame = port->outbox.first;

			pq_putmessage_noblock('d', (char *) frame->data, frame->len);
			port->handed += frame->len;
			smc_outbox_drop(&port->outbox);
		}
		/* Together with the last frames, for a client that leaves after them. */
		if (port->outbox.first == NULL && port->closing)
		{
			pq_putmessage_noblock('c', NULL, 0);
			port->done_sent = true;
		}
	}
}

/*
 * Wait for the socket, or with with_latch for the latch.  Sets *readable.
 * Returns whether the latch was set (and resets it).
 */
static bool
wait_for_event(SmcPort *port, long timeout_ms, bool *readable)
{
	WaitEvent	event;
	uint32		events = WL_SOCKET_READABLE;

	*readable = false;
	if (pq_is_send_pending())
		events |= WL_SOCKET_WRITEABLE;
	ModifyWaitEvent(FeBeWaitSet, FeBeWaitSetSocketPos, events, NULL);
	if (WaitEventSetWait(FeBeWaitSet, timeout_ms, &event, 1, PG_WAIT_EXTENSION) != 1)
		return false;

	if (event.events & WL_POSTMASTER_DEATH)
		proc_exit(1);
	if (event.events & WL_LATCH_SET)
	{
		ResetLatch(MyLatch);
		return true;
	}
	*readable = (event.events & WL_SOCKET_READABLE) != 0;
	return false;
}

/*
 * CHECK_FOR_INTERRUPTS, except that a process told to die while its client
 * does not read must not try to tell it: that would wait for the client.
 */
static void
check_for_interrupts(void)
{
	CommandDest dest = whereToSendOutput;

	if (ProcDiePending && pq_is_send_pending())
		whereToSendOutput = DestNone;
	CHECK_FOR_INTERRUPTS();
	whereToSendOutput = dest;
}

static bool
port_pump(SmcTransport *transport, SmcMesh *mesh, long timeout_ms)
{
	SmcPort    *port = (SmcPort *) transport;
	bool		latch_set = false;
	bool		arrived;

	if (port->gone || port->done_seen)
		raise_gone(mesh);

	/* What read_frame left over, or the last call. */
	flush_port(port);
	arrived = timeout_ms == 0 || port->unread || port->failing ? receive(port, mesh) : deliver(port, mesh);

	check_for_interrupts();
	if (!arrived && !port->gone && !port->done && timeout_ms != 0)
	{
		bool		readable;

		latch_set = wait_for_event(port, timeout_ms, &readable);
		check_for_interrupts();
		if (readable)
			(void) receive(port, mesh);
	}
	flush_port(port);
	port->done_seen = port->done;
	return latch_set;
}

static bool
port_is_open(SmcTransport *transport, int to)
{
	SmcPort    *port = (SmcPort *) transport;

	return !port->gone && !port->failing && !port->done;
}

static void
port_send(SmcTransport *transport, int to, const uint8 *frame, size_t len)
{
	SmcPort    *port = (SmcPort *) transport;

	if (!port_is_open(transport, to))
		raise_gone(NULL);
	smc_outbox_add(&port->outbox, frame, len);
}

static size_t
port_backlog(SmcTransport *transport, int to)
{
	SmcPort    *port = (SmcPort *) transport;

	return port->outbox.len + (pq_is_send_pending() ? port->handed : 0);
}

SmcTransport *
smc_port_open(MemoryContext context)
{
	SmcPort    *port;
	StringInfoData buf;
	unsigned char byte;

	if (MyProcPort == NULL || whereToSendOutput != DestRemote)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("smc_attach() needs a client connection of its own"),
				 errhint("It is called by the lanes of other parties, not by people.")));

	port = MemoryContextAllocZero(context, sizeof(SmcPort));
	port->transport.send = port_send;
	port->transport.pump = port_pump;
	port->transport.backlog = port_backlog;
	port->transport.is_open = port_is_open;
	smc_outbox_init(&port->outbox, context);
	port->input = MemoryContextAlloc(context, INPUT_BYTES);

	/* Bytes that the backend has read already, behind our command. */
	pq_startmsgread();
	while (pq_buffer_has_data() && pq_getbyte_if_available(&byte) == 1)
		port->input[port->end++] = byte;
	pq_endmsgread();
	note_position(port);

	pq_beginmessage(&buf, 'W');
	pq_sendbyte(&buf, 0);
	pq_sendint16(&buf, 0);
	pq_endmessage(&buf);
	pq_flush();
	return &port->transport;
}

uint8 *
smc_port_read_frame(SmcTransport *transport, size_t *len, long timeout_ms)
{
	SmcPort    *port = (SmcPort *) transport;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);

	for (;;)
	{
		char		type;
		uint8	   *body;
		long		left;
		bool		readable;

		while (next_message(port, NULL, &type, &body, len))
		{
			if (type == 'd')
			{
				uint8	   *frame = palloc(*len + 1);

				memcpy(frame, body, *len);
				/* More may have come with it than the socket still shows. */
				port->unread = true;
				return frame;
			}
			other_message(port, NULL, type);
			if (port->done)
			{
				port->done_seen = true;
				return NULL;
			}
			if (port->gone)
				break;
		}
		if (port->gone)
			raise_gone(NULL);
		if (read_some(port) || port->gone)
			continue;

		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
		if (left <= 0)
			ereport(ERROR,
					(errcode(ERRCODE_CONNECTION_FAILURE),
					 errmsg("the hub did not say what it wants"),
					 errdetail("No frame came within %ld ms.", timeout_ms)));
		check_for_interrupts();
		(void) wait_for_event(port, left, &readable);
		check_for_interrupts();
	}
}

void
smc_port_answer_probe(SmcTransport *transport, int64 age_ms)
{
	uint8		frame[SMC_FRAME_ANSWER_BYTES];

	smc_frame_write_answer(frame, age_ms);
	port_send(transport, 0, frame, sizeof(frame));
}

bool
smc_port_is_done(SmcTransport *transport)
{
	return ((SmcPort *) transport)->done;
}

bool
smc_port_close(SmcTransport *transport, long timeout_ms)
{
	SmcPort    *port = (SmcPort *) transport;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);

	port->closing = true;
	(void) deliver(port, NULL);
	for (;;)
	{
		long		left;
		bool		readable;

		flush_port(port);
		if (port->gone || port->failing || !pq_is_send_pending())
			return true;
		left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
		if (left <= 0)
		{
			whereToSendOutput = DestNone;
			return false;
		}

		/*
		 * What comes in is dropped, so that a hub that writes doesn't keep
		 * itself from reading.  The latch means nothing here, but one that
		 * stays set would make the wait return at once.
		 */
		if (wait_for_event(port, Min(left, 100), &readable))
			pg_usleep(1000L);
		if (readable || port->unread)
			(void) receive(port, NULL);
	}
}
