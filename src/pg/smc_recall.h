/*
 * All parties' histories of a study brought together, before the local part of a
 * computation whose conditions are compared with earlier ones.
 *
 *   peer -> hub    KNOWN    what it knows (smc_history_write)
 *   hub -> peers   HISTORY  what all know together
 *
 * Each message is a u64, the computation's seq, and the history.
 *
 * Every party has put down what the computation asks for before it says what it
 * knows (smc_history_register), so of two computations at once at least one knows
 * of the other, whatever lanes they run on.  Every peer insists that the hub's
 * list holds all that it knows itself; the bytes of the list are in what the
 * masks are bound to, so that a hub that sends different lists gets nothing.
 */
#ifndef SMC_RECALL_H
#define SMC_RECALL_H

#include "postgres.h"

#include "link/smc_mesh.h"
#include "pg/smc_history_store.h"

/* A computation, and how its process waits. */
typedef struct SmcRecall
{
	SmcHistoryRun run;			/* with the layout as it is without a history */
	SmcMesh    *mesh;
	uint64		seq;
	void		(*on_idle) (void *arg); /* called often while waiting; may raise */
	void	   *arg;
	List	   *known;			/* smc_recall_begin: what is known here */
	uint16		told_by;		/* at the hub: who has said what it knows */
	List	   *told;			/* that */
} SmcRecall;

/*
 * Put down what the computation asks for, in a short transaction that the next one
 * is to flush.  Does nothing, as do the others, where the layout has no sets.
 */
extern void smc_recall_begin(SmcRecall *recall);

/* Take a KNOWN, which may come to the hub at any time after COMPUTE. */
extern void smc_recall_note(SmcRecall *recall, SmcMessage *message);

/*
 * The hub's end, and a peer's, after smc_recall_begin.  Returns the list's bytes,
 * the same at all parties; NULL where there are no sets.  At the peer they are
 * checked to hold its own; what is in them is for smc_history_check.
 */
extern bytea *smc_recall_by_hub(SmcRecall *recall);
extern bytea *smc_recall_by_peer(SmcRecall *recall);

/* The list in such bytes, which it points to; uses_len is the study's. */
extern List *smc_recall_list(const bytea *bytes, uint32 uses_len);

#endif							/* SMC_RECALL_H */
