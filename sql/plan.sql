--
-- What a query over a study becomes.  EXPLAIN is the dry run: nothing in this
-- file is sent to anybody, and the study "survey" has been accepted by no one.
--
SET client_min_messages = warning;
CREATE SCHEMA plan;
SET search_path = plan, public;
CREATE TYPE size AS ENUM ('small', 'large');
CREATE TABLE source (grade text NOT NULL, active boolean, size size, age integer, score double precision, hidden integer);
CREATE TABLE label (grade text, rank text, name text, floor integer);
CREATE FOREIGN TABLE survey (
  grade  text             OPTIONS (allow 'group', values '{A,B}') NOT NULL,
  active boolean          OPTIONS (allow 'group, filter, count'),
  size   size             OPTIONS (allow 'group, filter'),
  age    integer          OPTIONS (allow 'count, sum, avg, filter'),
  score  double precision OPTIONS (allow 'sum, avg', scale '6'),
  hidden integer
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', min_rows '5', source 'plan.source');
RESET client_min_messages;

-- plans without frames, since some lines are long
\a
\t

-- parties and what is revealed are always told, the rest by VERBOSE
EXPLAIN (COSTS OFF) SELECT smc_sum(salary) FROM payroll;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_sum(salary) FROM payroll;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_avg(salary), smc_count(*), smc_count(salary) FROM payroll WHERE rank = 'Prof';

-- the native names mean the same, and a figure asked for twice is computed once
EXPLAIN (VERBOSE, COSTS OFF) SELECT sum(salary), smc_sum(salary), count(*), avg(salary) FROM payroll;

-- FILTER, expressions inside and around the aggregates
EXPLAIN (VERBOSE, COSTS OFF)
SELECT round(smc_avg(salary), 2) AS mean, smc_sum(yrs_service * 2 + 1) FILTER (WHERE sex = 'Female') > 100 AS much
  FROM payroll WHERE yrs_service BETWEEN 1 AND 40 AND rank IN ('Prof', 'AssocProf');

-- groups: HAVING, ORDER BY and LIMIT are PostgreSQL's work on opened figures
EXPLAIN (VERBOSE, COSTS OFF)
SELECT sex, rank, smc_sum(salary) FROM payroll GROUP BY rank, sex
  HAVING smc_count(*) >= 10 ORDER BY smc_avg(salary) DESC LIMIT 3;
EXPLAIN (COSTS OFF) SELECT rank FROM payroll GROUP BY rank;
EXPLAIN (COSTS OFF) SELECT DISTINCT smc_count(*) FROM payroll GROUP BY rank;
EXPLAIN (COSTS OFF) SELECT rank, smc_sum(salary), rank() OVER (ORDER BY smc_sum(salary)) FROM payroll GROUP BY rank;
EXPLAIN (COSTS OFF) SELECT rank, generate_series(1, smc_count(*)) FROM payroll GROUP BY rank;

-- with a minimum of rows there are two phases
EXPLAIN (VERBOSE, COSTS OFF) SELECT grade, smc_sum(age), smc_avg(score) FROM survey GROUP BY grade;
EXPLAIN (VERBOSE, COSTS OFF) SELECT active, size, smc_count(*) FROM survey GROUP BY active, size;

-- queries around it
EXPLAIN (COSTS OFF) SELECT * FROM (SELECT rank, smc_sum(salary) AS s FROM payroll GROUP BY rank) p JOIN label USING (rank);
EXPLAIN (COSTS OFF) WITH p AS (SELECT rank, smc_sum(salary) AS s FROM payroll GROUP BY rank) SELECT a.s - b.s FROM p a, p b;
EXPLAIN (COSTS OFF) SELECT smc_count(*) FROM payroll UNION ALL SELECT smc_count(*) FROM survey;
EXPLAIN (COSTS OFF) SELECT smc_sum(pay) FROM (SELECT salary AS pay FROM payroll WHERE sex = 'Male') p;
CREATE VIEW men AS SELECT rank, salary FROM payroll WHERE sex = 'Male';
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_sum(salary) FROM men WHERE rank = 'Prof';
EXPLAIN (COSTS OFF) SELECT l.name, (SELECT smc_sum(salary) FROM payroll p WHERE p.rank = l.rank) FROM label l;
EXPLAIN (COSTS OFF) SELECT l.name, s.* FROM label l, LATERAL (SELECT smc_count(*) FROM payroll p WHERE p.yrs_service >= l.floor) s;
EXPLAIN (COSTS OFF) SELECT smc_count(*) FROM payroll WHERE rank = ANY (ARRAY(SELECT rank FROM label));
EXPLAIN (COSTS OFF) SELECT smc_count(*) FROM payroll LEFT JOIN (SELECT DISTINCT rank FROM label) l USING (rank);

-- a condition on the result of a grouping is PostgreSQL's to move inside: it is
-- shipped where the column allows filter and the expression can be, and
-- otherwise picks among the opened groups
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM (SELECT rank, smc_sum(salary) FROM payroll GROUP BY rank) p WHERE rank = 'Prof';
EXPLAIN (VERBOSE, COSTS OFF) SELECT * FROM (SELECT grade, smc_sum(age) FROM survey GROUP BY grade) s WHERE grade = 'A';
EXPLAIN (VERBOSE, COSTS OFF) SELECT rank, smc_sum(salary) FROM payroll GROUP BY rank HAVING rank ~ '^As';
EXPLAIN (COSTS OFF) SELECT rank, smc_sum(salary) FROM payroll GROUP BY rank HAVING rank NOT IN (SELECT rank FROM label);

-- parameters are evaluated when the query starts
PREPARE above (int, text) AS
SELECT smc_count(*), smc_sum(salary) FILTER (WHERE sex = $2) FROM payroll WHERE yrs_service > $1 + 1;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE above (10, 'Male');
SET plan_cache_mode = force_custom_plan;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE above (10, 'Male');
RESET plan_cache_mode;
DEALLOCATE above;

-- nothing to ask: no computation
EXPLAIN (COSTS OFF) SELECT count(*) FROM (SELECT smc_sum(salary) FROM payroll) p;
EXPLAIN (COSTS OFF) SELECT 1 FROM payroll HAVING true;
SELECT count(*) FROM (SELECT smc_sum(salary) FROM payroll) p;

-- conditions that PostgreSQL sees through are still asked: the rows of others are not its to exclude
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_count(*), smc_sum(salary) FROM payroll WHERE false;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_count(*) FROM payroll WHERE rank = 'Prof' AND rank = 'AsstProf';
EXPLAIN (VERBOSE, COSTS OFF) SELECT rank, smc_count(*) FROM payroll WHERE rank = 'Prof' GROUP BY rank;

-- for programs
EXPLAIN (VERBOSE, COSTS OFF, FORMAT json) SELECT rank, smc_avg(salary) FROM payroll GROUP BY rank;

-- a plan is of one definition: a change of it plans again
PREPARE prof AS SELECT smc_sum(salary) FROM payroll WHERE rank = 'Prof';
EXPLAIN (COSTS OFF) EXECUTE prof;
BEGIN;
ALTER FOREIGN TABLE payroll OPTIONS (SET reveal_to 'acme');
EXPLAIN (COSTS OFF) EXECUTE prof;
ROLLBACK;
BEGIN;
ALTER FOREIGN TABLE payroll ALTER COLUMN rank OPTIONS (SET allow 'group');
EXPLAIN (COSTS OFF) EXECUTE prof;
ROLLBACK;
EXPLAIN (COSTS OFF) EXECUTE prof;
DEALLOCATE prof;

SET client_min_messages = warning;
DROP SCHEMA plan CASCADE;
