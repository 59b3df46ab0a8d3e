/*
 * The SQL type smc_share, as it is stored.
 *
 * 18 bytes of fixed length, alignment 1: the ring element (little-endian), the
 * digits after the point of the value, and in how many shares it was split.
 */
#ifndef SMC_SHARETYPE_H
#define SMC_SHARETYPE_H

#include "postgres.h"

#include "fmgr.h"

#include "core/smc_ring.h"

#define SMC_SHARE_BYTES		(SMC_RING128_BYTES + 2)

extern Datum smc_share_in(PG_FUNCTION_ARGS);
extern Datum smc_share_out(PG_FUNCTION_ARGS);
extern Datum smc_share_recv(PG_FUNCTION_ARGS);
extern Datum smc_share_send(PG_FUNCTION_ARGS);
extern Datum smc_split(PG_FUNCTION_ARGS);
extern Datum smc_combine(PG_FUNCTION_ARGS);
extern Datum smc_share_add(PG_FUNCTION_ARGS);
extern Datum smc_share_sub(PG_FUNCTION_ARGS);
extern Datum smc_share_neg(PG_FUNCTION_ARGS);
extern Datum smc_share_mul(PG_FUNCTION_ARGS);
extern Datum smc_share_mul_left(PG_FUNCTION_ARGS);

#endif							/* SMC_SHARETYPE_H */
