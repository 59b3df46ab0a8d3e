/*
 * Frames over one libpq connection, once it streams: neither reading nor
 * writing ever waits.
 *
 * Outgoing frames wait in our own outbox; libpq gets a batch of them when it
 * has passed on the last one, so that its buffer, which it moves about on each
 * partial write, stays small.
 */
#ifndef SMC_STREAM_H
#define SMC_STREAM_H

#include "postgres.h"

#include "link/smc_connect.h"
#include "link/smc_outbox.h"

typedef struct SmcStream
{
	SmcConnection connection;	/* started by the owner; its detail and hint say why it ended */
	SmcOutbox	outbox;
	size_t		handed;			/* bytes that libpq has and may not have passed on */
	bool		blocked;		/* the kernel takes no more for now */
	bool		failing;		/* writing has failed: to be read to its end */
	bool		ended;			/* nothing more comes or goes */
	bool		held;			/* the owner does not want to read for now */
	bool		unread;			/* input may be there that the socket does not show */
	size_t		unframed;		/* bytes read since the last whole frame, at least */
	char	   *frame;			/* the one being handed in, libpq's memory */
} SmcStream;

/* Take a frame that arrived.  May set stream->held, which ends the reading; may raise. */
typedef void (*SmcStreamHandler) (void *arg, const uint8 *frame, size_t len);

/* Whether bytes can come and go. */
extern bool smc_stream_is_live(const SmcStream *stream);

/* Pass on frames until there are none, or the kernel takes no more. */
extern void smc_stream_flush(SmcStream *stream);

/*
 * Hand in the frames that libpq has, and with from_socket read more first.
 * Without a handler they are dropped, held or not.  Returns whether there were
 * any.  When the stream has ended, that is noted after its last frame.
 */
extern bool smc_stream_receive(SmcStream *stream, bool from_socket, SmcStreamHandler handler, void *arg);

/* Raise that the link is lost, and why. */
extern void smc_stream_raise(const SmcStream *stream) pg_attribute_noreturn();

/*
 * Go on ending after PQputCopyEnd: whether the procedure at the other end has
 * returned, or the connection is gone.
 */
extern bool smc_stream_has_returned(SmcStream *stream);

/* Close at once; harmless when closed. */
extern void smc_stream_close(SmcStream *stream);

#endif							/* SMC_STREAM_H */
