--
-- Numbers of different values over all parties' rows: an equal value at two parties
-- counts once.  The rows are put together in one place, acme's, only to prove the
-- answers by plain SQL.
--
\c acme
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TABLE dis (g text, i int, s smallint, l bigint, n numeric, m numeric(10,2), r real, f float8, d date, p timestamp, t timestamptz,
	u uuid, x text, v varchar(20), c char(8), b boolean, e colour, w text, secret int, j int);
CREATE TABLE dis_own (LIKE dis);
INSERT INTO dis_own VALUES
	('a', 5, 1, 5, 1.0, 1.5, 0.25, 0, '2001-01-01', '2001-01-01 10:00', '2001-01-01 10:00+00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Ünal', 'one', 'x', true, 'red', 'p', 1, 1),
	('a', -7, -1, -7, 100, -3.25, -1.5, 'NaN', '2020-02-29', NULL, NULL, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 'unal', 'two', 'y', true, 'red', 'q', 2, 1),
	('b', 100, 32767, 9223372036854775807, 3, 10, 3, 3, 'infinity', '2024-01-01 00:00', '2024-01-01 00:00+02', NULL, '', 'three ', 'x  z', NULL, NULL, 'p', 3, 1),
	(NULL, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1),
	('c', 8, 8, 8, 'NaN', 8, 8, 8, '2008-08-08', '2008-08-08 08:08:08', '2008-08-08 08:08:08+08', NULL, ' ', 'one', '', false, 'green', 'p', 4, 1);
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE FOREIGN TABLE distinct_values (
	g text OPTIONS (allow 'group, filter, count', values '{a,b,c,d}'),
	i int OPTIONS (allow 'distinct, sum, count, filter, percentile'),
	s smallint OPTIONS (allow 'distinct'),
	l bigint OPTIONS (allow 'distinct'),
	n numeric OPTIONS (allow 'distinct'),
	m numeric(10,2) OPTIONS (allow 'distinct, count'),
	r real OPTIONS (allow 'distinct'),
	f float8 OPTIONS (allow 'distinct'),
	d date OPTIONS (allow 'distinct'),
	p timestamp OPTIONS (allow 'distinct'),
	t timestamptz OPTIONS (allow 'distinct'),
	u uuid OPTIONS (allow 'distinct'),
	x text OPTIONS (allow 'distinct, filter'),
	v varchar(20) OPTIONS (allow 'distinct'),
	c char(8) OPTIONS (allow 'distinct'),
	b boolean OPTIONS (allow 'distinct'),
	e colour OPTIONS (allow 'distinct'),
	w text OPTIONS (allow 'distinct, filter', values '{p,q,r}'),
	secret int OPTIONS (allow 'distinct', reveal_to 'acme'),
	j int OPTIONS (allow 'distinct, sum', reveal_to 'none')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'dis_own');
SELECT smc_accept('distinct_values') IS NOT NULL AS accepted;
\c globex
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
IMPORT FOREIGN SCHEMA smc LIMIT TO (distinct_values) FROM SERVER acme INTO public;
CREATE TABLE dis_own (g text, i int, s smallint, l bigint, n numeric, m numeric(10,2), r real, f float8, d date, p timestamp, t timestamptz,
	u uuid, x text, v varchar(20), c char(8), b boolean, e colour, w text, secret int, j int);
INSERT INTO dis_own VALUES
	('a', 5, -32768, 3, 1.000, 2.75, 'Infinity', -0.0, '2001-01-01', '2001-01-01 10:00', '2001-01-01 11:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Ünal', 'one', 'x       ', true, 'blue', 'q', 1, 1),
	('a', 3, 3, 3, 1e2, 2.75, 1, 'NaN', '2001-01-01', '2001-01-01 10:00:00.000001', '2001-01-01 10:00+00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 'UNAL', 'two', 'z', true, 'red', 'q', 1, 1),
	('b', -50, 0, -9223372036854775808, -0.00, -99999999.99, -0.0, 1e300, '-infinity', NULL, NULL, NULL, 'unal', 'three', NULL, true, NULL, 'q', 5, 1);
ALTER FOREIGN TABLE distinct_values OPTIONS (ADD source 'dis_own');
SELECT smc_accept('distinct_values') IS NOT NULL AS accepted;
\c initech
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
IMPORT FOREIGN SCHEMA smc LIMIT TO (distinct_values) FROM SERVER acme INTO public;
-- its columns are of other types, and under other collations
CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE dis_own (g text, i int, s smallint, l int, n numeric(20,5), m int, r real, f real, d date, p timestamp, t timestamptz,
	u uuid, x text COLLATE nocase, v text, c text, b boolean, e colour, w text, secret int, j int);
INSERT INTO dis_own VALUES
	('a', -7, 2, 5, 1, 10, 0, 0.25, '2001-01-01', '2001-01-01 10:00', '2024-01-01 00:00:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a13', 'UNAL', 'one', 'y', true, 'blue', 'q', 9, 1),
	('a', -7, 2, 5, 1, 10, 0, 0.25, '2001-01-01', '2001-01-01 10:00', '2024-01-01 00:00:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a13', 'unal', 'one', 'y', true, 'blue', 'q', 9, 1);
ALTER FOREIGN TABLE distinct_values OPTIONS (ADD source 'dis_own');
SELECT smc_accept('distinct_values') IS NOT NULL AS accepted;

\c acme
SET timezone = 'UTC';
INSERT INTO dis SELECT * FROM dis_own;
INSERT INTO dis VALUES
	('a', 5, -32768, 3, 1.000, 2.75, 'Infinity', -0.0, '2001-01-01', '2001-01-01 10:00', '2001-01-01 11:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Ünal', 'one', 'x       ', true, 'blue', 'q', 1, 1),
	('a', 3, 3, 3, 1e2, 2.75, 1, 'NaN', '2001-01-01', '2001-01-01 10:00:00.000001', '2001-01-01 10:00+00', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 'UNAL', 'two', 'z', true, 'red', 'q', 1, 1),
	('b', -50, 0, -9223372036854775808, -0.00, -99999999.99, -0.0, 1e300, '-infinity', NULL, NULL, NULL, 'unal', 'three', NULL, true, NULL, 'q', 5, 1),
	('a', -7, 2, 5, 1, 10, 0, 0.25, '2001-01-01', '2001-01-01 10:00', '2024-01-01 00:00:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a13', 'UNAL', 'one', 'y', true, 'blue', 'q', 9, 1),
	('a', -7, 2, 5, 1, 10, 0, 0.25, '2001-01-01', '2001-01-01 10:00', '2024-01-01 00:00:00+01', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a13', 'unal', 'one', 'y', true, 'blue', 'q', 9, 1);

-- values of all kinds, under both names
SELECT smc_count_distinct(i) AS i, smc_count_distinct(s) AS s, smc_count_distinct(l) AS l, smc_count_distinct(n) AS n, smc_count_distinct(m) AS m,
	smc_count_distinct(r) AS r, smc_count_distinct(f) AS f, smc_count_distinct(d) AS d, smc_count_distinct(p) AS p, smc_count_distinct(t) AS t FROM distinct_values;
SELECT count(DISTINCT i) AS i, count(DISTINCT s) AS s, count(DISTINCT l) AS l, count(DISTINCT n) AS n, count(DISTINCT m) AS m,
	count(DISTINCT r) AS r, count(DISTINCT f) AS f, count(DISTINCT d) AS d, count(DISTINCT p) AS p, count(DISTINCT t) AS t FROM dis;
SELECT count(DISTINCT u) AS u, count(DISTINCT x) AS x, count(DISTINCT v) AS v, count(DISTINCT c) AS c, count(DISTINCT b) AS b, count(DISTINCT e) AS e,
	smc_count(DISTINCT w) AS w FROM distinct_values;
SELECT count(DISTINCT u) AS u, count(DISTINCT x) AS x, count(DISTINCT v) AS v, count(DISTINCT c) AS c, count(DISTINCT b) AS b, count(DISTINCT e) AS e,
	count(DISTINCT w) AS w FROM dis;

-- with conditions, in groups, beside other figures
SELECT count(DISTINCT i) AS i, count(DISTINCT i) FILTER (WHERE g = 'a') AS a, count(DISTINCT w) FILTER (WHERE g = 'b') AS b, count(i), sum(i) FROM distinct_values WHERE i <> 3;
SELECT count(DISTINCT i) AS i, count(DISTINCT i) FILTER (WHERE g = 'a') AS a, count(DISTINCT w) FILTER (WHERE g = 'b') AS b, count(i), sum(i) FROM dis WHERE i <> 3;
SELECT g, count(DISTINCT i) AS i, count(DISTINCT x) AS x, count(DISTINCT w) AS w, percentile_disc(0.5) WITHIN GROUP (ORDER BY i) AS median FROM distinct_values GROUP BY g ORDER BY g;
SELECT g, count(DISTINCT i) AS i, count(DISTINCT x) AS x, count(DISTINCT w) AS w, percentile_disc(0.5) WITHIN GROUP (ORDER BY i) AS median FROM dis GROUP BY g ORDER BY g;
SELECT g, count(DISTINCT i) AS i FROM distinct_values WHERE x = 'nobody' GROUP BY g;
SELECT count(DISTINCT i) AS i, count(DISTINCT w) AS w FROM distinct_values WHERE x = 'nobody';
PREPARE different (text) AS SELECT count(DISTINCT i) FROM distinct_values WHERE g = $1;
EXECUTE different('a');
EXECUTE different('b');

-- computed before it is told
SELECT count(DISTINCT i) > 5 AS more, count(DISTINCT w) = 2 AS two, count(DISTINCT i)::numeric / count(i) AS share FROM distinct_values;
SELECT count(DISTINCT i) > 5 AS more, count(DISTINCT w) = 2 AS two, count(DISTINCT i)::numeric / count(i) AS share FROM dis;
SELECT g, sum(i) FROM distinct_values GROUP BY g HAVING count(DISTINCT i) > 2;
SELECT g, count(DISTINCT i) FROM distinct_values GROUP BY g HAVING count(*) > 1 ORDER BY g;
SELECT g, count(DISTINCT secret) FROM distinct_values GROUP BY g HAVING count(*) > 1 ORDER BY g;
SELECT count(DISTINCT secret) FROM distinct_values;
SELECT smc_keep(count(DISTINCT j), 'different') FROM distinct_values;
SELECT smc_reveal(smc_secret('distinct_values', 'different') > 0);
SELECT smc_drop_secret('distinct_values', 'different');
\c initech
SELECT smc_drop_secret('distinct_values', 'different');
\c globex
SELECT smc_drop_secret('distinct_values', 'different');
SELECT count(DISTINCT secret) FROM distinct_values;
SELECT count(DISTINCT x) FROM distinct_values;


-- what is revealed, and how
\c acme
\! sleep 0.3
SELECT query, figures FROM smc_results WHERE study = 'distinct_values' ORDER BY at;
EXPLAIN (VERBOSE, COSTS OFF) SELECT count(DISTINCT i) FROM distinct_values WHERE g = 'a';
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, count(DISTINCT w) FROM distinct_values GROUP BY g;
EXPLAIN (COSTS OFF) SELECT count(DISTINCT i) > 1000 FROM distinct_values;
EXPLAIN (COSTS OFF) SELECT g, count(DISTINCT secret) FROM distinct_values GROUP BY g;
EXPLAIN (COSTS OFF) SELECT count(DISTINCT x) < 9 AND count(DISTINCT w) < 9 FROM distinct_values;

-- refused
SELECT count(DISTINCT g) FROM distinct_values;
SELECT count(DISTINCT i % 10) FROM distinct_values;
SELECT count(DISTINCT lower(x)) FROM distinct_values;
SELECT count(DISTINCT 1) FROM distinct_values;
SELECT sum(DISTINCT i) FROM distinct_values;
SELECT count(DISTINCT j) FROM distinct_values;
SELECT smc_count_distinct(i) FROM dis;
CREATE FOREIGN TABLE distinct_odd (x text OPTIONS (allow 'distinct') COLLATE nocase, y int[] OPTIONS (allow 'distinct'), z int OPTIONS (allow 'distinct', lo '0', hi '9'))
	SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all');
SELECT count(DISTINCT x) FROM distinct_odd;
SELECT count(DISTINCT y) FROM distinct_odd;
ALTER FOREIGN TABLE distinct_odd OPTIONS (ADD epsilon '1');
SELECT count(DISTINCT z) FROM distinct_odd;
DROP FOREIGN TABLE distinct_odd;

-- a value that isn't declared
INSERT INTO dis_own (g, w) VALUES ('a', 'undeclared');
SELECT count(DISTINCT w) FROM distinct_values;
SELECT count(DISTINCT i) FROM distinct_values;
DELETE FROM dis_own WHERE w = 'undeclared';

-- too few rows, and rows near to those of an earlier question: what is withheld is
-- not counted either; more values than one stage has
CREATE TABLE many (g text, x text, k int);
INSERT INTO many SELECT CASE WHEN n <= 500 THEN 'a' WHEN n <= 510 THEN 'b' ELSE 'c' END, 'acme ' || n % 400, n FROM generate_series(1, 512) n;
INSERT INTO many SELECT 'a', 'all ' || n, NULL FROM generate_series(1, 300) n;
CREATE FOREIGN TABLE distinct_many (
	g text OPTIONS (allow 'group, filter', values '{a,b,c,d}'),
	x text OPTIONS (allow 'distinct, count'),
	k int OPTIONS (allow 'distinct, filter')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', min_rows '5', source 'many');
SELECT smc_accept('distinct_many') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (distinct_many) FROM SERVER acme INTO public;
CREATE TABLE many (g text, x text, k int);
INSERT INTO many SELECT 'a', 'all ' || n, n FROM generate_series(1, 350) n;
ALTER FOREIGN TABLE distinct_many OPTIONS (ADD source 'many');
SELECT smc_accept('distinct_many') IS NOT NULL AS accepted;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (distinct_many) FROM SERVER acme INTO public;
CREATE TABLE many (g text, x text, k int);
INSERT INTO many VALUES ('b', 'acme 101', 1), ('b', 'all 1', 2), ('c', 'acme 1', 3);
ALTER FOREIGN TABLE distinct_many OPTIONS (ADD source 'many');
SELECT smc_accept('distinct_many') IS NOT NULL AS accepted;
\c acme
-- 400 of acme's, 350 of globex'
SELECT count(DISTINCT x), count(DISTINCT x) > 700 AS more, count(DISTINCT x) > 750 AS most FROM distinct_many;
SELECT g, count(DISTINCT x), count(DISTINCT k) FROM distinct_many GROUP BY g ORDER BY g;
SELECT g, count(DISTINCT x) > 10 AS more FROM distinct_many GROUP BY g ORDER BY g;
SELECT count(DISTINCT x) FROM distinct_many WHERE k <> 5;
SELECT count(DISTINCT x) > 3 FROM distinct_many WHERE k <> 6;
SELECT count(DISTINCT k) FILTER (WHERE g = 'c') FROM distinct_many;
\c globex
SELECT query, rows IS NOT NULL AS rows, reveals FROM smc_audit WHERE study = 'distinct_many' ORDER BY started_at DESC LIMIT 1;
