/*
 * A queue of bytes: what a peer sent and no protocol has taken yet.
 *
 * Bytes are kept in blocks, so that megabytes come and go without moving what
 * waits.  They may be shares, so a block is wiped when it has been read.
 */
#ifndef SMC_QUEUE_H
#define SMC_QUEUE_H

#include "postgres.h"

typedef struct SmcQueueBlock SmcQueueBlock;

typedef struct SmcQueue
{
	MemoryContext context;
	SmcQueueBlock *head;
	SmcQueueBlock *tail;
	size_t		len;			/* bytes that wait */
} SmcQueue;

/* Start an empty queue whose blocks live in context. */
extern void smc_queue_init(SmcQueue *queue, MemoryContext context);

/* Add len bytes at the end. */
extern void smc_queue_append(SmcQueue *queue, const uint8 *data, size_t len);

/* Take up to len bytes from the front; returns how many. */
extern size_t smc_queue_take(SmcQueue *queue, uint8 *out, size_t len);

/* Wipe what waits, without freeing: for a reset callback, where the context frees. */
extern void smc_queue_wipe(SmcQueue *queue);

#endif							/* SMC_QUEUE_H */
