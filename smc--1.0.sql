/* smc: secure multi-party computation between databases */

-- complain if script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION smc" to load this file. \quit

--
-- Without the module in shared_preload_libraries nothing below would work.
--
CREATE FUNCTION smc_require_preload() RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C;
SELECT smc_require_preload();
DROP FUNCTION smc_require_preload();

--
-- The role that peers log in with.  Roles belong to the whole cluster, so it
-- may be there already, and stays when the extension is dropped.
--
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'smc_link') THEN
    CREATE ROLE smc_link NOLOGIN;
  END IF;
END $$;

--
-- The wrapper: peers are its servers, studies are its foreign tables.
--
CREATE FUNCTION smc_fdw_handler() RETURNS fdw_handler
  AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION smc_fdw_validator(text[], oid) RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FOREIGN DATA WRAPPER smc HANDLER smc_fdw_handler VALIDATOR smc_fdw_validator;

--
-- Identity.  The secret key has a type of its own whose input and output refuse
-- all but superusers, in a table that row security closes to everyone else: see
-- src/pg/smc_identity.c for what each of these keeps out.
--
CREATE TYPE smc_secret_key;
CREATE FUNCTION smc_secret_key_in(cstring) RETURNS smc_secret_key
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE FUNCTION smc_secret_key_out(smc_secret_key) RETURNS cstring
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE FUNCTION smc_secret_key_send(smc_secret_key) RETURNS bytea
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE FUNCTION smc_secret_key_recv(internal) RETURNS smc_secret_key
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE TYPE smc_secret_key (
  INPUT = smc_secret_key_in, OUTPUT = smc_secret_key_out,
  RECEIVE = smc_secret_key_recv, SEND = smc_secret_key_send,
  INTERNALLENGTH = 64, ALIGNMENT = char, STORAGE = plain);
REVOKE ALL ON TYPE smc_secret_key FROM PUBLIC;

CREATE TABLE smc_identity (
  only_one   boolean GENERATED ALWAYS AS (true) STORED PRIMARY KEY,
  name       name NOT NULL,
  public_key text NOT NULL,
  secret_key smc_secret_key NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE smc_identity ALTER COLUMN secret_key SET STATISTICS 0;
REVOKE ALL ON smc_identity FROM PUBLIC;
ALTER TABLE smc_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE smc_identity FORCE ROW LEVEL SECURITY;

CREATE FUNCTION smc_create_identity(name text) RETURNS text
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
REVOKE ALL ON FUNCTION smc_create_identity(text) FROM PUBLIC;
CREATE FUNCTION smc_public_key() RETURNS text
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;

--
-- Keys that were replaced: by their party's signed statement, our own among
-- them, or, without a signature, by a person's ALTER SERVER here.  (Read by
-- column number in smc_key_log.c.)
--
CREATE TABLE smc_key_log (
  party        text COLLATE "C" NOT NULL,
  seq          int NOT NULL,
  old_key      text,
  new_key      text,
  signed_at    timestamptz,
  signature    bytea,
  accepted_at  timestamptz NOT NULL,
  accepted_by  text,
  PRIMARY KEY (party, seq)
);
REVOKE ALL ON smc_key_log FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('smc_key_log', '');

CREATE FUNCTION smc_rotate_identity() RETURNS text
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
REVOKE ALL ON FUNCTION smc_rotate_identity() FROM PUBLIC;
CREATE FUNCTION smc_key_standing(party text, public_key text) RETURNS text
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE FUNCTION smc_verify_rotation(party text, old_key text, new_key text, signed_at timestamptz, signature bytea)
  RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE VIEW smc_key_changes AS
  SELECT party, old_key, new_key, signed_at, accepted_at,
         CASE WHEN signature IS NULL THEN 'alter server' ELSE 'rotation' END AS how,
         accepted_by, smc_verify_rotation(party, old_key, new_key, signed_at, signature) AS valid, signature
  FROM smc_key_log ORDER BY party, seq;
GRANT SELECT ON smc_key_changes TO PUBLIC;

--
-- Peers
--
CREATE FUNCTION smc_peers_list(OUT name text, OUT server oid, OUT is_self boolean,
                               OUT host text, OUT port text, OUT dbname text, OUT public_key text)
  RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE VIEW smc_peers AS
  SELECT name, is_self, host, port, dbname, public_key FROM smc_peers_list() ORDER BY name;
GRANT SELECT ON smc_peers TO PUBLIC;

CREATE FUNCTION smc_ping(server text, OUT peer text, OUT round_trip interval, OUT identity_ok boolean,
                         OUT protocol_version int, OUT extension_version text, OUT server_version text)
  RETURNS record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;

CREATE PROCEDURE smc_attach() AS 'MODULE_PATHNAME' LANGUAGE C;
REVOKE ALL ON PROCEDURE smc_attach() FROM PUBLIC;
GRANT EXECUTE ON PROCEDURE smc_attach() TO smc_link;
DO $$ BEGIN EXECUTE pg_catalog.format('GRANT USAGE ON SCHEMA %I TO smc_link', '@extschema@'); END $$;

--
-- Studies and consent.  One row a signature; and one without (an empty one) for
-- a definition that a party told and hasn't accepted.  The row heard last is what
-- the party says now, and accepted is true on the one that stands, if any.
-- Signed rows are kept when they no longer stand, so that each party can show
-- later who had agreed to what.  (Read by column number in smc_consent_store.c.)
--
CREATE TABLE smc_consent_log (
  study        text COLLATE "C" NOT NULL,
  party        text COLLATE "C" NOT NULL,
  digest       bytea NOT NULL,
  signature    bytea NOT NULL,
  definition   text NOT NULL,
  accepted     boolean NOT NULL,
  public_key   text,
  accepted_at  timestamptz,
  accepted_by  text,
  heard_at     timestamptz NOT NULL,
  ended_at     timestamptz,
  PRIMARY KEY (study, party, digest, signature)
);
REVOKE ALL ON smc_consent_log FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('smc_consent_log', '');

CREATE FUNCTION smc_verify_consent(study text, party text, digest text, definition text, role text,
                                   accepted_at timestamptz, public_key text, signature bytea)
  RETURNS boolean AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE VIEW smc_consents AS
  SELECT study, party, encode(digest, 'hex') AS digest, accepted_at, accepted_by AS role,
         ended_at AS withdrawn_at, public_key, smc_key_standing(party, public_key) AS key_standing,
         smc_verify_consent(study, party, encode(digest, 'hex'), definition, accepted_by,
                            accepted_at, public_key, signature) AS valid,
         heard_at, definition, signature
  FROM smc_consent_log WHERE signature <> '' ORDER BY study, party, accepted_at;
REVOKE ALL ON smc_consents FROM PUBLIC;

CREATE FUNCTION smc_accept(study text) RETURNS text
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE FUNCTION smc_withdraw(study text) RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE FUNCTION smc_studies_list(OUT study text, OUT relation regclass, OUT parties text[], OUT reveal_to text,
                                 OUT digest text, OUT accepted text[], OUT missing text[], OUT differs text, OUT source text,
                                 OUT queries_left bigint, OUT queries_left_today bigint, OUT epsilon_left float8,
                                 OUT definition text)
  RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE VIEW smc_studies AS SELECT * FROM smc_studies_list() ORDER BY study, relation::text;
GRANT SELECT ON smc_studies TO PUBLIC;

--
-- The queries that count where a study limits how many there may be, numbered
-- under its digest: see src/pg/smc_quota.c.
--
CREATE TABLE smc_quota_log (
  digest     bytea NOT NULL,
  number     bigint NOT NULL,
  study      text NOT NULL,
  id         uuid NOT NULL,
  asked_by   text NOT NULL,
  counted_at timestamptz NOT NULL,
  PRIMARY KEY (digest, number)
);
REVOKE ALL ON smc_quota_log FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('smc_quota_log', '');
CREATE FUNCTION smc_quota_guard() RETURNS trigger
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;
CREATE TRIGGER smc_quota_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON smc_quota_log
  FOR EACH STATEMENT EXECUTE FUNCTION smc_quota_guard();

--
-- What figures were told of, for later queries to be compared with: the newest
-- of each study, under its digest.  See src/pg/smc_history_store.c.
--
CREATE TABLE smc_history_log (
  digest   bytea NOT NULL,
  hash     bytea NOT NULL,
  number   bigint NOT NULL,
  study    text NOT NULL,
  rows     text NOT NULL,
  row_set  bytea NOT NULL,
  uses     bytea NOT NULL,
  wanted   bytea NOT NULL,
  told     bytea,
  pending  uuid[] NOT NULL,
  asked_at timestamptz NOT NULL,
  PRIMARY KEY (digest, hash)
);
REVOKE ALL ON smc_history_log FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('smc_history_log', '');
CREATE VIEW smc_history AS
  SELECT study, rows, asked_at, pending <> '{}' AS pending, digest FROM smc_history_log;
REVOKE ALL ON smc_history FROM PUBLIC;
CREATE FUNCTION smc_history_guard() RETURNS trigger
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;
CREATE TRIGGER smc_history_guard BEFORE INSERT OR UPDATE OR DELETE OR TRUNCATE ON smc_history_log
  FOR EACH STATEMENT EXECUTE FUNCTION smc_history_guard();

--
-- Audit, results, activity
--
CREATE TABLE smc_audit_log (
  id             uuid PRIMARY KEY,
  study          text,
  asked_by       text,
  asked_role     text,
  query          text,
  reveals        text,
  rows           bigint,
  status         text NOT NULL,
  sqlstate       text,
  error          text,
  bytes_sent     bigint NOT NULL DEFAULT 0,
  bytes_received bigint NOT NULL DEFAULT 0,
  rounds         int NOT NULL DEFAULT 0,
  started_at     timestamptz NOT NULL,
  ended_at       timestamptz,
  decisions      jsonb
) WITH (fillfactor = 80);
CREATE INDEX smc_audit_log_started_at ON smc_audit_log (started_at);
REVOKE ALL ON smc_audit_log FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('smc_audit_log', '');

CREATE FUNCTION smc_audit_is_running(id uuid) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE VIEW smc_audit AS
  SELECT id, study, asked_by, asked_role, query, reveals, rows,
         CASE WHEN status = 'running' AND NOT smc_audit_is_running(id) THEN 'interrupted' ELSE status END AS status,
         sqlstate, error, bytes_sent, bytes_received, rounds, started_at,
         ended_at - started_at AS duration, decisions
  FROM smc_audit_log;
REVOKE ALL ON smc_audit FROM PUBLIC;

CREATE TABLE smc_results_log (
  id         uuid PRIMARY KEY,
  study      text NOT NULL,
  asked_by   text NOT NULL,
  query      text NOT NULL,
  figures    jsonb NOT NULL,
  at         timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON smc_results_log FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('smc_results_log', '');

CREATE FUNCTION smc_results_visible(study text) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE VIEW smc_results WITH (security_barrier) AS
  SELECT id, study, asked_by, query, figures, at FROM smc_results_log WHERE smc_results_visible(study);
GRANT SELECT ON smc_results TO PUBLIC;

CREATE FUNCTION smc_activity_list(OUT pid int, OUT id uuid, OUT study text, OUT asked_by text, OUT role text,
                                  OUT is_hub boolean, OUT phase text, OUT awaiting text, OUT bytes_sent bigint,
                                  OUT bytes_received bigint, OUT rounds int, OUT started_at timestamptz)
  RETURNS SETOF record AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE VIEW smc_activity AS SELECT * FROM smc_activity_list();
GRANT SELECT ON smc_activity TO PUBLIC;

--
-- Approval of each run.  A row is there while a backend waits for a decision on
-- it, and what a crash leaves behind isn't shown, nor dumped.
--
CREATE TABLE smc_requests_waiting (
  id          uuid PRIMARY KEY,
  study       text NOT NULL,
  digest      bytea NOT NULL,
  asked_by    text NOT NULL,
  asked_role  text NOT NULL,
  query       text NOT NULL,
  reveals     text NOT NULL,
  asked_at    timestamptz NOT NULL,
  waits_until timestamptz NOT NULL,
  decision    text CHECK (decision IN ('approved', 'refused')),
  decided_by  text,
  decided_at  timestamptz,
  reason      text
);
REVOKE ALL ON smc_requests_waiting FROM PUBLIC;
ALTER TABLE smc_requests_waiting ENABLE ROW LEVEL SECURITY;	-- pg_write_all_data is no approval

CREATE FUNCTION smc_request_waits(id uuid) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE FUNCTION smc_request_visible(study text) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE VIEW smc_requests WITH (security_barrier) AS
  SELECT id, study, asked_by, asked_role, query, reveals, asked_at, waits_until, decision, decided_by, decided_at
  FROM smc_requests_waiting WHERE smc_request_waits(id) AND smc_request_visible(study) ORDER BY asked_at, id;
GRANT SELECT ON smc_requests TO PUBLIC;

-- not strict: a decision on nothing is a mistake to be told
CREATE FUNCTION smc_approve(id uuid) RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;
CREATE FUNCTION smc_refuse(id uuid, reason text DEFAULT NULL) RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;
REVOKE ALL ON FUNCTION smc_approve(uuid) FROM PUBLIC;
REVOKE ALL ON FUNCTION smc_refuse(uuid, text) FROM PUBLIC;

--
-- Kept secrets.  smc_secret_log says what each is, smc_secret_shares has this
-- party's shares, closed as the identity is (src/pg/smc_secret.c).  Both are
-- dumped: a dump has this party's shares, and nobody else's.  (Read by column
-- number there.)
--
CREATE TYPE smc_secret_share;
CREATE FUNCTION smc_secret_share_in(cstring) RETURNS smc_secret_share
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE FUNCTION smc_secret_share_out(smc_secret_share) RETURNS cstring
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE FUNCTION smc_secret_share_recv(internal) RETURNS smc_secret_share
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE FUNCTION smc_secret_share_send(smc_secret_share) RETURNS bytea
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE TYPE smc_secret_share (
  INPUT = smc_secret_share_in, OUTPUT = smc_secret_share_out,
  RECEIVE = smc_secret_share_recv, SEND = smc_secret_share_send,
  INTERNALLENGTH = 136, ALIGNMENT = char, STORAGE = plain);
REVOKE ALL ON TYPE smc_secret_share FROM PUBLIC;

CREATE TABLE smc_secret_log (
  study        text COLLATE "C" NOT NULL,
  name         text COLLATE "C" NOT NULL,
  id           uuid NOT NULL,
  state        text NOT NULL CHECK (state IN ('pending', 'kept', 'dropped')),
  type         regtype NOT NULL,
  ordered      boolean NOT NULL,
  nullable     boolean NOT NULL,
  positive     boolean NOT NULL,
  root         boolean NOT NULL,
  settled      boolean NOT NULL,
  scale        int NOT NULL,
  digits       int NOT NULL,
  bits         int NOT NULL,
  divisor_bits int NOT NULL,
  made_of      text NOT NULL,
  columns      text[] NOT NULL,
  words        text[] NOT NULL,
  counts_rows  boolean NOT NULL,
  min_rows     bigint NOT NULL,
  epsilon      bigint NOT NULL,
  parties      text[] NOT NULL,
  digest       bytea NOT NULL,
  made_by      text NOT NULL,
  made_role    text NOT NULL,
  made_at      timestamptz NOT NULL,
  expires      timestamptz,
  PRIMARY KEY (study, name)
);
CREATE INDEX smc_secret_log_id ON smc_secret_log (id);
REVOKE ALL ON smc_secret_log FROM PUBLIC;
SELECT pg_catalog.pg_extension_config_dump('smc_secret_log', '');

CREATE TABLE smc_secret_shares (
  id    uuid NOT NULL,
  name  text COLLATE "C" NOT NULL,
  share smc_secret_share NOT NULL,
  PRIMARY KEY (id, name)
);
ALTER TABLE smc_secret_shares ALTER COLUMN share SET STATISTICS 0;
REVOKE ALL ON smc_secret_shares FROM PUBLIC;
ALTER TABLE smc_secret_shares ENABLE ROW LEVEL SECURITY;
ALTER TABLE smc_secret_shares FORCE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('smc_secret_shares', '');

CREATE FUNCTION smc_secret_visible(study text, columns text[]) RETURNS boolean
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT;
CREATE VIEW smc_secrets WITH (security_barrier) AS
  SELECT study, name, type, made_of, made_by, made_role, made_at, expires,
         CASE WHEN state <> 'dropped' AND expires <= pg_catalog.clock_timestamp() THEN 'expired' ELSE state END AS state, id
  FROM smc_secret_log WHERE smc_secret_visible(study, columns);
GRANT SELECT ON smc_secrets TO PUBLIC;

--
-- Expressions of secrets: they name secrets, and hold no share.
--
CREATE TYPE smc_secret;
CREATE FUNCTION smc_secret_in(cstring) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_secret_out(smc_secret) RETURNS cstring
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_secret_recv(internal) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_secret_send(smc_secret) RETURNS bytea
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE TYPE smc_secret (
  INPUT = smc_secret_in, OUTPUT = smc_secret_out, RECEIVE = smc_secret_recv, SEND = smc_secret_send,
  INTERNALLENGTH = variable, STORAGE = extended);
CREATE TYPE smc_secret_bool;
CREATE FUNCTION smc_secret_bool_in(cstring) RETURNS smc_secret_bool
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_secret_bool_out(smc_secret_bool) RETURNS cstring
  AS 'MODULE_PATHNAME', 'smc_secret_out' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_secret_bool_recv(internal) RETURNS smc_secret_bool
  AS 'MODULE_PATHNAME' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_secret_bool_send(smc_secret_bool) RETURNS bytea
  AS 'MODULE_PATHNAME', 'smc_secret_send' LANGUAGE C STABLE STRICT PARALLEL SAFE;
CREATE TYPE smc_secret_bool (
  INPUT = smc_secret_bool_in, OUTPUT = smc_secret_bool_out, RECEIVE = smc_secret_bool_recv, SEND = smc_secret_bool_send,
  INTERNALLENGTH = variable, STORAGE = extended);

CREATE FUNCTION smc_secret(study text, name text) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_secret_bool(study text, name text) RETURNS smc_secret_bool
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

DO $$
DECLARE
  operation text[];
  operands  text[];
BEGIN
  FOREACH operation SLICE 1 IN ARRAY ARRAY[
    ['add', '+', 'smc_secret', '+', ''], ['sub', '-', 'smc_secret', '', ''],
    ['mul', '*', 'smc_secret', '*', ''], ['div', '/', 'smc_secret', '', ''],
    ['eq', '=', 'smc_secret_bool', '=', '<>'], ['ne', '<>', 'smc_secret_bool', '<>', '='],
    ['lt', '<', 'smc_secret_bool', '>', '>='], ['le', '<=', 'smc_secret_bool', '>=', '>'],
    ['gt', '>', 'smc_secret_bool', '<', '<='], ['ge', '>=', 'smc_secret_bool', '<=', '<']]
  LOOP
    FOREACH operands SLICE 1 IN ARRAY ARRAY[['smc_secret', 'smc_secret'], ['smc_secret', 'numeric'], ['numeric', 'smc_secret']]
    LOOP
      EXECUTE pg_catalog.format(
        'CREATE FUNCTION smc_secret_%s(%s, %s) RETURNS %s AS ''MODULE_PATHNAME'', ''smc_secret_%s'' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE',
        operation[1], operands[1], operands[2], operation[3], operation[1]);
      EXECUTE pg_catalog.format(
        'CREATE OPERATOR %s (LEFTARG = %s, RIGHTARG = %s, PROCEDURE = smc_secret_%s%s)',
        operation[2], operands[1], operands[2], operation[1],
        CASE WHEN operation[4] <> '' THEN ', COMMUTATOR = ' || operation[4] ELSE '' END);
    END LOOP;
  END LOOP;
  FOREACH operation SLICE 1 IN ARRAY ARRAY[['and', '&'], ['or', '|']]
  LOOP
    FOREACH operands SLICE 1 IN ARRAY ARRAY[['smc_secret_bool', 'smc_secret_bool'], ['smc_secret_bool', 'boolean'], ['boolean', 'smc_secret_bool']]
    LOOP
      EXECUTE pg_catalog.format(
        'CREATE FUNCTION smc_secret_%s(%s, %s) RETURNS smc_secret_bool AS ''MODULE_PATHNAME'', ''smc_secret_%s'' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE',
        operation[1], operands[1], operands[2], operation[1]);
      EXECUTE pg_catalog.format(
        'CREATE OPERATOR %s (LEFTARG = %s, RIGHTARG = %s, PROCEDURE = smc_secret_%s, COMMUTATOR = %s)',
        operation[2], operands[1], operands[2], operation[1], operation[2]);
    END LOOP;
  END LOOP;
END $$;
CREATE FUNCTION smc_secret_neg(smc_secret) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR - (RIGHTARG = smc_secret, PROCEDURE = smc_secret_neg);
CREATE FUNCTION smc_secret_not(smc_secret_bool) RETURNS smc_secret_bool
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR ! (RIGHTARG = smc_secret_bool, PROCEDURE = smc_secret_not);
CREATE FUNCTION abs(smc_secret) RETURNS smc_secret
  AS 'MODULE_PATHNAME', 'smc_secret_abs' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION round(smc_secret) RETURNS smc_secret
  AS 'MODULE_PATHNAME', 'smc_secret_round' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION round(smc_secret, digits int) RETURNS smc_secret
  AS 'MODULE_PATHNAME', 'smc_secret_round' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_choose(condition smc_secret_bool, smc_secret, smc_secret) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_choose(condition smc_secret_bool, smc_secret, numeric) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_choose(condition smc_secret_bool, numeric, smc_secret) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_choose(condition smc_secret_bool, numeric, numeric) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;

CREATE FUNCTION smc_reveal(smc_secret) RETURNS numeric
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;
CREATE FUNCTION smc_reveal(smc_secret_bool) RETURNS boolean
  AS 'MODULE_PATHNAME', 'smc_reveal_bool' LANGUAGE C VOLATILE STRICT;
CREATE FUNCTION smc_reveal(smc_secret, of_type anyelement) RETURNS anyelement
  AS 'MODULE_PATHNAME', 'smc_reveal_as' LANGUAGE C VOLATILE;

CREATE FUNCTION smc_keep_support(internal) RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C STRICT;
CREATE FUNCTION smc_keep(value anyelement, name text, lifetime interval DEFAULT NULL) RETURNS smc_secret
  AS 'MODULE_PATHNAME', 'smc_keep_value' LANGUAGE C VOLATILE SUPPORT smc_keep_support;
CREATE FUNCTION smc_keep(value boolean, name text, lifetime interval DEFAULT NULL) RETURNS smc_secret_bool
  AS 'MODULE_PATHNAME', 'smc_keep_value' LANGUAGE C VOLATILE SUPPORT smc_keep_support;
CREATE FUNCTION smc_keep(secret smc_secret, name text, lifetime interval DEFAULT NULL) RETURNS smc_secret
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE;
CREATE FUNCTION smc_keep(secret smc_secret_bool, name text, lifetime interval DEFAULT NULL) RETURNS smc_secret_bool
  AS 'MODULE_PATHNAME', 'smc_keep_bool' LANGUAGE C VOLATILE;
CREATE FUNCTION smc_drop_secret(study text, name text) RETURNS void
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT;

--
-- Plain splitting: an additive share in Z_2^128, and how to add them up
--
CREATE TYPE smc_share;
CREATE FUNCTION smc_share_in(cstring) RETURNS smc_share
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_share_out(smc_share) RETURNS cstring
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_share_recv(internal) RETURNS smc_share
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_share_send(smc_share) RETURNS bytea
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE TYPE smc_share (
  INPUT = smc_share_in, OUTPUT = smc_share_out, RECEIVE = smc_share_recv, SEND = smc_share_send,
  INTERNALLENGTH = 18, ALIGNMENT = char, STORAGE = plain);

CREATE FUNCTION smc_split(value numeric, parties int) RETURNS smc_share[]
  AS 'MODULE_PATHNAME' LANGUAGE C VOLATILE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_combine(shares smc_share[]) RETURNS numeric
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_share_add(smc_share, smc_share) RETURNS smc_share
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_share_sub(smc_share, smc_share) RETURNS smc_share
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_share_neg(smc_share) RETURNS smc_share
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_share_mul(smc_share, bigint) RETURNS smc_share
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_share_mul(bigint, smc_share) RETURNS smc_share
  AS 'MODULE_PATHNAME', 'smc_share_mul_left' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE OPERATOR + (LEFTARG = smc_share, RIGHTARG = smc_share, PROCEDURE = smc_share_add, COMMUTATOR = +);
CREATE OPERATOR - (LEFTARG = smc_share, RIGHTARG = smc_share, PROCEDURE = smc_share_sub);
CREATE OPERATOR - (RIGHTARG = smc_share, PROCEDURE = smc_share_neg);
CREATE OPERATOR * (LEFTARG = smc_share, RIGHTARG = bigint, PROCEDURE = smc_share_mul, COMMUTATOR = *);
CREATE OPERATOR * (LEFTARG = bigint, RIGHTARG = smc_share, PROCEDURE = smc_share_mul, COMMUTATOR = *);
CREATE AGGREGATE sum(smc_share) (
  SFUNC = smc_share_add, STYPE = smc_share, COMBINEFUNC = smc_share_add, PARALLEL = SAFE);

--
-- The aggregates over studies.  On a study table the wrapper takes the whole
-- grouping and these are never run; anywhere else they are an error with a hint.
--
CREATE FUNCTION smc_no_study(internal, "any") RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study(internal) RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_int8(internal) RETURNS bigint
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_numeric(internal) RETURNS numeric
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_float4(internal) RETURNS real
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_float8(internal) RETURNS double precision
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;

CREATE AGGREGATE smc_count(*) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int8);
CREATE AGGREGATE smc_count("any") (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int8);
CREATE AGGREGATE smc_count_distinct("any") (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int8);
CREATE AGGREGATE smc_sum(smallint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int8);
CREATE AGGREGATE smc_sum(integer) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int8);
CREATE AGGREGATE smc_sum(bigint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_numeric);
CREATE AGGREGATE smc_sum(numeric) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_numeric);
CREATE AGGREGATE smc_sum(real) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_float4);
CREATE AGGREGATE smc_sum(double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_float8);
CREATE FUNCTION smc_no_study_interval(internal) RETURNS interval
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE AGGREGATE smc_sum(interval) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_interval);
COMMENT ON AGGREGATE smc_sum(interval) IS 'joint sum over a study';
CREATE AGGREGATE smc_avg(smallint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_numeric);
CREATE AGGREGATE smc_avg(integer) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_numeric);
CREATE AGGREGATE smc_avg(bigint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_numeric);
CREATE AGGREGATE smc_avg(numeric) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_numeric);
CREATE AGGREGATE smc_avg(real) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_float8);
CREATE AGGREGATE smc_avg(double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_float8);

-- for the aggregates below: their final functions by result type
CREATE FUNCTION smc_no_study(internal, "any", "any", "any") RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_int2(internal) RETURNS smallint
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_int4(internal) RETURNS integer
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_text(internal) RETURNS text
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_date(internal) RETURNS date
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_timestamp(internal) RETURNS timestamp
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_timestamptz(internal) RETURNS timestamptz
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;

CREATE AGGREGATE smc_min(smallint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int2);
CREATE AGGREGATE smc_min(integer) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int4);
CREATE AGGREGATE smc_min(bigint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int8);
CREATE AGGREGATE smc_min(numeric) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_numeric);
CREATE AGGREGATE smc_min(real) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_float4);
CREATE AGGREGATE smc_min(double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_float8);
CREATE AGGREGATE smc_min(date) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_date);
CREATE AGGREGATE smc_min(timestamp) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_timestamp);
CREATE AGGREGATE smc_min(timestamptz) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_timestamptz);
CREATE AGGREGATE smc_max(smallint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int2);
CREATE AGGREGATE smc_max(integer) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int4);
CREATE AGGREGATE smc_max(bigint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int8);
CREATE AGGREGATE smc_max(numeric) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_numeric);
CREATE AGGREGATE smc_max(real) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_float4);
CREATE AGGREGATE smc_max(double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_float8);
CREATE AGGREGATE smc_max(date) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_date);
CREATE AGGREGATE smc_max(timestamp) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_timestamp);
CREATE AGGREGATE smc_max(timestamptz) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_timestamptz);
CREATE AGGREGATE smc_compare(smallint, text, text) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int4);
CREATE AGGREGATE smc_compare(integer, text, text) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int4);
CREATE AGGREGATE smc_compare(bigint, text, text) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int4);
CREATE AGGREGATE smc_compare(numeric, text, text) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int4);
CREATE AGGREGATE smc_compare(real, text, text) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int4);
CREATE AGGREGATE smc_compare(double precision, text, text) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_int4);
CREATE AGGREGATE smc_argmin(smallint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmin(integer) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmin(bigint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmin(numeric) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmin(real) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmin(double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmax(smallint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmax(integer) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmax(bigint) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmax(numeric) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmax(real) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);
CREATE AGGREGATE smc_argmax(double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_text);

-- statistics: of one argument with the native result types, of a pair (Y, X) in
-- double precision, to which every number's type is cast; over a study the cast is
-- taken off again
CREATE FUNCTION smc_no_study(internal, "any", "any") RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;
DO $$
DECLARE
  name text;
  words text;
  type text;
  result text;
BEGIN
  FOR name, words IN VALUES
    ('smc_variance', 'joint sample variance'), ('smc_var_samp', 'joint sample variance'),
    ('smc_var_pop', 'joint population variance'),
    ('smc_stddev', 'joint sample standard deviation'), ('smc_stddev_samp', 'joint sample standard deviation'),
    ('smc_stddev_pop', 'joint population standard deviation')
  LOOP
    FOR type, result IN VALUES
      ('smallint', 'numeric'), ('integer', 'numeric'), ('bigint', 'numeric'), ('numeric', 'numeric'),
      ('real', 'float8'), ('double precision', 'float8')
    LOOP
      EXECUTE pg_catalog.format('CREATE AGGREGATE %s(%s) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_%s)',
                                name, type, result);
      EXECUTE pg_catalog.format('COMMENT ON AGGREGATE %s(%s) IS %L', name, type, words || ' over a study');
    END LOOP;
  END LOOP;
  FOR name, words, result IN VALUES
    ('smc_covar_pop', 'joint population covariance', 'float8'), ('smc_covar_samp', 'joint sample covariance', 'float8'),
    ('smc_corr', 'joint correlation coefficient', 'float8'),
    ('smc_regr_count', 'joint number of rows in which neither is null', 'int8'),
    ('smc_regr_avgx', 'joint average of the second', 'float8'), ('smc_regr_avgy', 'joint average of the first', 'float8'),
    ('smc_regr_sxx', 'joint sum of squares of the second, from its average', 'float8'),
    ('smc_regr_syy', 'joint sum of squares of the first, from its average', 'float8'),
    ('smc_regr_sxy', 'joint sum of products, from the averages', 'float8'),
    ('smc_regr_slope', 'joint slope of the first by the second (least squares)', 'float8'),
    ('smc_regr_intercept', 'joint intercept of the first by the second (least squares)', 'float8'),
    ('smc_regr_r2', 'joint square of the correlation coefficient', 'float8')
  LOOP
    EXECUTE pg_catalog.format('CREATE AGGREGATE %s(double precision, double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_%s)',
                              name, result);
    EXECUTE pg_catalog.format('COMMENT ON AGGREGATE %s(double precision, double precision) IS %L', name, words || ', over a study');
  END LOOP;
END $$;

-- order statistics: exact decimals of exact numbers, else double precision
DO $$
DECLARE
  type text;
  result text;
BEGIN
  FOR type, result IN VALUES
    ('smallint', 'numeric'), ('integer', 'numeric'), ('bigint', 'numeric'), ('numeric', 'numeric'),
    ('real', 'float8'), ('double precision', 'float8')
  LOOP
    EXECUTE pg_catalog.format('CREATE AGGREGATE smc_median(%s) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_%s)',
                              type, result);
    EXECUTE pg_catalog.format('COMMENT ON AGGREGATE smc_median(%s) IS %L', type, 'joint median over a study');
    EXECUTE pg_catalog.format('CREATE AGGREGATE smc_percentile(%s, double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_%s)',
                              type, result);
    EXECUTE pg_catalog.format('COMMENT ON AGGREGATE smc_percentile(%s, double precision) IS %L', type,
                              'joint percentile over a study, in proportion between two values, as percentile_cont');
  END LOOP;
END $$;

-- tallies: the most frequent value, as the native mode(); how many rows are in each
-- of some buckets of one width, as width_bucket() numbers them
CREATE FUNCTION smc_no_study_same(internal, anyelement) RETURNS anyelement
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study_buckets(internal) RETURNS bigint[]
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE FUNCTION smc_no_study(internal, "any", "any", "any", "any") RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE;
CREATE AGGREGATE smc_mode(anyelement) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_same, FINALFUNC_EXTRA);
COMMENT ON AGGREGATE smc_mode(anyelement) IS 'joint most frequent value over a study';
CREATE AGGREGATE smc_histogram(x anycompatible, lo anycompatible, hi anycompatible, buckets int) (
  SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_buckets);
COMMENT ON AGGREGATE smc_histogram(anycompatible, anycompatible, anycompatible, int) IS 'joint number of rows in each of some buckets from lo to hi, over a study';

-- a histogram drawn as text, a row for each bucket; a bucket of NULL is one withheld
CREATE FUNCTION smc_plot(histogram bigint[]) RETURNS SETOF text
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;
CREATE FUNCTION smc_plot(histogram bigint[], lo numeric, hi numeric) RETURNS SETOF text
  AS 'MODULE_PATHNAME', 'smc_plot_numeric' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 20;
CREATE FUNCTION smc_plot(histogram bigint[], lo timestamp, hi timestamp) RETURNS SETOF text
  AS 'MODULE_PATHNAME', 'smc_plot_timestamp' LANGUAGE C STABLE STRICT PARALLEL SAFE ROWS 20;
COMMENT ON FUNCTION smc_plot(bigint[]) IS 'a histogram drawn as text, a row for each bucket';
COMMENT ON FUNCTION smc_plot(bigint[], numeric, numeric) IS 'a histogram drawn as text, with the range of each bucket';
COMMENT ON FUNCTION smc_plot(bigint[], timestamp, timestamp) IS 'a histogram drawn as text, with the range of each bucket';

-- exact sums of floats, of squares and products, for a party's local query: of y,
-- x, y^2, x^2 and x y, each value rounded as its shortest decimal to so many digits
CREATE FUNCTION smc_exact_add(internal, y double precision, digits int) RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION smc_exact_add(internal, y double precision, y_digits int, x double precision, x_digits int) RETURNS internal
  AS 'MODULE_PATHNAME', 'smc_exact_add_pair' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION smc_exact_combine(internal, internal) RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION smc_exact_serialize(internal) RETURNS bytea
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_exact_deserialize(bytea, internal) RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_exact_final(internal) RETURNS numeric[]
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE smc_exact_sums(double precision, int) (
  SFUNC = smc_exact_add, STYPE = internal, SSPACE = 256, FINALFUNC = smc_exact_final, COMBINEFUNC = smc_exact_combine,
  SERIALFUNC = smc_exact_serialize, DESERIALFUNC = smc_exact_deserialize, PARALLEL = SAFE);
CREATE AGGREGATE smc_exact_sums(double precision, int, double precision, int) (
  SFUNC = smc_exact_add, STYPE = internal, SSPACE = 256, FINALFUNC = smc_exact_final, COMBINEFUNC = smc_exact_combine,
  SERIALFUNC = smc_exact_serialize, DESERIALFUNC = smc_exact_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE smc_exact_sums(double precision, int) IS 'a local query''s exact sums of a column and of its squares';
COMMENT ON AGGREGATE smc_exact_sums(double precision, int, double precision, int) IS 'a local query''s exact sums of two columns, of their squares and products';

-- models: one row, as MADlib's training functions give it
CREATE TYPE smc_linregr_result AS (
  coef double precision[],
  r2 double precision,
  std_err double precision[],
  t_stats double precision[],
  p_values double precision[],
  num_rows bigint
);
COMMENT ON TYPE smc_linregr_result IS 'what smc_linregr returns; coef and the others have an element for each column';
CREATE FUNCTION smc_no_study_linregr(internal) RETURNS smc_linregr_result
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE AGGREGATE smc_linregr("any", anyarray) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_linregr);
COMMENT ON AGGREGATE smc_linregr("any", anyarray) IS 'joint linear regression of the first by the columns of the array (least squares), over a study';

CREATE TYPE smc_logregr_result AS (
  coef double precision[],
  log_likelihood double precision,
  std_err double precision[],
  z_stats double precision[],
  p_values double precision[],
  odds_ratios double precision[],
  num_rows bigint,
  num_iterations int
);
COMMENT ON TYPE smc_logregr_result IS 'what smc_logregr returns; coef and the others have an element for each column';
CREATE FUNCTION smc_no_study_logregr(internal) RETURNS smc_logregr_result
  AS 'MODULE_PATHNAME', 'smc_no_study' LANGUAGE C IMMUTABLE;
CREATE AGGREGATE smc_logregr("any", anyarray) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_logregr);
CREATE AGGREGATE smc_logregr("any", anyarray, max_iterations int) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_logregr);
CREATE AGGREGATE smc_logregr("any", anyarray, max_iterations int, tolerance double precision) (SFUNC = smc_no_study, STYPE = internal, FINALFUNC = smc_no_study_logregr);
COMMENT ON AGGREGATE smc_logregr("any", anyarray) IS 'joint logistic regression of the first, 0 or 1, by the columns of the array, over a study';
COMMENT ON AGGREGATE smc_logregr("any", anyarray, int) IS 'the same, with at most so many iterations (20 unless told)';
COMMENT ON AGGREGATE smc_logregr("any", anyarray, int, double precision) IS 'the same, until a step moves the linear predictor by less than that (1e-6 unless told)';

-- models that were opened, applied to a row's columns
CREATE FUNCTION smc_predict(model smc_linregr_result, x double precision[]) RETURNS double precision
  AS 'MODULE_PATHNAME', 'smc_predict_linear' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_predict(model smc_logregr_result, x double precision[]) RETURNS double precision
  AS 'MODULE_PATHNAME', 'smc_predict_logistic' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION smc_predict(smc_linregr_result, double precision[]) IS 'what a linear regression expects y to be where the columns are x';
COMMENT ON FUNCTION smc_predict(smc_logregr_result, double precision[]) IS 'how probable a logistic regression finds y = 1 where the columns are x';

-- exact sums of the products of columns, for a party's local query: of each pair i <= j
-- at j (j - 1) / 2 + i, each value with so many digits after the point
CREATE FUNCTION smc_products_add(internal, digits int[], VARIADIC "any") RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION smc_products_combine(internal, internal) RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE FUNCTION smc_products_serialize(internal) RETURNS bytea
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_products_deserialize(bytea, internal) RETURNS internal
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
CREATE FUNCTION smc_products_final(internal) RETURNS numeric[]
  AS 'MODULE_PATHNAME' LANGUAGE C IMMUTABLE PARALLEL SAFE;
CREATE AGGREGATE smc_exact_products(int[], VARIADIC "any") (
  SFUNC = smc_products_add, STYPE = internal, SSPACE = 8000, FINALFUNC = smc_products_final, COMBINEFUNC = smc_products_combine,
  SERIALFUNC = smc_products_serialize, DESERIALFUNC = smc_products_deserialize, PARALLEL = SAFE);
COMMENT ON AGGREGATE smc_exact_products(int[], VARIADIC "any") IS 'a local query''s exact sums of the products of its columns';

--
-- What psql says of them
--
COMMENT ON FOREIGN DATA WRAPPER smc IS 'peers are its servers, studies are its foreign tables';

COMMENT ON FUNCTION smc_create_identity(text) IS 'make this database a party: its key pair and its server; returns the public key';
COMMENT ON FUNCTION smc_rotate_identity() IS 'replace this party''s key pair; returns the new public key, which peers accept as signed by the old one';
COMMENT ON FUNCTION smc_key_standing(text, text) IS 'whether a key of a party is registered here, rotated, or unknown';
COMMENT ON FUNCTION smc_public_key() IS 'this party''s public key, to be given to the peers';
COMMENT ON FUNCTION smc_ping(text) IS 'try the link to a peer: round trip, versions, whether it holds the registered key';
COMMENT ON FUNCTION smc_accept(text) IS 'sign a study as it now stands; returns its digest';
COMMENT ON FUNCTION smc_withdraw(text) IS 'end this party''s consent to a study';
COMMENT ON FUNCTION smc_approve(uuid) IS 'let a computation that waits in smc_requests run, as far as this party goes';
COMMENT ON FUNCTION smc_refuse(uuid, text) IS 'end a computation that waits in smc_requests, at all parties; the reason is told to the asker';
COMMENT ON PROCEDURE smc_attach() IS 'a peer''s end of a lane: called by peers'' servers, not by people';

COMMENT ON VIEW smc_peers IS 'the parties registered here';
COMMENT ON COLUMN smc_peers.name IS 'the party, and its server';
COMMENT ON COLUMN smc_peers.is_self IS 'whether it is this database itself';
COMMENT ON COLUMN smc_peers.public_key IS 'the key that the party must hold';
COMMENT ON VIEW smc_studies IS 'the studies here, who has accepted them, and what differs';
COMMENT ON COLUMN smc_studies.relation IS 'the table to query';
COMMENT ON COLUMN smc_studies.reveal_to IS 'who learns results, where columns don''t say otherwise';
COMMENT ON COLUMN smc_studies.digest IS 'of all that is agreed';
COMMENT ON COLUMN smc_studies.accepted IS 'parties that stand by this very digest, as they last told';
COMMENT ON COLUMN smc_studies.missing IS 'parties that don''t';
COMMENT ON COLUMN smc_studies.differs IS 'how their definitions differ, or what is wrong with this one';
COMMENT ON COLUMN smc_studies.source IS 'this party''s own table or view; told to nobody';
COMMENT ON COLUMN smc_studies.queries_left IS 'of max_queries, as this party has counted';
COMMENT ON COLUMN smc_studies.queries_left_today IS 'of max_queries_per_day, in the last 24 hours';
COMMENT ON COLUMN smc_studies.epsilon_left IS 'of epsilon_budget, as this party has counted';
COMMENT ON COLUMN smc_studies.definition IS 'what is agreed, in full: the text under the digest';
COMMENT ON VIEW smc_consents IS 'every consent ever signed, our own and those that peers told, with its proof';
COMMENT ON COLUMN smc_consents.accepted_at IS 'as signed, by the clock of that party';
COMMENT ON COLUMN smc_consents.role IS 'who called smc_accept there, as signed';
COMMENT ON COLUMN smc_consents.withdrawn_at IS 'when it ended, by smc_withdraw or by accepting something else; of a peer: when we heard of it';
COMMENT ON COLUMN smc_consents.public_key IS 'the key that signed';
COMMENT ON COLUMN smc_consents.key_standing IS 'registered, rotated (signed statements lead from it to the registered key), or unknown';
COMMENT ON COLUMN smc_consents.valid IS 'whether that key signed just this';
COMMENT ON COLUMN smc_consents.definition IS 'what was agreed, in full';
COMMENT ON FUNCTION smc_verify_consent(text, text, text, text, text, timestamptz, text, bytea) IS 'whether that key signed just this; needs nothing but its arguments';
COMMENT ON VIEW smc_key_changes IS 'how the public keys of parties changed, as this party followed or set them';
COMMENT ON COLUMN smc_key_changes.signed_at IS 'by the clock of that party';
COMMENT ON COLUMN smc_key_changes.how IS 'rotation: signed by the old key; alter server: by a person here, which nothing older outlives';
COMMENT ON COLUMN smc_key_changes.accepted_by IS 'the role that altered the server';
COMMENT ON COLUMN smc_key_changes.valid IS 'whether the old key signed just this';
COMMENT ON FUNCTION smc_verify_rotation(text, text, text, timestamptz, bytea) IS 'whether the old key signed just this; needs nothing but its arguments';
COMMENT ON VIEW smc_history IS 'the conditions that figures were told of, which those of new queries are compared with';
COMMENT ON COLUMN smc_history.rows IS 'the rows that a figure rested on, in words';
COMMENT ON COLUMN smc_history.asked_at IS 'when this party first heard of it';
COMMENT ON COLUMN smc_history.pending IS 'being asked now; or when the server crashed, and then it counts as told';
COMMENT ON COLUMN smc_history.digest IS 'of the agreement that it was asked under';
COMMENT ON VIEW smc_audit IS 'every computation at this party';
COMMENT ON COLUMN smc_audit.asked_by IS 'the party that asked';
COMMENT ON COLUMN smc_audit.asked_role IS 'the role there, as that party says';
COMMENT ON COLUMN smc_audit.query IS 'what was asked, with the values of its parameters';
COMMENT ON COLUMN smc_audit.reveals IS 'what was to be opened, and to whom';
COMMENT ON COLUMN smc_audit.rows IS 'rows of this party that contributed';
COMMENT ON COLUMN smc_audit.status IS 'running, done, withheld, refused, failed, canceled, or interrupted by a crash';
COMMENT ON COLUMN smc_audit.decisions IS 'with approve ''each'': which party approved or refused and when; here, by which role';
COMMENT ON VIEW smc_requests IS 'computations asked for by others that wait for the approval of this party: smc_approve(id), smc_refuse(id, reason)';
COMMENT ON COLUMN smc_requests.asked_by IS 'the party that asks';
COMMENT ON COLUMN smc_requests.asked_role IS 'the role there, as that party says';
COMMENT ON COLUMN smc_requests.query IS 'what would be computed, with the values of its parameters';
COMMENT ON COLUMN smc_requests.reveals IS 'what would be opened, and to whom';
COMMENT ON COLUMN smc_requests.waits_until IS 'when it ends by itself if it isn''t approved by all';
COMMENT ON COLUMN smc_requests.decision IS 'what was decided here: while it is shown, other parties are awaited still';
COMMENT ON VIEW smc_results IS 'figures revealed to this party that others asked for';
COMMENT ON COLUMN smc_results.figures IS 'an object for each group';
COMMENT ON VIEW smc_activity IS 'the computations and lanes of this party, now';
COMMENT ON COLUMN smc_activity.is_hub IS 'whether this party asked';
COMMENT ON COLUMN smc_activity.phase IS 'idle, connect, agree, approve, local, joint or wait; joint with how far it is, where a model is fitted to rows';

COMMENT ON COLUMN smc_activity.awaiting IS 'in phase approve: the parties that have not decided yet';

COMMENT ON VIEW smc_secrets IS 'results that nobody saw, of which this party holds a share';
COMMENT ON COLUMN smc_secrets.type IS 'of the value';
COMMENT ON COLUMN smc_secrets.made_of IS 'what was asked for when it was kept';
COMMENT ON COLUMN smc_secrets.made_by IS 'the party that asked';
COMMENT ON COLUMN smc_secrets.made_role IS 'the role there, as that party says';
COMMENT ON COLUMN smc_secrets.expires IS 'can''t be used from then on';
COMMENT ON COLUMN smc_secrets.state IS 'kept; pending where a crash left open whether all parties have their shares, which its next use finds out; dropped by this party; or expired';
COMMENT ON COLUMN smc_secrets.id IS 'of the computation that made it, as in smc_audit';
COMMENT ON TABLE smc_secret_log IS 'what view smc_secrets shows, and the terms that each is under';
COMMENT ON TABLE smc_secret_shares IS 'this party''s shares, which superusers alone can read';
COMMENT ON TYPE smc_secret IS 'an expression of kept secrets: it names them, and holds nothing of them';
COMMENT ON TYPE smc_secret_bool IS 'the same of a yes or no';
COMMENT ON TYPE smc_secret_share IS 'a share that superusers alone can read or write';
COMMENT ON FUNCTION smc_secret(text, text) IS 'a kept secret of a study, by its name';
COMMENT ON FUNCTION smc_secret_bool(text, text) IS 'a kept yes or no of a study, by its name';
COMMENT ON FUNCTION smc_choose(smc_secret_bool, smc_secret, smc_secret) IS 'the second where the condition is true, else the third';
COMMENT ON FUNCTION smc_reveal(smc_secret) IS 'open the value of an expression of secrets, to whom its study says';
COMMENT ON FUNCTION smc_reveal(smc_secret_bool) IS 'open the value of an expression of secrets, to whom its study says';
COMMENT ON FUNCTION smc_reveal(smc_secret, anyelement) IS 'the same as the second''s type: smc_reveal(..., NULL::date)';
COMMENT ON FUNCTION smc_keep(anyelement, text, interval) IS 'keep an aggregate over a study as a secret: every party gets a share, nobody the value';
COMMENT ON FUNCTION smc_keep(boolean, text, interval) IS 'keep a yes or no over a study as a secret';
COMMENT ON FUNCTION smc_keep(smc_secret, text, interval) IS 'keep the value of an expression of secrets as another';
COMMENT ON FUNCTION smc_keep(smc_secret_bool, text, interval) IS 'keep the value of an expression of secrets as another';
COMMENT ON FUNCTION smc_drop_secret(text, text) IS 'delete this party''s share, which ends the secret';
COMMENT ON TABLE smc_identity IS 'this party''s name and key pair, in one row that superusers alone can read';
COMMENT ON TABLE smc_consent_log IS 'what each party has defined and signed, as it told; what is signed is never deleted';
COMMENT ON TABLE smc_key_log IS 'what view smc_key_changes shows';
COMMENT ON TABLE smc_quota_log IS 'the queries that count against a study''s limits';
COMMENT ON TABLE smc_history_log IS 'what view smc_history shows';
COMMENT ON TABLE smc_audit_log IS 'what view smc_audit shows';
COMMENT ON TABLE smc_requests_waiting IS 'what view smc_requests shows';
COMMENT ON TABLE smc_results_log IS 'what view smc_results shows';

COMMENT ON TYPE smc_share IS 'one party''s additive share of a number, modulo 2^128';
COMMENT ON FUNCTION smc_split(numeric, int) IS 'split a number into random shares, of which all are needed to know it';
COMMENT ON FUNCTION smc_combine(smc_share[]) IS 'the number that all its shares together make';
COMMENT ON AGGREGATE sum(smc_share) IS 'a share of the sum';
COMMENT ON TYPE smc_secret_key IS 'a key that superusers alone can read or write';

COMMENT ON AGGREGATE smc_count(*) IS 'joint number of rows of a study';
COMMENT ON AGGREGATE smc_count("any") IS 'joint number of values that are not null, over a study';
COMMENT ON AGGREGATE smc_count_distinct("any") IS 'joint number of different values, over a study';
DO $$
DECLARE
  type text;
BEGIN
  FOREACH type IN ARRAY '{smallint,integer,bigint,numeric,real,double precision}'::text[] LOOP
    EXECUTE pg_catalog.format('COMMENT ON AGGREGATE smc_sum(%s) IS %L', type, 'joint sum over a study');
    EXECUTE pg_catalog.format('COMMENT ON AGGREGATE smc_avg(%s) IS %L', type, 'joint average over a study');
  END LOOP;
END $$;

COMMENT ON AGGREGATE smc_min(smallint) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(smallint) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_min(integer) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(integer) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_min(bigint) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(bigint) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_min(numeric) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(numeric) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_min(real) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(real) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_min(double precision) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(double precision) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_min(date) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(date) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_min(timestamp) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(timestamp) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_min(timestamptz) IS 'joint minimum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_max(timestamptz) IS 'joint maximum over a study: the value, not whose it is';
COMMENT ON AGGREGATE smc_compare(smallint, text, text) IS 'how the first party''s sum compares with the second''s: -1, 0 or 1, and nothing more';
COMMENT ON AGGREGATE smc_argmin(smallint) IS 'the party with the smallest sum';
COMMENT ON AGGREGATE smc_argmax(smallint) IS 'the party with the largest sum';
COMMENT ON AGGREGATE smc_compare(integer, text, text) IS 'how the first party''s sum compares with the second''s: -1, 0 or 1, and nothing more';
COMMENT ON AGGREGATE smc_argmin(integer) IS 'the party with the smallest sum';
COMMENT ON AGGREGATE smc_argmax(integer) IS 'the party with the largest sum';
COMMENT ON AGGREGATE smc_compare(bigint, text, text) IS 'how the first party''s sum compares with the second''s: -1, 0 or 1, and nothing more';
COMMENT ON AGGREGATE smc_argmin(bigint) IS 'the party with the smallest sum';
COMMENT ON AGGREGATE smc_argmax(bigint) IS 'the party with the largest sum';
COMMENT ON AGGREGATE smc_compare(numeric, text, text) IS 'how the first party''s sum compares with the second''s: -1, 0 or 1, and nothing more';
COMMENT ON AGGREGATE smc_argmin(numeric) IS 'the party with the smallest sum';
COMMENT ON AGGREGATE smc_argmax(numeric) IS 'the party with the largest sum';
COMMENT ON AGGREGATE smc_compare(real, text, text) IS 'how the first party''s sum compares with the second''s: -1, 0 or 1, and nothing more';
COMMENT ON AGGREGATE smc_argmin(real) IS 'the party with the smallest sum';
COMMENT ON AGGREGATE smc_argmax(real) IS 'the party with the largest sum';
COMMENT ON AGGREGATE smc_compare(double precision, text, text) IS 'how the first party''s sum compares with the second''s: -1, 0 or 1, and nothing more';
COMMENT ON AGGREGATE smc_argmin(double precision) IS 'the party with the smallest sum';
COMMENT ON AGGREGATE smc_argmax(double precision) IS 'the party with the largest sum';
