--
-- Contests: who is larger, the largest and the smallest, over all parties'
-- rows.  Each party's rows exist in one place here only to prove the answers.
--
\c acme
-- nobody but the parties of the study payroll takes part
CREATE TABLE contest_own (g text, i int, n numeric(10,2), f float8, d date, t timestamptz);
INSERT INTO contest_own VALUES ('a', 5, 1.50, 0.25, '2001-01-01', '2001-01-01 10:00+00'), ('a', -7, -3.25, -1e300, '2020-02-29', NULL),
	('b', 100, 10, 3, '1999-12-31', '2024-01-01 00:00+02'), (NULL, 2, NULL, NULL, NULL, NULL);
CREATE FOREIGN TABLE contest (
	g text OPTIONS (allow 'group, filter', values '{a,b,c}'),
	i int OPTIONS (allow 'sum, count, min, max, compare, filter'),
	n numeric(10,2) OPTIONS (allow 'min, max, compare'),
	f float8 OPTIONS (allow 'min, max, compare'),
	d date OPTIONS (allow 'min, max'),
	t timestamptz OPTIONS (allow 'min, max')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'contest_own');
SELECT smc_accept('contest') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (contest) FROM SERVER acme INTO public;
CREATE TABLE contest_own (g text, i int, n numeric(10,2), f float8, d date, t timestamptz);
INSERT INTO contest_own VALUES ('a', 3, 2.75, 'Infinity', 'infinity', '2001-01-01 09:59:59.999999+00'), ('b', -50, -99999999.99, -0.0, '2000-01-01', NULL);
ALTER FOREIGN TABLE contest OPTIONS (ADD source 'contest_own');
SELECT smc_accept('contest') IS NOT NULL AS accepted;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (contest) FROM SERVER acme INTO public;
CREATE TABLE contest_own (g text, i int, n numeric(10,2), f float8, d date, t timestamptz);
INSERT INTO contest_own VALUES ('a', -2, 0.01, 7, '2001-01-01', '2024-01-01 00:00:00+01');
ALTER FOREIGN TABLE contest OPTIONS (ADD source 'contest_own');
SELECT smc_accept('contest') IS NOT NULL AS accepted;

\c acme
SET timezone = 'UTC';
SET datestyle = 'ISO';
-- the millionaires' problem: acme has 100, globex -47, initech -2
SELECT smc_compare(i, 'acme', 'globex') AS acme_globex, smc_compare(i, 'globex', 'initech') AS globex_initech,
	smc_compare(i, 'initech', 'globex') AS initech_globex FROM contest;
SELECT smc_compare(i, 'acme', 'globex') > 0 AS acme_is_richer FROM contest WHERE g = 'b';
-- equal sums
SELECT smc_compare(i, 'acme', 'initech') FROM contest WHERE g = 'a';
SELECT smc_compare(n, 'acme', 'initech') AS n, smc_compare(f, 'initech', 'acme') AS f FROM contest WHERE i > -5 AND i <> 3;
-- whose sum is largest, smallest; ties go to the first
SELECT smc_argmax(i), smc_argmin(i), smc_argmax(n) AS argmax_n, smc_argmin(n) AS argmin_n FROM contest;
SELECT smc_argmax(i), smc_argmin(i) FROM contest WHERE g = 'a';
-- who has no rows doesn't take part
SELECT smc_argmax(i), smc_argmin(i) FROM contest WHERE i = -50;
SELECT smc_argmax(i) IS NULL AS nobody, smc_min(i) IS NULL AS none FROM contest WHERE i = 12345;
-- the value, not whose it is
SELECT smc_min(i), smc_max(i), smc_min(n) AS min_n, smc_max(n) AS max_n FROM contest;
SELECT smc_min(f), smc_max(f), smc_min(d), smc_max(d), smc_min(t), smc_max(t) FROM contest;
SELECT min(i), max(n), min(d), pg_typeof(max(i)), pg_typeof(min(t)) FROM contest;
SELECT g, smc_min(i), smc_max(n), smc_argmax(i), smc_compare(i, 'acme', 'globex') FROM contest GROUP BY g ORDER BY g;
SELECT smc_max(i) FILTER (WHERE g = 'a') - smc_min(i) FILTER (WHERE g = 'b') AS span, smc_max(i * 2 + 1) FROM contest;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_compare(i, 'acme', 'globex'), smc_max(n) FROM contest WHERE g = 'a';
-- the others find what was revealed to them
\c globex
\! sleep 0.3
SELECT figures FROM smc_results WHERE study = 'contest' ORDER BY at LIMIT 3;
\c acme
-- refused
SELECT smc_compare(i, 'acme', 'nobody') FROM contest;
SELECT smc_compare(i, 'acme', 'acme') FROM contest;
SELECT smc_compare(i, g, 'acme') FROM contest;
SELECT smc_compare(g::int, 'acme', 'globex') FROM contest;
SELECT smc_min(g::int) FROM contest;
SELECT max(g) FROM contest;
SELECT smc_argmax(i) FROM contest_own;
SELECT smc_compare(i, 'acme', 'globex') FROM contest_own;

-- min_rows: one bit a group, and how many have too few
ALTER FOREIGN TABLE contest OPTIONS (ADD min_rows '3');
SELECT smc_accept('contest') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE contest OPTIONS (ADD min_rows '3');
SELECT smc_accept('contest') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE contest OPTIONS (ADD min_rows '3');
SELECT smc_accept('contest') IS NOT NULL AS accepted;
\c acme
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, smc_sum(i), smc_max(i) FROM contest GROUP BY g;
SELECT g, smc_sum(i), smc_max(i), smc_argmin(i) FROM contest GROUP BY g ORDER BY g;
SELECT smc_sum(i), smc_count(i) FILTER (WHERE g = 'b') AS of_b, smc_min(i) FILTER (WHERE i < 0) AS negative FROM contest;
SELECT smc_max(i) FROM contest WHERE g = 'b';
SELECT smc_max(i) FROM contest WHERE i = 12345;

DROP FOREIGN TABLE contest;
DROP TABLE contest_own;
\c globex
DROP FOREIGN TABLE contest;
DROP TABLE contest_own;
\c initech
DROP FOREIGN TABLE contest;
DROP TABLE contest_own;
