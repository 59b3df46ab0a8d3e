/*
 * Messages between parties above the mesh, to bytes and back.
 *
 * Everything that arrives is read by the bounds-checked reader and refused as
 * a whole when anything is off.  Databases may differ in encoding, so text
 * crosses as UTF-8.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "mb/pg_wchar.h"

#include "pg/smc_messages.h"

void
smc_messages_put_u8(StringInfo buf, uint8 value)
{
	appendStringInfoCharMacro(buf, (char) value);
}

void
smc_messages_put_u32(StringInfo buf, uint32 value)
{
	char		bytes[4];
	int			i;

	for (i = 0; i < 4; i++)
		bytes[i] = (char) (value >> (8 * i));
	appendBinaryStringInfo(buf, bytes, sizeof(bytes));
}

void
smc_messages_put_u64(StringInfo buf, uint64 value)
{
	smc_messages_put_u32(buf, (uint32) value);
	smc_messages_put_u32(buf, (uint32) (value >> 32));
}

void
smc_messages_put_blob(StringInfo buf, const void *data, size_t len)
{
	smc_messages_put_u32(buf, (uint32) len);
	appendBinaryStringInfo(buf, data, (int) len);
}

/* Whether text is the same bytes here and on the link. */
static bool
needs_no_conversion(const char *text, size_t len)
{
	size_t		i;

	if (GetDatabaseEncoding() == PG_UTF8)
		return true;
	for (i = 0; i < len; i++)
		if (IS_HIGHBIT_SET(text[i]))
			return false;
	return true;
}

/*
 * Convert without raising; NULL when some character has no equivalent.  Looks
 * up the conversion in the catalogs, so outside a transaction, where only
 * texts for people are read and written, every such byte becomes '?'.
 */
static char *
convert(const char *text, size_t len, int from, int to)
{
	size_t		cap = len * MAX_CONVERSION_GROWTH + 1;
	char	   *result = palloc0(cap);
	Oid			proc;
	size_t		i;

	if (from != PG_SQL_ASCII && to != PG_SQL_ASCII && IsTransactionState())
	{
		proc = FindDefaultConversionProc(from, to);
		if (OidIsValid(proc) &&
			pg_do_encoding_conversion_buf(proc, from, to,
										  (unsigned char *) unconstify(char *, text), (int) len,
										  (unsigned char *) result, (int) cap, true) == (int) len)
			return result;
		pfree(result);
		return NULL;
	}

	for (i = 0; i < len; i++)
		result[i] = IS_HIGHBIT_SET(text[i]) ? '?' : text[i];
	return result;
}

void
smc_messages_put_text(StringInfo buf, const char *text)
{
	size_t		len = strlen(text);
	char	   *wire;

	if (needs_no_conversion(text, len))
	{
		smc_messages_put_blob(buf, text, len);
		return;
	}

	wire = convert(text, len, GetDatabaseEncoding(), PG_UTF8);
	if (wire == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNTRANSLATABLE_CHARACTER),
				 errmsg("text for another party has a character without equivalent in encoding \"UTF8\"")));
	smc_messages_put_blob(buf, wire, strlen(wire));
	pfree(wire);
}

/*
 * Convert len bytes of UTF-8 to the database's encoding.  NULL when they
 * aren't valid, or hold a character that this encoding lacks.
 */
static char *
text_from_wire(const char *wire, size_t len)
{
	if (!pg_verify_mbstr(PG_UTF8, wire, (int) len, true))
		return NULL;
	if (needs_no_conversion(wire, len))
		return pnstrdup(wire, len);
	return convert(wire, len, PG_UTF8, GetDatabaseEncoding());
}

char *
smc_messages_get_text(SmcReader *reader)
{
	size_t		len;
	const uint8_t *data = smc_reader_blob(reader, SMC_WIRE_TEXT_MAX, &len);
	char	   *text = text_from_wire((const char *) data, len);

	if (text == NULL)
	{
		smc_reader_fail(reader);
		return pstrdup("");
	}
	return text;
}

void
smc_messages_get_name(SmcReader *reader, char out[NAMEDATALEN])
{
	size_t		len;
	const uint8_t *data = smc_reader_blob(reader, SMC_WIRE_NAME_MAX - 1, &len);
	char	   *text = text_from_wire((const char *) data, len);

	memset(out, 0, NAMEDATALEN);
	if (text == NULL || text[0] == '\0' || strlen(text) >= NAMEDATALEN)
		smc_reader_fail(reader);
	else
		strlcpy(out, text, NAMEDATALEN);
	if (text != NULL)
		pfree(text);
}

void
smc_messages_end(const SmcReader *reader, const char *what, const char *from)
{
	if (smc_reader_end(reader) != SMC_OK)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("malformed %s message from party \"%s\"", what, from)));
}

void
smc_messages_post_seq(SmcMesh *mesh, int to, uint8 type, uint64 seq)
{
	StringInfoData buf;

	initStringInfo(&buf);
	smc_messages_put_u64(&buf, seq);
	smc_mesh_post(mesh, to, type, buf.data, buf.len);
	pfree(buf.data);
}

void
smc_messages_expect_seq(const SmcMesh *mesh, SmcMessage *message, uint8 type, uint64 seq)
{
	const char *from = smc_mesh_party_name(mesh, message->from);
	SmcReader	reader;

	smc_reader_init(&reader, message->data, message->len);
	if (message->type != type || smc_reader_u64(&reader) != seq || smc_reader_end(&reader) != SMC_OK)
		smc_messages_unexpected(message, from);
	smc_mesh_free_message(message);
}

void
smc_messages_write_agree(StringInfo buf, const SmcAgreeMessage *message)
{
	smc_messages_put_text(buf, message->study);
	smc_messages_put_u64(buf, message->timeout_ms);
}

void
smc_messages_read_agree(const SmcMessage *raw, const char *from, SmcAgreeMessage *message)
{
	SmcReader	reader;

	smc_reader_init(&reader, raw->data, raw->len);
	smc_messages_get_name(&reader, message->study);
	message->timeout_ms = smc_reader_u64(&reader);
	smc_messages_end(&reader, "AGREE", from);
}

void
smc_messages_write_compute(StringInfo buf, const SmcComputeMessage *message)
{
	smc_messages_put_u64(buf, message->seq);
	appendBinaryStringInfo(buf, (const char *) message->id, SMC_UUID_BYTES);
	smc_messages_put_text(buf, message->study);
	appendBinaryStringInfo(buf, (const char *) message->digest, SMC_KEY_BYTES);
	smc_messages_put_text(buf, message->role);
	smc_messages_put_u64(buf, message->timeout_ms);
	smc_messages_put_blob(buf, VARDATA_ANY(message->query), VARSIZE_ANY_EXHDR(message->query));
}

void
smc_messages_read_compute(const SmcMessage *raw, const char *from, SmcComputeMessage *message)
{
	SmcReader	reader;
	const uint8_t *query;
	size_t		query_len;

	smc_reader_init(&reader, raw->data, raw->len);
	message->seq = smc_reader_u64(&reader);
	smc_reader_copy(&reader, message->id, SMC_UUID_BYTES);
	smc_messages_get_name(&reader, message->study);
	smc_reader_copy(&reader, message->digest, SMC_KEY_BYTES);
	smc_messages_get_name(&reader, message->role);
	message->timeout_ms = smc_reader_u64(&reader);
	query = smc_reader_blob(&reader, SMC_MESSAGE_MAX, &query_len);
	smc_messages_end(&reader, "COMPUTE", from);

	message->query = palloc(VARHDRSZ + query_len);
	SET_VARSIZE(message->query, VARHDRSZ + query_len);
	memcpy(VARDATA(message->query), query, query_len);
}

void
smc_messages_write_decision(StringInfo buf, const SmcDecisionMessage *message)
{
	smc_messages_put_u64(buf, message->seq);
	appendBinaryStringInfo(buf, (const char *) message->binding, SMC_KEY_BYTES);
	smc_messages_put_u8(buf, message->approved);
	smc_messages_put_u64(buf, (uint64) message->at);
	smc_messages_put_text(buf, message->reason);
}

/* The reason is shown to people, so what could move their terminal's cursor is taken out. */
void
smc_messages_read_decision(const SmcMessage *raw, const char *from, SmcDecisionMessage *message)
{
	SmcReader	reader;
	char	   *c;

	smc_reader_init(&reader, raw->data, raw->len);
	message->seq = smc_reader_u64(&reader);
	smc_reader_copy(&reader, message->binding, SMC_KEY_BYTES);
	message->approved = smc_reader_bool(&reader);
	message->at = (TimestampTz) smc_reader_u64(&reader);
	message->reason = smc_messages_get_text(&reader);
	if (!IS_VALID_TIMESTAMP(message->at))
		smc_reader_fail(&reader);
	smc_messages_end(&reader, "DECISION", from);

	for (c = message->reason; *c != '\0'; c++)
		if ((unsigned char) *c < ' ' || *c == 0x7f)
			*c = ' ';
}

void
smc_messages_unexpected(const SmcMessage *raw, const char *from)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("unexpected message of type %d from party \"%s\"", (int) raw->type, from)));
}
