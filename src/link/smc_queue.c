/*
 * A queue of bytes.  See smc_queue.h.
 *
 * One block is kept when the queue runs empty, so that the small messages of
 * a quick computation allocate nothing.
 */
#include "link/smc_queue.h"

#include <sodium.h>

#define BLOCK_BYTES		(64 * 1024)

struct SmcQueueBlock
{
	SmcQueueBlock *next;
	size_t		start;			/* first byte not yet taken */
	size_t		end;			/* first byte not yet filled */
	uint8		data[BLOCK_BYTES];
};

void
smc_queue_init(SmcQueue *queue, MemoryContext context)
{
	queue->context = context;
	queue->head = NULL;
	queue->tail = NULL;
	queue->len = 0;
}

void
smc_queue_append(SmcQueue *queue, const uint8 *data, size_t len)
{
	while (len > 0)
	{
		SmcQueueBlock *tail = queue->tail;
		size_t		part;

		if (tail == NULL || tail->end == BLOCK_BYTES)
		{
			tail = MemoryContextAlloc(queue->context, sizeof(SmcQueueBlock));
			tail->next = NULL;
			tail->start = 0;
			tail->end = 0;
			if (queue->tail)
				queue->tail->next = tail;
			else
				queue->head = tail;
			queue->tail = tail;
		}
		part = Min(len, BLOCK_BYTES - tail->end);
		memcpy(tail->data + tail->end, data, part);
		tail->end += part;
		queue->len += part;
		data += part;
		len -= part;
	}
}

size_t
smc_queue_take(SmcQueue *queue, uint8 *out, size_t len)
{
	size_t		taken = 0;

	while (taken < len && queue->len > 0)
	{
		SmcQueueBlock *head = queue->head;
		size_t		part = Min(len - taken, head->end - head->start);

		memcpy(out + taken, head->data + head->start, part);
		sodium_memzero(head->data + head->start, part);
		head->start += part;
		queue->len -= part;
		taken += part;

		if (head->start == head->end)
		{
			if (head->next)
			{
				queue->head = head->next;
				pfree(head);
			}
			else
				head->start = head->end = 0;
		}
	}
	return taken;
}

void
smc_queue_wipe(SmcQueue *queue)
{
	SmcQueueBlock *block;

	for (block = queue->head; block; block = block->next)
		sodium_memzero(block->data + block->start, block->end - block->start);
}
