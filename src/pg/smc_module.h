/*
 * What every file of the server layer shares: settings and who we are.
 */
#ifndef SMC_MODULE_H
#define SMC_MODULE_H

#include "postgres.h"

#define SMC_EXTENSION		"smc"
#define SMC_WRAPPER			"smc"		/* name of the foreign data wrapper */
#define SMC_LINK_ROLE		"smc_link"

/* Settings (GUCs). */
extern int	smc_max_lanes;		/* smc.max_lanes, postmaster */
extern int	smc_lane_idle_timeout;	/* smc.lane_idle_timeout, ms, sighup */
extern int	smc_peer_timeout;	/* smc.peer_timeout, ms, userset */

/* What smc.peer_timeout may be, here and at the party that asks. */
#define SMC_PEER_TIMEOUT_MIN	100
#define SMC_PEER_TIMEOUT_MAX	INT_MAX

/* Raise unless loaded by shared_preload_libraries, with a hint. */
extern void smc_module_require_preload(void);

/* Raise on a standby, which can't write the audit that each computation needs. */
extern void smc_module_require_primary(void);

/* OID of the extension's schema in this database; raises when the extension isn't created here. */
extern Oid	smc_module_schema(void);

/* The same, InvalidOid when the extension isn't created here. */
extern Oid	smc_module_schema_if_any(void);

/* The version of the extension as it is created in this database, "" where it isn't; palloc'd. */
extern char *smc_module_version(void);

/*
 * Run as the extension's owner (a superuser) to reach its tables, and back.
 * Save with begin, restore with end; a transaction abort restores too.
 */
typedef struct SmcPrivilege
{
	Oid			userid;
	int			sec_context;
	int			guc_level;
} SmcPrivilege;

extern void smc_module_privilege_begin(SmcPrivilege *saved);	/* superuser, search_path = pg_catalog, extension schema */
extern void smc_module_privilege_end(const SmcPrivilege *saved);

#endif							/* SMC_MODULE_H */
