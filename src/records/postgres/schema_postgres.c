#include "records/postgres/schema_postgres.h"

/* Before the schema is there nothing has a name yet but search_path. */
static const char *const begin[] = {
    "DO $do$\n"
    "DECLARE\n"
    "    wanted text := replace(trim(both '\" ' from split_part(current_setting('search_path'), ',', 1)),\n"
    "                           '$user', current_user);\n"
    "BEGIN\n"
    "    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = wanted) THEN\n"
    "        EXECUTE 'CREATE SCHEMA ' || quote_ident(wanted);\n"
    "    END IF;\n"
    "    IF getdatabaseencoding() <> 'UTF8' THEN\n"
    "        RAISE EXCEPTION 'the encoding of this database is not UTF8'\n"
    "            USING ERRCODE = 'feature_not_supported';\n"
    "    END IF;\n"
    "END $do$",

    "CREATE TABLE IF NOT EXISTS schema_migration(\n"
    "    version bigint PRIMARY KEY,\n"
    "    at_s bigint NOT NULL)",
};

/* Ids are 63 bits, times Unix seconds, truth values 0 or 1, hashes the 16 bytes of a keyed hash. used_h and ends_h are
 * hours: an index over them is changed once an hour and not at each use, and an UPDATE that changes no index stays in the
 * table's page, for which fillfactor leaves room. */
static const char *const migration_1[] = {
    "CREATE TABLE secret(\n"
    "    name text COLLATE \"C\" PRIMARY KEY,\n"
    "    value bytea NOT NULL)",

    "CREATE TABLE account(\n"
    "    id bigint PRIMARY KEY,\n"
    "    name text COLLATE \"C\" NOT NULL UNIQUE, -- in lower case; no name is another's e-mail address\n"
    "    email text COLLATE \"C\" UNIQUE,\n"
    "    hash text,\n"
    "    password_n bigint NOT NULL DEFAULT 0, -- which of his passwords this is\n"
    "    password_s bigint NOT NULL DEFAULT 0,\n"
    "    roles text NOT NULL,\n"
    "    tier text,\n"
    "    disabled bigint NOT NULL DEFAULT 0,\n"
    "    created_s bigint NOT NULL,\n"
    "    changed_s bigint NOT NULL,\n"
    "    last_login_s bigint NOT NULL DEFAULT 0) WITH (fillfactor = 80)",
    "CREATE INDEX account_disabled ON account(id) WHERE disabled <> 0",

    "-- access tokens issued by then are refused; outlives an erased user\n"
    "CREATE TABLE user_cutoff(\n"
    "    user_id bigint PRIMARY KEY,\n"
    "    cutoff_s bigint NOT NULL,\n"
    "    until_s bigint NOT NULL)",
    "CREATE INDEX user_cutoff_until ON user_cutoff(until_s)",

    "CREATE TABLE session(\n"
    "    id bigint PRIMARY KEY,\n"
    "    user_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,\n"
    "    kind bigint NOT NULL,\n"
    "    device bigint,\n"
    "    hash bytea NOT NULL,\n"
    "    before_hash bytea,\n"
    "    number bigint NOT NULL DEFAULT 0, -- of the present secret; the login's is 0\n"
    "    sealed bytea, -- the present secret, sealed by the one before\n"
    "    rotated_s bigint NOT NULL DEFAULT 0,\n"
    "    created_s bigint NOT NULL,\n"
    "    used_s bigint NOT NULL,\n"
    "    used_h bigint NOT NULL GENERATED ALWAYS AS (used_s / 3600) STORED,\n"
    "    expires_s bigint NOT NULL,\n"
    "    idle_s bigint NOT NULL,\n"
    "    address bytea,\n"
    "    user_agent text) WITH (fillfactor = 70)",
    "CREATE INDEX session_user_id ON session(user_id)",
    "CREATE INDEX session_expires ON session(expires_s)",
    "CREATE INDEX session_used ON session(kind, used_h)",
    "CREATE INDEX session_device ON session(device) WHERE device IS NOT NULL",

    "-- spans that access tokens lived or may still live; until_s 0: those that are made now\n"
    "CREATE TABLE token_life(\n"
    "    seconds bigint PRIMARY KEY,\n"
    "    until_s bigint NOT NULL)",
    "CREATE INDEX token_life_until ON token_life(until_s)",
    "CREATE TABLE ended_session(\n"
    "    id bigint PRIMARY KEY,\n"
    "    until_s bigint NOT NULL)",
    "CREATE INDEX ended_session_until ON ended_session(until_s)",
    "CREATE TABLE revoked_token(\n"
    "    jti bigint PRIMARY KEY,\n"
    "    expires_s bigint NOT NULL)",
    "CREATE INDEX revoked_token_expires ON revoked_token(expires_s)",

    "CREATE TABLE device(\n"
    "    id bigint PRIMARY KEY,\n"
    "    user_id bigint REFERENCES account(id) ON DELETE CASCADE, -- NULL: anonymous\n"
    "    hash bytea NOT NULL,\n"
    "    name text,\n"
    "    prefix bytea, -- keyed hash of the address prefix of an anonymous one\n"
    "    confirmed bigint NOT NULL DEFAULT 0,\n"
    "    created_s bigint NOT NULL,\n"
    "    used_s bigint NOT NULL DEFAULT 0,\n"
    "    used_h bigint NOT NULL GENERATED ALWAYS AS (used_s / 3600) STORED,\n"
    "    expires_s bigint NOT NULL) WITH (fillfactor = 80)",
    "CREATE INDEX device_user_id ON device(user_id) WHERE user_id IS NOT NULL",
    "CREATE INDEX device_confirmed ON device(user_id) WHERE user_id IS NOT NULL AND confirmed <> 0",
    "CREATE INDEX device_prefix ON device(prefix) WHERE user_id IS NULL",
    "CREATE INDEX device_unconfirmed ON device(expires_s) WHERE confirmed = 0",
    "CREATE INDEX device_unused ON device(used_h) WHERE user_id IS NULL AND confirmed <> 0",

    "CREATE TABLE api_key(\n"
    "    id bigint PRIMARY KEY,\n"
    "    user_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,\n"
    "    hash_of_key bytea NOT NULL,\n"
    "    name text,\n"
    "    start text,\n"
    "    scopes text,\n"
    "    tier text,\n"
    "    networks text,\n"
    "    created_s bigint NOT NULL,\n"
    "    used_s bigint NOT NULL DEFAULT 0,\n"
    "    expires_s bigint NOT NULL,\n"
    "    replaced_by bigint) WITH (fillfactor = 80)",
    "CREATE INDEX api_key_user_id ON api_key(user_id)",
    "CREATE INDEX api_key_expires ON api_key(expires_s) WHERE expires_s <> 0",

    "CREATE TABLE attempt(\n"
    "    who bytea NOT NULL, -- keyed hash of the name that was tried\n"
    "    kind bigint NOT NULL,\n"
    "    place bytea NOT NULL, -- keyed hash of the address prefix, or a device's id\n"
    "    n bigint NOT NULL,\n"
    "    last_s bigint NOT NULL,\n"
    "    window_s bigint NOT NULL,\n"
    "    ends_h bigint NOT NULL GENERATED ALWAYS AS ((last_s + window_s) / 3600) STORED,\n"
    "    told bigint NOT NULL DEFAULT 0, -- the audit trail has it\n"
    "    PRIMARY KEY(who, kind, place)) WITH (fillfactor = 70)",
    "CREATE INDEX attempt_ends ON attempt(ends_h)",
    "-- begun and not finished\n"
    "CREATE TABLE login(\n"
    "    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
    "    user_id bigint,\n"
    "    password_n bigint NOT NULL,\n"
    "    who bytea NOT NULL,\n"
    "    place bytea NOT NULL,\n"
    "    device bigint,\n"
    "    whole bigint NOT NULL, -- counted for the whole account, too\n"
    "    begun_s bigint NOT NULL,\n"
    "    window_s bigint NOT NULL)",
    "CREATE INDEX login_ends ON login((begun_s + window_s))",
    "CREATE TABLE known_place(\n"
    "    user_id bigint NOT NULL REFERENCES account(id) ON DELETE CASCADE,\n"
    "    place bytea NOT NULL,\n"
    "    used_s bigint NOT NULL,\n"
    "    used_h bigint NOT NULL GENERATED ALWAYS AS (used_s / 3600) STORED,\n"
    "    PRIMARY KEY(user_id, place)) WITH (fillfactor = 80)",
    "CREATE INDEX known_place_used ON known_place(used_h)",

    "-- spool_id: of an event that waited while there was no database\n"
    "CREATE TABLE audit(\n"
    "    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
    "    at_s bigint NOT NULL,\n"
    "    event text NOT NULL,\n"
    "    user_id bigint,\n"
    "    name text COLLATE \"C\", -- that was tried and is nobody's\n"
    "    actor_user bigint,\n"
    "    actor_session bigint,\n"
    "    actor_key bigint,\n"
    "    actor_device bigint,\n"
    "    address bytea,\n"
    "    user_agent text,\n"
    "    decision text,\n"
    "    detail text,\n"
    "    spool_id bytea)",
    "CREATE INDEX audit_user_id ON audit(user_id) WHERE user_id IS NOT NULL",
    "CREATE INDEX audit_actor ON audit(actor_user) WHERE actor_user IS NOT NULL",
    "CREATE INDEX audit_name ON audit(name) WHERE name IS NOT NULL",
    "CREATE UNIQUE INDEX audit_spool ON audit(spool_id) WHERE spool_id IS NOT NULL",

    "CREATE TABLE signing_key(\n"
    "    place bigint GENERATED ALWAYS AS IDENTITY, -- in the order they were made\n"
    "    kid text COLLATE \"C\" PRIMARY KEY,\n"
    "    algorithm text NOT NULL,\n"
    "    nonce bytea NOT NULL,\n"
    "    sealed bytea NOT NULL,\n"
    "    state bigint NOT NULL,\n"
    "    created_s bigint NOT NULL,\n"
    "    changed_s bigint NOT NULL)",

    "-- what the nodes tell each other's memory; tx comes first, so that the transaction has it before it draws an id\n"
    "CREATE TABLE change(\n"
    "    tx xid8 NOT NULL,\n"
    "    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n"
    "    at_s bigint NOT NULL DEFAULT extract(epoch FROM now())::bigint, -- by the server's clock\n"
    "    effect bytea NOT NULL)",
    "CREATE INDEX change_at ON change(at_s)",
    "-- one row: up to where changes were swept\n"
    "CREATE TABLE change_swept(\n"
    "    one bigint PRIMARY KEY DEFAULT 1 CHECK (one = 1),\n"
    "    swept_id bigint NOT NULL)",
    "INSERT INTO change_swept(swept_id) VALUES(0)",
};

#define LIST(texts)               \
    {                             \
        (texts), GH_COUNT(texts), \
    }
const gh_pg_texts_list gh_pg_schema_begin = LIST(begin);
const gh_pg_texts_list gh_pg_migrations[] = {LIST(migration_1)};

unsigned gh_pg_schema_version(void)
{
    return GH_COUNT(gh_pg_migrations);
}
