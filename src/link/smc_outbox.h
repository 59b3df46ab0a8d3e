/*
 * Frames that wait to be handed to a connection.
 *
 * Both transports keep their own frames back and give the connection only what
 * it can pass on at once: libpq's and the backend's send buffers grow with what
 * they are given, never shrink, and move everything on each partial write.
 */
#ifndef SMC_OUTBOX_H
#define SMC_OUTBOX_H

#include "postgres.h"

typedef struct SmcOutboxFrame
{
	struct SmcOutboxFrame *next;
	size_t		len;
	uint8		data[FLEXIBLE_ARRAY_MEMBER];
} SmcOutboxFrame;

typedef struct SmcOutbox
{
	MemoryContext context;
	SmcOutboxFrame *first;		/* the frame to go next, NULL when there is none */
	SmcOutboxFrame *last;
	size_t		len;			/* bytes of all frames */
} SmcOutbox;

/* Start an empty outbox whose frames live in context. */
extern void smc_outbox_init(SmcOutbox *outbox, MemoryContext context);

/* Add a copy of a frame at the end. */
extern void smc_outbox_add(SmcOutbox *outbox, const uint8 *frame, size_t len);

/* Drop the first frame, once it has been handed over. */
extern void smc_outbox_drop(SmcOutbox *outbox);

#endif							/* SMC_OUTBOX_H */
