/*
 * The hub's side of a lane.
 *
 * A computation, from the hub: the parties AGREE on the study (once a lane and
 * digest), COMPUTE goes to all peers, the audit row is flushed, the user's
 * backend hands over its partials, the joint part runs, every peer reports
 * CONTRIBUTED, END goes to all.  Peers so run their local queries while the
 * user's backend runs its own.  Where the study wants it, all wait after
 * COMPUTE until people at every peer have approved (pg/smc_approval.h).  Where
 * its queries are counted, this one is before the joint part (pg/smc_claim.h).
 *
 * While it waits the worker listens to three sides: its peers, the clock
 * (pg/smc_pulse.h), and the backend it works for, whose going away cancels.
 */
#include "postgres.h"

#include <sodium.h>

#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "link/smc_dial.h"
#include "pg/smc_activity.h"
#include "pg/smc_agreement.h"
#include "pg/smc_approval.h"
#include "pg/smc_claim.h"
#include "pg/smc_compute.h"
#include "pg/smc_consent.h"
#include "pg/smc_failure.h"
#include "pg/smc_holdings.h"
#include "pg/smc_hub_impl.h"
#include "pg/smc_messages.h"
#include "pg/smc_peer.h"
#include "pg/smc_pulse.h"
#include "pg/smc_recall.h"
#include "pg/smc_rotate.h"
#include "pg/smc_study.h"
#include "pg/smc_transaction.h"
#include "pg/smc_wiped.h"

/* How long peers are given to take the news of a failure, and of the end. */
#define BREAK_TIMEOUT_MS	200
#define FINISH_TIMEOUT_MS	200

/* Make our end of the lane, with the secret key in memory no longer than that takes. */
static void
create_mesh(SmcHub *hub, const SmcLaneParty *parties, const SmcMeshKeys *keys)
{
	uint8		identity[SMC_SECRET_KEY_BYTES];

	PG_TRY();
	{
		smc_transaction_begin();
		smc_rotate_secret(&parties[hub->self], identity);
		smc_transaction_commit_lazy();
		hub->mesh = smc_mesh_create_hub(hub->context, hub->transport, hub->self,
										hub->party_count, parties, keys, identity);
	}
	PG_CATCH();
	{
		sodium_memzero(identity, sizeof(identity));
		PG_RE_THROW();
	}
	PG_END_TRY();
	sodium_memzero(identity, sizeof(identity));
}

/*
 * Register the new keys that the handshake followed peers to.  The lane is then
 * as one built with these keys, unless something else was changed meanwhile: a
 * lane whose digest isn't today's serves its first request, and no other.
 */
static void
register_new_keys(SmcHub *hub, const List *names, const SmcLaneKey *key)
{
	uint8		before[SMC_KEY_BYTES];
	uint8		after[SMC_KEY_BYTES];

	if (!smc_rotate_has_followed(hub->mesh))
		return;
	smc_transaction_begin();
	smc_lane_digest(names, key->userid, before);
	smc_rotate_register(hub->mesh, names);
	smc_lane_digest(names, key->userid, after);
	smc_transaction_commit_flushed();
	if (memcmp(before, key->digest, SMC_KEY_BYTES) == 0)
		smc_pool_rekey(after);
}

SmcHub *
smc_hub_connect(MemoryContext context, const SmcLaneKey *key, long timeout_ms)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	SmcHub	   *hub = palloc0(sizeof(SmcHub));
	SmcLaneParty parties[SMC_PARTIES_MAX];
	SmcMeshKeys keys;
	uint8		digest[SMC_KEY_BYTES];
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), timeout_ms);
	SmcDialTarget *targets;
	List	   *names = NIL;
	int			i;

	for (i = 0; i < key->party_count; i++)
		names = lappend(names, pstrdup(key->parties[i]));

	/*
	 * The backend computed the key from what it sees, which may be changes of
	 * its own transaction, or what has changed since: a lane must not be
	 * offered to others under a key that it wasn't built from.  The digest
	 * comes first, so that a change in the midst of this makes the lane stale.
	 */
	smc_transaction_begin();
	smc_lane_digest(names, key->userid, digest);
	if (memcmp(digest, key->digest, SMC_KEY_BYTES) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("the registration of peers has been changed and not committed"),
				 errhint("Commit the change first.")));
	smc_peer_lane_parties(names, parties, &hub->self);
	smc_rotate_mesh_keys(parties, key->party_count, hub->self, &keys);
	targets = smc_peer_targets(names, key->userid);
	smc_transaction_commit_lazy();

	hub->context = context;
	hub->party_count = key->party_count;
	hub->transport = smc_dial_open(context, key->party_count, targets, timeout_ms);
	create_mesh(hub, parties, &keys);
	smc_mesh_handshake(hub->mesh, Max(TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end), 1));
	register_new_keys(hub, names, key);
	hub->engine = smc_compute_engine_create(context);
	hub->pulse = smc_pulse_create(context, hub->mesh, targets);
	MemoryContextSwitchTo(caller);
	return hub;
}

static const char *
party_name(const SmcHub *hub, int party)
{
	return smc_mesh_party_name(hub->mesh, party);
}

static uint16
all_peers(const SmcHub *hub)
{
	return (uint16) (((1 << hub->party_count) - 1) & ~(1 << hub->self));
}

/* Raise when the backend that asked is gone: the user cancelled, or left. */
static void
check_asker(SmcHub *hub)
{
	if (smc_pipe_is_gone(hub->task->pipe))
		ereport(ERROR,
				(errcode(ERRCODE_QUERY_CANCELED),
				 errmsg("canceled by the asker")));
}

/* Called by the channel while it waits. */
static void
on_idle(void *arg)
{
	SmcHub	   *hub = arg;
	SmcMeshStats stats = smc_mesh_stats(hub->mesh);

	check_asker(hub);
	smc_pulse_check(hub->pulse);
	smc_mesh_set_idle_interval(hub->mesh, Min(smc_pulse_wait_ms(hub->pulse), SMC_MESH_IDLE_MS));
	smc_activity_progress(stats.bytes_sent, stats.bytes_received, 0);
}

/*
 * Take the next message if there is one, else do what is due and wait a while,
 * at most max_ms.  False after a wait: the caller looks at whatever else it
 * waits for.
 */
static bool
next_message_within(SmcHub *hub, SmcMessage *message, long max_ms)
{
	if (smc_mesh_next(hub->mesh, message))
	{
		if (message->type == SMC_MSG_ABORT)
			smc_mesh_raise_abort(hub->mesh, message);
		return true;
	}
	check_asker(hub);
	smc_pulse_check(hub->pulse);
	smc_mesh_wait(hub->mesh, Min(smc_pulse_wait_ms(hub->pulse), max_ms));
	return false;
}

bool
smc_hub_next_message(SmcHub *hub, SmcMessage *message)
{
	return next_message_within(hub, message, LONG_MAX);
}

static void
note_contributed(SmcHub *hub, const SmcMessage *message)
{
	SmcReader	reader;
	uint64		seq;
	uint64		local_us;

	smc_reader_init(&reader, message->data, message->len);
	seq = smc_reader_u64(&reader);
	local_us = smc_reader_u64(&reader);
	smc_messages_end(&reader, "CONTRIBUTED", party_name(hub, message->from));
	if (seq != hub->seq || (hub->contributed & (1 << message->from)) != 0)
		smc_messages_unexpected(message, party_name(hub, message->from));
	hub->contributed |= 1 << message->from;
	hub->task->times.peer_us[message->from] = local_us;
	smc_pulse_set_busy(hub->pulse, all_peers(hub) & ~hub->contributed);
}

/*
 * Agreement
 */

static bool
is_agreed(const SmcHub *hub, const uint8 *digest)
{
	ListCell   *lc;

	foreach(lc, hub->agreed)
	{
		if (memcmp(lfirst(lc), digest, SMC_KEY_BYTES) == 0)
			return true;
	}
	return false;
}

/*
 * The study as far as consents and counts go by it: its name, parties,
 * definition, digest, and how many queries it allows.  They come from the
 * backend, not from the catalogs: there our own asker's transaction may hold a
 * lock, or someone may wait for one behind it.  A definition that isn't committed
 * has nobody's consent, so it gets nowhere.
 */
static const SmcStudy *
make_study(const SmcHub *hub)
{
	const SmcTask *task = hub->task;
	SmcStudy   *study = palloc0(sizeof(SmcStudy));
	int			i;

	study->name = task->request.study;
	study->definition = task->request.definition;
	memcpy(study->digest, task->request.digest, SMC_KEY_BYTES);
	study->max_queries = task->request.max_queries;
	study->max_queries_per_day = task->request.max_queries_per_day;
	study->budget_queries = task->request.budget_queries;
	study->party_count = hub->party_count;
	study->self = hub->self;
	for (i = 0; i < hub->party_count; i++)
		strlcpy(study->parties[i], party_name(hub, i), SMC_NAME_MAX);
	return study;
}

/* Raise with all the reasons why the study isn't agreed, the first as the message. */
static void
raise_reasons(const char *study, const List *reasons)
{
	StringInfoData others;
	ListCell   *lc;

	initStringInfo(&others);
	for_each_from(lc, reasons, 1)
	{
		const char *reason = lfirst(lc);

		appendStringInfo(&others, "%s%c%s.", others.len > 0 ? "\n" : "",
						 pg_toupper((unsigned char) reason[0]), reason + 1);
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("%s", (char *) linitial(reasons)),
			 others.len > 0 ? errdetail("%s", others.data) : 0,
			 errhint("See the view smc_studies. A party takes the definition over by IMPORT FOREIGN SCHEMA smc, "
					 "adds its source, and accepts by SELECT smc_accept(%s).", quote_literal_cstr(study))));
}

/* Exchange consents over the study and judge those of all peers. */
static void
agree(SmcHub *hub)
{
	SmcTask    *task = hub->task;
	SmcAgreeMessage agree_message;
	SmcAgreement agreement;
	const SmcStudy *study = make_study(hub);
	StringInfoData buf;
	List	   *reasons;
	TimestampTz started = GetCurrentTimestamp();
	MemoryContext caller;
	uint8	   *digest;

	smc_activity_phase(SMC_PHASE_AGREE);

	smc_transaction_begin();
	smc_consent_require_own(study); /* nobody hears of a definition that we don't stand by */
	strlcpy(agree_message.study, study->name, NAMEDATALEN);
	agree_message.timeout_ms = task->timeout_ms;
	initStringInfo(&buf);
	smc_messages_write_agree(&buf, &agree_message);
	smc_mesh_broadcast(hub->mesh, SMC_MSG_AGREE, buf.data, buf.len);
	smc_agreement_send_own(hub->mesh, study->name, study);
	smc_transaction_commit_lazy();

	smc_agreement_begin(&agreement, hub->mesh);
	while (agreement.missing != 0)
	{
		SmcMessage	message;

		if (smc_hub_next_message(hub, &message))
			smc_agreement_take(&agreement, hub->mesh, &message);
	}

	smc_transaction_begin();
	reasons = smc_agreement_judge(&agreement, hub->mesh, study);
	smc_secret_purge();			/* a good time, as good as any */
	smc_transaction_commit_lazy();	/* keeps what was heard, whatever it was */

	if (reasons != NIL)
		raise_reasons(study->name, reasons);

	caller = MemoryContextSwitchTo(hub->context);
	digest = palloc(SMC_KEY_BYTES);
	memcpy(digest, task->request.digest, SMC_KEY_BYTES);
	hub->agreed = lappend(hub->agreed, digest);
	MemoryContextSwitchTo(caller);
	task->times.agree_us = GetCurrentTimestamp() - started;
}

/*
 * Secrets
 */

/* Where the query is about secrets, tell the peers what we have of them. */
static void
begin_holdings(SmcHub *hub)
{
	SmcPipeRequest *request = &hub->task->request;

	if (!request->about_secrets)
		return;
	hub->query = smc_query_parse((const uint8 *) VARDATA_ANY(request->query), VARSIZE_ANY_EXHDR(request->query));
	smc_holdings_begin(&hub->holdings, hub->mesh, request->study, hub->query, hub->seq);
}

/* Hear what the peers have, and raise where that won't do. */
static void
await_holdings(SmcHub *hub)
{
	if (hub->query == NULL)
		return;
	while (hub->holdings.missing != 0)
	{
		SmcMessage	message;

		if (!smc_hub_next_message(hub, &message))
			continue;
		if (message.type == SMC_MSG_KNOWN)
			smc_recall_note(&hub->recall, &message);
		else
			smc_holdings_take(&hub->holdings, &message);
	}
	smc_transaction_begin();
	smc_holdings_judge(&hub->holdings);
	smc_transaction_commit_flushed();
	smc_holdings_require(&hub->holdings);
}

/*
 * All peers have put their shares of what is kept on disk: put ours there.  With
 * that they are kept, whatever happens from here on.
 */
static void
keep(SmcHub *hub, SmcOutcome *outcome)
{
	SmcTask    *task = hub->task;
	SmcReader	reader;

	if (outcome->kept_count > 0 && !outcome->keeps_withheld)
	{
		smc_reader_init(&reader, (const uint8 *) VARDATA_ANY(task->request.keeps),
						VARSIZE_ANY_EXHDR(task->request.keeps));
		smc_transaction_begin();
		for (int i = 0; i < outcome->kept_count; i++)
			smc_holdings_keep(&hub->holdings, i, smc_secret_parse(&reader), &outcome->kept[i],
							  &task->audit, SMC_SECRET_KEPT);
		if (smc_reader_end(&reader) != SMC_OK)
			elog(ERROR, "malformed description of secrets from a backend");
		smc_transaction_commit_flushed();
		hub->committed = true;
	}
	smc_compute_wipe_kept(outcome);
}

/*
 * Computing
 */

/* Send COMPUTE to all peers, then put our own audit row on disk. */
static void
start_computation(SmcHub *hub)
{
	SmcTask    *task = hub->task;
	SmcComputeMessage compute;
	StringInfoData buf;

	smc_transaction_begin();
	smc_consent_require_own(make_study(hub));

	hub->recall.seq = ++hub->seq;
	memset(&compute, 0, sizeof(compute));
	compute.seq = hub->seq;
	memcpy(compute.id, task->request.id, SMC_UUID_BYTES);
	strlcpy(compute.study, task->request.study, NAMEDATALEN);
	memcpy(compute.digest, task->request.digest, SMC_KEY_BYTES);
	strlcpy(compute.role, task->request.role, NAMEDATALEN);
	compute.timeout_ms = task->timeout_ms;
	compute.query = task->request.query;
	initStringInfo(&buf);
	smc_messages_write_compute(&buf, &compute);
	smc_mesh_broadcast(hub->mesh, SMC_MSG_COMPUTE, buf.data, buf.len);
	smc_mesh_flush(hub->mesh);
	smc_pulse_set_busy(hub->pulse, all_peers(hub));

	begin_holdings(hub);
	smc_audit_begin(&task->audit);
	smc_transaction_commit_flushed();
	task->audit_begun = true;
}

/*
 * History
 */

/* Where conditions are compared with earlier ones, put down what this one asks for. */
static void
remember(SmcHub *hub, const SmcLayout *layout)
{
	SmcRecall  *recall = &hub->recall;

	recall->run.digest = hub->task->request.digest;
	recall->run.study = hub->task->request.study;
	recall->run.layout = layout;
	recall->mesh = hub->mesh;
	recall->on_idle = on_idle;
	recall->arg = hub;
	smc_recall_begin(recall);
}

/* Then bring together what all parties know, and let our own backend begin; NULL where nothing is compared. */
static bytea *
recall_history(SmcHub *hub)
{
	bytea	   *history = smc_recall_by_hub(&hub->recall);
	StringInfoData buf;

	if (history == NULL)
		return NULL;
	smc_pipe_start(&buf, SMC_PIPE_HISTORY);
	appendBinaryStringInfo(&buf, VARDATA(history), VARSIZE(history) - VARHDRSZ);
	(void) smc_pipe_send(hub->task->pipe, &buf, NULL, NULL);
	return history;
}

void
smc_hub_end_history(SmcHub *hub)
{
	smc_history_end(&hub->recall.run, hub->outcome);
}

/*
 * Approval
 */

/* Keep for the audit who has decided, and show who has not, in smc_activity and to the user. */
static void
show_decisions(SmcHub *hub, const SmcApproval *approval)
{
	SmcTask    *task = hub->task;
	char	   *names = smc_approval_missing_names(approval);
	StringInfoData buf;

	task->audit.decisions = smc_approval_json(approval);
	smc_activity_awaiting(names);
	if (approval->missing == 0 || approval->refused != 0)
		return;
	smc_pipe_start(&buf, SMC_PIPE_AWAITED);
	smc_messages_put_blob(&buf, names, strlen(names));
	(void) smc_pipe_send(task->pipe, &buf, NULL, NULL);
}

/* Take a message while decisions are collected.  A quick peer may have begun and ended its part already. */
static void
take_decision(SmcHub *hub, SmcApproval *approval, SmcMessage *message)
{
	if (message->type == SMC_MSG_READY)
	{
		smc_claim_note_ready(hub->mesh, message, hub->seq, &hub->ready);
		return;
	}
	if (message->type == SMC_MSG_KNOWN)
	{
		smc_recall_note(&hub->recall, message);
		return;
	}
	if (message->type == SMC_MSG_CONTRIBUTED)
	{
		note_contributed(hub, message);
		smc_mesh_free_message(message);
		return;
	}
	smc_transaction_begin();
	smc_approval_take(approval, message);
	smc_transaction_commit_lazy();
	show_decisions(hub, approval);
	smc_approval_require(approval);
}

/*
 * Wait until people at every peer have approved, then let our own backend
 * begin; raises when some have not.
 */
static void
await_approval(SmcHub *hub, const SmcLayout *layout)
{
	SmcTask    *task = hub->task;
	int			within = (int) task->request.approve_within;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), within * INT64CONST(1000));
	SmcApproval approval;
	StringInfoData buf;
	uint8		digest[SMC_KEY_BYTES];

	smc_compute_digest(smc_mesh_lane_id(hub->mesh), hub->seq, task->request.id,
					   task->request.digest, task->request.query, NULL, digest);
	smc_approval_begin(&approval, hub->mesh, task->request.study, hub->seq, digest);
	sodium_memzero(digest, sizeof(digest));
	show_decisions(hub, &approval);

	while (approval.missing != 0)
	{
		long		left_ms = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), end);
		SmcMessage	message;

		if (next_message_within(hub, &message, Max(left_ms, 1)))
			take_decision(hub, &approval, &message);
		else if (left_ms <= 0)
			smc_approval_raise_late(&approval, within);
	}

	remember(hub, layout);
	smc_transaction_begin();
	smc_consent_require_own(make_study(hub));	/* as much time has passed */
	smc_audit_note_decisions(&task->audit);
	smc_transaction_commit_flushed();
	hub->approved = true;
	smc_pipe_start(&buf, SMC_PIPE_APPROVED);
	(void) smc_pipe_send(task->pipe, &buf, NULL, NULL);
}

/*
 * The rest
 */

/* What our own backend hands over. */
typedef struct Contribution
{
	SmcRing128 *partials;		/* NULL: not yet */
	SmcKeys    *keys;
	size_t		have;			/* keys that are there */
} Contribution;

/* Take a message of our backend's, which may lay out anew; true when all is there. */
static bool
take_contribution(SmcTask *task, SmcLayout **layout, SmcPipeMessage type, SmcReader *reader,
				  Contribution *c)
{
	if (type == SMC_PIPE_CONTRIBUTION && c->partials == NULL)
	{
		size_t		parts = smc_keys_parts(*layout);
		uint64	   *counts = palloc(Max(parts, 1) * sizeof(uint64));
		const uint8_t *laid_out;
		size_t		bytes;

		task->audit.rows = (int64) smc_reader_u64(reader);
		laid_out = smc_reader_blob(reader, MaxAllocSize, &bytes);
		if (bytes > 0)
			*layout = smc_layout_parse(laid_out, bytes);
		bytes = smc_layout_elements(*layout) * sizeof(SmcRing128);
		c->partials = smc_wiped_alloc(bytes);
		smc_reader_copy(reader, (uint8_t *) c->partials, bytes);
		for (size_t i = 0; i < parts; i++)
			counts[i] = smc_reader_u64(reader);
		if (smc_reader_end(reader) != SMC_OK)
			elog(ERROR, "malformed contribution from a backend");
		sodium_memzero(unconstify(uint8_t *, reader->data), reader->len);
		if (parts > 0)
			c->keys = smc_keys_create(*layout, counts);
		pfree(counts);
	}
	else if (type == SMC_PIPE_KEYS && c->keys != NULL)
		smc_pipe_read_keys(reader, c->keys, &c->have);
	else
		elog(ERROR, "unexpected message of type %d from a backend", (int) type);
	return c->keys == NULL || c->have == c->keys->count;
}

/* Wait for our own part, allocated here. */
static void
await_contribution(SmcHub *hub, SmcLayout **layout, Contribution *c)
{
	SmcTask    *task = hub->task;

	smc_activity_phase(SMC_PHASE_LOCAL);
	for (;;)
	{
		SmcMessage	message;
		SmcPipeMessage type;
		SmcReader	reader;

		if (smc_pipe_receive(task->pipe, &type, &reader) == SMC_PIPE_GOT)
		{
			if (take_contribution(task, layout, type, &reader, c))
				return;
			continue;
		}
		if (smc_hub_next_message(hub, &message))
		{
			if (message.type == SMC_MSG_READY)
			{
				smc_claim_note_ready(hub->mesh, &message, hub->seq, &hub->ready);
				continue;
			}
			if (message.type != SMC_MSG_CONTRIBUTED)
				smc_messages_unexpected(&message, party_name(hub, message.from));
			note_contributed(hub, &message);
			smc_mesh_free_message(&message);
		}
	}
}

/* Our consent may have been withdrawn while everyone's local query ran: nothing leaves without it. */
static void
confirm_consent(SmcHub *hub)
{
	smc_transaction_begin();
	smc_consent_require_still(make_study(hub));
	smc_transaction_commit_lazy();
}

/* Where the study limits its queries, have all parties count this one before any share leaves. */
static void
count_query(SmcHub *hub)
{
	SmcClaim	claim;

	claim.study = make_study(hub);
	claim.mesh = hub->mesh;
	claim.seq = hub->seq;
	claim.id = hub->task->request.id;
	claim.asked_by = hub->task->audit.asked_by;
	claim.on_idle = on_idle;
	claim.arg = hub;
	smc_claim_by_hub(&claim, hub->ready);
}

static void
run_joint_part(SmcHub *hub, const SmcLayout *layout, const bytea *history, Contribution *c,
			   SmcOutcome *outcome)
{
	SmcTask    *task = hub->task;
	SmcSecretShare *secrets = smc_holdings_read_shares(&hub->holdings, hub->query);
	SmcChannel	channel;
	SmcStatus	status;
	uint8		digest[SMC_KEY_BYTES];

	smc_activity_phase(SMC_PHASE_JOINT);
	smc_compute_digest(smc_mesh_lane_id(hub->mesh), hub->seq, task->request.id,
					   task->request.digest, task->request.query, history, digest);
	smc_mesh_channel_init(hub->mesh, &channel, on_idle, hub);
	hub->shared = true;
	status = smc_compute_run(&channel, smc_mesh_seeds(hub->mesh), digest,
							 smc_mesh_lane_id(hub->mesh), hub->engine, layout,
							 c->partials, c->keys, secrets, outcome);
	smc_wiped_free(c->partials);
	if (c->keys != NULL)
		smc_keys_free(c->keys);
	if (secrets != NULL)
		smc_wiped_free(secrets);
	sodium_memzero(digest, sizeof(digest));
	if (status == SMC_ERR_CHANNEL)
		smc_mesh_channel_rethrow(hub->mesh);
	smc_compute_check(status, outcome);
}

static void
await_contributed(SmcHub *hub)
{
	smc_activity_phase(SMC_PHASE_WAIT);
	while (hub->contributed != all_peers(hub))
	{
		SmcMessage	message;

		if (!smc_hub_next_message(hub, &message))
			continue;
		if (message.type != SMC_MSG_CONTRIBUTED)
			smc_messages_unexpected(&message, party_name(hub, message.from));
		note_contributed(hub, &message);
		smc_mesh_free_message(&message);
	}
	smc_mesh_expect_quiet(hub->mesh);
}

/*
 * Say that the computation is complete.  Where something was kept it is so
 * already: a link that breaks now is the next computation's trouble.
 */
static void
send_end(SmcHub *hub)
{
	MemoryContext caller = CurrentMemoryContext;
	StringInfoData buf;

	initStringInfo(&buf);
	smc_messages_put_u64(&buf, hub->seq);
	PG_TRY();
	{
		smc_mesh_broadcast(hub->mesh, SMC_MSG_END, buf.data, buf.len);
		smc_mesh_flush(hub->mesh);
	}
	PG_CATCH();
	{
		ErrorData  *edata;

		if (!hub->committed)
			PG_RE_THROW();
		MemoryContextSwitchTo(caller);
		edata = CopyErrorData();
		FlushErrorState();
		ereport(LOG,
				(errcode(edata->sqlerrcode),
				 errmsg("could not say that a secret is kept: %s", edata->message)));
	}
	PG_END_TRY();
}

/* Hand the outcome to the backend and close the audit's row. */
static void
conclude(SmcHub *hub, const SmcLayout *layout, SmcOutcome *outcome, const SmcMeshStats *before)
{
	SmcTask    *task = hub->task;
	SmcMeshStats stats = smc_mesh_stats(hub->mesh);
	StringInfoData buf;

	outcome->bytes_sent = stats.bytes_sent - before->bytes_sent;
	outcome->bytes_received = stats.bytes_received - before->bytes_received;
	task->audit.bytes_sent = outcome->bytes_sent;
	task->audit.bytes_received = outcome->bytes_received;
	task->audit.rounds = outcome->rounds;
	task->audit.status = smc_compute_all_withheld(layout, outcome) || outcome->keeps_withheld ? "withheld" : "done";

	smc_transaction_begin();
	smc_hub_end_history(hub);
	smc_audit_end(&task->audit);
	smc_transaction_commit_lazy();
	smc_activity_end();

	if (hub->query != NULL)
		smc_holdings_end(&hub->holdings);

	/*
	 * The lane is for the taking before its last user knows the answer, so
	 * that this user's next query finds it.
	 */
	smc_pool_set_idle();
	smc_pipe_write_outcome(&buf, outcome, (size_t) layout->cell_count * layout->slot_count,
						   &task->times);
	(void) smc_pipe_send(task->pipe, &buf, NULL, NULL);
}

static void
compute(SmcHub *hub)
{
	SmcTask    *task = hub->task;
	SmcMeshStats before = smc_mesh_stats(hub->mesh);
	SmcLayout  *layout = smc_layout_parse((const uint8 *) VARDATA_ANY(task->request.layout),
										  VARSIZE_ANY_EXHDR(task->request.layout));
	Contribution contribution = {0};
	bytea	   *history;

	smc_activity_begin(task->request.id, task->request.study, task->audit.asked_by,
					   task->request.role, true);
	if (!is_agreed(hub, task->request.digest))
		agree(hub);
	if (task->request.approve_within == 0)
		remember(hub, layout);
	start_computation(hub);
	await_holdings(hub);
	if (task->request.approve_within > 0)
		await_approval(hub, layout);
	history = recall_history(hub);
	await_contribution(hub, &layout, &contribution);
	confirm_consent(hub);
	count_query(hub);
	hub->outcome = palloc0(sizeof(SmcOutcome));
	run_joint_part(hub, layout, history, &contribution, hub->outcome);
	await_contributed(hub);
	keep(hub, hub->outcome);
	send_end(hub);
	conclude(hub, layout, hub->outcome, &before);
}

void
smc_hub_serve(SmcHub *hub, SmcTask *task)
{
	MemoryContext caller = MemoryContextSwitchTo(task->context);

	hub->task = task;
	hub->approved = false;
	hub->committed = false;
	hub->query = NULL;
	hub->shared = false;
	hub->outcome = NULL;
	memset(&hub->recall, 0, sizeof(hub->recall));
	hub->ready = 0;
	hub->contributed = 0;
	hub->began_at = GetCurrentTimestamp();
	smc_pulse_begin(hub->pulse, task->timeout_ms);
	smc_mesh_set_idle_interval(hub->mesh, Min(smc_pulse_wait_ms(hub->pulse), SMC_MESH_IDLE_MS));

	switch (task->request.kind)
	{
		case SMC_REQUEST_COMPUTE:
			compute(hub);
			break;
		case SMC_REQUEST_PING:
			smc_hub_ping(hub);
			break;
		case SMC_REQUEST_STUDIES:
			smc_hub_fetch_studies(hub);
			break;
		default:
			elog(ERROR, "unknown request %d of a backend", (int) task->request.kind);
	}

	smc_pulse_end(hub->pulse);
	hub->task = NULL;
	MemoryContextSwitchTo(caller);
}

void
smc_hub_wait_idle(SmcHub *hub, long timeout_ms)
{
	SmcMessage	message;

	smc_mesh_wait(hub->mesh, timeout_ms);
	if (smc_mesh_next(hub->mesh, &message))
	{
		if (message.type == SMC_MSG_ABORT)
			smc_mesh_raise_abort(hub->mesh, &message);
		smc_messages_unexpected(&message, party_name(hub, message.from));
	}
}

void
smc_hub_explain(SmcHub *hub, ErrorData *edata)
{
	if (hub->task != NULL && smc_failure_is_echo(edata) && !smc_pipe_is_gone(hub->task->pipe))
		(void) smc_failure_find_abort(hub->mesh, edata);
}

bool
smc_hub_can_retry(const SmcHub *hub, int sqlstate)
{
	int			party;

	/* People have answered: they aren't asked once more unless the user does. */
	if (hub->approved)
		return false;

	/*
	 * A peer has registered its peers anew (pg/smc_answer.c).  It refused, so
	 * it contributed nothing, and without its shares ours say nothing.
	 */
	if (sqlstate == ERRCODE_OBJECT_IN_USE)
		return true;
	if (hub->shared || smc_pulse_gave_up(hub->pulse))
		return false;
	if (ERRCODE_TO_CATEGORY(sqlstate) != ERRCODE_CONNECTION_EXCEPTION ||
		sqlstate == ERRCODE_PROTOCOL_VIOLATION)
		return false;
	for (party = 0; party < hub->party_count; party++)
		if (party != hub->self && smc_mesh_last_heard(hub->mesh, party) >= hub->began_at)
			return false;
	return true;
}

void
smc_hub_break(SmcHub *hub, int sqlstate, const char *text)
{
	/* an ABORT says to the peers that nothing was kept */
	if (!hub->committed)
		smc_mesh_abort(hub->mesh, sqlstate, text);
	smc_dial_cancel(hub->transport, BREAK_TIMEOUT_MS);
}

void
smc_hub_finish(SmcHub *hub)
{
	smc_dial_finish(hub->transport, FINISH_TIMEOUT_MS);
}
