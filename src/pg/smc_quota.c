/*
 * The count of a study's queries.
 *
 * WHERE: a row of smc_quota_log for each query that counted, numbered from 1
 * under the study's digest.  The highest number is how many there were, and the
 * row max_queries_per_day before the next one says whether a day's are used up,
 * so a check takes two look-ups, however many there were.  Nothing is ever taken
 * back.  The DBA may delete old rows, but the newest and those of the last day
 * of each digest.
 *
 * WHO MAY WRITE: no role but superusers, by a trigger: a grant or
 * pg_write_all_data would let others start the count anew.  The row is written in a
 * transaction of the lane's own, so no ROLLBACK of an asker's takes it back.
 *
 * HOW MANY AT ONCE: a party holds a lock on the study from its check (claim) to
 * its commit (count), so two lanes can't both take the last query.  But two
 * computations could each get it at one party, and both fail at another.
 * Therefore the hub claims at one party after the other, in the order in which
 * the study names them, and only when all hold the claim do they count: of two
 * computations that want the last one, one gets it, and the other finds it used
 * up.  A hub that doesn't keep to that order only spoils its own chances, as no
 * share of a party leaves before that party has counted; one that claims and
 * doesn't go on is given up.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "pgtime.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "pg/smc_quota.h"
#include "pg/smc_statement.h"

PG_FUNCTION_INFO_V1(smc_quota_guard);

/* Sets our locks apart from those of SQL's pg_advisory_lock functions, whose are 1 and 2. */
#define QUOTA_LOCK_CLASS	0x5143

static SmcStatement read_used = {
	"SELECT max(number) FROM @.smc_quota_log WHERE digest = $1",
	1, {BYTEAOID}
};

static SmcStatement read_counted_at = {
	"SELECT counted_at FROM @.smc_quota_log WHERE digest = $1 AND number = $2",
	2, {BYTEAOID, INT8OID}
};

static SmcStatement read_recent = {
	"SELECT count(*) FROM @.smc_quota_log WHERE digest = $1 AND number > $2 AND counted_at > $3",
	3, {BYTEAOID, INT8OID, TIMESTAMPTZOID}
};

static SmcStatement insert_row = {
	"INSERT INTO @.smc_quota_log (digest, number, study, id, asked_by, counted_at)"
	" VALUES ($1, $2, $3, $4, $5, $6)",
	6, {BYTEAOID, INT8OID, TEXTOID, UUIDOID, TEXTOID, TIMESTAMPTZOID}
};

static Datum
digest_datum(const SmcStudy *study)
{
	bytea	   *digest = palloc(VARHDRSZ + SMC_KEY_BYTES);

	SET_VARSIZE(digest, VARHDRSZ + SMC_KEY_BYTES);
	memcpy(VARDATA(digest), study->digest, SMC_KEY_BYTES);
	return PointerGetDatum(digest);
}

bool
smc_quota_applies(const SmcStudy *study)
{
	return study->max_queries >= 0 || study->max_queries_per_day >= 0 || study->budget_queries >= 0;
}

/*
 * Reading
 */

/* How many queries have counted. */
static int64
count_used(const SmcStudy *study)
{
	Datum		values[1] = {digest_datum(study)};
	Datum		used;

	return smc_statement_read(&read_used, values, &used) ? DatumGetInt64(used) : 0;
}

/*
 * Whether the day's queries are used up, and then when the next one is free.
 * They are when the one that is max_queries_per_day before the next was counted
 * less than a day ago.
 */
static bool
day_is_used_up(const SmcStudy *study, int64 used, TimestampTz *free_at)
{
	Datum		values[2] = {digest_datum(study), Int64GetDatum(used - study->max_queries_per_day + 1)};
	Datum		counted_at;

	*free_at = DT_NOEND;
	if (study->max_queries_per_day == 0)
		return true;
	if (used < study->max_queries_per_day || !smc_statement_read(&read_counted_at, values, &counted_at))
		return false;
	*free_at = DatumGetTimestampTz(counted_at) + USECS_PER_DAY;
	return *free_at > GetCurrentTimestamp();
}

void
smc_quota_read(const SmcStudy *study, SmcQuota *quota)
{
	int64		used = smc_quota_applies(study) ? count_used(study) : 0;

	quota->left = quota->left_today = -1;
	quota->used = used;
	if (study->max_queries >= 0)
		quota->left = Max(study->max_queries - used, 0);
	if (study->max_queries_per_day >= 0)
	{
		Datum		values[3] = {
			digest_datum(study),
			Int64GetDatum(used - study->max_queries_per_day),
			TimestampTzGetDatum(GetCurrentTimestamp() - USECS_PER_DAY)
		};
		Datum		recent;

		if (!smc_statement_read(&read_recent, values, &recent))
			elog(ERROR, "could not count the queries of a day");
		quota->left_today = Max(study->max_queries_per_day - DatumGetInt64(recent), 0);
	}
}

/*
 * Refusing
 */

/* A time to the second, not before it, in UTC: read at another party. */
static char *
utc_text(TimestampTz at)
{
	pg_time_t	seconds = timestamptz_to_time_t(at + USECS_PER_SEC - 1);
	char		text[64];

	pg_strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", pg_gmtime(&seconds));
	return pstrdup(text);
}

static void
raise_used_up(const SmcStudy *study)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_plural("study \"%s\" allows " INT64_FORMAT " query, and at party \"%s\" it is used up",
						   "study \"%s\" allows " INT64_FORMAT " queries, and at party \"%s\" they are used up",
						   (unsigned long) study->max_queries,
						   study->name, study->max_queries, study->parties[study->self]),
			 errdetail("Each party counts all computations to which it contributed, whoever asked."),
			 errhint("The parties can agree on a larger \"max_queries\" and accept that; a new agreement counts from zero.")));
}

static void
raise_budget_used_up(const SmcStudy *study)
{
	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg("the privacy budget of study \"%s\" is used up at party \"%s\"",
					study->name, study->parties[study->self]),
			 errdetail("Its epsilon_budget is good for " INT64_FORMAT " queries, whoever asks.", study->budget_queries),
			 errhint("The parties can agree on a larger budget and accept that; a new agreement counts from zero, and tells more of the same rows.")));
}

static void
raise_day_used_up(const SmcStudy *study, TimestampTz free_at)
{
	const char *until = TIMESTAMP_IS_NOEND(free_at) ? "" : psprintf(" until %s", utc_text(free_at));

	ereport(ERROR,
			(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
			 errmsg_plural("study \"%s\" allows " INT64_FORMAT " query a day, and at party \"%s\" it is used up%s",
						   "study \"%s\" allows " INT64_FORMAT " queries a day, and at party \"%s\" they are used up%s",
						   (unsigned long) study->max_queries_per_day,
						   study->name, study->max_queries_per_day, study->parties[study->self], until),
			 errdetail("Each party counts all computations of the last 24 hours to which it contributed, whoever asked.")));
}

/* How many queries have counted; raises when none is left. */
static int64
require_left(const SmcStudy *study)
{
	int64		used = count_used(study);
	TimestampTz free_at;

	if (study->max_queries >= 0 && used >= study->max_queries)
		raise_used_up(study);
	if (study->budget_queries >= 0 && used >= study->budget_queries)
		raise_budget_used_up(study);
	if (study->max_queries_per_day >= 0 && day_is_used_up(study, used, &free_at))
		raise_day_used_up(study, free_at);
	return used;
}

void
smc_quota_require_left(const SmcStudy *study)
{
	if (smc_quota_applies(study))
		(void) require_left(study);
}

/*
 * Counting
 */

/* A study's lock; studies whose digests begin alike wait for each other, no more. */
static LOCKTAG
quota_lock(const SmcStudy *study)
{
	LOCKTAG		tag;
	uint32		parts[2];

	memcpy(parts, study->digest, sizeof(parts));
	SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, parts[0], parts[1], QUOTA_LOCK_CLASS);
	return tag;
}

/* A session's lock, so that it outlasts the short transactions of a lane. */
bool
smc_quota_claim(const SmcStudy *study)
{
	LOCKTAG		tag = quota_lock(study);

	if (LockAcquire(&tag, ExclusiveLock, true, true) == LOCKACQUIRE_NOT_AVAIL)
		return false;
	PG_TRY();
	{
		(void) require_left(study);
	}
	PG_CATCH();
	{
		/* now, not when the process ends: the next one is waiting to be told the same */
		smc_quota_release(study);
		PG_RE_THROW();
	}
	PG_END_TRY();
	return true;
}

void
smc_quota_check_held(const SmcStudy *study, const char *asked_by, TimestampTz claimed_at)
{
	if (TimestampDifferenceExceeds(claimed_at, GetCurrentTimestamp(), SMC_QUOTA_HOLD_MS))
		ereport(ERROR,
				(errcode(ERRCODE_CONNECTION_FAILURE),
				 errmsg("party \"%s\" did not have its query over study \"%s\" counted within %d ms",
						asked_by, study->name, SMC_QUOTA_HOLD_MS)));
}

void
smc_quota_count(const SmcStudy *study, const uint8 *id, const char *asked_by)
{
	Datum		values[6];

	values[0] = digest_datum(study);
	values[1] = Int64GetDatum(require_left(study) + 1);
	values[2] = CStringGetTextDatum(study->name);
	values[3] = UUIDPGetDatum((const pg_uuid_t *) id);
	values[4] = CStringGetTextDatum(asked_by);
	values[5] = TimestampTzGetDatum(GetCurrentTimestamp());
	(void) smc_statement_run(&insert_row, values, NULL);
}

void
smc_quota_release(const SmcStudy *study)
{
	LOCKTAG		tag = quota_lock(study);

	(void) LockRelease(&tag, ExclusiveLock, true);
}

/*
 * smc_quota_guard() returns trigger
 *
 * Refuse what isn't done by a superuser, as the extension itself is when it
 * counts, and as whoever restores a dump.
 */
Datum
smc_quota_guard(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("smc_quota_guard() can only be called as a trigger")));
	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only superusers may change the count of a study's queries")));
	PG_RETURN_POINTER(NULL);
}
