--
-- What roles can't see or do: an ordinary one, one that may read all data, one
-- that row security doesn't stop on top, and a peer's.
--
BEGIN;
SELECT no_plan();

CREATE ROLE smc_tap_user;
CREATE ROLE smc_tap_reader IN ROLE pg_read_all_data;
CREATE ROLE smc_tap_writer IN ROLE pg_write_all_data;
CREATE ROLE smc_tap_bypass BYPASSRLS IN ROLE pg_read_all_data, pg_write_all_data;
CREATE ROLE smc_tap_monitor IN ROLE pg_monitor;
CREATE ROLE smc_tap_peer LOGIN IN ROLE smc_link;

--
-- Run a statement as a role, by SET ROLE or SET SESSION AUTHORIZATION, undo it,
-- and return the message of its error, or `ran`.  Nothing may be evaluated
-- between the two, because a peer's session couldn't.
--
CREATE FUNCTION pg_temp.attempt(who text, statement text, how text DEFAULT 'role') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM set_config(how, who, true);
  EXECUTE statement;
  RAISE SQLSTATE 'SMC00';
EXCEPTION
  WHEN SQLSTATE 'SMC00' THEN RETURN 'ran';
  WHEN OTHERS THEN RETURN SQLERRM;
END $$;
CREATE FUNCTION pg_temp.rows_seen(who text, relation regclass) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE seen bigint;
BEGIN
  PERFORM set_config('role', who, true);
  EXECUTE 'SELECT count(*) FROM ' || relation INTO seen;
  PERFORM set_config('role', 'none', true);
  RETURN seen;
END $$;

SELECT is(pg_temp.attempt('smc_tap_user', 'SELECT 1'), 'ran', 'the test itself works');

-- grants
SELECT table_privs_are(t::text, 'smc_tap_user', ARRAY[]::text[]) FROM unnest(ARRAY['smc_identity', 'smc_consent_log', 'smc_consents', 'smc_key_log', 'smc_quota_log', 'smc_history_log', 'smc_audit_log', 'smc_results_log', 'smc_requests_waiting', 'smc_audit', 'smc_history']) t;
SELECT table_privs_are(t::text, 'smc_link', ARRAY[]::text[]) FROM unnest(ARRAY['smc_identity', 'smc_consent_log', 'smc_consents', 'smc_key_log', 'smc_quota_log', 'smc_history_log', 'smc_audit_log', 'smc_results_log', 'smc_requests_waiting']) t;
SELECT table_privs_are(v::text, 'smc_tap_user', ARRAY['SELECT']) FROM unnest(ARRAY['smc_peers', 'smc_studies', 'smc_activity', 'smc_results', 'smc_requests', 'smc_key_changes']) v;
SELECT function_privs_are('smc_create_identity', ARRAY['text'], 'smc_tap_user', ARRAY[]::text[]);
SELECT function_privs_are('smc_rotate_identity', ARRAY[]::text[], 'smc_tap_user', ARRAY[]::text[]);
SELECT function_privs_are('smc_rotate_identity', ARRAY[]::text[], 'smc_link', ARRAY[]::text[]);
SELECT function_privs_are('smc_attach', ARRAY[]::text[], 'smc_tap_user', ARRAY[]::text[]);
SELECT function_privs_are('smc_attach', ARRAY[]::text[], 'smc_link', ARRAY['EXECUTE']);
SELECT function_privs_are(f, a, r, ARRAY[]::text[])
  FROM (VALUES ('smc_approve', ARRAY['uuid']), ('smc_refuse', ARRAY['uuid', 'text'])) v(f, a), unnest(ARRAY['smc_tap_user', 'smc_tap_monitor', 'smc_link']) r;
SELECT ok(NOT has_type_privilege('smc_tap_user', 'smc_secret_key', 'USAGE'), 'the key''s type is nobody''s to use');

-- an ordinary role
SELECT is(pg_temp.attempt('smc_tap_user', s), m, s) FROM (VALUES
  ('SELECT smc_public_key()', 'ran'),
  ('TABLE smc_peers', 'ran'),
  ('TABLE smc_studies', 'ran'),
  ('TABLE smc_activity', 'ran'),
  ('TABLE smc_results', 'ran'),
  ('TABLE smc_requests', 'ran'),
  ('TABLE smc_requests_waiting', 'permission denied for table smc_requests_waiting'),
  ('UPDATE smc_requests_waiting SET decision = ''approved''', 'permission denied for table smc_requests_waiting'),
  ('SELECT smc_approve(gen_random_uuid())', 'permission denied for function smc_approve'),
  ('SELECT smc_refuse(gen_random_uuid())', 'permission denied for function smc_refuse'),
  ('TABLE smc_identity', 'permission denied for table smc_identity'),
  ('SELECT secret_key FROM smc_identity', 'permission denied for table smc_identity'),
  ('TABLE smc_key_changes', 'ran'),
  ('TABLE smc_consents', 'permission denied for view smc_consents'),
  ('TABLE smc_consent_log', 'permission denied for table smc_consent_log'),
  ('TABLE smc_key_log', 'permission denied for table smc_key_log'),
  ('SELECT smc_rotate_identity()', 'permission denied for function smc_rotate_identity'),
  ('SELECT smc_key_standing(''globex'', ''x'')', 'ran'),
  ('TABLE smc_quota_log', 'permission denied for table smc_quota_log'),
  ('TABLE smc_history_log', 'permission denied for table smc_history_log'),
  ('DELETE FROM smc_history_log', 'permission denied for table smc_history_log'),
  ('DELETE FROM smc_quota_log', 'permission denied for table smc_quota_log'),
  ('TABLE smc_audit_log', 'permission denied for table smc_audit_log'),
  ('TABLE smc_audit', 'permission denied for view smc_audit'),
  ('TABLE smc_results_log', 'permission denied for table smc_results_log'),
  ('UPDATE smc_identity SET name = ''x''', 'permission denied for table smc_identity'),
  ('DELETE FROM smc_audit_log', 'permission denied for table smc_audit_log'),
  ('SELECT smc_create_identity(''x'')', 'permission denied for function smc_create_identity'),
  ('CALL smc_attach()', 'permission denied for procedure smc_attach'),
  ('SELECT smc_ping(''globex'')', 'permission denied for foreign server globex'),
  ('CREATE SERVER x FOREIGN DATA WRAPPER smc', 'permission denied for foreign-data wrapper smc'),
  ('IMPORT FOREIGN SCHEMA smc FROM SERVER globex INTO public', 'permission denied for foreign server globex'),
  ('CREATE USER MAPPING FOR CURRENT_USER SERVER globex', 'permission denied for foreign server globex'),
  ('ALTER SERVER globex OPTIONS (SET host ''elsewhere'')', 'must be owner of foreign server globex'),
  ('SELECT repeat(''00'', 64)::smc_secret_key', 'permission denied for secret keys'),
  ('SELECT smc_sum(salary) FROM payroll', 'permission denied for foreign table payroll'),
  ('SELECT sum(salary) FROM payroll', 'permission denied for foreign table payroll')
) v(s, m);
SELECT isnt(pg_temp.attempt('smc_tap_user', s), 'ran', s) FROM unnest(ARRAY['SELECT smc_accept(''payroll'')', 'SELECT smc_withdraw(''payroll'')']) s;

-- EXECUTE lets nobody decide about a study that isn't theirs.  (That such a row
-- waits, the test only pretends: nobody here waits for it.)
CREATE FOREIGN TABLE smc_tap_study (x int OPTIONS (allow 'sum')) SERVER acme OPTIONS (parties 'acme, globex', approve 'each');
INSERT INTO smc_requests_waiting (id, study, digest, asked_by, asked_role, query, reveals, asked_at, waits_until)
  SELECT '00000000-0000-4000-8000-000000000001', 'smc_tap_study', '', 'globex', 'someone', 'SELECT', 'nothing', now(), 'infinity';
GRANT EXECUTE ON FUNCTION smc_approve(uuid), smc_refuse(uuid, text) TO smc_tap_user;
SELECT is(pg_temp.attempt('smc_tap_user', 'SELECT smc_approve(''00000000-0000-4000-8000-000000000001'')'),
  'no computation 00000000-0000-4000-8000-000000000001 waits for approval at this party');
SELECT is(smc_request_visible('smc_tap_study'), true, 'a superuser sees requests');
CREATE FUNCTION pg_temp.sees(who text) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE seen boolean;
BEGIN
  PERFORM set_config('role', who, true);
  seen := smc_request_visible('smc_tap_study');
  PERFORM set_config('role', 'none', true);
  RETURN seen;
END $$;
SELECT is(pg_temp.sees('smc_tap_user'), false, 'an ordinary role does not, whatever it may execute');
SELECT is(pg_temp.sees('smc_tap_reader'), false, 'nor one that may read all data');
ALTER FOREIGN TABLE smc_tap_study OWNER TO smc_tap_user;
SELECT is(pg_temp.sees('smc_tap_user'), true, 'but the owner of the study');
SELECT is(smc_request_visible('no such study'), true, 'what is left of a dropped study is for superusers');
CREATE FUNCTION pg_temp.forges(who text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE count bigint;
BEGIN
  PERFORM set_config('role', who, true);
  UPDATE smc_requests_waiting SET decision = 'approved', decided_by = 'x', decided_at = now();
  GET DIAGNOSTICS count = ROW_COUNT;
  PERFORM set_config('role', 'none', true);
  RETURN count;
END $$;
SELECT is(pg_temp.forges('smc_tap_writer'), 0::bigint, 'pg_write_all_data approves nothing: row security');
SELECT is(pg_temp.rows_seen('smc_tap_reader', 'smc_requests_waiting'), 0::bigint, 'pg_read_all_data sees no request');

-- other people's passwords
SELECT is_empty($$ SELECT 1 FROM pg_roles WHERE rolname = 'smc_tap_user' AND has_table_privilege(oid, 'pg_user_mapping', 'SELECT') $$,
  'mappings are closed by PostgreSQL itself');

-- kept secrets: two rows as a computation would leave them
INSERT INTO smc_secret_log VALUES ('payroll', 'tap', '11111111-1111-4111-8111-111111111111', 'kept', 'bigint', false, false, false, false, false, 0, 0, 40, 0, 'count(*)',
  '{salary}', '{count}', false, 0, 0, '{acme,globex,initech}', sha256('x'), 'acme', 'postgres', now(), NULL);
INSERT INTO smc_secret_shares VALUES ('11111111-1111-4111-8111-111111111111', 'tap', repeat('ab', 136)::smc_secret_share);
SELECT table_privs_are(t::text, r, ARRAY[]::text[]) FROM unnest(ARRAY['smc_secret_log', 'smc_secret_shares']) t, unnest(ARRAY['smc_tap_user', 'smc_link']) r;
SELECT table_privs_are('smc_secrets', 'smc_tap_user', ARRAY['SELECT']);
SELECT ok(NOT has_type_privilege('smc_tap_user', 'smc_secret_share', 'USAGE'), 'the shares'' type is nobody''s to use');
SELECT is(pg_temp.attempt('smc_tap_user', s), m, s) FROM (VALUES
  ('TABLE smc_secrets', 'ran'),
  ('TABLE smc_secret_log', 'permission denied for table smc_secret_log'),
  ('TABLE smc_secret_shares', 'permission denied for table smc_secret_shares'),
  ('SELECT smc_secret(''payroll'', ''tap'') + 1', 'ran'),
  ('SELECT smc_reveal(smc_secret(''payroll'', ''tap''))', 'permission denied for foreign table payroll'),
  ('SELECT smc_keep(smc_secret(''payroll'', ''tap''), ''mine'')', 'permission denied for foreign table payroll'),
  ('SELECT smc_keep(smc_sum(salary), ''mine'') FROM payroll', 'permission denied for foreign table payroll'),
  ('SELECT smc_drop_secret(''payroll'', ''tap'')', 'permission denied to drop secret "tap" of study "payroll"'),
  ('DELETE FROM smc_secret_shares', 'permission denied for table smc_secret_shares'),
  ('UPDATE smc_secret_log SET state = ''dropped''', 'permission denied for table smc_secret_log'),
  ('SELECT repeat(''00'', 136)::smc_secret_share', 'permission denied for shares of secrets')
) v(s, m);
SELECT is(pg_temp.rows_seen('smc_tap_user', 'smc_secrets'), 0::bigint, 'who may not query the study doesn''t see that there is a secret');
SELECT is(pg_temp.rows_seen('smc_tap_reader', 'smc_secret_shares'), 0::bigint, 'pg_read_all_data: row security hides the shares');
SELECT is(pg_temp.rows_seen('smc_tap_reader', 'smc_secrets'), 1::bigint, 'pg_read_all_data: what there is can be seen');
SELECT is(pg_temp.attempt('smc_tap_writer', 'INSERT INTO smc_secret_shares SELECT gen_random_uuid(), ''x'', NULL'),
  'new row violates row-level security policy for table "smc_secret_shares"', 'pg_write_all_data puts no share in');
SELECT is(pg_temp.rows_seen('smc_tap_bypass', 'smc_secret_shares'), 1::bigint, 'BYPASSRLS: the rows are there');
SELECT is(pg_temp.attempt('smc_tap_bypass', s), m, s) FROM (VALUES
  ('SELECT share::text FROM smc_secret_shares', 'permission denied for shares of secrets'),
  ('SELECT s::text FROM smc_secret_shares s', 'permission denied for shares of secrets'),
  ('SELECT row_to_json(s) FROM smc_secret_shares s', 'permission denied for shares of secrets'),
  ('SELECT smc_secret_share_out(share) FROM smc_secret_shares', 'permission denied for shares of secrets'),
  ('SELECT smc_secret_share_send(share) FROM smc_secret_shares', 'permission denied for shares of secrets'),
  ('SELECT record_send(s) FROM smc_secret_shares s', 'permission denied for shares of secrets'),
  ('SELECT s FROM smc_secret_shares s ORDER BY s', 'could not identify an ordering operator for type smc_secret_shares'),
  ('SELECT count(*) FROM smc_secret_shares GROUP BY share', 'could not identify an equality operator for type smc_secret_share'),
  ('CREATE TEMP TABLE t AS SELECT share FROM smc_secret_shares', 'permission denied for type smc_secret_share')
) v(s, m);
GRANT SELECT (rank) ON payroll TO smc_tap_user;
SELECT is(pg_temp.rows_seen('smc_tap_user', 'smc_secrets'), 0::bigint, 'other columns than went in don''t do');
SELECT is(pg_temp.attempt('smc_tap_user', 'SELECT smc_reveal(smc_secret(''payroll'', ''tap''))'), 'permission denied for foreign table payroll');
GRANT SELECT (salary) ON payroll TO smc_tap_user;
SELECT is(pg_temp.rows_seen('smc_tap_user', 'smc_secrets'), 1::bigint, 'those do');
REVOKE ALL (rank, salary) ON payroll FROM smc_tap_user;

-- who may read all data sees no key
SELECT is(pg_temp.rows_seen('smc_tap_reader', 'smc_identity'), 0::bigint, 'pg_read_all_data: row security hides the row');
SELECT is(pg_temp.attempt('smc_tap_reader', 'SELECT smc_create_identity(''x'')'), 'permission denied for function smc_create_identity');
SELECT is(pg_temp.attempt(r, 'SELECT smc_rotate_identity()'), 'permission denied for function smc_rotate_identity', r || ': no new key')
  FROM unnest(ARRAY['smc_tap_reader', 'smc_tap_writer', 'smc_tap_bypass', 'smc_tap_monitor']) r;
-- granted by mistake, it is still for superusers
GRANT EXECUTE ON FUNCTION smc_rotate_identity() TO smc_tap_bypass;
SELECT is(pg_temp.attempt('smc_tap_bypass', 'SELECT smc_rotate_identity()'), 'permission denied to replace the identity of this database');
REVOKE EXECUTE ON FUNCTION smc_rotate_identity() FROM smc_tap_bypass;
-- nobody who may write all data makes a key count: only the signature does
SELECT is(pg_temp.attempt('smc_tap_monitor', 'INSERT INTO smc_key_log (party, seq, new_key, accepted_at) VALUES (''globex'', 1, ''x'', now())'),
  'permission denied for table smc_key_log');
SELECT is(pg_temp.attempt('smc_tap_monitor', 'TABLE smc_identity'), 'permission denied for table smc_identity', 'pg_monitor');
SELECT is(pg_temp.attempt('smc_tap_writer', 'INSERT INTO smc_identity (name, public_key, secret_key) SELECT ''x'', ''x'', NULL'),
  'new row violates row-level security policy for table "smc_identity"', 'pg_write_all_data puts no key in');
SELECT is(pg_temp.rows_seen('smc_tap_bypass', 'smc_identity'), 1::bigint, 'BYPASSRLS: the row is there');
SELECT is(pg_temp.attempt('smc_tap_bypass', s), m, s) FROM (VALUES
  ('SELECT secret_key::text FROM smc_identity', 'permission denied for secret keys'),
  ('SELECT i::text FROM smc_identity i', 'permission denied for secret keys'),
  ('SELECT row_to_json(i) FROM smc_identity i', 'permission denied for secret keys'),
  ('SELECT xmlforest(secret_key) FROM smc_identity', 'permission denied for secret keys'),
  ('SELECT format(''%s'', secret_key) FROM smc_identity', 'permission denied for secret keys'),
  ('SELECT smc_secret_key_out(secret_key) FROM smc_identity', 'permission denied for secret keys'),
  ('SELECT smc_secret_key_send(secret_key) FROM smc_identity', 'permission denied for secret keys'),
  ('SELECT record_send(i) FROM smc_identity i', 'permission denied for secret keys'),
  ('SELECT array_send(ARRAY[secret_key]) FROM smc_identity', 'permission denied for secret keys'),
  ('SELECT array_to_string(ARRAY[secret_key], '''') FROM smc_identity', 'permission denied for secret keys'),
  ('SELECT i FROM smc_identity i ORDER BY i', 'could not identify an ordering operator for type smc_identity'),
  ('SELECT count(*) FROM smc_identity GROUP BY secret_key', 'could not identify an equality operator for type smc_secret_key'),
  ('CREATE TEMP TABLE t AS SELECT secret_key FROM smc_identity', 'permission denied for type smc_secret_key'),
  ('DO $d$ DECLARE k text; BEGIN SELECT secret_key INTO k FROM smc_identity; END $d$', 'permission denied for secret keys'),
  ('UPDATE smc_identity SET secret_key = repeat(''00'', 64)::smc_secret_key', 'permission denied for secret keys')
) v(s, m);

-- who may write all data, and whom row security doesn't stop, counts no queries
SELECT is(pg_temp.attempt(r, s), 'only superusers may change the count of a study''s queries', r || ': ' || s)
  FROM unnest(ARRAY['smc_tap_writer', 'smc_tap_bypass']) r,
       unnest(ARRAY['DELETE FROM smc_quota_log', 'UPDATE smc_quota_log SET number = 0',
         'INSERT INTO smc_quota_log VALUES ('''', 1, ''x'', gen_random_uuid(), ''x'', now())']) s;
SELECT isnt(pg_temp.attempt(r, s), 'ran', r || ': ' || s)
  FROM unnest(ARRAY['smc_tap_writer', 'smc_tap_bypass']) r,
       unnest(ARRAY['TRUNCATE smc_quota_log', 'DROP TABLE smc_quota_log', 'DROP TRIGGER smc_quota_guard ON smc_quota_log',
         'ALTER TABLE smc_quota_log DISABLE TRIGGER ALL', 'SET session_replication_role = replica',
         'CREATE OR REPLACE FUNCTION smc_quota_guard() RETURNS trigger LANGUAGE plpgsql AS ''BEGIN RETURN NULL; END''']) s;

-- nor puts words into a study's history, or takes them out
SELECT is(pg_temp.attempt(r, s), 'only superusers may change what a study''s new queries are compared with', r || ': ' || s)
  FROM unnest(ARRAY['smc_tap_writer', 'smc_tap_bypass']) r,
       unnest(ARRAY['DELETE FROM smc_history_log', 'UPDATE smc_history_log SET told = NULL',
         'INSERT INTO smc_history_log VALUES ('''', '''', 1, ''x'', ''x'', '''', '''', '''', NULL, ''{}'', now())']) s;
SELECT isnt(pg_temp.attempt(r, s), 'ran', r || ': ' || s)
  FROM unnest(ARRAY['smc_tap_writer', 'smc_tap_bypass']) r,
       unnest(ARRAY['TRUNCATE smc_history_log', 'DROP TABLE smc_history_log', 'DROP TRIGGER smc_history_guard ON smc_history_log',
         'ALTER TABLE smc_history_log DISABLE TRIGGER ALL']) s;

-- a peer's role
SELECT is(pg_temp.attempt('smc_tap_peer', s, 'session_authorization'), 'role "smc_tap_peer" may only run CALL smc_attach()', s)
  FROM unnest(ARRAY['SELECT 1', 'TABLE pg_catalog.pg_class', 'TABLE smc_peers', 'SELECT smc_public_key()', 'SELECT smc_rotate_identity()', 'SELECT smc_sum(salary) FROM payroll',
    'SELECT smc_accept(''payroll'')', 'TABLE smc_secrets', 'SELECT smc_reveal(smc_secret(''payroll'', ''tap''))', 'SELECT smc_approve(gen_random_uuid())', 'TABLE smc_requests', 'LISTEN smc_requests', 'TABLE smc_audit_log', 'SET work_mem = 64', 'SHOW work_mem', 'DO $d$ BEGIN END $d$', 'CREATE TEMP TABLE t ()',
    'LISTEN x', 'EXPLAIN SELECT 1', 'LOCK TABLE payroll', 'ALTER ROLE smc_tap_peer PASSWORD ''x''', 'CALL smc_attach()']) s;

-- nobody but superusers and the server's owner changes what was agreed with a peer
SELECT isnt(pg_temp.attempt(r, s), 'ran', r || ': ' || s)
  FROM unnest(ARRAY['smc_tap_user', 'smc_tap_bypass', 'smc_tap_monitor']) r,
       unnest(ARRAY['DROP SERVER globex CASCADE', 'ALTER FOREIGN TABLE payroll OPTIONS (SET reveal_to ''acme'')', 'DROP EXTENSION smc',
         'ALTER USER MAPPING FOR PUBLIC SERVER globex OPTIONS (SET user ''x'')', 'ALTER PROCEDURE smc_attach() OWNER TO CURRENT_USER']) s;

SELECT * FROM finish();
ROLLBACK;
