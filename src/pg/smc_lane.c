/*
 * Lanes, as a backend sees them.
 *
 * A run is a request in a pipe (pg/smc_pipe.h) that a lane's worker was told
 * of (pg/smc_pool.h).  It is sent before our own part is computed, so that all
 * parties compute at the same time.
 *
 * A lane may turn out to be broken in the moment it is taken: a peer was
 * restarted since.  Its worker then says so, provided that no party had
 * answered and nothing of ours had left, and the run begins again on another
 * lane under a new id (peers that had got the first one have it in their audit
 * as failed).  The user doesn't notice.
 */
#include "postgres.h"

#include <sodium.h>

#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "core/smc_hash.h"
#include "pg/smc_audit.h"
#include "pg/smc_failure.h"
#include "pg/smc_identity.h"
#include "pg/smc_lane.h"
#include "pg/smc_messages.h"
#include "pg/smc_module.h"
#include "pg/smc_peer.h"
#include "pg/smc_pipe.h"
#include "pg/smc_pool.h"

/* Lanes that turn out to be of no use, in a row, before we say so. */
#define ATTEMPTS_MAX		3

/* How often a waiting backend makes sure that its worker is still there. */
#define ALIVE_CHECK_MS		1000

struct SmcRun
{
	MemoryContext context;
	MemoryContextCallback callback;
	SmcLaneKey	key;
	SmcPipeRequest request;
	char	   *what;			/* for errors */
	size_t		count;			/* of totals in the outcome */
	size_t		part_count;		/* of keys */
	const SmcKeys *keys;		/* the caller's */
	bool		remembers;		/* there is a history to await before contributing */
	bytea	   *history;		/* it came when an outcome was awaited, after a new start; NULL: not */
	StringInfoData contribution;	/* as sent, kept in case of another attempt; len 0: not yet */
	SmcPipe    *pipe;
	SmcLaneTicket ticket;
	int			attempts;
	TimestampTz started_at;
	TimestampTz sent_at;
	TimestampTz approved_at;	/* 0: nobody was asked */
	TimestampTz contributed_at;
};

Size
smc_lane_shmem_size(void)
{
	return smc_pool_shmem_size();
}

void
smc_lane_shmem_init(void)
{
	smc_pool_shmem_init();
}

/*
 * Starting
 */

void
smc_lane_digest(const List *names, Oid userid, uint8 out[SMC_KEY_BYTES])
{
	uint8		fingerprint[SMC_KEY_BYTES];
	SmcHash		hash;

	smc_peer_fingerprint(names, userid, true, fingerprint);
	smc_hash_init(&hash, "smc lane key v1", NULL);
	smc_hash_add(&hash, fingerprint, sizeof(fingerprint));

	/* what a superuser may reach without a password, others may not share */
	smc_hash_add_u64(&hash, superuser_arg(userid));
	smc_hash_final(&hash, out);
}

/* Fill in whose lane is wanted, and what it must have been built from to do. */
static void
make_key(SmcLaneKey *key, const List *names)
{
	ListCell   *lc;

	memset(key, 0, sizeof(*key));
	key->database = MyDatabaseId;
	key->userid = GetUserId();
	foreach(lc, names)
	{
		if (key->party_count >= SMC_PARTIES_MAX)
			elog(ERROR, "too many parties in a lane");
		strlcpy(key->parties[key->party_count++], lfirst(lc), SMC_NAME_MAX);
	}
	smc_lane_digest(names, key->userid, key->digest);
}

/* Wipe what was contributed; the pipe sees to itself. */
static void
wipe_run(void *arg)
{
	SmcRun	   *run = arg;

	if (run->contribution.data != NULL)
		sodium_memzero(run->contribution.data, run->contribution.maxlen);
}

static SmcRun *
create_run(const List *names, SmcRequestKind kind)
{
	MemoryContext context = AllocSetContextCreate(CurrentMemoryContext, "smc run",
												  ALLOCSET_DEFAULT_SIZES);
	SmcRun	   *run = MemoryContextAllocZero(context, sizeof(SmcRun));

	smc_module_require_preload();
	smc_module_require_primary();
	if (smc_identity_is_locked())
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg("the identity of this party has been replaced and not committed"),
				 errhint("Commit the change first.")));

	run->context = context;
	run->callback.func = wipe_run;
	run->callback.arg = run;
	MemoryContextRegisterResetCallback(context, &run->callback);
	make_key(&run->key, names);
	run->request.kind = kind;
	run->request.timeout_ms = smc_peer_timeout;
	return run;
}

/* Put the request into a new pipe and have a lane take it. */
static void
start(SmcRun *run)
{
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	StringInfoData buf;

	run->attempts++;
	run->started_at = GetCurrentTimestamp();
	smc_pipe_write_request(&buf, &run->request);
	run->pipe = smc_pipe_create(run->context, buf.len);
	if (!smc_pipe_send(run->pipe, &buf, NULL, NULL))
		elog(ERROR, "could not send a request into a new pipe");
	pfree(buf.data);
	smc_pool_acquire(&run->key, smc_pipe_handle(run->pipe), run->what, &run->ticket);
	run->sent_at = GetCurrentTimestamp();
	MemoryContextSwitchTo(caller);
}

static bool
worker_is_alive(void *arg)
{
	return smc_pool_is_alive(&((SmcRun *) arg)->ticket);
}

/* Send the contribution.  A worker that is gone is noticed by whoever reads next. */
static void
send_contribution(SmcRun *run)
{
	if (smc_pipe_send(run->pipe, &run->contribution, worker_is_alive, run) && run->keys != NULL)
		(void) smc_pipe_send_keys(run->pipe, run->keys, worker_is_alive, run);
}

/*
 * Ending
 */

/*
 * Word an error for the user, with study and peer in it.  What comes of the
 * agreement names the study by itself; where a peer said so, its words are the
 * message.
 */
static void
word_error(const SmcRun *run, SmcPipeError *error)
{
	static const char failed_at[] = "computation failed at ";
	const char *peer = NULL;
	char	   *quoted;

	if (run->request.kind != SMC_REQUEST_COMPUTE)
		return;
	quoted = psprintf("\"%s\"", run->request.study);
	if (strncmp(error->message, failed_at, strlen(failed_at)) == 0)
		peer = error->message + strlen(failed_at);

	if (peer != NULL && error->detail != NULL && smc_failure_is_refusal(error->sqlstate) &&
		strstr(error->detail, quoted) != NULL)
	{
		error->message = error->detail;
		error->detail = psprintf("The computation was refused at %s.", peer);
	}
	else if (peer != NULL)
	{
		error->message = psprintf("%s failed at %s", run->what, peer);
		if (error->detail != NULL && strcmp(error->detail, SMC_FAILURE_LOCAL) == 0)
			error->detail = "Its local query failed; the log of its server says why.";
		else if (error->detail != NULL && strcmp(error->detail, SMC_FAILURE_OTHER) == 0)
			error->detail = "The log of its server says why.";
	}
	else if (strstr(error->message, quoted) == NULL)
		error->message = psprintf("%s failed: %s", run->what, error->message);
}

/*
 * Raise the error that a worker reports.  Returns only when a ping failed
 * because someone isn't who they should be, which is an answer; where there is
 * more to say about it, it is said.
 */
static void
raise_error(SmcRun *run, SmcReader *reader)
{
	SmcPipeError error;

	smc_pipe_read_error(reader, &error);
	if (run->request.kind == SMC_REQUEST_PING &&
		error.sqlstate == ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION)
	{
		if (error.detail != NULL)
			ereport(NOTICE,
					(errcode(error.sqlstate),
					 errmsg_internal("%s", error.message),
					 errdetail_internal("%s", error.detail),
					 error.hint ? errhint("%s", error.hint) : 0));
		return;
	}
	word_error(run, &error);
	smc_pipe_close(run->pipe);
	ereport(ERROR,
			(errcode(error.sqlstate),
			 errmsg_internal("%s", error.message),
			 error.detail ? errdetail_internal("%s", error.detail) : 0,
			 error.hint ? errhint("%s", error.hint) : 0));
}

/*
 * Begin again on another lane, one that is built from what is registered now: a
 * key may have been replaced since.
 */
static void
restart(SmcRun *run)
{
	List	   *names = NIL;
	int			i;

	for (i = 0; i < run->key.party_count; i++)
		names = lappend(names, run->key.parties[i]);
	AcceptInvalidationMessages();
	smc_lane_digest(names, run->key.userid, run->key.digest);
	list_free(names);

	smc_pipe_close(run->pipe);
	smc_audit_make_id(run->request.id);
	start(run);
	if (run->contribution.len > 0 && !run->remembers)
		send_contribution(run);
}

/* The contribution is out of date: another will be made. */
static void
drop_contribution(SmcRun *run)
{
	sodium_memzero(run->contribution.data, run->contribution.maxlen);
	pfree(run->contribution.data);
	memset(&run->contribution, 0, sizeof(run->contribution));
	run->keys = NULL;
}

/* The worker is gone without a word. */
static void
handle_lost_worker(SmcRun *run)
{
	bool		was_served = smc_pipe_was_attached(run->pipe);

	if (!was_served && !run->ticket.fresh && run->attempts < ATTEMPTS_MAX)
	{
		restart(run);			/* it never saw the request */
		return;
	}
	smc_pipe_close(run->pipe);
	if (was_served || !run->ticket.fresh)
		ereport(ERROR,
				(errcode(ERRCODE_ADMIN_SHUTDOWN),
				 errmsg("%s failed: the lane worker ended unexpectedly", run->what),
				 errhint("See the server log.")));
	ereport(ERROR,
			(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
			 errmsg("%s failed: the lane worker could not be started", run->what),
			 errhint("See the server log.")));
}

/* Tell the user whose approval is awaited. */
static void
notice_awaited(const SmcRun *run, SmcReader *reader)
{
	size_t		len;
	const uint8_t *names = smc_reader_blob(reader, MaxAllocSize, &len);

	if (smc_reader_end(reader) != SMC_OK)
		elog(ERROR, "malformed message from a lane worker");
	ereport(NOTICE,
			(errmsg("%s waits for approval by %.*s", run->what, (int) len, (const char *) names)));
}

/* A copy of a history that came. */
static bytea *
copy_history(const SmcReader *reader)
{
	size_t		len = reader->len - reader->at;
	bytea	   *history = palloc(VARHDRSZ + len);

	SET_VARSIZE(history, VARHDRSZ + len);
	memcpy(VARDATA(history), reader->data + reader->at, len);
	return history;
}

/*
 * Wait for the answer of that type; other answers are handled here: errors are
 * raised, a broken lane is replaced.  False when a ping failed to authenticate,
 * and when in place of an outcome there is another history.
 */
static bool
await_answer(SmcRun *run, SmcPipeMessage expected, SmcReader *reader)
{
	bool		known_dead = false;

	for (;;)
	{
		SmcPipeMessage type;

		switch (smc_pipe_receive(run->pipe, &type, reader))
		{
			case SMC_PIPE_GOT:
				if (type == expected)
					return true;
				if (type == SMC_PIPE_ERROR ||
					(type == SMC_PIPE_STALE && run->attempts >= ATTEMPTS_MAX))
				{
					raise_error(run, reader);
					return false;
				}
				if (type == SMC_PIPE_AWAITED)
				{
					notice_awaited(run, reader);
					continue;
				}
				if (type == SMC_PIPE_HISTORY && expected == SMC_PIPE_OUTCOME)
				{
					MemoryContext caller = MemoryContextSwitchTo(run->context);

					run->history = copy_history(reader);
					MemoryContextSwitchTo(caller);
					return false;
				}
				if (type != SMC_PIPE_STALE)
					elog(ERROR, "unexpected answer of type %d from a lane worker", (int) type);
				restart(run);
				known_dead = false;
				continue;
			case SMC_PIPE_GONE:
				handle_lost_worker(run);
				known_dead = false;
				continue;
			case SMC_PIPE_NOTHING:
				break;
		}

		/* what it sent before it left is in the queue: look once more */
		if (known_dead)
		{
			handle_lost_worker(run);
			known_dead = false;
			continue;
		}
		known_dead = !worker_is_alive(run);
		if (known_dead)
			continue;

		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 ALIVE_CHECK_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
free_run(SmcRun *run)
{
	MemoryContextDelete(run->context);
}

/*
 * Computations
 */

SmcRun *
smc_run_begin(const SmcRequest *request)
{
	const SmcStudy *study = request->study;
	SmcRun	   *run = create_run(study->party_names, SMC_REQUEST_COMPUTE);
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	SmcLayout  *layout;

	memcpy(run->request.id, request->id, SMC_UUID_BYTES);
	run->request.study = pstrdup(study->name);
	run->request.definition = pstrdup(study->definition);
	memcpy(run->request.digest, study->digest, SMC_KEY_BYTES);
	run->request.max_queries = study->max_queries;
	run->request.max_queries_per_day = study->max_queries_per_day;
	run->request.budget_queries = study->budget_queries;
	run->request.role = GetUserNameFromId(GetUserId(), false);
	run->request.query = (bytea *) PG_DETOAST_DATUM_COPY(PointerGetDatum(request->query));
	run->request.layout = (bytea *) PG_DETOAST_DATUM_COPY(PointerGetDatum(request->layout));
	run->request.about_secrets = request->about_secrets;
	if (request->keeps != NULL)
		run->request.keeps = (bytea *) PG_DETOAST_DATUM_COPY(PointerGetDatum(request->keeps));
	run->request.query_text = request->query_text ? pstrdup(request->query_text) : NULL;
	run->request.reveals = request->reveals ? pstrdup(request->reveals) : NULL;
	run->request.approve_within = study->approve_each ? study->approve_within : 0;
	run->what = psprintf("computation over study \"%s\"", study->name);

	layout = smc_layout_parse((const uint8 *) VARDATA(run->request.layout),
							  VARSIZE(run->request.layout) - VARHDRSZ);
	run->count = (size_t) layout->cell_count * layout->slot_count;
	run->remembers = layout->set_count > 0;
	run->part_count = smc_keys_parts(layout);
	MemoryContextSwitchTo(caller);

	start(run);
	return run;
}

void
smc_run_await_approval(SmcRun *run)
{
	SmcReader	reader;

	(void) await_answer(run, SMC_PIPE_APPROVED, &reader);
	run->approved_at = GetCurrentTimestamp();
}

bytea *
smc_run_await_history(SmcRun *run)
{
	bytea	   *history = run->history;
	SmcReader	reader;

	run->history = NULL;
	if (history != NULL)
		return history;
	(void) await_answer(run, SMC_PIPE_HISTORY, &reader);
	return copy_history(&reader);
}

void
smc_run_contribute(SmcRun *run, const bytea *layout, const SmcRing128 *partials, size_t count,
				   const SmcKeys *keys, uint64 rows)
{
	MemoryContext caller = MemoryContextSwitchTo(run->context);
	size_t		layout_len = layout != NULL ? VARSIZE_ANY_EXHDR(layout) : 0;

	if ((keys != NULL ? keys->part_count : 0) != run->part_count)
		elog(ERROR, "contribution of %zu parts of keys where %zu were announced",
			 keys != NULL ? keys->part_count : 0, run->part_count);

	smc_pipe_start(&run->contribution, SMC_PIPE_CONTRIBUTION);

	/* in one piece, so that no copy is left behind by growing */
	enlargeStringInfo(&run->contribution,
					  (int) (sizeof(uint32) + layout_len + (1 + run->part_count) * sizeof(uint64) +
							 count * sizeof(SmcRing128)));
	smc_messages_put_u64(&run->contribution, rows);
	smc_messages_put_blob(&run->contribution, layout_len > 0 ? VARDATA_ANY(layout) : NULL, layout_len);
	appendBinaryStringInfo(&run->contribution, (const char *) partials,
						   (int) (count * sizeof(SmcRing128)));
	for (size_t i = 0; i < run->part_count; i++)
		smc_messages_put_u64(&run->contribution, keys->starts[i + 1] - keys->starts[i]);
	run->keys = keys;
	MemoryContextSwitchTo(caller);

	run->contributed_at = GetCurrentTimestamp();
	send_contribution(run);
}

bool
smc_run_has_failed(const SmcRun *run)
{
	return smc_pipe_has_failed(run->pipe);
}

void
smc_run_raise(SmcRun *run)
{
	SmcReader	reader;

	(void) await_answer(run, SMC_PIPE_ERROR, &reader);
	raise_error(run, &reader);
	elog(ERROR, "%s has not failed", run->what);
}

SmcOutcome *
smc_run_finish(SmcRun *run, SmcRunTimes *times)
{
	SmcPipeTimes measured;
	SmcOutcome *outcome;
	SmcReader	reader;
	int			i;

	if (run->contribution.len == 0)
		elog(ERROR, "smc_run_finish before smc_run_contribute");

	if (!await_answer(run, SMC_PIPE_OUTCOME, &reader))
	{
		drop_contribution(run);
		return NULL;
	}
	outcome = smc_pipe_read_outcome(&reader, run->count, &measured);

	if (times != NULL)
	{
		memset(times, 0, sizeof(*times));
		times->lane_ms = (run->sent_at - run->started_at + measured.connect_us) / 1000.0;
		times->agree_ms = measured.agree_us / 1000.0;
		if (run->approved_at != 0)
			times->approval_ms = Max((run->approved_at - run->sent_at -
									  (int64) (measured.connect_us + measured.agree_us)) / 1000.0, 0);
		times->local_ms = (run->contributed_at - Max(run->sent_at, run->approved_at)) / 1000.0;
		times->joint_ms = (GetCurrentTimestamp() - run->contributed_at) / 1000.0;
		for (i = 0; i < SMC_PARTIES_MAX; i++)
			times->peer_ms[i] = measured.peer_us[i] / 1000.0;
	}
	free_run(run);
	return outcome;
}

void
smc_run_abandon(SmcRun *run)
{
	free_run(run);
}

/*
 * Questions to one peer
 */

/* Ask a peer over the two-party lane to it. */
static SmcRun *
start_question(const char *peer, SmcRequestKind kind, const char *what)
{
	SmcIdentity identity;
	List	   *names;
	SmcRun	   *run;

	(void) smc_identity_read(&identity, false);
	if (strcmp(peer, identity.name) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("server \"%s\" stands for this database itself", peer),
				 errhint("Name the server of a peer.")));
	(void) smc_peer_find(peer, false);

	/* both ends would make the same lane of it, whoever asks */
	if (strcmp(peer, identity.name) < 0)
		names = list_make2(pstrdup(peer), pstrdup(identity.name));
	else
		names = list_make2(pstrdup(identity.name), pstrdup(peer));

	run = create_run(names, kind);
	run->what = MemoryContextStrdup(run->context, what);
	start(run);
	return run;
}

void
smc_lane_ping(const char *peer, SmcPing *ping)
{
	SmcRun	   *run;
	SmcReader	reader;
	const uint8_t *version;
	size_t		len;

	memset(ping, 0, sizeof(*ping));
	run = start_question(peer, SMC_REQUEST_PING, psprintf("ping of peer \"%s\"", peer));
	ping->identity_ok = await_answer(run, SMC_PIPE_PONG, &reader);
	if (ping->identity_ok)
	{
		ping->round_trip_ms = smc_reader_u64(&reader) / 1000.0;
		ping->server_version = (int) smc_reader_u32(&reader);
		ping->protocol_version = (int) smc_reader_u32(&reader);
		version = smc_reader_blob(&reader, SMC_WIRE_TEXT_MAX, &len);
		len = Min(len, sizeof(ping->extension_version) - 1);
		memcpy(ping->extension_version, version, len);
		if (smc_reader_end(&reader) != SMC_OK)
			elog(ERROR, "malformed answer from a lane worker");
	}
	free_run(run);
}

List *
smc_lane_fetch_definitions(const char *peer)
{
	List	   *definitions = NIL;
	SmcRun	   *run;
	SmcReader	reader;
	uint32		count;
	uint32		i;

	run = start_question(peer, SMC_REQUEST_STUDIES,
						 psprintf("reading the studies of peer \"%s\"", peer));
	(void) await_answer(run, SMC_PIPE_DEFINITIONS, &reader);
	count = smc_reader_u32(&reader);
	for (i = 0; i < count && !reader.failed; i++)
	{
		size_t		len;
		const uint8_t *definition = smc_reader_blob(&reader, SMC_MESSAGE_MAX, &len);

		definitions = lappend(definitions, pnstrdup((const char *) definition, len));
	}
	if (smc_reader_end(&reader) != SMC_OK)
		elog(ERROR, "malformed definitions from a lane worker");
	free_run(run);
	return definitions;
}
