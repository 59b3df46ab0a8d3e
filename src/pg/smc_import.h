/*
 * IMPORT FOREIGN SCHEMA: a peer's studies as foreign tables here.
 */
#ifndef SMC_IMPORT_H
#define SMC_IMPORT_H

#include "postgres.h"

#include "nodes/parsenodes.h"

/*
 * The wrapper's ImportForeignSchema: asks the peer for its studies that name
 * this party and returns CREATE FOREIGN TABLE commands for those wanted, on
 * this party's own server.  The peer offers them in one schema, "smc".
 */
extern List *smcImportForeignSchema(ImportForeignSchemaStmt *stmt, Oid serverOid);

#endif							/* SMC_IMPORT_H */
