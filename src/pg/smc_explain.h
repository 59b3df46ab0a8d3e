/*
 * EXPLAIN of a joint query: what would be asked, sent and revealed.
 */
#ifndef SMC_EXPLAIN_H
#define SMC_EXPLAIN_H

#include "postgres.h"

#include "nodes/execnodes.h"

struct ExplainState;

extern void smcExplainForeignScan(ForeignScanState *node, struct ExplainState *es);

#endif							/* SMC_EXPLAIN_H */
