/*
 * Which party holds a share of which secret: asked of all before a computation
 * uses secrets, or keeps some.
 *
 * A secret is stored at every party or at none, by this order of things:
 *
 *   1 each peer puts its share on disk as pending, and then says CONTRIBUTED;
 *   2 the hub, when all have said so, puts its own on disk as kept;
 *   3 the hub says END, at which the peers' are kept.
 *
 * A crash after 1 leaves pending shares at some; one after 2, shares at all, be
 * some pending.  So nobody knows by itself what a pending share is worth, and
 * nothing is done about it until it matters: before a computation that names a
 * secret, each party tells every other what it holds under that name (HOLDINGS),
 * and all come to the same end from the same answers:
 *
 *   - all hold the same id: it is whole, and pending shares are kept from now on;
 *   - a party doesn't, and the others' are pending: it never was whole; they go;
 *   - a party says that it has dropped it, or its time is over: it has ended;
 *     whoever has a share still removes it;
 *   - a party has none, and another's is kept: a database was set back to before
 *     it was made, say.  It can't be used, and nobody removes anything: the
 *     missing share may come back from a dump.
 *
 * A computation in the midst of these steps must not be taken for one that
 * crashed.  So each party holds the name from before it tells what it holds to the
 * end of the computation, and while another does, says that it is busy; then
 * nobody concludes anything.  The hub holds it until its share is on disk or the
 * computation has failed, so that where it isn't busy and has none, none comes.
 */
#ifndef SMC_HOLDINGS_H
#define SMC_HOLDINGS_H

#include "postgres.h"

#include "link/smc_mesh.h"
#include "pg/smc_audit.h"
#include "pg/smc_query.h"

/* What a party has under a name. */
typedef struct SmcHolding
{
	uint8		state;			/* SmcSecretState */
	uint8		id[SMC_UUID_BYTES];
} SmcHolding;

typedef struct SmcHoldings
{
	SmcMesh    *mesh;
	const char *study;
	const SmcQuery *query;
	uint64		seq;
	int			count;			/* names: the query's secrets, then its keeps */
	const char **names;
	SmcHolding *all;			/* by party, then by name */
	uint16		missing;		/* whose are not in yet */
	bool	   *held;			/* by name: we hold it */
	const char *why;			/* why the query can't be run; NULL: it can */
	const char *hint;
} SmcHoldings;

/* Whether a query uses or keeps any secret. */
extern bool smc_holdings_matter(const SmcQuery *query);

/*
 * Look up what this party holds of a query's secrets, and tell all others.
 * study and query are kept.  Needs a transaction.
 */
extern void smc_holdings_begin(SmcHoldings *holdings, SmcMesh *mesh, const char *study,
							   const SmcQuery *query, uint64 seq);

/* Let go of the names, at the end of the computation or after it has failed. */
extern void smc_holdings_end(SmcHoldings *holdings);

/* Take a HOLDINGS, and free it.  Raises when it isn't one, or a second of that party. */
extern void smc_holdings_take(SmcHoldings *holdings, SmcMessage *message);

/*
 * When all are in: do to our own rows what has to be done, and find out whether
 * the query can be run (holdings->why).  Needs a transaction that will commit,
 * whatever is found.
 */
extern void smc_holdings_judge(SmcHoldings *holdings);

/* Raise where it can't. */
extern void smc_holdings_require(const SmcHoldings *holdings);

/*
 * Our shares of the secrets that the query uses, of smc_wiped_alloc, NULL where it
 * uses none.  A transaction of its own.  Raises where one is gone.
 */
extern SmcSecretShare *smc_holdings_read_shares(const SmcHoldings *holdings, const SmcQuery *query);

/*
 * Store our share of what a keep of the query made, in that state.  secret has
 * what the query and the study give; the rest is the computation's.
 */
extern void smc_holdings_keep(const SmcHoldings *holdings, int keep, SmcSecret *secret,
							  const SmcSecretShare *share, const SmcAuditRecord *computation,
							  SmcSecretState state);

#endif							/* SMC_HOLDINGS_H */
