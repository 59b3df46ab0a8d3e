--
-- Histograms: how many rows are in each of some buckets of one width, as
-- width_bucket() numbers them.  All rows are put together in one place, acme's,
-- only to prove the answers by plain SQL.
--
\set settle 'DO $$ BEGIN FOR i IN 1..100 LOOP EXIT WHEN NOT EXISTS (SELECT FROM smc_audit WHERE status = \'running\'); PERFORM pg_sleep(0.05); END LOOP; END $$;'
\c acme
CREATE TABLE hist_rows (g text, i int, l bigint, n numeric(8,2), m numeric, r real, f float8, d date, t timestamp, z timestamptz);
CREATE TABLE hist_own (LIKE hist_rows);
INSERT INTO hist_own
	SELECT (ARRAY['a', 'b', NULL])[1 + k % 3], k * 7 % 101, k * 7919 % 1009, k * 31.37 % 1000, k * 0.001, k % 13 / 4.0, k % 17 / 3.0,
		date '2024-01-01' + k * 11 % 366, timestamp '2024-01-01' + k * interval '7 hours 1 microsecond', timestamptz '2024-01-01 00:00+00' + k * interval '5 hours'
	FROM generate_series(1, 60) k;
INSERT INTO hist_own VALUES ('c', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	('c', 100, -9223372036854775808, 999999.99, 'NaN', 'Infinity', 'NaN', 'infinity', '-infinity', 'infinity'),
	('c', 99, 9223372036854775807, -999999.99, -1e20, '-Infinity', '-Infinity', '-infinity', 'infinity', '-infinity');
-- what the plain width_bucket() makes of it: NaN and infinities are in no bucket
CREATE FUNCTION plain_histogram(buckets int, VARIADIC places int[]) RETURNS bigint[] LANGUAGE sql IMMUTABLE
	AS 'SELECT array_agg((SELECT count(*) FROM unnest(places) p WHERE p = b) ORDER BY b) FROM generate_series(1, buckets) b';
CREATE FOREIGN TABLE hist (
	g text OPTIONS (allow 'group, filter, count', values '{a,b,c,d}'),
	i int OPTIONS (allow 'histogram, sum, count, filter'),
	l bigint OPTIONS (allow 'histogram'),
	n numeric(8,2) OPTIONS (allow 'histogram'),
	m numeric OPTIONS (allow 'histogram'),
	r real OPTIONS (allow 'histogram'),
	f float8 OPTIONS (allow 'histogram'),
	d date OPTIONS (allow 'histogram'),
	t timestamp OPTIONS (allow 'histogram'),
	z timestamptz OPTIONS (allow 'histogram')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'hist_own');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (hist) FROM SERVER acme INTO public;
CREATE TABLE hist_own (g text, i int, l bigint, n numeric, m numeric, r real, f float8, d date, t timestamp, z timestamptz);
INSERT INTO hist_own
	SELECT (ARRAY['a', 'b', NULL])[1 + k % 3], k * 7 % 101, k * 7919 % 1009, k * 31.37 % 1000, k * 0.001, k % 13 / 4.0, k % 17 / 3.0,
		date '2024-01-01' + k * 11 % 366, timestamp '2024-01-01' + k * interval '7 hours 1 microsecond', timestamptz '2024-01-01 00:00+00' + k * interval '5 hours'
	FROM generate_series(61, 90) k;
ALTER FOREIGN TABLE hist OPTIONS (ADD source 'hist_own');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (hist) FROM SERVER acme INTO public;
CREATE TABLE hist_own (g text, i int, l bigint, n numeric(8,2), m numeric, r real, f float8, d date, t timestamp, z timestamptz);
INSERT INTO hist_own VALUES ('a', 0, 0, 0, 0, 0, 0, '2024-01-01', '2024-01-01', '2024-01-01 00:00+00'),
	('a', 100, 1000, 1000, 0.1, 4, 4, '2024-12-31', '2024-12-31', '2024-12-31 00:00+00'),
	('b', 10, 10, 10, 0.01, 0.5, 0.5, '2024-02-29', '2024-02-29 12:00', '2024-02-29 23:59:59.999999+00');
ALTER FOREIGN TABLE hist OPTIONS (ADD source 'hist_own');
SELECT smc_accept('hist') IS NOT NULL AS accepted;

\c acme
SET timezone = 'UTC';
INSERT INTO hist_rows SELECT * FROM hist_own;
INSERT INTO hist_rows
	SELECT (ARRAY['a', 'b', NULL])[1 + k % 3], k * 7 % 101, k * 7919 % 1009, k * 31.37 % 1000, k * 0.001, k % 13 / 4.0, k % 17 / 3.0,
		date '2024-01-01' + k * 11 % 366, timestamp '2024-01-01' + k * interval '7 hours 1 microsecond', timestamptz '2024-01-01 00:00+00' + k * interval '5 hours'
	FROM generate_series(61, 90) k;
INSERT INTO hist_rows VALUES ('a', 0, 0, 0, 0, 0, 0, '2024-01-01', '2024-01-01', '2024-01-01 00:00+00'),
	('a', 100, 1000, 1000, 0.1, 4, 4, '2024-12-31', '2024-12-31', '2024-12-31 00:00+00'),
	('b', 10, 10, 10, 0.01, 0.5, 0.5, '2024-02-29', '2024-02-29 12:00', '2024-02-29 23:59:59.999999+00');

-- of all types: both ends, what is outside, NULLs
SELECT smc_histogram(i, 0, 100, 10) AS i, smc_histogram(i, 1, 100, 3) AS i3, smc_histogram(l, 0, 1000, 7) AS l, smc_histogram(n, -10.5, 999.99, 5) AS n,
	smc_histogram(m, 0, 0.1, 4) AS m FROM hist;
SELECT plain_histogram(10, VARIADIC array_agg(width_bucket(i::numeric, 0, 100, 10))) AS i, plain_histogram(3, VARIADIC array_agg(width_bucket(i::numeric, 1, 100, 3))) AS i3,
	plain_histogram(7, VARIADIC array_agg(width_bucket(l::numeric, 0, 1000, 7))) AS l, plain_histogram(5, VARIADIC array_agg(width_bucket(n, -10.5, 999.99, 5))) AS n,
	plain_histogram(4, VARIADIC array_agg(width_bucket(m, 0, 0.1, 4)) FILTER (WHERE m <> 'NaN')) AS m FROM hist_rows;
SELECT smc_histogram(r, 0, 4, 6) AS r, smc_histogram(f, 0.5, 4.25, 3) AS f FROM hist;
SELECT plain_histogram(6, VARIADIC array_agg(width_bucket(r, 0, 4, 6))) AS r,
	plain_histogram(3, VARIADIC array_agg(width_bucket(f, 0.5, 4.25, 3)) FILTER (WHERE f <> 'NaN')) AS f FROM hist_rows;
SELECT smc_histogram(d, '2024-01-01', '2025-01-01', 12) AS d, smc_histogram(t, '2024-01-01', '2024-01-25', 5) AS t,
	smc_histogram(z, '2024-01-01 00:00+00', '2024-03-01 00:00+00', 4) AS z FROM hist;
SELECT plain_histogram(12, VARIADIC array_agg(width_bucket((d - date '2024-01-01')::numeric, 0, 366, 12)) FILTER (WHERE isfinite(d))) AS d,
	plain_histogram(5, VARIADIC array_agg(width_bucket(extract(epoch FROM t - '2024-01-01')::numeric, 0, 24 * 86400, 5)) FILTER (WHERE isfinite(t))) AS t,
	plain_histogram(4, VARIADIC array_agg(width_bucket(extract(epoch FROM z - '2024-01-01 00:00+00')::numeric, 0, 60 * 86400, 4)) FILTER (WHERE isfinite(z))) AS z FROM hist_rows;

-- groups, those without values; FILTER, WHERE, HAVING, no rows at all; beside other figures
SELECT g, smc_histogram(i, 0, 100, 4), count(*), sum(i), smc_histogram(i, 0, 100, 2) FILTER (WHERE i > 40) FROM hist GROUP BY g ORDER BY g;
SELECT g, plain_histogram(4, VARIADIC array_agg(width_bucket(i::numeric, 0, 100, 4))), count(*), sum(i),
	plain_histogram(2, VARIADIC coalesce(array_agg(width_bucket(i::numeric, 0, 100, 2)) FILTER (WHERE i > 40), '{}')) FROM hist_rows GROUP BY g ORDER BY g;
SELECT g, smc_histogram(i, 0, 100, 4) FROM hist WHERE i < 60 GROUP BY g HAVING sum(i) > 500 ORDER BY g;
SELECT g, plain_histogram(4, VARIADIC array_agg(width_bucket(i::numeric, 0, 100, 4))) FROM hist_rows WHERE i < 60 GROUP BY g HAVING sum(i) > 500 ORDER BY g;
SELECT smc_histogram(i, 0, 100, 4), count(*) FROM hist WHERE g = 'd';
SELECT smc_histogram(i * 2 + 1, 0, 100, 4) AS twice, (smc_histogram(i, 0, 100, 4))[2] AS second FROM hist;
SELECT plain_histogram(4, VARIADIC array_agg(width_bucket(i * 2.0 + 1, 0, 100, 4))) FROM hist_rows;
SELECT smc_histogram(i, 0::float8, 100, 7) AS f, smc_histogram(n, 0, 100::float8, 7) AS n, smc_histogram(i, -1.5, 98.5, 7) AS i,
	smc_histogram(i, -3000000000, 3000000000, 7) AS far, smc_histogram(l, -9223372036854775808, 9223372036854775807, 3) AS l FROM hist;
SELECT plain_histogram(7, VARIADIC array_agg(width_bucket(i::numeric, 0, 100, 7))) AS f, plain_histogram(7, VARIADIC array_agg(width_bucket(n, 0, 100, 7))) AS n,
	plain_histogram(7, VARIADIC array_agg(width_bucket(i::numeric, -1.5, 98.5, 7))) AS i, plain_histogram(7, VARIADIC array_agg(width_bucket(i::numeric, -3000000000, 3000000000, 7))) AS far,
	plain_histogram(3, VARIADIC array_agg(width_bucket(l::numeric, -9223372036854775808, 9223372036854775807, 3))) AS l FROM hist_rows;
SELECT array_length(smc_histogram(i, 0, 100, 256), 1), pg_typeof(smc_histogram(i, 0, 100, 1)) FROM hist;
-- parameters
PREPARE dates(date, date, int) AS SELECT smc_histogram(d, $1, $2, $3) FROM hist;
PREPARE buckets(int, int, int) AS SELECT smc_histogram(i, $1, $2, $3) FROM hist;
EXECUTE buckets(0, 100, 4);
SET plan_cache_mode = force_generic_plan;
EXECUTE buckets(0, 50, 3);
EXECUTE buckets(50, 0, 3);
EXECUTE buckets(0, NULL, 3);
EXECUTE buckets(0, 50, 0);
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE buckets(0, 50, 3);
EXECUTE dates('2024-01-01', '2025-01-01', 12);
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE dates('2024-01-01', '2025-01-01', 12);
RESET plan_cache_mode;
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, smc_histogram(i, 0, 100, 4), smc_histogram(d, '2024-01-01', '2025-01-01', 12) FILTER (WHERE i > 5) FROM hist GROUP BY g;
SELECT smc_histogram(i, 0, 100, 4) FROM hist;
\c globex
:settle
\! sleep 0.3
SELECT figures FROM smc_results WHERE study = 'hist' ORDER BY at DESC LIMIT 1;

\c acme
-- refused
SELECT smc_histogram(i, 100, 0, 4) FROM hist;
SELECT smc_histogram(i, 5, 5, 4) FROM hist;
SELECT smc_histogram(i, 0, 100, 0) FROM hist;
SELECT smc_histogram(i, 0, 100, 257) FROM hist;
SELECT smc_histogram(i, 0, 100, NULL) FROM hist;
SELECT smc_histogram(i, NULL, 100, 4) FROM hist;
SELECT smc_histogram(f, 'NaN', 1, 4) FROM hist;
SELECT smc_histogram(d, '-infinity', '2024-01-01', 4) FROM hist;
SELECT smc_histogram(i, 0, i, 4) FROM hist;
SELECT smc_histogram(g, 'a', 'b', 2) FROM hist;
SELECT smc_histogram(length(g), 0, 5, 2) FROM hist;
SELECT smc_keep(smc_histogram(i, 0, 5, 2), 'h') FROM hist;
SELECT smc_histogram(i, 0, 5, 2) FROM hist_own;
SELECT smc_histogram(DISTINCT i, 0, 5, 2) FROM hist;
SELECT smc_histogram(i, 0, 1, 256), smc_histogram(i, 0, 2, 256), smc_histogram(i, 0, 3, 256), smc_histogram(i, 0, 4, 256), smc_histogram(i, 0, 5, 256),
	smc_histogram(i, 0, 6, 256), smc_histogram(i, 0, 7, 256), smc_histogram(i, 0, 8, 256), smc_histogram(i, 0, 9, 256) FROM hist;
CREATE FOREIGN TABLE histless (t text OPTIONS (allow 'histogram')) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all');
SELECT smc_count(t) FROM histless;
DROP FOREIGN TABLE histless;

-- min_rows: buckets below it are NULL, empty ones too
ALTER FOREIGN TABLE hist OPTIONS (ADD min_rows '4', ADD history '0');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE hist OPTIONS (ADD min_rows '4', ADD history '0');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE hist OPTIONS (ADD min_rows '4', ADD history '0');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c acme
SELECT smc_histogram(i, 0, 200, 10) FROM hist;
SELECT smc_histogram(i, 0, 200, 40) FROM hist;
SELECT plain_histogram(40, VARIADIC array_agg(width_bucket(i::numeric, 0, 200, 40))) FROM hist_rows;
SELECT g, smc_histogram(i, 0, 100, 10) FROM hist GROUP BY g ORDER BY g;
SELECT g, plain_histogram(10, VARIADIC array_agg(width_bucket(i::numeric, 0, 100, 10))) FROM hist_rows GROUP BY g ORDER BY g;
SELECT g, smc_histogram(i, 0, 100, 10) FROM hist GROUP BY g HAVING sum(i) > 1500 ORDER BY g;
SELECT g, sum(i) FROM hist_rows GROUP BY g HAVING sum(i) > 1500 ORDER BY g;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_histogram(i, 0, 200, 10), count(*) FROM hist;

-- to one party alone
ALTER FOREIGN TABLE hist ALTER COLUMN n OPTIONS (ADD reveal_to 'globex');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE hist ALTER COLUMN n OPTIONS (ADD reveal_to 'globex');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE hist ALTER COLUMN n OPTIONS (ADD reveal_to 'globex');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c acme
SELECT smc_histogram(n, 0, 1000, 3), smc_histogram(i, 0, 100, 3) FROM hist;
\c globex
:settle
\! sleep 0.3
SELECT figures FROM smc_results WHERE study = 'hist' ORDER BY at DESC LIMIT 1;

-- with noise: a histogram uses up as much of epsilon as one count
\c acme
ALTER FOREIGN TABLE hist OPTIONS (DROP min_rows, DROP history, ADD epsilon '30');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE hist OPTIONS (DROP min_rows, DROP history, ADD epsilon '30');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE hist OPTIONS (DROP min_rows, DROP history, ADD epsilon '30');
SELECT smc_accept('hist') IS NOT NULL AS accepted;
\c acme
EXPLAIN (COSTS OFF) SELECT smc_histogram(i, 0, 200, 10), count(*) FROM hist;
SELECT (SELECT max(abs(h - p)) < 10 FROM unnest(hist, plain) AS u (h, p)) AS near FROM
	(SELECT smc_histogram(i, 0, 200, 10) AS hist FROM hist) h,
	(SELECT plain_histogram(10, VARIADIC array_agg(width_bucket(i::numeric, 0, 200, 10))) AS plain FROM hist_rows) p;
DROP FOREIGN TABLE hist;

--
-- Differences refused: 36 rows, twelve at each party, x from 1 to 36
--
\set make 'CREATE TABLE histd_own AS SELECT id, id AS x, CASE WHEN id > 20 THEN id END AS y, CASE WHEN id % 2 = 0 THEN ''F'' ELSE ''M'' END AS sex FROM generate_series(:first, :first + 11) id'
\set columns '(id int OPTIONS (allow ''filter, count'') NOT NULL, x int OPTIONS (allow ''histogram, sum, count, filter'') NOT NULL, y int OPTIONS (allow ''histogram, sum, count'')  , sex text OPTIONS (allow ''group, filter'', values ''{F,M}'') NOT NULL)'
\set options 'SERVER acme OPTIONS (parties ''acme, globex, initech'', reveal_to ''all'', source ''histd_own'', min_rows ''5'')'
\set first 1
:make;
CREATE TABLE histd_rows AS SELECT id, id AS x, CASE WHEN id > 20 THEN id END AS y, CASE WHEN id % 2 = 0 THEN 'F' ELSE 'M' END AS sex FROM generate_series(1, 36) id;
CREATE FOREIGN TABLE histd :columns :options;
CREATE FOREIGN TABLE histe :columns :options;
CREATE FOREIGN TABLE histf :columns :options;
CREATE FOREIGN TABLE histg :columns :options;
CREATE FOREIGN TABLE histh :columns :options;
SELECT count(smc_accept(s)) FROM unnest('{histd,histe,histf,histg,histh}'::text[]) s;
\c globex
\set first 13
:make;
IMPORT FOREIGN SCHEMA smc LIMIT TO (histd, histe, histf, histg, histh) FROM SERVER acme INTO public;
SELECT format('ALTER FOREIGN TABLE %I OPTIONS (ADD source ''histd_own'')', s) FROM unnest('{histd,histe,histf,histg,histh}'::text[]) s \gexec
SELECT count(smc_accept(s)) FROM unnest('{histd,histe,histf,histg,histh}'::text[]) s;
\c initech
\set first 25
:make;
IMPORT FOREIGN SCHEMA smc LIMIT TO (histd, histe, histf, histg, histh) FROM SERVER acme INTO public;
SELECT format('ALTER FOREIGN TABLE %I OPTIONS (ADD source ''histd_own'')', s) FROM unnest('{histd,histe,histf,histg,histh}'::text[]) s \gexec
SELECT count(smc_accept(s)) FROM unnest('{histd,histe,histf,histg,histh}'::text[]) s;
\c acme
SELECT smc_histogram(x, 0, 40, 4) FROM histd;
-- once more; the same edges, coarser; finer, where [0, 5) has four rows
SELECT smc_histogram(x, 0, 40, 4), smc_histogram(x, 0, 40, 2) FROM histd;
SELECT smc_histogram(x, 0, 40, 8) FROM histd;
SELECT plain_histogram(8, VARIADIC array_agg(width_bucket(x::numeric, 0, 40, 8))) FROM histd_rows;
-- shifted by one, by five, by less than there are rows between
SELECT smc_histogram(x, 1, 41, 4) FROM histd;
SELECT smc_histogram(x, 5, 35, 3) FROM histd;
SELECT smc_histogram(x, 0.5, 40.5, 4) FROM histd;
-- another number of buckets up to nearly the same end
SELECT smc_histogram(x, 0, 41, 1) FROM histd;
SELECT smc_histogram(x, 0, 31, 1), smc_histogram(x, 0, 31.5, 2), smc_histogram(x, 0, 31.5::float8, 1) FROM histd;
-- with a condition that leaves out one row, or none, and other edges
SELECT smc_histogram(x, 0, 40, 4) FROM histd WHERE id <> 5;
SELECT smc_histogram(x, 0, 40, 4) FROM histd WHERE id <> 500;
SELECT smc_histogram(x, 0, 33, 3) FROM histd WHERE id <> 500;
SELECT smc_histogram(x, 0, 41, 2) FROM histd WHERE id > 1;
-- counts beside buckets and runs of them
SELECT smc_count(*) FROM histd WHERE x >= 10 AND x < 21;
SELECT smc_count(*) FROM histd WHERE x >= 10 AND x < 29;
SELECT smc_count(*) FROM histd WHERE x >= 0 AND x < 31;
SELECT smc_count(*) FROM histd WHERE x >= 0 AND x < 25;
-- all there is, but what the buckets leave out: nothing
SELECT smc_count(*) FROM histd;
SELECT smc_sum(x) FROM histd WHERE id <> 5;
SELECT number, rows FROM smc_history_log WHERE study = 'histd' ORDER BY number;
-- the other way: first all, or some, then the buckets
SELECT smc_count(*) FROM histe;
SELECT smc_histogram(x, 0, 40, 4) FROM histe;
SELECT smc_histogram(x, 0, 30, 3) FROM histe;
SELECT smc_count(*) FROM histf WHERE x < 21;
SELECT smc_histogram(x, 0, 40, 4) FROM histf;
SELECT smc_histogram(x, 0, 100, 20) FROM histf WHERE x <= 30;
-- in one query
SELECT smc_histogram(x, 0, 40, 4) AS a, smc_histogram(x, 1, 41, 4) AS b, smc_count(*) FILTER (WHERE x < 10) AS c FROM histg;
-- in groups; of another value
SELECT sex, smc_histogram(x, 0, 40, 4) FROM histh GROUP BY sex ORDER BY sex;
SELECT sex, plain_histogram(4, VARIADIC array_agg(width_bucket(x::numeric, 0, 40, 4))) FROM histd_rows GROUP BY sex ORDER BY sex;
SELECT sex, smc_histogram(x, 0, 40, 4) FROM histh WHERE id <> 5 GROUP BY sex ORDER BY sex;
SELECT smc_histogram(x, 0, 40, 4) FROM histh;
SELECT smc_histogram(x, 0, 40, 4) FROM histh WHERE sex = 'F';
SELECT smc_histogram(y, 0, 40, 4) FROM histh;
SELECT smc_histogram(y, 20, 30, 2) FROM histh;
SELECT smc_count(y) FROM histh;
-- more at once than can be compared
SELECT smc_histogram(x, 0, 40, 90), smc_histogram(y, 0, 40, 90) FROM histh;
EXPLAIN (COSTS OFF) SELECT smc_histogram(x, 0, 44, 2) FROM histh WHERE sex = 'M';
-- an expression would be another value
SELECT smc_histogram(x + 0, 0, 40, 4) FROM histh;
PREPARE hists(int) AS SELECT smc_histogram(x, 0, 40, $1) FROM histh WHERE sex = 'F';
SET plan_cache_mode = force_generic_plan;
EXECUTE hists(4);
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE hists(4);
DROP FOREIGN TABLE histd, histe, histf, histg, histh;
