/*
 * All parties' histories of a study brought together.
 */
#include "postgres.h"

#include "pg/smc_activity.h"
#include "pg/smc_messages.h"
#include "pg/smc_recall.h"
#include "pg/smc_transaction.h"

#define IDLE_MS		50			/* between calls of on_idle */

static void
post(const SmcRecall *recall, int to, uint8 type, const bytea *history)
{
	StringInfoData buf;

	initStringInfo(&buf);
	smc_messages_put_u64(&buf, recall->seq);
	appendBinaryStringInfo(&buf, VARDATA_ANY(history), VARSIZE_ANY_EXHDR(history));
	smc_mesh_post(recall->mesh, to, type, buf.data, buf.len);
	pfree(buf.data);
}

/* Wait for the next message, which is of this computation as no other comes before it; raises an ABORT. */
static void
await(const SmcRecall *recall, SmcMessage *message)
{
	while (!smc_mesh_next(recall->mesh, message))
	{
		recall->on_idle(recall->arg);
		smc_mesh_wait(recall->mesh, IDLE_MS);
	}
	if (message->type == SMC_MSG_ABORT)
		smc_mesh_raise_abort(recall->mesh, message);
}

static uint32
uses_len(const SmcRecall *recall)
{
	return VARSIZE_ANY_EXHDR(recall->run.layout->sets[0].uses);
}

/* The history in a message of that type, copied; frees the message. */
static bytea *
take(const SmcRecall *recall, SmcMessage *message, uint8 type)
{
	const char *from = smc_mesh_party_name(recall->mesh, message->from);
	SmcReader	reader;
	bytea	   *history;
	size_t		len;

	smc_reader_init(&reader, message->data, message->len);
	if (message->type != type || smc_reader_u64(&reader) != recall->seq || reader.failed)
		smc_messages_unexpected(message, from);
	len = reader.len - reader.at;
	history = palloc(VARHDRSZ + len);
	SET_VARSIZE(history, VARHDRSZ + len);
	memcpy(VARDATA(history), reader.data + reader.at, len);

	(void) smc_history_read(&reader, uses_len(recall));
	smc_messages_end(&reader, type == SMC_MSG_KNOWN ? "KNOWN" : "HISTORY", from);
	smc_mesh_free_message(message);
	return history;
}

List *
smc_recall_list(const bytea *bytes, uint32 uses_len)
{
	SmcReader	reader;
	List	   *history;

	smc_reader_init(&reader, (const uint8 *) VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
	history = smc_history_read(&reader, uses_len);
	if (smc_reader_end(&reader) != SMC_OK)
		elog(ERROR, "malformed history");	/* take would have found it */
	return history;
}

void
smc_recall_begin(SmcRecall *recall)
{
	if (recall->run.layout->set_count == 0)
		return;
	smc_transaction_begin();
	recall->known = smc_history_register(&recall->run);
	smc_transaction_commit_lazy();
}

void
smc_recall_note(SmcRecall *recall, SmcMessage *message)
{
	int			from = message->from;

	if ((recall->told_by & (1 << from)) != 0)
		smc_messages_unexpected(message, smc_mesh_party_name(recall->mesh, from));
	recall->told = smc_history_merge(recall->told,
									 smc_recall_list(take(recall, message, SMC_MSG_KNOWN), uses_len(recall)));
	recall->told_by |= (uint16) (1 << from);
}

bytea *
smc_recall_by_hub(SmcRecall *recall)
{
	int			self = smc_mesh_self(recall->mesh);
	int			count = smc_mesh_party_count(recall->mesh);
	uint16		peers = (uint16) (((1 << count) - 1) & ~(1 << self));
	bytea	   *history;

	if (recall->run.layout->set_count == 0)
		return NULL;
	smc_activity_phase(SMC_PHASE_WAIT);
	while (recall->told_by != peers)
	{
		SmcMessage	message;

		await(recall, &message);
		smc_recall_note(recall, &message);
	}
	history = smc_history_write(recall->run.study, smc_history_merge(recall->told, recall->known));
	for (int party = 0; party < count; party++)
	{
		if (party != self)
			post(recall, party, SMC_MSG_HISTORY, history);
	}
	smc_mesh_flush(recall->mesh);
	return history;
}

bytea *
smc_recall_by_peer(SmcRecall *recall)
{
	int			hub = smc_mesh_hub(recall->mesh);
	SmcMessage	message;
	bytea	   *history;

	if (recall->run.layout->set_count == 0)
		return NULL;
	smc_activity_phase(SMC_PHASE_WAIT);
	post(recall, hub, SMC_MSG_KNOWN, smc_history_write(recall->run.study, recall->known));
	await(recall, &message);
	if (message.from != hub)
		smc_messages_unexpected(&message, smc_mesh_party_name(recall->mesh, message.from));
	history = take(recall, &message, SMC_MSG_HISTORY);
	if (!smc_history_covers(smc_recall_list(history, uses_len(recall)), recall->known))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("party \"%s\" leaves out earlier queries over study \"%s\"",
						smc_mesh_party_name(recall->mesh, hub), recall->run.study),
				 errdetail("This party was told of them, and insists that new queries are compared with them.")));
	return history;
}
