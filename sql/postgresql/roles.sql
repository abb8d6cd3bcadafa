-- The roles of Gatehouse's records in PostgreSQL:
--   gatehouse_owner     owns the schema; `gatehouse records migrate` and `move` are done as this one
--   gatehouse_service   what every node connects as (postgresql.url): reads, and writes what it has to
--   gatehouse_readonly  for people and reports: reads everything but secrets, writes nothing
--
-- Once in a database, as a superuser:
--   createdb gatehouse
--   psql -d gatehouse -v ON_ERROR_STOP=1 -f roles.sql
-- They have no passwords yet, and none belongs into a file. In psql:
--   \password gatehouse_owner
--   \password gatehouse_service
-- Done again it does nothing. Give Gatehouse a database of its own: where others have tables in it, PUBLIC keeps its
-- rights on the database and on the schema public, because they may need them.

BEGIN;

DO $do$
BEGIN
    IF to_regrole('gatehouse_owner') IS NULL THEN
        CREATE ROLE gatehouse_owner LOGIN;
    END IF;
    IF to_regrole('gatehouse_service') IS NULL THEN
        CREATE ROLE gatehouse_service LOGIN;
    END IF;
    IF to_regrole('gatehouse_readonly') IS NULL THEN
        CREATE ROLE gatehouse_readonly LOGIN;
    END IF;
END $do$;

DO $do$
DECLARE
    owner text := (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'gatehouse');
BEGIN
    IF owner IS NULL THEN
        CREATE SCHEMA gatehouse AUTHORIZATION gatehouse_owner;
    ELSIF owner <> 'gatehouse_owner' THEN
        RAISE EXCEPTION USING MESSAGE = 'the schema gatehouse belongs to ' || owner,
            HINT = 'If all that ' || owner || ' owns in this database is Gatehouse''s, do before:'
                   ' REASSIGN OWNED BY ' || owner || ' TO gatehouse_owner';
    END IF;
END $do$;

DO $do$
DECLARE
    here text := quote_ident(current_database());
BEGIN
    EXECUTE 'GRANT CONNECT ON DATABASE ' || here || ' TO gatehouse_owner, gatehouse_service, gatehouse_readonly';
    EXECUTE 'ALTER ROLE gatehouse_owner IN DATABASE ' || here || ' SET search_path = gatehouse';
    EXECUTE 'ALTER ROLE gatehouse_service IN DATABASE ' || here || ' SET search_path = gatehouse';
    EXECUTE 'ALTER ROLE gatehouse_readonly IN DATABASE ' || here || ' SET search_path = gatehouse';
    EXECUTE 'ALTER ROLE gatehouse_readonly IN DATABASE ' || here || ' SET default_transaction_read_only = on';
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        -- who waits for each other is told apart sooner than after a second; only a superuser may say so
        EXECUTE 'ALTER ROLE gatehouse_service IN DATABASE ' || here || ' SET deadlock_timeout = 100';
    END IF;
    IF EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
               WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND
                   nspname NOT IN ('gatehouse', 'information_schema') AND left(nspname, 3) <> 'pg_') THEN
        RAISE NOTICE 'others have tables in this database: PUBLIC keeps its rights on it';
        RETURN;
    END IF;
    EXECUTE 'REVOKE ALL ON DATABASE ' || here || ' FROM PUBLIC';
    IF to_regnamespace('public') IS NOT NULL THEN
        REVOKE ALL ON SCHEMA public FROM PUBLIC;
    END IF;
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        -- large objects are the one thing that a role may make without any right
        REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;
    END IF;
END $do$;

SET LOCAL search_path = gatehouse;

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
