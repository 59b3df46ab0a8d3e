/*
 * Short transactions of the lane worker and of smc_attach().
 *
 * An idle lane holds no transaction and no snapshot, and neither does one that
 * waits for other parties; what touches the catalogs is wrapped in one of these.
 */
#ifndef SMC_TRANSACTION_H
#define SMC_TRANSACTION_H

#include "postgres.h"

/* Start a transaction and push its snapshot.  Keeps CurrentMemoryContext. */
extern void smc_transaction_begin(void);

/* Commit; what was written is flushed to disk when this returns.  Keeps CurrentMemoryContext. */
extern void smc_transaction_commit_flushed(void);

/* Commit without waiting for the disk: for what may be lost in a crash. */
extern void smc_transaction_commit_lazy(void);

/*
 * In a procedure: end the transaction that CALL came with, and open one again
 * to return with.
 */
extern void smc_transaction_leave_call(void);
extern void smc_transaction_return_to_call(void);

/* After an error: abort whatever is open.  Keeps CurrentMemoryContext. */
extern void smc_transaction_abort(void);

#endif							/* SMC_TRANSACTION_H */
