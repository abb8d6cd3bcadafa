"""What the roles of sql/postgresql/roles.sql can't do, by trying; and that the files are what the program prints."""
import collections
import contextlib
import re

import psycopg2
import pytest

from support import records, statements
from support.gateway import run
from support.records import OWNER, READONLY, SERVICE, SQL

TABLES = ["account", "api_key", "attempt", "audit", "change", "change_swept", "device", "ended_session", "key_generation", "known_place", "login",
          "revoked_token", "schema_migration", "secret", "session", "signing_key", "token_life", "user_cutoff", "worker"]
# What would let somebody in, or open what is sealed.
SECRETS = {("account", "hash"), ("session", "hash"), ("session", "before_hash"), ("session", "sealed"), ("device", "hash"),
           ("api_key", "hash_of_key"), ("secret", "value"), ("signing_key", "nonce"), ("signing_key", "sealed"),
           ("key_generation", "nonce"), ("key_generation", "sealed"), ("change", "effect")}


@pytest.fixture(scope="module")
def place(postgresql):
    with postgresql.made() as name:
        # behind roles.sql, which has taken its rights from PUBLIC as nothing else was there
        postgresql.execute("CREATE SCHEMA other", database=name)
        postgresql.execute("CREATE TABLE other.things(a int)", database=name)
        postgresql.execute("INSERT INTO other.things VALUES (1)", database=name)
        yield name


def refused(server, place, role, statement):
    with server.session(place, role) as cursor:
        cursor.execute("SET default_transaction_read_only = off")  # who says so gets no further
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute(statement)


# --- the files

@pytest.mark.parametrize("name", ["schema", "roles"])
def test_the_file_is_what_the_program_prints(name, tmp_path):
    done = run("records", name, cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout == (SQL / f"{name}.sql").read_text(), f"gatehouse records {name} > sql/postgresql/{name}.sql"


def test_no_password_is_in_a_file():
    for file in SQL.iterdir():
        for line in file.read_text().splitlines():
            assert "password '" not in line.lower() and (not re.search(r"\bpassword\b", line, re.I) or line.startswith("--")), line


def grants(server, name):
    return server.execute("SELECT relname, relacl::text, (SELECT array_agg(attname || ' ' || attacl::text ORDER BY attname) FROM pg_attribute "
                          "WHERE attrelid = c.oid AND attacl IS NOT NULL) FROM pg_class c WHERE relnamespace = 'gatehouse'::regnamespace "
                          "ORDER BY relname", database=name)


def test_done_again_nothing_changes(postgresql, database):
    before = grants(postgresql, database)
    assert [row[0] for row in before if row[1] and SERVICE in row[1]] == TABLES
    postgresql.psql(database, SQL / "roles.sql")
    assert grants(postgresql, database) == before


def test_a_schema_that_is_there_already_is_left_alone(postgresql, database):
    assert "already exists" in postgresql.psql(database, SQL / "schema.sql", user=OWNER, expect=3)
    assert postgresql.execute("SELECT count(*) FROM gatehouse.schema_migration", database=database) == [(1,)]


def test_what_a_superuser_makes_is_the_owners(postgresql):
    with postgresql.made(schema=False) as name:
        postgresql.psql(name, SQL / "schema.sql", user="postgres")
        assert postgresql.execute("SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace",
                                  database=name) == [(OWNER,)]
        with postgresql.session(name) as cursor:
            cursor.execute("SELECT count(*) FROM account")


def test_a_schema_of_somebody_elses_is_told_how_to_change_hands(postgresql):
    name = postgresql.database()
    try:
        postgresql.execute("DROP ROLE IF EXISTS app")
        postgresql.execute("CREATE ROLE app LOGIN PASSWORD 'x'")
        postgresql.execute(f"GRANT CREATE ON DATABASE {name} TO app")
        with postgresql.session(name, "postgres") as cursor:  # one role does everything
            cursor.execute("SET ROLE app")
            cursor.execute("\n".join(line for line in (SQL / "schema.sql").read_text().splitlines()))
        said = postgresql.psql(name, SQL / "roles.sql", expect=3)
        assert "belongs to app" in said and "REASSIGN OWNED BY app TO gatehouse_owner" in said
        postgresql.execute("REASSIGN OWNED BY app TO gatehouse_owner", database=name)
        postgresql.roles(name)
        with postgresql.session(name) as cursor:
            cursor.execute("SELECT count(*) FROM account")
        refused(postgresql, name, SERVICE, "DELETE FROM audit")
    finally:
        postgresql.drop(name)


def test_a_database_of_ones_own_is_closed_to_others(postgresql, place):
    postgresql.execute("DROP ROLE IF EXISTS stranger")
    postgresql.execute("CREATE ROLE stranger LOGIN PASSWORD %s", (records.PASSWORD,))
    with pytest.raises(psycopg2.OperationalError, match="permission denied for database"), postgresql.session(place, "stranger"):
        pass


def test_a_shared_database_stays_open_to_who_was_there(postgresql):
    postgresql.execute("DROP ROLE IF EXISTS neighbour")
    postgresql.execute("CREATE ROLE neighbour LOGIN PASSWORD %s", (records.PASSWORD,))
    name = postgresql.database()
    try:
        postgresql.execute("CREATE TABLE public.orders(a int)", database=name)
        postgresql.execute("GRANT SELECT ON public.orders TO neighbour", database=name)
        postgresql.roles(name)
        postgresql.psql(name, SQL / "schema.sql", user=OWNER)
        with postgresql.session(name, "neighbour") as cursor:
            cursor.execute("SELECT count(*) FROM public.orders")
        refused(postgresql, name, "neighbour", "SELECT * FROM gatehouse.account")
        refused(postgresql, name, SERVICE, "SELECT * FROM public.orders")
    finally:
        postgresql.drop(name)


# --- none of them is more than it seems

@pytest.mark.parametrize("role", [OWNER, SERVICE, READONLY])
def test_it_has_no_powers_of_its_own(role, postgresql, place):
    assert postgresql.execute("SELECT rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls FROM pg_roles WHERE rolname = %s",
                              (role,)) == [(False,) * 5]
    assert postgresql.execute("SELECT count(*) FROM pg_auth_members WHERE member = %s::regrole OR roleid = %s::regrole", (role, role)) == [(0,)]


EVERYBODY = [
    "SELECT * FROM pg_authid", "SELECT * FROM pg_shadow", "SELECT * FROM other.things", "INSERT INTO other.things VALUES (2)",
    "CREATE TABLE public.t(a int)", "CREATE TABLE other.t(a int)", "CREATE SCHEMA mine", "CREATE TEMP TABLE t(a int)",
    "CREATE ROLE mine", "ALTER ROLE postgres PASSWORD 'x'", "SET ROLE postgres", "CREATE EXTENSION file_fdw", "CREATE DATABASE mine",
    "SELECT lo_create(0)", "SELECT lo_creat(-1)", "SELECT lo_from_bytea(0, '')", "SELECT lo_import('/etc/passwd')",
    "SELECT pg_read_file('/etc/passwd')", "COPY (SELECT 1) TO PROGRAM 'true'", "COPY (SELECT 1) TO '/tmp/gatehouse-x'",
    "ALTER SYSTEM SET fsync = off", "SELECT pg_reload_conf()", "CREATE EVENT TRIGGER t ON ddl_command_start EXECUTE FUNCTION f()",
    "DROP SCHEMA other CASCADE", "COMMENT ON SCHEMA other IS 'x'"]


@pytest.mark.parametrize("statement", EVERYBODY)
@pytest.mark.parametrize("role", [OWNER, SERVICE, READONLY])
def test_nobody_of_them_can(role, statement, postgresql, place):
    refused(postgresql, place, role, statement)


def test_another_ones_role_can_not_be_taken(postgresql, place):
    for role in (SERVICE, READONLY):
        for other in {OWNER, SERVICE, READONLY} - {role}:
            refused(postgresql, place, role, f"SET ROLE {other}")


# --- the service

CHANGES_NOTHING = [
    "CREATE TABLE gatehouse.t(a int)", "CREATE VIEW gatehouse.v AS SELECT 1", "CREATE FUNCTION gatehouse.f() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE INDEX ON account(tier)", "CREATE SEQUENCE gatehouse.s", "DROP TABLE account", "DROP INDEX session_user_id", "DROP SCHEMA gatehouse CASCADE",
    "ALTER TABLE account ADD COLUMN x int", "ALTER TABLE account DISABLE TRIGGER ALL", "ALTER TABLE audit OWNER TO gatehouse_service",
    "ALTER SCHEMA gatehouse RENAME TO x", "CREATE RULE r AS ON DELETE TO audit DO INSTEAD NOTHING", "REINDEX TABLE account",
    "CREATE TRIGGER t BEFORE INSERT ON account EXECUTE FUNCTION suppress_redundant_updates_trigger()", "CLUSTER account USING account_pkey",
    "SELECT setval('audit_id_seq', 1)", "SELECT nextval('audit_id_seq')", "GRANT SELECT ON account TO PUBLIC WITH GRANT OPTION",
    *(f"TRUNCATE {table}" for table in TABLES)]
NOT_THE_SERVICES = [
    "DELETE FROM audit", "UPDATE audit SET event = 'x'", "UPDATE audit SET at_s = 0", "UPDATE audit SET user_id = 1", "UPDATE audit SET decision = 'x'",
    "UPDATE audit SET actor_user = 1", "UPDATE audit SET id = DEFAULT", "UPDATE account SET id = 1", "UPDATE account SET name = 'x'",
    "UPDATE account SET created_s = 1", "UPDATE session SET user_id = 1", "UPDATE session SET expires_s = 1", "UPDATE device SET hash = ''",
    "UPDATE device SET user_id = 1", "UPDATE api_key SET hash_of_key = ''", "UPDATE api_key SET user_id = 1", "UPDATE api_key SET scopes = 'x'",
    "UPDATE signing_key SET kid = ''", "UPDATE secret SET name = ''", "DELETE FROM secret", "UPDATE change SET effect = ''",
    "UPDATE login SET user_id = 1", "DELETE FROM change_swept", "INSERT INTO change_swept VALUES (2, 2)", "DELETE FROM schema_migration",
    "INSERT INTO schema_migration VALUES (99, 0)", "UPDATE schema_migration SET version = 0"]


@pytest.mark.parametrize("statement", CHANGES_NOTHING + NOT_THE_SERVICES)
def test_the_service_can_not(statement, postgresql, place):
    if statement.startswith("GRANT"):  # PostgreSQL only warns
        with postgresql.session(place) as cursor:
            with contextlib.suppress(psycopg2.Error):
                cursor.execute(statement)
        assert not [row for row in grants(postgresql, place) if row[1] and re.search(r"[{,]=", row[1])]
        return
    refused(postgresql, place, SERVICE, statement)


def needed():
    """{(table, right): columns} as the statements have it; columns only of UPDATE."""
    found = collections.defaultdict(set)
    for name, statement in statements.of_postgres().items():
        text = re.sub(r"'[^']*'", "''", statement.text or "")
        if name == "SCHEMA_NEXT" or name.startswith("MOVE_"):
            text = ""  # the owner's
        for table in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE) (\w+)", text):
            if table in TABLES:
                found[table, "SELECT"] = {"*"}
        for table, rest in re.findall(r"\bINSERT INTO (\w+)(.*)", text):
            found[table, "INSERT"] = {"*"}
            for columns in re.findall(r"DO UPDATE SET (.*)", rest):
                found[table, "UPDATE"] |= set(re.findall(r"(?:^|, )(\w+) =", columns))
        for table, columns in re.findall(r"\bUPDATE (\w+) SET (.*?) WHERE", text):
            found[table, "UPDATE"] |= set(re.findall(r"(?:^|, )(\w+) =", columns))
        for table in re.findall(r"\bDELETE FROM (\w+)", text):
            found[table, "DELETE"] = {"*"}
    return dict(found)


def test_the_service_may_do_what_its_statements_do_and_no_more(postgresql, place):
    given = collections.defaultdict(set)
    for table, right in postgresql.execute("SELECT table_name, privilege_type FROM information_schema.role_table_grants WHERE grantee = %s",
                                           (SERVICE,), database=place):
        given[table, right] = {"*"}
    for table, column, right in postgresql.execute("SELECT table_name, column_name, privilege_type FROM information_schema.role_column_grants "
                                                   "WHERE grantee = %s", (SERVICE,), database=place):
        if given[table, right] != {"*"}:
            given[table, right].add(column)
    wanted = needed()
    assert {key: sorted(value) for key, value in given.items()} == {key: sorted(value) for key, value in wanted.items()}


# --- the reader

@pytest.mark.parametrize("table", TABLES)
def test_the_reader_writes_nothing(table, postgresql, place):
    columns = [row[0] for row in postgresql.execute("SELECT column_name FROM information_schema.columns WHERE table_schema = 'gatehouse' "
                                                    "AND table_name = %s AND is_generated = 'NEVER' AND is_identity = 'NO'", (table,), database=place)]
    for statement in (f"INSERT INTO {table} DEFAULT VALUES", f"UPDATE {table} SET {columns[0]} = NULL", f"DELETE FROM {table}",
                      f"TRUNCATE {table}", f"DROP TABLE {table}", f"ALTER TABLE {table} ADD COLUMN x int",
                      f"SELECT 1 FROM {table} FOR UPDATE", f"SELECT 1 FROM {table} FOR KEY SHARE"):
        refused(postgresql, place, READONLY, statement)


def test_the_readers_transactions_are_read_only_by_themselves(postgresql, place):
    with postgresql.session(place, READONLY) as cursor, pytest.raises(psycopg2.errors.ReadOnlySqlTransaction):
        cursor.execute("CREATE TEMP TABLE t(a int)")


@pytest.mark.parametrize("statement", CHANGES_NOTHING)
def test_the_reader_can_not(statement, postgresql, place):
    if not statement.startswith("GRANT"):
        refused(postgresql, place, READONLY, statement)


def test_the_reader_sees_everything_but_secrets(postgresql, place):
    columns = postgresql.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'gatehouse'", database=place)
    assert SECRETS <= set(columns)
    for table, column in columns:
        if (table, column) in SECRETS:
            refused(postgresql, place, READONLY, f"SELECT {column} FROM {table}")
            refused(postgresql, place, READONLY, f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL")
        else:
            with postgresql.session(place, READONLY) as cursor:
                cursor.execute(f"SELECT {column} FROM {table}")


def test_every_column_that_could_be_a_secret_was_thought_of(postgresql, place):
    """A new column of bytes is a secret, or is named here."""
    bytes_of_others = {("attempt", "who"), ("attempt", "place"), ("login", "who"), ("login", "place"), ("known_place", "place"),
                       ("device", "prefix"), ("session", "address"), ("audit", "address"), ("audit", "spool_id")}
    found = set(postgresql.execute("SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'gatehouse' "
                                   "AND data_type = 'bytea'", database=place))
    assert found - SECRETS == bytes_of_others
