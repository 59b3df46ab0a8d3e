--
-- Differencing refused: a question whose rows differ by too few from those of an
-- earlier one.  (Several askers at once, parties whose histories differ, restarts
-- and dumps: test/t/011_differ.pl.)
--
\set history 'SELECT number, rows, get_bit(told, 0) AS told, pending <> ''{}'' AS pending FROM smc_history_log WHERE study = '
\set make 'CREATE TABLE src AS SELECT id, (ARRAY[''dev'',''ops'',''hr''])[1 + id % 3] AS dept, CASE WHEN id % 2 = 0 THEN ''F'' ELSE ''M'' END AS sex, (1000 * id)::numeric(12,2) AS salary, CASE WHEN id NOT IN (7, 20) THEN id END AS bonus, id AS extra FROM generate_series(:first, :first + 11) id'
\c globex
CREATE SCHEMA dif;
SET search_path = dif, public;
\set first 13
:make;
\c initech
CREATE SCHEMA dif;
SET search_path = dif, public;
\set first 25
:make;
\c acme
CREATE SCHEMA dif;
SET search_path = dif, public;
\set first 1
:make;
\pset null NULL

-- the same study under several names: each has a history of its own
\set columns '(id int OPTIONS (allow ''filter'') NOT NULL, dept text OPTIONS (allow ''group, filter'', values ''{dev,ops,hr}'') NOT NULL, sex text OPTIONS (allow ''group, filter'', values ''{F,M}'') NOT NULL, salary numeric(12,2) OPTIONS (allow ''sum, avg, count, min, max, compare, stddev, filter'') NOT NULL, bonus int OPTIONS (allow ''sum, count, avg''), extra int OPTIONS (allow ''sum, count, avg''))'
\set options 'SERVER acme OPTIONS (parties ''acme, globex, initech'', source ''src'', min_rows ''5'''
CREATE FOREIGN TABLE byw :columns :options);
CREATE FOREIGN TABLE byf :columns :options);
CREATE FOREIGN TABLE byg :columns :options);
CREATE FOREIGN TABLE byh :columns :options);
CREATE FOREIGN TABLE byn :columns :options);
CREATE FOREIGN TABLE byu :columns :options);
CREATE FOREIGN TABLE byo :columns :options);
CREATE FOREIGN TABLE byx :columns :options);
CREATE FOREIGN TABLE bys :columns :options);
SELECT format('CREATE FOREIGN TABLE wide (id int OPTIONS (allow ''group, filter'', values %L), salary numeric(12,2) OPTIONS (allow ''sum, filter'')) SERVER acme OPTIONS (parties ''acme, globex, initech'', source ''src'', min_rows ''5'')', array_agg(n)) FROM generate_series(1, 1000) n \gset wide_
\set ECHO none
:wide_format;
\set ECHO all
CREATE FOREIGN TABLE off :columns :options, history '0');
CREATE FOREIGN TABLE two :columns :options, history '2');
CREATE FOREIGN TABLE bad :columns :options, history '257');
CREATE FOREIGN TABLE bad :columns :options, history '-1');
ALTER FOREIGN TABLE off OPTIONS (SET history 'none');
SELECT study, substring(definition FROM 'history.*?\n') AS history FROM smc_studies WHERE study IN ('byw', 'off', 'two') ORDER BY 1;
SELECT count(smc_accept(s)) FROM unnest('{byw,byf,byg,byh,byn,byu,byo,byx,bys,wide,off,two}'::text[]) s;
\c globex
IMPORT FOREIGN SCHEMA smc LIMIT TO (byw, byf, byg, byh, byn, byu, byo, byx, bys, wide, off, two) FROM SERVER acme INTO dif;
SELECT format('ALTER FOREIGN TABLE dif.%I OPTIONS (ADD source ''dif.src'')', s) FROM unnest('{byw,byf,byg,byh,byn,byu,byo,byx,bys,wide,off,two}'::text[]) s \gexec
SELECT count(smc_accept(s)) FROM unnest('{byw,byf,byg,byh,byn,byu,byo,byx,bys,wide,off,two}'::text[]) s;
ALTER FOREIGN TABLE dif.two OPTIONS (SET history '3');
IMPORT FOREIGN SCHEMA smc LIMIT TO (two) FROM SERVER acme INTO dif;
ALTER FOREIGN TABLE dif.two OPTIONS (SET history '2');
\c initech
IMPORT FOREIGN SCHEMA smc LIMIT TO (byw, byf, byg, byh, byn, byu, byo, byx, bys, wide, off, two) FROM SERVER acme INTO dif;
SELECT format('ALTER FOREIGN TABLE dif.%I OPTIONS (ADD source ''dif.src'')', s) FROM unnest('{byw,byf,byg,byh,byn,byu,byo,byx,bys,wide,off,two}'::text[]) s \gexec
SELECT count(smc_accept(s)) FROM unnest('{byw,byf,byg,byh,byn,byu,byo,byx,bys,wide,off,two}'::text[]) s;
\c acme
SET search_path = dif, public;

--
-- All, and all but one
--
SELECT smc_sum(salary) FROM byw;
SELECT smc_sum(salary) FROM byw WHERE id <> 5;
SELECT smc_count(*) FROM byw WHERE id <> 5;
SELECT smc_avg(salary), smc_max(salary) FROM byw WHERE NOT id = 5;
SELECT smc_compare(salary, 'acme', 'globex'), smc_argmax(salary) FROM byw WHERE id <> 5;
SELECT smc_stddev(salary) FROM byw WHERE id <> 5;
SELECT smc_sum(salary) / smc_count(*) > 100 AS high FROM byw WHERE id <> 5;
SELECT smc_sum(CASE WHEN id <> 5 THEN salary END) FROM byw;
SELECT smc_sum(salary) FILTER (WHERE id <> 5) FROM byw;
PREPARE but(int) AS SELECT smc_sum(salary) FROM byw WHERE id <> $1;
EXECUTE but(5);
SET plan_cache_mode = force_generic_plan;
EXECUTE but(6);
RESET plan_cache_mode;
-- also of what the others have
EXECUTE but(13);
EXECUTE but(36);
-- once more, and nothing new: the first is answered as before
SELECT smc_sum(salary) FROM byw;
:history 'byw' ORDER BY number;
-- whoever asks
\c globex
SET search_path = dif, public;
SELECT smc_sum(salary) FROM byw WHERE id <> 5;
:history 'byw' ORDER BY number;
SELECT smc_sum(salary) FROM byw WHERE id > 6;
\c initech
SET search_path = dif, public;
SELECT smc_sum(salary) FROM byw WHERE id > 7;
\c acme
SET search_path = dif, public;
-- five apart, and four
SELECT smc_sum(salary) FROM byw WHERE id > 11;
SELECT smc_sum(salary) FROM byw WHERE id > 15;
SELECT smc_sum(salary) FROM byw WHERE id > 16 AND salary > 0;
-- the same terms in another order are the same rows
SELECT smc_sum(salary) FROM byw WHERE salary > 0 AND id > 16;
SELECT smc_sum(salary) FILTER (WHERE salary > 0) FROM byw WHERE id > 16;
SELECT smc_sum(CASE WHEN salary > 0 AND id > 16 THEN salary END) FROM byw;
-- the same rows by another condition: whether they are the same isn't told
SELECT smc_sum(salary) FROM byw WHERE id > 16;
SELECT smc_sum(salary) FROM byw WHERE id < 1000;
SELECT smc_sum(salary) FROM byw WHERE NOT (id = 5 AND salary > 4000);
SELECT smc_sum(salary) FROM byw WHERE NOT (id = 5 AND salary > 6000);
:history 'byw' ORDER BY number;
SELECT query, reveals, status FROM smc_audit WHERE study = 'byw' ORDER BY started_at DESC LIMIT 1;
SELECT figures FROM smc_results WHERE study = 'byw' ORDER BY at DESC LIMIT 1;
-- a transaction that is rolled back has been told all the same
BEGIN;
SELECT smc_sum(salary) FROM byw WHERE id > 24;
ROLLBACK;
SELECT smc_sum(salary) FROM byw WHERE id > 25;

--
-- Inside one query
--
SELECT smc_sum(salary), smc_sum(salary) FILTER (WHERE id <> 5) AS but_5, smc_sum(salary) FILTER (WHERE id > 18) AS many FROM byf;
:history 'byf' ORDER BY number;
SELECT smc_sum(salary) FILTER (WHERE id <> 5) FROM byf;
-- by their declared values no two have a row in common
SELECT smc_sum(salary) FILTER (WHERE dept = 'dev') AS dev, smc_sum(salary) FILTER (WHERE dept = 'ops') AS ops,
  smc_sum(salary) FILTER (WHERE 'hr' = dept) AS hr FROM byf;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_sum(salary) FILTER (WHERE dept = 'dev') AS dev, smc_sum(salary) FILTER (WHERE dept = 'ops') AS ops FROM byn;
-- NULLs: two of bonus, none of extra; what has nothing in common isn't compared
SELECT smc_count(*), smc_sum(extra) AS extra, smc_sum(2 * extra + 1) AS more, smc_sum(bonus) AS bonus FROM byf;
SELECT smc_count(extra) AS extra, smc_count(bonus) AS bonus FROM byf;
SELECT smc_sum(extra + bonus) FROM byf;
SELECT smc_sum(salary) FROM byf;
SELECT smc_avg(salary + 0 * bonus) FROM byf;
SELECT smc_sum(bonus) FILTER (WHERE id <> 5) FROM byf;
SELECT number, rows, uses FROM smc_history_log WHERE study = 'byf' ORDER BY number;
-- a difference in declared values alone may be none
SELECT smc_sum(salary) FROM byf WHERE dept IN ('dev', 'ops', 'hr');
SELECT smc_sum(salary) FROM byf WHERE dept <> 'other';
-- an error that tells one thing leaves behind what it was computed from
SELECT 1 / (smc_count(*) - smc_count(*)) FROM byf WHERE id > 6;
SELECT smc_sum(salary) FROM byf WHERE id > 7;

--
-- In groups
--
SELECT dept, smc_sum(salary), smc_count(*) FROM byg GROUP BY dept ORDER BY 1;
SELECT dept, smc_sum(salary), smc_count(*) FROM byg WHERE id <> 5 GROUP BY dept ORDER BY 1;
SELECT dept FROM byg WHERE id <> 5 GROUP BY dept;
SELECT dept, smc_count(*) FILTER (WHERE id <> 5) FROM byg GROUP BY dept ORDER BY 1;
SELECT dept, smc_avg(salary) FROM byg WHERE id <> 5 GROUP BY dept HAVING smc_count(*) > 1;
SELECT dept FROM byg GROUP BY dept HAVING smc_count(*) FILTER (WHERE id <> 5) > 1;
-- five of dev and four of the others
SELECT dept, smc_count(*) FROM byg WHERE id > 14 OR dept = 'ops' AND id > 15 GROUP BY dept ORDER BY 1;
SELECT rows, told FROM smc_history_log WHERE study = 'byg' ORDER BY number;
-- what was answered is again, in all groups
SELECT dept, smc_count(*) FROM byg GROUP BY dept ORDER BY 1;
-- the groups' figures add up to the whole, and to those of other groups
SELECT smc_count(*) FROM byg;
SELECT smc_count(*) FROM byg WHERE id <> 5;
SELECT sex, smc_count(*) FROM byg GROUP BY sex ORDER BY 1;
SELECT sex, smc_count(*) FROM byg WHERE id <> 5 GROUP BY sex;
SELECT sex, dept, smc_count(*) FROM byg WHERE id <> 5 GROUP BY sex, dept;
SELECT sex, dept, smc_count(*) FROM byg GROUP BY dept, sex ORDER BY 1, 2;
-- one group by its value is that group
SELECT smc_sum(salary) FROM byg WHERE dept = 'hr';
SELECT smc_sum(salary) FROM byg WHERE dept = 'hr' AND id <> 5;
SELECT sex, smc_sum(salary) FROM byg WHERE dept = 'hr' GROUP BY sex ORDER BY 1;
SELECT sex, smc_sum(salary) FROM byg WHERE id <> 5 AND dept = 'hr' GROUP BY sex ORDER BY 1;
-- and so are some by theirs
SELECT dept, smc_sum(salary) FROM byg WHERE dept IN ('dev', 'ops') GROUP BY dept ORDER BY 1;
SELECT dept, smc_sum(salary) FROM byg WHERE dept = 'dev' GROUP BY dept ORDER BY 1;
-- the other way: first one group, then all
SELECT smc_sum(salary) FROM byh WHERE dept = 'hr' AND id <> 5;
SELECT dept, smc_sum(salary) FROM byh GROUP BY dept ORDER BY 1;
SELECT smc_sum(salary) FROM byh;
EXPLAIN (VERBOSE, COSTS OFF) SELECT dept, smc_sum(salary) FROM byh WHERE id > 12 GROUP BY dept;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_sum(salary) FROM byh WHERE sex = 'F';
PREPARE but(int) AS SELECT smc_sum(salary) FROM byw WHERE id <> $1;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE but(5);

--
-- How much is kept
--
SELECT smc_sum(salary) FROM off;
SELECT smc_sum(salary) FROM off WHERE id <> 5;
SELECT smc_sum(salary) FROM two;
SELECT smc_sum(salary) FROM two WHERE id > 6;
SELECT smc_sum(salary) FROM two WHERE id > 12;
-- the first one has fallen out
SELECT smc_sum(salary) FROM two WHERE id <> 5;
:history 'two' ORDER BY number;
SELECT count(*) FROM smc_history_log WHERE study = 'off';
-- one query may bring several
SELECT smc_sum(salary) FILTER (WHERE id > 6) AS six, smc_sum(salary) FILTER (WHERE id > 12) AS twelve, smc_sum(salary) FILTER (WHERE id > 18) AS eighteen FROM two;
:history 'two' ORDER BY number;
-- more at once than can be compared
\set ECHO none
SELECT format('SELECT id, %s FROM wide GROUP BY id', string_agg(format('smc_sum(salary) FILTER (WHERE salary > %s)', n), ', ')) FROM generate_series(1, 60) n \gexec
\set ECHO all
-- the longest conditions
SELECT format('SELECT smc_sum(salary) FROM byn WHERE id NOT IN (%1$s) AND id NOT IN (0, %1$s) AND id NOT IN (1, %1$s)', string_agg(n::text, ',')) FROM generate_series(1000001, 1007000) n \gset long_
\set ECHO none
:long_format;
\set ECHO all

--
-- What can be played off though it looks as if it had nothing in common
--
SELECT smc_count(*), smc_sum(bonus) / smc_avg(bonus) AS n FROM byu WHERE salary > 6000;
SELECT smc_sum(1) AS ones, smc_count(bonus) FROM byu WHERE salary > 6000;
SELECT dept, smc_count(*), smc_sum(0 * bonus + 1) AS ones FROM byu GROUP BY dept ORDER BY 1;
-- what a set of the query stands for, but isn't told now, was told before
SELECT smc_count(bonus) FILTER (WHERE id > 6) FROM byo;
SELECT smc_sum(salary) FILTER (WHERE id > 6) FROM byo;
SELECT smc_count(*) FILTER (WHERE id > 6) AS count, smc_sum(salary) FILTER (WHERE id > 6) AS sum,
  smc_sum(salary) FILTER (WHERE id > 6 AND id NOT IN (8, 9, 10)) AS but_3 FROM byo;
-- one figure is near, the others are told
SELECT smc_sum(salary) AS near, smc_sum(salary) FILTER (WHERE id > 18) AS far FROM byo WHERE id > 5;
SELECT dept, smc_count(*) AS near, smc_sum(salary) FILTER (WHERE id > 18) AS far FROM byo WHERE id > 5 GROUP BY dept ORDER BY 1;
-- groups named in another way than by =, in both orders
SELECT dept, smc_sum(salary) FROM byx GROUP BY dept ORDER BY 1;
SELECT smc_sum(salary) FROM byx WHERE dept LIKE 'hr' AND id <> 5;
SELECT smc_sum(salary) FROM byx WHERE dept IN ('hr', 'hr') AND id <> 5;
SELECT smc_sum(salary) FROM byx WHERE (dept = 'hr') IS TRUE AND id <> 5;
SELECT smc_sum(salary) FROM byx WHERE dept IN ('dev', 'ops') AND id <> 3;
SELECT smc_sum(salary) FROM byx WHERE dept IN ('dev', 'ops');
SELECT sex, smc_sum(salary) FROM byx WHERE dept <> 'hr' AND id <> 3 GROUP BY sex ORDER BY 1;
SELECT smc_sum(extra) FROM byh WHERE dept IN ('dev', 'ops') AND id <> 3;
SELECT dept, smc_sum(extra) FROM byh GROUP BY dept ORDER BY 1;

--
-- Values that no group is of: in rows that a condition leaves out
--
INSERT INTO src VALUES (100, 'dev', 'X', 1, 1, 1), (101, 'lab', 'F', 1, 1, 1);
SELECT dept, sex, smc_count(*) FROM byu WHERE sex IN ('F', 'M') AND dept IN ('dev', 'ops', 'hr') GROUP BY dept, sex ORDER BY 1, 2;
SELECT dept, smc_sum(extra) FROM byu WHERE dept <> 'lab' GROUP BY dept ORDER BY 1;
SELECT dept, sex, smc_count(*) FROM byu WHERE sex IN ('F', 'M') AND dept IN ('dev', 'ops', 'hr') GROUP BY dept, sex ORDER BY 1, 2;
SELECT dept, sex, smc_count(*) FROM byu GROUP BY dept, sex;
DELETE FROM src WHERE id >= 100;

--
-- Sources of which a part is looked at first
--
INSERT INTO src SELECT id, CASE WHEN id % 10 = 0 THEN 'ops' ELSE 'dev' END, CASE WHEN id % 2 = 0 THEN 'F' ELSE 'M' END, id, NULL, id
  FROM generate_series(1000, 30999) id;
SELECT smc_count(*) FROM bys WHERE id < 30000 OR dept = 'hr';
SELECT smc_count(*) FROM bys WHERE id < 30003 OR dept = 'hr';
SELECT smc_count(*) FROM bys WHERE id < 30006 OR dept = 'hr';
SELECT smc_count(*) FILTER (WHERE id < 29998 OR dept = 'hr') AS near, smc_count(*) FILTER (WHERE id < 29994 OR dept = 'hr') AS far,
  smc_count(*) FILTER (WHERE id < 1000) AS small FROM bys;
SELECT dept, smc_count(*) FROM bys WHERE id < 30500 GROUP BY dept ORDER BY 1;
-- the last rows are three of dev, none of the others; and six of dev and none; and twenty
SELECT dept, smc_count(*) FROM bys WHERE id < 30500 OR id BETWEEN 30801 AND 30803 GROUP BY dept ORDER BY 1;
SELECT dept, smc_count(*) FROM bys WHERE id < 30500 OR id BETWEEN 30811 AND 30816 GROUP BY dept ORDER BY 1;
SELECT dept, smc_count(*) FROM bys WHERE id < 30500 OR id BETWEEN 30600 AND 30699 GROUP BY dept ORDER BY 1;
CREATE INDEX ON src (id);
ANALYZE src;
SELECT smc_count(*) FILTER (WHERE id < 29987) AS one, smc_count(*) FILTER (WHERE id < 29984) AS near, smc_count(*) FILTER (WHERE id < 29980) AS far FROM bys;
DELETE FROM src WHERE id >= 1000;

--
-- A history that isn't one
--
\c globex
CREATE TABLE dif.saved AS SELECT * FROM smc_history_log WHERE study = 'byo';
UPDATE smc_history_log SET row_set = row_set || '\x00' WHERE study = 'byo';
\c acme
SET search_path = dif, public;
SELECT smc_count(*) FROM byo WHERE id > 20;
\c globex
UPDATE smc_history_log SET row_set = '\x01ffff00000000' WHERE study = 'byo' AND number = 1;
\c acme
SET search_path = dif, public;
SELECT smc_count(*) FROM byo WHERE id > 20;
\c globex
UPDATE smc_history_log l SET row_set = s.row_set, uses = '\xffffffff', wanted = '\xffffffff' FROM dif.saved s WHERE l.study = 'byo' AND l.hash = s.hash;
\c acme
SET search_path = dif, public;
SELECT smc_count(*) FROM byo WHERE id > 20;
\c globex
UPDATE smc_history_log l SET uses = s.uses, wanted = s.wanted, told = '\x0102030405' FROM dif.saved s WHERE l.study = 'byo' AND l.hash = s.hash;
\c acme
SET search_path = dif, public;
SELECT smc_count(*) FROM byo WHERE id > 20;
\c globex
UPDATE smc_history_log l SET told = s.told FROM dif.saved s WHERE l.study = 'byo' AND l.hash = s.hash;
DROP TABLE dif.saved;
\c acme
SET search_path = dif, public;
SELECT smc_count(*) FROM byo WHERE id > 20;

-- nobody but superusers gets at it
SET ROLE smc_link;
TABLE smc_history_log;
RESET ROLE;
