--
-- Answers: the same as plain SQL over the union of all parties' rows, which
-- only this test has (table everyone).
--
CREATE SCHEMA query;
SET search_path = query, public;

-- a study with a minimum of rows, and one whose figures are for others
SET client_min_messages = warning;
CREATE FOREIGN TABLE few (
  rank   text          OPTIONS (allow 'group, filter', values '{AsstProf,AssocProf,Prof}'),
  sex    text          OPTIONS (allow 'group, filter', values '{Female,Male}'),
  salary numeric(12,2) OPTIONS (allow 'count, sum, avg')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', min_rows '30', source 'hr.staff');
CREATE FOREIGN TABLE told (
  rank        text          OPTIONS (allow 'group, filter', values '{AsstProf,AssocProf,Prof}'),
  yrs_service integer       OPTIONS (allow 'count, sum', reveal_to 'acme, globex'),
  salary      numeric(12,2) OPTIONS (allow 'count, sum', reveal_to 'globex')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', query_by 'acme, globex', source 'hr.staff');
SELECT smc_accept('few') IS NOT NULL AND smc_accept('told') IS NOT NULL AS accepted;
\c globex
CREATE SCHEMA query;
IMPORT FOREIGN SCHEMA smc LIMIT TO (few, told) FROM SERVER acme INTO query;
ALTER FOREIGN TABLE query.few OPTIONS (ADD source 'people.salaries');
ALTER FOREIGN TABLE query.told OPTIONS (ADD source 'people.salaries');
SELECT smc_accept('few') IS NOT NULL AND smc_accept('told') IS NOT NULL AS accepted;
\c initech
CREATE SCHEMA query;
IMPORT FOREIGN SCHEMA smc LIMIT TO (few, told) FROM SERVER acme INTO query;
CREATE VIEW query.source AS SELECT stufe AS rank, geschlecht AS sex, dienstjahre AS yrs_service, gehalt AS salary FROM public.lohn;
ALTER FOREIGN TABLE query.few OPTIONS (ADD source 'source');
ALTER FOREIGN TABLE query.told OPTIONS (ADD source 'source');
SELECT smc_accept('few') IS NOT NULL AND smc_accept('told') IS NOT NULL AS accepted;
\c acme
SET search_path = query, public;
CREATE TABLE label (rank text, name text, floor integer);
INSERT INTO label VALUES ('Prof', 'full', 10), ('AssocProf', 'associate', 10), ('AsstProf', 'assistant', 2), ('Dean', 'dean', 60);
CREATE FUNCTION asked() RETURNS bigint LANGUAGE sql VOLATILE AS
  'SELECT count(*) FROM smc_audit WHERE study IN (''payroll'', ''few'', ''told'')';

-- everything at once
SELECT rank, sex, smc_count(*), smc_sum(salary), round(smc_avg(salary), 4) AS avg, smc_sum(yrs_service)
  FROM payroll GROUP BY rank, sex ORDER BY rank, sex;
SELECT rank, sex, count(*), sum(salary), round(avg(salary), 4) AS avg, sum(yrs_service)
  FROM everyone GROUP BY rank, sex ORDER BY rank, sex;
SELECT sex, smc_sum(yrs_service * 2 + 1) FILTER (WHERE rank = 'Prof') AS s, smc_avg(salary) > 110000 AS rich
  FROM payroll WHERE yrs_service BETWEEN 1 AND 40 GROUP BY sex HAVING smc_count(*) > 1 ORDER BY s DESC LIMIT 1;
SELECT sex, sum(yrs_service * 2 + 1) FILTER (WHERE rank = 'Prof') AS s, avg(salary) > 110000 AS rich
  FROM everyone WHERE yrs_service BETWEEN 1 AND 40 GROUP BY sex HAVING count(*) > 1 ORDER BY s DESC LIMIT 1;

-- over no rows
SELECT smc_count(*), smc_count(salary), smc_sum(salary), smc_avg(salary) FROM payroll WHERE false;
SELECT rank, smc_sum(salary) FROM payroll WHERE yrs_service < 0 GROUP BY rank;
SELECT smc_count(*), smc_sum(salary) FROM payroll WHERE rank = 'Prof' AND rank = 'AsstProf';

-- which groups there are; conditions that pick among them
SELECT rank FROM payroll GROUP BY rank ORDER BY rank;
SELECT rank, smc_count(*) FROM payroll GROUP BY rank HAVING rank ~ '^As' ORDER BY rank;
SELECT * FROM (SELECT rank, smc_count(*) FROM payroll GROUP BY rank) p JOIN label USING (rank) ORDER BY rank;
SELECT rank, smc_count(*) FROM payroll GROUP BY rank HAVING rank NOT IN (SELECT rank FROM label WHERE floor > 2);
SELECT smc_count(*) FROM payroll WHERE rank = ANY (ARRAY(SELECT rank FROM label WHERE floor = 10));

-- parameters, by custom and generic plan; NULL among them
PREPARE above (int, text) AS
SELECT smc_count(*), smc_sum(salary) FILTER (WHERE sex = $2) FROM payroll WHERE yrs_service > $1 + 1;
EXECUTE above (10, 'Male');
SET plan_cache_mode = force_generic_plan;
EXECUTE above (10, 'Male');
EXECUTE above (20, 'Female');
EXECUTE above (NULL, NULL);
RESET plan_cache_mode;
SELECT count(*), sum(salary) FILTER (WHERE sex = 'Male') FROM everyone WHERE yrs_service > 11;
SELECT count(*), sum(salary) FILTER (WHERE sex = 'Female') FROM everyone WHERE yrs_service > 21;
DEALLOCATE above;

-- a subquery that is run again is asked again only where its parameters differ
SELECT asked() AS before \gset
SELECT name, (SELECT smc_count(*) FROM payroll p WHERE p.rank = l.rank) FROM label l ORDER BY name;
SELECT asked() - :before AS computations, asked() AS before \gset x
SELECT :xcomputations AS computations;
SELECT name, s.count FROM (SELECT * FROM label ORDER BY floor, name) l,
  LATERAL (SELECT smc_count(*) AS count FROM payroll p WHERE p.yrs_service >= l.floor) s;
SELECT asked() - :xbefore AS computations;

-- cursors: nothing is asked before the first row is fetched, and nothing twice
SELECT asked() AS before \gset
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT rank, smc_count(*) FROM payroll GROUP BY rank;
SELECT asked() - :before AS computations;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
MOVE ABSOLUTE 0 FROM c;
FETCH ALL FROM c;
COMMIT;
SELECT asked() - :before AS computations;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT smc_count(*) FROM payroll;
COMMIT;
FETCH ALL FROM c;
CLOSE c;

-- one joint query inside another, and inside whatever else PostgreSQL has
SELECT smc_count(*) FROM payroll WHERE yrs_service > (SELECT smc_avg(yrs_service) FROM payroll);
SELECT count(*) FROM everyone WHERE yrs_service > (SELECT avg(yrs_service) FROM everyone);
SELECT rank, smc_count(*), sum(smc_count(*)) OVER (ORDER BY rank), generate_series(1, 2) AS twice
  FROM payroll GROUP BY rank ORDER BY rank, twice;
SELECT smc_count(*) FROM payroll UNION ALL SELECT smc_sum(yrs_service) FROM payroll ORDER BY 1;
CREATE FUNCTION head_count(r text) RETURNS bigint LANGUAGE plpgsql AS
  'DECLARE n bigint; BEGIN SELECT smc_count(*) INTO n FROM public.payroll WHERE rank = r; RETURN n; END';
SELECT i, head_count(CASE WHEN i % 2 = 0 THEN 'Prof' ELSE 'AsstProf' END) FROM generate_series(1, 8) i;
CREATE MATERIALIZED VIEW kept AS SELECT rank, smc_sum(salary) FROM public.payroll GROUP BY rank;
REFRESH MATERIALIZED VIEW kept;
SELECT * FROM kept ORDER BY rank;
CREATE TABLE copied (rank text, n bigint);
INSERT INTO copied SELECT rank, smc_count(*) FROM payroll GROUP BY rank;
UPDATE copied c SET n = c.n - p.n FROM (SELECT rank, smc_count(*) AS n FROM payroll GROUP BY rank) p WHERE p.rank = c.rank;
SELECT * FROM copied ORDER BY rank;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT smc_count(*) FROM payroll;
COMMIT;

-- who may ask: the right to select from the study, or from a view of it
CREATE ROLE asker;
GRANT USAGE ON SCHEMA query TO asker;
CREATE VIEW men AS SELECT rank, salary FROM public.payroll WHERE sex = 'Male';
CREATE VIEW sums AS SELECT rank, smc_sum(salary) AS sum FROM public.payroll GROUP BY rank;
GRANT SELECT ON men, sums TO asker;
SET ROLE asker;
SELECT smc_sum(salary) FROM payroll;
SELECT smc_sum(salary) FROM men WHERE rank = 'Prof';
SELECT * FROM sums WHERE rank = 'Prof';
RESET ROLE;
SELECT sum(salary) FILTER (WHERE sex = 'Male') AS men, sum(salary) AS sum FROM everyone WHERE rank = 'Prof';
DROP VIEW men, sums;
DROP OWNED BY asker;
DROP ROLE asker;

-- too few rows
SELECT rank, sex, smc_count(*) FROM few GROUP BY rank, sex ORDER BY rank, sex;
SELECT rank, sex, count(*) FROM everyone GROUP BY rank, sex HAVING count(*) >= 30 ORDER BY rank, sex;
SELECT smc_avg(salary) FROM few WHERE sex = 'Female' AND rank <> 'AsstProf';
SELECT smc_count(*) FROM few WHERE sex = 'Female' AND rank = 'Prof';
SELECT smc_count(*), smc_sum(salary) FROM few WHERE false;
SELECT rank, smc_count(*), smc_sum(salary) FILTER (WHERE sex = 'Female') FROM few GROUP BY rank ORDER BY rank;

-- figures for others
SELECT smc_sum(yrs_service) FROM told;
SELECT smc_sum(salary) FROM told;
SELECT rank, smc_sum(yrs_service), smc_sum(salary), smc_count(salary) FROM told GROUP BY rank ORDER BY rank;
\c globex
\! sleep 0.3
SELECT query, asked_by, figures FROM smc_results WHERE study = 'told' ORDER BY at;
\c initech
\! sleep 0.3
SELECT query, asked_by, figures FROM smc_results WHERE study = 'told' ORDER BY at;
SELECT smc_sum(yrs_service) FROM query.told;
\c acme
SET search_path = query, public;

-- what it took
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT rank, smc_sum(salary) FROM payroll GROUP BY rank;
EXPLAIN (COSTS OFF)
SELECT rank, smc_sum(salary) FROM few GROUP BY rank;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
SELECT smc_sum(salary) FROM payroll LIMIT 0;

-- a source that asks a study itself is refused, wherever it is
CREATE VIEW circular AS SELECT rank, 'Male' AS sex, sum(salary)::numeric(12,2) AS salary FROM public.payroll GROUP BY rank;
ALTER FOREIGN TABLE few OPTIONS (SET source 'circular');
SELECT smc_sum(salary) FROM few;
ALTER FOREIGN TABLE few OPTIONS (SET source 'hr.staff');
SELECT smc_sum(salary) FROM few;

-- plans and definitions
PREPARE total AS SELECT smc_sum(salary) FROM few;
EXECUTE total;
ALTER FOREIGN TABLE few OPTIONS (SET min_rows '31');
EXECUTE total;
ALTER FOREIGN TABLE few OPTIONS (SET min_rows '30');
EXECUTE total;
DEALLOCATE total;
BEGIN;
DECLARE c CURSOR FOR SELECT smc_sum(salary) FROM few;
ALTER FOREIGN TABLE few OPTIONS (SET min_rows '31');
FETCH c;
ROLLBACK;

SET client_min_messages = warning;
DROP SCHEMA query CASCADE;
\c globex
SET client_min_messages = warning;
DROP SCHEMA query CASCADE;
\c initech
SET client_min_messages = warning;
DROP SCHEMA query CASCADE;
