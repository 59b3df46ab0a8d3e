/*
 * Questions to a single peer: whether it is there, and which studies it has.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "pg/smc_hub_impl.h"
#include "pg/smc_messages.h"

/* Ask the lane's other party, and wait for its answer of that type; the caller frees it. */
static void
ask(SmcHub *hub, uint8 question, uint8 answer, SmcMessage *message)
{
	int			peer = hub->self == 0 ? 1 : 0;

	if (hub->party_count != 2)
		elog(ERROR, "a question to one peer needs a lane of two parties");
	smc_mesh_post(hub->mesh, peer, question, NULL, 0);
	while (!smc_hub_next_message(hub, message))
		;
	if (message->type != answer)
		smc_messages_unexpected(message, smc_mesh_party_name(hub->mesh, message->from));
}

void
smc_hub_ping(SmcHub *hub)
{
	SmcTask    *task = hub->task;
	TimestampTz started = GetCurrentTimestamp();
	SmcMessage	message;
	SmcReader	reader;
	StringInfoData buf;
	char	   *extension_version;
	uint32		server_version;
	uint64		round_trip_us;

	ask(hub, SMC_MSG_WHO, SMC_MSG_HERE, &message);
	round_trip_us = GetCurrentTimestamp() - started;
	smc_reader_init(&reader, message.data, message.len);
	extension_version = smc_messages_get_text(&reader);
	server_version = smc_reader_u32(&reader);
	smc_messages_end(&reader, "HERE", smc_mesh_party_name(hub->mesh, message.from));
	smc_mesh_free_message(&message);

	smc_pool_set_idle();
	smc_pipe_start(&buf, SMC_PIPE_PONG);
	smc_messages_put_u64(&buf, round_trip_us);
	smc_messages_put_u32(&buf, server_version);
	smc_messages_put_u32(&buf, smc_mesh_version(hub->mesh));
	smc_messages_put_blob(&buf, extension_version, strlen(extension_version));
	(void) smc_pipe_send(task->pipe, &buf, NULL, NULL);
}

void
smc_hub_fetch_studies(SmcHub *hub)
{
	SmcTask    *task = hub->task;
	SmcMessage	message;
	SmcReader	reader;
	StringInfoData buf;
	uint32		count;
	uint32		i;

	ask(hub, SMC_MSG_STUDIES, SMC_MSG_TELL, &message);
	smc_reader_init(&reader, message.data, message.len);
	smc_pipe_start(&buf, SMC_PIPE_DEFINITIONS);
	count = smc_reader_u32(&reader);
	smc_messages_put_u32(&buf, count);
	for (i = 0; i < count && !reader.failed; i++)
	{
		size_t		len;
		const uint8_t *definition = smc_reader_blob(&reader, SMC_MESSAGE_MAX, &len);

		smc_messages_put_blob(&buf, definition, len);
	}
	smc_messages_end(&reader, "TELL", smc_mesh_party_name(hub->mesh, message.from));
	smc_mesh_free_message(&message);

	smc_pool_set_idle();
	(void) smc_pipe_send(task->pipe, &buf, NULL, NULL);
}
