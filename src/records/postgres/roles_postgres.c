#include "records/postgres/schema_postgres.h"

/* One list, done with the schema and by roles.sql, so that it does not matter which of the two comes first. What the
 * service may do is what statements_postgres.def does; what is left out for readonly would let somebody in. Tests hold it
 * to both. */
static const char *const grants[] = {
    "DO $do$\n"
    "DECLARE\n"
    "    here text := quote_ident(current_schema());\n"
    "BEGIN\n"
    "    IF NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = current_schema() AND\n"
    "                   nspowner = to_regrole('gatehouse_owner')) THEN\n"
    "        RETURN; -- one role does everything here\n"
    "    END IF;\n"
    "    EXECUTE 'REVOKE ALL ON SCHEMA ' || here || ' FROM PUBLIC, gatehouse_service, gatehouse_readonly';\n"
    "    EXECUTE 'REVOKE ALL ON ALL TABLES IN SCHEMA ' || here ||\n"
    "            ' FROM PUBLIC, gatehouse_service, gatehouse_readonly';\n"
    "    EXECUTE 'GRANT USAGE ON SCHEMA ' || here || ' TO gatehouse_service, gatehouse_readonly';\n"
    "    IF to_regclass(here || '.change_swept') IS NULL THEN\n"
    "        RETURN; -- no tables yet: what follows comes with them\n"
    "    END IF;\n"
    "\n"
    "    GRANT SELECT ON schema_migration, secret, account, user_cutoff, session, token_life, ended_session,\n"
    "        revoked_token, device, api_key, attempt, login, known_place, audit, signing_key, change, change_swept\n"
    "        TO gatehouse_service;\n"
    "    GRANT INSERT ON secret, account, user_cutoff, session, token_life, ended_session, revoked_token, device,\n"
    "        api_key, attempt, login, known_place, audit, signing_key, change TO gatehouse_service;\n"
    "    GRANT DELETE ON account, user_cutoff, session, token_life, ended_session, revoked_token, device, api_key,\n"
    "        attempt, login, known_place, signing_key, change TO gatehouse_service;\n"
    "    GRANT UPDATE (email, hash, password_n, password_s, roles, tier, disabled, changed_s, last_login_s) ON account\n"
    "        TO gatehouse_service;\n"
    "    GRANT UPDATE (cutoff_s, until_s) ON user_cutoff TO gatehouse_service;\n"
    "    GRANT UPDATE (hash, before_hash, number, sealed, rotated_s, used_s, address) ON session TO gatehouse_service;\n"
    "    GRANT UPDATE (until_s) ON token_life TO gatehouse_service;\n"
    "    GRANT UPDATE (until_s) ON ended_session TO gatehouse_service;\n"
    "    GRANT UPDATE (expires_s) ON revoked_token TO gatehouse_service;\n"
    "    GRANT UPDATE (confirmed, used_s, expires_s) ON device TO gatehouse_service;\n"
    "    GRANT UPDATE (used_s, expires_s, replaced_by) ON api_key TO gatehouse_service;\n"
    "    GRANT UPDATE (n, last_s, window_s, told) ON attempt TO gatehouse_service;\n"
    "    GRANT UPDATE (used_s) ON known_place TO gatehouse_service;\n"
    "    GRANT UPDATE (name, address, user_agent, detail) ON audit TO gatehouse_service;\n"
    "    GRANT UPDATE (state, changed_s) ON signing_key TO gatehouse_service;\n"
    "    GRANT UPDATE (swept_id) ON change_swept TO gatehouse_service;\n"
    "\n"
    "    GRANT SELECT ON schema_migration, user_cutoff, token_life, ended_session, revoked_token, attempt, login,\n"
    "        known_place, audit, change_swept TO gatehouse_readonly;\n"
    "    GRANT SELECT (name) ON secret TO gatehouse_readonly;\n"
    "    GRANT SELECT (id, name, email, password_n, password_s, roles, tier, disabled, created_s, changed_s,\n"
    "        last_login_s) ON account TO gatehouse_readonly;\n"
    "    GRANT SELECT (id, user_id, kind, device, number, rotated_s, created_s, used_s, used_h, expires_s, idle_s,\n"
    "        address, user_agent) ON session TO gatehouse_readonly;\n"
    "    GRANT SELECT (id, user_id, name, prefix, confirmed, created_s, used_s, used_h, expires_s) ON device\n"
    "        TO gatehouse_readonly;\n"
    "    GRANT SELECT (id, user_id, name, start, scopes, tier, networks, created_s, used_s, expires_s, replaced_by)\n"
    "        ON api_key TO gatehouse_readonly;\n"
    "    GRANT SELECT (place, kid, algorithm, state, created_s, changed_s) ON signing_key TO gatehouse_readonly;\n"
    "    GRANT SELECT (tx, id, at_s) ON change TO gatehouse_readonly;\n"
    "END $do$",
};
const gh_pg_texts_list gh_pg_grants = {grants, GH_COUNT(grants)};

static const char head[] =
    "-- The roles of Gatehouse's records in PostgreSQL:\n"
    "--   gatehouse_owner     owns the schema; `gatehouse records migrate` and `move` are done as this one\n"
    "--   gatehouse_service   what every node connects as (postgresql.url): reads, and writes what it has to\n"
    "--   gatehouse_readonly  for people and reports: reads everything but secrets, writes nothing\n"
    "--\n"
    "-- Once in a database, as a superuser:\n"
    "--   createdb gatehouse\n"
    "--   psql -d gatehouse -v ON_ERROR_STOP=1 -f roles.sql\n"
    "-- They have no passwords yet, and none belongs into a file. In psql:\n"
    "--   \\password gatehouse_owner\n"
    "--   \\password gatehouse_service\n"
    "-- Done again it does nothing. Give Gatehouse a database of its own: where others have tables in it, PUBLIC keeps its\n"
    "-- rights on the database and on the schema public, because they may need them.\n"
    "\n"
    "BEGIN;\n"
    "\n";

static const char *const roles[] = {
    "DO $do$\n"
    "BEGIN\n"
    "    IF to_regrole('gatehouse_owner') IS NULL THEN\n"
    "        CREATE ROLE gatehouse_owner LOGIN;\n"
    "    END IF;\n"
    "    IF to_regrole('gatehouse_service') IS NULL THEN\n"
    "        CREATE ROLE gatehouse_service LOGIN;\n"
    "    END IF;\n"
    "    IF to_regrole('gatehouse_readonly') IS NULL THEN\n"
    "        CREATE ROLE gatehouse_readonly LOGIN;\n"
    "    END IF;\n"
    "END $do$",

    "DO $do$\n"
    "DECLARE\n"
    "    owner text := (SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'gatehouse');\n"
    "BEGIN\n"
    "    IF owner IS NULL THEN\n"
    "        CREATE SCHEMA gatehouse AUTHORIZATION gatehouse_owner;\n"
    "    ELSIF owner <> 'gatehouse_owner' THEN\n"
    "        RAISE EXCEPTION USING MESSAGE = 'the schema gatehouse belongs to ' || owner,\n"
    "            HINT = 'If all that ' || owner || ' owns in this database is Gatehouse''s, do before:'\n"
    "                   ' REASSIGN OWNED BY ' || owner || ' TO gatehouse_owner';\n"
    "    END IF;\n"
    "END $do$",

    "DO $do$\n"
    "DECLARE\n"
    "    here text := quote_ident(current_database());\n"
    "BEGIN\n"
    "    EXECUTE 'GRANT CONNECT ON DATABASE ' || here || ' TO gatehouse_owner, gatehouse_service, gatehouse_readonly';\n"
    "    EXECUTE 'ALTER ROLE gatehouse_owner IN DATABASE ' || here || ' SET search_path = gatehouse';\n"
    "    EXECUTE 'ALTER ROLE gatehouse_service IN DATABASE ' || here || ' SET search_path = gatehouse';\n"
    "    EXECUTE 'ALTER ROLE gatehouse_readonly IN DATABASE ' || here || ' SET search_path = gatehouse';\n"
    "    EXECUTE 'ALTER ROLE gatehouse_readonly IN DATABASE ' || here || ' SET default_transaction_read_only = on';\n"
    "    IF EXISTS (SELECT FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace\n"
    "               WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND\n"
    "                   nspname NOT IN ('gatehouse', 'information_schema') AND left(nspname, 3) <> 'pg_') THEN\n"
    "        RAISE NOTICE 'others have tables in this database: PUBLIC keeps its rights on it';\n"
    "        RETURN;\n"
    "    END IF;\n"
    "    EXECUTE 'REVOKE ALL ON DATABASE ' || here || ' FROM PUBLIC';\n"
    "    IF to_regnamespace('public') IS NOT NULL THEN\n"
    "        REVOKE ALL ON SCHEMA public FROM PUBLIC;\n"
    "    END IF;\n"
    "    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN\n"
    "        -- large objects are the one thing that a role may make without any right\n"
    "        REVOKE EXECUTE ON FUNCTION lo_creat(integer), lo_create(oid), lo_from_bytea(oid, bytea) FROM PUBLIC;\n"
    "    END IF;\n"
    "END $do$",

    "SET LOCAL search_path = gatehouse",
};

static void put(gh_buf *out, const gh_pg_texts_list *list)
{
    for (unsigned i = 0; i < list->n; i++)
        gh_buf_printf(out, "%s;\n\n", list->text[i]);
}

void gh_pg_roles_put(gh_buf *out)
{
    static const gh_pg_texts_list list = {roles, GH_COUNT(roles)};
    gh_buf_lit(out, head);
    put(out, &list);
    put(out, &gh_pg_grants);
    gh_buf_lit(out, "COMMIT;\n");
}

static void put_version(gh_buf *out, unsigned version)
{
    gh_buf_printf(out, "-- version %u\n\n", version);
    put(out, &gh_pg_migrations[version - 1]);
    gh_buf_printf(
        out, "INSERT INTO schema_migration(version, at_s) VALUES(%u, extract(epoch FROM now())::bigint);\n\n",
        version);
}

void gh_pg_schema_put(gh_buf *out)
{
    gh_buf_printf(
        out,
        "-- The schema of Gatehouse's records in PostgreSQL, version %u, for a database that has none yet.\n"
        "-- As the owner:\n"
        "--   psql -d gatehouse -U gatehouse_owner -v ON_ERROR_STOP=1 -f schema.sql\n"
        "-- `gatehouse records migrate` does the same, and brings an older schema up to this version.\n\n"
        "BEGIN;\n\n"
        "SET LOCAL search_path = gatehouse;\n\n",
        gh_pg_schema_version());
    put(out, &gh_pg_schema_begin);
    for (unsigned version = 1; version <= gh_pg_schema_version(); version++)
        put_version(out, version);
    gh_buf_lit(out, "-- the rights of the roles in roles.sql, where they are there\n\n");
    put(out, &gh_pg_grants);
    gh_buf_lit(out, "COMMIT;\n");
}
