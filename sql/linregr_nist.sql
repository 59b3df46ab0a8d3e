--
-- Linear regressions of NIST's Statistical Reference Datasets, their rows at three
-- parties, against the certified values (test/data/nist).
--
\getenv data SMC_DATA
\set norris :data '/nist/norris.csv'
\set longley :data '/nist/longley.csv'
\set filip :data '/nist/filip.csv'
\set load 'CREATE SCHEMA nist; SET search_path = nist, public; CREATE TABLE line (set text, number serial, text text);'
\set split 'CREATE VIEW value AS SELECT set, number, string_to_array(text, '','')::numeric[] AS v FROM line WHERE text ~ ''^[0-9]''; CREATE TABLE norris_own AS SELECT v[1]::numeric(6,1) AS y, v[2]::numeric(6,1) AS x FROM value WHERE set = ''norris'' AND number % 3 = :part; CREATE TABLE longley_own AS SELECT v[1]::int AS y, v[2]::numeric(6,1) AS x1, v[3]::int AS x2, v[4]::int AS x3, v[5]::int AS x4, v[6]::int AS x5, v[7]::int AS x6 FROM value WHERE set = ''longley'' AND number % 3 = :part; CREATE TABLE filip_own AS SELECT v[1]::numeric(6,4) AS y, v[2]::float8 AS f, v[2] AS x, v[2]*v[2] AS x2, round(v[2]*v[2]*v[2], 24) AS x3, round(v[2]*v[2]*v[2]*v[2], 23) AS x4, round(v[2]*v[2]*v[2]*v[2]*v[2], 22) AS x5, round(v[2]*v[2]*v[2]*v[2]*v[2]*v[2], 21) AS x6, round(v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2], 20) AS x7, round(v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2], 19) AS x8, round(v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2], 18) AS x9, round(v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2]*v[2], 17) AS x10 FROM value WHERE set = ''filip'' AND number % 3 = :part;'
\set part 0
\c acme
:load
COPY line (text) FROM :'norris' DELIMITER E'\x01';
UPDATE line SET set = 'norris' WHERE set IS NULL;
COPY line (text) FROM :'longley' DELIMITER E'\x01';
UPDATE line SET set = 'longley' WHERE set IS NULL;
COPY line (text) FROM :'filip' DELIMITER E'\x01';
UPDATE line SET set = 'filip' WHERE set IS NULL;
SELECT set, count(*) FROM line WHERE text ~ '^[0-9]' GROUP BY 1 ORDER BY 1;
-- what is certified stands in the files' heads
CREATE TABLE certified AS SELECT set, term[1]::int AS term, term[2]::float8 AS coef, term[3]::float8 AS std_err
	FROM (SELECT set, regexp_matches(string_agg(text, ' ' ORDER BY number), 'B(\d+) (-?[\d.E+-]+) \(([\d.E+-]+)\)', 'g') AS term
		FROM line WHERE text LIKE '#%' GROUP BY set) t;
CREATE TABLE certified_r2 AS SELECT set, (regexp_match(text, 'R2 ([\d.]+)'))[1]::float8 AS r2 FROM line WHERE text ~ '^#.*R2 ';
:split
CREATE FOREIGN TABLE norris (
	y numeric(6,1) OPTIONS (allow 'linregr') NOT NULL,
	x numeric(6,1) OPTIONS (allow 'linregr') NOT NULL
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'norris_own');
CREATE FOREIGN TABLE longley (
	y int OPTIONS (allow 'linregr'), x1 numeric(6,1) OPTIONS (allow 'linregr'), x2 int OPTIONS (allow 'linregr'),
	x3 int OPTIONS (allow 'linregr'), x4 int OPTIONS (allow 'linregr'), x5 int OPTIONS (allow 'linregr'),
	x6 int OPTIONS (allow 'linregr')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'longley_own');
-- powers as columns, with as many digits as exact sums of their squares have room for
CREATE FOREIGN TABLE filip (
	y numeric(6,4) OPTIONS (allow 'linregr'), f float8 OPTIONS (allow 'linregr', scale '15'),
	x numeric OPTIONS (allow 'linregr', scale '9'), x2 numeric OPTIONS (allow 'linregr', scale '18'),
	x3 numeric OPTIONS (allow 'linregr', scale '24'), x4 numeric OPTIONS (allow 'linregr', scale '23'),
	x5 numeric OPTIONS (allow 'linregr', scale '22'), x6 numeric OPTIONS (allow 'linregr', scale '21'),
	x7 numeric OPTIONS (allow 'linregr', scale '20'), x8 numeric OPTIONS (allow 'linregr', scale '19'),
	x9 numeric OPTIONS (allow 'linregr', scale '18'), x10 numeric OPTIONS (allow 'linregr', scale '17')
) SERVER acme OPTIONS (parties 'acme, globex, initech', reveal_to 'all', source 'filip_own');
SELECT smc_accept(s) IS NOT NULL AS accepted FROM unnest('{norris,longley,filip}'::text[]) s;
\set part 1
\c globex
:load
COPY line (text) FROM :'norris' DELIMITER E'\x01';
UPDATE line SET set = 'norris' WHERE set IS NULL;
COPY line (text) FROM :'longley' DELIMITER E'\x01';
UPDATE line SET set = 'longley' WHERE set IS NULL;
COPY line (text) FROM :'filip' DELIMITER E'\x01';
UPDATE line SET set = 'filip' WHERE set IS NULL;
:split
IMPORT FOREIGN SCHEMA smc LIMIT TO (norris, longley, filip) FROM SERVER acme INTO nist;
ALTER FOREIGN TABLE norris OPTIONS (ADD source 'norris_own');
ALTER FOREIGN TABLE longley OPTIONS (ADD source 'longley_own');
ALTER FOREIGN TABLE filip OPTIONS (ADD source 'filip_own');
SELECT smc_accept(s) IS NOT NULL AS accepted FROM unnest('{norris,longley,filip}'::text[]) s;
\set part 2
\c initech
:load
COPY line (text) FROM :'norris' DELIMITER E'\x01';
UPDATE line SET set = 'norris' WHERE set IS NULL;
COPY line (text) FROM :'longley' DELIMITER E'\x01';
UPDATE line SET set = 'longley' WHERE set IS NULL;
COPY line (text) FROM :'filip' DELIMITER E'\x01';
UPDATE line SET set = 'filip' WHERE set IS NULL;
:split
IMPORT FOREIGN SCHEMA smc LIMIT TO (norris, longley, filip) FROM SERVER acme INTO nist;
ALTER FOREIGN TABLE norris OPTIONS (ADD source 'norris_own');
ALTER FOREIGN TABLE longley OPTIONS (ADD source 'longley_own');
ALTER FOREIGN TABLE filip OPTIONS (ADD source 'filip_own');
SELECT smc_accept(s) IS NOT NULL AS accepted FROM unnest('{norris,longley,filip}'::text[]) s;

\c acme
SET search_path = nist, public;
CREATE TABLE found (set text, m smc_linregr_result);
INSERT INTO found SELECT 'norris', smc_linregr(y, array[1, x]) FROM norris;
INSERT INTO found SELECT 'longley', smc_linregr(y, array[1, x1, x2, x3, x4, x5, x6]) FROM longley;
INSERT INTO found SELECT 'filip', smc_linregr(y, array[1, x, x2, x3, x4, x5, x6, x7, x8, x9, x10]) FROM filip;
-- decimal digits that are right, of the 15 that are certified
CREATE FUNCTION digits(value float8, certified float8) RETURNS int LANGUAGE sql
	AS 'SELECT least(15, floor(-log(abs(value / certified - 1) + 1e-16))::int)';
SELECT set, (m).num_rows, min(digits((m).coef[term + 1], c.coef)) >= 14 AS coef, min(digits((m).std_err[term + 1], c.std_err)) >= 14 AS std_err,
	digits((m).r2, r2) >= 14 AS r2
	FROM found JOIN certified c USING (set) JOIN certified_r2 USING (set) GROUP BY set, m, r2 ORDER BY set;
