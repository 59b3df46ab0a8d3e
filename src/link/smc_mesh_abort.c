/*
 * ABORT: how the end of a computation is told, and how it is read.
 *
 * The text is the sender's own wording, never that of a local error, which
 * could carry data; yet a reader takes it for what it is, bytes of a peer.
 */
#include "link/smc_mesh.h"

#include "core/smc_bytes.h"
#include "link/smc_mesh_state.h"

void
smc_mesh_abort(SmcMesh *mesh, int sqlstate, const char *text)
{
	size_t		text_len = strnlen(text, SMC_ABORT_TEXT_MAX - 1);
	uint8		body[8 + SMC_ABORT_TEXT_MAX];
	int			i;

	if (mesh->secrets == NULL || !mesh->secrets->have_keys)
		return;

	for (i = 0; i < 4; i++)
	{
		body[i] = (uint8) ((uint32) sqlstate >> (8 * i));
		body[4 + i] = (uint8) (text_len >> (8 * i));
	}
	memcpy(body + 8, text, text_len);

	for (i = 0; i < mesh->party_count; i++)
	{
		int			neighbour = mesh->self == mesh->hub ? i : mesh->hub;

		if (i != mesh->self && mesh->transport->is_open(mesh->transport, neighbour))
			smc_mesh_post(mesh, i, SMC_MSG_ABORT, body, 8 + text_len);
	}
}

void
smc_mesh_read_abort(const SmcMessage *message, int *sqlstate, char text[SMC_ABORT_TEXT_MAX])
{
	SmcReader	reader;
	uint32		code;
	const uint8 *bytes;
	size_t		len;
	size_t		i;

	smc_reader_init(&reader, message->data, message->len);
	code = smc_reader_u32(&reader);
	bytes = smc_reader_blob(&reader, SMC_ABORT_TEXT_MAX - 1, &len);
	if (smc_reader_end(&reader) != SMC_OK)
	{
		code = 0;
		len = 0;
	}

	/* Five characters of six bits, of a class that is an error. */
	if (code >= (1 << 30) ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_SUCCESSFUL_COMPLETION ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_WARNING ||
		ERRCODE_TO_CATEGORY(code) == ERRCODE_NO_DATA)
		code = ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
	for (i = 0; i < 5; i++)
	{
		char		c = PGUNSIXBIT(code >> (6 * i));

		if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')))
			code = ERRCODE_EXTERNAL_ROUTINE_EXCEPTION;
	}
	*sqlstate = (int) code;

	for (i = 0; i < len; i++)
		text[i] = (bytes[i] >= ' ' && bytes[i] <= '~') ? (char) bytes[i] : '?';
	text[len] = '\0';
}

void
smc_mesh_raise_abort(const SmcMesh *mesh, const SmcMessage *message)
{
	int			sqlstate;
	char		text[SMC_ABORT_TEXT_MAX];

	smc_mesh_read_abort(message, &sqlstate, text);
	ereport(ERROR,
			(errcode(sqlstate),
			 errmsg("computation failed at peer \"%s\"", mesh->parties[message->from].name),
			 text[0] ? errdetail_internal("%s", text) : 0));
}
