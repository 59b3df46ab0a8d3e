/*
 * The pipe between a user's backend and a lane's worker: two shm_mqs in a
 * dynamic shared memory segment that lives as long as one request.
 *
 * Either end may vanish at any time; the other notices by its latch.
 */
#ifndef SMC_PIPE_H
#define SMC_PIPE_H

#include "postgres.h"

#include "lib/stringinfo.h"
#include "storage/dsm.h"

#include "core/smc_bytes.h"
#include "pg/smc_lane.h"
#include "pg/smc_compute.h"

/* The first byte of each message. */
typedef enum SmcPipeMessage
{
	SMC_PIPE_REQUEST = 'R',		/* to the worker: SmcPipeRequest */
	SMC_PIPE_CONTRIBUTION = 'C',	/* to the worker: u64 rows, blob layout (empty: that of the request), the partials, u64 keys of each part */
	SMC_PIPE_KEYS = 'K',		/* to the worker, after it: some of the keys, in order */
	SMC_PIPE_AWAITED = 'A',		/* to the backend: whose approval is awaited, a text */
	SMC_PIPE_APPROVED = 'G',	/* to the backend: nothing; all have approved, go on */
	SMC_PIPE_HISTORY = 'H',		/* to the backend: what to compare with, as smc_history_write has it; go on */
	SMC_PIPE_OUTCOME = 'O',		/* to the backend: SmcOutcome and times */
	SMC_PIPE_PONG = 'P',		/* to the backend: SmcPing */
	SMC_PIPE_DEFINITIONS = 'D', /* to the backend: u32 count, blob each */
	SMC_PIPE_ERROR = 'E',		/* to the backend: why it failed */
	SMC_PIPE_STALE = 'S'		/* the same, but nothing had begun: another lane may do better */
} SmcPipeMessage;

typedef enum SmcRequestKind
{
	SMC_REQUEST_COMPUTE = 1,
	SMC_REQUEST_PING,
	SMC_REQUEST_STUDIES
} SmcRequestKind;

typedef struct SmcPipeRequest
{
	SmcRequestKind kind;
	uint64		timeout_ms;		/* the asker's smc.peer_timeout */
	/* COMPUTE only */
	uint8		id[SMC_UUID_BYTES];
	char	   *study;
	char	   *definition;		/* as the asker's transaction sees it */
	uint8		digest[SMC_KEY_BYTES];
	int64		max_queries;	/* of the study; -1: no limit */
	int64		max_queries_per_day;
	int64		budget_queries;
	char	   *role;
	bytea	   *query;
	bytea	   *layout;
	bool		about_secrets;	/* smc_holdings_matter of the query */
	bytea	   *keeps;			/* NULL: nothing is kept */
	char	   *query_text;
	char	   *reveals;
	uint32		approve_within; /* seconds to wait for everyone's approval; 0: none needed */
} SmcPipeRequest;

/* An error on its way to the user. */
typedef struct SmcPipeError
{
	int			sqlstate;
	char	   *message;
	char	   *detail;			/* NULL: none */
	char	   *hint;			/* NULL: none */
} SmcPipeError;

/* What a worker measured, all in microseconds. */
typedef struct SmcPipeTimes
{
	uint64		connect_us;
	uint64		agree_us;
	uint64		peer_us[SMC_PARTIES_MAX];
} SmcPipeTimes;

typedef struct SmcPipe SmcPipe;

typedef enum SmcPipeResult
{
	SMC_PIPE_GOT,
	SMC_PIPE_NOTHING,			/* not yet; the latch will be set */
	SMC_PIPE_GONE				/* the other end is */
} SmcPipeResult;

/*
 * Make the backend's end, with room for the request and some more.  Lives in
 * context, at whose reset it is closed; an abort of the current resource owner
 * closes it as well.
 */
extern SmcPipe *smc_pipe_create(MemoryContext context, Size request_len);
extern dsm_handle smc_pipe_handle(const SmcPipe *pipe);

/* Make the worker's end.  NULL when the backend is gone. */
extern SmcPipe *smc_pipe_attach(MemoryContext context, dsm_handle handle);

extern void smc_pipe_close(SmcPipe *pipe);

/* Whether a process ever attached to the worker's end. */
extern bool smc_pipe_was_attached(const SmcPipe *pipe);

/* Begin a message, to be filled with smc_messages_put_* and sent. */
extern void smc_pipe_start(StringInfo buf, SmcPipeMessage type);

/*
 * Send a message; waits, interruptibly, while the queue is full.  False when
 * the other end is gone.  alive (may be NULL) is asked about once a second.
 */
extern bool smc_pipe_send(SmcPipe *pipe, StringInfo buf, bool (*alive) (void *arg), void *arg);

/* Send all keys, in pieces; likewise. */
extern bool smc_pipe_send_keys(SmcPipe *pipe, const SmcKeys *keys, bool (*alive) (void *arg), void *arg);

/* Take the next piece: *have counts up to keys->count. */
extern void smc_pipe_read_keys(SmcReader *reader, SmcKeys *keys, size_t *have);

/*
 * Take a message if there is one.  *reader is set to what follows the type, in
 * memory that is good until the next call, and may be wiped by the caller.
 */
extern SmcPipeResult smc_pipe_receive(SmcPipe *pipe, SmcPipeMessage *type, SmcReader *reader);

/* Whether the other end is gone (without taking a message). */
extern bool smc_pipe_is_gone(SmcPipe *pipe);

/*
 * Mark that the worker is about to report an error, and whether it has: the
 * latter is safe in a signal handler.
 */
extern void smc_pipe_set_failed(SmcPipe *pipe);
extern bool smc_pipe_has_failed(const SmcPipe *pipe);

/* Both processes are ours, so what can't be parsed is a bug: these elog. */
extern void smc_pipe_write_request(StringInfo buf, const SmcPipeRequest *request);
extern void smc_pipe_read_request(SmcReader *reader, SmcPipeRequest *request);
extern void smc_pipe_write_error(StringInfo buf, SmcPipeMessage type, const SmcPipeError *error);
extern void smc_pipe_read_error(SmcReader *reader, SmcPipeError *error);
extern void smc_pipe_write_outcome(StringInfo buf, const SmcOutcome *outcome, size_t count,
								   const SmcPipeTimes *times);
extern SmcOutcome *smc_pipe_read_outcome(SmcReader *reader, size_t count, SmcPipeTimes *times);

#endif							/* SMC_PIPE_H */
