/*
 * The pipe between a user's backend and a lane's worker.
 *
 * The segment is made for one request and never pinned, so that whatever ends
 * the backend's part (an error, a cancelled query, its exit) detaches it, by
 * the resource owner or by the memory context, whichever is first.  Detaching
 * from a shm_mq wakes the other side.
 */
#include "postgres.h"

#include <sodium.h>

#include "miscadmin.h"
#include "storage/latch.h"
#include "storage/proc.h"
#include "storage/shm_mq.h"
#include "utils/memutils.h"
#include "utils/wait_event.h"

#include "pg/smc_messages.h"
#include "pg/smc_pipe.h"

#define PIPE_MAGIC			0x736d6331	/* "smc1" */
#define QUEUE_ROOM			(64 * 1024)
#define ALIVE_CHECK_MS		1000
#define KEYS_PIECE			(32 * 1024) /* keys in a message */

/* What the segment begins with. */
typedef struct PipeHeader
{
	uint32		magic;
	volatile sig_atomic_t failed;	/* an error is, or is about to be, in the queue to the backend */
	Size		request_size;	/* of the queue to the worker, which comes first */
	Size		answer_size;
} PipeHeader;

struct SmcPipe
{
	dsm_segment *segment;		/* NULL once closed */
	PipeHeader *header;			/* its beginning */
	shm_mq_handle *out;
	shm_mq_handle *in;
	void	   *held;			/* a message that smc_pipe_is_gone came upon */
	Size		held_len;
	MemoryContextCallback callback;
};

static shm_mq *
queue_to_worker(PipeHeader *header)
{
	return (shm_mq *) ((char *) header + MAXALIGN(sizeof(PipeHeader)));
}

static shm_mq *
queue_to_backend(PipeHeader *header)
{
	return (shm_mq *) ((char *) queue_to_worker(header) + header->request_size);
}

/* The segment is detached by whoever: forget it. */
static void
forget_segment(dsm_segment *segment, Datum arg)
{
	SmcPipe    *pipe = (SmcPipe *) DatumGetPointer(arg);

	pipe->segment = NULL;
}

static void
close_at_reset(void *arg)
{
	smc_pipe_close((SmcPipe *) arg);
}

/*
 * Tie an attached segment to the pipe.  From here on it is closed with the
 * context.
 */
static void
adopt(SmcPipe *pipe, MemoryContext context, dsm_segment *segment)
{
	pipe->segment = segment;
	on_dsm_detach(segment, forget_segment, PointerGetDatum(pipe));
	pipe->callback.func = close_at_reset;
	pipe->callback.arg = pipe;
	MemoryContextRegisterResetCallback(context, &pipe->callback);
}

SmcPipe *
smc_pipe_create(MemoryContext context, Size request_len)
{
	MemoryContext caller = MemoryContextSwitchTo(context);
	SmcPipe    *pipe = palloc0(sizeof(SmcPipe));
	Size		request_size = MAXALIGN(add_size(request_len, QUEUE_ROOM));
	Size		answer_size = MAXALIGN(QUEUE_ROOM);
	PipeHeader *header;
	shm_mq	   *to_worker;
	shm_mq	   *to_backend;

	adopt(pipe, context,
		  dsm_create(add_size(MAXALIGN(sizeof(PipeHeader)), add_size(request_size, answer_size)), 0));

	header = pipe->header = dsm_segment_address(pipe->segment);
	header->magic = PIPE_MAGIC;
	header->failed = false;
	header->request_size = request_size;
	header->answer_size = answer_size;

	to_worker = shm_mq_create(queue_to_worker(header), request_size);
	shm_mq_set_sender(to_worker, MyProc);
	pipe->out = shm_mq_attach(to_worker, pipe->segment, NULL);

	to_backend = shm_mq_create(queue_to_backend(header), answer_size);
	shm_mq_set_receiver(to_backend, MyProc);
	pipe->in = shm_mq_attach(to_backend, pipe->segment, NULL);

	MemoryContextSwitchTo(caller);
	return pipe;
}

dsm_handle
smc_pipe_handle(const SmcPipe *pipe)
{
	return dsm_segment_handle(pipe->segment);
}

SmcPipe *
smc_pipe_attach(MemoryContext context, dsm_handle handle)
{
	MemoryContext caller;
	SmcPipe    *pipe;
	dsm_segment *segment;
	PipeHeader *header;

	segment = dsm_attach(handle);
	if (segment == NULL)
		return NULL;

	caller = MemoryContextSwitchTo(context);
	pipe = palloc0(sizeof(SmcPipe));
	adopt(pipe, context, segment);
	dsm_pin_mapping(segment);	/* outlives the worker's short transactions */

	header = pipe->header = dsm_segment_address(segment);
	if (header->magic != PIPE_MAGIC)
		elog(ERROR, "dynamic shared memory segment is no smc pipe");

	shm_mq_set_receiver(queue_to_worker(header), MyProc);
	pipe->in = shm_mq_attach(queue_to_worker(header), segment, NULL);
	shm_mq_set_sender(queue_to_backend(header), MyProc);
	pipe->out = shm_mq_attach(queue_to_backend(header), segment, NULL);

	MemoryContextSwitchTo(caller);
	return pipe;
}

void
smc_pipe_close(SmcPipe *pipe)
{
	if (pipe->segment != NULL)
		dsm_detach(pipe->segment);
}

bool
smc_pipe_was_attached(const SmcPipe *pipe)
{
	return pipe->segment != NULL && shm_mq_get_sender(shm_mq_get_queue(pipe->in)) != NULL;
}

void
smc_pipe_start(StringInfo buf, SmcPipeMessage type)
{
	initStringInfo(buf);
	smc_messages_put_u8(buf, (uint8) type);
}

bool
smc_pipe_send(SmcPipe *pipe, StringInfo buf, bool (*alive) (void *arg), void *arg)
{
	for (;;)
	{
		shm_mq_result result;

		if (pipe->segment == NULL)
			return false;
		result = shm_mq_send(pipe->out, buf->len, buf->data, true, true);
		if (result == SHM_MQ_SUCCESS)
			return true;
		if (result == SHM_MQ_DETACHED)
			return false;
		if (alive != NULL && !alive(arg))
			return false;

		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 ALIVE_CHECK_MS, PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
}

static void
expect_end(const SmcReader *reader, const char *what)
{
	if (smc_reader_end(reader) != SMC_OK)
		elog(ERROR, "malformed %s between backend and lane worker", what);
}

bool
smc_pipe_send_keys(SmcPipe *pipe, const SmcKeys *keys, bool (*alive) (void *arg), void *arg)
{
	StringInfoData buf;
	bool		sent = true;

	for (size_t at = 0; at < keys->count && sent; at += KEYS_PIECE)
	{
		Size		bytes = Min(keys->count - at, KEYS_PIECE) * sizeof(int64);

		smc_pipe_start(&buf, SMC_PIPE_KEYS);
		/* in one piece, so that no copy is left behind by growing */
		enlargeStringInfo(&buf, (int) bytes);
		appendBinaryStringInfo(&buf, (const char *) (keys->values + at), (int) bytes);
		sent = smc_pipe_send(pipe, &buf, alive, arg);
		sodium_memzero(buf.data, buf.maxlen);
		pfree(buf.data);
	}
	return sent;
}

void
smc_pipe_read_keys(SmcReader *reader, SmcKeys *keys, size_t *have)
{
	size_t		count = Min(keys->count - *have, KEYS_PIECE);

	smc_reader_copy(reader, (uint8_t *) (keys->values + *have), count * sizeof(int64));
	expect_end(reader, "keys");
	sodium_memzero(unconstify(uint8_t *, reader->data), reader->len);
	*have += count;
}

SmcPipeResult
smc_pipe_receive(SmcPipe *pipe, SmcPipeMessage *type, SmcReader *reader)
{
	if (smc_pipe_is_gone(pipe))
		return SMC_PIPE_GONE;
	if (pipe->held == NULL)
		return SMC_PIPE_NOTHING;

	smc_reader_init(reader, pipe->held, pipe->held_len);
	*type = (SmcPipeMessage) smc_reader_u8(reader);
	pipe->held = NULL;
	return SMC_PIPE_GOT;
}

bool
smc_pipe_is_gone(SmcPipe *pipe)
{
	if (pipe->segment == NULL)
		return true;
	if (pipe->held != NULL)
		return false;			/* that first */
	switch (shm_mq_receive(pipe->in, &pipe->held_len, &pipe->held, true))
	{
		case SHM_MQ_SUCCESS:
			return false;
		case SHM_MQ_WOULD_BLOCK:
			pipe->held = NULL;
			return false;
		case SHM_MQ_DETACHED:
			break;
	}
	pipe->held = NULL;
	return true;
}

void
smc_pipe_set_failed(SmcPipe *pipe)
{
	if (pipe->segment != NULL)
		pipe->header->failed = true;
}

bool
smc_pipe_has_failed(const SmcPipe *pipe)
{
	return pipe->segment != NULL && pipe->header->failed;
}

static void
put_text_or_null(StringInfo buf, const char *text)
{
	smc_messages_put_u8(buf, text != NULL);
	if (text != NULL)
		smc_messages_put_blob(buf, text, strlen(text));
}

static char *
get_text(SmcReader *reader)
{
	size_t		len;
	const uint8_t *data = smc_reader_blob(reader, MaxAllocSize, &len);

	return pnstrdup((const char *) data, len);
}

static char *
get_text_or_null(SmcReader *reader)
{
	return smc_reader_bool(reader) ? get_text(reader) : NULL;
}

static bytea *
get_bytea(SmcReader *reader)
{
	size_t		len;
	const uint8_t *data = smc_reader_blob(reader, MaxAllocSize, &len);
	bytea	   *result = palloc(VARHDRSZ + len);

	SET_VARSIZE(result, VARHDRSZ + len);
	memcpy(VARDATA(result), data, len);
	return result;
}

void
smc_pipe_write_request(StringInfo buf, const SmcPipeRequest *request)
{
	smc_pipe_start(buf, SMC_PIPE_REQUEST);
	smc_messages_put_u8(buf, (uint8) request->kind);
	smc_messages_put_u64(buf, request->timeout_ms);
	if (request->kind != SMC_REQUEST_COMPUTE)
		return;
	appendBinaryStringInfo(buf, (const char *) request->id, SMC_UUID_BYTES);
	put_text_or_null(buf, request->study);
	put_text_or_null(buf, request->definition);
	appendBinaryStringInfo(buf, (const char *) request->digest, SMC_KEY_BYTES);
	smc_messages_put_u64(buf, (uint64) request->max_queries);
	smc_messages_put_u64(buf, (uint64) request->max_queries_per_day);
	smc_messages_put_u64(buf, (uint64) request->budget_queries);
	put_text_or_null(buf, request->role);
	smc_messages_put_blob(buf, VARDATA_ANY(request->query), VARSIZE_ANY_EXHDR(request->query));
	smc_messages_put_blob(buf, VARDATA_ANY(request->layout), VARSIZE_ANY_EXHDR(request->layout));
	smc_messages_put_u8(buf, request->about_secrets);
	smc_messages_put_u8(buf, request->keeps != NULL);
	if (request->keeps != NULL)
		smc_messages_put_blob(buf, VARDATA_ANY(request->keeps), VARSIZE_ANY_EXHDR(request->keeps));
	put_text_or_null(buf, request->query_text);
	put_text_or_null(buf, request->reveals);
	smc_messages_put_u32(buf, request->approve_within);
}

void
smc_pipe_read_request(SmcReader *reader, SmcPipeRequest *request)
{
	memset(request, 0, sizeof(*request));
	request->kind = (SmcRequestKind) smc_reader_u8(reader);
	request->timeout_ms = smc_reader_u64(reader);
	if (request->kind == SMC_REQUEST_COMPUTE)
	{
		smc_reader_copy(reader, request->id, SMC_UUID_BYTES);
		request->study = get_text_or_null(reader);
		request->definition = get_text_or_null(reader);
		smc_reader_copy(reader, request->digest, SMC_KEY_BYTES);
		request->max_queries = (int64) smc_reader_u64(reader);
		request->max_queries_per_day = (int64) smc_reader_u64(reader);
		request->budget_queries = (int64) smc_reader_u64(reader);
		request->role = get_text_or_null(reader);
		request->query = get_bytea(reader);
		request->layout = get_bytea(reader);
		request->about_secrets = smc_reader_bool(reader);
		request->keeps = smc_reader_bool(reader) ? get_bytea(reader) : NULL;
		request->query_text = get_text_or_null(reader);
		request->reveals = get_text_or_null(reader);
		request->approve_within = smc_reader_u32(reader);
	}
	expect_end(reader, "request");
}

void
smc_pipe_write_error(StringInfo buf, SmcPipeMessage type, const SmcPipeError *error)
{
	smc_pipe_start(buf, type);
	smc_messages_put_u32(buf, (uint32) error->sqlstate);
	put_text_or_null(buf, error->message);
	put_text_or_null(buf, error->detail);
	put_text_or_null(buf, error->hint);
}

void
smc_pipe_read_error(SmcReader *reader, SmcPipeError *error)
{
	error->sqlstate = (int) smc_reader_u32(reader);
	error->message = get_text_or_null(reader);
	error->detail = get_text_or_null(reader);
	error->hint = get_text_or_null(reader);
	expect_end(reader, "error");
}

void
smc_pipe_write_outcome(StringInfo buf, const SmcOutcome *outcome, size_t count,
					   const SmcPipeTimes *times)
{
	int			i;

	smc_pipe_start(buf, SMC_PIPE_OUTCOME);
	smc_messages_put_u32(buf, outcome->withheld_cells);
	smc_messages_put_u32(buf, outcome->withheld_figures);
	smc_messages_put_u32(buf, outcome->withheld_buckets);
	smc_messages_put_u8(buf, outcome->keeps_withheld);
	smc_messages_put_u64(buf, outcome->bytes_sent);
	smc_messages_put_u64(buf, outcome->bytes_received);
	smc_messages_put_u32(buf, outcome->rounds);
	smc_messages_put_u64(buf, times->connect_us);
	smc_messages_put_u64(buf, times->agree_us);
	for (i = 0; i < SMC_PARTIES_MAX; i++)
		smc_messages_put_u64(buf, times->peer_us[i]);
	appendBinaryStringInfo(buf, (const char *) outcome->states, (int) count);
	appendBinaryStringInfo(buf, (const char *) outcome->totals, (int) (count * sizeof(SmcRing128)));
	smc_messages_put_u8(buf, outcome->told_division_by_zero);
	smc_messages_put_u64(buf, outcome->figure_count);
	smc_messages_put_u64(buf, outcome->shown_count);
	smc_messages_put_u64(buf, outcome->ranked_count);
	smc_messages_put_u64(buf, outcome->fitted_count);
	if (outcome->figure_count > 0)
		appendBinaryStringInfo(buf, (const char *) outcome->figures,
							   (int) (outcome->figure_count * sizeof(SmcJointFigure)));
	if (outcome->shown_count > 0)
		appendBinaryStringInfo(buf, (const char *) outcome->shown, (int) (outcome->shown_count * sizeof(bool)));
	if (outcome->ranked_count > 0)
		appendBinaryStringInfo(buf, (const char *) outcome->ranked, (int) (outcome->ranked_count * sizeof(SmcRanked)));
	if (outcome->fitted_count > 0)
		appendBinaryStringInfo(buf, (const char *) outcome->fitted, (int) (outcome->fitted_count * sizeof(SmcFitted)));
}

SmcOutcome *
smc_pipe_read_outcome(SmcReader *reader, size_t count, SmcPipeTimes *times)
{
	SmcOutcome *outcome = palloc0(sizeof(SmcOutcome));
	int			i;

	outcome->withheld_cells = smc_reader_u32(reader);
	outcome->withheld_figures = smc_reader_u32(reader);
	outcome->withheld_buckets = smc_reader_u32(reader);
	outcome->keeps_withheld = smc_reader_bool(reader);
	outcome->bytes_sent = smc_reader_u64(reader);
	outcome->bytes_received = smc_reader_u64(reader);
	outcome->rounds = smc_reader_u32(reader);
	times->connect_us = smc_reader_u64(reader);
	times->agree_us = smc_reader_u64(reader);
	for (i = 0; i < SMC_PARTIES_MAX; i++)
		times->peer_us[i] = smc_reader_u64(reader);
	outcome->states = palloc(count);
	smc_reader_copy(reader, outcome->states, count);
	outcome->totals = palloc(count * sizeof(SmcRing128));
	smc_reader_copy(reader, (uint8_t *) outcome->totals, count * sizeof(SmcRing128));
	outcome->told_division_by_zero = smc_reader_bool(reader);
	outcome->figure_count = (size_t) smc_reader_u64(reader);
	outcome->shown_count = (size_t) smc_reader_u64(reader);
	outcome->ranked_count = (size_t) smc_reader_u64(reader);
	outcome->fitted_count = (size_t) smc_reader_u64(reader);
	if (outcome->figure_count > (size_t) SMC_ELEMENTS_MAX || outcome->shown_count > SMC_ELEMENTS_MAX ||
		outcome->ranked_count > SMC_ELEMENTS_MAX || outcome->fitted_count > SMC_ELEMENTS_MAX)
		smc_reader_fail(reader);
	else
	{
		outcome->figures = palloc_extended(Max(outcome->figure_count, 1) * sizeof(SmcJointFigure), MCXT_ALLOC_HUGE);
		smc_reader_copy(reader, (uint8_t *) outcome->figures, outcome->figure_count * sizeof(SmcJointFigure));
		outcome->shown = palloc(Max(outcome->shown_count, 1) * sizeof(bool));
		smc_reader_copy(reader, (uint8_t *) outcome->shown, outcome->shown_count * sizeof(bool));
		outcome->ranked = palloc(Max(outcome->ranked_count, 1) * sizeof(SmcRanked));
		smc_reader_copy(reader, (uint8_t *) outcome->ranked, outcome->ranked_count * sizeof(SmcRanked));
		outcome->fitted = palloc_extended(Max(outcome->fitted_count, 1) * sizeof(SmcFitted), MCXT_ALLOC_HUGE);
		smc_reader_copy(reader, (uint8_t *) outcome->fitted, outcome->fitted_count * sizeof(SmcFitted));
	}
	expect_end(reader, "outcome");
	return outcome;
}
