/*
 * The inside of a mesh, shared by the files that make it up: smc_mesh.c (life,
 * sending), smc_mesh_receive.c, smc_mesh_abort.c, smc_mesh_handshake.c and
 * smc_mesh_channel.c.  Nobody else includes this.
 */
#ifndef SMC_MESH_STATE_H
#define SMC_MESH_STATE_H

#include "postgres.h"

#include "lib/ilist.h"

#include "core/smc_handshake.h"
#include "core/smc_seal.h"
#include "link/smc_frame.h"
#include "link/smc_mesh.h"
#include "link/smc_queue.h"

/* What a waiting message costs beside its bytes, so that empty ones count too. */
#define SMC_MESH_LETTER_OVERHEAD	128

/* Bytes of a frame's text that say what the rest is: type and more. */
#define SMC_MESH_TEXT_HEADER		2

typedef enum SmcMeshState
{
	SMC_MESH_JOINING,			/* the handshake */
	SMC_MESH_OPEN,
	SMC_MESH_BROKEN				/* a frame was bad: nothing more is read */
} SmcMeshState;

/* A message that waits in the mesh's one line, or that arrives in pieces. */
typedef struct SmcMeshLetter
{
	dlist_node	node;
	uint64		serial;			/* of the frame that completed it */
	SmcMessage	message;
} SmcMeshLetter;

typedef struct SmcMeshParty
{
	char		name[SMC_NAME_MAX];
	uint8		key[SMC_PUBLIC_KEY_BYTES];
	SmcRotationChain *followed; /* from the registered key to this one; NULL: it is the registered one */
	TimestampTz heard;
	SmcQueue	data;			/* DATA bytes for the channel */
	uint64		data_serial;	/* of the frame whose bytes came first of those in data */
	bool		in_pieces;		/* a message's first pieces are in part */
	uint8		part_type;
	uint8	   *part;
	size_t		part_len;
	size_t		part_cap;
	size_t		letters_len;	/* bytes of its messages in the line */
} SmcMeshParty;

/* All that must be wiped, in one place. */
typedef struct SmcMeshSecrets
{
	SmcHandshake handshake;
	bool		have_keys;		/* the handshake is over: the rest is filled in */
	SmcSeal		send[SMC_PARTIES_MAX];
	SmcSeal		receive[SMC_PARTIES_MAX];
	uint8		seeds[SMC_PARTIES_MAX][SMC_KEY_BYTES];
	size_t		text_len;		/* how much of text is in use */
	uint8		text[SMC_FRAME_MAX];	/* a frame's text, opened */
} SmcMeshSecrets;

struct SmcMesh
{
	MemoryContext context;
	MemoryContextCallback callback;
	SmcTransport *transport;
	SmcMeshState state;
	int			self;
	int			hub;
	int			party_count;
	int			version;
	uint8		lane_id[SMC_LANE_ID_BYTES];
	SmcMeshParty parties[SMC_PARTIES_MAX];
	SmcMeshKeys keys;
	SmcMeshSecrets *secrets;
	uint8	   *frame;			/* a frame being built */

	uint64		serial;			/* frames that arrived for us */
	uint64		taken_serial;	/* serial of the message last taken */
	dlist_head	letters;
	int			abort_count;	/* ABORTs among them */

	SmcMeshStats stats;

	/* the channel */
	void		(*on_idle) (void *arg);
	void	   *idle_arg;
	long		idle_interval;
	TimestampTz idle_at;		/* when on_idle was last called */
	ErrorData  *error;			/* why the channel failed */
};

/* Mark the mesh broken and raise a violation by a party; what is a sentence. */
extern void smc_mesh_violation(SmcMesh *mesh, int party, const char *what) pg_attribute_noreturn();

/* Raise for a status of core that is neither fine nor the peer's fault. */
extern void smc_mesh_check(SmcStatus status, const char *doing);

/* The transport's pump and send, with the neighbour found. */
extern void smc_mesh_send_frame(SmcMesh *mesh, int to, const uint8 *frame, size_t len);

/* Begin the handshake of a new mesh; take what arrives of it (smc_mesh_handshake.c). */
extern void smc_mesh_handshake_begin(SmcMesh *mesh, const SmcLaneParty *parties, const uint8 *identity);
extern void smc_mesh_handshake_take_offer(SmcMesh *mesh, const SmcOffer *offer);
extern void smc_mesh_handshake_take_hello(SmcMesh *mesh, int from, const uint8 *body, size_t len);
extern void smc_mesh_handshake_take_auth(SmcMesh *mesh, int from, const uint8 *body, size_t len);

#endif							/* SMC_MESH_STATE_H */
