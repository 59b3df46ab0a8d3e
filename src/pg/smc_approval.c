/*
 * The decisions of all parties on one computation.
 *
 * In a study with approve 'each' nobody reads a row of its own before people
 * at every party but the asker's have approved this very computation.  Each
 * party tells its decision to each other, sealed end to end, and each waits
 * for all: so nobody contributes to what somebody else refuses, and the hub,
 * through which these messages pass, can neither make a decision up nor begin
 * without one.  What protects a party is its own approval alone, which gates
 * its own part.
 *
 * A decision carries a hash of what its party was asked: lane, number in the
 * lane, id, study digest and query, byte for byte.  So a hub that shows
 * different questions to different parties is found out before any of them
 * computes, and no decision counts for anything but what it was made on.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "port/pg_bitutils.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/timestamp.h"

#include "core/smc_hash.h"
#include "pg/smc_approval.h"
#include "pg/smc_messages.h"
#include "pg/smc_option.h"

static const char *
party_name(const SmcApproval *approval, int party)
{
	return smc_mesh_party_name(approval->mesh, party);
}

/* Every party but the hub. */
static uint16
deciders(const SmcApproval *approval)
{
	return (uint16) (((1 << smc_mesh_party_count(approval->mesh)) - 1) &
					 ~(1 << smc_mesh_hub(approval->mesh)));
}

void
smc_approval_begin(SmcApproval *approval, SmcMesh *mesh, const char *study,
				   uint64 seq, const uint8 computation[SMC_KEY_BYTES])
{
	SmcHash		hash;

	memset(approval, 0, sizeof(*approval));
	approval->mesh = mesh;
	approval->study = study;
	approval->seq = seq;
	approval->missing = deciders(approval);
	approval->reason = "";
	smc_hash_init(&hash, "smc approval v1", NULL);
	smc_hash_add(&hash, computation, SMC_KEY_BYTES);
	smc_hash_final(&hash, approval->binding);
}

/*
 * Taking and telling
 */

static void
note(SmcApproval *approval, int party, bool approved, TimestampTz at)
{
	approval->missing &= ~(1 << party);
	if (!approved)
		approval->refused |= 1 << party;
	approval->at[party] = at;
}

void
smc_approval_note(SmcApproval *approval, const SmcDecision *decision)
{
	note(approval, smc_mesh_self(approval->mesh), decision->approved, decision->at);
	approval->decided_by = decision->by;
	if (!decision->approved)
		approval->reason = decision->reason;
}

static void
post(const SmcApproval *approval, int to, SmcDecisionMessage *message, const char *reason)
{
	StringInfoData buf;

	message->reason = unconstify(char *, reason);
	initStringInfo(&buf);
	smc_messages_write_decision(&buf, message);
	smc_mesh_post(approval->mesh, to, SMC_MSG_DECISION, buf.data, buf.len);
	pfree(buf.data);
}

/*
 * The hub is told last: it passes the others' messages on, and should it end
 * the lane because of ours, they have them.
 */
void
smc_approval_decide(SmcApproval *approval, const SmcDecision *decision)
{
	int			hub = smc_mesh_hub(approval->mesh);
	SmcDecisionMessage message;
	int			party;

	smc_approval_note(approval, decision);
	memset(&message, 0, sizeof(message));
	message.seq = approval->seq;
	memcpy(message.binding, approval->binding, SMC_KEY_BYTES);
	message.approved = decision->approved;
	message.at = decision->at;
	for (party = 0; party < smc_mesh_party_count(approval->mesh); party++)
		if (party != hub && party != smc_mesh_self(approval->mesh))
			post(approval, party, &message, "");
	post(approval, hub, &message, decision->reason);
	smc_mesh_flush(approval->mesh);
}

void
smc_approval_take(SmcApproval *approval, SmcMessage *message)
{
	SmcDecisionMessage decision;
	int			from = message->from;

	if (message->type != SMC_MSG_DECISION || (approval->missing & (1 << from)) == 0 ||
		from == smc_mesh_self(approval->mesh))
		smc_messages_unexpected(message, party_name(approval, from));
	smc_messages_read_decision(message, party_name(approval, from), &decision);
	smc_mesh_free_message(message);
	if (decision.seq != approval->seq ||
		memcmp(decision.binding, approval->binding, SMC_KEY_BYTES) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_PROTOCOL_VIOLATION),
				 errmsg("party \"%s\" was asked something else about study \"%s\" than this party",
						party_name(approval, from), approval->study),
				 errdetail("Party \"%s\" asks. Nothing was computed.",
						   party_name(approval, smc_mesh_hub(approval->mesh)))));
	note(approval, from, decision.approved, decision.at);
	if (!decision.approved)
		approval->reason = decision.reason;
}

/*
 * How it ends
 */

void
smc_approval_require(const SmcApproval *approval)
{
	if (approval->refused == 0)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
			 errmsg("computation over study \"%s\" was refused by party \"%s\"", approval->study,
					party_name(approval, pg_rightmost_one_pos32(approval->refused))),
			 approval->reason[0] != '\0' ? errdetail_internal("%s", approval->reason) : 0));
}

char *
smc_approval_missing_names(const SmcApproval *approval)
{
	StringInfoData buf;
	int			party;

	initStringInfo(&buf);
	for (party = 0; party < smc_mesh_party_count(approval->mesh); party++)
		if (approval->missing & (1 << party))
			appendStringInfo(&buf, "%s%s", buf.len > 0 ? ", " : "", party_name(approval, party));
	return buf.data;
}

void
smc_approval_raise_late(const SmcApproval *approval, int seconds)
{
	char	   *names = smc_approval_missing_names(approval);

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 pg_popcount32(approval->missing) == 1 ?
			 errmsg("computation over study \"%s\" was not approved in time by party \"%s\"",
					approval->study, names) :
			 errmsg("computation over study \"%s\" was not approved in time by parties %s",
					approval->study, names),
			 errdetail("The study's option approve_within gives them %s.",
					   smc_option_write_within(seconds)),
			 errhint("People there find what waits for them in the view smc_requests.")));
}

char *
smc_approval_json(const SmcApproval *approval)
{
	uint16		decided = deciders(approval) & ~approval->missing;
	StringInfoData buf;
	int			party;

	if (decided == 0)
		return NULL;
	initStringInfo(&buf);
	for (party = 0; party < smc_mesh_party_count(approval->mesh); party++)
	{
		char		at[MAXDATELEN + 1];

		if ((decided & (1 << party)) == 0)
			continue;
		appendStringInfo(&buf, "%s{\"party\": \"%s\", \"decision\": \"%s\"", buf.len > 0 ? ", " : "[",
						 party_name(approval, party),
						 (approval->refused & (1 << party)) != 0 ? "refused" : "approved");
		if (party == smc_mesh_self(approval->mesh) && approval->decided_by != NULL)
		{
			appendStringInfoString(&buf, ", \"by\": ");
			escape_json(&buf, approval->decided_by);
		}
		JsonEncodeDateTime(at, TimestampTzGetDatum(approval->at[party]), TIMESTAMPTZOID, NULL);
		appendStringInfo(&buf, ", \"at\": \"%s\"}", at);
	}
	appendStringInfoChar(&buf, ']');
	return buf.data;
}
