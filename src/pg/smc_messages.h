/*
 * Messages between parties above the mesh: types and layouts.
 *
 * All integers little-endian, text and bytes with a u32 length (core/smc_bytes.h).
 * Text is UTF-8 on the link, whatever each database's encoding; names are
 * bounded.  seq is the lane's own computation number, from 1, checked to be
 * the next by every party; it is in the context of the masks, which so never
 * repeat.
 */
#ifndef SMC_MESSAGES_H
#define SMC_MESSAGES_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "lib/stringinfo.h"

#include "core/smc_bytes.h"
#include "link/smc_mesh.h"

typedef enum SmcLaneMessage
{
	/*
	 * hub -> all: text study, u64 timeout_ms.  Each party answers to every
	 * other with CONSENT.
	 */
	SMC_MSG_AGREE = SMC_MSG_USER,
	/* party -> all others: smc_consent_write */
	SMC_MSG_CONSENT,
	/*
	 * hub -> peers: u64 seq, 16 id, text study, 32 digest, text role of the
	 * asker, u64 timeout_ms, blob query.
	 */
	SMC_MSG_COMPUTE,
	/* peer -> hub: u64 seq, u64 microseconds of its local part; once its shares have left */
	SMC_MSG_CONTRIBUTED,
	/* hub -> peers: u64 seq: all parties contributed, the computation is complete */
	SMC_MSG_END,
	/* hub -> peer: nothing; answered with TELL: u32 count, text definition each */
	SMC_MSG_STUDIES,
	SMC_MSG_TELL,
	/* hub -> peer: nothing; answered with HERE: text extension version, u32 server_version_num */
	SMC_MSG_WHO,
	SMC_MSG_HERE,
	/*
	 * peer -> all others: u64 seq, 32 binding, u8 approved, u64 when, text
	 * reason.  In a study with approve 'each': what people there decided.  The
	 * reason of a refusal goes to the hub alone, others get it empty.
	 */
	SMC_MSG_DECISION,
	/* where the study's queries are counted, u64 seq each: pg/smc_claim.h */
	SMC_MSG_READY,
	SMC_MSG_CLAIM,
	SMC_MSG_CLAIMED,
	SMC_MSG_COUNT,
	/* where conditions are compared with earlier ones, u64 seq and a history each: pg/smc_recall.h */
	SMC_MSG_KNOWN,
	SMC_MSG_HISTORY,
	/*
	 * party -> all others, before a computation that uses or keeps secrets: u64
	 * seq, u32 count, of each name in the query u8 SmcSecretState, 16 id.
	 */
	SMC_MSG_HOLDINGS
} SmcLaneMessage;

/* Bytes of a name (party, study, role) as UTF-8, with its NUL, on the link. */
#define SMC_WIRE_NAME_MAX		(4 * NAMEDATALEN)

typedef struct SmcAgreeMessage
{
	char		study[NAMEDATALEN];
	uint64		timeout_ms;
} SmcAgreeMessage;

typedef struct SmcComputeMessage
{
	uint64		seq;
	uint8		id[SMC_UUID_BYTES];
	char		study[NAMEDATALEN];
	uint8		digest[SMC_KEY_BYTES];
	char		role[NAMEDATALEN];	/* who asks, at the hub, as it says */
	uint64		timeout_ms;
	bytea	   *query;			/* smc_query_write */
} SmcComputeMessage;

typedef struct SmcDecisionMessage
{
	uint64		seq;
	uint8		binding[SMC_KEY_BYTES]; /* to the computation: pg/smc_approval.c */
	bool		approved;
	TimestampTz at;				/* by that party's clock */
	char	   *reason;			/* "": none */
} SmcDecisionMessage;

/* A message that says no more than of which computation it is. */
extern void smc_messages_post_seq(SmcMesh *mesh, int to, uint8 type, uint64 seq);

/* Check and free such a message, of that type and computation; raises naming the sender. */
extern void smc_messages_expect_seq(const SmcMesh *mesh, SmcMessage *message, uint8 type, uint64 seq);

/*
 * Writers of parts, for messages that are built by hand.  Text goes out as
 * UTF-8.
 */
extern void smc_messages_put_u8(StringInfo buf, uint8 value);
extern void smc_messages_put_u32(StringInfo buf, uint32 value);
extern void smc_messages_put_u64(StringInfo buf, uint64 value);
extern void smc_messages_put_blob(StringInfo buf, const void *data, size_t len);
extern void smc_messages_put_text(StringInfo buf, const char *text);

/*
 * Read a text of at most SMC_WIRE_TEXT_MAX bytes in the database's encoding,
 * or a name into out.  Text that doesn't fit, or doesn't exist in this
 * encoding, fails the reader.
 */
extern char *smc_messages_get_text(SmcReader *reader);
extern void smc_messages_get_name(SmcReader *reader, char out[NAMEDATALEN]);

/* Raise ERRCODE_PROTOCOL_VIOLATION naming the sender unless all was read and well. */
extern void smc_messages_end(const SmcReader *reader, const char *what, const char *from);

/* Whole messages.  Parsers raise as smc_messages_end does; results are palloc'd. */
extern void smc_messages_write_agree(StringInfo buf, const SmcAgreeMessage *message);
extern void smc_messages_read_agree(const SmcMessage *raw, const char *from, SmcAgreeMessage *message);
extern void smc_messages_write_compute(StringInfo buf, const SmcComputeMessage *message);
extern void smc_messages_read_compute(const SmcMessage *raw, const char *from, SmcComputeMessage *message);
extern void smc_messages_write_decision(StringInfo buf, const SmcDecisionMessage *message);
extern void smc_messages_read_decision(const SmcMessage *raw, const char *from, SmcDecisionMessage *message);

/* Raise ERRCODE_PROTOCOL_VIOLATION: a message that has no place here. */
extern void smc_messages_unexpected(const SmcMessage *raw, const char *from) pg_attribute_noreturn();

#endif							/* SMC_MESSAGES_H */
