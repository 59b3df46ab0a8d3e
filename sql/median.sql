--
-- Order statistics: medians and percentiles over all parties' rows.  They are put
-- together in one place, acme's, only to prove the answers by plain SQL.
--
\c acme
CREATE TABLE med (g text, i int, s smallint, l bigint, n numeric(10,2), m numeric, r real, f float8, d date, t timestamptz);
CREATE TABLE med_own (LIKE med);
INSERT INTO med_own VALUES
	('a', 5, 1, 5, 1.50, 1.5, 0.25, 0.25, '2001-01-01', '2001-01-01 10:00+00'),
	('a', -7, -1, -7, -3.25, 2.5, -1.5, -1e300, '2020-02-29', NULL),
	('b', 100, 32767, 9223372036854775807, 10, 3, 3, 3, '1999-12-31', '2024-01-01 00:00+02'),
	(NULL, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('c', 8, 8, 8, 8, 8, 8, 8, '2008-08-08', '2008-08-08 08:08:08+08');
CREATE FOREIGN TABLE median (
	g text OPTIONS (allow 'group, filter, count', values '{a,b,c,d}'),
	i int OPTIONS (allow 'percentile, sum, count, filter'),
	s smallint OPTIONS (allow 'percentile'),
	l bigint OPTIONS (allow 'percentile'),
	n numeric(10,2) OPTIONS (allow 'median'),
	m numeric OPTIONS (allow 'percentile', scale '3', lo '0', hi '1000'),
	r real OPTIONS (allow 'percentile'),
	f float8 OPTIONS (allow 'percentile'),
	d date OPTIONS (allow 'percentile'),
	t timestamptz OPTIONS (allow 'percentile')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'med_own');
SELECT smc_accept('median') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (median) FROM SERVER acme INTO public;
CREATE TABLE med_own (g text, i int, s smallint, l bigint, n numeric(10,2), m numeric, r real, f float8, d date, t timestamptz);
INSERT INTO med_own VALUES
	('a', 3, -32768, 3, 2.75, 3.5, 'Infinity', 'Infinity', 'infinity', '2001-01-01 09:59:59.999999+00'),
	('a', 3, 3, 3, 2.75, 999.999, 1, 'NaN', '2001-01-01', '2001-01-01 10:00+00'),
	('b', -50, 0, -9223372036854775808, -99999999.99, 0, -0.0, -0.0, '2000-01-01', NULL);
ALTER FOREIGN TABLE median OPTIONS (ADD source 'med_own');
SELECT smc_accept('median') IS NOT NULL AS accepted;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (median) FROM SERVER acme INTO public;
CREATE TABLE med_own (g text, i int, s smallint, l bigint, n numeric(10,2), m numeric, r real, f float8, d date, t timestamptz);
INSERT INTO med_own VALUES ('a', -2, 2, 9007199254740993, 0.01, 7, 7.7, 7.7, '2001-01-01', '2024-01-01 00:00:00+01');
ALTER FOREIGN TABLE median OPTIONS (ADD source 'med_own');
SELECT smc_accept('median') IS NOT NULL AS accepted;

\c acme
SET timezone = 'UTC';
SET datestyle = 'ISO';
INSERT INTO med SELECT * FROM med_own;
INSERT INTO med VALUES
	('a', 3, -32768, 3, 2.75, 3.5, 'Infinity', 'Infinity', 'infinity', '2001-01-01 09:59:59.999999+00'),
	('a', 3, 3, 3, 2.75, 999.999, 1, 'NaN', '2001-01-01', '2001-01-01 10:00+00'),
	('b', -50, 0, -9223372036854775808, -99999999.99, 0, -0.0, -0.0, '2000-01-01', NULL),
	('a', -2, 2, 9007199254740993, 0.01, 7, 7.7, 7.7, '2001-01-01', '2024-01-01 00:00:00+01');

-- the median: of an odd number, of an even one, of numbers of all kinds
SELECT smc_median(i) AS i, smc_median(s) AS s, smc_median(n) AS n, smc_median(m) AS m, smc_median(r) AS r, smc_median(f) AS f FROM median;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i) AS i, percentile_cont(0.5) WITHIN GROUP (ORDER BY s) AS s,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY n) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY m) AS m,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY r) AS r, percentile_cont(0.5) WITHIN GROUP (ORDER BY f) AS f FROM med;
SELECT smc_median(i) AS i, smc_median(l) AS l, smc_median(n) AS n, smc_median(f) AS f, smc_median(r) AS r FROM median WHERE i <> 2 AND i <> 8;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i) AS i, percentile_cont(0.5) WITHIN GROUP (ORDER BY l) AS l,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY n) AS n, percentile_cont(0.5) WITHIN GROUP (ORDER BY f) AS f,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY r) AS r FROM med WHERE i <> 2 AND i <> 8;
SELECT pg_typeof(smc_median(i)), pg_typeof(smc_median(r)), pg_typeof(percentile_cont(0.5) WITHIN GROUP (ORDER BY n)),
	pg_typeof(percentile_disc(0.5) WITHIN GROUP (ORDER BY s)), pg_typeof(percentile_disc(0.5) WITHIN GROUP (ORDER BY n)) FROM median;

-- other percentiles, the ends among them
SELECT smc_percentile(i, 0) AS first, smc_percentile(i, 1) AS last, smc_percentile(i, 0.25) AS q1, smc_percentile(i, 0.9) AS p90,
	smc_percentile(i, 0.999) AS p999, smc_percentile(i, 0.123456) AS p123456 FROM median;
SELECT percentile_cont(ARRAY[0, 1, 0.25, 0.9, 0.999, 0.123456]) WITHIN GROUP (ORDER BY i) FROM med;
SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY i) AS i, percentile_cont(0.3) WITHIN GROUP (ORDER BY s) AS s,
	percentile_cont(0.7) WITHIN GROUP (ORDER BY m) AS m, percentile_cont(0.1) WITHIN GROUP (ORDER BY r) AS r,
	percentile_cont(0.6) WITHIN GROUP (ORDER BY f) AS f FROM median;
SELECT percentile_cont(0.9) WITHIN GROUP (ORDER BY i) AS i, percentile_cont(0.3) WITHIN GROUP (ORDER BY s) AS s,
	percentile_cont(0.7) WITHIN GROUP (ORDER BY m) AS m, percentile_cont(0.1) WITHIN GROUP (ORDER BY r) AS r,
	percentile_cont(0.6) WITHIN GROUP (ORDER BY f) AS f FROM med;
SELECT smc_percentile(l, 0) AS first, smc_percentile(l, 1) AS last, smc_percentile(l, 0.75) AS q3, smc_percentile(m, 0.9) AS m, smc_percentile(m, 1) AS m1 FROM median;

-- a value that is there
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY i) AS i, percentile_disc(0.5) WITHIN GROUP (ORDER BY s) AS s,
	percentile_disc(1) WITHIN GROUP (ORDER BY l) AS l, percentile_disc(0.5) WITHIN GROUP (ORDER BY n) AS n,
	percentile_disc(0.75) WITHIN GROUP (ORDER BY r) AS r, percentile_disc(0.9) WITHIN GROUP (ORDER BY f) AS f,
	percentile_disc(0.9) WITHIN GROUP (ORDER BY d) AS d, percentile_disc(0) WITHIN GROUP (ORDER BY t) AS t FROM median;
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY i) AS i, percentile_disc(0.5) WITHIN GROUP (ORDER BY s) AS s,
	percentile_disc(1) WITHIN GROUP (ORDER BY l) AS l, percentile_disc(0.5) WITHIN GROUP (ORDER BY n) AS n,
	percentile_disc(0.75) WITHIN GROUP (ORDER BY r) AS r, percentile_disc(0.9) WITHIN GROUP (ORDER BY f) AS f,
	percentile_disc(0.9) WITHIN GROUP (ORDER BY d) AS d, percentile_disc(0) WITHIN GROUP (ORDER BY t) AS t FROM med;

-- several at once
SELECT percentile_disc(ARRAY[0, 0.25, NULL, 0.5, 0.5, 1]) WITHIN GROUP (ORDER BY i) AS i, percentile_disc(ARRAY[0.1, 0.99]) WITHIN GROUP (ORDER BY d) AS d,
	percentile_cont(ARRAY[0, 0.25, 0.5, 0.75, 1]) WITHIN GROUP (ORDER BY i) AS cont FROM median;
SELECT percentile_disc(ARRAY[0, 0.25, NULL, 0.5, 0.5, 1]) WITHIN GROUP (ORDER BY i) AS i, percentile_disc(ARRAY[0.1, 0.99]) WITHIN GROUP (ORDER BY d) AS d,
	percentile_cont(ARRAY[0, 0.25, 0.5, 0.75, 1]) WITHIN GROUP (ORDER BY i) AS cont FROM med;

-- groups, one of which nobody has; a group whose values are all null; filters
SELECT g, smc_median(i) AS i, smc_percentile(m, 0.9) AS m, percentile_disc(0.5) WITHIN GROUP (ORDER BY t) AS t,
	percentile_cont(0.25) WITHIN GROUP (ORDER BY r) FILTER (WHERE i > -5) AS r, sum(i) FROM median GROUP BY g ORDER BY g;
SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY i) AS i, percentile_cont(0.9) WITHIN GROUP (ORDER BY m) AS m, percentile_disc(0.5) WITHIN GROUP (ORDER BY t) AS t,
	percentile_cont(0.25) WITHIN GROUP (ORDER BY r) FILTER (WHERE i > -5) AS r, sum(i) FROM med GROUP BY g ORDER BY g;
SELECT smc_median(i) FILTER (WHERE g = 'a') AS a, smc_median(i) FILTER (WHERE g = 'd') AS d, smc_median(i) FILTER (WHERE g = 'c') AS c FROM median;
-- no rows at all; one row
SELECT smc_median(i), percentile_cont(ARRAY[0.1, 0.2]) WITHIN GROUP (ORDER BY i), percentile_disc(0.2) WITHIN GROUP (ORDER BY d) FROM median WHERE i = 12345;
SELECT smc_median(i), percentile_cont(0.123) WITHIN GROUP (ORDER BY i), percentile_disc(0.2) WITHIN GROUP (ORDER BY d) FROM median WHERE i = 8;

-- expressions: below it; above it; HAVING, by other figures on shares and by itself
SELECT smc_median(i * 2 + 1) AS below, smc_median(abs(i)) + 1 AS above, smc_median(i) > 2 AS compared, smc_median(round(i / 3.0, 2)) AS third FROM median;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i * 2 + 1) AS below, percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(i)) + 1 AS above,
	percentile_cont(0.5) WITHIN GROUP (ORDER BY i) > 2 AS compared, percentile_cont(0.5) WITHIN GROUP (ORDER BY round(i / 3.0, 2)) AS third FROM med;
SELECT g, smc_median(i) FROM median GROUP BY g HAVING count(*) > 1 ORDER BY g;
SELECT g, smc_median(i), count(i) FROM median GROUP BY g HAVING smc_median(i) > 2 AND sum(i) < 50 ORDER BY g;
-- parameters
PREPARE percent(float8) AS SELECT smc_percentile(i, $1), percentile_disc($1) WITHIN GROUP (ORDER BY i) FROM median;
EXECUTE percent(0.25);
EXECUTE percent(0.75);
EXECUTE percent(1.5);
PREPARE percents(float8[]) AS SELECT percentile_disc($1) WITHIN GROUP (ORDER BY i) FROM median;
EXECUTE percents('{0.25,0.75}');
SET plan_cache_mode = force_generic_plan;
EXECUTE percent(0.25);
EXECUTE percents('{0.25,0.5,0.75}');
EXECUTE percents(NULL);
EXPLAIN (COSTS OFF) EXECUTE percent(0.25);
RESET plan_cache_mode;

EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_median(i), percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FILTER (WHERE g = 'a') FROM median;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_median(i), smc_percentile(i, 0.999), percentile_disc(0.9) WITHIN GROUP (ORDER BY d) FROM median WHERE g = 'a' GROUP BY g;
-- the others find what was revealed to them
SELECT percentile_cont(ARRAY[0.25, 0.5]) WITHIN GROUP (ORDER BY i) AS c, percentile_disc(ARRAY[0.5]) WITHIN GROUP (ORDER BY d) AS d, smc_median(n) FROM median;
\c globex
\! sleep 0.3
SELECT figures FROM smc_results WHERE study = 'median' ORDER BY at DESC LIMIT 1;

\c acme
-- refused
SELECT percentile_disc(0.9) WITHIN GROUP (ORDER BY n) FROM median;
SELECT smc_median(g::int) FROM median;
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY g) FROM median;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY i DESC) FROM median;
SELECT smc_percentile(i, 1.01) FROM median;
SELECT smc_percentile(i, -0.5) FROM median;
SELECT smc_percentile(i, 'NaN') FROM median;
SELECT smc_percentile(i, NULL) FROM median;
SELECT smc_percentile(i, 1.0 / 3) FROM median;
SELECT smc_percentile(i, i) FROM median;
SELECT percentile_cont('{}'::float8[]) WITHIN GROUP (ORDER BY i) FROM median;
SELECT percentile_cont('{{0.1,0.2},{0.3,0.4}}'::float8[]) WITHIN GROUP (ORDER BY i) FROM median;
SELECT percentile_cont('{NULL}'::float8[]) WITHIN GROUP (ORDER BY i) FROM median;
SELECT smc_median(l + 1) FROM median;
SELECT mode() WITHIN GROUP (ORDER BY i) FROM median;
SELECT smc_median(i) FROM med_own;
SELECT smc_percentile(i, 0.5) FROM med_own;
-- a source that is different each time it is read
CREATE VIEW med_view AS SELECT * FROM med_own
  LIMIT set_config('med.read', (concat('0', current_setting('med.read', true))::int + 100)::text, false)::int;
ALTER FOREIGN TABLE median OPTIONS (SET source 'med_view');
INSERT INTO med_own (g, i) SELECT 'a', k FROM generate_series(1, 1000) k;
SELECT smc_median(i) FROM median;
ALTER FOREIGN TABLE median OPTIONS (SET source 'med_own');
DELETE FROM med_own WHERE m IS NULL AND i <> 2;
-- a value that no order has
UPDATE med_own SET m = 'NaN' WHERE g = 'c';
SELECT smc_median(m) FROM median;
-- values outside the agreed range count as its ends
UPDATE med_own SET m = 1e30 WHERE g = 'c';
SELECT smc_percentile(m, 1), smc_median(m) FROM median;

-- what is opened isn't kept
SELECT smc_keep(smc_median(i), 'm') FROM median;
-- noise has no place in it
ALTER FOREIGN TABLE median OPTIONS (ADD epsilon '1');
SELECT smc_median(i) FROM median;
ALTER FOREIGN TABLE median OPTIONS (DROP epsilon);

-- min_rows
ALTER FOREIGN TABLE median OPTIONS (ADD min_rows '3', ADD history '0');
SELECT smc_accept('median') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE median OPTIONS (ADD min_rows '3', ADD history '0');
SELECT smc_accept('median') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE median OPTIONS (ADD min_rows '3', ADD history '0');
SELECT smc_accept('median') IS NOT NULL AS accepted;
\c acme
SELECT g, smc_median(i), smc_median(n) FILTER (WHERE i > 0) AS n, smc_percentile(m, 0.9) FROM median GROUP BY g ORDER BY g;
SELECT smc_median(i) FROM median WHERE g = 'b';
SELECT g, smc_median(i), smc_median(i) FILTER (WHERE i > 4) FROM median GROUP BY g HAVING sum(i) > 1000000;
SELECT smc_median(i), smc_median(n) FILTER (WHERE i = 100) FROM median;
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, smc_median(i) FROM median GROUP BY g;

-- it is for all parties, or for none
ALTER FOREIGN TABLE median OPTIONS (SET reveal_to 'acme, globex');
SELECT smc_median(i) FROM median;
ALTER FOREIGN TABLE median OPTIONS (SET reveal_to 'all');
ALTER FOREIGN TABLE median ALTER COLUMN i OPTIONS (ADD reveal_to 'acme');
SELECT smc_median(s) FROM median GROUP BY g HAVING sum(i) > 0;
DROP FOREIGN TABLE median;
DROP VIEW med_view;
