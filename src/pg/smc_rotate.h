/*
 * Keys that are replaced: our own, and those of peers as we follow them.
 */
#ifndef SMC_ROTATE_H
#define SMC_ROTATE_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "link/smc_mesh.h"

/*
 * What our end of a lane is to know: our own statements, and which parties we
 * follow (option accept_rotation of their servers).  Needs a transaction.
 */
extern void smc_rotate_mesh_keys(const SmcLaneParty *parties, int party_count, int self,
								 SmcMeshKeys *keys);

/* Whether the handshake of a lane followed any party to a new key. */
extern bool smc_rotate_has_followed(const SmcMesh *mesh);

/*
 * Register these keys here, and write them to log and key log.  Raises
 * ERRCODE_OBJECT_IN_USE when the lane's keys, followed ones included, aren't
 * those registered in the end, since someone else has changed some meanwhile.
 * Needs a transaction that will commit.
 */
extern void smc_rotate_register(const SmcMesh *mesh, const List *names);

/*
 * Read our secret key for a lane that was prepared with these parties; the
 * caller wipes it.  Raises ERRCODE_OBJECT_IN_USE when it is another one's by now.
 */
extern void smc_rotate_secret(const SmcLaneParty *self, uint8 out[SMC_SECRET_KEY_BYTES]);

#endif							/* SMC_ROTATE_H */
