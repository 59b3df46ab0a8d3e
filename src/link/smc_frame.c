/*
 * Frames as bytes.  See smc_frame.h, and smc_mesh.h for what a frame is.
 *
 * The OFFER must stay readable for every later version, since it is what
 * versions are negotiated with: a magic, then fields that only ever grow at
 * the end.
 */
#include "link/smc_frame.h"

#include "core/smc_bytes.h"

/* A cursor that writes into a caller's buffer of known sufficient size. */
static uint8 *
put_bytes(uint8 *at, const void *data, size_t len)
{
	memcpy(at, data, len);
	return at + len;
}

static uint8 *
put_u32(uint8 *at, uint32 value)
{
	int			i;

	for (i = 0; i < 4; i++)
		*at++ = (uint8) (value >> (8 * i));
	return at;
}

static uint8 *
put_u64(uint8 *at, uint64 value)
{
	at = put_u32(at, (uint32) value);
	return put_u32(at, (uint32) (value >> 32));
}

void
smc_frame_write_header(uint8 out[SMC_FRAME_HEADER_BYTES], SmcFrameKind kind, int from, int to)
{
	out[0] = (uint8) kind;
	out[1] = (uint8) from;
	out[2] = (uint8) to;
	out[3] = 0;
}

bool
smc_frame_read_header(const uint8 *frame, size_t len, SmcFrameHeader *header)
{
	if (len < SMC_FRAME_HEADER_BYTES || frame[3] != 0 ||
		frame[0] < SMC_FRAME_OFFER || frame[0] > SMC_FRAME_PROBE_ANSWER)
		return false;

	header->kind = (SmcFrameKind) frame[0];
	header->from = frame[1];
	header->to = frame[2];
	return true;
}

SmcFrameKind
smc_frame_kind(const uint8 *frame, size_t len)
{
	SmcFrameHeader header;

	return smc_frame_read_header(frame, len, &header) ? header.kind : SMC_FRAME_NONE;
}

size_t
smc_frame_write_offer(uint8 out[SMC_FRAME_OFFER_MAX], const SmcOffer *offer)
{
	uint8	   *at = out + SMC_FRAME_HEADER_BYTES;
	int			i;

	smc_frame_write_header(out, SMC_FRAME_OFFER, offer->hub, offer->self);
	at = put_bytes(at, SMC_FRAME_MAGIC, SMC_FRAME_MAGIC_BYTES);
	at = put_bytes(at, offer->lane_id, SMC_LANE_ID_BYTES);
	*at++ = (uint8) offer->hub;
	*at++ = (uint8) offer->self;
	*at++ = (uint8) offer->party_count;
	for (i = 0; i < offer->party_count; i++)
	{
		size_t		name_len = strlen(offer->names[i]);

		at = put_u32(at, (uint32) name_len);
		at = put_bytes(at, offer->names[i], name_len);
	}
	at = put_bytes(at, offer->hub_key, SMC_PUBLIC_KEY_BYTES);
	at = put_bytes(at, offer->hello, SMC_HELLO_BYTES);
	at += smc_rotation_write(&offer->hub_chain, at);
	return at - out;
}

/* The rest of what is read, as a chain; there may be none. */
static bool
read_chain(SmcReader *reader, SmcRotationChain *chain)
{
	size_t		len = reader->len - reader->at;
	const uint8 *data = smc_reader_bytes(reader, len);

	return smc_reader_end(reader) == SMC_OK && smc_rotation_read(chain, data, len) == SMC_OK;
}

bool
smc_frame_read_offer(const uint8 *frame, size_t len, SmcOffer *offer)
{
	SmcFrameHeader header;
	SmcReader	reader;
	uint8		magic[SMC_FRAME_MAGIC_BYTES];
	int			i;
	int			j;

	memset(offer, 0, sizeof(*offer));
	if (!smc_frame_read_header(frame, len, &header) || header.kind != SMC_FRAME_OFFER)
		return false;

	smc_reader_init(&reader, frame + SMC_FRAME_HEADER_BYTES, len - SMC_FRAME_HEADER_BYTES);
	smc_reader_copy(&reader, magic, sizeof(magic));
	if (memcmp(magic, SMC_FRAME_MAGIC, sizeof(magic)) != 0)
		return false;
	smc_reader_copy(&reader, offer->lane_id, SMC_LANE_ID_BYTES);
	offer->hub = smc_reader_u8(&reader);
	offer->self = smc_reader_u8(&reader);
	offer->party_count = smc_reader_u8(&reader);

	if (offer->party_count < SMC_PARTIES_MIN || offer->party_count > SMC_PARTIES_MAX ||
		offer->hub >= offer->party_count || offer->self >= offer->party_count ||
		offer->hub == offer->self ||
		offer->hub != header.from || offer->self != header.to)
		return false;

	for (i = 0; i < offer->party_count; i++)
	{
		smc_reader_text(&reader, offer->names[i], SMC_NAME_MAX);
		/* it will stand in messages and logs: nothing but the agreed letters may pass */
		if (!smc_handshake_is_name(offer->names[i]))
			return false;
		for (j = 0; j < i; j++)
		{
			if (strcmp(offer->names[i], offer->names[j]) == 0)
				return false;
		}
	}
	smc_reader_copy(&reader, offer->hub_key, SMC_PUBLIC_KEY_BYTES);
	smc_reader_copy(&reader, offer->hello, SMC_HELLO_BYTES);
	return read_chain(&reader, &offer->hub_chain);
}

size_t
smc_frame_write_hello(uint8 out[SMC_FRAME_HELLO_MAX], const uint8 *hello, const uint8 *key,
					  const SmcRotationChain *chain)
{
	uint8	   *at = put_bytes(out, hello, SMC_HELLO_BYTES);

	at = put_bytes(at, key, SMC_PUBLIC_KEY_BYTES);
	at += smc_rotation_write(chain, at);
	return at - out;
}

bool
smc_frame_read_hello(const uint8 *body, size_t len, const uint8 **hello,
					 uint8 key[SMC_PUBLIC_KEY_BYTES], SmcRotationChain *chain)
{
	SmcReader	reader;

	smc_reader_init(&reader, body, len);
	*hello = smc_reader_bytes(&reader, SMC_HELLO_BYTES);
	smc_reader_copy(&reader, key, SMC_PUBLIC_KEY_BYTES);
	return read_chain(&reader, chain);
}

void
smc_frame_write_probe(uint8 out[SMC_FRAME_PROBE_BYTES], const uint8 lane_id[SMC_LANE_ID_BYTES])
{
	uint8	   *at = out + SMC_FRAME_HEADER_BYTES;

	smc_frame_write_header(out, SMC_FRAME_PROBE, 0, 0);
	at = put_bytes(at, SMC_FRAME_MAGIC, SMC_FRAME_MAGIC_BYTES);
	put_bytes(at, lane_id, SMC_LANE_ID_BYTES);
}

bool
smc_frame_read_probe(const uint8 *frame, size_t len, uint8 lane_id[SMC_LANE_ID_BYTES])
{
	if (len != SMC_FRAME_PROBE_BYTES || smc_frame_kind(frame, len) != SMC_FRAME_PROBE ||
		memcmp(frame + SMC_FRAME_HEADER_BYTES, SMC_FRAME_MAGIC, SMC_FRAME_MAGIC_BYTES) != 0)
		return false;

	memcpy(lane_id, frame + SMC_FRAME_HEADER_BYTES + SMC_FRAME_MAGIC_BYTES, SMC_LANE_ID_BYTES);
	return true;
}

void
smc_frame_write_answer(uint8 out[SMC_FRAME_ANSWER_BYTES], int64 age_ms)
{
	smc_frame_write_header(out, SMC_FRAME_PROBE_ANSWER, 0, 0);
	put_u64(out + SMC_FRAME_HEADER_BYTES, age_ms < 0 ? PG_UINT64_MAX : (uint64) age_ms);
}

bool
smc_frame_read_answer(const uint8 *frame, size_t len, int64 *age_ms)
{
	SmcReader	reader;
	uint64		age;

	if (len != SMC_FRAME_ANSWER_BYTES || smc_frame_kind(frame, len) != SMC_FRAME_PROBE_ANSWER)
		return false;

	smc_reader_init(&reader, frame + SMC_FRAME_HEADER_BYTES, len - SMC_FRAME_HEADER_BYTES);
	age = smc_reader_u64(&reader);
	if (smc_reader_end(&reader) != SMC_OK)
		return false;
	*age_ms = age > (uint64) PG_INT64_MAX ? -1 : (int64) age;
	return true;
}
