"""A node that is started while PostgreSQL is away: it waits for an outage's end, and ends where only an operator can help."""
import contextlib
import signal
import socket
import time

import pytest

from support import identity
from support.gateway import run
from support.identity import SECRET, settings
from support.servers import PASSWORD, PostgreSQL
from support.timing import eventually

WAITS = "waiting for it, and trying again"


@pytest.fixture(scope="module")
def postgresql():
    server = PostgreSQL()
    yield server
    server.close()


@pytest.fixture
def database(postgresql):
    yield postgresql.database(postgresql.template())
    postgresql.resume()
    if not postgresql.running():
        postgresql.start()


@pytest.fixture
def start(gatehouse, postgresql, database, shared_scripted, tmp_path):
    """Starts a node, and does not wait for it."""
    def begin(url=None):
        environment = {"SECRET_KEY": SECRET, "POSTGRESQL_URL": url or postgresql.url(database), "GATEHOUSE_POSTGRESQL_TIMEOUT": "300ms"}
        return gatehouse(settings(), shared_scripted(), env=environment, ready=False)
    return begin


@contextlib.contextmanager
def away(postgresql, how):
    getattr(postgresql, how)()
    yield
    postgresql.resume()
    if not postgresql.running():
        postgresql.start()


def waits(node):
    eventually(lambda: WAITS in node.stderr(), lambda: f"it says that it waits:\n{node.output()}", 20)


def listens(port):
    with contextlib.closing(socket.socket()) as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("how", ["stop", "pause"])
def test_it_waits_and_then_serves(start, postgresql, how):
    with away(postgresql, how):
        node = start()
        waits(node)
        for _ in range(20):
            assert not listens(node.port) and not listens(node.admin_port), "nothing is sent here yet"
            assert node.process.poll() is None
            time.sleep(0.1)
        [line] = [line for line in node.stderr().splitlines() if WAITS in line]
        assert line.startswith(f"gatehouse: PostgreSQL at 127.0.0.1:{postgresql.port}: "), "once, and where"
    node.wait_until_up()
    assert "PostgreSQL is there after" in node.stderr()
    assert node.metrics().value("gatehouse_server_up", server="postgresql") == 1
    assert node.stop() in (None, 0)


@pytest.mark.parametrize("how", ["stop", "pause"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_while_it_waits_it_ends(start, postgresql, how, number):
    with away(postgresql, how):
        node = start()
        waits(node)
        node.signal(signal.SIGHUP)
        time.sleep(0.2)
        assert node.process.poll() is None, "there is nothing to be read again"
        node.signal(number)
        assert node.wait() == 0
    assert "told to stop while it waited for PostgreSQL" in node.stderr()


def test_too_many_connections_are_waited_for(start, postgresql, database):
    postgresql.execute("ALTER ROLE gatehouse_service CONNECTION LIMIT 0")
    try:
        node = start()
        waits(node)
        assert "(53300)" in node.stderr()
    finally:
        postgresql.execute("ALTER ROLE gatehouse_service CONNECTION LIMIT -1")
    node.wait_until_up()


@pytest.mark.parametrize("wrong, said", [
    ((PASSWORD, "no-lighthouse"), "(28P01)"),
    (("gatehouse_service", "gatehouse_stranger"), "(28P01)"),
    ((":PORT/", ":PORT/no_"), "(3D000)"),
])
def test_what_only_an_operator_can_help_is_not_waited_for(start, postgresql, database, wrong, said):
    before, after = (text.replace("PORT", str(postgresql.port)) for text in wrong)
    node = start(postgresql.url(database).replace(before, after))
    assert node.wait() == 1
    assert said in node.stderr() and WAITS not in node.stderr(), node.stderr()
    assert f"PostgreSQL at 127.0.0.1:{postgresql.port}: " in node.stderr()


def test_a_database_without_a_schema_is_not_waited_for(start, postgresql):
    database = postgresql.database()
    node = start(postgresql.url(database))
    assert node.wait() == 1
    assert "there is no schema of Gatehouse's in this database" in node.stderr() and WAITS not in node.stderr()


def test_another_secret_key_is_not_waited_for(start, gatehouse, postgresql, database, shared_scripted):
    start().wait_until_up().stop()
    environment = {"SECRET_KEY": SECRET[::-1], "POSTGRESQL_URL": postgresql.url(database)}
    node = gatehouse(settings(), shared_scripted(), env=environment, ready=False)
    assert node.wait() == 1
    assert "sealed with another secret_key" in node.stderr() and WAITS not in node.stderr()


@pytest.mark.parametrize("words", [("user", "list"), ("key", "rotate"), ("session", "list", "ann")])
def test_a_command_does_not_wait(start, postgresql, database, tmp_path, words):
    (tmp_path / "gatehouse.yaml").write_text(
        f"data: {{folder: {tmp_path}/data}}\nidentity: {{enabled: on}}\nupstreams: [{{name: api, servers: ['http://127.0.0.1:9']}}]\n")
    environment = {"SECRET_KEY": SECRET, "POSTGRESQL_URL": postgresql.url(database)}
    with away(postgresql, "stop"):
        done = run(*words, "-c", "gatehouse.yaml", cwd=tmp_path, env=environment)
    assert done.returncode == 1 and WAITS not in done.stderr
    assert f"PostgreSQL at 127.0.0.1:{postgresql.port}: nobody listens there" in done.stderr, done.stderr
    assert "disk" not in done.stderr


@pytest.mark.parametrize("words", [("user", "list"), ("key", "rotate"), ("key", "list")])
def test_a_command_at_a_running_node_says_who_is_away(start, postgresql, words):
    node = start().wait_until_up()
    with away(postgresql, "stop"):
        done = run(*words, "--data", identity.data_folder(node), cwd=node.folder)
        assert done.returncode == 1 and "disk" not in done.stderr
        assert f"PostgreSQL at 127.0.0.1:{postgresql.port}: " in done.stderr, done.stderr
