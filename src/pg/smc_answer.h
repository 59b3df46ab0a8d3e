/*
 * The peer's side of a lane: answering what the hub asks, above all one
 * computation after another.
 *
 * Runs in the backend of CALL smc_attach(), outside any transaction.
 * Everything raises; smc_answer_fail is for the handler of that error, after
 * which the lane is over.
 */
#ifndef SMC_ANSWER_H
#define SMC_ANSWER_H

#include "postgres.h"

#include "nodes/pg_list.h"

#include "link/smc_mesh.h"

typedef struct SmcAnswer SmcAnswer;

/*
 * Begin to answer on a lane whose handshake is done, with the parties of that
 * names.  fingerprint is what smc_peer_fingerprint said of them before the
 * handshake.  Lives in context.
 */
extern SmcAnswer *smc_answer_create(MemoryContext context, SmcMesh *mesh, const List *names,
									const uint8 fingerprint[SMC_KEY_BYTES]);

/* Answer the next message if one waits; false when none does. */
extern bool smc_answer_next(SmcAnswer *answer);

/*
 * After an error, which is copied and cleared already and whose transaction is
 * aborted: tell all parties by an ABORT, and write it to the audit and the log.
 * Where the error was but an echo of another party's failure, it becomes that
 * failure.
 */
extern void smc_answer_fail(SmcAnswer *answer, ErrorData *edata);

#endif							/* SMC_ANSWER_H */
