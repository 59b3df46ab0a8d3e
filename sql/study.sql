--
-- Studies: the definition as a whole, its canonical text and digest, and every
-- way in which it can fail to be one.
--
\c acme
SET client_min_messages = warning;
CREATE SCHEMA st;
SET search_path = st, public;

-- the canonical text: every kind of fact, in one order
CREATE TYPE grade AS ENUM ('low', 'mid', 'it''s "high" \');
CREATE FOREIGN TABLE whole (
  g       grade            OPTIONS (allow 'group') NOT NULL,
  b       boolean          OPTIONS (allow 'group, filter', filter_by 'values'),
  t       text             OPTIONS (allow 'group, filter', values E'{b,a,"x \\"y\\", \\\\ z\n\t"}') COLLATE "C",
  d       date             OPTIONS (allow 'filter, group', values '{2024-02-29,"1 March 2024"}', filter_by 'values', lo '1900-01-01', hi '2100-01-01'),
  "Sum €" numeric(12,2)    OPTIONS (allow 'avg, sum,count', reveal_to 'initech'),
  n       numeric          OPTIONS (allow 'sum', scale '4'),
  i       bigint           OPTIONS (allow 'sum', lo '-007', hi '+10'),
  f       double precision OPTIONS (allow 'avg'),
  r       real             OPTIONS (allow 'sum', scale '3'),
  ts      timestamptz(3),
  c       char(5)[]        OPTIONS (allow 'filter')
) SERVER acme OPTIONS (parties 'globex,acme, initech', reveal_to 'initech, globex', query_by 'acme', min_rows '5',
  max_queries '100', max_queries_per_day '10', max_groups '50', approve 'each', expires '2099-12-31 12:00:00+01', epsilon '0.50', epsilon_budget '1e1', source 'nowhere.at_all');
SELECT definition FROM smc_studies WHERE study = 'whole' \g (format=unaligned tuples_only=on)
SELECT study, relation, parties, reveal_to, digest, accepted, missing, differs, source, queries_left, queries_left_today FROM smc_studies WHERE study = 'whole' \gx

-- the text doesn't depend on the session
BEGIN;
SELECT definition AS before FROM smc_studies WHERE study = 'whole' \gset
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL timezone = 'Asia/Tokyo';
SET LOCAL search_path = pg_temp;
CREATE TEMP TABLE date (x int);
ALTER FOREIGN TABLE st.whole OWNER TO CURRENT_USER;
SELECT definition = :'before' AS same FROM public.smc_studies WHERE study = 'whole';
ROLLBACK;

-- local options, owner, schema and defaults are not in the digest; anything else is
SELECT digest AS digest FROM smc_studies WHERE study = 'whole' \gset
CREATE FUNCTION pg_temp.same(digest text) RETURNS boolean LANGUAGE sql
  RETURN (SELECT s.digest = $1 FROM public.smc_studies s WHERE study = 'whole');
BEGIN;
ALTER FOREIGN TABLE whole OPTIONS (SET source 'elsewhere'), ALTER g OPTIONS (ADD column 'geh'), ALTER i SET DEFAULT 7;
ALTER FOREIGN TABLE whole SET SCHEMA public;
SELECT pg_temp.same(:'digest');
ALTER TYPE grade SET SCHEMA public;
SELECT pg_temp.same(:'digest');
ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole OPTIONS (SET min_rows '6'); SELECT pg_temp.same(:'digest'); ROLLBACK;
SELECT pg_temp.same(:'digest');
BEGIN; ALTER FOREIGN TABLE whole OPTIONS (SET parties 'acme, globex, initech'); SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole ALTER b OPTIONS (SET allow 'group, filter, count'); SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole ALTER d OPTIONS (SET filter_by 'any'); SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole OPTIONS (DROP max_groups); SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole ALTER b SET NOT NULL; SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole ALTER i TYPE integer; SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole RENAME b TO bb; SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole DROP c; SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER FOREIGN TABLE whole RENAME TO other; SELECT digest = :'digest' FROM smc_studies WHERE study = 'other'; ROLLBACK;
BEGIN; ALTER TYPE grade RENAME VALUE 'mid' TO 'middle'; SELECT pg_temp.same(:'digest'); ROLLBACK;
BEGIN; ALTER TYPE grade RENAME TO grades; SELECT pg_temp.same(:'digest'); ROLLBACK;
SELECT pg_temp.same(:'digest');
-- a change in another session is seen as well
\! psql -X -q -d acme -c "ALTER FOREIGN TABLE st.whole OPTIONS (SET min_rows '7')"
SELECT pg_temp.same(:'digest');
\! psql -X -q -d acme -c "ALTER FOREIGN TABLE st.whole OPTIONS (SET min_rows '5')"
SELECT pg_temp.same(:'digest');
DROP FOREIGN TABLE whole;

-- what the defaults are
CREATE FOREIGN TABLE least (x int OPTIONS (allow 'count')) SERVER acme OPTIONS (parties 'acme, globex');
SELECT definition, missing FROM smc_studies WHERE study = 'least' \gx
DROP FOREIGN TABLE least;

-- a dropped column leaves no trace
CREATE FOREIGN TABLE least (gone int, x int OPTIONS (allow 'count')) SERVER acme OPTIONS (parties 'acme, globex');
ALTER FOREIGN TABLE least DROP gone;
SELECT definition FROM smc_studies WHERE study = 'least' \g (format=unaligned tuples_only=on)
DROP FOREIGN TABLE least;

-- words of allow
CREATE FOREIGN TABLE bad (x int OPTIONS (allow 'count, sums')) SERVER acme OPTIONS (parties 'acme, globex');
CREATE FOREIGN TABLE bad (x int OPTIONS (allow '')) SERVER acme OPTIONS (parties 'acme, globex');
CREATE FOREIGN TABLE bad (x int OPTIONS (allow 'count,,sum')) SERVER acme OPTIONS (parties 'acme, globex');

-- Studies that are not whole.  Each can be created, since columns and options
-- come one by one; the view shows what is wrong, and using it is an error.
CREATE FUNCTION pg_temp.wrong(columns text, options text, server text DEFAULT 'acme') RETURNS text
LANGUAGE plpgsql AS $$
DECLARE
  found text;
  message text;
  detail text;
  hint text;
BEGIN
  EXECUTE format('CREATE FOREIGN TABLE st.bad (%s) SERVER %I %s', columns, server,
                 CASE WHEN options <> '' THEN 'OPTIONS (' || options || ')' END);
  SELECT differs INTO found FROM public.smc_studies WHERE study = 'bad';
  BEGIN
    PERFORM public.smc_accept('st.bad');
    message := 'NO ERROR';
  EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    message := sqlstate || ': ' || message;
  END;
  DROP FOREIGN TABLE st.bad;
  message := regexp_replace(message, 'pg_temp_\d+', 'pg_temp_N');
  RETURN message || coalesce(E'\nDETAIL: ' || nullif(detail, ''), '') || coalesce(E'\nHINT: ' || nullif(hint, ''), '')
    || CASE WHEN message NOT LIKE '%' || found THEN E'\nVIEW: ' || found ELSE '' END;
END $$;
\pset format unaligned
\pset tuples_only on
\set whole 'parties ''acme, globex, initech'''
\set column 'x int OPTIONS (allow ''count'')'
-- parties
SELECT pg_temp.wrong(:'column', '');
SELECT pg_temp.wrong(:'column', 'source ''x''');
SELECT pg_temp.wrong(:'column', 'parties ''acme''');
SELECT pg_temp.wrong(:'column', 'parties ''globex, initech''');
SELECT pg_temp.wrong(:'column', :'whole', 'globex');
-- recipients and askers
SELECT pg_temp.wrong(:'column', :'whole' || ', reveal_to ''acme, umbrella''');
SELECT pg_temp.wrong(:'column', :'whole' || ', query_by ''umbrella''');
SELECT pg_temp.wrong('x int OPTIONS (allow ''count'', reveal_to ''umbrella'')', :'whole');
-- columns
SELECT pg_temp.wrong('', :'whole');
SELECT pg_temp.wrong('x int', :'whole');
SELECT pg_temp.wrong('x pg_class OPTIONS (allow ''count'')', :'whole');
CREATE DOMAIN st.dom AS int;
SELECT pg_temp.wrong('x st.dom OPTIONS (allow ''count'')', :'whole');
CREATE COLLATION st.mine FROM "C";
SELECT pg_temp.wrong('x text OPTIONS (allow ''count'') COLLATE st.mine', :'whole');
-- numbers and scales
SELECT pg_temp.wrong('x text OPTIONS (allow ''count, avg'')', :'whole');
SELECT pg_temp.wrong('x boolean OPTIONS (allow ''logregr, sum'')', :'whole');
SELECT pg_temp.wrong('x numeric OPTIONS (allow ''sum'')', :'whole');
SELECT pg_temp.wrong('x numeric(60,40) OPTIONS (allow ''variance'')', :'whole');
SELECT pg_temp.wrong('x numeric(12,2) OPTIONS (allow ''sum'', scale ''3'')', :'whole');
SELECT pg_temp.wrong('x int OPTIONS (allow ''sum'', scale ''2'')', :'whole');
SELECT pg_temp.wrong('x text OPTIONS (allow ''count'', scale ''2'')', :'whole');
-- domains
SELECT pg_temp.wrong('x text OPTIONS (allow ''group'')', :'whole');
SELECT pg_temp.wrong('x int OPTIONS (allow ''group'', values ''{1,two}'')', :'whole');
SELECT pg_temp.wrong('x int OPTIONS (allow ''group'', values ''{1,2,01}'')', :'whole');
SELECT pg_temp.wrong('x varchar(3) OPTIONS (allow ''group'', values ''{abc,abcd}'')', :'whole');
SELECT pg_temp.wrong('x boolean OPTIONS (allow ''group'', values ''{t,f}'')', :'whole');
SELECT pg_temp.wrong('x st.grade OPTIONS (allow ''group'', values ''{low}'')', :'whole');
CREATE COLLATION st.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
SELECT pg_temp.wrong('x text OPTIONS (allow ''group'', values ''{a}'') COLLATE st.ci', :'whole');
SELECT pg_temp.wrong('x float8 OPTIONS (allow ''group'', values ''{1,2}'')', :'whole');
SELECT pg_temp.wrong('x numeric OPTIONS (allow ''group'', values ''{1,2}'')', :'whole');
SELECT pg_temp.wrong('x jsonb OPTIONS (allow ''group'', values ''{1,2}'')', :'whole');
CREATE TYPE st.nothing AS ENUM ();
SELECT pg_temp.wrong('x st.nothing OPTIONS (allow ''group'')', :'whole');
-- ranges
SELECT pg_temp.wrong('x int OPTIONS (allow ''sum'', lo ''5'', hi ''4'')', :'whole');
SELECT pg_temp.wrong('x int OPTIONS (allow ''sum'', lo ''five'')', :'whole');
SELECT pg_temp.wrong('x json OPTIONS (allow ''count'', lo ''5'')', :'whole');
-- sources
SELECT pg_temp.wrong(:'column', :'whole');
SELECT pg_temp.wrong(:'column', :'whole' || ', source ''hr.nothing''');
SELECT pg_temp.wrong(:'column', :'whole' || ', source ''staff''');
SELECT pg_temp.wrong(:'column', :'whole' || ', source ''bad''');
CREATE SEQUENCE st.seq;
SELECT pg_temp.wrong(:'column', :'whole' || ', source ''seq''');
CREATE TABLE st.src (y int, t text, g st.grade);
SELECT pg_temp.wrong(:'column', :'whole' || ', source ''src''');
SELECT pg_temp.wrong('x int OPTIONS (allow ''count'', column ''t'')', :'whole' || ', source ''src''');
SELECT pg_temp.wrong('x int OPTIONS (allow ''count'', column ''ctid'')', :'whole' || ', source ''src''');
CREATE TEMP TABLE tmp (x int);
SELECT pg_temp.wrong(:'column', format('%s, source ''%s.tmp''', :'whole', pg_my_temp_schema()::regnamespace));
-- and these are fine: integers become numeric, a column without allow need not be there
SELECT split_part(pg_temp.wrong('x numeric(10,0) OPTIONS (allow ''sum'', column ''y''), z text', :'whole' || ', source ''st.src'''), E'\n', 1);
SELECT split_part(pg_temp.wrong('g st.grade OPTIONS (allow ''group'')', :'whole' || ', source ''st.src'''), E'\n', 1);
\pset format aligned
\pset tuples_only off

-- two studies of one name: a peer could not tell them apart
CREATE SCHEMA st2;
CREATE FOREIGN TABLE st.twice (x int OPTIONS (allow 'count', column 'y')) SERVER acme OPTIONS (parties 'acme, globex', source 'st.src');
SELECT smc_accept('twice') IS NOT NULL AS accepted;
CREATE FOREIGN TABLE st2.twice (x int OPTIONS (allow 'count', column 'y')) SERVER acme OPTIONS (parties 'acme, globex', source 'st.src');
SELECT smc_accept('twice');
SELECT smc_accept('st.twice');
SELECT relation, differs FROM smc_studies WHERE study = 'twice';
DROP FOREIGN TABLE st2.twice;
SELECT smc_accept('twice') IS NOT NULL AS accepted;

DROP SCHEMA st, st2 CASCADE;
