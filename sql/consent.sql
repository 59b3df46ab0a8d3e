--
-- Consent and import: a study is computed when every party has accepted the
-- very same definition, and no sooner; who has not, or what differs, is told.
--
\set terse 'SELECT study, accepted, missing, differs FROM smc_studies WHERE study = ''agree'''
\c acme
CREATE SCHEMA cs;
CREATE TABLE cs.src (g text, x int, y numeric(10,2));
INSERT INTO cs.src VALUES ('a', 1, 1.5), ('b', 2, 2.5);
CREATE TYPE cs.colour AS ENUM ('red', 'green');
CREATE FOREIGN TABLE cs.agree (
  g text          OPTIONS (allow 'group, count', values '{a,b}'),
  x int           OPTIONS (allow 'sum, filter'),
  y numeric(10,2) OPTIONS (allow 'sum, avg', reveal_to 'acme, initech')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all');

-- our own consent: whoever owns the study, with a source that is there
SELECT smc_accept('agree');
ALTER FOREIGN TABLE cs.agree OPTIONS (ADD source 'src');
SET search_path = cs, public;
SELECT count(*) FROM agree;
CREATE ROLE smc_reader;
CREATE ROLE smc_owner;
GRANT USAGE ON SCHEMA cs TO smc_reader, smc_owner;
GRANT SELECT ON agree TO smc_reader;
SET ROLE smc_reader;
SELECT smc_accept('agree');
SELECT smc_withdraw('agree');
SELECT * FROM smc_consent_log;
SELECT study, missing FROM smc_studies WHERE study = 'agree';
RESET ROLE;
ALTER FOREIGN TABLE agree OWNER TO smc_owner;
SET ROLE smc_owner;
SELECT smc_accept('agree');
RESET ROLE;
GRANT SELECT (g, x) ON src TO smc_owner;
SET ROLE smc_owner;
SELECT smc_accept('agree');
RESET ROLE;
GRANT SELECT (y) ON src TO smc_owner;
SET ROLE smc_owner;
SELECT smc_withdraw('agree');
BEGIN;
SELECT length(smc_accept('agree'));
ROLLBACK;
SELECT smc_withdraw('agree');
SELECT smc_accept('cs.agree') = digest AS same FROM smc_studies WHERE study = 'agree';
RESET ROLE;
SELECT party, accepted, length(signature) AS signature, accepted_by FROM smc_consent_log WHERE study = 'agree';
-- accepting again changes nothing
SELECT accepted_at AS accepted_at FROM smc_consent_log WHERE study = 'agree' \gset
SELECT length(smc_accept('AGREE'));
SELECT accepted_at = :'accepted_at' AS unchanged FROM smc_consent_log WHERE study = 'agree';
-- and names that are none
SELECT smc_accept('nothing');
SELECT smc_accept('cs.nothing');
SELECT smc_accept('nowhere.agree');
SELECT smc_accept('cs.src');
SELECT smc_accept('a.b.c');
SELECT smc_accept('');
SELECT smc_withdraw('nothing');
SELECT smc_withdraw('cs.src');

-- the others have nothing yet
SELECT smc_count(*) FROM agree;
:terse;

-- importing: what can be wrong with it
\c globex
IMPORT FOREIGN SCHEMA public FROM SERVER acme INTO public;
IMPORT FOREIGN SCHEMA smc FROM SERVER globex INTO public;
IMPORT FOREIGN SCHEMA smc FROM SERVER acme INTO public OPTIONS (source 'x');
IMPORT FOREIGN SCHEMA smc LIMIT TO (agree, agreed) FROM SERVER acme INTO public;
CREATE TABLE agree ();
IMPORT FOREIGN SCHEMA smc LIMIT TO (agree) FROM SERVER acme INTO public;
DROP TABLE agree;
IMPORT FOREIGN SCHEMA smc LIMIT TO (agree) FROM SERVER acme INTO public;
SELECT study, relation, differs FROM smc_studies ORDER BY 1;
-- again: it is here already, here or in another schema
IMPORT FOREIGN SCHEMA smc EXCEPT (payroll) FROM SERVER acme INTO public;
CREATE SCHEMA cs;
IMPORT FOREIGN SCHEMA smc LIMIT TO (agree) FROM SERVER acme INTO cs;
ALTER FOREIGN TABLE agree ALTER x OPTIONS (SET allow 'avg'), ALTER y OPTIONS (DROP reveal_to), OPTIONS (ADD min_rows '3');
IMPORT FOREIGN SCHEMA smc LIMIT TO (agree) FROM SERVER acme INTO public;
-- a study of others is not offered
\c acme
CREATE FOREIGN TABLE cs.without_globex (x int OPTIONS (allow 'count')) SERVER acme OPTIONS (parties 'acme, initech');
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (without_globex) FROM SERVER acme INTO public;
-- LIMIT TO takes what it names, EXCEPT the rest
\c acme
CREATE FOREIGN TABLE cs.first (x int OPTIONS (allow 'count')) SERVER acme OPTIONS (parties 'acme, globex');
CREATE FOREIGN TABLE cs.second (x int OPTIONS (allow 'sum')) SERVER acme OPTIONS (parties 'acme, globex');
CREATE FOREIGN TABLE cs.third (x int OPTIONS (allow 'avg')) SERVER acme OPTIONS (parties 'globex, acme');
\c globex
BEGIN;
IMPORT FOREIGN SCHEMA smc LIMIT TO (third, first) FROM SERVER acme INTO public;
SELECT study FROM smc_studies ORDER BY 1;
IMPORT FOREIGN SCHEMA smc EXCEPT (agree, payroll, first, nothing) FROM SERVER acme INTO public;
SELECT study, definition FROM smc_studies WHERE study IN ('first', 'second', 'third') ORDER BY 1 \g (format=unaligned tuples_only=on)
ROLLBACK;
\c acme
DROP FOREIGN TABLE cs.first, cs.second, cs.third, cs.without_globex;
-- enums must be here, parties should
CREATE FOREIGN TABLE cs.coloured (c cs.colour OPTIONS (allow 'group, count') NOT NULL)
  SERVER acme OPTIONS (parties 'acme, globex, umbrella', min_rows '3', expires '2099-01-01');
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (coloured) FROM SERVER acme INTO cs;
CREATE TYPE cs.colour AS ENUM ('green', 'red');
IMPORT FOREIGN SCHEMA smc LIMIT TO (coloured) FROM SERVER acme INTO cs;
DROP TYPE cs.colour;
CREATE TYPE public.colour AS ENUM ('red', 'green');
IMPORT FOREIGN SCHEMA smc LIMIT TO (coloured) FROM SERVER acme INTO cs;
SELECT definition FROM smc_studies WHERE study = 'coloured' \g (format=unaligned tuples_only=on)
SELECT digest AS there FROM smc_studies WHERE study = 'coloured' \gset
\c acme
SELECT digest = :'there' AS same FROM smc_studies WHERE study = 'coloured';
DROP FOREIGN TABLE cs.coloured;
\c globex
DROP FOREIGN TABLE cs.coloured;
DROP TYPE public.colour;

-- definitions that differ, in words
ALTER FOREIGN TABLE agree OPTIONS (ADD source 'cs.src');
CREATE TABLE cs.src (y numeric(10,2), x smallint, g text);
INSERT INTO cs.src VALUES (10, 10, 'a');
SELECT length(smc_accept('agree'));
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (agree) FROM SERVER acme INTO public;
CREATE TABLE agree_src (g text, x int, y numeric(10,2));
INSERT INTO agree_src VALUES ('b', 100, 100);
ALTER FOREIGN TABLE agree OPTIONS (ADD source 'agree_src');
SELECT length(smc_accept('agree'));
\c acme
SET search_path = cs, public;
SELECT smc_count(*) FROM agree;
:terse;

-- the same definition, but not accepted
\c globex
ALTER FOREIGN TABLE agree ALTER x OPTIONS (SET allow 'sum, filter'), ALTER y OPTIONS (ADD reveal_to 'initech,acme'), OPTIONS (DROP min_rows);
\c acme
SET search_path = cs, public;
SELECT smc_count(*) FROM agree;
:terse;

-- accepted by all
\c globex
SELECT length(smc_accept('agree'));
\c acme
SET search_path = cs, public;
SELECT smc_count(*), smc_sum(x) FROM agree;
:terse;
SELECT party, accepted, signature <> '' AS signed, accepted_by FROM smc_consent_log WHERE study = 'agree' ORDER BY party, accepted;

-- the proof of it, kept by every party: who signed what, when, in which role, by which key
SELECT party, role, withdrawn_at IS NULL AS stands, key_standing, valid, digest = (SELECT digest FROM smc_studies s WHERE s.study = c.study) AS same,
       accepted_at <= heard_at AS in_order, public_key = (SELECT public_key FROM smc_peers p WHERE p.name = c.party) AS its_key
  FROM smc_consents c WHERE study = 'agree' ORDER BY party, accepted_at;
SELECT definition FROM smc_consents WHERE study = 'agree' AND party = 'globex' AND withdrawn_at IS NOT NULL \g (format=unaligned tuples_only=on)
-- whatever of it is changed, the key has not signed that
SELECT bool_or(smc_verify_consent(c.study, v.party, v.digest, v.definition, v.role, v.accepted_at, v.public_key, v.signature)) AS forged
  FROM smc_consents c CROSS JOIN LATERAL (VALUES
    ('initech', c.digest, c.definition, c.role, c.accepted_at, c.public_key, c.signature),
    (c.party, repeat('0', 64), c.definition, c.role, c.accepted_at, c.public_key, c.signature),
    (c.party, c.digest, c.definition || 'x', c.role, c.accepted_at, c.public_key, c.signature),
    (c.party, c.digest, c.definition, 'someone', c.accepted_at, c.public_key, c.signature),
    (c.party, c.digest, c.definition, c.role, c.accepted_at + '1us', c.public_key, c.signature),
    (c.party, c.digest, c.definition, c.role, c.accepted_at, smc_public_key(), c.signature),
    (c.party, c.digest, c.definition, c.role, c.accepted_at, 'nonsense', c.signature),
    (c.party, c.digest, c.definition, c.role, c.accepted_at, c.public_key, set_byte(c.signature, 5, get_byte(c.signature, 5) # 1)),
    (c.party, c.digest, c.definition, c.role, c.accepted_at, c.public_key, 'x'::bytea)
  ) v (party, digest, definition, role, accepted_at, public_key, signature)
 WHERE c.study = 'agree' AND c.party = 'globex';
SELECT smc_verify_consent('other', party, digest, definition, role, accepted_at, public_key, signature) AS forged
  FROM smc_consents WHERE study = 'agree' AND party = 'initech';
\c initech
SELECT smc_count(*), smc_sum(x) FROM agree;
:terse;

-- withdrawn; a rollback undoes that
BEGIN;
SELECT smc_withdraw('agree');
SELECT accepted FROM smc_studies WHERE study = 'agree';
ROLLBACK;
SELECT smc_count(*) FROM agree;
SELECT smc_withdraw('agree');
SELECT smc_withdraw('agree');
SELECT smc_count(*) FROM agree;
\c acme
SET search_path = cs, public;
SELECT smc_count(*) FROM agree;
\c globex
SELECT smc_count(*) FROM agree;
\c initech
SELECT length(smc_accept('agree'));
\c acme
SET search_path = cs, public;
SELECT smc_count(*) FROM agree;
:terse;
-- each consent stays, and how it ended
SELECT role, withdrawn_at >= accepted_at AS ended, valid FROM smc_consents WHERE study = 'agree' AND party = 'initech' ORDER BY accepted_at;

-- any change of what is agreed needs consent anew; undone, the old consent stands again
ALTER FOREIGN TABLE agree ALTER x OPTIONS (SET allow 'sum, avg');
SELECT smc_sum(x) FROM agree;
:terse;
ALTER FOREIGN TABLE agree ALTER x OPTIONS (SET allow 'filter, sum');
SELECT smc_sum(x) FROM agree;
-- what is local does not
ALTER FOREIGN TABLE agree OPTIONS (SET source 'cs.src');
SELECT smc_sum(x) FROM agree;

-- an own signature that isn't by our key is none
UPDATE smc_consent_log SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1) WHERE study = 'agree' AND party = 'acme';
\c acme
SET search_path = cs, public;
SELECT smc_count(*) FROM agree;
SELECT length(smc_accept('agree'));
SELECT smc_count(*) FROM agree;

-- limits that can't be kept yet are agreed and refused, never ignored
ALTER FOREIGN TABLE agree OPTIONS (ADD approve 'each');
SELECT length(smc_accept('agree'));
SELECT smc_count(*) FROM agree;
ALTER FOREIGN TABLE agree OPTIONS (DROP approve, ADD epsilon '0.5');
SELECT length(smc_accept('agree'));
SELECT smc_count(*) FROM agree;
ALTER FOREIGN TABLE agree OPTIONS (DROP epsilon, ADD epsilon_budget '5');
SELECT smc_accept('agree');
SELECT smc_count(*) FROM agree;
ALTER FOREIGN TABLE agree OPTIONS (DROP epsilon_budget, SET reveal_to 'none');
SELECT length(smc_accept('agree'));
SELECT smc_count(*) FROM agree;
ALTER FOREIGN TABLE agree OPTIONS (SET reveal_to 'all', ADD expires '2001-01-01');
SELECT length(smc_accept('agree'));
SELECT smc_count(*) FROM agree;
ALTER FOREIGN TABLE agree OPTIONS (DROP expires);
SELECT smc_count(*) FROM agree;
SELECT length(smc_accept('agree'));
SELECT smc_count(*) FROM agree;

-- who may ask
ALTER FOREIGN TABLE agree OPTIONS (ADD query_by 'globex');
SELECT length(smc_accept('agree'));
SELECT smc_count(*) FROM agree;

-- consent to a dropped study is for a superuser to end
DROP FOREIGN TABLE agree;
SET ROLE smc_owner;
SELECT smc_withdraw('agree');
RESET ROLE;
SELECT smc_withdraw('agree');
SELECT smc_withdraw('agree');
\c globex
SELECT smc_count(*) FROM agree;

-- tidy up
DROP FOREIGN TABLE agree;
SET client_min_messages = warning;
DROP SCHEMA cs CASCADE;
\c initech
DROP FOREIGN TABLE agree;
DROP TABLE agree_src;
\c acme
SET client_min_messages = warning;
DROP SCHEMA cs CASCADE;
DROP ROLE smc_owner, smc_reader;
