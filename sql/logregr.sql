--
-- Logistic regression over a study, as MADlib's logregr_train has it.
--
\c acme
CREATE SCHEMA logregr;
SET search_path = logregr, public;
SET client_min_messages = warning;
CREATE TABLE own (g text, age int NOT NULL, years int, pay numeric(9,2) NOT NULL, f float8 NOT NULL, sex text NOT NULL, won boolean, big bigint NOT NULL);
CREATE FUNCTION rows_of(lo int, hi int) RETURNS SETOF own LANGUAGE sql AS $$
	SELECT (ARRAY['a','b','c'])[1 + k % 3], 20 + k * 7919 % 50, NULLIF((k * 37) % 23, 0), (k * 104729 % 100003) / 10.0,
		(k * 31 % 97) / 8.0, CASE WHEN k % 2 = 0 THEN 'Female' ELSE 'Male' END,
		((k * 7919 % 50) + (k * 104729 % 100003) / 2000.0 + (k * 65537 % 1013) / 10.0 > 100), k * 1000003
	FROM generate_series(lo, hi) k $$;
INSERT INTO own SELECT * FROM rows_of(1, 150);
UPDATE own SET won = NULL WHERE age = 33;
CREATE FOREIGN TABLE lg (
	g text OPTIONS (allow 'group, filter', values '{a,b,c,d}'),
	age int OPTIONS (allow 'logregr, filter, count', lo '18', hi '99') NOT NULL,
	years int OPTIONS (allow 'logregr', lo '0', hi '60'),
	pay numeric(9,2) OPTIONS (allow 'logregr, filter') NOT NULL,
	f float8 OPTIONS (allow 'logregr', scale '3', lo '0', hi '20') NOT NULL,
	sex text OPTIONS (allow 'filter') NOT NULL,
	won boolean OPTIONS (allow 'logregr'),
	big bigint OPTIONS (allow 'logregr') NOT NULL
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'own');
SELECT smc_accept('lg') IS NOT NULL AS accepted;
CREATE TABLE everyone AS SELECT * FROM own UNION ALL SELECT * FROM rows_of(151, 300);
\c globex
CREATE SCHEMA logregr;
SET search_path = logregr, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (lg) FROM SERVER acme INTO logregr;
CREATE TABLE own (g text, age int NOT NULL, years int, pay numeric(9,2) NOT NULL, f float8 NOT NULL, sex text NOT NULL, won boolean, big bigint NOT NULL);
INSERT INTO own
	SELECT (ARRAY['a','b','c'])[1 + k % 3], 20 + k * 7919 % 50, NULLIF((k * 37) % 23, 0), (k * 104729 % 100003) / 10.0,
		(k * 31 % 97) / 8.0, CASE WHEN k % 2 = 0 THEN 'Female' ELSE 'Male' END,
		((k * 7919 % 50) + (k * 104729 % 100003) / 2000.0 + (k * 65537 % 1013) / 10.0 > 100), k * 1000003
	FROM generate_series(151, 290) k;
ALTER FOREIGN TABLE lg OPTIONS (ADD source 'own');
SELECT smc_accept('lg') IS NOT NULL AS accepted;
\c initech
CREATE SCHEMA logregr;
SET search_path = logregr, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (lg) FROM SERVER acme INTO logregr;
CREATE TABLE own (g text, age int NOT NULL, years int, pay numeric(9,2) NOT NULL, f float8 NOT NULL, sex text NOT NULL, won boolean, big bigint NOT NULL);
INSERT INTO own
	SELECT (ARRAY['a','b','c'])[1 + k % 3], 20 + k * 7919 % 50, NULLIF((k * 37) % 23, 0), (k * 104729 % 100003) / 10.0,
		(k * 31 % 97) / 8.0, CASE WHEN k % 2 = 0 THEN 'Female' ELSE 'Male' END,
		((k * 7919 % 50) + (k * 104729 % 100003) / 2000.0 + (k * 65537 % 1013) / 10.0 > 100), k * 1000003
	FROM generate_series(291, 300) k;
ALTER FOREIGN TABLE lg OPTIONS (ADD source 'own');
SELECT smc_accept('lg') IS NOT NULL AS accepted;

\c acme
SET search_path = logregr, public;
\pset null NULL
-- the same from the rows themselves: Newton's method in double precision; x is an array of each row's columns
CREATE FUNCTION plain(query text) RETURNS smc_logregr_result LANGUAGE plpgsql AS $$
DECLARE
	ys int[]; xs float8[][]; n int; k int; beta float8[]; a float8[]; z float8; p float8; f float8; likelihood float8; step float8; biggest float8;
BEGIN
	EXECUTE format('SELECT array_agg(y::int), array_agg(x::float8[]) FROM (%s) t(y, x) WHERE y IS NOT NULL AND array_position(x, NULL) IS NULL', query) INTO ys, xs;
	n := array_length(ys, 1);
	k := array_length(xs, 2);
	beta := array_fill(0::float8, ARRAY[k]);
	FOR iteration IN 1 .. 40 LOOP
		-- [H | I | g], row by row
		a := array_fill(0::float8, ARRAY[k, 2 * k + 1]);
		likelihood := 0;
		FOR e IN 1 .. n LOOP
			z := 0;
			FOR j IN 1 .. k LOOP
				z := z + beta[j] * xs[e][j];
			END LOOP;
			p := 1 / (1 + exp(-z));
			likelihood := likelihood - ln(1 + exp(CASE WHEN ys[e] = 1 THEN -z ELSE z END));
			FOR i IN 1 .. k LOOP
				a[i][2 * k + 1] := a[i][2 * k + 1] + xs[e][i] * (ys[e] - p);
				FOR j IN 1 .. k LOOP
					a[i][j] := a[i][j] + xs[e][i] * xs[e][j] * p * (1 - p);
				END LOOP;
			END LOOP;
		END LOOP;
		FOR i IN 1 .. k LOOP
			a[i][k + i] := 1;
		END LOOP;
		FOR q IN 1 .. k LOOP
			f := a[q][q];
			FOR j IN 1 .. 2 * k + 1 LOOP
				a[q][j] := a[q][j] / f;
			END LOOP;
			FOR i IN 1 .. k LOOP
				f := a[i][q];
				FOR j IN 1 .. 2 * k + 1 LOOP
					IF i <> q THEN
						a[i][j] := a[i][j] - f * a[q][j];
					END IF;
				END LOOP;
			END LOOP;
		END LOOP;
		biggest := 0;
		FOR j IN 1 .. k LOOP
			step := a[j][2 * k + 1];
			biggest := greatest(biggest, abs(step) / sqrt(a[j][k + j]));
			beta[j] := beta[j] + step;
		END LOOP;
		EXIT WHEN biggest < 1e-9;
	END LOOP;
	RETURN (beta, likelihood, (SELECT array_agg(sqrt(a[j][k + j]) ORDER BY j) FROM generate_series(1, k) j), NULL, NULL, NULL, n, NULL)::smc_logregr_result;
END $$;
-- whether they agree: coefficients within 1e-4 standard errors, those and the likelihood to five digits; the rest follows
CREATE FUNCTION agrees(a smc_logregr_result, b smc_logregr_result) RETURNS boolean LANGUAGE sql AS $$
	SELECT a.num_rows = b.num_rows AND abs(a.log_likelihood / b.log_likelihood - 1) < 1e-5 AND a.num_iterations BETWEEN 2 AND 12 AND
		(SELECT bool_and(abs(u.p - u.q) < 1e-4 * u.s AND abs(u.r / u.s - 1) < 1e-5) FROM unnest(a.coef, b.coef, a.std_err, b.std_err) u(p, q, r, s)) AND
		(SELECT bool_and(u.z = u.p / u.s AND abs(u.o - exp(u.p)) <= 1e-12 * u.o) FROM unnest(a.coef, a.std_err, a.z_stats, a.odds_ratios) u(p, s, z, o))
$$;
-- EXPLAIN, but for the figures of steps, which follow the protocols
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || query LOOP
		RETURN NEXT regexp_replace(line, '\d+( rounds|,? each|,? kB)', '#\1', 'g');
	END LOOP;
END $$;

SELECT plan('SELECT smc_logregr(won, array[1, age, f]) FROM lg');
SELECT plan('SELECT g, smc_logregr(age > 40, array[1, pay], 7, 1e-4) FILTER (WHERE age > 2) FROM lg WHERE pay < 9000 GROUP BY g');
SELECT agrees(smc_logregr(won, array[1, age]), plain('SELECT won, array[1, age] FROM everyone')) FROM lg;
SELECT (m).num_rows, (m).num_iterations, round((m).coef[2]::numeric, 4) AS age FROM (SELECT smc_logregr(won, array[1, age, f]) AS m FROM lg) s;
-- several, of several types, and rows with a NULL in one
SELECT agrees(smc_logregr(won, array[1, age, years, pay, f]), plain('SELECT won, array[1, age, years, pay, f] FROM everyone')) FROM lg;
SELECT agrees(smc_logregr(age > 45, array[1, pay, CASE WHEN sex = 'Female' THEN 1 ELSE 0 END]), plain('SELECT age > 45, array[1, pay, (sex = ''Female'')::int] FROM everyone')) FROM lg;
SELECT agrees(smc_logregr(pay > 5000.5, array[age, f]), plain('SELECT pay > 5000.5, array[age, f] FROM everyone')) FROM lg;
SELECT agrees(smc_logregr(won, array[2, age - 40, years * 3]), plain('SELECT won, array[2, age - 40, years * 3] FROM everyone')) FROM lg;
SELECT agrees(smc_logregr(won, array[1]), plain('SELECT won, array[1] FROM everyone')) FROM lg;
-- conditions, groups, more than one
SELECT agrees(smc_logregr(won, array[1, age]), plain('SELECT won, array[1, age] FROM everyone WHERE age > 25 AND pay < 8000')) FROM lg WHERE age > 25 AND pay < 8000;
SELECT agrees(smc_logregr(won, array[1, age]) FILTER (WHERE age > 25), plain('SELECT won, array[1, age] FROM everyone WHERE age > 25')), count(age) FROM lg;
SELECT g, agrees(m, plain(format('SELECT won, array[1, age] FROM everyone WHERE g = %L', g))) FROM (SELECT g, smc_logregr(won, array[1, age]) AS m FROM lg GROUP BY g) s ORDER BY g;
SELECT g, (m).num_rows FROM (SELECT g, smc_logregr(won, array[1, age]) AS m FROM lg GROUP BY g HAVING count(age) > 99) s ORDER BY g;
PREPARE model(int) AS SELECT agrees(smc_logregr(won, array[1, age]), plain('SELECT won, array[1, age] FROM everyone WHERE age > 30')) FROM lg WHERE age > $1;
EXECUTE model(30);
-- settings: two steps don't do; a coarse tolerance does earlier
SELECT (m).num_iterations, (m).coef IS NOT NULL AS coef FROM (SELECT smc_logregr(won, array[1, age, f], 2) AS m FROM lg) s;
SELECT (a).num_iterations < (b).num_iterations AS earlier FROM (SELECT smc_logregr(won, array[1, age, f], 20, 0.1) AS a, smc_logregr(won, array[1, age, f]) AS b FROM lg) s;
-- no model: columns that depend on each other, one that tells the outcome, no rows
SELECT (smc_logregr(won, array[1, age, 2 * age + 3])).* FROM lg;
SELECT (m).coef, (m).num_rows FROM (SELECT smc_logregr(age > 45, array[1, age], 40) AS m FROM lg) s;
SELECT smc_logregr(won, array[1, age]) FROM lg WHERE age > 1000;
-- predictions
SELECT smc_predict(m, array[1, 40.0]) BETWEEN 0 AND 1 AS probability, abs(smc_predict(m, array[1, 40.0]) - 1 / (1 + exp(-(m).coef[1] - 40 * (m).coef[2]))) < 1e-14 AS same FROM (SELECT smc_logregr(won, array[1, age]) AS m FROM lg) s;
SELECT smc_predict((array[1.5, 2], NULL, NULL, NULL, NULL, 3)::smc_linregr_result, array[1, 10]);
SELECT smc_predict((array[1000, 2], NULL, NULL, NULL, NULL, NULL, 3, 3)::smc_logregr_result, array[1, 10]), smc_predict((array[-1000, 2], NULL, NULL, NULL, NULL, NULL, 3, 3)::smc_logregr_result, array[1, 10]);
SELECT smc_predict((NULL, NULL, NULL, NULL, NULL, NULL, 3, 3)::smc_logregr_result, array[1, 10]);
SELECT smc_predict((array[1.5, 2], NULL, NULL, NULL, NULL, 3)::smc_linregr_result, array[1]);
SELECT smc_predict((array[1.5, 2], NULL, NULL, NULL, NULL, 3)::smc_linregr_result, array[1, NULL]);
SELECT agrees(smc_logregr(won::int, array[1, age]), plain('SELECT won, array[1, age] FROM everyone')) FROM lg;
-- a field of a model is told with the model: nothing of it is there before
SELECT (smc_logregr(won, array[1, age])).num_rows, (smc_logregr(won, array[1, age])).coef[2] > 0 AS rises FROM lg;
SELECT plan('SELECT (smc_logregr(won, array[1, age])).coef[2] > 0 FROM lg');
SELECT smc_keep((smc_logregr(won, array[1, age])).coef[2], 'slope') FROM lg;
-- refused
SELECT smc_logregr(CASE WHEN age > 50 THEN 2 ELSE 0 END, array[1, f]) FROM lg;
SELECT smc_logregr(age, array[1, f]) FROM lg;
SELECT smc_logregr(sex, array[1, f]) FROM lg;
SELECT smc_logregr(won, array[1, big]) FROM lg;
SELECT smc_logregr(won, array[1, pay * pay]) FROM lg;
SELECT smc_logregr(f > 3, array[1, age]) FROM lg;
SELECT smc_logregr(won, array[1, NULL::int]) FROM lg;
SELECT smc_logregr(won, array[1, age], 0) FROM lg;
SELECT smc_logregr(won, array[1, age], 20, 1e-9) FROM lg;
SELECT smc_logregr(won, array[1, age], age) FROM lg;
SELECT smc_logregr(won, array[1, age]) FROM everyone;
SELECT smc_keep(smc_logregr(won, array[1, age]), 'model') FROM lg;
SELECT count(age) FROM lg HAVING smc_logregr(won, array[1, age]) IS NULL;
-- fewer rows than min_rows, noise, and figures for some parties only
CREATE FOREIGN TABLE lg5 (
	g text OPTIONS (allow 'group, filter', values '{a,b,c,d}'),
	age int OPTIONS (allow 'logregr, filter', lo '18', hi '99') NOT NULL,
	won boolean OPTIONS (allow 'logregr')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', min_rows '50', source 'own');
CREATE FOREIGN TABLE lgn (
	age int OPTIONS (allow 'logregr', lo '18', hi '99') NOT NULL, won boolean OPTIONS (allow 'logregr')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', epsilon '1', source 'own');
CREATE FOREIGN TABLE lgg (
	age int OPTIONS (allow 'logregr', lo '18', hi '99') NOT NULL, won boolean OPTIONS (allow 'logregr', reveal_to 'globex')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', source 'own');
CREATE FOREIGN TABLE lgo (
	age int OPTIONS (allow 'logregr', lo '18', hi '60') NOT NULL, won boolean OPTIONS (allow 'logregr')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', source 'own');
-- so many rows at most at each party: fewer that count for nothing
CREATE FOREIGN TABLE lgm (
	age int OPTIONS (allow 'logregr, filter', lo '18', hi '99') NOT NULL, won boolean OPTIONS (allow 'logregr')
) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', max_rows '148', source 'own');
SELECT smc_accept(s) IS NOT NULL AS accepted FROM unnest('{lg5,lgn,lgg,lgo,lgm}'::text[]) s;
\c globex
SET search_path = logregr, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (lg5, lgn, lgg, lgo, lgm) FROM SERVER acme INTO logregr;
ALTER FOREIGN TABLE lg5 OPTIONS (ADD source 'own');
ALTER FOREIGN TABLE lgn OPTIONS (ADD source 'own');
ALTER FOREIGN TABLE lgg OPTIONS (ADD source 'own');
ALTER FOREIGN TABLE lgo OPTIONS (ADD source 'own');
ALTER FOREIGN TABLE lgm OPTIONS (ADD source 'own');
SELECT smc_accept(s) IS NOT NULL AS accepted FROM unnest('{lg5,lgn,lgg,lgo,lgm}'::text[]) s;
\c acme
SET search_path = logregr, public;
\pset null NULL
SELECT g, agrees(m, plain(format('SELECT won, array[1, age] FROM (SELECT *, row_number() OVER () AS r FROM everyone) e WHERE r <= 290 AND g = %L AND age < 66', g))), (m).num_rows FROM (SELECT g, smc_logregr(won, array[1, age]) AS m FROM lg5 WHERE age < 66 GROUP BY g) s ORDER BY g;
SELECT smc_logregr(won, array[1, age]) FROM lgn;
SELECT smc_logregr(won, array[1, age]) FROM lgg;
SELECT smc_logregr(won, array[1, age]) FROM lgo;
SELECT agrees(smc_logregr(won, array[1, age]), plain('SELECT won, array[1, age] FROM (SELECT *, row_number() OVER () AS r FROM everyone) e WHERE r <= 290')) FROM lgm;
SELECT smc_logregr(age > 40, array[1, age]) FROM lgm;
SELECT definition ~ 'max_rows 148' AS agreed FROM smc_studies WHERE study = 'lgm';
-- told and remembered: the audit, and others' results
SELECT query, reveals FROM smc_audit WHERE study = 'lg' AND query LIKE '%logregr(won, array[1, age])%' ORDER BY started_at LIMIT 1;
\c globex
\! sleep 0.3
SELECT m.key, m.value ->> 'num_rows' AS num_rows, jsonb_array_length(m.value -> 'coef') AS coef FROM smc_results, jsonb_each(figures::jsonb -> 0) m
	WHERE study = 'lg' AND query = 'SELECT smc_logregr(won, array[1]) FROM lg';

-- the salaries: three sources that look different
\c acme
SET search_path = logregr, public;
CREATE FOREIGN TABLE prof (
	rank text OPTIONS (allow 'filter'),
	sex text OPTIONS (allow 'filter'),
	yrs_service int OPTIONS (allow 'logregr', lo '0', hi '70'),
	salary numeric(12,2) OPTIONS (allow 'filter, logregr', lo '0', hi '500000')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'hr.staff');
SELECT smc_accept('prof') IS NOT NULL AS accepted;
\c globex
SET search_path = logregr, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (prof) FROM SERVER acme INTO logregr;
ALTER FOREIGN TABLE prof OPTIONS (ADD source 'people.salaries');
SELECT smc_accept('prof') IS NOT NULL AS accepted;
\c initech
SET search_path = logregr, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (prof) FROM SERVER acme INTO logregr;
ALTER FOREIGN TABLE prof OPTIONS (ADD source 'public.lohn'), ALTER COLUMN rank OPTIONS (ADD column 'stufe'), ALTER COLUMN sex OPTIONS (ADD column 'geschlecht'),
	ALTER COLUMN yrs_service OPTIONS (ADD column 'dienstjahre'), ALTER COLUMN salary OPTIONS (ADD column 'gehalt');
SELECT smc_accept('prof') IS NOT NULL AS accepted;
\c acme
SET search_path = logregr, public;
SELECT agrees(smc_logregr(salary > 110000, array[1, yrs_service, CASE WHEN sex = 'Female' THEN 1 ELSE 0 END]),
	plain('SELECT salary > 110000, array[1, yrs_service, (sex = ''Female'')::int] FROM public.everyone')) FROM prof;
SELECT agrees(smc_logregr(rank = 'Prof', array[1, yrs_service, salary]), plain('SELECT rank = ''Prof'', array[1, yrs_service, salary] FROM public.everyone')) FROM prof;
