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
-- the same from the rows themselves: normal equations in numeric, by Gauss and Jordan; x is an array of each row's columns
CREATE FUNCTION plain(query text, intercept boolean DEFAULT true) RETURNS smc_linregr_result LANGUAGE plpgsql AS $$
DECLARE
	a numeric[] := '{}';
	c numeric[];
	n bigint; k int; rss numeric; tss numeric; f numeric; beta float8[] := '{}'; se float8[] := '{}';
BEGIN
	EXECUTE format('SELECT count(*), max(array_length(x, 1)) FROM (%s) t(y, x) WHERE y IS NOT NULL AND array_position(x, NULL) IS NULL', query) INTO n, k;
	IF n < k OR n = 0 THEN
		RETURN (NULL, NULL, NULL, NULL, NULL, n)::smc_linregr_result;
	END IF;
	-- [X'X | I | X'y], row by row, and y's own
	FOR i IN 1 .. k LOOP
		EXECUTE format('SELECT (SELECT array_agg(s ORDER BY j) FROM (SELECT j, sum(x[$1] * x[j]) AS s FROM (%1$s) t(y, x), generate_series(1, $2) j
			WHERE y IS NOT NULL AND array_position(x, NULL) IS NULL GROUP BY j) p) || (SELECT array_agg((j = $1)::int::numeric ORDER BY j) FROM generate_series(1, $2) j)
			|| (SELECT sum(x[$1] * y) FROM (%1$s) t(y, x) WHERE y IS NOT NULL AND array_position(x, NULL) IS NULL)', query) INTO c USING i, k;
		a := a || ARRAY[c];
	END LOOP;
	FOR p IN 1 .. k LOOP
		f := a[p][p];
		IF f = 0 THEN
			RETURN (NULL, NULL, NULL, NULL, NULL, n)::smc_linregr_result;
		END IF;
		FOR j IN 1 .. 2 * k + 1 LOOP
			a[p][j] := round(a[p][j] / f, 80) + 0;
		END LOOP;
		FOR i IN 1 .. k LOOP
			f := a[i][p];
			FOR j IN 1 .. 2 * k + 1 LOOP
				IF i <> p THEN
					a[i][j] := round(a[i][j] - f * a[p][j], 80);
				END IF;
			END LOOP;
		END LOOP;
	END LOOP;
	EXECUTE format('SELECT sum((y - (SELECT sum(x[j] * $1[j][$2]) FROM generate_series(1, $3) j))^2), sum((y - CASE WHEN $4 THEN (SELECT avg(y) FROM (%1$s) t(y, x) WHERE y IS NOT NULL AND array_position(x, NULL) IS NULL) ELSE 0 END)^2)
		FROM (%1$s) t(y, x) WHERE y IS NOT NULL AND array_position(x, NULL) IS NULL', query) INTO rss, tss USING a, 2 * k + 1, k, intercept;
	FOR j IN 1 .. k LOOP
		beta := beta || a[j][2 * k + 1]::float8;
		se := se || CASE WHEN n > k THEN sqrt(greatest(rss, 0) / (n - k) * a[j][k + j])::float8 END;
	END LOOP;
	RETURN (beta, (1 - rss / tss)::float8, CASE WHEN n > k THEN se END, NULL, NULL, n)::smc_linregr_result;
END $$;
-- whether they agree to 13 digits (1e-13 of r2), and t follows from both
CREATE FUNCTION near(a float8, b float8) RETURNS boolean LANGUAGE sql AS 'SELECT (a IS NULL) = (b IS NULL) AND coalesce(abs(a - b) <= 1e-13 * abs(b), true)';
CREATE FUNCTION agrees(a smc_linregr_result, b smc_linregr_result) RETURNS boolean LANGUAGE sql AS $$
	SELECT a.num_rows = b.num_rows AND coalesce(abs(a.r2 - b.r2) < 1e-13, a.r2 IS NULL AND b.r2 IS NULL) AND
		(a.coef IS NULL) = (b.coef IS NULL) AND (a.std_err IS NULL) = (b.std_err IS NULL) AND (a.t_stats IS NULL) = (b.std_err IS NULL) AND (a.p_values IS NULL) = (b.std_err IS NULL) AND
		coalesce((SELECT bool_and(near(u.p, u.q)) FROM unnest(a.coef, b.coef) u(p, q)), true) AND
		coalesce((SELECT bool_and(near(u.p, u.q)) FROM unnest(a.std_err, b.std_err) u(p, q)), true) AND
		coalesce((SELECT bool_and(u.p = u.q / u.r) FROM unnest(a.t_stats, a.coef, a.std_err) u(p, q, r)), true)
$$;
-- EXPLAIN, but for the figures of steps, which follow the protocols
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		IF line NOT LIKE '%Step:%' THEN
			RETURN NEXT line;
		END IF;
	END LOOP;
END $$;

SELECT plan('SELECT smc_linregr(y, array[1, n]) FROM lr');
SELECT plan('SELECT g, smc_linregr(y, array[1, i]) FILTER (WHERE i > 2) FROM lr WHERE n < 90 GROUP BY g HAVING count(i) > 3');
-- one column: as regr_*
SELECT near((m).coef[1], regr_intercept) AND near((m).coef[2], regr_slope) AND near((m).r2, regr_r2) AND (m).num_rows = regr_count AS same
	FROM (SELECT smc_linregr(y, array[1, n]) AS m FROM lr) s, (SELECT regr_intercept(y, n), regr_slope(y, n), regr_r2(y, n), regr_count(y, n) FROM everyone) p;
SELECT (smc_linregr(y, array[1, i, n, m])).num_rows FROM lr;
SELECT (m).num_rows, (m).coef IS NOT NULL AS coef FROM (SELECT smc_linregr(y, array[1, i, n, m]) AS m FROM lr) s;
-- several, of several types, and rows with a NULL in one
SELECT agrees(smc_linregr(y, array[1, i, n, m, f]), plain('SELECT y, array[1, i, n, m, f::numeric] FROM everyone')) FROM lr;
SELECT agrees(smc_linregr(y, array[1, i, j, n]), plain('SELECT y, array[1, i, j, n] FROM everyone')) FROM lr;
SELECT agrees(smc_linregr(j, array[f, 1, i]), plain('SELECT j, array[f::numeric, 1, i] FROM everyone')) FROM lr;
SELECT agrees(smc_linregr(f, array[1, n]), plain('SELECT f::numeric, array[1, n] FROM everyone')) FROM lr;
SELECT agrees(smc_linregr(i, array[1, j::smallint, i::bigint * i, n::float8]), plain('SELECT i, array[1, j, i::bigint * i, n] FROM everyone')) FROM lr;
-- expressions: products, powers, choices, comparisons as numbers
SELECT agrees(smc_linregr(y, array[1, i, i * i, n * m, round(n / 8, 3), i * i * i - 5]), plain('SELECT y, array[1, i, i * i, n * m, round(n / 8, 3), i * i * i - 5] FROM everyone')) FROM lr;
SELECT agrees(smc_linregr(y, array[1, n, CASE WHEN sex = 'Female' THEN 1 ELSE 0 END]), plain('SELECT y, array[1, n, CASE WHEN sex = ''Female'' THEN 1 ELSE 0 END] FROM everyone')) FROM lr;
SELECT agrees(smc_linregr(y, array[1, (i > 7)::int, n]), plain('SELECT y, array[1, (i > 7)::int, n] FROM everyone')) FROM lr;
SELECT agrees(smc_linregr(2 * y - i, array[1, n]), plain('SELECT 2 * y - i, array[1, n] FROM everyone')) FROM lr;
-- without the constant 1, r2 is against zero, not against the mean; another constant is an intercept of another scale, and no 1
SELECT agrees(smc_linregr(y, array[i, n]), plain('SELECT y, array[i, n] FROM everyone', false)) FROM lr;
SELECT agrees(smc_linregr(y, array[2, i, n]), plain('SELECT y, array[2, i, n] FROM everyone', false)) FROM lr;
SELECT agrees(smc_linregr(y, array[n]), plain('SELECT y, array[n] FROM everyone', false)) FROM lr;
SELECT agrees(smc_linregr(y, array[1]), plain('SELECT y, array[1] FROM everyone')) FROM lr;
SELECT near((m).coef[1], avg) AND near((m).std_err[1], s) AND (m).r2 = 0 AS mean FROM (SELECT smc_linregr(y, array[1]) AS m FROM lr) t, (SELECT avg(y)::float8 AS avg, (stddev(y) / sqrt(count(y)))::float8 AS s FROM everyone) p;
-- conditions, groups, parameters
SELECT agrees(smc_linregr(y, array[1, n]), plain('SELECT y, array[1, n] FROM everyone WHERE i > 5 AND n < 70.5')) FROM lr WHERE i > 5 AND n < 70.5;
SELECT agrees(smc_linregr(y, array[1, n]) FILTER (WHERE i > 5), plain('SELECT y, array[1, n] FROM everyone WHERE i > 5')), agrees(smc_linregr(y, array[1, n]), plain('SELECT y, array[1, n] FROM everyone')) FROM lr;
SELECT g, agrees(m, plain(format('SELECT y, array[1, i, n] FROM everyone WHERE g = %L', g))) FROM (SELECT g, smc_linregr(y, array[1, i, n]) AS m FROM lr GROUP BY g) s ORDER BY g;
SELECT g, (m).num_rows FROM (SELECT g, smc_linregr(y, array[1, i]) AS m, count(*) FROM lr GROUP BY g HAVING count(*) > 33) s ORDER BY g;
PREPARE model(int, int) AS SELECT agrees(smc_linregr(y, array[$1, i, n]), plain('SELECT y, array[1, i, n] FROM everyone WHERE i > 3')) FROM lr WHERE i > $2;
EXECUTE model(1, 3);
-- columns that depend on one another, constants twice, a column of zeros, fewer rows than columns: no coefficients, but the rows
SELECT (smc_linregr(y, array[1, n, 2 * n + 3])).* FROM lr;
SELECT (smc_linregr(y, array[1, 1, n])).* FROM lr;
SELECT (smc_linregr(y, array[1, n - n])).* FROM lr;
SELECT (smc_linregr(y, array[0])).* FROM lr;
SELECT (smc_linregr(y, array[1, i, n])).* FROM lr WHERE i = 3 AND n = 35.7;
SELECT (smc_linregr(y, array[1, n])).* FROM lr WHERE i > 1000;
-- as many rows as columns: nothing is left to estimate errors from
SELECT (m).coef, (m).std_err, (m).t_stats, (m).p_values, (m).r2, (m).num_rows FROM (SELECT smc_linregr(i, array[1, n]) AS m FROM lr WHERE n IN (91.9, 83.8)) s;
-- one and two rows more: p-values of one and two degrees of freedom have closed forms
SELECT (m).num_rows, bool_and(near(p, 1 - 2 / pi() * atan(abs(t)))) AS p FROM (SELECT smc_linregr(y, array[1, n]) AS m FROM lr WHERE n IN (91.9, 83.8, 59.5)) s, unnest((m).t_stats, (m).p_values) u(t, p) GROUP BY m;
SELECT (m).num_rows, bool_and(abs(p - (1 - abs(t) / sqrt(2 + t * t))) < 1e-13) AS p FROM (SELECT smc_linregr(y, array[1, n]) AS m FROM lr WHERE n IN (91.9, 83.8, 59.5, 51.4)) s, unnest((m).t_stats, (m).p_values) u(t, p) GROUP BY m;
-- an exact fit has no residuals; a constant y is explained in full
SELECT (m).coef, (m).std_err, (m).t_stats, (m).p_values, (m).r2 FROM (SELECT smc_linregr(3 * n - 2 * i + 7, array[1, n, i, m]) AS m FROM lr) s;
SELECT (m).coef, (m).std_err, (m).r2 FROM (SELECT smc_linregr(n - n + 5, array[1, i, m]) AS m FROM lr) s;
-- sixteen columns, and too many
SELECT agrees(smc_linregr(y, array[1, i, n, m, f, i*i, i*n, i*m, n*n, n*m, m*m, i*i*i, f*f, j, j*i, j*n]), plain('SELECT y, array[1, i, n, m, f::numeric, i*i, i*n, i*m, n*n, n*m, m*m, i*i*i, (f*f)::numeric, j, j*i, j*n] FROM everyone')) FROM lr;
SELECT smc_linregr(y, array[1, i, n, m, f, i*i, i*n, i*m, n*n, n*m, m*m, i*i*i, i*i*n, i*n*n, n*n*n, i*n*m, f*f]) FROM lr;
-- a part of a model alone is all that is opened, and can be computed with before it is
SELECT plan('SELECT (smc_linregr(y, array[1, n])).r2 > 0.4 FROM lr');
SELECT plan('SELECT (m).r2, (m).num_rows, (m).coef[2] FROM (SELECT smc_linregr(y, array[1, n]) AS m FROM lr) s');
SELECT near((smc_linregr(y, array[1, n, i])).r2, (plain('SELECT y, array[1, n, i] FROM everyone')).r2) AS r2, (smc_linregr(y, array[1, n, i])).num_rows,
	near((smc_linregr(y, array[1, n, i])).coef[3], (plain('SELECT y, array[1, n, i] FROM everyone')).coef[3]) AS third,
	near((smc_linregr(y, array[1, n, i])).coef[1], (plain('SELECT y, array[1, n, i] FROM everyone')).coef[1]) AS first FROM lr;
SELECT near((m).r2, (p).r2), near((m).coef[3], (p).coef[3]), near((m).coef[1], (p).coef[1]), (m).num_rows = (p).num_rows AS rows
	FROM (SELECT smc_linregr(y, array[1, n, i]) AS m FROM lr) s, (SELECT plain('SELECT y, array[1, n, i] FROM everyone') AS p) q;
SELECT (smc_linregr(y, array[1, n])).r2 > 0.4 AS much, (smc_linregr(y, array[1, n])).coef[2] < 0 AS falls, (smc_linregr(y, array[1, n])).coef[1] + 70 * (smc_linregr(y, array[1, n])).coef[2] > 0 AS rises FROM lr;
SELECT (m).coef[1] + 70 * (m).coef[2] AS at_70, (m).coef[3] IS NULL AS none FROM (SELECT smc_linregr(y, array[1, n]) AS m FROM lr) s;
SELECT g, (smc_linregr(y, array[1, i, n])).coef[2] > 3 AS steep FROM lr GROUP BY g HAVING (smc_linregr(y, array[1, i, n])).r2 > 0.5 ORDER BY g;
SELECT (smc_linregr(y, array[1, n, 2 * n])).r2 > 0.5 AS dependent, (smc_linregr(y - y, array[n])).coef[1] AS zero FROM lr;
-- refused
SELECT smc_linregr(y, array[1, sex]) FROM lr;
SELECT smc_linregr(sex, array[1, n]) FROM lr;
SELECT smc_linregr(y, array[1, CASE WHEN f > 3 THEN 1 ELSE 0 END]) FROM lr;
SELECT smc_linregr(y, array[1, NULL::int]) FROM lr;
SELECT smc_linregr(y, NULL::int[]) FROM lr;
SELECT smc_linregr(y, array[]::int[]) FROM lr;
SELECT smc_linregr(y, array[array[1, n], array[i, m]]) FROM lr;
SELECT smc_linregr(y, array[1] || array[n]) FROM lr;
SELECT smc_linregr(y, array[1, n / 3]) FROM lr;
SELECT smc_linregr(y, array[1, n / i]) FROM lr;
SELECT smc_linregr(y, array[1, m * m * m * m * m * m * m * m]) FROM lr;
SELECT smc_linregr(y, array[1, i * 1000000000000000000000000000000.0]) FROM lr;
SELECT smc_linregr(DISTINCT y, array[1, n]) FROM lr;
SELECT smc_linregr(y, array[1, n] ORDER BY i) FROM lr;
SELECT smc_linregr(y, array[1, n]) OVER () FROM lr;
SELECT smc_linregr(y, array[1, n]) FROM everyone;
SELECT smc_keep(smc_linregr(y, array[1, n]), 'model') FROM lr;
SELECT count(*) FROM lr HAVING smc_linregr(y, array[1, n]) IS NULL;
-- fewer rows than min_rows, an outcome of few rows, noise, and figures for some parties only
CREATE FOREIGN TABLE lr5 (
	g text OPTIONS (allow 'group, filter', values '{a,b,c,d}'),
	i int OPTIONS (allow 'linregr, filter') NOT NULL,
	n numeric(10,2) OPTIONS (allow 'linregr, filter') NOT NULL,
	m numeric(12,4) OPTIONS (allow 'linregr', reveal_to 'globex, acme') NOT NULL,
	y numeric(12,3) OPTIONS (allow 'linregr')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', min_rows '5', source 'own');
CREATE FOREIGN TABLE lrn (
	n numeric(10,2) OPTIONS (allow 'linregr', lo '0', hi '100') NOT NULL, y numeric(12,3) OPTIONS (allow 'linregr', lo '-100', hi '100')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', epsilon '1', source 'own');
CREATE FOREIGN TABLE lrg (
	n numeric(10,2) OPTIONS (allow 'linregr') NOT NULL, y numeric(12,3) OPTIONS (allow 'linregr', reveal_to 'globex')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', source 'own');
SELECT smc_accept(s) IS NOT NULL AS accepted FROM unnest('{lr5,lrn,lrg}'::text[]) s;
\c globex
SET search_path = linregr, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (lr5, lrn, lrg) FROM SERVER acme INTO linregr;
ALTER FOREIGN TABLE lr5 OPTIONS (ADD source 'own');
ALTER FOREIGN TABLE lrn OPTIONS (ADD source 'own');
ALTER FOREIGN TABLE lrg OPTIONS (ADD source 'own');
SELECT smc_accept(s) IS NOT NULL AS accepted FROM unnest('{lr5,lrn,lrg}'::text[]) s;
\c acme
SET search_path = linregr, public;
\pset null NULL
CREATE VIEW both_own AS SELECT * FROM (SELECT *, row_number() OVER () AS r FROM everyone) e WHERE r <= 90;
SELECT agrees(smc_linregr(y, array[1, n, m]), plain('SELECT y, array[1, n, m] FROM both_own')) FROM lr5;
SELECT g, agrees(m, plain(format('SELECT y, array[1, n] FROM both_own WHERE g = %L AND i < 4', g))), (m).num_rows FROM (SELECT g, smc_linregr(y, array[1, n]) AS m FROM lr5 WHERE i < 4 GROUP BY g) s ORDER BY g;
SELECT smc_linregr(y, array[1, n]) FROM lr5 WHERE i = 3 AND n < 20;
SELECT smc_linregr(y, array[1, n]) FILTER (WHERE n < 3), (smc_linregr(y, array[1, m])).num_rows FROM lr5;
SELECT smc_linregr(y, array[1, CASE WHEN i > 3 THEN 1 ELSE 0 END]) FROM lr5;
SELECT smc_linregr(y, array[1, n]) FROM lrn;
SELECT smc_linregr(y, array[1, n]) FROM lrg;
\c globex
SET search_path = linregr, public;
\! sleep 0.3
SELECT figures::json #>> '{0,"smc_linregr(y, array[1, n])",num_rows}' AS num_rows FROM smc_results WHERE study = 'lrg';
-- told and remembered: the audit, and others' results
SELECT query, reveals FROM smc_audit WHERE study = 'lr' AND query LIKE '%linregr(y, array[1, n])%' ORDER BY started_at LIMIT 1;
SELECT jsonb_pretty(figures::jsonb) FROM smc_results WHERE study = 'lr' AND query = 'SELECT smc_linregr(y, array[n]) FROM lr';
