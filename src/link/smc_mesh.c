/*
 * One party's end of a lane: its life, what it sends, and the line of messages
 * that wait to be taken.  See smc_mesh.h; arriving is smc_mesh_receive.c.
 */
#include "link/smc_mesh.h"

#include <sodium.h>

#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "link/smc_mesh_state.h"

/* Wipe all secrets, and shares that nobody took, before the context goes. */
static void
wipe(void *arg)
{
	SmcMesh    *mesh = arg;
	int			i;

	if (mesh->secrets)
	{
		sodium_memzero(mesh->secrets, sizeof(SmcMeshSecrets));
		mesh->secrets = NULL;
	}
	for (i = 0; i < mesh->party_count; i++)
		smc_queue_wipe(&mesh->parties[i].data);
}

static SmcMesh *
create(MemoryContext parent, SmcTransport *transport, int self, int hub, int party_count,
	   const SmcLaneParty *parties, const SmcMeshKeys *keys, const uint8 *lane_id,
	   const uint8 *identity)
{
	MemoryContext context;
	SmcMesh    *mesh;
	int			i;

	if (party_count < SMC_PARTIES_MIN || party_count > SMC_PARTIES_MAX ||
		self < 0 || self >= party_count || hub < 0 || hub >= party_count)
		elog(ERROR, "smc mesh: party %d of %d with hub %d", self, party_count, hub);

	context = AllocSetContextCreate(parent, "smc mesh", ALLOCSET_DEFAULT_SIZES);
	mesh = MemoryContextAllocZero(context, sizeof(SmcMesh));
	mesh->context = context;
	mesh->transport = transport;
	mesh->state = SMC_MESH_JOINING;
	mesh->self = self;
	mesh->hub = hub;
	mesh->party_count = party_count;
	mesh->idle_interval = SMC_MESH_IDLE_MS;
	mesh->keys = *keys;
	memcpy(mesh->lane_id, lane_id, SMC_LANE_ID_BYTES);
	dlist_init(&mesh->letters);
	for (i = 0; i < party_count; i++)
	{
		strlcpy(mesh->parties[i].name, parties[i].name, SMC_NAME_MAX);
		memcpy(mesh->parties[i].key, parties[i].public_key, SMC_PUBLIC_KEY_BYTES);
		mesh->parties[i].heard = GetCurrentTimestamp();
		smc_queue_init(&mesh->parties[i].data, context);
	}
	mesh->callback.func = wipe;
	mesh->callback.arg = mesh;
	MemoryContextRegisterResetCallback(context, &mesh->callback);

	mesh->frame = MemoryContextAlloc(context, SMC_FRAME_BYTES_MAX);
	mesh->secrets = MemoryContextAllocZero(context, sizeof(SmcMeshSecrets));
	smc_mesh_handshake_begin(mesh, parties, identity);
	return mesh;
}

SmcMesh *
smc_mesh_create_hub(MemoryContext parent, SmcTransport *transport, int self, int party_count,
					const SmcLaneParty *parties, const SmcMeshKeys *keys, const uint8 *identity)
{
	uint8		lane_id[SMC_LANE_ID_BYTES];

	smc_random_fill(smc_random_system(), lane_id, sizeof(lane_id));
	return create(parent, transport, self, self, party_count, parties, keys, lane_id, identity);
}

SmcMesh *
smc_mesh_create_peer(MemoryContext parent, SmcTransport *transport, const SmcOffer *offer,
					 const SmcLaneParty *parties, const SmcMeshKeys *keys, const uint8 *identity)
{
	SmcMesh    *mesh;
	int			i;

	for (i = 0; i < offer->party_count; i++)
	{
		if (strcmp(offer->names[i], parties[i].name) != 0)
			elog(ERROR, "smc mesh: party %d is \"%s\", offered \"%s\"",
				 i, parties[i].name, offer->names[i]);
	}
	mesh = create(parent, transport, offer->self, offer->hub, offer->party_count, parties, keys,
				  offer->lane_id, identity);
	smc_mesh_handshake_take_offer(mesh, offer);
	return mesh;
}

void
smc_mesh_read_offer(const uint8 *frame, size_t len, SmcOffer *offer)
{
	if (!smc_frame_read_offer(frame, len, offer))
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed offer of a lane")));
}

void
smc_mesh_violation(SmcMesh *mesh, int party, const char *what)
{
	mesh->state = SMC_MESH_BROKEN;
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("peer \"%s\" broke the protocol", mesh->parties[party].name),
			 errdetail_internal("%s", what)));
}

void
smc_mesh_check(SmcStatus status, const char *doing)
{
	if (status == SMC_ERR_MEMORY)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errdetail("Failed while %s.", doing)));
	if (status != SMC_OK)
		elog(ERROR, "smc mesh: %s: %s", doing, smc_status_text(status));
}

/* Queue a frame for a party: directly at the hub, by way of the hub elsewhere. */
void
smc_mesh_send_frame(SmcMesh *mesh, int to, const uint8 *frame, size_t len)
{
	mesh->transport->send(mesh->transport, mesh->self == mesh->hub ? to : mesh->hub, frame, len);
	mesh->stats.bytes_sent += len;
}

/* Seal one frame for a party into mesh->frame; returns its length. */
static size_t
seal(SmcMesh *mesh, int to, uint8 type, bool more, const uint8 *data, size_t len)
{
	uint8	   *text = mesh->frame + SMC_FRAME_HEADER_BYTES;
	size_t		text_len = SMC_MESH_TEXT_HEADER + len;
	SmcStatus	status;

	smc_frame_write_header(mesh->frame, SMC_FRAME_SEALED, mesh->self, to);
	text[0] = type;
	text[1] = more ? 1 : 0;
	if (len > 0)
		memcpy(text + SMC_MESH_TEXT_HEADER, data, len);
	status = smc_seal_close(&mesh->secrets->send[to], mesh->frame, SMC_FRAME_HEADER_BYTES,
							text, text_len, text);
	if (status != SMC_OK)
		sodium_memzero(text, text_len);
	smc_mesh_check(status, "sealing a frame");
	return SMC_FRAME_HEADER_BYTES + text_len + SMC_SEAL_OVERHEAD;
}

void
smc_mesh_post(SmcMesh *mesh, int to, uint8 type, const void *data, size_t len)
{
	const uint8 *at = data;
	const size_t piece_max = SMC_FRAME_MAX - SMC_MESH_TEXT_HEADER;
	bool		more;

	if (!mesh->secrets->have_keys)
		elog(ERROR, "smc mesh: message of type %d before the handshake's end", type);
	if (to == mesh->self || to < 0 || to >= mesh->party_count)
		elog(ERROR, "smc mesh: message of type %d to party %d", type, to);
	if (type != SMC_MSG_DATA && len > SMC_MESSAGE_MAX)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("message for peer \"%s\" is too long", mesh->parties[to].name),
				 errdetail("It has %zu bytes, at most %d are sent.", len, SMC_MESSAGE_MAX)));

	/*
	 * DATA is a stream, so its pieces need no putting together: each stands
	 * for itself, and the other end never holds back what it has.
	 */
	do
	{
		size_t		part = Min(len, piece_max);
		size_t		frame_len;

		more = len > part;
		frame_len = seal(mesh, to, type, more && type != SMC_MSG_DATA, at, part);
		smc_mesh_send_frame(mesh, to, mesh->frame, frame_len);
		at += part;
		len -= part;
	} while (more);
}

void
smc_mesh_broadcast(SmcMesh *mesh, uint8 type, const void *data, size_t len)
{
	int			i;

	for (i = 0; i < mesh->party_count; i++)
	{
		if (i != mesh->self)
			smc_mesh_post(mesh, i, type, data, len);
	}
}

bool
smc_mesh_next(SmcMesh *mesh, SmcMessage *message)
{
	SmcMeshLetter *letter;

	if (dlist_is_empty(&mesh->letters))
		return false;

	letter = dlist_container(SmcMeshLetter, node, dlist_pop_head_node(&mesh->letters));
	*message = letter->message;
	mesh->taken_serial = letter->serial;
	mesh->parties[message->from].letters_len -= message->len + SMC_MESH_LETTER_OVERHEAD;
	if (message->type == SMC_MSG_ABORT)
		mesh->abort_count--;
	pfree(letter);
	return true;
}

void
smc_mesh_wait(SmcMesh *mesh, long timeout_ms)
{
	if (!dlist_is_empty(&mesh->letters))
		return;
	if (mesh->state == SMC_MESH_BROKEN)
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("the lane is broken")));
	(void) mesh->transport->pump(mesh->transport, mesh, timeout_ms);
}

void
smc_mesh_flush(SmcMesh *mesh)
{
	(void) mesh->transport->pump(mesh->transport, mesh, 0);
}

void
smc_mesh_free_message(SmcMessage *message)
{
	if (message->data)
		pfree(message->data);
	message->data = NULL;
	message->len = 0;
}

void
smc_mesh_expect_quiet(SmcMesh *mesh)
{
	int			i;

	for (i = 0; i < mesh->party_count; i++)
	{
		SmcMeshParty *party = &mesh->parties[i];

		if (party->data.len > 0 &&
			(mesh->self == mesh->hub || party->data_serial < mesh->taken_serial))
			smc_mesh_violation(mesh, i, "It sent more than the computation called for.");
	}
}

TimestampTz
smc_mesh_last_heard(const SmcMesh *mesh, int party)
{
	return mesh->parties[party].heard;
}

void
smc_mesh_note_heard(SmcMesh *mesh, int neighbour)
{
	mesh->parties[neighbour].heard = GetCurrentTimestamp();
}

const uint8_t (*smc_mesh_seeds(const SmcMesh *mesh))[SMC_KEY_BYTES]
{
	if (!mesh->secrets->have_keys)
		elog(ERROR, "smc mesh: no seeds before the handshake's end");
	return (const uint8_t (*)[SMC_KEY_BYTES]) mesh->secrets->seeds;
}

int
smc_mesh_self(const SmcMesh *mesh)
{
	return mesh->self;
}

int
smc_mesh_hub(const SmcMesh *mesh)
{
	return mesh->hub;
}

int
smc_mesh_party_count(const SmcMesh *mesh)
{
	return mesh->party_count;
}

const uint8 *
smc_mesh_party_key(const SmcMesh *mesh, int party)
{
	return mesh->parties[party].key;
}

const SmcRotationChain *
smc_mesh_followed(const SmcMesh *mesh, int party)
{
	return mesh->parties[party].followed;
}

const char *
smc_mesh_party_name(const SmcMesh *mesh, int party)
{
	return mesh->parties[party].name;
}

const uint8 *
smc_mesh_lane_id(const SmcMesh *mesh)
{
	return mesh->lane_id;
}

int
smc_mesh_version(const SmcMesh *mesh)
{
	return mesh->version;
}

SmcMeshStats
smc_mesh_stats(const SmcMesh *mesh)
{
	return mesh->stats;
}
