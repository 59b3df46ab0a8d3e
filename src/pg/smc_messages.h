/*
 * Messages between parties above the mesh: types and layouts.
 *
 * All integers little-endian, text and bytes with a u32 length (core/smc_bytes.h).
 * seq is the lane's own computation number, from 1, checked to be the next by
 * every party; it is in the context of the masks, which so never repeat.
 */
#ifndef SMC_MESSAGES_H
#define SMC_MESSAGES_H

#include "link/smc_mesh.h"

typedef enum SmcLaneMessage
{
	/* hub -> all: text study.  Each party answers to every other with CONSENT. */
	SMC_MSG_AGREE = SMC_MSG_USER,
	/* party -> all others: smc_consent_write */
	SMC_MSG_CONSENT,
	/*
	 * hub -> peers: u64 seq, 16 id, text study, 32 digest, text role of the
	 * asker, blob query, u64 timeout_ms.
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
	SMC_MSG_HERE
} SmcLaneMessage;

#endif							/* SMC_MESSAGES_H */
