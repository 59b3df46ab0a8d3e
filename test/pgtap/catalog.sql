--
-- The shape of what CREATE EXTENSION makes: names that others rely on, and
-- what must never slip in.
--
BEGIN;
SELECT no_plan();

SELECT has_extension('smc');
SELECT has_schema('public');
SELECT fdw_privs_are('smc', 'pg_read_all_data', ARRAY[]::text[], 'the wrapper is nobody''s to use');

-- objects by their agreed names
SELECT has_function('smc_create_identity', ARRAY['text']);
SELECT function_returns('smc_create_identity', ARRAY['text'], 'text');
SELECT has_function('smc_public_key', ARRAY[]::text[]);
SELECT function_returns('smc_public_key', ARRAY[]::text[], 'text');
SELECT has_function('smc_rotate_identity', ARRAY[]::text[]);
SELECT function_returns('smc_rotate_identity', ARRAY[]::text[], 'text');
SELECT has_function('smc_key_standing', ARRAY['text', 'text']);
SELECT has_function('smc_verify_rotation', ARRAY['text', 'text', 'text', 'timestamp with time zone', 'bytea']);
SELECT has_function('smc_verify_consent',
  ARRAY['text', 'text', 'text', 'text', 'text', 'timestamp with time zone', 'text', 'bytea']);
SELECT has_function('smc_ping', ARRAY['text']);
SELECT has_function('smc_accept', ARRAY['text']);
SELECT has_function('smc_withdraw', ARRAY['text']);
SELECT has_function('smc_approve', ARRAY['uuid']);
SELECT has_function('smc_refuse', ARRAY['uuid', 'text']);
SELECT is_procedure('smc_attach', ARRAY[]::text[]);
SELECT has_function('smc_split', ARRAY['numeric', 'integer']);
SELECT function_returns('smc_split', ARRAY['numeric', 'integer'], 'smc_share[]');
SELECT has_function('smc_combine', ARRAY['smc_share[]']);
SELECT function_returns('smc_combine', ARRAY['smc_share[]'], 'numeric');
SELECT is_aggregate('sum', ARRAY['smc_share']);
SELECT has_operator('smc_share', '+', 'smc_share', 'smc_share');
SELECT has_operator('smc_share', '-', 'smc_share', 'smc_share');
SELECT has_operator('smc_share', '*', 'bigint', 'smc_share');
SELECT has_operator('bigint', '*', 'smc_share', 'smc_share');
SELECT has_function('smc_secret', ARRAY['text', 'text']);
SELECT function_returns('smc_secret', ARRAY['text', 'text'], 'smc_secret');
SELECT function_returns('smc_secret_bool', ARRAY['text', 'text'], 'smc_secret_bool');
SELECT function_returns('smc_reveal', ARRAY['smc_secret'], 'numeric');
SELECT function_returns('smc_reveal', ARRAY['smc_secret_bool'], 'boolean');
SELECT function_returns('smc_reveal', ARRAY['smc_secret', 'anyelement'], 'anyelement');
SELECT function_returns('smc_keep', ARRAY[v, 'text', 'interval'], r) FROM (VALUES ('anyelement', 'smc_secret'), ('boolean', 'smc_secret_bool'),
  ('smc_secret', 'smc_secret'), ('smc_secret_bool', 'smc_secret_bool')) f(v, r);
SELECT function_returns('smc_drop_secret', ARRAY['text', 'text'], 'void');
SELECT has_operator(l, o, r, 'smc_secret') FROM unnest(ARRAY['+', '-', '*', '/']) o,
  (VALUES ('smc_secret', 'smc_secret'), ('smc_secret', 'numeric'), ('numeric', 'smc_secret')) t(l, r);
SELECT has_operator(l, o, r, 'smc_secret_bool') FROM unnest(ARRAY['=', '<>', '<', '<=', '>', '>=']) o,
  (VALUES ('smc_secret', 'smc_secret'), ('smc_secret', 'numeric'), ('numeric', 'smc_secret')) t(l, r);
SELECT has_operator(l, o, r, 'smc_secret_bool') FROM unnest(ARRAY['&', '|']) o,
  (VALUES ('smc_secret_bool', 'smc_secret_bool'), ('smc_secret_bool', 'boolean'), ('boolean', 'smc_secret_bool')) t(l, r);
SELECT has_leftop('-', 'smc_secret', 'smc_secret');
SELECT has_leftop('!', 'smc_secret_bool', 'smc_secret_bool');
SELECT has_type('smc_share');
SELECT has_type('smc_secret');
SELECT has_type('smc_secret_bool');
SELECT has_type('smc_secret_share');
SELECT has_type('smc_secret_key');
SELECT has_view(v) FROM unnest(ARRAY['smc_peers', 'smc_studies', 'smc_audit', 'smc_history', 'smc_activity', 'smc_results', 'smc_requests', 'smc_consents', 'smc_key_changes', 'smc_secrets']) v;
SELECT columns_are('smc_consents', ARRAY['study', 'party', 'digest', 'accepted_at', 'role', 'withdrawn_at', 'public_key', 'key_standing', 'valid',
  'heard_at', 'definition', 'signature']);
SELECT columns_are('smc_key_changes', ARRAY['party', 'old_key', 'new_key', 'signed_at', 'accepted_at', 'how', 'accepted_by', 'valid', 'signature']);
SELECT columns_are('smc_requests', ARRAY['id', 'study', 'asked_by', 'asked_role', 'query', 'reveals', 'asked_at', 'waits_until', 'decision', 'decided_by', 'decided_at']);
SELECT columns_are('smc_studies', ARRAY['study', 'relation', 'parties', 'reveal_to', 'digest', 'accepted', 'missing', 'differs',
  'source', 'queries_left', 'queries_left_today', 'epsilon_left', 'definition']);
SELECT columns_are('smc_secrets', ARRAY['study', 'name', 'type', 'made_of', 'made_by', 'made_role', 'made_at', 'expires', 'state', 'id']);
SELECT trigger_is('smc_quota_log', 'smc_quota_guard', 'smc_quota_guard');
SELECT trigger_is('smc_history_log', 'smc_history_guard', 'smc_history_guard');
SELECT columns_are('smc_peers', ARRAY['name', 'is_self', 'host', 'port', 'dbname', 'public_key']);

SELECT is_aggregate('smc_linregr', ARRAY['"any"', 'anyarray']);
SELECT function_returns('smc_linregr', ARRAY['"any"', 'anyarray'], 'smc_linregr_result');
SELECT is_aggregate('smc_logregr', ARRAY['"any"', 'anyarray']);
SELECT is_aggregate('smc_logregr', ARRAY['"any"', 'anyarray', 'integer']);
SELECT is_aggregate('smc_logregr', ARRAY['"any"', 'anyarray', 'integer', 'double precision']);
SELECT function_returns('smc_logregr', ARRAY['"any"', 'anyarray', 'integer', 'double precision'], 'smc_logregr_result');
SELECT columns_are('smc_logregr_result', ARRAY['coef', 'log_likelihood', 'std_err', 'z_stats', 'p_values', 'odds_ratios', 'num_rows', 'num_iterations']);
SELECT function_returns('smc_predict', ARRAY['smc_linregr_result', 'double precision[]'], 'double precision');
SELECT function_returns('smc_predict', ARRAY['smc_logregr_result', 'double precision[]'], 'double precision');
SELECT volatility_is('smc_predict', ARRAY['smc_logregr_result', 'double precision[]'], 'immutable');
SELECT columns_are('smc_linregr_result', ARRAY['coef', 'r2', 'std_err', 't_stats', 'p_values', 'num_rows']);

-- the aggregates have the native ones' result types
SELECT is_aggregate('smc_count_distinct', ARRAY['"any"']);
SELECT is_aggregate(a, ARRAY[t]) FROM unnest(ARRAY['smc_sum', 'smc_avg']) a,
  unnest(ARRAY['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision']) t;
SELECT is_empty($$
  SELECT p.oid::regprocedure, p.prorettype::regtype, n.prorettype::regtype
    FROM pg_proc p LEFT JOIN pg_proc n ON n.pronamespace = 'pg_catalog'::regnamespace AND n.prokind = 'a'
         AND n.proname = substr(p.proname, 5) AND n.proargtypes = p.proargtypes
   WHERE p.prokind = 'a' AND p.proname ~ '^smc_' AND p.proname !~ '^smc_(compare|argm|count_distinct|exact|median|percentile|histogram|linregr|logregr)' AND n.prorettype IS DISTINCT FROM p.prorettype
$$, 'each aggregate returns what its native one does');
SELECT is_aggregate('smc_histogram', ARRAY['anycompatible', 'anycompatible', 'anycompatible', 'integer']);
SELECT function_returns('smc_plot', ARRAY['bigint[]', 'numeric', 'numeric'], 'setof text');
SELECT function_returns('smc_plot', ARRAY['bigint[]', 'timestamp without time zone', 'timestamp without time zone'], 'setof text');
SELECT function_returns('smc_plot', ARRAY['bigint[]'], 'setof text');
SELECT is_aggregate(a, ARRAY[t]) FROM unnest(ARRAY['smc_min', 'smc_max']) a,
  unnest(ARRAY['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision', 'date',
    'timestamp without time zone', 'timestamp with time zone']) t;
SELECT function_returns(a, ARRAY[t], 'text') FROM unnest(ARRAY['smc_argmin', 'smc_argmax']) a,
  unnest(ARRAY['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision']) t;
SELECT function_returns('smc_compare', ARRAY[t, 'text', 'text'], 'integer') FROM
  unnest(ARRAY['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision']) t;

-- the role of the peers
SELECT has_role('smc_link');
SELECT results_eq($$ SELECT rolcanlogin, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
                       FROM pg_roles WHERE rolname = 'smc_link' $$,
  $$ VALUES (false, false, true, false, false, false, false) $$, 'smc_link has no attribute of its own');
SELECT is_empty($$ SELECT member::regrole FROM pg_auth_members m JOIN pg_roles r ON r.oid = m.member
                    WHERE m.roleid = 'smc_link'::regrole AND (r.rolsuper OR r.rolreplication OR r.rolbypassrls OR r.rolcreaterole) $$,
  'and the fixture''s members have none that matters');

-- everything of ours, and how to find it
CREATE TEMP VIEW ours AS
  SELECT classid, objid FROM pg_depend
   WHERE refclassid = 'pg_extension'::regclass AND refobjid = (SELECT oid FROM pg_extension WHERE extname = 'smc') AND deptype = 'e';

SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE oid IN (SELECT objid FROM ours WHERE classid = 'pg_proc'::regclass) AND prosecdef $$,
  'no function runs as its owner');
SELECT is_empty($$ SELECT oid::regclass FROM pg_class WHERE oid IN (SELECT objid FROM ours WHERE classid = 'pg_class'::regclass)
                      AND obj_description(oid, 'pg_class') IS NULL
                   UNION ALL
                   SELECT oid FROM pg_proc WHERE oid IN (SELECT objid FROM ours WHERE classid = 'pg_proc'::regclass)
                      AND prokind = 'a' AND obj_description(oid, 'pg_proc') IS NULL $$,
  'psql has a word on every relation and aggregate');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE oid IN (SELECT objid FROM ours WHERE classid = 'pg_proc'::regclass) AND proleakproof $$,
  'no function claims to be leakproof');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc p WHERE oid IN (SELECT objid FROM ours WHERE classid = 'pg_proc'::regclass)
                      AND prokind IN ('f', 'p') AND prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c') $$,
  'all functions are in C');
SELECT is_empty($$ SELECT relname FROM pg_class WHERE oid IN (SELECT objid FROM ours WHERE classid = 'pg_class'::regclass)
                      AND relname !~ '^smc_' $$, 'all relations are called smc_...');
SELECT is_empty($$ SELECT proname FROM pg_proc WHERE oid IN (SELECT objid FROM ours WHERE classid = 'pg_proc'::regclass)
                      AND proname !~ '^smc_' AND NOT (proname = 'sum' AND prokind = 'a')
                      AND NOT (proname IN ('abs', 'round') AND proargtypes[0] = 'smc_secret'::regtype) $$, 'and functions too');
SELECT is_empty($$ SELECT 1 FROM pg_namespace WHERE oid IN (SELECT objid FROM ours WHERE classid = 'pg_namespace'::regclass) $$,
  'no schema of its own');
SELECT is_empty($$ SELECT 1 FROM pg_event_trigger WHERE evtname ~ 'smc' $$, 'no event trigger');
SELECT ok(NOT extrelocatable, 'not relocatable') FROM pg_extension WHERE extname = 'smc';
SELECT set_eq($$ SELECT c::regclass::text FROM pg_extension, unnest(extconfig) c WHERE extname = 'smc' $$,
  ARRAY['smc_consent_log', 'smc_key_log', 'smc_quota_log', 'smc_history_log', 'smc_audit_log', 'smc_results_log', 'smc_secret_log', 'smc_secret_shares'],
  'what a dump contains: not the identity');

-- the identity
SELECT has_table('smc_identity');
SELECT col_is_pk('smc_identity', 'only_one');
SELECT col_type_is('smc_identity', 'secret_key', 'smc_secret_key');
SELECT ok(relrowsecurity AND relforcerowsecurity, 'row security is on and forced') FROM pg_class WHERE oid = 'smc_identity'::regclass;
SELECT is_empty($$ SELECT polname FROM pg_policy WHERE polrelid = 'smc_identity'::regclass $$, 'and no policy lets anyone through');
SELECT is(attstattarget::int, 0, 'no statistics of the key') FROM pg_attribute WHERE attrelid = 'smc_identity'::regclass AND attname = 'secret_key';
SELECT is_empty($$ SELECT castsource::regtype, casttarget::regtype FROM pg_cast WHERE 'smc_secret_key'::regtype IN (castsource, casttarget) $$,
  'the key''s type has no casts');
SELECT is_empty($$ SELECT oid::regoperator FROM pg_operator WHERE 'smc_secret_key'::regtype IN (oprleft, oprright, oprresult) $$, 'no operators');
SELECT is_empty($$ SELECT opcname FROM pg_opclass WHERE opcintype = 'smc_secret_key'::regtype $$, 'no operator classes');
SELECT set_eq($$ SELECT proname::text FROM pg_proc WHERE prorettype = 'smc_secret_key'::regtype OR 'smc_secret_key'::regtype = ANY (proargtypes) $$,
  ARRAY['smc_secret_key_in', 'smc_secret_key_out', 'smc_secret_key_recv', 'smc_secret_key_send'], 'no functions but input and output');

-- shares of secrets
SELECT col_is_pk('smc_secret_log', ARRAY['study', 'name']);
SELECT col_is_pk('smc_secret_shares', ARRAY['id', 'name']);
SELECT col_type_is('smc_secret_shares', 'share', 'smc_secret_share');
SELECT columns_are('smc_secret_shares', ARRAY['id', 'name', 'share']);
SELECT ok(relrowsecurity AND relforcerowsecurity, 'row security is on and forced') FROM pg_class WHERE oid = 'smc_secret_shares'::regclass;
SELECT is_empty($$ SELECT polname FROM pg_policy WHERE polrelid = 'smc_secret_shares'::regclass $$, 'and no policy lets anyone through');
SELECT is(attstattarget::int, 0, 'no statistics of shares') FROM pg_attribute WHERE attrelid = 'smc_secret_shares'::regclass AND attname = 'share';
SELECT is_empty($$ SELECT castsource::regtype, casttarget::regtype FROM pg_cast WHERE 'smc_secret_share'::regtype IN (castsource, casttarget) $$,
  'their type has no casts');
SELECT is_empty($$ SELECT oid::regoperator FROM pg_operator WHERE 'smc_secret_share'::regtype IN (oprleft, oprright, oprresult) $$, 'no operators');
SELECT is_empty($$ SELECT opcname FROM pg_opclass WHERE opcintype = 'smc_secret_share'::regtype $$, 'no operator classes');
SELECT set_eq($$ SELECT proname::text FROM pg_proc WHERE prorettype = 'smc_secret_share'::regtype OR 'smc_secret_share'::regtype = ANY (proargtypes) $$,
  ARRAY['smc_secret_share_in', 'smc_secret_share_out', 'smc_secret_share_recv', 'smc_secret_share_send'], 'no functions but input and output');
-- and what names them: no order, no equality that yields a boolean, no cast
SELECT is_empty($$ SELECT opcname FROM pg_opclass WHERE opcintype IN ('smc_secret'::regtype, 'smc_secret_bool'::regtype) $$, 'expressions are not sorted or grouped');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE proname ~ '^smc_(reveal|keep|drop_secret)' AND (provolatile <> 'v' OR proparallel <> 'u')
                      AND proname <> 'smc_keep_support' $$, 'what asks the other parties is volatile, and never in parallel');
SELECT is_empty($$ SELECT oid::regprocedure FROM pg_proc WHERE 'smc_secret'::regtype = prorettype AND proname !~ '^smc_keep|_recv$' AND provolatile <> 'i' $$,
  'what only builds expressions is immutable');

SELECT * FROM finish();
ROLLBACK;
