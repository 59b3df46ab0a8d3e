/*
 * What differs between PostgreSQL releases.
 *
 * Built and tested is 15.  What is known to have changed in later releases
 * stands here, so that whoever moves up begins with this file: names and
 * signatures only; a difference in behaviour belongs where it matters, with its
 * reason.  Not here is what link calls, which may not look up: CreateWaitEventSet
 * (src/link/smc_dial.c) takes a resource owner since 17.
 */
#ifndef SMC_COMPAT_H
#define SMC_COMPAT_H

#include "postgres.h"

#include "catalog/pg_foreign_server.h"
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
#define smc_compat_server_aclcheck(serverid, userid) \
	object_aclcheck(ForeignServerRelationId, serverid, userid, ACL_USAGE)
#else
#define smc_compat_proc_aclcheck(funcid, userid) \
	pg_proc_aclcheck(funcid, userid, ACL_EXECUTE)
#define smc_compat_server_aclcheck(serverid, userid) \
	pg_foreign_server_aclcheck(serverid, userid, ACL_USAGE)
#endif

/* Index entries of a row just inserted; 16 added updates of summarizing indexes alone. */
#if PG_VERSION_NUM >= 160000
#define smc_compat_insert_index_entries(result, slot, estate) \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL, false)
#else
#define smc_compat_insert_index_entries(result, slot, estate) \
	ExecInsertIndexTuples(result, slot, estate, false, false, NULL, NIL)
#endif

/* One function for all object kinds since 16. */
#if PG_VERSION_NUM >= 160000
#define smc_compat_server_ownercheck(serverid, userid) \
	object_ownercheck(ForeignServerRelationId, serverid, userid)
#else
#define smc_compat_server_ownercheck(serverid, userid) \
	pg_foreign_server_ownercheck(serverid, userid)
#endif

/*
 * New storage for a relation: 16 renamed it.  Reindexing takes the statement
 * since 17, and whether a lock is held may count stronger ones.
 */
#if PG_VERSION_NUM >= 160000
#define smc_compat_set_new_storage(rel) \
	RelationSetNewRelfilenumber(rel, (rel)->rd_rel->relpersistence)
#else
#define smc_compat_set_new_storage(rel) \
	RelationSetNewRelfilenode(rel, (rel)->rd_rel->relpersistence)
#endif
#if PG_VERSION_NUM >= 170000
#define smc_compat_lock_held(tag, mode)	LockHeldByMe(tag, mode, false)
#define smc_compat_reindex_relation(relid) \
	reindex_relation(NULL, relid, REINDEX_REL_PROCESS_TOAST, &(ReindexParams) {0})
#else
#define smc_compat_lock_held(tag, mode)	LockHeldByMe(tag, mode)
#define smc_compat_reindex_relation(relid) \
	reindex_relation(relid, REINDEX_REL_PROCESS_TOAST, &(ReindexParams) {0})
#endif

#endif							/* SMC_COMPAT_H */
