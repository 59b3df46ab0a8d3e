--
-- Kept secrets: results that nobody saw, later computed with and revealed.
--
\c acme
CREATE SCHEMA secret;
SET search_path = secret, public;
SET client_min_messages = warning;
CREATE TABLE own (quarter int, x int, n numeric(12,2), f float8, d date, flag boolean);
INSERT INTO own VALUES (1, 5, 1.50, 0.25, '2001-01-01', true), (1, -7, -3.25, 1.5, '2020-02-29', false),
	(2, 100, 10, 3, '1999-12-31', true), (2, 2, NULL, NULL, NULL, NULL);
CREATE FOREIGN TABLE sales (
	quarter int OPTIONS (allow 'filter, group, count', values '{1,2,3}'),
	x int OPTIONS (allow 'sum, avg, count, min, max, compare, stddev, variance, corr'),
	n numeric(12,2) OPTIONS (allow 'sum, avg, count, min, max'),
	f float8 OPTIONS (allow 'sum, avg, count, min, max, corr', scale '6'),
	d date OPTIONS (allow 'min, max, count'),
	flag boolean OPTIONS (allow 'filter, count')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'own');
SELECT smc_accept('sales') IS NOT NULL AS accepted;
CREATE TABLE everyone AS TABLE own;
INSERT INTO everyone VALUES (1, 3, 2.75, 8, '2010-10-10', true), (2, -50, -99999999.99, -2.5, '2000-01-01', false), (1, -2, 0.01, 7, '2001-01-01', true);
\c globex
CREATE SCHEMA secret;
SET search_path = secret, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (sales) FROM SERVER acme INTO secret;
CREATE TABLE own (quarter int, x int, n numeric(12,2), f float8, d date, flag boolean);
INSERT INTO own VALUES (1, 3, 2.75, 8, '2010-10-10', true), (2, -50, -99999999.99, -2.5, '2000-01-01', false);
ALTER FOREIGN TABLE sales OPTIONS (ADD source 'own');
SELECT smc_accept('sales') IS NOT NULL AS accepted;
\c initech
CREATE SCHEMA secret;
SET search_path = secret, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (sales) FROM SERVER acme INTO secret;
CREATE TABLE own (quarter int, x int, n numeric(12,2), f float8, d date, flag boolean);
INSERT INTO own VALUES (1, -2, 0.01, 7, '2001-01-01', true);
ALTER FOREIGN TABLE sales OPTIONS (ADD source 'own');
SELECT smc_accept('sales') IS NOT NULL AS accepted;

\c acme
SET search_path = secret, public;
SET datestyle = 'ISO';

--
-- Keeping and revealing
--
EXPLAIN (COSTS OFF) SELECT smc_keep(smc_sum(x), 'q1') FROM sales WHERE quarter = 1;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_keep(smc_sum(x), 'q1') FROM sales WHERE quarter = 1;
SELECT * FROM smc_secrets WHERE study = 'sales';
SELECT smc_keep(smc_sum(x), 'q1') FROM sales WHERE quarter = 1;
SELECT smc_keep(smc_sum(x), 'q2') FROM sales WHERE quarter = 2;
SELECT study, name, type, made_of, made_by, made_role, expires, state FROM smc_secrets WHERE study = 'sales' ORDER BY name;
SELECT smc_reveal(smc_secret('sales', 'q2') > smc_secret('sales', 'q1'));
SELECT smc_reveal(smc_secret('sales', 'q2') - smc_secret('sales', 'q1')) AS more, smc_reveal(smc_secret('sales', 'q1')) AS q1,
	smc_reveal(smc_secret('sales', 'q2')) AS q2;
SELECT sum(x) FILTER (WHERE quarter = 2) - sum(x) FILTER (WHERE quarter = 1) AS more, sum(x) FILTER (WHERE quarter = 1) AS q1,
	sum(x) FILTER (WHERE quarter = 2) AS q2 FROM everyone;

-- every kind of value; of a quotient nothing is rounded before it is revealed
SELECT smc_keep(smc_avg(n), 'avg'), smc_keep(smc_avg(f), 'favg'), smc_keep(smc_min(d), 'first'), smc_keep(smc_max(d), 'last'),
	smc_keep(smc_min(f), 'fmin'), smc_keep(smc_max(n), 'nmax'), smc_keep(smc_sum(x) > 10, 'much'), smc_keep(smc_sum(f), 'fsum'),
	smc_keep(smc_sum(x) FILTER (WHERE quarter = 3), 'none'), smc_keep((smc_sum(x) FILTER (WHERE quarter = 3)) > 0, 'unknown'),
	smc_keep(smc_argmax(x), 'winner'), smc_keep(smc_compare(x, 'acme', 'globex'), 'cmp'), smc_keep(smc_count(*), 'rows'),
	smc_keep(round(smc_avg(x), 1), 'rounded'), smc_keep(smc_sum(x) / (smc_count(*) - 7), 'by_zero'),
	smc_keep(CASE WHEN smc_sum(x) > 0 THEN smc_sum(n) ELSE 0 END, 'case'), smc_keep(smc_count(*) - 7, 'zero') FROM sales;
SELECT name, type, made_of FROM smc_secrets WHERE study = 'sales' ORDER BY name;
SELECT smc_reveal(smc_secret('sales', 'avg')) AS avg, smc_reveal(smc_secret('sales', 'favg')) AS favg, smc_reveal(smc_secret('sales', 'fsum')) AS fsum,
	smc_reveal(smc_secret('sales', 'fmin')) AS fmin, smc_reveal(smc_secret('sales', 'nmax')) AS nmax, smc_reveal(smc_secret_bool('sales', 'much')) AS much;
SELECT avg(n), avg(f) AS favg, sum(f) AS fsum, min(f) AS fmin, max(n) AS nmax, sum(x) > 10 AS much FROM everyone;
SELECT smc_reveal(smc_secret('sales', 'none')) IS NULL AS none, smc_reveal(smc_secret_bool('sales', 'unknown')) IS NULL AS unknown,
	smc_reveal(smc_secret('sales', 'by_zero')) IS NULL AS by_zero, smc_reveal(smc_secret('sales', 'cmp')) AS cmp, smc_reveal(smc_secret('sales', 'rows')) AS rows,
	smc_reveal(smc_secret('sales', 'rounded')) AS rounded, smc_reveal(smc_secret('sales', 'case')) AS "case";
SELECT smc_reveal(smc_secret('sales', 'first'), NULL::date) AS first, smc_reveal(smc_secret('sales', 'last'), NULL::date) AS last,
	smc_reveal(smc_secret('sales', 'winner'), NULL::text) AS winner, smc_reveal(smc_secret('sales', 'rows'), NULL::int) AS rows,
	smc_reveal(smc_secret('sales', 'fsum'), NULL::float8) AS fsum, smc_reveal(smc_secret('sales', 'fmin'), NULL::float8) AS fmin;
SELECT smc_reveal(smc_secret('sales', 'first') < smc_secret('sales', 'last')) AS t, smc_reveal(smc_secret('sales', 'first') = smc_secret('sales', 'last')) AS f;

-- roots are kept as what they are roots of
SELECT smc_keep(smc_stddev(x), 'sd'), smc_keep(smc_variance(x), 'var'), smc_keep(smc_corr(x, f), 'corr'), smc_keep(smc_stddev(x) FILTER (WHERE quarter = 1), 'sd1'),
	smc_keep(smc_stddev(x) + 1, 'sd plus') FROM sales;
SELECT smc_reveal(smc_secret('sales', 'sd')) AS sd, smc_reveal(smc_secret('sales', 'var')) AS var, round(smc_reveal(smc_secret('sales', 'corr')), 12) AS corr,
	smc_reveal(round(smc_secret('sales', 'sd plus'), 9)) AS plus, smc_reveal(smc_secret('sales', 'sd') > smc_secret('sales', 'sd1')) AS more,
	smc_reveal(smc_secret('sales', 'sd') = smc_secret('sales', 'sd')) AS same, smc_reveal(smc_secret('sales', 'sd') > 45) AS much;
SELECT stddev(x) AS sd, variance(x) AS var, round(corr(x, f)::numeric, 12) AS corr, round(stddev(x) + 1, 9) AS plus,
	stddev(x) > stddev(x) FILTER (WHERE quarter = 1) AS more, stddev(x) = stddev(x) AS same, stddev(x) > 45 AS much FROM everyone;
SELECT smc_keep(smc_secret('sales', 'sd'), 'sd copy'), smc_keep(smc_secret('sales', 'sd') - smc_secret('sales', 'sd1'), 'sd less');
SELECT smc_reveal(smc_secret('sales', 'sd copy')) AS sd, smc_reveal(smc_secret('sales', 'sd copy') = smc_secret('sales', 'sd')) AS same,
	smc_reveal(round(smc_secret('sales', 'sd less'), 9)) AS less;
SELECT stddev(x) AS sd, true AS same, round(stddev(x) - stddev(x) FILTER (WHERE quarter = 1), 9) AS less FROM everyone;

--
-- Expressions
--
SELECT smc_secret('sales', 'q1') + 1 AS a, 2 * smc_secret('sales', 'q1') AS b, -(smc_secret('sales', 'q1') - smc_secret('sales', 'q2')) AS c,
	(smc_secret('sales', 'q1') + 1) * (smc_secret('sales', 'q2') - -3) / 7 AS d, abs(smc_secret('sales', 'q1') - 2.50) AS e;
SELECT (smc_secret('sales', 'q1') > 1) & !(smc_secret('sales', 'q2') <= 2) | smc_secret_bool('sales', 'much') AS f,
	smc_choose(smc_secret('sales', 'q1') = 0, round(smc_secret('sales', 'avg'), 2), 7) AS g, round(smc_secret('sales', 'avg')) AS h,
	smc_secret('"Sales"', 'it''s "x"') <> 1e3 AS i, smc_secret('secret.sales', 'q1') - (smc_secret('sales', 'q2') - 1) AS j,
	- - smc_secret('sales', 'q1') AS k, true & smc_secret_bool('sales', 'much') AS l;
-- a text gives the same value again
SELECT count(*) AS texts, bool_and(t::text::smc_secret::text = t::text) AS same FROM (VALUES
	(smc_secret('sales', 'q1') + 1), (-(smc_secret('sales', 'q1') - smc_secret('sales', 'q2'))), ((smc_secret('sales', 'q1') + 1) * -smc_secret('sales', 'q2') / -7),
	(smc_secret('sales', 'q1') - (smc_secret('sales', 'q2') - (1 - smc_secret('sales', 'a b')))), (smc_secret('sales', 'q1') / (smc_secret('sales', 'q2') * 2)),
	(smc_choose((smc_secret('sales', 'q1') = 0) & (false | !smc_secret_bool('sales', 'b')), smc_secret('s', 'x'), 5)), (smc_secret('"A.""b"', ''')'))) v(t);
SELECT ' 1+ 2 *( smc_secret( ''Sales'' ,''q1'') -3 ) '::smc_secret, '((((smc_secret(''s'', ''a'')))))<=1.50'::smc_secret_bool, '-(-(5))'::smc_secret, '- -.5e1'::smc_secret;
CREATE TABLE kept (label text, value smc_secret, test smc_secret_bool);
INSERT INTO kept VALUES ('grown by', smc_secret('sales', 'q2') - smc_secret('sales', 'q1'), smc_secret('sales', 'q2') > smc_secret('sales', 'q1'));
COPY kept TO STDOUT;
SELECT label, smc_reveal(value), smc_reveal(test) FROM kept;

SELECT smc_reveal(smc_secret('sales', 'q1') * smc_secret('sales', 'q2') + 0.5) AS a, smc_reveal(smc_secret('sales', 'avg') / smc_secret('sales', 'rows')) AS b,
	smc_reveal(round(smc_secret('sales', 'avg') / smc_secret('sales', 'rows'), 2)) AS c, smc_reveal(abs(smc_secret('sales', 'q1')) / 3) AS d,
	smc_reveal(smc_choose(smc_secret_bool('sales', 'much'), smc_secret('sales', 'q2'), -1)) AS e, smc_reveal(smc_choose(smc_secret('sales', 'q1') > 0, smc_secret('sales', 'q2'), -1)) AS f,
	smc_reveal(-smc_secret('sales', 'nmax')) AS g, smc_reveal(smc_secret('sales', 'fsum') + smc_secret('sales', 'nmax')) AS h;
SELECT sum(x) FILTER (WHERE quarter = 1) * sum(x) FILTER (WHERE quarter = 2) + 0.5 AS a, avg(n) / count(*) AS b, round(avg(n) / count(*), 2) AS c,
	abs(sum(x) FILTER (WHERE quarter = 1)) / 3.0 AS d, sum(x) FILTER (WHERE quarter = 2) AS e, -1 AS f, -max(n) AS g, sum(f) + max(n) AS h FROM everyone;
SELECT smc_reveal(smc_secret('sales', 'none') + 1) IS NULL AS n1, smc_reveal(smc_secret('sales', 'none') = smc_secret('sales', 'q1')) IS NULL AS n2,
	smc_reveal(smc_secret_bool('sales', 'unknown') | smc_secret_bool('sales', 'much')) AS t, smc_reveal(smc_secret_bool('sales', 'unknown') & false) AS f,
	smc_reveal(!smc_secret_bool('sales', 'much') | (smc_secret('sales', 'q1') >= -1)) AS t2, smc_reveal(smc_choose(smc_secret_bool('sales', 'unknown'), 1, smc_secret('sales', 'rows'))) AS else;
SELECT smc_reveal(1 / smc_secret('sales', 'zero'));
SELECT smc_reveal(smc_choose(smc_secret('sales', 'zero') <> 0, 1 / smc_secret('sales', 'zero'), 0));

-- kept of kept
SELECT smc_keep(smc_secret('sales', 'q2') - smc_secret('sales', 'q1'), 'more');
SELECT smc_keep(smc_secret('sales', 'more') / smc_secret('sales', 'rows'), 'ratio'), smc_keep(smc_secret('sales', 'more') > 52, 'grown'),
	smc_keep(smc_secret('sales', 'first'), 'first copy'), smc_keep(smc_secret('sales', 'rows') / smc_secret('sales', 'zero'), 'by zero again');
SELECT smc_reveal(smc_secret('sales', 'ratio')) AS ratio, smc_reveal(smc_secret('sales', 'ratio') * smc_secret('sales', 'rows') = 53) AS exact,
	smc_reveal(smc_secret_bool('sales', 'grown')) AS grown, smc_reveal(smc_secret('sales', 'first copy'), NULL::date) AS first,
	smc_reveal(smc_secret('sales', 'by zero again')) IS NULL AS null;
SELECT name, type, made_of, made_by FROM smc_secrets WHERE name IN ('more', 'ratio', 'grown', 'first copy', 'by zero again') ORDER BY name;

-- names and lifetimes from parameters; within a plan, once
PREPARE keep_one(int, text, interval) AS SELECT smc_keep(smc_sum(x), $2, $3) FROM sales WHERE quarter = $1;
EXECUTE keep_one(1, 'p1', NULL);
EXECUTE keep_one(2, 'p2', '1 day');
SET plan_cache_mode = force_generic_plan;
EXECUTE keep_one(1, 'p3', NULL);
EXECUTE keep_one(2, 'p4', '2 days');
RESET plan_cache_mode;
SELECT name, expires > now() + interval '23 hours' AS later, expires <= now() + interval '1 day' AS soon FROM smc_secrets WHERE name LIKE 'p_' ORDER BY name;
DO $$
DECLARE r smc_secret;
BEGIN
  FOR i IN 1..2 LOOP
    SELECT smc_keep(smc_sum(n), 'loop' || i) INTO r FROM sales WHERE quarter = i;
  END LOOP;
  RAISE WARNING '%', smc_reveal(smc_secret('sales', 'loop1') > smc_secret('sales', 'loop2'));
END $$;
WITH k AS (SELECT smc_keep(smc_max(x), 'cte') AS s FROM sales) SELECT smc_reveal(s), pg_typeof(s) FROM k;
-- in any transaction
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) > 0 AS snapshot FROM smc_secrets;
SELECT smc_keep(smc_count(x), 'rr') FROM sales;
SELECT smc_reveal(smc_secret('sales', 'rr'));
ROLLBACK;
-- a computation that others took part in isn't undone
SELECT smc_reveal(smc_secret('sales', 'rr'));
-- beside figures that are opened
SELECT smc_keep(smc_sum(x), 'beside'), smc_count(*), smc_keep(smc_sum(x), 'beside') FROM sales;

-- others ask about them, too, and find them in their lists
\c globex
SET search_path = secret, public;
SELECT name, made_by, made_role, state FROM smc_secrets WHERE name IN ('q1', 'more', 'grown') ORDER BY name;
SELECT smc_reveal(smc_secret('sales', 'q1')), smc_keep(smc_secret('sales', 'more') - 3, 'less');
\! sleep 0.3
SELECT study, asked_by, query, figures FROM smc_results WHERE study = 'sales' AND query ~ 'more|q1' ORDER BY at LIMIT 4;
SELECT asked_by, query, reveals, status, rows FROM smc_audit WHERE study = 'sales' AND query ~ '''less''|''more''' AND query !~ 'avg' ORDER BY started_at LIMIT 3;
\c initech
SET search_path = secret, public;
-- (the asker is answered a moment before the others hear that all is done)
SELECT name, made_by, made_role, made_of, state IN ('pending', 'kept') AS there FROM smc_secrets WHERE name = 'less';
SELECT query, reveals FROM smc_audit WHERE study = 'sales' AND query ~ '''q1''' ORDER BY started_at LIMIT 2;

--
-- What is refused
--
\c acme
SET search_path = secret, public;
-- names
SELECT smc_keep(smc_sum(x), 'q1') FROM sales;
SELECT smc_keep(smc_secret('sales', 'q2'), 'q1');
SELECT smc_keep(smc_sum(x), '') FROM sales;
SELECT smc_keep(smc_sum(x), repeat('x', 64)) FROM sales;
SELECT smc_keep(smc_sum(x), NULL) FROM sales;
SELECT smc_keep(smc_secret('sales', 'q2'), NULL);
SELECT smc_keep(smc_sum(x), 'twice'), smc_keep(smc_sum(n), 'twice') FROM sales;
SELECT smc_keep(smc_sum(x), 'late', '-1 second') FROM sales;
SELECT smc_keep(smc_secret('sales', 'q2'), 'late', '-1 second');
SELECT smc_secret('sales', '');
SELECT smc_reveal(smc_secret('sales', 'nothing'));
SELECT smc_reveal(smc_secret('nowhere', 'q1'));
SELECT smc_reveal(smc_secret('everyone', 'q1'));
SELECT smc_reveal(smc_secret('a.b.c', 'q1'));
SELECT smc_drop_secret('sales', 'nothing');
-- where it stands
SELECT quarter, smc_keep(smc_sum(x), 'grouped') FROM sales GROUP BY quarter;
SELECT smc_keep(smc_sum(x), 'having') FROM sales HAVING smc_count(*) > 3;
SELECT 1 FROM sales HAVING smc_keep(smc_sum(x), 'having') IS NOT NULL;
SELECT smc_keep(smc_sum(x), 'ordered') FROM sales ORDER BY smc_sum(x);
SELECT smc_keep(smc_sum(x), 'ordered') FROM sales ORDER BY 1;
SELECT smc_keep(smc_sum(x), 'window'), rank() OVER () FROM sales;
SELECT DISTINCT smc_keep(smc_sum(x), 'distinct') FROM sales;
SELECT smc_keep(x, 'row') FROM sales;
SELECT smc_keep(5, 'constant') FROM sales;
SELECT smc_keep(5, 'constant'), smc_sum(x) FROM sales;
SELECT smc_keep(smc_sum(x), smc_sum(x)::text) FROM sales;
SELECT smc_keep(smc_sum(x)::text, 'text') FROM sales;
SELECT smc_keep(ln(smc_sum(x)), 'ln') FROM sales;
SELECT smc_keep(smc_sum(x) * smc_sum(x) * smc_sum(n) * smc_sum(n) * smc_sum(n) * smc_sum(n) * smc_sum(n) * smc_sum(n), 'huge') FROM sales;
SELECT smc_keep(smc_sum(x) FILTER (WHERE x > 3), 'not allowed') FROM sales;
SELECT smc_keep(smc_sum(quarter), 'not allowed') FROM sales;
SELECT smc_keep(v, 'sub') FROM (SELECT smc_sum(x) AS v FROM sales) s;
WITH s AS (SELECT smc_sum(x) AS v FROM sales) SELECT smc_keep(v, 'sub') FROM s;
SELECT smc_keep(sum(x), 'plain') FROM everyone;
SELECT smc_keep(smc_sum(x), 'plain') FROM everyone;
SELECT smc_keep(5, 'constant');
SELECT smc_keep(true, 'constant');
SELECT smc_reveal(smc_secret('sales', 'q1') - smc_sum(x)) FROM sales;
SELECT smc_keep(smc_secret('sales', 'q1') - smc_sum(x), 'sum') FROM sales;
-- types
SELECT smc_reveal(smc_secret('sales', 'much'));
SELECT smc_reveal(smc_secret_bool('sales', 'q1'));
SELECT smc_reveal(smc_secret('sales', 'first'));
SELECT smc_reveal(smc_secret('sales', 'q1'), NULL::date);
SELECT smc_reveal(smc_secret('sales', 'first'), NULL::timestamp);
SELECT smc_reveal(smc_secret('sales', 'first') > 5);
SELECT smc_reveal(smc_secret('sales', 'first') + smc_secret('sales', 'q1'));
SELECT smc_reveal(smc_secret('sales', 'fmin') > smc_secret('sales', 'q1'));
SELECT smc_reveal(smc_secret('sales', 'winner') = smc_secret('sales', 'q1'));
SELECT smc_reveal(smc_secret('sales', 'q1') + 'NaN'::numeric);
SELECT smc_reveal(smc_secret('sales', 'q1') + 'Infinity'::numeric);
SELECT smc_reveal(smc_secret('sales', 'q1') / 0);
SELECT smc_reveal(smc_secret('sales', 'q1') + 1e200);
SELECT smc_reveal(round(smc_secret('sales', 'q1'), 12345));
SELECT smc_reveal(smc_secret('sales', 'rows'), NULL::smallint) AS fits, smc_reveal(smc_secret('sales', 'nmax') * 1000000, NULL::smallint);
SELECT smc_reveal('5'::smc_secret);
SELECT smc_reveal(smc_secret('sales', 'q1') - smc_secret('payroll', 'q1'));
SELECT smc_secret('sales', 'q1') < smc_secret('sales', 'q2') AND true;
SELECT count(*) FROM kept GROUP BY value;
SELECT smc_reveal(smc_secret('sales', 'avg') * smc_secret('sales', 'avg') * smc_secret('sales', 'avg') * smc_secret('sales', 'avg') * smc_secret('sales', 'avg') * smc_secret('sales', 'avg'));
-- malformed texts
SELECT ''::smc_secret;
SELECT 'smc_secret(''sales'')'::smc_secret;
SELECT 'smc_secret(''sales'', ''q1'') +'::smc_secret;
SELECT 'smc_secret(''sales'', ''q1'', ''q2'')'::smc_secret;
SELECT 'smc_secret(sales, q1)'::smc_secret;
SELECT 'smc_secret(''sales'', ''q1'''::smc_secret;
SELECT 'smc_secret(''sales'', ''q1)'::smc_secret;
SELECT 'smc_secret('''', ''q1'')'::smc_secret;
SELECT 'pg_sleep(5)'::smc_secret;
SELECT 'smc_secret(''s'', ''a'') -- 5'::smc_secret;
SELECT 'smc_secret(''s'', ''a''); DROP TABLE x'::smc_secret;
SELECT '(1'::smc_secret;
SELECT '1.2.3'::smc_secret;
SELECT '1 < 2 < 3'::smc_secret_bool;
SELECT '1 & true'::smc_secret_bool;
SELECT '!1'::smc_secret_bool;
SELECT 'smc_choose(1, 2, 3)'::smc_secret;
SELECT 'smc_choose(true, 2)'::smc_secret;
SELECT '1 < 2'::smc_secret;
SELECT '1'::smc_secret_bool;
SELECT 'true'::smc_secret;
SELECT 'NaN'::smc_secret;
SELECT repeat('(', 100000)::smc_secret;
SELECT repeat('- ', 100000)::smc_secret;
SELECT repeat('! ', 100000)::smc_secret_bool;
SELECT (repeat('1+', 100) || '1')::smc_secret;
SELECT repeat('x', 300000)::smc_secret;
SELECT left(smc_secret_in('smc_secret(''s'', ''ä€'')')::text, 40);

--
-- Dropping: any party may, and that ends it
--
SELECT smc_drop_secret('sales', 'p1');
SELECT name, state FROM smc_secrets WHERE name = 'p1';
SELECT smc_reveal(smc_secret('sales', 'p1'));
SELECT smc_drop_secret('sales', 'p1');
-- the others learn of it when they use it, and have nothing left then
\c globex
SET search_path = secret, public;
SELECT name, state FROM smc_secrets WHERE name = 'p1';
SELECT smc_reveal(smc_secret('sales', 'p1'));
SELECT name, state FROM smc_secrets WHERE name = 'p1';
SELECT smc_reveal(smc_secret('sales', 'p1'));
SELECT smc_drop_secret('secret.sales', 'p2');
\c acme
SET search_path = secret, public;
SELECT name, state FROM smc_secrets WHERE name IN ('p1', 'p2') ORDER BY name;
SELECT smc_keep(smc_secret('sales', 'p2') + smc_secret('sales', 'q1'), 'gone');
SELECT name, state FROM smc_secrets WHERE name IN ('p1', 'p2', 'gone') ORDER BY name;
-- the name is free again
SELECT smc_keep(smc_sum(x) + 1, 'p1'), smc_keep(smc_sum(x) + 2, 'p2') FROM sales;
SELECT smc_reveal(smc_secret('sales', 'p1')), smc_reveal(smc_secret('sales', 'p2'));
SELECT smc_drop_secret('sales', 'p1');
SELECT smc_keep(smc_sum(x) + 3, 'p1') FROM sales;
SELECT smc_reveal(smc_secret('sales', 'p1'));
\c initech
SELECT name, state, made_of FROM smc_secrets WHERE name IN ('p1', 'p2', 'gone') ORDER BY name;
SELECT count(*) AS leftover FROM smc_secret_shares s WHERE NOT EXISTS (SELECT FROM smc_secret_log l WHERE l.id = s.id AND l.name = s.name AND l.state = 'kept');
\c acme
SET search_path = secret, public;
SELECT count(*) AS leftover FROM smc_secret_shares s WHERE NOT EXISTS (SELECT FROM smc_secret_log l WHERE l.id = s.id AND l.name = s.name AND l.state = 'kept');
-- a drop is of the transaction
BEGIN;
SELECT smc_drop_secret('sales', 'p1');
SELECT smc_reveal(smc_secret('sales', 'p1'));
ROLLBACK;
SELECT smc_reveal(smc_secret('sales', 'p1'));

-- a share that is missing without a word: it may come back
BEGIN;
CREATE TEMP TABLE saved AS SELECT * FROM smc_secret_log WHERE name = 'p1';
DELETE FROM smc_secret_log WHERE name = 'p1';
COMMIT;
SELECT smc_reveal(smc_secret('sales', 'p1'));
SELECT smc_keep(smc_sum(x), 'p1') FROM sales;
\c globex
SELECT smc_reveal(smc_secret('sales', 'p1'));
SELECT name, state FROM smc_secrets WHERE name = 'p1';

--
-- Expiry
--
\c acme
SET search_path = secret, public;
SELECT smc_keep(smc_sum(x), 'short', '1 second') FROM sales;
SELECT smc_keep(smc_secret('sales', 'short') + 1, 'short 2', '1 second') AS kept, smc_reveal(smc_secret('sales', 'short')) AS in_time;
SELECT pg_sleep(1.1);
SELECT name, state FROM smc_secrets WHERE name LIKE 'short%' ORDER BY name;
SELECT smc_reveal(smc_secret('sales', 'short'));
SELECT count(*) AS rows FROM smc_secret_log WHERE name LIKE 'short%';
\c initech
SET search_path = secret, public;
SELECT count(*) AS rows FROM smc_secret_log WHERE name LIKE 'short%';
SELECT smc_keep(smc_sum(x), 'short') FROM sales;

--
-- A study that reveals nothing: what is kept waits until all agree on more
--
\c acme
SET search_path = secret, public;
SET client_min_messages = notice;
CREATE FOREIGN TABLE silent (
	quarter int OPTIONS (allow 'filter, count'),
	x int OPTIONS (allow 'sum, count'),
	n numeric(12,2) OPTIONS (allow 'sum, avg', reveal_to 'acme')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'none', min_rows '3', history '0', source 'own');
SELECT smc_accept('silent') IS NOT NULL AS accepted;
\c globex
SET search_path = secret, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (silent) FROM SERVER acme INTO secret;
ALTER FOREIGN TABLE silent OPTIONS (ADD source 'own');
SELECT smc_accept('silent') IS NOT NULL AS accepted;
\c initech
SET search_path = secret, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (silent) FROM SERVER acme INTO secret;
ALTER FOREIGN TABLE silent OPTIONS (ADD source 'own');
SELECT smc_accept('silent') IS NOT NULL AS accepted;
\c acme
SET search_path = secret, public;
SELECT smc_sum(x) FROM silent;
SELECT smc_count(*) FROM silent;
SELECT smc_keep(smc_sum(x), 'sx'), smc_sum(x) FROM silent;
EXPLAIN (COSTS OFF) SELECT smc_keep(smc_sum(x), 'sx'), smc_keep(smc_count(*), 'rows'), smc_keep(smc_avg(n), 'avg') FROM silent;
SELECT smc_keep(smc_sum(x), 'sx'), smc_keep(smc_count(*), 'rows'), smc_keep(smc_avg(n), 'avg') FROM silent;
SELECT smc_keep(smc_sum(x), 'sx1') FROM silent WHERE quarter = 1;
SELECT smc_keep(smc_secret('silent', 'sx') - smc_secret('silent', 'sx1'), 'sx2');
SELECT smc_reveal(smc_secret('silent', 'sx'));
SELECT smc_reveal(smc_secret('silent', 'sx2') > smc_secret('silent', 'sx1'));
SELECT smc_reveal(smc_secret('silent', 'rows'));
SELECT smc_reveal(smc_secret('silent', 'avg') + smc_secret('silent', 'rows'));
SELECT smc_reveal(smc_secret('silent', 'avg'));
-- too few rows: nothing is kept, anywhere
SELECT smc_keep(smc_sum(x), 'few') FROM silent WHERE quarter > 2;
SELECT smc_keep(smc_sum(x), 'few'), smc_keep(smc_sum(x) FILTER (WHERE quarter = 1), 'enough') FROM silent WHERE quarter = 2;
SELECT smc_keep(smc_sum(x) FILTER (WHERE quarter > 2), 'few'), smc_keep(smc_sum(x), 'enough') FROM silent;
SELECT name, state FROM smc_secrets WHERE study = 'silent' ORDER BY name;
SELECT query, status FROM smc_audit WHERE study = 'silent' AND status = 'withheld' ORDER BY started_at;
\c initech
SET search_path = secret, public;
SELECT name, state, made_of FROM smc_secrets WHERE study = 'silent' ORDER BY name;
SELECT query, reveals, status FROM smc_audit WHERE study = 'silent' AND status = 'withheld' ORDER BY started_at;
-- others than the recipients
SELECT smc_reveal(smc_secret('silent', 'avg'));
\c acme
SET search_path = secret, public;
\! sleep 0.3
SELECT asked_by, query, figures FROM smc_results WHERE study = 'silent';

-- agreed anew: x to globex; without initech's word, nothing
ALTER FOREIGN TABLE silent ALTER COLUMN x OPTIONS (ADD reveal_to 'globex');
SELECT smc_reveal(smc_secret('silent', 'sx'));
SELECT smc_accept('silent') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE secret.silent ALTER COLUMN x OPTIONS (ADD reveal_to 'globex');
SELECT smc_accept('silent') IS NOT NULL AS accepted;
\c acme
SET search_path = secret, public;
SELECT smc_reveal(smc_secret('silent', 'sx'));
\c initech
ALTER FOREIGN TABLE secret.silent ALTER COLUMN x OPTIONS (ADD reveal_to 'globex');
SELECT smc_accept('silent') IS NOT NULL AS accepted;
\c acme
SET search_path = secret, public;
SELECT smc_reveal(smc_secret('silent', 'sx'));
SELECT smc_reveal(smc_secret('silent', 'sx2') > smc_secret('silent', 'sx1'));
SELECT smc_reveal(smc_secret('silent', 'rows'));
SELECT smc_reveal(smc_secret('silent', 'avg') > smc_secret('silent', 'sx'));
\c globex
\! sleep 0.3
SELECT asked_by, query, figures FROM smc_results WHERE study = 'silent' ORDER BY at;
SELECT smc_reveal(smc_secret('silent', 'sx'));

-- what is taken back binds what was kept before; and a higher min_rows
\c acme
ALTER FOREIGN TABLE secret.silent OPTIONS (SET min_rows '4'), ALTER COLUMN x OPTIONS (SET allow 'count'), DROP COLUMN quarter;
SELECT smc_accept('silent') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE secret.silent OPTIONS (SET min_rows '4'), ALTER COLUMN x OPTIONS (SET allow 'count'), DROP COLUMN quarter;
SELECT smc_accept('silent') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE secret.silent OPTIONS (SET min_rows '4'), ALTER COLUMN x OPTIONS (SET allow 'count'), DROP COLUMN quarter;
SELECT smc_accept('silent') IS NOT NULL AS accepted;
SELECT smc_reveal(smc_secret('silent', 'sx'));
SELECT smc_reveal(smc_secret('silent', 'sx1'));
SELECT smc_reveal(smc_secret('silent', 'sx2'));
SELECT smc_reveal(smc_secret('silent', 'avg'));
SELECT smc_keep(smc_secret('silent', 'rows') + 1, 'more rows');
-- no figure of rows at all any more
ALTER FOREIGN TABLE secret.silent OPTIONS (DROP min_rows), ALTER COLUMN x OPTIONS (SET allow 'sum');
SELECT smc_reveal(smc_secret('silent', 'rows'));
-- other parties
ALTER FOREIGN TABLE secret.silent OPTIONS (SET parties 'globex, acme, initech'), ALTER COLUMN x OPTIONS (SET allow 'sum, count');
SELECT smc_reveal(smc_secret('silent', 'sx1'));
ALTER FOREIGN TABLE secret.silent OPTIONS (SET parties 'acme, globex'), ALTER COLUMN n OPTIONS (DROP reveal_to);
SELECT smc_reveal(smc_secret('silent', 'rows'));
-- and options that rule secrets, or asking, out
ALTER FOREIGN TABLE secret.silent OPTIONS (SET parties 'acme, globex, initech', ADD query_by 'acme');
SELECT smc_reveal(smc_secret('silent', 'rows'));

--
-- With noise: it is in what is kept, once and for all
--
\c acme
SET search_path = secret, public;
CREATE FOREIGN TABLE blurred (quarter int OPTIONS (allow 'filter, count'), n numeric(12,2) OPTIONS (allow 'sum, avg', lo '-100', hi '100'))
  SERVER acme OPTIONS (parties 'acme, globex, initech', source 'own');
SELECT smc_accept('blurred') IS NOT NULL AS accepted;
\c globex
SET search_path = secret, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (blurred) FROM SERVER acme INTO secret;
ALTER FOREIGN TABLE blurred OPTIONS (ADD source 'own');
SELECT smc_accept('blurred') IS NOT NULL AS accepted;
\c initech
SET search_path = secret, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (blurred) FROM SERVER acme INTO secret;
ALTER FOREIGN TABLE blurred OPTIONS (ADD source 'own');
SELECT smc_accept('blurred') IS NOT NULL AS accepted;
\c acme
SET search_path = secret, public;
SELECT smc_keep(smc_count(*), 'exact') FROM blurred;
ALTER FOREIGN TABLE blurred OPTIONS (ADD epsilon '0.001', ADD epsilon_budget '0.02');
SELECT smc_accept('blurred') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE secret.blurred OPTIONS (ADD epsilon '0.001', ADD epsilon_budget '0.02');
SELECT smc_accept('blurred') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE secret.blurred OPTIONS (ADD epsilon '0.001', ADD epsilon_budget '0.02');
SELECT smc_accept('blurred') IS NOT NULL AS accepted;
\c acme
SET search_path = secret, public;
SELECT smc_reveal(smc_secret('blurred', 'exact'));
SELECT smc_keep(smc_count(*), 'c1'), smc_keep(smc_count(*), 'c2') FROM blurred;
SELECT smc_keep(smc_sum(n), 's1') FROM blurred;
-- the same number at each time; two such keepings of one query share its noise, others have their own
SELECT smc_reveal(smc_secret('blurred', 'c1')) = smc_reveal(smc_secret('blurred', 'c1')) AS once, smc_reveal(smc_secret('blurred', 'c1') = smc_secret('blurred', 'c2')) AS shared,
	smc_reveal(smc_secret('blurred', 's1')) <> -88.99 AS blurred;
SELECT smc_keep(smc_secret('blurred', 'c1') + smc_secret('blurred', 's1'), 'both');
SELECT name, epsilon FROM smc_secret_log WHERE study = 'blurred' ORDER BY name;
SELECT epsilon_left < 0.02 AS spent FROM smc_studies WHERE study = 'blurred';

--
-- Who may
--
\c acme
SET search_path = secret, public;
CREATE ROLE smc_test_analyst;
CREATE ROLE smc_test_stranger;
GRANT USAGE ON SCHEMA secret TO smc_test_analyst, smc_test_stranger;
GRANT SELECT (x, quarter) ON sales TO smc_test_analyst;
SET ROLE smc_test_analyst;
SELECT smc_keep(smc_sum(x), 'mine') FROM sales;
SELECT smc_keep(smc_sum(n), 'not mine') FROM sales;
SELECT smc_reveal(smc_secret('sales', 'q1')), smc_reveal(smc_secret('sales', 'mine') > 5);
SELECT smc_reveal(smc_secret('sales', 'avg'));
SELECT smc_keep(smc_secret('sales', 'avg') + smc_secret('sales', 'q1'), 'both');
SELECT name, made_role FROM smc_secrets WHERE name IN ('mine', 'avg');
SELECT count(*) FROM smc_secret_log;
SELECT count(*) FROM smc_secret_shares;
SELECT smc_drop_secret('sales', 'q1');
SELECT smc_drop_secret('sales', 'mine');
SET ROLE smc_test_stranger;
SELECT smc_reveal(smc_secret('sales', 'q1'));
SELECT smc_reveal(smc_secret('sales', 'nothing'));
SELECT smc_drop_secret('sales', 'q1');
SELECT count(*) FROM smc_secrets;
RESET ROLE;
REVOKE EXECUTE ON FUNCTION smc_keep(anyelement, text, interval), smc_reveal(smc_secret) FROM PUBLIC;
SET ROLE smc_test_analyst;
SELECT smc_keep(smc_sum(x), 'mine') FROM sales;
SELECT smc_reveal(smc_secret('sales', 'q1'));
RESET ROLE;
GRANT EXECUTE ON FUNCTION smc_keep(anyelement, text, interval), smc_reveal(smc_secret) TO PUBLIC;
DROP OWNED BY smc_test_analyst, smc_test_stranger;
DROP ROLE smc_test_analyst, smc_test_stranger;

-- a share is no one's to see, and is what it must be
SELECT share FROM smc_secret_shares WHERE false;
SELECT length(share::text), count(DISTINCT share::text) = count(*) AS differ FROM smc_secret_shares JOIN smc_secret_log USING (id, name)
	WHERE type <> 'boolean'::regtype GROUP BY 1;
SELECT 'x'::smc_secret_share;

-- a dropped study's secrets can't be used, and can be dropped
DROP FOREIGN TABLE sales;
SELECT smc_reveal(smc_secret('sales', 'q1'));
SELECT smc_drop_secret('sales', 'q1');
\c globex
SET search_path = secret, public;
SELECT smc_reveal(smc_secret('sales', 'q1'));

-- as it was before
\c acme
SET client_min_messages = warning;
DROP SCHEMA secret CASCADE;
DELETE FROM smc_secret_log;
DELETE FROM smc_secret_shares;
\c globex
SET client_min_messages = warning;
DROP SCHEMA secret CASCADE;
DELETE FROM smc_secret_log;
DELETE FROM smc_secret_shares;
\c initech
SET client_min_messages = warning;
DROP SCHEMA secret CASCADE;
DELETE FROM smc_secret_log;
DELETE FROM smc_secret_shares;
