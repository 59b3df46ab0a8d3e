--
-- Regressions by categories: columns that are 1 or 0 by declared values, which
-- the word linregr is enough for; and too few rows in one of them.
--
\set make 'CREATE SCHEMA cat; SET search_path = cat, public; CREATE TABLE own AS SELECT CASE WHEN i % 10 = 0 THEN ''X'' WHEN i % 2 = 0 THEN ''F'' ELSE ''M'' END AS sex, i % 3 = 0 AS night, CASE WHEN i <> 7 THEN i * 2.5 + 3 * :p END::numeric(10,2) AS pay, i AS years FROM generate_series(1, 14) i'
\c globex
\set p 2
:make;
\c initech
\set p 3
:make;
\c acme
\set p 1
:make;
\pset null NULL
CREATE FOREIGN TABLE cat_fit (
  sex   text          OPTIONS (allow 'linregr', values '{F,M,X}'),
  night bool          OPTIONS (allow 'linregr'),
  pay   numeric(10,2) OPTIONS (allow 'linregr'),
  years int           OPTIONS (allow 'linregr')
) SERVER acme OPTIONS (parties 'acme, globex, initech', source 'own');
CREATE FOREIGN TABLE cat_few (
  sex   text          OPTIONS (allow 'linregr', values '{F,M,X}'),
  night bool          OPTIONS (allow 'linregr'),
  pay   numeric(10,2) OPTIONS (allow 'linregr'),
  years int           OPTIONS (allow 'linregr')
) SERVER acme OPTIONS (parties 'acme, globex, initech', source 'own', min_rows '5', history '0');
CREATE FOREIGN TABLE cat_bad (note text OPTIONS (allow 'linregr')) SERVER acme OPTIONS (parties 'acme, globex, initech');
SELECT smc_accept('cat_bad');
DROP FOREIGN TABLE cat_bad;
SELECT count(smc_accept(s)) FROM unnest('{cat_fit,cat_few}'::text[]) s;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (cat_fit, cat_few) FROM SERVER acme INTO cat;
ALTER FOREIGN TABLE cat.cat_fit OPTIONS (ADD source 'cat.own');
ALTER FOREIGN TABLE cat.cat_few OPTIONS (ADD source 'cat.own');
SELECT count(smc_accept(s)) FROM unnest('{cat_fit,cat_few}'::text[]) s;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (cat_fit, cat_few) FROM SERVER acme INTO cat;
ALTER FOREIGN TABLE cat.cat_fit OPTIONS (ADD source 'cat.own');
ALTER FOREIGN TABLE cat.cat_few OPTIONS (ADD source 'cat.own');
SELECT count(smc_accept(s)) FROM unnest('{cat_fit,cat_few}'::text[]) s;
\c acme
SET search_path = cat, public;
CREATE VIEW everyone AS SELECT sex, night, years, CASE WHEN years <> 7 THEN years * 2.5 + 3 * p END AS pay FROM own, generate_series(1, 3) p;

-- by categories alone, coefficients are differences of means
SELECT round((m).coef[1]::numeric, 9) AS f, round((m).coef[2]::numeric, 9) AS m, round((m).coef[3]::numeric, 9) AS x, (m).num_rows
  FROM (SELECT smc_linregr(pay, array[(sex = 'F')::int, (sex = 'M')::int, CASE WHEN sex = 'X' THEN 1 ELSE 0 END]) AS m FROM cat_fit) s;
SELECT round(avg(pay) FILTER (WHERE sex = 'F'), 9) AS f, round(avg(pay) FILTER (WHERE sex = 'M'), 9) AS m, round(avg(pay) FILTER (WHERE sex = 'X'), 9) AS x, count(pay) FROM everyone;
SELECT round((m).coef[1]::numeric, 9) AS day, round((m).coef[2]::numeric, 9) AS more FROM (SELECT smc_linregr(pay, array[1, night::int]) AS m FROM cat_fit) s;
SELECT round(avg(pay) FILTER (WHERE NOT night), 9) AS day, round(avg(pay) FILTER (WHERE night) - avg(pay) FILTER (WHERE NOT night), 9) AS more FROM everyone;
-- three of X, and as many of the others as it takes
SELECT smc_linregr(pay, array[1, (sex = 'X')::int]) FROM cat_few;
SELECT smc_linregr(pay, array[1, (sex <> 'X')::int]) FROM cat_few;
SELECT (smc_linregr(pay, array[1, (sex = 'X')::int])).r2 > 0.1 AS related, (smc_linregr(pay, array[1, (sex = 'X')::int])).coef[2] FROM cat_few;
SELECT (smc_linregr(pay, array[1, (sex = 'M')::int])).coef IS NOT NULL AS told FROM cat_few;
SELECT (m).coef IS NOT NULL AS told FROM (SELECT smc_linregr(pay, array[1, (sex IN ('F', 'X'))::int, night::int, years]) AS m FROM cat_few) s;
-- two of enough rows each, that differ by those three
SELECT smc_linregr(pay, array[1, (sex = 'F')::int, (sex IN ('F', 'X'))::int]) FROM cat_few;
SELECT smc_linregr(pay, array[1, (sex = 'F')::int, (sex = 'M')::int]) FROM cat_few;
-- conditions on what isn't a category, and values other than 1 and 0
SELECT smc_linregr(pay, array[1, (years = 3)::int]) FROM cat_fit;
SELECT smc_linregr(pay, array[1, (years = 3)::int]) FROM cat_few;
SELECT smc_linregr(pay, array[1, CASE WHEN sex = 'M' THEN years ELSE 0 END]) FROM cat_few;
SELECT smc_linregr(CASE WHEN sex = 'M' THEN 1 ELSE 0 END, array[1, years]) FROM cat_few;
SELECT smc_linregr(pay, array[1, years]) FROM cat_fit WHERE sex = 'M';
SELECT smc_linregr(pay, array[1, sex]) FROM cat_fit;
