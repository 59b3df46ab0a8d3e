/*
 * Kept secrets: results that nobody saw, each party holding its share.
 *
 * A secret is one row at each party, under the study's name and its own.  The
 * rows are alike but for the share: each party wrote its own, from its own
 * reading of the query that made it.  The id is that of the computation that
 * made it; a secret is whole where every party holds a share under that id.
 */
#ifndef SMC_SECRET_H
#define SMC_SECRET_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "core/smc_bytes.h"
#include "core/smc_limits.h"

typedef enum SmcSecretState
{
	SMC_SECRET_NONE = 0,		/* no row */
	SMC_SECRET_PENDING,			/* share on disk; whether all others have theirs isn't known yet */
	SMC_SECRET_KEPT,			/* all have */
	SMC_SECRET_DROPPED,			/* ended by this party; the row is there to say so */
	SMC_SECRET_EXPIRED,			/* pending or kept, but its time is over */
	SMC_SECRET_BUSY				/* another computation is about to keep something under the name */
} SmcSecretState;

/* A column that went in, and the words of its allow list by which it did. */
typedef struct SmcSecretUse
{
	char	   *column;			/* the agreed name */
	uint32		words;			/* SmcAllow bits */
} SmcSecretUse;

typedef struct SmcSecret
{
	char	   *study;
	char	   *name;
	uint8		id[SMC_UUID_BYTES];
	SmcSecretState state;

	/* the value, as SmcFormulaValue has it: num / den / 10^scale, or a bit */
	Oid			type;
	bool		ordered;
	bool		nullable;
	bool		positive;
	bool		root;
	bool		settled;
	int			scale;
	int			digits;
	int			bits;			/* |num| < 2^bits; 0 of a boolean */
	int			den_bits;		/* 0: den is one */

	/* what it was made of, and under which terms */
	char	   *made_of;		/* in SQL */
	int			use_count;
	SmcSecretUse *uses;
	bool		counts_rows;	/* a figure in it reads no column: it goes where the study's do */
	uint32		min_rows;		/* that it was withheld below; 0 or 1: none */
	int64		epsilon;		/* of the noise that is in it, in billionths; 0: there is none */
	List	   *parties;		/* char *, in the study's order */
	uint8		digest[SMC_KEY_BYTES];	/* of the study then */
	char	   *made_by;		/* party that asked */
	char	   *made_role;		/* role there, as it says */
	TimestampTz made_at;
	TimestampTz expires;		/* DT_NOEND: never */
} SmcSecret;

/*
 * A share, modulo 2^SMC_WIDTH_MAX, which is so modulo any lesser power of two
 * as well: programs of any width can take it, and nothing is ever cut from it.
 * Of a bit, the parties' values add up to it modulo 2.  These very bytes are
 * stored, low words first.
 */
typedef struct SmcSecretShare
{
	uint64		num[SMC_WIDTH_MAX / 64];
	uint64		den[SMC_WIDTH_MAX / 64];
	uint8		bit;
	uint8		null;
	uint8		unused[6];
} SmcSecretShare;

#define SMC_SECRET_SHARE_BYTES	136

/* Raise unless a text can name a secret: of 1 to NAMEDATALEN - 1 bytes. */
extern void smc_secret_check_name(const char *name);

/* ---- what is stored here: pg/smc_secret.c ---------------------------------------- */

/*
 * The row of that study and name, NULL where there is none.  Whatever the
 * transaction's isolation, what is committed now, and its own changes.
 */
extern SmcSecret *smc_secret_find(const char *study, const char *name);

/* Copy our share of a secret out; false where it is gone.  The caller wipes it. */
extern bool smc_secret_read_share(const SmcSecret *secret, SmcSecretShare *share);

/*
 * Store a secret with our share of it, as pending or kept.  Of what is there
 * under its name, the row with the id `replaces` goes (NULL: there was none);
 * raises where another one has come there meanwhile.
 */
extern void smc_secret_put(const SmcSecret *secret, const SmcSecretShare *share, const uint8 *replaces);

/*
 * Hold a name for the computation that this process takes part in, over its
 * transactions, until let go: alone where something is to be kept under it.
 * False when other computations hold it for so long.
 */
extern bool smc_secret_hold_name(const char *study, const char *name, bool alone, int wait_ms);
extern void smc_secret_let_go(const char *study, const char *name, bool alone);

/* A computation's pending secrets are kept; are gone.  How many there were. */
extern uint64 smc_secret_confirm(const uint8 *id);
extern uint64 smc_secret_discard(const uint8 *id);

/* Remove row and share; wipe the share alone, and say that this party ended it. */
extern void smc_secret_remove(const char *study, const char *name, const uint8 *id);
extern void smc_secret_end(const char *study, const char *name, const uint8 *id);

/* Remove all that have expired, but for what somebody else is about to change. */
extern void smc_secret_purge(void);

/* ---- between processes of this server --------------------------------------------- */

/* To and from bytes: all that the query and its study give, but not name, id, state, maker and times. */
extern void smc_secret_write(SmcWriter *writer, const SmcSecret *secret);
extern SmcSecret *smc_secret_parse(SmcReader *reader);

#endif							/* SMC_SECRET_H */
