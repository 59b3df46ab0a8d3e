/*
 * The lane worker: a background worker that holds the links of one lane and
 * serves one request after another on them.
 */
#ifndef SMC_WORKER_H
#define SMC_WORKER_H

#include "postgres.h"

/* Entry point; main_arg is the slot in the pool, bgw_extra its generation. */
extern PGDLLEXPORT void smc_worker_main(Datum main_arg);

#endif							/* SMC_WORKER_H */
