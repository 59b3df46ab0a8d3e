/*
 * smc_attach(): where a hub's connection comes in.
 *
 * The procedure switches its client connection to CopyBoth and carries frames
 * until the hub ends the stream.  The first frame says what is wanted: an OFFER
 * proposes a lane, on which we then are a peer (pg/smc_answer.h); a PROBE asks
 * whether the backend of some lane still lives.
 *
 * TRANSACTIONS: a lane may be idle for long, so the procedure commits the
 * transaction that its CALL came with at once, and opens short ones where it
 * needs them, as COMMIT in a procedure does; it opens the last one only to
 * return with.  That needs a CALL at top level, outside a transaction block.
 * What must live on is in a context below the portal's, which PostgreSQL keeps
 * while the portal runs, whatever transactions do.
 *
 * ERRORS: what happens here must not reach the hub's side in its own words.
 * Once the lane stands, an error becomes an ABORT with words of ours
 * (pg/smc_failure.h) and the backend exits; before, it becomes an ERROR of
 * ours.
 *
 * SETTINGS: the asker's side can set what it likes when it connects, so those
 * that matter are set here, for the rest of the session.
 */
#include "postgres.h"

#include <sodium.h>

#include "access/xact.h"
#include "fmgr.h"
#include "libpq/libpq-be.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "nodes/plannodes.h"
#include "pgstat.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/sinval.h"
#include "tcop/dest.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/timeout.h"

#include "link/smc_frame.h"
#include "link/smc_port.h"
#include "pg/smc_activity.h"
#include "pg/smc_answer.h"
#include "pg/smc_attach.h"
#include "pg/smc_failure.h"
#include "pg/smc_guard.h"
#include "pg/smc_module.h"
#include "pg/smc_peer.h"
#include "pg/smc_rotate.h"
#include "pg/smc_transaction.h"

PG_FUNCTION_INFO_V1(smc_attach);

/*
 * How long the hub may take to open the lane.  It has its own, shorter patience
 * with everyone (and we don't know it yet); this is but the end of a hub that
 * hangs.
 */
#define OPEN_TIMEOUT_MS		60000

/* How long the hub is given to take our last words. */
#define CLOSE_TIMEOUT_MS	500

typedef struct Session
{
	MemoryContext context;
	SmcTransport *transport;
	SmcMesh    *mesh;
	SmcAnswer  *answer;			/* NULL until the lane stands */
} Session;

/*
 * Whether the client's own statement is the CALL of this procedure: from within
 * DO or another procedure transactions can be ended too, but not without their
 * knowing.
 */
static bool
is_top_level(FunctionCallInfo fcinfo)
{
	PlannedStmt *statement;

	if (fcinfo->context == NULL || !IsA(fcinfo->context, CallContext) ||
		castNode(CallContext, fcinfo->context)->atomic)
		return false;
	if (!PortalIsValid(ActivePortal) || list_length(ActivePortal->stmts) != 1)
		return false;
	statement = linitial_node(PlannedStmt, ActivePortal->stmts);
	return statement->utilityStmt != NULL && IsA(statement->utilityStmt, CallStmt) &&
		castNode(CallStmt, statement->utilityStmt)->funcexpr->funcid == fcinfo->flinfo->fn_oid;
}

/* Refuse where the procedure couldn't work. */
static void
check_call(FunctionCallInfo fcinfo)
{
	if (!is_top_level(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("smc_attach() can only be called at top level, outside a transaction block")));
	smc_module_require_preload();
	if (MyProcPort == NULL || whereToSendOutput != DestRemote)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("smc_attach() can only be called by a client")));
	smc_module_require_primary();
}

static void
set_for_session(const char *name, const char *value)
{
	SetConfigOption(name, value, PGC_USERSET, PGC_S_SESSION);
}

static void
apply_settings(void)
{
	/* a hub that vanished is noticed by pg/smc_hangup.c, and by the kernel */
	set_for_session("client_connection_check_interval", "0");
	set_for_session("tcp_keepalives_idle", "10");
	set_for_session("tcp_keepalives_interval", "5");
	set_for_session("tcp_keepalives_count", "3");
	set_for_session("tcp_user_timeout", "30000");

	/* what is said here is for this server's log */
	set_for_session("client_min_messages", "error");

	/* the audit is written, and a computation is one statement */
	set_for_session("default_transaction_read_only", "off");
	set_for_session("default_transaction_deferrable", "off");
	set_for_session("default_transaction_isolation", "read committed");

	/* the CALL lasts as long as the lane; pg/smc_answer.c applies it to local queries */
	disable_timeout(STATEMENT_TIMEOUT, false);
}

/* The offered names as a List. */
static List *
offered_names(const SmcOffer *offer)
{
	List	   *names = NIL;
	int			i;

	for (i = 0; i < offer->party_count; i++)
		names = lappend(names, pstrdup(offer->names[i]));
	return names;
}

/* Make our end of the lane, with the secret key in memory no longer than that takes. */
static void
create_mesh(Session *session, const SmcOffer *offer, const SmcLaneParty *parties,
			const SmcMeshKeys *keys)
{
	uint8		identity[SMC_SECRET_KEY_BYTES];

	PG_TRY();
	{
		smc_transaction_begin();
		smc_rotate_secret(&parties[offer->self], identity);
		smc_transaction_commit_lazy();
		session->mesh = smc_mesh_create_peer(session->context, session->transport, offer,
											 parties, keys, identity);
	}
	PG_CATCH();
	{
		sodium_memzero(identity, sizeof(identity));
		PG_RE_THROW();
	}
	PG_END_TRY();
	sodium_memzero(identity, sizeof(identity));
}

/* Register the new keys that the handshake followed parties to; the fingerprint is then another. */
static void
register_new_keys(Session *session, const List *names, uint8 fingerprint[SMC_KEY_BYTES])
{
	if (!smc_rotate_has_followed(session->mesh))
		return;
	smc_transaction_begin();
	smc_rotate_register(session->mesh, names);
	smc_peer_fingerprint(names, GetUserId(), false, fingerprint);
	smc_transaction_commit_flushed();
}

/* Take up the offer of a lane: look everyone up in our own registry, and run the handshake. */
static void
open_lane(Session *session, const uint8 *frame, size_t len)
{
	SmcOffer	offer;
	SmcLaneParty parties[SMC_PARTIES_MAX];
	SmcMeshKeys keys;
	uint8		fingerprint[SMC_KEY_BYTES];
	List	   *names;
	int			self;

	smc_mesh_read_offer(frame, len, &offer);
	names = offered_names(&offer);

	/* the fingerprint first: a change in the midst of this must not go unnoticed */
	smc_transaction_begin();
	smc_peer_fingerprint(names, GetUserId(), false, fingerprint);
	smc_peer_lane_parties(names, parties, &self);
	if (self != offer.self)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION),
				 errmsg("party \"%s\" is taken for party \"%s\"",
						offer.names[self], offer.names[offer.self])));
	smc_rotate_mesh_keys(parties, offer.party_count, self, &keys);
	smc_transaction_commit_lazy();

	create_mesh(session, &offer, parties, &keys);
	smc_mesh_handshake(session->mesh, OPEN_TIMEOUT_MS);
	register_new_keys(session, names, fingerprint);
	session->answer = smc_answer_create(session->context, session->mesh, names, fingerprint);
}

/* What a backend sees to while its client has nothing for it. */
static void
keep_house(void)
{
	if (ConfigReloadPending)
	{
		ConfigReloadPending = false;
		ProcessConfigFile(PGC_SIGHUP);
	}
	if (catchupInterruptPending)
		ProcessCatchupInterrupt();
}

/* Answer until the hub ends the lane. */
static void
serve_lane(Session *session)
{
	long		stats_ms = 0;
	bool		idle = false;

	for (;;)
	{
		while (smc_answer_next(session->answer))
			idle = false;
		if (smc_port_is_done(session->transport))
			break;

		if (!idle)
		{
			stats_ms = pgstat_report_stat(false);
			pgstat_report_activity(STATE_IDLE, NULL);
			idle = true;
		}
		keep_house();
		smc_mesh_wait(session->mesh, stats_ms > 0 ? stats_ms : -1);
		if (stats_ms > 0)
			stats_ms = pgstat_report_stat(true);
	}
}

/* Read the first frame and do what it asks for. */
static void
serve(Session *session)
{
	uint8	   *frame;
	size_t		len;
	uint8		lane_id[SMC_LANE_ID_BYTES];

	frame = smc_port_read_frame(session->transport, &len, OPEN_TIMEOUT_MS);
	if (frame == NULL)
		return;

	switch (smc_frame_kind(frame, len))
	{
		case SMC_FRAME_PROBE:
			if (!smc_frame_read_probe(frame, len, lane_id))
				ereport(ERROR,
						(errcode(ERRCODE_PROTOCOL_VIOLATION),
						 errmsg("malformed probe of a lane")));
			smc_port_answer_probe(session->transport, smc_activity_beat_age(lane_id));
			break;
		case SMC_FRAME_OFFER:
			open_lane(session, frame, len);
			serve_lane(session);
			break;
		default:
			ereport(ERROR,
					(errcode(ERRCODE_PROTOCOL_VIOLATION),
					 errmsg("neither a lane is offered nor probed")));
	}
}

/* Whether there is nobody left to talk to. */
static bool
hub_is_gone(const Session *session)
{
	SmcTransport *transport = session->transport;

	return transport != NULL && !transport->is_open(transport, 0) && !smc_port_is_done(transport);
}

/*
 * End the session after an error, in the error's handler.  Where the lane
 * stands, the hub is told by an ABORT, after which it hangs up, so that the
 * backend might as well exit; before, we raise in our own words.
 */
static void
fail(Session *session)
{
	ErrorData  *edata;
	const char *text;

	MemoryContextSwitchTo(session->context);
	edata = CopyErrorData();
	FlushErrorState();
	smc_transaction_abort();

	if (session->answer != NULL)
	{
		smc_answer_fail(session->answer, edata);
		if (session->transport->backlog(session->transport, 0) > 0)
			(void) smc_port_close(session->transport, CLOSE_TIMEOUT_MS);
		proc_exit(0);
	}
	if (hub_is_gone(session))
		proc_exit(0);

	/* the log has the whole of it */
	ereport(LOG_SERVER_ONLY,
			(errcode(edata->sqlerrcode),
			 errmsg("refused a lane: %s", edata->message),
			 edata->detail ? errdetail_internal("%s", edata->detail) : 0,
			 edata->hint ? errhint("%s", edata->hint) : 0));
	text = smc_failure_text(edata, false);
	smc_transaction_return_to_call();
	ereport(ERROR,
			(errcode(edata->sqlerrcode),
			 errmsg_internal("%s", text)));
}

/*
 * smc_attach()
 *
 * Privileges: EXECUTE is for members of smc_link; the guard lets their
 * sessions do nothing else.
 */
Datum
smc_attach(PG_FUNCTION_ARGS)
{
	Session		session;
	MemoryContext caller = CurrentMemoryContext;

	check_call(fcinfo);
	smc_guard_enter_attach();
	apply_settings();

	memset(&session, 0, sizeof(session));
	session.context = AllocSetContextCreate(PortalContext, "smc attach", ALLOCSET_DEFAULT_SIZES);
	smc_transaction_leave_call();

	PG_TRY();
	{
		MemoryContextSwitchTo(session.context);
		session.transport = smc_port_open(session.context);
		serve(&session);
	}
	PG_CATCH();
	{
		fail(&session);
	}
	PG_END_TRY();

	/* a hub that doesn't take the end of the stream can't be returned to */
	if (!smc_port_close(session.transport, CLOSE_TIMEOUT_MS) || hub_is_gone(&session))
		proc_exit(0);

	MemoryContextSwitchTo(caller);
	MemoryContextDelete(session.context);
	smc_transaction_return_to_call();
	smc_guard_leave_attach();
	PG_RETURN_VOID();
}
