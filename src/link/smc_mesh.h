/*
 * One party's end of a lane: sealed streams to every other party.
 *
 * The parties form a star.  The hub has a transport to each peer, a peer has
 * one to the hub.  A frame says from whom it is and for whom; what is not for
 * the hub passes through it sealed with a key that it does not have.  Above
 * the frames stand messages: a type, a length, bytes.  A message longer than a
 * frame travels in pieces and arrives whole.
 *
 * A mesh never waits by itself: smc_mesh_wait asks the transport to move bytes
 * and returns when something happened.  Everything raises by ereport, except
 * the channel for core protocols, which returns SMC_ERR_CHANNEL and keeps the
 * error for smc_mesh_channel_rethrow.
 *
 * Frame: u8 kind, u8 from, u8 to, u8 zero, then a body by kind:
 *   OFFER   hub -> peer      what lane is proposed, the hub's hello, identity key
 *                            and chain (plain)
 *   HELLO   peer -> everyone hello, identity key, chain (plain)
 *   AUTH    party -> everyone signature (plain)
 *   SEALED  party -> party   ciphertext; the 4 header bytes are authenticated
 * The text of a SEALED frame: u8 message type, u8 more (0 or 1), bytes.
 * The identity key in an OFFER or HELLO is only compared with the one that is
 * registered here, so that the right party is named when they differ: what all
 * sign covers all keys as the signer knows them, so one wrong key would make
 * every signature fail.  The chain holds a party's signed statements of its new
 * keys (core/smc_rotation.h; nothing, where it never had another): where it leads
 * from the registered key to the one told, that one is expected from here on,
 * and after the handshake, by which it is proved, the caller registers it.  HELLO
 * and AUTH have 255 in the place of `to`: the hub
 * passes each on to all others at once, so that whoever is through with the
 * handshake can speak sealed at once, and everyone else is through before
 * hearing it.
 *
 * No deadlock: an endpoint that can't write keeps reading into its inbox, so
 * every link out of the hub always drains, and so does the hub.  Bounds: an
 * endpoint holds at most SMC_INBOX_MAX from each party, more is a violation;
 * an endpoint's channel stops sending at SMC_BACKLOG_MAX and reads until its
 * bytes have left; the hub stops reading from whoever has filled another
 * party's queue to SMC_RELAY_MAX, and goes on when it is half empty.  Who is
 * stopped that way waits for that other party, which waits for nobody.
 */
#ifndef SMC_MESH_H
#define SMC_MESH_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "core/smc_channel.h"
#include "core/smc_handshake.h"
#include "core/smc_limits.h"
#include "core/smc_rotation.h"

typedef struct SmcMesh SmcMesh;

#define SMC_BACKLOG_MAX		(1024 * 1024)	/* bytes a channel leaves unsent before it waits */
#define SMC_RELAY_MAX		(32 * 1024 * 1024)	/* bytes that wait at the hub for one party */
#define SMC_MESH_IDLE_MS	1000	/* how often on_idle is called, unless set otherwise */

/* Message types.  Those below SMC_MSG_USER are the mesh's own. */
typedef enum SmcMessageType
{
	SMC_MSG_DATA = 1,			/* bytes of a protocol, for the channel */
	SMC_MSG_PING,				/* answered with PONG by the mesh itself */
	SMC_MSG_PONG,
	SMC_MSG_ABORT,				/* u32 sqlstate, text: the computation and the lane end */
	SMC_MSG_USER = 16			/* further types: pg/smc_messages.h */
} SmcMessageType;

typedef struct SmcMessage
{
	int			from;
	uint8		type;
	size_t		len;
	uint8	   *data;			/* palloc'd; smc_mesh_free_message */
} SmcMessage;

/*
 * How frames move between this process and its neighbours.  The hub's
 * implementation (smc_dial) has a libpq connection per peer, a peer's
 * (smc_port) has its own client connection.
 */
typedef struct SmcTransport
{
	/* Queue a frame for a neighbour.  Does not wait.  Raises when the link is broken. */
	void		(*send) (struct SmcTransport *transport, int to, const uint8 *frame, size_t len);

	/*
	 * Move bytes both ways; hand each arrived frame to
	 * smc_mesh_receive_frame(mesh, neighbour, ...).  Returns at once when
	 * something moved, else waits for a socket, the latch (which is reset), or
	 * timeout_ms (0: don't wait, leave the latch alone; -1: no limit).  Calls
	 * CHECK_FOR_INTERRUPTS.  Returns whether the latch was set.  Raises when a
	 * link is found broken, but not before the call after the one in which
	 * that link's last frames were handed in.
	 */
	bool		(*pump) (struct SmcTransport *transport, SmcMesh *mesh, long timeout_ms);

	/* Bytes queued for a neighbour and not yet handed to the kernel. */
	size_t		(*backlog) (struct SmcTransport *transport, int to);

	/* Whether the link to a neighbour still stands, so that send will not raise. */
	bool		(*is_open) (struct SmcTransport *transport, int to);
} SmcTransport;

typedef struct SmcMeshStats
{
	uint64		bytes_sent;		/* of frames, relayed ones not counted */
	uint64		bytes_received;
	uint64		bytes_relayed;
} SmcMeshStats;

/*
 * Keys that were replaced: what we show of our own, and whose statements we
 * follow.
 */
typedef struct SmcMeshKeys
{
	SmcRotationChain own;		/* leads to our key; or empty */
	uint16		follow;			/* mask of parties */
} SmcMeshKeys;

/*
 * Create the hub's end over parties[0..party_count); the lane's random id is
 * made here.  Everything lives in a context below parent, wiped at its reset.
 * identity is the Ed25519 secret key, copied and wiped after the handshake.
 */
extern SmcMesh *smc_mesh_create_hub(MemoryContext parent, SmcTransport *transport, int self,
									int party_count, const SmcLaneParty *parties,
									const SmcMeshKeys *keys, const uint8 *identity);

/*
 * What a hub proposes, as a peer reads it: the names in order; the peer looks
 * up the keys in its own registry, never in what it was sent.
 */
typedef struct SmcOffer
{
	uint8		lane_id[SMC_LANE_ID_BYTES];
	int			hub;
	int			self;			/* which of the names the hub takes us for */
	int			party_count;
	char		names[SMC_PARTIES_MAX][SMC_NAME_MAX];
	uint8		hub_key[SMC_PUBLIC_KEY_BYTES];	/* as the hub says, to compare and never to trust */
	uint8		hello[SMC_HELLO_BYTES];
	SmcRotationChain hub_chain; /* nothing of it verified */
} SmcOffer;

/*
 * Parse an OFFER frame (header included).  Raises ERRCODE_PROTOCOL_VIOLATION
 * when malformed: the names are all different, and ones that a party may have.
 */
extern void smc_mesh_read_offer(const uint8 *frame, size_t len, SmcOffer *offer);

/* Create a peer's end from an offer, with the keys this party has registered. */
extern SmcMesh *smc_mesh_create_peer(MemoryContext parent, SmcTransport *transport,
									 const SmcOffer *offer, const SmcLaneParty *parties,
									 const SmcMeshKeys *keys, const uint8 *identity);

/*
 * Run the handshake to its end or raise within timeout_ms: every party proved
 * to hold the key registered here under its name.  All failures of
 * authentication read the same and name the party.
 */
extern void smc_mesh_handshake(SmcMesh *mesh, long timeout_ms);

/*
 * After the handshake: the key that a party proved to hold; and where that isn't
 * the one registered here, the verified statements that lead from that one to
 * it, else NULL.
 */
extern const uint8 *smc_mesh_party_key(const SmcMesh *mesh, int party);
extern const SmcRotationChain *smc_mesh_followed(const SmcMesh *mesh, int party);

/* Hand in a frame that arrived from a neighbour: opened, queued or relayed.  Raises on a bad frame. */
extern void smc_mesh_receive_frame(SmcMesh *mesh, int neighbour, const uint8 *frame, size_t len);

/* Seal and queue a message.  Does not wait. */
extern void smc_mesh_post(SmcMesh *mesh, int to, uint8 type, const void *data, size_t len);

/* The same to every other party. */
extern void smc_mesh_broadcast(SmcMesh *mesh, uint8 type, const void *data, size_t len);

/*
 * Queue an ABORT for every other party that can still be reached.  For use
 * after a failure: never raises because of a link.  Does nothing before the
 * handshake's end.
 */
extern void smc_mesh_abort(SmcMesh *mesh, int sqlstate, const char *text);

/*
 * Read an ABORT: an SQLSTATE that is one of an error, and text of printable
 * ASCII, whatever the peer sent.
 */
extern void smc_mesh_read_abort(const SmcMessage *message, int *sqlstate,
								char text[SMC_ABORT_TEXT_MAX]);

/* Raise what an ABORT means: computation failed at that peer. */
extern void smc_mesh_raise_abort(const SmcMesh *mesh, const SmcMessage *message) pg_attribute_noreturn();

/*
 * Take the oldest waiting message that is not DATA, PING or PONG, from anyone.
 * An ABORT from a peer is a message like any other here; while a channel
 * waits, it fails the channel.  False when none waits.
 */
extern bool smc_mesh_next(SmcMesh *mesh, SmcMessage *message);

/* Wait until smc_mesh_next might have something, the latch was set, or timeout_ms passed. */
extern void smc_mesh_wait(SmcMesh *mesh, long timeout_ms);

/* Move what can be moved without waiting (post, then carry on with something else). */
extern void smc_mesh_flush(SmcMesh *mesh);

extern void smc_mesh_free_message(SmcMessage *message);

/* When a frame from this party last arrived; at a peer, any frame is from the hub too. */
extern TimestampTz smc_mesh_last_heard(const SmcMesh *mesh, int party);

/* Count a neighbour as heard: a transport says so of one that it does not read from for a while. */
extern void smc_mesh_note_heard(SmcMesh *mesh, int neighbour);

/*
 * Between computations: raise ERRCODE_PROTOCOL_VIOLATION naming the party if
 * there are DATA bytes that nobody took.  At the hub there must be none at
 * all.  At a peer only those count that arrived before the message last taken
 * by smc_mesh_next: a quick peer's DATA of the next computation may already be
 * there, but never ahead of the hub's word that this one ended.
 */
extern void smc_mesh_expect_quiet(SmcMesh *mesh);

/*
 * A channel for core's protocols over DATA messages.  on_idle (may be NULL) is
 * called every SMC_MESH_IDLE_MS of waiting, about, and whenever the latch was
 * set; it may raise (liveness checks, asker gone).
 */
extern void smc_mesh_channel_init(SmcMesh *mesh, SmcChannel *channel,
								  void (*on_idle) (void *arg), void *arg);

/* Change how often that is, for instance while a probe runs. */
extern void smc_mesh_set_idle_interval(SmcMesh *mesh, long interval_ms);

/* After a protocol returned SMC_ERR_CHANNEL: raise what really happened. */
extern void smc_mesh_channel_rethrow(SmcMesh *mesh) pg_attribute_noreturn();

/* The pair's common seed, for smc_sum_share: party_count rows, own row zero.  Secret. */
extern const uint8_t (*smc_mesh_seeds(const SmcMesh *mesh))[SMC_KEY_BYTES];

extern int	smc_mesh_self(const SmcMesh *mesh);
extern int	smc_mesh_hub(const SmcMesh *mesh);
extern int	smc_mesh_party_count(const SmcMesh *mesh);
extern const char *smc_mesh_party_name(const SmcMesh *mesh, int party);
extern const uint8 *smc_mesh_lane_id(const SmcMesh *mesh);
extern int	smc_mesh_version(const SmcMesh *mesh);	/* protocol version agreed */
extern SmcMeshStats smc_mesh_stats(const SmcMesh *mesh);

#endif							/* SMC_MESH_H */
