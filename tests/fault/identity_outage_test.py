"""What happens to accounts when something they need is not there: room on the disk, the records themselves, the secret, time
to hash. What is known in memory goes on being served, what can't be written down is not promised, and a start that can't be
right says why it is not."""
import contextlib
import os
import re
import resource
import shutil
import sqlite3
import subprocess
import threading
import time

import pytest

from support import identity, message
from support.gateway import is_sanitized, merge
from support.hashing import at_normal_priority
from support.identity import ENV, PASSWORD, bearer, data_folder, problem, settings
from support.timing import eventually, guard

CHEAP = {"hash_time": 1}
NO_ATTEMPTS = {"max": 1000, "per_address": 100000, "per_account": 100000}
MINE = {"routes": [{"name": "mine", "path": "/mine", "require": {"user": True}}]}


def config(over=None, **rest):
    return settings(merge({"password": CHEAP, "attempts": NO_ATTEMPTS, "session": {"max_per_user": 0},
                           "api_keys": {"max_per_user": 10000}}, over or {}), **{**MINE, **rest})


@pytest.fixture
def start(gatehouse, scripted):
    """A gateway whose hashes are made however busy the machine is."""
    def start(over=None, rest=None, ready=True, **kwargs):
        gateway = gatehouse(config(over, **(rest or {})), scripted(), env=kwargs.pop("env", ENV), ready=ready, **kwargs)
        return at_normal_priority(gateway) if ready else gateway
    return start


def unavailable(answer, error="identity_unavailable"):
    problem(answer, 503, error)
    assert re.fullmatch("[1-9][0-9]*", answer.headers["Retry-After"]), answer.headers
    assert answer.json()["retry_after"] == int(answer.headers["Retry-After"])
    return True


# --- no room on the disk

class Tmpfs:
    """A file system of its own that is filled up."""

    def __init__(self, folder):
        self.folder = folder
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m,mode=700", "tmpfs", folder], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"no file system can be mounted: {done.stderr.strip()}")

    def fill(self, gateway):
        with open(self.folder / "filling", "wb", buffering=0) as file, contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * 4096)

    def make_room(self, gateway):
        (self.folder / "filling").unlink()

    def end(self):
        subprocess.run(["umount", "-l", self.folder], check=True)


class FileLimit:
    """No file may grow any more (RLIMIT_FSIZE)."""

    def __init__(self, folder):
        self.folder = folder

    def fill(self, gateway):
        # The log of the database may be as long as it is; all of its pages are soon used.
        length = (self.folder / "gatehouse.db-wal").stat().st_size
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (length, resource.RLIM_INFINITY))

    def make_room(self, gateway):
        resource.prlimit(gateway.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def end(self):
        pass


@pytest.fixture(params=[Tmpfs, FileLimit], ids=["file system", "file size"])
def disk(request, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir(mode=0o700)
    disk = request.param(folder)
    yield disk
    disk.end()


def test_a_full_disk_refuses_what_must_be_written_and_nothing_else(disk, gatehouse, scripted, request):
    gateway = at_normal_priority(gatehouse(config(data={"folder": str(disk.folder)}), scripted(), env=ENV))
    request.addfinalizer(gateway.process.kill)  # before its disk goes
    people = identity.People(gateway)
    ada = people.new()
    tokens, browser = ada.tokens(), ada.browser()
    headers = bearer(tokens["access_token"])
    key = {"X-API-Key": ada.api_key(headers)["key"]}

    disk.fill(gateway)
    made = []

    def full():
        answer = people.post("/keys", {"name": "until it is full"}, headers=headers)
        if answer.status_code == 201:
            made.append(answer.json()["key"])
            return False
        return unavailable(answer)
    eventually(full, "the disk is full", 60)

    def refused():
        unavailable(ada.login())
        unavailable(people.register())
        unavailable(people.post("/refresh", {"refresh_token": tokens["refresh_token"]}))
        unavailable(browser.at("POST", "/refresh"))
        unavailable(people.post("/keys", {"name": "one more"}, headers=headers))
        # What can't be written down has not ended: nobody is told that it has.
        unavailable(people.post("/logout", headers=headers))
        unavailable(people.http.post(people.at("/revoke"), data={"token": tokens["access_token"]}))

    def served():
        for credentials in (headers, key):
            assert gateway.get("/mine", headers=credentials).status_code == 200
            assert people.me(credentials).status_code == 200
        assert browser.http.get("/mine").status_code == 200 and browser.me().status_code == 200
        assert all(gateway.get("/mine", headers={"X-API-Key": k}).status_code == 200 for k in made[-3:])
        assert gateway.get("/mine").status_code == 401 and gateway.get("/open").status_code == 200
        assert people.get("/.well-known/jwks.json").status_code == 200
    for _ in range(2):
        refused()
        served()
    gateway.wait_for_log(lambda e: e.get("event") == "records_failing", "the records fail")
    assert gateway.metrics().value("gatehouse_records_failures_total") > 0
    assert gateway.metrics().value("gatehouse_identity_unavailable_total") >= 14

    disk.make_room(gateway)
    assert eventually(lambda: (a := ada.login()).status_code == 200 and a, "a login works again").json()["access_token"]
    gateway.wait_for_log(lambda e: e.get("event") == "records_recovered", "the records are well again")
    assert len([e for e in gateway.log() if e.get("event") == "records_failing"]) == 1  # said once, not for each
    served()
    fresh = people.post("/refresh", {"refresh_token": tokens["refresh_token"]})
    assert fresh.status_code == 200, "a refresh that was refused took the token along"
    assert people.post("/logout", headers=headers).status_code == 204
    assert people.me(headers).status_code == 401
    gateway.stop()
    with contextlib.closing(sqlite3.connect(disk.folder / "gatehouse.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("SELECT count(*) FROM api_key").fetchone()[0] == len(made) + 1


# --- a start that can't be right

def refuses_to_start(start, folder, *words, **kwargs):
    gateway = start(folder=folder, ready=False, **kwargs)
    assert gateway.wait(60) == 1, gateway.output()
    said = gateway.stderr()
    for word in words:
        assert word in said, said
    assert PASSWORD not in said and ENV["SECRET_KEY"] not in said
    return said


@pytest.fixture
def stopped(start):
    """The folder of a gateway that had an account and was stopped."""
    gateway = start()
    identity.People(gateway).new("ada")
    gateway.stop()
    return gateway


def works(start, gateway, **kwargs):
    again = start(folder=gateway.folder, **kwargs)
    people = identity.People(again)
    assert people.post("/login", {"username": "ada", "password": PASSWORD, "mode": "token"}).status_code == 200
    return again


def database_of(gateway):
    return data_folder(gateway) / "gatehouse.db"


def test_another_secret_is_refused(start, stopped):
    """A secret that was mistyped is not to turn all sessions and keys into nothing, without a word."""
    refuses_to_start(start, stopped.folder, "another secret_key", "SECRET_KEY_PREVIOUS",
                     env={"SECRET_KEY": ENV["SECRET_KEY"][::-1]})
    works(start, stopped)


def test_a_folder_in_use_is_refused(start):
    gateway = start()
    identity.People(gateway).new("ada")
    refuses_to_start(start, gateway.folder, "gatehouse is running on this folder", f"pid {gateway.process.pid}")
    assert identity.People(gateway).post("/login", {"username": "ada", "password": PASSWORD}).status_code == 200
    gateway.process.kill()  # who is killed leaves no lock
    gateway.wait()
    works(start, gateway)


def test_a_newer_schema_is_refused(start, stopped):
    identity.change(stopped, "INSERT INTO schema_migration(version, at_s) VALUES (999, 0)")
    refuses_to_start(start, stopped.folder, "gatehouse.db", "newer Gatehouse", "999")
    identity.change(stopped, "DELETE FROM schema_migration WHERE version = 999")
    works(start, stopped)


def test_another_programs_database_is_refused(start, stopped):
    for file in data_folder(stopped).glob("gatehouse.db*"):
        file.unlink()
    identity.change(stopped, "CREATE TABLE user(id INTEGER)")
    refuses_to_start(start, stopped.folder, "gatehouse.db", "another program")
    assert identity.query(stopped, "SELECT sql FROM sqlite_schema") == [("CREATE TABLE user(id INTEGER)",)]


@pytest.mark.parametrize("what", ["no database", "its head", "cut short", "its middle"])
def test_damaged_records_are_refused(start, stopped, what):
    path = database_of(stopped)
    kept = path.read_bytes()
    pages = len(kept) // 4096
    path.write_bytes({"no database": b"this is no database " * 500,
                      "its head": os.urandom(100) + kept[100:],
                      "cut short": kept[:4096 * (pages // 2)],
                      "its middle": kept[:4096] + b"\xff" * 4096 * (pages - 1)}[what])
    said = refuses_to_start(start, stopped.folder, "gatehouse.db")
    assert "is damaged" in said and "backup" in said, said
    path.write_bytes(kept)
    works(start, stopped)


def test_a_database_that_is_gone_while_its_log_is_there_is_refused(start):
    """What was acknowledged last may be in the log only, and SQLite removes a log without a database."""
    gateway = start()
    identity.People(gateway).new("ada")
    gateway.process.kill()
    gateway.wait()
    log = data_folder(gateway) / "gatehouse.db-wal"
    assert log.stat().st_size > 0
    shutil.move(database_of(gateway), gateway.folder / "moved")
    refuses_to_start(start, gateway.folder, "gatehouse.db", "is missing", "gatehouse.db-wal")
    assert log.stat().st_size > 0 and not database_of(gateway).exists()
    shutil.move(gateway.folder / "moved", database_of(gateway))
    works(start, gateway)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount")
def test_a_read_only_disk_is_refused(start, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir(mode=0o700)
    Tmpfs(disk)
    try:
        rest = {"data": {"folder": str(disk)}}
        gateway = start(rest=rest)
        identity.People(gateway).new("ada")
        gateway.stop()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        refuses_to_start(start, gateway.folder, str(disk), "Read-only file system", rest=rest)
        subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
        works(start, gateway, rest=rest).stop()
    finally:
        subprocess.run(["umount", "-l", disk], check=True)


def test_a_folder_in_place_of_the_records_is_refused(start, stopped):
    shutil.move(database_of(stopped), stopped.folder / "moved")
    database_of(stopped).mkdir()
    refuses_to_start(start, stopped.folder, "gatehouse.db")


def test_a_cookie_of_before_counts_after_a_restart(start):
    gateway = start()
    ada = identity.People(gateway).new("ada")
    session, refresh = ada.browser().session, ada.tokens()["refresh_token"]
    for kill in (False, True):
        if kill:
            gateway.process.kill()
            gateway.wait()
        else:
            gateway.stop()
        gateway = start(folder=gateway.folder)
        people = identity.People(gateway)
        me = people.me({"Cookie": f"session={session}"})
        assert me.status_code == 200 and me.json()["user"]["username"] == "ada"
        answer = people.post("/refresh", {"refresh_token": refresh})
        assert answer.status_code == 200
        refresh = answer.json()["refresh_token"]


# --- more logins than can be hashed

LOGIN = b'{"username":"ada","password":"%s","mode":"token"}'


def login_bytes(password=PASSWORD):
    return message.get("/api/auth/login", [("Content-Type", "application/json")], "POST", "localhost", LOGIN % password.encode())


class Crowd:
    """Many logins at once, each on a connection of its own."""

    def __init__(self, gateway, n):
        self.answers, self.failures, self._lock = [], [], threading.Lock()
        self.gateway = gateway
        self.threads = [threading.Thread(target=self._ask, daemon=True) for _ in range(n)]
        for thread in self.threads:
            thread.start()

    def _ask(self):
        try:
            answer = self.gateway.exchange(login_bytes())
            with self._lock:
                self.answers.append(answer)
        except (OSError, message.Truncated) as e:
            self.failures.append(repr(e))

    def join(self):
        for thread in self.threads:
            thread.join(guard(60))
            assert not thread.is_alive(), "a login hangs"
        assert self.failures == []
        return self.answers


def quiet(gateway):
    metrics = gateway.metrics()
    names = ("exchanges_open", "passwords_running", "passwords_queued", "records_queued")
    return all(metrics.value(f"gatehouse_{name}") == 0 for name in names)


def test_a_flood_of_logins_is_refused_within_its_memory(start):
    """Eight threads, room for two hashes, a short queue."""
    hashes, each = 2, 19 << 20
    gateway = start({"password": {"threads": 8, "memory": "40MiB", "queue": 4, "hash_time": 4}})
    people = identity.People(gateway)
    ada = people.new("ada")
    headers = ada.bearer()
    before, most, over = gateway.rss(), 0, threading.Event()

    def watch():
        nonlocal most
        while not over.is_set():
            most = max(most, gateway.rss())
            time.sleep(0.002)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    refused = 0
    for _ in range(2):
        crowd = Crowd(gateway, 24)
        answered = 0
        while any(t.is_alive() for t in crowd.threads):
            assert gateway.get("/mine", headers=headers).status_code == 200
            assert gateway.get("/open").status_code == 200
            assert gateway.metrics().value("gatehouse_passwords_running") <= hashes
            answered += 1
        assert answered > 0
        for answer in crowd.join():
            assert answer.status in (200, 503), answer.body
            if answer.status == 503:
                refused += 1
                assert answer.json()["error"] == "passwords_busy" and int(answer.get("Retry-After")) >= 1
                assert answer.json()["retry_after"] == int(answer.get("Retry-After"))
        assert any(a.status == 200 for a in crowd.answers)
    over.set()
    watcher.join()
    assert refused > 0 and gateway.metrics().value("gatehouse_passwords_refused_total") == refused
    eventually(lambda: quiet(gateway), "all is quiet")
    assert people.post("/login", {"username": "ada", "password": PASSWORD, "mode": "token"}).status_code == 200
    if not is_sanitized():
        assert most < before + hashes * each + (8 << 20), f"{before >> 20} MiB, then {most >> 20} MiB"


def test_who_leaves_while_a_login_is_hashed_leaves_nothing_behind(start):
    gateway = start({"password": {"threads": 1, "queue": 200}, "session": {"max_per_user": 5}})
    people = identity.People(gateway)
    people.new("ada")

    def leave(n):
        for i in range(n):
            stream = gateway.connect()
            stream.send(login_bytes(PASSWORD if i % 2 else "wrong, and long enough"))
            if i % 3 == 2:
                time.sleep(0.01)
            stream.reset() if i % 2 else stream.close()
        eventually(lambda: quiet(gateway), "all is quiet", 60)
    leave(20)
    rss, descriptors = gateway.rss(), gateway.descriptors()
    leave(40)
    assert gateway.descriptors() <= descriptors + 2
    if not is_sanitized():
        assert gateway.rss() - rss < 4 << 20
    assert people.post("/login", {"username": "ada", "password": PASSWORD, "mode": "token"}).status_code == 200
    gateway.stop()


def under_way(gateway, n):
    """n logins whose heads were read, one of them in the middle of being hashed."""
    before = gateway.metrics().value("gatehouse_requests_total")
    streams = [gateway.connect() for _ in range(n)]
    for stream in streams:
        stream.send(login_bytes())
    eventually(lambda: gateway.metrics().value("gatehouse_requests_total") == before + n, "all logins are there")
    eventually(lambda: gateway.metrics().value("gatehouse_passwords_running") == 1, "one of them is hashed")
    return streams


def test_a_stop_answers_the_logins_under_way(start):
    gateway = start({"password": {"threads": 1, "hash_time": 8}}, {"server": {"drain_timeout": "2m"}})
    identity.People(gateway).new("ada")
    streams = under_way(gateway, 6)
    gateway.stop()
    statuses = [stream.read_response().status for stream in streams]
    assert 200 in statuses and set(statuses) <= {200, 503}, statuses  # 503: waited longer than anybody may
    assert identity.query(gateway, "SELECT count(*) FROM session") == [(statuses.count(200),)]


def test_a_stop_that_may_not_wait_ends_with_logins_under_way(start):
    """Whoever was not answered may or may not be signed in; the process ends in peace."""
    gateway = start({"password": {"threads": 1, "hash_time": 10}}, {"server": {"drain_timeout": "0s"}})
    identity.People(gateway).new("ada")
    streams = under_way(gateway, 4)
    gateway.stop()
    for stream in streams:
        stream.read_to_end()
        stream.close()


def test_no_login_is_lost_at_a_reload(start):
    gateway = start()
    identity.People(gateway).new("ada")
    statuses, failures, stop = [], [], threading.Event()

    def sign_in():
        with gateway.connect() as stream:
            while not stop.is_set():
                stream.send(login_bytes())
                try:
                    answer = stream.read_response()
                except (OSError, message.Truncated) as e:
                    failures.append(repr(e))
                    return
                statuses.append(answer.status)
                if answer.status != 200:
                    failures.append(answer.body)
    threads = [threading.Thread(target=sign_in, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(5):
        done = len(statuses)
        gateway.reload()
        eventually(lambda: len(statuses) > done + 2, "logins go on", 60)
    stop.set()
    for thread in threads:
        thread.join(guard(30))
    assert failures == [] and set(statuses) == {200}
    assert gateway.metrics().value("gatehouse_reloads_total") == 5
