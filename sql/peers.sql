--
-- Peers, and every option's validator.  The keys here are published ones (RFC
-- 8032, section 7.1, tests 1 to 3).
--
\set key1 '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo='
\set key2 'PUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw='
\set key3 '/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU='
CREATE DATABASE peers_test;
\c peers_test
CREATE EXTENSION smc;
SELECT length(smc_create_identity('acme'));

-- the wrapper itself has no options
ALTER FOREIGN DATA WRAPPER smc OPTIONS (ADD host 'x');

-- servers: what libpq knows, and public_key
CREATE SERVER globex FOREIGN DATA WRAPPER smc
  OPTIONS (host 'db.globex.example', port '5433', dbname 'hr', sslmode 'verify-full', connect_timeout '3', public_key :'key1');
CREATE SERVER initech FOREIGN DATA WRAPPER smc OPTIONS (service 'initech');
SELECT name, is_self, host, port, dbname, public_key FROM smc_peers WHERE NOT is_self;

\set VERBOSITY terse
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (hots 'x');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (user 'x');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (password 'x');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (passfile 'x');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (sslkey 'x');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (client_encoding 'x');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (fallback_application_name 'x');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (replication 'database');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (options '-c x.y=1');
CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (parties 'a, b');
\set VERBOSITY default

-- libpq's list differs between its versions, so only parts of the hint
CREATE FUNCTION hint_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE hint text;
BEGIN
  EXECUTE statement;
  RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
  GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
  RETURN SQLSTATE || ': ' || hint;
END $$;
SELECT hint_of('CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (hots ''x'')') ~
  '^HV00D: Perhaps you meant the option "host"\. Valid options in this context are: public_key, .*host, .*sslrootcert.*\.$' AS nearest;
SELECT hint_of('CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (password ''x'')') ~
  '^HV00D: Option "password" belongs to the user mapping\. Valid options' AS elsewhere;
SELECT hint_of('CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (xyzzy ''x'')') ~ '^HV00D: Valid options' AS unknown;
SELECT hint_of('CREATE SERVER s FOREIGN DATA WRAPPER smc OPTIONS (xyzzy ''x'')') ~ '[ ,](password|user|passfile|sslkey|options|replication)[,.]' AS has_excluded;

-- malformed keys: too short, not base64, no padding, the other alphabet, with
-- spaces, bits left over; points not on the curve, of low order, written in
-- another way than the canonical one
ALTER SERVER globex OPTIONS (SET public_key '');
ALTER SERVER globex OPTIONS (SET public_key 'abc=');
ALTER SERVER globex OPTIONS (SET public_key '!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!=');
ALTER SERVER globex OPTIONS (SET public_key '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo');
ALTER SERVER globex OPTIONS (SET public_key '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=');
ALTER SERVER globex OPTIONS (SET public_key ' 11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=');
ALTER SERVER globex OPTIONS (SET public_key '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURp=');
ALTER SERVER globex OPTIONS (SET public_key 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
ALTER SERVER globex OPTIONS (SET public_key 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=');
ALTER SERVER globex OPTIONS (SET public_key 'AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=');
ALTER SERVER globex OPTIONS (SET public_key 'AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=');
ALTER SERVER globex OPTIONS (SET public_key '//////////////////////////////////////////8=');

-- user mappings
CREATE USER MAPPING FOR PUBLIC SERVER globex OPTIONS (user 'acme', password 'x');
CREATE USER MAPPING FOR CURRENT_USER SERVER globex
  OPTIONS (user 'acme', password 'x', sslcert '/c', sslkey '/k', sslpassword 'x', passfile '/p');
DROP USER MAPPING FOR CURRENT_USER SERVER globex;
CREATE USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (usr 'acme');
CREATE USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (host 'x');
CREATE USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (public_key :'key1');
CREATE ROLE smc_test_peers_user;
GRANT USAGE ON FOREIGN SERVER globex TO smc_test_peers_user;
SET ROLE smc_test_peers_user;
CREATE USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (user 'acme', passfile '/etc/passwd');
CREATE USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (user 'acme', sslcert '/c');
CREATE USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (user 'acme', sslkey '/k');
CREATE USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (user 'acme', password 'mine');
-- one's own mapping needs a password: nobody may use the server's own standing
ALTER USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (DROP password);
SELECT * FROM smc_ping('globex');
ALTER USER MAPPING FOR CURRENT_USER SERVER globex OPTIONS (ADD password '');
SELECT * FROM smc_ping('globex');
SELECT * FROM smc_ping('initech');
CREATE SERVER mine FOREIGN DATA WRAPPER smc;
-- neither keys nor passwords of others are to be seen
SELECT name, is_self, host FROM smc_peers;
SELECT usename, umoptions FROM pg_user_mappings WHERE srvname = 'globex' ORDER BY usename;
RESET ROLE;

-- who can't be pinged
SELECT * FROM smc_ping('acme');
SELECT * FROM smc_ping('nobody');
SELECT * FROM smc_ping('initech');
ALTER SERVER initech OPTIONS (ADD public_key :'key1');
SELECT * FROM smc_ping('initech');
ALTER SERVER initech OPTIONS (SET public_key :'key2');
CREATE FOREIGN DATA WRAPPER other;
CREATE SERVER stranger FOREIGN DATA WRAPPER other;
SELECT * FROM smc_ping('stranger');

-- studies
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (partys 'a, b');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (allow 'sum');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (parties '');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (parties 'acme,, globex');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (parties 'acme, globex,');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (parties 'acme, Globex');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (parties 'acme, all');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (parties 'acme globex');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (parties 'acme, globex, acme');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (parties 'a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (query_by 'acme, acme');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (query_by 'all');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (reveal_to '');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (reveal_to 'All');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (reveal_to 'acme, none');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (source '');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (source 'a.b.c');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (source 'hr.staff; drop table x');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (min_rows '0');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (min_rows '-1');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (min_rows '5.0');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (min_rows '2147483648');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (min_rows '99999999999999999999');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (approve 'always');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (max_queries '-1');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (max_queries_per_day ' 1');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (max_groups '0');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires 'tomorrow');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires 'infinity');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '31.12.2030');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '2030-12-31 18:00 CET');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '2030-12-31 18:00+1');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '2030-13-31');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '2030-02-30 12:00');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '2030-12-31 24:00');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '2030-12-31 18:00:00.');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '2030-12-31 18:00+16');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (expires '2030-12-31 18:00Z ');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (epsilon '0');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (epsilon '-0.5');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (epsilon '1e');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (epsilon 'NaN');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (epsilon_budget '1e999');
CREATE FOREIGN TABLE t (a int) SERVER acme OPTIONS (epsilon_budget '0x10');

-- columns
CREATE FOREIGN TABLE t (a int OPTIONS (alow 'sum')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (min_rows '5')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (allow 'sum, total')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (allow '')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (reveal_to 'x y')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (values '{}')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (values 'a,b')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (values '{a,NULL}')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (values '{a,b,a}')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (values '{{a,b},{c,d}}')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (filter_by 'value')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (scale '-1')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (scale '31')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (scale '')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (lo '')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS (hi '')) SERVER acme;
CREATE FOREIGN TABLE t (a int OPTIONS ("column" '')) SERVER acme;

-- what is right
BEGIN;
CREATE FOREIGN TABLE t (
  a float8 OPTIONS (allow 'sum, avg', scale '30', lo '0', hi '1e6', reveal_to 'acme', "column" 'Some Column'),
  b text OPTIONS (allow 'group', values '{"", "NULL", "x,y", Ü}', filter_by 'any'),
  c numeric OPTIONS (allow 'sum', scale '0', reveal_to 'none')
) SERVER acme OPTIONS (parties ' acme,globex ,initech', reveal_to 'globex, acme', query_by 'acme', source '"My Schema"."A ""Table"""',
  min_rows '1', approve 'none', max_queries '0', max_queries_per_day '2147483647', max_groups '1',
  expires '2030-12-31', epsilon '0.5', epsilon_budget '1e2');
ALTER FOREIGN TABLE t OPTIONS (SET expires '2030-12-31 18:00', SET approve 'each', SET source 'staff');
ALTER FOREIGN TABLE t OPTIONS (SET expires '2030-12-31T18:00:30.25+01:30', SET reveal_to 'all');
ALTER FOREIGN TABLE t OPTIONS (SET expires '2030-12-31 18:00Z', SET reveal_to 'none');
ROLLBACK;

\c acme
DROP DATABASE peers_test;
DROP ROLE smc_test_peers_user;
