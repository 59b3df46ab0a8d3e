/*
 * Frames as bytes: what the kinds are called, and building and reading those
 * that travel in the clear.
 *
 * Everything read here came from outside.  A reader here never raises: it
 * answers false, and the caller names the culprit.
 */
#ifndef SMC_FRAME_H
#define SMC_FRAME_H

#include "postgres.h"

#include "core/smc_seal.h"
#include "link/smc_mesh.h"

typedef enum SmcFrameKind
{
	SMC_FRAME_NONE = 0,			/* what smc_frame_kind says of a malformed frame */
	SMC_FRAME_OFFER,			/* hub -> peer: the lane proposed */
	SMC_FRAME_HELLO,			/* peer -> everyone */
	SMC_FRAME_AUTH,				/* party -> everyone */
	SMC_FRAME_SEALED,			/* party -> party */
	SMC_FRAME_PROBE,			/* hub -> a fresh backend at a peer: lane id */
	SMC_FRAME_PROBE_ANSWER		/* and back: u64 age of the lane's beat in ms, all ones: no such lane */
} SmcFrameKind;

#define SMC_FRAME_EVERYONE		0xFF	/* in the place of `to` */

/* The longest frame there is, header and authenticator included. */
#define SMC_FRAME_BYTES_MAX \
	(SMC_FRAME_HEADER_BYTES + SMC_FRAME_MAX + SMC_SEAL_OVERHEAD)

/* The longest OFFER: magic, lane id, three indexes, names, key, hello, chain. */
#define SMC_FRAME_MAGIC			"smc lane"
#define SMC_FRAME_MAGIC_BYTES	8
#define SMC_FRAME_OFFER_MAX \
	(SMC_FRAME_HEADER_BYTES + SMC_FRAME_MAGIC_BYTES + SMC_LANE_ID_BYTES + 3 + \
	 SMC_PARTIES_MAX * (4 + SMC_NAME_MAX) + SMC_PUBLIC_KEY_BYTES + SMC_HELLO_BYTES + \
	 SMC_ROTATION_CHAIN_BYTES_MAX)

/* The longest body of a HELLO: hello, key, chain. */
#define SMC_FRAME_HELLO_MAX \
	(SMC_HELLO_BYTES + SMC_PUBLIC_KEY_BYTES + SMC_ROTATION_CHAIN_BYTES_MAX)

#define SMC_FRAME_PROBE_BYTES	(SMC_FRAME_HEADER_BYTES + SMC_FRAME_MAGIC_BYTES + SMC_LANE_ID_BYTES)
#define SMC_FRAME_ANSWER_BYTES	(SMC_FRAME_HEADER_BYTES + 8)

typedef struct SmcFrameHeader
{
	SmcFrameKind kind;
	int			from;
	int			to;				/* a party, or SMC_FRAME_EVERYONE */
} SmcFrameHeader;

/* Write the four bytes at the head of every frame. */
extern void smc_frame_write_header(uint8 out[SMC_FRAME_HEADER_BYTES], SmcFrameKind kind, int from, int to);

/* Read them; false when the frame is too short, of unknown kind, or its zero byte isn't. */
extern bool smc_frame_read_header(const uint8 *frame, size_t len, SmcFrameHeader *header);

/* The kind of a frame, SMC_FRAME_NONE when it has no well-formed header. */
extern SmcFrameKind smc_frame_kind(const uint8 *frame, size_t len);

/* Write an OFFER, returning its length. */
extern size_t smc_frame_write_offer(uint8 out[SMC_FRAME_OFFER_MAX], const SmcOffer *offer);

/* Read an OFFER; false unless it is well-formed to its last byte. */
extern bool smc_frame_read_offer(const uint8 *frame, size_t len, SmcOffer *offer);

/*
 * Write the body of a HELLO, returning its length; and read one: false unless it
 * is well-formed.  *hello then points into the body, and nothing is verified.
 */
extern size_t smc_frame_write_hello(uint8 out[SMC_FRAME_HELLO_MAX], const uint8 *hello,
									const uint8 *key, const SmcRotationChain *chain);
extern bool smc_frame_read_hello(const uint8 *body, size_t len, const uint8 **hello,
								 uint8 key[SMC_PUBLIC_KEY_BYTES], SmcRotationChain *chain);

/* Write and read a PROBE and its answer; age_ms below 0 means that there is no such lane. */
extern void smc_frame_write_probe(uint8 out[SMC_FRAME_PROBE_BYTES], const uint8 lane_id[SMC_LANE_ID_BYTES]);
extern bool smc_frame_read_probe(const uint8 *frame, size_t len, uint8 lane_id[SMC_LANE_ID_BYTES]);
extern void smc_frame_write_answer(uint8 out[SMC_FRAME_ANSWER_BYTES], int64 age_ms);
extern bool smc_frame_read_answer(const uint8 *frame, size_t len, int64 *age_ms);

#endif							/* SMC_FRAME_H */
