/*
 * What core's writer has written, as PostgreSQL's own bytes.
 */
#ifndef SMC_BYTEA_H
#define SMC_BYTEA_H

#include "postgres.h"

#include "core/smc_bytes.h"

/*
 * Call write, with what, on a new writer, and return what it has written,
 * palloc'd.  write may raise.  Raises ERRCODE_OUT_OF_MEMORY itself.
 */
extern bytea *smc_bytea_collect(void (*write) (SmcWriter *writer, const void *what),
								const void *what);

#endif							/* SMC_BYTEA_H */
