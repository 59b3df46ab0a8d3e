/*
 * The peer's side of a lane.
 *
 * A computation, from a peer: the study's consents were exchanged before
 * (AGREE); COMPUTE is checked against our own definition, consent and
 * registry, whoever sent it; where it is about secrets, all parties say what
 * they hold of them (pg/smc_holdings.h); the audit row is flushed; where the study wants
 * it, people here and at the other peers are waited for (pg/smc_approval.h);
 * the local query runs; where the study's queries are counted, this one is
 * (pg/smc_claim.h); the joint part runs; CONTRIBUTED goes to the hub; with its
 * END the figures meant for us are kept.  Each step that touches the database is
 * a short transaction of its own.
 *
 * The hub's silence for smc.peer_timeout (the asker's, it travels in COMPUTE)
 * ends a computation; the hub PINGs while it waits.
 */
#include "postgres.h"

#include <sodium.h>

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "port/pg_bitutils.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/memutils.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "pg/smc_activity.h"
#include "pg/smc_agreement.h"
#include "pg/smc_answer_impl.h"
#include "pg/smc_claim.h"
#include "pg/smc_consent.h"
#include "pg/smc_failure.h"
#include "pg/smc_figure.h"
#include "pg/smc_guard.h"
#include "pg/smc_hangup.h"
#include "pg/smc_local.h"
#include "pg/smc_module.h"
#include "pg/smc_peer.h"
#include "pg/smc_query.h"
#include "pg/smc_quota.h"
#include "pg/smc_secret.h"
#include "pg/smc_study.h"
#include "pg/smc_transaction.h"
#include "pg/smc_waiting.h"
#include "pg/smc_wiped.h"

/*
 * While people are waited for: how often to look for what they decided, and
 * whether all still stands that was checked, when nobody wakes us and when
 * somebody does.
 */
#define LOOK_MS			1000
#define LOOK_AGAIN_MS	100

typedef SmcAnswerComputation Computation;

/* What we found of the others' consents to a definition of ours. */
typedef struct Verdict
{
	uint8		digest[SMC_KEY_BYTES];
	char	   *reason;			/* why not, NULL: agreed */
} Verdict;

SmcAnswer *
smc_answer_create(MemoryContext context, SmcMesh *mesh, const List *names,
				  const uint8 fingerprint[SMC_KEY_BYTES])
{
	SmcAnswer  *answer = MemoryContextAllocZero(context, sizeof(SmcAnswer));

	answer->context = context;
	answer->request = AllocSetContextCreate(context, "smc answer", ALLOCSET_DEFAULT_SIZES);
	answer->mesh = mesh;
	answer->names = names;
	answer->engine = smc_compute_engine_create(context);
	answer->hub = smc_mesh_hub(mesh);
	memcpy(answer->fingerprint, fingerprint, SMC_KEY_BYTES);
	return answer;
}

static const char *
hub_name(const SmcAnswer *answer)
{
	return smc_mesh_party_name(answer->mesh, answer->hub);
}

static const char *
own_name(const SmcAnswer *answer)
{
	return smc_mesh_party_name(answer->mesh, smc_mesh_self(answer->mesh));
}

/*
 * Waiting in the course of an answer
 */

/* Take the hub's smc.peer_timeout, whatever it sent. */
static void
set_timeout_ms(SmcAnswer *answer, uint64 timeout_ms)
{
	answer->timeout_ms = (long) Min(Max(timeout_ms, SMC_PEER_TIMEOUT_MIN), SMC_PEER_TIMEOUT_MAX);
}

long
smc_answer_wait_ms(const SmcAnswer *answer)
{
	return Min(Max(answer->timeout_ms / 8, 10), SMC_MESH_IDLE_MS);
}

void
smc_answer_start_listening(SmcAnswer *answer)
{
	answer->listening_since = GetCurrentTimestamp();
	smc_mesh_set_idle_interval(answer->mesh, smc_answer_wait_ms(answer));
}

void
smc_answer_check_hub(void *arg)
{
	SmcAnswer  *answer = arg;
	SmcMeshStats stats = smc_mesh_stats(answer->mesh);
	TimestampTz heard = Max(smc_mesh_last_heard(answer->mesh, answer->hub),
							answer->listening_since);

	if (TimestampDifferenceExceeds(heard, GetCurrentTimestamp(), (int) answer->timeout_ms))
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("party \"%s\" did not answer within %ld ms",
						hub_name(answer), answer->timeout_ms)));
	if (answer->computing)
		smc_activity_progress(stats.bytes_sent - answer->stats_before.bytes_sent,
							  stats.bytes_received - answer->stats_before.bytes_received, 0);
}

void
smc_answer_await_word(SmcAnswer *answer, SmcMessage *message)
{
	while (!smc_mesh_next(answer->mesh, message))
	{
		smc_answer_check_hub(answer);
		smc_mesh_wait(answer->mesh, smc_answer_wait_ms(answer));
	}
}

void
smc_answer_await_message(SmcAnswer *answer, SmcMessage *message)
{
	smc_answer_await_word(answer, message);
	if (message->type == SMC_MSG_ABORT)
		smc_mesh_raise_abort(answer->mesh, message);
}

void
smc_answer_hold(SmcAnswer *answer, const SmcMessage *message)
{
	MemoryContext caller = MemoryContextSwitchTo(answer->context);
	SmcMessage *copy = palloc(sizeof(SmcMessage));

	*copy = *message;
	answer->held = lappend(answer->held, copy);
	MemoryContextSwitchTo(caller);
}

bool
smc_answer_take_message(SmcAnswer *answer, SmcMessage *message)
{
	SmcMessage *first;

	if (answer->held == NIL)
		return smc_mesh_next(answer->mesh, message);
	first = linitial(answer->held);
	*message = *first;
	answer->held = list_delete_first(answer->held);
	pfree(first);
	return true;
}

/*
 * AGREE
 */

static Verdict *
find_verdict(const SmcAnswer *answer, const uint8 *digest)
{
	ListCell   *lc;

	foreach(lc, answer->verdicts)
	{
		Verdict    *verdict = lfirst(lc);

		if (memcmp(verdict->digest, digest, SMC_KEY_BYTES) == 0)
			return verdict;
	}
	return NULL;
}

static void
keep_verdict(SmcAnswer *answer, const uint8 *digest, const char *reason)
{
	MemoryContext caller = MemoryContextSwitchTo(answer->context);
	Verdict    *verdict = find_verdict(answer, digest);

	if (verdict == NULL)
	{
		verdict = palloc0(sizeof(Verdict));
		memcpy(verdict->digest, digest, SMC_KEY_BYTES);
		answer->verdicts = lappend(answer->verdicts, verdict);
	}
	else if (verdict->reason != NULL)
		pfree(verdict->reason);
	verdict->reason = reason ? pstrdup(reason) : NULL;
	MemoryContextSwitchTo(caller);
}

/*
 * Whether a message may overtake a consent: the hub's next request, and what a
 * party says and decides on that, which may all be quicker than the last peer.
 */
static bool
may_overtake(const SmcAnswer *answer, const SmcMessage *message)
{
	if (message->type == SMC_MSG_CONSENT || list_length(answer->held) >= SMC_ANSWER_HELD_MAX)
		return false;
	if (answer->held == NIL)
		return message->from == answer->hub;
	return message->type == SMC_MSG_DECISION || message->type == SMC_MSG_HOLDINGS;
}

/* Hear the consents of all others. */
static void
collect_consents(SmcAnswer *answer, SmcAgreement *agreement)
{
	TimestampTz started = GetCurrentTimestamp();

	smc_agreement_begin(agreement, answer->mesh);
	smc_answer_start_listening(answer);
	while (agreement->missing != 0)
	{
		SmcMessage	message;

		if (TimestampDifferenceExceeds(started, GetCurrentTimestamp(), (int) answer->timeout_ms))
			ereport(ERROR,
					(errcode(ERRCODE_CONNECTION_FAILURE),
					 errmsg("party \"%s\" did not answer within %ld ms",
							smc_mesh_party_name(answer->mesh, pg_rightmost_one_pos32(agreement->missing)),
							answer->timeout_ms)));
		smc_answer_await_message(answer, &message);
		if (may_overtake(answer, &message))
			smc_answer_hold(answer, &message);
		else
			smc_agreement_take(agreement, answer->mesh, &message);
	}
}

static void
answer_agree(SmcAnswer *answer, const SmcMessage *message)
{
	SmcAgreeMessage asked;
	SmcAgreement agreement;
	const SmcStudy *study;
	List	   *reasons;

	smc_transaction_begin();
	smc_messages_read_agree(message, hub_name(answer), &asked);
	set_timeout_ms(answer, asked.timeout_ms);
	study = smc_study_find(asked.study);
	smc_agreement_send_own(answer->mesh, asked.study, study);
	smc_transaction_commit_lazy();
	smc_mesh_flush(answer->mesh);

	collect_consents(answer, &agreement);
	if (study == NULL || !smc_agreement_fits_lane(study, answer->mesh))
		return;					/* COMPUTE will be refused by that alone */

	smc_transaction_begin();
	reasons = smc_agreement_judge(&agreement, answer->mesh, study);
	smc_secret_purge();			/* a good time, as good as any */
	smc_transaction_commit_lazy();
	keep_verdict(answer, study->digest, reasons != NIL ? linitial(reasons) : NULL);
}

/*
 * COMPUTE
 */

/* Refuse when the lane isn't any more what it was at its handshake. */
static void
check_lane(const SmcAnswer *answer)
{
	uint8		fingerprint[SMC_KEY_BYTES];

	if (!smc_guard_is_link_session() && !superuser_arg(GetSessionUserId()))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("the asker's role at party \"%s\" may not attach any more", own_name(answer))));
	smc_peer_fingerprint(answer->names, GetUserId(), false, fingerprint);
	if (memcmp(fingerprint, answer->fingerprint, SMC_KEY_BYTES) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),	/* the hub tries another lane */
				 errmsg("party \"%s\" has changed its key or its registered peers since this lane was opened",
						own_name(answer))));
}

/* Find the study asked about, and insist that it is agreed as it is here and there. */
static const SmcStudy *
check_study(const SmcAnswer *answer, const SmcComputeMessage *asked)
{
	const SmcStudy *study = smc_study_find(asked->study);
	Verdict    *verdict;

	if (study == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("study \"%s\" is not defined at party \"%s\"", asked->study, own_name(answer))));
	if (memcmp(study->digest, asked->digest, SMC_KEY_BYTES) != 0 ||
		!smc_agreement_fits_lane(study, answer->mesh))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("study \"%s\" is defined differently at party \"%s\"",
						asked->study, own_name(answer))));
	if (!smc_consent_own(asked->study, study)->accepted)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("party \"%s\" has not accepted study \"%s\"", own_name(answer), asked->study)));
	verdict = find_verdict(answer, study->digest);
	if (verdict == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("party \"%s\" asked about study \"%s\" without an exchange of consents",
						hub_name(answer), asked->study)));
	if (verdict->reason != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("%s", verdict->reason)));
	if ((study->askers & (1 << answer->hub)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("party \"%s\" may not ask about study \"%s\"", hub_name(answer), asked->study),
				 errdetail("The study's option query_by doesn't name it.")));
	smc_study_require_runnable(study);
	smc_quota_require_left(study);
	return study;
}

/*
 * Put what is asked before the people who decide here.  From here on it can be
 * seen, and decided, as soon as the transaction commits.
 */
static void
begin_waiting(SmcAnswer *answer, const Computation *c)
{
	const SmcComputeMessage *asked = &c->asked;
	uint8		digest[SMC_KEY_BYTES];
	SmcWaiting	waiting;

	smc_compute_digest(smc_mesh_lane_id(answer->mesh), asked->seq, asked->id, asked->digest,
					   asked->query, NULL, digest);
	smc_approval_begin(&answer->approval, answer->mesh, asked->study, asked->seq, digest);
	sodium_memzero(digest, sizeof(digest));
	smc_activity_awaiting(smc_approval_missing_names(&answer->approval));

	memset(&waiting, 0, sizeof(waiting));
	memcpy(waiting.id, asked->id, SMC_UUID_BYTES);
	waiting.study = asked->study;
	memcpy(waiting.digest, asked->digest, SMC_KEY_BYTES);
	waiting.asked_by = hub_name(answer);
	waiting.asked_role = asked->role;
	waiting.query = answer->audit.query;
	waiting.reveals = answer->audit.reveals;
	waiting.asked_at = GetCurrentTimestamp();
	waiting.waits_until = TimestampTzPlusMilliseconds(waiting.asked_at,
													  c->study->approve_within * INT64CONST(1000));
	smc_waiting_put(&waiting);
}

/* Check all that was asked, and put the audit row on disk. */
static void
check_and_record(SmcAnswer *answer, const SmcMessage *message, Computation *c)
{
	const SmcComputeMessage *asked = &c->asked;

	smc_transaction_begin();
	smc_messages_read_compute(message, hub_name(answer), &c->asked);
	set_timeout_ms(answer, asked->timeout_ms);

	memset(&answer->audit, 0, sizeof(answer->audit));
	memcpy(answer->audit.id, asked->id, SMC_UUID_BYTES);
	answer->audit.study = asked->study;
	answer->audit.asked_by = hub_name(answer);
	answer->audit.asked_role = asked->role;
	answer->audit.rows = -1;
	answer->audit.status = "running";
	answer->audit.started_at = GetCurrentTimestamp();
	answer->stats_before = smc_mesh_stats(answer->mesh);
	answer->audit_begun = false;
	answer->waiting = false;
	answer->outcome = NULL;
	memset(&answer->recall, 0, sizeof(answer->recall));
	answer->computing = true;

	if (asked->seq != answer->seq + 1)
		smc_messages_unexpected(message, hub_name(answer));
	answer->seq = asked->seq;

	check_lane(answer);
	c->study = check_study(answer, asked);
	c->query = smc_query_parse((const uint8 *) VARDATA_ANY(asked->query),
							   VARSIZE_ANY_EXHDR(asked->query));
	if (smc_holdings_matter(c->query))
		smc_answer_exchange_holdings(answer, c);
	smc_query_check(c->study, c->query);
	c->layout = smc_layout_make(c->study, c->query);
	answer->audit.query = smc_query_text(c->study, c->query);
	answer->audit.reveals = smc_query_reveals_and_keeps(c->study, c->query);

	smc_activity_begin(asked->id, asked->study, hub_name(answer), asked->role, false);
	if (!c->study->approve_each)
		smc_answer_remember(answer, c);
	smc_audit_begin(&answer->audit);
	if (c->study->approve_each)
		begin_waiting(answer, c);
	smc_transaction_commit_flushed();
	answer->audit_begun = true;
	answer->waiting = c->study->approve_each;
}

/*
 * Approval
 */

/* Show who is awaited still, and keep for the audit who isn't any more. */
static void
show_decisions(SmcAnswer *answer)
{
	answer->audit.decisions = smc_approval_json(&answer->approval);
	smc_activity_awaiting(smc_approval_missing_names(&answer->approval));
}

static bool
own_is_missing(const SmcAnswer *answer)
{
	return (answer->approval.missing & (1 << smc_mesh_self(answer->mesh))) != 0;
}

/* Say to everyone what was decided here, and raise if it was no. */
static void
tell_decision(SmcAnswer *answer, const SmcDecision *decision)
{
	smc_approval_decide(&answer->approval, decision);
	show_decisions(answer);
	if (!decision->approved)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("computation over study \"%s\" was refused by party \"%s\"",
						answer->audit.study, own_name(answer)),
				 decision->reason[0] != '\0' ?
				 errdetail_internal("By role \"%s\": %s", decision->by, decision->reason) :
				 errdetail_internal("By role \"%s\".", decision->by)));
}

/*
 * Look whether people here have decided, and whether all that was checked
 * still holds: consent may have been withdrawn, the study have expired.
 */
static void
look_for_decision(SmcAnswer *answer, const Computation *c)
{
	MemoryContext looking = AllocSetContextCreate(answer->request, "smc approval", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller;
	SmcWaiting	waiting;

	smc_transaction_begin();
	caller = MemoryContextSwitchTo(looking);
	check_lane(answer);
	(void) check_study(answer, &c->asked);
	waiting.decided = false;
	if (own_is_missing(answer) && !smc_waiting_find(c->asked.id, false, &waiting))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("computation over study \"%s\" was taken out of the requests at party \"%s\"",
						answer->audit.study, own_name(answer))));
	MemoryContextSwitchTo(caller);
	if (waiting.decided)
	{
		waiting.decision.by = pstrdup(waiting.decision.by);
		waiting.decision.reason = pstrdup(waiting.decision.reason);
		tell_decision(answer, &waiting.decision);
	}
	smc_transaction_commit_lazy();
	MemoryContextDelete(looking);
}

static void
take_decision(SmcAnswer *answer, SmcMessage *message)
{
	if (message->type == SMC_MSG_ABORT)
		smc_mesh_raise_abort(answer->mesh, message);
	smc_transaction_begin();
	smc_approval_take(&answer->approval, message);
	smc_transaction_commit_lazy();
	show_decisions(answer);
	smc_approval_require(&answer->approval);
}

/*
 * All have approved: check for the last time, and put on disk who did before
 * anything is read.
 */
static void
end_waiting(SmcAnswer *answer, const Computation *c)
{
	smc_transaction_begin();
	check_lane(answer);
	(void) check_study(answer, &c->asked);
	smc_answer_remember(answer, c);
	smc_waiting_end(c->asked.id);
	smc_audit_note_decisions(&answer->audit);
	smc_transaction_commit_flushed();
	answer->waiting = false;
}

/*
 * Wait until people at all parties but the hub's have approved; raises when
 * some have not.  The hub, whose patience ends a bit earlier than ours, gives
 * up first and says so to its user; this here is but for a hub that doesn't.
 */
static void
await_approval(SmcAnswer *answer, const Computation *c)
{
	int64		patience_ms = c->study->approve_within * INT64CONST(1000) + answer->timeout_ms;
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), patience_ms);
	TimestampTz looked_at = 0;

	smc_answer_start_listening(answer);
	while (answer->approval.missing != 0)
	{
		SmcMessage	message;
		TimestampTz now;

		if (smc_answer_take_message(answer, &message))
		{
			take_decision(answer, &message);
			continue;
		}
		smc_answer_check_hub(answer);
		now = GetCurrentTimestamp();
		if (now >= end)
			smc_approval_raise_late(&answer->approval, c->study->approve_within);
		if (TimestampDifferenceExceeds(looked_at, now, LOOK_AGAIN_MS))
		{
			look_for_decision(answer, c);
			looked_at = GetCurrentTimestamp();
			if (answer->approval.missing == 0)
				break;
			smc_mesh_wait(answer->mesh, Min(smc_answer_wait_ms(answer), LOOK_MS));
		}
		else
			smc_mesh_wait(answer->mesh,
						  LOOK_AGAIN_MS - TimestampDifferenceMilliseconds(looked_at, now) + 1);
	}
	end_waiting(answer, c);
}

/*
 * Computing
 */

/* Stop what runs along with the local query, however that ended. */
static void
end_local_part(void)
{
	disable_timeout(STATEMENT_TIMEOUT, false);
	smc_hangup_stop();
	smc_activity_beat_stop();
}

/*
 * Run our part.  The CALL is one long statement, so a statement_timeout that
 * the DBA has set for this role is applied to this query alone.
 */
static void
run_local_part(SmcAnswer *answer, Computation *c)
{
	TimestampTz started = GetCurrentTimestamp();

	answer->stage = STAGE_LOCAL;
	smc_activity_phase(SMC_PHASE_LOCAL);

	smc_activity_beat_start(smc_mesh_lane_id(answer->mesh));
	smc_hangup_start();
	if (StatementTimeout > 0)
		enable_timeout_after(STATEMENT_TIMEOUT, StatementTimeout);
	smc_transaction_begin();
	answer->audit.rows = (int64) smc_local_run(c->study, c->query, c->layout, c->partials, &c->keys);
	smc_transaction_commit_lazy();
	CHECK_FOR_INTERRUPTS();		/* a time-out that was just too late is this query's still */
	end_local_part();

	c->local_us = GetCurrentTimestamp() - started;
}

/* Consent may have been withdrawn while the local query ran: nothing leaves without it. */
static void
confirm_consent(SmcAnswer *answer, const Computation *c)
{
	answer->stage = STAGE_CHECK;
	smc_transaction_begin();
	smc_consent_require_still(c->study);
	smc_transaction_commit_lazy();
}

/* Where the study limits its queries, have this one counted before any share leaves. */
static void
count_query(SmcAnswer *answer, const Computation *c)
{
	SmcClaim	claim;

	claim.study = c->study;
	claim.mesh = answer->mesh;
	claim.seq = c->asked.seq;
	claim.id = c->asked.id;
	claim.asked_by = hub_name(answer);
	claim.on_idle = smc_answer_check_hub;
	claim.arg = answer;
	smc_answer_start_listening(answer);
	smc_claim_by_peer(&claim);
}

static void
run_joint_part(SmcAnswer *answer, Computation *c)
{
	SmcSecretShare *secrets = smc_holdings_read_shares(&c->holdings, c->query);
	SmcChannel	channel;
	SmcStatus	status;
	uint8		digest[SMC_KEY_BYTES];

	answer->stage = STAGE_JOINT;
	smc_activity_phase(SMC_PHASE_JOINT);
	smc_answer_start_listening(answer);
	smc_compute_digest(smc_mesh_lane_id(answer->mesh), c->asked.seq, c->asked.id,
					   c->asked.digest, c->asked.query, c->history, digest);
	answer->outcome = &c->outcome;
	smc_mesh_channel_init(answer->mesh, &channel, smc_answer_check_hub, answer);
	status = smc_compute_run(&channel, smc_mesh_seeds(answer->mesh), digest,
							 smc_mesh_lane_id(answer->mesh), answer->engine, c->layout,
							 c->partials, c->keys, secrets, &c->outcome);
	smc_wiped_free(c->partials);
	if (c->keys != NULL)
		smc_keys_free(c->keys);
	if (secrets != NULL)
		smc_wiped_free(secrets);
	sodium_memzero(digest, sizeof(digest));
	if (status == SMC_ERR_CHANNEL)
		smc_mesh_channel_rethrow(answer->mesh);
	smc_compute_check(status, &c->outcome);

	/* before the hub hears that we are done: its next question finds what this one was told */
	smc_answer_end_history(answer);
}

/* Tell the hub that our shares have left, and wait for its word that everybody's have. */
static void
await_end(SmcAnswer *answer, Computation *c)
{
	StringInfoData buf;
	SmcMessage	message;
	SmcReader	reader;

	smc_activity_phase(SMC_PHASE_WAIT);
	initStringInfo(&buf);
	smc_messages_put_u64(&buf, c->asked.seq);
	smc_messages_put_u64(&buf, c->local_us);
	smc_mesh_post(answer->mesh, answer->hub, SMC_MSG_CONTRIBUTED, buf.data, buf.len);

	smc_answer_await_end(answer, c, &message);
	if (message.type != SMC_MSG_END || message.from != answer->hub)
		smc_messages_unexpected(&message, smc_mesh_party_name(answer->mesh, message.from));
	smc_reader_init(&reader, message.data, message.len);
	if (smc_reader_u64(&reader) != c->asked.seq)
		smc_reader_fail(&reader);
	smc_messages_end(&reader, "END", hub_name(answer));
	smc_mesh_free_message(&message);
	smc_mesh_expect_quiet(answer->mesh);
}

static void
count_bytes(SmcAnswer *answer)
{
	SmcMeshStats stats = smc_mesh_stats(answer->mesh);

	answer->audit.bytes_sent = stats.bytes_sent - answer->stats_before.bytes_sent;
	answer->audit.bytes_received = stats.bytes_received - answer->stats_before.bytes_received;
}

/* Keep the figures meant for us, and close the audit's row. */
static void
conclude(SmcAnswer *answer, Computation *c)
{
	bool		withheld = smc_compute_all_withheld(c->layout, &c->outcome);

	count_bytes(answer);
	answer->audit.rounds = c->outcome.rounds;
	answer->audit.status = withheld || c->outcome.keeps_withheld ? "withheld" : "done";

	smc_transaction_begin();
	if (c->outcome.kept_count > 0)
		(void) smc_secret_confirm(c->asked.id);
	if (!withheld && !c->outcome.told_division_by_zero &&
		smc_compute_is_recipient(c->layout, smc_mesh_self(answer->mesh)))
		smc_audit_keep_result(c->asked.id, c->asked.study, hub_name(answer), answer->audit.query,
							  smc_figure_json(c->study, c->query, c->layout, &c->outcome));
	smc_audit_end(&answer->audit);
	smc_transaction_commit_lazy();

	smc_answer_end_secrets(answer);
	answer->computing = false;
	answer->audit_begun = false;
	smc_activity_end();
}

static void
answer_compute(SmcAnswer *answer, const SmcMessage *message)
{
	Computation *c = palloc0(sizeof(Computation));	/* outlives an error, for the audit */

	check_and_record(answer, message, c);
	if (answer->waiting)
		await_approval(answer, c);
	smc_answer_recall(answer, c);
	c->partials = smc_wiped_alloc(smc_layout_elements(c->layout) * sizeof(SmcRing128));
	if (!smc_query_reads_nothing(c->query))
		run_local_part(answer, c);
	confirm_consent(answer, c);
	count_query(answer, c);
	run_joint_part(answer, c);
	smc_answer_keep(answer, c);
	await_end(answer, c);
	conclude(answer, c);
}

/*
 * Questions
 */

/* The studies here that name the hub: it may import what it is to take part in. */
static void
answer_studies(SmcAnswer *answer)
{
	List	   *definitions;
	StringInfoData buf;
	ListCell   *lc;

	smc_transaction_begin();
	check_lane(answer);
	definitions = smc_study_offers(hub_name(answer));
	initStringInfo(&buf);
	smc_messages_put_u32(&buf, list_length(definitions));
	foreach(lc, definitions)
		smc_messages_put_blob(&buf, lfirst(lc), strlen(lfirst(lc)));	/* is UTF-8 */
	smc_mesh_post(answer->mesh, answer->hub, SMC_MSG_TELL, buf.data, buf.len);
	smc_transaction_commit_lazy();
}

static void
answer_who(SmcAnswer *answer)
{
	StringInfoData buf;

	initStringInfo(&buf);
	smc_transaction_begin();
	check_lane(answer);
	smc_messages_put_text(&buf, smc_module_version());
	smc_transaction_commit_lazy();
	smc_messages_put_u32(&buf, PG_VERSION_NUM);
	smc_mesh_post(answer->mesh, answer->hub, SMC_MSG_HERE, buf.data, buf.len);
}

static void
handle(SmcAnswer *answer, const SmcMessage *message)
{
	answer->stage = STAGE_CHECK;
	if (message->type == SMC_MSG_ABORT)
		smc_mesh_raise_abort(answer->mesh, message);
	if (message->from != answer->hub)
		smc_messages_unexpected(message, smc_mesh_party_name(answer->mesh, message->from));

	switch (message->type)
	{
		case SMC_MSG_AGREE:
			answer_agree(answer, message);
			break;
		case SMC_MSG_COMPUTE:
			answer_compute(answer, message);
			break;
		case SMC_MSG_STUDIES:
			answer_studies(answer);
			break;
		case SMC_MSG_WHO:
			answer_who(answer);
			break;
		default:
			smc_messages_unexpected(message, hub_name(answer));
	}
	answer->stage = STAGE_IDLE;
}

bool
smc_answer_next(SmcAnswer *answer)
{
	MemoryContext caller = CurrentMemoryContext;
	SmcMessage	message;

	if (!smc_answer_take_message(answer, &message))
		return false;

	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	MemoryContextSwitchTo(answer->request);
	handle(answer, &message);
	smc_mesh_free_message(&message);
	MemoryContextSwitchTo(caller);
	MemoryContextReset(answer->request);
	return true;
}

/*
 * Failure
 */

/* Take our request away; a decision that was made meanwhile goes to the audit. */
static void
give_up_waiting(SmcAnswer *answer)
{
	SmcWaiting	waiting;

	if (own_is_missing(answer) && smc_waiting_find(answer->audit.id, false, &waiting) && waiting.decided)
	{
		smc_approval_note(&answer->approval, &waiting.decision);
		answer->audit.decisions = smc_approval_json(&answer->approval);
	}
	smc_waiting_end(answer->audit.id);
	answer->waiting = false;
}

/* Write to the audit how it ended; should that fail too, log it and go on. */
static void
write_audit(SmcAnswer *answer)
{
	MemoryContext caller = CurrentMemoryContext;

	PG_TRY();
	{
		count_bytes(answer);
		smc_transaction_begin();
		if (answer->waiting)
			give_up_waiting(answer);
		smc_history_end(&answer->recall.run, answer->outcome);
		smc_audit_end(&answer->audit);
		smc_transaction_commit_lazy();
	}
	PG_CATCH();
	{
		ErrorData  *second;

		MemoryContextSwitchTo(caller);
		second = CopyErrorData();
		FlushErrorState();
		smc_transaction_abort();
		ereport(LOG_SERVER_ONLY,
				(errcode(second->sqlerrcode),
				 errmsg("could not write the end of a computation to the audit: %s", second->message)));
	}
	PG_END_TRY();
}

void
smc_answer_fail(SmcAnswer *answer, ErrorData *edata)
{
	bool		in_local_query = answer->stage == STAGE_LOCAL;

	end_local_part();
	smc_answer_end_secrets(answer);
	if (smc_failure_is_echo(edata) && smc_failure_find_abort(answer->mesh, edata))
		in_local_query = false;
	else if (in_local_query && edata->sqlerrcode == ERRCODE_QUERY_CANCELED && smc_hangup_happened())
	{
		edata->sqlerrcode = ERRCODE_CONNECTION_FAILURE;
		edata->message = psprintf("lost the link to peer \"%s\"", hub_name(answer));
		in_local_query = false;
	}
	smc_failure_tell(answer->mesh, edata, in_local_query);

	if (answer->computing)
	{
		ereport(LOG_SERVER_ONLY,
				(errcode(edata->sqlerrcode),
				 errmsg("computation over study \"%s\" asked by party \"%s\" failed: %s",
						answer->audit.study, hub_name(answer), edata->message),
				 edata->detail ? errdetail_internal("%s", edata->detail) : 0,
				 edata->hint ? errhint("%s", edata->hint) : 0,
				 edata->context ? errcontext("%s", edata->context) : 0));

		answer->audit.status = smc_failure_status(edata, in_local_query);
		answer->audit.sqlstate = pstrdup(unpack_sql_state(edata->sqlerrcode));
		answer->audit.error = smc_failure_describe(edata, in_local_query);
		write_audit(answer);
		answer->computing = false;
	}
	smc_activity_end();
}
