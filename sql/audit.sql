--
-- The audit of every computation at every party, results for those who did not
-- ask, and who may see what.
--
\c acme
SET client_min_messages = warning;
SELECT count(*) AS seen FROM smc_audit \gset
-- a peer ends its row after the asker has its answer
\set settle 'DO $$ BEGIN FOR i IN 1..100 LOOP EXIT WHEN NOT EXISTS (SELECT FROM smc_audit WHERE status = \'running\'); PERFORM pg_sleep(0.05); END LOOP; END $$;'
\set last 'SELECT study, asked_by, asked_role, query, reveals, rows, status, sqlstate, error, bytes_sent > 0 AS sent, bytes_received > 0 AS received, rounds, duration > interval \'0\' AS took FROM smc_audit ORDER BY started_at DESC LIMIT 1 \\gx'
SELECT smc_sum(salary), smc_count(*) FROM payroll WHERE rank = 'Prof' AND yrs_service > 10;
:settle
:last
SELECT count(*) - :seen AS added, count(DISTINCT id) - :seen AS ids FROM smc_audit;
SELECT id AS id FROM smc_audit ORDER BY started_at DESC LIMIT 1 \gset
\c globex
:settle
:last
SELECT id = :'id' AS same_id FROM smc_audit ORDER BY started_at DESC LIMIT 1;
\c initech
:settle
:last
SELECT id = :'id' AS same_id FROM smc_audit ORDER BY started_at DESC LIMIT 1;

-- nothing runs now, and what isn't in shared memory any more was interrupted
\c acme
SELECT smc_audit_is_running(:'id');
BEGIN;
INSERT INTO smc_audit_log (id, study, status, started_at) VALUES (gen_random_uuid(), 'crashed', 'running', '2001-01-01');
SELECT study, status, duration FROM smc_audit WHERE study = 'crashed';
ROLLBACK;
SELECT count(*) FROM smc_activity WHERE phase <> 'idle';

-- recipients that did not ask find the figures in smc_results
CREATE SCHEMA au;
CREATE TABLE au.src AS SELECT 1 AS x, 'a'::text AS g;
CREATE FOREIGN TABLE au.told (
  x int  OPTIONS (allow 'sum, count'),
  g text OPTIONS (allow 'group', values '{a,b}')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'globex', source 'src');
SELECT length(smc_accept('told'));
\c globex
CREATE SCHEMA au;
CREATE TABLE au.src AS SELECT 41 AS x, 'a'::text AS g UNION ALL SELECT 5, 'b';
IMPORT FOREIGN SCHEMA smc LIMIT TO (told) FROM SERVER acme INTO au;
ALTER FOREIGN TABLE au.told OPTIONS (ADD source 'src');
SELECT length(smc_accept('told'));
\c acme
SELECT g, smc_sum(x) FROM au.told GROUP BY g ORDER BY g;
:settle
:last
\! sleep 0.3
SELECT count(*) FROM smc_results WHERE study = 'told';
\c globex
:settle
\! sleep 0.3
SELECT study, asked_by, query, figures FROM smc_results WHERE study = 'told';
-- whoever may query the study may see them
CREATE ROLE smc_reader;
GRANT USAGE ON SCHEMA au TO smc_reader;
SET ROLE smc_reader;
\! sleep 0.3
SELECT count(*) FROM smc_results WHERE study = 'told';
RESET ROLE;
GRANT SELECT ON au.told TO smc_reader;
SET ROLE smc_reader;
\! sleep 0.3
SELECT count(*) FROM smc_results WHERE study = 'told';
SELECT * FROM smc_results_log;
SELECT * FROM smc_audit;
SELECT * FROM smc_audit_log;
SELECT count(*) FROM smc_activity;
RESET ROLE;

-- tidy up
SET client_min_messages = warning;
DROP SCHEMA au CASCADE;
DROP ROLE smc_reader;
DELETE FROM smc_results_log WHERE study = 'told';
\c acme
SET client_min_messages = warning;
DROP SCHEMA au CASCADE;
SELECT smc_withdraw('told');
\c globex
SELECT smc_withdraw('told');
