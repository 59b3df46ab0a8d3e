/*
 * All parties count a query, or none does.
 *
 * Nobody holds a claim while somebody's rows are still being read, so claims
 * are short: two messages and a flush at each party.  While another computation
 * holds the claim of a party, that party tries again every few milliseconds, and
 * listens; a claim that is never counted is given up by its party.
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "pg/smc_activity.h"
#include "pg/smc_claim.h"
#include "pg/smc_consent.h"
#include "pg/smc_messages.h"
#include "pg/smc_quota.h"
#include "pg/smc_transaction.h"

#define RETRY_MS	5			/* until a claim is tried again */
#define IDLE_MS		50			/* between calls of on_idle */

/* Take the next message if there is one, else wait a while; raises an ABORT. */
static bool
next_message(const SmcClaim *claim, SmcMessage *message, long wait_ms)
{
	if (smc_mesh_next(claim->mesh, message))
	{
		if (message->type == SMC_MSG_ABORT)
			smc_mesh_raise_abort(claim->mesh, message);
		return true;
	}
	claim->on_idle(claim->arg);
	smc_mesh_wait(claim->mesh, wait_ms);
	return false;
}

/* Wait for a party's word of that type; claimed_at is when we claimed, 0 where that is yet to be. */
static void
await_word(const SmcClaim *claim, int party, uint8 type, TimestampTz claimed_at)
{
	SmcMessage	message;

	while (!next_message(claim, &message, IDLE_MS))
	{
		if (claimed_at != 0)
			smc_quota_check_held(claim->study, claim->asked_by, claimed_at);
	}
	if (message.from != party)
		smc_messages_unexpected(&message, smc_mesh_party_name(claim->mesh, message.from));
	smc_messages_expect_seq(claim->mesh, &message, type, claim->seq);
}

/* Claim the study's next query here; returns when that was. */
static TimestampTz
claim_here(const SmcClaim *claim)
{
	for (;;)
	{
		SmcMessage	message;
		bool		claimed;

		smc_transaction_begin();
		claimed = smc_quota_claim(claim->study);
		smc_transaction_commit_lazy();
		if (claimed)
			return GetCurrentTimestamp();
		if (next_message(claim, &message, RETRY_MS))
			smc_messages_unexpected(&message, smc_mesh_party_name(claim->mesh, message.from));
	}
}

/* Count what is claimed, which nothing but a superuser takes back, and let go. */
static void
count_here(const SmcClaim *claim)
{
	smc_transaction_begin();
	smc_consent_require_still(claim->study);
	smc_quota_count(claim->study, claim->id, claim->asked_by);
	smc_transaction_commit_flushed();
	smc_quota_release(claim->study);
}

void
smc_claim_note_ready(const SmcMesh *mesh, SmcMessage *message, uint64 seq, uint16 *ready)
{
	int			from = message->from;

	if ((*ready & (1 << from)) != 0)
		smc_messages_unexpected(message, smc_mesh_party_name(mesh, from));
	smc_messages_expect_seq(mesh, message, SMC_MSG_READY, seq);
	*ready |= (uint16) (1 << from);
}

void
smc_claim_by_hub(const SmcClaim *claim, uint16 ready)
{
	int			self = smc_mesh_self(claim->mesh);
	int			count = smc_mesh_party_count(claim->mesh);
	uint16		peers = (uint16) (((1 << count) - 1) & ~(1 << self));
	TimestampTz claimed_at = 0;

	if (!smc_quota_applies(claim->study))
		return;
	smc_activity_phase(SMC_PHASE_WAIT);
	while (ready != peers)
	{
		SmcMessage	message;

		if (next_message(claim, &message, IDLE_MS))
			smc_claim_note_ready(claim->mesh, &message, claim->seq, &ready);
	}

	for (int party = 0; party < count; party++)
	{
		if (party == self)
			claimed_at = claim_here(claim);
		else
		{
			smc_messages_post_seq(claim->mesh, party, SMC_MSG_CLAIM, claim->seq);
			await_word(claim, party, SMC_MSG_CLAIMED, claimed_at);
		}
	}

	for (int party = 0; party < count; party++)
	{
		if (party != self)
			smc_messages_post_seq(claim->mesh, party, SMC_MSG_COUNT, claim->seq);
	}
	smc_mesh_flush(claim->mesh);
	count_here(claim);
}

void
smc_claim_by_peer(const SmcClaim *claim)
{
	int			hub = smc_mesh_hub(claim->mesh);
	TimestampTz claimed_at;

	if (!smc_quota_applies(claim->study))
		return;
	smc_activity_phase(SMC_PHASE_WAIT);
	smc_messages_post_seq(claim->mesh, hub, SMC_MSG_READY, claim->seq);
	await_word(claim, hub, SMC_MSG_CLAIM, 0);
	claimed_at = claim_here(claim);
	smc_messages_post_seq(claim->mesh, hub, SMC_MSG_CLAIMED, claim->seq);
	await_word(claim, hub, SMC_MSG_COUNT, claimed_at);
	count_here(claim);
}
