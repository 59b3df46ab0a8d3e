--
-- What can't be computed jointly is refused when it is planned, with the part
-- and the reason.  It never falls back to reading rows.
--
SET client_min_messages = warning;
CREATE SCHEMA refuse;
SET search_path = refuse, public;
CREATE TABLE label (rank text, name text);
CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1) || ''!''';
CREATE FUNCTION opaque(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1; END';
CREATE FOREIGN TABLE survey (
  grade  text             OPTIONS (allow 'group', values '{A,B}') NOT NULL,
  age    integer          OPTIONS (allow 'count, sum'),
  score  double precision OPTIONS (allow 'sum, avg', scale '6'),
  hidden integer
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all');
RESET client_min_messages;

-- rows
SELECT salary FROM payroll;
SELECT * FROM payroll LIMIT 1;
SELECT 1 FROM payroll;
TABLE payroll;
SELECT EXISTS (SELECT FROM payroll);
SELECT rank, smc_sum(salary) OVER (PARTITION BY rank) FROM payroll;
SELECT DISTINCT rank FROM payroll;
SELECT salary FROM payroll FOR UPDATE;
SELECT count(*) FROM (SELECT salary FROM payroll LIMIT 10) p;
SELECT count(*) FROM (SELECT DISTINCT rank FROM payroll) p;
SELECT count(*) FROM (SELECT salary FROM payroll ORDER BY salary) p;
SELECT sum(s) FROM (SELECT salary AS s FROM payroll UNION ALL SELECT 1) p;
SELECT sum(s) FROM (SELECT salary AS s FROM payroll UNION ALL SELECT salary FROM everyone) p;
SELECT salary FROM payroll UNION ALL SELECT salary FROM everyone;
WITH p AS MATERIALIZED (SELECT salary FROM payroll) SELECT sum(salary) FROM p;
COPY payroll TO stdout;
COPY (SELECT salary FROM payroll) TO stdout;
CREATE TABLE copy AS SELECT * FROM payroll;

-- joins inside
SELECT smc_sum(salary) FROM payroll JOIN label USING (rank);
SELECT smc_sum(salary) FROM payroll WHERE rank IN (SELECT rank FROM label);
SELECT count(*) FROM label WHERE rank IN (SELECT rank FROM payroll);
SELECT count(*) FROM payroll a JOIN payroll b USING (rank);
SELECT count(*) FROM payroll, survey;

-- groups
SELECT rank, sex, count(*) FROM payroll GROUP BY ROLLUP (rank, sex);
SELECT rank, sex, count(*) FROM payroll GROUP BY GROUPING SETS (rank, sex);
SELECT count(*) FROM payroll GROUP BY ();
SELECT upper(rank), count(*) FROM payroll GROUP BY upper(rank);
SELECT rank || sex, count(*) FROM payroll GROUP BY 1;
SELECT rank, grouping(rank) FROM payroll GROUP BY rank;
SELECT count(*) FROM payroll GROUP BY payroll;
SELECT tableoid, count(*) FROM payroll GROUP BY tableoid;
SELECT salary, count(*) FROM payroll GROUP BY salary;

-- aggregates
SELECT sum(DISTINCT salary) FROM payroll;
SELECT count(DISTINCT rank) FROM payroll;
SELECT string_agg(rank, ',') FROM payroll;
SELECT array_agg(salary) FROM payroll;
SELECT sum(salary ORDER BY rank) FROM payroll;
SELECT bool_and(sex = 'Male') FROM payroll;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY salary) FROM payroll;
SELECT count(payroll) FROM payroll;

-- columns
SELECT sum(hidden) FROM survey;
SELECT count(hidden) FROM survey;
SELECT count(*) FROM survey WHERE hidden = 1;
SELECT avg(age) FROM survey;
SELECT sum(age) FROM survey WHERE age > 10;
SELECT sum(age) FROM survey WHERE grade = 'A';
SELECT sum(age) FILTER (WHERE score > 1) FROM survey;
SELECT hidden, count(*) FROM survey GROUP BY hidden;
SELECT age, count(*) FROM survey GROUP BY age;

-- expressions
SELECT sum(salary * random()) FROM payroll;
SELECT sum(opaque(salary)) FROM payroll;
SELECT count(*) FROM payroll WHERE shout(rank) = 'PROF!';
SELECT count(*) FROM payroll WHERE rank ~ 'Pr';
SELECT count(*) FROM payroll WHERE random() < 0.5;
SELECT sum(1 / yrs_service) FROM payroll;
SELECT count(*) FROM payroll WHERE ctid = '(0,1)';
SELECT count(*) FROM payroll WHERE payroll IS NOT NULL;
SELECT count(*) FROM payroll p WHERE EXISTS (SELECT FROM label l WHERE l.rank = p.rank OR l.name = p.sex);
SELECT rank, count(*) FROM payroll GROUP BY rank HAVING random() < 2 AND clock_timestamp() IS NULL;

-- writing
INSERT INTO payroll (rank) VALUES ('Prof');
UPDATE payroll SET rank = 'Prof';
UPDATE label SET name = 'x' FROM payroll WHERE label.rank = payroll.rank;
DELETE FROM payroll;
TRUNCATE payroll;
COPY payroll FROM stdin;
\.
ANALYZE payroll;

-- hierarchies
SET client_min_messages = warning;
CREATE TABLE parent (rank text, sex text, yrs_service integer, salary numeric(12,2));
ALTER FOREIGN TABLE payroll INHERIT parent;
RESET client_min_messages;
SELECT count(*) FROM parent;
ALTER FOREIGN TABLE payroll NO INHERIT parent;
CREATE TABLE child () INHERITS (payroll);
SELECT count(*) FROM payroll;
SELECT count(*) FROM ONLY payroll;
DROP TABLE child;
SELECT count(*) FROM payroll;
SELECT salary FROM payroll;

-- a worker has no lane
CREATE FUNCTION total() RETURNS numeric LANGUAGE sql PARALLEL SAFE AS 'SELECT sum(salary) FROM public.payroll';
SET force_parallel_mode = on;
SELECT total();
RESET force_parallel_mode;

-- no study, or not ready
SELECT smc_sum(yrs_service) FROM everyone;
SELECT smc_avg(salary) FROM everyone GROUP BY rank;
SELECT smc_count(*) FROM everyone WHERE false;
SELECT smc_sum(yrs_service) OVER () FROM everyone;
SELECT count(*) FROM survey;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM survey;

-- rights
CREATE ROLE refused;
GRANT USAGE ON SCHEMA refuse, public TO refused;
SET ROLE refused;
SELECT count(*) FROM payroll;
EXPLAIN SELECT count(*) FROM payroll;
RESET ROLE;
GRANT SELECT ON payroll TO refused;
REVOKE EXECUTE ON FUNCTION smc_sum(numeric) FROM PUBLIC;
SET ROLE refused;
SELECT smc_sum(salary) FROM payroll;
RESET ROLE;
GRANT EXECUTE ON FUNCTION smc_sum(numeric) TO PUBLIC;
REVOKE ALL ON payroll FROM refused;
REVOKE ALL ON SCHEMA refuse, public FROM refused;
DROP ROLE refused;

SET client_min_messages = warning;
DROP SCHEMA refuse CASCADE;
