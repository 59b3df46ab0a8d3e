--
-- Approval of each run: the options, the view, who may decide.  What happens
-- while people are waited for is test/t/007_approve.pl's.
--
\c acme
SET client_min_messages = warning;
CREATE SCHEMA ap;
CREATE TABLE ap.src AS SELECT 40 AS x;

-- how long a run waits: whole seconds, the same in every session
CREATE FUNCTION pg_temp.within(value text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE ap.w (x int OPTIONS (allow ''sum'')) SERVER acme'
    ' OPTIONS (parties ''acme, globex'', approve ''each'', approve_within %L)', value);
  RETURN (SELECT substring(definition from '(approve_within.*?)\n') FROM smc_studies WHERE study = 'w');
EXCEPTION WHEN OTHERS THEN
  RETURN sqlerrm;
END $$;
CREATE FUNCTION pg_temp.try_within(value text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text := pg_temp.within(value);
BEGIN
  DROP FOREIGN TABLE IF EXISTS ap.w;
  RETURN found;
END $$;
SELECT v AS value, pg_temp.try_within(v) FROM unnest(ARRAY['10 minutes', '00:10', 'PT10M', '600', '1 day 2 hours', '1 week', '1 s', '30 days',
  '', '0', '0.5 s', '1.5 s', '-1 minute', '1 day -1 hour', '1 month', '1 year', '30 days 1 second', '720:00:01', '9999999 days', '1e300 s', 'soon']) v;
SET intervalstyle = sql_standard;
SELECT pg_temp.try_within('1 2:03:04');
RESET intervalstyle;
CREATE FOREIGN TABLE ap.w (x int) SERVER acme OPTIONS (parties 'acme, globex', approve_within 'soon');
CREATE FOREIGN TABLE ap.w (x int) SERVER acme OPTIONS (parties 'acme, globex', approve_within '1 month');

-- in the agreement where it matters, or is set
CREATE FUNCTION pg_temp.agreed(options text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE ap.w (x int OPTIONS (allow ''sum'')) SERVER acme OPTIONS (parties ''acme, globex''%s)', options);
  SELECT string_agg(line, '; ') INTO found FROM smc_studies, string_to_table(definition, E'\n') line WHERE study = 'w' AND line LIKE 'approve%';
  DROP FOREIGN TABLE ap.w;
  RETURN found;
END $$;
SELECT o AS options, pg_temp.agreed(o) FROM unnest(ARRAY['', ', approve ''none''', ', approve ''each''', ', approve ''each'', approve_within ''90 min''',
  ', approve_within ''90 min''']) o;

-- a peer imports it, and is told where it differs
CREATE FOREIGN TABLE ap.signed (x int OPTIONS (allow 'sum')) SERVER acme
  OPTIONS (parties 'acme, globex', source 'src', approve 'each', approve_within '20 min');
SELECT length(smc_accept('signed'));
\c globex
SET client_min_messages = warning;
CREATE SCHEMA ap;
CREATE TABLE ap.src AS SELECT 2 AS x;
IMPORT FOREIGN SCHEMA smc LIMIT TO (signed) FROM SERVER acme INTO ap;
SELECT ftoptions FROM pg_foreign_table WHERE ftrelid = 'ap.signed'::regclass;
ALTER FOREIGN TABLE ap.signed OPTIONS (ADD source 'src', SET approve_within '21 min');
SELECT length(smc_accept('signed'));
\c acme
SELECT smc_sum(x) FROM ap.signed;
\c globex
ALTER FOREIGN TABLE ap.signed OPTIONS (SET approve_within '1200 s');
SELECT length(smc_accept('signed'));

-- nothing waits, and there is nothing to decide
TABLE smc_requests;
SELECT smc_approve('00000000-0000-4000-8000-000000000000');
SELECT smc_refuse('00000000-0000-4000-8000-000000000000');
SELECT smc_refuse('00000000-0000-4000-8000-000000000000', 'because');
SELECT smc_approve(NULL);
SELECT smc_refuse(NULL, 'because');
SELECT smc_refuse('00000000-0000-4000-8000-000000000000', repeat('x', 1001));
SELECT smc_approve('all');

-- a row that no backend waits for is none
BEGIN;
INSERT INTO smc_requests_waiting (id, study, digest, asked_by, asked_role, query, reveals, asked_at, waits_until)
  VALUES ('00000000-0000-4000-8000-000000000000', 'signed', '', 'acme', 'someone', 'SELECT', 'nothing', now(), 'infinity');
TABLE smc_requests;
SELECT smc_approve('00000000-0000-4000-8000-000000000000');
ROLLBACK;

-- EXECUTE is nobody's, until it is granted
CREATE ROLE smc_officer;
GRANT USAGE ON SCHEMA ap TO smc_officer;
SET ROLE smc_officer;
TABLE smc_requests;
TABLE smc_requests_waiting;
SELECT smc_approve('00000000-0000-4000-8000-000000000000');
SELECT smc_refuse('00000000-0000-4000-8000-000000000000');
RESET ROLE;

-- EXPLAIN says who is waited for
\c acme
EXPLAIN SELECT smc_sum(x) FROM ap.signed;

-- its error, without the id
CREATE FUNCTION pg_temp.ended(id uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text;
BEGIN
  PERFORM smc_approve(id);
  RETURN 'approved';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  RETURN replace(message, id::text, 'X') || E'\nDETAIL: ' || detail;
END $$;

-- one run that is approved as soon as it is asked for, by someone at globex
\set decide '\\! psql -X -q -d globex -c "DO \\$\\$ BEGIN FOR i IN 1..1000 LOOP EXIT WHEN EXISTS (SELECT FROM smc_requests); PERFORM pg_sleep(0.01); END LOOP; PERFORM smc_$DECISION FROM smc_requests; END \\$\\$" >/dev/null &'
\setenv DECISION approve(id)
:decide
SELECT smc_sum(x) FROM ap.signed;
-- a peer ends its row after the asker has its answer
\set settle 'DO $$ BEGIN FOR i IN 1..100 LOOP EXIT WHEN NOT EXISTS (SELECT FROM smc_audit WHERE status = \'running\'); PERFORM pg_sleep(0.05); END LOOP; END $$;'
\set last 'SELECT status, error, decisions #- \'{0,at}\' AS decisions FROM smc_audit ORDER BY started_at DESC LIMIT 1'
SELECT id AS id FROM smc_audit ORDER BY started_at DESC LIMIT 1 \gset
SELECT pg_temp.ended(:'id');
:last;
\c globex
CREATE FUNCTION pg_temp.ended(id uuid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE message text; detail text;
BEGIN
  PERFORM smc_approve(id);
  RETURN 'approved';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL;
  RETURN replace(message, id::text, 'X') || E'\nDETAIL: ' || detail;
END $$;
:settle
:last;
SELECT id = :'id' AS same_id FROM smc_audit ORDER BY started_at DESC LIMIT 1;
SELECT pg_temp.ended(:'id');
TABLE smc_requests_waiting;

-- and one that is refused
\c acme
\setenv DECISION 'refuse(id, U&\'\\00fcberhaupt nicht\')'
:decide
SELECT smc_sum(x) FROM ap.signed;
:last;
\c globex
:settle
:last;

-- tidy up
SET client_min_messages = warning;
DROP SCHEMA ap CASCADE;
SELECT smc_withdraw('signed');
DROP ROLE smc_officer;
\c acme
SET client_min_messages = warning;
DROP SCHEMA ap CASCADE;
SELECT smc_withdraw('signed');
