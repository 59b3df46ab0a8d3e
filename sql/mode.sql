--
-- Modes: the most frequent of a column's declared values.  All rows are put
-- together in one place, acme's, only to prove the answers by plain SQL.
--
\set settle 'DO $$ BEGIN FOR i IN 1..100 LOOP EXIT WHEN NOT EXISTS (SELECT FROM smc_audit WHERE status = \'running\'); PERFORM pg_sleep(0.05); END LOOP; END $$;'
\c acme
CREATE TYPE mode_size AS ENUM ('small', 'tall', 'large');
CREATE TABLE mode_rows (g text, t text, v varchar(20), b boolean, e mode_size, i int, n numeric(4,1), d date, c char(4), u text);
CREATE TABLE mode_own (LIKE mode_rows);
INSERT INTO mode_own VALUES
	('a', 'pear', 'x', true, 'small', 10, 1.5, '2024-02-29', 'ab', 'q'),
	('a', 'Fig', 'x', true, 'large', 9, 1.5, '2024-02-29', 'ab', 'q'),
	('a', 'apple', 'y', false, 'tall', 10, 10, '2001-01-01', 'cdef', 'q'),
	('b', 'apple', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 'q'),
	(NULL, 'quince', 'y', true, 'tall', 100, -2.5, '2001-01-01', 'cdef', 'q');
CREATE FOREIGN TABLE moded (
	g text OPTIONS (allow 'group, filter', values '{a,b,c}'),
	t text OPTIONS (allow 'mode, filter', values '{quince,pear,apple,Fig,élan}') NOT NULL,
	v varchar(20) OPTIONS (allow 'mode, count', values '{z,y,x}'),
	b boolean OPTIONS (allow 'mode'),
	e mode_size OPTIONS (allow 'mode'),
	i int OPTIONS (allow 'mode, sum, count, filter', values '{100,10,9}'),
	n numeric(4,1) OPTIONS (allow 'mode', values '{1.5,10,-2.5}'),
	d date OPTIONS (allow 'mode', values '{2024-02-29,2001-01-01}'),
	c char(4) OPTIONS (allow 'mode', values '{cdef,ab}'),
	u text OPTIONS (allow 'count')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'mode_own');
SELECT smc_accept('moded') IS NOT NULL AS accepted;
\c globex
CREATE TYPE mode_size AS ENUM ('small', 'tall', 'large');
IMPORT FOREIGN SCHEMA smc LIMIT TO (moded) FROM SERVER acme INTO public;
CREATE TABLE mode_own (g text, t text, v varchar(20), b boolean, e mode_size, i int, n numeric(4,1), d date, c char(4), u text);
INSERT INTO mode_own VALUES
	('a', 'pear', 'z', false, 'large', 9, 10, '2001-01-01', 'ab', 'r'),
	('b', 'Fig', 'z', false, 'large', 9, -2.5, '2024-02-29', 'cdef', 'r'),
	('b', 'Fig', 'z', false, 'tall', 9, NULL, NULL, 'ab', 'r');
ALTER FOREIGN TABLE moded OPTIONS (ADD source 'mode_own');
SELECT smc_accept('moded') IS NOT NULL AS accepted;
\c initech
CREATE TYPE mode_size AS ENUM ('small', 'tall', 'large');
IMPORT FOREIGN SCHEMA smc LIMIT TO (moded) FROM SERVER acme INTO public;
CREATE TABLE mode_own (g text, t text, v varchar(20), b boolean, e mode_size, i int, n numeric(4,1), d date, c char(4), u text);
INSERT INTO mode_own VALUES
	('c', 'apple', 'x', NULL, 'small', 10, 1.5, '2001-01-01', 'ab', 's'),
	('a', 'pear', 'z', true, 'small', 100, -2.5, '2024-02-29', 'cdef', 's');
ALTER FOREIGN TABLE moded OPTIONS (ADD source 'mode_own');
SELECT smc_accept('moded') IS NOT NULL AS accepted;

\c acme
SET datestyle = 'ISO';
INSERT INTO mode_rows SELECT * FROM mode_own;
INSERT INTO mode_rows VALUES
	('a', 'pear', 'z', false, 'large', 9, 10, '2001-01-01', 'ab', 'r'),
	('b', 'Fig', 'z', false, 'large', 9, -2.5, '2024-02-29', 'cdef', 'r'),
	('b', 'Fig', 'z', false, 'tall', 9, NULL, NULL, 'ab', 'r'),
	('c', 'apple', 'x', NULL, 'small', 10, 1.5, '2001-01-01', 'ab', 's'),
	('a', 'pear', 'z', true, 'small', 100, -2.5, '2024-02-29', 'cdef', 's');

-- of every type, most of them with ties, which go to the first in the type's own order
SELECT smc_mode(t) AS t, smc_mode(v) AS v, smc_mode(b) AS b, smc_mode(e) AS e, smc_mode(i) AS i,
	smc_mode(n) AS n, smc_mode(d) AS d, smc_mode(c) AS c FROM moded;
SELECT mode() WITHIN GROUP (ORDER BY t COLLATE "C") AS t, mode() WITHIN GROUP (ORDER BY v COLLATE "C") AS v,
	mode() WITHIN GROUP (ORDER BY b) AS b, mode() WITHIN GROUP (ORDER BY e) AS e, mode() WITHIN GROUP (ORDER BY i) AS i,
	mode() WITHIN GROUP (ORDER BY n) AS n, mode() WITHIN GROUP (ORDER BY d) AS d,
	mode() WITHIN GROUP (ORDER BY c COLLATE "C") AS c FROM mode_rows;
-- the native name, and the other way round
SELECT mode() WITHIN GROUP (ORDER BY t) AS t, mode() WITHIN GROUP (ORDER BY e) AS e, mode() WITHIN GROUP (ORDER BY t DESC) AS t_desc,
	mode() WITHIN GROUP (ORDER BY b DESC) AS b_desc, mode() WITHIN GROUP (ORDER BY e DESC) AS e_desc,
	mode() WITHIN GROUP (ORDER BY n DESC NULLS LAST) AS n_desc, mode() WITHIN GROUP (ORDER BY c DESC) AS c_desc FROM moded;
SELECT mode() WITHIN GROUP (ORDER BY t COLLATE "C") AS t, mode() WITHIN GROUP (ORDER BY e) AS e, mode() WITHIN GROUP (ORDER BY t COLLATE "C" DESC) AS t_desc,
	mode() WITHIN GROUP (ORDER BY b DESC) AS b_desc, mode() WITHIN GROUP (ORDER BY e DESC) AS e_desc,
	mode() WITHIN GROUP (ORDER BY n DESC) AS n_desc, mode() WITHIN GROUP (ORDER BY c COLLATE "C" DESC) AS c_desc FROM mode_rows;
SELECT pg_typeof(smc_mode(t)) AS t, pg_typeof(smc_mode(v)) AS v, pg_typeof(smc_mode(e)) AS e, pg_typeof(smc_mode(n)) AS n, pg_typeof(smc_mode(c)) AS c FROM moded;

-- groups, those without rows or with NULLs alone; FILTER, WHERE, HAVING; beside other figures
SELECT g, smc_mode(t) AS t, smc_mode(v) AS v, smc_mode(i) FILTER (WHERE i > 9) AS i, count(*), sum(i) FROM moded GROUP BY g ORDER BY g;
SELECT g, mode() WITHIN GROUP (ORDER BY t COLLATE "C") AS t, mode() WITHIN GROUP (ORDER BY v COLLATE "C") AS v,
	mode() WITHIN GROUP (ORDER BY i) FILTER (WHERE i > 9) AS i, count(*), sum(i) FROM mode_rows GROUP BY g ORDER BY g;
SELECT g, smc_mode(t) FROM moded GROUP BY g ORDER BY g;
SELECT smc_mode(v), smc_mode(b) FROM moded WHERE g = 'b';
SELECT smc_mode(v), smc_mode(t), count(*) FROM moded WHERE t = 'élan';
SELECT g, smc_mode(b) FROM moded WHERE i >= 9 GROUP BY g HAVING sum(i) > 20 ORDER BY g;
SELECT g, mode() WITHIN GROUP (ORDER BY b) FROM mode_rows WHERE i >= 9 GROUP BY g HAVING sum(i) > 20 ORDER BY g;
-- what is made of one comes after it
SELECT smc_mode(t) || '!' AS t, smc_mode(i) + 1 AS i, smc_mode(t) = 'Fig' AS is_fig FROM moded;
SELECT g FROM moded GROUP BY g HAVING smc_mode(i) = 9 ORDER BY g;
PREPARE of_group(text) AS SELECT smc_mode(t) FROM moded WHERE g = $1;
EXECUTE of_group('b');
-- nothing but the value is opened
EXPLAIN (VERBOSE, COSTS OFF) SELECT g, smc_mode(t), mode() WITHIN GROUP (ORDER BY i DESC) FROM moded GROUP BY g;
SELECT smc_mode(t) AS t, smc_mode(e) AS e, smc_mode(i) AS i, smc_mode(b) AS b, smc_mode(n) AS n, smc_mode(d) AS d FROM moded;
\c globex
:settle
\! sleep 0.3
SELECT figures FROM smc_results WHERE study = 'moded' ORDER BY at DESC LIMIT 1;
SELECT reveals FROM smc_audit WHERE study = 'moded' ORDER BY started_at DESC LIMIT 1;

\c acme
-- refused
SELECT smc_mode(u) FROM moded;
SELECT smc_mode(g) FROM moded;
SELECT smc_mode(upper(t)) FROM moded;
SELECT smc_mode(i + 1) FROM moded;
SELECT mode() WITHIN GROUP (ORDER BY t USING ~<~) FROM moded;
SELECT smc_mode(t ORDER BY t) FROM moded;
SELECT smc_mode(DISTINCT t) FROM moded;
SELECT smc_keep(smc_mode(i), 'm') FROM moded;
SELECT smc_mode(t) FROM mode_own;
SELECT mode(t) FROM moded;
-- such words in a definition
CREATE FOREIGN TABLE modeless (t text OPTIONS (allow 'mode')) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all');
SELECT smc_count(t) FROM modeless;
DROP FOREIGN TABLE modeless;
CREATE FOREIGN TABLE modeless (f float8 OPTIONS (allow 'mode', values '{1}')) SERVER acme OPTIONS (parties 'acme, globex', reveal_to 'all');
SELECT smc_count(f) FROM modeless;
DROP FOREIGN TABLE modeless;
-- values outside the declared ones
INSERT INTO mode_own (g, t, v) VALUES ('a', 'mango', 'x');
SELECT smc_mode(v) FROM moded;
SELECT smc_mode(t) FROM moded;
DELETE FROM mode_own WHERE t = 'mango';
-- noise has no place in it
ALTER FOREIGN TABLE moded OPTIONS (ADD epsilon '1');
SELECT smc_mode(t) FROM moded;
ALTER FOREIGN TABLE moded OPTIONS (DROP epsilon);

-- min_rows: of too few values none is the most frequent
ALTER FOREIGN TABLE moded OPTIONS (ADD min_rows '3');
SELECT smc_accept('moded') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE moded OPTIONS (ADD min_rows '3');
SELECT smc_accept('moded') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE moded OPTIONS (ADD min_rows '3');
SELECT smc_accept('moded') IS NOT NULL AS accepted;
\c acme
SELECT g, smc_mode(t), smc_mode(b) FROM moded GROUP BY g ORDER BY g;
EXPLAIN (VERBOSE, COSTS OFF) SELECT smc_mode(b) FROM moded WHERE g = 'a';
-- rows that are nearly those of another question
SELECT smc_mode(b) FROM moded WHERE i <> 100;
SELECT smc_mode(b) FROM moded;

-- to one party alone
ALTER FOREIGN TABLE moded ALTER COLUMN t OPTIONS (ADD reveal_to 'globex');
SELECT smc_accept('moded') IS NOT NULL AS accepted;
\c globex
ALTER FOREIGN TABLE moded ALTER COLUMN t OPTIONS (ADD reveal_to 'globex');
SELECT smc_accept('moded') IS NOT NULL AS accepted;
\c initech
ALTER FOREIGN TABLE moded ALTER COLUMN t OPTIONS (ADD reveal_to 'globex');
SELECT smc_accept('moded') IS NOT NULL AS accepted;
\c acme
SELECT smc_mode(t), smc_mode(e) FROM moded;
\c globex
:settle
\! sleep 0.3
SELECT figures FROM smc_results WHERE study = 'moded' ORDER BY at DESC LIMIT 1;
\c acme
DROP FOREIGN TABLE moded;
