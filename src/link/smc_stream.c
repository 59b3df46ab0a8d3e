/*
 * Frames over one libpq connection.  See smc_stream.h.
 */
#include "link/smc_stream.h"

#include <openssl/ssl.h>
#include <sys/ioctl.h>

#include "link/smc_frame.h"

/* Bytes handed to libpq at a time, beyond the frame that reaches it. */
#define BATCH_BYTES			(64 * 1024)

/* Bytes without a whole message in them, after which it must be longer than any frame. */
#define UNFRAMED_MAX		(2 * SMC_FRAME_BYTES_MAX)

/* Bytes that libpq takes at least from a socket that has as many. */
#define READ_MIN			4096

bool
smc_stream_is_live(const SmcStream *stream)
{
	return stream->connection.pg && !stream->ended;
}

void
smc_stream_raise(const SmcStream *stream)
{
	const SmcConnection *connection = &stream->connection;

	ereport(ERROR,
			(errcode(connection->code == ERRCODE_OBJECT_IN_USE ? connection->code :
					 ERRCODE_CONNECTION_FAILURE),
			 errmsg("lost the link to peer \"%s\"", connection->name),
			 connection->detail ? errdetail_internal("%s", connection->detail) : 0,
			 connection->hint ? errhint("%s", connection->hint) : 0));
}

/* The stream has ended by a word of the server, or of its procedure. */
static void
end_by_result(SmcStream *stream)
{
	SmcConnection *connection = &stream->connection;
	PGresult   *result;

	stream->ended = true;
	if (PQisBusy(connection->pg))
	{
		smc_connect_fail_libpq(connection);
		return;
	}
	result = PQgetResult(connection->pg);
	switch (PQresultStatus(result))
	{
		case PGRES_FATAL_ERROR:
			smc_connect_fail_result(connection, result);
			break;
		case PGRES_COPY_IN:
		case PGRES_COMMAND_OK:
			smc_connect_fail(connection, ERRCODE_CONNECTION_FAILURE, "It ended the lane.", NULL);
			break;
		default:
			smc_connect_fail_libpq(connection);
			break;
	}
	PQclear(result);
}

static void
end_by_error(SmcStream *stream)
{
	stream->ended = true;
	smc_connect_fail_libpq(&stream->connection);
}

static void
free_frame(SmcStream *stream)
{
	if (stream->frame)
		PQfreemem(stream->frame);
	stream->frame = NULL;
}

/* Hand in the whole frames that libpq has. */
static bool
deliver(SmcStream *stream, SmcStreamHandler handler, void *arg)
{
	bool		arrived = false;

	free_frame(stream);			/* of a handler that raised */
	while (smc_stream_is_live(stream) && (!stream->held || !handler))
	{
		int			len = PQgetCopyData(stream->connection.pg, &stream->frame, true);

		if (len == 0)
			break;
		if (len == -1)
			end_by_result(stream);
		else if (len < 0)
			end_by_error(stream);
		else
		{
			arrived = true;
			stream->unframed = 0;
			if (handler)
				handler(arg, (uint8 *) stream->frame, len);
			free_frame(stream);
		}
	}
	return arrived;
}

/* How many bytes the socket holds; 0 when it won't tell. */
static size_t
socket_bytes(PGconn *pg)
{
	int			bytes = 0;

	if (ioctl(PQsocket(pg), FIONREAD, &bytes) != 0 || bytes < 0)
		return 0;
	return bytes;
}

static SSL *
tls_of(PGconn *pg)
{
	return PQsslInUse(pg) ? PQsslStruct(pg, "OpenSSL") : NULL;
}

/* How many bytes TLS has read from the socket so far. */
static uint64
tls_bytes(PGconn *pg)
{
	SSL		   *ssl = tls_of(pg);

	return ssl ? BIO_number_read(SSL_get_rbio(ssl)) : 0;
}

/* Whether TLS has read more than libpq has got of it: the rest of a record. */
static bool
is_read_ahead(PGconn *pg)
{
	SSL		   *ssl = tls_of(pg);

	return ssl && SSL_pending(ssl) > 0;
}

/*
 * How many bytes were read, given what the socket held before and after, and
 * TLS's own count.  A lower bound: more may have come in meanwhile.
 */
static size_t
read_at_least(size_t before, size_t after, size_t tls)
{
	size_t		least = Min(before, READ_MIN);

	if (before > after)
		least = Max(least, before - after);
	return Max(least, tls);
}

bool
smc_stream_receive(SmcStream *stream, bool from_socket, SmcStreamHandler handler, void *arg)
{
	PGconn	   *pg = stream->connection.pg;
	bool		arrived = deliver(stream, handler, arg);

	/*
	 * Each turn of the loop reads at most what libpq's buffer holds; more may
	 * be left in the socket, which will show it.
	 */
	from_socket = from_socket || stream->unread || stream->failing || PQgssEncInUse(pg);
	stream->unread = false;
	while (smc_stream_is_live(stream) && (!stream->held || !handler) &&
		   (from_socket || is_read_ahead(pg)))
	{
		size_t		before = socket_bytes(pg);
		uint64		tls_before = tls_bytes(pg);
		bool		alive = PQconsumeInput(pg);

		if (alive)
			stream->unframed += read_at_least(before, socket_bytes(pg), tls_bytes(pg) - tls_before);
		arrived |= deliver(stream, handler, arg);
		if (!smc_stream_is_live(stream) || (stream->held && handler))
			break;

		/*
		 * libpq reads a message whole before it shows any of it, however
		 * long it claims to be; so this is where that is stopped.  (XXX It
		 * also reads on as long as more is there, so that what a fast peer
		 * sends in one go has been taken by then.)
		 */
		if (stream->unframed > UNFRAMED_MAX)
		{
			stream->ended = true;
			smc_connect_fail(&stream->connection, ERRCODE_PROTOCOL_VIOLATION,
							 "It sent a message that is longer than any frame.", NULL);
		}
		else if (!alive || stream->failing)
			end_by_error(stream);
		from_socket = false;
	}

	/* When reading goes on, the socket may have nothing to show. */
	if (stream->held)
		stream->unread = true;
	return arrived;
}

void
smc_stream_flush(SmcStream *stream)
{
	PGconn	   *pg = stream->connection.pg;

	/* When writing has failed, the other end's last words may still be read. */
	if (stream->failing)
		return;

	stream->blocked = false;
	while (stream->handed > 0 || stream->outbox.first)
	{
		while (stream->outbox.first && stream->handed < BATCH_BYTES)
		{
			SmcOutboxFrame *frame = stream->outbox.first;

			if (PQputCopyData(pg, (char *) frame->data, frame->len) != 1)
			{
				stream->failing = true;
				return;
			}
			stream->handed += frame->len;
			smc_outbox_drop(&stream->outbox);
		}
		switch (PQflush(pg))
		{
			case 0:
				stream->handed = 0;
				break;
			case 1:
				stream->blocked = true;
				return;
			default:
				stream->failing = true;
				return;
		}
	}
}

bool
smc_stream_has_returned(SmcStream *stream)
{
	PGconn	   *pg = stream->connection.pg;
	bool		alive = PQconsumeInput(pg);
	int			len;

	do
	{
		free_frame(stream);
		len = PQgetCopyData(pg, &stream->frame, true);
	} while (len > 0);

	while (len < 0 && !PQisBusy(pg))
	{
		PGresult   *result = PQgetResult(pg);

		PQclear(result);
		if (result == NULL)
			return true;
	}
	return !alive;
}

void
smc_stream_close(SmcStream *stream)
{
	free_frame(stream);
	smc_connect_close(&stream->connection);
}
