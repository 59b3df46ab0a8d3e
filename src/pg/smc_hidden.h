/*
 * Bytes that only superusers may see, and rows that no logical decoding sees:
 * how secret keys and shares of secrets are typed and stored.
 */
#ifndef SMC_HIDDEN_H
#define SMC_HIDDEN_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/relcache.h"

/* A type of fixed length, with its words for messages. */
typedef struct SmcHiddenType
{
	const char *name;			/* of the type */
	const char *one;			/* "secret key": after an article */
	const char *all;			/* "secret keys" */
	int			bytes;
} SmcHiddenType;

/*
 * Input and output: hex as text, the bytes themselves in binary.  All raise
 * ERRCODE_INSUFFICIENT_PRIVILEGE unless the user is a superuser, and input
 * ERRCODE_INVALID_TEXT_REPRESENTATION.
 */
extern uint8 *smc_hidden_in(const SmcHiddenType *type, const char *text);
extern char *smc_hidden_out(const SmcHiddenType *type, const uint8 *bytes);
extern uint8 *smc_hidden_recv(const SmcHiddenType *type, StringInfo buf);
extern bytea *smc_hidden_send(const SmcHiddenType *type, const uint8 *bytes);

/*
 * Insert a row by hand and not by SQL, which keeps it out of the stream of
 * logical decoding.  No check of privileges or constraints but the indexes';
 * the tuple is wiped.
 */
extern void smc_hidden_insert(Relation rel, const Datum *values, const bool *nulls);

#endif							/* SMC_HIDDEN_H */
