--
-- Histograms drawn as text.
--
\c acme
SELECT smc_plot('{1,2,4,8,16,3,0,NULL,1000,1}');
SELECT smc_plot('{12,40,33,7,NULL,1}', 50000, 200000);
SELECT smc_plot('{1,1,2}', 0, 1), smc_plot('{9223372036854775807,1,-5}', -0.5, 1), smc_plot('{0,NULL,0}');
SELECT smc_plot('{1,5,3}', 0.001, 0.0019);
SELECT smc_plot('{1,5,3,4}', date '2024-01-01', date '2024-02-02');
SET datestyle = 'ISO, DMY';
SELECT smc_plot('{1,5,3,4,5}', timestamp '2024-01-01', '2024-01-02');
SELECT * FROM smc_plot('{1,2,3}', 0, 9) WITH ORDINALITY AS plot (line, bucket);
SELECT g, smc_plot(h) FROM (VALUES ('a', '{3,1}'::bigint[]), ('b', '{2,NULL,1}'), ('c', NULL), ('d', '{}')) v (g, h);
SELECT smc_plot('[5:7]={1,2,3}', 0, 3);
SELECT smc_plot('{}', 0, 3);
SELECT smc_plot('{{1,2},{3,4}}');
SELECT smc_plot('{1}', 3, 3);
SELECT smc_plot('{1}', 0, 'NaN'::numeric);
SELECT smc_plot('{1}', 0, 'Infinity'::numeric);
SELECT smc_plot('{1}', timestamp '-infinity', 'now');
SELECT (SELECT count(*) FROM smc_plot(array_agg(n), 0, 1000)) FROM generate_series(1, 1000) n;

-- over a study only the buckets are opened
CREATE TABLE plot_own AS SELECT k % 7 AS x, CASE WHEN k % 3 = 0 THEN 'a' ELSE 'b' END AS g FROM generate_series(1, 40) k;
CREATE FOREIGN TABLE plotted (g text OPTIONS (allow 'group', values '{a,b}'), x int OPTIONS (allow 'histogram, sum, count'))
	SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all', source 'plot_own', min_rows '4', history '0');
SELECT smc_accept('plotted') IS NOT NULL AS accepted;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (plotted) FROM SERVER acme INTO public;
CREATE TABLE plot_own AS SELECT k % 5 AS x, 'b' AS g FROM generate_series(1, 20) k;
ALTER FOREIGN TABLE plotted OPTIONS (ADD source 'plot_own');
SELECT smc_accept('plotted') IS NOT NULL AS accepted;
\c acme
SELECT smc_plot(smc_histogram(x, 0, 8, 8), 0, 8) FROM plotted;
SELECT g, smc_plot(smc_histogram(x, 0, 8, 4), 0, 8) FROM plotted GROUP BY g ORDER BY g;
SELECT g, line FROM (SELECT g, smc_histogram(x, 0, 8, 4) AS h FROM plotted GROUP BY g HAVING count(*) > 15) s, smc_plot(h) line WHERE g = 'b';
SELECT smc_plot(smc_histogram(x, 0, 8, 4)), count(*), sum(x) * 2 AS twice FROM plotted;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_plot(smc_histogram(x, 0, 8, 8), 0, 8) FROM plotted;
DROP FOREIGN TABLE plotted;
-- where the encoding has no such characters
CREATE DATABASE plot_latin1 ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0;
\c plot_latin1
SET client_min_messages = warning;
CREATE EXTENSION smc;
SELECT smc_plot('{12,40,33,7,NULL,1,0}', 50000, 225000);
\c acme
DROP DATABASE plot_latin1;
