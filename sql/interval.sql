--
-- Sums of intervals: months, days and time each by themselves.  All rows are put
-- together in one place, acme's, only to prove the answers by plain SQL.
--
\set settle 'DO $$ BEGIN FOR i IN 1..100 LOOP EXIT WHEN NOT EXISTS (SELECT FROM smc_audit WHERE status = \'running\'); PERFORM pg_sleep(0.05); END LOOP; END $$;'
\c acme
CREATE TABLE span_rows (g text, w interval, v interval, n int);
CREATE TABLE span_own (LIKE span_rows);
INSERT INTO span_own VALUES
	('a', '1 year 2 mons -3 days 04:05:06.789', '30 days', 1), ('a', '-1 mon 40 days -25:00:00.000001', '1 mon', 2),
	('b', '1 mon', NULL, 3), ('b', '100 years', NULL, 4), (NULL, '00:00:00.000001', '1 day', 5);
CREATE FOREIGN TABLE spans (
	g text OPTIONS (allow 'group, filter', values '{a,b,c}'),
	w interval OPTIONS (allow 'sum, count') NOT NULL,
	v interval OPTIONS (allow 'sum, count, filter'),
	n int OPTIONS (allow 'sum, count, filter')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'span_own');
SELECT smc_accept('spans') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (spans) FROM SERVER acme INTO public;
CREATE TABLE span_own (g text, w interval, v interval, n int);
INSERT INTO span_own VALUES ('a', '-2147483000 mons -2147483000 days', '-5 days 06:07', 6), ('b', '36:00', NULL, 7);
ALTER FOREIGN TABLE spans OPTIONS (ADD source 'span_own');
SELECT smc_accept('spans') IS NOT NULL AS accepted;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (spans) FROM SERVER acme INTO public;
CREATE TABLE span_own (g text, w interval, v interval, n int);
INSERT INTO span_own VALUES ('a', '-600 mons 2562047000:00:00', '2 mons -1 day 00:00:01', 8);
ALTER FOREIGN TABLE spans OPTIONS (ADD source 'span_own');
SELECT smc_accept('spans') IS NOT NULL AS accepted;

\c acme
INSERT INTO span_rows SELECT * FROM span_own;
INSERT INTO span_rows VALUES ('a', '-2147483000 mons -2147483000 days', '-5 days 06:07', 6), ('b', '36:00', NULL, 7),
	('a', '-600 mons 2562047000:00:00', '2 mons -1 day 00:00:01', 8);
SELECT smc_sum(w) AS w, sum(v) AS v, count(v), smc_sum(w) FILTER (WHERE n > 3) AS some, sum(w) FILTER (WHERE n > 100) AS none FROM spans;
SELECT sum(w) AS w, sum(v) AS v, count(v), sum(w) FILTER (WHERE n > 3) AS some, sum(w) FILTER (WHERE n > 100) AS none FROM span_rows;
SELECT g, sum(w) AS w, sum(v) AS v, sum(n) FROM spans GROUP BY g ORDER BY g;
SELECT g, sum(w) AS w, sum(v) AS v, sum(n) FROM span_rows GROUP BY g ORDER BY g;
SELECT g, sum(v) AS v FROM spans WHERE v IS NOT NULL GROUP BY g HAVING sum(n) > 5 ORDER BY g;
SELECT g, sum(v) AS v FROM span_rows WHERE v IS NOT NULL GROUP BY g HAVING sum(n) > 5 ORDER BY g;
SELECT g, sum(v) AS v FROM spans GROUP BY g HAVING sum(n) > 3 ORDER BY g;
-- what is made of one comes after it
SELECT sum(v) / count(v) AS average, sum(v) > interval '1 month' AS long, justify_interval(sum(v)) AS justified, pg_typeof(smc_sum(v)) FROM spans;
SELECT sum(v) / count(v) AS average, sum(v) > interval '1 month' AS long, justify_interval(sum(v)) AS justified, pg_typeof(sum(v)) FROM span_rows;
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, sum(w), smc_sum(v) FROM spans GROUP BY g;
SELECT smc_sum(v) FROM spans WHERE n < 7;
\c globex
:settle
\! sleep 0.3
SELECT figures FROM smc_results WHERE study = 'spans' ORDER BY at DESC LIMIT 1;

\c acme
-- refused
SELECT avg(v) FROM spans;
SELECT min(v) FROM spans;
SELECT smc_avg(v) FROM spans;
SELECT sum(v * 2) FROM spans;
SELECT sum(CASE WHEN n > 3 THEN v END) FROM spans;
SELECT smc_keep(sum(v), 'spans') FROM spans;
SELECT smc_sum(w) FROM span_own;
CREATE FOREIGN TABLE spanless (w interval OPTIONS (allow 'avg')) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all');
SELECT count(w) FROM spanless;
DROP FOREIGN TABLE spanless;
ALTER FOREIGN TABLE spans OPTIONS (ADD epsilon '1');
SELECT sum(v) FROM spans;
ALTER FOREIGN TABLE spans OPTIONS (DROP epsilon);
-- out of range: of all parties together, of one
INSERT INTO span_own VALUES ('c', '-2000 mons', NULL, 9);
SELECT sum(w) FROM spans WHERE n > 5;
SELECT sum(w) FROM span_rows WHERE n = 6 OR n = 8;
INSERT INTO span_own VALUES ('c', '-2147483000 mons', NULL, 10);
SELECT sum(w) FROM spans WHERE n > 8;
DELETE FROM span_own WHERE g = 'c';

-- min_rows
ALTER FOREIGN TABLE spans OPTIONS (ADD min_rows '3');
SELECT smc_accept('spans') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE spans OPTIONS (ADD min_rows '3');
SELECT smc_accept('spans') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE spans OPTIONS (ADD min_rows '3');
SELECT smc_accept('spans') IS NOT NULL AS accepted;
\c acme
SELECT g, sum(v) FROM spans GROUP BY g ORDER BY g;
SELECT g, sum(v), count(*) FROM spans GROUP BY g HAVING sum(n) > 10 ORDER BY g;
SELECT sum(v) FROM spans WHERE n <> 5;
DROP FOREIGN TABLE spans;
