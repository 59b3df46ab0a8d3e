/*
 * Values of the types smc_secret and smc_secret_bool.
 */
#ifndef SMC_SECRET_TYPE_H
#define SMC_SECRET_TYPE_H

#include "postgres.h"

#include "pg/smc_secret_text.h"

/* An expression as a value of smc_secret, or smc_secret_bool where it is boolean. */
extern Datum smc_secret_type_datum(const SmcTerm *term);

/* And back; raises where it is of the other type. */
extern SmcTerm *smc_secret_type_term(Datum datum, bool is_bool);

#endif							/* SMC_SECRET_TYPE_H */
