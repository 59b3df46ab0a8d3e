/*
 * What a kept secret may be used for, and who may learn of it.
 *
 * A secret carries the columns that went into it, each with the words of its
 * allow list that it was used by, and through them goes by the study as it is
 * agreed now: every party that has accepted the present definition has agreed
 * to what it says about these columns.  So a study with reveal_to 'none' keeps
 * its secrets until all parties agree on another, and taking a word or a
 * recipient away binds what was kept before.
 */
#ifndef SMC_SECRET_TERMS_H
#define SMC_SECRET_TERMS_H

#include "postgres.h"

#include "pg/smc_query.h"

/* Raise unless this party may have all secrets in a query used as the study now is. */
extern void smc_secret_terms_check(const SmcStudy *study, const SmcQuery *query);

/* The parties that may learn what is made of a secret. */
extern uint16 smc_secret_terms_recipients(const SmcStudy *study, const SmcSecret *secret);

/* A query's keep as the secret that it makes, but for its value's form, its id, state, maker and time. */
extern SmcSecret *smc_secret_terms_make(const SmcStudy *study, const SmcQuery *query, const SmcQueryKeep *keep);

#endif							/* SMC_SECRET_TERMS_H */
