/*
 * The rows of smc_key_log: how the keys of parties changed, our own and those
 * of peers, as this party followed or set them.
 *
 * A row is either signed, a party's own statement that its key is replaced
 * (core/smc_rotation.h), or not: a person's ALTER SERVER, which pins the key
 * anew.  What is older than a pin doesn't count any more: no chain goes past it.
 *
 * LOCKING: whoever changes the key of a server of ours, or the identity, takes
 * smc_key_log_lock first, before any other lock of that business.
 */
#ifndef SMC_KEY_LOG_H
#define SMC_KEY_LOG_H

#include "postgres.h"

#include "core/smc_rotation.h"

/* Lock the log against other writers until the end of the transaction. */
extern void smc_key_log_lock(void);

/* Add a party's signed statement.  Needs the lock. */
extern void smc_key_log_add(const char *party, const SmcRotation *rotation);

/*
 * Add that a role set a party's key by hand; a key is NULL where there was, or
 * is, none.  Needs the lock.
 */
extern void smc_key_log_add_pin(const char *party, const char *old_key, const char *new_key,
								const char *role);

/*
 * The newest statements of a party that lead to this key of it, at most
 * SMC_ROTATIONS_MAX; none when the key came about in another way.  Not verified
 * again.
 */
extern void smc_key_log_chain(const char *party, const uint8 key[SMC_PUBLIC_KEY_BYTES],
							  SmcRotationChain *chain);

/* Whether verified statements of the party lead from one key to another, in any number of steps. */
extern bool smc_key_log_leads(const char *party, const uint8 from[SMC_PUBLIC_KEY_BYTES],
							  const uint8 to[SMC_PUBLIC_KEY_BYTES]);

#endif							/* SMC_KEY_LOG_H */
