--
-- Plain splitting: smc_share, smc_split, smc_combine, sum and the operators.
-- Shares are random, so none is ever printed: only what they combine to.
--
SET client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS smc;
RESET client_min_messages;

-- there and back, digits after the point kept
SELECT v, smc_combine(smc_split(v, 3)) AS combined
FROM (VALUES (0), (1), (-1), (12.50), (-12.5), (0.00), (1e10), (123456789012345678901234567890.12345678),
             (0.000000000000000000000000000001), (-0.1)) AS t (v);

-- the ends of the range, at both ends of the scale
SELECT smc_combine(smc_split(170141183460469231731687303715884105727, 2));
SELECT smc_combine(smc_split(-170141183460469231731687303715884105728, 2));
SELECT smc_combine(smc_split(170141183.460469231731687303715884105727, 16));
SELECT smc_combine(smc_split(-170141183.460469231731687303715884105728, 16));

-- zeros after the point are dropped where there is no room for them
SELECT smc_combine(smc_split(100000000000000000000.000000000000000000000000000000, 2));
SELECT smc_combine(smc_split(1.5000000000000000000000000000000000000000, 2));

-- every number of parties; each value comes back, and each share is a new one
SELECT parties, count(*), bool_and(smc_combine(smc_split(v, parties)) = v) AS same,
       bool_and(array_length(smc_split(v, parties), 1) = parties) AS shares
FROM generate_series(2, 16) AS parties,
     LATERAL (SELECT round((random() - 0.5)::numeric * 10::numeric ^ (i % 20), i % 8) AS v FROM generate_series(1, 100) AS i WHERE parties > 0) AS t
GROUP BY parties ORDER BY parties;
SELECT count(DISTINCT s::text) FROM generate_series(1, 100) AS i, unnest(smc_split(0 * i, 3)) AS s;

-- text and binary forms
SELECT s::text ~ '^[0-9a-f]{32}:2:3$' AS form, s::text::smc_share::text = s::text AS same
FROM unnest(smc_split(1.25, 3)) AS s;
SELECT smc_combine(ARRAY['00000000000000000000000000000003:0:2', 'fffffffffffffffffffffffffffffffb:0:2']::smc_share[]);
SELECT smc_combine(ARRAY['00000000000000000000000000000003:30:16'::smc_share] || array_fill('00000000000000000000000000000000:30:16'::smc_share, ARRAY[15]));
SELECT smc_share_send('000102030405060708090a0b0c0d0e0f:5:12');
\getenv abs_builddir PG_ABS_BUILDDIR
\set file :abs_builddir '/results/share.bin'
CREATE TEMP TABLE original AS SELECT i, s FROM unnest(smc_split(-7.77, 4)) WITH ORDINALITY AS t (s, i);
COPY original TO :'file' (FORMAT binary);
CREATE TEMP TABLE copied (i bigint, s smc_share);
COPY copied FROM :'file' (FORMAT binary);
SELECT bool_and(original.s::text = copied.s::text) AS same, smc_combine(array_agg(copied.s)) FROM original JOIN copied USING (i);

-- the textbook: every party keeps one share of each row, and adds up its own
CREATE TEMP TABLE salaries (id int, dept text, salary numeric(12,2));
INSERT INTO salaries SELECT i, CASE i % 3 WHEN 0 THEN 'a' WHEN 1 THEN 'b' ELSE 'c' END, CASE WHEN i % 10 > 0 THEN i * 100.01 - 3000 END
FROM generate_series(1, 100) AS i;
CREATE TEMP TABLE dealt AS SELECT id, dept, smc_split(salary, 3) AS shares FROM salaries;
CREATE TEMP TABLE alice AS SELECT id, dept, shares[1] AS salary FROM dealt;
CREATE TEMP TABLE bob AS SELECT id, dept, shares[2] AS salary FROM dealt;
CREATE TEMP TABLE carol AS SELECT id, dept, shares[3] AS salary FROM dealt;
DROP TABLE dealt;
SELECT smc_combine(ARRAY[(SELECT sum(salary) FROM alice), (SELECT sum(salary) FROM bob), (SELECT sum(salary) FROM carol)]) AS joint,
       (SELECT sum(salary) FROM salaries) AS plain;
SELECT dept, smc_combine(ARRAY[a.s, b.s, c.s]) AS joint, plain
FROM (SELECT dept, sum(salary) AS s FROM alice GROUP BY dept) AS a
JOIN (SELECT dept, sum(salary) AS s FROM bob GROUP BY dept) AS b USING (dept)
JOIN (SELECT dept, sum(salary) AS s FROM carol GROUP BY dept) AS c USING (dept)
JOIN (SELECT dept, sum(salary) AS plain FROM salaries GROUP BY dept) AS p USING (dept)
ORDER BY dept;

-- NULLs are skipped; a sum of nothing is NULL
SELECT sum(salary) IS NULL AS nothing FROM alice WHERE false;
SELECT sum(salary) IS NULL AS nothing FROM alice WHERE salary IS NULL;
SELECT smc_split(NULL, 3) IS NULL AS split, smc_split(1, NULL) IS NULL AS parties, smc_combine(NULL) IS NULL AS combine,
       NULL::smc_share + shares[1] IS NULL AS add FROM (SELECT smc_split(1, 2) AS shares) AS t;

-- operators; public integers on either side
WITH t AS (SELECT smc_split(10.25, 2) AS x, smc_split(-3, 2) AS y)
SELECT smc_combine(ARRAY[x[1] + y[1], x[2] + y[2]]) AS add,
       smc_combine(ARRAY[x[1] - y[1], x[2] - y[2]]) AS sub,
       smc_combine(ARRAY[- x[1], - x[2]]) AS neg,
       smc_combine(ARRAY[x[1] * 4, x[2] * 4]) AS mul,
       smc_combine(ARRAY[-4 * x[1], -4 * x[2]]) AS mul_left,
       smc_combine(ARRAY[x[1] * 9223372036854775807, x[2] * 9223372036854775807]) AS mul_max,
       smc_combine(ARRAY[x[1] * (-9223372036854775808), x[2] * (-9223372036854775808)]) AS mul_min,
       smc_combine(ARRAY[x[1] * 0, x[2] * 0]) AS mul_zero,
       smc_combine(ARRAY[2 * (x[1] - 3 * y[1]), 2 * (x[2] - 3 * y[2])]) AS linear
FROM t;

-- different scales: the larger one, at every party
SELECT smc_combine(ARRAY[sum(shares[1]), sum(shares[2])]) AS joint, sum(v) AS plain
FROM (SELECT v, smc_split(v, 2) AS shares FROM (VALUES (1), (0.5), (-0.125), (1000000), (2.00)) AS i (v) OFFSET 0) AS t;

-- thousands of random rows
SELECT smc_combine(ARRAY[sum(s[1]), sum(s[2]), sum(s[3]), sum(s[4]), sum(s[5])]) = sum(v) AS same
FROM (SELECT v, smc_split(v, 5) AS s
      FROM (SELECT round((random() - 0.5)::numeric * 1000000, i % 6) AS v FROM generate_series(1, 5000) AS i OFFSET 0) AS r OFFSET 0) AS t;

-- in parallel
CREATE TABLE share_rows AS SELECT i, smc_split(i, 2) AS s FROM generate_series(1, 20000) AS i;
ANALYZE share_rows;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
EXPLAIN (COSTS OFF) SELECT sum(s[1]) FROM share_rows;
SELECT smc_combine(ARRAY[sum(s[1]), sum(s[2])]) FROM share_rows;
EXPLAIN (COSTS OFF) SELECT i, smc_split(i, 2) FROM share_rows;
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
RESET max_parallel_workers_per_gather;
DROP TABLE share_rows;

--
-- What is refused
--
SELECT smc_split(1, 1);
SELECT smc_split(1, 17);
SELECT smc_split(1, -1);
\echo :LAST_ERROR_SQLSTATE
SELECT smc_split('NaN', 3);
\echo :LAST_ERROR_SQLSTATE
SELECT smc_split('Infinity', 3);
SELECT smc_split('-Infinity', 3);
SELECT smc_split(170141183460469231731687303715884105728, 3);
\echo :LAST_ERROR_SQLSTATE
SELECT smc_split(-170141183460469231731687303715884105729, 3);
SELECT smc_split(1e1000, 3);
SELECT smc_split(17014118346046923173168730371588410572.8, 3);
SELECT smc_split(1e-31, 3);
SELECT smc_split(1.0000000000000000000000000000001, 3);

-- not all shares, too many, of different values, none
SELECT smc_combine(s[1:2]) FROM (SELECT smc_split(1, 3) AS s) AS t;
\echo :LAST_ERROR_SQLSTATE
SELECT smc_combine(s || s[1]) FROM (SELECT smc_split(1, 3) AS s) AS t;
SELECT smc_combine(s || s) FROM (SELECT smc_split(1, 16) AS s) AS t;
SELECT smc_combine('{}');
SELECT smc_combine(ARRAY[NULL, s[2]]) FROM (SELECT smc_split(1, 2) AS s) AS t;
\echo :LAST_ERROR_SQLSTATE
SELECT smc_combine(ARRAY[s, s]) FROM (SELECT smc_split(1, 2) AS s) AS t;
\echo :LAST_ERROR_SQLSTATE
SELECT smc_combine(ARRAY[a[1], b[2]]) FROM (SELECT smc_split(1, 2) AS a, smc_split(1, 3) AS b) AS t;
SELECT smc_combine(ARRAY[a[1], b[2]]) FROM (SELECT smc_split(1, 2) AS a, smc_split(1.0, 2) AS b) AS t;
SELECT smc_combine(ARRAY[sum(s[1])]) FROM (SELECT smc_split(1, 2) AS s) AS t;

-- shares that don't go together
SELECT a[1] + b[1] FROM (SELECT smc_split(1, 2) AS a, smc_split(1, 3) AS b) AS t;
SELECT a[1] - b[1] FROM (SELECT smc_split(1, 2) AS a, smc_split(1, 3) AS b) AS t;
\echo :LAST_ERROR_SQLSTATE

-- text that is no share; the error doesn't repeat it
SELECT ''::smc_share;
SELECT '12'::smc_share;
SELECT '0000000000000000000000000000000:0:2'::smc_share;
SELECT '000000000000000000000000000000000:0:2'::smc_share;
SELECT '0000000000000000000000000000000A:0:2'::smc_share;
SELECT '0000000000000000000000000000000g:0:2'::smc_share;
SELECT ' 00000000000000000000000000000000:0:2'::smc_share;
SELECT '00000000000000000000000000000000:0:2 '::smc_share;
SELECT '00000000000000000000000000000000'::smc_share;
SELECT '00000000000000000000000000000000:0'::smc_share;
SELECT '00000000000000000000000000000000::2'::smc_share;
SELECT '00000000000000000000000000000000:0:'::smc_share;
SELECT '00000000000000000000000000000000:00:2'::smc_share;
SELECT '00000000000000000000000000000000:0:02'::smc_share;
SELECT '00000000000000000000000000000000:31:2'::smc_share;
SELECT '00000000000000000000000000000000:-1:2'::smc_share;
SELECT '00000000000000000000000000000000:0:1'::smc_share;
SELECT '00000000000000000000000000000000:0:17'::smc_share;
SELECT '00000000000000000000000000000000:256:2'::smc_share;
SELECT '00000000000000000000000000000000:0:2:3'::smc_share;
\echo :LAST_ERROR_SQLSTATE

-- what shares can't do
SELECT s[1] * s[2] FROM (SELECT smc_split(1, 2) AS s) AS t;
SELECT s[1] < s[2] FROM (SELECT smc_split(1, 2) AS s) AS t;
SELECT avg(s) FROM unnest(smc_split(1, 2)) AS s;
