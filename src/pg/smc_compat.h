/*
 * What differs between the PostgreSQL releases we build on: 15 and later.
 *
 * Only names and signatures; a difference in behaviour belongs where it
 * matters, with its reason.
 */
#ifndef SMC_COMPAT_H
#define SMC_COMPAT_H

#include "postgres.h"

#include "catalog/pg_proc.h"
#include "optimizer/pathnode.h"
#include "utils/acl.h"

#if PG_VERSION_NUM < 150000
#error "smc needs PostgreSQL 15 or later"
#endif

/* Since 18 these live apart from explain.h. */
#if PG_VERSION_NUM >= 180000
#include "commands/explain_format.h"
#include "commands/explain_state.h"
#else
#include "commands/explain.h"
#endif

/*
 * Foreign paths: 17 added the restriction clauses of a pushed-down join, 18
 * the number of disabled nodes.  We have neither.
 */
#if PG_VERSION_NUM >= 180000
#define smc_compat_scan_path(root, rel, target, rows, startup, total, outer, private) \
	create_foreignscan_path(root, rel, target, rows, 0, startup, total, NIL, outer, NULL, NIL, private)
#define smc_compat_upper_path(root, rel, target, rows, startup, total, private) \
	create_foreign_upper_path(root, rel, target, rows, 0, startup, total, NIL, NULL, NIL, private)
#elif PG_VERSION_NUM >= 170000
#define smc_compat_scan_path(root, rel, target, rows, startup, total, outer, private) \
	create_foreignscan_path(root, rel, target, rows, startup, total, NIL, outer, NULL, NIL, private)
#define smc_compat_upper_path(root, rel, target, rows, startup, total, private) \
	create_foreign_upper_path(root, rel, target, rows, startup, total, NIL, NULL, NIL, private)
#else
#define smc_compat_scan_path(root, rel, target, rows, startup, total, outer, private) \
	create_foreignscan_path(root, rel, target, rows, startup, total, NIL, outer, NULL, private)
#define smc_compat_upper_path(root, rel, target, rows, startup, total, private) \
	create_foreign_upper_path(root, rel, target, rows, startup, total, NIL, NULL, private)
#endif

/* One function for all object kinds since 16. */
#if PG_VERSION_NUM >= 160000
#define smc_compat_proc_aclcheck(funcid, userid) \
	object_aclcheck(ProcedureRelationId, funcid, userid, ACL_EXECUTE)
#else
#define smc_compat_proc_aclcheck(funcid, userid) \
	pg_proc_aclcheck(funcid, userid, ACL_EXECUTE)
#endif

#endif							/* SMC_COMPAT_H */
