--
-- Expressions over aggregates, computed on shares: the answer of plain SQL over
-- the union of all parties' rows, and nothing opened but the answer.
--
\c acme
CREATE SCHEMA formula;
SET search_path = formula, public;
SET client_min_messages = warning;
CREATE TABLE own (g text, i int, j bigint, n numeric(12,2), f float8, d date);
INSERT INTO own VALUES ('a', 5, 7, 1.50, 0.25, '2001-01-01'), ('a', -7, 100, -3.25, 1.5, '2020-02-29'),
	('b', 100, 3, 10, 3, '1999-12-31'), (NULL, 2, NULL, NULL, NULL, NULL);
CREATE FOREIGN TABLE expr (
	g text OPTIONS (allow 'group, filter, count', values '{a,b,c}'),
	i int OPTIONS (allow 'sum, avg, count, min, max, compare, filter'),
	j bigint OPTIONS (allow 'sum, avg, count, min, max'),
	n numeric(12,2) OPTIONS (allow 'sum, avg, count, min, max'),
	f float8 OPTIONS (allow 'sum, avg, count, min, max', scale '6'),
	d date OPTIONS (allow 'min, max, count')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'own');
SELECT smc_accept('expr') IS NOT NULL AS accepted;
CREATE TABLE everyone (g text, i int, j bigint, n numeric(12,2), f float8, d date);
INSERT INTO everyone SELECT * FROM own;
INSERT INTO everyone VALUES ('a', 3, 9, 2.75, 8, '2010-10-10'), ('b', -50, 1, -99999999.99, -2.5, '2000-01-01'), ('a', -2, 4, 0.01, 7, '2001-01-01');
\c globex
CREATE SCHEMA formula;
SET search_path = formula, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (expr) FROM SERVER acme INTO formula;
CREATE TABLE own (g text, i int, j bigint, n numeric(12,2), f float8, d date);
INSERT INTO own VALUES ('a', 3, 9, 2.75, 8, '2010-10-10'), ('b', -50, 1, -99999999.99, -2.5, '2000-01-01');
ALTER FOREIGN TABLE expr OPTIONS (ADD source 'own');
SELECT smc_accept('expr') IS NOT NULL AS accepted;
\c initech
CREATE SCHEMA formula;
SET search_path = formula, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (expr) FROM SERVER acme INTO formula;
CREATE TABLE own (g text, i int, j bigint, n numeric(12,2), f float8, d date);
INSERT INTO own VALUES ('a', -2, 4, 0.01, 7, '2001-01-01');
ALTER FOREIGN TABLE expr OPTIONS (ADD source 'own');
SELECT smc_accept('expr') IS NOT NULL AS accepted;

\c acme
SET search_path = formula, public;
SET datestyle = 'ISO';
-- averages: neither the sum nor the count is opened
EXPLAIN (COSTS OFF) SELECT smc_avg(n) FROM expr;
SELECT smc_avg(i), smc_avg(j), smc_avg(n), smc_avg(f) FROM expr;
SELECT avg(i), avg(j), avg(n), avg(f) FROM everyone;
SELECT g, smc_avg(i), smc_avg(n), smc_avg(f) FROM expr GROUP BY g ORDER BY g;
SELECT g, avg(i), avg(n), avg(f) FROM everyone GROUP BY g ORDER BY g;
SELECT smc_avg(i) FILTER (WHERE i > 1000), avg(i) FILTER (WHERE i = 2), avg(i * 10000) FILTER (WHERE i = 3), avg(i - i), avg(0.001) FROM expr;
SELECT avg(i) FILTER (WHERE i > 1000), avg(i) FILTER (WHERE i = 2), avg(i * 10000) FILTER (WHERE i = 3), avg(i - i), avg(0.001) FROM everyone;
SELECT round(smc_avg(n), 2), round(avg(i), 0), trunc(avg(n), 1), ceil(avg(i)), floor(avg(n)), round(avg(n), -3), avg(i)::int, sign(avg(n)) FROM expr;
SELECT round(avg(n), 2), round(avg(i), 0), trunc(avg(n), 1), ceil(avg(i)), floor(avg(n)), round(avg(n), -3), avg(i)::int, sign(avg(n)) FROM everyone;
-- an average that follows from what is asked beside it is left to arithmetic
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_avg(n), smc_sum(n), smc_count(n) FROM expr;

-- one bit
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_sum(i) > smc_sum(j) FROM expr;
SELECT smc_sum(i) > smc_sum(j) AS gt, sum(i) < sum(j) AS lt, sum(i) = 51 AS eq, sum(i) <> 51 AS ne, sum(i) >= 52 AS ge, sum(i) <= 51 AS le,
	sum(n) > sum(i) AS mixed, sum(f) > 0.5 AS float, avg(i) > avg(j) AS averages, avg(i) = sum(i) / count(i)::numeric AS exact FROM expr;
SELECT sum(i) > sum(j) AS gt, sum(i) < sum(j) AS lt, sum(i) = 51 AS eq, sum(i) <> 51 AS ne, sum(i) >= 52 AS ge, sum(i) <= 51 AS le,
	sum(n) > sum(i) AS mixed, sum(f) > 0.5 AS float, avg(i) > avg(j) AS averages, avg(i) = sum(i) / count(i)::numeric AS exact FROM everyone;
-- three values of logic
SELECT sum(i) > 0 AND sum(j) < 0 AS f, sum(i) > 0 OR NULL AS t, sum(i) < 0 OR NULL AS n, NOT (sum(i) > 0) AS f2,
	sum(i) FILTER (WHERE i > 1000) > 0 AS n2, (sum(i) FILTER (WHERE i > 1000) > 0) IS NULL AS t2,
	(sum(i) FILTER (WHERE i > 1000) > 0) IS NOT TRUE AS t3, sum(i) FILTER (WHERE i > 1000) IS DISTINCT FROM sum(i) AS t4,
	sum(i) IN (1, 51, NULL) AS t5, sum(i) IN (1, NULL) AS n3, sum(i) NOT IN (1, 2) AS t6, sum(i) BETWEEN 50 AND 52 AS t7 FROM expr;
SELECT sum(i) > 0 AND sum(j) < 0 AS f, sum(i) > 0 OR NULL AS t, sum(i) < 0 OR NULL AS n, NOT (sum(i) > 0) AS f2,
	sum(i) FILTER (WHERE i > 1000) > 0 AS n2, (sum(i) FILTER (WHERE i > 1000) > 0) IS NULL AS t2,
	(sum(i) FILTER (WHERE i > 1000) > 0) IS NOT TRUE AS t3, sum(i) FILTER (WHERE i > 1000) IS DISTINCT FROM sum(i) AS t4,
	sum(i) IN (1, 51, NULL) AS t5, sum(i) IN (1, NULL) AS n3, sum(i) NOT IN (1, 2) AS t6, sum(i) BETWEEN 50 AND 52 AS t7 FROM everyone;

-- arithmetic
SELECT sum(i) + sum(j) AS add, sum(i) - sum(n) AS sub, sum(i) * sum(j) AS mul, -sum(n) AS neg, abs(sum(n)) AS abs,
	10 / count(n)::numeric AS ten, -2.5 / count(n) AS small, sum(j) / count(*) AS div, sum(j) % 7 AS mod, sum(i) / 2 AS half, (-sum(i)) / 2 AS minus_half, sum(n) * 1.5 AS times,
	max(i) - min(i) AS span, max(d) - min(d) AS days FROM expr;
SELECT sum(i) + sum(j) AS add, sum(i) - sum(n) AS sub, sum(i) * sum(j) AS mul, -sum(n) AS neg, abs(sum(n)) AS abs,
	10 / count(n)::numeric AS ten, -2.5 / count(n) AS small, sum(j) / count(*) AS div, sum(j) % 7 AS mod, sum(i) / 2 AS half, (-sum(i)) / 2 AS minus_half, sum(n) * 1.5 AS times,
	max(i) - min(i) AS span, max(d) - min(d) AS days FROM everyone;
SELECT sum(i) / sum(j)::numeric AS ratio, 100.0 * count(*) FILTER (WHERE g = 'a') / count(*) AS percent, sum(n) / sum(f)::numeric(20,6) AS q,
	round(100.0 * sum(i) / sum(j), 1) AS rounded, sum(i)::float8 / count(*) AS float, sum(f) / count(f) AS mean, sum(n) / 1e6 AS millions FROM expr;
SELECT sum(i) / sum(j)::numeric AS ratio, 100.0 * count(*) FILTER (WHERE g = 'a') / count(*) AS percent, sum(n) / sum(f)::numeric(20,6) AS q,
	round(100.0 * sum(i) / sum(j), 1) AS rounded, sum(i)::float8 / count(*) AS float, sum(f) / count(f) AS mean, sum(n) / 1e6 AS millions FROM everyone;

-- choices
SELECT CASE WHEN sum(i) > 1000 THEN sum(i) WHEN sum(j) > 100 THEN sum(j) + 1 ELSE 0 END AS chosen,
	CASE WHEN sum(i) > 1000 THEN 1 END AS nothing, CASE WHEN avg(i) > 3 THEN avg(n) ELSE avg(f) END AS one_of,
	coalesce(sum(i) FILTER (WHERE i > 1000), -1) AS instead, coalesce(sum(i), 7) AS there, nullif(sum(i), 51) AS gone, nullif(sum(i), 50) AS kept,
	greatest(sum(i), sum(j), NULL) AS greatest, least(avg(i), 10.5) AS least, CASE sum(i) WHEN 51 THEN 'x' ELSE 'y' END AS text FROM expr;
SELECT CASE WHEN sum(i) > 1000 THEN sum(i) WHEN sum(j) > 100 THEN sum(j) + 1 ELSE 0 END AS chosen,
	CASE WHEN sum(i) > 1000 THEN 1 END AS nothing, CASE WHEN avg(i) > 3 THEN avg(n) ELSE avg(f::numeric) END AS one_of,
	coalesce(sum(i) FILTER (WHERE i > 1000), -1) AS instead, coalesce(sum(i), 7) AS there, nullif(sum(i), 51) AS gone, nullif(sum(i), 50) AS kept,
	greatest(sum(i), sum(j), NULL) AS greatest, least(avg(i), 10.5) AS least, CASE sum(i) WHEN 51 THEN 'x' ELSE 'y' END AS text FROM everyone;

-- HAVING decides on shares which groups are told of
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, smc_sum(i) FROM expr GROUP BY g HAVING smc_count(*) >= 2;
SELECT g, smc_sum(i) FROM expr GROUP BY g HAVING smc_count(*) >= 2 ORDER BY g;
SELECT g, sum(i) FROM everyone GROUP BY g HAVING count(*) >= 2 ORDER BY g;
SELECT g, count(*), avg(n), max(i), min(f), max(d), smc_argmax(i), smc_compare(i, 'acme', 'globex') FROM expr GROUP BY g HAVING sum(i) > 0 ORDER BY g;
SELECT g, count(*), avg(n), max(i), min(f), max(d) FROM everyone GROUP BY g HAVING sum(i) > 0 ORDER BY g;
SELECT g FROM expr GROUP BY g HAVING avg(n) < 0 AND g <> 'c';
SELECT sum(i) FROM expr HAVING count(*) > 100;
SELECT sum(i) FROM expr HAVING count(*) = 7;
SELECT g, sum(i) / (count(*) - 2) FROM expr GROUP BY g HAVING count(*) <> 2 ORDER BY g;

-- parties' names: chosen between, and compared with one
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_argmax(i) = 'acme' FROM expr;
SELECT smc_argmax(i) = 'acme' AS acme, smc_argmax(i) IN ('globex', 'initech') AS others, coalesce(smc_argmin(i), 'initech') AS least,
	CASE WHEN count(*) > 3 THEN smc_argmax(i) ELSE smc_argmin(i) END AS chosen, smc_argmax(i) = 'nobody' AS nobody FROM expr;
SELECT g, CASE WHEN count(*) > 2 THEN smc_argmax(i) END FROM expr GROUP BY g ORDER BY g;

-- AND and OR go no further than they must, and a division by a constant can't fail
SELECT count(*) FILTER (WHERE i > 1000) > 0 AND sum(i) / count(*) FILTER (WHERE i > 1000) > 3 AS f,
	count(*) FILTER (WHERE i > 1000) = 0 OR sum(i) / count(*) FILTER (WHERE i > 1000) > 3 AS t FROM expr;
SELECT g FROM expr GROUP BY g HAVING count(n) > 0 AND sum(i) / count(n) > 0 ORDER BY g;
SELECT g FROM everyone GROUP BY g HAVING count(n) > 0 AND sum(i) / count(n) > 0 ORDER BY g;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM expr HAVING sum(i) / 2 > 0;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(*) FROM expr HAVING sum(i) / count(n) > 0;

-- nor is a division computed on shares where PostgreSQL, which does the rest, might not get to it
SELECT g, CASE WHEN count(n) > 0 THEN round(sqrt(abs(sum(i) / count(n)))) END AS guarded FROM expr GROUP BY g ORDER BY g;
SELECT g, CASE WHEN count(n) > 0 THEN round(sqrt(abs(sum(i) / count(n)))) END AS guarded FROM everyone GROUP BY g ORDER BY g;
SELECT g, sum(i) / count(n) AS left FROM expr GROUP BY g HAVING sqrt(count(n)) > 0.5 ORDER BY g;
SELECT g, sum(i) / count(n) AS left FROM everyone GROUP BY g HAVING sqrt(count(n)) > 0.5 ORDER BY g;

-- ends of ranges
SELECT round(sum(n), -2147483648) AS none, round(sum(n), -40) AS none, round(avg(n), -7) AS tens FROM expr;
SELECT sum(n)::numeric(9,1) FROM expr;
SELECT sum(n)::numeric(8,1) FROM expr;

-- errors of the query's own
SELECT sum(i) / (count(*) - 7) FROM expr;
SELECT sum(i) / count(n) FROM expr GROUP BY g;
SELECT CASE WHEN count(n) > 0 THEN sum(i) / count(n) END FROM expr GROUP BY g ORDER BY g;
SELECT sum(i) / nullif(count(n), 0) FROM expr GROUP BY g ORDER BY g;
SELECT (sum(j) * 100000000000000000)::int8 FROM expr;
SELECT sum(i) + 9223372036854775807 FROM expr;

-- what can't be computed on shares is opened, and EXPLAIN says so
EXPLAIN (VERBOSE, COSTS OFF) SELECT sqrt(smc_sum(j)), g || (smc_sum(i) > 0), smc_sum(i)::text FROM expr GROUP BY g;
SELECT round(sqrt(smc_sum(j)), 6), g || (smc_sum(i) > 0), smc_count(j)::text FROM expr GROUP BY g ORDER BY g;
SELECT round(sqrt(sum(j)), 6), g || (sum(i) > 0), count(j)::text FROM everyone GROUP BY g ORDER BY g;

-- parameters and what is around
PREPARE over(numeric) AS SELECT g, avg(n) > $1, sum(i) * $1 FROM expr GROUP BY g HAVING count(*) > $1 ORDER BY g;
EXECUTE over(1.5);
SET plan_cache_mode = force_generic_plan;
EXECUTE over(-1);
EXECUTE over(NULL);
RESET plan_cache_mode;
SELECT g, rank() OVER (ORDER BY avg(n)), sum(i) + count(*) AS s FROM expr GROUP BY g ORDER BY s DESC LIMIT 2;
SELECT * FROM (SELECT g, avg(n) AS a, sum(i) > 0 AS p FROM expr GROUP BY g) q WHERE p AND a > 0;

-- those who didn't ask find it
\c globex
\! sleep 0.3
SELECT query, figures FROM smc_results WHERE study = 'expr' AND query LIKE '%HAVING%' ORDER BY at LIMIT 2;
SELECT reveals FROM smc_audit WHERE study = 'expr' ORDER BY started_at LIMIT 3;

-- with a minimum of rows
\c acme
SET search_path = formula, public;
SET client_min_messages = notice;
ALTER FOREIGN TABLE expr OPTIONS (ADD min_rows '2');
SELECT smc_accept('expr') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE formula.expr OPTIONS (ADD min_rows '2');
SELECT smc_accept('expr') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE formula.expr OPTIONS (ADD min_rows '2');
SELECT smc_accept('expr') IS NOT NULL AS accepted;
\c acme
SET search_path = formula, public;
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, smc_avg(n) FROM expr GROUP BY g HAVING smc_sum(i) > 0;
SELECT g, smc_avg(n), sum(i) > sum(j) FROM expr GROUP BY g ORDER BY g;
SELECT g, smc_avg(n) FROM expr GROUP BY g HAVING smc_sum(i) > 0 ORDER BY g;
SELECT g, smc_avg(n) FILTER (WHERE i = 5), avg(j) / avg(i) FROM expr GROUP BY g ORDER BY g;
SELECT g, sum(i) / count(*) FILTER (WHERE i = 5) FROM expr GROUP BY g ORDER BY g;
SELECT g, avg(j) FROM expr GROUP BY g HAVING sum(n) FILTER (WHERE i = 100) > 0;
