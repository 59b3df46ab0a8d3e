--
-- No constant of the asker's moves an error to where a party's figures are:
-- the part of a party that fails could be found by trying (pg/smc_exprrange.c).
--
\c acme
SET client_min_messages = warning;
CREATE FOREIGN TABLE ranges (
  w bigint                      OPTIONS (allow 'sum, filter'),
  d double precision            OPTIONS (allow 'sum, filter'),
  b double precision            OPTIONS (allow 'sum, filter', lo '-10', hi '10'),
  n numeric                     OPTIONS (allow 'sum, filter', scale '4'),
  day date                      OPTIONS (allow 'filter, count')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all');
\set explain 'EXPLAIN (COSTS OFF)'

-- a party's part of a sum
SELECT smc_sum(salary * 1e10) FROM payroll;
SELECT smc_sum(salary * 1e27) FROM payroll;
SELECT smc_sum(salary * 10000000000 * 10000000000) FROM payroll;
SELECT smc_sum(salary + 1e30) FROM payroll;
SELECT smc_sum(salary / 0.0000000000000000000000000001) FROM payroll;
SELECT smc_sum(greatest(yrs_service, 1e30)) FROM payroll;
SELECT smc_avg(yrs_service * 1e30) FROM payroll;
SELECT smc_sum(1e30) FROM payroll;
SELECT smc_sum(salary * salary) > 0 AS fits FROM payroll;
PREPARE factor(numeric) AS SELECT smc_sum(salary * $1) FROM payroll;
EXECUTE factor(2);
EXECUTE factor(1e27);
SET plan_cache_mode = force_generic_plan;
EXECUTE factor(2);
EXECUTE factor(1e27);
RESET plan_cache_mode;
DEALLOCATE factor;

-- columns of which nothing useful is agreed
:explain SELECT sum(w * w), sum(w * 1000), sum(d * 3600), sum(d * d), sum(d * (1 - d)), sum(n * n) FROM ranges;
:explain SELECT sum(w * 1000000000000) FROM ranges;
:explain SELECT sum(w * w * w * w) FROM ranges;
:explain SELECT sum(d * 1e9) FROM ranges;
:explain SELECT sum(d * 'NaN') FROM ranges;
:explain SELECT sum(b * 1e9) FROM ranges;
:explain SELECT sum(b * 1e30) FROM ranges;

-- a single row
:explain SELECT count(*) FROM ranges WHERE d * 1e300 > 0;
:explain SELECT count(*) FROM ranges WHERE d / 1e200 / 1e200 > 0;
:explain SELECT count(*) FROM ranges WHERE (d * 1e30)::real > 0;
:explain SELECT count(*) FROM ranges WHERE (n / 1e300)::float8 > 0;
:explain SELECT count(*) FROM ranges WHERE day + 2147483000 > '2024-01-01';
:explain SELECT count(*) FILTER (WHERE day - 2147483000 > '2024-01-01') FROM ranges;
:explain SELECT count(*) FROM ranges WHERE day - 2440000 > '2024-01-01';
:explain SELECT count(*) FROM ranges WHERE CASE WHEN w = 7 THEN greatest(day, '2024-01-01') - date 'infinity' > 0 END;
:explain SELECT sum(CASE WHEN w = 7 THEN 'NaN'::float8 ELSE d END) FROM ranges;
:explain SELECT sum(CASE WHEN w = 7 THEN d / 'NaN' ELSE d END) FROM ranges;
:explain SELECT sum(CASE WHEN w = 7 THEN n % 'NaN' ELSE n END) FROM ranges;
:explain SELECT sum(CASE WHEN w = 7 THEN sign(numeric 'NaN') * 0 ELSE n END) FROM ranges;
:explain SELECT count(*) FROM ranges WHERE coalesce(day, 'infinity') > '2024-01-01' AND day - date '1990-01-01' > 7 AND day - 365 > '2020-01-01';
:explain SELECT count(*) FROM ranges WHERE day + 30 > '2024-01-01' AND (d / 3)::real > 1e-20;

-- arithmetic that picks rows as a comparison would needs "filter" ...
ALTER FOREIGN TABLE ranges
  ADD COLUMN i integer OPTIONS (allow 'sum'), ADD COLUMN p numeric(12,2) OPTIONS (allow 'sum'), ADD COLUMN f real OPTIONS (allow 'sum');
:explain SELECT sum(p * (i / 60)) FROM ranges;
:explain SELECT sum(p * (i % 60)) FROM ranges;
:explain SELECT sum(p * abs(i - 60)) FROM ranges;
:explain SELECT sum(p * greatest(i, 60)) FROM ranges;
:explain SELECT sum(floor(p / 1000)) FROM ranges;
:explain SELECT sum(p::int) FROM ranges;
:explain SELECT sum(round(p * 0.001, 2)) FROM ranges;
:explain SELECT sum(floor(f)) FROM ranges;
:explain SELECT sum(round(p / 3, 4)), sum(round(p * i, 2)), sum(round(p * 100, 0)), sum(f / 7), sum(round(i / 3.0, 4)) FROM ranges;
PREPARE rounded(numeric) AS SELECT sum(round(p / $1, 4)) FROM ranges;
:explain EXECUTE rounded(3);
:explain EXECUTE rounded(1000);
DEALLOCATE rounded;

-- ... and under min_rows hides how many rows a sum rests on
ALTER FOREIGN TABLE ranges OPTIONS (ADD min_rows '5');
:explain SELECT sum(w / 60) FROM ranges;
:explain SELECT sum(coalesce(n, 0)) FROM ranges;
:explain SELECT sum(CASE WHEN w = 60 THEN n ELSE 0 END) FROM ranges;
:explain SELECT sum(CASE WHEN w = 60 THEN n END), sum(round(n / 3, 5)) FROM ranges;

DROP FOREIGN TABLE ranges;
