--
-- Three parties, for the tests that follow (and for test/pgtap): databases
-- acme, globex and initech of one cluster, the peers' links over its socket.
-- Each has a third of the salaries as source of the study payroll, under a
-- name and a shape of its own, and has accepted it.
--
\getenv host PGHOST
\getenv port PGPORT
\getenv data SMC_DATA
\set csv :data /salaries.csv


-- identities
\c acme
CREATE EXTENSION smc;
SELECT smc_create_identity('acme') AS acme_key \gset
\c globex
CREATE EXTENSION smc;
SELECT smc_create_identity('globex') AS globex_key \gset
\c initech
CREATE EXTENSION smc;
SELECT smc_create_identity('initech') AS initech_key \gset

-- what each lets in; roles belong to the whole cluster
CREATE ROLE acme LOGIN PASSWORD 'secret' IN ROLE smc_link;
CREATE ROLE globex LOGIN PASSWORD 'secret' IN ROLE smc_link;
CREATE ROLE initech LOGIN PASSWORD 'secret' IN ROLE smc_link;

-- peers and sources
\c acme
CREATE SERVER globex FOREIGN DATA WRAPPER smc
  OPTIONS (host :'host', port :'port', dbname 'globex', public_key :'globex_key');
CREATE USER MAPPING FOR PUBLIC SERVER globex OPTIONS (user 'acme', password 'secret');
CREATE SERVER initech FOREIGN DATA WRAPPER smc
  OPTIONS (host :'host', port :'port', dbname 'initech', public_key :'initech_key');
CREATE USER MAPPING FOR PUBLIC SERVER initech OPTIONS (user 'acme', password 'secret');
CREATE TEMP TABLE deal (n serial, rank text, discipline text, yrs_since_phd int, yrs_service int, sex text, salary numeric(12,2));
COPY deal (rank, discipline, yrs_since_phd, yrs_service, sex, salary) FROM :'csv' (FORMAT csv, HEADER);
CREATE SCHEMA hr;
CREATE TABLE hr.staff AS SELECT rank, discipline, yrs_service, sex, salary FROM deal WHERE n % 3 = 0 ORDER BY n;
CREATE TABLE public.everyone AS SELECT rank, discipline, yrs_service, sex, salary FROM deal ORDER BY n;
COMMENT ON TABLE public.everyone IS 'all parties'' rows, which no party would have: to compare with';

\c globex
CREATE SERVER acme FOREIGN DATA WRAPPER smc
  OPTIONS (host :'host', port :'port', dbname 'acme', public_key :'acme_key');
CREATE USER MAPPING FOR PUBLIC SERVER acme OPTIONS (user 'globex', password 'secret');
CREATE SERVER initech FOREIGN DATA WRAPPER smc
  OPTIONS (host :'host', port :'port', dbname 'initech', public_key :'initech_key');
CREATE USER MAPPING FOR PUBLIC SERVER initech OPTIONS (user 'globex', password 'secret');
CREATE TEMP TABLE deal (n serial, rank text, discipline text, yrs_since_phd int, yrs_service int, sex text, salary numeric(12,2));
COPY deal (rank, discipline, yrs_since_phd, yrs_service, sex, salary) FROM :'csv' (FORMAT csv, HEADER);
CREATE SCHEMA people;
CREATE TABLE people.salaries AS SELECT salary, sex, rank, yrs_service FROM deal WHERE n % 3 = 1 ORDER BY n;

\c initech
CREATE SERVER acme FOREIGN DATA WRAPPER smc
  OPTIONS (host :'host', port :'port', dbname 'acme', public_key :'acme_key');
CREATE USER MAPPING FOR PUBLIC SERVER acme OPTIONS (user 'initech', password 'secret');
CREATE SERVER globex FOREIGN DATA WRAPPER smc
  OPTIONS (host :'host', port :'port', dbname 'globex', public_key :'globex_key');
CREATE USER MAPPING FOR PUBLIC SERVER globex OPTIONS (user 'initech', password 'secret');
CREATE TEMP TABLE deal (n serial, rank text, discipline text, yrs_since_phd int, yrs_service int, sex text, salary numeric(12,2));
COPY deal (rank, discipline, yrs_since_phd, yrs_service, sex, salary) FROM :'csv' (FORMAT csv, HEADER);
CREATE TABLE public.lohnliste AS SELECT rank AS stufe, sex AS geschlecht, salary * 100 AS rappen, yrs_service AS dienstjahre
  FROM deal WHERE n % 3 = 2 ORDER BY n;
CREATE VIEW public.lohn AS
  SELECT stufe, geschlecht, (rappen / 100)::numeric(12,2) AS gehalt, dienstjahre FROM public.lohnliste;

-- the study: defined at acme, imported by the others
\c acme
CREATE FOREIGN TABLE payroll (
  rank        text          OPTIONS (allow 'group, filter, count', values '{AsstProf,AssocProf,Prof}'),
  sex         text          OPTIONS (allow 'group, filter, count', values '{Female,Male}'),
  yrs_service integer       OPTIONS (allow 'count, sum, avg, filter'),
  salary      numeric(12,2) OPTIONS (allow 'count, sum, avg')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'hr.staff');
SELECT smc_accept('payroll') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (payroll) FROM SERVER acme INTO public;
ALTER FOREIGN TABLE payroll OPTIONS (ADD source 'people.salaries');
SELECT smc_accept('payroll') IS NOT NULL AS accepted;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (payroll) FROM SERVER acme INTO public;
ALTER FOREIGN TABLE payroll OPTIONS (ADD source 'lohn'),
  ALTER COLUMN rank OPTIONS (ADD column 'stufe'),
  ALTER COLUMN sex OPTIONS (ADD column 'geschlecht'),
  ALTER COLUMN yrs_service OPTIONS (ADD column 'dienstjahre'),
  ALTER COLUMN salary OPTIONS (ADD column 'gehalt');
SELECT smc_accept('payroll') IS NOT NULL AS accepted;

-- it works
\c acme
SELECT smc_sum(salary), smc_count(*) FROM payroll;
SELECT sum(salary), count(*) FROM everyone;
SELECT study, parties, accepted, missing, differs FROM smc_studies;
