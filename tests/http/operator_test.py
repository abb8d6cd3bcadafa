"""The operator's commands: accounts, API keys, sessions, tokens and signing keys, on a running server by its admin socket
and on the data folder of one that is stopped."""
import base64
import hashlib
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import sqlite3
import stat
import subprocess
import time

import pytest

from support import identity
from support.gateway import BINARY, clean_environment, run
from support.timing import eventually, guard

PASSWORD = "nine purple walruses juggle"
OTHER = "seven yellow ferrets paddle"
CONFIG = {
    "identity": {"enabled": True, "token": {"refresh_grace": "0s"}},
    "routes": [{"name": "mine", "path": "/mine", "require": {"user": True}},
               {"name": "admins", "path": "/admins", "require": {"roles": ["admin"]}}],
}
ID = r"[0-9a-hjkmnp-tv-z]{13}"
NOBODY = 65534
is_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


class Place:
    """Where commands are run: in the folder of a server that runs, or of one that does not."""

    def __init__(self, folder, gateway=None):
        self.folder, self.gateway = pathlib.Path(folder), gateway

    def __call__(self, *words, stdin="", status=0, **kwargs):
        def ask():
            done = run(*words, cwd=self.folder, stdin=stdin, **kwargs)
            return None if identity.SETTLING in done.stderr else done
        done = eventually(ask, "all nodes know the next keys", 30)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def add(self, name, *options, password=PASSWORD):
        return self("user", "add", name, *options, stdin=password + "\n").stdout.strip()

    def json(self, *words, **kwargs):
        return json.loads(self(*words, "--json", **kwargs).stdout)

    def show(self, name):
        return self.json("user", "show", name)

    @property
    def data(self):
        return self.folder / "gatehouse-data"


@pytest.fixture
def stopped(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text(json.dumps({**CONFIG, "upstreams": [
        {"name": "api", "servers": ["http://127.0.0.1:1"]}]}))
    return Place(tmp_path)


@pytest.fixture
def running(gatehouse, scripted):
    gateway = gatehouse(CONFIG, scripted())
    return Place(gateway.folder, gateway)


@pytest.fixture(params=["stopped", "running"])
def place(request):
    return request.getfixturevalue(request.param)


def login(gateway, name, password=PASSWORD, mode="token"):
    return gateway.request("POST", "/api/auth/login", json={"username": name, "password": password, "mode": mode})


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


# --- where the server is

def test_a_running_server_is_asked_without_a_configuration(running, tmp_path):
    running.add("alice")
    done = run("user", "show", "alice", "--json", "--data", running.data, cwd=tmp_path)
    assert done.returncode == 0 and json.loads(done.stdout)["username"] == "alice", done.stderr
    (tmp_path / "gatehouse.yaml").write_text("serverr: {}\n")
    assert run("user", "show", "alice", "--data", running.data, cwd=tmp_path).returncode == 0
    done = run("user", "show", "alice", cwd=tmp_path)
    assert done.returncode == 2 and "gatehouse.yaml:1:1" in done.stderr and "--data FOLDER" in done.stderr


def test_a_stopped_server_needs_its_own_configuration_and_secret(stopped):
    stopped.add("alice")
    done = stopped("user", "show", "alice", "--data", stopped.data, status=1)
    assert str(stopped.data) in done.stderr and "no server answers there" in done.stderr
    with (stopped.folder / "gatehouse.yaml").open("r+") as file:
        config = {**json.load(file), "profile": "production", "hosts": {"allowed": ["api.example.com"]}, "data": {"folder": str(stopped.data)}}
        file.seek(0)
        json.dump(config, file)
    done = stopped("user", "show", "alice", status=2)
    assert "secret_key" in done.stderr and "the one the server has" in done.stderr and "--env-file" in done.stderr


# --- API keys: what is said

def test_a_key_with_a_scope_that_its_user_does_not_have(place):
    place.add("bob")
    done = place("key", "create", "bob", "--scope", "users:manage", "--json")
    assert "note: bob has no permission users:manage" in done.stderr
    done = place("key", "revoke", json.loads(done.stdout)["id"])
    assert done.stdout == "" and "is revoked" in done.stderr
    place.add("root", "--role", "admin")
    assert "note:" not in place("key", "create", "root", "--scope", "users:manage").stderr


# --- accounts

def test_an_account_is_made_and_shown(place):
    made = place.add("Alice", "--email", "Alice@Example.com", "--role", "admin", "--role", "user", "--tier", "premium")
    assert re.fullmatch(ID, made)
    for who in ("alice", "ALICE", "alice@example.com", made):
        user = place.show(who)
        assert user["id"] == made and user["username"] == "alice" and user["email"] == "alice@example.com"
        assert user["roles"] == ["admin", "user"] and user["tier"] == "premium"
        assert user["has_password"] and not user["disabled"] and user["last_login_at"] is None
    text = place("user", "show", "alice").stdout
    assert re.search(r"^roles +admin user$", text, re.M) and made in text
    assert place("user", "list").stdout.splitlines()[1].split()[:2] == ["alice", made]


def test_what_is_not_said_is_as_at_registration(place):
    place.add("bob")
    user = place.show("bob")
    assert user["roles"] == ["user"] and user["tier"] is None and user["email"] is None


def test_a_name_or_address_that_is_taken(place):
    place.add("alice", "--email", "a@example.com")
    for words in (["ALICE"], ["bob", "--email", "A@example.com"], ["a@example.com"]):
        done = place("user", "add", *words, stdin=PASSWORD, status=1)
        assert done.stdout == "" and "is taken by another account" in done.stderr
    assert len(place.json("user", "list")["users"]) == 1


@pytest.mark.parametrize("password,code", [
    ("zq8vKp", "too_short"), ("password1234567", "common"), ("aliceaprilalice1", "derived_from_user"), ("x" * 1025, "too_long")])
def test_a_weak_password_is_refused_with_the_reason(stopped, password, code):
    done = stopped("user", "add", "aliceapril", stdin=password + "\n", status=1)
    assert f"the password is refused ({code}): " in done.stderr and password not in done.stderr
    stopped("user", "show", "aliceapril", status=1)


def test_a_password_is_one_line(stopped):
    for text, words in (("", "it is empty"), ("\n", "it is empty"), ("one\ntwo\n", "it has more than one")):
        done = stopped("user", "add", "alice", stdin=text, status=1)
        assert f"must be one line, but {words}" in done.stderr
    with subprocess.Popen(["yes"], stdout=subprocess.PIPE) as yes:  # it is not waited for an end that never comes
        done = subprocess.run([BINARY, "user", "add", "alice"], cwd=stopped.folder, env=clean_environment(), stdin=yes.stdout,
                              capture_output=True, text=True, timeout=guard(20))
        yes.stdout.close()
    assert done.returncode == 1 and "more than" in done.stderr
    stopped.add("alice", password=PASSWORD + "\r")  # the line ends of other systems


def test_an_account_without_a_password(place):
    place("user", "add", "robot", "--no-password", stdin="")
    assert not place.show("robot")["has_password"]
    assert "no password" in place("user", "list").stdout


def test_secrets_are_no_arguments(stopped):
    for words in (["user", "add", "alice", "--password", PASSWORD], ["user", "add", "alice", PASSWORD],
                  ["user", "password", "alice", PASSWORD], ["token", "inspect", PASSWORD]):
        done = stopped(*words, status=2)
        assert "See: gatehouse " in done.stderr


def test_a_list_has_pages(place):
    for name in ("ann", "ben", "cid", "dan", "eve"):
        place("user", "add", name, "--no-password")
    first = place.json("user", "list", "--limit", "2")
    assert [u["username"] for u in first["users"]] == ["ann", "ben"] and first["next"] == "ben"
    rest = place.json("user", "list", "--after", first["next"])
    assert [u["username"] for u in rest["users"]] == ["cid", "dan", "eve"] and rest["next"] is None
    assert "--after ben" in place("user", "list", "--limit", "2").stderr


def test_roles_are_given_and_taken_away(place):
    place.add("alice")
    place("user", "role", "alice", "+admin", "-user", "+premium")
    assert place.show("alice")["roles"] == ["admin", "premium"]
    done = place("user", "role", "alice", "+admin", "-moderator")
    assert "has already the role admin" in done.stderr and "does not have the role moderator" in done.stderr
    assert place.show("alice")["roles"] == ["admin", "premium"]


def test_a_change_of_roles_is_whole_or_not_at_all(place):
    place.add("alice")
    done = place("user", "role", "alice", "+premium", "+amdin", status=2)
    assert 'there is no role "amdin"; did you mean admin?' in done.stderr
    assert place.show("alice")["roles"] == ["user"]


def test_tier_and_state(place):
    place.add("alice")
    place("user", "tier", "alice", "gold")
    assert place.show("alice")["tier"] == "gold"
    place("user", "tier", "alice", "none")
    assert place.show("alice")["tier"] is None
    place("user", "disable", "alice")
    assert place.show("alice")["disabled"]
    assert "already" in place("user", "disable", "alice").stderr
    place("user", "enable", "alice")
    assert not place.show("alice")["disabled"]


def test_an_account_is_erased(place):
    place.add("alice")
    place("key", "create", "alice")
    done = place("user", "erase", "alice", status=2)
    assert "--yes" in done.stderr and place.show("alice")["keys"] == 1
    place("user", "erase", "alice", "--yes")
    place("user", "show", "alice", status=1)
    assert place.json("key", "list")["keys"] == []


def test_the_export_of_a_user_has_what_the_operator_did(place):
    place.add("alice", "--email", "alice@example.com")
    place("user", "disable", "alice")
    known = json.loads(place("user", "export", "alice").stdout)
    assert known["user"]["email"] == "alice@example.com" and PASSWORD not in json.dumps(known)
    events = {e["event"]: e for e in known["events"]}
    assert {"register", "user_disable"} <= set(events)
    assert "address" not in events["user_disable"] and "by_user" not in events["user_disable"]  # by command


@pytest.mark.parametrize("words,status,says", [
    (["user", "show", "nobody"], 1, 'there is no user "nobody"'),
    (["user", "show", "alcie"], 1, 'there is no user "alcie"; did you mean alice?'),
    (["user", "show", "a\x1b[2Jb"], 1, r"a\u001b[2Jb"),
    (["user", "disable", "nobody"], 1, "there is no user"),
    (["user", "add", "a b"], 2, "has other characters"),
    (["user", "add", "x" * 65], 2, "is longer than 64 bytes"),
    (["user", "add", "bob", "--email", "nowhere"], 2, "is not an e-mail address"),
    (["user", "add", "bob", "--role", "usr"], 2, "did you mean user?"),
    (["user", "add", "bob", "--tier", "a/b"], 2, "the tier"),
    (["user", "add", "bob", "--tear", "x"], 2, "did you mean --tier?"),
    (["user", "list", "--limit", "0"], 2, "is not a number from 1 to 1000"),
    (["user", "list", "--limit", "many"], 2, "is not a number from 1 to 1000"),
    (["user", "role", "alice"], 2, "user role takes USER +ROLE|-ROLE..."),
    (["user", "role", "alice", "admin"], 2, "is no change of roles"),
    (["user", "role", "nobody", "+admin"], 1, "there is no user"),
    (["user", "tier", "alice"], 2, "user tier takes"),
    (["user", "export", "alice", "--with-hashes"], 2, "for the export of all users"),
    (["user", "frobnicate"], 2, 'unknown command "user frobnicate"'),
    (["key", "create", "nobody"], 1, "there is no user"),
    (["key", "create", "alice", "--network", "10.0.0.1/8"], 2, "--network"),
    (["key", "create", "alice", "--expires", "soon"], 2, "is not a duration"),
    (["key", "create", "alice", "--expires", "90"], 2, "has no unit"),
    (["key", "create", "alice", "--scope", "a b"], 2, "has other characters"),
    (["key", "create", "alice", "--name", "n" * 65], 2, "--name"),
    (["key", "revoke", "ghk_abc"], 2, "is not the id of a key"),
    (["key", "revoke", "0000000000001"], 1, "there is no API key"),
    (["key", "roll", "0000000000001"], 1, "there is no such API key"),
    (["key", "rotate", "--algorithm", "HS256"], 2, "none of EdDSA, ES256 and RS256"),
    (["session", "list", "nobody"], 1, "there is no user"),
    (["session", "end"], 2, "--user NAME"),
    (["session", "end", "0000000000001", "--user", "alice"], 2, "--user NAME"),
    (["session", "end", "0000000000001"], 1, "there is no session"),
    (["token", "mint"], 2, "whose token is it?"),
    (["token", "mint", "--user", "nobody"], 1, "there is no user"),
    (["token", "mint", "--user", "alice", "--expires", "31m"], 2, "lives 1800 s at most"),
    (["token", "inspect"], 1, "must be one line"),
])
def test_what_is_wrong_is_said(shared, words, status, says):
    stdin = PASSWORD if words[:2] == ["user", "add"] else ""
    done = shared(*words, stdin=stdin, status=status)
    assert says in done.stderr and done.stderr.startswith("gatehouse: ") and done.stdout == ""


@pytest.fixture(scope="module", params=["stopped", "running"])
def shared(request, tmp_path_factory, shared_gatehouse):
    """For what changes nothing."""
    if request.param == "running":
        gateway = shared_gatehouse(CONFIG, "http://127.0.0.1:1")
        found = Place(gateway.folder, gateway)
    else:
        folder = tmp_path_factory.mktemp("operator")
        (folder / "gatehouse.yaml").write_text(json.dumps({**CONFIG, "upstreams": [
            {"name": "api", "servers": ["http://127.0.0.1:1"]}]}))
        found = Place(folder)
    found.add("alice")
    return found


# --- where it is done

def test_both_work_on_the_same_records(gatehouse, scripted, tmp_path):
    gateway = gatehouse(CONFIG, scripted())
    place = Place(gateway.folder, gateway)
    made = place.add("alice")
    gateway.stop()
    assert place.show("alice")["id"] == made
    place.add("bob")
    again = gatehouse(CONFIG, scripted(), folder=gateway.folder)
    assert [u["username"] for u in place.json("user", "list")["users"]] == ["alice", "bob"]
    assert login(again, "bob").status_code == 200


def test_without_identity_there_is_nothing_to_do(tmp_path):
    done = Place(tmp_path)("user", "list", status=2)
    assert "identity is off in this configuration" in done.stderr


def test_a_wrong_configuration_is_said(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text("identiy: {enabled: true}\n")
    done = Place(tmp_path)("user", "list", status=2)
    assert "gatehouse.yaml:1:1: error:" in done.stderr


def test_the_upstream_may_be_left_to_serve(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text("identity: {enabled: true}\n")
    place = Place(tmp_path)
    place.add("alice")
    assert place.show("alice")["username"] == "alice"


def test_the_configuration_can_be_named(tmp_path):
    (tmp_path / "other.yaml").write_text("identity: {enabled: true}\ndata: {folder: elsewhere}\n")
    place = Place(tmp_path)
    place("user", "add", "alice", "-c", "other.yaml", "--no-password")
    assert (tmp_path / "elsewhere" / "gatehouse.db").exists()
    place("user", "role", "alice", "+admin", "-c", "other.yaml")
    assert json.loads(place("user", "show", "alice", "-c", "other.yaml", "--json").stdout)["roles"] == ["user", "admin"]


def test_a_server_that_was_killed_leaves_nothing_in_the_way(gatehouse, scripted):
    gateway = gatehouse(CONFIG, scripted())
    place = Place(gateway.folder, gateway)
    place.add("alice")
    gateway.signal(signal.SIGKILL)
    gateway.process.wait(guard(10))
    assert (place.data / "gatehouse.sock").exists()
    assert place.show("alice")["username"] == "alice"
    gatehouse(CONFIG, scripted(), folder=gateway.folder)
    place.add("bob")


def test_a_folder_in_use_without_its_socket_is_said(running):
    (running.data / "gatehouse.sock").unlink()
    done = running("user", "list", status=1)
    assert "gatehouse-data" in done.stderr and str(running.gateway.process.pid) in done.stderr


def test_the_socket_goes_with_the_server(running):
    assert (running.data / "gatehouse.sock").exists()
    running.gateway.stop()
    assert not (running.data / "gatehouse.sock").exists()


def test_without_identity_the_socket_is_for_status_only(gatehouse, scripted, tmp_path):
    assert not (gatehouse({}, scripted()).folder / "gatehouse.sock").exists(), "no folder is made for it"
    (tmp_path / "data").mkdir(mode=0o700)
    gateway = gatehouse({"data": {"folder": str(tmp_path / "data")}}, scripted())
    assert os.stat(tmp_path / "data" / "gatehouse.sock").st_mode & 0o777 == 0o600
    assert run("status", "--data", tmp_path / "data", cwd=tmp_path).returncode == 0
    done = run("user", "add", "ada", "--no-password", "--data", tmp_path / "data", cwd=tmp_path)
    assert done.returncode == 1 and "identity is off on this server" in done.stderr
    again = gatehouse({"data": {"folder": str(tmp_path / "data")}}, scripted())
    assert [e["level"] for e in again.log() if e.get("event") == "status_not_there"] == ["warning"], "it goes on without"
    again.stop()
    gateway.stop()
    assert not (tmp_path / "data" / "gatehouse.sock").exists()


def test_a_folder_that_others_may_write_to_gets_no_socket(gatehouse, scripted, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data").chmod(0o777)
    gateway = gatehouse({"data": {"folder": str(tmp_path / "data")}}, scripted())
    assert "others may write" in next(e["text"] for e in gateway.log() if e.get("event") == "status_not_there")
    assert not (tmp_path / "data" / "gatehouse.sock").exists()


def test_only_the_owner_may_use_the_socket(running):
    mode = (running.data / "gatehouse.sock").stat().st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    assert stat.S_IMODE(running.data.stat().st_mode) == 0o700


ASK = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
try:
    s.sendall(b'{"argv":["user","list"]}\\n')
    print(len(s.recv(1000)))
except OSError:
    print(0)
"""


@is_root
def test_another_user_is_refused_by_the_socket_itself(running, tmp_path_factory):
    """Even where the permissions of files were opened by mistake: the kernel is asked who it is."""
    path = running.data / "gatehouse.sock"
    path.chmod(0o666)
    for folder in (running.data, *running.data.parents):
        folder.chmod(folder.stat().st_mode | 0o055)

    def ask(*before):
        return subprocess.run([*before, "/usr/bin/python3", "-c", ASK, str(path)], capture_output=True, text=True,
                              timeout=guard(20), check=True).stdout.strip()
    assert int(ask()) > 0
    assert ask("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups") == "0"


@is_root
def test_root_leaves_the_folder_to_its_owner(stopped):
    stopped.add("alice")
    for path in (stopped.data, *stopped.data.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    for folder in (stopped.folder, *stopped.folder.parents):
        folder.chmod(folder.stat().st_mode | 0o055)
    stopped.add("bob")
    assert [u["username"] for u in stopped.json("user", "list")["users"]] == ["alice", "bob"]
    assert {path.stat().st_uid for path in stopped.data.iterdir()} == {NOBODY}


def test_others_are_served_while_commands_are_done(running):
    running.add("alice")
    done = [subprocess.Popen([BINARY, "user", "add", f"u{i}"], cwd=running.folder, env=clean_environment(),
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for i in range(6)]
    for process in done:
        process.stdin.write(PASSWORD.encode())
        process.stdin.close()
    assert running.gateway.get("/api/auth/me").status_code == 401
    assert [process.wait(guard(60)) for process in done] == [0] * 6
    assert len(running.json("user", "list")["users"]) == 7
    for process in done:
        process.stdout.close()
        process.stderr.close()


# --- a terminal

class Terminal:
    def __init__(self, *words, cwd):
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen([BINARY, *words], cwd=cwd, env=clean_environment(), stdin=slave, stdout=slave,
                                        stderr=slave, start_new_session=True,
                                        preexec_fn=lambda: __import__("fcntl").ioctl(0, 0x540E, 0))
        self.slave, self.text = slave, ""

    def until(self, words):
        def look():
            if select.select([self.master], [], [], 0.05)[0]:
                self.text += os.read(self.master, 4096).decode()
            return words in self.text
        eventually(look, f"{words!r} on the terminal; there is {self.text!r}")

    def type(self, text):
        os.write(self.master, text.encode())

    def echoes(self):
        import termios
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def end(self):
        status = self.process.wait(guard(30))
        os.close(self.slave)
        try:
            while select.select([self.master], [], [], 0)[0]:
                piece = os.read(self.master, 4096).decode()
                if not piece:
                    break
                self.text += piece
        except OSError:
            pass
        os.close(self.master)
        return status


def test_a_password_is_asked_for_twice_without_echo(stopped):
    terminal = Terminal("user", "add", "alice", cwd=stopped.folder)
    terminal.until("Password: ")
    assert not terminal.echoes()
    for name in ("cmdline", "environ") if os.geteuid() == 0 else ("cmdline",):  # the other one is root's alone
        assert PASSWORD.encode() not in pathlib.Path(f"/proc/{terminal.process.pid}/{name}").read_bytes()
    terminal.type(PASSWORD + "\n")
    terminal.until("Password again: ")
    assert not terminal.echoes()
    terminal.type(PASSWORD + "\n")
    assert terminal.process.wait(guard(30)) == 0
    assert terminal.echoes()
    terminal.end()
    assert PASSWORD not in terminal.text
    assert stopped.show("alice")["has_password"]


def test_two_that_differ_change_nothing(stopped):
    terminal = Terminal("user", "add", "alice", cwd=stopped.folder)
    terminal.until("Password: ")
    terminal.type(PASSWORD + "\n")
    terminal.until("Password again: ")
    terminal.type(OTHER + "\n")
    terminal.until("the two are not the same")
    assert terminal.end() == 1
    stopped("user", "show", "alice", status=1)


def test_the_echo_comes_back_after_an_interruption(stopped):
    terminal = Terminal("user", "add", "alice", cwd=stopped.folder)
    terminal.until("Password: ")
    eventually(lambda: not terminal.echoes(), "the echo is off")
    terminal.type("\x03")
    assert terminal.process.wait(guard(30)) == -signal.SIGINT
    assert terminal.echoes()
    terminal.end()


@pytest.mark.parametrize("typed,erased", [("alice", True), ("yes", False)])
def test_erasing_is_asked_for(stopped, typed, erased):
    stopped.add("alice")
    terminal = Terminal("user", "erase", "alice", cwd=stopped.folder)
    terminal.until('Type "alice" again')
    terminal.type(typed + "\n")
    assert terminal.end() == (0 if erased else 2)
    stopped("user", "show", "alice", status=1 if erased else 0)


# --- what it means for requests, from the next one on

def test_a_password_of_the_operators_lets_in_and_a_new_one_ends_sessions(running):
    gateway = running.gateway
    running.add("alice")
    first = login(gateway, "alice").json()
    minted = running("token", "mint", "--user", "alice").stdout.strip()
    for token in (first["access_token"], minted):
        assert gateway.get("/mine", headers=bearer(token)).status_code == 200
    running("user", "password", "alice", stdin=OTHER)
    assert gateway.get("/mine", headers=bearer(minted)).status_code == 401
    assert gateway.get("/mine", headers=bearer(first["access_token"])).status_code == 401
    refreshed = gateway.request("POST", "/api/auth/refresh", json={"refresh_token": first["refresh_token"]})
    assert refreshed.status_code == 401
    assert login(gateway, "alice").status_code == 401
    assert login(gateway, "alice", OTHER).status_code == 200


def test_a_disabled_account_is_out_at_once(running):
    gateway = running.gateway
    running.add("alice")
    token = login(gateway, "alice").json()["access_token"]
    key = running("key", "create", "alice").stdout.strip()
    assert gateway.get("/mine", headers={"X-API-Key": key}).status_code == 200
    running("user", "disable", "alice")
    assert gateway.get("/mine", headers=bearer(token)).status_code == 401
    assert gateway.get("/mine", headers={"X-API-Key": key}).status_code == 401
    assert login(gateway, "alice").status_code == 401
    assert "is disabled" in running("key", "create", "alice", status=1).stderr
    assert "is disabled" in running("token", "mint", "--user", "alice", status=1).stderr
    running("user", "enable", "alice")
    assert gateway.get("/mine", headers={"X-API-Key": key}).status_code == 200
    assert login(gateway, "alice").status_code == 200


def test_a_role_counts_at_once(running):
    gateway = running.gateway
    running.add("alice")
    key = {"X-API-Key": running("key", "create", "alice").stdout.strip()}
    assert gateway.get("/admins", headers=key).status_code == 403
    running("user", "role", "alice", "+admin")
    assert gateway.get("/admins", headers=key).status_code == 200
    running("user", "role", "alice", "-admin")
    assert gateway.get("/admins", headers=key).status_code == 403


def test_several_changes_in_a_second_end_no_session(running):
    """The second cut-off of one second is dated into the next one. What a session had under way was held against it as if it
    were a token of this second, and got 401."""
    gateway = running.gateway
    running.add("alice")
    answer = login(gateway, "alice", mode="cookie")
    body = json.dumps({"name": "a key"}).encode()
    with gateway.connect() as stream:
        stream.send(f"POST /api/auth/keys HTTP/1.1\r\nHost: localhost\r\nCookie: __Host-session={answer.cookies['__Host-session']}\r\n"
                    f"X-CSRF-Token: {answer.json()['csrf_token']}\r\nContent-Type: application/json\r\n"
                    f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n")
        assert stream.read_head().status == 100
        for tier in ("free", "premium", "enterprise", "free"):
            running("user", "tier", "alice", tier)
        stream.send(body)
        assert stream.read_response().status == 201


def test_sessions_are_listed_and_ended(running):
    gateway = running.gateway
    running.add("alice")
    tokens = [login(gateway, "alice").json()["access_token"] for _ in range(3)]
    sessions = running.json("session", "list", "alice")["sessions"]
    assert len(sessions) == 3 and {s["kind"] for s in sessions} == {"token"}
    assert {s["address"] for s in sessions} == {"127.0.0.1"} and sessions[0]["user_agent"].startswith("python-httpx")
    table = running("session", "list", "alice").stdout
    assert all(s["id"] in table for s in sessions)
    claims = [json.loads(base64.urlsafe_b64decode(t.split(".")[1] + "==")) for t in tokens]
    assert running("session", "end", claims[0]["sid"]).stderr == "gatehouse: 1 session ended\n"
    states = [gateway.get("/mine", headers=bearer(t)).status_code for t in tokens]
    assert states == [401, 200, 200]
    assert "2 sessions ended" in running("session", "end", "--user", "alice").stderr
    assert [gateway.get("/mine", headers=bearer(t)).status_code for t in tokens] == [401] * 3
    assert running.json("session", "list", "alice")["sessions"] == []


# --- API keys

def test_a_key_is_printed_alone_and_once(place):
    place.add("alice")
    done = place("key", "create", "alice", "--name", "build", "--scope", "content:read", "--expires", "90d", "--network",
                 "127.0.0.0/8", "--tier", "gold")
    key = done.stdout
    assert re.fullmatch(r"ghk_[0-9a-z]+\n", key) and "this once" in done.stderr and key.strip() not in done.stderr
    [listed] = place.json("key", "list")["keys"]
    assert key.startswith(listed["start"]) and len(listed["start"]) < len(key) // 2
    assert listed["name"] == "build" and listed["username"] == "alice" and listed["tier"] == "gold"
    assert listed["scopes"] == ["content:read"] and listed["networks"] == ["127.0.0.0/8"]
    created, ends = (time.mktime(time.strptime(listed[n], "%Y-%m-%dT%H:%M:%SZ")) for n in ("created_at", "expires_at"))
    assert ends - created == 90 * 86400
    shown = place("key", "list", "alice").stdout + place("user", "export", "alice").stdout
    assert listed["id"] in shown and key.strip() not in shown
    for path in place.data.iterdir():
        if path.is_file():
            assert key.strip().encode() not in path.read_bytes()
    place("key", "revoke", listed["id"])
    assert place.json("key", "list", "alice")["keys"] == []


def test_a_key_works_until_it_is_revoked(running):
    running.add("alice")
    made = running.json("key", "create", "alice")
    header = {"X-API-Key": made["key"]}
    assert running.gateway.get("/mine", headers=header).status_code == 200
    running("key", "revoke", made["id"])
    assert running.gateway.get("/mine", headers=header).status_code == 401


def test_a_key_is_rolled_over(running):
    running.add("alice")
    old = running.json("key", "create", "alice", "--name", "ci", "--scope", "content:read")
    new = running.json("key", "roll", old["id"], "--overlap", "1h")
    assert new["name"] == "ci" and new["scopes"] == ["content:read"] and new["key"] != old["key"]
    for key in (old, new):
        assert running.gateway.get("/mine", headers={"X-API-Key": key["key"]}).status_code == 200
    listed = {k["id"]: k for k in running.json("key", "list")["keys"]}
    assert listed[old["id"]]["replaced_by"] == new["id"] and listed[old["id"]]["expires_at"]
    assert "no such API key" in running("key", "roll", old["id"], status=1).stderr  # once
    running("key", "revoke", old["id"])
    assert running.gateway.get("/mine", headers={"X-API-Key": new["key"]}).status_code == 200


def test_keys_have_a_cap_and_a_longest_life(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text(json.dumps({"identity": {"enabled": True, "api_keys": {
        "max_per_user": 2, "max_lifetime": "30d", "prefix": "acme"}}}))
    place = Place(tmp_path)
    place("user", "add", "alice", "--no-password")
    assert "max_lifetime" in place("key", "create", "alice", status=2).stderr
    assert "max_lifetime" in place("key", "create", "alice", "--expires", "31d", status=2).stderr
    for _ in range(2):
        assert place("key", "create", "alice", "--expires", "30d").stdout.startswith("acme_")
    assert "max_per_user allows (2)" in place("key", "create", "alice", "--expires", "30d", status=1).stderr


def test_a_slip_in_a_scope_is_noticed(stopped):
    stopped.add("alice")
    assert "did you mean content:read?" in stopped("key", "create", "alice", "--scope", "content:reed").stderr
    assert "did you mean" not in stopped("key", "create", "alice", "--scope", "playlists").stderr


# --- tokens and the keys that sign them

def test_a_minted_token_is_believed(running):
    made = running.add("alice")
    token = running("token", "mint", "--user", "alice", "--scope", "content:read", "--expires", "2m").stdout.strip()
    assert running.gateway.get("/mine", headers=bearer(token)).status_code == 200
    found = running.json("token", "inspect", stdin=token)
    assert found["kind"] == "access_token" and found["believed"] and found["why"] is None
    assert found["claims"]["sub"] == made and found["claims"]["scope"] == "content:read"
    assert found["claims"]["exp"] - found["claims"]["iat"] == 120 and found["header"]["typ"] == "at+jwt"
    events = json.loads(running("user", "export", "alice").stdout)["events"]
    [event] = [e for e in events if e["event"] == "token_minted"]
    assert event["detail"] == {"expires_in": 120, "scopes": ["content:read"]}


def test_why_a_token_is_not_believed(place):
    place.add("alice")
    token = place("token", "mint", "--user", "alice").stdout.strip()
    head, claims, signature = token.split(".")

    def encoded(value):
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    forged = json.loads(base64.urlsafe_b64decode(claims + "=="))
    forged["name"] = "mallory"
    for other in (f"{head}.{encoded(forged)}.{signature}", f"{encoded({'alg': 'none', 'typ': 'at+jwt'})}.{claims}.",
                  f"{head}.{claims}.{signature[:-4]}AAAA", f"{head}.{claims}", f"{token}.x.y"):
        found = place.json("token", "inspect", stdin=other, status=1)
        assert not found["believed"] and found["why"]
    assert place.json("token", "inspect", stdin=f"Bearer {token}\n")["believed"]
    place("user", "disable", "alice")
    assert place.json("token", "inspect", stdin=token, status=1)["why"] == "the user is disabled"
    place("user", "enable", "alice")
    assert place.json("token", "inspect", stdin=token, status=1)["why"] == "it was revoked"
    text = place("token", "inspect", stdin=token, status=1).stdout
    assert re.search(r"^believed +no$", text, re.M) and "alice" in text


def test_what_other_credentials_are(running):
    running.add("alice")
    key = running.json("key", "create", "alice")
    answer = login(running.gateway, "alice").json()
    cookie = login(running.gateway, "alice", mode="cookie").cookies
    [secret] = [value for value in cookie.values() if value.startswith("ghs_")]
    for text, kind in ((key["key"], "api_key"), (answer["refresh_token"], "refresh_token"), (secret, "session"),
                       (answer["access_token"], "access_token")):
        found = running.json("token", "inspect", stdin=text)
        assert found["kind"] == kind and found["believed"], found
    assert running.json("token", "inspect", stdin=key["key"])["username"] == "alice"
    assert running.json("key", "list")["keys"][0]["last_used_at"] is None  # looking is no use of it
    mistyped = key["key"][:-1] + ("0" if key["key"][-1] != "0" else "1")
    assert "checksum" in running.json("token", "inspect", stdin=mistyped, status=1)["why"]
    changed = secret[:20] + ("A" if secret[20] != "A" else "B") + secret[21:]
    assert "not made here" in running.json("token", "inspect", stdin=changed, status=1)["why"]
    running("session", "end", "--user", "alice")
    running("key", "revoke", key["id"])
    for text in (secret, answer["refresh_token"], answer["access_token"], key["key"]):
        assert not running.json("token", "inspect", stdin=text, status=1)["believed"]
    assert "no JWT" in running("token", "inspect", stdin="hello", status=1).stderr


def kids(gateway):
    return [key["kid"] for key in gateway.get("/.well-known/jwks.json").json()["keys"]]


def test_signing_keys_are_rotated_without_a_token_lost(running):
    gateway = running.gateway
    running.add("alice")
    before = running("token", "mint", "--user", "alice").stdout.strip()
    old = running.json("token", "inspect", stdin=before)["header"]["kid"]
    waiting = [kid for kid in kids(gateway) if kid != old]
    assert len(waiting) == 1
    ring = running.json("key", "rotate")["keys"]
    assert {k["kid"]: k["state"] for k in ring if k["kid"] in (old, *waiting)} == {old: "retiring", waiting[0]: "active"}
    [fresh] = [k["kid"] for k in ring if k["state"] == "next"]
    eventually(lambda: fresh in kids(gateway), "the ring is in use")
    after = running("token", "mint", "--user", "alice").stdout.strip()
    assert running.json("token", "inspect", stdin=after)["header"]["kid"] == waiting[0]
    for token in (before, after):
        assert gateway.get("/mine", headers=bearer(token)).status_code == 200


def test_a_stopped_server_takes_the_rotated_ring_at_its_start(stopped):
    stopped.add("alice")
    first = stopped("token", "mint", "--user", "alice").stdout.strip()
    ring = stopped("key", "rotate", "--algorithm", "ES256").stdout
    assert re.search(r"^next +ES256 ", ring, re.M) and re.search(r"^active +EdDSA ", ring, re.M)
    stopped("key", "rotate")
    token = stopped("token", "mint", "--user", "alice").stdout.strip()
    assert stopped.json("token", "inspect", stdin=token)["header"]["alg"] == "ES256"
    assert stopped.json("token", "inspect", stdin=first)["believed"]


@pytest.mark.parametrize("left", [0, 4])
def test_a_retiring_key_goes_with_the_last_token_it_signed(gatehouse, scripted, stopped, left):
    """Or who has stolen it could sign for ever."""
    retiring, life = 2, 30 * 60 + 2 * 30
    stopped.add("alice")
    token = stopped("token", "mint", "--user", "alice").stdout.strip()
    old = stopped.json("token", "inspect", stdin=token)["header"]["kid"]
    stopped("key", "rotate")
    database = sqlite3.connect(stopped.data / "gatehouse.db")
    with database:
        changed = database.execute("UPDATE signing_key SET changed_s = changed_s - ? WHERE state = ?", (life - left, retiring))
        assert changed.rowcount == 1
    database.close()
    gateway = gatehouse(CONFIG, scripted(), folder=stopped.folder)
    eventually(lambda: old not in kids(gateway), "the key is not shown any more")
    assert gateway.get("/mine", headers=bearer(token)).json()["error"] == "token_invalid"


def test_the_algorithm_is_changed_on_a_running_server(running):
    running.add("alice")
    before = running("token", "mint", "--user", "alice").stdout.strip()
    running.gateway.write({**CONFIG, "identity": {"enabled": True, "token": {"algorithm": "RS256"}},
                           "upstreams": [{"name": "api", "servers": ["http://127.0.0.1:1"]}]})
    running.gateway.reload()
    running("key", "rotate")
    ring = running.json("key", "rotate")["keys"]
    [active] = [k for k in ring if k["state"] == "active"]
    assert active["algorithm"] == "RS256"

    def minted():
        token = running("token", "mint", "--user", "alice").stdout.strip()
        return running.json("token", "inspect", stdin=token)["header"]["kid"] == active["kid"]
    eventually(minted, "the new key signs")
    assert running.json("token", "inspect", stdin=before)["believed"]


def test_with_hs256_all_keys_but_that_of_tokens_are_rotated(tmp_path):
    (tmp_path / "gatehouse.yaml").write_text("identity: {enabled: true, token: {algorithm: HS256}}\n")
    place = Place(tmp_path)
    ring = place.json("key", "rotate")
    assert ring["keys"] == []
    assert [(g["generation"], g["state"]) for g in ring["generations"]] == [(2, "next"), (1, "active"), (0, "retiring")]
    assert "secret_key" in place("key", "rotate", "--algorithm", "EdDSA", status=2).stderr


# --- many accounts

def passlib_pbkdf2(password, salt=b"0123456789abcdef", rounds=1000):
    def encoded(raw):
        return base64.b64encode(raw).decode().rstrip("=").replace("+", ".")
    digest = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
    return f"$pbkdf2-sha256${rounds}${encoded(salt)}${encoded(digest)}"


@pytest.mark.parametrize("words", [("list",), ("export",), ("import", "users.jsonl")])
def test_what_can_not_be_written_is_no_success(running, words):
    (running.folder / "users.jsonl").write_text('{"username":"one"}\n')
    assert running("user", "add", "ada", "--no-password").returncode == 0
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([BINARY, "user", *words], cwd=running.folder, env=clean_environment(), stdout=full, timeout=guard(20), check=False)
    assert done.returncode == 1


def test_accounts_are_imported_with_their_passwords(running):
    lines = [{"username": "Ann", "email": "Ann@example.com", "password_hash": passlib_pbkdf2(PASSWORD), "roles": ["admin"],
              "tier": "gold", "created_at": "2020-02-29T12:00:00Z"},
             {"username": "ben", "password_hash": passlib_pbkdf2(OTHER), "disabled": True},
             {"username": "cid"}]
    (running.folder / "users.jsonl").write_text("\n".join(json.dumps(line) for line in lines) + "\n")
    assert running("user", "import", "users.jsonl", "--dry-run").stdout == "3 would be imported, 0 skipped, 0 failed\n"
    assert running.json("user", "list")["users"] == []
    assert running("user", "import", "users.jsonl").stdout == "3 imported, 0 skipped, 0 failed\n"
    ann = running.show("ann")
    assert (ann["email"], ann["roles"], ann["tier"], ann["created_at"]) == (
        "ann@example.com", ["admin"], "gold", "2020-02-29T12:00:00Z")
    assert running.show("ben")["disabled"] and running.show("cid")["roles"] == ["user"]
    assert login(running.gateway, "ann").status_code == 200
    assert login(running.gateway, "ben", OTHER).status_code == 401
    running("user", "enable", "ben")
    assert login(running.gateway, "ben", OTHER).status_code == 200


def test_bad_lines_are_named_and_hold_nothing_up(place):
    place.add("taken")
    text = '\n'.join(['{"username":"one"}', "", "not json", '{"username":"two","password_hash":"$6$unknown"}',
                      '{"username":"TAKEN"}', '{"username":"three","roles":["amdin"]}', '{"username":"one"}',
                      '{"username":"four"}\r', '{"username":"five"}'])
    done = place("user", "import", "-", stdin=text, status=1)
    assert done.stdout == "3 imported, 0 skipped, 5 failed\n"
    numbers = sorted(int(n) for n in re.findall(r"^line (\d+): ", done.stderr, re.M))
    assert numbers == [3, 4, 5, 6, 7]
    assert "did you mean admin?" in done.stderr and "is taken by another account" in done.stderr
    assert [u["username"] for u in place.json("user", "list")["users"]] == ["five", "four", "one", "taken"]
    again = place("user", "import", "--skip-existing", "--json", stdin='{"username":"one"}\n{"username":"six"}\n')
    assert json.loads(again.stdout) == {"dry_run": False, "imported": 1, "skipped": 1, "failed": 0}


def test_an_import_that_is_larger_than_a_request(place):
    """Parts end with lines, and lines keep their numbers."""
    n = 2300
    lines = [json.dumps({"username": f"user{i:05}", "email": f"{'x' * 40}.{i}@{'y' * 60}.example",
                         "password_hash": passlib_pbkdf2("p"), "tier": "t" * 30, "roles": ["user", "premium"],
                         "created_at": "2020-01-01T00:00:00Z"}) + " " * 400 for i in range(n)]
    lines[n - 10] = "broken"
    text = "\n".join(lines)
    assert len(text) > 3 * 2**19
    done = place("user", "import", stdin=text, status=1, seconds=120)
    assert done.stdout == f"{n - 1} imported, 0 skipped, 1 failed\n"
    assert done.stderr.startswith(f"line {n - 9}: ")
    exported = place("user", "export").stdout.splitlines()  # more than a page
    assert [json.loads(line)["username"] for line in exported] == [
        f"user{i:05}" for i in range(n) if i != n - 10]
    assert len(place("user", "export", "--after", "user02200").stdout.splitlines()) == 98


def test_what_is_exported_can_be_imported(stopped, tmp_path_factory):
    stopped.add("alice", "--email", "alice@example.com", "--tier", "gold", "--role", "admin")
    stopped.add("bob", password=OTHER)
    stopped("user", "disable", "bob")
    plain = stopped("user", "export").stdout
    assert "password_hash" not in plain and "argon2" not in plain
    whole = stopped("user", "export", "--with-hashes").stdout
    assert whole.count("$argon2id$") == 2
    folder = tmp_path_factory.mktemp("second")
    (folder / "gatehouse.yaml").write_text("identity: {enabled: true}\n")
    second = Place(folder)
    assert second("user", "import", stdin=whole).stdout == "2 imported, 0 skipped, 0 failed\n"
    assert second("user", "export", "--with-hashes").stdout == whole
    for name in ("alice", "bob"):
        one, other = stopped.show(name), second.show(name)
        assert all(one[k] == other[k] for k in ("email", "roles", "tier", "disabled", "created_at", "has_password"))


# --- what comes to the socket otherwise

def test_nonsense_at_the_socket_does_no_harm(running):
    path = str(running.data / "gatehouse.sock")
    for text in (b"GET / HTTP/1.1\r\n\r\n", b"{}\n", b'{"argv":["user"]}\n', b'{"argv":["user","list"]}\nx', b"\0" * 5000,
                 b'{"argv":["user","erase","alice"]}\n', b'{"argv":["serve"]}\n'):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(guard(20))
            s.connect(path)
            s.sendall(text)
            s.shutdown(socket.SHUT_WR)
            got = b""
            while piece := s.recv(65536):
                got += piece
        assert got == b"" or json.loads(got)["status"] != 0, (text, got)
    assert running("user", "list").returncode == 0
