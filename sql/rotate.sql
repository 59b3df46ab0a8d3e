--
-- Keys that are replaced: by the party itself, whose old key signs the new one,
-- and by a DBA, whose word pins it.  Keys are random, so only relations between
-- them are shown.
--
\set changes 'SELECT party, how, old_key IS NOT NULL AS old, new_key IS NOT NULL AS new, signed_at <= accepted_at AS in_order, accepted_by, length(signature) AS signature, valid FROM smc_key_changes'

-- nobody but a superuser, nothing in a read-only transaction, nothing without an identity
CREATE DATABASE rotate_test;
\c rotate_test
CREATE EXTENSION smc;
SELECT smc_rotate_identity();
SELECT length(smc_create_identity('acme'));
CREATE ROLE smc_rotate_user;
GRANT EXECUTE ON FUNCTION smc_rotate_identity() TO smc_rotate_user;
SET ROLE smc_rotate_user;
SELECT smc_rotate_identity();
RESET ROLE;
REVOKE EXECUTE ON FUNCTION smc_rotate_identity() FROM smc_rotate_user;
BEGIN READ ONLY;
SELECT smc_rotate_identity();
ROLLBACK;

-- a rollback undoes all of it
SELECT smc_public_key() AS key1 \gset
SELECT secret_key::text AS secret_hex, created_at AS created1 FROM smc_identity \gset
BEGIN;
SELECT smc_rotate_identity() <> :'key1' AS another;
SELECT smc_public_key() <> :'key1' AS another;
SAVEPOINT s;
SELECT length(smc_rotate_identity());
ROLLBACK TO s;
:changes;
ROLLBACK;
SELECT smc_public_key() = :'key1' AS the_same, secret_key::text = :'secret_hex' AS secret, created_at = :'created1' AS time FROM smc_identity;
SELECT srvoptions = ARRAY['public_key=' || :'key1'] AS registered FROM pg_foreign_server WHERE srvname = 'acme';
:changes;

-- for good
SELECT smc_rotate_identity() AS key2 \gset
SELECT :'key2' <> :'key1' AS another, smc_public_key() = :'key2' AS identity;
SELECT count(*), min(right(secret_key::text, 64)) = encode(decode(:'key2', 'base64'), 'hex') AS pair FROM smc_identity;
SELECT srvoptions = ARRAY['public_key=' || :'key2'] AS registered FROM pg_foreign_server WHERE srvname = 'acme';
:changes;
SELECT old_key = :'key1' AS old, new_key = :'key2' AS new FROM smc_key_changes;
SELECT smc_key_standing('acme', :'key1'), smc_key_standing('acme', :'key2'), smc_key_standing('acme', 'x'), smc_key_standing('nobody', :'key1');

-- nothing of the old secret is left in the table: no dead row, in no page
SELECT pg_relation_size('smc_identity') / current_setting('block_size')::int AS pages;
SELECT ctid FROM smc_identity;
CREATE EXTENSION pageinspect;
SELECT count(*) AS items FROM heap_page_items(get_raw_page('smc_identity', 0));
SELECT position(decode(:'secret_hex', 'hex') IN get_raw_page('smc_identity', 0)) AS old_secret,
       position((SELECT decode(secret_key::text, 'hex') FROM smc_identity) IN get_raw_page('smc_identity', 0)) > 0 AS new_secret;
DROP EXTENSION pageinspect;

SET client_min_messages = warning;
-- where the own server was dropped, it is made; twice in a transaction are two steps
DROP SERVER acme;
BEGIN;
SELECT length(smc_rotate_identity());
SELECT smc_rotate_identity() AS key4 \gset
COMMIT;
SELECT srvoptions = ARRAY['public_key=' || :'key4'] AS registered FROM pg_foreign_server WHERE srvname = 'acme';
SELECT count(*), count(DISTINCT new_key), bool_and(smc_key_standing(party, old_key) = 'rotated') AS rotated FROM smc_key_changes;

-- a row that was tampered with leads nowhere, nor does what is before it
UPDATE smc_key_log SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1) WHERE seq = 2;
SELECT smc_key_standing('acme', old_key), valid FROM smc_key_changes ORDER BY accepted_at;
-- the proof needs nothing but what it is given
SELECT smc_verify_rotation(party, old_key, new_key, signed_at, signature), smc_verify_rotation('globex', old_key, new_key, signed_at, signature) AS party,
       smc_verify_rotation(party, new_key, old_key, signed_at, signature) AS turned, smc_verify_rotation(party, old_key, new_key, signed_at + '1us', signature) AS time,
       smc_verify_rotation(party, old_key, 'x', signed_at, signature) AS key, smc_verify_rotation(party, old_key, new_key, signed_at, 'x') AS signature
  FROM smc_key_changes WHERE new_key = :'key4';

-- a new identity has no past
DELETE FROM smc_identity;
SELECT length(smc_create_identity('acme'));
SELECT smc_key_standing('acme', :'key4');
SELECT count(*) FROM smc_key_changes;

-- the DBA's word: any ALTER SERVER that names the key, and no other
CREATE SERVER globex FOREIGN DATA WRAPPER smc OPTIONS (host 'x');
DELETE FROM smc_key_log;
ALTER SERVER globex OPTIONS (SET host 'y', ADD accept_rotation 'on');
ALTER SERVER globex OPTIONS (SET accept_rotation 'off');
ALTER SERVER globex OPTIONS (SET accept_rotation 'perhaps');
:changes;
ALTER SERVER globex OPTIONS (ADD public_key :'key1');
ALTER SERVER globex OPTIONS (SET public_key :'key1');
ALTER SERVER globex OPTIONS (DROP public_key);
BEGIN;
ALTER SERVER globex OPTIONS (ADD public_key :'key1');
ROLLBACK;
ALTER SERVER globex OPTIONS (SET public_key :'key1');
SET ROLE smc_rotate_user;
ALTER SERVER globex OPTIONS (ADD public_key :'key1');
SELECT party, how FROM smc_key_changes;
TABLE smc_key_log;
RESET ROLE;
ALTER SERVER globex OWNER TO smc_rotate_user;
ALTER SERVER globex RENAME TO hooli;
GRANT USAGE ON FOREIGN DATA WRAPPER smc TO smc_rotate_user;
SET ROLE smc_rotate_user;
ALTER SERVER hooli OPTIONS (ADD public_key :'key1');
RESET ROLE;
ALTER SERVER acme OPTIONS (SET public_key :'key1');
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER stranger FOREIGN DATA WRAPPER other OPTIONS (public_key 'x');
ALTER SERVER stranger OPTIONS (SET public_key 'y');
:changes;
\c acme
DROP DATABASE rotate_test;
DROP ROLE smc_rotate_user;

-- peers follow, whichever side the next link comes from
SELECT smc_public_key() AS acme1 \gset
SELECT smc_sum(salary) IS NOT NULL AS computed FROM payroll;
\c globex
SELECT smc_sum(salary) IS NOT NULL AS computed FROM payroll;
SELECT smc_public_key() AS globex1 \gset
SET client_min_messages = warning;
SELECT smc_rotate_identity() AS globex2 \gset
\c acme
SELECT smc_sum(salary), smc_count(*) FROM payroll;
SELECT public_key = :'globex2' AS followed FROM smc_peers WHERE name = 'globex';
SELECT srvoptions @> ARRAY['public_key=' || :'globex2'] AS registered FROM pg_foreign_server WHERE srvname = 'globex';
:changes;
SELECT old_key = :'globex1' AS old, new_key = :'globex2' AS new FROM smc_key_changes;
-- consent given under the old key stands
SELECT accepted, missing, differs FROM smc_studies WHERE study = 'payroll';
SELECT party, public_key = :'globex1' AS by_old_key, key_standing, valid, withdrawn_at IS NULL AS stands FROM smc_consents WHERE study = 'payroll' ORDER BY party;
\c initech
:changes;
SELECT smc_sum(salary), smc_count(*) FROM payroll;
\c globex
SELECT smc_sum(salary), smc_count(*) FROM payroll;
-- accepting again signs by the present key; before, the old signature is still ours
SELECT party, public_key = :'globex1' AS by_old_key, key_standing FROM smc_consents WHERE study = 'payroll' AND party = 'globex' ORDER BY accepted_at;
SELECT length(smc_accept('payroll'));
SELECT party, public_key = :'globex1' AS by_old_key, key_standing, valid, withdrawn_at IS NULL AS stands FROM smc_consents WHERE study = 'payroll' AND party = 'globex' ORDER BY accepted_at;

-- two at once, one of them twice
SELECT length(smc_rotate_identity());
SELECT smc_rotate_identity() AS globex4 \gset
\c initech
SET client_min_messages = warning;
SELECT smc_rotate_identity() AS initech2 \gset
\c acme
SELECT smc_sum(salary), smc_count(*) FROM payroll;
SELECT name FROM smc_peers WHERE public_key IN (:'globex4', :'initech2') ORDER BY name;
:changes;

-- a ping follows, too, and says so
\c globex
SET client_min_messages = warning;
SELECT smc_rotate_identity() AS globex5 \gset
\c acme
\set VERBOSITY terse
SELECT peer, identity_ok FROM smc_ping('globex');
SELECT peer, identity_ok FROM smc_ping('globex');
\set VERBOSITY default
SELECT public_key = :'globex5' AS followed FROM smc_peers WHERE name = 'globex';

-- a lane that was opened under the old key isn't used any more by the party that rotated
SET client_min_messages = warning;
SELECT smc_rotate_identity() AS acme2 \gset
SELECT smc_sum(salary), smc_count(*) FROM payroll;
-- uncommitted, it is nobody's yet
BEGIN;
SELECT length(smc_rotate_identity());
SELECT smc_sum(salary) FROM payroll;
ROLLBACK;
SELECT smc_sum(salary), smc_count(*) FROM payroll;

-- a DBA who wants to be asked
ALTER SERVER globex OPTIONS (ADD accept_rotation 'off');
\c globex
SET client_min_messages = warning;
SELECT smc_rotate_identity() AS globex6 \gset
\c acme
\set VERBOSITY terse
SELECT peer, identity_ok FROM smc_ping('globex');
SELECT smc_sum(salary) FROM payroll;
\set VERBOSITY default
\c initech
SELECT smc_sum(salary) FROM payroll;
-- and says yes: that is a pin, and consents from before must be given anew
\c acme
ALTER SERVER globex OPTIONS (DROP accept_rotation, SET public_key :'globex6');
SELECT how FROM smc_key_changes WHERE party = 'globex';
SELECT party, key_standing, valid, withdrawn_at IS NULL AS stands FROM smc_consents WHERE study = 'payroll' AND party = 'globex' ORDER BY accepted_at;
SELECT smc_sum(salary) FROM payroll;
SELECT accepted, missing, differs FROM smc_studies WHERE study = 'payroll';
\c globex
SELECT length(smc_accept('payroll'));
\c acme
SELECT smc_sum(salary), smc_count(*) FROM payroll;
SELECT accepted, missing, differs FROM smc_studies WHERE study = 'payroll';
