--
-- What a peer's role can do here: CALL smc_attach(), and nothing else.  (The
-- other protocols, and the CALL itself, are in test/t/003_link.pl.)
--
CREATE ROLE smc_test_peer LOGIN PASSWORD 'secret' IN ROLE smc_link;
CREATE ROLE smc_test_member LOGIN PASSWORD 'secret' IN ROLE smc_test_peer;
CREATE ROLE smc_test_other;
CREATE TABLE open_to_all (x int);
GRANT ALL ON open_to_all TO PUBLIC;
CREATE FUNCTION loud() RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'evaluated'; RETURN 1; END $$;
CREATE PROCEDURE impostor() LANGUAGE sql AS 'SELECT 1';

\c - smc_test_peer
SELECT 1;
SELECT 1 / 0;
SELECT loud();
TABLE open_to_all;
INSERT INTO open_to_all VALUES (loud());
COPY open_to_all TO STDOUT;
COPY open_to_all TO PROGRAM 'true';
DO $$ BEGIN RAISE NOTICE 'done'; END $$;
EXPLAIN SELECT 1;
PREPARE p AS SELECT 1;
EXECUTE p;
DECLARE c CURSOR FOR SELECT 1;
BEGIN;
COMMIT;
ROLLBACK;
SAVEPOINT s;
SET work_mem = '1MB';
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
SHOW work_mem;
RESET ALL;
SET ROLE smc_link;
RESET ROLE;
SET SESSION AUTHORIZATION smc_test_peer;
SET SESSION AUTHORIZATION DEFAULT;
RESET SESSION AUTHORIZATION;
DISCARD ALL;
LISTEN x;
NOTIFY x;
LOCK TABLE open_to_all;
VACUUM open_to_all;
CHECKPOINT;
CREATE TEMP TABLE t (x int);
ALTER ROLE smc_test_peer PASSWORD 'x';
SELECT smc_public_key() IS NOT NULL;
TABLE smc_peers;
CALL impostor();
-- not with anything else in its message
CALL smc_attach()\; SELECT 1;
SELECT 1\; CALL smc_attach();
CALL smc_attach()\; CALL smc_attach();
BEGIN\; CALL smc_attach()\; COMMIT;

-- a member of a member, by SET ROLE too
\c - smc_test_member
SELECT 1;
SET ROLE smc_test_peer;

-- no other database has anything for it
\c postgres smc_test_peer
SELECT 1;
CALL smc_attach();

-- a superuser who turns into a peer's role is confined, and gets back
\c acme postgres
SET SESSION AUTHORIZATION smc_test_peer;
SELECT 1;
SET ROLE smc_link;
RESET SESSION AUTHORIZATION;
SELECT session_user;
BEGIN;
SET LOCAL SESSION AUTHORIZATION smc_test_peer;
SELECT 1;
ROLLBACK;
SELECT session_user;

-- who only takes the role isn't
SET ROLE smc_test_peer;
SELECT session_user, current_user;
RESET ROLE;

-- nor is a superuser who is a member
GRANT smc_link TO postgres;
SELECT 1 AS fine;
REVOKE smc_link FROM postgres;

-- what was planned before the role became a member, and after it no longer is
SET SESSION AUTHORIZATION smc_test_other;
PREPARE p AS SELECT 1 AS planned;
EXECUTE p;
RESET SESSION AUTHORIZATION;
GRANT smc_link TO smc_test_other;
SET SESSION AUTHORIZATION smc_test_other;
EXECUTE p;
RESET SESSION AUTHORIZATION;
REVOKE smc_link FROM smc_test_other;
SET SESSION AUTHORIZATION smc_test_other;
EXECUTE p;
RESET SESSION AUTHORIZATION;

SELECT count(*) FROM open_to_all;
DROP TABLE open_to_all;
DROP FUNCTION loud();
DROP PROCEDURE impostor();
DROP ROLE smc_test_member, smc_test_peer, smc_test_other;
