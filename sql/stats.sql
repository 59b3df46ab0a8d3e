--
-- Statistics over a study: variance to regression, as plain SQL over the union
-- of all parties' rows has them.
--
\c acme
CREATE SCHEMA stats;
SET search_path = stats, public;
SET client_min_messages = warning;
CREATE TABLE own (g text, s int2, i int NOT NULL, j bigint, n numeric(12,2), m numeric(20,6), f float8, r real, p numeric, t text);
-- a group of one row, one of equal values, one of nothing but NULLs; globex has few rows, initech one
INSERT INTO own VALUES
	('a', 5, 5, 7, 1.50, 0.000001, 0.25, 1.5, 10000000.2, 'x'), ('a', -7, -7, 100, -3.25, 12.5, 1.5, 0.1, 10000000.1, 'x'),
	('a', 0, 12, 31, 0.00, -7.25, 0.125, 2, 10000000.3, 'x'), ('b', 32767, 2147483647, 9223372036854775807, 9999999999.99, 99999999999999.999999, 1e12, 16777216, 10000000.2, 'x'),
	('b', -32768, -2147483648, -9223372036854775808, -9999999999.99, -99999999999999.999999, -1e12, -0.5, 10000000.1, 'x'),
	('c', 4, 4, 4, 4, 4, 4, 4, 4, 'x'), ('c', 4, 4, 4, 4, 4, 4, 4, 4, 'x'), ('d', 9, 9, NULL, 2.50, 2.5, NULL, NULL, NULL, NULL),
	(NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (NULL, NULL, 2, 3, NULL, 5, NULL, 6, NULL, NULL);
CREATE FOREIGN TABLE st (
	g text OPTIONS (allow 'group, filter, count', values '{a,b,c,d,e}'),
	s int2 OPTIONS (allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter'),
	i int OPTIONS (allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter') NOT NULL,
	j bigint OPTIONS (allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter'),
	n numeric(12,2) OPTIONS (allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter'),
	m numeric(20,6) OPTIONS (allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter'),
	f float8 OPTIONS (allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter', scale '6'),
	r real OPTIONS (allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter'),
	p numeric OPTIONS (allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter', scale '3'),
	t text OPTIONS (allow 'count, filter')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'own');
SELECT smc_accept('st') IS NOT NULL AS accepted;
CREATE TABLE everyone (LIKE own);
INSERT INTO everyone SELECT * FROM own;
INSERT INTO everyone VALUES ('a', 3, 3, 9, 2.75, 8, 8, 8, 10000000.2, 'y'), ('b', -50, -50, 1, -99999999.99, -2.5, -2.5, -2.5, 10000000.3, 'y'),
	('c', 4, 4, 4, 4, 4, 4, 4, 4, 'y'), ('a', -2, -2, 4, 0.01, 7, 7, 7, 10000000.2, 'z');
\c globex
CREATE SCHEMA stats;
SET search_path = stats, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (st) FROM SERVER acme INTO stats;
CREATE TABLE own (g text, s int2, i int NOT NULL, j bigint, n numeric(12,2), m numeric(20,6), f float8, r real, p numeric, t text);
INSERT INTO own VALUES ('a', 3, 3, 9, 2.75, 8, 8, 8, 10000000.2, 'y'), ('b', -50, -50, 1, -99999999.99, -2.5, -2.5, -2.5, 10000000.3, 'y'),
	('c', 4, 4, 4, 4, 4, 4, 4, 4, 'y');
ALTER FOREIGN TABLE st OPTIONS (ADD source 'own');
SELECT smc_accept('st') IS NOT NULL AS accepted;
\c initech
CREATE SCHEMA stats;
SET search_path = stats, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (st) FROM SERVER acme INTO stats;
CREATE TABLE own (g text, s int2, i int NOT NULL, j bigint, n numeric(12,2), m numeric(20,6), f float8, r real, p numeric, t text);
INSERT INTO own VALUES ('a', -2, -2, 4, 0.01, 7, 7, 7, 10000000.2, 'z');
ALTER FOREIGN TABLE st OPTIONS (ADD source 'own');
SELECT smc_accept('st') IS NOT NULL AS accepted;

\c acme
SET search_path = stats, public;
\pset null NULL
-- EXPLAIN, but for the figures of steps, which follow the protocols
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		RETURN NEXT regexp_replace(line, '(rounds?, |at most |about )\d+', '\1N', 'g');
	END LOOP;
END $$;
-- of a numeric with the native digits, to the last one
SELECT plan('SELECT smc_stddev(n), smc_corr(f, i) FROM st');
SELECT smc_variance(i), smc_var_samp(i), smc_var_pop(i), smc_stddev(i), smc_stddev_samp(i), smc_stddev_pop(i) FROM st;
SELECT variance(i), var_samp(i), var_pop(i), stddev(i), stddev_samp(i), stddev_pop(i) FROM everyone;
SELECT variance(s), var_pop(j), stddev(n), stddev_pop(m) FROM st;
SELECT variance(s), var_pop(j), stddev(n), stddev_pop(m) FROM everyone;
SELECT g, variance(i), var_pop(n), stddev(m), stddev_pop(p), count(*) FROM st GROUP BY g ORDER BY g;
SELECT g, variance(i), var_pop(n), stddev(m), stddev_pop(p), count(*) FROM everyone GROUP BY g ORDER BY g;

/*
 * Doubles, and all the rest: run a query over st and over everyone, and say where
 * the answers differ by more than the twelfth significant digit, or at all where
 * they are no numbers.  Native doubles are wrong beyond that themselves.
 */
CREATE FUNCTION differ(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	joint jsonb;
	plain jsonb;
	a text;
	b text;
BEGIN
	EXECUTE 'SELECT coalesce(jsonb_agg(q), ''[]'') FROM (' || query || ') q' INTO joint;
	EXECUTE 'SELECT coalesce(jsonb_agg(q), ''[]'') FROM (' || replace(query, 'FROM st', 'FROM everyone') || ') q' INTO plain;
	IF jsonb_array_length(joint) <> jsonb_array_length(plain) THEN
		RETURN NEXT format('%s rows, not %s', jsonb_array_length(joint), jsonb_array_length(plain));
		RETURN;
	END IF;
	FOR a, b IN
		SELECT x.value, y.value FROM jsonb_array_elements(joint) WITH ORDINALITY j(row, n)
			JOIN jsonb_array_elements(plain) WITH ORDINALITY p(row, n) USING (n),
			jsonb_each_text(j.row) x JOIN LATERAL jsonb_each_text(p.row) y USING (key)
	LOOP
		CONTINUE WHEN a IS NOT DISTINCT FROM b;
		IF a ~ '^-?[0-9.]+(e[-+]?[0-9]+)?$' AND b ~ '^-?[0-9.]+(e[-+]?[0-9]+)?$' THEN
			CONTINUE WHEN abs(a::numeric - b::numeric) <= 1e-12 * abs(b::numeric);
		END IF;
		RETURN NEXT format('%s, not %s', a, b);
	END LOOP;
END $$;
SELECT differ('SELECT g, variance(i), var_pop(s), stddev(j), stddev_pop(n), variance(f), stddev_pop(f), stddev(r), var_pop(r) FROM st GROUP BY g ORDER BY g');
SELECT differ('SELECT covar_pop(i, j), covar_samp(n, m), corr(i, f), regr_count(i, f), regr_avgx(n, f), regr_avgy(n, f), regr_sxx(i, m), regr_syy(i, m), regr_sxy(i, m) FROM st');
SELECT differ('SELECT regr_slope(i, f), regr_intercept(i, f), regr_r2(i, f), regr_slope(m, j), regr_r2(m, j), corr(m, j), corr(f, f), regr_r2(r, s) FROM st');
SELECT differ('SELECT g, corr(i, n), regr_slope(i, n), regr_intercept(i, n), regr_r2(i, n), regr_count(i, n), regr_avgx(i, n), regr_avgy(i, n) FROM st GROUP BY g ORDER BY g');
SELECT differ('SELECT g, covar_pop(j, r), covar_samp(j, r), regr_sxx(j, r), regr_syy(j, r), regr_sxy(j, r), regr_r2(r, n) FROM st GROUP BY g ORDER BY g');
SELECT g, smc_corr(i, f), smc_regr_slope(i, f), smc_regr_count(i, f), smc_covar_pop(i, f), smc_covar_samp(i, f), smc_regr_r2(i, f) FROM st GROUP BY g ORDER BY g;
SELECT smc_corr(s, i), smc_covar_pop(s, i), smc_covar_samp(s, i), smc_regr_count(s, i), smc_regr_avgx(s, i), smc_regr_avgy(s, i), smc_regr_sxx(s, i),
	smc_regr_syy(s, i), smc_regr_sxy(s, i), smc_regr_slope(s, i), smc_regr_intercept(s, i), smc_regr_r2(s, i) FROM st WHERE g = 'a';
SELECT corr(s, i), covar_pop(s, i), covar_samp(s, i), regr_count(s, i), regr_avgx(s, i), regr_avgy(s, i), regr_sxx(s, i),
	regr_syy(s, i), regr_sxy(s, i), regr_slope(s, i), regr_intercept(s, i), regr_r2(s, i) FROM everyone WHERE g = 'a';
-- where native doubles cancel each other out: what numeric arithmetic makes of the rows
SELECT g, smc_regr_intercept(m, j), smc_regr_slope(m, j), smc_regr_r2(m, p), smc_corr(m, p) FROM st WHERE g IN ('a', 'b') GROUP BY g ORDER BY g;
WITH rows AS (SELECT g, m::numeric(30,6) AS y, j::numeric AS x, p FROM everyone WHERE g IN ('a', 'b')),
	sums AS (SELECT g, count(*) AS n, sum(x) AS x, sum(y) AS y, sum(p) AS p, sum(x * x) AS xx, sum(x * y) AS xy, sum(y * y) AS yy, sum(p * p) AS pp, sum(p * y) AS py FROM rows GROUP BY g),
	spreads AS (SELECT *, n * xx - x * x AS sxx, n * yy - y * y AS syy, n * pp - p * p AS spp, n * xy - x * y AS sxy, n * py - p * y AS spy FROM sums)
SELECT g, round((y * xx - x * xy) / sxx, 20)::float8 AS intercept, round(sxy / sxx, 25)::float8 AS slope, round(spy * spy / (syy * spp), 40)::float8 AS r2,
	(sign(spy) * sqrt(round(spy * spy / (syy * spp), 60)))::float8 AS corr FROM spreads ORDER BY g;
SELECT g, regr_intercept(m, j), regr_slope(m, j), regr_r2(m, p), corr(m, p) FROM everyone WHERE g IN ('a', 'b') GROUP BY g ORDER BY g;
-- constants, one row, none
SELECT variance(1), stddev(i - i), var_pop(2.50), stddev(0.5::float8), corr(i, 1), corr(1, i), regr_r2(1, i), regr_r2(i, 1), regr_slope(1, i), regr_intercept(7, i),
	regr_slope(i, i), corr(s, -s::int), regr_r2(s, s::int * 2), covar_pop(i, 3) FROM st;
SELECT variance(1), stddev(i - i), var_pop(2.50), stddev(0.5::float8), corr(i, 1), corr(1, i), regr_r2(1, i), regr_r2(i, 1), regr_slope(1, i), regr_intercept(7, i),
	regr_slope(i, i), corr(s, -s::int), regr_r2(s, s::int * 2), covar_pop(i, 3) FROM everyone;
SELECT variance(j), var_pop(j), stddev(n), stddev_pop(n), regr_count(i, n), regr_sxx(i, n), corr(i, n), regr_r2(i, n), covar_pop(i, n), covar_samp(i, n) FROM st WHERE i = 12;
SELECT variance(j), var_pop(j), stddev(n), stddev_pop(n), regr_count(i, n), regr_sxx(i, n), corr(i, n), regr_r2(i, n), covar_pop(i, n), covar_samp(i, n) FROM everyone WHERE i = 12;
SELECT variance(j), var_pop(j), stddev(n), stddev_pop(n), regr_count(i, n), regr_sxx(i, n), corr(i, n), regr_r2(i, n), covar_pop(i, n), covar_samp(i, n) FROM st WHERE i = 12345;
-- arguments that are computed, filters; casts to double precision are taken off
SELECT differ('SELECT variance(n * 2 + 1), stddev(round(n / 3, 4)) FILTER (WHERE g = ''a''), stddev(s::bigint * i), corr(n * 1.5, s + 3) FILTER (WHERE s > 0), variance(i::numeric), stddev(f::real) FROM st');
SELECT differ('SELECT stddev(n) FILTER (WHERE i > 0), regr_slope(f, n / 3), covar_samp(CASE WHEN s > 0 THEN i END, n), corr(abs(s), i) FILTER (WHERE g = ''a'' AND f IS NOT NULL) FROM st');
SELECT plan('SELECT smc_regr_slope(n::float8, i), regr_avgx(i, n), regr_count(n, i), regr_syy(f + 1, i) FROM st');

-- floats are added up by an aggregate of our own, as their shortest decimals
SELECT plan('SELECT stddev(f), corr(f, r) FILTER (WHERE i > 0) FROM st');
SELECT smc_exact_sums(x, 2) FROM (VALUES (0.125::float8), (-0.125), (0.005), (1e20), (NULL), (-0.0), (5e-324), (-1234.5678)) v(x);
SELECT smc_exact_sums(y, 0, x, 30) FROM (VALUES (0.5::float8, 1e-30), (1.5, -2e-30), (-2.5, 0.1), (7, NULL), (NULL, 7)) v(y, x);
SELECT smc_exact_sums(x, 2) FROM (VALUES (1::float8), ('NaN')) v(x);
SELECT smc_exact_sums(x, 2) FROM (VALUES (1::float8), ('-Infinity')) v(x);
SELECT smc_exact_sums(x, 2, x, 0) FROM (VALUES (1e31::float8), (1e-31)) v(x);
SELECT smc_exact_sums(x, 2), smc_exact_sums(x, 2, x, 2) FROM (VALUES (1e32::float8), (NULL)) v(x);
SELECT smc_exact_sums(NULL::float8, 2), smc_exact_sums(1, 2, NULL, 2) FROM generate_series(1, 3);
SELECT smc_exact_sums(1, 31);
SELECT smc_exact_sums(y, 6, x, 9) = ARRAY[sum(b), sum(a), sum(b * b), sum(a * a), sum(a * b)] AS as_numeric
	FROM (SELECT sin(n) * exp(n % 40 - 25) AS y, cos(n) / (n % 1000) AS x FROM generate_series(1, 20000) n WHERE n % 1000 > 0) v,
		LATERAL (SELECT round(y::text::numeric, 6) AS b, round(x::text::numeric, 9) AS a) w;

-- NumAcc4-like: beyond what sums in double precision can do
SELECT variance(p), stddev(p), variance(p::float8), stddev(p::float8) FROM st WHERE p > 10;
SELECT variance(p), stddev(p), variance(p::float8)::numeric = round(variance(p), 18) AS double_is_right FROM everyone WHERE p > 10;
-- NIST's NumAcc3 (StRD, univariate): certified mean 1000000.2, standard deviation 0.1
INSERT INTO own (g, i, f) SELECT 'e', 0, unnest(ARRAY[1000000.2] || array_agg(1000000.1 + 0.2 * (n % 2))) FROM generate_series(1, 1000) n;
SELECT regr_avgx(i, f), stddev(f), regr_count(f, i), regr_sxx(i, f) FROM st WHERE g = 'e';
DELETE FROM own WHERE g = 'e';

-- formulas over them open the answer alone
SELECT plan('SELECT smc_stddev(n) / smc_avg(n), smc_corr(i, n) > 0.5 FROM st');
SELECT smc_stddev(n) / smc_avg(m) AS cv, smc_corr(i, n) > 0.5 AS close, stddev(n) > stddev(m) AS wider, variance(i) < variance(s) AS less, stddev(i) > avg(j) AS more,
	round(stddev(n), 2) AS rounded, variance(s)::int AS whole, -stddev(n) AS minus, stddev(n) = sqrt(variance(n)) AS apart FROM st WHERE g = 'a';
SELECT stddev(n) / avg(m) AS cv, corr(i, n) > 0.5 AS close, stddev(n) > stddev(m) AS wider, variance(i) < variance(s) AS less, stddev(i) > avg(j) AS more,
	round(stddev(n), 2) AS rounded, variance(s)::int AS whole, -stddev(n) AS minus, stddev(n) = sqrt(variance(n)) AS apart FROM everyone WHERE g = 'a';
SELECT differ('SELECT corr(i, n) * corr(i, n) AS r2, regr_slope(i, n) * 2.5 + regr_intercept(i, n) AS predicted, stddev(f) / 2, abs(corr(i, s)), covar_pop(i, n) / var_pop(i)::float8, greatest(stddev(n), avg(n)), coalesce(stddev(n) FILTER (WHERE i > 1000), 0) FROM st WHERE g = ''a''');
SELECT corr(i, i) = 1, corr(i, i) <= 1, corr(i, -i) = -1, corr(i, -i) < 0, regr_r2(i, i) = 1, regr_r2(m, m) >= 1, corr(m, -m) <= -1, stddev(i) > 12.5, stddev(i) > -1, stddev(i) IN (0, 1), corr(i, n) BETWEEN -1 AND 1 FROM st;
SELECT CASE WHEN stddev(n) > 3 THEN stddev(n) ELSE avg(n) END, nullif(stddev(i), 0), stddev(n) IS NULL, stddev(n) IS DISTINCT FROM stddev(m), variance(n) / stddev(n) FROM st WHERE g = 'a';
SELECT CASE WHEN stddev(n) > 3 THEN stddev(n) ELSE avg(n) END, nullif(stddev(i), 0), stddev(n) IS NULL, stddev(n) IS DISTINCT FROM stddev(m), variance(n) / stddev(n) FROM everyone WHERE g = 'a';
SELECT g, stddev(n) FROM st GROUP BY g HAVING stddev(n) > 3 ORDER BY g;
SELECT g, stddev(n) FROM everyone GROUP BY g HAVING stddev(n) > 3 ORDER BY g;
SELECT g, corr(i, n) FROM st GROUP BY g HAVING regr_count(i, n) > 3 AND corr(i, n) > 0.2 ORDER BY g;
SELECT g, corr(i, n) FROM everyone GROUP BY g HAVING regr_count(i, n) > 3 AND corr(i, n) > 0.2 ORDER BY g;
SELECT stddev(n) / (count(*) - 14) FROM st;
PREPARE beyond(float8) AS SELECT g, stddev(f * 2) > $1, corr(i, f) > $1 FROM st WHERE i < $1 GROUP BY g ORDER BY g;
EXECUTE beyond(2.5);
-- windows and what is around
SELECT g, rank() OVER (ORDER BY stddev(n) DESC NULLS LAST), sqrt(variance(n)) = stddev(n) AS same FROM st GROUP BY g ORDER BY 2, 1;

-- refused
SELECT smc_stddev(t) FROM st;
SELECT smc_corr(t, i) FROM st;
SELECT stddev(DISTINCT i) FROM st;
SELECT corr(i, n ORDER BY i) FROM st;
SELECT smc_regr_slope(i, n) FROM own;
SELECT smc_stddev(i) OVER () FROM own;
SELECT stddev(n / 3) FROM st;
SELECT stddev(f * 1e300) FROM st;
SELECT covar_pop(i * 1000000000000000, i) FROM st;
SELECT variance(m * m * m * m) FROM st;
-- a part that leaves its room: what the column itself holds
UPDATE own SET r = 1e25 WHERE g = 'd';
SELECT stddev(r) FROM st;
UPDATE own SET r = 'NaN' WHERE g = 'd';
SELECT stddev(r) FROM st;
UPDATE own SET r = NULL WHERE g = 'd';
-- words: each column read needs that of the statistic
ALTER FOREIGN TABLE st ALTER n OPTIONS (SET allow 'variance, sum, count');
SELECT stddev(n) FROM st;
SELECT corr(i, n) FROM st;
SELECT regr_count(n, i) FROM st;
SELECT covar_samp(n, i) FROM st;
SELECT regr_r2(i, n) FROM st;
ALTER FOREIGN TABLE st ALTER n OPTIONS (SET allow 'variance, stddev, covar, corr, regr, sum, avg, count, filter');

-- the others find it
\c globex
\! sleep 0.3
SELECT query, figures FROM smc_results WHERE study = 'st' AND query ~ 'WHERE' AND query ~ 'stddev' ORDER BY at LIMIT 1;

-- with a minimum of rows
\c acme
SET search_path = stats, public;
\pset null NULL
ALTER FOREIGN TABLE st OPTIONS (ADD min_rows '3');
SELECT smc_accept('st') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE stats.st OPTIONS (ADD min_rows '3');
SELECT smc_accept('st') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE stats.st OPTIONS (ADD min_rows '3');
SELECT smc_accept('st') IS NOT NULL AS accepted;
\c acme
SET search_path = stats, public;
\pset null NULL
SELECT plan('SELECT g, smc_stddev(n), smc_corr(i, n) FROM st GROUP BY g');
SELECT g, smc_stddev(n), smc_corr(i, n), smc_regr_count(i, j) FROM st GROUP BY g ORDER BY g;
SELECT g, smc_stddev(n) FILTER (WHERE i > 4), smc_regr_slope(s, i) FROM st GROUP BY g ORDER BY g;
SELECT g, smc_stddev(n) FROM st GROUP BY g HAVING smc_variance(i) > 50 ORDER BY g;
