/*
 * What arrives at a mesh: frames judged, opened, passed on, put together.
 *
 * A frame is judged in this order: its header against the neighbour that it
 * came from, then its kind against the state, then its seal.  Whatever is
 * wrong, the mesh is broken from then on: later frames are dropped unread, so
 * that only sending (of an ABORT to the others) goes on working.
 */
#include "link/smc_mesh.h"

#include <sodium.h>

#include "link/smc_mesh_state.h"

/* Refuse what would make a party's bytes here more than may wait. */
static void
check_inbox(SmcMesh *mesh, int from, size_t len)
{
	SmcMeshParty *party = &mesh->parties[from];

	if (party->data.len + party->part_len + party->letters_len + len > SMC_INBOX_MAX)
		smc_mesh_violation(mesh, from, "It sent more than may wait to be read.");
}

/* Put a whole message in the line, its bytes copied or (owned) handed over. */
static void
add_letter(SmcMesh *mesh, int from, uint8 type, const uint8 *data, size_t len, uint8 *owned)
{
	SmcMeshLetter *letter;

	check_inbox(mesh, from, len + SMC_MESH_LETTER_OVERHEAD);
	letter = MemoryContextAlloc(mesh->context, sizeof(SmcMeshLetter));
	letter->serial = mesh->serial;
	letter->message.from = from;
	letter->message.type = type;
	letter->message.len = len;
	if (owned)
		letter->message.data = owned;
	else
	{
		letter->message.data = MemoryContextAlloc(mesh->context, len + 1);
		if (len > 0)
			memcpy(letter->message.data, data, len);
	}
	letter->message.data[len] = '\0';
	dlist_push_tail(&mesh->letters, &letter->node);
	mesh->parties[from].letters_len += len + SMC_MESH_LETTER_OVERHEAD;
	if (type == SMC_MSG_ABORT)
		mesh->abort_count++;
}

/* Add a piece of a message that comes in several. */
static void
add_piece(SmcMesh *mesh, int from, uint8 type, bool more, const uint8 *data, size_t len)
{
	SmcMeshParty *party = &mesh->parties[from];

	if (party->in_pieces && party->part_type != type)
		smc_mesh_violation(mesh, from, "A message was cut off by another.");
	if (party->part_len + len > SMC_MESSAGE_MAX)
		smc_mesh_violation(mesh, from, "A message is longer than may be.");
	check_inbox(mesh, from, len);

	if (party->part_len + len + 1 > party->part_cap)
	{
		size_t		cap = Max(party->part_len + len + 1, 2 * party->part_cap);

		if (party->part)
			party->part = repalloc(party->part, cap);
		else
			party->part = MemoryContextAlloc(mesh->context, cap);
		party->part_cap = cap;
	}
	memcpy(party->part + party->part_len, data, len);
	party->part_len += len;
	party->part_type = type;
	party->in_pieces = more;

	if (!more)
	{
		uint8	   *whole = party->part;
		size_t		whole_len = party->part_len;

		party->part = NULL;
		party->part_len = party->part_cap = 0;
		add_letter(mesh, from, type, NULL, whole_len, whole);
	}
}

/* Take the opened text of a frame that was for us. */
static void
receive_text(SmcMesh *mesh, int from, const uint8 *text, size_t text_len)
{
	SmcMeshParty *party = &mesh->parties[from];
	const uint8 *data = text + SMC_MESH_TEXT_HEADER;
	size_t		len = text_len - SMC_MESH_TEXT_HEADER;
	uint8		type;
	bool		more;

	if (text_len < SMC_MESH_TEXT_HEADER || text[1] > 1)
		smc_mesh_violation(mesh, from, "A frame has no message.");
	type = text[0];
	more = text[1] == 1;
	mesh->serial++;

	if (type < SMC_MSG_USER && more)
		smc_mesh_violation(mesh, from, "A message that must be whole came in pieces.");
	if (party->in_pieces && type < SMC_MSG_USER && type != SMC_MSG_PING && type != SMC_MSG_PONG)
		smc_mesh_violation(mesh, from, "A message was cut off by another.");

	switch (type)
	{
		case SMC_MSG_DATA:
			check_inbox(mesh, from, len);
			if (party->data.len == 0)
				party->data_serial = mesh->serial;
			smc_queue_append(&party->data, data, len);
			break;

		case SMC_MSG_PING:
		case SMC_MSG_PONG:
			if (len != 0)
				smc_mesh_violation(mesh, from, "A sign of life has a content.");

			/*
			 * Whoever floods us with PINGs and doesn't read gets no more
			 * answers than fit; it hears from us by what waits anyway.
			 */
			if (type == SMC_MSG_PING &&
				mesh->transport->backlog(mesh->transport,
										 mesh->self == mesh->hub ? from : mesh->hub) < SMC_BACKLOG_MAX)
				smc_mesh_post(mesh, from, SMC_MSG_PONG, NULL, 0);
			break;

		case SMC_MSG_ABORT:
			add_letter(mesh, from, type, data, len, NULL);
			break;

		default:
			if (type < SMC_MSG_USER)
				smc_mesh_violation(mesh, from, "A message is of unknown type.");
			if (more || party->in_pieces)
				add_piece(mesh, from, type, more, data, len);
			else
				add_letter(mesh, from, type, data, len, NULL);
			break;
	}
}

/* Open a sealed frame for us and take what is in it. */
static void
receive_sealed(SmcMesh *mesh, int from, const uint8 *frame, size_t len)
{
	SmcMeshSecrets *secrets = mesh->secrets;
	SmcStatus	status;

	if (len < SMC_FRAME_HEADER_BYTES + SMC_SEAL_OVERHEAD)
		smc_mesh_violation(mesh, from, "A frame is too short.");

	secrets->text_len = len - SMC_FRAME_HEADER_BYTES - SMC_SEAL_OVERHEAD;
	status = smc_seal_open(&secrets->receive[from], frame, SMC_FRAME_HEADER_BYTES,
						   frame + SMC_FRAME_HEADER_BYTES, len - SMC_FRAME_HEADER_BYTES,
						   secrets->text);
	if (status == SMC_ERR_AUTH)
	{
		mesh->state = SMC_MESH_BROKEN;
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("frame from peer \"%s\" is not authentic", mesh->parties[from].name),
				 errdetail("It was forged, changed, lost, repeated or reordered on its way.")));
	}
	smc_mesh_check(status, "opening a frame");
	receive_text(mesh, from, secrets->text, secrets->text_len);
	sodium_memzero(secrets->text, secrets->text_len);
}

/* Pass a frame on, as it is: to one party, or to all but its sender and us. */
static void
relay(SmcMesh *mesh, int from, int to, const uint8 *frame, size_t len)
{
	int			i;

	for (i = 0; i < mesh->party_count; i++)
	{
		if (i == from || i == mesh->self || (to != SMC_FRAME_EVERYONE && i != to))
			continue;
		mesh->transport->send(mesh->transport, i, frame, len);
		mesh->stats.bytes_relayed += len;
	}
}

void
smc_mesh_receive_frame(SmcMesh *mesh, int neighbour, const uint8 *frame, size_t len)
{
	bool		is_hub = mesh->self == mesh->hub;
	SmcFrameHeader header;
	const uint8 *body;
	size_t		body_len;

	if (mesh->state == SMC_MESH_BROKEN)
		return;
	smc_mesh_note_heard(mesh, neighbour);

	/* The header: a peer speaks for itself, and only the hub for others. */
	if (len > SMC_FRAME_BYTES_MAX || !smc_frame_read_header(frame, len, &header))
		smc_mesh_violation(mesh, neighbour, "A frame is malformed.");
	if (header.from >= mesh->party_count || header.from == mesh->self ||
		(is_hub && header.from != neighbour))
		smc_mesh_violation(mesh, neighbour, "A frame is from someone else.");
	if (header.to != SMC_FRAME_EVERYONE &&
		(header.to >= mesh->party_count || header.to == header.from ||
		 (!is_hub && header.to != mesh->self)))
		smc_mesh_violation(mesh, neighbour, "A frame is for someone else.");
	smc_mesh_note_heard(mesh, header.from);

	body = frame + SMC_FRAME_HEADER_BYTES;
	body_len = len - SMC_FRAME_HEADER_BYTES;
	if (header.to == mesh->self || header.to == SMC_FRAME_EVERYONE)
		mesh->stats.bytes_received += len;

	if ((header.kind == SMC_FRAME_HELLO || header.kind == SMC_FRAME_AUTH) &&
		mesh->state == SMC_MESH_JOINING && header.to == SMC_FRAME_EVERYONE)
	{
		/*
		 * Passed on before it is taken: taking the last one queues what we
		 * say to it, which must not arrive anywhere before it.
		 */
		if (is_hub)
			relay(mesh, header.from, header.to, frame, len);
		if (header.kind == SMC_FRAME_HELLO)
			smc_mesh_handshake_take_hello(mesh, header.from, body, body_len);
		else
			smc_mesh_handshake_take_auth(mesh, header.from, body, body_len);
	}
	else if (header.kind == SMC_FRAME_SEALED && mesh->state == SMC_MESH_OPEN &&
			 header.to != SMC_FRAME_EVERYONE)
	{
		if (header.to == mesh->self)
			receive_sealed(mesh, header.from, frame, len);
		else
			relay(mesh, header.from, header.to, frame, len);
	}
	else
		smc_mesh_violation(mesh, neighbour, "A frame came out of turn.");
}
