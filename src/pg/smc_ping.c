/*
 * smc_ping: whether a registered peer answers, and is who it should be.
 *
 * It takes the same way as a computation (a lane of two parties, handshake and
 * all), so what it finds holds for computations too.  A peer that answers under
 * another key is a finding, not an error; everything else that is in the way
 * raises, as it would there.  A new key that the registered one has signed is the
 * right one, and registered here by then; a notice tells of it.
 */
#include "postgres.h"

#include <math.h>

#include "datatype/timestamp.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/inval.h"
#include "utils/timestamp.h"

#include "pg/smc_compat.h"
#include "pg/smc_identity.h"
#include "pg/smc_lane.h"
#include "pg/smc_module.h"
#include "pg/smc_peer.h"

PG_FUNCTION_INFO_V1(smc_ping);

#define PING_COLUMNS	6

/* A server's version number as people write it: 150020 is 15.20. */
static Datum
version_text(int number)
{
	return CStringGetTextDatum(psprintf("%d.%d", number / 10000, number % 10000));
}

static Datum
milliseconds_interval(double ms)
{
	Interval   *interval = palloc0(sizeof(Interval));

	interval->time = (TimeOffset) rint(ms * 1000.0);
	return IntervalPGetDatum(interval);
}

/* Say that the peer has another key than before the ping. */
static void
tell_new_key(const SmcPeer *before)
{
	SmcPeer    *after;
	char		key[SMC_KEY_TEXT_MAX];

	AcceptInvalidationMessages();
	after = smc_peer_find(before->name, true);
	if (after == NULL || !before->has_key || !after->has_key ||
		memcmp(before->public_key, after->public_key, SMC_PUBLIC_KEY_BYTES) == 0)
		return;
	smc_identity_format_key(after->public_key, key);
	ereport(NOTICE,
			(errmsg("peer \"%s\" has a new public key", before->name),
			 errdetail("Server \"%s\" has it now: %s.", before->name, key),
			 errhint("View smc_key_changes tells by whose word.")));
}

/*
 * Ping a peer.  Needs USAGE on its server, and a user mapping for the caller.
 * What wasn't learnt from the peer is NULL; nothing is learnt from one that
 * failed to prove its identity.
 */
Datum
smc_ping(PG_FUNCTION_ARGS)
{
	char	   *name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	SmcPeer    *peer;
	SmcPing		ping = {0};
	AclResult	acl;
	TupleDesc	desc;
	Datum		values[PING_COLUMNS] = {0};
	bool		nulls[PING_COLUMNS] = {false};

	smc_module_require_preload();
	if (get_call_result_type(fcinfo, NULL, &desc) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");

	peer = smc_peer_find(name, false);
	acl = smc_compat_server_aclcheck(peer->serverid, GetUserId());
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_FOREIGN_SERVER, peer->name);
	if (peer->is_self)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("party \"%s\" is this database itself", peer->name),
				 errhint("View smc_peers shows the peers.")));

	smc_lane_ping(peer->name, &ping);
	tell_new_key(peer);

	values[0] = CStringGetTextDatum(peer->name);
	values[2] = BoolGetDatum(ping.identity_ok);
	if (ping.identity_ok)
	{
		values[1] = milliseconds_interval(ping.round_trip_ms);
		values[3] = Int32GetDatum(ping.protocol_version);
		values[4] = CStringGetTextDatum(ping.extension_version);
		values[5] = version_text(ping.server_version);
	}
	else
		nulls[1] = nulls[3] = nulls[4] = nulls[5] = true;

	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(desc), values, nulls)));
}
