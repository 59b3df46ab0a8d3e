/*
 * The exchange of consents over a study on a lane.
 *
 * Every party tells every other what it has defined and accepted, and judges
 * for itself what it was told, under its own definition and the keys it has
 * registered; nobody believes the hub.
 */
#include "postgres.h"

#include "pg/smc_agreement.h"
#include "pg/smc_consent.h"
#include "pg/smc_messages.h"

void
smc_agreement_begin(SmcAgreement *agreement, const SmcMesh *mesh)
{
	int			count = smc_mesh_party_count(mesh);

	memset(agreement, 0, sizeof(*agreement));
	agreement->missing = (uint16) (((1 << count) - 1) & ~(1 << smc_mesh_self(mesh)));
}

void
smc_agreement_take(SmcAgreement *agreement, const SmcMesh *mesh, const SmcMessage *message)
{
	if (message->type != SMC_MSG_CONSENT || (agreement->missing & (1 << message->from)) == 0)
		smc_messages_unexpected(message, smc_mesh_party_name(mesh, message->from));
	agreement->consents[message->from] = *message;
	agreement->missing &= ~(1 << message->from);
}

void
smc_agreement_send_own(SmcMesh *mesh, const char *name, const SmcStudy *study)
{
	bytea	   *none = smc_consent_write(smc_consent_own(name, NULL));
	bytea	   *own = study ? smc_consent_write(smc_consent_own(name, study)) : none;
	int			party;

	for (party = 0; party < smc_mesh_party_count(mesh); party++)
	{
		bytea	   *consent = none;
		int			i;

		if (party == smc_mesh_self(mesh))
			continue;
		for (i = 0; study != NULL && i < study->party_count; i++)
			if (strcmp(study->parties[i], smc_mesh_party_name(mesh, party)) == 0)
				consent = own;
		smc_mesh_post(mesh, party, SMC_MSG_CONSENT, VARDATA(consent), VARSIZE(consent) - VARHDRSZ);
	}
}

List *
smc_agreement_judge(SmcAgreement *agreement, const SmcMesh *mesh, const SmcStudy *study)
{
	List	   *reasons = NIL;
	int			party;

	for (party = 0; party < smc_mesh_party_count(mesh); party++)
	{
		SmcMessage *message = &agreement->consents[party];
		const char *name = smc_mesh_party_name(mesh, party);
		SmcConsent *consent;
		char	   *reason;

		if (party == smc_mesh_self(mesh))
			continue;
		consent = smc_consent_parse(message->data, message->len, name);
		if (strcmp(consent->study, study->name) != 0)
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("party \"%s\" told of another study than \"%s\"", name, study->name)));
		reason = smc_consent_judge(study, name, consent);
		if (reason != NULL)
			reasons = lappend(reasons, reason);
		smc_mesh_free_message(message);
	}
	return reasons;
}

bool
smc_agreement_fits_lane(const SmcStudy *study, const SmcMesh *mesh)
{
	int			i;

	if (study->party_count != smc_mesh_party_count(mesh))
		return false;
	for (i = 0; i < study->party_count; i++)
		if (strcmp(study->parties[i], smc_mesh_party_name(mesh, i)) != 0)
			return false;
	return true;
}
