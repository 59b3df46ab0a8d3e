/*
 * Confinement of the sessions that peers log in with: CALL smc_attach(), and
 * nothing else.
 */
#ifndef SMC_GUARD_H
#define SMC_GUARD_H

#include "postgres.h"

/* Install the hooks; from _PG_init, while shared_preload_libraries are loaded. */
extern void smc_guard_init(void);

/*
 * Whether this is a session of a peer: its session user is a member of
 * smc_link and no superuser.  Needs a transaction.
 */
extern bool smc_guard_is_link_session(void);

/*
 * Between these two, queries that our own code runs pass.  Only within a CALL
 * smc_attach() that the guard let through; in any other session they do
 * nothing.  Whatever way that CALL ends, an error included, the guard is up
 * again; a commit or rollback in between doesn't matter.
 */
extern void smc_guard_enter_attach(void);
extern void smc_guard_leave_attach(void);

#endif							/* SMC_GUARD_H */
