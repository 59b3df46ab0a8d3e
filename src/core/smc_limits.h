/*
 * Every limit of the protocol, in one place.
 *
 * Two parties that differ in one of these speak different protocols: change
 * one, and raise SMC_PROTOCOL_VERSION.  The same holds for the parameters of one
 * protocol alone (its batches, its codes), which stand in its own header.
 */
#ifndef SMC_LIMITS_H
#define SMC_LIMITS_H

#define SMC_PROTOCOL_VERSION	1	/* newest version spoken */
#define SMC_PROTOCOL_OLDEST		1	/* oldest version still spoken */

#define SMC_PARTIES_MIN			2
#define SMC_PARTIES_MAX			16	/* a set of parties fits a uint16_t mask */
#define SMC_NAME_MAX			64	/* a party's name with its NUL */

#define SMC_FRAME_MAX			(256 * 1024)	/* bytes of a sealed frame's text */
#define SMC_MESSAGE_MAX			(64 * 1024 * 1024)	/* bytes of a whole message */
#define SMC_INBOX_MAX			(256 * 1024 * 1024)	/* bytes waiting from one peer */

#define SMC_ELEMENTS_MAX		(1 << 20)	/* ring elements in one computation */
#define SMC_COUNT_BITS			40	/* of a joint count of rows, where it takes part in a formula */
#define SMC_WIDTH_MAX			512 /* bits of the widest ring */
#define SMC_SCALE_MAX			30	/* decimal digits kept after the point */
#define SMC_FLOAT_SCALE			12	/* the same of a float that declares none */

#define SMC_DEFINITION_MAX		(1024 * 1024)	/* bytes of a study's canonical text */
#define SMC_QUERY_BYTES_MAX		(1024 * 1024)	/* bytes of a query */
#define SMC_QUERY_GROUPS_MAX	8
#define SMC_QUERY_AGGS_MAX		256
#define SMC_BUCKETS_MAX			256 /* of one histogram */
#define SMC_TALLIES_MAX			2048	/* values and buckets whose rows one query counts */
#define SMC_ROWSET_BYTES_MAX	(128 * 1024)	/* bytes of a condition that later ones are compared with */
#define SMC_HISTORY_DEFAULT		32	/* earlier conditions that a new one is compared with, where min_rows is set */
#define SMC_HISTORY_MAX			256 /* the most that a study may agree on */
#define SMC_HISTORY_LISTED_MAX	1024	/* the same of all parties' histories together, should they differ */
#define SMC_GAPS_MAX			4096	/* comparisons of conditions in one query */
#define SMC_GAP_LINKS_MAX		(1 << 22)	/* the same times groups */
#define SMC_EXPR_DEPTH_MAX		64
#define SMC_EXPR_NODES_MAX		4096	/* nodes of all expressions of one query together */
#define SMC_EXPR_CONST_MAX		(64 * 1024)	/* bytes of one constant's text */
#define SMC_OP_NAME_MAX			24	/* an operation's name on the wire, with its NUL */
#define SMC_OP_ARGS_MAX			1024	/* arguments of AND, OR, CASE, COALESCE, ... */
#define SMC_ABORT_TEXT_MAX		256 /* an ABORT's text with its NUL */
#define SMC_WIRE_TEXT_MAX		2048	/* bytes of other short texts */

#define SMC_KEY_BYTES			32	/* symmetric keys, seeds, digests */
#define SMC_PUBLIC_KEY_BYTES	32	/* Ed25519 */
#define SMC_SECRET_KEY_BYTES	64	/* Ed25519, libsodium's form */
#define SMC_SIGNATURE_BYTES		64	/* Ed25519 */
#define SMC_LANE_ID_BYTES		32
#define SMC_ROTATIONS_MAX		16	/* statements of a new key that a party shows */
#define SMC_FRAME_HEADER_BYTES	4
#define SMC_UUID_BYTES			16

#endif							/* SMC_LIMITS_H */
