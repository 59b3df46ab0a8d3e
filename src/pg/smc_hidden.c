/*
 * Bytes that only superusers may see, and rows that no logical decoding sees.
 */
#include "postgres.h"

#include <sodium.h>

#include "access/htup_details.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "executor/executor.h"
#include "libpq/pqformat.h"
#include "miscadmin.h"
#include "utils/rel.h"

#include "pg/smc_compat.h"
#include "pg/smc_hidden.h"

static void
check_access(const SmcHiddenType *type)
{
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied for %s", type->all),
				 errdetail("Only superusers may read or enter a %s.", type->one)));
}

uint8 *
smc_hidden_in(const SmcHiddenType *type, const char *text)
{
	uint8	   *bytes;
	size_t		len;

	check_access(type);

	bytes = palloc0(type->bytes);
	if (strlen(text) != 2 * (size_t) type->bytes ||
		sodium_hex2bin(bytes, type->bytes, text, strlen(text), NULL, &len, NULL) != 0 ||
		len != (size_t) type->bytes)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TEXT_REPRESENTATION),
				 errmsg("invalid input for type %s", type->name),
				 errdetail("A %s is %d hexadecimal digits.", type->one, 2 * type->bytes)));
	return bytes;
}

char *
smc_hidden_out(const SmcHiddenType *type, const uint8 *bytes)
{
	size_t		size = 2 * (size_t) type->bytes + 1;
	char	   *text;

	check_access(type);

	text = palloc(size);
	return sodium_bin2hex(text, size, bytes, type->bytes);
}

uint8 *
smc_hidden_recv(const SmcHiddenType *type, StringInfo buf)
{
	uint8	   *bytes;

	check_access(type);

	bytes = palloc(type->bytes);
	pq_copymsgbytes(buf, (char *) bytes, type->bytes);
	return bytes;
}

bytea *
smc_hidden_send(const SmcHiddenType *type, const uint8 *bytes)
{
	StringInfoData buf;

	check_access(type);

	pq_begintypsend(&buf);
	pq_sendbytes(&buf, (const char *) bytes, type->bytes);
	return pq_endtypsend(&buf);
}

void
smc_hidden_insert(Relation rel, const Datum *values, const bool *nulls)
{
	HeapTuple	tuple = heap_form_tuple(RelationGetDescr(rel), unconstify(Datum *, values), unconstify(bool *, nulls));
	TupleTableSlot *slot = MakeSingleTupleTableSlot(RelationGetDescr(rel), &TTSOpsHeapTuple);
	EState	   *estate = CreateExecutorState();
	ResultRelInfo *result = makeNode(ResultRelInfo);

	ExecStoreHeapTuple(tuple, slot, false);
	InitResultRelInfo(result, rel, 0, NULL, 0);
	ExecOpenIndices(result, false);
	table_tuple_insert(rel, slot, GetCurrentCommandId(true), TABLE_INSERT_NO_LOGICAL, NULL);
	(void) smc_compat_insert_index_entries(result, slot, estate);
	ExecCloseIndices(result);
	ExecDropSingleTupleTableSlot(slot);
	FreeExecutorState(estate);

	sodium_memzero(tuple->t_data, tuple->t_len);
	heap_freetuple(tuple);
}
