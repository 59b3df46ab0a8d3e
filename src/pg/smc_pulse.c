/*
 * The hub's watch over the other parties.
 *
 * A PING goes out every quarter of the time-out, and any frame from a party
 * answers it.  Silence counts from the first PING that nothing came back after,
 * so time in which we didn't listen ourselves is never held against a peer.
 *
 * A peer inside its local query can't answer.  After an eighth of the time-out
 * without an answer its server is asked over a connection of its own whether
 * that backend's clock still ticks; if so, it counts as heard.  A peer that is
 * stopped, cut off or gone doesn't tick: found so twice in a row it is given
 * up (once could be a server that just had no connection free).
 */
#include "postgres.h"

#include "utils/timestamp.h"

#include "pg/smc_pulse.h"

/* A check looks at a probe this often while one runs. */
#define PROBE_POLL_MS	50

/* Probes in a row that must find nobody. */
#define DEAD_COUNT		2

typedef struct Watch
{
	TimestampTz asked_at;		/* of the first PING not answered yet; 0: none */
	TimestampTz alive_at;		/* a probe said so */
	SmcProbe   *probe;			/* under way, or NULL */
	TimestampTz probed_at;		/* when the last one ended */
	int			dead_count;		/* probes in a row that found nobody alive */
} Watch;

struct SmcPulse
{
	MemoryContext context;
	SmcMesh    *mesh;
	const SmcDialTarget *targets;
	long		timeout_ms;
	uint16		busy;
	bool		gave_up;
	TimestampTz began_at;
	TimestampTz pinged_at;
	Watch		watch[SMC_PARTIES_MAX];
};

SmcPulse *
smc_pulse_create(MemoryContext context, SmcMesh *mesh, const SmcDialTarget *targets)
{
	SmcPulse   *pulse = MemoryContextAllocZero(context, sizeof(SmcPulse));

	pulse->context = context;
	pulse->mesh = mesh;
	pulse->targets = targets;
	return pulse;
}

static void
end_probe(Watch *watch)
{
	SmcProbe   *probe = watch->probe;

	watch->probe = NULL;
	if (probe != NULL)
		smc_probe_end(probe);
}

void
smc_pulse_begin(SmcPulse *pulse, long timeout_ms)
{
	smc_pulse_end(pulse);
	memset(pulse->watch, 0, sizeof(pulse->watch));
	pulse->timeout_ms = timeout_ms;
	pulse->gave_up = false;
	pulse->began_at = GetCurrentTimestamp();
	pulse->pinged_at = pulse->began_at; /* the request itself asks for an answer */
}

void
smc_pulse_end(SmcPulse *pulse)
{
	int			i;

	for (i = 0; i < SMC_PARTIES_MAX; i++)
		end_probe(&pulse->watch[i]);
	pulse->busy = 0;
}

void
smc_pulse_set_busy(SmcPulse *pulse, uint16 parties)
{
	pulse->busy = parties;
}

static bool
exceeds(TimestampTz since, TimestampTz now, long ms)
{
	return TimestampDifferenceExceeds(since, now, (int) ms);
}

/* Read a running probe's verdict, if there is one. */
static void
poll_probe(Watch *watch, TimestampTz now)
{
	switch (smc_probe_poll(watch->probe))
	{
		case SMC_PROBE_RUNNING:
			return;
		case SMC_PROBE_ALIVE:
			watch->alive_at = now;
			watch->dead_count = 0;
			break;
		case SMC_PROBE_DEAD:
			watch->dead_count++;
			break;
	}
	watch->probed_at = now;
	end_probe(watch);
}

static void
check_party(SmcPulse *pulse, int party, TimestampTz now)
{
	Watch	   *watch = &pulse->watch[party];
	TimestampTz heard_at;

	if (watch->probe != NULL)
		poll_probe(watch, now);

	if (watch->asked_at != 0 &&
		(smc_mesh_last_heard(pulse->mesh, party) >= watch->asked_at ||
		 watch->alive_at >= watch->asked_at))
	{
		watch->asked_at = 0;
		watch->dead_count = 0;
		end_probe(watch);
	}
	if (watch->asked_at == 0)
		return;

	heard_at = Max(smc_mesh_last_heard(pulse->mesh, party), pulse->began_at);
	if ((watch->dead_count >= DEAD_COUNT &&
		 exceeds(heard_at, now, pulse->timeout_ms - pulse->timeout_ms / 8)) ||
		exceeds(watch->asked_at, now, pulse->timeout_ms - pulse->timeout_ms / 4))
	{
		pulse->gave_up = true;
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("party \"%s\" did not answer within %ld ms",
						smc_mesh_party_name(pulse->mesh, party), pulse->timeout_ms),
				 errhint("The time is the asker's setting \"smc.peer_timeout\".")));
	}

	if ((pulse->busy & (1 << party)) != 0 && watch->probe == NULL &&
		exceeds(Max(watch->asked_at, watch->probed_at), now, pulse->timeout_ms / 8))
		watch->probe = smc_probe_start(pulse->context, &pulse->targets[party],
									   smc_mesh_lane_id(pulse->mesh));
}

void
smc_pulse_check(SmcPulse *pulse)
{
	TimestampTz now = GetCurrentTimestamp();
	int			self = smc_mesh_self(pulse->mesh);
	int			party;

	for (party = 0; party < smc_mesh_party_count(pulse->mesh); party++)
		if (party != self)
			check_party(pulse, party, now);

	if (exceeds(pulse->pinged_at, now, pulse->timeout_ms / 4))
	{
		pulse->pinged_at = now;
		smc_mesh_broadcast(pulse->mesh, SMC_MSG_PING, NULL, 0);
		smc_mesh_flush(pulse->mesh);
		for (party = 0; party < smc_mesh_party_count(pulse->mesh); party++)
			if (party != self && pulse->watch[party].asked_at == 0)
				pulse->watch[party].asked_at = now;
	}
}

long
smc_pulse_wait_ms(const SmcPulse *pulse)
{
	int			party;

	for (party = 0; party < SMC_PARTIES_MAX; party++)
		if (pulse->watch[party].probe != NULL)
			return PROBE_POLL_MS;
	return Max(pulse->timeout_ms / 8, 10);
}

bool
smc_pulse_gave_up(const SmcPulse *pulse)
{
	return pulse->gave_up;
}
