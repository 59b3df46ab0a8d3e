--
-- Identity: made once, by a superuser, and its secret key readable by no one
-- else.  Keys are random, so only their shape is shown.
--
CREATE DATABASE identity_test;
\c identity_test

CREATE EXTENSION smc;
SELECT smc_public_key();

-- names
SELECT smc_create_identity('Acme');
SELECT smc_create_identity('');
SELECT smc_create_identity('9lives');
SELECT smc_create_identity('no-dash');
SELECT smc_create_identity('zoë');
SELECT smc_create_identity(repeat('a', 64));
SELECT smc_create_identity('all');
SELECT smc_create_identity('none');
SELECT smc_create_identity(NULL);

-- a server of that name may be someone else's
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER taken FOREIGN DATA WRAPPER other;
SELECT smc_create_identity('taken');

-- not where it can't be written
BEGIN READ ONLY;
SELECT smc_create_identity('acme');
ROLLBACK;

-- a rollback undoes all of it
BEGIN;
SELECT length(smc_create_identity('acme'));
SELECT name, is_self FROM smc_peers;
ROLLBACK;
SELECT smc_public_key();
SELECT name, is_self FROM smc_peers;

-- also under a snapshot that is older
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT 1 AS snapshot;
SELECT length(smc_create_identity('acme'));
SELECT length(smc_public_key());
ROLLBACK;

-- for good
SELECT smc_create_identity('acme') AS key \gset
SELECT length(:'key'), length(decode(:'key', 'base64')) AS bytes, smc_public_key() = :'key' AS the_same;
SELECT name, is_self, public_key = :'key' AS own_key FROM smc_peers;
SELECT srvname, srvowner::regrole, srvoptions = ARRAY['public_key=' || :'key'] AS own_key
  FROM pg_foreign_server WHERE srvname = 'acme';
SELECT smc_create_identity('acme');
SELECT smc_create_identity('globex');
SELECT only_one, name, public_key = :'key' AS same FROM smc_identity;
INSERT INTO smc_identity (name, public_key, secret_key) SELECT name, public_key, secret_key FROM smc_identity;

-- the own key holds, whatever the own server says
ALTER SERVER acme OPTIONS (SET public_key '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=');
SELECT smc_public_key() = :'key' AS identity, public_key = :'key' AS peers FROM smc_peers WHERE is_self;

-- restored from a dump there are servers, and no identity
DELETE FROM smc_identity;
SELECT smc_create_identity('acme') AS key2 \gset
SELECT :'key2' <> :'key' AS another, srvoptions = ARRAY['public_key=' || :'key2'] AS registered
  FROM pg_foreign_server WHERE srvname = 'acme';
DELETE FROM smc_identity;
ALTER SERVER acme OPTIONS (DROP public_key, ADD host 'localhost');
SELECT smc_create_identity('acme') AS key3 \gset
SELECT srvoptions = ARRAY['host=localhost', 'public_key=' || :'key3'] AS registered
  FROM pg_foreign_server WHERE srvname = 'acme';

-- the secret key, as a superuser sees it: the second half is the public key
SELECT length(secret_key::text), pg_column_size(secret_key),
       right(secret_key::text, 64) = encode(decode(public_key, 'base64'), 'hex') AS pair
  FROM smc_identity;
SELECT secret_key::text::smc_secret_key::text = secret_key::text AS round_trip FROM smc_identity;
SELECT 'ab'::smc_secret_key;
SELECT repeat('zz', 64)::smc_secret_key;

-- and as others do
CREATE ROLE smc_test_user;
CREATE ROLE smc_test_reader IN ROLE pg_read_all_data;
CREATE ROLE smc_test_bypass BYPASSRLS IN ROLE pg_read_all_data;

SET ROLE smc_test_user;
SELECT smc_public_key() = :'key3' AS the_same;
SELECT name, is_self FROM smc_peers;
SELECT smc_create_identity('globex');
SELECT * FROM smc_identity;
SELECT repeat('00', 64)::smc_secret_key;

SET ROLE smc_test_reader;
SELECT count(*) FROM smc_identity;
COPY smc_identity TO STDOUT;

SET ROLE smc_test_bypass;
SELECT name FROM smc_identity;
SELECT * FROM smc_identity;
SELECT secret_key::text FROM smc_identity;
SELECT secret_key::bytea FROM smc_identity;
SELECT format('%s', secret_key) FROM smc_identity;
SELECT concat(secret_key) FROM smc_identity;
SELECT row_to_json(i) FROM smc_identity i;
SELECT to_jsonb(secret_key) FROM smc_identity;
SELECT i::text FROM smc_identity i;
SELECT array_agg(secret_key) FROM smc_identity;
SELECT string_agg(secret_key::text, '') FROM smc_identity;
SELECT smc_secret_key_out(secret_key) FROM smc_identity;
SELECT smc_secret_key_send(secret_key) FROM smc_identity;
COPY smc_identity TO STDOUT;
COPY (SELECT secret_key FROM smc_identity) TO STDOUT (FORMAT binary);
DO $$ DECLARE k text; BEGIN SELECT secret_key INTO k FROM smc_identity; RAISE NOTICE '%', k; END $$;
SELECT DISTINCT secret_key FROM smc_identity;
SELECT * FROM smc_identity ORDER BY secret_key;
SELECT i < i FROM smc_identity i;
SELECT i = i FROM smc_identity i;
SELECT hash_record(i) FROM smc_identity i;
SELECT jsonb_populate_record(NULL::smc_identity, '{"secret_key": "00"}');
CREATE TEMP TABLE mine AS SELECT secret_key FROM smc_identity;
CREATE CAST (smc_secret_key AS bytea) WITHOUT FUNCTION;
RESET ROLE;

-- nothing of it in the statistics
ANALYZE smc_identity;
SELECT attname, attstattarget FROM pg_attribute WHERE attrelid = 'smc_identity'::regclass AND attname = 'secret_key';
SELECT count(*) FROM pg_stats WHERE tablename = 'smc_identity' AND attname = 'secret_key';

-- settings
SELECT name, setting, unit, context FROM pg_settings WHERE name LIKE 'smc.%' ORDER BY name COLLATE "C";
SET smc.peer_timeout = '50ms';
SET smc.peer_timeout = '100ms';
SHOW smc.peer_timeout;
SET smc.lane_idle_timeout = 0;
SET smc.max_lanes = 9;
SET smc.no_such_setting = 1;

-- gone with the extension, but not the role
DROP EXTENSION smc CASCADE;
SELECT rolname FROM pg_roles WHERE rolname = 'smc_link';
CREATE SCHEMA elsewhere;
CREATE EXTENSION smc SCHEMA elsewhere;
SELECT elsewhere.smc_public_key();
SELECT length(elsewhere.smc_create_identity('acme'));
SELECT name, is_self FROM elsewhere.smc_peers;

\c acme
DROP DATABASE identity_test;
DROP ROLE smc_test_user, smc_test_reader, smc_test_bypass;
