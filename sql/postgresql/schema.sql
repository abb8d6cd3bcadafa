-- The schema of Gatehouse's records in PostgreSQL, for a database that has none yet. As the owner:
--   psql -d gatehouse -U gatehouse_owner -v ON_ERROR_STOP=1 -f schema.sql
-- `gatehouse records migrate` does the same, and brings an older schema up to this version.

BEGIN;

SET LOCAL search_path = gatehouse;

DO $do$
DECLARE
    wanted text := replace(trim(both '" ' from split_part(current_setting('search_path'), ',', 1)),
                           '$user', current_user);
BEGIN
    IF getdatabaseencoding() <> 'UTF8' THEN
        RAISE EXCEPTION 'the encoding of this database is not UTF8'
            USING ERRCODE = 'feature_not_supported';
    END IF;
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = wanted) THEN
        EXECUTE 'CREATE SCHEMA ' || quote_ident(wanted);
    ELSIF current_user <> 'gatehouse_owner' AND (SELECT nspowner = to_regrole('gatehouse_owner') AND
            pg_has_role(nspowner, 'MEMBER') FROM pg_namespace WHERE nspname = wanted) THEN
        SET LOCAL ROLE gatehouse_owner; -- a superuser: what he makes is not to be his
    END IF;
END $do$;

CREATE TABLE IF NOT EXISTS schema_migration(
    version bigint PRIMARY KEY,
    at_s bigint NOT NULL);

-- version 1

CREATE TABLE secret(
    name text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL);

CREATE TABLE account(
    id bigint PRIMARY KEY,
    name text COLLATE "C" NOT NULL UNIQUE, -- in lower case; no name is another's e-mail address
    email text COLLATE "C" UNIQUE,
    hash text,
    password_n bigint NOT NULL DEFAULT 0, -- which of his passwords this is
    password_s bigint NOT NULL DEFAULT 0,
    roles text NOT NULL,
    tier text,
    disabled bigint NOT NULL DEFAULT 0,
    created_s bigint NOT NULL,
    changed_s bigint NOT NULL,
    last_login_s bigint NOT NULL DEFAULT 0) WITH (fillfactor = 80);

CREATE INDEX account_disabled ON account(id) WHERE disabled <> 0;

-- access tokens issued by then are refused; outlives an erased user
CREATE TABLE user_cutoff(
    user_id bigint PRIMARY KEY,
    cutoff_s bigint NOT NULL,
    until_s bigint NOT NULL);

CREATE INDEX user_cutoff_until ON user_cutoff(until_s);

CREATE TABLE session(
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    kind bigint NOT NULL,
    device bigint,
    hash bytea NOT NULL,
    before_hash bytea,
    number bigint NOT NULL DEFAULT 0, -- of the present secret; the login's is 0
    sealed bytea, -- the present secret, sealed by the one before
    rotated_s bigint NOT NULL DEFAULT 0,
    created_s bigint NOT NULL,
    used_s bigint NOT NULL,
    used_h bigint NOT NULL GENERATED ALWAYS AS (used_s / 3600) STORED,
    expires_s bigint NOT NULL,
    idle_s bigint NOT NULL,
    address bytea,
    user_agent text,
    generation bigint NOT NULL DEFAULT 0) WITH (fillfactor = 70);

CREATE INDEX session_user_id ON session(user_id);

CREATE INDEX session_expires ON session(expires_s);

CREATE INDEX session_used ON session(kind, used_h);

CREATE INDEX session_generation ON session(generation);

CREATE INDEX session_device ON session(device) WHERE device IS NOT NULL;

-- spans that access tokens lived or may still live; until_s 0: those that are made now
CREATE TABLE token_life(
    seconds bigint PRIMARY KEY,
    until_s bigint NOT NULL);

CREATE INDEX token_life_until ON token_life(until_s);

CREATE TABLE ended_session(
    id bigint PRIMARY KEY,
    until_s bigint NOT NULL);

CREATE INDEX ended_session_until ON ended_session(until_s);

CREATE TABLE revoked_token(
    jti bigint PRIMARY KEY,
    expires_s bigint NOT NULL);

CREATE INDEX revoked_token_expires ON revoked_token(expires_s);

CREATE TABLE device(
    id bigint PRIMARY KEY,
    user_id bigint REFERENCES account(id) ON DELETE CASCADE, -- NULL: anonymous
    hash bytea NOT NULL,
    name text,
    prefix bytea, -- keyed hash of the address prefix of an anonymous one
    confirmed bigint NOT NULL DEFAULT 0,
    created_s bigint NOT NULL,
    used_s bigint NOT NULL DEFAULT 0,
    used_h bigint NOT NULL GENERATED ALWAYS AS (used_s / 3600) STORED,
    expires_s bigint NOT NULL,
    generation bigint NOT NULL DEFAULT 0) WITH (fillfactor = 80);

CREATE INDEX device_generation ON device(generation);

CREATE INDEX device_user_id ON device(user_id) WHERE user_id IS NOT NULL;

CREATE INDEX device_confirmed ON device(user_id) WHERE user_id IS NOT NULL AND confirmed <> 0;

CREATE INDEX device_prefix ON device(prefix) WHERE user_id IS NULL;

CREATE INDEX device_unconfirmed ON device(expires_s) WHERE confirmed = 0;

CREATE INDEX device_unused ON device(used_h) WHERE user_id IS NULL AND confirmed <> 0;

CREATE TABLE api_key(
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    hash_of_key bytea NOT NULL,
    name text,
    start text,
    scopes text,
    tier text,
    networks text,
    created_s bigint NOT NULL,
    used_s bigint NOT NULL DEFAULT 0,
    expires_s bigint NOT NULL,
    replaced_by bigint,
    generation bigint NOT NULL DEFAULT 0) WITH (fillfactor = 80);

CREATE INDEX api_key_generation ON api_key(generation);

CREATE INDEX api_key_user_id ON api_key(user_id);

CREATE INDEX api_key_expires ON api_key(expires_s) WHERE expires_s <> 0;

CREATE TABLE attempt(
    who bytea NOT NULL, -- keyed hash of the name that was tried
    kind bigint NOT NULL,
    place bytea NOT NULL, -- keyed hash of the address prefix, or a device's id
    n bigint NOT NULL,
    last_s bigint NOT NULL,
    window_s bigint NOT NULL,
    ends_h bigint NOT NULL GENERATED ALWAYS AS ((last_s + window_s) / 3600) STORED,
    told bigint NOT NULL DEFAULT 0, -- the audit trail has it
    PRIMARY KEY(who, kind, place)) WITH (fillfactor = 70);

CREATE INDEX attempt_ends ON attempt(ends_h);

-- begun and not finished
CREATE TABLE login(
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id bigint,
    password_n bigint NOT NULL,
    who bytea NOT NULL,
    place bytea NOT NULL,
    device bigint,
    whole bigint NOT NULL, -- counted for the whole account, too
    begun_s bigint NOT NULL,
    window_s bigint NOT NULL);

CREATE INDEX login_ends ON login((begun_s + window_s));

CREATE TABLE known_place(
    user_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,
    place bytea NOT NULL,
    used_s bigint NOT NULL,
    used_h bigint NOT NULL GENERATED ALWAYS AS (used_s / 3600) STORED,
    PRIMARY KEY(user_id, place)) WITH (fillfactor = 80);

CREATE INDEX known_place_used ON known_place(used_h);

-- spool_id: of an event that waited while there was no database
CREATE TABLE audit(
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_s bigint NOT NULL,
    event text NOT NULL,
    user_id bigint,
    name text COLLATE "C", -- that was tried and is nobody's
    actor_user bigint,
    actor_session bigint,
    actor_key bigint,
    actor_device bigint,
    address bytea,
    user_agent text,
    decision text,
    detail text,
    spool_id bytea);

CREATE INDEX audit_user_id ON audit(user_id) WHERE user_id IS NOT NULL;

CREATE INDEX audit_actor ON audit(actor_user) WHERE actor_user IS NOT NULL;

CREATE INDEX audit_name ON audit(name) WHERE name IS NOT NULL;

CREATE UNIQUE INDEX audit_spool ON audit(spool_id) WHERE spool_id IS NOT NULL;

CREATE TABLE signing_key(
    place bigint GENERATED ALWAYS AS IDENTITY, -- in the order they were made
    kid text COLLATE "C" PRIMARY KEY,
    algorithm text NOT NULL,
    nonce bytea NOT NULL,
    sealed bytea NOT NULL,
    state bigint NOT NULL,
    created_s bigint NOT NULL,
    changed_s bigint NOT NULL);

-- of the keys that rotate; a session's, device's or API key's is the one whose keys made its secret
CREATE TABLE key_generation(
    id bigint PRIMARY KEY,
    nonce bytea NOT NULL,
    sealed bytea NOT NULL,
    state bigint NOT NULL,
    created_s bigint NOT NULL,
    changed_s bigint NOT NULL);

-- what the nodes tell each other's memory
CREATE TABLE change(
    tx xid8 NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_s bigint NOT NULL DEFAULT extract(epoch FROM now())::bigint, -- by the server's clock
    effect bytea NOT NULL);

CREATE INDEX change_at ON change(at_s);

CREATE INDEX change_tx ON change(tx);

-- one row: up to where changes were swept
CREATE TABLE change_swept(
    one bigint PRIMARY KEY DEFAULT 1 CHECK (one = 1),
    swept_id bigint NOT NULL);

INSERT INTO change_swept(swept_id) VALUES(0);

-- of each connection of a node the number of the last transaction that it committed
CREATE TABLE worker(
    id bigint PRIMARY KEY,
    n bigint NOT NULL,
    barrier bigint NOT NULL, -- numbers up to it, that are not there yet, never will be
    at_s bigint NOT NULL) WITH (fillfactor = 20);

CREATE INDEX worker_at ON worker(at_s);

INSERT INTO schema_migration(version, at_s) SELECT coalesce(max(version), 0) + 1, extract(epoch FROM now())::bigint FROM schema_migration;

-- what the roles of roles.sql may do

DO $do$
DECLARE
    here text := quote_ident(current_schema());
BEGIN
    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = current_schema() AND
                   nspowner = to_regrole('gatehouse_owner')) THEN
        RETURN; -- one role does everything here
    END IF;
    EXECUTE 'REVOKE ALL ON SCHEMA ' || here || ' FROM PUBLIC, gatehouse_service, gatehouse_readonly';
    EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA ' || here ||
            ' FROM PUBLIC, gatehouse_service, gatehouse_readonly';
    EXECUTE 'GRANT USAGE ON SCHEMA ' || here || ' TO gatehouse_service, gatehouse_readonly';
    IF to_regclass(here || '.change_swept') IS NULL THEN
        RETURN; -- no tables yet: what follows comes with them
    END IF;

    GRANT SELECT ON schema_migration, secret, account, user_cutoff, session, token_life, ended_session,
        revoked_token, device, api_key, attempt, login, known_place, audit, signing_key, key_generation, change,
        change_swept, worker TO gatehouse_service;
    GRANT INSERT ON secret, account, user_cutoff, session, token_life, ended_session, revoked_token, device,
        api_key, attempt, login, known_place, audit, signing_key, key_generation, change, worker
        TO gatehouse_service;
    GRANT DELETE ON account, user_cutoff, session, token_life, ended_session, revoked_token, device, api_key,
        attempt, login, known_place, signing_key, key_generation, change, worker TO gatehouse_service;
    GRANT UPDATE (email, hash, password_n, password_s, roles, tier, disabled, changed_s, last_login_s) ON account
        TO gatehouse_service;
    GRANT UPDATE (cutoff_s, until_s) ON user_cutoff TO gatehouse_service;
    GRANT UPDATE (hash, before_hash, number, sealed, rotated_s, used_s, address, generation) ON session
        TO gatehouse_service;
    GRANT UPDATE (until_s) ON token_life TO gatehouse_service;
    GRANT UPDATE (until_s) ON ended_session TO gatehouse_service;
    GRANT UPDATE (expires_s) ON revoked_token TO gatehouse_service;
    GRANT UPDATE (confirmed, used_s, expires_s) ON device TO gatehouse_service;
    GRANT UPDATE (used_s, expires_s, replaced_by) ON api_key TO gatehouse_service;
    GRANT UPDATE (n, last_s, window_s, told) ON attempt TO gatehouse_service;
    GRANT UPDATE (used_s) ON known_place TO gatehouse_service;
    GRANT UPDATE (name, address, user_agent, detail) ON audit TO gatehouse_service;
    GRANT UPDATE (value) ON secret TO gatehouse_service;
    GRANT UPDATE (nonce, sealed, state, changed_s) ON signing_key, key_generation TO gatehouse_service;
    GRANT UPDATE (swept_id) ON change_swept TO gatehouse_service;
    GRANT UPDATE (n, barrier, at_s) ON worker TO gatehouse_service;

    GRANT SELECT ON schema_migration, user_cutoff, token_life, ended_session, revoked_token, attempt, login,
        known_place, audit, change_swept, worker TO gatehouse_readonly;
    GRANT SELECT (name) ON secret TO gatehouse_readonly;
    GRANT SELECT (id, name, email, password_n, password_s, roles, tier, disabled, created_s, changed_s,
        last_login_s) ON account TO gatehouse_readonly;
    GRANT SELECT (id, user_id, kind, device, number, rotated_s, created_s, used_s, used_h, expires_s, idle_s,
        address, user_agent, generation) ON session TO gatehouse_readonly;
    GRANT SELECT (id, user_id, name, prefix, confirmed, created_s, used_s, used_h, expires_s, generation)
        ON device TO gatehouse_readonly;
    GRANT SELECT (id, user_id, name, start, scopes, tier, networks, created_s, used_s, expires_s, replaced_by,
        generation) ON api_key TO gatehouse_readonly;
    GRANT SELECT (place, kid, algorithm, state, created_s, changed_s) ON signing_key TO gatehouse_readonly;
    GRANT SELECT (id, state, created_s, changed_s) ON key_generation TO gatehouse_readonly;
    GRANT SELECT (tx, id, at_s) ON change TO gatehouse_readonly;
END $do$;

COMMIT;
