/*
 * Which party holds a share of which secret.
 *
 * Messages pass through the hub sealed, so that each party hears every other by
 * itself.  The hub is told first: it then has all before any peer has, and so
 * before anything that follows.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/timestamp.h"

#include "pg/smc_holdings.h"
#include "pg/smc_messages.h"
#include "pg/smc_secret.h"
#include "pg/smc_transaction.h"
#include "pg/smc_wiped.h"

/* How long to wait for names that are to be used: its keeping may be about to end here. */
#define USE_WAIT_MS		1000

bool
smc_holdings_matter(const SmcQuery *query)
{
	return query->secret_count > 0 || query->keep_count > 0;
}

static SmcHolding *
holding_of(const SmcHoldings *holdings, int party, int name)
{
	return &holdings->all[party * holdings->count + name];
}

static int
party_count(const SmcHoldings *holdings)
{
	return smc_mesh_party_count(holdings->mesh);
}

static const char *
party_name(const SmcHoldings *holdings, int party)
{
	return smc_mesh_party_name(holdings->mesh, party);
}

static int
self(const SmcHoldings *holdings)
{
	return smc_mesh_self(holdings->mesh);
}

/*
 * Telling and hearing
 */

/* Whether something is to be kept under a name. */
static bool
is_for_keep(const SmcHoldings *holdings, int name)
{
	return name >= holdings->query->secret_count;
}

static void
look_up(SmcHoldings *holdings)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), USE_WAIT_MS);

	for (int i = 0; i < holdings->count; i++)
	{
		bool		alone = is_for_keep(holdings, i);
		long		wait_ms = alone ? 0 : TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
		SmcHolding *own = holding_of(holdings, self(holdings), i);
		SmcSecret  *secret;

		holdings->held[i] = smc_secret_hold_name(holdings->study, holdings->names[i], alone, (int) wait_ms);
		if (!holdings->held[i])
		{
			own->state = SMC_SECRET_BUSY;
			continue;
		}
		secret = smc_secret_find(holdings->study, holdings->names[i]);
		if (secret == NULL)
			continue;
		own->state = secret->state;
		memcpy(own->id, secret->id, SMC_UUID_BYTES);
	}
}

static void
tell(SmcHoldings *holdings)
{
	int			hub = smc_mesh_hub(holdings->mesh);
	StringInfoData buf;

	initStringInfo(&buf);
	smc_messages_put_u64(&buf, holdings->seq);
	smc_messages_put_u32(&buf, holdings->count);
	for (int i = 0; i < holdings->count; i++)
	{
		const SmcHolding *own = holding_of(holdings, self(holdings), i);

		smc_messages_put_u8(&buf, own->state);
		appendBinaryStringInfo(&buf, (const char *) own->id, SMC_UUID_BYTES);
	}
	if (hub != self(holdings))
		smc_mesh_post(holdings->mesh, hub, SMC_MSG_HOLDINGS, buf.data, buf.len);
	for (int party = 0; party < party_count(holdings); party++)
		if (party != hub && party != self(holdings))
			smc_mesh_post(holdings->mesh, party, SMC_MSG_HOLDINGS, buf.data, buf.len);
	smc_mesh_flush(holdings->mesh);
	pfree(buf.data);
}

void
smc_holdings_begin(SmcHoldings *holdings, SmcMesh *mesh, const char *study, const SmcQuery *query, uint64 seq)
{
	memset(holdings, 0, sizeof(*holdings));
	holdings->mesh = mesh;
	holdings->study = study;
	holdings->query = query;
	holdings->seq = seq;
	holdings->count = query->secret_count + query->keep_count;
	holdings->names = palloc(Max(holdings->count, 1) * sizeof(char *));
	for (int i = 0; i < query->secret_count; i++)
		holdings->names[i] = query->secrets[i].name;
	for (int i = 0; i < query->keep_count; i++)
	{
		/* a peer has not checked the query yet */
		if (query->keeps[i].name == NULL || smc_query_keep_name(&query->keeps[i]) == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("malformed query over study \"%s\"", study)));
		holdings->names[query->secret_count + i] = smc_query_keep_name(&query->keeps[i]);
	}
	holdings->held = palloc0(Max(holdings->count, 1) * sizeof(bool));
	holdings->all = palloc0(Max(holdings->count, 1) * party_count(holdings) * sizeof(SmcHolding));
	holdings->missing = (uint16) (((1 << party_count(holdings)) - 1) & ~(1 << self(holdings)));
	look_up(holdings);
	tell(holdings);
}

void
smc_holdings_end(SmcHoldings *holdings)
{
	for (int i = 0; i < holdings->count; i++)
	{
		if (holdings->held[i])
			smc_secret_let_go(holdings->study, holdings->names[i], is_for_keep(holdings, i));
		holdings->held[i] = false;
	}
}

void
smc_holdings_take(SmcHoldings *holdings, SmcMessage *message)
{
	int			from = message->from;
	SmcReader	reader;

	if (message->type != SMC_MSG_HOLDINGS || (holdings->missing & (1 << from)) == 0)
		smc_messages_unexpected(message, party_name(holdings, from));
	smc_reader_init(&reader, message->data, message->len);
	if (smc_reader_u64(&reader) != holdings->seq || smc_reader_u32(&reader) != (uint32) holdings->count)
		smc_reader_fail(&reader);
	for (int i = 0; i < holdings->count; i++)
	{
		SmcHolding *its = holding_of(holdings, from, i);

		its->state = smc_reader_u8(&reader);
		smc_reader_copy(&reader, its->id, SMC_UUID_BYTES);
		if (its->state > SMC_SECRET_BUSY)
			smc_reader_fail(&reader);
	}
	smc_messages_end(&reader, "HOLDINGS", party_name(holdings, from));
	smc_mesh_free_message(message);
	holdings->missing &= ~(1 << from);
}

/*
 * Judging.  All of this looks at what all parties said, so that all find the
 * same.
 */

static bool
is_share(const SmcHolding *holding)
{
	return holding->state == SMC_SECRET_PENDING || holding->state == SMC_SECRET_KEPT;
}

static bool
same_id(const uint8 *a, const uint8 *b)
{
	return memcmp(a, b, SMC_UUID_BYTES) == 0;
}

/* The first party that doesn't hold a share under an id, -1 when all do. */
static int
find_gap(const SmcHoldings *holdings, int name, const uint8 *id)
{
	for (int party = 0; party < party_count(holdings); party++)
	{
		const SmcHolding *its = holding_of(holdings, party, name);

		if (!is_share(its) || !same_id(its->id, id))
			return party;
	}
	return -1;
}

/* The first party with that to say of an id, -1 when none. */
static int
find_state(const SmcHoldings *holdings, int name, const uint8 *id, SmcSecretState state)
{
	for (int party = 0; party < party_count(holdings); party++)
	{
		const SmcHolding *its = holding_of(holdings, party, name);

		if (its->state == state && same_id(its->id, id))
			return party;
	}
	return -1;
}

/* The first party that is busy with a name, -1 when none. */
static int
find_busy(const SmcHoldings *holdings, int name)
{
	for (int party = 0; party < party_count(holdings); party++)
	{
		if (holding_of(holdings, party, name)->state == SMC_SECRET_BUSY)
			return party;
	}
	return -1;
}

/* Whether an id has ended: dropped somewhere, expired, or never whole. */
static bool
has_ended(const SmcHoldings *holdings, int name, const uint8 *id)
{
	return find_state(holdings, name, id, SMC_SECRET_DROPPED) >= 0 ||
		find_state(holdings, name, id, SMC_SECRET_EXPIRED) >= 0 ||
		(find_gap(holdings, name, id) >= 0 && find_state(holdings, name, id, SMC_SECRET_KEPT) < 0);
}

#define IS_REMOVED	"What was left of it is removed here; the name can be used again."

/* Find out whether the secret that is asked for can be used. */
static void
judge_use(SmcHoldings *holdings, int name)
{
	const uint8 *id = holdings->query->secrets[name].id;
	const char *secret = holdings->names[name];
	int			party;

	if ((party = find_state(holdings, name, id, SMC_SECRET_DROPPED)) >= 0)
	{
		holdings->why = psprintf("secret \"%s\" of study \"%s\" was dropped by party \"%s\"",
								 secret, holdings->study, party_name(holdings, party));
		holdings->hint = IS_REMOVED;
	}
	else if (find_state(holdings, name, id, SMC_SECRET_EXPIRED) >= 0)
	{
		holdings->why = psprintf("secret \"%s\" of study \"%s\" has expired", secret, holdings->study);
		holdings->hint = IS_REMOVED;
	}
	else if ((party = find_gap(holdings, name, id)) < 0)
		return;
	else if (find_state(holdings, name, id, SMC_SECRET_KEPT) < 0)
	{
		holdings->why = psprintf("secret \"%s\" of study \"%s\" was never completed: party \"%s\" has no share of it",
								 secret, holdings->study, party_name(holdings, party));
		holdings->hint = IS_REMOVED;
	}
	else
	{
		holdings->why = psprintf("party \"%s\" has no share of secret \"%s\" of study \"%s\"",
								 party_name(holdings, party), secret, holdings->study);
		holdings->hint = "If that party can't get its share back from a dump, drop the secret with smc_drop_secret().";
	}
}

/* Find out whether a name can be given. */
static void
judge_name(SmcHoldings *holdings, int name)
{
	for (int party = 0; party < party_count(holdings) && holdings->why == NULL; party++)
	{
		const SmcHolding *its = holding_of(holdings, party, name);

		if (!is_share(its) || has_ended(holdings, name, its->id))
			continue;
		holdings->why = find_gap(holdings, name, its->id) < 0 ?
			psprintf("secret \"%s\" of study \"%s\" already exists", holdings->names[name], holdings->study) :
			psprintf("secret \"%s\" of study \"%s\" still exists at party \"%s\"",
					 holdings->names[name], holdings->study, party_name(holdings, party));
		holdings->hint = find_gap(holdings, name, its->id) < 0 ?
			"Choose another name, or first drop it with smc_drop_secret(), in a transaction of its own." :
			"Choose another name, or first have it dropped there with smc_drop_secret().";
	}
}

/* Do to our own row under a name what the others' say asks for. */
static void
settle(SmcHoldings *holdings, int name)
{
	SmcHolding *own = holding_of(holdings, self(holdings), name);
	bool		elsewhere = false;

	if (own->state == SMC_SECRET_NONE)
		return;
	if (own->state == SMC_SECRET_DROPPED)
	{
		/* our word that it ended stays until nobody has a share to remove any more */
		for (int party = 0; party < party_count(holdings); party++)
		{
			const SmcHolding *its = holding_of(holdings, party, name);

			elsewhere |= is_share(its) && same_id(its->id, own->id);
		}
		if (elsewhere)
			return;
	}
	else if (!has_ended(holdings, name, own->id))
	{
		if (own->state == SMC_SECRET_PENDING && find_gap(holdings, name, own->id) < 0)
			(void) smc_secret_confirm(own->id);
		return;
	}
	smc_secret_remove(holdings->study, holdings->names[name], own->id);
	own->state = SMC_SECRET_NONE;
}

void
smc_holdings_judge(SmcHoldings *holdings)
{
	for (int i = 0; i < holdings->count && holdings->why == NULL; i++)
	{
		int			busy = find_busy(holdings, i);

		if (busy >= 0)
		{
			holdings->why = psprintf("secret \"%s\" of study \"%s\" is in another query's hands at party \"%s\"",
									 holdings->names[i], holdings->study, party_name(holdings, busy));
			holdings->hint = "Try again when that has ended.";
		}
		else if (is_for_keep(holdings, i))
			judge_name(holdings, i);
		else
			judge_use(holdings, i);
	}
	for (int i = 0; i < holdings->count; i++)
	{
		if (find_busy(holdings, i) < 0)
			settle(holdings, i);
	}
	smc_secret_purge();
}

void
smc_holdings_require(const SmcHoldings *holdings)
{
	if (holdings->why != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s", holdings->why),
				 errhint("%s", holdings->hint)));
}

/*
 * What is stored
 */

SmcSecretShare *
smc_holdings_read_shares(const SmcHoldings *holdings, const SmcQuery *query)
{
	SmcSecretShare *shares;

	if (query == NULL || query->secret_count == 0)
		return NULL;
	shares = smc_wiped_alloc(query->secret_count * sizeof(SmcSecretShare));
	smc_transaction_begin();
	for (int i = 0; i < query->secret_count; i++)
	{
		SmcSecret	wanted = {0};

		wanted.name = query->secrets[i].name;
		memcpy(wanted.id, query->secrets[i].id, SMC_UUID_BYTES);
		if (!smc_secret_read_share(&wanted, &shares[i]))
			ereport(ERROR,
					(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
					 errmsg("party \"%s\" has no share of secret \"%s\" of study \"%s\"",
							party_name(holdings, self(holdings)), wanted.name, holdings->study)));
	}
	smc_transaction_commit_lazy();
	return shares;
}

void
smc_holdings_keep(const SmcHoldings *holdings, int keep, SmcSecret *secret, const SmcSecretShare *share,
				  const SmcAuditRecord *computation, SmcSecretState state)
{
	const SmcHolding *own = holding_of(holdings, self(holdings), holdings->query->secret_count + keep);

	memcpy(secret->id, computation->id, SMC_UUID_BYTES);
	secret->state = state;
	secret->made_by = unconstify(char *, computation->asked_by);
	secret->made_role = unconstify(char *, computation->asked_role);
	secret->made_at = GetCurrentTimestamp();

	/* what may be left of ours is the word that we dropped it: all have heard it */
	smc_secret_put(secret, share, own->state != SMC_SECRET_NONE ? own->id : NULL);
}
