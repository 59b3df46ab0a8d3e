/*
 * Frames that wait to be handed to a connection.  See smc_outbox.h.
 *
 * Frames are ciphertext, or public parts of the handshake: nothing to wipe.
 */
#include "link/smc_outbox.h"

void
smc_outbox_init(SmcOutbox *outbox, MemoryContext context)
{
	outbox->context = context;
	outbox->first = NULL;
	outbox->last = NULL;
	outbox->len = 0;
}

void
smc_outbox_add(SmcOutbox *outbox, const uint8 *frame, size_t len)
{
	SmcOutboxFrame *added = MemoryContextAlloc(outbox->context,
											   offsetof(SmcOutboxFrame, data) + len);

	added->next = NULL;
	added->len = len;
	memcpy(added->data, frame, len);
	if (outbox->last)
		outbox->last->next = added;
	else
		outbox->first = added;
	outbox->last = added;
	outbox->len += len;
}

void
smc_outbox_drop(SmcOutbox *outbox)
{
	SmcOutboxFrame *first = outbox->first;

	outbox->first = first->next;
	if (outbox->first == NULL)
		outbox->last = NULL;
	outbox->len -= first->len;
	pfree(first);
}
