--
-- Linear regression over a study, as MADlib's linregr_train has it.
--
\c acme
CREATE SCHEMA linregr;
SET search_path = linregr, public;
SET client_min_messages = warning;
CREATE TABLE own (g text, i int NOT NULL, j int, n numeric(10,2) NOT NULL, m numeric(12,4) NOT NULL, f float8 NOT NULL, sex text NOT NULL, y numeric(12,3));
INSERT INTO own SELECT (ARRAY['a','b','c'])[1 + k % 3], k % 17, NULLIF((k * 37) % 23, 0), (k * 7919 % 1000) / 10.0, (k * 104729 % 10007) / 100.0,
	(k * 31 % 97) / 8.0, CASE WHEN k % 2 = 0 THEN 'Female' ELSE 'Male' END,
	NULLIF(3 * (k % 17) - (k * 7919 % 1000) / 20.0 + (k * 65537 % 1013) / 100.0, 1) FROM generate_series(1, 60) k;
CREATE FOREIGN TABLE lr (
	g text OPTIONS (allow 'group, filter', values '{a,b,c,d}'),
	i int OPTIONS (allow 'linregr, regr, filter, count') NOT NULL,
	j int OPTIONS (allow 'linregr, regr'),
	n numeric(10,2) OPTIONS (allow 'linregr, regr, filter') NOT NULL,
	m numeric(12,4) OPTIONS (allow 'linregr, sum') NOT NULL,
	f float8 OPTIONS (allow 'linregr', scale '6') NOT NULL,
	sex text OPTIONS (allow 'filter') NOT NULL,
	y numeric(12,3) OPTIONS (allow 'linregr, regr')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'own');
SELECT smc_accept('lr') IS NOT NULL AS accepted;
CREATE TABLE everyone (LIKE own);
INSERT INTO everyone SELECT * FROM own;
INSERT INTO everyone SELECT (ARRAY['a','b','c'])[1 + k % 3], k % 17, NULLIF((k * 37) % 23, 0), (k * 7919 % 1000) / 10.0, (k * 104729 % 10007) / 100.0,
	(k * 31 % 97) / 8.0, CASE WHEN k % 2 = 0 THEN 'Female' ELSE 'Male' END,
	NULLIF(3 * (k % 17) - (k * 7919 % 1000) / 20.0 + (k * 65537 % 1013) / 100.0, 1) FROM generate_series(61, 100) k;
\c globex
CREATE SCHEMA linregr;
SET search_path = linregr, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (lr) FROM SERVER acme INTO linregr;
CREATE TABLE own (g text, i int NOT NULL, j int, n numeric(10,2) NOT NULL, m numeric(12,4) NOT NULL, f float8 NOT NULL, sex text NOT NULL, y numeric(12,3));
INSERT INTO own SELECT (ARRAY['a','b','c'])[1 + k % 3], k % 17, NULLIF((k * 37) % 23, 0), (k * 7919 % 1000) / 10.0, (k * 104729 % 10007) / 100.0,
	(k * 31 % 97) / 8.0, CASE WHEN k % 2 = 0 THEN 'Female' ELSE 'Male' END,
	NULLIF(3 * (k % 17) - (k * 7919 % 1000) / 20.0 + (k * 65537 % 1013) / 100.0, 1) FROM generate_series(61, 90) k;
ALTER FOREIGN TABLE lr OPTIONS (ADD source 'own');
SELECT smc_accept('lr') IS NOT NULL AS accepted;
\c initech
CREATE SCHEMA linregr;
SET search_path = linregr, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (lr) FROM SERVER acme INTO linregr;
CREATE TABLE own (g text, i int NOT NULL, j int, n numeric(10,2) NOT NULL, m numeric(12,4) NOT NULL, f float8 NOT NULL, sex text NOT NULL, y numeric(12,3));
INSERT INTO own SELECT (ARRAY['a','b','c'])[1 + k % 3], k % 17, NULLIF((k * 37) % 23, 0), (k * 7919 % 1000) / 10.0, (k * 104729 % 10007) / 100.0,
	(k * 31 % 97) / 8.0, CASE WHEN k % 2 = 0 THEN 'Female' ELSE 'Male' END,
	NULLIF(3 * (k % 17) - (k * 7919 % 1000) / 20.0 + (k * 65537 % 1013) / 100.0, 1) FROM generate_series(91, 100) k;
ALTER FOREIGN TABLE lr OPTIONS (ADD source 'own');
SELECT smc_accept('lr') IS NOT NULL AS accepted;

\c acme
SET search_path = linregr, public;
\pset null NULL
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_linregr(y, array[1, n]) FROM lr;
SELECT (smc_linregr(y, array[1, n])).* FROM lr;
SELECT regr_intercept(y, n), regr_slope(y, n), regr_r2(y, n), regr_count(y, n) FROM everyone;
