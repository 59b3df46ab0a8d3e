/*
 * Consent: each party's signature on a study's digest, ours and the others'.
 *
 * What is signed is the digest, the study's and the party's name, the accepting
 * role and the time, so that a signature can't pass for another study's, another
 * party's, or a later acceptance.  The lane has proved who speaks, and that it
 * speaks now; the signature is for afterwards, when someone asks who had agreed
 * to what.
 *
 * A consent outlives the key that signed it: where the party's own signed
 * statements lead from that key to the one it has now, as this party followed
 * them, it was the same party that agreed, and it has changed nothing but its
 * key.  Otherwise it must accept again (doc/threat-model.md).
 */
#include "postgres.h"

#include <sodium.h>

#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "core/smc_bytes.h"
#include "core/smc_hash.h"
#include "pg/smc_bytea.h"
#include "pg/smc_consent.h"
#include "pg/smc_definition.h"
#include "pg/smc_identity.h"
#include "pg/smc_key_log.h"
#include "pg/smc_peer.h"
#include "pg/smc_verified.h"

PG_FUNCTION_INFO_V1(smc_verify_consent);


static void
make_message(const char *study, const char *party, const uint8 digest[SMC_KEY_BYTES],
			 const char *role, TimestampTz accepted_at, uint8 out[SMC_KEY_BYTES])
{
	char	   *utf8 = smc_definition_to_utf8(study);
	char	   *role_utf8 = smc_definition_to_utf8(role);
	SmcHash		hash;

	smc_hash_init(&hash, "smc study consent v1", NULL);
	smc_hash_add(&hash, digest, SMC_KEY_BYTES);
	smc_hash_add(&hash, utf8, strlen(utf8));
	smc_hash_add(&hash, party, strlen(party));
	smc_hash_add(&hash, role_utf8, strlen(role_utf8));
	smc_hash_add_u64(&hash, (uint64) accepted_at);
	smc_hash_final(&hash, out);
}

/*
 * Verify a signature; one that was good before is remembered by a hash of all
 * that makes it good, since this is asked for every query.
 */
static bool
verify(const uint8 message[SMC_KEY_BYTES], const uint8 signature[SMC_SIGNATURE_BYTES],
	   const uint8 public_key[SMC_PUBLIC_KEY_BYTES])
{
	static SmcVerified verified;
	uint8		mark[SMC_KEY_BYTES];
	SmcHash		hash;

	smc_hash_init(&hash, "smc verified consent v1", NULL);
	smc_hash_add(&hash, message, SMC_KEY_BYTES);
	smc_hash_add(&hash, signature, SMC_SIGNATURE_BYTES);
	smc_hash_add(&hash, public_key, SMC_PUBLIC_KEY_BYTES);
	smc_hash_final(&hash, mark);
	if (smc_verified_before(&verified, mark))
		return true;
	if (crypto_sign_verify_detached(signature, message, SMC_KEY_BYTES, public_key) != 0)
		return false;
	smc_verified_note(&verified, mark);
	return true;
}

/* Whether a key of a party counts for it: it is the present one, or was replaced by it. */
static bool
key_counts(const char *party, const uint8 key[SMC_PUBLIC_KEY_BYTES],
		   const uint8 present_key[SMC_PUBLIC_KEY_BYTES])
{
	return memcmp(key, present_key, SMC_PUBLIC_KEY_BYTES) == 0 ||
		smc_key_log_leads(party, key, present_key);
}

bool
smc_consent_holds(const char *study, const SmcConsentRow *row,
				  const uint8 present_key[SMC_PUBLIC_KEY_BYTES])
{
	uint8		message[SMC_KEY_BYTES];

	if (!row->is_signed || !key_counts(row->party, row->public_key, present_key))
		return false;
	make_message(study, row->party, row->digest, row->role, row->accepted_at, message);
	return verify(message, row->signature, row->public_key);
}

/*
 * smc_verify_consent(study text, party text, digest text, definition text,
 *     role text, accepted_at timestamptz, public_key text, signature bytea)
 *     returns boolean
 *
 * Whether that key signed that this party's role accepted the study so defined,
 * then.  Looks at nothing but its arguments, so anyone can be shown a row of
 * smc_consents, and verify it in a database of their own.
 */
Datum
smc_verify_consent(PG_FUNCTION_ARGS)
{
	char	   *study = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *party = text_to_cstring(PG_GETARG_TEXT_PP(1));
	char	   *digest_text = text_to_cstring(PG_GETARG_TEXT_PP(2));
	char	   *definition = text_to_cstring(PG_GETARG_TEXT_PP(3));
	char	   *role = text_to_cstring(PG_GETARG_TEXT_PP(4));
	TimestampTz accepted_at = PG_GETARG_TIMESTAMPTZ(5);
	char	   *key_text = text_to_cstring(PG_GETARG_TEXT_PP(6));
	bytea	   *signature = PG_GETARG_BYTEA_PP(7);
	uint8		digest[SMC_KEY_BYTES];
	char		hex[SMC_KEY_BYTES * 2 + 1];
	uint8		message[SMC_KEY_BYTES];
	uint8		key[SMC_PUBLIC_KEY_BYTES];

	smc_definition_digest(definition, digest);
	sodium_bin2hex(hex, sizeof(hex), digest, SMC_KEY_BYTES);
	if (strcmp(hex, digest_text) != 0 || !smc_identity_parse_key(key_text, key) ||
		VARSIZE_ANY_EXHDR(signature) != SMC_SIGNATURE_BYTES)
		PG_RETURN_BOOL(false);
	make_message(study, party, digest, role, accepted_at, message);
	PG_RETURN_BOOL(crypto_sign_verify_detached((const uint8 *) VARDATA_ANY(signature), message,
											   sizeof(message), key) == 0);
}

/*
 * Our own
 */

static const char *
own_name(const SmcStudy *study)
{
	return study->parties[study->self];
}

/* Our row for the study as it now stands, if it is accepted under a key that counts. */
static SmcConsentRow *
find_own(const SmcStudy *study)
{
	SmcIdentity identity;
	SmcConsentRow *row = smc_consent_store_find(study->name, own_name(study), study->digest);

	if (row == NULL || !row->accepted)
		return NULL;
	(void) smc_identity_read(&identity, false);
	return smc_consent_holds(study->name, row, identity.public_key) ? row : NULL;
}

bool
smc_consent_has_own(const SmcStudy *study)
{
	return find_own(study) != NULL;
}

bool
smc_consent_has_current(const SmcStudy *study)
{
	SmcConsentRow *row = find_own(study);
	SmcIdentity identity;

	(void) smc_identity_read(&identity, false);
	return row != NULL &&
		memcmp(row->public_key, identity.public_key, SMC_PUBLIC_KEY_BYTES) == 0;
}

void
smc_consent_require_still(const SmcStudy *study)
{
	if (!smc_consent_has_own(study))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("party \"%s\" has withdrawn from study \"%s\" while it was computed",
						own_name(study), study->name)));
}

void
smc_consent_require_own(const SmcStudy *study)
{
	List	   *rows;
	ListCell   *lc;
	char	   *differences = NULL;

	if (smc_consent_has_own(study))
		return;
	rows = smc_consent_store_read(study->name, own_name(study));
	foreach(lc, rows)
	{
		SmcConsentRow *row = lfirst(lc);

		if (row->accepted)
			differences = smc_study_differences(study->definition, row->definition, "what was accepted");
	}
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("this party, \"%s\", has not accepted study \"%s\" as it now stands",
					own_name(study), study->name),
			 differences ? errdetail("The study was changed since: %s.", differences) : 0,
			 errhint("SELECT smc_accept(%s) accepts it, once that is committed.", quote_literal_cstr(study->name))));
}

SmcConsentRow *
smc_consent_sign(const SmcStudy *study)
{
	SmcConsentRow *row = palloc0(sizeof(SmcConsentRow));
	uint8		message[SMC_KEY_BYTES];
	uint8		secret[SMC_SECRET_KEY_BYTES];
	int			result;

	row->party = pstrdup(own_name(study));
	memcpy(row->digest, study->digest, SMC_KEY_BYTES);
	row->definition = pstrdup(study->definition);
	row->accepted = true;
	row->is_signed = true;
	row->accepted_at = GetCurrentTimestamp();
	row->role = GetUserNameFromId(GetUserId(), false);
	make_message(study->name, row->party, row->digest, row->role, row->accepted_at, message);

	/* nothing between these two raises */
	smc_identity_secret(secret);
	result = crypto_sign_detached(row->signature, NULL, message, sizeof(message), secret);
	memcpy(row->public_key, secret + SMC_SECRET_KEY_BYTES - SMC_PUBLIC_KEY_BYTES,
		   SMC_PUBLIC_KEY_BYTES);	/* libsodium's form */
	sodium_memzero(secret, sizeof(secret));
	if (result != 0)
		elog(ERROR, "could not sign the consent");
	return row;
}

SmcConsent *
smc_consent_own(const char *name, const SmcStudy *study)
{
	SmcConsent *consent = palloc0(sizeof(SmcConsent));
	SmcConsentRow *row;

	strlcpy(consent->study, name, sizeof(consent->study));
	if (study == NULL)
		return consent;
	consent->defined = true;
	memcpy(consent->digest, study->digest, SMC_KEY_BYTES);
	consent->definition = pstrdup(study->definition);
	row = find_own(study);
	if (row)
	{
		consent->accepted = true;
		memcpy(consent->signature, row->signature, SMC_SIGNATURE_BYTES);
		memcpy(consent->public_key, row->public_key, SMC_PUBLIC_KEY_BYTES);
		consent->accepted_at = row->accepted_at;
		strlcpy(consent->role, row->role, sizeof(consent->role));
	}
	return consent;
}

/*
 * To and from bytes: text study, bool defined, and then 32 digest, blob
 * definition, bool accepted, and then 64 signature, 32 key, u64 accepted_at,
 * text role.
 */

static void
write_consent(SmcWriter *writer, const void *what)
{
	const SmcConsent *consent = what;

	smc_writer_text(writer, smc_definition_to_utf8(consent->study));
	smc_writer_u8(writer, consent->defined);
	if (!consent->defined)
		return;
	smc_writer_bytes(writer, consent->digest, SMC_KEY_BYTES);
	smc_writer_text(writer, smc_definition_to_utf8(consent->definition));
	smc_writer_u8(writer, consent->accepted);
	if (!consent->accepted)
		return;
	smc_writer_bytes(writer, consent->signature, SMC_SIGNATURE_BYTES);
	smc_writer_bytes(writer, consent->public_key, SMC_PUBLIC_KEY_BYTES);
	smc_writer_u64(writer, (uint64) consent->accepted_at);
	smc_writer_text(writer, smc_definition_to_utf8(consent->role));
}

bytea *
smc_consent_write(const SmcConsent *consent)
{
	return smc_bytea_collect(write_consent, consent);
}

static void malformed(const char *from) pg_attribute_noreturn();

static void
malformed(const char *from)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROTOCOL_VIOLATION),
			 errmsg("peer \"%s\" sent a malformed consent", from)));
}

/* Take a name from UTF-8. */
static void
take_name(const char *utf8, char out[NAMEDATALEN], const char *from)
{
	char	   *converted;

	if (!pg_verify_mbstr(PG_UTF8, utf8, strlen(utf8), true))
		malformed(from);
	converted = smc_definition_from_utf8(utf8);
	if (strlen(converted) >= NAMEDATALEN)
		malformed(from);
	strlcpy(out, converted, NAMEDATALEN);
}

SmcConsent *
smc_consent_parse(const uint8 *data, size_t len, const char *from)
{
	SmcConsent *consent = palloc0(sizeof(SmcConsent));
	SmcReader	reader;
	char		study[NAMEDATALEN * MAX_CONVERSION_GROWTH];
	char		role[NAMEDATALEN * MAX_CONVERSION_GROWTH] = "";
	const uint8 *text = NULL;
	size_t		text_len = 0;
	uint8		digest[SMC_KEY_BYTES];

	smc_reader_init(&reader, data, len);
	smc_reader_text(&reader, study, sizeof(study));
	consent->defined = smc_reader_bool(&reader);
	if (consent->defined)
	{
		smc_reader_copy(&reader, consent->digest, SMC_KEY_BYTES);
		text = smc_reader_blob(&reader, SMC_DEFINITION_MAX, &text_len);
		consent->accepted = smc_reader_bool(&reader);
		if (consent->accepted)
		{
			smc_reader_copy(&reader, consent->signature, SMC_SIGNATURE_BYTES);
			smc_reader_copy(&reader, consent->public_key, SMC_PUBLIC_KEY_BYTES);
			consent->accepted_at = (int64) smc_reader_u64(&reader);
			smc_reader_text(&reader, role, sizeof(role));
		}
	}
	if (smc_reader_end(&reader) != SMC_OK)
		malformed(from);

	take_name(study, consent->study, from);
	take_name(role, consent->role, from);
	if (consent->defined)
	{
		/* its own length was checked before; a NUL in it would hide the rest */
		if (memchr(text, '\0', text_len) != NULL ||
			!pg_verify_mbstr(PG_UTF8, (const char *) text, text_len, true))
			malformed(from);
		consent->definition = smc_definition_from_utf8(pnstrdup((const char *) text, text_len));
		smc_definition_digest(consent->definition, digest);
		if (memcmp(digest, consent->digest, SMC_KEY_BYTES) != 0)
			malformed(from);
		/* a time that PostgreSQL can't show can't be kept */
		if (consent->accepted && !IS_VALID_TIMESTAMP(consent->accepted_at))
			malformed(from);
	}
	return consent;
}

/*
 * Judging another party's
 */

/* Keep what it says, unless that is what it said last. */
static void
keep(const char *study, const char *party, const SmcConsent *consent)
{
	List	   *rows = smc_consent_store_read(study, party);
	SmcConsentRow *last = rows == NIL ? NULL : linitial(rows);
	SmcConsentRow row = {0};

	if (!consent->defined)
	{
		ListCell   *lc;

		foreach(lc, rows)
		{
			if (((SmcConsentRow *) lfirst(lc))->accepted)
			{
				(void) smc_consent_store_withdraw(study, party);
				break;
			}
		}
		return;
	}
	if (last && memcmp(last->digest, consent->digest, SMC_KEY_BYTES) == 0 &&
		last->accepted == consent->accepted &&
		(!consent->accepted ||
		 (last->is_signed && last->accepted_at == consent->accepted_at &&
		  memcmp(last->signature, consent->signature, SMC_SIGNATURE_BYTES) == 0)))
		return;
	row.party = pstrdup(party);
	memcpy(row.digest, consent->digest, SMC_KEY_BYTES);
	row.definition = consent->definition;
	row.accepted = consent->accepted;
	row.is_signed = consent->accepted;
	memcpy(row.signature, consent->signature, SMC_SIGNATURE_BYTES);
	memcpy(row.public_key, consent->public_key, SMC_PUBLIC_KEY_BYTES);
	row.accepted_at = consent->accepted_at;
	row.role = pstrdup(consent->role);
	smc_consent_store_put(study, &row);
}

char *
smc_consent_judge(const SmcStudy *study, const char *party, const SmcConsent *consent)
{
	SmcPeer    *peer = smc_peer_find(party, false);

	if (strcmp(consent->study, study->name) != 0)
		return psprintf("party \"%s\" tells of study \"%s\" where \"%s\" was asked about",
						party, consent->study, study->name);
	if (consent->accepted)
	{
		uint8		message[SMC_KEY_BYTES];

		make_message(study->name, party, consent->digest, consent->role, consent->accepted_at,
					 message);
		if (!peer->has_key || !key_counts(party, consent->public_key, peer->public_key))
			return psprintf("party \"%s\" accepted study \"%s\" under another key than the one registered here, and must accept it again",
							party, study->name);
		if (!verify(message, consent->signature, consent->public_key))
			return psprintf("the signature of party \"%s\" on study \"%s\" is not by its key",
							party, study->name);
	}
	keep(study->name, party, consent);

	if (!consent->defined)
		return psprintf("party \"%s\" has no study \"%s\"", party, study->name);
	if (memcmp(consent->digest, study->digest, SMC_KEY_BYTES) != 0)
		return psprintf("party \"%s\" defines study \"%s\" differently: %s", party, study->name,
						smc_study_differences(study->definition, consent->definition, party));
	if (!consent->accepted)
		return psprintf("party \"%s\" has not accepted study \"%s\"", party, study->name);
	return NULL;
}
