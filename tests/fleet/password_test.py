"""The password of PostgreSQL is changed while a node runs: a reload, and no restart."""
import contextlib
import signal

import pytest

from support import identity
from support.gateway import run
from support.identity import SECRET, settings
from support.servers import PASSWORD, PostgreSQL
from support.timing import eventually

FRESH = "four-loud-foghorns"


class Place:
    def __init__(self, start, scripted, folder):
        self.postgresql = PostgreSQL()
        self.database = self.postgresql.database(self.postgresql.template())
        self.secret = folder / "password"
        self.keep(PASSWORD)
        self.url = folder / "url"
        self.name("gatehouse_service")
        environment = {"SECRET_KEY": SECRET, "POSTGRESQL_URL_FILE": str(self.url), "POSTGRESQL_PASSWORD_FILE": str(self.secret)}
        self.node = start(settings(), scripted(), folder=folder, env=environment)

    def keep(self, password):
        self.secret.write_text(password + "\n")
        self.secret.chmod(0o600)

    def name(self, user):
        self.url.write_text(self.postgresql.url(self.database).replace(f"gatehouse_service:{PASSWORD}@", f"{user}@") + "\n")
        self.url.chmod(0o600)

    def change(self, password):
        self.postgresql.execute("ALTER ROLE gatehouse_service PASSWORD %s", (password,))

    def end_connections(self):
        """All of the node's; they are gone then."""
        gone = self.pids()
        self.postgresql.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gatehouse_service'")
        eventually(lambda: not gone & self.pids(), "they are ended", 20)

    def pids(self):
        return {pid for pid, in self.postgresql.execute("SELECT pid FROM pg_stat_activity WHERE usename = 'gatehouse_service'")}

    def command(self, *words, **kwargs):
        return run(*words, "--data", identity.data_folder(self.node), cwd=self.node.folder, **kwargs)

    def works(self):
        """It writes, and reads. What was under way on two connections that were ended one after the other is not done; the next
        time it is."""
        def both():
            assert self.command("key", "rotate").returncode in (0, 1)
            return self.command("user", "list").returncode == 0
        eventually(both, lambda: f"it works:\n{self.node.output()}", 20)

    def up(self):
        return self.node.metrics().value("gatehouse_server_up", server="postgresql")

    def events(self, *names):
        return [e["event"] for e in self.node.log() if e.get("event") in names]


@pytest.fixture
def place(gatehouse, shared_scripted, tmp_path):
    made = Place(gatehouse, shared_scripted, tmp_path)
    with contextlib.closing(made.postgresql):
        yield made
        made.node.stop()


def test_a_reload_takes_the_new_one(place):
    place.works()
    place.change(FRESH)
    place.keep(FRESH)
    place.node.reload()
    eventually(lambda: place.events("reloaded", "reload_refused"), "the reload is over", 20)
    assert place.events("reloaded", "reload_refused", "restart_needed") == ["reloaded"]
    for _ in range(3):
        place.end_connections()
        place.works()
    eventually(lambda: place.up() == 1, "the feed has a connection, too", 20)
    assert "28P01" not in place.node.output(), "it was refused"
    assert FRESH not in place.node.output()


def test_a_node_that_was_shut_out_comes_back_by_a_reload(place):
    """The new one was set, and the connections ended, before anybody told the node."""
    place.change(FRESH)
    place.end_connections()
    eventually(lambda: place.up() == 0, "it can't get in", 20)
    assert "postgresql.password" in next(e["text"] for e in place.node.log() if e.get("event") == "records_unavailable")
    place.keep(FRESH)
    place.node.signal(signal.SIGHUP)
    eventually(lambda: place.up() == 1, "it is in again", 20)
    place.works()
    eventually(lambda: place.events("reloaded", "reload_refused"), "the reload is over", 20)
    assert place.events("reloaded", "reload_refused") == ["reloaded"]


def test_a_wrong_one_is_said_at_once(place):
    """Not when a connection is next made: until then all goes on with those that stand."""
    place.works()
    place.keep("not-this-one")
    place.node.reload()
    refused = eventually(lambda: [e for e in place.node.log() if e.get("event") == "postgresql_password_refused"], "it is said", 20)
    assert len(refused) == 1 and refused[0]["level"] == "error" and "postgresql.password" in refused[0]["text"], refused
    assert "not-this-one" not in place.node.output()
    place.change(FRESH)
    place.keep(FRESH)
    place.node.reload()
    eventually(lambda: len(place.events("postgresql_password_changed")) == 2, "it has the right one", 20)
    place.end_connections()
    place.works()
    assert len(place.events("postgresql_password_refused")) == 1


def test_without_a_new_one_the_one_before_stays(place):
    place.node.reload()
    place.end_connections()
    place.works()
    assert place.events("restart_needed") == []


def test_the_password_of_another_user_waits_for_the_restart(place):
    """As AWS rotates with two users that take turns: until the restart the node is the one before, whose password still holds."""
    place.name("gatehouse_other")
    place.keep(FRESH)
    place.node.reload()
    eventually(lambda: place.events("reloaded", "reload_refused"), "the reload is over", 20)
    eventually(lambda: place.events("restart_needed"), "it is said", 20)
    place.end_connections()
    place.works()
    eventually(lambda: place.up() == 1, "the feed has a connection, too", 20)
    assert "28P01" not in place.node.output(), "it was refused"
