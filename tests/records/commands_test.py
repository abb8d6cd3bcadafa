"""`gatehouse records migrate` and `check`: what they do, whom they refuse, what they say."""
import concurrent.futures
import json

import pytest

from support import records
from support.gateway import run
from support.records import LOGIN, OWNER, PASSWORD, READONLY, SERVICE
from support.servers import Authorities

# What a configuration needs besides, to be whole.
NODE = {"SECRET_KEY": "5" * 64, "GATEHOUSE_IDENTITY_ENABLED": "on"}


@pytest.fixture
def command(tmp_path):
    def command(*words, status=0, env=None, **more):
        done = run(*words, cwd=tmp_path, env=LOGIN if env is None else env, **more)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done
    return command


def version(server, name):
    return server.execute("SELECT count(*), max(version) FROM gatehouse.schema_migration", database=name)


# --- migrate

def test_the_owner_makes_the_schema_once(postgresql, bare, command):
    assert "the schema was made, version 1" in command("records", "migrate", postgresql.at(bare)).stdout
    assert "is version 1 already" in command("records", "migrate", postgresql.at(bare)).stdout
    assert version(postgresql, bare) == [(1, 1)]


def structure(server, name):
    """Tables, columns, indexes, constraints and rights."""
    return [server.execute(statement, database=name) for statement in (
        "SELECT table_name, column_name, ordinal_position, data_type, column_default, is_nullable, collation_name, is_identity, "
        "generation_expression FROM information_schema.columns WHERE table_schema = 'gatehouse' ORDER BY 1, 2",
        "SELECT indexdef FROM pg_indexes WHERE schemaname = 'gatehouse' ORDER BY 1",
        "SELECT conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'gatehouse'::regnamespace ORDER BY 1, 2",
        "SELECT relname, reloptions, relacl::text, relowner::regrole::text FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace ORDER BY 1",
        "SELECT attrelid::regclass::text, attname, attacl::text FROM pg_attribute WHERE attacl IS NOT NULL ORDER BY 1, 2",
        "SELECT nspacl::text FROM pg_namespace WHERE nspname = 'gatehouse'", "SELECT version FROM gatehouse.schema_migration")]


def test_it_is_the_schema_of_the_file(postgresql, bare, database, command):
    command("records", "migrate", postgresql.at(bare))
    assert structure(postgresql, bare) == structure(postgresql, database)


def test_many_at_once_make_it_once(postgresql, bare, command):
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: command("records", "migrate", postgresql.at(bare)), range(8)))
    assert all("version 1" in d.stdout for d in done)
    assert version(postgresql, bare) == [(1, 1)]


def test_a_service_is_told_whom_to_ask(postgresql, bare, command):
    said = command("records", "migrate", postgresql.at(bare, SERVICE), status=1).stderr
    advice = f"gatehouse records migrate '{postgresql.at(bare)}'"
    assert "there is no schema" in said and "the role gatehouse_service may not make it" in said and advice in said
    command(*advice.replace("'", "").split()[1:])  # as it was told
    assert "is version 1 already" in command("records", "migrate", postgresql.at(bare, SERVICE)).stdout


def test_without_any_roles_it_is_told_how_to_make_them(postgresql, command):
    name = postgresql.database()
    try:
        postgresql.execute("DROP ROLE IF EXISTS nobody_yet")
        postgresql.execute("CREATE ROLE nobody_yet LOGIN PASSWORD %s", (PASSWORD,))
        said = command("records", "migrate", postgresql.at(name, "nobody_yet"), status=1).stderr
        assert f"gatehouse records roles | psql -v ON_ERROR_STOP=1 -d {name}" in said
        assert f"gatehouse records migrate '{postgresql.at(name)}'" in said
    finally:
        postgresql.drop(name)


def test_one_role_that_may_do_all_needs_no_others(postgresql, command):
    name = postgresql.database()
    try:
        postgresql.execute("DROP ROLE IF EXISTS single")
        postgresql.execute("CREATE ROLE single LOGIN PASSWORD %s", (PASSWORD,))
        postgresql.execute(f"ALTER DATABASE {name} OWNER TO single")
        command("records", "migrate", postgresql.at(name, "single"))
        # gatehouse_service is there in this cluster, and has nothing to do with this database
        assert postgresql.execute("SELECT count(*) FROM information_schema.role_table_grants WHERE grantee <> 'single' AND "
                                  "table_schema = 'gatehouse'", database=name) == [(0,)]
    finally:
        postgresql.drop(name)


def nodes(gatehouse, url, n=1, **more):
    return [gatehouse({"identity": {"enabled": True}}, upstream="http://127.0.0.1:9", env={**NODE, "POSTGRESQL_URL": url}, ready=False, **more)
            for _ in range(n)]


def test_a_node_that_may_not_is_told_whom_to_ask(postgresql, bare, gatehouse):
    node, = nodes(gatehouse, postgresql.at(bare, SERVICE, PASSWORD))
    assert node.wait() != 0
    assert f"gatehouse records migrate '{postgresql.at(bare)}'" in node.stderr() and PASSWORD not in node.stderr() + node.stdout()


def test_nodes_that_may_make_the_schema_at_their_start(postgresql, bare, gatehouse):
    """All at once, and one of them makes it."""
    for node in nodes(gatehouse, postgresql.at(bare, OWNER, PASSWORD), 3):
        node.wait_until_up()
    assert version(postgresql, bare) == [(1, 1)]


def test_a_newer_schema_is_refused(postgresql, database, command):
    postgresql.execute("INSERT INTO gatehouse.schema_migration VALUES (99, 0)", database=database)
    said = command("records", "migrate", postgresql.at(database), status=1).stderr
    assert "written by a newer Gatehouse (its schema is version 99, this one knows 1)" in said


def test_a_migration_is_whole_or_nothing(postgresql, bare, command):
    postgresql.psql(bare, text="SET ROLE gatehouse_owner; CREATE TABLE gatehouse.signing_key(a int)")  # comes late in it
    said = command("records", "migrate", postgresql.at(bare), status=1).stderr
    assert 'relation "signing_key" already exists' in said
    assert postgresql.execute("SELECT relname::text FROM pg_class WHERE relnamespace = 'gatehouse'::regnamespace", database=bare) == [("signing_key",)]
    postgresql.psql(bare, text="DROP TABLE gatehouse.signing_key")
    command("records", "migrate", postgresql.at(bare))


def test_the_url_may_name_another_schema(postgresql, bare, command):
    postgresql.psql(bare, text="CREATE SCHEMA other AUTHORIZATION gatehouse_owner")
    url = postgresql.at(bare, more="?options=-csearch_path%3Dother")
    command("records", "migrate", url)
    assert postgresql.execute("SELECT count(*) FROM other.account", database=bare) == [(0,)]
    assert json.loads(command("records", "check", url, "--json").stdout)["schema"] == "other"
    assert "none of Gatehouse's" in command("records", "check", postgresql.at(bare), status=1).stdout


def test_a_database_of_another_encoding_is_refused(postgresql, command):
    postgresql.execute("CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    try:
        postgresql.roles("latin")
        assert "the encoding of this database is not UTF8" in command("records", "migrate", postgresql.at("latin"), status=1).stderr
    finally:
        postgresql.drop("latin")


# --- where the URL and its password come from

PASSWORDS = ["postgresql://a:secret@127.0.0.1/x", "postgres://a:secret@127.0.0.1/x", "postgresql://a@127.0.0.1/x?password=secret",
             "postgresql://a@127.0.0.1/x?application_name=y&password=secret"]


@pytest.mark.parametrize("url", PASSWORDS)
@pytest.mark.parametrize("words", [("migrate", "{}"), ("check", "{}"), ("move", "--from", "{}", "--to", "/tmp/x"),
                                   ("move", "--from", "/tmp/x", "--to", "{}")])
def test_a_password_in_an_argument_is_refused(words, url, command):
    done = command("records", *[w.format(url) for w in words], status=2)
    assert "a password in an argument can be read by everybody" in done.stderr and "PGPASSFILE" in done.stderr
    assert "secret" not in done.stderr + done.stdout


def test_the_password_is_in_a_file_of_libpqs(postgresql, bare, command, tmp_path):
    file = tmp_path / "passwords"
    file.write_text(f"127.0.0.1:{postgresql.port}:*:{OWNER}:{PASSWORD}\n")
    file.chmod(0o600)
    command("records", "migrate", postgresql.at(bare), env={"PGPASSFILE": str(file)})


@pytest.mark.parametrize("how", ["file", "env", "config", "no argument"])
def test_the_whole_url_is_kept_elsewhere(how, postgresql, bare, command, tmp_path):
    url = postgresql.at(bare, password=PASSWORD)
    file = tmp_path / "url"
    file.write_text(url + "\n")
    file.chmod(0o600)
    words, env = {"file": ([f"file:{file}"], {}), "env": (["env:OWNER_URL"], {"OWNER_URL": url}),
                  "config": (["config"], {"POSTGRESQL_URL": url, **NODE}), "no argument": ([], {"POSTGRESQL_URL": url, **NODE})}[how]
    assert "was made" in command("records", "migrate", *words, env=env).stdout


def test_the_configurations_password_is_in_a_file(postgresql, bare, command, tmp_path):
    file = tmp_path / "password"
    file.write_text(PASSWORD)
    file.chmod(0o600)
    command("records", "migrate", env={"POSTGRESQL_URL": postgresql.at(bare), "POSTGRESQL_PASSWORD_FILE": str(file), **NODE})


@pytest.mark.parametrize("words, said", [
    (("file:/nowhere/at/all",), "/nowhere/at/all"), (("env:NOT_SET",), "NOT_SET is not set"), (("",), "a URL is wanted"),
    (("mysql://u@h/d",), "a URL is wanted"), ((), "no postgresql.url"), (("config",), "no postgresql.url"),
    (("file:/dev/null",), "/dev/null"), (("file:empty",), "empty"),
])
def test_what_is_no_url_is_said(words, said, command, tmp_path):
    (tmp_path / "empty").touch(0o600)
    assert said in command("records", "check", *words, status=2, env={}).stderr


# --- check

def test_check_says_how_it_is(postgresql, database, command):
    done = command("records", "check", postgresql.at(database, SERVICE))
    lines = dict(line.split(None, 1) for line in done.stdout.splitlines())
    assert lines["server"].startswith(f"127.0.0.1:{postgresql.port}, PostgreSQL 15.")
    assert lines["database"] == database and lines["role"] == SERVICE
    assert lines["schema"] == "gatehouse, version 1 (this Gatehouse needs 1)" and lines["TLS"].startswith("none")
    assert lines["latency"].endswith(" ms") and done.stderr == ""
    found = json.loads(command("records", "check", postgresql.at(database, SERVICE), "--json").stdout)
    assert found["role"] == SERVICE and found["tls"] is None and not found["owner"] and not found["superuser"]
    assert found["schema_version"] == found["known_version"] == 1 and found["latency_us"] > 0


def test_check_warns_of_a_role_that_may_too_much(postgresql, database, command):
    assert "needs less than this role may do" in command("records", "check", postgresql.at(database, OWNER)).stderr
    socket = f"postgresql://postgres@/{database}?host={postgresql.folder}&port={postgresql.port}"
    done = command("records", "check", socket)
    assert "a superuser" in done.stdout and "needs less" in done.stderr


def test_check_fails_where_a_node_could_not_work(postgresql, bare, database, command):
    assert "still to be made" in command("records", "check", postgresql.at(bare), status=1).stderr
    assert "as its owner" in command("records", "check", postgresql.at(bare, SERVICE), status=1).stderr
    postgresql.execute("INSERT INTO gatehouse.schema_migration VALUES (99, 0)", database=database)
    assert "a newer Gatehouse's" in command("records", "check", postgresql.at(database, SERVICE), status=1).stderr


@pytest.mark.parametrize("url, said", [
    ("postgresql://gatehouse_service@127.0.0.1:{port}/nowhere", "nowhere"),
    ("postgresql://nobody_here@127.0.0.1:{port}/postgres", "nobody_here"),
    ("postgresql://gatehouse_service@127.0.0.1:1/postgres", "127.0.0.1:1"),
    ("postgresql://gatehouse_service@no-such-host.invalid/postgres", "no-such-host.invalid"),
])
def test_check_says_why_it_can_not_connect(url, said, postgresql, database, command):
    done = command("records", "check", url.format(port=postgresql.port), status=1)
    assert said in done.stderr and done.stdout == ""


def test_the_reader_can_not_be_a_node(postgresql, database, command):
    said = command("records", "check", postgresql.at(database, READONLY), status=1).stderr
    assert "may not write the records" in said and "INSERT on account, api_key, attempt, audit" in said
    assert f"connect as {SERVICE}" in said and "only read" not in said
    with postgresql.made() as name:  # where roles.sql was done, its transactions are read-only by themselves
        done = command("records", "check", postgresql.at(name, READONLY), status=1)
        assert f"the role {READONLY} only read" in done.stderr and f"connect as {SERVICE}" in done.stderr
        assert "standby" not in done.stderr and f"role      {READONLY}" in done.stdout


@pytest.mark.parametrize("right", ["SELECT", "INSERT", "UPDATE", "DELETE"])
def test_a_right_that_is_missing_is_named(postgresql, database, command, right):
    postgresql.execute(f"REVOKE {right} ON gatehouse.session FROM {SERVICE}", database=database)
    assert f"it lacks {right} on session\n" in command("records", "check", postgresql.at(database, SERVICE), status=1).stderr


def test_where_a_password_is_looked_for_is_said(postgresql, database, command):
    assert "PGPASSFILE" in command("records", "check", postgresql.at(database, SERVICE), status=1, env={}).stderr


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    return Authorities(tmp_path_factory.mktemp("certificates"))


@pytest.mark.parametrize("wrong, words", [(None, None), ("authority", "not signed by a CA in"), ("name", "name"), ("expired", "expired on")])
def test_tls_is_verified(wrong, words, authorities, command):
    server = records.Server(tls=authorities.server(wrong))
    try:
        with server.made() as name:
            url = server.at(name, SERVICE, more=f"?sslmode=verify-full&sslrootcert={authorities.ca}")
            if wrong is None:
                found = json.loads(command("records", "check", url, "--json").stdout)
                assert found["tls"].startswith("TLSv1.") and found["cipher"] and found["sslmode"] == "verify-full"
                assert "verify-full" in command("records", "check", url).stdout
            else:
                said = command("records", "check", url, status=1).stderr
                assert words in said and said.count("\n") == 1
    finally:
        server.close()


# --- the command line

def test_the_group_explains_itself(command):
    text = command("records", "--help").stdout
    for word in ("roles", "schema", "migrate", "check", "move"):
        assert f"\n  {word}" in text
        assert command("records", word, "--help").stdout.startswith(command("records", "--help").stdout.split(f"\n  {word}")[1].split("\n")[0].strip())
    assert command("records", status=2).stdout == ""
    assert "did you mean records migrate" in command("records", "migrat", status=2).stderr
