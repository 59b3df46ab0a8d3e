/*
 * The hub's watch over the other parties while a request is under way: whoever
 * says nothing for smc.peer_timeout is given up.
 */
#ifndef SMC_PULSE_H
#define SMC_PULSE_H

#include "postgres.h"

#include "link/smc_dial.h"

typedef struct SmcPulse SmcPulse;

/* Targets are those that the lane's links were dialled with. */
extern SmcPulse *smc_pulse_create(MemoryContext context, SmcMesh *mesh, const SmcDialTarget *targets);

/* A request begins: everybody counts as just heard. */
extern void smc_pulse_begin(SmcPulse *pulse, long timeout_ms);
extern void smc_pulse_end(SmcPulse *pulse);

/*
 * Parties that may be busy in their own database and then can't answer a PING:
 * before such a one is given up, an extra connection asks whether it lives.
 */
extern void smc_pulse_set_busy(SmcPulse *pulse, uint16 parties);

/*
 * Do what is due: post PINGs, look after probes.  Raises
 * ERRCODE_CONNECTION_FAILURE naming a party that has been silent for too long.
 * Cheap; to be called whenever a wait returned.
 */
extern void smc_pulse_check(SmcPulse *pulse);

/* How long a wait may last before the next check. */
extern long smc_pulse_wait_ms(const SmcPulse *pulse);

/* Whether the last error was raised by smc_pulse_check. */
extern bool smc_pulse_gave_up(const SmcPulse *pulse);

#endif							/* SMC_PULSE_H */
