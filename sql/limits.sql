--
-- Limits that a study agrees on: how many queries, how many groups, which
-- comparisons.  (Racing askers, failures and restored counts: test/t/009_limits.pl.)
--
\set left 'SELECT study, queries_left, queries_left_today FROM smc_studies WHERE study IN (''counted'', ''daily'') ORDER BY 1'
\c globex
CREATE SCHEMA lim;
CREATE TABLE lim.src (g text, h int, b boolean, c char(4), n numeric(6,2), d date, v varchar, s smallint, t timestamp, x int);
INSERT INTO lim.src VALUES
  ('a', 1, true, 'k', 1.50, '2024-01-01', 'p', 1, '2024-01-01 12:00', 10),
  ('b', 2, false, 'kk', 2, '2024-02-01', 'q', 2, '2024-01-02 12:00', 20),
  (NULL, 3, NULL, 'k', 3, '2024-03-01', 'other', 3, NULL, 30);
CREATE FUNCTION lim.broken() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE 'broken'; END $$;
\c initech
CREATE SCHEMA lim;
CREATE TABLE lim.src (g text, h int, b boolean, c char(4), n numeric(6,2), d date, v varchar, s smallint, t timestamp, x int);
INSERT INTO lim.src VALUES ('c', 1, true, 'kkk', 9, '2024-01-01', 'p', 1, '2024-01-01 12:00', 40);
\c acme
CREATE SCHEMA lim;
SET search_path = lim, public;
CREATE TABLE src (g text, h int, b boolean, c char(4), n numeric(6,2), d date, v varchar, s smallint, t timestamp, x int);
INSERT INTO src VALUES ('a', 2, false, 'k', 1.50, '2024-02-01', 'q', 2, '2024-01-02 12:00', 50);

--
-- What is agreed: in the definition, taken over by IMPORT, told where it differs
--
CREATE FOREIGN TABLE counted (
  g text OPTIONS (allow 'count, group, filter', values '{a,b,c}', filter_by 'values'),
  h int  OPTIONS (allow 'group, filter', values '{1,2,3}', filter_by 'any'),
  x int  OPTIONS (allow 'sum, count, avg, filter') NOT NULL
) SERVER acme OPTIONS (parties 'acme, globex, initech', max_queries '3', max_queries_per_day '100', max_groups '16', source 'src');
SELECT definition FROM smc_studies WHERE study = 'counted' \g (format=unaligned tuples_only=on)
SELECT smc_accept('counted') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (counted) FROM SERVER acme INTO lim;
SELECT attname, attfdwoptions FROM pg_attribute WHERE attrelid = 'lim.counted'::regclass AND attnum > 0 ORDER BY attnum;
ALTER FOREIGN TABLE lim.counted OPTIONS (SET max_groups '20', DROP max_queries_per_day), ALTER g OPTIONS (SET filter_by 'any'), ALTER h OPTIONS (ADD filter_by 'values');
IMPORT FOREIGN SCHEMA smc LIMIT TO (counted) FROM SERVER acme INTO lim;
ALTER FOREIGN TABLE lim.counted OPTIONS (DROP max_groups);
IMPORT FOREIGN SCHEMA smc LIMIT TO (counted) FROM SERVER acme INTO lim;
ALTER FOREIGN TABLE lim.counted OPTIONS (ADD max_groups '16', ADD max_queries_per_day '100'), ALTER g OPTIONS (SET filter_by 'values'), ALTER h OPTIONS (DROP filter_by);
IMPORT FOREIGN SCHEMA smc LIMIT TO (counted) FROM SERVER acme INTO lim;
ALTER FOREIGN TABLE lim.counted OPTIONS (ADD source 'lim.src');
SELECT smc_accept('counted') IS NOT NULL AS accepted;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (counted) FROM SERVER acme INTO lim;
ALTER FOREIGN TABLE lim.counted OPTIONS (ADD source 'lim.src');
SELECT smc_accept('counted') IS NOT NULL AS accepted;

--
-- max_queries: of all parties together, counted by each
--
\c acme
SET search_path = lim, public;
:left;
SELECT smc_sum(x) FROM counted;
:left;
\c globex
:left;
SELECT smc_sum(x) FROM lim.counted;
\c initech
:left;
-- asking in vain, planning, explaining, and an asker's rollback change nothing
SELECT smc_max(x) FROM lim.counted;
SELECT smc_sum(x) FROM lim.counted WHERE g <> 'a';
EXPLAIN (COSTS OFF) SELECT smc_sum(x) FROM lim.counted;
\c globex
ALTER FOREIGN TABLE lim.counted OPTIONS (SET source 'lim.gone');
\c acme
SET search_path = lim, public;
SELECT smc_sum(x) FROM counted;
\c globex
ALTER FOREIGN TABLE lim.counted OPTIONS (SET source 'lim.failing');
CREATE VIEW lim.failing AS SELECT * FROM lim.src WHERE lim.broken();
\c acme
SET search_path = lim, public;
SELECT smc_sum(x) FROM counted;
\c globex
ALTER FOREIGN TABLE lim.counted OPTIONS (SET source 'lim.src');
:left;
\c acme
SET search_path = lim, public;
:left;
BEGIN;
SELECT smc_sum(x) FROM counted;
ROLLBACK;
:left;
-- used up, whoever asks
SELECT smc_sum(x) FROM counted;
SELECT smc_count(*) FROM counted;
\c globex
:left;
SELECT smc_sum(x) FROM lim.counted;
SELECT number, study, asked_by FROM smc_quota_log ORDER BY number;
SELECT count(*) FROM smc_quota_log q JOIN smc_audit_log a USING (id, asked_by) WHERE a.status = 'done';

-- nobody but a superuser starts the count anew, who can only for his own party
CREATE ROLE smc_limits_writer BYPASSRLS IN ROLE pg_write_all_data, pg_read_all_data;
GRANT ALL ON smc_quota_log TO smc_limits_writer;
SET ROLE smc_limits_writer;
DELETE FROM smc_quota_log;
UPDATE smc_quota_log SET number = -number;
TRUNCATE smc_quota_log;
INSERT INTO smc_quota_log SELECT digest, 1000, study, id, asked_by, counted_at FROM smc_quota_log;
RESET ROLE;
REVOKE ALL ON smc_quota_log FROM smc_limits_writer;
DROP ROLE smc_limits_writer;
SELECT smc_quota_guard();
DELETE FROM smc_quota_log;
\c initech
DELETE FROM smc_quota_log;
:left;
SELECT smc_sum(x) FROM lim.counted;

-- a definition that goes and comes back goes on counting
\c acme
SET search_path = lim, public;
ALTER FOREIGN TABLE counted OPTIONS (SET max_queries '30');
:left;
ALTER FOREIGN TABLE counted OPTIONS (SET max_queries '3');
:left;
SELECT smc_withdraw('counted');
SELECT smc_accept('counted') IS NOT NULL AS accepted;
SELECT smc_sum(x) FROM counted;
-- a new agreement counts from zero
ALTER FOREIGN TABLE counted OPTIONS (SET max_queries '1');
SELECT smc_accept('counted') IS NOT NULL AS accepted;
SELECT smc_sum(x) FROM counted;
\c globex
ALTER FOREIGN TABLE lim.counted OPTIONS (SET max_queries '1');
SELECT smc_accept('counted') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE lim.counted OPTIONS (SET max_queries '1');
SELECT smc_accept('counted') IS NOT NULL AS accepted;
-- each scan of a study is a query
SELECT (SELECT smc_sum(x) FROM lim.counted), (SELECT smc_sum(x + 1) FROM lim.counted);
SELECT smc_sum(x) FROM lim.counted;
:left;
\c acme
SET search_path = lim, public;
:left;
DROP FOREIGN TABLE counted;
\c globex
DROP FOREIGN TABLE lim.counted;
\c initech
DROP FOREIGN TABLE lim.counted;

--
-- max_queries_per_day: of any 24 hours
--
\c acme
SET search_path = lim, public;
CREATE FOREIGN TABLE daily (x int OPTIONS (allow 'sum')) SERVER acme
  OPTIONS (parties 'acme, globex', max_queries_per_day '2', source 'src');
SELECT smc_accept('daily') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (daily) FROM SERVER acme INTO lim;
ALTER FOREIGN TABLE lim.daily OPTIONS (ADD source 'lim.src');
SELECT smc_accept('daily') IS NOT NULL AS accepted;
\c acme
SET search_path = lim, public;
-- what is said, with the time when the next is free
CREATE FUNCTION pg_temp.ask() RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  said text;
  told text;
BEGIN
  RETURN smc_sum(x) FROM lim.daily;
EXCEPTION WHEN object_not_in_prerequisite_state THEN
  GET STACKED DIAGNOSTICS said = MESSAGE_TEXT, told = PG_EXCEPTION_DETAIL;
  RETURN regexp_replace(said || '; ' || told, '\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC',
    CASE WHEN substring(said || told from '(\d{4}-\S+ \S+ UTC)')::timestamptz
              BETWEEN now() + '23 hours' AND now() + '24 hours 2 seconds' THEN 'A DAY FROM NOW' ELSE 'SOON' END);
END $$;
:left;
SELECT pg_temp.ask();
SELECT pg_temp.ask();
SELECT pg_temp.ask();
:left;
-- the first of them leaves the day
UPDATE smc_quota_log SET counted_at = counted_at - interval '23 hours 58 minutes' WHERE study = 'daily' AND number = 1;
SELECT pg_temp.ask();
UPDATE smc_quota_log SET counted_at = counted_at - interval '2 minutes' WHERE study = 'daily' AND number = 1;
:left;
-- here, but not at the peer
SELECT pg_temp.ask();
\c globex
UPDATE smc_quota_log SET counted_at = counted_at - interval '1 day' WHERE study = 'daily' AND number = 1;
:left;
SELECT smc_sum(x) FROM lim.daily;
:left;
\c acme
SET search_path = lim, public;
:left;
ALTER FOREIGN TABLE daily OPTIONS (SET max_queries_per_day '0', ADD max_queries '0');
:left;
SELECT smc_sum(x) FROM daily;
ALTER FOREIGN TABLE daily OPTIONS (DROP max_queries);
SELECT smc_sum(x) FROM daily;
DROP FOREIGN TABLE daily;
\c globex
DROP FOREIGN TABLE lim.daily;

--
-- max_groups
--
\c acme
SET search_path = lim, public;
CREATE FOREIGN TABLE narrow (
  g text         OPTIONS (allow 'count, group, filter', values '{a,b,c}', filter_by 'values'),
  h int          OPTIONS (allow 'group, filter', values '{1,2,3}'),
  b boolean      OPTIONS (allow 'group, filter', filter_by 'values'),
  c char(4)      OPTIONS (allow 'filter', values '{k,kk}', filter_by 'values'),
  n numeric(6,2) OPTIONS (allow 'sum, filter', values '{1.5,2,10}', filter_by 'values'),
  d date         OPTIONS (allow 'filter', values '{2024-01-01,2024-02-01}', filter_by 'values'),
  v varchar      OPTIONS (allow 'filter', values '{p,q}', filter_by 'values'),
  s smallint     OPTIONS (allow 'sum, filter, min, max', values '{1,2}', filter_by 'values'),
  t timestamp    OPTIONS (allow 'filter', values '{2024-01-01 12:00}', filter_by 'values'),
  x int          OPTIONS (allow 'sum, count, avg, filter, min') NOT NULL
) SERVER acme OPTIONS (parties 'acme, globex, initech', max_groups '12', source 'src');
SELECT smc_accept('narrow') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (narrow) FROM SERVER acme INTO lim;
ALTER FOREIGN TABLE lim.narrow OPTIONS (ADD source 'lim.src');
SELECT smc_accept('narrow') IS NOT NULL AS accepted;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (narrow) FROM SERVER acme INTO lim;
ALTER FOREIGN TABLE lim.narrow OPTIONS (ADD source 'lim.src');
SELECT smc_accept('narrow') IS NOT NULL AS accepted;
\c acme
SET search_path = lim, public;
SELECT g, b, smc_count(*) FROM narrow GROUP BY g, b ORDER BY g, b;
SELECT g, h, smc_count(*) FROM narrow GROUP BY g, h;
EXPLAIN SELECT g, h, b, smc_count(*) FROM narrow WHERE g = 'a' GROUP BY g, h, b;

--
-- filter_by 'values'
--
-- what it takes
SELECT smc_sum(x) FROM narrow WHERE g = 'a';
SELECT smc_sum(x) FROM narrow WHERE 'b' = g;
SELECT smc_sum(x) FROM narrow WHERE g IN ('a', 'c');
SELECT smc_sum(x) FROM narrow WHERE g IN ('a', NULL);
SELECT smc_sum(x) FROM narrow WHERE g = ANY ('{}');
SELECT smc_sum(x) FROM narrow WHERE g IS NULL;
SELECT smc_sum(x) FROM narrow WHERE g IS NOT NULL;
SELECT smc_sum(x) FROM narrow WHERE g = 'a' OR (g = 'b' AND x > 15 AND NOT h = 7) OR (x < 20 AND h <> 3);
SELECT smc_sum(x) FILTER (WHERE g = 'a'), smc_sum(x) FILTER (WHERE g IS NULL AND x < 100) FROM narrow WHERE x > 0;
SELECT smc_sum(CASE WHEN g = 'a' THEN x END), smc_sum(CASE g WHEN 'a' THEN CASE WHEN b THEN x + 1 END END) FROM narrow;
SELECT smc_sum(x) FILTER (WHERE b), smc_sum(x) FILTER (WHERE NOT b), smc_sum(x) FILTER (WHERE b = false),
       smc_sum(x) FILTER (WHERE b IS NOT TRUE), smc_sum(x) FILTER (WHERE b IS UNKNOWN), smc_sum(x) FILTER (WHERE b IN (true)) FROM narrow;
SELECT smc_sum(x) FILTER (WHERE c = 'k'), smc_sum(x) FILTER (WHERE c IN ('kk', 'k  ')), smc_sum(x) FILTER (WHERE n = 1.5),
       smc_sum(x) FILTER (WHERE n IN (2, 1.500, 10)), smc_sum(x) FILTER (WHERE d = '2024-01-01'), smc_sum(x) FILTER (WHERE v IN ('p', 'q')),
       smc_sum(x) FILTER (WHERE s = 1), smc_sum(x) FILTER (WHERE s IN (1, 2)), smc_sum(x) FILTER (WHERE t = '2024-01-01 12:00:00.00') FROM narrow;
PREPARE by_g(text) AS SELECT smc_sum(x) FROM narrow WHERE g = $1;
EXECUTE by_g('b');
EXECUTE by_g(NULL);
EXECUTE by_g('z');
PREPARE by_gs(text[]) AS SELECT smc_sum(x) FROM narrow WHERE g = ANY ($1);
EXECUTE by_gs('{a,b}');
EXECUTE by_gs('{a,z}');
SET plan_cache_mode = force_generic_plan;
EXECUTE by_g('b');
EXECUTE by_g('z');
RESET plan_cache_mode;
-- the column is free to be summed, counted and grouped by
SELECT smc_sum(n), smc_sum(s * 2 + 1), smc_count(g), smc_max(s), smc_sum(coalesce(s, 0)) FROM narrow;
-- a condition that only picks groups is applied to those that are opened
SELECT g, smc_count(*) FROM narrow WHERE g <> 'a' GROUP BY g ORDER BY g;
SELECT g, smc_count(*) FROM narrow WHERE g IN ('a', 'b') GROUP BY g ORDER BY g;
SELECT * FROM (SELECT g, smc_count(*) FROM narrow GROUP BY g) s WHERE g LIKE '_' AND g > 'a' ORDER BY g;

-- and what not
SELECT smc_sum(x) FROM narrow WHERE g = 'd';
SELECT smc_sum(x) FROM narrow WHERE g IN ('a', 'd');
SELECT smc_sum(x) FROM narrow WHERE c = 'kkk';
SELECT smc_sum(x) FROM narrow WHERE n = 1.51;
SELECT smc_sum(x) FROM narrow WHERE n = 1;
SELECT smc_sum(x) FROM narrow WHERE t = '2024-01-01';
SELECT smc_sum(x) FROM narrow WHERE d = timestamp '2024-01-01 12:00';
\set VERBOSITY terse
SELECT smc_sum(x) FROM narrow WHERE g <> 'a';
SELECT smc_sum(x) FROM narrow WHERE NOT g = 'a';
SELECT smc_sum(x) FROM narrow WHERE NOT (g = 'a' AND x > 5);
SELECT smc_sum(x) FROM narrow WHERE (g = 'a') IS NOT TRUE;
SELECT smc_sum(x) FROM narrow WHERE g NOT IN ('a', 'b');
SELECT smc_sum(x) FROM narrow WHERE g IS DISTINCT FROM 'a';
SELECT smc_sum(x) FROM narrow WHERE g IS NOT DISTINCT FROM 'a';
SELECT smc_sum(x) FROM narrow WHERE g > 'a' COLLATE "C";
SELECT smc_sum(x) FROM narrow WHERE g LIKE 'a%';
SELECT smc_sum(x) FROM narrow WHERE lower(g) = 'a';
SELECT smc_sum(x) FROM narrow WHERE length(g) = 1;
SELECT smc_sum(x) FROM narrow WHERE g = v;
SELECT smc_sum(x) FROM narrow WHERE g = g;
SELECT smc_sum(x) FROM narrow WHERE b = (x > 5);
SELECT smc_sum(x) FROM narrow WHERE b = b;
SELECT smc_sum(x) FROM narrow WHERE b IS DISTINCT FROM true;
SELECT smc_sum(x) FROM narrow WHERE s < 2;
SELECT smc_sum(x) FROM narrow WHERE s + 0 = 1;
SELECT smc_sum(x) FROM narrow WHERE n BETWEEN 1 AND 2;
SELECT smc_sum(x) FROM narrow WHERE x > 5 AND (h = 1 OR d < '2024-02-01');
SELECT smc_sum(x) FROM narrow WHERE CASE WHEN g = 'a' THEN true ELSE false END;
SELECT smc_sum(x) FROM narrow WHERE coalesce(g, 'a') = 'a';
SELECT smc_sum(x) FROM narrow WHERE (CASE WHEN g = 'a' THEN x END) IS NULL;
SELECT smc_sum(x) FILTER (WHERE g <> 'a') FROM narrow;
SELECT smc_sum(CASE WHEN g = 'a' THEN 0 ELSE x END) FROM narrow;
SELECT smc_sum(CASE WHEN g = 'a' THEN NULL WHEN x > 0 THEN x END) FROM narrow;
SELECT smc_sum(CASE WHEN g <> 'a' THEN x END) FROM narrow;
SELECT smc_sum(coalesce(CASE WHEN g = 'a' THEN x END, 0)) FROM narrow;
SELECT smc_sum(1 + CASE WHEN g = 'a' THEN x END) FROM narrow;
SELECT smc_sum(s / 2) FROM narrow;
SELECT smc_sum(abs(s - 1)) FROM narrow;
SELECT smc_sum(round(n, 0)) FROM narrow;
SELECT smc_sum(greatest(s, 1)) FROM narrow;
SELECT smc_sum(nullif(s, 1)) FROM narrow;
SELECT smc_min(x) FROM narrow WHERE s NOT IN (1, 2);
SELECT smc_sum(x) FROM narrow WHERE g = 'd' AND h = 1;
\set VERBOSITY default

-- where the option has no meaning
ALTER FOREIGN TABLE narrow ALTER x OPTIONS (ADD filter_by 'values');
SELECT smc_sum(x) FROM narrow;
ALTER FOREIGN TABLE narrow ALTER x OPTIONS (SET allow 'sum', ADD values '{1}');
SELECT smc_sum(x) FROM narrow;
ALTER FOREIGN TABLE narrow ALTER x OPTIONS (SET filter_by 'any');
SELECT smc_sum(x) FROM narrow;

--
-- expires
--
ALTER FOREIGN TABLE narrow OPTIONS (ADD expires '2001-01-01 12:00+01');
SELECT smc_sum(x) FROM narrow;

-- tidy up
DROP FOREIGN TABLE narrow;
SET client_min_messages = warning;
DROP SCHEMA lim CASCADE;
\c globex
SET client_min_messages = warning;
DROP FOREIGN TABLE lim.narrow;
DROP SCHEMA lim CASCADE;
\c initech
SET client_min_messages = warning;
DROP FOREIGN TABLE lim.narrow;
DROP SCHEMA lim CASCADE;
