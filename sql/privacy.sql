--
-- Differential privacy: figures with noise that no party knows.
--
\c acme
CREATE SCHEMA privacy;
SET search_path = privacy, public;
SET client_min_messages = warning;
CREATE TABLE own (g text, i int, n numeric(12,2), f float8);
INSERT INTO own SELECT (ARRAY['a','b'])[1 + k % 2], k % 100, k, k / 4.0 FROM generate_series(1, 1000) k;
INSERT INTO own VALUES ('a', 1000000, 1e9, 'NaN'), ('b', -1000000, -1e9, NULL), ('a', NULL, NULL, 'Infinity');
CREATE FOREIGN TABLE noisy (
	g text OPTIONS (allow 'group, filter, count', values '{a,b,c}') NOT NULL,
	i int OPTIONS (allow 'sum, avg, count, min, compare, filter', lo '0', hi '100'),
	n numeric(12,2) OPTIONS (allow 'sum, avg, count', lo '0', hi '1000'),
	f float8 OPTIONS (allow 'sum, avg, count', lo '-10', hi '250', scale '6'),
	j int OPTIONS (allow 'sum', column 'i')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'own', epsilon '50', epsilon_budget '100000');
SELECT smc_accept('noisy') IS NOT NULL AS accepted;
\c globex
CREATE SCHEMA privacy;
SET search_path = privacy, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (noisy) FROM SERVER acme INTO privacy;
CREATE TABLE own (g text, i int, n numeric(12,2), f float8);
INSERT INTO own SELECT 'b', k % 100, k, k / 4.0 FROM generate_series(1, 1000) k;
ALTER FOREIGN TABLE noisy OPTIONS (ADD source 'own'), ALTER COLUMN j OPTIONS (ADD column 'i');
SELECT smc_accept('noisy') IS NOT NULL AS accepted;
\c initech
CREATE SCHEMA privacy;
SET search_path = privacy, public;
IMPORT FOREIGN SCHEMA smc LIMIT TO (noisy) FROM SERVER acme INTO privacy;
CREATE TABLE own (g text, i int, n numeric(12,2), f float8);
ALTER FOREIGN TABLE noisy OPTIONS (ADD source 'own'), ALTER COLUMN j OPTIONS (ADD column 'i');
SELECT smc_accept('noisy') IS NOT NULL AS accepted;

\c acme
SET search_path = privacy, public;
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, smc_count(*), smc_avg(n) FROM noisy GROUP BY g HAVING smc_count(*) > 100;
-- at an epsilon of 50 the noise is small: counts within a few, sums within a few times the range
SELECT abs(smc_count(*) - 2003) < 20 AS count, abs(smc_sum(i) - 99100) < 2000 AS sum,
	abs(smc_avg(n) - 500) < 10 AS average, abs(smc_sum(f) - 250990) < 5000 AS float FROM noisy;
-- values beyond the agreed range count as its ends, and not for more
SELECT abs(smc_sum(i) - 100) < 100 AS cut_off FROM noisy WHERE i > 100;
SELECT abs(smc_sum(i)) < 100 AS cut_off FROM noisy WHERE i < 0;
-- floats are added up exactly, so that no row counts for more by rounding
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_sum(f) FROM noisy;
-- all possible groups are told of, with rows or without; nothing is NULL but an average of nobody
SELECT g, abs(smc_count(*) - CASE g WHEN 'a' THEN 502 WHEN 'b' THEN 1501 ELSE 0 END) < 20 AS ok,
	smc_sum(n) IS NULL AS null FROM noisy GROUP BY g ORDER BY g;
SELECT g FROM noisy GROUP BY g HAVING smc_count(*) > 100 ORDER BY g;
-- the noise is fresh each time
SELECT count(DISTINCT x) > 1 AS fresh FROM (SELECT smc_sum(n) AS x FROM noisy UNION ALL SELECT smc_sum(n) FROM noisy UNION ALL SELECT smc_sum(n) FROM noisy) s;
-- one noise a number: what is computed of it twice agrees
SELECT sum(n) - sum(n) = 0 AS same, sum(n) / count(n) = avg(n) AS agrees FROM noisy;
SELECT epsilon_left BETWEEN 99000 AND 99900 AS spent, queries_left IS NULL AS no_limit FROM smc_studies WHERE study = 'noisy';
-- refused
SELECT smc_min(i) FROM noisy;
SELECT smc_compare(i, 'acme', 'globex') FROM noisy;
SELECT smc_sum(i * 2) FROM noisy;
SELECT smc_sum(j) FROM noisy;
SELECT g FROM noisy GROUP BY g;
CREATE FOREIGN TABLE wrong (i int OPTIONS (allow 'sum')) SERVER acme OPTIONS (parties 'acme, globex', source 'own', epsilon '1', min_rows '5');
SELECT smc_accept('wrong');
DROP FOREIGN TABLE wrong;
CREATE FOREIGN TABLE wrong (i int OPTIONS (allow 'sum')) SERVER acme OPTIONS (parties 'acme, globex', source 'own', epsilon_budget '1');
SELECT smc_accept('wrong');
DROP FOREIGN TABLE wrong;
CREATE FOREIGN TABLE wrong (i int OPTIONS (allow 'sum')) SERVER acme OPTIONS (parties 'acme, globex', source 'own', epsilon '0.00001');
SELECT smc_accept('wrong');
SELECT smc_sum(i) FROM wrong;
DROP FOREIGN TABLE wrong;

-- the budget ends what may be asked, by whomever
CREATE FOREIGN TABLE brief (i int OPTIONS (allow 'sum, count', lo '0', hi '100'))
	SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', source 'own', epsilon '1', epsilon_budget '2.5');
SELECT smc_accept('brief') IS NOT NULL AS accepted;
\c globex
SET search_path = privacy, public;
SET client_min_messages = warning;
IMPORT FOREIGN SCHEMA smc LIMIT TO (brief) FROM SERVER acme INTO privacy;
ALTER FOREIGN TABLE brief OPTIONS (ADD source 'own');
SELECT smc_accept('brief') IS NOT NULL AS accepted;
SELECT smc_count(*) IS NOT NULL AS told FROM brief;
SELECT epsilon_left FROM smc_studies WHERE study = 'brief';
\c acme
SET search_path = privacy, public;
SELECT smc_sum(i) IS NOT NULL AS told FROM brief;
SELECT smc_sum(i) IS NOT NULL AS told FROM brief;
SELECT epsilon_left FROM smc_studies WHERE study = 'brief';
