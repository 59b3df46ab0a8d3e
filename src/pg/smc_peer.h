/*
 * Peers as the DBA registered them: foreign servers of the wrapper "smc".
 */
#ifndef SMC_PEER_H
#define SMC_PEER_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "core/smc_handshake.h"
#include "link/smc_dial.h"

typedef struct SmcPeer
{
	Oid			serverid;
	char		name[SMC_NAME_MAX];
	bool		is_self;		/* the server that stands for this database itself */
	bool		has_key;
	bool		follows_rotation;	/* take a new key that the registered one has signed */
	uint8		public_key[SMC_PUBLIC_KEY_BYTES];
} SmcPeer;

/* Find a peer by name.  NULL, or with missing_ok false an error with a hint on CREATE SERVER. */
extern SmcPeer *smc_peer_find(const char *name, bool missing_ok);

/*
 * The parties of a lane by name, in order, with the keys registered here; the
 * own name gets the own key.  Raises for an unregistered peer or one without key.
 */
extern void smc_peer_lane_parties(const List *names, SmcLaneParty *parties, int *self);

/*
 * How to reach the peers, for the given user: libpq options of server and user
 * mapping (the mapping of userid, else PUBLIC's; a peer without any: error with
 * a hint on CREATE USER MAPPING).  Entry self has name NULL.  Palloc'd.
 */
extern SmcDialTarget *smc_peer_targets(const List *names, Oid userid);

/*
 * A digest of everything that a lane depends on here: own key, and for each
 * name server options, mapping and its options, for userid.  Two calls with
 * equal answers may share a lane.  with_mappings false leaves mappings out (at
 * a peer, which dials nobody).
 */
extern void smc_peer_fingerprint(const List *names, Oid userid, bool with_mappings,
								 uint8 out[SMC_KEY_BYTES]);

/* Whether a server belongs to our wrapper. */
extern bool smc_peer_is_server(Oid serverid);

#endif							/* SMC_PEER_H */
