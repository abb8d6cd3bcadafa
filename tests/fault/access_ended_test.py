"""Access that ends while it is used: WebSockets and streams of events of whoever lost it are cut, and only those."""
import threading
import time

import pytest

from support import identity, message
from support.gateway import run
from support.hashing import at_normal_priority
from support.identity import OTHER_PASSWORD, PASSWORD, bearer, settings
from support.scripted import ScriptedUpstream
from support.timing import eventually

CONFIG = settings(
    {"password": {"hash_time": 1}, "attempts": {"max": 1000, "per_address": 100000, "per_account": 100000},
     "session": {"insecure_cookies": True, "max_per_user": 4}, "token": {"refresh_grace": "0s", "leeway": "0s"}},
    routes=[{"name": "slow", "path": "/slow/**", "validate": {"body": {"type": "object"}}, "require": {"user": True}},
            {"name": "mine", "path": "/**", "require": {"user": True}}])


class Streams(ScriptedUpstream):
    """Begins a chunked answer, or a WebSocket that says everything back, and goes on until the end."""

    def __init__(self):
        self.events, self._known = {}, threading.Condition()
        super().__init__(Streams.serve)

    def serve(self, stream):
        request = self.read_request(stream)
        if request is None:
            return
        if request.tokens("Upgrade") == ["websocket"]:
            stream.send(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n")
            while data := stream.read_some():
                stream.send(data)
            return
        with self._known:
            self.events[request.target] = stream
        stream.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n7\r\ndata: 0\r\n")
        stream.read_some()  # b"": the gateway has left

    def say(self, target, data):
        self.events[target].send(b"%x\r\n%s\r\n" % (len(data), data))


UPGRADE = [("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"),
           ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")]


class Open:
    """One stream of events and one WebSocket of the same credentials."""

    def __init__(self, place, credentials, target=None):
        self.place, self.target = place, target or place.target()
        self.events, self.socket = place.gateway.connect(), place.gateway.connect()
        fields = list(credentials.items())
        self.events.send(message.get(self.target, fields))
        self.socket.send(message.get(place.target(), fields + UPGRADE))
        assert self.events.read_head().status == 200
        assert self.socket.read_head().status == 101
        self.events.read_until(b"data: 0\r\n", "the first event")
        self.go_on()

    def go_on(self):
        """They are open: what is said comes."""
        self.socket.send(b"a frame, or what looks like one")
        self.socket.read_exactly(31, "what was said")
        self.place.upstream.say(self.target, b"data: 1")
        self.events.read_until(b"data: 1\r\n", "an event")

    def are_cut(self):
        # Without the last chunk: nobody takes what came for all there was.
        assert b"0\r\n\r\n" not in self.events.read_to_end()
        self.socket.read_to_end()

    def close(self):
        self.events.close()
        self.socket.close()


class Place:
    def __init__(self, gateway, upstream):
        self.gateway, self.upstream, self.people, self._n = gateway, upstream, identity.People(gateway), 0

    def target(self):
        self._n += 1
        return f"/stream/{self._n}"

    def operator(self, *words):
        done = run(*words, cwd=self.gateway.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture(scope="module")
def place(shared_gatehouse):
    upstream = Streams()
    yield Place(at_normal_priority(shared_gatehouse(CONFIG, upstream)), upstream)
    upstream.close()


class Victim:
    """An account with a session, a token and a key, all of them in use."""

    def __init__(self, place):
        self.place, self.people = place, place.people
        username = identity.name()
        self.tokens = place.people.register(username, mode="token").json()
        self.person = identity.Person(place.people, username, PASSWORD, self.tokens)
        self.browser = self.person.browser()
        self.bearer = bearer(self.tokens["access_token"])
        self.key = self.person.api_key(self.bearer)
        self.cookie = {"Cookie": f"session={self.browser.session}"}
        self.api_key = {"X-API-Key": self.key["key"]}
        self.session, self.token, self.program = (Open(place, c) for c in (self.cookie, self.bearer, self.api_key))

    def id_of(self, credentials):
        return self.people.me(credentials).json()["session"]

    def close(self):
        for opened in (self.session, self.token, self.program):
            opened.close()


@pytest.fixture(scope="module")
def other(place):
    """Somebody else, whose streams outlive all of these tests."""
    other = Victim(place)
    yield other
    other.close()


def does(status, answer):
    assert answer.status_code == status, answer.text


def logout(v):
    does(204, v.browser.at("POST", "/logout"))


def logout_all(v):
    does(204, v.people.post("/logout", {"all": True}, headers=v.bearer))


def logout_of_a_token(v):
    does(204, v.people.post("/logout", headers=v.bearer))


def ended_by_another_session(v):
    does(204, v.people.delete(f"/sessions/{v.id_of(v.cookie)}", headers=v.bearer))


def other_sessions_ended(v):
    does(200, v.people.delete("/sessions", headers=v.bearer))


def token_revoked(v):
    does(200, v.people.http.post(v.people.at("/revoke"), data={"token": v.tokens["access_token"]}))


def family_revoked(v):
    does(200, v.people.http.post(v.people.at("/revoke"), data={"token": v.tokens["refresh_token"]}))


def refresh_token_stolen(v):
    does(200, v.people.post("/refresh", {"refresh_token": v.tokens["refresh_token"]}))
    v.token.go_on()  # a refresh ends nothing
    does(401, v.people.post("/refresh", {"refresh_token": v.tokens["refresh_token"]}))


def password_changed(v):
    does(204, v.people.post("/password", {"current_password": PASSWORD, "new_password": OTHER_PASSWORD}, headers=v.bearer))


def account_erased(v):
    does(204, v.people.delete("/account", {"password": PASSWORD}, headers=v.bearer))


def too_many_sessions(v):
    """The session that was used longest ago makes room, by whole seconds."""
    began = int(time.time())
    eventually(lambda: int(time.time()) > began + 1, "a later second")
    for _ in range(4):
        v.person.tokens()


def key_deleted(v):
    does(204, v.people.delete(f"/keys/{v.key['id']}", headers=v.bearer))


def key_revoked_by_itself(v):
    does(200, v.people.http.post(v.people.at("/revoke"), data={"token": v.key["key"]}))


def key_rolled_over(v):
    """The old one lives for the overlap, and what it opened no longer."""
    does(201, v.people.post("/keys", {"name": "next", "rolls": v.key["id"], "overlap": 1}, headers=v.bearer))


def disabled(v):
    v.place.operator("user", "disable", v.person.name)


def erased_by_the_operator(v):
    v.place.operator("user", "erase", v.person.name, "--yes")


def all_sessions_ended_by_the_operator(v):
    v.place.operator("session", "end", "--user", v.person.name)


def key_revoked_by_the_operator(v):
    v.place.operator("key", "revoke", v.key["id"])


def role_given(v):
    """The token says other roles than he has now. Session and key have the new ones at once."""
    v.place.operator("user", "role", v.person.name, "+moderator")


def tier_changed(v):
    v.place.operator("user", "tier", v.person.name, "gold")


ENDS = {
    logout: {"session"}, logout_all: {"session", "token"}, logout_of_a_token: {"token"}, ended_by_another_session: {"session"},
    other_sessions_ended: {"session"}, token_revoked: {"token"}, family_revoked: {"token"}, refresh_token_stolen: {"token"},
    password_changed: {"session"}, account_erased: {"session", "token", "program"}, too_many_sessions: {"session", "token"},
    key_deleted: {"program"}, key_revoked_by_itself: {"program"}, key_rolled_over: {"program"},
    disabled: {"session", "token", "program"}, erased_by_the_operator: {"session", "token", "program"},
    all_sessions_ended_by_the_operator: {"session", "token"}, key_revoked_by_the_operator: {"program"},
    role_given: {"token"}, tier_changed: {"token"},
}


@pytest.mark.parametrize("end", ENDS, ids=lambda f: f.__name__)
def test_what_was_opened_ends_with_the_access(place, other, end):
    victim = Victim(place)
    before = place.gateway.metrics().value("gatehouse_access_ended_total")
    end(victim)
    for name in ("session", "token", "program"):
        opened = getattr(victim, name)
        if name in ENDS[end]:
            opened.are_cut()
    eventually(lambda: place.gateway.metrics().value("gatehouse_access_ended_total") == before + 2 * len(ENDS[end]), "all are counted")
    for name in {"session", "token", "program"} - ENDS[end]:
        getattr(victim, name).go_on()
    for opened in (other.session, other.token, other.program):
        opened.go_on()
    victim.close()
    assert place.gateway.metrics().value("gatehouse_access_ended_total") == before + 2 * len(ENDS[end])


def test_the_streams_of_a_removed_devices_sessions_end(place, other):
    person = place.people.new()
    headers = person.bearer()
    device = person.device(headers)
    bound = {"X-Device-Token": device["device_token"]}
    opened = [Open(place, bearer(person.tokens(headers=bound)["access_token"])),
              Open(place, {"Cookie": f"session={person.browser(headers=bound).session}"})]
    kept = Open(place, headers)
    does(204, place.people.delete(f"/devices/{device['id']}", headers=headers))
    for each in opened:
        each.are_cut()
    kept.go_on()
    other.token.go_on()


def test_a_token_that_expires_ends_what_it_opened(place, other):
    name = place.people.new().name
    for span in ("3s", "15s", "90s"):  # the first that is long enough for it to be used
        short = bearer(place.operator("token", "mint", "--user", name, "--expires", span))
        if place.people.me(short).status_code == 200:
            break
    opened = Open(place, short)
    opened.are_cut()
    other.token.go_on()


def ends_while_the_body_comes(gateway, person, n):
    headers, people = person.bearer(), person.people
    body = b'{"a": "%s"}' % (b"x" * 100)
    fields = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *headers.items()]
    with gateway.connect() as stream:
        stream.send(message.get(f"/slow/{n}", fields, "POST") + body[:50])
        eventually(lambda: gateway.metrics().value("gatehouse_bodies_held_bytes") > 0, "the body is being read")
        does(204, people.post("/logout", headers=headers))
        stream.send(body[50:])
        answer = stream.read_response()
        assert (answer.status, answer.json()["error"]) == (401, "token_revoked")


def test_access_that_ends_while_the_body_comes_is_not_kept(place):
    """Who asks is looked up when the head is there; a body that is read whole may come much later."""
    ends_while_the_body_comes(place.gateway, place.people.new(), 1)


def test_nor_when_it_is_the_first_that_ends(place, gatehouse, tmp_path):
    """Of a process that was just started, whose accounts were there before."""
    first = at_normal_priority(gatehouse(CONFIG, place.upstream, folder=tmp_path, env=identity.ENV))
    name = identity.People(first).new().name
    token = identity.People(first).post("/login", {"username": name, "password": PASSWORD, "mode": "token"}).json()
    first.stop()
    gateway = gatehouse(CONFIG, place.upstream, folder=tmp_path, env=identity.ENV)
    known = identity.Person(identity.People(gateway), name, PASSWORD, token)
    known.bearer = lambda: bearer(token["access_token"])
    ends_while_the_body_comes(gateway, known, 2)
